/* Sources: every kind gives the same bytes for the same questions. The file is compiled
 * into this program with its system calls replaced, so that they can be interrupted,
 * give little, or fail. */
#include <check.h>
#include <stdbool.h>
#include <sys/types.h>
#include <unistd.h>

static ssize_t fake_read(int fd, void *buf, size_t n);
static ssize_t fake_pread(int fd, void *buf, size_t n, off_t offset);

/* The name of a member of struct tri_source changes too, here and everywhere in this
 * program, which does no harm. */
#define read fake_read
#define pread fake_pread
#include "io/source.c"
#undef read
#undef pread

#include <stdio.h>
#include <stdlib.h>

/* What the system calls do. */
static struct {
    int interruptions;   /* so many calls are interrupted first, each time */
    int interrupted;     /* how many were, since the last success */
    size_t at_most;      /* bytes given at once; 0: no limit */
    int fail_after;      /* calls that succeed before one fails; -1: none fails */
    int fail_with;       /* its errno */
    size_t calls, asked; /* calls, and bytes asked for in all */
} fakes;

static bool fake_fails(size_t *n)
{
    fakes.calls++;
    fakes.asked += *n;
    if (fakes.interrupted < fakes.interruptions) {
        fakes.interrupted++;
        errno = EINTR;
        return true;
    }
    fakes.interrupted = 0;
    if (fakes.fail_after == 0) {
        errno = fakes.fail_with;
        return true;
    }
    if (fakes.fail_after > 0)
        fakes.fail_after--;
    if (fakes.at_most && *n > fakes.at_most)
        *n = fakes.at_most;
    return false;
}

static ssize_t fake_read(int fd, void *buf, size_t n)
{
    return fake_fails(&n) ? -1 : read(fd, buf, n);
}

static ssize_t fake_pread(int fd, void *buf, size_t n, off_t offset)
{
    return fake_fails(&n) ? -1 : pread(fd, buf, n, offset);
}

enum { SIZE = 700000 }; /* larger than every buffer */

static uint8_t data[SIZE];
static struct tri_mem *mem;
static struct tri_err err;
static struct tri_source source;

static void setup(void)
{
    uint32_t x = 1;
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
    memset(&fakes, 0, sizeof fakes);
    fakes.fail_after = -1;
    mem = tri_mem_new(NULL);
    tri_err_init(&err);
    tri_source_init(&source, mem, &err);
}

static void teardown(void)
{
    tri_source_close(&source);
    tri_source_close(&source);
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    tri_mem_unref(mem);
}

static int make_file(size_t before, size_t size)
{
    char path[] = "/tmp/tracereader-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    unlink(path);
    for (; before; before--)
        ck_assert_int_eq(write(fd, "#", 1), 1);
    ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
    return fd;
}

/* A pipe into which a child writes all. */
static int make_pipe(void)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) { /* which keeps away from Check, whose file the two share */
        close(ends[0]);
        for (size_t at = 0; at < SIZE;) {
            ssize_t n = write(ends[1], data + at, SIZE - at < 5000 ? SIZE - at : 5000);
            if (n <= 0)
                _exit(1);
            at += (size_t)n;
        }
        _exit(0);
    }
    ck_assert_int_gt(child, 0);
    close(ends[1]);
    return ends[0];
}

static size_t called_back; /* bytes so far */

static int64_t call_back(void *user, void *buf, size_t size)
{
    size_t n = SIZE - called_back, most = *(size_t *)user;
    n = n < most ? n : most;
    n = n < size ? n : size;
    memcpy(buf, data + called_back, n);
    called_back += n;
    return (int64_t)n;
}

enum kind { MEMORY, FD, PATH, PIPE, CALLBACK_1, CALLBACK_999, PUSH, KINDS };

static size_t pushed;

static void push_more(size_t n)
{
    n = n < SIZE - pushed ? n : SIZE - pushed;
    if (n == 0) {
        ck_assert_int_eq(tri_source_feed_end(&source), TR_OK);
        return;
    }
    ck_assert_int_eq(tri_source_feed(&source, data + pushed, n), TR_OK);
    pushed += n;
}

