/* Tests compressed sources: for each format that the build reads, what its own command made
 * comes out as it went in, however it is read; what is cut, damaged or followed by something
 * else gives all that stands before, then the right error; memory is counted, limited and
 * may be missing. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../golden/support.h"
#include "io/decompress.h"

/* Commands with options that matter: sizes of blocks, linked or not, checks. */
static const struct {
    const char *format, *command;
} commands[] = {
    {"gzip", "gzip -c"},     {"gzip", "gzip -1nc"},
    {"bzip2", "bzip2 -c"},   {"bzip2", "bzip2 -1c"},
    {"xz", "xz -1c"},        {"xz", "xz -0c --check=sha256 --block-size=100000"},
    {"lz4", "lz4 -qc"},      {"lz4", "lz4 -qc -B4 -BD --content-size"},
    {"zstd", "zstd -qc -3"}, {"zstd", "zstd -qc --no-check -1 --format=zstd"},
};
enum { COMMANDS = sizeof commands / sizeof *commands, SIZE = 700000, SMALL = 500 };

static uint8_t data[SIZE]; /* compresses to about a half */
static struct tri_mem *mem;
static struct tri_err err;
static struct tri_source source;

/* --- An allocator that can fail, and that checks sizes --- */

static struct {
    size_t blocks, calls, fail_at; /* 0: never */
} heap;

union block_head {
    size_t size;
    max_align_t align;
};

static void *heap_alloc(void *user, size_t size)
{
    (void)user;
    if (++heap.calls == heap.fail_at)
        return NULL;
    union block_head *head = malloc(sizeof *head + size);
    require(head != NULL, "no memory");
    head->size = size;
    heap.blocks++;
    return head + 1;
}

static void heap_free(void *user, void *ptr, size_t size)
{
    (void)user;
    union block_head *head = (union block_head *)ptr - 1;
    require(head->size == size, "freed with another size");
    heap.blocks--;
    free(head);
}

static void open_account(void)
{
    static const tr_allocator allocator = {heap_alloc, heap_free, NULL};
    mem = tri_mem_new(&allocator);
    if (!mem)
        return;
    tri_err_init(&err);
    tri_source_init(&source, mem, &err);
}

static void close_account(void)
{
    tri_source_close(&source);
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    tri_mem_unref(mem);
    ck_assert_uint_eq(heap.blocks, 0);
}

static void setup(void)
{
    uint32_t x = 1;
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 28);
    data[0] = 'g'; /* nothing that looks compressed again */
    memset(&heap, 0, sizeof heap);
    open_account();
}

static bool built(const char *format)
{
    return strstr(tr_compressions(), format) != NULL;
}

/* What a command makes of some bytes; nothing, and the test is skipped, if that cannot be. */
static struct bytes packed_by(const char *format, const char *command, const struct bytes *plain)
{
    struct bytes b = {NULL, 0};
    if (!built(format))
        skip_test("not built with %s", format);
    else if (!(b = piped_through(command, plain)).data)
        skip_test("no %s", format);
    return b;
}

/* The first n bytes of the data. */
static struct bytes packed(int command, size_t n)
{
    struct bytes plain = {data, n};
    return packed_by(commands[command].format, commands[command].command, &plain);
}

static struct bytes joined(const struct bytes *a, const void *b, size_t size)
{
    struct bytes both = {malloc(a->size + size), a->size + size};
    require(both.data != NULL, "no memory");
    memcpy(both.data, a->data, a->size);
    memcpy(both.data + a->size, b, size);
    return both;
}

/* --- Ways to read --- */

enum kind { MEMORY, FD, PIECES_1, PIECES_999, PUSH, KINDS };

struct feed {
    const struct bytes *bytes;
    size_t at, most;
};

static int64_t give(void *user, void *buf, size_t size)
{
    struct feed *f = user;
    size_t n = f->bytes->size - f->at;
    n = n < f->most ? n : f->most;
    n = n < size ? n : size;
    if (n)
        memcpy(buf, f->bytes->data + f->at, n);
    f->at += n;
    return (int64_t)n;
}

static void push(struct feed *f)
{
    size_t n = f->bytes->size - f->at;
    n = n < f->most ? n : f->most;
    ck_assert_int_eq(n ? tri_source_feed(&source, f->bytes->data + f->at, n)
                       : tri_source_feed_end(&source),
                     TR_OK);
    f->at += n;
}

