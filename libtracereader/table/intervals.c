/* The table of intervals: every stretch of a goroutine, proc or thread in a state.
 *
 * A stretch begins with the transition into its state and ends with the next one out of it;
 * transitions into the same state, with which each generation repeats what it finds, are
 * none. What is first heard of by a transition from Undetermined was in its state since the
 * Sync before, as Go's own summary has it; so was what is first heard of as it is repeated,
 * because what came before did not pass a filter. In a trace that is salvaged a goroutine that
 * had ended since that Sync is there again from the transition on.
 *
 * A thread has no transitions. It is Running while a goroutine runs on it, in Syscall while
 * one is in a system call, or in C, and Idle else; it is heard of with the first goroutine that
 * is said to be in such a state there, and was in it for as long as that is known. Before Go 1.22
 * a trace may say that several goroutines are on one thread: a proc that a system call has lost
 * is said to be where it was.
 *
 * Rows come in the order in which stretches end. An event ends three at most, which wait in
 * `done` until there is room for them. Memory grows with what is alive at once. */
#include <string.h>

#include "table/idset.h"
#include "table/tables.h"

enum {
    RESOURCE,
    ID,
    STATE,
    START,
    END,
    DURATION,
    REASON,
    STACK,
    THREAD,
    PROC,
    ENDED_BY,
    OPEN_START,
    OPEN_END,
    COLUMNS
};

static const tr_table_column columns[COLUMNS] = {
    [RESOURCE] = {"resource", TR_TABLE_NAME, 0, "what is in the state: Goroutine, Proc or Thread"},
    [ID] = {"id", TR_TABLE_INT64, 1, "which goroutine, proc or thread"},
    [STATE] = {"state", TR_TABLE_NAME, 0,
               "Go's name of the state; of threads Running, Syscall, Idle"},
    [START] = {"start", TR_TABLE_TIME, 0, "when it came into it"},
    [END] = {"end", TR_TABLE_TIME, 0, "when it left it"},
    [DURATION] = {"duration", TR_TABLE_INT64, 0, "end - start, in nanoseconds"},
    [REASON] = {"reason", TR_TABLE_NAME, 1, "why it came into it, if that is said"},
    [STACK] = {"stack", TR_TABLE_INT64, 1, "the stack with which it came into it, a row of stacks"},
    [THREAD] = {"thread", TR_TABLE_INT64, 1, "the thread on which it came into it"},
    [PROC] = {"proc", TR_TABLE_INT64, 1, "the proc on which it came into it"},
    [ENDED_BY] = {"ended_by", TR_TABLE_INT64, 1,
                  "the goroutine that ran where it was ended, such as the one that unblocked it"},
    [OPEN_START] =
        {"open_start", TR_TABLE_BOOL, 0,
         "it was in the state before the trace could tell: start is the first that is known"},
    [OPEN_END] = {"open_end", TR_TABLE_BOOL, 0,
                  "it was still in the state at the last event, whose time end is"},
};

/* What a goroutine, proc or thread is at. */
struct stretch {
    int64_t id;
    int64_t start, stack, thread, proc;
    union {
        int64_t on; /* of a goroutine: the thread it executes on, TR_NONE: not known, or none */
        struct {
            uint32_t running, calling;
        } there; /* of a thread: goroutines */
    };
    int32_t reason;
    uint8_t state;
    bool open_start;
};

struct done {
    struct stretch was;
    tr_resource resource;
    int64_t end, ended_by;
    bool open_end;
};

struct state {
    struct tri_live live[TR_RESOURCE_THREAD + 1];
    struct tri_idset ended; /* salvaged: goroutines, since the last Sync */
    struct done done[4];
    unsigned done_count, done_at;
    tr_resource flushing;
};

static bool open(struct tri_table *t)
{
    struct state *s = t->state;
    for (int i = TR_RESOURCE_GOROUTINE; i <= TR_RESOURCE_THREAD; i++)
        tri_live_init(&s->live[i], t->mem, sizeof(struct stretch));
    tri_idset_init(&s->ended, t->mem);
    s->flushing = TR_RESOURCE_GOROUTINE;
    return true;
}

static void close(struct tri_table *t)
{
    struct state *s = t->state;
    for (int i = TR_RESOURCE_GOROUTINE; i <= TR_RESOURCE_THREAD; i++)
        tri_live_free(&s->live[i]);
    tri_idset_free(&s->ended);
}

/* --- what ends -------------------------------------------------------------------- */

