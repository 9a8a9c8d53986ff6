/* Neighbouring ids share a slot: with many goroutines it is the cache misses of looking
 * them up that cost. So a look-up goes to the thing at once, and to the page's key only if
 * the thing's id is not the one that was asked for. Else as base/map.c.
 *
 * Invariants: a slot is free if its page has no live things, and then all of it is 0.
 * Between a page's home slot and the slot it is in none is free. */
#include "base/idmap.h"

#include <string.h>

enum { FIRST_SLOTS_LOG2 = 2, FIRST_SLOTS = 1 << FIRST_SLOTS_LOG2 };

void tri_idmap_init(struct tri_idmap *map, struct tri_mem *mem)
{
    *map = (struct tri_idmap){.mem = mem, .shift = 63};
    map->pages = map->none;
}

/* The slot of the id's page, or the free one where it would be; there are slots. */
static uint32_t slot_of(const struct tri_idmap *map, uint64_t id)
{
    uint64_t key = id / TRI_PAGE_IDS + 1;
    uint32_t i = tri_idmap_home(map, id);
    while (map->heads[i].key && map->heads[i].key != key)
        i = (i + 1) & (map->slot_count - 1);
    return i;
}

void *tri_idmap_search(const struct tri_idmap *map, uint64_t id)
{
    /* The things of a free slot are NULL. */
    return map->slot_count ? map->pages[slot_of(map, id)].things[id % TRI_PAGE_IDS] : NULL;
}

static void free_slots(struct tri_idmap *map)
{
    if (!map->slot_count)
        return;
    tri_mem_free(map->mem, map->pages, map->slot_count * sizeof *map->pages);
    tri_mem_free(map->mem, map->heads, map->slot_count * sizeof *map->heads);
}

static int grow(struct tri_idmap *map)
{
    struct tri_idmap larger = *map;
    larger.slot_count = map->slot_count ? map->slot_count * 2 : FIRST_SLOTS;
    larger.shift = map->slot_count ? map->shift - 1 : 64 - FIRST_SLOTS_LOG2;
    if (larger.slot_count > UINT32_MAX / 4)
        return 0;
    larger.pages = tri_mem_zalloc(map->mem, larger.slot_count * sizeof *larger.pages);
    larger.heads = tri_mem_zalloc(map->mem, larger.slot_count * sizeof *larger.heads);
    if (!larger.pages || !larger.heads) {
        free_slots(&larger);
        return 0;
    }
    if (!map->slot_count)
        larger.seed = tri_hash_seed(larger.pages);
    for (uint32_t i = 0; i < map->slot_count; i++) {
        if (!map->heads[i].key)
            continue;
        uint32_t to = slot_of(&larger, (map->heads[i].key - 1) * TRI_PAGE_IDS);
        larger.pages[to] = map->pages[i];
        larger.heads[to] = map->heads[i];
    }
    free_slots(map);
    *map = larger;
    return 1;
}

int tri_idmap_add(struct tri_idmap *map, void *thing)
{
    uint64_t id = (uint64_t) * (const int64_t *)thing;
    if (!map->slot_count && !grow(map))
        return 0;
    uint32_t slot = slot_of(map, id);
    if (!map->heads[slot].key) {
        if (map->page_count >= map->slot_count / 4 * 3) {
            if (!grow(map))
                return 0;
            slot = slot_of(map, id);
        }
        map->heads[slot].key = id / TRI_PAGE_IDS + 1;
        map->page_count++;
    }
    map->pages[slot].things[id % TRI_PAGE_IDS] = thing;
    map->heads[slot].live++;
    map->used++;
    return 1;
}

/* Free a slot; later pages of the run move back, so that there are no tombstones. */
static void free_slot(struct tri_idmap *map, uint32_t hole)
{
    uint32_t mask = map->slot_count - 1;
    for (uint32_t i = (hole + 1) & mask; map->heads[i].key; i = (i + 1) & mask) {
        uint32_t home = tri_idmap_home(map, (map->heads[i].key - 1) * TRI_PAGE_IDS);
        /* One may move into the hole if its home is not between the two. */
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            map->pages[hole] = map->pages[i];
            map->heads[hole] = map->heads[i];
            hole = i;
        }
    }
    memset(&map->pages[hole], 0, sizeof *map->pages);
    memset(&map->heads[hole], 0, sizeof *map->heads);
    map->page_count--;
}

void tri_idmap_remove(struct tri_idmap *map, uint64_t id)
{
    if (!tri_idmap_get(map, id))
        return;
    uint32_t slot = slot_of(map, id);
    map->pages[slot].things[id % TRI_PAGE_IDS] = NULL;
    map->used--;
    if (--map->heads[slot].live == 0)
        free_slot(map, slot);
}

uint64_t tri_idmap_memory(const struct tri_idmap *map)
{
    return map->slot_count * (sizeof *map->pages + sizeof *map->heads);
}

void tri_idmap_free(struct tri_idmap *map)
{
    free_slots(map);
    tri_idmap_init(map, map->mem);
}
