/* Order relaxed.
 *
 * A rule refuses a record, or lets it wait, because of the state. Of a broken trace it is
 * the state that is not known rightly, as records are missing. So the state is mended: the
 * table below says for each type what its rule needs (a test holds them together), and what is
 * needed is made so. Then the rule is asked again, and its ordinary commit does the rest. Where
 * a goroutine or proc must be there and nobody knows which, it is one with the id TR_NONE.
 *
 * A transition's state before is the one that was known, Undetermined if none was; but
 * who blocks, stops, ends or calls the system did run, whatever was known.
 *
 * Invariants: after tri_relax the thread's bindings are as others expect them: `has`
 * follows from the ids. Mending takes no longer than what it takes away took to be made. */
#include "order/relax.h"

#include <string.h>

/* What a record is about, beside its thread: its first argument. */
enum target { OF_NOTHING, OF_GO, OF_PROC };

struct need {
    uint8_t proc, go;    /* enum tri_need: of the thread */
    uint8_t go_status;   /* of its goroutine, which must be known then; 0: it need not */
    uint8_t proc_status; /* of its proc, 0: any */
    uint8_t target;      /* enum target; it must be known */
    uint8_t status;      /* of the target, 0: any */
    uint8_t seq;         /* argument that is the target's sequence number, 0: none */
    /* What else; the arguments may be changed. false: there is no memory. */
    bool (*also)(struct tri_step *s, struct tri_record *record);
};

/* --- States --- */

static struct tri_go *need_go(struct tri_step *s, int64_t id)
{
    struct tri_go *go = tri_state_go(s->state, id);
    return go ? go : tri_step_add_go(s, id);
}

static struct tri_proc *need_proc(struct tri_step *s, int64_t id)
{
    struct tri_proc *proc = tri_state_proc(s->state, id);
    if (!proc)
        proc = tri_state_add_proc(s->state, id);
    if (!proc)
        tri_step_no_memory(s);
    return proc;
}

/* The thread's goroutine with a state; NULL if there is no memory. */
static struct tri_go *need_current(struct tri_step *s)
{
    struct tri_go *go = tri_state_current(s->state, s->thread);
    if (!go)
        go = s->thread->go = need_go(s, s->thread->g);
    return go;
}

static void leave_proc(struct tri_thread *t)
{
    bool called = t->proc->status == TRI_PROC_SYSCALL;
    t->proc->status = called ? TRI_PROC_ABANDONED : TRI_PROC_BAD;
    tri_thread_bind_proc(t, TR_NONE, NULL);
}

static void leave_go(struct tri_step *s)
{
    struct tri_go *go = tri_state_current(s->state, s->thread);
    if (go)
        go->status = TRI_GO_BAD;
    tri_thread_bind_go(s->thread, TR_NONE, NULL);
}

/* Bind the goroutine that nobody knows. */
static bool bind_unknown_go(struct tri_step *s)
{
    struct tri_go *go = need_go(s, TR_NONE);
    if (!go)
        return false;
    tri_thread_bind_go(s->thread, TR_NONE, go);
    s->thread->has |= TRI_HAS_GO;
    return true;
}

/* Let the thread have the proc and goroutine that it must have, and no other. */
static bool mend_thread(struct tri_step *s, const struct need *need)
{
    struct tri_thread *t = s->thread;
    t->has |= TRI_HAS_ID;
    if (need->proc == TRI_MUST_NOT && t->proc)
        leave_proc(t);
    if (need->go == TRI_MUST_NOT && t->has & TRI_HAS_GO)
        leave_go(s);
    if (need->proc == TRI_MUST && !(t->has & TRI_HAS_PROC)) {
        struct tri_proc *proc = need_proc(s, TR_NONE);
        if (!proc)
            return false;
        tri_thread_bind_proc(t, TR_NONE, proc);
        t->has |= TRI_HAS_PROC;
    }
    if (need->go == TRI_MUST && !(t->has & TRI_HAS_GO) && !bind_unknown_go(s))
        return false;
    if (need->go_status) {
        struct tri_go *go = need_current(s);
        if (!go)
            return false;
        go->status = need->go_status;
    }
    if (need->proc_status)
        t->proc->status = need->proc_status;
    return true;
}

