/* Stacks that stay in the trace until they are asked for.
 *
 * A reader and its tables share a struct tri_deferred. Tables may outlive their reader, and
 * be asked by any thread: when the source is closed, those that are still there are loaded.
 *
 * Invariants: `tables` are those that have deferred batches, loaded or not; they, and all else
 * but `refs`, are changed with `lock` held. The source is not read once `closed`. Entries of
 * stacks get their `frames` with the lock held, and whoever reads them has held it since. */
#include "gen/deferred.h"

#include "base/lock.h"
#include "gen/tables.h"
#include "wire/varint.h"

struct tri_deferred {
    atomic_int refs; /* the reader and each of `tables` */
    struct tri_mem *mem;
    struct tri_lock lock;
    struct tri_source source; /* to be read again only */
    bool closed;
    struct tr_tables *tables; /* a list by their `later` */
    struct tri_err err;       /* the first of a read */
    atomic_bool failed;       /* there is one */
};

struct tri_deferred *tri_deferred_new(struct tri_mem *mem, const struct tri_source *source)
{
    struct tri_deferred *d = tri_mem_zalloc(mem, sizeof *d);
    if (!d)
        return NULL;
    if (!tri_lock_init(&d->lock)) {
        tri_mem_lack(mem);
        tri_mem_free(mem, d, sizeof *d);
        return NULL;
    }
    atomic_init(&d->refs, 1);
    atomic_init(&d->failed, false);
    d->mem = tri_mem_ref(mem);
    d->source = *source;
    tri_err_init(&d->err);
    d->source.err = &d->err;
    return d;
}

static void unref(struct tri_deferred *d)
{
    if (atomic_fetch_sub(&d->refs, 1) != 1)
        return;
    struct tri_mem *mem = d->mem;
    tri_lock_destroy(&d->lock);
    tri_mem_free(mem, d, sizeof *d);
    tri_mem_unref(mem);
}

int tri_deferred_add(struct tri_deferred *d, struct tr_tables *t, const struct tri_section *s)
{
    struct tri_stacks_later *later = &t->later;
    if (!tri_mem_reserve(t->mem, &later->parts, &later->part_cap, (uint64_t)later->part_count + 1,
                         sizeof *later->parts))
        return 0;
    later->parts[later->part_count++] = (struct tri_stacks_part){s->place.offset, s->size};
    later->bytes += s->size;
    if (later->from)
        return 1;
    tri_lock_hold(&d->lock);
    atomic_fetch_add(&d->refs, 1);
    later->from = d;
    later->next = d->tables;
    later->at = &d->tables;
    if (later->next)
        later->next->later.at = &later->next;
    d->tables = t;
    tri_lock_release(&d->lock);
    return 1;
}

/* Have the bytes of all parts, one behind the other. */
static tr_status read_parts(struct tri_deferred *d, const struct tri_stacks_later *later,
                            uint8_t *to)
{
    for (uint32_t i = 0; i < later->part_count; i++) {
        const struct tri_stacks_part *part = &later->parts[i];
        tr_status status = tri_source_reread(&d->source, part->offset, to, part->size);
        if (status != TR_OK)
            return status;
        to += part->size;
    }
    return TR_OK;
}

/* Where a stack's frames begin; NULL if the record is not the one that was checked: the
 * trace has been written to since. */
static const uint8_t *frames_of(const struct tri_stack_entry *entry, const uint8_t *p,
                                const uint8_t *end)
{
    uint64_t id, count, most = 0;
    if (*p++ != TRI_EV_Stack || tri_varint_read(&p, end, &id) != TRI_VARINT_OK ||
        tri_varint_read(&p, end, &count) != TRI_VARINT_OK || count != entry->count)
        return NULL;
    const uint8_t *frames = p;
    return tri_tables_skip_frames(&p, end, count, &most) ? NULL : frames;
}

/* Point each stack to its frames in `data`. Stacks have the order of the parts. */
static tr_status point_to_frames(struct tr_tables *t, const uint8_t *data, struct tri_err *err)
{
    const struct tri_stacks_part *part = t->later.parts;
    for (uint32_t i = 0; i < t->stack_ids.count; i++) {
        struct tri_stack_entry *entry = &t->stacks[i];
        while (entry->offset - part->offset >= part->size)
            data += part++->size;
        entry->frames = frames_of(entry, data + (entry->offset - part->offset), data + part->size);
        if (!entry->frames) {
            struct tri_place place = {entry->offset, t->generation, TR_NONE, TRI_EV_Stack};
            return tri_err_set(err, TR_E_CORRUPT, place, "the trace changed while it was read");
        }
    }
    return TR_OK;
}

static tr_status load(struct tri_deferred *d, struct tr_tables *t)
{
    struct tri_stacks_later *later = &t->later;
    if (later->data)
        return TR_OK;
    if (d->closed)
        return d->err.error.code != TR_OK ? d->err.error.code : tri_mem_status(t->mem);
    uint8_t *data = tri_mem_alloc(t->mem, later->bytes);
    if (!data)
        return tri_mem_status(t->mem);
    tr_status status = read_parts(d, later, data);
    if (status == TR_OK)
        status = point_to_frames(t, data, &d->err);
    if (status == TR_OK) {
        later->data = data;
    } else {
        tri_err_in_generation(&d->err, t->generation);
        atomic_store(&d->failed, true);
        for (uint32_t i = 0; i < t->stack_ids.count; i++)
            t->stacks[i].frames = NULL;
        tri_mem_free(t->mem, data, later->bytes);
    }
    return status;
}

tr_status tri_deferred_load(struct tr_tables *t)
{
    struct tri_deferred *d = t->later.from;
    if (!d)
        return TR_OK;
    tri_lock_hold(&d->lock);
    tr_status status = load(d, t);
    tri_lock_release(&d->lock);
    return status;
}

bool tri_deferred_failed(struct tri_deferred *d, struct tri_err *err)
{
    if (!d || !atomic_load_explicit(&d->failed, memory_order_relaxed))
        return false;
    tri_lock_hold(&d->lock);
    if (err->error.severity != TR_SEVERITY_FATAL)
        tri_err_copy(err, &d->err);
    tri_lock_release(&d->lock);
    return true;
}

void tri_deferred_remove(struct tr_tables *t)
{
    struct tri_stacks_later *later = &t->later;
    struct tri_deferred *d = later->from;
    if (!d)
        return;
    tri_lock_hold(&d->lock);
    *later->at = later->next;
    if (later->next)
        later->next->later.at = later->at;
    tri_lock_release(&d->lock);
    unref(d);
    if (later->data)
        tri_mem_free(t->mem, later->data, later->bytes);
    tri_mem_free(t->mem, later->parts, later->part_cap * sizeof *later->parts);
}

void tri_deferred_close(struct tri_deferred *d)
{
    if (!d)
        return;
    tri_lock_hold(&d->lock);
    for (struct tr_tables *t = d->tables; t; t = t->later.next)
        load(d, t);
    d->closed = true;
    tri_lock_release(&d->lock);
    unref(d);
}
