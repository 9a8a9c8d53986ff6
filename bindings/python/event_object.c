/* The type of events.
 *
 * An event is small and immutable: its packed row, and a count of its generation's
 * tables. Fields are made when they are read. It holds no object that could lead back
 * to it, so that the garbage collector need not know it. An event that comes from
 * pickle has no tables; it holds its fields instead.
 *
 * Everything runs under the interpreter lock. Threads may read one event at once, and
 * while its reader goes on: unpacking and the tables allow that. */
#include "native.h"

#include <string.h>

typedef struct {
    PyObject ob_base;
    trpy_generation *generation; /* NULL: restored by pickle */
    union {
        tr_packed_event packed;
        struct {
            PyObject *fields; /* tuple, by enum field */
            PyObject *text;   /* bytes */
        } restored;
    } u;
} event_object;

/* The fields in the order of the documentation. */
#define FIELDS(F)                                                                              \
    F(time, "int: nanoseconds on the trace's clock, each event's greater than the last's")     \
    F(kind, "Kind: what the event is")                                                         \
    F(thread, "int or None: the thread on which it happened")                                  \
    F(proc, "int or None: the proc there before the event")                                    \
    F(goroutine, "int or None: the goroutine that ran there before the event")                 \
    F(resource, "Resource or None: what changes state, or bears the label")                    \
    F(resource_id, "int or None: the id of that resource")                                     \
    F(from_state, "State or None: the state before (StateTransition)")                         \
    F(to_state, "State or None: the state after (StateTransition)")                            \
    F(reason, "str or None: why it stopped or blocked, '' if not said (StateTransition)")      \
    F(name, "str or None: the name of a metric, range or experimental event")                  \
    F(value, "int, str or None: the value (Metric)")                                           \
    F(task, "int or None: the id of the task (Task*, Region*, Log; 0: no task of the user's)") \
    F(stack, "Stack or None: the stack of what executed, innermost frame first")               \
    F(transition_stack, "Stack or None: the stack of the goroutine that changes state")        \
    F(parent, "int or None: the id of the task's parent (Task*)")                              \
    F(type, "str or None: the type of a task or region, as the program gave it")               \
    F(category, "str or None: the category (Log)")                                             \
    F(message, "str or None: the message (Log)")                                               \
    F(scope, "Scope or None: what a range is bound to (Range*)")                               \
    F(scope_id, "int or None: the id of what a range is bound to")                             \
    F(attrs, "tuple of Attr or None: what is known at a range's end (Range*)")                 \
    F(label, "str or None: the label (Label)")                                                 \
    F(clock, "Clock or None: three clocks read at one moment (Sync, Go 1.25 and later)")       \
    F(batches, "tuple of ExperimentalBatch or None: data of experiments (Sync)")               \
    F(experiment, "str or None: the name of the experiment (Experimental)")                    \
    F(args, "tuple of Attr or None: the arguments (Experimental)")                             \
    F(offset, "int: byte offset of the event's record in the (decompressed) trace")            \
    F(generation, "int: the number of the event's generation, 0 for the last Sync")            \
    F(flags, "int: bits of EventFlag, 0 for an ordinary event")

#define FIELD_ENUM(name, doc) FIELD_##name,
enum field { FIELDS(FIELD_ENUM) FIELD_COUNT };

#define FIELD_NAME(name, doc) #name,
static const char *const field_names[FIELD_COUNT] = {FIELDS(FIELD_NAME)};

static PyTypeObject *event_type;

/* Reading one field after the other of one event is what loops do: the event that was
 * unpacked last is kept. It is lent from `of`, which forgets it when it goes. */
static struct {
    const event_object *of;
    tr_event event;
} last;

static const tr_event *unpacked(const event_object *self)
{
    if (last.of != self) {
        tr_event_unpack(&self->u.packed, trpy_generation_tables(self->generation), &last.event);
        last.of = self;
    }
    return &last.event;
}

