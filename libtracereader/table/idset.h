/* A set of ids: a bit each, in blocks of 64, so that ids which are given out in sequence
 * take next to nothing. */
#ifndef TRI_TABLE_IDSET_H
#define TRI_TABLE_IDSET_H

#include "table/live.h"

struct tri_idset {
    struct tri_live blocks;
};

/* The struct stays where it is. */
void tri_idset_init(struct tri_idset *set, struct tri_mem *mem);
void tri_idset_free(struct tri_idset *set);

bool tri_idset_has(const struct tri_idset *set, int64_t id);
/* Add an id that may be there already. false: no memory. */
bool tri_idset_add(struct tri_idset *set, int64_t id);
void tri_idset_clear(struct tri_idset *set);

#endif
