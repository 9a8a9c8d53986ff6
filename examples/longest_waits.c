/* Which were the longest waits, and where did they begin?
 *
 *     longest_waits TRACE
 *
 * A stack is lent until the next Sync event. To print it at the end, this keeps a reference to
 * its tables: only of the few waits that may be printed, and of goroutines that wait now. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <tracereader.h>

enum { TOP = 10, BUCKETS = 65536 };

struct wait {
    struct wait *next;
    int64_t goroutine, began_ns, lasted_ns;
    char reason[64]; /* a copy: without a stack there are no tables to keep it in */
    tr_stack stack;
};

static struct wait *waiting[BUCKETS]; /* chains by goroutine */
static struct wait *longest[TOP + 1]; /* falling; the last is there to fall out */

static void drop(struct wait *w)
{
    if (w)
        tr_tables_unref(w->stack.tables);
    free(w);
}

static void begin(const tr_event *ev)
{
    const tr_ev_transition *t = &ev->transition;
    struct wait **chain = &waiting[(uint64_t)t->id % BUCKETS];
    struct wait *w = malloc(sizeof *w);
    if (!w)
        exit(2);
    w->goroutine = t->id;
    w->began_ns = ev->time_ns;
    w->stack = t->stack;
    tr_tables_ref(w->stack.tables);
    snprintf(w->reason, sizeof w->reason, "%.*s", (int)t->reason.len, t->reason.ptr);
    w->next = *chain;
    *chain = w;
}

static void end(const tr_event *ev)
{
    int64_t goroutine = ev->transition.id;
    struct wait **at = &waiting[(uint64_t)goroutine % BUCKETS];
    while (*at && (*at)->goroutine != goroutine)
        at = &(*at)->next;
    struct wait *w = *at;
    if (!w) /* it waited before the trace began */
        return;
    *at = w->next;
    w->lasted_ns = ev->time_ns - w->began_ns;
    int i = TOP;
    for (; i > 0 && (!longest[i - 1] || longest[i - 1]->lasted_ns < w->lasted_ns); i--)
        longest[i] = longest[i - 1];
    longest[i] = w;
    drop(longest[TOP]);
    longest[TOP] = NULL;
}

int main(int argc, char **argv)
{
    const tr_event *ev;
    if (argc != 2)
        return fprintf(stderr, "usage: %s TRACE\n", argv[0]), 2;
    tr_reader *r = tr_reader_new();
    if (!r)
        return 2;
    tr_status s = tr_reader_open_path(r, argv[1]);
    while (s == TR_OK && (s = tr_reader_next(r, &ev)) == TR_OK) {
        if (ev->kind != TR_KIND_STATE_TRANSITION ||
            ev->transition.resource != TR_RESOURCE_GOROUTINE)
            continue;
        /* From waiting to waiting is only said again, in each generation. */
        if (ev->transition.from == TR_GO_WAITING && ev->transition.to != TR_GO_WAITING)
            end(ev);
        else if (tr_state_executing(ev->transition.from) && ev->transition.to == TR_GO_WAITING)
            begin(ev);
    }
    if (s != TR_END)
        fprintf(stderr, "%s\n", tr_reader_error(r)->message);
    tr_reader_free(r); /* the stacks stay: their tables are referenced */

    for (int i = 0; i < TOP && longest[i]; i++) {
        const struct wait *w = longest[i];
        tr_frame f;
        printf("%.6f s: goroutine %" PRId64 ", %s\n", (double)w->lasted_ns / 1e9, w->goroutine,
               w->reason[0] ? w->reason : "no reason");
        for (uint32_t k = 0; tr_stack_frame(w->stack, k, &f) == TR_OK; k++)
            printf("    %.*s %.*s:%" PRIu64 "\n", (int)f.func.len, f.func.ptr, (int)f.file.len,
                   f.file.ptr, f.line);
    }
    return s != TR_END;
}
