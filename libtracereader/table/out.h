/* A batch in the making: the columns of a table that are wanted, filled row by row or by
 * ranges of rows, and handed out as an Arrow array.
 *
 * Who fills it may write all columns of a table: what is not wanted is left out here. */
#ifndef TRI_TABLE_OUT_H
#define TRI_TABLE_OUT_H

#include "base/compiler.h"
#include "base/pool.h"
#include "table/spares.h"
#include "table/texts.h"
#include "tracereader/event.h"
#include "tracereader/table.h"

enum { TRI_MAX_COLUMNS = 32 };

struct tri_out_column {
    tr_table_type type; /* as it is handed out: not TR_TABLE_STRING if that is resolved */
    bool wanted, nullable;
    const char *name;
    void *data;     /* items, of bool bits; NULL if there are texts, or it is not wanted */
    uint8_t *valid; /* a bit for each row that has a value; NULL if all have */
    size_t data_bytes, valid_bytes;
    struct tri_texts *texts; /* of TR_TABLE_TEXT, or the dictionary of TR_TABLE_NAME */

    /* The dictionary: numbers of its texts, and by code of the reader + 1; 0: not there yet. */
    struct tri_pool *numbers;
    int32_t *of_code;
    uint32_t code_count;
    int32_t of_state[TR_PROC_IDLE + 1]; /* the same of what follows from a state */
};

struct tri_out {
    struct tri_mem *mem;
    struct tri_spares *spares; /* of batches: of each column its data, then its bits */
    tr_reader *reader;         /* whose codes these are */
    struct tri_out_column columns[TRI_MAX_COLUMNS];
    uint32_t count;
    uint32_t order[TRI_MAX_COLUMNS]; /* those wanted, as they are handed out */
    uint32_t wanted_count;
    bool wall;               /* times are of the wall clock */
    uint64_t wall_shift;     /* from the trace's clock to it */
    uint64_t rows, cap;      /* rows there are, and for how many there is room */
    uint64_t usual;          /* of the last batch */
    uint64_t most_rows;      /* in a batch, */
    bool has_text, has_time; /* of such a type some column is */
    uint64_t most_text;      /* and bytes of the texts of a column, */
    uint64_t most_bytes;     /* and of all columns; 0: as the rows need */
    uint64_t row_bytes;      /* of a row, its texts left out */
    bool failed;             /* there is no memory, or a text is too long */
};

/* What `options` say of a table's columns. TR_E_MISUSE if a column is not known or named
 * twice. Nothing is allocated. */
tr_status tri_out_choose(struct tri_out *out, const tr_table_column *columns, uint32_t count,
                         const tr_table_options *options);
/* Make it ready for rows, with `mem` to be had and `reader` to name things. false: no memory. */
bool tri_out_open(struct tri_out *out, struct tri_mem *mem, tr_reader *reader);
void tri_out_close(struct tri_out *out);

/* Its schema. TR_E_NOMEM leaves *schema alone. */
tr_status tri_out_schema(const struct tri_out *out, struct ArrowSchema *schema);
/* Hand out the rows, and begin anew. false: no memory, the rows are lost. */
bool tri_out_finish(struct tri_out *out, struct ArrowArray *array);

/* Make room for `n` more rows. false: no memory. */
bool tri_out_grow(struct tri_out *out, uint64_t n);
static inline bool tri_out_reserve(struct tri_out *out, uint64_t n)
{
    return TRI_LIKELY(out->cap - out->rows >= n) || tri_out_grow(out, n);
}

bool tri_out_text_full(const struct tri_out *out);
static inline bool tri_out_full(const struct tri_out *out)
{
    return out->rows >= out->most_rows || (out->has_text && tri_out_text_full(out));
}

static inline bool tri_out_wants(const struct tri_out *out, unsigned column)
{
    return out->columns[column].wanted;
}

/* The number of the dictionary of a code of the reader's, which is not negative. */
int32_t tri_out_learn(struct tri_out *out, struct tri_out_column *c, int32_t code);
static inline int32_t tri_out_number(struct tri_out *out, struct tri_out_column *c, int32_t code)
{
    if (TRI_LIKELY((uint32_t)code < c->code_count && c->of_code[code]))
        return c->of_code[code] - 1;
    return tri_out_learn(out, c, code);
}

/* --- One row: begin it, put what it has, each column once, end it ------------------ */

static inline bool tri_out_begin(struct tri_out *out)
{
    return !tri_out_full(out) && tri_out_reserve(out, 1);
}

static inline void tri_out_end(struct tri_out *out)
{
    out->rows++;
}

static inline void tri_out_set_bit(uint8_t *bits, uint64_t at)
{
    bits[at / 8] = (uint8_t)(bits[at / 8] | 1u << at % 8);
}

static inline void tri_out_mark(struct tri_out_column *c, uint64_t row)
{
    if (c->valid)
        tri_out_set_bit(c->valid, row);
}

/* Numbers, times and ids of strings that are not resolved. */
static inline void tri_out_put(struct tri_out *out, unsigned column, int64_t value)
{
    struct tri_out_column *c = &out->columns[column];
    if (!c->data)
        return;
    ((int64_t *)c->data)[out->rows] = value;
    tri_out_mark(c, out->rows);
}

void tri_out_put_null(struct tri_out *out, unsigned column);

/* The same of a column that may have none: TR_NONE (of tasks TR_NO_TASK). */
static inline void tri_out_put_id(struct tri_out *out, unsigned column, int64_t id)
{
    struct tri_out_column *c = &out->columns[column];
    uint64_t row = out->rows;
    if (!c->data)
        return;
    ((int64_t *)c->data)[row] = id == TR_NONE ? 0 : id;
    c->valid[row / 8] = (uint8_t)(c->valid[row / 8] | (unsigned)(id != TR_NONE) << row % 8);
}

static inline void tri_out_put_bool(struct tri_out *out, unsigned column, bool value)
{
    struct tri_out_column *c = &out->columns[column];
    if (c->data && value)
        tri_out_set_bit(c->data, out->rows);
}

static inline void tri_out_put_double(struct tri_out *out, unsigned column, double value)
{
    struct tri_out_column *c = &out->columns[column];
    if (c->data)
        ((double *)c->data)[out->rows] = value;
    tri_out_mark(c, out->rows);
}

/* A name, by its code of the reader's; -1 is none. */
static inline void tri_out_put_code(struct tri_out *out, unsigned column, int32_t code)
{
    struct tri_out_column *c = &out->columns[column];
    if (!c->data)
        return;
    ((int32_t *)c->data)[out->rows] = code < 0 ? 0 : tri_out_number(out, c, code);
    if (code >= 0)
        tri_out_mark(c, out->rows);
}

/* A name, or a text. */
void tri_out_put_text(struct tri_out *out, unsigned column, tr_str text);
/* A string, by its id, or, if that is resolved, its text. */
void tri_out_put_string(struct tri_out *out, unsigned column, int64_t id, tr_str text);

#endif
