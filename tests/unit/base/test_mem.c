/* Memory: the account, the limit, growing arrays, arenas. A caller's allocator counts
 * for itself, and what both say must agree. */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/blocks.h"
#include "base/mem.h"

/* What the caller's allocator sees. */
struct account {
    size_t bytes, blocks, calls;
    size_t fail_from; /* calls from this one on give NULL; 0: none */
};

static void *account_alloc(void *user, size_t size)
{
    struct account *a = user;
    a->calls++;
    if (a->fail_from && a->calls >= a->fail_from)
        return NULL;
    void *p = malloc(size);
    ck_assert_ptr_nonnull(p);
    memset(p, 0xa5, size);
    a->bytes += size;
    a->blocks++;
    return p;
}

static void account_free(void *user, void *ptr, size_t size)
{
    struct account *a = user;
    ck_assert_ptr_nonnull(ptr);
    ck_assert_uint_ge(a->bytes, size);
    ck_assert_uint_ge(a->blocks, 1);
    a->bytes -= size;
    a->blocks--;
    free(ptr);
}

static struct account account;
static struct tri_mem *mem;
static size_t own; /* bytes of `mem` itself, which do not count */

static void setup(void)
{
    tr_allocator allocator = {account_alloc, account_free, &account};
    account = (struct account){0};
    mem = tri_mem_new(&allocator);
    ck_assert_ptr_nonnull(mem);
    own = account.bytes;
}

static void teardown(void)
{
    ck_assert_uint_eq(account.blocks, 1);
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    tri_mem_unref(mem);
    ck_assert_uint_eq(account.blocks, 0);
    ck_assert_uint_eq(account.bytes, 0);
}

static void check_used(uint64_t used, uint64_t peak)
{
    ck_assert_uint_eq(tri_mem_used(mem), used);
    ck_assert_uint_eq(account.bytes - own, used);
    ck_assert_uint_eq(tri_mem_peak(mem), peak);
}

START_TEST(test_account)
{
    char *a = tri_mem_alloc(mem, 100);
    char *b = tri_mem_zalloc(mem, 50);
    ck_assert(a && b);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(b[i], 0);
    check_used(150, 150);
    tri_mem_free(mem, a, 100);
    check_used(50, 150);
    memcpy(b, "content", 8);
    b = tri_mem_grow(mem, b, 50, 70);
    ck_assert_str_eq(b, "content");
    /* Both blocks were there at the same time. */
    check_used(70, 150);
    b = tri_mem_grow(mem, b, 70, 90);
    check_used(90, 160);
    char *c = tri_mem_grow(mem, NULL, 0, 10);
    ck_assert_ptr_nonnull(c);
    check_used(100, 160);
    tri_mem_free(mem, b, 90);
    tri_mem_free(mem, c, 10);
    tri_mem_free(mem, NULL, 12345);
    check_used(0, 160);
}
END_TEST

START_TEST(test_limit)
{
    tri_mem_set_limit(mem, 100);
    char *a = tri_mem_alloc(mem, 100); /* exactly */
    ck_assert_ptr_nonnull(a);
    size_t calls = account.calls;
    ck_assert_ptr_null(tri_mem_alloc(mem, 1));
    ck_assert_int_eq(tri_mem_status(mem), TR_E_LIMIT);
    ck_assert_ptr_null(tri_mem_alloc(mem, SIZE_MAX)); /* the sum overflows */
    ck_assert_int_eq(tri_mem_status(mem), TR_E_LIMIT);
    ck_assert_ptr_null(tri_mem_zalloc(mem, 1));
    memcpy(a, "stays", 6);
    ck_assert_ptr_null(tri_mem_grow(mem, a, 100, 101));
    ck_assert_str_eq(a, "stays");
    ck_assert_uint_eq(account.calls, calls); /* nobody was asked */
    check_used(100, 100);
    tri_mem_set_limit(mem, 0);
    char *b = tri_mem_alloc(mem, 1000);
    ck_assert_ptr_nonnull(b);
    tri_mem_free(mem, b, 1000);
    tri_mem_set_limit(mem, 99);
    tri_mem_free(mem, a, 100);
    a = tri_mem_alloc(mem, 99);
    ck_assert_ptr_nonnull(a);
    tri_mem_free(mem, a, 99);
    check_used(0, 1100);
}
END_TEST

static atomic_bool asking, stop;

/* Gives what it was not refused. */
static void *ask_for_too_much(void *unused)
{
    void *got = NULL;
    (void)unused;
    while (!atomic_load(&stop) && !(got = tri_mem_alloc(mem, 1000)))
        atomic_store(&asking, true);
    return got;
}

