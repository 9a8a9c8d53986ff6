/* Rows of tables as text, a line a row: "name=value name=value ...", a null as "-". Stacks and
 * strings are shown by what they say, not by their ids, which the tables frames and strings
 * of the same trace tell. Bytes that are not ASCII are left out. */
#ifndef TESTS_GOLDEN_TABLETEXT_H
#define TESTS_GOLDEN_TABLETEXT_H

#include "support.h"

struct lines {
    char **lines;
    size_t count, room;
    char *open; /* the line that is being put together */
    size_t open_len, open_room;
    int error; /* what a stream ended with */
    char message[500];
};

void lines_free(struct lines *l);

/* Put a cell to the open line. */
void cell_int(struct lines *l, const char *name, int64_t value);
void cell_uint(struct lines *l, const char *name, uint64_t value);
void cell_double(struct lines *l, const char *name, double value);
void cell_text(struct lines *l, const char *name, tr_str value);
void cell_c_text(struct lines *l, const char *name, const char *value);
void cell_null(struct lines *l, const char *name);
/* The same as cell_int, but TR_NONE is null. */
void cell_id(struct lines *l, const char *name, int64_t id);
/* A stack by its frames, absent ones as null. */
void cell_stack(struct lines *l, const char *name, tr_stack stack);
/* End the open line. */
void line_end(struct lines *l);

/* Texts by id. */
struct names {
    char **texts;
    size_t count;
};

/* What the stacks of a trace say, and its strings. */
struct ids {
    struct names stacks, strings;
};
struct ids ids_of(const struct bytes *trace);
void ids_free(struct ids *ids);

/* All rows of a table; `ids` NULL: ids are numbers. */
struct lines table_lines(const char *table, tr_reader *r, const tr_table_options *options,
                         const struct ids *ids);
/* A reader of a trace in memory with what a table needs. */
tr_reader *table_reader(const char *table, const struct bytes *trace);
/* The same with more threads. */
tr_reader *table_reader_with(const char *table, const struct bytes *trace, unsigned threads);

#endif
