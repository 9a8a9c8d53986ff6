/* How batches are taken up into a generation: what gen/generation.c, which stops at the first that
 * is wrong, shares with gen/salvage.c and gen/seek.c, which go on. */
#ifndef TRI_GEN_TAKE_H
#define TRI_GEN_TAKE_H

#include "gen/generation.h"

enum tri_gen_step {
    TRI_GEN_MORE,
    TRI_GEN_COMPLETE, /* the generation is */
    TRI_GEN_AT_END,   /* of the trace */
    TRI_GEN_STOP      /* the status says why */
};
/* Takes up one batch of a generation. */
typedef enum tri_gen_step tri_gen_batch_fn(struct tri_gen_reader *r, struct tri_generation *g,
                                           tr_status *status);
/* Take up batches by `take` until there is no more to be; r->partial is the generation, begun
 * here if it was not, NULL if it could not be. */
enum tri_gen_step tri_gen_take_up(struct tri_gen_reader *r, tri_gen_batch_fn *take,
                                  tr_status *status);
/* `generation` 0: it is not known yet; it was behind the last one then. */
tr_status tri_gen_canceled(struct tri_gen_reader *r, uint64_t generation);
/* Whether to take up more of the generation. */
bool tri_gen_may_go_on(struct tri_gen_reader *r, const struct tri_generation *g);
struct tri_place tri_gen_place(const struct tri_batch_head *head);
/* The number of the last generation that was begun, `g` or else the one before; 0: none. */
uint64_t tri_gen_number(const struct tri_gen_reader *r, const struct tri_generation *g);
/* Tell that a batch's number of a generation is 0, or not one that may come here. */
tr_status tri_gen_wrong_number(struct tri_gen_reader *r, const struct tri_generation *g,
                               const struct tri_batch_head *head);
/* Tell that the trace ends inside a generation. */
tr_status tri_gen_incomplete(struct tri_gen_reader *r, const struct tri_generation *g);
/* Tell that the trace ends inside a batch. */
tr_status tri_gen_cut_batch(struct tri_gen_reader *r, const struct tri_batch_head *head);
/* Whether a batch that begins with `first` is a table. */
bool tri_gen_is_table(const struct tri_gen_reader *r, const struct tri_batch_head *head,
                      uint8_t first);
/* Count a batch's bytes among the generation's, up to their limit. */
tr_status tri_gen_count_bytes(struct tri_gen_reader *r, struct tri_generation *g,
                              const struct tri_batch_head *head);
/* Take up a batch of the generation; `table`: it is one, and in the window. */
tr_status tri_gen_take(struct tri_gen_reader *r, struct tri_generation *g,
                       const struct tri_batch_head *head, bool table, uint8_t first);
/* What is wrong with records of a batch that is a table and begins with `first`, or nothing:
 * they stand in the window, `at` bytes behind the head, and there are `size` bytes of them.
 * Nothing of them is kept. */
tr_status tri_gen_check_table(struct tri_gen_reader *r, const struct tri_batch_head *head,
                              uint8_t first, uint32_t at, uint32_t size);
/* Whether nothing is wrong with a generation if it ends here, as far as can be told at once:
 * it has its clock, and the names of its stacks. */
bool tri_gen_is_ready(const struct tri_gen_reader *r, const struct tri_generation *g);
/* What is wrong with a generation that is complete, or nothing. */
tr_status tri_gen_check(struct tri_gen_reader *r, struct tri_generation *g, bool at_end);
/* Make of a generation's ticks nanoseconds. */
void tri_gen_settle_times(struct tri_generation *g);

/* Whether an error of the order is what follows from one behind the generation: from a
 * failed read or lack of memory; and from the trace's end inside a batch, where records
 * contradict each other or name what is missing. */
bool tri_gen_follows(const struct tri_err *err, const struct tri_err *behind);

#endif
