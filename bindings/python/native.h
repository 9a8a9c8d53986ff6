/* What the parts of the extension module share: the handles, the Python objects
 * that the hand-written package registers, and the functions that SWIG wraps.
 *
 * Rules here:
 *  - Only Python's limited API of 3.11, so that one build serves every later Python.
 *  - A reader is touched by one thread at a time: trpy_cursor_claim says whether this
 *    one may. Between claim and release the interpreter lock may be given up.
 *  - Whatever a reader lends (events, strings, tables) is copied or counted before
 *    the interpreter lock is given up again. */
#ifndef TRACEREADER_PYTHON_NATIVE_H
#define TRACEREADER_PYTHON_NATIVE_H

/* Free-threaded builds of Python have no limited API yet. */
#if !defined(Py_LIMITED_API) && !defined(Py_GIL_DISABLED)
#define Py_LIMITED_API 0x030b0000
#endif
#ifndef PY_SSIZE_T_CLEAN
#define PY_SSIZE_T_CLEAN
#endif
#include <Python.h>

#include <tracereader.h>

/* --- hooks.c: objects of the hand-written package ------------------------- */

#define TRPY_STATE_COUNT (TR_PROC_IDLE + 1)
#define TRPY_RESOURCE_COUNT (TR_RESOURCE_THREAD + 1)

/* Strong references, set once, by trpy_register. */
struct trpy_hooks {
    PyObject *kinds[TR_KIND_COUNT];           /* members of Kind, by tr_kind */
    PyObject *states[TRPY_STATE_COUNT];       /* members of State, by tr_state; gaps NULL */
    PyObject *resources[TRPY_RESOURCE_COUNT]; /* members of Resource, by tr_resource */
    PyObject *scopes[TRPY_RESOURCE_COUNT];    /* members of Scope, by tr_resource */
    PyObject *frame;                          /* (function, file, line, pc) */
    PyObject *stack;                          /* (tuple of frames) */
    PyObject *attr;                           /* (name, value) */
    PyObject *clock;                          /* (trace_ns, mono_ns, wall_ns) */
    PyObject *batch;                          /* (experiment, thread, data) */
    PyObject *repr;                           /* (event) -> str */
    PyObject *restore; /* (fields, text) -> event, found by pickle under its name */
    PyObject *error;   /* TraceError */
    PyObject *fail;    /* raises what a status and its error object say */
};
extern struct trpy_hooks trpy_hooks;

/* Takes the hooks from a dict that has exactly their names as keys. */
PyObject *trpy_register(PyObject *hooks);
/* Sees that they are there: imports who registers them. 0, or -1 with an exception. */
int trpy_hooks_ready(void);

/* Bytes of a trace as text; what is not UTF-8 becomes U+FFFD. */
PyObject *trpy_text(tr_str s);

/* --- cursor.c: a reader, where its bytes come from, and who may touch it --- */

/* A Python object, which the garbage collector looks into: what it reads may hold it. */
typedef struct trpy_cursor {
    PyObject ob_base;
    tr_reader *reader;             /* NULL once closed */
    struct ArrowArrayStream table; /* owns the reader; `release` is NULL if it is not a table's */
    int busy;                      /* a thread is inside the reader, or has claimed it */
    int close_asked;               /* closed while busy: that thread closes it */
    PyThreadState *thread;         /* of the thread inside, while it has given up the lock */
    PyObject *filename;            /* for errors of the system, or None */
    int fd;                        /* regular file: its own descriptor, else -1 */
    Py_buffer view;                /* memory: what is read; view.obj is NULL if there is none */
    PyObject *read;                /* callback: read(offset, size) -> bytes, else NULL */
    PyObject *find_damage;         /* callback that decompresses: see below, else NULL */
    uint64_t offset;               /* callback: where it goes on */
    int opening;                   /* callback: only the header is wanted */
    struct symbols *symbols;       /* of the program's executable, NULL: there is none */
    PyObject *failure;             /* what was raised while the library worked */
    int failed_read;               /* reading raised it, and it is no MemoryError, Ctrl-C, ... */
    unsigned forks;                /* trpy_forks when it was opened */
    uint64_t done_bytes;           /* of the trace whose events have come out, a while ago */
} trpy_cursor;

/* Takes a filter of Python's: None, or (kinds, thread, goroutine, start, end, to_states) as
 * in tr_filter; 0, or -1 with an exception. */
int trpy_filter(PyObject *filter, tr_filter *out);

/* Each gives a cursor, or NULL with an exception. options: pairs of an option's
 * number and its value; bytes, the path of the program's executable. A descriptor is that
 * of a regular file, and is duplicated. find_damage: None, or, where read() decompresses, what
 * raises damage to the compressed data that may be why a trace seems to be broken. */
