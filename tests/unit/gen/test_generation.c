/* Reading generations: what is in one, when it is complete, what ends it, limits. The
 * traces are in text form, and pushed byte by byte where it matters when. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../golden/textform.h"
#include "gen/generation.h"

static struct tri_mem *mem;
static struct tri_err err;
static struct tri_source source;
static struct tri_gen_reader reader;
static struct textform trace;
static unsigned version;
static size_t pushed;

static void setup(void)
{
    mem = tri_mem_new(NULL);
    tri_err_init(&err);
    tri_source_init(&source, mem, &err);
    reader = (struct tri_gen_reader){
        .source = &source,
        .mem = mem,
        .err = &err,
        .limits = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
    };
}

static void teardown(void)
{
    tri_gen_reader_close(&reader);
    tri_source_close(&source);
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    tri_mem_unref(mem);
    textform_free(&trace);
}

static void start(const char *text)
{
    bool right = textform_convert(&trace, text, strlen(text));
    ck_assert_msg(right, "line %u: %s", trace.line, trace.error);
    pushed = 0;
}

static void read_header(void)
{
    ck_assert_int_eq(tri_wire_read_header(&source, &version), TR_OK);
    reader.version = version;
}

/* All of it at once, from memory. */
static void open_memory(const char *text)
{
    start(text);
    ck_assert_int_eq(tri_source_open_memory(&source, trace.data, trace.size), TR_OK);
    read_header();
}

static void push(size_t n)
{
    ck_assert_int_eq(tri_source_feed(&source, trace.data + pushed, n), TR_OK);
    pushed += n;
}

/* Push byte by byte until there is an answer; *at is where the last byte was. */
static tr_status read_pushed(struct tri_generation **g, size_t *at)
{
    tr_status status;
    while ((status = tri_gen_read(&reader, g)) == TR_NEED_INPUT) {
        if (pushed == trace.size)
            ck_assert_int_eq(tri_source_feed_end(&source), TR_OK);
        else
            push(1);
    }
    *at = pushed;
    return status;
}

static const char whole[] = "Trace Go1.26\n"
                            "EventBatch gen=3 m=5 time=70 size=auto\n"
                            "ProcStop dt=1\n"
                            "EventBatch gen=3 m=2 time=40 size=auto\n"
                            "ProcStop dt=2\n"
                            "ProcStop dt=3\n"
                            "ExperimentalBatch exp=1 gen=3 m=8 time=90\n"
                            "\tdata=\"abc\"\n"
                            "EventBatch gen=3 m=-1 time=50 size=auto\n"
                            "Sync\n"
                            "Frequency freq=500000000\n"
                            "ClockSnapshot dt=10 mono=2 sec=3 nsec=4\n"
                            "EventBatch gen=3 m=5 time=60 size=auto\n"
                            "ProcStop dt=4\n"
                            "EventBatch gen=3 m=-1 time=1000 size=auto\n"
                            "CPUSamples\n"
                            "CPUSample time=30 m=1 p=2 g=0 stack=9\n"
                            "CPUSample time=20 m=-1 p=-1 g=4 stack=0\n"
                            "EventBatch gen=3 m=-1 time=0 size=auto\n"
                            "Strings\n"
                            "String id=1\n"
                            "\tdata=\"s\"\n"
                            "EndOfGeneration\n";

