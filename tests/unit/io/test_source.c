/* Tests sources: every kind shows the same bytes whatever the pieces they come in, says
 * where they end, and names the cause of a failed read. Files that change while they are
 * read, signals, and errors at each offset of a trace. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../golden/support.h"
#include "io/source.h"

/* Larger than the buffers of sources, and of an odd size. */
enum { DATA_BYTES = 700001 };

static struct bytes data;
static struct tri_mem *mem;
static struct tri_err err;
static struct tri_source source;

static uint64_t random_state = 1;

static uint64_t next_random(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return random_state >> 33;
}

static void set_up(void)
{
    mem = tri_mem_new(NULL);
    ck_assert_ptr_nonnull(mem);
    tri_err_init(&err);
    tri_source_init(&source, mem, &err);
}

static void tear_down(void)
{
    tri_source_close(&source);
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    tri_mem_unref(mem);
}

static void start_again(void)
{
    tear_down();
    set_up();
}

/* --- Kinds of sources --- */

enum kind {
    KIND_MEMORY,
    KIND_PATH,
    KIND_FD, /* a file, from its middle on */
    KIND_PIPE,
    KIND_CALLBACK, /* pieces of random size */
    KIND_CALLBACK_1,
    KIND_PUSH,
    KIND_COUNT
};

static size_t given; /* by a callback, pushed */
static int piece_max;
static pthread_t writer;
static int fd = -1;

static int64_t give(void *user, void *buf, size_t size)
{
    size_t n = 1 + next_random() % (uint64_t)piece_max;
    (void)user;
    n = n < size ? n : size;
    n = n < data.size - given ? n : data.size - given;
    if (n)
        memcpy(buf, data.data + given, n);
    given += n;
    return (int64_t)n;
}

static void *write_data(void *user)
{
    const int *to = user;
    for (size_t at = 0; at < data.size;) {
        size_t n = data.size - at < 50000 ? data.size - at : 50000;
        ssize_t done = write(*to, data.data + at, n);
        require(done > 0, "writing failed");
        at += (size_t)done;
    }
    close(*to);
    return NULL;
}

static tr_status open_kind(enum kind kind)
{
    static int ends[2];
    char path[] = "/tmp/tracereader-XXXXXX";
    tr_status status;
    given = 0;
    switch (kind) {
    case KIND_MEMORY:
        return tri_source_open_memory(&source, data.data, data.size);
    case KIND_PATH:
        fd = mkstemp(path);
        require(fd >= 0 && write(fd, data.data, data.size) == (ssize_t)data.size, "no file");
        status = tri_source_open_path(&source, path);
        unlink(path);
        return status;
    case KIND_FD:
        fd = file_of(&data, 4321);
        require(lseek(fd, 4321, SEEK_SET) == 4321, "cannot seek");
        return tri_source_open_fd(&source, fd);
    case KIND_PIPE:
        require(pipe(ends) == 0, "no pipe");
        require(pthread_create(&writer, NULL, write_data, &ends[1]) == 0, "no thread");
        fd = ends[0];
        return tri_source_open_fd(&source, fd);
    case KIND_CALLBACK:
    case KIND_CALLBACK_1:
        piece_max = kind == KIND_CALLBACK ? 3000 : 1;
        return tri_source_open_callback(&source, give, NULL);
    default:
        return tri_source_feed(&source, NULL, 0);
    }
}

static void close_kind(enum kind kind)
{
    if (kind == KIND_PIPE)
        pthread_join(writer, NULL);
    if (fd >= 0)
        close(fd);
    fd = -1;
}

static tr_status push_piece(void)
{
    size_t n = 1 + next_random() % 3000;
    n = n < data.size - given ? n : data.size - given;
    given += n;
    return n ? tri_source_feed(&source, data.data + given - n, n) : tri_source_feed_end(&source);
}

static tr_status want(size_t n)
{
    tr_status status;
    while ((status = tri_source_want(&source, n)) == TR_NEED_INPUT)
        require(push_piece() == TR_OK, "cannot push");
    return status;
}

