/* Tests the analyses on events that no reader gives: a script of them stands in for
 * the reader, so that each rule of the definitions shows by itself. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracereader/analysis.h"

static tr_status fake_next(tr_reader *r, const tr_event **out);
static tr_status fake_frame(tr_stack stack, uint32_t i, tr_frame *out);
static uint32_t fake_frame_count(tr_stack stack);
static int64_t fake_stack_number(tr_stack stack);
static unsigned fake_version(const tr_reader *r);
static uint64_t fake_number(const tr_reader *r);
static uint64_t fake_size(const tr_reader *r);

/* The analyses are compiled into this program with the script's functions. */
#define tr_reader_next fake_next
#define tr_stack_frame fake_frame
#define tr_stack_frame_count fake_frame_count
#define tr_stack_number fake_stack_number
#define tr_reader_version fake_version
#define tr_reader_bytes_read fake_number
#define tr_reader_size fake_size
#define tr_reader_generation_count fake_number
#include "analysis/blocking.c"
#include "analysis/info.c"
#include "analysis/tasks.c"

static tr_event script[64];
static size_t script_count;
static size_t script_at;
static tr_status script_end;
static int frames_resolved;

/* Stands for any reader: its content is never looked at. */
static char reader_memory;
#define READER ((tr_reader *)(void *)&reader_memory)
static char tables_memory[2];
#define TABLES(i) ((const tr_tables *)(void *)&tables_memory[i])

static tr_status fake_next(tr_reader *r, const tr_event **out)
{
    (void)r;
    *out = &script[script_at];
    if (script_at == script_count)
        return script_end;
    script_at++;
    return TR_OK;
}

/* Stack n has function "Fn" of the tables at hand, stack 9 has no frame. */
static const char *generation_names = "AB";

static uint32_t fake_frame_count(tr_stack stack)
{
    return stack.tables && stack.id != 9;
}

static tr_status fake_frame(tr_stack stack, uint32_t i, tr_frame *out)
{
    static char name[8];
    if (i >= fake_frame_count(stack))
        return TR_E_MISUSE;
    frames_resolved++;
    snprintf(name, sizeof name, "%c%u", generation_names[stack.tables == TABLES(1)],
             (unsigned)stack.id);
    memset(out, 0, sizeof *out);
    out->func.ptr = name;
    out->func.len = strlen(name);
    return TR_OK;
}

static int64_t fake_stack_number(tr_stack stack)
{
    return stack.tables ? stack.id + (stack.tables == TABLES(1) ? 100 : 0) : TR_NONE;
}

static unsigned fake_version(const tr_reader *r)
{
    (void)r;
    return 26;
}

static uint64_t fake_number(const tr_reader *r)
{
    (void)r;
    return 7;
}

static uint64_t script_size; /* of the trace */

static uint64_t fake_size(const tr_reader *r)
{
    (void)r;
    return script_size;
}

static void begin_script(void)
{
    script_size = UINT64_MAX;
    memset(script, 0, sizeof script);
    script_count = script_at = 0;
    script_end = TR_END;
    frames_resolved = 0;
}

static tr_event *add(int64_t time_ns, tr_kind kind)
{
    tr_event *ev = &script[script_count++];
    ev->kind = kind;
    ev->time_ns = time_ns;
    ev->thread = ev->proc = ev->goroutine = TR_NONE;
    return ev;
}

static tr_event *go(int64_t time_ns, int64_t id, tr_state from, tr_state to, const char *reason)
{
    tr_event *ev = add(time_ns, TR_KIND_STATE_TRANSITION);
    ev->transition.resource = TR_RESOURCE_GOROUTINE;
    ev->transition.id = id;
    ev->transition.from = from;
    ev->transition.to = to;
    ev->transition.reason.ptr = reason;
    ev->transition.reason.len = strlen(reason);
    return ev;
}

static tr_blocking *read_script(tr_blocking_by by, uint64_t at_once)
{
    tr_status s;
    tr_blocking *b = tr_blocking_new(by);
    ck_assert_ptr_nonnull(b);
    script_at = 0;
    while ((s = tr_blocking_read(b, READER, at_once)) == TR_OK)
        ;
    ck_assert_int_eq(s, script_end);
    ck_assert_uint_eq(tr_blocking_row_count(b), 0);
    ck_assert_ptr_null(tr_blocking_row_at(b, 0));
    ck_assert_int_eq(tr_blocking_finish(b), TR_OK);
    ck_assert_int_eq(tr_blocking_finish(b), TR_E_MISUSE);
    ck_assert_int_eq(tr_blocking_read(b, READER, 0), TR_E_MISUSE);
    return b;
}

