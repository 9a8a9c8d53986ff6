/* Each row of spec/v1.def is reached: what an event of each type becomes is checked here, or by
 * the test of a trace with all events in test_old.c. That it has the arguments which docs/FORMAT.md
 * says is checked there. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../golden/oldtrace.h"
#include "../../golden/support.h"
#include "spec/v1.h"

static struct oldtrace t;

/* What goroutine 1, which runs, becomes by an event, with the reference's own words. */
static const struct {
    unsigned type;
    const char *text;
} stops[] = {
    {OLD_GO_END, "Running->NotExist Reason=\"\""},
    {OLD_GO_STOP, "Running->Waiting Reason=\"forever\""},
    {OLD_GO_SCHED, "Running->Runnable Reason=\"runtime.Gosched\""},
    {OLD_GO_PREEMPT, "Running->Runnable Reason=\"preempted\""},
    {OLD_GO_SLEEP, "Running->Waiting Reason=\"sleep\""},
    {OLD_GO_BLOCK, "Running->Waiting Reason=\"\""},
    {OLD_GO_BLOCK_SEND, "Running->Waiting Reason=\"chan send\""},
    {OLD_GO_BLOCK_RECV, "Running->Waiting Reason=\"chan receive\""},
    {OLD_GO_BLOCK_SELECT, "Running->Waiting Reason=\"select\""},
    {OLD_GO_BLOCK_SYNC, "Running->Waiting Reason=\"sync\""},
    {OLD_GO_BLOCK_COND, "Running->Waiting Reason=\"sync.(*Cond).Wait\""},
    {OLD_GO_BLOCK_NET, "Running->Waiting Reason=\"network\""},
    {OLD_GO_BLOCK_GC, "Running->Waiting Reason=\"GC mark assist wait for work\""},
};
enum { STOPS = (int)(sizeof stops / sizeof *stops) };

/* The last event but the Sync that ends the trace. */
static void check_last(const char *text)
{
    struct bytes trace = {t.data, t.size};
    struct reading reading;
    const tr_event *ev;
    char last[2][300] = {"", ""};
    tr_status status;
    reading_open(&reading, WAY_MEMORY, &trace);
    while ((status = reading_next(&reading, &ev)) == TR_OK) {
        size_t len;
        memcpy(last[0], last[1], sizeof last[0]);
        snprintf(last[1], sizeof last[1], "%s", event_line(ev, &len));
    }
    ck_assert_msg(status == TR_END, "%s", tr_reader_error(reading.reader)->message);
    ck_assert_msg(strstr(last[0], text) != NULL, "%s, not %s", last[0], text);
    reading_close(&reading);
    old_free(&t);
}

START_TEST(test_stop)
{
    unsigned type = stops[_i].type;
    for (int v = 0; v < OLD_VERSION_COUNT; v++) {
        int count = old_arg_count(old_versions[v], type);
        if (count < 0)
            continue;
        old_begin_running(&t, old_versions[v]);
        old_event_of(&t, type, 10, (uint64_t[]){0}, (size_t)count);
        old_frequency(&t, 1000000000);
        check_last(stops[_i].text);
    }
}
END_TEST

/* No runtime writes a GoSysExitLocal. It is of what its proc runs, which is not what it names:
 * after a system call that blocked, of nothing, which does not wait. So says the reference. */
START_TEST(test_exit_local)
{
    old_begin_running(&t, 21);
    old_event(&t, OLD_GO_SYS_CALL, 10, 0);
    old_plain(&t, OLD_GO_SYS_BLOCK, 10);
    size_t at = t.size;
    old_event(&t, OLD_GO_SYS_EXIT_LOCAL, 10, 1, 0);
    old_frequency(&t, 1000000000);
    struct bytes trace = {t.data, t.size};
    struct reading reading;
    const tr_event *ev;
    reading_open(&reading, WAY_MEMORY, &trace);
    ck_assert_int_eq(reading_next(&reading, &ev), TR_E_ORDER);
    ck_assert_uint_eq(tr_reader_error(reading.reader)->offset, at);
    reading_close(&reading);
    old_free(&t);
}
END_TEST

START_TEST(test_every_row)
{
    /* These have tests of their own: above, and in test_old.c. */
    bool reached[TRI_V1_TYPE_COUNT] = {
        [OLD_GO_SYS_EXIT_LOCAL] = true, [OLD_TIMER_GOROUTINE] = true, [OLD_FUTILE_WAKEUP] = true};
    struct tri_v1_shape shapes[TRI_V1_TYPE_COUNT];
    for (int i = 0; i < STOPS; i++)
        reached[stops[i].type] = true;
    for (int v = 0; v < OLD_VERSION_COUNT; v++) {
        const tr_wire_record *record;
        tr_wire *w = tr_wire_new();
        tr_status status;
        old_write_all(&t, old_versions[v]);
        ck_assert_int_eq(tr_wire_open_memory(w, t.data, t.size), TR_OK);
        while ((status = tr_wire_next(w, &record)) == TR_OK)
            reached[record->type] = true;
        ck_assert_int_eq(status, TR_END);
        tr_wire_free(w);
        old_free(&t);
    }
    tri_v1_shapes(shapes, TRI_GO121);
    for (int type = 1; type < TRI_V1_TYPE_COUNT; type++)
        ck_assert_msg(shapes[type].name && reached[type], "no test reaches type %d", type);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("v1/old_rows");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, test_stop, 0, STOPS);
    tcase_add_test(all, test_exit_local);
    tcase_add_test(all, test_every_row);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
