/* Cursors: one reader each, with where its bytes come from and who may touch it.
 *
 * Invariants: `reader` is touched only between claim and release, or when nobody has
 * claimed it. A cursor closed by one thread while another is inside lives on until
 * that one comes out, which then closes it and raises. What a callback raised, or the
 * handler of a signal, is raised again in place of the error that the library makes of
 * it. A reader has threads of its own, which a fork does not copy: in another process
 * than the one that opened it, it is neither used nor freed. Whoever claims a cursor holds it,
 * so that nobody is inside one that is freed, or that the garbage collector finds. */
#include "native.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#ifdef TRPY_SYMBOLS
#include "symbols.h"
#else
#define symbols_close(symbols) ((void)(symbols))
#endif

/* A trace's header has 16 bytes; more is not asked of a source at first while opening. */
#define HEADER_BYTES 16

unsigned trpy_forks;

static PyTypeObject *cursor_type;

static void count_fork(void)
{
    trpy_forks++;
}

int trpy_cursor_is_ours(const trpy_cursor *c)
{
    if (c->forks == trpy_forks)
        return 0;
    PyErr_SetString(PyExc_ValueError, "this pass over the trace belongs to another process");
    return -1;
}

static void close_now(trpy_cursor *c)
{
    tr_reader *reader = c->reader;
    PyObject *read = c->read, *find_damage = c->find_damage, *failure = c->failure;

    c->reader = NULL;
    c->read = NULL;
    c->find_damage = NULL;
    c->failure = NULL;
    if (c->forks == trpy_forks) {
        if (c->table.release)
            c->table.release(&c->table);
        else
            tr_reader_free(reader);
        if (c->fd >= 0)
            close(c->fd);
        if (c->view.obj)
            PyBuffer_Release(&c->view);
    } /* else nobody frees it: its threads are not here, and tables that events have kept may
         still read the trace */
    c->table.release = NULL;
    c->fd = -1;
    c->view.obj = NULL;
    symbols_close(c->symbols);
    c->symbols = NULL;
    Py_XDECREF(read); /* may run Python: last, when the cursor is closed already */
    Py_XDECREF(find_damage);
    Py_XDECREF(failure);
}

static int cursor_traverse(PyObject *obj, visitproc visit, void *arg)
{
    trpy_cursor *c = (trpy_cursor *)obj;

    Py_VISIT(Py_TYPE(obj));
    Py_VISIT(c->read);
    Py_VISIT(c->find_damage);
    Py_VISIT(c->failure);
    if (c->forks == trpy_forks) /* else it is never given back */
        Py_VISIT(c->view.obj);
    return 0;
}

/* Before the collector clears anything: the buffer's owner may let go of its memory then, which
 * the reader's threads read. */
static void cursor_finalize(PyObject *obj)
{
    trpy_cursor *c = (trpy_cursor *)obj;
    PyObject *type, *value, *traceback;

    if (!c->view.obj)
        return;
    PyErr_Fetch(&type, &value, &traceback);
    close_now(c);
    PyErr_Restore(type, value, traceback);
}

static int cursor_clear(PyObject *obj)
{
    close_now((trpy_cursor *)obj);
    return 0;
}

static void cursor_dealloc(PyObject *obj)
{
    trpy_cursor *c = (trpy_cursor *)obj;
    PyTypeObject *type = Py_TYPE(obj);

    PyObject_GC_UnTrack(obj);
    close_now(c);
    Py_XDECREF(c->filename);
    PyObject_GC_Del(obj);
    Py_DECREF(type);
}

