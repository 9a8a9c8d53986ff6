/* From events to rows, by the rules of the reference's converter: what an old event means
 * in the terms of new ones.
 *
 * Goroutines from before the trace are created in it again, until the first Gomaxprocs:
 * these are no events; those of which nothing else is said are runnable.
 *
 * Invariant: the events have been checked. Times of rows grow. */
#include "base/compiler.h"
#include "v1/cursor.h"
#include "v1/passes.h"
#include "v1/tape.h"
#include "wire/varint.h"

struct maker {
    struct tri_v1 *v;
    struct tri_row *rows;
    uint32_t count;
    struct tri_v1_event *ev;
    struct tri_v1_proc *proc; /* the event's */
    const struct tri_v1_shape *shape;
    int64_t time; /* of the event */
};

static inline int64_t to_ns(int64_t ticks, int64_t first, double ns_per_tick)
{
    double ns = (double)(int64_t)((uint64_t)ticks - (uint64_t)first) * ns_per_tick;
    return ns >= -9223372036854775808.0 && ns < 9223372036854775808.0 ? (int64_t)ns : INT64_MIN;
}

int64_t tri_v1_ns(const struct tri_v1 *v, int64_t ticks)
{
    return to_ns(ticks, v->first_ticks, v->ns_per_tick);
}

/* What is known of the proc with the event's id; NULL if no batch is its own. */
TRI_APART static struct tri_v1_proc *find_proc(struct maker *m)
{
    struct tri_v1 *v = m->v;
    const struct tri_v1_event *ev = m->ev;
    uint32_t from = 0, to = v->proc_count - 1; /* the last has the samples */
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (v->procs[middle].id < ev->p)
            from = middle + 1;
        else
            to = middle;
    }
    return from < v->proc_count - 1 && v->procs[from].id == ev->p ? &v->procs[from] : NULL;
}

/* The thread that the event's proc is on, or `none`. */
static inline int64_t thread_of(struct maker *m, int64_t none)
{
    const struct tri_v1_proc *proc = m->proc;
    if (TRI_UNLIKELY(m->ev->p == -1 && none == TR_NONE))
        return none;
    if (TRI_UNLIKELY(m->ev->p != proc->id))
        proc = find_proc(m);
    return proc && proc->convert.has_thread ? proc->convert.thread : none;
}

/* The time of a row that is to be at `time`, behind the last one: it wraps, as Go's does. */
static inline int64_t time_after(int64_t last, int64_t time)
{
    return TRI_UNLIKELY(time <= last) ? (int64_t)((uint64_t)last + 1) : time;
}

/* The same of the next row. */
static inline int64_t next_time(struct tri_v1 *v, int64_t time)
{
    return v->last_time = time_after(v->last_time, time);
}

/* Append a row of a type with the event's context and stack, and a thread. */
static TRI_INLINE struct tri_row *add_row(struct maker *m, const struct tri_v1_event *ev,
                                          uint8_t type, int64_t thread)
{
    struct tri_row *row = &m->rows[m->count++];
    const struct tri_ids *stacks = &m->v->tables->stack_ids;
    /* One that is not there counts as none. */
    uint32_t stack = tri_ids_get_dense(stacks, ev->stack);
    if (TRI_UNLIKELY((stack == 0) & (ev->stack != 0)))
        stack = tri_ids_get_sparse(stacks, ev->stack);
    *row = (struct tri_row){
        .time = next_time(m->v, m->time),
        .where = tri_where_of(ev->offset, type),
        .thread = thread,
        .proc = ev->p,
        .goroutine = ev->go ? (int64_t)ev->go : TR_NONE,
    };
    row->stack = stack ? stack : TRI_STACK_ABSENT;
    if (TRI_UNLIKELY(m->v->salvage.on) && !stack && ev->stack) {
        row->stack = 0;
        row->where.at.flags |= TR_EV_UNRESOLVED;
        m->v->salvage.counts.unresolved_stacks++;
    }
    return row;
}

/* The same with the thread that is known. */
static struct tri_row *event_row(struct maker *m, uint8_t type)
{
    return add_row(m, m->ev, type, thread_of(m, TR_NONE));
}

