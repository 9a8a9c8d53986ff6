/* Records as they lie in the file, without any meaning.
 *
 * The reference checks next to nothing here: a record's type, and that its bytes are
 * there. Where the bytes end between two varints it takes that for the end.
 *
 * Invariants: a record is in the window as a whole when it is given out; it is taken
 * by the next call. */
#include <string.h>

#include "base/quote.h"
#include "base/text.h"
#include "tracereader/reader.h"
#include "v1/record.h"
#include "wire/framing.h"
#include "wire/varint.h"

struct tr_wire {
    struct tri_mem *mem;
    struct tri_err err;
    struct tri_source source;
    unsigned version;    /* 0: not open */
    unsigned type_count; /* of the header's version, the experimental ones left out */
    size_t taken;        /* bytes of the record that was given out */
    tr_status failed;    /* TR_OK: go on */
    tr_wire_record record;
    uint64_t generation; /* of the last batch, 0: none */
    uint64_t args[TRI_MAX_ARGS];
    uint64_t *frames;
    uint32_t frames_cap; /* in values */
    bool is_v1;
    struct tri_v1_format format; /* then */
};

static tr_wire *new_wire(struct tri_mem *mem)
{
    tr_wire *w = mem ? tri_mem_zalloc(mem, sizeof *w) : NULL;
    if (!w) {
        if (mem)
            tri_mem_unref(mem);
        return NULL;
    }
    w->mem = mem;
    w->record.type = -1;
    tri_err_init(&w->err);
    tri_source_init(&w->source, mem, &w->err);
    return w;
}

tr_wire *tr_wire_new(void)
{
    return new_wire(tri_mem_new(NULL));
}

tr_wire *tr_wire_new_with(const tr_allocator *allocator)
{
    if (!allocator || !allocator->alloc || !allocator->free)
        return NULL;
    return new_wire(tri_mem_new(allocator));
}

void tr_wire_free(tr_wire *w)
{
    if (!w)
        return;
    struct tri_mem *mem = w->mem;
    tri_source_close(&w->source);
    tri_mem_free(mem, w->frames, w->frames_cap * sizeof *w->frames);
    tri_mem_free(mem, w, sizeof *w);
    tri_mem_unref(mem);
}

/* One more than the largest type number that a version's traces hold. */
static unsigned count_types(unsigned version)
{
    unsigned count = 0;
    for (unsigned type = 1; type < TRI_FIRST_EXPERIMENTAL; type++)
        if (tri_specs[type].name && tri_specs[type].since <= version)
            count = type + 1;
    return count;
}

/* What is wrong, or the damage to a compressed trace from which it may follow. */
static tr_status find_cause(tr_wire *w, tr_status status)
{
    struct tri_err damage;
    if (!tri_source_damage_may_cause(status) ||
        tri_source_find_damage(&w->source, NULL, NULL, &damage) != TR_E_CORRUPT)
        return status;
    tri_err_in_generation(&damage, w->err.error.generation);
    tri_err_copy(&w->err, &damage);
    return TR_E_CORRUPT;
}

static tr_status start(tr_wire *w, tr_status status)
{
    unsigned version;
    if (status == TR_OK)
        status = tri_wire_read_header(&w->source, &version);
    if (status != TR_OK)
        return find_cause(w, status);
    w->version = version;
    w->is_v1 = tri_v1_version(version);
    w->generation = w->is_v1; /* it is one, number 1 */
    if (w->is_v1)
        tri_v1_format_init(&w->format, version);
    else
        w->type_count = count_types(version);
    return TR_OK;
}

tr_status tr_wire_open_path(tr_wire *w, const char *path)
{
    return w ? start(w, tri_source_open_path(&w->source, path)) : TR_E_MISUSE;
}

tr_status tr_wire_open_fd(tr_wire *w, int fd)
{
    return w ? start(w, tri_source_open_fd(&w->source, fd)) : TR_E_MISUSE;
}

tr_status tr_wire_open_memory(tr_wire *w, const void *data, size_t size)
{
    return w ? start(w, tri_source_open_memory(&w->source, data, size)) : TR_E_MISUSE;
}

tr_status tr_wire_open_callback(tr_wire *w, tr_read_fn fn, void *user)
{
    return w ? start(w, tri_source_open_callback(&w->source, fn, user)) : TR_E_MISUSE;
}

/* The reference knows the types of the header's version, and those without a name
 * below the last; experimental events of any trace since they exist are read too. */
