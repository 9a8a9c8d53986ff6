/* Tables as programs meet them: schemas, which the documentation lists, batches and who owns
 * them, errors, and what options change. What rows say is tests/golden/test_tables.c's. */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../golden/support.h"
#include "../golden/tabletext.h"

static const char trace_name[] = "go1.26-annotations", old_name[] = "go1.22-annotations";

static struct ArrowArrayStream stream_of(const char *table, const struct bytes *trace,
                                         const tr_table_options *options)
{
    struct ArrowArrayStream stream;
    ck_assert_int_eq(tr_table_stream(table, table_reader(table, trace), options, &stream), TR_OK);
    return stream;
}

/* The next batch, which is there. */
static struct ArrowArray batch_of(struct ArrowArrayStream *stream)
{
    struct ArrowArray batch;
    ck_assert_int_eq(stream->get_next(stream, &batch), 0);
    ck_assert(batch.release != NULL);
    return batch;
}

/* --- Schemas --- */

static const char *format_of(tr_table_type type, const tr_table_options *options)
{
    switch (type) {
    case TR_TABLE_BOOL:
        return "b";
    case TR_TABLE_INT64:
        return "l";
    case TR_TABLE_UINT64:
        return "L";
    case TR_TABLE_DOUBLE:
        return "g";
    case TR_TABLE_TIME:
        return options->wall ? "tsn:UTC" : "l";
    case TR_TABLE_NAME:
        return "i";
    case TR_TABLE_STRING:
        return options->resolve ? "u" : "l";
    case TR_TABLE_TEXT:
        return "u";
    }
    return "";
}

START_TEST(test_schemas)
{
    tr_table_options options = TR_TABLE_DEFAULTS;
    options.resolve = _i & 1;
    options.wall = _i >> 1;
    for (size_t t = 0; tr_table_name(t); t++) {
        struct ArrowSchema schema;
        size_t count;
        const tr_table_column *columns = tr_table_columns(tr_table_name(t), &count);
        ck_assert_int_eq(tr_table_schema(tr_table_name(t), &options, &schema), TR_OK);
        ck_assert_str_eq(schema.format, "+s");
        ck_assert_int_eq(schema.n_children, (int64_t)count);
        for (size_t i = 0; i < count; i++) {
            const struct ArrowSchema *child = schema.children[i];
            ck_assert_str_eq(child->name, columns[i].name);
            ck_assert_str_eq(child->format, format_of(columns[i].type, &options));
            ck_assert_int_eq(child->flags, columns[i].nullable ? ARROW_FLAG_NULLABLE : 0);
            ck_assert_int_eq(child->dictionary != NULL, columns[i].type == TR_TABLE_NAME);
            if (child->dictionary)
                ck_assert_str_eq(child->dictionary->format, "u");
        }
        /* A child that was moved out lives on. */
        struct ArrowSchema moved = *schema.children[1];
        schema.children[1]->release = NULL;
        schema.release(&schema);
        ck_assert(schema.release == NULL);
        ck_assert_str_eq(moved.name, columns[1].name);
        moved.release(&moved);
    }
}
END_TEST

/* docs/TABLES.md has the same columns. */
START_TEST(test_documented)
{
    static const char *const types[] = {
        [TR_TABLE_BOOL] = "bool",     [TR_TABLE_INT64] = "int64", [TR_TABLE_UINT64] = "uint64",
        [TR_TABLE_DOUBLE] = "double", [TR_TABLE_TIME] = "time",   [TR_TABLE_NAME] = "name",
        [TR_TABLE_STRING] = "string", [TR_TABLE_TEXT] = "text",
    };
    struct bytes file = load_file(source_path("docs/TABLES.md"));
    char *doc = malloc(file.size + 1), *at, line[600];
    memcpy(doc, file.data, file.size);
    doc[file.size] = '\0';
    at = doc;
    for (size_t t = 0; tr_table_name(t); t++) {
        size_t count;
        const tr_table_column *columns = tr_table_columns(tr_table_name(t), &count);
        snprintf(line, sizeof line, "\n## %s\n", tr_table_name(t));
        at = strstr(at, line);
        ck_assert_msg(at != NULL, "%s is not in TABLES.md, or not in order", tr_table_name(t));
        at = strstr(at, "|---|---|---|---|\n");
        ck_assert_ptr_nonnull(at);
        at = strchr(at, '\n') + 1;
        for (size_t i = 0; i < count; i++) {
            snprintf(line, sizeof line, "| %s | %s | %s | %s |\n", columns[i].name,
                     types[columns[i].type], columns[i].nullable ? "yes" : "no", columns[i].doc);
            if (strncmp(at, line, strlen(line)) != 0)
                ck_abort_msg("%s: TABLES.md should say: %s", tr_table_name(t), line);
            at += strlen(line);
        }
        ck_assert_int_ne(*at, '|');
    }
    free(doc);
    free_bytes(&file);
}
END_TEST

