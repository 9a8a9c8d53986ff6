/* The temporary file: what was written is read again, whatever the system calls do; it has
 * no name, and its errors tell the place and the cause. The file is compiled into this
 * program with its system calls replaced. */
#define _GNU_SOURCE /* as the file itself */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

static int fake_open(const char *path, int flags, ...);
static ssize_t fake_pwrite(int fd, const void *buf, size_t n, off_t offset);
static ssize_t fake_pread(int fd, void *buf, size_t n, off_t offset);

#define open fake_open
#define pwrite fake_pwrite
#define pread fake_pread
#include "io/spill.c"
#undef open
#undef pwrite
#undef pread

#include <string.h>

static struct {
    bool no_unnamed;   /* the file system has no files without a name */
    int interruptions; /* before each call that succeeds */
    int interrupted;
    size_t at_most; /* bytes at once, 0: all */
    int fail_with;  /* errno of reads and writes */
    int fail_after; /* so many of them */
} fakes;

static bool interrupted(void)
{
    if (fakes.interrupted++ < fakes.interruptions) {
        errno = EINTR;
        return true;
    }
    fakes.interrupted = 0;
    return false;
}

static size_t some(size_t n)
{
    return fakes.at_most && n > fakes.at_most ? fakes.at_most : n;
}

static int fake_open(const char *path, int flags, ...)
{
    if (fakes.no_unnamed) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return interrupted() ? -1 : open(path, flags, 0600);
}

static ssize_t fake_pwrite(int fd, const void *buf, size_t n, off_t offset)
{
    if (fakes.fail_with && fakes.fail_after-- <= 0) {
        errno = fakes.fail_with;
        return -1;
    }
    return interrupted() ? -1 : pwrite(fd, buf, some(n), offset);
}

static ssize_t fake_pread(int fd, void *buf, size_t n, off_t offset)
{
    if (fakes.fail_with) {
        errno = fakes.fail_with;
        return -1;
    }
    return interrupted() ? -1 : pread(fd, buf, some(n), offset);
}

static char folder[] = "/tmp/tracereader-spill-XXXXXX";
static struct tri_err err;
static struct tri_spill spill;

static void setup(void)
{
    memset(&fakes, 0, sizeof fakes);
    tri_err_init(&err);
    ck_assert_int_eq(setenv("TMPDIR", folder, 1), 0);
}

static struct tri_place at(uint64_t offset)
{
    return (struct tri_place){offset, 7, 3, -1};
}

