/* Readers: from bytes to events, and from bytes to wire records. */
#ifndef TRACEREADER_READER_H
#define TRACEREADER_READER_H

#include "event.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Reads one trace, event by event, in the order of the reference reader.
 *
 * However it is opened, the trace may be compressed in a format that tr_compressions
 * lists: its first bytes tell. It is then a stream, decompressed as it is read: it cannot
 * be read again, so that the events of one generation are held (TR_OPT_SPILL_BYTES). All
 * offsets are those of the decompressed trace. Members that follow each other, as from
 * "cat a.gz b.gz", are one trace; zeros after them are ignored. Errors of compressed data
 * come after all events before it: TR_E_TRUNCATED if it ends in the middle, TR_E_CORRUPT if
 * it is damaged or followed by something else, TR_E_LIMIT if decompressing it takes more
 * than TR_OPT_MAX_MEMORY_BYTES leaves, or without it 128 MiB, TR_E_VERSION at the open if
 * this build does not read it. The message names the format. Where the decompressed trace
 * is found to be broken, the rest is decompressed before that is reported, as it may follow
 * from damage that shows only after it: then the damage is the error. */
typedef struct tr_reader tr_reader;

/** Options of a reader, set between tr_reader_new and the open. Numbers are
 * never reused. A limit TR_OPT_MAX_* of 0 allows nothing, except TR_OPT_MAX_MEMORY_BYTES,
 * where 0 means no limit. A reader whose open failed cannot be opened again. */
typedef enum tr_option {
    /** Threads that may work on one trace, the caller's included. Default 1. With more,
     * others make events ahead (of memory and files) or, of what a filter lets few out of,
     * decode ahead; it helps where processors are free. What is given out
     * and when an error comes never depends on it, with two exceptions: when the limit of
     * TR_OPT_MAX_MEMORY_BYTES is reached, and which number a code has (tr_reader_string,
     * dictionaries of tables), though not what it means. Of a file that is still being
     * written, one thread may read more: the others begin at the open.
     * A forked child has none of these threads. In it, call no function on this reader, its
     * streams or its tables, not even tr_reader_free: it would hang. */
    TR_OPT_THREADS = 1,
    /** Bytes of memory that a reader may hold. Default 0: no limit. Other threads take their
     * share of it, so that with them it may be reached an eighth earlier; below 8 MiB no
     * other thread works, below 32 MiB none decodes. */
    TR_OPT_MAX_MEMORY_BYTES = 2,
    /** Bytes of one generation in the trace. Default 4 GiB. A trace before Go 1.22 is one. */
    TR_OPT_MAX_GENERATION_BYTES = 3,
    /** Bytes of one generation's strings, stacks and samples in the trace. Default 1 GiB. */
    TR_OPT_MAX_TABLE_BYTES = 4,
    /** Threads that have batches in one generation; before Go 1.22 procs. Default 2^15: more
     * than three times as many as Go lets a program have unless it asks for more. */
    TR_OPT_MAX_THREADS = 5,
    /** Goroutines alive at once; before Go 1.22 all those in the trace. Default 2^26. */
    TR_OPT_MAX_GOROUTINES = 6,
    /** Stacks in one generation. Default 2^26. */
    TR_OPT_MAX_STACKS = 7,
    /** Bytes of one generation's events that are held in memory if the trace cannot be
     * read again: a pipe, a callback, pushed bytes, anything compressed. What exceeds it
     * goes into a temporary file in the folder that the environment's TMPDIR names, else
     * /tmp; it has no name and is gone when the generation's events are. The result is the
     * same; if the file fails, that is TR_E_IO, also when salvaging. Default 0: all are held
     * in memory, as those before Go 1.22 always are. */
    TR_OPT_SPILL_BYTES = 8,
    /** 1: give what a broken or cut trace holds, see tr_reader_salvage; 0, the default:
     * stop where something is wrong, as Go's reader does. A whole trace gives the same
     * either way. */
    TR_OPT_SALVAGE = 9
} tr_option;

/** Fills `buf` with up to `size` bytes of the trace, as read(2) does.
 * Return the number of bytes, fewer than `size` rather than wait for more; 0 at the
 * end; a negative errno value on an error, which is final, be it -EAGAIN or -EINTR. More
 * than `size` is TR_E_IO with EINVAL. */
