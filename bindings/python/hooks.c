/* The Python objects that C makes instances of, or calls. The hand-written package
 * defines them, where they can be typed and documented, and registers them here: when
 * its module is imported, which is when the first of them is needed.
 *
 * This is the only state of the module besides its types. SWIG's modules are not
 * made for sub-interpreters, and neither is this. */
#include "native.h"

#include <string.h>

struct trpy_hooks trpy_hooks;

/* Takes items 0 to count - 1 of a sequence; None leaves a gap. */
static int take_items(PyObject *hooks, const char *key, PyObject **into, Py_ssize_t count)
{
    PyObject *items = PyDict_GetItemString(hooks, key); /* borrowed */
    Py_ssize_t i;

    if (!items || PySequence_Size(items) != count) {
        if (!PyErr_Occurred())
            PyErr_Format(PyExc_TypeError, "hook %s: expected %zd items", key, count);
        return -1;
    }
    for (i = 0; i < count; i++) {
        PyObject *item = PySequence_GetItem(items, i);
        if (!item)
            return -1;
        Py_XDECREF(into[i]);
        into[i] = item;
        if (item == Py_None) {
            Py_DECREF(item);
            into[i] = NULL;
        }
    }
    return 0;
}

PyObject *trpy_register(PyObject *hooks)
{
    struct {
        const char *key;
        PyObject **into;
    } single[] = {
        {"frame", &trpy_hooks.frame},     {"stack", &trpy_hooks.stack},
        {"attr", &trpy_hooks.attr},       {"clock", &trpy_hooks.clock},
        {"batch", &trpy_hooks.batch},     {"repr", &trpy_hooks.repr},
        {"fail", &trpy_hooks.fail},       {"error", &trpy_hooks.error},
        {"restore", &trpy_hooks.restore},
    };
    size_t i;

    if (!PyDict_Check(hooks)) {
        PyErr_SetString(PyExc_TypeError, "expected a dict of hooks");
        return NULL;
    }
    if (take_items(hooks, "kinds", trpy_hooks.kinds, TR_KIND_COUNT) < 0 ||
        take_items(hooks, "states", trpy_hooks.states, TRPY_STATE_COUNT) < 0 ||
        take_items(hooks, "resources", trpy_hooks.resources, TRPY_RESOURCE_COUNT) < 0 ||
        take_items(hooks, "scopes", trpy_hooks.scopes, TRPY_RESOURCE_COUNT) < 0)
        return NULL;
    for (i = 0; i < sizeof single / sizeof *single; i++) {
        PyObject *hook = PyDict_GetItemString(hooks, single[i].key);
        if (!hook) {
            if (!PyErr_Occurred())
                PyErr_Format(PyExc_TypeError, "hook %s is missing", single[i].key);
            return NULL;
        }
        Py_INCREF(hook);
        Py_XDECREF(*single[i].into);
        *single[i].into = hook;
    }
    Py_RETURN_NONE;
}

int trpy_hooks_ready(void)
{
    PyObject *module;

    if (trpy_hooks.fail)
        return 0;
    module = PyImport_ImportModule("tracereader._events");
    Py_XDECREF(module);
    return module ? 0 : -1;
}

PyObject *trpy_text(tr_str s)
{
    return PyUnicode_DecodeUTF8(s.ptr, (Py_ssize_t)s.len, "replace");
}
