/* Names of kinds, states and resources: those of Go's String methods. */
#include "event/names.h"

#define NAME(text)            \
    {                         \
        text, sizeof text - 1 \
    }

const struct tri_value_name tri_event_kind_names[TR_KIND_COUNT] = {
    [TR_KIND_BAD] = NAME("Bad"),
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

const struct tri_value_name tri_event_state_names[TRI_STATE_NAMES] = {
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

const struct tri_value_name tri_event_resource_names[TRI_RESOURCE_NAMES] = {
    [TR_RESOURCE_NONE] = NAME("None"),
    [TR_RESOURCE_GOROUTINE] = NAME("Goroutine"),
    [TR_RESOURCE_PROC] = NAME("Proc"),
    [TR_RESOURCE_THREAD] = NAME("Thread"),
};

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
