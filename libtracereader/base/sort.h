/* The reference's unstable sort: equal times keep the places that it gives them. */
#ifndef TRI_BASE_SORT_H
#define TRI_BASE_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"

/* What is ordered by time: a cursor, a CPU sample. */
struct tri_timed {
    int64_t time;
    uint32_t index;
};

/* Sort by time, making the comparisons and swaps of Go's slices.SortFunc. */
void tri_sort_timed(struct tri_timed *v, size_t count);

/* What is known of the result: `v` has the elements in order, but for those that equal
 * another one, of which `ties` has the places of all but the last. */
struct tri_sorted {
    const struct tri_timed *v;
    struct tri_bits ties;
};

/* The same where any two neighbours are in order of which neither is a suspect: those in
 * order are not all looked at. With `known` only ranges with equal elements are sorted.
 * True if no more was done than to shift a few by a little. */
bool tri_sort_nearly_timed(struct tri_timed *v, size_t count, const struct tri_bits *suspects,
                           const struct tri_sorted *known);

#endif
