/* Tests the progress function: it is told all the way from the start to the end, in the
 * middle of long generations too, and can stop the reader at each call. */
#include <check.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../golden/support.h"
#include "../../golden/textform.h"

enum { GENERATIONS = 2, BATCHES = 40, LOGS = 10000, MIB = 1 << 20, PIECE = 50000 };

static struct bytes trace; /* each generation is some MiB */

static void append(const void *data, size_t size)
{
    memcpy(trace.data + trace.size, data, size);
    trace.size += size;
}

static void append_number(uint64_t n)
{
    trace.size += textform_varint(trace.data + trace.size, n);
}

/* The records of a text; of its header, only if it is the first. */
static void append_text(const char *text)
{
    struct textform t = {0};
    require(textform_convert(&t, text, strlen(text)), "line %u: %s", t.line, t.error);
    size_t skipped = trace.size ? 16 : 0;
    append(t.data + skipped, t.size - skipped);
    textform_free(&t);
}

static void make_trace(void)
{
    /* UserLog: dt, task, key, value, stack */
    static const uint8_t log[] = {44, 1, 0, 0, 0, 0};
    trace.data = malloc((size_t)GENERATIONS * (BATCHES * LOGS * sizeof log + 10000));
    require(trace.data != NULL, "no memory");
    for (unsigned g = 1; g <= GENERATIONS; g++) {
        char text[1000];
        snprintf(text, sizeof text,
                 "Trace Go1.26\n"
                 "EventBatch gen=%u m=1 time=%u00000000 size=auto\n"
                 "ProcStatus dt=1 p=0 pstatus=1\n"
                 "GoStatus dt=1 g=1 m=1 gstatus=2\n"
                 "EventBatch gen=%u m=-1 time=%u00000000 size=auto\n"
                 "Sync\n"
                 "Frequency freq=1000000000\n"
                 "ClockSnapshot dt=1 mono=2 sec=3 nsec=4\n",
                 g, g + 10, g, g + 10);
        append_text(text);
        for (unsigned b = 0; b < BATCHES; b++) {
            append("\x01", 1);
            append_number(g);
            append_number(1);
            append_number((10 + g) * UINT64_C(100000000) + b * LOGS);
            append_number(LOGS * sizeof log);
            for (int i = 0; i < LOGS; i++)
                append(log, sizeof log);
        }
        append_text("Trace Go1.26\nEndOfGeneration\n");
    }
}

/* What the function was told, and what it says. */
struct told {
    uint64_t calls, cancel_at; /* 0: never */
    uint64_t last, total, most_step;
    uint64_t inside[GENERATIONS]; /* different values there */
    const char *problem;
    tr_reader *reader;
};

static int tell(void *user, uint64_t done, uint64_t total)
{
    struct told *t = user;
    tr_memory_use use;
    if (t->calls++ && (done < t->last || total != t->total))
        t->problem = "it goes back";
    if (done > trace.size)
        t->problem = "more than there is";
    if (done != t->last && done % (trace.size / GENERATIONS) > MIB / 2)
        t->inside[(done - 1) / (trace.size / GENERATIONS)]++;
    if (done - t->last > t->most_step)
        t->most_step = done - t->last;
    t->last = done;
    t->total = total;
    tr_reader_memory(t->reader, &use);
    if (!use.total_bytes)
        t->problem = "no memory is told";
    return t->calls == t->cancel_at;
}

enum how { HOW_MEMORY, HOW_FILE, HOW_CALLBACK, HOW_PUSH, HOW_COUNT };

static unsigned threads = 1;

static int64_t give(void *user, void *buf, size_t size)
{
    size_t *at = user;
    size_t n = trace.size - *at < size ? trace.size - *at : size;
    n = n < PIECE ? n : PIECE;
    memcpy(buf, trace.data + *at, n);
    *at += n;
    return (int64_t)n;
}

/* Read it all; the number of events. `told` NULL: nobody is told. */
static uint64_t read_trace(enum how how, struct told *told, tr_status *status)
{
    const tr_event *ev;
    size_t at = 0;
    int fd = -1;
    uint64_t events = 0;
    tr_reader *r = tr_reader_new();
    ck_assert_ptr_nonnull(r);
    if (told) {
        told->reader = r;
        ck_assert_int_eq(tr_reader_set_progress(r, tell, told), TR_OK);
    }
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_THREADS, threads), TR_OK);
    *status = TR_NEED_INPUT;
    if (how == HOW_MEMORY) {
        *status = tr_reader_open_memory(r, trace.data, trace.size);
    } else if (how == HOW_FILE) {
        fd = file_of(&trace, 0);
        ck_assert_int_eq((int)lseek(fd, 0, SEEK_SET), 0);
        *status = tr_reader_open_fd(r, fd);
    } else if (how == HOW_CALLBACK) {
        *status = tr_reader_open_callback(r, give, &at);
    }
    while (*status == TR_OK || *status == TR_NEED_INPUT) {
        if (*status == TR_NEED_INPUT) {
            size_t n = trace.size - at < PIECE ? trace.size - at : PIECE;
            ck_assert_int_eq(n ? tr_reader_feed(r, trace.data + at, n) : tr_reader_feed_end(r),
                             TR_OK);
            at += n;
        }
        *status = tr_reader_next(r, &ev);
        events += *status == TR_OK;
    }
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(tr_reader_next(r, &ev), *status);
    const tr_error *e = tr_reader_error(r);
    ck_assert_int_eq(e->code, *status == TR_END ? TR_OK : *status);
    if (*status == TR_E_CANCELED) {
        ck_assert_int_eq(e->severity, TR_SEVERITY_FATAL);
        ck_assert_uint_ge(e->offset, 16);
        ck_assert_ptr_nonnull(strstr(e->message, "canceled"));
        ck_assert(!events || e->generation > 0);
    }
    tr_reader_free(r);
    if (fd >= 0)
        close(fd);
    return events;
}

