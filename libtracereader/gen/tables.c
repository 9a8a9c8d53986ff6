/* Strings and stacks of a generation.
 *
 * A batch of strings or stacks is copied whole into the arena; entries point into
 * the copy. Stacks stay as they are encoded: they are walked once to check them,
 * and decoded only if somebody asks for a frame; where the trace can be read again, not
 * even copied before.
 *
 * Invariants: entry n of `stacks`, and n + 1 of `strings`, is that of place n of the
 * ids; `strings` begins with the empty one. Strings point into `arena`; stacks too, or, once
 * they are needed, into what was deferred, or until they settle into bytes that were lent. */
#include "gen/tables.h"

#include <string.h>

#include "base/bits.h"
#include "gen/deferred.h"
#include "wire/varint.h"

struct tr_tables *tri_tables_new(struct tri_mem *mem)
{
    struct tr_tables *t = tri_mem_zalloc(mem, sizeof *t);
    if (!t)
        return NULL;
    if (!tri_lock_init(&t->frames_lock)) {
        tri_mem_lack(mem);
        tri_mem_free(mem, t, sizeof *t);
        return NULL;
    }
    atomic_init(&t->refs, 1);
    atomic_init(&t->frames, NULL);
    atomic_init(&t->stack_texts, NULL);
    atomic_init(&t->frames_status, TR_OK);
    atomic_init(&t->has_loss, false);
    tri_err_init(&t->loss);
    t->mem = tri_mem_ref(mem);
    t->arena.mem = mem;
    tri_ids_init(&t->string_ids, mem, 0);
    tri_ids_init(&t->stack_ids, mem, TRI_STACK_ABSENT);
    if (!tri_tables_reserve_string(t)) {
        tr_tables_unref(t);
        return NULL;
    }
    t->strings[0] = (tr_str){"", 0};
    return t;
}

void tr_tables_ref(const tr_tables *tables)
{
    if (tables)
        atomic_fetch_add(&((struct tr_tables *)tables)->refs, 1);
}

static void free_frames(struct tri_mem *mem, struct tri_frames *frames, uint64_t frame_count)
{
    if (!frames)
        return;
    tri_mem_free(mem, frames->pcs, frames->pc_cap * sizeof *frames->pcs);
    tri_mem_free(mem, frames->pc_of, frame_count * sizeof *frames->pc_of);
    tri_mem_free(mem, frames, sizeof *frames);
}

static void free_stack_texts(struct tri_mem *mem, struct tri_stack_texts *texts, uint32_t count)
{
    if (!texts)
        return;
    for (uint32_t i = 0; i < count; i++) {
        struct tri_stack_text *text = atomic_load(&texts->of[i]);
        if (text)
            tri_mem_free(mem, text, sizeof *text + text->len);
    }
    tri_mem_free(mem, texts, sizeof *texts + count * sizeof texts->of[0]);
}

void tr_tables_unref(const tr_tables *tables)
{
    struct tr_tables *t = (struct tr_tables *)tables;
    if (!t || atomic_fetch_sub(&t->refs, 1) != 1)
        return;
    struct tri_mem *mem = t->mem;
    tri_deferred_remove(t);
    free_frames(mem, atomic_load(&t->frames), t->frame_count);
    free_stack_texts(mem, atomic_load(&t->stack_texts), t->stack_ids.count);
    tri_ids_free(&t->string_ids);
    tri_ids_free(&t->stack_ids);
    tri_mem_free(mem, t->strings, t->string_cap * sizeof *t->strings);
    tri_mem_free(mem, t->stacks, t->stack_cap * sizeof *t->stacks);
    tri_mem_free(mem, t->experimental, t->experimental_cap * sizeof *t->experimental);
    tri_arena_free(&t->arena);
    tri_pool_free(t->names);
    tri_lock_destroy(&t->frames_lock);
    tri_mem_free(mem, t, sizeof *t);
    tri_mem_unref(mem);
}

