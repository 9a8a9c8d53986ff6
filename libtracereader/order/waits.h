/* Which cursors must wait, and for what, so that a thousand of them are not tried again
 * for each event of another. */
#ifndef TRI_ORDER_WAITS_H
#define TRI_ORDER_WAITS_H

#include "order/frontier.h"

struct tri_step;

enum {
    TRI_WAIT_KEYS_MAX = 3,
    TRI_LISTED_MAX = 16,
    TRI_WAITS_LEAST = 32 /* for fewer cursors it does not pay */
};

/* Of the cursors that wait for one thing, which `key` stands for. */
struct tri_wait_link {
    uint64_t key; /* 0: of no list */
    uint32_t next, previous;
};

struct tri_waiter {
    struct tri_wait_link links[TRI_WAIT_KEYS_MAX];
    int64_t time; /* of its record, if it is asleep or listed */
    uint32_t state;
};

/* Zero-initialized but for `mem` and `least`; see waits.c. */
struct tri_waits {
    struct tri_mem *mem;
    uint32_t least;  /* fewer cursors are just tried again */
    uint32_t asleep; /* how many cursors are; if none is, there is nothing to tell */
    bool ready, off; /* in this generation */
    int64_t horizon;
    uint32_t listed[TRI_LISTED_MAX];
    uint32_t listed_count;
    struct tri_waiter *waiters; /* by cursor */
    uint32_t waiter_count, waiter_cap;
    uint32_t *lists; /* by a key's hash: the first link */
    uint32_t list_cap;
    unsigned list_bits;
};

/* A generation with so many cursors begins. */
void tri_waits_begin(struct tri_waits *w, uint32_t cursor_count);
/* The step's record, which is this cursor's, must wait. */
void tri_waits_sleep(struct tri_waits *w, const struct tri_step *step, uint32_t cursor);
/* The first entry from `i` on that may not have to, when the frontier is sorted. */
uint32_t tri_waits_next(const struct tri_waits *w, const struct tri_frontier *f, uint32_t i);
/* It was found to be entry `i`, all before it, from entry 1 on, have been looked at; and
 * its step has been committed. */
void tri_waits_found(struct tri_waits *w, const struct tri_frontier *f, uint32_t i);
/* A step has been committed. */
void tri_waits_wake(struct tri_waits *w, const struct tri_step *step);
/* This cursor has gone on to a record of another time, while any is asleep; or ended. */
void tri_waits_move(struct tri_waits *w, uint32_t cursor, int64_t time);
void tri_waits_end(struct tri_waits *w, uint32_t cursor);
void tri_waits_free(struct tri_waits *w);

#endif
