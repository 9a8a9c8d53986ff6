/* Salvage: a whole trace reads as ever; of a cut one each record of each whole batch comes
 * out, in time order, and then the error; damage anywhere is got over; and all of this is
 * the same however the trace is read.
 *
 * TR_CUT_EVERY=N in the environment cuts at every Nth byte, instead of at so many places
 * that it does not take long. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "goldens.h"
#include "outcome.h"

/* Whether one error is that of a record which names what is not there, the other that of a
 * broken one of the same thread, behind it. */
static bool is_one_before(const struct outcome *salvaged, const struct outcome *strict)
{
    return salvaged->status == TR_E_CORRUPT && strict->status == TR_E_CORRUPT &&
           salvaged->error.thread == strict->error.thread &&
           salvaged->error.offset < strict->error.offset && strstr(salvaged->message, " ID ");
}

/* --- Recorded traces --- */

/* In the first two, what the part of the cut batch holds, which is not read without salvage,
 * puts off the error at which reading stops without it. In the third, a record is given up
 * that without salvage would wait until another is found to be wrong. */
static bool stops_elsewhere(const char *name)
{
    return strcmp(name, "go1.22-cut-early") == 0 || strcmp(name, "go1.23-cut-middle") == 0 ||
           strcmp(name, "go1.22-bent-tried-to-create-goroutine-in-syscall-that-already-exists") ==
               0;
}

START_TEST(test_recorded)
{
    const char *name = goldens[_i][GOLDEN_NAME];
    struct bytes trace = load_trace(name);
    struct outcome strict, salvaged;
    read_way(&trace, WAY_MEMORY, false, &strict);
    read_way(&trace, WAY_MEMORY, true, &salvaged);
    ck_assert_uint_eq(salvaged.salvage.events, salvaged.events);
    if (strict.status == TR_END) {
        const tr_salvage nothing_lost = {.events = strict.events};
        ck_assert_int_eq(salvaged.status, TR_END);
        ck_assert_uint_eq(salvaged.sum, strict.sum);
        ck_assert_mem_eq(&salvaged.salvage, &nothing_lost, sizeof nothing_lost);
    } else {
        require(salvaged.events >= strict.events, "%s: less than without salvage", name);
        ck_assert_int_lt(salvaged.status, 0);
        ck_assert_int_eq(salvaged.error.code, salvaged.status);
        require(stops_elsewhere(name) || same_error(&salvaged, &strict), "%s: %s, not %s", name,
                salvaged.message, strict.message);
    }
    free_bytes(&trace);
}
END_TEST

/* --- Cuts --- */

/* Of 1 to 4 generations, and of all versions. */
static const char *const to_cut[] = {
    "go1.22-idle",      "go1.22-annotations", "go1.22-generations", "go1.22-cgo",
    "go1.23-gc",        "go1.23-generations", "go1.24-threads",     "go1.24-network",
    "go1.25-procs",     "go1.25-flight",      "go1.26-generations", "go1.26-coroutines",
    "go1.26-startstop",
};

struct timed {
    uint64_t offset, batch, batch_end;
};

/* Where a batch ends, and where its data begins. */
static uint64_t batch_end_of(const struct bytes *trace, uint64_t offset, uint64_t *data)
{
    const uint8_t *p = trace->data + offset;
    uint64_t size = 0;
    p += *p == 49 ? 2 : 1; /* an ExperimentalBatch has a byte more */
    for (int field = 0, shift = 0; field < 4; p++, shift += 7) { /* the last is the size */
        size |= field == 3 ? (uint64_t)(*p & 0x7f) << shift : 0;
        if (*p < 0x80) {
            field++;
            shift = -7;
        }
    }
    *data = (uint64_t)(p - trace->data);
    return *data + size;
}

