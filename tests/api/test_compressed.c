/* Tests compressed traces: in every format and way of reading the events are those of the
 * trace itself; cut anywhere, they are those of the trace cut where decompression stops, then
 * an error; generations of a live one come as its members do; damage is told and not what
 * follows from it; progress counts compressed bytes; nothing needs to be held in memory that
 * has a file to go to. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../golden/support.h"

static const char *const formats[] = {"gzip", "bzip2", "xz", "lz4", "zstd"};
enum { FORMATS = 5 };

static const char *const names[] = {"go1.26-generations", "go1.22-annotations", "go1.23-allocfree"};
enum { NAMES = 3 };

/* Nothing, and the test is skipped, if this build does not read the format, or its command
 * is not here. */
static struct bytes pack(int format, const struct bytes *plain)
{
    char command[20];
    struct bytes packed = {NULL, 0};
    snprintf(command, sizeof command, "%s -qc1", formats[format]);
    if (!strstr(tr_compressions(), formats[format]))
        skip_test("not built with %s", formats[format]);
    else if (!(packed = piped_through(command, plain)).data)
        skip_test("no %s", formats[format]);
    return packed;
}

/* What a reading gave. */
struct result {
    uint64_t sum, events;
    tr_status status;
    tr_error error;
    char message[256];
};

typedef void open_fn(struct reading *r, enum way way, const struct bytes *trace);

static struct result read_by(open_fn *open, enum way way, const struct bytes *trace,
                             const char *compression)
{
    struct result result = {SUM_START, 0, TR_OK, {0}, ""};
    struct reading r;
    const tr_event *ev;
    open(&r, way, trace);
    while ((result.status = reading_next(&r, &ev)) == TR_OK) {
        size_t len;
        const char *line = event_line(ev, &len);
        result.sum = sum_add(result.sum, line, len);
        result.sum = sum_add(result.sum, &ev->offset, sizeof ev->offset);
        result.events++;
        for (uint32_t i = 0; ev->kind == TR_KIND_SYNC && i < ev->sync.batch_count; i++) {
            tr_experimental_batch b;
            ck_assert_int_eq(tr_reader_experimental_batch(r.reader, i, &b), TR_OK);
            result.sum = sum_add(result.sum, b.data.ptr, b.data.len);
        }
    }
    if (compression) {
        bool sized = way <= WAY_FD;
        ck_assert_str_eq(tr_reader_compression(r.reader), compression);
        ck_assert_uint_eq(tr_reader_size(r.reader), UINT64_MAX);
        ck_assert_uint_eq(tr_reader_compressed_size(r.reader), sized ? trace->size : UINT64_MAX);
    } else {
        ck_assert_ptr_null(tr_reader_compression(r.reader));
        ck_assert_uint_eq(tr_reader_compressed_size(r.reader), UINT64_MAX);
    }
    result.error = *tr_reader_error(r.reader);
    snprintf(result.message, sizeof result.message, "%s", result.error.message);
    reading_close(&r);
    return result;
}

static struct result read_events(enum way way, const struct bytes *trace, const char *compression)
{
    return read_by(reading_open, way, trace, compression);
}

START_TEST(test_ways)
{
    int format = _i / NAMES;
    struct bytes plain = load_trace(names[_i % NAMES]), packed = pack(format, &plain);
    struct result want = read_events(WAY_MEMORY, &plain, NULL);
    ck_assert_int_eq(want.status, TR_END);
    for (int way = 0; packed.data && way < WAY_PIPE_7; way++) { /* the rest takes long */
        struct result got = read_events((enum way)way, &packed, formats[format]);
        ck_assert_msg(got.status == TR_END && got.sum == want.sum, "%s by %s: %s after %" PRIu64,
                      formats[format], way_names[way], got.message, got.events);
    }
    free_bytes(&plain);
    free_bytes(&packed);
}
END_TEST

