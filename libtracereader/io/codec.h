/* What the formats' own libraries do for decompress.c: one codec for each that the build
 * has. Without TRI_ZLIB and so on there is none. */
#ifndef TRI_IO_CODEC_H
#define TRI_IO_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

/* Where a step reads and writes. */
struct tri_codec_io {
    const uint8_t *in;
    size_t in_len;
    uint8_t *out;
    size_t out_len;
    const char *detail;       /* of TRI_CODEC_CORRUPT and TRI_CODEC_UNSUPPORTED, may be NULL */
    uint64_t needed, allowed; /* bytes of memory, of TRI_CODEC_TOO_LARGE */
};

enum tri_codec_result {
    TRI_CODEC_MORE,        /* it goes on */
    TRI_CODEC_END,         /* a member is complete */
    TRI_CODEC_CORRUPT,     /* the bytes break a rule of the format */
    TRI_CODEC_UNSUPPORTED, /* the library does not know what they ask for */
    TRI_CODEC_TOO_LARGE,   /* to decompress them takes more memory than is allowed */
    TRI_CODEC_NO_MEMORY,   /* the reader's account says why */
    TRI_CODEC_NO_MALLOC    /* the library's own allocation failed */
};

/* Unless the account has a limit, no member takes more than this for what it refers back to:
 * as much as the command zstd allows; what xz makes with -9 takes half of it. */
enum { TRI_CODEC_MAX_WINDOW_LOG = 27 };

struct tri_codec {
    /* NULL: no memory. */
    void *(*open)(struct tri_mem *mem);
    /* Before each member. */
    enum tri_codec_result (*begin)(void *codec, struct tri_codec_io *io);
    /* Decompress some; in_len and out_len are then what is left of them. */
    enum tri_codec_result (*step)(void *codec, struct tri_codec_io *io);
    void (*close)(void *codec);
};

extern const struct tri_codec tri_codec_gzip, tri_codec_bzip2, tri_codec_xz, tri_codec_lz4,
    tri_codec_zstd;

/* Memory for libraries that do not tell sizes when they free: `mem` is a struct tri_mem.
 * NULL if there is none, or count * size is 0 or too large. */
void *tri_codec_alloc(void *mem, size_t count, size_t size);
/* NULL ptr is allowed. */
void tri_codec_free(void *mem, void *ptr);

#endif
