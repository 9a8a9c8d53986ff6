/* Events: what a trace says, one at a time. Names are those of Go's own reader
 * (golang.org/x/exp/trace), and so are the definitions. */
#ifndef TRACEREADER_EVENT_H
#define TRACEREADER_EVENT_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) && !defined(SWIG)
#define TR_EXTENSION __extension__
#else
#define TR_EXTENSION
#endif

/** No thread, proc or goroutine. */
#define TR_NONE ((int64_t)-1)
/** No task: the parent of a task that has none. */
#define TR_NO_TASK UINT64_MAX
/** The task of regions and logs that belong to no task. */
#define TR_BACKGROUND_TASK ((uint64_t)0)

/** What an event is. */
typedef enum tr_kind {
    TR_KIND_BAD = 0,               /**< unknown; occurs only in salvaged traces */
    TR_KIND_SYNC = 1,              /**< everything that exists has been named up to here */
    TR_KIND_METRIC = 2,            /**< a metric's value */
    TR_KIND_LABEL = 3,             /**< a label put on a goroutine */
    TR_KIND_STACK_SAMPLE = 4,      /**< a CPU profile sample */
    TR_KIND_RANGE_BEGIN = 5,       /**< a range of time begins: GC, sweep, stop-the-world */
    TR_KIND_RANGE_ACTIVE = 6,      /**< such a range was active already */
    TR_KIND_RANGE_END = 7,         /**< such a range ends */
    TR_KIND_TASK_BEGIN = 8,        /**< runtime/trace.NewTask */
    TR_KIND_TASK_END = 9,          /**< Task.End */
    TR_KIND_REGION_BEGIN = 10,     /**< runtime/trace.StartRegion */
    TR_KIND_REGION_END = 11,       /**< Region.End */
    TR_KIND_LOG = 12,              /**< runtime/trace.Log */
    TR_KIND_STATE_TRANSITION = 13, /**< a goroutine or proc changes state */
    TR_KIND_EXPERIMENTAL = 14      /**< an event of an experiment, not validated */
} tr_kind;
/** The number of kinds; kinds are 0 to TR_KIND_COUNT - 1. */
#define TR_KIND_COUNT 15

/** What has states, ranges or labels. */
typedef enum tr_resource {
    TR_RESOURCE_NONE = 0,
    TR_RESOURCE_GOROUTINE = 1,
    TR_RESOURCE_PROC = 2,
    TR_RESOURCE_THREAD = 3
} tr_resource;

/** States of goroutines and procs, in one enum: no two have the same value. */
typedef enum tr_state {
    TR_GO_UNDETERMINED = 0, /**< nothing is known of the goroutine yet */
    TR_GO_NOT_EXIST = 1,    /**< not created yet, or ended */
    TR_GO_RUNNABLE = 2,     /**< could run, but waits for a proc */
    TR_GO_RUNNING = 3,      /**< runs */
    TR_GO_WAITING = 4,      /**< blocked on something */
    TR_GO_SYSCALL = 5,      /**< in a system call */
    TR_PROC_UNDETERMINED = 16,
    TR_PROC_NOT_EXIST = 17,
    TR_PROC_RUNNING = 18,
    TR_PROC_IDLE = 19
} tr_state;

/** Flags of an event. */
enum tr_event_flag {
    TR_EV_UNRESOLVED = 1, /**< a string or stack is empty because the trace lacks it */
    TR_EV_RELAXED = 2,    /**< ordered although a rule of the order was broken, or so late that
                           * time_ns is more than 100 microseconds after its own time */
    TR_EV_RAW_TIME = 4    /**< time_ns is in ticks: the clock's frequency is not known */
};

/** The tables of one generation: strings and stacks. Counted; see tr_tables_ref. */
typedef struct tr_tables tr_tables;

/** A stack, as a handle by value. Absent (`tables` is NULL) differs from empty. */
typedef struct tr_stack {
    const tr_tables *tables; /**< the generation's tables, NULL if there is no stack */
    uint32_t id;             /**< the library's number of the stack there; 0 is the empty stack */
} tr_stack;

/** A frame of a stack. */
typedef struct tr_frame {
    uint64_t pc;   /**< program counter */
    tr_str func;   /**< function, such as "main.main" */
    tr_str file;   /**< source file */
    uint64_t line; /**< line in `file` */
} tr_frame;

/** What a tr_value holds. */
typedef enum tr_value_kind {
    TR_VALUE_BAD = 0,
    TR_VALUE_UINT64 = 1,
    TR_VALUE_STRING = 2
} tr_value_kind;

/** A number or a string. */
typedef struct tr_value {
    tr_value_kind kind;
    uint64_t u64; /**< for TR_VALUE_UINT64 */
    tr_str str;   /**< for TR_VALUE_STRING */
} tr_value;

/** A named value. */
typedef struct tr_attr {
    tr_str name;
    tr_value value;
} tr_attr;

