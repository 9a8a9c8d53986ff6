/* The life of a reader: made, set up, opened, read, freed.
 *
 * Rows come in blocks; next() walks a block. An error is kept until all rows before
 * it were given out, and then returned for ever.
 *
 * Invariants: the rows [next, end) are not given out yet and belong to `tables`, which
 * are referenced until the next block is there: so strings and stacks live until the
 * Sync that follows is returned. `version` is 0 until the header was read. */
#include "reader/reader.h"

#include <limits.h>
#include <string.h>

#include "base/compiler.h"
#include "event/event.h"

#define GIB (UINT64_C(1) << 30)

/* `mem` NULL: there was no memory for it. */
static tr_reader *new_reader(struct tri_mem *mem)
{
    if (!mem)
        return NULL;
    tr_reader *r = tri_mem_zalloc(mem, sizeof *r);
    struct tri_pool *pool = r ? tri_pool_new(mem) : NULL;
    if (!pool) {
        tri_mem_free(mem, r, sizeof *r);
        tri_mem_unref(mem);
        return NULL;
    }
    r->mem = mem;
    tri_mem_charge(mem, tri_mem_own_bytes());
    r->pool = pool;
    r->limits = (struct tri_gen_limits){
        .generation_bytes = 4 * GIB,
        .table_bytes = GIB,
        .threads = UINT64_C(1) << 15,
        .stacks = UINT64_C(1) << 26,
    };
    r->max_goroutines = UINT64_C(1) << 26;
    r->threads = 1;
    r->plain.kind = TR_KIND_STATE_TRANSITION;
    tri_filter_set(&r->filter, NULL);
    tri_err_init(&r->err);
    tri_err_init(&r->ahead_err);
    r->block.rows = r->rows;
    tri_source_init(&r->source, mem, &r->err);
    tri_source_init(&r->ahead_source, mem, &r->ahead_err);
    return r;
}

tr_reader *tr_reader_new(void)
{
    return new_reader(tri_mem_new(NULL));
}

tr_reader *tr_reader_new_with(const tr_allocator *allocator)
{
    if (!allocator || !allocator->alloc || !allocator->free)
        return NULL;
    return new_reader(tri_mem_new(allocator));
}

void tri_codes_free(struct tri_codes *codes, struct tri_mem *mem)
{
    tri_mem_free(mem, codes->of_string, codes->of_string_count * sizeof *codes->of_string);
    tr_tables_unref(codes->tables);
    *codes = (struct tri_codes){0};
}

void tr_reader_free(tr_reader *r)
{
    if (!r)
        return;
    struct tri_mem *mem = r->mem;
    tri_rows_ahead_free(r->ahead);
    /* Before the producer closes, which loads what others keep of tables. */
    tri_codes_free(&r->codes, mem);
    tr_tables_unref(r->tables);
    if (r->version)
        tri_producer_close(&r->producer);
    tri_mem_free(mem, r->experimental, r->experimental_bytes);
    tri_source_close(&r->ahead_source);
    tri_source_close(&r->source);
    tri_pool_free(r->pool);
    tri_mem_free(mem, r, sizeof *r);
    tri_mem_unref(mem);
}

tr_status tri_reader_misuse(tr_reader *r, const char *message)
{
    if (!r)
        return TR_E_MISUSE;
    struct tri_place place = tri_place_at(r->read_bytes, 0);
    tri_err_set(&r->err, TR_E_MISUSE, place, "%s", message);
    return TR_E_MISUSE;
}

tr_status tr_reader_set_u64(tr_reader *r, tr_option option, uint64_t value)
{
    if (!r)
        return TR_E_MISUSE;
    if (r->source.kind != TRI_SOURCE_NONE)
        return tri_reader_misuse(r, "options are set before the reader is opened");
    switch (option) {
    case TR_OPT_THREADS:
        if (!value)
            return tri_reader_misuse(r, "at least one thread is needed");
        r->threads = value < UINT_MAX ? (unsigned)value : UINT_MAX;
        return TR_OK;
    case TR_OPT_MAX_MEMORY_BYTES:
        tri_mem_set_limit(r->mem, value);
        return TR_OK;
    case TR_OPT_MAX_GENERATION_BYTES:
        r->limits.generation_bytes = value;
        return TR_OK;
    case TR_OPT_MAX_TABLE_BYTES:
        r->limits.table_bytes = value;
        return TR_OK;
    case TR_OPT_MAX_THREADS:
        r->limits.threads = value;
        return TR_OK;
    case TR_OPT_MAX_GOROUTINES:
        r->max_goroutines = value;
        return TR_OK;
    case TR_OPT_MAX_STACKS:
        r->limits.stacks = value;
        return TR_OK;
    case TR_OPT_SPILL_BYTES:
        r->limits.kept_bytes = value;
        return TR_OK;
    case TR_OPT_SALVAGE:
        if (value > 1)
            return tri_reader_misuse(r, "salvage is 0 or 1");
        r->salvages = value;
        return TR_OK;
    }
    return tri_reader_misuse(r, "unknown option");
}

