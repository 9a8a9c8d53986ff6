/* Reading a proc's records, one after the other. */
#ifndef TRI_V1_CURSOR_H
#define TRI_V1_CURSOR_H

#include "base/compiler.h"
#include "v1/v1.h"
#include "wire/varint.h"

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
        p->at = v->data + v->data_bytes;
        p->place = p->start = NULL;
        p->go = 0;
        p->sample = 0;
    }
}

/* Begin the proc's next batch, which there is. */
void tri_v1_begin_batch(const struct tri_v1 *v, struct tri_v1_proc *proc);

/* What the merge needs to know of an event before it comes. */
struct tri_v1_brief {
    const struct tri_v1_head *head;
    const uint8_t *at; /* its record */
    uint64_t bytes;    /* of it */
    int64_t time;
    uint64_t id;          /* of the goroutine that it names, */
    struct tri_v1_go *go; /* and itself, NULL: nothing was known of it when this was read */
    uint64_t seq;         /* what it tells; with header 5 its own number */
};

/* Read the next events of the proc's batch, `max` at most: how many, 0 at the batch's end. Of
 * CPU samples it is one, until that is decoded. */
uint32_t tri_v1_read_ahead(const struct tri_v1 *v, struct tri_v1_proc *proc,
                           struct tri_v1_brief *briefs, uint32_t max);

/* Find out what the proc runs, as told by the record of its start. */
static inline uint64_t tri_v1_settle_start(const struct tri_v1 *v, struct tri_v1_proc *proc)
{
    const uint8_t *p = proc->start;
    proc->start = NULL;
    if (v->format.heads[*p++].has_length)
        p = tri_v1_skip_number(p);
    tri_varint_read_fast(tri_v1_skip_number(p), &proc->go);
    return proc->go;
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