/* What is bound without an id is bound no more. */
static void settle_thread(struct tri_thread *t)
{
    if (t->id == TR_NONE)
        t->has &= (uint8_t)~TRI_HAS_ID;
    if (t->g == TR_NONE)
        tri_thread_bind_go(t, TR_NONE, NULL);
    if (t->p == TR_NONE)
        tri_thread_bind_proc(t, TR_NONE, NULL);
}

/* --- What is special to a type --- */

static bool mend_go_status(struct tri_step *s, struct tri_record *record)
{
    int64_t id = (int64_t)record->args[0];
    struct tri_go *go = tri_state_go(s->state, id);
    if ((uint8_t)record->args[2] >= TRI_GO_STATUS_COUNT)
        record->args[2] = go ? go->status : TRI_GO_BAD;
    if ((uint8_t)record->args[2] == TRI_GO_SYSCALL && (int64_t)record->args[1] == TR_NONE) {
        record->args[1] = (uint64_t)s->thread->id;
        if (s->thread->id == TR_NONE)
            record->args[2] = TRI_GO_BAD; /* there is no thread on which it could be */
    }
    if (go)
        go->status = (uint8_t)record->args[2];
    if ((uint8_t)record->args[2] == TRI_GO_SYSCALL) {
        struct tri_thread *other = tri_state_thread(s->state, (int64_t)record->args[1]);
        if (other && other != s->thread && other->known && other->g != id)
            tri_thread_bind_go(other, id, go);
    }
    s->first_gen = true; /* it may be new, and on any thread */
    return true;
}

static bool mend_proc_status(struct tri_step *s, struct tri_record *record)
{
    struct tri_proc *proc = tri_state_proc(s->state, (int64_t)record->args[0]);
    if ((uint8_t)record->args[1] >= TRI_PROC_STATUS_COUNT)
        record->args[1] = proc ? proc->status : TRI_PROC_BAD;
    if (proc)
        proc->status = (uint8_t)record->args[1];
    return true;
}

/* It is stolen from its thread, or, if it has none, from nobody. */
static bool mend_proc_steal(struct tri_step *s, struct tri_record *record)
{
    int64_t id = (int64_t)record->args[0], victim = (int64_t)record->args[2];
    struct tri_proc *proc = tri_state_proc(s->state, id);
    const struct tri_thread *other =
        victim == s->thread->id ? s->thread : tri_state_thread(s->state, victim);
    bool held = other && other->known && other->p == id;
    proc->status = held ? TRI_PROC_SYSCALL : TRI_PROC_ABANDONED;
    return true;
}

/* Whoever has this id has ended without a record; and who creates runs. */
static bool mend_go_create(struct tri_step *s, struct tri_record *record)
{
    struct tri_go *go = tri_state_go(s->state, (int64_t)record->args[0]);
    if (go)
        tri_state_remove_go(s->state, go);
    go = tri_state_current(s->state, s->thread);
    if (go && record->where.at.type != TRI_EV_GoCreateSyscall)
        go->status = TRI_GO_RUNNING;
    return true;
}

static bool mend_go_switch(struct tri_step *s, struct tri_record *record)
{
    struct tri_go *current = tri_state_current(s->state, s->thread);
    /* Nobody switches to itself: who runs here is another. */
    if (current && current->id == (int64_t)record->args[0]) {
        if (!bind_unknown_go(s))
            return false;
        s->thread->go->status = TRI_GO_RUNNING;
        current->status = TRI_GO_WAITING;
    }
    return true;
}

static bool mend_syscall_begin(struct tri_step *s, struct tri_record *record)
{
    s->thread->proc->seq = tri_step_seq(s, record->args[0] - 1);
    return true;
}

/* The loss of the proc that it waits for was lost. */
static bool mend_syscall_end_blocked(struct tri_step *s, struct tri_record *record)
{
    (void)record;
    if (s->thread->proc && s->thread->proc->status == TRI_PROC_SYSCALL)
        leave_proc(s->thread);
    return true;
}

static bool mend_destroy_syscall(struct tri_step *s, struct tri_record *record)
{
    (void)record;
    if (s->thread->proc)
        s->thread->proc->status = TRI_PROC_SYSCALL;
    return true;
}

