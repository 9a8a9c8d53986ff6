/* Streams of tables as text, by nothing but Arrow's C interface: formats and buffers are read
 * as its specification has them, and checked on the way. */
#include "tabletext.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Lines --- */

static void *grown(void *p, size_t *room, size_t need, size_t item)
{
    if (need <= *room)
        return p;
    *room = need * 2;
    p = realloc(p, *room * item);
    require(p != NULL, "no memory");
    return p;
}

static void add_bytes(struct lines *l, const char *s, size_t len)
{
    l->open = grown(l->open, &l->open_room, l->open_len + len + 1, 1);
    char *to = l->open + l->open_len;
    for (size_t i = 0; i < len; i++)
        if (!((unsigned char)s[i] & 0x80))
            *to++ = s[i];
    l->open_len = (size_t)(to - l->open);
}

static void add_c(struct lines *l, const char *s)
{
    add_bytes(l, s, strlen(s));
}

/* By hand, as there are millions. */
static void add_number(struct lines *l, uint64_t value, unsigned base)
{
    char digits[20], *first = digits + sizeof digits;
    do
        *--first = "0123456789abcdef"[value % base];
    while (value /= base);
    add_bytes(l, first, (size_t)(digits + sizeof digits - first));
}

static void begin_cell(struct lines *l, const char *name)
{
    if (l->open_len)
        add_c(l, " ");
    add_c(l, name);
    add_c(l, "=");
}

void cell_int(struct lines *l, const char *name, int64_t value)
{
    begin_cell(l, name);
    if (value < 0)
        add_c(l, "-");
    add_number(l, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10);
}

void cell_uint(struct lines *l, const char *name, uint64_t value)
{
    begin_cell(l, name);
    add_number(l, value, 10);
}

void cell_double(struct lines *l, const char *name, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.17g", value);
    begin_cell(l, name);
    add_c(l, text);
}

void cell_text(struct lines *l, const char *name, tr_str value)
{
    begin_cell(l, name);
    add_c(l, "'");
    add_bytes(l, value.ptr, value.len);
    add_c(l, "'");
}

void cell_c_text(struct lines *l, const char *name, const char *value)
{
    cell_text(l, name, (tr_str){value, strlen(value)});
}

void cell_null(struct lines *l, const char *name)
{
    begin_cell(l, name);
    add_c(l, "-");
}

void cell_id(struct lines *l, const char *name, int64_t id)
{
    if (id == TR_NONE)
        cell_null(l, name);
    else
        cell_int(l, name, id);
}

static void add_frame(struct lines *l, tr_str func, tr_str file, uint64_t line, uint64_t pc)
{
    add_c(l, "[");
    add_bytes(l, func.ptr, func.len);
    add_c(l, " ");
    add_bytes(l, file.ptr, file.len);
    add_c(l, ":");
    add_number(l, line, 10);
    add_c(l, " ");
    add_number(l, pc, 16);
    add_c(l, "]");
}

void cell_stack(struct lines *l, const char *name, tr_stack stack)
{
    tr_frame f;
    if (!tr_stack_present(stack)) {
        cell_null(l, name);
        return;
    }
    begin_cell(l, name);
    for (uint32_t i = 0; i < tr_stack_frame_count(stack); i++) {
        require(tr_stack_frame(stack, i, &f) == TR_OK, "a frame cannot be had");
        add_frame(l, f.func, f.file, f.line, f.pc);
    }
}

void line_end(struct lines *l)
{
    l->open = grown(l->open, &l->open_room, l->open_len + 1, 1);
    l->open[l->open_len] = '\0';
    l->lines = grown(l->lines, &l->room, l->count + 1, sizeof *l->lines);
    l->lines[l->count++] = strdup(l->open);
    l->open_len = 0;
}

void lines_free(struct lines *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->lines[i]);
    free(l->lines);
    free(l->open);
    memset(l, 0, sizeof *l);
}

/* --- Cells of arrays --- */

static bool is_valid(const struct ArrowArray *a, int64_t row)
{
    const uint8_t *bits = a->buffers[0];
    return !bits || (bits[row / 8] >> row % 8 & 1);
}

