/* Tests a reader's life: options, every misuse, the error object, how long strings, stacks
 * and tables live, and what a reader says of the trace as a whole. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../golden/support.h"

static struct bytes idle, allocfree, annotations, generations;
static tr_reader *r;
static const tr_event *ev;

static void set_up(void)
{
    r = tr_reader_new();
    ck_assert_ptr_nonnull(r);
}

static void tear_down(void)
{
    tr_reader_free(r);
}

static void start_again(void)
{
    tear_down();
    set_up();
}

static void open_trace(const struct bytes *trace)
{
    ck_assert_int_eq(tr_reader_open_memory(r, trace->data, trace->size), TR_OK);
}

/* Read to the end; the number of events. */
static uint64_t read_all(tr_status *status)
{
    uint64_t n = 0;
    while ((*status = tr_reader_next(r, &ev)) == TR_OK)
        n++;
    return n;
}

/* --- Options and misuse --- */

START_TEST(test_options)
{
    static const uint64_t values[] = {1, 2, 1000, UINT64_C(1) << 32, UINT64_MAX};
    for (int option = TR_OPT_THREADS; option <= TR_OPT_SPILL_BYTES; option++)
        for (int i = 0; i < 5; i++)
            ck_assert_int_eq(tr_reader_set_u64(r, (tr_option)option, values[i]), TR_OK);
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_MAX_MEMORY_BYTES, 0), TR_OK); /* none */
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_SALVAGE, 1), TR_OK);
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_SALVAGE, 0), TR_OK);
    ck_assert_int_eq(tr_reader_error(r)->code, TR_OK);
    open_trace(&idle);
    tr_status status;
    ck_assert_uint_gt(read_all(&status), 10);
    ck_assert_int_eq(status, TR_END);
}
END_TEST

static void expect_misuse(const char *part)
{
    const tr_error *e = tr_reader_error(r);
    ck_assert_int_eq(e->code, TR_E_MISUSE);
    ck_assert_int_eq(e->severity, TR_SEVERITY_WARNING); /* reading can go on */
    ck_assert_int_eq(e->thread, TR_NONE);
    ck_assert_int_eq(e->event_type, -1);
    ck_assert_int_eq(e->os_error, 0);
    ck_assert_msg(strstr(e->message, part) != NULL, "%s", e->message);
}

START_TEST(test_bad_options)
{
    static const int unknown[] = {0, 10, -1, 1000, INT32_MAX};
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(tr_reader_set_u64(r, (tr_option)unknown[i], 1), TR_E_MISUSE);
        expect_misuse("unknown option");
        start_again();
    }
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_THREADS, 0), TR_E_MISUSE);
    expect_misuse("thread");
    start_again();
    open_trace(&idle);
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_THREADS, 1), TR_E_MISUSE);
    expect_misuse("before");
    start_again();
    ck_assert_int_eq(tr_reader_feed(r, NULL, 0), TR_OK);
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_THREADS, 1), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_set_u64(NULL, TR_OPT_THREADS, 1), TR_E_MISUSE);
}
END_TEST

START_TEST(test_wire_before_open)
{
    const tr_wire_record *record;
    tr_wire *w = tr_wire_new();
    ck_assert_int_eq(tr_wire_next(w, &record), TR_E_MISUSE);
    const tr_error *e = tr_wire_error(w);
    ck_assert_int_eq(e->code, TR_E_MISUSE);
    ck_assert_int_eq(e->thread, TR_NONE);
    ck_assert_int_eq(e->event_type, -1);
    tr_wire_free(w);
}
END_TEST

