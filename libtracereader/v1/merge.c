/* The second pass: the procs' events are brought into one order, after the reference.
 *
 * Of the procs whose next event can come now, by what its goroutine is and how often that
 * has changed, the earliest comes next. The reference looks at all procs for each event;
 * here a proc that must wait is filed under the state that it waits for, and found when the
 * goroutine gets there. What the reference finds while it goes over its list of procs is
 * done in the order of that list, because equal times come out as the heap's layout has
 * them, and it depends on the order in which events were added.
 *
 * With header 5 events have sequence numbers instead, over all procs: nothing waits. Those of a
 * proc nearly always grow; only once they are seen not to, all events are sorted.
 *
 * On the way events are checked, if they stay in this order, which all do but returns from
 * system calls: these come out earlier than here, but what they change is not seen between, if
 * nothing else has changed the goroutine since the call.
 *
 * Invariants: a proc is either in the list of available ones (not read, waiting, or about
 * to be looked at), or its event is in the heap, or it is done. A waiting proc's event
 * cannot come now. */
#include <string.h>

#include "base/compiler.h"
#include "v1/cursor.h"
#include "v1/heap.h"
#include "v1/passes.h"
#include "v1/usual.h"

/* A sequence number that stands for any; and one that is never reached. */
#define ANY_SEQ UINT64_MAX
#define NO_SEQ UINT64_MAX
/* The goroutine of events that need no order, and that of the collector's. */
#define UNORDERED UINT64_MAX
#define GARBAGE (UINT64_MAX - 1)

/* How events of an order depend on a goroutine: of what it must be, and what it becomes.
 * Then its sequence number is the next one, but for what it stops for itself. */
enum whose { NOBODY, NAMED, RUNNING, COLLECTOR };
#define ALL UINT8_MAX
#define NEVER (UINT8_MAX - 1) /* more must be looked at */
struct tri_v1_rule {
    uint8_t whose;
    uint8_t before, after;
    uint8_t any;     /* all bits if the state does not matter. Or'ed with these, */
    uint8_t at_once; /* the one in which the event can come if it tells no wrong number */
    bool stays;      /* the sequence number does */
    uint64_t seq;    /* that is needed, if the event does not tell it */
};
static const struct tri_v1_rule rules[] = {
    [TRI_V1_ORDER_NONE] = {NOBODY, TRI_V1_DEAD, TRI_V1_DEAD, ALL, ALL, true, ANY_SEQ},
    [TRI_V1_ORDER_CREATE] = {NAMED, TRI_V1_DEAD, TRI_V1_RUNNABLE, 0, NEVER, false, 0},
    [TRI_V1_ORDER_WAITING] = {NAMED, TRI_V1_RUNNABLE, TRI_V1_WAITING, 0, NEVER, false, 1},
    [TRI_V1_ORDER_START] = {NAMED, TRI_V1_RUNNABLE, TRI_V1_RUNNING, 0, TRI_V1_RUNNABLE, false, 0},
    [TRI_V1_ORDER_START_LOCAL] = {NAMED, TRI_V1_RUNNABLE, TRI_V1_RUNNING, 0, TRI_V1_RUNNABLE, false,
                                  ANY_SEQ},
    [TRI_V1_ORDER_BLOCK] = {RUNNING, TRI_V1_RUNNING, TRI_V1_WAITING, 0, TRI_V1_RUNNING, true,
                            ANY_SEQ},
    [TRI_V1_ORDER_YIELD] = {RUNNING, TRI_V1_RUNNING, TRI_V1_RUNNABLE, 0, TRI_V1_RUNNING, true,
                            ANY_SEQ},
    [TRI_V1_ORDER_UNBLOCK] = {NAMED, TRI_V1_WAITING, TRI_V1_RUNNABLE, 0, TRI_V1_WAITING, false, 0},
    [TRI_V1_ORDER_UNBLOCK_LOCAL] = {NAMED, TRI_V1_WAITING, TRI_V1_RUNNABLE, 0, TRI_V1_WAITING,
                                    false, ANY_SEQ},
    [TRI_V1_ORDER_GC_START] = {COLLECTOR, TRI_V1_DEAD, TRI_V1_DEAD, 0, NEVER, false, 0},
};

