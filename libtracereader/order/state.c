/* The tables of threads, procs, goroutines and tasks.
 *
 * Invariants: addresses of threads, procs and goroutines stay; a goroutine's slot is
 * used again when it has ended, so who keeps a pointer checks `id` and `status`. Maps of
 * threads and tasks give slot numbers + 1. */
#include "order/state.h"

#include <string.h>

#include "spec/spec.h"

void tri_state_init(struct tri_state *s, struct tri_mem *mem)
{
    memset(s, 0, sizeof *s);
    s->mem = s->arena.mem = mem;
    s->thread_of.mem = s->task_of.mem = s->names.mem = mem;
    tri_idmap_init(&s->proc_of, mem);
    tri_idmap_init(&s->go_of, mem);
}

static void free_regions(struct tri_mem *mem, struct tri_regions *r)
{
    tri_mem_free(mem, r->items, r->cap * sizeof *r->items);
}

void tri_state_free(struct tri_state *s)
{
    for (uint32_t i = 0; i < s->go_count; i++) {
        tri_ranges_free(s->mem, &s->gos[i]->ranges);
        free_regions(s->mem, &s->gos[i]->regions);
    }
    for (uint32_t i = 0; i < s->proc_count; i++)
        tri_ranges_free(s->mem, &s->procs[i]->ranges);
    tri_mem_free(s->mem, s->threads, s->thread_cap * sizeof *s->threads);
    tri_mem_free(s->mem, s->procs, s->proc_cap * sizeof *s->procs);
    tri_mem_free(s->mem, s->gos, s->go_cap * sizeof *s->gos);
    tri_mem_free(s->mem, s->free_gos, s->free_go_cap * sizeof *s->free_gos);
    tri_mem_free(s->mem, s->tasks, s->task_cap * sizeof *s->tasks);
    tri_mem_free(s->mem, s->free_tasks, s->free_task_cap * sizeof *s->free_tasks);
    tri_map_free(&s->thread_of);
    tri_idmap_free(&s->proc_of);
    tri_idmap_free(&s->go_of);
    tri_map_free(&s->task_of);
    tri_names_free(&s->names);
    tri_arena_free(&s->arena);
    tri_state_init(s, s->mem);
}

static uint64_t ranges_memory(const struct tri_ranges *r)
{
    uint64_t slots = r->stop_of ? r->stop_of->slot_count : 0;
    return r->cap * sizeof *r->items + slots * sizeof(struct tri_map_slot);
}

uint64_t tri_state_memory(const struct tri_state *s)
{
    uint64_t slots = (uint64_t)s->thread_of.slot_count + s->task_of.slot_count;
    uint64_t pointers = (uint64_t)s->thread_cap + s->proc_cap + s->go_cap;
    uint64_t numbers = (uint64_t)s->free_go_cap + s->free_task_cap;
    uint64_t maps = tri_idmap_memory(&s->proc_of) + tri_idmap_memory(&s->go_of), lists = 0;
    for (uint32_t i = 0; i < s->go_count; i++)
        lists +=
            ranges_memory(&s->gos[i]->ranges) + s->gos[i]->regions.cap * sizeof(struct tri_region);
    return s->arena.bytes + slots * sizeof(struct tri_map_slot) + pointers * sizeof(void *) +
           numbers * sizeof(uint32_t) + s->task_cap * sizeof *s->tasks + maps +
           tri_names_memory(&s->names) + lists;
}

struct tri_thread *tri_state_thread(const struct tri_state *s, int64_t id)
{
    uint32_t n = (uint32_t)tri_map_get(&s->thread_of, (uint64_t)id);
    return n ? s->threads[n - 1] : NULL;
}

struct tri_thread *tri_state_add_thread(struct tri_state *s, int64_t id)
{
    struct tri_thread *t = tri_arena_alloc(&s->arena, sizeof *t);
    if (!t ||
        !tri_mem_reserve(s->mem, &s->threads, &s->thread_cap, (uint64_t)s->thread_count + 1,
                         sizeof *s->threads) ||
        !tri_map_add(&s->thread_of, (uint64_t)id, s->thread_count + 1))
        return NULL;
    tri_thread_init(t, id);
    s->threads[s->thread_count++] = t;
    return t;
}

struct tri_proc *tri_state_add_proc(struct tri_state *s, int64_t id)
{
    struct tri_proc *p = tri_arena_alloc(&s->arena, sizeof *p);
    if (!p || !tri_mem_reserve(s->mem, &s->procs, &s->proc_cap, (uint64_t)s->proc_count + 1,
                               sizeof *s->procs))
        return NULL;
    *p = (struct tri_proc){.id = id};
    if (!tri_idmap_add(&s->proc_of, p))
        return NULL;
    s->procs[s->proc_count++] = p;
    return p;
}

/* A slot for a goroutine: one that is free, or a new one. */
static struct tri_go *go_slot(struct tri_state *s)
{
    if (s->free_go_count)
        return s->gos[s->free_gos[s->free_go_count - 1]];
    /* Room in the list of free slots now, so that ending a goroutine cannot fail. */
    if (!tri_mem_reserve(s->mem, &s->gos, &s->go_cap, (uint64_t)s->go_count + 1, sizeof *s->gos) ||
        !tri_mem_reserve(s->mem, &s->free_gos, &s->free_go_cap, (uint64_t)s->go_count + 1,
                         sizeof *s->free_gos))
        return NULL;
    struct tri_go *go = tri_arena_alloc(&s->arena, sizeof *go);
    if (!go)
        return NULL;
    *go = (struct tri_go){
        .id = TR_NONE,
        .number = s->go_count,
        .status = TRI_GO_ENDED,
    };
    s->free_gos[s->free_go_count++] = s->go_count;
    s->gos[s->go_count++] = go;
    return go;
}

