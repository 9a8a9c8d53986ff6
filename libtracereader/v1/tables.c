/* Strings and stacks of an old trace, and the strings that it lacks.
 *
 * Invariants: references of rows are those of gen/tables.h. Strings that are not in the
 * trace have the ids behind its own, in the reference's order: first messages of logs,
 * then the names of v1.h. So an id that is too large gives what it gives there. Frames stay
 * where they are in the trace, until it is closed; those of header 5 are made here. */
#include <stdio.h>
#include <string.h>

#include "v1/passes.h"
#include "wire/varint.h"

/* What is being taken from the trace. */
struct loading {
    struct tri_v1 *v;
    struct tri_v1_record r;
    uint64_t offset;
};

static struct tri_place place_of(const struct loading *l)
{
    return tri_v1_place(l->v, l->offset);
}

static tr_status no_memory(const struct loading *l)
{
    return tri_v1_no_memory(l->v, l->offset);
}

/* Add a string that stays where it is. */
static bool add_string(struct tri_v1 *v, uint64_t id, tr_str s)
{
    struct tr_tables *t = v->tables;
    uint32_t place = t->string_ids.count;
    if (!tri_tables_reserve_string(t) || !tri_ids_add(&t->string_ids, id))
        return false;
    t->strings[place + 1] = s;
    return true;
}

/* The same, copied. */
static bool copy_string(struct tri_v1 *v, uint64_t id, const void *bytes, size_t len)
{
    char *copy = tri_arena_alloc(&v->tables->arena, len);
    if (!copy)
        return false;
    memcpy(copy, bytes, len);
    return add_string(v, id, (tr_str){copy, len});
}

static tr_status load_string(struct loading *l)
{
    struct tri_v1 *v = l->v;
    uint64_t id = l->r.args[0], len = l->r.data_len;
    if (id == 0)
        return tri_err_set(v->err, TR_E_CORRUPT, place_of(l), "invalid string ID 0");
    if (tri_ids_get(&v->tables->string_ids, id))
        return tri_err_set(v->err, TR_E_CORRUPT, place_of(l),
                           "multiple strings with the same ID "
                           "%llu",
                           (unsigned long long)id);
    if (len == 0 || len > TRI_V1_MAX_STRING_BYTES)
        return tri_err_set(v->err, TR_E_CORRUPT, place_of(l),
                           "invalid string size %llu, maximum is %d", (unsigned long long)len,
                           TRI_V1_MAX_STRING_BYTES);
    return copy_string(v, id, l->r.data, (size_t)len) ? TR_OK : no_memory(l);
}

static uint8_t *put_number(uint8_t *p, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *p++ = (uint8_t)(value | 0x80);
    *p++ = (uint8_t)value;
    return p;
}

/* The id of a name with header 5, whose traces hold no strings: names that are the same have
 * one, the empty one 0. False if there is no memory. */
static bool symbol_id(struct tri_v1 *v, tr_str s, uint32_t *id)
{
    uint32_t number;
    *id = 0;
    if (s.len == 0)
        return true;
    if (!v->symbols && !(v->symbols = tri_pool_new(v->mem)))
        return false;
    if (!tri_pool_add(v->symbols, s.ptr, s.len, &number))
        return false;
    *id = number + 1;
    return number < v->tables->string_ids.count || copy_string(v, *id, s.ptr, s.len);
}

/* What is at the address before `pc`; NULL if there is no memory. */
static const struct tri_v1_frame *find_frame(struct tri_v1 *v, uint64_t pc)
{
    uint64_t at = tri_map_get(&v->frame_of, pc);
    if (at)
        return &v->frames[at - 1];
    char name[20];
    int len = snprintf(name, sizeof name, "0x%llx", (unsigned long long)pc);
    const tr_symbol none = {{"", 0}, {"", 0}, 0};
    tr_symbol symbol = none;
    if (!v->symbolize || !v->symbolize(v->symbolize_user, pc - 1, &symbol))
        symbol = none;
    if (symbol.function.len == 0)
        symbol.function = (tr_str){name, (size_t)len};
    struct tri_v1_frame frame = {.line = symbol.line};
    if (!symbol_id(v, symbol.function, &frame.function) ||
        !symbol_id(v, symbol.file, &frame.file) ||
        !tri_mem_reserve(v->mem, &v->frames, &v->frame_cap, (uint64_t)v->frame_count + 1,
                         sizeof *v->frames) ||
        !tri_map_add(&v->frame_of, pc, v->frame_count + UINT64_C(1)))
        return NULL;
    v->frames[v->frame_count] = frame;
    return &v->frames[v->frame_count++];
}

