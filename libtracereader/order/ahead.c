/* Workers that decode ahead, and the lanes on which they hand over blocks.
 *
 * A lane's blocks go round: `filled` counts those that its worker has filled, `taken`
 * those that the cursor has gone past; their difference is at most TRI_LANE_BLOCKS. For
 * each block that may be filled the worker has one entry in its queue of jobs, the lane's
 * number; a queue has room for all of them, so adding never waits.
 *
 * Invariants: a lane belongs to one worker. A decoder is its worker's until the worker has
 * set the lane's `over` (before the `filled` that tells of it), then the cursor's. Workers
 * take no memory. */
#include "order/ahead.h"

#include <stdatomic.h>
#include <string.h>

#include "base/wait.h"

/* To sleep and to be woken costs more than to look for a while: a job soon comes, and a block is
 * soon decoded. But where processors are not free all looking is in vain, so blocks are large, and
 * who sleeps is left to it until many jobs wait, or the order waits for a block. */
enum { CACHE_LINE = 64, MANY_JOBS = 8, LOOKS_FOR_JOB = 1000, LOOKS_FOR_BLOCK = 400 };

/* A worker and its jobs. */
struct worker {
    struct tri_ahead *ahead;
    pthread_t thread;
    struct tri_wait jobs_added, jobs_done;
    struct tri_feed feed; /* with a source whose error nobody reads */
    struct tri_source source;
    struct tri_err err;
    uint32_t *jobs; /* a ring of numbers of lanes; a power of two */
    uint32_t jobs_cap;
    unsigned many; /* so many jobs wake it */
    atomic_uint added;
    char apart[CACHE_LINE]; /* what one thread writes from what the other does */
    atomic_uint done;
    char apart_too[CACHE_LINE];
};

struct tri_lane {
    struct worker *worker;
    struct tri_decoder *decoder;
    uint32_t number;
    uint32_t taken;
    bool reading; /* block `taken` has been given out */
    struct tri_block blocks[TRI_LANE_BLOCKS];
    char apart[CACHE_LINE];
    atomic_uint filled;
    bool over; /* the worker's: it is done with the decoder, and has said so by an empty block */
    char apart_too[CACHE_LINE];
};

struct tri_ahead {
    struct tri_mem *mem;
    struct tri_lane *lanes;
    uint32_t lane_cap;
    atomic_bool canceled; /* jobs are to be dropped */
    atomic_bool stopped;  /* workers are to end */
    unsigned worker_count;
    struct worker workers[TRI_WORKERS_MAX];
};

/* Fill the lane's next block. */
static void fill_block(struct worker *w, struct tri_lane *lane)
{
    uint32_t filled = atomic_load_explicit(&lane->filled, memory_order_relaxed);
    struct tri_block *block = &lane->blocks[filled % TRI_LANE_BLOCKS];
    if (lane->over)
        return;
    block->count = 0;
    if (atomic_load_explicit(&w->ahead->canceled, memory_order_relaxed) ||
        tri_decoder_fill(lane->decoder, &w->feed, block) != TR_OK)
        lane->over = true;
    atomic_store(&lane->filled, filled + 1);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    for (unsigned done = 0;; done++) {
        tri_wait_change(&w->jobs_added, &w->added, done, &w->ahead->stopped);
        if (atomic_load(&w->ahead->stopped))
            return NULL;
        fill_block(w, &w->ahead->lanes[w->jobs[done & (w->jobs_cap - 1)]]);
        atomic_store(&w->done, done + 1);
        tri_wait_raise(&w->jobs_done);
    }
}

static void add_job(struct worker *w, uint32_t lane)
{
    unsigned added = atomic_load_explicit(&w->added, memory_order_relaxed);
    w->jobs[added & (w->jobs_cap - 1)] = lane;
    atomic_store(&w->added, added + 1);
    if (added - atomic_load_explicit(&w->done, memory_order_relaxed) >= w->many)
        tri_wait_raise(&w->jobs_added);
}

static int start_worker(struct tri_ahead *a, struct worker *w)
{
    w->ahead = a;
    atomic_init(&w->added, 0);
    atomic_init(&w->done, 0);
    tri_err_init(&w->err);
    if (!tri_wait_init(&w->jobs_added, LOOKS_FOR_JOB))
        return 0;
    if (tri_wait_init(&w->jobs_done, LOOKS_FOR_BLOCK)) {
        if (tri_thread_start(&w->thread, work, w))
            return 1;
        tri_wait_destroy(&w->jobs_done);
    }
    tri_wait_destroy(&w->jobs_added);
    return 0;
}

