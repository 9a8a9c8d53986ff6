/* A pool of strings: each distinct string has one number, which never changes. It only
 * grows, so it belongs to what is bounded or asked for: to the tables of a generation,
 * or to the codes of columns.
 *
 * One thread adds; any thread may get a number that it was given. */
#ifndef TRI_BASE_POOL_H
#define TRI_BASE_POOL_H

#include "base/mem.h"

struct tri_pool;

struct tri_pool *tri_pool_new(struct tri_mem *mem);
void tri_pool_free(struct tri_pool *pool);

/* Give the string's number, adding it if it is new. 0 if there is no memory, and
 * *number is not set. */
int tri_pool_add(struct tri_pool *pool, const char *s, size_t len, uint32_t *number);
tr_str tri_pool_get(const struct tri_pool *pool, uint32_t number);
uint32_t tri_pool_count(const struct tri_pool *pool);
uint64_t tri_pool_memory(const struct tri_pool *pool);

#endif
