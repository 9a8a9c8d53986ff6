/* The table of goroutines, a row each: where it came from and what it did with its time.
 *
 * Times are added up as Go's own summary (internal/trace) does it: what is first heard of by
 * a transition from Undetermined, or into the same state, as what came before did not pass a
 * filter, was in its new state since the Sync before; a goroutine that waits "forever" has
 * ended; at the last event all that is open ends. In a trace that is salvaged one that had
 * ended since that Sync is there again from the transition on.
 *
 * Rows come when goroutines end, and at the end of the trace for those that are left, by id.
 * Memory grows with what is alive at once. */
#include "table/frames.h"
#include "table/idset.h"
#include "table/tables.h"

enum {
    ID,
    FUNCTION,
    CREATOR,
    CREATED,
    CREATED_STACK,
    STARTED,
    ENDED,
    RUNNING,
    RUNNABLE,
    WAITING,
    SYSCALL,
    BLOCKS,
    COLUMNS
};

static const tr_table_column columns[COLUMNS] = {
    [ID] = {"id", TR_TABLE_INT64, 1, "the goroutine"},
    [FUNCTION] = {"function", TR_TABLE_STRING, 1,
                  "the function it began with: the outermost frame of the first stack of its "
                  "transitions that names one"},
    [CREATOR] = {"creator", TR_TABLE_INT64, 1, "the goroutine that created it"},
    [CREATED] = {"created", TR_TABLE_TIME, 1, "when it was created; null: before the trace"},
    [CREATED_STACK] = {"created_stack", TR_TABLE_INT64, 1,
                       "the stack that created it, a row of stacks"},
    [STARTED] = {"started", TR_TABLE_TIME, 1,
                 "when it first began to run, or was said to run already; null: it did not"},
    [ENDED] = {"ended", TR_TABLE_TIME, 1,
               "when it ended, or began to wait forever; null: it lives on"},
    [RUNNING] = {"running_ns", TR_TABLE_INT64, 0, "nanoseconds in the state Running"},
    [RUNNABLE] = {"runnable_ns", TR_TABLE_INT64, 0, "nanoseconds in Runnable, waiting for a proc"},
    [WAITING] = {"waiting_ns", TR_TABLE_INT64, 0,
                 "nanoseconds in Waiting, but for waiting forever"},
    [SYSCALL] = {"syscall_ns", TR_TABLE_INT64, 0,
                 "nanoseconds in Syscall, with and without a proc"},
    [BLOCKS] = {"blocks", TR_TABLE_INT64, 0,
                "how often it went from Running or Syscall to Waiting"},
};

enum { STATES = TR_GO_SYSCALL + 1 };

struct goroutine {
    int64_t id;
    int64_t creator, created, created_stack, started;
    int64_t function; /* the number of a string, TR_NONE: not known yet */
    int32_t name;     /* its code, if it is resolved */
    int64_t since;    /* when it came into its state */
    uint64_t ns[STATES];
    int64_t blocks;
    uint8_t state;
    bool is_created, is_started;
    bool has_ended; /* it waits forever: its row is out, but each generation still names it */
};

struct state {
    struct tri_live live;
    struct tri_idset ended;       /* salvaged: since the last Sync */
    const struct goroutine *left; /* at the end: the one to come out next */
};

static bool open(struct tri_table *t)
{
    struct state *s = t->state;
    tri_live_init(&s->live, t->mem, sizeof(struct goroutine));
    tri_idset_init(&s->ended, t->mem);
    return true;
}

static void close(struct tri_table *t)
{
    struct state *s = t->state;
    tri_live_free(&s->live);
    tri_idset_free(&s->ended);
}

/* Its row; false: the batch is full. */
static bool put(struct tri_table *t, const struct goroutine *g, int64_t blocks, int64_t end,
                bool ended)
{
    struct tri_out *out = &t->out;
    uint64_t ns[STATES];
    if (!tri_out_begin(out))
        return false;
    memcpy(ns, g->ns, sizeof ns);
    ns[g->state] += (uint64_t)end - (uint64_t)g->since;
    tri_out_put_id(out, ID, g->id);
    if (g->function == TR_NONE)
        tri_out_put_null(out, FUNCTION);
    else
        tri_out_put_string(out, FUNCTION, g->function, tr_reader_string(t->reader, g->name));
    tri_out_put_id(out, CREATOR, g->creator);
    if (g->is_created)
        tri_out_put(out, CREATED, g->created);
    else
        tri_out_put_null(out, CREATED);
    tri_out_put_id(out, CREATED_STACK, g->created_stack);
    if (g->is_started)
        tri_out_put(out, STARTED, g->started);
    else
        tri_out_put_null(out, STARTED);
    if (ended)
        tri_out_put(out, ENDED, end);
    else
        tri_out_put_null(out, ENDED);
    tri_out_put(out, RUNNING, (int64_t)ns[TR_GO_RUNNING]);
    tri_out_put(out, RUNNABLE, (int64_t)ns[TR_GO_RUNNABLE]);
    tri_out_put(out, WAITING, (int64_t)ns[TR_GO_WAITING]);
    tri_out_put(out, SYSCALL, (int64_t)ns[TR_GO_SYSCALL]);
    tri_out_put(out, BLOCKS, blocks);
    tri_out_end(out);
    return true;
}

