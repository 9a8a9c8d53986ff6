/* Numbers as text, two digits a step. */
#include "base/text.h"

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
                                  "25262728293031323334353637383940414243444546474849"
                                  "50515253545556575859606162636465666768697071727374"
                                  "75767778798081828384858687888990919293949596979899";

/* Write v's digits so that they end at `end`; return where they begin. */
static char *digits_before(char *end, uint64_t v)
{
    while (v >= 100) {
        unsigned pair = (unsigned)(v % 100) * 2;
        v /= 100;
        *--end = digit_pairs[pair + 1];
        *--end = digit_pairs[pair];
    }
    if (v >= 10) {
        *--end = digit_pairs[v * 2 + 1];
        *--end = digit_pairs[v * 2];
    } else {
        *--end = (char)('0' + v);
    }
    return end;
}

void tri_text_u64(struct tri_text *t, uint64_t v)
{
    char tmp[20];
    char *p = digits_before(tmp + sizeof tmp, v);
    tri_text_bytes(t, p, (size_t)(tmp + sizeof tmp - p));
}

void tri_text_i64(struct tri_text *t, int64_t v)
{
    if (v < 0) {
        tri_text_char(t, '-');
        tri_text_u64(t, 0 - (uint64_t)v);
    } else {
        tri_text_u64(t, (uint64_t)v);
    }
}

void tri_text_hex(struct tri_text *t, uint64_t v)
{
    char tmp[16];
    char *p = tmp + sizeof tmp;
    do {
        *--p = "0123456789abcdef"[v & 15];
        v >>= 4;
    } while (v);
    tri_text_bytes(t, p, (size_t)(tmp + sizeof tmp - p));
}

void tri_text_padded(struct tri_text *t, uint64_t v, int width)
{
    char tmp[20];
    char *p = digits_before(tmp + sizeof tmp, v);
    for (int have = (int)(tmp + sizeof tmp - p); have < width; have++)
        tri_text_char(t, '0');
    tri_text_bytes(t, p, (size_t)(tmp + sizeof tmp - p));
}
