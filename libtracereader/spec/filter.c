/* Filters of rows.
 *
 * Invariant: what passes stays as it is and in its order, times too: it is what an
 * unfiltered reader gives, with some events left out. */
#include "spec/filter.h"

static bool of_goroutine(const struct tri_row *row, int64_t goroutine)
{
    return row->goroutine == goroutine ||
           (tri_kinds[tri_row_type(row)] == TR_KIND_STATE_TRANSITION &&
            row->transition.id == goroutine && tri_row_resource(row) == TR_RESOURCE_GOROUTINE);
}

bool tri_filter_matches_context(const struct tri_filter *f, const struct tri_row *row)
{
    const tr_filter *want = &f->want;
    return row->time >= want->start_ns && (row->time < want->end_ns || want->end_ns == INT64_MAX) &&
           (want->thread == TR_ANY || row->thread == want->thread) &&
           (want->goroutine == TR_ANY || of_goroutine(row, want->goroutine));
}

bool tri_filter_is_narrow(const struct tri_filter *f)
{
    return !f->by_type_only || !(f->want.kinds >> TR_KIND_STATE_TRANSITION & 1) ||
           f->want.to_states != UINT32_MAX;
}

void tri_filter_set(struct tri_filter *f, const tr_filter *want)
{
    static const tr_filter all = TR_FILTER_ALL;
    f->want = want ? *want : all;
    want = &f->want;
    f->by_type_only = want->thread == TR_ANY && want->goroutine == TR_ANY &&
                      want->start_ns == INT64_MIN && want->end_ns == INT64_MAX;
    for (unsigned type = 0; type < 256; type++) {
        uint32_t states =
            tri_kinds[type] == TR_KIND_STATE_TRANSITION ? want->to_states : UINT32_MAX;
        f->states[type] = want->kinds >> tri_kinds[type] & 1 ? states : 0;
    }
}
