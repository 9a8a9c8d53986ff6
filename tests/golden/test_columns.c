/* Columns hold what events say: two readers go through each recorded trace side by
 * side, one by events, one by columns, and each value is compared, by the rules of
 * tracereader/batch.h. And calls of all kinds can be mixed: each event comes out once. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "goldens.h"
#include "support.h"

enum { ROWS = 700 }; /* more than one of the library's blocks */

union cell {
    int64_t i;
    uint64_t u;
    int32_t code;
};

/* What a column should say of an event: a number, or a text. */
struct want {
    bool is_text, absent;
    uint64_t number;
    tr_str text;
};

static struct want text_of(const char *s)
{
    return (struct want){.is_text = true, .text = {s, strlen(s)}};
}

static struct want string_of(tr_str s)
{
    return (struct want){.is_text = true, .text = s};
}

static struct want number_of(uint64_t n)
{
    return (struct want){.number = n};
}

static const struct want no_text = {.is_text = true, .absent = true};

static struct want want_name(const tr_event *ev)
{
    switch (ev->kind) {
    case TR_KIND_METRIC:
        return string_of(ev->metric.name);
    case TR_KIND_RANGE_BEGIN:
    case TR_KIND_RANGE_ACTIVE:
    case TR_KIND_RANGE_END:
        return string_of(ev->range.name);
    case TR_KIND_EXPERIMENTAL:
        return string_of(ev->experimental.name);
    default:
        return no_text;
    }
}

static struct want want_transition(const tr_event *ev, tr_column_id id)
{
    const tr_ev_transition *t = &ev->transition;
    bool label = ev->kind == TR_KIND_LABEL, is = ev->kind == TR_KIND_STATE_TRANSITION;
    switch (id) {
    case TR_COL_RESOURCE:
        if (label)
            return text_of("Goroutine");
        return is ? text_of(tr_resource_name(t->resource)) : no_text;
    case TR_COL_RESOURCE_ID:
        return number_of((uint64_t)(label ? ev->label.id : is ? t->id : -1));
    case TR_COL_FROM_STATE:
        return is ? text_of(tr_state_name(t->from)) : no_text;
    case TR_COL_TO_STATE:
        return is ? text_of(tr_state_name(t->to)) : no_text;
    default:
        return is ? string_of(t->reason) : no_text;
    }
}

static struct want want_user(const tr_event *ev, tr_column_id id)
{
    bool task = ev->kind == TR_KIND_TASK_BEGIN || ev->kind == TR_KIND_TASK_END;
    bool region = ev->kind == TR_KIND_REGION_BEGIN || ev->kind == TR_KIND_REGION_END;
    bool log = ev->kind == TR_KIND_LOG;
    switch (id) {
    case TR_COL_TASK:
        return number_of(task     ? ev->task.id
                         : region ? ev->region.task
                         : log    ? ev->log.task
                                  : UINT64_MAX);
    case TR_COL_PARENT:
        return number_of(task ? ev->task.parent : UINT64_MAX);
    case TR_COL_TYPE:
        return task ? string_of(ev->task.type) : region ? string_of(ev->region.type) : no_text;
    case TR_COL_CATEGORY:
        return log ? string_of(ev->log.category) : no_text;
    case TR_COL_MESSAGE:
        return log ? string_of(ev->log.message) : no_text;
    case TR_COL_LABEL:
        return ev->kind == TR_KIND_LABEL ? string_of(ev->label.label) : no_text;
    default:
        require(false, "nothing here says what %s holds", tr_column_name(id));
        return no_text;
    }
}

