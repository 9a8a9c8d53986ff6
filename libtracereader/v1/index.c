/* The first pass: where batches are, and whose; CPU samples; and whether every record is
 * what a record can be.
 *
 * Invariants: once this pass has gone well, reading a record needs no checks. Batches of a
 * proc keep the order of the file; procs are in the order of their ids. */
#include <string.h>

#include "v1/passes.h"

/* Where the pass is. */
struct scan {
    struct tri_v1 *v;
    const uint8_t *record;
    struct tri_v1_record r;
    uint32_t proc; /* index of the current batch's, if there is a batch */
};

static uint64_t offset_of(const struct scan *s)
{
    return s->v->begin + (uint64_t)(s->record - s->v->data);
}

static struct tri_place place_of(const struct scan *s)
{
    return tri_v1_place(s->v, offset_of(s));
}

static tr_status no_memory(const struct scan *s)
{
    return tri_v1_no_memory(s->v, offset_of(s));
}

/* Set s->proc to the proc with an id. */
static tr_status find_proc(struct scan *s, int32_t id)
{
    struct tri_v1 *v = s->v;
    uint32_t known = (uint32_t)tri_map_get(&v->proc_of, (uint32_t)id);
    if (!known) {
        if (v->proc_count >= v->limits.threads)
            return tri_err_limit(v->err, place_of(s), "procs in a trace",
                                 v->proc_count + UINT64_C(1), v->limits.threads);
        if (!tri_mem_reserve(v->mem, &v->procs, &v->proc_cap, (uint64_t)v->proc_count + 1,
                             sizeof *v->procs) ||
            !tri_map_add(&v->proc_of, (uint32_t)id, v->proc_count + 1))
            return no_memory(s);
        memset(&v->procs[v->proc_count], 0, sizeof *v->procs);
        v->procs[v->proc_count].id = id;
        known = ++v->proc_count;
    }
    s->proc = known - 1;
    return TR_OK;
}

static tr_status add_batch(struct scan *s)
{
    struct tri_v1 *v = s->v;
    uint64_t id = s->r.args[0];
    if (id > INT32_MAX && id != UINT64_MAX)
        return tri_err_set(v->err, TR_E_CORRUPT, place_of(s), "invalid proc ID %llu of a batch",
                           (unsigned long long)id);
    tr_status status = find_proc(s, id == UINT64_MAX ? -1 : (int32_t)id);
    if (status != TR_OK)
        return status;
    if (!tri_blocks_reserve(&v->batches, (uint64_t)v->batch_count + 1))
        return no_memory(s);
    *tri_v1_batch(v, v->batch_count++) =
        (struct tri_v1_batch){.at = (uint64_t)(s->record - v->data)};
    struct tri_v1_proc *proc = &v->procs[s->proc];
    if (proc->last)
        tri_v1_batch(v, proc->last - 1)->next = v->batch_count;
    else
        proc->first = v->batch_count;
    proc->last = v->batch_count;
    return TR_OK;
}

static tr_status add_sample(struct scan *s)
{
    struct tri_v1 *v = s->v;
    const uint64_t *args = s->r.args; /* dt, ts, p, g, stack */
    uint64_t need = (uint64_t)v->sample_count + 1;
    if (!tri_mem_reserve(v->mem, &v->samples, &v->sample_cap, need, sizeof *v->samples) ||
        !tri_mem_reserve(v->mem, &v->sample_order, &v->sample_order_cap, need,
                         sizeof *v->sample_order))
        return no_memory(s);
    v->sample_order[v->sample_count] = (struct tri_timed){(int64_t)args[1], v->sample_count};
    v->samples[v->sample_count++] = (struct tri_v1_sample){
        .go = args[3],
        .offset = offset_of(s),
        .stack = (uint32_t)args[4],
        .p = (int32_t)args[2],
    };
    return TR_OK;
}

