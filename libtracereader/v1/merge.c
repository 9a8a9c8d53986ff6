/* The second pass: the procs' events are brought into one order, after the reference.
 *
 * Of the procs whose next event can come now, by what its goroutine is and how often that
 * has changed, the earliest comes next. The reference looks at all procs for each event;
 * here a proc that must wait is filed under the state that it waits for, and found when a
 * goroutine gets there. What the reference finds while it goes over its list of procs is
 * done in the order of that list, because equal times come out as the heap's layout has
 * them, and it depends on the order in which events were added.
 *
 * With header 5 events have sequence numbers instead, over all procs: nothing waits.
 *
 * On the way events are checked, if they stay in this order, which all do but returns from
 * system calls: these come out earlier than here, but what they change is not seen between.
 *
 * Invariants: a proc is either in the list of available ones (not read, waiting, or about
 * to be looked at), or its event is in the heap, or it is done. A waiting proc's event
 * cannot come now. */
#include <string.h>

#include "base/compiler.h"
#include "v1/cursor.h"
#include "v1/passes.h"

enum status { DEAD = 0, RUNNABLE, RUNNING, WAITING };

/* Sequence numbers that stand for any, the same, and the next. */
#define ANY_SEQ UINT64_MAX
#define SAME_SEQ UINT64_MAX
#define NEXT_SEQ (UINT64_MAX - 1)
/* The goroutine of events that need no order, and that of the collector's. */
#define UNORDERED UINT64_MAX
#define GARBAGE (UINT64_MAX - 1)

struct state {
    uint64_t seq;
    enum status status;
};

/* What an event needs, and makes, of a goroutine. */
struct change {
    uint64_t go;
    struct state before, after;
};

/* A proc in the merge. */
struct input {
    struct tri_v1_event event; /* the next, if there is one */
    struct change change;      /* that it makes, */
    uint32_t change_go;        /* and the goroutine's place + 1, 0: it has none yet */
    bool has_event;
    bool is_exit;
    uint32_t place;        /* among those that are available */
    uint32_t next_waiting; /* index + 1 */
    uint64_t known_go;     /* one that was looked up before, with its place + 1, 0: none */
    uint32_t known_go_at;
};

struct merge {
    struct tri_v1 *v;
    struct input *inputs;   /* by proc */
    struct tri_timed *heap; /* of events by time; `index` is the proc's */
    uint32_t heap_count;
    uint32_t *available; /* procs */
    uint32_t available_count;
    uint32_t done;     /* procs that have no more events */
    uint32_t *waiting; /* lists by what is waited for: proc + 1 */
    uint32_t waiting_mask;
    uint32_t waiting_count;
    struct tri_timed *ready;    /* procs to be looked at, by place */
    struct tri_v1_check *check; /* NULL: the events are checked later */
    bool by_seq;
};

static inline struct change change_of(const struct tri_v1 *v, const struct tri_v1_event *ev)
{
    const uint64_t *args = ev->args;
    switch ((enum tri_v1_order)v->format.shapes[ev->type].order) {
    case TRI_V1_ORDER_CREATE:
        return (struct change){args[0], {0, DEAD}, {1, RUNNABLE}};
    case TRI_V1_ORDER_WAITING:
        return (struct change){ev->go, {1, RUNNABLE}, {2, WAITING}};
    case TRI_V1_ORDER_START:
        return (struct change){ev->go, {args[1], RUNNABLE}, {args[1] + 1, RUNNING}};
    case TRI_V1_ORDER_START_LOCAL:
        return (struct change){ev->go, {ANY_SEQ, RUNNABLE}, {NEXT_SEQ, RUNNING}};
    case TRI_V1_ORDER_BLOCK:
        return (struct change){ev->go, {ANY_SEQ, RUNNING}, {SAME_SEQ, WAITING}};
    case TRI_V1_ORDER_YIELD:
        return (struct change){ev->go, {ANY_SEQ, RUNNING}, {SAME_SEQ, RUNNABLE}};
    case TRI_V1_ORDER_UNBLOCK:
        return (struct change){args[0], {args[1], WAITING}, {args[1] + 1, RUNNABLE}};
    case TRI_V1_ORDER_UNBLOCK_LOCAL:
        return (struct change){args[0], {ANY_SEQ, WAITING}, {NEXT_SEQ, RUNNABLE}};
    case TRI_V1_ORDER_GC_START:
        return (struct change){GARBAGE, {args[0], DEAD}, {args[0] + 1, DEAD}};
    case TRI_V1_ORDER_NONE:
        break;
    }
    return (struct change){.go = UNORDERED};
}

