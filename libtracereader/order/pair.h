/* Whose turn it is: with two threads, or many that take turns, who is next is known without asking
 * the heap first. All of these are part of the loop that orders. */
#ifndef TRI_ORDER_PAIR_H
#define TRI_ORDER_PAIR_H

#include "order/expect.h"

/* From so many threads on two are never enough, and else for so many turns not tried. */
enum { TRI_THREADS_MANY = 32, TRI_TURNS = 64 };

/* The head and the entry that is earliest behind it: as long as no other comes before, they
 * need no more of the heap than to take each other's place. */
struct tri_pair {
    struct tri_cursor *head, *next;
    uint32_t at;   /* of `next` in the heap: 1 or 2 */
    int64_t until; /* up to it the head stays the head */
    int64_t bound; /* from then on up to this `next` is */
    bool alone;    /* there is more to do after each record */
};

/* Whether there is more to do after each record of the head. */
static inline bool tri_head_is_alone(const struct tri_order *o)
{
    return o->waits.asleep || o->cursors[o->frontier.heap[0].index].thread_id == TR_NONE;
}

/* Whether more than two threads take turns: the heap is asked each time for whose it is. */
static inline bool tri_threads_take_turns(const struct tri_order *o)
{
    return (o->turns || o->frontier.count >= TRI_THREADS_MANY) && !tri_head_is_alone(o);
}

static inline struct tri_pair tri_pair_find(const struct tri_order *o, bool turns)
{
    const struct tri_timed *h = o->frontier.heap;
    uint32_t count = o->frontier.count, at = h[2].time < h[1].time ? 2 : 1, below = 2 * at + 1;
    struct tri_pair pair = {
        .head = &o->cursors[h[0].index],
        .next = &o->cursors[h[at].index],
        .at = at,
        .until = h[at].time,
        .bound = INT64_MIN,
        .alone = !turns && tri_head_is_alone(o),
    };
    if (TRI_UNLIKELY(o->sample_time < pair.until)) {
        pair.until = o->sample_time;
    } else if (!turns && !pair.alone && pair.next->thread_id != TR_NONE) {
        pair.bound = h[3 - at].time < o->sample_time ? h[3 - at].time : o->sample_time;
        if (below < count && h[below].time < pair.bound)
            pair.bound = h[below].time;
        if (below + 1 < count && h[below + 1].time < pair.bound)
            pair.bound = h[below + 1].time;
    }
    return pair;
}

/* Tell the heap which of the two is the head. */
static inline void tri_pair_settle(struct tri_order *o, const struct tri_pair *pair)
{
    struct tri_timed *h = o->frontier.heap;
    if (pair->bound == INT64_MIN)
        return; /* they never change places */
    uint32_t head = (uint32_t)(pair->head - o->cursors);
    /* If they did not, `until` is not later than what it was made of. */
    if (h[0].index == head && pair->until <= h[pair->at].time)
        return;
    h[0].index = head;
    h[pair->at] = (struct tri_timed){pair->until, (uint32_t)(pair->next - o->cursors)};
}

/* Threads take turns, and it is the next one's, as the head's record is at `time` now: go on to
 * that. false: there is something else to do before. Who is next was known all the time, so that
 * nothing waits for the heap. */
static TRI_INLINE bool tri_pair_take_turn(struct tri_order *o, struct tri_pair *pair, int64_t time)
{
    const struct tri_timed *h = o->frontier.heap;
    tri_frontier_update_head(&o->frontier, time);
    pair->head = pair->next;
    pair->at = 1 + (h[2].time < h[1].time);
    pair->next = &o->cursors[h[pair->at].index];
    pair->until = h[pair->at].time < o->sample_time ? h[pair->at].time : o->sample_time;
    if (o->turns)
        o->turns--;
    else if (o->frontier.count < TRI_THREADS_MANY)
        return false; /* it may be that two are enough again */
    tri_expect_next(o);
    return h[0].time <= o->sample_time && pair->head->thread_id != TR_NONE;
}

/* The head's record is at `time` now, later than the other's: have them change places. false: it
 * is another's turn. */
static TRI_INLINE bool tri_pair_change(struct tri_order *o, struct tri_pair *pair, int64_t time)
{
    if (time <= pair->bound) {
        struct tri_cursor *next = pair->next;
        pair->next = pair->head;
        pair->head = next;
        pair->until = time;
        return true;
    }
    /* If they never changed places two are not enough. */
    if (pair->bound != INT64_MIN &&
        o->frontier.heap[0].index == (uint32_t)(pair->head - o->cursors))
        o->turns = TRI_TURNS;
    return false;
}

#endif
