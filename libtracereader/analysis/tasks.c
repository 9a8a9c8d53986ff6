/* The task that each goroutine works for, as Go's own summary (internal/trace) has it: that of
 * the region begun last. A goroutine that is created in a region is in one of the same task
 * from its begin, unless it is the runtime's own, whose region Go leaves out in the end.
 *
 * Invariant: `top` holds the goroutines that are in a region, so that memory grows with the
 * regions that are open at once. */
#include "analysis/tasks.h"

#include <stdlib.h>
#include <string.h>

static int push_region(struct tri_analysis_tasks *t, int64_t goroutine, uint64_t task)
{
    struct tri_analysis_slot *slot;
    size_t place = t->free;

    if (place == 0 && t->count == t->capacity) {
        size_t capacity = t->capacity ? t->capacity * 2 : 16;
        struct tri_analysis_region *regions;
        if (capacity > SIZE_MAX / sizeof *regions)
            return -1;
        regions = realloc(t->regions, capacity * sizeof *regions);
        if (!regions)
            return -1;
        t->regions = regions;
        t->capacity = capacity;
    }
    slot = tri_analysis_map_insert(&t->top, (uint64_t)goroutine);
    if (!slot)
        return -1;
    if (place == 0)
        place = ++t->count;
    else
        t->free = t->regions[place - 1].below;
    t->regions[place - 1].task = task;
    t->regions[place - 1].below = (size_t)slot->value;
    slot->value = place;
    return 0;
}

static void pop_region(struct tri_analysis_tasks *t, struct tri_analysis_slot *slot)
{
    size_t place = (size_t)slot->value, below = t->regions[place - 1].below;

    t->regions[place - 1].below = t->free;
    t->free = place;
    if (below != 0)
        slot->value = below;
    else
        tri_analysis_map_remove(&t->top, slot);
}

static int starts_with(tr_str s, const char *begin)
{
    return s.len >= strlen(begin) && memcmp(s.ptr, begin, strlen(begin)) == 0;
}

/* Whether a goroutine with this stack is the runtime's own: by the function it began with. */
static int is_system(tr_stack stack)
{
    uint32_t count = tr_stack_frame_count(stack);
    tr_frame frame;

    if (count == 0 || tr_stack_frame(stack, count - 1, &frame) != TR_OK)
        return 1;
    return starts_with(frame.func, "runtime.") && !tr_str_equal(frame.func, "runtime.main");
}

static int note_transition(struct tri_analysis_tasks *t, const tr_event *ev)
{
    const tr_ev_transition *transition = &ev->transition;
    struct tri_analysis_slot *slot;

    if (transition->resource != TR_RESOURCE_GOROUTINE)
        return 0;
    /* In a trace that is salvaged one that is created again has ended. */
    if (transition->from == TR_GO_NOT_EXIST || transition->to == TR_GO_NOT_EXIST) {
        while ((slot = tri_analysis_map_find(&t->top, (uint64_t)transition->id)))
            pop_region(t, slot);
    }
    if (transition->from == TR_GO_NOT_EXIST) {
        slot = tri_analysis_map_find(&t->top, (uint64_t)ev->goroutine);
        if (slot && !is_system(transition->stack))
            return push_region(t, transition->id, t->regions[slot->value - 1].task);
    }
    return 0;
}

int tri_analysis_tasks_note(struct tri_analysis_tasks *t, const tr_event *ev)
{
    struct tri_analysis_slot *slot;

    if (ev->kind == TR_KIND_STATE_TRANSITION)
        return note_transition(t, ev);
    if (ev->kind == TR_KIND_REGION_BEGIN)
        return push_region(t, ev->goroutine, ev->region.task);
    if (ev->kind == TR_KIND_REGION_END) {
        slot = tri_analysis_map_find(&t->top, (uint64_t)ev->goroutine);
        if (slot)
            pop_region(t, slot);
    }
    return 0;
}

uint64_t tri_analysis_task_of(const struct tri_analysis_tasks *t, int64_t goroutine)
{
    const struct tri_analysis_slot *slot = tri_analysis_map_find(&t->top, (uint64_t)goroutine);
    return slot ? t->regions[slot->value - 1].task : TR_BACKGROUND_TASK;
}

void tri_analysis_tasks_free(struct tri_analysis_tasks *t)
{
    tri_analysis_map_free(&t->top);
    free(t->regions);
    memset(t, 0, sizeof *t);
}
