/* An output cursor over a caller's buffer, as snprintf has it: `len` counts all
 * that was written to it, the buffer gets what fits. */
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

static inline void tri_text_bytes(struct tri_text *t, const char *s, size_t n)
{
    if (t->len < t->size) {
        size_t room = t->size - t->len;
        memcpy(t->buf + t->len, s, n < room ? n : room);
    }
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

void tri_text_u64(struct tri_text *t, uint64_t v);
void tri_text_i64(struct tri_text *t, int64_t v);
/* Lower-case hexadecimal without prefix. */
void tri_text_hex(struct tri_text *t, uint64_t v);
/* Decimal with at least `width` digits, filled with zeros. */
void tri_text_padded(struct tri_text *t, uint64_t v, int width);

#endif