/* Returns the descriptor to close. */
static int open_kind(enum kind kind)
{
    static size_t most[] = {1, 999};
    tr_status status = TR_OK;
    int fd = -1;
    char path[64];
    called_back = pushed = 0;
    switch (kind) {
    case MEMORY:
        status = tri_source_open_memory(&source, data, SIZE);
        break;
    case FD:
        fd = make_file(77, SIZE);
        lseek(fd, 77, SEEK_SET);
        status = tri_source_open_fd(&source, fd);
        break;
    case PATH:
        fd = make_file(0, SIZE);
        snprintf(path, sizeof path, "/dev/fd/%d", fd);
        lseek(fd, 0, SEEK_SET);
        status = tri_source_open_path(&source, path);
        break;
    case PIPE:
        fd = make_pipe();
        status = tri_source_open_fd(&source, fd);
        break;
    case CALLBACK_1:
    case CALLBACK_999:
        status = tri_source_open_callback(&source, call_back, &most[kind == CALLBACK_999]);
        break;
    default:
        push_more(10);
    }
    ck_assert_int_eq(status, TR_OK);
    return fd;
}

static uint32_t random_state;

static size_t random_below(size_t n)
{
    random_state = random_state * 1664525 + 1013904223;
    return (size_t)((uint64_t)(random_state >> 8) * n >> 24);
}

/* Any size, small ones more often. */
static size_t random_size(void)
{
    static const size_t sizes[] = {2, 20, 5000, 70000, 300000};
    return random_below(sizes[random_below(5)]);
}

/* The window holds what it should. */
static void check_window(size_t want)
{
    size_t rest = SIZE - source.offset;
    if (source.window_len < (want < rest ? want : rest))
        ck_abort_msg("at %llu: %zu bytes, %zu were wanted", (unsigned long long)source.offset,
                     source.window_len, want);
    if (source.window_len > rest || memcmp(source.window, data + source.offset, source.window_len))
        ck_abort_msg("at %llu: wrong bytes", (unsigned long long)source.offset);
}

static void check_reread(uint64_t before)
{
    static uint8_t again[SIZE];
    uint64_t at = random_below((size_t)before + 1);
    size_t n = random_below((size_t)(before - at) + 1);
    ck_assert_int_eq(tri_source_reread(&source, at, again, n), TR_OK);
    ck_assert(memcmp(again, data + at, n) == 0);
    const uint8_t *there = tri_source_memory(&source, at);
    ck_assert((there != NULL) == (source.kind == TRI_SOURCE_MEMORY));
    ck_assert(!there || there == data + at);
}

/* Random questions, to the end. */
static void go_through(enum kind kind)
{
    uint64_t offset = 0;
    while (offset < SIZE) {
        size_t want = random_size() + 1;
        bool whole = true;
        tr_status status;
        bool reaches = random_below(3) == 0;
        while ((status = reaches ? tri_source_reaches(&source, want, &whole)
                                 : tri_source_want(&source, want)) == TR_NEED_INPUT) {
            ck_assert_int_eq(kind, PUSH);
            push_more(random_size() + 1);
        }
        ck_assert_int_eq(status, TR_OK);
        ck_assert_uint_eq(source.offset, offset);
        if (reaches)
            ck_assert_msg(whole == (want <= SIZE - offset), "%zu bytes at %llu", want,
                          (unsigned long long)offset);
        else
            check_window(want);
        size_t n = source.window_len;
        if (reaches && whole) {
            tri_source_skip(&source, n = want);
        } else {
            if (n > 3)
                n = random_below(n) + 1;
            tri_source_take(&source, n);
        }
        offset += n;
        ck_assert_uint_eq(source.offset, offset);
        if (tri_source_rereads(&source) && random_below(4) == 0)
            check_reread(offset);
    }
    while (tri_source_want(&source, 1) == TR_NEED_INPUT)
        push_more(1);
    ck_assert_uint_eq(source.window_len, 0);
}

START_TEST(test_kinds)
{
    enum kind kind = (enum kind)(_i % KINDS);
    random_state = (uint32_t)_i;
    if (_i >= KINDS) { /* the second time the calls are interrupted and give little */
        fakes.interruptions = 2;
        fakes.at_most = 1000;
    }
    int fd = open_kind(kind);
    uint64_t size = kind == MEMORY || kind == FD || kind == PATH ? SIZE : UINT64_MAX;
    ck_assert_uint_eq(source.size, size);
    ck_assert_int_eq(tri_source_rereads(&source), size == SIZE);
    go_through(kind);
    ck_assert_int_eq(err.error.code, TR_OK);
    tri_source_close(&source);
    if (fd >= 0) {
        if (kind == FD) /* a file's own offset is nobody's business */
            ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 77);
        ck_assert_int_eq(close(fd), 0); /* it was borrowed */
    }
}
END_TEST

