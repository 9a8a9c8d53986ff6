/* The tables of a generation: ids, strings, stacks and their frames, ticks, the clock.
 * Sections are written byte by byte here. */
#include <check.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../../golden/textform.h"
#include "../random.h"
#include "gen/sync.h"

static struct tri_mem *mem;
static struct tri_err err;
static struct tr_tables *tables;

static void setup(void)
{
    mem = tri_mem_new(NULL);
    tables = tri_tables_new(mem);
    tri_err_init(&err);
}

static void teardown(void)
{
    tr_tables_unref(tables);
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    tri_mem_unref(mem);
}

/* A section that is being written. */
static uint8_t bytes[70000];
static size_t size;

static void begin(uint8_t type)
{
    bytes[0] = type;
    size = 1;
}

static void put(uint64_t v)
{
    size += textform_varint(bytes + size, v);
}

static void put_string(uint64_t id, const char *s, size_t len)
{
    put(TRI_EV_String);
    put(id);
    put(len);
    memcpy(bytes + size, s, len);
    size += len;
}

static void put_stack(uint64_t id, uint64_t count)
{
    put(TRI_EV_Stack);
    put(id);
    put(count);
}

static void put_frame(uint64_t pc, uint64_t func, uint64_t file, uint64_t line)
{
    put(pc);
    put(func);
    put(file);
    put(line);
}

/* The section, from a block of exactly its size that is gone afterwards. */
static tr_status add(void)
{
    uint8_t *copy = malloc(size);
    memcpy(copy, bytes, size);
    struct tri_section section = {.data = copy,
                                  .size = (uint32_t)size,
                                  .place = {1000, 7, 3, TRI_EV_EventBatch},
                                  .err = &err,
                                  .max_stacks = UINT64_MAX};
    tr_status status;
    switch (bytes[0]) {
    case TRI_EV_Strings:
        status = tri_tables_add_strings(tables, &section);
        break;
    case TRI_EV_Stacks:
        status = tri_tables_add_stacks(tables, &section);
        break;
    default:
        status =
            tri_sync_add(tables, &section, 100, bytes[0] == TRI_EV_Sync ? TRI_GO126 : TRI_GO122);
    }
    free(copy);
    return status;
}

static void check_string(uint64_t id, const char *want, size_t len)
{
    uint32_t ref;
    ck_assert(tri_tables_string_ref(tables, id, &ref));
    tr_str s = tri_tables_string(tables, ref);
    ck_assert_uint_eq(s.len, len);
    ck_assert_mem_eq(s.ptr, want, len);
}

START_TEST(test_strings)
{
    uint32_t ref;
    begin(TRI_EV_Strings);
    put_string(1, "first", 5);
    put_string(2, "", 0);
    put_string(UINT64_MAX, "a\0b\xff", 4);
    ck_assert_int_eq(add(), TR_OK);
    begin(TRI_EV_Strings);
    put_string(5000, "far", 3);
    put_string(3, "third", 5);
    ck_assert_int_eq(add(), TR_OK);
    check_string(0, "", 0);
    check_string(1, "first", 5);
    check_string(2, "", 0);
    check_string(3, "third", 5);
    check_string(5000, "far", 3);
    check_string(UINT64_MAX, "a\0b\xff", 4);
    ck_assert(!tri_tables_string_ref(tables, 4, &ref));
    ck_assert(!tri_tables_string_ref(tables, 4999, &ref));
    ck_assert(!tri_tables_string_ref(tables, UINT64_MAX - 1, &ref));
    /* A name that is not in the file, and one that is: both count as memory of the tables. */
    uint64_t before = tri_tables_bytes(tables);
    uint32_t made = tri_tables_name_ref(tables, "made", 4);
    ck_assert(tr_str_equal(tri_tables_string(tables, made), "made"));
    ck_assert(
        tr_str_equal(tri_tables_string(tables, tri_tables_name_ref(tables, "first", 5)), "first"));
    ck_assert_uint_eq(tri_tables_name_ref(tables, "made", 4), made);
    ck_assert_uint_gt(tri_tables_bytes(tables), before);
    tri_mem_set_limit(mem, tri_mem_used(mem));
    static const char long_name[40000];
    ck_assert_uint_eq(tri_tables_name_ref(tables, long_name, sizeof long_name), 0);
    tri_mem_set_limit(mem, 0);
}
END_TEST

