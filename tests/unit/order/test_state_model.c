/* The tables of threads, procs, goroutines and tasks against plain arrays: what is
 * added is found, addresses stay, slots are used again, and a bound goroutine that has
 * ended is noticed. */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "order/state.h"

static struct tri_mem *mem;
static struct tri_state state;

static void setup(void)
{
    mem = tri_mem_new(NULL);
    tri_state_init(&state, mem);
}

static void teardown(void)
{
    tri_state_free(&state);
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    tri_mem_unref(mem);
}

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)(random_state >> 8) * n >> 24);
}

/* Small ids, large ones, negative ones. */
static int64_t id_of(uint32_t i)
{
    return i % 3 == 0 ? (int64_t)i : i % 3 == 1 ? (int64_t)i << 33 : -(int64_t)i - 5;
}

enum { IDS = 300, STEPS = 40000 };

START_TEST(test_goroutines)
{
    static struct tri_go *model[IDS];
    uint32_t alive = 0, most = 0;
    memset(model, 0, sizeof model);
    for (int step = 0; step < STEPS; step++) {
        uint32_t i = random_below(IDS);
        struct tri_go *go = tri_state_go(&state, id_of(i));
        if (go != model[i])
            ck_abort_msg("step %d: goroutine %u is another", step, i);
        bool adds = random_below(10) < (step / 5000 % 2 ? 3u : 7u);
        if (!go && adds) {
            go = model[i] = tri_state_add_go(&state, id_of(i));
            if (!go || go->id != id_of(i) || go->status == TRI_GO_ENDED || go->ranges.only ||
                go->ranges.listed || go->region)
                ck_abort_msg("step %d: a new goroutine is not as new", step);
            struct tri_range range = {step % 3, step % 2 ? 26 : 35};
            if (!tri_ranges_add(&state, &go->ranges, range))
                ck_abort_msg("no memory");
            most = ++alive > most ? alive : most;
        } else if (go && !adds) {
            tri_state_remove_go(&state, go);
            if (go->status != TRI_GO_ENDED)
                ck_abort_msg("step %d: it lives on", step);
            model[i] = NULL;
            alive--;
        }
        if (state.go_of.used != alive)
            ck_abort_msg("step %d: %u goroutines, not %u", step, state.go_of.used, alive);
    }
    for (const struct tri_go *go = state.free_gos; go; go = go->next_free)
        alive++;
    ck_assert_uint_eq(alive, most); /* no more room than was needed at once */
}
END_TEST

START_TEST(test_threads_and_procs)
{
    struct tri_thread *threads[500];
    struct tri_proc *procs[500];
    for (uint32_t i = 0; i < 500; i++) {
        if (tri_state_thread(&state, id_of(i)) || tri_state_proc(&state, id_of(i)))
            ck_abort_msg("%u is there already", i);
        threads[i] = tri_state_add_thread(&state, id_of(i));
        procs[i] = tri_state_add_proc(&state, id_of(i));
        if (threads[i]->id != id_of(i) || threads[i]->g != TR_NONE || threads[i]->p != TR_NONE ||
            threads[i]->go || threads[i]->proc || threads[i]->known)
            ck_abort_msg("thread %u is not as new", i);
        if (procs[i]->id != id_of(i) || procs[i]->status || procs[i]->ranges.only)
            ck_abort_msg("proc %u is not as new", i);
    }
    for (uint32_t i = 0; i < 500; i++)
        if (tri_state_thread(&state, id_of(i)) != threads[i] ||
            tri_state_proc(&state, id_of(i)) != procs[i])
            ck_abort_msg("%u moved", i);
    ck_assert_uint_eq(state.thread_count, 500);
    ck_assert_uint_ge(tri_state_memory(&state), 500 * sizeof(struct tri_thread));
    ck_assert_uint_le(tri_state_memory(&state), tri_mem_used(mem));
}
END_TEST

START_TEST(test_tasks)
{
    static uint64_t model[IDS]; /* the parent + 1, 0: no such task */
    memset(model, 0, sizeof model);
    for (int step = 0; step < STEPS; step++) {
        uint32_t i = random_below(IDS);
        uint64_t id = (uint64_t)id_of(i);
        struct tri_task *task = tri_state_task(&state, id);
        if ((task != NULL) != (model[i] != 0) || (task && task->parent + 1 != model[i]))
            ck_abort_msg("step %d: task %u is another", step, i);
        if (random_below(2)) {
            tri_state_remove_task(&state, id); /* also one that is not there */
            model[i] = 0;
        } else if (!task) {
            task = tri_state_add_task(&state, id);
            task->parent = (uint64_t)step;
            model[i] = (uint64_t)step + 1;
        }
    }
    ck_assert_uint_le(state.task_count, IDS);
}
END_TEST

