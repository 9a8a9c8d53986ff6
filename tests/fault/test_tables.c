/* Lack of memory while tables are made: of every table, each single allocation fails once, of
 * the reader's and of the table's, alone and with all later ones. What comes out before the
 * error is right. */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "heap.h"
#include "rows.h"
#include "table/stream.h"

static struct heap heap;
static struct bytes trace, twice; /* with tasks and regions that are ended twice */

static const tr_allocator allocator = {heap_alloc, heap_free, &heap};

/* Gives 0 or the error; *rows is what came before. */
static int run(const struct bytes *of, int salvage, const char *table, int resolve,
               struct row_texts *rows)
{
    tr_table_options options = TR_TABLE_DEFAULTS;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    int error;
    tr_reader *r = tr_reader_new_with(&allocator);
    *rows = (struct row_texts){NULL, 0, 0};
    if (!r)
        return ENOMEM;
    options.resolve = resolve;
    options.batch_rows = 30;
    tr_status status = tr_reader_set_u64(r, TR_OPT_SALVAGE, (uint64_t)salvage);
    if (status == TR_OK)
        status = tr_reader_open_memory(r, of->data, of->size);
    if (status == TR_OK)
        status = tri_table_stream(tri_mem_new(&allocator), table, r, &options, &stream);
    if (status != TR_OK) {
        if (status != TR_E_NOMEM)
            problem(&heap, tr_status_name(status));
        tr_reader_free(r);
        return ENOMEM;
    }
    ck_assert_int_eq(stream.get_schema(&stream, &schema), 0);
    while ((error = stream.get_next(&stream, &batch)) == 0 && batch.release) {
        row_texts_add(rows, &batch, &schema);
        batch.release(&batch);
    }
    schema.release(&schema);
    if (error && (batch.release || !stream.get_last_error(&stream)))
        problem(&heap, "an error that says nothing, or a batch with it");
    if (error && stream.get_next(&stream, &batch) != error)
        problem(&heap, "the error does not stay");
    stream.release(&stream);
    return error;
}

static void try_each(const struct bytes *of, int salvage, const char *table, int resolve)
{
    struct row_texts whole, rows;
    for (int from_then_on = 0; from_then_on <= 1; from_then_on++) {
        uint64_t n = 0, failed = 0;
        heap = (struct heap){0};
        ck_assert_int_eq(run(of, salvage, table, resolve, &whole), 0);
        ck_assert_ptr_null(heap_problem(&heap));
        do {
            heap = (struct heap){.fail_at = ++n, .from_then_on = from_then_on};
            int error = run(of, salvage, table, resolve, &rows);
            const char *wrong = heap_problem(&heap);
            if (!wrong && error && error != ENOMEM)
                wrong = "another error";
            if (!wrong && !error && rows.count != whole.count)
                wrong = "rows are missing";
            if (!wrong)
                wrong = row_texts_wrong(&rows, &whole);
            failed += error == ENOMEM;
            if (wrong)
                ck_abort_msg("%s, allocation %" PRIu64 "%s: %s", table, n,
                             from_then_on ? " and all later" : "", wrong);
            row_texts_free(&rows);
        } while (heap.calls >= n); /* until none fails */
        ck_assert_uint_gt(failed, 10);
        row_texts_free(&whole);
    }
}

START_TEST(test_each)
{
    try_each(&trace, 0, tr_table_name((size_t)_i / 2), _i % 2);
}
END_TEST

/* These remember who has ended, or was created. */
START_TEST(test_who_ended)
{
    static const char *const tables[] = {"tasks", "regions", "goroutines", "intervals"};
    try_each(&twice, _i % 2, tables[_i / 2], 0);
}
END_TEST

/* The allocations of a pass over the intervals, which are in *batches batches; each is let go of
 * when the next one is there, or all are at the end. */
static uint64_t allocations(int hold, size_t *batches)
{
    static struct ArrowArray held[256];
    tr_table_options options = TR_TABLE_DEFAULTS;
    struct ArrowArrayStream stream;
    size_t count = 0;
    heap = (struct heap){0};
    tr_reader *r = tr_reader_new_with(&allocator);
    options.batch_rows = 3;
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    ck_assert_int_eq(tri_table_stream(tri_mem_new(&allocator), "intervals", r, &options, &stream),
                     TR_OK);
    for (; count < 256; count++) {
        ck_assert_int_eq(stream.get_next(&stream, &held[count]), 0);
        if (!held[count].release)
            break;
        if (!hold && count > 0)
            held[count - 1].release(&held[count - 1]);
    }
    stream.release(&stream);
    for (size_t i = 0; i < count; i++)
        if (held[i].release)
            held[i].release(&held[i]);
    ck_assert_ptr_null(heap_problem(&heap));
    *batches = count;
    return heap.calls;
}

START_TEST(test_buffers_serve_again)
{
    size_t batches, again, columns;
    uint64_t one_by_one = allocations(0, &batches), held = allocations(1, &again);
    ck_assert_uint_eq(batches, again);
    ck_assert_uint_gt(batches, 5);
    ck_assert_ptr_nonnull(tr_table_columns("intervals", &columns));
    /* All batches but the first two have their columns' buffers of another one. */
    ck_assert_uint_le(one_by_one + (batches - 2) * columns, held);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fault/tables");
    TCase *all = tcase_create("all");
    int tables = 0;
    trace = load_trace("go1.25-idle");
    twice = load_trace("go1.26-twice");
    while (tr_table_name((size_t)tables))
        tables++;
    tcase_set_timeout(all, 300);
    tcase_add_loop_test(all, test_each, 0, 2 * tables);
    tcase_add_loop_test(all, test_who_ended, 0, 8);
    tcase_add_test(all, test_buffers_serve_again);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free_bytes(&trace);
    free_bytes(&twice);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
