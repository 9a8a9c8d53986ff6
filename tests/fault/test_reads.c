/* Reads that fail: at every offset of small traces, in every way to read one, the cause is
 * told with its errno and its place, and all events before it have come.
 *
 * The source of bytes is compiled into this program with its system calls replaced, so that
 * a file or a pipe fails at a byte. */
#include <check.h>
#include <stdbool.h>
#include <sys/types.h>
#include <unistd.h>

static ssize_t failing_read(int fd, void *buf, size_t n);
static ssize_t failing_pread(int fd, void *buf, size_t n, off_t offset);

/* The name of a member of struct tri_source changes too, here and everywhere in this
 * program, which does no harm. */
#define read failing_read
#define pread failing_pread
#include "io/source.c"
#undef read
#undef pread

#include <stdio.h>
#include <stdlib.h>

#include "../golden/support.h"

/* --- Bytes up to a place, then an error --- */

static struct {
    struct bytes trace;
    size_t fail_at, at, piece;
    _Atomic bool failed[1 << 16]; /* where a read failed, on any thread */
    int fail_with;
} bytes;

static ssize_t give(void *buf, size_t n, size_t at)
{
    if (at >= bytes.fail_at && bytes.fail_with) {
        bytes.failed[at] = true;
        errno = bytes.fail_with;
        return -1;
    }
    size_t rest = (bytes.fail_with ? bytes.fail_at : bytes.trace.size) - at;
    n = n < rest ? n : rest;
    n = n < bytes.piece ? n : bytes.piece;
    memcpy(buf, bytes.trace.data + at, n);
    return (ssize_t)n;
}

static ssize_t failing_read(int fd, void *buf, size_t n)
{
    (void)fd;
    ssize_t got = give(buf, n, bytes.at);
    bytes.at += got > 0 ? (size_t)got : 0;
    return got;
}

static ssize_t failing_pread(int fd, void *buf, size_t n, off_t offset)
{
    (void)fd;
    return give(buf, n, (size_t)offset);
}

static int64_t failing_callback(void *user, void *buf, size_t size)
{
    (void)user;
    ssize_t got = failing_read(-1, buf, size);
    return got < 0 ? -errno : got;
}

/* --- Reading --- */

enum how { CALLBACK_7, CALLBACK, PIPE, FILES, FILE_2_THREADS, FILE_SMALL_MEMORY, HOW_COUNT };
static const char *const how_names[HOW_COUNT] = {"callback(7)",     "callback",      "pipe", "file",
                                                 "file, 2 threads", "file in pieces"};

enum { EVENTS_MAX = 20000 };

/* What came: the sum of the first n events' texts. */
struct seen {
    uint64_t sums[EVENTS_MAX + 1];
    size_t count;
    bool last_is_sync;
};

static struct seen whole, cut, failing;
static int pipe_fd, file_fd;

static void look(struct seen *seen, const tr_event *ev)
{
    size_t len;
    const char *line = event_line(ev, &len);
    ck_assert_uint_lt(seen->count, EVENTS_MAX);
    seen->sums[seen->count + 1] = sum_add(seen->sums[seen->count], line, len);
    seen->count++;
    seen->last_is_sync = ev->kind == TR_KIND_SYNC;
}

static tr_status read_all(tr_reader *r, tr_status status, struct seen *seen)
{
    const tr_event *ev;
    seen->count = 0;
    seen->sums[0] = SUM_START;
    while (status == TR_OK && (status = tr_reader_next(r, &ev)) == TR_OK)
        look(seen, ev);
    return status;
}

static void read_memory(size_t size, struct seen *seen)
{
    tr_reader *r = tr_reader_new();
    read_all(r, tr_reader_open_memory(r, bytes.trace.data, size), seen);
    tr_reader_free(r);
}

