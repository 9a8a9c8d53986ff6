/* Rows: of a block's size nothing depends, all of a block are one generation's, and each
 * has the place and the references that its record has. What records do is told by the
 * cases of tests/golden/rules_order.txt. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../golden/support.h"
#include "../../golden/textform.h"
#include "../random.h"
#include "order/order.h"

/* All that a producer of rows is opened with. */
static struct {
    struct tri_mem *mem;
    struct tri_err err;
    struct tri_source source;
    struct tri_order order;
} o;

static void open_order(const uint8_t *data, size_t size, uint64_t max_goroutines)
{
    unsigned version = 0;
    struct tri_filter all;
    tri_filter_set(&all, NULL);
    o.mem = tri_mem_new(NULL);
    tri_err_init(&o.err);
    tri_source_init(&o.source, o.mem, &o.err);
    require(tri_source_open_memory(&o.source, data, size) == TR_OK &&
                tri_wire_read_header(&o.source, &version) == TR_OK,
            "no header");
    struct tri_producer_config config = {
        .mem = o.mem,
        .err = &o.err,
        .source = &o.source,
        .version = version,
        .limits = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
        .max_goroutines = max_goroutines,
        .filter = &all,
    };
    tri_order_init(&o.order, &config);
}

static void close_order(void)
{
    tri_order_close(&o.order);
    tri_source_close(&o.source);
    require(tri_mem_used(o.mem) == 0, "%zu bytes are left", (size_t)tri_mem_used(o.mem));
    tri_mem_unref(o.mem);
}

struct rows {
    struct tri_row *rows;
    size_t count, cap;
    tr_status status;
    bool slept; /* it was noted that one must wait */
};

/* `least`: of cursors, for which it is noted who must wait. */
static struct rows read_rows_noting(const struct bytes *trace, uint32_t block, uint32_t least)
{
    struct rows all = {NULL, 0, 0, TR_OK, false};
    struct tr_tables *tables;
    uint32_t count;
    open_order(trace->data, trace->size, UINT64_MAX);
    o.order.waits.least = least;
    for (;;) {
        if (all.cap - all.count < block) {
            all.cap = all.cap * 2 + block;
            all.rows = realloc(all.rows, all.cap * sizeof *all.rows);
            require(all.rows != NULL, "no memory");
        }
        all.status = tri_order_fill(&o.order, all.rows + all.count, block, &count, &tables);
        if (all.status != TR_OK)
            break;
        require(count >= 1 && count <= block, "%u rows", (unsigned)count);
        for (uint32_t i = 0; i < count; i++) {
            const struct tri_row *row = &all.rows[all.count + i];
            /* A Sync comes alone or first; the last one has no tables. */
            require(tri_row_type(row) != TRI_EV_SYNC_ROW || i == 0, "a Sync inside a block");
            require(tables || tri_row_type(row) == TRI_EV_SYNC_ROW, "a row without tables");
        }
        all.count += count;
        tr_tables_unref(tables);
    }
    require(tri_order_fill(&o.order, all.rows, block, &count, &tables) == all.status && count == 0,
            "another answer");
    all.slept = o.order.waits.waiter_cap != 0;
    close_order();
    return all;
}

static struct rows read_rows(const struct bytes *trace, uint32_t block)
{
    return read_rows_noting(trace, block, TRI_WAITS_LEAST);
}

static const char *const names[] = {"go1.26-shop",      "go1.22-generations", "go1.23-coroutines",
                                    "go1.25-gcactive",  "go1.24-cpuprofile",  "go1.26-cut-middle",
                                    "go1.23-allocfree", "go1.22-cut-middle"};

START_TEST(test_block_size)
{
    static const uint32_t blocks[] = {TRI_ORDER_ROWS_MIN, 5, 100, 256};
    struct bytes trace = load_trace(names[_i]);
    struct rows whole = read_rows(&trace, 5000);
    ck_assert_uint_gt(whole.count, 400);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        struct rows other = read_rows(&trace, blocks[i]);
        ck_assert_uint_eq(other.count, whole.count);
        ck_assert_int_eq(other.status, whole.status);
        ck_assert(memcmp(other.rows, whole.rows, whole.count * sizeof *whole.rows) == 0);
        free(other.rows);
    }
    /* Each row's record is where it says, times rise. */
    for (size_t i = 0; i < whole.count; i++) {
        const struct tri_row *row = &whole.rows[i];
        uint64_t offset = tri_row_offset(row);
        require(offset >= 16 && offset <= trace.size, "a place outside the trace");
        require(i == 0 || row->time > row[-1].time, "a time that does not rise");
        /* A switch and the end of a thread of C make rows of other types. */
        require(tri_row_type(row) == TRI_EV_SYNC_ROW || tri_row_type(row) == trace.data[offset] ||
                    trace.data[offset] == TRI_EV_GoSwitch ||
                    trace.data[offset] == TRI_EV_GoSwitchDestroy ||
                    trace.data[offset] == TRI_EV_GoDestroySyscall,
                "row %zu is not of the record at its place", i);
    }
    free(whole.rows);
    free_bytes(&trace);
}
END_TEST