START_TEST(test_misuse)
{
    static const char *const twice[] = {"time", "time"}, *const unknown[] = {"time", "tim"},
                             *const none[] = {NULL};
    struct bytes trace = load_trace(trace_name);
    tr_filter filter = TR_FILTER_ALL;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    const tr_event *ev;
    size_t count = 1;
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    ck_assert_ptr_null(tr_table_columns("event", &count));
    ck_assert_uint_eq(count, 0);
    ck_assert_ptr_null(tr_table_columns(NULL, NULL));
    ck_assert_ptr_null(tr_table_name(1000));
    ck_assert_int_eq(tr_table_narrow("event", &filter), TR_E_MISUSE);
    ck_assert_int_eq(tr_table_narrow("events", NULL), TR_E_MISUSE);
    filter.size = 1;
    ck_assert_int_eq(tr_table_narrow("events", &filter), TR_E_MISUSE);
    for (int i = 0; i < 5; i++) {
        tr_table_options options = TR_TABLE_DEFAULTS;
        options.columns = i == 0 ? twice : i == 1 ? unknown : none;
        options.column_count = i < 2 ? 2 : i == 2 ? 0 : 1;
        if (i == 4) {
            options.columns = NULL;
            options.size--;
        }
        ck_assert_int_eq(tr_table_schema("events", &options, &schema), TR_E_MISUSE);
        ck_assert_int_eq(tr_table_stream("events", r, &options, &stream), TR_E_MISUSE);
    }
    tr_table_options of_one = TR_TABLE_DEFAULTS;
    of_one.goroutine = 1;
    ck_assert_int_eq(tr_table_schema("intervals", &of_one, &schema), TR_E_MISUSE);
    ck_assert_int_eq(tr_table_schema("event", NULL, &schema), TR_E_MISUSE);
    ck_assert_int_eq(tr_table_stream("event", r, NULL, &stream), TR_E_MISUSE);
    ck_assert_int_eq(tr_table_stream("events", NULL, NULL, &stream), TR_E_MISUSE);
    ck_assert_int_eq(tr_table_stream("events", r, NULL, NULL), TR_E_MISUSE);
    /* The reader is still the caller's, and once it gave an event no table can be made. */
    ck_assert_int_eq(tr_reader_next(r, &ev), TR_OK);
    ck_assert_int_eq(tr_table_stream("events", r, NULL, &stream), TR_E_MISUSE);
    ck_assert_ptr_nonnull(strstr(tr_reader_error(r)->message, "has given no events"));
    tr_reader_free(r);
    free_bytes(&trace);
}
END_TEST

/* --- Reading --- */

struct counted {
    const struct bytes *trace;
    size_t at;
    int calls;
};

static int64_t give(void *user, void *buf, size_t size)
{
    struct counted *c = user;
    size_t left = c->trace->size - c->at, n = size < left ? size : left;
    memcpy(buf, c->trace->data + c->at, n);
    c->at += n;
    c->calls++;
    return (int64_t)n;
}

START_TEST(test_nothing_is_read_for_a_schema)
{
    struct bytes trace = load_trace(trace_name);
    struct counted c = {&trace, 0, 0};
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_reader_open_callback(r, give, &c), TR_OK);
    int calls = c.calls;
    ck_assert_int_eq(tr_table_stream("events", r, NULL, &stream), TR_OK);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(stream.get_schema(&stream, &schema), 0);
        schema.release(&schema);
    }
    ck_assert_ptr_null(stream.get_last_error(&stream));
    ck_assert_int_eq(c.calls, calls);
    struct ArrowArray batch = batch_of(&stream);
    ck_assert_int_gt(c.calls, calls);
    batch.release(&batch);
    stream.release(&stream);
    free_bytes(&trace);
}
END_TEST