static tr_str text_at(const struct ArrowArray *a, int64_t row)
{
    const int32_t *offsets = a->buffers[1];
    require(row < a->length && offsets[row] <= offsets[row + 1], "offsets fall");
    return (tr_str){(const char *)a->buffers[2] + offsets[row],
                    (size_t)(offsets[row + 1] - offsets[row])};
}

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

static void put_int(struct lines *l, const char *name, int64_t value, const struct ids *ids)
{
    static const char *const strings[] = {"message", "function", "root", "file"};
    const struct names *of = NULL;
    for (size_t i = 0; ids && i < sizeof strings / sizeof *strings; i++)
        if (strcmp(name, strings[i]) == 0)
            of = &ids->strings;
    if (ids && ends_with(name, "stack"))
        of = &ids->stacks;
    if (!of) {
        cell_int(l, name, value);
        return;
    }
    require(value >= 0 && (size_t)value < of->count && of->texts[value],
            "%s %" PRId64 " is not there", name, value);
    if (of == &ids->strings) {
        cell_c_text(l, name, of->texts[value]);
        return;
    }
    begin_cell(l, name);
    add_c(l, of->texts[value]);
}

static void put_cell(struct lines *l, const struct ArrowSchema *schema, const struct ArrowArray *a,
                     int64_t row, const struct ids *ids)
{
    const char *name = schema->name, *format = schema->format;
    if (!is_valid(a, row)) {
        require(schema->flags & ARROW_FLAG_NULLABLE, "%s: null, and not nullable", name);
        cell_null(l, name);
    } else if (schema->dictionary) {
        int32_t code = ((const int32_t *)a->buffers[1])[row];
        require(strcmp(format, "i") == 0 && code >= 0, "%s: codes", name);
        cell_text(l, name, text_at(a->dictionary, code));
    } else if (strcmp(format, "b") == 0) {
        cell_int(l, name, ((const uint8_t *)a->buffers[1])[row / 8] >> row % 8 & 1);
    } else if (strcmp(format, "L") == 0) {
        cell_uint(l, name, ((const uint64_t *)a->buffers[1])[row]);
    } else if (strcmp(format, "g") == 0) {
        cell_double(l, name, ((const double *)a->buffers[1])[row]);
    } else if (strcmp(format, "u") == 0) {
        cell_text(l, name, text_at(a, row));
    } else {
        require(strcmp(format, "l") == 0 || strcmp(format, "tsn:UTC") == 0, "format %s", format);
        put_int(l, name, ((const int64_t *)a->buffers[1])[row], ids);
    }
}

static void check_array(const struct ArrowSchema *schema, const struct ArrowArray *a, int64_t rows)
{
    int64_t nulls = 0;
    require(a->length == rows && a->offset == 0 && a->n_children == 0, "%s: shape", schema->name);
    require(a->n_buffers == (strcmp(schema->format, "u") == 0 ? 3 : 2), "buffers");
    require(!a->dictionary == !schema->dictionary, "%s: dictionary", schema->name);
    for (int64_t row = 0; row < rows; row++)
        nulls += !is_valid(a, row);
    require(a->null_count == nulls, "%s: %" PRId64 " nulls, not %" PRId64, schema->name,
            a->null_count, nulls);
}

/* --- Tables --- */

struct lines table_lines(const char *table, tr_reader *r, const tr_table_options *options,
                         const struct ids *ids)
{
    struct lines l = {0};
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    require(tr_table_stream(table, r, options, &stream) == TR_OK, "%s: no stream", table);
    require(stream.get_schema(&stream, &schema) == 0, "no schema");
    while (!(l.error = stream.get_next(&stream, &batch)) && batch.release) {
        require(batch.length > 0 && batch.n_children == schema.n_children, "shape of a batch");
        require(!options || !options->batch_rows || (uint64_t)batch.length <= options->batch_rows,
                "a batch is too long");
        for (int64_t i = 0; i < batch.n_children; i++)
            check_array(schema.children[i], batch.children[i], batch.length);
        for (int64_t row = 0; row < batch.length; row++) {
            for (int64_t i = 0; i < batch.n_children; i++)
                put_cell(&l, schema.children[i], batch.children[i], row, ids);
            line_end(&l);
        }
        batch.release(&batch);
    }
    if (l.error) {
        require(!batch.release && stream.get_last_error(&stream), "an error without a word");
        snprintf(l.message, sizeof l.message, "%s", stream.get_last_error(&stream));
        require(stream.get_next(&stream, &batch) == l.error, "the error does not stay");
    } else {
        require(stream.get_next(&stream, &batch) == 0 && !batch.release, "more behind the end");
    }
    schema.release(&schema);
    stream.release(&stream);
    require(!stream.release && !schema.release, "not marked as released");
    return l;
}

