/* Tables of what happens at a time: logs, metrics and samples, a row an event. */
#include "table/tables.h"

/* Go through the part's rows of one kind; `put` writes what they have. */
static inline bool take_kind(struct tri_table *t, tr_kind kind,
                             void (*put)(struct tri_table *t, const struct tri_row *row))
{
    for (; t->at < t->part.count; t->at++) {
        const struct tri_row *row = &t->part.rows[t->at];
        if (tri_event_kind(row) != kind)
            continue;
        if (!tri_out_begin(&t->out))
            return false;
        put(t, row);
        tri_out_end(&t->out);
    }
    return true;
}

/* --- logs ---------------------------------------------------------------------- */

enum { L_TIME, L_TASK, L_CATEGORY, L_MESSAGE, L_GOROUTINE, L_THREAD, L_PROC, L_STACK, L_COUNT };

static const tr_table_column log_columns[L_COUNT] = {
    [L_TIME] = {"time", TR_TABLE_TIME, 0, "when it was logged"},
    [L_TASK] = {"task", TR_TABLE_UINT64, 0, "the task it belongs to, 0 for none"},
    [L_CATEGORY] = {"category", TR_TABLE_NAME, 0, "its category, which may be empty"},
    [L_MESSAGE] = {"message", TR_TABLE_STRING, 0, "the message"},
    [L_GOROUTINE] = {"goroutine", TR_TABLE_INT64, 1, "the goroutine that logged it"},
    [L_THREAD] = {"thread", TR_TABLE_INT64, 1, "the thread on which that ran"},
    [L_PROC] = {"proc", TR_TABLE_INT64, 1, "the proc on which that ran"},
    [L_STACK] = {"stack", TR_TABLE_INT64, 1, "the stack of the goroutine, a row of stacks"},
};

static void put_log(struct tri_table *t, const struct tri_row *row)
{
    struct tri_out *out = &t->out;
    tri_out_put(out, L_TIME, row->time);
    tri_out_put(out, L_TASK, (int64_t)row->log.task);
    if (tri_out_wants(out, L_CATEGORY))
        tri_out_put_code(out, L_CATEGORY, tri_code_of_string(&t->part, row->string));
    tri_out_put_string(out, L_MESSAGE, tri_tables_string_number(t->tables, row->log.message),
                       tri_event_string(t->tables, row->log.message));
    tri_out_put_id(out, L_GOROUTINE, row->goroutine);
    tri_out_put_id(out, L_THREAD, row->thread);
    tri_out_put_id(out, L_PROC, row->proc);
    tri_out_put_id(out, L_STACK, tri_event_stack_number(row, t->tables));
}

static bool take_logs(struct tri_table *t)
{
    return take_kind(t, TR_KIND_LOG, put_log);
}

const struct tri_table_spec tri_table_logs = {
    .name = "logs",
    .columns = log_columns,
    .column_count = L_COUNT,
    .kinds = UINT32_C(1) << TR_KIND_LOG,
    .take = take_logs,
};

/* --- metrics ------------------------------------------------------------------- */

enum { M_TIME, M_NAME, M_VALUE, M_GOROUTINE, M_THREAD, M_PROC, M_STACK, M_COUNT };

static const tr_table_column metric_columns[M_COUNT] = {
    [M_TIME] = {"time", TR_TABLE_TIME, 0, "from when on it has this value"},
    [M_NAME] = {"name", TR_TABLE_NAME, 0,
                "its name, as in Go's runtime/metrics; the unit is in it"},
    [M_VALUE] = {"value", TR_TABLE_UINT64, 0, "the value"},
    [M_GOROUTINE] = {"goroutine", TR_TABLE_INT64, 1, "the goroutine that ran where it changed"},
    [M_THREAD] = {"thread", TR_TABLE_INT64, 1, "the thread on which it changed"},
    [M_PROC] = {"proc", TR_TABLE_INT64, 1, "the proc on which it changed"},
    [M_STACK] = {"stack", TR_TABLE_INT64, 1, "the stack of what ran there, a row of stacks"},
};

static void put_metric(struct tri_table *t, const struct tri_row *row)
{
    struct tri_out *out = &t->out;
    tri_out_put(out, M_TIME, row->time);
    tri_out_put_code(out, M_NAME, tri_code_of_name(&t->part, row));
    tri_out_put(out, M_VALUE, (int64_t)row->metric);
    tri_out_put_id(out, M_GOROUTINE, row->goroutine);
    tri_out_put_id(out, M_THREAD, row->thread);
    tri_out_put_id(out, M_PROC, row->proc);
    tri_out_put_id(out, M_STACK, tri_event_stack_number(row, t->tables));
}

static bool take_metrics(struct tri_table *t)
{
    return take_kind(t, TR_KIND_METRIC, put_metric);
}

const struct tri_table_spec tri_table_metrics = {
    .name = "metrics",
    .columns = metric_columns,
    .column_count = M_COUNT,
    .kinds = UINT32_C(1) << TR_KIND_METRIC,
    .take = take_metrics,
};

/* --- samples ------------------------------------------------------------------- */

enum { S_TIME, S_GOROUTINE, S_THREAD, S_PROC, S_STACK, S_COUNT };

static const tr_table_column sample_columns[S_COUNT] = {
    [S_TIME] = {"time", TR_TABLE_TIME, 0, "when it was taken"},
    [S_GOROUTINE] = {"goroutine", TR_TABLE_INT64, 1, "the goroutine that ran"},
    [S_THREAD] = {"thread", TR_TABLE_INT64, 1, "the thread that was interrupted"},
    [S_PROC] = {"proc", TR_TABLE_INT64, 1, "the proc there"},
    [S_STACK] = {"stack", TR_TABLE_INT64, 1, "the stack of what ran, a row of stacks"},
};

static void put_sample(struct tri_table *t, const struct tri_row *row)
{
    struct tri_out *out = &t->out;
    tri_out_put(out, S_TIME, row->time);
    tri_out_put_id(out, S_GOROUTINE, row->goroutine);
    tri_out_put_id(out, S_THREAD, row->thread);
    tri_out_put_id(out, S_PROC, row->proc);
    tri_out_put_id(out, S_STACK, tri_event_stack_number(row, t->tables));
}

static bool take_samples(struct tri_table *t)
{
    return take_kind(t, TR_KIND_STACK_SAMPLE, put_sample);
}

const struct tri_table_spec tri_table_samples = {
    .name = "samples",
    .columns = sample_columns,
    .column_count = S_COUNT,
    .kinds = UINT32_C(1) << TR_KIND_STACK_SAMPLE,
    .take = take_samples,
};
