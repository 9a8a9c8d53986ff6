/* The typed view of a row. */
#ifndef TRI_EVENT_EVENT_H
#define TRI_EVENT_EVENT_H

#include "base/compiler.h"
#include "gen/tables.h"
#include "spec/row.h"

static inline tr_kind tri_event_kind(const struct tri_row *row)
{
    return (tr_kind)tri_kinds[tri_row_type(row)];
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
    return tri_row_type(row) == TRI_EV_GCSweepEnd ? row->proc : row->range.scope_id;
}

/* The number over the whole trace of the event's stack: experimental events have something
 * else where it would be. */
static inline int64_t tri_event_stack_number(const struct tri_row *row,
                                             const struct tr_tables *tables)
{
    bool absent = !tables || tri_event_kind(row) == TR_KIND_EXPERIMENTAL;
    return absent ? TR_NONE : tri_tables_stack_number(tables, row->stack);
}

/* Whether the row is a transition that tri_event_view_transition can show: nearly all
 * are. Its reason is in the tables. */
static inline bool tri_event_is_plain(const struct tri_row *row)
{
    return tri_event_kind(row) == TR_KIND_STATE_TRANSITION && !(row->string & TRI_STR_POOL);
}

/* What all kinds have. What is the same for all rows of a block is left as it is:
 * ev->generation, ev->reserved. */
static TRI_INLINE void tri_event_view_head(const struct tri_row *row,
                                           const struct tr_tables *tables, tr_event *ev)
{
    ev->kind = tri_event_kind(row);
    ev->flags = tri_row_flags(row);
    ev->time_ns = row->time;
    ev->thread = row->thread;
    ev->proc = row->proc;
    ev->goroutine = row->goroutine;
    ev->offset = tri_row_offset(row);
    ev->stack = tri_event_stack(tables, row->stack);
}

static TRI_INLINE void tri_event_view_transition(const struct tri_row *row,
                                                 const struct tr_tables *tables, tr_event *ev)
{
    tri_event_view_head(row, tables, ev);
    ev->transition.resource = tri_row_resource(row);
    ev->transition.id = row->transition.id;
    ev->transition.from = (tr_state)row->transition.from;
    ev->transition.to = (tr_state)row->transition.to;
    ev->transition.reason = row->string ? tables->strings[row->string - 1] : (tr_str){"", 0};
    ev->transition.stack = tri_event_stack(tables, row->transition.stack);
}

/* Make an event of a row of any kind and its tables, NULL if it has none. */
void tri_event_view(const struct tri_row *row, const struct tr_tables *tables, tr_event *ev);

#endif
