/* Names of kinds, states and resources: those of Go's String methods. */
#include <string.h>

#include "tracereader/event.h"

const char *tr_kind_name(tr_kind kind)
{
    static const char *const names[TR_KIND_COUNT] = {
        [TR_KIND_BAD] = "Bad",
        [TR_KIND_SYNC] = "Sync",
        [TR_KIND_METRIC] = "Metric",
        [TR_KIND_LABEL] = "Label",
        [TR_KIND_STACK_SAMPLE] = "StackSample",
        [TR_KIND_RANGE_BEGIN] = "RangeBegin",
        [TR_KIND_RANGE_ACTIVE] = "RangeActive",
        [TR_KIND_RANGE_END] = "RangeEnd",
        [TR_KIND_TASK_BEGIN] = "TaskBegin",
        [TR_KIND_TASK_END] = "TaskEnd",
        [TR_KIND_REGION_BEGIN] = "RegionBegin",
        [TR_KIND_REGION_END] = "RegionEnd",
        [TR_KIND_LOG] = "Log",
        [TR_KIND_STATE_TRANSITION] = "StateTransition",
        [TR_KIND_EXPERIMENTAL] = "Experimental",
    };
    return (unsigned)kind < TR_KIND_COUNT ? names[kind] : names[TR_KIND_BAD];
}

const char *tr_state_name(tr_state state)
{
    switch (state) {
    case TR_GO_UNDETERMINED:
    case TR_PROC_UNDETERMINED:
        return "Undetermined";
    case TR_GO_NOT_EXIST:
    case TR_PROC_NOT_EXIST:
        return "NotExist";
    case TR_GO_RUNNABLE:
        return "Runnable";
    case TR_GO_RUNNING:
    case TR_PROC_RUNNING:
        return "Running";
    case TR_GO_WAITING:
        return "Waiting";
    case TR_GO_SYSCALL:
        return "Syscall";
    case TR_PROC_IDLE:
        return "Idle";
    }
    return "Bad";
}

int tr_state_executing(tr_state state)
{
    return state == TR_GO_RUNNING || state == TR_GO_SYSCALL || state == TR_PROC_RUNNING;
}

const char *tr_resource_name(tr_resource resource)
{
    switch (resource) {
    case TR_RESOURCE_NONE:
        return "None";
    case TR_RESOURCE_GOROUTINE:
        return "Goroutine";
    case TR_RESOURCE_PROC:
        return "Proc";
    case TR_RESOURCE_THREAD:
        return "Thread";
    }
    return "Bad";
}
