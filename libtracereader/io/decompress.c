/* Decompression. A compressed file is a sequence of members, each complete in itself: those
 * of gzip, frames of zstd and lz4, streams of xz and bzip2. Their contents follow each
 * other. Zeros behind a member are padding; anything else that is not a member is an error,
 * after all that stands before. zstd and lz4 have the same frames to be skipped: where a file
 * begins with such, the first other one tells what it is.
 *
 * Invariants: all that could be decompressed is given before an error, which stays. `codec`
 * is NULL until the first member begins. Between two calls nothing is ready that was not
 * given, so that a live trace is not held up. */
#include "io/decompress.h"

#include <stdio.h>

#include "io/codec.h"

struct tri_format {
    const char *name;
    uint8_t mask; /* of the first byte */
    uint8_t magic_len;
    uint8_t magic[6];              /* as long as the longest */
    const struct tri_codec *codec; /* NULL: this build has none */
    bool skips;                    /* frames to be skipped may stand before it */
};

/* One or the other, as this build has the format or not. */
#ifdef TRI_ZLIB
#define IF_GZIP(there, absent) there
#else
#define IF_GZIP(there, absent) absent
#endif
#ifdef TRI_BZIP2
#define IF_BZIP2(there, absent) there
#else
#define IF_BZIP2(there, absent) absent
#endif
#ifdef TRI_LZMA
#define IF_XZ(there, absent) there
#else
#define IF_XZ(there, absent) absent
#endif
#ifdef TRI_LZ4
#define IF_LZ4(there, absent) there
#else
#define IF_LZ4(there, absent) absent
#endif
#ifdef TRI_ZSTD
#define IF_ZSTD(there, absent) there
#else
#define IF_ZSTD(there, absent) absent
#endif

/* The formats that have a codec: name, whether this build has it, whether frames to be skipped may
 * stand before it, and what it begins with. */
#define CODECS(FORMAT)                                       \
    FORMAT(gzip, IF_GZIP, false, 3, 0x1f, 0x8b, 8)           \
    FORMAT(bzip2, IF_BZIP2, false, 3, 'B', 'Z', 'h')         \
    FORMAT(xz, IF_XZ, false, 6, 0xfd, '7', 'z', 'X', 'Z', 0) \
    FORMAT(lz4, IF_LZ4, true, 4, 0x04, 0x22, 0x4d, 0x18)     \
    FORMAT(zstd, IF_ZSTD, true, 4, 0x28, 0xb5, 0x2f, 0xfd)

#define CODEC_FORMAT(name, if_built, skips, magic_len, ...) \
    {#name, 0xff, magic_len, {__VA_ARGS__}, if_built(&tri_codec_##name, NULL), skips},
static const struct tri_format formats[] = {
    CODECS(CODEC_FORMAT)
    /* Frames to be skipped, which both have. pzstd begins with one. */
    {"zstd", 0xf0, 4, {0x50, 0x2a, 0x4d, 0x18}, IF_ZSTD(&tri_codec_zstd, NULL), true},
    {"lz4", 0xf0, 4, {0x50, 0x2a, 0x4d, 0x18}, IF_LZ4(&tri_codec_lz4, NULL), true},
    /* Not read, but worth to be told from what is no trace at all. */
    {"zip", 0xff, 4, {'P', 'K', 3, 4}, NULL, false},
    {"7z", 0xff, 6, {'7', 'z', 0xbc, 0xaf, 0x27, 0x1c}, NULL, false},
    {"lzip", 0xff, 4, {'L', 'Z', 'I', 'P'}, NULL, false},
    {"compress", 0xff, 2, {0x1f, 0x9d}, NULL, false},
    {"lz4 -l", 0xff, 4, {0x02, 0x21, 0x4c, 0x18}, NULL, false},
};
enum { FORMAT_COUNT = sizeof formats / sizeof *formats };

const char *tri_decompress_names(void)
{
#define CODEC_NAME(name, if_built, ...) if_built(" " #name, "")
    static const char names[] = CODECS(CODEC_NAME);
    return names[0] ? names + 1 : names;
}

/* In front of each block of a library, as large as the strictest alignment. */
union block_head {
    size_t size;
    max_align_t align;
};

void *tri_codec_alloc(void *mem, size_t count, size_t size)
{
    if (!count || !size || count > (SIZE_MAX - sizeof(union block_head)) / size)
        return NULL;
    size_t bytes = sizeof(union block_head) + count * size;
    union block_head *head = tri_mem_alloc(mem, bytes);
    if (!head)
        return NULL;
    head->size = bytes;
    return head + 1;
}

void tri_codec_free(void *mem, void *ptr)
{
    union block_head *head = ptr;
    if (head)
        tri_mem_free(mem, head - 1, head[-1].size);
}

/* Whether the first n bytes are, or begin, the format's. */
static bool could_be(const struct tri_format *f, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n && i < f->magic_len; i++)
        if ((i ? p[i] : p[i] & f->mask) != f->magic[i])
            return false;
    return true;
}

