/* Tables by name, and as streams of Arrow's C stream interface.
 *
 * Invariants: nothing is read before the first get_next. A part of the reader's rows is open
 * as long as `in_part`, and the reader does not move meanwhile. Rows come before the error
 * behind them: `ended` says what comes behind the rows, `error` is set once they are out. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "table/stream.h"
#include "table/tables.h"

static const struct tri_table_spec *const specs[] = {
    &tri_table_events,
    &tri_table_intervals,
    &tri_table_goroutines,
    &tri_table_stacks,
    &tri_table_frames,
    &tri_table_strings,
    &tri_table_tasks,
    &tri_table_regions,
    &tri_table_logs,
    &tri_table_metrics,
    &tri_table_ranges,
    &tri_table_samples,
    &tri_table_blocking_by_reason,
    &tri_table_blocking_by_function,
    &tri_table_blocking_by_goroutine,
    &tri_table_blocking_by_stack,
    &tri_table_blocking_by_task,
};

const char *tr_table_name(size_t i)
{
    return i < sizeof specs / sizeof *specs ? specs[i]->name : NULL;
}

static const struct tri_table_spec *find(const char *table)
{
    for (size_t i = 0; table && i < sizeof specs / sizeof *specs; i++)
        if (strcmp(specs[i]->name, table) == 0)
            return specs[i];
    return NULL;
}

const tr_table_column *tr_table_columns(const char *table, size_t *count)
{
    const struct tri_table_spec *spec = find(table);
    if (count)
        *count = spec ? spec->column_count : 0;
    return spec ? spec->columns : NULL;
}

tr_status tr_table_narrow(const char *table, tr_filter *filter)
{
    const struct tri_table_spec *spec = find(table);
    if (!spec || !filter || filter->size != sizeof *filter)
        return TR_E_MISUSE;
    filter->kinds &= spec->kinds | UINT32_C(1) << TR_KIND_SYNC;
    return TR_OK;
}

static tr_status choose(const char *table, const tr_table_options *options,
                        const struct tri_table_spec **spec, struct tri_out *out)
{
    static const tr_table_options defaults = TR_TABLE_DEFAULTS;
    *spec = find(table);
    if (!options)
        options = &defaults;
    if (!*spec || options->size != sizeof *options ||
        (options->goroutine != TR_ANY && !(*spec)->one_goroutine))
        return TR_E_MISUSE;
    return tri_out_choose(out, (*spec)->columns, (*spec)->column_count, options);
}

tr_status tr_table_schema(const char *table, const tr_table_options *options,
                          struct ArrowSchema *schema)
{
    const struct tri_table_spec *spec;
    struct tri_out out;
    tr_status status = choose(table, options, &spec, &out);
    if (status != TR_OK || !schema)
        return TR_E_MISUSE;
    return tri_out_schema(&out, schema);
}

/* --- reading ------------------------------------------------------------------- */

/* What is known of time from a row on. */
static void note_times(struct tri_table *t)
{
    const struct tri_part *p = &t->part;
    const struct tr_tables *tables = t->reader->tables;
    if (tables && !t->has_tables) { /* one clock for all times */
        const tr_clock *clock = &tables->clock;
        uint64_t wall_ns = (uint64_t)clock->wall_sec * 1000000000u + (uint64_t)clock->wall_nsec;
        t->out.wall_shift = wall_ns - (uint64_t)clock->trace_ns;
        t->has_wall = tables->has_clock;
        t->has_tables = true;
    }
    if (!p->count)
        return;
    /* A Sync is the first row of a block. */
    if (!t->has_time || tri_event_kind(&p->rows[0]) == TR_KIND_SYNC)
        t->sync_ns = p->rows[0].time;
    if (!t->has_time)
        t->first_ns = p->rows[0].time;
    t->has_time = true;
}

/* Whether the tables that were the part's may go: all that is made of them has come out. */
static bool change_tables(struct tri_table *t)
{
    struct tr_tables *now = t->ended == TR_OK ? t->reader->tables : NULL;
    if (now == t->tables)
        return true;
    if (t->tables && t->spec->leave && !t->spec->leave(t))
        return false;
    tr_tables_unref(t->tables);
    t->tables = now;
    tr_tables_ref(now);
    return true;
}

