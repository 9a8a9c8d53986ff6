/* Tests what lack of memory does: the n-th allocation fails, once or from then on, for
 * every n until all goes well. Whatever was read until then is right, the error stays,
 * all memory comes back with its true size, and nothing crashes. And that no reader
 * holds more than its limit. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../fault/heap.h"
#include "../../golden/support.h"

/* --- What is done with a trace --- */

static const char *const trace_names[] = {"go1.26-idle", "go1.26-allocfree", "go1.22-annotations",
                                          "go1.21-legacy"};
enum { TRACE_COUNT = (int)(sizeof trace_names / sizeof trace_names[0]) };

static struct bytes traces[TRACE_COUNT];
static struct bytes gzipped[TRACE_COUNT]; /* no data: there is no gzip */
static int files[TRACE_COUNT];

enum how { HOW_MEMORY, HOW_FILE, HOW_CALLBACK, HOW_PUSH, HOW_PACKED, HOW_COUNT };

struct feed {
    const struct bytes *trace;
    size_t at;
};

static int64_t give(void *user, void *buf, size_t size)
{
    struct feed *f = user;
    size_t n = f->trace->size - f->at;
    n = n < size ? n : size;
    n = n < 1000 ? n : 1000;
    memcpy(buf, f->trace->data + f->at, n);
    f->at += n;
    return (int64_t)n;
}

static tr_status push(tr_reader *r, struct feed *f)
{
    size_t n = f->trace->size - f->at;
    n = n < 1000 ? n : 1000;
    tr_status status = n ? tr_reader_feed(r, f->trace->data + f->at, n) : tr_reader_feed_end(r);
    f->at += n;
    return status;
}

static tr_status open_trace(tr_reader *r, int trace, enum how how, struct feed *f)
{
    *f = (struct feed){&traces[trace], 0};
    switch (how) {
    case HOW_MEMORY:
        return tr_reader_open_memory(r, traces[trace].data, traces[trace].size);
    case HOW_FILE:
        require(lseek(files[trace], 0, SEEK_SET) == 0, "cannot seek");
        return tr_reader_open_fd(r, files[trace]);
    case HOW_CALLBACK:
        return tr_reader_open_callback(r, give, f);
    case HOW_PACKED:
        return tr_reader_open_memory(r, gzipped[trace].data, gzipped[trace].size);
    default:
        return push(r, f);
    }
}

/* What a run of a scenario has seen. */
struct run {
    struct heap *heap;
    int trace;
    enum how how;
    uint64_t sum, items; /* of what was read */
};

static void add(struct run *run, const void *data, size_t size)
{
    run->sum = sum_add(run->sum, data, size);
    run->items++;
}

/* After an error: it comes again, and the error object says the same. */
static tr_status check_error(struct run *run, tr_reader *r, tr_status status)
{
    const tr_event *ev;
    const tr_error *e;
    tr_status again = tr_reader_next(r, &ev);
    while (run->how == HOW_PUSH && again == TR_OK) /* what came before the lost bytes */
        again = tr_reader_next(r, &ev);
    for (int i = 0; i < 3; i++, again = tr_reader_next(r, &ev))
        if (again != status)
            problem(run->heap, "the error does not come again");
    e = tr_reader_error(r);
    if (e->code != status || e->severity != TR_SEVERITY_FATAL || !*e->message ||
        strcmp(e->message, "no error") == 0)
        problem(run->heap, "the error object says something else");
    return status;
}

/* All frames of a stack. Frames may fail to be made; they can be asked for again. */
static int walk(struct run *run, tr_stack stack)
{
    int failures = 0;
    tr_frame frame;
    for (uint32_t i = 0; i < tr_stack_frame_count(stack); i++) {
        tr_status status = tr_stack_frame(stack, i, &frame);
        if (status == TR_E_NOMEM)
            failures++;
        else if (status != TR_OK || (!frame.func.ptr || !frame.file.ptr))
            problem(run->heap, "a frame cannot be had");
    }
    return failures;
}

