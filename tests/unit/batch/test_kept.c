/* Columns that are kept small, with too little memory: what was read until then is right,
 * and nothing is read after that. And that each kind has its group. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../golden/support.h"
#include "batch/kept.h"
#include "batch/values.h"

/* Read columns within `limit` bytes (0: none). */
static tr_columns *read_within(uint64_t limit, const struct bytes *trace, tr_status *status)
{
    tr_column_id ids[TR_COLUMN_COUNT];
    for (int i = 0; i < TR_COLUMN_COUNT; i++)
        ids[i] = (tr_column_id)i;
    struct tri_mem *mem = tri_mem_new(NULL);
    tri_mem_set_limit(mem, limit);
    tr_columns *c = tri_columns_new(mem, ids, TR_COLUMN_COUNT);
    tr_reader *r = tr_reader_new();
    ck_assert_ptr_nonnull(c);
    ck_assert_int_eq(tr_reader_open_memory(r, trace->data, trace->size), TR_OK);
    *status = tr_columns_read(c, r, 0);
    if (*status != TR_END) {
        uint64_t rows = tr_columns_row_count(c);
        ck_assert_int_eq(tr_columns_read(c, r, 0), *status);
        ck_assert_uint_eq(tr_columns_row_count(c), rows);
    }
    tr_reader_free(r); /* what is kept needs none */
    return c;
}

static void *get(const tr_columns *c, tr_column_id id)
{
    uint64_t rows = tr_columns_row_count(c);
    tr_column column = {id, calloc(rows + 1, 8), rows};
    ck_assert_int_eq(tr_columns_get(c, &column), TR_OK);
    return column.data;
}

START_TEST(test_little_memory)
{
    struct bytes trace = load_trace("go1.26-gcactive");
    tr_status status;
    tr_columns *whole = read_within(0, &trace, &status);
    uint64_t whole_rows = tr_columns_row_count(whole), last = 0;
    void *expected[TR_COLUMN_COUNT];
    ck_assert_int_eq(status, TR_END);
    for (int i = 0; i < TR_COLUMN_COUNT; i++)
        expected[i] = get(whole, (tr_column_id)i);
    status = TR_E_NOMEM;
    for (uint64_t limit = 1000; status != TR_END; limit += limit / 2) {
        tr_columns *c = read_within(limit, &trace, &status);
        uint64_t rows = tr_columns_row_count(c);
        ck_assert(status == TR_END || status == TR_E_NOMEM);
        ck_assert_uint_ge(rows, last);
        last = rows;
        ck_assert((rows == whole_rows) == (status == TR_END));
        for (int i = 0; i < TR_COLUMN_COUNT; i++) {
            size_t size = tr_column_get_type((tr_column_id)i) == TR_COLUMN_CODE ? 4 : 8;
            void *have = get(c, (tr_column_id)i);
            require(memcmp(have, expected[i], rows * size) == 0, "%s is wrong",
                    tr_column_name((tr_column_id)i));
            free(have);
        }
        tr_columns_free(c);
    }
    ck_assert_uint_gt(last, 0);
    for (int i = 0; i < TR_COLUMN_COUNT; i++)
        free(expected[i]);
    tr_columns_free(whole);
    free_bytes(&trace);
}
END_TEST

START_TEST(test_no_memory_at_all)
{
    tr_column_id id = TR_COL_TIME;
    ck_assert_ptr_null(tri_columns_new(NULL, &id, 1));
}
END_TEST

START_TEST(test_groups)
{
    for (int kind = 0; kind < TR_KIND_COUNT; kind++)
        ck_assert_msg(tri_group_of_kind[kind] != TRI_OF_NOTHING,
                      "kind %d, %s, is in no group: batch/values.c", kind,
                      tr_kind_name((tr_kind)kind));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("batch/kept");
    TCase *all = tcase_create("all");
    tcase_add_test(all, test_little_memory);
    tcase_add_test(all, test_no_memory_at_all);
    tcase_add_test(all, test_groups);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
