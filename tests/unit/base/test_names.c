/* Names that are held and let go, by what they are and by reference: beside a plain list of who
 * holds what. */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../random.h"
#include "base/names.h"

/* More references than are remembered, so that they take each other's place. */
enum { NAMES = 300, HOLDERS = 500, STEPS = 200000 };

static struct tri_mem *mem;
static struct tri_names names;
static uint64_t random_state;

/* What is held: the name's index, and its number. */
static struct {
    unsigned name;
    uint32_t number;
} holders[HOLDERS];
static unsigned holder_count;

static unsigned next(unsigned below)
{
    return (unsigned)(random_next(&random_state) % below);
}

/* Name i; of those there are some with bytes of value 0, and the empty one. */
static tr_str name_of(unsigned i)
{
    static char text[24];
    memset(text, 0, sizeof text);
    snprintf(text, sizeof text, "%u", i);
    return (tr_str){text, i ? i % 20 + 3 : 0};
}

static void set_up(void)
{
    mem = tri_mem_new(NULL);
    names = (struct tri_names){.mem = mem};
    holder_count = 0;
    random_state = 3;
}

static void tear_down(void)
{
    tri_names_free(&names);
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    tri_mem_unref(mem);
}

/* A generation calls its names as it likes: this is what it calls name i. */
static uint32_t ref_of(unsigned i, unsigned generation)
{
    return 1 + (i * 7 + generation * 13) % (NAMES * 2);
}

static void hold(unsigned generation)
{
    unsigned i = next(NAMES);
    uint32_t number;
    if (next(2))
        ck_assert(
            tri_names_hold_ref(&names, next(4) ? ref_of(i, generation) : 0, name_of(i), &number));
    else
        ck_assert(tri_names_hold(&names, name_of(i), &number));
    holders[holder_count].name = i;
    holders[holder_count++].number = number;
}

/* What a holder has is its name still, and what the memo says is so. */
static void look_at(unsigned at, unsigned generation)
{
    tr_str name = name_of(holders[at].name);
    tr_str have = tri_names_get(&names, holders[at].number);
    ck_assert_uint_eq(have.len, name.len);
    ck_assert_int_eq(memcmp(have.ptr, name.ptr, name.len), 0);
    uint32_t ref = tri_names_ref(&names, holders[at].number);
    ck_assert(ref == 0 || ref == ref_of(holders[at].name, generation));
    unsigned other = next(NAMES);
    if (tri_names_is(&names, ref_of(other, generation), holders[at].number))
        ck_assert_uint_eq(other, holders[at].name);
    ck_assert(!tri_names_is(&names, 0, holders[at].number));
}

START_TEST(test_model)
{
    unsigned generation = 0, known = 0;
    for (int step = 0; step < STEPS; step++) {
        /* Now many come, now many go. */
        bool comes = next(10) < (step / 2000 % 2 ? 3u : 7u);
        if (holder_count == 0 || (comes && holder_count < HOLDERS)) {
            hold(generation);
        } else {
            unsigned at = next(holder_count);
            look_at(at, generation);
            known += tri_names_ref(&names, holders[at].number) != 0;
            tri_names_release(&names, holders[at].number);
            holders[at] = holders[--holder_count];
        }
        if (next(500) == 0) {
            generation++;
            tri_names_sweep(&names);
            for (unsigned at = 0; at < holder_count; at++) {
                look_at(at, generation);
                ck_assert_uint_eq(tri_names_ref(&names, holders[at].number), 0);
            }
        }
    }
    ck_assert_uint_gt(known, 1000);
    /* Each is there once, however it came. */
    for (unsigned a = 0; a < holder_count; a++)
        for (unsigned b = 0; b < a; b++)
            ck_assert_int_eq(holders[a].name == holders[b].name,
                             holders[a].number == holders[b].number);
}
END_TEST

/* A name that nobody holds is given up by a sweep, once there are many such, and its number is
 * another's then. */
START_TEST(test_swept)
{
    uint32_t number;
    for (unsigned i = 0; i < NAMES; i++) {
        ck_assert(tri_names_hold_ref(&names, 1 + i, name_of(i), &number));
        tri_names_release(&names, number);
    }
    uint64_t all = tri_names_memory(&names);
    tri_names_sweep(&names);
    ck_assert_uint_eq(names.used, 0);
    ck_assert_uint_lt(tri_names_memory(&names), all);
    ck_assert_uint_eq(tri_names_ref(&names, number), 0);
    /* The references mean other names now. */
    ck_assert(tri_names_hold_ref(&names, 1, name_of(5), &number));
    tr_str have = tri_names_get(&names, number), name = name_of(5);
    ck_assert_uint_eq(have.len, name.len);
    ck_assert_int_eq(memcmp(have.ptr, name.ptr, name.len), 0);
}
END_TEST

START_TEST(test_no_memory)
{
    uint32_t number, again;
    ck_assert(tri_names_hold_ref(&names, 1, name_of(1), &number));
    tri_mem_set_limit(mem, tri_mem_used(mem));
    ck_assert(!tri_names_hold_ref(&names, 2, name_of(2), &again));
    ck_assert_uint_eq(tri_names_ref(&names, number), 1);
    ck_assert(tri_names_hold_ref(&names, 1, name_of(1), &again)); /* that takes none */
    ck_assert_uint_eq(again, number);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/names");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_set_timeout(all, 30);
    tcase_add_test(all, test_model);
    tcase_add_test(all, test_swept);
    tcase_add_test(all, test_no_memory);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