/* Batches, and columns moved out of them, outlive stream and reader. */
START_TEST(test_release)
{
    struct bytes trace = load_trace(trace_name);
    tr_table_options options = TR_TABLE_DEFAULTS;
    options.batch_rows = 20;
    struct ArrowArrayStream stream = stream_of("events", &trace, &options);
    stream.release(&stream); /* before anything is read */
    ck_assert(stream.release == NULL);

    stream = stream_of("events", &trace, &options);
    struct ArrowArray first = batch_of(&stream), second = batch_of(&stream);
    stream.release(&stream);
    struct ArrowArray kind = *first.children[1]; /* moved out */
    first.children[1]->release = NULL;
    struct ArrowArray names = *kind.dictionary;
    kind.dictionary->release = NULL;
    first.release(&first);
    kind.release(&kind);
    ck_assert_mem_eq(names.buffers[2], "Sync", 4);
    ck_assert_int_eq(((const int32_t *)names.buffers[1])[1], 4);
    names.release(&names);
    ck_assert_int_eq(second.length, 20);
    second.release(&second);
    free_bytes(&trace);
}
END_TEST

/* Dictionaries only grow, and are shared as long as they do not. */
START_TEST(test_dictionaries)
{
    static const char *const columns[] = {"kind", "reason", "type"};
    struct bytes trace = load_trace(trace_name);
    tr_table_options options = TR_TABLE_DEFAULTS;
    struct ArrowArray before = {0}, batch;
    int same = 0, longer = 0;
    options.columns = columns;
    options.column_count = 3;
    options.batch_rows = 3;
    struct ArrowArrayStream stream = stream_of("events", &trace, &options);
    while (stream.get_next(&stream, &batch) == 0 && batch.release) {
        for (int i = 0; i < 3 && before.release; i++) {
            const struct ArrowArray *old = before.children[i]->dictionary;
            const struct ArrowArray *new = batch.children[i]->dictionary;
            const int32_t *offsets = old->buffers[1];
            ck_assert_int_ge(new->length, old->length);
            ck_assert_mem_eq(new->buffers[1], offsets, (size_t)(old->length + 1) * 4);
            if (offsets[old->length])
                ck_assert_mem_eq(new->buffers[2], old->buffers[2], (size_t)offsets[old->length]);
            if (new->length == old->length) {
                ck_assert_ptr_eq(new->buffers[1], offsets);
                ck_assert_ptr_eq(new->buffers[2], old->buffers[2]);
                same++;
            }
            longer += new->length > old->length;
        }
        if (before.release)
            before.release(&before);
        before = batch;
    }
    before.release(&before);
    stream.release(&stream);
    ck_assert_int_gt(same, 10);
    ck_assert_int_gt(longer, 10);
    free_bytes(&trace);
}
END_TEST

/* Any columns, in any order, are those of the whole table; batches by rows and by bytes. */
START_TEST(test_options)
{
    static const char *const columns[] = {"stack", "kind", "time", "message"};
    struct bytes trace = load_trace(trace_name);
    tr_table_options options = TR_TABLE_DEFAULTS;
    struct ArrowArray batch;
    options.columns = columns;
    options.column_count = 4;
    options.resolve = 1;
    struct ArrowArrayStream stream = stream_of("events", &trace, &options);
    struct ArrowArrayStream whole = stream_of("events", &trace, NULL);
    struct ArrowArray some = batch_of(&stream), all = batch_of(&whole);
    ck_assert_int_eq(some.length, all.length);
    ck_assert_int_eq(some.n_children, 4);
    ck_assert_mem_eq(some.children[2]->buffers[1], all.children[0]->buffers[1],
                     (size_t)all.length * 8);
    ck_assert_mem_eq(some.children[1]->buffers[1], all.children[1]->buffers[1],
                     (size_t)all.length * 4);
    ck_assert_int_eq(some.children[3]->n_buffers, 3);
    some.release(&some);
    all.release(&all);
    stream.release(&stream);
    whole.release(&whole);
    /* time, kind and stack are 20 bytes a row. */
    options.column_count = 3;
    options.batch_bytes = 410;
    stream = stream_of("events", &trace, &options);
    while (stream.get_next(&stream, &batch) == 0 && batch.release) {
        ck_assert_int_le(batch.length, 20);
        batch.release(&batch);
    }
    stream.release(&stream);
    /* Texts count too: of one a batch of these. */
    options.columns = columns + 3;
    options.column_count = 1;
    options.batch_bytes = 1;
    stream = stream_of("logs", &trace, &options);
    batch = batch_of(&stream);
    ck_assert_int_eq(batch.length, 1);
    batch.release(&batch);
    stream.release(&stream);
    free_bytes(&trace);
}
END_TEST

