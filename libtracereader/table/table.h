/* What a table is made of, and what its makers share. */
#ifndef TRI_TABLE_TABLE_H
#define TRI_TABLE_TABLE_H

#include "batch/values.h"
#include "table/out.h"

/* A table in the making: its stream. */
struct tri_table {
    struct tri_mem *mem;
    tr_reader *reader;
    const struct tri_table_spec *spec;
    struct tri_out out;
    void *state;       /* of the table's own kind */
    int64_t goroutine; /* only of this one, or TR_ANY */

    struct tri_part part;
    bool in_part;
    uint32_t at; /* rows of the part that are done with */

    struct tr_tables *tables;            /* of the part's rows, referenced */
    bool has_time, has_tables, has_wall; /* some were seen; the first have a clock */
    /* Of events: the first, the last Sync (or the first), the last. stream.c keeps them. */
    int64_t first_ns, sync_ns, last_ns;

    tr_status ended; /* TR_OK: not yet */
    bool flushed;    /* then: what was open has come out */
    int error;       /* errno value that is returned for ever, 0: none */
    char message[400];
};

/* How a table is made. */
struct tri_table_spec {
    const char *name;
    const tr_table_column *columns;
    uint32_t column_count;
    uint32_t kinds;   /* of events that it needs, a bit each; all, if it needs the last event */
    bool whole_parts; /* `take` takes all of a part, which fits */
    size_t state_bytes;
    uint8_t blocking_by; /* tr_blocking_by, of the blocking tables */
    bool one_goroutine;  /* it can be of one only: `goroutine` is for it */

    /* Make `state`, which is zeroed, ready, and free what it holds. NULL: nothing to do. */
    bool (*open)(struct tri_table *t);
    void (*close)(struct tri_table *t);
    /* Take rows from `at` on; false if out.failed, or if the batch is full, and there are more to
     * come: then the row at `at` is asked for again, and nothing was done with it that would count
     * twice. */
    bool (*take)(struct tri_table *t);
    /* Instead of it: read some events, as tr_reader_next would. */
    tr_status (*read)(struct tri_table *t);
    /* As `take`, with what is left when a generation's tables go, and at the end. */
    bool (*leave)(struct tri_table *t);
    bool (*flush)(struct tri_table *t);
};

/* How long something took; it wraps, as the times of a damaged trace may be any. */
static inline int64_t tri_duration_ns(int64_t start, int64_t end)
{
    return (int64_t)((uint64_t)end - (uint64_t)start);
}

/* Whether a transition ends a goroutine: one that begins to wait "forever" has ended, as in Go's
 * own summary. */
static inline bool tri_ends_goroutine(const struct tri_table *t, const struct tri_row *row)
{
    return row->transition.to == TR_GO_NOT_EXIST ||
           (row->transition.to == TR_GO_WAITING &&
            tr_str_equal(tri_event_string(t->tables, row->string), "forever"));
}

#endif
