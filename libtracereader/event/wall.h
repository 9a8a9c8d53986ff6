/* Wall-clock times as text. */
#ifndef TRI_EVENT_WALL_H
#define TRI_EVENT_WALL_H

#include "base/text.h"

/* RFC 3339 in UTC with the shortest fraction, as Go's time.RFC3339Nano. */
void tri_event_wall(struct tri_text *t, int64_t seconds, uint32_t nanoseconds);

#endif
