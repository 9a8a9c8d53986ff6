/* Batches: events as columns, filled into the caller's memory. */
#ifndef TRACEREADER_BATCH_H
#define TRACEREADER_BATCH_H

#include "reader.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An event in 64 bytes, to be kept by the thousand. Its content is private:
 * tr_event_unpack makes an event of it. */
typedef struct tr_packed_event {
    uint64_t words[8];
} tr_packed_event;

/** Read up to `max` events in packed form. Those of one call belong to the same
 * generation. Mixes with tr_reader_next: each event comes out once.
 * Units:    max and *count in events; *count is 0 if TR_OK is not returned.
 * Lifetime: *out is the caller's. *tables (may be NULL) is lent until the next
 *           Sync event is returned; take a reference to unpack later than that.
 * Errors:   TR_OK if *count is at least 1; else as tr_reader_next, and TR_E_MISUSE if
 *           `max` is 0.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API tr_status tr_reader_next_packed(tr_reader *r, tr_packed_event *out, size_t max,
                                       size_t *count, const tr_tables **tables);

/** Make an event of its packed form.
 * Units:    as tr_event.
 * Lifetime: *out is the caller's; its strings and stacks live as long as
 *           `tables`, which must be those the packed event came with.
 * Errors:   none; NULL gives an event without a kind, and a NULL `out` is ignored.
 * Threads:  any, also at the same time as others and as the reader's thread.
 * Since:    0.1 */
TR_API void tr_event_unpack(const tr_packed_event *packed, const tr_tables *tables, tr_event *out);

/** The type of a column's items. */
typedef enum tr_column_type {
    TR_COLUMN_INT64 = 1,  /**< int64_t; -1 where the event has no such value */
    TR_COLUMN_UINT64 = 2, /**< uint64_t; UINT64_MAX where the event has no such value */
    TR_COLUMN_CODE = 3    /**< int32_t, an index of tr_reader_string; -1 where there is none */
} tr_column_type;

/** The columns of the table of events. Each says for which kinds it holds a
 * value, if not for all. Numbers are never reused. */
typedef enum tr_column_id {
    TR_COL_TIME = 0,             /**< nanoseconds on the trace's clock */
    TR_COL_KIND = 1,             /**< Go's name of the kind */
    TR_COL_THREAD = 2,           /**< the thread on which it happened */
    TR_COL_PROC = 3,             /**< the proc there before it */
    TR_COL_GOROUTINE = 4,        /**< the goroutine that ran there before it */
    TR_COL_RESOURCE = 5,         /**< "Goroutine" or "Proc": StateTransition, Label */
    TR_COL_RESOURCE_ID = 6,      /**< StateTransition, Label */
    TR_COL_FROM_STATE = 7,       /**< Go's name of the state: StateTransition */
    TR_COL_TO_STATE = 8,         /**< StateTransition */
    TR_COL_REASON = 9,           /**< StateTransition */
    TR_COL_NAME = 10,            /**< Metric, Range*, Experimental */
    TR_COL_VALUE = 11,           /**< uint64: Metric */
    TR_COL_TASK = 12,            /**< task id: Task*, Region*, Log */
    TR_COL_PARENT = 13,          /**< task id: Task* */
    TR_COL_TYPE = 14,            /**< Task*, Region* */
    TR_COL_CATEGORY = 15,        /**< Log */
    TR_COL_MESSAGE = 16,         /**< Log */
    TR_COL_SCOPE = 17,           /**< "None", "Goroutine" or "Proc": Range* */
    TR_COL_SCOPE_ID = 18,        /**< Range* */
    TR_COL_LABEL = 19,           /**< Label */
    TR_COL_EXPERIMENT = 20,      /**< Experimental */
    TR_COL_OFFSET = 21,          /**< byte offset of the record */
    TR_COL_GENERATION = 22,      /**< the generation's number */
    TR_COL_FLAGS = 23,           /**< TR_EV_* */
    TR_COL_STACK = 24,           /**< tr_stack_number of the event's stack */
    TR_COL_TRANSITION_STACK = 25 /**< the same of its transition's: StateTransition */
} tr_column_id;
/** The number of columns; ids are 0 to TR_COLUMN_COUNT - 1. */
#define TR_COLUMN_COUNT 26

/** Where one column goes. */
typedef struct tr_column {
    tr_column_id id;
    void *data;      /**< room for items of the column's type, suitably aligned */
    size_t capacity; /**< in items */
} tr_column;

