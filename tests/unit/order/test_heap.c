/* The frontier keeps the layout of the reference's heap, which decides ties. What is
 * expected was computed with the reference's own functions (batchcursor.go of the pinned
 * golang.org/x/exp/trace), by a program that does the same operations, drawn from the
 * same generator, and sums up the cursors in the order of the heap after every tenth
 * (FNV-1a, 64 bits, over four bytes each, the lowest first). */
#include <check.h>
#include <stdlib.h>

#include "../random.h"
#include "order/frontier.h"

struct run {
    uint32_t limit;  /* cursors at once */
    uint64_t spread; /* times differ by less than this: small ones make ties */
    uint32_t left;   /* cursors at the end */
    uint64_t sum;
};

static const struct run runs[] = {
    {2, 3, 1, UINT64_C(0xd163f05ef21203cd)},   {5, 2, 5, UINT64_C(0x2a0dc9ac7e64cc05)},
    {12, 4, 12, UINT64_C(0x314034b359c64780)}, {13, 4, 13, UINT64_C(0x66f5ef434671913d)},
    {40, 6, 40, UINT64_C(0x454a5f7d60fcaf9b)}, {40, 1000, 40, UINT64_C(0x352f0a84b313af17)},
    {60, 1, 59, UINT64_C(0x4a003799a17e5435)}, {300, 20, 300, UINT64_C(0x82c8f05517779a31)},
};

static uint64_t add(uint64_t sum, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        sum = (sum ^ (v >> (8 * i) & 0xff)) * UINT64_C(1099511628211);
    return sum;
}

static void check_heap(const struct tri_frontier *f, int step)
{
    for (uint32_t i = 1; i < f->count; i++)
        if (f->heap[(i - 1) / 2].time > f->heap[i].time)
            ck_abort_msg("step %d: no heap", step);
}

START_TEST(test_against_the_reference)
{
    const struct run *run = &runs[_i];
    struct tri_mem *mem = tri_mem_new(NULL);
    struct tri_frontier f = {.mem = mem};
    uint64_t random = run->limit * UINT64_C(1000) + run->spread;
    uint64_t sum = UINT64_C(14695981039346656037);
    uint32_t cursor = 0;
    for (int step = 0; step < 100000; step++) {
        uint64_t op = random_next(&random) % 8, value = random_next(&random);
        if (f.count == 0 || (op == 0 && f.count < run->limit)) {
            int64_t time = (int64_t)(value % run->spread);
            if (f.count)
                time += f.heap[0].time;
            if (!tri_frontier_insert(&f, time, cursor++))
                ck_abort_msg("no memory");
        } else if (op == 1) {
            tri_frontier_sort(&f);
        } else {
            /* The head, or as after a sort any other; now and then it is removed. */
            uint32_t i = op < 5 ? (uint32_t)((value >> 32) % f.count) : 0;
            int64_t time = f.heap[i].time + (int64_t)(value % run->spread);
            if (value % (run->limit * UINT64_C(2)) == 0)
                tri_frontier_remove(&f, i);
            else if (i == 0 && step % 2)
                tri_frontier_update_head(&f, time);
            else
                tri_frontier_update(&f, i, time);
        }
        check_heap(&f, step);
        for (uint32_t i = 0; i < f.count && step % 10 == 0; i++)
            sum = add(sum, f.heap[i].index);
    }
    ck_assert_uint_eq(f.count, run->left);
    ck_assert_msg(sum == run->sum, "another layout");
    tri_frontier_free(&f);
    ck_assert_uint_eq(f.count, 0);
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    tri_mem_unref(mem);
}
END_TEST

/* A time may also become earlier: a thread's clock may be wrong. */
START_TEST(test_earlier)
{
    struct tri_mem *mem = tri_mem_new(NULL);
    struct tri_frontier f = {.mem = mem};
    for (uint32_t i = 0; i < 7; i++)
        ck_assert(tri_frontier_insert(&f, 10 + (int64_t)i, i));
    tri_frontier_update(&f, 6, INT64_MIN);
    ck_assert_uint_eq(f.heap[0].index, 6);
    ck_assert_uint_eq(f.heap[2].index, 0); /* all on the way moved down by one */
    ck_assert_uint_eq(f.heap[6].index, 2);
    check_heap(&f, 0);
    tri_frontier_update(&f, 0, INT64_MAX);
    ck_assert_uint_eq(f.heap[0].index, 0);
    check_heap(&f, 1);
    tri_frontier_update_head(&f, INT64_MIN);
    ck_assert_uint_eq(f.heap[0].index, 0);
    ck_assert(f.heap[0].time == INT64_MIN);
    check_heap(&f, 2);
    tri_frontier_free(&f);
    tri_mem_unref(mem);
}
END_TEST

START_TEST(test_without_memory)
{
    struct tri_mem *mem = tri_mem_new(NULL);
    struct tri_frontier f = {.mem = mem};
    tri_mem_set_limit(mem, 1);
    ck_assert(!tri_frontier_insert(&f, 1, 1));
    ck_assert_uint_eq(f.count, 0);
    tri_frontier_sort(&f);
    tri_frontier_free(&f);
    tri_mem_unref(mem);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("order/heap");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, test_against_the_reference, 0, (int)(sizeof runs / sizeof *runs));
    tcase_add_test(all, test_earlier);
    tcase_add_test(all, test_without_memory);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