/* A goroutine's place + 1, 0: it has none. */
static inline uint32_t find_go(const struct merge *m, struct input *in, uint64_t id)
{
    if (TRI_LIKELY(in->known_go_at && in->known_go == id))
        return in->known_go_at;
    in->known_go = id;
    return in->known_go_at = tri_v1_go_at(m->v, id);
}

static bool can_come(const struct merge *m, struct input *in)
{
    const struct change *c = &in->change;
    struct state now = {0, DEAD};
    if (c->go == UNORDERED)
        return true;
    if (!in->change_go)
        in->change_go = tri_v1_go_at(m->v, c->go);
    if (in->change_go) {
        const struct tri_v1_go *go = &m->v->gos[in->change_go - 1];
        now = (struct state){go->merge.seq, (enum status)go->merge.status};
    }
    return (c->before.seq == ANY_SEQ || c->before.seq == now.seq) && c->before.status == now.status;
}

/* --- the reference's heap */

static void swap(struct tri_timed *heap, uint32_t i, uint32_t j)
{
    struct tri_timed t = heap[i];
    heap[i] = heap[j];
    heap[j] = t;
}

static void heap_push(struct merge *m, int64_t time, uint32_t proc)
{
    uint32_t j = m->heap_count++;
    m->heap[j] = (struct tri_timed){time, proc};
    while (j) {
        uint32_t parent = (j - 1) / 2;
        if (m->heap[j].time >= m->heap[parent].time)
            break;
        swap(m->heap, j, parent);
        j = parent;
    }
}

static uint32_t heap_pop(struct merge *m)
{
    uint32_t n = --m->heap_count, i = 0;
    struct tri_timed *heap = m->heap;
    swap(heap, 0, n);
    for (uint64_t child; (child = 2 * (uint64_t)i + 1) < n;) {
        uint32_t j = (uint32_t)child;
        if (j + 1 < n && heap[j + 1].time < heap[j].time)
            j++;
        if (heap[j].time >= heap[i].time)
            break;
        swap(heap, i, j);
        i = j;
    }
    return heap[n].index;
}

/* --- procs that wait */

static uint32_t *waiting_list(const struct merge *m, uint64_t go, struct state before)
{
    uint64_t seed = tri_hash_seed(m->waiting);
    uint64_t hash = tri_hash_fold(seed, go ^ (uint64_t)before.status << 60);
    hash = tri_hash_fold(seed, hash ^ before.seq);
    return &m->waiting[hash & m->waiting_mask];
}

static void wait_for(struct merge *m, uint32_t number)
{
    struct input *in = &m->inputs[number];
    uint32_t *list = waiting_list(m, in->change.go, in->change.before);
    in->next_waiting = *list;
    *list = number + 1;
    m->waiting_count++;
}

/* Take the procs out that waited for a goroutine's state; how many there are then in
 * m->ready. */
static uint32_t take_waiting(struct merge *m, uint64_t go, struct state now, uint32_t count)
{
    uint32_t *link = waiting_list(m, go, now);
    while (*link) {
        struct input *in = &m->inputs[*link - 1];
        const struct change *c = &in->change;
        if (c->go == go && c->before.seq == now.seq && c->before.status == now.status) {
            m->ready[count++] = (struct tri_timed){in->place, *link - 1};
            *link = in->next_waiting;
            m->waiting_count--;
        } else {
            link = &in->next_waiting;
        }
    }
    return count;
}

/* --- the list of available procs */

static void make_available(struct merge *m, uint32_t number)
{
    m->inputs[number].place = m->available_count;
    m->available[m->available_count++] = number;
}

/* The last one comes into the place of one that goes. */
static void make_unavailable(struct merge *m, uint32_t place)
{
    uint32_t last = m->available[--m->available_count];
    m->available[place] = last;
    m->inputs[last].place = place;
}

