/* What the two producers of rows have in common, order/ and v1/. */
#ifndef TRI_GEN_PRODUCER_H
#define TRI_GEN_PRODUCER_H

#include "gen/generation.h"
#include "spec/filter.h"

/* What one is opened with. */
struct tri_producer_config {
    struct tri_mem *mem;
    struct tri_err *err;
    struct tri_source *source;
    unsigned version;
    struct tri_gen_limits limits;
    uint64_t max_goroutines;
    const struct tri_filter *filter; /* of the rows, copied */
    unsigned threads;                /* that may work, the caller's included; of order/ */
    bool salvage;
};

#endif
