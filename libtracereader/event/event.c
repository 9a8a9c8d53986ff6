/* From rows to events: what the reference's accessors say of each type.
 *
 * Names that no trace holds, of metrics and ranges, stand here and nowhere else. */
#include "event/event.h"

#include <string.h>

#define STR(literal) ((tr_str){literal, sizeof literal - 1})

static tr_str text(const char *s)
{
    return (tr_str){s, s ? strlen(s) : 0};
}

static tr_value number(uint64_t v)
{
    return (tr_value){TR_VALUE_UINT64, v, STR("")};
}

/* What all ranges, or metrics, of a type have in common: of ranges by the event that begins
 * them. */
struct common {
    const char *name;  /* NULL: the trace says it */
    tr_resource scope; /* of ranges */
};

static const struct common commons[TRI_TYPE_COUNT] = {
    [TRI_EV_STWBegin] = {NULL, TR_RESOURCE_GOROUTINE},
    [TRI_EV_GCBegin] = {"GC concurrent mark phase", TR_RESOURCE_NONE},
    [TRI_EV_GCSweepBegin] = {"GC incremental sweep", TR_RESOURCE_PROC},
    [TRI_EV_GCMarkAssistBegin] = {"GC mark assist", TR_RESOURCE_GOROUTINE},
    [TRI_EV_ProcsChange] = {.name = "/sched/gomaxprocs:threads"},
    [TRI_EV_HeapAlloc] = {.name = "/memory/classes/heap/objects:bytes"},
    [TRI_EV_HeapGoal] = {.name = "/gc/heap/goal:bytes"},
};

static const struct common *common_of(unsigned type)
{
    unsigned start = tri_specs[type].start;
    return &commons[start != TRI_EV_None ? start : type];
}

tr_str tri_event_name(unsigned type)
{
    const struct tri_spec *spec = &tri_specs[type];
    return text(spec->kind == TR_KIND_EXPERIMENTAL ? spec->name : common_of(type)->name);
}

tr_str tri_event_experiment(unsigned type)
{
    return text(tri_experiment_names[tri_specs[type].experiment]);
}

tr_resource tri_event_scope(unsigned type)
{
    return common_of(type)->scope;
}

static void view_range(const struct tri_row *row, const struct tr_tables *tables, tr_ev_range *r)
{
    tr_str name = tri_event_name(tri_row_type(row));
    memset(r, 0, sizeof *r);
    r->name = name.ptr ? name : tri_event_string(tables, row->string);
    r->scope = tri_event_scope(tri_row_type(row));
    r->scope_id = tri_event_scope_id(row);
    if (tri_row_type(row) != TRI_EV_GCSweepEnd)
        return;
    r->attr_count = 2;
    r->attrs[0] = (tr_attr){STR("bytes swept"), number(row->sweep_end.swept)};
    r->attrs[1] = (tr_attr){STR("bytes reclaimed"), number(row->sweep_end.reclaimed)};
}

static void view_experimental(const struct tri_row *row, tr_ev_experimental *x)
{
    const struct tri_spec *spec = &tri_specs[tri_row_type(row)];
    memset(x, 0, sizeof *x);
    x->name = tri_event_name(tri_row_type(row));
    x->experiment = tri_event_experiment(tri_row_type(row));
    x->arg_count = spec->arg_count - 1u;
    for (uint32_t i = 0; i < x->arg_count; i++) {
        x->arg_names[i] = spec->arg_names[i + 1];
        x->args[i] = number(row->args[i]);
    }
}

static void view_sync(const struct tri_row *row, const struct tr_tables *tables, tr_ev_sync *s)
{
    memset(s, 0, sizeof *s);
    s->n = row->sync.n;
    if (!tables)
        return;
    s->has_clock = tables->has_clock;
    s->clock = tables->clock;
    s->batch_count = tables->experimental_count;
}

