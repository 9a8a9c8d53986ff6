/* Neighbouring ids have neighbouring slots: with many goroutines it is the cache misses of
 * looking them up that cost. What goes from slot to slot takes steps of TRI_NEIGHBOURS, so
 * that neighbours never are in each other's way: 16 maps as base/map.c has them, one in the
 * other. Which of them an id is in depends on the seed.
 *
 * Invariants: each of the 16 has free slots. From a thing's home slot to the slot it is in,
 * in such steps, none is free. */
#include "base/idmap.h"

#include <stdbool.h>
#include <string.h>

#include "base/compiler.h"

enum { FIRST_SLOTS_LOG2 = 6, LAST_SLOTS_LOG2 = 29 };

void tri_idmap_init(struct tri_idmap *map, struct tri_mem *mem)
{
    *map = (struct tri_idmap){.mem = mem, .shift = 63};
    map->slots = map->none;
}

static int64_t id_of(const void *thing)
{
    return *(const int64_t *)thing;
}

static uint32_t next_slot(const struct tri_idmap *map, uint32_t i)
{
    i += TRI_NEIGHBOURS;
    return i < map->slot_count ? i : i - map->slot_count;
}

/* The slot of an id, or the free one where it would be. */
static uint32_t slot_of(const struct tri_idmap *map, uint64_t id)
{
    uint32_t i = (uint32_t)tri_idmap_home(map, id);
    while (map->slots[i] && id_of(map->slots[i]) != (int64_t)id)
        i = next_slot(map, i);
    return i;
}

void *tri_idmap_search(const struct tri_idmap *map, uint64_t id)
{
    return map->slots[slot_of(map, id)];
}

/* How far slot i is from another, in the direction in which is searched. */
static uint32_t distance(const struct tri_idmap *map, uint32_t from, uint32_t i)
{
    return i >= from ? i - from : i + map->slot_count - from;
}

/* Put a thing whose id is absent. false: the map that it belongs to is half full. */
static bool put(struct tri_idmap *map, void *thing)
{
    uint32_t i = (uint32_t)tri_idmap_home(map, (uint64_t)id_of(thing));
    while (map->slots[i])
        i = next_slot(map, i);
    uint32_t *used = &map->used_of[i % TRI_NEIGHBOURS];
    if (*used >= map->slot_count / TRI_NEIGHBOURS / 2)
        return false;
    map->slots[i] = thing;
    ++*used;
    map->used++;
    return true;
}

static bool put_all(struct tri_idmap *map, const struct tri_idmap *from)
{
    enum { AHEAD = 64 };
    for (uint32_t i = 0; i < from->slot_count; i++) {
        if (i + AHEAD < from->slot_count)
            TRI_PREFETCH(from->slots[i + AHEAD]); /* its id is looked at */
        if (from->slots[i] && !put(map, from->slots[i]))
            return false;
    }
    return true;
}

/* Make a map without things, with as many slots. 0 if there is no memory. */
static int make(struct tri_idmap *map, struct tri_mem *mem, unsigned slots_log2, uint64_t seed)
{
    *map = (struct tri_idmap){
        .mem = mem,
        .slot_count = (UINT32_C(1) << slots_log2) + TRI_NEIGHBOURS,
        .shift = 64 - slots_log2,
        .seed = seed,
    };
    map->slots = tri_mem_zalloc(mem, tri_idmap_memory(map));
    if (!seed && map->slots)
        map->seed = tri_hash_seed(map->slots);
    return map->slots != NULL;
}

static void free_slots(struct tri_idmap *map)
{
    if (map->slot_count)
        tri_mem_free(map->mem, map->slots, tri_idmap_memory(map));
}

/* Add a thing for which there is no room, to twice the slots; but even then some may not fit where
 * most do. 0 if there is no memory. */
TRI_COLD static int add_to_more(struct tri_idmap *map, void *thing)
{
    unsigned slots_log2 = map->slot_count ? 64 - map->shift + 1 : FIRST_SLOTS_LOG2;
    struct tri_idmap larger;
    for (; slots_log2 <= LAST_SLOTS_LOG2; slots_log2++) {
        if (!make(&larger, map->mem, slots_log2, map->seed))
            return 0;
        if (put_all(&larger, map) && put(&larger, thing)) {
            free_slots(map);
            *map = larger;
            return 1;
        }
        free_slots(&larger);
    }
    tri_mem_lack(map->mem);
    return 0;
}

int tri_idmap_add(struct tri_idmap *map, void *thing)
{
    return put(map, thing) || add_to_more(map, thing);
}

/* Slot `hole` is free, and later ones of the run move back, so that there are no tombstones: the
 * slot that is free then. */
TRI_APART static uint32_t move_back(struct tri_idmap *map, uint32_t hole)
{
    for (uint32_t i = next_slot(map, hole); map->slots[i]; i = next_slot(map, i)) {
        uint32_t home = (uint32_t)tri_idmap_home(map, (uint64_t)id_of(map->slots[i]));
        /* One may move into the hole if its home is not between the two. */
        if (distance(map, home, i) >= distance(map, hole, i)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    return hole;
}

void tri_idmap_remove(struct tri_idmap *map, uint64_t id)
{
    uint32_t hole = slot_of(map, id);
    if (!map->slots[hole])
        return;
    map->used_of[hole % TRI_NEIGHBOURS]--;
    map->used--;
    if (map->slots[next_slot(map, hole)])
        hole = move_back(map, hole);
    map->slots[hole] = NULL;
}

uint64_t tri_idmap_memory(const struct tri_idmap *map)
{
    return map->slot_count * sizeof *map->slots;
}

void tri_idmap_free(struct tri_idmap *map)
{
    free_slots(map);
    tri_idmap_init(map, map->mem);
}
