/* Tables say what events say: each is computed again, in the plainest way, from the events
 * that tr_reader_next gives, and compared row by row, of every recorded trace. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "goldens.h"
#include "support.h"
#include "tabletext.h"

/* --- What is computed again --- */

enum { MOST = 4096 }; /* things alive at once, and names */

static const tr_str empty = {"", 0};

/* A copy of a string, that lives until the end of the test. */
static tr_str kept(tr_str s)
{
    static char *texts[MOST];
    static size_t lengths[MOST], count;
    for (size_t i = 0; i < count; i++)
        if (lengths[i] == s.len && memcmp(texts[i], s.ptr, s.len) == 0)
            return (tr_str){texts[i], s.len};
    ck_assert_uint_lt(count, MOST);
    texts[count] = malloc(s.len + 1);
    memcpy(texts[count], s.ptr, s.len);
    lengths[count] = s.len;
    return (tr_str){texts[count++], s.len};
}

/* Something that has a beginning. */
struct thing {
    bool there, open_start, created, started, ended;
    tr_resource kind;
    int64_t id, start, thread, proc, goroutine, on;
    uint64_t task, parent;
    tr_state state;
    tr_str name, root;
    tr_stack stack;
    int64_t at, started_at, ns[6], blocks;
};

struct again {
    struct lines lines;
    struct thing things[MOST];
    size_t count;
    int64_t first, sync, last;
    bool any, old;  /* before Go 1.22 */
    uint64_t kinds; /* of things, that are kept apart */
};

static struct thing *find(struct again *a, tr_resource kind, int64_t id)
{
    for (size_t i = a->count; i-- > 0;)
        if (a->things[i].there && a->things[i].kind == kind && a->things[i].id == id)
            return &a->things[i];
    return NULL;
}

static struct thing *add(struct again *a, tr_resource kind, int64_t id)
{
    ck_assert_uint_lt(a->count, MOST);
    struct thing *t = &a->things[a->count++];
    memset(t, 0, sizeof *t);
    t->there = true;
    t->kind = kind;
    t->id = id;
    t->on = t->thread = t->proc = t->goroutine = TR_NONE;
    t->name = t->root = empty;
    t->start = a->sync;
    return t;
}

static void forget(struct again *a, struct thing *t)
{
    tr_tables_unref(t->stack.tables);
    memmove(t, t + 1, (size_t)(&a->things[a->count] - (t + 1)) * sizeof *t);
    a->count--;
}

static void set_stack(struct thing *t, tr_stack stack)
{
    tr_tables_ref(stack.tables);
    tr_tables_unref(t->stack.tables);
    t->stack = stack;
}

static void cell_span(struct lines *l, int64_t start, int64_t end)
{
    cell_int(l, "start", start);
    cell_int(l, "end", end);
    cell_int(l, "duration", end - start);
}

/* --- Events, logs, metrics, samples --- */

static void cell_context(struct lines *l, const tr_event *ev)
{
    cell_id(l, "goroutine", ev->goroutine);
    cell_id(l, "thread", ev->thread);
    cell_id(l, "proc", ev->proc);
    cell_stack(l, "stack", ev->stack);
}

static bool is_range(const tr_event *ev)
{
    return ev->kind == TR_KIND_RANGE_BEGIN || ev->kind == TR_KIND_RANGE_ACTIVE ||
           ev->kind == TR_KIND_RANGE_END;
}

static void cell_if(struct lines *l, const char *name, bool is, tr_str text)
{
    if (is)
        cell_text(l, name, text);
    else
        cell_null(l, name);
}

static tr_str c_str(const char *s)
{
    return (tr_str){s, strlen(s)};
}

static void user_cells(struct lines *l, const tr_event *ev)
{
    bool task = ev->kind == TR_KIND_TASK_BEGIN || ev->kind == TR_KIND_TASK_END;
    bool region = ev->kind == TR_KIND_REGION_BEGIN || ev->kind == TR_KIND_REGION_END;
    bool log = ev->kind == TR_KIND_LOG;
    if (task || region || log)
        cell_uint(l, "task", task ? ev->task.id : region ? ev->region.task : ev->log.task);
    else
        cell_null(l, "task");
    if (task && ev->task.parent != TR_NO_TASK)
        cell_uint(l, "parent", ev->task.parent);
    else
        cell_null(l, "parent");
    cell_if(l, "type", task || region, task ? ev->task.type : region ? ev->region.type : empty);
    cell_if(l, "category", log, log ? ev->log.category : empty);
    cell_if(l, "message", log, log ? ev->log.message : empty);
}

