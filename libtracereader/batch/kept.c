/* Columns that are kept small.
 *
 * A stream holds the values that a column has for one group of events, one behind the
 * other, and nothing for other events: the kinds of all rows, kept too, tell where they
 * belong. Values are gathered in 8 bytes each, and packed when there are TRI_PACK of them.
 * States are kept as they are in rows, all that is asked of them is made of that.
 *
 * Invariants: the streams of a group hold equally many values, of which `open[group]`,
 * fewer than TRI_PACK, are not packed yet. Once there was no memory for something nothing is
 * read any more, and streams may hold more values than `rows` need; never fewer. */
#include "batch/kept.h"

#include <stdlib.h>
#include <string.h>

#include "batch/pack.h"
#include "batch/values.h"

enum { STATES = TR_PROC_IDLE + 1 };

/* TRI_PACK packed values; those of `width` bytes follow. */
struct chunk {
    struct chunk *next;
    uint64_t base; /* of the kinds: a bit for each kind that there is */
    unsigned width;
};

struct list {
    struct chunk *first, *last;
};

struct stream {
    struct stream *next; /* of the same group that is wanted */
    struct tri_values values;
    tr_column_id column; /* the first one if several share it */
    struct list packed;
    uint64_t open[TRI_PACK];
};

#define FIRST_STREAM(id) ((int)(id)*TRI_MAX_VALUES)

struct tr_columns {
    struct tri_mem *mem;
    struct tri_arena arena; /* of chunks */
    uint64_t rows;
    bool failed;
    bool has[TR_COLUMN_COUNT];
    bool wants_kinds;
    struct stream *of_group[TRI_GROUP_COUNT + 1]; /* that are wanted */
    uint16_t open[TRI_GROUP_COUNT + 1];

    struct list packed_kinds; /* one byte each */
    uint32_t open_kind_set;
    uint8_t open_kinds[TRI_PACK];

    bool knows_names; /* what follows is set: codes of names that come with the library */
    int32_t code_of_kind[TR_KIND_COUNT];
    int32_t code_of_state[STATES];
    int32_t resource_of_state[STATES];

    struct stream streams[TR_COLUMN_COUNT * TRI_MAX_VALUES];
};

/* The number of the stream that has a column's values, -1 if there is none: whose state
 * changes follows from the new state. */
static int stream_of(tr_column_id id, int v)
{
    if (!tri_column_specs[id].values[v].source)
        return -1;
    if (tri_column_specs[id].values[v].source == TRI_RESOURCE)
        return FIRST_STREAM(TR_COL_TO_STATE);
    return FIRST_STREAM(id) + v;
}

static void want(tr_columns *c, tr_column_id id)
{
    c->has[id] = true;
    if (id == TR_COL_KIND) {
        c->wants_kinds = true;
        return;
    }
    for (int v = 0; v < TRI_MAX_VALUES; v++) {
        int number = stream_of(id, v);
        if (number < 0)
            break;
        struct stream *s = &c->streams[number];
        const struct tri_values *values = &tri_column_specs[id].values[v];
        c->wants_kinds |= values->group != TRI_OF_ALL;
        if (s->values.source)
            continue; /* another column wants it */
        s->values = *values;
        s->column = id;
        s->next = c->of_group[values->group];
        c->of_group[values->group] = s;
    }
}

tr_columns *tri_columns_new(struct tri_mem *mem, const tr_column_id *ids, size_t count)
{
    if (!mem)
        return NULL;
    tr_columns *c = calloc(1, sizeof *c);
    if (!c) {
        tri_mem_unref(mem);
        return NULL;
    }
    c->mem = c->arena.mem = mem;
    bool right = ids && count;
    for (size_t i = 0; i < count && right; i++) {
        right = (unsigned)ids[i] < TR_COLUMN_COUNT && !c->has[ids[i]];
        if (right)
            want(c, ids[i]);
    }
    if (right)
        return c;
    tr_columns_free(c);
    return NULL;
}

tr_columns *tr_columns_new(const tr_column_id *ids, size_t count)
{
    return tri_columns_new(tri_mem_new(NULL), ids, count);
}

void tr_columns_free(tr_columns *c)
{
    if (!c)
        return;
    tri_arena_free(&c->arena);
    tri_mem_unref(c->mem);
    free(c);
}

