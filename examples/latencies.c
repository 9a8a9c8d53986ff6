/* How long did the program's own tasks and regions take?
 *
 *     latencies [TRACE]
 *
 * Tasks are matched by number; the end of a region belongs to the innermost one that is open
 * in its goroutine. Begins without an end, and ends without a begin, are left out. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracereader.h>

struct type { /* of tasks or regions, by its name */
    struct type *next;
    uint64_t is_task, count;
    int64_t total_ns, longest_ns;
    char name[]; /* ended by NUL */
};

struct open {
    struct open *next;
    struct type *type;
    uint64_t id; /* the task, or the region's goroutine */
    int64_t began_ns;
};
enum { BUCKETS = 4096 };
static struct type *types;
static struct open *opens[BUCKETS]; /* the last opened first */

static void *must(void *p)
{
    if (!p)
        exit(2);
    return p;
}
/* Strings live until the next Sync event: the name is copied once. */
static struct type *find_type(tr_str name, unsigned is_task)
{
    for (struct type *t = types; t; t = t->next)
        if (t->is_task == is_task && tr_str_equal(name, t->name))
            return t;
    struct type *t = must(calloc(1, sizeof *t + name.len + 1));
    t->is_task = is_task;
    memcpy(t->name, name.ptr, name.len);
    t->next = types;
    return types = t;
}

static void begin(const tr_event *ev, uint64_t id, tr_str name, unsigned is_task)
{
    struct open *o = must(malloc(sizeof *o));
    *o = (struct open){opens[id % BUCKETS], find_type(name, is_task), id, ev->time_ns};
    opens[id % BUCKETS] = o;
}

static void end(const tr_event *ev, uint64_t id, unsigned is_task)
{
    struct open **at = &opens[id % BUCKETS], *o;
    while ((o = *at) && (o->id != id || o->type->is_task != is_task))
        at = &o->next;
    if (!o)
        return;
    int64_t ns = ev->time_ns - o->began_ns;
    o->type->count++;
    o->type->total_ns += ns;
    if (ns > o->type->longest_ns)
        o->type->longest_ns = ns;
    *at = o->next;
    free(o);
}

int main(int argc, char **argv)
{
    const tr_event *ev;
    if (argc > 2)
        return fprintf(stderr, "usage: %s [TRACE]\n", argv[0]), 2;
    tr_reader *r = must(tr_reader_new());
    tr_status s = argc > 1 ? tr_reader_open_path(r, argv[1]) : tr_reader_open_fd(r, 0);
    while (s == TR_OK && (s = tr_reader_next(r, &ev)) == TR_OK) {
        if (ev->kind == TR_KIND_TASK_BEGIN)
            begin(ev, ev->task.id, ev->task.type, 1);
        else if (ev->kind == TR_KIND_TASK_END)
            end(ev, ev->task.id, 1);
        else if (ev->kind == TR_KIND_REGION_BEGIN)
            begin(ev, (uint64_t)ev->goroutine, ev->region.type, 0);
        else if (ev->kind == TR_KIND_REGION_END)
            end(ev, (uint64_t)ev->goroutine, 0);
    }
    if (s != TR_END)
        fprintf(stderr, "%s\n", tr_reader_error(r)->message);
    printf("%8s %12s %12s  type\n", "count", "mean ms", "longest ms");
    for (const struct type *t = types; t; t = t->next)
        if (t->count > 0)
            printf("%8" PRIu64 " %12.3f %12.3f  %s %s\n", t->count,
                   (double)t->total_ns / 1e6 / (double)t->count, (double)t->longest_ns / 1e6,
                   t->is_task ? "task" : "region", t->name);
    tr_reader_free(r);
    return s != TR_END;
}
