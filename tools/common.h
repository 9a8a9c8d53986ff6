/* What the subcommands share: exit codes, messages, input, progress. */
#ifndef TOOL_COMMON_H
#define TOOL_COMMON_H

#include <inttypes.h>
#include <stdint.h>
#include <tracereader.h>

#include "options.h"
#include "output.h"

/* Exit codes; 0 says that all went well. */
enum {
    TOOL_FINE = 0,
    TOOL_BROKEN = 1, /* the trace is broken; what could be read was printed */
    TOOL_FAILED = 2  /* wrong usage, or a file cannot be opened, read or written */
};

/* Print "tracereader: ..." and a line feed to standard error. */
void tool_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For what nobody can go on without. */
_Noreturn void tool_no_memory(void);

/* Where the bytes of a trace come from. */
struct tool_input {
    const char *name; /* for messages */
    const char *path; /* NULL if `fd` is to be used */
    int fd;
    int live;       /* a pipe or the like: more may have to be waited for */
    uint64_t size;  /* UINT64_MAX if it is not known */
    uint64_t bytes; /* read from a live one */
    /* Flushed before a wait for bytes, so that whoever reads along sees all that
     * can be known by then. */
    struct tool_output *out;
};

/* Find out what `file` is; NULL and "-" are standard input. Return 0, or -1 after
 * a message. */
int tool_input_init(struct tool_input *in, const char *file, struct tool_output *out);
tr_status tool_input_open(struct tool_input *in, tr_reader *r);
tr_status tool_input_open_wire(struct tool_input *in, tr_wire *w);
void tool_input_end(struct tool_input *in);

/* Create a reader, set its options and open `in`. Return NULL after a message if
 * that cannot be. What is wrong with the trace is left to *status. */
tr_reader *tool_reader_open(struct tool_input *in, const struct tool_options *options,
                            tr_status *status);

/* Tell whether reading could not even begin, so that there is nothing to print. */
int tool_unreadable(tr_status status, const tr_error *error);

/* Say what ended the reading, unless it was the trace's end. Return the exit code. */
int tool_report(const struct tool_input *in, tr_status status, const tr_error *error);

/* The line that --progress shows on standard error. */
struct tool_progress {
    int on;
    int terminal;
    int shown; /* a line stands on the terminal */
    const struct tool_input *in;
    double started;
    double next; /* when to show it again */
};

void tool_progress_init(struct tool_progress *p, const struct tool_options *options,
                        const struct tool_input *in);
/* Show the line if it is time. Reads the clock: not to be called each event. */
void tool_progress_at(struct tool_progress *p, uint64_t bytes);
void tool_progress_end(struct tool_progress *p, uint64_t bytes);

#endif