/* Read all, and take what the n-th `want` wants in turn; gives the bytes that came. */
static size_t read_all(enum kind kind, const struct bytes *b, uint8_t *out, tr_status *status)
{
    static const size_t wants[] = {1, 5000, 1, 70000, 3, 300000, 256 << 10};
    struct feed feed = {b, 0, kind == PIECES_1 ? 1 : 999};
    size_t got = 0, turn = 0;
    int fd = -1;
    switch (kind) {
    case MEMORY:
        *status = tri_source_open_memory(&source, b->data, b->size);
        break;
    case FD:
        fd = file_of(b, 7);
        lseek(fd, 7, SEEK_SET);
        *status = tri_source_open_fd(&source, fd);
        break;
    case PUSH:
        push(&feed);
        *status = TR_OK;
        break;
    default:
        *status = tri_source_open_callback(&source, give, &feed);
    }
    while (*status == TR_OK && (*status = tri_source_unpack(&source)) == TR_NEED_INPUT) {
        push(&feed);
        *status = TR_OK;
    }
    while (*status == TR_OK) {
        size_t want = wants[turn++ % (sizeof wants / sizeof *wants)];
        while ((*status = tri_source_want(&source, want)) == TR_NEED_INPUT)
            push(&feed);
        size_t n = source.window_len;
        if (n > want && *status == TR_OK)
            n = want;
        ck_assert_uint_eq(source.offset, got);
        ck_assert_uint_le(got + n, SIZE);
        if (n)
            memcpy(out + got, source.window, n);
        tri_source_take(&source, n);
        got += n;
        if (n == 0)
            break;
    }
    if (fd >= 0)
        close(fd);
    return got;
}

static uint8_t came[SIZE];

/* The first n bytes of the data come, then this. */
static void expect(enum kind kind, const struct bytes *b, size_t n, tr_status code,
                   const char *format)
{
    tr_status status;
    size_t got = read_all(kind, b, came, &status);
    if (got != n || memcmp(came, data, n) != 0 || status != code)
        ck_abort_msg("%s in kind %d: %zu bytes of %zu, %s: %s", format, (int)kind, got, n,
                     tr_status_name(status), err.error.message);
    ck_assert_int_eq(err.error.code, code);
    if (code == TR_OK)
        return;
    ck_assert_uint_eq(err.error.offset, n);
    ck_assert_msg(strstr(err.error.message, format) != NULL, "%s", err.error.message);
    ck_assert_int_eq(tri_source_want(&source, 1), code); /* and again */
}

static void again(void)
{
    close_account();
    open_account();
}

START_TEST(test_whole)
{
    enum kind kind = (enum kind)(_i / COMMANDS);
    const char *format = commands[_i % COMMANDS].format;
    struct bytes b = packed(_i % COMMANDS, SIZE);
    if (!b.data)
        return;
    expect(kind, &b, SIZE, TR_OK, format);
    ck_assert_str_eq(tri_source_compression(&source), format);
    ck_assert(!tri_source_rereads(&source));
    ck_assert_uint_eq(source.size, UINT64_MAX);
    bool sized = kind == MEMORY || kind == FD;
    ck_assert_int_eq(tri_source_is_still(&source), sized);
    ck_assert_uint_eq(tri_source_packed_size(&source), sized ? b.size : UINT64_MAX);
    uint64_t total;
    ck_assert_uint_eq(tri_source_progress(&source, SIZE, &total), b.size);
    ck_assert_uint_eq(total, sized ? b.size : UINT64_MAX);
    ck_assert_uint_eq(tri_source_progress(&source, 0, &total), 0);
    free_bytes(&b);
}
END_TEST

/* Members follow each other, empty ones too, and zeros may stand between and behind. */
START_TEST(test_members)
{
    static const uint8_t zeros[9];
    int command = _i % COMMANDS;
    struct bytes first = packed(command, SMALL), empty, all, more;
    struct bytes rest = {data + SMALL, SIZE - SMALL};
    if (!first.data)
        return;
    empty = packed(command, 0);
    rest = piped_through(commands[command].command, &rest);
    for (size_t gap = 0; gap <= sizeof zeros; gap += sizeof zeros) {
        all = joined(&first, zeros, gap);
        more = joined(&all, empty.data, empty.size);
        free_bytes(&all);
        all = joined(&more, rest.data, rest.size);
        free_bytes(&more);
        more = joined(&all, zeros, gap);
        expect((enum kind)(_i / COMMANDS), &more, SIZE, TR_OK, "");
        free_bytes(&all);
        free_bytes(&more);
        again();
    }
    free_bytes(&first);
    free_bytes(&empty);
    free_bytes(&rest);
}
END_TEST