/* See that the proc has its next event, if it has one. */
static tr_status read_event(struct merge *m, uint32_t number)
{
    struct tri_v1 *v = m->v;
    struct tri_v1_proc *proc = &v->procs[number];
    struct input *in = &m->inputs[number];
    struct tri_v1_event *ev = &in->event;
    in->change = (struct change){.go = UNORDERED};
    in->is_exit = false;
    if (TRI_UNLIKELY(proc->has_samples)) {
        in->has_event = tri_v1_next_sample(v, proc, ev);
        return TR_OK;
    }
    while (TRI_UNLIKELY(!proc->at) || !(in->has_event = tri_v1_next_in_batch(v, proc, ev))) {
        if (!proc->next)
            return TR_OK;
        const struct tri_v1_batch *batch = &v->batches[proc->next - 1];
        if (batch->has_tables) {
            tr_status status = tri_v1_load_tables(v, batch->at);
            if (status != TR_OK)
                return status;
        }
        tri_v1_begin_batch(v, proc);
    }
    in->is_exit = tri_v1_is_exit(v, ev);
    if (!m->by_seq && v->format.shapes[ev->type].order != TRI_V1_ORDER_NONE) {
        in->change = change_of(v, ev);
        in->change_go = find_go(m, in, in->change.go);
    }
    tri_v1_settle(v, ev);
    return TR_OK;
}

static inline void push_event(struct merge *m, uint32_t number)
{
    const struct tri_v1_event *ev = &m->inputs[number].event;
    heap_push(m, m->by_seq ? ev->seq : ev->time, number);
}

/* Look at an available proc: its event goes into the heap, or it waits, or it is done.
 * Only if it waits it stays where it is. */
static tr_status look_at(struct merge *m, uint32_t number, bool *stays)
{
    struct input *in = &m->inputs[number];
    *stays = false;
    if (!in->has_event) {
        tr_status status = read_event(m, number);
        if (status != TR_OK)
            return status;
    }
    if (in->has_event && !can_come(m, in)) {
        *stays = true;
        wait_for(m, number);
        return TR_OK;
    }
    make_unavailable(m, in->place);
    if (in->has_event)
        push_event(m, number);
    else
        m->done++;
    return TR_OK;
}

/* The first time all are looked at, in their order, the last coming into gaps. */
static tr_status look_at_all(struct merge *m)
{
    tr_status status = TR_OK;
    for (uint32_t i = 0; status == TR_OK && i < m->available_count;) {
        bool stays;
        status = look_at(m, m->available[i], &stays);
        i += stays;
    }
    return status;
}

/* Look at those in m->ready, in the order of their places. All but one of them leave, so
 * the last of the list comes into each one's place: it may be one of them. */
static tr_status look_at_ready(struct merge *m, uint32_t count)
{
    tr_status status = TR_OK;
    tri_sort_timed(m->ready, count);
    for (uint32_t first = 0; status == TR_OK && first < count;) {
        uint32_t number = m->ready[first++].index;
        bool stays = false;
        for (;;) {
            uint32_t place = m->inputs[number].place;
            status = look_at(m, number, &stays);
            if (status != TR_OK || stays || first == count || place >= m->available_count ||
                m->available[place] != m->ready[count - 1].index)
                break;
            number = m->ready[--count].index;
        }
    }
    return status;
}

/* --- what comes out */

static tr_status add_exit(struct tri_v1 *v, const struct tri_v1_event *ev)
{
    bool by_seq = v->version < TRI_GO107;
    int64_t time = by_seq && !ev->args[2] ? ev->time : (int64_t)ev->args[2];
    if (!tri_mem_reserve(v->mem, &v->exits, &v->exit_cap, (uint64_t)v->exit_count + 1,
                         sizeof *v->exits))
        return tri_v1_no_memory(v, ev->offset);
    v->exits[v->exit_count++] = (struct tri_v1_exit){
        .key = by_seq ? (int64_t)ev->args[1] : time,
        .time = time,
        .go = ev->args[0],
        .offset = ev->offset,
        .place = v->tape_count,
    };
    return TR_OK;
}

static tr_status fail_time_order(struct tri_v1 *v, const struct tri_v1_event *ev)
{
    return tri_err_set(v->err, TR_E_ORDER, tri_v1_place(v, ev->offset, ev->type),
                       "time stamps out of order");
}

