/* Traces that are cut at any byte: truncated is what is told, but for the few cuts between
 * two batches of headers before 26, which leave a trace that says nothing of its end. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../golden/support.h"

static const struct {
    const char *name;
    size_t step;
    unsigned batches; /* more than it has */
} traces[] = {{"go1.22-idle", 1, 10},         {"go1.24-idle", 1, 10},
              {"go1.25-idle", 1, 10},         {"go1.26-idle", 1, 10},
              {"go1.22-generations", 5, 200}, {"go1.25-generations", 5, 200},
              {"go1.22-network", 97, 200},    {"go1.26-generations", 5, 200}};
enum { TRACE_COUNT = (int)(sizeof traces / sizeof traces[0]), STARTS_MAX = 1000 };

/* Where batches begin, by the records of the wire. */
static size_t find_batches(const struct bytes *trace, uint64_t *starts)
{
    const tr_wire_record *record;
    size_t count = 0;
    tr_wire *w = tr_wire_new();
    ck_assert_int_eq(tr_wire_open_memory(w, trace->data, trace->size), TR_OK);
    starts[count++] = 16; /* behind the header */
    while (tr_wire_next(w, &record) == TR_OK) {
        ck_assert_uint_lt(count, STARTS_MAX);
        if (strcmp(record->name, "EventBatch") == 0 ||
            strcmp(record->name, "ExperimentalBatch") == 0 ||
            strcmp(record->name, "EndOfGeneration") == 0)
            starts[count++] = record->offset;
    }
    tr_wire_free(w);
    return count;
}

static bool is_start(const uint64_t *starts, size_t count, size_t at)
{
    for (size_t i = 0; i < count; i++)
        if (starts[i] == at)
            return true;
    return false;
}

START_TEST(test_cuts)
{
    static uint64_t starts[STARTS_MAX];
    struct bytes trace = load_trace(traces[_i].name);
    size_t count = find_batches(&trace, starts);
    unsigned others = 0;
    for (size_t at = 1; at < trace.size; at += traces[_i].step) {
        /* In memory of its own, so that nothing behind it can be read unseen. */
        uint8_t *data = malloc(at);
        ck_assert_ptr_nonnull(data);
        memcpy(data, trace.data, at);
        tr_reader *r = tr_reader_new();
        const tr_event *ev;
        tr_status status = tr_reader_open_memory(r, data, at);
        while (status == TR_OK)
            status = tr_reader_next(r, &ev);
        const tr_error *e = tr_reader_error(r);
        if (status == TR_E_TRUNCATED)
            ck_assert_uint_le(e->offset, at);
        else if (is_start(starts, count, at))
            others++;
        else
            ck_abort_msg("%s, cut at %zu: %s: %s", traces[_i].name, at, tr_status_name(status),
                         e->message);
        tr_reader_free(r);
        free(data);
    }
    ck_assert_uint_lt(others, traces[_i].batches);
    free_bytes(&trace);
}
END_TEST

/* What is broken by itself is told, cut or not. */
START_TEST(test_broken_and_cut)
{
    struct bytes trace = load_trace("go1.22-bent-found-invalid-event-type");
    tr_status want = TR_E_CORRUPT;
    for (size_t less = 0; less < 2; less++) {
        tr_reader *r = tr_reader_new();
        const tr_event *ev;
        tr_status status = tr_reader_open_memory(r, trace.data, trace.size - less);
        while (status == TR_OK)
            status = tr_reader_next(r, &ev);
        ck_assert_int_eq(status, want);
        ck_assert_int_eq(tr_reader_error(r)->event_type, 250);
        tr_reader_free(r);
    }
    free_bytes(&trace);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fault/cuts");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 300);
    tcase_add_loop_test(all, test_cuts, 0, TRACE_COUNT);
    tcase_add_test(all, test_broken_and_cut);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
