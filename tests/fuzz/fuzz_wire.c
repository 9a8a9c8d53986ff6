/* Fuzzes reading records as they lie in the file, with their texts. */
#include <string.h>

#include "fuzz.h"

void fuzz_one(const uint8_t *data, size_t size)
{
    const tr_wire_record *record;
    char text[256];
    uint64_t sum = 0, last = 0;
    tr_wire *w = tr_wire_new();
    fuzz_require(w != NULL);
    tr_status status = tr_wire_open_memory(w, data, size);
    int compressed = tr_wire_compression(w) != NULL;

    while (status == TR_OK && (status = tr_wire_next(w, &record)) == TR_OK) {
        fuzz_require(record->offset >= last && (compressed || record->offset < size));
        last = record->offset;
        fuzz_require(tr_wire_text(record, text, sizeof text) >= strlen(text));
        for (uint32_t i = 0; i < record->arg_count; i++)
            sum =
                fuzz_sum(sum, record->arg_names[i], strlen(record->arg_names[i])) + record->args[i];
        for (uint64_t i = 0; i < 4 * record->frame_count; i++)
            sum += record->frames[i];
        if (record->data)
            sum = fuzz_sum(sum, record->data, (size_t)record->data_len);
    }
    fuzz_require(status != TR_E_MISUSE && status != TR_NEED_INPUT);
    fuzz_require(tr_wire_next(w, &record) == status);
    fuzz_require(tr_wire_error(w)->code == (status == TR_END ? TR_OK : status));
    fuzz_require(compressed || tr_wire_error(w)->offset <= size);
    tr_wire_free(w);
    (void)sum;
}
