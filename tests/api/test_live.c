/* Live traces: a generation's events come out as soon as its end is known, and no byte
 * more is waited for. With Go 1.26 that is with its end record, before with the head of
 * the next generation's first batch. Where generations end is found by the wire records,
 * what is in them by reading the whole trace. */
#include <check.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../golden/support.h"

enum { PARTS_MAX = 200 };

/* A trace, cut where a reader comes to know that a generation has ended. */
static struct {
    struct bytes trace;
    size_t count;
    size_t end[PARTS_MAX];      /* so many bytes are needed */
    uint64_t events[PARTS_MAX]; /* so many events come out then */
    uint64_t all;               /* events of the whole trace */
} cut;

static void add_part(size_t end)
{
    require(cut.count < PARTS_MAX, "too many generations");
    cut.end[cut.count++] = end;
}

static void find_ends(void)
{
    tr_wire *w = tr_wire_new();
    const tr_wire_record *record;
    uint64_t generation = 0;
    bool head = false; /* the last record was the head of a new generation */
    require(tr_wire_open_memory(w, cut.trace.data, cut.trace.size) == TR_OK, "no trace");
    while (tr_wire_next(w, &record) == TR_OK) {
        if (head) /* where the head ends, the data begins */
            add_part((size_t)record->offset);
        head = false;
        if (strcmp(record->name, "EndOfGeneration") == 0)
            add_part((size_t)record->offset + 1);
        if (strcmp(record->name, "EventBatch") != 0)
            continue;
        head = generation && record->args[0] != generation && tr_wire_version(w) < 26;
        generation = record->args[0];
    }
    require(tr_wire_error(w)->code == TR_OK, "%s", tr_wire_error(w)->message);
    tr_wire_free(w);
}

/* How many events belong to the first parts: up to the n-th Sync after the first. */
static void count_events(void)
{
    tr_reader *r = tr_reader_new();
    const tr_event *ev;
    size_t part = 0;
    require(tr_reader_open_memory(r, cut.trace.data, cut.trace.size) == TR_OK, "no trace");
    for (cut.all = 0; tr_reader_next(r, &ev) == TR_OK; cut.all++)
        if (ev->kind == TR_KIND_SYNC && ev->sync.n > 1 && part < cut.count)
            cut.events[part++] = cut.all;
    require(tr_reader_error(r)->code == TR_OK, "%s", tr_reader_error(r)->message);
    require(part == cut.count && part >= 2, "%zu generations, %zu ends", part, cut.count);
    tr_reader_free(r);
}

static const char *const names[] = {"go1.22-generations", "go1.23-generations",
                                    "go1.24-generations", "go1.25-generations",
                                    "go1.26-generations", "go1.26-gcactive"};
enum { NAMES = sizeof names / sizeof *names };

static void load(int i)
{
    cut.count = 0;
    cut.trace = load_trace(names[i % NAMES]);
    find_ends();
    count_events();
}

/* Read while events come; what came instead of the next. */
static tr_status drain(tr_reader *r, uint64_t *events)
{
    const tr_event *ev;
    tr_status status;
    while ((status = tr_reader_next(r, &ev)) == TR_OK)
        ++*events;
    return status;
}

/* Pushed up to each end: not a byte less is enough, not one more is needed. */
START_TEST(test_push)
{
    tr_reader *r = tr_reader_new();
    uint64_t events = 0;
    size_t at = 0;
    load(_i);
    for (size_t part = 0; part < cut.count; part++) {
        size_t almost = cut.end[part] - 1;
        ck_assert_int_eq(tr_reader_feed(r, cut.trace.data + at, almost - at), TR_OK);
        at = almost;
        ck_assert_int_eq(drain(r, &events), TR_NEED_INPUT);
        ck_assert_uint_eq(events, part ? cut.events[part - 1] : 0);
        ck_assert_int_eq(tr_reader_feed(r, cut.trace.data + at++, 1), TR_OK);
        ck_assert_int_eq(drain(r, &events), TR_NEED_INPUT);
        ck_assert_uint_eq(events, cut.events[part]);
        ck_assert_int_eq(drain(r, &events), TR_NEED_INPUT); /* and again */
        ck_assert_int_eq(tr_reader_error(r)->code, TR_OK);
        ck_assert_uint_eq(tr_reader_generation_count(r), part + 1);
    }
    ck_assert_int_eq(tr_reader_feed(r, cut.trace.data + at, cut.trace.size - at), TR_OK);
    ck_assert_int_eq(tr_reader_feed_end(r), TR_OK);
    ck_assert_int_eq(drain(r, &events), TR_END);
    ck_assert_uint_eq(events, cut.all);
    tr_reader_free(r);
    free_bytes(&cut.trace);
}
END_TEST

/* What has been given so far, and what has come out of it. */
struct flow {
    size_t given, part;
    uint64_t events;
    bool asked_too_early;
};