/* A return from a system call must come after its beginning. */
static tr_status check_exit(struct tri_v1 *v, const struct tri_v1_event *ev)
{
    uint32_t at = tri_v1_go_at(v, ev->go);
    int64_t blocked = at ? v->gos[at - 1].merge.blocked : 0;
    if (blocked == 0)
        return tri_err_set(v->err, TR_E_ORDER, tri_v1_place(v, ev->offset, ev->type),
                           "stray syscall exit of goroutine %llu", (unsigned long long)ev->go);
    return (int64_t)ev->args[2] < blocked ? fail_time_order(v, ev) : TR_OK;
}

static inline void put_on_tape(struct tri_v1 *v, uint32_t proc)
{
    uint8_t *to = v->tape + v->tape_count++ * v->tape_width;
    to[0] = (uint8_t)proc;
    for (unsigned i = 1; i < v->tape_width; i++)
        to[i] = (uint8_t)(proc >> 8 * i);
}

/* Move the state of the event's goroutine on. */
static tr_status apply(struct merge *m, struct input *in, struct state *now)
{
    struct tri_v1 *v = m->v;
    const struct change *c = &in->change;
    /* It could when it was added, but another proc's event may have come in between. */
    if (!can_come(m, in))
        return tri_err_set(v->err, TR_E_ORDER, tri_v1_place(v, in->event.offset, in->event.type),
                           "impossible state transition of goroutine %llu",
                           (unsigned long long)c->go);
    if (!in->change_go)
        in->change_go = tri_v1_add_go(v, c->go, &in->event);
    if (!in->change_go)
        return v->err->error.code;
    struct tri_v1_go *go = &v->gos[in->change_go - 1];
    *now = c->after;
    if (now->seq == SAME_SEQ)
        now->seq = go->merge.seq;
    else if (now->seq == NEXT_SEQ)
        now->seq = go->merge.seq + 1;
    go->merge.seq = now->seq;
    go->merge.status = (uint8_t)now->status;
    if (in->event.type == TRI_V1_GoSysBlock || in->event.type == TRI_V1_GoInSyscall)
        go->merge.blocked = in->event.time;
    return TR_OK;
}

/* Put the event where it belongs. */
static tr_status take_event(struct merge *m, uint32_t number)
{
    struct tri_v1 *v = m->v;
    struct input *in = &m->inputs[number];
    const struct tri_v1_event *ev = &in->event;
    tr_status status = TR_OK;
    if (TRI_UNLIKELY(in->is_exit)) {
        if (!m->by_seq)
            status = check_exit(v, ev);
        if (status == TR_OK)
            status = add_exit(v, ev);
        if (status == TR_OK && m->check && (int64_t)ev->args[2] > ev->time) {
            /* It comes later than here, so what comes until then is checked wrongly. */
            tri_v1_check_free(m->check);
            m->check = NULL;
        }
    } else {
        put_on_tape(v, number);
    }
    return status == TR_OK && m->check
               ? tri_v1_check_event(m->check, ev, number, find_go(m, in, ev->go))
               : status;
}

/* Let the earliest event come. */
static tr_status advance(struct merge *m, int64_t *last)
{
    int64_t key = m->heap[0].time;
    uint32_t number = heap_pop(m), count = 0;
    struct input *in = &m->inputs[number];
    tr_status status = TR_OK;
    if (TRI_UNLIKELY(key < *last))
        return fail_time_order(m->v, &in->event);
    *last = key;
    if (in->change.go != UNORDERED) {
        struct state now = {0, DEAD};
        status = apply(m, in, &now);
        if (status == TR_OK && m->waiting_count) {
            count = take_waiting(m, in->change.go, now, count);
            now.seq = ANY_SEQ;
            count = take_waiting(m, in->change.go, now, count);
        }
    }
    if (status == TR_OK)
        status = take_event(m, number);
    in->has_event = false;
    if (status == TR_OK && count == 0) {
        /* Nearly always: only this one is to be looked at, and it is the last. */
        status = read_event(m, number);
        if (TRI_LIKELY(status == TR_OK && in->has_event && can_come(m, in))) {
            push_event(m, number);
            return TR_OK;
        }
    }
    if (status != TR_OK)
        return status;
    make_available(m, number);
    m->ready[count++] = (struct tri_timed){in->place, number};
    return look_at_ready(m, count);
}

