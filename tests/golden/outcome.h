/* What comes of reading a trace as a whole. */
#ifndef TESTS_GOLDEN_OUTCOME_H
#define TESTS_GOLDEN_OUTCOME_H

#include "support.h"

struct outcome {
    uint64_t events, sum, syncs;
    tr_status status;
    tr_error error;
    char message[256];
    tr_salvage salvage;
};

/* `seen`, if it is not NULL, has a byte for each of the trace, set where an event's record
 * is. Fails if the times of events fall. */
void read_all(struct reading *r, uint8_t *seen, struct outcome *out);
void read_way(const struct bytes *trace, enum way way, bool salvage, struct outcome *out);
/* Whether both end with the same error, in code, place and message. */
bool same_error(const struct outcome *a, const struct outcome *b);

#endif
