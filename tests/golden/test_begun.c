/* Tables of traces written by hand: of what began before the trace, and of what ends otherwise
 * than it began. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oldtrace.h"
#include "support.h"
#include "tabletext.h"
#include "textform.h"

/* The rows of a table of a trace in text form are these. */
static void check_rows(const char *text, const char *table, const char *const *columns,
                       size_t column_count, const char *const *want, size_t count)
{
    tr_table_options options = TR_TABLE_DEFAULTS;
    struct textform t = {0};
    options.columns = columns;
    options.column_count = column_count;
    ck_assert_msg(textform_convert(&t, text, strlen(text)), "line %u: %s", t.line, t.error);
    struct bytes trace = {t.data, t.size};
    struct lines got = table_lines(table, table_reader(table, &trace), &options, NULL);
    ck_assert_str_eq(got.message, "");
    for (size_t i = 0; i < count && i < got.count; i++)
        ck_assert_str_eq(got.lines[i], want[i]);
    ck_assert_uint_eq(got.count, count);
    lines_free(&got);
    textform_free(&t);
}

#define CHECK_ROWS(text, table, columns, want)                                          \
    check_rows((text), (table), (columns), sizeof(columns) / sizeof *(columns), (want), \
               sizeof(want) / sizeof *(want))

#define CLOCK                     \
    "Sync\n"                      \
    "Frequency freq=1000000000\n" \
    "ClockSnapshot dt=1 mono=2 sec=3 nsec=4\n"
#define RUN                           \
    "ProcStatus dt=1 p=0 pstatus=1\n" \
    "GoStatus dt=1 g=1 m=1 gstatus=2\n"
/* Goroutine 1 runs on thread 1 and proc 0. */
#define FIRST        \
    "Trace Go1.26\n" \
    "EventBatch gen=1 m=-1 time=5 size=auto\n" CLOCK "EventBatch gen=1 m=1 time=5 size=auto\n" RUN
#define SECOND                                        \
    "EndOfGeneration\n"                               \
    "EventBatch gen=2 m=-1 time=50 size=auto\n" CLOCK \
    "EventBatch gen=2 m=1 time=50 size=auto\n" RUN

/* Thread 1, on which goroutine 1 runs with proc 0, tells of all but thread 2, which is in a
 * system call with proc 2. */
static const char begun_before[] = FIRST "ProcStatus dt=1 p=1 pstatus=2\n"
                                         "GoStatus dt=1 g=3 m=-1 gstatus=1\n"
                                         "GoStatus dt=1 g=4 m=-1 gstatus=4\n"
                                         "GoStatus dt=1 g=5 m=7 gstatus=3\n"
                                         "GCActive dt=1 gc_seq=2\n"
                                         "GCMarkAssistActive dt=1 g=4\n"
                                         "GCSweepActive dt=1 p=1\n"
                                         "EventBatch gen=1 m=2 time=5 size=auto\n"
                                         "ProcStatus dt=100 p=2 pstatus=3\n"
                                         "GoStatus dt=1 g=2 m=2 gstatus=3\n"
                                         "EndOfGeneration\n";

START_TEST(test_where_it_began_is_not_known)
{
    static const char *const intervals[] = {"resource", "id", "state", "thread", "proc"};
    static const char *const was_at[] = {
        "resource='Goroutine' id=1 state='Running' thread=1 proc=0",
        "resource='Goroutine' id=2 state='Syscall' thread=2 proc=2",
        "resource='Goroutine' id=3 state='Runnable' thread=- proc=-",
        "resource='Goroutine' id=4 state='Waiting' thread=- proc=-",
        "resource='Goroutine' id=5 state='Syscall' thread=7 proc=-",
        "resource='Proc' id=0 state='Running' thread=1 proc=-",
        "resource='Proc' id=1 state='Idle' thread=- proc=-",
        "resource='Proc' id=2 state='Running' thread=2 proc=-",
        "resource='Thread' id=1 state='Running' thread=1 proc=0",
        "resource='Thread' id=2 state='Syscall' thread=2 proc=2",
        "resource='Thread' id=7 state='Syscall' thread=7 proc=-",
    };
    static const char *const ranges[] = {"scope",  "scope_id", "goroutine",
                                         "thread", "proc",     "stack"};
    static const char *const went_on[] = {
        "scope='None' scope_id=- goroutine=- thread=- proc=- stack=-",
        "scope='Goroutine' scope_id=4 goroutine=- thread=- proc=- stack=-",
        "scope='Proc' scope_id=1 goroutine=- thread=- proc=- stack=-",
    };
    CHECK_ROWS(begun_before, "intervals", intervals, was_at);
    CHECK_ROWS(begun_before, "ranges", ranges, went_on);
}
END_TEST

