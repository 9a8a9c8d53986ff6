/* Ids of a table, as a trace gives them, to places in an array. Traces number
 * from 1 without gaps, so an array does; ids far off go into a hash map. */
#ifndef TRI_GEN_IDS_H
#define TRI_GEN_IDS_H

#include "base/compiler.h"
#include "base/map.h"

/* Zero-initialised but for sparse.mem. */
struct tri_ids {
    uint32_t *dense; /* place + 1, 0: none */
    uint32_t dense_size;
    uint32_t count;
    uint64_t max;
    struct tri_map sparse;
};

/* The same as tri_ids_get, for an id that is not dense. */
uint32_t tri_ids_get_sparse(const struct tri_ids *ids, uint64_t id);

/* The place + 1 of an id, 0 if it is not there. */
static inline uint32_t tri_ids_get(const struct tri_ids *ids, uint64_t id)
{
    if (TRI_LIKELY(id < ids->dense_size && ids->dense[id]))
        return ids->dense[id];
    return tri_ids_get_sparse(ids, id);
}

/* Whether the ids are exactly 1 to `max`, so that each id up to it exists. */
static inline int tri_ids_gapless(const struct tri_ids *ids)
{
    return ids->max == ids->count;
}

/* Give an id that is not 0 and not there the next place. 0 if there is no memory. */
int tri_ids_add(struct tri_ids *ids, uint64_t id);
/* The same for one that is there: its old place has no id then. */
int tri_ids_replace(struct tri_ids *ids, uint64_t id);
void tri_ids_free(struct tri_ids *ids);

#endif
