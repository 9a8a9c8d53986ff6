/* Lack of memory where tests/unit/reader/test_alloc.c does not look: every single
 * allocation of a small trace, with other threads at work, and of what sums up, which is
 * compiled into this program as it takes its memory from malloc. */
#include <stdlib.h>

static void *failing_malloc(size_t size);
static void *failing_calloc(size_t count, size_t size);
static void *failing_realloc(void *ptr, size_t size);
static void failing_free(void *ptr);

#define malloc failing_malloc
#define calloc failing_calloc
#define realloc failing_realloc
#define free failing_free
#include "analysis/blocking.c"
#include "analysis/info.c"
#include "analysis/keymap.c"
#include "analysis/tasks.c"
#undef malloc
#undef calloc
#undef realloc
#undef free

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "batch/kept.h"
#include "heap.h"

static struct heap heap;

static void *failing_malloc(size_t size)
{
    return heap_alloc(&heap, size);
}

static void *failing_calloc(size_t count, size_t size)
{
    void *p = failing_malloc(count * size);
    return p ? memset(p, 0, count * size) : NULL;
}

static void failing_free(void *ptr)
{
    if (ptr)
        heap_free(&heap, ptr, ((union block_head *)ptr - 1)->size);
}

static void *failing_realloc(void *ptr, size_t size)
{
    size_t had = ptr ? ((union block_head *)ptr - 1)->size : 0;
    void *p = failing_malloc(size);
    if (!p)
        return NULL;
    if (had)
        memcpy(p, ptr, had < size ? had : size);
    failing_free(ptr);
    return p;
}

/* --- What is done --- */

static struct bytes trace;
static int trace_fd;
static char trace_path[40];

enum how { MEMORY, FD, PATH, CALLBACK, PUSH, HOW_COUNT };
static const char *const how_names[HOW_COUNT] = {"memory", "descriptor", "path", "callback",
                                                 "push"};
enum what { EVENTS, COLUMNS, KEPT, PACKED, WIRE, INFO, REASONS, FUNCTIONS, GOROUTINES, WHAT_COUNT };
static const char *const what_names[WHAT_COUNT] = {"events",  "columns",   "kept columns",
                                                   "packed",  "wire",      "info",
                                                   "reasons", "functions", "goroutines"};
static const tr_column_id kept_ids[] = {TR_COL_TIME, TR_COL_KIND, TR_COL_REASON, TR_COL_NAME};

static size_t given;

static int64_t give(void *user, void *buf, size_t size)
{
    size_t n = trace.size - given;
    (void)user;
    n = n < size ? n : size;
    n = n < 500 ? n : 500;
    memcpy(buf, trace.data + given, n);
    given += n;
    return (int64_t)n;
}

static tr_status push(tr_reader *r)
{
    size_t n = trace.size - given;
    n = n < 500 ? n : 500;
    tr_status status = n ? tr_reader_feed(r, trace.data + given, n) : tr_reader_feed_end(r);
    given += n;
    return status;
}

static tr_status open_how(tr_reader *r, enum how how)
{
    switch (how) {
    case MEMORY:
        return tr_reader_open_memory(r, trace.data, trace.size);
    case FD:
        require(lseek(trace_fd, 0, SEEK_SET) == 0, "cannot seek");
        return tr_reader_open_fd(r, trace_fd);
    case PATH:
        require(lseek(trace_fd, 0, SEEK_SET) == 0, "cannot seek");
        return tr_reader_open_path(r, trace_path);
    case CALLBACK:
        return tr_reader_open_callback(r, give, NULL);
    default:
        return push(r);
    }
}

/* What a run fills; each is there, whichever is used. */
struct sinks {
    tr_info *info;
    tr_blocking *blocking;
    tr_columns *kept;
};

/* Take a step in one of the ways to read; *items counts what came. */
static tr_status step(tr_reader *r, enum what what, const struct sinks *to, uint64_t *items)
{
    enum { ROWS = 50 };
    static int64_t times[ROWS];
    static int32_t reasons[ROWS];
    const tr_column columns[] = {{TR_COL_TIME, times, ROWS}, {TR_COL_REASON, reasons, ROWS}};
    tr_packed_event packed[ROWS];
    const tr_event *ev;
    tr_frame frame;
    char text[200];
    size_t n = 0;
    tr_status status;
    switch (what) {
    case EVENTS:
        status = tr_reader_next(r, &ev);
        if (status == TR_OK) { /* of which nothing may be missing */
            n = tr_event_text(ev, text, sizeof text);
            (void)tr_stack_frame(ev->stack, 0, &frame);
        }
        break;
    case COLUMNS:
        status = tr_reader_fill(r, columns, 2, ROWS, &n);
        break;
    case KEPT:
        status = tr_columns_read(to->kept, r, 3 * ROWS);
        n = (size_t)(tr_columns_row_count(to->kept) - *items);
        break;
    case PACKED:
        status = tr_reader_next_packed(r, packed, ROWS, &n, NULL);
        break;
    case INFO:
        status = tr_info_read(to->info, r, 30);
        n = (size_t)(tr_info_get(to->info)->events - *items);
        break;
    default:
        status = tr_blocking_read(to->blocking, r, 30);
        n = (size_t)(tr_blocking_count(to->blocking) - *items);
    }
    *items += n;
    return status;
}

