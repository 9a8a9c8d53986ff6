/* What is left of broken traces of Go 1.5 to 1.21: a whole one reads the same, of a cut one
 * all that its whole records say comes out, and then the error. */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../golden/oldtrace.h"
#include "../../golden/support.h"

enum { MAX_TRACE_BYTES = 4096 };

struct outcome {
    uint64_t events, flagged;
    uint32_t flags;                /* of all events together */
    uint8_t seen[MAX_TRACE_BYTES]; /* events at these offsets but Syncs */
    char last[1024];
    tr_status status;
    uint64_t offset; /* of the error */
    tr_salvage salvage;
};

static struct outcome strict, salvaged, whole;

static void read_trace(const void *data, size_t size, bool salvage, struct outcome *out)
{
    const tr_event *ev;
    int64_t last = INT64_MIN;
    tr_reader *r = tr_reader_new();
    memset(out, 0, sizeof *out);
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_SALVAGE, salvage), TR_OK);
    ck_assert_int_eq(tr_reader_open_memory(r, data, size), TR_OK);
    while ((out->status = tr_reader_next(r, &ev)) == TR_OK) {
        ck_assert_int_gt(ev->time_ns, last);
        last = ev->time_ns;
        ck_assert_uint_lt(ev->offset, MAX_TRACE_BYTES);
        out->events++;
        out->flags |= ev->flags;
        out->flagged += ev->flags != 0;
        if (ev->kind != TR_KIND_SYNC)
            out->seen[ev->offset] = 1;
        tr_event_text(ev, out->last, sizeof out->last);
    }
    ck_assert_int_eq(tr_reader_next(r, &ev), out->status);
    out->offset = tr_reader_error(r)->offset;
    tr_reader_salvage(r, &out->salvage);
    ck_assert_uint_eq(out->salvage.events, out->events);
    tr_reader_free(r);
}

/* Read a trace both ways; the error must be the same. */
static void read_both(const struct oldtrace *t)
{
    uint8_t *exact = malloc(t->size); /* so that reading behind it shows */
    memcpy(exact, t->data, t->size);
    read_trace(exact, t->size, false, &strict);
    read_trace(exact, t->size, true, &salvaged);
    free(exact);
    ck_assert_int_eq(salvaged.status, strict.status);
    ck_assert_uint_eq(salvaged.offset, strict.offset);
}

START_TEST(test_whole)
{
    struct oldtrace t = {0};
    old_write_all(&t, old_versions[_i]);
    read_both(&t);
    ck_assert_int_eq(salvaged.status, TR_END);
    ck_assert_uint_eq(salvaged.events, strict.events);
    ck_assert_uint_eq(salvaged.flags, 0);
    ck_assert_uint_eq(salvaged.salvage.lost_bytes, 0);
    ck_assert_str_eq(salvaged.last, strict.last);
    ck_assert_int_eq(memcmp(salvaged.seen, strict.seen, sizeof strict.seen), 0);
    old_free(&t);
}
END_TEST

/* Events of records before the error, which are those of a whole trace. */
static void check_events_up_to(uint64_t offset)
{
    for (uint64_t i = 0; i < offset; i++)
        ck_assert_msg(salvaged.seen[i] >= whole.seen[i], "an event at %" PRIu64 " is lost", i);
}

START_TEST(test_cut_anywhere)
{
    struct oldtrace t = {0};
    old_write_all(&t, old_versions[_i]);
    size_t size = t.size;
    read_trace(t.data, size, false, &whole);
    for (t.size = 16; t.size < size; t.size++) {
        read_both(&t);
        ck_assert_int_eq(salvaged.status, TR_E_TRUNCATED);
        ck_assert_uint_eq(strict.events, 0);
        ck_assert_uint_eq(salvaged.salvage.lost_bytes, t.size - salvaged.offset);
        check_events_up_to(salvaged.offset);
        /* The clock's frequency is the last record: times are ticks. */
        ck_assert_uint_eq(salvaged.salvage.raw_time, salvaged.events);
        ck_assert_uint_eq(salvaged.flagged, salvaged.events);
    }
    old_free(&t);
}
END_TEST

