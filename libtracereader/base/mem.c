/* Memory with an account. Every allocation of a reader goes through here, so that
 * one limit bounds all of it. The account is atomic: tables can be given back on
 * another thread than the reader's.
 *
 * Invariant: `used` is the sum of the sizes of all blocks that are alive, and of what
 * is charged. */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct tri_mem {
    tr_allocator allocator;
    atomic_size_t used;
    atomic_size_t peak;
    size_t limit; /* 0: none */
    atomic_int refs;
    atomic_int over_limit; /* the last failure was the limit's */
    atomic_size_t refused; /* what it had been asked for */
};

static void *default_alloc(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void default_free(void *user, void *ptr, size_t size)
{
    (void)user;
    (void)size;
    free(ptr);
}

struct tri_mem *tri_mem_new(const tr_allocator *allocator)
{
    static const tr_allocator defaults = {default_alloc, default_free, NULL};
    if (!allocator)
        allocator = &defaults;
    struct tri_mem *m = allocator->alloc(allocator->user, sizeof *m);
    if (!m)
        return NULL;
    m->allocator = *allocator;
    m->limit = 0;
    atomic_init(&m->used, 0);
    atomic_init(&m->peak, 0);
    atomic_init(&m->refs, 1);
    atomic_init(&m->over_limit, 0);
    atomic_init(&m->refused, 0);
    return m;
}

struct tri_mem *tri_mem_ref(struct tri_mem *m)
{
    atomic_fetch_add(&m->refs, 1);
    return m;
}

void tri_mem_unref(struct tri_mem *m)
{
    if (atomic_fetch_sub(&m->refs, 1) != 1)
        return;
    tr_allocator allocator = m->allocator;
    allocator.free(allocator.user, m, sizeof *m);
}

size_t tri_mem_own_bytes(void)
{
    return sizeof(struct tri_mem);
}

void tri_mem_set_limit(struct tri_mem *m, uint64_t bytes)
{
    m->limit = bytes > SIZE_MAX ? 0 : (size_t)bytes;
}

uint64_t tri_mem_used(const struct tri_mem *m)
{
    return atomic_load(&m->used);
}

uint64_t tri_mem_peak(const struct tri_mem *m)
{
    return atomic_load(&m->peak);
}

/* What is used with `size` bytes more, or 0 if the limit does not let them. */
static size_t add(struct tri_mem *m, size_t size)
{
    size_t limit = m->limit ? m->limit : SIZE_MAX, used = atomic_load(&m->used);
    while (used <= limit && size <= limit - used)
        if (atomic_compare_exchange_weak(&m->used, &used, used + size))
            return used + size;
    atomic_store(&m->over_limit, 1);
    atomic_store(&m->refused, size);
    return 0;
}

static void note_peak(struct tri_mem *m, size_t used)
{
    size_t peak = atomic_load(&m->peak);
    while (used > peak && !atomic_compare_exchange_weak(&m->peak, &peak, used))
        continue;
}

void tri_mem_lack(struct tri_mem *m)
{
    atomic_store(&m->over_limit, 0);
}

/* A block instead of `ptr`, which stays if this fails: of the C library's it can be the same
 * one, whose pages need not be touched again. */
static void *replace(struct tri_mem *m, void *ptr, size_t old_size, size_t size)
{
    if (m->allocator.alloc == default_alloc)
        return realloc(ptr, size);
    void *p = m->allocator.alloc(m->allocator.user, size);
    if (p && ptr) {
        memcpy(p, ptr, old_size);
        m->allocator.free(m->allocator.user, ptr, old_size);
    }
    return p;
}

void *tri_mem_alloc(struct tri_mem *m, size_t size)
{
    return tri_mem_grow(m, NULL, 0, size);
}

void *tri_mem_grow(struct tri_mem *m, void *ptr, size_t old_size, size_t size)
{
    size_t used = add(m, size);
    if (!used)
        return NULL;
    void *p = replace(m, ptr, old_size, size);
    if (!p) {
        atomic_fetch_sub(&m->used, size);
        tri_mem_lack(m);
        return NULL;
    }
    note_peak(m, used);
    atomic_fetch_sub(&m->used, old_size);
    return p;
}

int tri_mem_charge(struct tri_mem *m, size_t size)
{
    size_t used = add(m, size);
    if (used)
        note_peak(m, used);
    return used != 0;
}

void tri_mem_discharge(struct tri_mem *m, size_t size)
{
    atomic_fetch_sub(&m->used, size);
}

void *tri_mem_zalloc(struct tri_mem *m, size_t size)
{
    void *p = tri_mem_alloc(m, size);
    if (p)
        memset(p, 0, size);
    return p;
}

void tri_mem_free(struct tri_mem *m, void *ptr, size_t size)
{
    if (!ptr)
        return;
    m->allocator.free(m->allocator.user, ptr, size);
    atomic_fetch_sub(&m->used, size);
}

tr_status tri_mem_status(const struct tri_mem *m)
{
    return atomic_load(&m->over_limit) ? TR_E_LIMIT : TR_E_NOMEM;
}

uint64_t tri_mem_limit(const struct tri_mem *m)
{
    return m->limit;
}

uint64_t tri_mem_refused(const struct tri_mem *m)
{
    return atomic_load(&m->refused);
}

int tri_mem_reserve(struct tri_mem *m, void *array_ptr, uint32_t *cap, uint64_t need, size_t item)
{
    if (need <= *cap)
        return 1;
    uint64_t larger = (uint64_t)*cap + *cap / 2 + 16;
    if (larger < need)
        larger = need;
    if (larger > UINT32_MAX)
        larger = UINT32_MAX;
    if (larger < need || larger > SIZE_MAX / item) {
        tri_mem_lack(m);
        return 0;
    }
    void *old;
    memcpy(&old, array_ptr, sizeof old);
    void *p = tri_mem_grow(m, old, *cap * item, (size_t)larger * item);
    if (!p)
        return 0;
    memcpy(array_ptr, &p, sizeof p);
    *cap = (uint32_t)larger;
    return 1;
}

struct tri_arena_chunk {
    struct tri_arena_chunk *next;
    size_t size;
};

enum { FIRST_CHUNK_BYTES = 16 << 10, LARGEST_CHUNK_BYTES = 1 << 20 };

static size_t aligned(size_t size)
{
    return (size + 7) & ~(size_t)7;
}

/* The size of the next chunk, whose first block has `size` bytes; 0: the last one has room. */
static size_t next_chunk_size(const struct tri_arena *a, size_t size)
{
    if (size <= (size_t)(a->end - a->next))
        return 0;
    size_t least = size + sizeof(struct tri_arena_chunk) + a->slack;
    size_t usual = !a->chunks                               ? FIRST_CHUNK_BYTES
                   : a->chunks->size >= LARGEST_CHUNK_BYTES ? LARGEST_CHUNK_BYTES
                                                            : a->chunks->size * 2;
    return usual < least ? least : usual;
}

size_t tri_arena_size_after(const struct tri_arena *a, size_t size)
{
    return a->bytes + next_chunk_size(a, aligned(size));
}

void *tri_arena_alloc(struct tri_arena *a, size_t size)
{
    if (size > SIZE_MAX / 2) {
        tri_mem_lack(a->mem);
        return NULL;
    }
    size = aligned(size);
    size_t chunk_size = next_chunk_size(a, size);
    if (chunk_size) {
        struct tri_arena_chunk *chunk = tri_mem_alloc(a->mem, chunk_size);
        if (!chunk)
            return NULL;
        chunk->next = a->chunks;
        chunk->size = chunk_size;
        a->chunks = chunk;
        a->next = (char *)(chunk + 1);
        a->end = (char *)chunk + chunk_size - a->slack;
        a->bytes += chunk_size;
    }
    void *p = a->next;
    a->next += size;
    return p;
}

void tri_arena_free(struct tri_arena *a)
{
    while (a->chunks) {
        struct tri_arena_chunk *chunk = a->chunks;
        a->chunks = chunk->next;
        tri_mem_free(a->mem, chunk, chunk->size);
    }
    a->next = a->end = NULL;
    a->bytes = 0;
}
