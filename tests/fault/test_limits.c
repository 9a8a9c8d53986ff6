/* Limits of memory of every size: what is read is whole, or there is TR_E_LIMIT with the
 * numbers and the place. Nothing is left out in silence: neither frames, which are made when
 * they are asked for, nor what is made of them; and what comes before the error is right. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../golden/support.h"
#include "rows.h"

static struct bytes trace;
static int trace_fd;

enum how { MEMORY, FD, PUSH, HOW_COUNT };

/* NULL if the limit does not allow to open it. */
static tr_reader *open_reader(enum how how, unsigned threads, uint64_t limit)
{
    tr_reader *r = tr_reader_new();
    tr_status status;
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_THREADS, threads), TR_OK);
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_MAX_MEMORY_BYTES, limit), TR_OK);
    if (how == MEMORY) {
        status = tr_reader_open_memory(r, trace.data, trace.size);
    } else if (how == FD) {
        ck_assert_int_eq((int)lseek(trace_fd, 0, SEEK_SET), 0);
        status = tr_reader_open_fd(r, trace_fd);
    } else {
        status = tr_reader_feed(r, trace.data, trace.size);
        if (status == TR_OK)
            status = tr_reader_feed_end(r);
    }
    if (status == TR_OK)
        return r;
    ck_assert_int_eq(status, TR_E_LIMIT);
    tr_reader_free(r);
    return NULL;
}

static void expect_limit(const tr_reader *r, int begun)
{
    const tr_error *e = tr_reader_error(r);
    ck_assert_int_eq(e->code, TR_E_LIMIT);
    ck_assert_ptr_nonnull(strstr(e->message, "bytes of memory: "));
    ck_assert_ptr_nonnull(strstr(e->message, " more, the limit is "));
    if (begun) {
        ck_assert_uint_gt(e->generation, 0);
        ck_assert_uint_gt(e->offset, 0);
    }
}

static uint64_t lost; /* runs that found no memory for frames */

/* Each gives a sum of all it read, or 0 for TR_E_LIMIT. */
typedef uint64_t read_fn(tr_reader *r, const char *what);

static uint64_t read_events(tr_reader *r, const char *what)
{
    const tr_event *ev;
    tr_frame frame;
    uint64_t sum = 1;
    tr_status status;
    bool asks = strcmp(what, "frames") == 0, told = false;
    while ((status = tr_reader_next(r, &ev)) == TR_OK) {
        sum += asks ? 1 : tr_event_text(ev, NULL, 0);
        if (!asks || !tr_stack_frame_count(ev->stack))
            continue;
        if (tr_stack_frame(ev->stack, 0, &frame) == TR_OK) {
            sum += frame.func.len;
        } else {
            expect_limit(r, 1);
            told = true;
        }
    }
    lost += told;
    if (status == TR_END) {
        ck_assert(!told);
        return sum;
    }
    ck_assert_int_eq(status, TR_E_LIMIT);
    expect_limit(r, told);
    return 0;
}

static uint64_t read_blocking(tr_reader *r, const char *what)
{
    tr_blocking *b =
        tr_blocking_new(what[0] == 's' ? TR_BLOCKING_BY_STACK : TR_BLOCKING_BY_FUNCTION);
    tr_status status = tr_blocking_read(b, r, 0);
    uint64_t sum = 1;
    if (status != TR_END) {
        ck_assert_int_eq(status, TR_E_LIMIT);
        expect_limit(r, 0);
        ck_assert_int_eq(tr_blocking_read(b, r, 0), TR_E_LIMIT);
    }
    ck_assert_int_eq(tr_blocking_finish(b), TR_OK);
    for (size_t i = 0; i < tr_blocking_row_count(b); i++)
        sum += tr_blocking_row_at(b, i)->key.len;
    tr_blocking_free(b);
    return status == TR_END ? sum : 0;
}

static struct row_texts all_rows; /* of the table that is read, once it has been read whole */

static uint64_t read_table(tr_reader *r, const char *table)
{
    tr_table_options options = TR_TABLE_DEFAULTS;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct row_texts rows = {NULL, 0, 0};
    int error;
    options.batch_rows = 30;
    ck_assert_int_eq(tr_table_stream(table, r, &options, &stream), TR_OK);
    ck_assert_int_eq(stream.get_schema(&stream, &schema), 0);
    while ((error = stream.get_next(&stream, &batch)) == 0 && batch.release) {
        row_texts_add(&rows, &batch, &schema);
        batch.release(&batch);
    }
    if (error) {
        ck_assert_int_eq(error, EOVERFLOW);
        ck_assert_ptr_nonnull(strstr(stream.get_last_error(&stream), "the limit is"));
    }
    schema.release(&schema);
    stream.release(&stream); /* and the reader */
    uint64_t sum = error ? 0 : 1 + rows.count;
    if (!all_rows.count) {
        all_rows = rows;
    } else {
        const char *wrong = row_texts_wrong(&rows, &all_rows);
        ck_assert_msg(!wrong, "a row of %s before the error: %s", table, wrong);
        row_texts_free(&rows);
    }
    return sum;
}

static const struct {
    const char *what;
    read_fn *read;
} reads[] = {
    {"frames", read_events},
    {"texts", read_events},
    {"stacks", read_blocking},
    {"functions", read_blocking},
    {"stacks", read_table},
    {"frames", read_table},
    {"goroutines", read_table},
    {"events", read_table},
    {"intervals", read_table},
    {"ranges", read_table},
    {"metrics", read_table},
    {"blocking_by_function", read_table},
    {"blocking_by_stack", read_table},
};
enum { READS = sizeof reads / sizeof *reads };

static uint64_t run(int n, enum how how, unsigned threads, uint64_t limit)
{
    tr_reader *r = open_reader(how, threads, limit);
    if (!r)
        return 0;
    uint64_t sum = reads[n].read(r, reads[n].what);
    if (reads[n].read != read_table)
        tr_reader_free(r);
    return sum;
}

START_TEST(test_limits)
{
    enum { STEP = 2000, SMALLEST = 20000 };
    for (int how = 0; how < HOW_COUNT; how++) {
        for (unsigned threads = 1; threads <= 2; threads++) {
            uint64_t right = run(_i, (enum how)how, threads, 0), refused = 0, sum = 0;
            ck_assert_uint_gt(right, 1);
            lost = 0;
            for (uint64_t limit = SMALLEST; sum == 0; limit += STEP) {
                ck_assert_uint_lt(limit, 100 * trace.size);
                sum = run(_i, (enum how)how, threads, limit);
                ck_assert(sum == 0 || sum == right);
                refused += sum == 0;
            }
            ck_assert_uint_gt(refused, 5);
            ck_assert(_i != 0 || lost > 0);
        }
    }
    row_texts_free(&all_rows);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fault/limits");
    TCase *all = tcase_create("all");
    trace = load_trace("go1.26-network");
    trace_fd = file_of(&trace, 0);
    tcase_set_timeout(all, 300);
    tcase_add_loop_test(all, test_limits, 0, READS);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free_bytes(&trace);
    close(trace_fd);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
