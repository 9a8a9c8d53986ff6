/* The library's analyses, in bounded steps without the interpreter lock. Python
 * drives them, and so sees signals and shows progress between the steps. */
#include "native.h"

#include <string.h>

PyObject *trpy_blocking_read(tr_blocking *blocking, trpy_cursor *c, uint64_t max_events)
{
    tr_status status;

    if (trpy_cursor_claim(c) < 0)
        return NULL;
    TRPY_UNLOCK(c);
    status = tr_blocking_read(blocking, c->reader, max_events);
    TRPY_LOCK(c);
    return trpy_step_result(c, status);
}

PyObject *trpy_info_read(tr_info *info, trpy_cursor *c, uint64_t max_events)
{
    tr_status status;

    if (trpy_cursor_claim(c) < 0)
        return NULL;
    TRPY_UNLOCK(c);
    status = tr_info_read(info, c->reader, max_events);
    TRPY_LOCK(c);
    return trpy_step_result(c, status);
}

static PyObject *blocking_row(const tr_blocking_row *row)
{
    return Py_BuildValue("NKdKdK", trpy_text(row->key), (unsigned long long)row->count,
                         row->count_share, (unsigned long long)row->total_ns, row->time_share,
                         (unsigned long long)row->open);
}

PyObject *trpy_blocking_finish(tr_blocking *blocking)
{
    PyObject *rows;
    size_t i, count;
    tr_status status;
    PyThreadState *thread = PyEval_SaveThread();

    status = tr_blocking_finish(blocking);
    PyEval_RestoreThread(thread);
    if (status != TR_OK) {
        PyErr_SetString(PyExc_ValueError, "summed up already");
        return NULL;
    }
    count = tr_blocking_row_count(blocking);
    rows = PyList_New((Py_ssize_t)count);
    for (i = 0; rows && i < count; i++) {
        PyObject *row = blocking_row(tr_blocking_row_at(blocking, i));
        if (!row || PyList_SetItem(rows, (Py_ssize_t)i, row) < 0)
            Py_CLEAR(rows);
    }
    return rows ? Py_BuildValue("KN", (unsigned long long)tr_blocking_count(blocking), rows) : NULL;
}

PyObject *trpy_info_get(tr_info *info)
{
    const tr_info_summary *s = tr_info_get(info);
    PyObject *kinds = PyList_New(TR_KIND_COUNT);
    int i;

    for (i = 0; kinds && i < TR_KIND_COUNT; i++) {
        PyObject *count = PyLong_FromUnsignedLongLong(s->kinds[i]);
        if (!count || PyList_SetItem(kinds, i, count) < 0)
            Py_CLEAR(kinds);
    }
    if (!kinds)
        return NULL;
    return Py_BuildValue(
        "{sK sK sK sL sL sN sL sL sN sK sK sK sN}", "bytes", (unsigned long long)s->bytes,
        "generations", (unsigned long long)s->generations, "events", (unsigned long long)s->events,
        "start_ns", (long long)s->start_ns, "end_ns", (long long)s->end_ns, "has_wall",
        PyBool_FromLong(s->has_wall), "wall_start_sec", (long long)s->wall_start_sec,
        "wall_start_nsec", (long long)s->wall_start_nsec, "kinds", kinds, "goroutines",
        (unsigned long long)s->goroutines, "threads", (unsigned long long)s->threads, "procs",
        (unsigned long long)s->procs, "complete", PyBool_FromLong(s->complete));
}

PyObject *trpy_salvage(trpy_cursor *c)
{
    tr_salvage s;

    tr_reader_salvage(c && !c->busy ? c->reader : NULL, &s);
    return Py_BuildValue("{sK sK sK sK sK sK sK}", "events", (unsigned long long)s.events,
                         "lost_bytes", (unsigned long long)s.lost_bytes, "lost_generations",
                         (unsigned long long)s.lost_generations, "unresolved_strings",
                         (unsigned long long)s.unresolved_strings, "unresolved_stacks",
                         (unsigned long long)s.unresolved_stacks, "relaxed",
                         (unsigned long long)s.relaxed, "raw_time", (unsigned long long)s.raw_time);
}

void trpy_blocking_capsule_free(PyObject *capsule)
{
    tr_blocking_free(PyCapsule_GetPointer(capsule, TRPY_BLOCKING_CAPSULE));
}

void trpy_info_capsule_free(PyObject *capsule)
{
    tr_info_free(PyCapsule_GetPointer(capsule, TRPY_INFO_CAPSULE));
}
