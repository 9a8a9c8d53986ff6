/* Blocks of one size. Invariant: the first `block_count` of `blocks` are there. */
#include "base/blocks.h"

static size_t block_bytes(const struct tri_blocks *b)
{
    return TRI_BLOCK_ITEMS * b->item;
}

int tri_blocks_reserve(struct tri_blocks *b, uint64_t need)
{
    if (need <= (uint64_t)b->block_count * TRI_BLOCK_ITEMS)
        return 1;
    if (need > UINT32_MAX) {
        tri_mem_lack(b->mem);
        return 0;
    }
    if (!tri_mem_reserve(b->mem, &b->blocks, &b->block_cap, b->block_count + UINT64_C(1),
                         sizeof *b->blocks))
        return 0;
    void *block = tri_mem_alloc(b->mem, block_bytes(b));
    if (!block)
        return 0;
    b->blocks[b->block_count++] = block;
    return 1;
}

uint64_t tri_blocks_memory(const struct tri_blocks *b)
{
    return b->block_cap * sizeof *b->blocks + b->block_count * block_bytes(b);
}

void tri_blocks_free(struct tri_blocks *b)
{
    for (uint32_t i = 0; i < b->block_count; i++)
        tri_mem_free(b->mem, b->blocks[i], block_bytes(b));
    tri_mem_free(b->mem, b->blocks, b->block_cap * sizeof *b->blocks);
    b->blocks = NULL;
    b->block_count = b->block_cap = 0;
}
