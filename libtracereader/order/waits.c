/* Which cursors must wait.
 *
 * A rule that says TRI_WAIT has looked at the state of a goroutine, a proc, the thread or
 * the garbage collection, and says so again until one of them changes: the cursor is
 * asleep, on a list for each of them, until a step is committed that may have changed
 * one. Steps say by their notes what they change; to wake too many is no error.
 *
 * Who is asleep may be anywhere among the entries. So that they are not gone over, all
 * entries before the horizon, a time, are asleep but for those that are listed.
 *
 * Invariants: a cursor's links are on lists while it is asleep, and only then. If none
 * is asleep, none is listed and nothing is before the horizon. */
#include "order/waits.h"

#include <string.h>

#include "order/step.h"

enum { AWAKE, LISTED, ASLEEP };

enum subject { GO, GO_AT, PROC, PROC_AT, THREAD, GC_AT };

static uint64_t mix(uint64_t x)
{
    x *= UINT64_C(0x9e3779b97f4a7c15);
    return x ^ x >> 29;
}

/* Two that are the same wake each other's cursors. */
static uint64_t key_of(enum subject subject, uint64_t id, uint64_t seq)
{
    uint64_t key = mix(mix(id + subject) + seq);
    return key ? key : 1;
}

/* The same for the moment when a goroutine or proc has a status, and this sequence number is the
 * next. */
static uint64_t key_at(enum subject subject, uint64_t id, uint64_t seq, unsigned status)
{
    return key_of(subject, id, seq * 8 + status);
}

/* A proc in a system call can be stolen, whether its thread is known or not. */
static unsigned steal_status(unsigned status)
{
    return status == TRI_PROC_ABANDONED ? TRI_PROC_SYSCALL : status;
}

/* What the step's rule has looked at; how many keys, 0: nobody knows. */
static uint32_t find_keys(const struct tri_step *s, uint64_t keys[TRI_WAIT_KEYS_MAX])
{
    const uint64_t *args = s->record->args;
    uint64_t thread = key_of(THREAD, (uint64_t)s->thread->id, 0);
    switch (s->record->where.at.type) {
    case TRI_EV_GoStart:
        keys[0] = key_at(GO_AT, args[0], args[1], TRI_GO_RUNNABLE);
        return 1;
    case TRI_EV_GoUnblock:
        keys[0] = key_at(GO_AT, args[0], args[1], TRI_GO_WAITING);
        return 1;
    case TRI_EV_GoSwitch:
    case TRI_EV_GoSwitchDestroy:
        keys[0] = key_at(GO_AT, args[0], args[1], TRI_GO_WAITING);
        keys[1] = key_of(GO, (uint64_t)s->thread->g, 0);
        keys[2] = thread;
        return 3;
    case TRI_EV_GoSyscallEndBlocked:
        keys[0] = key_of(PROC, (uint64_t)s->thread->p, 0);
        keys[1] = thread;
        return 2;
    case TRI_EV_ProcStart:
        keys[0] = key_at(PROC_AT, args[0], args[1], TRI_PROC_IDLE);
        keys[1] = thread;
        return 2;
    case TRI_EV_ProcSteal:
        keys[0] = key_at(PROC_AT, args[0], args[1], TRI_PROC_SYSCALL);
        return 1;
    case TRI_EV_GCActive:
    case TRI_EV_GCBegin:
    case TRI_EV_GCEnd:
        keys[0] = key_of(GC_AT, 0, args[0]);
        return 1;
    default:
        return 0;
    }
}

/* Links are numbered from 1. */
static struct tri_wait_link *link_at(const struct tri_waits *w, uint32_t number)
{
    return &w->waiters[(number - 1) / TRI_WAIT_KEYS_MAX].links[(number - 1) % TRI_WAIT_KEYS_MAX];
}

static uint32_t *list_of(const struct tri_waits *w, uint64_t key)
{
    return &w->lists[key >> (64 - w->list_bits)];
}

static void add_link(struct tri_waits *w, uint32_t number, uint64_t key)
{
    uint32_t *list = list_of(w, key);
    *link_at(w, number) = (struct tri_wait_link){key, *list, 0};
    if (*list)
        link_at(w, *list)->previous = number;
    *list = number;
}

static void remove_link(struct tri_waits *w, struct tri_wait_link *link)
{
    if (link->next)
        link_at(w, link->next)->previous = link->previous;
    if (link->previous)
        link_at(w, link->previous)->next = link->next;
    else
        *list_of(w, link->key) = link->next;
    link->key = 0;
}

static void unlist(struct tri_waits *w, uint32_t cursor)
{
    uint32_t i = 0;
    while (w->listed[i] != cursor)
        i++;
    w->listed[i] = w->listed[--w->listed_count];
    w->waiters[cursor].state = AWAKE;
}

static void drop_horizon(struct tri_waits *w)
{
    while (w->listed_count)
        w->waiters[w->listed[--w->listed_count]].state = AWAKE;
    w->horizon = INT64_MIN;
}

/* A cursor that is awake is before the horizon. */
static void list(struct tri_waits *w, uint32_t cursor)
{
    if (w->listed_count == TRI_LISTED_MAX) {
        drop_horizon(w);
        return;
    }
    w->listed[w->listed_count++] = cursor;
    w->waiters[cursor].state = LISTED;
}

static void wake(struct tri_waits *w, uint32_t cursor)
{
    struct tri_waiter *waiter = &w->waiters[cursor];
    for (unsigned i = 0; i < TRI_WAIT_KEYS_MAX; i++)
        if (waiter->links[i].key)
            remove_link(w, &waiter->links[i]);
    waiter->state = AWAKE;
    if (waiter->time < w->horizon)
        list(w, cursor);
    if (--w->asleep == 0)
        drop_horizon(w);
}

