/* The making of blocks of rows ahead.
 *
 * Blocks go round in a ring: `filled` counts those that the thread has made,
 * `taken` those that the reader has done with; their difference is at most RING. Who has
 * to wait is woken when the ring is half full, or half empty: to wake a thread costs as much
 * as to make hundreds of rows.
 *
 * Invariants: a block is the thread's from its being taken until `filled` tells of it. Its
 * tables are referenced until the reader takes them over, and NULL from then on. */
#include "reader/rows.h"

#include <string.h>

#include "base/wait.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum {
    RING = 8,
    HALF = RING / 2,
    AHEAD_ROWS = 1024, /* of a block that is handed over */
    MADE_ROWS = 64,    /* of one that is made: few, to stay near */
    MAX_DROPPED = 1 << 16,
    LOOKS = 50, /* half a ring takes long */
    /* What tables of generations that the reader has not come to may take, or that share of a
     * limit of memory, before the next is loaded. */
    TABLE_BYTES = 8 << 20,
    TABLE_SHARE = 16
};

struct tri_rows_ahead {
    struct tri_mem *mem;
    struct tri_producer *producer;
    pthread_t thread;
    struct tri_wait more, room;
    atomic_uint filled, taken;
    atomic_uint more_told, room_told; /* how often */
    atomic_bool stopped;
    bool lent; /* block `taken` */
    struct tri_rows blocks[RING];
    struct tri_row rows[RING * AHEAD_ROWS + 1];
};

/* Copy rows past the caches of this processor, as another is to read them: it is spared
 * asking this one for each line, and this one for each line of the block it has read. */
static void hand_over(struct tri_row *to, const struct tri_row *from, uint32_t count)
{
#if defined(__SSE2__)
    const __m128i *in = (const void *)from;
    __m128i *out = (void *)to; /* rows of a block are aligned */
    for (uint32_t i = 0; i < count * (sizeof *from / sizeof *in); i++)
        _mm_stream_si128(&out[i], _mm_loadu_si128(&in[i]));
#else
    memcpy(to, from, count * sizeof *from);
#endif
}

static void tell(struct tri_wait *wait, atomic_uint *told)
{
    atomic_fetch_add(told, 1);
    tri_wait_raise(wait);
}

static struct tri_rows *block_to_fill(struct tri_rows_ahead *a)
{
    return &a->blocks[atomic_load_explicit(&a->filled, memory_order_relaxed) % RING];
}

/* Let the reader have the block; false: it wants no more. */
static bool publish(struct tri_rows_ahead *a)
{
    unsigned filled = atomic_load_explicit(&a->filled, memory_order_relaxed) + 1;
    struct tri_rows *block = block_to_fill(a);
    bool last = block->status != TR_OK;
    tri_producer_memory(a->producer, &block->memory);
    if (block->tables && !block->memory.table_bytes) /* it has let go of them, for the next */
        block->memory.table_bytes = tri_tables_bytes(block->tables);
#if defined(__SSE2__)
    _mm_sfence();
#endif
    atomic_store(&a->filled, filled);
    if (last || filled - atomic_load(&a->taken) >= HALF)
        tell(&a->more, &a->more_told);
    /* What is told may be of blocks that have been filled again since. */
    for (;;) {
        unsigned told = atomic_load(&a->room_told);
        if (atomic_load(&a->stopped))
            return false;
        if (filled - atomic_load(&a->taken) < RING)
            break;
        tri_wait_change(&a->room, &a->room_told, told, &a->stopped);
    }
    struct tri_rows *next = block_to_fill(a);
    next->count = next->dropped = 0;
    next->begins = false;
    return true;
}

/* Whether there is room for the tables of one more generation. */
static bool has_room_for_tables(struct tri_rows_ahead *a)
{
    uint64_t limit = tri_mem_limit(a->mem), bytes = 0;
    unsigned filled = atomic_load_explicit(&a->filled, memory_order_relaxed);
    for (unsigned i = atomic_load(&a->taken); i != filled; i++) {
        const struct tri_rows *block = &a->blocks[i % RING];
        bytes += block->begins ? block->memory.table_bytes : 0;
    }
    return bytes <= (limit ? limit / TABLE_SHARE : TABLE_BYTES);
}

/* A generation is being loaded, which can be given up. The reader gets all that is made, so that
 * it can let go of the tables that are in the way; who waits is told that it goes on. */
