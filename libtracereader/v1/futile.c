/* Wakeups that came to nothing, in traces before Go 1.11: a goroutine is woken for a lock
 * or a channel, finds it taken again, says so (FutileWakeup) and blocks once more. As the
 * parsers of that time did, all of that is left out: the wakeup, what it ran, the block.
 * Later ones have no such records.
 *
 * Invariant: bit i of v->removed is that of event i of a walk that leaves nothing out. */
#include "v1/passes.h"

/* Events since a goroutine was woken, the last first. */
struct step {
    uint64_t index; /* of the event */
    uint32_t next;  /* step + 1, 0: the last */
};

struct wakeup {
    uint32_t steps; /* step + 1 */
    bool futile;
};

struct search {
    struct tri_v1 *v;
    struct wakeup *wakeups; /* by goroutine */
    uint32_t wakeup_cap;
    struct step *steps;
    uint32_t step_count, step_cap;
    uint32_t free; /* step + 1 */
};

static struct wakeup *wakeup_of(struct search *s, uint64_t go, const struct tri_v1_event *ev)
{
    struct tri_v1 *v = s->v;
    struct tri_v1_go *whose = tri_v1_add_go(v, go, ev->offset);
    uint32_t before = s->wakeup_cap;
    if (!whose)
        return NULL;
    if (!tri_mem_reserve(v->mem, &s->wakeups, &s->wakeup_cap, whose->number + UINT64_C(1),
                         sizeof *s->wakeups)) {
        tri_v1_no_memory(v, ev->offset);
        return NULL;
    }
    for (uint32_t i = before; i < s->wakeup_cap; i++)
        s->wakeups[i] = (struct wakeup){0};
    return &s->wakeups[whose->number];
}

static void forget(struct search *s, struct wakeup *w)
{
    while (w->steps) {
        struct step *step = &s->steps[w->steps - 1];
        uint32_t next = step->next;
        step->next = s->free;
        s->free = w->steps;
        w->steps = next;
    }
}

static bool add_step(struct search *s, struct wakeup *w, uint64_t index)
{
    uint32_t at = s->free;
    if (at)
        s->free = s->steps[at - 1].next;
    else if (tri_mem_reserve(s->v->mem, &s->steps, &s->step_cap, (uint64_t)s->step_count + 1,
                             sizeof *s->steps))
        at = ++s->step_count;
    else
        return false;
    s->steps[at - 1] = (struct step){index, w->steps};
    w->steps = at;
    return true;
}

static tr_status take(struct search *s, const struct tri_v1_event *ev, uint64_t index)
{
    struct tri_v1 *v = s->v;
    struct wakeup *w;
    switch (ev->type) {
    case TRI_V1_GoUnblock:
        w = wakeup_of(s, ev->args[0], ev);
        if (!w)
            return v->err->error.code;
        forget(s, w);
        break;
    case TRI_V1_GoStart:
    case TRI_V1_GoPreempt:
    case TRI_V1_FutileWakeup:
        w = wakeup_of(s, ev->go, ev);
        if (!w)
            return v->err->error.code;
        w->futile |= ev->type == TRI_V1_FutileWakeup;
        break;
    case TRI_V1_GoBlock:
    case TRI_V1_GoBlockSend:
    case TRI_V1_GoBlockRecv:
    case TRI_V1_GoBlockSelect:
    case TRI_V1_GoBlockSync:
    case TRI_V1_GoBlockCond:
        w = wakeup_of(s, ev->go, ev);
        if (!w)
            return v->err->error.code;
        if (w->futile) {
            tri_v1_bits_set(&v->removed, index);
            for (uint32_t i = w->steps; i; i = s->steps[i - 1].next)
                tri_v1_bits_set(&v->removed, s->steps[i - 1].index);
        }
        forget(s, w);
        w->futile = false;
        return TR_OK;
    default:
        return TR_OK;
    }
    return add_step(s, w, index) ? TR_OK : tri_v1_no_memory(v, ev->offset);
}

tr_status tri_v1_find_futile(struct tri_v1 *v)
{
    struct search s = {.v = v};
    struct tri_v1_walk walk;
    struct tri_v1_event *ev;
    struct tri_v1_bits removed = {0};
    tr_status status = TR_OK;
    /* The walk leaves nothing out as long as there are no bits. */
    for (uint64_t i = v->tape.count + v->exit_count; status == TR_OK && i > 0; i--)
        if (!tri_v1_bits_add(v->mem, &removed, false))
            status = tri_v1_no_memory(v, v->begin);
    uint64_t count = removed.count;
    v->removed = removed;
    v->removed.count = 0;
    tri_v1_walk_begin(v, &walk);
    int64_t last = INT64_MIN;
    for (uint64_t i = 0; status == TR_OK && (ev = tri_v1_walk_next(v, &walk)); i++) {
        /* With header 5 times are checked in this order, those of what is left out too. */
        bool falls = ev->time < last && v->version < TRI_GO107 && !v->salvage.on;
        last = ev->time;
        status = falls ? tri_v1_time_order(v, ev) : take(&s, ev, i);
        if (status == TR_OK && !tri_v1_may_go_on(v, i, TRI_V1_STEP_EVENTS))
            status = tri_v1_canceled(v);
    }
    v->removed.count = count;
    tri_mem_free(v->mem, s.wakeups, s.wakeup_cap * sizeof *s.wakeups);
    tri_mem_free(v->mem, s.steps, s.step_cap * sizeof *s.steps);
    return status;
}

tr_status tri_v1_refuse_futile(struct tri_v1 *v, const struct tri_v1_event *ev)
{
    return tri_err_set(v->err, TR_E_CORRUPT, tri_v1_place(v, ev->offset),
                       "unexpected event type %s", tri_v1_name_at(v, ev->offset));
}

tr_status tri_v1_look_for_futile(struct tri_v1 *v)
{
    struct tri_v1_walk walk;
    const struct tri_v1_event *ev;
    tri_v1_walk_begin(v, &walk);
    for (uint64_t done = 1; (ev = tri_v1_walk_next(v, &walk)); done++) {
        if (ev->type == TRI_V1_FutileWakeup)
            return tri_v1_refuse_futile(v, ev);
        if (!tri_v1_may_go_on(v, done, TRI_V1_STEP_EVENTS))
            return tri_v1_canceled(v);
    }
    return TR_OK;
}