static void check_row(const tr_blocking *b, size_t i, const char *key, uint64_t count,
                      uint64_t total_ns, uint64_t open)
{
    const tr_blocking_row *row = tr_blocking_row_at(b, i);
    ck_assert_ptr_nonnull(row);
    ck_assert_uint_eq(row->key.len, strlen(key));
    ck_assert_mem_eq(row->key.ptr, key, row->key.len);
    ck_assert_uint_eq(row->count, count);
    ck_assert_uint_eq(row->total_ns, total_ns);
    ck_assert_uint_eq(row->open, open);
}

START_TEST(test_blocking_rules)
{
    tr_blocking *b;

    begin_script();
    add(1, TR_KIND_SYNC);
    /* Waiting from the start: not counted, nor is its end. */
    go(10, 1, TR_GO_UNDETERMINED, TR_GO_WAITING, "");
    go(15, 1, TR_GO_WAITING, TR_GO_RUNNABLE, "");
    go(20, 1, TR_GO_RUNNABLE, TR_GO_RUNNING, "");
    go(100, 1, TR_GO_RUNNING, TR_GO_WAITING, "select");
    /* A new generation says it again: that ends nothing. */
    add(110, TR_KIND_SYNC);
    go(120, 1, TR_GO_WAITING, TR_GO_WAITING, "");
    /* Of a system call, and a proc of the same number: not a goroutine. */
    go(130, 2, TR_GO_SYSCALL, TR_GO_WAITING, "network");
    go(140, 1, TR_GO_RUNNING, TR_GO_WAITING, "")->transition.resource = TR_RESOURCE_PROC;
    go(150, 1, TR_GO_WAITING, TR_GO_SYSCALL, "");
    /* Created waiting, or from runnable: no executing state. */
    go(160, 3, TR_GO_NOT_EXIST, TR_GO_WAITING, "");
    go(170, 4, TR_GO_RUNNABLE, TR_GO_WAITING, "");
    go(200, 5, TR_GO_RUNNING, TR_GO_WAITING, "select");
    /* Salvaged: one that is created while it waits is another one then. */
    go(210, 6, TR_GO_RUNNING, TR_GO_WAITING, "sleep");
    go(213, 6, TR_GO_NOT_EXIST, TR_GO_RUNNABLE, "");
    add(300, TR_KIND_SYNC);
    for (uint64_t at_once = 0; at_once < 4; at_once++) {
        b = read_script(TR_BLOCKING_BY_REASON, at_once);
        ck_assert_uint_eq(tr_blocking_count(b), 4);
        ck_assert_uint_eq(tr_blocking_row_count(b), 3);
        check_row(b, 0, "select", 2, 50 + 100, 1);
        check_row(b, 1, "network", 1, 170, 1);
        check_row(b, 2, "sleep", 1, 3, 0);
        ck_assert_ptr_null(tr_blocking_row_at(b, 3));
        ck_assert_double_eq(tr_blocking_row_at(b, 0)->count_share, 2.0 / 4);
        ck_assert_double_eq(tr_blocking_row_at(b, 0)->time_share, 150.0 / 323);
        ck_assert_int_eq(tr_blocking_row_at(b, 0)->goroutine, TR_NONE);
        tr_blocking_free(b);
    }

    b = read_script(TR_BLOCKING_BY_GOROUTINE, 0);
    ck_assert_uint_eq(tr_blocking_row_count(b), 4);
    check_row(b, 0, "", 1, 170, 1);
    ck_assert_int_eq(tr_blocking_row_at(b, 0)->goroutine, 2);
    check_row(b, 1, "", 1, 100, 1);
    ck_assert_int_eq(tr_blocking_row_at(b, 1)->goroutine, 5);
    check_row(b, 2, "", 1, 50, 0);
    ck_assert_int_eq(tr_blocking_row_at(b, 2)->goroutine, 1);
    check_row(b, 3, "", 1, 3, 0);
    ck_assert_int_eq(tr_blocking_row_at(b, 3)->goroutine, 6);
    tr_blocking_free(b);
}
END_TEST