/* Before Go 1.22 a thread tells of system calls of others, and of its own not which it is: where
 * they are, goroutine 3 from the begin, is not known. */
START_TEST(test_old_calls_have_no_thread)
{
    static const char *const columns[] = {"resource", "id",   "state",
                                          "thread",   "proc", "open_start"};
    tr_table_options options = TR_TABLE_DEFAULTS;
    struct oldtrace t = {0};
    size_t found = 0;
    options.columns = columns;
    options.column_count = sizeof columns / sizeof *columns;
    old_write_all(&t, 21);
    struct bytes trace = {t.data, t.size};
    struct lines got = table_lines("intervals", table_reader("intervals", &trace), &options, NULL);
    for (size_t i = 0; i < got.count; i++) {
        const char *line = got.lines[i];
        bool call = strstr(line, "state='Syscall'") && strstr(line, "open_start=1");
        found += call;
        if (call)
            ck_assert_str_eq(line, "resource='Goroutine' id=3 state='Syscall' thread=- proc=- "
                                   "open_start=1");
        else if (strncmp(line, "resource='Thread'", 17) == 0)
            ck_assert_ptr_null(strstr(line, "thread=-"));
    }
    ck_assert_uint_eq(found, 1);
    lines_free(&got);
    old_free(&t);
}
END_TEST

/* As in Go's summary, by which such a goroutine has ended. */
START_TEST(test_regions_end_with_who_waits_forever)
{
    static const char *const columns[] = {"type", "end", "open_end"};
    static const char *const want[] = {"type='inner' end=10 open_end=0",
                                       "type='outer' end=10 open_end=0"};
    static const char text[] = FIRST "UserRegionBegin dt=1 task=0 name_string=1 stack=0\n"
                                     "UserRegionBegin dt=1 task=0 name_string=2 stack=0\n"
                                     "GoBlock dt=1 reason_string=3 stack=0\n"
                                     "ProcStop dt=9\n"
                                     "EventBatch gen=1 m=-1 time=5 size=auto\n"
                                     "Strings\n"
                                     "String id=1\n\tdata=\"outer\"\n"
                                     "String id=2\n\tdata=\"inner\"\n"
                                     "String id=3\n\tdata=\"forever\"\n"
                                     "EndOfGeneration\n";
    CHECK_ROWS(text, "regions", columns, want);
}
END_TEST

/* The end is named by the string that has the begin's id by then, in the reference too. */
START_TEST(test_stop_of_two_generations)
{
    static const char *const columns[] = {"name", "start", "end", "open_start", "open_end"};
    static const char *const want[] = {
        "name='stop-the-world (read mem stats)' start=17 end=62 open_start=0 open_end=0"};
    static const char text[] =
        FIRST "STWBegin dt=10 kind_string=1 stack=0\n"
              "EventBatch gen=1 m=-1 time=5 size=auto\n"
              "Strings\n"
              "String id=1\n\tdata=\"read mem stats\"\n" SECOND "STWEnd dt=10\n"
              "EventBatch gen=2 m=-1 time=50 size=auto\n"
              "Strings\n"
              "String id=1\n\tdata=\"another\"\n"
              "EndOfGeneration\n";
    CHECK_ROWS(text, "ranges", columns, want);
}
END_TEST

