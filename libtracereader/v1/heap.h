/* The reference's heap of procs by the time of their events, the earliest first. Equal ones
 * come in an order that follows from its layout, so that is the same as there. */
#ifndef TRI_V1_HEAP_H
#define TRI_V1_HEAP_H

#include <stdbool.h>

#include "base/sort.h"

struct tri_v1_heap {
    struct tri_timed *procs;
    uint32_t count;
};

static inline void tri_v1_heap_push(struct tri_v1_heap *heap, int64_t time, uint32_t proc)
{
    struct tri_timed *procs = heap->procs;
    uint32_t j = heap->count++;
    while (j) {
        uint32_t parent = (j - 1) / 2;
        if (time >= procs[parent].time)
            break;
        procs[j] = procs[parent];
        j = parent;
    }
    procs[j] = (struct tri_timed){time, proc};
}

static inline uint32_t tri_v1_heap_pop(struct tri_v1_heap *heap)
{
    struct tri_timed *procs = heap->procs;
    uint32_t first = procs[0].index, n = --heap->count, i = 0;
    const struct tri_timed last = procs[n];
    for (uint64_t child; (child = 2 * (uint64_t)i + 1) < n;) {
        uint32_t j = (uint32_t)child;
        if (j + 1 < n && procs[j + 1].time < procs[j].time)
            j++;
        if (procs[j].time >= last.time)
            break;
        procs[i] = procs[j];
        i = j;
    }
    procs[i] = last;
    return first;
}

/* Whether the heap would be what it is if something earlier than all of it were pushed and
 * popped. What is on the way from the root to the new place moves down and up again, unless
 * an equal one comes before it. */
static inline bool tri_v1_heap_returns(const struct tri_v1_heap *heap)
{
    const struct tri_timed *procs = heap->procs;
    for (uint32_t at = (heap->count - 1) / 2; heap->count > 2 && at; at = (at - 1) / 2) {
        int64_t above = procs[(at - 1) / 2].time;
        if (procs[at].time == above || (at % 2 == 0 && procs[at - 1].time == above))
            return false;
    }
    return true;
}

#endif
