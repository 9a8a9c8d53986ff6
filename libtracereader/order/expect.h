/* What will be needed is sent for, so that it is near by then: nothing else depends on it.
 *
 * All of these are part of their callers: a compiler drops the call of a function that does
 * nothing but prefetch. */
#ifndef TRI_ORDER_EXPECT_H
#define TRI_ORDER_EXPECT_H

#include "base/compiler.h"
#include "order/order.h"

/* So many that what is known of all does not stay near, and that it stays far. */
enum { TRI_THREADS_NEAR = 32, TRI_THREADS_FAR = 2048, TRI_SLOTS_MANY = 1 << 15 };

/* Of very many goroutines, have those that the records of a block name near by then: first all
 * their slots, so that none of these is waited for alone. */
static TRI_INLINE void tri_expect_goroutines(const struct tri_order *o, const struct tri_cursor *c)
{
    const struct tri_idmap *gos = &o->state.go_of;
    if (TRI_LIKELY(gos->slot_count < TRI_SLOTS_MANY))
        return;
    for (const struct tri_record *r = c->record; r < c->end; r++)
        if (tri_specs[r->where.at.type].arg_types[1] == TRI_ARG_GO)
            tri_idmap_expect_slot(gos, r->args[0]);
    for (const struct tri_record *r = c->record; r < c->end; r++)
        if (tri_specs[r->where.at.type].arg_types[1] == TRI_ARG_GO)
            tri_idmap_expect(gos, r->args[0]);
}

static inline uint32_t tri_expect_earlier(const struct tri_timed *h, uint32_t i)
{
    return 2 * i + 1 + (h[2 * i + 2].time < h[2 * i + 1].time);
}

/* Of very many threads: whoever follows the head and is earliest goes a step up the heap at each
 * turn, and as many turns as it is below the head it is asked for what leads to more. */
static TRI_INLINE void tri_expect_early(const struct tri_order *o)
{
    const struct tri_timed *h = o->frontier.heap;
    uint32_t i = tri_expect_earlier(h, tri_expect_earlier(h, 0));
    const struct tri_cursor *c = &o->cursors[h[i].index];
    TRI_PREFETCH(c->thread->go);
    if (!c->lane) /* else the decoder is a worker's */
        TRI_PREFETCH(c->decoder->p);
    i = tri_expect_earlier(h, i);
    c = &o->cursors[h[i].index];
    TRI_PREFETCH(c->record);
    TRI_PREFETCH(c->thread);
    TRI_PREFETCH(c->decoder);
    c = &o->cursors[h[tri_expect_earlier(h, i)].index];
    TRI_PREFETCH(c);
    TRI_PREFETCH(c + 1); /* it may lie across two cache lines */
}

/* Of many threads, have what will be needed of the one that is likely next near by then. */
static TRI_INLINE void tri_expect_next(const struct tri_order *o)
{
    const struct tri_timed *h = o->frontier.heap;
    if (o->frontier.count < TRI_THREADS_NEAR)
        return;
    if (o->frontier.count >= TRI_THREADS_FAR) {
        tri_expect_early(o);
        return;
    }
    const struct tri_cursor *next = &o->cursors[h[1 + (h[2].time < h[1].time)].index];
    TRI_PREFETCH(next->record);
    TRI_PREFETCH(next->thread);
    TRI_PREFETCH(next->thread->go);
}

#endif
