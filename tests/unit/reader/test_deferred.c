/* Tests stacks that are read again when somebody asks for their frames: after the reader
 * has gone on or is freed, from many threads, and of a file that was cut or written to. */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../fault/heap.h"
#include "../../golden/kept.h"
#include "../../golden/support.h"
#include "gen/tables.h"

enum { ASKING = 4 };

static struct bytes trace;
static tr_reader *r;
static const tr_event *ev;
static int fd;

static void open_file(void)
{
    fd = file_of(&trace, 0);
    ck_assert_int_ge(fd, 0);
    lseek(fd, 0, SEEK_SET);
    r = tr_reader_new();
    ck_assert_int_eq(tr_reader_open_fd(r, fd), TR_OK);
}

static void close_file(void)
{
    tr_reader_free(r);
    let_go();
    close(fd);
}

/* Stacks of events from all generations. */
static tr_status keep_all(void)
{
    tr_status status;
    while ((status = tr_reader_next(r, &ev)) == TR_OK)
        keep(ev->stack);
    ck_assert_int_gt(kept_count, 50);
    ck_assert_ptr_ne(kept[0].tables, kept[kept_count - 1].tables);
    return status;
}

/* The sum of a trace that is pushed: its stacks are never read again. */
static uint64_t right_sum(void)
{
    uint64_t sum;
    r = tr_reader_new();
    ck_assert_int_eq(tr_reader_feed(r, trace.data, trace.size), TR_OK);
    ck_assert_int_eq(tr_reader_feed_end(r), TR_OK);
    ck_assert_int_eq(keep_all(), TR_END);
    sum = sum_of_kept();
    ck_assert_uint_ne(sum, 0);
    tr_reader_free(r);
    let_go();
    return sum;
}

START_TEST(test_late)
{
    uint64_t right = right_sum();
    for (int freed = 0; freed < 2; freed++) {
        open_file();
        ck_assert_int_eq(keep_all(), TR_END);
        if (freed) {
            tr_reader_free(r);
            r = NULL;
            ck_assert_int_eq(ftruncate(fd, 0), 0); /* is not read any more */
        }
        ck_assert_uint_eq(sum_of_kept(), right);
        close_file();
    }
}
END_TEST

/* Nobody has asked for the frames when the memory ends. */
START_TEST(test_late_from_memory)
{
    uint64_t right = right_sum();
    struct bytes lent = {malloc(trace.size), trace.size};
    memcpy(lent.data, trace.data, trace.size);
    r = tr_reader_new();
    ck_assert_int_eq(tr_reader_open_memory(r, lent.data, lent.size), TR_OK);
    ck_assert_int_eq(keep_all(), TR_END);
    tr_reader_free(r);
    r = NULL;
    free_bytes(&lent);
    ck_assert_uint_eq(sum_of_kept(), right);
    fd = -1;
    close_file();
}
END_TEST

/* What stays in the file takes no memory until it is asked for. */
START_TEST(test_memory)
{
    tr_memory_use before, after;
    open_file();
    ck_assert_int_eq(tr_reader_next(r, &ev), TR_OK);
    while (tr_stack_frame_count(ev->stack) == 0)
        ck_assert_int_eq(tr_reader_next(r, &ev), TR_OK);
    keep(ev->stack);
    tr_reader_memory(r, &before);
    ck_assert_uint_ne(sum_of_kept(), 0);
    tr_reader_memory(r, &after);
    ck_assert_uint_gt(after.table_bytes, before.table_bytes);
    ck_assert_uint_eq(after.table_bytes - before.table_bytes,
                      after.total_bytes - before.total_bytes);
    close_file();
}
END_TEST

/* The frames cannot be had: each way of asking says so, and so does the reader. */
static void expect_lost(tr_status why, const char *message)
{
    tr_frame f;
    for (int i = 0; i < kept_count; i++)
        ck_assert_int_eq(tr_stack_frame(kept[i], 0, &f), why);
    ck_assert_int_eq(tr_reader_error(r)->code, why);
    ck_assert_ptr_nonnull(strstr(tr_reader_error(r)->message, message));
    ck_assert_uint_gt(tr_reader_error(r)->offset, 0);
    tr_status status;
    do
        status = tr_reader_next(r, &ev);
    while (status == TR_OK);
    ck_assert_int_eq(status, why);
    tr_reader_free(r);
    r = NULL;
    for (int i = 0; i < kept_count; i++)
        ck_assert_int_eq(tr_stack_frame(kept[i], 0, &f), why);
    close_file();
}

static void read_some(void)
{
    open_file();
    while (kept_count < 3) {
        ck_assert_int_eq(tr_reader_next(r, &ev), TR_OK);
        keep(ev->stack);
    }
}

START_TEST(test_cut)
{
    read_some();
    ck_assert_int_eq(ftruncate(fd, 100), 0);
    expect_lost(TR_E_TRUNCATED, "shorter");
}
END_TEST

