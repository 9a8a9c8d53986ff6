/* The reference's unstable sort: equal times keep the places that it gives them. */
#ifndef TRI_BASE_SORT_H
#define TRI_BASE_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tri_bits;

/* What is ordered by time: a cursor, a CPU sample. */
struct tri_timed {
    int64_t time;
    uint32_t index;
};

/* Sort by time, making the comparisons and swaps of Go's slices.SortFunc. */
void tri_sort_timed(struct tri_timed *v, size_t count);

/* The same where any two neighbours are in order of which neither is a suspect: those in order are not all looked at. True if no more was done than to shift a
 * few by a little, which keeps equal ones in their order. */
bool tri_sort_nearly_timed(struct tri_timed *v, size_t count, const struct tri_bits *suspects);

#endif