typedef int64_t (*tr_read_fn)(void *user, void *buf, size_t size);

/** Told how far a reader is. `done_bytes` grows from 0 to the size of the trace as
 * events come out; `total_bytes` is as tr_reader_size says. For a compressed trace both
 * count compressed bytes: `total_bytes` is as tr_reader_compressed_size says, `done_bytes`
 * about what the events so far take of it, and exact at the end. Return 0 to go on,
 * anything else to stop. Of the reader's functions it may call tr_reader_memory only. */
typedef int (*tr_progress_fn)(void *user, uint64_t done_bytes, uint64_t total_bytes);

/** Create a reader with malloc and free.
 * Units:    none.
 * Lifetime: given back with tr_reader_free.
 * Errors:   NULL if there is no memory.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API tr_reader *tr_reader_new(void);

/** Create a reader that takes all its memory from `allocator`.
 * Units:    none.
 * Lifetime: given back with tr_reader_free. The struct is copied; what its
 *           `user` points to must outlive the reader and its tables.
 * Errors:   NULL if there is no memory or `allocator` or a function in it is NULL.
 * Threads:  one thread per reader at a time; readers are independent. With
 *           TR_OPT_THREADS above 1, and for tables that are kept, the allocator is
 *           called from other threads too.
 * Since:    0.1 */
TR_API tr_reader *tr_reader_new_with(const tr_allocator *allocator);

/** Free a reader and close what it opened. Tables that are referenced stay.
 * Units:    none.
 * Lifetime: ends that of its last event. NULL is allowed and does nothing.
 * Errors:   none.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API void tr_reader_free(tr_reader *r);

/** Set an option. Options are set before the open.
 * Units:    as each option says.
 * Lifetime: applies to this reader.
 * Errors:   TR_E_MISUSE if the option is unknown, the value is out of its range
 *           or the reader is open already.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API tr_status tr_reader_set_u64(tr_reader *r, tr_option option, uint64_t value);

/** Have a function called now and then while the reader works: at least once a
 * generation, about once for each MiB of the trace whose events have come out, as often
 * while a generation is being read in and the reader waits for it (`done_bytes` does not
 * grow meanwhile), and at the end. Not while the reader waits for bytes.
 * Units:    bytes of the trace; for a compressed one, compressed bytes.
 * Lifetime: may be set before the open and at any time between two calls; NULL ends it.
 *           `user` must be valid until then.
 * Errors:   TR_E_MISUSE if r is NULL. A result of `fn` other than 0 makes the call that
 *           it was called from, and all later ones, return TR_E_CANCELED.
 * Threads:  `fn` runs on the thread that calls the reader, within tr_reader_next and
 *           the functions that do the same for many events.
 * Since:    0.1 */
TR_API tr_status tr_reader_set_progress(tr_reader *r, tr_progress_fn fn, void *user);

/** Any thread or goroutine, in a filter. */
#define TR_ANY INT64_MIN

/** The events that a reader gives: those that meet all of these conditions. Begin with
 * TR_FILTER_ALL and set those that you want. */
typedef struct tr_filter {
    size_t size;        /**< of this struct; TR_FILTER_ALL sets it */
    uint32_t kinds;     /**< of a kind whose bit 1 << tr_kind is set here */
    uint32_t to_states; /**< transitions: into a state whose bit 1 << tr_state is set here */
    int64_t thread;     /**< on this thread; TR_NONE: on none; TR_ANY: on any or none */
    int64_t goroutine;  /**< during which this goroutine ran, or that change its state; TR_NONE
                         * and TR_ANY as for `thread` */
    int64_t start_ns;   /**< at or after this time */
    int64_t end_ns;     /**< before this time; INT64_MAX: no end */
} tr_filter;

/** A filter that lets all events through, to initialize one. */
#define TR_FILTER_ALL                                                                   \
    {                                                                                   \
        sizeof(tr_filter), UINT32_MAX, UINT32_MAX, TR_ANY, TR_ANY, INT64_MIN, INT64_MAX \
    }