static void again_events(struct again *a, const tr_event *ev)
{
    struct lines *l = &a->lines;
    bool is = ev->kind == TR_KIND_STATE_TRANSITION, label = ev->kind == TR_KIND_LABEL;
    bool range = is_range(ev), metric = ev->kind == TR_KIND_METRIC;
    bool experiment = ev->kind == TR_KIND_EXPERIMENTAL;
    cell_int(l, "time", ev->time_ns);
    cell_c_text(l, "kind", tr_kind_name(ev->kind));
    cell_id(l, "thread", ev->thread);
    cell_id(l, "proc", ev->proc);
    cell_id(l, "goroutine", ev->goroutine);
    cell_if(l, "resource", is || label,
            label ? c_str("Goroutine")
                  : c_str(is ? tr_resource_name(ev->transition.resource) : ""));
    cell_id(l, "resource_id", is ? ev->transition.id : label ? ev->label.id : TR_NONE);
    cell_if(l, "from_state", is, c_str(is ? tr_state_name(ev->transition.from) : ""));
    cell_if(l, "to_state", is, c_str(is ? tr_state_name(ev->transition.to) : ""));
    cell_if(l, "reason", is, is ? ev->transition.reason : empty);
    cell_if(l, "name", metric || range || experiment,
            metric       ? ev->metric.name
            : range      ? ev->range.name
            : experiment ? ev->experimental.name
                         : empty);
    if (metric)
        cell_uint(l, "value", ev->metric.value.u64);
    else
        cell_null(l, "value");
    user_cells(l, ev);
    cell_if(l, "scope", range, c_str(range ? tr_resource_name(ev->range.scope) : ""));
    cell_id(l, "scope_id", range ? ev->range.scope_id : TR_NONE);
    cell_if(l, "label", label, label ? ev->label.label : empty);
    cell_if(l, "experiment", experiment, experiment ? ev->experimental.experiment : empty);
    cell_uint(l, "offset", ev->offset);
    cell_uint(l, "generation", ev->generation);
    cell_uint(l, "flags", ev->flags);
    cell_stack(l, "stack", ev->stack);
    cell_stack(l, "transition_stack", is ? ev->transition.stack : (tr_stack){NULL, 0});
    line_end(l);
}

static void again_logs(struct again *a, const tr_event *ev)
{
    struct lines *l = &a->lines;
    if (ev->kind != TR_KIND_LOG)
        return;
    cell_int(l, "time", ev->time_ns);
    cell_uint(l, "task", ev->log.task);
    cell_text(l, "category", ev->log.category);
    cell_text(l, "message", ev->log.message);
    cell_context(l, ev);
    line_end(l);
}

static void again_metrics(struct again *a, const tr_event *ev)
{
    struct lines *l = &a->lines;
    if (ev->kind != TR_KIND_METRIC)
        return;
    cell_int(l, "time", ev->time_ns);
    cell_text(l, "name", ev->metric.name);
    cell_uint(l, "value", ev->metric.value.u64);
    cell_context(l, ev);
    line_end(l);
}

static void again_samples(struct again *a, const tr_event *ev)
{
    if (ev->kind != TR_KIND_STACK_SAMPLE)
        return;
    cell_int(&a->lines, "time", ev->time_ns);
    cell_context(&a->lines, ev);
    line_end(&a->lines);
}

/* --- Intervals --- */

static void interval_line(struct again *a, const struct thing *t, int64_t end, int64_t ended_by,
                          bool open_end)
{
    struct lines *l = &a->lines;
    cell_c_text(l, "resource", tr_resource_name(t->kind));
    cell_int(l, "id", t->id);
    cell_c_text(l, "state", tr_state_name(t->state));
    cell_span(l, t->start, end);
    cell_if(l, "reason", t->name.len > 0, t->name);
    cell_stack(l, "stack", t->stack);
    cell_id(l, "thread", t->thread);
    cell_id(l, "proc", t->proc);
    cell_id(l, "ended_by", ended_by);
    cell_int(l, "open_start", t->open_start);
    cell_int(l, "open_end", open_end);
    line_end(l);
}