/* Look at the next bytes for a format, of one codec if it is not NULL. Where the bytes end
 * within a format's magic number, *cut. */
static tr_status look(struct tri_source *s, const struct tri_codec *codec,
                      const struct tri_format **format, bool *cut)
{
    bool open = true;
    *format = NULL;
    *cut = false;
    for (size_t want = 1; open && !*format; want++) {
        tr_status status = tri_source_want(s, want);
        if (status != TR_OK)
            return status;
        *cut = s->window_len < want;
        if (*cut)
            return TR_OK;
        open = false;
        for (int i = 0; i < FORMAT_COUNT; i++) {
            const struct tri_format *f = &formats[i];
            if ((codec && f->codec != codec) || !could_be(f, s->window, want))
                continue;
            open = true;
            /* Of two that have the same, the one that can be read. */
            if (f->magic_len <= want && (!*format || (f->codec && !(*format)->codec)))
                *format = f;
        }
    }
    return TR_OK;
}

tr_status tri_decompress_look(struct tri_source *s, const struct tri_format **format)
{
    bool cut;
    return look(s, NULL, format, &cut);
}

static tr_status not_built(struct tri_err *err, const struct tri_format *format)
{
    struct tri_place place = tri_place_at(0, 0);
    return tri_err_set(err, TR_E_VERSION, place,
                       "it is compressed with %s; this build cannot read that", format->name);
}

tr_status tri_decompress_new(struct tri_source *s, const struct tri_format *format,
                             struct tri_decompress **out)
{
    struct tri_place place = tri_place_at(0, 0);
    if (!format->codec)
        return not_built(s->err, format);
    struct tri_decompress *d = tri_mem_zalloc(s->mem, sizeof *d);
    if (!d)
        return tri_err_no_memory(s->err, s->mem, place);
    d->raw = *s;
    d->raw.err = &d->err;
    d->format = format;
    tri_err_init(&d->err);
    tri_source_init(s, d->raw.mem, s->err);
    *out = d;
    return TR_OK;
}

void tri_decompress_free(struct tri_decompress *d)
{
    if (!d)
        return;
    struct tri_mem *mem = d->raw.mem;
    if (d->codec)
        d->format->codec->close(d->codec);
    tri_source_close(&d->raw);
    tri_mem_free(mem, d, sizeof *d);
}

const char *tri_decompress_name(const struct tri_decompress *d)
{
    return d->format->name;
}

static tr_status fail(struct tri_decompress *d, tr_status code, const char *what)
{
    struct tri_place place = tri_place_at(0, 0);
    return tri_err_set(&d->err, code, place, "the %s data %s", d->format->name, what);
}

static tr_status cut_short(struct tri_decompress *d)
{
    return fail(d, TR_E_TRUNCATED, "ends in the middle");
}

static tr_status codec_failed(struct tri_decompress *d, enum tri_codec_result result,
                              const struct tri_codec_io *io)
{
    struct tri_place place = tri_place_at(0, 0);
    char what[160];
    switch (result) {
    case TRI_CODEC_NO_MEMORY:
        return tri_err_no_memory(&d->err, d->raw.mem, place);
    case TRI_CODEC_NO_MALLOC:
        return tri_err_set(&d->err, TR_E_NOMEM, place, "out of memory");
    case TRI_CODEC_TOO_LARGE:
        snprintf(what, sizeof what,
                 "needs %llu bytes of memory to be decompressed, the limit is %llu",
                 (unsigned long long)io->needed, (unsigned long long)io->allowed);
        return fail(d, TR_E_LIMIT, what);
    default:
        d->damaged = result == TRI_CODEC_CORRUPT;
        snprintf(what, sizeof what, "%s%s%s",
                 result == TRI_CODEC_CORRUPT ? "is damaged" : "asks for what is not supported",
                 io->detail ? ": " : "", io->detail ? io->detail : "");
        return fail(d, result == TRI_CODEC_CORRUPT ? TR_E_CORRUPT : TR_E_VERSION, what);
    }
}

/* Drop zeros behind a member. */
static tr_status skip_padding(struct tri_source *s)
{
    for (;;) {
        tr_status status = tri_source_want(s, 1);
        if (status != TR_OK || !s->window_len)
            return status;
        size_t n = 0, len = s->window_len;
        while (n < len && s->window[n] == 0)
            n++;
        tri_source_take(s, n);
        if (n < len)
            return TR_OK;
    }
}

