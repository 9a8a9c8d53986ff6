/* What is alive, by id. */
#include "table/live.h"

#include <stdlib.h>

void tri_live_init(struct tri_live *live, struct tri_mem *mem, size_t size)
{
    tri_idmap_init(&live->map, mem);
    live->arena.mem = mem;
    live->size = size;
}

void tri_live_free(struct tri_live *live)
{
    tri_mem_free(live->arena.mem, live->rest, live->rest_count * sizeof *live->rest);
    tri_idmap_free(&live->map);
    tri_arena_free(&live->arena);
}

void *tri_live_add(struct tri_live *live, int64_t id)
{
    void *thing = live->free;
    if (thing)
        memcpy(&live->free, (char *)thing + sizeof(int64_t), sizeof live->free);
    else
        thing = tri_arena_alloc(&live->arena, live->size);
    if (!thing)
        return NULL;
    memset(thing, 0, live->size);
    memcpy(thing, &id, sizeof id);
    if (tri_idmap_add(&live->map, thing))
        return thing;
    memcpy((char *)thing + sizeof(int64_t), &live->free, sizeof live->free);
    live->free = thing;
    return NULL;
}

void tri_live_remove(struct tri_live *live, void *thing)
{
    uint64_t id;
    memcpy(&id, thing, sizeof id);
    tri_idmap_remove(&live->map, id);
    memcpy((char *)thing + sizeof id, &live->free, sizeof live->free);
    live->free = thing;
}

static int compare_ids(const void *left, const void *right)
{
    uint64_t a, b;
    memcpy(&a, *(void *const *)left, sizeof a);
    memcpy(&b, *(void *const *)right, sizeof b);
    return (a > b) - (a < b);
}

static bool collect(struct tri_live *live)
{
    uint32_t count = 0;
    live->rest = tri_mem_alloc(live->arena.mem, live->map.used * sizeof *live->rest);
    if (!live->rest)
        return false;
    for (uint32_t slot = 0; slot < live->map.slot_count; slot++)
        for (int i = 0; i < TRI_PAGE_IDS; i++)
            if (live->map.pages[slot].things[i])
                live->rest[count++] = live->map.pages[slot].things[i];
    live->rest_count = count;
    qsort(live->rest, count, sizeof *live->rest, compare_ids);
    return true;
}

void *tri_live_next(struct tri_live *live, bool *failed)
{
    if (!live->rest && live->map.used && !collect(live)) {
        *failed = true;
        return NULL;
    }
    return live->rest_at < live->rest_count ? live->rest[live->rest_at++] : NULL;
}
