/* What stands in columns.
 *
 * One table says what columns are called, and what they are in the table of events; another
 * where a column's values stand: for which events, and where in their rows.
 * The rows of a part are sorted by group, once, so that the values of each group are
 * written in one go. What all events of a type share, such as the name of a range, is asked
 * of the event layer, so that nothing of an event's meaning stands here.
 *
 * Strings become numbers of the reader's pool, its codes, which grows with the distinct
 * strings that columns have named. Each string of a generation's table is looked up there
 * once, and so is each name that comes with the library. */
#include "batch/values.h"

#include <stddef.h>
#include <string.h>

#define AT(member) offsetof(struct tri_row, member)

const tr_table_column tri_event_columns[TR_COLUMN_COUNT] = {
    [TR_COL_TIME] = {"time", TR_TABLE_TIME, 0, "when it happened"},
    [TR_COL_KIND] = {"kind", TR_TABLE_NAME, 0, "what it is: Go's name of the kind"},
    [TR_COL_THREAD] = {"thread", TR_TABLE_INT64, 1, "the thread on which it happened"},
    [TR_COL_PROC] = {"proc", TR_TABLE_INT64, 1, "the proc there before it"},
    [TR_COL_GOROUTINE] = {"goroutine", TR_TABLE_INT64, 1, "the goroutine that ran there before it"},
    [TR_COL_RESOURCE] = {"resource", TR_TABLE_NAME, 1,
                         "StateTransition, Label: what it is about, Goroutine or Proc"},
    [TR_COL_RESOURCE_ID] = {"resource_id", TR_TABLE_INT64, 1,
                            "StateTransition, Label: which goroutine or proc"},
    [TR_COL_FROM_STATE] = {"from_state", TR_TABLE_NAME, 1, "StateTransition: the state before it"},
    [TR_COL_TO_STATE] = {"to_state", TR_TABLE_NAME, 1, "StateTransition: the state after it"},
    [TR_COL_REASON] = {"reason", TR_TABLE_NAME, 1,
                       "StateTransition: why it stopped or blocked, empty if not said"},
    [TR_COL_NAME] = {"name", TR_TABLE_NAME, 1, "Metric, Range*, Experimental: its name"},
    [TR_COL_VALUE] = {"value", TR_TABLE_UINT64, 1, "Metric: its value"},
    [TR_COL_TASK] = {"task", TR_TABLE_UINT64, 1, "Task*, Region*, Log: the task, 0 for none"},
    [TR_COL_PARENT] = {"parent", TR_TABLE_UINT64, 1, "Task*: the task that it is part of"},
    [TR_COL_TYPE] = {"type", TR_TABLE_NAME, 1, "Task*, Region*: its type, as the program named it"},
    [TR_COL_CATEGORY] = {"category", TR_TABLE_NAME, 1, "Log: its category"},
    [TR_COL_MESSAGE] = {"message", TR_TABLE_STRING, 1, "Log: its message"},
    [TR_COL_SCOPE] = {"scope", TR_TABLE_NAME, 1,
                      "Range*: what it is bound to: None, Goroutine or Proc"},
    [TR_COL_SCOPE_ID] = {"scope_id", TR_TABLE_INT64, 1, "Range*: which goroutine or proc"},
    [TR_COL_LABEL] = {"label", TR_TABLE_NAME, 1, "Label: the label"},
    [TR_COL_EXPERIMENT] = {"experiment", TR_TABLE_NAME, 1, "Experimental: the experiment"},
    [TR_COL_OFFSET] = {"offset", TR_TABLE_INT64, 0, "byte offset of its record in the trace"},
    [TR_COL_GENERATION] = {"generation", TR_TABLE_INT64, 0,
                           "the number of its generation, 0 for the last Sync"},
    [TR_COL_FLAGS] = {"flags", TR_TABLE_INT64, 0,
                      "bits of tr_event_flag: 1 unresolved, 2 relaxed, 4 raw time"},
    [TR_COL_STACK] = {"stack", TR_TABLE_INT64, 1, "the stack of what ran there, a row of stacks"},
    [TR_COL_TRANSITION_STACK] =
        {"transition_stack", TR_TABLE_INT64, 1,
         "StateTransition: the stack of what changes state, a row of stacks"},
};

