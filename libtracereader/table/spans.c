/* Tables of what the program says that it does: tasks and regions.
 *
 * A region ends with the next RegionEnd of its goroutine, or with the goroutine: the one
 * begun last ends first. What began before the trace, or the events that pass, begins with
 * the first event; what did not end ends with the last. What a program ends twice has ended
 * the first time. Rows come in the order of ends. Memory grows with what is alive at once, and
 * by a bit for each task that has ended, or each goroutine that was created. */
#include "table/idset.h"
#include "table/tables.h"

#define OPEN_START_DOC "it began before the first event, whose time start is"
#define OPEN_END_DOC "it had not ended at the last event, whose time end is"

/* --- tasks ------------------------------------------------------------------------ */

enum {
    T_TASK,
    T_PARENT,
    T_TYPE,
    T_START,
    T_END,
    T_DURATION,
    T_GOROUTINE,
    T_STACK,
    T_ENDED_BY,
    T_OPEN_START,
    T_OPEN_END,
    T_COUNT
};

static const tr_table_column task_columns[T_COUNT] = {
    [T_TASK] = {"task", TR_TABLE_UINT64, 0, "its id"},
    [T_PARENT] = {"parent", TR_TABLE_UINT64, 1, "the task that it is part of"},
    [T_TYPE] = {"type", TR_TABLE_NAME, 0, "its type, empty if its begin is not in the trace"},
    [T_START] = {"start", TR_TABLE_TIME, 0, "when it began"},
    [T_END] = {"end", TR_TABLE_TIME, 0, "when it ended"},
    [T_DURATION] = {"duration", TR_TABLE_INT64, 0, "end - start, in nanoseconds"},
    [T_GOROUTINE] = {"goroutine", TR_TABLE_INT64, 1, "the goroutine that began it"},
    [T_STACK] = {"stack", TR_TABLE_INT64, 1, "the stack that began it, a row of stacks"},
    [T_ENDED_BY] = {"ended_by", TR_TABLE_INT64, 1, "the goroutine that ended it"},
    [T_OPEN_START] = {"open_start", TR_TABLE_BOOL, 0, OPEN_START_DOC},
    [T_OPEN_END] = {"open_end", TR_TABLE_BOOL, 0, OPEN_END_DOC},
};

struct task {
    int64_t id;
    uint64_t parent;
    int64_t start, goroutine, stack;
    int32_t type;
    bool open_start;
};

struct tasks {
    struct tri_live live;
    struct tri_idset ended;
    const struct task *left; /* at the end: the one to come out next */
};

static bool open_tasks(struct tri_table *t)
{
    struct tasks *s = t->state;
    tri_live_init(&s->live, t->mem, sizeof(struct task));
    tri_idset_init(&s->ended, t->mem);
    return true;
}

static void close_tasks(struct tri_table *t)
{
    struct tasks *s = t->state;
    tri_live_free(&s->live);
    tri_idset_free(&s->ended);
}

/* Its row; false: the batch is full. */
static bool put_task(struct tri_table *t, const struct task *task, int64_t end, int64_t ended_by,
                     bool open_end)
{
    struct tri_out *out = &t->out;
    if (!tri_out_begin(out))
        return false;
    tri_out_put(out, T_TASK, task->id);
    tri_out_put_id(out, T_PARENT, (int64_t)task->parent);
    tri_out_put_code(out, T_TYPE, task->type);
    tri_out_put(out, T_START, task->start);
    tri_out_put(out, T_END, end);
    tri_out_put(out, T_DURATION, tri_duration_ns(task->start, end));
    tri_out_put_id(out, T_GOROUTINE, task->goroutine);
    tri_out_put_id(out, T_STACK, task->stack);
    tri_out_put_id(out, T_ENDED_BY, ended_by);
    tri_out_put_bool(out, T_OPEN_START, task->open_start);
    tri_out_put_bool(out, T_OPEN_END, open_end);
    tri_out_end(out);
    return true;
}

static void begin_task(struct tri_table *t, const struct tri_row *row)
{
    struct tasks *s = t->state;
    int64_t id = (int64_t)row->task.id;
    struct task *task = tri_live_get(&s->live, id);
    if (!task && !(task = tri_live_add(&s->live, id))) {
        t->out.failed = true;
        return;
    }
    task->parent = row->task.parent;
    task->start = row->time;
    task->goroutine = row->goroutine;
    task->stack = tri_event_stack_number(row, t->tables);
    task->type = tri_code_of_string(&t->part, row->string);
}

