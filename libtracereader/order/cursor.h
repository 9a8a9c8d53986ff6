/* A cursor walks one thread's batches of a generation, record by record. Records are
 * decoded ahead in blocks. */
#ifndef TRI_ORDER_CURSOR_H
#define TRI_ORDER_CURSOR_H

#include "gen/generation.h"

/* What a record says, undigested. */
struct tri_record {
    int64_t time; /* nanoseconds */
    union tri_where where;
    uint64_t args[TRI_MAX_ARGS - 1]; /* without the time */
};

/* What all cursors of a generation share. */
struct tri_cursor_feed {
    struct tri_generation *gen;
    struct tri_source *source;
    struct tri_err *err;
    double ns_per_tick;
    bool usual_ticks;        /* less than 2^30 ns each */
    uint32_t window_bytes;   /* of each cursor's buffer */
    uint32_t block_records;  /* of each cursor's block */
    uint8_t timed_args[256]; /* arguments of a timed type, the time included; else 0 */
};

struct tri_thread;

struct tri_cursor {
    const struct tri_record *record, *records_end; /* decoded, the current one first */
    struct tri_thread *thread;
    int64_t thread_id;
    struct tri_record *block; /* block_records */
    const uint8_t *p, *end;   /* bytes in hand */
    uint64_t place;           /* + p, as a number: where p is in the trace; wraps */
    int64_t last_time;        /* 0: begin from the batch's */
    uint8_t *buffer;          /* window_bytes, if the trace is read again for it */
    uint32_t batch;           /* index + 1; 0: before the first */
    uint32_t next;            /* the batch after it: index + 1, 0: none */
    uint32_t rest;            /* bytes of the batch behind `end` */
};

/* Decode the next block and go to its first record. TR_END: there is none. */
tr_status tri_cursor_next_block(struct tri_cursor *c, const struct tri_cursor_feed *feed);

/* Go to the next record. TR_END: there is none. */
static inline tr_status tri_cursor_next(struct tri_cursor *c, const struct tri_cursor_feed *feed)
{
    return ++c->record < c->records_end ? TR_OK : tri_cursor_next_block(c, feed);
}

#endif