START_TEST(test_told)
{
    enum how how = (enum how)_i;
    struct told told = {0};
    tr_status status;
    uint64_t events = read_trace(how, &told, &status);
    ck_assert_int_eq(status, TR_END);
    ck_assert_uint_eq(events, GENERATIONS * (BATCHES * LOGS + 3) + 1);
    ck_assert_msg(!told.problem, "%s", told.problem);
    ck_assert_uint_eq(told.last, trace.size);
    ck_assert_uint_eq(told.total, how <= HOW_FILE ? trace.size : UINT64_MAX);
    ck_assert_uint_le(told.most_step, MIB + 100000);
    for (int g = 0; g < GENERATIONS; g++)
        ck_assert_uint_ge(told.inside[g], 2);
    /* While it is taken up, while its events come out, and for each generation. */
    ck_assert_uint_ge(told.calls, 2 * (trace.size / MIB - 2 * GENERATIONS));
    ck_assert_uint_le(told.calls, 2 * (trace.size / MIB + 2 * GENERATIONS));
}
END_TEST

START_TEST(test_canceled)
{
    enum how how = (enum how)_i;
    struct told told = {0};
    tr_status status;
    uint64_t before = 0, all = read_trace(how, &told, &status);
    for (uint64_t n = 1; n < told.calls; n += 1 + n / 3) {
        struct told now = {.cancel_at = n};
        uint64_t events = read_trace(how, &now, &status);
        ck_assert_int_eq(status, TR_E_CANCELED);
        ck_assert_uint_eq(now.calls, n); /* it is not called any more */
        ck_assert_uint_ge(events, before);
        before = events;
        if (n == 1)
            ck_assert_uint_eq(events, 0); /* no Sync either */
    }
    ck_assert_uint_lt(before, all);
    told.cancel_at = told.calls; /* the one at the end */
    told.calls = 0;
    ck_assert_uint_eq(read_trace(how, &told, &status), all);
    ck_assert_int_eq(status, TR_E_CANCELED);
}
END_TEST

/* With rows made ahead it is called as often for what has come out, and stops it as well. */
START_TEST(test_ahead)
{
    struct told told = {0};
    tr_status status;
    threads = 2 + (unsigned)_i / 2;
    uint64_t all = read_trace((enum how)(_i % 2), &told, &status);
    ck_assert_int_eq(status, TR_END);
    ck_assert_msg(!told.problem, "%s", told.problem);
    ck_assert_uint_eq(told.last, trace.size);
    ck_assert_uint_le(told.most_step, MIB + 100000);
    ck_assert_uint_ge(told.calls, trace.size / MIB - GENERATIONS);
    for (uint64_t n = 1; n <= GENERATIONS + 1; n++) {
        struct told now = {.cancel_at = n};
        uint64_t events = read_trace((enum how)(_i % 2), &now, &status);
        ck_assert_int_eq(status, TR_E_CANCELED);
        ck_assert_uint_eq(now.calls, n);
        ck_assert(n == 1 ? events == 0 : events < all);
    }
}
END_TEST

/* Generations that are far smaller than what lies between two calls elsewhere. */
START_TEST(test_small_generations)
{
    struct bytes large = trace;
    trace = load_trace("go1.26-generations");
    threads = 1 + (unsigned)_i;
    for (uint64_t stop = 0; stop <= 5; stop++) {
        struct told told = {.cancel_at = stop};
        const tr_event *ev;
        tr_status status;
        tr_reader *r = told.reader = tr_reader_new();
        ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_THREADS, threads), TR_OK);
        ck_assert_int_eq(tr_reader_set_progress(r, tell, &told), TR_OK);
        ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
        while ((status = tr_reader_next(r, &ev)) == TR_OK)
            ;
        ck_assert_int_eq(status, stop ? TR_E_CANCELED : TR_END);
        ck_assert_uint_ge(told.calls, stop ? stop : tr_reader_generation_count(r) + 1);
        /* It was stopped where one begins; of those before, the last is told. */
        ck_assert_uint_ge(tr_reader_error(r)->generation, stop && tr_reader_generation_count(r));
        ck_assert_ptr_null(told.problem);
        tr_reader_free(r);
    }
    free_bytes(&trace);
    trace = large;
}
END_TEST

