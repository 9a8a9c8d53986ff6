/* Columns of events, filled into buffers of the caller's, and what is made of their
 * codes. What is appended to arrays is written where it is needed: memory that is not
 * touched costs nothing, so a column that is nearly always the same, or none, is given as
 * runs and exceptions instead. Long work gives up the interpreter lock; the library bounds how many events
 * one call takes where a filter lets few through, so that signals are seen between. */
#include "native.h"

#include <string.h>

/* The caller's buffers. */
struct buffers {
    tr_column columns[TR_COLUMN_COUNT];
    Py_buffer views[TR_COLUMN_COUNT];
    size_t count; /* of both, which are held */
};

/* Takes one (column id, buffer) of the caller's. */
static int add_column(struct buffers *f, PyObject *item, Py_ssize_t rows)
{
    static const char floats[] = "efdgEFDGZ?";
    Py_buffer *view = &f->views[f->count];
    PyObject *buffer;
    int id, type;
    size_t size;

    if (!PyTuple_Check(item)) {
        PyErr_SetString(PyExc_TypeError, "expected pairs of a column and a buffer");
        return -1;
    }
    if (!PyArg_ParseTuple(item, "iO", &id, &buffer))
        return -1;
    type = tr_column_get_type((tr_column_id)id);
    if (!type || f->count == TR_COLUMN_COUNT) {
        PyErr_Format(PyExc_ValueError, "column %d: unknown, or too many columns", id);
        return -1;
    }
    size = type == TR_COLUMN_CODE ? sizeof(int32_t) : sizeof(int64_t);
    if (PyObject_GetBuffer(buffer, view, PyBUF_WRITABLE | PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0)
        return -1;
    f->columns[f->count++] = (tr_column){(tr_column_id)id, view->buf, (size_t)rows};
    if ((size_t)view->itemsize != size || (uintptr_t)view->buf % size ||
        (view->format && view->format[0] &&
         strchr(floats, view->format[strlen(view->format) - 1]))) {
        PyErr_Format(PyExc_ValueError, "column %s: needs a buffer of aligned %zu-byte integers",
                     tr_column_name((tr_column_id)id), size);
        return -1;
    }
    if (view->len / view->itemsize < rows) {
        PyErr_Format(PyExc_ValueError, "column %s: the buffer has room for %zd rows of %zd",
                     tr_column_name((tr_column_id)id), view->len / view->itemsize, rows);
        return -1;
    }
    return 0;
}

static void release_columns(struct buffers *f)
{
    while (f->count > 0)
        PyBuffer_Release(&f->views[--f->count]);
}

/* Takes the caller's columns, each of which has room for `room` rows; 0, or -1 with an
 * exception. */
static int take_columns(struct buffers *f, PyObject *columns, Py_ssize_t room)
{
    Py_ssize_t i, count = PySequence_Size(columns);

    f->count = 0;
    if (count < 0)
        return -1;
    for (i = 0; i < count; i++) {
        PyObject *item = PySequence_GetItem(columns, i);
        int failed = !item || add_column(f, item, room) < 0;
        Py_XDECREF(item);
        if (failed) {
            release_columns(f);
            return -1;
        }
    }
    return 0;
}

PyObject *trpy_fill(trpy_cursor *c, PyObject *columns, Py_ssize_t rows)
{
    PyObject *result = NULL;
    size_t filled = 0;
    struct buffers f;

    if (rows <= 0) {
        PyErr_SetString(PyExc_ValueError, "rows must be positive");
        return NULL;
    }
    if (take_columns(&f, columns, rows) < 0)
        return NULL;
    if (trpy_cursor_claim(c) == 0) {
        tr_status status;

        TRPY_UNLOCK(c);
        status = tr_reader_fill(c->reader, f.columns, f.count, (size_t)rows, &filled);
        TRPY_LOCK(c);
        if (trpy_cursor_release(c, status) == 0)
            result = Py_BuildValue("nN", (Py_ssize_t)filled, PyBool_FromLong(status == TR_OK));
    }
    release_columns(&f);
    return result;
}

/* --- appending ------------------------------------------------------------- */

/* Rows a step takes: what is aside stays in a cache. */
#define STEP_ROWS 4096
/* Steps for which a column that was found full is taken to be. */
#define FULL_STEPS 16

/* Rows whose value in a column is the same, but for exceptions. */
struct run {
    size_t column, first, end;
    char value[8]; /* one item */
};

/* A column to which rows are appended. */
struct column {
    char *data;
    size_t size; /* of an item */
    int number;
    int has_none;
    unsigned full;    /* steps to come that go straight to `data` */
    struct run *last; /* or NULL */
    size_t exception_count;
    int32_t *rows; /* of exceptions, from the first one appended */
    char *values;  /* theirs */
};

struct append {
    struct column columns[TR_COLUMN_COUNT];
    size_t column_count, first, at; /* at: rows there are */
    struct run *runs;
    size_t run_count;
    char *memory; /* all of the above, and what follows */
    char *aside;  /* STEP_ROWS items of each column */
};

/* Items that are compared at once. */
#define SPAN 64

/* Defines find_SUFFIX: notes the places of items other than `value` and returns their
 * number, or most + 1 if they are more than `most`; `places` has room for SPAN more. */
#define DEFINE_FIND(suffix, type)                                                  \
    static size_t find_##suffix(const void *data, size_t count, const void *value, \
                                uint16_t *places, size_t most)                     \
    {                                                                              \
        const type *items = data;                                                  \
        size_t i, k, end, found = 0;                                               \
        type usual[SPAN];                                                          \
                                                                                   \
        for (k = 0; k < SPAN; k++)                                                 \
            memcpy(&usual[k], value, sizeof *usual);                               \
        for (i = 0; i < count; i = end) {                                          \
            end = count - i < SPAN ? count : i + SPAN;                             \
            if (memcmp(&items[i], usual, (end - i) * sizeof *items) == 0)          \
                continue;                                                          \
            for (k = i; k < end; k++) {                                            \
                places[found] = (uint16_t)k;                                       \
                found += items[k] != usual[0];                                     \
            }                                                                      \
            if (found > most)                                                      \
                return most + 1;                                                   \
        }                                                                          \
        return found;                                                              \
    }
