/* Salvage: reading the generations of a trace that is broken or cut. What is wrong is
 * noted, what makes no sense is skipped and counted, and the rest is taken up. */
#ifndef TRI_GEN_SALVAGE_H
#define TRI_GEN_SALVAGE_H

#include <stdbool.h>

#include "base/err.h"
#include "tracereader/reader.h"

struct tri_gen_reader;
struct tri_generation;

/* Of a broken trace: how much later records may be that are ordered before one which waits for
 * what may be lost. */
enum { TRI_PATIENCE_NS = 100000 };

struct tri_salvage {
    bool on;
    /* Something is wrong with what has been read so far: records may contradict each other,
     * or wait for what is lost. */
    bool damaged;
    tr_salvage counts;
    struct tri_err first;   /* what is wrong, as a reader that stops at it would say */
    struct tri_err behind;  /* the same behind a generation that is not ordered yet */
    struct tri_err inside;  /* the same of a record in it, which shows as it is ordered */
    struct tri_err skipped; /* of an entry, in the table that is taken up */
    struct tri_err cut;     /* why nothing comes behind the window; reading is not there yet */

    /* How sizes of batches are written: all to ten bytes, as the runtime does; or in any form. */
    enum { TRI_SIZES_UNKNOWN, TRI_SIZES_PADDED, TRI_SIZES_ANY } sizes;
    bool seeking;          /* for the next batch that makes sense */
    uint64_t expected_at;  /* where a batch had to be, of which the head is damaged */
    uint64_t looked_bytes; /* while seeking */
    uint64_t sought_bytes; /* of which these are not looked at again */
    uint64_t number;       /* of the last generation, 0: none */
    double ns_per_tick;    /* of any generation; 0: not known */
    bool looked_ahead;     /* for it, in vain or not */
    bool ended;
};

void tri_salvage_init(struct tri_salvage *s, bool on);

/* Take an error of the order, if there is one, out of the object in which errors of the
 * trace are set. The first is the reader's in the end. */
void tri_salvage_note(struct tri_salvage *s, struct tri_err *err);

/* Whether an error is not the trace's, so that reading has to stop. One of reading is, but for
 * that of the temporary file; the one of a version is that of a compressed member behind others. */
static inline bool tri_salvage_is_fatal(tr_status status)
{
    return status < 0 && status != TR_E_CORRUPT && status != TR_E_TRUNCATED &&
           status != TR_E_ORDER && status != TR_E_IO && status != TR_E_VERSION;
}

/* As tri_gen_read. The status after the last generation is that of the first error. */
tr_status tri_salvage_read(struct tri_gen_reader *r, struct tri_generation **out);

#endif