static void enter(struct thing *t, const tr_event *ev, tr_state state, tr_str reason,
                  tr_stack stack)
{
    t->state = state;
    t->start = ev->time_ns;
    t->thread = ev->thread;
    t->proc = ev->proc;
    t->open_start = false;
    t->name = kept(reason);
    set_stack(t, stack);
}

/* It was so before `ev` said it, which is of `thread`, or of nobody knows which. */
static void was_before(struct again *a, struct thing *t, int64_t thread)
{
    const struct thing *proc = find(a, TR_RESOURCE_PROC, t->proc);
    bool has_proc = t->state != TR_GO_SYSCALL || (proc && proc->thread == thread);
    t->start = a->sync;
    t->open_start = true;
    t->thread = thread;
    t->proc = thread != TR_NONE && has_proc ? t->proc : TR_NONE;
}

/* Go before 1.22 does not say on which thread a goroutine is in a system call. */
static int64_t thread_of(const struct again *a, const tr_event *ev)
{
    const tr_ev_transition *x = &ev->transition;
    bool told = a->old && x->from == TR_GO_UNDETERMINED && x->to == TR_GO_SYSCALL;
    return tr_state_executing(x->to) && !told ? ev->thread : TR_NONE;
}

/* Whether it was in its new state before it is said: what is said again without having been said
 * at first, as that did not pass a filter, too. */
static bool is_told(const tr_ev_transition *x)
{
    return x->from == TR_GO_UNDETERMINED || x->from == TR_PROC_UNDETERMINED || x->from == x->to;
}

/* As what is there: goroutines that run, or are in system calls. */
static void thread_is(struct again *a, int64_t thread, bool told, const tr_event *ev)
{
    struct thing *t = find(a, TR_RESOURCE_THREAD, thread);
    tr_state state = TR_PROC_IDLE;
    for (size_t i = 0; i < a->count; i++) {
        const struct thing *g = &a->things[i];
        if (!g->there || g->kind != TR_RESOURCE_GOROUTINE || g->on != thread)
            continue;
        if (state != TR_GO_RUNNING)
            state = g->state;
    }
    bool known = t != NULL;
    if (known && t->state == state)
        return;
    if (known)
        interval_line(a, t, ev->time_ns, ev->goroutine, false);
    else
        t = add(a, TR_RESOURCE_THREAD, thread);
    enter(t, ev, state, empty, (tr_stack){NULL, 0});
    t->thread = thread;
    if (!known && told)
        was_before(a, t, thread);
}

static bool is_none(tr_state state)
{
    return state == TR_GO_NOT_EXIST || state == TR_PROC_NOT_EXIST;
}

/* What it was in before is all that is known of it. */
static struct thing *missed(struct again *a, const tr_event *ev)
{
    const tr_ev_transition *x = &ev->transition;
    bool on = x->resource == TR_RESOURCE_GOROUTINE && tr_state_executing(x->from);
    struct thing *t = add(a, x->resource, x->id);
    t->state = x->from;
    t->open_start = true;
    t->on = on ? ev->thread : TR_NONE;
    if (on && !find(a, TR_RESOURCE_THREAD, ev->thread))
        thread_is(a, ev->thread, true, ev);
    return find(a, x->resource, x->id);
}

static void again_intervals(struct again *a, const tr_event *ev)
{
    const tr_ev_transition *x = &ev->transition;
    if (ev->kind != TR_KIND_STATE_TRANSITION)
        return;
    struct thing *t = find(a, x->resource, x->id);
    bool known = t != NULL;
    if (known && x->from == x->to)
        return;
    if (!known && !is_told(x) && !is_none(x->from)) {
        t = missed(a, ev);
        known = true;
    }
    int64_t before = known ? t->on : TR_NONE, after = TR_NONE;
    if (known)
        interval_line(a, t, ev->time_ns, ev->goroutine, false);
    else
        t = add(a, x->resource, x->id);
    if (x->resource == TR_RESOURCE_GOROUTINE) {
        after = thread_of(a, ev);
        t->on = after;
        t->state = x->to;
        if (before != TR_NONE && before != after)
            thread_is(a, before, false, ev);
        if (after != TR_NONE)
            thread_is(a, after, is_told(x), ev);
        t = find(a, x->resource, x->id);
    }
    if (is_none(x->to)) {
        forget(a, t);
        return;
    }
    enter(t, ev, x->to, x->reason, x->stack);
    if (!known && is_told(x))
        was_before(a, t, thread_of(a, ev));
}