/* A live pipe is not asked for more than it has. */
START_TEST(test_pipe_does_not_wait)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(tri_source_open_fd(&source, ends[0]), TR_OK);
    ck_assert_int_eq(write(ends[1], data, 10), 10);
    ck_assert_int_eq(tri_source_want(&source, 1), TR_OK);
    ck_assert_uint_eq(source.window_len, 10);
    check_window(10);
    tri_source_take(&source, 4);
    ck_assert_int_eq(tri_source_want(&source, 6), TR_OK); /* no system call */
    ck_assert_uint_eq(fakes.calls, 1);
    ck_assert_int_eq(write(ends[1], data + 10, 3), 3);
    ck_assert_int_eq(tri_source_want(&source, 7), TR_OK);
    ck_assert_uint_eq(source.window_len, 9);
    check_window(9);
    close(ends[1]);
    ck_assert_int_eq(tri_source_want(&source, 10), TR_OK);
    ck_assert_uint_eq(source.window_len, 9);
    size_t calls = fakes.calls;
    ck_assert_int_eq(tri_source_want(&source, 11), TR_OK); /* the end is the end */
    ck_assert_uint_eq(fakes.calls, calls);
    close(ends[0]);
}
END_TEST

START_TEST(test_failed_read)
{
    bool file = _i == 0;
    int fd = open_kind(file ? FD : PIPE);
    fakes.at_most = 100;
    fakes.fail_after = 3;
    fakes.fail_with = file ? EIO : ENXIO;
    fakes.interruptions = 1;
    ck_assert_int_eq(tri_source_want(&source, 150), TR_OK);
    ck_assert_uint_eq(source.window_len, 200);
    tri_source_take(&source, 150);
    ck_assert_int_eq(tri_source_want(&source, 200), TR_E_IO);
    ck_assert_int_eq(err.error.code, TR_E_IO);
    ck_assert_int_eq(err.error.os_error, fakes.fail_with);
    ck_assert_uint_eq(err.error.offset, 300); /* where the bytes that failed would be */
    check_window(150);                        /* what is there is there */
    close(fd);
}
END_TEST

START_TEST(test_failed_reread)
{
    uint8_t again[300];
    int fd = open_kind(FD);
    tri_source_skip(&source, 1000);
    fakes.at_most = 100;
    fakes.fail_after = 1;
    fakes.fail_with = EIO;
    ck_assert_int_eq(tri_source_reread(&source, 500, again, sizeof again), TR_E_IO);
    ck_assert_uint_eq(err.error.offset, 600);
    ck_assert_int_eq(err.error.os_error, EIO);
    close(fd);
}
END_TEST

START_TEST(test_file_that_grows)
{
    bool whole;
    int fd = make_file(5, 1000);
    lseek(fd, 5, SEEK_SET);
    ck_assert_int_eq(tri_source_open_fd(&source, fd), TR_OK);
    ck_assert_uint_eq(source.size, 1000);
    tri_source_skip(&source, 900);
    ck_assert_int_eq(tri_source_reaches(&source, 101, &whole), TR_OK);
    ck_assert(!whole);
    lseek(fd, 0, SEEK_END);
    ck_assert_int_eq(write(fd, data + 1000, 500), 500);
    ck_assert_int_eq(tri_source_reaches(&source, 600, &whole), TR_OK);
    ck_assert(whole);
    ck_assert_uint_eq(source.size, 1500);
    ck_assert_int_eq(tri_source_reaches(&source, 601, &whole), TR_OK);
    ck_assert(!whole);
    ck_assert_int_eq(tri_source_want(&source, 600), TR_OK);
    ck_assert_uint_eq(source.window_len, 600);
    ck_assert_mem_eq(source.window, data + 900, 600);
    close(fd);
}
END_TEST

