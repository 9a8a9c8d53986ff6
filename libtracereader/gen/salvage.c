/* Reading what is left of the generations of a broken trace.
 *
 * Batches are taken one by one, as generation.c does, but each is looked at together with
 * what follows it: so a size that lies is noticed where it stands, and mended if the
 * batch's records lead to the head of another one. Where no batch can begin the next one
 * that makes sense is sought: seek.c.
 *
 * Where a generation lacks the frequency of its clock it is that of another generation:
 * one before, or, of what can be read again, one behind.
 *
 * Invariants: as in generation.c, what is looked at is taken in the same step, so that a
 * step can be done again with more input. Bytes that were taken belong to a batch, or are
 * counted as lost. */
#include "gen/salvage.h"

#include <string.h>

#include "gen/seek.h"
#include "gen/take.h"
#include "wire/varint.h"

void tri_salvage_init(struct tri_salvage *s, bool on)
{
    memset(s, 0, sizeof *s);
    s->on = on;
    tri_err_init(&s->first);
    tri_err_init(&s->inside);
    tri_err_init(&s->behind);
    tri_err_init(&s->skipped);
    tri_err_init(&s->cut);
}

void tri_salvage_note(struct tri_salvage *s, struct tri_err *err)
{
    if (err->error.code == TR_OK)
        return;
    s->damaged = true;
    /* What stands behind an error would not have been read without salvage. */
    if (s->behind.error.code == TR_OK)
        tri_err_move(&s->first, err);
    else if (tri_gen_follows(err, &s->behind))
        tri_err_move(&s->first, &s->behind);
    else if (err->error.offset < s->behind.error.offset)
        tri_err_move(&s->first, err);
    tri_err_clear(err);
    err->terse = s->first.error.code != TR_OK;
}

/* Note an error of the framing or of a table. */
static void note(struct tri_gen_reader *r)
{
    struct tri_salvage *s = &r->salvage;
    s->damaged = true;
    if (s->behind.error.code == TR_OK)
        tri_err_move(&s->first, r->err);
    tri_err_clear(r->err);
    r->err->terse = s->first.error.code != TR_OK;
}

/* Note an error of what is behind the generation's last batch: before header 26, errors of
 * its order come first, as they do without salvage; but it is not ordered then if its clock
 * or names are not there yet. */
static void note_behind(struct tri_gen_reader *r, const struct tri_generation *g)
{
    struct tri_salvage *s = &r->salvage;
    if (!tri_version_has_end_mark(r->version) && g->number && s->behind.error.code == TR_OK &&
        tri_gen_is_ready(r, g))
        tri_err_move(&s->behind, r->err);
    note(r);
}

/* Note why nothing comes behind the window, where reading gets there. */
static void note_cut(struct tri_gen_reader *r, const struct tri_generation *g)
{
    struct tri_salvage *s = &r->salvage;
    if (s->cut.error.code == TR_OK)
        return;
    tri_err_move(r->err, &s->cut);
    tri_err_in_generation(r->err, tri_gen_number(r, g));
    note_behind(r, g);
}

/* --- Batches --- */

static void fail_cut_table(struct tri_gen_reader *r, const struct tri_batch_head *head)
{
    tri_err_set(r->err, TR_E_CORRUPT, tri_gen_place(head), "a table ends inside a record");
    note(r);
}

/* Let a new generation have its number. */
static void begin_number(struct tri_gen_reader *r, struct tri_generation *g, uint64_t number)
{
    struct tri_salvage *s = &r->salvage;
    if (s->damaged && s->number && number > s->number + 1 &&
        tri_seek_number_fits(number, s->number))
        s->counts.lost_generations += number - s->number - 1;
    g->number = s->number = number;
}

/* Tell that a batch's generation is not one that may come here. */
static void fail_number(struct tri_gen_reader *r, const struct tri_generation *g,
                        const struct tri_batch_head *head)
{
    tri_gen_wrong_number(r, g, head);
    note(r);
}

