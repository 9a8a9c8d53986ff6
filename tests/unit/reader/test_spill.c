/* Tests traces that cannot be read again and whose events are more than may be held in
 * memory: they go through a temporary file, and the events are the same. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
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

static struct sums read_with(const struct bytes *trace, enum how how, uint64_t limit, int salvage)
{
    struct sums sums = {.texts = SUM_START, .batches = SUM_START};
    struct feed feed = {trace, 0};
    const tr_event *ev;
    tr_memory_use use;
    tr_reader *r = tr_reader_new();
    require(r && tr_reader_set_u64(r, TR_OPT_SPILL_BYTES, limit) == TR_OK &&
                tr_reader_set_u64(r, TR_OPT_SALVAGE, (uint64_t)salvage) == TR_OK,
            "no reader");
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

static struct sums read_trace(const struct bytes *trace, enum how how, uint64_t limit)
{
    return read_with(trace, how, limit, 0);
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

enum { NO_FOLDER, FULL, FAILURE_COUNT };

/* Without a folder for it, or with room for 1,000 bytes only: also in the file to which
 * Check writes with each assertion, so there is none here. */
static void fail_file(int failure)
{
    struct rlimit few = {1000, RLIM_INFINITY};
    if (failure == NO_FOLDER) {
        require(setenv("TMPDIR", "/nonexistent/folder", 1) == 0, "no environment");
    } else {
        signal(SIGXFSZ, SIG_IGN); /* EFBIG instead */
        require(setrlimit(RLIMIT_FSIZE, &few) == 0, "no limit");
    }
}

static void let_file(void)
{
    struct rlimit any = {RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &any);
    unsetenv("TMPDIR");
}

/* An error of the file ends the trace, and says why and where; salvaged or not, as it says
 * nothing of the trace. */
START_TEST(test_failures)
{
    struct bytes trace = load_trace("go1.25-gcactive");
    int failure = _i % FAILURE_COUNT;
    fail_file(failure);
    struct sums sums = read_with(&trace, HOW_CALLBACK, 1, _i / FAILURE_COUNT);
    let_file();
    ck_assert_int_eq(sums.status, TR_E_IO);
    ck_assert_int_eq(sums.error.code, TR_E_IO);
    ck_assert_int_eq(sums.error.os_error, failure == NO_FOLDER ? ENOENT : EFBIG);
    ck_assert_uint_eq(sums.error.generation, 1);
    ck_assert_uint_gt(sums.error.offset, 16);
    /* If nothing needs the file, it is not made. */
    fail_file(NO_FOLDER);
    ck_assert_int_eq(read_trace(&trace, HOW_CALLBACK, trace.size).status, TR_END);
    let_file();
    free_bytes(&trace);
}
END_TEST

/* The same of a trace that is damaged wherever it can be: its damage is not what is told. */
START_TEST(test_failures_of_damaged)
{
    struct bytes trace = load_trace("go1.26-idle");
    struct sums whole = read_with(&trace, HOW_CALLBACK, 0, 1);
    ck_assert_int_eq(whole.status, TR_END);
    for (size_t at = 16; at < trace.size; at++) {
        trace.data[at] += 1;
        struct sums expected = read_with(&trace, HOW_CALLBACK, 0, 1);
        struct sums spilled = read_with(&trace, HOW_CALLBACK, 1, 1);
        ck_assert_int_eq(spilled.status, expected.status);
        ck_assert(spilled.texts == expected.texts);
        fail_file(_i);
        struct sums failed = read_with(&trace, HOW_CALLBACK, 1, 1);
        let_file();
        /* Of some forms so few events are left that they find room. */
        if (_i == NO_FOLDER && expected.texts == whole.texts)
            ck_assert_int_eq(failed.status, TR_E_IO);
        if (failed.status != TR_E_IO)
            ck_assert(failed.status == expected.status && failed.texts == expected.texts);
        trace.data[at] -= 1;
    }
    free_bytes(&trace);
}
END_TEST

/* Cut the only file without a name that is open. */
static void cut_file(void)
{
    struct stat st;
    int found = -1;
    for (int fd = 0; fd < 64; fd++)
        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 0 && st.st_size > 0)
            found = fd;
    ck_assert_int_ge(found, 0);
    ck_assert_int_eq(ftruncate(found, 0), 0);
}

/* What was put into the file and cannot be read back is an error, too. */
START_TEST(test_failed_read)
{
    struct bytes trace = load_trace("go1.25-gcactive");
    struct feed feed = {&trace, 0};
    const tr_event *ev;
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_SPILL_BYTES, 1), TR_OK);
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_SALVAGE, (uint64_t)(_i & 1)), TR_OK);
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_THREADS, _i & 2 ? 3 : 1), TR_OK);
    ck_assert_int_eq(tr_reader_open_callback(r, give, &feed), TR_OK);
    ck_assert_int_eq(tr_reader_next(r, &ev), TR_OK);
    ck_assert_int_eq(ev->kind, TR_KIND_SYNC);
    cut_file();
    tr_status status;
    while ((status = tr_reader_next(r, &ev)) == TR_OK)
        ck_assert_uint_eq(ev->generation, 1);
    ck_assert_int_eq(status, TR_E_IO);
    ck_assert_ptr_nonnull(strstr(tr_reader_error(r)->message, "temporary file"));
    tr_reader_free(r);
    free_bytes(&trace);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reader/spill");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, test_same_result, 0, TRACE_COUNT * LIMIT_COUNT);
    tcase_add_loop_test(all, test_failures, 0, 2 * FAILURE_COUNT);
    tcase_add_loop_test(all, test_failures_of_damaged, 0, FAILURE_COUNT);
    tcase_add_loop_test(all, test_failed_read, 0, 4);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