START_TEST(test_next_before_open)
{
    tr_packed_event packed;
    const tr_tables *tables;
    size_t count = 7;
    ck_assert_int_eq(tr_reader_next(r, &ev), TR_E_MISUSE);
    expect_misuse("not open");
    start_again();
    ck_assert_int_eq(tr_reader_next_packed(r, &packed, 1, &count, &tables), TR_E_MISUSE);
    ck_assert_uint_eq(count, 0);
    start_again();
    count = 7;
    ck_assert_int_eq(tr_reader_fill(r, NULL, 0, 1, &count), TR_E_MISUSE);
    ck_assert_uint_eq(count, 0);
    ck_assert_uint_eq(tr_reader_version(r), 0);
    ck_assert_uint_eq(tr_reader_bytes_read(r), 0);
    ck_assert_uint_eq(tr_reader_size(r), UINT64_MAX);
    ck_assert_uint_eq(tr_reader_generation_count(r), 0);
}
END_TEST

/* While events are at hand too; the last one counts, and nothing is missed. */
START_TEST(test_misuse_while_reading)
{
    tr_experimental_batch batch;
    tr_status status;
    size_t count;
    open_trace(&idle);
    uint64_t all = read_all(&status);
    start_again();
    open_trace(&idle);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(tr_reader_next(r, &ev), TR_OK);
    ck_assert_int_eq(tr_reader_fill(r, NULL, 0, 0, &count), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_error(r)->code, TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_experimental_batch(r, 77, &batch), TR_E_MISUSE);
    expect_misuse("no such");
    ck_assert_uint_eq(read_all(&status), all - 3);
    ck_assert_int_eq(status, TR_END);
    expect_misuse("no such");
}
END_TEST

START_TEST(test_open_twice)
{
    open_trace(&idle);
    ck_assert_int_eq(tr_reader_open_memory(r, idle.data, idle.size), TR_E_MISUSE);
    expect_misuse("open already");
    ck_assert_int_eq(tr_reader_open_path(r, "/dev/null"), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_open_fd(r, 0), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_open_callback(r, NULL, NULL), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_feed(r, "x", 1), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_feed_end(r), TR_E_MISUSE);
    expect_misuse("open already");
}
END_TEST

START_TEST(test_bad_feed)
{
    ck_assert_int_eq(tr_reader_feed(r, NULL, 1), TR_E_MISUSE);
    expect_misuse("no data");
    start_again();
    ck_assert_int_eq(tr_reader_feed(r, idle.data, idle.size), TR_OK);
    ck_assert_int_eq(tr_reader_feed_end(r), TR_OK);
    ck_assert_int_eq(tr_reader_feed(r, "x", 1), TR_E_MISUSE);
    expect_misuse("after the end");
    start_again();
    char path[] = "/tmp/tracereader-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, idle.data, idle.size), (ssize_t)idle.size);
    ck_assert_int_eq(tr_reader_open_path(r, path), TR_OK);
    unlink(path);
    ck_assert_int_eq(tr_reader_feed(r, "x", 1), TR_E_MISUSE);
    close(fd);
    start_again();
    /* Pushed a byte at a time, even the header. */
    for (size_t i = 0; i < 15; i++) {
        ck_assert_int_eq(tr_reader_feed(r, idle.data + i, 1), TR_OK);
        ck_assert_int_eq(tr_reader_next(r, &ev), TR_NEED_INPUT);
        ck_assert_uint_eq(tr_reader_version(r), 0);
    }
    ck_assert_int_eq(tr_reader_feed(r, idle.data + 15, 1), TR_OK);
    ck_assert_int_eq(tr_reader_next(r, &ev), TR_NEED_INPUT);
    ck_assert_uint_eq(tr_reader_version(r), 26);
    ck_assert_int_eq(tr_reader_error(r)->code, TR_OK);
}
END_TEST

/* Misuse is told as it was, whatever is read afterwards. */
START_TEST(test_misuse_stays)
{
    static const char *const headers[] = {"go 1.19 trace\0\0", "go 1.26 trace\0\0"};
    ck_assert_int_eq(tr_reader_feed(r, headers[_i], 16), TR_OK);
    ck_assert_int_eq(tr_reader_feed(r, NULL, 1), TR_E_MISUSE);
    tr_error before = *tr_reader_error(r);
    ck_assert_int_eq(tr_reader_next(r, &ev), TR_NEED_INPUT);
    expect_misuse("no data");
    ck_assert_uint_eq(tr_reader_error(r)->generation, before.generation);
    ck_assert_uint_eq(tr_reader_error(r)->offset, before.offset);
}
END_TEST