/* Whether without salvage a batch may come in a generation, or behind it; 0: none has begun. */
static bool may_come(const struct tri_gen_reader *r, uint64_t generation,
                     const struct tri_batch_head *head)
{
    uint64_t number = head->generation;
    bool follows = !tri_version_has_end_mark(r->version) && number == generation + 1;
    return number && (!generation || number == generation || follows);
}

/* See to a batch's generation; `next` is what is behind it. */
static enum tri_gen_step settle_number(struct tri_gen_reader *r, struct tri_generation *g,
                                       struct tri_batch_head *head, const struct tri_view *next)
{
    uint64_t number = head->generation;
    bool head_next = next->what == TRI_SEE_HEAD || next->what == TRI_SEE_ODD_HEAD;
    bool alone = head_next && next->head.generation != number;
    bool follows = number == g->number + 1;
    if (number == g->number && number)
        return TRI_GEN_MORE;
    if (g->number == 0 && number) {
        begin_number(r, g, number);
        return TRI_GEN_MORE;
    }
    /* Before header 26 this is how generations end. */
    if (!tri_version_has_end_mark(r->version) && follows && number &&
        !(alone && next->head.generation == g->number))
        return TRI_GEN_COMPLETE;
    fail_number(r, g, head);
    if (number && g->number && !alone && (head_next || follows))
        return TRI_GEN_COMPLETE;
    /* Nothing else speaks for this number: it is the damage. */
    if (g->number == 0)
        begin_number(r, g, head_next && next->head.generation ? next->head.generation : 1);
    head->generation = g->number;
    return TRI_GEN_MORE;
}

/* Tell what is wrong where a batch would end whose size lies: what stands there is none, or is
 * of a wrong generation; or, if but the form of its size is odd, the same behind it. */
static void fail_behind(struct tri_gen_reader *r, const struct tri_generation *g,
                        const struct tri_batch_head *head)
{
    struct tri_source at = *r->source;
    struct tri_batch_head none = *head;
    r->salvage.damaged = true;
    for (int i = 0; i < 2; i++) {
        size_t bytes = (size_t)none.head_bytes + none.data_bytes;
        if (at.window_len < bytes && at.ended) {
            tri_gen_cut_batch(r, &none);
            note_behind(r, g);
        }
        if (at.window_len <= bytes)
            return;
        tri_source_take(&at, bytes);
        /* Nothing is read for it: the source stays as it is. */
        if ((at.window_len < TRI_HEAD_BYTES_MAX && !at.ended) ||
            tri_wire_peek_batch(&at, &none) != TR_OK) {
            tri_wire_no_batch(&at);
            tri_err_in_generation(r->err, tri_gen_number(r, g));
            note_behind(r, g);
            return;
        }
        if (!may_come(r, head->generation, &none)) {
            fail_number(r, g, &none);
            return;
        }
        if (tri_seek_size_fits(r, &none))
            return;
    }
}

/* Tell what is wrong with a batch whose size lies, as it is found out without salvage: its
 * first record that is not whole, and what stands where the next batch would be. Of an
 * event's record it shows when that is to be ordered, if it is `seen` then. */
static tr_status fail_size(struct tri_gen_reader *r, const struct tri_generation *g,
                           const struct tri_batch_head *head, bool seen)
{
    const uint8_t *data = r->source->window + head->head_bytes;
    uint32_t walked = (uint32_t)tri_seek_walk(r, head, data, head->data_bytes);
    struct tri_place place = tri_gen_place(head);
    if (walked < head->data_bytes && tri_gen_is_table(r, head, *data)) {
        tr_status status = tri_gen_check_table(r, head, *data, walked, head->data_bytes - walked);
        if (tri_salvage_is_fatal(status))
            return status;
        if (status == TR_END) {
            fail_cut_table(r, head);
            return TR_OK;
        }
        if (r->err->error.code != TR_OK) {
            note(r);
            return TR_OK;
        }
    } else if (walked < head->data_bytes && !seen) {
        place.offset += head->head_bytes + walked;
        place.event_type = data[walked];
        tri_err_set(&r->salvage.inside, TR_E_CORRUPT, place, "%s %d",
                    tri_spec_broken_event(data[walked]), place.event_type);
    }
    fail_behind(r, g, head);
    return TR_OK;
}

