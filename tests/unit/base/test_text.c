/* Numbers as text against printf, buffers of every size, and the error object. */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

/* What is appended fits, ends where it should, and is what printf says. */
#define SAME(call, format, value)                                       \
    do {                                                                \
        char want[64], have[64];                                        \
        struct tri_text t = {have, sizeof have, 0};                     \
        int n = snprintf(want, sizeof want, format, value);             \
        call;                                                           \
        if (t.len != (size_t)n || memcmp(want, have, t.len) != 0)       \
            ck_abort_msg("want %s, have %.*s", want, (int)t.len, have); \
    } while (0)

static void check_number(uint64_t v)
{
    SAME(tri_text_u64(&t, v), "%" PRIu64, v);
    SAME(tri_text_i64(&t, (int64_t)v), "%" PRId64, (int64_t)v);
    SAME(tri_text_hex(&t, v), "%" PRIx64, v);
    SAME(tri_text_padded(&t, v, 4), "%04" PRIu64, v);
    SAME(tri_text_padded(&t, v, 1), "%01" PRIu64, v);
    SAME(tri_text_padded(&t, v, 9), "%09" PRIu64, v);
}

START_TEST(test_numbers)
{
    for (uint64_t v = 0; v < 12000; v++)
        check_number(v);
    uint64_t power = 1;
    for (int i = 0; i < 20; i++, power *= 10) {
        check_number(power - 1);
        check_number(power);
        check_number(power + 1);
        check_number(0 - power);
    }
    for (int bit = 0; bit < 64; bit++) {
        check_number(UINT64_C(1) << bit);
        check_number((UINT64_C(1) << bit) - 1);
    }
    check_number(UINT64_MAX);
    check_number((uint64_t)INT64_MIN);
}
END_TEST

static void write_all(struct tri_text *t)
{
    tri_text_str(t, "abc");
    tri_text_u64(t, 1234567);
    tri_text_char(t, ' ');
    tri_text_i64(t, INT64_MIN);
    tri_text_bytes(t, "x\0y", 3);
    tri_text_hex(t, 0xdeadbeef);
    tri_text_padded(t, 7, 5);
}

START_TEST(test_small_buffers)
{
    static const char whole[] = "abc1234567 -9223372036854775808x\0ydeadbeef00007";
    for (size_t size = 0; size <= sizeof whole; size++) {
        char buf[64];
        struct tri_text t = {size ? buf : NULL, size, 0};
        memset(buf, '#', sizeof buf);
        write_all(&t);
        ck_assert_uint_eq(t.len, sizeof whole - 1);
        size_t n = size < t.len ? size : t.len;
        ck_assert_mem_eq(buf, whole, n);
        for (size_t i = n; i < sizeof buf; i++)
            ck_assert_int_eq(buf[i], '#');
    }
}
END_TEST

START_TEST(test_error)
{
    struct tri_err err;
    struct tri_place place = {10, 2, 3, 4}, other = {11, 12, 13, 14};
    tri_err_init(&err);
    ck_assert_int_eq(err.error.code, TR_OK);
    ck_assert_int_eq(err.error.severity, TR_SEVERITY_NONE);
    ck_assert_int_eq(err.error.thread, -1);
    ck_assert_int_eq(err.error.event_type, -1);
    ck_assert_str_eq(err.error.message, "");
    ck_assert_int_eq(tri_err_set(&err, TR_E_CORRUPT, place, "%d of %s", 5, "them"), TR_E_CORRUPT);
    /* The first one stays, whatever comes. */
    ck_assert_int_eq(tri_err_set(&err, TR_E_ORDER, other, "another"), TR_E_CORRUPT);
    ck_assert_int_eq(tri_err_io(&err, 99, EIO), TR_E_CORRUPT);
    ck_assert_int_eq(err.error.code, TR_E_CORRUPT);
    ck_assert_int_eq(err.error.severity, TR_SEVERITY_FATAL);
    ck_assert_uint_eq(err.error.offset, 10);
    ck_assert_uint_eq(err.error.generation, 2);
    ck_assert_int_eq(err.error.thread, 3);
    ck_assert_int_eq(err.error.event_type, 4);
    ck_assert_int_eq(err.error.os_error, 0);
    ck_assert_str_eq(err.error.message, "5 of them");
}
END_TEST

START_TEST(test_error_of_a_read)
{
    struct tri_err err;
    tri_err_init(&err);
    ck_assert_int_eq(tri_err_io(&err, 99, ENOENT), TR_E_IO);
    ck_assert_int_eq(err.error.os_error, ENOENT);
    ck_assert_uint_eq(err.error.offset, 99);
    ck_assert_int_eq(err.error.thread, -1);
    ck_assert_ptr_nonnull(strstr(err.error.message, strerror(ENOENT)));
}
END_TEST

/* A long message is cut off and ends. */
START_TEST(test_long_error)
{
    struct tri_err err;
    struct tri_place place = {0, 0, -1, -1};
    char text[1000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    tri_err_init(&err);
    tri_err_set(&err, TR_E_FORMAT, place, "%s", text);
    ck_assert_uint_eq(strlen(err.error.message), sizeof err.message - 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/text");
    TCase *all = tcase_create("all");
    tcase_add_test(all, test_numbers);
    tcase_add_test(all, test_small_buffers);
    tcase_add_test(all, test_error);
    tcase_add_test(all, test_error_of_a_read);
    tcase_add_test(all, test_long_error);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
