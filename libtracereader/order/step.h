/* A step: one record, looked at and then perhaps ordered.
 *
 * Each rule is two functions in its resource's file. `decide` tells whether the record can
 * come next and changes nothing but the step's notes; `commit` makes it so: it appends the
 * rows and moves the state. */
#ifndef TRI_ORDER_STEP_H
#define TRI_ORDER_STEP_H

#include <string.h>

#include "base/compiler.h"
#include "order/order.h"

enum tri_verdict {
    TRI_ADVANCE, /* it can come next */
    TRI_WAIT,    /* not yet: something of another thread comes first; waits.c must know what */
    TRI_FAIL     /* it contradicts what came before; the error is set */
};

struct tri_step {
    struct tri_order *order;
    struct tri_state *state;
    const struct tr_tables *tables; /* of the generation */
    const struct tri_record *record;
    uint64_t gen;
    bool first_gen; /* the trace's first generation */
    struct tri_thread *thread;
    /* Notes of decide for commit; what a rule's decide does not set is not cleared. */
    struct tri_go *go;        /* the goroutine whose state changes, NULL: it is new */
    struct tri_go *next;      /* the goroutine switched to */
    struct tri_proc *proc;    /* the proc whose state changes, NULL: it is new */
    struct tri_thread *other; /* another thread that is concerned */
    int64_t range;            /* index of a range that ends */
    uint32_t name;            /* of a task or region: a reference */
    /* What commit makes. */
    struct tri_row *row; /* the next one */
    const char *bad_id;  /* "stack" or "string": a row names one that is not there */
    uint64_t bad_id_value;
};

/* The most rows that one record becomes. */
enum { TRI_STEP_ROWS_MAX = 3 };

/* Decide, and commit if it can come next, by the rule of the record's type. */
enum tri_verdict tri_step_advance(struct tri_step *s);

/* The rules. */
#define TRI_EVENT(number, name, since, class, experiment, start, rule, kind, args) \
    enum tri_verdict tri_order_advance_##rule(struct tri_step *s);
#include "spec/events.def"
#undef TRI_EVENT

