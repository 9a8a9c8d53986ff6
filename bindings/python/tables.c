/* Tables: their schemas, and their batches, for Python itself and for whoever takes streams
 * of Arrow's C interface.
 *
 * A cursor that was made a table's reads nothing but that: its stream owns the reader. A
 * stream in a capsule owns the cursor, is pulled by any thread, and takes the interpreter
 * lock only before and after a batch is made, and where a file object is read. A batch
 * owns what it holds; views of its buffers keep it alive. */
#include "native.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- schemas ----------------------------------------------------------------- */

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
                       int resolve, int wall)
{
    const tr_table_options defaults = TR_TABLE_DEFAULTS;
    Py_ssize_t i, count;

    w->options = defaults;
    w->options.batch_rows = rows;
    w->options.batch_bytes = bytes;
    w->options.resolve = resolve;
    w->options.wall = wall;
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
    return PyErr_Format(PyExc_ValueError,
                        "table %s: unknown, or its columns are, or one is named twice", table);
}

static void schema_capsule_free(PyObject *capsule)
{
    struct ArrowSchema *schema = PyCapsule_GetPointer(capsule, "arrow_schema");

    if (schema->release)
        schema->release(schema);
    PyMem_Free(schema);
}

PyObject *trpy_table_schema(const char *table, PyObject *columns, int resolve, int wall)
{
    struct ArrowSchema *schema = PyMem_Malloc(sizeof *schema);
    struct wanted w;
    tr_status status;
    PyObject *capsule;

    if (!schema)
        return PyErr_NoMemory();
    if (take_wanted(&w, columns, 0, 0, resolve, wall) < 0) {
        PyMem_Free(schema);
        return NULL;
    }
    status = tr_table_schema(table, &w.options, schema);
    Py_XDECREF(w.names);
    if (status != TR_OK) {
        PyMem_Free(schema);
        return refused(table, status);
    }
    capsule = PyCapsule_New(schema, "arrow_schema", schema_capsule_free);
    if (!capsule) {
        schema->release(schema);
        PyMem_Free(schema);
    }
    return capsule;
}

/* --- batches of a cursor ------------------------------------------------------- */

PyObject *trpy_table_open(trpy_cursor *c, const char *table, PyObject *columns, uint64_t rows,
                          uint64_t bytes, int resolve, int wall)
{
    struct wanted w;
    tr_status status;

    if (take_wanted(&w, columns, rows, bytes, resolve, wall) < 0)
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

int trpy_cursor_batch(trpy_cursor *c, struct ArrowArray *out)
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

/* The item of each column, as format_of in the library has it, by its schema. */
typedef struct {
    PyObject_HEAD struct ArrowArray array;
    struct ArrowSchema schema;
} batch_object;

static PyTypeObject *batch_type, *buffer_type;

PyObject *trpy_table_next(trpy_cursor *c)
{
    struct ArrowArray array;
    batch_object *batch;
    int error, got = trpy_cursor_batch(c, &array);

    if (got < 0)
        return NULL;
    if (got == 0)
        Py_RETURN_NONE;
    batch = PyObject_New(batch_object, batch_type);
    if (!batch) {
        array.release(&array);
        return NULL;
    }
    batch->array = array;
    batch->schema.release = NULL;
    /* The stream may be closed by another thread meanwhile, but not without the lock. */
    error = c->table.release ? c->table.get_schema(&c->table, &batch->schema) : EINVAL;
    if (error) {
        Py_DECREF(batch);
        return error == ENOMEM ? PyErr_NoMemory()
                               : PyErr_Format(PyExc_ValueError, "the trace is closed");
    }
    return (PyObject *)batch;
}

static void batch_dealloc(PyObject *self)
{
    batch_object *b = (batch_object *)self;
    PyTypeObject *type = Py_TYPE(self);

    if (b->array.release)
        b->array.release(&b->array);
    if (b->schema.release)
        b->schema.release(&b->schema);
    PyObject_Free(self);
    Py_DECREF(type);
}

/* --- views of a batch's buffers -------------------------------------------------- */

typedef struct {
    PyObject_HEAD PyObject *owner;
    const void *data;
    Py_ssize_t items, itemsize;
    const char *format;
} buffer_object;

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

    /* Asked as bytes first: that checks that nobody wants to write. */
    if (PyBuffer_FillInfo(view, self, (void *)(uintptr_t)b->data, b->items * b->itemsize, 1,
                          flags) < 0)
        return -1;
    view->itemsize = b->itemsize;
    if (flags & PyBUF_FORMAT)
        view->format = (char *)(uintptr_t)b->format;
    if (view->shape)
        view->shape = &b->items;
    if (view->strides)
        view->strides = &b->itemsize;
    return 0;
}

