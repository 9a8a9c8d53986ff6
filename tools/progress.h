/* How far reading has come, on standard error. */
#ifndef TOOL_PROGRESS_H
#define TOOL_PROGRESS_H

#include "input.h"

/* On a terminal a line that is written over; elsewhere a line a second. */
struct tool_progress {
    int on;
    int terminal;
    int asked_for; /* by --progress; else the line vanishes at the end */
    int shown;     /* a line stands on the terminal */
    char file[40]; /* "file 2 of 5: ", if there are several */
    const struct tool_input *in;
    double started;
    double next; /* when to show it again */
};

/* Begin. Unless it is asked for, it is shown on a terminal only, if reading takes longer
 * than a second, and not if `prints` says that output is written to a terminal meanwhile. */
void tool_progress_init(struct tool_progress *p, int asked_for, int prints,
                        const struct tool_input *in);
/* Say which file it is, from 1 on, unless it is the only one. */
void tool_progress_of(struct tool_progress *p, int file, int file_count);
/* Show it if it is time. Reads the clock: not to be called each event. */
void tool_progress_at(struct tool_progress *p, uint64_t bytes);
void tool_progress_end(struct tool_progress *p, uint64_t bytes);

#endif
