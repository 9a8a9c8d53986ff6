/* Names that the state of a trace holds: each distinct one is kept once, for as long
 * as somebody holds it. For one thread. */
#ifndef TRI_BASE_NAMES_H
#define TRI_BASE_NAMES_H

#include "base/mem.h"

struct tri_name {
    char *bytes; /* NULL: a free entry */
    uint32_t len;
    uint32_t hash;
    uint32_t holders;
    uint32_t next; /* in its list: number + 1, 0: the last */
};

/* Zero-initialized but for `mem`. */
struct tri_names {
    struct tri_mem *mem;
    struct tri_name *items;
    uint32_t count, cap;
    uint32_t free;   /* list of free entries */
    uint32_t *lists; /* by hash; a power of two of them, or none */
    uint32_t list_count;
    uint32_t used;   /* entries that are not free */
    uint32_t unheld; /* of these, whom nobody holds */
    uint64_t bytes;  /* of all names */
    uint64_t seed;
};

/* Give a name's number, and hold it once more. 0 if there is no memory. */
int tri_names_hold(struct tri_names *n, tr_str name, uint32_t *number);
/* Hold it once less. Its number means it until the next sweep. */
static inline void tri_names_release(struct tri_names *n, uint32_t number)
{
    n->unheld += --n->items[number].holders == 0;
}

static inline tr_str tri_names_get(const struct tri_names *n, uint32_t number)
{
    return (tr_str){n->items[number].bytes, n->items[number].len};
}

/* Forget the names that nobody holds, if it is worth while to go over all. */
void tri_names_sweep(struct tri_names *n);
uint64_t tri_names_memory(const struct tri_names *n);
void tri_names_free(struct tri_names *n);

#endif
