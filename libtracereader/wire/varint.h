/* Unsigned LEB128: seven bits a byte, low ones first, at most ten bytes. Longer
 * forms of a number than needed are accepted. */
#ifndef TRI_WIRE_VARINT_H
#define TRI_WIRE_VARINT_H

#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

enum tri_varint_result {
    TRI_VARINT_OK = 0,
    TRI_VARINT_NONE,    /* no byte left at all */
    TRI_VARINT_CUT,     /* the bytes end inside */
    TRI_VARINT_OVERLONG /* more than 64 bits */
};

/* The general case; *p moves on success only. */
enum tri_varint_result tri_varint_read_slow(const uint8_t **p, const uint8_t *end, uint64_t *value);

static inline enum tri_varint_result tri_varint_read(const uint8_t **p, const uint8_t *end,
                                                     uint64_t *value)
{
    if (*p < end && **p < 0x80) {
        *value = *(*p)++;
        return TRI_VARINT_OK;
    }
    return tri_varint_read_slow(p, end, value);
}

/* In which of the eight bytes at `p` numbers end, the first lowest: its high bit. */
static inline uint64_t tri_varint_ends(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return ~word & UINT64_C(0x8080808080808080);
}

/* Add the bytes from the fifth on, at `p`, of a number whose first four are in *value.
 * Like tri_varint_read_fast. */
const uint8_t *tri_varint_read_long(const uint8_t *p, uint64_t *value);

/* Read where at least ten bytes are known to follow: what comes behind the number, NULL
 * if it is over-long. Each byte but the last adds its high bit too, which is taken away
 * again at once. */
static TRI_INLINE const uint8_t *tri_varint_read_fast(const uint8_t *p, uint64_t *value)
{
    uint64_t v = p[0], b;
    if (TRI_LIKELY(v < 0x80)) {
        *value = v;
        return p + 1;
    }
    b = p[1];
    v += (b << 7) - 0x80;
    if (b < 0x80) {
        *value = v;
        return p + 2;
    }
    b = p[2];
    v += (b << 14) - (0x80 << 7);
    if (b < 0x80) {
        *value = v;
        return p + 3;
    }
    /* What has run for long has goroutines of which the numbers take this many. */
    b = p[3];
    v += (b << 21) - (0x80 << 14);
    if (b < 0x80) {
        *value = v;
        return p + 4;
    }
    /* In a variable of its own, so that *value need not be in memory. */
    uint64_t rest = v - (UINT64_C(0x80) << 21);
    p = tri_varint_read_long(p + 4, &rest);
    *value = rest;
    return p;
}

#endif
