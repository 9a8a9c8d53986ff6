/* Filters: what a reader gives through one is what a plain reader gives, some left out
 * by the rules of tracereader/reader.h, which stand here once more in plain words; by
 * events, packed events and columns. */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "goldens.h"
#include "support.h"

static bool wanted(const tr_filter *f, const tr_event *ev)
{
    if (!(f->kinds & UINT32_C(1) << ev->kind))
        return false;
    if (ev->kind == TR_KIND_STATE_TRANSITION && !(f->to_states & UINT32_C(1) << ev->transition.to))
        return false;
    if (f->thread != TR_ANY && ev->thread != f->thread)
        return false;
    if (ev->time_ns < f->start_ns || (f->end_ns != INT64_MAX && ev->time_ns >= f->end_ns))
        return false;
    if (f->goroutine == TR_ANY || ev->goroutine == f->goroutine)
        return true;
    return ev->kind == TR_KIND_STATE_TRANSITION &&
           ev->transition.resource == TR_RESOURCE_GOROUTINE && ev->transition.id == f->goroutine;
}

/* The sum of what it says; texts take long, so not of each event. */
static uint64_t sum_of(const tr_event *ev, bool with_text)
{
    const uint64_t values[] = {(uint64_t)ev->kind, (uint64_t)ev->time_ns, (uint64_t)ev->thread,
                               ev->offset, ev->generation};
    uint64_t sum = sum_add(SUM_START, values, sizeof values);
    size_t len;
    if (!with_text)
        return sum;
    const char *line = event_line(ev, &len);
    return sum_add(sum, line, len);
}

/* All wanted events one by one, and the end. Returns how many they are. */
static uint64_t check_events(const char *name, const struct bytes *trace, const tr_filter *filter,
                             unsigned threads)
{
    tr_reader *plain = tr_reader_new(), *r = tr_reader_new();
    const tr_event *ev, *have;
    uint64_t events = 0;
    tr_status status, end;

    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_THREADS, threads), TR_OK);
    ck_assert_int_eq(tr_reader_set_filter(r, filter), TR_OK);
    end = tr_reader_open_memory(plain, trace->data, trace->size);
    ck_assert_int_eq(tr_reader_open_memory(r, trace->data, trace->size), end);
    while ((status = tr_reader_next(plain, &ev)) == TR_OK) {
        if (!wanted(filter, ev))
            continue;
        bool with_text = events % 50 == 0;
        uint64_t sum = sum_of(ev, with_text);
        require(tr_reader_next(r, &have) == TR_OK && sum_of(have, with_text) == sum,
                "%s: not the wanted event at %" PRIu64, name, ev->offset);
        events++;
        for (uint32_t i = 0; ev->kind == TR_KIND_SYNC && i < ev->sync.batch_count; i++) {
            tr_experimental_batch a, b;
            ck_assert_int_eq(tr_reader_experimental_batch(plain, i, &a), TR_OK);
            ck_assert_int_eq(tr_reader_experimental_batch(r, i, &b), TR_OK);
            ck_assert_uint_eq(a.offset, b.offset);
        }
    }
    ck_assert_int_eq(tr_reader_next(r, &have), status);
    ck_assert_int_eq(tr_reader_next(r, &have), status);
    ck_assert_str_eq(tr_reader_error(r)->message, tr_reader_error(plain)->message);
    ck_assert_uint_eq(tr_reader_error(r)->offset, tr_reader_error(plain)->offset);
    tr_reader_free(plain);
    tr_reader_free(r);
    return events;
}

/* The same by columns, and by packed events, in turns. */
static void check_blocks(const char *name, const struct bytes *trace, const tr_filter *filter,
                         uint64_t events)
{
    enum { ROWS = 300 };
    tr_reader *plain = tr_reader_new(), *r = tr_reader_new();
    int64_t times[ROWS];
    tr_packed_event packed[ROWS];
    tr_column column = {TR_COL_TIME, times, ROWS};
    const tr_event *ev;
    tr_status status;

    ck_assert_int_eq(tr_reader_set_filter(r, filter), TR_OK);
    tr_reader_open_memory(plain, trace->data, trace->size);
    tr_reader_open_memory(r, trace->data, trace->size);
    for (int turn = 0;; turn++) {
        size_t n;
        if (turn % 2)
            status = tr_reader_fill(r, &column, 1, (size_t)(turn % ROWS) + 1, &n);
        else {
            const tr_tables *tables;
            status = tr_reader_next_packed(r, packed, (size_t)(turn % ROWS) + 1, &n, &tables);
            for (size_t i = 0; i < n; i++) {
                tr_event unpacked;
                tr_event_unpack(&packed[i], tables, &unpacked);
                times[i] = unpacked.time_ns;
            }
            ck_assert(status != TR_OK || n);
        }
        if (status != TR_OK)
            break;
        require(n <= events, "%s: too many rows", name);
        events -= n;
        for (size_t i = 0; i < n; i++) {
            do
                require(tr_reader_next(plain, &ev) == TR_OK, "%s: too many rows", name);
            while (!wanted(filter, ev));
            require(ev->time_ns == times[i], "%s: another row", name);
        }
    }
    ck_assert_uint_eq(events, 0);
    ck_assert_int_eq(tr_reader_error(r)->code, status < 0 ? status : TR_OK);
    tr_reader_free(plain);
    tr_reader_free(r);
}