static tr_status ask_for_batches(struct run *run, tr_reader *r, const tr_event *sync)
{
    for (uint32_t i = 0; i < sync->sync.batch_count; i++) {
        tr_experimental_batch b;
        tr_status status = tr_reader_experimental_batch(r, i, &b);
        if (status != TR_OK && tr_reader_error(r)->code != status)
            problem(run->heap, "the error object does not tell of a batch");
        if (status == TR_E_NOMEM && !run->heap->from_then_on)
            status = tr_reader_experimental_batch(r, i, &b);
        if (status == TR_OK)
            add(run, b.data.ptr, b.data.len);
        else if (status != TR_E_NOMEM)
            problem(run->heap, "an experimental batch cannot be had");
        else
            return status;
    }
    return TR_OK;
}

/* Events, their texts, stacks and experimental batches; the tables of the first and of the
 * last generation stay for longer than the reader. */
static tr_status read_events(struct run *run, const tr_allocator *allocator)
{
    struct feed feed;
    char text[300];
    const tr_event *ev;
    tr_stack kept[2] = {{NULL, 0}, {NULL, 0}};
    tr_status status, batches = TR_OK;
    tr_reader *r = tr_reader_new_with(allocator);
    if (!r)
        return TR_E_NOMEM;
    if (tr_reader_set_u64(r, TR_OPT_THREADS, 1) != TR_OK ||
        tr_reader_set_u64(r, TR_OPT_MAX_THREADS, 10000) != TR_OK)
        problem(run->heap, "an option cannot be set");
    status = open_trace(r, run->trace, run->how, &feed);
    while (status == TR_OK) {
        status = tr_reader_next(r, &ev);
        if (status == TR_NEED_INPUT && run->how == HOW_PUSH) {
            status = push(r, &feed);
            continue;
        }
        if (status != TR_OK)
            break;
        add(run, &ev->time_ns, sizeof ev->time_ns);
        add(run, &ev->kind, sizeof ev->kind);
        if (run->items % 16 == 0 && tr_event_text(ev, text, sizeof text) == 0)
            problem(run->heap, "an event without text");
        walk(run, ev->stack);
        if (ev->kind == TR_KIND_SYNC && batches == TR_OK)
            batches = ask_for_batches(run, r, ev);
        if (tr_stack_present(ev->stack) && !tr_stack_equal(ev->stack, kept[1])) {
            tr_tables_ref(ev->stack.tables);
            tr_tables_unref(kept[1].tables);
            kept[1] = ev->stack;
            if (!kept[0].tables) {
                tr_tables_ref(ev->stack.tables);
                kept[0] = ev->stack;
            }
        }
    }
    if (status != TR_END)
        check_error(run, r, status);
    tr_reader_free(r);
    for (int i = 0; i < 2; i++) {
        int failures = walk(run, kept[i]);
        if (failures && !run->heap->from_then_on && walk(run, kept[i]))
            problem(run->heap, "frames fail again though there is memory now");
        tr_tables_unref(kept[i].tables);
    }
    return status == TR_END ? (batches == TR_OK ? TR_END : batches) : status;
}

/* All columns, with the strings that their codes name. */
static tr_status read_columns(struct run *run, const tr_allocator *allocator)
{
    enum { ROWS = 100 };
    static int64_t data[TR_COLUMN_COUNT][ROWS];
    tr_column columns[TR_COLUMN_COUNT];
    struct feed feed;
    size_t filled;
    tr_reader *r = tr_reader_new_with(allocator);
    if (!r)
        return TR_E_NOMEM;
    for (int i = 0; i < TR_COLUMN_COUNT; i++)
        columns[i] = (tr_column){(tr_column_id)i, data[i], ROWS};
    tr_status status = open_trace(r, run->trace, run->how, &feed);
    while (status == TR_OK) {
        status = tr_reader_fill(r, columns, TR_COLUMN_COUNT, ROWS, &filled);
        if (status == TR_NEED_INPUT && run->how == HOW_PUSH) {
            status = push(r, &feed);
            continue;
        }
        if ((filled > 0) != (status == TR_OK))
            problem(run->heap, "rows beside an error, or none beside TR_OK");
        for (int c = 0; c < TR_COLUMN_COUNT; c++)
            for (size_t i = 0; i < filled; i++) {
                if (tr_column_get_type((tr_column_id)c) != TR_COLUMN_CODE)
                    continue;
                int32_t code = ((int32_t *)data[c])[i];
                tr_str s = tr_reader_string(r, code);
                if (code < -1 || code >= (int64_t)tr_reader_string_count(r))
                    problem(run->heap, "a code that names no string");
                run->sum += sum_add(SUM_START + run->items + i * 31 + (uint64_t)c, s.ptr, s.len);
            }
        run->items += filled;
    }
    if (status != TR_END)
        check_error(run, r, status);
    tr_reader_free(r);
    return status;
}