uint64_t tri_tables_bytes(const struct tr_tables *t)
{
    uint64_t bytes = t->arena.bytes + sizeof *t;
    bytes += t->string_cap * sizeof *t->strings + t->stack_cap * sizeof *t->stacks;
    bytes += tri_ids_memory(&t->string_ids) + tri_ids_memory(&t->stack_ids);
    bytes += t->experimental_cap * sizeof *t->experimental;
    bytes += t->later.part_cap * sizeof *t->later.parts;
    if (atomic_load_explicit(&t->later.data, memory_order_relaxed))
        bytes += t->later.bytes;
    const struct tri_frames *frames = atomic_load(&((struct tr_tables *)t)->frames);
    if (frames)
        bytes += sizeof *frames + frames->pc_cap * sizeof *frames->pcs +
                 t->frame_count * sizeof *frames->pc_of;
    struct tri_stack_texts *texts = atomic_load(&((struct tr_tables *)t)->stack_texts);
    if (texts)
        bytes += atomic_load(&texts->bytes);
    return t->names ? bytes + tri_pool_memory(t->names) : bytes;
}

uint32_t tri_tables_name_ref(struct tr_tables *t, const char *name, size_t len)
{
    uint32_t number;
    if (!t->names)
        t->names = tri_pool_new(t->mem);
    if (!t->names || !tri_pool_add(t->names, name, len, &number))
        return 0;
    return TRI_STR_POOL | number;
}

/* A place inside a section, for an error. */
static struct tri_place place_of(const struct tri_section *s, const uint8_t *data,
                                 const uint8_t *record, int type)
{
    struct tri_place place = s->place;
    place.offset += (uint64_t)(record - data);
    place.event_type = type;
    return place;
}

static tr_status no_memory(const struct tr_tables *t, struct tri_err *err, struct tri_place place)
{
    return tri_err_no_memory(err, t->mem, place);
}

static const uint8_t *copy_section(struct tr_tables *t, const struct tri_section *s)
{
    uint8_t *copy = tri_arena_alloc(&t->arena, s->size);
    if (copy)
        memcpy(copy, s->data, s->size);
    return copy;
}

/* The bytes of stacks, in the tables or where they are as long as these are added. */
static const uint8_t *defer_or_copy(struct tr_tables *t, const struct tri_section *s)
{
    if (!s->deferred)
        return copy_section(t, s);
    return tri_deferred_add(s->deferred, t, s) ? s->data : NULL;
}

/* The record's varints, up to `count`; the result tells what the reference makes of
 * a missing one: TR_END if it is absent altogether. */
static tr_status read_varints(const uint8_t **p, const uint8_t *end, uint64_t *values, int count)
{
    for (int i = 0; i < count; i++) {
        enum tri_varint_result result = tri_varint_read(p, end, &values[i]);
        if (result != TRI_VARINT_OK)
            return result == TRI_VARINT_NONE ? TR_END : TR_E_CORRUPT;
    }
    return TR_OK;
}

/* The head that strings and stacks share: a type, an id, a length. */
struct entry_head {
    struct tri_place place;
    uint64_t id, length;
};

/* Read the head of the next entry, which must be of `type`, no longer than `most`. */
static tr_status read_head(const struct tri_section *s, const uint8_t *data, const uint8_t **p,
                           const uint8_t *end, int type, uint64_t most, struct entry_head *head)
{
    uint64_t fields[2];
    head->place = place_of(s, data, *p, **p);
    if (*(*p)++ != type)
        return tri_err_set(s->err, TR_E_CORRUPT, head->place, "expected a %s, got event type %d",
                           tri_spec_name((unsigned)type), head->place.event_type);
    tr_status status = read_varints(p, end, fields, 2);
    if (status == TR_END)
        return TR_END;
    if (status != TR_OK)
        return tri_err_set(s->err, status, head->place, "invalid varint in a %s",
                           tri_spec_name((unsigned)type));
    head->id = fields[0];
    head->length = fields[1];
    if (head->length > most)
        return tri_err_set(s->err, TR_E_CORRUPT, head->place,
                           "invalid %s size %llu, maximum is %llu", tri_spec_name((unsigned)type),
                           (unsigned long long)head->length, (unsigned long long)most);
    return TR_OK;
}

