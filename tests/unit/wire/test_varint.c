/* Varints: values by hand, the limit of ten bytes, every cut, and the three ways to
 * read one against the plainest decoder. */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../random.h"
#include "wire/varint.h"

enum { LONGEST = 10 };

struct example {
    const char *bytes;
    size_t len;
    enum tri_varint_result result;
    uint64_t value;
};

#define VARINT(text) text, sizeof text - 1

static const struct example examples[] = {
    {VARINT(""), TRI_VARINT_NONE, 0},
    {VARINT("\x00"), TRI_VARINT_OK, 0},
    {VARINT("\x01"), TRI_VARINT_OK, 1},
    {VARINT("\x7f"), TRI_VARINT_OK, 127},
    {VARINT("\x80"), TRI_VARINT_CUT, 0},
    {VARINT("\x80\x01"), TRI_VARINT_OK, 128},
    {VARINT("\xac\x02"), TRI_VARINT_OK, 300},
    {VARINT("\xff\x7f"), TRI_VARINT_OK, 16383},
    {VARINT("\x80\x80\x01"), TRI_VARINT_OK, 16384},
    {VARINT("\xff\xff\xff\xff\x0f"), TRI_VARINT_OK, UINT32_MAX},
    {VARINT("\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), TRI_VARINT_OK, INT64_MAX},
    {VARINT("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), TRI_VARINT_OK, UINT64_C(1) << 63},
    {VARINT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), TRI_VARINT_OK, UINT64_MAX},
    /* Longer than needed is fine, up to ten bytes. */
    {VARINT("\x80\x00"), TRI_VARINT_OK, 0},
    {VARINT("\x85\x80\x80\x80\x80\x80\x80\x80\x80\x00"), TRI_VARINT_OK, 5},
    {VARINT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00"), TRI_VARINT_OK, INT64_MAX},
    /* More than 64 bits, or than ten bytes. */
    {VARINT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), TRI_VARINT_OVERLONG, 0},
    {VARINT("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), TRI_VARINT_OVERLONG, 0},
    {VARINT("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"), TRI_VARINT_OVERLONG, 0},
    {VARINT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), TRI_VARINT_OVERLONG, 0},
    {VARINT("\x80\x80\x80\x80\x80\x80\x80\x80\x80"), TRI_VARINT_CUT, 0},
};

/* Reads with each function; `room` says that ten bytes follow. */
static void check(const uint8_t *bytes, size_t len, enum tri_varint_result want, uint64_t value,
                  size_t used, bool room)
{
    const uint8_t *p = bytes;
    uint64_t have = 99;
    if (tri_varint_read(&p, bytes + len, &have) != want)
        ck_abort_msg("wrong result");
    if (want == TRI_VARINT_OK ? have != value || p != bytes + used : p != bytes || have != 99)
        ck_abort_msg("wrong value, or the place has changed");
    p = bytes;
    have = 99;
    if (tri_varint_read_slow(&p, bytes + len, &have) != want)
        ck_abort_msg("slow: wrong result");
    if (want == TRI_VARINT_OK ? have != value || p != bytes + used : p != bytes || have != 99)
        ck_abort_msg("slow: wrong value, or the place has changed");
    if (!room)
        return;
    p = bytes;
    have = 99;
    p = tri_varint_read_fast(p, &have);
    if (want == TRI_VARINT_OK ? have != value || p != bytes + used : p != NULL)
        ck_abort_msg("fast: wrong value, or wrong place behind it");
}

START_TEST(test_examples)
{
    const struct example *e = &examples[_i];
    uint8_t *exact = malloc(e->len ? e->len : 1), roomy[40];
    memcpy(exact, e->bytes, e->len);
    check(exact, e->len, e->result, e->value, e->len, false);
    memset(roomy, 0, sizeof roomy);
    memcpy(roomy, e->bytes, e->len);
    if (e->result == TRI_VARINT_OK || e->result == TRI_VARINT_OVERLONG)
        check(roomy, sizeof roomy, e->result, e->value, e->len, true);
    /* What is whole is cut at each shorter length; nothing at none. */
    for (size_t cut = 0; cut < e->len && e->result == TRI_VARINT_OK; cut++)
        check(exact, cut, cut ? TRI_VARINT_CUT : TRI_VARINT_NONE, 0, 0, false);
    free(exact);
}
END_TEST

/* Every bit of every byte, one number after the other in a row. */
START_TEST(test_against_model)
{
    uint64_t random = 1;
    for (int round = 0; round < 200000; round++) {
        uint8_t bytes[LONGEST + 2];
        random_next(&random);
        uint64_t r = random;
        for (size_t i = 0; i < sizeof bytes; i++, r = r * UINT64_C(6364136223846793005) + 1)
            bytes[i] = (uint8_t)(r >> 56 | (r >> 40 & 3 ? 0x80 : 0));
        if (round % 3 == 0)
            bytes[9] &= 1;
        /* The model: bit by bit into an array. */
        uint64_t value = 0;
        size_t used = 0;
        bool whole = false, too_large = false;
        while (!whole && used < LONGEST) {
            for (unsigned bit = 0; bit < 7; bit++) {
                if (!(bytes[used] >> bit & 1))
                    continue;
                if (used * 7 + bit > 63)
                    too_large = true;
                else
                    value |= UINT64_C(1) << (used * 7 + bit);
            }
            whole = bytes[used++] < 0x80;
        }
        check(bytes, sizeof bytes, whole && !too_large ? TRI_VARINT_OK : TRI_VARINT_OVERLONG, value,
              used, true);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wire/varint");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, test_examples, 0, (int)(sizeof examples / sizeof *examples));
    tcase_add_test(all, test_against_model);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
