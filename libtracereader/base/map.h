/* A hash map from 64-bit ids to numbers or addresses other than 0. */
#ifndef TRI_BASE_MAP_H
#define TRI_BASE_MAP_H

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

struct tri_map_slot {
    uint64_t key;
    uint64_t value; /* 0: the slot is free */
};

/* Zero-initialized but for `mem`. */
struct tri_map {
    struct tri_mem *mem;
    struct tri_map_slot *slots;
    uint32_t slot_count; /* 0 or a power of two */
    uint32_t used;
    unsigned shift; /* of a hash, down to a slot's number */
    uint64_t seed;
};

#define TRI_HASH_FACTOR UINT64_C(0x9E3779B97F4A7C15)

/* Who makes a trace so that its ids and names collide must not know where they go. Differs
 * from run to run where addresses do; that suffices. */
static inline uint64_t tri_hash_seed(const void *address)
{
    uint64_t x = (uint64_t)(uintptr_t)address * UINT64_C(0xd6e8feb86659fd93);
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return x ^ x >> 32;
}

/* The slot at which a key's search begins; only of a map with slots. Ids that follow each
 * other are spread whatever the seed. */
static inline uint32_t tri_map_home(const struct tri_map *map, uint64_t key)
{
    return (uint32_t)((key ^ map->seed) * TRI_HASH_FACTOR >> map->shift);
}

/* Both factors depend on the seed: what a bit of x changes cannot be told without it. */
static inline uint64_t tri_hash_fold(uint64_t seed, uint64_t x)
{
    uint64_t product = ((uint32_t)x + (seed | 1)) * ((x >> 32) + (seed >> 32 | 1));
    return product ^ product >> 32 ^ x << 17 ^ x >> 47;
}

static inline uint32_t tri_hash_bytes(uint64_t seed, const char *s, size_t len)
{
    uint64_t h = len ^ seed;
    for (; len >= 8; s += 8, len -= 8) {
        uint64_t word;
        memcpy(&word, s, 8);
        h = tri_hash_fold(seed, h ^ word);
    }
    uint64_t rest = 0;
    memcpy(&rest, s, len);
    return (uint32_t)tri_hash_fold(seed, tri_hash_fold(seed, h ^ rest));
}

/* 0 if the key is absent. */
static inline uint64_t tri_map_get(const struct tri_map *map, uint64_t key)
{
    if (!map->used)
        return 0;
    uint32_t mask = map->slot_count - 1;
    for (uint32_t i = tri_map_home(map, key);; i = (i + 1) & mask) {
        const struct tri_map_slot *slot = &map->slots[i];
        if (slot->key == key || !slot->value)
            return slot->value;
    }
}

/* Add a key that is absent. 0 if there is no memory. */
int tri_map_add(struct tri_map *map, uint64_t key, uint64_t value);
/* Give a key that is there another value, not 0. */
void tri_map_move(struct tri_map *map, uint64_t key, uint64_t value);
/* Take out a key; nothing happens if it is absent. */
void tri_map_remove(struct tri_map *map, uint64_t key);
void tri_map_free(struct tri_map *map);

#endif