START_TEST(test_null)
{
    tr_packed_event packed[2];
    const tr_tables *tables;
    tr_experimental_batch batch;
    tr_memory_use use;
    size_t n;
    ck_assert_int_eq(tr_reader_open_path(NULL, "/dev/null"), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_open_fd(NULL, 0), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_open_memory(NULL, "x", 1), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_open_callback(NULL, NULL, NULL), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_feed(NULL, "x", 1), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_feed_end(NULL), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_next(NULL, &ev), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_next_packed(NULL, packed, 2, &n, &tables), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_fill(NULL, NULL, 0, 1, &n), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_experimental_batch(NULL, 0, &batch), TR_E_MISUSE);
    ck_assert_uint_eq(tr_reader_version(NULL), 0);
    ck_assert_uint_eq(tr_reader_bytes_read(NULL), 0);
    ck_assert_uint_eq(tr_reader_size(NULL), UINT64_MAX);
    ck_assert_uint_eq(tr_reader_generation_count(NULL), 0);
    ck_assert_uint_eq(tr_reader_string_count(NULL), 0);
    ck_assert_uint_eq(tr_reader_string(NULL, 0).len, 0);
    memset(&use, 1, sizeof use);
    tr_reader_memory(NULL, &use);
    ck_assert_uint_eq(use.total_bytes + use.peak_bytes + use.table_bytes + use.state_bytes, 0);
    tr_tables_ref(NULL);
    tr_tables_unref(NULL);

    ck_assert_int_eq(tr_reader_open_path(r, NULL), TR_E_MISUSE);
    start_again();
    ck_assert_int_eq(tr_reader_open_memory(r, NULL, 1), TR_E_MISUSE);
    start_again();
    ck_assert_int_eq(tr_reader_open_callback(r, NULL, NULL), TR_E_MISUSE);
    start_again();
    open_trace(&idle);
    ck_assert_int_eq(tr_reader_next(r, NULL), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_next_packed(r, NULL, 2, &n, &tables), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_next_packed(r, packed, 0, &n, &tables), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_next_packed(r, packed, 2, NULL, &tables), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_fill(r, NULL, 0, 1, NULL), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_fill(r, NULL, 0, 0, &n), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_fill(r, NULL, 1, 1, &n), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_experimental_batch(r, 0, NULL), TR_E_MISUSE);
    /* None of it took an event. */
    tr_status status;
    uint64_t events = read_all(&status);
    start_again();
    open_trace(&idle);
    ck_assert_uint_eq(read_all(&status), events);
}
END_TEST

/* "tables (may be NULL)", says the header. */
START_TEST(test_packed_without_tables)
{
    tr_packed_event packed[2];
    size_t n = 0;
    open_trace(&idle);
    ck_assert_int_eq(tr_reader_next_packed(r, packed, 2, &n, NULL), TR_OK);
    ck_assert_uint_ge(n, 1);
}
END_TEST

START_TEST(test_bad_columns)
{
    int64_t data[4];
    size_t n = 7;
    tr_column column = {TR_COL_TIME, data, 4};
    open_trace(&idle);
    ck_assert_int_eq(tr_reader_fill(r, &column, 1, 5, &n), TR_E_MISUSE);
    ck_assert_uint_eq(n, 0);
    column.id = (tr_column_id)TR_COLUMN_COUNT;
    ck_assert_int_eq(tr_reader_fill(r, &column, 1, 4, &n), TR_E_MISUSE);
    column.id = (tr_column_id)-1;
    ck_assert_int_eq(tr_reader_fill(r, &column, 1, 4, &n), TR_E_MISUSE);
    column = (tr_column){TR_COL_TIME, NULL, 4};
    ck_assert_int_eq(tr_reader_fill(r, &column, 1, 4, &n), TR_E_MISUSE);
    column.data = data;
    ck_assert_int_eq(tr_reader_fill(r, &column, 1, 4, &n), TR_OK);
    ck_assert_uint_eq(n, 4);
    ck_assert_int_lt(data[0], data[3]);
    /* No column at all counts rows. */
    ck_assert_int_eq(tr_reader_fill(r, NULL, 0, 3, &n), TR_OK);
    ck_assert_uint_eq(n, 3);
    ck_assert_ptr_null(tr_column_name((tr_column_id)TR_COLUMN_COUNT));
    ck_assert_int_eq(tr_column_get_type((tr_column_id)TR_COLUMN_COUNT), 0);
    ck_assert_uint_eq(tr_reader_string(r, -1).len, 0);
    ck_assert_uint_eq(tr_reader_string(r, INT32_MAX).len, 0);
}
END_TEST

