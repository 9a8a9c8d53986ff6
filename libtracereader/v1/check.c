/* The check that the events fit together, as the reference makes it before it gives out
 * the first one: a proc runs one goroutine at a time, what blocks has run, what ends has
 * begun.
 *
 * What rows need to know of later or earlier events is noted on the way, on the tape: of a
 * system call whether it blocks, and of an unblock whether the network did it.
 *
 * Invariant: a goroutine is `known` from when the trace creates it, or says that it helps
 * the collector; the others are dead. */
#include <string.h>

#include "v1/passes.h"
#include "v1/tape.h"

struct region {
    uint64_t task, name;
    uint32_t outer; /* index + 1 */
};

struct tri_v1_check {
    struct tri_v1 *v;
    const struct tri_v1_event *ev;
    uint32_t *word;       /* the event's on the tape, if it is there */
    struct tri_v1_go *go; /* the event's, NULL: nothing is known of it */
    struct tri_v1_proc *proc;
    bool relaxed; /* something about the event is wrong, and the trace is salvaged */
    bool collects, stops_world;
    struct tri_v1_tasks tasks;
    struct tri_blocks regions;
    uint32_t region_count, free_region;
};

static struct tri_place place_of(const struct tri_v1_check *c)
{
    return tri_v1_place(c->v, c->ev->offset);
}

/* Something is wrong with the event. If the trace is salvaged it is let through, and the
 * states become what it says. */
static bool relax(struct tri_v1_check *c)
{
    c->relaxed |= c->v->salvage.on;
    return c->v->salvage.on;
}

TRI_COLD static tr_status fail(struct tri_v1_check *c, const char *what)
{
    if (relax(c))
        return TR_OK;
    return tri_err_set(c->v->err, TR_E_ORDER, place_of(c), "%s of goroutine %llu on proc %d: %s",
                       tri_v1_name_at(c->v, c->ev->offset), (unsigned long long)c->ev->go,
                       (int)c->ev->p, what);
}

static inline tr_status require(struct tri_v1_check *c, bool holds, const char *what)
{
    return TRI_LIKELY(holds) ? TR_OK : fail(c, what);
}

static tr_status no_memory(const struct tri_v1_check *c)
{
    return tri_v1_no_memory(c->v, c->ev->offset);
}

static enum tri_v1_go_state state_of(const struct tri_v1_go *go)
{
    return go ? (enum tri_v1_go_state)go->check.state : TRI_V1_DEAD;
}

static tr_status need_running(struct tri_v1_check *c, bool may_be_none)
{
    tr_status status = require(c, state_of(c->go) == TRI_V1_RUNNING, "it is not running");
    if (status == TR_OK)
        status = require(c, c->proc->check.go == c->ev->go, "the proc runs another");
    if (status == TR_OK && !may_be_none)
        status = require(c, c->ev->go != 0, "there is none");
    return status;
}

/* The running goroutine stops. */
static tr_status stop(struct tri_v1_check *c, enum tri_v1_go_state state)
{
    tr_status status = need_running(c, false);
    if (status != TR_OK)
        return status;
    c->go->check.state = (uint8_t)state;
    c->go->check.blocked_on_network = c->ev->type == TRI_V1_GoBlockNet;
    c->proc->check.go = 0;
    return TR_OK;
}

/* --- goroutines */

static tr_status check_create(struct tri_v1_check *c)
{
    struct tri_v1 *v = c->v;
    tr_status status = need_running(c, true);
    if (status != TR_OK)
        return status;
    struct tri_v1_go *go = tri_v1_add_go(v, c->ev->args[0], c->ev->offset);
    if (!go)
        return v->err->error.code;
    status = require(c, !go->check.known, "the new one exists already");
    if (status != TR_OK)
        return status;
    go->check.known = true;
    go->check.state = TRI_V1_RUNNABLE;
    return TR_OK;
}

