/* An output cursor over a caller's buffer, as snprintf has it: `len` counts all
 * that was written to it, the buffer gets what fits.
 *
 * Where a bound of what comes is known, room is asked for once, and what is put there
 * checks nothing:
 *
 *     char scratch[40], *start = tri_text_room(t, sizeof scratch, scratch);
 *     char *p = tri_text_put(start, "n=", 2);
 *     p = tri_text_put_u64(p, n);
 *     tri_text_took(t, scratch, start, p); */
#ifndef TRI_BASE_TEXT_H
#define TRI_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct tri_text {
    char *buf;
    size_t size;
    size_t len;
};

/* Write as much as fits, and count the rest. */
void tri_text_cut(struct tri_text *t, const char *s, size_t n);

static inline void tri_text_bytes(struct tri_text *t, const char *s, size_t n)
{
    if (t->len >= t->size || t->size - t->len < n) {
        tri_text_cut(t, s, n);
        return;
    }
    memcpy(t->buf + t->len, s, n);
    t->len += n;
}

static inline void tri_text_str(struct tri_text *t, const char *s)
{
    tri_text_bytes(t, s, strlen(s));
}

static inline void tri_text_char(struct tri_text *t, char c)
{
    if (t->len < t->size)
        t->buf[t->len] = c;
    t->len++;
}

/* Where to put up to `most` bytes: in the buffer, or if they may not fit, in `scratch`. */
static inline char *tri_text_room(struct tri_text *t, size_t most, char *scratch)
{
    return t->len < t->size && t->size - t->len >= most ? t->buf + t->len : scratch;
}

/* All from `start`, which tri_text_room gave, up to `end` has been put. */
static inline void tri_text_took(struct tri_text *t, const char *scratch, const char *start,
                                 const char *end)
{
    if (start == scratch)
        tri_text_cut(t, start, (size_t)(end - start));
    else
        t->len += (size_t)(end - start);
}

static inline char *tri_text_put(char *p, const char *s, size_t n)
{
    memcpy(p, s, n);
    return p + n;
}

/* The most bytes that a number is long. */
enum { TRI_TEXT_NUMBER = 20 };

/* For any number; the others spare the call for a single digit. */
char *tri_text_put_digits(char *p, uint64_t v);

static inline char *tri_text_put_u64(char *p, uint64_t v)
{
    if (v >= 10)
        return tri_text_put_digits(p, v);
    *p = (char)('0' + v);
    return p + 1;
}

static inline char *tri_text_put_i64(char *p, int64_t v)
{
    uint64_t u = (uint64_t)v;
    if (v < 0) {
        *p++ = '-';
        u = 0 - u;
    }
    return tri_text_put_u64(p, u);
}

void tri_text_u64(struct tri_text *t, uint64_t v);
void tri_text_i64(struct tri_text *t, int64_t v);
/* Lower-case hexadecimal without prefix. */
void tri_text_hex(struct tri_text *t, uint64_t v);
/* Decimal with at least `width` digits, filled with zeros. */
void tri_text_padded(struct tri_text *t, uint64_t v, int width);

#endif