/* What looks like a batch's head is none: tell what is wrong with it, as it is found out without
 * salvage, unless something was before; and seek. */
static enum tri_gen_step refuse_head(struct tri_gen_reader *r, struct tri_generation *g,
                                     const struct tri_batch_head *head, bool fits,
                                     tr_status *status)
{
    struct tri_salvage *s = &r->salvage;
    bool told = s->first.error.code != TR_OK || s->behind.error.code != TR_OK;
    if (!told && !may_come(r, g->number, head))
        fail_number(r, g, head);
    if (!told && fits) {
        uint64_t number = g->number;
        if (!number)
            g->number = head->generation; /* as it would be without salvage */
        *status = fail_size(r, g, head, false);
        g->number = number;
    } else if (!fits) {
        note_cut(r, g);
        tri_gen_cut_batch(r, head);
        note_behind(r, g);
    }
    s->seeking = true;
    s->expected_at = head->offset;
    return *status == TR_OK ? TRI_GEN_MORE : TRI_GEN_STOP;
}

/* What was seen of a batch whose head makes sense. */
struct seen {
    bool fits;            /* its size is not beyond the end of the trace */
    bool leads;           /* to another batch, or the end */
    struct tri_view next; /* what stands behind it */
};

static bool is_doubtful(const struct seen *seen)
{
    return !seen->fits || !seen->leads;
}

/* How many of the n bytes behind a batch's head are whole records. Where sizes have the runtime's
 * form none of them reaches into another head: what seems to is broken. */
static tr_status walk_to_head(struct tri_gen_reader *r, const struct tri_batch_head *head, size_t n,
                              size_t *walked)
{
    struct tri_source *s = r->source;
    *walked = tri_seek_walk(r, head, s->window + head->head_bytes, n);
    if (r->salvage.sizes != TRI_SIZES_PADDED)
        return TR_OK;
    for (size_t at = 1; at < *walked; at++) {
        struct tri_view view;
        uint8_t type = s->window[head->head_bytes + at];
        if (type != TRI_EV_EventBatch && type != TRI_EV_ExperimentalBatch)
            continue;
        tr_status status = tri_seek_see(r, head->head_bytes + at, head->generation, &view);
        if (status != TR_OK)
            return status;
        if (view.what == TRI_SEE_HEAD)
            *walked = tri_seek_walk(r, head, s->window + head->head_bytes, at);
    }
    return TR_OK;
}

/* Whether a batch that is in the window holds whole records and nothing else, as far as can be
 * told. */
static tr_status see_whole(struct tri_gen_reader *r, const struct tri_batch_head *head, bool *whole)
{
    size_t walked;
    tr_status status = walk_to_head(r, head, head->data_bytes, &walked);
    *whole = head->experiment || walked == head->data_bytes;
    return status;
}

/* Find how long the batch really is, if its size may lie: its records end there, and
 * another head follows, or nothing that makes sense. */
