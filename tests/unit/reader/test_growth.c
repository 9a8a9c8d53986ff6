/* Tests that the memory of a reader does not grow with the trace: many generations, each
 * with strings, tasks, regions, logs and stop-the-worlds that none before it had, are held
 * in as much as a few of them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../golden/support.h"
#include "../../golden/textform.h"

enum { GENERATIONS = 400, SETTLED = 40, EVENTS = 12 };

/* A task and a region of each generation end in the next one. */
static const char one_generation[] =
    "EventBatch gen=@g m=1 time=@t size=auto\n"
    "ProcStatus dt=1 p=0 pstatus=1\n"
    "GoStatus dt=1 g=1 m=1 gstatus=2\n"
    "UserTaskBegin dt=1 task=@g parent_task=0 name_string=1 stack=0\n"
    "UserRegionBegin dt=1 task=5 name_string=2 stack=0\n"
    "UserRegionEnd dt=1 task=5 name_string=2 stack=0\n"
    "UserLog dt=1 task=@g key_string=3 value_string=4 stack=0\n"
    "STWBegin dt=1 kind_string=5 stack=0\n"
    "STWEnd dt=1\n"
    "@e"
    "UserRegionBegin dt=1 task=@g name_string=6 stack=0\n"
    "EventBatch gen=@g m=-1 time=@t size=auto\n"
    "Sync\n"
    "Frequency freq=1000000000\n"
    "ClockSnapshot dt=1 mono=2 sec=3 nsec=4\n"
    "EventBatch gen=@g m=-1 time=@t size=auto\n"
    "Strings\n"
    "String id=1\n\tdata=\"task @g @x\"\n"
    "String id=2\n\tdata=\"region @g @x\"\n"
    "String id=3\n\tdata=\"category @g @x\"\n"
    "String id=4\n\tdata=\"message @g @x\"\n"
    "String id=5\n\tdata=\"reason @g @x\"\n"
    "String id=6\n\tdata=\"open @g @x\"\n"
    "String id=7\n\tdata=\"open @b @x\"\n"
    "EndOfGeneration\n";
static const char ends[] = "UserTaskEnd dt=1 task=@b stack=0\n"
                           "UserRegionEnd dt=1 task=@b name_string=7 stack=0\n";

static struct textform trace;

/* Append a text, with the marks @g (generation), @b (the one before), @t (time) and @x (what
 * makes strings long) replaced, and @e by the text `inner`. */
static char *expand(char *to, const char *text, unsigned generation, const char *inner)
{
    static char long_part[600];
    memset(long_part, 'x', sizeof long_part - 1);
    for (; *text; text++) {
        if (*text != '@') {
            *to++ = *text;
            continue;
        }
        switch (*++text) {
        case 'g':
            to += sprintf(to, "%u", generation);
            break;
        case 'b':
            to += sprintf(to, "%u", generation - 1);
            break;
        case 't':
            to += sprintf(to, "%u", generation * 100);
            break;
        case 'x':
            to += sprintf(to, "%s", long_part);
            break;
        default:
            to = expand(to, inner, generation, "");
        }
    }
    return to;
}

static void make_trace(void)
{
    static char text[GENERATIONS * 10000];
    char *end = text + sprintf(text, "Trace Go1.26\n");
    for (unsigned i = 1; i <= GENERATIONS; i++)
        end = expand(end, one_generation, i, i > 1 ? ends : "");
    require(textform_convert(&trace, text, (size_t)(end - text)), "line %u: %s", trace.line,
            trace.error);
}

/* What the reader's allocator has given out. */
static size_t held;

static void *count_alloc(void *user, size_t size)
{
    (void)user;
    held += size;
    return malloc(size);
}

static void count_free(void *user, void *ptr, size_t size)
{
    (void)user;
    held -= size;
    free(ptr);
}

static const tr_allocator counting = {count_alloc, count_free, NULL};

enum how { HOW_MEMORY, HOW_FILE, HOW_CALLBACK, HOW_PUSH, HOW_COUNT };

static int64_t give(void *user, void *buf, size_t size)
{
    size_t *at = user;
    size_t n = trace.size - *at < size ? trace.size - *at : size;
    n = n < 1000 ? n : 1000;
    memcpy(buf, trace.data + *at, n);
    *at += n;
    return (int64_t)n;
}

