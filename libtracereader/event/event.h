/* The typed view of a row. */
#ifndef TRI_EVENT_EVENT_H
#define TRI_EVENT_EVENT_H

#include "gen/tables.h"
#include "spec/row.h"

static inline tr_kind tri_event_kind(const struct tri_row *row)
{
    return row->type == TRI_EV_SYNC_ROW ? TR_KIND_SYNC : (tr_kind)tri_specs[row->type].kind;
}

/* Make an event of a row and its tables, NULL if it has none. ev->reserved is left as
 * it is. */
void tri_event_view(const struct tri_row *row, const struct tr_tables *tables, tr_event *ev);

#endif
