/* Rules of what user code says: tasks, regions, logs, labels; and of events that
 * have nothing to be ordered by.
 *
 * Names of tasks and regions outlive their generation, so the state holds them. */
#include "order/step.h"

/* The name, argument i, does not exist. */
TRI_COLD static enum tri_verdict miss_name(struct tri_step *s, int i)
{
    struct tri_salvage *salvage = &s->order->gens.salvage;
    s->order->err->missing = true;
    tri_step_fail(s, TR_E_CORRUPT, "invalid string ID %llu for %s",
                  (unsigned long long)s->record->args[i], tri_spec_name(s->record->where.at.type));
    if (!salvage->on)
        return TRI_FAIL;
    tri_salvage_note(salvage, s->order->err); /* before what else is wrong with the record */
    return TRI_ADVANCE;
}

/* Look up the name, argument i: s->name. It must exist, which for other events is
 * checked only after they are ordered. */
static TRI_INLINE enum tri_verdict find_name(struct tri_step *s, int i)
{
    bool exists = tri_tables_string_ref(s->tables, s->record->args[i], &s->name);
    return TRI_LIKELY(exists) ? TRI_ADVANCE : miss_name(s, i);
}

/* Hold it: its number. False if there is no memory. */
static TRI_INLINE bool hold_name(struct tri_step *s, uint32_t *number)
{
    struct tri_names *names = &s->state->names;
    return tri_names_hold_known(names, s->name, number) ||
           tri_names_hold_ref(names, s->name, tri_tables_string(s->tables, s->name), number);
}

/* Append the row of an event whose name, argument i, decide has looked up, and whose stack comes
 * behind it: of both the name is missed first. */
static TRI_INLINE struct tri_row *named_row(struct tri_step *s, int i)
{
    struct tri_row *row = tri_step_row(s);
    row->string = s->name;
    if (TRI_UNLIKELY(!s->name) && s->record->args[i])
        tri_step_bad_id(s, "string", s->record->args[i]);
    row->stack = tri_step_stack(s, s->record->args[i + 1]);
    return row;
}

/* UserTaskBegin. Arguments: task, parent, name, stack. Tasks may end without having
 * begun, and ids may be used again after an end. */

static enum tri_verdict decide_task_begin(struct tri_step *s)
{
    if (tri_state_task(s->state, s->record->args[0]))
        return tri_step_fail(s, TR_E_ORDER, "task ID conflict: %llu",
                             (unsigned long long)s->record->args[0]);
    enum tri_verdict verdict = find_name(s, 2);
    return verdict == TRI_ADVANCE ? tri_step_need_running(s) : verdict;
}

static tr_status commit_task_begin(struct tri_step *s)
{
    struct tri_row *row = named_row(s, 2);
    uint64_t parent = s->record->args[1];
    row->task.id = s->record->args[0];
    /* 0 means here that there is no parent, not the background task. */
    row->task.parent = parent == TR_BACKGROUND_TASK ? TR_NO_TASK : parent;
    uint32_t type;
    if (!hold_name(s, &type))
        return tri_step_no_memory(s);
    struct tri_task *task = tri_state_add_task(s->state, row->task.id);
    if (!task)
        return tri_step_no_memory(s);
    task->parent = row->task.parent;
    task->type = type;
    return TR_OK;
}

TRI_RULE(task_begin)

/* UserTaskEnd. Arguments: task, stack. */

static enum tri_verdict decide_task_end(struct tri_step *s)
{
    return tri_step_need_running(s);
}

/* A reference to the type of a task that ends; 0 if there is no memory. */
static uint32_t type_ref(struct tri_step *s, uint32_t type)
{
    struct tri_names *names = &s->state->names;
    uint32_t ref = tri_names_ref(names, type);
    if (ref)
        return ref;
    tr_str name = tri_names_get(names, type);
    ref = tri_tables_name_ref(s->order->gen->tables, name.ptr, name.len);
    if (ref)
        tri_names_note(names, ref, type);
    return ref;
}

