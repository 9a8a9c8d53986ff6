/* Files, sums, and the ways to read a trace. */
#include "support.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void require(bool holds, const char *format, ...)
{
    va_list args;
    if (holds)
        return;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

void skip_test(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("skipped: ");
    vprintf(format, args);
    printf("\n");
    fflush(stdout);
    va_end(args);
}

const char *source_path(const char *name)
{
    static char path[1024];
    const char *top = getenv("top_srcdir");
    int n = snprintf(path, sizeof path, "%s/%s", top && *top ? top : ".", name);
    require(n > 0 && (size_t)n < sizeof path, "too long: %s", name);
    return path;
}

static struct bytes read_stream(FILE *f)
{
    struct bytes b = {NULL, 0};
    size_t cap = 0, n;
    do {
        if (b.size == cap) {
            cap = cap * 2 + 65536;
            b.data = realloc(b.data, cap);
            require(b.data != NULL, "no memory");
        }
        n = fread(b.data + b.size, 1, cap - b.size, f);
        b.size += n;
    } while (n);
    require(!ferror(f), "reading failed");
    return b;
}

struct bytes load_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    require(f != NULL, "cannot open %s", path);
    struct bytes b = read_stream(f);
    fclose(f);
    return b;
}

struct bytes load_trace(const char *name)
{
    char command[1200], file[200];
    snprintf(file, sizeof file, "tests/data/%s.trace.xz", name);
    snprintf(command, sizeof command, "xz -dc '%s'", source_path(file));
    FILE *f = popen(command, "r");
    require(f != NULL, "cannot run %s", command);
    struct bytes b = read_stream(f);
    require(pclose(f) == 0, "%s failed", command);
    return b;
}

void free_bytes(struct bytes *b)
{
    free(b->data);
    b->data = NULL;
    b->size = 0;
}

static void write_all(int fd, const void *data, size_t size)
{
    const char *p = data;
    while (size) {
        ssize_t n = write(fd, p, size);
        require(n > 0, "writing failed");
        p += n;
        size -= (size_t)n;
    }
}

/* A new file, whose path goes to `path`. */
static int new_file(char *path, size_t path_size)
{
    const char *folder = getenv("TMPDIR");
    snprintf(path, path_size, "%s/tracereader-XXXXXX", folder && *folder ? folder : "/tmp");
    int fd = mkstemp(path);
    require(fd >= 0, "cannot make a file: %s", path);
    return fd;
}

int file_of(const struct bytes *b, size_t before)
{
    char path[1024];
    int fd = new_file(path, sizeof path);
    unlink(path);
    for (; before; before--)
        write_all(fd, "", 1);
    write_all(fd, b->data, b->size);
    return fd;
}

struct bytes piped_through(const char *command, const struct bytes *b)
{
    char line[300];
    int fd = file_of(b, 0);
    require(lseek(fd, 0, SEEK_SET) == 0, "cannot seek");
    int n = snprintf(line, sizeof line, "command -v %.*s >/dev/null && %s </dev/fd/%d",
                     (int)strcspn(command, " "), command, command, fd);
    require(n > 0 && (size_t)n < sizeof line, "too long: %s", command);
    FILE *f = popen(line, "r");
    require(f != NULL, "cannot run %s", line);
    struct bytes out = read_stream(f);
    bool done = pclose(f) == 0;
    close(fd);
    require(done || out.size == 0, "%s failed", command);
    if (!done)
        free_bytes(&out);
    return out;
}

static const uint32_t sha256_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

void sha256_init(struct sha256 *s)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(s->state, start, sizeof start);
    s->len = 0;
}