static struct tri_row *transition_row(struct maker *m, uint8_t type, int64_t id, tr_state from,
                                      tr_state to)
{
    struct tri_row *row = event_row(m, type);
    tri_row_transition(row, id, from, to);
    return row;
}

/* The same for the goroutine that executes, whose stack it is. */
static struct tri_row *own_transition_row(struct maker *m, tr_state to)
{
    int64_t go = m->ev->go ? (int64_t)m->ev->go : TR_NONE;
    struct tri_row *row = transition_row(m, m->shape->becomes, go, TR_GO_RUNNING, to);
    row->transition.stack = row->stack;
    if (m->shape->reason != TRI_V1_NAME_NONE)
        row->string = m->v->names + m->shape->reason;
    return row;
}

static uint32_t string_ref(struct maker *m, struct tri_row *row, uint64_t id)
{
    uint32_t ref;
    if (!tri_v1_string_ref(m->v, id, &ref)) {
        row->where.at.flags |= TR_EV_UNRESOLVED;
        m->v->salvage.counts.unresolved_strings++;
    }
    return ref;
}

static void fail_no_memory(struct maker *m)
{
    m->v->failed = tri_v1_no_memory(m->v, m->ev->offset);
}

/* --- events that take no more than a glance */

/* What is to be done for an event of which no row is wanted, or one that says that the
 * goroutine stops. Of rows that are not made the time counts, as that of the next one is to
 * be greater; WAY_ROWS is how many these are. */
enum {
    WAY_ROWS = 3,
    WAY_QUIET = 4,   /* no row is wanted */
    WAY_OWN = 8,     /* one is, of the goroutine that runs */
    WAY_STARTS = 16, /* the event tells what runs */
    WAY_STOPS = 32,  /* nothing does behind it */
    WAY_PROC = 64    /* the proc goes to a thread, or from it */
};

static bool is_dropped(const struct tri_v1 *v, unsigned type, tr_state to)
{
    struct tri_row row = {.where = tri_where_of(0, type)};
    row.transition.to = (uint8_t)to;
    return !tri_filter_passes(&v->filter, &row);
}

/* Whether a goroutine stops by an event, which makes a row. */
static inline bool stops(const struct tri_v1_shape *shape)
{
    return (shape->bind == TRI_V1_BIND_STOP) & (shape->becomes != TRI_EV_None);
}

/* What it becomes then. */
static inline tr_state stopped_state(const struct tri_v1_shape *shape)
{
    return shape->becomes == TRI_EV_GoStop    ? TR_GO_RUNNABLE
           : shape->becomes == TRI_EV_GoBlock ? TR_GO_WAITING
                                              : TR_GO_NOT_EXIST;
}

