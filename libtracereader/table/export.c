/* Columns as Arrow's C data interface has them.
 *
 * Invariant: each child of an array, and each dictionary, can be moved out and released by
 * itself: it owns what it points to, by its `private_data`. */
#include <stdlib.h>
#include <string.h>

#include "table/out.h"

/* --- schemas ----------------------------------------------------------------- */

/* Of one column. Schemas are small, and not counted to anybody. */
struct schema_parts {
    struct ArrowSchema *children[TRI_MAX_COLUMNS];
    struct ArrowSchema items[TRI_MAX_COLUMNS];
};

static void release_plain_schema(struct ArrowSchema *schema)
{
    if (schema->dictionary) {
        if (schema->dictionary->release)
            schema->dictionary->release(schema->dictionary);
        free(schema->dictionary);
    }
    schema->release = NULL;
}

static void release_schema(struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++)
        if (schema->children[i]->release)
            schema->children[i]->release(schema->children[i]);
    free(schema->private_data);
    schema->release = NULL;
}

static const char *format_of(const struct tri_out *out, tr_table_type type)
{
    switch (type) {
    case TR_TABLE_BOOL:
        return "b";
    case TR_TABLE_UINT64:
        return "L";
    case TR_TABLE_DOUBLE:
        return "g";
    case TR_TABLE_TIME:
        return out->wall ? "tsn:UTC" : "l";
    case TR_TABLE_NAME:
        return "i";
    case TR_TABLE_TEXT:
        return "u";
    case TR_TABLE_INT64:
    case TR_TABLE_STRING:
        break;
    }
    return "l";
}

static const struct ArrowSchema empty_schema = {
    .format = "u", .name = "", .release = release_plain_schema};

tr_status tri_out_schema(const struct tri_out *out, struct ArrowSchema *schema)
{
    struct schema_parts *parts = calloc(1, sizeof *parts);
    struct ArrowSchema all = empty_schema;
    if (!parts)
        return TR_E_NOMEM;
    all.format = "+s";
    all.n_children = out->wanted_count;
    all.children = parts->children;
    all.release = release_schema;
    all.private_data = parts;
    for (uint32_t i = 0; i < out->wanted_count; i++) {
        const struct tri_out_column *c = &out->columns[out->order[i]];
        struct ArrowSchema *child = parts->children[i] = &parts->items[i];
        *child = empty_schema;
        child->format = format_of(out, c->type);
        child->name = c->name; /* static, as the table's columns are */
        child->flags = c->nullable ? ARROW_FLAG_NULLABLE : 0;
    }
    for (uint32_t i = 0; i < out->wanted_count; i++) {
        if (out->columns[out->order[i]].type != TR_TABLE_NAME)
            continue;
        struct ArrowSchema *dictionary = malloc(sizeof *dictionary);
        if (!dictionary) {
            release_schema(&all);
            return TR_E_NOMEM;
        }
        *dictionary = empty_schema;
        parts->items[i].dictionary = dictionary;
    }
    *schema = all;
    return TR_OK;
}

/* --- arrays ------------------------------------------------------------------ */

/* What a column's array, or a dictionary, owns. */
struct column_parts {
    struct tri_mem *mem;
    const void *buffers[3];
    void *data, *valid;
    size_t data_bytes, valid_bytes;
    struct tri_spares *spares; /* that get them, NULL: there are none; */
    uint32_t place;            /* the first of the two there */
    struct tri_texts *texts;
    struct ArrowArray *dictionary;
};

static void release_column(struct ArrowArray *array)
{
    struct column_parts *p = array->private_data;
    struct tri_mem *mem = p->mem;
    if (p->dictionary) {
        if (p->dictionary->release)
            p->dictionary->release(p->dictionary);
        tri_mem_free(mem, p->dictionary, sizeof *p->dictionary);
    }
    if (p->spares) {
        tri_spares_give(p->spares, p->place, p->data, p->data_bytes);
        tri_spares_give(p->spares, p->place + 1, p->valid, p->valid_bytes);
        tri_spares_unref(p->spares);
    }
    tri_texts_unref(p->texts);
    tri_mem_free(mem, p, sizeof *p);
    tri_mem_unref(mem);
    array->release = NULL;
}