/* The records of events of a trace, in the order of the file. */
static size_t find_timed(const struct bytes *trace, struct timed *timed)
{
    tr_wire *w = tr_wire_new();
    const tr_wire_record *record;
    uint64_t batch = 0, batch_end = 0, data;
    size_t count = 0;
    ck_assert_int_eq(tr_wire_open_memory(w, trace->data, trace->size), TR_OK);
    while (tr_wire_next(w, &record) == TR_OK) {
        if (strcmp(record->name, "EventBatch") == 0) {
            batch = record->offset;
            batch_end = batch_end_of(trace, batch, &data);
        } else if (record->arg_count && strcmp(record->arg_names[0], "dt") == 0 &&
                   strcmp(record->name, "ClockSnapshot") != 0) {
            timed[count++] = (struct timed){record->offset, batch, batch_end};
        }
    }
    tr_wire_free(w);
    return count;
}

/* All records of whole batches must be there. */
static void check_cut(const char *name, const struct bytes *trace, size_t cut,
                      const struct timed *timed, size_t count, uint8_t *seen)
{
    struct bytes piece = {malloc(cut), cut}; /* of its own, for sanitizers */
    struct reading r;
    struct outcome out;
    memcpy(piece.data, trace->data, cut);
    memset(seen, 0, trace->size);
    reading_open_salvaging(&r, WAY_MEMORY, &piece);
    read_all(&r, seen, &out);
    reading_close(&r);
    for (size_t i = 0; i < count && timed[i].offset < cut; i++)
        require(timed[i].batch_end > cut || seen[timed[i].offset],
                "%s, cut at %zu: nothing of the record at %" PRIu64, name, cut, timed[i].offset);
    if (out.status == TR_END) { /* it was cut where a trace may end */
        struct outcome strict;
        read_way(&piece, WAY_MEMORY, false, &strict);
        ck_assert_int_eq(strict.status, TR_END);
    }
    free(piece.data);
}

START_TEST(test_cuts)
{
    const char *name = to_cut[_i], *every = getenv("TR_CUT_EVERY");
    struct bytes trace = load_trace(name);
    struct timed *timed = malloc(trace.size * sizeof *timed);
    uint8_t *seen = malloc(trace.size);
    size_t count = find_timed(&trace, timed), first = 16;
    size_t step = every ? strtoull(every, NULL, 10) : trace.size / 150 | 1;
    ck_assert_uint_gt(count, 5);
    for (size_t cut = first; cut <= trace.size; cut += step)
        check_cut(name, &trace, cut, timed, count, seen);
    check_cut(name, &trace, trace.size - 1, timed, count, seen);
    free(seen);
    free(timed);
    free_bytes(&trace);
}
END_TEST

/* Take the time of each event of a trace without [from, to), by its record's offset in the whole
 * one. Where it is not near that of the whole one, if that is given, the event says so. */
static void take_times(const struct bytes *trace, size_t from, size_t to, int64_t *times,
                       const int64_t *whole)
{
    enum { NEAR_NS = 100000 };
    struct bytes rest = {malloc(trace->size), trace->size - (to - from)};
    tr_reader *r = tr_reader_new();
    const tr_event *ev;
    memcpy(rest.data, trace->data, from);
    memcpy(rest.data + from, trace->data + to, trace->size - to);
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_SALVAGE, 1), TR_OK);
    ck_assert_int_eq(tr_reader_open_memory(r, rest.data, rest.size), TR_OK);
    while (tr_reader_next(r, &ev) == TR_OK) {
        uint64_t at = ev->offset < from ? ev->offset : ev->offset + (to - from);
        if (ev->kind == TR_KIND_SYNC)
            continue;
        times[at] = ev->time_ns;
        if (whole && llabs(ev->time_ns - whole[at]) > NEAR_NS)
            require(ev->flags & (TR_EV_RELAXED | TR_EV_RAW_TIME),
                    "without %zu to %zu the event at %" PRIu64 " does not tell that it is late",
                    from, to, at);
    }
    tr_reader_free(r);
    free_bytes(&rest);
}

