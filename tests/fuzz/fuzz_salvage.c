/* Fuzzes salvage. A trace that is whole with it reads the same without it; no error is kept
 * back; time does not go back; pieces of any size change nothing. */
#include "fuzz.h"

static tr_reader *salvaging(void)
{
    tr_reader *r = fuzz_reader();
    fuzz_require(tr_reader_set_u64(r, TR_OPT_SALVAGE, 1) == TR_OK);
    return r;
}

static void check_times(const uint8_t *data, size_t size)
{
    tr_reader *r = salvaging();
    const tr_event *ev;
    int64_t last = INT64_MIN;
    uint64_t events = 0;
    tr_salvage counts;
    tr_status status = tr_reader_open_memory(r, data, size);
    while (status == TR_OK && (status = tr_reader_next(r, &ev)) == TR_OK) {
        fuzz_require(ev->time_ns > last || last == INT64_MAX);
        last = ev->time_ns;
        events++;
    }
    tr_reader_salvage(r, &counts);
    fuzz_require(counts.events == events);
    fuzz_check_end(r, status, size);
    tr_reader_free(r);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    tr_reader *plain = fuzz_reader(), *whole = salvaging(), *pushed = salvaging();
    uint64_t without = 0, with = 0, in_pieces = 0;
    tr_salvage counts, pushed_counts;
    tr_status status = fuzz_read(plain, data, size, &without);
    tr_status salvaged = fuzz_read(whole, data, size, &with);
    tr_status other = fuzz_read_pushed(pushed, data, size, &in_pieces);

    if (salvaged == TR_END)
        fuzz_require(status == TR_END && with == without);
    tr_reader_salvage(whole, &counts);
    tr_reader_salvage(pushed, &pushed_counts);
    /* The clock of a later generation cannot be borrowed of a stream. */
    if (counts.raw_time == pushed_counts.raw_time && fuzz_is_same_however(whole, salvaged) &&
        fuzz_is_same_however(pushed, other)) {
        fuzz_require(other == salvaged);
        fuzz_require(in_pieces == with);
        fuzz_check_same_error(whole, pushed);
    }
    check_times(data, size);
    tr_reader_free(plain);
    tr_reader_free(whole);
    tr_reader_free(pushed);
}
