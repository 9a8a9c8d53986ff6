/* lz4 frames by liblz4, which takes its memory from malloc: it is charged to the account
 * by what the frame's head says of its blocks.
 *
 * Invariants: `charged` bytes are in the account. A step decompresses one block at most, and
 * not the head of the next: where something is damaged, the library gives nothing of what it
 * did in that call. */
#include "io/codec.h"

#ifdef TRI_LZ4

#include <lz4frame.h>
#include <string.h>

struct lz4 {
    struct tri_mem *mem;
    LZ4F_dctx *d;
    size_t charged;
    size_t wanted; /* what the library asks for next */
};

enum {
    HEAD_BYTES = 6, /* magic number, flags, and the byte that has the size of blocks */
    FIRST_BYTES = 7,
    BLOCK_HEAD_BYTES = 4, /* which the library asks for with what stands before */
    HISTORY_BYTES = 128 << 10,
    CONTEXT_BYTES = 1 << 10
};

static void *lz4_open(struct tri_mem *mem)
{
    struct lz4 *l = tri_mem_zalloc(mem, sizeof *l);
    if (!l)
        return NULL;
    l->mem = mem;
    if (!LZ4F_isError(LZ4F_createDecompressionContext(&l->d, LZ4F_VERSION)))
        return l;
    tri_mem_free(mem, l, sizeof *l);
    tri_mem_lack(mem);
    return NULL;
}

static enum tri_codec_result lz4_begin(void *codec, const uint8_t *head, size_t n,
                                       struct tri_codec_io *io)
{
    struct lz4 *l = codec;
    size_t need = CONTEXT_BYTES;
    (void)io;
    LZ4F_resetDecompressionContext(l->d);
    l->wanted = FIRST_BYTES;
    if (n == HEAD_BYTES && head[0] == 0x04) { /* not a frame to be skipped */
        unsigned id = head[5] >> 4 & 7;
        size_t block = (size_t)1 << (2 * (id < 4 ? 4 : id) + 8);
        need += 2 * block + HISTORY_BYTES;
    }
    /* Its buffers only grow. */
    if (need > l->charged) {
        if (!tri_mem_charge(l->mem, need - l->charged))
            return TRI_CODEC_NO_MEMORY;
        l->charged = need;
    }
    return TRI_CODEC_MORE;
}

static enum tri_codec_result lz4_step(void *codec, struct tri_codec_io *io)
{
    struct lz4 *l = codec;
    size_t most = l->wanted > BLOCK_HEAD_BYTES ? l->wanted - BLOCK_HEAD_BYTES : l->wanted;
    size_t in = io->in_len < most ? io->in_len : most, out = io->out_len;
    size_t result = LZ4F_decompress(l->d, io->out, &out, io->in, &in, NULL);
    if (LZ4F_isError(result)) {
        io->detail = LZ4F_getErrorName(result);
        return strcmp(io->detail, "ERROR_allocation_failed") == 0 ? TRI_CODEC_NO_MALLOC
                                                                  : TRI_CODEC_CORRUPT;
    }
    l->wanted = result;
    io->in_len -= in;
    io->out_len -= out;
    return result == 0 ? TRI_CODEC_END : TRI_CODEC_MORE;
}

static void lz4_close(void *codec)
{
    struct lz4 *l = codec;
    LZ4F_freeDecompressionContext(l->d);
    tri_mem_discharge(l->mem, l->charged);
    tri_mem_free(l->mem, l, sizeof *l);
}

const struct tri_codec tri_codec_lz4 = {HEAD_BYTES, lz4_open, lz4_begin, lz4_step, lz4_close};

#endif
