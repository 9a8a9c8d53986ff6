/* A proc's events, decoded a block at a time: each record is looked at once a pass, without
 * going back and forth between procs.
 *
 * Invariants: all records were checked when the batches were found. A block ends where its
 * batch does, as what else a batch holds is taken up when the batch is begun. */
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

/* Read the event at `p`, of the type that the shape is of, with all but its place. */
static TRI_INLINE const uint8_t *read_event(struct tri_v1_proc *proc, const uint8_t *p,
                                            const struct tri_v1_shape *shape,
                                            struct tri_v1_event *ev)
{
    unsigned count = shape->own_args;
    uint64_t number;
    ev->args[0] = ev->args[1] = ev->args[2] = 0;
    if (tri_v1_has_length(*p++))
        p = skip_number(p);
    if (shape->first_arg == 2) { /* header 5 */
        p = tri_varint_read_fast(p, &number);
        proc->seq += number;
    }
    p = tri_varint_read_fast(p, &number);
    proc->time = (int64_t)((uint64_t)proc->time + number);
    p = read_numbers(p, count + shape->has_stack, ev->args);
    /* Without branches, as what comes next cannot be guessed. */
    ev->stack = shape->has_stack ? (uint32_t)ev->args[count] : 0;
    ev->args[count] = 0;
    ev->args[3] = proc->seq;
    ev->time = proc->time;
    bool starts = shape->bind == TRI_V1_BIND_START, stops = shape->bind == TRI_V1_BIND_STOP;
    uint64_t go = proc->go;
    ev->go = starts || shape->bind == TRI_V1_BIND_OTHER ? ev->args[0] : go;
    proc->go = starts ? ev->args[0] : stops ? 0 : go;
    ev->type = shape->settled;
    ev->order = shape->order;
    ev->p = shape->settled == TRI_V1_GoSysExit ? TRI_V1_SYSCALL_P : proc->id;
    return p;
}

static bool decode_samples(const struct tri_v1 *v, struct tri_v1_proc *proc)
{
    uint32_t count = 0;
    for (; count < v->block_events && proc->sample < v->sample_count; count++) {
        struct tri_timed at = v->sample_order[proc->sample++];
        const struct tri_v1_sample *sample = &v->samples[at.index];
        proc->events[count] = (struct tri_v1_event){
            .time = at.time,
            .go = sample->go,
            .offset = sample->offset,
            .stack = sample->stack,
            .p = sample->p,
            .type = TRI_V1_CPUSample,
        };
    }
    proc->event_at = 0;
    proc->event_count = count;
    return count;
}

bool tri_v1_decode(const struct tri_v1 *v, struct tri_v1_proc *proc)
{
    const uint8_t *p = proc->at, *const end = v->data + v->data_bytes;
    if (proc->has_samples)
        return decode_samples(v, proc);
    uint32_t count = 0;
    while (p && p < end && count < v->block_events) {
        unsigned type = tri_v1_type_of(*p);
        const struct tri_v1_shape *shape = &v->format.shapes[type];
        if (TRI_UNLIKELY(!shape->timed || type == TRI_V1_CPUSample)) {
            if (type == TRI_V1_Batch)
                break;
            p = skip_record(v, p);
            continue;
        }
        struct tri_v1_event *ev = &proc->events[count++];
        ev->offset = v->begin + (uint64_t)(p - v->data);
        p = read_event(proc, p, shape, ev);
        if (TRI_UNLIKELY(type == TRI_V1_UserLog)) {
            uint64_t length = 0;
            ev->args[3] = (uint64_t)(p - v->data);
            p = tri_varint_read_fast(p, &length);
            p += length;
        }
        if (TRI_UNLIKELY(v->timer_gos.used) && ev->type == TRI_V1_GoUnblock &&
            tri_map_get(&v->timer_gos, ev->go))
            ev->p = TRI_V1_TIMER_P;
    }
    proc->at = p;
    proc->event_at = 0;
    proc->event_count = count;
    return count;
}