static unsigned find_flags(const struct tri_v1 *v, unsigned type)
{
    tr_state to;
    const struct tri_v1_shape *shape = &v->format.shapes[type < TRI_V1_TYPE_COUNT ? type : 0];
    unsigned becomes = shape->becomes;
    switch (type) {
    case TRI_V1_GoSysBlock:
        return WAY_QUIET | WAY_STOPS;
    case TRI_V1_TAPE_BLOCKING_CALL:
        return is_dropped(v, TRI_EV_GoSyscallBegin, TR_GO_SYSCALL) ? WAY_QUIET | 1 : 0;
    case TRI_V1_GoSysCall:
        return is_dropped(v, TRI_EV_GoSyscallBegin, TR_GO_SYSCALL) &&
                       is_dropped(v, TRI_EV_GoSyscallEnd, TR_GO_RUNNING)
                   ? WAY_QUIET | 2
                   : 0;
    case TRI_V1_GoStart:
        return is_dropped(v, becomes, TR_GO_RUNNING) ? WAY_QUIET | WAY_STARTS | 1 : 0;
    case TRI_V1_GoUnblock:
    case TRI_V1_TAPE_NET_UNBLOCK:
        return is_dropped(v, TRI_EV_GoUnblock, TR_GO_RUNNABLE) ? WAY_QUIET | 1 : 0;
    case TRI_V1_GoStartLabel:
        return is_dropped(v, becomes, TR_GO_RUNNING) && is_dropped(v, TRI_EV_GoLabel, 0)
                   ? WAY_QUIET | WAY_STARTS | 2
                   : 0;
    case TRI_V1_ProcStart:
    case TRI_V1_ProcStop:
        to = type == TRI_V1_ProcStart ? TR_PROC_RUNNING : TR_PROC_IDLE;
        return is_dropped(v, becomes, to) && is_dropped(v, TRI_EV_ProcStatus, to)
                   ? WAY_QUIET | WAY_PROC | 1
                   : 0;
    case TRI_V1_UserTaskCreate:
    case TRI_V1_UserTaskEnd: /* which tells what its beginning told */
        return is_dropped(v, TRI_EV_UserTaskBegin, 0) && is_dropped(v, TRI_EV_UserTaskEnd, 0)
                   ? WAY_QUIET | 1
                   : 0;
    case TRI_V1_UserRegion:
        return is_dropped(v, TRI_EV_UserRegionBegin, 0) && is_dropped(v, TRI_EV_UserRegionEnd, 0)
                   ? WAY_QUIET | 1
                   : 0;
    case TRI_V1_UserLog:
    case TRI_V1_HeapAlloc:
    case TRI_V1_HeapGoal:
    case TRI_V1_GCSweepStart:
    case TRI_V1_GCSweepDone:
    case TRI_V1_GCMarkAssistStart:
    case TRI_V1_GCMarkAssistDone:
        return is_dropped(v, becomes, TR_GO_WAITING) ? WAY_QUIET | 1 : 0;
    case TRI_V1_GoCreate:
        return is_dropped(v, becomes, TR_GO_RUNNABLE) ? WAY_QUIET | 1 : 0;
    default:
        if (!stops(shape))
            return 0;
        return WAY_STOPS | (is_dropped(v, becomes, stopped_state(shape)) ? WAY_QUIET | 1 : WAY_OWN);
    }
}

/* Once goroutines from before the trace are known, and if nothing is to be noted of rows. */
static void find_ways(struct tri_v1 *v)
{
    const int64_t last = v->tape.time, first = v->first_ticks;
    /* Of all events, as times grow. */
    bool has_times = last >= first && to_ns(last, first, v->ns_per_tick) != INT64_MIN;
    bool may = v->filter.by_type_only && !v->salvage.on && v->version >= TRI_GO107 &&
               !v->has_futile && has_times;
    for (unsigned type = 1; may && type < TRI_V1_TAPE_TYPES; type++) {
        const struct tri_v1_shape *shape = &v->format.shapes[type < TRI_V1_TYPE_COUNT ? type : 0];
        v->ways[type] = (struct tri_v1_way){
            .flags = (uint8_t)find_flags(v, type),
            .becomes = shape->becomes,
            .to = (uint8_t)stopped_state(shape),
            .reason = shape->reason != TRI_V1_NAME_NONE ? v->names + shape->reason : 0,
        };
    }
}

/* Make the row of an event that stops the goroutine. */
static TRI_INLINE void make_own(struct maker *m, struct tri_v1_proc *proc, const uint8_t *record,
                                const struct tri_v1_way *way)
{
    const struct tri_v1 *v = m->v;
    const struct tri_v1_head *head = &v->format.heads[*record];
    uint64_t stack = 0;
    const uint8_t *p = record + 1;
    if (TRI_UNLIKELY(head->has_length))
        p = tri_v1_skip_number(p);
    p = tri_v1_skip_number(p);
    if (TRI_LIKELY(head->numbers))
        tri_varint_read_fast(p, &stack);
    const struct tri_v1_event ev = {
        .go = TRI_LIKELY(proc->start != NULL) ? tri_v1_settle_start(v, proc) : proc->go,
        .offset = v->begin + (uint64_t)(record - v->data),
        .stack = (uint32_t)stack,
        .p = proc->id,
    };
    bool has_thread = proc->convert.has_thread && ev.p != -1;
    struct tri_row *row =
        add_row(m, &ev, way->becomes, has_thread ? proc->convert.thread : TR_NONE);
    tri_row_transition(row, row->goroutine, TR_GO_RUNNING, (tr_state)way->to);
    row->transition.stack = row->stack;
    row->string = way->reason;
}