START_TEST(test_cut)
{
    static const enum way ways[] = {WAY_MEMORY, WAY_PATH_2_THREADS, WAY_CALLBACK_4096,
                                    WAY_PUSH_4096};
    static const unsigned shares[] = {1, 20, 50, 90, 99, 100}; /* percent */
    struct bytes plain = load_trace(names[_i % NAMES]), packed = pack(_i / NAMES, &plain);
    for (size_t i = 0; packed.data && i < sizeof shares / sizeof *shares; i++) {
        struct bytes part = {packed.data, packed.size * shares[i] / 100};
        if (part.size == packed.size)
            part.size--;
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
            struct result got = read_events(ways[w], &part, formats[_i / NAMES]);
            /* Before header 26 half a generation is read; where it contradicts itself, that is
             * the error. */
            if (_i % NAMES && (got.status == TR_E_ORDER || got.status == TR_E_CORRUPT))
                continue;
            ck_assert_msg(got.status == TR_E_TRUNCATED && got.error.code == TR_E_TRUNCATED,
                          "%u%%: %s", shares[i], got.message);
            ck_assert_msg(strstr(got.message, formats[_i / NAMES]) != NULL, "%s", got.message);
            ck_assert_uint_le(got.error.offset, plain.size);
            /* But for a Sync all events are of a generation. */
            ck_assert(got.error.generation > 0 || got.events <= 1);
            struct bytes same = {plain.data, (size_t)got.error.offset};
            struct result want = read_events(WAY_MEMORY, &same, NULL);
            ck_assert_uint_eq(got.events, want.events);
            ck_assert_uint_eq(got.sum, want.sum);
        }
    }
    free_bytes(&plain);
    free_bytes(&packed);
}
END_TEST

/* Of cut and of damaged data, salvaged, come the events of what could be decompressed, cut
 * there and salvaged, and then the error of reading without salvage. */
START_TEST(test_salvage)
{
    static const enum way ways[] = {WAY_MEMORY, WAY_PATH_2_THREADS, WAY_FD, WAY_CALLBACK_4096,
                                    WAY_PUSH_4096};
    const char *format = formats[_i / NAMES];
    struct bytes plain = load_trace(names[_i % NAMES]), packed = pack(_i / NAMES, &plain);
    for (size_t i = 1; packed.data && i < 12; i++) {
        struct bytes part = {packed.data, packed.size};
        size_t at = packed.size * i / 12, old = packed.data[at];
        if (i % 2)
            part.size = at;
        else
            packed.data[at] ^= 0x55;
        struct result strict = read_events(WAY_MEMORY, &part, format);
        for (size_t w = 0; w < sizeof ways / sizeof *ways && strict.status < 0; w++) {
            struct result got = read_by(reading_open_salvaging, ways[w], &part, format);
            struct bytes same = {plain.data, (size_t)got.error.offset};
            ck_assert_int_lt(got.status, 0);
            ck_assert_uint_ge(got.events, strict.events);
            if (!strstr(strict.message, format)) /* half a generation contradicts itself */
                continue;
            ck_assert_str_eq(got.message, strict.message);
            ck_assert_uint_eq(got.error.offset, strict.error.offset);
            ck_assert_uint_eq(got.error.generation, strict.error.generation);
            if (i % 2 == 0) /* what comes out may be damaged too */
                continue;
            struct result want = read_by(reading_open_salvaging, WAY_MEMORY, &same, NULL);
            ck_assert_uint_eq(got.events, want.events);
            ck_assert_uint_eq(got.sum, want.sum);
        }
        packed.data[at] = (uint8_t)old;
    }
    free_bytes(&plain);
    free_bytes(&packed);
}
END_TEST

/* Of damaged data that is told, be it only a sum behind it that shows it, and not what follows
 * from it; however it is read, and whether it is salvaged. */
