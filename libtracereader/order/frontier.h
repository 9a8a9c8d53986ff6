/* The frontier: the threads that have an event to offer, as the reference's binary
 * heap by time. Its layout decides ties, so it is kept step for step. */
#ifndef TRI_ORDER_FRONTIER_H
#define TRI_ORDER_FRONTIER_H

#include "base/mem.h"
#include "base/sort.h"

/* Zero-initialised but for `mem`. `heap[0]` is the head; `index` names a cursor. */
struct tri_frontier {
    struct tri_mem *mem;
    struct tri_timed *heap;
    uint32_t count, cap;
};

/* 0 if there is no memory. */
int tri_frontier_insert(struct tri_frontier *f, int64_t time, uint32_t cursor);
/* Move the entry at `i` to where its time belongs. */
void tri_frontier_settle(struct tri_frontier *f, uint32_t i);

/* The head has a new time, later than before: the same as tri_frontier_update(f, 0, time). */
static inline void tri_frontier_delay_head(struct tri_frontier *f, int64_t time)
{
    struct tri_timed *h = f->heap, head = {time, h[0].index};
    uint32_t i = 0, child = 1, count = f->count;
    while (child < count) {
        if (child + 1 < count && h[child + 1].time < h[child].time)
            child++;
        if (h[child].time >= time)
            break;
        h[i] = h[child];
        i = child;
        child = 2 * i + 1;
    }
    h[i] = head;
}

/* The entry at `i` has a new time. */
static inline void tri_frontier_update(struct tri_frontier *f, uint32_t i, int64_t time)
{
    f->heap[i].time = time;
    tri_frontier_settle(f, i);
}

void tri_frontier_remove(struct tri_frontier *f, uint32_t i);
/* Put all entries in time order, which is a heap too: the candidates to try, from
 * entry 1 on, when the head cannot advance. The order stays. */
void tri_frontier_sort(struct tri_frontier *f);
void tri_frontier_free(struct tri_frontier *f);

#endif
