/* The order: from generations to rows, in the reference's order. */
#ifndef TRI_ORDER_ORDER_H
#define TRI_ORDER_ORDER_H

#include "gen/producer.h"
#include "order/cursor.h"
#include "order/frontier.h"
#include "order/state.h"
#include "order/waits.h"

struct tri_order {
    struct tri_mem *mem;
    struct tri_err *err;
    struct tri_gen_reader gens;
    struct tri_state state;
    uint64_t max_goroutines;

    struct tri_generation *gen; /* whose events come out, NULL: none */
    uint64_t first_gen;         /* number of the first that had an event, 0: none yet */
    struct tri_feed feed;
    struct tri_cursor *cursors;
    struct tri_decoder *decoders; /* one for each cursor */
    uint32_t cursor_count, cursor_cap;
    uint32_t decoder_cap;
    struct tri_ahead *ahead;    /* NULL: there is one thread */
    struct tri_record *records; /* of all blocks */
    uint32_t record_cap;
    uint8_t *windows; /* the decoders', of a trace that is read again */
    uint32_t window_cap;
    struct tri_frontier frontier;
    uint32_t turns; /* to take before two threads are tried again to be enough */
    struct tri_waits waits;
    uint32_t samples_done;
    int64_t sample_time;         /* of the next CPU sample; INT64_MAX: there is none */
    struct tri_thread no_thread; /* for batches that belong to no thread */

    struct tri_filter filter;
    uint64_t row_count; /* made, those that did not pass the filter too */
    uint64_t sync_count;
    uint64_t gen_count;
    int64_t last_time;
    tr_status final;  /* what comes after the last Sync; TR_OK: not there yet */
    tr_status failed; /* an error that comes next; TR_OK: none */
    uint64_t tried;   /* salvaging: how many records were looked at and had to wait */
};

/* The time of the next row, if it is made at `time`: that, but after the last row's. */
static inline int64_t tri_order_next_time(const struct tri_order *o, int64_t time)
{
    /* The sum wraps, as Go's does. */
    return time > o->last_time ? time : (int64_t)((uint64_t)o->last_time + 1);
}

/* The same when it is made. */
static inline int64_t tri_order_row_time(struct tri_order *o, int64_t time)
{
    o->row_count++;
    return o->last_time = tri_order_next_time(o, time);
}

void tri_order_init(struct tri_order *o, const struct tri_producer_config *config);

/* Make up to `max` rows, at least TRI_ORDER_ROWS_MIN, of one generation. *tables are
 * theirs, referenced for the caller; NULL if they have none. TR_OK: at least one
 * row was made, though perhaps none passed the filter. Else none was; an error comes after
 * all rows before it. */
enum { TRI_ORDER_ROWS_MIN = 4 };
tr_status tri_order_fill(struct tri_order *o, struct tri_row *rows, uint32_t max, uint32_t *count,
                         struct tr_tables **tables);

void tri_order_close(struct tri_order *o);

/* Memory of the tables of this generation, and of what is alive. */
uint64_t tri_order_table_memory(const struct tri_order *o);
uint64_t tri_order_state_memory(const struct tri_order *o);

#endif
