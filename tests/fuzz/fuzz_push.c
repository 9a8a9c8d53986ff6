/* Fuzzes pushing a trace in pieces of any size, and asking for events at any time: the
 * events, and what is wrong, are those of the same trace in memory. */
#include "fuzz.h"

void fuzz_one(const uint8_t *data, size_t size)
{
    tr_reader *whole = fuzz_reader(), *pushed = fuzz_reader();
    uint64_t want = 0, have = 0;
    if (fuzz_sum(0, data, size) % 4 == 0)
        fuzz_require(tr_reader_set_u64(pushed, TR_OPT_SPILL_BYTES, 100) == TR_OK);
    tr_status status = fuzz_read(whole, data, size, &want);
    tr_status other = fuzz_read_pushed(pushed, data, size, &have);
    if (fuzz_is_same_however(whole, status) && fuzz_is_same_however(pushed, other)) {
        fuzz_require(other == status);
        fuzz_require(have == want);
        fuzz_check_same_error(whole, pushed);
    }
    fuzz_check_end(pushed, other, size);
    tr_reader_free(whole);
    tr_reader_free(pushed);
}
