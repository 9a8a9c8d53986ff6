/* The rules of what goroutines and procs do all the time: start, stop, block, unblock, call
 * the system. They are part of their callers, and a row is made only if it is wanted.
 *
 * What they need of a step at each record is given to them beside it, so that the loop that
 * calls them need not keep it in memory: the step's record and thread, and where the next row
 * goes. */
#ifndef TRI_ORDER_MOVES_H
#define TRI_ORDER_MOVES_H

#include "order/step.h"

/* The rule for step.c, of what is below. */
#define TRI_MOVE(rule)                                            \
    enum tri_verdict tri_order_advance_##rule(struct tri_step *s) \
    {                                                             \
        return tri_##rule(s, s->record, s->thread, &s->row);      \
    }

/* Make the row of a transition of this goroutine or proc, if it passes the filter; else NULL. It
 * has neither stack nor string. */
static TRI_INLINE struct tri_row *tri_move_row(struct tri_step *s, const struct tri_record *record,
                                               const struct tri_thread *thread,
                                               struct tri_row **row, unsigned type, int64_t id,
                                               tr_state from, tr_state to)
{
    const struct tri_filter *f = &s->order->filter;
    bool wanted = f->states[type] >> to & 1 &&
                  (TRI_LIKELY(f->by_type_only) || tri_step_matches_context(s, to, id));
    int64_t time = tri_order_row_time(s->order, record->time);
    if (!wanted)
        return NULL;
    struct tri_row *made = (*row)++;
    tri_row_begin(made, time, record->where, thread);
    tri_row_transition(made, id, from, to);
    return made;
}

/* GoStart. Arguments: goroutine, sequence number. */
static TRI_INLINE enum tri_verdict tri_go_start(struct tri_step *s, const struct tri_record *record,
                                                struct tri_thread *thread, struct tri_row **row)
{
    struct tri_go *go = s->go = tri_state_go(s->state, (int64_t)record->args[0]);
    if (!go || go->status != TRI_GO_RUNNABLE || !tri_step_follows(s, record->args[1], go->seq))
        return TRI_WAIT;
    enum tri_verdict verdict = tri_step_need_of(s, thread, TRI_MUST, TRI_MUST_NOT);
    if (verdict != TRI_ADVANCE)
        return verdict;
    tri_move_row(s, record, thread, row, TRI_EV_GoStart, go->id, TR_GO_RUNNABLE, TR_GO_RUNNING);
    go->status = TRI_GO_RUNNING;
    go->seq.seq = record->args[1];
    tri_thread_bind_go(thread, go->id, go);
    return TRI_ADVANCE;
}

/* GoStop, GoBlock: the running goroutine leaves its thread. Arguments: reason, stack. */
static TRI_INLINE enum tri_verdict tri_go_leave(struct tri_step *s, const struct tri_record *record,
                                                struct tri_thread *thread, struct tri_row **row,
                                                unsigned type, enum tri_go_status status,
                                                tr_state to)
{
    enum tri_verdict verdict = tri_step_need_of(s, thread, TRI_MUST, TRI_MUST);
    if (verdict == TRI_ADVANCE)
        verdict = tri_step_need_go_of(s, thread, TRI_GO_RUNNING);
    if (verdict != TRI_ADVANCE)
        return verdict;
    uint32_t stack = tri_step_stack(s, record->args[1]);
    uint32_t reason = tri_step_string(s, record->args[0]);
    struct tri_row *made = tri_move_row(s, record, thread, row, type, thread->g, TR_GO_RUNNING, to);
    if (made) {
        made->string = reason;
        made->stack = made->transition.stack = stack;
    }
    s->go->status = (uint8_t)status;
    tri_thread_bind_go(thread, TR_NONE, NULL);
    return TRI_ADVANCE;
}

static TRI_INLINE enum tri_verdict tri_go_stop(struct tri_step *s, const struct tri_record *record,
                                               struct tri_thread *thread, struct tri_row **row)
{
    return tri_go_leave(s, record, thread, row, TRI_EV_GoStop, TRI_GO_RUNNABLE, TR_GO_RUNNABLE);
}

static TRI_INLINE enum tri_verdict tri_go_block(struct tri_step *s, const struct tri_record *record,
                                                struct tri_thread *thread, struct tri_row **row)
{
    return tri_go_leave(s, record, thread, row, TRI_EV_GoBlock, TRI_GO_WAITING, TR_GO_WAITING);
}

/* GoUnblock. Arguments: goroutine, sequence number, stack. Anything can do it. */
static TRI_INLINE enum tri_verdict tri_go_unblock(struct tri_step *s,
                                                  const struct tri_record *record,
                                                  struct tri_thread *thread, struct tri_row **row)
{
    struct tri_go *go = s->go = tri_state_go(s->state, (int64_t)record->args[0]);
    if (!go || go->status != TRI_GO_WAITING || !tri_step_follows(s, record->args[1], go->seq))
        return TRI_WAIT;
    uint32_t stack = tri_step_stack(s, record->args[2]);
    struct tri_row *made = tri_move_row(s, record, thread, row, TRI_EV_GoUnblock, go->id,
                                        TR_GO_WAITING, TR_GO_RUNNABLE);
    if (made)
        made->stack = stack;
    go->status = TRI_GO_RUNNABLE;
    go->seq.seq = record->args[1];
    return TRI_ADVANCE;
}

