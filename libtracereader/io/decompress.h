/* Decompression: the bytes of a trace out of a source that is compressed. What it is
 * compressed with is told by its first bytes. */
#ifndef TRI_IO_DECOMPRESS_H
#define TRI_IO_DECOMPRESS_H

#include <stdatomic.h>

#include "io/source.h"

struct tri_format;

struct tri_decompress {
    struct tri_source raw; /* the compressed bytes; belongs to this */
    struct tri_err err;    /* that raw has, and that what is decompressed ends with */
    tr_status failed;      /* TR_OK: go on */
    const struct tri_format *format;
    void *codec;
    bool damaged; /* it failed as the bytes break a rule of the format */
    bool settled; /* a member has begun that is not only to be skipped */
    bool inside;  /* a member */
    bool hungry;  /* nothing more comes out without more input */
    /* Read by another thread, to tell of progress. */
    _Atomic uint64_t in_bytes, out_bytes;
};

/* Look at the first bytes of a source. *format is NULL if it is not compressed in a way
 * that is known. TR_NEED_INPUT: not pushed yet. */
tr_status tri_decompress_look(struct tri_source *s, const struct tri_format **format);
/* Take over a source, which is closed then but for `err` and `mem`; an error is in s->err. */
tr_status tri_decompress_new(struct tri_source *s, const struct tri_format *format,
                             struct tri_decompress **out);
void tri_decompress_free(struct tri_decompress *d);
/* At most n > 0 bytes, as many as come without waiting for more than is needed; *got 0: the
 * end. `at` is the trace's offset behind which they follow, and that of an error, which is
 * recorded in `err`. TR_NEED_INPUT: not pushed yet. */
tr_status tri_decompress_read(struct tri_decompress *d, uint8_t *to, size_t n, size_t *got,
                              uint64_t at, struct tri_err *err);
/* As tri_source_find_damage. */
tr_status tri_decompress_find_damage(struct tri_decompress *d, bool (*go_on)(void *user),
                                     void *user, struct tri_err *damage);
/* Of all formats that this build reads, a blank between. */
const char *tri_decompress_names(void);
/* Such as "gzip". */
const char *tri_decompress_name(const struct tri_decompress *d);

#endif