static void put(struct tri_table *t, const struct done *d)
{
    struct tri_out *out = &t->out;
    struct tri_part *p = &t->part;
    const struct stretch *was = &d->was;
    tri_out_put_code(out, RESOURCE, tri_code_of_resource(p, d->resource));
    tri_out_put_id(out, ID, was->id);
    tri_out_put_code(out, STATE, tri_code_of_state(p, (tr_state)was->state));
    tri_out_put(out, START, was->start);
    tri_out_put(out, END, d->end);
    tri_out_put(out, DURATION, tri_duration_ns(was->start, d->end));
    tri_out_put_code(out, REASON, was->reason);
    tri_out_put_id(out, STACK, was->stack);
    tri_out_put_id(out, THREAD, was->thread);
    tri_out_put_id(out, PROC, was->proc);
    tri_out_put_id(out, ENDED_BY, d->ended_by);
    tri_out_put_bool(out, OPEN_START, was->open_start);
    tri_out_put_bool(out, OPEN_END, d->open_end);
}

/* false: the batch is full. */
static bool put_done(struct tri_table *t)
{
    struct state *s = t->state;
    for (; s->done_at < s->done_count; s->done_at++) {
        if (!tri_out_begin(&t->out))
            return false;
        put(t, &s->done[s->done_at]);
        tri_out_end(&t->out);
    }
    s->done_count = s->done_at = 0;
    return true;
}

static void end_stretch(struct tri_table *t, tr_resource resource, const struct stretch *g,
                        int64_t end, int64_t ended_by)
{
    struct state *s = t->state;
    struct done *d = &s->done[s->done_count++];
    d->was = *g;
    d->resource = resource;
    d->end = end;
    d->ended_by = ended_by;
    d->open_end = false;
}

/* --- what begins ------------------------------------------------------------------ */

/* What was at nothing that is known, or not there: NULL if there is no memory. */
static struct stretch *add(struct tri_table *t, tr_resource resource, int64_t id)
{
    struct state *s = t->state;
    struct stretch *g = tri_live_add(&s->live[resource], id);
    if (!g) {
        t->out.failed = true;
        return NULL;
    }
    g->on = g->stack = g->thread = g->proc = TR_NONE;
    g->reason = -1;
    return g;
}

static void begin_stretch(struct stretch *g, unsigned state, const struct tri_row *row)
{
    g->state = (uint8_t)state;
    g->start = row->time;
    g->stack = TR_NONE;
    g->thread = row->thread;
    g->proc = row->proc;
    g->reason = -1;
    g->open_start = false;
}

/* The thread that executes a goroutine in a state from or to which it goes; TR_NONE: it does not
 * execute, or nobody knows. */
static int64_t thread_of(const struct tri_table *t, const struct tri_row *row, unsigned state)
{
    bool elsewhere = row->transition.from == TR_GO_UNDETERMINED && state == TR_GO_SYSCALL &&
                     !tri_reader_knows_calling_threads(t->reader);
    return tr_state_executing((tr_state)state) && !elsewhere ? row->thread : TR_NONE;
}

/* It began before the event that tells of it first, which may come from anywhere: where is known
 * only if it executes, by the thread. */
static void begin_before(struct tri_table *t, struct stretch *g, int64_t thread)
{
    struct state *s = t->state;
    const struct stretch *proc = tri_live_get(&s->live[TR_RESOURCE_PROC], g->proc);
    g->start = t->sync_ns;
    g->open_start = true;
    g->thread = thread;
    /* Of a thread in a system call another one may tell, whose the proc is then. */
    if (thread == TR_NONE || (g->state == TR_GO_SYSCALL && !(proc && proc->thread == thread)))
        g->proc = TR_NONE;
}

/* --- threads ---------------------------------------------------------------------- */

/* Count a goroutine that comes to execute on a thread in a state. */
static void arrive(struct stretch *thread, unsigned state)
{
    ++*(state == TR_GO_RUNNING ? &thread->there.running : &thread->there.calling);
}

static void leave(struct stretch *thread, unsigned state)
{
    --*(state == TR_GO_RUNNING ? &thread->there.running : &thread->there.calling);
}

/* A thread that is heard of first, by a goroutine in this state. `before`: it was so before. */
static void add_thread(struct tri_table *t, int64_t id, unsigned state, bool before,
                       const struct tri_row *row)
{
    struct stretch *thread = add(t, TR_RESOURCE_THREAD, id);
    if (!thread)
        return;
    memset(&thread->there, 0, sizeof thread->there);
    arrive(thread, state);
    begin_stretch(thread, state, row);
    thread->thread = id; /* the event may be of another */
    if (before)
        begin_before(t, thread, id);
}

/* A thread's state follows from the goroutines there. */
static void settle_thread(struct tri_table *t, struct stretch *thread, const struct tri_row *row)
{
    unsigned state = thread->there.running   ? TR_GO_RUNNING
                     : thread->there.calling ? TR_GO_SYSCALL
                                             : TR_PROC_IDLE;
    if (state == thread->state)
        return;
    end_stretch(t, TR_RESOURCE_THREAD, thread, row->time, row->goroutine);
    begin_stretch(thread, state, row);
    thread->thread = thread->id;
}

