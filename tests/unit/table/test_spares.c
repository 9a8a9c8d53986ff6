/* Tests the buffers between two batches: what is given is taken again if it is large enough,
 * nothing is lost, and any thread may give. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "table/spares.h"

enum { PLACES = 3, TURNS = 20000 };

static void *buffer_of(struct tri_mem *mem, size_t bytes)
{
    void *buffer = tri_mem_alloc(mem, bytes);
    ck_assert_ptr_nonnull(buffer);
    return buffer;
}

START_TEST(test_taken_again)
{
    struct tri_mem *mem = tri_mem_new(NULL);
    struct tri_spares *s = tri_spares_new(mem, PLACES);
    size_t bytes = 64, used = tri_mem_used(mem);
    ck_assert_ptr_null(tri_spares_take(s, 0, &bytes));

    void *first = buffer_of(mem, 100);
    tri_spares_give(s, 1, first, 100);
    tri_spares_give(s, 1, buffer_of(mem, 200), 200); /* one is enough */
    tri_spares_give(s, 2, NULL, 0);
    ck_assert_uint_eq(tri_mem_used(mem), used + 100);
    ck_assert_ptr_null(tri_spares_take(s, 0, &bytes));
    ck_assert_ptr_null(tri_spares_take(s, 2, &bytes));
    ck_assert_ptr_eq(tri_spares_take(s, 1, &bytes), first);
    ck_assert_uint_eq(bytes, 100);
    ck_assert_ptr_null(tri_spares_take(s, 1, &bytes));

    tri_spares_give(s, 1, first, 100);
    bytes = 101;
    ck_assert_ptr_null(tri_spares_take(s, 1, &bytes)); /* too small: it is freed */
    ck_assert_uint_eq(bytes, 101);
    ck_assert_uint_eq(tri_mem_used(mem), used);

    tri_spares_give(s, 0, buffer_of(mem, 8), 8);
    tri_spares_ref(s);
    tri_spares_close(s);
    ck_assert_uint_eq(tri_mem_used(mem), used);
    tri_spares_unref(s);
    tri_spares_give(s, 0, buffer_of(mem, 8), 8); /* by who held a batch for longer */
    ck_assert_uint_eq(tri_mem_used(mem), used);
    tri_spares_unref(s);
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    tri_mem_unref(mem);
}
END_TEST

START_TEST(test_no_memory)
{
    struct tri_mem *mem = tri_mem_new(NULL);
    tri_mem_set_limit(mem, 8);
    ck_assert_ptr_null(tri_spares_new(mem, PLACES));
    tri_spares_close(NULL);
    tri_spares_unref(NULL);
    tri_mem_unref(mem);
}
END_TEST

struct both {
    struct tri_mem *mem;
    struct tri_spares *spares;
};

static void *give_all(void *arg)
{
    struct both *b = arg;
    for (uint32_t i = 0; i < TURNS; i++) {
        char *buffer = tri_mem_alloc(b->mem, 16);
        memset(buffer, 0xff, 16);
        tri_spares_give(b->spares, i % PLACES, buffer, 16);
    }
    tri_spares_unref(b->spares);
    return NULL;
}

START_TEST(test_threads)
{
    struct both b = {tri_mem_new(NULL), NULL};
    pthread_t givers[2];
    b.spares = tri_spares_new(b.mem, PLACES);
    for (int i = 0; i < 2; i++) {
        tri_spares_ref(b.spares);
        ck_assert_int_eq(pthread_create(&givers[i], NULL, give_all, &b), 0);
    }
    for (uint32_t i = 0; i < TURNS; i++) {
        size_t bytes = 9;
        char *buffer = tri_spares_take(b.spares, i % PLACES, &bytes);
        if (!buffer)
            continue;
        ck_assert_uint_eq(bytes, 16);
        memset(buffer, 0, 16); /* nobody else has it */
        tri_mem_free(b.mem, buffer, bytes);
    }
    tri_spares_close(b.spares);
    tri_spares_unref(b.spares);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_join(givers[i], NULL), 0);
    ck_assert_uint_eq(tri_mem_used(b.mem), 0);
    tri_mem_unref(b.mem);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("table/spares");
    TCase *all = tcase_create("all");
    tcase_add_test(all, test_taken_again);
    tcase_add_test(all, test_no_memory);
    tcase_add_test(all, test_threads);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