const struct tri_column_spec tri_column_specs[TR_COLUMN_COUNT] = {
    [TR_COL_TIME] = {TR_COLUMN_INT64, {{TRI_OF_ALL, TRI_WORD, AT(time)}}},
    [TR_COL_KIND] = {TR_COLUMN_CODE, {{TRI_OF_ALL, TRI_KIND, 0}}},
    [TR_COL_THREAD] = {TR_COLUMN_INT64, {{TRI_OF_ALL, TRI_ID, AT(thread)}}},
    [TR_COL_PROC] = {TR_COLUMN_INT64, {{TRI_OF_ALL, TRI_ID, AT(proc)}}},
    [TR_COL_GOROUTINE] = {TR_COLUMN_INT64, {{TRI_OF_ALL, TRI_ID, AT(goroutine)}}},
    [TR_COL_RESOURCE] = {TR_COLUMN_CODE,
                         {{TRI_OF_TRANSITIONS, TRI_RESOURCE, 0},
                          {TRI_OF_LABELS, TRI_GOROUTINE, 0}}},
    [TR_COL_RESOURCE_ID] = {TR_COLUMN_INT64,
                            {{TRI_OF_TRANSITIONS, TRI_ID, AT(transition.id)},
                             {TRI_OF_LABELS, TRI_ID, AT(goroutine)}}},
    [TR_COL_FROM_STATE] = {TR_COLUMN_CODE, {{TRI_OF_TRANSITIONS, TRI_STATE, AT(transition.from)}}},
    [TR_COL_TO_STATE] = {TR_COLUMN_CODE, {{TRI_OF_TRANSITIONS, TRI_STATE, AT(transition.to)}}},
    [TR_COL_REASON] = {TR_COLUMN_CODE, {{TRI_OF_TRANSITIONS, TRI_STRING, AT(string)}}},
    [TR_COL_NAME] = {TR_COLUMN_CODE,
                     {{TRI_OF_RANGES, TRI_NAME, 0},
                      {TRI_OF_METRICS, TRI_NAME, 0},
                      {TRI_OF_EXPERIMENTS, TRI_NAME, 0}}},
    [TR_COL_VALUE] = {TR_COLUMN_UINT64, {{TRI_OF_METRICS, TRI_WORD, AT(metric)}}},
    [TR_COL_TASK] = {TR_COLUMN_UINT64,
                     {{TRI_OF_TASKS, TRI_WORD, AT(task.id)},
                      {TRI_OF_REGIONS, TRI_WORD, AT(region_task)},
                      {TRI_OF_LOGS, TRI_WORD, AT(log.task)}}},
    [TR_COL_PARENT] = {TR_COLUMN_UINT64, {{TRI_OF_TASKS, TRI_ID, AT(task.parent)}}},
    [TR_COL_TYPE] = {TR_COLUMN_CODE,
                     {{TRI_OF_TASKS, TRI_STRING, AT(string)},
                      {TRI_OF_REGIONS, TRI_STRING, AT(string)}}},
    [TR_COL_CATEGORY] = {TR_COLUMN_CODE, {{TRI_OF_LOGS, TRI_STRING, AT(string)}}},
    [TR_COL_MESSAGE] = {TR_COLUMN_CODE, {{TRI_OF_LOGS, TRI_STRING, AT(log.message)}}},
    [TR_COL_SCOPE] = {TR_COLUMN_CODE, {{TRI_OF_RANGES, TRI_SCOPE, 0}}},
    [TR_COL_SCOPE_ID] = {TR_COLUMN_INT64, {{TRI_OF_RANGES, TRI_SCOPE_ID, 0}}},
    [TR_COL_LABEL] = {TR_COLUMN_CODE, {{TRI_OF_LABELS, TRI_STRING, AT(string)}}},
    [TR_COL_EXPERIMENT] = {TR_COLUMN_CODE, {{TRI_OF_EXPERIMENTS, TRI_EXPERIMENT, 0}}},
    [TR_COL_OFFSET] = {TR_COLUMN_INT64, {{TRI_OF_ALL, TRI_OFFSET, 0}}},
    [TR_COL_GENERATION] = {TR_COLUMN_INT64, {{TRI_OF_ALL, TRI_GENERATION, 0}}},
    [TR_COL_FLAGS] = {TR_COLUMN_INT64, {{TRI_OF_ALL, TRI_FLAGS, 0}}},
    [TR_COL_STACK] = {TR_COLUMN_INT64, {{TRI_OF_ALL, TRI_STACK_NUMBER, 0}}},
    [TR_COL_TRANSITION_STACK] = {TR_COLUMN_INT64, {{TRI_OF_TRANSITIONS, TRI_OTHER_STACK, 0}}},
};