/* A misuse does not spoil the reading of a trace, however it is opened then. */
START_TEST(test_misuse_then_reading)
{
    uint64_t events[2];
    tr_status status[2];
    for (int push = 0; push < 2; push++) {
        ck_assert_int_eq(tr_reader_set_u64(r, (tr_option)99, 1), TR_E_MISUSE);
        if (push) {
            ck_assert_int_eq(tr_reader_feed(r, idle.data, idle.size), TR_OK);
            ck_assert_int_eq(tr_reader_feed_end(r), TR_OK);
        } else {
            open_trace(&idle);
        }
        events[push] = read_all(&status[push]);
        start_again();
    }
    ck_assert_int_eq(status[0], status[1]);
    ck_assert_uint_eq(events[0], events[1]);
}
END_TEST

/* --- Errors --- */

/* Offsets and numbers were worked out by hand from the bytes. The generation is the last
 * that had begun: 0 only where the first batch is broken already. */
static const struct broken {
    const char *name;
    unsigned version;
    tr_status code;
    uint64_t events, offset, generation;
    int64_t thread;
    int event_type;
} broken[] = {
    /* A batch at once after the header, whose size is 2^49 and more. */
    {"go1.24-bent-invalid-batch-size-maximum-is", 23, TR_E_CORRUPT, 1, 16, 0, -1, 1},
    /* 16 + 18 + 5 bytes of a batch of 5; then one of thread 0x51 + 0x16 * 2^7 + 2^14. */
    {"go1.22-bent-failed-to-read-full-batch-read-but-wanted", 22, TR_E_TRUNCATED, 2, 39, 2, 19281,
     1},
    {"go1.25-bent-expected-batch-event-got-event", 25, TR_E_CORRUPT, 1, 16, 0, -1, 28},
    /* 16 + 28 + 23 bytes of the first batch; the second's head is cut. */
    {"go1.26-bent-error-reading-batch-size-unexpected-eof", 26, TR_E_TRUNCATED, 1, 67, 1, -1, 1},
    {"go1.25-bent-error-reading-batch-m-id-unexpected-eof", 25, TR_E_TRUNCATED, 1, 16, 0, -1, 1},
    /* 16 + 28 + 24 bytes of the first batch, 20 + 37 of the second, whose ProcStart cannot
     * be ordered without those that would follow: the third's head is cut. */
    {"go1.25-bent-broken-trace-failed-to-advance-frontier", 25, TR_E_TRUNCATED, 1, 125, 1, -1, 1},
    /* The ClockSnapshot's last varint ends too early, at 66. */
    {"go1.25-bent-expected-frequency-or-clock-snapshot-event-got", 25, TR_E_CORRUPT, 1, 67, 1, -1,
     2},
    /* ProcsChange at 0x6c names a stack that would follow: the head at 0xa2 is cut. */
    {"go1.23-bent-found-invalid-stack-id-for-event-procschange", 23, TR_E_TRUNCATED, 3, 162, 1, -1,
     1},
    /* Nothing is cut: GoStop at 0x121 of thread 0x62 + 0x1c * 2^7 names an unknown stack. */
    {"go1.26-bent-found-invalid-stack-id-for-event-gostop", 26, TR_E_CORRUPT, 434, 289, 1, 3682,
     19},
    {"go1.22-bent-no-frequency-event-found", 22, TR_E_CORRUPT, 1, 200, 1, -1, 6},
};
enum { BROKEN_COUNT = (int)(sizeof broken / sizeof broken[0]) };