/* Bytes of the texts of a batch. */
static int64_t text_bytes(const struct ArrowArray *batch)
{
    int64_t bytes = 0;
    for (int64_t i = 0; i < batch->n_children; i++) {
        const struct ArrowArray *column = batch->children[i];
        if (column->n_buffers == 3)
            bytes += ((const int32_t *)column->buffers[1])[column->length];
    }
    return bytes;
}

/* The bytes of a batch are those of all its columns. */
START_TEST(test_bytes_of_batches)
{
    enum { MOST = 20000, LONGEST_ROW = 500 };
    static const char *const columns[] = {"function", "file"};
    struct bytes trace = load_trace(trace_name);
    tr_table_options options = TR_TABLE_DEFAULTS;
    struct ArrowArray batch;
    int batches = 0;
    options.columns = columns;
    options.column_count = 2;
    options.resolve = 1;
    options.batch_bytes = MOST;
    struct ArrowArrayStream stream = stream_of("frames", &trace, &options);
    for (; stream.get_next(&stream, &batch) == 0 && batch.release; batches++) {
        int64_t bytes = text_bytes(&batch) + batch.length * 8;
        ck_assert_int_lt(bytes, MOST + LONGEST_ROW);
        batch.release(&batch);
    }
    ck_assert_int_gt(batches, 1);
    stream.release(&stream);
    free_bytes(&trace);
}
END_TEST

START_TEST(test_wall)
{
    static const char *const columns[] = {"time"};
    struct bytes trace = load_trace(trace_name), old = load_trace(old_name);
    tr_table_options options = TR_TABLE_DEFAULTS;
    const tr_event *ev;
    struct ArrowArray batch;
    options.columns = columns;
    options.column_count = 1;
    options.wall = 1;
    struct ArrowArrayStream stream = stream_of("events", &trace, &options);
    tr_reader *r = tr_reader_new();
    int64_t shift = 0, row = 0;
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    batch = batch_of(&stream);
    for (; tr_reader_next(r, &ev) == TR_OK; row++) {
        if (!shift) {
            ck_assert_int_eq(ev->kind, TR_KIND_SYNC);
            ck_assert_int_eq(ev->sync.has_clock, 1);
            shift = ev->sync.clock.wall_sec * 1000000000 + ev->sync.clock.wall_nsec -
                    ev->sync.clock.trace_ns;
        }
        ck_assert_int_eq(((const int64_t *)batch.children[0]->buffers[1])[row],
                         ev->time_ns + shift);
    }
    ck_assert_int_eq(row, batch.length);
    batch.release(&batch);
    tr_reader_free(r);
    stream.release(&stream);
    /* Before Go 1.25 nobody knows. */
    stream = stream_of("events", &old, &options);
    ck_assert_int_eq(stream.get_next(&stream, &batch), ENOTSUP);
    ck_assert(batch.release == NULL);
    ck_assert_int_eq(stream.get_next(&stream, &batch), ENOTSUP);
    ck_assert_ptr_nonnull(strstr(stream.get_last_error(&stream), "wall"));
    stream.release(&stream);
    /* A table without rows is no other. */
    options.columns = NULL;
    options.column_count = 0;
    stream = stream_of("samples", &old, &options);
    ck_assert_int_eq(stream.get_next(&stream, &batch), ENOTSUP);
    stream.release(&stream);
    free_bytes(&trace);
    free_bytes(&old);
}
END_TEST

/* What get_next gives of a table of events with wall time. */
static int error_of_wall(struct bytes *trace, bool salvages, uint64_t batch_rows,
                         const char *message)
{
    tr_table_options options = TR_TABLE_DEFAULTS;
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    tr_reader *r = tr_reader_new();
    options.wall = 1;
    options.batch_rows = batch_rows;
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_SALVAGE, salvages), TR_OK);
    ck_assert_int_eq(tr_reader_open_memory(r, trace->data, trace->size), TR_OK);
    ck_assert_int_eq(tr_table_stream("events", r, &options, &stream), TR_OK);
    int error = stream.get_next(&stream, &batch);
    ck_assert(batch.release == NULL);
    const char *told = stream.get_last_error(&stream);
    ck_assert_msg(told && strstr(told, message), "%s, not %s", told, message);
    stream.release(&stream);
    return error;
}

