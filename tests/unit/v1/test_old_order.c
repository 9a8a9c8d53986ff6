/* Traces of Go 1.5 to 1.21 whose records are in an order in which no program writes them: what
 * counts first then, or last, and what has numbers that go back. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../fault/heap.h"
#include "../../golden/oldtrace.h"
#include "../../golden/support.h"

static struct oldtrace t;
static tr_reader *r;
static const tr_event *ev;

static void setup(void)
{
    r = tr_reader_new();
}

static void teardown(void)
{
    tr_reader_free(r);
    old_free(&t);
}

/* Read all; what HeapAlloc says, with its goroutine and time, comes into `heap`. */
static tr_status read_heap(char *heap, size_t size)
{
    tr_status status;
    size_t len = 0;
    heap[0] = '\0';
    ck_assert_int_eq(tr_reader_open_memory(r, t.data, t.size), TR_OK);
    while ((status = tr_reader_next(r, &ev)) == TR_OK)
        if (ev->kind == TR_KIND_METRIC && ev->metric.value.u64 < 100)
            len += (size_t)snprintf(heap + len, size - len, "%" PRIu64 ":G%" PRId64 "@%" PRId64 " ",
                                    ev->metric.value.u64, ev->goroutine, ev->time_ns);
    return status;
}

/* --- Tables --- */

/* Two clocks, and two stacks with the same ID: before Go 1.11 those that are last in the file
 * count, later those of the batch that is begun last. */
START_TEST(test_last_counts)
{
    const unsigned version = old_versions[_i];
    const bool by_file = version < 11;
    tr_frame frame;
    old_begin(&t, version);
    old_batch(&t, 3, 0, 0);
    if (version >= 7) {
        old_string(&t, 1, "main.f");
        old_string(&t, 2, "/a.go");
    }
    old_stack(&t, 1, 0x30, 1, 2, 3);
    old_frequency(&t, 1000000);
    old_batch(&t, 0, 0, 100);
    old_event(&t, OLD_GO_CREATE, 0, 1, 0, 0);
    old_event(&t, OLD_GOMAXPROCS, 10, 4, 0);
    old_event(&t, OLD_GOMAXPROCS, 10, 5, 1);
    old_stack(&t, 1, 0x10, 1, 2, 3);
    old_frequency(&t, 1000000000);
    ck_assert_int_eq(tr_reader_open_memory(r, t.data, t.size), TR_OK);
    while (tr_reader_next(r, &ev) == TR_OK && ev->kind != TR_KIND_METRIC)
        ;
    ck_assert_int_eq(ev->kind, TR_KIND_METRIC);
    ck_assert_int_eq(ev->time_ns, by_file ? 20 : 20000);
    ck_assert_int_eq(tr_stack_frame(ev->stack, 0, &frame), TR_OK);
    ck_assert_uint_eq(frame.pc, by_file ? 0x10 : 0x30);
}
END_TEST

/* --- Sequence numbers of header 5 --- */

static const struct {
    const char *heap;
    tr_status status;
} sequences[] = {
    {"1:G1@50 2:G1@60 ", TR_END},
    {"1:G1@40 2:G1@50 ", TR_END},
    /* What the proc runs follows from the order of the records. */
    {"1:G-1@50 3:G1@80 ", TR_END},
    {"", TR_E_ORDER},
    {"1:G-1@39 2:G1@60 ", TR_END},
    {"", TR_E_ORDER},
    {"", TR_E_ORDER},
};

