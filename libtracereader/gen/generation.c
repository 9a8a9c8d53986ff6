/* Reading a generation: its batches are indexed, its tables checked and kept,
 * before its first event comes out, because tables may stand at its end.
 *
 * How a generation ends: with header 26 by a record of its own; before, by the
 * first batch of the next one, or the end of the trace. An error behind a
 * generation that has no end record is reported after that generation's events.
 *
 * Invariants: a batch is looked at only when it is all there, and taken in the same
 * step, so that `partial` is whole whenever tri_gen_read returns. Batches of a
 * thread keep the order of the file. */
#include "gen/generation.h"

#include <string.h>

#include "gen/deferred.h"
#include "gen/sync.h"
#include "gen/take.h"
#include "wire/varint.h"

void tri_generation_free(struct tri_generation *g)
{
    if (!g)
        return;
    struct tri_mem *mem = g->mem;
    tr_tables_unref(g->tables);
    tri_mem_free(mem, g->batches, g->batch_cap * sizeof *g->batches);
    tri_mem_free(mem, g->threads, g->thread_cap * sizeof *g->threads);
    tri_mem_free(mem, g->samples, g->sample_cap * sizeof *g->samples);
    tri_mem_free(mem, g->sample_order, g->sample_order_cap * sizeof *g->sample_order);
    tri_map_free(&g->thread_of);
    tri_arena_free(&g->data);
    tri_spill_close(&g->spill);
    tri_mem_free(mem, g, sizeof *g);
}

uint64_t tri_generation_memory(const struct tri_generation *g)
{
    return tri_tables_bytes(g->tables) + sizeof *g + g->batch_cap * sizeof *g->batches +
           g->thread_cap * sizeof *g->threads + g->sample_cap * sizeof *g->samples +
           g->sample_order_cap * sizeof *g->sample_order +
           (uint64_t)g->thread_of.slot_count * sizeof(struct tri_map_slot);
}

tr_status tri_generation_reread(const struct tri_generation *g, struct tri_source *source,
                                uint64_t offset, void *buf, size_t n)
{
    struct tri_place place = tri_place_at(offset, g->number);
    if (g->spill.fd >= 0)
        return tri_spill_read(&g->spill, buf, n, source->err, place);
    tr_status status = tri_source_reread(source, offset, buf, n);
    if (status != TR_OK)
        tri_err_in_generation(source->err, g->number);
    return status;
}

static tr_status no_memory(const struct tri_gen_reader *r, struct tri_place place)
{
    return tri_err_no_memory(r->err, r->mem, place);
}

static struct tri_generation *new_generation(const struct tri_gen_reader *r)
{
    struct tri_generation *g = tri_mem_zalloc(r->mem, sizeof *g);
    if (!g)
        return NULL;
    g->mem = g->thread_of.mem = g->data.mem = r->mem;
    g->data.slack = TRI_MAX_RECORD_BYTES;
    g->spill.fd = -1;
    g->offset = r->source->offset;
    g->tables = tri_tables_new(r->mem);
    if (!g->tables) {
        tri_mem_free(r->mem, g, sizeof *g);
        return NULL;
    }
    return g;
}

tr_status tri_gen_canceled(struct tri_gen_reader *r, uint64_t generation)
{
    struct tri_place place = tri_place_at(r->source->offset, generation ? generation : r->last);
    return tri_err_canceled(r->err, place);
}

bool tri_gen_may_go_on(struct tri_gen_reader *r, const struct tri_generation *g)
{
    if (!r->go_on || g->bytes - r->asked_at < TRI_PROGRESS_BYTES)
        return true;
    r->asked_at = g->bytes;
    return r->go_on(r->go_on_user);
}

struct tri_place tri_gen_place(const struct tri_batch_head *head)
{
    return (struct tri_place){head->offset, head->generation, head->thread, head->type};
}

uint64_t tri_gen_number(const struct tri_gen_reader *r, const struct tri_generation *g)
{
    return g->number ? g->number : r->last;
}

