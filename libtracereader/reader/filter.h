/* Which events a reader gives: the rest of a block's rows are taken out where rows are
 * made, before anybody looks at them. */
#ifndef TRI_READER_FILTER_H
#define TRI_READER_FILTER_H

#include <stdbool.h>

#include "spec/row.h"
#include "tracereader/reader.h"

struct tri_filter {
    tr_filter want; /* if it is on */
    bool on;
    bool by_type_only;    /* thread, goroutine and time do not matter */
    uint32_t states[256]; /* by type of row: into which states; all bits if it has none */
};

/* NULL: none. */
void tri_filter_set(struct tri_filter *f, const tr_filter *want);

/* Keep the wanted ones of `count` rows, in their order. Return how many they are. */
uint32_t tri_filter_rows(struct tri_filter *f, struct tri_row *rows, uint32_t count);

#endif
