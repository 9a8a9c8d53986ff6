/* A row: one ordered event in 64 bytes, the seam between those who make events
 * and those who show them. Every member has a name; which of the union's is set
 * follows from `type`, as events.def gives its kind.
 *
 * Strings are references: 0 is "", 1 to n entry n-1 of the generation's table,
 * with TRI_STR_POOL set an entry of its pool of names (what comes from an earlier
 * generation, or is not in the file). Stacks: TRI_STACK_ABSENT, 0 the empty one,
 * n entry n-1 of the table. All rows of a block share their tables. */
#ifndef TRI_SPEC_ROW_H
#define TRI_SPEC_ROW_H

#include <stdint.h>

#include "spec/spec.h"

#define TRI_STR_POOL UINT32_C(0x80000000)
#define TRI_STACK_ABSENT UINT32_MAX

/* Where a record is in the trace (48 bits), what it is, and TR_EV_*: made and copied as
 * one word, tri_where_of. */
union tri_where {
    uint64_t word;
    struct {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        uint8_t offset_bytes[6];
        uint8_t type; /* enum tri_event_type */
        uint8_t flags;
#else
        uint8_t flags;
        uint8_t type;
        uint8_t offset_bytes[6];
#endif
    } at;
};

struct tri_row {
    int64_t time;
    union tri_where where;
    int64_t thread;
    int64_t proc;
    int64_t goroutine;
    __extension__ union {
        __extension__ struct {
            uint32_t stack;
            uint32_t string; /* reason, label, name, type or category */
            __extension__ union {
                struct {
                    int64_t id;
                    uint32_t stack;
                    uint8_t from, to; /* tr_state */
                    uint16_t unused;
                } transition;
                struct {
                    int64_t scope_id;
                } range;
                struct {
                    uint64_t swept, reclaimed;
                } sweep_end;
                uint64_t metric;
                struct {
                    uint64_t id, parent;
                } task;
                uint64_t region_task;
                struct {
                    uint64_t task;
                    uint32_t message;
                } log;
                struct {
                    uint64_t n;
                } sync;
            };
        };
        uint64_t args[3]; /* experimental events; they have no stack */
    };
};

_Static_assert(sizeof(struct tri_row) == 64, "a row is a cache line");

static inline union tri_where tri_where_of(uint64_t offset, unsigned type)
{
    return (union tri_where){(offset & UINT64_C(0xffffffffffff)) | (uint64_t)type << 48};
}

static inline uint64_t tri_where_offset(union tri_where where)
{
    return where.word & UINT64_C(0xffffffffffff);
}

static inline unsigned tri_row_type(const struct tri_row *row)
{
    return row->where.at.type;
}

static inline unsigned tri_row_flags(const struct tri_row *row)
{
    return row->where.at.flags;
}

/* In one number; flags are below TRI_FLAGS_END. */
enum { TRI_FLAGS_END = TR_EV_RAW_TIME << 1 };
static inline unsigned tri_row_type_and_flags(const struct tri_row *row)
{
    return tri_row_type(row) | tri_row_flags(row) << 8;
}

static inline uint64_t tri_row_offset(const struct tri_row *row)
{
    return tri_where_offset(row->where);
}

/* Fill in what a row of a transition has besides its context: no stack of what changes state. */
static inline void tri_row_transition(struct tri_row *row, int64_t id, tr_state from, tr_state to)
{
    row->transition.id = id;
    row->transition.stack = TRI_STACK_ABSENT;
    row->transition.from = (uint8_t)from;
    row->transition.to = (uint8_t)to;
    row->transition.unused = 0;
}

/* Whose state a transition changes: the states of procs are disjoint. */
static inline tr_resource tri_state_resource(unsigned to)
{
    return (tr_resource)(TR_RESOURCE_GOROUTINE + to / TR_PROC_UNDETERMINED);
}

static inline tr_resource tri_row_resource(const struct tri_row *row)
{
    return tri_state_resource(row->transition.to);
}

#endif