static tr_status commit_task_end(struct tri_step *s)
{
    struct tri_row *row = tri_step_stack_row(s, s->record->args[1]);
    row->task.id = s->record->args[0];
    row->task.parent = TR_NO_TASK;
    const struct tri_task *task = tri_state_task(s->state, row->task.id);
    if (task) {
        row->task.parent = task->parent;
        row->string = type_ref(s, task->type);
        tri_names_release(&s->state->names, task->type);
        tri_state_remove_task(s->state, row->task.id);
        if (!row->string)
            return tri_step_no_memory(s);
    }
    return TR_OK;
}

TRI_RULE(task_end)

/* UserRegionBegin, UserRegionEnd. Arguments: task, name, stack. */

static TRI_INLINE enum tri_verdict decide_region(struct tri_step *s)
{
    enum tri_verdict verdict = tri_step_need_running(s);
    if (verdict == TRI_ADVANCE)
        verdict = find_name(s, 1);
    return verdict == TRI_ADVANCE ? tri_step_need_any_go(s) : verdict;
}

static enum tri_verdict decide_region_begin(struct tri_step *s)
{
    return decide_region(s);
}

static tr_status commit_region_begin(struct tri_step *s)
{
    uint32_t name;
    named_row(s, 1)->region_task = s->record->args[0];
    if (!hold_name(s, &name) || !tri_state_enter_region(s->state, s->go, s->record->args[0], name))
        return tri_step_no_memory(s);
    return TR_OK;
}

TRI_RULE(region_begin)

static bool has_name(const struct tri_step *s, const struct tri_region *region)
{
    const struct tri_names *names = &s->state->names;
    if (tri_names_is(names, s->name, region->name))
        return true;
    tr_str have = tri_names_get(names, region->name), name = tri_tables_string(s->tables, s->name);
    return have.len == name.len && memcmp(have.ptr, name.ptr, name.len) == 0;
}

static enum tri_verdict decide_region_end(struct tri_step *s)
{
    enum tri_verdict verdict = decide_region(s);
    if (verdict != TRI_ADVANCE)
        return verdict;
    const struct tri_region *inner = tri_state_region(s->state, s->go);
    if (!inner) /* it may have begun before the trace */
        return TRI_ADVANCE;
    if (inner->task != s->record->args[0] || !has_name(s, inner))
        return tri_step_fail(s, TR_E_ORDER,
                             "misuse of region in goroutine %lld: the innermost region is another",
                             (long long)s->thread->g);
    return TRI_ADVANCE;
}

static tr_status commit_region_end(struct tri_step *s)
{
    named_row(s, 1)->region_task = s->record->args[0];
    if (s->go->region)
        tri_state_leave_region(s->state, s->go);
    return TR_OK;
}

TRI_RULE(region_end)

/* ProcsChange, GoLabel, UserLog: they happen, that is all. */

static enum tri_verdict decide_procs_change(struct tri_step *s)
{
    return tri_step_need_running(s);
}

static tr_status commit_procs_change(struct tri_step *s)
{
    tri_step_stack_row(s, s->record->args[1])->metric = s->record->args[0];
    return TR_OK;
}

TRI_RULE(procs_change)

static enum tri_verdict decide_label(struct tri_step *s)
{
    return tri_step_need_running(s);
}

static tr_status commit_label(struct tri_step *s)
{
    tri_step_row(s)->string = tri_step_string(s, s->record->args[0]);
    return TR_OK;
}

TRI_RULE(label)

static enum tri_verdict decide_log(struct tri_step *s)
{
    return tri_step_need_running(s);
}

/* Arguments: task, category, message, stack. */
static tr_status commit_log(struct tri_step *s)
{
    const uint64_t *args = s->record->args;
    struct tri_row *row = tri_step_string_row(s, args[1], args[3]);
    row->log.task = args[0];
    row->log.message = tri_step_string(s, args[2]);
    return TR_OK;
}

TRI_RULE(log)

/* Experimental events: nothing is known of them but their arguments. */

static enum tri_verdict decide_alloc_free(struct tri_step *s)
{
    return tri_step_need(s, TRI_MAY, TRI_MAY);
}

static tr_status commit_alloc_free(struct tri_step *s)
{
    struct tri_row *row = tri_step_row(s);
    int count = tri_specs[s->record->where.at.type].arg_count - 1;
    for (int i = 0; i < 3; i++)
        row->args[i] = i < count ? s->record->args[i] : 0;
    return TR_OK;
}

TRI_RULE(alloc_free)