/* Python's slots hold functions as void *, which strict ISO C does not know. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
static PyType_Slot cursor_slots[] = {
    {Py_tp_dealloc, cursor_dealloc},
    {Py_tp_traverse, cursor_traverse},
    {Py_tp_finalize, cursor_finalize},
    {Py_tp_clear, cursor_clear},
    {0, NULL},
};
#pragma GCC diagnostic pop

static PyType_Spec cursor_spec = {
    .name = "tracereader._native.Cursor",
    .basicsize = sizeof(trpy_cursor),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION |
             Py_TPFLAGS_IMMUTABLETYPE,
    .slots = cursor_slots,
};

int trpy_cursor_ready(void)
{
    PyObject *type = PyType_FromSpec(&cursor_spec);

    if (!type)
        return -1;
    cursor_type = (PyTypeObject *)type;
    if (pthread_atfork(NULL, NULL, count_fork) == 0)
        return 0;
    PyErr_NoMemory();
    return -1;
}

trpy_cursor *trpy_cursor_of(PyObject *obj)
{
    if (Py_IS_TYPE(obj, cursor_type))
        return (trpy_cursor *)obj;
    PyErr_SetString(PyExc_TypeError, "expected a cursor");
    return NULL;
}

/* Keeps what is raised at the moment, for release; `reading`: by what gives the trace's bytes. */
static void keep_failure(trpy_cursor *c, int reading)
{
    PyObject *type, *value, *traceback;

    c->failed_read = reading && PyErr_ExceptionMatches(PyExc_Exception) &&
                     !PyErr_ExceptionMatches(PyExc_MemoryError);
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (value && traceback)
        PyException_SetTraceback(value, traceback);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    Py_XDECREF(c->failure);
    c->failure = value;
}

static int64_t copy_from(trpy_cursor *c, void *buf, size_t size)
{
    int64_t got = -1;
    Py_buffer bytes;
    PyObject *result = PyObject_CallFunction(c->read, "KK", (unsigned long long)c->offset,
                                             (unsigned long long)size);

    if (!result)
        return -1;
    if (PyObject_GetBuffer(result, &bytes, PyBUF_SIMPLE) == 0) {
        if ((size_t)bytes.len > size)
            PyErr_Format(PyExc_OSError, "read() gave %zd bytes, asked for %zu", bytes.len, size);
        else {
            memcpy(buf, bytes.buf, (size_t)bytes.len);
            got = bytes.len;
        }
        PyBuffer_Release(&bytes);
    }
    Py_DECREF(result);
    return got;
}

/* A tr_progress_fn: sees signals, and that the cursor is to be closed, while the library
 * works for long. */
static int go_on(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    trpy_cursor *c = user;
    int stop;

    (void)total_bytes;
    c->done_bytes = done_bytes;
    PyEval_RestoreThread(c->thread);
    stop = PyErr_CheckSignals() < 0;
    if (stop)
        keep_failure(c, 0);
    stop |= c->close_asked;
    c->thread = PyEval_SaveThread();
    return stop;
}

/* A tr_read_fn. Runs on the thread that is inside the reader, without the lock. */
static int64_t read_callback(void *user, void *buf, size_t size)
{
    trpy_cursor *c = user;
    int64_t got;

    if (size == 0)
        return 0;
    PyEval_RestoreThread(c->thread);
    /* What is compressed needs more to be opened. */
    if (c->opening && c->offset < HEADER_BYTES && size > HEADER_BYTES - c->offset)
        size = HEADER_BYTES - (size_t)c->offset;
    if (size > PY_SSIZE_T_MAX)
        size = PY_SSIZE_T_MAX;
    got = copy_from(c, buf, size);
    if (got < 0) {
        keep_failure(c, 1);
        got = -EIO;
    } else
        c->offset += (uint64_t)got;
    c->thread = PyEval_SaveThread();
    return got;
}

int trpy_cursor_claim(trpy_cursor *c)
{
    if (!c->reader || c->close_asked) {
        PyErr_SetString(PyExc_ValueError, "the trace is closed");
        return -1;
    }
    if (c->busy) {
        PyErr_SetString(PyExc_ValueError, "this pass over the trace is in use by another thread");
        return -1;
    }
    if (trpy_cursor_is_ours(c) < 0)
        return -1;
    c->busy = 1;
    return 0;
}

