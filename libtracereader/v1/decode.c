/* A proc's batches, and its events, decoded one by one.
 *
 * Invariant: all records were checked when the batches were found. */
#include <string.h>

#include "v1/cursor.h"
#include "v1/passes.h"
#include "wire/varint.h"

void tri_v1_begin_batch(const struct tri_v1 *v, struct tri_v1_proc *proc)
{
    const struct tri_v1_batch *batch = tri_v1_batch(v, proc->next - 1);
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

/* Behind a record that is no event of a proc. */
static const uint8_t *skip_record(const struct tri_v1 *v, const uint8_t *p)
{
    uint8_t first = *p++;
    uint64_t length = 0;
    if (tri_v1_type_of(first) == TRI_V1_String) {
        p = tri_varint_read_fast(tri_v1_skip_number(p), &length);
    } else if (tri_v1_has_length(first)) {
        p = tri_varint_read_fast(p, &length);
    } else {
        /* The trace may end inside a stack of fewer numbers than are told. */
        const uint8_t *end = v->data + v->data_bytes;
        unsigned count = (first >> 6) + 1u + (v->version < TRI_GO107);
        for (unsigned i = 0; i < count && p < end; i++)
            p = tri_v1_skip_number(p);
    }
    return p + length;
}

/* Go to the next event of the proc's batch; NULL: there is none, or no batch. */
TRI_APART static const struct tri_v1_head *find_event(const struct tri_v1 *v,
                                                      struct tri_v1_proc *proc)
{
    const uint8_t *const end = v->data + v->data_bytes;
    for (const uint8_t *p = proc->at; p < end; proc->at = p = skip_record(v, p)) {
        const struct tri_v1_head *head = &v->format.heads[*p];
        if (head->type)
            return head;
        if (tri_v1_type_of(*p) == TRI_V1_Batch)
            break;
    }
    return NULL;
}

uint32_t tri_v1_read_ahead(const struct tri_v1 *v, struct tri_v1_proc *proc,
                           struct tri_v1_brief *briefs, uint32_t max)
{
    static const struct tri_v1_head sample_head = {.type = TRI_V1_CPUSample};
    const uint8_t *p = proc->at, *const end = v->data + v->data_bytes;
    const bool by_seq = v->version < TRI_GO107;
    uint64_t time = (uint64_t)proc->time, since;
    uint32_t count = 0;
    if (TRI_UNLIKELY(proc->has_samples)) {
        if (proc->sample == v->sample_count)
            return 0;
        *briefs = (struct tri_v1_brief){
            .head = &sample_head,
            .at = v->data, /* no record of its own */
            .time = v->sample_order[proc->sample].time,
        };
        return 1;
    }
    for (; count < max; count++) {
        struct tri_v1_brief *brief = &briefs[count];
        const struct tri_v1_head *head;
        if (TRI_UNLIKELY(p >= end || !(head = &v->format.heads[*p])->type)) {
            proc->at = p;
            head = find_event(v, proc);
            p = proc->at;
            if (!head)
                break;
        }
        unsigned left = head->numbers;
        brief->head = head;
        brief->at = p++;
        if (head->has_length)
            p = tri_v1_skip_number(p);
        if (TRI_UNLIKELY(by_seq)) {
            p = tri_varint_read_fast(p, &since);
            brief->seq = proc->seq += since;
        }
        p = tri_varint_read_fast(p, &since);
        time += since;
        brief->time = (int64_t)time;
        if (head->names_go) {
            p = tri_varint_read_fast(p, &brief->id);
            brief->go = head->usual == TRI_V1_USUAL_CREATE ? NULL : tri_v1_find_go(v, brief->id);
            left--;
        }
        if (head->tells_seq) {
            p = tri_varint_read_fast(p, &brief->seq);
            left--;
        }
        for (; left; left--)
            p = tri_v1_skip_number(p);
        if (TRI_UNLIKELY(head->is_log)) {
            p = tri_varint_read_fast(p, &since);
            p += since;
        }
        brief->bytes = (uint64_t)(p - brief->at);
    }
    proc->at = p;
    proc->time = (int64_t)time;
    return count;
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

static struct tri_v1_event *decode_sample(const struct tri_v1 *v, struct tri_v1_proc *proc)
{
    struct tri_timed at = v->sample_order[proc->sample++];
    const struct tri_v1_sample *sample = &v->samples[at.index];
    proc->event = (struct tri_v1_event){
        .time = at.time,
        .go = sample->go,
        .offset = sample->offset,
        .stack = sample->stack,
        .p = sample->p,
        .type = TRI_V1_CPUSample,
    };
    return &proc->event;
}

/* What few events have, behind their numbers at `p`. */
static void decode_rest(const struct tri_v1 *v, struct tri_v1_proc *proc,
                        const struct tri_v1_head *head, const uint8_t *p)
{
    struct tri_v1_event *ev = &proc->event;
    if (v->version < TRI_GO107)
        ev->args[TRI_V1_OWN_ARGS] = proc->seq;
    if (head->is_log)
        ev->args[TRI_V1_OWN_ARGS] = (uint64_t)(p - v->data);
    if (ev->type == TRI_V1_GoUnblock && tri_map_get(&v->timer_gos, ev->go))
        ev->p = TRI_V1_TIMER_P;
}

struct tri_v1_event *tri_v1_decode(const struct tri_v1 *v, struct tri_v1_proc *proc,
                                   const uint8_t *p, int64_t time)
{
    if (TRI_UNLIKELY(proc->has_samples))
        return decode_sample(v, proc);
    const struct tri_v1_head *head = &v->format.heads[*p];
    struct tri_v1_event *ev = &proc->event;
    uint64_t number, go = proc->go;
    ev->time = time;
    ev->offset = v->begin + (uint64_t)(p - v->data);
    ev->p = head->type == TRI_V1_GoSysExit ? TRI_V1_SYSCALL_P : proc->id;
    ev->type = head->type;
    ev->is_marked = false;
    memset(ev->args, 0, sizeof ev->args);
    p++;
    if (head->has_length)
        p = tri_v1_skip_number(p);
    if (TRI_UNLIKELY(v->version < TRI_GO107))
        p = tri_v1_skip_number(p);
    p = read_numbers(tri_v1_skip_number(p), head->numbers, ev->args);
    /* Without branches, as what comes next cannot be guessed. */
    number = ev->args[head->own_args];
    ev->args[head->own_args] = 0;
    ev->stack = head->numbers > head->own_args ? (uint32_t)number : 0;
    number = ev->args[0];
    bool starts = head->bind == TRI_V1_BIND_START, stops = head->bind == TRI_V1_BIND_STOP;
    ev->go = starts || head->bind == TRI_V1_BIND_OTHER ? number : go;
    proc->go = starts ? number : stops ? 0 : go;
    if (TRI_UNLIKELY(head->is_log || v->timer_gos.used || v->version < TRI_GO107))
        decode_rest(v, proc, head, p);
    return ev;
}