/* Whole batches may be missing where nothing else is damaged. What then comes out much later than
 * it happened, as others went on while it waited for what is lost, says so. */
START_TEST(test_lost_batches)
{
    const char *name = to_cut[_i];
    struct bytes trace = load_trace(name);
    struct timed *timed = malloc(trace.size * sizeof *timed);
    int64_t *whole = calloc(trace.size, sizeof *whole), *times = calloc(trace.size, sizeof *times);
    size_t count = find_timed(&trace, timed), batches = 0;
    take_times(&trace, trace.size, trace.size, whole, NULL);
    for (size_t i = 0; i < count; i++) {
        if (i && timed[i].batch == timed[i - 1].batch)
            continue;
        take_times(&trace, timed[i].batch, timed[i].batch_end, times, whole);
        take_times(&trace, timed[i].batch_end, trace.size, times, whole);
        batches++;
    }
    ck_assert_uint_gt(batches, 1);
    free(times);
    free(whole);
    free(timed);
    free_bytes(&trace);
}
END_TEST

/* Of programs that were killed: all that is on disk. */
START_TEST(test_killed)
{
    char name[32];
    snprintf(name, sizeof name, "go1.%d-killed", 22 + _i);
    struct bytes trace = load_trace(name);
    struct timed *timed = malloc(trace.size * sizeof *timed);
    uint8_t *seen = malloc(trace.size);
    size_t count = find_timed(&trace, timed);
    ck_assert_uint_gt(count, 20000);
    check_cut(name, &trace, trace.size, timed, count, seen);
    free(seen);
    free(timed);
    free_bytes(&trace);
}
END_TEST

/* --- Damage --- */

static uint64_t state;

static size_t below(size_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state >> 11) % n;
}

/* An accident: a byte, some bytes, or many; changed, lost, or zero. */
static void hurt(struct bytes *trace)
{
    size_t at = 16 + below(trace->size - 16), n = 1 + below(below(3) ? 4 : 2000);
    if (n > trace->size - at)
        n = trace->size - at;
    switch (below(4)) {
    case 0:
        trace->data[at] ^= (uint8_t)(1u << below(8));
        break;
    case 1:
        for (size_t i = 0; i < n; i++)
            trace->data[at + i] = (uint8_t)below(256);
        break;
    case 2:
        memset(trace->data + at, 0, n);
        break;
    default:
        memmove(trace->data + at, trace->data + at + n, trace->size - at - n);
        trace->size -= n;
    }
}

START_TEST(test_damage)
{
    enum { TIMES = 120 };
    const char *name = to_cut[_i];
    struct bytes whole = load_trace(name);
    struct outcome first, strict;
    read_way(&whole, WAY_MEMORY, false, &first);
    for (unsigned k = 0; k < TIMES; k++) {
        struct bytes trace = {malloc(whole.size), whole.size};
        struct outcome out, again;
        memcpy(trace.data, whole.data, whole.size);
        state = 88172645463325252u + k * 7919u + (uint64_t)_i * 104729u;
        for (size_t n = 1 + below(3); n > 0 && trace.size > 100; n--)
            hurt(&trace);
        read_way(&trace, WAY_MEMORY, true, &out);
        read_way(&trace, WAY_MEMORY, false, &strict);
        require(out.salvage.lost_bytes <= trace.size, "%s %u: lost more than all", name, k);
        if (strict.status == TR_END) {
            /* Go's reader takes some damaged tables for the end of the trace. */
            require(out.status == TR_END ? out.sum == strict.sum : out.events > strict.events,
                    "%s %u: not broken", name, k);
        } else {
            require(out.status < 0, "%s %u: no error", name, k);
            /* Before, half a generation is ordered without salvage. */
            require(strncmp(name, "go1.26", 6) != 0 || same_error(&out, &strict) ||
                        is_one_before(&out, &strict),
                    "%s %u: %s, not %s", name, k, out.message, strict.message);
            /* In what order records come may differ from where they contradict. */
            require(out.events + 50 >= strict.events, "%s %u: too little", name, k);
        }
        read_way(&trace, k % 2 ? WAY_MEMORY_2_THREADS : WAY_PATH_5_THREADS, true, &again);
        require(again.status == out.status && again.sum == out.sum &&
                    again.error.offset == out.error.offset &&
                    memcmp(&again.salvage, &out.salvage, sizeof out.salvage) == 0,
                "%s %u: threads change it", name, k);
        free(trace.data);
    }
    free_bytes(&whole);
}
END_TEST

