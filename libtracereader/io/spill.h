/* A temporary file for bytes of a trace that cannot be read again and are too many to
 * be kept in memory. They keep their offset. */
#ifndef TRI_IO_SPILL_H
#define TRI_IO_SPILL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct tri_spill {
    int fd;         /* -1: there is no file */
    uint64_t base;  /* the trace's offset at its start */
    uint64_t bytes; /* that were written */
};

/* Errors are TR_E_IO at place.offset, with the errno. */

/* Make a file for bytes from offset place.offset on. */
tr_status tri_spill_open(struct tri_spill *s, struct tri_err *err, struct tri_place place);
/* Keep the n bytes at place.offset. */
tr_status tri_spill_write(struct tri_spill *s, const void *data, size_t n, struct tri_err *err,
                          struct tri_place place);
/* Have them again. */
tr_status tri_spill_read(const struct tri_spill *s, void *buf, size_t n, struct tri_err *err,
                         struct tri_place place);
void tri_spill_close(struct tri_spill *s);

#endif
