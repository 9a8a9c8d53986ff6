/* Fuzzes pushing a trace in pieces of any size, and asking for events at any time: the
 * events, and what is wrong, are those of the same trace in memory. */
#include <string.h>

#include "fuzz.h"

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

void fuzz_one(const uint8_t *data, size_t size)
{
    tr_reader *whole = fuzz_reader(), *pushed = fuzz_reader();
    struct fuzz_random random;
    const tr_event *ev;
    uint64_t want = 0, have = 0;
    size_t at = 0;
    tr_status status, other = TR_NEED_INPUT;

    status = tr_reader_open_memory(whole, data, size);
    while (status == TR_OK && (status = tr_reader_next(whole, &ev)) == TR_OK)
        want = fuzz_look(whole, ev, want);

    fuzz_random_init(&random, data, size);
    if (fuzz_random_below(&random, 4) == 0)
        fuzz_require(tr_reader_set_u64(pushed, TR_OPT_SPILL_BYTES, 100) == TR_OK);
    while (other == TR_OK || other == TR_NEED_INPUT) {
        if (other == TR_NEED_INPUT)
            fuzz_require(push(pushed, data, size, &random, &at) == TR_OK);
        other = tr_reader_next(pushed, &ev);
        if (other == TR_OK)
            have = fuzz_look(pushed, ev, have);
    }
    fuzz_require(other == status);
    fuzz_require(have == want);
    const tr_error *e = tr_reader_error(whole), *f = tr_reader_error(pushed);
    fuzz_require(e->offset == f->offset && e->generation == f->generation);
    fuzz_require(e->thread == f->thread && e->event_type == f->event_type);
    fuzz_require(strcmp(e->message, f->message) == 0);
    fuzz_check_end(pushed, other, size);
    tr_reader_free(whole);
    tr_reader_free(pushed);
}
