/* Headers, and heads of batches cut at every byte. What is accepted as a header was
 * tried with Go's fmt.Fscanf, which the reference uses. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "wire/framing.h"

static struct tri_mem *mem;
static struct tri_err err;
static struct tri_source source;

static void setup(void)
{
    mem = tri_mem_new(NULL);
    tri_err_init(&err);
    tri_source_init(&source, mem, &err);
}

static void teardown(void)
{
    tri_source_close(&source);
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    tri_mem_unref(mem);
}

struct header {
    const char *bytes;
    size_t len;
    tr_status status;
    unsigned version;
};

#define TEXT(text) text, sizeof text - 1

static const struct header headers[] = {
    {TEXT("go 1.22 trace\0\0\0"), TR_OK, 22},
    {TEXT("go 1.23 trace\0\0\0"), TR_OK, 23},
    {TEXT("go 1.25 trace\0\0\0"), TR_OK, 25},
    {TEXT("go 1.26 trace\0\0\0"), TR_OK, 26},
    {TEXT("go 1.5 trace\0\0\0\0"), TR_OK, 5},
    {TEXT("go 1.7 trace\0\0\0\0"), TR_OK, 7},
    {TEXT("go 1.8 trace\0\0\0\0"), TR_OK, 8},
    {TEXT("go 1.9 trace\0\0\0\0"), TR_OK, 9},
    {TEXT("go 1.10 trace\0\0\0"), TR_OK, 10},
    {TEXT("go 1.11 trace\0\0\0"), TR_OK, 11},
    {TEXT("go 1.19 trace\0\0\0"), TR_OK, 19},
    {TEXT("go 1.21 trace\0\0\0"), TR_OK, 21},
    {TEXT("go 1.9 trace\0\0\0x"), TR_E_FORMAT, 0},
    {TEXT("go 1.6 trace\0\0\0\0"), TR_E_VERSION, 0},
    {TEXT("go 1.12 trace\0\0\0"), TR_E_VERSION, 0},
    {TEXT("go 1.20 trace\0\0\0"), TR_E_VERSION, 0},
    {TEXT("go 1.24 trace\0\0\0"), TR_E_VERSION, 0},
    {TEXT("go 1.27 trace\0\0\0"), TR_E_VERSION, 0},
    {TEXT("go 1.0 trace\0\0\0"), TR_E_VERSION, 0},
    {TEXT("go 1.4294967295 trace\0\0\0"), TR_E_VERSION, 0},
    {TEXT("go 1.4294967296 trace\0\0\0"), TR_E_FORMAT, 0},
    {TEXT("go 1.4294967318 trace\0\0\0"), TR_E_FORMAT, 0}, /* 22 + 2^32 */
    {TEXT("go 1.0000000000000000000000022 trace\0\0\0"), TR_OK, 22},
    {TEXT("go  \t 1.22\t\ttrace\0\0\0"), TR_OK, 22},
    {TEXT("go 1. \t26 trace\0\0\0"), TR_OK, 26},
    {TEXT(" go 1.22 trace\0\0\0"), TR_E_FORMAT, 0},
    {TEXT("go1.22 trace\0\0\0"), TR_E_FORMAT, 0},
    {TEXT("go 1.22trace\0\0\0"), TR_E_FORMAT, 0},
    {TEXT("go 1 .22 trace\0\0\0"), TR_E_FORMAT, 0},
    {TEXT("go 1.22 trace \0\0\0"), TR_E_FORMAT, 0},
    {TEXT("go 1.22 trace\0\0 "), TR_E_FORMAT, 0},
    {TEXT("go 1.+22 trace\0\0\0"), TR_E_FORMAT, 0},
    {TEXT("go 1.-22 trace\0\0\0"), TR_E_FORMAT, 0},
    {TEXT("go 1.2_2 trace\0\0\0"), TR_E_FORMAT, 0},
    {TEXT("go 1.0x16 trace\0\0\0"), TR_E_FORMAT, 0},
    {TEXT("go 1.22.1 trace\0\0\0"), TR_E_FORMAT, 0},
    {TEXT("go 2.22 trace\0\0\0"), TR_E_FORMAT, 0},
    {TEXT("go 1.22\n trace\0\0\0"), TR_E_FORMAT, 0},
    {TEXT("GO 1.22 trace\0\0\0"), TR_E_FORMAT, 0},
    {TEXT("go 1. trace\0\0\0"), TR_E_FORMAT, 0},
    {TEXT("\x1f\x8b\x07"), TR_E_FORMAT, 0}, /* nearly gzip */
    {TEXT(""), TR_E_FORMAT, 0},
    {TEXT("g"), TR_E_TRUNCATED, 0},
    {TEXT("go 1.22 trace\0\0"), TR_E_TRUNCATED, 0},
};

