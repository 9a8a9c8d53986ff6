/* Tests Go's %q: by examples, and where a Go of the same Unicode version is here,
 * against it over every code point and every pair of bytes. Where Unicode's data
 * and Python are here, the committed table is compared with what they give. */
#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../golden/support.h"
#include "base/quote.h"

#define LIT(s) (s), sizeof(s) - 1

struct example {
    const char *in;
    size_t len;
    const char *out;
};

static const struct example examples[] = {
    {LIT(""), "\"\""},
    {LIT("main.main"), "\"main.main\""},
    {LIT("a b"), "\"a b\""},
    {LIT("\"quoted\" \\ 'single'"), "\"\\\"quoted\\\" \\\\ 'single'\""},
    {LIT("\a\b\t\n\v\f\r"), "\"\\a\\b\\t\\n\\v\\f\\r\""},
    {LIT("\0\x01\x1f\x7f"), "\"\\x00\\x01\\x1f\\x7f\""},
    {LIT("\xc3\xa9t\xc3\xa9"), "\"\xc3\xa9t\xc3\xa9\""},
    {LIT("\xe2\x82\xac"), "\"\xe2\x82\xac\""},
    {LIT("\xf0\x9f\x98\x80"), "\"\xf0\x9f\x98\x80\""},
    /* Spaces that are not ASCII's, and format characters, are not printable. */
    {LIT("\xc2\xa0\xe2\x80\x8b\xef\xbb\xbf"), "\"\\u00a0\\u200b\\ufeff\""},
    {LIT("\xc2\x80\xc2\xad"), "\"\\u0080\\u00ad\""},
    {LIT("\xf3\xa0\x80\x81\xf4\x8f\xbf\xbf"), "\"\\U000e0001\\U0010ffff\""},
    /* U+FFFD itself is a symbol and stays. */
    {LIT("\xef\xbf\xbd"), "\"\xef\xbf\xbd\""},
    /* Not UTF-8: continuation alone, cut, overlong, surrogate, too large. */
    {LIT("a\x80z"), "\"a\\x80z\""},
    {LIT("\xe2\x82"), "\"\\xe2\\x82\""},
    {LIT("\xe2\x82z"), "\"\\xe2\\x82z\""},
    {LIT("\xf0\x9f\x98"), "\"\\xf0\\x9f\\x98\""},
    {LIT("\xc0\x80"), "\"\\xc0\\x80\""},
    {LIT("\xe0\x80\x80"), "\"\\xe0\\x80\\x80\""},
    {LIT("\xf0\x80\x80\x80"), "\"\\xf0\\x80\\x80\\x80\""},
    {LIT("\xed\xa0\x80"), "\"\\xed\\xa0\\x80\""},
    {LIT("\xf4\x90\x80\x80"), "\"\\xf4\\x90\\x80\\x80\""},
    {LIT("\xff\xfe"), "\"\\xff\\xfe\""},
};

START_TEST(test_examples)
{
    const struct example *e = &examples[_i];
    /* An exact copy, so that a tool which watches memory sees reads past its end. */
    char *in = malloc(e->len ? e->len : 1);
    char out[128];
    struct tri_text t = {out, sizeof out, 0};

    ck_assert_ptr_nonnull(in);
    memcpy(in, e->in, e->len);
    tri_quote(&t, in, e->len);
    ck_assert_uint_lt(t.len, sizeof out);
    out[t.len] = '\0';
    ck_assert_str_eq(out, e->out);
    free(in);
}
END_TEST

/* As snprintf: all is counted, what fits is written, nothing beyond. */
START_TEST(test_small_buffers)
{
    const char in[] = "abc\n\xc3\xa9\x80 def";
    char whole[64];
    struct tri_text all = {whole, sizeof whole, 0};

    tri_quote(&all, in, sizeof in - 1);
    for (size_t size = 0; size <= all.len; size++) {
        char out[64];
        struct tri_text t = {size ? out : NULL, size, 0};
        memset(out, '#', sizeof out);
        tri_quote(&t, in, sizeof in - 1);
        ck_assert_uint_eq(t.len, all.len);
        ck_assert_mem_eq(out, whole, size);
        ck_assert_int_eq(out[size], '#');
    }
}
END_TEST

static const struct {
    char in;
    const char *out;
} kinds_of_bytes[] = {{'a', "a"},       {' ', " "},        {'~', "~"},        {'"', "\\\""},
                      {'\\', "\\\\"},   {'!', "!"},        {'#', "#"},        {'[', "["},
                      {']', "]"},       {'\n', "\\n"},     {'\0', "\\x00"},   {0x1f, "\\x1f"},
                      {0x7f, "\\x7f"},  {'\x80', "\\x80"}, {'\xff', "\\xff"}, {'\xa2', "\\xa2"},
                      {'\xdc', "\\xdc"}};

/* One byte of each kind at each place of strings of each length around the words that are
 * looked at at once, in buffers in which the result fits and in which it does not. */
