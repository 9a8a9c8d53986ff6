/* Ids to places. Invariant: ids have the places 0 to count - 1, in the
 * order of their adding; an id is in `dense` or in `sparse`, never in both. */
#include "gen/ids.h"

#include <string.h>

enum { DENSE_SLACK = 1024 }; /* ids up to twice the count and this may be dense */

int tri_ids_add(struct tri_ids *ids, uint64_t id)
{
    struct tri_mem *mem = ids->sparse.mem;
    if (id >= ids->dense_size && id < (uint64_t)ids->count * 2 + DENSE_SLACK) {
        uint32_t before = ids->dense_size;
        if (!tri_mem_reserve(mem, &ids->dense, &ids->dense_size, id + 1, sizeof *ids->dense))
            return 0;
        memset(ids->dense + before, 0, (ids->dense_size - before) * sizeof *ids->dense);
    }
    if (ids->count >= UINT32_MAX / 2)
        return 0;
    if (id < ids->dense_size)
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
    if (id < ids->dense_size && ids->dense[id])
        ids->dense[id] = 0;
    else
        tri_map_remove(&ids->sparse, id);
    return tri_ids_add(ids, id);
}

uint32_t tri_ids_get_sparse(const struct tri_ids *ids, uint64_t id)
{
    return (uint32_t)tri_map_get(&ids->sparse, id);
}

void tri_ids_free(struct tri_ids *ids)
{
    tri_mem_free(ids->sparse.mem, ids->dense, ids->dense_size * sizeof *ids->dense);
    ids->dense = NULL;
    ids->dense_size = 0;
    tri_map_free(&ids->sparse);
}