static void write_sequence(int which)
{
    old_begin_running(&t, 5); /* numbers 1 to 4, the last at 130 */
    old_frequency(&t, 1000000000);
    switch (which) {
    case 0: /* batches */
        old_batch(&t, 0, 5, 160);
        old_event(&t, OLD_HEAP_ALLOC, 0, 2);
        old_batch(&t, 0, 4, 150);
        old_event(&t, OLD_HEAP_ALLOC, 0, 1);
        break;
    case 1: /* events of a batch */
        old_record(&t, OLD_HEAP_ALLOC, (uint64_t[]){2, 20, 2}, 3);
        old_record(&t, OLD_HEAP_ALLOC, (uint64_t[]){UINT64_MAX, UINT64_MAX - 9, 1}, 3);
        break;
    case 2:
        old_batch(&t, 0, 8, 180);
        old_event(&t, OLD_HEAP_ALLOC, 0, 3);
        old_event(&t, OLD_GO_SCHED, 0, 0);
        old_batch(&t, 0, 5, 150);
        old_event(&t, OLD_HEAP_ALLOC, 0, 1);
        break;
    case 3: /* times are not in order then */
        old_batch(&t, 0, 5, 140);
        old_event(&t, OLD_HEAP_ALLOC, 0, 2);
        old_batch(&t, 0, 4, 150);
        old_event(&t, OLD_HEAP_ALLOC, 0, 1);
        break;
    case 4: /* returns from system calls have numbers and times of their own */
        old_batch(&t, 0, 7, 160);
        old_event(&t, OLD_HEAP_ALLOC, 0, 2);
        old_event(&t, OLD_GO_SYS_EXIT, 10, 1, 7, 140);
        old_event(&t, OLD_GO_START, 10, 1);
        old_batch(&t, 0, 4, 130);
        old_plain(&t, OLD_GO_SYS_BLOCK, 8);
        old_batch(&t, 1, 5, 139);
        old_event(&t, OLD_HEAP_ALLOC, 0, 1);
        break;
    case 5: /* a wakeup that came to nothing is left out, but its times count */
        old_event(&t, OLD_GO_CREATE, 0, 2, 0, 0);
        old_event(&t, OLD_GO_BLOCK_SYNC, 0, 0);
        old_event(&t, OLD_GO_START, 0, 2);
        old_event(&t, OLD_GO_UNBLOCK, 10, 1, 0);
        old_event(&t, OLD_GO_SCHED, 10, 0);
        old_event(&t, OLD_GO_START, 0, 1);
        old_plain(&t, OLD_FUTILE_WAKEUP, 10);
        old_event(&t, OLD_GO_BLOCK_SYNC, UINT64_MAX, 0);
        old_event(&t, OLD_HEAP_ALLOC, 10, 1);
        break;
    default: /* the same code, for another reason */
        old_frequency(&t, 0);
        break;
    }
}

enum { SEQUENCE_COUNT = sizeof sequences / sizeof *sequences };

START_TEST(test_sequence)
{
    char heap[256];
    write_sequence(_i);
    ck_assert_int_eq(read_heap(heap, sizeof heap), sequences[_i].status);
    ck_assert_str_eq(heap, sequences[_i].heap);
}
END_TEST

/* So many procs, and so many events, that all is noted that can be. */
START_TEST(test_many)
{
    enum { PROCS = 300, ROUNDS = 40 };
    tr_status status;
    int64_t time = -1;
    uint64_t number = 100;
    old_begin_running(&t, 5);
    old_frequency(&t, 1000000000);
    for (uint64_t round = ROUNDS; round-- > 0;)
        for (uint64_t p = 0; p < PROCS; p++) {
            uint64_t n = round * PROCS + p;
            old_batch(&t, p, 4 + n, 200 + n * 10000);
            old_event(&t, OLD_HEAP_ALLOC, 0, 100 + n);
        }
    ck_assert_int_eq(tr_reader_open_memory(r, t.data, t.size), TR_OK);
    while ((status = tr_reader_next(r, &ev)) == TR_OK) {
        ck_assert_int_gt(ev->time_ns, time - (ev->kind == TR_KIND_SYNC));
        time = ev->time_ns;
        if (ev->kind != TR_KIND_METRIC)
            continue;
        ck_assert_uint_eq(ev->metric.value.u64, number);
        ck_assert_int_eq(ev->proc, (int64_t)((number - 100) % PROCS));
        ck_assert_int_eq(ev->goroutine, ev->proc == 0 ? 1 : -1);
        number++;
    }
    ck_assert_int_eq(status, TR_END);
    ck_assert_uint_eq(number, 100 + PROCS * ROUNDS);
}
END_TEST