/* Call the progress function; false if it wants to stop. */
static bool report(tr_reader *r, uint64_t done_bytes)
{
    uint64_t total, told = tri_source_progress(&r->source, done_bytes, &total);
    r->progress.at = done_bytes;
    /* Of compressed bytes it is an estimate, which may fall. */
    if (told > r->progress.told)
        r->progress.told = told;
    return !r->progress.fn || r->progress.fn(r->progress.user, r->progress.told, total) == 0;
}

/* The same while a generation is loaded here. */
static bool report_loading(void *user)
{
    tr_reader *r = user;
    return report(r, tri_producer_done_bytes(&r->producer));
}

/* The same while nothing comes out. */
static bool report_again(void *user)
{
    tr_reader *r = user;
    return report(r, r->done_bytes);
}

static tr_status canceled(tr_reader *r)
{
    struct tri_place place = tri_place_at(r->read_bytes, r->generation);
    return tri_err_canceled(&r->err, place);
}

tr_status tr_reader_set_progress(tr_reader *r, tr_progress_fn fn, void *user)
{
    if (!r)
        return TR_E_MISUSE;
    r->progress.fn = fn;
    r->progress.user = user;
    return TR_OK;
}

tr_status tr_reader_set_filter(tr_reader *r, const tr_filter *filter)
{
    if (!r)
        return TR_E_MISUSE;
    if (r->source.kind != TRI_SOURCE_NONE)
        return tri_reader_misuse(r, "a filter is set before the reader is opened");
    if (filter && filter->size != sizeof *filter)
        return tri_reader_misuse(r, "the size of the filter is wrong");
    tri_filter_set(&r->filter, filter);
    return TR_OK;
}

tr_status tr_reader_set_symbolizer(tr_reader *r, tr_symbolize_fn fn, void *user)
{
    if (!r)
        return TR_E_MISUSE;
    if (r->source.kind != TRI_SOURCE_NONE)
        return tri_reader_misuse(r, "a symbolizer is set before the reader is opened");
    r->symbolizer.fn = fn;
    r->symbolizer.user = user;
    return TR_OK;
}

/* Whether others may decode, as far as memory goes. */
static bool may_decode_ahead(const tr_reader *r)
{
    uint64_t limit = tri_mem_limit(r->mem);
    return !limit || limit >= UINT64_C(32) << 20;
}

/* How many threads may work. What the others take, for rows and to decode, is missing to the
 * reading itself where memory is limited: they work only where that is a sixteenth at most. (As
 * much are tables of generations that rows are made of ahead.) */
static unsigned thread_count(const tr_reader *r, bool still)
{
    static const uint64_t rows_bytes = UINT64_C(8) << 20;
    if (may_decode_ahead(r) || r->threads == 1)
        return r->threads;
    return still && tri_mem_limit(r->mem) >= rows_bytes ? 2 : 1;
}

/* Whether another thread does better to decode than to make the rows of what could be read by it:
 * where few rows come out, making them is nearly all that there is to do. */
static bool only_decodes(const tr_reader *r)
{
    return tri_filter_is_narrow(&r->filter) && may_decode_ahead(r) && !tri_v1_version(r->version) &&
           !tri_source_compression(&r->source);
}

/* Most formats tell of damage only behind it, where their sums are: what is left is
 * decompressed before something else is blamed. */
