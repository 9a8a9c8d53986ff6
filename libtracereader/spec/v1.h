/* What an event type of traces before Go 1.22 is: the table of v1.def as data, for one
 * header version. */
#ifndef TRI_SPEC_V1_H
#define TRI_SPEC_V1_H

#include <stdbool.h>

#include "spec/spec.h"

/* TRI_V1_GoStart and so on. */
enum tri_v1_type {
    TRI_V1_None = 0,
#define TRI_V1_EVENT(number, name, since, class, stack, order, bind, usual, becomes, reason, args) \
    TRI_V1_##name = number,
#define TRI_V1_LOCAL(name, settled)
#include "spec/v1.def"
#undef TRI_V1_EVENT
#undef TRI_V1_LOCAL
    TRI_V1_TYPE_COUNT = 50
};

/* How an event is ordered by the state of a goroutine. */
enum tri_v1_order {
    TRI_V1_ORDER_NONE = 0,
    TRI_V1_ORDER_CREATE,
    TRI_V1_ORDER_WAITING,
    TRI_V1_ORDER_START,
    TRI_V1_ORDER_START_LOCAL,
    TRI_V1_ORDER_BLOCK,
    TRI_V1_ORDER_YIELD,
    TRI_V1_ORDER_UNBLOCK,
    TRI_V1_ORDER_UNBLOCK_LOCAL,
    TRI_V1_ORDER_GC_START
};

/* What an event does if all is as it nearly always is. */
enum tri_v1_usual {
    TRI_V1_USUAL_NONE = 0, /* that is not said */
    TRI_V1_USUAL_CREATE,
    TRI_V1_USUAL_START,
    TRI_V1_USUAL_UNBLOCK,
    TRI_V1_USUAL_BLOCK,
    TRI_V1_USUAL_CALL,
    TRI_V1_USUAL_END,
    TRI_V1_USUAL_SWEEP,
    TRI_V1_USUAL_SWEPT,
    TRI_V1_USUAL_PROC_START,
    TRI_V1_USUAL_PROC_STOP,
    TRI_V1_USUAL_TELL /* something, and no more */
};

/* What an event does to the goroutine that its proc runs. */
enum tri_v1_bind {
    TRI_V1_BIND_NONE = 0,
    TRI_V1_BIND_START, /* it is the first argument, from this event on */
    TRI_V1_BIND_STOP,  /* none, after this event */
    TRI_V1_BIND_OTHER  /* the event is of another: the first argument */
};

/* Strings that old traces do not hold, in the order in which the reference numbers them
 * behind the trace's own. */
#define TRI_V1_NAMES(X)                                            \
    X(FOREVER, "forever")                                          \
    X(PREEMPTED, "preempted")                                      \
    X(GOSCHED, "runtime.Gosched")                                  \
    X(SLEEP, "sleep")                                              \
    X(CHAN_SEND, "chan send")                                      \
    X(CHAN_RECV, "chan receive")                                   \
    X(NETWORK, "network")                                          \
    X(SYNC, "sync")                                                \
    X(SYNC_COND, "sync.(*Cond).Wait")                              \
    X(SELECT, "select")                                            \
    X(EMPTY, "")                                                   \
    X(MARK_ASSIST_WAIT, "GC mark assist wait for work")            \
    X(STW_UNKNOWN, "")                                             \
    X(STW_GC_MARK_TERMINATION, "GC mark termination")              \
    X(STW_GC_SWEEP_TERMINATION, "GC sweep termination")            \
    X(STW_WRITE_HEAP_DUMP, "write heap dump")                      \
    X(STW_GOROUTINE_PROFILE, "goroutine profile")                  \
    X(STW_GOROUTINE_PROFILE_CLEANUP, "goroutine profile cleanup")  \
    X(STW_ALL_GOROUTINES_STACK_TRACE, "all goroutine stack trace") \
    X(STW_READ_MEM_STATS, "read mem stats")                        \
    X(STW_ALL_THREADS_SYSCALL, "AllThreadsSyscall")                \
    X(STW_GOMAXPROCS, "GOMAXPROCS")                                \
    X(STW_START_TRACE, "start trace")                              \
    X(STW_STOP_TRACE, "stop trace")                                \
    X(STW_COUNT_PAGES_IN_USE, "CountPagesInUse (test)")            \
    X(STW_READ_METRICS_SLOW, "ReadMetricsSlow (test)")             \
    X(STW_READ_MEM_STATS_SLOW, "ReadMemStatsSlow (test)")          \
    X(STW_PAGE_CACHE_PAGES_LEAKED, "PageCachePagesLeaked (test)")  \
    X(STW_RESET_DEBUG_LOG, "ResetDebugLog (test)")

enum tri_v1_name {
#define X(name, text) TRI_V1_NAME_##name,
    TRI_V1_NAMES(X)
#undef X
        TRI_V1_NAME_COUNT,
    TRI_V1_NAME_NONE = TRI_V1_NAME_COUNT
};

extern const char *const tri_v1_names[TRI_V1_NAME_COUNT];

enum { TRI_V1_OWN_ARGS = 3 }; /* at most */

/* A type as traces of one version have it. */
struct tri_v1_shape {
    const char *name;  /* NULL: not in traces of this version */
    uint8_t arg_count; /* with those before and behind its own; of a Stack: those before frames */
    uint8_t first_arg; /* of its own: what comes before them is time */
    bool timed;
    bool has_stack;   /* the last argument is one */
    uint8_t settled;  /* the type that it is once it is ordered */
    uint8_t own_args; /* of these, without the stack */
    uint8_t order;    /* enum tri_v1_order */
    uint8_t usual;    /* enum tri_v1_usual */
    uint8_t bind;     /* enum tri_v1_bind */
    uint8_t becomes;
    uint8_t reason; /* enum tri_v1_name */
    const char *arg_names[TRI_MAX_ARGS];
};

enum {
    TRI_GO105 = 5,
    TRI_GO107 = 7,
    TRI_GO110 = 10,
    TRI_GO111 = 11,
    TRI_GO121 = 21,
};

/* Whether the header's version is one of these traces that is read here. */
bool tri_v1_version(uint64_t version);

void tri_v1_shapes(struct tri_v1_shape shapes[TRI_V1_TYPE_COUNT], unsigned version);

#endif
