/* Tests threads: readers in several threads at once read as each alone; other threads
 * resolve the stacks of a referenced generation while the reader goes on, all of them for
 * the first time at once, and give the tables back after the reader is gone; readers that
 * decode ahead are freed at any point. Meant to be
 * run under ThreadSanitizer too. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../golden/support.h"

static const char *const names[] = {"go1.26-generations", "go1.22-annotations", "go1.26-allocfree",
                                    "go1.25-idle"};
enum { TRACE_COUNT = 4, ROUNDS = 8 };

static struct bytes traces[TRACE_COUNT];

/* The sum of all texts. event_line of the other tests is for one thread only. */
static uint64_t sum_of(const struct bytes *trace, unsigned threads)
{
    static const size_t size = 1 << 16;
    const tr_event *ev;
    tr_memory_use use;
    uint64_t sum = SUM_START;
    char *text = malloc(size);
    tr_reader *r = tr_reader_new();
    require(text && r && tr_reader_set_u64(r, TR_OPT_THREADS, threads) == TR_OK &&
                tr_reader_open_memory(r, trace->data, trace->size) == TR_OK,
            "no reader");
    while (tr_reader_next(r, &ev) == TR_OK) {
        size_t len = tr_event_text(ev, text, size);
        sum = sum_add(sum, text, len < size ? len : size - 1);
        tr_reader_memory(r, &use);
        require(use.state_bytes < use.total_bytes, "no memory");
    }
    tr_reader_free(r);
    free(text);
    return sum;
}

struct job {
    pthread_t thread;
    const struct bytes *trace;
    pthread_barrier_t *start;
    uint64_t sums[ROUNDS];
};

static void *read_rounds(void *user)
{
    struct job *job = user;
    pthread_barrier_wait(job->start);
    for (int i = 0; i < ROUNDS; i++)
        job->sums[i] = sum_of(job->trace, 1);
    return NULL;
}

/* What is decoded ahead is the same. */
START_TEST(test_decoding_ahead)
{
    for (int t = 0; t < TRACE_COUNT; t++)
        for (unsigned threads = 2; threads < 40; threads = threads * 2 + 1)
            ck_assert_uint_eq(sum_of(&traces[t], threads), sum_of(&traces[t], 1));
}
END_TEST

static uint8_t *put(uint8_t *to, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *to++ = (uint8_t)(value | 0x80);
    *to++ = (uint8_t)value;
    return to;
}

static uint8_t *put_all(uint8_t *to, const uint64_t *values, int count)
{
    for (int i = 0; i < count; i++)
        to = put(to, values[i]);
    return to;
}

/* Append a batch of a thread. */
static uint8_t *put_batch(uint8_t *to, uint64_t thread, uint64_t time, const uint8_t *data,
                          size_t size)
{
    const uint64_t head[] = {1 /* EventBatch */, 1, thread, time, size};
    to = put_all(to, head, 5);
    memcpy(to, data, size);
    return to + size;
}

/* The same of thousands of threads, of which each has few records decoded at a time. */
START_TEST(test_decoding_ahead_of_many)
{
    enum { THREADS = 2500, EVENTS = 24, BATCH_MAX_BYTES = 50 + EVENTS * 20 };
    static const uint64_t sync[] = {
        50 /* Sync */, 8 /* Frequency */, 1000000000, 51 /* ClockSnapshot */, 1, 2, 3, 4};
    uint8_t data[BATCH_MAX_BYTES], *end;
    struct bytes trace = {malloc((size_t)(THREADS + 2) * BATCH_MAX_BYTES), 0};
    require(trace.data, "no memory");
    memcpy(trace.data, "go 1.26 trace\0\0", 16);
    end = put_batch(trace.data + 16, UINT64_MAX, 0, data, (size_t)(put_all(data, sync, 8) - data));
    for (unsigned thread = 0; thread < THREADS; thread++) {
        uint8_t *to = data;
        for (unsigned i = 0; i < EVENTS; i++) {
            const uint64_t status[] = {25 /* GoStatus */, thread * i % 1000,
                                       thread * EVENTS + i + 1, UINT64_MAX, 4 /* waiting */};
            to = put_all(to, status, 5);
        }
        end = put_batch(end, thread, thread * 7 % 100, data, (size_t)(to - data));
    }
    end = put(end, 52 /* EndOfGeneration */);
    trace.size = (size_t)(end - trace.data);
    const tr_event *ev;
    uint64_t events = 0;
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    while (tr_reader_next(r, &ev) == TR_OK)
        events++;
    tr_reader_free(r);
    ck_assert_uint_eq(events, THREADS * EVENTS + 2); /* and a Sync at either end */
    for (unsigned threads = 2; threads <= 4; threads++)
        ck_assert_uint_eq(sum_of(&trace, threads), sum_of(&trace, 1));
    free_bytes(&trace);
}
END_TEST

