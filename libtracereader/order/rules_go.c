/* Rules of goroutines: creation, running, blocking, system calls, coroutines.
 *
 * A goroutine that runs, or is in a system call, is bound to a thread; its state and
 * the thread's binding move together. */
#include "order/moves.h"

const uint8_t tri_go_states[TRI_GO_STATUS_COUNT] = {
    [TRI_GO_BAD] = TR_GO_UNDETERMINED, [TRI_GO_RUNNABLE] = TR_GO_RUNNABLE,
    [TRI_GO_RUNNING] = TR_GO_RUNNING,  [TRI_GO_SYSCALL] = TR_GO_SYSCALL,
    [TRI_GO_WAITING] = TR_GO_WAITING,
};

/* Add a goroutine's state with the record's generation and sequence number 0. */
static tr_status add_go(struct tri_step *s, int64_t id, enum tri_go_status status)
{
    s->go = tri_step_add_go(s, id);
    if (!s->go)
        return s->order->err->error.code;
    s->go->status = (uint8_t)status;
    s->go->seq = tri_step_seq(s, 0);
    return TR_OK;
}

/* GoStatus, GoStatusStack: what a goroutine does as a generation begins.
 * Arguments: goroutine, thread, status. */

static uint8_t status_arg(const struct tri_step *s)
{
    return (uint8_t)s->record->args[2]; /* the reference looks at the low byte only */
}

static enum tri_verdict decide_status_in_syscall(struct tri_step *s, int64_t id, int64_t thread)
{
    if (thread == TR_NONE)
        return tri_step_fail(s, TR_E_ORDER, "goroutine %lld is in a syscall without a thread",
                             (long long)id);
    if (thread == s->thread->id) {
        /* After the first generation the binding must have been seen already. */
        if (!s->first_gen && s->thread->g != id)
            return tri_step_fail(s, TR_E_ORDER,
                                 "inconsistent thread for goroutine %lld in a syscall: it has "
                                 "goroutine %lld",
                                 (long long)id, (long long)s->thread->g);
        return TRI_ADVANCE;
    }
    /* It sat in the system call on another thread all the generation. */
    s->other = tri_state_thread(s->state, thread);
    if (s->other && s->other->known && s->other->g != id)
        return tri_step_fail(s, TR_E_ORDER,
                             "inconsistent thread for goroutine %lld in a syscall: thread %lld "
                             "has goroutine %lld",
                             (long long)id, (long long)thread, (long long)s->other->g);
    return TRI_ADVANCE;
}

static enum tri_verdict decide_go_status(struct tri_step *s)
{
    int64_t id = (int64_t)s->record->args[0];
    uint8_t status = status_arg(s);
    if (status >= TRI_GO_STATUS_COUNT)
        return tri_step_fail(s, TR_E_CORRUPT, "invalid status for goroutine %lld: %u",
                             (long long)id, status);
    s->other = NULL;
    s->go = tri_state_go(s->state, id);
    if (s->go && s->go->status != status)
        return tri_step_fail(s, TR_E_ORDER, "inconsistent status for goroutine %lld: %s, then %s",
                             (long long)id, tr_state_name((tr_state)tri_go_states[s->go->status]),
                             tr_state_name((tr_state)tri_go_states[status]));
    if (!s->go && !s->first_gen)
        return tri_step_fail(s, TR_E_ORDER,
                             "status of a new goroutine %lld after the first generation",
                             (long long)id);
    if (status == TRI_GO_SYSCALL)
        return decide_status_in_syscall(s, id, (int64_t)s->record->args[1]);
    return TRI_ADVANCE;
}

static tr_status commit_go_status(struct tri_step *s)
{
    int64_t id = (int64_t)s->record->args[0];
    int64_t thread_id = (int64_t)s->record->args[1];
    uint8_t status = status_arg(s);
    tr_state to = (tr_state)tri_go_states[status];
    tr_state from = s->go ? to : TR_GO_UNDETERMINED;
    struct tri_row *row = s->record->where.at.type == TRI_EV_GoStatusStack
                              ? tri_step_stack_row(s, s->record->args[3])
                              : tri_step_row(s);
    tri_row_transition(row, id, from, to);
    row->transition.stack = row->stack;

    if (s->go) {
        s->go->seq = tri_step_seq(s, 0);
    } else {
        tr_status added = add_go(s, id, (enum tri_go_status)status);
        if (added != TR_OK)
            return added;
    }
    if (status == TRI_GO_RUNNING || (status == TRI_GO_SYSCALL && thread_id == s->thread->id)) {
        tri_thread_bind_go(s->thread, id, s->go);
    } else if (status == TRI_GO_SYSCALL) {
        row->thread = thread_id;
        if (s->other && s->other->known) {
            row->goroutine = s->other->g;
            return TR_OK;
        }
        if (!s->other && !(s->other = tri_state_add_thread(s->state, thread_id)))
            return tri_step_no_memory(s);
        s->other->known = true;
        tri_thread_bind_go(s->other, id, s->go);
    }
    return TR_OK;
}