static tr_status reaches(size_t n, bool *whole)
{
    tr_status status;
    while ((status = tri_source_reaches(&source, n, whole)) == TR_NEED_INPUT)
        require(push_piece() == TR_OK, "cannot push");
    return status;
}

/* What is shown is what is there; NULL if so. */
static const char *check_window(size_t at, size_t wanted)
{
    size_t rest = data.size - at;
    if (source.offset != at)
        return "the offset is wrong";
    if (source.window_len > rest)
        return "more bytes than there are";
    if (source.window_len < wanted && source.window_len != rest)
        return "fewer bytes than are wanted and there";
    if (source.window_len && memcmp(source.window, data.data + at, source.window_len) != 0)
        return "other bytes";
    return NULL;
}

START_TEST(test_all_bytes)
{
    enum kind kind = (enum kind)_i;
    size_t at = 0;
    ck_assert_int_eq(open_kind(kind), TR_OK);
    ck_assert(tri_source_rereads(&source) ==
              (kind == KIND_MEMORY || kind == KIND_PATH || kind == KIND_FD));
    ck_assert_uint_eq(source.size, tri_source_rereads(&source) ? data.size : UINT64_MAX);
    while (at < data.size) {
        size_t n = next_random() % 16 ? next_random() % 5000 : next_random() % 200000;
        bool whole = false;
        const char *wrong = NULL;
        if (next_random() % 3) {
            if (want(n) != TR_OK)
                wrong = "want fails";
            else
                wrong = check_window(at, n);
            n = n < source.window_len ? n : source.window_len;
            tri_source_take(&source, n);
        } else {
            if (reaches(n, &whole) != TR_OK || whole != (n <= data.size - at))
                wrong = "it does not know what is there";
            n = whole ? n : 0;
            if (whole)
                tri_source_skip(&source, n);
        }
        at += n;
        wrong = wrong ? wrong : check_window(at, 0);
        if (wrong)
            ck_abort_msg("kind %d, at %zu, %zu bytes: %s", _i, at, n, wrong);
        if (n == 0 && data.size - at < 5000 && next_random() % 4 == 0)
            break;
    }
    /* The end: said as often as it is asked for. */
    ck_assert_int_eq(want(data.size - at), TR_OK);
    tri_source_take(&source, source.window_len);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(want(1), TR_OK);
        ck_assert_uint_eq(source.window_len, 0);
        ck_assert_uint_eq(source.offset, data.size);
    }
    ck_assert_int_eq(err.error.code, TR_OK);
    close_kind(kind);
}
END_TEST

START_TEST(test_wants_nothing)
{
    ck_assert_int_eq(open_kind((enum kind)_i), TR_OK);
    ck_assert_int_eq(tri_source_want(&source, 0), TR_OK);
    if (_i == KIND_CALLBACK_1) {
        /* No byte is asked for that is not wanted. */
        ck_assert_uint_eq(given, 0);
        ck_assert_int_eq(tri_source_want(&source, 3), TR_OK);
        ck_assert_uint_eq(given, 3);
        tri_source_take(&source, 2);
        ck_assert_int_eq(tri_source_want(&source, 1), TR_OK);
        ck_assert_uint_eq(given, 3);
    }
    if (_i == KIND_PIPE) /* so that the writer comes to its end */
        do
            tri_source_take(&source, source.window_len);
        while (tri_source_want(&source, 1) == TR_OK && source.window_len);
    close_kind((enum kind)_i);
}
END_TEST