static void check_whole(const struct tri_generation *g)
{
    ck_assert_uint_eq(g->number, 3);
    ck_assert_uint_eq(g->offset, 16);
    ck_assert_uint_eq(g->tables->generation, 3);
    /* 0 counts as no time yet: the last batch's, but none follows. */
    ck_assert_uint_eq(g->min_time, 0);
    /* Threads in the order of their first batch; their batches in that of the file. */
    ck_assert_uint_eq(g->thread_count, 2);
    ck_assert_uint_eq(g->batch_count, 3);
    ck_assert_int_eq(g->threads[0].thread, 5);
    ck_assert_int_eq(g->threads[1].thread, 2);
    const struct tri_batch *b = &g->batches[g->threads[0].first - 1];
    ck_assert_uint_eq(b->time, 70);
    ck_assert_uint_eq(b->size, 2);
    ck_assert_uint_eq(b->offset, 16 + 5);
    b = &g->batches[b->next - 1];
    ck_assert_uint_eq(b->time, 60);
    ck_assert_uint_eq(b->next, 0);
    ck_assert_ptr_eq(b, &g->batches[g->threads[0].last - 1]);
    b = &g->batches[g->threads[1].first - 1];
    ck_assert_uint_eq(b->time, 40);
    ck_assert_uint_eq(b->size, 4);
    ck_assert_uint_eq(b->next, 0);
    ck_assert(!b->data || memcmp(b->data, "\x0b\x02\x0b\x03", 4) == 0);
    /* Samples by time, in nanoseconds; goroutine 0 is none. */
    ck_assert_uint_eq(g->sample_count, 2);
    ck_assert_int_eq(g->sample_order[0].time, 40);
    ck_assert_int_eq(g->sample_order[1].time, 60);
    const struct tri_sample *s = &g->samples[g->sample_order[0].index];
    ck_assert_int_eq(s->thread, TR_NONE);
    ck_assert_int_eq(s->proc, TR_NONE);
    ck_assert_int_eq(s->goroutine, 4);
    ck_assert_uint_eq(s->stack_id, 0);
    s = &g->samples[g->sample_order[1].index];
    ck_assert_int_eq(s->thread, 1);
    ck_assert_int_eq(s->proc, 2);
    ck_assert_int_eq(s->goroutine, TR_NONE);
    ck_assert_uint_eq(s->stack_id, 9);
    ck_assert_int_eq(trace.data[s->offset], TRI_EV_CPUSample);
    /* Clock: 50 ticks of the batch and 10 more, 2 ns each. */
    ck_assert(g->tables->ns_per_tick == 2.0);
    ck_assert_int_eq(g->tables->clock.trace_ns, 120);
    ck_assert_uint_eq(g->tables->experimental_count, 1);
    const struct tri_experimental *x = g->tables->experimental;
    ck_assert_int_eq(x->number, 1);
    ck_assert_int_eq(x->thread, 8);
    ck_assert_uint_eq(x->data_bytes, 3);
    ck_assert_int_eq(trace.data[x->offset], TRI_EV_ExperimentalBatch);
    ck_assert_mem_eq(trace.data + x->data_offset, "abc", 3);
    ck_assert(!x->data || memcmp(x->data, "abc", 3) == 0);
    ck_assert_uint_eq(g->tables->string_ids.count, 1);
    ck_assert_uint_eq(g->bytes, trace.size - 16);
}

START_TEST(test_whole)
{
    struct tri_generation *g;
    open_memory(whole);
    ck_assert_int_eq(tri_gen_read(&reader, &g), TR_OK);
    check_whole(g);
    tri_generation_free(g);
    ck_assert_int_eq(tri_gen_read(&reader, &g), TR_END);
    ck_assert_ptr_null(g);
    ck_assert_int_eq(tri_gen_read(&reader, &g), TR_END);
}
END_TEST

/* It is complete with its end record, and not before. */
START_TEST(test_whole_pushed)
{
    struct tri_generation *g;
    size_t at;
    start(whole);
    push(16);
    read_header();
    ck_assert_int_eq(read_pushed(&g, &at), TR_OK);
    ck_assert_uint_eq(at, trace.size);
    check_whole(g);
    tri_generation_free(g);
    ck_assert_int_eq(tri_gen_read(&reader, &g), TR_NEED_INPUT);
    ck_assert_int_eq(read_pushed(&g, &at), TR_END);
}
END_TEST

static const char *const two[] = {
    "Trace Go1.22\n"
    "EventBatch gen=1 m=-1 time=0 size=auto\n"
    "Frequency freq=1000000000\n"
    "EventBatch gen=1 m=1 time=0 size=auto\n"
    "ProcStop dt=1\n"
    ">EventBatch gen=2 m=300 time=0 size=auto\n"
    "Frequency freq=1000000000\n",
    "Trace Go1.25\n"
    "EventBatch gen=1 m=-1 time=0 size=auto\n"
    "Sync\n"
    "Frequency freq=1000000000\n"
    "ClockSnapshot dt=10 mono=2 sec=3 nsec=4\n"
    "EventBatch gen=1 m=1 time=0 size=auto\n"
    "ProcStop dt=1\n"
    ">ExperimentalBatch exp=1 gen=2 m=3 time=0\n"
    "\tdata=\"\"\n"
    "EventBatch gen=2 m=-1 time=0 size=auto\n"
    "Sync\n"
    "Frequency freq=1000000000\n"
    "ClockSnapshot dt=10 mono=2 sec=3 nsec=4\n",
};

