/* The life of an old trace: collected, indexed, merged, checked, given out.
 *
 * Invariants: no row is made before all passes have gone well. The data is the source's
 * window, as far as it reaches, and stays where it is while the source is open. */
#include "v1/v1.h"

#include <stddef.h>
#include <string.h>

#include "v1/passes.h"

enum stage { COLLECTING = 0, BEGINNING, GIVING, ENDING, ENDED };

static void init(struct tri_v1 *v)
{
    v->proc_of.mem = v->start_stacks.mem = v->frame_of.mem = v->timer_gos.mem = v->mem;
    v->go_arena.mem = v->tape.arena.mem = v->mem;
    v->batches = (struct tri_blocks){.mem = v->mem, .item = sizeof(struct tri_v1_batch)};
    tri_v1_tasks_init(&v->tasks, v->mem);
    tri_idmap_init(&v->go_of, v->mem);
    tri_v1_format_init(&v->format, v->version);
}

void tri_v1_init(struct tri_v1 *v, const struct tri_producer_config *config)
{
    *v = (struct tri_v1){
        .mem = config->mem,
        .err = config->err,
        .source = config->source,
        .version = config->version,
        .limits = config->limits,
        .max_goroutines = config->max_goroutines,
        .filter = *config->filter,
        .salvage = {.wanted = config->salvage},
        .begin = config->source->offset,
    };
    init(v);
}

void tri_v1_close(struct tri_v1 *v)
{
    struct tri_mem *mem = v->mem;
    if (v->tables)
        tri_tables_settle(v->tables);
    tr_tables_unref(v->tables);
    tri_blocks_free(&v->batches);
    tri_mem_free(mem, v->procs, v->proc_cap * sizeof *v->procs);
    tri_mem_free(mem, v->samples, v->sample_cap * sizeof *v->samples);
    tri_mem_free(mem, v->sample_order, v->sample_order_cap * sizeof *v->sample_order);
    tri_mem_free(mem, v->exits, v->exit_cap * sizeof *v->exits);
    tri_mem_free(mem, v->relaxed.bytes, v->relaxed.cap);
    tri_mem_free(mem, v->removed.bytes, v->removed.cap);
    tri_mem_free(mem, v->created, v->created_cap * sizeof *v->created);
    tri_map_free(&v->proc_of);
    tri_map_free(&v->start_stacks);
    tri_map_free(&v->frame_of);
    tri_mem_free(mem, v->frames, v->frame_cap * sizeof *v->frames);
    tri_pool_free(v->symbols);
    tri_map_free(&v->timer_gos);
    tri_v1_tasks_free(&v->tasks);
    tri_idmap_free(&v->go_of);
    tri_arena_free(&v->go_arena);
    tri_arena_free(&v->tape.arena);
}

/* --- what the passes share */

struct tri_place tri_v1_place_only(uint64_t offset)
{
    return tri_place_at(offset, 1);
}

struct tri_place tri_v1_place(const struct tri_v1 *v, uint64_t offset)
{
    struct tri_place place = tri_v1_place_only(offset);
    place.event_type = (int)tri_v1_type_of(v->data[offset - v->begin]);
    return place;
}

const char *tri_v1_name_at(const struct tri_v1 *v, uint64_t offset)
{
    return v->format.shapes[tri_v1_type_of(v->data[offset - v->begin])].name;
}

tr_status tri_v1_no_memory(struct tri_v1 *v, uint64_t offset)
{
    return tri_err_no_memory(v->err, v->mem, tri_v1_place_only(offset));
}

bool tri_v1_may_go_on(struct tri_v1 *v, uint64_t done, uint64_t step)
{
    if (done - v->asked_at < step)
        return true;
    v->asked_at = done;
    return !v->go_on || v->go_on(v->go_on_user);
}

tr_status tri_v1_time_order(struct tri_v1 *v, const struct tri_v1_event *ev)
{
    return tri_err_set(v->err, TR_E_ORDER, tri_v1_place(v, ev->offset), "time stamps out of order");
}

tr_status tri_v1_canceled(struct tri_v1 *v)
{
    return tri_err_canceled(v->err, tri_v1_place_only(v->source->offset));
}

struct tri_v1_go *tri_v1_add_go(struct tri_v1 *v, uint64_t id, uint64_t offset)
{
    struct tri_v1_go *go = tri_v1_find_go(v, id);
    return go ? go : tri_v1_new_go(v, id, offset);
}