static bool mend_gc(struct tri_step *s, struct tri_record *record)
{
    bool begins = record->where.at.type == TRI_EV_GCBegin;
    s->state->gc = begins ? TRI_GC_UNDETERMINED : TRI_GC_RUNNING;
    s->state->gc_seq = record->args[0] - 1;
    s->first_gen = false;
    return true;
}

/* A range that begins is not there before, one that ends is; one that is active may be. */
static bool mend_range(struct tri_step *s, struct tri_ranges *ranges, struct tri_record *record)
{
    unsigned type = record->where.at.type;
    bool begins = tri_specs[type].start == TRI_EV_None;
    bool active = tri_specs[type].kind == TR_KIND_RANGE_ACTIVE;
    struct tri_range range = {0, begins ? (uint8_t)type : tri_specs[type].start};
    if (type == TRI_EV_STWBegin)
        range.name = record->args[0];
    int64_t at = begins || active ? tri_ranges_find(s->state, ranges, range)
                                  : tri_ranges_find_type(s->state, ranges, range.type);
    if (active)
        s->first_gen = at < 0;
    else if (begins && at >= 0)
        tri_ranges_remove(s->state, ranges, at);
    if (begins || active || at >= 0)
        return true;
    if (type == TRI_EV_STWEnd)
        range.name = UINT64_MAX; /* which is not known */
    return tri_ranges_add(s->state, ranges, range) || (tri_step_no_memory(s), false);
}

static bool mend_go_range(struct tri_step *s, struct tri_record *record)
{
    struct tri_go *go = need_current(s);
    return go && mend_range(s, &go->ranges, record);
}

static bool mend_named_go_range(struct tri_step *s, struct tri_record *record)
{
    return mend_range(s, &tri_state_go(s->state, (int64_t)record->args[0])->ranges, record);
}

static bool mend_proc_range(struct tri_step *s, struct tri_record *record)
{
    return mend_range(s, &s->thread->proc->ranges, record);
}

static bool mend_named_proc_range(struct tri_step *s, struct tri_record *record)
{
    return mend_range(s, &tri_state_proc(s->state, (int64_t)record->args[0])->ranges, record);
}

static bool mend_task_begin(struct tri_step *s, struct tri_record *record)
{
    const struct tri_task *task = tri_state_task(s->state, record->args[0]);
    if (task) {
        tri_names_release(&s->state->names, task->type);
        tri_state_remove_task(s->state, record->args[0]);
    }
    return true;
}

/* Regions inside the one that ends have ended without a record. */
static bool mend_region(struct tri_step *s, struct tri_record *record)
{
    struct tri_go *go = need_current(s);
    if (!go || record->where.at.type == TRI_EV_UserRegionBegin)
        return go;
    uint32_t ref;
    tri_tables_string_ref(s->tables, record->args[1], &ref);
    tr_str name = tri_tables_string(s->tables, ref);
    const struct tri_region *inner;
    while ((inner = tri_state_region(s->state, go)) != NULL) {
        tr_str of = tri_names_get(&s->state->names, inner->name);
        if (inner->task == record->args[0] && of.len == name.len &&
            memcmp(of.ptr, name.ptr, of.len) == 0)
            break;
        tri_state_leave_region(s->state, go);
    }
    return true;
}

/* --- The table --- */

#define NEED(name, ...) [TRI_EV_##name] = {__VA_ARGS__}
#define RUNS .proc = TRI_MUST, .go = TRI_MUST
#define RUNS_KNOWN RUNS, .go_status = TRI_GO_RUNNING
#define ANYWHERE .proc = TRI_MAY, .go = TRI_MAY