START_TEST(test_file_that_shrinks)
{
    uint8_t again[100];
    bool whole;
    int fd = make_file(5, 1000);
    lseek(fd, 5, SEEK_SET);
    ck_assert_int_eq(tri_source_open_fd(&source, fd), TR_OK);
    tri_source_skip(&source, 400);
    ck_assert_int_eq(ftruncate(fd, 5 + 350), 0);
    /* What was there may be gone: an error where it is needed, never a crash. */
    ck_assert_int_eq(tri_source_reread(&source, 200, again, 100), TR_OK);
    ck_assert_mem_eq(again, data + 200, 100);
    ck_assert_int_eq(tri_source_reread(&source, 300, again, 100), TR_E_TRUNCATED);
    ck_assert_uint_eq(err.error.offset, 350);
    tri_err_init(&err);
    ck_assert_int_eq(tri_source_want(&source, 1), TR_E_TRUNCATED);
    ck_assert_ptr_nonnull(strstr(err.error.message, "the file became shorter"));
    ck_assert_uint_eq(err.error.offset, 400);
    ck_assert_uint_eq(source.window_len, 0);
    ck_assert_int_eq(tri_source_reaches(&source, 601, &whole), TR_OK);
    ck_assert(!whole);
    close(fd);
}
END_TEST

static int64_t fixed_result;

static int64_t give_result(void *user, void *buf, size_t size)
{
    (void)user;
    (void)buf;
    return fixed_result == INT64_MAX ? (int64_t)size + 1 : fixed_result;
}

START_TEST(test_callback_results)
{
    static const struct {
        int64_t result;
        tr_status status;
        int os_error;
    } cases[] = {
        {0, TR_OK, 0},
        {-EPERM, TR_E_IO, EPERM},
        {-1, TR_E_IO, 1},
        {INT64_MIN, TR_E_IO, EIO}, /* no errno */
        {-INT64_C(5000000000), TR_E_IO, EIO},
        {INT64_MAX, TR_E_IO, EINVAL}, /* one more than asked for */
    };
    fixed_result = cases[_i].result;
    ck_assert_int_eq(tri_source_open_callback(&source, give_result, NULL), TR_OK);
    ck_assert_int_eq(tri_source_want(&source, 4), cases[_i].status);
    ck_assert_int_eq(err.error.code, cases[_i].status);
    ck_assert_int_eq(err.error.os_error, cases[_i].os_error);
    ck_assert_uint_eq(source.window_len, 0);
}
END_TEST

START_TEST(test_failed_open)
{
    static const struct {
        const char *path;
        int os_error;
    } cases[] = {{"/nowhere/at/all", ENOENT}, {"/", EISDIR}, {"", ENOENT}};
    ck_assert_int_eq(tri_source_open_path(&source, cases[_i].path), TR_E_IO);
    ck_assert_int_eq(err.error.os_error, cases[_i].os_error);
    ck_assert_uint_eq(err.error.offset, 0);
}
END_TEST

START_TEST(test_bad_descriptor)
{
    ck_assert_int_eq(tri_source_open_fd(&source, -1), TR_E_IO);
    ck_assert_int_eq(err.error.os_error, EBADF);
}
END_TEST

START_TEST(test_write_only_descriptor)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(tri_source_open_fd(&source, ends[1]), TR_OK);
    ck_assert_int_eq(tri_source_want(&source, 1), TR_E_IO);
    ck_assert_int_eq(err.error.os_error, EBADF);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(test_misuse)
{
    size_t one = 1;
    ck_assert_int_eq(tri_source_want(&source, 1), TR_E_MISUSE); /* not open */
    ck_assert_int_eq(tri_source_open_path(&source, NULL), TR_E_MISUSE);
    ck_assert_int_eq(tri_source_open_memory(&source, NULL, 1), TR_E_MISUSE);
    ck_assert_int_eq(tri_source_open_callback(&source, NULL, NULL), TR_E_MISUSE);
    ck_assert_int_eq(source.kind, TRI_SOURCE_NONE);
    ck_assert_int_eq(tri_source_open_memory(&source, data, 10), TR_OK);
    ck_assert_int_eq(tri_source_open_memory(&source, data, 10), TR_E_MISUSE);
    ck_assert_int_eq(tri_source_open_path(&source, "/dev/null"), TR_E_MISUSE);
    ck_assert_int_eq(tri_source_open_fd(&source, 0), TR_E_MISUSE);
    ck_assert_int_eq(tri_source_open_callback(&source, call_back, &one), TR_E_MISUSE);
    ck_assert_int_eq(tri_source_feed(&source, data, 1), TR_E_MISUSE);
    ck_assert_int_eq(tri_source_feed_end(&source), TR_E_MISUSE);
    ck_assert_int_eq(tri_source_want(&source, 10), TR_OK); /* none of it did any harm */
    ck_assert_uint_eq(source.window_len, 10);
}
END_TEST