/** Return a column's name, such as "time".
 * Units:    none.
 * Lifetime: static, never freed.
 * Errors:   NULL for an unknown id.
 * Threads:  any.
 * Since:    0.1 */
TR_API const char *tr_column_name(tr_column_id id);

/** Return the type of a column's items.
 * Units:    a tr_column_type, as an int, since 0 is none of them.
 * Lifetime: none.
 * Errors:   0 for an unknown id.
 * Threads:  any.
 * Since:    0.1 */
TR_API int tr_column_get_type(tr_column_id id);

/** Read up to `rows` events into columns. Mixes with tr_reader_next: each event
 * comes out once. Waits until all rows are filled or the trace ends, on a live
 * pipe too, except that after some ten thousand events that a filter keeps out
 * it returns with what there is, which may be no row.
 * Units:    *filled: rows written, also when an error is returned.
 * Lifetime: the columns are the caller's. Codes stay valid for the reader's life.
 * Errors:   TR_OK if at least one row was written, or a filter kept many out;
 *           TR_END, TR_NEED_INPUT and errors of tr_reader_next come alone, with
 *           no row, after the rows before them; TR_E_MISUSE if `rows` is 0, or a column
 *           is unknown or smaller than `rows`.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API tr_status tr_reader_fill(tr_reader *r, const tr_column *columns, size_t column_count,
                                size_t rows, size_t *filled);

/** Return how many strings the codes of this reader's columns name so far.
 * Units:    strings; codes are 0 to the result - 1.
 * Lifetime: grows with tr_reader_fill, never shrinks.
 * Errors:   none.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API uint32_t tr_reader_string_count(const tr_reader *r);

/** Give the string of a code.
 * Units:    none.
 * Lifetime: until tr_reader_free; the same code gives the same string throughout.
 * Errors:   an empty string for an unknown code.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API tr_str tr_reader_string(const tr_reader *r, int32_t code);

/** Columns of events that are kept small: some twenty bytes an event for all of them, where
 * arrays take a hundred and fifty. They are read as a whole, and given out one by one. */
typedef struct tr_columns tr_columns;

/** Create empty columns.
 * Units:    `count` columns, each named once.
 * Lifetime: given back with tr_columns_free.
 * Errors:   NULL if there is no memory, no column, or one that is unknown or named twice.
 * Threads:  one thread per object at a time.
 * Since:    0.1 */
TR_API tr_columns *tr_columns_new(const tr_column_id *ids, size_t count);

/** Take up to `max_rows` events from `r` into the columns; call it until it returns
 * something other than TR_OK, always with the same reader, whose codes they hold.
 * Mixes with tr_reader_next: each event comes out once.
 * Units:    rows; 0 means all.
 * Lifetime: nothing of `r` is kept but codes, which tr_reader_string resolves.
 * Errors:   TR_OK if there may be more events; TR_END after the last; else as
 *           tr_reader_next. What was read before an error counts.
 * Threads:  one thread per object at a time.
 * Since:    0.1 */
TR_API tr_status tr_columns_read(tr_columns *c, tr_reader *r, uint64_t max_rows);

/** Return the number of rows.
 * Units:    rows.
 * Lifetime: grows with tr_columns_read.
 * Errors:   none.
 * Threads:  any, also at the same time as tr_columns_get.
 * Since:    0.1 */
TR_API uint64_t tr_columns_row_count(const tr_columns *c);

/** Write all rows of a column.
 * Units:    items as tr_reader_fill writes them.
 * Lifetime: out->data is the caller's. The reader may be gone.
 * Errors:   TR_E_MISUSE if it is not one of these columns, or there is no room for all rows.
 * Threads:  any, also at the same time as others, but not during tr_columns_read.
 * Since:    0.1 */
TR_API tr_status tr_columns_get(const tr_columns *c, const tr_column *out);

/** Return the memory that the columns take. The reader's limit and account do not
 * include it.
 * Units:    bytes.
 * Lifetime: grows with tr_columns_read.
 * Errors:   none.
 * Threads:  any, also at the same time as tr_columns_get.
 * Since:    0.1 */
TR_API uint64_t tr_columns_memory(const tr_columns *c);

/** Free the columns.
 * Units:    none.
 * Lifetime: NULL is allowed and does nothing.
 * Errors:   none.
 * Threads:  one thread per object at a time.
 * Since:    0.1 */
TR_API void tr_columns_free(tr_columns *c);

#ifdef __cplusplus
}
#endif

#endif
