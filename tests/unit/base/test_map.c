/* The hash maps, the pool of strings and the names against the plainest models there are: an array
 * that is searched from end to end. */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../random.h"
#include "base/idmap.h"
#include "base/names.h"
#include "base/pool.h"

enum { KEYS = 400, STEPS = 60000 };

/* Keys of several kinds: dense, extreme, and far apart by powers of two, so that many
 * share a slot. */
static uint64_t key_of(int kind, unsigned i)
{
    switch (kind) {
    case 0:
        return i;
    case 1:
        return i % 2 ? UINT64_MAX - i : i;
    case 2:
        return (uint64_t)i << 40;
    default: {
        uint64_t random = i + 1;
        return random_next(&random);
    }
    }
}

START_TEST(test_map_against_model)
{
    static uint32_t model[KEYS];
    struct tri_mem *mem = tri_mem_new(NULL);
    struct tri_map map = {.mem = mem};
    uint64_t random = (uint64_t)_i + 99;
    uint32_t used = 0;

    memset(model, 0, sizeof model);
    for (int step = 0; step < STEPS; step++) {
        unsigned i = (unsigned)(random_next(&random) % KEYS);
        uint64_t key = key_of(_i, i);
        if (tri_map_get(&map, key) != model[i])
            ck_abort_msg("step %d: key %u has the wrong value", step, i);
        /* By turns it fills and empties. */
        bool adds = random_next(&random) % 10 < (step / 7000 % 2 ? 2u : 8u);
        if (adds && !model[i]) {
            model[i] = (uint32_t)random_next(&random) | 1;
            if (!tri_map_add(&map, key, model[i]))
                ck_abort_msg("step %d: no memory", step);
            used++;
        } else if (!adds) {
            tri_map_remove(&map, key);
            used -= model[i] != 0;
            model[i] = 0;
        }
        if (map.used != used || map.used > map.slot_count)
            ck_abort_msg("step %d: %u keys, not %u", step, map.used, used);
        if (step % 1000 == 0)
            for (unsigned k = 0; k < KEYS; k++)
                if (tri_map_get(&map, key_of(_i, k)) != model[k])
                    ck_abort_msg("step %d: key %u was lost", step, k);
    }
    ck_assert_uint_eq(tri_mem_used(mem), map.slot_count * sizeof *map.slots);
    tri_map_free(&map);
    ck_assert_uint_eq(tri_map_get(&map, 1), 0);
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    tri_mem_unref(mem);
}
END_TEST

START_TEST(test_map_without_memory)
{
    struct tri_mem *mem = tri_mem_new(NULL);
    struct tri_map map = {.mem = mem};
    ck_assert_uint_eq(tri_map_get(&map, 0), 0);
    tri_map_remove(&map, 0);
    uint64_t key = 0;
    ck_assert(tri_map_add(&map, key++, 7));
    ck_assert_uint_eq(tri_map_get(&map, 0), 7);
    tri_mem_set_limit(mem, tri_mem_used(mem));
    while (tri_map_add(&map, key, (uint32_t)key + 7))
        key++;
    ck_assert_int_eq(tri_mem_status(mem), TR_E_LIMIT);
    for (uint64_t k = 0; k < key; k++) /* what was there is there */
        ck_assert_uint_eq(tri_map_get(&map, k), k + 7);
    ck_assert_uint_eq(tri_map_get(&map, key), 0);
    tri_mem_set_limit(mem, 0);
    ck_assert(tri_map_add(&map, key, 9));
    ck_assert_uint_eq(tri_map_get(&map, key), 9);
    tri_map_free(&map);
    tri_mem_unref(mem);
}
END_TEST