START_TEST(test_cut_after_the_end)
{
    open_file();
    ck_assert_int_eq(keep_all(), TR_END);
    ck_assert_int_eq(ftruncate(fd, 100), 0);
    tr_frame f;
    ck_assert_int_eq(tr_stack_frame(kept[0], 0, &f), TR_E_TRUNCATED);
    ck_assert_int_eq(tr_reader_error(r)->code, TR_E_TRUNCATED);
    close_file();
}
END_TEST

/* Nothing that was checked is believed again: all bytes alike, and each record moved. */
START_TEST(test_written_to)
{
    for (int value = 0; value < 256; value += 3) {
        struct bytes other = {malloc(trace.size), trace.size};
        memset(other.data, value, trace.size);
        read_some();
        ck_assert_int_eq(pwrite(fd, other.data, trace.size, 0), (ssize_t)trace.size);
        expect_lost(TR_E_CORRUPT, "changed");
        free_bytes(&other);
    }
    read_some();
    ck_assert_int_eq(pwrite(fd, trace.data, trace.size - 1, 1), (ssize_t)(trace.size - 1));
    expect_lost(TR_E_CORRUPT, "changed");
}
END_TEST

/* Only the last stack is not what it was: nothing stays of those before it. */
START_TEST(test_written_to_the_last)
{
    tr_frame f;
    read_some();
    const struct tr_tables *t = kept[0].tables;
    uint32_t last = t->stack_ids.count - 1;
    ck_assert_uint_gt(last, 0);
    ck_assert_int_eq(pwrite(fd, "", 1, (off_t)t->stacks[last].offset), 1);
    ck_assert_int_eq(tr_stack_frame(kept[0], 0, &f), TR_E_CORRUPT);
    for (uint32_t i = 0; i <= last; i++)
        ck_assert_ptr_null(t->stacks[i].frames);
    expect_lost(TR_E_CORRUPT, "changed");
}
END_TEST

/* Freed without anybody having asked: what cannot be loaded then is told later. */
START_TEST(test_cut_before_freed)
{
    tr_frame f;
    open_file();
    ck_assert_int_eq(keep_all(), TR_END);
    ck_assert_int_eq(ftruncate(fd, 100), 0);
    tr_reader_free(r);
    r = NULL;
    for (int i = 0; i < kept_count; i++)
        ck_assert_int_eq(tr_stack_frame(kept[i], 0, &f), TR_E_TRUNCATED);
    close_file();
}
END_TEST

static atomic_int started;

static void *ask(void *sum)
{
    atomic_fetch_add(&started, 1);
    while (atomic_load(&started) <= ASKING)
        ;
    *(uint64_t *)sum = sum_of_kept();
    return NULL;
}

/* While threads ask for frames, the reader is freed, or is not. */
START_TEST(test_threads)
{
    uint64_t right = right_sum();
    for (int round = 0; round < 20; round++) {
        pthread_t threads[ASKING];
        uint64_t sums[ASKING];
        open_file();
        ck_assert_int_eq(keep_all(), TR_END);
        atomic_store(&started, 0);
        for (int i = 0; i < ASKING; i++)
            ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, &sums[i]), 0);
        while (atomic_load(&started) < ASKING)
            ;
        atomic_fetch_add(&started, 1);
        if (round % 2) {
            tr_reader_free(r);
            r = NULL;
        }
        for (int i = 0; i < ASKING; i++) {
            ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
            ck_assert_uint_eq(sums[i], right);
        }
        close_file();
    }
}
END_TEST

/* Memory that cuts the file when it is asked for the cut_at-th time. */
static int asked, cut_at;

static void *alloc_and_cut(void *user, size_t size)
{
    (void)user;
    if (++asked == cut_at)
        ck_assert_int_eq(ftruncate(fd, 100), 0);
    return malloc(size);
}

static void give_back(void *user, void *ptr, size_t size)
{
    (void)user;
    (void)size;
    free(ptr);
}

/* Read a table whose rows need frames; *error 0: to its end. *shorter: it says so. */
static uint64_t rows_of(const char *table, int *error, bool *shorter)
{
    static const tr_allocator cutting = {alloc_and_cut, give_back, NULL};
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    uint64_t rows = 0;
    fd = file_of(&trace, 0);
    lseek(fd, 0, SEEK_SET);
    asked = 0;
    r = tr_reader_new_with(&cutting);
    ck_assert_int_eq(tr_reader_open_fd(r, fd), TR_OK);
    ck_assert_int_eq(tr_table_stream(table, r, NULL, &stream), TR_OK);
    while ((*error = stream.get_next(&stream, &batch)) == 0 && batch.release) {
        rows += (uint64_t)batch.length;
        batch.release(&batch);
    }
    *shorter = *error && strstr(stream.get_last_error(&stream), "shorter");
    stream.release(&stream);
    close(fd);
    return rows;
}