static int by_kind_and_id(const void *left, const void *right)
{
    const struct thing *a = left, *b = right;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return ((uint64_t)a->id > (uint64_t)b->id) - ((uint64_t)a->id < (uint64_t)b->id);
}

static void sort_things(struct again *a)
{
    qsort(a->things, a->count, sizeof *a->things, by_kind_and_id);
}

static void end_intervals(struct again *a)
{
    sort_things(a);
    for (size_t i = 0; i < a->count; i++)
        interval_line(a, &a->things[i], a->last, TR_NONE, true);
}

/* --- Goroutines --- */

static void goroutine_line(struct again *a, struct thing *t, int64_t end, bool ended)
{
    struct lines *l = &a->lines;
    t->ns[t->state] += end - t->at;
    cell_int(l, "id", t->id);
    cell_if(l, "function", t->root.len > 0, t->root);
    cell_id(l, "creator", t->goroutine);
    cell_id(l, "created", t->created ? t->start : TR_NONE);
    cell_stack(l, "created_stack", t->stack);
    cell_id(l, "started", t->started ? t->started_at : TR_NONE);
    cell_id(l, "ended", ended ? end : TR_NONE);
    cell_int(l, "running_ns", t->ns[TR_GO_RUNNING]);
    cell_int(l, "runnable_ns", t->ns[TR_GO_RUNNABLE]);
    cell_int(l, "waiting_ns", t->ns[TR_GO_WAITING]);
    cell_int(l, "syscall_ns", t->ns[TR_GO_SYSCALL]);
    cell_int(l, "blocks", t->blocks);
    line_end(l);
}

/* Whether a goroutine has ended. */
static bool ends(const tr_ev_transition *x)
{
    return is_none(x->to) || (x->to == TR_GO_WAITING && tr_str_equal(x->reason, "forever"));
}

static void again_goroutines(struct again *a, const tr_event *ev)
{
    const tr_ev_transition *x = &ev->transition;
    tr_frame f;
    if (ev->kind != TR_KIND_STATE_TRANSITION || x->resource != TR_RESOURCE_GOROUTINE)
        return;
    struct thing *t = find(a, x->resource, x->id);
    if (t && x->from == x->to)
        return;
    if (!t) {
        t = add(a, x->resource, x->id);
        t->at = a->sync;
        t->state = x->from == TR_GO_UNDETERMINED ? x->to : x->from;
        if (x->from == TR_GO_NOT_EXIST) {
            t->created = true;
            t->at = t->start = ev->time_ns;
            t->goroutine = ev->goroutine;
            set_stack(t, ev->stack);
        }
    }
    if (!t->root.len && tr_stack_frame_count(x->stack)) {
        ck_assert_int_eq(tr_stack_frame(x->stack, tr_stack_frame_count(x->stack) - 1, &f), TR_OK);
        t->root = kept(f.func);
    }
    if ((x->from == TR_GO_RUNNING || x->to == TR_GO_RUNNING) && !t->started) {
        t->started = true;
        t->started_at = ev->time_ns;
    }
    t->blocks += tr_state_executing(x->from) && x->to == TR_GO_WAITING;
    if (ends(x)) {
        goroutine_line(a, t, ev->time_ns, true);
        t->ended = true;
        if (is_none(x->to))
            forget(a, t);
        return;
    }
    t->ns[t->state] += ev->time_ns - t->at;
    t->at = ev->time_ns;
    t->state = x->to;
}

static void end_goroutines(struct again *a)
{
    sort_things(a);
    for (size_t i = 0; i < a->count; i++)
        if (!a->things[i].ended)
            goroutine_line(a, &a->things[i], a->last, false);
}

/* --- Tasks, regions, ranges --- */

