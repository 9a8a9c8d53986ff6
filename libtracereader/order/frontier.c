/* The heap of the reference's reader, comparison by comparison: parents move only
 * for a strictly smaller child, and of two equal children the left one is taken.
 *
 * Its sort costs n log n, and traces exist in which thousands of threads are sorted for
 * each event. But all that has changed since the last sort lies on a few paths of the
 * heap, and if no two times are equal there is one result only, however it is made:
 * what lies on paths, the strays, is put between stretches of what is still in order,
 * which move as a whole; best if the longest stays where it is in memory and the heap
 * begins elsewhere. With equal times it is the reference's own sort, which is told what
 * is in order, and what the result is but for them.
 *
 * Invariants: between calls heap[(i-1)/2].time <= heap[i].time for all i > 0, the guards'
 * too. While `sorted`, entries that are neither the head nor on a path of `paths` are in
 * time order, and unless `tied` in strict order. */
#include "order/frontier.h"

#include <string.h>

enum {
    NEARLY_MIN = 64,  /* fewer entries are just sorted */
    STRAYS_SHARE = 2, /* so are those of which more than one in this many is a stray */
    NEARLY_WRONG = 5, /* pairs of neighbours that Go's sort does not shift any more */
    PATHS_SHARE = 4   /* for one in this many entries a path is noted */
};

static void set_guards(struct tri_frontier *f)
{
    for (uint32_t i = f->count; i < f->count + TRI_FRONTIER_GUARDS; i++)
        f->heap[i] = (struct tri_timed){INT64_MAX, 0};
}

static void swap(struct tri_timed *h, uint32_t a, uint32_t b)
{
    struct tri_timed t = h[a];
    h[a] = h[b];
    h[b] = t;
}

static uint32_t sift_up(struct tri_timed *h, uint32_t i)
{
    while (i > 0 && h[(i - 1) / 2].time > h[i].time) {
        swap(h, (i - 1) / 2, i);
        i = (i - 1) / 2;
    }
    return i;
}

void tri_frontier_note(struct tri_frontier *f, uint32_t from, uint32_t to)
{
    if (!f->sorted)
        return;
    if (f->path_count < f->path_max)
        f->paths[f->path_count++] = (struct tri_heap_path){from, to};
    else
        f->sorted = false;
}

int tri_frontier_insert(struct tri_frontier *f, int64_t time, uint32_t cursor)
{
    size_t before = f->count ? (size_t)(f->heap - f->room) : 0;
    if (!tri_mem_reserve(f->mem, &f->room, &f->room_cap,
                         (uint64_t)before + f->count + 1 + TRI_FRONTIER_GUARDS, sizeof *f->room))
        return 0;
    f->heap = f->room + before;
    f->sorted = false;
    f->heap[f->count] = (struct tri_timed){time, cursor};
    sift_up(f->heap, f->count++);
    set_guards(f);
    return 1;
}

void tri_frontier_settle(struct tri_frontier *f, uint32_t i)
{
    uint32_t at = sift_up(f->heap, i);
    if (at == i)
        at = tri_heap_sift_down(f->heap, f->count, i);
    tri_frontier_note(f, at > i ? at : i, at > i ? i : at);
}

void tri_frontier_remove(struct tri_frontier *f, uint32_t i)
{
    tri_frontier_note(f, i, 0);
    /* To the root, whatever the times; then the last entry takes its place. */
    for (; i > 0; i = (i - 1) / 2)
        swap(f->heap, i, (i - 1) / 2);
    swap(f->heap, 0, --f->count);
    set_guards(f);
    tri_frontier_note(f, tri_heap_sift_down(f->heap, f->count, 0), 0);
}

/* All is in order: from now on note what changes, if there is memory. */
static void begin_noting(struct tri_frontier *f)
{
    uint32_t paths = f->count / PATHS_SHARE, strays = f->count / STRAYS_SHARE;
    size_t before = (size_t)(f->heap - f->room);
    f->sorted = tri_mem_reserve(f->mem, &f->paths, &f->path_cap, paths, sizeof *f->paths) &&
                tri_mem_reserve(f->mem, &f->strays, &f->stray_cap, strays, sizeof *f->strays) &&
                tri_mem_reserve(f->mem, &f->places, &f->place_cap, strays, sizeof *f->places) &&
                tri_mem_reserve(f->mem, &f->targets, &f->target_cap, strays, sizeof *f->targets) &&
                tri_mem_reserve(f->mem, &f->stretches, &f->stretch_cap, 2 * (uint64_t)strays + 1,
                                sizeof *f->stretches) &&
                tri_mem_reserve(f->mem, &f->room, &f->room_cap,
                                2 * (uint64_t)f->count + TRI_FRONTIER_GUARDS, sizeof *f->room) &&
                tri_bits_reserve(f->mem, &f->changed, f->count);
    f->heap = f->room + before;
    f->path_count = 0;
    f->path_max = f->sorted ? paths : 0;
}