/* --- Returns from system calls --- */

/* Read all; the returns, and what HeapAlloc says, come into `text` with their times. */
static tr_status read_exits(char *text, size_t size)
{
    tr_status status;
    size_t len = 0;
    text[0] = '\0';
    ck_assert_int_eq(tr_reader_open_memory(r, t.data, t.size), TR_OK);
    while ((status = tr_reader_next(r, &ev)) == TR_OK)
        if (ev->kind == TR_KIND_STATE_TRANSITION && ev->transition.from == TR_GO_SYSCALL &&
            ev->transition.to == TR_GO_RUNNABLE)
            len += (size_t)snprintf(text + len, size - len, "G%" PRId64 "@%" PRId64 " ",
                                    ev->transition.id, ev->time_ns);
        else if (ev->kind == TR_KIND_METRIC && ev->metric.value.u64 > 99)
            len += (size_t)snprintf(text + len, size - len, "heap@%" PRId64 " ", ev->time_ns);
    return status;
}

/* Goroutines up to `count` are in system calls that block, until 400 at most. */
static void begin_calls(unsigned version, uint64_t count)
{
    old_begin_running(&t, version);
    for (uint64_t g = 2; g <= count + 1; g++)
        old_event(&t, OLD_GO_CREATE, 0, g, 0, 0);
    for (uint64_t g = 1; g <= count; g++) {
        old_event(&t, OLD_GO_SYS_CALL, 10, 0);
        old_plain(&t, OLD_GO_SYS_BLOCK, 10);
        old_event_of(&t, OLD_GO_START, 10, (uint64_t[]){g + 1, 1}, version < 7 ? 1 : 2);
    }
}

/* They are sorted by their own times, with header 5 by their own numbers; those with the same
 * stay as they are. */
static const struct {
    unsigned version;
    unsigned count;
    uint64_t ts[9], seqs[9]; /* of goroutines 1, 2... in the order in which they tell it */
    const char *text;
} exits[] = {
    {21, 2, {605, 595}, {0}, "G2@495 G1@505 "},
    {11, 3, {630, 620, 610}, {0}, "G3@510 G2@520 G1@530 "},
    {21, 4, {640, 630, 620, 610}, {0}, "G4@510 G3@520 G2@530 G1@540 "},
    {19, 4, {600, 500, 600, 500}, {0}, "G2@400 G4@401 G1@500 G3@501 "},
    {7, 5, {510, 520, 500, 530, 505}, {0}, "G3@400 G5@405 G1@410 G2@420 G4@430 "},
    {21,
     9,
     {590, 580, 570, 560, 550, 540, 530, 520, 510},
     {0},
     "G9@410 G8@420 G7@430 G6@440 G5@450 G4@460 G3@470 G2@480 G1@490 "},
    {5, 2, {605, 595}, {51, 50}, "G2@495 G1@505 "},
    {5, 5, {540, 530, 520, 510, 500}, {54, 53, 52, 51, 50}, "G5@400 G4@410 G3@420 G2@430 G1@440 "},
    {5, 2, {595, 605}, {51, 50}, NULL}, /* the times fall */
};
enum { EXITS_COUNT = (int)(sizeof exits / sizeof *exits) };

static void write_exits(int which)
{
    const unsigned version = exits[which].version;
    begin_calls(version, exits[which].count);
    old_batch(&t, 0, 100, 1000);
    for (unsigned i = 0; i < exits[which].count; i++)
        old_event(&t, OLD_GO_SYS_EXIT, 1, i + 1, version < 7 ? exits[which].seqs[i] : 2,
                  exits[which].ts[i]);
    old_frequency(&t, 1000000000);
}

