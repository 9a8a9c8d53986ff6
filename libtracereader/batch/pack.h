/* Numbers in few bytes: TRI_PACK of them at a time, as their differences from a base. */
#ifndef TRI_BATCH_PACK_H
#define TRI_BATCH_PACK_H

#include <stdint.h>

enum { TRI_PACK = 256 };

/* How many bytes each of the numbers needs: 0, 1, 2, 4 or 8. */
unsigned tri_pack_width(const uint64_t *numbers, uint64_t base);
/* Write them, `width` bytes each, to aligned memory. */
void tri_pack(const uint64_t *numbers, uint64_t base, unsigned width, void *out);
void tri_unpack(const void *packed, uint64_t base, unsigned width, uint64_t *numbers);

#endif
