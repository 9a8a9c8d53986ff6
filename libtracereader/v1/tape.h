/* The tape: the procs' events in the order of the merge, a word each. It tells where the
 * record of an event is and when the event was, so that who goes over the tape decodes of a
 * record only what is wanted.
 *
 * A word is, from its low bits on: a type in 6 bits; the bytes of the record in 6, a proc's
 * number modulo 256 in 8; ticks since the event before in 12. What does not fit stands before
 * it as a note, whose type says what it is of, with 64 bits in the two words that follow.
 *
 * Invariants: a proc's next record on the tape begins where the last one is said to end, or a
 * note says where. A note's type is larger than any event's. */
#ifndef TRI_V1_TAPE_H
#define TRI_V1_TAPE_H

#include "base/compiler.h"
#include "v1/v1.h"

/* Behind the types of v1.def. The first two are events that the check has found more of. */
enum {
    TRI_V1_TAPE_BLOCKING_CALL = TRI_V1_TYPE_COUNT, /* a GoSysCall that blocks */
    TRI_V1_TAPE_NET_UNBLOCK,                       /* a GoUnblock by the network */
    TRI_V1_TAPE_TYPES,
    TRI_V1_TAPE_NOTE = TRI_V1_TAPE_TYPES,      /* the first of notes */
    TRI_V1_TAPE_NOTE_PROCS = TRI_V1_TAPE_NOTE, /* the numbers of procs from here on / 256 */
    TRI_V1_TAPE_NOTE_PLACE,                    /* of the proc's next record in the data */
    TRI_V1_TAPE_NOTE_TICKS,                    /* to be added */
    TRI_V1_TAPE_NOTE_SEQ,                      /* of the next event: not one more */
    TRI_V1_TAPE_NOTE_GO                        /* that the proc runs: not as it came before */
};

enum {
    TRI_V1_TAPE_BYTES_BITS = 6,
    TRI_V1_TAPE_PROC_BITS = 8,
    TRI_V1_TAPE_BYTES_AT = TRI_V1_TAPE_TYPE_BITS,
    TRI_V1_TAPE_PROC_AT = TRI_V1_TAPE_BYTES_AT + TRI_V1_TAPE_BYTES_BITS,
    TRI_V1_TAPE_TICKS_AT = TRI_V1_TAPE_PROC_AT + TRI_V1_TAPE_PROC_BITS,
    TRI_V1_TAPE_BYTES_END = 1 << TRI_V1_TAPE_BYTES_BITS,
    TRI_V1_TAPE_PROC_END = 1 << TRI_V1_TAPE_PROC_BITS,
    TRI_V1_TAPE_TICKS_END = 1 << (32 - TRI_V1_TAPE_TICKS_AT)
};

_Static_assert((int)TRI_V1_TAPE_NOTE_GO < (int)TRI_V1_TAPE_TYPE_END, "types fit");

static inline unsigned tri_v1_tape_type(uint32_t word)
{
    return word & (TRI_V1_TAPE_TYPE_END - 1);
}

static inline unsigned tri_v1_tape_bytes(uint32_t word)
{
    return word >> TRI_V1_TAPE_BYTES_AT & (TRI_V1_TAPE_BYTES_END - 1);
}

static inline uint32_t tri_v1_tape_ticks(uint32_t word)
{
    return word >> TRI_V1_TAPE_TICKS_AT;
}

/* Say of which type the event of a word is; it was of one in its place. */
static inline void tri_v1_tape_settle(uint32_t *word, unsigned type)
{
    *word = (*word & ~(uint32_t)(TRI_V1_TAPE_TYPE_END - 1)) | type;
}

/* --- writing */

/* tri_v1_tape_put where it takes more than a word. */
bool tri_v1_tape_put_with_notes(struct tri_v1 *v, struct tri_v1_proc *proc, unsigned type,
                                const uint8_t *at, uint64_t bytes, int64_t time);

/* Let the proc run a goroutine from here on, if it does not. False if there is no memory. */
bool tri_v1_tape_put_go(struct tri_v1 *v, struct tri_v1_proc *proc, uint64_t go);
/* Take all off it. */
void tri_v1_tape_clear(struct tri_v1 *v);

/* Put an event of a proc behind the others, whose record is at `at`; with
 * header 5 the proc has its sequence number. False if there is no memory. */
static inline bool tri_v1_tape_put(struct tri_v1 *v, struct tri_v1_proc *proc, unsigned type,
                                   const uint8_t *at, uint64_t bytes, int64_t time)
{
    struct tri_v1_tape *tape = &v->tape;
    uint64_t ticks = (uint64_t)time - (uint64_t)tape->time;
    if (TRI_UNLIKELY(tape->at >= tape->full || proc->place != at ||
                     ticks >= TRI_V1_TAPE_TICKS_END || bytes >= TRI_V1_TAPE_BYTES_END))
        return tri_v1_tape_put_with_notes(v, proc, type, at, bytes, time);
    *tape->at++ = type | (uint32_t)bytes << TRI_V1_TAPE_BYTES_AT |
                  proc->number << TRI_V1_TAPE_PROC_AT | (uint32_t)ticks << TRI_V1_TAPE_TICKS_AT;
    tape->time = time;
    tape->count++;
    proc->place = at + bytes;
    return true;
}

/* --- reading */

void tri_v1_tape_rewind(struct tri_v1 *v, struct tri_v1_tape_head *h);
/* Have h->at at an event's word behind all that was noted before it; false: there are no
 * more. */
bool tri_v1_tape_find(struct tri_v1 *v, struct tri_v1_tape_head *h);

/* The number of an event's proc. */
static inline uint32_t tri_v1_tape_proc(const struct tri_v1_tape_head *h, uint32_t word)
{
    return h->procs * TRI_V1_TAPE_PROC_END +
           (word >> TRI_V1_TAPE_PROC_AT & (TRI_V1_TAPE_PROC_END - 1));
}

#endif
