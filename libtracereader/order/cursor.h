/* A cursor stands at a thread's next record. Blocks of records come from the thread's
 * decoder, here and now, or from a lane on which they were decoded ahead. */
#ifndef TRI_ORDER_CURSOR_H
#define TRI_ORDER_CURSOR_H

#include "order/ahead.h"

struct tri_thread;

struct tri_cursor {
    const struct tri_record *record, *end; /* of the block: the current one first */
    struct tri_thread *thread;
    int64_t thread_id;
    struct tri_decoder *decoder;
    struct tri_block block;
    struct tri_lane *lane; /* NULL: the decoder is this cursor's */
};

/* Go to the first record of the next block. TR_END: there is none. */
static inline tr_status tri_cursor_next_block(struct tri_cursor *c, const struct tri_feed *feed)
{
    const struct tri_block *block = c->lane ? tri_lane_next(c->lane) : NULL;
    if (!block) {
        /* From here on nothing comes on the lane: see why. */
        c->lane = NULL;
        tr_status status = tri_decoder_fill(c->decoder, feed, &c->block);
        if (status != TR_OK)
            return status;
        block = &c->block;
    }
    c->record = block->records;
    c->end = block->records + block->count;
    return TR_OK;
}

#endif