/* Time wraps, as it does in Go, and what is behind is out of order. */
START_TEST(test_time_wraps)
{
    struct oldtrace t = {0};
    old_begin(&t, old_versions[_i]);
    old_batch(&t, 0, 0, INT64_MAX - 5);
    old_event(&t, OLD_HEAP_ALLOC, 3, 7);
    size_t offset = t.size;
    old_event(&t, OLD_HEAP_ALLOC, 10, 7);
    old_frequency(&t, 1000000000);
    read_both(&t);
    ck_assert_int_eq(strict.status, TR_E_ORDER);
    ck_assert_uint_eq(strict.offset, offset);
    old_free(&t);
}
END_TEST

/* A region of a mode that there is not is an event of no kind. */
START_TEST(test_region_mode)
{
    struct oldtrace t = {0};
    const tr_event *ev;
    bool found = false;
    old_write_all(&t, 21);
    size_t at = t.size;
    old_event(&t, OLD_REGION, 0, 1, 2, 1, 0); /* task, mode, name, stack */
    read_both(&t);
    ck_assert_int_eq(strict.status, TR_E_CORRUPT);
    ck_assert_uint_eq(strict.events, 0);
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_SALVAGE, 1), TR_OK);
    ck_assert_int_eq(tr_reader_open_memory(r, t.data, t.size), TR_OK);
    while (tr_reader_next(r, &ev) == TR_OK) {
        ck_assert((ev->kind == TR_KIND_BAD) == (ev->offset == at && ev->kind != TR_KIND_SYNC));
        found |= ev->kind == TR_KIND_BAD;
    }
    ck_assert(found);
    tr_reader_free(r);
    old_free(&t);
}
END_TEST

/* A record of a type that there is not: what is before it is read. */
START_TEST(test_bad_record)
{
    struct oldtrace t = {0};
    old_write_all(&t, 21);
    read_trace(t.data, t.size, false, &whole);
    for (size_t at = 16; at < t.size; at++) {
        uint8_t before = t.data[at];
        t.data[at] = 0x3f;
        read_both(&t);
        if (salvaged.status != TR_END)
            check_events_up_to(salvaged.offset < at ? salvaged.offset : 0);
        t.data[at] = before;
    }
    old_free(&t);
}
END_TEST

/* Begin a trace in which goroutine 1 runs on proc 0. */
static void begin_running(struct oldtrace *t)
{
    old_begin(t, 21);
    old_batch(t, 0, 0, 100);
    old_event(t, OLD_GO_CREATE, 10, 1, 0, 0);
    old_event(t, OLD_PROC_START, 10, 7);
    old_event(t, OLD_GO_START, 10, 1, 1);
    old_event(t, OLD_GOMAXPROCS, 10, 1, 0);
}

/* What an event waits for is not there: it comes nevertheless, and what follows too. */
START_TEST(test_lost_before)
{
    struct oldtrace t = {0};
    begin_running(&t);
    old_event(&t, OLD_GO_SCHED, 10, 0);
    old_event(&t, OLD_GO_START, 10, 9, 5);
    old_event(&t, OLD_GO_UNBLOCK, 10, 8, 7, 0);
    old_event(&t, OLD_GO_BLOCK, 10, 3);
    old_event(&t, OLD_GO_SYS_EXIT, 10, 4, 2, 120);
    old_plain(&t, OLD_GO_END, 10);
    old_plain(&t, OLD_PROC_STOP, 10);
    old_plain(&t, OLD_PROC_STOP, 10);
    old_frequency(&t, 1000000000);
    read_both(&t);
    ck_assert_int_eq(salvaged.status, TR_E_ORDER);
    ck_assert_uint_eq(strict.events, 0);
    ck_assert_uint_eq(salvaged.events, 2 + 2 + 8);
    ck_assert_uint_eq(salvaged.flags, TR_EV_RELAXED | TR_EV_UNRESOLVED);
    ck_assert_uint_ge(salvaged.salvage.relaxed, 4);
    ck_assert_uint_eq(salvaged.salvage.unresolved_stacks, 1);
    ck_assert_uint_eq(salvaged.salvage.lost_bytes, 0);
    old_free(&t);
}
END_TEST

