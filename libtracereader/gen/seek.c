/* Seeking batches behind damage.
 *
 * Bytes of events often look like a head, and even like one that leads to another: what tells a
 * head is the form in which the runtime writes its size, ten bytes of which seven are always the
 * same. In a trace that something else has written, what it holds and leads to must do.
 *
 * Invariant: what is looked at while seeking is bounded by what is skipped. */
#include "gen/seek.h"

#include <string.h>

#include "gen/take.h"
#include "wire/varint.h"

enum {
    LOOKED_FREE_BYTES = 1 << 20, /* while seeking, and so many for each one skipped: */
    LOOKED_PER_BYTE = 64,
    CERTAIN_BYTES = 32,     /* records as long as these are no accident */
    NUMBERS_AHEAD = 1 << 10 /* how far a generation's number may be from the last */
};

tr_status tri_seek_want(struct tri_gen_reader *r, size_t bytes)
{
    tr_status status = tri_source_want(r->source, bytes);
    if (status >= 0 || tri_salvage_is_fatal(status))
        return status;
    tri_err_move(&r->salvage.cut, r->err);
    r->source->ended = true;
    return TR_OK;
}

void tri_seek_lose(struct tri_gen_reader *r, struct tri_generation *g, size_t bytes)
{
    r->salvage.counts.lost_bytes += bytes;
    g->bytes += bytes;
    tri_source_take(r->source, bytes);
}

/* --- What may stand in a batch --- */

static const uint8_t *skip_varints(const uint8_t *p, const uint8_t *end, uint64_t count)
{
    uint64_t value;
    for (uint64_t i = 0; p && i < count; i++)
        if (tri_varint_read(&p, end, &value) != TRI_VARINT_OK)
            return NULL;
    return p;
}

/* Behind the record of a table at p; NULL: it is none, or not whole. */
static const uint8_t *skip_table_record(const uint8_t *p, const uint8_t *end, uint8_t table)
{
    uint64_t id, count;
    uint8_t type = *p++;
    switch (table) {
    case TRI_EV_Strings:
    case TRI_EV_Stacks:
        if (type != (table == TRI_EV_Strings ? TRI_EV_String : TRI_EV_Stack) ||
            tri_varint_read(&p, end, &id) != TRI_VARINT_OK ||
            tri_varint_read(&p, end, &count) != TRI_VARINT_OK)
            return NULL;
        if (table == TRI_EV_Stacks)
            return count <= TRI_MAX_FRAMES ? skip_varints(p, end, 4 * count) : NULL;
        return count <= TRI_MAX_STRING_BYTES && count <= (uint64_t)(end - p) ? p + count : NULL;
    case TRI_EV_CPUSamples:
        return type == TRI_EV_CPUSample ? skip_varints(p, end, TRI_MAX_ARGS) : NULL;
    default: /* the clock */
        if (type == TRI_EV_Frequency)
            return skip_varints(p, end, 1);
        return type == TRI_EV_ClockSnapshot ? skip_varints(p, end, 4) : NULL;
    }
}

static const uint8_t *skip_event(const uint8_t *p, const uint8_t *end)
{
    uint8_t type = *p++;
    if (type >= TRI_TYPE_COUNT || tri_specs[type].class != TRI_CLASS_TIMED)
        return NULL;
    return skip_varints(p, end, tri_specs[type].arg_count);
}

size_t tri_seek_walk(const struct tri_gen_reader *r, const struct tri_batch_head *head,
                     const uint8_t *data, size_t n)
{
    const uint8_t *p = data, *end = data + n;
    if (!n || head->experiment)
        return 0;
    uint8_t first = *data;
    bool table = tri_gen_is_table(r, head, first);
    if (table && first != TRI_EV_Frequency)
        p++;
    while (p < end) {
        const uint8_t *next = table ? skip_table_record(p, end, first) : skip_event(p, end);
        if (!next)
            break;
        p = next;
    }
    return (size_t)(p - data);
}

/* --- What is to be seen at a place in the window --- */

bool tri_seek_number_fits(uint64_t number, uint64_t known)
{
    if (known == 0)
        return number > 0 && number < UINT64_C(1) << 40;
    return number >= known && number - known < NUMBERS_AHEAD;
}