struct merge {
    struct tri_v1 *v;
    struct tri_v1_input *inputs; /* by proc */
    uint32_t ahead;              /* events that are read at a time */
    struct tri_v1_heap heap;     /* those whose events can come */
    struct tri_v1_heap filed;    /* of a trace that is salvaged: those that have waited */
    uint32_t *available;         /* procs */
    uint32_t available_count;
    uint32_t done;     /* procs that have no more events */
    uint32_t *waiting; /* lists by what is waited for: proc + 1 */
    uint32_t waiting_count;
    uint32_t waiting_mask;
    struct tri_timed *ready;    /* procs to be looked at, by place */
    struct tri_v1_check *check; /* NULL: the events are checked later */
    bool by_seq;
    bool relaxes; /* the trace is salvaged: what cannot come comes nevertheless */
};

static inline bool can_come(const struct tri_v1_input *in)
{
    const struct tri_v1_rule *rule = in->rule;
    if (!rule)
        return true;
    if (!in->change)
        return rule->before == TRI_V1_DEAD && (in->seq == ANY_SEQ || in->seq == 0);
    return ((in->seq == ANY_SEQ) | (in->seq == in->change->merge.seq)) &
           (rule->before == in->change->merge.status);
}

/* --- procs that wait */

/* The list of procs that wait for a state of a goroutine, and others. */
static uint32_t *waiting_list(const struct merge *m, uint64_t go, enum tri_v1_go_state status,
                              uint64_t seq)
{
    uint64_t seed = tri_hash_seed(m->waiting);
    uint64_t hash = tri_hash_fold(seed, go ^ (uint64_t)status << 60);
    return &m->waiting[tri_hash_fold(seed, hash ^ seq) & m->waiting_mask];
}

/* File the proc under the state that it waits for. */
static tr_status wait_for(struct merge *m, uint32_t number)
{
    struct tri_v1_input *in = &m->inputs[number];
    uint64_t offset = m->v->begin + (uint64_t)(in->next->at - m->v->data);
    if (!in->change && !(in->change = tri_v1_add_go(m->v, in->change_id, offset)))
        return m->v->err->error.code;
    uint32_t *link =
        waiting_list(m, in->change_id, (enum tri_v1_go_state)in->rule->before, in->seq);
    in->next_waiting = *link;
    if (*link)
        m->inputs[*link - 1].waiting_link = &in->next_waiting;
    in->waiting_link = link;
    *link = number + 1;
    in->change->merge.waiting++;
    m->waiting_count++;
    if (m->relaxes && !in->is_filed) {
        in->is_filed = true;
        tri_v1_heap_push(&m->filed, in->next->time, number);
    }
    return TR_OK;
}

static void wait_no_more(struct merge *m, struct tri_v1_input *in)
{
    *in->waiting_link = in->next_waiting;
    if (in->next_waiting)
        m->inputs[in->next_waiting - 1].waiting_link = in->waiting_link;
    in->waiting_link = NULL;
    in->change->merge.waiting--;
    m->waiting_count--;
}

/* Take the procs out that waited for a state in which the goroutine is now, into m->ready,
 * where `count` are already; how many there are then. */