START_TEST(test_reread)
{
    enum kind kind = (enum kind)_i;
    uint8_t *buf = malloc(data.size);
    ck_assert_ptr_nonnull(buf);
    ck_assert_int_eq(open_kind(kind), TR_OK);
    ck_assert_int_eq(tri_source_want(&source, 100), TR_OK);
    tri_source_take(&source, 100);
    tri_source_skip(&source, 400000);
    for (int i = 0; i < 200; i++) {
        size_t at = next_random() % (data.size + 1), n = next_random() % 70000;
        n = n < data.size - at ? n : data.size - at;
        if (tri_source_reread(&source, at, buf, n) != TR_OK || memcmp(buf, data.data + at, n) != 0)
            ck_abort_msg("%zu bytes at %zu are others", n, at);
        const uint8_t *there = tri_source_memory(&source, at);
        if (there != (kind == KIND_MEMORY ? data.data + at : NULL))
            ck_abort_msg("not where they lie in memory");
    }
    ck_assert_uint_eq(source.offset, 400100);
    ck_assert_int_eq(tri_source_want(&source, 10), TR_OK);
    ck_assert(memcmp(source.window, data.data + 400100, 10) == 0);
    if (kind != KIND_MEMORY) {
        ck_assert_int_eq(tri_source_reread(&source, data.size - 5, buf, 6), TR_E_TRUNCATED);
        ck_assert_int_eq(err.error.code, TR_E_TRUNCATED);
        ck_assert_uint_eq(err.error.offset, data.size);
    }
    if (kind == KIND_FD) /* the owner's offset is as it was */
        ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 4321);
    close_kind(kind);
    free(buf);
}
END_TEST

/* What has handed over to another can still reread, and nothing that it had goes amiss. */
START_TEST(test_hand_over)
{
    enum kind kind = (enum kind)_i;
    struct tri_source other;
    struct tri_err other_err;
    uint8_t buf[100];
    tri_err_init(&other_err);
    ck_assert_int_eq(open_kind(kind), TR_OK);
    ck_assert_int_eq(tri_source_want(&source, 100), TR_OK);
    tri_source_take(&source, 100);
    tri_source_hand_over(&source, &other, &other_err);
    ck_assert_int_eq(tri_source_want(&other, 1000), TR_OK);
    ck_assert(memcmp(other.window, data.data + 100, 1000) == 0);
    tri_source_take(&other, 1000);
    ck_assert_int_eq(tri_source_reread(&source, 50, buf, sizeof buf), TR_OK);
    ck_assert(memcmp(buf, data.data + 50, sizeof buf) == 0);
    tri_source_close(&other);
    ck_assert_int_eq(tri_source_reread(&source, 5000, buf, sizeof buf), TR_OK);
    ck_assert(memcmp(buf, data.data + 5000, sizeof buf) == 0);
    close_kind(kind);
}
END_TEST

/* --- Opening --- */

START_TEST(test_open_twice)
{
    struct bytes one = {(uint8_t *)"x", 1};
    int other = file_of(&one, 0);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        if (kind == KIND_PIPE)
            continue;
        ck_assert_int_eq(open_kind((enum kind)kind), TR_OK);
        ck_assert_int_eq(tri_source_open_memory(&source, "x", 1), TR_E_MISUSE);
        ck_assert_int_eq(tri_source_open_path(&source, "/dev/null"), TR_E_MISUSE);
        ck_assert_int_eq(tri_source_open_fd(&source, other), TR_E_MISUSE);
        ck_assert_int_eq(tri_source_open_callback(&source, give, NULL), TR_E_MISUSE);
        if (kind != KIND_PUSH) {
            ck_assert_int_eq(tri_source_feed(&source, "x", 1), TR_E_MISUSE);
            ck_assert_int_eq(tri_source_feed_end(&source), TR_E_MISUSE);
        }
        ck_assert_int_eq(err.error.code, TR_E_MISUSE);
        ck_assert_int_eq(want(10), TR_OK); /* what was opened stays so */
        ck_assert(memcmp(source.window, data.data, 10) == 0);
        close_kind((enum kind)kind);
        start_again();
    }
    close(other);
}
END_TEST

START_TEST(test_nothing_to_open)
{
    ck_assert_int_eq(tri_source_want(&source, 1), TR_E_MISUSE);
    start_again();
    ck_assert_int_eq(tri_source_open_path(&source, NULL), TR_E_MISUSE);
    start_again();
    ck_assert_int_eq(tri_source_open_callback(&source, NULL, NULL), TR_E_MISUSE);
    start_again();
    ck_assert_int_eq(tri_source_open_memory(&source, NULL, 1), TR_E_MISUSE);
    start_again();
    ck_assert_int_eq(tri_source_open_memory(&source, NULL, 0), TR_OK);
    ck_assert_int_eq(tri_source_want(&source, 1), TR_OK);
    ck_assert_uint_eq(source.window_len, 0);
    ck_assert_uint_eq(source.size, 0);
}
END_TEST

