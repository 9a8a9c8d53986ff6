/* tracereader blocking: how often and how long goroutines blocked, and on what.
 *
 * Invariant: both forms hold the same rows in the same order, that of
 * tr_blocking_finish. */
#include <string.h>

#include "json.h"
#include "reading.h"

enum { EVENTS_A_STEP = 4096 };

/* An id, null if it is lost. */
static void add_id(struct json_object *o, const char *name, int64_t id)
{
    if (id == TR_NONE)
        tool_json_null(o, name);
    else
        tool_json_i64(o, name, id);
}

/* What a row is of. */
static void add_key(struct json_object *o, const tr_blocking_row *row, tr_blocking_by by)
{
    const char *name = tool_by_name(by);

    switch (by) {
    case TR_BLOCKING_BY_REASON:
    case TR_BLOCKING_BY_FUNCTION:
        tool_json_str(o, name, row->key);
        break;
    case TR_BLOCKING_BY_GOROUTINE:
        add_id(o, name, row->goroutine);
        break;
    case TR_BLOCKING_BY_STACK:
        add_id(o, name, row->stack);
        tool_json_str(o, "frames", row->key);
        break;
    case TR_BLOCKING_BY_TASK:
        tool_json_u64(o, name, row->task);
        break;
    }
}

/* Rows are printed one by one: there can be as many as goroutines, and a tree of
 * them all would be many times as large as they are. The error is there only if there is one. */
static void print_json(struct tool_output *out, const tr_blocking *b, tr_blocking_by by,
                       const tr_error *error)
{
    size_t count = tr_blocking_row_count(b);
    struct json_object *e = tool_json_error(error);

    tool_output_printf(out, "{\"blocked\":%" PRIu64, tr_blocking_count(b));
    if (e) {
        tool_output_str(out, ",\"error\":");
        tool_json_print(e, out);
    }
    tool_output_str(out, ",\"rows\":[");
    for (size_t i = 0; i < count && out->error == 0; i++) {
        const tr_blocking_row *row = tr_blocking_row_at(b, i);
        struct json_object *o = tool_json_new();
        add_key(o, row, by);
        tool_json_u64(o, "count", row->count);
        tool_json_double(o, "count_share", row->count_share);
        tool_json_u64(o, "total_ns", row->total_ns);
        tool_json_double(o, "time_share", row->time_share);
        tool_json_u64(o, "open", row->open);
        if (i > 0)
            tool_output_str(out, ",");
        tool_json_print(o, out);
    }
    tool_output_str(out, "]}\n");
}

/* A stack's frames below its number, as events have them. */
static void print_frames(struct tool_output *out, tr_str frames)
{
    while (frames.len > 0) {
        const char *end = memchr(frames.ptr, '\n', frames.len);
        size_t len = end ? (size_t)(end - frames.ptr) : frames.len;
        size_t tabs = frames.ptr[0] == '\t';
        tool_output_str(out, tabs ? "\n\t\t" : "\n\t");
        tool_output_clean(out, (tr_str){frames.ptr + tabs, len - tabs});
        len += end != NULL;
        frames = (tr_str){frames.ptr + len, frames.len - len};
    }
}

static void print_key(struct tool_output *out, const tr_blocking_row *row, tr_blocking_by by)
{
    if (by == TR_BLOCKING_BY_GOROUTINE && row->goroutine == TR_NONE) {
        tool_output_str(out, "(unresolved)");
    } else if (by == TR_BLOCKING_BY_GOROUTINE) {
        tool_output_printf(out, "%" PRId64, row->goroutine);
    } else if (by == TR_BLOCKING_BY_TASK && row->task != TR_BACKGROUND_TASK) {
        tool_output_printf(out, "%" PRIu64, row->task);
    } else if (row->stack != TR_NONE) {
        tool_output_printf(out, "%" PRId64, row->stack);
        print_frames(out, row->key);
    } else if (row->key.len == 0) {
        tool_output_str(out, "(none)");
    } else {
        tool_output_clean(out, row->key);
    }
}

static void print_row(struct tool_output *out, const tr_blocking_row *row, tr_blocking_by by)
{
    tool_output_right(out, tool_grouped(row->count).s, 12);
    tool_output_right(out, tool_percent(row->count_share).s, 8);
    tool_output_right(out, tool_duration(row->total_ns).s, 12);
    tool_output_right(out, tool_percent(row->time_share).s, 8);
    tool_output_right(out, row->open ? tool_grouped(row->open).s : "-", 9);
    tool_output_str(out, "  ");
    print_key(out, row, by);
    tool_output_str(out, "\n");
}