static void wake_all(struct tri_waits *w, uint64_t key)
{
    uint32_t number = *list_of(w, key);
    while (number) {
        struct tri_wait_link *link = link_at(w, number);
        if (link->key == key) {
            wake(w, (number - 1) / TRI_WAIT_KEYS_MAX);
            number = *list_of(w, key); /* more of its links may have gone */
        } else {
            number = link->next;
        }
    }
}

void tri_waits_begin(struct tri_waits *w, uint32_t cursor_count)
{
    w->asleep = 0;
    w->ready = false;
    w->off = cursor_count < w->least;
    w->waiter_count = cursor_count;
}

/* The first has to sleep. */
static bool prepare(struct tri_waits *w)
{
    w->list_bits = 1;
    while (w->list_bits < 32 && (UINT64_C(1) << w->list_bits) < 2 * (uint64_t)w->waiter_count)
        w->list_bits++;
    uint64_t lists = UINT64_C(1) << w->list_bits;
    if (!tri_mem_reserve(w->mem, &w->waiters, &w->waiter_cap, w->waiter_count,
                         sizeof *w->waiters) ||
        !tri_mem_reserve(w->mem, &w->lists, &w->list_cap, lists, sizeof *w->lists))
        return false;
    memset(w->waiters, 0, w->waiter_count * sizeof *w->waiters);
    memset(w->lists, 0, lists * sizeof *w->lists);
    w->listed_count = 0;
    w->horizon = INT64_MIN;
    return true;
}

void tri_waits_sleep(struct tri_waits *w, const struct tri_step *step, uint32_t cursor)
{
    if (w->off || (w->asleep && w->waiters[cursor].state == ASLEEP))
        return;
    uint64_t keys[TRI_WAIT_KEYS_MAX];
    uint32_t count = find_keys(step, keys);
    if (!count || (!w->ready && !prepare(w))) {
        w->asleep = 0;
        w->off = true;
        return;
    }
    w->ready = true;
    struct tri_waiter *waiter = &w->waiters[cursor];
    if (waiter->state == LISTED)
        unlist(w, cursor);
    for (uint32_t i = 0; i < count; i++)
        add_link(w, cursor * TRI_WAIT_KEYS_MAX + i + 1, keys[i]);
    waiter->time = step->record->time;
    waiter->state = ASLEEP;
    w->asleep++;
}

uint32_t tri_waits_next(const struct tri_waits *w, const struct tri_frontier *f, uint32_t i)
{
    if (!w->asleep)
        return i;
    uint32_t behind = tri_frontier_find(f, w->horizon);
    if (i < behind) {
        uint32_t first = behind;
        for (uint32_t k = 0; k < w->listed_count; k++) {
            uint32_t at = tri_frontier_find(f, w->waiters[w->listed[k]].time);
            while (f->heap[at].index != w->listed[k])
                at++;
            if (at >= i && at < first)
                first = at;
        }
        if (first < behind)
            return first;
        i = behind;
    }
    while (i < f->count && w->waiters[f->heap[i].index].state == ASLEEP)
        i++;
    return i;
}

void tri_waits_found(struct tri_waits *w, const struct tri_frontier *f, uint32_t i)
{
    int64_t time = f->heap[i].time;
    if (!w->asleep || time <= w->horizon)
        return;
    w->horizon = time;
    /* Among equals the sort may have put another at the head, which is not tried. */
    uint32_t head = f->heap[0].index;
    if (w->waiters[head].state == AWAKE && f->heap[0].time < time) {
        w->waiters[head].time = f->heap[0].time;
        list(w, head);
    }
}

static void wake_for_go(struct tri_waits *w, const struct tri_go *go)
{
    if (!go)
        return;
    wake_all(w, key_of(GO, (uint64_t)go->id, 0));
    wake_all(w, key_at(GO_AT, (uint64_t)go->id, go->seq.seq + 1, go->status));
}

void tri_waits_wake(struct tri_waits *w, const struct tri_step *step)
{
    if (!w->asleep)
        return;
    wake_for_go(w, step->go);
    wake_for_go(w, step->next);
    const struct tri_proc *proc = step->proc;
    if (proc) {
        wake_all(w, key_of(PROC, (uint64_t)proc->id, 0));
        wake_all(
            w, key_at(PROC_AT, (uint64_t)proc->id, proc->seq.seq + 1, steal_status(proc->status)));
    }
    if (step->other)
        wake_all(w, key_of(THREAD, (uint64_t)step->other->id, 0));
    wake_all(w, key_of(GC_AT, 0, step->state->gc_seq + 1));
}

void tri_waits_move(struct tri_waits *w, uint32_t cursor, int64_t time)
{
    struct tri_waiter *waiter = &w->waiters[cursor];
    waiter->time = time;
    if (waiter->state == LISTED && time >= w->horizon)
        unlist(w, cursor);
    else if (waiter->state == AWAKE && time < w->horizon)
        list(w, cursor);
}

void tri_waits_end(struct tri_waits *w, uint32_t cursor)
{
    if (w->asleep && w->waiters[cursor].state == LISTED)
        unlist(w, cursor);
}

void tri_waits_free(struct tri_waits *w)
{
    tri_mem_free(w->mem, w->waiters, w->waiter_cap * sizeof *w->waiters);
    tri_mem_free(w->mem, w->lists, w->list_cap * sizeof *w->lists);
    *w = (struct tri_waits){.mem = w->mem, .least = w->least};
}