START_TEST(test_exits)
{
    char text[256];
    write_exits(_i);
    ck_assert_int_eq(read_exits(text, sizeof text), exits[_i].text ? TR_END : TR_E_ORDER);
    ck_assert_str_eq(text, exits[_i].text ? exits[_i].text : "");
}
END_TEST

/* Of a return and another event at the same time that comes first which is told first. */
static const struct {
    bool exit_first;
    uint64_t ts, ticks; /* of the return, of the other */
    const char *text;
} ties[] = {
    {true, 500, 500, "G1@400 heap@401 "},  {true, 550, 550, "G1@450 heap@451 "},
    {true, 600, 550, "heap@450 G1@500 "},  {false, 500, 500, "heap@400 G1@401 "},
    {false, 550, 550, "heap@450 G1@451 "}, {false, 540, 550, "G1@440 heap@450 "},
};
enum { TIE_COUNT = (int)(sizeof ties / sizeof *ties) };

START_TEST(test_exit_ties)
{
    char text[256];
    begin_calls(21, 1);
    old_batch(&t, 0, 0, 500);
    if (ties[_i].exit_first)
        old_event(&t, OLD_GO_SYS_EXIT, 0, 1, 2, ties[_i].ts);
    old_event(&t, OLD_HEAP_ALLOC, ties[_i].ticks - 500, 100);
    if (!ties[_i].exit_first)
        old_event(&t, OLD_GO_SYS_EXIT, 100, 1, 2, ties[_i].ts);
    old_frequency(&t, 1000000000);
    ck_assert_int_eq(read_exits(text, sizeof text), TR_END);
    ck_assert_str_eq(text, ties[_i].text);
}
END_TEST

/* --- A proc with the number that the reference has for CPU samples --- */

START_TEST(test_proc_of_samples)
{
    enum { SAMPLES_P = 1000005 };
    char heap[256];
    old_begin_running(&t, 21);
    old_batch(&t, SAMPLES_P, 0, 150);
    old_event(&t, OLD_HEAP_ALLOC, 0, 1);
    old_event(&t, OLD_HEAP_ALLOC, _i == 0 ? 0 : 30, 2);
    old_batch(&t, SAMPLES_P, 0, 160);
    old_event(&t, OLD_HEAP_ALLOC, 0, 3);
    old_frequency(&t, 1000000000);
    /* It is like any other: its batches come one after the other. */
    ck_assert_int_eq(read_heap(heap, sizeof heap), _i == 0 ? TR_END : TR_E_ORDER);
    ck_assert_str_eq(heap, _i == 0 ? "1:G-1@50 2:G-1@51 3:G-1@60 " : "");
}
END_TEST

/* --- A proc with the number that the reference has for timers */

/* Before Go 1.11 who is woken there was woken by a timer, even if the network blocked it, be the
 * check made while events are merged or, as with a futile wakeup, behind. */
START_TEST(test_proc_of_timers)
{
    enum { TIMERS_P = 1000001, NETWORK_P };
    const unsigned version = old_versions[_i / 2], seqs = version >= 7;
    int64_t proc = 0;
    old_begin(&t, version);
    old_batch(&t, TIMERS_P, 0, 100);
    old_event(&t, OLD_GO_CREATE, 0, 1, 0, 0);
    old_event(&t, OLD_GO_CREATE, 0, 2, 0, 0);
    old_event(&t, OLD_GOMAXPROCS, 10, 4, 0);
    old_event_of(&t, OLD_GO_START, 10, (uint64_t[]){1, 1}, 1 + seqs);
    old_event(&t, OLD_GO_BLOCK_NET, 10, 0);
    old_event_of(&t, OLD_GO_START, 10, (uint64_t[]){2, 1}, 1 + seqs);
    old_event_of(&t, OLD_GO_UNBLOCK, 10, (uint64_t[]){1, 2 * seqs, 0}, 2 + seqs);
    if (_i % 2)
        old_plain(&t, OLD_FUTILE_WAKEUP, 10);
    old_frequency(&t, 1000000000);
    ck_assert_int_eq(tr_reader_open_memory(r, t.data, t.size), TR_OK);
    while (tr_reader_next(r, &ev) == TR_OK)
        if (ev->kind == TR_KIND_STATE_TRANSITION && ev->transition.from == TR_GO_WAITING &&
            ev->transition.to == TR_GO_RUNNABLE)
            proc = ev->proc;
    ck_assert_int_eq(proc, version < 11 ? TIMERS_P : NETWORK_P);
}
END_TEST