static int files_in_folder(void)
{
    int n = 0;
    DIR *d = opendir(folder);
    ck_assert_ptr_nonnull(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

START_TEST(test_content)
{
    enum { BASE = 1000000 };
    char data[50000], buf[50000];
    struct stat st;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * 7 + i / 256);
    fakes.no_unnamed = _i & 1;
    fakes.interruptions = _i & 2;
    fakes.at_most = _i & 4 ? 999 : 0;
    ck_assert_int_eq(tri_spill_open(&spill, &err, at(BASE)), TR_OK);
    ck_assert_int_eq(files_in_folder(), 0);
    ck_assert_int_eq(fstat(spill.fd, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_uint_eq(st.st_nlink, 0);
    ck_assert(fcntl(spill.fd, F_GETFD) & FD_CLOEXEC);
    ck_assert_int_eq(tri_spill_write(&spill, data, 20000, &err, at(BASE)), TR_OK);
    ck_assert_int_eq(tri_spill_write(&spill, data + 25000, 25000, &err, at(BASE + 25000)), TR_OK);
    ck_assert_int_eq(tri_spill_write(&spill, data, 0, &err, at(BASE + 50000)), TR_OK);
    ck_assert_uint_eq(spill.bytes, 45000);
    ck_assert_int_eq(tri_spill_read(&spill, buf, 15000, &err, at(BASE + 30000)), TR_OK);
    ck_assert_mem_eq(buf, data + 30000, 15000);
    ck_assert_int_eq(tri_spill_read(&spill, buf, 20000, &err, at(BASE)), TR_OK);
    ck_assert_mem_eq(buf, data, 20000);
    ck_assert_int_eq(err.error.code, TR_OK);
    tri_spill_close(&spill);
    ck_assert_int_eq(spill.fd, -1);
    tri_spill_close(&spill);
}
END_TEST

static void check_error(int os_error, const char *what)
{
    ck_assert_int_eq(err.error.code, TR_E_IO);
    ck_assert_int_eq(err.error.os_error, os_error);
    ck_assert_uint_eq(err.error.offset, 555);
    ck_assert_uint_eq(err.error.generation, 7);
    ck_assert_int_eq(err.error.thread, 3);
    ck_assert_msg(strstr(err.message, what) && strstr(err.message, strerror(os_error)), "%s",
                  err.message);
}

START_TEST(test_failures)
{
    char buf[10] = "";
    ck_assert_int_eq(tri_spill_open(&spill, &err, at(500)), TR_OK);
    fakes.fail_with = _i < 2 ? ENOSPC : EIO;
    switch (_i) {
    case 0:
    case 2:
        ck_assert_int_eq(tri_spill_write(&spill, buf, 10, &err, at(555)), TR_E_IO);
        check_error(fakes.fail_with, "writing");
        break;
    case 1:
    case 3:
        ck_assert_int_eq(tri_spill_read(&spill, buf, 10, &err, at(555)), TR_E_IO);
        check_error(fakes.fail_with, "reading");
        break;
    default: /* somebody has cut it */
        fakes.fail_with = 0;
        ck_assert_int_eq(tri_spill_read(&spill, buf, 10, &err, at(555)), TR_E_IO);
        check_error(EIO, "reading");
    }
    tri_spill_close(&spill);
}
END_TEST

/* Where no more finds room, what did counts. */
START_TEST(test_full)
{
    char buf[100] = "";
    ck_assert_int_eq(tri_spill_open(&spill, &err, at(500)), TR_OK);
    fakes.fail_with = ENOSPC;
    fakes.fail_after = 3;
    fakes.at_most = 10;
    ck_assert_int_eq(tri_spill_write(&spill, buf, sizeof buf, &err, at(555)), TR_E_IO);
    check_error(ENOSPC, "writing");
    ck_assert_uint_eq(spill.bytes, 30);
    tri_spill_close(&spill);
}
END_TEST

START_TEST(test_no_folder)
{
    static char long_path[5000];
    memset(long_path, 'x', sizeof long_path - 1);
    ck_assert_int_eq(setenv("TMPDIR", _i ? long_path : "/nonexistent/folder", 1), 0);
    ck_assert_int_eq(tri_spill_open(&spill, &err, at(555)), TR_E_IO);
    check_error(_i ? ENAMETOOLONG : ENOENT,
                _i ? "temporary file in \"xxx" : "in \"/nonexistent/folder\"");
    ck_assert_int_eq(spill.fd, -1);
}
END_TEST

/* Where a standard stream is closed, what the program prints must not go into the file. */
START_TEST(test_closed_stream)
{
    fakes.no_unnamed = _i & 1;
    int saved = dup(STDOUT_FILENO);
    ck_assert_int_eq(close(STDOUT_FILENO), 0);
    tr_status status = tri_spill_open(&spill, &err, at(0));
    ck_assert_int_eq(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
    close(saved);
    ck_assert_int_eq(status, TR_OK);
    ck_assert_int_gt(spill.fd, STDERR_FILENO);
    ck_assert(fcntl(spill.fd, F_GETFD) & FD_CLOEXEC);
    tri_spill_close(&spill);
}
END_TEST

START_TEST(test_default_folder)
{
    ck_assert_int_eq(_i ? unsetenv("TMPDIR") : setenv("TMPDIR", "", 1), 0);
    ck_assert_int_eq(tri_spill_open(&spill, &err, at(0)), TR_OK);
    tri_spill_close(&spill);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("io/spill");
    TCase *all = tcase_create("all");
    if (!mkdtemp(folder))
        return EXIT_FAILURE;
    tcase_add_checked_fixture(all, setup, NULL);
    tcase_add_loop_test(all, test_content, 0, 8);
    tcase_add_loop_test(all, test_failures, 0, 5);
    tcase_add_test(all, test_full);
    tcase_add_loop_test(all, test_no_folder, 0, 2);
    tcase_add_loop_test(all, test_closed_stream, 0, 2);
    tcase_add_loop_test(all, test_default_folder, 0, 2);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    rmdir(folder);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