static struct want want_of(const tr_event *ev, tr_column_id id)
{
    bool range = ev->kind == TR_KIND_RANGE_BEGIN || ev->kind == TR_KIND_RANGE_ACTIVE ||
                 ev->kind == TR_KIND_RANGE_END;
    switch (id) {
    case TR_COL_TIME:
        return number_of((uint64_t)ev->time_ns);
    case TR_COL_KIND:
        return text_of(tr_kind_name(ev->kind));
    case TR_COL_THREAD:
        return number_of((uint64_t)ev->thread);
    case TR_COL_PROC:
        return number_of((uint64_t)ev->proc);
    case TR_COL_GOROUTINE:
        return number_of((uint64_t)ev->goroutine);
    case TR_COL_NAME:
        return want_name(ev);
    case TR_COL_VALUE:
        return number_of(ev->kind == TR_KIND_METRIC ? ev->metric.value.u64 : UINT64_MAX);
    case TR_COL_SCOPE:
        return range ? text_of(tr_resource_name(ev->range.scope)) : no_text;
    case TR_COL_SCOPE_ID:
        return number_of((uint64_t)(range ? ev->range.scope_id : -1));
    case TR_COL_EXPERIMENT:
        return ev->kind == TR_KIND_EXPERIMENTAL ? string_of(ev->experimental.experiment) : no_text;
    case TR_COL_OFFSET:
        return number_of(ev->offset);
    case TR_COL_GENERATION:
        return number_of(ev->generation);
    case TR_COL_FLAGS:
        return number_of(ev->flags);
    case TR_COL_STACK:
        return number_of((uint64_t)tr_stack_number(ev->stack));
    case TR_COL_TRANSITION_STACK:
        return number_of((uint64_t)(ev->kind == TR_KIND_STATE_TRANSITION
                                        ? tr_stack_number(ev->transition.stack)
                                        : TR_NONE));
    case TR_COL_RESOURCE:
    case TR_COL_RESOURCE_ID:
    case TR_COL_FROM_STATE:
    case TR_COL_TO_STATE:
    case TR_COL_REASON:
        return want_transition(ev, id);
    default:
        return want_user(ev, id);
    }
}

static size_t item_size(tr_column_id id)
{
    return tr_column_get_type(id) == TR_COLUMN_CODE ? 4 : 8;
}

static bool is_right(const tr_reader *r, const tr_event *ev, const tr_column *column, size_t row)
{
    struct want want = want_of(ev, column->id);
    if (tr_column_get_type(column->id) != TR_COLUMN_CODE) {
        /* Both kinds of numbers have the same bits for -1 and "none". */
        uint64_t have;
        memcpy(&have, (char *)column->data + row * 8, 8);
        return !want.is_text && have == want.number;
    }
    int32_t code;
    memcpy(&code, (char *)column->data + row * 4, 4);
    if (!want.is_text || want.absent)
        return want.absent && code == -1;
    if (code < 0 || (uint32_t)code >= tr_reader_string_count(r))
        return false;
    tr_str have = tr_reader_string(r, code);
    return have.len == want.text.len && memcmp(have.ptr, want.text.ptr, have.len) == 0;
}

static void make_columns(tr_column *columns)
{
    for (int i = 0; i < TR_COLUMN_COUNT; i++) {
        columns[i] = (tr_column){(tr_column_id)i, NULL, ROWS};
        columns[i].data = calloc(ROWS, item_size((tr_column_id)i));
        ck_assert_ptr_nonnull(columns[i].data);
    }
}

static void free_columns(tr_column *columns)
{
    for (int i = 0; i < TR_COLUMN_COUNT; i++)
        free(columns[i].data);
}

START_TEST(test_columns)
{
    const char *name = goldens[_i][GOLDEN_NAME];
    struct bytes trace = load_trace(name);
    struct reading by_event;
    const tr_event *ev;
    tr_column columns[TR_COLUMN_COUNT];
    tr_reader *r = tr_reader_new();
    tr_status status, same;
    size_t filled;
    uint64_t row = 0;

    make_columns(columns);
    reading_open(&by_event, WAY_MEMORY, &trace);
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), by_event.opened);
    while (by_event.opened == TR_OK) {
        /* Columns come in another order each time, and not all of them. */
        size_t first = row % TR_COLUMN_COUNT, rows = row % 3 ? ROWS : row % 71 + 1;
        status = tr_reader_fill(r, columns + first, TR_COLUMN_COUNT - first, rows, &filled);
        require(filled <= rows && (status == TR_OK) == (filled > 0), "%s: %zu rows of %zu", name,
                filled, rows);
        for (size_t i = 0; i < filled; i++, row++) {
            require(reading_next(&by_event, &ev) == TR_OK, "%s: too many rows", name);
            for (size_t c = first; c < TR_COLUMN_COUNT; c++)
                require(is_right(r, ev, &columns[c], i), "%s: row %" PRIu64 ": %s is wrong", name,
                        row, tr_column_name(columns[c].id));
        }
        if (status != TR_OK) {
            same = reading_next(&by_event, &ev);
            ck_assert_int_eq(status, same);
            ck_assert_int_eq(tr_reader_error(r)->code, tr_reader_error(by_event.reader)->code);
            ck_assert_int_eq(tr_reader_fill(r, columns, TR_COLUMN_COUNT, ROWS, &filled), status);
            ck_assert_uint_eq(filled, 0);
            break;
        }
    }
    reading_close(&by_event);
    tr_reader_free(r);
    free_columns(columns);
    free_bytes(&trace);
}
END_TEST

