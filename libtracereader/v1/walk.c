/* All events in their final order: that of the tape, with the returns from system calls
 * that have a time of their own put where it belongs.
 *
 * Invariant: the tape has one entry for each event that a proc gives, in the order in
 * which it gives them, but for those returns. */
#include "v1/cursor.h"
#include "v1/passes.h"

void tri_v1_walk_begin(struct tri_v1 *v, struct tri_v1_walk *w)
{
    tri_v1_rewind(v);
    *w = (struct tri_v1_walk){0};
}

/* Whether the event is among the exits instead of on the tape. */
static bool is_exit(const struct tri_v1 *v, const struct tri_v1_event *ev)
{
    return ev->type == TRI_V1_GoSysExit && (ev->args[2] || v->version < TRI_GO107);
}

/* The proc's next event on the tape; there is one. */
static void next_of_proc(struct tri_v1 *v, struct tri_v1_proc *proc, struct tri_v1_event *ev)
{
    if (proc->has_samples) {
        tri_v1_next_sample(v, proc, ev);
        return;
    }
    do
        while (!proc->at || !tri_v1_next_in_batch(v, proc, ev))
            tri_v1_begin_batch(v, proc);
    while (is_exit(v, ev));
    switch (ev->type) {
    case TRI_V1_GoStartLocal:
        ev->type = TRI_V1_GoStart;
        break;
    case TRI_V1_GoUnblockLocal:
        ev->type = TRI_V1_GoUnblock;
        break;
    case TRI_V1_GoSysExitLocal:
        ev->type = TRI_V1_GoSysExit;
        break;
    default:
        break;
    }
    /* Timers and system calls go to places of their own. */
    if (ev->type == TRI_V1_GoSysExit)
        ev->p = TRI_V1_SYSCALL_P;
    else if (ev->type == TRI_V1_GoUnblock && tri_map_get(&v->timer_gos, ev->go))
        ev->p = TRI_V1_TIMER_P;
}

static uint32_t tape_entry(const struct tri_v1 *v, uint64_t at)
{
    const uint8_t *from = v->tape + at * v->tape_width;
    uint32_t proc = from[0];
    for (unsigned i = 1; i < v->tape_width; i++)
        proc |= (uint32_t)from[i] << 8 * i;
    return proc;
}

static bool next(struct tri_v1 *v, struct tri_v1_walk *w, struct tri_v1_event *ev)
{
    if (!w->has_event && w->tape_at < v->tape_count) {
        next_of_proc(v, &v->procs[tape_entry(v, w->tape_at)], &w->event);
        w->has_event = true;
    }
    if (w->exit_at < v->exit_count) {
        const struct tri_v1_exit *exit = &v->exits[w->exit_at];
        int64_t key = v->version < TRI_GO107 ? w->event.seq : w->event.time;
        if (!w->has_event || exit->key < key || (exit->key == key && exit->place <= w->tape_at)) {
            *ev = (struct tri_v1_event){
                .time = exit->time,
                .go = exit->go,
                .args = {exit->go},
                .offset = exit->offset,
                .p = TRI_V1_SYSCALL_P,
                .type = TRI_V1_GoSysExit,
            };
            w->exit_at++;
            return true;
        }
    }
    if (!w->has_event)
        return false;
    *ev = w->event;
    w->has_event = false;
    w->tape_at++;
    return true;
}

bool tri_v1_walk_next(struct tri_v1 *v, struct tri_v1_walk *w, struct tri_v1_event *ev)
{
    while (next(v, w, ev)) {
        uint64_t index = w->index++;
        if (index == 0) /* even if it is left out */
            v->first_ticks = ev->time;
        if (!v->removed.count || !tri_v1_bits_get(&v->removed, index))
            return true;
    }
    return false;
}
