/* Who woke whom, and how often?
 *
 *     who_woke [TRACE]
 *
 * A goroutine that stops waiting becomes runnable, and the event's own goroutine is
 * the one that saw to it: it sent on the channel, unlocked the mutex, and so on.
 * Where there is none, the runtime did it, for network and timers. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <tracereader.h>

enum { TOP = 20 };

struct pair {
    int64_t waker, woken;
    uint64_t count;
};

static int by_ids(const void *left, const void *right)
{
    const struct pair *a = left, *b = right;
    if (a->waker != b->waker)
        return a->waker < b->waker ? -1 : 1;
    return (a->woken > b->woken) - (a->woken < b->woken);
}

static int by_count(const void *left, const void *right)
{
    const struct pair *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return by_ids(left, right);
}

/* Sort, then make one of equal pairs. Return how many are left. */
static size_t merge(struct pair *pairs, size_t count)
{
    size_t kept = 0;
    if (count > 1)
        qsort(pairs, count, sizeof *pairs, by_ids);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && by_ids(&pairs[kept - 1], &pairs[i]) == 0)
            pairs[kept - 1].count += pairs[i].count;
        else
            pairs[kept++] = pairs[i];
    }
    return kept;
}

int main(int argc, char **argv)
{
    struct pair *pairs = NULL;
    size_t count = 0, capacity = 0;
    const tr_event *ev;
    if (argc > 2)
        return fprintf(stderr, "usage: %s [TRACE]\n", argv[0]), 2;
    tr_reader *r = tr_reader_new();
    if (!r)
        return 2;
    tr_status s = argc > 1 ? tr_reader_open_path(r, argv[1]) : tr_reader_open_fd(r, 0);
    while (s == TR_OK && (s = tr_reader_next(r, &ev)) == TR_OK) {
        if (ev->kind != TR_KIND_STATE_TRANSITION ||
            ev->transition.resource != TR_RESOURCE_GOROUTINE ||
            ev->transition.from != TR_GO_WAITING || ev->transition.to != TR_GO_RUNNABLE)
            continue;
        if (count == capacity) {
            /* Room is needed only as the number of different pairs grows. */
            count = merge(pairs, count);
            if (count >= capacity / 2) {
                capacity = capacity ? 2 * capacity : 1024;
                pairs = realloc(pairs, capacity * sizeof *pairs);
                if (!pairs)
                    return 2;
            }
        }
        pairs[count].waker = ev->goroutine;
        pairs[count].woken = ev->transition.id;
        pairs[count++].count = 1;
    }
    if (s != TR_END)
        fprintf(stderr, "%s\n", tr_reader_error(r)->message);
    tr_reader_free(r);

    count = merge(pairs, count);
    if (count > 1)
        qsort(pairs, count, sizeof *pairs, by_count);
    for (size_t i = 0; i < count && i < TOP; i++) {
        if (pairs[i].waker == TR_NONE)
            printf("%10" PRIu64 " times: the runtime", pairs[i].count);
        else
            printf("%10" PRIu64 " times: goroutine %" PRId64, pairs[i].count, pairs[i].waker);
        printf(" woke goroutine %" PRId64 "\n", pairs[i].woken);
    }
    free(pairs);
    return s != TR_END;
}