/* There was no memory for a name: that is an error of the reader. Rows behind the first `rows` go,
 * as not all is there of them, and what is open does not come out: what it is may not be known. */
static void give_up(struct tri_table *t, uint64_t rows)
{
    t->out.rows = rows;
    t->ended = tri_part_end(&t->part);
    t->in_part = false;
    t->flushed = true;
}

/* Go on by one part. false if the batch is to be handed out first. */
static bool take(struct tri_table *t)
{
    if (t->reader->source.kind == TRI_SOURCE_NONE) /* nothing was fed yet */
        return false;
    if (t->spec->read) {
        tr_status status = t->spec->read(t);
        if (status != TR_NEED_INPUT)
            t->ended = status;
        return status != TR_NEED_INPUT;
    }
    uint64_t room = t->out.most_rows - t->out.rows;
    if (!t->in_part) {
        tr_status status =
            tri_part_begin(&t->part, t->reader, t->spec->whole_parts ? room : TRI_PART_ROWS);
        if (status == TR_NEED_INPUT)
            return false;
        if (status != TR_OK) {
            t->ended = status;
            return true;
        }
        t->at = 0;
        note_times(t);
        if (t->out.wall && t->out.has_time &&
            !t->has_tables) { /* a Sync before an error, at no time that is known */
            tri_part_end(&t->part);
            return true;
        }
        t->in_part = true;
    }
    uint64_t rows = t->out.rows;
    bool taken = t->part.failed || (change_tables(t) && t->spec->take(t));
    if (t->part.failed) {
        give_up(t, rows);
        return true;
    }
    if (!taken)
        return false;
    if (t->part.count)
        t->last_ns = t->part.rows[t->part.count - 1].time;
    t->in_part = false;
    tri_part_end(&t->part);
    return true;
}

/* Make rows of what is left at the end, as far as the batch has room. */
static void flush(struct tri_table *t)
{
    uint64_t rows = t->out.rows;
    t->flushed = change_tables(t) && (!t->spec->flush || t->spec->flush(t));
    if (t->part.failed)
        give_up(t, rows);
}

static int error_number(tr_status status, const tr_error *e)
{
    switch (status) {
    case TR_NEED_INPUT:
        return EAGAIN;
    case TR_E_NOMEM:
        return ENOMEM;
    case TR_E_IO:
        return e->os_error > 0 ? e->os_error : EIO;
    case TR_E_CANCELED:
        return ECANCELED;
    case TR_E_LIMIT:
        return EOVERFLOW;
    case TR_E_MISUSE:
        return EINVAL;
    case TR_E_FORMAT:
    case TR_E_VERSION:
    case TR_E_TRUNCATED:
    case TR_E_CORRUPT:
    case TR_E_ORDER:
    case TR_OK:
    case TR_END:
        break;
    }
    return EBADMSG;
}

static int fail(struct tri_table *t, int error, const char *message)
{
    snprintf(t->message, sizeof t->message, "%s", message);
    return t->error = error;
}

/* Tell of an error of the reader. */
static int fail_with(struct tri_table *t, tr_status status)
{
    const tr_error *e = tr_reader_error(t->reader);
    snprintf(t->message, sizeof t->message, "%s (at byte %" PRIu64 ", generation %" PRIu64 ")",
             e->message, e->offset, e->generation);
    return t->error = error_number(status, e);
}

/* Whether the trace is of a version that does not know wall time. */
static bool is_too_old_for_wall(const struct tri_table *t)
{
    return t->reader->version && !tri_version_has_clock(t->reader->version);
}

/* Whether wall time is wanted that the trace does not tell: the version says so before anything
 * is read, else the first generation, or that there is none. */
static bool lacks_wall(const struct tri_table *t)
{
    if (!t->out.has_time || !t->out.wall)
        return false;
    return t->has_tables ? !t->has_wall : t->ended != TR_OK || is_too_old_for_wall(t);
}

