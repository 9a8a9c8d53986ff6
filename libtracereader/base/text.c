/* Numbers as text, two digits a step. */
#include "base/text.h"

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
                                  "25262728293031323334353637383940414243444546474849"
                                  "50515253545556575859606162636465666768697071727374"
                                  "75767778798081828384858687888990919293949596979899";

static char *put_2(char *p, unsigned v)
{
    memcpy(p, digit_pairs + (size_t)v * 2, 2);
    return p + 2;
}

static char *put_4(char *p, unsigned v)
{
    return put_2(put_2(p, v / 100), v % 100);
}

static char *put_8(char *p, unsigned v)
{
    return put_4(put_4(p, v / 10000), v % 10000);
}

/* v < 10^4, without leading zeros. */
static char *put_first_4(char *p, unsigned v)
{
    if (v >= 1000)
        return put_4(p, v);
    if (v >= 100) {
        *p = (char)('0' + v / 100);
        return put_2(p + 1, v % 100);
    }
    if (v >= 10)
        return put_2(p, v);
    *p = (char)('0' + v);
    return p + 1;
}

/* v < 10^8, without leading zeros. */
static char *put_first_8(char *p, unsigned v)
{
    return v < 10000 ? put_first_4(p, v) : put_4(put_first_4(p, v / 10000), v % 10000);
}

char *tri_text_put_u64(char *p, uint64_t v)
{
    const uint64_t e8 = 100000000;
    if (v < e8)
        return put_first_8(p, (unsigned)v);
    uint64_t high = v / e8;
    p = high < e8 ? put_first_8(p, (unsigned)high)
                  : put_8(put_first_4(p, (unsigned)(high / e8)), (unsigned)(high % e8));
    return put_8(p, (unsigned)(v % e8));
}

char *tri_text_put_i64(char *p, int64_t v)
{
    if (v >= 0)
        return tri_text_put_u64(p, (uint64_t)v);
    *p = '-';
    return tri_text_put_u64(p + 1, 0 - (uint64_t)v);
}

void tri_text_u64(struct tri_text *t, uint64_t v)
{
    char scratch[TRI_TEXT_NUMBER];
    char *p = tri_text_room(t, sizeof scratch, scratch);
    tri_text_took(t, p, tri_text_put_u64(p, v));
}

void tri_text_i64(struct tri_text *t, int64_t v)
{
    char scratch[TRI_TEXT_NUMBER];
    char *p = tri_text_room(t, sizeof scratch, scratch);
    tri_text_took(t, p, tri_text_put_i64(p, v));
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
    char tmp[TRI_TEXT_NUMBER];
    size_t len = (size_t)(tri_text_put_u64(tmp, v) - tmp);
    for (int have = (int)len; have < width; have++)
        tri_text_char(t, '0');
    tri_text_bytes(t, tmp, len);
}