/* Raises the exception for a status that is an error. */
static void raise_status(trpy_cursor *c, tr_status status)
{
    const tr_error *e;
    PyObject *result;

    if (status == TR_E_NOMEM) {
        PyErr_NoMemory();
        return;
    }
    if (trpy_hooks_ready() < 0)
        return;
    e = tr_reader_error(c->reader);
    result = PyObject_CallFunction(trpy_hooks.fail, "sNKKLiiO", tr_status_name(status),
                                   trpy_text((tr_str){e->message, strlen(e->message)}),
                                   (unsigned long long)e->offset, (unsigned long long)e->generation,
                                   (long long)e->thread, e->event_type, e->os_error,
                                   c->filename ? c->filename : Py_None);
    if (result) { /* the hook raises always */
        Py_DECREF(result);
        PyErr_SetString(PyExc_SystemError, "the hook fail did not raise");
    }
}

int trpy_cursor_raise(trpy_cursor *c, tr_status status)
{
    if (c->busy || !c->reader || c->forks != trpy_forks ||
        tr_reader_error(c->reader)->code != status)
        return 0;
    Py_INCREF((PyObject *)c);
    raise_status(c, status);
    Py_DECREF(c);
    return -1;
}

static int is_trace_error(PyObject *failure)
{
    if (trpy_hooks_ready() < 0)
        PyErr_Clear(); /* then it is any other */
    return trpy_hooks.error && PyErr_GivenExceptionMatches(failure, trpy_hooks.error);
}

/* As the library does where it decompresses itself: before the trace is blamed, the rest of it
 * is decompressed. If it is only cut there, or something else follows, the trace is to blame. */
static void look_for_damage(trpy_cursor *c, tr_status status)
{
    PyObject *none;

    if (!c->find_damage || c->close_asked || (c->failure && !is_trace_error(c->failure)))
        return;
    if (status != TR_E_FORMAT && status != TR_E_VERSION && status != TR_E_CORRUPT &&
        status != TR_E_ORDER)
        return;
    Py_CLEAR(c->failure);
    none = PyObject_CallFunction(c->find_damage, NULL);
    if (!none)
        keep_failure(c, 1);
    Py_XDECREF(none);
}

static void set_generation(PyObject *failure, uint64_t generation)
{
    PyObject *number = PyLong_FromUnsignedLongLong(generation);

    if (!number || PyObject_SetAttrString(failure, "generation", number) < 0)
        PyErr_Clear();
    Py_XDECREF(number);
}

/* Notes where in the trace an exception of others, such as a file object's, was raised, and for
 * `is_of_trace` in _errors.py that it ends the trace. */
static void note_place(const trpy_cursor *c, PyObject *failure)
{
    const tr_error *e = tr_reader_error(c->reader);
    PyObject *note, *done;

    if (!PyErr_GivenExceptionMatches(failure, PyExc_Exception))
        return; /* such as Ctrl-C */
    if (c->failed_read) {
        if (PyObject_HasAttrString(failure, "_ends_trace"))
            return; /* it comes again */
        if (PyObject_SetAttrString(failure, "_ends_trace", Py_True) < 0)
            PyErr_Clear();
    }
    if (is_trace_error(failure)) { /* which says where, but for what only the reader knows */
        if (c->find_damage && e->generation)
            set_generation(failure, e->generation);
        return;
    }
    if (e->code == TR_OK) /* the library has not got so far */
        note = PyUnicode_FromFormat("at byte %llu of the trace", (unsigned long long)c->offset);
    else
        note =
            PyUnicode_FromFormat("at byte %llu of the trace, generation %llu",
                                 (unsigned long long)e->offset, (unsigned long long)e->generation);
    done = note ? PyObject_CallMethod(failure, "add_note", "O", note) : NULL;
    if (!done)
        PyErr_Clear();
    Py_XDECREF(done);
    Py_XDECREF(note);
}