static uint32_t take_waiting(struct merge *m, struct tri_v1_go *go, uint64_t seq, uint32_t count)
{
    uint32_t next;
    for (uint32_t at = *waiting_list(m, go->id, (enum tri_v1_go_state)go->merge.status, seq); at;
         at = next) {
        struct tri_v1_input *in = &m->inputs[at - 1];
        next = in->next_waiting;
        if (in->change == go && can_come(in)) {
            m->ready[count++] = (struct tri_timed){in->place, at - 1};
            wait_no_more(m, in);
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

/* Read the proc's next events, if it has more. */
TRI_APART static tr_status read_more(struct merge *m, struct tri_v1_input *in)
{
    struct tri_v1 *v = m->v;
    struct tri_v1_proc *proc = in->proc;
    uint32_t count;
    while ((count = tri_v1_read_ahead(v, proc, in->briefs, m->ahead)) == 0 && proc->next) {
        const struct tri_v1_batch *batch = tri_v1_batch(v, proc->next - 1);
        tr_status status = batch->has_tables ? tri_v1_load_tables(v, batch->at) : TR_OK;
        if (status != TR_OK)
            return status;
        tri_v1_begin_batch(v, proc);
    }
    in->next = in->briefs;
    in->end = in->briefs + count;
    return TR_OK;
}

/* Note what the next event needs to come. */
static void find_needs(const struct merge *m, struct tri_v1_input *in)
{
    const struct tri_v1_brief *ev = in->next;
    const struct tri_v1_rule *rule = &rules[ev->head->order];
    in->seq = ev->head->tells_seq ? ev->seq : rule->seq;
    in->change_id = rule->whose == NAMED       ? ev->id
                    : rule->whose == RUNNING   ? in->proc->go
                    : rule->whose == COLLECTOR ? GARBAGE
                                               : UNORDERED;
    in->rule = in->change_id == UNORDERED ? NULL : rule;
    in->change = in->rule ? tri_v1_find_go(m->v, in->change_id) : NULL;
}

TRI_APART static bool needs_are_met(const struct merge *m, struct tri_v1_input *in)
{
    find_needs(m, in);
    return can_come(in);
}

/* Whether the next event can come now: nearly always that is seen at once. What types ask for
 * is looked at without branches, as what comes next cannot be guessed. */
static TRI_INLINE bool is_ready(const struct merge *m, struct tri_v1_input *in)
{
    const struct tri_v1_brief *ev = in->next;
    const struct tri_v1_rule *rule = &rules[ev->head->order];
    struct tri_v1_go *go = ev->head->names_go ? ev->go : in->running;
    in->change = go;
    if (TRI_LIKELY(go != NULL) && TRI_LIKELY((go->merge.status | rule->any) == rule->at_once &&
                                             (!ev->head->tells_seq | (ev->seq == go->merge.seq))))
        return true;
    return needs_are_met(m, in);
}

/* Go to the proc's next event, if it has one. */
static TRI_INLINE tr_status find_next(struct merge *m, struct tri_v1_input *in)
{
    tr_status status = TR_OK;
    if (TRI_UNLIKELY(in->next == in->end)) {
        status = read_more(m, in);
        if (TRI_UNLIKELY(in->next == in->end))
            return status;
    }
    in->key = TRI_UNLIKELY(m->by_seq) ? (int64_t)in->next->seq : in->next->time;
    return status;
}

static inline void push_event(struct merge *m, const struct tri_v1_input *in)
{
    tri_v1_heap_push(&m->heap, in->key, in->proc->number);
}

static inline struct tri_v1_input *pop_event(struct merge *m)
{
    return m->heap.count ? &m->inputs[tri_v1_heap_pop(&m->heap)] : NULL;
}

/* Look at an available proc: its event goes into the heap, or it waits, or it is done.
 * Only if it waits it stays where it is. */
static tr_status look_at(struct merge *m, uint32_t number, bool *stays)
{
    struct tri_v1_input *in = &m->inputs[number];
    *stays = false;
    tr_status status = find_next(m, in);
    if (status != TR_OK)
        return status;
    if (in->next != in->end && !is_ready(m, in)) {
        *stays = true;
        return wait_for(m, number);
    }
    make_unavailable(m, in->place);
    if (in->next != in->end)
        push_event(m, in);
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
        .place = v->tape.count,
    };
    return TR_OK;
}

/* A return from a system call must come after its beginning. */
static tr_status check_exit(struct tri_v1 *v, const struct tri_v1_event *ev,
                            const struct tri_v1_go *go)
{
    int64_t blocked = go ? go->blocked : 0;
    if (blocked == 0)
        return tri_err_set(v->err, TR_E_ORDER, tri_v1_place(v, ev->offset),
                           "stray syscall exit of goroutine %llu", (unsigned long long)ev->go);
    return (int64_t)ev->args[2] < blocked ? tri_v1_time_order(v, ev) : TR_OK;
}

/* Move the state of the event's goroutine on. */
static tr_status apply(struct merge *m, struct tri_v1_input *in, const struct tri_v1_event *ev)
{
    struct tri_v1 *v = m->v;
    const struct tri_v1_rule *rule = in->rule;
    /* It could when it was added, but another proc's event may have come in between. */
    if (!can_come(in)) {
        if (!m->relaxes)
            return tri_err_set(v->err, TR_E_ORDER, tri_v1_place(v, ev->offset),
                               "impossible state transition of goroutine %llu",
                               (unsigned long long)in->change_id);
        in->relaxed = true;
    }
    if (!in->change && !(in->change = tri_v1_add_go(v, in->change_id, ev->offset)))
        return v->err->error.code;
    struct tri_v1_go *go = in->change;
    uint64_t next = (rule->seq == ANY_SEQ ? go->merge.seq : in->seq) + 1;
    go->merge.seq = rule->stays || next == NO_SEQ ? go->merge.seq : next;
    go->merge.status = rule->after;
    if (!tri_v1_is_exit(v, ev))
        go->merge.in_call = false;
    return TR_OK;
}

/* Note that the event's goroutine is in a system call that blocks. */
static tr_status note_call(struct tri_v1 *v, const struct tri_v1_event *ev)
{
    struct tri_v1_go *go = tri_v1_add_go(v, ev->go, ev->offset);
    if (!go)
        return v->err->error.code;
    go->blocked = ev->time;
    go->merge.in_call = true;
    return TR_OK;
}

/* Put the event, of a goroutine, where it belongs. */
static tr_status take_event(struct merge *m, struct tri_v1_input *in, const struct tri_v1_event *ev,
                            struct tri_v1_go *go)
{
    struct tri_v1 *v = m->v;
    uint32_t *word = NULL;
    tr_status status = TR_OK;
    if (tri_v1_is_exit(v, ev)) {
        if (!m->by_seq && !m->relaxes)
            status = check_exit(v, ev, go);
        if (status == TR_OK)
            status = add_exit(v, ev);
        if (status == TR_OK && m->check &&
            ((int64_t)ev->args[2] > ev->time || !go->merge.in_call)) {
            /* It comes later than here, or before what was done to the goroutine since the
             * call, so what is between is checked wrongly. */
            tri_v1_check_free(m->check);
            m->check = NULL;
        }
        if (go)
            go->merge.in_call = false;
    } else {
        struct tri_v1_proc *proc = in->proc;
        if (!tri_v1_tape_put(v, proc, ev->type, in->next->at, in->next->bytes, ev->time) ||
            (m->relaxes && !tri_v1_bits_add(v->mem, &v->relaxed, in->relaxed)))
            status = tri_v1_no_memory(v, ev->offset);
        else
            word = v->tape.at - 1;
    }
    return status == TR_OK && m->check
               ? tri_v1_check_event(m->check, ev, word, in->proc->number, go)
               : status;
}

/* All of an event. */
static const struct tri_v1_event *decode(const struct merge *m, const struct tri_v1_input *in)
{
    if (m->by_seq)
        in->proc->seq = in->next->seq;
    return tri_v1_decode(m->v, in->proc, in->next->at, in->next->time);
}

/* Whether the event says something of what its proc runs that no other waits for. */
static inline bool is_aside(const struct merge *m, const struct tri_v1_input *in)
{
    const struct tri_v1_head *head = in->next->head;
    return m->check && in->running && head->order == TRI_V1_ORDER_NONE &&
           head->bind == TRI_V1_BIND_NONE && !in->proc->has_samples;
}

/* Do what the event does, whatever it is. */
TRI_APART static tr_status do_event(struct merge *m, struct tri_v1_input *in)
{
    if (is_aside(m, in))
        return take_event(m, in, decode(m, in), in->running);
    find_needs(m, in);
    in->relaxed = false;
    const struct tri_v1_event *ev = decode(m, in);
    tr_status status = in->rule ? apply(m, in, ev) : TR_OK;
    if (status == TR_OK && (ev->type == TRI_V1_GoSysBlock || ev->type == TRI_V1_GoInSyscall))
        status = note_call(m->v, ev);
    if (status == TR_OK)
        status = take_event(m, in, ev, tri_v1_find_go(m->v, ev->go));
    in->running = tri_v1_find_go(m->v, in->proc->go);
    return status;
}

/* Put the next event of a proc, which can come, among the others, and take the earliest. */
static TRI_INLINE struct tri_v1_input *change_turns(struct merge *m, struct tri_v1_input *in)
{
    struct tri_timed *first = m->heap.procs;
    if (TRI_LIKELY(m->heap.count == 1) && in->key >= first->time) {
        struct tri_v1_input *other = &m->inputs[first->index];
        *first = (struct tri_timed){in->key, in->proc->number};
        return other;
    }
    if (m->heap.count <= 1 || (in->key < first->time && tri_v1_heap_returns(&m->heap)))
        return in;
    push_event(m, in);
    return pop_event(m);
}

/* Let the earliest event come, which is that of a proc that is not in the heap. *turn is
 * then the next such proc. */
static TRI_INLINE tr_status advance(struct merge *m, struct tri_v1_input **turn, int64_t *last)
{
    struct tri_v1_input *in = *turn;
    uint32_t count = 0;
    tr_status status = TR_OK;
    if (TRI_UNLIKELY(in->key < *last) && !m->relaxes)
        return tri_v1_time_order(m->v, decode(m, in));
    *last = in->key;
    enum tri_v1_done done =
        TRI_LIKELY(m->check != NULL) ? tri_v1_do_usual(m->v, in) : TRI_V1_NOT_USUAL;
    if (TRI_UNLIKELY(done != TRI_V1_DONE)) {
        status = done == TRI_V1_FAILED ? m->v->err->error.code : do_event(m, in);
        if (TRI_UNLIKELY(status != TR_OK))
            return status;
    }
    if (TRI_UNLIKELY(m->waiting_count) && in->change && in->change->merge.waiting) {
        count = take_waiting(m, in->change, in->change->merge.seq, count);
        count = take_waiting(m, in->change, ANY_SEQ, count);
    }
    in->next++;
    if (TRI_LIKELY(count == 0)) {
        /* Nearly always: only this one is to be looked at, and it is the last. */
        status = find_next(m, in);
        if (TRI_UNLIKELY(status != TR_OK))
            return status;
        if (TRI_LIKELY(in->next != in->end) && TRI_LIKELY(is_ready(m, in))) {
            *turn = change_turns(m, in);
            return TR_OK;
        }
    }
    make_available(m, in->proc->number);
    m->ready[count++] = (struct tri_timed){in->place, in->proc->number};
    status = look_at_ready(m, count);
    *turn = pop_event(m);
    return status;
}

/* Nothing can come, and the trace is salvaged: what the earliest waits for may be lost, so
 * let it come. A proc that is filed may have another event by now. */
static struct tri_v1_input *force_earliest(struct merge *m)
{
    while (m->filed.count) {
        int64_t time = m->filed.procs[0].time;
        uint32_t number = tri_v1_heap_pop(&m->filed);
        struct tri_v1_input *in = &m->inputs[number];
        in->is_filed = false;
        if (!in->waiting_link)
            continue;
        if (in->next->time > time) {
            in->is_filed = true;
            tri_v1_heap_push(&m->filed, in->next->time, number);
            continue;
        }
        wait_no_more(m, in);
        make_unavailable(m, in->place);
        return in;
    }
    return NULL;
}

static tr_status run(struct merge *m)
{
    enum { ASK_EVENTS = 1 << 14 };
    struct tri_v1 *v = m->v;
    int64_t last = INT64_MIN;
    tr_status status = look_at_all(m);
    struct tri_v1_input *turn = pop_event(m);
    for (uint64_t done = 1; status == TR_OK; done++) {
        if (TRI_UNLIKELY(!turn) && (!m->relaxes || !(turn = force_earliest(m))))
            break;
        status = advance(m, &turn, &last);
        if (TRI_UNLIKELY(done % ASK_EVENTS == 0) && status == TR_OK &&
            !tri_v1_may_go_on(v, done, TRI_V1_STEP_EVENTS))
            return tri_v1_canceled(v);
    }
    if (status == TR_OK && m->done < v->proc_count) {
        struct tri_v1_input *in = &m->inputs[m->available[0]];
        const struct tri_v1_event *ev = decode(m, in);
        return tri_err_set(v->err, TR_E_ORDER, tri_v1_place(v, ev->offset),
                           "no consistent ordering of events possible: goroutine %llu has %s",
                           (unsigned long long)ev->go, tri_v1_name_at(v, ev->offset));
    }
    return status;
}

/* --- header 5, where a proc's sequence numbers do not grow */

/* Events, to be sorted. */
struct placed {
    const uint8_t *at; /* its record */
    uint64_t bytes;    /* of it */
    int64_t time;
    uint64_t go; /* that its proc runs before it, as the order of the records tells */
    uint32_t proc;
};

struct sorting {
    struct placed *events;
    struct tri_timed *order; /* by sequence number */
    uint32_t count, event_cap, order_cap;
};

/* Take up a proc's events. */
static tr_status take_all(struct merge *m, struct tri_v1_input *in, struct sorting *s)
{
    struct tri_v1 *v = m->v;
    tr_status status = TR_OK;
    in->next = in->end = NULL;
    for (; status == TR_OK; in->next++) {
        status = find_next(m, in);
        if (status != TR_OK || in->next == in->end)
            break;
        uint64_t need = (uint64_t)s->count + 1;
        uint64_t go = in->proc->go;
        const struct tri_v1_event *ev = tri_v1_decode(v, in->proc, in->next->at, in->next->time);
        if (!tri_mem_reserve(v->mem, &s->events, &s->event_cap, need, sizeof *s->events) ||
            !tri_mem_reserve(v->mem, &s->order, &s->order_cap, need, sizeof *s->order))
            return tri_v1_no_memory(v, ev->offset);
        s->order[s->count] = (struct tri_timed){in->key, s->count};
        s->events[s->count++] = (struct placed){
            .at = in->next->at,
            .bytes = in->next->bytes,
            .time = in->next->time,
            .go = go,
            .proc = in->proc->number,
        };
        if (!tri_v1_may_go_on(v, s->count, TRI_V1_STEP_EVENTS))
            status = tri_v1_canceled(v);
    }
    return status;
}

/* Put them onto the tape, in their order. */
static tr_status put_all(struct merge *m, const struct sorting *s)
{
    struct tri_v1 *v = m->v;
    tr_status status = TR_OK;
    for (uint32_t i = 0; status == TR_OK && i < s->count; i++) {
        const struct placed *e = &s->events[s->order[i].index];
        const struct tri_v1_brief brief = {
            .head = &v->format.heads[*e->at],
            .at = e->at,
            .bytes = e->bytes,
            .time = e->time,
            .seq = (uint64_t)s->order[i].time,
        };
        struct tri_v1_input *in = &m->inputs[e->proc];
        in->next = &brief;
        if (!tri_v1_tape_put_go(v, in->proc, e->go))
            status = tri_v1_no_memory(v, v->begin + (uint64_t)(e->at - v->data));
        else
            status = do_event(m, in);
        in->next = NULL;
        if (status == TR_OK && !tri_v1_may_go_on(v, i, TRI_V1_STEP_EVENTS))
            status = tri_v1_canceled(v);
    }
    return status;
}

/* In a broken trace, which does not fail so, a number that jumps may be damage: what is behind
 * it stays where the proc's other events are. */
static tr_status run_by_seq(struct merge *m)
{
    struct tri_v1 *v = m->v;
    struct sorting s = {0};
    tr_status status = run(m);
    if (status != TR_E_ORDER)
        return status;
    status = TR_OK;
    tri_err_clear(v->err);
    tri_v1_tape_clear(v);
    v->exit_count = 0;
    tri_v1_rewind(v);
    for (uint32_t i = 0; status == TR_OK && i < v->proc_count; i++)
        status = take_all(m, &m->inputs[i], &s);
    tri_sort_timed(s.order, s.count);
    tri_v1_rewind(v);
    if (status == TR_OK)
        status = put_all(m, &s);
    tri_mem_free(v->mem, s.events, s.event_cap * sizeof *s.events);
    tri_mem_free(v->mem, s.order, s.order_cap * sizeof *s.order);
    return status;
}

/* --- all of it */

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
    enum { AHEAD_MIN = 1, AHEAD_MAX = 64, AHEAD_OF_ALL = 4096 };
    uint64_t procs = m->v->proc_count, lists = 4, ahead = AHEAD_OF_ALL / procs;
    while (lists < 2 * procs)
        lists *= 2;
    ahead = ahead < AHEAD_MIN ? AHEAD_MIN : ahead > AHEAD_MAX ? AHEAD_MAX : ahead;
    *bytes = procs * (sizeof *m->inputs + ahead * sizeof *m->inputs->briefs + 3 * sizeof *m->ready +
                      sizeof *m->available) +
             lists * sizeof *m->waiting;
    *block = tri_mem_zalloc(m->v->mem, *bytes);
    if (!*block)
        return false;
    m->ahead = (uint32_t)ahead;
    m->inputs = *block;
    struct tri_v1_brief *briefs = (struct tri_v1_brief *)(m->inputs + procs);
    m->heap.procs = (struct tri_timed *)(briefs + procs * ahead);
    m->filed.procs = m->heap.procs + procs;
    m->ready = m->filed.procs + procs;
    m->available = (uint32_t *)(m->ready + procs);
    m->waiting = m->available + procs;
    m->waiting_mask = (uint32_t)(lists - 1);
    for (uint32_t i = 0; i < procs; i++) {
        m->inputs[i].proc = &m->v->procs[i];
        m->inputs[i].briefs = briefs + i * ahead;
        make_available(m, i);
    }
    return true;
}

tr_status tri_v1_merge(struct tri_v1 *v)
{
    struct merge m = {
        .v = v,
        .by_seq = v->version < TRI_GO107,
        .relaxes = v->salvage.on,
    };
    void *block;
    size_t bytes;
    tr_status status = TR_OK;
    if (!prepare(&m, &block, &bytes))
        return tri_v1_no_memory(v, v->begin);
    tri_v1_rewind(v);
    /* Where the order of events is not that of the merge, they are checked afterwards. */
    bool checks = !m.by_seq && !m.relaxes && !(v->has_futile && v->version < TRI_GO111);
    if (checks && !(m.check = tri_v1_check_new(v)))
        status = v->err->error.code;
    v->no_go = tri_v1_find_go(v, 0);
    for (uint32_t i = 0; i < v->proc_count; i++)
        m.inputs[i].running = v->no_go;
    if (status == TR_OK && v->version < TRI_GO111)
        status = tri_v1_load_all_tables(v);
    if (status == TR_OK)
        status = m.by_seq ? run_by_seq(&m) : run(&m);
    v->checked = m.check != NULL;
    tri_v1_check_free(m.check);
    tri_mem_free(v->mem, block, bytes);
    return status == TR_OK ? sort_exits(v) : status;
}
