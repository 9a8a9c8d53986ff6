/* What is alive in a trace, by id: added, found, taken out, and, at the end of the trace,
 * gone through in the order of ids. */
#ifndef TRI_TABLE_LIVE_H
#define TRI_TABLE_LIVE_H

#include <stdbool.h>

#include "base/idmap.h"

/* Things begin with their id, an int64_t, and have at least 16 bytes. */
struct tri_live {
    struct tri_idmap map;
    struct tri_arena arena;
    void *free; /* a list of those that were taken out */
    size_t size;
    void **rest; /* at the end: those that are left */
    uint32_t rest_count, rest_at;
};

/* The struct stays where it is. */
void tri_live_init(struct tri_live *live, struct tri_mem *mem, size_t size);
void tri_live_free(struct tri_live *live);

static inline void *tri_live_get(const struct tri_live *live, int64_t id)
{
    return tri_idmap_get(&live->map, (uint64_t)id);
}

/* Add a thing, all 0 but for its id, which is absent. NULL: no memory. */
void *tri_live_add(struct tri_live *live, int64_t id);
void tri_live_remove(struct tri_live *live, void *thing);

/* Give the next of what is left, by id; from the first call on nothing is added or taken
 * out. NULL behind the last, or with *failed set if there is no memory. */
void *tri_live_next(struct tri_live *live, bool *failed);

#endif
