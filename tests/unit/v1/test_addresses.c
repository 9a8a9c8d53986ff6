/* Traces of Go 1.5 and 1.6 name addresses where later ones name functions: what a function
 * that resolves them is asked, and what becomes of its answers. */
#include <check.h>
#include <stdlib.h>

#include "../../golden/oldtrace.h"
#include "../../golden/support.h"

enum { MAX_ASKED = 16 };

static struct {
    uint64_t addresses[MAX_ASKED];
    unsigned count;
} asked;

/* A tr_symbolize_fn: knows 0xf, and of 0x1f the file only. */
static int symbolize(void *user, uint64_t address, tr_symbol *out)
{
    ck_assert_ptr_eq(user, &asked);
    ck_assert_uint_lt(asked.count, MAX_ASKED);
    for (unsigned i = 0; i < asked.count; i++)
        ck_assert_uint_ne(asked.addresses[i], address);
    asked.addresses[asked.count++] = address;
    ck_assert(out->function.len == 0 && out->file.len == 0 && out->line == 0);
    if (address == 0x1f)
        out->file = (tr_str){"prog.go", 7};
    if (address == 0xf)
        *out = (tr_symbol){{"main.main", 9}, {"prog.go", 7}, 12};
    return address == 0xf || address == 0x1f;
}

static void check_frame(tr_stack stack, uint64_t pc, const char *func, const char *file,
                        uint64_t line)
{
    tr_frame frame;
    ck_assert_uint_eq(tr_stack_frame_count(stack), 1);
    ck_assert_int_eq(tr_stack_frame(stack, 0, &frame), TR_OK);
    ck_assert_uint_eq(frame.pc, pc);
    ck_assert(tr_str_equal(frame.func, func) && tr_str_equal(frame.file, file));
    ck_assert_uint_eq(frame.line, line);
}

/* By one thread and by two. */
START_TEST(test_resolved)
{
    struct oldtrace t = {0};
    const tr_event *ev;
    tr_status status;
    unsigned created = 0;
    old_write_all(&t, 5);
    asked.count = 0;
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_THREADS, (uint64_t)_i), TR_OK);
    ck_assert_int_eq(tr_reader_set_symbolizer(r, symbolize, &asked), TR_OK);
    ck_assert_int_eq(tr_reader_open_memory(r, t.data, t.size), TR_OK);
    ck_assert_int_eq(tr_reader_set_symbolizer(r, symbolize, &asked), TR_E_MISUSE);
    while ((status = tr_reader_next(r, &ev)) == TR_OK) {
        if (ev->kind != TR_KIND_STATE_TRANSITION || ev->transition.from != TR_GO_NOT_EXIST)
            continue;
        created++;
        check_frame(ev->stack, 0x10, "main.main", "prog.go", 12);
        check_frame(ev->transition.stack, 3, "0x3", "", 0);
    }
    ck_assert_int_eq(status, TR_END);
    ck_assert_uint_eq(created, 1);
    /* Those of goroutines that begin are no return addresses. */
    ck_assert_uint_gt(asked.count, 2);
    tr_reader_free(r);
    old_free(&t);
}
END_TEST

/* Of later traces nobody is asked. */
START_TEST(test_not_asked)
{
    struct oldtrace t = {0};
    const tr_event *ev;
    tr_status status;
    old_write_all(&t, 21);
    asked.count = 0;
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_reader_set_symbolizer(r, symbolize, &asked), TR_OK);
    ck_assert_int_eq(tr_reader_open_memory(r, t.data, t.size), TR_OK);
    while ((status = tr_reader_next(r, &ev)) == TR_OK)
        ;
    ck_assert_int_eq(status, TR_END);
    ck_assert_uint_eq(asked.count, 0);
    ck_assert_int_eq(tr_reader_set_symbolizer(NULL, symbolize, &asked), TR_E_MISUSE);
    tr_reader_free(r);
    old_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("v1/addresses");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, test_resolved, 1, 3);
    tcase_add_test(all, test_not_asked);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