static struct goroutine *add(struct tri_table *t, const struct tri_row *row)
{
    struct state *s = t->state;
    int64_t id = row->transition.id;
    struct goroutine *g = tri_live_add(&s->live, id);
    if (!g) {
        t->out.failed = true;
        return NULL;
    }
    g->creator = g->created_stack = g->function = TR_NONE;
    g->since = tri_idset_has(&s->ended, id) ? row->time : t->sync_ns;
    return g;
}

/* The outermost frame is the same in all stacks of a goroutine. */
static void learn_function(struct tri_table *t, struct goroutine *g, uint32_t stack)
{
    uint32_t count = tri_frame_count(t->tables, stack);
    if (!count || !tri_out_wants(&t->out, FUNCTION))
        return;
    const struct tri_pc_frame *f = tri_frame_at(t->tables, stack, count - 1);
    if (!f) {
        t->out.failed = true;
        return;
    }
    if (!tri_tables_string(t->tables, f->func).len)
        return;
    g->function = tri_tables_string_number(t->tables, f->func);
    if (t->out.columns[FUNCTION].type == TR_TABLE_TEXT)
        g->name = tri_code_of_string(&t->part, f->func);
}

/* false: the batch is full, and it is asked again. */
static bool take_transition(struct tri_table *t, const struct tri_row *row)
{
    struct state *s = t->state;
    unsigned from = row->transition.from, to = row->transition.to;
    if (tri_row_resource(row) != TR_RESOURCE_GOROUTINE)
        return true;
    struct goroutine *g = tri_live_get(&s->live, row->transition.id);
    if (from == to && (g || from == TR_GO_UNDETERMINED)) /* repeated, or nothing is said */
        return true;
    /* Salvaged: what is created again has ended, and what had ended may go on. */
    if (g && (g->has_ended || from == TR_GO_NOT_EXIST)) {
        if (!g->has_ended && !put(t, g, g->blocks, row->time, true))
            return false;
        tri_live_remove(&s->live, g);
        g = NULL;
    }
    if (!g) {
        if (!(g = add(t, row)))
            return false;
        g->state = (uint8_t)(from == TR_GO_UNDETERMINED ? to : from);
        if (from == TR_GO_NOT_EXIST) {
            g->is_created = true;
            g->created = row->time;
            g->creator = row->goroutine;
            g->created_stack = tri_event_stack_number(row, t->tables);
            g->since = row->time;
        }
    }
    if (!g->is_started && (from == TR_GO_RUNNING || to == TR_GO_RUNNING)) {
        g->is_started = true;
        g->started = row->time;
    }
    if (g->function == TR_NONE)
        learn_function(t, g, row->transition.stack);
    int64_t blocks = g->blocks + (to == TR_GO_WAITING && tr_state_executing((tr_state)from));
    if (tri_ends_goroutine(t, row)) {
        if (!put(t, g, blocks, row->time, true))
            return false;
        if (to == TR_GO_NOT_EXIST)
            tri_live_remove(&s->live, g);
        else
            g->has_ended = true;
        if (t->reader->salvages && !tri_idset_add(&s->ended, row->transition.id))
            t->out.failed = true;
        return true;
    }
    g->blocks = blocks;
    g->ns[g->state] += (uint64_t)row->time - (uint64_t)g->since;
    g->since = row->time;
    g->state = (uint8_t)to;
    return true;
}

static bool take(struct tri_table *t)
{
    struct state *s = t->state;
    for (; t->at < t->part.count; t->at++) {
        const struct tri_row *row = &t->part.rows[t->at];
        if (tri_event_kind(row) == TR_KIND_SYNC)
            tri_idset_clear(&s->ended);
        else if (tri_event_kind(row) == TR_KIND_STATE_TRANSITION && !take_transition(t, row))
            return false;
    }
    return !t->out.failed;
}

static bool flush(struct tri_table *t)
{
    struct state *s = t->state;
    for (;;) {
        if (s->left && !s->left->has_ended && !put(t, s->left, s->left->blocks, t->last_ns, false))
            return false;
        s->left = tri_live_next(&s->live, &t->out.failed);
        if (!s->left)
            return !t->out.failed;
    }
}

const struct tri_table_spec tri_table_goroutines = {
    .name = "goroutines",
    .columns = columns,
    .column_count = COLUMNS,
    .kinds = UINT32_MAX,
    .state_bytes = sizeof(struct state),
    .open = open,
    .close = close,
    .take = take,
    .flush = flush,
};