START_TEST(test_generations)
{
    const struct bytes bytes = {trace.data, trace.size};
    const tr_event *ev;
    tr_status status;
    size_t at = 0, most_settled = 0, most = 0;
    uint64_t events = 0, named = 0, tables = 0, state = 0;
    held = 0;
    tr_reader *r = tr_reader_new_with(&counting);
    ck_assert_ptr_nonnull(r);
    int fd = -1;
    if (_i == HOW_MEMORY) {
        status = tr_reader_open_memory(r, trace.data, trace.size);
    } else if (_i == HOW_FILE) {
        fd = file_of(&bytes, 0);
        ck_assert_int_eq((int)lseek(fd, 0, SEEK_SET), 0);
        status = tr_reader_open_fd(r, fd);
    } else if (_i == HOW_CALLBACK)
        status = tr_reader_open_callback(r, give, &at);
    else
        status = TR_NEED_INPUT;
    while (status == TR_OK || status == TR_NEED_INPUT) {
        if (status == TR_NEED_INPUT) {
            size_t n = trace.size - at < 1000 ? trace.size - at : 1000;
            ck_assert_int_eq(n ? tr_reader_feed(r, trace.data + at, n) : tr_reader_feed_end(r),
                             TR_OK);
            at += n;
        }
        status = tr_reader_next(r, &ev);
        if (status != TR_OK)
            continue;
        events++;
        named += ev->kind == TR_KIND_TASK_END && ev->task.type.len > 600;
        uint64_t generation = tr_reader_generation_count(r);
        if (generation <= SETTLED && held > most_settled)
            most_settled = held;
        if (held > most)
            most = held;
        if (generation == SETTLED || generation == GENERATIONS - 1) {
            tr_memory_use use;
            tr_reader_memory(r, &use);
            ck_assert_uint_le(use.total_bytes, held);
            if (generation == SETTLED) {
                tables = use.table_bytes;
                state = use.state_bytes;
            }
            ck_assert_uint_le(use.table_bytes, tables * 11 / 10);
            ck_assert_uint_le(use.state_bytes, state * 11 / 10);
        }
    }
    ck_assert_msg(status == TR_END, "%s", tr_reader_error(r)->message);
    ck_assert_uint_eq(events, GENERATIONS * EVENTS - 2 + 1); /* and the last Sync */
    ck_assert_uint_eq(named, GENERATIONS - 1); /* tasks end with the name they began with */
    ck_assert_uint_le(most, most_settled * 11 / 10);
    tr_reader_free(r);
    ck_assert_uint_eq(held, 0);
    if (fd >= 0)
        close(fd);
}
END_TEST

/* Columns of numbers do not grow either; those of text do with the strings that they have
 * named, because their codes are for the reader's life. */
START_TEST(test_columns)
{
    enum { ROWS = 100 };
    static int64_t data[4][ROWS];
    static const tr_column_id ids[2][4] = {
        {TR_COL_TIME, TR_COL_GOROUTINE, TR_COL_KIND, TR_COL_RESOURCE_ID},
        {TR_COL_TIME, TR_COL_GOROUTINE, TR_COL_MESSAGE, TR_COL_TYPE},
    };
    size_t filled, first = 0, last = 0;
    tr_column columns[4];
    for (int i = 0; i < 4; i++)
        columns[i] = (tr_column){ids[_i][i], data[i], ROWS};
    held = 0;
    tr_reader *r = tr_reader_new_with(&counting);
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    while (tr_reader_fill(r, columns, 4, ROWS, &filled) == TR_OK) {
        if (tr_reader_generation_count(r) <= SETTLED)
            first = held;
        last = held;
    }
    ck_assert_int_eq(tr_reader_error(r)->code, TR_OK);
    if (_i == 0)
        ck_assert_uint_le(last, first * 11 / 10);
    else
        ck_assert_uint_ge(tr_reader_string_count(r), 3 * GENERATIONS);
    tr_reader_free(r);
}
END_TEST

/* Generations of few events and many strings. */
enum { FEW = 10, STRINGS = 1500, OF_BATCH = 60, LENGTH = 1000 };

static struct textform many_strings(void)
{
    const size_t cap = (size_t)FEW * (STRINGS * (LENGTH + 100) + 1000);
    static char long_string[LENGTH + 1];
    char *text = malloc(cap), *end = text + sprintf(text, "Trace Go1.26\n");
    struct textform t = {0};
    memset(long_string, 'x', LENGTH);
    for (unsigned g = 1; g <= FEW; g++) {
        end += sprintf(end,
                       "EventBatch gen=%u m=1 time=%u size=auto\nProcStatus dt=1 p=0 pstatus=1\n"
                       "EventBatch gen=%u m=-1 time=%u size=auto\nSync\n"
                       "Frequency freq=1000000000\nClockSnapshot dt=1 mono=2 sec=3 nsec=4\n",
                       g, 100 * g, g, 100 * g);
        for (unsigned i = 0; i < STRINGS; i++) {
            if (i % OF_BATCH == 0)
                end += sprintf(end, "EventBatch gen=%u m=-1 time=1 size=auto\nStrings\n", g);
            end += sprintf(end, "String id=%u\n\tdata=\"%s\"\n", i + 1, long_string);
        }
        end += sprintf(end, "EndOfGeneration\n");
    }
    require((size_t)(end - text) < cap, "too much text");
    require(textform_convert(&t, text, (size_t)(end - text)), "line %u: %s", t.line, t.error);
    free(text);
    return t;
}

/* Read slowly, so that a thread that makes rows ahead may take up the tables of all that are to
 * come: it does not. */
START_TEST(test_ahead)
{
    struct textform t = many_strings();
    uint64_t peaks[2];
    for (unsigned threads = 1; threads <= 2; threads++) {
        const tr_event *ev;
        tr_memory_use use;
        tr_status status;
        tr_reader *r = tr_reader_new();
        ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_THREADS, threads), TR_OK);
        ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_MAX_MEMORY_BYTES, 8 << 20), TR_OK);
        ck_assert_int_eq(tr_reader_open_memory(r, t.data, t.size), TR_OK);
        while ((status = tr_reader_next(r, &ev)) == TR_OK)
            nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
        ck_assert_msg(status == TR_END, "%s", tr_reader_error(r)->message);
        tr_reader_memory(r, &use);
        peaks[threads - 1] = use.peak_bytes;
        tr_reader_free(r);
    }
    ck_assert_uint_gt(peaks[0], LENGTH * STRINGS);
    ck_assert_uint_le(peaks[1], peaks[0] + (1 << 20));
    textform_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reader/growth");
    TCase *all = tcase_create("all");
    make_trace();
    tcase_add_loop_test(all, test_generations, 0, HOW_COUNT);
    tcase_add_loop_test(all, test_columns, 0, 2);
    tcase_add_test(all, test_ahead);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    textform_free(&trace);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