/* Before Go 1.26 the head of the next generation's first batch ends one. */
START_TEST(test_next_one_ends_it)
{
    struct tri_generation *g;
    size_t at;
    start(two[_i]);
    push(16);
    read_header();
    ck_assert_int_eq(read_pushed(&g, &at), TR_OK);
    ck_assert_uint_eq(g->number, 1);
    /* The heads: EventBatch, generation, thread of two bytes, time, size;
     * ExperimentalBatch, experiment, generation, thread, time, size. */
    ck_assert_uint_eq(at, trace.mark + 6);
    ck_assert_uint_eq(source.offset, trace.mark); /* it is not taken */
    ck_assert_uint_eq(g->bytes, trace.mark - 16);
    tri_generation_free(g);
    ck_assert_int_eq(read_pushed(&g, &at), TR_OK);
    ck_assert_uint_eq(g->number, 2);
    ck_assert_uint_eq(g->offset, trace.mark);
    ck_assert_uint_eq(at, trace.size);
    tri_generation_free(g);
    ck_assert_int_eq(tri_gen_read(&reader, &g), TR_END);
}
END_TEST

/* What is broken behind a generation that has no end record comes after it. */
START_TEST(test_error_behind)
{
    struct tri_generation *g;
    open_memory("Trace Go1.22\n"
                "EventBatch gen=1 m=-1 time=0 size=auto\n"
                "Frequency freq=1000000000\n"
                "EndBatch\n"
                ">Bytes 7f\n");
    ck_assert_int_eq(tri_gen_read(&reader, &g), TR_OK);
    ck_assert_uint_eq(g->number, 1);
    ck_assert_int_eq(err.error.code, TR_OK);
    tri_generation_free(g);
    ck_assert_int_eq(tri_gen_read(&reader, &g), TR_E_CORRUPT);
    ck_assert_int_eq(err.error.code, TR_E_CORRUPT);
    ck_assert_uint_eq(err.error.offset, trace.mark);
    ck_assert_ptr_eq(err.error.message, err.message);
    ck_assert_int_eq(tri_gen_read(&reader, &g), TR_E_CORRUPT);
}
END_TEST

/* Each with the value that is enough, and with one less. */
START_TEST(test_limits)
{
    struct tri_generation *g;
    bool enough = _i % 2 == 0;
    open_memory(whole);
    size_t tables = 0;
    switch (_i / 2) {
    case 0:
        reader.limits.generation_bytes = trace.size - 16 - !enough;
        break;
    case 1:
        /* Sync: 1 + 6 + 5; samples: 1 + 2 records; strings: 1 + 4 bytes. */
        tables = (1 + 6 + 5) + (1 + 6 + 24) + (1 + 4);
        reader.limits.table_bytes = tables - !enough;
        break;
    default:
        reader.limits.threads = enough ? 2 : 1;
    }
    ck_assert_int_eq(tri_gen_read(&reader, &g), enough ? TR_OK : TR_E_LIMIT);
    ck_assert_int_eq(err.error.code, enough ? TR_OK : TR_E_LIMIT);
    if (_i / 2 == 1 && enough)
        ck_assert_uint_eq(g->table_bytes, tables);
    tri_generation_free(g);
}
END_TEST

/* A generation that is waited for is given back, whatever it holds. */
START_TEST(test_abandoned)
{
    struct tri_generation *g;
    start(whole);
    push(16);
    read_header();
    push(trace.size - 16 - 1);
    ck_assert_int_eq(tri_gen_read(&reader, &g), TR_NEED_INPUT);
    ck_assert_ptr_nonnull(reader.partial);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gen/generation");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, test_whole);
    tcase_add_test(all, test_whole_pushed);
    tcase_add_loop_test(all, test_next_one_ends_it, 0, 2);
    tcase_add_test(all, test_error_behind);
    tcase_add_loop_test(all, test_limits, 0, 6);
    tcase_add_test(all, test_abandoned);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