/* Packed events, whose tables are kept until the reader is gone. */
static tr_status read_packed(struct run *run, const tr_allocator *allocator)
{
    enum { KEPT = 64 };
    struct feed feed;
    tr_packed_event packed[KEPT];
    const tr_tables *tables = NULL, *kept = NULL;
    size_t count, kept_count = 0;
    tr_event ev;
    tr_reader *r = tr_reader_new_with(allocator);
    if (!r)
        return TR_E_NOMEM;
    tr_status status = open_trace(r, run->trace, run->how, &feed);
    while (status == TR_OK) {
        tr_packed_event now[KEPT];
        status = tr_reader_next_packed(r, now, KEPT, &count, &tables);
        if (status == TR_NEED_INPUT && run->how == HOW_PUSH) {
            status = push(r, &feed);
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            tr_event_unpack(&now[i], tables, &ev);
            add(run, &ev.time_ns, sizeof ev.time_ns);
        }
        if (status != TR_OK || !tables)
            continue;
        tr_tables_ref(tables);
        tr_tables_unref(kept);
        kept = tables;
        kept_count = count;
        memcpy(packed, now, sizeof now);
    }
    if (status != TR_END)
        check_error(run, r, status);
    tr_reader_free(r);
    for (size_t i = 0; i < kept_count; i++) {
        tr_event_unpack(&packed[i], kept, &ev);
        walk(run, ev.stack);
    }
    tr_tables_unref(kept);
    return status;
}

static tr_status read_wire(struct run *run, const tr_allocator *allocator)
{
    const tr_wire_record *record;
    struct feed feed = {&traces[run->trace], 0};
    char text[100];
    tr_wire *w = tr_wire_new_with(allocator);
    if (!w)
        return TR_E_NOMEM;
    tr_status status = TR_OK;
    if (run->how == HOW_FILE) {
        require(lseek(files[run->trace], 0, SEEK_SET) == 0, "cannot seek");
        status = tr_wire_open_fd(w, files[run->trace]);
    } else if (run->how == HOW_CALLBACK) {
        status = tr_wire_open_callback(w, give, &feed);
    } else {
        const struct bytes *b = run->how == HOW_PACKED ? &gzipped[run->trace] : feed.trace;
        status = tr_wire_open_memory(w, b->data, b->size);
    }
    while (status == TR_OK && (status = tr_wire_next(w, &record)) == TR_OK) {
        add(run, &record->offset, sizeof record->offset);
        tr_wire_text(record, text, sizeof text);
    }
    if (status != TR_END) {
        if (tr_wire_next(w, &record) != status || tr_wire_next(w, &record) != status)
            problem(run->heap, "the error does not come again");
        if (tr_wire_error(w)->code != status)
            problem(run->heap, "the error object says something else");
    }
    tr_wire_free(w);
    return status;
}

/* --- Each allocation fails in turn --- */

typedef tr_status scenario_fn(struct run *run, const tr_allocator *allocator);
static scenario_fn *const scenarios[] = {read_events, read_columns, read_packed, read_wire};
static const char *const scenario_names[] = {"events", "columns", "packed", "wire"};
enum { SCENARIO_COUNT = (int)(sizeof scenarios / sizeof scenarios[0]) };