static tr_status mend_size(struct tri_gen_reader *r, struct tri_generation *g,
                           const struct tri_batch_head *head, const struct seen *seen,
                           uint32_t *real_bytes)
{
    struct tri_source *s = r->source;
    tr_status status = tri_seek_want(r, (size_t)head->head_bytes + TRI_MAX_BATCH_BYTES + 1);
    if (status != TR_OK)
        return status;
    size_t have = s->window_len - head->head_bytes;
    if (have > TRI_MAX_BATCH_BYTES)
        have = TRI_MAX_BATCH_BYTES;
    size_t walked;
    struct tri_view behind;
    status = walk_to_head(r, head, have, &walked);
    if (status == TR_OK)
        status = tri_seek_see(r, head->head_bytes + walked, head->generation, &behind);
    if (status != TR_OK)
        return status;
    bool head_follows = walked && behind.what == TRI_SEE_HEAD;
    if (!seen->fits) {
        note_cut(r, g);
        tri_gen_cut_batch(r, head);
        note_behind(r, g);
    } else if (!((head_follows && walked != head->data_bytes) ||
                 (!seen->leads && !head->experiment && walked < head->data_bytes))) {
        return TR_OK;
    }
    *real_bytes = (uint32_t)walked;
    r->salvage.seeking = !head_follows;
    return TR_OK;
}

/* Take up records of a batch that is in the window; `table`: it is one. What is wrong with it is
 * noted; of another batch nothing can be here, so that what fails is not the trace's. */
static tr_status take_records(struct tri_gen_reader *r, struct tri_generation *g,
                              const struct tri_batch_head *head, bool table)
{
    uint64_t end = head->offset + head->head_bytes + head->data_bytes;
    uint8_t first = head->data_bytes ? r->source->window[head->head_bytes] : 0;
    tr_status status = tri_gen_count_bytes(r, g, head);
    if (status == TR_OK)
        status = tri_gen_take(r, g, head, table, first);
    if (!table || tri_salvage_is_fatal(status))
        return status;
    if (status == TR_END) {
        fail_cut_table(r, head);
        r->salvage.counts.lost_bytes++;
    } else if (status != TR_OK) {
        r->salvage.counts.lost_bytes += end - r->err->error.offset;
    }
    tri_err_move(&r->salvage.skipped, r->err); /* what was skipped stands before */
    tri_err_move(r->err, &r->salvage.skipped);
    if (r->err->error.code != TR_OK)
        note(r);
    return TR_OK;
}

/* Take up a batch that is in the window, with `bytes` of records. Of one of events the first
 * byte of its broken record comes too, so that this shows when its turn comes. `fits`: the
 * size that it says is not beyond the end of the trace. */
static tr_status take(struct tri_gen_reader *r, struct tri_generation *g,
                      const struct tri_batch_head *head, uint32_t bytes, bool fits)
{
    struct tri_batch_head real = *head;
    bool any = fits ? head->data_bytes : bytes; /* of it is in the window */
    bool table = any && tri_gen_is_table(r, head, r->source->window[head->head_bytes]);
    bool borrows = fits && !table && bytes < head->data_bytes;
    real.data_bytes = bytes + borrows;
    tr_status status = TR_OK;
    if (r->salvage.seeking && bytes == 0)
        r->salvage.counts.lost_bytes += head->head_bytes;
    if (real.data_bytes || !r->salvage.seeking)
        status = take_records(r, g, &real, table);
    if (status == TR_OK && borrows) {
        g->batches[g->batch_count - 1].borrows = 1;
        g->bytes--; /* it is counted where it belongs */
    }
    if (status == TR_OK && fits && bytes != head->data_bytes)
        status = fail_size(r, g, head, borrows);
    if (status == TR_OK)
        tri_source_skip(r->source, (size_t)head->head_bytes + bytes);
    return status;
}

/* What stands where a batch has to be, and is none. */
static enum tri_gen_step fail_head(struct tri_gen_reader *r, struct tri_generation *g,
                                   tr_status *status)
{
    struct tri_source *s = r->source;
    if (*status == TR_NEED_INPUT || tri_salvage_is_fatal(*status))
        return TRI_GEN_STOP;
    if (*status == TR_E_TRUNCATED && r->salvage.cut.error.code != TR_OK) {
        tri_err_clear(r->err); /* it is why the head ends */
        note_cut(r, g);
    } else if (*status != TR_END) {
        tri_err_in_generation(r->err, tri_gen_number(r, g));
        note_behind(r, g);
    }
    if (*status == TR_E_CORRUPT) {
        r->salvage.seeking = true;
        r->salvage.expected_at = s->offset;
        return TRI_GEN_MORE;
    }
    r->salvage.counts.lost_bytes += s->window_len; /* part of a head, which nobody takes */
    return TRI_GEN_AT_END;
}

