/* Analyses: answers to one question of a trace. They use the other headers only. */
#ifndef TRACEREADER_ANALYSIS_H
#define TRACEREADER_ANALYSIS_H

#include "reader.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How often and how long goroutines blocked, by one of several keys.
 * A goroutine blocks when it goes from an executing state (running, system
 * call) to waiting; the time runs to the next transition that leaves waiting,
 * or to the last event if none does. Where a filter keeps that transition back, the
 * goroutine's next blocking ends it. */
typedef struct tr_blocking tr_blocking;

/** What blocking is grouped by. */
typedef enum tr_blocking_by {
    TR_BLOCKING_BY_REASON = 0,    /**< the reason in the trace, such as "network" */
    TR_BLOCKING_BY_FUNCTION = 1,  /**< the innermost function of the transition's stack */
    TR_BLOCKING_BY_GOROUTINE = 2, /**< the goroutine's id: with cgo several can have the same, one
                                   * after the other, which are one here */
    TR_BLOCKING_BY_STACK = 3,     /**< the transition's stack: those with equal functions, files
                                   * and lines are the same */
    /** The task that the goroutine works for: that of the last region it began that has not
     * ended, or else of the region in which it was created, unless the runtime created it for
     * itself, which is when the function that it begins with is not known, or is one of package
     * runtime other than runtime.main. This is as in Go's own summary, which lets these inherit
     * a region too, but leaves it out where they end. */
    TR_BLOCKING_BY_TASK = 4
} tr_blocking_by;

/** One row of the answer. */
typedef struct tr_blocking_row {
    tr_str key;         /**< reason, function, or the stack's frames; "" if there is none, or by
                         * goroutine or task */
    int64_t goroutine;  /**< by goroutine: its id, else TR_NONE */
    uint64_t count;     /**< how often */
    double count_share; /**< of all blockings, 0 to 1; NaN if there were none */
    uint64_t total_ns;  /**< how long, in all */
    double time_share;  /**< of all blocked time, 0 to 1; NaN if there was none */
    uint64_t open;      /**< how many of `count` had not ended at the last event */
    int64_t stack;      /**< by stack: tr_stack_number of the first such stack that a goroutine
                         * blocked with, in the events that were read; else TR_NONE */
    uint64_t task;      /**< by task: its id, TR_BACKGROUND_TASK for none; else 0 */
} tr_blocking_row;

/** Create an empty answer.
 * Units:    none.
 * Lifetime: given back with tr_blocking_free.
 * Errors:   NULL if there is no memory or `by` is unknown.
 * Threads:  one thread per object at a time.
 * Since:    0.1 */
TR_API tr_blocking *tr_blocking_new(tr_blocking_by by);

/** Only count: how long goroutines blocked is not wanted, and total_ns and open stay 0.
 * Only transitions to waiting are needed then, so that a filter may keep out all else.
 * Units:    none.
 * Lifetime: from here on; call it before anything is read.
 * Errors:   none; NULL is ignored.
 * Threads:  one thread per object at a time.
 * Since:    0.1 */
TR_API void tr_blocking_only_count(tr_blocking *b);

/** Count how one goroutine blocked, and nothing else: rows hold only what belongs to it, and
 * shares are of that. Filtering the reader by goroutine will not do: it leaves out the last
 * event, and what tells for which task a goroutine was created.
 * Units:    none; TR_NONE stands for goroutines without a known id, TR_ANY for all.
 * Lifetime: from here on; call it before anything is read.
 * Errors:   none; NULL is ignored.
 * Threads:  one thread per object at a time.
 * Since:    0.1 */
TR_API void tr_blocking_only_goroutine(tr_blocking *b, int64_t goroutine);

/** Take up to `max_events` events from `r` into the answer; call it until it
 * returns something other than TR_OK.
 * Units:    events; 0 means all.
 * Lifetime: nothing of `r` is kept.
 * Errors:   TR_OK if there may be more events; TR_END after the last; else as
 *           tr_reader_next. What was read before an error counts.
 * Threads:  one thread per object at a time.
 * Since:    0.1 */
TR_API tr_status tr_blocking_read(tr_blocking *b, tr_reader *r, uint64_t max_events);

