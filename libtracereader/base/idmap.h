/* A hash map from 64-bit ids to things that begin with their id, for ids that are given
 * out in sequence and used together, as those of goroutines. */
#ifndef TRI_BASE_IDMAP_H
#define TRI_BASE_IDMAP_H

#include "base/compiler.h"
#include "base/map.h"

enum { TRI_NEIGHBOURS = 16 }; /* Go's procs take ids in batches of 16 */

struct tri_idmap {
    struct tri_mem *mem;
    void **slots;        /* things, NULL: free; `none` before the first is added */
    uint32_t slot_count; /* a power of two, and TRI_NEIGHBOURS; 0 before the first is added */
    unsigned shift;      /* of a hash, down to the number of a slot */
    uint64_t seed;
    uint32_t used;
    uint32_t used_of[TRI_NEIGHBOURS]; /* by a slot's number modulo TRI_NEIGHBOURS */
    void *none[1 + TRI_NEIGHBOURS];
};

/* The struct stays where it is. */
void tri_idmap_init(struct tri_idmap *map, struct tri_mem *mem);

/* The slot at which the search for an id begins; those of neighbours follow each other. */
static inline size_t tri_idmap_home(const struct tri_idmap *map, uint64_t id)
{
    uint64_t hash = (id / TRI_NEIGHBOURS ^ map->seed) * TRI_HASH_FACTOR >> map->shift;
    return (size_t)(hash + id % TRI_NEIGHBOURS);
}

/* The same as tri_idmap_get, if another thing is where one looks first. */
void *tri_idmap_search(const struct tri_idmap *map, uint64_t id);

/* The thing with an id, NULL if there is none. */
static inline void *tri_idmap_get(const struct tri_idmap *map, uint64_t id)
{
    void *thing = map->slots[tri_idmap_home(map, id)];
    if (TRI_LIKELY(!thing || *(const int64_t *)thing == (int64_t)id))
        return thing;
    return tri_idmap_search(map, id);
}

/* Have the slot near soon where one looks first for an id. */
static TRI_INLINE void tri_idmap_expect_slot(const struct tri_idmap *map, uint64_t id)
{
    TRI_PREFETCH(&map->slots[tri_idmap_home(map, id)]);
}

/* Have the thing with an id near soon, if it is there. */
static TRI_INLINE void tri_idmap_expect(const struct tri_idmap *map, uint64_t id)
{
    TRI_PREFETCH(map->slots[tri_idmap_home(map, id)]);
}

/* Add a thing, an int64_t at its begin, whose id is absent. It stays the caller's, and its
 * id stays as it is until it is taken out. 0 if there is no memory. */
int tri_idmap_add(struct tri_idmap *map, void *thing);
/* Take out an id; nothing happens if it is absent. */
void tri_idmap_remove(struct tri_idmap *map, uint64_t id);
uint64_t tri_idmap_memory(const struct tri_idmap *map);
void tri_idmap_free(struct tri_idmap *map);

#endif
