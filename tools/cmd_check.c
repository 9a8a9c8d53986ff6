/* tracereader check: whether traces are whole, a line each.
 *
 * Invariants: each file has its line, in the order given, as soon as it is known; all that
 * a trace holds is read, the frames of every stack too. */
#include <string.h>

#include "json.h"
#include "reading.h"

enum { EVENTS_A_STEP = 4096 };

struct tally {
    uint64_t events;
    tr_stack last; /* a stack often comes again at once */
};

static tr_status read_stack(struct tally *tally, tr_stack stack)
{
    uint32_t count = tr_stack_frame_count(stack);
    tr_status status = TR_OK;
    tr_frame frame;

    if (tr_stack_equal(stack, tally->last))
        return TR_OK;
    tally->last = stack;
    for (uint32_t i = 0; i < count && status == TR_OK; i++)
        status = tr_stack_frame(stack, i, &frame);
    return status;
}

static tr_status step(struct tool_reading *t, void *user)
{
    struct tally *tally = user;
    const tr_event *ev;
    tr_status status = TR_OK;

    for (int i = 0; i < EVENTS_A_STEP && status == TR_OK; i++) {
        status = tr_reader_next(t->r, &ev);
        if (status != TR_OK)
            break;
        tally->events++;
        status = read_stack(tally, ev->stack);
        if (status == TR_OK && ev->kind == TR_KIND_STATE_TRANSITION)
            status = read_stack(tally, ev->transition.stack);
    }
    return status;
}

static void print_json(struct tool_reading *t, const struct tally *tally, const tr_error *error)
{
    struct json_object *o = tool_json_new();
    struct json_object *e = tool_json_error(error);

    tool_json_text(o, "file", t->in.name);
    tool_json_bool(o, "complete", error->code == TR_OK);
    tool_json_version(o, "version", tr_reader_version(t->r));
    tool_json_u64(o, "bytes", t->bytes);
    tool_json_u64(o, "generations", tr_reader_generation_count(t->r));
    tool_json_u64(o, "events", tally->events);
    if (e && error->thread >= 0)
        tool_json_i64(e, "thread", error->thread);
    else if (e)
        tool_json_null(e, "thread");
    if (e && error->event_type >= 0)
        tool_json_i64(e, "event_type", error->event_type);
    else if (e)
        tool_json_null(e, "event_type");
    tool_json_object(o, "error", e);
    tool_json_print(o, &t->out);
    tool_output_str(&t->out, "\n");
}

static void print_line(struct tool_reading *t, const struct tally *tally, const tr_error *error)
{
    tr_str file = {t->in.name, strlen(t->in.name)};
    uint64_t generations = tr_reader_generation_count(t->r);

    tool_output_clean(&t->out, file);
    if (error->code == TR_OK) {
        tool_output_printf(&t->out, ": ok: %" PRIu64 " event%s, %" PRIu64 " generation%s\n",
                           tally->events, tally->events == 1 ? "" : "s", generations,
                           generations == 1 ? "" : "s");
        return;
    }
    if (tool_reading_failed(t, error)) {
        tool_output_printf(&t->out, ": %s: %s\n", tr_status_name(error->code),
                           error->os_error ? strerror(error->os_error) : error->message);
        return;
    }
    tool_output_printf(&t->out, ": %s: %s (byte %" PRIu64 ", generation %" PRIu64,
                       tr_status_name(error->code), error->message, error->offset,
                       error->generation);
    if (error->thread >= 0)
        tool_output_printf(&t->out, ", thread %" PRId64, error->thread);
    if (error->event_type >= 0)
        tool_output_printf(&t->out, ", event type %d", error->event_type);
    tool_output_str(&t->out, ")\n");
}

/* Check one. Return its exit code. */
static int check(struct tool_reading *t, const char *file)
{
    struct tally tally = {0, {NULL, 0}};
    tr_error error = {.thread = -1, .event_type = -1, .message = "out of memory"};
    int code;

    if (tool_reading_file(t, file) != 0 || tool_reading_open(t) != 0)
        return TOOL_FAILED;
    tool_reading_run(t, step, &tally, 0);
    if (tr_reader_error(t->r)->code != TR_OK)
        error = *tr_reader_error(t->r);
    else if (t->status != TR_END) /* a stack's frames found no memory */
        error.code = t->status;
    if (t->options->json)
        print_json(t, &tally, &error);
    else
        print_line(t, &tally, &error);
    tool_output_flush(&t->out);
    code = tool_reading_code(t);
    return code == TOOL_FAILED ? tool_reading_report(t, tr_reader_error(t->r)) : code;
}

static int run(const struct tool_options *options)
{
    struct tool_reading t;
    int worst = TOOL_FINE;

    tool_reading_init(&t, options);
    for (int i = 0; i < (options->file_count ? options->file_count : 1) && t.out.error == 0; i++) {
        int code = check(&t, options->file_count ? options->files[i] : NULL);
        worst = code > worst ? code : worst;
    }
    return tool_reading_end(&t, worst);
}

const struct tool_command tool_check = {
    "check",
    "tell for each trace whether it is whole, and if not where it breaks",
    "[OPTIONS] [FILE|-]...",
    "Reads each trace to its end, with all its stacks, and prints one line for it: how\n"
    "many events and generations it has, or the kind of what is wrong with it, and where.\n"
    "\n"
    "  a.trace: ok: 136190 events, 3 generations\n"
    "  b.trace: truncated: the trace ends inside its header (byte 9, generation 0)\n"
    "\n"
    "Kinds are truncated (it stops in the middle), corrupt (bytes break a rule of the\n"
    "format), order (its records contradict each other), format (it is not a trace),\n"
    "version (one that is not read), limit (--limit-memory, or one of the defaults), io\n"
    "(it cannot be opened or read) and nomem. The exit code is that of the worst file.\n"
    "\n"
    "With --json: a line with an object for each file, with the keys file, complete,\n"
    "version, bytes, generations, events, and error (null, or an object of code, message,\n"
    "offset, generation, thread and event_type; the last, the number of the record's type\n"
    "in the format, and thread are null where the error is not about a record).\n",
    "  tracereader check *.trace\n"
    "  tracereader check --json *.trace | jq -r 'select(.complete | not).file'\n"
    "  find . -name '*.trace' -exec tracereader check {} +\n",
    TOOL_TAKES_JSON | TOOL_TAKES_FILES | TOOL_TAKES_THREADS,
    run,
};
