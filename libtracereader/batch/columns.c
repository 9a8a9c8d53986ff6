/* Rows into columns.
 *
 * One table says where a column's values stand: for which kinds of events, and where in
 * their rows. The rows of a block are sorted by kind, once; then each column is written
 * in one go: "none" everywhere, unless all rows have a value, and a loop for those that
 * have one. What all events of a type share, such as the name of a range, is asked of
 * the event layer, so that nothing of an event's meaning stands here.
 *
 * Strings become numbers of the reader's pool, its codes, which grows with the distinct
 * strings that columns have named. Each string of a generation's table is looked up there
 * once, and so is each name that comes with the library. */
#include <stddef.h>
#include <string.h>

#include "base/compiler.h"
#include "event/event.h"
#include "reader/reader.h"
#include "tracereader/batch.h"

/* How a value is made of a row. `at` is the place in the row, where one is needed. */
enum source {
    WORD = 1, /* 8 bytes as they are */
    FLAGS,
    OFFSET,
    GENERATION,
    SCOPE_ID,
    STRING, /* the rest are codes; this one of a reference to a string */
    KIND,
    STATE,
    RESOURCE,
    GOROUTINE, /* the resource "Goroutine" */
    SCOPE,
    NAME,
    EXPERIMENT
};

/* The values of the events of some kinds, which follow each other in tr_kind. */
struct values {
    uint8_t first_kind, last_kind;
    uint8_t source, at;
};

#define OF_ALL 0, TR_KIND_COUNT - 1
#define OF_TRANSITIONS TR_KIND_STATE_TRANSITION, TR_KIND_STATE_TRANSITION
#define OF_RANGES TR_KIND_RANGE_BEGIN, TR_KIND_RANGE_END
#define OF_TASKS TR_KIND_TASK_BEGIN, TR_KIND_TASK_END
#define OF_REGIONS TR_KIND_REGION_BEGIN, TR_KIND_REGION_END
#define OF_METRICS TR_KIND_METRIC, TR_KIND_METRIC
#define OF_LABELS TR_KIND_LABEL, TR_KIND_LABEL
#define OF_LOGS TR_KIND_LOG, TR_KIND_LOG
#define OF_EXPERIMENTS TR_KIND_EXPERIMENTAL, TR_KIND_EXPERIMENTAL
#define AT(member) offsetof(struct tri_row, member)

enum { MAX_VALUES = 3 }; /* of a column; a gap ends them */

