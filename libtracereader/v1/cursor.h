/* Reading a proc's events. All records were checked when the batches were found. */
#ifndef TRI_V1_CURSOR_H
#define TRI_V1_CURSOR_H

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
static inline void tri_v1_begin_batch(struct tri_v1 *v, struct tri_v1_proc *proc)
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

/* What the event does to the goroutine of its proc. */
static inline void tri_v1_bind_go(struct tri_v1_proc *proc, struct tri_v1_event *ev)
{
    switch (ev->type) {
    case TRI_V1_GoStart:
    case TRI_V1_GoStartLocal:
    case TRI_V1_GoStartLabel:
        ev->go = proc->go = ev->args[0];
        break;
    case TRI_V1_GoEnd:
    case TRI_V1_GoStop:
    case TRI_V1_GoSched:
    case TRI_V1_GoPreempt:
    case TRI_V1_GoSleep:
    case TRI_V1_GoBlock:
    case TRI_V1_GoBlockSend:
    case TRI_V1_GoBlockRecv:
    case TRI_V1_GoBlockSelect:
    case TRI_V1_GoBlockSync:
    case TRI_V1_GoBlockCond:
    case TRI_V1_GoBlockNet:
    case TRI_V1_GoSysBlock:
    case TRI_V1_GoBlockGC:
        proc->go = 0;
        break;
    case TRI_V1_GoSysExit:
    case TRI_V1_GoWaiting:
    case TRI_V1_GoInSyscall:
        ev->go = ev->args[0];
        break;
    default:
        break;
    }
}

/* Give the next event of the proc's batch; false: it has no more. The message of a log is
 * left where it is: args[3] is its place in the data. */
static inline bool tri_v1_next_in_batch(struct tri_v1 *v, struct tri_v1_proc *proc,
                                        struct tri_v1_event *ev)
{
    const uint8_t *const end = v->data + v->data_bytes;
    const uint8_t *p = proc->at;
    for (;;) {
        if (p == end || tri_v1_type_of(*p) == TRI_V1_Batch) {
            proc->at = p;
            return false;
        }
        const uint8_t *record = p;
        uint8_t first = *p++;
        unsigned type = tri_v1_type_of(first);
        const struct tri_v1_shape *shape = &v->format.shapes[type];
        uint64_t length = 0;
        if (tri_v1_has_length(first) && type != TRI_V1_String)
            p = tri_varint_read_fast(p, &length);
        if (!shape->timed || type == TRI_V1_CPUSample) {
            if (type == TRI_V1_String) {
                p = tri_varint_read_fast(tri_v1_skip_number(p), &length);
            } else if (!length) { /* a Stack may have more than its shape has */
                unsigned count = (first >> 6) + 1u + (v->version < TRI_GO107);
                for (unsigned i = 0; i < count; i++)
                    p = tri_v1_skip_number(p);
            }
            p += length;
            continue;
        }
        uint64_t args[TRI_MAX_ARGS];
        unsigned count = shape->arg_count;
        for (unsigned i = 0; i < count; i++)
            p = tri_varint_read_fast(p, &args[i]);
        ev->type = (uint8_t)type;
        ev->proc = (uint32_t)(proc - v->procs);
        ev->p = proc->id;
        ev->go = proc->go;
        ev->offset = v->begin + (uint64_t)(record - v->data);
        unsigned next = shape->first_arg;
        proc->time = ev->time = (int64_t)((uint64_t)proc->time + args[next - 1]);
        proc->seq = ev->seq = next == 2 ? (int64_t)((uint64_t)proc->seq + args[0]) : 0;
        ev->stack = shape->has_stack ? (uint32_t)args[--count] : 0;
        for (unsigned i = 0; i < 4; i++)
            ev->args[i] = next < count ? args[next++] : 0;
        if (type == TRI_V1_UserLog) {
            ev->args[3] = (uint64_t)(p - v->data);
            p = tri_varint_read_fast(p, &length);
            p += length;
        }
        proc->at = p;
        tri_v1_bind_go(proc, ev);
        return true;
    }
}

/* Give the next CPU sample; false: there are no more. */
static inline bool tri_v1_next_sample(struct tri_v1 *v, struct tri_v1_proc *proc,
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
        .proc = (uint32_t)(proc - v->procs),
        .p = sample->p,
        .type = TRI_V1_CPUSample,
    };
    return true;
}

#endif
