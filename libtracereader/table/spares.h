/* The buffers of a batch that was let go of, kept for the next one: memory that was just in use
 * need not be asked of the system again, which clears each page of it. One of each place. */
#ifndef TRI_TABLE_SPARES_H
#define TRI_TABLE_SPARES_H

#include "base/mem.h"

struct tri_spares;

/* For so many places. Counted, as batches outlive their stream. NULL: no memory. */
struct tri_spares *tri_spares_new(struct tri_mem *mem, uint32_t places);
struct tri_spares *tri_spares_ref(struct tri_spares *s);
void tri_spares_unref(struct tri_spares *s);

/* Nobody takes any more: what is kept is freed, and so is what is given from now on. */
void tri_spares_close(struct tri_spares *s);

/* Give a buffer of *mem, of 8 bytes or more, by any thread; NULL is allowed. */
void tri_spares_give(struct tri_spares *s, uint32_t place, void *buffer, size_t bytes);
/* Take that of a place, of at least *bytes, which becomes its size. NULL if there is none. */
void *tri_spares_take(struct tri_spares *s, uint32_t place, size_t *bytes);

#endif
