/* Rules of ranges: stop-the-world, garbage collection, sweep, mark assist. And of
 * heap metrics.
 *
 * A range is bound to a goroutine or a proc, which has at most one of a kind; the
 * mark phase is the program's and has a sequence of its own over all generations. */
#include <string.h>

#include "order/step.h"

/* The kind of range an event belongs to: that of its beginning. */
static uint8_t range_type(const struct tri_step *s)
{
    uint8_t start = tri_specs[s->record->where.at.type].start;
    return start != TRI_EV_None ? start : s->record->where.at.type;
}

static enum tri_verdict can_begin(struct tri_step *s, const struct tri_ranges *ranges,
                                  uint64_t name)
{
    struct tri_range range = {name, range_type(s)};
    if (tri_ranges_find(s->state, ranges, range) >= 0)
        return tri_step_fail(s, TR_E_ORDER, "%s begins, but is already in flight",
                             tri_spec_name(range.type));
    return TRI_ADVANCE;
}

/* In the first generation it makes the range known, later it confirms it. */
static enum tri_verdict can_be_active(struct tri_step *s, const struct tri_ranges *ranges)
{
    struct tri_range range = {0, range_type(s)};
    bool known = tri_ranges_find(s->state, ranges, range) >= 0;
    if (s->first_gen && known)
        return tri_step_fail(s, TR_E_ORDER, "%s is active twice in the first generation",
                             tri_spec_name(range.type));
    if (!s->first_gen && !known)
        return tri_step_fail(s, TR_E_ORDER, "%s is active, but its beginning is missing",
                             tri_spec_name(range.type));
    return TRI_ADVANCE;
}

static enum tri_verdict can_end(struct tri_step *s, const struct tri_ranges *ranges)
{
    s->range = tri_ranges_find_type(s->state, ranges, range_type(s));
    if (s->range < 0)
        return tri_step_fail(s, TR_E_ORDER, "%s ends, but is not in flight",
                             tri_spec_name(range_type(s)));
    return TRI_ADVANCE;
}

static tr_status begin(struct tri_step *s, struct tri_ranges *ranges, uint64_t name)
{
    struct tri_range range = {name, range_type(s)};
    return tri_ranges_add(s->state, ranges, range) ? TR_OK : tri_step_no_memory(s);
}

/* STWBegin, STWEnd, GCMarkAssistBegin, GCMarkAssistEnd: bound to the goroutine. */

static bool stops_world(const struct tri_step *s)
{
    return range_type(s) == TRI_EV_STWBegin;
}

static enum tri_verdict need_known_go(struct tri_step *s)
{
    enum tri_verdict verdict = tri_step_need_running(s);
    return verdict == TRI_ADVANCE ? tri_step_need_any_go(s) : verdict;
}

/* Give a row the range's whole name, which is not in the trace. */
static tr_status name_stop(struct tri_step *s, struct tri_row *row, uint64_t string_id)
{
    static const char before[] = "stop-the-world (", after[] = ")";
    char name[TRI_MAX_STRING_BYTES + sizeof before + sizeof after];
    const struct tr_tables *tables = s->tables;
    uint32_t ref;
    if (!tri_tables_string_ref(tables, string_id, &ref)) {
        row->where.at.flags |= TR_EV_UNRESOLVED;
        /* Of the beginning's own string tri_relax_unresolved counts it. */
        if (s->record->where.at.type == TRI_EV_STWEnd)
            s->order->gens.salvage.counts.unresolved_strings++;
    }
    tr_str kind = tri_tables_string(tables, ref);
    size_t len = sizeof before - 1;
    memcpy(name, before, len);
    memcpy(name + len, kind.ptr, kind.len);
    len += kind.len;
    memcpy(name + len, after, sizeof after - 1);
    len += sizeof after - 1;
    row->string = tri_tables_name_ref(s->order->gen->tables, name, len);
    return row->string ? TR_OK : tri_step_no_memory(s);
}

static enum tri_verdict decide_go_range_begin(struct tri_step *s)
{
    enum tri_verdict verdict = need_known_go(s);
    if (verdict != TRI_ADVANCE)
        return verdict;
    return can_begin(s, &s->go->ranges, stops_world(s) ? s->record->args[0] : 0);
}

static tr_status commit_go_range_begin(struct tri_step *s)
{
    struct tri_row *row = stops_world(s)
                              ? tri_step_string_row(s, s->record->args[0], s->record->args[1])
                              : tri_step_stack_row(s, s->record->args[0]);
    uint64_t name = stops_world(s) ? s->record->args[0] : 0;
    row->range.scope_id = s->thread->g;
    tr_status status = begin(s, &s->go->ranges, name);
    if (status == TR_OK && stops_world(s))
        status = name_stop(s, row, name);
    return status;
}

TRI_RULE(go_range_begin)

static enum tri_verdict decide_go_range_end(struct tri_step *s)
{
    enum tri_verdict verdict = need_known_go(s);
    return verdict == TRI_ADVANCE ? can_end(s, &s->go->ranges) : verdict;
}

static tr_status commit_go_range_end(struct tri_step *s)
{
    struct tri_row *row = tri_step_row(s);
    row->range.scope_id = s->thread->g;
    /* The reference looks the beginning's string id up in the tables of the end's
     * generation, which may say something else by now. */
    struct tri_range range = tri_ranges_remove(s->state, &s->go->ranges, s->range);
    return stops_world(s) ? name_stop(s, row, range.name) : TR_OK;
}

TRI_RULE(go_range_end)

/* GCMarkAssistActive. Argument: goroutine, which need not be running. */

