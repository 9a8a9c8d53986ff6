/* The order of events.
 *
 * A generation is installed: each thread that has batches gets a cursor at its first
 * record, and the frontier holds the cursors by time. Then, again and again: a CPU
 * sample that is earlier than the frontier's head comes out; else the head's record
 * advances if its rule lets it; else the frontier is sorted and the first candidate
 * that can advance does. Nobody can: the trace is broken.
 *
 * A cursor's next record is decoded before the rows of the one just ordered count;
 * if it is broken they are never seen, as with the reference. At last each row whose
 * time is not after that of the row before gets that time + 1.
 *
 * Invariants: rows of one fill belong to one generation, `gen`. The frontier holds
 * each cursor that has a record, once. `first_gen` is set by the first record that
 * is looked at. */
#include "order/order.h"

#include <string.h>

#include "base/compiler.h"
#include "order/step.h"

/* What the cursors share, down to a minimum each: of traces with more threads than a
 * program has. */
enum {
    WINDOW_BYTES_MAX = TRI_MAX_BATCH_BYTES,
    WINDOW_BYTES_MIN = 512,
    ALL_WINDOWS_BYTES = 4 << 20,
    BLOCK_RECORDS_MAX = 64,
    BLOCK_RECORDS_AHEAD_MAX = 256,
    BLOCK_RECORDS_MIN = 4,
    ALL_BLOCKS_BYTES = 2 << 20
};
_Static_assert((int)WINDOW_BYTES_MIN >= (int)TRI_MAX_RECORD_BYTES, "a record fits a window");

void tri_order_init(struct tri_order *o, const struct tri_order_config *config)
{
    memset(o, 0, sizeof *o);
    o->mem = config->mem;
    o->err = config->err;
    o->max_goroutines = config->max_goroutines;
    o->gens = (struct tri_gen_reader){
        .source = config->source,
        .mem = config->mem,
        .err = config->err,
        .version = config->version,
        .limits = config->limits,
    };
    o->feed.source = config->source;
    o->frontier.mem = o->waits.mem = config->mem;
    o->waits.least = TRI_WAITS_LEAST;
    if (config->threads > 1) /* without workers all is done here */
        o->ahead = tri_ahead_new(config->mem, config->threads - 1);
    tri_state_init(&o->state, config->mem);
    for (unsigned type = 0; type < TRI_TYPE_COUNT; type++)
        if (tri_specs[type].class == TRI_CLASS_TIMED)
            o->feed.timed_args[type] = tri_specs[type].arg_count;
}

static void drop_generation(struct tri_order *o)
{
    if (o->ahead)
        tri_ahead_end(o->ahead);
    tri_generation_free(o->gen);
    o->gen = NULL;
    o->frontier.count = 0;
    tri_names_sweep(&o->state.names);
}

void tri_order_close(struct tri_order *o)
{
    drop_generation(o);
    tri_gen_reader_close(&o->gens);
    tri_frontier_free(&o->frontier);
    tri_waits_free(&o->waits);
    tri_mem_free(o->mem, o->cursors, o->cursor_cap * sizeof *o->cursors);
    tri_ahead_free(o->ahead);
    tri_mem_free(o->mem, o->decoders, o->decoder_cap * sizeof *o->decoders);
    tri_mem_free(o->mem, o->records, o->record_cap * sizeof *o->records);
    tri_mem_free(o->mem, o->windows, o->window_cap);
    tri_state_free(&o->state);
}

static tr_status no_memory(struct tri_order *o)
{
    struct tri_place place = {o->gens.source->offset, o->gen ? o->gen->number : 0, TR_NONE, -1};
    return tri_err_no_memory(o->err, o->mem, place);
}

/* A Sync row; `tables` NULL: nothing follows it. */
static void sync_row(struct tri_order *o, struct tri_row *row, int64_t time, uint64_t offset)
{
    memset(row, 0, sizeof *row);
    row->time = time;
    row->where = tri_where_of(offset, TRI_EV_SYNC_ROW);
    row->thread = row->proc = row->goroutine = TR_NONE;
    row->stack = TRI_STACK_ABSENT;
    row->sync.n = ++o->sync_count;
}

/* Give rows their final times. */
static void settle_times(struct tri_order *o, struct tri_row *rows, uint32_t count)
{
    int64_t last = o->last_time;
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].time <= last)
            rows[i].time = (int64_t)((uint64_t)last + 1); /* wraps, as Go's does */
        last = rows[i].time;
    }
    o->last_time = last;
}