static tr_status add_samples(struct tri_gen_reader *r, struct tri_generation *g,
                             const struct tri_section *s)
{
    const uint8_t *p = s->data + 1, *end = s->data + s->size;
    while (p < end) {
        struct tri_place place = s->place;
        place.offset += (uint64_t)(p - s->data);
        place.event_type = *p;
        if (*p++ != TRI_EV_CPUSample)
            return tri_err_set(r->err, TR_E_CORRUPT, place,
                               "expected a CPU sample, got event type %d", place.event_type);
        uint64_t v[TRI_MAX_ARGS]; /* time, m, p, g, stack */
        for (int i = 0; i < TRI_MAX_ARGS; i++) {
            enum tri_varint_result result = tri_varint_read(&p, end, &v[i]);
            if (result == TRI_VARINT_NONE)
                return TR_END;
            if (result != TRI_VARINT_OK)
                return tri_err_set(r->err, TR_E_CORRUPT, place, "invalid varint in a CPU sample");
        }
        if (!tri_mem_reserve(r->mem, &g->samples, &g->sample_cap, (uint64_t)g->sample_count + 1,
                             sizeof *g->samples) ||
            !tri_mem_reserve(r->mem, &g->sample_order, &g->sample_order_cap,
                             (uint64_t)g->sample_count + 1, sizeof *g->sample_order))
            return no_memory(r, place);
        g->samples[g->sample_count] = (struct tri_sample){
            .thread = (int64_t)v[1],
            .proc = (int64_t)v[2],
            .goroutine = v[3] ? (int64_t)v[3] : TR_NONE,
            .stack_id = v[4],
            .offset = place.offset,
        };
        /* Ticks until the frequency is known. */
        g->sample_order[g->sample_count] = (struct tri_timed){(int64_t)v[0], g->sample_count};
        g->sample_count++;
    }
    return TR_OK;
}

static void order_samples(struct tri_generation *g)
{
    for (uint32_t i = 0; i < g->sample_count; i++)
        g->sample_order[i].time =
            tri_tables_ns(g->tables->ns_per_tick, (uint64_t)g->sample_order[i].time);
    tri_sort_timed(g->sample_order, g->sample_count);
}

/* Note a batch of events or of an experiment; its data is taken. `data` is where it
 * stays, NULL if that is the file. */
static tr_status add_event_batch(struct tri_gen_reader *r, struct tri_generation *g,
                                 const struct tri_batch_head *head, const uint8_t *data)
{
    struct tri_place place = tri_gen_place(head);
    uint32_t list = (uint32_t)tri_map_get(&g->thread_of, (uint64_t)head->thread);
    if (!list) {
        if (g->thread_count >= r->limits.threads)
            return tri_err_limit(r->err, place, "threads in a generation",
                                 g->thread_count + UINT64_C(1), r->limits.threads);
        if (!tri_mem_reserve(r->mem, &g->threads, &g->thread_cap, (uint64_t)g->thread_count + 1,
                             sizeof *g->threads) ||
            !tri_map_add(&g->thread_of, (uint64_t)head->thread, g->thread_count + 1))
            return no_memory(r, place);
        g->threads[g->thread_count] = (struct tri_batch_list){.thread = head->thread};
        list = ++g->thread_count;
    }
    if (!tri_mem_reserve(r->mem, &g->batches, &g->batch_cap, (uint64_t)g->batch_count + 1,
                         sizeof *g->batches))
        return no_memory(r, place);
    g->event_bytes += head->data_bytes;
    g->batches[g->batch_count++] = (struct tri_batch){
        .offset = head->offset + head->head_bytes,
        .data = data,
        .time = head->time,
        .size = head->data_bytes,
    };
    struct tri_batch_list *l = &g->threads[list - 1];
    if (l->last)
        g->batches[l->last - 1].next = g->batch_count;
    else
        l->first = g->batch_count;
    l->last = g->batch_count;
    return TR_OK;
}

static tr_status add_experimental(struct tri_gen_reader *r, struct tri_generation *g,
                                  const struct tri_batch_head *head, const uint8_t *data)
{
    struct tr_tables *t = g->tables;
    if (!tri_mem_reserve(r->mem, &t->experimental, &t->experimental_cap,
                         (uint64_t)t->experimental_count + 1, sizeof *t->experimental))
        return no_memory(r, tri_gen_place(head));
    t->experimental[t->experimental_count++] = (struct tri_experimental){
        .offset = head->offset,
        .data_offset = head->offset + head->head_bytes,
        .data = data,
        .data_bytes = head->data_bytes,
        .number = head->experiment,
        .thread = head->thread,
    };
    return TR_OK;
}

