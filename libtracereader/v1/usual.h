/* What most events do, where all is as it nearly always is: they start, stop and unblock
 * goroutines. These are ordered and checked at once here, as v1/merge.c and v1/check.c would
 * one after the other; what is not as usual is left to those two.
 *
 * Invariant: nothing of an event is done before it is sure that it is as usual. */
#ifndef TRI_V1_USUAL_H
#define TRI_V1_USUAL_H

#include "v1/cursor.h"
#include "v1/passes.h"
#include "v1/tape.h"

/* A proc in the merge. */
struct tri_v1_input {
    struct tri_v1_proc *proc;
    const struct tri_v1_brief *next; /* its next event, */
    const struct tri_v1_brief *end;  /* behind those that are read; the same: it must be read */
    struct tri_v1_brief *briefs;     /* room for them */
    const struct tri_v1_rule *rule;  /* of the event's order, NULL: it can always come; */
    uint64_t seq;                    /* the number that is needed, */
    uint64_t change_id;              /* of the goroutine that changes, */
    struct tri_v1_go *change;        /* and itself, NULL: nothing is known of it yet */
    struct tri_v1_go *running;       /* what the proc runs, NULL: nothing is known of it */
    int64_t key;                     /* what the event is ordered by: its time or number */
    uint32_t place;                  /* among those that are available */
    uint32_t next_waiting;           /* index + 1 */
    uint32_t *waiting_link;          /* who says that it waits; NULL: it does not */
    bool is_filed;                   /* among those that have waited */
    bool relaxed;                    /* the event comes although it cannot */
};

/* What v1/merge.c and v1/check.c know of a goroutine is the same here. */
static inline bool tri_v1_is_in(const struct tri_v1_go *go, enum tri_v1_go_state state)
{
    return (go->merge.status == state) & (go->check.state == state);
}

static inline void tri_v1_change(struct tri_v1_go *go, enum tri_v1_go_state state, bool on_network)
{
    go->merge.status = go->check.state = (uint8_t)state;
    go->check.blocked_on_network = on_network;
}

/* Whether the goroutine that the event names can change from a state now. */
static inline bool tri_v1_can_change(const struct tri_v1_input *in, enum tri_v1_go_state state)
{
    const struct tri_v1_go *go = in->change;
    return TRI_LIKELY(go != NULL) && tri_v1_is_in(go, state) &&
           (!in->next->head->tells_seq | (in->next->seq == go->merge.seq));
}

enum tri_v1_done { TRI_V1_DONE, TRI_V1_NOT_USUAL, TRI_V1_FAILED /* an error is set */ };

/* Make a goroutine known that is new. */
TRI_APART static enum tri_v1_done tri_v1_create(struct tri_v1 *v, struct tri_v1_input *in)
{
    /* One that waits may have made it known since this was read. */
    if (in->next->id >> 63 != 0 || tri_v1_find_go(v, in->next->id))
        return TRI_V1_NOT_USUAL;
    uint64_t offset = v->begin + (uint64_t)(in->next->at - v->data);
    struct tri_v1_go *go = tri_v1_new_go(v, in->next->id, offset);
    if (!go)
        return TRI_V1_FAILED;
    go->merge.seq = 1;
    go->check.known = true;
    tri_v1_change(go, TRI_V1_RUNNABLE, false);
    in->change = go;
    return TRI_V1_DONE;
}

