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
#include "order/expect.h"
#include "order/moves.h"
#include "order/pair.h"
#include "order/relax.h"

/* What the cursors share, down to a minimum each: of traces with more threads than a
 * program has. */
enum {
    WINDOW_BYTES_MAX = TRI_MAX_BATCH_BYTES,
    WINDOW_BYTES_MIN = 512,
    ALL_WINDOWS_BYTES = 2 << 20,
    BLOCK_RECORDS_MAX = 64,
    BLOCK_RECORDS_AHEAD_MAX = 1024,
    BLOCK_RECORDS_MIN = 4,
    ROWS_FILTERED_MAX = 1024, /* before a fill gives back what passed, if anything did */
    ALL_BLOCKS_BYTES = 2 << 20
};
/* Of a broken trace: how many records may be tried for each row, and besides. */
enum { TRIED_PER_ROW = 64, TRIED_FREE = 1 << 14 };
_Static_assert((int)WINDOW_BYTES_MIN >= (int)TRI_MAX_RECORD_BYTES, "a record fits a window");

void tri_order_init(struct tri_order *o, const struct tri_producer_config *config)
{
    memset(o, 0, sizeof *o);
    o->mem = config->mem;
    o->err = config->err;
    o->max_goroutines = config->max_goroutines;
    o->filter = *config->filter;
    o->gens = (struct tri_gen_reader){
        .source = config->source,
        .mem = config->mem,
        .err = config->err,
        .version = config->version,
        .limits = config->limits,
    };
    tri_salvage_init(&o->gens.salvage, config->salvage);
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
    struct tri_place place = tri_place_at(o->gens.source->offset, o->gen ? o->gen->number : 0);
    return tri_err_no_memory(o->err, o->mem, place);
}

/* A Sync row: begins a generation, or ends the trace. */
static void sync_row(struct tri_order *o, struct tri_row *row, int64_t time, uint64_t offset)
{
    memset(row, 0, sizeof *row);
    row->time = time;
    row->where = tri_where_of(offset, TRI_EV_SYNC_ROW);
    row->thread = row->proc = row->goroutine = TR_NONE;
    row->stack = TRI_STACK_ABSENT;
    row->sync.n = ++o->sync_count;
}

/* Of rows [rows, end), keep those that pass the filter: the end of these. */
static TRI_INLINE struct tri_row *filtered(const struct tri_order *o, struct tri_row *rows,
                                           const struct tri_row *end)
{
    struct tri_row *to = rows;
    for (const struct tri_row *row = rows; row < end; row++) {
        if (TRI_UNLIKELY(to != row))
            *to = *row;
        to += tri_filter_passes(&o->filter, row);
    }
    return to;
}

/* Give a row that no record made, if it passes: the end of what is given. */
static struct tri_row *give_row(struct tri_order *o, struct tri_row *row)
{
    row->time = tri_order_row_time(o, row->time);
    return filtered(o, row, row + 1);
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
            .window = o->windows ? o->windows + (size_t)i * o->feed.window_bytes : NULL,
            .thread = list->thread,
            .next = list->first,
        };
    }
    if (o->ahead && !tri_ahead_begin(o->ahead, &o->feed, o->decoders, count, o->records))
        return no_memory(o);
    return TR_OK;
}

/* What a broken record means for a cursor: if the trace is salvaged, that the rest of its
 * batch is lost. */
TRI_COLD static tr_status skip_broken(struct tri_order *o, struct tri_cursor *c, tr_status status)
{
    struct tri_salvage *salvage = &o->gens.salvage;
    bool spilled = o->gen->spill.fd >= 0; /* then it is that file which cannot be read */
    while (status < 0 && salvage->on && !tri_salvage_is_fatal(status) &&
           !(status == TR_E_IO && spilled)) {
        tri_salvage_note(salvage, o->err);
        salvage->counts.lost_bytes += tri_decoder_skip_batch(c->decoder, &o->feed);
        status = tri_cursor_next_block(c, &o->feed);
    }
    return status;
}

static inline tr_status next_block(struct tri_order *o, struct tri_cursor *c)
{
    tr_status status = tri_cursor_next_block(c, &o->feed);
    if (TRI_UNLIKELY(status < 0))
        return skip_broken(o, c, status);
    if (status == TR_OK)
        tri_expect_goroutines(o, c);
    return status;
}