const uint8_t tri_group_of_kind[TR_KIND_COUNT] = {
    [TR_KIND_BAD] = TRI_OF_OTHERS,
    [TR_KIND_SYNC] = TRI_OF_OTHERS,
    [TR_KIND_METRIC] = TRI_OF_METRICS,
    [TR_KIND_LABEL] = TRI_OF_LABELS,
    [TR_KIND_STACK_SAMPLE] = TRI_OF_OTHERS,
    [TR_KIND_RANGE_BEGIN] = TRI_OF_RANGES,
    [TR_KIND_RANGE_ACTIVE] = TRI_OF_RANGES,
    [TR_KIND_RANGE_END] = TRI_OF_RANGES,
    [TR_KIND_TASK_BEGIN] = TRI_OF_TASKS,
    [TR_KIND_TASK_END] = TRI_OF_TASKS,
    [TR_KIND_REGION_BEGIN] = TRI_OF_REGIONS,
    [TR_KIND_REGION_END] = TRI_OF_REGIONS,
    [TR_KIND_LOG] = TRI_OF_LOGS,
    [TR_KIND_STATE_TRANSITION] = TRI_OF_TRANSITIONS,
    [TR_KIND_EXPERIMENTAL] = TRI_OF_EXPERIMENTS,
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

uint32_t tri_code_learn(struct tri_part *p, uint32_t *known, tr_str s)
{
    uint32_t number;
    if (tri_pool_add(p->r->pool, s.ptr, s.len, &number))
        return *known = number + 1;
    p->failed = true;
    return 1;
}

TRI_COLD static uint32_t learn_text(struct tri_part *p, uint32_t *known, const char *text)
{
    return tri_code_learn(p, known, (tr_str){text, strlen(text)});
}

/* Of a name of the library's, which `text` gives. */
#define CODE_OF_TEXT(p, known, text) \
    ((int32_t)((known) ? (known) : learn_text((p), &(known), (text))) - 1)

int32_t tri_code_of_kind(struct tri_part *p, tr_kind kind)
{
    return CODE_OF_TEXT(p, p->r->names.kind[kind], tr_kind_name(kind));
}

int32_t tri_code_of_state(struct tri_part *p, tr_state state)
{
    return CODE_OF_TEXT(p, p->r->names.state[state], tr_state_name(state));
}

int32_t tri_code_of_resource(struct tri_part *p, tr_resource resource)
{
    return CODE_OF_TEXT(p, p->r->names.resource[resource], tr_resource_name(resource));
}

int32_t tri_code_of_name(struct tri_part *p, const struct tri_row *row)
{
    uint32_t *known = &p->r->names.of_type[tri_row_type(row)];
    if (*known)
        return (int32_t)(*known - 1);
    tr_str name = tri_event_name(tri_row_type(row));
    return name.ptr ? (int32_t)(tri_code_learn(p, known, name) - 1)
                    : tri_code_of_string(p, row->string);
}

static int32_t code_of_experiment(struct tri_part *p, const struct tri_row *row)
{
    uint32_t *known = &p->r->names.experiment[tri_specs[tri_row_type(row)].experiment];
    return (int32_t)(*known ? *known
                            : tri_code_learn(p, known, tri_event_experiment(tri_row_type(row)))) -
           1;
}

/* --- parts ----------------------------------------------------------------- */

tr_status tri_part_begin(struct tri_part *p, tr_reader *r, size_t most)
{
    p->r = r;
    p->count = 0;
    p->failed = p->sorted = false;
    if (r->next == r->end) {
        tr_status status = tri_reader_next_block(r);
        if (status != TR_OK)
            return status;
    }
    size_t n = (size_t)(r->end - r->next);
    if (n > TRI_PART_ROWS)
        n = TRI_PART_ROWS;
    if (n > most)
        n = most;
    p->rows = r->next;
    p->count = (uint32_t)n;
    p->failed = n && !prepare_codes(r);
    return TR_OK;
}

tr_status tri_part_end(struct tri_part *p)
{
    tr_reader *r = p->r;
    if (p->failed) { /* comes after the rows before it, and stays */
        struct tri_place place = {r->read_bytes, r->tables ? r->tables->generation : 0, TR_NONE,
                                  -1};
        struct tri_err err;
        tri_err_init(&err);
        tri_err_no_memory(&err, r->mem, place);
        return tri_reader_stop(r, &err);
    }
    r->next += p->count;
    return TR_OK;
}

/* Transitions, which most rows are, are told from others without a branch. */
TRI_APART static void sort(struct tri_part *p)
{
    const struct tri_row *rows = p->rows;
    uint8_t others[TRI_PART_ROWS];
    size_t count = p->count, other_count = 0;
    uint32_t kind_set = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned kind = tri_kinds[tri_row_type(&rows[i])];
        p->kinds[i] = (uint8_t)kind;
        kind_set |= UINT32_C(1) << kind;
        p->order[i - other_count] = others[other_count] = (uint8_t)i;
        other_count += kind != TR_KIND_STATE_TRANSITION;
    }
    uint16_t next[TRI_GROUP_COUNT] = {0};
    for (size_t k = 0; k < other_count; k++)
        next[tri_group_of_kind[p->kinds[others[k]]]]++;
    p->first[0] = 0;
    next[TRI_OF_TRANSITIONS] = (uint16_t)(count - other_count);
    for (int group = 0; group < TRI_GROUP_COUNT; group++) {
        p->first[group + 1] = (uint16_t)(p->first[group] + next[group]);
        next[group] = p->first[group];
    }
    for (size_t k = 0; k < other_count; k++)
        p->order[next[tri_group_of_kind[p->kinds[others[k]]]]++] = others[k];
    p->kind_set = kind_set;
    p->sorted = true;
}