static void task_line(struct again *a, const struct thing *t, int64_t end, int64_t ended_by,
                      bool open_end)
{
    struct lines *l = &a->lines;
    cell_uint(l, "task", (uint64_t)t->id);
    cell_id(l, "parent", (int64_t)t->parent);
    cell_text(l, "type", t->name);
    cell_span(l, t->start, end);
    cell_id(l, "goroutine", t->goroutine);
    cell_stack(l, "stack", t->stack);
    cell_id(l, "ended_by", ended_by);
    cell_int(l, "open_start", t->open_start);
    cell_int(l, "open_end", open_end);
    line_end(l);
}

static void again_tasks(struct again *a, const tr_event *ev)
{
    if (ev->kind != TR_KIND_TASK_BEGIN && ev->kind != TR_KIND_TASK_END)
        return;
    struct thing *t = find(a, TR_RESOURCE_NONE, (int64_t)ev->task.id);
    if (!t) {
        t = add(a, TR_RESOURCE_NONE, (int64_t)ev->task.id);
        t->parent = ev->task.parent;
        t->name = kept(ev->task.type);
        t->start = a->first;
        t->open_start = true;
    }
    if (ev->kind == TR_KIND_TASK_BEGIN) {
        t->start = ev->time_ns;
        t->open_start = false;
        t->goroutine = ev->goroutine;
        set_stack(t, ev->stack);
        return;
    }
    if (!t->ended)
        task_line(a, t, ev->time_ns, ev->goroutine, false);
    t->ended = true;
}

static void end_tasks(struct again *a)
{
    sort_things(a);
    for (size_t i = 0; i < a->count; i++)
        if (!a->things[i].ended)
            task_line(a, &a->things[i], a->last, TR_NONE, true);
}

static void region_line(struct again *a, const struct thing *t, int64_t end, bool open_end)
{
    struct lines *l = &a->lines;
    cell_text(l, "type", t->name);
    cell_uint(l, "task", t->task);
    cell_id(l, "goroutine", t->id);
    cell_span(l, t->start, end);
    cell_stack(l, "stack", t->stack);
    cell_int(l, "open_start", t->open_start);
    cell_int(l, "open_end", open_end);
    line_end(l);
}

/* A thing of no kind says that a goroutine was created in the trace, and is still there. */
static void again_regions(struct again *a, const tr_event *ev)
{
    struct thing *t;
    if (ev->kind == TR_KIND_STATE_TRANSITION && ends(&ev->transition)) {
        while ((t = find(a, TR_RESOURCE_GOROUTINE, ev->transition.id))) {
            region_line(a, t, ev->time_ns, false);
            forget(a, t);
        }
        if ((t = find(a, TR_RESOURCE_NONE, ev->transition.id)))
            forget(a, t);
    } else if (ev->kind == TR_KIND_STATE_TRANSITION && ev->transition.from == TR_GO_NOT_EXIST) {
        add(a, TR_RESOURCE_NONE, ev->transition.id);
    } else if (ev->kind == TR_KIND_REGION_BEGIN || ev->kind == TR_KIND_REGION_END) {
        bool pops = ev->kind == TR_KIND_REGION_END;
        t = pops ? find(a, TR_RESOURCE_GOROUTINE, ev->goroutine) : NULL;
        if (pops && !t && find(a, TR_RESOURCE_NONE, ev->goroutine))
            return;
        if (!t) {
            t = add(a, TR_RESOURCE_GOROUTINE, ev->goroutine);
            t->task = ev->region.task;
            t->name = kept(ev->region.type);
            t->start = pops ? a->first : ev->time_ns;
            t->open_start = pops;
            if (!pops)
                set_stack(t, ev->stack);
        }
        if (pops) {
            region_line(a, t, ev->time_ns, false);
            forget(a, t);
        }
    }
}

/* Goroutine by goroutine, of each the one begun last first. */
static void end_regions(struct again *a)
{
    while (a->count) {
        struct thing *least = &a->things[0];
        for (size_t i = 0; i < a->count; i++)
            if (a->things[i].id <= least->id)
                least = &a->things[i];
        if (least->kind == TR_RESOURCE_GOROUTINE)
            region_line(a, least, a->last, true);
        forget(a, least);
    }
}

