/* Unsigned LEB128: seven bits a byte, low ones first, at most ten bytes. Longer
 * forms of a number than needed are accepted. */
#ifndef TRI_WIRE_VARINT_H
#define TRI_WIRE_VARINT_H

#include <stdint.h>

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

/* Read where at least ten bytes are known to follow. 0 if it is over-long. */
static inline int tri_varint_read_fast(const uint8_t **p, uint64_t *value)
{
    const uint8_t *q = *p;
    uint64_t v = *q++;
    if (v >= 0x80) {
        unsigned shift = 7;
        uint64_t b;
        v &= 0x7f;
        do {
            b = *q++;
            if (shift == 63 && b > 1)
                return 0;
            v |= (b & 0x7f) << shift;
            shift += 7;
        } while (b >= 0x80);
    }
    *p = q;
    *value = v;
    return 1;
}

#endif