START_TEST(test_errors)
{
    const struct broken *b = &broken[_i];
    struct bytes trace = load_trace(b->name);
    uint64_t events = 0;
    tr_status status;
    const tr_error *e;
    open_trace(&trace);
    for (;;) {
        tr_status before = tr_reader_error(r)->code;
        status = tr_reader_next(r, &ev);
        if (status != TR_OK)
            break;
        /* As long as events come, there is no error. */
        ck_assert_int_eq(before, TR_OK);
        events++;
    }
    for (int again = 0; again < 3; again++) {
        ck_assert_int_eq(status, b->code);
        e = tr_reader_error(r);
        ck_assert_int_eq(e->code, b->code);
        ck_assert_int_eq(e->severity, TR_SEVERITY_FATAL);
        ck_assert_uint_eq(e->offset, b->offset);
        ck_assert_uint_eq(e->generation, b->generation);
        ck_assert_int_eq(e->thread, b->thread);
        ck_assert_int_eq(e->event_type, b->event_type);
        ck_assert_int_eq(e->os_error, 0);
        ck_assert_ptr_null(strchr(e->message, '\n'));
        status = tr_reader_next(r, &ev);
    }
    ck_assert_uint_eq(events, b->events);
    ck_assert_uint_eq(tr_reader_version(r), b->version);
    /* A misuse that follows does not take the first error's place. */
    ck_assert_int_eq(tr_reader_open_fd(r, 0), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_error(r)->code, b->code);
    free_bytes(&trace);
}
END_TEST

struct header {
    const char *bytes;
    size_t size;
    tr_status status;
    uint64_t offset;
};

#define HEADER(s) s, sizeof(s) - 1
static const struct header headers[] = {
    {HEADER(""), TR_E_FORMAT, 0},
    {HEADER("g"), TR_E_TRUNCATED, 1},
    {HEADER("go 1.26 trace\0\0"), TR_E_TRUNCATED, 15},
    {HEADER("go 1.26 tracf\0\0\0"), TR_E_FORMAT, 0},
    {HEADER("\x7f\x45LF and so on"), TR_E_FORMAT, 0},
    {HEADER("go 1.20 trace\0\0\0"), TR_E_VERSION, 0},
    {HEADER("go 1.9 trace\0\0\0"), TR_E_TRUNCATED, 15},
    {HEADER("go 1.24 trace\0\0\0"), TR_E_VERSION, 0},
    {HEADER("go 1.27 trace\0\0\0"), TR_E_VERSION, 0},
};
enum { HEADER_COUNT = (int)(sizeof headers / sizeof headers[0]) };

START_TEST(test_headers)
{
    const struct header *h = &headers[_i];
    ck_assert_int_eq(tr_reader_open_memory(r, h->bytes, h->size), h->status);
    for (int push = 0; push < 2; push++) {
        ck_assert_int_eq(tr_reader_next(r, &ev), h->status);
        ck_assert_int_eq(tr_reader_next(r, &ev), h->status);
        ck_assert_int_eq(tr_reader_error(r)->code, h->status);
        ck_assert_uint_eq(tr_reader_error(r)->offset, h->offset);
        ck_assert_uint_eq(tr_reader_version(r), 0);
        start_again();
        ck_assert_int_eq(tr_reader_feed(r, h->bytes, h->size), TR_OK);
        ck_assert_int_eq(tr_reader_feed_end(r), TR_OK);
    }
}
END_TEST

/* --- Lifetimes --- */

/* An event's strings and stacks stay until the next Sync is returned: each is read once
 * more just then. Memory that was given back too early is found by a sanitizer. */