bool tri_seek_size_fits(const struct tri_gen_reader *r, const struct tri_batch_head *head)
{
    return head->size_is_padded || r->salvage.sizes != TRI_SIZES_PADDED;
}

tr_status tri_seek_see(struct tri_gen_reader *r, size_t at, uint64_t known, struct tri_view *view)
{
    struct tri_source *s = r->source;
    view->what = TRI_SEE_NONSENSE;
    for (size_t bytes = at + 1;; bytes = s->window_len + 1) {
        tr_status status = tri_seek_want(r, bytes);
        if (status != TR_OK)
            return status;
        enum tri_head_result result = TRI_HEAD_CUT;
        if (s->window_len > at) {
            if (s->window[at] == TRI_EV_EndOfGeneration) {
                if (tri_version_has_end_mark(r->version))
                    view->what = TRI_SEE_MARK;
                return TR_OK;
            }
            result = tri_wire_parse_head(s->window + at, s->window + s->window_len, &view->head);
        }
        if (result == TRI_HEAD_CUT && s->window_len >= bytes)
            continue;
        if (result == TRI_HEAD_CUT)
            view->what = TRI_SEE_END;
        else if (result == TRI_HEAD_OK)
            view->what = tri_seek_number_fits(view->head.generation, known) &&
                                 tri_seek_size_fits(r, &view->head)
                             ? TRI_SEE_HEAD
                             : TRI_SEE_ODD_HEAD;
        return TR_OK;
    }
}

tr_status tri_seek_leads(struct tri_gen_reader *r, size_t at, const struct tri_batch_head *head,
                         bool *leads)
{
    struct tri_view behind;
    size_t end = at + head->head_bytes + head->data_bytes;
    tr_status status = tri_seek_want(r, end + TRI_HEAD_BYTES_MAX);
    if (status == TR_OK)
        status = tri_seek_see(r, end, head->generation, &behind);
    *leads = status == TR_OK && behind.what > TRI_SEE_ODD_HEAD && r->source->window_len >= end;
    return status;
}

static uint64_t known_number(const struct tri_gen_reader *r, const struct tri_generation *g)
{
    return g->number ? g->number : r->salvage.number;
}

/* The bytes by which the runtime makes each size ten bytes long; sizes need no more than three. */
static const uint8_t padding[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0};

tr_status tri_seek_learn_sizes(struct tri_gen_reader *r)
{
    struct tri_source *s = r->source;
    if (r->salvage.sizes != TRI_SIZES_UNKNOWN)
        return TR_OK;
    tr_status status = tri_seek_want(r, TRI_MAX_BATCH_BYTES + 2 * TRI_HEAD_BYTES_MAX);
    if (status != TR_OK)
        return status;
    size_t i = 0;
    while (i + sizeof padding <= s->window_len &&
           memcmp(s->window + i, padding, sizeof padding) != 0)
        i++;
    r->salvage.sizes = i + sizeof padding <= s->window_len ? TRI_SIZES_PADDED : TRI_SIZES_ANY;
    return TR_OK;
}

/* Put the padding of its size back into a head at p, which it has in the runtime's form. */
static void mend_padding(uint8_t *p, const uint8_t *end)
{
    uint8_t *fields = p + (*p == TRI_EV_ExperimentalBatch ? 2 : 1);
    const uint8_t *size = fields < end ? skip_varints(fields, end, 3) : NULL;
    if (size && end - size >= TRI_MAX_VARINT)
        memcpy(fields + (size - fields) + TRI_MAX_VARINT - sizeof padding, padding, sizeof padding);
}

