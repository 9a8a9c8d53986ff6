/* The file has no name from the start, or as soon as that can be, so that nothing is
 * left behind however the process ends; nobody else may read it.
 *
 * Invariant: the byte of the trace's offset x is at x - base of the file. What was not
 * written is a hole. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* O_TMPFILE, mkostemp */
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif
#include "io/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/quote.h"
#include "base/text.h"
#include "io/descriptor.h"

/* -1 with errno: it cannot be made. */
static int open_unnamed(const char *folder)
{
    int fd = -1;
#ifdef O_TMPFILE
    do
        fd = open(folder, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
    while (fd < 0 && errno == EINTR);
    if (fd >= 0)
        return fd;
#endif
    char path[PATH_MAX];
    int len = snprintf(path, sizeof path, "%s/tracereader-XXXXXX", folder);
    if (len < 0 || (size_t)len >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

/* The folder is quoted, as a message is one line. */
static tr_status cannot_make(struct tri_err *err, struct tri_place place, const char *folder,
                             int os_error)
{
    char what[180];
    struct tri_text text = {what, sizeof what - 1, 0};
    tri_text_str(&text, "cannot make a temporary file in ");
    tri_quote(&text, folder, strlen(folder));
    what[text.len < sizeof what - 1 ? text.len : sizeof what - 1] = '\0';
    return tri_err_os(err, place, what, os_error);
}

tr_status tri_spill_open(struct tri_spill *s, struct tri_err *err, struct tri_place place)
{
    const char *folder = getenv("TMPDIR");
    if (!folder || !*folder)
        folder = "/tmp";
    s->fd = tri_descriptor_above_standard(open_unnamed(folder));
    if (s->fd < 0)
        return cannot_make(err, place, folder, errno);
    s->base = place.offset;
    s->bytes = 0;
    return TR_OK;
}

tr_status tri_spill_write(struct tri_spill *s, const void *data, size_t n, struct tri_err *err,
                          struct tri_place place)
{
    const char *from = data;
    off_t at = (off_t)(place.offset - s->base);
    while (n) {
        ssize_t written = pwrite(s->fd, from, n, at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return tri_err_os(err, place, "writing to a temporary file failed",
                              written < 0 ? errno : EIO);
        s->bytes += (size_t)written;
        from += written;
        at += written;
        n -= (size_t)written;
    }
    return TR_OK;
}

tr_status tri_spill_read(const struct tri_spill *s, void *buf, size_t n, struct tri_err *err,
                         struct tri_place place)
{
    char *to = buf;
    off_t at = (off_t)(place.offset - s->base);
    while (n) {
        ssize_t got = pread(s->fd, to, n, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return tri_err_os(err, place, "reading a temporary file failed", got < 0 ? errno : EIO);
        to += got;
        at += got;
        n -= (size_t)got;
    }
    return TR_OK;
}

void tri_spill_close(struct tri_spill *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}