/* An error names its record. */
START_TEST(test_place_of_an_error)
{
    begin(TRI_EV_Strings);
    put_string(1, "one", 3);
    size_t second = size;
    put_string(1, "two", 3);
    ck_assert_int_eq(add(), TR_E_CORRUPT);
    ck_assert_uint_eq(err.error.offset, 1000 + second);
    ck_assert_uint_eq(err.error.generation, 7);
    ck_assert_int_eq(err.error.thread, 3);
    ck_assert_int_eq(err.error.event_type, TRI_EV_String);
}
END_TEST

static void check_frame(uint64_t stack, uint32_t i, uint64_t pc, const char *func, uint64_t line)
{
    uint32_t ref;
    tr_frame f;
    ck_assert(tri_tables_stack_ref(tables, stack, &ref));
    tr_stack handle = {tables, ref};
    ck_assert_int_eq(tr_stack_frame(handle, i, &f), TR_OK);
    ck_assert_uint_eq(f.pc, pc);
    ck_assert_msg(tr_str_equal(f.func, func), "%.*s", (int)f.func.len, f.func.ptr);
    ck_assert_uint_eq(f.line, line);
}

/* Two stacks, in two sections; a PC that comes again keeps its first frame. Strings may
 * stand behind. */
START_TEST(test_frames)
{
    uint32_t ref;
    begin(TRI_EV_Stacks);
    put_stack(70000, 2);
    put_frame(10, 1, 2, 3);
    put_frame(20, 2, 1, 4);
    put_stack(1, 0);
    ck_assert_int_eq(add(), TR_OK);
    begin(TRI_EV_Stacks);
    put_stack(2, 3);
    put_frame(20, 88, 99, 5); /* strings that do not exist, and do not matter */
    put_frame(UINT64_MAX, 0, 0, UINT64_MAX);
    put_frame(10, 2, 2, 6);
    ck_assert_int_eq(add(), TR_OK);
    begin(TRI_EV_Strings);
    put_string(1, "one", 3);
    put_string(2, "two", 3);
    ck_assert_int_eq(add(), TR_OK);
    ck_assert_int_eq(tri_tables_check_stacks(tables, &err), TR_OK);

    check_frame(70000, 0, 10, "one", 3);
    check_frame(70000, 1, 20, "two", 4);
    check_frame(2, 0, 20, "two", 4);
    check_frame(2, 1, UINT64_MAX, "", UINT64_MAX);
    check_frame(2, 2, 10, "one", 3);
    ck_assert(tri_tables_stack_ref(tables, 1, &ref) && ref != 0);
    ck_assert_uint_eq(tr_stack_frame_count((tr_stack){tables, ref}), 0);
    ck_assert(tri_tables_stack_ref(tables, 0, &ref) && ref == 0);
    ck_assert(!tri_tables_stack_ref(tables, 3, &ref));
    ck_assert_uint_eq(tables->frame_count, 5);
    /* Frames are prepared once. */
    const struct tri_frames *f = tri_tables_frames(tables);
    ck_assert_ptr_eq(tri_tables_frames(tables), f);
    ck_assert_uint_eq(f->pc_count, 3);
}
END_TEST

/* Values of every length at every place of a frame, far from the end of the section and
 * near it. */
START_TEST(test_frames_of_all_sizes)
{
    enum { STACKS = 300, FRAMES = 3 };
    static uint64_t pcs[STACKS * FRAMES], lines[STACKS * FRAMES];
    uint64_t most = 0;
    begin(TRI_EV_Stacks);
    for (unsigned i = 0; i < STACKS * FRAMES; i++) {
        if (i % FRAMES == 0)
            put_stack(i / FRAMES + 1, FRAMES);
        pcs[i] = (uint64_t)i << i % 54 | UINT64_C(1) << i % 64;
        lines[i] = UINT64_MAX >> i * 7 % 64;
        uint64_t func = UINT64_MAX >> (i * 5 % 63 + 1), file = func >> i % 30;
        put_frame(pcs[i], func, file, lines[i]);
        most = func > most ? func : most;
    }
    ck_assert_int_eq(add(), TR_OK);
    ck_assert_uint_eq(tables->max_frame_string, most);
    for (unsigned i = 0; i < STACKS * FRAMES; i++) {
        unsigned first = 0; /* with the same PC: it counts */
        tr_frame frame;
        uint32_t ref;
        while (pcs[first] != pcs[i])
            first++;
        ck_assert(tri_tables_stack_ref(tables, i / FRAMES + 1, &ref));
        ck_assert_int_eq(tr_stack_frame((tr_stack){tables, ref}, i % FRAMES, &frame), TR_OK);
        ck_assert_uint_eq(frame.pc, pcs[i]);
        ck_assert_uint_eq(frame.line, lines[first]);
    }
}
END_TEST