/* What is refused to one thread is not missing to another. */
START_TEST(test_refused_elsewhere)
{
    pthread_t thread;
    void *got;
    bool refused = false;
    tri_mem_set_limit(mem, 100);
    ck_assert_int_eq(pthread_create(&thread, NULL, ask_for_too_much, NULL), 0);
    while (!atomic_load(&asking))
        ;
    for (int i = 0; i < 1000000 && !refused; i++) {
        refused = !tri_mem_charge(mem, 100);
        if (!refused)
            tri_mem_discharge(mem, 100);
    }
    atomic_store(&stop, true);
    ck_assert_int_eq(pthread_join(thread, &got), 0);
    ck_assert(!refused && !got);
}
END_TEST

START_TEST(test_no_memory)
{
    char *a = tri_mem_alloc(mem, 10);
    account.fail_from = account.calls + 1;
    ck_assert_ptr_null(tri_mem_alloc(mem, 1));
    ck_assert_int_eq(tri_mem_status(mem), TR_E_NOMEM);
    memcpy(a, "stays", 6);
    ck_assert_ptr_null(tri_mem_grow(mem, a, 10, 20));
    ck_assert_str_eq(a, "stays");
    check_used(10, 10);
    /* Each failure says for itself whose it was. */
    tri_mem_set_limit(mem, 10);
    ck_assert_ptr_null(tri_mem_alloc(mem, 1));
    ck_assert_int_eq(tri_mem_status(mem), TR_E_LIMIT);
    tri_mem_set_limit(mem, 0);
    ck_assert_ptr_null(tri_mem_alloc(mem, 1));
    ck_assert_int_eq(tri_mem_status(mem), TR_E_NOMEM);
    tri_mem_free(mem, a, 10);
}
END_TEST

/* What there can be nowhere is not refused by the limit, whatever was before. */
START_TEST(test_too_large)
{
    struct tri_arena arena = {.mem = mem};
    void *array = NULL;
    uint32_t cap = 0;
    tri_mem_set_limit(mem, 10);
    ck_assert_ptr_null(tri_mem_alloc(mem, 11));
    ck_assert_int_eq(tri_mem_status(mem), TR_E_LIMIT);
    ck_assert(!tri_mem_reserve(mem, &array, &cap, UINT64_C(1) << 32, 1));
    ck_assert_int_eq(tri_mem_status(mem), TR_E_NOMEM);
    ck_assert_ptr_null(tri_mem_alloc(mem, 11));
    ck_assert_int_eq(tri_mem_status(mem), TR_E_LIMIT);
    ck_assert_ptr_null(tri_arena_alloc(&arena, SIZE_MAX));
    ck_assert_int_eq(tri_mem_status(mem), TR_E_NOMEM);
}
END_TEST

START_TEST(test_new_without_memory)
{
    struct account none = {.fail_from = 1};
    tr_allocator allocator = {account_alloc, account_free, &none};
    ck_assert_ptr_null(tri_mem_new(&allocator));
    ck_assert_uint_eq(none.blocks, 0);
}
END_TEST

START_TEST(test_standard_allocator)
{
    struct tri_mem *m = tri_mem_new(NULL);
    void *p = tri_mem_alloc(m, 64);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq(tri_mem_used(m), 64);
    ck_assert_ptr_eq(tri_mem_ref(m), m);
    tri_mem_unref(m);
    tri_mem_free(m, p, 64); /* it is still there */
    tri_mem_unref(m);
}
END_TEST

START_TEST(test_reserve)
{
    uint32_t *array = NULL, cap = 0;
    ck_assert(tri_mem_reserve(mem, &array, &cap, 0, sizeof *array));
    ck_assert_ptr_null(array);
    for (uint32_t i = 0; i < 1000; i++) {
        ck_assert(tri_mem_reserve(mem, &array, &cap, (uint64_t)i + 1, sizeof *array));
        ck_assert_uint_gt(cap, i);
        array[i] = i * 7;
        ck_assert_uint_eq(tri_mem_used(mem), cap * sizeof *array);
    }
    for (uint32_t i = 0; i < 1000; i++)
        ck_assert_uint_eq(array[i], i * 7);
    ck_assert_uint_lt(account.calls, 40); /* it grows by shares */
    uint32_t before = cap;
    uint32_t *same = array;
    /* More than can be counted, or than there is. */
    ck_assert(!tri_mem_reserve(mem, &array, &cap, UINT64_C(1) << 32, sizeof *array));
    ck_assert(!tri_mem_reserve(mem, &array, &cap, UINT64_MAX, sizeof *array));
    tri_mem_set_limit(mem, tri_mem_used(mem) + 100);
    ck_assert(!tri_mem_reserve(mem, &array, &cap, (uint64_t)cap + 1, sizeof *array));
    ck_assert_int_eq(tri_mem_status(mem), TR_E_LIMIT);
    ck_assert_uint_eq(cap, before);
    ck_assert_ptr_eq(array, same);
    tri_mem_free(mem, array, cap * sizeof *array);
}
END_TEST

