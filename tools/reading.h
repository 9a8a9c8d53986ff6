/* What the subcommands do alike: open a trace, read it step by step, say how it ended. */
#ifndef TOOL_READING_H
#define TOOL_READING_H

#include <inttypes.h>
#include <stdint.h>
#include <tracereader.h>

#include "input.h"
#include "message.h"
#include "options.h"
#include "output.h"
#include "symbols.h"

struct tool_reading {
    const struct tool_options *options;
    struct tool_input in;
    int file; /* which it is, from 1 on */
    struct tool_output out;
    tr_reader *r;            /* NULL: none was opened */
    struct symbols *symbols; /* of the executable, NULL: none is asked */
    tr_status status;        /* of the last step, at first of the open */
    uint64_t bytes; /* how far it has come, known to the reader if there is one; then the size
                     * of the trace, or what was read of it if that is not known */
};

/* Find out what to read. Return 0, or -1 after a message; then there is nothing to end. */
int tool_reading_begin(struct tool_reading *t, const struct tool_options *options);

/* The same for several files: begin, then find out what to read for each. */
void tool_reading_init(struct tool_reading *t, const struct tool_options *options);
int tool_reading_file(struct tool_reading *t, const char *file);

/* Create a reader, set its options and open the input. What is wrong with the trace is left
 * to `status`. Return 0, or -1 after a message if that cannot be. */
int tool_reading_open(struct tool_reading *t);

/* Reads on a little; sets `bytes` if there is no reader. Returns TR_OK if there is more. */
typedef tr_status (*tool_step)(struct tool_reading *t, void *user);

/* Take steps until one does not return TR_OK, or nothing can be written any more, showing
 * progress. `prints`: steps print. */
void tool_reading_run(struct tool_reading *t, tool_step step, void *user, int prints);

/* Tell whether reading could not even begin, so that there is nothing to print. */
int tool_reading_failed(const struct tool_reading *t, const tr_error *error);

/* Return the exit code for how the reading ended. */
int tool_reading_code(const struct tool_reading *t);

/* Print that what follows is not of a whole trace. */
void tool_reading_print_broken(struct tool_output *out, const tr_error *error, int salvage);

/* Say what ended the reading, unless it was the trace's end. Return the exit code. */
int tool_reading_report(const struct tool_reading *t, const tr_error *error);

/* Close everything. Return the exit code that `code` becomes if output cannot be written. */
int tool_reading_end(struct tool_reading *t, int code);

#endif