/* Descriptors of this process. */
static int open_descriptors(void)
{
    int count = 0;
    for (int i = 0; i < 256; i++)
        count += fcntl(i, F_GETFD) != -1;
    return count;
}

enum { NO_FILE, A_DIRECTORY, A_DIRECTORYS_FD, NO_FD, NO_ACCESS_PATH, BAD_OPEN_COUNT };

/* Where a standard stream is closed, a file that is opened must not take its place. */
START_TEST(test_closed_stream)
{
    int saved = dup(STDERR_FILENO);
    ck_assert_int_eq(close(STDERR_FILENO), 0);
    tr_status status = tri_source_open_path(&source, "/dev/null");
    ck_assert_int_eq(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    close(saved);
    ck_assert_int_eq(status, TR_OK);
    ck_assert_int_gt(source.fd, STDERR_FILENO);
}
END_TEST

/* Whatever failed, that is what the reader says from then on, and it opens nothing else. */
START_TEST(test_cannot_open)
{
    static const int errors[] = {ENOENT, EISDIR, EISDIR, EBADF, ENOTDIR};
    const tr_event *ev;
    int before = open_descriptors();
    int directory = _i == A_DIRECTORYS_FD ? open("/", O_RDONLY) : -1;
    tr_reader *r = tr_reader_new();
    tr_status status;
    ck_assert_ptr_nonnull(r);
    switch (_i) {
    case NO_FILE:
        status = tr_reader_open_path(r, "/no/such/file.trace");
        break;
    case A_DIRECTORY:
        status = tr_reader_open_path(r, "/");
        break;
    case NO_ACCESS_PATH:
        status = tr_reader_open_path(r, "/dev/null/file");
        break;
    default:
        status = tr_reader_open_fd(r, directory);
    }
    ck_assert_int_eq(status, TR_E_IO);
    ck_assert_int_eq(tr_reader_error(r)->code, TR_E_IO);
    ck_assert_int_eq(tr_reader_error(r)->os_error, errors[_i]);
    ck_assert_uint_eq(tr_reader_error(r)->offset, 0);
    char message[100];
    snprintf(message, sizeof message, "open failed: %s", strerror(errors[_i]));
    ck_assert_str_eq(tr_reader_error(r)->message, message);
    ck_assert_int_eq(tr_reader_next(r, &ev), TR_E_IO);
    ck_assert_int_eq(tr_reader_open_path(r, "/dev/null"), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_feed(r, "x", 1), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_next(r, &ev), TR_E_IO);
    ck_assert_int_eq(tr_reader_error(r)->os_error, errors[_i]);
    tr_reader_free(r);
    if (directory >= 0)
        ck_assert_int_eq(close(directory), 0); /* it was not closed */
    ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

/* --- Push --- */

START_TEST(test_push)
{
    static const size_t pieces[] = {1, 2, 3, 7, 64, 1000, 4096, 65536, 300000, DATA_BYTES};
    for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++) {
        size_t size = pieces[p] < 10 ? 5000 : data.size, at = 0, taken = 0;
        const char *wrong = NULL;
        while (at < size && !wrong) {
            size_t n = size - at < pieces[p] ? size - at : pieces[p];
            if (tri_source_feed(&source, data.data + at, n) != TR_OK)
                wrong = "feed fails";
            at += n;
            if (source.window_len != at - taken || source.offset != taken ||
                memcmp(source.window, data.data + taken, source.window_len) != 0)
                wrong = "the window is wrong";
            if (tri_source_want(&source, source.window_len + 1) != TR_NEED_INPUT)
                wrong = "it does not need input";
            n = next_random() % (source.window_len + 1);
            tri_source_take(&source, n);
            taken += n;
        }
        ck_assert_msg(!wrong, "pieces of %zu: %s", pieces[p], wrong);
        ck_assert_int_eq(tri_source_feed_end(&source), TR_OK);
        ck_assert_int_eq(tri_source_want(&source, size), TR_OK);
        ck_assert_uint_eq(source.window_len, size - taken);
        ck_assert_int_eq(tri_source_feed_end(&source), TR_OK);
        ck_assert_int_eq(tri_source_feed(&source, "x", 1), TR_E_MISUSE);
        start_again();
    }
}
END_TEST

START_TEST(test_push_little)
{
    ck_assert_int_eq(tri_source_feed(&source, NULL, 0), TR_OK);
    ck_assert_int_eq(tri_source_want(&source, 1), TR_NEED_INPUT);
    ck_assert_int_eq(tri_source_feed(&source, NULL, 1), TR_E_MISUSE);
    ck_assert_int_eq(tri_source_feed(&source, "abc", 3), TR_OK);
    bool whole = true;
    ck_assert_int_eq(tri_source_reaches(&source, 4, &whole), TR_NEED_INPUT);
    ck_assert_int_eq(tri_source_reaches(&source, 3, &whole), TR_OK);
    ck_assert(whole);
    tri_source_skip(&source, 2);
    ck_assert_int_eq(tri_source_feed_end(&source), TR_OK);
    ck_assert_int_eq(tri_source_reaches(&source, 2, &whole), TR_OK);
    ck_assert(!whole);
    ck_assert_uint_eq(source.window_len, 1);
    start_again();
    ck_assert_int_eq(tri_source_feed_end(&source), TR_OK); /* an empty trace */
    ck_assert_int_eq(tri_source_want(&source, 1), TR_OK);
    ck_assert_uint_eq(source.window_len, 0);
}
END_TEST

/* Taken bytes leave the buffer: it does not grow with what is pushed. */
START_TEST(test_push_memory)
{
    for (int i = 0; i < 20000; i++) {
        tri_source_feed(&source, data.data, 100);
        tri_source_take(&source, source.window_len - 1);
    }
    ck_assert_uint_lt(tri_mem_peak(mem), 2000);
}
END_TEST

/* --- Failing reads --- */

static size_t fail_at;
static int64_t fail_with;
static const struct bytes *failing;

static int64_t give_and_fail(void *user, void *buf, size_t size)
{
    size_t n = fail_at - given;
    (void)user;
    if (n == 0)
        return fail_with == INT64_MAX ? (int64_t)size + 1 : fail_with;
    n = n < size ? n : size;
    n = n < 777 ? n : 777;
    memcpy(buf, failing->data + given, n);
    given += n;
    return (int64_t)n;
}

static const char *const failing_names[] = {"go1.22-idle", "go1.23-idle", "go1.25-idle",
                                            "go1.26-idle"};

/* A read that fails at any offset is the error, whatever the bytes before it look like. */
START_TEST(test_error_at_each_offset)
{
    struct bytes trace = load_trace(failing_names[_i]);
    failing = &trace;
    for (fail_at = 0; fail_at <= trace.size; fail_at++) {
        const tr_event *ev;
        uint64_t events = 0;
        tr_reader *r = tr_reader_new();
        given = 0;
        fail_with = -ECONNRESET;
        tr_status status = tr_reader_open_callback(r, give_and_fail, NULL);
        while (status == TR_OK) {
            status = tr_reader_next(r, &ev);
            events += status == TR_OK;
        }
        const tr_error *e = tr_reader_error(r);
        if (status != TR_E_IO || e->code != TR_E_IO || e->os_error != ECONNRESET ||
            e->offset != fail_at)
            ck_abort_msg("failed at %zu, told: %s at %" PRIu64 ": %s, after %" PRIu64 " events",
                         fail_at, tr_status_name(status), e->offset, e->message, events);
        tr_reader_free(r);

        const tr_wire_record *record;
        tr_wire *w = tr_wire_new();
        given = 0;
        status = tr_wire_open_callback(w, give_and_fail, NULL);
        while (status == TR_OK)
            status = tr_wire_next(w, &record);
        e = tr_wire_error(w);
        if (status != TR_E_IO || e->os_error != ECONNRESET || e->offset != fail_at)
            ck_abort_msg("records: failed at %zu, told: %s at %" PRIu64, fail_at, e->message,
                         e->offset);
        tr_wire_free(w);
    }
    free_bytes(&trace);
}
END_TEST

struct bad_result {
    int64_t result;
    tr_status status;
    int os_error;
};

static const struct bad_result bad_results[] = {
    {-EIO, TR_E_IO, EIO},         {-1, TR_E_IO, 1},
    {-99999, TR_E_IO, 99999},     {INT64_MIN, TR_E_IO, EIO},
    {INT64_MAX, TR_E_IO, EINVAL}, /* stands for one more than was asked for */
};

START_TEST(test_bad_callback)
{
    const struct bad_result *bad = &bad_results[_i];
    failing = &data;
    given = 0;
    fail_at = 1000;
    fail_with = bad->result;
    ck_assert_int_eq(tri_source_open_callback(&source, give_and_fail, NULL), TR_OK);
    ck_assert_int_eq(tri_source_want(&source, 1000), TR_OK);
    ck_assert_int_eq(tri_source_want(&source, 1001), bad->status);
    ck_assert_int_eq(err.error.code, bad->status);
    ck_assert_int_eq(err.error.os_error, bad->os_error);
    ck_assert_uint_eq(source.window_len, 1000); /* what is there stays */
    ck_assert(memcmp(source.window, data.data, 1000) == 0);
}
END_TEST

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
    (void)number;
    signals++;
}

