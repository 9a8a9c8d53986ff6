/* Runs a fuzz target: by libFuzzer if FUZZ_LIBFUZZER is set, else over the files and
 * folders that are named, which any compiler can build.
 *
 * libFuzzer alone would hardly get past the sizes of batches: half of its changes are made
 * inside one batch, whose size is then set right. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_require_at(int holds, const char *text, const char *file, int line)
{
    if (holds)
        return;
    fprintf(stderr, "%s:%d: %s\n", file, line, text);
    abort();
}

tr_reader *fuzz_reader(void)
{
    tr_reader *r = tr_reader_new();
    fuzz_require(r != NULL);
    fuzz_require(tr_reader_set_u64(r, TR_OPT_MAX_MEMORY_BYTES, 64 << 20) == TR_OK);
    return r;
}

uint64_t fuzz_sum(uint64_t sum, const void *data, size_t size)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ p[i]) * UINT64_C(1099511628211);
    return sum;
}

void fuzz_random_init(struct fuzz_random *r, const uint8_t *data, size_t size)
{
    r->state = fuzz_sum(UINT64_C(14695981039346656037), data, size);
}

size_t fuzz_random_below(struct fuzz_random *r, size_t n)
{
    r->state = r->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(r->state >> 33) % n;
}

static uint64_t sum_stack(tr_stack stack, uint64_t sum)
{
    uint32_t count = tr_stack_frame_count(stack);
    tr_frame frame;
    fuzz_require(tr_stack_present(stack) || count == 0);
    for (uint32_t i = 0; i < count; i++) {
        if (tr_stack_frame(stack, i, &frame) != TR_OK)
            break; /* the limit of memory */
        sum = fuzz_sum(sum, &frame.pc, sizeof frame.pc);
        sum = fuzz_sum(sum, frame.func.ptr, frame.func.len);
        sum = fuzz_sum(sum, frame.file.ptr, frame.file.len);
    }
    fuzz_require(tr_stack_frame(stack, count, &frame) != TR_OK);
    return sum;
}

uint64_t fuzz_look(tr_reader *r, const tr_event *ev, uint64_t sum)
{
    static char *text;
    static size_t size;
    tr_experimental_batch b;
    size_t len;

    /* There is no event without a kind, but what is salvaged, which is marked. */
    fuzz_require((ev->kind > TR_KIND_BAD || ev->flags) && ev->kind < TR_KIND_COUNT);
    while ((len = tr_event_text(ev, text, size)) >= size) {
        size = len + 1000;
        text = realloc(text, size);
        fuzz_require(text != NULL);
    }
    fuzz_require(strlen(text) <= len);
    sum = fuzz_sum(sum, text, len);
    sum = sum_stack(ev->stack, sum);
    sum = fuzz_sum(sum, &ev->offset, sizeof ev->offset);
    if (ev->kind == TR_KIND_STATE_TRANSITION)
        sum = sum_stack(ev->transition.stack, sum);
    if (ev->kind == TR_KIND_SYNC)
        for (uint32_t i = 0; i < ev->sync.batch_count; i++)
            if (tr_reader_experimental_batch(r, i, &b) == TR_OK)
                sum = fuzz_sum(sum, b.data.ptr, b.data.len);
    return sum;
}

tr_status fuzz_read(tr_reader *r, const uint8_t *data, size_t size, uint64_t *sum)
{
    const tr_event *ev;
    tr_status status = tr_reader_open_memory(r, data, size);
    while (status == TR_OK && (status = tr_reader_next(r, &ev)) == TR_OK)
        *sum = fuzz_look(r, ev, *sum);
    return status;
}

static tr_status push(tr_reader *r, const uint8_t *data, size_t size, struct fuzz_random *random,
                      size_t *at)
{
    static const size_t sizes[] = {1, 3, 40, 1000, 70000};
    size_t n = fuzz_random_below(random, sizes[fuzz_random_below(random, 5)]) + 1;
    n = n < size - *at ? n : size - *at;
    tr_status status = n ? tr_reader_feed(r, data + *at, n) : tr_reader_feed_end(r);
    *at += n;
    return status;
}

tr_status fuzz_read_pushed(tr_reader *r, const uint8_t *data, size_t size, uint64_t *sum)
{
    struct fuzz_random random;
    const tr_event *ev;
    size_t at = 0;
    tr_status status = TR_NEED_INPUT;
    fuzz_random_init(&random, data, size);
    while (status == TR_OK || status == TR_NEED_INPUT) {
        if (status == TR_NEED_INPUT)
            fuzz_require(push(r, data, size, &random, &at) == TR_OK);
        status = tr_reader_next(r, &ev);
        if (status == TR_OK)
            *sum = fuzz_look(r, ev, *sum);
    }
    return status;
}

void fuzz_check_end(tr_reader *r, tr_status status, size_t size)
{
    const tr_event *ev;
    const tr_error *e = tr_reader_error(r);
    fuzz_require(status != TR_OK && status != TR_NEED_INPUT && status != TR_E_MISUSE);
    fuzz_require(tr_reader_next(r, &ev) == status);
    fuzz_require(e->code == (status == TR_END ? TR_OK : status));
    fuzz_require(e->message && !strchr(e->message, '\n'));
    if (tr_reader_compression(r))
        return; /* `size` is another */
    fuzz_require(e->offset <= size);
    fuzz_require(tr_reader_bytes_read(r) <= size);
}

