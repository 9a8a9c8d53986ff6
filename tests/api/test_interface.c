/* Tests the interface as a program meets it: the first program of the documentation, help
 * with strings, the names of everything, texts in buffers of any size, and that packed
 * events are events. */
#include <check.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../golden/goldens.h"
#include "../golden/support.h"

/* --- The first program --- */

static const char *golden_field(const char *name, enum golden_field field)
{
    for (int i = 0; i < golden_count; i++)
        if (strcmp(goldens[i][GOLDEN_NAME], name) == 0)
            return goldens[i][field];
    ck_abort_msg("%s is not in GOLDENS", name);
    return NULL;
}

static const char *const program_traces[] = {"go1.22-network", "go1.23-waits", "go1.25-idle",
                                             "go1.26-network", "go1.26-cut-header"};

/* The share of blocking that is on the network, by a path and by a descriptor. */
START_TEST(test_first_program)
{
    const char *name = program_traces[_i];
    struct bytes trace = load_trace(name);
    char path[] = "/tmp/tracereader-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, trace.data, trace.size), (ssize_t)trace.size);
    for (int by_path = 0; by_path < 2; by_path++) {
        uint64_t blocked = 0, network = 0;
        const tr_event *ev;
        tr_reader *r = tr_reader_new();
        ck_assert_ptr_nonnull(r);
        ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
        tr_status s = by_path ? tr_reader_open_path(r, path) : tr_reader_open_fd(r, fd);
        while (s == TR_OK && (s = tr_reader_next(r, &ev)) == TR_OK) {
            if (ev->kind != TR_KIND_STATE_TRANSITION ||
                ev->transition.resource != TR_RESOURCE_GOROUTINE)
                continue;
            if (tr_state_executing(ev->transition.from) && ev->transition.to == TR_GO_WAITING) {
                blocked++;
                if (tr_str_contains(ev->transition.reason, "network"))
                    network++;
            }
        }
        ck_assert_int_eq(s, TR_END);
        ck_assert_uint_eq(blocked, strtoull(golden_field(name, GOLDEN_BLOCKED), NULL, 10));
        ck_assert_uint_eq(network, strtoull(golden_field(name, GOLDEN_NETWORK), NULL, 10));
        tr_reader_free(r);
    }
    close(fd);
    unlink(path);
    free_bytes(&trace);
}
END_TEST

/* --- Strings and names --- */

static tr_str str(const char *s)
{
    return (tr_str){s, strlen(s)};
}

START_TEST(test_contains)
{
    ck_assert_int_eq(tr_str_contains(str("network"), "network"), 1);
    ck_assert_int_eq(tr_str_contains(str("a network here"), "network"), 1);
    ck_assert_int_eq(tr_str_contains(str("netwo"), "network"), 0);
    ck_assert_int_eq(tr_str_contains(str("nnnetwork"), "network"), 1);
    ck_assert_int_eq(tr_str_contains(str("Network"), "network"), 0);
    ck_assert_int_eq(tr_str_contains(str("x"), ""), 1);
    ck_assert_int_eq(tr_str_contains(str(""), ""), 1);
    ck_assert_int_eq(tr_str_contains(str(""), "x"), 0);
    ck_assert_int_eq(tr_str_contains(str("x"), NULL), 0);
    ck_assert_int_eq(tr_str_contains((tr_str){"ab\0cd", 5}, "cd"), 1);
    ck_assert_int_eq(tr_str_contains((tr_str){"abcd", 3}, "cd"), 0); /* not past its end */
    ck_assert_int_eq(tr_str_contains_str((tr_str){"ab\0cd", 5}, (tr_str){"b\0c", 3}), 1);
    ck_assert_int_eq(tr_str_contains_str((tr_str){"ab\0cd", 5}, (tr_str){"b\0d", 3}), 0);
    ck_assert_int_eq(tr_str_contains_str(str("x"), (tr_str){NULL, 0}), 1);
    ck_assert_int_eq(tr_str_contains_str(str("x"), str("xx")), 0);
}
END_TEST

