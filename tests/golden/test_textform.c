/* The text form of traces: bytes that were worked out by hand, and texts that are
 * wrong. That it is Go's form is checked with Go's own texts by tests/oracle. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "textform.h"

static struct textform convert(const char *text)
{
    struct textform t;
    /* A copy without an end, so that a tool which watches memory sees reads past it. */
    size_t len = strlen(text);
    char *copy = malloc(len ? len : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, len);
    textform_convert(&t, copy, len);
    free(copy);
    return t;
}

/* `body` are the bytes behind a header of Go 1.26. */
static void check_bytes(const char *text, const char *body, size_t size)
{
    struct textform t = convert(text);
    ck_assert_str_eq(t.error, "");
    ck_assert_uint_eq(t.size, 16 + size);
    ck_assert_mem_eq(t.data, "go 1.26 trace\0\0\0", 16);
    ck_assert_mem_eq(t.data + 16, body, size);
    textform_free(&t);
}

START_TEST(test_bytes)
{
#define BYTES(text, body) check_bytes("Trace Go1.26\n" text, body, sizeof body - 1)
    BYTES("", "");
    BYTES("EventBatch gen=1 m=2 time=300 size=4\nProcStatus dt=1 p=0 pstatus=2\n",
          "\x01\x01\x02\xac\x02\x04\x0d\x01\x00\x02");
    BYTES("\n  # nothing \n\tGoStart\t dt=0  g=127 g_seq=128 # of it\r\n", "\x10\x00\x7f\x80\x01");
    BYTES("GoStop dt=18446744073709551615 reason_string=-1 stack=9223372036854775808",
          "\x13\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
          "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01");
    BYTES("Stack id=3 nframes=2\n\tpc=1 func=2 file=3 line=4\n\tpc=5 func=6 file=7 line=8\n",
          "\x03\x03\x02\x01\x02\x03\x04\x05\x06\x07\x08");
    BYTES("Stack id=3 nframes=0\nEndOfGeneration", "\x03\x03\x00\x34");
    BYTES("String id=1\n\tdata=\"a\\n\\\"\\\\\\x00\\377\\u00e9\\u20ac\\U0001f600 # \xc3\xa9\"\n",
          "\x05\x01\x14"
          "a\n\"\\\0\xff\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 # \xc3\xa9");
    BYTES("String id=1\n\tdata=\"\"\n", "\x05\x01\x00");
    BYTES("ExperimentalBatch exp=1 gen=2 m=3 time=4\n\tdata=\"xy\"\n",
          "\x31\x01\x02\x03\x04\x02xy");
    BYTES("EventBatch gen=1 m=2 time=3 size=auto\nProcStop dt=1\nProcStop dt=2\n"
          "EventBatch gen=1 m=2 time=3 size=auto\nEndOfGeneration",
          "\x01\x01\x02\x03\x04\x0b\x01\x0b\x02\x01\x01\x02\x03\x00\x34");
    BYTES("EventBatch gen=1 m=2 time=3 size=auto\nBytes 00 ff\nEndBatch\nBytes 63\n",
          "\x01\x01\x02\x03\x02\x00\xff\x63");
    BYTES("HeapObjectFree dt=1 id=2", "\x85\x01\x02");
}
END_TEST

/* A size of two bytes moves what follows it, the mark too. */
START_TEST(test_long_batch)
{
    char text[4000] = "Trace Go1.22\nEventBatch gen=1 m=7 time=3 size=auto\n";
    for (int i = 0; i < 99; i++)
        strcat(text, "ProcStop dt=1\n");
    strcat(text, ">ProcStop dt=2\n");
    struct textform t = convert(text);
    ck_assert_str_eq(t.error, "");
    ck_assert_uint_eq(t.size, 16 + 4 + 2 + 200);
    ck_assert_mem_eq(t.data + 20, "\xc8\x01\x0b\x01", 4);
    ck_assert(t.marked);
    ck_assert_uint_eq(t.mark, 16 + 6 + 198);
    ck_assert_int_eq(t.mark_type, 11);
    ck_assert_int_eq(t.mark_thread, 7);
    textform_free(&t);
}
END_TEST

START_TEST(test_marks)
{
    struct textform t = convert(">Header \"go\"\n");
    ck_assert(t.marked && t.mark == 0 && t.mark_type == -1 && t.mark_thread == -1);
    textform_free(&t);
    t = convert("Trace Go1.26\nEventBatch gen=1 m=2 time=3 size=auto\nProcStop dt=1\n>\n");
    ck_assert(t.marked && t.mark == 16 + 5 + 2 && t.mark_type == -1 && t.mark_thread == -1);
    textform_free(&t);
    t = convert("Trace Go1.26\n>EventBatch gen=1 m=-1 time=3 size=1");
    ck_assert(t.marked && t.mark == 16 && t.mark_type == 1 && t.mark_thread == -1);
    textform_free(&t);
    t = convert("Header \"\\x67o\"\n");
    ck_assert(!t.marked && t.size == 2);
    ck_assert_mem_eq(t.data, "go", 2);
    textform_free(&t);
}
END_TEST

