/* tracereader events: every event as Go prints it.
 *
 * Invariant: the output is byte for byte that of `go tool trace -d=parsed` with
 * TZ=UTC; on a broken trace, as far as it can be read. */
#include "common.h"

/* The clock is read for --progress once in so many events. */
enum { EVENTS_A_LOOK = 1024 };

static void print_event(struct tool_output *out, const tr_event *ev)
{
    size_t room = out->size - out->len;
    size_t len = tr_event_text(ev, room ? out->buf + out->len : NULL, room);
    if (len >= room) {
        if (tool_output_reserve(out, len + 1) != 0)
            return;
        len = tr_event_text(ev, out->buf + out->len, out->size - out->len);
    }
    /* The line feed takes the place of the NUL. */
    out->buf[out->len + len] = '\n';
    out->len += len + 1;
}

static int run(const struct tool_options *options)
{
    struct tool_output out;
    struct tool_input in;
    struct tool_progress progress;
    const tr_event *ev;
    tr_reader *r;
    tr_status status;
    unsigned until_look = EVENTS_A_LOOK;
    int code;

    tool_output_init(&out);
    if (tool_input_init(&in, options->file, &out) != 0)
        return TOOL_FAILED;
    r = tool_reader_open(&in, options, &status);
    if (!r)
        return TOOL_FAILED;
    tool_progress_init(&progress, options, &in);
    while (status == TR_OK && out.error == 0) {
        status = tr_reader_next(r, &ev);
        if (status != TR_OK)
            break;
        print_event(&out, ev);
        if (--until_look == 0) {
            until_look = EVENTS_A_LOOK;
            tool_progress_at(&progress, tr_reader_bytes_read(r));
        }
    }
    /* First what was read, then why there is no more. */
    tool_output_flush(&out);
    tool_progress_end(&progress, tr_reader_bytes_read(r));
    code = tool_report(&in, status, tr_reader_error(r));
    tr_reader_free(r);
    tool_input_end(&in);
    return tool_output_end(&out, code);
}

const struct tool_command tool_events = {
    "events",
    "print every event, as \"go tool trace -d=parsed\" does",
    "[OPTIONS] [FILE|-]",
    "Prints every event of the trace in order, byte for byte what\n"
    "\"go tool trace -d=parsed\" prints (with TZ=UTC). Here goroutine 19 blocks:\n"
    "\n"
    "  M=15310 P=0 G=19 StateTransition Time=1479501711808 GoID=19 Running->Waiting\n"
    "  Reason=\"chan receive\"\n"
    "\n"
    "(in the output it is one line, and lines with its stacks may follow). M, P and G\n"
    "are the thread, the proc and the goroutine on which it happened, -1 where there is\n"
    "none. Time is in nanoseconds on the trace's own clock.\n",
    "  tracereader events my.trace | grep -c 'Running->Waiting'\n"
    "  curl -s localhost:6060/debug/pprof/trace?seconds=5 | tracereader events\n",
    0,
    run,
};
