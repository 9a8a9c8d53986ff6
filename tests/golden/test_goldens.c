/* Every recorded trace gives, in each way to read it, the texts of events and of wire
 * records whose sums the reference's are (tests/data/GOLDENS), and the reference's
 * verdict. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "goldens.h"
#include "support.h"

/* For the time it takes, only these are read in tiny pieces, or go through a pipe so. */
enum { MIDDLE_TRACE_BYTES = 60000, SMALL_TRACE_BYTES = 20000 };

static bool too_large(enum way way, size_t size)
{
    switch (way) {
    case WAY_CALLBACK_1:
    case WAY_CALLBACK_7:
    case WAY_PUSH_1:
    case WAY_PUSH_7:
        return size > MIDDLE_TRACE_BYTES;
    case WAY_PIPE_1:
    case WAY_PIPE_7:
        return size > SMALL_TRACE_BYTES;
    default:
        return false;
    }
}

struct outcome {
    uint64_t count, sum;
    tr_status status;
    tr_error error;
    char message[256];
    unsigned version;
};

static void read_trace(const struct bytes *trace, enum way way, struct sha256 *sha,
                       struct outcome *out)
{
    struct reading r;
    const tr_event *ev;
    *out = (struct outcome){.sum = SUM_START};
    reading_open(&r, way, trace);
    while ((out->status = reading_next(&r, &ev)) == TR_OK) {
        size_t len;
        const char *line = event_line(ev, &len);
        out->sum = sum_add(out->sum, line, len);
        if (sha)
            sha256_add(sha, line, len);
        out->count++;
    }
    out->error = *tr_reader_error(r.reader);
    snprintf(out->message, sizeof out->message, "%s", out->error.message);
    out->version = tr_reader_version(r.reader);
    /* What ended it stays so. */
    ck_assert_int_eq(reading_next(&r, &ev), out->status);
    ck_assert_int_eq(reading_next(&r, &ev), out->status);
    if (out->status == TR_END)
        ck_assert_uint_eq(tr_reader_bytes_read(r.reader), trace->size);
    reading_close(&r);
}

START_TEST(test_events)
{
    char *const *golden = goldens[_i];
    struct bytes trace = load_trace(golden[GOLDEN_NAME]);
    struct outcome first, other;
    struct sha256 sha;
    char hex[65];

    sha256_init(&sha);
    read_trace(&trace, WAY_MEMORY, &sha, &first);
    sha256_hex(&sha, hex);
    ck_assert_msg(strcmp(hex, golden[GOLDEN_EVENTS]) == 0, "%s: the events' text differs",
                  golden[GOLDEN_NAME]);
    ck_assert_msg(first.count == strtoull(golden[GOLDEN_COUNT], NULL, 10), "%s: %llu events",
                  golden[GOLDEN_NAME], (unsigned long long)first.count);
    bool broken = strcmp(golden[GOLDEN_ERROR], "-") != 0;
    ck_assert_msg(broken ? first.status < 0 : first.status == TR_END,
                  "%s: ended with %s (%s), the reference says %s", golden[GOLDEN_NAME],
                  tr_status_name(first.status), first.message, golden[GOLDEN_ERROR]);
    ck_assert_int_eq(first.error.code, broken ? first.status : TR_OK);
    ck_assert_int_eq(first.error.severity, broken ? TR_SEVERITY_FATAL : TR_SEVERITY_NONE);
    ck_assert_uint_le(first.error.offset, trace.size);
    if (trace.size >= 16)
        ck_assert_uint_eq(first.version, strtoul((const char *)trace.data + 5, NULL, 10));

    for (enum way way = WAY_MEMORY + 1; way < WAY_COUNT; way++) {
        if (too_large(way, trace.size))
            continue;
        read_trace(&trace, way, NULL, &other);
        const char *name = way_names[way];
        ck_assert_msg(other.count == first.count, "%s, %s: %llu events of %llu",
                      golden[GOLDEN_NAME], name, (unsigned long long)other.count,
                      (unsigned long long)first.count);
        ck_assert_msg(other.sum == first.sum, "%s, %s: another text", golden[GOLDEN_NAME], name);
        ck_assert_msg(other.status == first.status && other.error.code == first.error.code &&
                          other.error.offset == first.error.offset &&
                          other.error.generation == first.error.generation &&
                          other.error.thread == first.error.thread &&
                          other.error.event_type == first.error.event_type &&
                          strcmp(other.message, first.message) == 0,
                      "%s, %s: ended with \"%s\" at %llu, not \"%s\" at %llu", golden[GOLDEN_NAME],
                      name, other.message, (unsigned long long)other.error.offset, first.message,
                      (unsigned long long)first.error.offset);
        ck_assert_uint_eq(other.version, first.version);
    }
    free_bytes(&trace);
}
END_TEST

