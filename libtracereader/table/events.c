/* The table of events: the columns of batch/, as Arrow has them, and the stacks.
 *
 * Columns are written part by part, each in one go, and so are the bits that say which rows
 * have a value: those of a group of events are made once, for all of its columns. */
#include <stddef.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "table/tables.h"

#define AT(member) offsetof(struct tri_row, member)

enum { WORDS = TRI_PART_ROWS / 64 };

/* Messages are numbers of strings here, and codes in batch/. */
static const struct tri_values message_values[] = {
    {TRI_OF_LOGS, TRI_STRING_NUMBER, AT(log.message)}, {0}};

static const struct tri_values *values_of(unsigned column)
{
    return column == TR_COL_MESSAGE ? message_values : tri_column_specs[column].values;
}

/* Whether rows of the group may still have none: -1. */
static bool may_be_none(const struct tri_values *v)
{
    return v->source == TRI_ID || v->source == TRI_SCOPE_ID || v->source == TRI_STACK_NUMBER ||
           v->source == TRI_OTHER_STACK;
}

/* --- which rows have a value ------------------------------------------------- */

/* A bit for each row of a part. */
struct mask {
    uint64_t words[WORDS];
};

struct masks {
    uint32_t made; /* a bit for each group whose mask is there */
    struct mask of_group[TRI_GROUP_COUNT];
};

static void set_row(struct mask *m, unsigned row)
{
    m->words[row / 64] |= UINT64_C(1) << row % 64;
}

static const struct mask *mask_of_group(struct masks *masks, enum tri_group group,
                                        struct tri_run run)
{
    struct mask *m = &masks->of_group[group];
    if (masks->made >> group & 1)
        return m;
    masks->made |= UINT32_C(1) << group;
    memset(m, 0, sizeof *m);
    for (uint32_t i = 0; i < run.count; i++)
        set_row(m, run.order ? run.order[i] : run.first + i);
    return m;
}

/* A bit for each of four numbers that is not -1. */
static inline unsigned present_of_four(const int64_t *numbers)
{
#if defined(__SSE2__)
    __m128 a = _mm_castsi128_ps(_mm_loadu_si128((const void *)numbers));
    __m128 b = _mm_castsi128_ps(_mm_loadu_si128((const void *)(numbers + 2)));
    __m128i both = _mm_and_si128(_mm_castps_si128(_mm_shuffle_ps(a, b, 0x88)),
                                 _mm_castps_si128(_mm_shuffle_ps(a, b, 0xdd)));
    __m128i absent = _mm_cmpeq_epi32(both, _mm_set1_epi32(-1));
    return (unsigned)_mm_movemask_ps(_mm_castsi128_ps(absent)) ^ 15;
#else
    unsigned bits = 0;
    for (unsigned i = 0; i < 4; i++)
        bits |= (unsigned)(numbers[i] != TR_NONE) << i;
    return bits;
#endif
}

static void mask_of_numbers(const int64_t *numbers, uint32_t count, struct mask *m)
{
    memset(m, 0, sizeof *m);
    uint32_t i = 0;
    for (; i + 4 <= count; i += 4)
        m->words[i / 64] |= (uint64_t)present_of_four(numbers + i) << i % 64;
    for (; i < count; i++)
        if (numbers[i] != TR_NONE)
            set_row(m, i);
}

/* 64 bits as they stand in memory. */
static void or_word(uint8_t *bits, uint64_t word)
{
    uint64_t there;
    memcpy(&there, bits, sizeof there);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    there |= word;
    memcpy(bits, &there, sizeof there);
}

/* Put the bits of a part's rows to those of the batch, from row `at` on. */
static void add_mask(uint8_t *valid, uint64_t at, const struct mask *m)
{
    uint8_t *to = valid + at / 64 * 8;
    unsigned shift = at % 64;
    for (int w = 0; w < WORDS; w++, to += 8) {
        if (!m->words[w])
            continue;
        or_word(to, m->words[w] << shift);
        if (shift && m->words[w] >> (64 - shift))
            or_word(to + 8, m->words[w] >> (64 - shift));
    }
}

/* --- columns ----------------------------------------------------------------- */

static void put_kinds(struct tri_table *t, struct tri_out_column *c)
{
    struct tri_part *p = &t->part;
    int32_t numbers[TR_KIND_COUNT], *out = (int32_t *)c->data + t->out.rows;
    tri_part_sort(p);
    for (int kind = 0; kind < TR_KIND_COUNT; kind++)
        if (p->kind_set >> kind & 1) {
            int32_t code = tri_code_of_kind(p, (tr_kind)kind);
            numbers[kind] = p->failed ? 0 : tri_out_number(&t->out, c, code);
        }
    for (uint32_t i = 0; i < p->count; i++)
        out[i] = numbers[p->kinds[i]];
}

/* The number + 1 of a state's name, or of what has such states. */
TRI_COLD static int32_t learn_state(struct tri_table *t, struct tri_out_column *c,
                                    enum tri_value_source source, unsigned state)
{
    struct tri_part *p = &t->part;
    int32_t code = source == TRI_STATE ? tri_code_of_state(p, (tr_state)state)
                                       : tri_code_of_resource(p, tri_state_resource(state));
    return c->of_state[state] = p->failed ? 0 : tri_out_number(&t->out, c, code) + 1;
}