static bool known_type(const tr_wire *w, unsigned type)
{
    if (type == 0 || type >= TRI_TYPE_COUNT)
        return false;
    if (type < w->type_count || w->version >= TRI_GO126)
        return true;
    return type >= TRI_FIRST_EXPERIMENTAL && tri_specs[type].since <= w->version;
}

static struct tri_place place_of(const tr_wire *w)
{
    return (struct tri_place){w->source.offset, w->generation, TR_NONE, w->record.type};
}

static tr_status no_memory(tr_wire *w)
{
    return tri_err_no_memory(&w->err, w->mem, place_of(w));
}

/* Read the next varint, at a position in the window, which moves behind it; more bytes are
 * brought in as they are needed. TR_END: the trace ends before it. A live stream is asked for
 * no byte more than the varint has. */
static tr_status read_varint(tr_wire *w, size_t *at, uint64_t *value)
{
    struct tri_source *s = &w->source;
    for (size_t want = *at + 1;; want = s->window_len + 1) {
        tr_status status = tri_source_want(s, want);
        if (status != TR_OK)
            return status;
        const uint8_t *p = s->window + *at;
        enum tri_varint_result result = tri_varint_read(&p, s->window + s->window_len, value);
        if (result == TRI_VARINT_OK) {
            *at = (size_t)(p - s->window);
            return TR_OK;
        }
        if (result == TRI_VARINT_OVERLONG)
            return tri_err_set(&w->err, TR_E_CORRUPT, place_of(w), "invalid varint");
        if (s->window_len < want) /* no more will come */
            return result == TRI_VARINT_NONE ? TR_END
                                             : tri_err_set(&w->err, TR_E_TRUNCATED, place_of(w),
                                                           "the trace ends inside a varint");
    }
}

static tr_status read_frames(tr_wire *w, size_t *at, uint64_t count)
{
    /* As a signed number: the reference's loop does not run for negative ones. */
    if (count > INT64_MAX)
        count = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (!tri_mem_reserve(w->mem, &w->frames, &w->frames_cap, (i + 1) * 4, sizeof *w->frames))
            return no_memory(w);
        for (unsigned f = 0; f < 4; f++) {
            tr_status status = read_varint(w, at, &w->frames[i * 4 + f]);
            if (status != TR_OK)
                return status;
        }
    }
    w->record.frames = w->frames;
    w->record.frame_count = count;
    return TR_OK;
}

static tr_status read_data(tr_wire *w, size_t *at)
{
    uint64_t len;
    tr_status status = read_varint(w, at, &len);
    if (status != TR_OK)
        return status;
    if (len > INT64_MAX)
        len = 0;
    uint64_t need = *at + len;
    /* In steps, so that a lie about the length costs no memory. */
    for (size_t have = 0; have < need && status == TR_OK;) {
        size_t step = have + (1 << 20);
        have = need < step ? (size_t)need : step;
        status = tri_source_want(&w->source, have);
        if (status == TR_OK && w->source.window_len < have)
            return TR_END; /* the reference reads data byte by byte */
    }
    if (status != TR_OK)
        return status;
    if (len)
        w->record.data = w->source.window + *at;
    w->record.data_len = len;
    *at += (size_t)len;
    return TR_OK;
}

static bool has_data(unsigned type)
{
    return type == TRI_EV_String || type == TRI_EV_ExperimentalBatch;
}

static tr_status read_record(tr_wire *w)
{
    memset(&w->record, 0, sizeof w->record);
    w->record.type = -1;
    tr_status status = tri_source_want(&w->source, 1);
    if (status != TR_OK)
        return status;
    if (!w->source.window_len)
        return TR_END;
    unsigned type = w->source.window[0];
    w->record.type = (int)type;
    w->record.offset = w->source.offset;
    if (!known_type(w, type))
        return tri_err_set(&w->err, TR_E_CORRUPT, place_of(w), "invalid event type %u", type);
    const struct tri_spec *spec = &tri_specs[type];
    size_t at = 1;
    w->record.name = spec->name ? spec->name : "";
    w->record.arg_count = spec->arg_count;
    w->record.arg_names = spec->arg_names;
    w->record.args = w->args;
    for (unsigned i = 0; i < spec->arg_count; i++) {
        status = read_varint(w, &at, &w->args[i]);
        if (status != TR_OK)
            return status;
    }
    if (type == TRI_EV_EventBatch)
        w->generation = w->args[0];
    if (type == TRI_EV_Stack)
        status = read_frames(w, &at, w->args[1]);
    else if (has_data(type))
        status = read_data(w, &at);
    w->taken = at;
    return status;
}