/* What the record is for, `bytes` long. */
static tr_status add_record(struct scan *s, uint64_t bytes)
{
    struct tri_v1 *v = s->v;
    bool is_table = true;
    if (s->r.type == TRI_V1_Batch)
        return add_batch(s);
    if (!v->batch_count) {
        /* The reference does not see strings here; the parsers before it did. */
        v->has_prologue = v->version < TRI_GO111;
        if (s->r.type == TRI_V1_String)
            return TR_OK;
        return tri_err_set(v->err, TR_E_CORRUPT, place_of(s), "%s before the first batch",
                           v->format.shapes[s->r.type].name);
    }
    switch (s->r.type) {
    case TRI_V1_String:
    case TRI_V1_Stack:
    case TRI_V1_CPUSample:
        v->table_bytes += bytes;
        if (v->table_bytes > v->limits.table_bytes)
            return tri_err_limit(v->err, place_of(s), "bytes of tables in a trace", v->table_bytes,
                                 v->limits.table_bytes);
        if (s->r.type == TRI_V1_CPUSample)
            return add_sample(s);
        break;
    case TRI_V1_Frequency:
        break;
    case TRI_V1_TimerGoroutine:
        if (!tri_map_get(&v->timer_gos, s->r.args[0]) &&
            !tri_map_add(&v->timer_gos, s->r.args[0], 1))
            return no_memory(s);
        is_table = false;
        break;
    case TRI_V1_FutileWakeup:
        v->has_futile = true;
        is_table = false;
        break;
    case TRI_V1_UserLog:
        break;
    case TRI_V1_GoCreate:
        is_table = v->version < TRI_GO107;
        break;
    default:
        is_table = false;
    }
    tri_v1_batch(v, v->batch_count - 1)->has_tables |= is_table;
    return TR_OK;
}

/* Bring the procs into the order of their ids, with one for the samples behind them. */
static tr_status sort_procs(struct tri_v1 *v)
{
    uint32_t count = v->proc_count + 1;
    struct tri_timed *order = tri_mem_alloc(v->mem, count * sizeof *order);
    struct tri_v1_proc *procs = tri_mem_zalloc(v->mem, count * sizeof *procs);
    if (order && procs) {
        for (uint32_t i = 0; i < v->proc_count; i++)
            order[i] = (struct tri_timed){v->procs[i].id, i};
        tri_sort_timed(order, v->proc_count); /* they are all different */
        for (uint32_t i = 0; i < v->proc_count; i++)
            procs[i] = v->procs[order[i].index];
        procs[v->proc_count] = (struct tri_v1_proc){.id = INT32_MIN, .has_samples = true};
        for (uint32_t i = 0; i < count; i++)
            procs[i].number = i;
        tri_mem_free(v->mem, v->procs, v->proc_cap * sizeof *procs);
        v->procs = procs;
        v->proc_count = v->proc_cap = count;
        procs = NULL;
    }
    tri_mem_free(v->mem, procs, count * sizeof *procs);
    tri_mem_free(v->mem, order, count * sizeof *order);
    tri_map_free(&v->proc_of);
    return v->proc_count == count ? TR_OK : tri_v1_no_memory(v, v->begin);
}

/* Take up the record at *p, which is before `end`. */
static tr_status take_record(struct scan *s, const uint8_t **p, const uint8_t *end)
{
    s->record = *p;
    switch (tri_v1_record_read(&s->v->format, p, end, &s->r)) {
    case TRI_V1_CUT:
        return tri_err_set(s->v->err, TR_E_TRUNCATED, place_of(s),
                           "the trace ends inside a record");
    case TRI_V1_BAD:
        return tri_err_set(s->v->err, TR_E_CORRUPT, place_of(s), "%s", s->r.wrong);
    case TRI_V1_GOT:
        break;
    }
    return add_record(s, (uint64_t)(*p - s->record));
}

/* Let the data end before a record that is broken. */
static void cut(struct scan *s)
{
    struct tri_v1 *v = s->v;
    uint64_t whole = (uint64_t)(s->record - v->data);
    v->salvage.counts.lost_bytes += v->data_bytes - whole;
    v->data_bytes = whole;
    tri_err_clear(v->err);
}

tr_status tri_v1_index(struct tri_v1 *v)
{
    struct scan s = {.v = v};
    const uint8_t *p = v->data, *end = v->data + v->data_bytes;
    while (p < end) {
        if (v->batch_count)
            p = tri_v1_skip_plain(&v->format, p,
                                  end - p > TRI_V1_STEP_BYTES ? p + TRI_V1_STEP_BYTES : end);
        tr_status status = take_record(&s, &p, end);
        if (status != TR_OK && v->salvage.on && !tri_salvage_is_fatal(status)) {
            cut(&s);
            break;
        }
        if (status != TR_OK)
            return status;
        if (!tri_v1_may_go_on(v, (uint64_t)(p - v->data), TRI_V1_STEP_BYTES))
            return tri_v1_canceled(v);
    }
    v->format.has_gone_over = true;
    tri_sort_timed(v->sample_order, v->sample_count);
    return sort_procs(v);
}