/* A member of that format is next. */
static tr_status settle(struct tri_decompress *d, const struct tri_format *next)
{
    /* Any codec that has these skips them. Of one codec there is one format, which stays as it
     * is once it is known: others may ask for it. */
    if (next->mask != 0xff || d->settled)
        return TR_OK;
    if (!next->codec)
        return not_built(&d->err, next);
    if (d->codec && next->codec != d->format->codec) {
        d->format->codec->close(d->codec);
        d->codec = NULL;
    }
    d->format = next;
    d->settled = true;
    return TR_OK;
}

/* Find the next member. TR_END: there is none. */
static tr_status find_member(struct tri_decompress *d)
{
    const struct tri_format *next;
    bool cut;
    tr_status status = d->codec ? skip_padding(&d->raw) : TR_OK;
    if (status != TR_OK)
        return status;
    if (d->codec && !d->raw.window_len)
        return TR_END;
    status = look(&d->raw, d->settled ? d->format->codec : NULL, &next, &cut);
    if (status != TR_OK)
        return status;
    if (next && (next->codec == d->format->codec || (next->skips && d->format->skips)))
        return settle(d, next);
    return cut ? cut_short(d) : fail(d, TR_E_CORRUPT, "is followed by something else");
}

static tr_status next_member(struct tri_decompress *d)
{
    struct tri_codec_io io = {0};
    tr_status status = find_member(d);
    const struct tri_codec *codec = d->format->codec;
    if (status != TR_OK)
        return status;
    if (!d->codec)
        d->codec = codec->open(d->raw.mem);
    if (!d->codec)
        return codec_failed(d, TRI_CODEC_NO_MEMORY, &io);
    enum tri_codec_result result = codec->begin(d->codec, &io);
    if (result != TRI_CODEC_MORE)
        return codec_failed(d, result, &io);
    d->inside = true;
    d->hungry = true;
    return TR_OK;
}

/* Have the codec do some. */
static tr_status step(struct tri_decompress *d, uint8_t *to, size_t n, size_t *got)
{
    if (d->hungry) {
        tr_status status = tri_source_want(&d->raw, 1);
        if (status != TR_OK)
            return status;
        if (!d->raw.window_len)
            return cut_short(d);
    }
    size_t had = d->raw.window_len;
    struct tri_codec_io io = {.in = d->raw.window, .in_len = had, .out = to, .out_len = n};
    enum tri_codec_result result = d->format->codec->step(d->codec, &io);
    tri_source_take(&d->raw, had - io.in_len);
    *got = n - io.out_len;
    d->hungry = io.in_len == 0 && io.out_len > 0;
    if (result == TRI_CODEC_END)
        d->inside = false;
    else if (result == TRI_CODEC_MORE && *got == 0 && had == io.in_len && !d->hungry)
        result = TRI_CODEC_CORRUPT; /* nothing would ever come */
    return result == TRI_CODEC_MORE || result == TRI_CODEC_END ? TR_OK
                                                               : codec_failed(d, result, &io);
}

tr_status tri_decompress_read(struct tri_decompress *d, uint8_t *to, size_t n, size_t *got,
                              uint64_t at, struct tri_err *err)
{
    struct tri_place place = tri_place_at(at, 0);
    tr_status status = d->failed;
    *got = 0;
    while (status == TR_OK && *got == 0)
        status = d->inside ? step(d, to, n, got) : next_member(d);
    atomic_store_explicit(&d->in_bytes, d->raw.offset, memory_order_relaxed);
    atomic_store_explicit(&d->out_bytes, at + *got, memory_order_relaxed);
    if (status == TR_END)
        return TR_OK;
    if (status < 0)
        d->failed = status;
    if (status >= 0 || *got)
        return status >= 0 ? status : TR_OK; /* the error is next */
    tri_err_set(err, status, place, "%s", d->err.error.message);
    err->error.os_error = d->err.error.os_error;
    return status;
}

tr_status tri_decompress_find_damage(struct tri_decompress *d, bool (*go_on)(void *user),
                                     void *user, struct tri_err *damage)
{
    enum { STEP_BYTES = 1 << 20 };
    uint8_t unused[8 << 10];
    uint64_t at = atomic_load_explicit(&d->out_bytes, memory_order_relaxed), asked_at = at;
    size_t got;
    tr_status status;
    do {
        if (go_on && at - asked_at >= STEP_BYTES) {
            asked_at = at;
            if (!go_on(user))
                return TR_E_CANCELED;
        }
        status = tri_decompress_read(d, unused, sizeof unused, &got, at, damage);
        at += got;
    } while (status == TR_OK && got);
    return status == TR_NEED_INPUT || d->damaged ? status : TR_OK;
}