/* --- values ---------------------------------------------------------------- */

static PyObject *none(void)
{
    Py_INCREF(Py_None);
    return Py_None;
}

static PyObject *id_or_none(int64_t id)
{
    return id == TR_NONE ? none() : PyLong_FromLongLong(id);
}

/* A registered enum's member; a number without one gives None. */
static PyObject *member(PyObject *const *members, size_t count, unsigned number)
{
    PyObject *m = number < count && members[number] ? members[number] : Py_None;

    Py_INCREF(m);
    return m;
}

static PyObject *value_object(const tr_value *value)
{
    switch (value->kind) {
    case TR_VALUE_UINT64:
        return PyLong_FromUnsignedLongLong(value->u64);
    case TR_VALUE_STRING:
        return trpy_text(value->str);
    default:
        return none();
    }
}

static tr_str plain(const char *text)
{
    return (tr_str){text ? text : "", text ? strlen(text) : 0};
}

static int add_attr(PyObject *attrs, uint32_t i, tr_str name, const tr_value *value)
{
    PyObject *attr =
        PyObject_CallFunction(trpy_hooks.attr, "NN", trpy_text(name), value_object(value));

    return attr ? PyTuple_SetItem(attrs, (Py_ssize_t)i, attr) : -1;
}

/* Attributes of a range, arguments of an experimental event. `last` may change while
 * Python runs, so they come by value. */
static PyObject *range_attrs(tr_ev_range range)
{
    uint32_t i, count = range.attr_count < 2 ? range.attr_count : 2;
    PyObject *attrs = PyTuple_New((Py_ssize_t)count);

    for (i = 0; attrs && i < count; i++)
        if (add_attr(attrs, i, range.attrs[i].name, &range.attrs[i].value) < 0)
            Py_CLEAR(attrs);
    return attrs;
}

static PyObject *experimental_args(tr_ev_experimental e)
{
    uint32_t i, count = e.arg_count < 4 ? e.arg_count : 4;
    PyObject *args = PyTuple_New((Py_ssize_t)count);

    for (i = 0; args && i < count; i++)
        if (add_attr(args, i, plain(e.arg_names[i]), &e.args[i]) < 0)
            Py_CLEAR(args);
    return args;
}

static PyObject *clock_object(tr_clock clock)
{
    PyObject *sec, *nsec, *giga, *wall = NULL;

    /* Seconds of a broken trace need not fit once they are nanoseconds. */
    sec = PyLong_FromLongLong(clock.wall_sec);
    nsec = PyLong_FromLongLong(clock.wall_nsec);
    giga = PyLong_FromLong(1000000000);
    if (sec && nsec && giga) {
        PyObject *product = PyNumber_Multiply(sec, giga);
        if (product)
            wall = PyNumber_Add(product, nsec);
        Py_XDECREF(product);
    }
    Py_XDECREF(sec);
    Py_XDECREF(nsec);
    Py_XDECREF(giga);
    if (!wall)
        return NULL;
    return PyObject_CallFunction(trpy_hooks.clock, "LKN", (long long)clock.trace_ns,
                                 (unsigned long long)clock.mono_ns, wall);
}

/* --- fields ---------------------------------------------------------------- */

static int is_range(tr_kind kind)
{
    return kind == TR_KIND_RANGE_BEGIN || kind == TR_KIND_RANGE_ACTIVE || kind == TR_KIND_RANGE_END;
}

static int is_task(tr_kind kind)
{
    return kind == TR_KIND_TASK_BEGIN || kind == TR_KIND_TASK_END;
}

static int is_region(tr_kind kind)
{
    return kind == TR_KIND_REGION_BEGIN || kind == TR_KIND_REGION_END;
}

/* The name that an event of this kind has, if any. */
static const tr_str *name_of(const tr_event *ev)
{
    if (ev->kind == TR_KIND_METRIC)
        return &ev->metric.name;
    if (is_range(ev->kind))
        return &ev->range.name;
    return ev->kind == TR_KIND_EXPERIMENTAL ? &ev->experimental.name : NULL;
}