static enum tri_verdict decide_go_range_active(struct tri_step *s)
{
    int64_t id = (int64_t)s->record->args[0];
    s->go = tri_state_go(s->state, id);
    if (!s->go)
        return tri_step_fail(s, TR_E_ORDER, "uninitialized goroutine %lld found during %s",
                             (long long)id, tri_spec_name(s->record->where.at.type));
    return can_be_active(s, &s->go->ranges);
}

static tr_status commit_go_range_active(struct tri_step *s)
{
    tri_step_row(s)->range.scope_id = (int64_t)s->record->args[0];
    return s->first_gen ? begin(s, &s->go->ranges, 0) : TR_OK;
}

TRI_RULE(go_range_active)

/* GCActive, GCBegin, GCEnd. Argument: sequence number. The first one seen may be
 * any; then each follows the one before, over threads and generations. */

static tr_status commit_gc(struct tri_step *s, enum tri_gc_state state)
{
    bool begins = s->record->where.at.type == TRI_EV_GCBegin; /* it has a stack */
    struct tri_row *row = begins ? tri_step_stack_row(s, s->record->args[1]) : tri_step_row(s);
    row->range.scope_id = TR_NONE;
    s->state->gc_seq = s->record->args[0];
    s->state->gc = state;
    return TR_OK;
}

static enum tri_verdict decide_gc_active(struct tri_step *s)
{
    if (s->first_gen) {
        if (s->state->gc != TRI_GC_UNDETERMINED)
            return tri_step_fail_event(s, "in the first generation isn't the first GC event");
        return TRI_ADVANCE;
    }
    if (s->record->args[0] != s->state->gc_seq + 1)
        return TRI_WAIT;
    if (s->state->gc != TRI_GC_RUNNING)
        return tri_step_fail_event(s, "while GC was not in progress");
    return tri_step_need_running(s);
}

static tr_status commit_gc_active(struct tri_step *s)
{
    return commit_gc(s, TRI_GC_RUNNING);
}

TRI_RULE(gc_active)

static enum tri_verdict decide_gc_begin(struct tri_step *s)
{
    if (s->state->gc == TRI_GC_UNDETERMINED)
        return TRI_ADVANCE;
    if (s->record->args[0] != s->state->gc_seq + 1)
        return TRI_WAIT;
    if (s->state->gc == TRI_GC_RUNNING)
        return tri_step_fail_event(s, "while GC was already in progress");
    return tri_step_need_running(s);
}

static tr_status commit_gc_begin(struct tri_step *s)
{
    return commit_gc(s, TRI_GC_RUNNING);
}

TRI_RULE(gc_begin)

static enum tri_verdict decide_gc_end(struct tri_step *s)
{
    if (s->record->args[0] != s->state->gc_seq + 1)
        return TRI_WAIT;
    if (s->state->gc != TRI_GC_RUNNING)
        return tri_step_fail_event(s, s->state->gc == TRI_GC_UNDETERMINED
                                          ? "while GC was in an undetermined state"
                                          : "while GC was not in progress");
    return tri_step_need_running(s);
}

static tr_status commit_gc_end(struct tri_step *s)
{
    return commit_gc(s, TRI_GC_NOT_RUNNING);
}

TRI_RULE(gc_end)

/* GCSweepBegin, GCSweepEnd: bound to the thread's proc. GCSweepActive names one. */

static enum tri_verdict need_sweeping_proc(struct tri_step *s)
{
    enum tri_verdict verdict = tri_step_need(s, TRI_MUST, TRI_MAY);
    s->proc = s->thread->proc;
    return verdict;
}

static enum tri_verdict decide_sweep_begin(struct tri_step *s)
{
    enum tri_verdict verdict = need_sweeping_proc(s);
    return verdict == TRI_ADVANCE ? can_begin(s, &s->proc->ranges, 0) : verdict;
}

static tr_status commit_sweep_begin(struct tri_step *s)
{
    tri_step_stack_row(s, s->record->args[0])->range.scope_id = s->thread->p;
    return begin(s, &s->proc->ranges, 0);
}

TRI_RULE(sweep_begin)

static enum tri_verdict decide_sweep_active(struct tri_step *s)
{
    int64_t id = (int64_t)s->record->args[0];
    s->proc = tri_state_proc(s->state, id);
    if (!s->proc)
        return tri_step_fail(s, TR_E_ORDER, "GCSweepActive for unknown proc %lld", (long long)id);
    return can_be_active(s, &s->proc->ranges);
}

static tr_status commit_sweep_active(struct tri_step *s)
{
    tri_step_row(s)->range.scope_id = (int64_t)s->record->args[0];
    return s->first_gen ? begin(s, &s->proc->ranges, 0) : TR_OK;
}

TRI_RULE(sweep_active)

static enum tri_verdict decide_sweep_end(struct tri_step *s)
{
    enum tri_verdict verdict = need_sweeping_proc(s);
    return verdict == TRI_ADVANCE ? can_end(s, &s->proc->ranges) : verdict;
}

static tr_status commit_sweep_end(struct tri_step *s)
{
    struct tri_row *row = tri_step_row(s);
    row->sweep_end.swept = s->record->args[0];
    row->sweep_end.reclaimed = s->record->args[1];
    tri_ranges_remove(s->state, &s->proc->ranges, s->range);
    return TR_OK;
}

TRI_RULE(sweep_end)

/* HeapAlloc, HeapGoal. Argument: bytes. */

static enum tri_verdict decide_heap_metric(struct tri_step *s)
{
    return tri_step_need(s, TRI_MUST, TRI_MAY);
}

static tr_status commit_heap_metric(struct tri_step *s)
{
    tri_step_row(s)->metric = s->record->args[0];
    return TR_OK;
}

TRI_RULE(heap_metric)
