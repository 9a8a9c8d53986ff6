/* Rows of tables that test_tables, which makes all of them again, does not reach: of traces written
 * for them, behind a filter, and beside the analysis. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../golden/goldens.h"
#include "../golden/oldtrace.h"
#include "../golden/support.h"
#include "../golden/tabletext.h"

/* --- Ranges --- */

/* Before Go 1.10 each proc stops for itself, without a goroutine: one row each. */
START_TEST(test_stops_of_procs)
{
    static const char *const columns[] = {"scope_id", "proc",       "start",
                                          "end",      "open_start", "open_end"};
    tr_table_options options = TR_TABLE_DEFAULTS;
    struct oldtrace t = {0};
    options.columns = columns;
    options.column_count = sizeof columns / sizeof *columns;
    old_begin(&t, 9);
    for (uint64_t p = 0; p < 3; p++) {
        old_batch(&t, p, 0, 100 + p * 10);
        old_event(&t, OLD_PROC_START, 0, 70 + p);
        old_event_of(&t, OLD_STW_START, 100, NULL, 0);
        old_plain(&t, OLD_STW_DONE, 500 - p * 100);
    }
    old_frequency(&t, UINT64_C(1000000000));
    struct bytes trace = {t.data, t.size};
    struct lines got = table_lines("ranges", table_reader("ranges", &trace), &options, NULL);
    ck_assert_int_eq(got.error, 0);
    ck_assert_uint_eq(got.count, 3);
    for (size_t i = 0; i < got.count; i++) {
        int p = 2 - (int)i, start = 100 + p * 10;
        char want[200];
        snprintf(want, sizeof want, "scope_id=- proc=%d start=%d end=%d open_start=0 open_end=0", p,
                 start, start + 500 - p * 100);
        ck_assert_str_eq(got.lines[i], want);
    }
    lines_free(&got);
    old_free(&t);
}
END_TEST

/* --- Threads --- */

/* Before Go 1.22 a trace can have two goroutines on one thread: the first in a system call, whose
 * proc and so thread were taken over. When that returns, the second runs there nevertheless. */
START_TEST(test_thread_of_two)
{
    static const char *const columns[] = {"resource", "id", "state", "start", "end"};
    static const char *const want[] = {
        "resource='Thread' id=7 state='Running' start=-1 end=40",
        "resource='Thread' id=7 state='Syscall' start=40 end=60",
        "resource='Thread' id=7 state='Running' start=60 end=160",
    };
    enum { WANT = sizeof want / sizeof *want };
    tr_table_options options = TR_TABLE_DEFAULTS;
    struct oldtrace t = {0};
    options.columns = columns;
    options.column_count = sizeof columns / sizeof *columns;
    old_begin_running(&t, 21);
    old_event(&t, OLD_GO_CREATE, 0, 2, 1, 0);
    old_event(&t, OLD_GO_SYS_CALL, 10, 0);
    old_plain(&t, OLD_GO_SYS_BLOCK, 10);
    old_event(&t, OLD_GO_START, 10, 2, 1);
    old_event(&t, OLD_GO_BLOCK, 100, 0);
    old_batch(&t, 1, 0, 190);
    old_event(&t, OLD_PROC_START, 0, 71);
    old_event(&t, OLD_GO_SYS_EXIT, 5, 1, 2, 180);
    old_frequency(&t, UINT64_C(1000000000));
    struct bytes trace = {t.data, t.size};
    struct lines got = table_lines("intervals", table_reader("intervals", &trace), &options, NULL);
    size_t found = 0;
    ck_assert_int_eq(got.error, 0);
    for (size_t i = 0; i < got.count; i++)
        if (strstr(got.lines[i], "'Thread' id=7 ") && found < WANT)
            ck_assert_str_eq(got.lines[i], want[found++]);
    ck_assert_uint_eq(found, WANT);
    lines_free(&got);
    old_free(&t);
}
END_TEST

/* --- A filter of time --- */

/* A goroutine that waits all the time is there, although no event that passes moves it: since the
 * Sync before the one that names it first. */