/* ProcStart. Arguments: proc, sequence number. */
static TRI_INLINE enum tri_verdict tri_proc_start(struct tri_step *s,
                                                  const struct tri_record *record,
                                                  struct tri_thread *thread, struct tri_row **row)
{
    struct tri_proc *proc = s->proc = tri_state_proc(s->state, (int64_t)record->args[0]);
    /* A thread that still has a proc is in a system call, about to lose it. */
    if (!proc || proc->status != TRI_PROC_IDLE ||
        !tri_step_follows(s, record->args[1], proc->seq) || thread->p != TR_NONE)
        return TRI_WAIT;
    enum tri_verdict verdict = tri_step_need_of(s, thread, TRI_MUST_NOT, TRI_MAY);
    if (verdict != TRI_ADVANCE)
        return verdict;
    tri_move_row(s, record, thread, row, TRI_EV_ProcStart, proc->id, TR_PROC_IDLE, TR_PROC_RUNNING);
    proc->status = TRI_PROC_RUNNING;
    proc->seq.seq = record->args[1];
    tri_thread_bind_proc(thread, proc->id, proc);
    return TRI_ADVANCE;
}

/* ProcStop: the thread gives up its proc, so no sequence number is needed. */
static TRI_INLINE enum tri_verdict tri_proc_stop(struct tri_step *s,
                                                 const struct tri_record *record,
                                                 struct tri_thread *thread, struct tri_row **row)
{
    struct tri_proc *proc = s->proc = thread->proc;
    if (!proc)
        return tri_step_fail(s, TR_E_ORDER, "ProcStop for proc %lld that doesn't exist",
                             (long long)thread->p);
    if (proc->status != TRI_PROC_RUNNING && proc->status != TRI_PROC_SYSCALL)
        return tri_step_fail_event(s, "for a proc that's not Running or in Syscall");
    enum tri_verdict verdict = tri_step_need_of(s, thread, TRI_MUST, TRI_MAY);
    if (verdict != TRI_ADVANCE)
        return verdict;
    tri_move_row(s, record, thread, row, TRI_EV_ProcStop, thread->p, TR_PROC_RUNNING, TR_PROC_IDLE);
    proc->status = TRI_PROC_IDLE;
    tri_thread_bind_proc(thread, TR_NONE, NULL);
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

/* The thread has a proc, and a goroutine with this status: s->proc, s->go. */
static TRI_INLINE enum tri_verdict
tri_step_need_all_of(struct tri_step *s, const struct tri_thread *thread, enum tri_go_status status)
{
    enum tri_verdict verdict = tri_step_need_of(s, thread, TRI_MUST, TRI_MUST);
    if (verdict == TRI_ADVANCE)
        verdict = tri_step_need_go_of(s, thread, status);
    return verdict == TRI_ADVANCE ? tri_step_need_proc_state(s) : verdict;
}

/* GoSyscallBegin. Arguments: the proc's sequence number, stack. The number says
 * which system call a later ProcSteal takes the proc from, even if times lie. */
static TRI_INLINE enum tri_verdict tri_go_syscall_begin(struct tri_step *s,
                                                        const struct tri_record *record,
                                                        struct tri_thread *thread,
                                                        struct tri_row **row)
{
    enum tri_verdict verdict = tri_step_need_all_of(s, thread, TRI_GO_RUNNING);
    if (verdict != TRI_ADVANCE)
        return verdict;
    if (!tri_step_follows(s, record->args[0], s->proc->seq))
        return tri_step_fail(
            s, TR_E_ORDER, "failed to advance GoSyscallBegin: can't make sequence: %llu -> %llu",
            (unsigned long long)s->proc->seq.seq, (unsigned long long)record->args[0]);
    uint32_t stack = tri_step_stack(s, record->args[1]);
    struct tri_row *made = tri_move_row(s, record, thread, row, TRI_EV_GoSyscallBegin, thread->g,
                                        TR_GO_RUNNING, TR_GO_SYSCALL);
    if (made)
        made->stack = made->transition.stack = stack;
    s->go->status = TRI_GO_SYSCALL;
    s->proc->status = TRI_PROC_SYSCALL;
    s->proc->seq.seq = record->args[0];
    return TRI_ADVANCE;
}

/* GoSyscallEnd: it still has the proc it began with. */
static TRI_INLINE enum tri_verdict tri_go_syscall_end(struct tri_step *s,
                                                      const struct tri_record *record,
                                                      struct tri_thread *thread,
                                                      struct tri_row **row)
{
    enum tri_verdict verdict = tri_step_need_all_of(s, thread, TRI_GO_SYSCALL);
    if (verdict == TRI_ADVANCE && s->proc->status != TRI_PROC_SYSCALL)
        return tri_step_fail(s, TR_E_ORDER, "expected proc %lld in a syscall, it is not",
                             (long long)thread->p);
    if (verdict != TRI_ADVANCE)
        return verdict;
    tri_move_row(s, record, thread, row, TRI_EV_GoSyscallEnd, thread->g, TR_GO_SYSCALL,
                 TR_GO_RUNNING);
    s->go->status = TRI_GO_RUNNING;
    s->proc->status = TRI_PROC_RUNNING;
    return TRI_ADVANCE;
}

#endif