/* Keep the data of a batch, in memory or, with *data NULL, in a file. */
static tr_status keep_data(struct tri_gen_reader *r, struct tri_generation *g,
                           const struct tri_batch_head *head, const uint8_t **data)
{
    struct tri_place place = tri_gen_place(head);
    const uint8_t *from = r->source->window + head->head_bytes;
    /* Experimental data is lent for as long as the tables. */
    struct tri_arena *arena = &g->tables->arena;
    if (!head->experiment) {
        arena = &g->data;
        if (r->limits.kept_bytes && g->kept_bytes + head->data_bytes > r->limits.kept_bytes) {
            place.offset += head->head_bytes;
            tr_status status = g->spill.fd < 0 ? tri_spill_open(&g->spill, r->err, place) : TR_OK;
            if (status == TR_OK)
                status = tri_spill_write(&g->spill, from, head->data_bytes, r->err, place);
            return status;
        }
        g->kept_bytes += head->data_bytes;
    }
    uint8_t *copy = tri_arena_alloc(arena, head->data_bytes + 1u);
    if (!copy)
        return no_memory(r, place);
    memcpy(copy, from, head->data_bytes);
    memset(copy + head->data_bytes, 0, arena->slack);
    *data = copy;
    return TR_OK;
}

/* Whether the data of a batch is kept although it could be read again, as it is small and
 * already here: to read it costs more than to copy it. Of thousands of threads most are. */
static bool is_better_kept(const struct tri_gen_reader *r, const struct tri_generation *g,
                           const struct tri_batch_head *head)
{
    enum { SMALL_BYTES = 1 << 10, ALL_SMALL_BYTES = 4 << 20 };
    uint64_t all = g->kept_bytes + head->data_bytes;
    return head->data_bytes && head->data_bytes <= SMALL_BYTES && !head->experiment &&
           r->source->window_len >= (size_t)head->head_bytes + head->data_bytes &&
           (!r->limits.kept_bytes || all <= r->limits.kept_bytes) &&
           tri_arena_size_after(&g->data, head->data_bytes + 1u) <= ALL_SMALL_BYTES;
}

/* Take a batch whose data is not looked at now. */
static tr_status take_opaque(struct tri_gen_reader *r, struct tri_generation *g,
                             const struct tri_batch_head *head)
{
    struct tri_source *s = r->source;
    const uint8_t *data = NULL;
    if (s->kind == TRI_SOURCE_MEMORY) {
        data = s->window + head->head_bytes;
    } else if (!tri_source_rereads(s) || is_better_kept(r, g, head)) {
        tr_status status = keep_data(r, g, head, &data);
        if (status != TR_OK)
            return status;
    }
    return head->experiment ? add_experimental(r, g, head, data)
                            : add_event_batch(r, g, head, data);
}

bool tri_gen_is_table(const struct tri_gen_reader *r, const struct tri_batch_head *head,
                      uint8_t first)
{
    if (head->experiment || !head->data_bytes)
        return false;
    switch (first) {
    case TRI_EV_Strings:
    case TRI_EV_Stacks:
    case TRI_EV_CPUSamples:
        return true;
    case TRI_EV_Frequency:
        return !tri_version_has_clock(r->version);
    case TRI_EV_Sync:
        return tri_version_has_clock(r->version);
    default:
        return false;
    }
}

static tr_status add_section(struct tri_gen_reader *r, struct tri_generation *g,
                             const struct tri_section *section, uint8_t first, uint64_t time)
{
    switch (first) {
    case TRI_EV_Strings:
        return tri_tables_add_strings(g->tables, section);
    case TRI_EV_Stacks:
        return tri_tables_add_stacks(g->tables, section);
    case TRI_EV_CPUSamples:
        return add_samples(r, g, section);
    default:
        return tri_sync_add(g->tables, section, time, r->version);
    }
}

/* Take up a batch of a table, which is in the window. */
static tr_status process_table(struct tri_gen_reader *r, struct tri_generation *g,
                               const struct tri_batch_head *head, uint8_t first)
{
    struct tri_section section = {
        .data = r->source->window + head->head_bytes,
        .size = head->data_bytes,
        .place = tri_gen_place(head),
        .err = r->err,
        .max_stacks = r->limits.stacks,
        .skipped = r->salvage.on ? &r->salvage.skipped : NULL,
        .skipped_bytes = &r->salvage.counts.lost_bytes,
    };
    section.place.offset += head->head_bytes;
    if (first == TRI_EV_Stacks && tri_source_rereads(r->source)) {
        if (!r->deferred)
            r->deferred = tri_deferred_new(r->mem, r->source);
        if (!r->deferred)
            return no_memory(r, section.place);
        section.deferred = r->deferred;
    }
    g->table_bytes += head->data_bytes;
    if (g->table_bytes > r->limits.table_bytes)
        return tri_err_limit(r->err, section.place, "bytes of tables in a generation",
                             g->table_bytes, r->limits.table_bytes);
    return add_section(r, g, &section, first, head->time);
}

