/* The header and the heads of batches.
 *
 * Nothing is taken before it is whole, so that each function can be called again
 * after TR_NEED_INPUT. */
#include "wire/framing.h"

#include <string.h>

#include "spec/v1.h"
#include "wire/varint.h"

static struct tri_place at(uint64_t offset, int type)
{
    return (struct tri_place){offset, 0, -1, type};
}

enum header_match { HEADER_NO, HEADER_MORE, HEADER_YES };

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* The reference scans the header with a format, "go 1.%d trace" and three NULs: blanks may
 * repeat where the format has one, may precede the number, and the number may begin with
 * zeros. In old traces it is filled up to 16 bytes, whatever the number is. */
static enum header_match match_header(const uint8_t *p, size_t len, size_t *used, uint64_t *version)
{
    static const char format[] = "go 1.# trace\0\0"; /* and the array's own NUL */
    size_t i = 0;
    for (size_t f = 0; f < sizeof format; f++) {
        if (format[f] == ' ' || format[f] == '#') {
            size_t start = i;
            while (i < len && is_blank(p[i]))
                i++;
            if (i == len)
                return HEADER_MORE;
            if (format[f] == ' ') {
                if (i == start)
                    return HEADER_NO;
                continue;
            }
            start = i;
            *version = 0;
            for (; i < len && p[i] >= '0' && p[i] <= '9'; i++) {
                *version = *version * 10 + (uint64_t)(p[i] - '0');
                if (*version > UINT32_MAX)
                    return HEADER_NO;
            }
            if (i == len)
                return HEADER_MORE;
            if (i == start)
                return HEADER_NO;
            continue;
        }
        if (i == len)
            return HEADER_MORE;
        if (p[i++] != (uint8_t)format[f])
            return HEADER_NO;
    }
    if (*version < 10 && tri_v1_version(*version)) {
        if (i == len)
            return HEADER_MORE;
        if (p[i++] != 0)
            return HEADER_NO;
    }
    *used = i;
    return HEADER_YES;
}

static bool is_read(uint64_t version)
{
    switch (version) {
    case TRI_GO122:
    case TRI_GO123:
    case TRI_GO125:
    case TRI_GO126:
        return true;
    default:
        return tri_v1_version(version);
    }
}

/* A header that is longer, by blanks and zeros, is none. */
enum { HEADER_BYTES_MAX = 4096 };

tr_status tri_wire_read_header(struct tri_source *s, unsigned *version)
{
    size_t used = 0;
    uint64_t v = 0;
    tr_status status = tri_source_unpack(s);
    if (status != TR_OK)
        return status;
    for (size_t want = 1;; want = s->window_len + 1) {
        status = tri_source_want(s, want);
        if (status != TR_OK)
            return status;
        size_t len = s->window_len < HEADER_BYTES_MAX ? s->window_len : HEADER_BYTES_MAX;
        enum header_match match = match_header(s->window, len, &used, &v);
        if (match == HEADER_YES)
            break;
        if (s->window_len == 0)
            return tri_err_set(s->err, TR_E_FORMAT, at(0, -1), "the input is empty");
        if (match == HEADER_MORE && s->window_len < want)
            return tri_err_set(s->err, TR_E_TRUNCATED, at(s->window_len, -1),
                               "the trace ends inside its header");
        if (match == HEADER_NO || len == HEADER_BYTES_MAX)
            return tri_err_set(s->err, TR_E_FORMAT, at(0, -1),
                               "bad file format: not a Go execution trace");
    }
    if (!is_read(v))
        return tri_err_set(s->err, TR_E_VERSION, at(0, -1),
                           "unknown or unsupported trace version go 1.%u", (unsigned)v);
    *version = (unsigned)v;
    tri_source_take(s, used);
    return TR_OK;
}

/* A head that is being read: fields are asked for in turn, each time from as many
 * bytes as are there. */