/* Note whether a proc is on a thread from here on, and on which. */
static inline void turn_proc(struct tri_v1_proc *proc, bool has_thread, uint64_t thread)
{
    proc->convert.thread = (int64_t)thread;
    proc->convert.has_thread = has_thread;
    proc->convert.seen = true;
}

/* The same as the record of a start or stop says. */
static inline void turn_proc_quietly(const struct tri_v1 *v, struct tri_v1_proc *proc,
                                     const uint8_t *record)
{
    const struct tri_v1_head *head = &v->format.heads[*record];
    const uint8_t *p = record + 1;
    uint64_t thread = 0;
    if (TRI_UNLIKELY(head->has_length))
        p = tri_v1_skip_number(p);
    p = tri_v1_skip_number(p);
    if (head->numbers)
        tri_varint_read_fast(p, &thread);
    turn_proc(proc, head->numbers, thread);
}

/* Go over the events that come next as long as they take no more than a glance, and are not
 * more than `max`; have room for `room` rows. */
static void pass_glanced(struct maker *m, uint32_t room, uint32_t max)
{
    struct tri_v1 *v = m->v;
    struct tri_v1_walk *w = &v->walk;
    uint32_t *const begin = w->head.at, *at = begin, *end = w->head.end;
    const int64_t limit = w->exit_at < v->exit_count ? v->exits[w->exit_at].key : INT64_MAX;
    const int64_t first = v->first_ticks;
    const double ns_per_tick = v->ns_per_tick;
    int64_t time = w->head.time;
    uint32_t rows = 0;
    if (w->event)
        return;
    if ((size_t)(end - at) > max)
        end = at + max;
    for (; at < end; at++) {
        uint32_t word = *at;
        const struct tri_v1_way *way = &v->ways[tri_v1_tape_type(word)];
        const unsigned flags = way->flags;
        int64_t next = (int64_t)((uint64_t)time + tri_v1_tape_ticks(word));
        if (flags == 0 || TRI_UNLIKELY(next >= limit))
            break;
        struct tri_v1_proc *proc = &v->procs[tri_v1_tape_proc(&w->head, word)];
        const uint8_t *record = proc->place;
        int64_t ns = (int64_t)((double)(int64_t)((uint64_t)next - (uint64_t)first) * ns_per_tick);
        if (flags & WAY_OWN) {
            if (TRI_UNLIKELY(m->count == room))
                break;
            m->time = ns;
            make_own(m, proc, record, way);
            rows++;
        } else if (TRI_LIKELY(flags & WAY_ROWS)) {
            /* Those behind the first come at once. */
            uint64_t time_of_first = (uint64_t)time_after(v->last_time, ns);
            v->last_time = (int64_t)(time_of_first + (flags & WAY_ROWS) - 1);
            rows += flags & WAY_ROWS;
            if (TRI_UNLIKELY(flags & WAY_PROC))
                turn_proc_quietly(v, proc, record);
        }
        time = next;
        proc->place = record + tri_v1_tape_bytes(word);
        /* Without branches, as what comes next cannot be guessed. */
        proc->start = flags & WAY_STARTS ? record : flags & WAY_STOPS ? NULL : proc->start;
        proc->go = flags & WAY_STOPS ? 0 : proc->go;
    }
    w->head.at = at;
    w->head.time = time;
    w->tape_at += (uint64_t)(at - begin);
    w->index += (uint64_t)(at - begin);
    v->row_count += rows;
}

/* --- procs */

static void make_proc_start(struct maker *m)
{
    bool seen = m->proc->convert.seen;
    turn_proc(m->proc, true, m->ev->args[0]);
    if (seen)
        transition_row(m, TRI_EV_ProcStart, m->ev->p, TR_PROC_IDLE, TR_PROC_RUNNING);
    else
        transition_row(m, TRI_EV_ProcStatus, m->ev->p, TR_PROC_UNDETERMINED, TR_PROC_RUNNING);
}

