/* The texts of stacks that tables keep: the same as those that are not kept, whole or cut
 * off, within their bound, and from several threads at once. */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/stacktext.h"

enum { TEXT_BYTES = 1 << 20 };

/* Tables of `count` stacks; number n has n % 3 + 1 frames, of PCs that others have too. */
struct fixture {
    struct tri_mem *mem;
    struct tr_tables *tables;
    uint32_t count;
    size_t name_bytes;
};

static uint8_t *put(uint8_t *p, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        *p++ = (uint8_t)(v | 0x80);
    *p++ = (uint8_t)v;
    return p;
}

static struct fixture open_fixture(uint32_t count, size_t name_bytes, uint64_t limit)
{
    struct fixture f = {.mem = tri_mem_new(NULL), .count = count, .name_bytes = name_bytes};
    tri_mem_set_limit(f.mem, limit);
    f.tables = tri_tables_new(f.mem);
    uint8_t *data = malloc(4096 + (size_t)count * 64), *p = data;
    struct tri_err err;
    tri_err_init(&err);
    *p++ = TRI_EV_Strings;
    for (unsigned id = 1; id <= 2; id++) {
        *p++ = TRI_EV_String;
        p = put(put(p, id), name_bytes);
        memset(p, id == 1 ? 'f' : '/', name_bytes);
        p += name_bytes;
    }
    struct tri_section section = {
        .data = data, .size = (uint32_t)(p - data), .err = &err, .max_stacks = UINT64_MAX};
    ck_assert_int_eq(tri_tables_add_strings(f.tables, &section), TR_OK);
    p = data;
    *p++ = TRI_EV_Stacks;
    for (uint32_t n = 0; n < count; n++) {
        *p++ = TRI_EV_Stack;
        p = put(put(p, n + 1), n % 3 + 1);
        for (uint32_t i = 0; i <= n % 3; i++)
            p = put(put(put(put(p, 0x1000 + n + i), 1), 2), n + i);
    }
    section.data = data;
    section.size = (uint32_t)(p - data);
    ck_assert_int_eq(tri_tables_add_stacks(f.tables, &section), TR_OK);
    free(data);
    return f;
}

static void close_fixture(struct fixture *f)
{
    tr_tables_unref(f->tables);
    ck_assert_uint_lt(tri_mem_used(f->mem), 4096); /* nothing but the account is left */
    tri_mem_unref(f->mem);
}

/* What is expected, by printf. */
static size_t expected(const struct fixture *f, uint32_t n, char *out)
{
    char func[1025], file[1025];
    size_t len = 0;
    memset(func, 'f', f->name_bytes);
    memset(file, '/', f->name_bytes);
    func[f->name_bytes] = file[f->name_bytes] = '\0';
    for (uint32_t i = 0; i <= n % 3; i++)
        len += (size_t)sprintf(out + len, "\t%s @ 0x%x\n\t\t%s:%u\n", func, 0x1000 + n + i, file,
                               n + i);
    return len;
}

/* Whether the text of the stack at a place, in a buffer of `size` bytes, is as expected. */
static int is_right(const struct fixture *f, uint32_t n, size_t size)
{
    char *want = malloc(TEXT_BYTES), *have = malloc(size ? size : 1);
    size_t len = expected(f, n, want);
    struct tri_text t = {have, size, 0};
    tri_event_stack_text(&t, (tr_stack){f->tables, n + 1});
    int right = t.len == len && memcmp(want, have, len < size ? len : size) == 0;
    free(want);
    free(have);
    return right;
}

static uint64_t kept_bytes(const struct fixture *f)
{
    struct tri_stack_texts *texts = atomic_load(&f->tables->stack_texts);
    return texts ? atomic_load(&texts->bytes) : 0;
}

/* Every size of the buffer, before the text is kept and after. */
START_TEST(test_cut)
{
    for (size_t size = 0; size < 110; size++) {
        struct fixture f = open_fixture(3, 5, 0);
        ck_assert(is_right(&f, 2, size));
        uint64_t kept = kept_bytes(&f);
        ck_assert_uint_gt(kept, 0);
        ck_assert(is_right(&f, 2, size));
        ck_assert_uint_eq(kept_bytes(&f), kept);
        close_fixture(&f);
    }
}
END_TEST

/* What is kept counts as the tables' memory and stays within its bound; what finds no
 * room is printed all the same. */
