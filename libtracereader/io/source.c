/* Sources. A file is read by offset into a small window, never mapped: a mapped
 * file that is cut meanwhile kills the process. A stream is asked for what it has
 * at hand and never waited for longer than the caller needs.
 *
 * Invariants: `offset` is that of window[0]. The window lies in `buffer` or, for
 * memory, in the caller's bytes. A file's descriptor keeps its own offset. */
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "io/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/decompress.h"
#include "io/descriptor.h"

enum {
    STREAM_BUFFER_BYTES = 256 << 10,
    FILE_BUFFER_BYTES = 128 << 10, /* a batch with its header, and more */
    AFTER_SKIP_BYTES = 4 << 10     /* a batch's header, and perhaps a small table */
};

void tri_source_init(struct tri_source *s, struct tri_mem *mem, struct tri_err *err)
{
    memset(s, 0, sizeof *s);
    s->mem = mem;
    s->err = err;
    s->size = UINT64_MAX;
    s->fd = -1;
}

static tr_status misuse(struct tri_source *s, const char *message)
{
    struct tri_place place = tri_place_at(s->offset, 0);
    tri_err_set(s->err, TR_E_MISUSE, place, "%s", message);
    return TR_E_MISUSE;
}

static tr_status no_memory(struct tri_source *s)
{
    struct tri_place place = tri_place_at(s->offset, 0);
    return tri_err_no_memory(s->err, s->mem, place);
}

static tr_status refresh_file_size(struct tri_source *s)
{
    struct stat st;
    if (fstat(s->fd, &st) != 0)
        return tri_err_io(s->err, s->offset, errno);
    s->size = st.st_size > s->fd_start ? (uint64_t)(st.st_size - s->fd_start) : 0;
    return TR_OK;
}

static tr_status cannot_open(struct tri_source *s, int os_error)
{
    struct tri_place place = tri_place_at(0, 0);
    return tri_err_os(s->err, place, "open failed", os_error);
}

static tr_status open_descriptor(struct tri_source *s, int fd, bool owned)
{
    struct stat st;
    s->kind = TRI_SOURCE_STREAM; /* open from here on, even if it fails */
    s->fd = fd;
    s->owns_fd = owned;
    if (fstat(fd, &st) != 0)
        return cannot_open(s, errno);
    if (S_ISDIR(st.st_mode))
        return cannot_open(s, EISDIR);
    if (S_ISREG(st.st_mode)) {
        s->fd_start = lseek(fd, 0, SEEK_CUR);
        if (s->fd_start >= 0) {
            s->kind = TRI_SOURCE_FILE;
            return refresh_file_size(s);
        }
    }
    return TR_OK;
}

tr_status tri_source_open_path(struct tri_source *s, const char *path)
{
    if (s->kind != TRI_SOURCE_NONE)
        return misuse(s, "the reader is open already");
    if (!path)
        return misuse(s, "no path");
    int fd;
    do
        fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    fd = tri_descriptor_above_standard(fd);
    if (fd < 0) {
        s->kind = TRI_SOURCE_STREAM;
        return cannot_open(s, errno);
    }
    return open_descriptor(s, fd, true);
}

tr_status tri_source_open_fd(struct tri_source *s, int fd)
{
    if (s->kind != TRI_SOURCE_NONE)
        return misuse(s, "the reader is open already");
    return open_descriptor(s, fd, false);
}

tr_status tri_source_open_memory(struct tri_source *s, const void *data, size_t size)
{
    if (s->kind != TRI_SOURCE_NONE)
        return misuse(s, "the reader is open already");
    if (!data && size)
        return misuse(s, "no data");
    s->kind = TRI_SOURCE_MEMORY;
    s->window = data ? data : (const uint8_t *)"";
    s->window_len = size;
    s->size = size;
    s->ended = true;
    return TR_OK;
}

tr_status tri_source_open_callback(struct tri_source *s, tr_read_fn fn, void *user)
{
    if (s->kind != TRI_SOURCE_NONE)
        return misuse(s, "the reader is open already");
    if (!fn)
        return misuse(s, "no function");
    s->kind = TRI_SOURCE_STREAM;
    s->read = fn;
    s->user = user;
    return TR_OK;
}

void tri_source_close(struct tri_source *s)
{
    if (s->owns_fd)
        close(s->fd);
    s->owns_fd = false;
    if (!s->lent)
        tri_decompress_free(s->packed);
    s->packed = NULL;
    tri_mem_free(s->mem, s->buffer, s->buffer_size);
    s->buffer = NULL;
    s->buffer_size = 0;
    s->window = NULL;
    s->window_len = 0;
}

tr_status tri_source_unpack(struct tri_source *s)
{
    const struct tri_format *format;
    if (s->packed)
        return TR_OK;
    tr_status status = tri_decompress_look(s, &format);
    if (status != TR_OK || !format)
        return status;
    struct tri_decompress *packed;
    status = tri_decompress_new(s, format, &packed);
    if (status != TR_OK)
        return status;
    s->kind = TRI_SOURCE_STREAM;
    s->packed = packed;
    return TR_OK;
}

