/* The floor: what it takes to look at each varint of a trace's batches of events once, and
 * to do nothing with it. scan TRACE prints "NANOSECONDS VARINTS SUM", the time of the fastest
 * of three passes over the file in memory.
 *
 * Type bytes are taken for varints, which all but those of experimental events are; a floor
 * may be that inexact. The trace must be whole: nothing is checked beyond the buffer's end. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { HEADER_BYTES = 16, EVENT_BATCH = 1, EXPERIMENTAL_BATCH = 49, END_OF_GENERATION = 52 };

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static const uint8_t *varint(const uint8_t *p, const uint8_t *end, uint64_t *value)
{
    uint64_t v = 0;
    for (unsigned shift = 0; p < end; shift += 7) {
        uint8_t byte = *p++;
        v |= (uint64_t)(byte & 0x7f) << (shift & 63);
        if (byte < 0x80)
            break;
    }
    *value = v;
    return p;
}

/* Batches that begin with one of these hold tables. */
static int is_table(uint8_t first)
{
    return first == 2 || first == 4 || first == 6 || first == 8 || first == 50 ||
           first == END_OF_GENERATION;
}

static uint64_t scan(const uint8_t *p, const uint8_t *end, uint64_t *varints)
{
    uint64_t sum = 0, value, size;
    *varints = 0;
    while (p < end) {
        uint8_t type = *p++;
        if (type == END_OF_GENERATION)
            continue;
        if ((type != EVENT_BATCH && type != EXPERIMENTAL_BATCH) || p == end)
            break;
        if (type == EXPERIMENTAL_BATCH)
            p++;
        for (int field = 0; field < 3; field++) /* generation, thread, time */
            p = varint(p, end, &value);
        p = varint(p, end, &size);
        if (size > (uint64_t)(end - p))
            break;
        const uint8_t *batch_end = p + size;
        if (type == EVENT_BATCH && size && !is_table(*p)) {
            while (p < batch_end) {
                p = varint(p, batch_end, &value);
                sum += value;
                ++*varints;
            }
        }
        p = batch_end;
    }
    return sum;
}

int main(int argc, char **argv)
{
    FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (!f || fseek(f, 0, SEEK_END) != 0) {
        fprintf(stderr, "usage: scan TRACE\n");
        return 2;
    }
    long size = ftell(f);
    uint8_t *data = size > HEADER_BYTES ? malloc((size_t)size) : NULL;
    rewind(f);
    if (!data || fread(data, 1, (size_t)size, f) != (size_t)size) {
        fprintf(stderr, "%s cannot be read\n", argv[1]);
        return 2;
    }
    fclose(f);
    int64_t best = INT64_MAX;
    uint64_t varints = 0, sum = 0;
    for (int pass = 0; pass < 3; pass++) {
        int64_t begin = now_ns();
        sum = scan(data + HEADER_BYTES, data + size, &varints);
        int64_t took = now_ns() - begin;
        best = took < best ? took : best;
    }
    printf("%lld %llu %llu\n", (long long)best, (unsigned long long)varints,
           (unsigned long long)sum);
    free(data);
    return 0;
}
