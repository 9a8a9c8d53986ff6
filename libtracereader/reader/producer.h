/* Who makes the rows of a trace, by the version in its header: order/ those of Go 1.22 and
 * later, v1/ those before. */
#ifndef TRI_READER_PRODUCER_H
#define TRI_READER_PRODUCER_H

#include "order/order.h"
#include "v1/v1.h"

struct tri_producer {
    bool is_v1;
    __extension__ union {
        struct tri_order order;
        struct tri_v1 v1;
    };
};

void tri_producer_init(struct tri_producer *p, const struct tri_order_config *config);
void tri_producer_close(struct tri_producer *p);
/* Have a function asked, while much is taken up at once, whether to go on. */
void tri_producer_set_go_on(struct tri_producer *p, bool (*go_on)(void *user), void *user);

/* As tri_order_fill. */
tr_status tri_producer_fill(struct tri_producer *p, struct tri_row *rows, uint32_t max,
                            uint32_t *count, struct tr_tables **tables);

/* Bytes of the trace that have been taken up, and those whose events have come out: of a
 * generation those that are not events count when it begins. */
uint64_t tri_producer_read_bytes(const struct tri_producer *p);
uint64_t tri_producer_done_bytes(const struct tri_producer *p);
/* Generations that have begun. */
uint64_t tri_producer_generations(const struct tri_producer *p);
/* All but what the account of memory tells. */
void tri_producer_memory(const struct tri_producer *p, tr_memory_use *out);

#endif
