/* Tables: their columns, and their batches, as buffers that Python's own code makes something
 * of.
 *
 * A cursor that was made a table's reads nothing but that: its stream owns the reader. A
 * batch owns what it holds; views of its buffers keep it alive. */
#include "native.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- columns, and which are wanted --------------------------------------------- */

static PyObject *unknown_table(const char *table)
{
    return PyErr_Format(PyExc_ValueError, "unknown table: %s", table);
}

PyObject *trpy_table_columns(const char *table)
{
    size_t i, count;
    const tr_table_column *columns = tr_table_columns(table, &count);
    PyObject *list;

    if (!columns)
        return unknown_table(table);
    list = PyList_New((Py_ssize_t)count);
    for (i = 0; list && i < count; i++) {
        const tr_table_column *c = &columns[i];
        PyObject *item =
            Py_BuildValue("siNs", c->name, (int)c->type, PyBool_FromLong(c->nullable), c->doc);
        if (!item || PyList_SetItem(list, (Py_ssize_t)i, item) < 0)
            Py_CLEAR(list);
    }
    return list;
}

PyObject *trpy_table_narrow(const char *table, PyObject *filter)
{
    tr_filter f = TR_FILTER_ALL;

    if (trpy_filter(filter, &f) < 0)
        return NULL;
    if (tr_table_narrow(table, &f) != TR_OK)
        return unknown_table(table);
    return Py_BuildValue("(ILLLLI)", (unsigned)f.kinds, (long long)f.thread, (long long)f.goroutine,
                         (long long)f.start_ns, (long long)f.end_ns, (unsigned)f.to_states);
}

/* What Python says of how a table is wanted. */
struct wanted {
    tr_table_options options;
    const char *columns[64];
    PyObject *names; /* that `columns` are of; NULL: all */
};

/* columns: None or a sequence of str; 0, or -1 with an exception. */
static int take_wanted(struct wanted *w, PyObject *columns, uint64_t rows, uint64_t bytes,
                       int resolve, int wall, int64_t goroutine)
{
    const tr_table_options defaults = TR_TABLE_DEFAULTS;
    Py_ssize_t i, count;

    w->options = defaults;
    w->options.batch_rows = rows;
    w->options.batch_bytes = bytes;
    w->options.resolve = resolve;
    w->options.wall = wall;
    w->options.goroutine = goroutine;
    w->names = NULL;
    if (columns == Py_None)
        return 0;
    w->names = PySequence_Tuple(columns);
    if (!w->names)
        return -1;
    count = PyTuple_Size(w->names);
    if (count > (Py_ssize_t)(sizeof w->columns / sizeof *w->columns)) {
        PyErr_SetString(PyExc_ValueError, "too many columns");
        Py_CLEAR(w->names);
        return -1;
    }
    for (i = 0; i < count; i++) {
        w->columns[i] = PyUnicode_AsUTF8AndSize(PyTuple_GetItem(w->names, i), NULL);
        if (!w->columns[i]) {
            Py_CLEAR(w->names);
            return -1;
        }
    }
    w->options.columns = w->columns;
    w->options.column_count = (size_t)count;
    return 0;
}

static PyObject *refused(const char *table, tr_status status)
{
    if (status == TR_E_NOMEM)
        return PyErr_NoMemory();
    return PyErr_Format(PyExc_ValueError, "table %s or a column is unknown, or one is named twice",
                        table);
}

/* --- batches of a cursor ------------------------------------------------------- */

PyObject *trpy_table_open(trpy_cursor *c, const char *table, PyObject *columns, uint64_t rows,
                          uint64_t bytes, int resolve, int wall, int64_t goroutine)
{
    struct wanted w;
    tr_status status;

    if (take_wanted(&w, columns, rows, bytes, resolve, wall, goroutine) < 0)
        return NULL;
    if (trpy_cursor_claim(c) < 0) {
        Py_XDECREF(w.names);
        return NULL;
    }
    status =
        c->table.release ? TR_E_MISUSE : tr_table_stream(table, c->reader, &w.options, &c->table);
    Py_XDECREF(w.names);
    if (trpy_cursor_release(c, TR_OK) < 0)
        return NULL;
    if (status != TR_OK)
        return refused(table, status);
    Py_RETURN_NONE;
}

/* The next batch: 1, 0 behind the last, -1 with an exception. */
static int next_batch(trpy_cursor *c, struct ArrowArray *out)
{
    tr_status status;
    int error;

    out->release = NULL;
    if (trpy_cursor_claim(c) < 0)
        return -1;
    if (!c->table.release) {
        trpy_cursor_release(c, TR_OK);
        PyErr_SetString(PyExc_ValueError, "this pass over the trace is not one of a table");
        return -1;
    }
    TRPY_UNLOCK(c);
    error = c->table.get_next(&c->table, out);
    TRPY_LOCK(c);
    /* What is not the reader's is told below. */
    status = error ? tr_reader_error(c->reader)->code : TR_OK;
    if (error == ENOTSUP || error == ENOMEM)
        status = TR_OK;
    if (error == ENOMEM)
        PyErr_NoMemory();
    else if (error && status == TR_OK)
        PyErr_SetString(PyExc_ValueError, c->table.get_last_error(&c->table));
    if (PyErr_Occurred()) {
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        if (trpy_cursor_release(c, TR_OK) == 0) {
            PyErr_Restore(type, value, traceback);
        } else {
            Py_XDECREF(type);
            Py_XDECREF(value);
            Py_XDECREF(traceback);
        }
        return -1;
    }
    if (trpy_cursor_release(c, status) < 0) {
        if (out->release)
            out->release(out);
        return -1;
    }
    return out->release != NULL;
}