/* The same for ids whose neighbours are together. */
START_TEST(test_idmap_against_model)
{
    static int64_t things[KEYS]; /* each is its id */
    static bool there[KEYS];
    struct tri_mem *mem = tri_mem_new(NULL);
    struct tri_idmap map;
    uint64_t random = (uint64_t)_i + 7;
    uint32_t used = 0;

    for (unsigned k = 0; k < KEYS; k++) {
        things[k] = (int64_t)key_of(_i, k);
        there[k] = false;
    }
    tri_idmap_init(&map, mem);
    ck_assert_ptr_null(tri_idmap_get(&map, 0));
    tri_idmap_remove(&map, 0);
    for (int step = 0; step < STEPS; step++) {
        unsigned i = (unsigned)(random_next(&random) % KEYS);
        uint64_t key = key_of(_i, i);
        if (tri_idmap_get(&map, key) != (there[i] ? &things[i] : NULL))
            ck_abort_msg("step %d: key %u has the wrong thing", step, i);
        bool adds = random_next(&random) % 100 < (step / 7000 % 2 ? 1u : 80u);
        if (adds && !there[i]) {
            if (step % 2) /* there may be no room: then nothing has changed */
                tri_mem_set_limit(mem, tri_mem_used(mem));
            if (!tri_idmap_add(&map, &things[i])) {
                tri_mem_set_limit(mem, 0);
                if (tri_idmap_get(&map, key) || !tri_idmap_add(&map, &things[i]))
                    ck_abort_msg("step %d: no memory", step);
            }
            tri_mem_set_limit(mem, 0);
            there[i] = true;
            used++;
        } else if (!adds) {
            tri_idmap_remove(&map, key);
            used -= there[i];
            there[i] = false;
        }
        if (map.used != used)
            ck_abort_msg("step %d: %u keys, not %u", step, map.used, used);
        if (step % 1000 == 0)
            for (unsigned k = 0; k < KEYS; k++)
                if (tri_idmap_get(&map, key_of(_i, k)) != (there[k] ? &things[k] : NULL))
                    ck_abort_msg("step %d: key %u was lost", step, k);
    }
    ck_assert_uint_eq(tri_mem_used(mem), tri_idmap_memory(&map));
    tri_idmap_free(&map);
    ck_assert_ptr_null(tri_idmap_get(&map, 1));
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    tri_mem_unref(mem);
}
END_TEST

/* Many small maps of ids without neighbours: in some of them most fit, and one does not. */
START_TEST(test_small_idmaps)
{
    enum { MAPS = 3000, IDS = 60 };
    int64_t things[IDS];
    struct tri_mem *mem = tri_mem_new(NULL);
    uint64_t random = 1;
    for (int n = 0; n < MAPS; n++) {
        struct tri_idmap map;
        tri_idmap_init(&map, mem);
        for (int i = 0; i < IDS; i++) {
            things[i] = (int64_t)random_next(&random);
            ck_assert(tri_idmap_add(&map, &things[i]));
        }
        for (int i = 0; i < IDS; i++)
            if (tri_idmap_get(&map, (uint64_t)things[i]) != &things[i])
                ck_abort_msg("map %d: thing %d was lost", n, i);
        ck_assert_uint_eq(map.used, IDS);
        tri_idmap_free(&map);
    }
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    tri_mem_unref(mem);
}
END_TEST

enum { STRINGS = 2500 };

/* Strings that differ little, hold NUL, are empty, and are longer than a word or not.
 * No two of them are equal. */
static size_t string_of(unsigned i, char *buf)
{
    size_t len = i ? 4 + i % 60 : 0;
    memset(buf, 0, 64);
    if (len >= 4) {
        buf[len - 1] = (char)(i & 0xff);
        buf[len - 2] = (char)(i >> 8);
        buf[0] = (char)(i % 3);
    }
    return len;
}

START_TEST(test_pool_against_model)
{
    static uint32_t numbers[STRINGS];
    static const char *places[STRINGS];
    struct tri_mem *mem = tri_mem_new(NULL);
    struct tri_pool *pool = tri_pool_new(mem);
    char buf[64];
    uint64_t random = 5;
    uint32_t count = 0;

    memset(numbers, 0xff, sizeof numbers);
    for (int step = 0; step < 30000; step++) {
        unsigned i = (unsigned)(random_next(&random) % STRINGS);
        uint32_t number = 12345678;
        size_t len = string_of(i, buf);
        if (!tri_pool_add(pool, buf, len, &number))
            ck_abort_msg("no memory");
        if (numbers[i] == UINT32_MAX) {
            if (number != count)
                ck_abort_msg("string %u is number %u of %u", i, number, count);
            numbers[i] = count++;
            places[i] = tri_pool_get(pool, number).ptr;
        }
        tr_str s = tri_pool_get(pool, number);
        if (number != numbers[i] || s.len != len || memcmp(s.ptr, buf, len) != 0 ||
            s.ptr[len] != '\0')
            ck_abort_msg("string %u became another", i);
        if (tri_pool_count(pool) != count)
            ck_abort_msg("%u strings of %u", tri_pool_count(pool), count);
    }
    ck_assert_uint_eq(count, STRINGS);
    for (unsigned i = 0; i < STRINGS; i++) /* none moved */
        if (tri_pool_get(pool, numbers[i]).ptr != places[i])
            ck_abort_msg("string %u moved", i);
    ck_assert_uint_eq(tri_pool_memory(pool), tri_mem_used(mem));
    tri_pool_free(pool);
    tri_pool_free(NULL);
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    tri_mem_unref(mem);
}
END_TEST