static enum tri_gen_step end_mark(struct tri_gen_reader *r, struct tri_generation *g,
                                  const struct tri_batch_head *head, tr_status *status)
{
    if (!tri_version_has_end_mark(r->version)) {
        tri_gen_wrong_number(r, g, head);
        note(r);
        r->salvage.seeking = true;
        tri_seek_lose(r, g, 1);
        return TRI_GEN_MORE;
    }
    *status = tri_gen_count_bytes(r, g, head);
    if (*status != TR_OK)
        return TRI_GEN_STOP;
    tri_source_take(r->source, 1);
    return TRI_GEN_COMPLETE;
}

/* See whether what hardly can be a head is the next one, where neither its form nor the batch's
 * own records say so: it has to lead on. A size that is told too large may lead into the next
 * head, the rest of which looks like another. */
static tr_status see_odd(struct tri_gen_reader *r, const struct tri_batch_head *head,
                         struct seen *seen)
{
    const struct tri_batch_head *next = &seen->next.head;
    size_t bytes = (size_t)head->head_bytes + head->data_bytes;
    bool whole;
    if (r->salvage.sizes == TRI_SIZES_PADDED && next->size_is_padded)
        return TR_OK;
    tr_status status = see_whole(r, head, &whole);
    if (status == TR_OK && !whole)
        status = tri_seek_leads(r, bytes, next, &seen->leads);
    if (!seen->leads)
        seen->next.what = TRI_SEE_NONSENSE;
    return status;
}

/* See whether the size of a batch can be true, and what stands behind it. */
static tr_status see_batch(struct tri_gen_reader *r, struct tri_generation *g,
                           const struct tri_batch_head *head, struct seen *seen)
{
    size_t bytes = (size_t)head->head_bytes + head->data_bytes;
    tr_status status = tri_seek_want(r, bytes);
    if (status != TR_OK)
        return status;
    seen->fits = r->source->window_len >= bytes;
    seen->next.what = TRI_SEE_END;
    bool whole = true;
    if (seen->fits && r->salvage.sizes == TRI_SIZES_UNKNOWN)
        status = see_whole(r, head, &whole);
    if (status == TR_OK && !whole) /* the form of the next one's size tells whether it is one */
        status = tri_seek_learn_sizes(r);
    if (status == TR_OK && seen->fits)
        status = tri_seek_see(r, bytes, head->generation, &seen->next);
    seen->leads = seen->next.what != TRI_SEE_NONSENSE;
    bool odd = status == TR_OK && seen->next.what == TRI_SEE_ODD_HEAD;
    if (status == TR_OK && (odd || is_doubtful(seen)))
        status = tri_seek_learn_sizes(r);
    if (status == TR_OK && odd)
        status = see_odd(r, head, seen);
    if (status == TR_OK && !seen->leads)
        status = tri_seek_mend(r, g, bytes, &seen->next.head, &seen->leads);
    return status;
}

/* Take up a batch, as far as its size does not lie. */
static tr_status take_true(struct tri_gen_reader *r, struct tri_generation *g,
                           const struct tri_batch_head *head, const struct seen *seen)
{
    uint32_t bytes = head->data_bytes;
    bool whole = !is_doubtful(seen);
    tr_status status = TR_OK;
    if (r->salvage.damaged && whole) /* one lie may follow another */
        status = see_whole(r, head, &whole);
    if (status == TR_OK && !whole)
        status = mend_size(r, g, head, seen, &bytes);
    return status == TR_OK ? take(r, g, head, bytes, seen->fits) : status;
}