uint64_t tr_columns_row_count(const tr_columns *c)
{
    return c ? c->rows : 0;
}

uint64_t tr_columns_memory(const tr_columns *c)
{
    return c ? sizeof *c + tri_mem_used(c->mem) : 0;
}

/* --- packing --------------------------------------------------------------- */

static void *add_chunk(tr_columns *c, struct list *list, uint64_t base, unsigned width)
{
    struct chunk *chunk = tri_arena_alloc(&c->arena, sizeof *chunk + TRI_PACK * width);
    if (!chunk) {
        c->failed = true;
        return NULL;
    }
    *chunk = (struct chunk){NULL, base, width};
    if (list->last)
        list->last->next = chunk;
    else
        list->first = chunk;
    list->last = chunk;
    return chunk + 1;
}

static uint64_t least(const uint64_t *numbers)
{
    uint64_t found = numbers[0];
    for (unsigned i = 1; i < TRI_PACK; i++)
        found = numbers[i] < found ? numbers[i] : found;
    return found;
}

/* What the values of a column are counted from: most begin at "none". */
static uint64_t base_of(const struct stream *s)
{
    switch (s->column) {
    case TR_COL_TIME: /* grows */
    case TR_COL_GENERATION:
        return s->open[0];
    case TR_COL_FLAGS:
        return 0;
    case TR_COL_OFFSET:
        return least(s->open);
    default:
        return (uint64_t)TR_NONE;
    }
}

/* Pack what is open of a group. */
TRI_APART static void pack_group(tr_columns *c, enum tri_group group)
{
    for (struct stream *s = c->of_group[group]; s; s = s->next) {
        uint64_t base = base_of(s);
        unsigned width = tri_pack_width(s->open, base);
        void *out = add_chunk(c, &s->packed, base, width);
        if (!out)
            return;
        tri_pack(s->open, base, width, out);
    }
    if (group == TRI_OF_ALL && c->wants_kinds) {
        void *out = add_chunk(c, &c->packed_kinds, c->open_kind_set, 1);
        if (!out)
            return;
        memcpy(out, c->open_kinds, TRI_PACK);
        c->open_kind_set = 0;
    }
    c->open[group] = 0;
}

/* --- reading --------------------------------------------------------------- */

/* How many of `count` rows the group has room for. */
static inline uint32_t room_for(const tr_columns *c, enum tri_group group, uint32_t count)
{
    uint32_t room = TRI_PACK - c->open[group];
    return count < room ? count : room;
}

static inline void keep_done(tr_columns *c, enum tri_group group, uint32_t count)
{
    c->open[group] = (uint16_t)(c->open[group] + count);
    if (c->open[group] == TRI_PACK)
        pack_group(c, group);
}

/* The place for a value of a column's first group. */
#define OPEN(c, id, at) ((c)->streams[FIRST_STREAM(TR_COL_##id)].open[at])

/* All columns at once: that costs less than to go through the rows for each of them. */
static void keep_rows(tr_columns *c, const struct tri_row *rows, uint32_t count,
                      uint64_t generation)
{
    const struct tri_row *end = rows + count;
    for (size_t at = c->open[TRI_OF_ALL]; rows < end; rows++, at++) {
        OPEN(c, TIME, at) = (uint64_t)rows->time;
        OPEN(c, OFFSET, at) = tri_row_offset(rows);
        OPEN(c, FLAGS, at) = tri_row_flags(rows);
        OPEN(c, THREAD, at) = (uint64_t)rows->thread;
        OPEN(c, PROC, at) = (uint64_t)rows->proc;
        OPEN(c, GOROUTINE, at) = (uint64_t)rows->goroutine;
        OPEN(c, GENERATION, at) = generation;
    }
}

/* The numbers of stacks, which not everybody wants. */
static void keep_stacks(tr_columns *c, struct tri_part *p, tr_column_id id, struct tri_run run)
{
    struct stream *s = &c->streams[FIRST_STREAM(id)];
    if (c->has[id])
        tri_put_values(p, &s->values, run, TRI_DENSE, &s->open[c->open[s->values.group]]);
}

