/* The passes over an old trace, in their order, and what they share. */
#ifndef TRI_V1_PASSES_H
#define TRI_V1_PASSES_H

#include "base/compiler.h"
#include "v1/v1.h"

/* --- v1/index.c: find batches, procs and CPU samples, and check all records. */
tr_status tri_v1_index(struct tri_v1 *v);
static inline struct tri_v1_batch *tri_v1_batch(const struct tri_v1 *v, uint32_t i)
{
    return tri_blocks_at(&v->batches, i);
}

/* --- v1/tables.c */
/* Take what is no event out of a batch, when the merge comes to it. */
tr_status tri_v1_load_tables(struct tri_v1 *v, uint64_t at);
/* The same of all batches, and of what is before them: before Go 1.11 tables count in the
 * order of the file, whenever their batches are begun. */
tr_status tri_v1_load_all_tables(struct tri_v1 *v);
/* Add the strings that are not in the trace, once all batches are loaded. */
tr_status tri_v1_finish_tables(struct tri_v1 *v);
/* References of what an event names; false if it is not there. */
bool tri_v1_string_ref(const struct tri_v1 *v, uint64_t id, uint32_t *ref);
/* Of a log's message, at `at` in the data; 0 if there is no memory. */
uint32_t tri_v1_message_ref(const struct tri_v1 *v, uint64_t at);
/* Of the name of a range in which the world is stopped; 0 if there is no memory. */
uint32_t tri_v1_stop_ref(struct tri_v1 *v, enum tri_v1_name name);

/* --- v1/merge.c: bring the procs' events into one order, the tape. */
tr_status tri_v1_merge(struct tri_v1 *v);

/* --- v1/walk.c: all events in their final order. */
void tri_v1_walk_begin(struct tri_v1 *v, struct tri_v1_walk *w);
/* Lent until the next call; NULL: there are no more. */
struct tri_v1_event *tri_v1_walk_next(struct tri_v1 *v, struct tri_v1_walk *w);
/* Note, or tell, of the event that was given last, of a trace that is salvaged, whether it
 * contradicts what came before. */
void tri_v1_set_relaxed(struct tri_v1 *v, const struct tri_v1_walk *w,
                        const struct tri_v1_event *ev);
bool tri_v1_is_relaxed(const struct tri_v1 *v, const struct tri_v1_walk *w,
                       const struct tri_v1_event *ev);

/* --- v1/futile.c: find wakeups that came to nothing. */
tr_status tri_v1_find_futile(struct tri_v1 *v);
/* From Go 1.11 on none is expected: the error of one, and that of the first. */
tr_status tri_v1_refuse_futile(struct tri_v1 *v, const struct tri_v1_event *ev);
tr_status tri_v1_look_for_futile(struct tri_v1 *v);

/* --- v1/check.c: check that the events fit together, one by one or all of them. */
struct tri_v1_check;
/* NULL: an error is set. */
struct tri_v1_check *tri_v1_check_new(struct tri_v1 *v);
void tri_v1_check_free(struct tri_v1_check *c);
/* An event of a proc, its word on the tape, if it has one, and its goroutine, NULL: nothing is
 * known of it. */
tr_status tri_v1_check_event(struct tri_v1_check *c, const struct tri_v1_event *ev, uint32_t *word,
                             uint32_t proc, struct tri_v1_go *go);
tr_status tri_v1_check_all(struct tri_v1 *v);
/* Whether the network unblocks a goroutine, on proc `p`. Before Go 1.11 it was a timer's
 * deadline if a timer did it, as Go 1.21's parser has it. */
static inline bool tri_v1_is_by_network(const struct tri_v1 *v, const struct tri_v1_go *go,
                                        int32_t p)
{
    return go->check.blocked_on_network && (v->version >= TRI_GO111 || p != TRI_V1_TIMER_P);
}

/* --- v1/convert.c */
/* A time in ticks, in nanoseconds since the first event, as the reference computes it on
 * amd64. */
int64_t tri_v1_ns(const struct tri_v1 *v, int64_t ticks);
void tri_v1_convert_begin(struct tri_v1 *v);
/* Of rows that were just made, keep those that pass the filter, after noting in them what
 * they lack if the trace is salvaged; how many these are. */
uint32_t tri_v1_finish_rows(struct tri_v1 *v, struct tri_row *rows, uint32_t count, bool relaxed);
/* Make rows of the next events and keep those that pass the filter, at most `max`, which is
 * at least 4: how many are kept. None were made: there are no more. An error is left in
 * v->failed and comes after the rows. */
uint32_t tri_v1_convert(struct tri_v1 *v, struct tri_row *rows, uint32_t max);

/* --- v1/v1.c */
/* Where a record is. Its type and name are those in the trace, not what it settles to. */
struct tri_place tri_v1_place(const struct tri_v1 *v, uint64_t offset);
const char *tri_v1_name_at(const struct tri_v1 *v, uint64_t offset);
/* Where no record is, or none is meant. */
struct tri_place tri_v1_place_only(uint64_t offset);
tr_status tri_v1_no_memory(struct tri_v1 *v, uint64_t offset);
/* Ask go_on, after a while: `done` counts what the pass has gone over. */
bool tri_v1_may_go_on(struct tri_v1 *v, uint64_t done, uint64_t step);
tr_status tri_v1_canceled(struct tri_v1 *v);
/* The error of an event whose time is before that of the one before it. */
tr_status tri_v1_time_order(struct tri_v1 *v, const struct tri_v1_event *ev);
/* A goroutine; NULL if nothing is known of it. */
static inline struct tri_v1_go *tri_v1_find_go(const struct tri_v1 *v, uint64_t id)
{
    return tri_idmap_get(&v->go_of, id);
}
/* Add one of which nothing is known, all 0, for the record at `offset`. NULL: an error is set. */
struct tri_v1_go *tri_v1_new_go(struct tri_v1 *v, uint64_t id, uint64_t offset);
/* Find one, or add it. NULL: an error is set. */
struct tri_v1_go *tri_v1_add_go(struct tri_v1 *v, uint64_t id, uint64_t offset);

bool tri_v1_bits_grow(struct tri_mem *mem, struct tri_v1_bits *bits);
/* Add a bit; false if there is no memory. */
static inline bool tri_v1_bits_add(struct tri_mem *mem, struct tri_v1_bits *bits, bool value)
{
    uint64_t at = bits->count / 8;
    unsigned bit = bits->count % 8;
    if (bit == 0) {
        if (TRI_UNLIKELY(at == bits->cap) && !tri_v1_bits_grow(mem, bits))
            return false;
        bits->bytes[at] = 0;
    }
    bits->bytes[at] |= (uint8_t)(value << bit);
    bits->count++;
    return true;
}
static inline bool tri_v1_bits_get(const struct tri_v1_bits *bits, uint64_t i)
{
    return bits->bytes[i / 8] >> i % 8 & 1;
}
static inline void tri_v1_bits_set(struct tri_v1_bits *bits, uint64_t i)
{
    bits->bytes[i / 8] |= (uint8_t)(1u << i % 8);
}

/* How often go_on is asked. */
enum { TRI_V1_STEP_EVENTS = 1 << 17, TRI_V1_STEP_BYTES = 1 << 20 };

#endif
