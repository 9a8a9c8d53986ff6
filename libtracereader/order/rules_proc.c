/* Rules of procs: start, stop, being stolen out of a system call.
 *
 * A proc that runs, or is in a system call, is bound to one thread. */
#include "order/moves.h"

const uint8_t tri_proc_states[TRI_PROC_STATUS_COUNT] = {
    [TRI_PROC_BAD] = TR_PROC_UNDETERMINED, [TRI_PROC_RUNNING] = TR_PROC_RUNNING,
    [TRI_PROC_IDLE] = TR_PROC_IDLE,        [TRI_PROC_SYSCALL] = TR_PROC_RUNNING,
    [TRI_PROC_ABANDONED] = TR_PROC_IDLE,
};

/* What the format calls them; two of them are shown as the same state. */
static const char *const status_names[TRI_PROC_STATUS_COUNT] = {
    [TRI_PROC_BAD] = "Bad",
    [TRI_PROC_RUNNING] = "Running",
    [TRI_PROC_IDLE] = "Idle",
    [TRI_PROC_SYSCALL] = "Syscall",
    [TRI_PROC_ABANDONED] = "SyscallAbandoned",
};

/* ProcStatus: what a proc does as a generation begins. Arguments: proc, status. */

static uint8_t status_arg(const struct tri_step *s)
{
    return (uint8_t)s->record->args[1]; /* the reference looks at the low byte only */
}

/* The proc is known to be in a system call and about to be stolen: its status does
 * not come from the thread that it is bound to. Find that one. */
static enum tri_verdict find_holder(struct tri_step *s, int64_t id)
{
    for (uint32_t i = 0; i < s->state->thread_count; i++) {
        struct tri_thread *t = s->state->threads[i];
        if (t->known && t->p == id) {
            s->other = t;
            return TRI_ADVANCE;
        }
    }
    return tri_step_fail(s, TR_E_ORDER,
                         "failed to find the thread of proc %lld that's about to be stolen",
                         (long long)id);
}

static enum tri_verdict decide_proc_status(struct tri_step *s)
{
    int64_t id = (int64_t)s->record->args[0];
    uint8_t status = status_arg(s);
    if (status >= TRI_PROC_STATUS_COUNT)
        return tri_step_fail(s, TR_E_CORRUPT, "invalid status for proc %lld: %u", (long long)id,
                             status);
    s->other = NULL;
    s->proc = tri_state_proc(s->state, id);
    if (!s->proc)
        return TRI_ADVANCE;
    if (status == TRI_PROC_ABANDONED && s->proc->status == TRI_PROC_SYSCALL)
        return find_holder(s, id);
    if (status != s->proc->status)
        return tri_step_fail(s, TR_E_ORDER, "inconsistent status for proc %lld: %s, then %s",
                             (long long)id, status_names[s->proc->status], status_names[status]);
    return TRI_ADVANCE;
}

static tr_status commit_proc_status(struct tri_step *s)
{
    int64_t id = (int64_t)s->record->args[0];
    uint8_t status = status_arg(s);
    tr_state to = (tr_state)tri_proc_states[status], from = to;
    struct tri_row *row = tri_step_row(s);
    if (!s->proc) {
        from = s->first_gen ? TR_PROC_UNDETERMINED : TR_PROC_NOT_EXIST;
        s->proc = tri_state_add_proc(s->state, id);
        if (!s->proc)
            return tri_step_no_memory(s);
        s->proc->status = status;
    } else if (s->other) {
        /* Nothing was lost: it is in a system call on a thread that is known. */
        from = to = TR_PROC_RUNNING;
        row->thread = s->other->id;
        row->proc = id;
        row->goroutine = s->other->g;
    }
    tri_row_transition(row, id, from, to);
    s->proc->seq = tri_step_seq(s, 0);
    if (status == TRI_PROC_RUNNING || status == TRI_PROC_SYSCALL)
        tri_thread_bind_proc(s->thread, id, s->proc);
    return TR_OK;
}

TRI_RULE(proc_status)

/* What procs do all the time: order/moves.h. */

TRI_MOVE(proc_start)
TRI_MOVE(proc_stop)

/* ProcSteal. Arguments: proc, sequence number, the thread it is taken from. */

static enum tri_verdict decide_proc_steal(struct tri_step *s)
{
    s->proc = tri_state_proc(s->state, (int64_t)s->record->args[0]);
    if (!s->proc ||
        (s->proc->status != TRI_PROC_SYSCALL && s->proc->status != TRI_PROC_ABANDONED) ||
        !tri_step_succeeds(s, 1, s->proc->seq))
        return TRI_WAIT;
    enum tri_verdict verdict = tri_step_need(s, TRI_MAY, TRI_MAY);
    s->other = NULL;
    /* Of an abandoned proc nobody knows the thread any more. */
    if (verdict != TRI_ADVANCE || s->proc->status == TRI_PROC_ABANDONED)
        return verdict;

    int64_t victim = (int64_t)s->record->args[2];
    s->other = victim == s->thread->id ? s->thread : tri_state_thread(s->state, victim);
    if (!s->other || !s->other->known)
        return tri_step_fail(s, TR_E_ORDER, "stole proc from non-existent thread %lld",
                             (long long)victim);
    if (s->other->p != s->proc->id)
        return tri_step_fail(s, TR_E_ORDER,
                             "tried to steal proc %lld from thread %lld, but got proc %lld instead",
                             (long long)s->proc->id, (long long)victim, (long long)s->other->p);
    return TRI_ADVANCE;
}

static tr_status commit_proc_steal(struct tri_step *s)
{
    /* What was abandoned appears as idle already. */
    tr_state from = s->proc->status == TRI_PROC_ABANDONED ? TR_PROC_IDLE : TR_PROC_RUNNING;
    tri_row_transition(tri_step_row(s), s->proc->id, from, TR_PROC_IDLE);
    s->proc->status = TRI_PROC_IDLE;
    s->proc->seq = tri_step_seq(s, s->record->args[1]);
    /* The thread's GoSyscallEndBlocked can advance now. */
    if (s->other)
        tri_thread_bind_proc(s->other, TR_NONE, NULL);
    return TR_OK;
}

TRI_RULE(proc_steal)
