/* The typed view of a row. */
#ifndef TRI_EVENT_EVENT_H
#define TRI_EVENT_EVENT_H

#include "gen/tables.h"
#include "spec/row.h"

static inline tr_kind tri_event_kind(const struct tri_row *row)
{
    return row->type == TRI_EV_SYNC_ROW ? TR_KIND_SYNC : (tr_kind)tri_specs[row->type].kind;
}

static inline tr_stack tri_event_stack(const struct tr_tables *tables, uint32_t ref)
{
    return ref == TRI_STACK_ABSENT ? (tr_stack){NULL, 0} : (tr_stack){tables, ref};
}

static inline tr_str tri_event_string(const struct tr_tables *tables, uint32_t ref)
{
    return tables && ref ? tri_tables_string(tables, ref) : (tr_str){"", 0};
}

/* The name that all events of a type have: of metrics, ranges and experimental events.
 * Its `ptr` is NULL if they have none, or the trace says it (row->string). */
tr_str tri_event_name(unsigned type);

/* The experiment that an experimental event's type belongs to. */
tr_str tri_event_experiment(unsigned type);

/* What a range is bound to, by its type, and whose it is. */
tr_resource tri_event_scope(unsigned type);
static inline int64_t tri_event_scope_id(const struct tri_row *row)
{
    return row->type == TRI_EV_GCSweepEnd ? row->proc : row->range.scope_id;
}

/* What belongs to the kinds other than transitions. */
void tri_event_view_rest(const struct tri_row *row, const struct tr_tables *tables, tr_event *ev);

/* Make an event of a row and its tables, NULL if it has none. ev->reserved is left as
 * it is. Nearly all events are transitions: those are made in place. */
static inline void tri_event_view(const struct tri_row *row, const struct tr_tables *tables,
                                  tr_event *ev)
{
    ev->kind = tri_event_kind(row);
    ev->flags = row->flags;
    ev->time_ns = row->time;
    ev->thread = row->thread;
    ev->proc = row->proc;
    ev->goroutine = row->goroutine;
    ev->offset = tri_row_offset(row);
    ev->generation = tables ? tables->generation : 0;
    ev->stack = tri_event_stack(tables, row->stack);
    if (ev->kind != TR_KIND_STATE_TRANSITION) {
        tri_event_view_rest(row, tables, ev);
        return;
    }
    ev->transition.resource = tri_row_resource(row);
    ev->transition.id = row->transition.id;
    ev->transition.from = (tr_state)row->transition.from;
    ev->transition.to = (tr_state)row->transition.to;
    ev->transition.reason = tri_event_string(tables, row->string);
    ev->transition.stack = tri_event_stack(tables, row->transition.stack);
}

#endif