static inline uint32_t rotate(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

static void sha256_block(struct sha256 *s, const uint8_t *p)
{
    uint32_t w[64], v[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 |
               (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[i - 7] +
               (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
    memcpy(v, s->state, sizeof v);
    for (int i = 0; i < 64; i++) {
        uint32_t e = v[4], a = v[0];
        uint32_t t1 = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
                      ((e & v[5]) ^ (~e & v[6])) + sha256_k[i] + w[i];
        uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
                      ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++)
        s->state[i] += v[i];
}

void sha256_add(struct sha256 *s, const void *data, size_t size)
{
    const uint8_t *p = data;
    size_t have = s->len % 64;
    s->len += size;
    if (have) {
        size_t n = size < 64 - have ? size : 64 - have;
        memcpy(s->block + have, p, n);
        if (have + n < 64)
            return;
        sha256_block(s, s->block);
        p += n;
        size -= n;
    }
    for (; size >= 64; p += 64, size -= 64)
        sha256_block(s, p);
    memcpy(s->block, p, size);
}

void sha256_hex(struct sha256 *s, char *hex)
{
    uint64_t bits = s->len * 8;
    uint8_t end[72] = {0x80};
    size_t zeros = (119 - s->len % 64) % 64;
    for (int i = 0; i < 8; i++)
        end[1 + zeros + (size_t)i] = (uint8_t)(bits >> (56 - 8 * i));
    sha256_add(s, end, 1 + zeros + 8);
    for (int i = 0; i < 8; i++)
        snprintf(hex + 8 * i, 9, "%08x", (unsigned)s->state[i]);
}

uint64_t sum_add(uint64_t sum, const void *data, size_t size)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ p[i]) * UINT64_C(1099511628211);
    return sum;
}

const char *const way_names[WAY_COUNT] = {
    [WAY_MEMORY] = "memory",
    [WAY_PATH] = "path",
    [WAY_MEMORY_2_THREADS] = "memory, 2 threads",
    [WAY_PATH_2_THREADS] = "path, 2 threads",
    [WAY_PATH_5_THREADS] = "path, 5 threads",
    [WAY_FD] = "descriptor",
    [WAY_CALLBACK_1] = "callback(1)",
    [WAY_CALLBACK_7] = "callback(7)",
    [WAY_CALLBACK_4096] = "callback(4096)",
    [WAY_PUSH_1] = "push(1)",
    [WAY_PUSH_7] = "push(7)",
    [WAY_PUSH_4096] = "push(4096)",
    [WAY_PIPE_4096] = "pipe(4096)",
    [WAY_PIPE_7] = "pipe(7)",
    [WAY_PIPE_1] = "pipe(1)",
};

static unsigned threads_of(enum way way)
{
    switch (way) {
    case WAY_MEMORY_2_THREADS:
    case WAY_PATH_2_THREADS:
        return 2;
    case WAY_PATH_5_THREADS:
        return 5;
    default:
        return 1;
    }
}

static size_t piece_of(enum way way)
{
    switch (way) {
    case WAY_CALLBACK_1:
    case WAY_PUSH_1:
    case WAY_PIPE_1:
        return 1;
    case WAY_CALLBACK_7:
    case WAY_PUSH_7:
    case WAY_PIPE_7:
        return 7;
    default:
        return 4096;
    }
}

static int64_t give_piece(void *user, void *buf, size_t size)
{
    struct reading *r = user;
    size_t n = r->trace.size - r->given;
    n = n < r->piece ? n : r->piece;
    n = n < size ? n : size;
    if (n)
        memcpy(buf, r->trace.data + r->given, n);
    r->given += n;
    return (int64_t)n;
}

/* The thread that writes into a pipe. */
struct writer {
    pthread_t thread;
    struct bytes trace;
    size_t piece;
    int fd;
};

static void *write_pieces(void *user)
{
    struct writer *w = user;
    for (size_t at = 0; at < w->trace.size; at += w->piece) {
        size_t rest = w->trace.size - at;
        write_all(w->fd, w->trace.data + at, rest < w->piece ? rest : w->piece);
    }
    close(w->fd);
    return NULL;
}

static void open_pipe(struct reading *r)
{
    int ends[2];
    struct writer *w = malloc(sizeof *w);
    require(w && pipe(ends) == 0, "no pipe");
    *w = (struct writer){.trace = r->trace, .piece = r->piece, .fd = ends[1]};
    require(pthread_create(&w->thread, NULL, write_pieces, w) == 0, "no thread");
    r->writer = w;
    r->fd = ends[0];
    r->opened = tr_reader_open_fd(r->reader, r->fd);
}

static void open_file(struct reading *r)
{
    char path[1024];
    r->fd = new_file(path, sizeof path);
    write_all(r->fd, r->trace.data, r->trace.size);
    r->opened = tr_reader_open_path(r->reader, path);
    unlink(path);
}

/* Push the next piece, or say that there is none. */
static void push_piece(struct reading *r)
{
    size_t n = r->trace.size - r->given;
    n = n < r->piece ? n : r->piece;
    tr_status status =
        n ? tr_reader_feed(r->reader, r->trace.data + r->given, n) : tr_reader_feed_end(r->reader);
    require(status == TR_OK, "cannot push");
    r->given += n;
}

static void open_reading(struct reading *r, enum way way, const struct bytes *trace, bool salvage)
{
    memset(r, 0, sizeof *r);
    r->way = way;
    r->trace = *trace;
    r->piece = piece_of(way);
    r->fd = -1;
    r->reader = tr_reader_new();
    require(r->reader != NULL, "no reader");
    require(tr_reader_set_u64(r->reader, TR_OPT_THREADS, threads_of(way)) == TR_OK, "no threads");
    require(tr_reader_set_u64(r->reader, TR_OPT_SALVAGE, salvage) == TR_OK, "no salvage");
    switch (way) {
    case WAY_MEMORY:
    case WAY_MEMORY_2_THREADS:
        r->opened = tr_reader_open_memory(r->reader, trace->data, trace->size);
        break;
    case WAY_PATH:
    case WAY_PATH_2_THREADS:
    case WAY_PATH_5_THREADS:
        open_file(r);
        break;
    case WAY_FD:
        r->fd = file_of(trace, 13);
        require(lseek(r->fd, 13, SEEK_SET) == 13, "cannot seek");
        r->opened = tr_reader_open_fd(r->reader, r->fd);
        break;
    case WAY_CALLBACK_1:
    case WAY_CALLBACK_7:
    case WAY_CALLBACK_4096:
        r->opened = tr_reader_open_callback(r->reader, give_piece, r);
        break;
    case WAY_PUSH_1:
    case WAY_PUSH_7:
    case WAY_PUSH_4096:
        push_piece(r);
        break;
    default:
        open_pipe(r);
    }
}

void reading_open(struct reading *r, enum way way, const struct bytes *trace)
{
    open_reading(r, way, trace, false);
}

void reading_open_salvaging(struct reading *r, enum way way, const struct bytes *trace)
{
    open_reading(r, way, trace, true);
}

tr_status reading_next(struct reading *r, const tr_event **out)
{
    if (r->opened != TR_OK)
        return r->opened;
    for (;;) {
        tr_status status = tr_reader_next(r->reader, out);
        if (status != TR_NEED_INPUT)
            return status;
        require(r->way >= WAY_PUSH_1 && r->way <= WAY_PUSH_4096, "nobody pushes here");
        push_piece(r);
    }
}

void reading_close(struct reading *r)
{
    tr_reader_free(r->reader);
    if (r->writer) {
        struct writer *w = r->writer;
        /* What the reader left, so that the writer comes to its end. */
        char rest[4096];
        while (read(r->fd, rest, sizeof rest) > 0)
            ;
        pthread_join(w->thread, NULL);
        free(w);
    }
    if (r->fd >= 0)
        close(r->fd);
}

const char *event_line(const tr_event *ev, size_t *len)
{
    static char *line;
    static size_t cap;
    size_t n = tr_event_text(ev, line, cap);
    if (n + 2 > cap) {
        cap = n * 2 + 4096;
        line = realloc(line, cap);
        require(line != NULL, "no memory");
        n = tr_event_text(ev, line, cap);
    }
    line[n] = '\n';
    line[n + 1] = '\0';
    *len = n + 1;
    return line;
}
