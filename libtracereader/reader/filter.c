/* Filters of events, applied to rows.
 *
 * Invariant: what is kept stays as it is and in its order, times too: it is what an
 * unfiltered reader gives, with some events left out. */
#include "reader/filter.h"

#include "event/event.h"

static bool of_goroutine(const struct tri_row *row, tr_kind kind, int64_t goroutine)
{
    return row->goroutine == goroutine ||
           (kind == TR_KIND_STATE_TRANSITION && row->transition.id == goroutine &&
            tri_row_resource(row) == TR_RESOURCE_GOROUTINE);
}

static bool is_wanted(const tr_filter *want, const struct tri_row *row)
{
    tr_kind kind = tri_event_kind(row);
    return want->kinds >> kind & 1 && row->time >= want->start_ns &&
           (row->time < want->end_ns || want->end_ns == INT64_MAX) &&
           (want->thread == TR_ANY || row->thread == want->thread) &&
           (want->goroutine == TR_ANY || of_goroutine(row, kind, want->goroutine));
}

uint32_t tri_filter_rows(struct tri_filter *f, struct tri_row *rows, uint32_t count)
{
    if (!f->on)
        return count;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++)
        if (is_wanted(&f->want, &rows[i])) {
            if (kept < i)
                rows[kept] = rows[i];
            kept++;
        }
    f->dropped += count - kept;
    return kept;
}
