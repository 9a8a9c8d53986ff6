/* Traces of Go 1.5 to 1.21 whose records are in an order in which no program writes them: what
 * counts first then, or last, and what has numbers that go back. */
#include <check.h>
#include <stdlib.h>

#include "../../golden/oldtrace.h"
#include "../../golden/support.h"

static struct oldtrace t;
static tr_reader *r;
static const tr_event *ev;

static void setup(void)
{
    r = tr_reader_new();
}

static void teardown(void)
{
    tr_reader_free(r);
    old_free(&t);
}

/* --- Tables --- */

/* Two clocks, and two stacks with the same ID: before Go 1.11 those that are last in the file
 * count, later those of the batch that is begun last. */
START_TEST(test_last_counts)
{
    const unsigned version = old_versions[_i];
    const bool by_file = version < 11;
    tr_frame frame;
    old_begin(&t, version);
    old_batch(&t, 3, 0, 0);
    if (version >= 7) {
        old_string(&t, 1, "main.f");
        old_string(&t, 2, "/a.go");
    }
    old_stack(&t, 1, 0x30, 1, 2, 3);
    old_frequency(&t, 1000000);
    old_batch(&t, 0, 0, 100);
    old_event(&t, OLD_GO_CREATE, 0, 1, 0, 0);
    old_event(&t, OLD_GOMAXPROCS, 10, 4, 0);
    old_event(&t, OLD_GOMAXPROCS, 10, 5, 1);
    old_stack(&t, 1, 0x10, 1, 2, 3);
    old_frequency(&t, 1000000000);
    ck_assert_int_eq(tr_reader_open_memory(r, t.data, t.size), TR_OK);
    while (tr_reader_next(r, &ev) == TR_OK && ev->kind != TR_KIND_METRIC)
        ;
    ck_assert_int_eq(ev->kind, TR_KIND_METRIC);
    ck_assert_int_eq(ev->time_ns, by_file ? 20 : 20000);
    ck_assert_int_eq(tr_stack_frame(ev->stack, 0, &frame), TR_OK);
    ck_assert_uint_eq(frame.pc, by_file ? 0x10 : 0x30);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("v1/old_order");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, test_last_counts, 0, OLD_VERSION_COUNT);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
