/* The iterator of events: rows cross from the reader in blocks, without the
 * interpreter lock, and become objects one by one as they are asked for.
 *
 * A block's rows share their tables. A Sync event, which begins a generation, is a
 * block of its own: the reader lends its experimental batches until it reads the next
 * Sync event, so they are copied before anything else is read. Blocks are larger than
 * the reader's own, because getting the interpreter lock back may take long where other
 * threads want it too. */
#include "native.h"

#include <string.h>

#define BLOCK_ROWS 1024

typedef struct {
    PyObject ob_base;
    PyObject *held; /* the cursor; NULL once the iterator has ended */
    trpy_cursor *cursor;
    PyObject *keep;
    PyObject *tick; /* NULL if nobody wants to know */
    int ticking;    /* it is being called */
    trpy_generation *generation;
    size_t next, count; /* rows[next, count) are to be given out */
    /* The rows of a block that was read, until its generation is entered: that may find no
     * memory, and is done again then. */
    size_t read_count;
    const tr_tables *read_tables; /* referenced, if read_count > 0 */
    /* Rows that were read with the last block and belong to the next. */
    size_t ahead_count;
    const tr_tables *ahead_tables; /* referenced, if ahead_count > 0 */
    tr_packed_event *ahead;        /* within `rows`, behind that block */
    tr_packed_event rows[BLOCK_ROWS];
} iter_object;

static PyTypeObject *iter_type;

static PyObject *copy_batch(const tr_experimental_batch *b)
{
    PyObject *data = PyBytes_FromStringAndSize(b->data.ptr, (Py_ssize_t)b->data.len);
    PyObject *name = trpy_text(b->experiment);

    if (b->thread == TR_NONE)
        return PyObject_CallFunction(trpy_hooks.batch, "NON", name, Py_None, data);
    return PyObject_CallFunction(trpy_hooks.batch, "NLN", name, (long long)b->thread, data);
}

/* A tuple of the `count` batches of the last Sync event; the cursor is claimed. NULL
 * with an exception, or with *status an error. */
static PyObject *copy_batches(trpy_cursor *c, uint32_t count, tr_status *status)
{
    PyObject *batches = PyTuple_New((Py_ssize_t)count);
    uint32_t i;

    for (i = 0; batches && i < count; i++) {
        tr_experimental_batch b;
        PyObject *copy = NULL;

        TRPY_UNLOCK(c);
        *status = tr_reader_experimental_batch(c->reader, i, &b);
        TRPY_LOCK(c);
        if (*status == TR_OK)
            copy = copy_batch(&b);
        if (!copy || PyTuple_SetItem(batches, (Py_ssize_t)i, copy) < 0)
            Py_CLEAR(batches);
    }
    return batches;
}

static tr_kind kind_of(const tr_packed_event *row, const tr_tables *tables, tr_event *ev)
{
    tr_event_unpack(row, tables, ev);
    return ev->kind;
}

/* Makes self->generation the one of the block just read. 0; or -1 with an exception, or with
 * *status an error. */
static int enter_generation(iter_object *self, tr_status *status)
{
    const tr_tables *tables = self->read_tables;
    trpy_generation *g;
    tr_event first;
    PyObject *batches;

    /* While the last generation is held here its tables' address is not used again. */
    if (kind_of(&self->rows[0], tables, &first) != TR_KIND_SYNC && self->generation &&
        trpy_generation_tables(self->generation) == tables)
        return 0;
    g = trpy_generation_new(tables, self->cursor);
    if (!g)
        return -1;
    trpy_generation_leave(self->generation);
    trpy_generation_unref(self->generation);
    self->generation = g;
    if (first.kind != TR_KIND_SYNC || first.sync.batch_count == 0)
        return 0;
    batches = copy_batches(self->cursor, first.sync.batch_count, status);
    if (!batches)
        return -1;
    trpy_generation_set_batches(g, batches);
    return 0;
}

/* Reads a block into rows[0, *count), all of *tables, which is referenced. Runs
 * without the interpreter lock. */
static tr_status read_rows(iter_object *self, size_t *count, const tr_tables **tables)
{
    tr_reader *r = self->cursor->reader;
    tr_status status = TR_OK;
    tr_event first;

    if (self->ahead_count) {
        memmove(self->rows, self->ahead, self->ahead_count * sizeof *self->rows);
        *count = self->ahead_count;
        *tables = self->ahead_tables;
        self->ahead_count = 0;
    } else {
        status = tr_reader_next_packed(r, self->rows, BLOCK_ROWS, count, tables);
        if (status != TR_OK)
            return status;
        tr_tables_ref(*tables);
    }
    if (kind_of(&self->rows[0], *tables, &first) == TR_KIND_SYNC)
        return TR_OK;
    /* Ends and errors come again: the rows before them are given first. */
    while (*count < BLOCK_ROWS) {
        const tr_tables *more_tables;
        size_t more;

        if (tr_reader_next_packed(r, &self->rows[*count], BLOCK_ROWS - *count, &more,
                                  &more_tables) != TR_OK)
            break;
        if (more_tables != *tables) {
            self->ahead = &self->rows[*count];
            self->ahead_count = more;
            self->ahead_tables = more_tables;
            tr_tables_ref(more_tables);
            break;
        }
        *count += more;
    }
    return TR_OK;
}

/* Tells about progress; 0, or -1 with an exception. */
static int tick(iter_object *self, int ended)
{
    PyObject *result;

    if (!self->tick)
        return 0;
    self->ticking = 1;
    result = PyObject_CallFunction(
        self->tick, "KN",
        (unsigned long long)(ended ? trpy_bytes_read(self->cursor) : trpy_done_bytes(self->cursor)),
        PyBool_FromLong(ended));
    Py_XDECREF(result);
    self->ticking = 0;
    return result ? 0 : -1;
}

