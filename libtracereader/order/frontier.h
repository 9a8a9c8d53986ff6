/* The frontier: the threads that have an event to offer, as the reference's binary
 * heap by time. Its layout decides ties, so it is kept step for step. */
#ifndef TRI_ORDER_FRONTIER_H
#define TRI_ORDER_FRONTIER_H

#include "base/bits.h"
#include "base/compiler.h"
#include "base/sort.h"

/* A path of the heap, from an entry up to one above it. */
struct tri_heap_path {
    uint32_t from, to;
};

/* Entries that stay together in a sort, and where they go. */
struct tri_stretch {
    uint32_t from, to, length;
};

/* What stands behind the last entry, so that nobody asks whether an entry has children. */
enum { TRI_FRONTIER_GUARDS = 2 };
/* So many that to go through all levels costs more than wrong guesses. */
enum { TRI_FRONTIER_DEEP = 2048 };

/* Zero-initialized but for `mem`. `heap[0]` is the head; `index` names a cursor; heap[count]
 * and the one behind it are guards, at INT64_MAX, once there was an entry. */
struct tri_frontier {
    struct tri_mem *mem;
    struct tri_timed *heap; /* somewhere in `room` */
    uint32_t count;
    uint32_t room_cap;
    struct tri_timed *room;

    /* For the next sort; see frontier.c. */
    bool sorted; /* all that is on no path of `paths` is as it was sorted */
    bool tied;   /* some of it may have equal times */
    struct tri_heap_path *paths;
    uint32_t path_count, path_max, path_cap;
    struct tri_bits changed; /* empty between sorts */
    struct tri_timed *strays;
    uint32_t *places;  /* where they were, in order of place */
    uint32_t *targets; /* where they go, in order of time */
    uint32_t stray_cap, place_cap, target_cap;
    struct tri_stretch *stretches;
    uint32_t stretch_cap;
    struct tri_timed *result; /* of a sort with equal times, but for their order */
    uint32_t result_cap;
    struct tri_bits ties; /* empty between sorts */
};

/* 0 if there is no memory. */
int tri_frontier_insert(struct tri_frontier *f, int64_t time, uint32_t cursor);
/* Move the entry at `i` to where its time belongs. */
void tri_frontier_settle(struct tri_frontier *f, uint32_t i);

/* Entries from `from` up to `to` are not what they were when they were sorted. */
void tri_frontier_note(struct tri_frontier *f, uint32_t from, uint32_t to);

/* The entry at `i` has a new time. */
static inline void tri_frontier_update(struct tri_frontier *f, uint32_t i, int64_t time)
{
    f->heap[i].time = time;
    tri_frontier_settle(f, i);
}

/* Move entry i down to where its time belongs: there. */
static inline uint32_t tri_heap_sift_down(struct tri_timed *h, uint32_t count, uint32_t i)
{
    const struct tri_timed entry = h[i];
    for (uint32_t child; (child = 2 * i + 1) < count; i = child) {
        /* A branch: guessed, it lets what lies further down be loaded meanwhile. */
        if (TRI_UNLIKELY(h[child + 1].time < h[child].time))
            child++;
        if (h[child].time >= entry.time)
            break;
        h[i] = h[child];
    }
    h[i] = entry;
    return i;
}

/* The entry so many bytes behind the head. */
static TRI_INLINE struct tri_timed *tri_heap_at(struct tri_timed *h, size_t at)
{
    return (void *)((char *)h + at);
}

/* A step down of an entry at `time` that is to come to *hole: the earlier of two children, the
 * one at `left` and the next, takes the place of the parent, at `i`, if it is before that. Which
 * one it is. Those of later steps are later: if it stays here, so do they. Places are in bytes,
 * as each step waits for what the one before makes of them. */
static TRI_INLINE size_t tri_heap_step(struct tri_timed *h, size_t i, size_t left, int64_t time,
                                       size_t *hole)
{
    const size_t right = left + sizeof *h;
    size_t child = tri_heap_at(h, right)->time < tri_heap_at(h, left)->time ? right : left;
    TRI_CHOSEN(child);
    bool before = tri_heap_at(h, child)->time < time;
    size_t from = before ? child : i, to = before ? child : *hole;
    TRI_CHOSEN(from);
    TRI_CHOSEN(to);
    *tri_heap_at(h, i) = *tri_heap_at(h, from);
    *hole = to;
    return child;
}

/* The same as tri_frontier_update(f, 0, time). Where threads take turns it can as little be
 * guessed how far down the head goes as which way, so nothing depends on a guess: it goes
 * through all levels. Of very many threads that is too far. */
static TRI_INLINE void tri_frontier_update_head(struct tri_frontier *f, int64_t time)
{
    struct tri_timed *h = f->heap;
    const struct tri_timed head = {time, h->index};
    const uint32_t count = f->count;
    uint32_t hole;
    if (TRI_UNLIKELY(count >= TRI_FRONTIER_DEEP)) {
        h[0].time = time;
        hole = tri_heap_sift_down(h, count, 0);
    } else {
        const size_t entry = sizeof *h, end = count * entry;
        size_t i = 0, to = 0;
        for (uint32_t width = count; width > 3; width >>= 1)
            i = tri_heap_step(h, i, 2 * i + entry, time, &to);
        /* The last level may end before; a guard is there. */
        if (count > 1)
            tri_heap_step(h, i, 2 * i + entry < end ? 2 * i + entry : end, time, &to);
        *tri_heap_at(h, to) = head;
        hole = (uint32_t)(to / entry);
    }
    if (TRI_UNLIKELY(f->sorted) && hole)
        tri_frontier_note(f, hole, 0);
}

void tri_frontier_remove(struct tri_frontier *f, uint32_t i);
/* Put all entries in time order, which is a heap too: the candidates to try, from
 * entry 1 on, when the head cannot advance. The order stays. */
void tri_frontier_sort(struct tri_frontier *f);
/* Right after that: the first entry that is not before `time`, or their count. */
uint32_t tri_frontier_find(const struct tri_frontier *f, int64_t time);
void tri_frontier_free(struct tri_frontier *f);

#endif
