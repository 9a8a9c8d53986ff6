/* The rules of what goroutines and procs do all the time: start, stop, block, unblock, call
 * the system. They are part of their callers, and a row is made only if it is wanted. */
#ifndef TRI_ORDER_MOVES_H
#define TRI_ORDER_MOVES_H

#include "order/step.h"

/* The rest of tri_step_wants. */
bool tri_step_is_there_and_then(const struct tri_step *s, tr_state to, int64_t id);

/* Whether the row of a transition of this goroutine or proc passes the filter. If it does
 * not, nothing is to be done but to check its ids. */
static TRI_INLINE bool tri_step_wants(const struct tri_step *s, unsigned type, tr_state to,
                                      int64_t id)
{
    const struct tri_filter *f = &s->order->filter;
    return f->states[type] >> to & 1 &&
           (TRI_LIKELY(f->by_type_only) || tri_step_is_there_and_then(s, to, id));
}

/* GoStart. Arguments: goroutine, sequence number. */
static TRI_INLINE enum tri_verdict tri_go_start(struct tri_step *s)
{
    struct tri_go *go = s->go = tri_state_go(s->state, (int64_t)s->record->args[0]);
    if (!go || go->status != TRI_GO_RUNNABLE || !tri_step_succeeds(s, 1, go->seq))
        return TRI_WAIT;
    enum tri_verdict verdict = tri_step_need(s, TRI_MUST, TRI_MUST_NOT);
    if (verdict != TRI_ADVANCE)
        return verdict;
    if (tri_step_wants(s, TRI_EV_GoStart, TR_GO_RUNNING, go->id))
        tri_row_transition(tri_step_row(s), go->id, TR_GO_RUNNABLE, TR_GO_RUNNING);
    else
        tri_step_skip_row(s);
    go->status = TRI_GO_RUNNING;
    go->seq.seq = s->record->args[1];
    tri_thread_bind_go(s->thread, go->id, go);
    return TRI_ADVANCE;
}

/* GoStop, GoBlock: the running goroutine leaves its thread. Arguments: reason, stack. */
static TRI_INLINE enum tri_verdict tri_go_leave(struct tri_step *s, unsigned type,
                                                enum tri_go_status status, tr_state to)
{
    enum tri_verdict verdict = tri_step_need_running(s);
    if (verdict == TRI_ADVANCE)
        verdict = tri_step_need_go(s, TRI_GO_RUNNING);
    if (verdict != TRI_ADVANCE)
        return verdict;
    if (tri_step_wants(s, type, to, s->thread->g)) {
        struct tri_row *row = tri_step_string_row(s, s->record->args[0], s->record->args[1]);
        tri_row_transition(row, s->thread->g, TR_GO_RUNNING, to);
        row->transition.stack = row->stack;
    } else {
        tri_step_skip_row(s);
        tri_step_stack(s, s->record->args[1]);
        tri_step_string(s, s->record->args[0]);
    }
    s->go->status = (uint8_t)status;
    tri_thread_bind_go(s->thread, TR_NONE, NULL);
    return TRI_ADVANCE;
}

/* GoUnblock. Arguments: goroutine, sequence number, stack. Anything can do it. */
static TRI_INLINE enum tri_verdict tri_go_unblock(struct tri_step *s)
{
    struct tri_go *go = s->go = tri_state_go(s->state, (int64_t)s->record->args[0]);
    if (!go || go->status != TRI_GO_WAITING || !tri_step_succeeds(s, 1, go->seq))
        return TRI_WAIT;
    if (tri_step_wants(s, TRI_EV_GoUnblock, TR_GO_RUNNABLE, go->id)) {
        tri_row_transition(tri_step_stack_row(s, s->record->args[2]), go->id, TR_GO_WAITING,
                           TR_GO_RUNNABLE);
    } else {
        tri_step_skip_row(s);
        tri_step_stack(s, s->record->args[2]);
    }
    go->status = TRI_GO_RUNNABLE;
    go->seq.seq = s->record->args[1];
    return TRI_ADVANCE;
}

/* ProcStart. Arguments: proc, sequence number. */
static TRI_INLINE enum tri_verdict tri_proc_start(struct tri_step *s)
{
    struct tri_proc *proc = s->proc = tri_state_proc(s->state, (int64_t)s->record->args[0]);
    /* A thread that still has a proc is in a system call, about to lose it. */
    if (!proc || proc->status != TRI_PROC_IDLE || !tri_step_succeeds(s, 1, proc->seq) ||
        s->thread->p != TR_NONE)
        return TRI_WAIT;
    enum tri_verdict verdict = tri_step_need(s, TRI_MUST_NOT, TRI_MAY);
    if (verdict != TRI_ADVANCE)
        return verdict;
    if (tri_step_wants(s, TRI_EV_ProcStart, TR_PROC_RUNNING, proc->id))
        tri_row_transition(tri_step_row(s), proc->id, TR_PROC_IDLE, TR_PROC_RUNNING);
    else
        tri_step_skip_row(s);
    proc->status = TRI_PROC_RUNNING;
    proc->seq.seq = s->record->args[1];
    tri_thread_bind_proc(s->thread, proc->id, proc);
    return TRI_ADVANCE;
}

