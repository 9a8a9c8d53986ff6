/* What all rules share: needs, errors, rows. */
#include "order/step.h"

/* Not a table of functions: a switch is predicted better than an indirect call. */
enum tri_verdict tri_step_advance(struct tri_step *s)
{
    switch (s->record->where.at.type) {
#define TRI_EVENT(number, name, since, class, experiment, start, rule, kind, args) \
    case number:                                                                   \
        return tri_order_advance_##rule(s);
#include "spec/events.def"
#undef TRI_EVENT
    default:
        return tri_order_advance_none(s);
    }
}

enum tri_verdict tri_order_advance_none(struct tri_step *s)
{
    return tri_step_fail(s, TR_E_CORRUPT, "event type %u has no place among events",
                         s->record->where.at.type);
}

static struct tri_place place_of(const struct tri_step *s)
{
    return (struct tri_place){tri_where_offset(s->record->where), s->gen, s->thread->id,
                              s->record->where.at.type};
}

enum tri_verdict tri_step_fail(struct tri_step *s, tr_status code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tri_err_set_list(s->order->err, code, place_of(s), format, args);
    va_end(args);
    return TRI_FAIL;
}

enum tri_verdict tri_step_fail_event(struct tri_step *s, const char *message)
{
    return tri_step_fail(s, TR_E_ORDER, "%s %s", tri_spec_name(s->record->where.at.type), message);
}

tr_status tri_step_no_memory(struct tri_step *s)
{
    return tri_err_no_memory(s->order->err, s->order->mem, place_of(s));
}

tr_status tri_step_limit(struct tri_step *s, const char *what, uint64_t found, uint64_t limit)
{
    return tri_err_limit(s->order->err, place_of(s), what, found, limit);
}

struct tri_go *tri_step_add_go(struct tri_step *s, int64_t id)
{
    uint64_t alive = s->state->go_of.used;
    if (alive >= s->order->max_goroutines) {
        tri_step_limit(s, "goroutines alive at once", alive + 1, s->order->max_goroutines);
        return NULL;
    }
    struct tri_go *go = tri_state_add_go(s->state, id);
    if (!go)
        tri_step_no_memory(s);
    return go;
}

enum tri_verdict tri_step_fail_need(struct tri_step *s, unsigned wrong)
{
    if (wrong & TRI_HAS_ID)
        return tri_step_fail_event(s, "expected a thread but didn't have one");
    if (wrong & TRI_HAS_PROC)
        return tri_step_fail_event(s, s->thread->has & TRI_HAS_PROC
                                          ? "expected no proc but had one"
                                          : "expected a proc but didn't have one");
    return tri_step_fail_event(s, s->thread->has & TRI_HAS_GO
                                      ? "expected no goroutine but had one"
                                      : "expected a goroutine but didn't have one");
}

enum tri_verdict tri_step_find_go(struct tri_step *s, enum tri_go_status status)
{
    s->go = tri_state_current(s->state, s->thread);
    if (!s->go)
        return tri_step_fail(s, TR_E_ORDER, "%s for goroutine %lld that doesn't exist",
                             tri_spec_name(s->record->where.at.type), (long long)s->thread->g);
    if (s->go->status != status)
        return tri_step_fail_event(s, status == TRI_GO_RUNNING
                                          ? "for a goroutine that's not Running"
                                          : "for a goroutine that's not in Syscall");
    return TRI_ADVANCE;
}

enum tri_verdict tri_step_find_any_go(struct tri_step *s)
{
    s->go = tri_state_current(s->state, s->thread);
    if (!s->go)
        return tri_step_fail(s, TR_E_ORDER, "%s without known state of goroutine %lld",
                             tri_spec_name(s->record->where.at.type), (long long)s->thread->g);
    return TRI_ADVANCE;
}

bool tri_step_matches_context(const struct tri_step *s, tr_state to, int64_t id)
{
    const struct tri_thread *thread = s->thread;
    struct tri_row row = {
        .time = tri_order_next_time(s->order, s->record->time),
        .where = s->record->where,
        .thread = thread->id,
        .proc = thread->p,
        .goroutine = thread->g,
        .transition = {.id = id, .to = (uint8_t)to},
    };
    return tri_filter_matches_context(&s->order->filter, &row);
}
