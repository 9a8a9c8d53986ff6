/* Rows that are made ahead: all come, once and in order, however long either thread is kept from
 * running between two steps. The file is compiled into this program with a step of its
 * handshakes replaced, before which a thread can be made to sleep. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static void sleep_before_telling(void);
#undef atomic_fetch_add
#define atomic_fetch_add(counter, n) \
    (sleep_before_telling(), atomic_fetch_add_explicit(counter, n, memory_order_seq_cst))
#include "reader/rows.c"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../golden/support.h"
#include "../../golden/textform.h"

enum { BATCHES = 6, BATCH_EVENTS = 10000, EVENTS = BATCHES * BATCH_EVENTS };

/* The event with which the second generation begins; the mark of the text is before it. */
enum { SECOND = EVENTS / 2 };

static struct {
    bool reader, maker; /* who sleeps */
    pthread_t reading;
} sleeps;

static void sleep_before_telling(void)
{
    bool is_reader = pthread_equal(pthread_self(), sleeps.reading) != 0;
    if (is_reader ? sleeps.reader : sleeps.maker)
        nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
}

static struct textform numbered_events(void)
{
    enum { LINE_MAX_BYTES = 60 };
    struct textform t = {0};
    char *text = malloc((size_t)EVENTS * LINE_MAX_BYTES), *end = text;
    require(text, "no memory");
    end += sprintf(end, "Trace Go1.26\n");
    for (int i = 0; i < EVENTS; i++) {
        const int generation = 1 + (i >= SECOND);
        const bool begins = i % SECOND == 0;
        if (begins)
            end += sprintf(end,
                           "%sEventBatch gen=%d m=-1 time=%d size=auto\n"
                           "Sync\n"
                           "Frequency freq=1000000000\n"
                           "ClockSnapshot dt=1 mono=2 sec=3 nsec=4\n",
                           i ? "EndOfGeneration\n>\n" : "", generation, i);
        if (i % BATCH_EVENTS == 0)
            end += sprintf(end, "EventBatch gen=%d m=1 time=%d size=auto\n%s", generation, i + 1,
                           begins ? "ProcStatus dt=0 p=0 pstatus=1\n" : "");
        end += sprintf(end, "HeapAlloc dt=1 heapalloc_value=%d\n", i);
    }
    end += sprintf(end, "EndOfGeneration\n");
    require(textform_convert(&t, text, (size_t)(end - text)), "line %u: %s", t.line, t.error);
    free(text);
    return t;
}

START_TEST(test_sleeping_threads)
{
    struct textform t = numbered_events();
    const tr_event *ev;
    tr_status status;
    uint64_t next = 0;
    sleeps.reading = pthread_self();
    sleeps.reader = _i & 1;
    sleeps.maker = _i & 2;
    tr_reader *r = tr_reader_new();
    require(r && tr_reader_set_u64(r, TR_OPT_THREADS, 2) == TR_OK &&
                tr_reader_open_memory(r, t.data, t.size) == TR_OK,
            "no reader");
    while ((status = tr_reader_next(r, &ev)) == TR_OK)
        if (ev->kind == TR_KIND_METRIC)
            ck_assert_uint_eq(ev->metric.value.u64, next++);
    ck_assert_int_eq(status, TR_END);
    ck_assert_uint_eq(next, EVENTS);
    tr_reader_free(r);
    textform_free(&t);
}
END_TEST

/* A file that is still written to: its size is the one that was found last. */
START_TEST(test_growing)
{
    struct textform t = numbered_events();
    const struct bytes first = {t.data, t.mark};
    const tr_event *ev;
    uint64_t count = 0;
    tr_status status;
    int fd = file_of(&first, 0);
    ck_assert_int_eq((int)lseek(fd, 0, SEEK_SET), 0);
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_THREADS, 1 + (unsigned)_i), TR_OK);
    ck_assert_int_eq(tr_reader_open_fd(r, fd), TR_OK);
    ck_assert_int_eq(tr_reader_next(r, &ev), TR_OK);
    /* There is no room yet to make rows of the second generation. */
    ck_assert_int_eq((int)pwrite(fd, t.data + t.mark, t.size - t.mark, (off_t)t.mark),
                     (int)(t.size - t.mark));
    while ((status = tr_reader_next(r, &ev)) == TR_OK)
        count += ev->kind == TR_KIND_METRIC;
    ck_assert_int_eq(status, TR_END);
    ck_assert_uint_eq(count, EVENTS);
    ck_assert_uint_eq(tr_reader_size(r), t.size);
    tr_reader_free(r);
    textform_free(&t);
    close(fd);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reader/rows");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, test_sleeping_threads, 0, 4);
    tcase_add_loop_test(all, test_growing, 0, 2);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