/* Where no generation tells it, there are no rows at a time that is none; nor in a trace whose
 * first one has lost it. */
START_TEST(test_wall_is_lost)
{
    uint64_t batch_rows = _i ? 1 : 1000;
    struct bytes header = load_trace("go1.26-cut-header");
    ck_assert_int_eq(error_of_wall(&header, false, batch_rows, "does not tell"), ENOTSUP);
    /* Where no time is asked for, all rows are there. */
    static const char *const columns[] = {"kind"};
    tr_table_options options = TR_TABLE_DEFAULTS;
    options.columns = columns;
    options.column_count = 1;
    options.wall = 1;
    struct ArrowArrayStream stream = stream_of("events", &header, &options);
    struct ArrowArray batch = batch_of(&stream);
    ck_assert_int_eq(batch.length, 1); /* a Sync */
    batch.release(&batch);
    stream.release(&stream);
    free_bytes(&header);
    struct bytes trace = load_trace("go1.26-generations");
    trace.data[50] = 200; /* the type of the first ClockSnapshot */
    ck_assert_int_eq(error_of_wall(&trace, true, batch_rows, "does not tell"), ENOTSUP);
    ck_assert_int_eq(error_of_wall(&trace, false, batch_rows, "at byte 50"), EBADMSG);
    free_bytes(&trace);
}
END_TEST

/* --- Errors --- */

/* Get the next batch of a table whose trace is pushed in pieces; 0: it is there, or the end
 * is. `fed` counts bytes, `waits` pieces. */
static int next_of_pushed(struct ArrowArrayStream *stream, struct ArrowArray *batch, tr_reader *r,
                          const struct bytes *trace, size_t piece, size_t *fed, int *waits)
{
    int error;
    while ((error = stream->get_next(stream, batch)) == EAGAIN) {
        size_t n = trace->size - *fed < piece ? trace->size - *fed : piece;
        ck_assert_int_eq(n ? tr_reader_feed(r, trace->data + *fed, n) : tr_reader_feed_end(r),
                         TR_OK);
        *fed += n;
        (*waits)++;
    }
    return error;
}

/* Pushed bytes that run out are no error, and rows come meanwhile. */
START_TEST(test_pushed)
{
    struct bytes trace = load_trace("go1.26-generations");
    struct lines want = table_lines("intervals", table_reader("intervals", &trace), NULL, NULL);
    tr_table_options options = TR_TABLE_DEFAULTS;
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    int64_t rows = 0;
    int error, waits = 0;
    size_t fed = 0;
    tr_reader *r = tr_reader_new();
    options.batch_rows = 10;
    ck_assert_int_eq(tr_table_stream("intervals", r, &options, &stream), TR_OK);
    while (!(error = next_of_pushed(&stream, &batch, r, &trace, 1000, &fed, &waits)) &&
           batch.release) {
        rows += batch.length;
        batch.release(&batch);
    }
    ck_assert_int_eq(error, 0);
    ck_assert_int_gt(waits, 2);
    ck_assert_int_eq(rows, (int64_t)want.count);
    stream.release(&stream);
    lines_free(&want);
    free_bytes(&trace);
}
END_TEST

static int64_t rows_of(struct ArrowArrayStream *stream)
{
    struct ArrowArray batch;
    int64_t rows = 0;
    int error;
    while (!(error = stream->get_next(stream, &batch)) && batch.release) {
        rows += batch.length;
        batch.release(&batch);
    }
    ck_assert_int_eq(error, 0);
    stream->release(stream);
    return rows;
}

/* A stream may be made of a reader that is fed, or opened, later: it waits for that. */
START_TEST(test_opened_later)
{
    struct bytes trace = load_trace(trace_name);
    for (size_t t = 0; tr_table_name(t); t++) {
        struct ArrowArrayStream stream = stream_of(tr_table_name(t), &trace, NULL);
        struct ArrowArray batch;
        int64_t rows = rows_of(&stream);
        tr_reader *r = tr_reader_new();
        ck_assert_int_eq(tr_table_stream(tr_table_name(t), r, NULL, &stream), TR_OK);
        for (int i = 0; i < 2; i++)
            ck_assert_int_eq(stream.get_next(&stream, &batch), EAGAIN);
        if (_i) {
            ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
        } else {
            ck_assert_int_eq(tr_reader_feed(r, trace.data, trace.size), TR_OK);
            ck_assert_int_eq(tr_reader_feed_end(r), TR_OK);
        }
        ck_assert_int_eq(rows_of(&stream), rows);
    }
    free_bytes(&trace);
}
END_TEST

