/* The ranges of printable code points beyond ASCII, of Unicode 15.0.0.
 * Made by scripts/gen_isprint.py; do not edit. */
#ifndef TRI_BASE_ISPRINT_TABLE_H
#define TRI_BASE_ISPRINT_TABLE_H

#include <stdint.h>

/* Both ends belong to a range. */
struct tri_base_range16 {
    uint16_t first, last;
};

struct tri_base_range32 {
    uint32_t first, last;
};

#define TRI_BASE_ISPRINT16_COUNT 344
#define TRI_BASE_ISPRINT32_COUNT 366

/* Ascending, neither touching nor overlapping; U+0080 to U+FFFF. */
extern const struct tri_base_range16 tri_base_isprint16[TRI_BASE_ISPRINT16_COUNT];
/* The same above U+FFFF. */
extern const struct tri_base_range32 tri_base_isprint32[TRI_BASE_ISPRINT32_COUNT];

#endif
