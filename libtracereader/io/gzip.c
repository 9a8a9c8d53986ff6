/* gzip by zlib. */
#include "io/codec.h"

#ifdef TRI_ZLIB

#include <limits.h>
#include <string.h>
#include <zlib.h>

struct gzip {
    struct tri_mem *mem;
    z_stream z;
};

enum { GZIP_ONLY = 16 };

static void *alloc(void *mem, unsigned count, unsigned size)
{
    return tri_codec_alloc(mem, count, size);
}

static void *gzip_open(struct tri_mem *mem)
{
    struct gzip *g = tri_mem_zalloc(mem, sizeof *g);
    if (!g)
        return NULL;
    g->mem = mem;
    g->z.zalloc = alloc;
    g->z.zfree = tri_codec_free;
    g->z.opaque = mem;
    if (inflateInit2(&g->z, MAX_WBITS + GZIP_ONLY) == Z_OK)
        return g;
    tri_mem_free(mem, g, sizeof *g);
    return NULL;
}

static enum tri_codec_result gzip_begin(void *codec, struct tri_codec_io *io)
{
    struct gzip *g = codec;
    (void)io;
    inflateReset(&g->z);
    return TRI_CODEC_MORE;
}

static enum tri_codec_result gzip_step(void *codec, struct tri_codec_io *io)
{
    struct gzip *g = codec;
    unsigned in = io->in_len < UINT_MAX ? (unsigned)io->in_len : UINT_MAX;
    unsigned out = io->out_len < UINT_MAX ? (unsigned)io->out_len : UINT_MAX;
    g->z.next_in = (Bytef *)(uintptr_t)io->in; /* zlib may be built without const */
    g->z.avail_in = in;
    g->z.next_out = io->out;
    g->z.avail_out = out;
    int result = inflate(&g->z, Z_NO_FLUSH);
    io->in_len -= in - g->z.avail_in;
    io->out_len -= out - g->z.avail_out;
    switch (result) {
    case Z_OK:
    case Z_BUF_ERROR: /* no progress this time */
        return TRI_CODEC_MORE;
    case Z_STREAM_END:
        return TRI_CODEC_END;
    case Z_MEM_ERROR:
        return TRI_CODEC_NO_MEMORY;
    default:
        io->detail = g->z.msg;
        return TRI_CODEC_CORRUPT;
    }
}

static void gzip_close(void *codec)
{
    struct gzip *g = codec;
    inflateEnd(&g->z);
    tri_mem_free(g->mem, g, sizeof *g);
}

const struct tri_codec tri_codec_gzip = {gzip_open, gzip_begin, gzip_step, gzip_close};

#endif