#define TRI_EVENT(number, name, since, class, experiment, start, rule, kind, args) \
    [number] = TR_KIND_##kind == TR_KIND_STATE_TRANSITION,
const uint8_t tri_event_transitions[TRI_FLAGS_END << 8] = {
#include "spec/events.def"
};
#undef TRI_EVENT

void tri_event_view(const struct tri_row *row, const struct tr_tables *tables, tr_event *ev)
{
    ev->kind = tri_event_kind(row);
    ev->flags = tri_row_flags(row);
    tri_event_view_head(row, tables, ev);
    ev->generation = tables ? tables->generation : 0;
    switch (ev->kind) {
    case TR_KIND_RANGE_BEGIN:
    case TR_KIND_RANGE_ACTIVE:
    case TR_KIND_RANGE_END:
        view_range(row, tables, &ev->range);
        break;
    case TR_KIND_METRIC:
        ev->metric = (tr_ev_metric){tri_event_name(tri_row_type(row)), number(row->metric)};
        break;
    case TR_KIND_LABEL:
        ev->label = (tr_ev_label){tri_event_string(tables, row->string), TR_RESOURCE_GOROUTINE,
                                  row->goroutine};
        break;
    case TR_KIND_TASK_BEGIN:
    case TR_KIND_TASK_END:
        ev->task =
            (tr_ev_task){row->task.id, row->task.parent, tri_event_string(tables, row->string)};
        break;
    case TR_KIND_REGION_BEGIN:
    case TR_KIND_REGION_END:
        ev->region = (tr_ev_region){row->region_task, tri_event_string(tables, row->string)};
        break;
    case TR_KIND_LOG:
        ev->log = (tr_ev_log){row->log.task, tri_event_string(tables, row->string),
                              tri_event_string(tables, row->log.message)};
        break;
    case TR_KIND_SYNC:
        view_sync(row, tables, &ev->sync);
        break;
    case TR_KIND_EXPERIMENTAL:
        ev->stack = (tr_stack){NULL, 0}; /* its arguments are where the stack would be */
        view_experimental(row, &ev->experimental);
        break;
    case TR_KIND_STATE_TRANSITION:
        ev->transition = (tr_ev_transition){
            .resource = tri_row_resource(row),
            .id = row->transition.id,
            .from = (tr_state)row->transition.from,
            .to = (tr_state)row->transition.to,
            .reason = tri_event_string(tables, row->string),
            .stack = tri_event_stack(tables, row->transition.stack),
        };
        break;
    case TR_KIND_STACK_SAMPLE:
    case TR_KIND_BAD:
        break;
    }
}

int tr_stack_present(tr_stack stack)
{
    return stack.tables != NULL;
}

int tr_stack_equal(tr_stack a, tr_stack b)
{
    return a.tables == b.tables && (!a.tables || a.id == b.id);
}

int64_t tr_stack_number(tr_stack stack)
{
    return stack.tables ? tri_tables_stack_number(stack.tables, stack.id) : TR_NONE;
}

uint32_t tr_stack_frame_count(tr_stack stack)
{
    if (!stack.tables || stack.id == 0 || stack.id > stack.tables->stack_ids.count)
        return 0;
    return stack.tables->stacks[stack.id - 1].count;
}

tr_status tr_stack_frame(tr_stack stack, uint32_t i, tr_frame *out)
{
    if (!out || i >= tr_stack_frame_count(stack))
        return TR_E_MISUSE;
    const struct tri_frames *frames = tri_tables_frames(stack.tables);
    if (!frames)
        return atomic_load(&stack.tables->frames_status);
    const struct tri_pc_frame *f =
        &frames->pcs[frames->pc_of[stack.tables->stacks[stack.id - 1].first + i]];
    out->pc = f->pc;
    out->func = tri_tables_string(stack.tables, f->func);
    out->file = tri_tables_string(stack.tables, f->file);
    out->line = f->line;
    return TR_OK;
}
