/* A hash map from 64-bit ids to numbers or addresses other than 0, for ids that are given out
 * in sequence and used together, as those of goroutines. */
#ifndef TRI_BASE_IDMAP_H
#define TRI_BASE_IDMAP_H

#include "base/compiler.h"
#include "base/map.h"

enum { TRI_PAGE_IDS = 16 }; /* Go's procs take ids in batches of 16 */

/* Neighbours: ids with the same id / TRI_PAGE_IDS. */
struct tri_page {
    uint64_t key; /* that + 1; 0: the slot is free */
    uint32_t live;
    uint64_t values[TRI_PAGE_IDS]; /* 0: absent */
};

/* Zero-initialised but for `mem`. */
struct tri_idmap {
    struct tri_mem *mem;
    struct tri_page *slots;
    uint32_t slot_count; /* 0 or a power of two */
    uint32_t page_count;
    uint32_t used;  /* ids */
    unsigned shift; /* of a hash, down to a slot's number */
};

/* The slot at which the search for a page begins; there are slots. */
static inline uint32_t tri_idmap_home(const struct tri_idmap *map, uint64_t key)
{
    return (uint32_t)(key * TRI_HASH_FACTOR >> map->shift);
}

/* The id's page or the free slot where it would be; there are slots. */
static inline struct tri_page *tri_idmap_page(const struct tri_idmap *map, uint64_t id)
{
    uint64_t key = id / TRI_PAGE_IDS + 1;
    uint32_t mask = map->slot_count - 1;
    for (uint32_t i = tri_idmap_home(map, key);; i = (i + 1) & mask) {
        struct tri_page *page = &map->slots[i];
        if (TRI_LIKELY(page->key == key) || !page->key)
            return page;
    }
}

/* 0 if the id is absent. */
static inline uint64_t tri_idmap_get(const struct tri_idmap *map, uint64_t id)
{
    /* The values of a free slot are 0. */
    return map->slot_count ? tri_idmap_page(map, id)->values[id % TRI_PAGE_IDS] : 0;
}

/* Add an id that is absent. 0 if there is no memory. */
int tri_idmap_add(struct tri_idmap *map, uint64_t id, uint64_t value);
/* Take out an id; nothing happens if it is absent. */
void tri_idmap_remove(struct tri_idmap *map, uint64_t id);
uint64_t tri_idmap_memory(const struct tri_idmap *map);
void tri_idmap_free(struct tri_idmap *map);

#endif
