/* Who makes the rows of a trace, by the version in its header: order/ those of Go 1.22 and
 * later, v1/ those before. */
#ifndef TRI_READER_PRODUCER_H
#define TRI_READER_PRODUCER_H

#include "order/order.h"
#include "v1/v1.h"

/* Rows of one generation, and how far the reader has come with them. */
struct tri_rows {
    struct tri_row *rows;
    uint32_t count;           /* 0: none passed the filter, or there is a status */
    uint32_t dropped;         /* that did not pass it */
    tr_status status;         /* TR_OK, or why there are no more */
    bool begins;              /* the generation begins here, with a Sync */
    struct tr_tables *tables; /* referenced, NULL: none */
    uint64_t read_bytes;      /* taken up */
    uint64_t size;            /* of the trace, as far as is known: it may grow */
    uint64_t done_bytes;      /* whose events have come out */
    uint64_t generations;     /* that have begun */
    tr_salvage salvage;       /* up to here, if the trace is salvaged */
    tr_memory_use memory;     /* of who made them ahead, then; but for the account's */
};

struct tri_producer {
    bool is_v1;
    __extension__ union {
        struct tri_order order;
        struct tri_v1 v1;
    };
};

void tri_producer_init(struct tri_producer *p, const struct tri_producer_config *config);
void tri_producer_close(struct tri_producer *p);
/* Have a function asked, while much is taken up at once, whether to go on. */
void tri_producer_set_go_on(struct tri_producer *p, bool (*go_on)(void *user), void *user);
/* Have addresses resolved by a function, NULL: by none. */
void tri_producer_set_symbolizer(struct tri_producer *p, tr_symbolize_fn fn, void *user);

/* Make the next block, of at most `max` rows. */
void tri_producer_make(struct tri_producer *p, uint32_t max, struct tri_rows *out);

/* Bytes of the trace whose events have come out: of a generation those that are not events
 * count when it begins. */
uint64_t tri_producer_done_bytes(const struct tri_producer *p);
/* Whether stacks that were asked for could not be read again; then *err says why. By any
 * thread. */
bool tri_producer_lost_stacks(struct tri_producer *p, struct tri_err *err);
/* All but what the account of memory tells. */
void tri_producer_memory(const struct tri_producer *p, tr_memory_use *out);

#endif