/* ProcStop: the thread gives up its proc, so no sequence number is needed. */
static TRI_INLINE enum tri_verdict tri_proc_stop(struct tri_step *s)
{
    struct tri_proc *proc = s->proc = s->thread->proc;
    if (!proc)
        return tri_step_fail(s, TR_E_ORDER, "ProcStop for proc %lld that doesn't exist",
                             (long long)s->thread->p);
    if (proc->status != TRI_PROC_RUNNING && proc->status != TRI_PROC_SYSCALL)
        return tri_step_fail_event(s, "for a proc that's not Running or in Syscall");
    enum tri_verdict verdict = tri_step_need(s, TRI_MUST, TRI_MAY);
    if (verdict != TRI_ADVANCE)
        return verdict;
    if (tri_step_wants(s, TRI_EV_ProcStop, TR_PROC_IDLE, s->thread->p))
        tri_row_transition(tri_step_row(s), s->thread->p, TR_PROC_RUNNING, TR_PROC_IDLE);
    else
        tri_step_skip_row(s);
    proc->status = TRI_PROC_IDLE;
    tri_thread_bind_proc(s->thread, TR_NONE, NULL);
    return TRI_ADVANCE;
}

/* The state of the thread's proc, in s->proc. */
static TRI_INLINE enum tri_verdict tri_step_need_proc_state(struct tri_step *s)
{
    s->proc = s->thread->proc;
    if (TRI_LIKELY(s->proc))
        return TRI_ADVANCE;
    return tri_step_fail(s, TR_E_ORDER, "uninitialized proc %lld found during %s",
                         (long long)s->thread->p, tri_spec_name(s->record->where.at.type));
}

/* GoSyscallBegin. Arguments: the proc's sequence number, stack. The number says
 * which system call a later ProcSteal takes the proc from, even if times lie. */
static TRI_INLINE enum tri_verdict tri_go_syscall_begin(struct tri_step *s)
{
    enum tri_verdict verdict = tri_step_need_running(s);
    if (verdict == TRI_ADVANCE)
        verdict = tri_step_need_go(s, TRI_GO_RUNNING);
    if (verdict == TRI_ADVANCE)
        verdict = tri_step_need_proc_state(s);
    if (verdict != TRI_ADVANCE)
        return verdict;
    if (!tri_step_succeeds(s, 0, s->proc->seq))
        return tri_step_fail(
            s, TR_E_ORDER, "failed to advance GoSyscallBegin: can't make sequence: %llu -> %llu",
            (unsigned long long)s->proc->seq.seq, (unsigned long long)s->record->args[0]);
    if (tri_step_wants(s, TRI_EV_GoSyscallBegin, TR_GO_SYSCALL, s->thread->g)) {
        struct tri_row *row = tri_step_stack_row(s, s->record->args[1]);
        tri_row_transition(row, s->thread->g, TR_GO_RUNNING, TR_GO_SYSCALL);
        row->transition.stack = row->stack;
    } else {
        tri_step_skip_row(s);
        tri_step_stack(s, s->record->args[1]);
    }
    s->go->status = TRI_GO_SYSCALL;
    s->proc->status = TRI_PROC_SYSCALL;
    s->proc->seq.seq = s->record->args[0];
    return TRI_ADVANCE;
}

/* GoSyscallEnd: it still has the proc it began with. */
static TRI_INLINE enum tri_verdict tri_go_syscall_end(struct tri_step *s)
{
    enum tri_verdict verdict = tri_step_need_running(s);
    if (verdict == TRI_ADVANCE)
        verdict = tri_step_need_go(s, TRI_GO_SYSCALL);
    if (verdict == TRI_ADVANCE)
        verdict = tri_step_need_proc_state(s);
    if (verdict == TRI_ADVANCE && s->proc->status != TRI_PROC_SYSCALL)
        return tri_step_fail(s, TR_E_ORDER, "expected proc %lld in a syscall, it is not",
                             (long long)s->thread->p);
    if (verdict != TRI_ADVANCE)
        return verdict;
    if (tri_step_wants(s, TRI_EV_GoSyscallEnd, TR_GO_RUNNING, s->thread->g))
        tri_row_transition(tri_step_row(s), s->thread->g, TR_GO_SYSCALL, TR_GO_RUNNING);
    else
        tri_step_skip_row(s);
    s->go->status = TRI_GO_RUNNING;
    s->proc->status = TRI_PROC_RUNNING;
    return TRI_ADVANCE;
}

#endif