void tri_part_sort(struct tri_part *p)
{
    if (!p->sorted)
        sort(p);
}

/* --- values ---------------------------------------------------------------- */

/* Write `value`, an expression in `row`, for each row of the run. */
#define PUT_ROW(type, place, n, value)        \
    do {                                      \
        const struct tri_row *row = &rows[n]; \
        (void)row;                            \
        ((type *)out)[place] = (value);       \
    } while (0)
#define FOR_ALL TRI_UNROLLED for (size_t i = 0; i < count; i++)
#define PUT(type, value)                                      \
    do {                                                      \
        if (!order)                                           \
            FOR_ALL PUT_ROW(type, i, i, value);               \
        else if (layout == TRI_DENSE)                         \
            FOR_ALL PUT_ROW(type, i, order[i], value);        \
        else                                                  \
            FOR_ALL PUT_ROW(type, order[i], order[i], value); \
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

void tri_put_values(struct tri_part *p, const struct tri_values *v, struct tri_run run,
                    enum tri_layout layout, void *out)
{
    const struct tri_row *rows = p->rows + run.first;
    const uint8_t *order = run.order;
    const uint64_t generation = p->r->tables ? p->r->tables->generation : 0;
    const size_t at = v->at, count = run.count;
    switch ((enum tri_value_source)v->source) {
    case TRI_WORD:
    case TRI_ID:
        PUT(uint64_t, word_at(row, at));
        break;
    case TRI_FLAGS:
        PUT(int64_t, tri_row_flags(row));
        break;
    case TRI_OFFSET:
        PUT(int64_t, (int64_t)tri_row_offset(row));
        break;
    case TRI_GENERATION:
        PUT(int64_t, (int64_t)generation);
        break;
    case TRI_SCOPE_ID:
        PUT(int64_t, tri_event_scope_id(row));
        break;
    case TRI_STRING_NUMBER:
        PUT(int64_t, tri_tables_string_number(p->r->tables, ref_at(row, at)));
        break;
    case TRI_STACK_NUMBER:
        PUT(int64_t, tri_event_stack_number(row, p->r->tables));
        break;
    case TRI_OTHER_STACK:
        PUT(int64_t, tri_tables_stack_number(p->r->tables, row->transition.stack));
        break;
    case TRI_STRING:
        PUT(int32_t, tri_code_of_string(p, ref_at(row, at)));
        break;
    case TRI_KIND:
        PUT(int32_t, tri_code_of_kind(p, tri_event_kind(row)));
        break;
    case TRI_STATE:
        PUT(int32_t, tri_code_of_state(p, (tr_state)byte_at(row, at)));
        break;
    case TRI_RESOURCE:
        PUT(int32_t, tri_code_of_resource(p, tri_row_resource(row)));
        break;
    case TRI_GOROUTINE:
        PUT(int32_t, tri_code_of_resource(p, TR_RESOURCE_GOROUTINE));
        break;
    case TRI_SCOPE:
        PUT(int32_t, tri_code_of_resource(p, tri_event_scope(tri_row_type(row))));
        break;
    case TRI_NAME:
        PUT(int32_t, tri_code_of_name(p, row));
        break;
    case TRI_EXPERIMENT:
        PUT(int32_t, code_of_experiment(p, row));
        break;
    }
}
