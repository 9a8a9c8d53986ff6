/* Tests small batches, which are kept where larger ones are read again: those that end inside a
 * record, in every way to read, whatever lies in memory behind the batch; and how much of them
 * is kept. */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../golden/support.h"
#include "../../golden/textform.h"

static const char before[] = "Trace Go1.26\n"
                             "EventBatch gen=1 m=-1 time=0 size=auto\n"
                             "Sync\n"
                             "Frequency freq=1000000000\n"
                             "ClockSnapshot dt=1 mono=2 sec=3 nsec=4\n"
                             "EventBatch gen=1 m=1 time=1 size=auto\n"
                             "ProcStatus dt=1 p=0 pstatus=1\n"
                             "GoStatus dt=1 g=1 m=1 gstatus=2\n";
/* What follows looks like more of the record. */
static const char behind[] = "EventBatch gen=1 m=2 time=900 size=auto\n"
                             "ProcStatus dt=1 p=1 pstatus=1\n"
                             "EndOfGeneration\n";
/* Whole it is HeapAlloc dt=1 heapalloc_value=5. */
static const char *const cuts[] = {"25", "25 01", "25 81", "25 01 85", "25 81 80 80", NULL};
enum { CUT_COUNT = 6 };
/* Records before it: around what is decoded at a time, and batches that are kept, and not. */
static const unsigned counts[] = {0, 1, 2, 61, 62, 63, 64, 65, 200, 1000};
enum { COUNT_COUNT = 10 };

/* An error tells where the record begins. As with the reference the event before it is lost too:
 * it does not come out before what follows has been looked at. */
START_TEST(test_cut)
{
    const char *cut = cuts[_i % CUT_COUNT];
    unsigned count = counts[_i / CUT_COUNT];
    char *text = malloc(sizeof before + sizeof behind + 100 + count * 40u), *end = text;
    require(text, "no memory");
    end += sprintf(end, "%s", before);
    for (unsigned i = 0; i < count; i++)
        end += sprintf(end, "HeapAlloc dt=1 heapalloc_value=%u\n", 100 + 77 * i);
    if (cut)
        end += sprintf(end, ">Bytes %s\nEndBatch\n", cut);
    end += sprintf(end, "%s", behind);
    struct textform t = {0};
    require(textform_convert(&t, text, (size_t)(end - text)), "line %u: %s", t.line, t.error);
    const struct bytes trace = {t.data, t.size};
    for (int way = 0; way < WAY_COUNT; way++) {
        struct reading r;
        const tr_event *ev;
        tr_status status;
        unsigned metrics = 0;
        reading_open(&r, (enum way)way, &trace);
        while ((status = reading_next(&r, &ev)) == TR_OK)
            metrics += ev->kind == TR_KIND_METRIC;
        const tr_error *error = tr_reader_error(r.reader);
        ck_assert_msg(metrics == (cut && count ? count - 1 : count), "%s: %u metrics, %s",
                      way_names[way], metrics, error->message);
        ck_assert_int_eq(status, cut ? TR_E_CORRUPT : TR_END);
        if (cut) {
            ck_assert_msg(error->offset == t.mark, "%s: byte %llu", way_names[way],
                          (unsigned long long)error->offset);
            ck_assert_int_eq(error->event_type, 0x25);
            ck_assert_uint_eq(error->generation, 1);
        }
        reading_close(&r);
    }
    textform_free(&t);
    free(text);
}
END_TEST

/* However many there are, and if there is nothing in them. */
START_TEST(test_bounded)
{
    enum { BATCHES = 100000, LINES_MAX_BYTES = 120, KEPT_MAX = 4 << 20 };
    const bool empty = _i;
    char *text = malloc(sizeof before + sizeof behind + (size_t)BATCHES * LINES_MAX_BYTES);
    require(text, "no memory");
    char *end = text + sprintf(text, "%s", before);
    for (unsigned i = 0; i < BATCHES; i++)
        end += sprintf(end, "EventBatch gen=1 m=1 time=%u size=auto\n%s", 1000 + i,
                       empty ? "" : "HeapAlloc dt=1 heapalloc_value=5\n");
    end += sprintf(end, "EndOfGeneration\n");
    struct textform t;
    require(textform_convert(&t, text, (size_t)(end - text)), "line %u: %s", t.line, t.error);
    const struct bytes trace = {t.data, t.size};
    for (int way = 0; way <= WAY_CALLBACK_4096; way++) {
        struct reading r;
        const tr_event *ev;
        tr_status status;
        tr_memory_use use;
        unsigned metrics = 0;
        uint64_t most = 0;
        if (way == WAY_CALLBACK_1 || way == WAY_CALLBACK_7)
            continue;
        reading_open(&r, (enum way)way, &trace);
        while ((status = reading_next(&r, &ev)) == TR_OK) {
            metrics += ev->kind == TR_KIND_METRIC;
            tr_reader_memory(r.reader, &use);
            most = use.event_bytes > most ? use.event_bytes : most;
        }
        ck_assert_int_eq(status, TR_END);
        ck_assert_uint_eq(metrics, empty ? 0 : BATCHES);
        bool is_file = way != WAY_MEMORY && way != WAY_MEMORY_2_THREADS && way < WAY_CALLBACK_1;
        if (is_file) {
            ck_assert_uint_le(most, KEPT_MAX);
            ck_assert(most > 0 || empty);
        }
        if (way == WAY_CALLBACK_4096) /* they must be kept, but take not much more than they are */
            ck_assert_uint_le(most, 2 * trace.size);
        reading_close(&r);
    }
    textform_free(&t);
    free(text);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("reader/small_batches");
    TCase *tc = tcase_create("all");
    tcase_add_loop_test(tc, test_cut, 0, CUT_COUNT * COUNT_COUNT);
    tcase_add_loop_test(tc, test_bounded, 0, 2);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(s, tc);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
