/* The wall clock as text, against what Go 1.26 prints: time.Unix(sec, nsec).UTC() in the
 * form time.RFC3339Nano. Where Go's own arithmetic wraps, which docs/DEVIATIONS.md
 * lists, against a count of days. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/wall.h"

struct example {
    int64_t seconds;
    uint32_t nanoseconds;
    const char *text;
};

static const struct example go[] = {
    {INT64_C(0), 0, "1970-01-01T00:00:00Z"},
    {INT64_C(0), 1, "1970-01-01T00:00:00.000000001Z"},
    {INT64_C(-1), 999999999, "1969-12-31T23:59:59.999999999Z"},
    {INT64_C(1), 100000000, "1970-01-01T00:00:01.1Z"},
    {INT64_C(1), 120000000, "1970-01-01T00:00:01.12Z"},
    {INT64_C(1), 123456789, "1970-01-01T00:00:01.123456789Z"},
    {INT64_C(1), 1000, "1970-01-01T00:00:01.000001Z"},
    {INT64_C(59), 990000000, "1970-01-01T00:00:59.99Z"},
    {INT64_C(951782399), 0, "2000-02-28T23:59:59Z"},
    {INT64_C(951782400), 0, "2000-02-29T00:00:00Z"},
    {INT64_C(951868800), 0, "2000-03-01T00:00:00Z"},
    {INT64_C(4107542399), 0, "2100-02-28T23:59:59Z"},
    {INT64_C(4107542400), 5, "2100-03-01T00:00:00.000000005Z"},
    {INT64_C(1709164800), 0, "2024-02-29T00:00:00Z"},
    {INT64_C(1709251200), 10, "2024-03-01T00:00:00.00000001Z"},
    {INT64_C(253402300799), 999999999, "9999-12-31T23:59:59.999999999Z"},
    {INT64_C(253402300800), 0, "10000-01-01T00:00:00Z"},
    {INT64_C(-62135596800), 0, "0001-01-01T00:00:00Z"},
    {INT64_C(-62135596801), 0, "0000-12-31T23:59:59Z"},
    {INT64_C(-62167219200), 0, "0000-01-01T00:00:00Z"},
    {INT64_C(-62167219201), 0, "-0001-12-31T23:59:59Z"},
    {INT64_C(-65323320000), 0, "-0101-12-27T01:20:00Z"},
    {INT64_C(-93724214400), 7, "-1001-12-31T00:00:00.000000007Z"},
    {INT64_C(-377705116800), 0, "-9999-01-01T00:00:00Z"},
    {INT64_C(1099511627776), 0, "36812-02-20T00:36:16Z"},
    {INT64_C(-1099511627776), 0, "-32873-11-12T23:23:44Z"},
    {INT64_C(36028797018963968), 500000000, "1141709097-06-13T06:26:08.5Z"},
    {INT64_C(-36028797018963968), 0, "-1141705158-07-20T17:33:52Z"},
    {INT64_C(9223371966579724799), 0, "292277024369-12-31T23:59:59Z"},
    {INT64_C(9223371966579724800), 0, "292277024370-01-01T00:00:00Z"},
    {INT64_C(9223372028741760000), 0, "292277026339-11-03T00:00:00Z"},
    {INT64_C(9223372036854775807), 999999999, "292277026596-12-04T15:30:07.999999999Z"},
    {INT64_C(-9223372028715321601), 0, "-292277022400-12-31T23:59:59Z"},
    {INT64_C(-9223371966579724801), 0, "-292277020431-12-31T23:59:59Z"},
    /* From here on Go wraps. */
    {INT64_MIN, 0, "-292277022657-01-27T08:29:52Z"},
    {INT64_MIN + 1, 1, "-292277022657-01-27T08:29:53.000000001Z"},
};

START_TEST(test_go)
{
    char have[64];
    struct tri_text t = {have, sizeof have, 0};
    tri_event_wall(&t, go[_i].seconds, go[_i].nanoseconds);
    ck_assert_uint_lt(t.len, sizeof have);
    have[t.len] = '\0';
    ck_assert_str_eq(have, go[_i].text);
}
END_TEST

/* Every day of 800 years, counted on from one to the next. */
START_TEST(test_each_day)
{
    static const int days_in[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 1600, month = 1, day = 1;
    for (int64_t n = -135140; year < 2400; n++) { /* 1600-01-01 is that many days before 1970 */
        char want[64], have[64];
        struct tri_text t = {have, sizeof have, 0};
        snprintf(want, sizeof want, "%04d-%02d-%02dT23:59:58Z", year, month, day);
        tri_event_wall(&t, n * 86400 + 86398, 0);
        if (t.len != strlen(want) || memcmp(want, have, t.len) != 0)
            ck_abort_msg("want %s, have %.*s", want, (int)t.len, have);
        int leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        if (++day > days_in[month - 1] + leap) {
            day = 1;
            if (++month > 12) {
                month = 1;
                year++;
            }
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("event/wall");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, test_go, 0, (int)(sizeof go / sizeof *go));
    tcase_add_test(all, test_each_day);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
