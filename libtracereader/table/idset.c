/* A set of ids, as blocks of bits by the ids' upper parts. */
#include "table/idset.h"

#include <string.h>

enum { BLOCK_IDS = 64 };

struct block {
    int64_t number; /* of ids / BLOCK_IDS */
    uint64_t bits;
};

static int64_t number_of(int64_t id)
{
    return (int64_t)((uint64_t)id / BLOCK_IDS);
}

static uint64_t bit_of(int64_t id)
{
    return UINT64_C(1) << (uint64_t)id % BLOCK_IDS;
}

void tri_idset_init(struct tri_idset *set, struct tri_mem *mem)
{
    memset(set, 0, sizeof *set);
    tri_live_init(&set->blocks, mem, sizeof(struct block));
}

void tri_idset_free(struct tri_idset *set)
{
    tri_live_free(&set->blocks);
}

bool tri_idset_has(const struct tri_idset *set, int64_t id)
{
    const struct block *block = tri_live_get(&set->blocks, number_of(id));
    return block && block->bits & bit_of(id);
}

bool tri_idset_add(struct tri_idset *set, int64_t id)
{
    struct block *block = tri_live_get(&set->blocks, number_of(id));
    if (!block && !(block = tri_live_add(&set->blocks, number_of(id))))
        return false;
    block->bits |= bit_of(id);
    return true;
}

void tri_idset_clear(struct tri_idset *set)
{
    struct tri_mem *mem = set->blocks.arena.mem;
    tri_idset_free(set);
    tri_idset_init(set, mem);
}
