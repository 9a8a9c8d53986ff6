/* The tables of one generation: strings, stacks, clock. Counted, because stacks
 * and strings may be kept when the reader has long gone on. Once a generation is
 * installed its tables do not change, but for frames and the texts of stacks, which
 * are prepared when first asked for. */
#ifndef TRI_GEN_TABLES_H
#define TRI_GEN_TABLES_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/lock.h"
#include "base/pool.h"
#include "gen/ids.h"
#include "spec/row.h"

/* A stack as the file has it: `count` frames of four varints each. */
struct tri_stack_entry {
    const uint8_t *frames; /* in the tables, or lent until they settle; NULL: deferred */
    uint32_t count;
    uint32_t first;  /* of all frames of the generation */
    uint64_t offset; /* of its record in the trace */
};

struct tri_deferred;

/* Batches of stacks that are deferred: gen/deferred.c. */
struct tri_stacks_part {
    uint64_t offset;
    uint32_t size;
};

struct tri_stacks_later {
    struct tri_deferred *from; /* NULL: nothing is deferred */
    struct tr_tables *next, **at;
    struct tri_stacks_part *parts;
    uint32_t part_count, part_cap;
    uint64_t bytes;          /* of all parts */
    _Atomic(uint8_t *) data; /* NULL: not asked for yet */
};

struct tri_pc_frame {
    uint64_t pc, func_id, file_id, line;
    uint32_t func, file; /* string references */
};

/* Every stack's frames, by number of distinct PC. */
struct tri_frames {
    struct tri_pc_frame *pcs;
    uint32_t pc_count, pc_cap;
    uint32_t *pc_of; /* one for each frame */
};

/* The text of a stack's frames, made when first asked for. */
struct tri_stack_text {
    uint32_t len;
    char text[];
};

/* Texts of stacks, for event/stacktext.c. Together with this they are at most `most`
 * bytes long; `full` is set once one did not fit any more. */
struct tri_stack_texts {
    size_t most;
    atomic_size_t bytes;
    atomic_bool full;
    _Atomic(struct tri_stack_text *) of[]; /* by place, NULL: not made */
};

struct tri_experimental {
    uint64_t offset; /* of the batch */
    uint64_t data_offset;
    const uint8_t *data; /* NULL: in the file only */
    uint32_t data_bytes;
    uint8_t number;
    int64_t thread;
};

struct tr_tables {
    atomic_int refs;
    struct tri_mem *mem;
    struct tri_pool *names; /* of rows, that are no strings of the file; NULL: none */
    struct tri_arena arena; /* bytes of strings and stacks */
    uint64_t generation;
    uint64_t first_string, first_stack; /* how many the generations before have */

    struct tri_ids string_ids;
    tr_str *strings; /* by reference, so that 0 is "" */
    uint32_t string_cap;

    struct tri_ids stack_ids;
    struct tri_stack_entry *stacks;
    uint32_t stack_cap;
    uint64_t frame_count;
    uint64_t max_frame_string; /* largest id of a func or file in a stack */
    struct tri_stacks_later later;
    struct tri_lock frames_lock; /* held while they are made, and what is told of that */
    atomic_int frames_status;    /* why there were no frames when they were asked for */
    bool has_settled;            /* lent bytes are gone: without frames now, without for good */
    struct tri_err loss;         /* of frames for which there was no memory */
    atomic_bool has_loss;        /* there is one, which stays as it is */
    _Atomic(struct tri_frames *) frames;
    _Atomic(struct tri_stack_texts *) stack_texts;

    bool has_frequency, has_clock;
    double ns_per_tick;
    uint64_t clock_ticks;
    tr_clock clock;

    struct tri_experimental *experimental;
    uint32_t experimental_count, experimental_cap;
};

struct tr_tables *tri_tables_new(struct tri_mem *mem);

/* Have room for the next string. 0 if there is no memory. */
static inline int tri_tables_reserve_string(struct tr_tables *t)
{
    return tri_mem_reserve(t->mem, &t->strings, &t->string_cap, (uint64_t)t->string_ids.count + 2,
                           sizeof *t->strings);
}

/* The data of a batch of strings or stacks, and where it is. The tables copy what
 * they need, but stacks that can be deferred. TR_END: the reference takes this damage for
 * the end of the trace. */