/* What the headers have inlined is exported too. */
START_TEST(test_called)
{
    int (*volatile contains)(tr_str, const char *) = tr_str_contains;
    int (*volatile executing)(tr_state) = tr_state_executing;
    ck_assert_int_eq(contains(str("a network here"), "network"), 1);
    ck_assert_int_eq(contains(str("a net"), "network"), 0);
    ck_assert_int_eq(contains(str("a net"), NULL), 0);
    ck_assert_int_eq(executing(TR_GO_SYSCALL), 1);
    ck_assert_int_eq(executing(TR_GO_WAITING), 0);
}
END_TEST

/* Wherever it is in texts of all lengths, and whatever stands behind them. */
START_TEST(test_contains_anywhere)
{
    static const char part[] = "network", like[] = "kn\x80"
                                                   "etwor";
    const size_t n = sizeof part - 1;
    char text[40];
    for (size_t length = 0; length <= 30; length++)
        for (size_t at = 0; at <= length; at++) {
            for (size_t i = 0; i < sizeof text; i++)
                text[i] = like[i % (sizeof like - 1)];
            memcpy(text + at, part, n);
            tr_str s = {text, length}, bytes = {part, n};
            ck_assert_int_eq(tr_str_contains(s, part), at + n <= length);
            ck_assert_int_eq(tr_str_contains_str(s, bytes), at + n <= length);
        }
}
END_TEST

START_TEST(test_equal)
{
    ck_assert_int_eq(tr_str_equal(str("sleep"), "sleep"), 1);
    ck_assert_int_eq(tr_str_equal(str("sleep"), "sleeping"), 0);
    ck_assert_int_eq(tr_str_equal(str("sleeping"), "sleep"), 0);
    ck_assert_int_eq(tr_str_equal(str(""), ""), 1);
    ck_assert_int_eq(tr_str_equal(str(""), NULL), 0);
    ck_assert_int_eq(tr_str_equal((tr_str){"ab\0", 3}, "ab"), 0);
    ck_assert_int_eq(tr_str_equal((tr_str){"abc", 2}, "ab"), 1);
    ck_assert_int_eq(tr_str_equal((tr_str){NULL, 0}, ""), 1);
    ck_assert_int_eq(tr_str_equal((tr_str){NULL, 0}, "x"), 0);
}
END_TEST

START_TEST(test_names)
{
    /* As Go's EventKind.String, GoState.String, ProcState.String, ResourceKind.String. */
    static const char *const kinds[TR_KIND_COUNT] = {
        "Bad",         "Sync",        "Metric",   "Label",           "StackSample",
        "RangeBegin",  "RangeActive", "RangeEnd", "TaskBegin",       "TaskEnd",
        "RegionBegin", "RegionEnd",   "Log",      "StateTransition", "Experimental"};
    static const struct {
        tr_state state;
        const char *name;
        int executing;
    } states[] = {{TR_GO_UNDETERMINED, "Undetermined", 0},
                  {TR_GO_NOT_EXIST, "NotExist", 0},
                  {TR_GO_RUNNABLE, "Runnable", 0},
                  {TR_GO_RUNNING, "Running", 1},
                  {TR_GO_WAITING, "Waiting", 0},
                  {TR_GO_SYSCALL, "Syscall", 1},
                  {TR_PROC_UNDETERMINED, "Undetermined", 0},
                  {TR_PROC_NOT_EXIST, "NotExist", 0},
                  {TR_PROC_RUNNING, "Running", 1},
                  {TR_PROC_IDLE, "Idle", 0},
                  {(tr_state)6, "Bad", 0},
                  {(tr_state)15, "Bad", 0},
                  {(tr_state)20, "Bad", 0},
                  {(tr_state)-1, "Bad", 0},
                  {(tr_state)INT_MAX, "Bad", 0}};
    static const char *const resources[] = {"None", "Goroutine", "Proc", "Thread", "Bad"};
    for (int i = 0; i < TR_KIND_COUNT; i++)
        ck_assert_msg(kinds[i] && strcmp(tr_kind_name((tr_kind)i), kinds[i]) == 0,
                      "kind %d is named \"%s\" (event/names.c), the list here says %s", i,
                      tr_kind_name((tr_kind)i), kinds[i] ? kinds[i] : "nothing");
    ck_assert_str_eq(tr_kind_name((tr_kind)TR_KIND_COUNT), "Bad");
    ck_assert_str_eq(tr_kind_name((tr_kind)-1), "Bad");
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        ck_assert_str_eq(tr_state_name(states[i].state), states[i].name);
        ck_assert_int_eq(tr_state_executing(states[i].state), states[i].executing);
    }
    for (int i = 0; i < 5; i++)
        ck_assert_str_eq(tr_resource_name((tr_resource)i), resources[i]);
    ck_assert_str_eq(tr_resource_name((tr_resource)-1), "Bad");
}
END_TEST

