/* Records of old traces that are gone over without being read, and stacks whose numbers are
 * counted a word at a time: both have to come to what reading one number after the other does. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../golden/oldtrace.h"
#include "../random.h"
#include "v1/record.h"

enum { ROOM = 4096, LONGEST = 10 };

static struct tri_v1_format format;
static uint8_t bytes[ROOM + 16];
static uint64_t random_state;

static unsigned next(unsigned below)
{
    return (unsigned)(random_next(&random_state) % below);
}

/* Write a number of `length` bytes, the last of which is `last`. */
static uint8_t *put(uint8_t *p, unsigned length, uint8_t last)
{
    for (; length > 1; length--)
        *p++ = (uint8_t)(0x80 | next(128));
    *p++ = last;
    return p;
}

/* Mostly short, up to one more than is allowed. */
static unsigned any_length(void)
{
    return next(4) ? 1 + next(3) : 1 + next(LONGEST + 1);
}

/* --- Events --- */

/* Something that begins as records do, and is often one. */
static uint8_t *put_any_record(uint8_t *p)
{
    unsigned type = 1 + next(OLD_TYPE_COUNT), counted = next(4);
    *p++ = (uint8_t)(type | counted << 6);
    uint8_t *length = p, *begin = p + (counted == 3);
    p = begin;
    for (unsigned left = counted == 3 ? 3 + next(3) : counted + 1 + next(8) / 7; left; left--)
        p = put(p, any_length(), (uint8_t)next(128));
    if (counted == 3)
        *length = (uint8_t)(p - begin + (next(8) ? 0 : next(3)));
    return p;
}

/* Whatever is skipped are good records, and no tables or logs. */
START_TEST(test_skip)
{
    static const enum old_type kept[] = {OLD_BATCH,           OLD_FREQUENCY,    OLD_STACK,
                                         OLD_TIMER_GOROUTINE, OLD_STRING,       OLD_LOG,
                                         OLD_CPU_SAMPLE,      OLD_FUTILE_WAKEUP};
    uint64_t skipped = 0, with_length = 0;
    random_state = 7;
    tri_v1_format_init(&format, old_versions[_i]);
    for (int round = 0; round < 60000; round++) {
        struct tri_v1_record r;
        const uint8_t *end = bytes, *p = bytes;
        while (end - bytes < 60 && next(8))
            end = put_any_record(bytes + (end - bytes));
        const uint8_t *to = tri_v1_skip_plain(&format, p, end);
        ck_assert(to <= end);
        while (p < to) {
            with_length += tri_v1_has_length(*p);
            ck_assert_int_eq(tri_v1_record_read(&format, &p, end, &r), TRI_V1_GOT);
            for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
                ck_assert_int_ne(r.type, kept[i]);
            ck_assert(p < end); /* something is left */
            skipped++;
        }
        ck_assert_ptr_eq(p, to);
    }
    ck_assert_uint_gt(skipped, 2000);
    /* With header 5 only that of a GoCreate has one, of which more is taken. */
    ck_assert(old_versions[_i] == 5 ? with_length == 0 : with_length > 100);
}
END_TEST

/* --- Stacks --- */

/* Write a Stack of `count` frames. Whether all its numbers are good. */
static bool put_stack(unsigned count, unsigned most, uint8_t **end)
{
    static uint8_t numbers[ROOM];
    uint8_t *p = numbers;
    bool good = true;
    p = put(p, 1, 9); /* the id */
    p = put(p, 1, (uint8_t)count);
    for (unsigned n = 0; n < 4 * count; n++) {
        unsigned length = 1 + next(most);
        uint8_t last = (uint8_t)(length == LONGEST ? next(3) : next(128));
        good = good && length <= LONGEST && (length < LONGEST || last <= 1);
        p = put(p, length, last);
    }
    size_t size = (size_t)(p - numbers);
    p = bytes;
    *p++ = OLD_STACK | 3 << 6;
    *p++ = (uint8_t)(size | 0x80);
    *p++ = (uint8_t)(size >> 7);
    memcpy(p, numbers, size);
    *end = p + size;
    return good;
}

START_TEST(test_stack)
{
    unsigned good_ones = 0, bad_ones = 0;
    random_state = 5;
    tri_v1_format_init(&format, 21);
    for (int round = 0; round < 100000; round++) {
        static const unsigned longest[] = {2, 5, 8, 9, LONGEST, LONGEST + 1};
        unsigned most = longest[next(6)], count = 1 + next(most > 8 ? 6 : 60);
        struct tri_v1_record r;
        const uint8_t *p = bytes;
        uint8_t *end;
        bool good = put_stack(count, most, &end);
        switch (good ? next(8) : 2) {
        case 0: /* its last number does not end */
            end[-1] |= 0x80;
            good = false;
            break;
        case 1: /* it has one number less than it says */
            if (end[-2] & 0x80)
                break;
            end--;
            if (bytes[1] == 0x80)
                bytes[2]--;
            bytes[1] = (uint8_t)((bytes[1] - 1) | 0x80);
            good = false;
            break;
        default:
            break;
        }
        enum tri_v1_got got = tri_v1_record_read(&format, &p, end, &r);
        ck_assert_int_eq(got, good ? TRI_V1_GOT : TRI_V1_BAD);
        ck_assert_ptr_eq(p, good ? end : bytes);
        if (good) {
            ck_assert_uint_eq(r.frame_count, count);
            ck_assert_ptr_eq(r.frames, bytes + 5);
        }
        good_ones += good;
        bad_ones += !good;
    }
    ck_assert_uint_gt(good_ones, 10000);
    ck_assert_uint_gt(bad_ones, 10000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("v1/record");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, test_skip, 0, OLD_VERSION_COUNT);
    tcase_add_test(all, test_stack);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
