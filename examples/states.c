/* How long were goroutines in each state?
 *
 *     states TRACE
 *
 * The table of intervals has a row for every stretch of a goroutine, proc or thread in a
 * state. Its stream is that of Arrow's C interface: each batch has an array for each column
 * that is asked for, and names are numbers of the column's dictionary. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <tracereader.h>

enum { RESOURCE, STATE, DURATION, COLUMNS, STATES = 8 };
static const char *const columns[COLUMNS] = {"resource", "state", "duration"};

/* By number of the state, which is the same in all batches. */
static struct {
    char name[32];
    uint64_t count, ns;
} states[STATES];

/* Whether a number of a dictionary is this name; to is set to a copy of it if not NULL. */
static int is_name(const struct ArrowArray *column, int32_t number, const char *name, char *to)
{
    const struct ArrowArray *names = column->dictionary;
    const int32_t *offsets = names->buffers[1];
    const char *text = (const char *)names->buffers[2] + offsets[number];
    size_t len = (size_t)(offsets[number + 1] - offsets[number]);
    if (to)
        snprintf(to, sizeof states[0].name, "%.*s", (int)len, text);
    return len == strlen(name) && memcmp(text, name, len) == 0;
}

static void add(const struct ArrowArray *batch)
{
    const struct ArrowArray *const *column = (const struct ArrowArray *const *)batch->children;
    const int32_t *resource = column[RESOURCE]->buffers[1], *state = column[STATE]->buffers[1];
    const int64_t *duration = column[DURATION]->buffers[1];
    for (int64_t row = 0; row < batch->length; row++) {
        if (!is_name(column[RESOURCE], resource[row], "Goroutine", NULL) || state[row] >= STATES)
            continue;
        if (states[state[row]].count++ == 0)
            is_name(column[STATE], state[row], "", states[state[row]].name);
        states[state[row]].ns += (uint64_t)duration[row];
    }
}

int main(int argc, char **argv)
{
    tr_table_options options = TR_TABLE_DEFAULTS;
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    int error;
    if (argc != 2)
        return fprintf(stderr, "usage: %s TRACE\n", argv[0]), 2;
    tr_reader *r = tr_reader_new();
    if (!r)
        return 2;
    if (tr_reader_open_path(r, argv[1]) != TR_OK) {
        fprintf(stderr, "%s\n", tr_reader_error(r)->message);
        tr_reader_free(r);
        return 1;
    }
    options.columns = columns;
    options.column_count = COLUMNS;
    if (tr_table_stream("intervals", r, &options, &stream) != TR_OK) {
        tr_reader_free(r);
        return 2;
    }
    while ((error = stream.get_next(&stream, &batch)) == 0 && batch.release) {
        add(&batch);
        batch.release(&batch);
    }
    if (error)
        fprintf(stderr, "%s\n", stream.get_last_error(&stream));
    for (int i = 0; i < STATES; i++)
        if (states[i].count)
            printf("%-14s %10" PRIu64 " times %14.6f s\n", states[i].name, states[i].count,
                   (double)states[i].ns / 1e9);
    stream.release(&stream); /* and with it the reader */
    return error != 0;
}
