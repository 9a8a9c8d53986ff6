/* From bytes of one thread to records with times.
 *
 * Times add up per batch: each delta is turned into nanoseconds on its own, as the
 * reference does; a sum of exactly 0 begins again from the batch's time.
 *
 * A block ends before a record that is broken and before bytes that cannot be read, so
 * that what is wrong is found as the first of a block, when all before it is ordered.
 *
 * Invariants: [p, end) are bytes of `batch`, followed by `rest` bytes that are not
 * in hand. A record is never longer than TRI_MAX_RECORD_BYTES, and the window never
 * shorter. */
#include "order/cursor.h"

#include <string.h>

#include "base/compiler.h"
#include "wire/varint.h"

/* Tell what is wrong with the record at p. */
TRI_COLD static tr_status broken(const struct tri_cursor *c, const struct tri_cursor_feed *feed)
{
    uint8_t type = *c->p;
    struct tri_place place = {c->place + (uintptr_t)c->p, feed->gen->number, c->thread_id, type};
    const char *message = feed->timed_args[type]   ? "invalid varint in an event of type"
                          : type >= TRI_TYPE_COUNT ? "invalid event type"
                                                   : "event without a timestamp: type";
    return tri_err_set(feed->err, TR_E_CORRUPT, place, "%s %u", message, type);
}

/* Put the bytes in hand, [p, end), where `at` of the trace is. */
static void hold(struct tri_cursor *c, const uint8_t *p, const uint8_t *end, uint64_t at)
{
    c->p = p;
    c->end = end;
    c->place = at - (uintptr_t)p;
}

/* Bring more of the batch into the buffer. */
static tr_status refill(struct tri_cursor *c, const struct tri_cursor_feed *feed)
{
    uint32_t have = (uint32_t)(c->end - c->p);
    uint32_t more = feed->window_bytes - have;
    uint64_t at = c->place + (uintptr_t)c->p;
    if (more > c->rest)
        more = c->rest;
    memmove(c->buffer, c->p, have);
    hold(c, c->buffer, c->buffer + have, at);
    tr_status status = tri_source_reread(feed->source, at + have, c->buffer + have, more);
    if (status == TR_OK) {
        c->end += more;
        c->rest -= more;
    }
    return status;
}

/* Go to the next batch; false if there is none. */
static bool next_batch(struct tri_cursor *c, const struct tri_cursor_feed *feed)
{
    if (!c->next)
        return false;
    const struct tri_batch *b = &feed->gen->batches[c->next - 1];
    c->batch = c->next;
    c->next = b->next;
    c->last_time = 0;
    c->rest = b->data ? 0 : b->size;
    if (b->data)
        hold(c, b->data, b->data + b->size, b->offset);
    else
        hold(c, c->buffer, c->buffer, b->offset);
    return true;
}

/* See that the bytes in hand begin with a whole record, if there is one. */
static tr_status see_to_bytes(struct tri_cursor *c, const struct tri_cursor_feed *feed)
{
    while (c->p == c->end && !c->rest)
        if (!next_batch(c, feed))
            return TR_END;
    return c->rest && c->end - c->p < TRI_MAX_RECORD_BYTES ? refill(c, feed) : TR_OK;
}

/* The time of a record, from that of the one before and the ticks between. */
TRI_APART static int64_t add_any_ticks(const struct tri_cursor *c,
                                       const struct tri_cursor_feed *feed, int64_t last,
                                       uint64_t ticks)
{
    if (last == 0)
        last = tri_tables_ns(feed->ns_per_tick, feed->gen->batches[c->batch - 1].time);
    /* Unsigned: the sum wraps where Go's does. */
    return (int64_t)((uint64_t)tri_tables_ns(feed->ns_per_tick, ticks) + (uint64_t)last);
}

/* The same in few instructions for what is usual: so many ticks that a year of them,
 * times a second each, is less than 2^63. */
static TRI_INLINE int64_t add_ticks(const struct tri_cursor *c, const struct tri_cursor_feed *feed,
                                    int64_t last, uint64_t ticks)
{
    if (TRI_UNLIKELY(last == 0 || ticks >> 32 || !feed->usual_ticks))
        return add_any_ticks(c, feed, last, ticks);
    return (int64_t)((uint64_t)last +
                     (uint64_t)(int64_t)((double)(int64_t)ticks * feed->ns_per_tick));
}

/* Read a record's numbers where no record can reach the end: what comes behind it, NULL
 * if one is broken. */
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

/* Decode records that cannot reach the end of the bytes in hand, up to `limit`. */
TRI_APART static struct tri_record *decode(struct tri_cursor *c, const struct tri_cursor_feed *feed,
                                           struct tri_record *record,
                                           const struct tri_record *limit)
{
    const uint8_t *p = c->p, *end = c->end - TRI_MAX_RECORD_BYTES;
    int64_t last = c->last_time;
    for (; p <= end && record < limit; record++) {
        uint64_t ticks;
        unsigned type = *p, count = feed->timed_args[type];
        if (TRI_UNLIKELY(!count))
            break;
        const uint8_t *after = read_args(p + 1, count, &ticks, record->args);
        if (TRI_UNLIKELY(!after))
            break;
        last = add_ticks(c, feed, last, ticks);
        record->time = last;
        record->where = tri_where_of(c->place + (uintptr_t)p, type);
        p = after;
    }
    c->p = p;
    c->last_time = last;
    return record;
}

/* Decode one record, which may reach up to the end of the bytes in hand; false if it is
 * broken. */
static bool decode_last(struct tri_cursor *c, const struct tri_cursor_feed *feed,
                        struct tri_record *record)
{
    const uint8_t *p = c->p;
    uint64_t ticks;
    unsigned type = *p++, count = feed->timed_args[type];
    if (!count || tri_varint_read(&p, c->end, &ticks) != TRI_VARINT_OK)
        return false;
    for (unsigned i = 0; i + 1 < count; i++)
        if (tri_varint_read(&p, c->end, &record->args[i]) != TRI_VARINT_OK)
            return false;
    record->time = c->last_time = add_any_ticks(c, feed, c->last_time, ticks);
    record->where = tri_where_of(c->place + (uintptr_t)c->p, type);
    c->p = p;
    return true;
}

tr_status tri_cursor_next_block(struct tri_cursor *c, const struct tri_cursor_feed *feed)
{
    struct tri_record *record = c->block, *limit = c->block + feed->block_records;
    tr_status status = TR_OK;
    while (record < limit) {
        const struct tri_record *before = record;
        status = see_to_bytes(c, feed);
        if (status != TR_OK)
            break;
        record = decode(c, feed, record, limit);
        if (record > before)
            continue;
        if (!decode_last(c, feed, record))
            break;
        record++;
    }
    c->record = c->block;
    c->records_end = record;
    if (record > c->block)
        return TR_OK;
    return status == TR_OK ? broken(c, feed) : status;
}
