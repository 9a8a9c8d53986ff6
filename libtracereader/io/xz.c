/* xz by liblzma. */
#include "io/codec.h"

#ifdef TRI_LZMA

#include <lzma.h>
#include <string.h>

struct xz {
    struct tri_mem *mem;
    lzma_allocator allocator;
    lzma_stream z;
};

/* The window, and what the decoder takes besides. Where the account has a limit, that counts. */
#define MEMORY_LIMIT ((UINT64_C(1) << TRI_CODEC_MAX_WINDOW_LOG) + (UINT64_C(4) << 20))

static void *xz_open(struct tri_mem *mem)
{
    struct xz *x = tri_mem_zalloc(mem, sizeof *x);
    if (!x)
        return NULL;
    x->mem = mem;
    x->allocator = (lzma_allocator){tri_codec_alloc, tri_codec_free, mem};
    x->z = (lzma_stream)LZMA_STREAM_INIT;
    x->z.allocator = &x->allocator;
    return x;
}

static enum tri_codec_result result_of(struct xz *x, lzma_ret result, struct tri_codec_io *io)
{
    switch (result) {
    case LZMA_OK:
    case LZMA_BUF_ERROR: /* no progress this time */
        return TRI_CODEC_MORE;
    case LZMA_STREAM_END:
        return TRI_CODEC_END;
    case LZMA_MEM_ERROR:
        return TRI_CODEC_NO_MEMORY;
    case LZMA_MEMLIMIT_ERROR:
        io->needed = lzma_memusage(&x->z);
        io->allowed = lzma_memlimit_get(&x->z);
        return TRI_CODEC_TOO_LARGE;
    case LZMA_OPTIONS_ERROR:
        return TRI_CODEC_UNSUPPORTED;
    default:
        return TRI_CODEC_CORRUPT;
    }
}

static enum tri_codec_result xz_begin(void *codec, struct tri_codec_io *io)
{
    struct xz *x = codec;
    uint64_t limit = tri_mem_limit(x->mem) ? UINT64_MAX : MEMORY_LIMIT;
    return result_of(x, lzma_stream_decoder(&x->z, limit, 0), io);
}

static enum tri_codec_result xz_step(void *codec, struct tri_codec_io *io)
{
    struct xz *x = codec;
    x->z.next_in = io->in;
    x->z.avail_in = io->in_len;
    x->z.next_out = io->out;
    x->z.avail_out = io->out_len;
    lzma_ret result = lzma_code(&x->z, LZMA_RUN);
    io->in_len = x->z.avail_in;
    io->out_len = x->z.avail_out;
    return result_of(x, result, io);
}

static void xz_close(void *codec)
{
    struct xz *x = codec;
    lzma_end(&x->z);
    tri_mem_free(x->mem, x, sizeof *x);
}

const struct tri_codec tri_codec_xz = {xz_open, xz_begin, xz_step, xz_close};

#endif