PyObject *trpy_open_fd(int fd, PyObject *filename, PyObject *options, PyObject *filter);
PyObject *trpy_open_memory(PyObject *buffer, PyObject *options, PyObject *filter);
PyObject *trpy_open_callback(PyObject *read, PyObject *find_damage, PyObject *filename,
                             PyObject *options, PyObject *filter);

void trpy_close(trpy_cursor *cursor);
unsigned trpy_version(trpy_cursor *cursor);
const char *trpy_compression(trpy_cursor *cursor);
uint64_t trpy_size(trpy_cursor *cursor);
/* What progress is of: the size, of a compressed trace the compressed one. */
uint64_t trpy_total(trpy_cursor *cursor);
/* How far it has come, as progress. */
uint64_t trpy_bytes_read(trpy_cursor *cursor);
uint64_t trpy_done_bytes(trpy_cursor *cursor);

/* How many forks there were down to this process: it tells the process from those that it comes
 * from, and costs less to ask than its number. */
extern unsigned trpy_forks;
/* Once, before the first cursor; 0, or -1 with an exception. */
int trpy_cursor_ready(void);
/* An object as the cursor that it is; NULL with an exception: it is none. */
trpy_cursor *trpy_cursor_of(PyObject *obj);
/* 0, or -1 with an exception: the cursor is of a process that this one was forked from. */
int trpy_cursor_is_ours(const trpy_cursor *cursor);

/* 0, or -1 with an exception: closed, or in use by another thread. */
int trpy_cursor_claim(trpy_cursor *cursor);

/* Ends a claim. Returns 0 if `status` is TR_OK or TR_END and nothing else went
 * wrong meanwhile, else -1 with an exception. */
int trpy_cursor_release(trpy_cursor *cursor, tr_status status);

/* The same for one step of many: True, False at the end, NULL with an exception. */
PyObject *trpy_step_result(trpy_cursor *cursor, tr_status status);

/* Raises the error of a reader that nobody is inside, if it is this one: -1, else 0. It is not
 * claimed: it may go on, or be closed, as soon as Python's own code runs. */
int trpy_cursor_raise(trpy_cursor *cursor, tr_status status);

/* Around calls of the library between claim and release. */
#define TRPY_UNLOCK(cursor) ((cursor)->thread = PyEval_SaveThread())
#define TRPY_LOCK(cursor) PyEval_RestoreThread((cursor)->thread)

/* --- event_object.c, generation.c, event_iter.c: events -------------------- */

/* A generation's tables as its events share them: counted, under the interpreter
 * lock, so that an event costs one addition and no call of the library. */
typedef struct trpy_generation trpy_generation;

/* The cursor is borrowed until trpy_generation_leave: by then, who holds it still does. */
trpy_generation *trpy_generation_new(const tr_tables *tables, trpy_cursor *cursor);
/* The cursor goes on, or away; events may stay. NULL is allowed. */
void trpy_generation_leave(trpy_generation *generation);
void trpy_generation_ref(trpy_generation *generation);
void trpy_generation_unref(trpy_generation *generation);
const tr_tables *trpy_generation_tables(const trpy_generation *generation);
/* The experimental batches of the generation's Sync event: a tuple, stolen. */
void trpy_generation_set_batches(trpy_generation *generation, PyObject *batches);
PyObject *trpy_generation_batches(const trpy_generation *generation);
/* Shared str of a name that comes again and again. */
PyObject *trpy_generation_name(trpy_generation *generation, tr_str s);
/* Has the library prepare the frames of all stacks, which is done once and takes time,
 * without the interpreter lock. The caller keeps the generation alive. 0, or -1 with an
 * exception: they cannot be had. */
int trpy_generation_prepare(trpy_generation *generation, tr_stack stack);
/* None, or the Stack; the same one each time. */
PyObject *trpy_generation_stack(trpy_generation *generation, tr_stack stack);

/* Adds the types to the module; -1 with an exception. */
int trpy_event_ready(PyObject *module);
int trpy_event_iter_ready(PyObject *module);

PyObject *trpy_event_new(trpy_generation *generation, const tr_packed_event *packed);
/* An event from what its __reduce__ gave: a dict of fields and its text. */
PyObject *trpy_restore(PyObject *fields, PyObject *text);
/* An iterator of the events of a cursor. `keep` is kept alive; `tick`, if not None, is called
 * as tick(bytes, ended) now and then. */
PyObject *trpy_events(PyObject *cursor, PyObject *keep, PyObject *tick);

/* --- columns.c: columns kept small ------------------------------------------ */

#define TRPY_COLUMNS_CAPSULE "tracereader._native.columns"

