/* An event as the reference prints it.
 *
 * Nearly all events are transitions, and nearly all of their text is that of stacks:
 * what is before the stacks goes through a fast path, without a check for each piece. */
#include "base/text.h"
#include "base/quote.h"
#include "event/names.h"
#include "event/stacktext.h"
#include "event/wall.h"

#define LIT(t, literal) tri_text_bytes(t, literal, sizeof literal - 1)
#define PUT(p, literal) tri_text_put(p, literal, sizeof literal - 1)

/* The most bytes of an event before a transition's reason: six numbers, three names that
 * are copied whole, and what stands between them. */
enum { HEAD_BYTES = 6 * TRI_TEXT_NUMBER + 3 * 16 + 56 };

static inline char *put_name(char *p, const struct tri_value_name *name)
{
    memcpy(p, name->text, sizeof name->text);
    return p + name->len;
}

static inline void quoted(struct tri_text *t, tr_str s)
{
    if (s.len)
        tri_quote(t, s.ptr, s.len);
    else
        LIT(t, "\"\"");
}

static void value(struct tri_text *t, tr_value v)
{
    switch (v.kind) {
    case TR_VALUE_UINT64:
        LIT(t, "Value{Uint64(");
        tri_text_u64(t, v.u64);
        LIT(t, ")}");
        break;
    case TR_VALUE_STRING:
        tri_text_bytes(t, v.str.ptr, v.str.len);
        break;
    case TR_VALUE_BAD:
        LIT(t, "Value{Bad}");
        break;
    }
}

static void resource(struct tri_text *t, tr_resource kind, int64_t id)
{
    const struct tri_value_name *name = tri_event_resource_name(kind);
    tri_text_bytes(t, name->text, name->len);
    if (kind == TR_RESOURCE_NONE)
        return;
    tri_text_char(t, '(');
    tri_text_i64(t, id);
    tri_text_char(t, ')');
}

static void range(struct tri_text *t, const tr_event *ev)
{
    const tr_ev_range *r = &ev->range;
    LIT(t, " Name=");
    quoted(t, r->name);
    LIT(t, " Scope=");
    resource(t, r->scope, r->scope_id);
    if (ev->kind != TR_KIND_RANGE_END)
        return;
    LIT(t, " Attributes=[");
    for (uint32_t i = 0; i < r->attr_count; i++) {
        if (i)
            tri_text_char(t, ' ');
        quoted(t, r->attrs[i].name);
        tri_text_char(t, '=');
        value(t, r->attrs[i].value);
    }
    tri_text_char(t, ']');
}

static void experimental(struct tri_text *t, const tr_ev_experimental *x)
{
    LIT(t, " Name=");
    tri_text_bytes(t, x->name.ptr, x->name.len);
    LIT(t, " Args=[");
    for (uint32_t i = 0; i < x->arg_count; i++) {
        if (i)
            LIT(t, ", ");
        tri_text_str(t, x->arg_names[i]);
        tri_text_char(t, '=');
        value(t, x->args[i]);
    }
    tri_text_char(t, ']');
}

static void sync(struct tri_text *t, const tr_ev_sync *s)
{
    LIT(t, " N=");
    tri_text_u64(t, s->n);
    if (!s->has_clock)
        return;
    LIT(t, " Trace=");
    tri_text_i64(t, s->clock.trace_ns);
    LIT(t, " Mono=");
    tri_text_u64(t, s->clock.mono_ns);
    LIT(t, " Wall=");
    tri_event_wall(t, s->clock.wall_sec, (uint32_t)s->clock.wall_nsec);
}

/* What follows the time, of kinds other than transitions. */
static void details(struct tri_text *t, const tr_event *ev)
{
    switch (ev->kind) {
    case TR_KIND_RANGE_BEGIN:
    case TR_KIND_RANGE_ACTIVE:
    case TR_KIND_RANGE_END:
        range(t, ev);
        break;
    case TR_KIND_METRIC:
        LIT(t, " Name=");
        quoted(t, ev->metric.name);
        LIT(t, " Value=");
        value(t, ev->metric.value);
        break;
    case TR_KIND_LABEL:
        LIT(t, " Label=");
        quoted(t, ev->label.label);
        LIT(t, " Resource=");
        resource(t, ev->label.resource, ev->label.id);
        break;
    case TR_KIND_TASK_BEGIN:
    case TR_KIND_TASK_END:
        LIT(t, " ID=");
        tri_text_u64(t, ev->task.id);
        LIT(t, " Parent=");
        tri_text_u64(t, ev->task.parent);
        LIT(t, " Type=");
        quoted(t, ev->task.type);
        break;
    case TR_KIND_REGION_BEGIN:
    case TR_KIND_REGION_END:
        LIT(t, " Task=");
        tri_text_u64(t, ev->region.task);
        LIT(t, " Type=");
        quoted(t, ev->region.type);
        break;
    case TR_KIND_LOG:
        LIT(t, " Task=");
        tri_text_u64(t, ev->log.task);
        LIT(t, " Category=");
        quoted(t, ev->log.category);
        LIT(t, " Message=");
        quoted(t, ev->log.message);
        break;
    case TR_KIND_SYNC:
        sync(t, &ev->sync);
        break;
    case TR_KIND_EXPERIMENTAL:
        experimental(t, &ev->experimental);
        break;
    case TR_KIND_STATE_TRANSITION:
    case TR_KIND_STACK_SAMPLE:
    case TR_KIND_BAD:
        break;
    }
}

static inline char *put_transition(char *p, const tr_ev_transition *tr)
{
    p = tr->resource == TR_RESOURCE_PROC ? PUT(p, " ProcID=") : PUT(p, " GoID=");
    p = tri_text_put_i64(p, tr->id);
    *p++ = ' ';
    p = put_name(p, tri_event_state_name(tr->from));
    p = PUT(p, "->");
    p = put_name(p, tri_event_state_name(tr->to));
    return PUT(p, " Reason=");
}

size_t tr_event_text(const tr_event *ev, char *buf, size_t size)
{
    struct tri_text t = {buf, size ? size - 1 : 0, 0};
    if (!ev) {
        if (size)
            *buf = '\0';
        return 0;
    }
    char scratch[HEAD_BYTES];
    char *head = tri_text_room(&t, sizeof scratch, scratch);
    char *p = PUT(head, "M=");
    p = tri_text_put_i64(p, ev->thread);
    p = PUT(p, " P=");
    p = tri_text_put_i64(p, ev->proc);
    p = PUT(p, " G=");
    p = tri_text_put_i64(p, ev->goroutine);
    *p++ = ' ';
    p = put_name(p, tri_event_kind_name(ev->kind));
    p = PUT(p, " Time=");
    p = tri_text_put_i64(p, ev->time_ns);
    if (ev->kind == TR_KIND_STATE_TRANSITION) {
        tri_text_took(&t, scratch, head, put_transition(p, &ev->transition));
        quoted(&t, ev->transition.reason);
        if (ev->transition.stack.tables) {
            LIT(&t, "\nTransitionStack=\n");
            tri_event_stack_text(&t, ev->transition.stack);
        }
    } else {
        tri_text_took(&t, scratch, head, p);
        details(&t, ev);
    }
    if (ev->stack.tables) {
        LIT(&t, "\nStack=\n");
        tri_event_stack_text(&t, ev->stack);
    }
    if (size)
        buf[t.len < size - 1 ? t.len : size - 1] = '\0';
    return t.len;
}
