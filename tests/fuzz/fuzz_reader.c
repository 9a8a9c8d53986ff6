/* Fuzzes reading event by event, of memory, with all that an event can be asked for; packed
 * events say the same. */
#include <string.h>

#include "fuzz.h"

void fuzz_one(const uint8_t *data, size_t size)
{
    tr_reader *r = fuzz_reader();
    tr_reader *packing = fuzz_reader();
    const tr_tables *tables;
    const tr_event *ev;
    tr_event unpacked;
    tr_packed_event packed;
    size_t count;
    int64_t last = INT64_MIN;
    tr_status status = tr_reader_open_memory(r, data, size), other;
    fuzz_require(tr_reader_open_memory(packing, data, size) == status);

    while (status == TR_OK && (status = tr_reader_next(r, &ev)) == TR_OK) {
        uint64_t sum = fuzz_look(r, ev, 0);
        fuzz_require(ev->time_ns > last || last == INT64_MAX);
        last = ev->time_ns;
        fuzz_require(tr_reader_next_packed(packing, &packed, 1, &count, &tables) == TR_OK);
        tr_event_unpack(&packed, tables, &unpacked);
        fuzz_require(fuzz_look(packing, &unpacked, 0) == sum);
    }
    other = tr_reader_next_packed(packing, &packed, 1, &count, &tables);
    fuzz_require(other == status && count == 0);
    fuzz_require(strcmp(tr_reader_error(r)->message, tr_reader_error(packing)->message) == 0);
    fuzz_check_end(r, status, size);
    tr_reader_free(packing);
    tr_reader_free(r);
}
