/* From the bytes of one thread to records with times.
 *
 * Times add up per batch: each delta is turned into nanoseconds on its own, as the
 * reference does; a sum of exactly 0 begins again from the batch's time.
 *
 * A block ends before a record that is broken and before bytes that cannot be read, so
 * that what is wrong is found as the first of a block, when all before it is ordered.
 *
 * Invariants: [p, end) are bytes of `batch`, followed by `rest` bytes that are not
 * in hand. A record is never longer than TRI_MAX_RECORD_BYTES, and the window never
 * shorter. To read one that begins before `sure` reads nothing that is not there, though it may
 * reach over the end where that is followed by padding. */
#include "order/decoder.h"

#include <string.h>

#include "base/compiler.h"
#include "wire/varint.h"

/* A usual record is later by less than USUAL_NS than one whose time is at most LAST_TIME_USUAL
 * and not 0, and so is each that follows in a block: their sum neither wraps nor is it 0. */
#define USUAL_NS (UINT64_C(1) << 40)
#define LAST_TIME_USUAL (UINT64_C(1) << 62)

/* Tell what is wrong with the record at p. */
TRI_COLD static tr_status broken(const struct tri_decoder *d, const struct tri_feed *feed)
{
    uint8_t type = *d->p;
    struct tri_place place = {d->place + (uintptr_t)d->p, feed->gen->number, d->thread, type};
    return tri_err_set(feed->source->err, TR_E_CORRUPT, place, "%s %u", tri_spec_broken_event(type),
                       type);
}

/* Put the bytes in hand, [p, end), where `at` of the trace is. */
static void hold(struct tri_decoder *d, const uint8_t *p, const uint8_t *end, uint64_t at,
                 bool padded)
{
    const ptrdiff_t unsure = padded ? 0 : TRI_MAX_RECORD_BYTES - 1;
    d->p = p;
    d->end = end;
    d->sure = end - p > unsure ? end - unsure : p;
    d->place = at - (uintptr_t)p;
}

/* Bring more of the batch into the buffer. */
static tr_status refill(struct tri_decoder *d, const struct tri_feed *feed)
{
    uint32_t have = (uint32_t)(d->end - d->p);
    uint32_t more = feed->window_bytes - have;
    uint64_t at = d->place + (uintptr_t)d->p;
    if (more > d->rest)
        more = d->rest;
    memmove(d->window, d->p, have);
    hold(d, d->window, d->window + have, at, false);
    tr_status status =
        tri_generation_reread(feed->gen, feed->source, at + have, d->window + have, more);
    if (status == TR_OK) {
        hold(d, d->window, d->window + have + more, at, false);
        d->rest -= more;
    }
    return status;
}

/* Go to the next batch; false if there is none. */
static bool next_batch(struct tri_decoder *d, const struct tri_feed *feed)
{
    if (d->batch)
        atomic_fetch_add_explicit(&feed->gen->ordered_bytes, feed->gen->batches[d->batch - 1].size,
                                  memory_order_relaxed);
    d->batch = d->next; /* which is counted once, however often this is asked */
    if (!d->batch)
        return false;
    const struct tri_batch *b = &feed->gen->batches[d->batch - 1];
    d->next = b->next;
    d->last_time = 0;
    d->rest = b->data ? 0 : b->size;
    if (b->data)
        hold(d, b->data, b->data + b->size, b->offset, feed->source->kind != TRI_SOURCE_MEMORY);
    else
        hold(d, d->window, d->window, b->offset, false);
    return true;
}

uint32_t tri_decoder_skip_batch(struct tri_decoder *d, const struct tri_feed *feed)
{
    uint32_t bytes = (uint32_t)(d->end - d->p) + d->rest;
    bytes -= feed->gen->batches[d->batch - 1].borrows;
    d->p = d->end;
    d->rest = 0;
    return bytes;
}

/* See that the bytes in hand begin with a whole record, if there is one. */
static tr_status see_to_bytes(struct tri_decoder *d, const struct tri_feed *feed)
{
    while (d->p == d->end && !d->rest)
        if (!next_batch(d, feed))
            return TR_END;
    return d->rest && d->end - d->p < TRI_MAX_RECORD_BYTES ? refill(d, feed) : TR_OK;
}

/* The time of a record, from that of the one before and the ticks between. */
TRI_APART static int64_t add_any_ticks(const struct tri_decoder *d, const struct tri_feed *feed,
                                       int64_t last, uint64_t ticks)
{
    if (last == 0)
        last = tri_tables_ns(feed->ns_per_tick, feed->gen->batches[d->batch - 1].time);
    /* Unsigned: the sum wraps where Go's does. */
    return (int64_t)((uint64_t)tri_tables_ns(feed->ns_per_tick, ticks) + (uint64_t)last);
}