START_TEST(test_until_sync)
{
    enum { KEPT = 4096 };
    static tr_event kept[KEPT];
    static uint64_t sums[KEPT];
    const struct bytes *traces[] = {&generations, &annotations, &allocfree};
    for (int t = 0; t < 3; t++) {
        tr_status status = TR_OK;
        int count = 0, bad = 0;
        open_trace(traces[t]);
        while (status == TR_OK) {
            status = tr_reader_next(r, &ev);
            if (status == TR_OK && ev->kind != TR_KIND_SYNC) {
                size_t len;
                const char *line = event_line(ev, &len);
                if (count < KEPT) {
                    kept[count] = *ev;
                    sums[count++] = sum_add(SUM_START, line, len);
                }
            } else if (status == TR_OK) {
                count = 0; /* what is kept is void now */
            }
            if (status == TR_OK && count % 64 != 0)
                continue;
            for (int i = 0; status == TR_OK && i < count; i++) {
                size_t len;
                const char *line = event_line(&kept[i], &len);
                bad += sum_add(SUM_START, line, len) != sums[i];
            }
        }
        ck_assert_int_eq(status, TR_END);
        ck_assert_int_eq(bad, 0);
        start_again();
    }
}
END_TEST

/* Tables stay as long as they are referenced: past later generations and the reader. */
START_TEST(test_tables_kept)
{
    enum { KEPT = 2000 };
    static tr_stack stacks[KEPT];
    static uint64_t sums[KEPT];
    int count = 0, bad = 0;
    open_trace(&generations);
    while (tr_reader_next(r, &ev) == TR_OK && count < KEPT) {
        if (!tr_stack_frame_count(ev->stack))
            continue;
        tr_frame f;
        sums[count] = SUM_START;
        /* Every other time the frames are not asked for yet. */
        for (uint32_t i = 0; i < tr_stack_frame_count(ev->stack); i++) {
            ck_assert_int_eq(tr_stack_frame(ev->stack, i, &f), TR_OK);
            sums[count] = sum_add(sums[count], f.func.ptr, f.func.len);
            sums[count] = sum_add(sums[count], f.file.ptr, f.file.len);
        }
        tr_tables_ref(ev->stack.tables);
        stacks[count++] = ev->stack;
    }
    ck_assert_int_gt(count, 50);
    ck_assert_ptr_ne(stacks[0].tables, stacks[count - 1].tables);
    tr_reader_free(r);
    r = NULL;
    for (int k = 0; k < count; k++) {
        uint64_t sum = SUM_START;
        tr_frame f;
        for (uint32_t i = 0; i < tr_stack_frame_count(stacks[k]); i++) {
            bad += tr_stack_frame(stacks[k], i, &f) != TR_OK;
            sum = sum_add(sum, f.func.ptr, f.func.len);
            sum = sum_add(sum, f.file.ptr, f.file.len);
        }
        bad += sum != sums[k];
        bad += tr_stack_frame(stacks[k], tr_stack_frame_count(stacks[k]), &f) != TR_E_MISUSE;
        tr_tables_unref(stacks[k].tables);
    }
    ck_assert_int_eq(bad, 0);
}
END_TEST

/* Frames that are asked for only when the reader is gone. */
START_TEST(test_frames_made_late)
{
    tr_stack stack = {NULL, 0};
    tr_frame frame;
    open_trace(&idle);
    while (tr_reader_next(r, &ev) == TR_OK)
        if (tr_stack_frame_count(ev->stack)) {
            tr_tables_ref(ev->stack.tables);
            tr_tables_unref(stack.tables);
            stack = ev->stack;
        }
    tr_reader_free(r);
    r = NULL;
    ck_assert(tr_stack_present(stack));
    ck_assert_int_eq(tr_stack_frame(stack, 0, &frame), TR_OK);
    ck_assert_uint_gt(frame.func.len, 0);
    ck_assert_int_eq(tr_stack_frame(stack, 0, NULL), TR_E_MISUSE);
    tr_tables_unref(stack.tables);
}
END_TEST

