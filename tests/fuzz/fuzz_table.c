/* Fuzzes tables: any table, columns, options and filter; batches are looked at as those who
 * take them would, and their size makes no difference to what they say. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { COLUMNS_MAX = 32 };

struct wish {
    const char *table;
    const char *columns[COLUMNS_MAX];
    tr_table_options options;
    tr_filter filter;
    int salvages;
};

static int is_valid(const struct ArrowArray *a, int64_t row)
{
    const uint8_t *bits = a->buffers[0];
    return !bits || (bits[row / 8] >> row % 8 & 1);
}

static int is_utf8(const unsigned char *s, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t more = s[i] < 0x80 ? 0 : s[i] < 0xe0 ? 1 : s[i] < 0xf0 ? 2 : 3;
        if ((s[i] >= 0x80 && s[i] < 0xc2) || s[i] > 0xf4 || i + more >= len)
            return 0;
        for (i++; more > 0; more--, i++)
            if ((s[i] & 0xc0) != 0x80)
                return 0;
    }
    return 1;
}

static void check_texts(const struct ArrowArray *a)
{
    const int32_t *offsets = a->buffers[1];
    fuzz_require(a->n_buffers == 3 && offsets[0] == 0);
    for (int64_t i = 0; i < a->length; i++) {
        fuzz_require(offsets[i] <= offsets[i + 1]);
        fuzz_require(is_utf8((const unsigned char *)a->buffers[2] + offsets[i],
                             (size_t)(offsets[i + 1] - offsets[i])));
    }
}

/* What a cell says, added to a sum. */
static uint64_t add_cell(uint64_t sum, const struct ArrowSchema *schema, const struct ArrowArray *a,
                         int64_t row)
{
    const char *format = schema->format;
    int32_t code;
    if (!is_valid(a, row))
        return fuzz_sum(sum, "null", 4);
    switch (format[0]) {
    case 'b':
        code = ((const uint8_t *)a->buffers[1])[row / 8] >> row % 8 & 1;
        return fuzz_sum(sum, &code, sizeof code);
    case 'i':
        code = ((const int32_t *)a->buffers[1])[row];
        fuzz_require(code >= 0 && code < a->dictionary->length);
        a = a->dictionary;
        row = code;
        break;
    case 'u':
        break;
    default:
        return fuzz_sum(sum, (const int64_t *)a->buffers[1] + row, sizeof(int64_t));
    }
    const int32_t *offsets = a->buffers[1];
    return fuzz_sum(sum, (const char *)a->buffers[2] + offsets[row],
                    (size_t)(offsets[row + 1] - offsets[row]));
}

static uint64_t add_batch(uint64_t sum, const struct ArrowSchema *schema,
                          const struct ArrowArray *batch)
{
    fuzz_require(batch->length > 0 && batch->n_children == schema->n_children);
    for (int64_t i = 0; i < batch->n_children; i++) {
        const struct ArrowArray *a = batch->children[i];
        int64_t nulls = 0;
        fuzz_require(a->length == batch->length);
        for (int64_t row = 0; row < a->length; row++)
            nulls += !is_valid(a, row);
        fuzz_require(nulls == a->null_count);
        fuzz_require(!nulls || schema->children[i]->flags & ARROW_FLAG_NULLABLE);
        if (schema->children[i]->format[0] == 'u')
            check_texts(a);
        if (a->dictionary)
            check_texts(a->dictionary);
    }
    for (int64_t row = 0; row < batch->length; row++)
        for (int64_t i = 0; i < batch->n_children; i++)
            sum = add_cell(sum, schema->children[i], batch->children[i], row);
    return sum;
}

static uint64_t read_all(const uint8_t *data, size_t size, const struct wish *wish)
{
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    uint64_t sum = 0;
    int error;
    tr_reader *r = fuzz_reader();
    fuzz_require(tr_reader_set_filter(r, &wish->filter) == TR_OK);
    if (wish->salvages)
        fuzz_require(tr_reader_set_u64(r, TR_OPT_SALVAGE, 1) == TR_OK);
    if (tr_reader_open_memory(r, data, size) != TR_OK) {
        tr_reader_free(r);
        return 0;
    }
    fuzz_require(tr_table_stream(wish->table, r, &wish->options, &stream) == TR_OK);
    fuzz_require(stream.get_schema(&stream, &schema) == 0);
    while (!(error = stream.get_next(&stream, &batch)) && batch.release) {
        sum = add_batch(sum, &schema, &batch);
        batch.release(&batch);
    }
    fuzz_require(!error || (!batch.release && stream.get_last_error(&stream)));
    /* Without wall time no row comes, however many there are in a batch. */
    if (error == ENOTSUP)
        sum = 0;
    schema.release(&schema);
    stream.release(&stream);
    return fuzz_sum(sum, &error, sizeof error);
}

static void make_wish(struct wish *wish, struct fuzz_random *random)
{
    static const tr_table_options defaults = TR_TABLE_DEFAULTS;
    static const tr_filter all = TR_FILTER_ALL;
    size_t tables = 0, count;
    while (tr_table_name(tables))
        tables++;
    memset(wish, 0, sizeof *wish);
    wish->table = tr_table_name(fuzz_random_below(random, tables));
    wish->options = defaults;
    wish->filter = all;
    const tr_table_column *columns = tr_table_columns(wish->table, &count);
    fuzz_require(count <= COLUMNS_MAX);
    for (size_t i = 0; i < count; i++)
        if (fuzz_random_below(random, 2))
            wish->columns[wish->options.column_count++] = columns[i].name;
    if (wish->options.column_count)
        wish->options.columns = wish->columns;
    wish->options.resolve = (int)fuzz_random_below(random, 2);
    wish->options.wall = !fuzz_random_below(random, 4);
    if (strncmp(wish->table, "blocking", 8) == 0 && !fuzz_random_below(random, 4))
        wish->options.goroutine = (int64_t)fuzz_random_below(random, 9) - 1;
    wish->salvages = !fuzz_random_below(random, 3);
    if (!fuzz_random_below(random, 3))
        wish->filter.kinds = (uint32_t)fuzz_random_below(random, 1 << TR_KIND_COUNT);
    if (!fuzz_random_below(random, 3))
        wish->filter.goroutine = (int64_t)fuzz_random_below(random, 9) - 1;
    fuzz_require(tr_table_narrow(wish->table, &wish->filter) == TR_OK);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    struct fuzz_random random;
    fuzz_random_init(&random, data, size);
    for (int i = 0; i < 3; i++) {
        struct wish wish;
        make_wish(&wish, &random);
        uint64_t whole = read_all(data, size, &wish);
        wish.options.batch_rows = fuzz_random_below(&random, 20) + 1;
        if (fuzz_random_below(&random, 2))
            wish.options.batch_bytes = fuzz_random_below(&random, 1000) + 1;
        fuzz_require(read_all(data, size, &wish) == whole);
    }
}