struct watch {
    pthread_t caller;
    unsigned calls, stop_at; /* 0: never */
    bool elsewhere;
};

static int watch(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    struct watch *w = user;
    w->calls++;
    w->elsewhere |= !pthread_equal(w->caller, pthread_self()) || done_bytes > total_bytes;
    return w->calls == w->stop_at;
}

/* The progress function is the caller's thread's, and stops all others. */
START_TEST(test_progress_with_threads)
{
    for (unsigned threads = 1; threads < 6; threads += 2)
        for (unsigned stop_at = 0; stop_at < 2; stop_at++) {
            struct watch w = {.caller = pthread_self(), .stop_at = stop_at};
            const tr_event *ev;
            tr_status status;
            tr_reader *r = tr_reader_new();
            ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_THREADS, threads), TR_OK);
            ck_assert_int_eq(tr_reader_set_progress(r, watch, &w), TR_OK);
            ck_assert_int_eq(tr_reader_open_memory(r, traces[0].data, traces[0].size), TR_OK);
            while ((status = tr_reader_next(r, &ev)) == TR_OK)
                ;
            ck_assert_int_eq(status, stop_at ? TR_E_CANCELED : TR_END);
            ck_assert_int_eq(tr_reader_next(r, &ev), status);
            ck_assert_int_eq(tr_reader_error(r)->code, stop_at ? TR_E_CANCELED : TR_OK);
            ck_assert_uint_ge(w.calls, 1);
            ck_assert(!w.elsewhere);
            tr_reader_free(r);
        }
}
END_TEST

/* What is wrong with a call is told, though others are at work; and does no harm. */
START_TEST(test_misuse_with_threads)
{
    uint64_t events[2] = {0, 0};
    for (unsigned threads = 1; threads < 4; threads++) {
        const tr_event *ev;
        uint64_t count = 0;
        tr_reader *r = tr_reader_new();
        ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_THREADS, threads), TR_OK);
        ck_assert_int_eq(tr_reader_open_memory(r, traces[0].data, traces[0].size), TR_OK);
        ck_assert_int_eq(tr_reader_open_memory(r, traces[0].data, traces[0].size), TR_E_MISUSE);
        ck_assert_int_eq(tr_reader_error(r)->code, TR_E_MISUSE);
        ck_assert_int_eq(tr_reader_feed(r, "x", 1), TR_E_MISUSE);
        while (tr_reader_next(r, &ev) == TR_OK)
            count++;
        events[threads > 1] = count;
        ck_assert_uint_eq(events[threads > 1], events[0]);
        tr_reader_free(r);
    }
    ck_assert_uint_gt(events[0], 0);
}
END_TEST

static tr_status read_with_memory(uint64_t limit, unsigned threads, uint64_t *events)
{
    const tr_event *ev;
    tr_reader *r = tr_reader_new();
    *events = 0;
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_THREADS, threads), TR_OK);
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_MAX_MEMORY_BYTES, limit), TR_OK);
    tr_status status = tr_reader_open_memory(r, traces[0].data, traces[0].size);
    for (; status == TR_OK && (status = tr_reader_next(r, &ev)) == TR_OK; ++*events)
        ;
    ck_assert_int_eq(tr_reader_error(r)->code, status == TR_END ? TR_OK : status);
    tr_reader_free(r);
    return status;
}

/* Where memory is little other threads take none of it: it ends where it does with one. */
START_TEST(test_little_memory_with_threads)
{
    unsigned limited = 0, whole = 0;
    for (uint64_t limit = 1000; limit < 3000000; limit += limit / 16) {
        uint64_t events, with_threads;
        tr_status status = read_with_memory(limit, 1, &events);
        ck_assert(status == TR_END || status == TR_E_LIMIT);
        for (unsigned threads = 2; threads < 5; threads++) {
            ck_assert_int_eq(read_with_memory(limit, threads, &with_threads), status);
            ck_assert_uint_eq(with_threads, events);
        }
        *(status == TR_END ? &whole : &limited) += 1;
    }
    ck_assert(limited > 5 && whole > 5);
}
END_TEST

