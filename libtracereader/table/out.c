/* Columns, filled and handed out.
 *
 * Invariants: a wanted column has `data`, or, if it is of texts, `texts`, with room for `cap`
 * rows; of `valid` and of bools all bits from row `rows` on are 0. A column of texts has as
 * many as there are rows between tri_out_end and the next tri_out_begin. Handed-out arrays
 * own their buffers and share nothing but dictionaries, which are counted. */
#include "table/out.h"

#include <string.h>

#include "tracereader/batch.h"

enum { DEFAULT_ROWS = 65536, FIRST_ROWS = 4096 };
#define DEFAULT_TEXT (UINT64_C(1) << 28) /* far from what 32-bit offsets can tell */

/* --- what is wanted -------------------------------------------------------- */

/* The bytes of an item, 0 if it has bits or texts. */
static size_t item_bytes(tr_table_type type)
{
    switch (type) {
    case TR_TABLE_BOOL:
    case TR_TABLE_TEXT:
        return 0;
    case TR_TABLE_NAME:
        return sizeof(int32_t);
    default:
        return sizeof(int64_t);
    }
}

static tr_status choose(struct tri_out *out, const char *name)
{
    for (uint32_t i = 0; i < out->count; i++) {
        struct tri_out_column *c = &out->columns[i];
        if (strcmp(c->name, name) != 0)
            continue;
        if (c->wanted)
            return TR_E_MISUSE;
        c->wanted = true;
        out->order[out->wanted_count++] = i;
        return TR_OK;
    }
    return TR_E_MISUSE;
}

tr_status tri_out_choose(struct tri_out *out, const tr_table_column *columns, uint32_t count,
                         const tr_table_options *options)
{
    memset(out, 0, sizeof *out);
    out->count = count;
    out->wall = options->wall != 0;
    for (uint32_t i = 0; i < count; i++) {
        struct tri_out_column *c = &out->columns[i];
        c->name = columns[i].name;
        c->nullable = columns[i].nullable;
        c->type = columns[i].type == TR_TABLE_STRING && options->resolve ? TR_TABLE_TEXT
                                                                         : columns[i].type;
    }
    size_t wanted = options->columns ? options->column_count : count;
    for (size_t i = 0; i < wanted; i++) {
        const char *name = options->columns ? options->columns[i] : columns[i].name;
        tr_status status = name ? choose(out, name) : TR_E_MISUSE;
        if (status != TR_OK)
            return status;
    }
    for (uint32_t i = 0; i < out->wanted_count; i++) {
        tr_table_type type = out->columns[out->order[i]].type;
        out->row_bytes += type == TR_TABLE_TEXT ? sizeof(int32_t) : item_bytes(type);
        out->has_text |= type == TR_TABLE_TEXT;
        out->has_time |= type == TR_TABLE_TIME;
    }
    out->most_rows = options->batch_rows ? options->batch_rows : DEFAULT_ROWS;
    out->most_text = DEFAULT_TEXT;
    if (options->batch_bytes) {
        uint64_t rows = options->batch_bytes / (out->row_bytes ? out->row_bytes : 1);
        rows = rows ? rows : 1;
        out->most_rows = !options->batch_rows || rows < out->most_rows ? rows : out->most_rows;
        out->most_bytes = options->batch_bytes;
    }
    return wanted ? TR_OK : TR_E_MISUSE;
}

/* --- buffers ---------------------------------------------------------------- */

static size_t bit_bytes(uint64_t rows)
{
    return (size_t)(rows / 8); /* room for rows comes by the 64 */
}

/* Make a buffer, whose spare has a place, at least so long; what is new of bits is 0. */
static bool lengthen(struct tri_out *out, uint32_t place, void *buffer, size_t *had, size_t bytes,
                     bool bits)
{
    char *old = *(char **)buffer;
    if (old && bytes <= *had) /* a spare may have been longer than was asked for */
        return true;
    char *p = old ? NULL : tri_spares_take(out->spares, place, &bytes);
    if (!p)
        p = tri_mem_grow(out->mem, old, *had, bytes);
    if (!p)
        return false;
    if (bits)
        memset(p + *had, 0, bytes - *had);
    memcpy(buffer, &p, sizeof p);
    *had = bytes;
    return true;
}

static bool grow_column(struct tri_out *out, uint32_t number, uint64_t cap)
{
    struct tri_out_column *c = &out->columns[number];
    bool bits = c->type == TR_TABLE_BOOL;
    if (c->type == TR_TABLE_TEXT) {
        if (!c->texts && !(c->texts = tri_texts_new(out->mem)))
            return false;
    } else if (!lengthen(out, number * 2, &c->data, &c->data_bytes,
                         bits ? bit_bytes(cap) : (size_t)cap * item_bytes(c->type), bits)) {
        return false;
    }
    return !c->nullable ||
           lengthen(out, number * 2 + 1, &c->valid, &c->valid_bytes, bit_bytes(cap), true);
}