int trpy_cursor_release(trpy_cursor *c, tr_status status)
{
    int wrong = -1;

    look_for_damage(c, status);
    /* That of a read waits until the library tells of it, after all events before, and comes again
     * then; what asks to stop, such as Ctrl-C, does neither. */
    if (c->failure && (status < 0 || !c->failed_read)) {
        PyObject *failure = c->failure;
        if (c->failed_read)
            Py_INCREF(failure);
        else
            c->failure = NULL;
        note_place(c, failure);
        PyErr_SetObject((PyObject *)Py_TYPE(failure), failure);
        Py_DECREF(failure);
    } else if (c->close_asked)
        PyErr_SetString(PyExc_ValueError, "the trace was closed meanwhile");
    else if (status < 0)
        raise_status(c, status);
    else
        wrong = 0;
    c->busy = 0;
    if (c->close_asked) {
        PyObject *type, *value, *traceback;

        PyErr_Fetch(&type, &value, &traceback);
        close_now(c);
        PyErr_Restore(type, value, traceback);
    }
    return wrong;
}

/* Has addresses looked up in an executable. Each cursor opens its own: what reads it serves
 * one thread at a time. */
static int set_binary(trpy_cursor *c, const char *path)
{
#ifdef TRPY_SYMBOLS
    char why[200];
    c->symbols = symbols_open(path, why, sizeof why);
    if (c->symbols && tr_reader_set_symbolizer(c->reader, symbols_find, c->symbols) == TR_OK)
        return 0;
    PyErr_Format(PyExc_ValueError, "binary %s: %s", path, why);
#else
    (void)c;
    PyErr_Format(PyExc_ValueError, "binary %s: built without libdw of elfutils", path);
#endif
    return -1;
}

PyObject *trpy_step_result(trpy_cursor *c, tr_status status)
{
    if (trpy_cursor_release(c, status) < 0)
        return NULL;
    return PyBool_FromLong(status == TR_OK);
}

static int set_options(trpy_cursor *c, PyObject *options)
{
    Py_ssize_t i, count = PySequence_Size(options);

    for (i = 0; i < count; i++) {
        PyObject *pair = PySequence_GetItem(options, i);
        unsigned long long value;
        int option, ok;

        if (pair && PyBytes_Check(pair)) {
            ok = set_binary(c, PyBytes_AsString(pair)) == 0;
            Py_DECREF(pair);
            if (!ok)
                return -1;
            continue;
        }
        ok = pair && PyArg_ParseTuple(pair, "iK", &option, &value);
        Py_XDECREF(pair);
        if (!ok)
            return -1;
        if (tr_reader_set_u64(c->reader, (tr_option)option, value) != TR_OK) {
            PyErr_Format(PyExc_ValueError, "option %d cannot be %llu", option, value);
            return -1;
        }
    }
    return count < 0 ? -1 : 0;
}

int trpy_filter(PyObject *filter, tr_filter *f)
{
    long long thread, goroutine, start, end;
    unsigned kinds, to_states;

    if (filter == Py_None)
        return 0;
    if (!PyArg_ParseTuple(filter, "ILLLLI", &kinds, &thread, &goroutine, &start, &end, &to_states))
        return -1;
    f->kinds = kinds;
    f->to_states = to_states;
    f->thread = thread;
    f->goroutine = goroutine;
    f->start_ns = start;
    f->end_ns = end;
    return 0;
}

static int set_filter(trpy_cursor *c, PyObject *filter)
{
    tr_filter f = TR_FILTER_ALL;

    if (trpy_filter(filter, &f) < 0)
        return -1;
    if (tr_reader_set_filter(c->reader, &f) == TR_OK)
        return 0;
    PyErr_SetString(PyExc_ValueError, "the filter was not taken");
    return -1;
}

/* A cursor with all set; NULL with an exception. */
static trpy_cursor *cursor_new(PyObject *filename, PyObject *options, PyObject *filter)
{
    trpy_cursor *c = (trpy_cursor *)PyType_GenericAlloc(cursor_type, 0); /* all 0 */

    if (!c)
        return NULL;
    c->fd = -1;
    c->forks = trpy_forks;
    c->reader = tr_reader_new();
    if (!c->reader) {
        Py_DECREF(c);
        PyErr_NoMemory();
        return NULL;
    }
    if (filename && filename != Py_None) {
        Py_INCREF(filename);
        c->filename = filename;
    }
    if (set_options(c, options) < 0 || set_filter(c, filter) < 0) {
        Py_DECREF(c);
        return NULL;
    }
    tr_reader_set_progress(c->reader, go_on, c);
    return c;
}