static struct heap heap;

static tr_status run_scenario(int scenario, int trace, enum how how, uint64_t fail_at,
                              int from_then_on, struct run *run)
{
    const tr_allocator allocator = {heap_alloc, heap_free, &heap};
    heap = (struct heap){.fail_at = fail_at, .from_then_on = from_then_on};
    *run = (struct run){.heap = &heap, .trace = trace, .how = how, .sum = SUM_START};
    return scenarios[scenario](run, &allocator);
}

/* Whether traces can be read so; else the test is skipped. */
static bool is_here(enum how how)
{
    if (how != HOW_PACKED || gzipped[0].data)
        return true;
    skip_test("no gzip");
    return false;
}

/* All of the first ones, then larger and larger steps. */
static uint64_t after(uint64_t n)
{
    return n < 60 ? n + 1 : n + 1 + n / 12;
}

START_TEST(test_failures)
{
    int scenario = _i / HOW_COUNT;
    enum how how = (enum how)(_i % HOW_COUNT);
    if (scenario == SCENARIO_COUNT - 1 && how == HOW_PUSH)
        return; /* wire records cannot be pushed */
    if (!is_here(how))
        return;
    for (int trace = 0; trace < TRACE_COUNT; trace++) {
        struct run clean, run;
        tr_status status = run_scenario(scenario, trace, how, 0, 0, &clean);
        ck_assert_int_eq(status, TR_END);
        ck_assert_msg(!heap.problem && !heap.blocks && !heap.bytes, "%s: %s",
                      scenario_names[scenario], heap.problem ? heap.problem : "a leak");
        uint64_t calls = heap.calls, failed = 0;
        for (int from_then_on = 0; from_then_on <= 1; from_then_on++)
            for (uint64_t n = 1; n <= calls; n = after(n)) {
                status = run_scenario(scenario, trace, how, n, from_then_on, &run);
                const char *what = heap.problem;
                if (!what && (heap.blocks || heap.bytes))
                    what = "a leak";
                if (!what && status != TR_END && status != TR_E_NOMEM)
                    what = tr_status_name(status);
                if (!what && status == TR_END && (run.sum != clean.sum || run.items != clean.items))
                    what = "reading went on with other events";
                if (!what && run.items > clean.items)
                    what = "more than there is";
                failed += status == TR_E_NOMEM;
                if (what)
                    ck_abort_msg("%s of %s (way %d), allocation %" PRIu64 "%s: %s",
                                 scenario_names[scenario], trace_names[trace], (int)how, n,
                                 from_then_on ? " and all later" : "", what);
            }
        ck_assert_uint_gt(failed, 2);
    }
}
END_TEST

/* --- Limits --- */

START_TEST(test_memory_limit)
{
    int trace = _i / HOW_COUNT;
    enum how how = (enum how)(_i % HOW_COUNT);
    const tr_allocator allocator = {heap_alloc, heap_free, &heap};
    uint64_t least = 0, limited = 0, whole = 0;
    if (!is_here(how))
        return;
    for (uint64_t limit = 1; !whole; limit += limit / 24 + 1) {
        struct feed feed;
        const tr_event *ev;
        tr_memory_use before, use;
        tr_frame frame;
        const char *what = NULL;
        heap = (struct heap){0};
        tr_reader *r = tr_reader_new_with(&allocator);
        ck_assert_ptr_nonnull(r);
        uint64_t outside = heap.bytes;
        tr_reader_memory(r, &before);
        outside -= before.total_bytes; /* of the account itself */
        least = before.total_bytes;
        tr_reader_set_u64(r, TR_OPT_MAX_MEMORY_BYTES, limit);
        tr_status status = open_trace(r, trace, how, &feed);
        while (status == TR_OK || status == TR_NEED_INPUT) {
            if (status == TR_NEED_INPUT) {
                status = push(r, &feed);
                continue;
            }
            status = tr_reader_next(r, &ev);
            if (status == TR_OK && tr_stack_frame_count(ev->stack) &&
                tr_stack_frame(ev->stack, 0, &frame) == TR_E_NOMEM)
                what = "a frame fails for another reason than the limit";
        }
        tr_reader_memory(r, &use);
        if (use.peak_bytes > (limit > least ? limit : least))
            what = "more memory than the limit";
        if (heap.peak > use.peak_bytes + outside)
            what = "more memory than the account says";
        if (use.table_bytes + use.state_bytes > use.total_bytes)
            what = "parts are larger than the whole";
        if (status == TR_E_LIMIT) {
            struct run run = {.heap = &heap, .how = how};
            check_error(&run, r, status);
            limited++;
        } else if (status == TR_END) {
            whole++;
        } else {
            what = "another end than the limit's";
        }
        tr_reader_free(r);
        if (!what && (heap.problem || heap.blocks))
            what = "memory was not given back well";
        if (what)
            ck_abort_msg("%s, %" PRIu64 " bytes: %s (%s)", trace_names[trace], limit, what,
                         tr_status_name(status));
        if (limit < least / 2)
            limit = least / 2;
    }
    ck_assert_uint_gt(limited, 5);
}
END_TEST

