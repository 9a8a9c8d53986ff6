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

/* The proc's next event on the tape; there is one. */
static TRI_INLINE struct tri_v1_event *next_of_proc(const struct tri_v1 *v,
                                                    struct tri_v1_proc *proc)
{
    struct tri_v1_event *ev;
    do
        while (TRI_UNLIKELY(!(ev = tri_v1_next_in_batch(v, proc))))
            tri_v1_begin_batch(v, proc);
    while (TRI_UNLIKELY(tri_v1_is_exit(v, ev)));
    return ev;
}

static inline uint32_t tape_entry(const struct tri_v1 *v, uint64_t at)
{
    if (TRI_LIKELY(v->tape_width == 1))
        return v->tape[at];
    const uint8_t *from = v->tape + at * v->tape_width;
    uint32_t proc = from[0];
    for (unsigned i = 1; i < v->tape_width; i++)
        proc |= (uint32_t)from[i] << 8 * i;
    return proc;
}

/* The next exit, if it comes before the tape's next event. */
static struct tri_v1_event *next_exit(const struct tri_v1 *v, struct tri_v1_walk *w)
{
    const struct tri_v1_exit *exit = &v->exits[w->exit_at];
    if (w->event) {
        int64_t key = v->version < TRI_GO107 ? (int64_t)w->event->args[3] : w->event->time;
        if (exit->key > key || (exit->key == key && exit->place > w->tape_at))
            return NULL;
    }
    w->exit = (struct tri_v1_event){
        .time = exit->time,
        .go = exit->go,
        .args = {exit->go},
        .offset = exit->offset,
        .p = TRI_V1_SYSCALL_P,
        .type = TRI_V1_GoSysExit,
    };
    w->proc = 0; /* it belongs to none */
    w->exit_at++;
    return &w->exit;
}

/* The next event, whether of the tape or an exit. */
TRI_APART static struct tri_v1_event *next_of_both(struct tri_v1 *v, struct tri_v1_walk *w)
{
    struct tri_v1_event *ev = w->event, *exit;
    if (!ev && w->tape_at < v->tape_count) {
        w->event_proc = tape_entry(v, w->tape_at);
        w->event = ev = next_of_proc(v, &v->procs[w->event_proc]);
    }
    if (w->exit_at < v->exit_count && (exit = next_exit(v, w)))
        return exit;
    if (ev) {
        w->proc = w->event_proc;
        w->event = NULL;
        w->tape_at++;
    }
    return ev;
}

struct tri_v1_event *tri_v1_walk_next(struct tri_v1 *v, struct tri_v1_walk *w)
{
    struct tri_v1_event *ev;
    for (;;) {
        if (TRI_UNLIKELY(w->exit_at < v->exit_count || w->event)) {
            ev = next_of_both(v, w);
            if (!ev)
                return NULL;
        } else {
            if (w->tape_at == v->tape_count)
                return NULL;
            w->proc = tape_entry(v, w->tape_at++);
            ev = next_of_proc(v, &v->procs[w->proc]);
        }
        uint64_t index = w->index++;
        if (TRI_UNLIKELY(index == 0)) /* even if it is left out */
            v->first_ticks = ev->time;
        if (TRI_LIKELY(!v->removed.count || !tri_v1_bits_get(&v->removed, index)))
            return ev;
    }
}

void tri_v1_set_relaxed(struct tri_v1 *v, const struct tri_v1_walk *w,
                        const struct tri_v1_event *ev)
{
    if (ev == &w->exit)
        v->exits[w->exit_at - 1].relaxed = true;
    else
        tri_v1_bits_set(&v->relaxed, w->tape_at - 1);
}

bool tri_v1_is_relaxed(const struct tri_v1 *v, const struct tri_v1_walk *w,
                       const struct tri_v1_event *ev)
{
    return ev == &w->exit ? v->exits[w->exit_at - 1].relaxed
                          : tri_v1_bits_get(&v->relaxed, w->tape_at - 1);
}
