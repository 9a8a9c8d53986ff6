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

static bool is_there_and_then(const tr_filter *want, const struct tri_row *row)
{
    tr_kind kind = tri_event_kind(row);
    return row->time >= want->start_ns && (row->time < want->end_ns || want->end_ns == INT64_MAX) &&
           (want->thread == TR_ANY || row->thread == want->thread) &&
           (want->goroutine == TR_ANY || of_goroutine(row, kind, want->goroutine));
}

void tri_filter_set(struct tri_filter *f, const tr_filter *want)
{
    f->on = want != NULL;
    if (!want)
        return;
    f->want = *want;
    f->by_type_only = want->thread == TR_ANY && want->goroutine == TR_ANY &&
                      want->start_ns == INT64_MIN && want->end_ns == INT64_MAX;
    for (unsigned type = 0; type < 256; type++) {
        uint32_t states =
            tri_kinds[type] == TR_KIND_STATE_TRANSITION ? want->to_states : UINT32_MAX;
        f->states[type] = want->kinds >> tri_kinds[type] & 1 ? states : 0;
    }
}

uint32_t tri_filter_rows(struct tri_filter *f, struct tri_row *rows, uint32_t count)
{
    if (!f->on)
        return count;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        /* Without branches, as what comes next cannot be guessed. */
        const struct tri_row *row = &rows[i];
        uint32_t keep = f->states[tri_row_type(row)] >> (row->transition.to & 31) & 1;
        if (!f->by_type_only)
            keep = keep && is_there_and_then(&f->want, row);
        rows[kept] = *row;
        kept += keep;
    }
    return kept;
}
