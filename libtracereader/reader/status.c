/* Names of statuses, the version, and help with strings. */
#include "tracereader/status.h"

#include <stdbool.h>
#include <string.h>

#include "base/compiler.h"
#include "io/decompress.h"

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
    return "0.1.0";
}

const char *tr_compressions(void)
{
    return tri_decompress_names();
}

/* Not 0 if one of the eight bytes at `p` is that one; and with some that are no ASCII. */
static inline uint64_t eight_may_have(const char *p, char byte)
{
    const uint64_t ones = UINT64_MAX / 0xff;
    uint64_t word;
    memcpy(&word, p, sizeof word);
    word ^= ones * (uint8_t)byte; /* a byte that is equal becomes 0, and then 0xff or 0xfe */
    return (word - ones) & ones << 7;
}

/* By the last byte of the part: it is where texts that begin alike differ. */
TRI_APART static int search(tr_str s, tr_str part)
{
    const char *last = part.ptr + (part.len - 1), *end = s.ptr + s.len;
    for (const char *p = s.ptr + (part.len - 1); (p = memchr(p, *last, (size_t)(end - p))); p++)
        if (memcmp(p - (part.len - 1), part.ptr, part.len) == 0)
            return 1;
    return 0;
}

int tr_str_contains_str(tr_str s, tr_str part)
{
    if (part.len == 0)
        return 1;
    if (part.len >= s.len)
        return part.len == s.len && memcmp(s.ptr, part.ptr, part.len) == 0;
    /* Most texts that are looked at have 8 to 16 bytes and that byte nowhere. */
    char byte = part.ptr[part.len - 1];
    if (s.len - 8 <= 8 &&
        !(eight_may_have(s.ptr, byte) | eight_may_have(s.ptr + (s.len - 8), byte)))
        return 0;
    return search(s, part);
}

int tr_str_equal(tr_str s, const char *text)
{
    return text && strlen(text) == s.len && (s.len == 0 || memcmp(s.ptr, text, s.len) == 0);
}
