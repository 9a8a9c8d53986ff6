/* What errors in traces of Go 1.5 to 1.21 say of the record that is wrong. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../golden/oldtrace.h"
#include "../../golden/support.h"

static struct oldtrace t;
static tr_reader *r;

static void setup(void)
{
    r = tr_reader_new();
}

static void teardown(void)
{
    tr_reader_free(r);
    old_free(&t);
}

/* The trace that was written is refused for its record at `offset`. */
static void refused(size_t offset, int event_type, const char *message)
{
    const tr_event *ev;
    tr_status status;
    old_frequency(&t, 1000000000);
    ck_assert_int_eq(tr_reader_open_memory(r, t.data, t.size), TR_OK);
    while ((status = tr_reader_next(r, &ev)) == TR_OK)
        ;
    const tr_error *error = tr_reader_error(r);
    ck_assert_int_eq(error->code, status);
    ck_assert_uint_eq(error->offset, offset);
    ck_assert_int_eq(error->event_type, event_type);
    ck_assert_ptr_nonnull(strstr(error->message, message));
}

/* A record is called what it is, also if it counts as another once it is ordered. */
START_TEST(test_local)
{
    static const struct {
        unsigned type;
        uint64_t args[2];
        unsigned arg_count;
        const char *message;
    } records[] = {
        {OLD_GO_START, {7, 1}, 2, "goroutine 7 has GoStart"},
        {OLD_GO_START_LOCAL, {7}, 1, "goroutine 7 has GoStartLocal"},
        {OLD_GO_UNBLOCK_LOCAL, {7, 0}, 2, "goroutine 1 has GoUnblockLocal"},
        {OLD_GO_SYS_EXIT_LOCAL, {7, 50}, 2, "goroutine 1 has GoSysExitLocal"},
        {OLD_GO_START_LOCAL,
         {2},
         1,
         "GoStartLocal of goroutine 2 on proc 0: the proc runs another"},
    };
    old_begin_running(&t, 21);
    old_event(&t, OLD_GO_CREATE, 0, 2, 0, 0);
    size_t offset = t.size;
    old_event_of(&t, records[_i].type, 10, records[_i].args, records[_i].arg_count);
    refused(offset, (int)records[_i].type, records[_i].message);
}
END_TEST

enum { LOCAL_COUNT = 5 };

/* Strings have IDs, each its own. */
START_TEST(test_string_id)
{
    old_begin_running(&t, 21);
    if (_i)
        old_string(&t, 3, "one");
    size_t offset = t.size;
    old_string(&t, _i ? 3 : 0, "two");
    refused(offset, OLD_STRING, _i ? "multiple strings with the same ID 3" : "invalid string ID 0");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("v1/old_errors");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_loop_test(all, test_local, 0, LOCAL_COUNT);
    tcase_add_loop_test(all, test_string_id, 0, 2);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