/* Give the entry's id the next place of a table with room for it. */
static tr_status add_id(struct tr_tables *t, const struct tri_section *s, struct tri_ids *ids,
                        const struct entry_head *head)
{
    /* The reference holds the id 0 for taken: it is the empty string or stack. */
    if (head->id == 0 || tri_ids_get(ids, head->id))
        return tri_err_set(s->err, TR_E_CORRUPT, head->place, "multiple %ss with the same ID %llu",
                           tri_spec_name((unsigned)head->place.event_type),
                           (unsigned long long)head->id);
    return tri_ids_add(ids, head->id) ? TR_OK : no_memory(t, s->err, head->place);
}

tr_status tri_tables_add_strings(struct tr_tables *t, const struct tri_section *s)
{
    const uint8_t *data = copy_section(t, s);
    if (!data)
        return no_memory(t, s->err, s->place);
    const uint8_t *p = data + 1, *end = data + s->size;
    while (p < end) {
        struct entry_head head;
        tr_status status = read_head(s, data, &p, end, TRI_EV_String, TRI_MAX_STRING_BYTES, &head);
        if (status != TR_OK)
            return status;
        if (head.length > (uint64_t)(end - p))
            return tri_err_set(s->err, TR_E_CORRUPT, head.place,
                               "failed to read full string: have %llu of %llu bytes",
                               (unsigned long long)(end - p), (unsigned long long)head.length);
        uint32_t place = t->string_ids.count;
        if (!tri_tables_reserve_string(t))
            return no_memory(t, s->err, head.place);
        status = add_id(t, s, &t->string_ids, &head);
        if (status == TR_E_CORRUPT && s->skipped) {
            tri_err_move(s->skipped, s->err);
            *s->skipped_bytes += head.length;
            p += head.length;
            continue;
        }
        if (status != TR_OK)
            return status;
        t->strings[place + 1] = (tr_str){(const char *)p, (size_t)head.length};
        p += head.length;
    }
    return TR_OK;
}

/* The bytes of a varint of at most 8 bytes; 0: it is longer. 8 bytes can be read. */
static inline unsigned varint_length(const uint8_t *p)
{
    uint64_t ends = tri_varint_ends(p);
    return ends ? tri_lowest_bit(ends) / 8 + 1 : 0;
}

static inline bool takes_four(const uint8_t *p)
{
    return (p[0] & p[1] & p[2] & 0x80) && p[3] < 0x80;
}

/* Walk over frames as long as they are of the usual size; the number of them. Most
 * bytes of a trace's tables are these. */
static uint64_t skip_usual_frames(const uint8_t **at, const uint8_t *end, uint64_t count,
                                  uint64_t *max_string)
{
    enum { FRAME_BYTES_MAX = 4 * 10 + 8 };
    const uint8_t *p = *at;
    uint64_t i = 0, most = *max_string;
    for (; i < count && end - p >= FRAME_BYTES_MAX; i++) {
        uint64_t func, file;
        /* Most PCs take four bytes: a right guess needs not wait for the number. */
        unsigned length = takes_four(p) ? 4 : varint_length(p);
        if (!length)
            break;
        const uint8_t *q = tri_varint_read_fast(p + length, &func);
        if (q)
            q = tri_varint_read_fast(q, &file);
        if (!q)
            break;
        length = varint_length(q);
        if (!length)
            break;
        p = q + length;
        most = func > most ? func : most;
        most = file > most ? file : most;
    }
    *max_string = most;
    *at = p;
    return i;
}

