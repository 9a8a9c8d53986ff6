/* Lack of memory while a trace is summed up: each single allocation of an analysis fails once,
 * alone and with all later ones. Reading ends with that, stays there, and nothing is lost that
 * was taken. */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"

static struct heap heap;
static struct bytes trace;

static void *heap_zalloc(size_t count, size_t size)
{
    void *p = heap_alloc(&heap, count * size);
    return p ? memset(p, 0, count * size) : NULL;
}

static void heap_give_back(void *p)
{
    if (p)
        heap_free(&heap, p, ((union block_head *)p - 1)->size);
}

static void *heap_resize(void *p, size_t size)
{
    void *larger = heap_alloc(&heap, size);
    if (p && larger) {
        size_t before = ((union block_head *)p - 1)->size;
        memcpy(larger, p, before < size ? before : size);
        heap_give_back(p);
    }
    return larger;
}

/* The analyses are compiled into this program with the double's functions. */
#define malloc(size) heap_alloc(&heap, size)
#define calloc heap_zalloc
#define realloc heap_resize
#define free heap_give_back
#include "analysis/blocking.c"
#include "analysis/info.c"
#include "analysis/keymap.c"
#include "analysis/tasks.c"
#undef malloc
#undef calloc
#undef realloc
#undef free

enum { WAYS = TR_BLOCKING_BY_TASK + 2 }; /* one more: the summary */

/* What came out of it. */
struct outcome {
    tr_status status;
    uint64_t count, rows, ns;
};

static void read_blocking(struct outcome *o, tr_reader *r, tr_blocking_by by)
{
    tr_blocking *b = tr_blocking_new(by);
    o->status = TR_E_NOMEM;
    if (!b)
        return;
    while ((o->status = tr_blocking_read(b, r, 1000)) == TR_OK)
        ;
    if (o->status != TR_END && tr_blocking_read(b, r, 0) != o->status)
        problem(&heap, "the error does not stay");
    o->count = tr_blocking_count(b);
    if (tr_blocking_finish(b) != TR_OK)
        problem(&heap, "what was read cannot be had");
    o->rows = tr_blocking_row_count(b);
    for (size_t i = 0; i < o->rows; i++)
        o->ns += tr_blocking_row_at(b, i)->total_ns;
    tr_blocking_free(b);
}

static void read_info(struct outcome *o, tr_reader *r)
{
    tr_info *info = tr_info_new();
    o->status = TR_E_NOMEM;
    if (!info)
        return;
    while ((o->status = tr_info_read(info, r, 1000)) == TR_OK)
        ;
    if (o->status != TR_END && tr_info_read(info, r, 0) != o->status)
        problem(&heap, "the error does not stay");
    const tr_info_summary *s = tr_info_get(info);
    if (s->complete != (o->status == TR_END))
        problem(&heap, "it is not complete");
    o->count = s->events;
    o->rows = s->goroutines + s->threads + s->procs;
    tr_info_free(info);
}

static struct outcome run(int way)
{
    struct outcome o = {0};
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    if (way <= TR_BLOCKING_BY_TASK)
        read_blocking(&o, r, (tr_blocking_by)way);
    else
        read_info(&o, r);
    tr_reader_free(r);
    return o;
}

static int same(const struct outcome *a, const struct outcome *b)
{
    return a->count == b->count && a->rows == b->rows && a->ns == b->ns;
}

START_TEST(test_each)
{
    heap = (struct heap){0};
    struct outcome whole = run(_i);
    ck_assert_ptr_null(heap_problem(&heap));
    ck_assert_int_eq(whole.status, TR_END);
    ck_assert_uint_gt(whole.rows, 1);
    for (int from_then_on = 0; from_then_on <= 1; from_then_on++) {
        uint64_t n = 0, failed = 0;
        do {
            heap = (struct heap){.fail_at = ++n, .from_then_on = from_then_on};
            struct outcome o = run(_i);
            const char *wrong = heap_problem(&heap);
            if (!wrong && o.status == TR_END)
                wrong = same(&o, &whole) ? NULL : "another result";
            else if (!wrong && o.status != TR_E_NOMEM)
                wrong = "another error";
            if (!wrong && (o.count > whole.count || o.rows > whole.rows))
                wrong = "more than there is";
            failed += o.status == TR_E_NOMEM;
            if (wrong)
                ck_abort_msg("allocation %" PRIu64 "%s: %s", n,
                             from_then_on ? " and all later" : "", wrong);
        } while (heap.calls >= n); /* until none fails */
        ck_assert_uint_gt(failed, 3);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fault/analyses");
    TCase *all = tcase_create("all");
    trace = load_trace("go1.26-shop");
    tcase_set_timeout(all, 300);
    tcase_add_loop_test(all, test_each, 0, WAYS);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free_bytes(&trace);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