/* Heads of batches that are damaged, in traces of the runtime and of golang.org/x/exp/trace, which
 * does not pad sizes. */
static const char *const with_heads[] = {
    "go1.22-flight-xexp", "go1.23-allocfree", "go1.24-goroutines", "go1.25-cgo", "go1.26-cgo",
};

/* Of a byte that can be nothing else no event is lost, but the error is told. */
static void check_mended(const char *name, const struct bytes *trace, size_t at, uint8_t now,
                         const struct outcome *whole)
{
    uint8_t was = trace->data[at];
    struct outcome out, strict;
    trace->data[at] = now;
    read_way(trace, WAY_MEMORY, true, &out);
    read_way(trace, WAY_MEMORY, false, &strict);
    require(out.sum == whole->sum && out.salvage.lost_bytes == 1 && out.salvage.relaxed == 0,
            "%s, byte %zu: not mended", name, at);
    ck_assert_int_eq(out.status, TR_E_CORRUPT);
    require(strncmp(name, "go1.26", 6) != 0 || same_error(&out, &strict),
            "%s, byte %zu: %s, not %s", name, at, out.message, strict.message);
    trace->data[at] = was;
}

/* What stands in a batch of which the head is lost is no batch, whatever it looks like. */
static void check_headless(const char *name, const struct bytes *trace, size_t at, size_t end,
                           uint8_t *seen)
{
    uint8_t was[4];
    struct reading r;
    struct outcome out;
    memcpy(was, trace->data + at, sizeof was);
    memset(trace->data + at, 0, sizeof was);
    memset(seen, 0, trace->size);
    reading_open_salvaging(&r, WAY_MEMORY, trace);
    read_all(&r, seen, &out);
    reading_close(&r);
    ck_assert_int_lt(out.status, 0);
    for (size_t i = at; i < end; i++)
        require(!seen[i], "%s, without the head at %zu: an event at %zu", name, at, i);
    memcpy(trace->data + at, was, sizeof was);
}

START_TEST(test_heads)
{
    const char *name = with_heads[_i];
    struct bytes trace = load_trace(name), read = {malloc(trace.size), trace.size};
    uint8_t *seen = malloc(trace.size);
    struct outcome whole;
    tr_wire *w = tr_wire_new();
    const tr_wire_record *record;
    size_t count = 0;
    memcpy(read.data, trace.data, trace.size);
    read_way(&trace, WAY_MEMORY, true, &whole);
    ck_assert_int_eq(whole.status, TR_END);
    ck_assert_int_eq(tr_wire_open_memory(w, read.data, read.size), TR_OK);
    while (tr_wire_next(w, &record) == TR_OK) {
        if (strcmp(record->name, "EventBatch") && strcmp(record->name, "ExperimentalBatch"))
            continue;
        uint64_t data, end = batch_end_of(&trace, record->offset, &data);
        if (strcmp(record->name, "EventBatch") == 0) {
            check_mended(name, &trace, record->offset, 0xee, &whole);
            check_mended(name, &trace, record->offset, 47, &whole); /* it has as many fields */
        }
        if (_i > 0)
            check_mended(name, &trace, data - 2, 0xee, &whole);
        check_headless(name, &trace, record->offset, end, seen);
        count++;
    }
    ck_assert_uint_gt(count, 5);
    tr_wire_free(w);
    free(seen);
    free(read.data);
    free_bytes(&trace);
}
END_TEST

