/* Lack of memory while a trace of Go 1.5 to 1.21 is read: each allocation fails once, alone and
 * with all later ones, of every version; whole ones, and what is left of broken ones. And how
 * much is taken where much is open at a time. */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>

#include "../../fault/heap.h"
#include "../../golden/oldtrace.h"

static struct oldtrace t;
static struct heap heap;

static void teardown(void)
{
    old_free(&t);
}

static const struct scenario {
    const char *name;
    bool salvages, cut, futile;
} scenarios[] = {
    {"whole", false, false, false},          {"salvaged", true, false, false},
    {"cut, salvaged", true, true, false},    {"futile", false, false, true},
    {"futile, salvaged", true, false, true},
};
enum { SCENARIO_COUNT = sizeof scenarios / sizeof *scenarios };

struct outcome {
    tr_status status;
    uint64_t events, frames, lacking, texts; /* lacking: frames that found no memory */
};

static void read_event(const tr_event *ev, struct outcome *out)
{
    char text[1000];
    tr_frame frame;
    out->events++;
    for (uint32_t i = 0; i < tr_stack_frame_count(ev->stack); i++)
        *(tr_stack_frame(ev->stack, i, &frame) == TR_OK ? &out->frames : &out->lacking) += 1;
    out->texts += tr_event_text(ev, text, sizeof text);
}

static struct outcome run(const struct scenario *how)
{
    const tr_allocator allocator = {heap_alloc, heap_free, &heap};
    struct outcome out = {.status = TR_E_NOMEM};
    const tr_event *ev;
    tr_reader *r = tr_reader_new_with(&allocator);
    if (!r)
        return out;
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_SALVAGE, how->salvages), TR_OK);
    out.status = tr_reader_open_memory(r, t.data, how->cut ? t.size * 2 / 3 : t.size);
    while (out.status == TR_OK && (out.status = tr_reader_next(r, &ev)) == TR_OK)
        read_event(ev, &out);
    if (tr_reader_next(r, &ev) != out.status)
        problem(&heap, "the end does not stay");
    if (tr_reader_error(r)->code != (out.status == TR_END ? TR_OK : out.status))
        problem(&heap, "the error object says something else");
    tr_reader_free(r);
    return out;
}

/* Texts are made without the cache of stacks' texts, if there is no memory for one. */
static bool same(const struct outcome *a, const struct outcome *b)
{
    return a->status == b->status && a->events == b->events && a->frames == b->frames &&
           a->lacking == b->lacking && a->texts == b->texts;
}

START_TEST(test_each)
{
    const struct scenario *how = &scenarios[_i % SCENARIO_COUNT];
    const unsigned version = old_versions[_i / SCENARIO_COUNT];
    if (how->futile)
        old_write_futile(&t, version);
    else
        old_write_all(&t, version);
    heap = (struct heap){0};
    const struct outcome whole = run(how);
    ck_assert_ptr_null(heap_problem(&heap));
    ck_assert_int_ne(whole.status, TR_E_NOMEM);
    ck_assert_uint_gt(whole.events, 3);
    for (int from_then_on = 0; from_then_on <= 1; from_then_on++) {
        uint64_t n = 0, failed = 0;
        do {
            heap = (struct heap){.fail_at = ++n, .from_then_on = from_then_on};
            const struct outcome out = run(how);
            const char *wrong = heap_problem(&heap);
            if (!wrong && out.status != TR_E_NOMEM && !same(&out, &whole))
                wrong = "another result";
            if (!wrong && (out.events > whole.events || out.frames > whole.frames))
                wrong = "more than there is";
            failed += out.status == TR_E_NOMEM;
            if (wrong)
                ck_abort_msg("go 1.%u, %s, allocation %" PRIu64 "%s: %s", version, how->name, n,
                             from_then_on ? " and all later" : "", wrong);
        } while (heap.calls >= n); /* until none fails */
        ck_assert_uint_gt(failed, 10);
    }
}
END_TEST

/* --- Much that is open --- */

/* Nothing that grows with what is open is there twice, not even while it grows. */
static const struct open {
    const char *what;
    unsigned bytes_each; /* with those on the tape */
} opens[] = {{"tasks", 48}, {"regions", 34}, {"batches", 20}};
enum { OPEN_COUNT = sizeof opens / sizeof *opens, MANY = 100000 };

static void write_open(int what)
{
    old_begin_running(&t, 21);
    for (uint64_t i = 1; i <= MANY; i++) {
        if (what == 0)
            old_event(&t, OLD_TASK_CREATE, 1, i, i / 2, 1 + i % 2, 0);
        else if (what == 1)
            old_event(&t, OLD_REGION, 1, 0, 0, 1, 0);
        else
            old_batch(&t, 0, 0, 200);
    }
    old_string(&t, 1, "even");
    old_string(&t, 2, "odd");
    old_frequency(&t, 1000000000);
}

START_TEST(test_open)
{
    const uint64_t more = 300000; /* whatever is read */
    const tr_event *ev;
    tr_memory_use use;
    tr_status status;
    write_open(_i);
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_reader_open_memory(r, t.data, t.size), TR_OK);
    while ((status = tr_reader_next(r, &ev)) == TR_OK)
        continue;
    ck_assert_int_eq(status, TR_END);
    tr_reader_memory(r, &use);
    if (use.peak_bytes > more + (uint64_t)opens[_i].bytes_each * MANY)
        ck_abort_msg("%s: %" PRIu64 " bytes each", opens[_i].what, (use.peak_bytes - more) / MANY);
    if (_i == 0)
        ck_assert_uint_gt(use.state_bytes, UINT64_C(16) * MANY);
    tr_reader_free(r);
}
END_TEST

/* What the end of a task says is what its beginning did. */
START_TEST(test_tasks)
{
    const tr_event *ev;
    tr_status status;
    uint64_t begun = 0, ended = MANY;
    old_begin_running(&t, 21);
    for (uint64_t i = 1; i <= MANY; i++)
        old_event(&t, OLD_TASK_CREATE, 1, i, i / 2, 1 + i % 2, 0);
    for (uint64_t i = MANY; i > 0; i--)
        old_event(&t, OLD_TASK_END, 1, i, 0);
    old_string(&t, 1, "even");
    old_string(&t, 2, "odd");
    old_frequency(&t, 1000000000);
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_reader_open_memory(r, t.data, t.size), TR_OK);
    while ((status = tr_reader_next(r, &ev)) == TR_OK) {
        bool begins = ev->kind == TR_KIND_TASK_BEGIN;
        if (!begins && ev->kind != TR_KIND_TASK_END)
            continue;
        uint64_t i = begins ? ++begun : ended--;
        uint64_t parent = begins && i < 2 ? TR_NO_TASK : i / 2;
        if (ev->task.id != i || ev->task.parent != parent || ev->task.type.len != 4 - i % 2)
            ck_abort_msg("task %" PRIu64 ", parent %" PRIu64, ev->task.id, ev->task.parent);
    }
    ck_assert_int_eq(status, TR_END);
    ck_assert_uint_eq(begun, MANY);
    ck_assert_uint_eq(ended, 0);
    tr_reader_free(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("v1/old_memory");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, NULL, teardown);
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, test_each, 0, SCENARIO_COUNT * OLD_VERSION_COUNT);
    tcase_add_loop_test(all, test_open, 0, OPEN_COUNT);
    tcase_add_test(all, test_tasks);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
