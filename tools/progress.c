/* Progress.
 *
 * Invariant: without --progress, nothing of it is left on the terminal in the end, however
 * the command ends. */
#include "progress.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "message.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Back to the line's start; and clear what stands behind. */
#define TO_START "\r"
#define CLEAR "\033[K"

/* Whether the terminal is known to take this. */
static int can_redraw(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

static const int deadly[] = {SIGINT, SIGTERM, SIGHUP};
enum { DEADLY_COUNT = sizeof deadly / sizeof *deadly };

/* Leave no half line behind. The signal's own doing is in place again, and comes next. */
static void clear_and_die(int signal)
{
    tool_stderr(TO_START CLEAR, sizeof TO_START CLEAR - 1);
    raise(signal);
}

/* Have signals that end the command clear the line, or not any more; but for those that are
 * ignored, as by nohup. */
static void clear_on_signals(int on)
{
    for (int i = 0; i < DEADLY_COUNT; i++) {
        struct sigaction action, old;
        if (sigaction(deadly[i], NULL, &old) != 0 || old.sa_handler == SIG_IGN)
            continue;
        memset(&action, 0, sizeof action);
        sigemptyset(&action.sa_mask);
        action.sa_handler = on ? clear_and_die : SIG_DFL;
        action.sa_flags = on ? (int)SA_RESETHAND : 0;
        sigaction(deadly[i], &action, NULL);
    }
}

void tool_progress_init(struct tool_progress *p, int asked_for, int prints,
                        const struct tool_input *in)
{
    memset(p, 0, sizeof *p);
    p->terminal = can_redraw();
    p->on = asked_for || (p->terminal && !(prints && isatty(STDOUT_FILENO)));
    p->asked_for = asked_for;
    p->in = in;
    p->started = now();
    p->next = p->started + (p->terminal && asked_for ? 0.2 : 1.0);
}

void tool_progress_of(struct tool_progress *p, int file, int file_count)
{
    if (file_count > 1)
        snprintf(p->file, sizeof p->file, "file %d of %d: ", file, file_count);
}

/* Cut what would go on to a second row of the terminal, and could not be written over. In the
 * last column nothing stands, as some terminals go on from there. */
static void fit(char *text)
{
#ifdef TIOCGWINSZ
    struct winsize window;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 &&
        window.ws_col <= strlen(text))
        text[window.ws_col - 1] = '\0';
#else
    (void)text;
#endif
}

static void show(struct tool_progress *p, const char *text)
{
    char line[512];
    int len;

    if (p->terminal && !p->shown)
        clear_on_signals(1);
    if (p->terminal)
        len = snprintf(line, sizeof line, TO_START "%s" CLEAR, text);
    else
        len = snprintf(line, sizeof line, "%s\n", text);
    if (len > 0)
        tool_stderr(line, (size_t)len < sizeof line ? (size_t)len : sizeof line - 1);
    p->shown = 1;
}

void tool_progress_at(struct tool_progress *p, uint64_t bytes)
{
    struct tool_text done = tool_size(p->in->live ? p->in->bytes : bytes);
    char text[256];
    double at, share = -1;

    if (!p->on || (at = now()) < p->next)
        return;
    p->next = at + (p->terminal ? 0.1 : 1.0);
    if (p->in->size != UINT64_MAX && p->in->size > 0 && bytes <= p->in->size)
        share = (double)bytes / (double)p->in->size;
    if (share >= 0.005) /* with less, nobody knows how much time is left */
        snprintf(text, sizeof text, "%s%s of %s, %.0f%%, %.0f s left", p->file, done.s,
                 tool_size(p->in->size).s, 100 * share, (at - p->started) / share * (1 - share));
    else if (share >= 0)
        snprintf(text, sizeof text, "%s%s of %s, %.0f s", p->file, done.s, tool_size(p->in->size).s,
                 at - p->started);
    else
        snprintf(text, sizeof text, "%s%s, %.0f s", p->file, done.s, at - p->started);
    if (p->terminal)
        fit(text);
    show(p, text);
}

void tool_progress_end(struct tool_progress *p, uint64_t bytes)
{
    char text[256];

    if (!p->on)
        return;
    if (p->asked_for) {
        snprintf(text, sizeof text, "%s%s in %.1f s", p->file, tool_size(bytes).s,
                 now() - p->started);
        show(p, text);
        if (p->terminal)
            tool_stderr("\n", 1);
    } else if (p->shown) {
        show(p, "");
    }
    if (p->terminal && p->shown)
        clear_on_signals(0);
    p->on = 0;
}