/* A memoryview of some items, which keeps the owner. */
static PyObject *view_of(PyObject *owner, const void *data, int64_t items, Py_ssize_t itemsize,
                         const char *format)
{
    static const uint64_t nothing;
    buffer_object *b = PyObject_New(buffer_object, buffer_type);
    PyObject *view;

    if (!b)
        return NULL;
    Py_INCREF(owner);
    b->owner = owner;
    b->data = data ? data : &nothing;
    b->items = (Py_ssize_t)items;
    b->itemsize = itemsize;
    b->format = format;
    view = PyMemoryView_FromObject((PyObject *)b);
    Py_DECREF(b);
    return view;
}

/* The column of a number, NULL with an exception. */
static const struct ArrowArray *column_of(batch_object *b, Py_ssize_t column)
{
    if (column >= 0 && column < b->array.n_children)
        return b->array.children[column];
    PyErr_SetString(PyExc_IndexError, "no such column");
    return NULL;
}

static char format_of(const batch_object *b, Py_ssize_t column)
{
    return b->schema.children[column]->format[0];
}

static PyObject *data_of(batch_object *b, Py_ssize_t column, const struct ArrowArray *a)
{
    PyObject *self = (PyObject *)b;

    switch (format_of(b, column)) {
    case 'b':
        return view_of(self, a->buffers[1], (a->length + 7) / 8, 1, "B");
    case 'i':
        return view_of(self, a->buffers[1], a->length, 4, "i");
    case 'L':
        return view_of(self, a->buffers[1], a->length, 8, "Q");
    case 'g':
        return view_of(self, a->buffers[1], a->length, 8, "d");
    case 'u':
        return Py_BuildValue(
            "NN", view_of(self, a->buffers[1], a->length + 1, 4, "i"),
            view_of(self, a->buffers[2], ((const int32_t *)a->buffers[1])[a->length], 1, "B"));
    default: /* l, and times */
        return view_of(self, a->buffers[1], a->length, 8, "q");
    }
}

static PyObject *batch_column(PyObject *self, PyObject *number)
{
    batch_object *b = (batch_object *)self;
    Py_ssize_t column = PyLong_AsSsize_t(number);
    const struct ArrowArray *a = column == -1 && PyErr_Occurred() ? NULL : column_of(b, column);
    PyObject *valid;

    if (!a)
        return NULL;
    if (a->buffers[0]) {
        valid = view_of(self, a->buffers[0], (a->length + 7) / 8, 1, "B");
    } else {
        valid = Py_None;
        Py_INCREF(valid);
    }
    return Py_BuildValue("NNL", data_of(b, column, a), valid, (long long)a->null_count);
}

static int is_valid(const struct ArrowArray *a, int64_t row)
{
    const uint8_t *valid = a->buffers[0];
    return !valid || (valid[row / 8] >> row % 8 & 1);
}

static PyObject *text_at(const struct ArrowArray *a, int64_t row)
{
    const int32_t *offsets = a->buffers[1];
    return PyUnicode_DecodeUTF8((const char *)a->buffers[2] + offsets[row],
                                offsets[row + 1] - offsets[row], "replace");
}

