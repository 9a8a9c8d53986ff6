/* Where a trace comes from. */
#ifndef TOOL_INPUT_H
#define TOOL_INPUT_H

#include <stdint.h>
#include <tracereader.h>

#include "output.h"

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

#endif