/* Frames to be skipped, which zstd and lz4 have, stand anywhere, also first: pzstd and formats
 * that can be sought in write them. */
START_TEST(test_skipped)
{
    static const uint8_t skipped[] = {0x5a, 0x2a, 0x4d, 0x18, 4,    0,    0, 0, 'a', 'b',
                                      'c',  'd',  0x50, 0x2a, 0x4d, 0x18, 0, 0, 0,   0};
    int command = _i % COMMANDS;
    enum kind kind = (enum kind)(_i / COMMANDS);
    const char *format = commands[command].format;
    struct bytes b = packed(command, SMALL), head = {(uint8_t *)(uintptr_t)skipped, sizeof skipped};
    bool has_them = strcmp(format, "zstd") == 0 || strcmp(format, "lz4") == 0;
    if (!b.data)
        return;
    struct bytes first = joined(&head, b.data, b.size);
    struct bytes both = joined(&first, skipped, sizeof skipped);
    if (has_them) {
        expect(kind, &both, SMALL, TR_OK, format);
        ck_assert_str_eq(tri_source_compression(&source), format);
        for (size_t n = sizeof skipped + 1; n < first.size; n++) {
            struct bytes part = {first.data, n};
            tr_status status;
            again();
            read_all(kind, &part, came, &status);
            ck_assert_int_eq(status, TR_E_TRUNCATED);
        }
    } else if (built("zstd")) {
        expect(kind, &both, 0, TR_E_CORRUPT, "zstd");
    }
    free_bytes(&first);
    free_bytes(&both);
    again();
    first = joined(&b, skipped, sizeof skipped);
    both = joined(&first, b.data, b.size);
    if (has_them) {
        memcpy(data + SMALL, data, SMALL);
        expect(kind, &both, (size_t)2 * SMALL, TR_OK, format);
    } else {
        expect(kind, &both, SMALL, TR_E_CORRUPT, format);
    }
    free_bytes(&first);
    free_bytes(&both);
    free_bytes(&b);
    if (!built("zstd") && !built("lz4"))
        return;
    again();
    expect(kind, &head, 0, TR_OK, "");
}
END_TEST

/* Cut anywhere: what was decompressed is a beginning, the same in every kind, and the
 * error says so, unless too little is left to tell the format. */
START_TEST(test_cut)
{
    int command = _i;
    const char *format = commands[command].format;
    struct bytes b = packed(command, SMALL);
    if (!b.data)
        return;
    for (size_t n = 1; n < b.size; n++) {
        struct bytes part = {b.data, n};
        tr_status status;
        size_t got = read_all(MEMORY, &part, came, &status);
        if (!tri_source_compression(&source)) { /* they are taken as they are */
            ck_assert_uint_lt(n, 6);
            ck_assert_uint_eq(got, n);
            again();
            continue;
        }
        again();
        ck_assert_uint_le(got, SMALL);
        expect(MEMORY, &part, got, TR_E_TRUNCATED, format);
        again();
        if (n % 7)
            continue;
        expect(PIECES_1, &part, got, TR_E_TRUNCATED, format);
        again();
        expect(PUSH, &part, got, TR_E_TRUNCATED, format);
        again();
    }
    free_bytes(&b);
}
END_TEST

START_TEST(test_followed)
{
    static const char *const garbage[] = {"x", "\0\0\0x", "go 1.26 trace", "\xff\xff\xff\xff"};
    struct bytes b = packed(_i % COMMANDS, SMALL);
    if (!b.data)
        return;
    for (int i = 0; i < 4; i++) {
        struct bytes all = joined(&b, garbage[i], i == 1 ? 4 : strlen(garbage[i]));
        expect((enum kind)(_i / COMMANDS), &all, SMALL, TR_E_CORRUPT,
               commands[_i % COMMANDS].format);
        free_bytes(&all);
        again();
    }
    /* The begin of a further member is one that is cut. */
    struct bytes all = joined(&b, b.data, 2);
    expect((enum kind)(_i / COMMANDS), &all, SMALL, TR_E_TRUNCATED, commands[_i % COMMANDS].format);
    free_bytes(&all);
    free_bytes(&b);
}
END_TEST

