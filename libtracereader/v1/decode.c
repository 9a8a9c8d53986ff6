/* A proc's events, decoded a block at a time: each record is looked at once a pass, without
 * going back and forth between procs.
 *
 * Invariants: all records were checked when the batches were found. A block ends where its
 * batch does, as what else a batch holds is taken up when the batch is begun. */
#include <string.h>

#include "v1/cursor.h"
#include "wire/varint.h"

void tri_v1_begin_batch(const struct tri_v1 *v, struct tri_v1_proc *proc)
{
    const struct tri_v1_batch *batch = &v->batches[proc->next - 1];
    uint64_t value = 0;
    const uint8_t *p = tri_varint_read_fast(v->data + batch->at + 1, &value);
    proc->seq = 0;
    if (v->version < TRI_GO107) {
        p = tri_varint_read_fast(p, &value);
        proc->seq = value;
    }
    proc->at = tri_varint_read_fast(p, &value);
    proc->time = (int64_t)value;
    proc->next = batch->next;
}

static inline const uint8_t *skip_number(const uint8_t *p)
{
    while (*p++ >= 0x80)
        ;
    return p;
}

/* Behind a record that is no event of a proc. */
static const uint8_t *skip_record(const struct tri_v1 *v, const uint8_t *p)
{
    uint8_t first = *p++;
    uint64_t length = 0;
    if (tri_v1_type_of(first) == TRI_V1_String) {
        p = tri_varint_read_fast(skip_number(p), &length);
    } else if (tri_v1_has_length(first)) {
        p = tri_varint_read_fast(p, &length);
    } else {
        unsigned count = (first >> 6) + 1u + (v->version < TRI_GO107);
        for (unsigned i = 0; i < count; i++)
            p = skip_number(p);
    }
    return p + length;
}

/* Read so many numbers. */
static TRI_INLINE const uint8_t *read_numbers(const uint8_t *p, unsigned count, uint64_t *numbers)
{
    if (count == 0)
        return p;
    p = tri_varint_read_fast(p, &numbers[0]);
    if (count == 1)
        return p;
    p = tri_varint_read_fast(p, &numbers[1]);
    if (count == 2)
        return p;
    p = tri_varint_read_fast(p, &numbers[2]);
    if (count == 3)
        return p;
    return tri_varint_read_fast(p, &numbers[3]);
}

static struct tri_v1_event *decode_samples(const struct tri_v1 *v, struct tri_v1_proc *proc,
                                           struct tri_v1_event *ev,
                                           const struct tri_v1_event *limit)
{
    for (; ev < limit && proc->sample < v->sample_count; ev++) {
        struct tri_timed at = v->sample_order[proc->sample++];
        const struct tri_v1_sample *sample = &v->samples[at.index];
        *ev = (struct tri_v1_event){
            .time = at.time,
            .go = sample->go,
            .offset = sample->offset,
            .stack = sample->stack,
            .p = sample->p,
            .type = TRI_V1_CPUSample,
        };
    }
    return ev;
}

/* Decode up to `limit` what is at proc->at; what is behind the last one decoded. */
static TRI_INLINE struct tri_v1_event *decode(const struct tri_v1 *v, struct tri_v1_proc *proc,
                                              bool has_seq, struct tri_v1_event *ev,
                                              const struct tri_v1_event *limit)
{
    const uint8_t *p = proc->at, *const end = v->data + v->data_bytes;
    uint64_t time = (uint64_t)proc->time, seq = proc->seq, go = proc->go, number;
    while (p < end && ev < limit) {
        const struct tri_v1_head *head = &v->format.heads[*p];
        unsigned own = head->own_args;
        if (TRI_UNLIKELY(!head->type)) {
            if (tri_v1_type_of(*p) == TRI_V1_Batch)
                break;
            p = skip_record(v, p);
            continue;
        }
        ev->offset = v->begin + (uint64_t)(p - v->data);
        memset(ev->args, 0, sizeof ev->args);
        p++;
        if (head->has_length)
            p = skip_number(p);
        if (has_seq) {
            p = tri_varint_read_fast(p, &number);
            seq += number;
        }
        p = tri_varint_read_fast(p, &number);
        time += number;
        ev->time = (int64_t)time;
        p = read_numbers(p, head->numbers, ev->args);
        /* Without branches, as what comes next cannot be guessed. */
        number = ev->args[own];
        ev->args[own] = 0;
        ev->stack = head->has_stack ? (uint32_t)number : 0;
        if (has_seq)
            ev->args[TRI_V1_OWN_ARGS] = seq;
        number = ev->args[0];
        bool starts = head->bind == TRI_V1_BIND_START, stops = head->bind == TRI_V1_BIND_STOP;
        ev->go = starts || head->bind == TRI_V1_BIND_OTHER ? number : go;
        go = starts ? number : stops ? 0 : go;
        ev->p = head->type == TRI_V1_GoSysExit ? TRI_V1_SYSCALL_P : proc->id;
        ev->type = head->type;
        ev->order = head->order;
        if (TRI_UNLIKELY(head->is_log)) {
            ev->args[TRI_V1_OWN_ARGS] = (uint64_t)(p - v->data);
            p = tri_varint_read_fast(p, &number);
            p += number;
        }
        ev++;
    }
    proc->at = p;
    proc->time = (int64_t)time;
    proc->seq = seq;
    proc->go = go;
    return ev;
}

/* Unblocks of these are by timers. */
static void find_timers(const struct tri_v1 *v, struct tri_v1_event *ev,
                        const struct tri_v1_event *end)
{
    for (; ev < end; ev++)
        if (ev->type == TRI_V1_GoUnblock && tri_map_get(&v->timer_gos, ev->go))
            ev->p = TRI_V1_TIMER_P;
}

bool tri_v1_decode(const struct tri_v1 *v, struct tri_v1_proc *proc)
{
    struct tri_v1_event *events = proc->events, *const limit = events + v->block_events;
    proc->event = proc->events_end = events;
    if (TRI_UNLIKELY(proc->has_samples))
        proc->events_end = decode_samples(v, proc, events, limit);
    else if (TRI_LIKELY(proc->at != NULL))
        proc->events_end = v->version < TRI_GO107 ? decode(v, proc, true, events, limit)
                                                  : decode(v, proc, false, events, limit);
    if (TRI_UNLIKELY(v->timer_gos.used))
        find_timers(v, events, proc->events_end);
    return proc->events_end > events;
}