/* --- Lack of memory --- */

/* Procs that wait, each for a goroutine of its own, and then for one that all run in turn, the
 * last proc first. Each batch has a string. */
static void write_waiting(void)
{
    enum { PROCS = 100 };
    old_begin(&t, 21);
    for (uint64_t p = 1; p <= PROCS; p++) {
        old_batch(&t, p, 0, 10);
        old_string(&t, p, "its own");
        if (p == PROCS) {
            old_event(&t, OLD_GOMAXPROCS, 0, 4, 0);
            for (uint64_t g = 1; g <= PROCS + 1; g++)
                old_event(&t, OLD_GO_CREATE, 0, g, 0, 0);
        }
        old_event(&t, OLD_GO_START, 0, p, 1);
        old_event(&t, OLD_GO_SCHED, 0, 0);
        old_batch(&t, p, 0, 20);
        old_string(&t, PROCS + p, "that of all");
        old_event(&t, OLD_GO_START, 0, PROCS + 1, PROCS + 1 - p);
        old_event(&t, OLD_GO_SCHED, 0, 0);
    }
    old_frequency(&t, 1000000000);
}

static tr_status read_with(struct heap *heap)
{
    const tr_allocator allocator = {heap_alloc, heap_free, heap};
    tr_reader *reader = tr_reader_new_with(&allocator);
    if (!reader)
        return TR_E_NOMEM;
    tr_status status = tr_reader_open_memory(reader, t.data, t.size);
    while (status == TR_OK)
        status = tr_reader_next(reader, &ev);
    ck_assert_int_eq(tr_reader_next(reader, &ev), status);
    ck_assert_int_eq(tr_reader_error(reader)->code, status == TR_END ? TR_OK : status);
    tr_reader_free(reader);
    return status;
}

/* Any allocation fails, once or from then on. */
START_TEST(test_memory)
{
    struct heap heap;
    const int which = _i / 2;
    if (which == 0)
        write_waiting();
    else if (which == 1)
        write_sequence(1);
    else
        write_exits(which == 2 ? 5 : 7);
    uint64_t fail_at = 0;
    do {
        heap = (struct heap){.fail_at = ++fail_at, .from_then_on = _i % 2};
        tr_status status = read_with(&heap);
        ck_assert_int_eq(status, heap.calls < fail_at ? TR_END : TR_E_NOMEM);
        ck_assert_ptr_null(heap_problem(&heap));
    } while (heap.calls >= fail_at);
    ck_assert_uint_gt(fail_at, 20);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("v1/old_order");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, test_last_counts, 0, OLD_VERSION_COUNT);
    tcase_add_loop_test(all, test_sequence, 0, SEQUENCE_COUNT);
    tcase_add_test(all, test_many);
    tcase_add_loop_test(all, test_exits, 0, EXITS_COUNT);
    tcase_add_loop_test(all, test_exit_ties, 0, TIE_COUNT);
    tcase_add_loop_test(all, test_proc_of_samples, 0, 2);
    tcase_add_loop_test(all, test_proc_of_timers, 0, 2 * OLD_VERSION_COUNT);
    tcase_add_loop_test(all, test_memory, 0, 2 * 4);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
