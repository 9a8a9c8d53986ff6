/* bzip2 by libbz2. */
#include "io/codec.h"

#ifdef TRI_BZIP2

#include <bzlib.h>
#include <limits.h>
#include <string.h>

struct bzip2 {
    struct tri_mem *mem;
    bz_stream z;
    int begun; /* z is to be ended */
};

static void *alloc(void *mem, int count, int size)
{
    return count > 0 && size > 0 ? tri_codec_alloc(mem, (size_t)count, (size_t)size) : NULL;
}

static void *bzip2_open(struct tri_mem *mem)
{
    struct bzip2 *b = tri_mem_zalloc(mem, sizeof *b);
    if (b)
        b->mem = mem;
    return b;
}

static void end(struct bzip2 *b)
{
    if (b->begun)
        BZ2_bzDecompressEnd(&b->z);
    b->begun = 0;
}

static enum tri_codec_result bzip2_begin(void *codec, struct tri_codec_io *io)
{
    struct bzip2 *b = codec;
    (void)io;
    end(b);
    memset(&b->z, 0, sizeof b->z);
    b->z.bzalloc = alloc;
    b->z.bzfree = tri_codec_free;
    b->z.opaque = b->mem;
    if (BZ2_bzDecompressInit(&b->z, 0, 0) != BZ_OK)
        return TRI_CODEC_NO_MEMORY;
    b->begun = 1;
    return TRI_CODEC_MORE;
}

static enum tri_codec_result bzip2_step(void *codec, struct tri_codec_io *io)
{
    struct bzip2 *b = codec;
    unsigned in = io->in_len < UINT_MAX ? (unsigned)io->in_len : UINT_MAX;
    unsigned out = io->out_len < UINT_MAX ? (unsigned)io->out_len : UINT_MAX;
    b->z.next_in = (char *)(uintptr_t)io->in; /* it does not write there */
    b->z.avail_in = in;
    b->z.next_out = (char *)io->out;
    b->z.avail_out = out;
    int result = BZ2_bzDecompress(&b->z);
    io->in_len -= in - b->z.avail_in;
    io->out_len -= out - b->z.avail_out;
    switch (result) {
    case BZ_OK:
        return TRI_CODEC_MORE;
    case BZ_STREAM_END:
        return TRI_CODEC_END;
    case BZ_MEM_ERROR:
        return TRI_CODEC_NO_MEMORY;
    default:
        return TRI_CODEC_CORRUPT;
    }
}

static void bzip2_close(void *codec)
{
    struct bzip2 *b = codec;
    end(b);
    tri_mem_free(b->mem, b, sizeof *b);
}

const struct tri_codec tri_codec_bzip2 = {bzip2_open, bzip2_begin, bzip2_step, bzip2_close};

#endif