static tr_status run(struct merge *m)
{
    struct tri_v1 *v = m->v;
    int64_t last = INT64_MIN;
    tr_status status = v->has_prologue ? tri_v1_load_tables(v, 0) : TR_OK;
    if (status == TR_OK)
        status = look_at_all(m);
    for (uint64_t done = 1; status == TR_OK && m->heap_count; done++) {
        status = advance(m, &last);
        if (TRI_UNLIKELY(done % TRI_V1_STEP_EVENTS == 0) && status == TR_OK &&
            !tri_v1_may_go_on(v, done, TRI_V1_STEP_EVENTS))
            return tri_v1_canceled(v);
    }
    if (status == TR_OK && m->done < v->proc_count) {
        const struct tri_v1_event *ev = &m->inputs[m->available[0]].event;
        return tri_err_set(v->err, TR_E_ORDER, tri_v1_place(v, ev->offset, ev->type),
                           "no consistent ordering of events possible: goroutine %llu has %s",
                           (unsigned long long)ev->go, v->format.shapes[ev->type].name);
    }
    return status;
}

/* Sort the exits by key, those with equal ones as they are: they hardly move, and runs of
 * them are merged. */
static tr_status sort_exits(struct tri_v1 *v)
{
    uint64_t count = v->exit_count;
    struct tri_v1_exit *from = v->exits, *to;
    uint64_t sorted = 1;
    while (sorted < count && from[sorted - 1].key <= from[sorted].key)
        sorted++;
    if (sorted >= count)
        return TR_OK;
    struct tri_v1_exit *other = tri_mem_alloc(v->mem, count * sizeof *other);
    if (!other)
        return tri_v1_no_memory(v, v->begin);
    to = other;
    for (uint64_t width = 1; width < count; width *= 2) {
        for (uint64_t at = 0; at < count; at += 2 * width) {
            uint64_t middle = at + width < count ? at + width : count;
            uint64_t end = middle + width < count ? middle + width : count;
            for (uint64_t i = at, j = middle, k = at; k < end; k++)
                to[k] =
                    i < middle && (j == end || from[i].key <= from[j].key) ? from[i++] : from[j++];
        }
        struct tri_v1_exit *t = from;
        from = to;
        to = t;
    }
    if (from == other)
        memcpy(v->exits, other, count * sizeof *other);
    tri_mem_free(v->mem, other, count * sizeof *other);
    return TR_OK;
}

/* What the merge needs for each proc, in one block. */
static bool prepare(struct merge *m, void **block, size_t *bytes)
{
    uint64_t procs = m->v->proc_count, lists = 4;
    while (lists < 2 * procs)
        lists *= 2;
    *bytes = procs * (sizeof *m->inputs + 2 * sizeof *m->heap + sizeof *m->available) +
             lists * sizeof *m->waiting;
    *block = tri_mem_zalloc(m->v->mem, *bytes);
    if (!*block)
        return false;
    m->inputs = *block;
    m->heap = (struct tri_timed *)(m->inputs + procs);
    m->ready = m->heap + procs;
    m->available = (uint32_t *)(m->ready + procs);
    m->waiting = m->available + procs;
    m->waiting_mask = (uint32_t)(lists - 1);
    for (uint32_t i = 0; i < procs; i++)
        make_available(m, i);
    return true;
}

tr_status tri_v1_merge(struct tri_v1 *v)
{
    struct merge m = {.v = v, .by_seq = v->version < TRI_GO107};
    void *block;
    size_t bytes;
    tr_status status = TR_OK;
    v->tape_width = v->proc_count <= 1 << 8 ? 1 : v->proc_count <= 1 << 16 ? 2 : 4;
    v->tape_cap = (v->timed_count + v->sample_count) * v->tape_width;
    v->tape = v->tape_cap ? tri_mem_alloc(v->mem, v->tape_cap) : NULL;
    if ((v->tape_cap && !v->tape) || !prepare(&m, &block, &bytes))
        return tri_v1_no_memory(v, v->begin);
    tri_v1_rewind(v);
    /* Where the order of events is not that of the merge, they are checked afterwards. */
    bool checks = !m.by_seq && !(v->has_futile && v->version < TRI_GO111);
    if (checks && !(m.check = tri_v1_check_new(v)))
        status = v->err->error.code;
    if (status == TR_OK)
        status = run(&m);
    v->checked = m.check != NULL;
    tri_v1_check_free(m.check);
    tri_mem_free(v->mem, block, bytes);
    return status == TR_OK ? sort_exits(v) : status;
}
