/* Varints where their bytes may end, and long ones. */
#include "wire/varint.h"

#include <stddef.h>

#include "spec/spec.h"

enum tri_varint_result tri_varint_read_slow(const uint8_t **p, const uint8_t *end, uint64_t *value)
{
    const uint8_t *q = *p;
    uint64_t v = 0;
    if (TRI_LIKELY(end - q >= TRI_MAX_VARINT)) {
        q = tri_varint_read_fast(q, &v);
        if (!q)
            return TRI_VARINT_OVERLONG;
        *p = q;
        *value = v;
        return TRI_VARINT_OK;
    }
    for (unsigned shift = 0; q < end; shift += 7) {
        uint64_t b = *q++;
        if (shift == 63 && b > 1)
            return TRI_VARINT_OVERLONG;
        v |= (b & 0x7f) << shift;
        if (b < 0x80) {
            *p = q;
            *value = v;
            return TRI_VARINT_OK;
        }
    }
    return q == *p ? TRI_VARINT_NONE : TRI_VARINT_CUT;
}

const uint8_t *tri_varint_read_long(const uint8_t *p, uint64_t *value)
{
    uint64_t b;
    unsigned shift = 28;
    do {
        b = *p++;
        if (shift == 63 && b > 1)
            return NULL;
        *value |= (b & 0x7f) << shift;
        shift += 7;
    } while (b >= 0x80);
    return p;
}