START_TEST(test_header)
{
    const struct header *h = &headers[_i];
    unsigned version = 0;
    ck_assert_int_eq(tri_source_open_memory(&source, h->bytes, h->len), TR_OK);
    ck_assert_int_eq(tri_wire_read_header(&source, &version), h->status);
    ck_assert_int_eq(err.error.code, h->status);
    ck_assert_uint_eq(version, h->version);
    /* What is not a header is not taken. */
    ck_assert_uint_eq(source.offset, h->status == TR_OK ? h->len : 0);
    ck_assert_uint_eq(err.error.offset, h->status == TR_E_TRUNCATED ? h->len : 0);
}
END_TEST

/* Byte by byte: no answer before it is certain, and nothing of what follows is taken. */
START_TEST(test_header_in_pieces)
{
    const struct header *h = &headers[_i];
    unsigned version = 0;
    tr_status status = TR_NEED_INPUT;
    ck_assert_int_eq(tri_source_feed(&source, NULL, 0), TR_OK);
    for (size_t i = 0; i < h->len && status == TR_NEED_INPUT; i++) {
        ck_assert_uint_eq(source.offset, 0);
        ck_assert_int_eq(tri_source_feed(&source, h->bytes + i, 1), TR_OK);
        status = tri_wire_read_header(&source, &version);
    }
    if (h->status == TR_OK || h->len == 0 || h->status == TR_E_TRUNCATED) {
        ck_assert_int_eq(status, h->status == TR_OK ? TR_OK : TR_NEED_INPUT);
    }
    if (status == TR_NEED_INPUT) {
        ck_assert_int_eq(tri_source_feed_end(&source), TR_OK);
        status = tri_wire_read_header(&source, &version);
    }
    ck_assert_int_eq(status, h->status);
    ck_assert_uint_eq(version, h->version);
}
END_TEST

/* Blanks without end are not waited for. */
START_TEST(test_endless_header)
{
    static char bytes[100000];
    unsigned version;
    memset(bytes, ' ', sizeof bytes);
    memcpy(bytes, "go", 2);
    ck_assert_int_eq(tri_source_open_memory(&source, bytes, sizeof bytes), TR_OK);
    ck_assert_int_eq(tri_wire_read_header(&source, &version), TR_E_FORMAT);
}
END_TEST

/* A header that is longer than any of these is none, whether all of it is there or a piece. */
START_TEST(test_long_header)
{
    static const char before[] = "go 1.", after[] = "22 trace\0\0";
    enum { LONGEST = 4096 };
    static char bytes[LONGEST + 1];
    size_t len = LONGEST + (size_t)(_i / 2);
    unsigned version = 0;
    tr_status status = TR_NEED_INPUT;
    memset(bytes, '0', len);
    memcpy(bytes, before, strlen(before));
    memcpy(bytes + len - sizeof after, after, sizeof after);
    if (_i % 2 == 0) {
        ck_assert_int_eq(tri_source_open_memory(&source, bytes, len), TR_OK);
        status = tri_wire_read_header(&source, &version);
    } else {
        ck_assert_int_eq(tri_source_feed(&source, NULL, 0), TR_OK);
        for (size_t i = 0; i < len && status == TR_NEED_INPUT; i++) {
            ck_assert_int_eq(tri_source_feed(&source, bytes + i, 1), TR_OK);
            status = tri_wire_read_header(&source, &version);
        }
    }
    ck_assert_int_eq(status, len > LONGEST ? TR_E_FORMAT : TR_OK);
    ck_assert_uint_eq(version, len > LONGEST ? 0 : 22);
}
END_TEST