static tr_status open_how(tr_reader *r, enum how how)
{
    bytes.at = 0;
    memset((void *)bytes.failed, 0, bytes.trace.size);
    bytes.piece = how == CALLBACK_7 ? 7 : how == FILE_SMALL_MEMORY ? 100 : SIZE_MAX;
    switch (how) {
    case CALLBACK_7:
    case CALLBACK:
        return tr_reader_open_callback(r, failing_callback, NULL);
    case PIPE:
        return tr_reader_open_fd(r, pipe_fd);
    default:
        if (how == FILE_2_THREADS)
            ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_THREADS, 2), TR_OK);
        return tr_reader_open_fd(r, file_fd);
    }
}

/* The events are the first ones of `of`; a Sync is given out before any error. */
static bool begins(const struct seen *of, const struct seen *seen)
{
    size_t n = seen->count;
    if (n <= of->count && of->sums[n] == seen->sums[n])
        return true;
    n -= n > 0 && seen->last_is_sync;
    return n <= of->count && of->sums[n] == seen->sums[n];
}

static void check_error(const char *what, enum how how, tr_status status, const tr_error *e)
{
    size_t at = bytes.fail_at;
    ck_assert_msg(status == TR_E_IO && e->code == TR_E_IO, "%s, failing at %zu: %s: %s", what, at,
                  tr_status_name(status), e->message);
    ck_assert_msg(e->os_error == bytes.fail_with, "%s, failing at %zu: errno %d", what, at,
                  e->os_error);
    /* Of a file the events are passed over at first: the read that fails may be one behind. */
    if (how >= FILES && e->offset > at && bytes.failed[e->offset])
        at = (size_t)e->offset;
    ck_assert_msg(e->offset == at, "%s, failing at %zu: said to be at %llu", what, at,
                  (unsigned long long)e->offset);
    ck_assert_msg(strstr(e->message, strerror(bytes.fail_with)), "%s, failing at %zu: %s", what, at,
                  e->message);
}

static const struct {
    const char *name;
    size_t step;
} traces[] = {{"go1.22-idle", 1},         {"go1.25-idle", 1},         {"go1.26-idle", 1},
              {"go1.22-generations", 97}, {"go1.25-generations", 97}, {"go1.26-flight", 29},
              {"go1.26-generations", 101}};
enum { TRACE_COUNT = (int)(sizeof traces / sizeof traces[0]) };

/* Sanitizers make it so slow that not every place is tried. */
static size_t step_of(int i)
{
    const char *sanitized = getenv("SANITIZED");
    return traces[i].step * (sanitized && *sanitized ? 7 : 1);
}

static void begin_trace(int i)
{
    int ends[2];
    bytes.trace = load_trace(traces[i].name);
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[1]);
    pipe_fd = ends[0];
    file_fd = file_of(&bytes.trace, 0);
    ck_assert_int_eq(lseek(file_fd, 0, SEEK_SET), 0);
    ck_assert_uint_lt(bytes.trace.size, sizeof bytes.failed / sizeof bytes.failed[0]);
    bytes.fail_with = 0;
    read_memory(bytes.trace.size, &whole);
}

static void end_trace(void)
{
    close(pipe_fd);
    close(file_fd);
    free_bytes(&bytes.trace);
}

START_TEST(test_events)
{
    static const int causes[] = {EIO, ESTALE, ENXIO};
    begin_trace(_i);
    for (int how = 0; how < HOW_COUNT; how++) {
        tr_reader *r = tr_reader_new();
        ck_assert_int_eq(read_all(r, open_how(r, (enum how)how), &failing), TR_END);
        ck_assert_uint_eq(failing.sums[failing.count], whole.sums[whole.count]);
        tr_reader_free(r);
    }
    for (size_t at = 0; at < bytes.trace.size; at += step_of(_i)) {
        read_memory(at, &cut);
        for (int how = 0; how < HOW_COUNT; how++) {
            const tr_event *ev;
            char what[100];
            snprintf(what, sizeof what, "%s, %s", traces[_i].name, how_names[how]);
            tr_reader *r = tr_reader_new();
            bytes.fail_at = at;
            bytes.fail_with = causes[at % 3];
            tr_status status = read_all(r, open_how(r, (enum how)how), &failing);
            check_error(what, (enum how)how, status, tr_reader_error(r));
            ck_assert_int_eq(tr_reader_next(r, &ev), TR_E_IO);
            ck_assert_msg(begins(&whole, &failing) || begins(&cut, &failing),
                          "%s, failing at %zu: other events", what, at);
            /* What a file still gives of a generation that is known, a stream gives too. */
            ck_assert_msg(how >= FILES || failing.count >= cut.count - (cut.count > 0),
                          "%s, failing at %zu: %zu events, %zu if cut there", what, at,
                          failing.count, cut.count);
            tr_reader_free(r);
            bytes.fail_with = 0;
        }
    }
    end_trace();
}
END_TEST

