/* What errors in traces of Go 1.5 to 1.21 say of the record that is wrong; and what is nearly so,
 * but is read. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../golden/oldtrace.h"
#include "../../golden/support.h"

static struct oldtrace t;
static tr_reader *r;

static void setup(void)
{
    r = tr_reader_new();
}

static void teardown(void)
{
    tr_reader_free(r);
    old_free(&t);
}

/* What reading the trace that was written ends with. */
static tr_status read_all(void)
{
    const tr_event *ev;
    tr_status status;
    old_frequency(&t, 1000000000);
    ck_assert_int_eq(tr_reader_open_memory(r, t.data, t.size), TR_OK);
    while ((status = tr_reader_next(r, &ev)) == TR_OK)
        ;
    return status;
}

/* It is refused for its record at `offset`. */
static void refused(tr_status code, size_t offset, int event_type, const char *message)
{
    tr_status status = read_all();
    const tr_error *error = tr_reader_error(r);
    ck_assert_int_eq(status, code);
    ck_assert_int_eq(error->code, status);
    ck_assert_uint_eq(error->offset, offset);
    ck_assert_int_eq(error->event_type, event_type);
    ck_assert_ptr_nonnull(strstr(error->message, message));
}

/* A record is called what it is, also if it counts as another once it is ordered. */
START_TEST(test_local)
{
    static const struct {
        unsigned type;
        uint64_t args[2];
        unsigned arg_count;
        const char *message;
    } records[] = {
        {OLD_GO_START, {7, 1}, 2, "goroutine 7 has GoStart"},
        {OLD_GO_START_LOCAL, {7}, 1, "goroutine 7 has GoStartLocal"},
        {OLD_GO_UNBLOCK_LOCAL, {7, 0}, 2, "goroutine 1 has GoUnblockLocal"},
        {OLD_GO_SYS_EXIT_LOCAL, {7, 50}, 2, "goroutine 1 has GoSysExitLocal"},
        {OLD_GO_START_LOCAL,
         {2},
         1,
         "GoStartLocal of goroutine 2 on proc 0: the proc runs another"},
    };
    old_begin_running(&t, 21);
    old_event(&t, OLD_GO_CREATE, 0, 2, 0, 0);
    size_t offset = t.size;
    old_event_of(&t, records[_i].type, 10, records[_i].args, records[_i].arg_count);
    refused(TR_E_ORDER, offset, (int)records[_i].type, records[_i].message);
}
END_TEST

enum { LOCAL_COUNT = 5 };

/* Strings have IDs, each its own. */
START_TEST(test_string_id)
{
    old_begin_running(&t, 21);
    if (_i)
        old_string(&t, 3, "one");
    size_t offset = t.size;
    old_string(&t, _i ? 3 : 0, "two");
    refused(TR_E_CORRUPT, offset, OLD_STRING,
            _i ? "multiple strings with the same ID 3" : "invalid string ID 0");
}
END_TEST

/* --- Numbers, and how many of them --- */

/* A byte with the type, then bytes as they are. */
#define put(type, count, ...)                                                       \
    old_bytes(&t, (const uint8_t[]){(uint8_t)((type) | (count) << 6), __VA_ARGS__}, \
              sizeof((const uint8_t[]){0, __VA_ARGS__}))
#define MORE_THAN_64_BITS 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2

enum { MAX_ARG_BYTES = 2048, WITH_LENGTH = 3 };

static const struct {
    unsigned type;
    const char *message;
} broken[] = {
    {OLD_HEAP_ALLOC, "invalid varint"},
    {OLD_STACK, "invalid varint"},
    {OLD_STACK, "invalid varint"},
    {OLD_STACK, "wrong number of arguments"},
    {OLD_STACK, "wrong number of frames"},
    {OLD_GO_CREATE, "wrong number of arguments"},
    {OLD_GO_CREATE, "wrong number of arguments"},
    {OLD_GO_CREATE, "wrong number of arguments"},
};
enum { BROKEN_COUNT = (int)(sizeof broken / sizeof *broken) };

