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

/* What the caller calls some of them until the next sweep, so that these need not be looked up:
 * a reference, which is not 0. */
struct tri_known_name {
    uint32_t ref; /* 0: nothing is here */
    uint32_t number;
};
enum { TRI_NAMES_KNOWN = 64 };

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
    struct tri_known_name by_ref[TRI_NAMES_KNOWN], by_number[TRI_NAMES_KNOWN];
};

/* Give a name's number, and hold it once more. 0 if there is no memory. */
int tri_names_hold(struct tri_names *n, tr_str name, uint32_t *number);
/* The same of one with a reference, 0: it has none; which is its from then on. */
int tri_names_hold_ref(struct tri_names *n, uint32_t ref, tr_str name, uint32_t *number);

/* Note what a name is called from here on. */
static inline void tri_names_note(struct tri_names *n, uint32_t ref, uint32_t number)
{
    const struct tri_known_name known = {ref, number};
    n->by_ref[ref % TRI_NAMES_KNOWN] = n->by_number[number % TRI_NAMES_KNOWN] = known;
}

/* The same as tri_names_hold_ref, if the name is known by its reference; else 0. */
static inline int tri_names_hold_known(struct tri_names *n, uint32_t ref, uint32_t *number)
{
    const struct tri_known_name *known = &n->by_ref[ref % TRI_NAMES_KNOWN];
    if (!ref || known->ref != ref)
        return 0;
    n->unheld -= n->items[known->number].holders++ == 0;
    *number = known->number;
    return 1;
}

/* Whether the name with a reference is known to have this number. */
static inline int tri_names_is(const struct tri_names *n, uint32_t ref, uint32_t number)
{
    const struct tri_known_name *known = &n->by_ref[ref % TRI_NAMES_KNOWN];
    return ref && known->ref == ref && known->number == number;
}

/* A reference that the name is known to have, 0 if none is. */
static inline uint32_t tri_names_ref(const struct tri_names *n, uint32_t number)
{
    const struct tri_known_name *known = &n->by_number[number % TRI_NAMES_KNOWN];
    return known->number == number ? known->ref : 0;
}

/* Hold it once less. Its number means it until the next sweep. */
static inline void tri_names_release(struct tri_names *n, uint32_t number)
{
    n->unheld += --n->items[number].holders == 0;
}

static inline tr_str tri_names_get(const struct tri_names *n, uint32_t number)
{
    return (tr_str){n->items[number].bytes, n->items[number].len};
}

/* Forget all references, and the names that nobody holds, if it is worth while to go over all. */
void tri_names_sweep(struct tri_names *n);
uint64_t tri_names_memory(const struct tri_names *n);
void tri_names_free(struct tri_names *n);

#endif
