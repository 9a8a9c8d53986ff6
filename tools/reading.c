/* Reading a trace to its end.
 *
 * Invariant: what was read is printed before what is wrong is told. */
#include "reading.h"

#include <string.h>
#include <unistd.h>

#include "progress.h"

void tool_reading_init(struct tool_reading *t, const struct tool_options *options)
{
    memset(t, 0, sizeof *t);
    t->options = options;
    tool_output_init(&t->out);
}

static void close_file(struct tool_reading *t)
{
    tr_reader_free(t->r);
    t->r = NULL;
    symbols_close(t->symbols);
    t->symbols = NULL;
    tool_input_end(&t->in);
}

int tool_reading_file(struct tool_reading *t, const char *file)
{
    close_file(t);
    t->status = TR_OK;
    t->bytes = 0;
    t->file++;
    return tool_input_init(&t->in, file, &t->out);
}

int tool_reading_begin(struct tool_reading *t, const struct tool_options *options)
{
    tool_reading_init(t, options);
    return tool_reading_file(t, options->file);
}

/* How many threads to use if nobody said. A second one reads while the first prints; what
 * is read from a pipe comes slower than both, or for somebody who reads along. */
static uint64_t usual_threads(const struct tool_input *in)
{
#ifdef _SC_NPROCESSORS_ONLN
    return !in->live && sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 2 : 1;
#else
    (void)in;
    return 1;
#endif
}

/* Set an option. Return 0, or -1 after a message that names what was given. */
static int set(tr_reader *r, tr_option option, uint64_t value, const char *name)
{
    if (tr_reader_set_u64(r, option, value) == TR_OK)
        return 0;
    tool_complain("%s=%" PRIu64 " is out of range", name, value);
    return -1;
}

/* Set the limit of memory. What is compressed or no file would have to be held until a
 * generation's end: a quarter of the limit is for that, as it is held twice while it grows.
 * What is beyond lies in a temporary file. */
static int limit_memory(const struct tool_reading *t, uint64_t bytes)
{
    if (bytes == 0)
        return 0;
    if (bytes >= 4 && set(t->r, TR_OPT_SPILL_BYTES, bytes / 4, "--limit-memory") != 0)
        return -1;
    return set(t->r, TR_OPT_MAX_MEMORY_BYTES, bytes, "--limit-memory");
}

/* Have addresses looked up in an executable, if one is given. */
static int use_binary(struct tool_reading *t, const char *path)
{
    char why[200];
    if (!path)
        return 0;
    t->symbols = symbols_open(path, why, sizeof why);
    if (!t->symbols) {
        tool_complain("--binary=%s: %s", path, why);
        return -1;
    }
    return tr_reader_set_symbolizer(t->r, symbols_find, t->symbols) == TR_OK ? 0 : -1;
}

int tool_reading_open(struct tool_reading *t)
{
    const struct tool_options *options = t->options;
    uint64_t threads = options->threads ? options->threads : usual_threads(&t->in);

    t->r = tr_reader_new();
    if (!t->r)
        tool_no_memory();
    if (set(t->r, TR_OPT_THREADS, threads, "--threads") != 0 ||
        set(t->r, TR_OPT_SALVAGE, (uint64_t)options->salvage, "--salvage") != 0 ||
        limit_memory(t, options->memory_bytes) != 0 || use_binary(t, options->binary) != 0) {
        tr_reader_free(t->r);
        t->r = NULL;
        return -1;
    }
    t->status = tool_input_open(&t->in, t->r);
    return 0;
}

/* A tr_progress_fn. */
static int show_progress(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    (void)total_bytes;
    tool_progress_at(user, done_bytes);
    return 0;
}

void tool_reading_run(struct tool_reading *t, tool_step step, void *user, int prints)
{
    struct tool_progress progress;

    tool_progress_init(&progress, t->options->progress, prints, &t->in);
    tool_progress_of(&progress, t->file, t->options->file_count);
    if (t->r)
        tr_reader_set_progress(t->r, show_progress, &progress);
    while (t->status == TR_OK && t->out.error == 0) {
        t->status = step(t, user);
        if (!t->r)
            tool_progress_at(&progress, t->bytes);
    }
    if (t->r) {
        tr_reader_set_progress(t->r, NULL, NULL);
        t->bytes = tr_reader_size(t->r);
        if (t->bytes == UINT64_MAX)
            t->bytes = tr_reader_bytes_read(t->r);
    }
    tool_output_flush(&t->out);
    tool_progress_end(&progress, t->bytes);
}

int tool_reading_failed(const struct tool_reading *t, const tr_error *error)
{
    return t->status == TR_E_IO && error->offset == 0 && error->generation == 0;
}

int tool_reading_code(const struct tool_reading *t)
{
    switch (t->status) {
    case TR_OK:
    case TR_END:
        return TOOL_FINE;
    case TR_E_IO:
    case TR_E_NOMEM:
    case TR_E_MISUSE:
        return TOOL_FAILED;
    default:
        return TOOL_BROKEN;
    }
}

void tool_reading_print_broken(struct tool_output *out, const tr_error *error, int salvage)
{
    tool_output_printf(out,
                       "%-14sno: %s (byte %" PRIu64 ", generation %" PRIu64 ");\n"
                       "%-14sthe numbers are of what %s\n",
                       "Complete", error->message, error->offset, error->generation, "",
                       salvage ? "is left" : "stands before");
}

int tool_reading_report(const struct tool_reading *t, const tr_error *error)
{
    const struct tool_input *in = &t->in;

    if (t->status == TR_OK || t->status == TR_END)
        return TOOL_FINE;
    if (t->status == TR_E_NOMEM && error->code == TR_OK)
        tool_complain("%s: out of memory", in->name);
    else if (tool_reading_failed(t, error) && error->os_error != 0)
        tool_complain("%s: %s", in->name, strerror(error->os_error));
    else
        tool_complain("%s: %s (byte %" PRIu64 ", generation %" PRIu64 ")", in->name, error->message,
                      error->offset, error->generation);
    return tool_reading_code(t);
}

int tool_reading_end(struct tool_reading *t, int code)
{
    close_file(t);
    return tool_output_end(&t->out, code);
}
