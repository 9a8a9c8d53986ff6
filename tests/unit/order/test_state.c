/* Tests the tables of threads, procs, goroutines and tasks: what is found and what not,
 * that addresses stay, that an ended goroutine's slot and an ended task's are used again,
 * and the open ranges of a goroutine or proc. */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "order/state.h"
#include "spec/spec.h"

static struct tri_mem *mem;
static struct tri_state state;

static void set_up(void)
{
    mem = tri_mem_new(NULL);
    ck_assert_ptr_nonnull(mem);
    tri_state_init(&state, mem);
}

static void tear_down(void)
{
    tri_state_free(&state);
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    tri_mem_unref(mem);
}

static int enter(struct tri_go *go, uint64_t task, const char *name)
{
    uint32_t number;
    return tri_names_hold(&state.names, (tr_str){name, strlen(name)}, &number) &&
           tri_state_enter_region(&state, go, task, number);
}

/* Ids that a trace may hold: small, far apart, negative, and those of no resource. */
static const int64_t ids[] = {0, 1, 2, 17, 1 << 20, INT64_MAX, INT64_MIN, -2, TR_NONE};
enum { ID_COUNT = (int)(sizeof ids / sizeof ids[0]) };

START_TEST(test_empty)
{
    for (int i = 0; i < ID_COUNT; i++) {
        ck_assert_ptr_null(tri_state_thread(&state, ids[i]));
        ck_assert_ptr_null(tri_state_proc(&state, ids[i]));
        ck_assert_ptr_null(tri_state_go(&state, ids[i]));
        ck_assert_ptr_null(tri_state_task(&state, (uint64_t)ids[i]));
        tri_state_remove_task(&state, (uint64_t)ids[i]);
    }
    ck_assert_int_eq(state.gc, TRI_GC_UNDETERMINED);
    ck_assert_uint_eq(tri_state_memory(&state), 0);
}
END_TEST

START_TEST(test_ids)
{
    struct tri_thread *threads[ID_COUNT];
    struct tri_proc *procs[ID_COUNT];
    struct tri_go *gos[ID_COUNT];
    for (int i = 0; i < ID_COUNT; i++) {
        threads[i] = tri_state_add_thread(&state, ids[i]);
        procs[i] = tri_state_add_proc(&state, ids[i]);
        gos[i] = tri_state_add_go(&state, ids[i]);
        struct tri_task *task = tri_state_add_task(&state, (uint64_t)ids[i]);
        ck_assert(threads[i] && procs[i] && gos[i] && task);
        task->parent = (uint64_t)i;
        task->type = (uint32_t)i + 100;
        ck_assert_int_eq(threads[i]->g, TR_NONE);
        ck_assert_int_eq(threads[i]->p, TR_NONE);
        ck_assert(!threads[i]->known);
    }
    for (int i = 0; i < ID_COUNT; i++) {
        ck_assert_ptr_eq(tri_state_thread(&state, ids[i]), threads[i]);
        ck_assert_ptr_eq(tri_state_proc(&state, ids[i]), procs[i]);
        ck_assert_ptr_eq(tri_state_go(&state, ids[i]), gos[i]);
        ck_assert_int_eq(threads[i]->id, ids[i]);
        ck_assert_int_eq(procs[i]->id, ids[i]);
        ck_assert_int_eq(gos[i]->id, ids[i]);
        ck_assert_uint_eq(tri_state_task(&state, (uint64_t)ids[i])->parent, (uint64_t)i);
        ck_assert_uint_eq(tri_state_task(&state, (uint64_t)ids[i])->type, (uint32_t)i + 100);
    }
    ck_assert_ptr_null(tri_state_go(&state, 3));
    ck_assert_uint_gt(tri_state_memory(&state), 0);
    ck_assert_uint_le(tri_state_memory(&state), tri_mem_used(mem));
}
END_TEST