static void write_broken(int which)
{
    switch (which) {
    case 0:
        put(OLD_HEAP_ALLOC, 1, 0, MORE_THAN_64_BITS);
        break;
    case 1: /* in a frame */
        put(OLD_STACK, WITH_LENGTH, 15, 1, 1, MORE_THAN_64_BITS, 1, 1, 1);
        break;
    case 2: /* the length ends in a number */
        put(OLD_STACK, WITH_LENGTH, 6, 1, 1, 1, 1, 1, 0x81);
        break;
    case 3:
        put(OLD_STACK, 0, 0);
        break;
    case 4:
        put(OLD_STACK, 2, 1, 1, 1);
        break;
    case 5: /* too few, too many; a number that does not end */
        put(OLD_GO_CREATE, WITH_LENGTH, 3, 0, 7, 0);
        break;
    case 6:
        put(OLD_GO_CREATE, WITH_LENGTH, 5, 0, 7, 0, 0, 0);
        break;
    default:
        put(OLD_GO_CREATE, WITH_LENGTH, 5, 0, 7, 0, 0, 0x80);
    }
}

/* In the middle of a batch. */
START_TEST(test_broken)
{
    old_begin_running(&t, 21);
    size_t offset = t.size;
    write_broken(_i);
    for (int i = 0; i < 20; i++)
        old_event(&t, OLD_HEAP_ALLOC, 1, 100);
    refused(TR_E_CORRUPT, offset, (int)broken[_i].type, broken[_i].message);
}
END_TEST

/* A record's numbers have so many bytes at most since Go 1.11. */
START_TEST(test_record_bytes)
{
    enum { FRAMES = 511 };
    const unsigned version = old_versions[_i / 2];
    const bool too_many = _i % 2 != 0;
    uint64_t numbers[2 + 4 * FRAMES] = {too_many ? 1 << 14 : 1 << 7, FRAMES};
    old_begin_running(&t, version);
    size_t offset = t.size;
    for (int i = 2; i < 2 + 4 * FRAMES; i++)
        numbers[i] = 1;
    old_record(&t, OLD_STACK, numbers, 2 + (version < 7 ? FRAMES : 4 * FRAMES));
    if (version >= 7)
        ck_assert_uint_eq(t.size - offset, 3 + MAX_ARG_BYTES + too_many);
    if (version >= 11 && too_many)
        refused(TR_E_CORRUPT, offset, OLD_STACK, "too many bytes of arguments");
    else
        ck_assert_int_eq(read_all(), TR_END);
}
END_TEST

/* Stacks that do not tell their length: without frames, and with the one that there is room for
 * in traces of Go 1.5. */
START_TEST(test_short_stack)
{
    const unsigned version = old_versions[_i];
    const tr_wire_record *record;
    tr_wire *w = tr_wire_new();
    old_begin(&t, version);
    old_batch(&t, 0, 0, 0);
    put(OLD_STACK, version < 7 ? 0 : 1, 7, 0);
    if (version < 7)
        put(OLD_STACK, 1, 7, 1, 99);
    ck_assert_int_eq(tr_wire_open_memory(w, t.data, t.size), TR_OK);
    ck_assert_int_eq(tr_wire_next(w, &record), TR_OK);
    for (uint64_t frames = 0; frames < (version < 7 ? 2 : 1); frames++) {
        ck_assert_int_eq(tr_wire_next(w, &record), TR_OK);
        ck_assert_str_eq(record->name, "Stack");
        ck_assert_uint_eq(record->args[0], 7);
        ck_assert_uint_eq(record->frame_count, frames);
        ck_assert_uint_eq(frames ? record->frames[0] : 99, 99);
    }
    ck_assert_int_eq(tr_wire_next(w, &record), TR_END);
    tr_wire_free(w);
    ck_assert_int_eq(read_all(), TR_END);
}
END_TEST

/* Whatever follows. */
START_TEST(test_event_before_first_batch)
{
    struct oldtrace whole = {0};
    old_begin_running(&whole, 21);
    old_begin(&t, 21);
    old_plain(&t, OLD_GO_END, 0);
    old_bytes(&t, whole.data + 16, whole.size - 16);
    old_free(&whole);
    refused(TR_E_CORRUPT, 16, OLD_GO_END, "GoEnd before the first batch");
}
END_TEST