/* Readers with threads of their own, freed at any point. */
START_TEST(test_freed_while_decoding_ahead)
{
    static const unsigned after[] = {0, 1, 2, 30, 300, 3000};
    for (int t = 0; t < TRACE_COUNT; t++)
        for (size_t i = 0; i < sizeof after / sizeof *after; i++)
            for (unsigned threads = 2; threads < 20; threads += 5) {
                const tr_event *ev;
                tr_reader *r = tr_reader_new();
                ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_THREADS, threads), TR_OK);
                ck_assert_int_eq(tr_reader_open_memory(r, traces[t].data, traces[t].size), TR_OK);
                for (unsigned n = 0; n < after[i] && tr_reader_next(r, &ev) == TR_OK; n++)
                    ;
                tr_reader_free(r);
            }
}
END_TEST

START_TEST(test_two_readers)
{
    struct job jobs[2 * TRACE_COUNT];
    pthread_barrier_t start;
    ck_assert_int_eq(pthread_barrier_init(&start, NULL, 2 * TRACE_COUNT), 0);
    for (int i = 0; i < 2 * TRACE_COUNT; i++) { /* each trace in two threads */
        jobs[i] = (struct job){.trace = &traces[i / 2], .start = &start};
        ck_assert_int_eq(pthread_create(&jobs[i].thread, NULL, read_rounds, &jobs[i]), 0);
    }
    for (int i = 0; i < 2 * TRACE_COUNT; i++) {
        uint64_t alone = sum_of(jobs[i].trace, 1);
        int other = 0;
        pthread_join(jobs[i].thread, NULL);
        for (int k = 0; k < ROUNDS; k++)
            other += jobs[i].sums[k] != alone;
        ck_assert_int_eq(other, 0);
    }
    pthread_barrier_destroy(&start);
}
END_TEST

/* --- Stacks of a referenced generation --- */

enum { STACKS_MAX = 500, RESOLVERS = 3 };

struct stacks {
    tr_stack items[STACKS_MAX];
    int count;
};

struct resolver {
    pthread_t thread;
    const struct stacks *stacks;
    pthread_barrier_t *start;
    uint64_t sum;
    int failed;
};

static uint64_t resolve(const struct stacks *stacks, int *failed)
{
    uint64_t sum = SUM_START;
    tr_frame f;
    for (int k = 0; k < stacks->count; k++)
        for (uint32_t i = 0; i < tr_stack_frame_count(stacks->items[k]); i++) {
            *failed += tr_stack_frame(stacks->items[k], i, &f) != TR_OK;
            sum = sum_add(sum, &f.pc, sizeof f.pc);
            sum = sum_add(sum, f.func.ptr, f.func.len);
            sum = sum_add(sum, f.file.ptr, f.file.len);
        }
    return sum;
}

static void *resolve_and_give_back(void *user)
{
    struct resolver *x = user;
    pthread_barrier_wait(x->start);
    x->sum = resolve(x->stacks, &x->failed);
    for (int k = 0; k < x->stacks->count; k++)
        tr_tables_unref(x->stacks->items[k].tables);
    return NULL;
}

/* The stacks of the first generation with any, each referenced once for each thread. */
static void collect(tr_reader *r, struct stacks *stacks, const tr_event **ev)
{
    stacks->count = 0;
    while (tr_reader_next(r, ev) == TR_OK && stacks->count < STACKS_MAX) {
        if ((*ev)->kind == TR_KIND_SYNC && stacks->count)
            return;
        if (!tr_stack_present((*ev)->stack))
            continue;
        for (int i = 0; i < RESOLVERS; i++)
            tr_tables_ref((*ev)->stack.tables);
        stacks->items[stacks->count++] = (*ev)->stack;
    }
}