TRI_RULE(go_status)

/* GoCreate, GoCreateBlocked. Arguments: new goroutine, its stack, stack. */

static enum tri_verdict decide_go_create(struct tri_step *s)
{
    /* A timer may create one where no goroutine runs. */
    enum tri_verdict verdict = tri_step_need(s, TRI_MUST, TRI_MAY);
    if (verdict != TRI_ADVANCE)
        return verdict;
    const struct tri_go *creator = tri_state_current(s->state, s->thread);
    if (creator && creator->status != TRI_GO_RUNNING)
        return tri_step_fail_event(s, "for a goroutine that's not Running");
    int64_t id = (int64_t)s->record->args[0];
    if (tri_state_go(s->state, id))
        return tri_step_fail(s, TR_E_ORDER, "goroutine %lld created that already exists",
                             (long long)id);
    return TRI_ADVANCE;
}

static tr_status commit_go_create(struct tri_step *s)
{
    int64_t id = (int64_t)s->record->args[0];
    bool blocked = s->record->where.at.type == TRI_EV_GoCreateBlocked;
    struct tri_row *row = tri_step_stack_row(s, s->record->args[2]);
    tri_row_transition(row, id, TR_GO_NOT_EXIST, blocked ? TR_GO_WAITING : TR_GO_RUNNABLE);
    /* 0 is no stack, but one without frames. */
    row->transition.stack = s->record->args[1] ? tri_step_stack(s, s->record->args[1]) : 0;
    return add_go(s, id, blocked ? TRI_GO_WAITING : TRI_GO_RUNNABLE);
}

TRI_RULE(go_create)

/* What goroutines do all the time: order/moves.h. */

TRI_MOVE(go_start)
TRI_MOVE(go_stop)
TRI_MOVE(go_block)
TRI_MOVE(go_unblock)
TRI_MOVE(go_syscall_begin)
TRI_MOVE(go_syscall_end)

/* GoDestroy: the running goroutine leaves its thread for ever. */

static TRI_INLINE enum tri_verdict decide_go_leave(struct tri_step *s)
{
    enum tri_verdict verdict = tri_step_need_running(s);
    return verdict == TRI_ADVANCE ? tri_step_need_go(s, TRI_GO_RUNNING) : verdict;
}

static enum tri_verdict decide_go_destroy(struct tri_step *s)
{
    return decide_go_leave(s);
}

static tr_status commit_go_destroy(struct tri_step *s)
{
    tri_row_transition(tri_step_row(s), s->thread->g, TR_GO_RUNNING, TR_GO_NOT_EXIST);
    tri_state_remove_go(s->state, s->go);
    tri_thread_bind_go(s->thread, TR_NONE, NULL);
    return TR_OK;
}

TRI_RULE(go_destroy)

/* GoSwitch, GoSwitchDestroy. Arguments: next goroutine, its sequence number. Three
 * events: the next goroutine is unblocked, this one blocks or ends, the next starts. */

static enum tri_verdict decide_go_switch(struct tri_step *s)
{
    enum tri_verdict verdict = decide_go_leave(s);
    if (verdict != TRI_ADVANCE)
        return verdict;
    s->next = tri_state_go(s->state, (int64_t)s->record->args[0]);
    if (!s->next || s->next->status != TRI_GO_WAITING || !tri_step_succeeds(s, 1, s->next->seq))
        return TRI_WAIT;
    return TRI_ADVANCE;
}

static tr_status commit_go_switch(struct tri_step *s)
{
    int64_t next = s->next->id;
    tri_row_transition(tri_step_row(s), next, TR_GO_WAITING, TR_GO_RUNNABLE);
    if (s->record->where.at.type == TRI_EV_GoSwitch) {
        tri_row_transition(tri_step_implied_row(s, TRI_EV_GoBlock), s->thread->g, TR_GO_RUNNING,
                           TR_GO_WAITING);
        s->go->status = TRI_GO_WAITING;
    } else {
        tri_row_transition(tri_step_implied_row(s, TRI_EV_GoDestroy), s->thread->g, TR_GO_RUNNING,
                           TR_GO_NOT_EXIST);
        tri_state_remove_go(s->state, s->go);
    }
    tri_thread_bind_go(s->thread, TR_NONE, NULL);
    tri_row_transition(tri_step_implied_row(s, TRI_EV_GoStart), next, TR_GO_RUNNABLE,
                       TR_GO_RUNNING);
    s->next->status = TRI_GO_RUNNING;
    s->next->seq = tri_step_seq(s, s->record->args[1]);
    tri_thread_bind_go(s->thread, next, s->next);
    return TR_OK;
}