/* All records but those from `data` to `end` come out, each where it is now, and besides them
 * nothing does; `lost`: how many bytes there are fewer. */
static void check_others(const char *name, const struct bytes *trace, uint64_t data, uint64_t end,
                         size_t lost, const struct timed *timed, size_t count)
{
    uint8_t *seen = calloc(trace->size, 1);
    struct reading r;
    struct outcome out;
    reading_open_salvaging(&r, WAY_MEMORY, trace);
    read_all(&r, seen, &out);
    reading_close(&r);
    ck_assert_int_lt(out.status, 0);
    memset(seen + data, 0, end - data - lost);
    for (size_t i = 0; i < count; i++) {
        bool behind = timed[i].offset >= end;
        if (timed[i].offset >= data && !behind)
            continue;
        uint8_t *at = &seen[timed[i].offset - (behind ? lost : 0)];
        require(*at, "%s, damage at %" PRIu64 ": nothing of the record at %" PRIu64, name, data,
                timed[i].offset);
        *at = 0;
    }
    for (size_t i = 0; i < trace->size; i++)
        require(!seen[i], "%s, damage at %" PRIu64 ": an event at %zu", name, data, i);
    free(seen);
}

/* What is wrong with a batch is its own matter: a size that is told too large, bytes of it that
 * are lost, a last record that goes on in the next head. */
START_TEST(test_sizes)
{
    static const uint8_t more[] = {1, 4, 64}, lost[] = {1, 4, 30};
    const char *name = with_heads[_i];
    struct bytes whole = load_trace(name), trace = {malloc(whole.size), whole.size};
    struct timed *timed = malloc(whole.size * sizeof *timed);
    size_t count = find_timed(&whole, timed);
    ck_assert_uint_gt(count, 5);
    for (size_t i = 0, first = 0; i < count; i++) { /* the last of its batch */
        uint64_t data = timed[first].offset, end = timed[i].batch_end;
        if (i + 1 < count && timed[i + 1].batch_end == end)
            continue;
        for (size_t k = 0; k < sizeof more; k++) {
            memcpy(trace.data, whole.data, whole.size);
            if ((trace.data[data - 10] & 0x7f) + more[k] > 0x7f)
                continue;
            trace.data[data - 10] += more[k];
            check_others(name, &trace, data, data, 0, timed, count);
        }
        for (size_t k = 0; k < sizeof lost; k++) {
            size_t at = (data + end) / 2;
            if (at + lost[k] > end)
                continue;
            trace.size = whole.size - lost[k];
            memcpy(trace.data, whole.data, at);
            memcpy(trace.data + at, whole.data + at + lost[k], trace.size - at);
            check_others(name, &trace, data, end, lost[k], timed, count);
        }
        trace.size = whole.size;
        memcpy(trace.data, whole.data, whole.size);
        trace.data[16] = 0xee; /* that it is damaged is known before */
        trace.data[timed[i].offset] = 44;
        check_others(name, &trace, data, end, 0, timed, count);
        first = i + 1;
    }
    free(timed);
    free(trace.data);
    free_bytes(&whole);
}
END_TEST

/* However it is read, it is the same. */
START_TEST(test_ways)
{
    struct bytes trace = load_trace(_i % 2 ? "go1.26-generations" : "go1.23-annotations");
    struct outcome memory, out;
    if (_i / 2) /* in the middle of a batch; else it is cut */
        memset(trace.data + trace.size / 3, 0, 40);
    else
        trace.size = trace.size * 2 / 3;
    read_way(&trace, WAY_MEMORY, true, &memory);
    ck_assert_int_lt(memory.status, 0);
    for (int way = 0; way < WAY_COUNT; way++) {
        read_way(&trace, (enum way)way, true, &out);
        require(out.sum == memory.sum && out.status == memory.status &&
                    out.error.offset == memory.error.offset &&
                    strcmp(out.message, memory.message) == 0 &&
                    memcmp(&out.salvage, &memory.salvage, sizeof out.salvage) == 0,
                "%d, %s: not the same", _i, way_names[way]);
    }
    free_bytes(&trace);
}
END_TEST