/** A change of state (TR_KIND_STATE_TRANSITION). */
typedef struct tr_ev_transition {
    tr_resource resource; /**< goroutine or proc */
    int64_t id;           /**< whose state changes */
    tr_state from, to;
    tr_str reason;  /**< why it stopped or blocked, such as "network"; "" if not said */
    tr_stack stack; /**< the stack of the goroutine that changes, besides the event's own */
} tr_ev_transition;

/** A range of time (TR_KIND_RANGE_BEGIN, _ACTIVE, _END). */
typedef struct tr_ev_range {
    tr_str name;         /**< such as "GC concurrent mark phase" */
    tr_resource scope;   /**< what the range is bound to; TR_RESOURCE_NONE: the program */
    int64_t scope_id;    /**< which one; TR_NONE if scope is TR_RESOURCE_NONE */
    uint32_t attr_count; /**< attributes known at its end, 0 to 2 */
    tr_attr attrs[2];
} tr_ev_range;

/** A metric's value (TR_KIND_METRIC), named as in Go's runtime/metrics. */
typedef struct tr_ev_metric {
    tr_str name;
    tr_value value;
} tr_ev_metric;

/** A label (TR_KIND_LABEL). */
typedef struct tr_ev_label {
    tr_str label;
    tr_resource resource;
    int64_t id;
} tr_ev_label;

/** A task (TR_KIND_TASK_BEGIN, _END). */
typedef struct tr_ev_task {
    uint64_t id;
    uint64_t parent; /**< TR_NO_TASK if it has none */
    tr_str type;     /**< as given to NewTask; "" if its begin is not in the trace */
} tr_ev_task;

/** A region (TR_KIND_REGION_BEGIN, _END). */
typedef struct tr_ev_region {
    uint64_t task; /**< TR_BACKGROUND_TASK if it belongs to none */
    tr_str type;   /**< as given to StartRegion */
} tr_ev_region;

/** A log message (TR_KIND_LOG). */
typedef struct tr_ev_log {
    uint64_t task;
    tr_str category;
    tr_str message;
} tr_ev_log;

/** A near-simultaneous reading of three clocks. */
typedef struct tr_clock {
    int64_t trace_ns;  /**< the trace's clock, as in time_ns */
    uint64_t mono_ns;  /**< the system's monotonic clock */
    int64_t wall_sec;  /**< wall clock: seconds since 1970-01-01 UTC */
    int64_t wall_nsec; /**< and nanoseconds, 0 to 999999999 */
} tr_clock;

/** A synchronization point (TR_KIND_SYNC). */
typedef struct tr_ev_sync {
    uint64_t n;           /**< this is the n-th Sync event, from 1 */
    int has_clock;        /**< 1 if `clock` is known (Go 1.25 and later) */
    tr_clock clock;       /**< holds for the events up to the next Sync */
    uint32_t batch_count; /**< experimental batches; see tr_reader_experimental_batch */
} tr_ev_sync;

/** An event of an experiment (TR_KIND_EXPERIMENTAL). */
typedef struct tr_ev_experimental {
    tr_str name;       /**< the event's name, such as "SpanAlloc" */
    tr_str experiment; /**< the experiment's name, such as "AllocFree" */
    uint32_t arg_count;
    const char *arg_names[4]; /**< the first arg_count are set */
    tr_value args[4];
} tr_ev_experimental;

/** An event. Which of the members at its end is set follows from `kind`.
 * The struct may grow at its end: never copy it by size between versions. */
typedef struct tr_event {
    tr_kind kind;
    uint32_t flags; /**< TR_EV_* */
    int64_t
        time_ns; /**< nanoseconds on the trace's clock; each event's is greater than the last's */
    int64_t thread;      /**< the thread on which it happened, or TR_NONE */
    int64_t proc;        /**< the proc there before the event, or TR_NONE */
    int64_t goroutine;   /**< the goroutine that ran there before the event, or TR_NONE */
    uint64_t offset;     /**< byte offset of its record in the (decompressed) trace */
    tr_stack stack;      /**< the stack of what executed there */
    uint64_t generation; /**< the generation's number, 0 for the last Sync */
    uint64_t reserved[3];
    TR_EXTENSION union {
        tr_ev_transition transition;
        tr_ev_range range;
        tr_ev_metric metric;
        tr_ev_label label;
        tr_ev_task task;
        tr_ev_region region;
        tr_ev_log log;
        tr_ev_sync sync;
        tr_ev_experimental experimental;
    };
} tr_event;

/** Return the name Go gives a kind, such as "StateTransition".
 * Units:    none.
 * Lifetime: static, never freed.
 * Errors:   none; an unknown value gives "Bad".
 * Threads:  any.
 * Since:    0.1 */
TR_API const char *tr_kind_name(tr_kind kind);