/* Ends the claim of an opening; gives the cursor on success. */
static PyObject *opened(trpy_cursor *c, tr_status status)
{
    c->opening = 0;
    if (trpy_cursor_release(c, status) == 0)
        return (PyObject *)c;
    Py_DECREF(c);
    return NULL;
}

PyObject *trpy_open_fd(int fd, PyObject *filename, PyObject *options, PyObject *filter)
{
    trpy_cursor *c = cursor_new(filename, options, filter);
    tr_status status;

    if (!c)
        return NULL;
    /* Its own: the trace may be closed while a thread is still reading. The library
     * reads regular files by offset, so that one descriptor serves many at once. */
    c->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (c->fd < 0) {
        PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, c->filename);
        Py_DECREF(c);
        return NULL;
    }
    if (trpy_cursor_claim(c) < 0) {
        Py_DECREF(c);
        return NULL;
    }
    TRPY_UNLOCK(c);
    status = tr_reader_open_fd(c->reader, c->fd);
    TRPY_LOCK(c);
    return opened(c, status);
}

PyObject *trpy_open_memory(PyObject *buffer, PyObject *options, PyObject *filter)
{
    trpy_cursor *c = cursor_new(NULL, options, filter);
    tr_status status;

    if (!c)
        return NULL;
    if (PyObject_GetBuffer(buffer, &c->view, PyBUF_SIMPLE) < 0 || trpy_cursor_claim(c) < 0) {
        Py_DECREF(c);
        return NULL;
    }
    TRPY_UNLOCK(c);
    /* An empty buffer may have no address. */
    status = tr_reader_open_memory(c->reader, c->view.buf ? c->view.buf : "", (size_t)c->view.len);
    TRPY_LOCK(c);
    return opened(c, status);
}

PyObject *trpy_open_callback(PyObject *read, PyObject *find_damage, PyObject *filename,
                             PyObject *options, PyObject *filter)
{
    trpy_cursor *c = cursor_new(filename, options, filter);
    tr_status status;

    if (!c)
        return NULL;
    if (trpy_cursor_claim(c) < 0) {
        Py_DECREF(c);
        return NULL;
    }
    Py_INCREF(read);
    c->read = read;
    if (find_damage != Py_None) {
        Py_INCREF(find_damage);
        c->find_damage = find_damage;
    }
    c->opening = 1;
    TRPY_UNLOCK(c);
    status = tr_reader_open_callback(c->reader, read_callback, c);
    TRPY_LOCK(c);
    return opened(c, status);
}

void trpy_close(trpy_cursor *c)
{
    if (c->busy)
        c->close_asked = 1;
    else
        close_now(c);
}

/* All below are asked between calls: where another thread is inside, or the cursor is
 * closed, they say that nothing is known; of progress, what was known last. */

unsigned trpy_version(trpy_cursor *c)
{
    return c->reader && !c->busy ? tr_reader_version(c->reader) : 0;
}

const char *trpy_compression(trpy_cursor *c)
{
    return c->reader && !c->busy ? tr_reader_compression(c->reader) : NULL;
}

uint64_t trpy_size(trpy_cursor *c)
{
    return c->reader && !c->busy ? tr_reader_size(c->reader) : UINT64_MAX;
}

uint64_t trpy_total(trpy_cursor *c)
{
    if (!c->reader || c->busy)
        return UINT64_MAX;
    return tr_reader_compression(c->reader) ? tr_reader_compressed_size(c->reader)
                                            : tr_reader_size(c->reader);
}

uint64_t trpy_bytes_read(trpy_cursor *c)
{
    if (!c->reader || c->busy || tr_reader_compression(c->reader))
        return c->done_bytes;
    return tr_reader_bytes_read(c->reader);
}

uint64_t trpy_done_bytes(trpy_cursor *c)
{
    return c->done_bytes;
}
