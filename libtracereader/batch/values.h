/* The values of columns: for which events each column has one, and what it is. Those who
 * read rows into columns go from one part of a block to the next, and in each take the
 * values that they want. */
#ifndef TRI_BATCH_VALUES_H
#define TRI_BATCH_VALUES_H

#include "base/compiler.h"
#include "event/event.h"
#include "reader/reader.h"
#include "tracereader/batch.h"
#include "tracereader/table.h"

/* Events whose rows are alike: groups are disjoint, but for TRI_OF_ALL. */
enum tri_group {
    TRI_OF_NOTHING = 0, /* a kind that was forgotten, which a test finds */
    TRI_OF_TRANSITIONS,
    TRI_OF_RANGES,
    TRI_OF_TASKS,
    TRI_OF_REGIONS,
    TRI_OF_METRICS,
    TRI_OF_LABELS,
    TRI_OF_LOGS,
    TRI_OF_EXPERIMENTS,
    TRI_OF_OTHERS, /* which have no values of their own */
    TRI_GROUP_COUNT,
    TRI_OF_ALL = TRI_GROUP_COUNT
};
extern const uint8_t tri_group_of_kind[TR_KIND_COUNT];

/* How a value is made of a row. */
enum tri_value_source {
    TRI_WORD = 1, /* 8 bytes of the row as they are */
    TRI_ID,       /* the same; -1: none */
    TRI_FLAGS,
    TRI_OFFSET,
    TRI_GENERATION,
    TRI_SCOPE_ID,      /* -1: none */
    TRI_STRING_NUMBER, /* over the whole trace, of a reference to a string, */
    TRI_STACK_NUMBER,  /* and of the event's stack; -1: none */
    TRI_OTHER_STACK,   /* and of that of a transition; -1: none */
    TRI_STRING,        /* the rest are codes; this one of a reference to a string */
    TRI_KIND,
    TRI_STATE,
    TRI_RESOURCE,
    TRI_GOROUTINE, /* the resource "Goroutine" */
    TRI_SCOPE,
    TRI_NAME,
    TRI_EXPERIMENT
};

/* The values of one group. `at` is the place in the row, where one is needed. */
struct tri_values {
    uint8_t group, source, at;
};

enum { TRI_MAX_VALUES = 3 }; /* of a column; a source of 0 ends them */

struct tri_column_spec {
    tr_column_type type;
    struct tri_values values[TRI_MAX_VALUES];
};
extern const struct tri_column_spec tri_column_specs[TR_COLUMN_COUNT];
/* Their names, and what they are in the table of events. */
extern const tr_table_column tri_event_columns[TR_COLUMN_COUNT];

static inline size_t tri_column_size(tr_column_id id)
{
    return tri_column_specs[id].type == TR_COLUMN_CODE ? sizeof(int32_t) : sizeof(int64_t);
}

/* Rows of a part: few enough to stay in the first cache. */
enum { TRI_PART_ROWS = 256 };

/* Rows of one block that are taken together. */
struct tri_part {
    tr_reader *r;
    const struct tri_row *rows;
    uint32_t count;
    bool failed;                         /* there was no memory for a code */
    bool sorted;                         /* what follows is set */
    uint32_t kind_set;                   /* a bit for each kind that there is */
    uint16_t first[TRI_GROUP_COUNT + 1]; /* of each group, in `order` */
    uint8_t kinds[TRI_PART_ROWS];
    uint8_t order[TRI_PART_ROWS]; /* places of rows, by group, in the rows' order */
};

/* Rows that a filter may keep out before the caller is asked whether to go on. */
enum { TRI_MAX_DROPPED = 1 << 16 };

/* Take the next rows, `most` at most. TR_OK with no rows if a filter kept out those that
 * there were. If it has `failed` already, no values may be asked for. */
tr_status tri_part_begin(struct tri_part *p, tr_reader *r, size_t most);
/* Have done with them. TR_E_NOMEM or TR_E_LIMIT if a code could not be made: what was
 * taken is not complete, and the reader has ended. */
tr_status tri_part_end(struct tri_part *p);
/* See that rows are sorted. */
void tri_part_sort(struct tri_part *p);

/* Some rows of a part: those at `order`, or `count` from `first` if that is NULL. */
struct tri_run {
    const uint8_t *order;
    uint32_t first, count;
};

static inline struct tri_run tri_run_of(struct tri_part *p, enum tri_group group)
{
    if (group == TRI_OF_ALL)
        return (struct tri_run){NULL, 0, p->count};
    tri_part_sort(p);
    uint32_t first = p->first[group], count = p->first[group + 1] - first;
    return (struct tri_run){count == p->count ? NULL : &p->order[first], 0, count};
}

/* `count` of a run's rows, from the `first` one. */
static inline struct tri_run tri_run_part(struct tri_run run, uint32_t first, uint32_t count)
{
    return run.order ? (struct tri_run){run.order + first, 0, count}
                     : (struct tri_run){NULL, run.first + first, count};
}

/* Where values go: each to the place of its row, or one behind the other. */
enum tri_layout { TRI_BY_ROW, TRI_DENSE };

/* Write the values of a run's rows: 8 bytes each, 4 for codes. */
void tri_put_values(struct tri_part *p, const struct tri_values *v, struct tri_run run,
                    enum tri_layout layout, void *out);

/* Codes of names that come with the library. */
int32_t tri_code_of_kind(struct tri_part *p, tr_kind kind);
int32_t tri_code_of_state(struct tri_part *p, tr_state state);
int32_t tri_code_of_resource(struct tri_part *p, tr_resource resource);

/* And of the name of a metric, range or experimental event, wherever it comes from. */
int32_t tri_code_of_name(struct tri_part *p, const struct tri_row *row);

/* The code plus 1 of a string, to be kept in *known. */
TRI_COLD uint32_t tri_code_learn(struct tri_part *p, uint32_t *known, tr_str s);

/* The code of a string of the generation's. */
static inline int32_t tri_code_of_string(struct tri_part *p, uint32_t ref)
{
    uint32_t unknown;
    if (ref & TRI_STR_POOL)
        return (int32_t)tri_code_learn(p, &unknown, tri_tables_string(p->r->tables, ref)) - 1;
    uint32_t *known = &p->r->codes.of_string[ref];
    return (int32_t)(*known ? *known
                            : tri_code_learn(p, known, tri_tables_string(p->r->tables, ref))) -
           1;
}

#endif
