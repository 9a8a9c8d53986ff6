/* zstd by libzstd, which takes its memory from malloc: it is charged to the account after
 * each step, and that of a frame's window before, as soon as the frame's head tells its size.
 *
 * Invariants: `charged` bytes are in the account. A step decompresses one block at most, and
 * not the head of the next: where something is damaged, the library gives nothing of what it
 * did in that call. */
#include "io/codec.h"

#ifdef TRI_ZSTD

#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

struct zstd {
    struct tri_mem *mem;
    ZSTD_DCtx *d;
    size_t charged;
    size_t wanted; /* what the library asks for next */
    uint8_t head[18];
    size_t head_len; /* of the frame's head, as far as it was given to the library */
    uint64_t window; /* that it asks for, 0: not known yet */
};

enum {
    FIRST_BYTES = 5,
    BLOCK_HEAD_BYTES = 3,     /* which the library asks for with what stands before */
    BUFFERS_BYTES = 512 << 10 /* beside the window */
};

/* The largest window that the library takes. */
static int most_window_log(void)
{
    return ZSTD_dParam_getBounds(ZSTD_d_windowLogMax).upperBound;
}

static void *zstd_open(struct tri_mem *mem)
{
    struct zstd *z = tri_mem_zalloc(mem, sizeof *z);
    if (!z)
        return NULL;
    z->mem = mem;
    z->d = ZSTD_createDCtx();
    if (z->d) {
        ZSTD_DCtx_setParameter(z->d, ZSTD_d_windowLogMax, most_window_log());
        return z;
    }
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

static enum tri_codec_result zstd_begin(void *codec, struct tri_codec_io *io)
{
    struct zstd *z = codec;
    (void)io;
    ZSTD_DCtx_reset(z->d, ZSTD_reset_session_only);
    z->wanted = FIRST_BYTES;
    z->head_len = 0;
    z->window = 0;
    return charge(z) ? TRI_CODEC_MORE : TRI_CODEC_NO_MEMORY;
}

/* The window that a frame's head asks for; 0: not known, or a frame to be skipped. */
static uint64_t window_of(const uint8_t *head, size_t len)
{
    static const uint8_t dictionary_bytes[] = {0, 1, 2, 4};
    if (len <= FIRST_BYTES || head[0] != 0x28)
        return 0;
    uint8_t flags = head[4];
    if (!(flags & 0x20)) { /* an exponent, and eighths */
        uint64_t base = UINT64_C(1) << (10 + (head[5] >> 3));
        return base + base / 8 * (head[5] & 7);
    }
    /* All of the content, whose size is told. */
    const uint8_t *p = head + FIRST_BYTES + dictionary_bytes[flags & 3];
    unsigned log = flags >> 6;
    uint64_t size = log == 1 ? 256 : 0;
    if (p + (1 << log) > head + len)
        return 0;
    for (unsigned i = 0; i < 1u << log; i++)
        size += (uint64_t)p[i] << 8 * i;
    return size;
}

/* Look at what the library is given next, of which it takes all as long as the head lasts, and
 * charge the window before it is there. */
static enum tri_codec_result see_head(struct zstd *z, const ZSTD_inBuffer *in,
                                      struct tri_codec_io *io)
{
    size_t room = sizeof z->head - z->head_len, n = in->size < room ? in->size : room;
    if (z->window)
        return TRI_CODEC_MORE;
    memcpy(z->head + z->head_len, in->src, n);
    z->head_len += n;
    z->window = window_of(z->head, z->head_len);
    io->needed = z->window;
    io->allowed = UINT64_C(1) << TRI_CODEC_MAX_WINDOW_LOG;
    if (!tri_mem_limit(z->mem) && z->window > io->allowed)
        return TRI_CODEC_TOO_LARGE;
    uint64_t need = z->window + BUFFERS_BYTES;
    if (z->window && need > z->charged) {
        if (need > SIZE_MAX || !tri_mem_charge(z->mem, (size_t)need - z->charged))
            return TRI_CODEC_NO_MEMORY;
        z->charged = (size_t)need;
    }
    return TRI_CODEC_MORE;
}

static enum tri_codec_result zstd_step(void *codec, struct tri_codec_io *io)
{
    struct zstd *z = codec;
    size_t most = z->wanted > BLOCK_HEAD_BYTES ? z->wanted - BLOCK_HEAD_BYTES : z->wanted;
    ZSTD_inBuffer in = {io->in, io->in_len < most ? io->in_len : most, 0};
    ZSTD_outBuffer out = {io->out, io->out_len, 0};
    enum tri_codec_result seen = see_head(z, &in, io);
    if (seen != TRI_CODEC_MORE)
        return seen;
    size_t result = ZSTD_decompressStream(z->d, &out, &in);
    io->in_len -= in.pos;
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
        io->needed = z->window;
        io->allowed = UINT64_C(1) << most_window_log();
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

const struct tri_codec tri_codec_zstd = {zstd_open, zstd_begin, zstd_step, zstd_close};

#endif
