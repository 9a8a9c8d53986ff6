/* tracereader info: what a trace holds, for people or as JSON.
 *
 * Invariant: where a trace is broken, the numbers are of what could be read, and
 * both forms say so. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "reading.h"

enum { EVENTS_A_STEP = 4096 };

/* RFC 3339 in UTC, "" if the year has not four digits. */
static struct tool_text wall_text(const tr_info_summary *s, char between)
{
    struct tool_text text = {""};
    time_t seconds = (time_t)s->wall_start_sec;
    struct tm tm;

    if (!s->has_wall || seconds != s->wall_start_sec || !gmtime_r(&seconds, &tm) ||
        tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
        return text;
    snprintf(text.s, sizeof text.s, "%04d-%02d-%02d%c%02d:%02d:%02d.%09d", tm.tm_year + 1900,
             tm.tm_mon + 1, tm.tm_mday, between, tm.tm_hour, tm.tm_min, tm.tm_sec,
             (int)s->wall_start_nsec);
    return text;
}

static void add_salvage(struct json_object *o, const tr_salvage *salvage)
{
    struct json_object *s = tool_json_new();

    tool_json_u64(s, "events", salvage->events);
    tool_json_u64(s, "lost_bytes", salvage->lost_bytes);
    tool_json_u64(s, "lost_generations", salvage->lost_generations);
    tool_json_u64(s, "unresolved_strings", salvage->unresolved_strings);
    tool_json_u64(s, "unresolved_stacks", salvage->unresolved_stacks);
    tool_json_u64(s, "relaxed", salvage->relaxed);
    tool_json_u64(s, "raw_time", salvage->raw_time);
    tool_json_object(o, "salvage", s);
}

/* `compression` NULL: none; `salvage` NULL: the trace was read strictly. */
static void print_json(struct tool_output *out, const tr_info_summary *s, const tr_error *error,
                       const char *compression, const tr_salvage *salvage)
{
    struct json_object *o = tool_json_new();
    struct json_object *kinds = tool_json_new();
    struct tool_text text;

    tool_json_version(o, "version", s->version);
    tool_json_u64(o, "bytes", s->bytes);
    tool_json_u64(o, "generations", s->generations);
    tool_json_u64(o, "events", s->events);
    tool_json_i64(o, "start_ns", s->start_ns);
    tool_json_i64(o, "end_ns", s->end_ns);
    tool_json_u64(o, "duration_ns", (uint64_t)s->end_ns - (uint64_t)s->start_ns);
    text = wall_text(s, 'T');
    if (text.s[0]) {
        strcat(text.s, "Z");
        tool_json_text(o, "wall_start", text.s);
    } else {
        tool_json_null(o, "wall_start");
    }
    for (int kind = 0; kind < TR_KIND_COUNT; kind++)
        if (s->kinds[kind] > 0)
            tool_json_u64(kinds, tr_kind_name((tr_kind)kind), s->kinds[kind]);
    tool_json_object(o, "kinds", kinds);
    tool_json_u64(o, "goroutines", s->goroutines);
    tool_json_u64(o, "threads", s->threads);
    tool_json_u64(o, "procs", s->procs);
    tool_json_bool(o, "complete", s->complete);
    tool_json_object(o, "error", tool_json_error(error));
    if (compression)
        tool_json_text(o, "compression", compression);
    if (salvage)
        add_salvage(o, salvage);
    tool_json_print(o, out);
    tool_output_str(out, "\n");
}

static void print_kinds(struct tool_output *out, const tr_info_summary *s)
{
    int order[TR_KIND_COUNT];
    int count = 0;

    /* By falling count; kinds are few. */
    for (int kind = 0; kind < TR_KIND_COUNT; kind++) {
        int at = count;
        if (s->kinds[kind] == 0)
            continue;
        for (; at > 0 && s->kinds[order[at - 1]] < s->kinds[kind]; at--)
            order[at] = order[at - 1];
        order[at] = kind;
        count++;
    }
    for (int i = 0; i < count; i++) {
        uint64_t n = s->kinds[order[i]];
        tool_output_printf(out, "  %-16s", tr_kind_name((tr_kind)order[i]));
        tool_output_right(out, tool_grouped(n).s, 15);
        tool_output_right(out, tool_percent((double)n / (double)s->events).s, 8);
        tool_output_str(out, "\n");
    }
}

static void print_number(struct tool_output *out, const char *label, uint64_t n)
{
    tool_output_printf(out, "%-14s%s\n", label, tool_grouped(n).s);
}

static void print_salvage(struct tool_output *out, const tr_salvage *s)
{
    print_number(out, "Lost bytes", s->lost_bytes);
    print_number(out, "  generations", s->lost_generations);
    print_number(out, "  strings", s->unresolved_strings);
    print_number(out, "  stacks", s->unresolved_stacks);
    print_number(out, "Out of order", s->relaxed);
    print_number(out, "Time in ticks", s->raw_time);
}

static void print_human(const struct tool_reading *t, struct tool_output *out,
                        const tr_info_summary *s, const tr_error *error, const tr_salvage *salvage)
{
    tr_str file = {t->in.name, strlen(t->in.name)};
    const char *compression = tr_reader_compression(t->r);
    uint64_t compressed = tr_reader_compressed_size(t->r);

    tool_output_printf(out, "%-14s", "Trace");
    tool_output_clean(out, file);
    if (s->version)
        tool_output_printf(out, "\n%-14sgo 1.%u\n", "Format", s->version);
    else
        tool_output_printf(out, "\n%-14sunknown\n", "Format");
    tool_output_printf(out, "%-14s%s", "Size", tool_size(s->bytes).s);
    if (s->bytes >= 1024)
        tool_output_printf(out, " (%s bytes)", tool_grouped(s->bytes).s);
    tool_output_str(out, "\n");
    if (compression && compressed != UINT64_MAX)
        tool_output_printf(out, "%-14swith %s, to %s\n", "Compressed", compression,
                           tool_size(compressed).s);
    else if (compression)
        tool_output_printf(out, "%-14swith %s\n", "Compressed", compression);
    if (error->code == TR_OK)
        tool_output_printf(out, "%-14syes\n", "Complete");
    else
        tool_reading_print_broken(out, error, salvage != NULL);
    if (error->code != TR_OK && salvage)
        print_salvage(out, salvage);
    print_number(out, "Generations", s->generations);
    if (s->events == 0) {
        print_number(out, "Events", 0);
        return;
    }

    if (wall_text(s, ' ').s[0])
        tool_output_printf(out, "%-14s%s UTC\n", "Began", wall_text(s, ' ').s);
    else
        tool_output_printf(out, "%-14snot in the trace%s\n", "Began",
                           s->version < 25 ? " (Go 1.25 and later write it)" : "");
    tool_output_printf(out, "%-14s%s\n", "Duration",
                       tool_duration((uint64_t)s->end_ns - (uint64_t)s->start_ns).s);
    tool_output_printf(out, "%-14s%" PRId64 " to %" PRId64 " ns\n", "Trace clock", s->start_ns,
                       s->end_ns);
    print_number(out, "Goroutines", s->goroutines);
    print_number(out, "Threads", s->threads);
    print_number(out, "Procs", s->procs);
    print_number(out, "Events", s->events);
    print_kinds(out, s);
}

static tr_status step(struct tool_reading *t, void *info)
{
    return tr_info_read(info, t->r, EVENTS_A_STEP);
}

static int run(const struct tool_options *options)
{
    struct tool_reading t;
    tr_info *info;
    const tr_error *error;
    tr_salvage salvage;

    if (tool_reading_begin(&t, options) != 0 || tool_reading_open(&t) != 0)
        return TOOL_FAILED;
    info = tr_info_new();
    if (!info)
        tool_no_memory();
    if (!tool_reading_failed(&t, tr_reader_error(t.r))) {
        /* Where the open failed, this only makes the summary take up the version. */
        if (t.status != TR_OK)
            (void)tr_info_read(info, t.r, 1);
        tool_reading_run(&t, step, info, 0);
        error = tr_reader_error(t.r);
        if (t.status != TR_E_NOMEM || error->code != TR_OK) {
            const tr_salvage *of = options->salvage ? &salvage : NULL;
            tr_reader_salvage(t.r, &salvage);
            if (options->json)
                print_json(&t.out, tr_info_get(info), error, tr_reader_compression(t.r), of);
            else
                print_human(&t, &t.out, tr_info_get(info), error, of);
            tool_output_flush(&t.out);
        }
    }
    tr_info_free(info);
    return tool_reading_end(&t, tool_reading_report(&t, tr_reader_error(t.r)));
}

const struct tool_command tool_info = {
    "info",
    "print a summary: version, time range, counts, whether it is whole",
    "[OPTIONS] [FILE|-]",
    "Prints what the trace holds: the version of its format, its size, how long it\n"
    "lasts and when it began (Go 1.25 and later say so), how many goroutines, threads\n"
    "and procs take part, how many events of each kind there are, and whether it\n"
    "could be read to its end. A broken trace is summed up as far as it can be read, or,\n"
    "with --salvage, all that is left of it.\n"
    "\n"
    "The size is that of the file; for a pipe, or a compressed trace, it is how much\n"
    "was read, decompressed.\n"
    "\n"
    "With --json: one object with the keys version, bytes, generations, events,\n"
    "start_ns, end_ns, duration_ns, wall_start (RFC 3339, or null), kinds (an object:\n"
    "count by kind), goroutines, threads, procs, complete, and error (null, or an\n"
    "object of code, message, offset and generation). For a compressed trace also\n"
    "compression, such as \"gzip\". With --salvage also salvage: an object of events\n"
    "(that came out), lost_bytes, lost_generations, unresolved_strings and\n"
    "unresolved_stacks (names in events of what is lost), relaxed (records that\n"
    "contradict others, or are late) and raw_time (events whose time is in ticks).\n",
    "  tracereader info my.trace\n"
    "  tracereader info --json my.trace | jq .duration_ns\n"
    "  for f in *.trace; do tracereader info \"$f\" >/dev/null || echo \"$f is broken\"; done\n",
    TOOL_TAKES_JSON | TOOL_TAKES_SALVAGE | TOOL_TAKES_BINARY | TOOL_TAKES_THREADS,
    run,
};
