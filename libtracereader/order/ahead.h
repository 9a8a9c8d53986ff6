/* Decoding ahead: workers fill blocks of records while others are ordered.
 *
 * Each decoder has a lane, a ring of blocks from its worker to the cursor. A worker does
 * nothing but call tri_decoder_fill: what the records mean, in which order they come, and
 * what is wrong with one that is broken, is found out where it is without workers. So
 * nothing depends on how many there are. */
#ifndef TRI_ORDER_AHEAD_H
#define TRI_ORDER_AHEAD_H

#include "order/decoder.h"

enum {
    TRI_LANE_BLOCKS = 3, /* a lane's: one is read, one is there, one is filled */
    TRI_WORKERS_MAX = 16
};

struct tri_ahead;
struct tri_lane;

/* Start workers, at most TRI_WORKERS_MAX. NULL if they cannot be had. */
struct tri_ahead *tri_ahead_new(struct tri_mem *mem, unsigned workers);
/* Stop and free them. */
void tri_ahead_free(struct tri_ahead *a);

/* Let the workers have decoders for a generation, until tri_ahead_end; each lane gets
 * TRI_LANE_BLOCKS blocks' records at `records`. 0 if there is no memory. */
int tri_ahead_begin(struct tri_ahead *a, const struct tri_feed *feed, struct tri_decoder *decoders,
                    uint32_t count, struct tri_record *records);
/* Take them back, whatever is left to be decoded. */
void tri_ahead_end(struct tri_ahead *a);

struct tri_lane *tri_ahead_lane(struct tri_ahead *a, uint32_t number);
/* Give back the block before and wait for the next. NULL: no more come, as the decoder
 * has found its end or what it cannot read; it is the caller's again. */
const struct tri_block *tri_lane_next(struct tri_lane *lane);

#endif