/* The same, while an exception is on its way: it must arrive. */
static void end_progress(iter_object *self)
{
    PyObject *type, *value, *traceback;

    PyErr_Fetch(&type, &value, &traceback);
    if (tick(self, 1) < 0)
        PyErr_Clear();
    PyErr_Restore(type, value, traceback);
}

/* Reads the next block; the cursor is claimed, and given back. 1 if there is one, 0 at the end,
 * -1 with an exception. */
static int read_block(iter_object *self)
{
    trpy_cursor *c = self->cursor;
    tr_status status = TR_OK;
    int failed = PyErr_CheckSignals() < 0;

    if (!failed && self->read_count == 0) {
        const tr_tables *tables = NULL;
        size_t count = 0;

        TRPY_UNLOCK(c);
        status = read_rows(self, &count, &tables);
        TRPY_LOCK(c);
        if (status == TR_OK) {
            self->read_count = count;
            self->read_tables = tables;
        }
    }
    if (!failed && status == TR_OK)
        failed = enter_generation(self, &status) < 0;
    if (failed && status == TR_OK) {
        /* An exception of Python's; the release must not cover it up. */
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        trpy_cursor_release(c, TR_OK);
        PyErr_Restore(type, value, traceback);
        return -1;
    }
    if (trpy_cursor_release(c, status) < 0)
        return -1;
    if (status != TR_OK)
        return 0;
    tr_tables_unref(self->read_tables);
    self->next = 0;
    self->count = self->read_count;
    self->read_count = 0;
    return 1;
}

static PyObject *iter_next(PyObject *obj)
{
    iter_object *self = (iter_object *)obj;
    PyObject *event;

    if (!self->held)
        return NULL;
    if (self->ticking) {
        PyErr_SetString(PyExc_ValueError,
                        "this pass over the trace is in use by its progress function");
        return NULL;
    }
    if (self->next == self->count) {
        int got;

        if (trpy_cursor_claim(self->cursor) < 0)
            return NULL;
        got = read_block(self);
        if (got < 0)
            end_progress(self);
        else if (tick(self, got == 0) < 0)
            got = -1;
        if (got == 0) {
            /* The end: what the pass held can go. */
            trpy_close(self->cursor);
            trpy_generation_leave(self->generation);
            Py_CLEAR(self->held);
        }
        if (got <= 0)
            return NULL;
    } else if (!self->cursor->reader || self->cursor->close_asked) {
        PyErr_SetString(PyExc_ValueError, "the trace is closed");
        return NULL;
    } else if (trpy_cursor_is_ours(self->cursor) < 0) {
        return NULL;
    }
    event = trpy_event_new(self->generation, &self->rows[self->next]);
    if (event)
        self->next++;
    return event;
}

static int iter_traverse(PyObject *obj, visitproc visit, void *arg)
{
    iter_object *self = (iter_object *)obj;

    Py_VISIT(Py_TYPE(obj));
    Py_VISIT(self->held);
    Py_VISIT(self->keep);
    Py_VISIT(self->tick);
    return 0;
}

static int iter_clear(PyObject *obj)
{
    iter_object *self = (iter_object *)obj;

    trpy_generation_leave(self->generation);
    Py_CLEAR(self->held);
    Py_CLEAR(self->keep);
    Py_CLEAR(self->tick);
    return 0;
}

static void iter_dealloc(PyObject *obj)
{
    iter_object *self = (iter_object *)obj;
    PyTypeObject *type = Py_TYPE(obj);

    PyObject_GC_UnTrack(obj);
    iter_clear(obj);
    if (self->read_count)
        tr_tables_unref(self->read_tables);
    if (self->ahead_count)
        tr_tables_unref(self->ahead_tables);
    trpy_generation_unref(self->generation);
    PyObject_GC_Del(obj);
    Py_DECREF(type);
}

/* Not const: slots hold void *. */
static char iter_doc[] = "An iterator of a trace's events, with a place of its own in the trace.";

/* Python's slots hold functions as void *, which strict ISO C does not know. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
static PyType_Slot iter_slots[] = {
    {Py_tp_doc, iter_doc},
    {Py_tp_dealloc, iter_dealloc},
    {Py_tp_traverse, iter_traverse},
    {Py_tp_clear, iter_clear},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, iter_next},
    {0, NULL},
};
#pragma GCC diagnostic pop

static PyType_Spec iter_spec = {
    .name = "tracereader.EventIterator",
    .basicsize = sizeof(iter_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION |
             Py_TPFLAGS_IMMUTABLETYPE,
    .slots = iter_slots,
};

int trpy_event_iter_ready(PyObject *module)
{
    PyObject *type = PyType_FromSpec(&iter_spec);

    if (!type)
        return -1;
    iter_type = (PyTypeObject *)type;
    return PyModule_AddObjectRef(module, "EventIterator", type);
}

PyObject *trpy_events(PyObject *cursor, PyObject *keep, PyObject *ticker)
{
    trpy_cursor *c = trpy_cursor_of(cursor);
    iter_object *self =
        c && trpy_hooks_ready() == 0 ? PyObject_GC_New(iter_object, iter_type) : NULL;

    if (!self)
        return NULL;
    Py_INCREF(cursor);
    Py_INCREF(keep);
    self->held = cursor;
    self->cursor = c;
    self->keep = keep;
    self->tick = NULL;
    if (ticker != Py_None) {
        Py_INCREF(ticker);
        self->tick = ticker;
    }
    self->generation = NULL;
    self->ticking = 0;
    self->next = self->count = self->read_count = self->ahead_count = 0;
    PyObject_GC_Track((PyObject *)self);
    return (PyObject *)self;
}