static inline tr_status next_record(struct tri_order *o, struct tri_cursor *c)
{
    return ++c->record < c->end ? TR_OK : next_block(o, c);
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
        tri_thread_init(&o->no_thread, TR_NONE);
    } else {
        c->thread = tri_state_thread(&o->state, thread);
        if (!c->thread)
            c->thread = tri_state_add_thread(&o->state, thread);
        if (!c->thread)
            return no_memory(o);
    }
    tr_status status = next_block(o, c);
    if (status == TR_END)
        return TR_OK;
    if (status == TR_OK && !tri_frontier_insert(&o->frontier, c->record->time, number))
        return no_memory(o);
    return status;
}

/* Note when the next CPU sample is. */
static void see_sample(struct tri_order *o)
{
    o->sample_time = o->samples_done < o->gen->sample_count
                         ? o->gen->sample_order[o->samples_done].time
                         : INT64_MAX;
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
    see_sample(o);
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
    if (gen->raw_time) {
        tri_relax_mark(row, row + 1, TR_EV_RAW_TIME);
        o->gens.salvage.counts.raw_time++;
    }
    return TR_OK;
}

/* A CPU sample's row. Its stack is the one thing that the reference never checks. */
TRI_APART static void sample_row(struct tri_order *o, struct tri_row *row)
{
    struct tri_timed at = o->gen->sample_order[o->samples_done++];
    see_sample(o);
    const struct tri_sample *sample = &o->gen->samples[at.index];
    memset(row, 0, sizeof *row);
    row->time = at.time;
    row->where = tri_where_of(sample->offset, TRI_EV_CPUSample);
    row->thread = sample->thread;
    row->proc = sample->proc;
    row->goroutine = sample->goroutine;
    if (!tri_tables_stack_ref(o->gen->tables, sample->stack_id, &row->stack)) {
        row->where.at.flags |= TR_EV_UNRESOLVED;
        o->gens.salvage.counts.unresolved_stacks++;
    }
}

/* Rows of a record that names what is not in the tables: the reference notices when it
 * gives the event out, after the record is ordered. */
TRI_COLD static enum tri_verdict fail_bad_id(struct tri_step *step, uint32_t i)
{
    struct tri_cursor *c = &step->order->cursors[step->order->frontier.heap[i].index];
    struct tri_place place = {tri_where_offset(c->record->where), step->gen, c->thread_id,
                              c->record->where.at.type};
    tr_status status = next_record(step->order, c);
    if (status != TR_OK && status != TR_END)
        return TRI_FAIL; /* that error comes before */
    tri_err_set(step->order->err, TR_E_CORRUPT, place, "invalid %s ID %llu for %s", step->bad_id,
                (unsigned long long)step->bad_id_value, tri_spec_name((unsigned)place.event_type));
    step->order->err->missing = true;
    return TRI_FAIL;
}

/* Look at a cursor's record next. */
static inline void look_at(struct tri_step *step, struct tri_cursor *c)
{
    step->record = c->record;
    step->thread = c->thread;
    c->thread->known = true;
}

/* Order the record that is looked at, if it can come next; the rows that pass are made. */
static inline enum tri_verdict order_by_rule(struct tri_step *step)
{
    struct tri_row *rows = step->row;
    enum tri_verdict verdict = tri_step_advance(step);
    if (verdict == TRI_ADVANCE)
        step->row = filtered(step->order, rows, step->row);
    return verdict;
}

/* The same, for the loop: what is here without a call is among the rules too. */
static TRI_INLINE enum tri_verdict order_record(struct tri_step *step,
                                                const struct tri_record *record,
                                                struct tri_thread *thread, struct tri_row **row)
{
    switch (record->where.at.type) {
    case TRI_EV_GoStart:
        return tri_go_start(step, record, thread, row);
    case TRI_EV_GoStop:
        return tri_go_stop(step, record, thread, row);
    case TRI_EV_GoBlock:
        return tri_go_block(step, record, thread, row);
    case TRI_EV_GoUnblock:
        return tri_go_unblock(step, record, thread, row);
    case TRI_EV_GoSyscallBegin:
        return tri_go_syscall_begin(step, record, thread, row);
    case TRI_EV_GoSyscallEnd:
        return tri_go_syscall_end(step, record, thread, row);
    case TRI_EV_ProcStart:
        return tri_proc_start(step, record, thread, row);
    case TRI_EV_ProcStop:
        return tri_proc_stop(step, record, thread, row);
    default:
        step->row = *row;
        enum tri_verdict verdict = order_by_rule(step);
        *row = step->row;
        return verdict;
    }
}