struct tri_ahead *tri_ahead_new(struct tri_mem *mem, unsigned workers)
{
    struct tri_ahead *a = tri_mem_zalloc(mem, sizeof *a);
    if (!a)
        return NULL;
    a->mem = mem;
    atomic_init(&a->canceled, false);
    atomic_init(&a->stopped, false);
    while (a->worker_count < workers && a->worker_count < TRI_WORKERS_MAX &&
           start_worker(a, &a->workers[a->worker_count]))
        a->worker_count++;
    if (a->worker_count)
        return a;
    tri_ahead_free(a);
    return NULL;
}

void tri_ahead_free(struct tri_ahead *a)
{
    if (!a)
        return;
    atomic_store(&a->stopped, true);
    for (unsigned i = 0; i < a->worker_count; i++) {
        struct worker *w = &a->workers[i];
        tri_wait_raise(&w->jobs_added);
        pthread_join(w->thread, NULL);
        tri_wait_destroy(&w->jobs_added);
        tri_wait_destroy(&w->jobs_done);
        tri_mem_free(a->mem, w->jobs, w->jobs_cap * sizeof *w->jobs);
    }
    tri_mem_free(a->mem, a->lanes, a->lane_cap * sizeof *a->lanes);
    tri_mem_free(a->mem, a, sizeof *a);
}

/* Room for `count` jobs in an empty ring. */
static int reserve_jobs(struct tri_ahead *a, struct worker *w, uint64_t count)
{
    uint64_t cap = w->jobs_cap ? w->jobs_cap : CACHE_LINE;
    while (cap < count)
        cap *= 2;
    if (cap == w->jobs_cap)
        return 1;
    if (cap > UINT32_MAX) {
        tri_mem_lack(a->mem);
        return 0;
    }
    uint32_t *jobs = tri_mem_alloc(a->mem, cap * sizeof *jobs);
    if (!jobs)
        return 0;
    tri_mem_free(a->mem, w->jobs, w->jobs_cap * sizeof *w->jobs);
    w->jobs = jobs;
    w->jobs_cap = (uint32_t)cap;
    return 1;
}

int tri_ahead_begin(struct tri_ahead *a, const struct tri_feed *feed, struct tri_decoder *decoders,
                    uint32_t count, struct tri_record *records)
{
    uint64_t jobs = ((uint64_t)count / a->worker_count + 1) * TRI_LANE_BLOCKS;
    if (!tri_mem_reserve(a->mem, &a->lanes, &a->lane_cap, count, sizeof *a->lanes))
        return 0;
    for (unsigned i = 0; i < a->worker_count; i++) {
        struct worker *w = &a->workers[i];
        if (!reserve_jobs(a, w, jobs))
            return 0;
        w->many = jobs / 2 < MANY_JOBS ? (unsigned)jobs / 2 : MANY_JOBS;
        w->source = *feed->source;
        w->source.err = &w->err;
        w->feed = *feed;
        w->feed.source = &w->source;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct tri_lane *lane = &a->lanes[i];
        memset(lane, 0, sizeof *lane);
        lane->worker = &a->workers[i % a->worker_count];
        lane->decoder = &decoders[i];
        lane->number = i;
        atomic_init(&lane->filled, 0);
        for (unsigned k = 0; k < TRI_LANE_BLOCKS; k++)
            lane->blocks[k].records =
                records + ((size_t)i * TRI_LANE_BLOCKS + k) * feed->block_records;
    }
    for (unsigned k = 0; k < TRI_LANE_BLOCKS; k++)
        for (uint32_t i = 0; i < count; i++)
            add_job(a->lanes[i].worker, i);
    return 1;
}

void tri_ahead_end(struct tri_ahead *a)
{
    atomic_store(&a->canceled, true);
    for (unsigned i = 0; i < a->worker_count; i++) {
        struct worker *w = &a->workers[i];
        unsigned done;
        tri_wait_raise(&w->jobs_added);
        while ((done = atomic_load(&w->done)) != atomic_load(&w->added))
            tri_wait_change(&w->jobs_done, &w->done, done, NULL);
    }
    atomic_store(&a->canceled, false);
}

struct tri_lane *tri_ahead_lane(struct tri_ahead *a, uint32_t number)
{
    return &a->lanes[number];
}

const struct tri_block *tri_lane_next(struct tri_lane *lane)
{
    if (lane->reading) {
        lane->taken++;
        add_job(lane->worker, lane->number);
    }
    lane->reading = true;
    if (atomic_load(&lane->filled) == lane->taken)
        tri_wait_raise(&lane->worker->jobs_added);
    tri_wait_change(&lane->worker->jobs_done, &lane->filled, lane->taken, NULL);
    const struct tri_block *block = &lane->blocks[lane->taken % TRI_LANE_BLOCKS];
    return block->count ? block : NULL;
}