static tr_status check_start(struct tri_v1_check *c)
{
    tr_status status = require(c, state_of(c->go) == TRI_V1_RUNNABLE, "it is not runnable");
    if (status == TR_OK)
        status = require(c, c->proc->check.go == 0, "the proc runs another already");
    if (status != TR_OK)
        return status;
    c->go->check.state = TRI_V1_RUNNING;
    c->go->check.blocked_on_network = false;
    c->proc->check.go = c->ev->go;
    return TR_OK;
}

static tr_status check_unblock(struct tri_v1_check *c)
{
    struct tri_v1 *v = c->v;
    tr_status status = require(c, state_of(c->go) == TRI_V1_RUNNING, "it is not running");
    if (status == TR_OK)
        status = require(c, c->ev->p == TRI_V1_TIMER_P || c->proc->check.go == c->ev->go,
                         "the proc runs another");
    struct tri_v1_go *other = tri_v1_find_go(v, c->ev->args[0]);
    if (status == TR_OK)
        status = require(c, state_of(other) == TRI_V1_WAITING, "the other one is not waiting");
    if (status == TR_OK && !other && !(other = tri_v1_add_go(v, c->ev->args[0], c->ev->offset)))
        status = v->err->error.code;
    if (status != TR_OK)
        return status;
    tri_v1_tape_settle(c->word, tri_v1_is_by_network(v, other, c->ev->p) ? TRI_V1_TAPE_NET_UNBLOCK
                                                                         : TRI_V1_GoUnblock);
    other->check.state = TRI_V1_RUNNABLE;
    other->check.blocked_on_network = false;
    return TR_OK;
}

static tr_status check_waiting(struct tri_v1_check *c)
{
    tr_status status = require(c, state_of(c->go) == TRI_V1_RUNNABLE, "it is not runnable");
    if (status != TR_OK)
        return status;
    c->go->check.state = TRI_V1_WAITING;
    c->go->check.blocked_on_network = false;
    return TR_OK;
}

static tr_status check_call(struct tri_v1_check *c)
{
    tr_status status = need_running(c, false);
    if (status != TR_OK)
        return status;
    c->go->check.blocked_on_network = false;
    tri_v1_tape_settle(c->word, TRI_V1_GoSysCall);
    c->go->check.call = c->word;
    return TR_OK;
}

static tr_status check_exit(struct tri_v1_check *c)
{
    tr_status status = require(c, state_of(c->go) == TRI_V1_WAITING, "it is not waiting");
    if (status != TR_OK)
        return status;
    c->go->check.state = TRI_V1_RUNNABLE;
    c->go->check.blocked_on_network = false;
    return TR_OK;
}

/* --- ranges and procs */

static tr_status begin(struct tri_v1_check *c, bool *is_on)
{
    tr_status status = require(c, !*is_on, "the one before has not ended");
    *is_on = true;
    return status;
}

static tr_status end(struct tri_v1_check *c, bool *is_on)
{
    tr_status status = require(c, *is_on, "it has not begun");
    *is_on = false;
    return status;
}

static bool *stops_world(struct tri_v1_check *c)
{
    /* Before Go 1.10 each proc had its own. */
    return c->v->version < TRI_GO110 ? &c->proc->check.stops_world : &c->stops_world;
}

static tr_status check_assist(struct tri_v1_check *c)
{
    struct tri_v1_go *go = tri_v1_add_go(c->v, c->ev->go, c->ev->offset);
    if (!go)
        return c->v->err->error.code;
    go->check.known = true;
    if (c->ev->type == TRI_V1_GCMarkAssistStart)
        return begin(c, &go->check.assists);
    go->check.assists = false; /* it may have begun before the trace */
    return TR_OK;
}

static tr_status check_proc_stop(struct tri_v1_check *c)
{
    tr_status status = end(c, &c->proc->check.runs);
    return status == TR_OK ? require(c, c->proc->check.go == 0, "the proc runs a goroutine")
                           : status;
}

/* --- annotations */

static tr_status check_task(struct tri_v1_check *c)
{
    struct tri_map *tasks = tri_v1_tasks_with(&c->tasks, c->ev->args[0]);
    if (tri_map_get(tasks, c->ev->args[0]))
        return relax(c) ? TR_OK
                        : tri_err_set(c->v->err, TR_E_ORDER, place_of(c), "task ID conflict: %llu",
                                      (unsigned long long)c->ev->args[0]);
    return tri_map_add(tasks, c->ev->args[0], c->ev->offset) ? TR_OK : no_memory(c);
}