static void print_human(struct tool_output *out, const tr_blocking *b, tr_blocking_by by,
                        const tr_error *error, int salvage)
{
    size_t count = tr_blocking_row_count(b);
    uint64_t blocked = tr_blocking_count(b);
    uint64_t total_ns = 0;
    uint64_t open = 0;

    if (error->code != TR_OK)
        tool_reading_print_broken(out, error, salvage);
    if (count == 0) {
        tool_output_str(out, "no goroutine blocked\n");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t row_ns = tr_blocking_row_at(b, i)->total_ns;
        total_ns = row_ns < UINT64_MAX - total_ns ? total_ns + row_ns : UINT64_MAX;
        open += tr_blocking_row_at(b, i)->open;
    }
    tool_output_printf(out, "Goroutines blocked %s time%s, for %s in all", tool_grouped(blocked).s,
                       blocked == 1 ? "" : "s", tool_duration(total_ns).s);
    if (open > 0)
        tool_output_printf(out, "; %s had not ended with the trace", tool_grouped(open).s);
    tool_output_printf(out, ".\n\n%12s%8s%12s%8s%9s  %s\n", "TIMES", "TIMES%", "TOTAL", "TOTAL%",
                       "OPEN", tool_by_name(by));
    for (size_t i = 0; i < count && out->error == 0; i++)
        print_row(out, tr_blocking_row_at(b, i), by);
}

static tr_status step(struct tool_reading *t, void *blocking)
{
    return tr_blocking_read(blocking, t->r, EVENTS_A_STEP);
}

static int run(const struct tool_options *options)
{
    struct tool_reading t;
    tr_blocking *b;

    if (tool_reading_begin(&t, options) != 0 || tool_reading_open(&t) != 0)
        return TOOL_FAILED;
    b = tr_blocking_new(options->by);
    if (!b)
        tool_no_memory();
    if (!tool_reading_failed(&t, tr_reader_error(t.r))) {
        tool_reading_run(&t, step, b, 0);
        tr_blocking_finish(b);
        const tr_error *error = tr_reader_error(t.r);
        if (options->json)
            print_json(&t.out, b, options->by, error);
        else if (tr_reader_version(t.r)) /* else there is nothing that it could be of */
            print_human(&t.out, b, options->by, error, options->salvage);
        tool_output_flush(&t.out);
    }
    tr_blocking_free(b);
    return tool_reading_end(&t, tool_reading_report(&t, tr_reader_error(t.r)));
}

const struct tool_command tool_blocking = {
    "blocking",
    "print how often and how long goroutines blocked, and on what",
    "[--by=KEY] [OPTIONS] [FILE|-]",
    "Counts how often goroutines blocked (went from running, or from a system call,\n"
    "to waiting) and sums up how long they waited, by the reason that the trace\n"
    "gives, such as \"chan receive\" or \"network\". Columns:\n"
    "\n"
    "  TIMES  how often, and TIMES% its share of all\n"
    "  TOTAL  how long, and TOTAL% its share of all: times of many goroutines add up,\n"
    "         so that it can be far more than the trace lasted\n"
    "  OPEN   how many of these still waited at the trace's last event, to which their\n"
    "         time is counted\n"
    "\n"
    "Waiting for a processor while runnable is not blocking, and neither is a system\n"
    "call. Goroutines that waited before the trace began count from when they next\n"
    "block.\n"
    "\n"
    "--by=function groups by the function that blocked, the innermost of the stack;\n"
    "--by=stack by all of the stack, which is printed below its number; --by=goroutine\n"
    "by the goroutine's number; --by=task by the task that the goroutine worked for.\n"
    "With --salvage, what is lost of these is one row, \"(unresolved)\".\n"
    "\n"
    "For a broken trace the numbers cover what precedes the damage, and the first\n"
    "lines say so; for a file that is not a trace nothing is printed.\n"
    "\n"
    "With --json: {\"blocked\": N, \"rows\": [...]}, a row having the keys reason (or\n"
    "function, goroutine, task, or stack and frames), count, count_share, total_ns,\n"
    "time_share and open; shares are fractions of 1, null where there is nothing to have\n"
    "a share of. For a broken trace there is the key error too, as in info.\n",
    "  tracereader blocking my.trace\n"
    "  tracereader blocking --by=function my.trace | head -n 20\n"
    "  tracereader blocking --json my.trace |\n"
    "      jq '.rows[] | select(.reason == \"network\") | .count_share'\n",
    TOOL_TAKES_JSON | TOOL_TAKES_BY | TOOL_TAKES_SALVAGE | TOOL_TAKES_BINARY | TOOL_TAKES_THREADS,
    run,
};
