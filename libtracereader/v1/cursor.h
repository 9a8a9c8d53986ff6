/* Reading a proc's events, one after the other. */
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
        p->at = NULL;
        p->go = 0;
        p->sample = 0;
    }
}

/* Begin the proc's next batch, which there is. */
void tri_v1_begin_batch(const struct tri_v1 *v, struct tri_v1_proc *proc);

/* Decode the next event of the proc's batch, which stays until the next is asked for; NULL: it
 * has no more, or there is no batch. */
struct tri_v1_event *tri_v1_decode(const struct tri_v1 *v, struct tri_v1_proc *proc);

/* Whether the event has a time, or with header 5 a place, of its own: it is not on the tape. */
static inline bool tri_v1_is_exit(const struct tri_v1 *v, const struct tri_v1_event *ev)
{
    return ev->type == TRI_V1_GoSysExit && (ev->args[2] || v->version < TRI_GO107);
}

#endif