static const struct need needs[TRI_TYPE_COUNT] = {
    NEED(ProcsChange, RUNS),
    NEED(ProcStart, .proc = TRI_MUST_NOT, .go = TRI_MAY, .target = OF_PROC, .status = TRI_PROC_IDLE,
         .seq = 1),
    NEED(ProcStop, .proc = TRI_MUST, .go = TRI_MAY, .proc_status = TRI_PROC_RUNNING),
    NEED(ProcSteal, ANYWHERE, .target = OF_PROC, .seq = 1, .also = mend_proc_steal),
    NEED(ProcStatus, ANYWHERE, .also = mend_proc_status),
    NEED(GoCreate, .proc = TRI_MUST, .go = TRI_MAY, .also = mend_go_create),
    NEED(GoCreateBlocked, .proc = TRI_MUST, .go = TRI_MAY, .also = mend_go_create),
    NEED(GoCreateSyscall, .proc = TRI_MAY, .go = TRI_MUST_NOT, .also = mend_go_create),
    NEED(GoStart, .proc = TRI_MUST, .go = TRI_MUST_NOT, .target = OF_GO, .status = TRI_GO_RUNNABLE,
         .seq = 1),
    NEED(GoDestroy, RUNS_KNOWN),
    NEED(GoDestroySyscall, .proc = TRI_MAY, .go = TRI_MUST, .go_status = TRI_GO_SYSCALL,
         .also = mend_destroy_syscall),
    NEED(GoStop, RUNS_KNOWN),
    NEED(GoBlock, RUNS_KNOWN),
    NEED(GoUnblock, ANYWHERE, .target = OF_GO, .status = TRI_GO_WAITING, .seq = 1),
    NEED(GoSyscallBegin, RUNS_KNOWN, .also = mend_syscall_begin),
    NEED(GoSyscallEnd, RUNS, .go_status = TRI_GO_SYSCALL, .proc_status = TRI_PROC_SYSCALL),
    NEED(GoSyscallEndBlocked, .proc = TRI_MAY, .go = TRI_MUST, .go_status = TRI_GO_SYSCALL,
         .also = mend_syscall_end_blocked),
    NEED(GoStatus, ANYWHERE, .also = mend_go_status),
    NEED(GoStatusStack, ANYWHERE, .also = mend_go_status),
    NEED(GoSwitch, RUNS_KNOWN, .target = OF_GO, .status = TRI_GO_WAITING, .seq = 1,
         .also = mend_go_switch),
    NEED(GoSwitchDestroy, RUNS_KNOWN, .target = OF_GO, .status = TRI_GO_WAITING, .seq = 1,
         .also = mend_go_switch),
    NEED(STWBegin, RUNS, .also = mend_go_range),
    NEED(STWEnd, RUNS, .also = mend_go_range),
    NEED(GCActive, RUNS, .also = mend_gc),
    NEED(GCBegin, ANYWHERE, .also = mend_gc),
    NEED(GCEnd, RUNS, .also = mend_gc),
    NEED(GCSweepActive, ANYWHERE, .target = OF_PROC, .also = mend_named_proc_range),
    NEED(GCSweepBegin, .proc = TRI_MUST, .go = TRI_MAY, .also = mend_proc_range),
    NEED(GCSweepEnd, .proc = TRI_MUST, .go = TRI_MAY, .also = mend_proc_range),
    NEED(GCMarkAssistActive, ANYWHERE, .target = OF_GO, .also = mend_named_go_range),
    NEED(GCMarkAssistBegin, RUNS, .also = mend_go_range),
    NEED(GCMarkAssistEnd, RUNS, .also = mend_go_range),
    NEED(HeapAlloc, .proc = TRI_MUST, .go = TRI_MAY),
    NEED(HeapGoal, .proc = TRI_MUST, .go = TRI_MAY),
    NEED(GoLabel, RUNS),
    NEED(UserTaskBegin, RUNS, .also = mend_task_begin),
    NEED(UserTaskEnd, RUNS),
    NEED(UserRegionBegin, RUNS, .also = mend_region),
    NEED(UserRegionEnd, RUNS, .also = mend_region),
    NEED(UserLog, RUNS),
};

/* Of experimental events, which the table leaves out, and of what is no event. */
static const struct need anything = {ANYWHERE};

/* --- Relaxing --- */

/* Let what the record is about be known, and in the state that it leaves. *from: the state
 * that it was in; true if the event is a transition from it. */
static bool mend_target(struct tri_step *s, const struct need *need, uint8_t *from)
{
    int64_t id = (int64_t)s->record->args[0];
    struct tri_seq seq = tri_step_seq(s, s->record->args[need->seq] - 1);
    if (need->target == OF_GO) {
        struct tri_go *go = need_go(s, id);
        if (!go)
            return false;
        *from = tri_go_states[go->status];
        if (need->status)
            go->status = need->status;
        if (need->seq)
            go->seq = seq;
    } else if (need->target == OF_PROC) {
        struct tri_proc *proc = need_proc(s, id);
        if (!proc)
            return false;
        *from = tri_proc_states[proc->status];
        if (need->status)
            proc->status = need->status;
        if (need->seq)
            proc->seq = seq;
    }
    return true;
}