/* --- Events --- */

/* Of a goroutine that waits, but not for a system call. */
START_TEST(test_stray_exit)
{
    old_begin_running(&t, 21);
    old_event(&t, OLD_GO_CREATE, 0, 2, 0, 0);
    old_event(&t, OLD_GO_WAITING, 0, 2);
    size_t offset = t.size;
    old_event(&t, OLD_GO_SYS_EXIT, 10, 2, 2, _i ? 0 : 135);
    if (_i) /* it comes where it is told: there is nothing to look up */
        ck_assert_int_eq(read_all(), TR_END);
    else
        refused(TR_E_ORDER, offset, OLD_GO_SYS_EXIT, "stray syscall exit of goroutine 2");
}
END_TEST

START_TEST(test_task)
{
    old_begin_running(&t, 21);
    old_event(&t, OLD_TASK_CREATE, 10, 9, 0, 0, 0);
    if (_i)
        old_event(&t, OLD_TASK_END, 10, 9, 0);
    size_t offset = t.size;
    old_event(&t, OLD_TASK_CREATE, 10, 9, 0, 0, 0);
    if (_i)
        ck_assert_int_eq(read_all(), TR_END);
    else
        refused(TR_E_ORDER, offset, OLD_TASK_CREATE, "task ID conflict: 9");
}
END_TEST

enum { BEGINS, ENDS };

/* Regions: which begin, and which end. */
static const struct {
    struct {
        unsigned mode, task, name;
    } regions[6];
    unsigned count;
    bool ok;
} nestings[] = {
    {{{BEGINS, 9, 1}, {ENDS, 9, 1}, {BEGINS, 9, 2}, {ENDS, 9, 2}}, 4, true},
    {{{BEGINS, 9, 1}, {BEGINS, 9, 2}, {ENDS, 9, 2}, {BEGINS, 8, 3}, {ENDS, 8, 3}, {ENDS, 9, 1}},
     6,
     true},
    {{{BEGINS, 9, 1}, {ENDS, 9, 1}, {ENDS, 9, 2}}, 3, true}, /* it may have begun before all */
    {{{BEGINS, 9, 1}, {BEGINS, 9, 2}, {ENDS, 9, 1}}, 3, false},
    {{{BEGINS, 9, 1}, {BEGINS, 9, 2}, {ENDS, 9, 2}, {ENDS, 9, 2}}, 4, false},
    {{{BEGINS, 9, 1}, {ENDS, 8, 1}}, 2, false},
};
enum { NESTING_COUNT = (int)(sizeof nestings / sizeof *nestings) };

/* They are of goroutine 1, or of goroutine 2 once 1 has ended in the middle of some. */
START_TEST(test_regions)
{
    const int which = _i / 2;
    const bool second = _i % 2 != 0;
    size_t offset = 0;
    old_begin_running(&t, 21);
    if (second) {
        old_event(&t, OLD_GO_CREATE, 0, 2, 0, 0);
        for (unsigned name = 1; name <= 3; name++)
            old_event(&t, OLD_REGION, 10, 9, BEGINS, name, 0);
        old_plain(&t, OLD_GO_END, 10);
        old_event(&t, OLD_GO_START, 10, 2, 1);
    }
    for (unsigned i = 0; i < nestings[which].count; i++) {
        offset = t.size;
        old_event(&t, OLD_REGION, 10, nestings[which].regions[i].task,
                  nestings[which].regions[i].mode, nestings[which].regions[i].name, 0);
    }
    if (nestings[which].ok)
        ck_assert_int_eq(read_all(), TR_END);
    else
        refused(TR_E_ORDER, offset, OLD_REGION,
                second ? "misuse of region in goroutine 2" : "misuse of region in goroutine 1");
}
END_TEST

START_TEST(test_message_size)
{
    enum { MAX_STRING_BYTES = 1000000 };
    const size_t size = MAX_STRING_BYTES + (size_t)_i;
    char *message = malloc(size + 1);
    memset(message, 'x', size);
    message[size] = '\0';
    old_begin_running(&t, 21);
    size_t offset = t.size;
    old_log(&t, 10, 9, 0, 0, message);
    free(message);
    if (_i == 0)
        ck_assert_int_eq(read_all(), TR_END);
    else
        refused(TR_E_CORRUPT, offset, OLD_LOG, "invalid message size 1000001");
}
END_TEST