/* Whenever it is cut, a table ends early with an error, or is whole. */
START_TEST(test_table_cut)
{
    static const char *const tables[] = {"stacks", "frames", "goroutines", "blocking_by_function"};
    int error, told = 0;
    bool shorter;
    cut_at = 0;
    const uint64_t all = rows_of(tables[_i], &error, &shorter);
    const int times = asked;
    ck_assert_int_eq(error, 0);
    ck_assert_uint_gt(all, 0);
    /* The first is the reader's own, made before the file is open. */
    for (cut_at = 1; cut_at <= times; cut_at++) {
        uint64_t rows = rows_of(tables[_i], &error, &shorter);
        ck_assert(error ? rows <= all : rows == all);
        ck_assert_int_ne(error, ENOMEM);
        told += shorter;
    }
    ck_assert_int_gt(told, 0);
}
END_TEST

/* --- At the same time --- */

static struct heap heap;
static atomic_bool is_slow; /* so that both have begun before one is done */
static atomic_bool is_within;

static void *alloc_slowly(void *user, size_t size)
{
    if (atomic_load(&is_slow)) {
        atomic_store(&is_within, true);
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    return heap_alloc(user, size);
}

static void *ask_first(void *stack)
{
    tr_frame f;
    return tr_stack_frame(*(tr_stack *)stack, 0, &f) == TR_OK ? stack : NULL;
}

/* Two threads, or one, ask for the first frames; the most memory that took. */
static uint64_t peak_of_asking(bool two, uint64_t fail_at)
{
    static const tr_allocator allocator = {alloc_slowly, heap_free, &heap};
    pthread_t other;
    void *got = NULL;
    heap = (struct heap){0};
    r = tr_reader_new_with(&allocator);
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_THREADS, 1), TR_OK);
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    do
        ck_assert_int_eq(tr_reader_next(r, &ev), TR_OK);
    while (tr_stack_frame_count(ev->stack) == 0);
    tr_stack stack = ev->stack;
    heap.peak = heap.bytes;
    if (fail_at)
        heap.fail_at = heap.calls + fail_at;
    heap.from_then_on = fail_at != 0;
    atomic_store(&is_slow, true);
    if (two)
        ck_assert_int_eq(pthread_create(&other, NULL, ask_first, &stack), 0);
    void *have = ask_first(&stack);
    /* What has failed is the reader's error at once, whoever was first. */
    ck_assert_int_eq(tr_reader_error(r)->code, have ? TR_OK : TR_E_NOMEM);
    if (two)
        ck_assert_int_eq(pthread_join(other, &got), 0);
    atomic_store(&is_slow, false);
    ck_assert_ptr_eq(have, fail_at ? NULL : &stack);
    ck_assert_ptr_eq(got, two ? have : NULL);
    tr_reader_free(r);
    ck_assert_ptr_null(heap_problem(&heap));
    return heap.peak;
}

START_TEST(test_made_once)
{
    ck_assert_uint_eq(peak_of_asking(true, 0), peak_of_asking(false, 0));
    for (uint64_t fail_at = 1; fail_at <= 5; fail_at++)
        peak_of_asking(true, fail_at);
}
END_TEST

/* A process that is forked while a thread makes frames can make them, too. */
START_TEST(test_forked)
{
    static const tr_allocator allocator = {alloc_slowly, heap_free, &heap};
    pthread_t other;
    void *got;
    int status;
    heap = (struct heap){0};
    r = tr_reader_new_with(&allocator);
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    do
        ck_assert_int_eq(tr_reader_next(r, &ev), TR_OK);
    while (tr_stack_frame_count(ev->stack) == 0);
    tr_stack stack = ev->stack;
    atomic_store(&is_within, false);
    atomic_store(&is_slow, true);
    ck_assert_int_eq(pthread_create(&other, NULL, ask_first, &stack), 0);
    while (!atomic_load(&is_within))
        nanosleep(&(struct timespec){.tv_nsec = 10000}, NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        _exit(ask_first(&stack) ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(pthread_join(other, &got), 0);
    ck_assert_ptr_eq(got, &stack);
    atomic_store(&is_slow, false);
    tr_reader_free(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reader/deferred");
    TCase *late = tcase_create("late"), *lost = tcase_create("lost");

    trace = load_trace("go1.26-generations");
    tcase_set_timeout(late, 60);
    tcase_set_timeout(lost, 60);
    tcase_add_test(late, test_late);
    tcase_add_test(late, test_late_from_memory);
    tcase_add_test(late, test_memory);
    tcase_add_test(late, test_threads);
    tcase_add_test(late, test_made_once);
    tcase_add_test(late, test_forked);
    tcase_add_test(lost, test_cut);
    tcase_add_test(lost, test_cut_after_the_end);
    tcase_add_test(lost, test_written_to);
    tcase_add_test(lost, test_written_to_the_last);
    tcase_add_test(lost, test_cut_before_freed);
    tcase_add_loop_test(lost, test_table_cut, 0, 4);
    suite_add_tcase(suite, late);
    suite_add_tcase(suite, lost);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free_bytes(&trace);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