static void make_proc_stop(struct maker *m)
{
    if (m->proc->convert.seen)
        transition_row(m, TRI_EV_ProcStop, m->ev->p, TR_PROC_RUNNING, TR_PROC_IDLE);
    else
        transition_row(m, TRI_EV_ProcStatus, m->ev->p, TR_PROC_UNDETERMINED, TR_PROC_IDLE);
    turn_proc(m->proc, false, 0);
}

/* --- goroutines */

static bool *created_flag(struct maker *m, uint64_t go)
{
    return &tri_v1_find_go(m->v, go)->created; /* the check added it */
}

/* The end of what tells of goroutines from before the trace. */
static void initialize(struct maker *m)
{
    struct tri_v1 *v = m->v;
    uint32_t count = 0;
    for (uint32_t i = 0; i < v->created_count; i++)
        if (*created_flag(m, (uint64_t)v->created[i].time))
            v->created[count++] = v->created[i];
    v->created_count = count;
    if (count)
        tri_sort_timed(v->created, count);
    v->initialized = true;
    find_ways(v);
    v->created_time = m->time;
    v->created_offset = m->ev->offset;
}

static void make_runnable(struct maker *m)
{
    struct tri_v1 *v = m->v;
    struct tri_row *row = &m->rows[m->count++];
    *row = (struct tri_row){
        .time = next_time(v, v->created_time),
        .where = tri_where_of(v->created_offset, TRI_EV_GoStatus),
        .thread = TR_NONE,
        .proc = TR_NONE,
        .goroutine = TR_NONE,
    };
    row->stack = TRI_STACK_ABSENT;
    tri_row_transition(row, v->created[v->created_at++].time, TR_GO_UNDETERMINED, TR_GO_RUNNABLE);
}

static void make_create(struct maker *m)
{
    struct tri_v1 *v = m->v;
    const struct tri_v1_event *ev = m->ev;
    if (!v->initialized) {
        if (!tri_mem_reserve(v->mem, &v->created, &v->created_cap, (uint64_t)v->created_count + 1,
                             sizeof *v->created)) {
            fail_no_memory(m);
            return;
        }
        v->created[v->created_count++] = (struct tri_timed){(int64_t)ev->args[0], 0};
        *created_flag(m, ev->args[0]) = true;
        return;
    }
    struct tri_row *row =
        transition_row(m, TRI_EV_GoCreate, (int64_t)ev->args[0], TR_GO_NOT_EXIST, TR_GO_RUNNABLE);
    if (v->version < TRI_GO107) {
        row->transition.stack = (uint32_t)tri_map_get(&v->start_stacks, ev->args[1]);
    } else if (!tri_tables_stack_ref(v->tables, ev->args[1], &row->transition.stack)) {
        row->where.at.flags |= TR_EV_UNRESOLVED;
        v->salvage.counts.unresolved_stacks++;
    }
}

static void make_status(struct maker *m, tr_state to)
{
    if (!m->v->initialized)
        *created_flag(m, m->ev->args[0]) = false;
    transition_row(m, TRI_EV_GoStatus, (int64_t)m->ev->args[0], TR_GO_UNDETERMINED, to);
}

static void make_start(struct maker *m)
{
    if (m->v->initialized)
        transition_row(m, TRI_EV_GoStart, (int64_t)m->ev->args[0], TR_GO_RUNNABLE, TR_GO_RUNNING);
    else
        make_status(m, TR_GO_RUNNING);
}

/* Two rows whose thread is 0 where none is known. */
static void make_start_label(struct maker *m)
{
    struct tri_row *row =
        transition_row(m, TRI_EV_GoStart, (int64_t)m->ev->args[0], TR_GO_RUNNABLE, TR_GO_RUNNING);
    row->thread = thread_of(m, 0);
    row = event_row(m, TRI_EV_GoLabel);
    row->thread = thread_of(m, 0);
    row->string = string_ref(m, row, m->ev->args[2]);
}