/* With header 5 frames are addresses. Write one as a frame of later headers. */
static bool put_address(struct tri_v1 *v, uint8_t **p, uint64_t pc)
{
    const struct tri_v1_frame *frame = find_frame(v, pc);
    if (!frame)
        return false;
    *p = put_number(*p, pc);
    *p = put_number(*p, frame->function);
    *p = put_number(*p, frame->file);
    *p = put_number(*p, frame->line);
    return true;
}

enum { ADDRESS_BYTES_MAX = 4 * TRI_MAX_VARINT };

/* The record's frames as later headers have them; NULL if there is no memory. */
static const uint8_t *frames_of(struct tri_v1 *v, const struct tri_v1_record *r)
{
    if (v->version >= TRI_GO107)
        return r->frames;
    uint8_t *copy = tri_arena_alloc(&v->tables->arena, (size_t)r->frame_count * ADDRESS_BYTES_MAX);
    const uint8_t *from = r->frames;
    uint8_t *to = copy;
    for (uint32_t i = 0; copy && i < r->frame_count; i++) {
        uint64_t pc = 0;
        from = tri_varint_read_fast(from, &pc);
        if (!put_address(v, &to, pc))
            return NULL;
    }
    return copy;
}

/* Add a stack, or put it in the place of the one that has its id. */
static tr_status add_stack(struct loading *l, uint64_t id, const uint8_t *frames, uint32_t count)
{
    struct tri_v1 *v = l->v;
    struct tr_tables *t = v->tables;
    uint32_t place = t->stack_ids.count;
    if (t->frame_count + count > UINT32_MAX)
        return tri_err_limit(v->err, place_of(l), "stack frames in a trace", t->frame_count + count,
                             UINT32_MAX);
    if (place >= v->limits.stacks)
        return tri_err_limit(v->err, place_of(l), "stacks in a trace", (uint64_t)place + 1,
                             v->limits.stacks);
    if (!frames ||
        !tri_mem_reserve(v->mem, &t->stacks, &t->stack_cap, (uint64_t)place + 1, sizeof *t->stacks))
        return no_memory(l);
    if (!(tri_ids_get(&t->stack_ids, id) ? tri_ids_replace(&t->stack_ids, id)
                                         : tri_ids_add(&t->stack_ids, id)))
        return no_memory(l);
    t->stacks[place] = (struct tri_stack_entry){frames, count, (uint32_t)t->frame_count, l->offset};
    t->frame_count += count;
    return TR_OK;
}

static tr_status load_stack(struct loading *l)
{
    uint32_t id = (uint32_t)l->r.args[0];
    if (id == 0 || l->r.frame_count == 0)
        return TR_OK;
    return add_stack(l, id, frames_of(l->v, &l->r), l->r.frame_count);
}

/* With header 5, the address at which a new goroutine begins: a stack of one frame, with
 * an id that no stack of the trace can have. */
static tr_status load_start(struct loading *l)
{
    struct tri_v1 *v = l->v;
    uint64_t pc = l->r.args[v->format.shapes[TRI_V1_GoCreate].first_arg + 1];
    if (tri_map_get(&v->start_stacks, pc))
        return TR_OK;
    uint8_t *frame = tri_arena_alloc(&v->tables->arena, ADDRESS_BYTES_MAX), *end = frame;
    /* Frames hold return addresses, which the first one of a function's is not. */
    if (!frame || !put_address(v, &end, pc + 1))
        return no_memory(l);
    uint32_t place = v->tables->stack_ids.count;
    tr_status status = add_stack(l, (UINT64_C(1) << 32) + place, frame, 1);
    if (status == TR_OK && !tri_map_add(&v->start_stacks, pc, place + 1))
        status = no_memory(l);
    return status;
}

static tr_status load_message(struct loading *l)
{
    struct tri_v1 *v = l->v;
    if (l->r.data_len > TRI_V1_MAX_STRING_BYTES && !v->salvage.on)
        return tri_err_set(v->err, TR_E_CORRUPT, place_of(l),
                           "invalid message size %llu, maximum is %d",
                           (unsigned long long)l->r.data_len, TRI_V1_MAX_STRING_BYTES);
    const char *message = l->r.data_len ? (const char *)l->r.data : "";
    if (!tri_tables_name_ref(v->tables, message, (size_t)l->r.data_len))
        return no_memory(l);
    v->message_count = tri_pool_count(v->tables->names);
    return TR_OK;
}