START_TEST(test_what_nothing_moves)
{
    static const char *const names[] = {"intervals", "goroutines"};
    struct bytes trace = load_trace("go1.26-generations");
    tr_table_options options = TR_TABLE_DEFAULTS;
    tr_filter filter = TR_FILTER_ALL;
    int64_t last = 0;
    int syncs = 0, found = 0;
    char want[200];
    const tr_event *ev;
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    for (; tr_reader_next(r, &ev) == TR_OK; last = ev->time_ns)
        if (ev->kind == TR_KIND_SYNC && ++syncs == 2)
            filter.start_ns = ev->time_ns;
    tr_reader_free(r);
    r = tr_reader_new();
    ck_assert_int_eq(tr_reader_set_filter(r, &filter), TR_OK);
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    options.resolve = 1;
    struct lines got = table_lines(names[_i], r, &options, NULL);
    if (_i == 0)
        snprintf(want, sizeof want,
                 "resource='Goroutine' id=2 state='Waiting' start=%" PRId64 " end=%" PRId64 " ",
                 filter.start_ns, last);
    else
        snprintf(want, sizeof want,
                 "id=2 function='runtime.forcegchelper' creator=- created=- created_stack=- "
                 "started=- ended=- running_ns=0 runnable_ns=0 ");
    for (size_t i = 0; i < got.count; i++)
        found += strncmp(got.lines[i], want, strlen(want)) == 0;
    ck_assert_int_eq(found, 1);
    lines_free(&got);
    free_bytes(&trace);
}
END_TEST

/* --- Blocking --- */

/* The tables are what the analysis counts, of whole and of broken traces. */
START_TEST(test_blocking)
{
    static const char *const by_names[] = {"reason", "function", "goroutine", "stack", "task"};
    const char *name = goldens[_i][GOLDEN_NAME];
    struct bytes trace = load_trace(name);
    for (int by = TR_BLOCKING_BY_REASON; by <= TR_BLOCKING_BY_TASK; by++) {
        char table[40];
        struct lines want = {0};
        tr_status status;
        tr_reader *r = tr_reader_new();
        tr_blocking *b = tr_blocking_new((tr_blocking_by)by);
        tr_reader_open_memory(r, trace.data, trace.size);
        while ((status = tr_blocking_read(b, r, 1000)) == TR_OK)
            ;
        ck_assert_int_eq(tr_blocking_finish(b), TR_OK);
        for (size_t i = 0; i < tr_blocking_row_count(b); i++) {
            const tr_blocking_row *row = tr_blocking_row_at(b, i);
            if (by == TR_BLOCKING_BY_REASON || by == TR_BLOCKING_BY_FUNCTION)
                cell_text(&want, by_names[by], row->key);
            else if (by == TR_BLOCKING_BY_TASK)
                cell_uint(&want, by_names[by], row->task);
            else
                cell_id(&want, by_names[by],
                        by == TR_BLOCKING_BY_STACK ? row->stack : row->goroutine);
            cell_int(&want, "count", (int64_t)row->count);
            cell_double(&want, "count_share", row->count_share);
            cell_int(&want, "total_ns", (int64_t)row->total_ns);
            if (row->time_share >= 0)
                cell_double(&want, "time_share", row->time_share);
            else
                cell_null(&want, "time_share");
            cell_int(&want, "open", (int64_t)row->open);
            line_end(&want);
        }
        snprintf(table, sizeof table, "blocking_by_%s", by_names[by]);
        struct lines got = table_lines(table, table_reader(table, &trace), NULL, NULL);
        ck_assert_uint_eq(got.count, want.count);
        for (size_t i = 0; i < got.count; i++)
            ck_assert_msg(strcmp(got.lines[i], want.lines[i]) == 0, "%s of %s: %s, not %s", table,
                          name, got.lines[i], want.lines[i]);
        ck_assert_int_eq(got.error == 0, status == TR_END);
        lines_free(&got);
        lines_free(&want);
        tr_blocking_free(b);
        tr_reader_free(r);
    }
    free_bytes(&trace);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("api/table_rows");
    TCase *all = tcase_create("all");
    load_goldens();
    tcase_set_timeout(all, 60);
    tcase_add_test(all, test_stops_of_procs);
    tcase_add_test(all, test_thread_of_two);
    tcase_add_loop_test(all, test_what_nothing_moves, 0, 2);
    tcase_add_loop_test(all, test_blocking, 0, golden_count);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free_goldens();
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
