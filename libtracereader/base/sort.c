/* Pattern-defeating quicksort as Go's package slices does it (Go 1.19 to 1.26).
 * The sort is unstable, and the places of equal elements decide ties later, so
 * each comparison and swap below happens where Go makes it. Ranges are [lo, hi).
 *
 * What Go swaps through a range, from neighbour to neighbour, is moved there at once. */
#include "base/sort.h"

#include <string.h>

enum {
    INSERTION_MAX = 12,  /* ranges up to this length are sorted by insertion */
    NINTHER_MIN = 50,    /* from this length on the pivot is a median of medians */
    ALL_SWAPPED = 4 * 3, /* swaps of a ninther over a falling range */
    SHIFT_MIN = 50,      /* shorter ranges are not worth shifting in */
    SHIFT_STEPS = 5      /* pairs that may be shifted before giving up */
};

enum trend { TREND_UNKNOWN, TREND_RISING, TREND_FALLING };

static inline bool less(const struct tri_timed *v, ptrdiff_t a, ptrdiff_t b)
{
    return v[a].time < v[b].time;
}

static inline void swap(struct tri_timed *v, ptrdiff_t a, ptrdiff_t b)
{
    struct tri_timed t = v[a];
    v[a] = v[b];
    v[b] = t;
}

static unsigned bit_length(size_t n)
{
    unsigned bits = 0;
    for (; n; n >>= 1)
        bits++;
    return bits;
}

static void insertion_sort(struct tri_timed *v, ptrdiff_t lo, ptrdiff_t hi)
{
    for (ptrdiff_t i = lo + 1; i < hi; i++)
        for (ptrdiff_t j = i; j > lo && less(v, j, j - 1); j--)
            swap(v, j, j - 1);
}

/* Let the element at `root` of the max-heap that begins at `base` sink. */
static void sink(struct tri_timed *v, ptrdiff_t root, ptrdiff_t count, ptrdiff_t base)
{
    for (;;) {
        ptrdiff_t child = 2 * root + 1;
        if (child >= count)
            return;
        if (child + 1 < count && less(v, base + child, base + child + 1))
            child++;
        if (!less(v, base + root, base + child))
            return;
        swap(v, base + root, base + child);
        root = child;
    }
}

static void heap_sort(struct tri_timed *v, ptrdiff_t lo, ptrdiff_t hi)
{
    ptrdiff_t count = hi - lo;
    for (ptrdiff_t i = (count - 1) / 2; i >= 0; i--)
        sink(v, i, count, lo);
    for (ptrdiff_t i = count - 1; i >= 0; i--) {
        swap(v, lo, lo + i);
        sink(v, 0, i, lo);
    }
}

/* The index of the median of three elements; each exchange adds to *swaps. */
static ptrdiff_t median(const struct tri_timed *v, ptrdiff_t a, ptrdiff_t b, ptrdiff_t c,
                        int *swaps)
{
    ptrdiff_t t;
    if (less(v, b, a)) {
        t = a, a = b, b = t;
        ++*swaps;
    }
    if (less(v, c, b)) {
        b = c;
        ++*swaps;
    }
    if (less(v, b, a)) {
        b = a;
        ++*swaps;
    }
    return b;
}

static ptrdiff_t choose_pivot(const struct tri_timed *v, ptrdiff_t lo, ptrdiff_t hi,
                              enum trend *trend)
{
    ptrdiff_t quarter = (hi - lo) / 4;
    ptrdiff_t i = lo + quarter, j = lo + quarter * 2, k = lo + quarter * 3;
    int swaps = 0;
    if (hi - lo >= NINTHER_MIN) {
        i = median(v, i - 1, i, i + 1, &swaps);
        j = median(v, j - 1, j, j + 1, &swaps);
        k = median(v, k - 1, k, k + 1, &swaps);
    }
    j = median(v, i, j, k, &swaps);
    *trend = swaps == 0 ? TREND_RISING : swaps == ALL_SWAPPED ? TREND_FALLING : TREND_UNKNOWN;
    return j;
}

static void reverse(struct tri_timed *v, ptrdiff_t lo, ptrdiff_t hi)
{
    for (hi--; lo < hi; lo++, hi--)
        swap(v, lo, hi);
}

/* The first of the elements from i on that is a suspect or follows one. */
static ptrdiff_t next_suspect(const struct tri_bits *suspects, ptrdiff_t i, ptrdiff_t hi)
{
    if (tri_bits_has(suspects, (uint32_t)(i - 1)))
        return i;
    return tri_bits_next(suspects, (uint32_t)i, (uint32_t)hi);
}

/* Repair a nearly sorted range; true if it is sorted then. With `suspects` any two
 * neighbours of which neither is one are in order. */
static bool shift_few(struct tri_timed *v, ptrdiff_t lo, ptrdiff_t hi,
                      const struct tri_bits *suspects)
{
    ptrdiff_t i = lo + 1, compare_to = suspects ? lo : hi; /* behind it suspects only */
    for (int step = 0; step < SHIFT_STEPS; step++) {
        for (; i < hi; i++) {
            if (i > compare_to)
                i = next_suspect(suspects, i, hi);
            if (i == hi || less(v, i, i - 1))
                break;
        }
        if (i == hi)
            return true;
        if (hi - lo < SHIFT_MIN)
            return false;
        swap(v, i, i - 1);
        /* To the left Go looks past `lo`, down to the first element of all. */
        ptrdiff_t j = i - 1;
        struct tri_timed moved = v[j];
        if (i - lo >= 2)
            while (j >= 1 && moved.time < v[j - 1].time)
                j--;
        memmove(v + j + 1, v + j, (size_t)(i - 1 - j) * sizeof *v);
        v[j] = moved;
        moved = v[i];
        j = i + 1;
        if (hi - i >= 2)
            while (j < hi && v[j].time < moved.time)
                j++;
        memmove(v + i, v + i + 1, (size_t)(j - 1 - i) * sizeof *v);
        v[j - 1] = moved;
        if (compare_to < j)
            compare_to = j; /* suspects up to here have moved */
    }
    return false;
}

