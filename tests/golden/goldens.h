/* What the reference says of the recorded traces: tests/data/GOLDENS. */
#ifndef TESTS_GOLDEN_GOLDENS_H
#define TESTS_GOLDEN_GOLDENS_H

#include <stdbool.h>

/* The fields of a trace, in the order of the file; tests/oracle/goldens.py says what
 * each is. An error field is "-" where there is none. */
enum golden_field {
    GOLDEN_NAME,
    GOLDEN_EVENTS,
    GOLDEN_EVENTS_LINES,
    GOLDEN_WIRE,
    GOLDEN_WIRE_LINES,
    GOLDEN_ACCESSORS,
    GOLDEN_BLOCKED,
    GOLDEN_NETWORK,
    GOLDEN_ERROR,
    GOLDEN_COUNT,
    GOLDEN_WIRE_ERROR,
    GOLDEN_FIELDS
};

enum { GOLDENS_MIN = 150, GOLDENS_MAX = 1000 };

extern char *goldens[GOLDENS_MAX][GOLDEN_FIELDS];
extern int golden_count; /* at least GOLDENS_MIN */

/* Sanitizers make some tests so slow that they read every fourth trace only: whether this is
 * another. */
bool golden_is_left_out(int i);

/* Ends the process if the file is not as it should be. */
void load_goldens(void);
void free_goldens(void);

#endif
