/* From bytes of one thread to records with times.
 *
 * Times add up per batch: each delta is turned into nanoseconds on its own, as the
 * reference does; a sum of exactly 0 begins again from the batch's time.
 *
 * Invariants: [p, end) are bytes of `batch`, followed by `rest` bytes that are not
 * in hand. A record is never longer than TRI_MAX_RECORD_BYTES, and the window never
 * shorter. */
#include "order/cursor.h"

#include <string.h>

#include "base/compiler.h"
#include "wire/varint.h"

TRI_COLD static tr_status broken(const struct tri_cursor *c, const struct tri_cursor_feed *feed,
                                 const char *message)
{
    struct tri_place place = {c->record.offset, feed->gen->number, c->thread_id, c->record.type};
    return tri_err_set(feed->err, TR_E_CORRUPT, place, "%s %u", message, c->record.type);
}

/* Bring more of the batch into the buffer. */
TRI_APART static tr_status refill(struct tri_cursor *c, const struct tri_cursor_feed *feed)
{
    uint32_t have = (uint32_t)(c->end - c->p);
    uint32_t more = feed->window_bytes - have;
    uint64_t offset = c->window_offset + (uint64_t)(c->end - c->window);
    if (more > c->rest)
        more = c->rest;
    memmove(c->buffer, c->p, have);
    c->window_offset += (uint64_t)(c->p - c->window);
    c->window = c->p = c->buffer;
    c->end = c->buffer + have + more;
    c->rest -= more;
    return tri_generation_reread(feed->gen, feed->source, offset, c->buffer + have, more);
}

/* Go to the next batch; false if there is none. */
TRI_APART static bool next_batch(struct tri_cursor *c, const struct tri_cursor_feed *feed)
{
    if (c->batch)
        feed->gen->ordered_bytes += feed->gen->batches[c->batch - 1].size;
    if (!c->next)
        return false;
    const struct tri_batch *b = &feed->gen->batches[c->next - 1];
    c->batch = c->next;
    c->next = b->next;
    c->last_time = 0;
    c->window_offset = b->offset;
    if (b->data) {
        c->window = c->p = b->data;
        c->end = b->data + b->size;
        c->rest = 0;
    } else {
        c->window = c->p = c->end = c->buffer;
        c->rest = b->size;
    }
    return true;
}

/* Read the varints of a record near the end of the bytes; NULL if one is broken. */
TRI_APART static const uint8_t *read_last_args(struct tri_cursor *c, unsigned count, uint64_t *dt)
{
    const uint8_t *p = c->p + 1;
    if (tri_varint_read(&p, c->end, dt) != TRI_VARINT_OK)
        return NULL;
    for (unsigned i = 0; i + 1 < count; i++)
        if (tri_varint_read(&p, c->end, &c->record.args[i]) != TRI_VARINT_OK)
            return NULL;
    return p;
}

/* The same where no record can reach the end. */
static inline const uint8_t *read_args(struct tri_cursor *c, unsigned count, uint64_t *dt)
{
    const uint8_t *p = c->p + 1;
    if (!tri_varint_read_fast(&p, dt))
        return NULL;
    for (unsigned i = 0; i + 1 < count; i++)
        if (!tri_varint_read_fast(&p, &c->record.args[i]))
            return NULL;
    return p;
}

tr_status tri_cursor_next(struct tri_cursor *c, const struct tri_cursor_feed *feed)
{
    bool room = c->end - c->p >= TRI_MAX_RECORD_BYTES;
    if (!room) {
        while (c->p == c->end && !c->rest)
            if (!next_batch(c, feed))
                return TR_END;
        if (c->rest) {
            tr_status status = refill(c, feed);
            if (status != TR_OK)
                return status;
        }
        room = c->end - c->p >= TRI_MAX_RECORD_BYTES;
    }
    c->record.offset = c->window_offset + (uint64_t)(c->p - c->window);
    c->record.type = *c->p;
    unsigned count = feed->timed_args[c->record.type];
    if (!count)
        return broken(c, feed,
                      c->record.type >= TRI_TYPE_COUNT ? "invalid event type"
                                                       : "event without a timestamp: type");
    uint64_t dt;
    const uint8_t *after = room ? read_args(c, count, &dt) : read_last_args(c, count, &dt);
    if (!after)
        return broken(c, feed, "invalid varint in an event of type");
    c->p = after;
    if (c->last_time == 0)
        c->last_time = tri_tables_ns(feed->ns_per_tick, feed->gen->batches[c->batch - 1].time);
    /* Unsigned: the sum wraps where Go's does. */
    c->last_time =
        (int64_t)((uint64_t)tri_tables_ns(feed->ns_per_tick, dt) + (uint64_t)c->last_time);
    c->record.time = c->last_time;
    return TR_OK;
}