static tr_status find_cause(tr_reader *r, tr_status status)
{
    struct tri_err damage;
    tr_status found = tri_source_find_damage(&r->source, report_again, r, &damage);
    r->doubted = found == TR_NEED_INPUT ? status : TR_OK;
    if (found == TR_NEED_INPUT)
        return found;
    if (found == TR_OK)
        return status;
    tri_err_in_generation(&damage, r->err.error.generation);
    tri_err_clear(&r->err);
    if (found == TR_E_CANCELED)
        return canceled(r);
    tri_err_copy(&r->err, &damage);
    return found;
}

/* Be done with the trace. */
static tr_status end(tr_reader *r, tr_status status)
{
    if (r->ahead_err.error.code != TR_OK && status < 0)
        tri_err_copy(&r->err, &r->ahead_err);
    if (tri_source_damage_may_cause(status))
        status = find_cause(r, status);
    if (status == TR_NEED_INPUT)
        return status;
    r->ended = status;
    if (status == TR_END && !report(r, r->done_bytes))
        return r->ended = canceled(r);
    return status;
}

/* Read the header and choose who makes the rows. */
static tr_status start(tr_reader *r)
{
    unsigned version;
    tr_status status = tri_wire_read_header(&r->source, &version);
    if (status != TR_OK)
        return end(r, status);
    r->version = version;
    r->read_bytes = r->source.offset;
    /* A stream is read by the caller's thread only: it may be a function of the caller's.
     * Then the others decode. */
    bool still = tri_source_is_still(&r->source);
    unsigned threads = thread_count(r, still);
    bool ahead = threads > 1 && still && !only_decodes(r);
    if (still && !ahead && threads > 2)
        threads = 2; /* one decoder is quicker than the order */
    struct tri_producer_config config = {
        .mem = r->mem,
        .err = ahead ? &r->ahead_err : &r->err,
        .source = ahead ? &r->ahead_source : &r->source,
        .version = version,
        .limits = r->limits,
        .max_goroutines = r->max_goroutines,
        .filter = &r->filter,
        .threads = threads - ahead,
        .salvage = r->salvages,
    };
    if (ahead)
        tri_source_hand_over(&r->source, &r->ahead_source, &r->ahead_err);
    tri_producer_init(&r->producer, &config);
    tri_producer_set_symbolizer(&r->producer, r->symbolizer.fn, r->symbolizer.user);
    if (ahead)
        r->ahead = tri_rows_ahead_new(r->mem, &r->producer);
    if (!r->ahead)
        tri_producer_set_go_on(&r->producer, report_loading, r);
    return TR_OK;
}

tr_status tr_reader_open_path(tr_reader *r, const char *path)
{
    if (!r)
        return TR_E_MISUSE;
    tr_status status = tri_source_open_path(&r->source, path);
    return status == TR_OK ? start(r) : status;
}

tr_status tr_reader_open_fd(tr_reader *r, int fd)
{
    if (!r)
        return TR_E_MISUSE;
    tr_status status = tri_source_open_fd(&r->source, fd);
    return status == TR_OK ? start(r) : status;
}

tr_status tr_reader_open_memory(tr_reader *r, const void *data, size_t size)
{
    if (!r)
        return TR_E_MISUSE;
    tr_status status = tri_source_open_memory(&r->source, data, size);
    return status == TR_OK ? start(r) : status;
}

tr_status tr_reader_open_callback(tr_reader *r, tr_read_fn fn, void *user)
{
    if (!r)
        return TR_E_MISUSE;
    tr_status status = tri_source_open_callback(&r->source, fn, user);
    return status == TR_OK ? start(r) : status;
}

tr_status tr_reader_feed(tr_reader *r, const void *data, size_t size)
{
    return r ? tri_source_feed(&r->source, data, size) : TR_E_MISUSE;
}

tr_status tr_reader_feed_end(tr_reader *r)
{
    return r ? tri_source_feed_end(&r->source) : TR_E_MISUSE;
}

/* Without a header there are no rows: a reader that is not open, a pushed trace
 * whose header is not there yet, or an open that failed. */
static tr_status start_late(tr_reader *r)
{
    if (r->source.kind == TRI_SOURCE_NONE)
        return tri_reader_misuse(r, "the reader is not open");
    if (r->err.error.severity == TR_SEVERITY_FATAL)
        return r->err.error.code;
    return start(r);
}

