/* What the shared library promises of an event: it stays as it is until the next call
 * that advances its reader, whatever else is asked meanwhile. And what needs no trace. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../golden/support.h"

/* Ask everything that may be asked without reading on. */
static void ask_all(tr_reader *r, const tr_event *ev)
{
    tr_frame f;
    tr_memory_use use;
    tr_experimental_batch batch;
    char text[64];
    size_t len;
    event_line(ev, &len);
    tr_event_text(ev, text, sizeof text);
    tr_stack_frame(ev->stack, 0, &f);
    if (ev->kind == TR_KIND_STATE_TRANSITION)
        tr_stack_frame(ev->transition.stack, 0, &f);
    tr_reader_memory(r, &use);
    require(use.total_bytes <= use.peak_bytes, "more than the most");
    tr_reader_error(r);
    tr_reader_version(r);
    tr_reader_size(r);
    tr_reader_bytes_read(r);
    tr_reader_generation_count(r);
    tr_reader_string_count(r);
    tr_reader_string(r, 0);
    if (ev->kind == TR_KIND_SYNC)
        for (uint32_t i = 0; i < ev->sync.batch_count; i++)
            require(tr_reader_experimental_batch(r, i, &batch) == TR_OK, "no batch");
}

START_TEST(test_event_stays)
{
    static const char *const names[] = {"go1.26-allocfree", "go1.22-annotations", "go1.25-gc"};
    struct bytes trace = load_trace(names[_i]);
    struct reading r;
    const tr_event *ev;
    tr_event copy;
    uint64_t events = 0;
    reading_open(&r, WAY_FD, &trace);
    while (reading_next(&r, &ev) == TR_OK) {
        memcpy(&copy, ev, sizeof copy);
        ask_all(r.reader, ev);
        require(memcmp(&copy, ev, sizeof copy) == 0, "the event changed");
        events++;
    }
    ck_assert_uint_gt(events, 100);
    reading_close(&r);
    free_bytes(&trace);
}
END_TEST

START_TEST(test_version)
{
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", TR_VERSION / 10000, TR_VERSION / 100 % 100,
             TR_VERSION % 100);
    ck_assert_str_eq(tr_version(), text);
}
END_TEST

/* The places where nothing is wrong with NULL. */
START_TEST(test_null)
{
    tr_reader_free(NULL);
    tr_wire_free(NULL);
    tr_tables_ref(NULL);
    tr_tables_unref(NULL);
    ck_assert_int_eq(tr_reader_error(NULL)->code, TR_E_NOMEM);
    ck_assert_int_eq(tr_wire_error(NULL)->code, TR_E_NOMEM);
    ck_assert_ptr_nonnull(tr_reader_error(NULL)->message);
    ck_assert_uint_eq(tr_reader_version(NULL), 0);
    ck_assert_uint_eq(tr_wire_version(NULL), 0);
    ck_assert_uint_eq(tr_reader_size(NULL), UINT64_MAX);
    ck_assert_int_eq(tr_wire_next(NULL, NULL), TR_E_MISUSE);
    ck_assert_int_eq(tr_wire_open_path(NULL, "x"), TR_E_MISUSE);
    ck_assert_ptr_null(tr_wire_new_with(NULL));
    ck_assert_ptr_null(tr_reader_new_with(NULL));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("api/lent");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 30);
    tcase_add_loop_test(all, test_event_stays, 0, 3);
    tcase_add_test(all, test_version);
    tcase_add_test(all, test_null);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
