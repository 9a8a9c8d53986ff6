/* tracereader wire: every record as it lies in the file.
 *
 * Invariant: the output is byte for byte that of `go tool trace -d=wire`; on a
 * broken trace, as far as it can be read. */
#include <stdlib.h>

#include "common.h"

enum { RECORDS_A_LOOK = 1024 };

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

static void print_record(struct tool_output *out, const tr_wire_record *record)
{
    size_t room = out->size - out->len;
    size_t len = tr_wire_text(record, room ? out->buf + out->len : NULL, room);
    if (len >= room) {
        if (tool_output_reserve(out, len + 1) != 0)
            return;
        len = tr_wire_text(record, out->buf + out->len, out->size - out->len);
    }
    out->buf[out->len + len] = '\n';
    out->len += len + 1;
}

/* Print all records. Return what ended it. */
static tr_status print_all(struct tool_output *out, struct tool_input *in, tr_wire *w,
                           const struct tool_options *options)
{
    struct tool_progress progress;
    const tr_wire_record *record;
    unsigned until_look = RECORDS_A_LOOK;
    uint64_t at = 0;
    tr_status status = tool_input_open_wire(in, w);

    tool_progress_init(&progress, options, in);
    while (status == TR_OK && out->error == 0) {
        status = tr_wire_next(w, &record);
        if (status != TR_OK)
            break;
        print_record(out, record);
        at = record->offset;
        if (--until_look == 0) {
            until_look = RECORDS_A_LOOK;
            tool_progress_at(&progress, at);
        }
    }
    tool_output_flush(out);
    tool_progress_end(&progress, status == TR_END && in->size != UINT64_MAX ? in->size : at);
    return status;
}

static int run(const struct tool_options *options)
{
    struct tool_output out;
    struct tool_input in;
    struct limit limit = {options->memory_bytes ? options->memory_bytes : UINT64_MAX, 0};
    const tr_allocator allocator = {limited_alloc, limited_free, &limit};
    tr_wire *w;
    tr_status status = TR_E_NOMEM;
    int code;

    tool_output_init(&out);
    if (tool_input_init(&in, options->file, &out) != 0)
        return TOOL_FAILED;
    w = tr_wire_new_with(&allocator);
    if (!w && !limit.reached)
        tool_no_memory();
    if (w)
        status = print_all(&out, &in, w, options);
    if (status == TR_E_NOMEM && limit.reached) {
        tool_complain("%s: the limit of %" PRIu64 " bytes of memory was reached", in.name,
                      options->memory_bytes);
        code = TOOL_BROKEN;
    } else {
        code = tool_report(&in, status, tr_wire_error(w));
    }
    tr_wire_free(w);
    tool_input_end(&in);
    return tool_output_end(&out, code);
}

const struct tool_command tool_wire = {
    "wire",
    "print every record of the file, as \"go tool trace -d=wire\" does",
    "[OPTIONS] [FILE|-]",
    "Prints every record in the order of the file, byte for byte what\n"
    "\"go tool trace -d=wire\" prints: the batches that threads wrote, with numbers of\n"
    "strings and stacks, times as differences in ticks, nothing ordered or resolved.\n"
    "It is for looking at how a trace is written, and at what is broken in one.\n",
    "  tracereader wire my.trace | awk '{ n[$1]++ } END { for (k in n) print n[k], k }'\n"
    "  tracereader wire broken.trace | tail -n 3\n",
    0,
    run,
};
