/* Numbers in few bytes.
 *
 * What SSE2 does is what the loops beside it say, several numbers at a time. */
#include "batch/pack.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>

static inline __m128i difference(const uint64_t *numbers, __m128i base)
{
    return _mm_sub_epi64(_mm_loadu_si128((const void *)numbers), base);
}

/* The low halves of the differences of four numbers. */
static inline __m128i four(const uint64_t *numbers, __m128i base)
{
    __m128 low = _mm_castsi128_ps(difference(numbers, base));
    __m128 high = _mm_castsi128_ps(difference(numbers + 2, base));
    return _mm_castps_si128(_mm_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0)));
}

static uint64_t any_difference(const uint64_t *numbers, uint64_t base)
{
    __m128i from = _mm_set1_epi64x((long long)base);
    __m128i a = _mm_setzero_si128(), b = a;
    for (unsigned i = 0; i < TRI_PACK; i += 8) {
        a = _mm_or_si128(a, difference(numbers + i, from));
        b = _mm_or_si128(b, difference(numbers + i + 2, from));
        a = _mm_or_si128(a, difference(numbers + i + 4, from));
        b = _mm_or_si128(b, difference(numbers + i + 6, from));
    }
    uint64_t both[2];
    _mm_storeu_si128((void *)both, _mm_or_si128(a, b));
    return both[0] | both[1];
}

static void pack_1(const uint64_t *numbers, uint64_t base, uint8_t *out)
{
    __m128i from = _mm_set1_epi64x((long long)base);
    for (unsigned i = 0; i < TRI_PACK; i += 16) {
        __m128i low = _mm_packs_epi32(four(numbers + i, from), four(numbers + i + 4, from));
        __m128i high = _mm_packs_epi32(four(numbers + i + 8, from), four(numbers + i + 12, from));
        _mm_storeu_si128((void *)(out + i), _mm_packus_epi16(low, high));
    }
}

/* 16 bits as a signed number of 32, which is what can be packed. */
static inline __m128i extended(__m128i four_numbers)
{
    return _mm_srai_epi32(_mm_slli_epi32(four_numbers, 16), 16);
}

static void pack_2(const uint64_t *numbers, uint64_t base, uint16_t *out)
{
    __m128i from = _mm_set1_epi64x((long long)base);
    for (unsigned i = 0; i < TRI_PACK; i += 8)
        _mm_storeu_si128((void *)(out + i), _mm_packs_epi32(extended(four(numbers + i, from)),
                                                            extended(four(numbers + i + 4, from))));
}

static void pack_4(const uint64_t *numbers, uint64_t base, uint32_t *out)
{
    __m128i from = _mm_set1_epi64x((long long)base);
    for (unsigned i = 0; i < TRI_PACK; i += 4)
        _mm_storeu_si128((void *)(out + i), four(numbers + i, from));
}
#else
static uint64_t any_difference(const uint64_t *numbers, uint64_t base)
{
    uint64_t any = 0;
    for (unsigned i = 0; i < TRI_PACK; i++)
        any |= numbers[i] - base;
    return any;
}

#define DEFINE_PACK(name, type)                                         \
    static void name(const uint64_t *numbers, uint64_t base, type *out) \
    {                                                                   \
        for (unsigned i = 0; i < TRI_PACK; i++)                         \
            out[i] = (type)(numbers[i] - base);                         \
    }
DEFINE_PACK(pack_1, uint8_t)
DEFINE_PACK(pack_2, uint16_t)
DEFINE_PACK(pack_4, uint32_t)
#endif

unsigned tri_pack_width(const uint64_t *numbers, uint64_t base)
{
    uint64_t any = any_difference(numbers, base);
    return any > UINT32_MAX ? 8 : any > UINT16_MAX ? 4 : any > UINT8_MAX ? 2 : any > 0;
}

void tri_pack(const uint64_t *numbers, uint64_t base, unsigned width, void *out)
{
    switch (width) {
    case 1:
        pack_1(numbers, base, out);
        break;
    case 2:
        pack_2(numbers, base, out);
        break;
    case 4:
        pack_4(numbers, base, out);
        break;
    case 8:
        for (unsigned i = 0; i < TRI_PACK; i++)
            ((uint64_t *)out)[i] = numbers[i] - base;
        break;
    }
}

#if defined(__SSE2__)
static inline void put_4(__m128i four_numbers, __m128i base, uint64_t *numbers)
{
    __m128i zero = _mm_setzero_si128();
    __m128i low = _mm_add_epi64(_mm_unpacklo_epi32(four_numbers, zero), base);
    __m128i high = _mm_add_epi64(_mm_unpackhi_epi32(four_numbers, zero), base);
    _mm_storeu_si128((void *)numbers, low);
    _mm_storeu_si128((void *)(numbers + 2), high);
}

static inline void put_8(__m128i eight_numbers, __m128i base, uint64_t *numbers)
{
    put_4(_mm_unpacklo_epi16(eight_numbers, _mm_setzero_si128()), base, numbers);
    put_4(_mm_unpackhi_epi16(eight_numbers, _mm_setzero_si128()), base, numbers + 4);
}

static void unpack_1(const uint8_t *packed, uint64_t base, uint64_t *numbers)
{
    __m128i from = _mm_set1_epi64x((long long)base), zero = _mm_setzero_si128();
    for (unsigned i = 0; i < TRI_PACK; i += 16) {
        __m128i sixteen = _mm_loadu_si128((const void *)(packed + i));
        put_8(_mm_unpacklo_epi8(sixteen, zero), from, numbers + i);
        put_8(_mm_unpackhi_epi8(sixteen, zero), from, numbers + i + 8);
    }
}

static void unpack_2(const uint16_t *packed, uint64_t base, uint64_t *numbers)
{
    __m128i from = _mm_set1_epi64x((long long)base);
    for (unsigned i = 0; i < TRI_PACK; i += 8)
        put_8(_mm_loadu_si128((const void *)(packed + i)), from, numbers + i);
}

static void unpack_4(const uint32_t *packed, uint64_t base, uint64_t *numbers)
{
    __m128i from = _mm_set1_epi64x((long long)base);
    for (unsigned i = 0; i < TRI_PACK; i += 4)
        put_4(_mm_loadu_si128((const void *)(packed + i)), from, numbers + i);
}
#else
#define DEFINE_UNPACK(name, type)                                          \
    static void name(const type *packed, uint64_t base, uint64_t *numbers) \
    {                                                                      \
        for (unsigned i = 0; i < TRI_PACK; i++)                            \
            numbers[i] = base + packed[i];                                 \
    }
DEFINE_UNPACK(unpack_1, uint8_t)
DEFINE_UNPACK(unpack_2, uint16_t)
DEFINE_UNPACK(unpack_4, uint32_t)
#endif

void tri_unpack(const void *packed, uint64_t base, unsigned width, uint64_t *numbers)
{
    switch (width) {
    case 1:
        unpack_1(packed, base, numbers);
        break;
    case 2:
        unpack_2(packed, base, numbers);
        break;
    case 4:
        unpack_4(packed, base, numbers);
        break;
    default:
        for (unsigned i = 0; i < TRI_PACK; i++)
            numbers[i] = base + (width ? ((const uint64_t *)packed)[i] : 0);
    }
}
