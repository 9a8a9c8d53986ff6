/* Where the bytes of a trace come from: memory, a file, a stream, or pushed pieces,
 * behind one interface. Offsets count decompressed bytes from the trace's start. */
#ifndef TRI_IO_SOURCE_H
#define TRI_IO_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/mem.h"
#include "tracereader/reader.h"

struct tri_decompress;

enum tri_source_kind {
    TRI_SOURCE_NONE = 0, /* not open */
    TRI_SOURCE_MEMORY,
    TRI_SOURCE_FILE,   /* a regular file, read by offset */
    TRI_SOURCE_STREAM, /* a descriptor, a callback, or what is decompressed */
    TRI_SOURCE_PUSH
};

struct tri_source {
    enum tri_source_kind kind;
    struct tri_mem *mem;
    struct tri_err *err;
    uint64_t offset;  /* of the first byte not taken yet */
    uint64_t size;    /* of the whole trace, UINT64_MAX if not known */
    bool ended;       /* nothing comes after the window */
    tr_status failed; /* a push that found no memory: its bytes are missing; TR_OK: none */

    /* The window: bytes that are here and not taken. */
    const uint8_t *window;
    size_t window_len;

    uint8_t *buffer; /* the window lies in it, but for memory */
    size_t buffer_size;
    bool skipped; /* the last move was a skip: read little, another may follow */

    int fd;
    bool owns_fd;
    off_t fd_start; /* the descriptor's offset at which the trace begins */
    tr_read_fn read;
    void *user;
    struct tri_decompress *packed; /* makes the bytes, NULL: they are as they come */
    bool lent;                     /* packed belongs to another */
};

void tri_source_init(struct tri_source *s, struct tri_mem *mem, struct tri_err *err);
/* Open; TR_E_MISUSE if it is open already. */
tr_status tri_source_open_path(struct tri_source *s, const char *path);
tr_status tri_source_open_fd(struct tri_source *s, int fd);
tr_status tri_source_open_memory(struct tri_source *s, const void *data, size_t size);
tr_status tri_source_open_callback(struct tri_source *s, tr_read_fn fn, void *user);
/* Push: the first call opens it. */
tr_status tri_source_feed(struct tri_source *s, const void *data, size_t size);
tr_status tri_source_feed_end(struct tri_source *s);
void tri_source_close(struct tri_source *s);
/* Before anything is taken: if the bytes are compressed, give what they decompress to from
 * here on, as a stream. TR_NEED_INPUT: not pushed yet, to be called again. TR_E_VERSION: in
 * a way that is known, but cannot be read. */
tr_status tri_source_unpack(struct tri_source *s);
/* Whether it may be read by any thread: it is no descriptor that waits, nor the caller's. */
bool tri_source_is_still(const struct tri_source *s);
/* Let another source, for another thread, go on where one is that is still: with an error
 * of its own. The first can still reread, and is to be closed last. */
void tri_source_hand_over(struct tri_source *s, struct tri_source *to, struct tri_err *err);

/* What it is compressed with, such as "gzip"; NULL: not compressed. */
const char *tri_source_compression(const struct tri_source *s);
/* The size of the compressed bytes, UINT64_MAX if it is not known. */
uint64_t tri_source_packed_size(const struct tri_source *s);
/* Progress where `done` bytes of the trace are done: of a compressed one, about how many
 * compressed bytes these take, of how many. By any thread. */
uint64_t tri_source_progress(const struct tri_source *s, uint64_t done, uint64_t *total);

/* Whether what is wrong with a trace may follow from damage to what it was decompressed from. */
bool tri_source_damage_may_cause(tr_status status);
/* Where something is wrong with a trace: decompress what is left of it, only to find out
 * whether it is damaged, from which that may follow. TR_E_CORRUPT: it is, as *damage says.
 * TR_OK: not that anybody could tell. TR_NEED_INPUT: not pushed yet, to be called again.
 * TR_E_CANCELED: `go_on` said no; it is asked now and then, unless it is NULL. */
tr_status tri_source_find_damage(struct tri_source *s, bool (*go_on)(void *user), void *user,
                                 struct tri_err *damage);

/* Bring at least `want` bytes into the window. TR_OK: window_len is smaller than
 * that only if the trace ends there. TR_NEED_INPUT: not pushed yet. Reads no more
 * than it must wait for. */
tr_status tri_source_want(struct tri_source *s, size_t want);
/* Make room for that many bytes in the window, where bytes are yet to be read: it spares
 * copying when much is wanted piece by piece. */
tr_status tri_source_reserve(struct tri_source *s, size_t size);
/* Take n <= window_len bytes. */
void tri_source_take(struct tri_source *s, size_t n);
/* Tell whether the next n bytes are there, without looking at them. */
tr_status tri_source_reaches(struct tri_source *s, size_t n, bool *whole);
/* Take n bytes that are known to be there. */
void tri_source_skip(struct tri_source *s, size_t n);

/* Whether bytes that were taken can be had again. */
bool tri_source_rereads(const struct tri_source *s);
/* Have `n` bytes at `offset` again; only if tri_source_rereads. */
tr_status tri_source_reread(struct tri_source *s, uint64_t offset, void *buf, size_t n);
/* The bytes at `offset` where they lie in memory already, else NULL. */
const uint8_t *tri_source_memory(const struct tri_source *s, uint64_t offset);

#endif