/* Columns by number, all of whose rows are kept small. */
PyObject *trpy_columns_new(PyObject *numbers);
/* Takes up to `max_rows` rows; True if there may be more. */
PyObject *trpy_columns_read(tr_columns *columns, trpy_cursor *cursor, uint64_t max_rows);
/* Writes all rows of a column into a buffer. The interpreter lock is given up. */
PyObject *trpy_columns_get(tr_columns *columns, int id, PyObject *buffer);
void trpy_columns_capsule_free(PyObject *capsule);

/* The strings of codes `first` and up, as a list. */
PyObject *trpy_strings(trpy_cursor *cursor, uint32_t first);
/* Puts the names (a tuple) that codes stand for into `out`, an array of objects; where a
 * code stands for none, what is there stays. */
PyObject *trpy_name_rows(PyObject *codes, PyObject *names, PyObject *out);
/* Renumbers codes, which are less than `count`, in the order in which they come up; gives
 * the list of the old codes by their new ones. */
PyObject *trpy_renumber(PyObject *codes, uint32_t count);

/* --- tables.c: the batches of tables --------------------------------------- */

/* The columns of a table: a list of (name, tr_table_type, nullable, doc). */
PyObject *trpy_table_columns(const char *table);
/* A filter (as for trpy_open_*) with only the kinds that a table needs, as a tuple. */
PyObject *trpy_table_narrow(const char *table, PyObject *filter);
/* Makes a cursor, of which nothing was read, that of a table; nothing is read yet. columns:
 * None for all, or names; rows and bytes of a batch: 0 as by default; goroutine: the one that a
 * table of blocking is to be of, or TR_ANY. */
PyObject *trpy_table_open(trpy_cursor *cursor, const char *table, PyObject *columns, uint64_t rows,
                          uint64_t bytes, int resolve, int wall, int64_t goroutine);
/* The next batch of such a cursor: (rows, columns), each column as trpy_arrow_array takes it;
 * or None behind the last. */
PyObject *trpy_table_next(trpy_cursor *cursor);
/* Prepares the module's own types; -1 with an exception. */
int trpy_tables_ready(void);

/* --- export.c: what Python holds as Arrow's C structs ---------------------- */

#define TRPY_SCHEMA_CAPSULE "arrow_schema"
#define TRPY_ARRAY_CAPSULE "arrow_array"
#define TRPY_STREAM_CAPSULE "arrow_array_stream"

/* A struct of columns: each (name, format, nullable, format of the dictionary or None). */
PyObject *trpy_arrow_schema(PyObject *columns);
/* A struct of columns of `length` rows: each (null count, buffers, dictionary), the buffers a
 * tuple of bytes-like objects and None, the dictionary None or (length, buffers). */
PyObject *trpy_arrow_array(Py_ssize_t length, PyObject *columns);
/* A stream: schema() gives a capsule of a schema, next() one of an array, or None. What they
 * raise is told to keep(exception), if that is not None. */
PyObject *trpy_arrow_stream(PyObject *schema, PyObject *next, PyObject *keep);
/* A copy of values with `none`, the bytes of one, where the bit in `valid` is 0. */
PyObject *trpy_fill_nulls(PyObject *values, PyObject *valid, PyObject *none);
/* Codes (int32) by a map (int32) of each. */
PyObject *trpy_map_codes(PyObject *codes, PyObject *map);

/* --- items.c ---------------------------------------------------------------- */

/* A column as a list of Python's own objects, None for none: its format as Arrow has it ("i":
 * codes of `names`), its buffers a tuple of bytes-like objects and None. */
PyObject *trpy_items(Py_ssize_t rows, const char *format, PyObject *buffers, PyObject *names);
/* A function that makes a tuple of a type of tuples of its arguments, which are not counted. */
PyObject *trpy_row_maker(PyObject *type);

/* --- analyses.c ------------------------------------------------------------ */

#define TRPY_BLOCKING_CAPSULE "tracereader._native.blocking"
#define TRPY_INFO_CAPSULE "tracereader._native.info"

/* Take up to `max_events` events; True if there may be more. */
PyObject *trpy_blocking_read(tr_blocking *blocking, trpy_cursor *cursor, uint64_t max_events);
PyObject *trpy_info_read(tr_info *info, trpy_cursor *cursor, uint64_t max_events);
/* Sums up what was counted by reason: (blockings, rows), each row (reason, count, count_share,
 * total_ns, time_share, open). */
PyObject *trpy_blocking_finish(tr_blocking *blocking);
/* The numbers so far, as a dict. */
PyObject *trpy_info_get(tr_info *info);
/* What a cursor that salvages has come to, as a dict; without one all are 0. */
PyObject *trpy_salvage(trpy_cursor *cursor_or_none);
void trpy_blocking_capsule_free(PyObject *capsule);
void trpy_info_capsule_free(PyObject *capsule);

#endif
