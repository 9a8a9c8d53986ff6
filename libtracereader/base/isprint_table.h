/* The ranges of printable code points beyond ASCII, of Unicode 15.0.0.
 * Made by scripts/gen_isprint.py; do not edit. */
#ifndef TRI_BASE_ISPRINT_TABLE_H
#define TRI_BASE_ISPRINT_TABLE_H

#include <stdint.h>

/* Both ends belong to a range. */
struct tri_isprint_range {
    uint32_t first, last;
};

#define TRI_ISPRINT_COUNT 710

/* Ascending, neither touching nor overlapping. */
extern const struct tri_isprint_range tri_isprint_ranges[TRI_ISPRINT_COUNT];

#endif
