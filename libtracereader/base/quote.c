/* Go's strconv.Quote on arbitrary bytes.
 *
 * Invariants: what is written depends on the bytes alone, never on the locale; a string
 * that needs no escape is copied at once, so is a run of such characters; overlong forms,
 * surrogates and code points above U+10FFFF are not UTF-8, as in Go, and then each byte is
 * escaped by itself.
 *
 * Follows strconv/quote.go and unicode/utf8/utf8.go of Go 1.26. */
#include "base/quote.h"

#include "base/compiler.h"
#include "base/isprint_table.h"

static const char lower_hex[] = "0123456789abcdef";

int tri_isprint(uint32_t rune)
{
    if (rune < 0x7f)
        return rune >= 0x20;

    size_t low = 0;
    size_t high = TRI_ISPRINT_COUNT;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rune > tri_isprint_ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < TRI_ISPRINT_COUNT && rune >= tri_isprint_ranges[low].first;
}

size_t tri_utf8_decode(const char *s, size_t len, uint32_t *rune)
{
    const unsigned char *p = (const unsigned char *)s;
    unsigned char lead = p[0];
    size_t need;
    uint32_t value;
    /* Bounds of the second byte; they are what rules out overlong forms,
     * surrogates and values that are too large. */
    unsigned char least = 0x80;
    unsigned char most = 0xbf;

    if (lead < 0x80) {
        *rune = lead;
        return 1;
    }
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    if (lead < 0xe0) {
        need = 2;
        value = lead & 0x1fu;
    } else if (lead < 0xf0) {
        need = 3;
        value = lead & 0x0fu;
        if (lead == 0xe0)
            least = 0xa0;
        else if (lead == 0xed)
            most = 0x9f;
    } else {
        need = 4;
        value = lead & 0x07u;
        if (lead == 0xf0)
            least = 0x90;
        else if (lead == 0xf4)
            most = 0x8f;
    }
    if (len < need || p[1] < least || p[1] > most)
        return 0;
    value = value << 6 | (p[1] & 0x3fu);
    for (size_t i = 2; i < need; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (p[i] & 0x3fu);
    }
    *rune = value;
    return need;
}

/* Write `letter` and the lowest `digits` hexadecimal digits of `value` as an
 * escape. */
static void escape_hex(struct tri_text *t, char letter, uint32_t value, int digits)
{
    char out[10];
    size_t n = 0;
    out[n++] = '\\';
    out[n++] = letter;
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
        out[n++] = lower_hex[value >> shift & 15];
    tri_text_bytes(t, out, n);
}

static void escape_rune(struct tri_text *t, uint32_t rune)
{
    /* The letters of the escapes for U+0007 to U+000D. */
    static const char letters[] = "abtnvfr";

    if (rune == '"' || rune == '\\' || (rune >= '\a' && rune <= '\r')) {
        char out[2] = {'\\', (char)rune};
        if (rune <= '\r')
            out[1] = letters[rune - '\a'];
        tri_text_bytes(t, out, 2);
    } else if (rune < 0x80) {
        escape_hex(t, 'x', rune, 2);
    } else if (rune < 0x10000) {
        escape_hex(t, 'u', rune, 4);
    } else {
        escape_hex(t, 'U', rune, 8);
    }
}

/* Whether of eight bytes each is printable ASCII and neither '"' nor '\\'. A byte less
 * than n borrows from its bit 7, which none below 0x80 has set. */
static inline int all_plain(uint64_t w)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t quotes = w ^ ones * '"', backslashes = w ^ ones * '\\', deletes = w ^ ones * 0x7f;
    uint64_t bad =
        w | (w - ones * 0x20) | (quotes - ones) | (backslashes - ones) | (deletes - ones);
    return !(bad & ones * 0x80);
}

/* Copy `len` bytes if none needs an escape; 0 if one does, and *p is undefined then. */
static inline int copy_plain(char *p, const char *s, size_t len)
{
    uint64_t w;
    if (len < 8) {
        for (size_t i = 0; i < len; i++) {
            unsigned char c = (unsigned char)s[i];
            if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
                return 0;
            p[i] = s[i];
        }
        return 1;
    }
    for (size_t i = 0; i < len - 8; i += 8) {
        memcpy(&w, s + i, sizeof w);
        if (!all_plain(w))
            return 0;
        memcpy(p + i, &w, sizeof w);
    }
    /* The last eight, some of them twice. */
    memcpy(&w, s + len - 8, sizeof w);
    memcpy(p + len - 8, &w, sizeof w);
    return all_plain(w);
}

static TRI_APART void quote_any(struct tri_text *t, const char *s, size_t len)
{
    size_t run = 0; /* where the run that is not written yet begins */
    size_t i = 0;

    tri_text_char(t, '"');
    while (i < len) {
        unsigned char c = (unsigned char)s[i];
        uint32_t rune = c;
        size_t width = 1;

        if (c < 0x80) {
            if (c >= 0x20 && c != 0x7f && c != '"' && c != '\\') {
                i++;
                continue;
            }
        } else {
            width = tri_utf8_decode(s + i, len - i, &rune);
            if (width > 0 && tri_isprint(rune)) {
                i += width;
                continue;
            }
        }

        if (i > run)
            tri_text_bytes(t, s + run, i - run);
        if (width > 0) {
            escape_rune(t, rune);
        } else {
            escape_hex(t, 'x', c, 2);
            width = 1;
        }
        i += width;
        run = i;
    }
    if (i > run)
        tri_text_bytes(t, s + run, i - run);
    tri_text_char(t, '"');
}

void tri_quote(struct tri_text *t, const char *s, size_t len)
{
    size_t room = t->len < t->size ? t->size - t->len : 0;
    if (room < 2 || room - 2 < len || !copy_plain(t->buf + t->len + 1, s, len)) {
        quote_any(t, s, len);
        return;
    }
    t->buf[t->len] = '"';
    t->buf[t->len + len + 1] = '"';
    t->len += len + 2;
}
