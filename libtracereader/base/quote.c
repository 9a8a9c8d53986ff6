/* Go's strconv.Quote on arbitrary bytes.
 *
 * Invariants: what is written depends on the bytes alone, never on the locale;
 * a run of characters that need no escape is copied at once; overlong forms,
 * surrogates and code points above U+10FFFF are not UTF-8, as in Go, and then
 * each byte is escaped by itself.
 *
 * Follows strconv/quote.go and unicode/utf8/utf8.go of Go 1.26. */
#include "base/quote.h"

#include "base/isprint_table.h"

static const char lower_hex[] = "0123456789abcdef";

int tri_base_isprint(uint32_t rune)
{
    if (rune < 0x7f)
        return rune >= 0x20;

    if (rune <= 0xffff) {
        size_t low = 0;
        size_t high = TRI_BASE_ISPRINT16_COUNT;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (rune > tri_base_isprint16[middle].last)
                low = middle + 1;
            else
                high = middle;
        }
        return low < TRI_BASE_ISPRINT16_COUNT && rune >= tri_base_isprint16[low].first;
    }

    size_t low = 0;
    size_t high = TRI_BASE_ISPRINT32_COUNT;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rune > tri_base_isprint32[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < TRI_BASE_ISPRINT32_COUNT && rune >= tri_base_isprint32[low].first;
}

size_t tri_base_utf8_decode(const char *s, size_t len, uint32_t *rune)
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

/* Eight bytes at once: whether each is printable ASCII and neither '"' nor '\\'. A
 * byte less than n borrows from its bit 7, which none below 0x80 has set. */
static int all_plain(const char *s)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t w;
    memcpy(&w, s, sizeof w);
    uint64_t quotes = w ^ ones * '"', backslashes = w ^ ones * '\\', deletes = w ^ ones * 0x7f;
    uint64_t bad =
        w | (w - ones * 0x20) | (quotes - ones) | (backslashes - ones) | (deletes - ones);
    return !(bad & ones * 0x80);
}

/* The length of what needs no escape at the start of s, or less. */
static size_t plain_length(const char *s, size_t len)
{
    size_t i = 0;
    for (; len - i >= 8; i += 8)
        if (!all_plain(s + i))
            return i;
    if (len >= 8)
        return all_plain(s + len - 8) ? len : i;
    while (i < len && s[i] >= 0x20 && s[i] < 0x7f && s[i] != '"' && s[i] != '\\')
        i++;
    return i;
}

void tri_base_quote(struct tri_text *t, const char *s, size_t len)
{
    size_t run = 0; /* where the run that is not written yet begins */
    size_t i = plain_length(s, len);

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
            width = tri_base_utf8_decode(s + i, len - i, &rune);
            if (width > 0 && tri_base_isprint(rune)) {
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
