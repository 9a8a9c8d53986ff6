/* What a whole trace holds: counts, times, distinct goroutines, threads and procs.
 *
 * Invariants: memory grows with the distinct ids only, and these are kept as
 * bits, 64 neighbours together, since the runtime numbers goroutines, threads'
 * and procs' ids in rows; every event that the reader gives counts once. */
#include <stdlib.h>

#include "analysis/keymap.h"
#include "tracereader/analysis.h"

_Static_assert(TR_KIND_COUNT <= sizeof((tr_info_summary *)NULL)->kinds / sizeof(uint64_t),
               "each kind has its number");

struct tr_info {
    tr_info_summary summary;
    struct tri_analysis_map goroutines;
    struct tri_analysis_map threads;
    struct tri_analysis_map procs;
    int64_t last_thread; /* already counted: events of one thread come in runs */
    int out_of_memory;
};

tr_info *tr_info_new(void)
{
    tr_info *info = calloc(1, sizeof *info);
    if (info)
        info->last_thread = TR_NONE;
    return info;
}

void tr_info_free(tr_info *info)
{
    if (!info)
        return;
    tri_analysis_map_free(&info->goroutines);
    tri_analysis_map_free(&info->threads);
    tri_analysis_map_free(&info->procs);
    free(info);
}

const tr_info_summary *tr_info_get(const tr_info *info)
{
    return info ? &info->summary : NULL;
}

/* Add an id, if it is known, to a set, and 1 to *count if it is new. */
static int add_id(struct tri_analysis_map *set, int64_t id, uint64_t *count)
{
    if (id == TR_NONE)
        return 0;
    uint64_t bit = UINT64_C(1) << ((uint64_t)id & 63);
    struct tri_analysis_slot *slot = tri_analysis_map_insert(set, (uint64_t)id >> 6);
    if (!slot)
        return -1;
    if (!(slot->value & bit)) {
        slot->value |= bit;
        (*count)++;
    }
    return 0;
}

/* Find the wall clock at start_ns from a reading of both clocks. The sums wrap
 * instead of overflowing: a broken trace may hold any numbers. */
static void set_wall_start(tr_info_summary *s, const tr_clock *clock)
{
    const int64_t second = 1000000000;
    int64_t since = (int64_t)((uint64_t)s->start_ns - (uint64_t)clock->trace_ns);
    int64_t sec = since / second;
    int64_t nsec = since % second + clock->wall_nsec % second;

    if (nsec < 0) {
        nsec += second;
        sec--;
    } else if (nsec >= second) {
        nsec -= second;
        sec++;
    }
    s->wall_start_sec = (int64_t)((uint64_t)clock->wall_sec + (uint64_t)sec);
    s->wall_start_nsec = nsec;
    s->has_wall = 1;
}

static int add_event(tr_info *info, const tr_event *ev)
{
    tr_info_summary *s = &info->summary;

    if (s->events++ == 0)
        s->start_ns = ev->time_ns;
    s->end_ns = ev->time_ns;
    if ((unsigned)ev->kind < TR_KIND_COUNT)
        s->kinds[ev->kind]++;

    if (ev->thread != info->last_thread) {
        if (add_id(&info->threads, ev->thread, &s->threads) != 0)
            return -1;
        info->last_thread = ev->thread;
    }
    if (ev->kind == TR_KIND_STATE_TRANSITION) {
        if (ev->transition.resource == TR_RESOURCE_GOROUTINE)
            return add_id(&info->goroutines, ev->transition.id, &s->goroutines);
        if (ev->transition.resource == TR_RESOURCE_PROC)
            return add_id(&info->procs, ev->transition.id, &s->procs);
    } else if (ev->kind == TR_KIND_SYNC && ev->sync.has_clock && !s->has_wall) {
        set_wall_start(s, &ev->sync.clock);
    }
    return 0;
}

tr_status tr_info_read(tr_info *info, tr_reader *r, uint64_t max_events)
{
    tr_status status = TR_OK;

    if (!info || !r)
        return TR_E_MISUSE;
    if (info->out_of_memory)
        return TR_E_NOMEM;
    for (uint64_t n = 0; max_events == 0 || n < max_events; n++) {
        const tr_event *ev;
        status = tr_reader_next(r, &ev);
        if (status != TR_OK)
            break;
        if (add_event(info, ev) != 0) {
            info->out_of_memory = 1;
            status = TR_E_NOMEM;
            break;
        }
    }
    info->summary.version = tr_reader_version(r);
    uint64_t size = tr_reader_size(r);
    info->summary.bytes = size != UINT64_MAX ? size : tr_reader_bytes_read(r);
    info->summary.generations = tr_reader_generation_count(r);
    info->summary.complete = status == TR_END;
    return status;
}