START_TEST(test_experimental_batches)
{
    tr_experimental_batch batch;
    uint64_t batches = 0;
    open_trace(&allocfree);
    ck_assert_int_eq(tr_reader_experimental_batch(r, 0, &batch), TR_E_MISUSE);
    while (tr_reader_next(r, &ev) == TR_OK) {
        if (ev->kind != TR_KIND_SYNC)
            continue;
        for (uint32_t i = 0; i < ev->sync.batch_count; i++) {
            ck_assert_int_eq(tr_reader_experimental_batch(r, i, &batch), TR_OK);
            ck_assert(tr_str_equal(batch.experiment, "AllocFree"));
            ck_assert_uint_eq(batch.number, 1);
            /* Its head begins with its type and the experiment. */
            ck_assert_uint_eq(allocfree.data[batch.offset], 49);
            ck_assert_uint_eq(allocfree.data[batch.offset + 1], 1);
            batches++;
        }
        ck_assert_int_eq(tr_reader_experimental_batch(r, ev->sync.batch_count, &batch),
                         TR_E_MISUSE);
    }
    ck_assert_uint_eq(batches, 2);
    ck_assert_int_eq(tr_reader_experimental_batch(r, 0, &batch), TR_E_MISUSE);
}
END_TEST

/* What cannot be read again ends the reader, with the error that it tells. */
START_TEST(test_experimental_batch_lost)
{
    tr_experimental_batch batch;
    int fd = file_of(&allocfree, 0);
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_THREADS, (uint64_t)_i), TR_OK);
    ck_assert_int_eq((int)lseek(fd, 0, SEEK_SET), 0);
    ck_assert_int_eq(tr_reader_open_fd(r, fd), TR_OK);
    ck_assert_int_eq(tr_reader_next(r, &ev), TR_OK);
    ck_assert_uint_gt(ev->sync.batch_count, 0);
    ck_assert_int_eq(ftruncate(fd, 100), 0);
    ck_assert_int_eq(tr_reader_experimental_batch(r, 0, &batch), TR_E_TRUNCATED);
    for (int times = 0; times < 3; times++) {
        ck_assert_int_eq(tr_reader_error(r)->code, TR_E_TRUNCATED);
        ck_assert_int_eq(tr_reader_error(r)->severity, TR_SEVERITY_FATAL);
        ck_assert_uint_eq(tr_reader_error(r)->generation, 1);
        ck_assert_ptr_nonnull(strstr(tr_reader_error(r)->message, "shorter"));
        ck_assert_int_eq(tr_reader_next(r, &ev), TR_E_TRUNCATED);
    }
    ck_assert_int_eq(tr_reader_experimental_batch(r, 0, &batch), TR_E_TRUNCATED);
    start_again();
    close(fd);
}
END_TEST

/* --- The trace as a whole --- */

