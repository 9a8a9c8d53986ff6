/* Order relaxed: what to do, in a broken trace, with records that contradict the state or
 * wait for what is lost. */
#ifndef TRI_ORDER_RELAX_H
#define TRI_ORDER_RELAX_H

#include "order/step.h"

/* Order the record that is looked at, whatever it contradicts: first the states are made
 * such that it can come next. Its rows have TR_EV_RELAXED. TRI_ADVANCE: it is done with,
 * though a record that can make no event is lost. TRI_FAIL: reading has to stop. */
enum tri_verdict tri_relax(struct tri_step *s);

/* The rows from `rows` on are of a record that names what is not in the tables. */
void tri_relax_unresolved(struct tri_step *s, struct tri_row *rows);

/* Set a flag of rows [rows, end). */
void tri_relax_mark(struct tri_row *rows, const struct tri_row *end, unsigned flag);

#endif
