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
    bool absent = ref == TRI_STACK_ABSENT; /* which event has one cannot be guessed */
    return (tr_stack){absent ? NULL : tables, ref + absent};
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

/* Not 0 for transitions, by type and flags: with flags none is. */
extern const uint8_t tri_event_transitions[TRI_FLAGS_END << 8];

/* Whether the row is a transition that tri_event_view_plain can show: nearly all are. It
 * has no flags, and its reason is in the tables. */
static inline bool tri_event_is_plain(const struct tri_row *row)
{
    return tri_event_transitions[tri_row_type_and_flags(row)] && !(row->string & TRI_STR_POOL);
}

/* Where and when, as all kinds have it. */
static TRI_INLINE void tri_event_view_head(const struct tri_row *row,
                                           const struct tr_tables *tables, tr_event *ev)
{
    ev->time_ns = row->time;
    ev->thread = row->thread;
    ev->proc = row->proc;
    ev->goroutine = row->goroutine;
    ev->offset = tri_row_offset(row);
    ev->stack = tri_event_stack(tables, row->stack);
}

/* What is the same for all plain rows of a block is left as it is: kind, flags, generation,
 * reserved. */
static TRI_INLINE void tri_event_view_plain(const struct tri_row *row,
                                            const struct tr_tables *tables, tr_event *ev)
{
    tri_event_view_head(row, tables, ev);
    ev->transition.resource = tri_row_resource(row);
    ev->transition.id = row->transition.id;
    ev->transition.from = (tr_state)row->transition.from;
    ev->transition.to = (tr_state)row->transition.to;
    ev->transition.reason = tables->strings[row->string];
    ev->transition.stack = tri_event_stack(tables, row->transition.stack);
}

/* Make an event of a row of any kind and its tables, NULL if it has none. */
void tri_event_view(const struct tri_row *row, const struct tr_tables *tables, tr_event *ev);

#endif
