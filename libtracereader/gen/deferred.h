/* Stacks whose bytes stay in the trace until somebody asks for a frame: most that read
 * a trace never do. Only of sources that can be read again. */
#ifndef TRI_GEN_DEFERRED_H
#define TRI_GEN_DEFERRED_H

#include "base/err.h"
#include "io/source.h"

struct tr_tables;
struct tri_section;
struct tri_deferred;

/* For the tables of one reader, while its source is open. NULL if there is no memory. */
struct tri_deferred *tri_deferred_new(struct tri_mem *mem, const struct tri_source *source);
/* Before the source is closed: have what tables that are kept will not get any more. */
void tri_deferred_close(struct tri_deferred *d);
/* Whether stacks that were asked for could not be read again, for another reason than
 * memory, of which tri_tables_loss tells; *err then says why. `d` NULL: they have not. Any
 * thread. */
bool tri_deferred_failed(struct tri_deferred *d, struct tri_err *err);

/* Note a batch of stacks, which is being added to `t`. 0 if there is no memory. */
int tri_deferred_add(struct tri_deferred *d, struct tr_tables *t, const struct tri_section *s);
/* Bring what is deferred of `t` into memory, if anything is. Any thread. */
tr_status tri_deferred_load(struct tr_tables *t);
/* `t` is being freed. */
void tri_deferred_remove(struct tr_tables *t);

#endif