START_TEST(test_push_misuse)
{
    ck_assert_int_eq(tri_source_feed(&source, NULL, 0), TR_OK);
    ck_assert_int_eq(tri_source_feed(&source, NULL, 5), TR_E_MISUSE);
    ck_assert_int_eq(tri_source_feed(&source, data, 5), TR_OK);
    ck_assert_int_eq(tri_source_open_memory(&source, data, 5), TR_E_MISUSE);
    ck_assert_int_eq(tri_source_feed_end(&source), TR_OK);
    ck_assert_int_eq(tri_source_feed_end(&source), TR_OK);
    ck_assert_int_eq(tri_source_feed(&source, data, 5), TR_E_MISUSE);
    ck_assert_int_eq(tri_source_want(&source, 9), TR_OK);
    ck_assert_uint_eq(source.window_len, 5);
}
END_TEST

/* No bytes at all are a trace without bytes. */
START_TEST(test_empty)
{
    bool whole = true;
    switch (_i) {
    case 0:
        ck_assert_int_eq(tri_source_open_memory(&source, NULL, 0), TR_OK);
        break;
    case 1:
        ck_assert_int_eq(tri_source_open_path(&source, "/dev/null"), TR_OK);
        break;
    default:
        ck_assert_int_eq(tri_source_feed_end(&source), TR_OK);
    }
    ck_assert_int_eq(tri_source_want(&source, 5), TR_OK);
    ck_assert_uint_eq(source.window_len, 0);
    ck_assert_int_eq(tri_source_reaches(&source, 1, &whole), TR_OK);
    ck_assert(!whole);
}
END_TEST

START_TEST(test_limits)
{
    int fd = -1;
    tri_mem_set_limit(mem, 20000);
    if (_i == 0) {
        push_more(10000);
        ck_assert_int_eq(tri_source_feed(&source, data, 30000), TR_E_LIMIT);
        check_window(10000);
    } else {
        fd = open_kind(_i == 1 ? FD : PIPE);
        ck_assert_int_eq(tri_source_want(&source, 1), TR_E_LIMIT);
        close(fd);
    }
    ck_assert_int_eq(err.error.code, TR_E_LIMIT);
}
END_TEST

/* Many small pieces: each byte is copied a few times at most. */
START_TEST(test_small_pieces)
{
    size_t peak = 0;
    for (size_t i = 0; i < 200000; i++) {
        if (tri_source_feed(&source, data + i, 1) != TR_OK)
            ck_abort_msg("no room");
        if (i % 1000 == 999) { /* now and then all but a few are taken */
            ck_assert_uint_le(source.window_len, 1010);
            ck_assert_mem_eq(source.window, data + source.offset, source.window_len);
            tri_source_take(&source, source.window_len - 10);
        }
        peak = tri_mem_used(mem) > peak ? tri_mem_used(mem) : peak;
    }
    ck_assert_uint_lt(peak, 10000); /* room that was taken is used again */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("io/calls");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_loop_test(all, test_kinds, 0, 2 * KINDS);
    tcase_add_test(all, test_pipe_does_not_wait);
    tcase_add_loop_test(all, test_failed_read, 0, 2);
    tcase_add_test(all, test_failed_reread);
    tcase_add_test(all, test_file_that_grows);
    tcase_add_test(all, test_file_that_shrinks);
    tcase_add_loop_test(all, test_callback_results, 0, 6);
    tcase_add_loop_test(all, test_failed_open, 0, 3);
    tcase_add_test(all, test_bad_descriptor);
    tcase_add_test(all, test_write_only_descriptor);
    tcase_add_test(all, test_misuse);
    tcase_add_test(all, test_push_misuse);
    tcase_add_loop_test(all, test_empty, 0, 3);
    tcase_add_loop_test(all, test_limits, 0, 3);
    tcase_add_test(all, test_small_pieces);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
