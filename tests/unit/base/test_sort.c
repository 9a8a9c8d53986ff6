/* tri_sort_timed leaves elements, equal ones too, where Go's slices.SortFunc leaves
 * them. What is expected was computed with Go 1.26, by a program that fills slices with
 * the same numbers, sorts them by time, and sums up the indices (FNV-1a, 64 bits, over
 * four bytes each, the lowest first). */
#include <check.h>
#include <stdlib.h>

#include "../random.h"
#include "base/sort.h"

enum { PATTERNS = 11, LARGEST = 10000 };

static uint64_t add(uint64_t sum, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        sum = (sum ^ (v >> (8 * i) & 0xff)) * UINT64_C(1099511628211);
    return sum;
}

static void fill(struct tri_timed *v, size_t count, int pattern, uint64_t *random)
{
    int64_t n = (int64_t)count;
    for (int64_t i = 0; i < n; i++) {
        int64_t t = 0;
        switch (pattern) {
        case 0:
            t = (int64_t)(random_next(random) % (UINT64_C(1) << 31));
            break;
        case 1:
            t = (int64_t)(random_next(random) % 3);
            break;
        case 2:
            t = (int64_t)(random_next(random) % (uint64_t)(n / 4 + 1));
            break;
        case 3: /* rising */
            t = i;
            break;
        case 4: /* falling */
            t = n - i;
            break;
        case 5: /* all equal */
            t = 7;
            break;
        case 6: /* nearly sorted */
            t = i;
            if (random_next(random) % 16 == 0)
                t = (int64_t)(random_next(random) % (uint64_t)n);
            break;
        case 7: /* up and down */
            t = i < n - i ? i : n - i;
            break;
        case 8: /* a saw */
            t = i % 13;
            break;
        case 9: /* falling, with ties */
            t = (n - i) / 3;
            break;
        case 10: /* two sorted ones, mixed */
            t = i % 2 ? n + i / 5 : i;
            break;
        }
        v[i] = (struct tri_timed){t, (uint32_t)i};
    }
}

static const uint64_t sums[PATTERNS] = {
    UINT64_C(0x9256721ab63bfd1b), UINT64_C(0x250039420c5d26bf), UINT64_C(0x4658adec034f7f87),
    UINT64_C(0xa953bdf7cc1a9ebb), UINT64_C(0x0ed3e307264122bf), UINT64_C(0xa953bdf7cc1a9ebb),
    UINT64_C(0x469849ca915d9a03), UINT64_C(0x174082f7c16f036f), UINT64_C(0xea1785df57effb27),
    UINT64_C(0x1fb5b5df8de1d597), UINT64_C(0xb6749cb87347eb37),
};

/* One sum of a pattern for all sizes, the numbers going on from size to size. */
START_TEST(test_pattern)
{
    static const size_t large[] = {500, 1000, 4096, LARGEST};
    static struct tri_timed v[LARGEST];
    uint64_t random = (uint64_t)_i + 1, sum = UINT64_C(14695981039346656037);
    for (size_t k = 0; k <= 300 + sizeof large / sizeof *large; k++) {
        size_t n = k <= 300 ? k : large[k - 301];
        fill(v, n, _i, &random);
        tri_sort_timed(v, n);
        for (size_t i = 0; i < n; i++) {
            if (i && v[i - 1].time > v[i].time)
                ck_abort_msg("pattern %d of %zu elements is not sorted", _i, n);
            sum = add(sum, v[i].index);
        }
    }
    ck_assert_msg(sum == sums[_i], "pattern %d has other places", _i);
}
END_TEST

/* So many bad pivots that it falls back to a heap sort. */
START_TEST(test_heap_sort)
{
    static const uint8_t times[] = {43, 17, 32, 51, 6,  37, 8,  46, 4,  28, 36, 40, 51, 33, 16,
                                    0,  44, 0,  28, 49, 10, 41, 7,  30, 47, 0,  31, 11, 45, 48,
                                    3,  39, 7,  37, 18, 1,  13, 27, 9,  21, 27, 3,  21, 50, 52,
                                    35, 17, 13, 22, 29, 11, 18, 21, 29, 7,  3,  0,  0,  18, 27,
                                    2,  26, 24, 41, 32, 34, 12, 27, 18, 23, 53, 5};
    static const uint8_t indices[] = {15, 25, 57, 17, 56, 35, 60, 30, 41, 55, 8,  71, 4,  32, 54,
                                      22, 6,  38, 20, 50, 27, 66, 36, 47, 14, 46, 1,  58, 51, 68,
                                      34, 42, 39, 52, 48, 69, 62, 61, 37, 40, 67, 59, 9,  18, 53,
                                      49, 23, 26, 64, 2,  13, 65, 45, 10, 33, 5,  31, 11, 63, 21,
                                      0,  16, 28, 7,  24, 29, 19, 43, 12, 3,  44, 70};
    enum { N = sizeof times };
    struct tri_timed v[N];
    for (uint32_t i = 0; i < N; i++)
        v[i] = (struct tri_timed){times[i], i};
    tri_sort_timed(v, N);
    ck_assert_uint_eq(sizeof indices, N);
    for (uint32_t i = 0; i < N; i++)
        ck_assert_uint_eq(v[i].index, indices[i]);
}
END_TEST

START_TEST(test_extremes)
{
    struct tri_timed v[] = {{0, 0}, {INT64_MAX, 1}, {-1, 2}, {INT64_MIN, 3}, {INT64_MAX - 1, 4}};
    static const uint32_t sorted[] = {3, 2, 0, 4, 1};
    tri_sort_timed(v, 5);
    for (int i = 0; i < 5; i++)
        ck_assert_uint_eq(v[i].index, sorted[i]);
    tri_sort_timed(NULL, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/sort");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, test_pattern, 0, PATTERNS);
    tcase_add_test(all, test_heap_sort);
    tcase_add_test(all, test_extremes);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