/* Put the times of each thread's batches off, by ticks of 2^(7 * digit) and their
 * multiples, so that what happens waits for what comes later. */
static void skew(struct bytes *trace, uint64_t seed, int digit)
{
    for (size_t i = 16; i < trace->size;) {
        if (trace->data[i++] != TRI_EV_EventBatch) {
            if (trace->data[i - 1] == TRI_EV_EndOfGeneration)
                continue;
            if (trace->data[i - 1] != TRI_EV_ExperimentalBatch)
                return; /* broken, on purpose */
            i++;
        }
        uint64_t fields[4]; /* generation, thread, time, size */
        size_t time_at = 0;
        for (int k = 0; k < 4; k++) {
            if (k == 2)
                time_at = i;
            fields[k] = 0;
            for (unsigned bit = 0;; bit += 7) {
                if (i >= trace->size)
                    return;
                fields[k] |= (uint64_t)(trace->data[i] & 0x7f) << bit;
                if (trace->data[i++] < 0x80)
                    break;
            }
        }
        uint64_t random = (fields[1] + 1) * (seed * UINT64_C(0x9e3779b97f4a7c15) | 1);
        uint8_t *byte = &trace->data[time_at + (size_t)digit];
        if (fields[1] != UINT64_MAX && random >> 63 && byte[-digit] >= 0x80 && *byte >= 0x80)
            *byte ^= random >> 40 & 0x7f;
        i += fields[3];
    }
}

/* That it is noted who must wait, and who not yet again, is never seen in the rows. */
static struct rows read_rows_both_ways(const struct bytes *trace)
{
    struct rows tried = read_rows_noting(trace, 256, UINT32_MAX);
    struct rows noted = read_rows_noting(trace, 256, 1);
    ck_assert(!tried.slept);
    ck_assert_uint_eq(noted.count, tried.count);
    ck_assert_int_eq(noted.status, tried.status);
    ck_assert(memcmp(noted.rows, tried.rows, tried.count * sizeof *tried.rows) == 0);
    free(tried.rows);
    return noted;
}

START_TEST(test_waits)
{
    bool slept = false;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct bytes trace = load_trace(names[_i]);
        skew(&trace, seed, (int)seed % 3);
        struct rows rows = read_rows_both_ways(&trace);
        slept |= rows.slept;
        free(rows.rows);
        free_bytes(&trace);
    }
    ck_assert(slept);
}
END_TEST

static struct textform text(const char *s)
{
    struct textform t;
    bool right = textform_convert(&t, s, strlen(s));
    require(right, "line %u: %s", t.line, t.error);
    return t;
}

static const char go26[] = "Trace Go1.26\n"
                           "EventBatch gen=1 m=-1 time=0 size=auto\n"
                           "Sync\n"
                           "Frequency freq=1000000000\n"
                           "ClockSnapshot dt=1 mono=2 sec=3 nsec=4\n"
                           "EventBatch gen=1 m=-1 time=0 size=auto\n"
                           "Strings\n"
                           "String id=4\n"
                           "\tdata=\"four\"\n"
                           "EventBatch gen=1 m=-1 time=0 size=auto\n"
                           "Stacks\n"
                           "Stack id=7 nframes=0\n"
                           "EventBatch gen=1 m=1 time=1 size=auto\n"
                           "ProcStatus dt=1 p=0 pstatus=1\n"
                           "GoStatus dt=1 g=1 m=1 gstatus=2\n";

static uint32_t fill(struct tri_row *rows, struct tr_tables **tables)
{
    uint32_t count, all = 0;
    do {
        ck_assert_int_eq(tri_order_fill(&o.order, rows, 100, &count, tables), TR_OK);
        all = count;
        tr_tables_unref(*tables); /* the order holds them too */
    } while (tri_row_type(&rows[0]) == TRI_EV_SYNC_ROW);
    return all;
}

/* Goroutines change threads as it comes, and clocks go as they like, with many equal times: who
 * waits is told apart by sequence numbers only. In the end more threads than are listed want the
 * same goroutine, of which one gets it; and every other time one waits from the begin for what
 * never comes. */