START_TEST(test_addresses_stay)
{
    enum { COUNT = 20000 };
    struct tri_thread *thread = tri_state_add_thread(&state, 5);
    struct tri_proc *proc = tri_state_add_proc(&state, 5);
    struct tri_go *go = tri_state_add_go(&state, 5);
    ck_assert(thread && proc && go);
    thread->g = 77;
    proc->status = TRI_PROC_IDLE;
    go->status = TRI_GO_WAITING;
    for (int64_t i = 10; i < COUNT; i++)
        ck_assert(tri_state_add_thread(&state, i) && tri_state_add_proc(&state, i) &&
                  tri_state_add_go(&state, i));
    ck_assert_ptr_eq(tri_state_thread(&state, 5), thread);
    ck_assert_ptr_eq(tri_state_proc(&state, 5), proc);
    ck_assert_ptr_eq(tri_state_go(&state, 5), go);
    ck_assert_int_eq(thread->g, 77);
    ck_assert_uint_eq(proc->status, TRI_PROC_IDLE);
    ck_assert_uint_eq(go->status, TRI_GO_WAITING);
}
END_TEST

START_TEST(test_goroutine_slots)
{
    struct tri_go *a = tri_state_add_go(&state, 1), *b = tri_state_add_go(&state, 2);
    ck_assert(a && b && a->status != TRI_GO_ENDED && b->status != TRI_GO_ENDED);
    ck_assert(tri_ranges_add(&state, &a->ranges, (struct tri_range){7, TRI_EV_STWBegin}));
    ck_assert(enter(a, 1, "r"));

    tri_state_remove_go(&state, a);
    ck_assert_uint_eq(a->status, TRI_GO_ENDED);
    ck_assert_ptr_null(tri_state_go(&state, 1));
    ck_assert_ptr_eq(tri_state_go(&state, 2), b);

    /* The next goroutine has the slot, and nothing of the old one's ranges and regions. */
    struct tri_go *c = tri_state_add_go(&state, 3);
    ck_assert_ptr_eq(c, a);
    ck_assert_int_eq(c->id, 3);
    ck_assert_uint_ne(c->status, TRI_GO_ENDED);
    ck_assert_int_eq(tri_ranges_find_type(&state, &c->ranges, TRI_EV_STWBegin), -1);
    ck_assert_ptr_null(tri_state_region(&state, c));
    ck_assert_ptr_null(tri_state_go(&state, 1));

    /* An id may come again, in another slot. */
    struct tri_go *again = tri_state_add_go(&state, 1);
    ck_assert_ptr_nonnull(again);
    ck_assert_ptr_ne(again, c);
    ck_assert_ptr_eq(tri_state_go(&state, 1), again);
}
END_TEST

START_TEST(test_memory_stays_with_those_alive)
{
    enum { ALIVE = 100, ROUNDS = 100 };
    uint64_t after_first = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (int64_t i = 0; i < ALIVE; i++) {
            struct tri_go *go = tri_state_add_go(&state, round * ALIVE + i);
            ck_assert_ptr_nonnull(go);
            struct tri_range range = {(uint64_t)i,
                                      i % 2 ? TRI_EV_STWBegin : TRI_EV_GCMarkAssistBegin};
            ck_assert(tri_ranges_add(&state, &go->ranges, range));
            ck_assert(enter(go, 7, "region"));
            ck_assert_ptr_nonnull(tri_state_add_task(&state, (uint64_t)(round * ALIVE + i)));
        }
        for (int64_t i = ALIVE; i-- > 0;) {
            tri_state_remove_go(&state, tri_state_go(&state, round * ALIVE + i));
            tri_state_remove_task(&state, (uint64_t)(round * ALIVE + i));
        }
        if (round == 0)
            after_first = tri_mem_used(mem);
    }
    ck_assert_uint_eq(tri_mem_used(mem), after_first);
    ck_assert_uint_eq(state.task_count, ALIVE);
    ck_assert_uint_eq(state.region_count, ALIVE);
}
END_TEST