/** Sum up: sort the rows by falling count, then total time, then key, and close
 * what is still open at the last event. Call it once, after the last read.
 * Units:    none.
 * Lifetime: rows are valid from here on.
 * Errors:   TR_E_MISUSE if it was called already, or b is NULL.
 * Threads:  one thread per object at a time.
 * Since:    0.1 */
TR_API tr_status tr_blocking_finish(tr_blocking *b);

/** Return the number of blockings in all.
 * Units:    transitions from executing to waiting.
 * Lifetime: none.
 * Errors:   none; 0 for NULL.
 * Threads:  one thread per object at a time.
 * Since:    0.1 */
TR_API uint64_t tr_blocking_count(const tr_blocking *b);

/** Return the number of rows, 0 before tr_blocking_finish.
 * Units:    rows.
 * Lifetime: none.
 * Errors:   none; 0 for NULL.
 * Threads:  one thread per object at a time.
 * Since:    0.1 */
TR_API size_t tr_blocking_row_count(const tr_blocking *b);

/** Give the i-th row.
 * Units:    i from 0.
 * Lifetime: lent until tr_blocking_free; owned by `b`, the reader may be gone.
 * Errors:   NULL if there is no such row, or no `b`.
 * Threads:  one thread per object at a time.
 * Since:    0.1 */
TR_API const tr_blocking_row *tr_blocking_row_at(const tr_blocking *b, size_t i);

/** Free the answer.
 * Units:    none.
 * Lifetime: ends that of its rows. NULL is allowed and does nothing.
 * Errors:   none.
 * Threads:  one thread per object at a time.
 * Since:    0.1 */
TR_API void tr_blocking_free(tr_blocking *b);

/** What a whole trace holds. */
typedef struct tr_info tr_info;

/** The numbers of tr_info. */
typedef struct tr_info_summary {
    unsigned version;        /**< 26 for "go 1.26" */
    uint64_t bytes;          /**< size of the trace; where that is not known beforehand
                              * (a pipe, compressed), what was read, decompressed */
    uint64_t generations;    /**< whose events came out, or were kept back by a filter */
    uint64_t events;         /**< of every kind, Sync included */
    int64_t start_ns;        /**< time of the first event, 0 if there is none */
    int64_t end_ns;          /**< time of the last event, 0 if there is none */
    int has_wall;            /**< 1 if a Sync told wall time (Go 1.25 and later) */
    int64_t wall_start_sec;  /**< wall clock at start_ns: seconds since 1970-01-01 UTC */
    int64_t wall_start_nsec; /**< and nanoseconds, 0 to 999999999 */
    uint64_t kinds[32];      /**< events of each tr_kind, with room for those to come */
    uint64_t goroutines;     /**< distinct ones that change state */
    uint64_t threads;        /**< distinct ones on which something happens */
    uint64_t procs;          /**< distinct ones that change state */
    int complete;            /**< 1 if reading ended without an error */
} tr_info_summary;

/** Create an empty summary.
 * Units:    none.
 * Lifetime: given back with tr_info_free.
 * Errors:   NULL if there is no memory.
 * Threads:  one thread per object at a time.
 * Since:    0.1 */
TR_API tr_info *tr_info_new(void);

/** Take up to `max_events` events from `r` into the summary; call it until it
 * returns something other than TR_OK.
 * Units:    events; 0 means all.
 * Lifetime: nothing of `r` is kept.
 * Errors:   TR_OK if there may be more events; TR_END after the last; else as
 *           tr_reader_next. What was read before an error counts.
 * Threads:  one thread per object at a time.
 * Since:    0.1 */
TR_API tr_status tr_info_read(tr_info *info, tr_reader *r, uint64_t max_events);

/** Give the numbers so far.
 * Units:    as tr_info_summary says.
 * Lifetime: lent until tr_info_free; changes with tr_info_read.
 * Errors:   NULL if `info` is NULL.
 * Threads:  one thread per object at a time.
 * Since:    0.1 */
TR_API const tr_info_summary *tr_info_get(const tr_info *info);

/** Free the summary.
 * Units:    none.
 * Lifetime: NULL is allowed and does nothing.
 * Errors:   none.
 * Threads:  one thread per object at a time.
 * Since:    0.1 */
TR_API void tr_info_free(tr_info *info);

#ifdef __cplusplus
}
#endif

#endif
