/* Records of old traces: a byte with the type and how many arguments there are, then the
 * arguments; if they are many, their length in bytes comes before them.
 *
 * Invariant: what is read here as good has as many arguments as its type has with this
 * header, and every varint in it ends. */
#include "v1/record.h"

#include <string.h>

#include "base/bits.h"
#include "wire/varint.h"

/* The reference's bound of the bytes of a record's arguments, for headers that it reads. */
enum { MAX_ARG_BYTES = 2048 };

static bool names_go(unsigned order)
{
    return order != TRI_V1_ORDER_NONE && order != TRI_V1_ORDER_BLOCK &&
           order != TRI_V1_ORDER_YIELD && order != TRI_V1_ORDER_GC_START;
}

static bool tells_seq(unsigned order)
{
    return order == TRI_V1_ORDER_START || order == TRI_V1_ORDER_UNBLOCK ||
           order == TRI_V1_ORDER_GC_START;
}

/* Which records may be skipped as plain. */
static void find_plain(struct tri_v1_format *f)
{
    for (unsigned type = 0; type < TRI_V1_TYPE_COUNT; type++) {
        const struct tri_v1_shape *shape = &f->shapes[type];
        unsigned uncounted = f->version < TRI_GO107 ? 2 : 1, counted;
        if (!shape->timed || type == TRI_V1_FutileWakeup || type == TRI_V1_UserLog ||
            type == TRI_V1_CPUSample)
            continue;
        counted = shape->arg_count - uncounted;
        if (counted <= 2)
            f->plain[type | counted << 6] = shape->arg_count;
        else if (f->version >= TRI_GO107) /* before it is a GoCreate, of which more is taken */
            f->plain_long[type | 3 << 6] = shape->arg_count;
    }
}

void tri_v1_format_init(struct tri_v1_format *f, unsigned version)
{
    memset(f, 0, sizeof *f);
    f->version = version;
    tri_v1_shapes(f->shapes, version);
    find_plain(f);
    for (unsigned first = 0; first < 256; first++) {
        unsigned type = tri_v1_type_of((uint8_t)first);
        if (type >= TRI_V1_TYPE_COUNT || !f->shapes[type].timed || type == TRI_V1_CPUSample)
            continue;
        const struct tri_v1_shape *shape = &f->shapes[type];
        f->heads[first] = (struct tri_v1_head){
            .type = shape->settled,
            .numbers = (uint8_t)(shape->own_args + shape->has_stack),
            .own_args = shape->own_args,
            .is_log = type == TRI_V1_UserLog,
            .has_length = tri_v1_has_length((uint8_t)first),
            .usual = shape->usual,
            .order = shape->order,
            .bind = shape->bind,
            .names_go = names_go(shape->order),
            .tells_seq = tells_seq(shape->order),
        };
    }
}

static inline unsigned count_ends(uint64_t ends)
{
    return (unsigned)((ends >> 7) * UINT64_C(0x0101010101010101) >> 56);
}

/* How many numbers these bytes are; UINT64_MAX: one might be too long, or does not end. */
static uint64_t count_numbers(const uint8_t *p, const uint8_t *end)
{
    enum { RUN_MAX = TRI_MAX_VARINT - 2 };
    uint64_t count = 0;
    unsigned run = 0; /* bytes behind the last end */
    for (; end - p >= 8; p += 8) {
        uint64_t ends = tri_varint_ends(p);
        if (!ends || run + tri_lowest_bit(ends) / 8 > RUN_MAX)
            return UINT64_MAX;
        count += count_ends(ends);
        run = tri_leading_zeros(ends) / 8;
    }
    for (; p < end; p++) {
        bool ends = *p < 0x80;
        run = ends ? 0 : run + 1;
        count += ends;
        if (run > RUN_MAX)
            return UINT64_MAX;
    }
    return run ? UINT64_MAX : count;
}

/* Go over such a record that tells its length; NULL: it must be looked at. Ten bytes can be
 * read. */
static const uint8_t *skip_long(unsigned count, const uint8_t *p, const uint8_t *end)
{
    unsigned length = p[1];
    p += 2;
    if (length == 0 || length >= 0x80 || length >= (size_t)(end - p))
        return NULL;
    if (length > 8)
        return count_numbers(p, p + length) == count ? p + length : NULL;
    uint64_t ends = tri_varint_ends(p) << (8 - length) * 8;
    return count_ends(ends) == count && ends >> 63 ? p + length : NULL;
}

const uint8_t *tri_v1_skip_plain(const struct tri_v1_format *f, const uint8_t *p,
                                 const uint8_t *end)
{
    while (end - p > 9) { /* so that something is left */
        /* Eight bytes of numbers at a time. Those before the record's last are taken away. */
        uint64_t ends = tri_varint_ends(p + 1);
        unsigned count = f->plain[*p];
        if (!count) {
            count = f->plain_long[*p];
            const uint8_t *behind = count ? skip_long(count, p, end) : NULL;
            if (!behind)
                break;
            p = behind;
            continue;
        }
        for (; count > 1; count--)
            ends &= ends - 1;
        if (!ends)
            break;
        p += tri_lowest_bit(ends) / 8 + 2;
    }
    return p;
}

