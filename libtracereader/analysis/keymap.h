/* A hash map from 64-bit keys, for the analyses: ids of goroutines, stacks, keys of texts. Not one
 * of base/: analyses are built on the public headers only (docs/layers.txt). */
#ifndef TRI_ANALYSIS_KEYMAP_H
#define TRI_ANALYSIS_KEYMAP_H

#include <stddef.h>
#include <stdint.h>

#include "tracereader/status.h"

struct tri_analysis_slot {
    uint64_t key;
    uint64_t value; /* never 0 in a slot that is used */
    int64_t time;   /* the user's */
};

/* Begins as all zeros. */
struct tri_analysis_map {
    struct tri_analysis_slot *slots;
    size_t capacity; /* 0 or a power of two */
    size_t count;
    uint64_t seed;
};

/* Return the key's slot, NULL if it has none. A slot is valid until the next
 * insert or remove. */
struct tri_analysis_slot *tri_analysis_map_find(const struct tri_analysis_map *m, uint64_t key);

/* Return the key's slot, a new one if it has none; the caller must then set its
 * value, which is 0, to another. NULL if there is no memory. */
struct tri_analysis_slot *tri_analysis_map_insert(struct tri_analysis_map *m, uint64_t key);

void tri_analysis_map_remove(struct tri_analysis_map *m, struct tri_analysis_slot *slot);

/* Forget all keys, keep the memory. */
void tri_analysis_map_clear(struct tri_analysis_map *m);

void tri_analysis_map_free(struct tri_analysis_map *m);

/* A key for a text: seldom that of another one. `owner` is who keeps it, whose address is the
 * seed. */
uint64_t tri_analysis_key_of(const void *owner, tr_str text);

#endif