/* Events, blocks and columns by turns, decided by a simple generator of numbers. */
START_TEST(test_mixed)
{
    const char *name = goldens[_i][GOLDEN_NAME];
    struct bytes trace = load_trace(name);
    struct reading plain;
    const tr_event *ev, *mixed;
    int64_t times[50], offsets[50];
    tr_column columns[] = {{TR_COL_TIME, times, 50}, {TR_COL_OFFSET, offsets, 50}};
    tr_packed_event packed[50];
    tr_reader *r = tr_reader_new();
    uint32_t random = (uint32_t)_i + 1;
    tr_status status = tr_reader_open_memory(r, trace.data, trace.size);

    reading_open(&plain, WAY_MEMORY, &trace);
    ck_assert_int_eq(status, plain.opened);
    while (status == TR_OK) {
        size_t n = 0;
        random = random * 1664525 + 1013904223;
        size_t max = (random >> 16) % 50 + 1;
        switch (random >> 30) {
        case 0:
            status = tr_reader_fill(r, columns, 2, max, &n);
            break;
        case 1: {
            const tr_tables *tables;
            status = tr_reader_next_packed(r, packed, max, &n, &tables);
            for (size_t i = 0; i < n; i++) {
                tr_event unpacked;
                tr_event_unpack(&packed[i], tables, &unpacked);
                times[i] = unpacked.time_ns;
                offsets[i] = (int64_t)unpacked.offset;
            }
            break;
        }
        default:
            status = tr_reader_next(r, &mixed);
            if (status == TR_OK) {
                n = 1;
                times[0] = mixed->time_ns;
                offsets[0] = (int64_t)mixed->offset;
            }
        }
        for (size_t i = 0; i < n; i++)
            require(reading_next(&plain, &ev) == TR_OK && ev->time_ns == times[i] &&
                        (int64_t)ev->offset == offsets[i],
                    "%s: another event at %" PRId64, name, offsets[i]);
    }
    if (plain.opened == TR_OK)
        ck_assert_int_eq(reading_next(&plain, &ev), status);
    reading_close(&plain);
    tr_reader_free(r);
    free_bytes(&trace);
}
END_TEST