struct cursor {
    const uint8_t *p, *end;
    const char *missing; /* the field at which the bytes ran out */
    const char *overlong;
};

static bool field(struct cursor *c, uint64_t *value, const char *name)
{
    switch (tri_varint_read(&c->p, c->end, value)) {
    case TRI_VARINT_OK:
        return true;
    case TRI_VARINT_OVERLONG:
        c->overlong = name;
        return false;
    default:
        c->missing = name;
        return false;
    }
}

static bool parse_head(struct cursor *c, struct tri_batch_head *head, uint64_t *size)
{
    uint64_t thread;
    head->type = *c->p++;
    head->experiment = 0;
    if (head->type == TRI_EV_ExperimentalBatch) {
        if (c->p == c->end) {
            c->missing = ""; /* the reference takes this for the end */
            return false;
        }
        head->experiment = *c->p++;
    }
    if (!field(c, &head->generation, "gen") || !field(c, &thread, "M ID") ||
        !field(c, &head->time, "timestamp"))
        return false;
    const uint8_t *at = c->p;
    if (!field(c, size, "size"))
        return false;
    head->size_is_padded = c->p - at == TRI_MAX_VARINT;
    head->thread = (int64_t)thread;
    return true;
}

enum tri_head_result tri_wire_parse_head(const uint8_t *p, const uint8_t *end,
                                         struct tri_batch_head *head)
{
    struct cursor c = {p, end, NULL, NULL};
    uint64_t size;
    if (p == end)
        return TRI_HEAD_CUT;
    if (*p != TRI_EV_EventBatch && *p != TRI_EV_ExperimentalBatch)
        return TRI_HEAD_BAD;
    if (!parse_head(&c, head, &size))
        return c.overlong ? TRI_HEAD_BAD : TRI_HEAD_CUT;
    head->head_bytes = (uint8_t)(c.p - p);
    head->data_bytes = (uint32_t)size;
    return size > TRI_MAX_BATCH_BYTES ? TRI_HEAD_BAD : TRI_HEAD_OK;
}

tr_status tri_wire_no_batch(struct tri_source *s)
{
    return tri_err_set(s->err, TR_E_CORRUPT, at(s->offset, *s->window),
                       "expected a batch, got event type %u", *s->window);
}

tr_status tri_wire_peek_batch(struct tri_source *s, struct tri_batch_head *head)
{
    memset(head, 0, sizeof *head);
    head->offset = s->offset;
    for (size_t want = 1;; want = s->window_len + 1) {
        tr_status status = tri_source_want(s, want);
        if (status != TR_OK)
            return status;
        if (s->window_len == 0)
            return TR_END;
        head->type = s->window[0];
        if (head->type == TRI_EV_EndOfGeneration) {
            head->head_bytes = 1;
            head->thread = TR_NONE;
            return TR_OK;
        }
        if (head->type != TRI_EV_EventBatch && head->type != TRI_EV_ExperimentalBatch)
            return tri_wire_no_batch(s);
        struct cursor c = {s->window, s->window + s->window_len, NULL, NULL};
        uint64_t size;
        if (parse_head(&c, head, &size)) {
            if (size > TRI_MAX_BATCH_BYTES)
                return tri_err_set(s->err, TR_E_CORRUPT, at(s->offset, head->type),
                                   "invalid batch size %llu, maximum is %d",
                                   (unsigned long long)size, TRI_MAX_BATCH_BYTES);
            head->head_bytes = (uint8_t)(c.p - s->window);
            head->data_bytes = (uint32_t)size;
            return TR_OK;
        }
        if (c.overlong)
            return tri_err_set(s->err, TR_E_CORRUPT, at(s->offset, head->type),
                               "invalid varint in the batch's %s", c.overlong);
        if (s->window_len < want) /* no more will come */
            return *c.missing ? tri_err_set(s->err, TR_E_TRUNCATED, at(s->offset, head->type),
                                            "the trace ends inside a batch's %s", c.missing)
                              : TR_END;
    }
}
