/* Tests the frontier against a second description of it, written from section 6 of
 * docs/FORMAT.md word by word: after each of many random operations, with many equal
 * times, the whole arrays must be equal. The sort is also compared with what Go's
 * slices.SortFunc (Go 1.26) made of the same arrays, recorded here as sums. */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "order/frontier.h"

/* --- The second description --- */

enum { MODEL_MAX = 5000 };

static struct tri_timed v[MODEL_MAX];
static int n;

static int64_t T(int i)
{
    return v[i].time;
}

static int less(int x, int y)
{
    return v[x].time < v[y].time;
}

static void swap(int x, int y)
{
    struct tri_timed t = v[x];
    v[x] = v[y];
    v[y] = t;
}

static int up(int i)
{
    while (i > 0 && T((i - 1) / 2) > T(i)) {
        swap(i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
    return i;
}

static void down(int i)
{
    for (;;) {
        int m = i;
        if (2 * i + 1 < n && T(2 * i + 1) < T(m))
            m = 2 * i + 1;
        if (2 * i + 2 < n && T(2 * i + 2) < T(m))
            m = 2 * i + 2;
        if (m == i)
            return;
        swap(i, m);
        i = m;
    }
}

static void model_insert(int64_t time, uint32_t index)
{
    v[n++] = (struct tri_timed){time, index};
    up(n - 1);
}

static void model_update(int i, int64_t time)
{
    v[i].time = time;
    if (up(i) == i)
        down(i);
}

static void model_remove(int i)
{
    while (i > 0) {
        swap(i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
    swap(0, n - 1);
    n--;
    down(0);
}

static int bits(int x)
{
    return x ? 1 + bits(x / 2) : 0;
}

static void insertion(int a, int b)
{
    for (int i = a + 1; i <= b - 1; i++)
        for (int j = i; j >= a + 1 && less(j, j - 1); j--)
            swap(j, j - 1);
}

static void sink(int a, int root, int hi)
{
    for (;;) {
        int c = 2 * root + 1;
        if (c >= hi)
            return;
        if (c + 1 < hi && less(a + c, a + c + 1))
            c = c + 1;
        if (!less(a + root, a + c))
            return;
        swap(a + root, a + c);
        root = c;
    }
}

static int heapsorts;

static void heapsort(int a, int b)
{
    int len = b - a;
    heapsorts++;
    for (int i = (len - 1) / 2; i >= 0; i--)
        sink(a, i, len);
    for (int i = len - 1; i >= 0; i--) {
        swap(a, a + i);
        sink(a, 0, i);
    }
}

static void scatter(int a, int b)
{
    int len = b - a;
    uint64_t x = (uint64_t)len, mod = (uint64_t)1 << bits(len);
    for (int k = a + (len / 4) * 2 - 1; k <= a + (len / 4) * 2 + 1; k++) {
        x = x ^ (x << 13);
        x = x ^ (x >> 7);
        x = x ^ (x << 17);
        int o = (int)(x & (mod - 1));
        if (o >= len)
            o = o - len;
        swap(k, a + o);
    }
}

static int exchanges;

static void exchange(int *x, int *y)
{
    int t = *x;
    *x = *y;
    *y = t;
    exchanges++;
}

static int median(int x, int y, int z)
{
    if (less(y, x))
        exchange(&x, &y);
    if (less(z, y))
        exchange(&y, &z);
    if (less(y, x))
        exchange(&x, &y);
    return y;
}

enum hint { UP, DOWN, UNKNOWN };

static int pivot(int a, int b, enum hint *hint)
{
    int len = b - a;
    int i = a + (len / 4) * 1, j = a + (len / 4) * 2, k = a + (len / 4) * 3;
    exchanges = 0;
    if (len >= 50) {
        i = median(i - 1, i, i + 1);
        j = median(j - 1, j, j + 1);
        k = median(k - 1, k, k + 1);
    }
    j = median(i, j, k);
    *hint = exchanges == 0 ? UP : exchanges == 12 ? DOWN : UNKNOWN;
    return j;
}

static int nearly(int a, int b)
{
    int i = a + 1;
    for (int repeat = 0; repeat < 5; repeat++) {
        while (i < b && !less(i, i - 1))
            i = i + 1;
        if (i == b)
            return 1;
        if (b - a < 50)
            return 0;
        swap(i, i - 1);
        if (i - a >= 2)
            for (int j = i - 1; j >= 1 && less(j, j - 1); j--)
                swap(j, j - 1);
        if (b - i >= 2)
            for (int j = i + 1; j <= b - 1 && less(j, j - 1); j++)
                swap(j, j - 1);
    }
    return 0;
}

static int part(int a, int b, int p, int *still)
{
    swap(a, p);
    int i = a + 1, j = b - 1;
    *still = 1;
    for (;;) {
        while (i <= j && less(i, a))
            i = i + 1;
        while (i <= j && !less(j, a))
            j = j - 1;
        if (i > j) {
            swap(j, a);
            return j;
        }
        swap(i, j);
        i = i + 1;
        j = j - 1;
        *still = 0;
    }
}

static int part_equal(int a, int b, int p)
{
    swap(a, p);
    int i = a + 1, j = b - 1;
    for (;;) {
        while (i <= j && !less(a, i))
            i = i + 1;
        while (i <= j && less(a, j))
            j = j - 1;
        if (i > j)
            return i;
        swap(i, j);
        i = i + 1;
        j = j - 1;
    }
}

static void pdq(int a, int b, int limit)
{
    int balanced = 1, parted = 1;
    for (;;) {
        int len = b - a;
        if (len <= 12) {
            insertion(a, b);
            return;
        }
        if (limit == 0) {
            heapsort(a, b);
            return;
        }
        if (!balanced) {
            scatter(a, b);
            limit = limit - 1;
        }
        enum hint hint;
        int p = pivot(a, b, &hint);
        if (hint == DOWN) {
            for (int i = a, j = b - 1; i < j; i++, j--)
                swap(i, j);
            p = (b - 1) - (p - a);
            hint = UP;
        }
        if (balanced && parted && hint == UP && nearly(a, b))
            return;
        if (a > 0 && !less(a - 1, p)) {
            a = part_equal(a, b, p);
            continue;
        }
        int m = part(a, b, p, &parted);
        if (m - a < b - m) {
            balanced = (m - a) >= len / 8;
            pdq(a, m, limit);
            a = m + 1;
        } else {
            balanced = (b - m) >= len / 8;
            pdq(m + 1, b, limit);
            b = m;
        }
    }
}

static void model_sort(void)
{
    pdq(0, n, bits(n));
}

/* --- Random operations --- */

static uint64_t random_state;

static uint64_t next_random(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return random_state >> 33;
}

static struct tri_mem *mem;
static struct tri_frontier frontier;

static int same(const struct tri_timed *a, const struct tri_timed *b)
{
    return a->time == b->time && a->index == b->index;
}

/* A check in Check writes to a file each time: there is one for a whole array. */
static void compare(int step)
{
    int bad = frontier.count == (uint32_t)n ? -1 : n;
    for (int i = 0; i < n && bad < 0; i++)
        if (!same(&frontier.heap[i], &v[i]) || T((i - 1) / 2) > T(i))
            bad = i;
    ck_assert_msg(bad < 0, "step %d: entry %d of %d differs", step, bad, n);
}

/* How many operations, on how many entries, with how many different times at once. */
static const struct run {
    int steps, size;
    uint64_t times;
} runs[] = {
    {10000, 3, 2},   {10000, 8, 1},   {10000, 12, 3},    {10000, 13, 2},  {5000, 14, 1000000},
    {5000, 16, 4},   {5000, 30, 1},   {5000, 49, 5},     {5000, 50, 6},   {5000, 64, 3},
    {4000, 100, 10}, {2000, 1000, 3}, {4000, 200, 1000}, {2000, 1000, 7}, {4000, 4000, 1000},
};
enum { RUN_COUNT = (int)(sizeof runs / sizeof runs[0]) };

START_TEST(test_operations)
{
    const struct run *run = &runs[_i];
    uint32_t cursors = 0;
    n = 0;
    random_state = (uint64_t)_i + 1;
    mem = tri_mem_new(NULL);
    frontier = (struct tri_frontier){.mem = mem};
    for (int step = 0; step < run->steps; step++) {
        uint64_t op = next_random() % 16;
        int64_t time = (int64_t)(next_random() % run->times) - (int64_t)(run->times / 2);
        int at = n ? (int)(next_random() % (uint64_t)n) : 0;
        if (n == 0 || (n < run->size && op < 6)) {
            ck_assert(tri_frontier_insert(&frontier, time, cursors));
            model_insert(time, cursors++);
        } else if (op == 6) {
            /* Remove less often than insert, and the head half of the time. */
            at = next_random() % 2 ? at : 0;
            tri_frontier_remove(&frontier, (uint32_t)at);
            model_remove(at);
        } else if (op == 7) {
            tri_frontier_sort(&frontier);
            model_sort();
        } else if (op < 12) { /* what the order does: the head moves on a little */
            time = T(0) + (int64_t)(next_random() % run->times % 3);
            tri_frontier_update_head(&frontier, time);
            model_update(0, time);
        } else {
            if (at == 0 && step % 2)
                tri_frontier_update_head(&frontier, time);
            else
                tri_frontier_update(&frontier, (uint32_t)at, time);
            model_update(at, time);
        }
        if (n <= 200 || step % 16 == 0 || op == 7)
            compare(step);
    }
    while (n) {
        int at = (int)(next_random() % (uint64_t)n);
        tri_frontier_remove(&frontier, (uint32_t)at);
        model_remove(at);
        if (n % 16 == 0)
            compare(n);
    }
    tri_frontier_free(&frontier);
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    tri_mem_unref(mem);
}
END_TEST

/* Sorts between which few entries change, as while a head waits. */
static const struct calm {
    int size, changes; /* at most so many between two sorts */
    uint64_t times, advance;
    int last; /* 0: of any entries, else of the last so many and the head */
} calms[] = {
    {63, 2, 1000000, 1000, 0},
    {64, 2, 1000000, 1000, 0},
    {64, 3, 30, 3, 0},
    {65, 1, 1000000, 1000, 3},
    {100, 4, 1, 2, 0},
    {130, 3, 1000, 100, 4},
    {200, 9, 1 << 30, 1 << 20, 0},
    {300, 1, 3000, 10, 1},
    {300, 1, 30, 1, 3},
    {1000, 4, 1 << 30, 1 << 29, 0},
    {1000, 60, 1 << 30, 1 << 20, 0},
    {1000, 5, 100000, 100000, 0},
    {2000, 400, 1 << 30, 1000, 0},
    {3000, 16, UINT64_C(1) << 40, UINT64_C(1) << 40, 0},
};
enum { CALM_COUNT = (int)(sizeof calms / sizeof calms[0]) };

START_TEST(test_few_changes)
{
    const struct calm *calm = &calms[_i];
    mem = tri_mem_new(NULL);
    frontier = (struct tri_frontier){.mem = mem};
    random_state = (uint64_t)_i + 1;
    for (int generation = 0; generation < 2; generation++) {
        frontier.count = 0;
        n = 0;
        for (uint32_t i = 0; i < (uint32_t)calm->size; i++) {
            int64_t time = (int64_t)(next_random() % calm->times);
            ck_assert(tri_frontier_insert(&frontier, time, i));
            model_insert(time, i);
        }
        for (int step = 0; step < 300; step++) {
            tri_frontier_sort(&frontier);
            model_sort();
            compare(step);
            for (int change = (int)(next_random() % (uint64_t)calm->changes); change >= 0;
                 change--) {
                int at = (int)(next_random() % (uint64_t)n);
                if (calm->last)
                    at = n - 1 - at % calm->last;
                if (calm->last == 0 && change % 2)
                    at = 0;
                if (next_random() % 64 == 0) {
                    tri_frontier_remove(&frontier, (uint32_t)at);
                    model_remove(at);
                    continue;
                }
                int64_t time = T(at) + (int64_t)(next_random() % calm->advance);
                if (next_random() % 32 == 0) /* a batch may begin with an earlier time */
                    time = T(0);
                tri_frontier_update(&frontier, (uint32_t)at, time);
                model_update(at, time);
            }
        }
    }
    tri_frontier_free(&frontier);
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    tri_mem_unref(mem);
}
END_TEST

/* Nor does it matter for a sort that there is no memory to note what changes. */
START_TEST(test_no_memory_for_notes)
{
    enum { SIZE = 200 };
    mem = tri_mem_new(NULL);
    frontier = (struct tri_frontier){.mem = mem};
    random_state = 1;
    n = 0;
    for (uint32_t i = 0; i < SIZE; i++) {
        ck_assert(tri_frontier_insert(&frontier, (int64_t)i / 3, i));
        model_insert((int64_t)i / 3, i);
    }
    for (int step = 0; step < 200; step++) {
        /* A little more each time, until there is enough. */
        tri_mem_set_limit(mem, tri_mem_used(mem) + 100 * (uint64_t)step);
        tri_frontier_sort(&frontier);
        model_sort();
        compare(step);
        for (int at = 0; at < SIZE; at += 40) {
            int64_t time = T(at) + (int64_t)(next_random() % 50);
            tri_frontier_update(&frontier, (uint32_t)at, time);
            model_update(at, time);
        }
    }
    ck_assert(frontier.sorted);
    tri_frontier_free(&frontier);
    tri_mem_unref(mem);
}
END_TEST

/* Times at the ends of their range. */
START_TEST(test_extremes)
{
    static const int64_t times[] = {0, INT64_MAX, INT64_MIN, -1, INT64_MIN, INT64_MAX, 1, 0};
    n = 0;
    mem = tri_mem_new(NULL);
    frontier = (struct tri_frontier){.mem = mem};
    for (uint32_t i = 0; i < 8; i++) {
        ck_assert(tri_frontier_insert(&frontier, times[i], UINT32_MAX - i));
        model_insert(times[i], UINT32_MAX - i);
        compare((int)i);
    }
    tri_frontier_sort(&frontier);
    model_sort();
    compare(8);
    /* Up to 12 entries the sort is stable: here, as the heap had them. */
    ck_assert_int_eq(T(0), INT64_MIN);
    ck_assert_int_eq(T(7), INT64_MAX);
    tri_frontier_free(&frontier);
    tri_mem_unref(mem);
}
END_TEST

/* Without memory nothing is inserted and all else stays. */
START_TEST(test_no_memory)
{
    mem = tri_mem_new(NULL);
    tri_mem_set_limit(mem, 1000);
    frontier = (struct tri_frontier){.mem = mem};
    uint32_t count = 0;
    while (tri_frontier_insert(&frontier, 5, count))
        count++;
    ck_assert_uint_gt(count, 0);
    ck_assert_uint_eq(frontier.count, count);
    for (uint32_t i = 0; i < count; i++)
        ck_assert_uint_eq(frontier.heap[i].index, i); /* all equal: none moves */
    tri_frontier_free(&frontier);
    tri_frontier_sort(&frontier);
    tri_mem_unref(mem);
}
END_TEST

/* --- What Go made of them --- */

enum pattern { RANDOM, RISING, FALLING, ORGAN_PIPE, NEARLY_RISING, SAW, PATTERN_COUNT };

/* Fill v with n times of about `values` different ones. Go did the same:
 *
 *     for i := range v { x = x*6364136223846793005 + 1442695040888963407; ... }
 *     slices.SortFunc(v, func(a, b timed) int { return cmp.Compare(a.time, b.time) })
 *
 * and then added each index, as four bytes, the lowest first, to a sum (FNV-1a). */
static void fill(enum pattern pattern, uint64_t values, uint64_t seed)
{
    uint64_t x = seed, count = (uint64_t)n;
    for (uint64_t i = 0; i < count; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint64_t random = x >> 33, from_end = count - 1 - i, t = 0;
        switch (pattern) {
        case RANDOM:
            t = random % values;
            break;
        case FALLING:
            t = from_end * values / count;
            break;
        case ORGAN_PIPE:
            t = (i < from_end ? i : from_end) * values / count;
            break;
        case NEARLY_RISING:
            t = random % 16 == 0 ? (x >> 37) % values : i * values / count;
            break;
        case SAW:
            t = i % values;
            break;
        default:
            t = i * values / count;
        }
        v[i] = (struct tri_timed){(int64_t)t, (uint32_t)i};
    }
}

static const int sizes[] = {2, 12, 13, 20, 49, 50, 64, 100, 257, 1000, 2048, 5000};
enum { SIZE_COUNT = (int)(sizeof sizes / sizeof sizes[0]) };
static const uint64_t value_counts[] = {1, 2, 5, 40, 1000, 1000000};
enum { SEEDS = 4 };

/* A sum for each pattern and size, over all counts of values, and of each over seeds 1
 * to 4. */
static const uint64_t sums_of_go[PATTERN_COUNT][SIZE_COUNT] = {
    /* random */
    {0xe4763ed2a6873315, 0x6eaaa572af9dae85, 0x7a3004341692a2c5, 0xbf314ef768d09625,
     0x38e1a837e5d8d655, 0x11f54f47b1cdf295, 0xc556c67a18eb3175, 0xd97ec45725acad45,
     0x5aa536e4c94c9a5d, 0x493967b875c26845, 0x9df0abc330acdf9d, 0xee72cee0db333299},
    /* rising */
    {0xf2ae2adc3cfdf0a5, 0xbc2baece7ab26125, 0x9895ab2bbd218ba5, 0x39dad2f3a2348c25,
     0x40146174584db125, 0x2605b081bb5bdb25, 0x50b28da9408b6325, 0x1107c413fdcc5725,
     0xdf67cdef5eb62c65, 0xb3c298e847c266a5, 0x2b397c8c3c365325, 0xcb35c0d58484aaa5},
    /* falling */
    {0xcc1ceda408ae3ca5, 0xf6e3f40152de3565, 0x9262f7513190a025, 0x85a6eb944433c965,
     0x162f64e1f91e4425, 0xd67836ec4cc05ea5, 0x12c4ca6ee49fda25, 0x4b2f9fa11016a2e5,
     0x9f5ef96083488ca5, 0xc7015500ba5c1905, 0x1c7c461b306c6235, 0x8520a2d0b562a0f5},
    /* organ pipe */
    {0xf2ae2adc3cfdf0a5, 0x1af79b0fa1823fa5, 0x175c745352bee5e5, 0x1a8a5d43ec92e6a5,
     0x7572de27a8d7f125, 0xfcf321c3b061d0e5, 0x856696c905467925, 0xa6f4206c661f70e5,
     0x4d1e6d6243ed5525, 0x716787cb8746aa05, 0xd4ed057d797b6c45, 0x637e65cdba8de6c5},
    /* nearly rising */
    {0xf2ae2adc3cfdf0a5, 0xbc2baece7ab26125, 0x9895ab2bbd218ba5, 0xf20a636082494005,
     0xe6fdf322de4bd3c5, 0x3ff50ef1c0077355, 0xa813331d4b4425e5, 0x5be93672ef7e2bb5,
     0xea9ccd1674c44895, 0x24f2c27417fdbad9, 0xf6f7ea5b646dd72d, 0x13ec9944ce1fe6bd},
    /* saw */
    {0xf2ae2adc3cfdf0a5, 0x7ec1fe7a6611dda5, 0x80065579e6f0b7e5, 0xb14ca3107c93f6e5,
     0xb8e563be7cf3fd25, 0x31dda27527381d25, 0x3108d03e5f3b2025, 0x53dcf8dc0014c825,
     0x143d50f351b9c165, 0x7f687450cf3b9b35, 0x8d50aa0b29906945, 0x61fbdc0316f4e4d5},
};

#define SUM_START UINT64_C(14695981039346656037)

static uint64_t add_indexes(uint64_t sum, const struct tri_timed *sorted)
{
    for (int i = 0; i < n; i++)
        for (int k = 0; k < 4; k++)
            sum = (sum ^ (uint8_t)(sorted[i].index >> 8 * k)) * UINT64_C(1099511628211);
    return sum;
}

/* Sort v both ways; the model's result stays in v. */
static uint64_t sort_both(uint64_t sum)
{
    static struct tri_timed copy[MODEL_MAX];
    memcpy(copy, v, (size_t)n * sizeof *v);
    tri_sort_timed(copy, (size_t)n);
    model_sort();
    int bad = -1;
    for (int i = 0; i < n && bad < 0; i++)
        if (!same(&copy[i], &v[i]))
            bad = i;
    ck_assert_msg(bad < 0, "of %d entries, %d differs", n, bad);
    return add_indexes(sum, copy);
}

START_TEST(test_sums_of_go)
{
    for (int s = 0; s < SIZE_COUNT; s++) {
        uint64_t sum = SUM_START;
        n = sizes[s];
        for (int c = 0; c < (int)(sizeof value_counts / sizeof value_counts[0]); c++)
            for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                fill((enum pattern)_i, value_counts[c], seed);
                sum = sort_both(sum);
            }
        ck_assert_msg(sum == sums_of_go[_i][s], "pattern %d, %d entries: not sorted as Go does", _i,
                      n);
    }
}
END_TEST

/* Times for which each pivot is the smallest (after McIlroy, "A Killer Adversary for
 * Quicksort", played against Go's sort), so that heap sort takes over. */
static const uint8_t killer[] = {
    189, 188, 191, 190, 193, 192, 195, 194, 197, 196, 199, 198, 166, 180, 150, 85,  154, 122, 175,
    164, 33,  22,  119, 159, 160, 127, 84,  118, 186, 157, 152, 83,  146, 170, 181, 113, 114, 149,
    8,   81,  126, 82,  144, 13,  147, 17,  174, 185, 172, 0,   1,   184, 6,   7,   168, 167, 10,
    11,  171, 15,  16,  173, 161, 176, 20,  21,  158, 25,  26,  156, 183, 30,  31,  12,  165, 35,
    36,  148, 41,  42,  162, 32,  143, 142, 141, 140, 139, 138, 137, 136, 135, 134, 133, 169, 130,
    155, 128, 153, 37,  2,   3,   14,  151, 187, 163, 145, 177, 179, 120, 29,  50,  178, 123, 19,
    132, 124, 182, 38,  45,  43,  73,  110, 109, 108, 107, 106, 105, 104, 103, 102, 101, 100, 99,
    98,  97,  27,  95,  94,  93,  92,  91,  90,  89,  88,  131, 117, 87,  86,  129, 4,   5,   9,
    18,  28,  23,  24,  34,  39,  40,  44,  80,  79,  78,  77,  76,  75,  74,  111, 121, 72,  71,
    70,  69,  68,  67,  66,  65,  64,  63,  62,  116, 61,  60,  59,  58,  57,  115, 56,  55,  54,
    53,  52,  112, 51,  96,  49,  48,  47,  46,  125,
};

START_TEST(test_killer)
{
    n = (int)sizeof killer;
    for (int i = 0; i < n; i++)
        v[i] = (struct tri_timed){killer[i], (uint32_t)i};
    heapsorts = 0;
    uint64_t sum = sort_both(SUM_START);
    ck_assert_int_gt(heapsorts, 0);
    ck_assert(sum == UINT64_C(0x1e54733900079695));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("order/frontier");
    TCase *heap = tcase_create("heap");
    TCase *sort = tcase_create("sort");

    tcase_add_loop_test(heap, test_operations, 0, RUN_COUNT);
    tcase_add_loop_test(heap, test_few_changes, 0, CALM_COUNT);
    tcase_add_test(heap, test_no_memory_for_notes);
    tcase_add_test(heap, test_extremes);
    tcase_add_test(heap, test_no_memory);
    tcase_set_timeout(heap, 120);
    suite_add_tcase(suite, heap);
    tcase_add_loop_test(sort, test_sums_of_go, 0, PATTERN_COUNT);
    tcase_add_test(sort, test_killer);
    tcase_set_timeout(sort, 120);
    suite_add_tcase(suite, sort);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