/* Each byte damaged: the data, or a beginning of something and an error. How much comes
 * before it may depend on the pieces that the library was given. */
START_TEST(test_damaged)
{
    static uint8_t other[SIZE];
    struct bytes b = packed(_i, SMALL);
    size_t found = 0;
    if (!b.data)
        return;
    for (size_t at = 6; at < b.size; at++) {
        tr_status status, second;
        b.data[at] ^= (uint8_t)(1 << at % 8);
        size_t got = read_all(MEMORY, &b, came, &status);
        again();
        if (at % 5 == 0) {
            size_t n = read_all(PIECES_1, &b, other, &second);
            ck_assert_int_eq(second < 0, status < 0);
            n = n < got ? n : got;
            ck_assert(n == 0 || memcmp(came, other, n) == 0);
            again();
        }
        b.data[at] ^= (uint8_t)(1 << at % 8);
        if (status == TR_OK)
            continue;
        found++;
        ck_assert_msg(status == TR_E_CORRUPT || status == TR_E_TRUNCATED ||
                          status == TR_E_VERSION || status == TR_E_LIMIT,
                      "byte %zu: %s", at, tr_status_name(status));
    }
    /* Not all have sums, and heads have bits that mean nothing. */
    ck_assert_uint_gt(found, b.size / 100);
    free_bytes(&b);
}
END_TEST

/* What would be many times larger takes no more memory than anything else. */
START_TEST(test_bomb)
{
    int command = _i * 2;
    struct bytes zeros = {calloc(1, 16 << 20), 16 << 20};
    require(zeros.data != NULL, "no memory");
    struct bytes b = packed_by(commands[command].format, commands[command].command, &zeros);
    free_bytes(&zeros);
    if (!b.data)
        return;
    ck_assert_int_eq(tri_source_open_memory(&source, b.data, b.size), TR_OK);
    ck_assert_int_eq(tri_source_unpack(&source), TR_OK);
    while (tri_source_want(&source, 1) == TR_OK && source.window_len)
        tri_source_take(&source, source.window_len);
    ck_assert_uint_eq(source.offset, 16 << 20);
    ck_assert_int_eq(err.error.code, TR_OK);
    ck_assert_uint_lt(tri_mem_peak(mem), 12 << 20);
    free_bytes(&b);
}
END_TEST

/* What takes more memory than is allowed is refused, the reader's limit or ours. */
START_TEST(test_limit)
{
    static const struct {
        const char *format, *command;
        uint64_t limit;
    } cases[] = {
        {"xz", "xz -6c", 4 << 20},         {"bzip2", "bzip2 -9c", 2 << 20},
        {"lz4", "lz4 -qc -B7", 1 << 20},   {"zstd", "zstd -qc --long=24", 4 << 20},
        {"zstd", "zstd -qc --long=28", 0}, {"gzip", "gzip -c", 20 << 10},
    };
    struct bytes plain = {data, SIZE};
    struct bytes b = packed_by(cases[_i].format, cases[_i].command, &plain);
    if (!b.data)
        return;
    struct feed feed = {&b, 0, 1000};
    tri_mem_set_limit(mem, cases[_i].limit);
    ck_assert_int_eq(tri_source_open_callback(&source, give, &feed), TR_OK);
    tr_status status = tri_source_unpack(&source);
    while (status == TR_OK && (status = tri_source_want(&source, 1)) == TR_OK && source.window_len)
        tri_source_take(&source, source.window_len);
    ck_assert_int_eq(status, TR_E_LIMIT);
    ck_assert_int_eq(err.error.code, TR_E_LIMIT);
    ck_assert(!cases[_i].limit || tri_mem_peak(mem) <= cases[_i].limit);
    free_bytes(&b);
}
END_TEST