/* Long batches, short ones and those between come in any order where bytes run out, or texts
 * are many: their buffers, which are used again, have room for all rows. */
START_TEST(test_lengths_of_batches)
{
    static const size_t pieces[] = {10007, 30000, 100000};
    struct bytes trace = load_trace("go1.26-gcactive");
    tr_reader *whole = table_reader("events", &trace);
    const tr_event *ev;
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    size_t fed = 0;
    int error, waits = 0, longest = 0, turns = 0;
    int64_t last = 0;
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_reader_feed(r, "", 0), TR_OK);
    ck_assert_int_eq(tr_table_stream("events", r, NULL, &stream), TR_OK);
    while (!(error = next_of_pushed(&stream, &batch, r, &trace, pieces[_i], &fed, &waits)) &&
           batch.release) {
        const int64_t *times = batch.children[0]->buffers[1];
        for (int64_t i = 0; i < batch.length; i++) {
            ck_assert_int_eq(tr_reader_next(whole, &ev), TR_OK);
            ck_assert_int_eq(times[i], ev->time_ns);
        }
        turns += batch.length > last && last && last < longest;
        last = batch.length;
        longest = last > longest ? (int)last : longest;
        batch.release(&batch);
    }
    ck_assert_int_eq(error, 0);
    ck_assert_int_eq(tr_reader_next(whole, &ev), TR_END);
    ck_assert_int_gt(turns, 0); /* a longer one behind a shorter one */
    stream.release(&stream);
    tr_reader_free(whole);
    free_bytes(&trace);
}
END_TEST

static int stop(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    (void)user;
    (void)total_bytes;
    return done_bytes > 0;
}

START_TEST(test_canceled)
{
    struct bytes trace = load_trace("go1.26-generations");
    tr_reader *r = table_reader("events", &trace);
    ck_assert_int_eq(tr_reader_set_progress(r, stop, NULL), TR_OK);
    struct lines got = table_lines("events", r, NULL, NULL);
    ck_assert_int_eq(got.error, ECANCELED);
    lines_free(&got);
    free_bytes(&trace);
}
END_TEST

static int64_t broken_read(void *user, void *buf, size_t size)
{
    struct counted *c = user;
    return c->calls > 1 ? -ENOSPC : give(user, buf, size < 3000 ? size : 3000);
}

START_TEST(test_read_error)
{
    struct bytes trace = load_trace(trace_name);
    struct counted c = {&trace, 0, 0};
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_reader_open_callback(r, broken_read, &c), TR_OK);
    struct lines got = table_lines("events", r, NULL, NULL);
    ck_assert_int_eq(got.error, ENOSPC);
    ck_assert_ptr_nonnull(strstr(got.message, "at byte"));
    lines_free(&got);
    free_bytes(&trace);
}
END_TEST

START_TEST(test_limit)
{
    struct bytes trace = load_trace(trace_name);
    tr_reader *r = tr_reader_new();
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_MAX_STACKS, 3), TR_OK);
    ck_assert_int_eq(tr_reader_open_memory(r, trace.data, trace.size), TR_OK);
    struct lines got = table_lines("events", r, NULL, NULL);
    ck_assert_int_eq(got.error, EOVERFLOW);
    lines_free(&got);
    free_bytes(&trace);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("api/table");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, test_schemas, 0, 4);
    tcase_add_test(all, test_documented);
    tcase_add_test(all, test_misuse);
    tcase_add_test(all, test_nothing_is_read_for_a_schema);
    tcase_add_test(all, test_release);
    tcase_add_test(all, test_dictionaries);
    tcase_add_test(all, test_options);
    tcase_add_test(all, test_bytes_of_batches);
    tcase_add_test(all, test_wall);
    tcase_add_loop_test(all, test_wall_is_lost, 0, 2);
    tcase_add_test(all, test_pushed);
    tcase_add_loop_test(all, test_opened_later, 0, 2);
    tcase_add_loop_test(all, test_lengths_of_batches, 0, 3);
    tcase_add_test(all, test_canceled);
    tcase_add_test(all, test_read_error);
    tcase_add_test(all, test_limit);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
