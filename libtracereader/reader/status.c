/* Names of statuses, the version, and help with strings. */
#include "tracereader/status.h"

#include <stdbool.h>
#include <string.h>

#include "base/compiler.h"
#include "io/decompress.h"

#ifndef TR_VERSION_TEXT
#define TR_VERSION_TEXT "0.1.0"
#endif

const char *tr_status_name(tr_status status)
{
    switch (status) {
    case TR_OK:
        return "ok";
    case TR_END:
        return "end";
    case TR_NEED_INPUT:
        return "need_input";
    case TR_E_NOMEM:
        return "nomem";
    case TR_E_IO:
        return "io";
    case TR_E_FORMAT:
        return "format";
    case TR_E_VERSION:
        return "version";
    case TR_E_TRUNCATED:
        return "truncated";
    case TR_E_CORRUPT:
        return "corrupt";
    case TR_E_ORDER:
        return "order";
    case TR_E_LIMIT:
        return "limit";
    case TR_E_MISUSE:
        return "misuse";
    case TR_E_CANCELED:
        return "canceled";
    }
    return "unknown";
}

const char *tr_version(void)
{
    return TR_VERSION_TEXT;
}

const char *tr_compressions(void)
{
    return tri_decompress_names();
}

/* Not 0 if one of the eight bytes at `p` is that one. */
static inline uint64_t eight_have(const char *p, char byte)
{
    const uint64_t ones = UINT64_MAX / 0xff;
    uint64_t word;
    memcpy(&word, p, sizeof word);
    word ^= ones * (uint8_t)byte; /* a byte that is equal becomes 0 */
    return (word - ones) & ~word & ones << 7;
}

/* Whether a byte may be in a text. */
static inline bool may_have(tr_str s, char byte)
{
    if (s.len < 8)
        return true;
    /* Texts of up to 16 bytes without a further branch. */
    const char *last = s.ptr + (s.len - 8);
    uint64_t have = eight_have(s.ptr, byte) | eight_have(last, byte);
    for (const char *p = s.ptr + 8; TRI_UNLIKELY(p < last); p += 8)
        have |= eight_have(p, byte);
    return have;
}

TRI_APART static int search(tr_str s, const char *part, size_t n)
{
    for (const char *p = s.ptr, *end = s.ptr + (s.len - n); p <= end; p++)
        if (TRI_UNLIKELY(p[n - 1] == part[n - 1]) && memcmp(p, part, n) == 0)
            return 1;
    return 0;
}

int tr_str_contains(tr_str s, const char *part)
{
    if (!part)
        return 0;
    size_t n = strlen(part);
    if (n == 0)
        return 1;
    /* Look for the last byte first: it is where texts that begin alike differ. Most texts
     * that are looked at do not have it anywhere. */
    return n <= s.len && may_have(s, part[n - 1]) && search(s, part, n);
}

int tr_str_equal(tr_str s, const char *text)
{
    return text && strlen(text) == s.len && memcmp(s.ptr, text, s.len) == 0;
}