tr_status tri_seek_mend(struct tri_gen_reader *r, const struct tri_generation *g, size_t at,
                        struct tri_batch_head *head, bool *mended)
{
    struct tri_source *s = r->source;
    bool padded = r->salvage.sizes == TRI_SIZES_PADDED;
    uint64_t known = known_number(r, g);
    uint8_t bytes[TRI_HEAD_BYTES_MAX];
    *mended = false;
    tr_status status = tri_seek_want(r, at + sizeof bytes);
    if (status != TR_OK || s->window_len <= at)
        return status;
    size_t n = s->window_len - at < sizeof bytes ? s->window_len - at : sizeof bytes;
    memcpy(bytes, s->window + at, n);
    /* An EventBatch behind a byte too many would be an ExperimentalBatch without its type. */
    if (*bytes != TRI_EV_ExperimentalBatch)
        *bytes = TRI_EV_EventBatch;
    if (padded)
        mend_padding(bytes, bytes + n);
    if (tri_wire_parse_head(bytes, bytes + n, head) != TRI_HEAD_OK ||
        !tri_seek_size_fits(r, head) || !tri_seek_number_fits(head->generation, known) ||
        (known && head->generation - known > 1))
        return TR_OK;
    status = tri_seek_leads(r, at, head, mended);
    if (*mended && !padded) /* less speaks for it */
        *mended = head->data_bytes && tri_seek_walk(r, head, s->window + at + head->head_bytes,
                                                    head->data_bytes) == head->data_bytes;
    head->offset = s->offset + at;
    return status;
}

/* Whether the head at the window's begin is that of a batch that makes sense. */
static tr_status judge(struct tri_gen_reader *r, const struct tri_generation *g,
                       const struct tri_batch_head *head, bool *sense)
{
    struct tri_source *s = r->source;
    struct tri_salvage *salvage = &r->salvage;
    size_t bytes = (size_t)head->head_bytes + head->data_bytes;
    if (!tri_seek_size_fits(r, head) ||
        salvage->looked_bytes / LOOKED_PER_BYTE > salvage->sought_bytes + LOOKED_FREE_BYTES)
        return TR_OK;
    tr_status status = tri_seek_want(r, bytes);
    if (status != TR_OK)
        return status;
    uint64_t known = known_number(r, g);
    bool next_number = known == 0 || head->generation - known <= 1;
    bool cut = s->window_len < bytes;
    size_t have = (cut ? s->window_len : bytes) - head->head_bytes;
    size_t walked = tri_seek_walk(r, head, s->window + head->head_bytes, have);
    salvage->looked_bytes += walked + TRI_HEAD_BYTES_MAX;
    if (cut) {
        *sense = walked > 0 && next_number;
        return TR_OK;
    }
    struct tri_view behind;
    status = tri_seek_see(r, bytes, head->generation, &behind);
    if (status != TR_OK)
        return status;
    bool whole = walked == head->data_bytes && !head->experiment;
    if (!next_number) /* it has to be that of two */
        *sense = whole && behind.what == TRI_SEE_HEAD && behind.head.generation == head->generation;
    else if (behind.what == TRI_SEE_HEAD || salvage->sizes == TRI_SIZES_PADDED)
        *sense = whole || walked > 0 || head->experiment;
    else
        *sense = whole && (behind.what > TRI_SEE_ODD_HEAD || head->data_bytes >= CERTAIN_BYTES);
    return TR_OK;
}

tr_status tri_seek(struct tri_gen_reader *r, struct tri_generation *g, struct tri_batch_head *head,
                   bool *mended)
{
    struct tri_salvage *salvage = &r->salvage;
    tr_status status = tri_seek_learn_sizes(r);
    *mended = false;
    if (status == TR_OK && salvage->expected_at == r->source->offset)
        status = tri_seek_mend(r, g, 0, head, mended);
    if (status != TR_OK)
        return status;
    while (!*mended) {
        struct tri_view view;
        bool sense = false;
        status = tri_seek_want(r, 1);
        if (status == TR_OK && !r->source->window_len)
            return TR_END;
        if (status == TR_OK)
            status = tri_seek_see(r, 0, known_number(r, g), &view);
        if (status != TR_OK)
            return status;
        if (view.what == TRI_SEE_HEAD || view.what == TRI_SEE_ODD_HEAD) {
            status = judge(r, g, &view.head, &sense);
        } else if (view.what == TRI_SEE_MARK && g->number) {
            status = tri_seek_see(r, 1, g->number, &view);
            sense = view.what == TRI_SEE_HEAD && view.head.generation == g->number + 1;
        }
        if (status != TR_OK)
            return status;
        if (sense)
            break;
        salvage->sought_bytes++;
        tri_seek_lose(r, g, 1);
        if (!tri_gen_may_go_on(r, g))
            return tri_gen_canceled(r, g->number);
    }
    salvage->seeking = false;
    return TR_OK;
}
