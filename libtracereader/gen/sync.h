/* The clock of a generation: how long a tick is, and what other clocks said. */
#ifndef TRI_GEN_SYNC_H
#define TRI_GEN_SYNC_H

#include "gen/tables.h"

/* Take up a Sync batch, or before header 25 a batch that begins with a Frequency.
 * TR_END: the reference takes this damage for the end of the trace. */
tr_status tri_sync_add(struct tr_tables *t, const struct tri_section *s, uint64_t batch_time,
                       unsigned version);

#endif
