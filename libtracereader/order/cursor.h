/* A cursor walks one thread's batches of a generation, record by record. */
#ifndef TRI_ORDER_CURSOR_H
#define TRI_ORDER_CURSOR_H

#include "gen/generation.h"

/* What a record says, undigested. */
struct tri_record {
    int64_t time; /* nanoseconds */
    uint64_t offset;
    uint64_t args[TRI_MAX_ARGS - 1]; /* without the time */
    uint8_t type;
};

/* What all cursors of a generation share. */
struct tri_cursor_feed {
    struct tri_generation *gen;
    struct tri_source *source;
    struct tri_err *err;
    double ns_per_tick;
    uint32_t window_bytes;   /* of each cursor's buffer */
    uint8_t timed_args[256]; /* arguments of a timed type, the time included; else 0 */
};

struct tri_thread;

struct tri_cursor {
    struct tri_record record;
    const uint8_t *p, *end; /* bytes in hand */
    const uint8_t *window;  /* where they began, and their place in the trace */
    uint64_t window_offset;
    uint8_t *buffer;   /* window_bytes, if the trace is read again for it */
    uint32_t batch;    /* index + 1; 0: before the first */
    uint32_t next;     /* the batch after it: index + 1, 0: none */
    uint32_t rest;     /* bytes of the batch behind `end` */
    int64_t last_time; /* 0: begin from the batch's */
    int64_t thread_id;
    struct tri_thread *thread;
};

/* Go to the next record. TR_END: there is none. */
tr_status tri_cursor_next(struct tri_cursor *c, const struct tri_cursor_feed *feed);

#endif