struct head {
    const char *bytes;
    size_t len;
    struct tri_batch_head head; /* offset left out */
};

/* Type, experiment, head's bytes, data's bytes, generation, thread, time, whether
 * its size is padded. */
static const struct head heads[] = {
    {TEXT("\x01\x02\x03\x04\x05"), {0, 1, 0, 5, 5, 2, 3, 4, false}},
    {TEXT("\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x80\x02\x80\x80\x04"),
     {0, 1, 0, 17, 65536, 1, TR_NONE, 256, false}},
    {TEXT("\x31\x07\x02\x03\x04\x00"), {0, 49, 7, 6, 0, 2, 3, 4, false}},
    {TEXT("\x31\x00\x80\x01\x03\x04\x7f"), {0, 49, 0, 7, 127, 128, 3, 4, false}},
    {TEXT("\x34"), {0, 52, 0, 1, 0, 0, TR_NONE, 0, false}},
    {TEXT("\x01\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00\x82\x80\x80\x80\x80\x80\x80\x80\x80\x00"
          "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x84\x80\x80\x80\x80\x80\x80\x80\x80\x00"),
     {0, 1, 0, 41, 4, 1, 2, UINT64_MAX, true}},
};

static void check_head(const struct head *h, const struct tri_batch_head *have)
{
    ck_assert_uint_eq(have->offset, 3);
    ck_assert_uint_eq(have->type, h->head.type);
    ck_assert_uint_eq(have->experiment, h->head.experiment);
    ck_assert_uint_eq(have->head_bytes, h->head.head_bytes);
    ck_assert_uint_eq(have->data_bytes, h->head.data_bytes);
    ck_assert_uint_eq(have->generation, h->head.generation);
    ck_assert_int_eq(have->thread, h->head.thread);
    ck_assert_uint_eq(have->time, h->head.time);
    ck_assert_int_eq(have->size_is_padded, h->head.size_is_padded);
}

/* Three bytes of something else come first, and are taken. */
static void push_before(void)
{
    ck_assert_int_eq(tri_source_feed(&source, "xyz", 3), TR_OK);
    tri_source_take(&source, 3);
}

/* Pushed byte by byte: nothing is taken, and the answer comes with the last byte. */
START_TEST(test_head)
{
    const struct head *h = &heads[_i];
    struct tri_batch_head have;
    push_before();
    for (size_t i = 0; i < h->len; i++) {
        ck_assert_int_eq(tri_wire_peek_batch(&source, &have), TR_NEED_INPUT);
        ck_assert_int_eq(tri_source_feed(&source, h->bytes + i, 1), TR_OK);
    }
    ck_assert_int_eq(tri_wire_peek_batch(&source, &have), TR_OK);
    check_head(h, &have);
    ck_assert_int_eq(tri_wire_peek_batch(&source, &have), TR_OK); /* again */
    check_head(h, &have);
    ck_assert_uint_eq(source.offset, 3);
    ck_assert_uint_eq(source.window_len, h->len);
}
END_TEST