/* One that does not block takes a nanosecond; its thread is 0 where none is known. */
static void make_call(struct maker *m, bool blocks)
{
    struct tri_row *row = own_transition_row(m, TR_GO_SYSCALL);
    if (blocks)
        return;
    row->thread = thread_of(m, 0);
    m->time = (int64_t)((uint64_t)m->time + 1);
    struct tri_row *end = event_row(m, TRI_EV_GoSyscallEnd);
    end->thread = row->thread;
    end->stack = TRI_STACK_ABSENT;
    tri_row_transition(end, (int64_t)m->ev->go, TR_GO_SYSCALL, TR_GO_RUNNING);
}

/* --- ranges */

static uint8_t stop_name(const struct tri_v1 *v, uint64_t kind)
{
    if (v->version < TRI_GO121)
        return kind <= 1 ? (uint8_t)(TRI_V1_NAME_STW_GC_MARK_TERMINATION + kind)
                         : TRI_V1_NAME_STW_UNKNOWN;
    kind += TRI_V1_NAME_STW_UNKNOWN;
    return kind >= TRI_V1_NAME_STW_UNKNOWN && kind < TRI_V1_NAME_COUNT ? (uint8_t)kind
                                                                       : TRI_V1_NAME_STW_UNKNOWN;
}

static void make_stop_the_world(struct maker *m)
{
    struct tri_v1 *v = m->v;
    if (m->ev->type == TRI_V1_STWStart)
        v->stop_name = stop_name(v, m->ev->args[0]);
    struct tri_row *row = event_row(m, m->shape->becomes);
    row->range.scope_id = row->goroutine;
    row->string = tri_v1_stop_ref(v, (enum tri_v1_name)v->stop_name);
    if (!row->string) {
        m->count--;
        fail_no_memory(m);
    }
}

/* --- annotations */

static void make_task_begin(struct maker *m)
{
    const uint64_t *args = m->ev->args; /* task, parent, name */
    struct tri_map *tasks = tri_v1_tasks_with(&m->v->tasks, args[0]);
    if (TRI_UNLIKELY(m->v->salvage.on) && tri_map_get(tasks, args[0])) {
        /* Of two beginnings the later counts. */
        tri_map_move(tasks, args[0], m->ev->offset);
    } else if (!tri_map_add(tasks, args[0], m->ev->offset)) {
        fail_no_memory(m);
        return;
    }
    struct tri_row *row = event_row(m, TRI_EV_UserTaskBegin);
    row->string = string_ref(m, row, args[2]);
    row->task.id = args[0];
    row->task.parent = args[1] ? args[1] : TR_NO_TASK;
}

static void make_task_end(struct maker *m)
{
    struct tri_v1 *v = m->v;
    struct tri_row *row = event_row(m, TRI_EV_UserTaskEnd);
    row->task.id = m->ev->args[0];
    row->task.parent = TR_NO_TASK;
    struct tri_map *tasks = tri_v1_tasks_with(&v->tasks, row->task.id);
    uint64_t offset = tri_map_get(tasks, row->task.id);
    if (!offset)
        return;
    struct tri_v1_record begin;
    const uint8_t *p = v->data + (offset - v->begin);
    tri_v1_record_read(&v->format, &p, v->data + v->data_bytes, &begin);
    const uint64_t *args = &begin.args[v->format.shapes[TRI_V1_UserTaskCreate].first_arg];
    row->task.parent = args[1]; /* 0 where the beginning says that there is none */
    tri_v1_string_ref(v, args[2], &row->string);
    tri_map_remove(tasks, row->task.id);
}

static void make_region(struct maker *m)
{
    const uint64_t *args = m->ev->args; /* task, mode, name */
    if (args[1] > 1) {                  /* of a trace that is salvaged */
        event_row(m, TRI_EV_None);
        return;
    }
    struct tri_row *row =
        event_row(m, args[1] == 0 ? TRI_EV_UserRegionBegin : TRI_EV_UserRegionEnd);
    row->string = string_ref(m, row, args[2]);
    row->region_task = args[0];
}