START_TEST(test_damaged)
{
    static const enum way ways[] = {WAY_MEMORY, WAY_PATH_2_THREADS, WAY_PATH_5_THREADS,
                                    WAY_CALLBACK_4096, WAY_PUSH_4096};
    const char *format = formats[_i / NAMES];
    struct bytes plain = load_trace(names[_i % NAMES]), packed = pack(_i / NAMES, &plain);
    for (size_t i = 1; packed.data && i < 16; i++) {
        size_t at = packed.size * i / 16;
        packed.data[at] ^= (uint8_t)(1 << i % 8);
        struct result want = read_events(WAY_MEMORY, &packed, format);
        ck_assert_int_lt(want.status, 0);
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
            struct result got = read_events(ways[w], &packed, format);
            ck_assert_msg(strstr(got.message, format) != NULL, "byte %zu: %s", at, got.message);
            ck_assert_int_eq(got.status, want.status);
            ck_assert_int_eq(got.error.code, want.status);
            struct result left = read_by(reading_open_salvaging, ways[w], &packed, format);
            ck_assert_str_eq(left.message, got.message);
            ck_assert_int_eq(left.status, got.status);
            if (ways[w] == WAY_CALLBACK_4096 || ways[w] == WAY_PUSH_4096)
                continue; /* how much comes before it may depend on the pieces */
            ck_assert_uint_eq(got.events, want.events);
            ck_assert_uint_eq(got.sum, want.sum);
            ck_assert_uint_eq(got.error.offset, want.error.offset);
            ck_assert_uint_eq(got.error.generation, want.error.generation);
        }
        packed.data[at] ^= (uint8_t)(1 << i % 8);
    }
    free_bytes(&plain);
    free_bytes(&packed);
}
END_TEST

static int stop(void *user, uint64_t done, uint64_t total)
{
    (void)done;
    (void)total;
    ++*(int *)user;
    return 1;
}

/* What is no trace is decompressed to its end to find out whether it is damaged: that can be
 * stopped. */
START_TEST(test_stopped)
{
    struct bytes plain = {calloc(1, 4 << 20), 4 << 20}, packed = pack(_i, &plain);
    int calls = 0;
    for (int stopped = 0; packed.data && stopped < 2; stopped++) {
        tr_reader *r = tr_reader_new();
        if (stopped)
            tr_reader_set_progress(r, stop, &calls);
        tr_status want = stopped ? TR_E_CANCELED : TR_E_FORMAT;
        ck_assert_int_eq(tr_reader_open_memory(r, packed.data, packed.size), want);
        ck_assert_int_eq(tr_reader_error(r)->code, want);
        const tr_event *ev;
        ck_assert_int_eq(tr_reader_next(r, &ev), want);
        ck_assert_int_eq(calls, stopped);
        tr_reader_free(r);
    }
    free_bytes(&plain);
    free_bytes(&packed);
}
END_TEST

/* A member a generation, pushed one by one: its events come with it. */
START_TEST(test_live_members)
{
    struct bytes plain = load_trace("go1.26-generations");
    const tr_wire_record *record;
    const tr_event *ev;
    size_t at = 0, parts = 0;
    tr_status status = TR_OK;
    tr_wire *w = tr_wire_new();
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_wire_open_memory(w, plain.data, plain.size), TR_OK);
    while (tr_wire_next(w, &record) == TR_OK) {
        if (strcmp(record->name, "EndOfGeneration") != 0)
            continue;
        struct bytes part = {plain.data + at, (size_t)record->offset + 1 - at};
        struct bytes packed = pack(_i, &part);
        if (!packed.data)
            break;
        at += part.size;
        ck_assert_int_eq(tr_reader_feed(r, packed.data, packed.size), TR_OK);
        free_bytes(&packed);
        uint64_t events = 0;
        while ((status = tr_reader_next(r, &ev)) == TR_OK)
            events++;
        ck_assert_int_eq(status, TR_NEED_INPUT);
        ck_assert_uint_gt(events, 1);
        ck_assert_uint_eq(tr_reader_generation_count(r), ++parts);
    }
    if (parts) {
        ck_assert_uint_ge(parts, 3);
        ck_assert_int_eq(tr_reader_feed_end(r), TR_OK);
        while ((status = tr_reader_next(r, &ev)) == TR_OK)
            ;
        ck_assert_int_eq(status, TR_END);
        ck_assert_uint_eq(tr_reader_bytes_read(r), plain.size);
    }
    tr_wire_free(w);
    tr_reader_free(r);
    free_bytes(&plain);
}
END_TEST

