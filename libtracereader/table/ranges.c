/* The table of ranges: garbage collections, sweeps, mark assists, stops of the world.
 *
 * A range ends with the RangeEnd of the same name and scope. If there is none, the only stop of
 * the world of its goroutine does: the end has the name that the begin's id stands for by then,
 * and the next generation may have another string there. One that is named by RangeActive
 * first was there since the Sync before; one that only ends, since the first event. One that
 * begins again, as nobody saw its end, is over by then: both are told. What is of no goroutine
 * that is known is its proc's: before Go 1.10 each proc stops for itself. Rows come
 * in the order of ends, at the end of the trace in that of begins. Memory grows with what is
 * alive at once. */
#include "base/map.h"
#include "table/live.h"
#include "table/tables.h"

enum {
    NAME,
    SCOPE,
    SCOPE_ID,
    START,
    END,
    DURATION,
    GOROUTINE,
    THREAD,
    PROC,
    STACK,
    SWEPT,
    RECLAIMED,
    OPEN_START,
    OPEN_END,
    COLUMNS
};

static const tr_table_column columns[COLUMNS] = {
    [NAME] = {"name", TR_TABLE_NAME, 0, "what happens, such as GC concurrent mark phase"},
    [SCOPE] = {"scope", TR_TABLE_NAME, 0,
               "what it is bound to: None, which is the program, Goroutine or Proc"},
    [SCOPE_ID] = {"scope_id", TR_TABLE_INT64, 1, "which goroutine or proc"},
    [START] = {"start", TR_TABLE_TIME, 0, "when it began"},
    [END] = {"end", TR_TABLE_TIME, 0, "when it ended"},
    [DURATION] = {"duration", TR_TABLE_INT64, 0, "end - start, in nanoseconds"},
    [GOROUTINE] = {"goroutine", TR_TABLE_INT64, 1, "the goroutine that ran where it began"},
    [THREAD] = {"thread", TR_TABLE_INT64, 1, "the thread on which it began"},
    [PROC] = {"proc", TR_TABLE_INT64, 1, "the proc on which it began"},
    [STACK] = {"stack", TR_TABLE_INT64, 1, "the stack with which it began, a row of stacks"},
    [SWEPT] = {"bytes_swept", TR_TABLE_UINT64, 1, "of a sweep: bytes that it looked at"},
    [RECLAIMED] = {"bytes_reclaimed", TR_TABLE_UINT64, 1, "of a sweep: bytes that it freed"},
    [OPEN_START] = {"open_start", TR_TABLE_BOOL, 0,
                    "it was there before the trace could tell: start is the first that is known"},
    [OPEN_END] = {"open_end", TR_TABLE_BOOL, 0,
                  "it had not ended at the last event, or when it began again, whose time end is"},
};

struct range {
    struct range *next; /* of the same hash */
    struct range *newer, *older;
    uint64_t hash;
    int64_t scope_id;
    int64_t of_proc; /* where it is of a goroutine that is not known, else TR_NONE */
    int64_t start, goroutine, thread, proc, stack;
    int32_t name;
    uint8_t scope;
    bool open_start, stops; /* stops: a stop of the world, of a goroutine that is known */
};

/* The open stops of a goroutine that has some. */
struct stops {
    int64_t goroutine;
    uint64_t count;
    uintptr_t addresses; /* of all, by exclusive or: one that is left is found without a list */
};

struct state {
    struct tri_map by_hash; /* to the first of a list */
    struct tri_arena arena;
    struct range *free;
    struct range *oldest, *newest;
    struct tri_live stops;
};

static bool open(struct tri_table *t)
{
    struct state *s = t->state;
    s->by_hash.mem = s->arena.mem = t->mem;
    tri_live_init(&s->stops, t->mem, sizeof(struct stops));
    return true;
}

static void close(struct tri_table *t)
{
    struct state *s = t->state;
    tri_map_free(&s->by_hash);
    tri_arena_free(&s->arena);
    tri_live_free(&s->stops);
}

/* --- what is there ---------------------------------------------------------------- */

/* What a row says of its range, but for where that began. */
static struct range range_of(struct tri_table *t, const struct tri_row *row)
{
    unsigned type = tri_row_type(row);
    struct range r = {
        .scope_id = tri_event_scope_id(row),
        .of_proc = TR_NONE,
        .scope = (uint8_t)tri_event_scope(type),
        .name = tri_code_of_name(&t->part, row),
        .goroutine = TR_NONE,
        .thread = TR_NONE,
        .proc = TR_NONE,
        .stack = TR_NONE,
    };
    if (r.scope == TR_RESOURCE_GOROUTINE && r.scope_id == TR_NONE)
        r.of_proc = row->proc;
    r.stops = (type == TRI_EV_STWBegin || type == TRI_EV_STWEnd) && r.scope_id != TR_NONE;
    /* The names of a goroutine's ranges are the trace's. */
    uint64_t key = (uint64_t)r.scope_id ^ (uint64_t)r.of_proc ^ (uint64_t)r.name << 32;
    r.hash = tri_hash_fold(tri_hash_seed(t), key) ^ r.scope;
    return r;
}

static struct range *find(const struct state *s, const struct range *like)
{
    struct range *r = (struct range *)(uintptr_t)tri_map_get(&s->by_hash, like->hash);
    while (r && (r->name != like->name || r->scope_id != like->scope_id ||
                 r->of_proc != like->of_proc || r->scope != like->scope))
        r = r->next;
    return r;
}

/* The open stop of a goroutine that has a single one. */
static struct range *only_stop(const struct state *s, int64_t goroutine)
{
    const struct stops *of = tri_live_get(&s->stops, goroutine);
    return of && of->count == 1 ? (struct range *)of->addresses : NULL;
}

