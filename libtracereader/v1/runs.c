/* Runs: events of one proc that no other's event comes between.
 *
 * Most events come in runs, and nearly all are of a few types that start, stop and unblock
 * goroutines. Here they are decoded, ordered and checked at once, by the rules of
 * v1/merge.c and v1/check.c. A run ends before whatever is not as it nearly always is: it
 * is left to these two, which find it as if there had been no run.
 *
 * Invariant: nothing of an event is done before it is sure that it belongs to the run. */
#include "v1/cursor.h"
#include "v1/passes.h"
#include "wire/varint.h"

enum { RUN_EVENTS = 1 << 16 }; /* at most, so that somebody may cancel */

/* Where a run is. */
struct run {
    struct tri_v1 *v;
    struct tri_v1_proc *proc;
    struct tri_v1_go *none, *go; /* that stands for none; that runs */
    tr_status status;            /* an error ends the run */
};

/* The next event. */
struct next {
    const struct tri_v1_head *head;
    const uint8_t *at; /* its record */
    const uint8_t *p;  /* in its record */
    unsigned left;     /* numbers behind that */
    int64_t time;
};

/* Whether what runs is known to the check too. */
static inline bool is_running(const struct run *r)
{
    return (r->go->check.state == TRI_V1_RUNNING) & (r->proc->check.go == r->go->id);
}

/* What v1/merge.c and v1/check.c know of a goroutine is the same here. */
static inline bool is_in(const struct tri_v1_go *go, enum tri_v1_go_state state)
{
    return (go->merge.status == state) & (go->check.state == state) & (go->merge.waiting == 0);
}

/* There is room for one: a run has no more events than that. */
static inline void add_mark(struct tri_v1 *v, bool value)
{
    tri_v1_bits_add(v->mem, &v->marks, value);
}

static inline void change(struct tri_v1_go *go, enum tri_v1_go_state state, bool on_network)
{
    go->merge.status = go->check.state = (uint8_t)state;
    go->check.blocked_on_network = on_network;
}

/* The goroutine that is the event's argument, if that can change from a state now. */
static TRI_INLINE struct tri_v1_go *find_other(const struct run *r, struct next *n,
                                               enum tri_v1_go_state state)
{
    uint64_t id;
    n->p = tri_varint_read_fast(n->p, &id);
    struct tri_v1_go *go = tri_v1_find_go(r->v, id);
    if (TRI_UNLIKELY(!go))
        return NULL;
    uint64_t seq = go->merge.seq;
    if (n->head->own_args > 1)
        n->p = tri_varint_read_fast(n->p, &seq);
    n->left -= n->head->own_args;
    /* Far from those numbers and ids that stand for something else. */
    bool can = is_in(go, state) & (seq == go->merge.seq) & ((id | seq) >> 63 == 0);
    return TRI_LIKELY(can) ? go : NULL;
}

/* One that nothing is known of. */
static bool create(struct run *r, const struct next *n)
{
    uint64_t id;
    tri_varint_read_fast(n->p, &id);
    if (TRI_UNLIKELY(!is_running(r) || id >> 63 != 0 || tri_v1_find_go(r->v, id)))
        return false;
    const struct tri_v1_event ev = {
        .offset = r->v->begin + (uint64_t)(n->at - r->v->data),
        .type = n->head->type,
    };
    struct tri_v1_go *go = tri_v1_add_go(r->v, id, &ev);
    if (TRI_UNLIKELY(!go)) {
        r->status = r->v->err->error.code;
        return false;
    }
    go->merge.seq = 1;
    go->check.known = true;
    change(go, TRI_V1_RUNNABLE, false);
    r->go->check.call = 0;
    return true;
}

static inline bool start(struct run *r, struct next *n)
{
    struct tri_v1_go *go = find_other(r, n, TRI_V1_RUNNABLE);
    if (TRI_UNLIKELY(!go || r->proc->check.go != 0))
        return false;
    go->merge.seq++;
    change(go, TRI_V1_RUNNING, false);
    go->check.call = 0;
    r->proc->check.go = go->id;
    r->go = go;
    return true;
}

static inline bool unblock(struct run *r, struct next *n)
{
    struct tri_v1_go *go = find_other(r, n, TRI_V1_WAITING);
    if (TRI_UNLIKELY(!go || !is_running(r) ||
                     (r->v->timer_gos.used && tri_map_get(&r->v->timer_gos, r->go->id))))
        return false;
    add_mark(r->v, go->check.blocked_on_network);
    go->merge.seq++;
    change(go, TRI_V1_RUNNABLE, false);
    r->go->check.call = 0;
    return true;
}