static TRI_INLINE void keep_transition(tr_columns *c, struct tri_part *p, const struct tri_row *row,
                                       size_t at)
{
    OPEN(c, RESOURCE_ID, at) = (uint64_t)row->transition.id;
    OPEN(c, FROM_STATE, at) = row->transition.from;
    OPEN(c, TO_STATE, at) = row->transition.to;
    OPEN(c, REASON, at) = (uint64_t)tri_code_of_string(p, row->string);
}

static void keep_transitions(tr_columns *c, struct tri_part *p, struct tri_run run)
{
    size_t at = c->open[TRI_OF_TRANSITIONS];
    if (run.order)
        for (uint32_t i = 0; i < run.count; i++)
            keep_transition(c, p, &p->rows[run.order[i]], at + i);
    else
        for (uint32_t i = 0; i < run.count; i++)
            keep_transition(c, p, &p->rows[run.first + i], at + i);
}

/* The values of a group that has few events. */
static void keep_few(tr_columns *c, struct tri_part *p, enum tri_group group, struct tri_run run)
{
    uint32_t at = c->open[group];
    for (struct stream *s = c->of_group[group]; s; s = s->next) {
        if (tri_column_specs[s->column].type != TR_COLUMN_CODE) {
            tri_put_values(p, &s->values, run, TRI_DENSE, &s->open[at]);
            continue;
        }
        int32_t codes[TRI_PACK];
        tri_put_values(p, &s->values, run, TRI_DENSE, codes);
        for (uint32_t i = 0; i < run.count; i++)
            s->open[at + i] = (uint64_t)codes[i];
    }
}

/* The codes of what stands for itself in streams: there is no reader when it is given out. */
static void learn_names(tr_columns *c, struct tri_part *p)
{
    c->knows_names = true;
    for (int kind = 0; c->has[TR_COL_KIND] && kind < TR_KIND_COUNT; kind++)
        c->code_of_kind[kind] = tri_code_of_kind(p, (tr_kind)kind);
    for (int state = 0; state < STATES; state++) {
        if (state > TR_GO_SYSCALL && state < TR_PROC_UNDETERMINED)
            continue;
        if (c->has[TR_COL_FROM_STATE] || c->has[TR_COL_TO_STATE])
            c->code_of_state[state] = tri_code_of_state(p, (tr_state)state);
        if (c->has[TR_COL_RESOURCE])
            c->resource_of_state[state] =
                tri_code_of_resource(p, tri_state_resource((unsigned)state));
    }
}

static void keep_group(tr_columns *c, struct tri_part *p, enum tri_group group)
{
    struct tri_run left = tri_run_of(p, group);
    for (uint32_t done = 0, n; done < left.count && !c->failed; done += n) {
        n = room_for(c, group, left.count - done);
        struct tri_run some = tri_run_part(left, done, n);
        if (group == TRI_OF_TRANSITIONS) {
            keep_transitions(c, p, some);
            keep_stacks(c, p, TR_COL_TRANSITION_STACK, some);
        } else {
            keep_few(c, p, group, some);
        }
        keep_done(c, group, n);
    }
}

static void keep_part(tr_columns *c, struct tri_part *p)
{
    uint64_t generation = p->r->tables ? p->r->tables->generation : 0;
    if (c->wants_kinds)
        tri_part_sort(p);
    if (!c->knows_names)
        learn_names(c, p);
    for (uint32_t done = 0, n; done < p->count && !c->failed; done += n) {
        n = room_for(c, TRI_OF_ALL, p->count - done);
        if (c->of_group[TRI_OF_ALL])
            keep_rows(c, &p->rows[done], n, generation);
        keep_stacks(c, p, TR_COL_STACK, (struct tri_run){NULL, done, n});
        if (c->wants_kinds) {
            memcpy(&c->open_kinds[c->open[TRI_OF_ALL]], &p->kinds[done], n);
            c->open_kind_set |= p->kind_set;
        }
        keep_done(c, TRI_OF_ALL, n);
    }
    if (!c->wants_kinds)
        return;
    for (int group = 0; group < TRI_GROUP_COUNT; group++)
        if (c->of_group[group])
            keep_group(c, p, (enum tri_group)group);
}

