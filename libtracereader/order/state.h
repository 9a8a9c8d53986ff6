/* What the order knows of threads, procs, goroutines and tasks at a point in time. */
#ifndef TRI_ORDER_STATE_H
#define TRI_ORDER_STATE_H

#include <stdbool.h>

#include "base/idmap.h"
#include "base/names.h"
#include "tracereader/event.h"

/* Statuses as the format numbers them. */
enum tri_go_status {
    TRI_GO_BAD,
    TRI_GO_RUNNABLE,
    TRI_GO_RUNNING,
    TRI_GO_SYSCALL,
    TRI_GO_WAITING,
    TRI_GO_STATUS_COUNT,
    TRI_GO_ENDED = 255 /* the slot is free */
};
enum tri_proc_status {
    TRI_PROC_BAD,
    TRI_PROC_RUNNING,
    TRI_PROC_IDLE,
    TRI_PROC_SYSCALL,
    TRI_PROC_ABANDONED,
    TRI_PROC_STATUS_COUNT
};

/* The tr_state that each is shown as. */
extern const uint8_t tri_go_states[TRI_GO_STATUS_COUNT];
extern const uint8_t tri_proc_states[TRI_PROC_STATUS_COUNT];

/* A sequence number holds within its generation. */
struct tri_seq {
    uint64_t gen, seq;
};

struct tri_range {
    uint64_t name; /* string id of a stop-the-world's reason, else 0 */
    uint8_t type;  /* the event that begins it */
};

/* Ranges in flight on a goroutine or proc. Of what has no name there is one of a type at
 * most, and one type for whose it is. For nearly all goroutines that is all; of others the
 * state has a list, by the address of this. */
struct tri_ranges {
    uint8_t only; /* type of the only one, 0: there is none, or a list */
    bool listed;  /* there was more once */
};

/* A user region. */
struct tri_region {
    uint64_t task;
    uint32_t name;  /* in `names`, held */
    uint32_t outer; /* the region that it is in; in free ones the next that is free; 0: none */
};

/* There may be a million of these, whose cache misses cost more than anything else: a cache
 * line holds two. */
struct tri_go {
    int64_t id;
    union {
        struct tri_seq seq;
        struct tri_go *next_free; /* of one that has ended */
    };
    uint32_t region; /* the innermost, 0: none */
    uint8_t status;
    struct tri_ranges ranges;
};

struct tri_proc {
    int64_t id;
    struct tri_seq seq;
    uint8_t status;
    struct tri_ranges ranges;
};

/* What a thread has, a bit each. */
enum { TRI_HAS_ID = 1, TRI_HAS_PROC = 2, TRI_HAS_GO = 4 };

struct tri_thread {
    int64_t id;
    int64_t g;             /* the goroutine bound to it, TR_NONE if none */
    int64_t p;             /* the proc bound to it, TR_NONE if none */
    struct tri_go *go;     /* where g's state was last; tri_state_current checks it */
    struct tri_proc *proc; /* p's state, NULL if p is TR_NONE */
    uint8_t has;           /* TRI_HAS_*: it follows from the above */
    bool known;            /* an event of it, or naming it, has been looked at */
};

static inline void tri_thread_bind_go(struct tri_thread *t, int64_t id, struct tri_go *go)
{
    t->g = id;
    t->go = go;
    if (TRI_LIKELY(id != TR_NONE))
        t->has |= TRI_HAS_GO;
    else
        t->has &= (uint8_t)~TRI_HAS_GO;
}

static inline void tri_thread_bind_proc(struct tri_thread *t, int64_t id, struct tri_proc *proc)
{
    t->p = id;
    t->proc = proc;
    if (TRI_LIKELY(id != TR_NONE))
        t->has |= TRI_HAS_PROC;
    else
        t->has &= (uint8_t)~TRI_HAS_PROC;
}

static inline void tri_thread_init(struct tri_thread *t, int64_t id)
{
    *t = (struct tri_thread){.id = id, .has = id == TR_NONE ? 0 : TRI_HAS_ID};
    tri_thread_bind_go(t, TR_NONE, NULL);
    tri_thread_bind_proc(t, TR_NONE, NULL);
}