/* Wait for the block that is made ahead; NULL if the progress function wants to stop. */
static struct tri_rows *wait_for_block(tr_reader *r)
{
    enum { REPORT_MS = 100 };
    struct tri_rows *block;
    while (!(block = tri_rows_ahead_next(r->ahead, r->progress.fn ? REPORT_MS : 0)))
        if (!report(r, r->done_bytes))
            return NULL;
    /* A generation may have been loaded while nobody waited. */
    return !block->begins || report(r, r->done_bytes) ? block : NULL;
}

/* Number the strings and stacks of a generation that begins behind those before. */
static void number_tables(tr_reader *r, struct tr_tables *t)
{
    t->first_string = r->strings;
    t->first_stack = r->stacks;
    r->strings += t->string_ids.count;
    r->stacks += t->stack_ids.count;
}

bool tri_reader_lost_stacks(tr_reader *r)
{
    const struct tri_err *loss = r->tables ? tri_tables_loss(r->tables) : NULL;
    /* What is wrong behind the rows that are left may be known already, but comes later. */
    if (loss && (r->ended == TR_OK || r->err.error.severity != TR_SEVERITY_FATAL))
        tri_err_copy(&r->err, loss);
    return loss || (r->version && tri_producer_lost_stacks(&r->producer, &r->err));
}

tr_status tri_reader_stop(tr_reader *r, const struct tri_err *why)
{
    r->taken -= (uint64_t)(r->end - r->next);
    r->next = r->end;
    if (r->ended < TR_OK)
        return r->ended;
    /* What is wrong behind the rows that are left may be known already. */
    tri_err_copy(&r->err, why);
    return r->ended = why->error.code;
}

tr_status tri_reader_next_block(tr_reader *r)
{
    if (r->doubted != TR_OK)
        return end(r, r->doubted);
    if (!r->version) {
        tr_status status = start_late(r);
        if (status != TR_OK)
            return status;
    }
    if (r->ended != TR_OK)
        return r->ended;
    if (TRI_UNLIKELY(tri_reader_lost_stacks(r)))
        return r->ended = r->err.error.code;
    if (r->progress.fn && r->done_bytes - r->progress.at >= TRI_PROGRESS_BYTES &&
        !report(r, r->done_bytes))
        return r->ended = canceled(r);
    struct tri_rows *block = &r->block;
    if (r->ahead)
        block = wait_for_block(r);
    else
        tri_producer_make(&r->producer, TRI_BLOCK_ROWS, block);
    if (!block)
        return r->ended = canceled(r);
    r->read_bytes = block->read_bytes;
    r->source.size = block->size;
    r->done_bytes = block->done_bytes;
    r->generations = block->generations;
    if (r->salvages)
        r->salvage = block->salvage;
    if (r->ahead)
        r->memory = block->memory;
    if (block->status == TR_NEED_INPUT)
        return TR_NEED_INPUT;
    if (block->status != TR_OK)
        return end(r, block->status);
    tr_tables_unref(r->tables);
    r->tables = block->tables;
    block->tables = NULL;
    /* A Sync is the first row of its block, and given out at once. */
    if (block->begins) {
        r->sync_tables = r->tables;
        if (r->tables) {
            r->generation = r->tables->generation;
            number_tables(r, r->tables);
        }
    }
    r->plain.generation = r->tables ? r->tables->generation : 0;
    r->next = block->rows;
    r->end = block->rows + block->count;
    r->taken += block->count;
    r->dropped += block->dropped;
    return TR_OK;
}

/* The next event, whatever it is, and wherever it comes from. */
TRI_APART static tr_status next_any(tr_reader *r, const tr_event **out)
{
    tr_status status = tri_reader_refill(r);
    if (status != TR_OK)
        return status;
    tri_event_view(r->next++, r->tables, &r->event);
    *out = &r->event;
    return TR_OK;
}

tr_status tr_reader_next(tr_reader *r, const tr_event **out)
{
    if (!r || !out)
        return TR_E_MISUSE;
    const struct tri_row *row = r->next;
    if (TRI_UNLIKELY(row == r->end || !tri_event_is_plain(row)))
        return next_any(r, out);
    r->next = row + 1;
    *out = &r->plain;
    tri_event_view_plain(row, r->tables, &r->plain);
    return TR_OK;
}

