/* Python's part of the wrapping. SWIG makes the module `_native`; its proxy file is
 * not used: the package beside this file imports the C module directly, and is all
 * that users see.
 *
 * Handles are cursors and capsules: they are freed with their last reference, and one of the
 * wrong kind is refused. Every function named trpy_* is written by hand, in the C files
 * here, because it gives up the interpreter lock and must say when. */

/* What SWIG before 4.4 leaves out: a header of what it uses, which Python's limited API does
 * not bring, and the module in the names of its types, of which newer ones of them warn. */
#if SWIG_VERSION < 0x040400
%begin %{
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <errno.h>
#include <stdio.h>

static PyObject *type_from_spec(PyType_Spec *spec)
{
    char name[64]; /* Python keeps a copy */
    snprintf(name, sizeof name, "tracereader._native.%s", spec->name);
    PyType_Spec named = *spec;
    named.name = name;
    return PyType_FromSpec(&named);
}
#define PyType_FromSpec type_from_spec
%}
#endif

%{
#include "native.h"
%}

%init %{
    /* A failure leaves its exception set, which the import then raises. */
    if (trpy_event_ready(m) == 0 && trpy_event_iter_ready(m) == 0 && trpy_tables_ready() == 0)
        (void)trpy_cursor_ready();
%}

%typemap(in) trpy_cursor *cursor {
    $1 = trpy_cursor_of($input);
    if (!$1)
        SWIG_fail;
}

%typemap(in) trpy_cursor *cursor_or_none {
    $1 = $input == Py_None ? NULL : trpy_cursor_of($input);
    if (!$1 && $input != Py_None)
        SWIG_fail;
}

%typemap(in) tr_columns *columns {
    $1 = (tr_columns *)PyCapsule_GetPointer($input, TRPY_COLUMNS_CAPSULE);
    if (!$1)
        SWIG_fail;
}

%typemap(in) tr_blocking *blocking {
    $1 = (tr_blocking *)PyCapsule_GetPointer($input, TRPY_BLOCKING_CAPSULE);
    if (!$1)
        SWIG_fail;
}

%typemap(in) tr_info *info {
    $1 = (tr_info *)PyCapsule_GetPointer($input, TRPY_INFO_CAPSULE);
    if (!$1)
        SWIG_fail;
}

%typemap(out) tr_blocking *tr_blocking_new {
    if (!$1) {
        PyErr_NoMemory();
        SWIG_fail;
    }
    $result = PyCapsule_New($1, TRPY_BLOCKING_CAPSULE, trpy_blocking_capsule_free);
    if (!$result)
        tr_blocking_free($1);
}

%typemap(out) tr_info *tr_info_new {
    if (!$1) {
        PyErr_NoMemory();
        SWIG_fail;
    }
    $result = PyCapsule_New($1, TRPY_INFO_CAPSULE, trpy_info_capsule_free);
    if (!$result)
        tr_info_free($1);
}

/* NULL with an exception set goes up as it is. */
%typemap(out) PyObject * {
    $result = $1;
    if (!$result)
        SWIG_fail;
}

/* Where there is no memory for its UTF-8, the error is Python's. */
%typemap(in) const char *table, const char *format {
    Py_ssize_t size;
    $1 = (char *)PyUnicode_AsUTF8AndSize($input, &size);
    if (!$1)
        SWIG_fail;
    if (strlen($1) != (size_t)size) {
        PyErr_SetString(PyExc_ValueError, "embedded null character");
        SWIG_fail;
    }
}

%typemap(in) Py_ssize_t {
    $1 = PyLong_AsSsize_t($input);
    if ($1 == -1 && PyErr_Occurred())
        SWIG_fail;
}

/* How many numbers of states and resources there are, and so of their hooks. */
%constant int TRPY_STATE_COUNT = TRPY_STATE_COUNT;
%constant int TRPY_RESOURCE_COUNT = TRPY_RESOURCE_COUNT;
PyObject *trpy_register(PyObject *hooks);

PyObject *trpy_open_fd(int fd, PyObject *filename, PyObject *options, PyObject *filter);
PyObject *trpy_open_memory(PyObject *buffer, PyObject *options, PyObject *filter);
PyObject *trpy_open_callback(PyObject *read, PyObject *find_damage, PyObject *filename,
                             PyObject *options, PyObject *filter);
void trpy_close(trpy_cursor *cursor);
unsigned trpy_version(trpy_cursor *cursor);
const char *trpy_compression(trpy_cursor *cursor);
uint64_t trpy_size(trpy_cursor *cursor);
uint64_t trpy_total(trpy_cursor *cursor);
uint64_t trpy_bytes_read(trpy_cursor *cursor);
uint64_t trpy_done_bytes(trpy_cursor *cursor);

PyObject *trpy_events(PyObject *cursor, PyObject *keep, PyObject *tick);
PyObject *trpy_restore(PyObject *fields, PyObject *text);

PyObject *trpy_columns_new(PyObject *numbers);
PyObject *trpy_columns_read(tr_columns *columns, trpy_cursor *cursor, uint64_t max_rows);
uint64_t tr_columns_row_count(tr_columns *columns);
PyObject *trpy_columns_get(tr_columns *columns, int id, PyObject *buffer);
PyObject *trpy_strings(trpy_cursor *cursor, uint32_t first);
PyObject *trpy_name_rows(PyObject *codes, PyObject *names, PyObject *out);
PyObject *trpy_renumber(PyObject *codes, uint32_t count);

PyObject *trpy_table_columns(const char *table);
PyObject *trpy_table_narrow(const char *table, PyObject *filter);
PyObject *trpy_table_open(trpy_cursor *cursor, const char *table, PyObject *columns, uint64_t rows,
                          uint64_t bytes, int resolve, int wall, int64_t goroutine);
PyObject *trpy_table_next(trpy_cursor *cursor);

PyObject *trpy_arrow_schema(PyObject *columns);
PyObject *trpy_arrow_array(Py_ssize_t length, PyObject *columns);
PyObject *trpy_arrow_stream(PyObject *schema, PyObject *next, PyObject *keep);
PyObject *trpy_fill_nulls(PyObject *values, PyObject *valid, PyObject *none);
PyObject *trpy_map_codes(PyObject *codes, PyObject *map);

PyObject *trpy_items(Py_ssize_t rows, const char *format, PyObject *buffers, PyObject *names);
PyObject *trpy_row_maker(PyObject *type);

tr_blocking *tr_blocking_new(tr_blocking_by by);
void tr_blocking_only_count(tr_blocking *blocking);
PyObject *trpy_blocking_read(tr_blocking *blocking, trpy_cursor *cursor, uint64_t max_events);
PyObject *trpy_blocking_finish(tr_blocking *blocking);

tr_info *tr_info_new(void);
PyObject *trpy_info_read(tr_info *info, trpy_cursor *cursor, uint64_t max_events);
PyObject *trpy_info_get(tr_info *info);
PyObject *trpy_salvage(trpy_cursor *cursor_or_none);