START_TEST(test_each_place)
{
    for (size_t len = 1; len <= 26; len++) {
        for (size_t at = 0; at < len; at++) {
            size_t k = (size_t)_i;
            char *in = malloc(len), want[64], out[64];
            ck_assert_ptr_nonnull(in);
            for (size_t i = 0; i < len; i++)
                in[i] = (char)('A' + i);
            in[at] = kinds_of_bytes[k].in;
            int n = snprintf(want, sizeof want, "\"%.*s%s%.*s\"", (int)at,
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ", kinds_of_bytes[k].out,
                             (int)(len - at - 1), "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + at + 1);
            for (size_t size = (size_t)n - 3; size <= (size_t)n + 1; size++) {
                struct tri_text t = {out, size, 0};
                memset(out, '#', sizeof out);
                tri_quote(&t, in, len);
                /* One look, as an assertion takes a system call. */
                if (t.len != (size_t)n || out[size] != '#' ||
                    memcmp(out, want, size < (size_t)n ? size : (size_t)n) != 0)
                    ck_abort_msg("%.*s: %zu bytes, not %s", (int)size, out, t.len, want);
            }
            free(in);
        }
    }
}
END_TEST

START_TEST(test_table_is_as_generated)
{
    const char *top = getenv("top_srcdir");
    char command[4096];
    int result;

    ck_assert_int_lt(snprintf(command, sizeof command,
                              "python3 '%s/scripts/gen_isprint.py' --check", top ? top : "."),
                     (int)sizeof command);
    result = system(command);
    ck_assert_int_ne(result, -1);
    if (WIFEXITED(result) && (WEXITSTATUS(result) == 77 || WEXITSTATUS(result) >= 126))
        skip_test("no Python, or no Unicode data of the right version");
    else
        ck_assert_int_eq(result, 0);
}
END_TEST

/* Prints Unicode's version, then a line for each input of quoted_inputs(). */
static const char go_program[] =
    "package main\n"
    "import (\"bufio\"; \"os\"; \"strconv\"; \"unicode\")\n"
    "func main() {\n"
    "  w := bufio.NewWriter(os.Stdout)\n"
    "  defer w.Flush()\n"
    "  line := func(b ...byte) { w.WriteString(strconv.Quote(string(b))); w.WriteByte('\\n') }\n"
    "  w.WriteString(unicode.Version + \"\\n\")\n"
    "  for r := 0; r <= 0x110000; r++ {\n"
    "    if r < 0x80 { line(byte(r)) } else\n"
    "    if r < 0x800 { line(byte(0xc0|r>>6), byte(0x80|r&63)) } else\n"
    "    if r < 0x10000 { line(byte(0xe0|r>>12), byte(0x80|r>>6&63), byte(0x80|r&63)) } else\n"
    "    { line(byte(0xf0|r>>18), byte(0x80|r>>12&63), byte(0x80|r>>6&63), byte(0x80|r&63)) }\n"
    "  }\n"
    "  for a := 0; a < 256; a++ { for b := 0; b < 256; b++ {\n"
    "    line(byte(a), byte(b)); line(byte(a), byte(b), 0x80, byte(b), byte(a))\n"
    "  } }\n"
    "}\n";

/* Encode without a check, so that surrogates and 0x110000 come out too. */
static size_t encode(uint32_t r, char *out)
{
    if (r < 0x80) {
        out[0] = (char)r;
        return 1;
    }
    if (r < 0x800) {
        out[0] = (char)(0xc0 | r >> 6);
        out[1] = (char)(0x80 | (r & 63));
        return 2;
    }
    if (r < 0x10000) {
        out[0] = (char)(0xe0 | r >> 12);
        out[1] = (char)(0x80 | (r >> 6 & 63));
        out[2] = (char)(0x80 | (r & 63));
        return 3;
    }
    out[0] = (char)(0xf0 | r >> 18);
    out[1] = (char)(0x80 | (r >> 12 & 63));
    out[2] = (char)(0x80 | (r >> 6 & 63));
    out[3] = (char)(0x80 | (r & 63));
    return 4;
}

static void compare_line(FILE *go, const char *in, size_t len)
{
    char want[128];
    char have[128];
    struct tri_text t = {have, sizeof have - 2, 0};

    ck_assert_ptr_nonnull(fgets(want, sizeof want, go));
    tri_quote(&t, in, len);
    have[t.len] = '\n';
    have[t.len + 1] = '\0';
    if (strcmp(have, want) != 0)
        ck_abort_msg("Go: %s ours: %s", want, have);
}

START_TEST(test_against_go)
{
    char folder[] = "/tmp/tr-quote-XXXXXX";
    char path[sizeof folder + 8];
    char command[256];
    char version[32] = "";
    FILE *f;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/main.go", folder);
    f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(go_program, f);
    fclose(f);

    snprintf(command, sizeof command, "GOTOOLCHAIN=local GOFLAGS= GO111MODULE=off go run %s 2>&1",
             path);
    f = popen(command, "r");
    ck_assert_ptr_nonnull(f);
    if (!fgets(version, sizeof version, f) || strcmp(version, "15.0.0\n") != 0) {
        skip_test("no Go with Unicode 15.0.0 runs here (%.*s)", (int)strcspn(version, "\n"),
                  version);
        while (fgets(version, sizeof version, f))
            ;
    } else {
        char in[5];
        for (uint32_t r = 0; r <= 0x110000; r++)
            compare_line(f, in, encode(r, in));
        for (int a = 0; a < 256; a++)
            for (int b = 0; b < 256; b++) {
                in[0] = in[4] = (char)a;
                in[1] = in[3] = (char)b;
                in[2] = (char)0x80;
                compare_line(f, in, 2);
                compare_line(f, in, 5);
            }
        ck_assert_ptr_null(fgets(version, sizeof version, f));
    }
    pclose(f);
    unlink(path);
    rmdir(folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/quote");
    TCase *quick = tcase_create("examples");
    TCase *thorough = tcase_create("against other sources");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(quick, test_examples, 0, (int)(sizeof examples / sizeof examples[0]));
    tcase_add_loop_test(quick, test_each_place, 0,
                        (int)(sizeof kinds_of_bytes / sizeof kinds_of_bytes[0]));
    tcase_add_test(quick, test_small_buffers);
    suite_add_tcase(suite, quick);
    tcase_add_test(thorough, test_table_is_as_generated);
    tcase_add_test(thorough, test_against_go);
    tcase_set_timeout(thorough, 120);
    suite_add_tcase(suite, thorough);

    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