static PyObject *task_of(const tr_event *ev)
{
    if (is_task(ev->kind))
        return PyLong_FromUnsignedLongLong(ev->task.id);
    if (is_region(ev->kind))
        return PyLong_FromUnsignedLongLong(ev->region.task);
    return ev->kind == TR_KIND_LOG ? PyLong_FromUnsignedLongLong(ev->log.task) : none();
}

static PyObject *field_value(const event_object *self, enum field field)
{
    trpy_generation *g = self->generation;
    const tr_event *ev = unpacked(self);
    const tr_ev_transition *t = ev->kind == TR_KIND_STATE_TRANSITION ? &ev->transition : NULL;
    const tr_ev_label *label = ev->kind == TR_KIND_LABEL ? &ev->label : NULL;
    const tr_str *name;

    switch (field) {
    case FIELD_time:
        return PyLong_FromLongLong(ev->time_ns);
    case FIELD_kind:
        return member(trpy_hooks.kinds, TR_KIND_COUNT, (unsigned)ev->kind);
    case FIELD_thread:
        return id_or_none(ev->thread);
    case FIELD_proc:
        return id_or_none(ev->proc);
    case FIELD_goroutine:
        return id_or_none(ev->goroutine);
    case FIELD_resource:
        if (!t && !label)
            break;
        return member(trpy_hooks.resources, TRPY_RESOURCE_COUNT,
                      (unsigned)(t ? t->resource : label->resource));
    case FIELD_resource_id:
        if (!t && !label)
            break;
        return id_or_none(t ? t->id : label->id);
    case FIELD_from_state:
        return t ? member(trpy_hooks.states, TRPY_STATE_COUNT, (unsigned)t->from) : none();
    case FIELD_to_state:
        return t ? member(trpy_hooks.states, TRPY_STATE_COUNT, (unsigned)t->to) : none();
    case FIELD_reason:
        return t ? trpy_generation_name(g, t->reason) : none();
    case FIELD_name:
        name = name_of(ev);
        return name ? trpy_generation_name(g, *name) : none();
    case FIELD_value:
        return ev->kind == TR_KIND_METRIC ? value_object(&ev->metric.value) : none();
    case FIELD_task:
        return task_of(ev);
    case FIELD_stack:
        return trpy_generation_stack(g, ev->stack);
    case FIELD_transition_stack:
        return t ? trpy_generation_stack(g, t->stack) : none();
    case FIELD_parent:
        if (!is_task(ev->kind) || ev->task.parent == TR_NO_TASK)
            break;
        return PyLong_FromUnsignedLongLong(ev->task.parent);
    case FIELD_type:
        if (is_task(ev->kind))
            return trpy_generation_name(g, ev->task.type);
        return is_region(ev->kind) ? trpy_generation_name(g, ev->region.type) : none();
    case FIELD_category:
        return ev->kind == TR_KIND_LOG ? trpy_generation_name(g, ev->log.category) : none();
    case FIELD_message:
        return ev->kind == TR_KIND_LOG ? trpy_text(ev->log.message) : none();
    case FIELD_scope:
        if (!is_range(ev->kind))
            break;
        return member(trpy_hooks.scopes, TRPY_RESOURCE_COUNT, (unsigned)ev->range.scope);
    case FIELD_scope_id:
        return is_range(ev->kind) ? id_or_none(ev->range.scope_id) : none();
    case FIELD_attrs:
        return is_range(ev->kind) ? range_attrs(ev->range) : none();
    case FIELD_label:
        return label ? trpy_generation_name(g, label->label) : none();
    case FIELD_clock:
        if (ev->kind != TR_KIND_SYNC || !ev->sync.has_clock)
            break;
        return clock_object(ev->sync.clock);
    case FIELD_batches:
        return ev->kind == TR_KIND_SYNC ? trpy_generation_batches(g) : none();
    case FIELD_experiment:
        if (ev->kind != TR_KIND_EXPERIMENTAL)
            break;
        return trpy_generation_name(g, ev->experimental.experiment);
    case FIELD_args:
        return ev->kind == TR_KIND_EXPERIMENTAL ? experimental_args(ev->experimental) : none();
    case FIELD_offset:
        return PyLong_FromUnsignedLongLong(ev->offset);
    case FIELD_generation:
        return PyLong_FromUnsignedLongLong(ev->generation);
    case FIELD_flags:
        return PyLong_FromUnsignedLong(ev->flags);
    case FIELD_COUNT:
        break;
    }
    return none();
}

