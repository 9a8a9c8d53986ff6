/* Buffers between two batches.
 *
 * Invariant: a buffer that is kept begins with its size, and is in the account. Who exchanges
 * a place's pointer owns what was there, so that no lock is needed. */
#include "table/spares.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

struct tri_spares {
    struct tri_mem *mem;
    atomic_int refs;
    atomic_bool closed;
    uint32_t places;
    _Atomic(void *) kept[];
};

static size_t bytes_for(uint32_t places)
{
    return sizeof(struct tri_spares) + places * sizeof(_Atomic(void *));
}

struct tri_spares *tri_spares_new(struct tri_mem *mem, uint32_t places)
{
    struct tri_spares *s = tri_mem_alloc(mem, bytes_for(places));
    if (!s)
        return NULL;
    s->mem = tri_mem_ref(mem);
    s->places = places;
    atomic_init(&s->refs, 1);
    atomic_init(&s->closed, false);
    for (uint32_t i = 0; i < places; i++)
        atomic_init(&s->kept[i], NULL);
    return s;
}

struct tri_spares *tri_spares_ref(struct tri_spares *s)
{
    atomic_fetch_add(&s->refs, 1);
    return s;
}

static size_t size_of(const void *buffer)
{
    size_t bytes;
    memcpy(&bytes, buffer, sizeof bytes);
    return bytes;
}

static void free_kept(struct tri_spares *s)
{
    for (uint32_t i = 0; i < s->places; i++) {
        void *buffer = atomic_exchange(&s->kept[i], NULL);
        if (buffer)
            tri_mem_free(s->mem, buffer, size_of(buffer));
    }
}

void tri_spares_unref(struct tri_spares *s)
{
    if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    free_kept(s); /* what was given while another thread closed it */
    struct tri_mem *mem = s->mem;
    tri_mem_free(mem, s, bytes_for(s->places));
    tri_mem_unref(mem);
}

void tri_spares_close(struct tri_spares *s)
{
    if (!s)
        return;
    atomic_store(&s->closed, true);
    free_kept(s);
}

void tri_spares_give(struct tri_spares *s, uint32_t place, void *buffer, size_t bytes)
{
    void *none = NULL;
    if (!buffer)
        return;
    if (!atomic_load(&s->closed)) {
        memcpy(buffer, &bytes, sizeof bytes);
        if (atomic_compare_exchange_strong(&s->kept[place], &none, buffer))
            return;
    }
    tri_mem_free(s->mem, buffer, bytes);
}

void *tri_spares_take(struct tri_spares *s, uint32_t place, size_t *bytes)
{
    void *buffer = atomic_exchange(&s->kept[place], NULL);
    if (!buffer)
        return NULL;
    size_t has = size_of(buffer);
    if (has < *bytes) {
        tri_mem_free(s->mem, buffer, has);
        return NULL;
    }
    *bytes = has;
    return buffer;
}
