/* Which rows a reader gives: the others are left out where rows are made, before anybody
 * looks at them. */
#ifndef TRI_SPEC_FILTER_H
#define TRI_SPEC_FILTER_H

#include <stdbool.h>

#include "spec/row.h"
#include "tracereader/reader.h"

struct tri_filter {
    tr_filter want;
    bool by_type_only;    /* thread, goroutine and time do not matter */
    uint32_t states[256]; /* by type of row: into which states; all bits if it has none */
};

/* NULL: all pass. */
void tri_filter_set(struct tri_filter *f, const tr_filter *want);

/* Whether few rows may pass: not all transitions do, which most are. */
bool tri_filter_is_narrow(const struct tri_filter *f);

/* The rest of tri_filter_passes: by time, thread and goroutine. */
bool tri_filter_matches_context(const struct tri_filter *f, const struct tri_row *row);

/* 1 if a row passes, 0 if not. */
static inline unsigned tri_filter_passes(const struct tri_filter *f, const struct tri_row *row)
{
    /* Without a branch, as what comes next cannot be guessed. */
    unsigned passes = f->states[tri_row_type(row)] >> (row->transition.to & 31) & 1;
    return f->by_type_only ? passes : passes && tri_filter_matches_context(f, row);
}

#endif
