/* Fuzzes traces of Go 1.5 to 1.21, whose records have no frame that a change would break: of
 * memory, strictly and salvaged. What does not begin with a header gets one, of the version
 * that its first byte chooses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { HEADER_BYTES = 16 };

/* Read all; the sum of what events say. */
static uint64_t read_all(tr_reader *r, const uint8_t *data, size_t size, uint64_t *events)
{
    const tr_event *ev;
    uint64_t sum = 0;
    int64_t last = INT64_MIN;
    tr_status status = tr_reader_open_memory(r, data, size);
    *events = 0;
    while (status == TR_OK && (status = tr_reader_next(r, &ev)) == TR_OK) {
        sum = fuzz_look(r, ev, sum);
        fuzz_require(ev->time_ns > last || last == INT64_MAX);
        last = ev->time_ns;
        ++*events;
    }
    fuzz_check_end(r, status, size);
    return sum;
}

static void read_both(const uint8_t *data, size_t size)
{
    tr_reader *strict = fuzz_reader(), *salvaging = fuzz_reader();
    uint64_t events, left;
    fuzz_require(tr_reader_set_u64(salvaging, TR_OPT_SALVAGE, 1) == TR_OK);
    uint64_t sum = read_all(strict, data, size, &events);
    if (tr_reader_version(strict) > 21) { /* for other targets */
        tr_reader_free(strict);
        tr_reader_free(salvaging);
        return;
    }
    uint64_t sum_left = read_all(salvaging, data, size, &left);
    const tr_error *e = tr_reader_error(strict), *f = tr_reader_error(salvaging);
    fuzz_require(left >= events || f->code == TR_E_LIMIT || f->code == TR_E_NOMEM);
    if (e->code == TR_OK)
        fuzz_require(f->code == TR_OK && sum == sum_left);
    else if (f->code != TR_E_LIMIT)
        fuzz_require(f->code == e->code && f->offset == e->offset &&
                     strcmp(f->message, e->message) == 0);
    tr_reader_free(strict);
    tr_reader_free(salvaging);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    static const unsigned versions[] = {5, 7, 8, 9, 10, 11, 19, 21};
    if (size > HEADER_BYTES && memcmp(data, "go 1.", 5) == 0) {
        read_both(data, size);
        return;
    }
    if (size == 0)
        return;
    uint8_t *trace = calloc(1, HEADER_BYTES + size);
    fuzz_require(trace != NULL);
    snprintf((char *)trace, HEADER_BYTES, "go 1.%u trace",
             versions[data[0] % (sizeof versions / sizeof *versions)]);
    memcpy(trace + HEADER_BYTES, data + 1, size - 1);
    read_both(trace, HEADER_BYTES + size - 1);
    free(trace);
}
