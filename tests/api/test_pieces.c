/* Tests traces that come in pieces: pushed in pieces of any size the events are those of
 * the whole trace, and more is needed only between generations; packed events of a live
 * trace do not wait either for bytes that a generation does not need. */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../golden/support.h"

static const char *const names[] = {"go1.26-generations", "go1.22-generations",
                                    "go1.25-generations", "go1.26-allocfree"};
enum { TRACE_COUNT = 4 };

static uint64_t add_text(uint64_t sum, const tr_event *ev)
{
    size_t len;
    const char *line = event_line(ev, &len);
    return sum_add(sum, line, len);
}

/* The sum of all texts of a trace. */
static uint64_t sum_of_whole(const struct bytes *trace)
{
    const tr_event *ev;
    uint64_t sum = SUM_START;
    tr_reader *r = tr_reader_new();
    require(r && tr_reader_open_memory(r, trace->data, trace->size) == TR_OK, "no reader");
    while (tr_reader_next(r, &ev) == TR_OK)
        sum = add_text(sum, ev);
    tr_reader_free(r);
    return sum;
}

static const size_t pieces[] = {1, 2, 7, 1000, 4096, SIZE_MAX};

START_TEST(test_push)
{
    struct bytes trace = load_trace(names[_i]);
    uint64_t whole = sum_of_whole(&trace);
    for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++) {
        size_t at = 0;
        uint64_t sum = SUM_START, events = 0;
        bool between = true, ended = false; /* between: the next event must be a Sync */
        const char *wrong = NULL;
        const tr_event *ev;
        tr_reader *r = tr_reader_new();
        tr_status status = TR_NEED_INPUT;
        while (!wrong && (status == TR_OK || status == TR_NEED_INPUT)) {
            if (status == TR_NEED_INPUT) {
                size_t n = trace.size - at;
                n = n < pieces[p] ? n : pieces[p];
                if (ended)
                    wrong = "more is needed after the end";
                else if ((n ? tr_reader_feed(r, trace.data + at, n) : tr_reader_feed_end(r)) !=
                         TR_OK)
                    wrong = "pushing fails";
                ended = n == 0;
                at += n;
                between = true;
            }
            status = tr_reader_next(r, &ev);
            if (status != TR_OK)
                continue;
            if (between && ev->kind != TR_KIND_SYNC)
                wrong = "more was needed inside a generation";
            between = false;
            sum = add_text(sum, ev);
            events++;
        }
        ck_assert_msg(!wrong, "pieces of %zu, after %" PRIu64 " events: %s", pieces[p], events,
                      wrong);
        ck_assert_int_eq(status, TR_END);
        ck_assert(sum == whole);
        ck_assert_int_eq(tr_reader_error(r)->code, TR_OK);
        tr_reader_free(r);
    }
    free_bytes(&trace);
}
END_TEST

/* A function that delivers up to some byte, and fails when it is asked for more. */
struct tap {
    struct bytes trace;
    size_t given, allowed, piece;
    int dry; /* how often it was asked for more than is allowed */
};

static int64_t flow(void *user, void *buf, size_t size)
{
    struct tap *tap = user;
    size_t n = tap->allowed - tap->given;
    if (n == 0) {
        tap->dry++;
        return -EAGAIN;
    }
    n = n < size ? n : size;
    n = n < tap->piece ? n : tap->piece;
    memcpy(buf, tap->trace.data + tap->given, n);
    tap->given += n;
    return (int64_t)n;
}

/* Read up to the n-th end record; the events until then must come without asking. */
static void read_up_to(struct tap *tap, uint64_t expected)
{
    tr_packed_event packed[50];
    const tr_tables *tables;
    uint64_t events = 0;
    size_t count;
    tr_reader *r = tr_reader_new();
    tr_status status = tr_reader_open_callback(r, flow, tap);
    while (status == TR_OK && events < expected) {
        status = tr_reader_next_packed(r, packed, 50, &count, &tables);
        events += count;
    }
    if (status != TR_OK || tap->dry || events != expected)
        ck_abort_msg("%zu bytes in pieces of %zu: %" PRIu64 " of %" PRIu64 " events, %s",
                     tap->allowed, tap->piece, events, expected, tr_status_name(status));
    /* Only now more is asked for; what the function answers is the error. */
    ck_assert_int_eq(tr_reader_next_packed(r, packed, 50, &count, &tables), TR_OK); /* a Sync */
    ck_assert_int_eq(tap->dry, 1);
    ck_assert_int_eq(tr_reader_next_packed(r, packed, 50, &count, &tables), TR_E_IO);
    ck_assert_int_eq(tr_reader_error(r)->os_error, EAGAIN);
    ck_assert_uint_eq(tr_reader_error(r)->offset, tap->allowed);
    tr_reader_free(r);
}

START_TEST(test_packed_live)
{
    struct tap tap = {.trace = load_trace("go1.26-generations")};
    const tr_wire_record *record;
    const tr_event *ev;
    uint64_t events = 0;
    int generations = 0;
    tr_wire *w = tr_wire_new();
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_wire_open_memory(w, tap.trace.data, tap.trace.size), TR_OK);
    ck_assert_int_eq(tr_reader_open_memory(r, tap.trace.data, tap.trace.size), TR_OK);
    ck_assert_int_eq(tr_reader_next(r, &ev), TR_OK); /* the first Sync */
    while (tr_wire_next(w, &record) == TR_OK) {
        if (strcmp(record->name, "EndOfGeneration") != 0)
            continue;
        do
            events++;
        while (tr_reader_next(r, &ev) == TR_OK && ev->kind != TR_KIND_SYNC);
        for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++) {
            tap.given = 0;
            tap.dry = 0;
            tap.allowed = (size_t)record->offset + 1;
            tap.piece = pieces[p];
            read_up_to(&tap, events);
        }
        generations++;
    }
    ck_assert_int_ge(generations, 3);
    tr_wire_free(w);
    tr_reader_free(r);
    free_bytes(&tap.trace);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("api/pieces");
    TCase *all = tcase_create("pieces");

    tcase_add_loop_test(all, test_push, 0, TRACE_COUNT);
    tcase_add_test(all, test_packed_live);
    tcase_set_timeout(all, 120);
    suite_add_tcase(suite, all);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
