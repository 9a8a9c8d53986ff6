/* The choice between the two producers of rows.
 *
 * Invariant: nobody above knows which one it is. */
#include "reader/producer.h"

#include "gen/deferred.h"
#include "spec/v1.h"

_Static_assert((int)TRI_V1_ROWS_MIN <= (int)TRI_ORDER_ROWS_MIN, "blocks are large enough");

void tri_producer_init(struct tri_producer *p, const struct tri_producer_config *config)
{
    p->is_v1 = tri_v1_version(config->version);
    if (p->is_v1)
        tri_v1_init(&p->v1, config);
    else
        tri_order_init(&p->order, config);
}

void tri_producer_close(struct tri_producer *p)
{
    if (p->is_v1)
        tri_v1_close(&p->v1);
    else
        tri_order_close(&p->order);
}

void tri_producer_set_go_on(struct tri_producer *p, bool (*go_on)(void *user), void *user)
{
    if (p->is_v1) {
        p->v1.go_on = go_on;
        p->v1.go_on_user = user;
    } else {
        p->order.gens.go_on = go_on;
        p->order.gens.go_on_user = user;
    }
}

void tri_producer_set_symbolizer(struct tri_producer *p, tr_symbolize_fn fn, void *user)
{
    if (p->is_v1) {
        p->v1.symbolize = fn;
        p->v1.symbolize_user = user;
    }
}

static void make_v1(struct tri_v1 *v, uint32_t max, struct tri_rows *out)
{
    uint64_t rows = v->row_count, syncs = v->sync_count;
    out->status = tri_v1_fill(v, out->rows, max, &out->count, &out->tables);
    out->begins = v->sync_count != syncs;
    out->dropped = (uint32_t)(v->row_count - rows) - out->count;
    out->read_bytes = v->source->offset;
    out->size = v->source->size;
    out->generations = v->gen_count;
    out->salvage = v->salvage.counts;
}

static void make(struct tri_order *o, uint32_t max, struct tri_rows *out)
{
    uint64_t rows = o->row_count, syncs = o->sync_count;
    out->status = tri_order_fill(o, out->rows, max, &out->count, &out->tables);
    out->begins = o->sync_count != syncs;
    out->dropped = (uint32_t)(o->row_count - rows) - out->count;
    out->read_bytes = o->gens.source->offset;
    out->size = o->gens.source->size;
    out->generations = o->gen_count;
    if (o->gens.salvage.on)
        out->salvage = o->gens.salvage.counts;
}

void tri_producer_make(struct tri_producer *p, uint32_t max, struct tri_rows *out)
{
    out->tables = NULL;
    if (p->is_v1)
        make_v1(&p->v1, max, out);
    else
        make(&p->order, max, out);
    out->done_bytes = tri_producer_done_bytes(p);
}

uint64_t tri_producer_done_bytes(const struct tri_producer *p)
{
    if (p->is_v1)
        return tri_v1_done_bytes(&p->v1);
    const struct tri_generation *g = p->order.gen, *partial = p->order.gens.partial;
    if (g)
        return g->offset + g->bytes - g->event_bytes + g->ordered_bytes;
    return partial ? partial->offset : p->order.gens.source->offset;
}

bool tri_producer_lost_stacks(struct tri_producer *p, struct tri_err *err)
{
    return !p->is_v1 && tri_deferred_failed(atomic_load(&p->order.gens.deferred), err);
}

void tri_producer_memory(const struct tri_producer *p, tr_memory_use *out)
{
    if (p->is_v1) {
        out->event_bytes = tri_v1_data_memory(&p->v1);
        out->table_bytes = tri_v1_table_memory(&p->v1);
        out->state_bytes = tri_v1_state_memory(&p->v1);
        return;
    }
    const struct tri_generation *gen = p->order.gen;
    out->event_bytes = gen ? gen->data.bytes : 0;
    out->spilled_bytes = gen ? gen->spill.bytes : 0;
    out->table_bytes = tri_order_table_memory(&p->order);
    out->state_bytes = tri_order_state_memory(&p->order);
}
