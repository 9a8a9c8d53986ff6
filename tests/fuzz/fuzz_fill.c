/* Fuzzes reading columns, with any number of rows at a time and any filter, and the sums
 * that the analyses make. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { ROWS_MAX = 300 };

static void fill_all(const uint8_t *data, size_t size, struct fuzz_random *random, int filtered)
{
    static int64_t values[TR_COLUMN_COUNT][ROWS_MAX];
    tr_column columns[TR_COLUMN_COUNT];
    tr_filter filter = TR_FILTER_ALL;
    tr_reader *r = fuzz_reader();
    uint64_t rows = 0;

    if (filtered) {
        filter.kinds = (uint32_t)fuzz_random_below(random, 1 << TR_KIND_COUNT);
        filter.to_states = (uint32_t)fuzz_random_below(random, 1 << 20);
        if (fuzz_random_below(random, 2))
            filter.goroutine = (int64_t)fuzz_random_below(random, 9) - 1;
        if (fuzz_random_below(random, 2))
            filter.thread = (int64_t)fuzz_random_below(random, 9) - 1;
        fuzz_require(tr_reader_set_filter(r, &filter) == TR_OK);
    }
    tr_status status = tr_reader_open_memory(r, data, size);
    while (status == TR_OK) {
        size_t want = fuzz_random_below(random, ROWS_MAX) + 1, filled = 0;
        for (int i = 0; i < TR_COLUMN_COUNT; i++)
            columns[i] = (tr_column){(tr_column_id)i, values[i], want};
        status = tr_reader_fill(r, columns, TR_COLUMN_COUNT, want, &filled);
        fuzz_require(filled <= want && (status == TR_OK || filled == 0));
        rows += filled;
        for (int c = 0; c < TR_COLUMN_COUNT; c++)
            for (size_t i = 0; i < filled; i++) {
                if (tr_column_get_type((tr_column_id)c) != TR_COLUMN_CODE)
                    continue;
                int32_t code = ((int32_t *)(void *)values[c])[i];
                fuzz_require(code >= -1 && code < (int64_t)tr_reader_string_count(r));
                tr_str s = tr_reader_string(r, code);
                fuzz_require(s.ptr && (s.len == 0 || s.ptr[s.len - 1] == s.ptr[s.len - 1]));
            }
    }
    fuzz_check_end(r, status, size);
    tr_reader_free(r);
}

static void sum_up(const uint8_t *data, size_t size, struct fuzz_random *random)
{
    tr_reader *r = fuzz_reader();
    tr_info *info = tr_info_new();
    tr_blocking *blocking = tr_blocking_new((tr_blocking_by)fuzz_random_below(random, 5));
    fuzz_require(info && blocking);
    tr_status status = tr_reader_open_memory(r, data, size);
    while (status == TR_OK)
        status = fuzz_random_below(random, 2) ? tr_info_read(info, r, 20)
                                              : tr_blocking_read(blocking, r, 20);
    fuzz_require(tr_blocking_finish(blocking) == TR_OK);
    uint64_t count = 0;
    for (size_t i = 0; i < tr_blocking_row_count(blocking); i++)
        count += tr_blocking_row_at(blocking, i)->count;
    fuzz_require(count == tr_blocking_count(blocking));
    tr_blocking_free(blocking);
    tr_info_free(info);
    tr_reader_free(r);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    struct fuzz_random random;
    fuzz_random_init(&random, data, size);
    fill_all(data, size, &random, 0);
    fill_all(data, size, &random, 1);
    sum_up(data, size, &random);
}
