/* Blocks of rows, made ahead of the reader in a thread. */
#ifndef TRI_READER_ROWS_H
#define TRI_READER_ROWS_H

#include "reader/producer.h"

/* Makes blocks ahead, in a thread of its own. While it exists, the producer is its own. */
struct tri_rows_ahead;

/* NULL if it cannot be had. */
struct tri_rows_ahead *tri_rows_ahead_new(struct tri_mem *mem, struct tri_producer *producer);
/* Stop it, whatever it is at. */
void tri_rows_ahead_free(struct tri_rows_ahead *a);
/* Wait for the next block, but not much longer than `ms` (0: as long as it takes), nor past
 * a step of a generation's being loaded; NULL: it is not there yet. It is lent until the next
 * call; who takes its tables sets them to NULL. After one with a status none may be asked for. */
struct tri_rows *tri_rows_ahead_next(struct tri_rows_ahead *a, unsigned ms);

#endif