/* A limit that allows for more than what is taken without one. */
START_TEST(test_large_window)
{
    struct bytes plain = {data, SIZE}, b = {NULL, 0};
    tr_status status;
    if (built("zstd"))
        b = piped_through("zstd -qc --long=28", &plain);
    if (!b.data)
        return;
    expect(MEMORY, &b, 0, TR_E_LIMIT,
           "the zstd data needs 268435456 bytes of memory to be decompressed, the limit is "
           "134217728");
    again();
    tri_mem_set_limit(mem, 300 << 20);
    ck_assert_uint_eq(read_all(MEMORY, &b, came, &status), SIZE);
    ck_assert_int_eq(status, TR_OK);
    ck_assert_mem_eq(came, data, SIZE);
    again();
    tri_mem_set_limit(mem, 200 << 20);
    ck_assert_uint_eq(read_all(MEMORY, &b, came, &status), 0);
    ck_assert_int_eq(status, TR_E_LIMIT);
    ck_assert(strstr(err.error.message, "the limit is 209715200") != NULL);
    free_bytes(&b);
}
END_TEST

/* Each allocation fails once. */
START_TEST(test_no_memory)
{
    struct bytes b = packed(_i, SMALL);
    if (!b.data)
        return;
    for (size_t n = 2;; n++) { /* the first is the account */
        tr_status status;
        again();
        heap.fail_at = heap.calls + n - 1;
        size_t got = read_all(MEMORY, &b, came, &status);
        bool failed = heap.calls >= heap.fail_at;
        heap.fail_at = 0;
        if (!failed) {
            ck_assert_int_eq(status, TR_OK);
            ck_assert_uint_eq(got, SMALL);
            break;
        }
        ck_assert_int_eq(status, TR_E_NOMEM);
        ck_assert_int_eq(err.error.code, TR_E_NOMEM);
    }
    free_bytes(&b);
}
END_TEST

/* Formats that no build reads are told by name; so are those that this one lacks. */
START_TEST(test_not_read)
{
    static const struct {
        const char *name, *magic;
    } cases[] = {
        {"zip", "PK\3\4....."},
        {"7z", "7z\xbc\xaf\x27\x1c..."},
        {"lzip", "LZIP....."},
        {"compress", "\x1f\x9d....."},
        {"lz4 -l", "\2\x21\x4c\x18....."},
        {"gzip", "\x1f\x8b\b....."},
        {"bzip2", "BZh9....."},
        {"xz", "\xfd"
               "7zXZ\0..."},
        {"lz4", "\4\x22\x4d\x18....."},
        {"zstd", "\x28\xb5\x2f\xfd....."},
    };
    if (built(cases[_i].name))
        return;
    struct bytes b = {(uint8_t *)(uintptr_t)cases[_i].magic, 9};
    tr_status status;
    ck_assert_uint_eq(read_all(PIECES_1, &b, came, &status), 0);
    ck_assert_int_eq(status, TR_E_VERSION);
    ck_assert_int_eq(err.error.code, TR_E_VERSION);
    ck_assert(strstr(err.error.message, cases[_i].name) != NULL);
}
END_TEST

/* What asks for more memory than is given, or for what the libraries do not know. */
static const struct {
    const char *format;
    tr_status status;
    uint8_t bytes[24];
} demands[] = {
    /* A dictionary of 192 MiB. */
    {"xz", TR_E_LIMIT, {0xfd, '7', 'z',  'X', 'Z',  0, 0, 4, 0xe6, 0xd6, 0xb4, 0x46,
                        2,    0,   0x21, 1,   0x1f, 0, 0, 0, 0xfe, 0x60, 0xed, 0xde}},
    /* A flag that is reserved. */
    {"xz", TR_E_VERSION, {0xfd, '7', 'z', 'X', 'Z', 0, 1, 4, 0xa7, 0xe7, 0xaf, 0x5f}},
    /* A window of 2^30 bytes. */
    {"zstd", TR_E_LIMIT, {0x28, 0xb5, 0x2f, 0xfd, 0, 0xa0, 1, 0, 0}},
    /* Dictionary 7. */
    {"zstd", TR_E_VERSION, {0x28, 0xb5, 0x2f, 0xfd, 0x21, 7, 0, 1, 0, 0}},
};

START_TEST(test_demands)
{
    struct bytes b = {(uint8_t *)(uintptr_t)demands[_i].bytes, sizeof demands[_i].bytes};
    tr_status status;
    if (!built(demands[_i].format))
        return;
    ck_assert_uint_eq(read_all(PIECES_1, &b, came, &status), 0);
    ck_assert_int_eq(status, demands[_i].status);
    ck_assert(strstr(err.error.message, demands[_i].format) != NULL);
}
END_TEST

