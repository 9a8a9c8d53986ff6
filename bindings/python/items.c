/* Columns as Python's own objects, and rows of them: what iterating over a table takes most of
 * its time with.
 *
 * Buffers come from Python and are checked: no item lies outside of them. */
#include "native.h"

#include <string.h>

/* --- a column as a list ------------------------------------------------------- */

enum { VALID, ITEMS, TEXT, BUFFERS };

struct column {
    char format;               /* the first character of Arrow's */
    PyObject *names;           /* that codes are indices of, a list */
    const void *data[BUFFERS]; /* NULL: there is none */
    Py_ssize_t bytes[BUFFERS];
    Py_buffer views[BUFFERS];
};

static void let_go(struct column *c)
{
    for (int i = 0; i < BUFFERS; i++)
        if (c->views[i].obj)
            PyBuffer_Release(&c->views[i]);
}

/* Takes a tuple of buffers, each None if there is none; 0, or -1 with an exception. */
static int take_buffers(struct column *c, PyObject *buffers)
{
    Py_ssize_t i, count = PyTuple_Check(buffers) ? PyTuple_Size(buffers) : -1;

    if (count < 0 || count > BUFFERS) {
        PyErr_SetString(PyExc_TypeError, "expected a tuple of up to three buffers");
        return -1;
    }
    for (i = 0; i < count; i++) {
        PyObject *buffer = PyTuple_GetItem(buffers, i);
        if (buffer == Py_None)
            continue;
        if (PyObject_GetBuffer(buffer, &c->views[i], PyBUF_SIMPLE) < 0)
            return -1;
        c->data[i] = c->views[i].buf;
        c->bytes[i] = c->views[i].len;
    }
    return 0;
}

static int is_set(const void *bits, Py_ssize_t i)
{
    return ((const uint8_t *)bits)[i / 8] >> i % 8 & 1;
}

static PyObject *new_ref(PyObject *object)
{
    Py_XINCREF(object);
    return object;
}

static PyObject *text_at(const struct column *c, Py_ssize_t i)
{
    int32_t ends[2];

    memcpy(ends, (const char *)c->data[ITEMS] + (size_t)i * sizeof *ends, sizeof ends);
    if (ends[0] < 0 || ends[1] < ends[0] || ends[1] > c->bytes[TEXT]) {
        PyErr_SetString(PyExc_ValueError, "a text lies outside of its buffer");
        return NULL;
    }
    return PyUnicode_DecodeUTF8(ends[1] ? (const char *)c->data[TEXT] + ends[0] : "",
                                ends[1] - ends[0], NULL);
}

static PyObject *item_at(const struct column *c, Py_ssize_t i)
{
    int64_t number;
    double real;
    int32_t code;

    if (c->data[VALID] && !is_set(c->data[VALID], i))
        return new_ref(Py_None);
    switch (c->format) {
    case 'b':
        return PyBool_FromLong(is_set(c->data[ITEMS], i));
    case 'i':
        memcpy(&code, (const char *)c->data[ITEMS] + (size_t)i * sizeof code, sizeof code);
        return new_ref(PyList_GetItem(c->names, code));
    case 'u':
        return text_at(c, i);
    case 'g':
        memcpy(&real, (const char *)c->data[ITEMS] + (size_t)i * sizeof real, sizeof real);
        return PyFloat_FromDouble(real);
    default:
        memcpy(&number, (const char *)c->data[ITEMS] + (size_t)i * sizeof number, sizeof number);
        return c->format == 'L' ? PyLong_FromUnsignedLongLong((unsigned long long)number)
                                : PyLong_FromLongLong(number);
    }
}

/* Whether the buffers are long enough, and names there. */
static int is_whole(const struct column *c, Py_ssize_t rows)
{
    Py_ssize_t bits = rows / 8 + (rows % 8 != 0), need;

    if (c->format == 'b')
        need = bits;
    else if (c->format == 'u')
        need = rows ? (rows + 1) * (Py_ssize_t)sizeof(int32_t) : 0;
    else
        need = rows * (Py_ssize_t)(c->format == 'i' ? sizeof(int32_t) : sizeof(int64_t));
    if (c->bytes[ITEMS] < need || (c->data[VALID] && c->bytes[VALID] < bits)) {
        PyErr_SetString(PyExc_ValueError, "fewer items than rows");
        return 0;
    }
    if (c->format == 'i' && !PyList_Check(c->names)) {
        PyErr_SetString(PyExc_TypeError, "expected a list of names");
        return 0;
    }
    return 1;
}

PyObject *trpy_items(Py_ssize_t rows, const char *format, PyObject *buffers, PyObject *names)
{
    struct column c;
    PyObject *list = NULL;
    Py_ssize_t i;

    memset(&c, 0, sizeof c);
    c.format = format[0];
    c.names = names;
    if (take_buffers(&c, buffers) == 0 && is_whole(&c, rows))
        list = PyList_New(rows);
    for (i = 0; list && i < rows; i++) {
        PyObject *item = item_at(&c, i);
        if (!item || PyList_SetItem(list, i, item) < 0)
            Py_CLEAR(list);
    }
    let_go(&c);
    return list;
}

/* --- rows --------------------------------------------------------------------- */

/* A tuple of a type of tuples, made of the arguments. */
static PyObject *make_row(PyObject *type, PyObject *const *args, Py_ssize_t count)
{
    allocfunc alloc;
    PyObject *row;
    Py_ssize_t i;

    /* Python's slots are void pointers. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
    alloc = (allocfunc)PyType_GetSlot((PyTypeObject *)type, Py_tp_alloc);
#pragma GCC diagnostic pop
    row = alloc((PyTypeObject *)type, count);
    for (i = 0; row && i < count; i++)
        PyTuple_SetItem(row, i, new_ref(args[i]));
    return row;
}

PyObject *trpy_row_maker(PyObject *type)
{
    static PyMethodDef def = {"make_row", (PyCFunction)(void (*)(void))make_row, METH_FASTCALL,
                              NULL};

    if (!PyType_Check(type) || !PyType_IsSubtype((PyTypeObject *)type, &PyTuple_Type)) {
        PyErr_SetString(PyExc_TypeError, "expected a type of tuples");
        return NULL;
    }
    return PyCFunction_New(&def, type);
}