bool tri_out_grow(struct tri_out *out, uint64_t n)
{
    uint64_t need = out->rows + n, cap = out->cap ? out->cap * 4 : FIRST_ROWS;
    if (!out->cap && cap < out->usual)
        cap = out->usual;
    if (cap > out->most_rows)
        cap = out->most_rows;
    if (cap < need)
        cap = need;
    cap = (cap + 63) & ~UINT64_C(63);
    for (uint32_t i = 0; i < out->wanted_count; i++)
        if (!grow_column(out, out->order[i], cap)) {
            out->failed = true;
            return false;
        }
    out->cap = cap;
    return true;
}

bool tri_out_open(struct tri_out *out, struct tri_mem *mem, tr_reader *reader)
{
    out->mem = mem;
    out->reader = reader;
    out->spares = tri_spares_new(mem, out->count * 2);
    if (!out->spares)
        return false;
    for (uint32_t i = 0; i < out->wanted_count; i++) {
        struct tri_out_column *c = &out->columns[out->order[i]];
        if (c->type != TR_TABLE_NAME)
            continue;
        c->texts = tri_texts_new(mem);
        c->numbers = tri_pool_new(mem);
        if (!c->texts || !c->numbers)
            return false;
    }
    return true;
}

void tri_out_close(struct tri_out *out)
{
    for (uint32_t i = 0; i < out->wanted_count; i++) {
        struct tri_out_column *c = &out->columns[out->order[i]];
        tri_mem_free(out->mem, c->data, c->data_bytes);
        tri_mem_free(out->mem, c->valid, c->valid_bytes);
        tri_texts_unref(c->texts);
        tri_pool_free(c->numbers);
        tri_mem_free(out->mem, c->of_code, c->code_count * sizeof *c->of_code);
    }
    tri_spares_close(out->spares);
    tri_spares_unref(out->spares);
}

bool tri_out_text_full(const struct tri_out *out)
{
    uint64_t bytes = out->rows * out->row_bytes, most = 0;
    for (uint32_t i = 0; i < out->wanted_count; i++) {
        const struct tri_out_column *c = &out->columns[out->order[i]];
        if (c->type != TR_TABLE_TEXT || !c->texts)
            continue;
        bytes += c->texts->bytes;
        most = c->texts->bytes > most ? c->texts->bytes : most;
    }
    return out->rows && (most >= out->most_text || (out->most_bytes && bytes >= out->most_bytes));
}

/* --- values ------------------------------------------------------------------ */

/* The number of a text in a dictionary. The text is put there first, as what it becomes
 * tells whether it is there already. */
static int32_t number_of_text(struct tri_out *out, struct tri_out_column *c, tr_str text)
{
    uint32_t number = 0, count = c->texts->count, bytes = c->texts->bytes;
    if (tri_texts_add(&c->texts, text)) {
        tr_str s = tri_texts_get(c->texts, count);
        if (tri_pool_add(c->numbers, s.ptr, s.len, &number)) {
            if (number == count)
                return (int32_t)number;
        } else {
            out->failed = true;
        }
        c->texts->count = count;
        c->texts->bytes = bytes;
        return (int32_t)number;
    }
    out->failed = true;
    return 0;
}

int32_t tri_out_learn(struct tri_out *out, struct tri_out_column *c, int32_t code)
{
    if ((uint32_t)code >= c->code_count) {
        uint32_t count = c->code_count ? c->code_count : 64;
        while (count <= (uint32_t)code)
            count *= 2;
        int32_t *of_code = tri_mem_grow(out->mem, c->of_code, c->code_count * sizeof *of_code,
                                        count * sizeof *of_code);
        if (!of_code) {
            out->failed = true;
            return 0;
        }
        memset(of_code + c->code_count, 0, (count - c->code_count) * sizeof *of_code);
        c->of_code = of_code;
        c->code_count = count;
    }
    int32_t number = number_of_text(out, c, tr_reader_string(out->reader, code));
    c->of_code[code] = number + 1;
    return number;
}

static void add_text(struct tri_out *out, struct tri_out_column *c, tr_str text)
{
    if (!tri_texts_add(&c->texts, text))
        out->failed = true;
}

void tri_out_put_null(struct tri_out *out, unsigned column)
{
    struct tri_out_column *c = &out->columns[column];
    if (c->type == TR_TABLE_TEXT) {
        if (c->wanted)
            add_text(out, c, (tr_str){"", 0});
    } else if (c->data) {
        size_t size = item_bytes(c->type);
        memset((char *)c->data + out->rows * size, 0, size);
    }
}

void tri_out_put_text(struct tri_out *out, unsigned column, tr_str text)
{
    struct tri_out_column *c = &out->columns[column];
    if (!c->wanted)
        return;
    if (c->type == TR_TABLE_TEXT)
        add_text(out, c, text);
    else
        ((int32_t *)c->data)[out->rows] = number_of_text(out, c, text);
    tri_out_mark(c, out->rows);
}

void tri_out_put_string(struct tri_out *out, unsigned column, int64_t id, tr_str text)
{
    if (out->columns[column].type == TR_TABLE_TEXT)
        tri_out_put_text(out, column, text);
    else
        tri_out_put(out, column, id);
}
