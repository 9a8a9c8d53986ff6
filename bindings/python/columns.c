/* Columns of events, filled into buffers of the caller's.
 *
 * A filter of kinds works in place: rows are filled, the ones that do not belong are
 * squeezed out, and the room is filled again. The interpreter lock is given up
 * throughout; the number of events that one call takes is bounded, so that signals are
 * seen between calls also where the filter lets few rows through. */
#include "native.h"

#include <string.h>

#define EVENTS_PER_CALL (1u << 18)
#define MAX_COLUMNS (TR_COLUMN_COUNT + 1) /* each, and the kinds for the filter */

/* Codes below this have what their kind says remembered. */
#define KNOWN_CODES 256

struct fill {
    tr_reader *reader;
    tr_column columns[MAX_COLUMNS]; /* data: where the next row goes */
    size_t sizes[MAX_COLUMNS];      /* of an item */
    Py_buffer views[MAX_COLUMNS];   /* the first view_count are held */
    size_t count, view_count;
    size_t kind; /* the column of kinds, if there is a filter */
    int32_t *kinds_scratch;
    int filter;                     /* not all kinds are wanted */
    uint32_t wanted;                /* bits 1 << tr_kind */
    signed char known[KNOWN_CODES]; /* 1 wanted, -1 not, 0 not asked yet */
};

static int code_wanted(struct fill *f, int32_t code)
{
    tr_str name = tr_reader_string(f->reader, code);
    int kind;

    for (kind = 0; kind < TR_KIND_COUNT; kind++)
        if (f->wanted & 1u << kind && tr_str_equal(name, tr_kind_name((tr_kind)kind)))
            return 1;
    return 0;
}

static int row_wanted(struct fill *f, int32_t code)
{
    if (code < 0 || code >= KNOWN_CODES)
        return code_wanted(f, code);
    if (!f->known[code])
        f->known[code] = code_wanted(f, code) ? 1 : -1;
    return f->known[code] > 0;
}

/* Keeps the wanted ones of the `rows` rows just filled; returns how many they are. */
static size_t squeeze(struct fill *f, size_t rows)
{
    const int32_t *kinds = f->columns[f->kind].data;
    size_t from, to, i;

    for (from = to = 0; from < rows;) {
        size_t run;

        if (!row_wanted(f, kinds[from])) {
            from++;
            continue;
        }
        for (run = 1; from + run < rows && row_wanted(f, kinds[from + run]); run++)
            ;
        /* Kinds too: what is moved lies behind what is read. */
        for (i = 0; from != to && i < f->count; i++) {
            char *data = f->columns[i].data;
            memmove(data + to * f->sizes[i], data + from * f->sizes[i], run * f->sizes[i]);
        }
        from += run;
        to += run;
    }
    return to;
}

/* Runs without the interpreter lock. TR_OK if there may be more. */
static tr_status fill_rows(struct fill *f, size_t rows, size_t *filled)
{
    size_t events = 0, i;

    *filled = 0;
    while (*filled < rows && events < EVENTS_PER_CALL) {
        size_t got = 0;
        size_t ask = rows - *filled < EVENTS_PER_CALL ? rows - *filled : EVENTS_PER_CALL;
        tr_status status = tr_reader_fill(f->reader, f->columns, f->count, ask, &got);

        /* Ends and errors come again: the rows before them are given first. */
        if (status != TR_OK)
            return *filled ? TR_OK : status;
        events += got;
        if (f->filter)
            got = squeeze(f, got);
        *filled += got;
        for (i = 0; i < f->count; i++) {
            f->columns[i].data = (char *)f->columns[i].data + got * f->sizes[i];
            f->columns[i].capacity -= got;
        }
    }
    return TR_OK;
}

/* Takes one (column id, buffer) of the caller's. */
static int add_column(struct fill *f, PyObject *item, Py_ssize_t rows)
{
    static const char floats[] = "efdgEFDGZ?";
    Py_buffer *view = &f->views[f->view_count];
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
    f->view_count++;
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
    if (id == TR_COL_KIND)
        f->kind = f->count;
    f->columns[f->count] = (tr_column){(tr_column_id)id, view->buf, (size_t)rows};
    f->sizes[f->count] = size;
    f->count++;
    return 0;
}

/* A filter needs the kinds, also where the caller does not. */
static int add_kinds(struct fill *f, size_t rows)
{
    if (f->kind < f->count)
        return 0;
    f->kinds_scratch = PyMem_Malloc((rows ? rows : 1) * sizeof *f->kinds_scratch);
    if (!f->kinds_scratch) {
        PyErr_NoMemory();
        return -1;
    }
    f->kind = f->count;
    f->columns[f->count] = (tr_column){TR_COL_KIND, f->kinds_scratch, rows};
    f->sizes[f->count] = sizeof(int32_t);
    f->count++;
    return 0;
}

static PyObject *fill_claimed(struct fill *f, trpy_cursor *c, size_t rows)
{
    size_t filled = 0;
    tr_status status;

    f->reader = c->reader;
    TRPY_UNLOCK(c);
    status = fill_rows(f, rows, &filled);
    TRPY_LOCK(c);
    if (trpy_cursor_release(c, status) < 0)
        return NULL;
    return Py_BuildValue("nN", (Py_ssize_t)filled, PyBool_FromLong(status == TR_OK));
}

PyObject *trpy_fill(trpy_cursor *c, PyObject *columns, Py_ssize_t rows, uint32_t kinds)
{
    const uint32_t every = (1u << TR_KIND_COUNT) - 1;
    PyObject *result = NULL;
    Py_ssize_t i, count = PySequence_Size(columns);
    int ok = count >= 0;
    struct fill f;

    memset(&f, 0, sizeof f);
    f.kind = MAX_COLUMNS;
    f.wanted = kinds;
    f.filter = (kinds & every) != every;
    for (i = 0; ok && i < count; i++) {
        PyObject *item = PySequence_GetItem(columns, i);
        ok = item && add_column(&f, item, rows) == 0;
        Py_XDECREF(item);
    }
    if (ok && rows <= 0) {
        PyErr_SetString(PyExc_ValueError, "rows must be positive");
        ok = 0;
    }
    if (ok && (!f.filter || add_kinds(&f, (size_t)rows) == 0) && trpy_cursor_claim(c) == 0)
        result = fill_claimed(&f, c, (size_t)rows);
    while (f.view_count > 0)
        PyBuffer_Release(&f.views[--f.view_count]);
    PyMem_Free(f.kinds_scratch);
    return result;
}

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