static struct region *region(const struct tri_v1_check *c, uint32_t at)
{
    return tri_blocks_at(&c->regions, at - 1);
}

static void end_region(struct tri_v1_check *c, struct tri_v1_go *go)
{
    uint32_t at = go->check.regions;
    go->check.regions = region(c, at)->outer;
    region(c, at)->outer = c->free_region;
    c->free_region = at;
}

static tr_status begin_region(struct tri_v1_check *c)
{
    struct tri_v1_go *go = tri_v1_add_go(c->v, c->ev->go, c->ev->offset);
    uint32_t at = c->free_region;
    if (!go)
        return c->v->err->error.code;
    if (at) {
        c->free_region = region(c, at)->outer;
    } else {
        if (!tri_blocks_reserve(&c->regions, (uint64_t)c->region_count + 1))
            return no_memory(c);
        at = ++c->region_count;
    }
    *region(c, at) = (struct region){c->ev->args[0], c->ev->args[2], go->check.regions};
    go->check.regions = at;
    return TR_OK;
}

static tr_status check_region(struct tri_v1_check *c)
{
    const uint64_t *args = c->ev->args; /* task, mode, name */
    if (args[1] == 0)
        return begin_region(c);
    if (args[1] != 1)
        return relax(c) ? TR_OK
                        : tri_err_set(c->v->err, TR_E_CORRUPT, place_of(c),
                                      "invalid region mode %llu", (unsigned long long)args[1]);
    if (!c->go || !c->go->check.regions)
        return TR_OK; /* it may have begun before the trace */
    const struct region *r = region(c, c->go->check.regions);
    if (r->task != args[0] || r->name != args[2])
        return relax(c) ? TR_OK
                        : tri_err_set(
                              c->v->err, TR_E_ORDER, place_of(c),
                              "misuse of region in goroutine %llu: the innermost region is another",
                              (unsigned long long)c->ev->go);
    end_region(c, c->go);
    return TR_OK;
}

static tr_status check_end(struct tri_v1_check *c)
{
    tr_status status = stop(c, TRI_V1_DEAD);
    while (status == TR_OK && c->ev->type == TRI_V1_GoEnd && c->go->check.regions)
        end_region(c, c->go);
    return status;
}

/* Of the others, those that have a reason for it make the goroutine stop. */
static tr_status check_stop(struct tri_v1_check *c)
{
    const struct tri_v1_shape *shape = &c->v->format.shapes[c->ev->type];
    if (shape->reason == TRI_V1_NAME_NONE)
        return TR_OK;
    return stop(c, shape->becomes == TRI_EV_GoStop ? TRI_V1_RUNNABLE : TRI_V1_WAITING);
}

static tr_status check_event(struct tri_v1_check *c)
{
    switch (c->ev->type) {
    case TRI_V1_ProcStart:
        return begin(c, &c->proc->check.runs);
    case TRI_V1_ProcStop:
        return check_proc_stop(c);
    case TRI_V1_GCStart:
        return begin(c, &c->collects);
    case TRI_V1_GCDone:
        return end(c, &c->collects);
    case TRI_V1_STWStart:
        return begin(c, stops_world(c));
    case TRI_V1_STWDone:
        return end(c, stops_world(c));
    case TRI_V1_GCSweepStart:
        return begin(c, &c->proc->check.sweeps);
    case TRI_V1_GCSweepDone:
        return end(c, &c->proc->check.sweeps);
    case TRI_V1_GCMarkAssistStart:
    case TRI_V1_GCMarkAssistDone:
        return check_assist(c);
    case TRI_V1_GoCreate:
        return check_create(c);
    case TRI_V1_GoStart:
    case TRI_V1_GoStartLabel:
        return check_start(c);
    case TRI_V1_GoEnd:
    case TRI_V1_GoStop:
        return check_end(c);
    case TRI_V1_GoSysBlock:
        return stop(c, TRI_V1_WAITING);
    case TRI_V1_GoUnblock:
        return check_unblock(c);
    case TRI_V1_GoWaiting:
    case TRI_V1_GoInSyscall:
        return check_waiting(c);
    case TRI_V1_GoSysCall:
        return check_call(c);
    case TRI_V1_GoSysExit:
        return check_exit(c);
    case TRI_V1_UserTaskCreate:
        return check_task(c);
    case TRI_V1_UserTaskEnd:
        tri_map_remove(tri_v1_tasks_with(&c->tasks, c->ev->args[0]), c->ev->args[0]);
        return TR_OK;
    case TRI_V1_UserRegion:
        return check_region(c);
    default:
        return check_stop(c);
    }
}

