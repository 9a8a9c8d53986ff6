/* Tables of what a trace's generations refer to: stacks, their frames, and strings.
 *
 * Rows come when a generation begins, in the order of their numbers, whatever events pass.
 * Number 0, of the empty stack and string, comes once, with the first. */
#include "table/frames.h"
#include "table/tables.h"

/* How far a generation's rows have come out. */
struct progress {
    bool begun;        /* number 0 is out */
    uint32_t at;       /* stacks or strings of these tables */
    uint32_t frame_at; /* frames of that stack */
};

static bool leave(struct tri_table *t)
{
    struct progress *p = t->state;
    p->at = p->frame_at = 0;
    return true;
}

static bool take_nothing(struct tri_table *t)
{
    t->at = t->part.count;
    return true;
}

static void put_function(struct tri_table *t, unsigned column, uint32_t stack, uint32_t frame)
{
    const struct tri_pc_frame *f;
    if (!tri_out_wants(&t->out, column))
        return;
    if (!tri_frame_count(t->tables, stack)) {
        tri_out_put_null(&t->out, column);
    } else if ((f = tri_frame_at(t->tables, stack, frame))) {
        tri_out_put_string(&t->out, column, tri_tables_string_number(t->tables, f->func),
                           tri_tables_string(t->tables, f->func));
    } else {
        t->out.failed = true;
    }
}

/* --- stacks ---------------------------------------------------------------------- */

enum { S_STACK, S_GENERATION, S_FRAMES, S_FUNCTION, S_ROOT, S_COUNT };

static const tr_table_column stack_columns[S_COUNT] = {
    [S_STACK] = {"stack", TR_TABLE_INT64, 0,
                 "its id in all tables: numbered over the trace from 1, 0 is the empty stack"},
    [S_GENERATION] = {"generation", TR_TABLE_INT64, 0, "the generation whose events have it"},
    [S_FRAMES] = {"frames", TR_TABLE_INT64, 0, "how many frames it has"},
    [S_FUNCTION] = {"function", TR_TABLE_STRING, 1, "the function of its innermost frame"},
    [S_ROOT] = {"root", TR_TABLE_STRING, 1, "the function of its outermost frame"},
};

static bool put_stack(struct tri_table *t, uint32_t stack)
{
    struct tri_out *out = &t->out;
    uint32_t frames = tri_frame_count(t->tables, stack);
    if (!tri_out_begin(out))
        return false;
    tri_out_put(out, S_STACK, tri_tables_stack_number(t->tables, stack));
    tri_out_put(out, S_GENERATION, (int64_t)t->tables->generation);
    tri_out_put(out, S_FRAMES, frames);
    put_function(t, S_FUNCTION, stack, 0);
    put_function(t, S_ROOT, stack, frames - 1);
    tri_out_end(out);
    return !out->failed;
}

static bool take_stacks(struct tri_table *t)
{
    struct progress *p = t->state;
    if (t->tables && !p->begun && !(p->begun = put_stack(t, 0)))
        return false;
    for (; t->tables && p->at < t->tables->stack_ids.count; p->at++)
        if (!put_stack(t, p->at + 1))
            return false;
    return take_nothing(t);
}

const struct tri_table_spec tri_table_stacks = {
    .name = "stacks",
    .columns = stack_columns,
    .column_count = S_COUNT,
    .state_bytes = sizeof(struct progress),
    .take = take_stacks,
    .leave = leave,
};

/* --- frames ---------------------------------------------------------------------- */

enum { F_STACK, F_DEPTH, F_FUNCTION, F_FILE, F_LINE, F_PC, F_COUNT };

static const tr_table_column frame_columns[F_COUNT] = {
    [F_STACK] = {"stack", TR_TABLE_INT64, 0, "the stack it is of, a row of stacks"},
    [F_DEPTH] = {"depth", TR_TABLE_INT64, 0, "its place there: 0 is the innermost"},
    [F_FUNCTION] = {"function", TR_TABLE_STRING, 0, "the function"},
    [F_FILE] = {"file", TR_TABLE_STRING, 0, "its source file"},
    [F_LINE] = {"line", TR_TABLE_UINT64, 0, "the line there"},
    [F_PC] = {"pc", TR_TABLE_UINT64, 0, "the program counter"},
};