START_TEST(test_pool_without_memory)
{
    struct tri_mem *mem = tri_mem_new(NULL);
    struct tri_pool *pool = tri_pool_new(mem);
    static char long_text[100000];
    uint32_t number = 77, other;
    char text[16];
    /* Room runs out at each of its arrays in turn; what is there stays usable. */
    for (uint32_t i = 0; i < 3000; i++) {
        snprintf(text, sizeof text, "%u", (unsigned)i);
        tri_mem_set_limit(mem, tri_mem_used(mem));
        if (!tri_pool_add(pool, text, strlen(text), &number)) {
            ck_assert_int_eq(tri_mem_status(mem), TR_E_LIMIT);
            ck_assert_uint_eq(number, i ? i - 1 : 77);
            ck_assert_uint_eq(tri_pool_count(pool), i);
            tri_mem_set_limit(mem, 0);
            ck_assert(tri_pool_add(pool, text, strlen(text), &number));
        }
        if (number != i)
            ck_abort_msg("%u, not %u", (unsigned)number, (unsigned)i);
    }
    tri_mem_set_limit(mem, tri_mem_used(mem));
    ck_assert(!tri_pool_add(pool, long_text, sizeof long_text, &number));
    tri_mem_set_limit(mem, 0);
    ck_assert(tri_pool_add(pool, long_text, sizeof long_text, &number));
    ck_assert(tri_pool_add(pool, long_text, sizeof long_text, &other));
    ck_assert_uint_eq(number, other);
    tri_pool_free(pool);
    tri_mem_unref(mem);
    mem = tri_mem_new(NULL);
    tri_mem_set_limit(mem, 1);
    ck_assert_ptr_null(tri_pool_new(mem));
    tri_mem_unref(mem);
}
END_TEST

/* Names that are held and released at random: each number means its name for as long as
 * it is held, and what nobody holds is given back. */
START_TEST(test_names)
{
    enum { NAMES = 300 };
    static uint32_t numbers[NAMES];
    static unsigned holders[NAMES];
    struct tri_mem *mem = tri_mem_new(NULL);
    struct tri_names names = {.mem = mem};
    uint64_t random = 88172645463325252u;
    char text[16];
    for (int step = 0; step < 30000; step++) {
        unsigned i = (unsigned)(random_next(&random) % NAMES);
        uint32_t number;
        size_t len = (size_t)snprintf(text, sizeof text, "%u", i) % 7 * (i != 0); /* 0: empty */
        tr_str have, name = {text, len};
        if (random_next(&random) % 5 < 2 && holders[i]) {
            tri_names_release(&names, numbers[i]);
            holders[i]--;
        } else {
            if (step % 3 == 0) /* there may be no room: then nothing has changed */
                tri_mem_set_limit(mem, tri_mem_used(mem));
            if (!tri_names_hold(&names, name, &number)) {
                ck_assert(!holders[i]);
                tri_mem_set_limit(mem, 0);
                ck_assert(tri_names_hold(&names, name, &number));
            }
            tri_mem_set_limit(mem, 0);
            if (holders[i]++)
                ck_assert_uint_eq(number, numbers[i]);
            numbers[i] = number;
            have = tri_names_get(&names, number);
            ck_assert(have.ptr && have.len == len && memcmp(have.ptr, text, len) == 0);
        }
        if (step % 1000 == 999) {
            bool many = step % 2000 == 999; /* to be forgotten: few are left */
            for (unsigned k = 0; k < (many ? NAMES * 9 / 10 : 3); k++)
                for (; holders[k]; holders[k]--)
                    tri_names_release(&names, numbers[k]);
            unsigned used = 0;
            for (unsigned k = 0; k < NAMES; k++)
                used += holders[k] > 0;
            tri_names_sweep(&names);
            ck_assert_uint_eq(names.used - names.unheld, used);
            ck_assert(many ? names.unheld == 0 : names.unheld < names.list_count / 4);
            ck_assert_uint_eq(tri_names_memory(&names), tri_mem_used(mem));
        }
    }
    tri_names_free(&names);
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    tri_mem_unref(mem);
}
END_TEST

/* A map that cannot hold more tells that there is no memory, though a limit refused some before. */
START_TEST(test_full_map)
{
    struct tri_mem *mem = tri_mem_new(NULL);
    struct tri_map map = {.mem = mem, .slot_count = 1 << 30, .used = 1 << 30};
    tri_mem_set_limit(mem, 1);
    ck_assert_ptr_null(tri_mem_alloc(mem, 2));
    ck_assert_int_eq(tri_mem_status(mem), TR_E_LIMIT);
    ck_assert_int_eq(tri_map_add(&map, 1, 1), 0);
    ck_assert_int_eq(tri_mem_status(mem), TR_E_NOMEM);
    tri_mem_unref(mem);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/map");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, test_map_against_model, 0, 4);
    tcase_add_test(all, test_map_without_memory);
    tcase_add_loop_test(all, test_idmap_against_model, 0, 4);
    tcase_add_test(all, test_small_idmaps);
    tcase_add_test(all, test_pool_against_model);
    tcase_add_test(all, test_pool_without_memory);
    tcase_add_test(all, test_names);
    tcase_add_test(all, test_full_map);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