/* Frames of a stack before Go 1.22, where with header 5 there are addresses only. */
static tr_status read_old_frames(tr_wire *w, const struct tri_v1_record *r)
{
    unsigned fields = w->version < TRI_GO107 ? 1 : 4;
    const uint8_t *p = r->frames;
    if (!tri_mem_reserve(w->mem, &w->frames, &w->frames_cap, (uint64_t)r->frame_count * 4,
                         sizeof *w->frames))
        return no_memory(w);
    for (uint32_t i = 0; i < r->frame_count * 4; i++) {
        w->frames[i] = 0;
        if (i % 4 < fields)
            p = tri_varint_read_fast(p, &w->frames[i]);
    }
    w->record.frames = w->frames;
    w->record.frame_count = r->frame_count;
    return TR_OK;
}

/* A record of a trace before Go 1.22. More bytes are brought in until it is whole. */
static tr_status read_old_record(tr_wire *w)
{
    struct tri_source *s = &w->source;
    struct tri_v1_record r;
    const uint8_t *p;
    memset(&w->record, 0, sizeof w->record);
    w->record.type = -1;
    for (size_t want = 1;; want = s->window_len + 1) {
        tr_status status = tri_source_want(s, want);
        if (status != TR_OK)
            return status;
        if (!s->window_len)
            return TR_END;
        p = s->window;
        w->record.type = (int)tri_v1_type_of(*p);
        enum tri_v1_got got = tri_v1_record_read(&w->format, &p, s->window + s->window_len, &r);
        if (got == TRI_V1_GOT)
            break;
        if (got == TRI_V1_BAD)
            return tri_err_set(&w->err, TR_E_CORRUPT, place_of(w), "%s", r.wrong);
        if (s->window_len < want) /* no more will come */
            return tri_err_set(&w->err, TR_E_TRUNCATED, place_of(w),
                               "the trace ends inside a record");
    }
    memcpy(w->args, r.args, sizeof w->args);
    w->record.name = w->format.shapes[r.type].name;
    w->record.offset = s->offset;
    w->record.arg_count = r.arg_count;
    w->record.arg_names = w->format.shapes[r.type].arg_names;
    w->record.args = w->args;
    if (r.data_len) {
        w->record.data = r.data;
        w->record.data_len = r.data_len;
    }
    w->taken = (size_t)(p - s->window);
    return r.frame_count ? read_old_frames(w, &r) : TR_OK;
}

tr_status tr_wire_next(tr_wire *w, const tr_wire_record **out)
{
    if (!w || !out)
        return TR_E_MISUSE;
    if (!w->version) {
        if (w->err.error.code == TR_OK)
            tri_err_set(&w->err, TR_E_MISUSE, place_of(w), "the reader is not open");
        return w->err.error.code;
    }
    if (w->failed != TR_OK)
        return w->failed;
    tri_source_take(&w->source, w->taken);
    w->taken = 0;
    tr_status status = w->is_v1 ? read_old_record(w) : read_record(w);
    if (status != TR_OK) {
        tri_err_in_generation(&w->err, w->generation);
        return w->failed = find_cause(w, status);
    }
    *out = &w->record;
    return TR_OK;
}

size_t tr_wire_text(const tr_wire_record *record, char *buf, size_t size)
{
    static const char *const frame_fields[4] = {"\n\tpc=", " func=", " file=", " line="};
    struct tri_text t = {buf, size ? size - 1 : 0, 0};
    if (!record) {
        if (size)
            *buf = '\0';
        return 0;
    }
    tri_text_str(&t, record->name);
    for (uint32_t i = 0; i < record->arg_count; i++) {
        tri_text_char(&t, ' ');
        tri_text_str(&t, record->arg_names[i]);
        tri_text_char(&t, '=');
        tri_text_u64(&t, record->args[i]);
    }
    for (uint64_t i = 0; i < record->frame_count * 4; i++) {
        tri_text_str(&t, frame_fields[i % 4]);
        tri_text_u64(&t, record->frames[i]);
    }
    if (record->data_len) {
        tri_text_str(&t, "\n\tdata=");
        tri_quote(&t, (const char *)record->data, (size_t)record->data_len);
    }
    if (size)
        buf[t.len < size - 1 ? t.len : size - 1] = '\0';
    return t.len;
}

const tr_error *tr_wire_error(const tr_wire *w)
{
    return w ? &w->err.error : &tri_err_no_reader;
}

const char *tr_wire_compression(const tr_wire *w)
{
    return w ? tri_source_compression(&w->source) : NULL;
}

unsigned tr_wire_version(const tr_wire *w)
{
    return w ? w->version : 0;
}