/* Read a trace with one limit; the error's message goes to *message. */
static tr_status read_limited(tr_option option, uint64_t limit, enum how how, tr_error *error,
                              char message[256])
{
    struct feed feed;
    const tr_event *ev;
    tr_reader *r = tr_reader_new();
    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(tr_reader_set_u64(r, option, limit), TR_OK);
    tr_status status = open_trace(r, 2, how, &feed);
    while (status == TR_OK || status == TR_NEED_INPUT)
        status = status == TR_OK ? tr_reader_next(r, &ev) : push(r, &feed);
    *error = *tr_reader_error(r);
    snprintf(message, 256, "%s", error->message);
    if (status != TR_END) { /* and it stays, behind what a push that failed had left */
        tr_status then;
        while ((then = tr_reader_next(r, &ev)) == TR_OK)
            ;
        ck_assert_int_eq(then, status);
    }
    tr_reader_free(r);
    return status;
}

static const struct {
    tr_option option;
    const char *what;
} limit_cases[] = {
    {TR_OPT_MAX_GENERATION_BYTES, "bytes in a generation"},
    {TR_OPT_MAX_TABLE_BYTES, "bytes of tables in a generation"},
    {TR_OPT_MAX_THREADS, "threads in a generation"},
    {TR_OPT_MAX_GOROUTINES, "goroutines alive at once"},
    {TR_OPT_MAX_STACKS, "stacks in a generation"},
    {TR_OPT_MAX_MEMORY_BYTES, "bytes of memory"},
};

/* Find the least limit that suffices: one less is refused, with the numbers and the place. */
START_TEST(test_each_limit)
{
    tr_option option = limit_cases[_i].option;
    for (int way = 0; way < HOW_COUNT; way++) {
        char message[256], expected[256];
        tr_error error;
        uint64_t too_little = 1, enough = UINT64_C(1) << 40;
        if (!is_here((enum how)way))
            continue;
        if (option != TR_OPT_MAX_MEMORY_BYTES) /* where 0 says that there is none */
            too_little = 0;
        ck_assert_int_eq(read_limited(option, enough, (enum how)way, &error, message), TR_END);
        ck_assert_int_eq(error.code, TR_OK);
        ck_assert_int_eq(read_limited(option, too_little, (enum how)way, &error, message),
                         TR_E_LIMIT);
        while (enough - too_little > 1) {
            uint64_t limit = too_little + (enough - too_little) / 2;
            tr_status status = read_limited(option, limit, (enum how)way, &error, message);
            ck_assert_msg(status == TR_END || status == TR_E_LIMIT, "%s", message);
            *(status == TR_END ? &enough : &too_little) = limit;
        }
        ck_assert_int_eq(read_limited(option, too_little, (enum how)way, &error, message),
                         TR_E_LIMIT);
        ck_assert_int_eq(error.code, TR_E_LIMIT);
        ck_assert_int_eq(error.severity, TR_SEVERITY_FATAL);
        ck_assert_uint_ge(error.generation, 1);
        ck_assert_uint_ge(error.offset, 16);
        if (option == TR_OPT_MAX_MEMORY_BYTES) {
            unsigned long long held, more, limit;
            ck_assert_int_eq(sscanf(message,
                                    "bytes of memory: %llu and %llu more, the limit is %llu", &held,
                                    &more, &limit),
                             3);
            ck_assert_uint_eq(limit, too_little);
            ck_assert(held <= limit && held + more > limit);
        } else {
            snprintf(expected, sizeof expected, "%s: %" PRIu64 ", the limit is %" PRIu64,
                     limit_cases[_i].what, enough, too_little);
            ck_assert_str_eq(message, expected);
        }
    }
}
END_TEST