/* Take up the next batch, or skip what is none. */
static enum tri_gen_step read_batch(struct tri_gen_reader *r, struct tri_generation *g,
                                    tr_status *status)
{
    struct tri_source *s = r->source;
    struct tri_batch_head head;
    struct seen seen;
    bool mended = false; /* the head */
    if (r->salvage.seeking) {
        *status = tri_seek(r, g, &head, &mended);
        if (*status != TR_OK)
            return *status == TR_END ? TRI_GEN_AT_END : TRI_GEN_STOP;
    }
    /* Here, so that what is wrong with the source is told from what is with the head. */
    if (!mended)
        *status = tri_seek_see(r, 0, 0, &seen.next);
    if (*status == TR_OK && !mended)
        *status = tri_wire_peek_batch(s, &head);
    if (*status != TR_OK)
        return fail_head(r, g, status);
    if (head.type == TRI_EV_EndOfGeneration)
        return end_mark(r, g, &head, status);

    *status = see_batch(r, g, &head, &seen);
    if (*status != TR_OK)
        return TRI_GEN_STOP;
    if (is_doubtful(&seen) && !tri_seek_size_fits(r, &head))
        return refuse_head(r, g, &head, seen.fits, status);
    enum tri_gen_step step = TRI_GEN_COMPLETE;
    if (seen.fits && tri_version_has_end_mark(r->version) && head.data_bytes && !head.experiment &&
        s->window[head.head_bytes] == TRI_EV_EndOfGeneration) {
        if (g->number == 0) /* it holds nothing else */
            g->number = head.generation;
        *status = tri_gen_count_bytes(r, g, &head);
        tri_source_skip(s, (size_t)head.head_bytes + head.data_bytes);
    } else {
        step = settle_number(r, g, &head, &seen.next);
        if (step == TRI_GEN_COMPLETE)
            return step;
        *status = take_true(r, g, &head, &seen);
    }
    if (*status != TR_OK)
        return TRI_GEN_STOP;
    r->salvage.counts.lost_bytes += mended;
    if (!r->salvage.damaged)
        r->salvage.sizes = head.size_is_padded && r->salvage.sizes != TRI_SIZES_ANY
                               ? TRI_SIZES_PADDED
                               : TRI_SIZES_ANY;
    return step;
}

/* --- Generations --- */

/* Nanoseconds a tick, as a generation further on says; 0: none does. */
static double look_ahead(struct tri_gen_reader *r)
{
    struct tri_source *s = r->source;
    uint64_t at = s->offset, hertz;
    uint8_t buf[2 * TRI_HEAD_BYTES_MAX];
    while (at < s->size) {
        struct tri_batch_head head = {0};
        size_t n = s->size - at < sizeof buf ? (size_t)(s->size - at) : sizeof buf;
        if (tri_source_reread(s, at, buf, n) != TR_OK)
            break;
        if (buf[0] == TRI_EV_EndOfGeneration) {
            at++;
            continue;
        }
        if (tri_wire_parse_head(buf, buf + n, &head) != TRI_HEAD_OK)
            break;
        const uint8_t *p = buf + head.head_bytes, *end = buf + n;
        if (head.data_bytes && p < end && tri_gen_is_table(r, &head, *p) &&
            (*p == TRI_EV_Frequency || (*p == TRI_EV_Sync && ++p < end)) &&
            *p++ == TRI_EV_Frequency && tri_varint_read(&p, end, &hertz) == TRI_VARINT_OK)
            return tri_tables_ns_per_tick(hertz);
        at += (uint64_t)head.head_bytes + head.data_bytes;
    }
    tri_err_clear(r->err); /* of the reading */
    return 0;
}