/** Have a reader give only some of the events, in every way of reading. All of the
 * trace is still read and checked: each event, and an error at the end, is what it is
 * without a filter. Filters are set before the open.
 * Units:    nanoseconds on the trace's clock.
 * Lifetime: *filter is copied; NULL removes the one that was set. Where Sync events are
 *           kept out, strings and stacks live until an event of another generation,
 *           or a status other than TR_OK, is returned.
 * Errors:   TR_E_MISUSE if the reader is open already, or filter->size is wrong.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API tr_status tr_reader_set_filter(tr_reader *r, const tr_filter *filter);

/** What is known of an address in a program. */
typedef struct tr_symbol {
    tr_str function; /**< its name, "" if it is not known */
    tr_str file;     /**< its source file, "" if it is not known */
    uint64_t line;   /**< the line in that file, 0 if it is not known */
} tr_symbol;

/** Find out what is at an address of the traced program, and fill *out, which is empty
 * at the call. Return 1 if it was found, 0 if not. What *out points to must stay until the next
 * call, or the end of the one that opens or reads; it is copied. */
typedef int (*tr_symbolize_fn)(void *user, uint64_t address, tr_symbol *out);

/** Have addresses resolved by a function. Traces of Go 1.5 and 1.6 hold the addresses of
 * stack frames only; without such a function, and where it finds nothing, a frame's function
 * is its PC, as "0x4a1b2c". The address passed to it lies inside the call instruction: one
 * less than a return address. Each is passed once, when the trace is read in; other traces
 * need none. It is set before the open.
 * Units:    addresses as the program was linked.
 * Lifetime: `user` must be valid until tr_reader_free; NULL for `fn` removes the one that
 *           was set.
 * Errors:   TR_E_MISUSE if the reader is open already.
 * Threads:  with TR_OPT_THREADS above 1 `fn` may run on another thread, one call at a time.
 * Since:    0.1 */
TR_API tr_status tr_reader_set_symbolizer(tr_reader *r, tr_symbolize_fn fn, void *user);

/** Open the file at `path`. A regular file is read in small windows, twice,
 * so that memory does not grow with it; anything else, and a file that is compressed, is
 * read as a stream. A trace before Go 1.22 is read into memory as a whole, whatever it
 * comes from.
 * Nothing but the header is read yet.
 * Units:    none.
 * Lifetime: the path is not kept; the file is closed by tr_reader_free.
 * Errors:   TR_E_IO, TR_E_FORMAT, TR_E_VERSION, TR_E_TRUNCATED, TR_E_LIMIT, TR_E_NOMEM; for
 *           a compressed trace also TR_E_CORRUPT and TR_E_CANCELED; TR_E_MISUSE if the
 *           reader is open already.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API tr_status tr_reader_open_path(tr_reader *r, const char *path);

/** Open a file descriptor: a file, from its current offset, a pipe or a socket.
 * A pipe is read as a live stream: a generation's events come out once its end
 * is known. A file's offset stays where it is. One that does not block and has no data
 * is TR_E_IO with EAGAIN, which is final: such input is pushed, with tr_reader_feed.
 * Units:    offsets count from where the descriptor stood.
 * Lifetime: the descriptor is borrowed, must stay open until tr_reader_free and
 *           is not closed.
 * Errors:   as tr_reader_open_path.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API tr_status tr_reader_open_fd(tr_reader *r, int fd);

/** Open a trace that lies in memory. Nothing is copied.
 * Units:    size in bytes.
 * Lifetime: `data` is borrowed and must not change until tr_reader_free.
 * Errors:   as tr_reader_open_path, except TR_E_IO.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API tr_status tr_reader_open_memory(tr_reader *r, const void *data, size_t size);

/** Open a trace whose bytes a function delivers.
 * Units:    none.
 * Lifetime: `fn` is called from within tr_reader_open_callback, tr_reader_next and the
 *           functions that do the same for many events; `user` must be valid until
 *           tr_reader_free.
 * Errors:   as tr_reader_open_path; a negative result of `fn` becomes TR_E_IO
 *           with that errno.
 * Threads:  `fn` runs on the thread that calls.
 * Since:    0.1 */
