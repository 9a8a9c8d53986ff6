/* Names of kinds, states and resources with their lengths, for text. */
#ifndef TRI_EVENT_NAMES_H
#define TRI_EVENT_NAMES_H

#include <stddef.h>

#include "tracereader/event.h"

/* That of a kind, a state or a resource. Ended by a NUL. A copy of all of `text` costs less than
 * one of its first `len` bytes. */
struct tri_value_name {
    char text[16];
    size_t len;
};

/* By value; numbers between those of names have none: a length of 0. */
enum { TRI_STATE_NAMES = TR_PROC_IDLE + 1, TRI_RESOURCE_NAMES = TR_RESOURCE_THREAD + 1 };
extern const struct tri_value_name tri_event_kind_names[TR_KIND_COUNT];
extern const struct tri_value_name tri_event_state_names[TRI_STATE_NAMES];
extern const struct tri_value_name tri_event_resource_names[TRI_RESOURCE_NAMES];

static inline const struct tri_value_name *tri_event_value_name(const struct tri_value_name *names,
                                                                unsigned count, unsigned value)
{
    return value < count && names[value].len ? &names[value] : &tri_event_kind_names[TR_KIND_BAD];
}

/* Never NULL; an unknown value gives "Bad". */
static inline const struct tri_value_name *tri_event_kind_name(tr_kind kind)
{
    return tri_event_value_name(tri_event_kind_names, TR_KIND_COUNT, (unsigned)kind);
}

static inline const struct tri_value_name *tri_event_state_name(tr_state state)
{
    return tri_event_value_name(tri_event_state_names, TRI_STATE_NAMES, (unsigned)state);
}

static inline const struct tri_value_name *tri_event_resource_name(tr_resource resource)
{
    return tri_event_value_name(tri_event_resource_names, TRI_RESOURCE_NAMES, (unsigned)resource);
}

#endif