/* `ev` ended it. */
static void range_line(struct again *a, const struct thing *t, int64_t end, const tr_event *ev)
{
    struct lines *l = &a->lines;
    cell_text(l, "name", t->name);
    cell_c_text(l, "scope", tr_resource_name(t->kind));
    cell_id(l, "scope_id", t->id);
    cell_span(l, t->start, end);
    cell_id(l, "goroutine", t->goroutine);
    cell_id(l, "thread", t->thread);
    cell_id(l, "proc", t->proc);
    cell_stack(l, "stack", t->stack);
    bool swept = ev && ev->range.attr_count == 2;
    cell_id(l, "bytes_swept", swept ? (int64_t)ev->range.attrs[0].value.u64 : TR_NONE);
    cell_id(l, "bytes_reclaimed", swept ? (int64_t)ev->range.attrs[1].value.u64 : TR_NONE);
    cell_int(l, "open_start", t->open_start);
    cell_int(l, "open_end", !ev);
    line_end(l);
}

static bool same_scope(const struct thing *t, const tr_event *ev)
{
    bool of_proc = ev->range.scope == TR_RESOURCE_GOROUTINE && ev->range.scope_id == TR_NONE;
    return t->kind == ev->range.scope && t->id == ev->range.scope_id &&
           (!of_proc || t->proc == ev->proc);
}

/* The range that is named by an event, or else the only stop of the world that it may end. */
static struct thing *range_of(struct again *a, const tr_event *ev)
{
    static const char stop[] = "stop-the-world";
    struct thing *found = NULL;
    int stops = 0;
    for (size_t i = 0; i < a->count; i++)
        if (same_scope(&a->things[i], ev) && a->things[i].name.ptr == kept(ev->range.name).ptr)
            return &a->things[i];
    if (ev->kind != TR_KIND_RANGE_END || !tr_str_contains(ev->range.name, stop))
        return NULL;
    for (size_t i = 0; i < a->count; i++)
        if (same_scope(&a->things[i], ev) && tr_str_contains(a->things[i].name, stop)) {
            found = &a->things[i];
            stops++;
        }
    return stops == 1 ? found : NULL;
}

static void again_ranges(struct again *a, const tr_event *ev)
{
    if (!is_range(ev))
        return;
    struct thing *t = range_of(a, ev);
    if (t && ev->kind == TR_KIND_RANGE_BEGIN) { /* its end is not there */
        range_line(a, t, ev->time_ns, NULL);
        forget(a, t);
        t = NULL;
    }
    if (!t) {
        t = add(a, ev->range.scope, ev->range.scope_id);
        t->name = kept(ev->range.name);
        t->open_start = ev->kind != TR_KIND_RANGE_BEGIN;
        t->start = !t->open_start                     ? ev->time_ns
                   : ev->kind == TR_KIND_RANGE_ACTIVE ? a->sync
                                                      : a->first;
        if (ev->kind == TR_KIND_RANGE_BEGIN) {
            t->goroutine = ev->goroutine;
            t->thread = ev->thread;
            t->proc = ev->proc;
            set_stack(t, ev->stack);
        }
    }
    if (ev->kind == TR_KIND_RANGE_END) {
        range_line(a, t, ev->time_ns, ev);
        forget(a, t);
    }
}

static void end_ranges(struct again *a)
{
    for (size_t i = 0; i < a->count; i++)
        range_line(a, &a->things[i], a->last, NULL);
}

/* --- The comparison --- */

static const struct {
    const char *table;
    void (*event)(struct again *a, const tr_event *ev);
    void (*end)(struct again *a);
} tables[] = {
    {"events", again_events, NULL},
    {"logs", again_logs, NULL},
    {"metrics", again_metrics, NULL},
    {"samples", again_samples, NULL},
    {"intervals", again_intervals, end_intervals},
    {"goroutines", again_goroutines, end_goroutines},
    {"tasks", again_tasks, end_tasks},
    {"regions", again_regions, end_regions},
    {"ranges", again_ranges, end_ranges},
};

static struct again all;

