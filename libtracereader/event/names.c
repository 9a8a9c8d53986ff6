/* Names of kinds, states and resources: those of Go's String methods. */
#include "event/names.h"

#include <stddef.h>

#define NAME(text)            \
    {                         \
        text, sizeof text - 1 \
    }

static const struct tri_name bad = NAME("Bad");

/* Numbers between those of names have none: a length of 0. */
static const struct tri_name *find(const struct tri_name *names, size_t count, unsigned value)
{
    return value < count && names[value].len ? &names[value] : &bad;
}

const struct tri_name *tri_event_kind_name(tr_kind kind)
{
    static const struct tri_name names[TR_KIND_COUNT] = {
        [TR_KIND_SYNC] = NAME("Sync"),
        [TR_KIND_METRIC] = NAME("Metric"),
        [TR_KIND_LABEL] = NAME("Label"),
        [TR_KIND_STACK_SAMPLE] = NAME("StackSample"),
        [TR_KIND_RANGE_BEGIN] = NAME("RangeBegin"),
        [TR_KIND_RANGE_ACTIVE] = NAME("RangeActive"),
        [TR_KIND_RANGE_END] = NAME("RangeEnd"),
        [TR_KIND_TASK_BEGIN] = NAME("TaskBegin"),
        [TR_KIND_TASK_END] = NAME("TaskEnd"),
        [TR_KIND_REGION_BEGIN] = NAME("RegionBegin"),
        [TR_KIND_REGION_END] = NAME("RegionEnd"),
        [TR_KIND_LOG] = NAME("Log"),
        [TR_KIND_STATE_TRANSITION] = NAME("StateTransition"),
        [TR_KIND_EXPERIMENTAL] = NAME("Experimental"),
    };
    return find(names, sizeof names / sizeof *names, (unsigned)kind);
}

const struct tri_name *tri_event_state_name(tr_state state)
{
    static const struct tri_name names[] = {
        [TR_GO_UNDETERMINED] = NAME("Undetermined"),
        [TR_GO_NOT_EXIST] = NAME("NotExist"),
        [TR_GO_RUNNABLE] = NAME("Runnable"),
        [TR_GO_RUNNING] = NAME("Running"),
        [TR_GO_WAITING] = NAME("Waiting"),
        [TR_GO_SYSCALL] = NAME("Syscall"),
        [TR_PROC_UNDETERMINED] = NAME("Undetermined"),
        [TR_PROC_NOT_EXIST] = NAME("NotExist"),
        [TR_PROC_RUNNING] = NAME("Running"),
        [TR_PROC_IDLE] = NAME("Idle"),
    };
    return find(names, sizeof names / sizeof *names, (unsigned)state);
}

const struct tri_name *tri_event_resource_name(tr_resource resource)
{
    static const struct tri_name names[] = {
        [TR_RESOURCE_NONE] = NAME("None"),
        [TR_RESOURCE_GOROUTINE] = NAME("Goroutine"),
        [TR_RESOURCE_PROC] = NAME("Proc"),
        [TR_RESOURCE_THREAD] = NAME("Thread"),
    };
    return find(names, sizeof names / sizeof *names, (unsigned)resource);
}

const char *tr_kind_name(tr_kind kind)
{
    return tri_event_kind_name(kind)->text;
}

const char *tr_state_name(tr_state state)
{
    return tri_event_state_name(state)->text;
}

const char *tr_resource_name(tr_resource resource)
{
    return tri_event_resource_name(resource)->text;
}

int tr_state_executing(tr_state state)
{
    return state == TR_GO_RUNNING || state == TR_GO_SYSCALL || state == TR_PROC_RUNNING;
}