/* A thread remembers where its goroutine's state was; the slot may be another's now. */
START_TEST(test_current)
{
    struct tri_thread *t = tri_state_add_thread(&state, 1);
    ck_assert_ptr_null(tri_state_current(&state, t));
    struct tri_go *go = tri_state_add_go(&state, 10);
    t->g = 10;
    ck_assert_ptr_eq(tri_state_current(&state, t), go);
    ck_assert_ptr_eq(t->go, go);
    tri_state_remove_go(&state, go);
    ck_assert_ptr_null(tri_state_current(&state, t));
    t->go = go;
    struct tri_go *other = tri_state_add_go(&state, 11);
    ck_assert_ptr_eq(other, go); /* the same slot */
    ck_assert_ptr_null(tri_state_current(&state, t));
    t->go = go;
    tri_state_remove_go(&state, other);
    tri_state_add_go(&state, 12);
    struct tri_go *again = tri_state_add_go(&state, 10);
    ck_assert_ptr_ne(again, go);
    ck_assert_ptr_eq(tri_state_current(&state, t), again);
}
END_TEST

START_TEST(test_ranges)
{
    struct tri_go *go = tri_state_add_go(&state, 1);
    ck_assert_ptr_nonnull(go);
    struct tri_ranges *r = &go->ranges;
    struct tri_range a = {1, 26}, b = {2, 26}, c = {0, 35}, absent = {3, 26};
    ck_assert_int_eq(tri_ranges_find_type(&state, r, 26), -1);
    ck_assert(tri_ranges_add(&state, r, a));
    ck_assert(tri_ranges_add(&state, r, c));
    ck_assert(tri_ranges_add(&state, r, b));
    ck_assert_int_eq(tri_ranges_find_type(&state, r, 26), 0); /* the first one */
    ck_assert_int_eq(tri_ranges_find_type(&state, r, 35), 1);
    ck_assert_int_eq(tri_ranges_find(&state, r, b), 2);
    ck_assert_int_eq(tri_ranges_find(&state, r, absent), -1);
    tri_ranges_remove(&state, r, 0); /* the last one takes its place */
    ck_assert_int_eq(tri_ranges_find(&state, r, b), 0);
    ck_assert_int_eq(tri_ranges_find(&state, r, a), -1);
    tri_ranges_remove(&state, r, 1);
    tri_ranges_remove(&state, r, 0);
    ck_assert_int_eq(tri_ranges_find_type(&state, r, 26), -1);
    ck_assert_int_eq(tri_ranges_find_type(&state, r, 35), -1);
}
END_TEST

/* Without memory nothing is added, and what is there stays. */
START_TEST(test_without_memory)
{
    uint32_t threads = 0, gos = 0, procs = 0, tasks = 0;
    tri_mem_set_limit(mem, 60000);
    while (tri_state_add_thread(&state, (int64_t)threads))
        threads++;
    while (tri_state_add_go(&state, (int64_t)gos))
        gos++;
    while (tri_state_add_proc(&state, (int64_t)procs))
        procs++;
    while (tri_state_add_task(&state, tasks))
        tasks++;
    ck_assert_int_eq(tri_mem_status(mem), TR_E_LIMIT);
    ck_assert_uint_gt(threads, 10);
    for (int64_t i = 0; i < (int64_t)threads; i++)
        ck_assert_ptr_nonnull(tri_state_thread(&state, i));
    ck_assert_ptr_null(tri_state_thread(&state, (int64_t)threads));
    for (int64_t i = 0; i < (int64_t)gos; i++)
        ck_assert_ptr_nonnull(tri_state_go(&state, i));
    ck_assert_ptr_null(tri_state_go(&state, (int64_t)gos));
    ck_assert_ptr_null(tri_state_proc(&state, (int64_t)procs));
    ck_assert_ptr_null(tri_state_task(&state, tasks));
    for (int64_t i = 0; i < (int64_t)gos; i++) /* ending one takes no memory */
        tri_state_remove_go(&state, tri_state_go(&state, i));
    for (uint64_t i = 0; i < tasks; i++)
        tri_state_remove_task(&state, i);
    ck_assert_uint_eq(state.go_of.used, 0);
    tri_mem_set_limit(mem, 0);
    ck_assert_ptr_nonnull(tri_state_add_thread(&state, (int64_t)threads));
    ck_assert_ptr_nonnull(tri_state_add_go(&state, 5));
    ck_assert_ptr_nonnull(tri_state_add_task(&state, 5));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("order/state model");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, test_goroutines);
    tcase_add_test(all, test_threads_and_procs);
    tcase_add_test(all, test_tasks);
    tcase_add_test(all, test_current);
    tcase_add_test(all, test_ranges);
    tcase_add_test(all, test_without_memory);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
