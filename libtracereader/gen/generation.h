/* One generation: where each thread's batches are, the tables, the CPU samples.
 * Reading one can be interrupted for lack of input and taken up again. */
#ifndef TRI_GEN_GENERATION_H
#define TRI_GEN_GENERATION_H

#include "base/sort.h"
#include "gen/salvage.h"
#include "gen/tables.h"
#include "io/spill.h"
#include "wire/framing.h"

/* A batch of events. Its data is in memory, or to be read again at `offset`: of the
 * source, or of the generation's temporary file if it has one. Behind data that was copied as
 * much as a record can be read: one that the batch ends in is found to be so afterwards. */
struct tri_batch {
    uint64_t offset;     /* of its data */
    const uint8_t *data; /* NULL: to be read again */
    uint64_t time;       /* ticks */
    uint32_t size : 31;
    uint32_t borrows : 1; /* salvaged: its last byte, of a broken record, may be another's too */
    uint32_t next;        /* of the same thread: index + 1, 0: none */
};

/* A thread that has batches, in the order of their first. */
struct tri_batch_list {
    int64_t thread;
    uint32_t first, last; /* batch index + 1 */
};

struct tri_sample {
    int64_t thread, proc, goroutine;
    uint64_t stack_id;
    uint64_t offset; /* of its record */
};

struct tri_generation {
    struct tri_mem *mem;
    uint64_t number;
    uint64_t offset;   /* where it begins */
    uint64_t min_time; /* ticks */
    bool raw_time;     /* salvaged: nanoseconds are not known, times are in ticks */
    struct tr_tables *tables;
    struct tri_batch *batches;
    uint32_t batch_count, batch_cap;
    struct tri_batch_list *threads;
    uint32_t thread_count, thread_cap;
    struct tri_map thread_of;   /* thread id to its list's index + 1 */
    struct tri_sample *samples; /* in the order of the file */
    uint32_t sample_count, sample_cap;
    struct tri_timed *sample_order; /* by time; `index` is that of `samples` */
    uint32_t sample_order_cap;
    struct tri_arena data;          /* of batches that cannot be read again, or are small */
    uint64_t kept_bytes;            /* of them */
    struct tri_spill spill;         /* where those went that were too many */
    uint64_t bytes;                 /* of the trace */
    uint64_t table_bytes;           /* of its tables in the trace */
    uint64_t event_bytes;           /* of its batches of events */
    _Atomic uint64_t ordered_bytes; /* of those that have been decoded, by any thread */
};

void tri_generation_free(struct tri_generation *g);

/* Whether batches are to be read again, and so cursors need windows. */
static inline bool tri_generation_rereads(const struct tri_generation *g,
                                          const struct tri_source *source)
{
    return source->kind == TRI_SOURCE_FILE || g->spill.fd >= 0;
}

/* Have n bytes of a batch that has no data. */
tr_status tri_generation_reread(const struct tri_generation *g, struct tri_source *source,
                                uint64_t offset, void *buf, size_t n);

struct tri_gen_limits {
    uint64_t generation_bytes, table_bytes, threads, stacks;
    uint64_t kept_bytes; /* more is spilled; 0: nothing is */
};

/* How much of a trace there is between two calls of a progress function. */
enum { TRI_PROGRESS_BYTES = 1 << 20 };

/* Reads generation after generation. */
struct tri_gen_reader {
    struct tri_source *source;
    struct tri_mem *mem;
    struct tri_err *err;
    unsigned version;
    struct tri_gen_limits limits;
    bool (*go_on)(void *user); /* asked now and then whether to; NULL: yes */
    void *go_on_user;
    uint64_t asked_at;                       /* bytes of the generation */
    uint64_t last;                           /* number of one that was begun, 0: none */
    struct tri_generation *partial;          /* begun, waiting for input */
    _Atomic(struct tri_deferred *) deferred; /* NULL: no stack was yet; read by any thread */
    tr_status pending;                       /* to be returned by the next call; TR_OK: none */
    struct tri_err aside; /* kept aside: what is behind a pending error of the next generation */
    struct tri_salvage salvage;
};

/* Give the next generation, which the caller frees. TR_E_CANCELED: go_on said no.
 * TR_END: the trace has ended cleanly. TR_NEED_INPUT: call again with more. */
tr_status tri_gen_read(struct tri_gen_reader *r, struct tri_generation **out);
/* What is wrong once ordering the last generation has failed: that error, or that from
 * which it follows; and the reader's error again. */
tr_status tri_gen_cause(struct tri_gen_reader *r);
void tri_gen_reader_close(struct tri_gen_reader *r);

/* What the reader's current generation holds in memory, but for the data of batches. */
uint64_t tri_generation_memory(const struct tri_generation *g);

#endif