START_TEST(test_bound)
{
    struct fixture f = open_fixture(3000, 1000, 0);
    uint64_t bare = tri_tables_bytes(f.tables), used = 0;
    ck_assert(is_right(&f, 0, TEXT_BYTES)); /* from then on there are frames */
    uint64_t before = tri_tables_bytes(f.tables) - kept_bytes(&f);
    ck_assert_uint_gt(before, bare);
    for (int round = 0; round < 2; round++) {
        for (uint32_t n = 0; n < f.count; n++)
            ck_assert(is_right(&f, n, TEXT_BYTES));
        ck_assert_uint_gt(kept_bytes(&f), TRI_STACK_TEXT_BYTES - 8000);
        ck_assert_uint_le(kept_bytes(&f), TRI_STACK_TEXT_BYTES);
        ck_assert_uint_eq(tri_tables_bytes(f.tables) - before, kept_bytes(&f));
        if (round == 0)
            used = tri_mem_used(f.mem);
    }
    ck_assert_uint_eq(tri_mem_used(f.mem), used);
    /* Cut off, too, where it is not kept. */
    for (size_t size = 0; size < 5; size++)
        ck_assert(is_right(&f, f.count - 1, size * 1000));
    close_fixture(&f);
}
END_TEST

/* A limit of the reader's memory leaves less for texts, or nothing. */
START_TEST(test_limit)
{
    struct fixture f = open_fixture(300, 100, 640000);
    for (uint32_t n = 0; n < f.count; n++)
        ck_assert(is_right(&f, n, TEXT_BYTES));
    ck_assert_uint_gt(kept_bytes(&f), 20000);
    ck_assert_uint_le(kept_bytes(&f), 40000);
    close_fixture(&f);

    f = open_fixture(300, 10, 0);
    ck_assert_ptr_nonnull(tri_tables_frames(f.tables));
    tri_mem_set_limit(f.mem, 300 * sizeof(void *) * 16);
    for (uint32_t n = 0; n < f.count; n++)
        ck_assert(is_right(&f, n, TEXT_BYTES));
    ck_assert_uint_eq(kept_bytes(&f), 0);
    close_fixture(&f);
}
END_TEST

/* No text for none, the empty one, and numbers that are not in the tables. */
START_TEST(test_no_frames)
{
    struct fixture f = open_fixture(3, 5, 0);
    const tr_stack stacks[] = {{NULL, 0}, {NULL, 1}, {f.tables, 0}, {f.tables, 4}};
    for (int kept = 0; kept < 2; kept++) {
        for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++) {
            char buf[8];
            struct tri_text t = {buf, sizeof buf, 0};
            tri_event_stack_text(&t, stacks[i]);
            ck_assert_uint_eq(t.len, 0);
        }
        ck_assert(is_right(&f, 0, TEXT_BYTES));
    }
    close_fixture(&f);
}
END_TEST

static void *print_all(void *arg)
{
    const struct fixture *f = arg;
    intptr_t wrong = 0;
    for (uint32_t n = 0; n < f->count; n++)
        wrong += !is_right(f, n, TEXT_BYTES);
    return (void *)wrong;
}

/* Threads that print the same stacks at once: each text is right, and kept once. */
START_TEST(test_threads)
{
    for (int round = 0; round < 20; round++) {
        struct fixture f = open_fixture(400, round % 2 ? 10 : 1000, round % 4 < 2 ? 0 : 8 << 20);
        pthread_t threads[4];
        for (int i = 0; i < 4; i++)
            ck_assert_int_eq(pthread_create(&threads[i], NULL, print_all, &f), 0);
        for (int i = 0; i < 4; i++) {
            void *wrong;
            ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
            ck_assert_ptr_null(wrong);
        }
        struct tri_stack_texts *texts = atomic_load(&f.tables->stack_texts);
        uint64_t bytes = sizeof *texts + f.count * sizeof texts->of[0];
        for (uint32_t i = 0; i < f.count; i++) {
            struct tri_stack_text *text = atomic_load(&texts->of[i]);
            bytes += text ? sizeof *text + text->len : 0;
        }
        ck_assert_uint_eq(kept_bytes(&f), bytes);
        ck_assert_uint_le(bytes, texts->most);
        close_fixture(&f);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("event/stacktext");
    TCase *all = tcase_create("all");
    tcase_add_test(all, test_cut);
    tcase_add_test(all, test_bound);
    tcase_add_test(all, test_limit);
    tcase_add_test(all, test_no_frames);
    tcase_add_test(all, test_threads);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