static const struct {
    const char *name;
    tr_column_type type;
    struct values values[MAX_VALUES];
} columns_table[TR_COLUMN_COUNT] = {
    [TR_COL_TIME] = {"time", TR_COLUMN_INT64, {{OF_ALL, WORD, AT(time)}}},
    [TR_COL_KIND] = {"kind", TR_COLUMN_CODE, {{OF_ALL, KIND, 0}}},
    [TR_COL_THREAD] = {"thread", TR_COLUMN_INT64, {{OF_ALL, WORD, AT(thread)}}},
    [TR_COL_PROC] = {"proc", TR_COLUMN_INT64, {{OF_ALL, WORD, AT(proc)}}},
    [TR_COL_GOROUTINE] = {"goroutine", TR_COLUMN_INT64, {{OF_ALL, WORD, AT(goroutine)}}},
    [TR_COL_RESOURCE] = {"resource",
                         TR_COLUMN_CODE,
                         {{OF_TRANSITIONS, RESOURCE, 0}, {OF_LABELS, GOROUTINE, 0}}},
    [TR_COL_RESOURCE_ID] = {"resource_id",
                            TR_COLUMN_INT64,
                            {{OF_TRANSITIONS, WORD, AT(transition.id)},
                             {OF_LABELS, WORD, AT(goroutine)}}},
    [TR_COL_FROM_STATE] = {"from_state",
                           TR_COLUMN_CODE,
                           {{OF_TRANSITIONS, STATE, AT(transition.from)}}},
    [TR_COL_TO_STATE] = {"to_state", TR_COLUMN_CODE, {{OF_TRANSITIONS, STATE, AT(transition.to)}}},
    [TR_COL_REASON] = {"reason", TR_COLUMN_CODE, {{OF_TRANSITIONS, STRING, AT(string)}}},
    [TR_COL_NAME] = {"name",
                     TR_COLUMN_CODE,
                     {{OF_RANGES, NAME, 0}, {OF_METRICS, NAME, 0}, {OF_EXPERIMENTS, NAME, 0}}},
    [TR_COL_VALUE] = {"value", TR_COLUMN_UINT64, {{OF_METRICS, WORD, AT(metric)}}},
    [TR_COL_TASK] = {"task",
                     TR_COLUMN_UINT64,
                     {{OF_TASKS, WORD, AT(task.id)},
                      {OF_REGIONS, WORD, AT(region_task)},
                      {OF_LOGS, WORD, AT(log.task)}}},
    [TR_COL_PARENT] = {"parent", TR_COLUMN_UINT64, {{OF_TASKS, WORD, AT(task.parent)}}},
    [TR_COL_TYPE] = {"type",
                     TR_COLUMN_CODE,
                     {{OF_TASKS, STRING, AT(string)}, {OF_REGIONS, STRING, AT(string)}}},
    [TR_COL_CATEGORY] = {"category", TR_COLUMN_CODE, {{OF_LOGS, STRING, AT(string)}}},
    [TR_COL_MESSAGE] = {"message", TR_COLUMN_CODE, {{OF_LOGS, STRING, AT(log.message)}}},
    [TR_COL_SCOPE] = {"scope", TR_COLUMN_CODE, {{OF_RANGES, SCOPE, 0}}},
    [TR_COL_SCOPE_ID] = {"scope_id", TR_COLUMN_INT64, {{OF_RANGES, SCOPE_ID, 0}}},
    [TR_COL_LABEL] = {"label", TR_COLUMN_CODE, {{OF_LABELS, STRING, AT(string)}}},
    [TR_COL_EXPERIMENT] = {"experiment", TR_COLUMN_CODE, {{OF_EXPERIMENTS, EXPERIMENT, 0}}},
    [TR_COL_OFFSET] = {"offset", TR_COLUMN_INT64, {{OF_ALL, OFFSET, 0}}},
    [TR_COL_GENERATION] = {"generation", TR_COLUMN_INT64, {{OF_ALL, GENERATION, 0}}},
    [TR_COL_FLAGS] = {"flags", TR_COLUMN_INT64, {{OF_ALL, FLAGS, 0}}},
};

const char *tr_column_name(tr_column_id id)
{
    return (unsigned)id < TR_COLUMN_COUNT ? columns_table[id].name : NULL;
}

int tr_column_get_type(tr_column_id id)
{
    return (unsigned)id < TR_COLUMN_COUNT ? (int)columns_table[id].type : 0;
}

uint32_t tr_reader_string_count(const tr_reader *r)
{
    return r ? tri_pool_count(r->pool) : 0;
}

tr_str tr_reader_string(const tr_reader *r, int32_t code)
{
    if (code < 0 || (uint32_t)code >= tr_reader_string_count(r))
        return (tr_str){"", 0};
    return tri_pool_get(r->pool, (uint32_t)code);
}

/* Events that a filter may keep out before the caller is asked whether to go on. */
enum { MAX_DROPPED = 1 << 16 };

/* What one fill works on: rows of one block, few enough to stay in the first cache. */
enum { FILL_ROWS = 256 };

struct fill {
    tr_reader *r;
    const struct tri_row *rows;
    uint32_t count;
    bool failed; /* there was no memory */
    bool sorted;
    uint16_t first[TR_KIND_COUNT + 1]; /* of each kind, in `order` */
    uint8_t order[FILL_ROWS];          /* places of rows, by kind */
};

/* --- codes ----------------------------------------------------------------- */

/* Make the table of codes that of this generation. */
static bool prepare_codes(tr_reader *r)
{
    struct tri_codes *codes = &r->codes;
    if (codes->tables == r->tables)
        return true;
    tri_codes_free(codes, r->mem);
    if (!r->tables)
        return true;
    uint32_t count = r->tables->string_ids.count + 1;
    codes->of_string = tri_mem_zalloc(r->mem, count * sizeof *codes->of_string);
    if (!codes->of_string)
        return false;
    codes->of_string_count = count;
    codes->tables = r->tables;
    tr_tables_ref(r->tables);
    return true;
}

