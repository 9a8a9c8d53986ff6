/* Reading a proc's events. All records were checked when the batches were found. */
#ifndef TRI_V1_CURSOR_H
#define TRI_V1_CURSOR_H

#include "base/compiler.h"
#include "v1/v1.h"
#include "wire/varint.h"

/* Let all procs begin anew. */
static inline void tri_v1_rewind(struct tri_v1 *v)
{
    for (uint32_t i = 0; i < v->proc_count; i++) {
        struct tri_v1_proc *p = &v->procs[i];
        p->next = p->first;
        p->at = NULL;
        p->go = 0;
    }
}

/* Begin the proc's next batch, which there is. */
static inline void tri_v1_begin_batch(const struct tri_v1 *v, struct tri_v1_proc *proc)
{
    const struct tri_v1_batch *batch = &v->batches[proc->next - 1];
    uint64_t value = 0;
    const uint8_t *p = tri_varint_read_fast(v->data + batch->at + 1, &value);
    proc->seq = 0;
    if (v->version < TRI_GO107) {
        p = tri_varint_read_fast(p, &value);
        proc->seq = (int64_t)value;
    }
    proc->at = tri_varint_read_fast(p, &value);
    proc->time = (int64_t)value;
    proc->next = batch->next;
}

static inline const uint8_t *tri_v1_skip_number(const uint8_t *p)
{
    while (*p++ >= 0x80)
        ;
    return p;
}

/* Read a number. `roomy`: four bytes can be read, so that short ones, which nearly all are,
 * need no guess at how long they are. */
static TRI_INLINE const uint8_t *tri_v1_read(const uint8_t *p, bool roomy, uint64_t *value)
{
    uint32_t word, ends;
    if (TRI_UNLIKELY(!roomy))
        return tri_varint_read_fast(p, value);
    memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap32(word);
#endif
    ends = ~word & UINT32_C(0x80808080);
    if (TRI_UNLIKELY(!ends))
        return tri_varint_read_fast(p, value);
    word &= ends ^ (ends - 1); /* the rest is another number's */
    /* Seven bits of each byte: two bytes together, then two of these. */
    word = (word & 0x007f007f) | (word & 0x7f007f00) >> 1;
    *value = (word & 0x3fff) | (word & 0x3fff0000) >> 2;
    return p + (unsigned)__builtin_ctz(ends) / 8 + 1;
}

/* Behind a record that is no event of a proc. */
static inline const uint8_t *tri_v1_skip_record(const struct tri_v1 *v, const uint8_t *p)
{
    uint8_t first = *p++;
    uint64_t length = 0;
    if (tri_v1_type_of(first) == TRI_V1_String) {
        p = tri_varint_read_fast(tri_v1_skip_number(p), &length);
    } else if (tri_v1_has_length(first)) {
        p = tri_varint_read_fast(p, &length);
    } else {
        unsigned count = (first >> 6) + 1u + (v->version < TRI_GO107);
        for (unsigned i = 0; i < count; i++)
            p = tri_v1_skip_number(p);
    }
    return p + length;
}

/* Give the next event of the proc's batch, with the type that it has in the file; false: it
 * has no more. The message of a log is left where it is: args[3] is its place in the data. */