struct piecewise {
    const struct bytes *trace;
    size_t at, piece;
};

static int64_t next_piece(void *user, void *buf, size_t size)
{
    struct piecewise *p = user;
    size_t n = p->trace->size - p->at;
    n = n < p->piece ? n : p->piece;
    n = n < size ? n : size;
    if (n)
        memcpy(buf, p->trace->data + p->at, n);
    p->at += n;
    return (int64_t)n;
}

/* The sum of the wire text; what ended it in *status. */
static void read_wire(const struct bytes *trace, size_t piece, char *hex, tr_status *status)
{
    struct piecewise source = {trace, 0, piece};
    struct sha256 sha;
    const tr_wire_record *record;
    size_t cap = 1 << 16;
    char *line = malloc(cap);
    tr_wire *w = tr_wire_new();
    ck_assert(w && line);
    sha256_init(&sha);
    *status = piece ? tr_wire_open_callback(w, next_piece, &source)
                    : tr_wire_open_memory(w, trace->data, trace->size);
    while (*status == TR_OK && (*status = tr_wire_next(w, &record)) == TR_OK) {
        size_t len = tr_wire_text(record, line, cap);
        if (len + 1 > cap) {
            cap = len * 2;
            line = realloc(line, cap);
            ck_assert_ptr_nonnull(line);
            len = tr_wire_text(record, line, cap);
        }
        line[len] = '\n';
        sha256_add(&sha, line, len + 1);
    }
    sha256_hex(&sha, hex);
    ck_assert_int_eq(tr_wire_error(w)->code, *status == TR_END ? TR_OK : *status);
    if (tr_wire_version(w))
        ck_assert_int_eq(tr_wire_next(w, &record), *status);
    tr_wire_free(w);
    free(line);
}

START_TEST(test_wire)
{
    char *const *golden = goldens[_i];
    static const size_t pieces[] = {0, 1, 4096};
    struct bytes trace = load_trace(golden[GOLDEN_NAME]);
    const char *want = golden[GOLDEN_WIRE];
    char first[65];
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        tr_status status;
        char hex[65];
        if (pieces[i] == 1 && trace.size > MIDDLE_TRACE_BYTES)
            continue;
        read_wire(&trace, pieces[i], hex, &status);
        if (strcmp(want, "-") == 0) /* Go has no text of it: all ways must give the same */
            want = memcpy(first, hex, sizeof first);
        ck_assert_msg(strcmp(hex, want) == 0, "%s: the wire text differs", golden[GOLDEN_NAME]);
        ck_assert_msg((status == TR_END) == (strcmp(golden[GOLDEN_WIRE_ERROR], "-") == 0),
                      "%s: ended with %s, the reference says %s", golden[GOLDEN_NAME],
                      tr_status_name(status), golden[GOLDEN_WIRE_ERROR]);
    }
    free_bytes(&trace);
}
END_TEST

/* The examples of FIPS 180-2, and a text that is added in odd pieces. */
START_TEST(test_sha256)
{
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    struct sha256 s;
    char hex[65], piece[1000];

    sha256_init(&s);
    sha256_add(&s, "abc", 3);
    sha256_hex(&s, hex);
    ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_init(&s);
    sha256_add(&s, two_blocks, strlen(two_blocks));
    sha256_hex(&s, hex);
    ck_assert_str_eq(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    memset(piece, 'a', sizeof piece);
    sha256_init(&s);
    for (size_t done = 0, n = 1; done < 1000000; done += n, n = n % 997 + 1)
        sha256_add(&s, piece, done + n > 1000000 ? 1000000 - done : n);
    sha256_hex(&s, hex);
    ck_assert_str_eq(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden/goldens");
    TCase *helpers = tcase_create("helpers");
    TCase *events = tcase_create("events");
    TCase *wire = tcase_create("wire");

    load_goldens();
    tcase_add_test(helpers, test_sha256);
    suite_add_tcase(suite, helpers);
    tcase_set_timeout(events, 300);
    tcase_add_loop_test(events, test_events, 0, golden_count);
    suite_add_tcase(suite, events);
    tcase_set_timeout(wire, 300);
    tcase_add_loop_test(wire, test_wire, 0, golden_count);
    suite_add_tcase(suite, wire);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free_goldens();
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
