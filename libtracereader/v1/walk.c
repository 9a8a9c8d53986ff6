/* All events in their final order: that of the tape, with the returns from system calls
 * that have a time of their own put where it belongs.
 *
 * Invariant: the tape has all events that a proc gives, in the order in which it gives them,
 * but for those returns, which do not change which goroutine it runs. */
#include "v1/cursor.h"
#include "v1/passes.h"
#include "v1/tape.h"

void tri_v1_walk_begin(struct tri_v1 *v, struct tri_v1_walk *w)
{
    tri_v1_rewind(v);
    *w = (struct tri_v1_walk){0};
    tri_v1_tape_rewind(v, &w->head);
}

/* The tape's next event. */
static inline struct tri_v1_event *next_on_tape(struct tri_v1 *v, struct tri_v1_walk *w)
{
    struct tri_v1_tape_head *h = &w->head;
    if (!tri_v1_tape_find(v, h))
        return NULL;
    w->word = h->at;
    uint32_t word = *h->at++;
    w->event_proc = tri_v1_tape_proc(h, word);
    struct tri_v1_proc *proc = &v->procs[w->event_proc];
    const uint8_t *at = proc->place;
    proc->place += tri_v1_tape_bytes(word);
    h->time = (int64_t)((uint64_t)h->time + tri_v1_tape_ticks(word)); /* it wraps */
    proc->seq = ++h->seq;
    if (TRI_UNLIKELY(proc->start))
        tri_v1_settle_start(v, proc);
    struct tri_v1_event *ev = tri_v1_decode(v, proc, at, h->time);
    ev->is_marked = tri_v1_tape_type(word) >= TRI_V1_TYPE_COUNT;
    return ev;
}

/* Whether the next exit comes before the tape's next event, NULL: there is none. */
static inline bool exit_is_next(const struct tri_v1 *v, const struct tri_v1_walk *w,
                                const struct tri_v1_event *ev)
{
    if (w->exit_at == v->exit_count)
        return false;
    const struct tri_v1_exit *exit = &v->exits[w->exit_at];
    if (!ev)
        return true;
    int64_t key = v->version < TRI_GO107 ? (int64_t)ev->args[TRI_V1_OWN_ARGS] : ev->time;
    return exit->key < key || (exit->key == key && exit->place <= w->tape_at);
}

static struct tri_v1_event *take_exit(const struct tri_v1 *v, struct tri_v1_walk *w)
{
    const struct tri_v1_exit *exit = &v->exits[w->exit_at++];
    w->exit = (struct tri_v1_event){
        .time = exit->time,
        .go = exit->go,
        .args = {exit->go},
        .offset = exit->offset,
        .p = TRI_V1_SYSCALL_P,
        .type = TRI_V1_GoSysExit,
    };
    w->proc = 0; /* it belongs to none */
    return &w->exit;
}

struct tri_v1_event *tri_v1_walk_next(struct tri_v1 *v, struct tri_v1_walk *w)
{
    struct tri_v1_event *ev;
    do {
        ev = w->event ? w->event : next_on_tape(v, w);
        w->event = NULL;
        if (TRI_UNLIKELY(exit_is_next(v, w, ev))) {
            w->event = ev;
            ev = take_exit(v, w);
        } else if (TRI_LIKELY(ev != NULL)) {
            w->proc = w->event_proc;
            w->tape_at++;
        } else {
            return NULL;
        }
        if (TRI_UNLIKELY(w->index++ == 0)) /* even if it is left out */
            v->first_ticks = ev->time;
    } while (TRI_UNLIKELY(v->removed.count) && tri_v1_bits_get(&v->removed, w->index - 1));
    return ev;
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