static int64_t give_part(void *user, void *buf, size_t size)
{
    struct flow *f = user;
    if (f->part < cut.count && f->given == cut.end[f->part]) {
        /* All of this generation is here: its events first. */
        if (f->events < cut.events[f->part])
            f->asked_too_early = true;
        f->part++;
    }
    size_t end = f->part < cut.count ? cut.end[f->part] : cut.trace.size;
    size_t n = end - f->given < size ? end - f->given : size;
    if (n)
        memcpy(buf, cut.trace.data + f->given, n);
    f->given += n;
    return (int64_t)n;
}

/* A function that would have to wait is not called before it must be. */
START_TEST(test_callback)
{
    struct flow flow = {0, 0, 0, false};
    const tr_event *ev;
    tr_status status;
    tr_reader *r = tr_reader_new();
    load(_i);
    ck_assert_int_eq(tr_reader_open_callback(r, give_part, &flow), TR_OK);
    while ((status = tr_reader_next(r, &ev)) == TR_OK) {
        flow.events++;
        require(!flow.asked_too_early, "asked for more after %llu events",
                (unsigned long long)flow.events);
    }
    ck_assert_int_eq(status, TR_END);
    ck_assert_uint_eq(flow.events, cut.all);
    ck_assert_uint_eq(flow.part, cut.count);
    tr_reader_free(r);
    free_bytes(&cut.trace);
}
END_TEST

/* The writer of a live trace: it waits until a generation's events were seen before it
 * writes on. If they do not come, both wait for ever, and the test's time runs out. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint64_t seen;
    int fd;
} live = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, -1};

static void write_to(size_t *at, size_t end)
{
    while (*at < end) {
        ssize_t n = write(live.fd, cut.trace.data + *at, end - *at);
        require(n > 0, "writing failed");
        *at += (size_t)n;
    }
}

static void *write_live(void *user)
{
    size_t at = 0;
    (void)user;
    for (size_t part = 0; part < cut.count; part++) {
        write_to(&at, cut.end[part]);
        pthread_mutex_lock(&live.mutex);
        while (live.seen < cut.events[part])
            pthread_cond_wait(&live.changed, &live.mutex);
        pthread_mutex_unlock(&live.mutex);
    }
    write_to(&at, cut.trace.size);
    close(live.fd);
    return NULL;
}

START_TEST(test_descriptor)
{
    int ends[2];
    pthread_t writer;
    const tr_event *ev;
    tr_status status;
    tr_reader *r = tr_reader_new();
    load(_i);
    if (_i < NAMES)
        ck_assert_int_eq(pipe(ends), 0);
    else
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    live.fd = ends[1];
    live.seen = 0; /* tests may share a process */
    ck_assert_int_eq(pthread_create(&writer, NULL, write_live, NULL), 0);
    ck_assert_int_eq(tr_reader_open_fd(r, ends[0]), TR_OK);
    ck_assert_uint_eq(tr_reader_size(r), UINT64_MAX);
    while ((status = tr_reader_next(r, &ev)) == TR_OK) {
        pthread_mutex_lock(&live.mutex);
        live.seen++;
        pthread_cond_signal(&live.changed);
        pthread_mutex_unlock(&live.mutex);
    }
    ck_assert_int_eq(status, TR_END);
    ck_assert_uint_eq(live.seen, cut.all);
    pthread_join(writer, NULL);
    close(ends[0]);
    tr_reader_free(r);
    free_bytes(&cut.trace);
}
END_TEST

/* The same for wire records: each comes out with its last byte. */
struct bytewise {
    const struct bytes *trace;
    size_t given;
};

static int64_t give_byte(void *user, void *buf, size_t size)
{
    struct bytewise *b = user;
    if (b->given == b->trace->size || !size)
        return 0;
    *(uint8_t *)buf = b->trace->data[b->given++];
    return 1;
}

START_TEST(test_wire)
{
    struct bytewise given = {&cut.trace, 0};
    const tr_wire_record *record;
    uint64_t records = 0, before = 0;
    tr_wire *w = tr_wire_new(), *whole = tr_wire_new();
    load(_i);
    ck_assert_int_eq(tr_wire_open_memory(whole, cut.trace.data, cut.trace.size), TR_OK);
    ck_assert_int_eq(tr_wire_open_callback(w, give_byte, &given), TR_OK);
    ck_assert_uint_eq(given.given, 16);
    /* A record begins where the one before it ended. */
    require(tr_wire_next(whole, &record) == TR_OK, "no record");
    while (tr_wire_next(w, &record) == TR_OK) {
        records++;
        before = given.given;
        bool more = tr_wire_next(whole, &record) == TR_OK;
        require(before == (more ? record->offset : cut.trace.size), "record %llu came at byte %llu",
                (unsigned long long)records, (unsigned long long)before);
    }
    ck_assert_uint_gt(records, 100);
    ck_assert_int_eq(tr_wire_error(w)->code, TR_OK);
    tr_wire_free(w);
    tr_wire_free(whole);
    free_bytes(&cut.trace);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("api/live");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 30);
    tcase_add_loop_test(all, test_push, 0, NAMES);
    tcase_add_loop_test(all, test_callback, 0, NAMES);
    tcase_add_loop_test(all, test_descriptor, 0, 2 * NAMES);
    tcase_add_loop_test(all, test_wire, 0, NAMES);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
