/* Seeking batches: what is to be seen at a place of a trace that is broken, and the search for
 * the next batch that makes sense. */
#ifndef TRI_GEN_SEEK_H
#define TRI_GEN_SEEK_H

#include "gen/generation.h"

struct tri_view {
    enum {
        TRI_SEE_NONSENSE,
        TRI_SEE_ODD_HEAD, /* of a generation, or with a form of the size, that hardly can be */
        TRI_SEE_HEAD,
        TRI_SEE_MARK,
        TRI_SEE_END
    } what;
    struct tri_batch_head head;
};

/* Bring bytes into the window. A failed read, or data that cannot be decompressed, ends the
 * trace. */
tr_status tri_seek_want(struct tri_gen_reader *r, size_t bytes);
/* Take bytes that belong to nothing. */
void tri_seek_lose(struct tri_gen_reader *r, struct tri_generation *g, size_t bytes);

/* How many of n bytes are whole records, as they stand in one batch. */
size_t tri_seek_walk(const struct tri_gen_reader *r, const struct tri_batch_head *head,
                     const uint8_t *data, size_t n);

/* Whether a generation's number can be, after `known`, 0: any. */
bool tri_seek_number_fits(uint64_t number, uint64_t known);
/* Whether a batch's size is written as they are in this trace. */
bool tri_seek_size_fits(const struct tri_gen_reader *r, const struct tri_batch_head *head);
/* Learn how sizes are written, if no whole batch has told: one behind the damage does. */
tr_status tri_seek_learn_sizes(struct tri_gen_reader *r);

/* See what is `at` bytes from the window's begin; `known`: a generation's number. */
tr_status tri_seek_see(struct tri_gen_reader *r, size_t at, uint64_t known, struct tri_view *view);
/* Whether a batch with its head `at` bytes from the window's begin leads to another one, or to
 * the end of a generation or the trace; as much of that as a head has is in the window then. */
tr_status tri_seek_leads(struct tri_gen_reader *r, size_t at, const struct tri_batch_head *head,
                         bool *leads);

/* Where a batch has to be, `at` bytes from the window's begin, see whether it is there, and no
 * more of its head is damaged than what has but one form: what it says then makes sense, and
 * leads to another batch. */
tr_status tri_seek_mend(struct tri_gen_reader *r, const struct tri_generation *g, size_t at,
                        struct tri_batch_head *head, bool *mended);

/* Skip bytes up to a batch that makes sense, or the end of a generation that another one
 * follows. TR_END: there is none. *mended: it is here, and `head` its head. */
tr_status tri_seek(struct tri_gen_reader *r, struct tri_generation *g, struct tri_batch_head *head,
                   bool *mended);

#endif