/** Return the name Go gives a state, such as "Runnable".
 * Goroutine and proc states share names ("Running").
 * Units:    none.
 * Lifetime: static, never freed.
 * Errors:   none; an unknown value gives "Bad".
 * Threads:  any.
 * Since:    0.1 */
TR_API const char *tr_state_name(tr_state state);

/** Return the name Go gives a resource: "None", "Goroutine", "Proc", "Thread".
 * Units:    none.
 * Lifetime: static, never freed.
 * Errors:   none; an unknown value gives "Bad".
 * Threads:  any.
 * Since:    0.1 */
TR_API const char *tr_resource_name(tr_resource resource);

/** Tell whether a goroutine or proc in this state executes, bound to a thread:
 * running, or in a system call.
 * Units:    1 if it does, 0 if not.
 * Lifetime: nothing is kept.
 * Errors:   none.
 * Threads:  any.
 * Since:    0.1 */
TR_API int tr_state_executing(tr_state state);

/** Write an event as the reference prints it (Go's Event.String(), wall clock in
 * UTC), without a line feed at its end. A stack's text holds line feeds.
 * Units:    size and the result in bytes; at most size are written, the last a
 *           NUL. The result is the length of the whole text without the NUL, so
 *           that a result >= size says that the buffer was too small.
 * Lifetime: nothing is kept. `ev` must still be valid.
 * Errors:   none; buf may be NULL if size is 0; the text of NULL is empty. Frames that
 *           cannot be read are left out; the reader then tells why, as tr_stack_frame says.
 * Threads:  any, while nobody advances the event's reader.
 * Since:    0.1 */
TR_API size_t tr_event_text(const tr_event *ev, char *buf, size_t size);

/** Tell whether there is a stack at all. A stack can be present and empty.
 * Units:    1 if there is, 0 if not.
 * Lifetime: nothing is kept.
 * Errors:   none.
 * Threads:  any.
 * Since:    0.1 */
TR_API int tr_stack_present(tr_stack stack);

/** Tell whether two handles name the same stack of the same generation.
 * Two different handles may still have the same frames.
 * Units:    1 if they do, 0 if not.
 * Lifetime: nothing is kept.
 * Errors:   none.
 * Threads:  any.
 * Since:    0.1 */
TR_API int tr_stack_equal(tr_stack a, tr_stack b);

/** Return the number that a stack has in tables: that of its row in "stacks". Stacks are
 * numbered over the whole trace, from 1, generation by generation; 0 is the empty stack.
 * Units:    none.
 * Lifetime: the stack's tables must be valid.
 * Errors:   TR_NONE if there is no stack.
 * Threads:  any.
 * Since:    0.1 */
TR_API int64_t tr_stack_number(tr_stack stack);

/** Return the number of frames of a stack, 0 if it is empty or absent.
 * Units:    frames, innermost first.
 * Lifetime: the tables must be valid: until the next Sync, or while referenced.
 * Errors:   none.
 * Threads:  any, also at the same time as others.
 * Since:    0.1 */
TR_API uint32_t tr_stack_frame_count(tr_stack stack);

/** Give the i-th frame of a stack; 0 is the innermost.
 * The first call for a generation prepares all its frames; those of a file or of memory
 * are read again for that.
 * Units:    i from 0.
 * Lifetime: the strings of `out` live as long as the stack's tables.
 * Errors:   TR_E_MISUSE if there is no such frame; TR_E_NOMEM, TR_E_LIMIT; TR_E_IO,
 *           TR_E_TRUNCATED or TR_E_CORRUPT if the file can no longer be read, or was cut or
 *           written to since. All but misuse become the reader's error too, lack of memory
 *           only if the reader is still at that generation.
 * Threads:  any, also at the same time as others. A fork() waits while frames are read.
 * Since:    0.1 */
TR_API tr_status tr_stack_frame(tr_stack stack, uint32_t i, tr_frame *out);

/** Keep a generation's tables, and so its stacks and strings, past its Sync and
 * past the reader.
 * Units:    none.
 * Lifetime: until tr_tables_unref is called as often. NULL is allowed and does nothing.
 * Errors:   none.
 * Threads:  any, also at the same time as others. The allocator of the reader
 *           must be callable from that thread.
 * Since:    0.1 */
TR_API void tr_tables_ref(const tr_tables *tables);

/** Give back a reference taken with tr_tables_ref.
 * Units:    none.
 * Lifetime: the tables are freed with their last reference.
 * Errors:   none. NULL is allowed and does nothing.
 * Threads:  any, also at the same time as others.
 * Since:    0.1 */
TR_API void tr_tables_unref(const tr_tables *tables);

#ifdef TR_PRIVATE_INLINE
TR_PRIVATE_INLINE int tr_state_executing(tr_state state)
{
    return state == TR_GO_RUNNING || state == TR_GO_SYSCALL || state == TR_PROC_RUNNING;
}
#endif

#ifdef __cplusplus
}
#endif

#endif