static void compute_again(size_t which, const struct bytes *trace, const tr_filter *filter)
{
    const tr_event *ev;
    tr_status status;
    tr_reader *r = tr_reader_new();
    ck_assert_ptr_nonnull(r);
    memset(&all, 0, sizeof all);
    ck_assert_int_eq(tr_reader_set_filter(r, filter), TR_OK);
    tr_reader_open_memory(r, trace->data, trace->size);
    all.old = tr_reader_version(r) < 22;
    while ((status = tr_reader_next(r, &ev)) == TR_OK) {
        if (!all.any)
            all.first = all.sync = ev->time_ns;
        all.any = true;
        all.last = ev->time_ns;
        if (ev->kind == TR_KIND_SYNC)
            all.sync = ev->time_ns;
        tables[which].event(&all, ev);
    }
    if (tables[which].end)
        tables[which].end(&all);
    if (status != TR_END)
        snprintf(all.lines.message, sizeof all.lines.message,
                 "%s (at byte %" PRIu64 ", generation %" PRIu64 ")", tr_reader_error(r)->message,
                 tr_reader_error(r)->offset, tr_reader_error(r)->generation);
    for (size_t i = 0; i < all.count; i++)
        tr_tables_unref(all.things[i].stack.tables);
    tr_reader_free(r);
}

static void compare(const char *what, const struct lines *got, const struct lines *want)
{
    for (size_t i = 0; i < got->count && i < want->count; i++)
        if (strcmp(got->lines[i], want->lines[i]) != 0)
            ck_abort_msg("%s, row %zu:\n got  %s\n want %s", what, i, got->lines[i],
                         want->lines[i]);
    if (got->count != want->count)
        ck_abort_msg("%s: %zu rows, not %zu", what, got->count, want->count);
    ck_assert_str_eq(got->message, want->message);
}

START_TEST(test_rows)
{
    if (golden_is_left_out(_i))
        return;
    struct bytes trace = load_trace(goldens[_i][GOLDEN_NAME]);
    struct ids ids = ids_of(&trace);
    const tr_filter filter = TR_FILTER_ALL;
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        char what[200];
        compute_again(t, &trace, &filter);
        for (int way = 0; way < (_i % 4 ? 1 : 3); way++) {
            tr_table_options options = TR_TABLE_DEFAULTS;
            options.resolve = way == 1;
            options.batch_rows = way == 2 ? 7 : 0;
            tr_reader *r = table_reader_with(tables[t].table, &trace, way == 1 ? 2 : 1);
            struct lines got = table_lines(tables[t].table, r, &options, &ids);
            snprintf(what, sizeof what, "%s of %s, %d", tables[t].table, goldens[_i][GOLDEN_NAME],
                     way);
            compare(what, &got, &all.lines);
            lines_free(&got);
        }
        lines_free(&all.lines);
    }
    ids_free(&ids);
    free_bytes(&trace);
}
END_TEST

/* What each table says of the later two thirds of a trace. */
START_TEST(test_rows_from_a_time_on)
{
    tr_filter filter = TR_FILTER_ALL;
    if (golden_is_left_out(_i))
        return;
    struct bytes trace = load_trace(goldens[_i][GOLDEN_NAME]);
    struct ids ids = ids_of(&trace);
    compute_again(0, &trace, &filter);
    lines_free(&all.lines);
    filter.start_ns = all.first + (all.last - all.first) / 3;
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        char what[200];
        tr_filter narrow = filter;
        tr_reader *r = tr_reader_new();
        compute_again(t, &trace, &filter);
        ck_assert_int_eq(tr_table_narrow(tables[t].table, &narrow), TR_OK);
        ck_assert_int_eq(tr_reader_set_filter(r, &narrow), TR_OK);
        tr_reader_open_memory(r, trace.data, trace.size);
        struct lines got = table_lines(tables[t].table, r, NULL, &ids);
        snprintf(what, sizeof what, "%s of %s", tables[t].table, goldens[_i][GOLDEN_NAME]);
        compare(what, &got, &all.lines);
        lines_free(&got);
        lines_free(&all.lines);
    }
    ids_free(&ids);
    free_bytes(&trace);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden/tables");
    TCase *rows = tcase_create("rows");
    load_goldens();
    tcase_set_timeout(rows, 120);
    tcase_add_loop_test(rows, test_rows, 0, golden_count);
    tcase_add_loop_test(rows, test_rows_from_a_time_on, 0, golden_count);
    suite_add_tcase(suite, rows);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free_goldens();
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