static void make_log(struct maker *m)
{
    const uint64_t *args = m->ev->args; /* task, key; the message's place */
    uint32_t message = tri_v1_message_ref(m->v, args[3]);
    if (!message) {
        fail_no_memory(m);
        return;
    }
    struct tri_row *row = event_row(m, TRI_EV_UserLog);
    row->string = string_ref(m, row, args[1]);
    row->log.task = args[0];
    row->log.message = message;
}

static void make_sample(struct maker *m)
{
    struct tri_row *row = event_row(m, TRI_EV_CPUSample);
    row->thread = TR_NONE;
    if (row->stack == TRI_STACK_ABSENT)
        row->stack = 0; /* a sample has one, even if it is empty */
}

/* Make the rows of an event, two at most. */
static void make_rows(struct maker *m)
{
    struct tri_v1 *v = m->v;
    struct tri_v1_event *ev = m->ev;
    int64_t go = ev->go ? (int64_t)ev->go : TR_NONE;
    struct tri_row *row;
    switch (ev->type) {
    case TRI_V1_Gomaxprocs:
        if (!v->initialized)
            initialize(m);
        else
            event_row(m, TRI_EV_ProcsChange)->metric = ev->args[0];
        break;
    case TRI_V1_HeapAlloc:
    case TRI_V1_HeapGoal:
        event_row(m, m->shape->becomes)->metric = ev->args[0];
        break;
    case TRI_V1_ProcStart:
        make_proc_start(m);
        break;
    case TRI_V1_ProcStop:
        make_proc_stop(m);
        break;
    case TRI_V1_GCStart:
        ev->p = TRI_V1_GC_P;
        event_row(m, TRI_EV_GCBegin)->range.scope_id = TR_NONE;
        break;
    case TRI_V1_GCDone:
        event_row(m, TRI_EV_GCEnd)->range.scope_id = TR_NONE;
        break;
    case TRI_V1_STWStart:
    case TRI_V1_STWDone:
        make_stop_the_world(m);
        break;
    case TRI_V1_GCSweepStart:
        event_row(m, TRI_EV_GCSweepBegin)->range.scope_id = ev->p;
        break;
    case TRI_V1_GCSweepDone:
        row = event_row(m, TRI_EV_GCSweepEnd);
        row->sweep_end.swept = ev->args[0];
        row->sweep_end.reclaimed = ev->args[1];
        break;
    case TRI_V1_GCMarkAssistStart:
    case TRI_V1_GCMarkAssistDone:
        event_row(m, m->shape->becomes)->range.scope_id = go;
        break;
    case TRI_V1_GoCreate:
        make_create(m);
        break;
    case TRI_V1_GoStart:
        make_start(m);
        break;
    case TRI_V1_GoStartLabel:
        make_start_label(m);
        break;
    case TRI_V1_GoUnblock:
        if (ev->is_marked)
            ev->p = TRI_V1_NETPOLL_P;
        transition_row(m, TRI_EV_GoUnblock, (int64_t)ev->args[0], TR_GO_WAITING, TR_GO_RUNNABLE);
        break;
    case TRI_V1_GoSysCall:
        make_call(m, ev->is_marked);
        break;
    case TRI_V1_GoSysExit:
        transition_row(m, TRI_EV_GoSyscallEndBlocked, go, TR_GO_SYSCALL, TR_GO_RUNNABLE);
        break;
    case TRI_V1_GoWaiting:
        make_status(m, TR_GO_WAITING);
        break;
    case TRI_V1_GoInSyscall:
        make_status(m, TR_GO_SYSCALL);
        break;
    case TRI_V1_UserTaskCreate:
        make_task_begin(m);
        break;
    case TRI_V1_UserTaskEnd:
        make_task_end(m);
        break;
    case TRI_V1_UserRegion:
        make_region(m);
        break;
    case TRI_V1_UserLog:
        make_log(m);
        break;
    case TRI_V1_CPUSample:
        make_sample(m);
        break;
    case TRI_V1_FutileWakeup:
        if (v->version < TRI_GO111)
            break;
        v->salvage.counts.lost_bytes += tri_v1_tape_bytes(*v->walk.word);
        if (!v->salvage.on)
            v->failed = tri_v1_refuse_futile(v, ev);
        break;
    default: /* of GoSysBlock its system call and the return from it say as much */
        if (stops(m->shape))
            own_transition_row(m, stopped_state(m->shape));
        break;
    }
}

