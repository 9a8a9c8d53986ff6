/* Tasks that have begun and not ended, and where the records of their beginnings are. */
#ifndef TRI_V1_TASKS_H
#define TRI_V1_TASKS_H

#include "base/map.h"

/* Several maps, as one that grows is there twice for a while: no two of these grow at a time. */
enum { TRI_V1_TASK_MAPS = 16 };
struct tri_v1_tasks {
    struct tri_map offset_of[TRI_V1_TASK_MAPS]; /* by id */
};

static inline void tri_v1_tasks_init(struct tri_v1_tasks *t, struct tri_mem *mem)
{
    for (unsigned i = 0; i < TRI_V1_TASK_MAPS; i++)
        t->offset_of[i] = (struct tri_map){.mem = mem};
}

/* The map that an id is in, if it is there. */
static inline struct tri_map *tri_v1_tasks_with(struct tri_v1_tasks *t, uint64_t id)
{
    return &t->offset_of[id % TRI_V1_TASK_MAPS];
}

static inline uint64_t tri_v1_tasks_memory(const struct tri_v1_tasks *t)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < TRI_V1_TASK_MAPS; i++)
        bytes += t->offset_of[i].slot_count * sizeof *t->offset_of[i].slots;
    return bytes;
}

static inline void tri_v1_tasks_free(struct tri_v1_tasks *t)
{
    for (unsigned i = 0; i < TRI_V1_TASK_MAPS; i++)
        tri_map_free(&t->offset_of[i]);
}

#endif
