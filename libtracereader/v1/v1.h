/* Traces of Go 1.5 to 1.21, as a producer of rows.
 *
 * The whole trace is needed before its first event: batches are merged, and the result is
 * checked, before anything is given out. What is kept of it is the trace's own bytes and
 * the tape (v1/tape.h): where the merged events are in them, and when they were. */
#ifndef TRI_V1_V1_H
#define TRI_V1_V1_H

#include "base/blocks.h"
#include "base/idmap.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/sort.h"
#include "gen/producer.h"
#include "gen/salvage.h"
#include "tracereader/reader.h"
#include "v1/record.h"
#include "v1/tasks.h"

/* Ids that stand in the place of a proc's. */
enum {
    TRI_V1_TIMER_P = 1000001,   /* unblocks by a timer */
    TRI_V1_NETPOLL_P = 1000002, /* unblocks by the network */
    TRI_V1_SYSCALL_P = 1000003, /* returns from system calls */
    TRI_V1_GC_P = 1000004       /* the collector's */
};

struct tri_v1_event {
    int64_t time; /* ticks */
    uint64_t go;  /* 0: none */
    /* Its own; behind them, of a log, the message's place in the data, and with header 5
     * the sequence number. */
    uint64_t args[TRI_V1_OWN_ARGS + 1];
    uint64_t offset; /* in the trace */
    uint32_t stack;  /* id, 0: none */
    int32_t p;       /* where it happened: a proc's id, -1, or TRI_V1_*_P */
    uint8_t type;    /* those called local have become the others */
    bool is_marked;  /* a system call that blocks, or an unblock by the network */
};

/* Where a batch is. */
struct tri_v1_batch {
    uint64_t at;     /* of its record in the data */
    uint32_t next;   /* of the same proc: index + 1, 0: none */
    bool has_tables; /* records other than events are in it, or logs */
};

struct tri_v1_sample {
    uint64_t go;
    uint64_t offset;
    uint32_t stack;
    int32_t p;
};

/* A proc, in the order of ids; behind them one more for the CPU samples. */
struct tri_v1_proc {
    int32_t id;
    uint32_t number;      /* its index */
    bool has_samples;     /* those instead of batches */
    uint32_t first, last; /* batch index + 1 */

    /* How far it is read. */
    uint32_t next;        /* batch index + 1 */
    const uint8_t *at;    /* the data's end: in no batch */
    const uint8_t *place; /* the tape's next record, if no note says that it is another */
    const uint8_t *start; /* the record that tells what `go` is; NULL: it is known */
    int64_t time;
    uint64_t seq;
    uint64_t go;
    uint32_t sample;           /* the next */
    struct tri_v1_event event; /* that was decoded last */

    struct {
        uint64_t go; /* that runs, 0: none */
        bool runs, sweeps, stops_world;
    } check;
    struct {
        int64_t thread;
        bool has_thread, seen;
    } convert;
};

enum tri_v1_go_state { TRI_V1_DEAD = 0, TRI_V1_RUNNABLE, TRI_V1_RUNNING, TRI_V1_WAITING };

/* A goroutine. What each event looks at comes first, so that it is mostly in one cache line. */
struct tri_v1_go {
    uint64_t id;
    struct {
        uint64_t seq;
        uint32_t waiting; /* how many procs wait for a state of it */
        uint8_t status;   /* enum tri_v1_go_state */
        bool in_call;     /* the last that changed it was a system call that blocks */
    } merge;
    struct {
        uint8_t state; /* enum tri_v1_go_state */
        bool known, blocked_on_network, assists;
        uint32_t regions; /* the innermost one's index + 1, 0: none */
        uint32_t *call;   /* on the tape: its last system call, NULL once another came */
    } check;
    int64_t blocked;          /* when in a system call, the last, 0: in none yet */
    struct tri_v1_go *before; /* the one that became known before it */
    uint32_t number;          /* how many were */
    bool created;             /* before the trace, and nothing is known of it yet */
};

/* A return from a system call with a time of its own, which is before its place. */
struct tri_v1_exit {
    int64_t key; /* what events are ordered by: time, or sequence number with header 5 */
    int64_t time;
    uint64_t go;
    uint64_t offset;
    uint64_t place; /* events on the tape before it */
    bool relaxed;   /* it contradicts what came before */
};

/* What a frame with header 5 is: string ids and a line, 0: not known. */
struct tri_v1_frame {
    uint32_t function, file;
    uint64_t line;
};

enum { TRI_V1_TAPE_TYPE_BITS = 6, TRI_V1_TAPE_TYPE_END = 1 << TRI_V1_TAPE_TYPE_BITS };

/* v1/tape.h: its end, where it is written. */
struct tri_v1_tape_block;
struct tri_v1_tape {
    struct tri_arena arena;
    struct tri_v1_tape_block *first, *last;
    uint32_t *at;   /* the next word */
    uint32_t *full; /* from here on a word is not all that an event may take */
    uint32_t *room; /* from here on the block may not have room for one */
    int64_t time;   /* of the last event, ticks */
    uint64_t seq;   /* its sequence number, with header 5 */
    uint32_t procs; /* the number of its proc / 256 */
    uint64_t count; /* events */
};

/* Where it is read. */
struct tri_v1_tape_head {
    struct tri_v1_tape_block *block;
    uint32_t *at, *end; /* words of the block */
    int64_t time;       /* of the last event */
    uint64_t seq;
    uint32_t procs;
};

/* A growing array of bits. */
struct tri_v1_bits {
    uint8_t *bytes;
    uint32_t cap;
    uint64_t count;
};