tr_status tr_columns_read(tr_columns *c, tr_reader *r, uint64_t max_rows)
{
    if (!c || !r)
        return TR_E_MISUSE;
    uint64_t dropped = r->dropped, left = max_rows ? max_rows : UINT64_MAX;
    while (left > 0 && !c->failed && (!max_rows || r->dropped - dropped < TRI_MAX_DROPPED)) {
        struct tri_part p;
        tr_status status = tri_part_begin(&p, r, left < TRI_PART_ROWS ? left : TRI_PART_ROWS);
        if (status != TR_OK)
            return status;
        if (!p.failed) /* else no string has a code */
            keep_part(c, &p);
        status = tri_part_end(&p);
        if (status != TR_OK) {
            c->failed = true;
            return status;
        }
        if (!c->failed)
            c->rows += p.count;
        left -= p.count;
    }
    return c->failed ? TR_E_NOMEM : TR_OK;
}

/* --- giving out ------------------------------------------------------------ */

/* A column of which all rows have a value, of 8 bytes. */
static void give_words(const struct stream *s, uint64_t *out, uint64_t rows)
{
    const struct chunk *chunk = s->packed.first;
    for (; rows >= TRI_PACK && chunk; chunk = chunk->next, out += TRI_PACK, rows -= TRI_PACK)
        tri_unpack(chunk + 1, chunk->base, chunk->width, out);
    if (!chunk) {
        memcpy(out, s->open, rows * sizeof *out);
        return;
    }
    uint64_t rest[TRI_PACK];
    tri_unpack(chunk + 1, chunk->base, chunk->width, rest);
    memcpy(out, rest, rows * sizeof *out);
}

/* The kinds of TRI_PACK rows, or of those that are left. */
struct kinds_part {
    const struct chunk *next; /* NULL: what is open */
    const uint8_t *kinds;
    uint32_t set;   /* a bit for each kind that there is */
    unsigned n;     /* rows */
    uint64_t first; /* the number of the first row */
};

static struct kinds_part before_kinds(const tr_columns *c)
{
    return (struct kinds_part){.next = c->packed_kinds.first};
}

/* Go on to the next rows, if there are any. */
static inline bool next_kinds(const tr_columns *c, struct kinds_part *p)
{
    const struct chunk *chunk = p->next;
    p->first += p->n;
    p->n = c->rows - p->first < TRI_PACK ? (unsigned)(c->rows - p->first) : TRI_PACK;
    p->kinds = chunk ? (const uint8_t *)(chunk + 1) : c->open_kinds;
    p->set = chunk ? (uint32_t)chunk->base : c->open_kind_set;
    p->next = chunk ? chunk->next : NULL;
    return p->n != 0;
}

static void give_kinds(const tr_columns *c, int32_t *out)
{
    struct kinds_part p = before_kinds(c);
    while (next_kinds(c, &p))
        for (unsigned i = 0; i < p.n; i++)
            out[p.first + i] = c->code_of_kind[p.kinds[i]];
}

/* Values of a stream that were unpacked and not used yet, and what comes behind them. */
struct unpacking {
    const struct stream *stream; /* NULL: at its end */
    const struct chunk *next;    /* NULL: what is open */
    unsigned open;               /* values */
    uint32_t kinds;              /* a bit for each that has values here */
    const int32_t *codes;        /* what values stand for; NULL: for themselves */
    unsigned at, end;
    uint64_t values[2 * TRI_PACK];
};

/* See that the values of TRI_PACK rows are there, or all that are left. */
static void unpack_more(struct unpacking *u)
{
    while (u->stream && u->end - u->at < TRI_PACK) {
        unsigned left = u->end - u->at, count = u->next ? TRI_PACK : u->open;
        uint64_t *more = &u->values[left];
        memmove(u->values, &u->values[u->at], left * sizeof *u->values);
        if (u->next) {
            tri_unpack(u->next + 1, u->next->base, u->next->width, more);
            u->next = u->next->next;
        } else {
            memcpy(more, u->stream->open, count * sizeof *more);
            u->stream = NULL;
        }
        for (unsigned i = 0; u->codes && i < count; i++)
            more[i] = (uint64_t)u->codes[more[i]];
        u->at = 0;
        u->end = left + count;
    }
}

/* Write value `i` of a column: `codes` says whether it has 4 bytes, or 8. It is a constant in
 * each copy of those that are given it. */
