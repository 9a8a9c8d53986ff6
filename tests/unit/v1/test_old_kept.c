/* Stacks of old traces that are kept when the reader and the trace's bytes are gone. Their
 * frames are those of the trace's bytes until then. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../../fault/heap.h"
#include "../../golden/kept.h"
#include "../../golden/oldtrace.h"

enum { RECORDED = 2, TRACES = RECORDED + OLD_VERSION_COUNT };

static struct bytes trace;
static tr_reader *reader;

static void load(int which)
{
    static const char *const recorded[RECORDED] = {"go1.19-legacy", "go1.21-legacy"};
    if (which < RECORDED) {
        trace = load_trace(recorded[which]);
        return;
    }
    struct oldtrace t = {0};
    old_write_all(&t, old_versions[which - RECORDED]);
    trace = (struct bytes){malloc(t.size), t.size};
    memcpy(trace.data, t.data, t.size);
    old_free(&t);
}

/* Read the trace and keep its stacks, without a look at them. */
static void read_all(const tr_allocator *allocator)
{
    const tr_event *ev;
    tr_status status;
    reader = allocator ? tr_reader_new_with(allocator) : tr_reader_new();
    ck_assert_int_eq(tr_reader_open_memory(reader, trace.data, trace.size), TR_OK);
    while ((status = tr_reader_next(reader, &ev)) == TR_OK) {
        keep(ev->stack);
        if (ev->kind == TR_KIND_STATE_TRANSITION)
            keep(ev->transition.stack);
    }
    ck_assert_int_eq(status, TR_END);
    ck_assert_int_gt(kept_count, 0);
}

/* Nothing that lies there can be taken for the trace any more. */
static void free_reader_and_trace(void)
{
    tr_reader_free(reader);
    memset(trace.data, 0xff, trace.size);
    free_bytes(&trace);
}

static uint64_t right_sum(int which)
{
    load(which);
    read_all(NULL);
    uint64_t right = sum_of_kept();
    ck_assert_uint_ne(right, 0);
    free_reader_and_trace();
    ck_assert_uint_eq(sum_of_kept(), right);
    let_go();
    return right;
}

START_TEST(test_kept)
{
    uint64_t right = right_sum(_i);
    load(_i);
    read_all(NULL);
    free_reader_and_trace();
    ck_assert_uint_eq(sum_of_kept(), right);
    let_go();
}
END_TEST

/* There is no memory while the reader is freed, but later. */
START_TEST(test_no_memory_then)
{
    struct heap heap = {0};
    const tr_allocator allocator = {heap_alloc, heap_free, &heap};
    uint64_t lost = 0, right = right_sum(_i);
    for (uint64_t n = 1;; n++) {
        load(_i);
        heap = (struct heap){0};
        read_all(&allocator);
        heap.fail_at = heap.calls + n;
        heap.from_then_on = 1;
        free_reader_and_trace();
        bool all = heap.calls < heap.fail_at; /* it got all it needed */
        heap.fail_at = 0;
        uint64_t sum = sum_of_kept();
        ck_assert(sum == right || (!all && sum == 0));
        lost += sum == 0;
        tr_frame f;
        for (int k = 0; k < kept_count; k++)
            ck_assert_int_eq(tr_stack_frame(kept[k], 0, &f), sum ? TR_OK : TR_E_NOMEM);
        let_go();
        ck_assert_ptr_null(heap_problem(&heap));
        if (all)
            break;
    }
    ck_assert_uint_gt(lost, 0);
}
END_TEST

static void *ask(void *sum)
{
    *(uint64_t *)sum = sum_of_kept();
    return NULL;
}

/* While threads ask for frames, reader and trace go. */
START_TEST(test_threads)
{
    enum { ASKING = 3, ROUNDS = 30 };
    uint64_t right = right_sum(_i);
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t threads[ASKING];
        uint64_t sums[ASKING];
        load(_i);
        read_all(NULL);
        for (int i = 0; i < ASKING; i++)
            ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, &sums[i]), 0);
        free_reader_and_trace();
        for (int i = 0; i < ASKING; i++) {
            ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
            ck_assert_uint_eq(sums[i], right);
        }
        let_go();
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("v1/old_kept");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, test_kept, 0, TRACES);
    tcase_add_loop_test(all, test_no_memory_then, 0, TRACES);
    tcase_add_loop_test(all, test_threads, 0, RECORDED);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
