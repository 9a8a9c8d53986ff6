/* Sets of small numbers, a bit each. */
#ifndef TRI_BASE_BITS_H
#define TRI_BASE_BITS_H

#include <stdbool.h>
#include <stdint.h>

enum { TRI_WORD_BITS = 64 };

static inline uint32_t tri_bit_words(uint32_t bits)
{
    return bits / TRI_WORD_BITS + (bits % TRI_WORD_BITS != 0);
}

static inline bool tri_bit_get(const uint64_t *words, uint32_t i)
{
    return words[i / TRI_WORD_BITS] >> i % TRI_WORD_BITS & 1;
}

static inline void tri_bit_set(uint64_t *words, uint32_t i)
{
    words[i / TRI_WORD_BITS] |= UINT64_C(1) << i % TRI_WORD_BITS;
}

/* The first that is set from i on, `end` if there is none before. */
static inline uint32_t tri_bit_next(const uint64_t *words, uint32_t i, uint32_t end)
{
    if (i >= end)
        return end;
    uint32_t word = i / TRI_WORD_BITS, last = (end - 1) / TRI_WORD_BITS;
    uint64_t bits = words[word] >> i % TRI_WORD_BITS;
    if (!bits) {
        while (word < last && !bits)
            bits = words[++word];
        if (!bits)
            return end;
        i = word * TRI_WORD_BITS;
    }
#if defined(__GNUC__)
    i += (uint32_t)__builtin_ctzll(bits);
#else
    for (; !(bits & 1); bits >>= 1)
        i++;
#endif
    return i < end ? i : end;
}

#endif