/* The code plus 1 of a string, to be kept in *known. */
TRI_COLD static uint32_t learn(struct fill *f, uint32_t *known, tr_str s)
{
    uint32_t number;
    if (tri_pool_add(f->r->pool, s.ptr, s.len, &number))
        return *known = number + 1;
    f->failed = true;
    return 1;
}

TRI_COLD static uint32_t learn_text(struct fill *f, uint32_t *known, const char *text)
{
    return learn(f, known, (tr_str){text, strlen(text)});
}

static inline int32_t code_of_ref(struct fill *f, uint32_t ref)
{
    uint32_t unknown;
    if (ref & TRI_STR_POOL)
        return (int32_t)learn(f, &unknown, tri_tables_string(f->r->tables, ref)) - 1;
    uint32_t *known = &f->r->codes.of_string[ref];
    return (int32_t)(*known ? *known : learn(f, known, tri_tables_string(f->r->tables, ref))) - 1;
}

/* Of a name of the library's, which `text` gives. */
#define CODE_OF_TEXT(f, known, text) \
    ((int32_t)((known) ? (known) : learn_text((f), &(known), (text))) - 1)

static int32_t code_of_resource(struct fill *f, tr_resource resource)
{
    return CODE_OF_TEXT(f, f->r->names.resource[resource], tr_resource_name(resource));
}

static int32_t code_of_name(struct fill *f, const struct tri_row *row)
{
    uint32_t *known = &f->r->names.of_type[tri_row_type(row)];
    if (*known)
        return (int32_t)(*known - 1);
    tr_str name = tri_event_name(tri_row_type(row));
    return name.ptr ? (int32_t)(learn(f, known, name) - 1) : code_of_ref(f, row->string);
}

static int32_t code_of_experiment(struct fill *f, const struct tri_row *row)
{
    uint32_t *known = &f->r->names.experiment[tri_specs[tri_row_type(row)].experiment];
    return (int32_t)(*known ? *known : learn(f, known, tri_event_experiment(tri_row_type(row)))) -
           1;
}

/* --- columns --------------------------------------------------------------- */

static void sort_by_kind(struct fill *f)
{
    uint16_t next[TR_KIND_COUNT];
    memset(f->first, 0, sizeof f->first);
    for (uint32_t i = 0; i < f->count; i++)
        f->first[tri_event_kind(&f->rows[i]) + 1]++;
    for (int kind = 0; kind < TR_KIND_COUNT; kind++) {
        next[kind] = f->first[kind];
        f->first[kind + 1] = (uint16_t)(f->first[kind + 1] + f->first[kind]);
    }
    for (uint32_t i = 0; i < f->count; i++)
        f->order[next[tri_event_kind(&f->rows[i])]++] = (uint8_t)i;
    f->sorted = true;
}

/* Some rows: those at `order`, or all if that is NULL. */
struct run {
    const uint8_t *order;
    uint32_t count;
};

static struct run run_of(struct fill *f, const struct values *v)
{
    if (v->last_kind - v->first_kind == TR_KIND_COUNT - 1)
        return (struct run){NULL, f->count};
    if (!f->sorted)
        sort_by_kind(f);
    uint32_t first = f->first[v->first_kind], count = f->first[v->last_kind + 1] - first;
    return (struct run){count == f->count ? NULL : &f->order[first], count};
}

/* Write `value`, an expression in `row`, for each row of the run. */
#define PUT_ROW(type, n, value)                       \
    do {                                              \
        const uint32_t at_row = (n);                  \
        const struct tri_row *row = &f->rows[at_row]; \
        (void)row;                                    \
        ((type *)out)[at_row] = (value);              \
    } while (0)
#define PUT(type, value)                             \
    do {                                             \
        if (run.order)                               \
            for (uint32_t i = 0; i < run.count; i++) \
                PUT_ROW(type, run.order[i], value);  \
        else                                         \
            for (uint32_t i = 0; i < run.count; i++) \
                PUT_ROW(type, i, value);             \
    } while (0)

static inline uint64_t word_at(const struct tri_row *row, size_t at)
{
    uint64_t word;
    memcpy(&word, (const char *)row + at, sizeof word);
    return word;
}

static inline uint8_t byte_at(const struct tri_row *row, size_t at)
{
    return ((const uint8_t *)row)[at];
}

static inline uint32_t ref_at(const struct tri_row *row, size_t at)
{
    uint32_t ref;
    memcpy(&ref, (const char *)row + at, sizeof ref);
    return ref;
}