static bool go_on(void *user)
{
    struct tri_rows_ahead *a = user;
    const struct tri_rows *block = block_to_fill(a);
    if (block->count + block->dropped && !publish(a))
        return false;
    tell(&a->more, &a->more_told);
    for (;;) {
        unsigned told = atomic_load(&a->room_told);
        if (atomic_load(&a->stopped) || has_room_for_tables(a))
            return !atomic_load(&a->stopped);
        tri_wait_change(&a->room, &a->room_told, told, &a->stopped);
    }
}

/* Whether rows that were made may follow those of a block. */
static bool fits(const struct tri_rows *block, const struct tri_rows *made)
{
    return block->dropped + block->count == 0 ||
           (made->status == TR_OK && !made->begins && block->count + made->count <= AHEAD_ROWS &&
            block->dropped < MAX_DROPPED);
}

static void append(struct tri_rows_ahead *a, const struct tri_rows *made)
{
    struct tri_rows *block = block_to_fill(a), before = *block;
    hand_over(block->rows + block->count, made->rows, made->count);
    *block = *made;
    block->rows = before.rows;
    block->count += before.count;
    block->dropped += before.dropped;
    block->begins |= before.begins;
    tr_tables_unref(before.tables);
}

static void *make_ahead(void *user)
{
    struct tri_rows_ahead *a = user;
    struct tri_row rows[MADE_ROWS];
    struct tri_rows made = {.rows = rows};
    bool wanted = true;
    while (wanted && made.status == TR_OK) {
        tri_producer_make(a->producer, MADE_ROWS, &made);
        if (!fits(block_to_fill(a), &made))
            wanted = publish(a);
        if (wanted)
            append(a, &made);
        else
            tr_tables_unref(made.tables);
    }
    if (wanted)
        publish(a);
    return NULL;
}

struct tri_rows_ahead *tri_rows_ahead_new(struct tri_mem *mem, struct tri_producer *producer)
{
    struct tri_rows_ahead *a = tri_mem_alloc(mem, sizeof *a);
    if (!a)
        return NULL;
    memset(a, 0, offsetof(struct tri_rows_ahead, rows));
    a->mem = mem;
    a->producer = producer;
    atomic_init(&a->filled, 0);
    atomic_init(&a->taken, 0);
    atomic_init(&a->more_told, 0);
    atomic_init(&a->room_told, 0);
    atomic_init(&a->stopped, false);
    /* Rows begin at lines of the cache. */
    uintptr_t first = (uintptr_t)a->rows + sizeof(struct tri_row) - 1;
    first -= first % sizeof(struct tri_row);
    for (unsigned i = 0; i < RING; i++)
        a->blocks[i].rows = (struct tri_row *)first + (size_t)i * AHEAD_ROWS;
    bool more = tri_wait_init(&a->more, LOOKS), room = tri_wait_init(&a->room, LOOKS);
    if (more && room) {
        tri_producer_set_go_on(producer, go_on, a);
        if (tri_thread_start(&a->thread, make_ahead, a))
            return a;
    }
    if (room)
        tri_wait_destroy(&a->room);
    if (more)
        tri_wait_destroy(&a->more);
    tri_mem_free(mem, a, sizeof *a);
    return NULL;
}

void tri_rows_ahead_free(struct tri_rows_ahead *a)
{
    if (!a)
        return;
    atomic_store(&a->stopped, true);
    tri_wait_raise(&a->room);
    pthread_join(a->thread, NULL);
    for (unsigned i = 0; i < RING; i++)
        tr_tables_unref(a->blocks[i].tables);
    tri_wait_destroy(&a->more);
    tri_wait_destroy(&a->room);
    tri_mem_free(a->mem, a, sizeof *a);
}

struct tri_rows *tri_rows_ahead_next(struct tri_rows_ahead *a, unsigned ms)
{
    unsigned taken = atomic_load_explicit(&a->taken, memory_order_relaxed);
    if (a->lent) {
        a->lent = false;
        atomic_store(&a->taken, ++taken);
        if (atomic_load(&a->filled) - taken <= HALF)
            tell(&a->room, &a->room_told);
    }
    unsigned told = atomic_load(&a->more_told);
    if (atomic_load(&a->filled) == taken) {
        if (ms)
            tri_wait_change_for(&a->more, &a->more_told, told, ms);
        else
            tri_wait_change(&a->more, &a->more_told, told, NULL);
    }
    if (atomic_load(&a->filled) == taken)
        return NULL;
    a->lent = true;
    return &a->blocks[taken % RING];
}