/* What follows from a state of transitions, which most rows are. */
static void put_states(struct tri_table *t, struct tri_out_column *c, const struct tri_values *v,
                       struct tri_run run)
{
    int32_t *out = (int32_t *)c->data + t->out.rows;
    size_t at = v->source == TRI_STATE ? v->at : AT(transition.to);
    for (uint32_t i = 0; i < run.count && !t->part.failed; i++) {
        uint32_t row = run.order ? run.order[i] : run.first + i;
        unsigned state = ((const uint8_t *)&t->part.rows[row])[at];
        int32_t number = c->of_state[state];
        if (TRI_UNLIKELY(!number))
            number = learn_state(t, c, (enum tri_value_source)v->source, state);
        out[row] = number - 1;
    }
}

static void put_names(struct tri_table *t, struct tri_out_column *c, const struct tri_values *v,
                      struct tri_run run)
{
    int32_t codes[TRI_PART_ROWS], *out = (int32_t *)c->data + t->out.rows;
    tri_put_values(&t->part, v, run, TRI_DENSE, codes);
    if (t->part.failed)
        return;
    if (run.order)
        for (uint32_t i = 0; i < run.count; i++)
            out[run.order[i]] = tri_out_number(&t->out, c, codes[i]);
    else
        for (uint32_t i = 0; i < run.count; i++)
            out[run.first + i] = tri_out_number(&t->out, c, codes[i]);
}

/* Messages, resolved. */
static void put_messages(struct tri_table *t, unsigned column, struct masks *masks)
{
    struct tri_part *p = &t->part;
    struct tri_out_column *c = &t->out.columns[column];
    struct tri_run run = tri_run_of(p, TRI_OF_LOGS);
    const tr_str none = {"", 0};
    for (uint32_t i = 0, done = 0; i < p->count && !t->out.failed; i++) {
        bool is = done < run.count && (run.order ? run.order[done] : done) == i;
        tr_str text = is ? tri_event_string(p->r->tables, p->rows[i].log.message) : none;
        t->out.failed |= !tri_texts_add(&c->texts, text);
        done += is;
    }
    add_mask(c->valid, t->out.rows, mask_of_group(masks, TRI_OF_LOGS, run));
}

static void put_group(struct tri_table *t, unsigned column, const struct tri_values *v,
                      struct masks *masks)
{
    struct tri_part *p = &t->part;
    struct tri_out_column *c = &t->out.columns[column];
    struct tri_run run = tri_run_of(p, (enum tri_group)v->group);
    int64_t *numbers = (int64_t *)c->data + t->out.rows;
    struct mask some;
    if (!run.count)
        return;
    if (v->source == TRI_STATE || v->source == TRI_RESOURCE)
        put_states(t, c, v, run);
    else if (c->type == TR_TABLE_NAME)
        put_names(t, c, v, run);
    else
        tri_put_values(p, v, run, TRI_BY_ROW, numbers);
    if (!c->nullable)
        return;
    if (may_be_none(v)) {
        /* Rows of other groups are -1. */
        mask_of_numbers(numbers, p->count, &some);
        add_mask(c->valid, t->out.rows, &some);
    } else {
        add_mask(c->valid, t->out.rows, mask_of_group(masks, (enum tri_group)v->group, run));
    }
}

static void put_column(struct tri_table *t, unsigned column, struct masks *masks)
{
    struct tri_out_column *c = &t->out.columns[column];
    const struct tri_values *v = values_of(column);
    uint32_t count = t->part.count;
    if (column == TR_COL_KIND) {
        put_kinds(t, c);
        return;
    }
    if (c->type == TR_TABLE_TEXT) {
        put_messages(t, column, masks);
        return;
    }
    if (c->type == TR_TABLE_NAME) {
        if (tri_run_of(&t->part, (enum tri_group)v->group).count < count)
            memset((int32_t *)c->data + t->out.rows, 0, count * sizeof(int32_t));
    } else if (v->group != TRI_OF_ALL) {
        memset((int64_t *)c->data + t->out.rows, 0xff, count * sizeof(int64_t));
    }
    for (int i = 0; i < TRI_MAX_VALUES && v[i].source; i++)
        put_group(t, column, &v[i], masks);
}

static bool take_events(struct tri_table *t)
{
    struct masks masks;
    masks.made = 0;
    if (!t->part.count || !tri_out_reserve(&t->out, t->part.count))
        return true;
    for (uint32_t i = 0; i < t->out.wanted_count && !t->part.failed && !t->out.failed; i++)
        put_column(t, t->out.order[i], &masks);
    t->out.rows += t->part.count;
    t->at = t->part.count;
    return true;
}

const struct tri_table_spec tri_table_events = {
    .name = "events",
    .columns = tri_event_columns,
    .column_count = TR_COLUMN_COUNT,
    .kinds = UINT32_MAX,
    .whole_parts = true,
    .take = take_events,
};