static bool same_text(tr_str a, tr_str b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* Whether `count` items of two columns say the same; the first is there from `row`. */
static bool same_items(const tr_reader *r, const tr_column *whole, uint64_t row,
                       const tr_reader *other, const tr_column *part, size_t count)
{
    size_t size = item_size(whole->id);
    const char *items = (const char *)whole->data + row * size;
    if (size == 8)
        return memcmp(items, part->data, count * size) == 0;
    for (size_t i = 0; i < count; i++) {
        int32_t a, b;
        memcpy(&a, items + i * size, size);
        memcpy(&b, (const char *)part->data + i * size, size);
        if ((a < 0) != (b < 0) || !same_text(tr_reader_string(r, a), tr_reader_string(other, b)))
            return false;
    }
    return true;
}

/* What is kept small comes out as tr_reader_fill gives it, whatever else is kept. */
START_TEST(test_kept)
{
    const char *name = goldens[_i][GOLDEN_NAME];
    struct bytes trace = load_trace(name);
    tr_column columns[TR_COLUMN_COUNT];
    make_columns(columns);
    for (int only = -1; only < TR_COLUMN_COUNT; only += only < 0 || _i % 8 == 0 ? 1 : 5) {
        tr_column_id ids[TR_COLUMN_COUNT];
        size_t first = only < 0 ? 0 : (size_t)only, count = only < 0 ? TR_COLUMN_COUNT : 1, n;
        for (size_t i = 0; i < count; i++)
            ids[i] = (tr_column_id)(first + i);
        tr_reader *r = tr_reader_new(), *plain = tr_reader_new();
        tr_columns *kept = tr_columns_new(ids, count);
        ck_assert_ptr_nonnull(kept);
        tr_status status = tr_reader_open_memory(r, trace.data, trace.size), same;
        ck_assert_int_eq(tr_reader_open_memory(plain, trace.data, trace.size), status);
        uint64_t step = 1, before;
        while (status == TR_OK) {
            before = tr_columns_row_count(kept);
            status = tr_columns_read(kept, r, step);
            require(tr_columns_row_count(kept) - before == step || status != TR_OK,
                    "%s: not as many rows as were asked for", name);
            step = step * 7 % 1009; /* never 0 */
        }
        uint64_t rows = tr_columns_row_count(kept), row = 0;
        tr_column whole[TR_COLUMN_COUNT];
        for (size_t i = 0; i < count; i++) {
            whole[i] = (tr_column){ids[i], calloc(rows + 1, item_size(ids[i])), rows};
            ck_assert_int_eq(tr_columns_get(kept, &whole[i]), TR_OK);
        }
        do {
            same = tr_reader_fill(plain, columns + first, count, ROWS, &n);
            require(row + n <= rows, "%s: too few rows", name);
            for (size_t i = 0; i < count; i++)
                require(same_items(r, &whole[i], row, plain, &columns[first + i], n),
                        "%s: rows from %" PRIu64 ": %s is wrong", name, row,
                        tr_column_name(ids[i]));
            row += n;
        } while (same == TR_OK);
        ck_assert_uint_eq(row, rows);
        ck_assert_int_eq(same, status);
        for (size_t i = 0; i < count; i++)
            free(whole[i].data);
        tr_columns_free(kept);
        tr_reader_free(plain);
        tr_reader_free(r);
    }
    free_columns(columns);
    free_bytes(&trace);
}
END_TEST

START_TEST(test_kept_misuse)
{
    struct bytes trace = load_trace("go1.26-idle");
    tr_column_id twice[] = {TR_COL_TIME, TR_COL_KIND, TR_COL_TIME};
    tr_column_id unknown[] = {TR_COL_TIME, (tr_column_id)TR_COLUMN_COUNT, (tr_column_id)-1};
    int64_t times[4];
    tr_column out = {TR_COL_TIME, times, 4};
    tr_reader *r = tr_reader_new();

    ck_assert_ptr_null(tr_columns_new(NULL, 1));
    ck_assert_ptr_null(tr_columns_new(twice, 0));
    ck_assert_ptr_null(tr_columns_new(twice, 3));
    ck_assert_ptr_null(tr_columns_new(unknown, 2));
    ck_assert_ptr_null(tr_columns_new(unknown + 2, 1));
    tr_columns *kept = tr_columns_new(twice, 1);
    ck_assert_ptr_nonnull(kept);
    ck_assert_int_eq(tr_columns_read(NULL, r, 1), TR_E_MISUSE);
    ck_assert_int_eq(tr_columns_read(kept, NULL, 1), TR_E_MISUSE);
    ck_assert_int_eq(tr_columns_read(kept, r, 1), TR_E_MISUSE); /* not open */
    tr_reader_free(r);
    r = tr_reader_new();
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    ck_assert_int_eq(tr_columns_get(kept, &out), TR_OK); /* nothing yet */
    ck_assert_int_eq(tr_columns_read(kept, r, 5), TR_OK);
    ck_assert_uint_eq(tr_columns_row_count(kept), 5);
    ck_assert_int_eq(tr_columns_get(kept, &out), TR_E_MISUSE); /* too small */
    out.capacity = 5;
    out.data = NULL;
    ck_assert_int_eq(tr_columns_get(kept, &out), TR_E_MISUSE);
    out = (tr_column){TR_COL_KIND, times, 5};
    ck_assert_int_eq(tr_columns_get(kept, &out), TR_E_MISUSE); /* not one of them */
    out.id = (tr_column_id)TR_COLUMN_COUNT;
    ck_assert_int_eq(tr_columns_get(kept, &out), TR_E_MISUSE);
    ck_assert_int_eq(tr_columns_get(kept, NULL), TR_E_MISUSE);
    ck_assert_int_eq(tr_columns_get(NULL, &out), TR_E_MISUSE);
    ck_assert_int_eq(tr_columns_read(kept, r, UINT64_MAX), TR_END);
    ck_assert_int_eq(tr_columns_read(kept, r, 0), TR_END);
    ck_assert_uint_gt(tr_columns_memory(kept), 0);
    ck_assert_uint_eq(tr_columns_memory(NULL), 0);
    ck_assert_uint_eq(tr_columns_row_count(NULL), 0);
    tr_columns_free(NULL);
    tr_columns_free(kept);
    tr_reader_free(r);
    free_bytes(&trace);
}
END_TEST

/* All columns of many events take little. */
START_TEST(test_kept_is_small)
{
    struct bytes trace = load_trace("go1.26-shop");
    tr_column_id ids[TR_COLUMN_COUNT];
    for (int i = 0; i < TR_COLUMN_COUNT; i++)
        ids[i] = (tr_column_id)i;
    tr_columns *kept = tr_columns_new(ids, TR_COLUMN_COUNT), *none = tr_columns_new(ids, 1);
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    ck_assert_int_eq(tr_columns_read(kept, r, 0), TR_END);
    uint64_t bytes = tr_columns_memory(kept) - tr_columns_memory(none);
    require(bytes < 40 * tr_columns_row_count(kept), "%" PRIu64 " bytes", bytes);
    tr_columns_free(kept);
    tr_columns_free(none);
    tr_reader_free(r);
    free_bytes(&trace);
}
END_TEST

/* Names and types as batch.h lists them. */
START_TEST(test_columns_are_described)
{
    static const char *const names[TR_COLUMN_COUNT] = {"time",        "kind",
                                                       "thread",      "proc",
                                                       "goroutine",   "resource",
                                                       "resource_id", "from_state",
                                                       "to_state",    "reason",
                                                       "name",        "value",
                                                       "task",        "parent",
                                                       "type",        "category",
                                                       "message",     "scope",
                                                       "scope_id",    "label",
                                                       "experiment",  "offset",
                                                       "generation",  "flags",
                                                       "stack",       "transition_stack"};
    for (int i = 0; i < TR_COLUMN_COUNT; i++)
        ck_assert_str_eq(tr_column_name((tr_column_id)i), names[i]);
    ck_assert_int_eq(tr_column_get_type(TR_COL_TIME), TR_COLUMN_INT64);
    ck_assert_int_eq(tr_column_get_type(TR_COL_VALUE), TR_COLUMN_UINT64);
    ck_assert_int_eq(tr_column_get_type(TR_COL_TASK), TR_COLUMN_UINT64);
    ck_assert_int_eq(tr_column_get_type(TR_COL_PARENT), TR_COLUMN_UINT64);
    ck_assert_int_eq(tr_column_get_type(TR_COL_REASON), TR_COLUMN_CODE);
    ck_assert_ptr_null(tr_column_name((tr_column_id)TR_COLUMN_COUNT));
    ck_assert_int_eq(tr_column_get_type((tr_column_id)TR_COLUMN_COUNT), 0);
}
END_TEST

START_TEST(test_fill_misuse)
{
    struct bytes trace = load_trace("go1.26-idle");
    int64_t times[4];
    int32_t kinds[4];
    tr_column columns[] = {{TR_COL_TIME, times, 4}, {TR_COL_KIND, kinds, 4}};
    tr_packed_event packed[2];
    tr_experimental_batch batch;
    const tr_tables *tables;
    const tr_event *ev;
    size_t n = 99;
    tr_reader *r = tr_reader_new();

    ck_assert_int_eq(tr_reader_fill(NULL, columns, 2, 4, &n), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_fill(r, columns, 2, 4, &n), TR_E_MISUSE); /* not open */
    ck_assert_uint_eq(n, 0);
    tr_reader_free(r);
    r = tr_reader_new();
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    ck_assert_int_eq(tr_reader_fill(r, columns, 2, 4, NULL), TR_E_MISUSE);
    ck_assert_str_eq(tr_reader_error(r)->message,
                     "columns need room, and a place for the number of rows");
    ck_assert_int_eq(tr_reader_error(r)->severity, TR_SEVERITY_WARNING);
    ck_assert_int_eq(tr_reader_fill(r, columns, 2, 0, &n), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_fill(r, columns, 2, 5, &n), TR_E_MISUSE); /* too small */
    ck_assert_str_eq(tr_reader_error(r)->message,
                     "a column is unknown, or has no room for the rows");
    ck_assert_int_eq(tr_reader_fill(r, NULL, 2, 4, &n), TR_E_MISUSE);
    columns[1].id = (tr_column_id)TR_COLUMN_COUNT;
    ck_assert_int_eq(tr_reader_fill(r, columns, 2, 4, &n), TR_E_MISUSE);
    columns[1].id = (tr_column_id)-1;
    ck_assert_int_eq(tr_reader_fill(r, columns, 2, 4, &n), TR_E_MISUSE);
    columns[1] = (tr_column){TR_COL_KIND, NULL, 4};
    ck_assert_int_eq(tr_reader_fill(r, columns, 2, 4, &n), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_next_packed(r, packed, 0, &n, &tables), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_next_packed(r, NULL, 2, &n, &tables), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_next_packed(r, packed, 2, NULL, &tables), TR_E_MISUSE);
    ck_assert_int_eq(tr_reader_next_packed(NULL, packed, 2, &n, &tables), TR_E_MISUSE);
    ck_assert_str_eq(tr_reader_error(r)->message,
                     "packed events need room, and a place for their number");
    ck_assert_int_eq(tr_reader_experimental_batch(r, 0, &batch), TR_E_MISUSE);
    ck_assert_str_eq(tr_reader_error(r)->message, "there is no such experimental batch");
    /* None of this cost an event. No columns at all: rows are passed over. */
    ck_assert_int_eq(tr_reader_fill(r, NULL, 0, 1, &n), TR_OK);
    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(tr_reader_next_packed(r, packed, 1, &n, &tables), TR_OK);
    ck_assert_uint_eq(n, 1);
    uint64_t events = 2;
    while (tr_reader_next(r, &ev) == TR_OK)
        events++;
    for (int i = 0; i < golden_count; i++)
        if (strcmp(goldens[i][GOLDEN_NAME], "go1.26-idle") == 0)
            ck_assert_uint_eq(events, strtoull(goldens[i][GOLDEN_COUNT], NULL, 10));
    tr_reader_free(r);
    free_bytes(&trace);
}
END_TEST

/* Codes stay, and name the same string throughout. */
START_TEST(test_codes_stay)
{
    struct bytes trace = load_trace("go1.26-generations");
    int32_t reasons[50];
    tr_column column = {TR_COL_REASON, reasons, 50};
    tr_str strings[500];
    uint32_t known = 0;
    size_t n;
    tr_reader *r = tr_reader_new();

    ck_assert_uint_eq(tr_reader_string_count(NULL), 0);
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    while (tr_reader_fill(r, &column, 1, 50, &n) == TR_OK) {
        uint32_t count = tr_reader_string_count(r);
        require(count >= known && count < 500, "%u strings", (unsigned)count);
        for (uint32_t i = 0; i < count; i++) {
            tr_str s = tr_reader_string(r, (int32_t)i);
            if (i < known)
                require(s.ptr == strings[i].ptr && s.len == strings[i].len, "a string moved");
            else
                for (uint32_t k = 0; k < i; k++)
                    require(s.len != strings[k].len || memcmp(s.ptr, strings[k].ptr, s.len) != 0,
                            "two codes for %.*s", (int)s.len, s.ptr);
            strings[i] = s;
        }
        known = count;
    }
    ck_assert_uint_gt(known, 3);
    ck_assert_uint_eq(tr_reader_string(r, -1).len, 0);
    ck_assert_ptr_nonnull(tr_reader_string(r, -1).ptr);
    ck_assert_uint_eq(tr_reader_string(r, (int32_t)known).len, 0);
    tr_reader_free(r);
    free_bytes(&trace);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden/columns");
    TCase *rules = tcase_create("rules");
    TCase *all = tcase_create("traces");

    load_goldens();
    tcase_add_test(rules, test_columns_are_described);
    tcase_add_test(rules, test_fill_misuse);
    tcase_add_test(rules, test_codes_stay);
    tcase_add_test(rules, test_kept_misuse);
    tcase_add_test(rules, test_kept_is_small);
    suite_add_tcase(suite, rules);
    tcase_set_timeout(all, 300);
    tcase_add_loop_test(all, test_columns, 0, golden_count);
    tcase_add_loop_test(all, test_mixed, 0, golden_count);
    tcase_add_loop_test(all, test_kept, 0, golden_count);
    suite_add_tcase(suite, all);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free_goldens();
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
