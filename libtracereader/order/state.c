/* The tables of threads, procs, goroutines and tasks.
 *
 * Invariants: addresses of threads, procs and goroutines stay; a goroutine's is used again
 * when it has ended, so who keeps a pointer checks `id` and `status`. Maps of threads and
 * tasks give slot numbers + 1. */
#include "order/state.h"

#include <string.h>

#include "spec/spec.h"

/* --- Ranges --- */

enum { STOPS_WITHOUT_MAP = 16 };

struct tri_range_list {
    struct tri_map *stop_of; /* name to index + 1 of the stops, once they are many */
    uint32_t count, cap;
    uint32_t unnamed; /* index + 1 of the one that is no stop of the world; 0: none */
    struct tri_range items[];
};

static bool is_stop(uint8_t type)
{
    return type == TRI_EV_STWBegin;
}

static size_t list_bytes(uint32_t cap)
{
    return sizeof(struct tri_range_list) + cap * sizeof(struct tri_range);
}

static uint64_t key_of(const struct tri_ranges *r)
{
    return (uintptr_t)r;
}

static struct tri_range_list *list_at(uint64_t address)
{
    return (struct tri_range_list *)(uintptr_t)address;
}

static struct tri_range_list *list_of(const struct tri_state *s, const struct tri_ranges *r)
{
    return list_at(tri_map_get(&s->ranges_of, key_of(r)));
}

static void free_stops(struct tri_mem *mem, struct tri_range_list *l)
{
    if (!l->stop_of)
        return;
    tri_map_free(l->stop_of);
    tri_mem_free(mem, l->stop_of, sizeof *l->stop_of);
    l->stop_of = NULL;
}

static void free_list(struct tri_mem *mem, struct tri_range_list *l)
{
    free_stops(mem, l);
    tri_mem_free(mem, l, list_bytes(l->cap));
}

static void drop_list(struct tri_state *s, struct tri_ranges *r)
{
    free_list(s->mem, list_of(s, r));
    tri_map_remove(&s->ranges_of, key_of(r));
    r->listed = false;
}

static void free_lists(struct tri_state *s)
{
    for (uint32_t i = 0; i < s->ranges_of.slot_count; i++)
        if (s->ranges_of.slots[i].value)
            free_list(s->mem, list_at(s->ranges_of.slots[i].value));
    tri_map_free(&s->ranges_of);
}

static uint64_t lists_memory(const struct tri_state *s)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < s->ranges_of.slot_count; i++) {
        const struct tri_range_list *l = list_at(s->ranges_of.slots[i].value);
        if (l)
            bytes += list_bytes(l->cap) +
                     (l->stop_of ? sizeof *l->stop_of +
                                       l->stop_of->slot_count * sizeof(struct tri_map_slot)
                                 : 0);
    }
    return bytes;
}

/* Make a list of what is in flight. */
static struct tri_range_list *new_list(struct tri_state *s, struct tri_ranges *r)
{
    enum { FIRST_ITEMS = 2 };
    struct tri_range_list *l = tri_mem_zalloc(s->mem, list_bytes(FIRST_ITEMS));
    if (!l)
        return NULL;
    l->cap = FIRST_ITEMS;
    if (!tri_map_add(&s->ranges_of, key_of(r), (uintptr_t)l)) {
        free_list(s->mem, l);
        return NULL;
    }
    if (r->only) {
        l->items[l->count++] = (struct tri_range){.type = r->only};
        l->unnamed = 1;
    }
    *r = (struct tri_ranges){.listed = true};
    return l;
}

/* The list with room for one more. */
static struct tri_range_list *list_with_room(struct tri_state *s, struct tri_ranges *r)
{
    struct tri_range_list *l = r->listed ? list_of(s, r) : new_list(s, r);
    if (!l || l->count < l->cap)
        return l;
    if (l->cap > UINT32_MAX / 2 / sizeof(struct tri_range)) {
        tri_mem_lack(s->mem);
        return NULL;
    }
    l = tri_mem_grow(s->mem, l, list_bytes(l->cap), list_bytes(2 * l->cap));
    if (!l)
        return NULL;
    l->cap *= 2;
    tri_map_move(&s->ranges_of, key_of(r), (uintptr_t)l);
    return l;
}

int64_t tri_ranges_find_type(const struct tri_state *s, const struct tri_ranges *r, uint8_t type)
{
    if (!r->listed)
        return r->only == type ? 0 : -1;
    const struct tri_range_list *l = list_of(s, r);
    if (!is_stop(type))
        return l->unnamed && l->items[l->unnamed - 1].type == type ? (int64_t)l->unnamed - 1 : -1;
    uint32_t first = l->unnamed == 1; /* all others are stops */
    return first < l->count ? (int64_t)first : -1;
}

int64_t tri_ranges_find(const struct tri_state *s, const struct tri_ranges *r,
                        struct tri_range range)
{
    if (!r->listed || !is_stop(range.type))
        return tri_ranges_find_type(s, r, range.type);
    const struct tri_range_list *l = list_of(s, r);
    if (l->stop_of)
        return (int64_t)tri_map_get(l->stop_of, range.name) - 1;
    for (uint32_t i = 0; i < l->count; i++)
        if (l->items[i].type == range.type && l->items[i].name == range.name)
            return i;
    return -1;
}

