/* Neighbouring ids share a slot: with many goroutines it is the cache misses of looking
 * them up that cost. Else as base/map.c.
 *
 * Invariants: a slot is free if its page has no live values, and then all of it is 0.
 * Between a page's home slot and the slot it is in none is free. */
#include "base/idmap.h"

#include <string.h>

enum { FIRST_SLOTS_LOG2 = 2, FIRST_SLOTS = 1 << FIRST_SLOTS_LOG2 };

static int grow(struct tri_idmap *map)
{
    struct tri_idmap larger = *map;
    larger.slot_count = map->slot_count ? map->slot_count * 2 : FIRST_SLOTS;
    larger.shift = map->slot_count ? map->shift - 1 : 64 - FIRST_SLOTS_LOG2;
    if (larger.slot_count > UINT32_MAX / 4)
        return 0;
    larger.slots = tri_mem_zalloc(map->mem, larger.slot_count * sizeof *larger.slots);
    if (!larger.slots)
        return 0;
    for (uint32_t i = 0; i < map->slot_count; i++)
        if (map->slots[i].key)
            *tri_idmap_page(&larger, (map->slots[i].key - 1) * TRI_PAGE_IDS) = map->slots[i];
    tri_mem_free(map->mem, map->slots, map->slot_count * sizeof *map->slots);
    *map = larger;
    return 1;
}

int tri_idmap_add(struct tri_idmap *map, uint64_t id, uint64_t value)
{
    struct tri_page *page = map->slot_count ? tri_idmap_page(map, id) : NULL;
    if (!page || !page->key) {
        if (map->page_count >= map->slot_count / 4 * 3) {
            if (!grow(map))
                return 0;
            page = tri_idmap_page(map, id);
        }
        page->key = id / TRI_PAGE_IDS + 1;
        map->page_count++;
    }
    page->values[id % TRI_PAGE_IDS] = value;
    page->live++;
    map->used++;
    return 1;
}

/* Free a slot; later pages of the run move back, so that there are no tombstones. */
static void free_slot(struct tri_idmap *map, struct tri_page *page)
{
    uint32_t mask = map->slot_count - 1;
    uint32_t hole = (uint32_t)(page - map->slots);
    for (uint32_t i = (hole + 1) & mask; map->slots[i].key; i = (i + 1) & mask) {
        uint32_t home = tri_idmap_home(map, map->slots[i].key);
        /* One may move into the hole if its home is not between the two. */
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    memset(&map->slots[hole], 0, sizeof *map->slots);
    map->page_count--;
}

void tri_idmap_remove(struct tri_idmap *map, uint64_t id)
{
    if (!tri_idmap_get(map, id))
        return;
    struct tri_page *page = tri_idmap_page(map, id);
    page->values[id % TRI_PAGE_IDS] = 0;
    map->used--;
    if (--page->live == 0)
        free_slot(map, page);
}

uint64_t tri_idmap_memory(const struct tri_idmap *map)
{
    return map->slot_count * sizeof *map->slots;
}

void tri_idmap_free(struct tri_idmap *map)
{
    tri_mem_free(map->mem, map->slots, map->slot_count * sizeof *map->slots);
    *map = (struct tri_idmap){.mem = map->mem};
}