const tr_error *tr_reader_error(const tr_reader *r)
{
    static const tr_error none = {TR_OK, TR_SEVERITY_NONE, 0, 0, TR_NONE, -1, 0, "no error"};
    if (!r)
        return &tri_err_no_reader;
    /* What was found by asking for a frame is not kept until the rows are gone; it may take
     * the place of no error only: as good as const. */
    if (tri_reader_lost_stacks((tr_reader *)r))
        return &r->err.error;
    /* Events before the error come first: until then there is none, but for misuse. Of a
     * compressed trace it may become another one. */
    bool open = tri_source_compression(&r->source) && r->ended == TR_OK;
    bool early = r->next < r->end && r->err.error.severity == TR_SEVERITY_FATAL;
    if (r->err.error.code == TR_OK || early ||
        (open && tri_source_damage_may_cause(r->err.error.code)))
        return &none;
    return &r->err.error;
}

unsigned tr_reader_version(const tr_reader *r)
{
    return r ? r->version : 0;
}

uint64_t tr_reader_bytes_read(const tr_reader *r)
{
    return r ? r->read_bytes : 0;
}

uint64_t tr_reader_size(const tr_reader *r)
{
    return r ? r->source.size : UINT64_MAX;
}

const char *tr_reader_compression(const tr_reader *r)
{
    return r ? tri_source_compression(&r->source) : NULL;
}

uint64_t tr_reader_compressed_size(const tr_reader *r)
{
    return r ? tri_source_packed_size(&r->source) : UINT64_MAX;
}

uint64_t tr_reader_generation_count(const tr_reader *r)
{
    return r ? r->generations : 0;
}

void tr_reader_salvage(const tr_reader *r, tr_salvage *out)
{
    if (!out)
        return;
    memset(out, 0, sizeof *out);
    if (!r)
        return;
    *out = r->salvage;
    out->events = r->taken - (uint64_t)(r->end - r->next);
}

void tr_reader_memory(const tr_reader *r, tr_memory_use *out)
{
    if (!out)
        return;
    memset(out, 0, sizeof *out);
    if (!r)
        return;
    if (r->ahead)
        *out = r->memory; /* the producer is another thread's */
    else if (r->version)
        tri_producer_memory(&r->producer, out);
    out->total_bytes = tri_mem_used(r->mem);
    out->peak_bytes = tri_mem_peak(r->mem);
    if (out->peak_bytes < out->total_bytes) /* another thread has still to note it */
        out->peak_bytes = out->total_bytes;
}

/* Have the bytes of a batch that are in the file only. */
static tr_status reread(tr_reader *r, const struct tri_experimental *x, struct tri_err *err)
{
    struct tri_source source = r->source;
    if (x->data_bytes > r->experimental_bytes) {
        tri_mem_free(r->mem, r->experimental, r->experimental_bytes);
        r->experimental_bytes = 0;
        r->experimental = tri_mem_alloc(r->mem, x->data_bytes);
        if (!r->experimental) {
            struct tri_place place = {x->offset, 0, x->thread, TRI_EV_ExperimentalBatch};
            return tri_err_no_memory(err, r->mem, place);
        }
        r->experimental_bytes = x->data_bytes;
    }
    source.err = err;
    return tri_source_reread(&source, x->data_offset, r->experimental, x->data_bytes);
}

tr_status tr_reader_experimental_batch(tr_reader *r, uint32_t i, tr_experimental_batch *out)
{
    if (!r || !out)
        return tri_reader_misuse(r, "an experimental batch needs a place");
    const struct tr_tables *t = r->sync_tables;
    if (!t || t != r->tables || i >= t->experimental_count)
        return tri_reader_misuse(r, "there is no such experimental batch");
    const struct tri_experimental *x = &t->experimental[i];
    const void *data = x->data;
    if (!data) {
        struct tri_err err;
        tri_err_init(&err);
        tr_status status = reread(r, x, &err);
        if (status != TR_OK) {
            tri_err_in_generation(&err, t->generation);
            tri_reader_stop(r, &err);
            return status;
        }
        data = r->experimental;
    }
    const char *name = x->number < TRI_EXPERIMENT_COUNT ? tri_experiment_names[x->number] : "";
    *out = (tr_experimental_batch){
        .experiment = {name, strlen(name)},
        .thread = x->thread,
        .data = {data ? data : "", x->data_bytes},
        .number = x->number,
        .offset = x->offset,
    };
    return TR_OK;
}