DEFINE_FIND(4, uint32_t)
DEFINE_FIND(8, uint64_t)

static void add_run(struct append *a, struct column *c, size_t count, const char *value)
{
    struct run *run = c->last;

    if (run && run->end == a->at && memcmp(run->value, value, c->size) == 0) {
        run->end += count;
        return;
    }
    run = c->last = &a->runs[a->run_count++];
    *run = (struct run){(size_t)(c - a->columns), a->at, a->at + count, {0}};
    memcpy(run->value, value, c->size);
}

/* Takes over what a step filled aside: as a run, or as it is. */
static void settle(struct append *a, struct column *c, const char *items, size_t count)
{
    static const char none[8] = {-1, -1, -1, -1, -1, -1, -1, -1};
    const char *value = c->has_none ? none : items;
    uint16_t places[STEP_ROWS / 4 + SPAN];
    size_t i, most = count / 4;
    size_t found = c->size == 8 ? find_8(items, count, value, places, most)
                                : find_4(items, count, value, places, most);

    if (found > most) {
        memcpy(c->data + a->at * c->size, items, count * c->size);
        c->full = FULL_STEPS;
        return;
    }
    add_run(a, c, count, value);
    for (i = 0; i < found; i++) {
        size_t n = c->exception_count++;
        c->rows[n] = (int32_t)(a->at - a->first + places[i]);
        memcpy(c->values + n * c->size, items + places[i] * c->size, c->size);
    }
}

static tr_status append_step(tr_reader *r, struct append *a, size_t rows, size_t *filled)
{
    tr_column columns[TR_COLUMN_COUNT];
    tr_status status;
    size_t i;

    for (i = 0; i < a->column_count; i++) {
        struct column *c = &a->columns[i];
        columns[i] = (tr_column){
            (tr_column_id)c->number,
            c->full ? c->data + a->at * c->size : a->aside + i * STEP_ROWS * 8,
            rows,
        };
    }
    status = tr_reader_fill(r, columns, a->column_count, rows, filled);
    for (i = 0; *filled > 0 && i < a->column_count; i++) {
        if (a->columns[i].full)
            a->columns[i].full--;
        else
            settle(a, &a->columns[i], columns[i].data, *filled);
    }
    a->at += *filled;
    return status;
}