TR_API tr_status tr_reader_open_callback(tr_reader *r, tr_read_fn fn, void *user);

/** Push bytes of a trace. The first call opens the reader. Then call
 * tr_reader_next until it returns TR_NEED_INPUT, which comes only between
 * generations, and feed more. What is wrong with the trace tr_reader_next tells; bytes that
 * are pushed after that are taken, and not looked at.
 * Units:    size in bytes; any size, 0 too.
 * Lifetime: the bytes are copied.
 * Errors:   TR_E_NOMEM, TR_E_LIMIT; TR_E_MISUSE if the reader was opened
 *           another way or tr_reader_feed_end was called.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API tr_status tr_reader_feed(tr_reader *r, const void *data, size_t size);

/** Say that all bytes have been pushed. Without any feed before, the trace is empty.
 * Units:    none.
 * Lifetime: none.
 * Errors:   TR_E_MISUSE if the reader was opened another way.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API tr_status tr_reader_feed_end(tr_reader *r);

/** Give the next event in trace order.
 * Units:    time_ns: nanoseconds, trace clock, not wall time.
 * Lifetime: *out is lent until the next call on r; its strings and stacks until
 *           the next Sync event is returned (see tr_tables_ref to keep them).
 * Errors:   TR_END after the last event; TR_NEED_INPUT if pushed bytes ran out;
 *           TR_E_CORRUPT, TR_E_TRUNCATED, TR_E_ORDER, TR_E_LIMIT, TR_E_IO,
 *           TR_E_NOMEM, TR_E_CANCELED; TR_E_FORMAT for a pushed trace, TR_E_VERSION for one
 *           that is pushed or compressed; TR_E_MISUSE if the reader is not open. An error
 *           comes after all events before it and is then returned by every later call.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API tr_status tr_reader_next(tr_reader *r, const tr_event **out);

/** Give the first error of a reader, with the place where it happened. There is none until
 * all events before the error have been given; after the last of them it may be told before
 * the call that returns it.
 * Units:    offset in bytes from the trace's start.
 * Lifetime: lent until tr_reader_free; changes with the next call.
 * Errors:   never NULL; code is TR_OK if no error happened. For r NULL, a
 *           static error that says there is no memory.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API const tr_error *tr_reader_error(const tr_reader *r);

/** Return the version in the trace's header: 26 for "go 1.26". Go 1.24 writes
 * 23. 0 until the header is read.
 * Units:    the minor version of Go 1.
 * Lifetime: none.
 * Errors:   none.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API unsigned tr_reader_version(const tr_reader *r);

/** Return how many bytes of the trace have been read in so far, for progress.
 * After TR_END that is the trace's size, unless it ended in damage that Go's reader takes
 * for the end. Of a trace that is cut, without TR_OPT_SALVAGE, the batch in which it ends does
 * not count.
 * Units:    bytes, decompressed.
 * Lifetime: none.
 * Errors:   none.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API uint64_t tr_reader_bytes_read(const tr_reader *r);

/** Return the size of the trace if it is known before reading: for memory and
 * regular files that are not compressed.
 * Units:    bytes; UINT64_MAX if it is not known.
 * Lifetime: none.
 * Errors:   none.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API uint64_t tr_reader_size(const tr_reader *r);

/** Return what the trace is compressed with. The first bytes tell, whatever the file is
 * called; it is known after the open, for a pushed trace after the first event.
 * Units:    none; a name that tr_compressions lists, NULL if it is not compressed.
 * Lifetime: static, never freed.
 * Errors:   none.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API const char *tr_reader_compression(const tr_reader *r);

/** Return the compressed size of a compressed trace if it is known before reading: for
 * memory and regular files.
 * Units:    bytes; UINT64_MAX if it is not known, or the trace is not compressed.
 * Lifetime: none.
 * Errors:   none.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API uint64_t tr_reader_compressed_size(const tr_reader *r);

/** Return the number of generations whose events have begun to come out, those that a filter
 * keeps back too.
 * Units:    generations.
 * Lifetime: none.
 * Errors:   none.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API uint64_t tr_reader_generation_count(const tr_reader *r);

/** What a reader holds in memory. */
typedef struct tr_memory_use {
    uint64_t total_bytes;   /**< all of it now */
    uint64_t peak_bytes;    /**< the most it ever was */
    uint64_t table_bytes;   /**< the strings, stacks, samples and batch list of this generation */
    uint64_t state_bytes;   /**< live goroutines, procs, threads and tasks */
    uint64_t event_bytes;   /**< this generation's events, if they cannot be read again; if
                                 they can, small batches only, at most 4 MiB of them */
    uint64_t spilled_bytes; /**< those of them that are in a temporary file, not in memory */
} tr_memory_use;

