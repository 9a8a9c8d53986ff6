/* Names of kinds, states and resources with their lengths, for text. */
#ifndef TRI_EVENT_NAMES_H
#define TRI_EVENT_NAMES_H

#include <stdint.h>

#include "tracereader/event.h"

/* Ended by a NUL. A copy of all of `text` costs less than one of its first `len` bytes. */
struct tri_name {
    char text[16];
    uint8_t len;
};

/* Never NULL; an unknown value gives "Bad". */
const struct tri_name *tri_event_kind_name(tr_kind kind);
const struct tri_name *tri_event_state_name(tr_state state);
const struct tri_name *tri_event_resource_name(tr_resource resource);

#endif