struct tri_v1_go *tri_v1_new_go(struct tri_v1 *v, uint64_t id, uint64_t offset)
{
    /* Those that stand for none and for the collector do not count. */
    if (v->go_count > 1 && v->go_count - 2 >= v->max_goroutines) {
        tri_err_limit(v->err, tri_v1_place(v, offset), "goroutines in a trace",
                      v->go_count - UINT64_C(1), v->max_goroutines);
        return NULL;
    }
    struct tri_v1_go *go = tri_arena_alloc(&v->go_arena, sizeof *go);
    if (go)
        *go = (struct tri_v1_go){.id = id, .before = v->last_go, .number = v->go_count};
    if (!go || !tri_idmap_add(&v->go_of, go)) {
        tri_v1_no_memory(v, offset);
        return NULL;
    }
    v->go_count++;
    v->last_go = go;
    return go;
}

bool tri_v1_bits_grow(struct tri_mem *mem, struct tri_v1_bits *bits)
{
    return tri_mem_reserve(mem, &bits->bytes, &bits->cap, bits->count / 8 + 1, 1);
}

/* --- loading */

/* How many bytes the source's buffer should have, so that it is not copied often. */
static uint64_t room_for(const struct tri_v1 *v)
{
    const struct tri_source *s = v->source;
    uint64_t have = s->window_len, room = 0;
    if (s->kind == TRI_SOURCE_FILE && s->size > s->offset) {
        room = s->size - s->offset;
        room = (room < v->limits.generation_bytes ? room : v->limits.generation_bytes) + 1;
    }
    return room > have ? room : have < s->buffer_size ? s->buffer_size : have + have / 2 + 1;
}

/* Have the whole rest of the trace in the source's window. TR_NEED_INPUT: call again. */
static tr_status collect(struct tri_v1 *v)
{
    struct tri_source *s = v->source;
    for (;;) {
        size_t have = s->window_len;
        if (have > v->limits.generation_bytes)
            return tri_err_limit(v->err, tri_v1_place_only(s->offset + have), "bytes in a trace",
                                 have, v->limits.generation_bytes);
        if (!tri_v1_may_go_on(v, have, TRI_V1_STEP_BYTES))
            return tri_v1_canceled(v);
        tr_status status = tri_source_reserve(s, (size_t)room_for(v));
        if (status == TR_OK)
            status = tri_source_want(s, have + 1);
        if (status != TR_OK) {
            tri_err_in_generation(v->err, 1);
            return status;
        }
        if (s->window_len == have)
            return TR_OK;
    }
}

/* Take what was collected as the trace's data. */
static void take_data(struct tri_v1 *v)
{
    v->data = v->source->window;
    v->data_bytes = v->source->window_len;
    tri_source_take(v->source, v->source->window_len);
}

/* All passes before the first row. */
static tr_status prepare(struct tri_v1 *v)
{
    v->tables = tri_tables_new(v->mem);
    if (!v->tables)
        return tri_v1_no_memory(v, v->begin);
    v->tables->generation = 1;
    tr_status status = tri_v1_index(v);
    if (status == TR_OK)
        status = tri_v1_merge(v);
    if (status == TR_OK && v->ticks_per_second == 0 && !v->salvage.on)
        status = tri_err_set(v->err, TR_E_TRUNCATED, tri_v1_place_only(v->begin + v->data_bytes),
                             "no frequency event found");
    if (status == TR_OK)
        status = tri_v1_finish_tables(v);
    if (status == TR_OK && v->has_futile && v->version < TRI_GO111)
        status = tri_v1_find_futile(v);
    if (status == TR_OK && !v->checked)
        status = tri_v1_check_all(v);
    /* Else it is found when rows are made, which is too late to begin to salvage. */
    if (status == TR_OK && v->has_futile && v->version >= TRI_GO111 && v->salvage.wanted &&
        !v->salvage.on)
        status = tri_v1_look_for_futile(v);
    if (status != TR_OK)
        return status;
    tri_v1_convert_begin(v);
    v->gen_count = 1;
    return TR_OK;
}

/* Whether a trace with this status is to be salvaged from here on: the error comes last then. */
static bool begins_salvage(struct tri_v1 *v, tr_status status)
{
    if (!v->salvage.wanted || status >= 0 || tri_salvage_is_fatal(status))
        return false;
    v->salvage.on = true;
    tri_err_init(&v->salvage.first);
    tri_err_move(&v->salvage.first, v->err);
    tri_err_clear(v->err);
    return true;
}

