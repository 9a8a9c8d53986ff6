/* Tables: what a trace holds, as columns, in batches of bounded size.
 *
 * Every table has a name and a fixed schema (docs/TABLES.md lists them all), and comes as a
 * stream of Arrow's C interface, which dataframe libraries and databases take as it is. */
#ifndef TRACEREADER_TABLE_H
#define TRACEREADER_TABLE_H

#include "arrow.h"
#include "reader.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The type of a table's column, and its format in Arrow's C data interface. */
typedef enum tr_table_type {
    TR_TABLE_BOOL = 1,   /**< "b" */
    TR_TABLE_INT64 = 2,  /**< "l" */
    TR_TABLE_UINT64 = 3, /**< "L" */
    TR_TABLE_DOUBLE = 4, /**< "g" */
    /** "l", nanoseconds on the trace's clock; with the option `wall` "tsn:UTC", nanoseconds
     * since 1970-01-01 UTC. */
    TR_TABLE_TIME = 5,
    /** "i" with a dictionary of "u": one of few names. The dictionary of a column only grows
     * from batch to batch, a code means the same in all of them, and while nothing is
     * added the dictionary's buffers stay the same. */
    TR_TABLE_NAME = 6,
    /** "l", an id of the table strings; with the option `resolve` "u", its text. */
    TR_TABLE_STRING = 7,
    TR_TABLE_TEXT = 8 /**< "u" */
} tr_table_type;

/** A column of a table. Strings that are not UTF-8 have U+FFFD in place of what is not. */
typedef struct tr_table_column {
    const char *name;
    tr_table_type type;
    int nullable;    /**< 1 if there may be rows without a value */
    const char *doc; /**< what it is, one line */
} tr_table_column;

/** How a table is wanted. Begin with TR_TABLE_DEFAULTS. */
typedef struct tr_table_options {
    size_t size;                /**< of this struct; TR_TABLE_DEFAULTS sets it */
    const char *const *columns; /**< names of the columns wanted, in that order; NULL: all */
    size_t column_count;        /**< of `columns`, not 0 if there are any */
    uint64_t batch_rows;        /**< the most rows in a batch; 0: 65536 */
    uint64_t batch_bytes;       /**< about the most bytes in a batch; 0: as the rows need */
    int resolve;                /**< 1: texts in place of ids of strings */
    int wall;                   /**< 1: times are wall time, of traces since Go 1.25 */
    int64_t goroutine;          /**< tables of blocking: only of this goroutine; TR_ANY: of all.
                                 * The reader's filter must let all goroutines through */
} tr_table_options;

/** Options for all columns, to initialize them. */
#define TR_TABLE_DEFAULTS                                     \
    {                                                         \
        sizeof(tr_table_options), NULL, 0, 0, 0, 0, 0, TR_ANY \
    }

/** Return the name of the i-th table, such as "events", in the order of docs/TABLES.md.
 * Units:    i from 0.
 * Lifetime: static, never freed.
 * Errors:   NULL past the last.
 * Threads:  any.
 * Since:    0.1 */
TR_API const char *tr_table_name(size_t i);

/** Give the columns of a table, in their order.
 * Units:    *count in columns; `count` may be NULL.
 * Lifetime: static, never freed.
 * Errors:   NULL, and *count 0, for an unknown table.
 * Threads:  any.
 * Since:    0.1 */
TR_API const tr_table_column *tr_table_columns(const char *table, size_t *count);

/** Take from a filter the kinds of events that a table does not need, so that the reader
 * need not make them. The table is the same without this, but takes longer. The filter's
 * other members may restrict a table too: it is then made of the events that pass.
 * Units:    none.
 * Lifetime: nothing is kept; set the filter with tr_reader_set_filter, before the open.
 * Errors:   TR_E_MISUSE for an unknown table, or if filter->size is wrong.
 * Threads:  any.
 * Since:    0.1 */
TR_API tr_status tr_table_narrow(const char *table, tr_filter *filter);

/** Give the schema of a table with some options, as an Arrow struct of its columns: the
 * same that its stream has.
 * Units:    none.
 * Lifetime: *out is the caller's, who calls its release.
 * Errors:   TR_E_MISUSE for an unknown table, a column that is unknown or named twice, no
 *           column (`columns` and a count of 0), a goroutine for a table that is not one of
 *           blocking, or if options->size is wrong; TR_E_NOMEM. *out is not touched then.
 * Threads:  any.
 * Since:    0.1 */
TR_API tr_status tr_table_schema(const char *table, const tr_table_options *options,
                                 struct ArrowSchema *out);

/** Make a stream of a table's rows from a reader that has given no event yet. It may be opened,
 * or fed for the first time, later: get_next waits for that as for more bytes. Neither this
 * function nor get_schema reads anything; get_next reads what the next batch needs, and never
 * gives an empty one. Memory is that of the reader, of one batch, and of what is alive at once.
 *
 * get_next returns 0, with out->release NULL after the last batch, or an errno value:
 * ENOMEM; for a failed read EIO or what the system said; ECANCELED if the progress function
 * stopped it; EAGAIN if pushed bytes ran out, or the reader is not open: feed it and call
 * again; EOVERFLOW for a limit that was reached; EBADMSG for a broken trace; ENOTSUP if a
 * table with times, even one without rows, is to have wall time and the trace's first generation
 * tells none; EINVAL for misuse. get_last_error then says why, with byte offset and generation. As with
 * tr_reader_next an error comes after all rows of the events before it, and is then returned
 * by every later call; EAGAIN only until there is more.
 * Units:    none.
 * Lifetime: `r` belongs to the stream, whose release frees it; until then the caller may
 *           call what does not advance it, such as tr_reader_error. *out is the caller's, who
 *           calls its release, and so is each batch, which may outlive stream and reader.
 *           `options` may be NULL, and is not kept.
 * Errors:   as tr_table_schema, and TR_E_MISUSE if r is NULL or has given events: then `r`
 *           stays the caller's.
 * Threads:  one thread per stream at a time, any one; batches may be released by any.
 * Since:    0.1 */
TR_API tr_status tr_table_stream(const char *table, tr_reader *r, const tr_table_options *options,
                                 struct ArrowArrayStream *out);

#ifdef __cplusplus
}
#endif

#endif