bool fuzz_is_same_however(const tr_reader *r, tr_status status)
{
    const char *message = tr_reader_error(r)->message;
    return status == TR_END || (status != TR_E_LIMIT && strncmp(message, "the ", 4) != 0);
}

void fuzz_check_same_error(const tr_reader *a, const tr_reader *b)
{
    const tr_error *e = tr_reader_error(a), *f = tr_reader_error(b);
    fuzz_require(e->code == f->code && e->offset == f->offset && e->generation == f->generation);
    fuzz_require(e->thread == f->thread && e->event_type == f->event_type);
    fuzz_require(strcmp(e->message, f->message) == 0);
}

#ifdef FUZZ_LIBFUZZER

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_one(data, size);
    return 0;
}

/* The varint at data[*at]; 0 and *at beyond `size` if there is none. */
static uint64_t read_varint(const uint8_t *data, size_t size, size_t *at)
{
    uint64_t v = 0;
    for (unsigned shift = 0; *at < size && shift < 64; shift += 7) {
        uint8_t b = data[(*at)++];
        v |= (uint64_t)(b & 0x7f) << shift;
        if (b < 0x80)
            return v;
    }
    *at = size + 1;
    return 0;
}

struct batch {
    size_t size_at; /* where its size is */
    size_t data_at;
    size_t bytes;
};

enum { HEADER_BYTES = 16, EVENT_BATCH = 1, EXPERIMENTAL_BATCH = 49, BATCHES_MAX = 4096 };

static size_t find_batches(const uint8_t *data, size_t size, struct batch *batches)
{
    size_t count = 0, at = HEADER_BYTES;
    while (at < size && count < BATCHES_MAX) {
        uint8_t type = data[at++];
        if (type != EVENT_BATCH && type != EXPERIMENTAL_BATCH)
            continue; /* an end of a generation, or anything */
        if (type == EXPERIMENTAL_BATCH)
            at++;
        for (int i = 0; i < 3 && at <= size; i++)
            read_varint(data, size, &at); /* generation, thread, time */
        struct batch b = {at, 0, 0};
        uint64_t bytes = at <= size ? read_varint(data, size, &at) : 0;
        if (at > size || bytes > size - at)
            break;
        b.data_at = at;
        b.bytes = (size_t)bytes;
        batches[count++] = b;
        at += b.bytes;
    }
    return count;
}

/* Replace batch `b` by `n` bytes. Returns the new size, 0 if there is no room. */
static size_t put_batch(uint8_t *data, size_t size, size_t max, struct batch b,
                        const uint8_t *bytes, size_t n)
{
    uint8_t head[10];
    size_t head_bytes = 0;
    for (size_t v = n;; v >>= 7) {
        head[head_bytes++] = (uint8_t)(v < 0x80 ? v : (v & 0x7f) | 0x80);
        if (v < 0x80)
            break;
    }
    size_t behind = b.data_at + b.bytes, end = b.size_at + head_bytes + n;
    if (end + (size - behind) > max)
        return 0;
    memmove(data + end, data + behind, size - behind);
    memcpy(data + b.size_at, head, head_bytes);
    memcpy(data + b.size_at + head_bytes, bytes, n);
    return end + (size - behind);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    static struct batch batches[BATCHES_MAX];
    static uint8_t changed[1 << 16];
    struct fuzz_random random = {seed};
    bool is_trace = size > HEADER_BYTES && memcmp(data, "go 1.", 5) == 0;
    size_t count = is_trace ? find_batches(data, size, batches) : 0;
    if (count == 0 || fuzz_random_below(&random, 2) == 0)
        return LLVMFuzzerMutate(data, size, max);
    struct batch b = batches[fuzz_random_below(&random, count)];
    if (b.bytes > sizeof changed)
        return LLVMFuzzerMutate(data, size, max);
    memcpy(changed, data + b.data_at, b.bytes);
    size_t n;
    switch (fuzz_random_below(&random, 8)) {
    case 0: { /* the data of another batch behind it */
        struct batch other = batches[fuzz_random_below(&random, count)];
        n = b.bytes + other.bytes <= sizeof changed ? b.bytes + other.bytes : b.bytes;
        memcpy(changed + b.bytes, data + other.data_at, n - b.bytes);
        break;
    }
    default:
        n = LLVMFuzzerMutate(changed, b.bytes, sizeof changed);
    }
    n = put_batch(data, size, max, b, changed, n);
    return n ? n : LLVMFuzzerMutate(data, size, max);
}

#else

static unsigned ran;

static void run_file(const char *path)
{
    static uint8_t buffer[1 << 20];
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(buffer, 1, sizeof buffer, f) : 0;
    if (!f || ferror(f)) {
        perror(path);
        exit(2);
    }
    fclose(f);
    /* In memory of its own, so that a sanitizer sees what is read behind its end. */
    uint8_t *data = malloc(n ? n : 1);
    fuzz_require(data != NULL);
    memcpy(data, buffer, n);
    fuzz_one(data, n);
    free(data);
    ran++;
}

static void run_path(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    if (!folder) {
        run_file(path);
        return;
    }
    while ((entry = readdir(folder)) != NULL) {
        char name[4096];
        int n = snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && n > 0 && (size_t)n < sizeof name)
            run_file(name);
    }
    closedir(folder);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run_path(argv[i]);
    printf("%u files\n", ran);
    return ran == 0;
}

#endif
