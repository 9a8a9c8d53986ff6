/* What the subcommands share: messages, input, progress.
 *
 * Invariants: only what is on disk is opened by its path; everything else (pipes,
 * terminals, sockets) goes through read_live(), which flushes the output before it
 * waits. Messages go to standard error in one write each, and a failure to write
 * them is nobody's business. */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void write_stderr(const char *s, size_t len)
{
    ssize_t ignored = write(STDERR_FILENO, s, len);
    (void)ignored;
}

void tool_complain(const char *format, ...)
{
    static const char prefix[] = "tracereader: ";
    char line[8192];
    size_t at = sizeof prefix - 1;
    va_list args;
    int len;

    memcpy(line, prefix, at);
    va_start(args, format);
    len = vsnprintf(line + at, sizeof line - at, format, args);
    va_end(args);
    if (len > 0)
        at += (size_t)len < sizeof line - at ? (size_t)len : sizeof line - at - 1;
    line[at++] = '\n';
    write_stderr(line, at);
}

void tool_no_memory(void)
{
    tool_complain("out of memory");
    exit(TOOL_FAILED);
}

/* --- Input ------------------------------------------------------------------- */

int tool_input_init(struct tool_input *in, const char *file, struct tool_output *out)
{
    struct stat st;
    int known;

    memset(in, 0, sizeof *in);
    in->out = out;
    in->size = UINT64_MAX;
    if (!file || strcmp(file, "-") == 0) {
        in->name = "standard input";
        in->fd = STDIN_FILENO;
        known = fstat(STDIN_FILENO, &st) == 0;
        if (!file && known && isatty(STDIN_FILENO)) {
            tool_complain("no FILE given, and standard input is a terminal (see --help)");
            return -1;
        }
    } else {
        in->name = file;
        in->path = file;
        in->fd = -1;
        known = stat(file, &st) == 0;
    }
    /* Where nothing is known of it, the library's attempt to open it tells why. */
    if (!known || S_ISDIR(st.st_mode))
        return 0;
    if (S_ISREG(st.st_mode)) {
        in->size = (uint64_t)st.st_size;
        return 0;
    }
    in->live = 1;
    if (in->path) {
        in->fd = open(in->path, O_RDONLY | O_CLOEXEC);
        if (in->fd < 0) {
            tool_complain("%s: %s", in->name, strerror(errno));
            return -1;
        }
    }
    return 0;
}

void tool_input_end(struct tool_input *in)
{
    if (in->live && in->path)
        close(in->fd);
}

/* A tr_read_fn. */
static int64_t read_live(void *user, void *buf, size_t size)
{
    struct tool_input *in = user;
    struct pollfd ready = {in->fd, POLLIN, 0};
    ssize_t n;

    if (poll(&ready, 1, 0) <= 0)
        tool_output_flush(in->out);
    do {
        n = read(in->fd, buf, size);
        if (n < 0 && errno == EAGAIN) {
            /* Somebody made the descriptor one that does not wait. */
            poll(&ready, 1, -1);
            errno = EINTR;
        }
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    in->bytes += (uint64_t)n;
    return n;
}

tr_status tool_input_open(struct tool_input *in, tr_reader *r)
{
    if (in->live)
        return tr_reader_open_callback(r, read_live, in);
    return in->path ? tr_reader_open_path(r, in->path) : tr_reader_open_fd(r, in->fd);
}

tr_status tool_input_open_wire(struct tool_input *in, tr_wire *w)
{
    if (in->live)
        return tr_wire_open_callback(w, read_live, in);
    return in->path ? tr_wire_open_path(w, in->path) : tr_wire_open_fd(w, in->fd);
}

tr_reader *tool_reader_open(struct tool_input *in, const struct tool_options *options,
                            tr_status *status)
{
    tr_reader *r = tr_reader_new();

    if (!r)
        tool_no_memory();
    if (options->threads != 0 && tr_reader_set_u64(r, TR_OPT_THREADS, options->threads) != TR_OK) {
        tool_complain("--threads=%" PRIu64 " is out of range", options->threads);
        tr_reader_free(r);
        return NULL;
    }
    if (options->memory_bytes != 0 &&
        tr_reader_set_u64(r, TR_OPT_MAX_MEMORY_BYTES, options->memory_bytes) != TR_OK) {
        tool_complain("--limit-memory=%" PRIu64 " is out of range", options->memory_bytes);
        tr_reader_free(r);
        return NULL;
    }
    *status = tool_input_open(in, r);
    return r;
}

int tool_unreadable(tr_status status, const tr_error *error)
{
    return status == TR_E_IO && error->offset == 0 && error->generation == 0;
}

int tool_report(const struct tool_input *in, tr_status status, const tr_error *error)
{
    if (status == TR_OK || status == TR_END)
        return TOOL_FINE;
    if (status == TR_E_NOMEM && error->code == TR_OK)
        tool_complain("%s: out of memory", in->name);
    else if (tool_unreadable(status, error) && error->os_error != 0)
        tool_complain("%s: %s", in->name, strerror(error->os_error));
    else
        tool_complain("%s: %s (byte %" PRIu64 ", generation %" PRIu64 ")", in->name, error->message,
                      error->offset, error->generation);
    switch (status) {
    case TR_E_IO:
    case TR_E_NOMEM:
    case TR_E_MISUSE:
        return TOOL_FAILED;
    default:
        return TOOL_BROKEN;
    }
}

/* --- Progress ---------------------------------------------------------------- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void tool_progress_init(struct tool_progress *p, const struct tool_options *options,
                        const struct tool_input *in)
{
    memset(p, 0, sizeof *p);
    p->on = options->progress;
    if (!p->on)
        return;
    p->in = in;
    p->terminal = isatty(STDERR_FILENO);
    p->started = now();
    p->next = p->started + (p->terminal ? 0.2 : 1.0);
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
        write_stderr(line, (size_t)len < sizeof line ? (size_t)len : sizeof line - 1);
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
    snprintf(text, sizeof text, "%s in %.1f s", tool_size(bytes).s, now() - p->started);
    show(p, text);
    if (p->terminal)
        write_stderr("\n", 1);
    p->on = 0;
}