tr_status tri_gen_check_table(struct tri_gen_reader *r, const struct tri_batch_head *head,
                              uint8_t first, uint32_t at, uint32_t size)
{
    uint32_t kind = first == TRI_EV_Frequency ? 0 : 1; /* a byte that is passed over */
    struct tri_section section = {
        .data = r->source->window + head->head_bytes + at - kind,
        .size = size + kind,
        .place = tri_gen_place(head),
        .err = r->err,
        .max_stacks = r->limits.stacks,
    };
    section.place.offset += head->head_bytes + at - kind;
    struct tri_generation *scratch = new_generation(r);
    if (!scratch)
        return no_memory(r, section.place);
    tr_status status = add_section(r, scratch, &section, first, head->time);
    tri_generation_free(scratch);
    return status;
}

tr_status tri_gen_count_bytes(struct tri_gen_reader *r, struct tri_generation *g,
                              const struct tri_batch_head *head)
{
    g->bytes += (uint64_t)head->head_bytes + head->data_bytes;
    if (g->bytes <= r->limits.generation_bytes)
        return TR_OK;
    return tri_err_limit(r->err, tri_gen_place(head), "bytes in a generation", g->bytes,
                         r->limits.generation_bytes);
}

tr_status tri_gen_take(struct tri_gen_reader *r, struct tri_generation *g,
                       const struct tri_batch_head *head, bool table, uint8_t first)
{
    g->tables->generation = r->last = g->number;
    if (g->min_time == 0 || head->time < g->min_time)
        g->min_time = head->time;
    return table ? process_table(r, g, head, first) : take_opaque(r, g, head);
}

bool tri_gen_is_ready(const struct tri_gen_reader *r, const struct tri_generation *g)
{
    const struct tr_tables *t = g->tables;
    return t->has_frequency && (!tri_version_has_clock(r->version) || t->has_clock) &&
           tri_tables_has_names(t);
}

tr_status tri_gen_check(struct tri_gen_reader *r, struct tri_generation *g, bool at_end)
{
    struct tri_place place = tri_place_at(r->source->offset, g->number);
    /* At the end of the input it is the input that is short. */
    tr_status code = at_end ? TR_E_TRUNCATED : TR_E_CORRUPT;
    if (!g->tables->has_frequency)
        return tri_err_set(r->err, code, place, "no frequency event found");
    if (tri_version_has_clock(r->version) && !g->tables->has_clock)
        return tri_err_set(r->err, code, place, "no clock snapshot event found");
    return tri_tables_check_stacks(g->tables, r->err);
}

void tri_gen_settle_times(struct tri_generation *g)
{
    struct tr_tables *t = g->tables;
    t->clock.trace_ns = tri_tables_ns(t->ns_per_tick, t->clock_ticks);
    order_samples(g);
}

tr_status tri_gen_wrong_number(struct tri_gen_reader *r, const struct tri_generation *g,
                               const struct tri_batch_head *head)
{
    struct tri_place place = tri_gen_place(head);
    if (head->generation == 0) {
        place.generation = tri_gen_number(r, g);
        return tri_err_set(r->err, TR_E_CORRUPT, place, "invalid generation number 0");
    }
    if (!tri_version_has_end_mark(r->version))
        return tri_err_set(r->err, TR_E_CORRUPT, place, "generations out of order");
    return tri_err_set(r->err, TR_E_CORRUPT, place,
                       "missing end of generation %llu, or generations are interleaved",
                       (unsigned long long)g->number);
}

tr_status tri_gen_incomplete(struct tri_gen_reader *r, const struct tri_generation *g)
{
    struct tri_place place = tri_place_at(r->source->offset, g->number);
    return tri_err_set(r->err, TR_E_TRUNCATED, place,
                       "incomplete generation found; the trace is likely truncated");
}

