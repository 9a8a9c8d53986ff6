/* The pool's entries stand in chunks that double in size and never move, so that a
 * reader of an entry needs no lock against the thread that adds. The hash index is
 * the adding thread's alone.
 *
 * Invariant: chunk k holds entries of numbers FIRST * (2^k - 1) up to
 * FIRST * (2^(k+1) - 1); every number below `count` has its entry. */
#include "base/pool.h"

#include <string.h>

#include "base/map.h"

enum { FIRST = 64, CHUNKS = 26 };

struct tri_pool {
    struct tri_mem *mem;
    uint32_t count;
    struct tri_arena bytes;
    tr_str *chunks[CHUNKS];
    uint32_t *index; /* number + 1, by hash; 0: free */
    uint32_t index_size;
    uint64_t seed;
};

static unsigned chunk_of(uint32_t number)
{
    unsigned k = 0;
    for (uint64_t n = number / FIRST + 1; n > 1; n >>= 1)
        k++;
    return k;
}

static tr_str *entry(const struct tri_pool *pool, uint32_t number)
{
    unsigned k = chunk_of(number);
    return &pool->chunks[k][number - FIRST * ((UINT32_C(1) << k) - 1)];
}

struct tri_pool *tri_pool_new(struct tri_mem *mem)
{
    struct tri_pool *pool = tri_mem_zalloc(mem, sizeof *pool);
    if (!pool)
        return NULL;
    pool->mem = mem;
    pool->bytes.mem = mem;
    pool->seed = tri_hash_seed(pool);
    return pool;
}

void tri_pool_free(struct tri_pool *pool)
{
    if (!pool)
        return;
    struct tri_mem *mem = pool->mem;
    for (unsigned k = 0; k < CHUNKS; k++)
        tri_mem_free(mem, pool->chunks[k], ((size_t)FIRST << k) * sizeof(tr_str));
    tri_mem_free(mem, pool->index, pool->index_size * sizeof *pool->index);
    tri_arena_free(&pool->bytes);
    tri_mem_free(mem, pool, sizeof *pool);
}

static void place(const struct tri_pool *pool, uint32_t *index, uint32_t mask, uint32_t number)
{
    tr_str s = *entry(pool, number);
    uint32_t i = tri_hash_bytes(pool->seed, s.ptr, s.len) & mask;
    while (index[i])
        i = (i + 1) & mask;
    index[i] = number + 1;
}

static int grow_index(struct tri_pool *pool)
{
    uint32_t size = pool->index_size ? pool->index_size * 2 : 2 * FIRST;
    if (size < pool->index_size) {
        tri_mem_lack(pool->mem);
        return 0;
    }
    uint32_t *index = tri_mem_zalloc(pool->mem, size * sizeof *index);
    if (!index)
        return 0;
    for (uint32_t n = 0; n < pool->count; n++)
        place(pool, index, size - 1, n);
    tri_mem_free(pool->mem, pool->index, pool->index_size * sizeof *index);
    pool->index = index;
    pool->index_size = size;
    return 1;
}

int tri_pool_add(struct tri_pool *pool, const char *s, size_t len, uint32_t *number)
{
    if (pool->count >= pool->index_size / 2 && !grow_index(pool))
        return 0;
    uint32_t mask = pool->index_size - 1;
    uint32_t i = tri_hash_bytes(pool->seed, s, len) & mask;
    for (; pool->index[i]; i = (i + 1) & mask) {
        tr_str have = *entry(pool, pool->index[i] - 1);
        if (have.len == len && memcmp(have.ptr, s, len) == 0) {
            *number = pool->index[i] - 1;
            return 1;
        }
    }
    unsigned k = chunk_of(pool->count);
    if (k >= CHUNKS - 1) {
        tri_mem_lack(pool->mem);
        return 0;
    }
    if (!pool->chunks[k]) {
        pool->chunks[k] = tri_mem_alloc(pool->mem, ((size_t)FIRST << k) * sizeof(tr_str));
        if (!pool->chunks[k])
            return 0;
    }
    char *copy = tri_arena_alloc(&pool->bytes, len + 1);
    if (!copy)
        return 0;
    memcpy(copy, s, len);
    copy[len] = '\0';
    *entry(pool, pool->count) = (tr_str){copy, len};
    pool->index[i] = pool->count + 1;
    *number = pool->count++;
    return 1;
}

tr_str tri_pool_get(const struct tri_pool *pool, uint32_t number)
{
    return *entry(pool, number);
}

uint32_t tri_pool_count(const struct tri_pool *pool)
{
    return pool->count;
}

uint64_t tri_pool_memory(const struct tri_pool *pool)
{
    uint64_t bytes = sizeof *pool + pool->bytes.bytes + pool->index_size * sizeof *pool->index;
    for (unsigned k = 0; k < CHUNKS; k++)
        if (pool->chunks[k])
            bytes += ((uint64_t)FIRST << k) * sizeof(tr_str);
    return bytes;
}
