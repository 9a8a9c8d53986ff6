/* Memory: the caller's allocator with an account and a limit, and arenas on it. */
#ifndef TRI_BASE_MEM_H
#define TRI_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

#include "tracereader/status.h"

/* Counted: tables that outlive their reader hold it too. */
struct tri_mem;

/* `allocator` NULL: malloc and free. NULL if there is no memory. */
struct tri_mem *tri_mem_new(const tr_allocator *allocator);
struct tri_mem *tri_mem_ref(struct tri_mem *m);
void tri_mem_unref(struct tri_mem *m);
/* The account's own bytes, which are not in it unless somebody charges it with them. */
size_t tri_mem_own_bytes(void);

void tri_mem_set_limit(struct tri_mem *m, uint64_t bytes);
uint64_t tri_mem_used(const struct tri_mem *m);
uint64_t tri_mem_peak(const struct tri_mem *m);

/* NULL if there is no memory, or the limit would be passed; tri_mem_status then
 * tells TR_E_NOMEM from TR_E_LIMIT. Not cleared. size 0 is not allowed. */
void *tri_mem_alloc(struct tri_mem *m, size_t size);
/* The same, cleared. */
void *tri_mem_zalloc(struct tri_mem *m, size_t size);
/* Say that there is no memory for another reason than the allocator or the limit: so
 * tri_mem_status tells TR_E_NOMEM. */
void tri_mem_lack(struct tri_mem *m);
/* NULL ptr is allowed. */
void tri_mem_free(struct tri_mem *m, void *ptr, size_t size);
/* Keep account of memory that somebody else took; 0 if the limit would be passed. size 0
 * is not allowed. */
int tri_mem_charge(struct tri_mem *m, size_t size);
void tri_mem_discharge(struct tri_mem *m, size_t size);
/* A larger block with the old one's content; the old one stays on failure. */
void *tri_mem_grow(struct tri_mem *m, void *ptr, size_t old_size, size_t size);
tr_status tri_mem_status(const struct tri_mem *m);
uint64_t tri_mem_limit(const struct tri_mem *m); /* 0: none */
/* The bytes that were asked for when the limit refused last. */
uint64_t tri_mem_refused(const struct tri_mem *m);

/* Make room for `need` items of `item` bytes in a growing array of *cap items;
 * 0 on failure, the array unchanged. */
int tri_mem_reserve(struct tri_mem *m, void *array_ptr, uint32_t *cap, uint64_t need, size_t item);

/* Blocks that are freed together. Zero-initialized but for `mem` and `slack`. */
struct tri_arena_chunk;
struct tri_arena {
    struct tri_mem *mem;
    struct tri_arena_chunk *chunks;
    char *next, *end;
    size_t bytes; /* given out, with the rest of each chunk */
    size_t slack; /* bytes behind each block that can be read, though they may be others' */
};

/* `size` bytes, aligned to 8. */
void *tri_arena_alloc(struct tri_arena *a, size_t size);
/* What `bytes` will be once `size` more have been given out. */
size_t tri_arena_size_after(const struct tri_arena *a, size_t size);
void tri_arena_free(struct tri_arena *a);

#endif
