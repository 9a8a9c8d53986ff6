/* The rows of a table as text, and whether those that came before an error are right. */
#ifndef TESTS_FAULT_ROWS_H
#define TESTS_FAULT_ROWS_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../golden/support.h"

/* `cells` and `begin` have a line feed behind each cell. */
struct row_text {
    char *cells;
    char *begin; /* the same but for what is of the row's end */
    bool open;   /* the row says that it was not at its end */
};

struct row_texts {
    struct row_text *at;
    size_t count, cap;
};

/* What is not known before a row's end. */
static inline bool is_of_end(const char *column)
{
    static const char *const columns[] = {
        "end",     "duration",    "ended_by",   "open_end",   "bytes_swept", "bytes_reclaimed",
        "started", "ended",       "running_ns", "waiting_ns", "runnable_ns", "syscall_ns",
        "blocks",  "count_share", "time_share", "total_ns",   "count",       "open"};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        if (strcmp(columns[i], column) == 0)
            return true;
    return false;
}

static inline tr_str text_at(const struct ArrowArray *texts, int64_t i)
{
    const int32_t *offsets = texts->buffers[1];
    const char *text = texts->buffers[2];
    return (tr_str){text + offsets[i], (size_t)(offsets[i + 1] - offsets[i])};
}

/* A cell's text; false: it is null. */
static inline bool print_cell(FILE *to, const struct ArrowArray *a, const struct ArrowSchema *s,
                              int64_t i)
{
    const uint8_t *valid = a->buffers[0], *bits = a->buffers[1];
    tr_str text;
    if (valid && !(valid[i / 8] >> i % 8 & 1)) {
        fputs("null\n", to);
        return false;
    }
    if (a->dictionary || s->format[0] == 'u') {
        text = a->dictionary ? text_at(a->dictionary, ((const int32_t *)a->buffers[1])[i])
                             : text_at(a, i);
        fprintf(to, "'%.*s'\n", (int)text.len, text.ptr);
    } else if (s->format[0] == 'b') {
        fprintf(to, "%d\n", bits[i / 8] >> i % 8 & 1);
    } else {
        fprintf(to, "%" PRId64 "\n", ((const int64_t *)a->buffers[1])[i]);
    }
    return true;
}

static inline struct row_text row_text(const struct ArrowArray *batch,
                                       const struct ArrowSchema *schema, int64_t row)
{
    struct row_text text = {NULL, NULL, false};
    size_t bytes;
    FILE *cells = open_memstream(&text.cells, &bytes), *begin = open_memstream(&text.begin, &bytes);
    require(cells && begin, "no memory for the test");
    for (int64_t c = 0; c < batch->n_children; c++) {
        const struct ArrowArray *a = batch->children[c];
        const struct ArrowSchema *s = schema->children[c];
        const uint8_t *bits = a->buffers[1];
        bool there = print_cell(cells, a, s, row);
        if (!is_of_end(s->name))
            print_cell(begin, a, s, row);
        if (strcmp(s->name, "open_end") == 0)
            text.open = bits[row / 8] >> row % 8 & 1;
        else if (strcmp(s->name, "ended") == 0)
            text.open = !there;
        else if (strcmp(s->name, "count") == 0)
            text.open = true;
    }
    require(fclose(cells) == 0 && fclose(begin) == 0, "no memory for the test");
    return text;
}

static inline void row_texts_add(struct row_texts *rows, const struct ArrowArray *batch,
                                 const struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < batch->length; i++) {
        if (rows->count == rows->cap) {
            rows->cap = rows->cap * 2 + 64;
            rows->at = realloc(rows->at, rows->cap * sizeof *rows->at);
            require(rows->at != NULL, "no memory for the test");
        }
        rows->at[rows->count++] = row_text(batch, schema, i);
    }
}

static inline void row_texts_free(struct row_texts *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->at[i].cells);
        free(rows->at[i].begin);
    }
    free(rows->at);
    *rows = (struct row_texts){NULL, 0, 0};
}

/* Whether a row's beginning is what was known early of another's: what was not was null. */
static inline bool begins_as(const char *early, const char *whole)
{
    while (*early && *whole) {
        size_t n = strcspn(early, "\n") + 1, m = strcspn(whole, "\n") + 1;
        if (strncmp(early, "null\n", n) != 0 && (n != m || strncmp(early, whole, n) != 0))
            return false;
        early += n;
        whole += m;
    }
    return *early == *whole;
}

/* The first row that came before an error and is not one of all rows, NULL: there is none. What
 * is open then ends early: of that only what was known of it from the beginning is the same.
 * The last of events may be a Sync of its own, as one stands at the end whatever that is. */
static inline const char *row_texts_wrong(const struct row_texts *before,
                                          const struct row_texts *all)
{
    for (size_t i = 0; i < before->count; i++) {
        const struct row_text *row = &before->at[i];
        bool same = i < all->count && strcmp(row->cells, all->at[i].cells) == 0;
        for (size_t k = 0; row->open && !same && k < all->count; k++)
            same = begins_as(row->begin, all->at[k].begin);
        if (!same && (i + 1 < before->count || !strstr(row->cells, "\n'Sync'\n")))
            return row->cells;
    }
    return NULL;
}

#endif
