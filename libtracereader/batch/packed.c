/* Packed events are rows. */
#include <string.h>

#include "event/event.h"
#include "reader/reader.h"
#include "tracereader/batch.h"

_Static_assert(sizeof(tr_packed_event) == sizeof(struct tri_row), "a packed event is a row");

tr_status tr_reader_next_packed(tr_reader *r, tr_packed_event *out, size_t max, size_t *count,
                                const tr_tables **tables)
{
    if (count)
        *count = 0;
    if (!r || !out || !max || !count)
        return tri_reader_misuse(r, "packed events need room, and a place for their number");
    tr_status status = tri_reader_refill(r);
    if (status != TR_OK)
        return status;
    uint32_t n = (uint32_t)(r->end - r->next);
    if (n > max)
        n = (uint32_t)max;
    memcpy(out, r->next, n * sizeof *out);
    r->next += n;
    *count = n;
    if (tables)
        *tables = r->tables;
    return TR_OK;
}

void tr_event_unpack(const tr_packed_event *packed, const tr_tables *tables, tr_event *out)
{
    struct tri_row row;
    if (!out)
        return;
    if (!packed) {
        memset(out, 0, sizeof *out);
        return;
    }
    memcpy(&row, packed, sizeof row);
    memset(out->reserved, 0, sizeof out->reserved);
    tri_event_view(&row, tables, out);
}