/* A walk over all events in their final order. */
struct tri_v1_walk {
    struct tri_v1_tape_head head;
    uint64_t tape_at; /* events of the tape that were given out */
    uint64_t exit_at;
    uint64_t index;             /* of the next event */
    uint32_t proc;              /* index of that which the last event given out is of */
    uint32_t event_proc;        /* the same of the last one read from the tape, */
    uint32_t *word;             /* which is this, */
    struct tri_v1_event *event; /* NULL: that was given out */
    struct tri_v1_event exit;
};

/* What v1/convert.c does at a glance for events of a type. */
struct tri_v1_way {
    uint8_t flags; /* WAY_* there; 0: it cannot */
    uint8_t becomes, to;
    uint32_t reason; /* string reference */
};

struct tri_v1 {
    /* Set by who opens it. */
    struct tri_mem *mem;
    struct tri_err *err;
    struct tri_source *source;
    unsigned version;
    struct tri_gen_limits limits;
    uint64_t max_goroutines;
    bool (*go_on)(void *user); /* asked now and then whether to; NULL: yes */
    void *go_on_user;
    tr_symbolize_fn symbolize; /* of header 5: finds out what is at an address; NULL: nobody */
    void *symbolize_user;
    struct tri_filter filter; /* of rows */

    struct {
        bool wanted;          /* set by who opens it */
        bool on;              /* the trace is broken, and what it holds is read nevertheless */
        struct tri_err first; /* what is wrong with it */
        tr_salvage counts;
    } salvage;
    uint64_t begin;      /* offset of the data in the trace */
    const uint8_t *data; /* lent by the source */
    uint64_t data_bytes;

    /* From here on all begins as 0, once more when a broken trace is salvaged. */
    struct tri_v1_format format;
    uint8_t stage;
    tr_status failed;  /* an error that comes next; TR_OK: none */
    uint64_t asked_at; /* events, or bytes, when go_on was asked */

    struct tri_blocks batches;
    uint32_t batch_count;
    bool has_prologue; /* tables before the first batch count */
    struct tri_v1_proc *procs;
    uint32_t proc_count, proc_cap;
    struct tri_map proc_of; /* id as 32 bits, to index + 1; while the batches are found */
    struct tri_v1_sample *samples;
    struct tri_timed *sample_order; /* ticks */
    uint32_t sample_count, sample_cap, sample_order_cap;
    bool has_futile;

    struct tr_tables *tables;
    uint64_t table_bytes;
    uint32_t message_count;                 /* of logs: numbers of the tables' names */
    uint32_t messages, names;               /* references of the first */
    uint32_t stop_names[TRI_V1_NAME_COUNT]; /* of stopped worlds, made when needed */
    struct tri_map start_stacks;            /* address to stack reference, with header 5 */
    struct tri_map frame_of;                /* address to frame + 1, with header 5 */
    struct tri_v1_frame *frames;            /* of these */
    uint32_t frame_count, frame_cap;
    struct tri_pool *symbols; /* their names: string ids - 1 */
    struct tri_map timer_gos;
    int64_t ticks_per_second;
    double ns_per_tick;
    bool raw_time; /* it is not known: ticks are given out */

    struct tri_idmap go_of;
    struct tri_arena go_arena;
    struct tri_v1_go *last_go; /* that became known */
    struct tri_v1_go *no_go;   /* stands for none, while events are merged; NULL: not known */
    uint32_t go_count;

    struct tri_v1_tape tape;   /* the merged events */
    struct tri_v1_exit *exits; /* by key */
    uint32_t exit_count, exit_cap;
    struct tri_v1_bits relaxed; /* of the tape: they contradict what came before; salvaged */
    struct tri_v1_bits removed; /* events that are left out; none: all stay */
    bool checked;               /* while the events were merged */
    int64_t first_ticks;        /* the trace's clock begins there */

    /* While rows are made. */
    struct tri_v1_walk walk;
    struct tri_v1_event *next;                    /* event, NULL: there are no more */
    struct tri_v1_way ways[TRI_V1_TAPE_TYPE_END]; /* by an event's type on the tape */
    bool initialized;          /* all goroutines from before the trace are known */
    struct tri_timed *created; /* those of them whose state is not: ids, in order */
    uint32_t created_count, created_cap;
    uint32_t created_at; /* those before this have been given out */
    int64_t created_time;
    uint64_t created_offset;
    struct tri_v1_tasks tasks;
    uint8_t stop_name; /* of the world's last stop */
    int64_t last_time;
    uint64_t row_count; /* made, those that did not pass the filter too */
    uint64_t sync_count, gen_count;
};

void tri_v1_init(struct tri_v1 *v, const struct tri_producer_config *config);
void tri_v1_close(struct tri_v1 *v);

/* Make up to `max` rows, at least TRI_V1_ROWS_MIN, as tri_order_fill does: TR_OK with none
 * if none of those made passes the filter. */
enum { TRI_V1_ROWS_MIN = 4 };
tr_status tri_v1_fill(struct tri_v1 *v, struct tri_row *rows, uint32_t max, uint32_t *count,
                      struct tr_tables **tables);

/* Bytes of the trace whose events have come out. */
uint64_t tri_v1_done_bytes(const struct tri_v1 *v);
/* Memory of its bytes that are held, of the tables, and of all else. */
uint64_t tri_v1_data_memory(const struct tri_v1 *v);
uint64_t tri_v1_table_memory(const struct tri_v1 *v);
uint64_t tri_v1_state_memory(const struct tri_v1 *v);

#endif
