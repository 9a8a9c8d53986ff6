/* The reference's unstable sort: equal times keep the places that it gives them. */
#ifndef TRI_BASE_SORT_H
#define TRI_BASE_SORT_H

#include <stddef.h>
#include <stdint.h>

/* What is ordered by time: a cursor, a CPU sample. */
struct tri_timed {
    int64_t time;
    uint32_t index;
};

/* Sort by time, making the comparisons and swaps of Go's slices.SortFunc. */
void tri_sort_timed(struct tri_timed *v, size_t count);

#endif