START_TEST(test_waits_at_random)
{
    enum { THREADS = 3 * TRI_LISTED_MAX, GOROUTINES = 12, STEPS = 400, ROOM = 1 << 13 };
    static const char never[] = "EventBatch gen=1 m=100 time=1 size=auto\n"
                                "ProcStatus dt=0 p=100 pstatus=1\n"
                                "GoStart dt=0 g=100 g_seq=1\n";
    static char lines[THREADS][ROOM], trace[(THREADS + 1) * ROOM];
    size_t len[THREADS], all = 0;
    int runs[THREADS] = {0}, seq[GOROUTINES + 1] = {0}, on[GOROUTINES + 1] = {0};
    uint64_t random = (uint64_t)_i + 1;
#define ADD(m, ...) (len[m] += (size_t)snprintf(lines[m] + len[m], ROOM - len[m], __VA_ARGS__))
    for (int m = 0; m < THREADS; m++)
        len[m] = (size_t)snprintf(lines[m], ROOM,
                                  "EventBatch gen=1 m=%d time=%d size=auto\n"
                                  "ProcStatus dt=0 p=%d pstatus=1\n",
                                  m + 2, 2 + m % 3, m + 1);
    for (int k = 0; k < STEPS; k++) {
        int m = (int)(random_next(&random) % THREADS);
        int g = 1 + (int)(random_next(&random) % GOROUTINES), dt = (int)(random_next(&random) % 3);
        if (runs[m]) {
            on[runs[m]] = 0;
            runs[m] = 0;
            ADD(m, "GoStop dt=%d reason_string=0 stack=0\n", dt);
        } else if (!on[g]) {
            on[g] = m + 1;
            runs[m] = g;
            ADD(m, "GoStart dt=%d g=%d g_seq=%d\n", dt, g + 1, ++seq[g]);
        }
    }
    for (int m = 0; m < THREADS; m++)
        ADD(m, "%sGoStart dt=1 g=%d g_seq=1\n",
            runs[m] ? "GoStop dt=0 reason_string=0 stack=0\n" : "", GOROUTINES + 2);
    all = (size_t)snprintf(trace, sizeof trace, "%s", go26);
    for (int g = 1; g <= GOROUTINES; g++)
        all += (size_t)snprintf(trace + all, sizeof trace - all,
                                "GoStatus dt=%d g=%d m=-1 gstatus=1\n", 3 * (g % 4), g + 1);
    all += (size_t)snprintf(trace + all, sizeof trace - all,
                            "GoCreate dt=500 new_g=%d new_stack=0 stack=0\n", GOROUTINES + 2);
    for (int m = 0; m < THREADS; m++)
        all += (size_t)snprintf(trace + all, sizeof trace - all, "%s", lines[m]);
    snprintf(trace + all, sizeof trace - all, "%sEndOfGeneration\n", _i % 2 ? never : "");
    struct textform t = text(trace);
    struct bytes bytes = {t.data, t.size};
    struct rows rows = read_rows_both_ways(&bytes);
    ck_assert(rows.slept);
    ck_assert_int_eq(rows.status, TR_E_ORDER);
    ck_assert_uint_gt(rows.count, STEPS / 2);
    free(rows.rows);
    textform_free(&t);
}
END_TEST

/* What stands in a row of each shape, and what its references mean. */
START_TEST(test_rows)
{
    char trace[3000];
    struct tri_row rows[100];
    struct tr_tables *tables;
    snprintf(trace, sizeof trace, "%s%s", go26,
             "GoCreate dt=1 new_g=2 new_stack=7 stack=0\n"
             "UserTaskBegin dt=1 task=5 parent_task=0 name_string=4 stack=7\n"
             "UserLog dt=1 task=5 key_string=4 value_string=0 stack=0\n"
             "STWBegin dt=1 kind_string=4 stack=7\n"
             "GCSweepBegin dt=1 stack=0\n"
             "GCSweepEnd dt=1 swept_value=11 reclaimed_value=12\n"
             "Span dt=1 id=21 npages_value=22 kindclass=23\n"
             "UserTaskEnd dt=1 task=5 stack=0\n"
             "GoBlock dt=1 reason_string=4 stack=7\n"
             "EndOfGeneration\n");
    struct textform t = text(trace);
    open_order(t.data, t.size, 100);
    ck_assert_uint_eq(fill(rows, &tables), 11);
    for (int i = 0; i < 11; i++) {
        ck_assert_int_eq(rows[i].time, 2 + i);
        ck_assert_int_eq(rows[i].thread, 1);
        ck_assert_int_eq(tri_row_flags(&rows[i]), 0);
        ck_assert_int_eq(rows[i].proc, i == 0 ? TR_NONE : 0);
        ck_assert_int_eq(rows[i].goroutine, i < 2 ? TR_NONE : 1);
    }
    ck_assert_uint_eq(rows[0].stack, TRI_STACK_ABSENT);
    ck_assert_int_eq(rows[0].transition.from, TR_PROC_UNDETERMINED);
    ck_assert_int_eq(rows[0].transition.to, TR_PROC_RUNNING);
    /* GoCreate: stack 0 is none of its own; the new one's is there. */
    ck_assert_uint_eq(rows[2].stack, TRI_STACK_ABSENT);
    ck_assert_uint_eq(rows[2].transition.stack, 1);
    ck_assert_int_eq(rows[2].transition.id, 2);
    ck_assert_uint_eq(rows[3].stack, 1);
    ck_assert_uint_eq(rows[3].task.id, 5);
    ck_assert_uint_eq(rows[3].task.parent, TR_NO_TASK);
    ck_assert(tr_str_equal(tri_tables_string(tables, rows[3].string), "four"));
    ck_assert(tr_str_equal(tri_tables_string(tables, rows[4].string), "four"));
    ck_assert(tr_str_equal(tri_tables_string(tables, rows[4].log.message), ""));
    ck_assert_uint_eq(rows[5].range.scope_id, 1);
    ck_assert(tr_str_equal(tri_tables_string(tables, rows[5].string), "stop-the-world (four)"));
    ck_assert_uint_eq(rows[6].range.scope_id, 0);
    ck_assert_uint_eq(rows[7].sweep_end.swept, 11);
    ck_assert_uint_eq(rows[7].sweep_end.reclaimed, 12);
    ck_assert_uint_eq(rows[8].args[0], 21);
    ck_assert_uint_eq(rows[8].args[1], 22);
    ck_assert_uint_eq(rows[8].args[2], 23);
    ck_assert_uint_eq(rows[9].task.id, 5);
    ck_assert_uint_eq(rows[9].string, rows[3].string); /* known since its beginning */
    ck_assert(tr_str_equal(tri_tables_string(tables, rows[9].string), "four"));
    ck_assert_uint_eq(rows[10].stack, 1);
    ck_assert_uint_eq(rows[10].transition.stack, 1);
    ck_assert_int_eq(rows[10].transition.from, TR_GO_RUNNING);
    ck_assert_int_eq(rows[10].transition.to, TR_GO_WAITING);
    close_order();
    textform_free(&t);
}
END_TEST