const char *tri_tables_skip_frames(const uint8_t **p, const uint8_t *end, uint64_t count,
                                   uint64_t *most)
{
    static const char *const names[4] = {"PC", "funcID", "fileID", "line"};
    uint64_t value;
    for (uint64_t i = skip_usual_frames(p, end, count, most); i < count; i++) {
        for (int f = 0; f < 4; f++) {
            if (tri_varint_read(p, end, &value) != TRI_VARINT_OK)
                return names[f];
            if ((f == 1 || f == 2) && value > *most)
                *most = value;
        }
    }
    return NULL;
}

tr_status tri_tables_add_stacks(struct tr_tables *t, const struct tri_section *s)
{
    const uint8_t *data = defer_or_copy(t, s);
    if (!data)
        return no_memory(t, s->err, s->place);
    const uint8_t *p = data + 1, *end = data + s->size;
    while (p < end) {
        struct entry_head head;
        tr_status status = read_head(s, data, &p, end, TRI_EV_Stack, TRI_MAX_FRAMES, &head);
        if (status != TR_OK)
            return status;
        const uint8_t *frames = p;
        const char *broken = tri_tables_skip_frames(&p, end, head.length, &t->max_frame_string);
        if (broken)
            return tri_err_set(s->err, TR_E_CORRUPT, head.place,
                               "invalid %s in a frame of stack %llu", broken,
                               (unsigned long long)head.id);
        if (t->frame_count + head.length > UINT32_MAX)
            return tri_err_limit(s->err, head.place, "stack frames in a generation",
                                 t->frame_count + head.length, UINT32_MAX);
        uint32_t place = t->stack_ids.count;
        if (place >= s->max_stacks)
            return tri_err_limit(s->err, head.place, "stacks in a generation", (uint64_t)place + 1,
                                 s->max_stacks);
        if (!tri_mem_reserve(t->mem, &t->stacks, &t->stack_cap, (uint64_t)place + 1,
                             sizeof *t->stacks))
            return no_memory(t, s->err, head.place);
        status = add_id(t, s, &t->stack_ids, &head);
        if (status == TR_E_CORRUPT && s->skipped) {
            tri_err_move(s->skipped, s->err);
            *s->skipped_bytes += (uint64_t)(p - frames);
            continue;
        }
        if (status != TR_OK)
            return status;
        t->stacks[place] = (struct tri_stack_entry){
            .frames = s->deferred ? NULL : frames,
            .count = (uint32_t)head.length,
            .first = (uint32_t)t->frame_count,
            .offset = head.place.offset,
        };
        t->frame_count += head.length;
    }
    return TR_OK;
}

/* Tell of an allocation that has just failed, at the first stack: frames are made of all. */
static void lose_frames(struct tr_tables *t)
{
    uint64_t offset = t->stack_ids.count ? t->stacks[0].offset : 0;
    struct tri_place place = {offset, t->generation, TR_NONE, TRI_EV_Stack};
    if (atomic_load(&t->has_loss))
        return;
    tri_err_no_memory(&t->loss, t->mem, place);
    atomic_store(&t->has_loss, true);
}

const struct tri_err *tri_tables_loss(const struct tr_tables *t)
{
    return atomic_load(&t->has_loss) ? &t->loss : NULL;
}