/* One of `count` equal parts of `all`, but at least `min` and at most `max`. */
static uint32_t share(uint32_t all, uint64_t count, uint32_t min, uint32_t max)
{
    uint32_t each = count ? (uint32_t)(all / count) : max;
    return each < min ? min : each > max ? max : each;
}

static tr_status prepare_cursors(struct tri_order *o, struct tri_generation *gen)
{
    uint32_t count = o->cursor_count = gen->thread_count;
    tri_waits_begin(&o->waits, count);
    uint64_t blocks = (uint64_t)count * (o->ahead ? TRI_LANE_BLOCKS : 1);
    o->feed.block_records =
        share(ALL_BLOCKS_BYTES / sizeof(struct tri_record), blocks, BLOCK_RECORDS_MIN,
              o->ahead ? BLOCK_RECORDS_AHEAD_MAX : BLOCK_RECORDS_MAX);
    o->feed.window_bytes = 0;
    if (tri_generation_rereads(gen, o->gens.source))
        o->feed.window_bytes = share(ALL_WINDOWS_BYTES, count, WINDOW_BYTES_MIN, WINDOW_BYTES_MAX);
    if (!tri_mem_reserve(o->mem, &o->cursors, &o->cursor_cap, count, sizeof *o->cursors) ||
        !tri_mem_reserve(o->mem, &o->decoders, &o->decoder_cap, count, sizeof *o->decoders) ||
        !tri_mem_reserve(o->mem, &o->records, &o->record_cap, blocks * o->feed.block_records,
                         sizeof *o->records) ||
        !tri_mem_reserve(o->mem, &o->windows, &o->window_cap,
                         (uint64_t)count * o->feed.window_bytes, 1))
        return no_memory(o);
    for (uint32_t i = 0; i < count; i++) {
        const struct tri_batch_list *list = &gen->threads[i];
        o->decoders[i] = (struct tri_decoder){
            .window = o->windows + (size_t)i * o->feed.window_bytes,
            .thread = list->thread,
            .next = list->first,
        };
    }
    if (o->ahead && !tri_ahead_begin(o->ahead, &o->feed, o->decoders, count, o->records))
        return no_memory(o);
    return TR_OK;
}

static tr_status start_cursor(struct tri_order *o, uint32_t number)
{
    struct tri_cursor *c = &o->cursors[number];
    int64_t thread = o->gen->threads[number].thread;
    uint32_t lane_blocks = o->ahead ? TRI_LANE_BLOCKS : 1;
    *c = (struct tri_cursor){
        .thread_id = thread,
        .decoder = &o->decoders[number],
        .block.records = o->records + (size_t)number * lane_blocks * o->feed.block_records,
        .lane = o->ahead ? tri_ahead_lane(o->ahead, number) : NULL,
    };
    if (thread == TR_NONE) {
        c->thread = &o->no_thread;
        o->no_thread = (struct tri_thread){.id = TR_NONE, .g = TR_NONE, .p = TR_NONE};
    } else {
        c->thread = tri_state_thread(&o->state, thread);
        if (!c->thread)
            c->thread = tri_state_add_thread(&o->state, thread);
        if (!c->thread)
            return no_memory(o);
    }
    tr_status status = tri_cursor_next_block(c, &o->feed);
    if (status == TR_END)
        return TR_OK;
    if (status == TR_OK && !tri_frontier_insert(&o->frontier, c->record->time, number))
        return no_memory(o);
    return status;
}

/* Begin the next generation, or end the trace; makes the Sync row. */
static tr_status next_generation(struct tri_order *o, struct tri_row *row)
{
    struct tri_generation *gen;
    if (o->final != TR_OK)
        return o->final;
    /* First, so that not two of them are in memory. */
    drop_generation(o);
    tr_status status = tri_gen_read(&o->gens, &gen);
    if (status == TR_NEED_INPUT || status == TR_E_CANCELED)
        return status;
    if (status != TR_OK) {
        /* Whatever ends the trace, a Sync comes before. */
        o->final = status;
        sync_row(o, row, o->last_time, o->gens.source->offset);
        return TR_OK;
    }
    o->gen = gen;
    o->samples_done = 0;
    o->feed.gen = gen;
    o->feed.ns_per_tick = gen->tables->ns_per_tick;
    o->feed.usual_ticks = tri_decoder_usual_ticks(o->feed.ns_per_tick);
    status = prepare_cursors(o, gen);
    for (uint32_t i = 0; status == TR_OK && i < o->cursor_count; i++)
        status = start_cursor(o, i);
    if (status != TR_OK)
        return o->failed = status;
    o->gen_count++;
    sync_row(o, row, tri_tables_ns(o->feed.ns_per_tick, gen->min_time), gen->offset);
    return TR_OK;
}