/* Statuses that are shown as the same state are told apart. */
START_TEST(test_proc_status_message)
{
    char trace[3000];
    struct tri_row rows[100];
    struct tr_tables *tables;
    uint32_t count;
    snprintf(trace, sizeof trace, "%s%s", go26,
             "GoSyscallBegin dt=1 p_seq=1 stack=0\n"
             ">ProcStatus dt=1 p=0 pstatus=1\n"
             "EndOfGeneration\n");
    struct textform t = text(trace);
    open_order(t.data, t.size, 100);
    ck_assert_uint_eq(fill(rows, &tables), 3);
    ck_assert_int_eq(tri_order_fill(&o.order, rows, 100, &count, &tables), TR_E_ORDER);
    ck_assert_uint_eq(o.err.error.offset, t.mark);
    ck_assert_str_eq(o.err.error.message, "inconsistent status for proc 0: Syscall, then Running");
    close_order();
    textform_free(&t);
}
END_TEST

/* Goroutines alive at once are limited; those that ended do not count. */
START_TEST(test_goroutine_limit)
{
    static const char events[] = "GoCreate dt=1 new_g=2 new_stack=0 stack=0\n"
                                 "GoStop dt=1 reason_string=0 stack=0\n"
                                 "GoStart dt=1 g=2 g_seq=1\n"
                                 "GoDestroy dt=1\n"
                                 "GoStart dt=1 g=1 g_seq=1\n"
                                 "GoCreate dt=1 new_g=3 new_stack=0 stack=0\n"
                                 ">GoCreate dt=1 new_g=4 new_stack=0 stack=0\n"
                                 "EndOfGeneration\n";
    char trace[3000];
    struct tri_row rows[100];
    struct tr_tables *tables;
    uint32_t count;
    snprintf(trace, sizeof trace, "%s%s", go26, events);
    struct textform t = text(trace);
    open_order(t.data, t.size, _i == 0 ? 2 : 3);
    ck_assert_uint_eq(fill(rows, &tables), _i == 0 ? 8 : 9);
    ck_assert_int_eq(tri_order_fill(&o.order, rows, 100, &count, &tables),
                     _i == 0 ? TR_E_LIMIT : TR_OK);
    if (_i == 0) {
        ck_assert_int_eq(o.err.error.code, TR_E_LIMIT);
        ck_assert_uint_eq(o.err.error.offset, t.mark);
    } else {
        tr_tables_unref(tables);
    }
    close_order();
    textform_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("order/order");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, test_block_size, 0, (int)(sizeof names / sizeof *names));
    tcase_add_loop_test(all, test_waits, 0, (int)(sizeof names / sizeof *names));
    tcase_add_loop_test(all, test_waits_at_random, 0, 20);
    tcase_add_test(all, test_rows);
    tcase_add_test(all, test_proc_status_message);
    tcase_add_loop_test(all, test_goroutine_limit, 0, 2);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
