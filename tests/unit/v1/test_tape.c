/* The tape of an old trace: what was put on it is read from it, whatever takes notes: many
 * procs, long records, long times and such that go back, numbers with header 5, and goroutines. */
#include <check.h>
#include <stdlib.h>

#include "../random.h"
#include "v1/tape.h"

enum { EVENTS = 20000, PLAIN_PROCS = 3, MANY_PROCS = 1000 };

struct put {
    uint32_t proc;
    unsigned type;
    const uint8_t *at;
    int64_t time;
    uint64_t seq, go;
};

static uint8_t data[1 << 20]; /* only where records are in it counts */
static struct put events[EVENTS];
static struct tri_v1 v;
static uint64_t random_state;

static uint64_t next(uint64_t below)
{
    return random_next(&random_state) % below;
}

static void begin(unsigned version, uint32_t procs)
{
    v = (struct tri_v1){.version = version, .data = data, .data_bytes = sizeof data};
    v.mem = tri_mem_new(NULL);
    v.tape.arena.mem = v.mem;
    v.procs = calloc(procs, sizeof *v.procs);
    v.proc_count = procs;
    for (uint32_t i = 0; i < procs; i++)
        v.procs[i].number = i;
}

static void end(void)
{
    tri_arena_free(&v.tape.arena);
    tri_mem_unref(v.mem);
    free(v.procs);
}

/* Put events of random procs, one in `odd` of which is not like most. */
static void put_all(uint64_t odd)
{
    uint64_t seq = 0;
    int64_t time = 0;
    random_state = 3;
    for (size_t i = 0; i < EVENTS; i++) {
        struct tri_v1_proc *proc = &v.procs[next(v.proc_count)];
        const uint8_t *at = proc->place;
        uint64_t bytes = 2 + next(odd && next(odd) == 0 ? 500 : 20);
        if (!at || at + bytes > data + sizeof data || (odd && next(odd) == 0))
            at = data + next(sizeof data - bytes);
        time += (int64_t)next(4000);
        if (odd && next(odd) == 0)
            time = (int64_t)next(UINT64_C(1) << 62) - (INT64_C(1) << 61);
        seq += odd && next(odd) == 0 ? next(100) : 1;
        proc->seq = seq;
        uint64_t go = odd && next(odd) == 0 ? next(10) : proc->go;
        ck_assert(tri_v1_tape_put_go(&v, proc, go));
        events[i] = (struct put){
            proc->number, 1 + (unsigned)next(TRI_V1_TAPE_TYPES - 1), at, time, seq, go};
        ck_assert(tri_v1_tape_put(&v, proc, events[i].type, at, bytes, time));
    }
    ck_assert_uint_eq(v.tape.count, EVENTS);
}

static void read_all(void)
{
    struct tri_v1_tape_head h;
    tri_v1_tape_rewind(&v, &h);
    for (uint32_t i = 0; i < v.proc_count; i++)
        v.procs[i].go = 0;
    for (size_t i = 0; i < EVENTS; i++) {
        ck_assert(tri_v1_tape_find(&v, &h));
        uint32_t word = *h.at++, number = tri_v1_tape_proc(&h, word);
        ck_assert_uint_eq(number, events[i].proc);
        ck_assert_uint_eq(tri_v1_tape_type(word), events[i].type);
        ck_assert_ptr_eq(v.procs[number].place, events[i].at);
        ck_assert_uint_eq(v.procs[number].go, events[i].go);
        v.procs[number].place += tri_v1_tape_bytes(word);
        h.time = (int64_t)((uint64_t)h.time + tri_v1_tape_ticks(word));
        ck_assert_int_eq(h.time, events[i].time);
        h.seq++;
        if (v.version < TRI_GO107)
            ck_assert_uint_eq(h.seq, events[i].seq);
    }
    ck_assert(!tri_v1_tape_find(&v, &h));
}

static void check(unsigned version, uint32_t procs, uint64_t odd)
{
    begin(version, procs);
    put_all(odd);
    read_all();
    read_all();
    end();
}

START_TEST(test_plain)
{
    begin(21, PLAIN_PROCS);
    put_all(0);
    /* A word each, and the rest of a block. */
    ck_assert_uint_lt(v.tape.arena.bytes, 3 * EVENTS * sizeof(uint32_t));
    read_all();
    end();
}
END_TEST

START_TEST(test_odd)
{
    check(21, PLAIN_PROCS, 1);
    check(21, PLAIN_PROCS, 20);
}
END_TEST

START_TEST(test_many_procs)
{
    check(21, MANY_PROCS, 0);
    check(21, MANY_PROCS, 10);
}
END_TEST

START_TEST(test_numbers)
{
    check(5, PLAIN_PROCS, 0);
    check(5, MANY_PROCS, 10);
}
END_TEST

START_TEST(test_settled)
{
    uint32_t word = UINT32_MAX;
    tri_v1_tape_settle(&word, TRI_V1_TAPE_BLOCKING_CALL);
    ck_assert_uint_eq(tri_v1_tape_type(word), TRI_V1_TAPE_BLOCKING_CALL);
    ck_assert_uint_eq(tri_v1_tape_bytes(word), TRI_V1_TAPE_BYTES_END - 1);
    ck_assert_uint_eq(tri_v1_tape_ticks(word), TRI_V1_TAPE_TICKS_END - 1);
}
END_TEST

/* Nothing is left of what was on it. */
START_TEST(test_cleared)
{
    begin(21, MANY_PROCS);
    put_all(10);
    tri_v1_tape_clear(&v);
    for (uint32_t i = 0; i < v.proc_count; i++)
        v.procs[i] = (struct tri_v1_proc){.number = i};
    put_all(20);
    read_all();
    end();
}
END_TEST

START_TEST(test_empty)
{
    struct tri_v1_tape_head h;
    begin(21, PLAIN_PROCS);
    tri_v1_tape_rewind(&v, &h);
    ck_assert(!tri_v1_tape_find(&v, &h));
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("v1/tape");
    TCase *all = tcase_create("all");
    tcase_add_test(all, test_plain);
    tcase_add_test(all, test_odd);
    tcase_add_test(all, test_many_procs);
    tcase_add_test(all, test_numbers);
    tcase_add_test(all, test_settled);
    tcase_add_test(all, test_cleared);
    tcase_add_test(all, test_empty);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