/* So many ticks that their nanoseconds can only be less than USUAL_NS. */
uint64_t tri_decoder_usual_ticks(double ns_per_tick)
{
    double ticks = (double)USUAL_NS / ns_per_tick;
    /* Not-a-number: none. */
    return ticks >= (double)UINT32_MAX ? UINT32_MAX : ticks >= 1 ? (uint64_t)ticks : 0;
}

/* Read the numbers of a record of `count` arguments, the time first, where no record can reach
 * the end: what comes behind it, NULL if one is broken. */
static TRI_INLINE const uint8_t *read_args(const uint8_t *p, unsigned count, uint64_t *ticks,
                                           uint64_t *args)
{
    p = tri_varint_read_fast(p, ticks);
    if (!p || count == 1)
        return p;
    p = tri_varint_read_fast(p, &args[0]);
    if (!p || count == 2)
        return p;
    p = tri_varint_read_fast(p, &args[1]);
    if (!p || count == 3)
        return p;
    p = tri_varint_read_fast(p, &args[2]);
    if (!p || count == 4)
        return p;
    return tri_varint_read_fast(p, &args[3]);
}
_Static_assert(TRI_MAX_ARGS == 5, "read_args reads them all");

/* Decode the next `stop - record` records, up to one that is not usual or not sure to be in
 * the bytes in hand. */
TRI_APART static struct tri_record *decode(struct tri_decoder *d, const struct tri_feed *feed,
                                           struct tri_record *record, const struct tri_record *stop)
{
    const struct tri_record *const first = record;
    const uint8_t *p = d->p, *const sure = d->sure;
    uint64_t last = (uint64_t)d->last_time, ticks;
    if (last - 1 >= LAST_TIME_USUAL)
        return record;
    for (; record < stop && p < sure; record++) {
        unsigned type = *p;
        unsigned count = feed->timed_args[type];
        if (TRI_UNLIKELY(!count))
            break;
        const uint8_t *after = read_args(p + 1, count, &ticks, record->args);
        if (TRI_UNLIKELY(!after || ticks >= feed->usual_ticks))
            break;
        last += (uint64_t)(int64_t)((double)(int64_t)ticks * feed->ns_per_tick);
        record->time = (int64_t)last;
        record->where.word = d->place + (uintptr_t)p;
        record->where.at.type = (uint8_t)type;
        p = after;
    }
    if (TRI_UNLIKELY(p > d->end)) {
        /* The last one is broken: it ends in the padding. */
        record--;
        p = (const uint8_t *)(uintptr_t)(tri_where_offset(record->where) - d->place);
        last = (uint64_t)(record > first ? record[-1].time : d->last_time);
    }
    d->p = p;
    d->last_time = (int64_t)last;
    return record;
}

/* Decode one record, which may reach up to the end of the bytes in hand; false if it is
 * broken. */
static bool decode_last(struct tri_decoder *d, const struct tri_feed *feed,
                        struct tri_record *record)
{
    const uint8_t *p = d->p;
    uint64_t ticks;
    unsigned type = *p++, count = feed->timed_args[type];
    if (!count || tri_varint_read(&p, d->end, &ticks) != TRI_VARINT_OK)
        return false;
    for (unsigned i = 0; i + 1 < count; i++)
        if (tri_varint_read(&p, d->end, &record->args[i]) != TRI_VARINT_OK)
            return false;
    record->time = d->last_time = add_any_ticks(d, feed, d->last_time, ticks);
    record->where = tri_where_of(d->place + (uintptr_t)d->p, type);
    d->p = p;
    return true;
}

tr_status tri_decoder_fill(struct tri_decoder *d, const struct tri_feed *feed,
                           struct tri_block *block)
{
    struct tri_record *record = block->records, *limit = block->records + feed->block_records;
    tr_status status = TR_OK;
    while (record < limit) {
        const struct tri_record *before = record;
        status = see_to_bytes(d, feed);
        if (status != TR_OK)
            break;
        record = decode(d, feed, record, limit);
        if (record > before)
            continue;
        if (!decode_last(d, feed, record))
            break;
        record++;
    }
    block->count = (uint32_t)(record - block->records);
    if (block->count)
        return TR_OK;
    return status == TR_OK ? broken(d, feed) : status;
}
