/* Numbers as text, two digits a step. */
#include "base/text.h"

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
                                  "25262728293031323334353637383940414243444546474849"
                                  "50515253545556575859606162636465666768697071727374"
                                  "75767778798081828384858687888990919293949596979899";

void tri_text_cut(struct tri_text *t, const char *s, size_t n)
{
    if (t->len < t->size)
        memcpy(t->buf + t->len, s, n < t->size - t->len ? n : t->size - t->len);
    t->len += n;
}

static inline char *put_2(char *p, unsigned v)
{
    memcpy(p, digit_pairs + (size_t)v * 2, 2);
    return p + 2;
}

static inline char *put_4(char *p, unsigned v)
{
    return put_2(put_2(p, v / 100), v % 100);
}

static inline char *put_8(char *p, unsigned v)
{
    return put_4(put_4(p, v / 10000), v % 10000);
}

/* v < 10^4, without leading zeros. */
static inline char *put_first_4(char *p, unsigned v)
{
    unsigned high = v / 100;
    if (v >= 100) {
        if (v >= 1000)
            return put_4(p, v);
        *p++ = (char)('0' + high);
        return put_2(p, v - 100 * high);
    }
    if (v >= 10)
        return put_2(p, v);
    *p = (char)('0' + v);
    return p + 1;
}

char *tri_text_put_digits(char *p, uint64_t v)
{
    const uint64_t e4 = 10000, e8 = e4 * e4;
    if (v < e4)
        return put_first_4(p, (unsigned)v);
    if (v < e8)
        return put_4(put_first_4(p, (unsigned)(v / e4)), (unsigned)(v % e4));
    unsigned low = (unsigned)(v % e8);
    v /= e8;
    if (v >= e8) {
        p = put_first_4(p, (unsigned)(v / e8));
        return put_8(put_8(p, (unsigned)(v % e8)), low);
    }
    unsigned high = (unsigned)v;
    if (high >= e4)
        p = put_4(put_first_4(p, high / 10000), high % 10000);
    else
        p = put_first_4(p, high);
    return put_8(p, low);
}

void tri_text_u64(struct tri_text *t, uint64_t v)
{
    char scratch[TRI_TEXT_NUMBER];
    char *p = tri_text_room(t, sizeof scratch, scratch);
    tri_text_took(t, scratch, p, tri_text_put_u64(p, v));
}

void tri_text_i64(struct tri_text *t, int64_t v)
{
    char scratch[TRI_TEXT_NUMBER];
    char *p = tri_text_room(t, sizeof scratch, scratch);
    tri_text_took(t, scratch, p, tri_text_put_i64(p, v));
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