START_TEST(test_blocks)
{
    enum { N = 5 * TRI_BLOCK_ITEMS };
    struct tri_blocks b = {.mem = mem, .item = sizeof(uint32_t)};
    uint32_t *first = NULL;
    for (uint32_t i = 0; i < N; i++) {
        ck_assert(tri_blocks_reserve(&b, (uint64_t)i + 1));
        *(uint32_t *)tri_blocks_at(&b, i) = i * 7;
        first = i == 0 ? tri_blocks_at(&b, 0) : first;
        ck_assert_uint_eq(tri_mem_used(mem), tri_blocks_memory(&b));
    }
    ck_assert_ptr_eq(first, tri_blocks_at(&b, 0));
    for (uint32_t i = 0; i < N; i++)
        ck_assert_uint_eq(*(uint32_t *)tri_blocks_at(&b, i), i * 7);
    ck_assert_uint_lt(tri_blocks_memory(&b), (N + TRI_BLOCK_ITEMS) * sizeof(uint32_t));
    /* More than can be counted, or than there is. */
    ck_assert(!tri_blocks_reserve(&b, UINT64_C(1) << 32));
    ck_assert_int_eq(tri_mem_status(mem), TR_E_NOMEM);
    tri_mem_set_limit(mem, tri_mem_used(mem) + 100);
    ck_assert(!tri_blocks_reserve(&b, N + 1));
    ck_assert_int_eq(tri_mem_status(mem), TR_E_LIMIT);
    ck_assert_uint_eq(*(uint32_t *)tri_blocks_at(&b, N - 1), (N - 1) * 7);
    tri_blocks_free(&b);
    ck_assert_uint_eq(tri_mem_used(mem), 0);
}
END_TEST

START_TEST(test_arena)
{
    enum { N = 3000 };
    static unsigned char *blocks[N];
    static size_t sizes[N];
    struct tri_arena a = {.mem = mem, .slack = _i ? 51 : 0};
    size_t sum = 0;
    for (size_t i = 0; i < N; i++) {
        /* Small ones, and now and then one larger than any chunk so far. */
        sizes[i] = i % 500 == 499 ? 40000 * (i / 500 + 1) : i * 13 % 97 + 1;
        size_t after = tri_arena_size_after(&a, sizes[i]);
        blocks[i] = tri_arena_alloc(&a, sizes[i]);
        ck_assert_ptr_nonnull(blocks[i]);
        ck_assert_uint_eq((uintptr_t)blocks[i] % 8, 0);
        memset(blocks[i], (int)(i & 0xff), sizes[i] + a.slack);
        sum += sizes[i];
        ck_assert_uint_eq(tri_mem_used(mem), a.bytes);
        ck_assert_uint_eq(after, a.bytes);
    }
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < sizes[i]; k++)
            if (blocks[i][k] != (i & 0xff))
                ck_abort_msg("block %zu was overwritten", i);
    ck_assert_uint_ge(a.bytes, sum);
    ck_assert_uint_lt(a.bytes, 3 * sum);
    ck_assert_ptr_null(tri_arena_alloc(&a, SIZE_MAX));
    ck_assert_ptr_null(tri_arena_alloc(&a, SIZE_MAX - 7));
    tri_mem_set_limit(mem, tri_mem_used(mem));
    ck_assert_ptr_null(tri_arena_alloc(&a, 1 << 20));
    tri_mem_set_limit(mem, 0);
    ck_assert_ptr_nonnull(tri_arena_alloc(&a, 8)); /* it is still sound */
    tri_arena_free(&a);
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    ck_assert_ptr_nonnull(tri_arena_alloc(&a, 8)); /* and begins again */
    tri_arena_free(&a);
    tri_arena_free(&a);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/mem");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, test_account);
    tcase_add_test(all, test_limit);
    tcase_add_test(all, test_refused_elsewhere);
    tcase_add_test(all, test_no_memory);
    tcase_add_test(all, test_too_large);
    tcase_add_test(all, test_new_without_memory);
    tcase_add_test(all, test_standard_allocator);
    tcase_add_test(all, test_reserve);
    tcase_add_test(all, test_blocks);
    tcase_add_loop_test(all, test_arena, 0, 2);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
