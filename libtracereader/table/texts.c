/* Texts that are shared with batches while they grow.
 *
 * Invariant: the first `count` texts, with their offsets, never change while somebody else
 * holds them; what is written lies behind. */
#include "table/texts.h"

#include <string.h>

#include "base/quote.h"

enum { FIRST_TEXTS = 16, FIRST_BYTES = 256 };

struct tri_texts *tri_texts_new(struct tri_mem *mem)
{
    struct tri_texts *t = tri_mem_zalloc(mem, sizeof *t);
    if (!t)
        return NULL;
    atomic_init(&t->refs, 1);
    t->mem = tri_mem_ref(mem);
    t->cap = FIRST_TEXTS;
    t->room = FIRST_BYTES;
    t->offsets = tri_mem_zalloc(mem, (FIRST_TEXTS + 1) * sizeof *t->offsets);
    t->text = tri_mem_alloc(mem, FIRST_BYTES);
    if (t->offsets && t->text)
        return t;
    tri_texts_unref(t);
    return NULL;
}

struct tri_texts *tri_texts_ref(struct tri_texts *t)
{
    atomic_fetch_add(&t->refs, 1);
    return t;
}

void tri_texts_unref(struct tri_texts *t)
{
    if (!t || atomic_fetch_sub(&t->refs, 1) != 1)
        return;
    struct tri_mem *mem = t->mem;
    tri_mem_free(mem, t->offsets, ((size_t)t->cap + 1) * sizeof *t->offsets);
    tri_mem_free(mem, t->text, t->room);
    tri_mem_free(mem, t, sizeof *t);
    tri_mem_unref(mem);
}

/* Go on with a copy that has room for one more text of `more` bytes. */
static bool grow(struct tri_texts **texts, size_t more)
{
    struct tri_texts *t = *texts, *bigger;
    uint64_t room = t->room, cap = t->cap;
    if (more > INT32_MAX - t->bytes || t->count == INT32_MAX - 1)
        return false;
    while (room < t->bytes + more)
        room *= 2;
    if (t->count == t->cap)
        cap *= 2;
    bigger = tri_mem_zalloc(t->mem, sizeof *bigger);
    if (!bigger)
        return false;
    atomic_init(&bigger->refs, 1);
    bigger->mem = tri_mem_ref(t->mem);
    bigger->count = t->count;
    bigger->bytes = t->bytes;
    bigger->cap = (uint32_t)cap;
    bigger->room = (uint32_t)room;
    bigger->offsets = tri_mem_alloc(t->mem, (cap + 1) * sizeof *bigger->offsets);
    bigger->text = tri_mem_alloc(t->mem, room);
    if (!bigger->offsets || !bigger->text) {
        tri_texts_unref(bigger);
        return false;
    }
    memcpy(bigger->offsets, t->offsets, ((size_t)t->count + 1) * sizeof *t->offsets);
    memcpy(bigger->text, t->text, t->bytes);
    tri_texts_unref(t);
    *texts = bigger;
    return true;
}

/* How many of `len` bytes, which begin with no character, could be the begin of one. */
static size_t broken_length(const char *s, size_t len)
{
    for (size_t n = len < 3 ? len : 3; n > 1; n--) {
        char whole[4] = {'\x80', '\x80', '\x80', '\x80'};
        uint32_t rune;
        memcpy(whole, s, n);
        if (tri_utf8_decode(whole, sizeof whole, &rune) > n)
            return n;
    }
    return 1;
}

static size_t ascii_length(const char *s, size_t len)
{
    size_t n = 0;
    while (n < len && !((unsigned char)s[n] & 0x80))
        n++;
    return n;
}

bool tri_texts_add(struct tri_texts **texts, tr_str s)
{
    static const char replacement[] = "\xef\xbf\xbd";
    struct tri_texts *t = *texts;
    size_t plain = ascii_length(s.ptr, s.len);
    /* A byte that is no character becomes three at worst. */
    size_t most = s.len > SIZE_MAX / 3 ? SIZE_MAX : plain + (s.len - plain) * 3;
    if ((t->count == t->cap || most > t->room - t->bytes) && !grow(texts, most))
        return false;
    t = *texts;
    char *out = t->text + t->bytes;
    memcpy(out, s.ptr, plain);
    out += plain;
    for (size_t i = plain, n; i < s.len; i += n) {
        uint32_t rune;
        n = tri_utf8_decode(s.ptr + i, s.len - i, &rune);
        if (n) {
            memcpy(out, s.ptr + i, n);
            out += n;
            continue;
        }
        n = broken_length(s.ptr + i, s.len - i);
        memcpy(out, replacement, 3);
        out += 3;
    }
    t->bytes = (uint32_t)(out - t->text);
    t->offsets[++t->count] = (int32_t)t->bytes;
    return true;
}