/* The trace ends inside the head, at each byte. */
START_TEST(test_cut_head)
{
    const struct head *h = &heads[_i];
    for (size_t len = 0; len < h->len; len++) {
        struct tri_batch_head have;
        push_before();
        ck_assert_int_eq(tri_source_feed(&source, h->bytes, len), TR_OK);
        ck_assert_int_eq(tri_source_feed_end(&source), TR_OK);
        /* Nothing at all is the end; so it is for the reference behind the type of an
         * experimental batch. */
        bool end = len == 0 || (len == 1 && h->head.type == TRI_EV_ExperimentalBatch);
        ck_assert_int_eq(tri_wire_peek_batch(&source, &have), end ? TR_END : TR_E_TRUNCATED);
        if (!end) {
            ck_assert_int_eq(err.error.code, TR_E_TRUNCATED);
            ck_assert_uint_eq(err.error.offset, 3);
            ck_assert_int_eq(err.error.event_type, h->head.type);
        }
        teardown();
        setup();
    }
}
END_TEST

struct bad_head {
    const char *bytes;
    size_t len;
    int event_type;
};

static const struct bad_head bad_heads[] = {
    {TEXT("\x00\x01\x01\x01\x01"), 0},
    {TEXT("\x02\x01\x01\x01\x01"), 2},
    {TEXT("\x10\x01\x01\x01\x01"), 16},
    {TEXT("\xff"), 255},
    {TEXT("\x01\x01\x01\x01\x81\x80\x04"), 1}, /* 65537 bytes */
    {TEXT("\x01\x01\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 1},
    {TEXT("\x31\x01\x01\x01\x01\x81\x80\x04"), 49},
    {TEXT("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), 1},
    {TEXT("\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), 1},
    {TEXT("\x01\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), 1},
    {TEXT("\x01\x01\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), 1},
    {TEXT("\x31\x01\x01\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), 49},
};

/* What is certainly wrong is said without more bytes. */
START_TEST(test_bad_head)
{
    const struct bad_head *b = &bad_heads[_i];
    struct tri_batch_head have;
    push_before();
    ck_assert_int_eq(tri_source_feed(&source, b->bytes, b->len), TR_OK);
    ck_assert_int_eq(tri_wire_peek_batch(&source, &have), TR_E_CORRUPT);
    ck_assert_int_eq(err.error.code, TR_E_CORRUPT);
    ck_assert_uint_eq(err.error.offset, 3);
    ck_assert_int_eq(err.error.event_type, b->event_type);
    ck_assert_uint_eq(source.offset, 3);
}
END_TEST

/* Of bytes that are there: the largest size that a batch may have is one, the next is not. */
START_TEST(test_parse_head)
{
    static const uint8_t most[] = {1, 1, 1, 1, 0x80, 0x80, 4}, over[] = {1, 1, 1, 1, 0x81, 0x80, 4};
    struct tri_batch_head have;
    ck_assert_int_eq(tri_wire_parse_head(most, most + sizeof most, &have), TRI_HEAD_OK);
    ck_assert_uint_eq(have.head_bytes, sizeof most);
    ck_assert_uint_eq(have.data_bytes, 65536);
    ck_assert_int_eq(tri_wire_parse_head(over, over + sizeof over, &have), TRI_HEAD_BAD);
    for (size_t len = 0; len < sizeof over; len++)
        ck_assert_int_eq(tri_wire_parse_head(over, over + len, &have), TRI_HEAD_CUT);
}
END_TEST

#define COUNT(array) ((int)(sizeof array / sizeof *array))

int main(void)
{
    Suite *suite = suite_create("wire/framing");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_loop_test(all, test_header, 0, COUNT(headers));
    tcase_add_loop_test(all, test_header_in_pieces, 0, COUNT(headers));
    tcase_add_test(all, test_endless_header);
    tcase_add_loop_test(all, test_long_header, 0, 4);
    tcase_add_loop_test(all, test_head, 0, COUNT(heads));
    tcase_add_loop_test(all, test_cut_head, 0, COUNT(heads));
    tcase_add_loop_test(all, test_bad_head, 0, COUNT(bad_heads));
    tcase_add_test(all, test_parse_head);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