/* Decode every frame. NULL if there is no memory. */
static struct tri_frames *prepare_frames(struct tr_tables *t)
{
    struct tri_frames *f = tri_mem_zalloc(t->mem, sizeof *f);
    struct tri_map by_pc = {.mem = t->mem};
    if (!f) {
        lose_frames(t);
        return NULL;
    }
    if (t->frame_count) {
        f->pc_of = tri_mem_alloc(t->mem, t->frame_count * sizeof *f->pc_of);
        if (!f->pc_of)
            goto fail;
    }
    for (uint32_t i = 0; i < t->stack_ids.count; i++) {
        const uint8_t *p = t->stacks[i].frames;
        for (uint32_t k = 0; k < t->stacks[i].count; k++) {
            struct tri_pc_frame frame;
            /* Checked when the stack was added: each varint ends. */
            p = tri_varint_read_fast(p, &frame.pc);
            p = tri_varint_read_fast(p, &frame.func_id);
            p = tri_varint_read_fast(p, &frame.file_id);
            p = tri_varint_read_fast(p, &frame.line);
            uint32_t number = (uint32_t)tri_map_get(&by_pc, frame.pc);
            if (!number) {
                if (!tri_mem_reserve(t->mem, &f->pcs, &f->pc_cap, (uint64_t)f->pc_count + 1,
                                     sizeof *f->pcs) ||
                    !tri_map_add(&by_pc, frame.pc, f->pc_count + 1))
                    goto fail;
                tri_tables_string_ref(t, frame.func_id, &frame.func);
                tri_tables_string_ref(t, frame.file_id, &frame.file);
                f->pcs[f->pc_count++] = frame;
                number = f->pc_count;
            }
            f->pc_of[t->stacks[i].first + k] = number - 1;
        }
    }
    tri_map_free(&by_pc);
    return f;
fail:
    lose_frames(t); /* before anything is freed: it says how much there is */
    tri_map_free(&by_pc);
    free_frames(t->mem, f, f->pc_of ? t->frame_count : 0);
    return NULL;
}

/* The same once, with the lock held: several threads may ask at the same time. `status` is
 * how it went to have the stacks. */
static struct tri_frames *make_frames(struct tr_tables *t, tr_status status)
{
    struct tri_frames *frames = atomic_load(&t->frames);
    if (frames || t->has_settled)
        return frames;
    if (status == TR_E_NOMEM || status == TR_E_LIMIT)
        lose_frames(t);
    if (status == TR_OK) {
        frames = prepare_frames(t);
        status = frames ? TR_OK : tri_mem_status(t->mem);
    }
    if (frames)
        atomic_store(&t->frames, frames);
    else
        atomic_store(&t->frames_status, status);
    return frames;
}

const struct tri_frames *tri_tables_frames(const struct tr_tables *t)
{
    struct tr_tables *tables = (struct tr_tables *)t; /* made once: as good as const */
    struct tri_frames *frames = atomic_load(&tables->frames);
    if (frames)
        return frames;
    tr_status status = tri_deferred_load(tables);
    tri_lock_hold(&tables->frames_lock);
    frames = make_frames(tables, status);
    tri_lock_release(&tables->frames_lock);
    return frames;
}

void tri_tables_settle(struct tr_tables *t)
{
    if (atomic_load(&t->refs) == 1)
        return;
    tri_lock_hold(&t->frames_lock);
    make_frames(t, TR_OK);
    t->has_settled = true;
    tri_lock_release(&t->frames_lock);
}

bool tri_tables_has_names(const struct tr_tables *t)
{
    return tri_ids_gapless(&t->string_ids) && t->max_frame_string <= t->string_ids.max;
}

tr_status tri_tables_check_stacks(struct tr_tables *t, struct tri_err *err)
{
    if (tri_tables_has_names(t))
        return TR_OK;
    struct tri_place place = {0, t->generation, TR_NONE, TRI_EV_Stack};
    const struct tri_frames *f = tri_tables_frames(t);
    if (!f) {
        if (!tri_deferred_failed(t->later.from, err))
            tri_err_copy(err, &t->loss);
        return err->error.code;
    }
    for (uint32_t i = 0; i < t->stack_ids.count; i++) {
        for (uint32_t k = 0; k < t->stacks[i].count; k++) {
            const struct tri_pc_frame *frame = &f->pcs[f->pc_of[t->stacks[i].first + k]];
            bool func = frame->func || !frame->func_id, file = frame->file || !frame->file_id;
            if (func && file)
                continue;
            place.offset = t->stacks[i].offset;
            return tri_err_set(err, TR_E_CORRUPT, place, "invalid %s string ID %llu in a stack",
                               func ? "file" : "func",
                               (unsigned long long)(func ? frame->file_id : frame->func_id));
        }
    }
    return TR_OK;
}