/* A broken number at each place of a frame, with bytes behind it or at the end. */
START_TEST(test_broken_frames)
{
    static const char *const names[4] = {"PC", "funcID", "fileID", "line"};
    int place = _i / 3;
    begin(TRI_EV_Stacks);
    put_stack(1, 1);
    put_frame(1, 2, 3, 4);
    size_t second = size;
    put_stack(2, 2);
    put_frame(5, 6, 7, 8);
    for (int i = 0; i < place; i++)
        put(1);
    if (_i % 3 < 2) { /* too long; else nothing is left */
        memset(bytes + size, 0xff, 10);
        bytes[size + 10] = 1;
        size += 11;
    }
    if (_i % 3 == 0)
        for (int i = 0; i < 100; i++)
            put(1);
    ck_assert_int_eq(add(), TR_E_CORRUPT);
    ck_assert_uint_eq(err.error.offset, 1000 + second);
    ck_assert_msg(strstr(err.message, names[place]) != NULL, "%s", err.message);
}
END_TEST

START_TEST(test_handles)
{
    tr_stack none = {NULL, 0}, empty = {tables, 0}, beyond = {tables, 5};
    tr_frame f;
    ck_assert(!tr_stack_present(none));
    ck_assert(tr_stack_present(empty));
    ck_assert(tr_stack_equal(none, none));
    ck_assert(!tr_stack_equal(none, empty));
    ck_assert(tr_stack_equal(empty, empty));
    ck_assert(!tr_stack_equal(empty, beyond));
    ck_assert_uint_eq(tr_stack_frame_count(none), 0);
    ck_assert_uint_eq(tr_stack_frame_count(empty), 0);
    ck_assert_uint_eq(tr_stack_frame_count(beyond), 0);
    ck_assert_int_eq(tr_stack_frame(none, 0, &f), TR_E_MISUSE);
    ck_assert_int_eq(tr_stack_frame(empty, 0, &f), TR_E_MISUSE);
    begin(TRI_EV_Stacks);
    put_stack(1, 1);
    put_frame(1, 0, 0, 0);
    ck_assert_int_eq(add(), TR_OK);
    tr_stack one = {tables, 1};
    ck_assert_int_eq(tr_stack_frame(one, 0, NULL), TR_E_MISUSE);
    ck_assert_int_eq(tr_stack_frame(one, 1, &f), TR_E_MISUSE);
    ck_assert_int_eq(tr_stack_frame(one, UINT32_MAX, &f), TR_E_MISUSE);
    ck_assert_int_eq(tr_stack_frame(one, 0, &f), TR_OK);
}
END_TEST

START_TEST(test_check_finds_missing_strings)
{
    bool file = _i == 1;
    begin(TRI_EV_Strings);
    put_string(1, "one", 3);
    put_string(3, "three", 5); /* 2 is missing, so not every id up to 3 exists */
    ck_assert_int_eq(add(), TR_OK);
    begin(TRI_EV_Stacks);
    put_stack(1, 1);
    put_frame(5, 1, 3, 0);
    size_t second = size;
    put_stack(2, 1);
    put_frame(6, file ? 1 : 2, file ? 2 : 1, 0);
    ck_assert_int_eq(add(), TR_OK);
    ck_assert_int_eq(tri_tables_check_stacks(tables, &err), TR_E_CORRUPT);
    ck_assert_uint_eq(err.error.offset, 1000 + second);
    ck_assert_int_eq(err.error.event_type, TRI_EV_Stack);
}
END_TEST

/* Threads that ask for frames at the same time get the same ones. */
static atomic_int waiting;

static void *ask_for_frames(void *user)
{
    (void)user;
    atomic_fetch_sub(&waiting, 1);
    while (atomic_load(&waiting) > 0)
        ;
    return (void *)tri_tables_frames(tables);
}