START_TEST(test_statuses)
{
    static const struct {
        tr_status status;
        const char *name;
    } all[] = {{TR_OK, "ok"},
               {TR_END, "end"},
               {TR_NEED_INPUT, "need_input"},
               {TR_E_NOMEM, "nomem"},
               {TR_E_IO, "io"},
               {TR_E_FORMAT, "format"},
               {TR_E_VERSION, "version"},
               {TR_E_TRUNCATED, "truncated"},
               {TR_E_CORRUPT, "corrupt"},
               {TR_E_ORDER, "order"},
               {TR_E_LIMIT, "limit"},
               {TR_E_MISUSE, "misuse"},
               {TR_E_CANCELED, "canceled"},
               {(tr_status)3, "unknown"},
               {(tr_status)-11, "unknown"}};
    unsigned major, minor, patch;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        ck_assert_str_eq(tr_status_name(all[i].status), all[i].name);
        ck_assert(i < 3 || i > 12 ? all[i].status >= 0 || i == 14 : all[i].status < 0);
    }
    ck_assert_int_eq(sscanf(tr_version(), "%u.%u.%u", &major, &minor, &patch), 3);
    ck_assert_uint_eq(major * 10000 + minor * 100 + patch, TR_VERSION);
}
END_TEST

START_TEST(test_stacks)
{
    tr_stack none = {NULL, 0}, other = {NULL, 3};
    tr_frame frame;
    ck_assert_int_eq(tr_stack_present(none), 0);
    ck_assert_uint_eq(tr_stack_frame_count(none), 0);
    ck_assert_int_eq(tr_stack_equal(none, other), 1);
    ck_assert_int_eq(tr_stack_frame(none, 0, &frame), TR_E_MISUSE);
}
END_TEST

/* --- Texts --- */

/* The rules of snprintf: what fits is written, NUL always ends it, all of it counts. */
START_TEST(test_event_text)
{
    struct bytes trace = load_trace("go1.26-annotations");
    const tr_event *ev;
    uint64_t kinds = 0;
    const char *wrong = NULL;
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    while (!wrong && tr_reader_next(r, &ev) == TR_OK) {
        size_t len = tr_event_text(ev, NULL, 0), seen = kinds & UINT64_C(1) << ev->kind;
        char *whole = malloc(len + 1), *part;
        if (tr_event_text(ev, whole, len + 1) != len || whole[len] || strlen(whole) != len)
            wrong = "a buffer that just fits";
        for (size_t size = 0; size <= len && !wrong && !seen; size++) {
            part = malloc(size + 1); /* exact but for a guard, which must stay */
            part[size] = 'x';
            if (tr_event_text(ev, part, size) != len || part[size] != 'x')
                wrong = "another length, or written past the buffer's end";
            if (size && (part[size - 1] || memcmp(part, whole, size - 1) != 0))
                wrong = "a small buffer";
            free(part);
        }
        free(whole);
        kinds |= UINT64_C(1) << ev->kind;
    }
    ck_assert_msg(!wrong, "%s: %s", tr_kind_name(ev->kind), wrong);
    ck_assert_uint_ne(kinds & UINT64_C(1) << TR_KIND_STATE_TRANSITION, 0);
    ck_assert_uint_ne(kinds & UINT64_C(1) << TR_KIND_LOG, 0);
    tr_reader_free(r);
    free_bytes(&trace);
}
END_TEST