/* Batches of no thread bind nothing. */
static inline void unbind_no_thread(struct tri_step *step)
{
    if (TRI_UNLIKELY(step->thread->id == TR_NONE)) {
        tri_thread_bind_go(step->thread, TR_NONE, NULL);
        tri_thread_bind_proc(step->thread, TR_NONE, NULL);
    }
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

/* Forget what a step has noted: who waits is not to be woken by what another one looked at. */
static void forget_notes(struct tri_step *step)
{
    step->go = step->next = NULL;
    step->proc = NULL;
    step->other = NULL;
}

/* A step has been committed, while any cursor is asleep. */
TRI_APART static void wake_others(struct tri_step *step)
{
    tri_waits_wake(&step->order->waits, step);
    forget_notes(step);
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

/* The head must wait: try the others in time order, but for those that are known to wait still.
 * *verdict is of the entry that is returned, which has advanced or is wrong; TRI_WAIT: of all. */
static uint32_t advance_next(struct tri_step *step, enum tri_verdict *verdict)
{
    struct tri_order *o = step->order;
    const struct tri_frontier *f = &o->frontier;
    uint32_t i = 0;
    *verdict = TRI_WAIT;
    tri_waits_sleep(&o->waits, step, f->heap[0].index);
    tri_frontier_sort(&o->frontier);
    while (*verdict == TRI_WAIT && (i = tri_waits_next(&o->waits, f, i + 1)) < f->count) {
        forget_notes(step);
        look_at(step, &o->cursors[f->heap[i].index]);
        *verdict = tri_step_advance(step);
        unbind_no_thread(step);
        if (*verdict == TRI_WAIT)
            tri_waits_sleep(&o->waits, step, f->heap[i].index);
    }
    if (*verdict == TRI_ADVANCE) {
        tri_waits_found(&o->waits, f, i);
        wake_others(step);
    }
    return i;
}

/* The head must wait: order the first record in time order that can advance. */
TRI_APART static enum tri_verdict advance_another(struct tri_step *step)
{
    struct tri_order *o = step->order;
    struct tri_row *rows = step->row;
    enum tri_verdict verdict;
    uint32_t i = advance_next(step, &verdict);
    if (verdict == TRI_WAIT)
        return fail_stuck(o);
    if (verdict == TRI_FAIL)
        return verdict;
    step->row = filtered(o, rows, step->row);
    if (step->bad_id)
        return fail_bad_id(step, i);
    return settle_entry(o, i, next_record(o, &o->cursors[o->frontier.heap[i].index]));
}

/* TRI_PATIENCE_NS, in what the times of this generation are: of ticks it is not known how long. */
static uint64_t patience(const struct tri_order *o)
{
    return o->gen->raw_time ? TRI_PATIENCE_NS / 64 : TRI_PATIENCE_NS;
}

/* The frontier's first entry, in time order, that can advance, if it is to be tried before
 * the head is given up; it has advanced. 0: none. */
static uint32_t advance_ready(struct tri_step *step)
{
    struct tri_order *o = step->order;
    struct tri_salvage *salvage = &o->gens.salvage;
    struct tri_frontier *f = &o->frontier;
    if (!salvage->damaged) {
        enum tri_verdict verdict;
        uint32_t next = advance_next(step, &verdict);
        if (verdict == TRI_ADVANCE)
            return next;
        if (verdict == TRI_FAIL && tri_salvage_is_fatal(o->err->error.code))
            return 0;
        /* Now it is: from here on nobody is known to wait, as records are ordered that must. */
        tri_err_clear(o->err);
        tri_waits_begin(&o->waits, o->cursor_count);
    }
    if (salvage->damaged && o->tried / TRIED_PER_ROW > o->row_count + TRIED_FREE)
        return 0;
    tri_frontier_sort(f);
    o->tried += f->count;
    int64_t from = f->heap[0].time;
    for (uint32_t i = 1; i < f->count; i++) {
        struct tri_cursor *c = &o->cursors[f->heap[i].index];
        /* What the head waits for may be lost: do not wait for ever. */
        if (salvage->damaged && (uint64_t)f->heap[i].time - (uint64_t)from > patience(o))
            break;
        look_at(step, c);
        enum tri_verdict verdict = tri_step_advance(step);
        unbind_no_thread(step);
        if (verdict == TRI_ADVANCE)
            return i;
        if (verdict == TRI_FAIL && tri_salvage_is_fatal(o->err->error.code))
            return 0;
        tri_salvage_note(salvage, o->err);
    }
    fail_stuck(o);
    return 0;
}

/* The head must wait, or is wrong, and the trace is salvaged: order the first record that
 * can advance, or else the head, whatever it contradicts. */
TRI_APART static enum tri_verdict advance_or_relax(struct tri_step *step, enum tri_verdict verdict)
{
    struct tri_order *o = step->order;
    struct tri_row *rows = step->row;
    uint32_t i = verdict == TRI_WAIT ? advance_ready(step) : 0;
    struct tri_cursor *c = &o->cursors[o->frontier.heap[i].index];
    if (i == 0) {
        if (tri_salvage_is_fatal(o->err->error.code))
            return TRI_FAIL;
        tri_salvage_note(&o->gens.salvage, o->err);
        look_at(step, c);
        verdict = tri_relax(step);
        unbind_no_thread(step);
        if (verdict == TRI_FAIL)
            return TRI_FAIL;
    }
    if (step->bad_id)
        tri_relax_unresolved(step, rows);
    step->row = filtered(o, rows, step->row);
    return settle_entry(o, i, next_record(o, c));
}

/* Whether a CPU sample comes before all records. */
static inline bool sample_is_next(const struct tri_order *o)
{
    if (o->frontier.count)
        return o->sample_time < o->frontier.heap[0].time;
    return o->samples_done < o->gen->sample_count;
}

/* Rows of the head's record name what is not in the tables. */
TRI_COLD static enum tri_verdict fail_or_mark_bad_id(struct tri_step *step, struct tri_row *rows,
                                                     struct tri_row *end)
{
    if (!step->order->gens.salvage.on)
        return fail_bad_id(step, 0);
    step->row = end;
    tri_relax_unresolved(step, rows);
    return TRI_ADVANCE;
}

/* The head's record has been ordered, and it has gone on: see to the frontier. */
static inline enum tri_verdict settle_head(struct tri_step *step, struct tri_cursor *c)
{
    struct tri_order *o = step->order;
    if (TRI_UNLIKELY(o->waits.asleep))
        wake_others(step);
    if (TRI_UNLIKELY(c->record == c->end)) {
        tr_status status = next_block(o, c);
        if (TRI_UNLIKELY(status != TR_OK))
            return settle_entry(o, 0, status);
    }
    o->frontier.heap[0].time = c->record->time;
    tri_frontier_update_head(&o->frontier, c->record->time);
    if (TRI_UNLIKELY(o->waits.asleep))
        tri_waits_move(&o->waits, (uint32_t)(c - o->cursors), c->record->time);
    return TRI_ADVANCE;
}

/* A run of records has ended with the head at `record`: the last one has been ordered and this is
 * behind it, or else `verdict` says why this one cannot be the next. See to the frontier, or order
 * another record. `before` is behind the rows of the records before the last. */
static TRI_INLINE enum tri_verdict finish_run(struct tri_step *step, const struct tri_pair *pair,
                                              const struct tri_record *record,
                                              enum tri_verdict verdict, struct tri_row *before,
                                              struct tri_row **end)
{
    struct tri_order *o = step->order;
    struct tri_row *row = step->row;
    pair->head->record = record;
    tri_pair_settle(o, pair);
    if (verdict == TRI_ADVANCE) {
        verdict = settle_head(step, pair->head);
    } else {
        o->frontier.heap[0].time = record->time;
        step->row = before;
        if (o->gens.salvage.on)
            verdict = advance_or_relax(step, verdict);
        else if (verdict == TRI_WAIT)
            verdict = advance_another(step);
        row = step->row;
    }
    *end = verdict == TRI_ADVANCE ? row : before;
    return verdict;
}

/* Order records of the frontier's head, and of the one behind it when that is the earliest,
 * while no other is and there is room, or where threads take turns of whose it is; then see to the
 * frontier; or order another record, if the head must wait. A step's rows count once the cursor
 * has gone on: *end is behind the last that does. */
static TRI_INLINE enum tri_verdict run_head(struct tri_step *step, const struct tri_row *full,
                                            struct tri_row **end, const bool turns)
{
    struct tri_order *o = step->order;
    struct tri_pair pair = tri_pair_find(o, turns);
    const struct tri_record *record = pair.head->record;
    struct tri_row *row = *end, *before;
    enum tri_verdict verdict;
    bool settled = false;
    look_at(step, pair.head);
    struct tri_thread *thread = step->thread;
    if (pair.alone)
        full = row; /* so that the run ends after one record */
    tri_expect_next(o);
    for (;;) {
        before = row;
        step->record = record;
        verdict = order_record(step, record, thread, &row);
        if (TRI_UNLIKELY(verdict != TRI_ADVANCE))
            break;
        if (TRI_UNLIKELY(step->bad_id)) {
            pair.head->record = record;
            tri_pair_settle(o, &pair);
            if (fail_or_mark_bad_id(step, before, row) == TRI_FAIL) {
                *end = before;
                return TRI_FAIL;
            }
        }
        if (TRI_UNLIKELY(++record == pair.head->end))
            break;
        int64_t time = record->time;
        if (time > pair.until) {
            pair.head->record = record;
            if (turns) {
                settled = !tri_pair_take_turn(o, &pair, time);
                if (TRI_UNLIKELY(settled))
                    break;
            } else if (!tri_pair_change(o, &pair, time)) {
                break;
            }
            record = pair.head->record;
            thread = pair.head->thread;
            look_at(step, pair.head);
        }
        if (TRI_UNLIKELY(row >= full))
            break;
    }
    step->row = row;
    unbind_no_thread(step);
    if (settled) {
        *end = row;
        return TRI_ADVANCE;
    }
    return finish_run(step, &pair, record, verdict, before, end);
}

/* Whether the head of a broken trace waited for what is lost, while others went on, for so long that
 * its time is not even near the one that its rows get. */
static bool is_late(const struct tri_order *o)
{
    int64_t time = o->frontier.heap[0].time;
    return o->gens.salvage.damaged && time < o->last_time &&
           (uint64_t)o->last_time - (uint64_t)time > patience(o);
}

/* Rows of a record that was late; `relaxed`: records that were relaxed before. */
TRI_COLD static void mark_late(struct tri_order *o, struct tri_row *rows, const struct tri_row *end,
                               uint64_t relaxed)
{
    tri_relax_mark(rows, end, TR_EV_RELAXED);
    if (o->gens.salvage.counts.relaxed == relaxed)
        o->gens.salvage.counts.relaxed++;
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
    struct tri_row *end = rows, *full = rows + (max - TRI_STEP_ROWS_MAX + 1);
    uint64_t made = o->row_count, until = made + ROWS_FILTERED_MAX;
    while (end < full && o->row_count < until) {
        if (sample_is_next(o)) {
            sample_row(o, end);
            end = give_row(o, end);
            continue;
        }
        if (!o->frontier.count)
            break;
        bool late = is_late(o);
        struct tri_row *before = end, *stop = late ? end : full; /* each record by itself */
        uint64_t relaxed = o->gens.salvage.counts.relaxed;
        /* Two copies of the loop: in each it is a constant whether they do. */
        enum tri_verdict verdict = tri_threads_take_turns(o) ? run_head(&step, stop, &end, true)
                                                             : run_head(&step, stop, &end, false);
        if (TRI_UNLIKELY(late) && verdict == TRI_ADVANCE)
            mark_late(o, before, end, relaxed);
        if (verdict != TRI_ADVANCE) {
            o->failed = tri_gen_cause(&o->gens);
            break;
        }
    }
    if (TRI_UNLIKELY(gen->raw_time)) {
        tri_relax_mark(rows, end, TR_EV_RAW_TIME);
        o->gens.salvage.counts.raw_time += o->row_count - made;
    }
    return (uint32_t)(end - rows);
}

tr_status tri_order_fill(struct tri_order *o, struct tri_row *rows, uint32_t max, uint32_t *count,
                         struct tr_tables **tables)
{
    uint64_t before = o->row_count;
    *count = 0;
    if (o->failed != TR_OK)
        return o->failed;
    if (o->gen)
        *count = run(o, rows, max);
    if (o->row_count == before && o->failed == TR_OK) {
        tr_status status = next_generation(o, rows);
        if (status != TR_OK)
            return status;
        *count = (uint32_t)(give_row(o, rows) - rows);
    }
    if (o->row_count == before)
        return o->failed;
    *tables = o->gen ? o->gen->tables : NULL;
    tr_tables_ref(*tables);
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