/* The same; a broken trace, if it is to be salvaged, once more: what stops the first time
 * is got over the second time. */
static tr_status load(struct tri_v1 *v)
{
    tr_status status = prepare(v);
    if (!v->salvage.on && begins_salvage(v, status)) {
        const size_t kept = offsetof(struct tri_v1, format);
        tri_v1_close(v);
        memset((char *)v + kept, 0, sizeof *v - kept);
        init(v);
        status = prepare(v);
    }
    return status;
}

/* What was wrong comes after all that is left. */
static tr_status end_salvage(struct tri_v1 *v)
{
    tri_err_copy(v->err, &v->salvage.first);
    return v->failed = v->err->error.code;
}

/* Make a Sync row; 1 if it passes the filter, 0 if not. */
static uint32_t sync_row(struct tri_v1 *v, struct tri_row *row, int64_t time, uint64_t offset)
{
    *row = (struct tri_row){.time = time, .where = tri_where_of(offset, TRI_EV_SYNC_ROW)};
    row->thread = row->proc = row->goroutine = TR_NONE;
    row->stack = TRI_STACK_ABSENT;
    row->sync.n = ++v->sync_count;
    return tri_v1_finish_rows(v, row, 1, false);
}

tr_status tri_v1_fill(struct tri_v1 *v, struct tri_row *rows, uint32_t max, uint32_t *count,
                      struct tr_tables **tables)
{
    *count = 0;
    if (v->stage == COLLECTING && v->failed == TR_OK) {
        tr_status status = collect(v);
        if (status == TR_NEED_INPUT)
            return status;
        if (begins_salvage(v, status)) /* reading ends here, and so does the trace */
            status = TR_OK;
        if (status == TR_OK)
            take_data(v);
        v->failed = status == TR_OK ? load(v) : status;
        v->stage = v->next ? BEGINNING : v->salvage.on ? ENDED : ENDING;
    }
    if (v->stage == GIVING && v->failed == TR_OK) {
        uint64_t made = v->row_count;
        *count = tri_v1_convert(v, rows, max);
        if (v->row_count == made && v->failed == TR_OK)
            v->stage = ENDING;
    }
    if (*count == 0 && v->failed != TR_OK)
        return v->failed;
    if (v->stage == ENDED)
        return v->salvage.on ? end_salvage(v) : TR_END;
    if (v->stage == BEGINNING) {
        v->last_time = (int64_t)((uint64_t)tri_v1_ns(v, v->next->time) - 1);
        *count = sync_row(v, rows, v->last_time, v->begin);
        v->stage = GIVING;
    } else if (v->stage == ENDING) {
        *count = sync_row(v, rows, (int64_t)((uint64_t)v->last_time + 1), v->begin + v->data_bytes);
        v->stage = ENDED;
        *tables = NULL;
        return TR_OK;
    }
    *tables = v->tables;
    tr_tables_ref(*tables);
    return TR_OK;
}

/* --- what is told of it */

uint64_t tri_v1_done_bytes(const struct tri_v1 *v)
{
    if (v->stage == COLLECTING)
        return 0;
    if (v->stage >= ENDING)
        return v->begin + v->data_bytes;
    return v->begin +
           (uint64_t)((double)v->data_bytes * (double)(v->walk.tape_at + v->walk.exit_at) /
                      (double)(v->tape.count + v->exit_count));
}

uint64_t tri_v1_data_memory(const struct tri_v1 *v)
{
    return v->source->buffer_size;
}

uint64_t tri_v1_table_memory(const struct tri_v1 *v)
{
    uint64_t bytes = v->tables ? tri_tables_bytes(v->tables) : 0;
    return bytes + tri_blocks_memory(&v->batches) + v->sample_cap * sizeof *v->samples +
           v->sample_order_cap * sizeof *v->sample_order;
}

uint64_t tri_v1_state_memory(const struct tri_v1 *v)
{
    return v->relaxed.cap + v->proc_cap * sizeof *v->procs + v->go_arena.bytes +
           tri_idmap_memory(&v->go_of) + v->tape.arena.bytes + v->exit_cap * sizeof *v->exits +
           v->removed.cap + v->created_cap * sizeof *v->created + tri_v1_tasks_memory(&v->tasks);
}
