/* The inside of a reader, for those above who take rows from it. */
#ifndef TRI_READER_READER_H
#define TRI_READER_READER_H

#include "reader/rows.h"
#include "tracereader/reader.h"

enum { TRI_BLOCK_ROWS = 64 };

/* Pool numbers of the strings that columns have named: of a generation's table, by
 * place. */
struct tri_codes {
    struct tr_tables *tables; /* whose strings, referenced */
    uint32_t *of_string;      /* number + 1, 0: not there yet */
    uint32_t of_string_count;
};

/* Pool numbers of names that come with the library; + 1, 0: not there yet. */
struct tri_name_codes {
    uint32_t kind[TR_KIND_COUNT];
    uint32_t state[TR_PROC_IDLE + 1];
    uint32_t resource[TR_RESOURCE_THREAD + 1];
    uint32_t of_type[TRI_TYPE_COUNT];
    uint32_t experiment[TRI_EXPERIMENT_COUNT];
};

struct tr_reader {
    struct tri_mem *mem;
    struct tri_err err;
    struct tri_source source;
    struct tri_pool *pool; /* of the codes of columns */
    struct tri_producer producer;
    unsigned version;               /* 0: the header has not been read */
    struct tri_rows_ahead *ahead;   /* NULL: rows are made when they are asked for */
    struct tri_err ahead_err;       /* then that of who makes them, */
    struct tri_source ahead_source; /* and what is read */
    struct tri_gen_limits limits;
    uint64_t max_goroutines;
    unsigned threads;
    bool salvages;
    struct tri_filter filter;

    /* The block that is being given out; rows [next, end) are left. */
    struct tr_tables *tables;
    const struct tri_row *next, *end;
    struct tri_rows block; /* without workers; its rows are these */
    struct tri_row rows[TRI_BLOCK_ROWS];
    uint64_t taken;                               /* rows of the blocks so far */
    uint64_t dropped;                             /* by the filter */
    uint64_t strings, stacks;                     /* in the tables of the generations so far */
    tr_salvage salvage;                           /* up to this block */
    tr_memory_use memory;                         /* with rows made ahead, the same */
    uint64_t read_bytes, done_bytes, generations; /* up to this block */
    uint64_t generation;                          /* number of the last of these */
    tr_status ended;                              /* what comes behind the last; TR_OK: not yet */
    tr_status doubted; /* the same, while more is to be pushed to tell what it follows from */

    struct tr_tables *sync_tables; /* of the last Sync that was given out */
    uint8_t *experimental;         /* the last experimental batch read again */
    uint32_t experimental_bytes;
    struct tri_codes codes;
    struct tri_name_codes names;
    tr_event event, plain; /* `plain`: of rows that are tri_event_is_plain */

    struct {
        tr_symbolize_fn fn; /* NULL: none */
        void *user;
    } symbolizer;
    struct {
        tr_progress_fn fn; /* NULL: none */
        void *user;
        uint64_t at;   /* bytes done at the last call */
        uint64_t told; /* then */
    } progress;
};

void tri_codes_free(struct tri_codes *codes, struct tri_mem *mem);

/* Make the next block. A filter may leave it empty. */
tr_status tri_reader_next_block(tr_reader *r);

/* Whether frames that somebody asked for could not be had, and `err` says why. */
bool tri_reader_lost_stacks(tr_reader *r);

/* What was asked for of the rows so far cannot be had: end with that error, before the rows that
 * are left. An error that has ended it stays. Gives the one that it ends with. */
tr_status tri_reader_stop(tr_reader *r, const struct tri_err *why);

/* Keep misuse as a warning; r NULL: nowhere. Gives TR_E_MISUSE. */
TRI_COLD tr_status tri_reader_misuse(tr_reader *r, const char *message);

/* Whether an event that is the first to tell of a goroutine in a system call comes from the thread
 * that is in it: before Go 1.22 who starts the trace tells of all. */
static inline bool tri_reader_knows_calling_threads(const tr_reader *r)
{
    return !r->producer.is_v1;
}

/* Whether strings of the trace are also among the names beside a generation's table: messages of
 * logs are, before Go 1.22. */
static inline bool tri_reader_has_strings_in_names(const tr_reader *r)
{
    return r->producer.is_v1;
}

/* See that there is a row left in the block. */
static inline tr_status tri_reader_refill(tr_reader *r)
{
    tr_status status = TR_OK;
    while (r->next == r->end && status == TR_OK)
        status = tri_reader_next_block(r);
    return status;
}

#endif
