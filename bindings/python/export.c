/* Arrow's C structs made of what Python holds: schemas, batches of buffers, and streams whose
 * batches a Python function gives.
 *
 * Consumers move these structs about, call them from any thread, and release them whenever
 * they like. So every array holds its own buffers, takes the interpreter lock to let go of
 * them, and a struct that was moved out of its capsule is left released there. What a Python
 * function raises inside a stream becomes the stream's error text: there is nobody above to
 * raise it to.
 *
 * Buffers are trusted to be as long as the length and format of their column need. */
#include "native.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- capsules ---------------------------------------------------------------- */

/* Capsules of the three structs differ in name and release only. */
#define CAPSULE(kind, type, capsule_name)                         \
    static void kind##_free(PyObject *capsule)                    \
    {                                                             \
        type *held = PyCapsule_GetPointer(capsule, capsule_name); \
        if (held->release)                                        \
            held->release(held);                                  \
        free(held);                                               \
    }                                                             \
    /* A capsule with an empty struct, which *out is. */          \
    static PyObject *kind##_new(type **out)                       \
    {                                                             \
        PyObject *capsule;                                        \
        *out = calloc(1, sizeof **out);                           \
        if (!*out)                                                \
            return PyErr_NoMemory();                              \
        capsule = PyCapsule_New(*out, capsule_name, kind##_free); \
        if (!capsule)                                             \
            free(*out);                                           \
        return capsule;                                           \
    }

CAPSULE(schema, struct ArrowSchema, TRPY_SCHEMA_CAPSULE)
CAPSULE(array, struct ArrowArray, TRPY_ARRAY_CAPSULE)
CAPSULE(stream, struct ArrowArrayStream, TRPY_STREAM_CAPSULE)

/* As PyTuple_Check, with an exception. */
static int is_tuple(PyObject *object)
{
    if (PyTuple_Check(object))
        return 1;
    PyErr_SetString(PyExc_TypeError, "expected a tuple");
    return 0;
}

/* --- schemas ----------------------------------------------------------------- */

static void schema_release(struct ArrowSchema *s)
{
    int64_t i;

    for (i = 0; i < s->n_children; i++) {
        if (s->children[i]->release)
            s->children[i]->release(s->children[i]);
        free(s->children[i]);
    }
    free(s->children);
    if (s->dictionary) {
        if (s->dictionary->release)
            s->dictionary->release(s->dictionary);
        free(s->dictionary);
    }
    free(s->private_data);
    s->release = NULL;
}

/* Fills a struct that is zero; what it holds then is freed by its release in any case. */
static int schema_fill(struct ArrowSchema *s, const char *name, const char *format, int64_t flags)
{
    size_t name_size = strlen(name) + 1, format_size = strlen(format) + 1;
    char *text = malloc(name_size + format_size);

    s->release = schema_release;
    s->private_data = text;
    if (!text) {
        PyErr_NoMemory();
        return -1;
    }
    s->name = memcpy(text, name, name_size);
    s->format = memcpy(text + name_size, format, format_size);
    s->flags = flags;
    return 0;
}

/* One (name, format, nullable, format of the dictionary or None). */
static int schema_column(struct ArrowSchema *s, PyObject *column)
{
    const char *name, *format, *dictionary;
    int nullable;

    if (!is_tuple(column) ||
        !PyArg_ParseTuple(column, "sspz", &name, &format, &nullable, &dictionary) ||
        schema_fill(s, name, format, nullable ? ARROW_FLAG_NULLABLE : 0) < 0)
        return -1;
    if (!dictionary)
        return 0;
    s->dictionary = calloc(1, sizeof *s->dictionary);
    if (!s->dictionary) {
        PyErr_NoMemory();
        return -1;
    }
    return schema_fill(s->dictionary, "", dictionary, 0);
}

PyObject *trpy_arrow_schema(PyObject *columns)
{
    struct ArrowSchema *s;
    Py_ssize_t i, count = PySequence_Size(columns);
    PyObject *capsule = count < 0 ? NULL : schema_new(&s);

    if (!capsule || schema_fill(s, "", "+s", 0) < 0)
        goto failed;
    s->children = calloc((size_t)count + 1, sizeof *s->children);
    for (i = 0; s->children && i < count; i++) {
        PyObject *column;
        int failed;

        s->children[i] = calloc(1, sizeof *s->children[i]);
        if (!s->children[i])
            break;
        s->n_children = i + 1;
        column = PySequence_GetItem(columns, i);
        failed = !column || schema_column(s->children[i], column) < 0;
        Py_XDECREF(column);
        if (failed)
            goto failed;
    }
    if (s->children && s->n_children == count)
        return capsule;
    PyErr_NoMemory();
failed:
    Py_XDECREF(capsule);
    return NULL;
}

/* --- arrays ------------------------------------------------------------------ */

#define MAX_BUFFERS 3

/* What an array holds besides its children and its dictionary. */
struct held_buffers {
    const void *pointers[MAX_BUFFERS];
    Py_buffer views[MAX_BUFFERS];
};

static void array_release(struct ArrowArray *a)
{
    struct held_buffers *held = a->private_data;
    int64_t i;

    for (i = 0; i < a->n_children; i++) {
        if (a->children[i]->release)
            a->children[i]->release(a->children[i]);
        free(a->children[i]);
    }
    free(a->children);
    if (a->dictionary) {
        if (a->dictionary->release)
            a->dictionary->release(a->dictionary);
        free(a->dictionary);
    }
    /* Python may be gone before a consumer lets go; its memory is then nobody's. */
    if (held && Py_IsInitialized()) {
        PyGILState_STATE state = PyGILState_Ensure();
        for (i = 0; i < MAX_BUFFERS; i++) {
            if (held->views[i].obj)
                PyBuffer_Release(&held->views[i]);
        }
        PyGILState_Release(state);
    }
    free(held);
    a->release = NULL;
}

/* Fills a struct that is zero with buffers, a tuple of bytes-like objects or None. */
static int array_fill(struct ArrowArray *a, int64_t length, int64_t null_count, PyObject *buffers)
{
    struct held_buffers *held = calloc(1, sizeof *held);
    Py_ssize_t i, count = PyTuple_Check(buffers) ? PyTuple_Size(buffers) : -1;

    a->release = array_release;
    a->private_data = held;
    if (!held) {
        PyErr_NoMemory();
        return -1;
    }
    if (count < 1 || count > MAX_BUFFERS) {
        PyErr_SetString(PyExc_TypeError, "expected a tuple of one to three buffers");
        return -1;
    }
    for (i = 0; i < count; i++) {
        PyObject *buffer = PyTuple_GetItem(buffers, i);
        if (buffer == Py_None)
            continue;
        if (PyObject_GetBuffer(buffer, &held->views[i], PyBUF_SIMPLE) < 0)
            return -1;
        held->pointers[i] = held->views[i].buf;
    }
    a->length = length;
    a->null_count = null_count;
    a->n_buffers = count;
    a->buffers = held->pointers;
    return 0;
}

/* One (null count, buffers, (length, buffers) of the dictionary or None). */
static int array_column(struct ArrowArray *a, int64_t length, PyObject *column)
{
    PyObject *buffers, *dictionary, *texts;
    Py_ssize_t null_count, text_count;

    if (!is_tuple(column) || !PyArg_ParseTuple(column, "nOO", &null_count, &buffers, &dictionary) ||
        array_fill(a, length, null_count, buffers) < 0)
        return -1;
    if (dictionary == Py_None)
        return 0;
    a->dictionary = calloc(1, sizeof *a->dictionary);
    if (!a->dictionary) {
        PyErr_NoMemory();
        return -1;
    }
    return is_tuple(dictionary) && PyArg_ParseTuple(dictionary, "nO", &text_count, &texts) &&
                   array_fill(a->dictionary, text_count, 0, texts) == 0
               ? 0
               : -1;
}

PyObject *trpy_arrow_array(Py_ssize_t length, PyObject *columns)
{
    struct ArrowArray *a;
    Py_ssize_t i, count = PySequence_Size(columns);
    PyObject *none = Py_BuildValue("(O)", Py_None);
    PyObject *capsule = count < 0 || !none ? NULL : array_new(&a);

    if (!capsule || array_fill(a, length, 0, none) < 0)
        goto failed;
    a->children = calloc((size_t)count + 1, sizeof *a->children);
    for (i = 0; a->children && i < count; i++) {
        PyObject *column;
        int failed;

        a->children[i] = calloc(1, sizeof *a->children[i]);
        if (!a->children[i])
            break;
        a->n_children = i + 1;
        column = PySequence_GetItem(columns, i);
        failed = !column || array_column(a->children[i], length, column) < 0;
        Py_XDECREF(column);
        if (failed)
            goto failed;
    }
    if (a->children && a->n_children == count) {
        Py_DECREF(none);
        return capsule;
    }
    PyErr_NoMemory();
failed:
    Py_XDECREF(none);
    Py_XDECREF(capsule);
    return NULL;
}

/* --- streams ----------------------------------------------------------------- */

struct source {
    PyObject *schema; /* () -> capsule of a schema */
    PyObject *next;   /* () -> capsule of an array, or None behind the last */
    PyObject *keep;   /* (exception), which the others raised; or None */
    PyObject *error;  /* bytes: why a call failed, or NULL */
    int code;         /* errno value that get_next returns for ever, 0: none */
};

/* An exception's text, and what was noted of it: where in a trace it was raised. */
static PyObject *text_of(PyObject *type, PyObject *value)
{
    PyObject *notes, *between, *joined = NULL, *text = PyObject_Str(value);

    if (text && PyUnicode_GetLength(text) == 0) {
        Py_DECREF(text);
        text = PyObject_GetAttrString(type, "__name__");
    }
    notes = text ? PyObject_GetAttrString(value, "__notes__") : NULL;
    if (!notes) {
        PyErr_Clear();
        return text;
    }
    between = PyUnicode_FromString(", ");
    joined = between ? PyUnicode_Join(between, notes) : NULL;
    Py_XDECREF(between);
    Py_DECREF(notes);
    if (!joined || PyUnicode_GetLength(joined) == 0) { /* others may put there what they like */
        PyErr_Clear();
        Py_XDECREF(joined);
        return text;
    }
    notes = joined;
    joined = PyUnicode_FromFormat("%U (%U)", text, notes);
    Py_DECREF(notes);
    Py_DECREF(text);
    return joined;
}

/* Takes note of the exception that is raised; gives the errno value for it. */
static int failed_call(struct source *s)
{
    PyObject *type, *value, *traceback, *text, *kept;
    int code = EIO;

    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (!PyErr_GivenExceptionMatches(type, PyExc_Exception))
        code = ECANCELED; /* such as Ctrl-C */
    else if (PyErr_GivenExceptionMatches(type, PyExc_MemoryError))
        code = ENOMEM;
    /* Here, and not by them: in Python's own code another may come before it is caught. */
    kept = s->keep == Py_None ? NULL : PyObject_CallFunctionObjArgs(s->keep, value, NULL);
    Py_XDECREF(kept);
    PyErr_Clear();
    text = text_of(type, value);
    Py_XDECREF(s->error);
    s->error = text ? PyUnicode_AsEncodedString(text, "utf-8", "replace") : NULL;
    PyErr_Clear();
    Py_XDECREF(text);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return code;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct source *s = stream->private_data;
    struct ArrowSchema *made = NULL;
    PyObject *capsule;
    int code = 0;
    PyGILState_STATE state = PyGILState_Ensure();

    capsule = PyObject_CallFunctionObjArgs(s->schema, NULL);
    if (capsule)
        made = PyCapsule_GetPointer(capsule, TRPY_SCHEMA_CAPSULE);
    if (made) {
        *out = *made;
        made->release = NULL;
    } else
        code = failed_call(s);
    Py_XDECREF(capsule);
    PyGILState_Release(state);
    return code;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct source *s = stream->private_data;
    struct ArrowArray *made = NULL;
    PyObject *capsule;
    PyGILState_STATE state;

    memset(out, 0, sizeof *out);
    if (s->code)
        return s->code;
    state = PyGILState_Ensure();
    capsule = PyObject_CallFunctionObjArgs(s->next, NULL);
    if (capsule && capsule != Py_None)
        made = PyCapsule_GetPointer(capsule, TRPY_ARRAY_CAPSULE);
    if (made) {
        *out = *made;
        made->release = NULL;
    } else if (capsule != Py_None)
        s->code = failed_call(s);
    Py_XDECREF(capsule);
    PyGILState_Release(state);
    return s->code;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    struct source *s = stream->private_data;
    const char *text;
    PyGILState_STATE state = PyGILState_Ensure();

    text = s->error ? PyBytes_AsString(s->error) : NULL;
    PyGILState_Release(state);
    return text;
}

static void stream_release(struct ArrowArrayStream *stream)
{
    struct source *s = stream->private_data;

    if (Py_IsInitialized()) {
        PyGILState_STATE state = PyGILState_Ensure();
        Py_XDECREF(s->schema);
        Py_XDECREF(s->next);
        Py_XDECREF(s->keep);
        Py_XDECREF(s->error);
        PyGILState_Release(state);
    }
    free(s);
    stream->release = NULL;
}

PyObject *trpy_arrow_stream(PyObject *schema, PyObject *next, PyObject *keep)
{
    struct ArrowArrayStream *stream;
    PyObject *capsule = stream_new(&stream);
    struct source *s = capsule ? calloc(1, sizeof *s) : NULL;

    if (!s) {
        Py_XDECREF(capsule);
        return PyErr_Occurred() ? NULL : PyErr_NoMemory();
    }
    Py_INCREF(schema);
    Py_INCREF(next);
    Py_INCREF(keep);
    s->schema = schema;
    s->next = next;
    s->keep = keep;
    *stream = (struct ArrowArrayStream){get_schema, get_next, get_last_error, stream_release, s};
    return capsule;
}

/* --- values ------------------------------------------------------------------ */

PyObject *trpy_fill_nulls(PyObject *values, PyObject *valid, PyObject *none)
{
    Py_buffer from, bits, item;
    PyObject *out = NULL;
    Py_ssize_t i, rows;
    char *to;

    if (PyObject_GetBuffer(values, &from, PyBUF_SIMPLE) < 0)
        return NULL;
    if (PyObject_GetBuffer(valid, &bits, PyBUF_SIMPLE) < 0)
        goto no_bits;
    if (PyObject_GetBuffer(none, &item, PyBUF_SIMPLE) < 0)
        goto no_item;
    rows = item.len ? from.len / item.len : 0;
    if (bits.len < (rows + 7) / 8) {
        PyErr_SetString(PyExc_ValueError, "fewer bits than values");
        goto done;
    }
    out = PyByteArray_FromStringAndSize(from.buf, from.len);
    to = out ? PyByteArray_AsString(out) : NULL;
    for (i = 0; to && i < rows; i++) {
        if (!(((const uint8_t *)bits.buf)[i / 8] >> i % 8 & 1))
            memcpy(to + i * item.len, item.buf, (size_t)item.len);
    }
done:
    PyBuffer_Release(&item);
no_item:
    PyBuffer_Release(&bits);
no_bits:
    PyBuffer_Release(&from);
    return out;
}

PyObject *trpy_map_codes(PyObject *codes, PyObject *map)
{
    Py_buffer from, by;
    PyObject *out = NULL;
    Py_ssize_t i, rows, known;
    const int32_t *code;
    int32_t *to;

    if (PyObject_GetBuffer(codes, &from, PyBUF_SIMPLE) < 0)
        return NULL;
    if (PyObject_GetBuffer(map, &by, PyBUF_SIMPLE) < 0) {
        PyBuffer_Release(&from);
        return NULL;
    }
    rows = from.len / (Py_ssize_t)sizeof *code;
    known = by.len / (Py_ssize_t)sizeof *code;
    code = from.buf;
    out = PyByteArray_FromStringAndSize(NULL, rows * (Py_ssize_t)sizeof *code);
    to = out ? (int32_t *)(void *)PyByteArray_AsString(out) : NULL;
    for (i = 0; to && i < rows; i++) /* where there is no value, any code may stand */
        to[i] = (uint32_t)code[i] < (uint32_t)known ? ((const int32_t *)by.buf)[code[i]] : 0;
    PyBuffer_Release(&by);
    PyBuffer_Release(&from);
    return out;
}
