/* Packed numbers come out as they went in, in as few bytes as they need; and plain loops,
 * which processors without SSE2 are left with, pack the same. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../random.h"
#include "batch/pack.h"

static unsigned plain_pack_width(const uint64_t *numbers, uint64_t base);
static void plain_pack(const uint64_t *numbers, uint64_t base, unsigned width, void *out);
static void plain_unpack(const void *packed, uint64_t base, unsigned width, uint64_t *numbers);
#undef __SSE2__
#define tri_pack_width plain_pack_width
#define tri_pack plain_pack
#define tri_unpack plain_unpack
#include "batch/pack.c"
#undef tri_pack_width
#undef tri_pack
#undef tri_unpack

static const uint64_t bases[] = {0, 1, UINT64_MAX, UINT64_C(1) << 63, 123456789};
enum { BASES = sizeof bases / sizeof *bases };

static void check(const uint64_t *numbers, uint64_t base, unsigned width)
{
    uint64_t packed[TRI_PACK + 1], plain[TRI_PACK + 1], out[TRI_PACK];
    memset(packed, 0x5a, sizeof packed);
    memset(plain, 0x5a, sizeof plain);
    ck_assert_uint_eq(tri_pack_width(numbers, base), width);
    ck_assert_uint_eq(plain_pack_width(numbers, base), width);
    tri_pack(numbers, base, width, packed);
    plain_pack(numbers, base, width, plain);
    ck_assert_mem_eq(packed, plain, sizeof packed);
    const uint8_t *behind = (const uint8_t *)packed + TRI_PACK * width;
    ck_assert_uint_eq(*behind, 0x5a);
    tri_unpack(packed, base, width, out);
    ck_assert_mem_eq(out, numbers, sizeof out);
    memset(out, 0, sizeof out);
    plain_unpack(packed, base, width, out);
    ck_assert_mem_eq(out, numbers, sizeof out);
}

/* Each place alone decides about the width, from either side of each limit. */
START_TEST(test_widths)
{
    static const struct {
        uint64_t number;
        unsigned width;
    } limits[] = {{0, 0},          {1, 1},          {UINT8_MAX, 1},  {UINT64_C(1) << 8, 2},
                  {0x7fff, 2},     {0x8000, 2},     {UINT16_MAX, 2}, {UINT64_C(1) << 16, 4},
                  {0x7fffffff, 4}, {0x80000000, 4}, {UINT32_MAX, 4}, {UINT64_C(1) << 32, 8},
                  {UINT64_MAX, 8}};
    uint64_t numbers[TRI_PACK], base = bases[_i];
    for (unsigned k = 0; k < sizeof limits / sizeof *limits; k++)
        for (unsigned place = 0; place < TRI_PACK; place++) {
            for (unsigned i = 0; i < TRI_PACK; i++)
                numbers[i] = base + (limits[k].number > 1 && i % 3 ? i % 2 : 0);
            numbers[place] = base + limits[k].number;
            check(numbers, base, limits[k].width);
        }
}
END_TEST

/* All numbers of a width, in no order. */
START_TEST(test_numbers)
{
    static const unsigned widths[] = {1, 2, 4, 8};
    uint64_t numbers[TRI_PACK], random = 88172645463325252u, base = bases[_i];
    for (unsigned k = 0; k < 4; k++)
        for (unsigned round = 0; round < 50; round++) {
            for (unsigned i = 0; i < TRI_PACK; i++) {
                random_next(&random);
                numbers[i] = base + (random >> (64 - 8 * widths[k]));
            }
            numbers[round] = base + (UINT64_MAX >> (64 - 8 * widths[k]));
            check(numbers, base, widths[k]);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("batch/pack");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, test_widths, 0, BASES);
    tcase_add_loop_test(all, test_numbers, 0, BASES);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