static void mark_rows(struct tri_v1 *v, struct tri_row *rows, uint32_t count, bool relaxed)
{
    uint8_t flags = (uint8_t)((relaxed ? TR_EV_RELAXED : 0) | (v->raw_time ? TR_EV_RAW_TIME : 0));
    for (uint32_t i = 0; i < count; i++)
        rows[i].where.at.flags |= flags;
    v->salvage.counts.relaxed += relaxed;
    v->salvage.counts.raw_time += v->raw_time ? count : 0;
}

static inline uint32_t finish_rows(struct tri_v1 *v, struct tri_row *rows, uint32_t count,
                                   bool relaxed)
{
    uint32_t kept = 0;
    if (TRI_UNLIKELY(v->salvage.on))
        mark_rows(v, rows, count, relaxed);
    for (uint32_t i = 0; i < count; i++) {
        if (TRI_UNLIKELY(kept < i))
            rows[kept] = rows[i];
        kept += tri_filter_passes(&v->filter, &rows[i]);
    }
    v->row_count += count;
    return kept;
}

uint32_t tri_v1_finish_rows(struct tri_v1 *v, struct tri_row *rows, uint32_t count, bool relaxed)
{
    return finish_rows(v, rows, count, relaxed);
}

void tri_v1_convert_begin(struct tri_v1 *v)
{
    for (uint32_t i = 0; i < v->proc_count; i++)
        v->procs[i].convert.has_thread = v->procs[i].convert.seen = false;
    /* Of a trace that is salvaged the frequency may be lost. */
    v->raw_time = v->ticks_per_second <= 0;
    v->ns_per_tick = v->raw_time ? 1 : 1e9 / (double)v->ticks_per_second;
    v->last_time = -1;
    tri_v1_walk_begin(v, &v->walk);
    v->next = tri_v1_walk_next(v, &v->walk);
}

/* Whether an event of a broken trace waited for what is lost, while others went on, for so long
 * that its time is not even near the one that its rows get. */
static bool is_late(const struct tri_v1 *v, int64_t time)
{
    return v->salvage.on && time < v->last_time &&
           (uint64_t)v->last_time - (uint64_t)time > TRI_PATIENCE_NS;
}

uint32_t tri_v1_convert(struct tri_v1 *v, struct tri_row *rows, uint32_t max)
{
    enum { ROWS_OF_EVENT = 2, ROWS_MADE = 1 << 12 /* and perhaps dropped */ };
    struct maker m = {.v = v, .rows = rows};
    const uint64_t enough = v->row_count + ROWS_MADE;
    while (v->failed == TR_OK && m.count + ROWS_OF_EVENT <= max && v->row_count < enough) {
        uint32_t before = m.count;
        bool runnable = v->initialized && v->created_at < v->created_count, late = false;
        if (TRI_UNLIKELY(runnable)) {
            make_runnable(&m);
        } else if (v->next) {
            m.ev = v->next;
            m.proc = &v->procs[v->walk.proc];
            m.shape = &v->format.shapes[m.ev->type];
            m.time = tri_v1_ns(v, m.ev->time);
            late = is_late(v, m.time);
            make_rows(&m);
        } else {
            break;
        }
        m.count = before + finish_rows(v, rows + before, m.count - before,
                                       late || (v->salvage.on && !runnable &&
                                                tri_v1_is_relaxed(v, &v->walk, m.ev)));
        if (runnable)
            continue;
        if (TRI_LIKELY(v->created_at == v->created_count) && v->initialized)
            pass_glanced(&m, max, ROWS_MADE);
        v->next = tri_v1_walk_next(v, &v->walk);
    }
    return m.count;
}