/* Let a generation have a clock. */
static void borrow_clock(struct tri_gen_reader *r, struct tri_generation *g)
{
    struct tri_salvage *s = &r->salvage;
    struct tr_tables *t = g->tables;
    if (t->has_frequency) {
        s->ns_per_tick = t->ns_per_tick;
        return;
    }
    if (!(s->ns_per_tick > 0) && !s->looked_ahead && tri_source_rereads(r->source)) {
        s->ns_per_tick = look_ahead(r);
        s->looked_ahead = true;
    }
    g->raw_time = !(s->ns_per_tick > 0);
    t->ns_per_tick = g->raw_time ? 1.0 : s->ns_per_tick;
}

static bool holds_nothing(const struct tri_generation *g)
{
    const struct tr_tables *t = g->tables;
    return !g->batch_count && !g->sample_count && !t->experimental_count && !t->string_ids.count &&
           !t->stack_ids.count && !t->has_frequency && !t->has_clock;
}

/* What comes behind all generations. */
static tr_status end(struct tri_gen_reader *r)
{
    struct tri_salvage *s = &r->salvage;
    s->ended = true;
    if (s->first.error.code == TR_OK)
        return TR_END;
    tri_err_copy(r->err, &s->first);
    return r->err->error.code;
}

/* Be done with taking up a generation. TR_END: there is nothing in it. */
static tr_status complete(struct tri_gen_reader *r, struct tri_generation *g, bool at_end)
{
    struct tri_salvage *s = &r->salvage;
    if (at_end)
        note_cut(r, g);
    if (at_end && tri_version_has_end_mark(r->version)) {
        /* Without events a generation may be cut, and the trace is whole. */
        if (g->batch_count == 0 && !s->damaged)
            return TR_END;
        if (g->batch_count || g->number)
            tri_gen_incomplete(r, g);
        tri_salvage_note(s, r->err);
    }
    if (!at_end || !tri_version_has_end_mark(r->version) || !holds_nothing(g)) {
        tr_status status = tri_gen_check(r, g, at_end);
        if (tri_salvage_is_fatal(status))
            return status;
        if (status != TR_OK) {
            if (s->behind.error.code == TR_OK) /* else it was looked at then */
                tri_err_move(&s->first, r->err);
            s->damaged = true;
            tri_err_clear(r->err);
        }
        tri_err_move(&s->first, &s->inside);
    }
    if (s->damaged && holds_nothing(g)) {
        tri_err_move(&s->first, &s->inside);
        if (s->first.error.code == TR_OK && s->behind.error.code == TR_OK) {
            tri_gen_incomplete(r, g);
            tri_salvage_note(s, r->err);
        }
        return TR_END;
    }
    borrow_clock(r, g);
    tri_gen_settle_times(g);
    return TR_OK;
}

/* Read the next generation that holds something. */
static tr_status read_generation(struct tri_gen_reader *r, struct tri_generation **out)
{
    tr_status status;
    enum tri_gen_step step = tri_gen_take_up(r, read_batch, &status);
    struct tri_generation *g = r->partial;
    if (step == TRI_GEN_STOP && status == TR_NEED_INPUT)
        return status;
    r->partial = NULL;
    r->salvage.ended = step == TRI_GEN_AT_END;
    if (step != TRI_GEN_STOP)
        status = complete(r, g, step == TRI_GEN_AT_END);
    if (status == TR_OK)
        *out = g;
    else
        tri_generation_free(g);
    return status;
}

tr_status tri_salvage_read(struct tri_gen_reader *r, struct tri_generation **out)
{
    struct tri_salvage *s = &r->salvage;
    if (r->pending != TR_OK)
        return r->pending;
    if (!r->partial) /* the generation before has been ordered */
        tri_err_move(&s->first, &s->behind);
    while (!s->ended) {
        tr_status status = read_generation(r, out);
        if (status == TR_OK || status == TR_NEED_INPUT)
            return status;
        if (status != TR_END)
            return r->pending = status;
    }
    tri_err_move(&s->first, &s->behind);
    return r->pending = end(r);
}