/* Scatter three elements, so that a pattern does not unbalance every partition. */
static void break_pattern(struct tri_timed *v, ptrdiff_t lo, ptrdiff_t hi)
{
    ptrdiff_t length = hi - lo;
    if (length < 8)
        return;
    uint64_t random = (uint64_t)length;
    uint64_t mask = (UINT64_C(1) << bit_length((size_t)length)) - 1;
    ptrdiff_t middle = lo + length / 4 * 2;
    for (ptrdiff_t at = middle - 1; at <= middle + 1; at++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        ptrdiff_t other = (ptrdiff_t)(random & mask);
        if (other >= length)
            other -= length;
        swap(v, at, lo + other);
    }
}

/* Gather what equals the pivot at the front, given that nothing is smaller; return
 * where the rest begins. */
static ptrdiff_t partition_equal(struct tri_timed *v, ptrdiff_t lo, ptrdiff_t hi, ptrdiff_t pivot)
{
    swap(v, lo, pivot);
    ptrdiff_t i = lo + 1, j = hi - 1;
    for (;;) {
        while (i <= j && !less(v, lo, i))
            i++;
        while (i <= j && less(v, lo, j))
            j--;
        if (i > j)
            return i;
        swap(v, i++, j--);
    }
}

/* Smaller elements to the left of the pivot; return its place. */
static ptrdiff_t partition(struct tri_timed *v, ptrdiff_t lo, ptrdiff_t hi, ptrdiff_t pivot,
                           bool *was_partitioned)
{
    swap(v, lo, pivot);
    ptrdiff_t i = lo + 1, j = hi - 1;
    *was_partitioned = true;
    for (;;) {
        while (i <= j && less(v, i, lo))
            i++;
        while (i <= j && !less(v, j, lo))
            j--;
        if (i > j)
            break;
        *was_partitioned = false;
        swap(v, i++, j--);
    }
    swap(v, j, lo);
    return j;
}

/* Whether an element of the range equals another one, be it outside. */
static bool has_ties(const struct tri_bits *ties, ptrdiff_t lo, ptrdiff_t hi)
{
    return tri_bits_next(ties, (uint32_t)(lo ? lo - 1 : 0), (uint32_t)hi) < (uint32_t)hi;
}

/* `bad_pivots` more unbalanced partitions are allowed before heap sort takes over;
 * `suspects` are those of shift_few, or NULL, as is `known`. True if shifting a few was
 * all. */
static bool sort_range(struct tri_timed *v, ptrdiff_t lo, ptrdiff_t hi, unsigned bad_pivots,
                       const struct tri_bits *suspects, const struct tri_sorted *known)
{
    bool balanced = true, partitioned = true, first = true;
    for (;; first = false, suspects = NULL) {
        ptrdiff_t length = hi - lo;
        if (known && !first && !has_ties(&known->ties, lo, hi)) {
            memcpy(v + lo, known->v + lo, (size_t)length * sizeof *v);
            return false;
        }
        if (length <= INSERTION_MAX) {
            insertion_sort(v, lo, hi);
            return false;
        }
        if (bad_pivots == 0) {
            heap_sort(v, lo, hi);
            return false;
        }
        if (!balanced) {
            break_pattern(v, lo, hi);
            bad_pivots--;
        }
        enum trend trend;
        ptrdiff_t pivot = choose_pivot(v, lo, hi, &trend);
        if (trend == TREND_FALLING) {
            reverse(v, lo, hi);
            pivot = (hi - 1) - (pivot - lo);
            trend = TREND_RISING;
            first = false;
            suspects = NULL;
        }
        if (balanced && partitioned && trend == TREND_RISING && shift_few(v, lo, hi, suspects))
            return first;
        if (lo > 0 && !less(v, lo - 1, pivot)) {
            lo = partition_equal(v, lo, hi, pivot);
            continue;
        }
        ptrdiff_t middle = partition(v, lo, hi, pivot, &partitioned);
        ptrdiff_t left = middle - lo, right = hi - middle;
        if (left < right) {
            balanced = left >= length / 8;
            sort_range(v, lo, middle, bad_pivots, NULL, known);
            lo = middle + 1;
        } else {
            balanced = right >= length / 8;
            sort_range(v, middle + 1, hi, bad_pivots, NULL, known);
            hi = middle;
        }
    }
}

void tri_sort_timed(struct tri_timed *v, size_t count)
{
    sort_range(v, 0, (ptrdiff_t)count, bit_length(count), NULL, NULL);
}

bool tri_sort_nearly_timed(struct tri_timed *v, size_t count, const struct tri_bits *suspects,
                           const struct tri_sorted *known)
{
    return sort_range(v, 0, (ptrdiff_t)count, bit_length(count), suspects, known);
}