START_TEST(test_stacks_while_reading)
{
    for (int round = 0; round < 4 * ROUNDS; round++) {
        struct stacks stacks;
        struct resolver resolvers[RESOLVERS];
        pthread_barrier_t start;
        const tr_event *ev;
        int column = round % 2; /* read on by columns, which adds to the reader's strings */
        tr_reader *r = tr_reader_new();
        ck_assert_int_eq(tr_reader_open_memory(r, traces[0].data, traces[0].size), TR_OK);
        ck_assert_int_eq(pthread_barrier_init(&start, NULL, RESOLVERS + 1), 0);
        collect(r, &stacks, &ev);
        ck_assert_int_gt(stacks.count, 10);
        for (int i = 0; i < RESOLVERS; i++) {
            resolvers[i] = (struct resolver){.stacks = &stacks, .start = &start};
            ck_assert_int_eq(
                pthread_create(&resolvers[i].thread, NULL, resolve_and_give_back, &resolvers[i]),
                0);
        }
        pthread_barrier_wait(&start);
        tr_status status = TR_OK;
        while (status == TR_OK) {
            static int32_t codes[2][100];
            static const tr_column columns[2] = {{TR_COL_REASON, codes[0], 100},
                                                 {TR_COL_TYPE, codes[1], 100}};
            size_t filled;
            status = column ? tr_reader_fill(r, columns, 2, 100, &filled) : tr_reader_next(r, &ev);
        }
        ck_assert_int_eq(status, TR_END);
        tr_reader_free(r);
        for (int i = 0; i < RESOLVERS; i++) {
            pthread_join(resolvers[i].thread, NULL);
            ck_assert_int_eq(resolvers[i].failed, 0);
            ck_assert(resolvers[i].sum == resolvers[0].sum);
        }
        pthread_barrier_destroy(&start);
    }
}
END_TEST

/* Texts of packed events in another thread, whose strings lie in the reader's pool
 * (regions and tasks), while the reader adds to it. */
struct unpacker {
    pthread_t thread;
    pthread_barrier_t *start;
    tr_packed_event events[1000];
    const tr_tables *tables;
    size_t count;
    uint64_t sum;
};

static uint64_t text_sum(const struct unpacker *u)
{
    static const size_t size = 4096;
    uint64_t sum = SUM_START;
    char *text = malloc(size);
    require(text != NULL, "no memory");
    for (size_t i = 0; i < u->count; i++) {
        tr_event ev;
        tr_event_unpack(&u->events[i], u->tables, &ev);
        size_t len = tr_event_text(&ev, text, size);
        sum = sum_add(sum, text, len < size ? len : size - 1);
    }
    free(text);
    return sum;
}

static void *unpack(void *user)
{
    struct unpacker *u = user;
    pthread_barrier_wait(u->start);
    u->sum = text_sum(u);
    return NULL;
}

START_TEST(test_unpacking_while_reading)
{
    static struct unpacker u;
    for (int round = 0; round < ROUNDS; round++) {
        pthread_barrier_t start;
        const tr_event *ev;
        tr_reader *r = tr_reader_new();
        ck_assert_int_eq(tr_reader_open_memory(r, traces[1].data, traces[1].size), TR_OK);
        ck_assert_int_eq(pthread_barrier_init(&start, NULL, 2), 0);
        u = (struct unpacker){.start = &start};
        while (u.count < 150) { /* all of the first generation */
            size_t n;
            ck_assert_int_eq(
                tr_reader_next_packed(r, u.events + u.count, 150 - u.count, &n, &u.tables), TR_OK);
            u.count += n;
        }
        tr_tables_ref(u.tables);
        ck_assert_int_eq(pthread_create(&u.thread, NULL, unpack, &u), 0);
        pthread_barrier_wait(&start);
        while (tr_reader_next(r, &ev) == TR_OK)
            ;
        pthread_join(u.thread, NULL);
        tr_reader_free(r);
        ck_assert(text_sum(&u) == u.sum);
        tr_tables_unref(u.tables);
        pthread_barrier_destroy(&start);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("api/threads");
    TCase *threads = tcase_create("threads");

    for (int i = 0; i < TRACE_COUNT; i++)
        traces[i] = load_trace(names[i]);
    tcase_add_test(threads, test_two_readers);
    tcase_add_test(threads, test_misuse_with_threads);
    tcase_add_test(threads, test_little_memory_with_threads);
    tcase_add_test(threads, test_progress_with_threads);
    tcase_add_test(threads, test_decoding_ahead);
    tcase_add_test(threads, test_decoding_ahead_of_many);
    tcase_add_test(threads, test_freed_while_decoding_ahead);
    tcase_add_test(threads, test_stacks_while_reading);
    tcase_add_test(threads, test_unpacking_while_reading);
    tcase_set_timeout(threads, 300);
    suite_add_tcase(suite, threads);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    for (int i = 0; i < TRACE_COUNT; i++)
        free_bytes(&traces[i]);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