/* Makes room for all that `rows` rows may need; 0, or -1 with an exception. */
static int append_begin(struct append *a, const struct buffers *f, size_t first, size_t rows)
{
    /* A run a step at most; a step is short only if it is the last. */
    size_t runs = (rows / STEP_ROWS + 1) * f->count, exceptions = rows / 4 + 1, i;
    char *memory;

    memset(a, 0, sizeof *a);
    a->column_count = f->count;
    a->first = a->at = first;
    memory = PyMem_Malloc(runs * sizeof *a->runs +
                          f->count * (STEP_ROWS * 8 + exceptions * (8 + sizeof(int32_t))));
    if (!memory) {
        PyErr_NoMemory();
        return -1;
    }
    a->memory = memory;
    a->runs = (struct run *)memory;
    memory += runs * sizeof *a->runs;
    a->aside = memory;
    memory += f->count * STEP_ROWS * 8;
    for (i = 0; i < f->count; i++, memory += exceptions * 8) {
        struct column *c = &a->columns[i];
        c->data = f->columns[i].data;
        c->size = (size_t)f->views[i].itemsize;
        c->number = (int)f->columns[i].id;
        c->values = memory;
        switch (f->columns[i].id) {
        case TR_COL_TIME:
        case TR_COL_KIND:
        case TR_COL_OFFSET:
        case TR_COL_GENERATION:
        case TR_COL_FLAGS:
            break;
        default:
            c->has_none = 1;
        }
    }
    for (i = 0; i < f->count; i++, memory += exceptions * sizeof(int32_t))
        a->columns[i].rows = (int32_t *)memory;
    return 0;
}

static PyObject *item_object(const struct column *c, const char *value)
{
    int64_t number;
    int32_t code;

    if (c->size == sizeof code) {
        memcpy(&code, value, sizeof code);
        return PyLong_FromLong(code);
    }
    memcpy(&number, value, sizeof number);
    return tr_column_get_type((tr_column_id)c->number) == TR_COLUMN_UINT64
               ? PyLong_FromUnsignedLongLong((uint64_t)number)
               : PyLong_FromLongLong(number);
}

static PyObject *run_list(const struct append *a)
{
    PyObject *list = PyList_New((Py_ssize_t)a->run_count);
    size_t i;

    for (i = 0; list && i < a->run_count; i++) {
        const struct run *run = &a->runs[i];
        PyObject *item =
            Py_BuildValue("nnnN", (Py_ssize_t)run->column, (Py_ssize_t)run->first,
                          (Py_ssize_t)run->end, item_object(&a->columns[run->column], run->value));
        if (!item || PyList_SetItem(list, (Py_ssize_t)i, item) < 0)
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *exception_list(const struct append *a)
{
    PyObject *list = PyList_New(0);
    size_t i;

    for (i = 0; list && i < a->column_count; i++) {
        const struct column *c = &a->columns[i];
        PyObject *item;
        if (c->exception_count == 0)
            continue;
        item = Py_BuildValue("ny#y#", (Py_ssize_t)i, (const char *)c->rows,
                             (Py_ssize_t)(c->exception_count * sizeof *c->rows), c->values,
                             (Py_ssize_t)(c->exception_count * c->size));
        if (!item || PyList_Append(list, item) < 0)
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

PyObject *trpy_append(trpy_cursor *c, PyObject *columns, Py_ssize_t first, Py_ssize_t rows)
{
    PyObject *result = NULL;
    tr_status status;
    size_t end, got, step;
    struct buffers f;
    struct append a;

    if (first < 0 || rows <= 0 || rows > INT32_MAX || rows > PY_SSIZE_T_MAX - first) {
        PyErr_SetString(PyExc_ValueError, "rows must be positive, and not too many");
        return NULL;
    }
    if (take_columns(&f, columns, first + rows) < 0)
        return NULL;
    if (append_begin(&a, &f, (size_t)first, (size_t)rows) == 0 && trpy_cursor_claim(c) == 0) {
        end = a.at + (size_t)rows;
        TRPY_UNLOCK(c);
        do {
            step = end - a.at < STEP_ROWS ? end - a.at : STEP_ROWS;
            status = append_step(c->reader, &a, step, &got);
        } while (status == TR_OK && got == step && a.at < end);
        TRPY_LOCK(c);
        /* An error comes again: the rows before it are given first. */
        if (status < 0 && a.at > a.first)
            status = TR_OK;
        if (trpy_cursor_release(c, status) == 0)
            result =
                Py_BuildValue("nNNN", (Py_ssize_t)(a.at - a.first),
                              PyBool_FromLong(status == TR_OK), run_list(&a), exception_list(&a));
    }
    PyMem_Free(a.memory);
    release_columns(&f);
    return result;
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
    for (i = 0; i < count; i++) {
        int32_t code = ((const int32_t *)from.buf)[i];
        PyObject **place = (PyObject **)to.buf + i, *old = *place;
        if (code >= 0 && code < name_count) {
            *place = PyTuple_GetItem(names, code);
            Py_INCREF(*place);
            Py_XDECREF(old);
        }
    }
    PyBuffer_Release(&to);
    PyBuffer_Release(&from);
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