struct tri_task {
    uint64_t parent;
    uint32_t type; /* in `names`, held */
};

enum tri_gc_state { TRI_GC_UNDETERMINED, TRI_GC_NOT_RUNNING, TRI_GC_RUNNING };

struct tri_state {
    struct tri_mem *mem;
    struct tri_arena arena; /* of threads, procs and goroutines: their addresses stay */
    struct tri_map thread_of, task_of;
    struct tri_idmap proc_of, go_of;
    struct tri_thread **threads;
    uint32_t thread_count, thread_cap;
    struct tri_go *free_gos;
    struct tri_map ranges_of;   /* lists of ranges, by the address of whose they are */
    struct tri_region *regions; /* numbers begin with 1 */
    uint32_t region_count, region_cap, free_region;
    struct tri_task *tasks;
    uint32_t task_count, task_cap;
    uint32_t *free_tasks;
    uint32_t free_task_count, free_task_cap;
    struct tri_names names; /* of tasks and regions, which outlive their generation */
    uint64_t gc_seq;
    enum tri_gc_state gc;
};

void tri_state_init(struct tri_state *s, struct tri_mem *mem);
void tri_state_free(struct tri_state *s);
uint64_t tri_state_memory(const struct tri_state *s);

/* The state of a goroutine, NULL if there is none. */
static inline struct tri_go *tri_state_go(const struct tri_state *s, int64_t id)
{
    return tri_idmap_get(&s->go_of, (uint64_t)id);
}

/* The state of a proc, NULL if there is none. */
static inline struct tri_proc *tri_state_proc(const struct tri_state *s, int64_t id)
{
    return tri_idmap_get(&s->proc_of, (uint64_t)id);
}

/* These give NULL or 0 if what is asked for is not there; those that add also if
 * there is no memory. */
struct tri_thread *tri_state_thread(const struct tri_state *s, int64_t id);
struct tri_thread *tri_state_add_thread(struct tri_state *s, int64_t id);
struct tri_proc *tri_state_add_proc(struct tri_state *s, int64_t id);
struct tri_go *tri_state_add_go(struct tri_state *s, int64_t id);
void tri_state_remove_go(struct tri_state *s, struct tri_go *go);
struct tri_task *tri_state_task(const struct tri_state *s, uint64_t id);
struct tri_task *tri_state_add_task(struct tri_state *s, uint64_t id);
void tri_state_remove_task(struct tri_state *s, uint64_t id);

/* The state of the goroutine bound to a thread, if it is where it was; else NULL. */
static inline struct tri_go *tri_state_bound(const struct tri_thread *t)
{
    struct tri_go *go = t->go;
    return go && go->id == t->g && go->status != TRI_GO_ENDED ? go : NULL;
}

/* The same wherever it is; NULL if it has none. */
static inline struct tri_go *tri_state_current(const struct tri_state *s, struct tri_thread *t)
{
    struct tri_go *go = tri_state_bound(t);
    return go ? go : (t->go = tri_state_go(s, t->g));
}

/* Ranges: the index of the first of a type, or of one type and name; -1: none. */
int64_t tri_ranges_find_type(const struct tri_state *s, const struct tri_ranges *r, uint8_t type);
int64_t tri_ranges_find(const struct tri_state *s, const struct tri_ranges *r,
                        struct tri_range range);
int tri_ranges_add(struct tri_state *s, struct tri_ranges *r, struct tri_range range);
/* Give the one that is removed. The last one takes its place. */
struct tri_range tri_ranges_remove(struct tri_state *s, struct tri_ranges *r, int64_t index);

/* Regions: the innermost one of a goroutine, NULL if it is in none. */
static inline const struct tri_region *tri_state_region(const struct tri_state *s,
                                                        const struct tri_go *go)
{
    return go->region ? &s->regions[go->region - 1] : NULL;
}

/* `name`: its number in `names`, which is held until the region is left. */
int tri_state_enter_region(struct tri_state *s, struct tri_go *go, uint64_t task, uint32_t name);
void tri_state_leave_region(struct tri_state *s, struct tri_go *go);

#endif
