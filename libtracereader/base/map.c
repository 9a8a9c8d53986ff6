/* Open addressing with linear probing, at most three quarters full. Removal moves
 * later entries of the run back, so there are no tombstones.
 *
 * Invariant: between a key's home slot and the slot it is in none is free. A free slot's
 * value is 0, whatever its key. */
#include "base/map.h"

#include <string.h>

enum { FIRST_SLOTS_LOG2 = 4, FIRST_SLOTS = 1 << FIRST_SLOTS_LOG2 };

static void place(struct tri_map *map, uint64_t key, uint64_t value)
{
    uint32_t i = tri_map_home(map, key);
    while (map->slots[i].value)
        i = (i + 1) & (map->slot_count - 1);
    map->slots[i].key = key;
    map->slots[i].value = value;
}

int tri_map_add(struct tri_map *map, uint64_t key, uint64_t value)
{
    if (map->used >= map->slot_count / 4 * 3) {
        uint32_t count = map->slot_count ? map->slot_count * 2 : FIRST_SLOTS;
        if (count > UINT32_MAX / 4) {
            tri_mem_lack(map->mem);
            return 0;
        }
        struct tri_map_slot *slots = tri_mem_zalloc(map->mem, count * sizeof *slots);
        if (!slots)
            return 0;
        struct tri_map old = *map;
        if (!old.slots)
            map->seed = tri_hash_seed(slots);
        map->slots = slots;
        map->slot_count = count;
        map->shift = old.slot_count ? old.shift - 1 : 64 - FIRST_SLOTS_LOG2;
        for (uint32_t i = 0; i < old.slot_count; i++) {
            if (old.slots[i].value)
                place(map, old.slots[i].key, old.slots[i].value);
        }
        tri_mem_free(map->mem, old.slots, old.slot_count * sizeof *slots);
    }
    place(map, key, value);
    map->used++;
    return 1;
}

void tri_map_move(struct tri_map *map, uint64_t key, uint64_t value)
{
    uint32_t i = tri_map_home(map, key);
    while (map->slots[i].key != key || !map->slots[i].value)
        i = (i + 1) & (map->slot_count - 1);
    map->slots[i].value = value;
}

void tri_map_remove(struct tri_map *map, uint64_t key)
{
    if (!map->used)
        return;
    uint32_t mask = map->slot_count - 1;
    struct tri_map_slot *slots = map->slots;
    uint32_t hole = tri_map_home(map, key);
    while (slots[hole].key != key || !slots[hole].value) {
        if (!slots[hole].value)
            return;
        hole = (hole + 1) & mask;
    }
    map->used--;
    for (uint32_t i = (hole + 1) & mask; slots[i].value; i = (i + 1) & mask) {
        uint32_t home = tri_map_home(map, slots[i].key);
        /* An entry may move into the hole if its home is not between the two. */
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            slots[hole] = slots[i];
            hole = i;
        }
    }
    slots[hole].value = 0;
}

void tri_map_free(struct tri_map *map)
{
    tri_mem_free(map->mem, map->slots, map->slot_count * sizeof *map->slots);
    map->slots = NULL;
    map->slot_count = map->used = 0;
}