START_TEST(test_frames_from_threads)
{
    for (int round = 0; round < 50; round++) {
        pthread_t threads[2];
        void *have;
        begin(TRI_EV_Stacks);
        for (uint64_t i = 1; i <= 3000; i++) {
            put_stack(i, 2);
            put_frame(i, 0, 0, i);
            put_frame(i % 50 + 10000, 0, 0, i);
        }
        ck_assert_int_eq(add(), TR_OK);
        atomic_store(&waiting, 3);
        for (int i = 0; i < 2; i++)
            ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_for_frames, NULL), 0);
        const void *all = ask_for_frames(NULL);
        for (int i = 0; i < 2; i++) {
            pthread_join(threads[i], &have);
            ck_assert_ptr_eq(have, all);
        }
        ck_assert_uint_eq(tri_tables_frames(tables)->pc_count, 3050);
        teardown(); /* nothing that was made twice is left */
        setup();
    }
}
END_TEST

START_TEST(test_references)
{
    begin(TRI_EV_Strings);
    put_string(1, "kept", 4);
    ck_assert_int_eq(add(), TR_OK);
    tr_tables_ref(tables);
    tr_tables_ref(NULL);
    tr_tables_unref(tables);
    tr_tables_unref(NULL);
    check_string(1, "kept", 4); /* there is one left */
}
END_TEST

/* Ids against a plain list: dense ones, far ones, in any order. */
START_TEST(test_ids)
{
    enum { N = 5000 };
    static uint64_t added[N];
    struct tri_ids ids;
    tri_ids_init(&ids, mem, 77);
    uint64_t random = (uint64_t)_i + 1;
    uint64_t before = tri_mem_used(mem);
    uint32_t count = 0;
    for (int i = 0; i < N; i++) {
        random_next(&random);
        uint64_t id = _i == 0   ? (uint64_t)i + 1        /* as a trace has them */
                      : _i == 1 ? (uint64_t)(N - i)      /* backwards */
                      : _i == 2 ? random % 8000 + 1      /* with gaps, and twice */
                      : _i == 3 ? random | 1             /* anywhere */
                                : (uint64_t)i * 150 + 1; /* in leaps */
        uint32_t place = 0;
        for (uint32_t k = 0; k < count && _i > 1 && !place; k++)
            if (added[k] == id)
                place = k + 1;
        if (tri_ids_get(&ids, id) != place)
            ck_abort_msg("%llu has another place", (unsigned long long)id);
        if (place)
            continue;
        if (!tri_ids_add(&ids, id))
            ck_abort_msg("no memory");
        added[count++] = id;
        if (tri_ids_get(&ids, id) != count)
            ck_abort_msg("%llu has no place", (unsigned long long)id);
    }
    uint64_t max = 0;
    for (uint32_t k = 0; k < count; k++) {
        if (tri_ids_get(&ids, added[k]) != k + 1)
            ck_abort_msg("%llu has another place at the end", (unsigned long long)added[k]);
        max = added[k] > max ? added[k] : max;
    }
    ck_assert_uint_eq(tri_ids_get(&ids, 0), 77);
    ck_assert_uint_eq(tri_ids_get(&ids, max + 1), 0);
    ck_assert_uint_eq(ids.count, count);
    ck_assert_int_eq(tri_ids_gapless(&ids), _i < 2);
    ck_assert_int_eq(ids.sparse.used == 0, _i < 3); /* no more than there must be */
    /* Memory goes with their number, not with their size. */
    ck_assert_uint_lt(tri_mem_used(mem), 60u * N + 10000);
    ck_assert_uint_eq(tri_mem_used(mem), before + tri_ids_memory(&ids));
    tri_ids_free(&ids);
    ck_assert_uint_eq(tri_ids_get(&ids, 0), 77);
    ck_assert_uint_eq(tri_ids_get(&ids, max), 0);
    ck_assert_uint_eq(tri_mem_used(mem), before);
}
END_TEST

START_TEST(test_ids_without_gaps)
{
    struct tri_ids ids;
    tri_ids_init(&ids, mem, 0);
    ck_assert(tri_ids_gapless(&ids));
    ck_assert(tri_ids_add(&ids, 2));
    ck_assert(!tri_ids_gapless(&ids));
    ck_assert(tri_ids_add(&ids, 1));
    ck_assert(tri_ids_gapless(&ids));
    ck_assert(tri_ids_add(&ids, UINT64_MAX));
    ck_assert(!tri_ids_gapless(&ids));
    tri_ids_free(&ids);
}
END_TEST

