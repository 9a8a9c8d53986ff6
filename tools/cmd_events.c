/* tracereader events: every event as Go prints it.
 *
 * Invariant: the output is byte for byte that of `go tool trace -d=parsed` with
 * TZ=UTC; on a broken trace, as far as it can be read. */
#include "reading.h"

enum { EVENTS_A_STEP = 1024 };

static size_t text(const void *ev, char *buf, size_t size)
{
    return tr_event_text(ev, buf, size);
}

static tr_status step(struct tool_reading *t, void *user)
{
    const tr_event *ev;
    tr_status status = TR_OK;

    (void)user;
    for (int i = 0; i < EVENTS_A_STEP && t->out.error == 0; i++) {
        status = tr_reader_next(t->r, &ev);
        if (status != TR_OK)
            break;
        tool_output_line(&t->out, text, ev);
    }
    return status;
}

static int run(const struct tool_options *options)
{
    struct tool_reading t;

    if (tool_reading_begin(&t, options) != 0 || tool_reading_open(&t) != 0)
        return TOOL_FAILED;
    tool_reading_run(&t, step, NULL, 1);
    return tool_reading_end(&t, tool_reading_report(&t, tr_reader_error(t.r)));
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
    "are the thread, the proc and the goroutine on which it happened, -1 where there was\n"
    "none. Time is in nanoseconds on the trace's own clock.\n",
    "  tracereader events my.trace | grep -c 'Running->Waiting'\n"
    "  curl -s localhost:6060/debug/pprof/trace?seconds=5 | tracereader events\n",
    TOOL_TAKES_SALVAGE | TOOL_TAKES_BINARY | TOOL_TAKES_THREADS,
    run,
};