/* An allocator that fails from the n-th call on, or once. */
struct heap {
    uint64_t calls, fail_at, blocks;
    bool once;
};

static void *heap_alloc(void *user, size_t size)
{
    struct heap *h = user;
    h->calls++;
    if (h->once ? h->calls == h->fail_at : h->calls >= h->fail_at)
        return NULL;
    h->blocks++;
    return malloc(size);
}

static void heap_free(void *user, void *ptr, size_t size)
{
    (void)size;
    ((struct heap *)user)->blocks--;
    free(ptr);
}

static tr_status read_with(struct heap *heap, const struct bytes *trace, uint64_t *events)
{
    const tr_allocator allocator = {heap_alloc, heap_free, heap};
    tr_reader *r = tr_reader_new_with(&allocator);
    const tr_event *ev;
    tr_status status = TR_E_NOMEM;
    *events = 0;
    if (!r)
        return status;
    tr_reader_set_u64(r, TR_OPT_SALVAGE, 1);
    status = tr_reader_open_memory(r, trace->data, trace->size);
    for (; status == TR_OK && (status = tr_reader_next(r, &ev)) == TR_OK; ++*events)
        for (uint32_t i = 0; i < tr_stack_frame_count(ev->stack); i++) {
            tr_frame frame;
            tr_stack_frame(ev->stack, i, &frame);
        }
    ck_assert_int_eq(tr_reader_error(r)->code, status);
    tr_reader_free(r);
    return status;
}

/* Lack of memory stops it: nothing is taken for damage. */
START_TEST(test_no_memory)
{
    struct bytes trace = load_trace("go1.23-annotations");
    struct heap heap = {.fail_at = UINT64_MAX};
    uint64_t all, events, failed = 0;
    memset(trace.data + trace.size / 3, 0, 40);
    tr_status status = read_with(&heap, &trace, &all);
    ck_assert_int_eq(status, TR_E_CORRUPT);
    for (uint64_t n = 1, calls = heap.calls; n <= calls; n += 1 + n / 40) {
        heap = (struct heap){.fail_at = n, .once = _i};
        tr_status now = read_with(&heap, &trace, &events);
        require(now == TR_E_NOMEM ? events <= all : now == status && events == all,
                "allocation %" PRIu64 ": %d, %" PRIu64 " events", n, now, events);
        ck_assert_uint_eq(heap.blocks, 0);
        failed += now == TR_E_NOMEM;
    }
    ck_assert_uint_gt(failed, 10);
    free_bytes(&trace);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden/salvage");
    TCase *all = tcase_create("traces");
    enum { TO_CUT = sizeof to_cut / sizeof *to_cut };

    load_goldens();
    tcase_set_timeout(all, 300);
    tcase_add_loop_test(all, test_recorded, 0, golden_count);
    tcase_add_loop_test(all, test_cuts, 0, TO_CUT);
    tcase_add_loop_test(all, test_lost_batches, 0, TO_CUT);
    tcase_add_loop_test(all, test_killed, 0, 5);
    tcase_add_loop_test(all, test_damage, 0, TO_CUT);
    tcase_add_loop_test(all, test_heads, 0, sizeof with_heads / sizeof *with_heads);
    tcase_add_loop_test(all, test_sizes, 1, sizeof with_heads / sizeof *with_heads);
    tcase_add_loop_test(all, test_ways, 0, 4);
    tcase_add_loop_test(all, test_no_memory, 0, 2);
    suite_add_tcase(suite, all);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free_goldens();
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