static tr_status load_record(struct loading *l)
{
    struct tri_v1 *v = l->v;
    switch (l->r.type) {
    case TRI_V1_String:
        return load_string(l);
    case TRI_V1_Stack:
        return load_stack(l);
    case TRI_V1_UserLog:
        return load_message(l);
    case TRI_V1_GoCreate:
        return v->version < TRI_GO107 ? load_start(l) : TR_OK;
    case TRI_V1_Frequency:
        v->ticks_per_second = (int64_t)l->r.args[0];
        if (v->ticks_per_second <= 0) /* processors' clocks may differ */
            return tri_err_set(v->err, TR_E_ORDER, place_of(l),
                               "time stamps out of order: "
                               "%lld ticks a second",
                               (long long)v->ticks_per_second);
        return TR_OK;
    default:
        return TR_OK;
    }
}

tr_status tri_v1_load_tables(struct tri_v1 *v, uint64_t at)
{
    struct loading l = {.v = v};
    const uint8_t *p = v->data + at, *end = v->data + v->data_bytes;
    bool begun = false;
    while (p < end) {
        p = begun ? tri_v1_skip_plain(&v->format, p, end) : p;
        const uint8_t *record = p;
        if (tri_v1_type_of(*p) == TRI_V1_Batch && begun)
            break;
        begun = true;
        l.offset = v->begin + (uint64_t)(record - v->data);
        if (tri_v1_record_read(&v->format, &p, end, &l.r) != TRI_V1_GOT)
            break; /* they have been checked */
        tr_status status = load_record(&l);
        if (status != TR_OK && v->salvage.on && !tri_salvage_is_fatal(status))
            tri_err_clear(v->err); /* it is left out; of two with one id the first counts */
        else if (status != TR_OK)
            return status;
    }
    return TR_OK;
}

tr_status tri_v1_load_all_tables(struct tri_v1 *v)
{
    tr_status status = v->has_prologue ? tri_v1_load_tables(v, 0) : TR_OK;
    for (uint32_t i = 0; status == TR_OK && i < v->batch_count; i++) {
        struct tri_v1_batch *batch = tri_v1_batch(v, i);
        if (!batch->has_tables)
            continue;
        status = tri_v1_load_tables(v, batch->at);
        batch->has_tables = false; /* any more */
        if (status == TR_OK && !tri_v1_may_go_on(v, batch->at, TRI_V1_STEP_BYTES))
            status = tri_v1_canceled(v);
    }
    return status;
}

/* Add a string that the trace does not have, behind those that are there. */
static bool add_missing(struct tri_v1 *v, uint64_t *id, tr_str s)
{
    do /* behind the largest number there are small ones that are free */
        ++*id;
    while (*id == 0 || tri_ids_get(&v->tables->string_ids, *id));
    return add_string(v, *id, s);
}

tr_status tri_v1_finish_tables(struct tri_v1 *v)
{
    struct tr_tables *t = v->tables;
    uint64_t id = t->string_ids.max;
    v->messages = t->string_ids.count + 1;
    for (uint32_t i = 0; i < v->message_count; i++)
        if (!add_missing(v, &id, tri_pool_get(t->names, i)))
            return tri_v1_no_memory(v, v->begin);
    v->names = t->string_ids.count + 1;
    for (unsigned i = 0; i < TRI_V1_NAME_COUNT; i++)
        if (!add_missing(v, &id, (tr_str){tri_v1_names[i], strlen(tri_v1_names[i])}))
            return tri_v1_no_memory(v, v->begin);
    return TR_OK;
}

bool tri_v1_string_ref(const struct tri_v1 *v, uint64_t id, uint32_t *ref)
{
    return tri_tables_string_ref(v->tables, id, ref);
}

uint32_t tri_v1_message_ref(const struct tri_v1 *v, uint64_t at)
{
    uint64_t len = 0;
    uint32_t number;
    const uint8_t *p = tri_varint_read_fast(v->data + at, &len);
    /* It is there, so nothing is added; but room may be made. */
    if (!tri_pool_add(v->tables->names, len ? (const char *)p : "", (size_t)len, &number))
        return 0;
    return v->messages + number;
}

uint32_t tri_v1_stop_ref(struct tri_v1 *v, enum tri_v1_name name)
{
    if (!v->stop_names[name]) {
        char text[64];
        int len = snprintf(text, sizeof text, "stop-the-world (%s)", tri_v1_names[name]);
        v->stop_names[name] = tri_tables_name_ref(v->tables, text, (size_t)len);
    }
    return v->stop_names[name];
}
