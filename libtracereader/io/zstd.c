/* zstd by libzstd, which takes its memory from malloc: it is charged to the account after
 * each step, and windows that could not be are refused before.
 *
 * Invariants: `charged` bytes are in the account. A step decompresses one block at most:
 * where one is damaged, the library gives nothing of what it did in that call. */
#include "io/codec.h"

#ifdef TRI_ZSTD

#include <zstd.h>
#include <zstd_errors.h>

struct zstd {
    struct tri_mem *mem;
    ZSTD_DCtx *d;
    size_t charged;
    size_t wanted;  /* what the library asks for next */
    int window_log; /* of the largest window that is taken */
};

enum {
    FIRST_BYTES = 5,
    SMALLEST_WINDOW_LOG = 10,
    BUFFERS_BYTES = 512 << 10 /* beside the window */
};

static void *zstd_open(struct tri_mem *mem)
{
    struct zstd *z = tri_mem_zalloc(mem, sizeof *z);
    if (!z)
        return NULL;
    z->mem = mem;
    z->d = ZSTD_createDCtx();
    if (z->d)
        return z;
    tri_mem_free(mem, z, sizeof *z);
    tri_mem_lack(mem);
    return NULL;
}

static int charge(struct zstd *z)
{
    size_t size = ZSTD_sizeof_DCtx(z->d);
    if (size > z->charged && !tri_mem_charge(z->mem, size - z->charged))
        return 0;
    if (size < z->charged)
        tri_mem_discharge(z->mem, z->charged - size);
    z->charged = size;
    return 1;
}

static enum tri_codec_result zstd_begin(void *codec, const uint8_t *head, size_t n,
                                        struct tri_codec_io *io)
{
    struct zstd *z = codec;
    (void)head;
    (void)n;
    (void)io;
    ZSTD_DCtx_reset(z->d, ZSTD_reset_session_only);
    z->wanted = FIRST_BYTES;
    if (!charge(z))
        return TRI_CODEC_NO_MEMORY;
    uint64_t limit = tri_mem_limit(z->mem), others = tri_mem_used(z->mem) - z->charged;
    z->window_log = TRI_CODEC_MAX_WINDOW_LOG;
    while (limit && z->window_log > SMALLEST_WINDOW_LOG &&
           others + BUFFERS_BYTES + (UINT64_C(1) << z->window_log) > limit)
        z->window_log--;
    ZSTD_DCtx_setParameter(z->d, ZSTD_d_windowLogMax, z->window_log);
    return TRI_CODEC_MORE;
}

static enum tri_codec_result zstd_step(void *codec, struct tri_codec_io *io)
{
    struct zstd *z = codec;
    ZSTD_inBuffer in = {io->in, io->in_len < z->wanted ? io->in_len : z->wanted, 0};
    ZSTD_outBuffer out = {io->out, io->out_len, 0};
    size_t result = ZSTD_decompressStream(z->d, &out, &in);
    io->in += in.pos;
    io->in_len -= in.pos;
    io->out += out.pos;
    io->out_len -= out.pos;
    if (!charge(z))
        return TRI_CODEC_NO_MEMORY;
    z->wanted = result;
    if (!ZSTD_isError(result))
        return result == 0 ? TRI_CODEC_END : TRI_CODEC_MORE;
    io->detail = ZSTD_getErrorName(result);
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_memory_allocation:
        return TRI_CODEC_NO_MALLOC;
    case ZSTD_error_frameParameter_windowTooLarge:
        io->allowed = UINT64_C(1) << z->window_log;
        return TRI_CODEC_TOO_LARGE;
    case ZSTD_error_dictionary_wrong:
    case ZSTD_error_frameParameter_unsupported:
    case ZSTD_error_version_unsupported:
        return TRI_CODEC_UNSUPPORTED;
    default:
        return TRI_CODEC_CORRUPT;
    }
}

static void zstd_close(void *codec)
{
    struct zstd *z = codec;
    ZSTD_freeDCtx(z->d);
    tri_mem_discharge(z->mem, z->charged);
    tri_mem_free(z->mem, z, sizeof *z);
}

const struct tri_codec tri_codec_zstd = {0, zstd_open, zstd_begin, zstd_step, zstd_close};

#endif