/* Signals in the middle of a read, with a handler that does not let it go on. */
START_TEST(test_interrupted)
{
    struct sigaction action = {.sa_handler = count_signal};
    struct timespec pause = {0, 5000000};
    int ends[2];
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
    ck_assert_int_eq(pipe(ends), 0);
    pid_t reader = getpid(), child = fork();
    if (child == 0) { /* which keeps away from Check, whose file the two share */
        for (int i = 0; i < 8; i++) {
            for (int k = 0; k < 3; k++) {
                nanosleep(&pause, NULL);
                kill(reader, SIGUSR1);
            }
            if (write(ends[1], data.data + 10 * i, 10) != 10)
                _exit(1);
        }
        _exit(0);
    }
    ck_assert_int_gt(child, 0);
    close(ends[1]);
    ck_assert_int_eq(tri_source_open_fd(&source, ends[0]), TR_OK);
    ck_assert_int_eq(tri_source_want(&source, 80), TR_OK);
    ck_assert_uint_eq(source.window_len, 80);
    ck_assert(memcmp(source.window, data.data, 80) == 0);
    ck_assert_int_gt(signals, 0);
    ck_assert_int_eq(tri_source_want(&source, 81), TR_OK);
    ck_assert_uint_eq(source.window_len, 80);
    int how;
    while (waitpid(child, &how, 0) < 0 && errno == EINTR)
        ;
    ck_assert_int_eq(how, 0);
    close(ends[0]);
}
END_TEST