/* An array of nothing; false: no memory. */
static bool make_column(struct tri_mem *mem, struct ArrowArray *array)
{
    struct column_parts *p = tri_mem_zalloc(mem, sizeof *p);
    memset(array, 0, sizeof *array);
    if (!p)
        return false;
    p->mem = tri_mem_ref(mem);
    array->buffers = p->buffers;
    array->private_data = p;
    array->release = release_column;
    return true;
}

/* Takes one count of the texts. */
static void set_texts(struct ArrowArray *array, struct tri_texts *texts)
{
    struct column_parts *p = array->private_data;
    p->texts = texts;
    p->buffers[1] = texts->offsets;
    p->buffers[2] = texts->text;
    array->n_buffers = 3;
    array->length = texts->count;
}

static int64_t count_nulls(const uint8_t *valid, uint64_t rows)
{
    uint64_t set = 0, at = 0, words = rows / 64;
    for (; at < words; at++) {
        uint64_t word;
        memcpy(&word, valid + at * 8, sizeof word);
        set += (uint64_t)__builtin_popcountll(word);
    }
    for (at *= 64; at < rows; at++)
        set += valid[at / 8] >> at % 8 & 1;
    return (int64_t)(rows - set);
}

/* Time on the trace's clock to wall time. */
static void shift_times(const struct tri_out *out, int64_t *times)
{
    for (uint64_t i = 0; i < out->rows; i++)
        times[i] = (int64_t)((uint64_t)times[i] + out->wall_shift);
}

static bool export_column(struct tri_out *out, uint32_t number, struct ArrowArray *array)
{
    struct tri_out_column *c = &out->columns[number];
    if (!make_column(out->mem, array))
        return false;
    struct column_parts *p = array->private_data;
    p->spares = tri_spares_ref(out->spares);
    p->place = number * 2;
    if (c->type == TR_TABLE_NAME) {
        p->dictionary = tri_mem_alloc(out->mem, sizeof *p->dictionary);
        if (!p->dictionary)
            return false;
        if (!make_column(out->mem, p->dictionary))
            return false;
        set_texts(p->dictionary, tri_texts_ref(c->texts));
        array->dictionary = p->dictionary;
    }
    if (c->type == TR_TABLE_TIME && out->wall)
        shift_times(out, c->data);
    array->length = (int64_t)out->rows;
    array->n_buffers = 2;
    if (c->type == TR_TABLE_TEXT) {
        c->texts->count = (uint32_t)out->rows; /* more were begun before something failed */
        set_texts(array, c->texts);
        c->texts = NULL;
    } else {
        p->buffers[1] = p->data = c->data;
        p->data_bytes = c->data_bytes;
        c->data = NULL;
        c->data_bytes = 0;
    }
    if (c->valid) {
        array->null_count = count_nulls(c->valid, out->rows);
        p->buffers[0] = array->null_count ? c->valid : NULL;
        p->valid = c->valid;
        p->valid_bytes = c->valid_bytes;
        c->valid = NULL;
        c->valid_bytes = 0;
    }
    return true;
}

struct batch_parts {
    struct tri_mem *mem;
    const void *buffers[1];
    struct ArrowArray *children[TRI_MAX_COLUMNS];
    struct ArrowArray items[TRI_MAX_COLUMNS];
};

static void release_batch(struct ArrowArray *array)
{
    struct batch_parts *p = array->private_data;
    struct tri_mem *mem = p->mem;
    for (int64_t i = 0; i < array->n_children; i++)
        if (p->children[i]->release)
            p->children[i]->release(p->children[i]);
    tri_mem_free(mem, p, sizeof *p);
    tri_mem_unref(mem);
    array->release = NULL;
}

bool tri_out_finish(struct tri_out *out, struct ArrowArray *array)
{
    struct batch_parts *p = tri_mem_zalloc(out->mem, sizeof *p);
    struct ArrowArray batch = {.length = (int64_t)out->rows,
                               .n_buffers = 1,
                               .n_children = out->wanted_count,
                               .release = release_batch,
                               .private_data = p};
    bool done = p != NULL;
    if (p) {
        p->mem = tri_mem_ref(out->mem);
        batch.buffers = p->buffers;
        batch.children = p->children;
        for (uint32_t i = 0; i < out->wanted_count; i++) {
            p->children[i] = &p->items[i];
            done = done && export_column(out, out->order[i], &p->items[i]);
        }
    }
    if (!done) {
        if (p)
            release_batch(&batch);
        out->failed = true;
        return false;
    }
    out->usual = out->rows;
    out->rows = out->cap = 0;
    *array = batch;
    return true;
}