/* The rules for header 26: an end record ends a generation. */
static enum tri_gen_step check_go126(struct tri_gen_reader *r, struct tri_generation *g,
                                     const struct tri_batch_head *head, bool ends,
                                     tr_status *status)
{
    if (g->number == 0)
        g->number = head->generation;
    if (ends)
        return TRI_GEN_COMPLETE;
    if (head->generation && head->generation == g->number)
        return TRI_GEN_MORE;
    *status = tri_gen_wrong_number(r, g, head);
    return TRI_GEN_STOP;
}

/* The rules before: the next generation's first batch ends one. */
static enum tri_gen_step check_before_go126(struct tri_gen_reader *r, struct tri_generation *g,
                                            const struct tri_batch_head *head, bool ends,
                                            tr_status *status)
{
    if (g->number == 0)
        g->number = head->generation;
    if (head->generation && head->generation == g->number + 1)
        return TRI_GEN_COMPLETE;
    if (!head->generation || head->generation != g->number) {
        *status = tri_gen_wrong_number(r, g, head);
        return TRI_GEN_STOP;
    }
    if (ends) {
        *status = tri_err_set(r->err, TR_E_CORRUPT, tri_gen_place(head),
                              "unexpected end-of-generation record");
        return TRI_GEN_STOP;
    }
    return TRI_GEN_MORE;
}

/* Bring the batch into the window as far as is needed to take it up; *first is its
 * first byte of data. TR_END: its data is cut. */
static tr_status fetch_batch(struct tri_gen_reader *r, const struct tri_batch_head *head,
                             uint8_t *first, bool *table)
{
    struct tri_source *s = r->source;
    size_t need = head->head_bytes;
    *first = 0;
    if (head->data_bytes) {
        tr_status status = tri_source_want(s, need + 1);
        if (status != TR_OK)
            return status;
        if (s->window_len < need + 1)
            return TR_END;
        *first = s->window[need];
    }
    *table = tri_gen_is_table(r, head, *first);
    need += head->data_bytes;
    /* Events of a file are read again later: look only whether they are there. */
    bool whole = true;
    tr_status status = *table ? tri_source_want(s, need) : TR_OK;
    if (status == TR_OK)
        status = tri_source_reaches(s, need, &whole);
    return status == TR_OK && !whole ? TR_END : status;
}

tr_status tri_gen_cut_batch(struct tri_gen_reader *r, const struct tri_batch_head *head)
{
    return tri_err_set(r->err, TR_E_TRUNCATED, tri_gen_place(head),
                       "failed to read full batch: the trace ends inside its %u bytes",
                       head->data_bytes);
}

/* An error that may be the next generation's: before header 26 what has been read
 * stands, and the error is kept aside until that has come out. */
static enum tri_gen_step keep_aside(struct tri_gen_reader *r, const struct tri_generation *g,
                                    tr_status status)
{
    if (tri_version_has_end_mark(r->version) || g->number == 0)
        return TRI_GEN_STOP;
    r->pending = status;
    tri_err_copy(&r->aside, r->err);
    tri_err_init(r->err);
    return TRI_GEN_COMPLETE;
}

/* Let the error that was kept aside be the reader's. */
static tr_status take_aside(struct tri_gen_reader *r)
{
    if (r->aside.error.code != TR_OK && r->err->error.code == TR_OK)
        tri_err_copy(r->err, &r->aside);
    return r->pending;
}

