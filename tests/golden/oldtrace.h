/* Writes traces as Go 1.5 to 1.21 did, record by record: right ones, and wrong ones. */
#ifndef TESTS_GOLDEN_OLDTRACE_H
#define TESTS_GOLDEN_OLDTRACE_H

#include <stddef.h>
#include <stdint.h>

struct oldtrace {
    unsigned version; /* of the header: 5 to 21 */
    uint8_t *data;
    size_t size, cap;
};

/* Header versions that there are. */
enum { OLD_VERSION_COUNT = 8 };
extern const unsigned old_versions[OLD_VERSION_COUNT];

/* Types of records. */
enum old_type {
    OLD_BATCH = 1,
    OLD_FREQUENCY,
    OLD_STACK,
    OLD_GOMAXPROCS,
    OLD_PROC_START,
    OLD_PROC_STOP,
    OLD_GC_START,
    OLD_GC_DONE,
    OLD_STW_START,
    OLD_STW_DONE,
    OLD_SWEEP_START,
    OLD_SWEEP_DONE,
    OLD_GO_CREATE,
    OLD_GO_START,
    OLD_GO_END,
    OLD_GO_STOP,
    OLD_GO_SCHED,
    OLD_GO_PREEMPT,
    OLD_GO_SLEEP,
    OLD_GO_BLOCK,
    OLD_GO_UNBLOCK,
    OLD_GO_BLOCK_SEND,
    OLD_GO_BLOCK_RECV,
    OLD_GO_BLOCK_SELECT,
    OLD_GO_BLOCK_SYNC,
    OLD_GO_BLOCK_COND,
    OLD_GO_BLOCK_NET,
    OLD_GO_SYS_CALL,
    OLD_GO_SYS_EXIT,
    OLD_GO_SYS_BLOCK,
    OLD_GO_WAITING,
    OLD_GO_IN_SYSCALL,
    OLD_HEAP_ALLOC,
    OLD_HEAP_GOAL,
    OLD_TIMER_GOROUTINE,
    OLD_FUTILE_WAKEUP,
    OLD_STRING,
    OLD_GO_START_LOCAL,
    OLD_GO_UNBLOCK_LOCAL,
    OLD_GO_SYS_EXIT_LOCAL,
    OLD_GO_START_LABEL,
    OLD_GO_BLOCK_GC,
    OLD_ASSIST_START,
    OLD_ASSIST_DONE,
    OLD_TASK_CREATE,
    OLD_TASK_END,
    OLD_REGION,
    OLD_LOG,
    OLD_CPU_SAMPLE,
    OLD_TYPE_COUNT
};

/* Begin a trace with its header. What was written before goes. */
void old_begin(struct oldtrace *t, unsigned version);
void old_free(struct oldtrace *t);
/* Begin a trace in which goroutine 1 runs on proc 0 since tick 100. */
void old_begin_running(struct oldtrace *t, unsigned version);

void old_bytes(struct oldtrace *t, const void *data, size_t size);
void old_number(struct oldtrace *t, uint64_t value);
/* A record with these numbers, in the form that their count asks for. */
void old_record(struct oldtrace *t, unsigned type, const uint64_t *numbers, size_t count);

/* A batch of a proc; with header 5 events are numbered from `seq` on. */
void old_batch(struct oldtrace *t, uint64_t p, uint64_t seq, uint64_t ticks);
/* An event, `dt` ticks after the last: its arguments, and at their end its stack, if the
 * type has one. With header 5 its number is the next. */
#define old_event(t, type, dt, ...)                                   \
    old_event_of(t, type, dt, (const uint64_t[]){0, __VA_ARGS__} + 1, \
                 sizeof((const uint64_t[]){0, __VA_ARGS__}) / sizeof(uint64_t) - 1)
/* The same without arguments. */
void old_plain(struct oldtrace *t, unsigned type, uint64_t dt);
void old_event_of(struct oldtrace *t, unsigned type, uint64_t dt, const uint64_t *args,
                  size_t count);
void old_log(struct oldtrace *t, uint64_t dt, uint64_t task, uint64_t key, uint64_t stack,
             const char *message);
void old_string(struct oldtrace *t, uint64_t id, const char *text);
/* A stack of one frame; with header 5 it has the address only. */
void old_stack(struct oldtrace *t, uint64_t id, uint64_t pc, uint64_t func, uint64_t file,
               uint64_t line);
void old_frequency(struct oldtrace *t, uint64_t ticks_per_second);

/* A whole trace of a version, with all events that it has: goroutine 1 runs from the start,
 * 2 waits, 3 is in a system call, 5 is runnable. */
void old_write_all(struct oldtrace *t, unsigned version);

/* One in which goroutine 1 is woken for nothing, once. */
void old_write_futile(struct oldtrace *t, unsigned version);

/* What each version has of an event's own arguments, the stack among them; -1: it does not
 * have the event. */
int old_arg_count(unsigned version, unsigned type);

#endif