/* Ranges of which many have the same hash, as ids and names are chosen for it, are told apart:
 * each ends when it does, in whatever order, may begin again, and those that do not end come
 * in the order of begins. */
START_TEST(test_ranges_alike)
{
    enum { COUNT = 64 };
    static const char *const columns[] = {"name", "scope_id", "start", "end", "open_end"};
    static char text[1 << 16], want[3 * COUNT][100];
    const char *lines[3 * COUNT];
    int stopped[COUNT], assisted[COUNT], time = 7, rows = 0;
    size_t len = (size_t)snprintf(text, sizeof text, "%s", FIRST);
#define ADD(...) (len += (size_t)snprintf(text + len, sizeof text - len, __VA_ARGS__), ++time)
#define ID(i) ((long long)(i) << 32 | 1)
#define NAME(i) ("abcd"[(i) * (i) / 3 % 4])
#define ROW(end, open, name, i, start)                                                          \
    snprintf(want[rows++], sizeof *want, "name='%s' scope_id=%lld start=%d end=%d open_end=%d", \
             name, ID(i), start, end, open)
    for (int i = 1; i < COUNT; i++)
        ADD("GoCreate dt=1 new_g=%lld new_stack=0 stack=0\n", ID(i));
    for (int i = 0; i < COUNT; i++) {
        ADD("GoStop dt=1 reason_string=0 stack=0\n");
        ADD("GoStart dt=1 g=%lld g_seq=1\n", ID(i));
        stopped[i] = ADD("STWBegin dt=1 kind_string=%d stack=0\n", NAME(i) - 'a' + 1);
        assisted[i] = ADD("GCMarkAssistBegin dt=1 stack=0\n");
    }
    for (int k = 0; k < COUNT; k++) {
        int i = (k * 37 + 11) % COUNT;
        char name[] = "stop-the-world (?)";
        name[16] = NAME(i);
        ADD("GoStop dt=1 reason_string=0 stack=0\n");
        ADD("GoStart dt=1 g=%lld g_seq=2\n", ID(i));
        if (i % 3)
            ROW(ADD("STWEnd dt=1\n"), 0, name, i, stopped[i]);
        if (i % 5)
            ROW(ADD("GCMarkAssistEnd dt=1\n"), 0, "GC mark assist", i, assisted[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        if (i % 3 == 0 || i % 5 == 0)
            continue;
        ADD("GoStop dt=1 reason_string=0 stack=0\n");
        ADD("GoStart dt=1 g=%lld g_seq=3\n", ID(i));
        int start = ADD("GCMarkAssistBegin dt=1 stack=0\n");
        ROW(ADD("GCMarkAssistEnd dt=1\n"), 0, "GC mark assist", i, start);
    }
    for (int i = 0; i < COUNT; i++) { /* the last Sync is 1 ns later */
        char name[] = "stop-the-world (?)";
        name[16] = NAME(i);
        if (i % 3 == 0)
            ROW(time + 1, 1, name, i, stopped[i]);
        if (i % 5 == 0)
            ROW(time + 1, 1, "GC mark assist", i, assisted[i]);
    }
    ADD("EventBatch gen=1 m=-1 time=5 size=auto\nStrings\n");
    for (int i = 0; i < 4; i++)
        ADD("String id=%d\n\tdata=\"%c\"\n", i + 1, 'a' + i);
    ADD("EndOfGeneration\n");
    for (int i = 0; i < rows; i++)
        lines[i] = want[i];
    check_rows(text, "ranges", columns, 5, lines, (size_t)rows);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden/begun");
    TCase *all = tcase_create("all");
    tcase_add_test(all, test_where_it_began_is_not_known);
    tcase_add_test(all, test_old_calls_have_no_thread);
    tcase_add_test(all, test_regions_end_with_who_waits_forever);
    tcase_add_test(all, test_stop_of_two_generations);
    tcase_add_test(all, test_ranges_alike);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
