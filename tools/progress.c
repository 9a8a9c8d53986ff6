/* Progress.
 *
 * Invariant: without --progress, nothing of it is left on the terminal in the end. */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "message.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void tool_progress_init(struct tool_progress *p, int asked_for, int prints,
                        const struct tool_input *in)
{
    memset(p, 0, sizeof *p);
    p->terminal = isatty(STDERR_FILENO);
    p->on = asked_for || (p->terminal && !(prints && isatty(STDOUT_FILENO)));
    if (!p->on)
        return;
    p->asked_for = asked_for;
    p->in = in;
    p->started = now();
    p->next = p->started + (p->terminal && asked_for ? 0.2 : 1.0);
}

static void show(struct tool_progress *p, const char *text)
{
    char line[512];
    int len;

    if (p->terminal)
        /* Back to the line's start, the text, then clear what stood behind it. */
        len = snprintf(line, sizeof line, "\r%s\033[K", text);
    else
        len = snprintf(line, sizeof line, "%s\n", text);
    if (len > 0)
        tool_stderr(line, (size_t)len < sizeof line ? (size_t)len : sizeof line - 1);
    p->shown = 1;
}

void tool_progress_at(struct tool_progress *p, uint64_t bytes)
{
    struct tool_text done = tool_size(bytes);
    char text[256];
    double at;

    if (!p->on || (at = now()) < p->next)
        return;
    p->next = at + (p->terminal ? 0.1 : 1.0);
    if (p->in->size != UINT64_MAX && p->in->size > 0 && bytes <= p->in->size) {
        double share = (double)bytes / (double)p->in->size;
        double left = share > 0 ? (at - p->started) / share * (1 - share) : 0;
        snprintf(text, sizeof text, "%s of %s, %.0f%%, %.0f s left", done.s,
                 tool_size(p->in->size).s, 100 * share, left);
    } else {
        snprintf(text, sizeof text, "%s, %.0f s", done.s, at - p->started);
    }
    show(p, text);
}

void tool_progress_end(struct tool_progress *p, uint64_t bytes)
{
    char text[256];

    if (!p->on)
        return;
    if (p->asked_for) {
        snprintf(text, sizeof text, "%s in %.1f s", tool_size(bytes).s, now() - p->started);
        show(p, text);
        if (p->terminal)
            tool_stderr("\n", 1);
    } else if (p->shown) {
        show(p, "");
    }
    p->on = 0;
}
