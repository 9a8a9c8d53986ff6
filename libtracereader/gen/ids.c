/* Ids to places. Invariant: ids have the places 0 to count - 1, in the
 * order of their adding; an id is in `dense` or in `sparse`, never in both. */
#include "gen/ids.h"

#include <string.h>

enum { DENSE_SLACK = 1024 }; /* ids up to twice the count and this may be dense */

void tri_ids_init(struct tri_ids *ids, struct tri_mem *mem, uint32_t zero)
{
    *ids = (struct tri_ids){.sparse.mem = mem, .none = {zero, 0}};
    ids->dense = ids->none;
    ids->dense_last = 1;
}

/* Bring those of `sparse` to which `dense` reaches into it: where ids come in no order, many
 * were far off only in the beginning. */
static void move_near(struct tri_ids *ids)
{
    struct tri_map *sparse = &ids->sparse;
    for (uint32_t i = 0; sparse->used && i < sparse->slot_count;) {
        struct tri_map_slot slot = sparse->slots[i];
        if (!slot.value || slot.key >= ids->dense_last) {
            i++;
            continue;
        }
        ids->dense[slot.key] = (uint32_t)slot.value;
        tri_map_remove(sparse, slot.key); /* another may come into its slot */
    }
    if (!sparse->used)
        tri_map_free(sparse);
}

/* Make `dense` reach to an id. */
static int reach(struct tri_ids *ids, uint64_t id)
{
    uint32_t *dense = ids->dense == ids->none ? NULL : ids->dense;
    uint32_t before = dense ? ids->dense_last + 1 : 0, size = before;
    if (!tri_mem_reserve(ids->sparse.mem, &dense, &size, id + 2, sizeof *dense))
        return 0;
    memset(dense + before, 0, (size - before) * sizeof *dense);
    dense[0] = ids->none[0];
    ids->dense = dense;
    ids->dense_last = size - 1;
    move_near(ids);
    return 1;
}

int tri_ids_add(struct tri_ids *ids, uint64_t id)
{
    uint64_t bound = (uint64_t)ids->count * 2 + DENSE_SLACK;
    uint64_t largest = id > ids->max ? id : ids->max, far = largest < bound ? largest : id;
    if (far >= ids->dense_last && far < bound && !reach(ids, far))
        return 0;
    if (ids->count >= UINT32_MAX / 2) {
        tri_mem_lack(ids->sparse.mem);
        return 0;
    }
    if (id < ids->dense_last)
        ids->dense[id] = ids->count + 1;
    else if (!tri_map_add(&ids->sparse, id, ids->count + 1))
        return 0;
    ids->count++;
    if (id > ids->max)
        ids->max = id;
    return 1;
}

int tri_ids_replace(struct tri_ids *ids, uint64_t id)
{
    if (id < ids->dense_last && ids->dense[id])
        ids->dense[id] = 0;
    else
        tri_map_remove(&ids->sparse, id);
    return tri_ids_add(ids, id);
}

uint32_t tri_ids_get_sparse(const struct tri_ids *ids, uint64_t id)
{
    return (uint32_t)tri_map_get(&ids->sparse, id);
}

uint64_t tri_ids_memory(const struct tri_ids *ids)
{
    uint64_t dense = ids->dense == ids->none ? 0 : ids->dense_last + UINT64_C(1);
    return dense * sizeof *ids->dense + ids->sparse.slot_count * sizeof *ids->sparse.slots;
}

void tri_ids_free(struct tri_ids *ids)
{
    if (ids->dense != ids->none)
        tri_mem_free(ids->sparse.mem, ids->dense,
                     (ids->dense_last + (size_t)1) * sizeof *ids->dense);
    tri_map_free(&ids->sparse);
    tri_ids_init(ids, ids->sparse.mem, ids->none[0]);
}
