/* The heap of the reference's reader, comparison by comparison: parents move only
 * for a strictly smaller child, and of two equal children the left one is taken.
 *
 * Invariant: between calls heap[(i-1)/2].time <= heap[i].time for all i > 0. */
#include "order/frontier.h"

static void swap(struct tri_timed *h, uint32_t a, uint32_t b)
{
    struct tri_timed t = h[a];
    h[a] = h[b];
    h[b] = t;
}

static uint32_t sift_up(struct tri_timed *h, uint32_t i)
{
    while (i > 0 && h[(i - 1) / 2].time > h[i].time) {
        swap(h, (i - 1) / 2, i);
        i = (i - 1) / 2;
    }
    return i;
}

static void sift_down(struct tri_timed *h, uint32_t count, uint32_t i)
{
    for (;;) {
        uint32_t left = 2 * i + 1, right = 2 * i + 2, least = i;
        if (left < count && h[left].time < h[least].time)
            least = left;
        if (right < count && h[right].time < h[least].time)
            least = right;
        if (least == i)
            return;
        swap(h, i, least);
        i = least;
    }
}

int tri_frontier_insert(struct tri_frontier *f, int64_t time, uint32_t cursor)
{
    if (!tri_mem_reserve(f->mem, &f->heap, &f->cap, (uint64_t)f->count + 1, sizeof *f->heap))
        return 0;
    f->heap[f->count] = (struct tri_timed){time, cursor};
    sift_up(f->heap, f->count++);
    return 1;
}

void tri_frontier_settle(struct tri_frontier *f, uint32_t i)
{
    if (sift_up(f->heap, i) == i)
        sift_down(f->heap, f->count, i);
}

void tri_frontier_remove(struct tri_frontier *f, uint32_t i)
{
    /* To the root, whatever the times; then the last entry takes its place. */
    for (; i > 0; i = (i - 1) / 2)
        swap(f->heap, i, (i - 1) / 2);
    swap(f->heap, 0, --f->count);
    sift_down(f->heap, f->count, 0);
}

void tri_frontier_sort(struct tri_frontier *f)
{
    tri_sort_timed(f->heap, f->count);
}

void tri_frontier_free(struct tri_frontier *f)
{
    tri_mem_free(f->mem, f->heap, f->cap * sizeof *f->heap);
    f->heap = NULL;
    f->count = f->cap = 0;
}