/* --- Files that change --- */

START_TEST(test_growing_file)
{
    struct bytes half = {data.data, 300000};
    bool whole = true;
    int file = file_of(&half, 0);
    ck_assert_int_eq(lseek(file, 0, SEEK_SET), 0);
    ck_assert_int_eq(tri_source_open_fd(&source, file), TR_OK);
    ck_assert_uint_eq(source.size, 300000);
    ck_assert_int_eq(tri_source_reaches(&source, 300001, &whole), TR_OK);
    ck_assert(!whole);
    ck_assert_int_eq(pwrite(file, data.data + 300000, 100000, 300000), 100000);
    ck_assert_int_eq(tri_source_reaches(&source, 400000, &whole), TR_OK);
    ck_assert(whole);
    tri_source_skip(&source, 350000);
    ck_assert_int_eq(tri_source_want(&source, 50000), TR_OK);
    ck_assert(source.window_len >= 50000 && memcmp(source.window, data.data + 350000, 50000) == 0);
    close(file);
}
END_TEST

/* Cut when the first generation has been gone over: what is read again later is missing.
 * What no longer has to be read again is not. */
START_TEST(test_shrinking_file)
{
    struct bytes trace = load_trace("go1.26-generations");
    const tr_event *ev;
    uint64_t all = 0;
    for (off_t left = (off_t)trace.size; left >= 0; left -= 1013) {
        uint64_t events = 1;
        int file = file_of(&trace, 0);
        ck_assert_int_eq(lseek(file, 0, SEEK_SET), 0);
        tr_reader *r = tr_reader_new();
        ck_assert_int_eq(tr_reader_open_fd(r, file), TR_OK);
        tr_status status = tr_reader_next(r, &ev);
        ck_assert_int_eq(status, TR_OK);
        ck_assert_int_eq(ftruncate(file, left), 0);
        while ((status = tr_reader_next(r, &ev)) == TR_OK)
            events++;
        all = all ? all : events; /* the first time nothing is cut */
        const tr_error *e = tr_reader_error(r);
        bool cut = status == TR_E_TRUNCATED && e->code == TR_E_TRUNCATED && events < all &&
                   e->offset >= (uint64_t)left && e->offset <= trace.size && e->generation > 0;
        if (!cut && !(status == TR_END && events == all && left > (off_t)trace.size / 2))
            ck_abort_msg("cut to %ld bytes: %s at %" PRIu64 ": %s", (long)left,
                         tr_status_name(status), e->offset, e->message);
        tr_reader_free(r);
        close(file);
    }
    free_bytes(&trace);
}
END_TEST