/* A range opens, or does no more. false: no memory. */
static bool note_stop(struct state *s, const struct range *r, bool opens)
{
    if (!r->stops)
        return true;
    struct stops *of = tri_live_get(&s->stops, r->scope_id);
    if (!of && !(of = tri_live_add(&s->stops, r->scope_id)))
        return false;
    of->addresses ^= (uintptr_t)r;
    of->count += opens ? 1 : UINT64_MAX;
    if (!of->count)
        tri_live_remove(&s->stops, of);
    return true;
}

static bool add(struct state *s, const struct range *range)
{
    struct range *r = s->free, *first;
    if (r)
        s->free = r->next;
    else if (!(r = tri_arena_alloc(&s->arena, sizeof *r)))
        return false;
    *r = *range;
    first = (struct range *)(uintptr_t)tri_map_get(&s->by_hash, r->hash);
    r->next = first;
    if (first)
        tri_map_move(&s->by_hash, r->hash, (uint64_t)(uintptr_t)r);
    else if (!tri_map_add(&s->by_hash, r->hash, (uint64_t)(uintptr_t)r))
        return false;
    r->older = s->newest;
    r->newer = NULL;
    *(s->newest ? &s->newest->newer : &s->oldest) = r;
    s->newest = r;
    return note_stop(s, r, true);
}

static void take_out(struct state *s, struct range *r)
{
    struct range *first = (struct range *)(uintptr_t)tri_map_get(&s->by_hash, r->hash);
    if (first != r) {
        while (first->next != r)
            first = first->next;
        first->next = r->next;
    } else if (r->next) {
        tri_map_move(&s->by_hash, r->hash, (uint64_t)(uintptr_t)r->next);
    } else {
        tri_map_remove(&s->by_hash, r->hash);
    }
    *(r->older ? &r->older->newer : &s->oldest) = r->newer;
    *(r->newer ? &r->newer->older : &s->newest) = r->older;
    note_stop(s, r, false);
    r->next = s->free;
    s->free = r;
}

/* --- rows ------------------------------------------------------------------------- */

/* Its row up to `end`, with what the event says that ends it, NULL if there is none; false: the
 * batch is full. */
static bool put(struct tri_table *t, const struct range *r, int64_t end, const struct tri_row *row)
{
    struct tri_out *out = &t->out;
    if (!tri_out_begin(out))
        return false;
    tri_out_put_code(out, NAME, r->name);
    tri_out_put_code(out, SCOPE, tri_code_of_resource(&t->part, (tr_resource)r->scope));
    tri_out_put_id(out, SCOPE_ID, r->scope_id);
    tri_out_put(out, START, r->start);
    tri_out_put(out, END, end);
    tri_out_put(out, DURATION, tri_duration_ns(r->start, end));
    tri_out_put_id(out, GOROUTINE, r->goroutine);
    tri_out_put_id(out, THREAD, r->thread);
    tri_out_put_id(out, PROC, r->proc);
    tri_out_put_id(out, STACK, r->stack);
    if (row && tri_row_type(row) == TRI_EV_GCSweepEnd) {
        tri_out_put(out, SWEPT, (int64_t)row->sweep_end.swept);
        tri_out_put(out, RECLAIMED, (int64_t)row->sweep_end.reclaimed);
    } else {
        tri_out_put_null(out, SWEPT);
        tri_out_put_null(out, RECLAIMED);
    }
    tri_out_put_bool(out, OPEN_START, r->open_start);
    tri_out_put_bool(out, OPEN_END, !row);
    tri_out_end(out);
    return true;
}

static bool take_range(struct tri_table *t, const struct tri_row *row, tr_kind kind)
{
    struct state *s = t->state;
    bool ends = kind == TR_KIND_RANGE_END, active = kind == TR_KIND_RANGE_ACTIVE;
    struct range like = range_of(t, row), *r = find(s, &like);
    if (!r && ends && like.stops)
        r = only_stop(s, like.scope_id);
    if (r && active) /* named again */
        return true;
    if (r) {
        if (!put(t, r, row->time, ends ? row : NULL))
            return false;
        take_out(s, r);
        if (ends)
            return true;
    }
    if (ends || active) {
        like.start = ends ? t->first_ns : t->sync_ns;
        like.open_start = true;
    } else {
        like.start = row->time;
        like.goroutine = row->goroutine;
        like.thread = row->thread;
        like.proc = row->proc;
        like.stack = tri_event_stack_number(row, t->tables);
    }
    if (ends)
        return put(t, &like, row->time, row);
    if (!add(s, &like))
        t->out.failed = true;
    return !t->out.failed;
}

static bool take(struct tri_table *t)
{
    for (; t->at < t->part.count; t->at++) {
        const struct tri_row *row = &t->part.rows[t->at];
        tr_kind kind = tri_event_kind(row);
        if ((kind == TR_KIND_RANGE_BEGIN || kind == TR_KIND_RANGE_ACTIVE ||
             kind == TR_KIND_RANGE_END) &&
            !take_range(t, row, kind))
            return false;
    }
    return true;
}

static bool flush(struct tri_table *t)
{
    struct state *s = t->state;
    while (s->oldest) {
        if (!put(t, s->oldest, t->last_ns, NULL))
            return false;
        take_out(s, s->oldest);
    }
    return true;
}

const struct tri_table_spec tri_table_ranges = {
    .name = "ranges",
    .columns = columns,
    .column_count = COLUMNS,
    .kinds = UINT32_MAX,
    .state_bytes = sizeof(struct state),
    .open = open,
    .close = close,
    .take = take,
    .flush = flush,
};