/* Where memory comes from while the function is told: other threads wait for it until it has
 * stopped the reader, or for some seconds. */
struct slow {
    pthread_t caller;
    tr_reader *reader;
    atomic_uint calls;
    atomic_bool late;
};
enum { SLOW_CALLS = 3, SLOW_MS = 5000 };

static void *slow_alloc(void *user, size_t size)
{
    struct slow *slow = user;
    if (!pthread_equal(pthread_self(), slow->caller)) {
        for (int ms = 0; atomic_load(&slow->calls) < SLOW_CALLS && !atomic_load(&slow->late);
             ms++) {
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
            if (ms == SLOW_MS)
                atomic_store(&slow->late, true);
        }
    }
    return malloc(size);
}

static void slow_free(void *user, void *ptr, size_t size)
{
    (void)user;
    (void)size;
    free(ptr);
}

static int tell_slowly(void *user, uint64_t done, uint64_t total)
{
    struct slow *slow = user;
    tr_memory_use use;
    (void)done;
    (void)total;
    tr_reader_memory(slow->reader, &use);
    return atomic_fetch_add(&slow->calls, 1) + 1 == SLOW_CALLS;
}

/* To ask for the memory does not wait for who makes rows ahead, so that it can be stopped. */
START_TEST(test_memory_while_loading)
{
    struct slow slow = {.caller = pthread_self()};
    tr_allocator allocator = {slow_alloc, slow_free, &slow};
    const tr_event *ev;
    tr_reader *r = slow.reader = tr_reader_new_with(&allocator);
    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(tr_reader_set_progress(r, tell_slowly, &slow), TR_OK);
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_THREADS, 2 + (unsigned)_i), TR_OK);
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    ck_assert_int_eq(tr_reader_next(r, &ev), TR_E_CANCELED);
    ck_assert_uint_eq(atomic_load(&slow.calls), SLOW_CALLS);
    ck_assert(!atomic_load(&slow.late));
    tr_reader_free(r);
}
END_TEST

/* What is told of memory is of the trace with rows made ahead, too. */
START_TEST(test_memory_ahead)
{
    tr_memory_use use;
    const tr_event *ev;
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_THREADS, 1 + (unsigned)_i), TR_OK);
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(tr_reader_next(r, &ev), TR_OK);
    tr_reader_memory(r, &use);
    ck_assert_uint_gt(use.table_bytes, 0);
    ck_assert_uint_gt(use.state_bytes, 0);
    ck_assert_uint_eq(use.spilled_bytes, 0);
    ck_assert_uint_le(use.table_bytes + use.state_bytes + use.event_bytes, use.total_bytes);
    ck_assert_uint_le(use.total_bytes, use.peak_bytes);
    tr_reader_free(r);
}
END_TEST

START_TEST(test_set_and_unset)
{
    struct told told = {.cancel_at = 1};
    const tr_event *ev;
    ck_assert_int_eq(tr_reader_set_progress(NULL, tell, &told), TR_E_MISUSE);
    tr_reader *r = told.reader = tr_reader_new();
    ck_assert_int_eq(tr_reader_set_progress(r, tell, &told), TR_OK);
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    ck_assert_uint_eq(told.calls, 0); /* it is for what next() does */
    ck_assert_int_eq(tr_reader_set_progress(r, NULL, NULL), TR_OK);
    for (int i = 0; i < BATCHES * LOGS + 100; i++) /* into the second generation */
        ck_assert_int_eq(tr_reader_next(r, &ev), TR_OK);
    ck_assert_uint_eq(told.calls, 0);
    ck_assert_int_eq(tr_reader_set_progress(r, tell, &told), TR_OK);
    size_t filled;
    ck_assert_int_eq(tr_reader_fill(r, NULL, 0, SIZE_MAX, &filled), TR_OK);
    ck_assert_uint_lt(filled, MIB / 6 + LOGS); /* a MiB more */
    ck_assert_int_eq(tr_reader_fill(r, NULL, 0, SIZE_MAX, &filled), TR_E_CANCELED);
    ck_assert_uint_eq(told.calls, 1);
    tr_reader_free(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reader/progress");
    TCase *all = tcase_create("all");
    make_trace();
    tcase_add_loop_test(all, test_told, 0, HOW_COUNT);
    tcase_add_loop_test(all, test_canceled, 0, HOW_COUNT);
    tcase_add_loop_test(all, test_ahead, 0, 4);
    tcase_add_loop_test(all, test_small_generations, 0, 3);
    tcase_add_loop_test(all, test_memory_while_loading, 0, 2);
    tcase_add_loop_test(all, test_memory_ahead, 0, 3);
    tcase_add_test(all, test_set_and_unset);
    tcase_set_timeout(all, 60);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free_bytes(&trace);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
