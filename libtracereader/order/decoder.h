/* From the bytes of one thread's batches to blocks of records. */
#ifndef TRI_ORDER_DECODER_H
#define TRI_ORDER_DECODER_H

#include "gen/generation.h"

/* What a record says, undigested. */
struct tri_record {
    int64_t time; /* nanoseconds */
    union tri_where where;
    uint64_t args[TRI_MAX_ARGS - 1]; /* without the time */
};

struct tri_block {
    struct tri_record *records; /* room for the feed's block_records */
    uint32_t count;
};

/* What all decoders of a generation share. */
struct tri_feed {
    struct tri_generation *gen;
    struct tri_source *source; /* to read batches again; its error is the decoder's */
    double ns_per_tick;
    uint64_t usual_ticks;    /* fewer than these make a usual time; see decoder.c */
    uint32_t window_bytes;   /* of each decoder's window */
    uint32_t block_records;  /* of each block */
    uint8_t timed_args[256]; /* arguments of a timed type, the time included; else 0 */
};

struct tri_decoder {
    const uint8_t *p, *end; /* bytes in hand */
    const uint8_t *sure;    /* a record that begins before it can be read without a look at `end` */
    uint64_t place;         /* + p, as a number: where p is in the trace; wraps */
    int64_t last_time;      /* 0: begin from the batch's */
    uint8_t *window;        /* window_bytes, if the trace is read again for it */
    int64_t thread;
    uint32_t batch; /* index + 1; 0: before the first, or behind the last */
    uint32_t next;  /* the batch after it: index + 1, 0: none */
    uint32_t rest;  /* bytes of the batch behind `end` */
};

/* What a feed's usual_ticks are. */
uint64_t tri_decoder_usual_ticks(double ns_per_tick);

/* Leave the rest of a batch whose next record is broken; how many bytes that is. */
uint32_t tri_decoder_skip_batch(struct tri_decoder *d, const struct tri_feed *feed);

/* Decode the next records. TR_OK: at least one; TR_END: there is none. */
tr_status tri_decoder_fill(struct tri_decoder *d, const struct tri_feed *feed,
                           struct tri_block *block);

#endif