static TRI_INLINE bool tri_v1_next_in_batch(const struct tri_v1 *v, struct tri_v1_proc *proc,
                                            struct tri_v1_event *ev)
{
    const uint8_t *const end = v->data + v->data_bytes;
    const uint8_t *p = proc->at;
    const struct tri_v1_shape *shape;
    unsigned type;
    for (;;) {
        type = p == end ? (unsigned)TRI_V1_Batch : tri_v1_type_of(*p);
        shape = &v->format.shapes[type];
        if (TRI_LIKELY(shape->timed && type != TRI_V1_CPUSample))
            break;
        if (type == TRI_V1_Batch) {
            proc->at = p;
            return false;
        }
        p = tri_v1_skip_record(v, p);
    }
    uint64_t number = 0;
    bool roomy = end - p > 1 + (TRI_MAX_ARGS + 1) * TRI_MAX_VARINT;
    ev->offset = v->begin + (uint64_t)(p - v->data);
    if (tri_v1_has_length(*p++))
        p = tri_v1_skip_number(p);
    if (shape->first_arg == 2) { /* header 5 */
        p = tri_v1_read(p, roomy, &number);
        proc->seq = (int64_t)((uint64_t)proc->seq + number);
    }
    p = tri_v1_read(p, roomy, &number);
    proc->time = (int64_t)((uint64_t)proc->time + number);
    ev->time = proc->time;
    ev->seq = proc->seq;
    ev->type = (uint8_t)type;
    ev->p = proc->id;
    ev->args[0] = ev->args[1] = ev->args[2] = 0;
    if (shape->own_args) {
        p = tri_v1_read(p, roomy, &ev->args[0]);
        if (shape->own_args > 1)
            p = tri_v1_read(p, roomy, &ev->args[1]);
        if (shape->own_args > 2)
            p = tri_v1_read(p, roomy, &ev->args[2]);
    }
    number = 0;
    if (shape->has_stack)
        p = tri_v1_read(p, roomy, &number);
    ev->stack = (uint32_t)number;
    if (TRI_UNLIKELY(type == TRI_V1_UserLog)) {
        ev->args[3] = (uint64_t)(p - v->data);
        p = tri_varint_read_fast(p, &number);
        p += number;
    }
    proc->at = p;
    /* Without branches, as what comes next cannot be guessed. */
    bool starts = shape->bind == TRI_V1_BIND_START, stops = shape->bind == TRI_V1_BIND_STOP;
    uint64_t go = proc->go;
    ev->go = starts || shape->bind == TRI_V1_BIND_OTHER ? ev->args[0] : go;
    proc->go = starts ? ev->args[0] : stops ? 0 : go;
    return true;
}

/* Give the event the type and the place that it has once it is ordered: what is called
 * local was so for the order only, and timers and system calls go to places of their own. */
static inline void tri_v1_settle(const struct tri_v1 *v, struct tri_v1_event *ev)
{
    if (TRI_LIKELY(!v->format.shapes[ev->type].settles))
        return;
    switch (ev->type) {
    case TRI_V1_GoStartLocal:
        ev->type = TRI_V1_GoStart;
        break;
    case TRI_V1_GoUnblockLocal:
        ev->type = TRI_V1_GoUnblock;
        /* fallthrough */
    case TRI_V1_GoUnblock:
        if (TRI_UNLIKELY(v->timer_gos.used) && tri_map_get(&v->timer_gos, ev->go))
            ev->p = TRI_V1_TIMER_P;
        break;
    case TRI_V1_GoSysExitLocal:
        ev->type = TRI_V1_GoSysExit;
        /* fallthrough */
    case TRI_V1_GoSysExit:
        ev->p = TRI_V1_SYSCALL_P;
        break;
    default:
        break;
    }
}

/* Whether the event has a time, or with header 5 a place, of its own: it is not on the tape. */
static inline bool tri_v1_is_exit(const struct tri_v1 *v, const struct tri_v1_event *ev)
{
    return ev->type == TRI_V1_GoSysExit && (ev->args[2] || v->version < TRI_GO107);
}

/* Give the next CPU sample; false: there are no more. */
static inline bool tri_v1_next_sample(const struct tri_v1 *v, struct tri_v1_proc *proc,
                                      struct tri_v1_event *ev)
{
    if (proc->next == v->sample_count)
        return false;
    struct tri_timed at = v->sample_order[proc->next++];
    const struct tri_v1_sample *sample = &v->samples[at.index];
    *ev = (struct tri_v1_event){
        .time = at.time,
        .go = sample->go,
        .offset = sample->offset,
        .stack = sample->stack,
        .p = sample->p,
        .type = TRI_V1_CPUSample,
    };
    return true;
}

#endif