struct tri_go *tri_state_add_go(struct tri_state *s, int64_t id)
{
    struct tri_go *go = go_slot(s);
    if (!go)
        return NULL;
    go->id = id;
    if (!tri_idmap_add(&s->go_of, go))
        return NULL;
    s->free_go_count--;
    go->status = TRI_GO_BAD;
    return go;
}

void tri_state_remove_go(struct tri_state *s, struct tri_go *go)
{
    tri_idmap_remove(&s->go_of, (uint64_t)go->id);
    go->status = TRI_GO_ENDED;
    if (go->ranges.count)
        tri_ranges_free(s->mem, &go->ranges);
    while (go->regions.count)
        tri_names_release(&s->names, go->regions.items[--go->regions.count].name);
    s->free_gos[s->free_go_count++] = go->number;
}

struct tri_task *tri_state_task(const struct tri_state *s, uint64_t id)
{
    uint32_t n = (uint32_t)tri_map_get(&s->task_of, id);
    return n ? &s->tasks[n - 1] : NULL;
}

struct tri_task *tri_state_add_task(struct tri_state *s, uint64_t id)
{
    uint32_t n;
    if (s->free_task_count) {
        n = s->free_tasks[s->free_task_count - 1];
    } else {
        n = s->task_count;
        if (!tri_mem_reserve(s->mem, &s->tasks, &s->task_cap, (uint64_t)n + 1, sizeof *s->tasks) ||
            !tri_mem_reserve(s->mem, &s->free_tasks, &s->free_task_cap, (uint64_t)n + 1,
                             sizeof *s->free_tasks))
            return NULL;
    }
    if (!tri_map_add(&s->task_of, id, n + 1))
        return NULL;
    if (s->free_task_count)
        s->free_task_count--;
    else
        s->task_count++;
    return &s->tasks[n];
}

void tri_state_remove_task(struct tri_state *s, uint64_t id)
{
    uint32_t n = (uint32_t)tri_map_get(&s->task_of, id);
    if (!n)
        return;
    tri_map_remove(&s->task_of, id);
    s->free_tasks[s->free_task_count++] = n - 1;
}

/* --- Ranges --- */

enum { STOPS_WITHOUT_MAP = 16 };

static bool is_stop(uint8_t type)
{
    return type == TRI_EV_STWBegin;
}

static void free_stops(struct tri_mem *mem, struct tri_ranges *r)
{
    if (!r->stop_of)
        return;
    tri_map_free(r->stop_of);
    tri_mem_free(mem, r->stop_of, sizeof *r->stop_of);
    r->stop_of = NULL;
}

void tri_ranges_free(struct tri_mem *mem, struct tri_ranges *r)
{
    free_stops(mem, r);
    tri_mem_free(mem, r->items, r->cap * sizeof *r->items);
    *r = (struct tri_ranges){0};
}

int64_t tri_ranges_find_type(const struct tri_ranges *r, uint8_t type)
{
    if (!is_stop(type))
        return r->unnamed && r->items[r->unnamed - 1].type == type ? (int64_t)r->unnamed - 1 : -1;
    uint32_t first = r->unnamed == 1; /* all others are stops */
    return first < r->count ? (int64_t)first : -1;
}

int64_t tri_ranges_find(const struct tri_ranges *r, struct tri_range range)
{
    if (!is_stop(range.type))
        return tri_ranges_find_type(r, range.type);
    if (r->stop_of)
        return (int64_t)tri_map_get(r->stop_of, range.name) - 1;
    for (uint32_t i = 0; i < r->count; i++)
        if (r->items[i].type == range.type && r->items[i].name == range.name)
            return i;
    return -1;
}

/* Make the map of all stops. */
static int map_stops(struct tri_mem *mem, struct tri_ranges *r)
{
    r->stop_of = tri_mem_zalloc(mem, sizeof *r->stop_of);
    if (!r->stop_of)
        return 0;
    r->stop_of->mem = mem;
    for (uint32_t i = 0; i < r->count; i++)
        if (is_stop(r->items[i].type) && !tri_map_add(r->stop_of, r->items[i].name, i + 1)) {
            free_stops(mem, r);
            return 0;
        }
    return 1;
}

int tri_ranges_add(struct tri_mem *mem, struct tri_ranges *r, struct tri_range range)
{
    if (!tri_mem_reserve(mem, &r->items, &r->cap, (uint64_t)r->count + 1, sizeof *r->items))
        return 0;
    if (is_stop(range.type)) {
        if (!r->stop_of && r->count >= STOPS_WITHOUT_MAP && !map_stops(mem, r))
            return 0;
        if (r->stop_of && !tri_map_add(r->stop_of, range.name, r->count + 1))
            return 0;
    } else {
        r->unnamed = r->count + 1;
    }
    r->items[r->count++] = range;
    return 1;
}

void tri_ranges_remove(struct tri_ranges *r, int64_t index)
{
    struct tri_range gone = r->items[index], last = r->items[--r->count];
    if (!is_stop(gone.type))
        r->unnamed = 0;
    else if (r->stop_of)
        tri_map_remove(r->stop_of, gone.name);
    if (index == r->count)
        return;
    r->items[index] = last;
    if (!is_stop(last.type))
        r->unnamed = (uint32_t)index + 1;
    else if (r->stop_of)
        tri_map_move(r->stop_of, last.name, (uint64_t)index + 1);
}