START_TEST(test_current)
{
    struct tri_thread *t = tri_state_add_thread(&state, 1);
    ck_assert_ptr_nonnull(t);
    ck_assert_ptr_null(tri_state_current(&state, t));
    struct tri_go *a = tri_state_add_go(&state, 10), *b = tri_state_add_go(&state, 11);
    t->g = 10;
    ck_assert_ptr_eq(tri_state_current(&state, t), a);
    t->g = 11;
    ck_assert_ptr_eq(tri_state_current(&state, t), b);

    /* The slot that the thread remembers is another goroutine's now. */
    tri_state_remove_go(&state, b);
    ck_assert_ptr_null(tri_state_current(&state, t));
    struct tri_go *c = tri_state_add_go(&state, 12);
    ck_assert_ptr_eq(c, b);
    ck_assert_ptr_null(tri_state_current(&state, t));
    ck_assert_ptr_nonnull(tri_state_add_go(&state, 11));
    ck_assert_ptr_eq(tri_state_current(&state, t), tri_state_go(&state, 11));
    ck_assert_ptr_ne(tri_state_current(&state, t), c);

    /* Ended, and its number begun again in the same slot. */
    t->g = 12;
    ck_assert_ptr_eq(tri_state_current(&state, t), c);
    tri_state_remove_go(&state, c);
    ck_assert_ptr_eq(tri_state_add_go(&state, 12), c);
    ck_assert_ptr_eq(tri_state_current(&state, t), c);
}
END_TEST

START_TEST(test_tasks)
{
    struct tri_task *task = tri_state_add_task(&state, 9);
    ck_assert_ptr_nonnull(task);
    *task = (struct tri_task){.parent = 4, .type = 6};
    tri_state_remove_task(&state, 8);
    ck_assert_uint_eq(tri_state_task(&state, 9)->parent, 4);
    tri_state_remove_task(&state, 9);
    ck_assert_ptr_null(tri_state_task(&state, 9));
    tri_state_remove_task(&state, 9);
    ck_assert_ptr_nonnull(tri_state_add_task(&state, 10));
    ck_assert_ptr_nonnull(tri_state_add_task(&state, 11));
    ck_assert_uint_eq(state.task_count, 2);
    ck_assert_ptr_ne(tri_state_task(&state, 10), tri_state_task(&state, 11));
}
END_TEST

/* Ranges as one who goes over all of them keeps them. */
struct model {
    struct tri_range items[100];
    uint32_t count;
};

/* The index of the first that fits; any name: -1. */
static int64_t look_for(const struct model *m, uint8_t type, int64_t name)
{
    for (uint32_t i = 0; i < m->count; i++)
        if (m->items[i].type == type && (name < 0 || m->items[i].name == (uint64_t)name))
            return i;
    return -1;
}

/* Any stops of the world, and at times a mark assist among them, come and go. */
START_TEST(test_ranges)
{
    enum { NAMES = 60, STEPS = 20000 };
    const uint8_t stop = TRI_EV_STWBegin, assist = TRI_EV_GCMarkAssistBegin;
    struct tri_go *go = tri_state_add_go(&state, 1);
    ck_assert_ptr_nonnull(go);
    struct tri_ranges *r = &go->ranges;
    struct model m = {.count = 0};
    uint32_t random = 1, most = 0;
    for (int step = 0; step < STEPS; step++) {
        random = random * 1664525 + 1013904223;
        uint64_t name = (random >> 8) % NAMES;
        bool more = step / 500 % 2 == 0; /* by turns it grows and shrinks */
        struct tri_range range = {name, stop};
        if ((random >> 16) % 10 == 0)
            range = (struct tri_range){0, assist};
        int64_t at = tri_ranges_find(&state, r, range);
        ck_assert_int_eq(at, look_for(&m, range.type, (int64_t)range.name));
        ck_assert_int_eq(tri_ranges_find_type(&state, r, stop), look_for(&m, stop, -1));
        ck_assert_int_eq(tri_ranges_find_type(&state, r, assist), look_for(&m, assist, -1));
        if (at < 0 && more) {
            ck_assert(tri_ranges_add(&state, r, range));
            m.items[m.count++] = range;
        } else if (at >= 0 && !more) {
            struct tri_range gone = tri_ranges_remove(&state, r, at);
            ck_assert_uint_eq(gone.name, range.name);
            ck_assert_uint_eq(gone.type, range.type);
            m.items[at] = m.items[--m.count]; /* the last takes the place of the removed */
        }
        most = m.count > most ? m.count : most;
    }
    ck_assert_uint_gt(most, NAMES - 5);
}
END_TEST