/* The counts without the times, of a trace whose waits need not end. */
START_TEST(test_blocking_only_count)
{
    begin_script();
    go(10, 1, TR_GO_RUNNING, TR_GO_WAITING, "select");
    go(20, 2, TR_GO_SYSCALL, TR_GO_WAITING, "network");
    go(30, 1, TR_GO_RUNNING, TR_GO_WAITING, "select");
    go(40, 1, TR_GO_WAITING, TR_GO_WAITING, "");
    go(50, 1, TR_GO_WAITING, TR_GO_RUNNING, "");
    tr_blocking *b = tr_blocking_new(TR_BLOCKING_BY_REASON);
    tr_blocking_only_count(b);
    ck_assert_int_eq(tr_blocking_read(b, READER, 0), script_end);
    ck_assert_uint_eq(b->waits.count, 0);
    ck_assert_int_eq(tr_blocking_finish(b), TR_OK);
    ck_assert_uint_eq(tr_blocking_count(b), 3);
    ck_assert_uint_eq(tr_blocking_row_count(b), 2);
    check_row(b, 0, "select", 2, 0, 0);
    check_row(b, 1, "network", 1, 0, 0);
    ck_assert(tr_blocking_row_at(b, 0)->count_share == 2.0 / 3);
    ck_assert(isnan(tr_blocking_row_at(b, 0)->time_share));
    tr_blocking_free(b);
}
END_TEST

/* One goroutine's is what of the others' is its own: to the last event, whosever that is. */
START_TEST(test_blocking_only_goroutine)
{
    begin_script();
    go(10, 1, TR_GO_RUNNING, TR_GO_WAITING, "select");
    go(20, 2, TR_GO_RUNNING, TR_GO_WAITING, "select");
    go(30, 1, TR_GO_WAITING, TR_GO_RUNNING, "");
    go(40, 1, TR_GO_RUNNING, TR_GO_WAITING, "network");
    go(70, 2, TR_GO_WAITING, TR_GO_RUNNABLE, "");
    tr_blocking *b = tr_blocking_new(TR_BLOCKING_BY_REASON);
    tr_blocking_only_goroutine(b, 1);
    ck_assert_int_eq(tr_blocking_read(b, READER, 0), script_end);
    ck_assert_int_eq(tr_blocking_finish(b), TR_OK);
    ck_assert_uint_eq(tr_blocking_count(b), 2);
    ck_assert_uint_eq(tr_blocking_row_count(b), 2);
    check_row(b, 0, "network", 1, 30, 1);
    check_row(b, 1, "select", 1, 20, 0);
    ck_assert(tr_blocking_row_at(b, 0)->count_share == 0.5);
    tr_blocking_free(b);
}
END_TEST

START_TEST(test_blocking_of_an_error)
{
    tr_blocking *b;
    begin_script();
    script_end = TR_E_CORRUPT;
    go(10, 1, TR_GO_RUNNING, TR_GO_WAITING, "sleep");
    add(40, TR_KIND_METRIC);
    b = read_script(TR_BLOCKING_BY_REASON, 0);
    check_row(b, 0, "sleep", 1, 30, 1);
    tr_blocking_free(b);
}
END_TEST

START_TEST(test_blocking_of_nothing)
{
    tr_blocking *b;
    begin_script();
    b = read_script(TR_BLOCKING_BY_REASON, 0);
    ck_assert_uint_eq(tr_blocking_count(b), 0);
    ck_assert_uint_eq(tr_blocking_row_count(b), 0);
    tr_blocking_free(b);

    /* Blocked, but for no time. */
    go(10, 1, TR_GO_RUNNING, TR_GO_WAITING, "");
    b = read_script(TR_BLOCKING_BY_REASON, 0);
    check_row(b, 0, "", 1, 0, 1);
    ck_assert(tr_blocking_row_at(b, 0)->count_share == 1.0);
    ck_assert(isnan(tr_blocking_row_at(b, 0)->time_share));
    tr_blocking_free(b);

    tr_blocking_free(NULL);
    ck_assert_ptr_null(tr_blocking_new((tr_blocking_by)17));
    ck_assert_int_eq(tr_blocking_read(NULL, READER, 0), TR_E_MISUSE);
    ck_assert_int_eq(tr_blocking_finish(NULL), TR_E_MISUSE);
}
END_TEST