static bool end_task(struct tri_table *t, const struct tri_row *row)
{
    struct tasks *s = t->state;
    int64_t id = (int64_t)row->task.id;
    struct task *task = tri_live_get(&s->live, id);
    if (!task && tri_idset_has(&s->ended, id))
        return true;
    const struct task unknown = {
        .id = id,
        .parent = row->task.parent,
        .start = t->first_ns,
        .goroutine = TR_NONE,
        .stack = TR_NONE,
        .type = tri_code_of_string(&t->part, row->string),
        .open_start = true,
    };
    if (!put_task(t, task ? task : &unknown, row->time, row->goroutine, false))
        return false;
    if (task)
        tri_live_remove(&s->live, task);
    if (!tri_idset_add(&s->ended, id))
        t->out.failed = true;
    return true;
}

static bool take_tasks(struct tri_table *t)
{
    for (; t->at < t->part.count && !t->out.failed; t->at++) {
        const struct tri_row *row = &t->part.rows[t->at];
        if (tri_event_kind(row) == TR_KIND_TASK_BEGIN)
            begin_task(t, row);
        else if (tri_event_kind(row) == TR_KIND_TASK_END && !end_task(t, row))
            return false;
    }
    return !t->out.failed;
}

static bool flush_tasks(struct tri_table *t)
{
    struct tasks *s = t->state;
    for (;;) {
        if (s->left && !put_task(t, s->left, t->last_ns, TR_NONE, true))
            return false;
        s->left = tri_live_next(&s->live, &t->out.failed);
        if (!s->left)
            return !t->out.failed;
    }
}

const struct tri_table_spec tri_table_tasks = {
    .name = "tasks",
    .columns = task_columns,
    .column_count = T_COUNT,
    .kinds = UINT32_MAX,
    .state_bytes = sizeof(struct tasks),
    .open = open_tasks,
    .close = close_tasks,
    .take = take_tasks,
    .flush = flush_tasks,
};

/* --- regions ---------------------------------------------------------------------- */

enum {
    R_TYPE,
    R_TASK,
    R_GOROUTINE,
    R_START,
    R_END,
    R_DURATION,
    R_STACK,
    R_OPEN_START,
    R_OPEN_END,
    R_COUNT
};

static const tr_table_column region_columns[R_COUNT] = {
    [R_TYPE] = {"type", TR_TABLE_NAME, 0, "its type, as the program named it"},
    [R_TASK] = {"task", TR_TABLE_UINT64, 0, "the task it belongs to, 0 for none"},
    [R_GOROUTINE] = {"goroutine", TR_TABLE_INT64, 1, "the goroutine whose it is"},
    [R_START] = {"start", TR_TABLE_TIME, 0, "when it began"},
    [R_END] = {"end", TR_TABLE_TIME, 0, "when it, or its goroutine, ended"},
    [R_DURATION] = {"duration", TR_TABLE_INT64, 0, "end - start, in nanoseconds"},
    [R_STACK] = {"stack", TR_TABLE_INT64, 1, "the stack that began it, a row of stacks"},
    [R_OPEN_START] = {"open_start", TR_TABLE_BOOL, 0, OPEN_START_DOC},
    [R_OPEN_END] = {"open_end", TR_TABLE_BOOL, 0, OPEN_END_DOC},
};

struct region {
    struct region *below; /* begun before, by the same goroutine */
    uint64_t task;
    int64_t start, stack;
    int32_t type;
    bool open_start;
};

struct regions_of {
    int64_t goroutine;
    struct region *top;
};

struct regions {
    struct tri_live live;     /* goroutines that have a region */
    struct tri_idset created; /* goroutines, in the trace */
    struct tri_arena arena;
    struct region *free;
    struct regions_of *left; /* at the end: whose come out next */
};

static bool open_regions(struct tri_table *t)
{
    struct regions *s = t->state;
    tri_live_init(&s->live, t->mem, sizeof(struct regions_of));
    tri_idset_init(&s->created, t->mem);
    s->arena.mem = t->mem;
    return true;
}

static void close_regions(struct tri_table *t)
{
    struct regions *s = t->state;
    tri_live_free(&s->live);
    tri_idset_free(&s->created);
    tri_arena_free(&s->arena);
}

