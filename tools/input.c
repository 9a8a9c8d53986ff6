/* Input: files, pipes, standard input.
 *
 * Invariant: only what is on disk is opened by its path; everything else (pipes,
 * terminals, sockets) goes through read_live(), which flushes the output before it
 * waits. */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"

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
        in->live = in->fd >= 0; /* if not, the library is told the same */
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
