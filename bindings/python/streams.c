/* A table's stream in a capsule, for whoever takes streams of Arrow's C interface.
 *
 * It owns its cursor. What pulls it may be a thread that Python has never seen, while
 * another waits for it: the interpreter lock is taken here, and given up while the library
 * works. What was raised cannot cross: its text is the stream's last error, and the
 * exception itself is given to a function of the caller's. */
#include "native.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct stream {
    PyObject *capsule; /* of the cursor */
    trpy_cursor *cursor;
    PyObject *tick;   /* called as tick(bytes, ended) after each batch, NULL: nothing is */
    PyObject *failed; /* called as failed(exception), NULL: nothing is */
    int error;        /* that is returned for ever */
    char message[500];
};

static int get_schema(struct ArrowArrayStream *self, struct ArrowSchema *out)
{
    struct stream *s = self->private_data;
    PyGILState_STATE lock;
    int error = EINVAL;

    memset(out, 0, sizeof *out);
    if (!Py_IsInitialized())
        return EINVAL;
    lock = PyGILState_Ensure();
    if (s->cursor->table.release)
        error = s->cursor->table.get_schema(&s->cursor->table, out);
    else
        snprintf(s->message, sizeof s->message, "the trace is closed");
    PyGILState_Release(lock);
    return error;
}

/* Says what was raised; gives the errno value for it. */
static int note_failure(struct stream *s)
{
    PyObject *type, *value, *traceback, *text, *result;
    const char *utf8 = NULL;
    int error = EIO;

    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (!PyErr_GivenExceptionMatches(type, PyExc_Exception))
        error = ECANCELED;
    else if (PyErr_GivenExceptionMatches(type, PyExc_MemoryError))
        error = ENOMEM;
    text = PyObject_Str(value);
    if (text)
        utf8 = PyUnicode_AsUTF8AndSize(text, NULL);
    snprintf(s->message, sizeof s->message, "%s", utf8 && *utf8 ? utf8 : "interrupted");
    Py_XDECREF(text);
    PyErr_Clear();
    /* The place is in the text of a TraceError, and not in others. */
    if (s->cursor->reader && !s->cursor->busy && trpy_hooks.error &&
        !PyErr_GivenExceptionMatches(type, trpy_hooks.error)) {
        const tr_error *e = tr_reader_error(s->cursor->reader);
        size_t len = strlen(s->message);
        if (e->code != TR_OK)
            snprintf(s->message + len, sizeof s->message - len, " (at byte %llu, generation %llu)",
                     (unsigned long long)e->offset, (unsigned long long)e->generation);
    }
    if (s->failed && value) {
        if (traceback)
            PyException_SetTraceback(value, traceback);
        result = PyObject_CallFunctionObjArgs(s->failed, value, NULL);
        if (!result)
            PyErr_WriteUnraisable(s->failed);
        Py_XDECREF(result);
    }
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return s->error = error;
}

/* Shows progress and sees signals; 0, or -1 with an exception. */
static int between_batches(struct stream *s, int ended)
{
    PyObject *result;

    if (PyErr_CheckSignals() < 0)
        return -1;
    if (!s->tick)
        return 0;
    result = PyObject_CallFunction(s->tick, "KO", (unsigned long long)s->cursor->done_bytes,
                                   ended ? Py_True : Py_False);
    Py_XDECREF(result);
    return result ? 0 : -1;
}

static int get_next(struct ArrowArrayStream *self, struct ArrowArray *out)
{
    struct stream *s = self->private_data;
    PyGILState_STATE lock;
    int got, error = 0;

    memset(out, 0, sizeof *out);
    if (s->error || !Py_IsInitialized())
        return s->error ? s->error : EINVAL;
    lock = PyGILState_Ensure();
    got = trpy_cursor_batch(s->cursor, out);
    if (got >= 0 && between_batches(s, !got) < 0) {
        if (out->release)
            out->release(out);
        out->release = NULL;
        got = -1;
    }
    if (got < 0)
        error = note_failure(s);
    PyGILState_Release(lock);
    return error;
}

static const char *get_last_error(struct ArrowArrayStream *self)
{
    const struct stream *s = self->private_data;
    return s->message[0] ? s->message : NULL;
}

static void release(struct ArrowArrayStream *self)
{
    struct stream *s = self->private_data;
    PyGILState_STATE lock;

    self->release = NULL;
    if (!Py_IsInitialized())
        return; /* with the process all goes */
    lock = PyGILState_Ensure();
    Py_XDECREF(s->tick);
    Py_XDECREF(s->failed);
    Py_DECREF(s->capsule);
    PyMem_Free(s);
    PyGILState_Release(lock);
}

static void stream_capsule_free(PyObject *capsule)
{
    struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, "arrow_array_stream");

    if (stream->release)
        stream->release(stream);
    PyMem_Free(stream);
}

static PyObject *or_null(PyObject *object)
{
    if (object == Py_None)
        return NULL;
    Py_INCREF(object);
    return object;
}

PyObject *trpy_table_stream(PyObject *cursor_capsule, PyObject *tick, PyObject *failed)
{
    trpy_cursor *c = PyCapsule_GetPointer(cursor_capsule, TRPY_CURSOR_CAPSULE);
    struct ArrowArrayStream *stream;
    struct stream *s;
    PyObject *capsule;

    if (!c || trpy_hooks_ready() < 0)
        return NULL;
    if (!c->table.release) {
        PyErr_SetString(PyExc_ValueError, "this pass over the trace is not one of a table");
        return NULL;
    }
    stream = PyMem_Malloc(sizeof *stream);
    s = PyMem_Malloc(sizeof *s);
    if (!stream || !s) {
        PyMem_Free(stream);
        PyMem_Free(s);
        return PyErr_NoMemory();
    }
    memset(s, 0, sizeof *s);
    Py_INCREF(cursor_capsule);
    s->capsule = cursor_capsule;
    s->cursor = c;
    s->tick = or_null(tick);
    s->failed = or_null(failed);
    *stream = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release, s};
    capsule = PyCapsule_New(stream, "arrow_array_stream", stream_capsule_free);
    if (!capsule) {
        release(stream);
        PyMem_Free(stream);
    }
    return capsule;
}