/* A zstd frame without a window of its own takes its content's size for one. That is told in 2
 * bytes, which count from 256 on, in 4 or in 8. */
START_TEST(test_content_size)
{
    static const struct {
        tr_status status;
        uint8_t len, bytes[13];
    } cases[] = {
        {TR_E_TRUNCATED, 7, {0x28, 0xb5, 0x2f, 0xfd, 0x60, 0xff, 0xff}}, /* 65791 bytes */
        {TR_E_TRUNCATED, 9, {0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0xff, 0, 1}},
        {TR_E_TRUNCATED, 13, {0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0xff, 0, 1}},
        {TR_E_LIMIT, 9, {0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x10}},
        {TR_E_LIMIT, 13, {0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0x10}},
    };
    uint64_t peak = 0;
    if (!built("zstd"))
        return;
    for (int i = 0; i < 5; i++) {
        struct bytes b = {(uint8_t *)(uintptr_t)cases[i].bytes, cases[i].len};
        bool fits = cases[i].status == TR_E_TRUNCATED;
        expect(MEMORY, &b, 0, cases[i].status, fits ? "" : "needs 268435456 bytes of memory");
        ck_assert(!fits || i == 0 || tri_mem_peak(mem) == peak);
        peak = tri_mem_peak(mem);
        ck_assert(!fits || peak > 65791);
        again();
    }
}
END_TEST

/* A head of a block that cannot be costs nothing of the block in front, however it comes. Blocks
 * of 100 bytes that are stored, then one that is too large, or of a type that does not exist. */
static const struct {
    const char *format;
    size_t head_len, block_head_len;
    uint8_t head[7], block_head[4], wrong[4];
} framed[] = {
    {"lz4", 7, 4, {4, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82}, {100, 0, 0, 0x80}, {0, 0, 0, 0x7f}},
    {"zstd", 6, 3, {0x28, 0xb5, 0x2f, 0xfd, 0, 0x58}, {0x20, 3, 0}, {6, 0, 0}},
};
enum { FRAMED = sizeof framed / sizeof *framed };

START_TEST(test_block_head)
{
    int i = _i % FRAMED;
    size_t n = framed[i].block_head_len;
    uint8_t frame[7 + 2 * (4 + 100) + 4], *p = frame + framed[i].head_len;
    if (!built(framed[i].format))
        return;
    memcpy(frame, framed[i].head, framed[i].head_len);
    for (int block = 0; block < 2; block++, p += n + 100) {
        memcpy(p, framed[i].block_head, n);
        memcpy(p + n, data + 100 * block, 100);
    }
    memcpy(p, framed[i].wrong, n);
    struct bytes b = {frame, (size_t)(p - frame) + n};
    expect((enum kind)(_i / FRAMED), &b, 200, TR_E_CORRUPT, framed[i].format);
}
END_TEST

/* What is not compressed is left as it is, with no byte more asked for than tells. */
START_TEST(test_plain)
{
    struct bytes b = {data, SIZE};
    struct feed feed = {&b, 0, 1};
    ck_assert_int_eq(tri_source_open_callback(&source, give, &feed), TR_OK);
    ck_assert_int_eq(tri_source_unpack(&source), TR_OK);
    ck_assert_uint_eq(feed.at, 1);
    ck_assert_ptr_null(tri_source_compression(&source));
    ck_assert_uint_eq(tri_source_packed_size(&source), UINT64_MAX);
    tri_source_close(&source);
    tri_source_init(&source, mem, &err);
    expect(MEMORY, &b, SIZE, TR_OK, "");
    ck_assert(tri_source_rereads(&source));
}
END_TEST

/* A live stream: what a member holds comes before more is asked for. */
START_TEST(test_live)
{
    struct bytes b = packed(_i, SMALL);
    if (!b.data)
        return;
    ck_assert_int_eq(tri_source_feed(&source, b.data, b.size), TR_OK);
    ck_assert_int_eq(tri_source_unpack(&source), TR_OK);
    ck_assert_int_eq(tri_source_want(&source, SMALL), TR_OK);
    ck_assert_int_eq(tri_source_want(&source, SMALL + 1), TR_NEED_INPUT);
    ck_assert_int_eq(tri_source_feed(&source, b.data, b.size), TR_OK);
    ck_assert_int_eq(tri_source_want(&source, 2 * SMALL), TR_OK);
    ck_assert_int_eq(tri_source_feed_end(&source), TR_OK);
    ck_assert_int_eq(tri_source_want(&source, 2 * SMALL + 1), TR_OK);
    ck_assert_uint_eq(source.window_len, 2 * SMALL);
    ck_assert_int_eq(tri_source_feed(&source, b.data, 1), TR_E_MISUSE);
    ck_assert_int_eq(err.error.code, TR_E_MISUSE);
    ck_assert_str_eq(err.error.message, "bytes pushed after the end");
    free_bytes(&b);
}
END_TEST