/* Stands behind each rule's two functions, which are the file's own. */
#define TRI_RULE(rule)                                            \
    enum tri_verdict tri_order_advance_##rule(struct tri_step *s) \
    {                                                             \
        enum tri_verdict verdict = decide_##rule(s);              \
        if (verdict == TRI_ADVANCE && commit_##rule(s) != TR_OK)  \
            return TRI_FAIL;                                      \
        return verdict;                                           \
    }

/* tri_filter_matches_context for the record, if it is this transition. */
bool tri_step_matches_context(const struct tri_step *s, tr_state to, int64_t id);

/* Set the error of a step. */
enum tri_verdict tri_step_fail(struct tri_step *s, tr_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with the event's name before the message. */
TRI_COLD enum tri_verdict tri_step_fail_event(struct tri_step *s, const char *message);
TRI_COLD tr_status tri_step_no_memory(struct tri_step *s);
TRI_COLD tr_status tri_step_limit(struct tri_step *s, const char *what, uint64_t found,
                                  uint64_t limit);

/* Add the state of a goroutine. NULL after an error: there are too many, or no memory. */
struct tri_go *tri_step_add_go(struct tri_step *s, int64_t id);

/* References of an id in the tables; no stack is TRI_STACK_ABSENT. One that is not there is an
 * error once the record is ordered. */
static inline void tri_step_bad_id(struct tri_step *s, const char *what, uint64_t id)
{
    if (s->bad_id)
        return;
    s->bad_id = what;
    s->bad_id_value = id;
}

static inline uint32_t tri_step_string(struct tri_step *s, uint64_t id)
{
    uint32_t ref = tri_ids_get(&s->tables->string_ids, id);
    if (TRI_UNLIKELY(!ref) && id)
        tri_step_bad_id(s, "string", id);
    return ref;
}

static inline uint32_t tri_step_stack(struct tri_step *s, uint64_t id)
{
    uint32_t ref = tri_ids_get(&s->tables->stack_ids, id);
    if (TRI_UNLIKELY(!ref))
        tri_step_bad_id(s, "stack", id);
    return ref;
}

/* What a rule needs of the thread's proc and goroutine. */
enum tri_need { TRI_MUST_NOT, TRI_MAY, TRI_MUST };
/* `wrong`: what of the thread's `has` is not as it must be. */
TRI_COLD enum tri_verdict tri_step_fail_need(struct tri_step *s, unsigned wrong);

/* `thread` is the step's. */
static inline enum tri_verdict tri_step_need_of(struct tri_step *s, const struct tri_thread *thread,
                                                enum tri_need proc, enum tri_need go)
{
    enum { ALL = TRI_HAS_ID | TRI_HAS_PROC | TRI_HAS_GO };
    unsigned has = thread->has;
    unsigned need =
        TRI_HAS_ID | (proc != TRI_MAY ? TRI_HAS_PROC : 0u) | (go != TRI_MAY ? TRI_HAS_GO : 0u);
    unsigned want =
        TRI_HAS_ID | (proc == TRI_MUST ? TRI_HAS_PROC : 0u) | (go == TRI_MUST ? TRI_HAS_GO : 0u);
    /* There are no other bits, so that where all are needed there is nothing to mask. */
    unsigned wrong = (need == ALL ? has : has & need) ^ want;
    return TRI_LIKELY(!wrong) ? TRI_ADVANCE : tri_step_fail_need(s, wrong);
}

static inline enum tri_verdict tri_step_need(struct tri_step *s, enum tri_need proc,
                                             enum tri_need go)
{
    return tri_step_need_of(s, s->thread, proc, go);
}

/* What most user code events need: a thread, its proc and its goroutine. */
static inline enum tri_verdict tri_step_need_running(struct tri_step *s)
{
    return tri_step_need(s, TRI_MUST, TRI_MUST);
}

/* The state of the thread's goroutine, in s->go; it must be there with this status. */
enum tri_verdict tri_step_find_go(struct tri_step *s, enum tri_go_status status);
/* The same with any status. */
enum tri_verdict tri_step_find_any_go(struct tri_step *s);

static inline enum tri_verdict
tri_step_need_go_of(struct tri_step *s, const struct tri_thread *thread, enum tri_go_status status)
{
    struct tri_go *go = thread->go;
    s->go = go;
    /* What has ended has none of these statuses. */
    if (TRI_LIKELY(go && go->id == thread->g && go->status == status))
        return TRI_ADVANCE;
    return tri_step_find_go(s, status);
}

static inline enum tri_verdict tri_step_need_any_go(struct tri_step *s)
{
    s->go = tri_state_bound(s->thread);
    return TRI_LIKELY(s->go) ? TRI_ADVANCE : tri_step_find_any_go(s);
}

static inline enum tri_verdict tri_step_need_go(struct tri_step *s, enum tri_go_status status)
{
    return tri_step_need_go_of(s, s->thread, status);
}

/* Fill in a row with its thread's context, before the state moves: no stack, no string.
 * What belongs to its kind is left to the caller. */
static TRI_INLINE void tri_row_begin(struct tri_row *row, int64_t time, union tri_where where,
                                     const struct tri_thread *thread)
{
    row->time = time;
    row->where = where;
    row->thread = thread->id;
    row->proc = thread->p;
    row->goroutine = thread->g;
    row->stack = TRI_STACK_ABSENT;
    row->string = 0;
    row->task.id = row->task.parent = 0; /* the largest member */
}

/* Append such a row. */
static TRI_INLINE struct tri_row *tri_step_context_row(struct tri_step *s, union tri_where where)
{
    struct tri_row *row = s->row++;
    tri_row_begin(row, tri_order_row_time(s->order, s->record->time), where, s->thread);
    return row;
}

/* The same for an event that the record implies. */
static TRI_INLINE struct tri_row *tri_step_implied_row(struct tri_step *s, uint8_t type)
{
    return tri_step_context_row(s, tri_where_of(tri_where_offset(s->record->where), type));
}

/* The same for the record's own event. */
static TRI_INLINE struct tri_row *tri_step_row(struct tri_step *s)
{
    return tri_step_context_row(s, s->record->where);
}

/* The same for an event with a stack, whose id is given; 0 says that there is none. */
static TRI_INLINE struct tri_row *tri_step_stack_row(struct tri_step *s, uint64_t stack)
{
    struct tri_row *row = tri_step_row(s);
    row->stack = tri_step_stack(s, stack);
    return row;
}

/* The same for an event with a string too. */
static TRI_INLINE struct tri_row *tri_step_string_row(struct tri_step *s, uint64_t string,
                                                      uint64_t stack)
{
    struct tri_row *row = tri_step_stack_row(s, stack);
    row->string = tri_step_string(s, string);
    return row;
}

/* Whether a sequence number directly follows `before`. */
static inline bool tri_step_follows(const struct tri_step *s, uint64_t seq, struct tri_seq before)
{
    return s->gen == before.gen && seq == before.seq + 1;
}

/* Whether the record's does, which is argument i. */
static inline bool tri_step_succeeds(const struct tri_step *s, int i, struct tri_seq before)
{
    return tri_step_follows(s, s->record->args[i], before);
}

static inline struct tri_seq tri_step_seq(const struct tri_step *s, uint64_t seq)
{
    return (struct tri_seq){s->gen, seq};
}

#endif