/* A CPU sample's row. Its stack is the one thing that the reference never checks. */
TRI_APART static void sample_row(struct tri_order *o, struct tri_row *row)
{
    struct tri_timed at = o->gen->sample_order[o->samples_done++];
    const struct tri_sample *sample = &o->gen->samples[at.index];
    memset(row, 0, sizeof *row);
    row->time = at.time;
    row->where = tri_where_of(sample->offset, TRI_EV_CPUSample);
    row->thread = sample->thread;
    row->proc = sample->proc;
    row->goroutine = sample->goroutine;
    if (!tri_tables_stack_ref(o->gen->tables, sample->stack_id, &row->stack))
        row->where.at.flags |= TR_EV_UNRESOLVED;
}

/* Rows of a record that names what is not in the tables: the reference notices when it
 * gives the event out, after the record is ordered. */
TRI_COLD static enum tri_verdict fail_bad_id(struct tri_step *step, uint32_t i)
{
    struct tri_cursor *c = &step->order->cursors[step->order->frontier.heap[i].index];
    struct tri_place place = {tri_where_offset(c->record->where), step->gen, c->thread_id,
                              c->record->where.at.type};
    tr_status status = tri_cursor_next(c, &step->order->feed);
    if (status != TR_OK && status != TR_END)
        return TRI_FAIL; /* that error comes before */
    tri_err_set(step->order->err, TR_E_CORRUPT, place, "invalid %s ID %llu for %s", step->bad_id,
                (unsigned long long)step->bad_id_value, tri_spec_name((unsigned)place.event_type));
    return TRI_FAIL;
}

/* Look at a cursor's record next. */
static inline void look_at(struct tri_step *step, struct tri_cursor *c)
{
    step->record = c->record;
    step->thread = c->thread;
    c->thread->known = true;
}

/* Order the record that is looked at, if it can come next. */
static inline enum tri_verdict order_record(struct tri_step *step)
{
    enum tri_verdict verdict = tri_rules[step->record->where.at.type](step);
    if (verdict == TRI_ADVANCE && step->thread->id == TR_NONE) {
        /* Batches of no thread bind nothing. */
        tri_thread_bind_go(step->thread, TR_NONE, NULL);
        tri_thread_bind_proc(step->thread, TR_NONE, NULL);
    }
    return verdict;
}

/* What the frontier makes of entry i, now that its cursor has gone on with `status`. */
static enum tri_verdict settle_entry(struct tri_order *o, uint32_t i, tr_status status)
{
    uint32_t cursor = o->frontier.heap[i].index;
    if (status == TR_OK) {
        int64_t time = o->cursors[cursor].record->time;
        tri_frontier_update(&o->frontier, i, time);
        if (o->waits.asleep)
            tri_waits_move(&o->waits, cursor, time);
    } else if (status == TR_END) {
        tri_frontier_remove(&o->frontier, i);
        tri_waits_end(&o->waits, cursor);
    } else {
        return TRI_FAIL;
    }
    return TRI_ADVANCE;
}

TRI_COLD static enum tri_verdict fail_stuck(struct tri_order *o)
{
    const struct tri_cursor *c = &o->cursors[o->frontier.heap[0].index];
    struct tri_place place = {tri_where_offset(c->record->where), o->gen->number, c->thread_id,
                              c->record->where.at.type};
    tri_err_set(o->err, TR_E_ORDER, place,
                "broken trace: none of %u threads can advance; thread %lld has %s",
                o->frontier.count, (long long)c->thread_id,
                tri_spec_name(c->record->where.at.type));
    return TRI_FAIL;
}

/* The head must wait: order the first record in time order that can advance. Those that
 * still have to wait are not tried again. */
TRI_APART static enum tri_verdict advance_another(struct tri_step *step)
{
    struct tri_order *o = step->order;
    const struct tri_frontier *f = &o->frontier;
    tri_waits_sleep(&o->waits, step, f->heap[0].index);
    tri_frontier_sort(&o->frontier);
    for (uint32_t i = 0; (i = tri_waits_next(&o->waits, f, i + 1)) < f->count;) {
        struct tri_cursor *c = &o->cursors[f->heap[i].index];
        look_at(step, c);
        enum tri_verdict verdict = order_record(step);
        if (verdict == TRI_WAIT) {
            tri_waits_sleep(&o->waits, step, f->heap[i].index);
            continue;
        }
        if (verdict == TRI_ADVANCE) {
            tri_waits_found(&o->waits, f, i);
            tri_waits_wake(&o->waits, step);
            verdict = step->bad_id ? fail_bad_id(step, i)
                                   : settle_entry(o, i, tri_cursor_next(c, &o->feed));
        }
        return verdict;
    }
    return fail_stuck(o);
}

