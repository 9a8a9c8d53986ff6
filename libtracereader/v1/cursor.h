/* Reading a proc's records, one after the other. */
#ifndef TRI_V1_CURSOR_H
#define TRI_V1_CURSOR_H

#include "base/compiler.h"
#include "v1/v1.h"

static inline const uint8_t *tri_v1_skip_number(const uint8_t *p)
{
    while (*p++ >= 0x80)
        ;
    return p;
}

/* Let all procs begin anew. */
static inline void tri_v1_rewind(struct tri_v1 *v)
{
    for (uint32_t i = 0; i < v->proc_count; i++) {
        struct tri_v1_proc *p = &v->procs[i];
        p->next = p->first;
        p->at = p->place = NULL;
        p->go = 0;
        p->sample = 0;
    }
}

/* Begin the proc's next batch, which there is. */
void tri_v1_begin_batch(const struct tri_v1 *v, struct tri_v1_proc *proc);

/* The next record of the batch from the proc's place on that is not an event; what the rest of
 * tri_v1_find_event is for. */
const struct tri_v1_head *tri_v1_find_event_behind(const struct tri_v1 *v,
                                                   struct tri_v1_proc *proc);

/* Go to the next event of the proc's batch; NULL: there is none, or no batch. */
static inline const struct tri_v1_head *tri_v1_find_event(const struct tri_v1 *v,
                                                          struct tri_v1_proc *proc)
{
    if (TRI_LIKELY(proc->at && proc->at < v->data + v->data_bytes)) {
        const struct tri_v1_head *head = &v->format.heads[*proc->at];
        if (TRI_LIKELY(head->type))
            return head;
    }
    return tri_v1_find_event_behind(v, proc);
}

/* Decode an event of the proc, whose record is at `at` and whose time is known, and with header
 * 5 proc->seq. It stays until the proc's next one is decoded: that is the next one after it. */
struct tri_v1_event *tri_v1_decode(const struct tri_v1 *v, struct tri_v1_proc *proc,
                                   const uint8_t *at, int64_t time);

/* Whether the event has a time, or with header 5 a place, of its own: it is not on the tape. */
static inline bool tri_v1_is_exit(const struct tri_v1 *v, const struct tri_v1_event *ev)
{
    return ev->type == TRI_V1_GoSysExit && (ev->args[2] || v->version < TRI_GO107);
}

#endif