static PyObject *event_get(PyObject *obj, void *closure)
{
    const event_object *self = (const event_object *)obj;
    enum field field = (enum field)(intptr_t)closure;

    if (!self->generation) {
        PyObject *value = PyTuple_GetItem(self->u.restored.fields, (Py_ssize_t)field);
        Py_XINCREF(value);
        return value;
    }
    return field_value(self, field);
}

/* Loops read fields by the million. The interpreter hands over names interned, one
 * object each, so that its address tells the field; anything else goes the usual way. */
#define NAME_SLOTS 128
static struct {
    PyObject *name;
    enum field field;
} fields_by_name[NAME_SLOTS];

static unsigned name_slot(const PyObject *name)
{
    uintptr_t address = (uintptr_t)name;
    return (unsigned)(address >> 4 ^ address >> 11) % NAME_SLOTS;
}

static int know_names(void)
{
    int i;

    for (i = 0; i < FIELD_COUNT; i++) {
        PyObject *name = PyUnicode_InternFromString(field_names[i]); /* kept for ever */
        unsigned slot;
        if (!name)
            return -1;
        for (slot = name_slot(name); fields_by_name[slot].name;)
            slot = (slot + 1) % NAME_SLOTS;
        fields_by_name[slot].name = name;
        fields_by_name[slot].field = (enum field)i;
    }
    return 0;
}

static PyObject *event_getattro(PyObject *obj, PyObject *name)
{
    unsigned slot;

    for (slot = name_slot(name); fields_by_name[slot].name; slot = (slot + 1) % NAME_SLOTS)
        if (fields_by_name[slot].name == name)
            return event_get(obj, (void *)(intptr_t)fields_by_name[slot].field);
    return PyObject_GenericGetAttr(obj, name);
}

/* --- text ------------------------------------------------------------------ */

/* The reference's text as bytes. */
static PyObject *event_bytes(PyObject *obj, PyObject *unused)
{
    const event_object *self = (const event_object *)obj;
    char small[512], *text = small;
    size_t len;
    tr_event ev;
    PyObject *result;

    (void)unused;
    if (!self->generation) {
        Py_INCREF(self->u.restored.text);
        return self->u.restored.text;
    }
    ev = *unpacked(self);
    if (trpy_generation_prepare(self->generation, ev.stack) < 0 ||
        (ev.kind == TR_KIND_STATE_TRANSITION &&
         trpy_generation_prepare(self->generation, ev.transition.stack) < 0))
        return NULL;
    len = tr_event_text(&ev, small, sizeof small);
    if (len >= sizeof small) {
        text = PyMem_Malloc(len + 1);
        if (!text)
            return PyErr_NoMemory();
        tr_event_text(&ev, text, len + 1);
    }
    result = PyBytes_FromStringAndSize(text, (Py_ssize_t)len);
    if (text != small)
        PyMem_Free(text);
    return result;
}

static PyObject *event_str(PyObject *self)
{
    PyObject *text = event_bytes(self, NULL), *result;

    if (!text)
        return NULL;
    result = trpy_text((tr_str){PyBytes_AsString(text), (size_t)PyBytes_Size(text)});
    Py_DECREF(text);
    return result;
}

