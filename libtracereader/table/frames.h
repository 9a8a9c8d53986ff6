/* Frames of stacks, with references to their strings in place of texts. */
#ifndef TRI_TABLE_FRAMES_H
#define TRI_TABLE_FRAMES_H

#include "gen/tables.h"

static inline uint32_t tri_frame_count(const struct tr_tables *t, uint32_t stack)
{
    return t && stack && stack != TRI_STACK_ABSENT ? t->stacks[stack - 1].count : 0;
}

/* The i-th frame of a stack that has it, 0 is the innermost; NULL: no memory. */
static inline const struct tri_pc_frame *tri_frame_at(const struct tr_tables *t, uint32_t stack,
                                                      uint32_t i)
{
    const struct tri_frames *frames = tri_tables_frames(t);
    return frames ? &frames->pcs[frames->pc_of[t->stacks[stack - 1].first + i]] : NULL;
}

#endif