static PyObject *batch_names(PyObject *self, PyObject *args)
{
    batch_object *b = (batch_object *)self;
    const struct ArrowArray *a;
    Py_ssize_t column, first;
    int64_t i;
    PyObject *list;

    if (!PyArg_ParseTuple(args, "nn", &column, &first))
        return NULL;
    a = column_of(b, column);
    if (!a)
        return NULL;
    if (!a->dictionary || first < 0) {
        PyErr_SetString(PyExc_ValueError, "not a column of names");
        return NULL;
    }
    a = a->dictionary;
    list = PyList_New(a->length > first ? (Py_ssize_t)(a->length - first) : 0);
    for (i = first; list && i < a->length; i++) {
        PyObject *text = text_at(a, i);
        if (!text || PyList_SetItem(list, (Py_ssize_t)(i - first), text) < 0)
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *value_at(const struct ArrowArray *a, char format, PyObject *names, int64_t row)
{
    PyObject *name;

    if (!is_valid(a, row))
        Py_RETURN_NONE;
    switch (format) {
    case 'b':
        return PyBool_FromLong(((const uint8_t *)a->buffers[1])[row / 8] >> row % 8 & 1);
    case 'i':
        name = PyList_GetItem(names, ((const int32_t *)a->buffers[1])[row]);
        Py_XINCREF(name);
        return name;
    case 'L':
        return PyLong_FromUnsignedLongLong(((const uint64_t *)a->buffers[1])[row]);
    case 'g':
        return PyFloat_FromDouble(((const double *)a->buffers[1])[row]);
    case 'u':
        return text_at(a, row);
    default:
        return PyLong_FromLongLong(((const int64_t *)a->buffers[1])[row]);
    }
}

static PyObject *batch_values(PyObject *self, PyObject *args)
{
    batch_object *b = (batch_object *)self;
    const struct ArrowArray *a;
    PyObject *names, *list;
    Py_ssize_t column;
    int64_t i;
    char format;

    if (!PyArg_ParseTuple(args, "nO", &column, &names))
        return NULL;
    a = column_of(b, column);
    if (!a)
        return NULL;
    if (a->dictionary && !PyList_Check(names)) {
        PyErr_SetString(PyExc_TypeError, "expected a list of names");
        return NULL;
    }
    format = format_of(b, column);
    list = PyList_New((Py_ssize_t)a->length);
    for (i = 0; list && i < a->length; i++) {
        PyObject *value = value_at(a, format, names, i);
        if (!value || PyList_SetItem(list, (Py_ssize_t)i, value) < 0)
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *batch_rows(PyObject *self, void *closure)
{
    (void)closure;
    return PyLong_FromLongLong(((batch_object *)self)->array.length);
}

/* Python's slots are void pointers. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
static PyMethodDef batch_methods[] = {
    {"column", batch_column, METH_O,
     "A column by number: (data, bits of what is valid or None, number of nulls). Data of\n"
     "texts are (offsets, bytes), bools are bits; all are memoryviews."},
    {"names", batch_names, METH_VARARGS,
     "names(column, first): the names of a column of names from number `first` on."},
    {"values", batch_values, METH_VARARGS,
     "values(column, names): a column as a list, None for none; `names` by number."},
    {NULL, NULL, 0, NULL},
};
static PyGetSetDef batch_getset[] = {
    {"rows", batch_rows, NULL, "The number of rows.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
static PyType_Slot batch_slots[] = {
    {Py_tp_dealloc, batch_dealloc},
    {Py_tp_methods, batch_methods},
    {Py_tp_getset, batch_getset},
    {0, NULL},
};
static PyType_Slot buffer_slots[] = {
    {Py_tp_dealloc, buffer_dealloc},
    {Py_bf_getbuffer, buffer_get},
    {0, NULL},
};
#pragma GCC diagnostic pop

static PyType_Spec batch_spec = {
    .name = "tracereader._native.TableBatch",
    .basicsize = sizeof(batch_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = batch_slots,
};
static PyType_Spec buffer_spec = {
    .name = "tracereader._native.TableBuffer",
    .basicsize = sizeof(buffer_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = buffer_slots,
};

int trpy_tables_ready(PyObject *module)
{
    batch_type = (PyTypeObject *)PyType_FromSpec(&batch_spec);
    buffer_type = (PyTypeObject *)PyType_FromSpec(&buffer_spec);
    if (!batch_type || !buffer_type)
        return -1;
    return PyModule_AddObjectRef(module, "TableBatch", (PyObject *)batch_type);
}
