/* Fuzzes traces that are compressed, and nothing else: in memory, pushed in pieces of any
 * size, and record by record. */
#include <string.h>

#include "fuzz.h"

/* Read a trace record by record, if it is compressed. */
static bool read_records(const uint8_t *data, size_t size)
{
    tr_wire *w = tr_wire_new();
    const tr_wire_record *record;
    fuzz_require(w != NULL);
    tr_status status = tr_wire_open_memory(w, data, size);
    bool compressed = tr_wire_compression(w) != NULL;
    while (compressed && status == TR_OK)
        status = tr_wire_next(w, &record);
    tr_wire_free(w);
    return compressed;
}

void fuzz_one(const uint8_t *data, size_t size)
{
    if (!read_records(data, size))
        return;
    tr_reader *whole = fuzz_reader(), *pushed = fuzz_reader();
    uint64_t want = 0, have = 0;
    tr_status status = fuzz_read(whole, data, size, &want);
    tr_status other = fuzz_read_pushed(pushed, data, size, &have);
    if (fuzz_is_same_however(whole, status) && fuzz_is_same_however(pushed, other)) {
        fuzz_require(other == status);
        fuzz_require(have == want);
        fuzz_require(tr_reader_bytes_read(pushed) == tr_reader_bytes_read(whole));
        fuzz_check_same_error(whole, pushed);
    }
    fuzz_require(strcmp(tr_reader_compression(pushed), tr_reader_compression(whole)) == 0);
    fuzz_check_end(whole, status, size);
    fuzz_check_end(pushed, other, size);
    tr_reader_free(whole);
    tr_reader_free(pushed);
}