static bool is_still(const struct tri_source *s)
{
    return s->kind == TRI_SOURCE_FILE || s->kind == TRI_SOURCE_MEMORY;
}

bool tri_source_is_still(const struct tri_source *s)
{
    return is_still(s->packed ? &s->packed->raw : s);
}

const char *tri_source_compression(const struct tri_source *s)
{
    return s->packed ? tri_decompress_name(s->packed) : NULL;
}

uint64_t tri_source_packed_size(const struct tri_source *s)
{
    return s->packed ? s->packed->raw.size : UINT64_MAX;
}

uint64_t tri_source_progress(const struct tri_source *s, uint64_t done, uint64_t *total)
{
    *total = s->size;
    if (!s->packed)
        return done;
    *total = s->packed->raw.size;
    uint64_t in = atomic_load_explicit(&s->packed->in_bytes, memory_order_relaxed);
    uint64_t out = atomic_load_explicit(&s->packed->out_bytes, memory_order_relaxed);
    return done < out ? (uint64_t)((double)done / (double)out * (double)in) : in;
}

bool tri_source_damage_may_cause(tr_status status)
{
    return status == TR_E_FORMAT || status == TR_E_VERSION || status == TR_E_CORRUPT ||
           status == TR_E_ORDER;
}

tr_status tri_source_find_damage(struct tri_source *s, bool (*go_on)(void *user), void *user,
                                 struct tri_err *damage)
{
    tri_err_init(damage);
    return s->packed ? tri_decompress_find_damage(s->packed, go_on, user, damage) : TR_OK;
}

void tri_source_hand_over(struct tri_source *s, struct tri_source *to, struct tri_err *err)
{
    *to = *s;
    to->err = err;
    to->owns_fd = false;
    to->lent = true;
    s->buffer = NULL;
    s->buffer_size = 0;
    if (s->kind == TRI_SOURCE_MEMORY)
        return;
    s->window = NULL; /* it went with the buffer */
    s->window_len = 0;
}

/* Make the buffer `size` bytes or larger, with the window at its start. */
static tr_status settle_window(struct tri_source *s, size_t size)
{
    if (s->buffer_size < size) {
        uint8_t *buffer = tri_mem_alloc(s->mem, size);
        if (!buffer)
            return no_memory(s);
        if (s->window_len)
            memcpy(buffer, s->window, s->window_len);
        tri_mem_free(s->mem, s->buffer, s->buffer_size);
        s->buffer = buffer;
        s->buffer_size = size;
    } else if (s->window_len && s->window != s->buffer) {
        memmove(s->buffer, s->window, s->window_len);
    }
    s->window = s->buffer;
    return TR_OK;
}

tr_status tri_source_reserve(struct tri_source *s, size_t size)
{
    bool reads = s->kind == TRI_SOURCE_FILE || s->kind == TRI_SOURCE_STREAM;
    return reads && !s->ended && s->buffer_size < size ? settle_window(s, size) : TR_OK;
}

/* What was told to the compressed source is told to this one's caller. */
static tr_status forward(struct tri_source *s, tr_status status)
{
    struct tri_place place = tri_place_at(s->offset, 0);
    return status == TR_OK ? TR_OK
                           : tri_err_set(s->err, status, place, "%s", s->packed->err.error.message);
}

/* Open it for bytes that are pushed, unless it is. */
static tr_status open_push(struct tri_source *s)
{
    if (s->kind == TRI_SOURCE_NONE)
        s->kind = TRI_SOURCE_PUSH;
    /* What is compressed was opened before that was known. */
    enum tri_source_kind kind = s->packed ? s->packed->raw.kind : s->kind;
    return kind == TRI_SOURCE_PUSH ? TR_OK : misuse(s, "the reader is open already");
}

tr_status tri_source_feed(struct tri_source *s, const void *data, size_t size)
{
    tr_status status = open_push(s);
    if (status != TR_OK)
        return status;
    if (s->packed)
        return forward(s, tri_source_feed(&s->packed->raw, data, size));
    if (s->ended)
        return misuse(s, "bytes pushed after the end");
    if (!data && size)
        return misuse(s, "no data");
    if (s->failed != TR_OK)
        return s->failed;
    size_t room =
        s->buffer_size - (s->window_len ? (size_t)(s->window - s->buffer) : 0) - s->window_len;
    if (size > room) {
        size_t need = s->window_len + size;
        if (need < size)
            return s->failed = no_memory(s);
        /* Grow by halves: many small pieces must not copy the rest each time. */
        size_t larger = s->buffer_size + s->buffer_size / 2;
        status = settle_window(s, need <= s->buffer_size ? s->buffer_size
                                  : larger > need        ? larger
                                                         : need);
        if (status != TR_OK)
            return s->failed = status;
    }
    if (!s->window_len)
        s->window = s->buffer;
    if (size)
        memcpy(s->buffer + (s->window - s->buffer) + s->window_len, data, size);
    s->window_len += size;
    return TR_OK;
}