/* --- views of a batch's buffers -------------------------------------------------- */

#define OWNER_CAPSULE "tracereader._native.batch"

static void owner_free(PyObject *capsule)
{
    struct ArrowArray *array = PyCapsule_GetPointer(capsule, OWNER_CAPSULE);

    if (array->release)
        array->release(array);
    PyMem_Free(array);
}

/* What a memoryview is of: some bytes of an owner's. */
typedef struct {
    PyObject_HEAD PyObject *owner;
    const void *data;
    Py_ssize_t size;
} buffer_object;

static PyTypeObject *buffer_type;

static void buffer_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    Py_XDECREF(((buffer_object *)self)->owner);
    PyObject_Free(self);
    Py_DECREF(type);
}

static int buffer_get(PyObject *self, Py_buffer *view, int flags)
{
    buffer_object *b = (buffer_object *)self;

    return PyBuffer_FillInfo(view, self, (void *)(uintptr_t)b->data, b->size, 1, flags);
}

/* A memoryview of some bytes, which keeps the owner; None if there are none to have. */
static PyObject *view_of(PyObject *owner, const void *data, int64_t size)
{
    buffer_object *b;
    PyObject *view;

    if (!data)
        Py_RETURN_NONE;
    b = PyObject_New(buffer_object, buffer_type);
    if (!b)
        return NULL;
    Py_INCREF(owner);
    b->owner = owner;
    b->data = data;
    b->size = (Py_ssize_t)size;
    view = PyMemoryView_FromObject((PyObject *)b);
    Py_DECREF(b);
    return view;
}

/* The buffers of a column, or of a dictionary, as a tuple. */
static PyObject *buffers_of(PyObject *owner, const struct ArrowArray *a, char format)
{
    PyObject *valid = view_of(owner, a->buffers[0], (a->length + 7) / 8);
    int64_t item_bits = format == 'b' ? 1 : format == 'i' ? 32 : 64;

    if (format == 'u') {
        const int32_t *offsets = a->buffers[1];
        return Py_BuildValue("NNN", valid,
                             view_of(owner, offsets, (a->length + 1) * (int64_t)sizeof *offsets),
                             view_of(owner, a->buffers[2], offsets ? offsets[a->length] : 0));
    }
    return Py_BuildValue("NN", valid,
                         view_of(owner, a->buffers[1], (a->length * item_bits + 7) / 8));
}

/* A column: (number of nulls, buffers, None or (length, buffers) of the dictionary). */
static PyObject *column_of(PyObject *owner, const struct ArrowArray *a, char format)
{
    PyObject *dictionary = Py_None;

    if (a->dictionary)
        dictionary = Py_BuildValue("LN", (long long)a->dictionary->length,
                                   buffers_of(owner, a->dictionary, 'u'));
    else
        Py_INCREF(dictionary);
    return Py_BuildValue("LNN", (long long)a->null_count, buffers_of(owner, a, format), dictionary);
}

static PyObject *columns_of(trpy_cursor *c, PyObject *owner, const struct ArrowArray *array)
{
    struct ArrowSchema schema;
    PyObject *columns;
    int64_t i;
    /* It may have been closed by another thread meanwhile. */
    int error = c->table.release ? c->table.get_schema(&c->table, &schema) : EINVAL;

    if (error == ENOMEM)
        return PyErr_NoMemory();
    if (error) {
        PyErr_SetString(PyExc_ValueError, "the trace is closed");
        return NULL;
    }
    columns = PyList_New((Py_ssize_t)array->n_children);
    for (i = 0; columns && i < array->n_children; i++) {
        PyObject *column = column_of(owner, array->children[i], schema.children[i]->format[0]);
        if (!column || PyList_SetItem(columns, (Py_ssize_t)i, column) < 0)
            Py_CLEAR(columns);
    }
    schema.release(&schema);
    return columns;
}

PyObject *trpy_table_next(trpy_cursor *c)
{
    struct ArrowArray *array = PyMem_Malloc(sizeof *array);
    PyObject *owner, *columns, *result = NULL;
    int got;

    if (!array)
        return PyErr_NoMemory();
    got = next_batch(c, array);
    if (got <= 0) {
        PyMem_Free(array);
        if (got < 0)
            return NULL;
        Py_RETURN_NONE;
    }
    owner = PyCapsule_New(array, OWNER_CAPSULE, owner_free);
    if (!owner) {
        array->release(array);
        PyMem_Free(array);
        return NULL;
    }
    columns = columns_of(c, owner, array);
    if (columns)
        result = Py_BuildValue("LN", (long long)array->length, columns);
    Py_DECREF(owner);
    return result;
}

/* Python's slots are void pointers. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
static PyType_Slot buffer_slots[] = {
    {Py_tp_dealloc, buffer_dealloc},
    {Py_bf_getbuffer, buffer_get},
    {0, NULL},
};
#pragma GCC diagnostic pop

static PyType_Spec buffer_spec = {
    .name = "tracereader._native.TableBuffer",
    .basicsize = sizeof(buffer_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = buffer_slots,
};

int trpy_tables_ready(void)
{
    buffer_type = (PyTypeObject *)PyType_FromSpec(&buffer_spec);
    return buffer_type ? 0 : -1;
}