/* Do what the proc's event does, and put it on the tape. */
static TRI_INLINE enum tri_v1_done tri_v1_do_usual(struct tri_v1 *v, struct tri_v1_input *in)
{
    const struct tri_v1_brief *ev = in->next;
    struct tri_v1_proc *proc = in->proc;
    struct tri_v1_go *go = in->running, *other = in->change;
    enum tri_v1_done done;
    unsigned type = ev->head->type;
    enum tri_v1_usual usual = (enum tri_v1_usual)ev->head->usual;
    /* What runs must be known to the check too. */
    if (TRI_UNLIKELY(!go || go->check.state != TRI_V1_RUNNING || proc->check.go != go->id))
        return TRI_V1_NOT_USUAL;
    switch (usual) {
    case TRI_V1_USUAL_START:
        if (TRI_UNLIKELY(go->id != 0 || !tri_v1_can_change(in, TRI_V1_RUNNABLE)))
            return TRI_V1_NOT_USUAL;
        other->merge.seq++;
        tri_v1_change(other, TRI_V1_RUNNING, false);
        in->running = go = other;
        proc->go = proc->check.go = go->id;
        break;
    case TRI_V1_USUAL_UNBLOCK:
        if (TRI_UNLIKELY(!tri_v1_can_change(in, TRI_V1_WAITING) ||
                         (v->timer_gos.used && tri_map_get(&v->timer_gos, go->id))))
            return TRI_V1_NOT_USUAL;
        if (tri_v1_is_by_network(v, other, proc->id))
            type = TRI_V1_TAPE_NET_UNBLOCK;
        other->merge.seq++;
        other->merge.in_call = false;
        tri_v1_change(other, TRI_V1_RUNNABLE, false);
        break;
    case TRI_V1_USUAL_BLOCK:
        if (TRI_UNLIKELY(go->id == 0 || go->merge.status != TRI_V1_RUNNING))
            return TRI_V1_NOT_USUAL;
        if (type == TRI_V1_GoSysBlock) {
            go->blocked = ev->time;
            go->merge.in_call = true;
            if (go->check.call)
                tri_v1_tape_settle(go->check.call, TRI_V1_TAPE_BLOCKING_CALL);
        }
        tri_v1_change(go, ev->head->order == TRI_V1_ORDER_YIELD ? TRI_V1_RUNNABLE : TRI_V1_WAITING,
                      type == TRI_V1_GoBlockNet);
        in->running = v->no_go;
        proc->go = proc->check.go = 0;
        break;
    case TRI_V1_USUAL_CALL:
        if (TRI_UNLIKELY(go->id == 0))
            return TRI_V1_NOT_USUAL;
        go->check.blocked_on_network = false;
        break;
    case TRI_V1_USUAL_END:
        if (TRI_UNLIKELY(go->id == 0 || go->check.regions))
            return TRI_V1_NOT_USUAL;
        go->check.state = TRI_V1_DEAD;
        go->check.blocked_on_network = false;
        in->running = v->no_go;
        proc->go = proc->check.go = 0;
        break;
    case TRI_V1_USUAL_CREATE:
        done = tri_v1_create(v, in);
        if (TRI_UNLIKELY(done != TRI_V1_DONE))
            return done;
        break;
    case TRI_V1_USUAL_SWEEP:
    case TRI_V1_USUAL_SWEPT:
        if (TRI_UNLIKELY(proc->check.sweeps == (usual == TRI_V1_USUAL_SWEEP)))
            return TRI_V1_NOT_USUAL;
        proc->check.sweeps = usual == TRI_V1_USUAL_SWEEP;
        break;
    case TRI_V1_USUAL_PROC_START:
        if (TRI_UNLIKELY(proc->check.runs))
            return TRI_V1_NOT_USUAL;
        proc->check.runs = true;
        break;
    case TRI_V1_USUAL_PROC_STOP:
        if (TRI_UNLIKELY(!proc->check.runs || go->id != 0))
            return TRI_V1_NOT_USUAL;
        proc->check.runs = false;
        break;
    case TRI_V1_USUAL_TELL:
        break;
    case TRI_V1_USUAL_NONE:
        return TRI_V1_NOT_USUAL;
    }
    if (TRI_UNLIKELY(!tri_v1_tape_put(v, proc, type, ev->at, ev->bytes, ev->time))) {
        tri_v1_no_memory(v, v->begin + (uint64_t)(ev->at - v->data));
        return TRI_V1_FAILED;
    }
    go->check.call = usual == TRI_V1_USUAL_CALL ? v->tape.at - 1 : NULL;
    return TRI_V1_DONE;
}

#endif