/* Of what has no name there is one, and nothing is allocated for it. */
START_TEST(test_only_range)
{
    const struct tri_range sweep = {0, TRI_EV_GCSweepBegin};
    struct tri_proc *proc = tri_state_add_proc(&state, 1);
    ck_assert_ptr_nonnull(proc);
    uint64_t before = tri_mem_used(mem);
    ck_assert_int_eq(tri_ranges_find(&state, &proc->ranges, sweep), -1);
    ck_assert(tri_ranges_add(&state, &proc->ranges, sweep));
    ck_assert_int_eq(tri_ranges_find(&state, &proc->ranges, sweep), 0);
    ck_assert_int_eq(tri_ranges_find_type(&state, &proc->ranges, TRI_EV_STWBegin), -1);
    ck_assert_uint_eq(tri_mem_used(mem), before);
    ck_assert_uint_eq(tri_ranges_remove(&state, &proc->ranges, 0).type, sweep.type);
    ck_assert_int_eq(tri_ranges_find(&state, &proc->ranges, sweep), -1);
}
END_TEST

/* Two goroutines go into regions and out again; their numbers are used again. */
START_TEST(test_regions)
{
    struct tri_go *a = tri_state_add_go(&state, 1), *b = tri_state_add_go(&state, 2);
    ck_assert(a && b);
    for (uint64_t task = 1; task <= 3; task++) {
        ck_assert(enter(a, task, "a"));
        ck_assert(enter(b, 10 * task, "b"));
    }
    for (uint64_t task = 3; task > 0; task--) {
        ck_assert_uint_eq(tri_state_region(&state, a)->task, task);
        tri_state_leave_region(&state, a);
    }
    ck_assert_ptr_null(tri_state_region(&state, a));
    ck_assert_uint_eq(tri_state_region(&state, b)->task, 30);
    tri_state_remove_go(&state, b); /* in three of them */
    for (uint64_t task = 1; task <= 6; task++)
        ck_assert(enter(a, task, "a"));
    ck_assert_uint_eq(state.region_count, 6);
    ck_assert_uint_eq(tri_state_region(&state, a)->task, 6);
}
END_TEST

/* An allocation that fails leaves the tables as they were. */
START_TEST(test_no_memory)
{
    int64_t added = 0;
    tri_mem_set_limit(mem, 40 << 10);
    while (tri_state_add_go(&state, added))
        added++;
    ck_assert_int_gt(added, 0);
    ck_assert_ptr_null(tri_state_go(&state, added));
    for (int64_t i = 0; i < added; i++)
        ck_assert_int_eq(tri_state_go(&state, i)->id, i);
    /* An ended goroutine makes room for another one. */
    tri_state_remove_go(&state, tri_state_go(&state, 0));
    ck_assert_ptr_nonnull(tri_state_add_go(&state, added));
    ck_assert_int_eq(tri_mem_status(mem), TR_E_LIMIT);
    tri_mem_set_limit(mem, 0);
    ck_assert_ptr_nonnull(tri_state_add_go(&state, added + 1));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("order/state");
    TCase *all = tcase_create("state");

    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, test_empty);
    tcase_add_test(all, test_ids);
    tcase_add_test(all, test_addresses_stay);
    tcase_add_test(all, test_goroutine_slots);
    tcase_add_test(all, test_memory_stays_with_those_alive);
    tcase_add_test(all, test_current);
    tcase_add_test(all, test_tasks);
    tcase_add_test(all, test_ranges);
    tcase_add_test(all, test_only_range);
    tcase_add_test(all, test_regions);
    tcase_add_test(all, test_no_memory);
    tcase_set_timeout(all, 60);
    suite_add_tcase(suite, all);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