struct tri_section {
    const uint8_t *data;
    uint32_t size;
    struct tri_place place; /* offset: of data[0] */
    struct tri_err *err;
    uint64_t max_stacks;           /* in the table */
    struct tri_deferred *deferred; /* NULL: the bytes cannot be had again */
    /* Salvaging: an entry whose id is taken is skipped. Its error, NULL if not; and where its
     * bytes are counted. */
    struct tri_err *skipped;
    uint64_t *skipped_bytes;
};
tr_status tri_tables_add_strings(struct tr_tables *t, const struct tri_section *section);
tr_status tri_tables_add_stacks(struct tr_tables *t, const struct tri_section *section);

/* Whether it is plain that the strings of all frames exist. */
bool tri_tables_has_names(const struct tr_tables *t);
/* Check that the strings of all frames exist, by the reference's rule: of the
 * frames with the same PC only the first counts. */
tr_status tri_tables_check_stacks(struct tr_tables *t, struct tri_err *err);

/* Ids of the trace to references of rows; false if the id is not in the tables. */
static inline bool tri_tables_string_ref(const struct tr_tables *t, uint64_t id, uint32_t *ref)
{
    *ref = tri_ids_get(&t->string_ids, id);
    return *ref || id == 0;
}

static inline bool tri_tables_stack_ref(const struct tr_tables *t, uint64_t id, uint32_t *ref)
{
    *ref = id ? tri_ids_get(&t->stack_ids, id) : 0;
    return *ref || id == 0;
}

static inline tr_str tri_tables_string(const struct tr_tables *t, uint32_t ref)
{
    if (ref & TRI_STR_POOL)
        return tri_pool_get(t->names, ref & ~TRI_STR_POOL);
    return t->strings[ref];
}

/* Numbers that strings and stacks have over the whole trace: 0 is the empty one. Of names
 * of the pool only those that it has from the beginning have a number that lasts. */
static inline int64_t tri_tables_string_number(const struct tr_tables *t, uint32_t ref)
{
    if (ref & TRI_STR_POOL)
        ref = t->string_ids.count + 1 + (ref & ~TRI_STR_POOL);
    return ref ? (int64_t)(t->first_string + ref) : 0;
}

static inline int64_t tri_tables_stack_number(const struct tr_tables *t, uint32_t ref)
{
    if (ref == TRI_STACK_ABSENT)
        return TR_NONE;
    return ref ? (int64_t)(t->first_stack + ref) : 0;
}

/* A reference to a name that is not among the strings of the file, or comes from an
 * earlier generation. 0 if there is no memory. */
uint32_t tri_tables_name_ref(struct tr_tables *t, const char *name, size_t len);

/* All frames of the generation, prepared once. NULL if there is no memory, or they could
 * not be read again: frames_status says which. */
const struct tri_frames *tri_tables_frames(const struct tr_tables *t);

/* Before the bytes that stacks were lent go away: prepare the frames, if somebody else keeps
 * the tables. */
void tri_tables_settle(struct tr_tables *t);

/* That there was no memory for frames that were asked for, be it only once; NULL: there
 * was. Any thread. */
const struct tri_err *tri_tables_loss(const struct tr_tables *t);

/* Walk over a stack's frames. NULL on success, else what is wrong; *most: the largest id of
 * a func or file, if it was smaller. */
const char *tri_tables_skip_frames(const uint8_t **p, const uint8_t *end, uint64_t count,
                                   uint64_t *most);

/* In these two steps, as the reference has it; 0 gives infinity. */
static inline double tri_tables_ns_per_tick(uint64_t hertz)
{
    return 1.0 / ((double)hertz / 1e9);
}

/* Ticks to nanoseconds, as the reference computes it on amd64. */
static inline int64_t tri_tables_ns(double ns_per_tick, uint64_t ticks)
{
    double ns = (double)ticks * ns_per_tick;
    /* Written so that not-a-number takes the second branch too. */
    return ns < 9223372036854775808.0 ? (int64_t)ns : INT64_MIN;
}

/* The bytes that the tables hold. */
uint64_t tri_tables_bytes(const struct tr_tables *t);

#endif
