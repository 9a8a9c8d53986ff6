/* Rows into the caller's columns: each is "none" everywhere, unless all rows have a value,
 * and then written where they have one. */
#include <string.h>

#include "batch/values.h"

const char *tr_column_name(tr_column_id id)
{
    return (unsigned)id < TR_COLUMN_COUNT ? tri_event_columns[id].name : NULL;
}

int tr_column_get_type(tr_column_id id)
{
    return (unsigned)id < TR_COLUMN_COUNT ? (int)tri_column_specs[id].type : 0;
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

static void fill_column(struct tri_part *p, const tr_column *column, size_t at)
{
    const struct tri_values *v = tri_column_specs[column->id].values;
    size_t size = tri_column_size(column->id);
    void *out = (char *)column->data + at * size;
    struct tri_run run = tri_run_of(p, v->group);
    if (run.count < p->count)
        memset(out, 0xff, p->count * size); /* "none" of every type */
    tri_put_values(p, v, run, TRI_BY_ROW, out);
    for (int i = 1; i < TRI_MAX_VALUES && v[i].source; i++)
        tri_put_values(p, &v[i], tri_run_of(p, v[i].group), TRI_BY_ROW, out);
}

tr_status tr_reader_fill(tr_reader *r, const tr_column *columns, size_t column_count, size_t rows,
                         size_t *filled)
{
    if (filled)
        *filled = 0;
    if (!r || !filled || !rows || (!columns && column_count))
        return tri_reader_misuse(r, "columns need room, and a place for the number of rows");
    for (size_t i = 0; i < column_count; i++)
        if ((unsigned)columns[i].id >= TR_COLUMN_COUNT || columns[i].capacity < rows ||
            !columns[i].data)
            return tri_reader_misuse(r, "a column is unknown, or has no room for the rows");
    uint64_t dropped = r->dropped;
    while (*filled < rows && r->dropped - dropped < TRI_MAX_DROPPED) {
        struct tri_part p;
        tr_status status = tri_part_begin(&p, r, rows - *filled);
        for (size_t i = 0; status == TR_OK && i < column_count && !p.failed; i++)
            fill_column(&p, &columns[i], *filled);
        if (status == TR_OK)
            status = tri_part_end(&p);
        if (status != TR_OK)
            return *filled ? TR_OK : status;
        *filled += p.count;
    }
    return TR_OK;
}