static TRI_INLINE void put(void *out, uint64_t i, bool codes, uint64_t value)
{
    if (codes)
        ((uint32_t *)out)[i] = (uint32_t)value;
    else
        ((uint64_t *)out)[i] = value;
}

/* Give rows their values from one stream. */
static TRI_INLINE void give_of_one(struct unpacking *u, const struct kinds_part *p, void *out,
                                   bool codes)
{
    const uint64_t *value = &u->values[u->at];
    const uint32_t has = u->kinds;
    if (!(p->set & ~has)) {
        for (unsigned i = 0; i < p->n; i++)
            put(out, p->first + i, codes, value[i]);
        u->at += p->n;
        return;
    }
    for (unsigned i = 0; i < p->n; i++) {
        unsigned is = has >> p->kinds[i] & 1;
        put(out, p->first + i, codes, *value | (is - UINT64_C(1))); /* or "none" */
        value += is;
    }
    u->at = (unsigned)(value - u->values);
}

/* A column with values for some groups, from as many streams. */
static TRI_INLINE void give(const tr_columns *c, struct unpacking *u, const uint8_t *stream_of_kind,
                            void *out, bool codes)
{
    size_t size = codes ? sizeof(uint32_t) : sizeof(uint64_t);
    struct kinds_part p = before_kinds(c);
    while (next_kinds(c, &p)) {
        struct unpacking *one = NULL;
        unsigned streams = 0;
        for (int v = 0; v < TRI_MAX_VALUES; v++)
            if (p.set & u[v].kinds) {
                unpack_more(one = &u[v]);
                streams++;
            }
        if (streams == 0)
            memset((char *)out + p.first * size, 0xff, p.n * size); /* "none" of every type */
        else if (streams == 1)
            give_of_one(one, &p, out, codes);
        for (unsigned i = 0; streams > 1 && i < p.n; i++) {
            struct unpacking *from = &u[stream_of_kind[p.kinds[i]]];
            put(out, p.first + i, codes, from->values[from->at]);
            from->at += from->kinds >> p.kinds[i] & 1;
        }
    }
}

static void give_some(const tr_columns *c, const tr_column *out)
{
    struct unpacking u[TRI_MAX_VALUES + 1]; /* the last is "none", for ever */
    uint8_t stream_of_kind[TR_KIND_COUNT];
    memset(stream_of_kind, TRI_MAX_VALUES, sizeof stream_of_kind);
    for (uint8_t v = 0; v <= TRI_MAX_VALUES; v++) {
        u[v].stream = NULL;
        u[v].kinds = 0;
        u[v].at = u[v].end = 0;
        u[v].values[0] = (uint64_t)TR_NONE;
    }
    for (uint8_t v = 0; v < TRI_MAX_VALUES; v++) {
        const struct tri_values *values = &tri_column_specs[out->id].values[v];
        int number = stream_of(out->id, v);
        if (number < 0)
            break;
        const struct stream *s = u[v].stream = &c->streams[number];
        u[v].next = s->packed.first;
        u[v].open = c->open[values->group];
        u[v].codes = values->source == TRI_STATE      ? c->code_of_state
                     : values->source == TRI_RESOURCE ? c->resource_of_state
                                                      : NULL;
        for (unsigned kind = 0; kind < TR_KIND_COUNT; kind++) {
            if (tri_group_of_kind[kind] != values->group)
                continue;
            stream_of_kind[kind] = v;
            u[v].kinds |= UINT32_C(1) << kind;
        }
    }
    if (tri_column_specs[out->id].type == TR_COLUMN_CODE)
        give(c, u, stream_of_kind, out->data, true);
    else
        give(c, u, stream_of_kind, out->data, false);
}

tr_status tr_columns_get(const tr_columns *c, const tr_column *out)
{
    if (!c || !out || (unsigned)out->id >= TR_COLUMN_COUNT || !c->has[out->id] ||
        out->capacity < c->rows || (!out->data && c->rows))
        return TR_E_MISUSE;
    if (!c->rows)
        return TR_OK;
    if (out->id == TR_COL_KIND)
        give_kinds(c, out->data);
    else if (tri_column_specs[out->id].values[0].group == TRI_OF_ALL)
        give_words(&c->streams[FIRST_STREAM(out->id)], out->data, c->rows);
    else
        give_some(c, out);
    return TR_OK;
}