/* Rows come by count, then time, then key: bytes without sign, the shorter first. */
START_TEST(test_blocking_order)
{
    static const char *const keys[] = {"b", "a\xff", "a", "ab", ""};
    tr_blocking *b;
    begin_script();
    for (int i = 0; i < 5; i++) {
        go(100 * i, i, TR_GO_RUNNING, TR_GO_WAITING, keys[i]);
        go(100 * i + 10, i, TR_GO_WAITING, TR_GO_RUNNABLE, "");
    }
    go(1000, 1, TR_GO_RUNNING, TR_GO_WAITING, "long");
    go(2000, 1, TR_GO_WAITING, TR_GO_NOT_EXIST, "");
    b = read_script(TR_BLOCKING_BY_REASON, 0);
    check_row(b, 0, "long", 1, 1000, 0);
    check_row(b, 1, "", 1, 10, 0);
    check_row(b, 2, "a", 1, 10, 0);
    check_row(b, 3, "ab", 1, 10, 0);
    check_row(b, 4, "a\xff", 1, 10, 0);
    check_row(b, 5, "b", 1, 10, 0);
    tr_blocking_free(b);
}
END_TEST

static void block_at(int64_t time_ns, int tables, uint32_t stack)
{
    tr_event *ev = go(time_ns, 1, TR_GO_RUNNING, TR_GO_WAITING, "x");
    ev->transition.stack.tables = tables < 0 ? NULL : TABLES(tables);
    ev->transition.stack.id = stack;
    go(time_ns + 1, 1, TR_GO_WAITING, TR_GO_RUNNABLE, "");
}

/* A stack's number means another stack in each generation, also where its tables
 * come to lie at the same address. */
START_TEST(test_blocking_by_function)
{
    tr_blocking *b;
    begin_script();
    add(0, TR_KIND_SYNC);
    block_at(10, 0, 1);
    block_at(20, 0, 1);
    block_at(30, 0, 1);
    block_at(40, 0, 2);
    block_at(50, 0, 9);
    block_at(60, -1, 0);
    block_at(70, 1, 1);
    b = read_script(TR_BLOCKING_BY_FUNCTION, 0);
    ck_assert_int_eq(frames_resolved, 3);
    ck_assert_uint_eq(tr_blocking_row_count(b), 4);
    check_row(b, 0, "A1", 3, 3, 0);
    check_row(b, 1, "", 2, 2, 0);
    check_row(b, 2, "A2", 1, 1, 0);
    check_row(b, 3, "B1", 1, 1, 0);
    tr_blocking_free(b);

    begin_script();
    block_at(10, 0, 1);
    add(20, TR_KIND_SYNC);
    b = tr_blocking_new(TR_BLOCKING_BY_FUNCTION);
    ck_assert_int_eq(tr_blocking_read(b, READER, 3), TR_OK);
    generation_names = "CD";
    block_at(30, 0, 1);
    ck_assert_int_eq(tr_blocking_read(b, READER, 0), TR_END);
    generation_names = "AB";
    ck_assert_int_eq(tr_blocking_finish(b), TR_OK);
    check_row(b, 0, "A1", 1, 1, 0);
    check_row(b, 1, "C1", 1, 1, 0);
    tr_blocking_free(b);
}
END_TEST

START_TEST(test_info)
{
    tr_info *info = tr_info_new();
    const tr_info_summary *s = tr_info_get(info);
    tr_event *ev;

    begin_script();
    add(2000000000, TR_KIND_METRIC)->thread = 5;
    ev = add(2000000001, TR_KIND_SYNC);
    ev->sync.has_clock = 1;
    ev->sync.clock.trace_ns = 2000000005;
    ev->sync.clock.wall_sec = 100;
    ev->sync.clock.wall_nsec = 3;
    go(2000000002, 1, TR_GO_RUNNING, TR_GO_WAITING, "")->thread = 6;
    go(2000000003, 64, TR_GO_RUNNING, TR_GO_WAITING, "")->thread = 5;
    go(2000000004, 1, TR_GO_WAITING, TR_GO_RUNNABLE, "");
    go(2000000005, 1, TR_GO_WAITING, TR_GO_RUNNABLE, "")->transition.resource = TR_RESOURCE_PROC;
    /* What a salvaged trace does not know any more is none. */
    go(2000000005, TR_NONE, TR_GO_WAITING, TR_GO_RUNNABLE, "")->thread = TR_NONE;
    go(2000000005, TR_NONE, TR_GO_WAITING, TR_GO_RUNNABLE, "")->transition.resource =
        TR_RESOURCE_PROC;
    ev = add(2000000006, TR_KIND_SYNC);
    ev->sync.has_clock = 1;
    ev->sync.clock.wall_sec = 7777;

    ck_assert_int_eq(tr_info_read(info, READER, 3), TR_OK);
    ck_assert_int_eq(s->complete, 0);
    ck_assert_uint_eq(s->events, 3);
    ck_assert_uint_eq(s->bytes, 7);
    script_size = 99; /* where it is known, that is it, however much was read */
    ck_assert_int_eq(tr_info_read(info, READER, 0), TR_END);
    ck_assert_int_eq(s->complete, 1);
    ck_assert_uint_eq(s->version, 26);
    ck_assert_uint_eq(s->bytes, 99);
    ck_assert_uint_eq(s->generations, 7);
    ck_assert_uint_eq(s->events, 9);
    ck_assert_int_eq(s->start_ns, 2000000000);
    ck_assert_int_eq(s->end_ns, 2000000006);
    ck_assert_int_eq(s->has_wall, 1);
    ck_assert_int_eq(s->wall_start_sec, 99);
    ck_assert_int_eq(s->wall_start_nsec, 999999998);
    ck_assert_uint_eq(s->kinds[TR_KIND_SYNC], 2);
    ck_assert_uint_eq(s->kinds[TR_KIND_STATE_TRANSITION], 6);
    ck_assert_uint_eq(s->kinds[TR_KIND_METRIC], 1);
    ck_assert_uint_eq(s->goroutines, 2);
    ck_assert_uint_eq(s->threads, 2);
    ck_assert_uint_eq(s->procs, 1);
    tr_info_free(info);
    tr_info_free(NULL);
}
END_TEST