static inline void put_run(struct fill *f, const struct values *v, struct run run, void *out)
{
    const struct tr_tables *tables = f->r->tables;
    struct tri_name_codes *names = &f->r->names;
    size_t at = v->at;
    switch ((enum source)v->source) {
    case WORD:
        PUT(uint64_t, word_at(row, at));
        break;
    case FLAGS:
        PUT(int64_t, tri_row_flags(row));
        break;
    case OFFSET:
        PUT(int64_t, (int64_t)tri_row_offset(row));
        break;
    case GENERATION:
        PUT(int64_t, tables ? (int64_t)tables->generation : 0);
        break;
    case SCOPE_ID:
        PUT(int64_t, tri_event_scope_id(row));
        break;
    case STRING:
        PUT(int32_t, code_of_ref(f, ref_at(row, at)));
        break;
    case KIND:
        PUT(int32_t,
            CODE_OF_TEXT(f, names->kind[tri_event_kind(row)], tr_kind_name(tri_event_kind(row))));
        break;
    case STATE:
        PUT(int32_t, CODE_OF_TEXT(f, names->state[byte_at(row, at)],
                                  tr_state_name((tr_state)byte_at(row, at))));
        break;
    case RESOURCE:
        PUT(int32_t, code_of_resource(f, tri_row_resource(row)));
        break;
    case GOROUTINE:
        PUT(int32_t, code_of_resource(f, TR_RESOURCE_GOROUTINE));
        break;
    case SCOPE:
        PUT(int32_t, code_of_resource(f, tri_event_scope(tri_row_type(row))));
        break;
    case NAME:
        PUT(int32_t, code_of_name(f, row));
        break;
    case EXPERIMENT:
        PUT(int32_t, code_of_experiment(f, row));
        break;
    }
}

/* Fill in all but what sorting does. */
static void begin_fill(struct fill *f, tr_reader *r, uint32_t count)
{
    f->r = r;
    f->rows = r->next;
    f->count = count;
    f->failed = !prepare_codes(r);
    f->sorted = false;
}

static void fill_column(struct fill *f, const tr_column *column, size_t at)
{
    const struct values *v = columns_table[column->id].values;
    size_t size = columns_table[column->id].type == TR_COLUMN_CODE ? 4 : 8;
    void *out = (char *)column->data + at * size;
    struct run run = run_of(f, v);
    if (run.count < f->count)
        memset(out, 0xff, f->count * size); /* "none" of every type */
    put_run(f, v, run, out);
    for (int i = 1; i < MAX_VALUES && v[i].source; i++)
        put_run(f, &v[i], run_of(f, &v[i]), out);
}

tr_status tr_reader_fill(tr_reader *r, const tr_column *columns, size_t column_count, size_t rows,
                         size_t *filled)
{
    if (filled)
        *filled = 0;
    if (!r || !filled || !rows || (!columns && column_count))
        return TR_E_MISUSE;
    for (size_t i = 0; i < column_count; i++)
        if ((unsigned)columns[i].id >= TR_COLUMN_COUNT || columns[i].capacity < rows ||
            !columns[i].data)
            return TR_E_MISUSE;
    uint64_t dropped = r->dropped;
    while (*filled < rows && r->dropped - dropped < MAX_DROPPED) {
        if (r->next == r->end) {
            tr_status status = tri_reader_next_block(r);
            if (status != TR_OK)
                return *filled ? TR_OK : status;
            continue;
        }
        uint32_t n = (uint32_t)(r->end - r->next);
        if (n > FILL_ROWS)
            n = FILL_ROWS;
        if (n > rows - *filled)
            n = (uint32_t)(rows - *filled);
        struct fill f;
        begin_fill(&f, r, n);
        for (size_t i = 0; i < column_count && !f.failed; i++)
            fill_column(&f, &columns[i], *filled);
        if (f.failed) { /* comes after the rows before it, and stays */
            struct tri_place place = {r->source.offset, r->tables ? r->tables->generation : 0,
                                      TR_NONE, -1};
            r->ended = tri_err_no_memory(&r->err, r->mem, place);
            r->next = r->end;
            return *filled ? TR_OK : r->ended;
        }
        r->next += n;
        *filled += n;
    }
    return TR_OK;
}