/* A system call blocks if that is the next that the goroutine is seen to do. */
static void settle_call(struct tri_v1_check *c)
{
    if (!c->go || !c->go->check.call)
        return;
    if (c->ev->type == TRI_V1_GoSysBlock)
        tri_v1_tape_settle(c->go->check.call, TRI_V1_TAPE_BLOCKING_CALL);
    c->go->check.call = NULL;
}

tr_status tri_v1_check_event(struct tri_v1_check *c, const struct tri_v1_event *ev, uint32_t *word,
                             uint32_t proc, struct tri_v1_go *go)
{
    c->ev = ev;
    c->word = word;
    c->go = go;
    c->proc = &c->v->procs[proc];
    c->relaxed = false;
    if (TRI_UNLIKELY(!go) && c->v->salvage.on && !(c->go = tri_v1_add_go(c->v, ev->go, ev->offset)))
        return c->v->err->error.code;
    settle_call(c);
    return check_event(c);
}

void tri_v1_check_free(struct tri_v1_check *c)
{
    if (!c)
        return;
    struct tri_mem *mem = c->v->mem;
    tri_v1_tasks_free(&c->tasks);
    tri_blocks_free(&c->regions);
    tri_mem_free(mem, c, sizeof *c);
}

struct tri_v1_check *tri_v1_check_new(struct tri_v1 *v)
{
    struct tri_v1_check *c = tri_mem_zalloc(v->mem, sizeof *c);
    if (!c) {
        tri_v1_no_memory(v, v->begin);
        return NULL;
    }
    c->v = v;
    tri_v1_tasks_init(&c->tasks, v->mem);
    c->regions = (struct tri_blocks){.mem = v->mem, .item = sizeof(struct region)};
    for (struct tri_v1_go *go = v->last_go; go; go = go->before)
        memset(&go->check, 0, sizeof go->check);
    for (uint32_t i = 0; i < v->proc_count; i++)
        memset(&v->procs[i].check, 0, sizeof v->procs[i].check);
    struct tri_v1_go *none = tri_v1_add_go(v, 0, v->begin);
    if (!none) {
        tri_v1_check_free(c);
        return NULL;
    }
    none->check.known = true;
    none->check.state = TRI_V1_RUNNING;
    return c;
}

tr_status tri_v1_check_all(struct tri_v1 *v)
{
    struct tri_v1_check *c = tri_v1_check_new(v);
    struct tri_v1_walk walk;
    struct tri_v1_event *ev;
    tr_status status = c ? TR_OK : v->err->error.code;
    int64_t last = INT64_MIN;
    tri_v1_walk_begin(v, &walk);
    for (uint64_t done = 1; status == TR_OK && (ev = tri_v1_walk_next(v, &walk)); done++) {
        if (ev->time < last && !v->salvage.on)
            status = tri_v1_time_order(v, ev);
        else
            status = tri_v1_check_event(c, ev, walk.word, walk.proc, tri_v1_find_go(v, ev->go));
        if (c->relaxed)
            tri_v1_set_relaxed(v, &walk, ev);
        last = ev->time;
        if (status == TR_OK && !tri_v1_may_go_on(v, done, TRI_V1_STEP_EVENTS))
            status = tri_v1_canceled(v);
    }
    tri_v1_check_free(c);
    return status;
}