/** Tell how much memory a reader holds. With TR_OPT_THREADS all but the first two are as of
 * the time when the block was made that events now come from.
 * Units:    bytes.
 * Lifetime: *out is the caller's.
 * Errors:   none; a NULL `out` is ignored.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API void tr_reader_memory(const tr_reader *r, tr_memory_use *out);

/** What a reader with TR_OPT_SALVAGE gave of a trace, and what is lost of it. */
typedef struct tr_salvage {
    uint64_t events;             /**< that came out, of every kind */
    uint64_t lost_bytes;         /**< of the trace, that belong to no event and no table */
    uint64_t lost_generations;   /**< numbers left out between generations, behind damage */
    uint64_t unresolved_strings; /**< references in events to strings that are not there */
    uint64_t unresolved_stacks;  /**< the same for stacks */
    uint64_t relaxed;            /**< records ordered although a rule was broken, or late;
                                  * some make no event */
    uint64_t raw_time;           /**< events whose time is in ticks */
} tr_salvage;

/** Tell what a reader with TR_OPT_SALVAGE has found so far.
 *
 * Such a reader gives what a broken trace holds. All records of a whole batch become
 * events, and so do the whole records of a batch that is cut. What cannot be known is left
 * empty, and an event that is not as it should be has a flag: TR_EV_UNRESOLVED if a
 * string or stack is missing, TR_EV_RAW_TIME if its time is in ticks, as no generation
 * says how long one is, TR_EV_RELAXED if it contradicts what came before, what it follows
 * from was lost, or it comes out late. Such an event sets the states as it says; where the
 * previous state is not known, that is Undetermined. Bytes that make no sense are skipped, up to the next
 * batch that does. After all events comes the error at which a reader without the option
 * stops; in traces of Go 1.22 to 1.25 it may be a different one, if that error only follows
 * from what such a reader does not read.
 * Units:    events, bytes, generations; those that a filter keeps out count too, except in
 *           `events`.
 * Lifetime: *out is the caller's. The numbers are those of the events so far, up to
 *           about a thousand ahead; all are final once the end or an error was returned.
 * Errors:   none; a NULL `out` is ignored. Without TR_OPT_SALVAGE all numbers but `events`
 *           are 0.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API void tr_reader_salvage(const tr_reader *r, tr_salvage *out);

/** A batch of an experiment's own data, as the trace has it. */
typedef struct tr_experimental_batch {
    tr_str experiment; /**< its name, such as "AllocFree"; "" if it is not known */
    int64_t thread;    /**< the thread that wrote it */
    tr_str data;       /**< its bytes */
    uint32_t number;   /**< the experiment's number in the trace */
    uint64_t offset;   /**< byte offset of the batch in the trace */
} tr_experimental_batch;

/** Give the i-th experimental batch of the last Sync event, in the order of the file.
 * Units:    i from 0 to batch_count - 1 of that Sync event.
 * Lifetime: *out is the caller's; what it points to is lent until the next Sync
 *           event or the next call of this function.
 * Errors:   TR_E_MISUSE if there is no such batch; TR_E_IO, TR_E_TRUNCATED, TR_E_NOMEM,
 *           TR_E_LIMIT: then no more events come, and the reader ends with that error.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API tr_status tr_reader_experimental_batch(tr_reader *r, uint32_t i, tr_experimental_batch *out);

/** Reads one trace record by record, as it lies in the file. */
typedef struct tr_wire tr_wire;

