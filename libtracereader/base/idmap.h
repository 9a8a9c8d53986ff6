/* A hash map from 64-bit ids to things that begin with their id, for ids that are given
 * out in sequence and used together, as those of goroutines. */
#ifndef TRI_BASE_IDMAP_H
#define TRI_BASE_IDMAP_H

#include "base/compiler.h"
#include "base/map.h"

enum { TRI_PAGE_IDS = 16 }; /* Go's procs take ids in batches of 16 */

/* Neighbours: things whose ids have the same id / TRI_PAGE_IDS. NULL: absent. */
struct tri_page {
    void *things[TRI_PAGE_IDS];
};

/* What belongs to a page, but is seldom looked at. */
struct tri_page_head {
    uint64_t key; /* id / TRI_PAGE_IDS + 1; 0: the slot is free */
    uint32_t live;
};

struct tri_idmap {
    struct tri_mem *mem;
    struct tri_page *pages; /* one a slot; never NULL */
    struct tri_page_head *heads;
    uint32_t slot_count; /* 0 or a power of two */
    uint32_t page_count;
    uint32_t used;  /* ids */
    unsigned shift; /* of a hash, down to a slot's number */
    uint64_t seed;
    struct tri_page none[2]; /* `pages` before the first is added: home slots are 0 and 1 */
};

/* The struct stays where it is. */
void tri_idmap_init(struct tri_idmap *map, struct tri_mem *mem);

/* The slot at which the search for an id's page begins. */
static inline uint32_t tri_idmap_home(const struct tri_idmap *map, uint64_t id)
{
    return (uint32_t)((id / TRI_PAGE_IDS ^ map->seed) * TRI_HASH_FACTOR >> map->shift);
}

/* The same as tri_idmap_get, if the thing is not where one looks first. */
void *tri_idmap_search(const struct tri_idmap *map, uint64_t id);

/* The thing with an id, NULL if there is none. */
static inline void *tri_idmap_get(const struct tri_idmap *map, uint64_t id)
{
    void *thing = map->pages[tri_idmap_home(map, id)].things[id % TRI_PAGE_IDS];
    if (TRI_LIKELY(thing && *(const int64_t *)thing == (int64_t)id))
        return thing;
    return tri_idmap_search(map, id);
}

/* Add a thing, an int64_t at its begin, whose id is absent. It stays the caller's, and its
 * id stays as it is until it is taken out. 0 if there is no memory. */
int tri_idmap_add(struct tri_idmap *map, void *thing);
/* Take out an id; nothing happens if it is absent. */
void tri_idmap_remove(struct tri_idmap *map, uint64_t id);
uint64_t tri_idmap_memory(const struct tri_idmap *map);
void tri_idmap_free(struct tri_idmap *map);

#endif
