/* Ids of a table, as a trace gives them, to places in an array. Traces number
 * from 1 without gaps, so an array does; ids far off go into a hash map. */
#ifndef TRI_GEN_IDS_H
#define TRI_GEN_IDS_H

#include "base/compiler.h"
#include "base/map.h"

struct tri_ids {
    uint32_t *dense;     /* place + 1, 0: none; that of id 0 is what tri_ids_init was told */
    uint32_t dense_last; /* place in `dense` that stays 0; ids from here on are not dense */
    uint32_t count;
    uint64_t max;
    struct tri_map sparse;
    uint32_t none[2]; /* `dense` before the first is added */
};

/* `zero` is what id 0 gives, which is never added. The struct stays where it is. */
void tri_ids_init(struct tri_ids *ids, struct tri_mem *mem, uint32_t zero);

/* The place + 1 of an id that is not dense, 0 if it is not there. */
uint32_t tri_ids_get_sparse(const struct tri_ids *ids, uint64_t id);

/* The same of one that is dense, without a branch; else 0. */
static inline uint32_t tri_ids_get_dense(const struct tri_ids *ids, uint64_t id)
{
    return ids->dense[id < ids->dense_last ? id : ids->dense_last];
}

/* The same of any. */
static inline uint32_t tri_ids_get(const struct tri_ids *ids, uint64_t id)
{
    uint32_t place = TRI_LIKELY(id < ids->dense_last) ? ids->dense[id] : 0;
    return TRI_LIKELY(place) ? place : tri_ids_get_sparse(ids, id);
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
uint64_t tri_ids_memory(const struct tri_ids *ids);
void tri_ids_free(struct tri_ids *ids);

#endif