START_TEST(test_whole)
{
    static const struct {
        const char *name;
        unsigned version;
    } traces[] = {{"go1.22-idle", 22},        {"go1.23-idle", 23},      {"go1.24-idle", 23},
                  {"go1.25-idle", 25},        {"go1.26-idle", 26},      {"go1.22-generations", 22},
                  {"go1.26-generations", 26}, {"go1.26-cut-header", 26}};
    for (size_t t = 0; t < sizeof traces / sizeof traces[0]; t++) {
        struct bytes trace = load_trace(traces[t].name);
        for (enum way way = WAY_MEMORY; way < WAY_COUNT; way++) {
            struct reading reading;
            uint64_t syncs = 0, generation = 0, last_bytes = 0;
            const char *wrong = NULL;
            reading_open(&reading, way, &trace);
            bool sized = way <= WAY_FD; /* memory and files */
            if (tr_reader_size(reading.reader) != (sized ? trace.size : UINT64_MAX))
                wrong = "size";
            while (reading_next(&reading, &ev) == TR_OK && !wrong) {
                syncs += ev->kind == TR_KIND_SYNC;
                if (ev->kind == TR_KIND_SYNC && ev->sync.n != syncs)
                    wrong = "a Sync's number";
                if (ev->generation != generation && ev->kind != TR_KIND_SYNC)
                    wrong = "another generation without a Sync";
                generation = ev->generation;
                uint64_t bytes = tr_reader_bytes_read(reading.reader);
                if (bytes < last_bytes || bytes > trace.size || ev->offset > trace.size)
                    wrong = "bytes read";
                last_bytes = bytes;
                if (tr_reader_generation_count(reading.reader) != syncs - (generation == 0))
                    wrong = "generation count";
            }
            if (tr_reader_version(reading.reader) != traces[t].version)
                wrong = "version";
            if (tr_reader_bytes_read(reading.reader) != trace.size)
                wrong = "bytes read at the end";
            if (generation != 0 || syncs < 1)
                wrong = "the last Sync";
            if (tr_reader_error(reading.reader)->code != TR_OK)
                wrong = "an error";
            reading_close(&reading);
            ck_assert_msg(!wrong, "%s, %s: %s", traces[t].name, way_names[way], wrong);
        }
        free_bytes(&trace);
    }
}
END_TEST

START_TEST(test_memory)
{
    tr_memory_use use, last = {0, 0, 0, 0, 0, 0};
    open_trace(&generations);
    while (tr_reader_next(r, &ev) == TR_OK) {
        tr_reader_memory(r, &use);
        if (use.total_bytes > use.peak_bytes || use.peak_bytes < last.peak_bytes ||
            use.table_bytes + use.state_bytes + use.event_bytes > use.total_bytes ||
            (use.table_bytes == 0) != (ev->generation == 0))
            ck_abort_msg("memory: %" PRIu64 " of %" PRIu64 ", tables %" PRIu64, use.total_bytes,
                         use.peak_bytes, use.table_bytes);
        last = use;
    }
    ck_assert_uint_gt(last.state_bytes, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reader/reader");
    TCase *misuse = tcase_create("misuse"), *errors = tcase_create("errors");
    TCase *lifetimes = tcase_create("lifetimes"), *whole = tcase_create("whole");
    TCase *cases[] = {misuse, errors, lifetimes, whole};

    idle = load_trace("go1.26-idle");
    allocfree = load_trace("go1.26-allocfree");
    annotations = load_trace("go1.22-annotations");
    generations = load_trace("go1.26-generations");
    for (int i = 0; i < 4; i++) {
        tcase_add_checked_fixture(cases[i], set_up, tear_down);
        tcase_set_timeout(cases[i], 60);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_test(misuse, test_options);
    tcase_add_test(misuse, test_bad_options);
    tcase_add_test(misuse, test_next_before_open);
    tcase_add_test(misuse, test_wire_before_open);
    tcase_add_test(misuse, test_misuse_while_reading);
    tcase_add_test(misuse, test_open_twice);
    tcase_add_test(misuse, test_bad_feed);
    tcase_add_loop_test(misuse, test_misuse_stays, 0, 2);
    tcase_add_test(misuse, test_null);
    tcase_add_test(misuse, test_packed_without_tables);
    tcase_add_test(misuse, test_bad_columns);
    tcase_add_test(misuse, test_misuse_then_reading);
    tcase_add_loop_test(errors, test_errors, 0, BROKEN_COUNT);
    tcase_add_loop_test(errors, test_headers, 0, HEADER_COUNT);
    tcase_add_test(lifetimes, test_until_sync);
    tcase_add_test(lifetimes, test_tables_kept);
    tcase_add_test(lifetimes, test_frames_made_late);
    tcase_add_test(lifetimes, test_experimental_batches);
    tcase_add_loop_test(lifetimes, test_experimental_batch_lost, 1, 4);
    tcase_add_test(whole, test_whole);
    tcase_add_test(whole, test_memory);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free_bytes(&idle);
    free_bytes(&allocfree);
    free_bytes(&annotations);
    free_bytes(&generations);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