/* Go's Time(float64(ticks) * nsPerTick), on amd64. */
START_TEST(test_ticks)
{
    ck_assert_int_eq(tri_tables_ns(1.0, 0), 0);
    ck_assert_int_eq(tri_tables_ns(64.0, 3), 192);
    ck_assert_int_eq(tri_tables_ns(0.3, 9), 2); /* cut off: 2.7 */
    ck_assert_int_eq(tri_tables_ns(1.0, UINT64_C(9007199254740993)), INT64_C(9007199254740992));
    ck_assert_int_eq(tri_tables_ns(1.0, UINT64_C(9223372036854774784)),
                     INT64_C(9223372036854774784));
    /* What does not fit is the smallest number. */
    ck_assert_int_eq(tri_tables_ns(1.0, UINT64_C(1) << 63), INT64_MIN);
    ck_assert_int_eq(tri_tables_ns(1.0, INT64_MAX), INT64_MIN); /* as a double it is 2^63 */
    ck_assert_int_eq(tri_tables_ns(1e30, 1), INT64_MIN);
    ck_assert_int_eq(tri_tables_ns((double)INFINITY, 1), INT64_MIN);
    ck_assert_int_eq(tri_tables_ns((double)INFINITY, 0), INT64_MIN); /* not a number */
}
END_TEST

START_TEST(test_frequency)
{
    begin(TRI_EV_Frequency);
    put(15625000);
    ck_assert_int_eq(add(), TR_OK);
    ck_assert(tables->has_frequency && !tables->has_clock);
    ck_assert(tables->ns_per_tick == 64.0);
}
END_TEST

START_TEST(test_frequency_0)
{
    begin(TRI_EV_Frequency);
    put(0);
    ck_assert_int_eq(add(), TR_OK);
    ck_assert(isinf(tables->ns_per_tick));
}
END_TEST

/* dt, monotonic, seconds, nanoseconds; time.Unix carries over. */
START_TEST(test_clock)
{
    static const struct {
        uint64_t v[4];
        uint64_t ticks;
        int64_t sec, nsec;
    } cases[] = {
        {{5, 6, 7, 8}, 105, 7, 8},
        {{0, UINT64_MAX, 1700000000, 999999999}, 100, 1700000000, 999999999},
        {{1, 0, 7, 1000000000}, 101, 8, 0},
        {{1, 0, 7, 2500000000}, 101, 9, 500000000},
        {{1, 0, 7, (uint64_t)-1}, 101, 6, 999999999},
        {{1, 0, 7, (uint64_t)-1000000000}, 101, 6, 0},
        {{1, 0, 7, (uint64_t)-2500000001}, 101, 4, 499999999},
        {{1, 0, (uint64_t)-5, 1}, 101, -5, 1},
        {{(uint64_t)-1, 0, 0, 0}, 99, 0, 0}, /* ticks wrap */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(TRI_EV_Sync);
        put(TRI_EV_ClockSnapshot);
        for (int k = 0; k < 4; k++)
            put(cases[i].v[k]);
        put(TRI_EV_Frequency);
        put(1000000000);
        ck_assert_int_eq(add(), TR_OK);
        ck_assert(tables->has_frequency && tables->has_clock);
        ck_assert_uint_eq(tables->clock_ticks, cases[i].ticks);
        ck_assert_uint_eq(tables->clock.mono_ns, cases[i].v[1]);
        ck_assert_int_eq(tables->clock.wall_sec, cases[i].sec);
        ck_assert_int_eq(tables->clock.wall_nsec, cases[i].nsec);
        teardown();
        setup();
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gen/tables");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, test_strings);
    tcase_add_test(all, test_place_of_an_error);
    tcase_add_test(all, test_frames);
    tcase_add_test(all, test_frames_of_all_sizes);
    tcase_add_loop_test(all, test_broken_frames, 0, 12);
    tcase_add_test(all, test_handles);
    tcase_add_loop_test(all, test_check_finds_missing_strings, 0, 2);
    tcase_add_test(all, test_frames_from_threads);
    tcase_add_test(all, test_references);
    tcase_add_loop_test(all, test_ids, 0, 5);
    tcase_add_test(all, test_ids_without_gaps);
    tcase_add_test(all, test_ticks);
    tcase_add_test(all, test_frequency);
    tcase_add_test(all, test_frequency_0);
    tcase_add_test(all, test_clock);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