static enum tri_v1_got bad(struct tri_v1_record *r, const char *wrong)
{
    r->wrong = wrong;
    return TRI_V1_BAD;
}

static enum tri_v1_got read_number(struct tri_v1_record *r, const uint8_t **p, const uint8_t *end,
                                   uint64_t *value)
{
    switch (tri_varint_read(p, end, value)) {
    case TRI_VARINT_OK:
        return TRI_V1_GOT;
    case TRI_VARINT_OVERLONG:
        return bad(r, "invalid varint");
    default:
        return TRI_V1_CUT;
    }
}

/* Bytes after their length. */
static enum tri_v1_got read_data(struct tri_v1_record *r, const uint8_t **p, const uint8_t *end)
{
    enum tri_v1_got got = read_number(r, p, end, &r->data_len);
    if (got != TRI_V1_GOT)
        return got;
    if (r->data_len > (uint64_t)(end - *p))
        return TRI_V1_CUT;
    r->data = *p;
    *p += r->data_len;
    return TRI_V1_GOT;
}

/* Go over what follows the id and the length of a stack: `count` numbers, or as many as
 * there are up to `end`. */
static enum tri_v1_got read_frames(const struct tri_v1_format *f, struct tri_v1_record *r,
                                   const uint8_t **p, const uint8_t *end, uint64_t count)
{
    unsigned fields = f->version < TRI_GO107 ? 1 : 4;
    uint64_t have = 0, value;
    r->frames = *p;
    if (count == UINT64_MAX &&
        (f->has_gone_over || count_numbers(*p, end) == r->args[1] * fields)) {
        have = r->args[1] * fields;
        *p = end;
    }
    for (; have < count && *p < end; have++)
        if (tri_varint_read(p, end, &value) != TRI_VARINT_OK)
            return bad(r, "invalid varint");
    if (r->args[1] > TRI_V1_MAX_FRAMES || have != r->args[1] * fields)
        return bad(r, "wrong number of frames");
    r->frame_count = (uint32_t)r->args[1];
    return TRI_V1_GOT;
}

enum tri_v1_got tri_v1_record_read(const struct tri_v1_format *f, const uint8_t **at,
                                   const uint8_t *end, struct tri_v1_record *r)
{
    const uint8_t *p = *at;
    uint8_t first = *p++;
    unsigned type = tri_v1_type_of(first);
    r->type = (uint8_t)type;
    r->frame_count = 0;
    r->data_len = 0;
    if (type >= TRI_V1_TYPE_COUNT || !f->shapes[type].name)
        return bad(r, "unknown event type");
    const struct tri_v1_shape *shape = &f->shapes[type];
    enum tri_v1_got got = TRI_V1_GOT;
    r->arg_count = shape->arg_count;
    if (type == TRI_V1_String) { /* whatever the number of arguments is said to be */
        got = read_number(r, &p, end, &r->args[0]);
        if (got == TRI_V1_GOT)
            got = read_data(r, &p, end);
    } else if (!tri_v1_has_length(first) || type == TRI_V1_Batch) {
        /* The time does not count, nor with header 5 the sequence number; of a Batch the
         * proc does not. */
        unsigned count = (first >> 6) + 1u + (f->version < TRI_GO107);
        if (type == TRI_V1_Stack ? count < shape->arg_count : count != shape->arg_count)
            return bad(r, "wrong number of arguments");
        for (unsigned i = 0; i < shape->arg_count && got == TRI_V1_GOT; i++)
            got = read_number(r, &p, end, &r->args[i]);
        if (type == TRI_V1_Stack && got == TRI_V1_GOT)
            got = read_frames(f, r, &p, end, count - shape->arg_count);
    } else {
        uint64_t length;
        got = read_number(r, &p, end, &length);
        if (got != TRI_V1_GOT)
            return got;
        if (length > MAX_ARG_BYTES && f->version >= TRI_GO111)
            return bad(r, "too many bytes of arguments");
        if (length > (uint64_t)(end - p))
            return TRI_V1_CUT;
        const uint8_t *args_end = p + length;
        for (unsigned i = 0; i < shape->arg_count; i++)
            if (tri_varint_read(&p, args_end, &r->args[i]) != TRI_VARINT_OK)
                return bad(r, "wrong number of arguments");
        if (type == TRI_V1_Stack)
            got = read_frames(f, r, &p, args_end, UINT64_MAX);
        else if (p != args_end)
            return bad(r, "wrong number of arguments");
        if (got == TRI_V1_GOT && type == TRI_V1_UserLog)
            got = read_data(r, &p, end);
    }
    if (got == TRI_V1_GOT)
        *at = p;
    return got;
}