struct told {
    uint64_t calls, last, total;
    bool fell;
};

static int tell(void *user, uint64_t done, uint64_t total)
{
    struct told *t = user;
    t->fell |= done < t->last;
    t->last = done;
    t->total = total;
    t->calls++;
    return 0;
}

START_TEST(test_progress_and_spilling)
{
    struct bytes plain = load_trace("go1.26-generations"), packed = pack(_i % FORMATS, &plain);
    struct told told = {0};
    const tr_event *ev;
    tr_memory_use use;
    uint64_t spilled = 0;
    tr_reader *r = tr_reader_new();
    if (packed.data) {
        tr_reader_set_progress(r, tell, &told);
        tr_reader_set_u64(r, TR_OPT_THREADS, _i < FORMATS ? 1 : 2);
        tr_reader_set_u64(r, TR_OPT_SPILL_BYTES, 1);
        ck_assert_int_eq(tr_reader_open_memory(r, packed.data, packed.size), TR_OK);
        while (tr_reader_next(r, &ev) == TR_OK) {
            tr_reader_memory(r, &use);
            spilled = use.spilled_bytes > spilled ? use.spilled_bytes : spilled;
        }
        ck_assert_int_eq(tr_reader_error(r)->code, TR_OK);
        ck_assert(!told.fell);
        ck_assert_uint_ge(told.calls, 1);
        ck_assert_uint_eq(told.total, packed.size);
        ck_assert_uint_eq(told.last, packed.size);
        if (_i < FORMATS) /* else it may be gone before it can be seen */
            ck_assert_uint_gt(spilled, 1000);
    }
    tr_reader_free(r);
    free_bytes(&plain);
    free_bytes(&packed);
}
END_TEST

/* Records too. */
START_TEST(test_wire)
{
    struct bytes plain = load_trace("go1.22-annotations"), packed = pack(_i, &plain);
    const tr_wire_record *a, *b;
    tr_wire *one = tr_wire_new(), *other = tr_wire_new();
    if (packed.data) {
        char text[2][4000];
        ck_assert_int_eq(tr_wire_open_memory(one, plain.data, plain.size), TR_OK);
        ck_assert_int_eq(tr_wire_open_memory(other, packed.data, packed.size), TR_OK);
        ck_assert_ptr_null(tr_wire_compression(one));
        ck_assert_str_eq(tr_wire_compression(other), formats[_i]);
        while (tr_wire_next(one, &a) == TR_OK) {
            ck_assert_int_eq(tr_wire_next(other, &b), TR_OK);
            ck_assert_uint_eq(a->offset, b->offset);
            tr_wire_text(a, text[0], sizeof text[0]);
            tr_wire_text(b, text[1], sizeof text[1]);
            ck_assert(strcmp(text[0], text[1]) == 0);
        }
        ck_assert_int_eq(tr_wire_next(other, &b), TR_END);
    }
    tr_wire_free(one);
    tr_wire_free(other);
    free_bytes(&plain);
    free_bytes(&packed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("api/compressed");
    TCase *all = tcase_create("compressed");

    tcase_add_loop_test(all, test_ways, 0, FORMATS * NAMES);
    tcase_add_loop_test(all, test_cut, 0, FORMATS * NAMES);
    tcase_add_loop_test(all, test_salvage, 0, FORMATS * NAMES);
    tcase_add_loop_test(all, test_damaged, 0, FORMATS * NAMES);
    tcase_add_loop_test(all, test_stopped, 0, FORMATS);
    tcase_add_loop_test(all, test_live_members, 0, FORMATS);
    tcase_add_loop_test(all, test_progress_and_spilling, 0, 2 * FORMATS);
    tcase_add_loop_test(all, test_wire, 0, FORMATS);
    tcase_set_timeout(all, 120);
    suite_add_tcase(suite, all);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
