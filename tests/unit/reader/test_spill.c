/* Tests traces that cannot be read again and whose events are more than may be held in
 * memory: they go through a temporary file, and the events are the same. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../golden/support.h"

static const char *const names[] = {"go1.26-generations", "go1.22-generations", "go1.25-gcactive",
                                    "go1.26-allocfree", "go1.22-cut-middle"};
enum { TRACE_COUNT = 5 };
static const uint64_t limits[] = {0, 1, 5000, 70000, UINT64_MAX};
enum { LIMIT_COUNT = 5 };

struct feed {
    const struct bytes *trace;
    size_t at;
};

static int64_t give(void *user, void *buf, size_t size)
{
    struct feed *f = user;
    size_t n = f->trace->size - f->at;
    n = n < size ? n : size;
    memcpy(buf, f->trace->data + f->at, n);
    f->at += n;
    return (int64_t)n;
}

/* What was read. */
struct sums {
    uint64_t texts, batches, most_in_memory, most_spilled;
    tr_status status;
    tr_error error;
};

enum how { HOW_MEMORY, HOW_CALLBACK, HOW_PUSH };

static struct sums read_trace(const struct bytes *trace, enum how how, uint64_t limit)
{
    struct sums sums = {.texts = SUM_START, .batches = SUM_START};
    struct feed feed = {trace, 0};
    const tr_event *ev;
    tr_memory_use use;
    tr_reader *r = tr_reader_new();
    require(r && tr_reader_set_u64(r, TR_OPT_SPILL_BYTES, limit) == TR_OK, "no reader");
    tr_status status = TR_NEED_INPUT;
    if (how == HOW_MEMORY)
        status = tr_reader_open_memory(r, trace->data, trace->size);
    else if (how == HOW_CALLBACK)
        status = tr_reader_open_callback(r, give, &feed);
    while (status == TR_OK || status == TR_NEED_INPUT) {
        if (status == TR_NEED_INPUT) {
            size_t n = trace->size - feed.at < 3000 ? trace->size - feed.at : 3000;
            require((n ? tr_reader_feed(r, trace->data + feed.at, n) : tr_reader_feed_end(r)) ==
                        TR_OK,
                    "pushing fails");
            feed.at += n;
        }
        status = tr_reader_next(r, &ev);
        if (status != TR_OK)
            continue;
        size_t len;
        const char *line = event_line(ev, &len);
        sums.texts = sum_add(sums.texts, line, len);
        if (ev->kind != TR_KIND_SYNC)
            continue;
        for (uint32_t i = 0; i < ev->sync.batch_count; i++) {
            tr_experimental_batch b;
            require(tr_reader_experimental_batch(r, i, &b) == TR_OK, "no batch");
            sums.batches = sum_add(sums.batches, b.data.ptr, b.data.len);
        }
        tr_reader_memory(r, &use);
        if (use.event_bytes > sums.most_in_memory)
            sums.most_in_memory = use.event_bytes;
        if (use.spilled_bytes > sums.most_spilled)
            sums.most_spilled = use.spilled_bytes;
    }
    sums.status = status;
    sums.error = *tr_reader_error(r);
    sums.error.message = NULL; /* it ends with the reader */
    tr_reader_free(r);
    return sums;
}

START_TEST(test_same_result)
{
    struct bytes trace = load_trace(names[_i / LIMIT_COUNT]);
    uint64_t limit = limits[_i % LIMIT_COUNT];
    struct sums whole = read_trace(&trace, HOW_MEMORY, limit);
    ck_assert_uint_eq(whole.most_spilled, 0);
    ck_assert_uint_eq(whole.most_in_memory, 0);
    for (int how = HOW_CALLBACK; how <= HOW_PUSH; how++) {
        struct sums sums = read_trace(&trace, (enum how)how, limit);
        ck_assert_int_eq(sums.status, whole.status);
        ck_assert_int_eq(sums.error.code, whole.error.code);
        ck_assert_uint_eq(sums.error.offset, whole.error.offset);
        ck_assert(sums.texts == whole.texts);
        ck_assert(sums.batches == whole.batches);
        if (limit == 0 || limit == UINT64_MAX)
            ck_assert_uint_eq(sums.most_spilled, 0);
        if (limit == 1) {
            ck_assert_uint_gt(sums.most_spilled, 0);
            ck_assert_uint_eq(sums.most_in_memory, 0);
        }
    }
    free_bytes(&trace);
}
END_TEST

/* An error of the file ends the trace, and says why and where. */
START_TEST(test_failures)
{
    struct bytes trace = load_trace("go1.25-gcactive");
    struct rlimit none = {1000, RLIM_INFINITY};
    if (_i == 0) {
        ck_assert_int_eq(setenv("TMPDIR", "/nonexistent/folder", 1), 0);
    } else {
        signal(SIGXFSZ, SIG_IGN); /* EFBIG instead */
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    }
    struct sums sums = read_trace(&trace, HOW_CALLBACK, 1);
    none.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_FSIZE, &none);
    ck_assert_int_eq(sums.status, TR_E_IO);
    ck_assert_int_eq(sums.error.code, TR_E_IO);
    ck_assert_int_eq(sums.error.os_error, _i == 0 ? ENOENT : EFBIG);
    ck_assert_uint_eq(sums.error.generation, 1);
    ck_assert_uint_gt(sums.error.offset, 16);
    unsetenv("TMPDIR");
    /* If nothing needs the file, it is not made. */
    ck_assert_int_eq(setenv("TMPDIR", "/nonexistent/folder", 1), 0);
    ck_assert_int_eq(read_trace(&trace, HOW_CALLBACK, trace.size).status, TR_END);
    unsetenv("TMPDIR");
    free_bytes(&trace);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reader/spill");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, test_same_result, 0, TRACE_COUNT * LIMIT_COUNT);
    tcase_add_loop_test(all, test_failures, 0, 2);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