START_TEST(test_wire)
{
    begin_trace(_i);
    for (size_t at = 0; at < bytes.trace.size; at += step_of(_i))
        for (int how = 0; how < HOW_COUNT; how++) {
            const tr_wire_record *record;
            uint64_t sum = SUM_START, end = 0;
            if (how == FILE_2_THREADS)
                continue;
            bytes.at = 0;
            memset((void *)bytes.failed, 0, bytes.trace.size);
            bytes.piece = how == CALLBACK_7 ? 7 : how == FILE_SMALL_MEMORY ? 100 : SIZE_MAX;
            bytes.fail_at = at;
            bytes.fail_with = EIO;
            tr_wire *w = tr_wire_new();
            tr_status status = how <= CALLBACK ? tr_wire_open_callback(w, failing_callback, NULL)
                               : how == PIPE   ? tr_wire_open_fd(w, pipe_fd)
                                               : tr_wire_open_fd(w, file_fd);
            while (status == TR_OK && (status = tr_wire_next(w, &record)) == TR_OK) {
                if (record->offset < end) /* an assertion takes a system call */
                    ck_abort_msg("%s, failing at %zu: offsets fall", how_names[how], at);
                end = record->offset;
                sum = sum_add(sum, &record->offset, sizeof record->offset);
            }
            ck_assert_uint_lt(end, at ? at : 1);
            check_error(how_names[how], (enum how)how, status, tr_wire_error(w));
            tr_wire_free(w);
            bytes.fail_with = 0;
        }
    end_trace();
}
END_TEST

/* Other ways to read than event by event, and what sums up. */
START_TEST(test_analyses)
{
    enum { ROWS = 64 };
    static int64_t data[ROWS];
    const tr_column column = {TR_COL_TIME, data, ROWS};
    begin_trace(_i);
    for (size_t at = 0; at < bytes.trace.size; at += 6 * step_of(_i) + 1)
        for (int how = 0; how < HOW_COUNT; how++)
            for (int reading = 0; reading < 4; reading++) {
                if (how == CALLBACK_7 || how == FILE_SMALL_MEMORY)
                    continue;
                tr_reader *r = tr_reader_new();
                tr_info *info = tr_info_new();
                tr_blocking *blocking = tr_blocking_new(TR_BLOCKING_BY_FUNCTION);
                tr_packed_event packed[ROWS];
                size_t n;
                bytes.fail_at = at;
                bytes.fail_with = EIO;
                tr_status status = open_how(r, (enum how)how);
                while (status == TR_OK)
                    status = reading == 0   ? tr_info_read(info, r, 10)
                             : reading == 1 ? tr_blocking_read(blocking, r, 0)
                             : reading == 2 ? tr_reader_fill(r, &column, 1, ROWS, &n)
                                            : tr_reader_next_packed(r, packed, ROWS, &n, NULL);
                check_error(how_names[how], (enum how)how, status, tr_reader_error(r));
                ck_assert_int_eq(tr_info_get(info)->complete, 0);
                tr_blocking_free(blocking);
                tr_info_free(info);
                tr_reader_free(r);
                bytes.fail_with = 0;
            }
    end_trace();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fault/reads");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 300);
    tcase_add_loop_test(all, test_events, 0, TRACE_COUNT);
    tcase_add_loop_test(all, test_wire, 0, TRACE_COUNT);
    tcase_add_loop_test(all, test_analyses, 0, 3);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