/* A goroutine that was executing when it was first heard of, so that its thread was. */
static void find_thread(struct tri_table *t, struct stretch *g, const struct tri_row *row)
{
    struct state *s = t->state;
    g->on = thread_of(t, row, g->state);
    if (g->on == TR_NONE)
        return;
    struct stretch *thread = tri_live_get(&s->live[TR_RESOURCE_THREAD], g->on);
    if (thread)
        arrive(thread, g->state);
    else
        add_thread(t, g->on, g->state, true, row);
}

/* The thread that executes a goroutine, from a transition of it; `was`: into the state that it
 * was in before. */
static void move_thread(struct tri_table *t, struct stretch *g, bool was, const struct tri_row *row)
{
    struct tri_live *threads = &((struct state *)t->state)->live[TR_RESOURCE_THREAD];
    unsigned to = row->transition.to;
    int64_t before = g->on, on = g->on = thread_of(t, row, to);
    struct stretch *left = before != TR_NONE ? tri_live_get(threads, before) : NULL;
    if (left)
        leave(left, g->state);
    if (left && before != on)
        settle_thread(t, left, row);
    if (on == TR_NONE)
        return;
    struct stretch *thread = tri_live_get(threads, on);
    if (!thread) {
        add_thread(t, on, to, was, row);
        return;
    }
    arrive(thread, to);
    settle_thread(t, thread, row);
}

/* --- transitions ------------------------------------------------------------------ */

static void take_transition(struct tri_table *t, const struct tri_row *row)
{
    struct state *s = t->state;
    tr_resource resource = tri_row_resource(row);
    struct tri_live *live = &s->live[resource];
    unsigned from = row->transition.from, to = row->transition.to;
    int64_t id = row->transition.id;
    bool is_go = resource == TR_RESOURCE_GOROUTINE;
    struct stretch *g = tri_live_get(live, id);
    bool known = g != NULL;
    bool again = false;
    bool undetermined = from == TR_GO_UNDETERMINED || from == TR_PROC_UNDETERMINED;
    if (from == to && (known || undetermined)) /* repeated, or nothing is said */
        return;
    bool was = undetermined || from == to;
    bool absent = from == TR_GO_NOT_EXIST || from == TR_PROC_NOT_EXIST;
    if (!g) {
        again = is_go && tri_idset_has(&s->ended, id);
        if (!(g = add(t, resource, id)))
            return;
    }
    if (!known && !was && !absent && !again) {
        /* What came before is not there, or did not pass a filter. */
        g->state = (uint8_t)from;
        g->start = t->sync_ns;
        g->open_start = known = true;
        if (is_go)
            find_thread(t, g, row);
    }
    if (known)
        end_stretch(t, resource, g, row->time, row->goroutine);
    if (is_go)
        move_thread(t, g, was, row);
    if (to == TR_GO_NOT_EXIST || to == TR_PROC_NOT_EXIST) {
        tri_live_remove(live, g);
        if (is_go && t->reader->salvages && !tri_idset_add(&s->ended, id))
            t->out.failed = true;
        return;
    }
    begin_stretch(g, to, row);
    g->stack = tri_tables_stack_number(t->tables, row->transition.stack);
    if (tri_event_string(t->tables, row->string).len)
        g->reason = tri_code_of_string(&t->part, row->string);
    if (!known && was) {
        begin_before(t, g, to == TR_PROC_RUNNING ? row->thread : thread_of(t, row, to));
        if (again)
            g->start = row->time;
    }
}

static bool take(struct tri_table *t)
{
    struct state *s = t->state;
    for (; t->at < t->part.count; t->at++) {
        const struct tri_row *row = &t->part.rows[t->at];
        if (!put_done(t))
            return false;
        if (tri_event_kind(row) == TR_KIND_STATE_TRANSITION)
            take_transition(t, row);
        else if (tri_event_kind(row) == TR_KIND_SYNC)
            tri_idset_clear(&s->ended);
        if (t->out.failed)
            return false;
    }
    return put_done(t);
}

/* What is open at the end: goroutines, procs, threads, each by id. */
static bool flush(struct tri_table *t)
{
    struct state *s = t->state;
    while (put_done(t) && s->flushing <= TR_RESOURCE_THREAD) {
        const struct stretch *g = tri_live_next(&s->live[s->flushing], &t->out.failed);
        if (t->out.failed)
            return false;
        if (!g) {
            s->flushing++;
            continue;
        }
        end_stretch(t, s->flushing, g, t->last_ns, TR_NONE);
        s->done[0].open_end = true;
    }
    return s->flushing > TR_RESOURCE_THREAD && s->done_at == s->done_count;
}

const struct tri_table_spec tri_table_intervals = {
    .name = "intervals",
    .columns = columns,
    .column_count = COLUMNS,
    .kinds = UINT32_MAX,
    .state_bytes = sizeof(struct state),
    .open = open,
    .close = close,
    .take = take,
    .flush = flush,
};
