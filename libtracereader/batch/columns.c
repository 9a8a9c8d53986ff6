/* Rows into columns.
 *
 * A column is filled from the rows of a block in one go. What is not in the row as it
 * is (names of ranges and metrics, scopes) is taken from its event, so that nothing
 * of an event's meaning stands here.
 *
 * Strings become numbers of the reader's pool, which grows with the distinct strings
 * that columns have named, and with nothing else; each string of a generation's table
 * is looked up there once. */
#include <string.h>

#include "event/event.h"
#include "reader/reader.h"
#include "tracereader/batch.h"

static const struct {
    const char *name;
    tr_column_type type;
} columns_table[TR_COLUMN_COUNT] = {
    [TR_COL_TIME] = {"time", TR_COLUMN_INT64},
    [TR_COL_KIND] = {"kind", TR_COLUMN_CODE},
    [TR_COL_THREAD] = {"thread", TR_COLUMN_INT64},
    [TR_COL_PROC] = {"proc", TR_COLUMN_INT64},
    [TR_COL_GOROUTINE] = {"goroutine", TR_COLUMN_INT64},
    [TR_COL_RESOURCE] = {"resource", TR_COLUMN_CODE},
    [TR_COL_RESOURCE_ID] = {"resource_id", TR_COLUMN_INT64},
    [TR_COL_FROM_STATE] = {"from_state", TR_COLUMN_CODE},
    [TR_COL_TO_STATE] = {"to_state", TR_COLUMN_CODE},
    [TR_COL_REASON] = {"reason", TR_COLUMN_CODE},
    [TR_COL_NAME] = {"name", TR_COLUMN_CODE},
    [TR_COL_VALUE] = {"value", TR_COLUMN_UINT64},
    [TR_COL_TASK] = {"task", TR_COLUMN_UINT64},
    [TR_COL_PARENT] = {"parent", TR_COLUMN_UINT64},
    [TR_COL_TYPE] = {"type", TR_COLUMN_CODE},
    [TR_COL_CATEGORY] = {"category", TR_COLUMN_CODE},
    [TR_COL_MESSAGE] = {"message", TR_COLUMN_CODE},
    [TR_COL_SCOPE] = {"scope", TR_COLUMN_CODE},
    [TR_COL_SCOPE_ID] = {"scope_id", TR_COLUMN_INT64},
    [TR_COL_LABEL] = {"label", TR_COLUMN_CODE},
    [TR_COL_EXPERIMENT] = {"experiment", TR_COLUMN_CODE},
    [TR_COL_OFFSET] = {"offset", TR_COLUMN_INT64},
    [TR_COL_GENERATION] = {"generation", TR_COLUMN_INT64},
    [TR_COL_FLAGS] = {"flags", TR_COLUMN_INT64},
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

/* What one fill works on. */
struct fill {
    tr_reader *r;
    const struct tri_row *rows;
    uint32_t count;
    bool failed; /* there was no memory */
};

static int32_t code_of(struct fill *f, tr_str s)
{
    uint32_t number = 0;
    if (!tri_pool_add(f->r->pool, s.ptr, s.len, &number))
        f->failed = true;
    return (int32_t)number;
}

static int32_t code_of_text(struct fill *f, const char *text)
{
    return code_of(f, (tr_str){text, strlen(text)});
}

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

static int32_t code_of_ref(struct fill *f, uint32_t ref)
{
    if (ref & TRI_STR_POOL)
        return code_of(f, tri_tables_string(f->r->tables, ref));
    if (ref >= f->r->codes.of_string_count) /* the last Sync has no tables */
        return code_of_text(f, "");
    uint32_t *have = &f->r->codes.of_string[ref];
    if (!*have)
        *have = (uint32_t)code_of(f, tri_tables_string(f->r->tables, ref)) + 1;
    return (int32_t)(*have - 1);
}

/* Codes of names that come with the library, each looked up once a fill. */
struct name_codes {
    int32_t code[32]; /* + 1; 0: not there yet */
};

static int32_t code_of_name(struct fill *f, struct name_codes *names, unsigned number,
                            const char *name)
{
    if (!names->code[number])
        names->code[number] = code_of_text(f, name) + 1;
    return names->code[number] - 1;
}

static bool is_range(tr_kind kind)
{
    return kind == TR_KIND_RANGE_BEGIN || kind == TR_KIND_RANGE_ACTIVE || kind == TR_KIND_RANGE_END;
}

static bool is_task(tr_kind kind)
{
    return kind == TR_KIND_TASK_BEGIN || kind == TR_KIND_TASK_END;
}

static bool is_region(tr_kind kind)
{
    return kind == TR_KIND_REGION_BEGIN || kind == TR_KIND_REGION_END;
}

/* Resource, states and the like, of kinds that are views of rows. */
static int32_t code_from_event(struct fill *f, const struct tri_row *row, tr_column_id id)
{
    tr_event ev;
    tri_event_view(row, f->r->tables, &ev);
    switch (id) {
    case TR_COL_RESOURCE:
        return ev.kind == TR_KIND_LABEL ? code_of_text(f, tr_resource_name(ev.label.resource)) : -1;
    case TR_COL_SCOPE:
        return is_range(ev.kind) ? code_of_text(f, tr_resource_name(ev.range.scope)) : -1;
    case TR_COL_EXPERIMENT:
        return ev.kind == TR_KIND_EXPERIMENTAL ? code_of(f, ev.experimental.experiment) : -1;
    default: /* TR_COL_NAME */
        if (is_range(ev.kind))
            return code_of(f, ev.range.name);
        if (ev.kind == TR_KIND_METRIC)
            return code_of(f, ev.metric.name);
        return ev.kind == TR_KIND_EXPERIMENTAL ? code_of(f, ev.experimental.name) : -1;
    }
}

static int32_t code_value(struct fill *f, const struct tri_row *row, tr_column_id id,
                          struct name_codes *names)
{
    tr_kind kind = tri_event_kind(row);
    bool transition = kind == TR_KIND_STATE_TRANSITION;
    switch (id) {
    case TR_COL_KIND:
        return code_of_name(f, names, (unsigned)kind, tr_kind_name(kind));
    case TR_COL_FROM_STATE:
        return transition ? code_of_name(f, names, row->transition.from,
                                         tr_state_name((tr_state)row->transition.from))
                          : -1;
    case TR_COL_TO_STATE:
        return transition ? code_of_name(f, names, row->transition.to,
                                         tr_state_name((tr_state)row->transition.to))
                          : -1;
    case TR_COL_REASON:
        return transition ? code_of_ref(f, row->string) : -1;
    case TR_COL_RESOURCE:
        if (transition)
            return code_of_name(f, names, tri_row_resource(row),
                                tr_resource_name(tri_row_resource(row)));
        return kind == TR_KIND_LABEL ? code_from_event(f, row, id) : -1;
    case TR_COL_TYPE:
        return is_task(kind) || is_region(kind) ? code_of_ref(f, row->string) : -1;
    case TR_COL_CATEGORY:
        return kind == TR_KIND_LOG ? code_of_ref(f, row->string) : -1;
    case TR_COL_MESSAGE:
        return kind == TR_KIND_LOG ? code_of_ref(f, row->log.message) : -1;
    case TR_COL_LABEL:
        return kind == TR_KIND_LABEL ? code_of_ref(f, row->string) : -1;
    default: /* name, scope, experiment */
        return transition ? -1 : code_from_event(f, row, id);
    }
}

static uint64_t unsigned_value(const struct tri_row *row, tr_column_id id)
{
    tr_kind kind = tri_event_kind(row);
    switch (id) {
    case TR_COL_VALUE:
        return kind == TR_KIND_METRIC ? row->metric : UINT64_MAX;
    case TR_COL_PARENT:
        return is_task(kind) ? row->task.parent : TR_NO_TASK;
    default: /* TR_COL_TASK */
        if (is_task(kind))
            return row->task.id;
        if (is_region(kind))
            return row->region_task;
        return kind == TR_KIND_LOG ? row->log.task : TR_NO_TASK;
    }
}

static int64_t signed_value(struct fill *f, const struct tri_row *row, tr_column_id id)
{
    const struct tr_tables *tables = f->r->tables;
    tr_kind kind;
    tr_event ev;
    switch (id) {
    case TR_COL_THREAD:
        return row->thread;
    case TR_COL_PROC:
        return row->proc;
    case TR_COL_GOROUTINE:
        return row->goroutine;
    case TR_COL_RESOURCE_ID:
        kind = tri_event_kind(row);
        if (kind == TR_KIND_STATE_TRANSITION)
            return row->transition.id;
        return kind == TR_KIND_LABEL ? row->goroutine : TR_NONE;
    case TR_COL_SCOPE_ID:
        if (!is_range(tri_event_kind(row)))
            return TR_NONE;
        tri_event_view(row, tables, &ev);
        return ev.range.scope_id;
    case TR_COL_OFFSET:
        return (int64_t)tri_row_offset(row);
    case TR_COL_GENERATION:
        return tables ? (int64_t)tables->generation : 0;
    case TR_COL_FLAGS:
        return tri_row_flags(row);
    default: /* TR_COL_TIME */
        return row->time;
    }
}

static void fill_column(struct fill *f, const tr_column *column, size_t at)
{
    switch (columns_table[column->id].type) {
    case TR_COLUMN_INT64: {
        int64_t *out = (int64_t *)column->data + at;
        for (uint32_t i = 0; i < f->count; i++)
            out[i] = signed_value(f, &f->rows[i], column->id);
        break;
    }
    case TR_COLUMN_UINT64: {
        uint64_t *out = (uint64_t *)column->data + at;
        for (uint32_t i = 0; i < f->count; i++)
            out[i] = unsigned_value(&f->rows[i], column->id);
        break;
    }
    case TR_COLUMN_CODE: {
        int32_t *out = (int32_t *)column->data + at;
        struct name_codes names = {{0}};
        for (uint32_t i = 0; i < f->count; i++)
            out[i] = code_value(f, &f->rows[i], column->id, &names);
        break;
    }
    }
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
    while (*filled < rows) {
        tr_status status = tri_reader_refill(r);
        if (status != TR_OK)
            return *filled ? TR_OK : status;
        uint32_t n = (uint32_t)(r->end - r->next);
        if (n > rows - *filled)
            n = (uint32_t)(rows - *filled);
        struct fill f = {r, r->next, n, !prepare_codes(r)};
        for (size_t i = 0; i < column_count && !f.failed; i++)
            fill_column(&f, &columns[i], *filled);
        if (f.failed) { /* comes after the rows before it, and stays */
            struct tri_place place = {r->source.offset, r->tables ? r->tables->generation : 0,
                                      TR_NONE, -1};
            r->order.failed = tri_err_no_memory(&r->err, r->mem, place);
            r->next = r->end;
            return *filled ? TR_OK : r->order.failed;
        }
        r->next += n;
        *filled += n;
    }
    return TR_OK;
}