START_TEST(test_wire_text)
{
    struct bytes trace = load_trace("go1.26-idle");
    const tr_wire_record *record;
    uint64_t lines = 0;
    const char *wrong = NULL;
    tr_wire *w = tr_wire_new();
    ck_assert_int_eq(tr_wire_open_memory(w, trace.data, trace.size), TR_OK);
    ck_assert_uint_eq(tr_wire_version(w), 26);
    ck_assert_uint_eq(tr_wire_version(NULL), 0);
    while (!wrong && tr_wire_next(w, &record) == TR_OK) {
        size_t len = tr_wire_text(record, NULL, 0);
        char *whole = malloc(len + 1);
        if (tr_wire_text(record, whole, len + 1) != len || strlen(whole) != len)
            wrong = "a buffer that just fits";
        for (size_t size = 1; size <= len && !wrong; size += 1 + size / 3) {
            char *part = malloc(size);
            if (tr_wire_text(record, part, size) != len || part[size - 1] ||
                memcmp(part, whole, size - 1) != 0)
                wrong = "a small buffer";
            free(part);
        }
        if (strncmp(whole, record->name, strlen(record->name)) != 0)
            wrong = "a text without its name";
        for (const char *p = whole; p; p = strchr(p + 1, '\n'))
            lines++;
        free(whole);
    }
    ck_assert_msg(!wrong, "line %" PRIu64 ": %s", lines, wrong);
    ck_assert_uint_eq(lines, strtoull(golden_field("go1.26-idle", GOLDEN_WIRE_LINES), NULL, 10));
    ck_assert_int_eq(tr_wire_next(w, &record), TR_END);
    ck_assert_int_eq(tr_wire_error(w)->code, TR_OK);
    tr_wire_free(w);
    free_bytes(&trace);
}
END_TEST

START_TEST(test_wire_misuse)
{
    const tr_wire_record *record;
    tr_wire *w = tr_wire_new();
    ck_assert_int_eq(tr_wire_open_path(NULL, "x"), TR_E_MISUSE);
    ck_assert_int_eq(tr_wire_open_fd(NULL, 0), TR_E_MISUSE);
    ck_assert_int_eq(tr_wire_open_memory(NULL, "x", 1), TR_E_MISUSE);
    ck_assert_int_eq(tr_wire_open_callback(NULL, NULL, NULL), TR_E_MISUSE);
    ck_assert_int_eq(tr_wire_next(NULL, &record), TR_E_MISUSE);
    ck_assert_int_eq(tr_wire_next(w, NULL), TR_E_MISUSE);
    ck_assert_int_eq(tr_wire_next(w, &record), TR_E_MISUSE);
    ck_assert_int_eq(tr_wire_error(w)->code, TR_E_MISUSE);
    tr_wire_free(w);
    w = tr_wire_new();
    ck_assert_int_eq(tr_wire_open_memory(w, "go 1.26 trace\0\0", 16), TR_OK);
    ck_assert_int_eq(tr_wire_open_memory(w, "", 0), TR_E_MISUSE);
    ck_assert_int_eq(tr_wire_next(w, &record), TR_END);
    tr_wire_free(w);
}
END_TEST

/* What answers without a status takes NULL too. */
START_TEST(test_null)
{
    char buf[4] = "xyz";
    tr_event ev;
    tr_reader *r = tr_reader_new();
    tr_blocking_only_count(NULL);
    tr_blocking_only_goroutine(NULL, 1);
    ck_assert_ptr_null(tr_info_get(NULL));
    ck_assert_uint_eq(tr_blocking_count(NULL), 0);
    ck_assert_uint_eq(tr_blocking_row_count(NULL), 0);
    ck_assert_ptr_null(tr_blocking_row_at(NULL, 0));
    ck_assert_int_eq(tr_blocking_read(NULL, r, 0), TR_E_MISUSE);
    ck_assert_uint_eq(tr_event_text(NULL, NULL, 0), 0);
    ck_assert_uint_eq(tr_event_text(NULL, buf, sizeof buf), 0);
    ck_assert_str_eq(buf, "");
    strcpy(buf, "xyz");
    ck_assert_uint_eq(tr_wire_text(NULL, buf, sizeof buf), 0);
    ck_assert_str_eq(buf, "");
    memset(&ev, 0xff, sizeof ev);
    tr_event_unpack(NULL, NULL, &ev);
    ck_assert_int_eq(ev.kind, 0);
    tr_event_unpack(NULL, NULL, NULL);
    tr_reader_memory(r, NULL);
    tr_reader_salvage(r, NULL);
    tr_reader_memory(NULL, NULL);
    tr_reader_free(r);
}
END_TEST