/* Records of a file that becomes shorter: those before, then an error. */
START_TEST(test_shrinking_wire)
{
    struct bytes trace = load_trace("go1.26-shop");
    const tr_wire_record *record;
    tr_status status;
    int file = file_of(&trace, 0);
    tr_wire *w = tr_wire_new();
    ck_assert_int_eq(lseek(file, 0, SEEK_SET), 0);
    ck_assert_int_eq(tr_wire_open_fd(w, file), TR_OK);
    ck_assert_int_eq(ftruncate(file, 200000), 0);
    while ((status = tr_wire_next(w, &record)) == TR_OK)
        ck_assert_uint_lt(record->offset, 200000);
    ck_assert_int_eq(status, TR_E_TRUNCATED);
    ck_assert_str_eq(tr_wire_error(w)->message, "the file became shorter while it was read");
    ck_assert_uint_eq(tr_wire_error(w)->offset, 200000);
    ck_assert_uint_eq(tr_wire_error(w)->generation, 1);
    tr_wire_free(w);
    close(file);
    free_bytes(&trace);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("io/source");
    TCase *kinds = tcase_create("kinds");
    TCase *failures = tcase_create("failures");

    data.size = DATA_BYTES;
    data.data = malloc(data.size);
    require(data.data != NULL, "no memory");
    for (size_t i = 0; i < data.size; i++)
        data.data[i] = (uint8_t)next_random();

    tcase_add_checked_fixture(kinds, set_up, tear_down);
    tcase_add_loop_test(kinds, test_all_bytes, 0, KIND_COUNT);
    tcase_add_loop_test(kinds, test_wants_nothing, 0, KIND_COUNT);
    tcase_add_loop_test(kinds, test_reread, KIND_MEMORY, KIND_FD + 1);
    tcase_add_loop_test(kinds, test_hand_over, KIND_MEMORY, KIND_FD + 1);
    tcase_add_test(kinds, test_open_twice);
    tcase_add_test(kinds, test_nothing_to_open);
    tcase_add_test(kinds, test_push);
    tcase_add_test(kinds, test_push_little);
    tcase_add_test(kinds, test_push_memory);
    tcase_set_timeout(kinds, 60);
    suite_add_tcase(suite, kinds);

    tcase_add_checked_fixture(failures, set_up, tear_down);
    tcase_add_loop_test(failures, test_cannot_open, 0, BAD_OPEN_COUNT);
    tcase_add_loop_test(failures, test_error_at_each_offset, 0,
                        (int)(sizeof failing_names / sizeof failing_names[0]));
    tcase_add_loop_test(failures, test_bad_callback, 0,
                        (int)(sizeof bad_results / sizeof bad_results[0]));
    tcase_add_test(failures, test_closed_stream);
    tcase_add_test(failures, test_interrupted);
    tcase_add_test(failures, test_growing_file);
    tcase_add_test(failures, test_shrinking_file);
    tcase_add_test(failures, test_shrinking_wire);
    tcase_set_timeout(failures, 120);
    suite_add_tcase(suite, failures);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free_bytes(&data);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
