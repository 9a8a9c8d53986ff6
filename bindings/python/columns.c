/* Columns of events, kept small until they are asked for, and what is made of their codes.
 * Long work gives up the interpreter lock; the library bounds how many events one call takes
 * where a filter lets few through, so that signals are seen between. */
#include "native.h"

#include <string.h>

/* Takes one of the caller's buffers, which is to have room for all rows of a column; it is
 * held if this succeeds. 0, or -1 with an exception. */
static int take_buffer(Py_buffer *view, int id, PyObject *buffer, Py_ssize_t rows)
{
    static const char floats[] = "efdgEFDGZ?";
    int type = tr_column_get_type((tr_column_id)id);
    size_t size = type == TR_COLUMN_CODE ? sizeof(int32_t) : sizeof(int64_t);

    if (!type) {
        PyErr_Format(PyExc_ValueError, "column %d: unknown", id);
        return -1;
    }
    if (PyObject_GetBuffer(buffer, view, PyBUF_WRITABLE | PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0)
        return -1;
    if ((size_t)view->itemsize != size || (uintptr_t)view->buf % size ||
        (view->format && view->format[0] && strchr(floats, view->format[strlen(view->format) - 1])))
        PyErr_Format(PyExc_ValueError, "column %s: needs a buffer of aligned %zu-byte integers",
                     tr_column_name((tr_column_id)id), size);
    else if (view->len / view->itemsize < rows)
        PyErr_Format(PyExc_ValueError, "column %s: the buffer has room for %zd rows of %zd",
                     tr_column_name((tr_column_id)id), view->len / view->itemsize, rows);
    else
        return 0;
    PyBuffer_Release(view);
    return -1;
}

/* --- kept small ------------------------------------------------------------ */

void trpy_columns_capsule_free(PyObject *capsule)
{
    tr_columns_free(PyCapsule_GetPointer(capsule, TRPY_COLUMNS_CAPSULE));
}

PyObject *trpy_columns_new(PyObject *numbers)
{
    tr_column_id ids[TR_COLUMN_COUNT];
    Py_ssize_t i, count = PySequence_Size(numbers);
    tr_columns *columns;
    PyObject *capsule;

    if (count < 0)
        return NULL;
    for (i = 0; i < count; i++) {
        PyObject *item = PySequence_GetItem(numbers, i);
        long number = item ? PyLong_AsLong(item) : -1;
        Py_XDECREF(item);
        if (number == -1 && PyErr_Occurred())
            return NULL;
        if (number < 0 || number >= TR_COLUMN_COUNT || i >= TR_COLUMN_COUNT) {
            PyErr_SetString(PyExc_ValueError, "unknown, or too many columns");
            return NULL;
        }
        ids[i] = (tr_column_id)number;
    }
    columns = tr_columns_new(ids, (size_t)count);
    if (!columns)
        return PyErr_NoMemory();
    capsule = PyCapsule_New(columns, TRPY_COLUMNS_CAPSULE, trpy_columns_capsule_free);
    if (!capsule)
        tr_columns_free(columns);
    return capsule;
}

PyObject *trpy_columns_read(tr_columns *columns, trpy_cursor *c, uint64_t max_rows)
{
    tr_status status;

    if (trpy_cursor_claim(c) < 0)
        return NULL;
    TRPY_UNLOCK(c);
    status = tr_columns_read(columns, c->reader, max_rows);
    TRPY_LOCK(c);
    return trpy_step_result(c, status);
}

PyObject *trpy_columns_get(tr_columns *columns, int id, PyObject *buffer)
{
    size_t rows = (size_t)tr_columns_row_count(columns);
    PyThreadState *thread;
    Py_buffer view;
    tr_column out;
    tr_status status;

    if (take_buffer(&view, id, buffer, (Py_ssize_t)rows) < 0)
        return NULL;
    out = (tr_column){(tr_column_id)id, view.buf, rows};
    thread = PyEval_SaveThread();
    status = tr_columns_get(columns, &out);
    PyEval_RestoreThread(thread);
    PyBuffer_Release(&view);
    if (status == TR_OK)
        Py_RETURN_NONE;
    PyErr_Format(PyExc_ValueError, "column %d is not kept", id);
    return NULL;
}

/* --- codes ----------------------------------------------------------------- */

PyObject *trpy_strings(trpy_cursor *c, uint32_t first)
{
    PyObject *list;
    uint32_t code, count;

    if (trpy_cursor_claim(c) < 0)
        return NULL;
    count = tr_reader_string_count(c->reader);
    list = PyList_New(count > first ? (Py_ssize_t)(count - first) : 0);
    for (code = first; list && code < count; code++) {
        PyObject *text = trpy_text(tr_reader_string(c->reader, (int32_t)code));
        if (!text || PyList_SetItem(list, (Py_ssize_t)(code - first), text) < 0)
            Py_CLEAR(list);
    }
    if (!list) { /* the exception stands; nothing was done that could fail besides */
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        trpy_cursor_release(c, TR_OK);
        PyErr_Restore(type, value, traceback);
    } else if (trpy_cursor_release(c, TR_OK) < 0)
        Py_CLEAR(list);
    return list;
}

/* A writable view of `size`-byte items of one of the formats. */
static int get_items(PyObject *buffer, Py_buffer *view, size_t size, const char *formats)
{
    if (PyObject_GetBuffer(buffer, view, PyBUF_WRITABLE | PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0)
        return -1;
    if ((size_t)view->itemsize == size && view->format && view->format[0] &&
        strchr(formats, view->format[strlen(view->format) - 1]))
        return 0;
    PyErr_Format(PyExc_ValueError, "needs a buffer of items of format %s", formats);
    PyBuffer_Release(view);
    return -1;
}

PyObject *trpy_name_rows(PyObject *codes, PyObject *names, PyObject *out)
{
    Py_buffer from, to;
    Py_ssize_t i, count, name_count;
    PyObject **name, **place;
    const int32_t *code;

    if (!PyTuple_Check(names)) {
        PyErr_SetString(PyExc_TypeError, "expected a tuple of names");
        return NULL;
    }
    name_count = PyTuple_Size(names);
    if (get_items(codes, &from, sizeof(int32_t), "il") < 0)
        return NULL;
    if (get_items(out, &to, sizeof(PyObject *), "O") < 0) {
        PyBuffer_Release(&from);
        return NULL;
    }
    count = from.len / from.itemsize;
    if (count > to.len / to.itemsize)
        count = to.len / to.itemsize;
    /* Asked for once each: rows are many. */
    name = PyMem_Malloc(((size_t)name_count + 1) * sizeof *name);
    for (i = 0; name && i < name_count; i++)
        name[i] = PyTuple_GetItem(names, i);
    code = from.buf;
    place = to.buf;
    for (i = 0; name && i < count; i++) {
        PyObject *old = place[i];
        if ((uint32_t)code[i] < (uint32_t)name_count) { /* none is large */
            Py_INCREF(name[code[i]]);
            place[i] = name[code[i]];
            Py_XDECREF(old);
        }
    }
    PyBuffer_Release(&to);
    PyBuffer_Release(&from);
    if (!name)
        return PyErr_NoMemory();
    PyMem_Free(name);
    Py_RETURN_NONE;
}

PyObject *trpy_renumber(PyObject *codes, uint32_t count)
{
    int32_t *number = PyMem_Malloc((count ? count : 1) * sizeof *number), used = 0;
    PyThreadState *thread;
    PyObject *list = NULL;
    Py_buffer view;
    Py_ssize_t i;
    uint32_t code;

    if (!number)
        return PyErr_NoMemory();
    if (get_items(codes, &view, sizeof *number, "il") < 0) {
        PyMem_Free(number);
        return NULL;
    }
    thread = PyEval_SaveThread();
    memset(number, 0xff, count * sizeof *number);
    for (i = 0; i < view.len / view.itemsize; i++) {
        int32_t *item = (int32_t *)view.buf + i;
        if (*item < 0 || (uint32_t)*item >= count)
            continue;
        if (number[*item] < 0)
            number[*item] = used++;
        *item = number[*item];
    }
    PyEval_RestoreThread(thread);
    list = PyList_New(used);
    for (code = 0; list && code < count; code++) {
        PyObject *item = number[code] < 0 ? NULL : PyLong_FromUnsignedLong(code);
        if (number[code] >= 0 && (!item || PyList_SetItem(list, number[code], item) < 0))
            Py_CLEAR(list);
    }
    PyBuffer_Release(&view);
    PyMem_Free(number);
    return list;
}
