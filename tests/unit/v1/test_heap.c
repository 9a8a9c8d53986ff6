/* The heap of an old trace's procs: what comes out is in order, and where tri_v1_heap_returns
 * says so, an earlier one that goes in and out leaves everything where it is. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../random.h"
#include "v1/heap.h"

enum { MOST = 40, ROUNDS = 4000 };

static struct tri_timed procs[MOST + 1];
static struct tri_v1_heap heap;
static uint64_t random_state;

static uint64_t next(uint64_t below)
{
    return random_next(&random_state) % below;
}

/* Times from 1 on, some of them equal. */
static void fill(uint32_t count)
{
    uint64_t times = 1 + next(2 * MOST);
    heap = (struct tri_v1_heap){procs, 0};
    for (uint32_t i = 0; i < count; i++)
        tri_v1_heap_push(&heap, 1 + (int64_t)next(times), i);
}

START_TEST(test_order)
{
    random_state = 1;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t last = 0;
        uint64_t seen = 0;
        fill((uint32_t)next(MOST + 1));
        for (uint32_t left = heap.count; left > 0; left--) {
            int64_t time = procs[0].time;
            ck_assert_int_ge(time, last);
            last = time;
            seen |= UINT64_C(1) << tri_v1_heap_pop(&heap);
            ck_assert_uint_eq(heap.count, left - 1);
        }
        ck_assert_uint_eq(seen & (seen + 1), 0); /* each once */
    }
}
END_TEST

/* The parent's equal stays above. */
START_TEST(test_equal)
{
    heap = (struct tri_v1_heap){procs, 0};
    tri_v1_heap_push(&heap, 5, 0);
    tri_v1_heap_push(&heap, 5, 1);
    ck_assert_uint_eq(tri_v1_heap_pop(&heap), 0);
    ck_assert_uint_eq(tri_v1_heap_pop(&heap), 1);
}
END_TEST

/* Push an earlier one and pop it; whether nothing else has changed. */
static bool is_left_alone(void)
{
    struct tri_timed before[MOST + 1];
    uint32_t count = heap.count;
    bool same = true;
    memcpy(before, procs, sizeof before);
    tri_v1_heap_push(&heap, 0, MOST);
    ck_assert_uint_eq(tri_v1_heap_pop(&heap), MOST);
    ck_assert_uint_eq(heap.count, count);
    for (uint32_t i = 0; i < count; i++)
        same &= procs[i].time == before[i].time && procs[i].index == before[i].index;
    return same;
}

START_TEST(test_returns)
{
    int returned = 0, changed = 0;
    random_state = 2;
    for (int round = 0; round < ROUNDS; round++) {
        fill((uint32_t)next(MOST + 1));
        bool returns = tri_v1_heap_returns(&heap), same = is_left_alone();
        ck_assert(!returns || same);
        returned += returns;
        changed += !same;
    }
    ck_assert_int_gt(returned, ROUNDS / 10);
    ck_assert_int_gt(changed, ROUNDS / 10);
}
END_TEST

/* Without equal times it always does. */
START_TEST(test_different)
{
    random_state = 3;
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t count = (uint32_t)next(MOST + 1);
        heap = (struct tri_v1_heap){procs, 0};
        for (uint32_t i = 0; i < count; i++)
            tri_v1_heap_push(&heap, 1 + (int64_t)(next(1000) * MOST + i), i);
        ck_assert(tri_v1_heap_returns(&heap));
        ck_assert(is_left_alone());
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("v1/heap");
    TCase *all = tcase_create("all");
    tcase_add_test(all, test_order);
    tcase_add_test(all, test_equal);
    tcase_add_test(all, test_returns);
    tcase_add_test(all, test_different);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