/* Its row; false: the batch is full. */
static bool put_region(struct tri_table *t, const struct region *region, int64_t goroutine,
                       int64_t end, bool open_end)
{
    struct tri_out *out = &t->out;
    if (!tri_out_begin(out))
        return false;
    tri_out_put_code(out, R_TYPE, region->type);
    tri_out_put(out, R_TASK, (int64_t)region->task);
    tri_out_put_id(out, R_GOROUTINE, goroutine);
    tri_out_put(out, R_START, region->start);
    tri_out_put(out, R_END, end);
    tri_out_put(out, R_DURATION, tri_duration_ns(region->start, end));
    tri_out_put_id(out, R_STACK, region->stack);
    tri_out_put_bool(out, R_OPEN_START, region->open_start);
    tri_out_put_bool(out, R_OPEN_END, open_end);
    tri_out_end(out);
    return true;
}

static void begin_region(struct tri_table *t, const struct tri_row *row)
{
    struct regions *s = t->state;
    struct regions_of *of = tri_live_get(&s->live, row->goroutine);
    struct region *region = s->free;
    if (!of)
        of = tri_live_add(&s->live, row->goroutine);
    if (region)
        s->free = region->below;
    else
        region = tri_arena_alloc(&s->arena, sizeof *region);
    if (!of || !region) {
        t->out.failed = true;
        return;
    }
    *region = (struct region){
        .below = of->top,
        .task = row->region_task,
        .start = row->time,
        .stack = tri_event_stack_number(row, t->tables),
        .type = tri_code_of_string(&t->part, row->string),
    };
    of->top = region;
}

/* The region that a goroutine began last ends; false: the batch is full. */
static bool pop_region(struct tri_table *t, struct regions_of *of, int64_t end, bool open_end)
{
    struct regions *s = t->state;
    struct region *region = of->top;
    if (!put_region(t, region, of->goroutine, end, open_end))
        return false;
    of->top = region->below;
    region->below = s->free;
    s->free = region;
    return true;
}

static bool end_region(struct tri_table *t, const struct tri_row *row)
{
    struct regions *s = t->state;
    struct regions_of *of = tri_live_get(&s->live, row->goroutine);
    if (of && of->top)
        return pop_region(t, of, row->time, false);
    /* It was ended before, unless it is salvaged: then its begin may be lost. */
    if (tri_idset_has(&s->created, row->goroutine) && !t->reader->salvages)
        return true;
    const struct region unknown = {
        .task = row->region_task,
        .start = t->first_ns,
        .stack = TR_NONE,
        .type = tri_code_of_string(&t->part, row->string),
        .open_start = true,
    };
    return put_region(t, &unknown, row->goroutine, row->time, false);
}

/* A goroutine that is created or has ended, as one has that is created again in a trace that is
 * salvaged. */
static bool take_transition(struct tri_table *t, const struct tri_row *row)
{
    struct regions *s = t->state;
    int64_t id = row->transition.id;
    bool is_created = row->transition.from == TR_GO_NOT_EXIST;
    if (is_created && !tri_idset_add(&s->created, id))
        t->out.failed = true;
    struct regions_of *of = tri_live_get(&s->live, id);
    if (!of || !(is_created || tri_ends_goroutine(t, row)))
        return true;
    while (of->top)
        if (!pop_region(t, of, row->time, false))
            return false;
    tri_live_remove(&s->live, of);
    return true;
}

static bool take_regions(struct tri_table *t)
{
    for (; t->at < t->part.count && !t->out.failed; t->at++) {
        const struct tri_row *row = &t->part.rows[t->at];
        bool done = true;
        if (tri_event_kind(row) == TR_KIND_REGION_BEGIN)
            begin_region(t, row);
        else if (tri_event_kind(row) == TR_KIND_REGION_END)
            done = end_region(t, row);
        else if (tri_event_kind(row) == TR_KIND_STATE_TRANSITION)
            done = take_transition(t, row);
        if (!done)
            return false;
    }
    return !t->out.failed;
}

static bool flush_regions(struct tri_table *t)
{
    struct regions *s = t->state;
    for (;;) {
        while (s->left && s->left->top)
            if (!pop_region(t, s->left, t->last_ns, true))
                return false;
        s->left = tri_live_next(&s->live, &t->out.failed);
        if (!s->left)
            return !t->out.failed;
    }
}

const struct tri_table_spec tri_table_regions = {
    .name = "regions",
    .columns = region_columns,
    .column_count = R_COUNT,
    .kinds = UINT32_MAX,
    .state_bytes = sizeof(struct regions),
    .open = open_regions,
    .close = close_regions,
    .take = take_regions,
    .flush = flush_regions,
};