static tr_status read_wire(const tr_allocator *allocator, enum how how, uint64_t *items)
{
    const tr_wire_record *record;
    tr_wire *w = tr_wire_new_with(allocator);
    if (!w)
        return TR_E_NOMEM;
    if (how == FD)
        require(lseek(trace_fd, 0, SEEK_SET) == 0, "cannot seek");
    tr_status status = how == FD         ? tr_wire_open_fd(w, trace_fd)
                       : how == PATH     ? tr_wire_open_path(w, trace_path)
                       : how == CALLBACK ? tr_wire_open_callback(w, give, NULL)
                                         : tr_wire_open_memory(w, trace.data, trace.size);
    while (status == TR_OK && (status = tr_wire_next(w, &record)) == TR_OK)
        (*items)++;
    if (status != TR_END && tr_wire_error(w)->code != status)
        problem(&heap, "the error object says something else");
    tr_wire_free(w);
    return status;
}

/* Returns TR_END or the error; *items is what was read until then. */
static tr_status run(enum what what, enum how how, unsigned threads, uint64_t *items)
{
    const tr_allocator allocator = {heap_alloc, heap_free, &heap};
    const tr_event *ev;
    *items = 0;
    given = 0;
    if (what == WIRE)
        return read_wire(&allocator, how, items);
    tr_reader *r = tr_reader_new_with(&allocator);
    struct sinks to = {
        .info = tr_info_new(),
        .blocking = tr_blocking_new(what == FUNCTIONS    ? TR_BLOCKING_BY_FUNCTION
                                    : what == GOROUTINES ? TR_BLOCKING_BY_GOROUTINE
                                                         : TR_BLOCKING_BY_REASON),
        .kept =
            tri_columns_new(tri_mem_new(&allocator), kept_ids, sizeof kept_ids / sizeof *kept_ids),
    };
    tr_status status = r && to.info && to.blocking && to.kept ? TR_OK : TR_E_NOMEM;
    if (status == TR_OK)
        status = tr_reader_set_u64(r, TR_OPT_THREADS, threads);
    if (status == TR_OK)
        status = open_how(r, how);
    while (status == TR_OK || status == TR_NEED_INPUT)
        status = status == TR_OK ? step(r, what, &to, items) : push(r);
    if (status == TR_END)
        status = tr_blocking_finish(to.blocking) == TR_OK ? TR_END : TR_E_NOMEM;
    else if (status == TR_E_NOMEM && r && tr_reader_error(r)->code == TR_E_NOMEM) {
        tr_status again; /* it stays, behind what a push that failed had left */
        while ((again = tr_reader_next(r, &ev)) == TR_OK)
            ;
        if (again != TR_E_NOMEM)
            problem(&heap, "the error does not come again");
    }
    tr_columns_free(to.kept);
    tr_blocking_free(to.blocking);
    tr_info_free(to.info);
    tr_reader_free(r);
    return status;
}

static void fail_each(enum what what, enum how how, unsigned threads, int from_then_on)
{
    uint64_t whole, items, failed = 0, n = 0;
    heap = (struct heap){0};
    ck_assert_int_eq(run(what, how, threads, &whole), TR_END);
    ck_assert_ptr_null(heap_problem(&heap));
    do {
        heap = (struct heap){.fail_at = ++n, .from_then_on = from_then_on};
        tr_status status = run(what, how, threads, &items);
        const char *wrong = heap_problem(&heap);
        if (!wrong && status != TR_END && status != TR_E_NOMEM)
            wrong = tr_status_name(status);
        if (!wrong && (items > whole || (status == TR_END && items != whole)))
            wrong = "other events";
        failed += status == TR_E_NOMEM;
        if (wrong)
            ck_abort_msg("%s of %s, %u threads, allocation %" PRIu64 "%s: %s", what_names[what],
                         how_names[how], threads, n, from_then_on ? " and all later" : "", wrong);
    } while (heap.calls >= n); /* until none fails */
    ck_assert_uint_gt(failed, 2);
}

START_TEST(test_each)
{
    enum what what = (enum what)(_i % WHAT_COUNT);
    unsigned threads = 1 + (unsigned)_i / WHAT_COUNT;
    for (int how = 0; how < HOW_COUNT; how++)
        for (int from_then_on = 0; from_then_on <= 1; from_then_on++)
            if (what != WIRE || (threads == 1 && how != PUSH))
                fail_each(what, (enum how)how, threads, from_then_on);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fault/memory");
    TCase *all = tcase_create("all");
    trace = load_trace("go1.25-idle");
    trace_fd = file_of(&trace, 0);
    snprintf(trace_path, sizeof trace_path, "/dev/fd/%d", trace_fd);
    tcase_set_timeout(all, 300);
    tcase_add_loop_test(all, test_each, 0, 2 * WHAT_COUNT);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free_bytes(&trace);
    close(trace_fd);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
