/* A set of small numbers of which few are in: a bit each, and one for each word of those
 * that is not 0. */
#ifndef TRI_BASE_BITS_H
#define TRI_BASE_BITS_H

#include "base/mem.h"

enum { TRI_WORD_BITS = 64 };

/* Zero-initialized: nothing is in it, and it has no room. */
struct tri_bits {
    uint64_t *words, *used;
    uint32_t word_cap, used_cap;
};

/* Room for numbers below `end`; 0 if there is no memory. */
static inline int tri_bits_reserve(struct tri_mem *mem, struct tri_bits *b, uint32_t end)
{
    uint32_t word_cap = b->word_cap, used_cap = b->used_cap;
    uint32_t words = end / TRI_WORD_BITS + 1, used = words / TRI_WORD_BITS + 1;
    if (!tri_mem_reserve(mem, &b->words, &b->word_cap, words, sizeof *b->words))
        return 0;
    for (; word_cap < b->word_cap; word_cap++)
        b->words[word_cap] = 0;
    if (!tri_mem_reserve(mem, &b->used, &b->used_cap, used, sizeof *b->used))
        return 0;
    for (; used_cap < b->used_cap; used_cap++)
        b->used[used_cap] = 0;
    return 1;
}

static inline void tri_bits_free(struct tri_mem *mem, struct tri_bits *b)
{
    tri_mem_free(mem, b->words, b->word_cap * sizeof *b->words);
    tri_mem_free(mem, b->used, b->used_cap * sizeof *b->used);
    *b = (struct tri_bits){0};
}

static inline int tri_bits_has(const struct tri_bits *b, uint32_t i)
{
    return b->words[i / TRI_WORD_BITS] >> i % TRI_WORD_BITS & 1;
}

static inline void tri_bits_add(struct tri_bits *b, uint32_t i)
{
    uint32_t word = i / TRI_WORD_BITS;
    b->words[word] |= UINT64_C(1) << i % TRI_WORD_BITS;
    b->used[word / TRI_WORD_BITS] |= UINT64_C(1) << word % TRI_WORD_BITS;
}

static inline uint32_t tri_lowest_bit(uint64_t bits)
{
    return (uint32_t)__builtin_ctzll(bits);
}

static inline uint32_t tri_leading_zeros(uint64_t bits)
{
    return (uint32_t)__builtin_clzll(bits);
}

/* The first bit of `words` that is set from i on, `end` if there is none before. */
static inline uint32_t tri_words_next(const uint64_t *words, uint32_t i, uint32_t end)
{
    while (i < end) {
        uint64_t bits = words[i / TRI_WORD_BITS] >> i % TRI_WORD_BITS;
        if (bits) {
            i += tri_lowest_bit(bits);
            return i < end ? i : end;
        }
        i = (i / TRI_WORD_BITS + 1) * TRI_WORD_BITS;
    }
    return end;
}

/* The first number from i on that is in, `end` if there is none before. */
static inline uint32_t tri_bits_next(const struct tri_bits *b, uint32_t i, uint32_t end)
{
    if (i >= end)
        return end;
    uint32_t word = i / TRI_WORD_BITS, next = (word + 1) * TRI_WORD_BITS;
    uint32_t found = tri_words_next(b->words, i, next < end ? next : end);
    if (found < next || next >= end)
        return found;
    word = tri_words_next(b->used, word + 1, (end - 1) / TRI_WORD_BITS + 1);
    return tri_words_next(b->words, word * TRI_WORD_BITS, end);
}

/* All that is in, in order, where there is room for it; how many. */
static inline uint32_t tri_bits_list(const struct tri_bits *b, uint32_t end, uint32_t *list)
{
    uint32_t words = end / TRI_WORD_BITS + 1, count = 0;
    for (uint32_t w = 0; (w = tri_words_next(b->used, w, words)) < words; w++)
        for (uint64_t bits = b->words[w]; bits; bits &= bits - 1)
            list[count++] = w * TRI_WORD_BITS + tri_lowest_bit(bits);
    return count;
}

/* Clear the set; all members must be below `end`. */
static inline void tri_bits_clear(struct tri_bits *b, uint32_t end)
{
    uint32_t words = end / TRI_WORD_BITS + 1;
    for (uint32_t i = 0; (i = tri_words_next(b->used, i, words)) < words; i++)
        b->words[i] = 0;
    for (uint32_t i = 0; i <= words / TRI_WORD_BITS; i++)
        b->used[i] = 0;
}

#endif