static PyObject *event_repr(PyObject *self)
{
    return PyObject_CallFunctionObjArgs(trpy_hooks.repr, self, NULL);
}

/* --- whole events ---------------------------------------------------------- */

static PyObject *event_asdict(PyObject *self, PyObject *unused)
{
    PyObject *dict = PyDict_New();
    int i;

    (void)unused;
    for (i = 0; dict && i < FIELD_COUNT; i++) {
        PyObject *value = event_get(self, (void *)(intptr_t)i);
        if (!value || (value != Py_None && PyDict_SetItemString(dict, field_names[i], value) < 0))
            Py_CLEAR(dict);
        Py_XDECREF(value);
    }
    return dict;
}

static PyObject *event_reduce(PyObject *self, PyObject *unused)
{
    PyObject *fields = event_asdict(self, NULL);
    PyObject *text = fields ? event_bytes(self, NULL) : NULL;

    (void)unused;
    if (!text) {
        Py_XDECREF(fields);
        return NULL;
    }
    return Py_BuildValue("O(NN)", trpy_hooks.restore, fields, text);
}

/* Immutable, so a copy is the thing itself. */
static PyObject *event_copy(PyObject *self, PyObject *unused)
{
    (void)unused;
    Py_INCREF(self);
    return self;
}

/* A field that is an int, and its hash: by number, restored or not. */
static int64_t int_field(PyObject *self, enum field field)
{
    PyObject *value = event_get(self, (void *)(intptr_t)field);
    int64_t number = value ? PyLong_AsLongLong(value) : -1;

    Py_XDECREF(value);
    PyErr_Clear(); /* an offset beyond 2**63 hashes as -1 */
    return number;
}

static Py_hash_t event_hash(PyObject *self)
{
    uint64_t h = (uint64_t)int_field(self, FIELD_time) * UINT64_C(0x9e3779b97f4a7c15);

    h ^= (uint64_t)int_field(self, FIELD_offset) + (h >> 29);
    h *= UINT64_C(0xbf58476d1ce4e5b9);
    h ^= h >> 32;
    return (Py_hash_t)h == -1 ? -2 : (Py_hash_t)h;
}

/* 1 if both say the same in every field, 0 if not, -1 with an exception. Two passes
 * over one trace give equal events. */
static int same(PyObject *a, PyObject *b)
{
    int i, equal = 1;

    if (a == b)
        return 1;
    for (i = 0; equal == 1 && i < FIELD_COUNT; i++) {
        PyObject *x = event_get(a, (void *)(intptr_t)i), *y = NULL;
        if (x)
            y = event_get(b, (void *)(intptr_t)i);
        equal = x && y ? (x == y ? 1 : PyObject_RichCompareBool(x, y, Py_EQ)) : -1;
        Py_XDECREF(x);
        Py_XDECREF(y);
    }
    return equal;
}

static PyObject *event_richcompare(PyObject *a, PyObject *b, int op)
{
    int equal;

    if ((op != Py_EQ && op != Py_NE) || Py_TYPE(b) != event_type)
        Py_RETURN_NOTIMPLEMENTED;
    equal = same(a, b);
    return equal < 0 ? NULL : PyBool_FromLong(equal == (op == Py_EQ));
}

static void event_dealloc(PyObject *obj)
{
    event_object *self = (event_object *)obj;
    PyTypeObject *type = Py_TYPE(obj);

    if (last.of == self)
        last.of = NULL;
    if (self->generation)
        trpy_generation_unref(self->generation);
    else {
        Py_XDECREF(self->u.restored.fields);
        Py_XDECREF(self->u.restored.text);
    }
    PyObject_Free(obj);
    Py_DECREF(type);
}

/* --- the type -------------------------------------------------------------- */