/* Up to which time the head stays the head: that of whatever is earliest behind it. */
static int64_t head_until(const struct tri_order *o)
{
    const struct tri_frontier *f = &o->frontier;
    int64_t until = INT64_MAX;
    for (uint32_t i = 1; i < 3 && i < f->count; i++)
        if (f->heap[i].time < until)
            until = f->heap[i].time;
    if (o->samples_done < o->gen->sample_count &&
        o->gen->sample_order[o->samples_done].time < until)
        until = o->gen->sample_order[o->samples_done].time;
    return until;
}

/* Order records of the frontier's head while it stays the head and there is room, then
 * see to the frontier; or order another record, if the head must wait. A step's rows
 * count once the cursor has gone on: *end is behind the last that does. */
static enum tri_verdict run_head(struct tri_step *step, const struct tri_row *limit,
                                 struct tri_row **end)
{
    struct tri_order *o = step->order;
    struct tri_cursor *c = &o->cursors[o->frontier.heap[0].index];
    int64_t until = head_until(o);
    enum tri_verdict verdict;
    tr_status status;
    look_at(step, c);
    do {
        step->record = c->record;
        verdict = order_record(step);
        if (TRI_UNLIKELY(verdict != TRI_ADVANCE))
            break;
        if (TRI_UNLIKELY(step->bad_id))
            return fail_bad_id(step, 0);
        if (TRI_UNLIKELY(o->waits.asleep))
            tri_waits_wake(&o->waits, step);
        status = tri_cursor_next(c, &o->feed);
        if (TRI_UNLIKELY(status != TR_OK)) {
            verdict = settle_entry(o, 0, status);
            if (verdict == TRI_ADVANCE)
                *end = step->row;
            return verdict;
        }
        *end = step->row;
    } while (c->record->time <= until && step->row <= limit);
    o->frontier.heap[0].time = c->record->time;
    if (verdict == TRI_ADVANCE) {
        tri_frontier_update(&o->frontier, 0, c->record->time);
        if (TRI_UNLIKELY(o->waits.asleep))
            tri_waits_move(&o->waits, (uint32_t)(c - o->cursors), c->record->time);
    } else if (verdict == TRI_WAIT) {
        verdict = advance_another(step);
        if (verdict == TRI_ADVANCE)
            *end = step->row;
    }
    return verdict;
}

/* Rows of the current generation. */
static uint32_t run(struct tri_order *o, struct tri_row *rows, uint32_t max)
{
    const struct tri_generation *gen = o->gen;
    if (o->first_gen == 0 && o->frontier.count)
        o->first_gen = gen->number;
    struct tri_step step = {
        .order = o,
        .state = &o->state,
        .tables = gen->tables,
        .gen = gen->number,
        .first_gen = gen->number == o->first_gen,
    };
    struct tri_row *end = rows, *limit = rows + (max - TRI_STEP_ROWS_MAX);
    while (end <= limit) {
        if (o->samples_done < gen->sample_count &&
            (!o->frontier.count ||
             gen->sample_order[o->samples_done].time < o->frontier.heap[0].time)) {
            sample_row(o, end++);
            continue;
        }
        if (!o->frontier.count)
            break;
        step.row = end;
        if (run_head(&step, limit, &end) != TRI_ADVANCE) {
            o->failed = tri_gen_cause(&o->gens);
            break;
        }
    }
    uint32_t count = (uint32_t)(end - rows);
    settle_times(o, rows, count);
    return count;
}

tr_status tri_order_fill(struct tri_order *o, struct tri_row *rows, uint32_t max, uint32_t *count,
                         struct tr_tables **tables)
{
    *count = 0;
    if (o->failed != TR_OK)
        return o->failed;
    uint32_t n = o->gen ? run(o, rows, max) : 0;
    if (n == 0 && o->failed == TR_OK) {
        tr_status status = next_generation(o, rows);
        if (status != TR_OK)
            return status;
        settle_times(o, rows, 1);
        n = 1;
    }
    if (n == 0)
        return o->failed;
    *tables = o->gen ? o->gen->tables : NULL;
    tr_tables_ref(*tables);
    *count = n;
    return TR_OK;
}

uint64_t tri_order_table_memory(const struct tri_order *o)
{
    return o->gen ? tri_generation_memory(o->gen) : 0;
}

uint64_t tri_order_state_memory(const struct tri_order *o)
{
    return tri_state_memory(&o->state);
}
