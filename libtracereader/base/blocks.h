/* An array that grows by blocks: its items stay where they are, and growing it never takes the
 * memory of all of them a second time. */
#ifndef TRI_BASE_BLOCKS_H
#define TRI_BASE_BLOCKS_H

#include "base/mem.h"

enum { TRI_BLOCK_ITEMS = 1024 };

/* Zero-initialized but for `mem` and `item`. */
struct tri_blocks {
    struct tri_mem *mem;
    size_t item; /* bytes */
    void **blocks;
    uint32_t block_count, block_cap;
};

/* Make room for `need` items, at most one block more than there are; 0 if there is no memory. */
int tri_blocks_reserve(struct tri_blocks *b, uint64_t need);
uint64_t tri_blocks_memory(const struct tri_blocks *b);
void tri_blocks_free(struct tri_blocks *b);

/* One for which there is room. */
static inline void *tri_blocks_at(const struct tri_blocks *b, uint32_t i)
{
    return (char *)b->blocks[i / TRI_BLOCK_ITEMS] + i % TRI_BLOCK_ITEMS * b->item;
}

#endif