START_TEST(test_wrong)
{
    static const struct {
        const char *text;
        unsigned line;
    } wrong[] = {
        {"", 0},
        {"\n\n", 2},
        {"Nonsense", 1},
        {"Trace", 1},
        {"Trace 1.26", 1},
        {"Trace Go1.x", 1},
        {"Trace Go1.26 more", 1},
        {"Header go", 1},
        {"Trace Go1.26\nGoNowhere dt=1", 2},
        {"Trace Go1.26\n\nGoStart dt=1 g=2", 3},
        {"Trace Go1.26\nGoStart dt=1 g_seq=2 g=1", 2},
        {"Trace Go1.26\nGoStart dt=1 g=2 g_seq=3 more=4", 2},
        {"Trace Go1.26\nProcStop dt=", 2},
        {"Trace Go1.26\nProcStop dt=1x", 2},
        {"Trace Go1.26\nProcStop dt=18446744073709551616", 2},
        {"Trace Go1.26\nProcStop dt=auto", 2},
        {"Trace Go1.26\nStack id=1 nframes=1", 2},
        {"Trace Go1.26\nStack id=1 nframes=1\n\tpc=1 func=2 file=3", 3},
        {"Trace Go1.26\nString id=1", 2},
        {"Trace Go1.26\nString id=1\nProcStop dt=1", 3},
        {"Trace Go1.26\nString id=1\n\tdata=x", 3},
        {"Trace Go1.26\nString id=1\n\tdata=\"x", 3},
        {"Trace Go1.26\nString id=1\n\tdata=\"x\\", 3},
        {"Trace Go1.26\nString id=1\n\tdata=\"\\q\"", 3},
        {"Trace Go1.26\nString id=1\n\tdata=\"\\x1\"", 3},
        {"Trace Go1.26\nString id=1\n\tdata=\"\\08\"", 3},
        {"Trace Go1.26\nString id=1\n\tdata=\"x\" y", 3},
        {"Trace Go1.26\nBytes 1", 2},
        {"Trace Go1.26\nBytes 0g", 2},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct textform t = convert(wrong[i].text);
        ck_assert_msg(*t.error, "this is right: %s", wrong[i].text);
        ck_assert_msg(t.line == wrong[i].line, "%s: line %u of %s", t.error, t.line, wrong[i].text);
        textform_free(&t);
    }
}
END_TEST

/* The text of a recorded trace's wire records, and the sum of its events' text. */
static char *text_of(const struct bytes *trace)
{
    size_t cap = trace->size * 20 + 1000, len;
    char *text = malloc(cap);
    const tr_wire_record *record;
    tr_wire *w = tr_wire_new();
    ck_assert_ptr_nonnull(text);
    ck_assert_int_eq(tr_wire_open_memory(w, trace->data, trace->size), TR_OK);
    len = (size_t)snprintf(text, cap, "Trace Go1.%u\n", tr_wire_version(w));
    while (tr_wire_next(w, &record) == TR_OK) {
        len += tr_wire_text(record, text + len, cap - len);
        require(len + 2 < cap, "a long text");
        text[len++] = '\n';
    }
    text[len] = '\0';
    ck_assert_int_eq(tr_wire_error(w)->code, TR_OK);
    tr_wire_free(w);
    return text;
}

static uint64_t sum_of(const struct bytes *trace)
{
    struct reading r;
    const tr_event *ev;
    uint64_t sum = SUM_START, events = 0;
    size_t len;
    reading_open(&r, WAY_MEMORY, trace);
    for (; reading_next(&r, &ev) == TR_OK; events++) {
        const char *line = event_line(ev, &len);
        sum = sum_add(sum, line, len);
    }
    ck_assert_int_eq(tr_reader_error(r.reader)->code, TR_OK);
    ck_assert_uint_gt(events, 100);
    reading_close(&r);
    return sum;
}

/* A recorded trace, as text, gives the same events. (Its bytes may differ: Go writes
 * some numbers longer than needed.) */
START_TEST(test_round_trip)
{
    static const char *const names[] = {"go1.26-shop", "go1.23-allocfree", "go1.25-cpuprofile",
                                        "go1.24-cgo", "go1.22-waits"};
    struct bytes trace = load_trace(names[_i]);
    char *text = text_of(&trace);
    struct textform t = convert(text);
    ck_assert_msg(!*t.error, "line %u: %s", t.line, t.error);
    struct bytes again = {t.data, t.size};
    ck_assert_msg(sum_of(&again) == sum_of(&trace), "%s: other events", names[_i]);
    textform_free(&t);
    free(text);
    free_bytes(&trace);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden/textform");
    TCase *all = tcase_create("all");
    tcase_add_test(all, test_bytes);
    tcase_add_test(all, test_long_batch);
    tcase_add_test(all, test_marks);
    tcase_add_test(all, test_wrong);
    tcase_set_timeout(all, 30);
    tcase_add_loop_test(all, test_round_trip, 0, 5);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