/* Make the map of all stops. */
static int map_stops(struct tri_mem *mem, struct tri_range_list *l)
{
    l->stop_of = tri_mem_zalloc(mem, sizeof *l->stop_of);
    if (!l->stop_of)
        return 0;
    l->stop_of->mem = mem;
    for (uint32_t i = 0; i < l->count; i++)
        if (is_stop(l->items[i].type) && !tri_map_add(l->stop_of, l->items[i].name, i + 1)) {
            free_stops(mem, l);
            return 0;
        }
    return 1;
}

int tri_ranges_add(struct tri_state *s, struct tri_ranges *r, struct tri_range range)
{
    if (!r->listed && !r->only && !is_stop(range.type)) {
        r->only = range.type;
        return 1;
    }
    struct tri_range_list *l = list_with_room(s, r);
    if (!l)
        return 0;
    if (is_stop(range.type)) {
        if (!l->stop_of && l->count >= STOPS_WITHOUT_MAP && !map_stops(s->mem, l))
            return 0;
        if (l->stop_of && !tri_map_add(l->stop_of, range.name, l->count + 1))
            return 0;
    } else {
        l->unnamed = l->count + 1;
    }
    l->items[l->count++] = range;
    return 1;
}

struct tri_range tri_ranges_remove(struct tri_state *s, struct tri_ranges *r, int64_t index)
{
    if (!r->listed) {
        struct tri_range only = {.type = r->only};
        r->only = 0;
        return only;
    }
    struct tri_range_list *l = list_of(s, r);
    struct tri_range gone = l->items[index], last = l->items[--l->count];
    if (!is_stop(gone.type))
        l->unnamed = 0;
    else if (l->stop_of)
        tri_map_remove(l->stop_of, gone.name);
    if (index < l->count) {
        l->items[index] = last;
        if (!is_stop(last.type))
            l->unnamed = (uint32_t)index + 1;
        else if (l->stop_of)
            tri_map_move(l->stop_of, last.name, (uint64_t)index + 1);
    }
    return gone;
}

/* --- Regions --- */

int tri_state_enter_region(struct tri_state *s, struct tri_go *go, uint64_t task, uint32_t name)
{
    uint32_t number = s->free_region;
    if (!number && !tri_mem_reserve(s->mem, &s->regions, &s->region_cap,
                                    (uint64_t)s->region_count + 1, sizeof *s->regions))
        return 0;
    if (number)
        s->free_region = s->regions[number - 1].outer;
    else
        number = ++s->region_count;
    s->regions[number - 1] = (struct tri_region){.task = task, .name = name, .outer = go->region};
    go->region = number;
    return 1;
}

void tri_state_leave_region(struct tri_state *s, struct tri_go *go)
{
    uint32_t number = go->region;
    struct tri_region *region = &s->regions[number - 1];
    tri_names_release(&s->names, region->name);
    go->region = region->outer;
    region->outer = s->free_region;
    s->free_region = number;
}

/* --- All --- */

void tri_state_init(struct tri_state *s, struct tri_mem *mem)
{
    memset(s, 0, sizeof *s);
    s->mem = s->arena.mem = mem;
    s->thread_of.mem = s->task_of.mem = s->ranges_of.mem = s->names.mem = mem;
    tri_idmap_init(&s->proc_of, mem);
    tri_idmap_init(&s->go_of, mem);
}

void tri_state_free(struct tri_state *s)
{
    free_lists(s);
    tri_mem_free(s->mem, s->threads, s->thread_cap * sizeof *s->threads);
    tri_mem_free(s->mem, s->regions, s->region_cap * sizeof *s->regions);
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

uint64_t tri_state_memory(const struct tri_state *s)
{
    uint64_t slots =
        (uint64_t)s->thread_of.slot_count + s->task_of.slot_count + s->ranges_of.slot_count;
    return s->arena.bytes + slots * sizeof(struct tri_map_slot) +
           s->thread_cap * sizeof *s->threads + s->free_task_cap * sizeof *s->free_tasks +
           s->task_cap * sizeof *s->tasks + s->region_cap * sizeof *s->regions +
           tri_idmap_memory(&s->proc_of) + tri_idmap_memory(&s->go_of) +
           tri_names_memory(&s->names) + lists_memory(s);
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
    if (!p)
        return NULL;
    *p = (struct tri_proc){.id = id};
    return tri_idmap_add(&s->proc_of, p) ? p : NULL;
}

static void free_go(struct tri_state *s, struct tri_go *go)
{
    go->status = TRI_GO_ENDED;
    go->next_free = s->free_gos;
    s->free_gos = go;
}

struct tri_go *tri_state_add_go(struct tri_state *s, int64_t id)
{
    struct tri_go *go = s->free_gos;
    if (go)
        s->free_gos = go->next_free;
    else
        go = tri_arena_alloc(&s->arena, sizeof *go);
    if (!go)
        return NULL;
    *go = (struct tri_go){.id = id, .status = TRI_GO_BAD};
    if (tri_idmap_add(&s->go_of, go))
        return go;
    free_go(s, go);
    return NULL;
}

void tri_state_remove_go(struct tri_state *s, struct tri_go *go)
{
    tri_idmap_remove(&s->go_of, (uint64_t)go->id);
    if (go->ranges.listed)
        drop_list(s, &go->ranges);
    while (go->region)
        tri_state_leave_region(s, go);
    free_go(s, go);
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