tr_status tri_source_feed_end(struct tri_source *s)
{
    tr_status status = open_push(s);
    if (status != TR_OK)
        return status;
    if (s->packed)
        return forward(s, tri_source_feed_end(&s->packed->raw));
    s->ended = true;
    return TR_OK;
}

static tr_status became_shorter(struct tri_source *s, uint64_t offset)
{
    struct tri_place place = tri_place_at(offset, 0);
    return tri_err_set(s->err, TR_E_TRUNCATED, place, "the file became shorter while it was read");
}

/* Read at most n bytes behind the window. *got 0: the end. */
static tr_status read_some(struct tri_source *s, uint8_t *to, size_t n, size_t *got)
{
    uint64_t at = s->offset + s->window_len;
    if (s->packed)
        return tri_decompress_read(s->packed, to, n, got, at, s->err);
    if (s->read) {
        int64_t result = s->read(s->user, to, n);
        if (result < 0)
            return tri_err_io(s->err, at, result < -INT32_MAX ? EIO : (int)-result);
        if ((uint64_t)result > n)
            return tri_err_os(s->err, tri_place_at(at, 0),
                              "the callback returned more bytes than were asked for", EINVAL);
        *got = (size_t)result;
        return TR_OK;
    }
    ssize_t result;
    do {
        result = s->kind == TRI_SOURCE_FILE ? pread(s->fd, to, n, s->fd_start + (off_t)at)
                                            : read(s->fd, to, n);
    } while (result < 0 && errno == EINTR);
    if (result < 0)
        return tri_err_io(s->err, at, errno);
    *got = (size_t)result;
    return TR_OK;
}

tr_status tri_source_want(struct tri_source *s, size_t want)
{
    if (s->window_len >= want)
        return TR_OK;
    if (s->failed != TR_OK)
        return s->failed;
    if (s->ended && s->kind != TRI_SOURCE_NONE)
        return TR_OK;
    if (s->kind == TRI_SOURCE_PUSH)
        return TR_NEED_INPUT;
    if (s->kind == TRI_SOURCE_NONE)
        return misuse(s, "the reader is not open");
    size_t size = s->kind == TRI_SOURCE_FILE ? FILE_BUFFER_BYTES : STREAM_BUFFER_BYTES;
    tr_status status = settle_window(s, size > want ? size : want);
    if (status != TR_OK)
        return status;
    while (s->window_len < want) {
        size_t n = s->buffer_size - s->window_len;
        if (s->skipped && n > AFTER_SKIP_BYTES && want <= AFTER_SKIP_BYTES)
            n = AFTER_SKIP_BYTES;
        size_t got = 0;
        status = read_some(s, s->buffer + s->window_len, n, &got);
        if (status != TR_OK)
            return status;
        uint64_t end = s->offset + s->window_len;
        if (got == 0 && s->kind == TRI_SOURCE_FILE && end < s->size)
            return became_shorter(s, end);
        if (got == 0) {
            s->ended = true;
            return TR_OK;
        }
        s->window_len += got;
    }
    return TR_OK;
}

void tri_source_take(struct tri_source *s, size_t n)
{
    s->window += n;
    s->window_len -= n;
    s->offset += n;
    s->skipped = false;
}

tr_status tri_source_reaches(struct tri_source *s, size_t n, bool *whole)
{
    tr_status status = TR_OK;
    if (s->kind == TRI_SOURCE_FILE && n > s->window_len) {
        if (s->offset + n > s->size) /* it may have grown since */
            status = refresh_file_size(s);
        *whole = s->offset + n <= s->size;
        return status;
    }
    status = tri_source_want(s, n);
    *whole = s->window_len >= n;
    return status;
}

void tri_source_skip(struct tri_source *s, size_t n)
{
    if (n <= s->window_len) {
        tri_source_take(s, n);
        return;
    }
    s->offset += n;
    s->window_len = 0;
    s->skipped = true;
    s->ended = false;
}

bool tri_source_rereads(const struct tri_source *s)
{
    return is_still(s);
}

tr_status tri_source_reread(struct tri_source *s, uint64_t offset, void *buf, size_t n)
{
    if (s->kind == TRI_SOURCE_MEMORY) {
        memcpy(buf, tri_source_memory(s, offset), n);
        return TR_OK;
    }
    uint8_t *to = buf;
    while (n) {
        ssize_t got = pread(s->fd, to, n, s->fd_start + (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return tri_err_io(s->err, offset, errno);
        if (got == 0)
            return became_shorter(s, offset);
        to += got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return TR_OK;
}

const uint8_t *tri_source_memory(const struct tri_source *s, uint64_t offset)
{
    /* What was taken lies before the window in the same array, what was not behind. */
    return s->kind == TRI_SOURCE_MEMORY ? s->window + (ptrdiff_t)(offset - s->offset) : NULL;
}
