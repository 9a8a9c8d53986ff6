/* The frame of a trace: its header, and the heads of its batches. */
#ifndef TRI_WIRE_FRAMING_H
#define TRI_WIRE_FRAMING_H

#include "io/source.h"
#include "spec/spec.h"

/* Read the header and check that its version is read here. TR_NEED_INPUT leaves
 * all as it was. */
tr_status tri_wire_read_header(struct tri_source *s, unsigned *version);

/* A batch's head, as read from the source. */
struct tri_batch_head {
    uint64_t offset;    /* of the batch's first byte */
    uint8_t type;       /* EventBatch, ExperimentalBatch or EndOfGeneration */
    uint8_t experiment; /* 0: none */
    uint8_t head_bytes; /* before the data */
    uint32_t data_bytes;
    uint64_t generation;
    int64_t thread;
    uint64_t time;       /* ticks */
    bool size_is_padded; /* it is written as a varint of 10 bytes, as the runtime does */
};

/* Look at the head of the batch that comes next, without taking it.
 * TR_END: the trace ends here, cleanly by the reference's rules. TR_NEED_INPUT:
 * come back. Errors are those of bytes that cannot be a batch; a batch whose data
 * is cut is not one of them. */
tr_status tri_wire_peek_batch(struct tri_source *s, struct tri_batch_head *head);

/* Tell that what comes next is no batch. */
tr_status tri_wire_no_batch(struct tri_source *s);

/* The head of a batch at p, all of it but its offset; bytes end at `end`. */
enum tri_head_result { TRI_HEAD_OK, TRI_HEAD_CUT, TRI_HEAD_BAD };
enum tri_head_result tri_wire_parse_head(const uint8_t *p, const uint8_t *end,
                                         struct tri_batch_head *head);

/* The most bytes of a head. */
enum { TRI_HEAD_BYTES_MAX = 2 + 4 * TRI_MAX_VARINT };

#endif