static int fail_without_wall(struct tri_table *t)
{
    if (is_too_old_for_wall(t))
        return fail(t, ENOTSUP, "the trace does not know wall time: it is of Go before 1.25");
    if (t->has_tables || t->ended == TR_END)
        return fail(t, ENOTSUP, "the trace does not tell wall time in its first generation");
    return fail_with(t, t->ended);
}

static int next_batch(struct tri_table *t, struct ArrowArray *array)
{
    struct tri_out *out = &t->out;
    bool waits = false;
    while (!out->failed && !waits && !t->flushed && !tri_out_full(out) && !lacks_wall(t)) {
        if (t->ended == TR_OK)
            waits = !take(t) && !tri_out_full(out) && !t->in_part;
        else
            flush(t);
    }
    if (!out->failed && lacks_wall(t))
        return fail_without_wall(t);
    if (!out->failed && out->rows && tri_out_finish(out, array))
        return 0;
    if (out->failed && tri_reader_lost_stacks(t->reader))
        return fail_with(t, t->reader->err.error.code);
    if (out->failed)
        return fail(t, ENOMEM, "there is no memory for a batch");
    if (!waits) /* behind the last row */
        return t->ended == TR_END ? 0 : fail_with(t, t->ended);
    snprintf(t->message, sizeof t->message, "more bytes of the trace are needed");
    return EAGAIN;
}

/* --- the interface --------------------------------------------------------------- */

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *schema)
{
    struct tri_table *t = stream->private_data;
    memset(schema, 0, sizeof *schema);
    return tri_out_schema(&t->out, schema) == TR_OK ? 0 : ENOMEM;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *array)
{
    struct tri_table *t = stream->private_data;
    memset(array, 0, sizeof *array); /* released: there is none */
    return t->error ? t->error : next_batch(t, array);
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    const struct tri_table *t = stream->private_data;
    return t->message[0] ? t->message : NULL;
}

static void free_table(struct tri_table *t)
{
    struct tri_mem *mem = t->mem;
    if (t->state && t->spec->close)
        t->spec->close(t);
    tri_mem_free(mem, t->state, t->spec->state_bytes);
    tri_out_close(&t->out);
    tr_tables_unref(t->tables);
    tri_mem_free(mem, t, sizeof *t);
    tri_mem_unref(mem);
}

static void release(struct ArrowArrayStream *stream)
{
    struct tri_table *t = stream->private_data;
    tr_reader *reader = t->reader;
    free_table(t);
    tr_reader_free(reader);
    stream->release = NULL;
}

tr_status tri_table_stream(struct tri_mem *mem, const char *table, tr_reader *r,
                           const tr_table_options *options, struct ArrowArrayStream *out)
{
    struct tri_out columns;
    const struct tri_table_spec *spec;
    if (!mem)
        return TR_E_NOMEM;
    tr_status status = choose(table, options, &spec, &columns);
    if (status != TR_OK || !r || r->taken || !out) {
        if (status == TR_OK && r && r->taken)
            tri_err_set(&r->err, TR_E_MISUSE, tri_place_at(r->read_bytes, 0),
                        "a table needs a reader that has given no events");
        tri_mem_unref(mem);
        return TR_E_MISUSE;
    }
    struct tri_table *t = tri_mem_zalloc(mem, sizeof *t);
    if (!t) {
        tri_mem_unref(mem);
        return TR_E_NOMEM;
    }
    t->mem = mem;
    t->reader = r;
    t->spec = spec;
    t->goroutine = options ? options->goroutine : TR_ANY;
    t->out = columns;
    bool made = tri_out_open(&t->out, mem, r);
    if (made && spec->state_bytes)
        made = (t->state = tri_mem_zalloc(mem, spec->state_bytes)) != NULL;
    if (!made || (spec->open && !spec->open(t))) {
        free_table(t);
        return TR_E_NOMEM;
    }
    *out = (struct ArrowArrayStream){.get_schema = get_schema,
                                     .get_next = get_next,
                                     .get_last_error = get_last_error,
                                     .release = release,
                                     .private_data = t};
    return TR_OK;
}

tr_status tr_table_stream(const char *table, tr_reader *r, const tr_table_options *options,
                          struct ArrowArrayStream *out)
{
    return tri_table_stream(tri_mem_new(NULL), table, r, options, out);
}