/* What the reader tells is what it was given. */
START_TEST(test_account)
{
    struct heap own = {0};
    const tr_allocator allocator = {heap_alloc, heap_free, &own};
    tr_reader *r = tr_reader_new_with(&allocator);
    tr_memory_use use;
    struct feed feed;
    const tr_event *ev;
    tr_reader_memory(r, &use);
    ck_assert_uint_eq(use.total_bytes, own.bytes);
    ck_assert_int_eq(open_trace(r, _i, HOW_MEMORY, &feed), TR_OK);
    while (tr_reader_next(r, &ev) == TR_OK)
        continue;
    tr_reader_memory(r, &use);
    ck_assert_uint_eq(use.total_bytes, own.bytes);
    ck_assert_uint_eq(use.peak_bytes, own.peak);
    tr_reader_free(r);
    ck_assert_uint_eq(own.blocks, 0);
}
END_TEST

START_TEST(test_no_allocator)
{
    const tr_allocator no_alloc = {NULL, heap_free, &heap}, no_free = {heap_alloc, NULL, &heap};
    ck_assert_ptr_null(tr_reader_new_with(NULL));
    ck_assert_ptr_null(tr_reader_new_with(&no_alloc));
    ck_assert_ptr_null(tr_reader_new_with(&no_free));
    ck_assert_ptr_null(tr_wire_new_with(NULL));
    ck_assert_ptr_null(tr_wire_new_with(&no_alloc));
    ck_assert_ptr_null(tr_wire_new_with(&no_free));
    /* Who has no reader for lack of memory can still say why. */
    ck_assert_int_eq(tr_reader_error(NULL)->code, TR_E_NOMEM);
    ck_assert_int_eq(tr_wire_error(NULL)->code, TR_E_NOMEM);
    tr_reader_free(NULL);
    tr_wire_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reader/alloc");
    TCase *failures = tcase_create("failures");
    TCase *limits = tcase_create("limits");

    for (int i = 0; i < TRACE_COUNT; i++) {
        traces[i] = load_trace(trace_names[i]);
        files[i] = file_of(&traces[i], 0);
        if (strstr(tr_compressions(), "gzip"))
            gzipped[i] = piped_through("gzip -c", &traces[i]);
    }
    tcase_add_loop_test(failures, test_failures, 0, SCENARIO_COUNT * HOW_COUNT);
    tcase_add_loop_test(failures, test_account, 0, TRACE_COUNT);
    tcase_add_test(failures, test_no_allocator);
    tcase_set_timeout(failures, 300);
    suite_add_tcase(suite, failures);
    tcase_add_loop_test(limits, test_memory_limit, 0, TRACE_COUNT * HOW_COUNT);
    tcase_add_loop_test(limits, test_each_limit, 0,
                        (int)(sizeof limit_cases / sizeof limit_cases[0]));
    tcase_set_timeout(limits, 300);
    suite_add_tcase(suite, limits);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    for (int i = 0; i < TRACE_COUNT; i++) {
        free_bytes(&traces[i]);
        free_bytes(&gzipped[i]);
        close(files[i]);
    }
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