static void check_filter(const char *name, const struct bytes *trace, tr_filter filter)
{
    uint64_t events = check_events(name, trace, &filter, 1);
    check_blocks(name, trace, &filter, events);
    /* Who works ahead depends on the filter. */
    ck_assert_uint_eq(check_events(name, trace, &filter, 2), events);
    ck_assert_uint_eq(check_events(name, trace, &filter, 3), events);
}

/* A goroutine, a thread and times that occur in the trace, from somewhere inside. */
static void look(const struct bytes *trace, uint64_t at, tr_event *some, int64_t *woken)
{
    tr_reader *r = tr_reader_new();
    const tr_event *ev;
    memset(some, 0, sizeof *some);
    *woken = TR_NONE;
    tr_reader_open_memory(r, trace->data, trace->size);
    for (uint64_t i = 0; i < at && tr_reader_next(r, &ev) == TR_OK; i++) {
        some->time_ns = ev->time_ns;
        if (ev->thread != TR_NONE)
            some->thread = ev->thread;
        if (ev->goroutine != TR_NONE)
            some->goroutine = ev->goroutine;
        if (ev->kind == TR_KIND_STATE_TRANSITION && ev->transition.to == TR_GO_RUNNABLE)
            *woken = ev->transition.id;
    }
    tr_reader_free(r);
}

static void check_more(const char *name, const struct bytes *trace, const tr_event *some,
                       int64_t woken, uint64_t events)
{
    const tr_filter all = TR_FILTER_ALL;
    tr_filter f = all;

    ck_assert_uint_eq(check_events(name, trace, &all, 2), events);
    f.kinds = 0;
    ck_assert_uint_eq(check_events(name, trace, &f, 1), 0);
    f.kinds = 1u << TR_KIND_SYNC;
    check_filter(name, trace, f);
    f.kinds = ~(1u << TR_KIND_SYNC | 1u << TR_KIND_STATE_TRANSITION);
    check_filter(name, trace, f);
    f.to_states = 1u << TR_GO_WAITING | 1u << TR_PROC_IDLE;
    check_filter(name, trace, f);
    f.kinds = 1u << TR_KIND_STATE_TRANSITION;
    check_filter(name, trace, f);
    f = all;
    f.goroutine = woken;
    check_filter(name, trace, f);
    f.goroutine = TR_NONE;
    check_filter(name, trace, f);
    f = all;
    f.thread = some->thread;
    f.start_ns = some->time_ns;
    check_filter(name, trace, f);
    f.end_ns = f.start_ns;
    ck_assert_uint_eq(check_events(name, trace, &f, 1), 0);
}

START_TEST(test_filters)
{
    if (golden_is_left_out(_i))
        return;
    const char *name = goldens[_i][GOLDEN_NAME];
    struct bytes trace = load_trace(name);
    const tr_filter all = TR_FILTER_ALL;
    uint64_t events = strtoull(goldens[_i][GOLDEN_COUNT], NULL, 10);
    tr_event some, later;
    int64_t woken;
    tr_filter f = all;

    look(&trace, events * 2 / 3, &later, &woken);
    look(&trace, events / 3, &some, &woken);
    f.goroutine = some.goroutine;
    f.start_ns = some.time_ns;
    f.end_ns = later.time_ns;
    check_filter(name, &trace, f);
    /* Long traces take long, and have no rules of their own. */
    if (events < 20000)
        check_more(name, &trace, &some, woken, events);
    free_bytes(&trace);
}
END_TEST

START_TEST(test_filter_misuse)
{
    struct bytes trace = load_trace("go1.26-idle");
    tr_filter f = TR_FILTER_ALL;
    const tr_event *ev;
    tr_reader *r = tr_reader_new();

    ck_assert_int_eq(tr_reader_set_filter(NULL, &f), TR_E_MISUSE);
    f.size--;
    ck_assert_int_eq(tr_reader_set_filter(r, &f), TR_E_MISUSE);
    f.size++;
    f.kinds = 0;
    ck_assert_int_eq(tr_reader_set_filter(r, &f), TR_OK);
    ck_assert_int_eq(tr_reader_set_filter(r, NULL), TR_OK); /* and all is as before */
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    ck_assert_int_eq(tr_reader_set_filter(r, &f), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_next(r, &ev), TR_OK);
    ck_assert_int_eq(ev->kind, TR_KIND_SYNC);
    tr_reader_free(r);
    free_bytes(&trace);
}
END_TEST

/* A filter that lets nothing through must not keep the caller for all of a long trace. */
START_TEST(test_fill_comes_back)
{
    struct bytes trace = load_trace("go1.26-gcactive");
    tr_filter f = TR_FILTER_ALL;
    int64_t times[10];
    tr_column column = {TR_COL_TIME, times, 10};
    size_t n;
    int times_back = 0;
    tr_status status;
    tr_reader *r = tr_reader_new();

    f.kinds = 0;
    ck_assert_int_eq(tr_reader_set_filter(r, &f), TR_OK);
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    while ((status = tr_reader_fill(r, &column, 1, 10, &n)) == TR_OK) {
        ck_assert_uint_eq(n, 0);
        times_back++;
    }
    ck_assert_int_eq(status, TR_END);
    ck_assert_int_ge(times_back, 2);
    tr_reader_free(r);
    free_bytes(&trace);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden/filter");
    TCase *rules = tcase_create("rules");
    TCase *all = tcase_create("traces");

    load_goldens();
    tcase_add_test(rules, test_filter_misuse);
    tcase_add_test(rules, test_fill_comes_back);
    suite_add_tcase(suite, rules);
    tcase_set_timeout(all, 300);
    tcase_add_loop_test(all, test_filters, 0, golden_count);
    suite_add_tcase(suite, all);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free_goldens();
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
