/* tracereader wire: every record as it lies in the file.
 *
 * Invariant: the output is byte for byte that of `go tool trace -d=wire`; on a
 * broken trace, as far as it can be read. */
#include <stdlib.h>

#include "reading.h"

enum { RECORDS_A_STEP = 1024 };

/* A reader of wire records has no options: its memory is limited from outside. */
struct limit {
    uint64_t left;
    int reached;
};

static void *limited_alloc(void *user, size_t size)
{
    struct limit *limit = user;
    void *p;

    if (size > limit->left) {
        limit->reached = 1;
        return NULL;
    }
    p = malloc(size ? size : 1);
    if (p)
        limit->left -= size;
    return p;
}

static void limited_free(void *user, void *p, size_t size)
{
    struct limit *limit = user;
    if (p)
        limit->left += size;
    free(p);
}

static size_t text(const void *record, char *buf, size_t size)
{
    return tr_wire_text(record, buf, size);
}

static tr_status step(struct tool_reading *t, void *w)
{
    const tr_wire_record *record;
    tr_status status = TR_OK;

    for (int i = 0; i < RECORDS_A_STEP && t->out.error == 0; i++) {
        status = tr_wire_next(w, &record);
        if (status != TR_OK)
            break;
        tool_output_line(&t->out, text, record);
        t->bytes = record->offset;
    }
    if (status == TR_END && t->in.size != UINT64_MAX)
        t->bytes = t->in.size;
    return status;
}

static int run(const struct tool_options *options)
{
    struct tool_reading t;
    struct limit limit = {options->memory_bytes ? options->memory_bytes : UINT64_MAX, 0};
    const tr_allocator allocator = {limited_alloc, limited_free, &limit};
    tr_wire *w;
    int code;

    if (tool_reading_begin(&t, options) != 0)
        return TOOL_FAILED;
    w = tr_wire_new_with(&allocator);
    if (!w && !limit.reached)
        tool_no_memory();
    t.status = w ? tool_input_open_wire(&t.in, w) : TR_E_NOMEM;
    /* Progress is in bytes of the trace: of a compressed one, how many there are is not known. */
    if (tr_wire_compression(w))
        t.in.size = UINT64_MAX;
    tool_reading_run(&t, step, w, 1);
    if (t.status == TR_E_NOMEM && limit.reached) {
        const tr_error *error = tr_wire_error(w);
        uint64_t offset = w ? error->offset : 0, generation = w ? error->generation : 0;
        tool_complain("%s: the limit of %" PRIu64 " bytes of memory was reached (byte %" PRIu64
                      ", generation %" PRIu64 ")",
                      t.in.name, options->memory_bytes, offset, generation);
        code = TOOL_BROKEN;
    } else {
        code = tool_reading_report(&t, tr_wire_error(w));
    }
    tr_wire_free(w);
    return tool_reading_end(&t, code);
}

const struct tool_command tool_wire = {
    "wire",
    "print every record of the file, as \"go tool trace -d=wire\" does",
    "[OPTIONS] [FILE|-]",
    "Prints every record in the order of the file, byte for byte what\n"
    "\"go tool trace -d=wire\" prints: the batches that threads wrote, with numbers of\n"
    "strings and stacks, times as differences in ticks, nothing ordered or resolved.\n"
    "It is for looking at how a trace is written, and at what is broken in one.\n"
    "Records of traces before Go 1.22, which Go does not print, are printed alike.\n"
    "\n"
    "Records are looked at one by one, as Go does. That shows a record that is unknown\n"
    "or wrong by itself, or a number that is cut off, but hardly ever that a trace ends\n"
    "too early, or that records contradict each other: \"check\" tells that.\n",
    "  tracereader wire my.trace |\n"
    "      awk '/^[A-Z]/ { n[$1]++ } END { for (k in n) print n[k], k }'\n"
    "  tracereader wire broken.trace | tail -n 3\n",
    0,
    run,
};