TRI_RULE(go_switch)

/* GoSyscallEndBlocked: it has lost that proc, so this waits until the loss is seen;
 * it may have a new one by then. */

static enum tri_verdict decide_go_syscall_end_blocked(struct tri_step *s)
{
    if (s->thread->p != TR_NONE) {
        enum tri_verdict verdict = tri_step_need_proc_state(s);
        if (verdict != TRI_ADVANCE)
            return verdict;
        if (s->proc->status == TRI_PROC_SYSCALL)
            return TRI_WAIT;
    }
    enum tri_verdict verdict = tri_step_need(s, TRI_MAY, TRI_MUST);
    return verdict == TRI_ADVANCE ? tri_step_need_go(s, TRI_GO_SYSCALL) : verdict;
}

static tr_status commit_go_syscall_end_blocked(struct tri_step *s)
{
    tri_row_transition(tri_step_row(s), s->thread->g, TR_GO_SYSCALL, TR_GO_RUNNABLE);
    s->go->status = TRI_GO_RUNNABLE;
    tri_thread_bind_go(s->thread, TR_NONE, NULL);
    return TR_OK;
}

TRI_RULE(go_syscall_end_blocked)

/* GoCreateSyscall: a C thread calls into Go. Argument: new goroutine. */

static enum tri_verdict decide_go_create_syscall(struct tri_step *s)
{
    enum tri_verdict verdict = tri_step_need(s, TRI_MAY, TRI_MUST_NOT);
    if (verdict != TRI_ADVANCE)
        return verdict;
    int64_t id = (int64_t)s->record->args[0];
    if (tri_state_go(s->state, id))
        return tri_step_fail(s, TR_E_ORDER,
                             "goroutine %lld created in a syscall that already exists",
                             (long long)id);
    return TRI_ADVANCE;
}

static tr_status commit_go_create_syscall(struct tri_step *s)
{
    int64_t id = (int64_t)s->record->args[0];
    tri_row_transition(tri_step_row(s), id, TR_GO_NOT_EXIST, TR_GO_SYSCALL);
    tr_status added = add_go(s, id, TRI_GO_SYSCALL);
    if (added == TR_OK)
        tri_thread_bind_go(s->thread, id, s->go);
    return added;
}

TRI_RULE(go_create_syscall)

/* GoDestroySyscall: the C thread is done. It loses its proc too, since the thread's
 * id may be used again before the proc is stolen back; an implied ProcSteal says so. */

static enum tri_verdict decide_go_destroy_syscall(struct tri_step *s)
{
    enum tri_verdict verdict = tri_step_need(s, TRI_MAY, TRI_MUST);
    if (verdict == TRI_ADVANCE)
        verdict = tri_step_need_go(s, TRI_GO_SYSCALL);
    if (verdict != TRI_ADVANCE || s->thread->p == TR_NONE)
        return verdict;
    verdict = tri_step_need_proc_state(s);
    if (verdict == TRI_ADVANCE && s->proc->status != TRI_PROC_SYSCALL)
        return tri_step_fail(s, TR_E_ORDER, "proc %lld in unexpected state during %s",
                             (long long)s->thread->p, tri_spec_name(s->record->where.at.type));
    return verdict;
}

static tr_status commit_go_destroy_syscall(struct tri_step *s)
{
    if (s->thread->p != TR_NONE) {
        tri_row_transition(tri_step_implied_row(s, TRI_EV_ProcSteal), s->thread->p, TR_PROC_RUNNING,
                           TR_PROC_IDLE);
        s->proc->status = TRI_PROC_ABANDONED;
    }
    tri_row_transition(tri_step_row(s), s->thread->g, TR_GO_SYSCALL, TR_GO_NOT_EXIST);
    tri_state_remove_go(s->state, s->go);
    tri_thread_bind_go(s->thread, TR_NONE, NULL);
    tri_thread_bind_proc(s->thread, TR_NONE, NULL);
    return TR_OK;
}

TRI_RULE(go_destroy_syscall)