static inline void stop(struct run *r)
{
    r->go->check.call = 0;
    r->proc->check.go = 0;
    r->go = r->none;
}

static inline bool block(struct run *r, const struct next *n)
{
    struct tri_v1_go *go = r->go;
    if (TRI_UNLIKELY(go == r->none || !is_running(r) || !is_in(go, TRI_V1_RUNNING)))
        return false;
    if (n->head->type == TRI_V1_GoSysBlock) {
        go->merge.blocked = n->time;
        if (go->check.call)
            tri_v1_bits_set(&r->v->marks, go->check.call - 1);
    }
    change(go, n->head->order == TRI_V1_ORDER_YIELD ? TRI_V1_RUNNABLE : TRI_V1_WAITING,
           n->head->type == TRI_V1_GoBlockNet);
    stop(r);
    return true;
}

static inline bool end(struct run *r)
{
    struct tri_v1_go *go = r->go;
    if (TRI_UNLIKELY(go == r->none || !is_running(r) || go->check.regions))
        return false;
    go->check.state = TRI_V1_DEAD;
    go->check.blocked_on_network = false;
    stop(r);
    return true;
}

static inline bool call(struct run *r)
{
    if (TRI_UNLIKELY(r->go == r->none || !is_running(r)))
        return false;
    r->go->check.blocked_on_network = false;
    add_mark(r->v, false);
    r->go->check.call = r->v->marks.count;
    return true;
}

static inline bool sweep(struct run *r, bool begins)
{
    if (TRI_UNLIKELY(r->proc->check.sweeps == begins))
        return false;
    r->proc->check.sweeps = begins;
    r->go->check.call = 0;
    return true;
}

/* Do what the event does; false: it is not of the run. */
static TRI_INLINE bool take(struct run *r, struct next *n)
{
    switch ((enum tri_v1_run)n->head->run) {
    case TRI_V1_RUN_CREATE:
        return create(r, n);
    case TRI_V1_RUN_START:
        return start(r, n);
    case TRI_V1_RUN_UNBLOCK:
        return unblock(r, n);
    case TRI_V1_RUN_BLOCK:
        return block(r, n);
    case TRI_V1_RUN_CALL:
        return call(r);
    case TRI_V1_RUN_END:
        return end(r);
    case TRI_V1_RUN_SWEEP:
        return sweep(r, true);
    case TRI_V1_RUN_SWEPT:
        return sweep(r, false);
    case TRI_V1_RUN_TELL:
        r->go->check.call = 0;
        return true;
    case TRI_V1_RUN_NOT:
        break;
    }
    return false;
}

tr_status tri_v1_run(struct tri_v1 *v, uint32_t number, int64_t limit, int64_t *last)
{
    struct tri_v1_proc *proc = &v->procs[number];
    struct tri_v1_piece *piece = v->piece_count ? &v->tape[v->piece_count - 1] : NULL;
    struct run r = {v, proc, tri_v1_find_go(v, 0), tri_v1_find_go(v, proc->go), TR_OK};
    const uint8_t *at = proc->at, *const end = v->data + v->data_bytes;
    uint64_t time = (uint64_t)proc->time, since;
    int64_t before = *last;
    uint32_t count = 0, max = RUN_EVENTS;
    if (!at || !r.go || !piece || piece->proc != number || piece->count > UINT32_MAX - RUN_EVENTS)
        return TR_OK;
    /* Each may leave a mark. */
    if (v->marks.cap * UINT64_C(8) - v->marks.count < max)
        max = (uint32_t)(v->marks.cap * UINT64_C(8) - v->marks.count);
    for (; at < end && count < max; count++) {
        const struct tri_v1_head *head = &v->format.heads[*at];
        struct next n = {.head = head, .at = at, .p = at + 1, .left = head->numbers};
        if (head->run == TRI_V1_RUN_NOT)
            break;
        if (head->has_length)
            n.p = tri_v1_skip_number(n.p);
        n.p = tri_varint_read_fast(n.p, &since);
        n.time = (int64_t)(time + since);
        if (TRI_UNLIKELY((n.time < before) | (n.time >= limit)) || TRI_UNLIKELY(!take(&r, &n)))
            break;
        before = n.time;
        time = (uint64_t)n.time;
        for (; n.left; n.left--)
            n.p = tri_v1_skip_number(n.p);
        at = n.p;
    }
    proc->at = at;
    proc->time = (int64_t)time;
    proc->go = r.go->id;
    piece->count += count;
    v->tape_count += count;
    *last = before;
    return r.status;
}