/* Against an array: what is in, with removals that leave no holes in searches. */
/* The wall clock at the first event, where the clocks were read before it, or after. */
START_TEST(test_info_wall)
{
    static const struct {
        int64_t trace_ns, wall_nsec, start_sec, start_nsec;
    } cases[] = {
        {2000000000, 7, 100, 7},         {1999999999, 999999998, 100, 999999999},
        {1999999999, 999999999, 101, 0}, {500000000, 999999999, 102, 499999999},
        {2000000001, 0, 99, 999999999},  {4500000000, 500000000, 98, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tr_info *info = tr_info_new();
        begin_script();
        tr_event *ev = add(2000000000, TR_KIND_SYNC);
        ev->sync.has_clock = 1;
        ev->sync.clock.trace_ns = cases[i].trace_ns;
        ev->sync.clock.wall_sec = 100;
        ev->sync.clock.wall_nsec = cases[i].wall_nsec;
        ck_assert_int_eq(tr_info_read(info, READER, 0), TR_END);
        ck_assert_int_eq(tr_info_get(info)->wall_start_sec, cases[i].start_sec);
        ck_assert_int_eq(tr_info_get(info)->wall_start_nsec, cases[i].start_nsec);
        tr_info_free(info);
    }
}
END_TEST

START_TEST(test_map)
{
    enum { KEYS = 3000, STEPS = 200000 };
    static uint64_t value_of[KEYS];
    struct tri_analysis_map m = {NULL, 0, 0, 0};
    uint64_t random = 12345;
    size_t count = 0;

    ck_assert_ptr_null(tri_analysis_map_find(&m, 1));
    tri_analysis_map_clear(&m);
    for (int step = 0; step < STEPS; step++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint64_t i = (random >> 33) % KEYS;
        uint64_t key = i % 3 == 0 ? i : i << 40; /* both dense and spread */
        struct tri_analysis_slot *slot = tri_analysis_map_find(&m, key);
        ck_assert_int_eq(slot != NULL, value_of[i] != 0);
        if (slot) {
            ck_assert_uint_eq(slot->value, value_of[i]);
            tri_analysis_map_remove(&m, slot);
            value_of[i] = 0;
            count--;
        } else {
            slot = tri_analysis_map_insert(&m, key);
            ck_assert_ptr_nonnull(slot);
            ck_assert_uint_eq(slot->value, 0);
            slot->value = value_of[i] = random | 1;
            count++;
        }
        ck_assert_uint_eq(m.count, count);
    }
    tri_analysis_map_clear(&m);
    ck_assert_ptr_null(tri_analysis_map_find(&m, 0));
    tri_analysis_map_free(&m);
}
END_TEST

/* Stacks with the same frames are one row, with the number of the first. */
START_TEST(test_blocking_by_stack)
{
    tr_blocking *b;
    begin_script();
    add(0, TR_KIND_SYNC);
    block_at(10, 0, 1);
    block_at(20, 0, 2);
    block_at(30, 0, 1);
    block_at(40, 0, 9);
    block_at(50, -1, 0);
    add(60, TR_KIND_SYNC);
    generation_names = "AA"; /* the next one's have the same names */
    block_at(70, 1, 1);
    b = read_script(TR_BLOCKING_BY_STACK, 0);
    ck_assert_uint_eq(tr_blocking_row_count(b), 3);
    check_row(b, 0, "A1\n\t:0\n", 3, 3, 0);
    ck_assert_int_eq(tr_blocking_row_at(b, 0)->stack, 1);
    check_row(b, 1, "", 2, 2, 0);
    check_row(b, 2, "A2\n\t:0\n", 1, 1, 0);
    ck_assert_int_eq(tr_blocking_row_at(b, 2)->stack, 2);
    tr_blocking_free(b);
    generation_names = "AB";
}
END_TEST

static void region(int64_t time_ns, tr_kind kind, int64_t goroutine, uint64_t task)
{
    tr_event *ev = add(time_ns, kind);
    ev->goroutine = goroutine;
    ev->region.task = task;
    ev->region.type.ptr = "";
}

static void block_of(int64_t time_ns, int64_t goroutine)
{
    go(time_ns, goroutine, TR_GO_RUNNING, TR_GO_WAITING, "x");
    go(time_ns + 1, goroutine, TR_GO_WAITING, TR_GO_RUNNABLE, "");
}

static void create(int64_t time_ns, int64_t creator, int64_t goroutine, uint32_t stack)
{
    tr_event *ev = go(time_ns, goroutine, TR_GO_NOT_EXIST, TR_GO_RUNNABLE, "");
    ev->goroutine = creator;
    ev->transition.stack.tables = TABLES(0);
    ev->transition.stack.id = stack;
}

/* The region begun last decides; who is created in one inherits its task, but not a
 * goroutine of the runtime's own (here: one without a frame). */
START_TEST(test_blocking_by_task)
{
    tr_blocking *b;
    begin_script();
    block_of(10, 1); /* 0 */
    region(20, TR_KIND_REGION_BEGIN, 1, 7);
    block_of(30, 1); /* 7 */
    region(40, TR_KIND_REGION_BEGIN, 1, 8);
    block_of(50, 1);     /* 8 */
    create(60, 1, 2, 1); /* inherits 8 */
    create(61, 1, 3, 9);
    block_of(70, 2); /* 8 */
    block_of(80, 3); /* 0 */
    region(90, TR_KIND_REGION_END, 1, 8);
    block_of(100, 1); /* 7 */
    go(110, 1, TR_GO_RUNNING, TR_GO_NOT_EXIST, "");
    block_of(120, 1); /* 0: another one */
    region(130, TR_KIND_REGION_END, 3, 5);
    block_of(140, 3); /* 0 */
    /* Salvaged: what is created again is another one. */
    region(150, TR_KIND_REGION_BEGIN, 3, 7);
    go(160, 3, TR_GO_NOT_EXIST, TR_GO_RUNNABLE, "");
    block_of(170, 3); /* 0 */
    b = read_script(TR_BLOCKING_BY_TASK, 0);
    ck_assert_uint_eq(tr_blocking_row_count(b), 3);
    check_row(b, 0, "", 5, 5, 0);
    ck_assert_uint_eq(tr_blocking_row_at(b, 0)->task, TR_BACKGROUND_TASK);
    check_row(b, 1, "", 2, 2, 0);
    ck_assert_uint_eq(tr_blocking_row_at(b, 1)->task, 7);
    check_row(b, 2, "", 2, 2, 0);
    ck_assert_uint_eq(tr_blocking_row_at(b, 2)->task, 8);
    tr_blocking_free(b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("analysis");
    TCase *tc = tcase_create("analysis");
    SRunner *runner;
    int failed;

    tcase_add_test(tc, test_blocking_rules);
    tcase_add_test(tc, test_blocking_only_count);
    tcase_add_test(tc, test_blocking_only_goroutine);
    tcase_add_test(tc, test_blocking_of_an_error);
    tcase_add_test(tc, test_blocking_of_nothing);
    tcase_add_test(tc, test_blocking_order);
    tcase_add_test(tc, test_blocking_by_function);
    tcase_add_test(tc, test_blocking_by_stack);
    tcase_add_test(tc, test_blocking_by_task);
    tcase_add_test(tc, test_info);
    tcase_add_test(tc, test_info_wall);
    tcase_add_test(tc, test_map);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
