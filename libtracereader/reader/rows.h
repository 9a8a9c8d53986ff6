/* Blocks of rows, as the reader gives them out, and a thread that makes them ahead. */
#ifndef TRI_READER_ROWS_H
#define TRI_READER_ROWS_H

#include "order/order.h"

/* Rows of one generation, and how far the reader has come with them. */
struct tri_rows {
    struct tri_row *rows;
    uint32_t count;           /* 0: none passed the filter, or there is a status */
    uint32_t dropped;         /* that did not pass it */
    tr_status status;         /* TR_OK, or why there are no more */
    bool begins;              /* the generation begins here, with a Sync */
    struct tr_tables *tables; /* referenced, NULL: none */
    uint64_t read_bytes;      /* taken up */
    uint64_t done_bytes;      /* whose events have come out */
    uint64_t generations;     /* that have begun */
    tr_salvage salvage;       /* up to here, if the trace is salvaged */
};

/* Make the next block, of at most `max` rows. */
void tri_rows_make(struct tri_order *o, uint32_t max, struct tri_rows *out);

/* Bytes of the trace whose events have come out: of a generation those that are not
 * events count when it begins. */
uint64_t tri_rows_done_bytes(const struct tri_order *o);

/* Makes blocks ahead, in a thread of its own. While it exists, the order is its own, unless
 * it is locked. */
struct tri_rows_ahead;

/* NULL if it cannot be had. */
struct tri_rows_ahead *tri_rows_ahead_new(struct tri_mem *mem, struct tri_order *order);
/* Stop it, whatever it is at. */
void tri_rows_ahead_free(struct tri_rows_ahead *a);
/* Wait for the next block, but not much longer than `ms`, 0: for ever; NULL: it is not
 * there yet. It is lent until the next call; who takes its tables sets them to NULL. After
 * one with a status none may be asked for. */
struct tri_rows *tri_rows_ahead_next(struct tri_rows_ahead *a, unsigned ms);
void tri_rows_ahead_lock(struct tri_rows_ahead *a);
void tri_rows_ahead_unlock(struct tri_rows_ahead *a);

#endif
