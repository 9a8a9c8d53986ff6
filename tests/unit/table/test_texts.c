/* Tests texts as Arrow has them: what is not UTF-8, growth, and that what was handed out
 * stays as it was. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table/texts.h"

static tr_str str(const char *s)
{
    return (tr_str){s, strlen(s)};
}

static struct tri_texts *new_texts(void)
{
    struct tri_mem *mem = tri_mem_new(NULL);
    struct tri_texts *t = tri_texts_new(mem);
    ck_assert_ptr_nonnull(t);
    tri_mem_unref(mem);
    return t;
}

#define FFFD "\xef\xbf\xbd"

/* As Python's bytes.decode("utf-8", "replace") gives them. */
START_TEST(test_not_utf8)
{
    static const struct {
        const char *bytes, *text;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"h\xc3\xa9llo \xe2\x82\xac \xf0\x9f\x98\x80",
         "h\xc3\xa9llo \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"a\xff", "a" FFFD},
        {"\xc3", FFFD},
        {"\xc3(", FFFD "("},
        {"\xe2\x82", FFFD},
        {"\xe2\x82x", FFFD "x"},
        {"\xe2(\xa1", FFFD "(" FFFD},
        {"\xf0\x9f\x98", FFFD},
        {"\xf0\x9f\x98\xf0\x9f\x98\x80", FFFD "\xf0\x9f\x98\x80"},
        {"\xf0\x28\x8c\xbc", FFFD "(" FFFD FFFD},
        {"\xc0\xaf", FFFD FFFD},                   /* overlong */
        {"\xe0\x80\xaf", FFFD FFFD FFFD},          /* the same */
        {"\xed\xa0\x80", FFFD FFFD FFFD},          /* a surrogate */
        {"\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD}, /* above U+10FFFF */
        {"\x80\x80", FFFD FFFD},
        {"\xfe\xfe", FFFD FFFD},
    };
    struct tri_texts *t = new_texts();
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert(tri_texts_add(&t, str(cases[i].bytes)));
        ck_assert_uint_eq(t->count, i + 1);
        tr_str got = tri_texts_get(t, i);
        if (got.len != strlen(cases[i].text) || memcmp(got.ptr, cases[i].text, got.len) != 0)
            ck_abort_msg("case %u: %.*s", i, (int)got.len, got.ptr);
    }
    tri_texts_unref(t);
}
END_TEST

/* Others hold what there was at each time. */
START_TEST(test_shared)
{
    enum { COUNT = 3000 };
    static struct tri_texts *held[COUNT];
    struct tri_texts *t = new_texts();
    int same = 0;
    for (int i = 0; i < COUNT; i++) {
        char text[20];
        snprintf(text, sizeof text, "text %d", i);
        ck_assert(tri_texts_add(&t, str(text)));
        held[i] = tri_texts_ref(t);
        same += i > 0 && held[i] == held[i - 1];
    }
    ck_assert_int_gt(same, COUNT - 40); /* it doubles */
    for (int i = 0; i < COUNT; i++) {
        char text[20];
        int number = i / 2;
        snprintf(text, sizeof text, "text %d", number);
        tr_str got = tri_texts_get(held[i], (uint32_t)number);
        ck_assert_uint_eq(got.len, strlen(text));
        ck_assert_mem_eq(got.ptr, text, got.len);
        tri_texts_unref(held[i]);
    }
    tri_texts_unref(t);
}
END_TEST

START_TEST(test_too_long)
{
    struct tri_texts *t = new_texts();
    uint32_t room = t->room;
    t->bytes = t->room = INT32_MAX - 10; /* as if there were so many */
    ck_assert(!tri_texts_add(&t, str("\xff\xff\xff\xff")));
    t->bytes = 0;
    t->room = room;
    ck_assert(tri_texts_add(&t, str("\xff\xff\xff\xff")));
    tri_texts_unref(t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("table/texts");
    TCase *all = tcase_create("all");
    tcase_add_test(all, test_not_utf8);
    tcase_add_test(all, test_shared);
    tcase_add_test(all, test_too_long);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
