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

enum { HEAD_BYTES = 6 }; /* magic number, flags, and the byte that has the size of blocks */

struct lz4 {
    struct tri_mem *mem;
    LZ4F_dctx *d;
    size_t charged;
    size_t wanted; /* what the library asks for next */
    uint8_t head[HEAD_BYTES];
    size_t head_len; /* of the frame's head, as far as it was given to the library */
};

enum {
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

/* The library's buffers only grow. */
static int charge(struct lz4 *l, size_t need)
{
    if (need <= l->charged)
        return 1;
    if (!tri_mem_charge(l->mem, need - l->charged))
        return 0;
    l->charged = need;
    return 1;
}

static enum tri_codec_result lz4_begin(void *codec, struct tri_codec_io *io)
{
    struct lz4 *l = codec;
    (void)io;
    LZ4F_resetDecompressionContext(l->d);
    l->wanted = FIRST_BYTES;
    l->head_len = 0;
    return charge(l, CONTEXT_BYTES) ? TRI_CODEC_MORE : TRI_CODEC_NO_MEMORY;
}

/* Look at what the library is given next, of which it takes all as long as the head lasts, and
 * charge its buffers before they are there. */
static int see_head(struct lz4 *l, const uint8_t *in, size_t n)
{
    size_t room = HEAD_BYTES - l->head_len;
    if (!room)
        return 1;
    n = n < room ? n : room;
    memcpy(l->head + l->head_len, in, n);
    l->head_len += n;
    if (n < room || l->head[0] != 0x04) /* a frame to be skipped */
        return 1;
    unsigned id = l->head[5] >> 4 & 7;
    size_t block = (size_t)1 << (2 * (id < 4 ? 4 : id) + 8);
    return charge(l, CONTEXT_BYTES + 2 * block + HISTORY_BYTES);
}

static enum tri_codec_result lz4_step(void *codec, struct tri_codec_io *io)
{
    struct lz4 *l = codec;
    size_t most = l->wanted > BLOCK_HEAD_BYTES ? l->wanted - BLOCK_HEAD_BYTES : l->wanted;
    size_t in = io->in_len < most ? io->in_len : most, out = io->out_len;
    if (!see_head(l, io->in, in))
        return TRI_CODEC_NO_MEMORY;
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

const struct tri_codec tri_codec_lz4 = {lz4_open, lz4_begin, lz4_step, lz4_close};

#endif