/* Take up the next batch. */
static enum tri_gen_step read_batch(struct tri_gen_reader *r, struct tri_generation *g,
                                    tr_status *status)
{
    struct tri_source *s = r->source;
    struct tri_batch_head head;
    *status = tri_wire_peek_batch(s, &head);
    if (*status == TR_END)
        return TRI_GEN_AT_END;
    if (*status == TR_NEED_INPUT)
        return TRI_GEN_STOP;
    if (*status != TR_OK) {
        tri_err_in_generation(r->err, tri_gen_number(r, g));
        return keep_aside(r, g, *status);
    }
    /* The next generation's first batch need not be whole to end this one. */
    if (!tri_version_has_end_mark(r->version) && g->number && head.generation == g->number + 1 &&
        head.generation != 0 && head.type != TRI_EV_EndOfGeneration)
        return TRI_GEN_COMPLETE;

    uint8_t first;
    bool table = false;
    *status = fetch_batch(r, &head, &first, &table);
    if (*status == TR_END) {
        *status = tri_gen_cut_batch(r, &head);
        return keep_aside(r, g, *status);
    }
    if (*status == TR_NEED_INPUT)
        return TRI_GEN_STOP;
    if (*status != TR_OK) {
        tri_err_in_generation(r->err, tri_gen_number(r, g));
        return keep_aside(r, g, *status);
    }

    bool ends = head.type == TRI_EV_EndOfGeneration ||
                (head.data_bytes && !head.experiment && first == TRI_EV_EndOfGeneration);
    enum tri_gen_step step = tri_version_has_end_mark(r->version)
                                 ? check_go126(r, g, &head, ends, status)
                                 : check_before_go126(r, g, &head, ends, status);
    if (step == TRI_GEN_STOP || (step == TRI_GEN_COMPLETE && !tri_version_has_end_mark(r->version)))
        return step;
    size_t bytes = (size_t)head.head_bytes + head.data_bytes;
    *status = tri_gen_count_bytes(r, g, &head);
    if (*status != TR_OK)
        return TRI_GEN_STOP;
    if (step == TRI_GEN_MORE) {
        *status = tri_gen_take(r, g, &head, table, first);
        if (*status != TR_OK)
            return TRI_GEN_STOP;
    }
    tri_source_skip(s, bytes);
    return step;
}

static tr_status begin(struct tri_gen_reader *r)
{
    struct tri_place place = tri_place_at(r->source->offset, r->last);
    r->asked_at = 0;
    if (r->go_on && !r->go_on(r->go_on_user))
        return tri_gen_canceled(r, 0);
    r->partial = new_generation(r);
    return r->partial ? TR_OK : no_memory(r, place);
}

enum tri_gen_step tri_gen_take_up(struct tri_gen_reader *r, tri_gen_batch_fn *take,
                                  tr_status *status)
{
    *status = r->partial ? TR_OK : begin(r);
    enum tri_gen_step step = *status == TR_OK ? TRI_GEN_MORE : TRI_GEN_STOP;
    while (step == TRI_GEN_MORE) {
        step = take(r, r->partial, status);
        if (step == TRI_GEN_MORE && !tri_gen_may_go_on(r, r->partial)) {
            step = TRI_GEN_STOP;
            *status = tri_gen_canceled(r, r->partial->number);
        }
    }
    return step;
}

tr_status tri_gen_read(struct tri_gen_reader *r, struct tri_generation **out)
{
    *out = NULL;
    if (r->salvage.on)
        return tri_salvage_read(r, out);
    if (r->pending != TR_OK)
        return take_aside(r);
    tr_status status;
    enum tri_gen_step step = tri_gen_take_up(r, read_batch, &status);
    struct tri_generation *g = r->partial;
    if (step == TRI_GEN_STOP && status == TR_NEED_INPUT)
        return status;

    /* Before header 26 a first generation is expected even of an empty trace. */
    if (step == TRI_GEN_AT_END && tri_version_has_end_mark(r->version)) {
        step = TRI_GEN_STOP;
        status = g->batch_count == 0 ? TR_END : tri_gen_incomplete(r, g);
    }
    r->partial = NULL;
    if (step != TRI_GEN_STOP) {
        if (step == TRI_GEN_AT_END)
            r->pending = TR_END;
        status = tri_gen_check(r, g, step == TRI_GEN_AT_END);
        if (status != TR_OK && r->pending < 0) { /* the read error is the cause */
            tri_err_init(r->err);
            status = take_aside(r);
        }
    }
    if (status != TR_OK) {
        tri_generation_free(g);
        return r->pending = status;
    }
    tri_gen_settle_times(g);
    *out = g;
    return TR_OK;
}

bool tri_gen_follows(const struct tri_err *err, const struct tri_err *behind)
{
    switch (behind->error.code) {
    case TR_E_TRUNCATED:
        return err->missing || err->error.code == TR_E_ORDER;
    case TR_E_IO:
    case TR_E_NOMEM:
    case TR_E_LIMIT:
    case TR_E_MISUSE:
        return true;
    default:
        return false;
    }
}

tr_status tri_gen_cause(struct tri_gen_reader *r)
{
    if (!tri_gen_follows(r->err, &r->aside))
        return r->err->error.code;
    tri_err_init(r->err);
    return take_aside(r);
}

void tri_gen_reader_close(struct tri_gen_reader *r)
{
    tri_generation_free(r->partial);
    r->partial = NULL;
    tri_deferred_close(r->deferred);
    r->deferred = NULL;
}