static bool put_frame(struct tri_table *t, uint32_t stack, uint32_t depth)
{
    struct tri_out *out = &t->out;
    const struct tr_tables *tables = t->tables;
    const struct tri_pc_frame *f = tri_frame_at(tables, stack, depth);
    if (!f) {
        out->failed = true;
        return false;
    }
    if (!tri_out_begin(out))
        return false;
    tri_out_put(out, F_STACK, tri_tables_stack_number(tables, stack));
    tri_out_put(out, F_DEPTH, depth);
    tri_out_put_string(out, F_FUNCTION, tri_tables_string_number(tables, f->func),
                       tri_tables_string(tables, f->func));
    tri_out_put_string(out, F_FILE, tri_tables_string_number(tables, f->file),
                       tri_tables_string(tables, f->file));
    tri_out_put(out, F_LINE, (int64_t)f->line);
    tri_out_put(out, F_PC, (int64_t)f->pc);
    tri_out_end(out);
    return !out->failed;
}

static bool take_frames(struct tri_table *t)
{
    struct progress *p = t->state;
    for (; t->tables && p->at < t->tables->stack_ids.count; p->at++, p->frame_at = 0)
        for (; p->frame_at < tri_frame_count(t->tables, p->at + 1); p->frame_at++)
            if (!put_frame(t, p->at + 1, p->frame_at))
                return false;
    return take_nothing(t);
}

const struct tri_table_spec tri_table_frames = {
    .name = "frames",
    .columns = frame_columns,
    .column_count = F_COUNT,
    .state_bytes = sizeof(struct progress),
    .take = take_frames,
    .leave = leave,
};

/* --- strings --------------------------------------------------------------------- */

enum { T_STRING, T_GENERATION, T_TEXT, T_COUNT };

static const tr_table_column string_columns[T_COUNT] = {
    [T_STRING] = {"string", TR_TABLE_INT64, 0,
                  "its id in all tables: numbered over the trace from 1, 0 is the empty string"},
    [T_GENERATION] = {"generation", TR_TABLE_INT64, 0, "the generation whose events have it"},
    [T_TEXT] = {"text", TR_TABLE_TEXT, 0, "what it says"},
};

static bool put_string(struct tri_table *t, uint32_t ref)
{
    struct tri_out *out = &t->out;
    if (!tri_out_begin(out))
        return false;
    tri_out_put(out, T_STRING, tri_tables_string_number(t->tables, ref));
    tri_out_put(out, T_GENERATION, (int64_t)t->tables->generation);
    tri_out_put_text(out, T_TEXT, tri_tables_string(t->tables, ref));
    tri_out_end(out);
    return !out->failed;
}

static bool take_strings(struct tri_table *t)
{
    struct progress *p = t->state;
    if (t->tables && !p->begun && !(p->begun = put_string(t, 0)))
        return false;
    for (; t->tables && p->at < t->tables->string_ids.count; p->at++)
        if (!put_string(t, p->at + 1))
            return false;
    return take_nothing(t);
}

/* Names are added beside the table as long as rows are made: when tables go, that is done, unless
 * it was stopped from outside. */
static bool leave_strings(struct tri_table *t)
{
    struct progress *p = t->state;
    if (tri_reader_has_strings_in_names(t->reader) && t->tables->names && t->ended != TR_E_CANCELED)
        for (; p->frame_at < tri_pool_count(t->tables->names); p->frame_at++)
            if (!put_string(t, TRI_STR_POOL | p->frame_at))
                return false;
    return leave(t);
}

const struct tri_table_spec tri_table_strings = {
    .name = "strings",
    .columns = string_columns,
    .column_count = T_COUNT,
    .state_bytes = sizeof(struct progress),
    .take = take_strings,
    .leave = leave_strings,
};
