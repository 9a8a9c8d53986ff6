/* Open addressing with linear probing.
 *
 * Invariants: at least a quarter of the slots is free, so that every search ends;
 * from the place where a key's search begins to the key's slot no slot is free,
 * which removal keeps up by moving keys back instead of leaving marks. The order
 * of slots depends on a seed and must never show in a result. */
#include "analysis/keymap.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

/* Who makes a trace so that its ids or texts collide must not know where they go. Differs from
 * run to run where addresses do; that suffices. */
static uint64_t seed_of(const void *address)
{
    return (uint64_t)(uintptr_t)address * UINT64_C(0xd6e8feb86659fd93);
}

/* The place where the search for a key begins. Ids often follow each other, hence the mixing. */
static size_t home(const struct tri_analysis_map *m, uint64_t key)
{
    uint64_t h = key ^ m->seed;
    h = (h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    h = (h ^ h >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    return (size_t)(h ^ h >> 32) & (m->capacity - 1);
}

/* The key's slot, or the free one where it would go. */
static struct tri_analysis_slot *locate(const struct tri_analysis_map *m, uint64_t key)
{
    size_t i = home(m, key);
    while (m->slots[i].value != 0 && m->slots[i].key != key)
        i = (i + 1) & (m->capacity - 1);
    return &m->slots[i];
}

static int grow(struct tri_analysis_map *m)
{
    struct tri_analysis_map bigger = {NULL, m->capacity ? m->capacity * 2 : FIRST_CAPACITY,
                                      m->count, m->seed};

    if (bigger.capacity < m->capacity)
        return -1;
    bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots);
    if (!bigger.slots)
        return -1;
    if (!m->slots)
        bigger.seed = seed_of(bigger.slots);
    for (size_t i = 0; i < m->capacity; i++)
        if (m->slots[i].value != 0)
            *locate(&bigger, m->slots[i].key) = m->slots[i];
    free(m->slots);
    *m = bigger;
    return 0;
}

struct tri_analysis_slot *tri_analysis_map_find(const struct tri_analysis_map *m, uint64_t key)
{
    struct tri_analysis_slot *slot;
    if (!m->slots)
        return NULL;
    slot = locate(m, key);
    return slot->value != 0 ? slot : NULL;
}

struct tri_analysis_slot *tri_analysis_map_insert(struct tri_analysis_map *m, uint64_t key)
{
    struct tri_analysis_slot *slot = m->slots ? locate(m, key) : NULL;
    if (slot && slot->value != 0)
        return slot;
    if (m->count >= m->capacity / 4 * 3) {
        if (grow(m) != 0)
            return NULL;
        slot = locate(m, key);
    }
    slot->key = key;
    slot->time = 0;
    m->count++;
    return slot;
}

void tri_analysis_map_remove(struct tri_analysis_map *m, struct tri_analysis_slot *slot)
{
    size_t mask = m->capacity - 1;
    size_t hole = (size_t)(slot - m->slots);

    for (size_t i = (hole + 1) & mask; m->slots[i].value != 0; i = (i + 1) & mask) {
        /* A key may move into the hole if its search passes there. */
        size_t way = (i - home(m, m->slots[i].key)) & mask;
        if (way >= ((i - hole) & mask)) {
            m->slots[hole] = m->slots[i];
            hole = i;
        }
    }
    m->slots[hole].value = 0;
    m->count--;
}

void tri_analysis_map_clear(struct tri_analysis_map *m)
{
    if (m->count != 0)
        memset(m->slots, 0, m->capacity * sizeof *m->slots);
    m->count = 0;
}

void tri_analysis_map_free(struct tri_analysis_map *m)
{
    free(m->slots);
    memset(m, 0, sizeof *m);
}

uint64_t tri_analysis_key_of(const void *owner, tr_str text)
{
    /* Both factors depend on the seed: what a byte changes cannot be told without it. */
    uint64_t seed = seed_of(owner), low = seed | 1, high = seed >> 32 | 1, h = text.len ^ seed;
    for (size_t i = 0; i < text.len; i += sizeof h) {
        uint64_t word = 0;
        memcpy(&word, text.ptr + i, text.len - i < sizeof word ? text.len - i : sizeof word);
        h ^= word;
        uint64_t product = ((uint32_t)h + low) * ((h >> 32) + high);
        h = product ^ product >> 32 ^ h << 17 ^ h >> 47;
    }
    return h;
}