/* --- Sources --- */

static struct {
    size_t given, fail_at;
} source;

/* A tr_read_fn: bytes of the trace up to a place, then an error. */
static int64_t give(void *user, void *buf, size_t size)
{
    size_t n = source.fail_at - source.given;
    (void)user;
    if (n == 0)
        return -EIO;
    n = n < size ? n : size;
    n = n < 7 ? n : 7;
    memcpy(buf, t.data + source.given, n);
    source.given += n;
    return (int64_t)n;
}

static void check_failure(tr_status status, const tr_error *error)
{
    ck_assert_msg(status == TR_E_IO && error->code == TR_E_IO && error->os_error == EIO &&
                      error->offset == source.fail_at,
                  "failing at %zu: %s", source.fail_at, error->message);
}

/* All records that are whole come before the error; of events there are none then. */
START_TEST(test_failing)
{
    const tr_wire_record *record;
    const tr_event *ev;
    uint64_t ends[200] = {0}, count = 0, come; /* of records */
    tr_reader_free(r);
    old_write_all(&t, old_versions[_i]);
    tr_wire *w = tr_wire_new();
    ck_assert_int_eq(tr_wire_open_memory(w, t.data, t.size), TR_OK);
    while (tr_wire_next(w, &record) == TR_OK)
        ends[count++] = record->offset;
    tr_wire_free(w);
    ends[count] = t.size;
    ck_assert_uint_lt(count + 1, sizeof ends / sizeof *ends);
    for (source.fail_at = 0; source.fail_at <= t.size; source.fail_at++) {
        source.given = 0;
        w = tr_wire_new();
        tr_status status = tr_wire_open_callback(w, give, NULL);
        for (come = 0; status == TR_OK && (status = tr_wire_next(w, &record)) == TR_OK; come++)
            ck_assert_uint_le(ends[come + 1], source.fail_at);
        check_failure(status, tr_wire_error(w));
        ck_assert(come == count || ends[come + 1] > source.fail_at);
        tr_wire_free(w);

        source.given = 0;
        r = tr_reader_new();
        status = tr_reader_open_callback(r, give, NULL);
        if (status == TR_OK)
            status = tr_reader_next(r, &ev);
        check_failure(status, tr_reader_error(r));
        tr_reader_free(r);
    }
    r = NULL;
}
END_TEST

/* Pushed, it needs more until it has been told that this is all. */
START_TEST(test_pushed)
{
    const tr_event *ev;
    old_write_all(&t, old_versions[_i]);
    for (size_t at = 0; at < t.size; at++) {
        ck_assert_int_eq(tr_reader_feed(r, t.data + at, 1), TR_OK);
        ck_assert_int_eq(tr_reader_next(r, &ev), TR_NEED_INPUT);
    }
    ck_assert_int_eq(tr_reader_feed_end(r), TR_OK);
    ck_assert_int_eq(tr_reader_next(r, &ev), TR_OK);
    ck_assert_int_eq(ev->kind, TR_KIND_SYNC);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("v1/old_errors");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, test_local, 0, LOCAL_COUNT);
    tcase_add_loop_test(all, test_string_id, 0, 2);
    tcase_add_loop_test(all, test_broken, 0, BROKEN_COUNT);
    tcase_add_loop_test(all, test_record_bytes, 0, 2 * OLD_VERSION_COUNT);
    tcase_add_loop_test(all, test_short_stack, 0, OLD_VERSION_COUNT);
    tcase_add_test(all, test_event_before_first_batch);
    tcase_add_loop_test(all, test_stray_exit, 0, 2);
    tcase_add_loop_test(all, test_task, 0, 2);
    tcase_add_loop_test(all, test_regions, 0, 2 * NESTING_COUNT);
    tcase_add_loop_test(all, test_message_size, 0, 2);
    tcase_add_loop_test(all, test_failing, 0, OLD_VERSION_COUNT);
    tcase_add_loop_test(all, test_pushed, 0, OLD_VERSION_COUNT);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