/** A record of the wire format. */
typedef struct tr_wire_record {
    int type;         /**< its number in the format */
    const char *name; /**< such as "GoStart"; "" for a number without a name */
    uint64_t offset;  /**< byte offset in the trace */
    uint32_t arg_count;
    const char *const *arg_names; /**< arg_count names */
    const uint64_t *args;         /**< arg_count values */
    uint64_t frame_count;         /**< frames of a Stack record */
    const uint64_t *frames;       /**< 4 values each: pc, func, file, line (Go 1.5 and 1.6
                                     * write the pc only: the others are 0) */
    const uint8_t *data;          /**< of a String or ExperimentalBatch record, or a UserLog
                                     * before Go 1.22, else NULL */
    uint64_t data_len;
} tr_wire_record;

/** Create a reader of wire records.
 * Units:    none.
 * Lifetime: given back with tr_wire_free.
 * Errors:   NULL if there is no memory.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API tr_wire *tr_wire_new(void);

/** Create a reader of wire records that takes its memory from `allocator`.
 * Units:    none.
 * Lifetime: as tr_reader_new_with.
 * Errors:   NULL if there is no memory or `allocator` or a function in it is NULL.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API tr_wire *tr_wire_new_with(const tr_allocator *allocator);

/** Open the file at `path`.
 * Units:    none.
 * Lifetime: the path is not kept; the file is closed by tr_wire_free.
 * Errors:   as tr_reader_open_path.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API tr_status tr_wire_open_path(tr_wire *w, const char *path);

/** Open a file descriptor.
 * Units:    none.
 * Lifetime: as tr_reader_open_fd.
 * Errors:   as tr_reader_open_path.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API tr_status tr_wire_open_fd(tr_wire *w, int fd);

/** Open a trace that lies in memory.
 * Units:    size in bytes.
 * Lifetime: as tr_reader_open_memory.
 * Errors:   as tr_reader_open_memory.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API tr_status tr_wire_open_memory(tr_wire *w, const void *data, size_t size);

/** Open a trace whose bytes a function delivers.
 * Units:    none.
 * Lifetime: `fn` is called from within tr_wire_open_callback and tr_wire_next; `user`
 *           must be valid until tr_wire_free.
 * Errors:   as tr_reader_open_callback.
 * Threads:  `fn` runs on the thread that calls.
 * Since:    0.1 */
TR_API tr_status tr_wire_open_callback(tr_wire *w, tr_read_fn fn, void *user);

/** Give the next record, in the order of the file.
 * Units:    none.
 * Lifetime: *out and all it points to are lent until the next call on w.
 * Errors:   TR_END after the last; TR_E_CORRUPT, TR_E_TRUNCATED, TR_E_IO,
 *           TR_E_NOMEM; for a compressed trace also TR_E_VERSION and TR_E_LIMIT; TR_E_MISUSE
 *           if w is not open.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API tr_status tr_wire_next(tr_wire *w, const tr_wire_record **out);

/** Write a record as the reference prints it (`go tool trace -d=wire`), without
 * a line feed at its end.
 * Units:    as tr_event_text.
 * Lifetime: nothing is kept.
 * Errors:   none; the text of NULL is empty.
 * Threads:  any, while nobody advances the record's reader.
 * Since:    0.1 */
TR_API size_t tr_wire_text(const tr_wire_record *record, char *buf, size_t size);

/** Give the first error of a reader of wire records.
 * Units:    as tr_reader_error.
 * Lifetime: as tr_reader_error.
 * Errors:   never NULL.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API const tr_error *tr_wire_error(const tr_wire *w);

/** Return the version in the trace's header, as tr_reader_version.
 * Units:    the minor version of Go 1.
 * Lifetime: none.
 * Errors:   none.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API unsigned tr_wire_version(const tr_wire *w);

/** Return what the trace is compressed with, as tr_reader_compression.
 * Units:    none.
 * Lifetime: static, never freed.
 * Errors:   none.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API const char *tr_wire_compression(const tr_wire *w);

/** Free a reader of wire records and close what it opened.
 * Units:    none.
 * Lifetime: ends that of its last record. NULL is allowed and does nothing.
 * Errors:   none.
 * Threads:  one thread per reader at a time; readers are independent.
 * Since:    0.1 */
TR_API void tr_wire_free(tr_wire *w);

#ifdef __cplusplus
}
#endif

#endif