/* A record that no Go since 1.11 has written, where all else is well: what is behind it comes
 * too, and that it is no event is told. */
START_TEST(test_stray_futile)
{
    struct oldtrace t = {0};
    begin_running(&t);
    size_t first = t.size;
    old_plain(&t, OLD_FUTILE_WAKEUP, 10);
    size_t bytes = t.size - first;
    old_event(&t, OLD_HEAP_ALLOC, 10, 7);
    size_t second = t.size;
    old_plain(&t, OLD_FUTILE_WAKEUP, 1000);
    bytes += t.size - second;
    size_t last = t.size;
    old_event(&t, OLD_HEAP_ALLOC, 10, 8);
    old_frequency(&t, 1000000000);
    read_both(&t);
    ck_assert_int_eq(strict.status, TR_E_CORRUPT);
    ck_assert_uint_eq(strict.offset, first);
    ck_assert_uint_eq(strict.events, 1 + 2);
    ck_assert_uint_eq(salvaged.events, 2 + 2 + 2);
    ck_assert_uint_eq(salvaged.seen[last], 1);
    ck_assert_uint_eq(salvaged.flags, 0);
    ck_assert_uint_eq(salvaged.salvage.lost_bytes, bytes);
    old_free(&t);
}
END_TEST

/* A task that begins once more before it has ended: of two the later counts. */
START_TEST(test_task_twice)
{
    enum { TASKS = 100 };
    struct oldtrace t = {0};
    const tr_event *ev;
    uint64_t ends = 0;
    begin_running(&t);
    for (uint64_t i = 0; i < 2 * TASKS; i++)
        old_event(&t, OLD_TASK_CREATE, 10, 1 + i % TASKS, 1000 + i, 1, 0);
    for (uint64_t i = 0; i < 2 * TASKS; i++)
        old_event(&t, OLD_TASK_END, 10, 1 + i % TASKS, 0);
    old_string(&t, 1, "task");
    old_frequency(&t, 1000000000);
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_SALVAGE, 1), TR_OK);
    ck_assert_int_eq(tr_reader_open_memory(r, t.data, t.size), TR_OK);
    while (tr_reader_next(r, &ev) == TR_OK) {
        if (ev->kind != TR_KIND_TASK_END)
            continue;
        bool known = ends < TASKS;
        ck_assert_uint_eq(ev->task.parent, known ? 1000 + TASKS + ends : TR_NO_TASK);
        ck_assert_uint_eq(ev->task.type.len, known ? 4 : 0);
        ends++;
    }
    ck_assert_int_eq(tr_reader_error(r)->code, TR_E_ORDER);
    ck_assert_uint_eq(ends, 2 * TASKS);
    tr_reader_free(r);
    old_free(&t);
}
END_TEST

/* Limits stop reading at once. */
START_TEST(test_limits_hold)
{
    struct oldtrace t = {0};
    const tr_event *ev;
    begin_running(&t);
    for (unsigned g = 2; g < 5; g++)
        old_event(&t, OLD_GO_CREATE, 10, g, 0, 0);
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_SALVAGE, 1), TR_OK);
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_MAX_GOROUTINES, 1), TR_OK);
    ck_assert_int_eq(tr_reader_open_memory(r, t.data, t.size), TR_OK);
    ck_assert_int_eq(tr_reader_next(r, &ev), TR_E_LIMIT);
    tr_reader_free(r);
    old_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("v1/old_salvage");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, test_whole, 0, OLD_VERSION_COUNT);
    tcase_add_loop_test(all, test_time_wraps, 0, OLD_VERSION_COUNT);
    tcase_add_loop_test(all, test_cut_anywhere, 0, OLD_VERSION_COUNT);
    tcase_add_test(all, test_region_mode);
    tcase_add_test(all, test_bad_record);
    tcase_add_test(all, test_lost_before);
    tcase_add_test(all, test_stray_futile);
    tcase_add_test(all, test_task_twice);
    tcase_add_test(all, test_limits_hold);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