/* Whether two are equal, when all is sorted. */
static bool find_ties(const struct tri_frontier *f)
{
    for (uint32_t i = 1; i < f->count; i++)
        if (f->heap[i].time == f->heap[i - 1].time)
            return true;
    return false;
}

/* Set the bits of what has changed; how many those are. */
static uint32_t mark_changed(struct tri_frontier *f)
{
    uint32_t marked = 0;
    for (uint32_t n = 0; n <= f->path_count; n++) {
        /* The head's time changes without a note. */
        struct tri_heap_path path = n ? f->paths[n - 1] : (struct tri_heap_path){0, 0};
        for (uint32_t i = path.from;; i = (i - 1) / 2) {
            if (i < f->count && !tri_bits_has(&f->changed, i)) {
                tri_bits_add(&f->changed, i);
                marked++;
            }
            if (i == path.to)
                break;
        }
    }
    return marked;
}

/* The first entry in [lo, hi) that is not before `time`; `hi`: there is none. */
static uint32_t first_not_before(const struct tri_timed *h, uint32_t lo, uint32_t hi, int64_t time)
{
    while (lo < hi) {
        uint32_t middle = lo + (hi - lo) / 2;
        if (h[middle].time < time)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

/* Find the stretches between the strays, which are sorted; how many. Equal times that are
 * not between two that have not changed are noted. */
static uint32_t find_stretches(struct tri_frontier *f, uint32_t stray_count)
{
    const struct tri_timed *h = f->heap, *stray = f->strays;
    uint32_t n = 0, x = 0, to = 0;
    for (uint32_t k = 1; k < stray_count; k++)
        f->tied |= stray[k].time == stray[k - 1].time;
    for (uint32_t k = 0, i = 0; k <= stray_count; k++, i++) {
        uint32_t next = k < stray_count ? f->places[k] : f->count;
        while (i < next) {
            uint32_t stop = next;
            while (x < stray_count && stray[x].time < h[i].time)
                f->targets[x++] = to++;
            if (x < stray_count && stray[x].time <= h[next - 1].time) {
                f->tied |= stray[x].time == h[i].time;
                stop = first_not_before(h, i + 1, next, stray[x].time);
            }
            f->stretches[n++] = (struct tri_stretch){i, to, stop - i};
            to += stop - i;
            i = stop;
        }
    }
    while (x < stray_count)
        f->targets[x++] = to++;
    return n;
}

/* Move stretches, and put the strays between them. */
static void move_stretches(struct tri_frontier *f, uint32_t n, uint32_t stray_count)
{
    const struct tri_stretch *longest = f->stretches;
    for (const struct tri_stretch *s = longest + 1; s < f->stretches + n; s++)
        if (s->length > longest->length)
            longest = s;
    ptrdiff_t begin = f->heap - f->room,
              last = (ptrdiff_t)f->room_cap - (ptrdiff_t)f->count - TRI_FRONTIER_GUARDS;
    ptrdiff_t place = begin + ((ptrdiff_t)longest->from - (ptrdiff_t)longest->to);
    place = place < 0 ? last : place > last ? 0 : place;
    struct tri_timed *h = f->heap, *dest = f->room + place;
    /* None lands on one that is yet to be moved. */
    bool right = false;
    for (const struct tri_stretch *s = f->stretches; s < f->stretches + n; s++) {
        ptrdiff_t by = place - begin + ((ptrdiff_t)s->to - (ptrdiff_t)s->from);
        if (by < 0)
            memmove(dest + s->to, h + s->from, s->length * sizeof *h);
        right |= by > 0;
    }
    for (const struct tri_stretch *s = f->stretches + n; right && s-- > f->stretches;)
        if (dest + s->to > h + s->from)
            memmove(dest + s->to, h + s->from, s->length * sizeof *h);
    for (uint32_t x = 0; x < stray_count; x++)
        dest[f->targets[x]] = f->strays[x];
    f->heap = dest;
    set_guards(f);
}

/* The same, elsewhere, and where times are equal; NULL: no memory. */
static const struct tri_sorted *fill_result(struct tri_frontier *f, uint32_t n,
                                            uint32_t stray_count, struct tri_sorted *result)
{
    if (!tri_mem_reserve(f->mem, &f->result, &f->result_cap, f->count, sizeof *f->result) ||
        !tri_bits_reserve(f->mem, &f->ties, f->count))
        return NULL;
    for (const struct tri_stretch *s = f->stretches; s < f->stretches + n; s++)
        memcpy(f->result + s->to, f->heap + s->from, s->length * sizeof *f->heap);
    for (uint32_t x = 0; x < stray_count; x++)
        f->result[f->targets[x]] = f->strays[x];
    for (uint32_t i = 1; i < f->count; i++)
        if (f->result[i].time == f->result[i - 1].time)
            tri_bits_add(&f->ties, i - 1);
    *result = (struct tri_sorted){f->result, f->ties};
    return result;
}

/* Few neighbours are in the wrong order, so that Go's sort may just shift a few. */
static bool is_nearly_sorted(const struct tri_frontier *f)
{
    uint32_t wrong = 0;
    for (uint32_t i = 0; (i = tri_bits_next(&f->changed, i, f->count)) < f->count; i++) {
        wrong += i > 0 && f->heap[i].time < f->heap[i - 1].time;
        wrong += i + 1 < f->count && !tri_bits_has(&f->changed, i + 1) &&
                 f->heap[i + 1].time < f->heap[i].time;
    }
    return wrong < NEARLY_WRONG;
}

/* All but what is marked is in order. False if more was done than to move a few. */
static bool sort_changed(struct tri_frontier *f)
{
    const struct tri_sorted *known = NULL;
    struct tri_sorted result;
    if (!f->tied || !is_nearly_sorted(f)) {
        uint32_t strays = tri_bits_list(&f->changed, f->count, f->places);
        for (uint32_t i = 0; i < strays; i++)
            f->strays[i] = f->heap[f->places[i]];
        tri_sort_timed(f->strays, strays);
        uint32_t n = find_stretches(f, strays);
        if (!f->tied) {
            move_stretches(f, n, strays);
            return true;
        }
        known = fill_result(f, n, strays, &result);
    }
    bool few = tri_sort_nearly_timed(f->heap, f->count, &f->changed, known);
    if (known) {
        f->tied = tri_bits_next(&f->ties, 0, f->count) < f->count;
        tri_bits_clear(&f->ties, f->count);
    } else if (!few) {
        f->tied = find_ties(f);
    }
    return few;
}

void tri_frontier_sort(struct tri_frontier *f)
{
    if (f->count < NEARLY_MIN) {
        tri_sort_timed(f->heap, f->count);
        f->sorted = false;
        return;
    }
    bool few = f->sorted && mark_changed(f) <= f->count / STRAYS_SHARE;
    if (few) {
        few = sort_changed(f);
    } else {
        tri_sort_timed(f->heap, f->count);
        f->tied = find_ties(f);
    }
    if (f->sorted)
        tri_bits_clear(&f->changed, f->count);
    f->path_count = 0;
    if (!few)
        begin_noting(f);
}

uint32_t tri_frontier_find(const struct tri_frontier *f, int64_t time)
{
    return first_not_before(f->heap, 0, f->count, time);
}

void tri_frontier_free(struct tri_frontier *f)
{
    tri_mem_free(f->mem, f->room, f->room_cap * sizeof *f->room);
    tri_mem_free(f->mem, f->paths, f->path_cap * sizeof *f->paths);
    tri_bits_free(f->mem, &f->changed);
    tri_mem_free(f->mem, f->result, f->result_cap * sizeof *f->result);
    tri_bits_free(f->mem, &f->ties);
    tri_mem_free(f->mem, f->places, f->place_cap * sizeof *f->places);
    tri_mem_free(f->mem, f->targets, f->target_cap * sizeof *f->targets);
    tri_mem_free(f->mem, f->strays, f->stray_cap * sizeof *f->strays);
    tri_mem_free(f->mem, f->stretches, f->stretch_cap * sizeof *f->stretches);
    *f = (struct tri_frontier){.mem = f->mem};
}
