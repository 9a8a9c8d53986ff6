/* A generation's tables, shared by the events that came with them.
 *
 * Events, and what is made of them, outlive their reader: they hold a count of one of
 * these, and it holds one reference of the tables. What is kept here besides is made
 * when first asked for: stacks, because one stack is asked for many times, and the
 * str of names.
 *
 * Everything runs under the interpreter lock, so that a plain integer counts. */
#include "native.h"

#include <string.h>

/* Strings that come again: reasons, names, types. The address of a string of the
 * tables stands for its content while the tables live. A slot holds the last string
 * that fell into it; messages of logs, all different, do not come here. */
#define NAME_SLOTS 128

struct name_slot {
    const char *ptr;
    size_t len;
    PyObject *text;
};

struct trpy_generation {
    Py_ssize_t count;
    const tr_tables *tables;
    trpy_cursor *cursor;     /* of the iterator that is at this generation and holds it, or NULL */
    PyObject *batches;       /* tuple, or NULL */
    int frames_ready;        /* the library has prepared the frames: none can fail any more */
    PyObject *stacks;        /* dict: a stack's number to its Stack; NULL until asked for */
    struct name_slot *names; /* NAME_SLOTS, NULL until asked for */
};

trpy_generation *trpy_generation_new(const tr_tables *tables, trpy_cursor *cursor)
{
    trpy_generation *g = PyMem_Malloc(sizeof *g);

    if (!g) {
        PyErr_NoMemory();
        return NULL;
    }
    memset(g, 0, sizeof *g);
    g->count = 1;
    g->tables = tables;
    g->cursor = cursor;
    tr_tables_ref(tables);
    return g;
}

void trpy_generation_ref(trpy_generation *g)
{
    g->count++;
}

void trpy_generation_leave(trpy_generation *g)
{
    if (g)
        g->cursor = NULL;
}

void trpy_generation_unref(trpy_generation *g)
{
    size_t i;

    if (!g || --g->count > 0)
        return;
    if (g->names) {
        for (i = 0; i < NAME_SLOTS; i++)
            Py_XDECREF(g->names[i].text);
        PyMem_Free(g->names);
    }
    Py_XDECREF(g->stacks);
    Py_XDECREF(g->batches);
    tr_tables_unref(g->tables);
    PyMem_Free(g);
}

const tr_tables *trpy_generation_tables(const trpy_generation *g)
{
    return g->tables;
}

void trpy_generation_set_batches(trpy_generation *g, PyObject *batches)
{
    Py_XDECREF(g->batches);
    g->batches = batches;
}

PyObject *trpy_generation_batches(const trpy_generation *g)
{
    if (!g->batches)
        return PyTuple_New(0);
    Py_INCREF(g->batches);
    return g->batches;
}

PyObject *trpy_generation_name(trpy_generation *g, tr_str s)
{
    struct name_slot *slot;
    size_t at = ((size_t)(uintptr_t)s.ptr ^ (size_t)(uintptr_t)s.ptr >> 7 ^ s.len) % NAME_SLOTS;

    if (s.len == 0)
        return PyUnicode_FromStringAndSize("", 0); /* shared by Python already */
    if (!g->names) {
        g->names = PyMem_Calloc(NAME_SLOTS, sizeof *g->names);
        if (!g->names)
            return PyErr_NoMemory();
    }
    slot = &g->names[at];
    if (slot->ptr != s.ptr || slot->len != s.len) {
        PyObject *text = trpy_text(s);
        if (!text)
            return NULL;
        Py_XDECREF(slot->text);
        *slot = (struct name_slot){s.ptr, s.len, text};
    }
    Py_INCREF(slot->text);
    return slot->text;
}

/* Raises the exception for frames that cannot be had. */
static void raise_no_frames(const trpy_generation *g, tr_status status)
{
    const char *message = "the trace changed, or was cut, before its stacks were read again";

    if (status == TR_E_NOMEM) {
        PyErr_NoMemory();
        return;
    }
    if (status == TR_E_LIMIT) {
        /* The reader knows the place and the numbers. */
        if (g->cursor && trpy_cursor_raise(g->cursor, status) < 0)
            return;
        message = "the limit of memory has no room for the frames of stacks";
    }
    if (trpy_hooks_ready() == 0)
        Py_XDECREF(PyObject_CallFunction(trpy_hooks.fail, "ssKKLiiO", tr_status_name(status),
                                         message, 0ULL, 0ULL, -1LL, -1, 0, Py_None));
}

int trpy_generation_prepare(trpy_generation *g, tr_stack stack)
{
    PyThreadState *thread;
    tr_frame frame;
    tr_status status;

    if (g->frames_ready || tr_stack_frame_count(stack) == 0)
        return 0;
    thread = PyEval_SaveThread();
    status = tr_stack_frame(stack, 0, &frame);
    PyEval_RestoreThread(thread);
    if (status != TR_OK) {
        raise_no_frames(g, status);
        return -1;
    }
    g->frames_ready = 1;
    return 0;
}

/* A Stack of one whose frames the library has prepared. */
static PyObject *make_stack(tr_stack stack)
{
    uint32_t i, count = tr_stack_frame_count(stack);
    PyObject *result, *frames = PyTuple_New((Py_ssize_t)count);

    for (i = 0; frames && i < count; i++) {
        tr_frame f;
        PyObject *frame;

        (void)tr_stack_frame(stack, i, &f);
        frame =
            PyObject_CallFunction(trpy_hooks.frame, "NNKK", trpy_text(f.func), trpy_text(f.file),
                                  (unsigned long long)f.line, (unsigned long long)f.pc);
        if (!frame || PyTuple_SetItem(frames, (Py_ssize_t)i, frame) < 0) {
            Py_DECREF(frames);
            return NULL;
        }
    }
    if (!frames)
        return NULL;
    result = PyObject_CallFunctionObjArgs(trpy_hooks.stack, frames, NULL);
    Py_DECREF(frames);
    return result;
}

PyObject *trpy_generation_stack(trpy_generation *g, tr_stack stack)
{
    PyObject *key, *kept, *made = NULL;

    if (!tr_stack_present(stack))
        Py_RETURN_NONE;
    if (!g->stacks && !(g->stacks = PyDict_New()))
        return NULL;
    key = PyLong_FromUnsignedLong(stack.id);
    if (!key)
        return NULL;
    kept = PyDict_GetItemWithError(g->stacks, key); /* borrowed */
    if (!kept && !PyErr_Occurred() && trpy_generation_prepare(g, stack) == 0) {
        made = make_stack(stack);
        /* Another thread may have made one meanwhile: that stays. */
        if (made && !(kept = PyDict_GetItemWithError(g->stacks, key)) && !PyErr_Occurred() &&
            PyDict_SetItem(g->stacks, key, made) == 0)
            kept = made;
    }
    Py_XINCREF(kept);
    Py_XDECREF(made);
    Py_DECREF(key);
    return kept;
}