/* The state that is known of what a status record is about; else what it was. */
static void find_status(const struct tri_step *s, uint8_t *from)
{
    int64_t id = (int64_t)s->record->args[0];
    unsigned type = s->record->where.at.type;
    if (type == TRI_EV_ProcStatus) {
        const struct tri_proc *proc = tri_state_proc(s->state, id);
        if (proc)
            *from = tri_proc_states[proc->status];
    } else if (type == TRI_EV_GoStatus || type == TRI_EV_GoStatusStack) {
        const struct tri_go *go = tri_state_go(s->state, id);
        if (go)
            *from = tri_go_states[go->status];
    }
}

/* A number of bytes that a varint has at least. */
static unsigned varint_bytes(uint64_t value)
{
    unsigned n = 1;
    for (; value >= 0x80; value >>= 7)
        n++;
    return n;
}

static void lose(struct tri_step *s)
{
    uint64_t bytes = 2;
    for (int i = 0; i + 1 < tri_specs[s->record->where.at.type].arg_count; i++)
        bytes += varint_bytes(s->record->args[i]);
    s->order->gens.salvage.counts.lost_bytes += bytes;
}

enum tri_verdict tri_relax(struct tri_step *s)
{
    enum { UNCHANGED = 255 };
    struct tri_salvage *salvage = &s->order->gens.salvage;
    const struct tri_record *original = s->record;
    struct tri_record record = *original;
    struct tri_row *rows = s->row;
    bool first_gen = s->first_gen;
    unsigned type = record.where.at.type;
    bool in_table = needs[type].proc || needs[type].go;
    const struct need *need = in_table ? &needs[type] : &anything;
    uint8_t from = UNCHANGED;

    s->record = &record;
    find_status(s, &from);
    /* The target comes last, as the thread may be about to leave it; but what is known of
     * it is from before. */
    bool mended = mend_target(s, need, &from);
    uint8_t before = from;
    mended = mended && mend_thread(s, need) && mend_target(s, need, &from) &&
             (!need->also || need->also(s, &record));
    enum tri_verdict verdict = mended ? tri_step_advance(s) : TRI_FAIL;
    settle_thread(s->thread);
    s->record = original;
    s->first_gen = first_gen;
    if (verdict == TRI_ADVANCE) {
        if (s->row > rows && before != UNCHANGED && tri_kinds[type] == TR_KIND_STATE_TRANSITION)
            rows->transition.from = before;
        tri_relax_mark(rows, s->row, TR_EV_RELAXED);
        salvage->counts.relaxed++;
        return TRI_ADVANCE;
    }
    if (tri_salvage_is_fatal(s->order->err->error.code))
        return TRI_FAIL;
    tri_salvage_note(salvage, s->order->err);
    lose(s);
    s->row = rows;
    return TRI_ADVANCE;
}

void tri_relax_unresolved(struct tri_step *s, struct tri_row *rows)
{
    tr_salvage *counts = &s->order->gens.salvage.counts;
    const struct tri_spec *spec = &tri_specs[s->record->where.at.type];
    for (unsigned i = 1; i < spec->arg_count; i++) {
        uint64_t id = s->record->args[i - 1];
        uint32_t ref;
        if (spec->arg_types[i] == TRI_ARG_STRING)
            counts->unresolved_strings += !tri_tables_string_ref(s->tables, id, &ref);
        else if (spec->arg_types[i] == TRI_ARG_STACK || spec->arg_types[i] == TRI_ARG_STACK2)
            counts->unresolved_stacks += !tri_tables_stack_ref(s->tables, id, &ref);
    }
    tri_relax_mark(rows, s->row, TR_EV_UNRESOLVED);
    s->order->err->missing = true;
    tri_step_fail(s, TR_E_CORRUPT, "invalid %s ID %llu for %s", s->bad_id,
                  (unsigned long long)s->bad_id_value, spec->name);
    tri_salvage_note(&s->order->gens.salvage, s->order->err);
    s->bad_id = NULL;
}

void tri_relax_mark(struct tri_row *rows, const struct tri_row *end, unsigned flag)
{
    for (struct tri_row *row = rows; row < end; row++)
        row->where.at.flags |= (uint8_t)flag;
}