tr_reader *table_reader_with(const char *table, const struct bytes *trace, unsigned threads)
{
    tr_filter filter = TR_FILTER_ALL;
    tr_reader *r = tr_reader_new();
    require(r && tr_table_narrow(table, &filter) == TR_OK, "%s: no reader", table);
    require(tr_reader_set_filter(r, &filter) == TR_OK, "no filter");
    require(tr_reader_set_u64(r, TR_OPT_THREADS, threads) == TR_OK, "no threads");
    tr_reader_open_memory(r, trace->data, trace->size); /* what fails comes again */
    return r;
}

tr_reader *table_reader(const char *table, const struct bytes *trace)
{
    return table_reader_with(table, trace, 1);
}

/* --- What ids stand for --- */

static void set_name(struct names *n, int64_t id, const char *text)
{
    require(id >= 0, "a negative id");
    if ((size_t)id >= n->count) {
        size_t count = (size_t)id + 1;
        n->texts = realloc(n->texts, count * sizeof *n->texts);
        require(n->texts != NULL, "no memory");
        memset(n->texts + n->count, 0, (count - n->count) * sizeof *n->texts);
        n->count = count;
    }
    free(n->texts[id]);
    n->texts[id] = strdup(text);
}

static void free_names(struct names *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->texts[i]);
    free(n->texts);
}

/* Of a batch of frames, whose strings are resolved. */
static void take_frames(struct names *stacks, const struct ArrowArray *batch)
{
    for (int64_t row = 0; row < batch->length; row++) {
        struct lines l = {0};
        int64_t stack = ((const int64_t *)batch->children[0]->buffers[1])[row];
        int64_t depth = ((const int64_t *)batch->children[1]->buffers[1])[row];
        const char *before = depth ? stacks->texts[stack] : "";
        add_c(&l, before);
        add_frame(&l, text_at(batch->children[2], row), text_at(batch->children[3], row),
                  ((const uint64_t *)batch->children[4]->buffers[1])[row],
                  ((const uint64_t *)batch->children[5]->buffers[1])[row]);
        line_end(&l);
        set_name(stacks, stack, l.lines[0]);
        lines_free(&l);
    }
}

static void take_stacks(struct names *stacks, const struct ArrowArray *batch)
{
    for (int64_t row = 0; row < batch->length; row++)
        set_name(stacks, ((const int64_t *)batch->children[0]->buffers[1])[row], "");
}

static void take_strings(struct names *strings, const struct ArrowArray *batch)
{
    for (int64_t row = 0; row < batch->length; row++) {
        struct lines l = {0};
        tr_str text = text_at(batch->children[2], row);
        add_bytes(&l, text.ptr, text.len);
        line_end(&l);
        set_name(strings, ((const int64_t *)batch->children[0]->buffers[1])[row], l.lines[0]);
        lines_free(&l);
    }
}

static void take_table(const char *table, const struct bytes *trace, struct names *names,
                       void (*take)(struct names *names, const struct ArrowArray *batch))
{
    tr_table_options options = TR_TABLE_DEFAULTS;
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    options.resolve = 1;
    options.batch_rows = 100;
    require(tr_table_stream(table, table_reader(table, trace), &options, &stream) == TR_OK,
            "%s: no stream", table);
    while (stream.get_next(&stream, &batch) == 0 && batch.release) {
        take(names, &batch);
        batch.release(&batch);
    }
    stream.release(&stream);
}

struct ids ids_of(const struct bytes *trace)
{
    struct ids ids = {{NULL, 0}, {NULL, 0}};
    take_table("stacks", trace, &ids.stacks, take_stacks);
    take_table("frames", trace, &ids.stacks, take_frames);
    take_table("strings", trace, &ids.strings, take_strings);
    return ids;
}

void ids_free(struct ids *ids)
{
    free_names(&ids->stacks);
    free_names(&ids->strings);
}
