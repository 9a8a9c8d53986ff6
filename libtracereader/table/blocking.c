/* The tables of blocking: what the analysis counts, once all is read. */
#include "table/tables.h"
#include "tracereader/analysis.h"

enum { READ_EVENTS = 65536 };
enum { KEY, COUNT, COUNT_SHARE, TOTAL, TIME_SHARE, OPEN, COLUMNS };

#define COUNTED                                                                      \
    [COUNT] = {"count", TR_TABLE_INT64, 0, "how often a goroutine blocked"},         \
    [COUNT_SHARE] = {"count_share", TR_TABLE_DOUBLE, 0, "of all blockings, 0 to 1"}, \
    [TOTAL] = {"total_ns", TR_TABLE_INT64, 0, "how long in all, in nanoseconds"},    \
    [TIME_SHARE] = {"time_share", TR_TABLE_DOUBLE, 1,                                \
                    "of all blocked time, 0 to 1; null: there was none"},            \
    [OPEN] = {"open", TR_TABLE_INT64, 0, "how many of count had not ended at the last event"}

static const tr_table_column by_reason[COLUMNS] = {
    [KEY] = {"reason", TR_TABLE_NAME, 0, "why, empty if that is not said"},
    COUNTED,
};
static const tr_table_column by_function[COLUMNS] = {
    [KEY] = {"function", TR_TABLE_TEXT, 0,
             "the innermost function of the goroutine, empty if it has no stack"},
    COUNTED,
};
static const tr_table_column by_goroutine[COLUMNS] = {
    [KEY] = {"goroutine", TR_TABLE_INT64, 1, "the goroutine that blocked"},
    COUNTED,
};
static const tr_table_column by_stack[COLUMNS] = {
    [KEY] = {"stack", TR_TABLE_INT64, 1,
             "the stack of the goroutine, a row of stacks: of those with equal functions, files "
             "and lines the first with which one blocked"},
    COUNTED,
};
static const tr_table_column by_task[COLUMNS] = {
    [KEY] = {"task", TR_TABLE_UINT64, 0, "the task that the goroutine worked for, 0 for none"},
    COUNTED,
};

struct state {
    tr_blocking *blocking;
    bool summed_up;
    size_t at;
};

static bool open(struct tri_table *t)
{
    struct state *s = t->state;
    s->blocking = tr_blocking_new((tr_blocking_by)t->spec->blocking_by);
    if (s->blocking)
        tr_blocking_only_goroutine(s->blocking, t->goroutine);
    return s->blocking != NULL;
}

static void close(struct tri_table *t)
{
    struct state *s = t->state;
    tr_blocking_free(s->blocking);
}

static tr_status read(struct tri_table *t)
{
    struct state *s = t->state;
    tr_status status = tr_blocking_read(s->blocking, t->reader, READ_EVENTS);
    if (status == TR_E_NOMEM && tr_reader_error(t->reader)->code != status)
        t->out.failed = true;
    return status;
}

static void put_key(struct tri_table *t, const tr_blocking_row *row)
{
    struct tri_out *out = &t->out;
    switch ((tr_blocking_by)t->spec->blocking_by) {
    case TR_BLOCKING_BY_REASON:
    case TR_BLOCKING_BY_FUNCTION:
        tri_out_put_text(out, KEY, row->key);
        break;
    case TR_BLOCKING_BY_GOROUTINE:
        tri_out_put_id(out, KEY, row->goroutine);
        break;
    case TR_BLOCKING_BY_STACK:
        tri_out_put_id(out, KEY, row->stack);
        break;
    case TR_BLOCKING_BY_TASK:
        tri_out_put(out, KEY, (int64_t)row->task);
        break;
    }
}

static bool flush(struct tri_table *t)
{
    struct state *s = t->state;
    struct tri_out *out = &t->out;
    const tr_blocking_row *row;
    if (!s->summed_up)
        tr_blocking_finish(s->blocking);
    s->summed_up = true;
    for (; (row = tr_blocking_row_at(s->blocking, s->at)); s->at++) {
        if (!tri_out_begin(out))
            return false;
        put_key(t, row);
        tri_out_put(out, COUNT, (int64_t)row->count);
        tri_out_put_double(out, COUNT_SHARE, row->count_share);
        tri_out_put(out, TOTAL, row->total_ns > INT64_MAX ? INT64_MAX : (int64_t)row->total_ns);
        if (row->time_share >= 0)
            tri_out_put_double(out, TIME_SHARE, row->time_share);
        else
            tri_out_put_null(out, TIME_SHARE);
        tri_out_put(out, OPEN, (int64_t)row->open);
        tri_out_end(out);
    }
    return !out->failed;
}

#define TABLE(key, number)                                   \
    const struct tri_table_spec tri_table_blocking_##key = { \
        .name = "blocking_" #key,                            \
        .columns = key,                                      \
        .column_count = COLUMNS,                             \
        .kinds = UINT32_MAX,                                 \
        .state_bytes = sizeof(struct state),                 \
        .blocking_by = (number),                             \
        .one_goroutine = true,                               \
        .open = open,                                        \
        .close = close,                                      \
        .read = read,                                        \
        .flush = flush,                                      \
    }

TABLE(by_reason, TR_BLOCKING_BY_REASON);
TABLE(by_function, TR_BLOCKING_BY_FUNCTION);
TABLE(by_goroutine, TR_BLOCKING_BY_GOROUTINE);
TABLE(by_stack, TR_BLOCKING_BY_STACK);
TABLE(by_task, TR_BLOCKING_BY_TASK);