#define FIELD_GETTER(name, doc) {#name, event_get, NULL, doc, (void *)(intptr_t)FIELD_##name},
static PyGetSetDef event_getters[] = {FIELDS(FIELD_GETTER){NULL, NULL, NULL, NULL, NULL}};

static PyMethodDef event_methods[] = {
    {"asdict", event_asdict, METH_NOARGS,
     "asdict($self, /)\n--\n\nThe fields that are not None, as a new dict of name to value."},
    {"__bytes__", event_bytes, METH_NOARGS,
     "__bytes__($self, /)\n--\n\nThe reference's text, byte for byte, also where it is not UTF-8."},
    {"__reduce__", event_reduce, METH_NOARGS, NULL},
    {"__copy__", event_copy, METH_NOARGS, NULL},
    {"__deepcopy__", event_copy, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

/* Not const: slots hold void *. */
static char event_doc[] =
    "An event of a trace. Immutable; valid for ever, also after its trace is closed.\n\n"
    "Every event has every field; what does not apply to its kind is None.\n"
    "str(event) is the text that Go's own tools print for it, with what is not UTF-8\n"
    "replaced; bytes(event) is that text as it is. Events are equal if all their\n"
    "fields are; they can be hashed, pickled, and read by several threads at once.\n"
    "Stacks are read when the first is asked for: if the file was cut or written to\n"
    "before, stacks and texts raise TraceError; LimitError if there is no room for them.\n\n"
    ">>> ev = next(ev for ev in trace if ev.reason == 'network')\n"
    ">>> ev.goroutine, ev.to_state.value, ev.transition_stack[0].function\n"
    "(33, 'Waiting', 'internal/poll.(*FD).WaitWrite')\n";

/* Python's slots hold functions as void *, which strict ISO C does not know. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
static PyType_Slot event_slots[] = {
    {Py_tp_doc, event_doc},
    {Py_tp_dealloc, event_dealloc},
    {Py_tp_repr, event_repr},
    {Py_tp_str, event_str},
    {Py_tp_getattro, event_getattro},
    {Py_tp_hash, event_hash},
    {Py_tp_richcompare, event_richcompare},
    {Py_tp_getset, event_getters},
    {Py_tp_methods, event_methods},
    {0, NULL},
};
#pragma GCC diagnostic pop

static PyType_Spec event_spec = {
    .name = "tracereader.Event",
    .basicsize = sizeof(event_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = event_slots,
};

int trpy_event_ready(PyObject *module)
{
    PyObject *type = know_names() == 0 ? PyType_FromSpec(&event_spec) : NULL;

    if (!type)
        return -1;
    event_type = (PyTypeObject *)type; /* the module's reference, never given back */
    return PyModule_AddObjectRef(module, "Event", type);
}

PyObject *trpy_event_new(trpy_generation *generation, const tr_packed_event *packed)
{
    event_object *self = PyObject_New(event_object, event_type);

    if (!self)
        return NULL;
    self->generation = generation;
    self->u.packed = *packed;
    trpy_generation_ref(generation);
    return (PyObject *)self;
}

PyObject *trpy_restore(PyObject *fields, PyObject *text)
{
    event_object *self;
    PyObject *values;
    int i;

    if (!PyDict_Check(fields) || !PyBytes_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "expected a dict of fields and a text as bytes");
        return NULL;
    }
    values = PyTuple_New(FIELD_COUNT);
    for (i = 0; values && i < FIELD_COUNT; i++) {
        PyObject *value = PyDict_GetItemString(fields, field_names[i]);
        if (!value)
            value = Py_None;
        Py_INCREF(value);
        if (PyTuple_SetItem(values, i, value) < 0)
            Py_CLEAR(values);
    }
    self = values ? PyObject_New(event_object, event_type) : NULL;
    if (!self) {
        Py_XDECREF(values);
        return NULL;
    }
    Py_INCREF(text);
    self->generation = NULL;
    self->u.restored.fields = values;
    self->u.restored.text = text;
    return (PyObject *)self;
}