/* Where it was opened another way, be it read to its end, that is what is wrong. */
START_TEST(test_push_after_open)
{
    struct bytes b = packed(_i, SMALL);
    if (!b.data)
        return;
    ck_assert_int_eq(tri_source_open_memory(&source, b.data, b.size), TR_OK);
    ck_assert_int_eq(tri_source_unpack(&source), TR_OK);
    ck_assert_int_eq(tri_source_want(&source, SMALL + 1), TR_OK);
    ck_assert_int_eq(tri_source_feed(&source, b.data, 1), TR_E_MISUSE);
    ck_assert_str_eq(err.error.message, "the reader is open already");
    ck_assert_int_eq(tri_source_feed_end(&source), TR_E_MISUSE);
    ck_assert_str_eq(err.error.message, "the reader is open already");
    free_bytes(&b);
}
END_TEST

static int64_t fail_later(void *user, void *buf, size_t size)
{
    struct feed *f = user;
    return f->at < 100 ? give(user, buf, size < 50 ? size : 50) : -ENXIO;
}

START_TEST(test_failed_read)
{
    struct bytes b = packed(_i, SMALL);
    if (!b.data)
        return;
    struct feed feed = {&b, 0, 50};
    ck_assert_int_eq(tri_source_open_callback(&source, fail_later, &feed), TR_OK);
    ck_assert_int_eq(tri_source_unpack(&source), TR_OK);
    ck_assert_int_eq(tri_source_want(&source, SMALL), TR_E_IO);
    ck_assert_int_eq(err.error.os_error, ENXIO);
    ck_assert_uint_eq(err.error.offset, source.window_len);
    free_bytes(&b);
}
END_TEST

START_TEST(test_commands)
{
    char names[200], *rest;
    snprintf(names, sizeof names, "%s", tr_compressions());
    for (char *name = strtok_r(names, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
        bool there = false;
        for (int i = 0; i < COMMANDS; i++)
            there = there || strcmp(commands[i].format, name) == 0;
        ck_assert_msg(there, "nobody tests %s: commands here, formats in tests/api/test_compressed",
                      name);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("io/decompress");
    TCase *all = tcase_create("decompress");
    printf("this build reads: %s\n", tr_compressions());

    tcase_add_checked_fixture(all, setup, close_account);
    tcase_add_test(all, test_commands);
    tcase_add_loop_test(all, test_whole, 0, COMMANDS * KINDS);
    tcase_add_loop_test(all, test_members, 0, COMMANDS * KINDS);
    tcase_add_loop_test(all, test_skipped, 0, COMMANDS * KINDS);
    tcase_add_loop_test(all, test_cut, 0, COMMANDS);
    tcase_add_loop_test(all, test_followed, 0, COMMANDS * KINDS);
    tcase_add_loop_test(all, test_damaged, 0, COMMANDS);
    tcase_add_loop_test(all, test_bomb, 0, COMMANDS / 2);
    tcase_add_loop_test(all, test_limit, 0, 6);
    tcase_add_test(all, test_large_window);
    tcase_add_loop_test(all, test_no_memory, 0, COMMANDS);
    tcase_add_loop_test(all, test_not_read, 0, 10);
    tcase_add_loop_test(all, test_demands, 0, sizeof demands / sizeof *demands);
    tcase_add_test(all, test_content_size);
    tcase_add_loop_test(all, test_block_head, 0, FRAMED * KINDS);
    tcase_add_test(all, test_plain);
    tcase_add_loop_test(all, test_live, 0, COMMANDS);
    tcase_add_loop_test(all, test_push_after_open, 0, COMMANDS);
    tcase_add_loop_test(all, test_failed_read, 0, COMMANDS);
    tcase_set_timeout(all, 120);
    suite_add_tcase(suite, all);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