/* --- Packed events --- */

static int same_event(const tr_event *a, const tr_event *b)
{
    size_t len;
    const char *line = event_line(a, &len);
    uint64_t sum = sum_add(SUM_START, line, len);
    line = event_line(b, &len);
    return sum == sum_add(SUM_START, line, len) && a->kind == b->kind && a->flags == b->flags &&
           a->time_ns == b->time_ns && a->offset == b->offset && a->generation == b->generation &&
           tr_stack_present(a->stack) == tr_stack_present(b->stack) &&
           (!tr_stack_present(a->stack) || a->stack.id == b->stack.id);
}

static const char *const packed_traces[] = {
    "go1.22-annotations", "go1.23-allocfree",
    "go1.25-gcactive",    "go1.26-generations",
    "go1.26-cpuprofile",  "go1.26-bent-gosyscallend-event-for-goroutine-that-s-not-running"};

START_TEST(test_packed)
{
    struct bytes trace = load_trace(packed_traces[_i]);
    static const size_t sizes[] = {1, 2, 3, 63, 64, 65, 1000};
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        tr_packed_event packed[1000];
        const tr_tables *tables;
        const tr_event *ev;
        const char *wrong = NULL;
        size_t count = 0;
        uint64_t events = 0;
        tr_status status = TR_OK, alone = TR_OK;
        tr_reader *r = tr_reader_new(), *other = tr_reader_new();
        ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
        ck_assert_int_eq(tr_reader_open_memory(other, trace.data, trace.size), TR_OK);
        for (int call = 0; status == TR_OK && !wrong; call++) {
            tr_event unpacked;
            if (call % 3 == 2) { /* mixed with single ones */
                const tr_event *single;
                status = tr_reader_next(r, &single);
                if (status != TR_OK)
                    break;
                if ((alone = tr_reader_next(other, &ev)) != TR_OK || !same_event(single, ev))
                    wrong = "a single event differs";
                events++;
                continue;
            }
            status = tr_reader_next_packed(r, packed, sizes[k], &count, &tables);
            if ((status == TR_OK) != (count > 0) || count > sizes[k])
                wrong = "the count";
            for (size_t i = 0; i < count && !wrong; i++, events++) {
                memset(&unpacked, 0x5a, sizeof unpacked);
                tr_event_unpack(&packed[i], tables, &unpacked);
                if ((alone = tr_reader_next(other, &ev)) != TR_OK || !same_event(&unpacked, ev))
                    wrong = "a packed event differs";
                if (unpacked.generation != (tables ? ev->generation : 0))
                    wrong = "not all of one generation";
            }
        }
        ck_assert_msg(!wrong, "%zu at once, after %" PRIu64 " events: %s", sizes[k], events, wrong);
        alone = tr_reader_next(other, &ev);
        ck_assert_int_eq(status, alone);
        ck_assert_uint_eq(tr_reader_error(r)->offset, tr_reader_error(other)->offset);
        ck_assert_uint_eq(events,
                          strtoull(golden_field(packed_traces[_i], GOLDEN_COUNT), NULL, 10));
        tr_reader_free(r);
        tr_reader_free(other);
    }
    free_bytes(&trace);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("api/interface");
    TCase *all = tcase_create("interface");

    load_goldens();
    tcase_add_loop_test(all, test_first_program, 0,
                        (int)(sizeof program_traces / sizeof program_traces[0]));
    tcase_add_test(all, test_contains);
    tcase_add_test(all, test_called);
    tcase_add_test(all, test_contains_anywhere);
    tcase_add_test(all, test_equal);
    tcase_add_test(all, test_names);
    tcase_add_test(all, test_statuses);
    tcase_add_test(all, test_stacks);
    tcase_add_test(all, test_event_text);
    tcase_add_test(all, test_wire_text);
    tcase_add_test(all, test_wire_misuse);
    tcase_add_test(all, test_null);
    tcase_add_loop_test(all, test_packed, 0, (int)(sizeof packed_traces / sizeof packed_traces[0]));
    tcase_set_timeout(all, 120);
    suite_add_tcase(suite, all);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free_goldens();
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
