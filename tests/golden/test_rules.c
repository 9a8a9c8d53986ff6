/* Runs the cases of rules_format.txt and rules_order.txt, which describe themselves:
 * each is turned into a trace and read in several ways, and its events, and its error
 * with place, are compared with what is expected.
 *
 *     test_rules --dump DIR    writes each trace to DIR/NAME.trace instead, for rules.py */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "textform.h"

enum { SECTIONS_MAX = 1000, CASES_MIN = 200, NAME_BYTES = 80, DEPTH_MAX = 8 };

/* A part of a file, begun by a line "-- ... --". */
struct section {
    const char *file;
    unsigned line;
    const char *body;
    size_t len;
    char name[NAME_BYTES];
    /* Of a case; `code` is "" for a definition. */
    char code[16], generation[24], sum[20];
    uint64_t events;
};

static struct section sections[SECTIONS_MAX];
static int section_count;
static struct section *cases[SECTIONS_MAX];
static int case_count;
static struct bytes files[2];

static void read_title(struct section *s, const char *title)
{
    char expected[100];
    int n = 0;
    if (sscanf(title, "-- define %79s --%n", s->name, &n) == 1 && n)
        return;
    require(sscanf(title, "-- %79[^:]: %99[^|\n]", s->name, expected) == 2, "%s:%u: what is this?",
            s->file, s->line);
    require(sscanf(expected, "%15s %23s", s->code, s->generation) == 2, "%s:%u: no code", s->file,
            s->line);
    const char *bar = strchr(title, '|');
    if (bar) {
        unsigned long long events;
        require(sscanf(bar, "| %llu %16s --", &events, s->sum) == 2, "%s:%u: no events", s->file,
                s->line);
        s->events = events;
    }
    cases[case_count++] = s;
}

static void load_sections(struct bytes *file, const char *name)
{
    char path[100];
    unsigned line = 0;
    struct section *s = NULL;
    snprintf(path, sizeof path, "tests/golden/%s", name);
    *file = load_file(source_path(path));
    const char *end = (const char *)file->data + file->size;
    for (const char *p = (const char *)file->data, *next; p < end; p = next) {
        const char *feed = memchr(p, '\n', (size_t)(end - p));
        next = feed ? feed + 1 : end;
        line++;
        if (end - p > 3 && memcmp(p, "-- ", 3) == 0) {
            char title[300];
            snprintf(title, sizeof title, "%.*s", (int)(next - p), p);
            require(section_count < SECTIONS_MAX, "too many cases");
            s = &sections[section_count++];
            *s = (struct section){.file = name, .line = line, .body = next};
            read_title(s, title);
        } else if (s) {
            s->len = (size_t)(next - s->body);
        }
    }
}

static void load_cases(void)
{
    load_sections(&files[0], "rules_format.txt");
    load_sections(&files[1], "rules_order.txt");
    require(case_count >= CASES_MIN, "there are %d cases only", case_count);
}

struct text {
    char *p;
    size_t len, cap;
};

static void add_text(struct text *t, const char *s, size_t n)
{
    if (t->len + n > t->cap) {
        t->cap = (t->len + n) * 2;
        t->p = realloc(t->p, t->cap);
        require(t->p != NULL, "no memory");
    }
    memcpy(t->p + t->len, s, n);
    t->len += n;
}

/* Append a section's lines, with those that "@NAME" stands for. */
static void expand(const struct section *s, struct text *out, int depth)
{
    const char *end = s->body + s->len;
    require(depth < DEPTH_MAX, "%s:%u: a definition of itself", s->file, s->line);
    for (const char *p = s->body, *next; p < end; p = next) {
        const char *feed = memchr(p, '\n', (size_t)(end - p));
        next = feed ? feed + 1 : end;
        if (*p != '@') {
            add_text(out, p, (size_t)(next - p));
            continue;
        }
        const struct section *found = NULL;
        for (int i = 0; i < section_count && !found; i++) {
            const struct section *d = &sections[i];
            size_t n = strlen(d->name);
            if (!*d->code && d->file == s->file && memcmp(p + 1, d->name, n) == 0 &&
                p[1 + n] == '\n')
                found = d;
        }
        require(found != NULL, "%s:%u: %.*s is not defined", s->file, s->line, (int)(next - p - 1),
                p);
        expand(found, out, depth + 1);
    }
}

static struct textform convert(const struct section *s)
{
    struct text text = {NULL, 0, 0};
    struct textform t;
    expand(s, &text, 0);
    bool right = textform_convert(&t, text.p, text.len);
    require(right, "%s:%u: %s: line %u of it: %s", s->file, s->line, s->name, t.line, t.error);
    free(text.p);
    return t;
}

static void check_error(const struct section *s, const struct textform *t, const char *way,
                        const tr_error *e)
{
    ck_assert_msg(e->severity == TR_SEVERITY_FATAL && *e->message, "%s, %s: no message", s->name,
                  way);
    ck_assert_msg(e->offset == t->mark, "%s, %s: \"%s\" at %llu, not at %llu", s->name, way,
                  e->message, (unsigned long long)e->offset, (unsigned long long)t->mark);
    ck_assert_msg(e->event_type == t->mark_type, "%s, %s: \"%s\" for type %d, not %d", s->name, way,
                  e->message, e->event_type, t->mark_type);
    if (strcmp(s->generation, "-") == 0) /* the place is known before the batch is */
        return;
    ck_assert_msg(e->thread == t->mark_thread, "%s, %s: \"%s\" on thread %lld, not %lld", s->name,
                  way, e->message, (long long)e->thread, (long long)t->mark_thread);
    ck_assert_msg(e->generation == strtoull(s->generation, NULL, 10),
                  "%s, %s: \"%s\" in generation %llu, not %s", s->name, way, e->message,
                  (unsigned long long)e->generation, s->generation);
}

START_TEST(test_case)
{
    static const enum way ways[] = {WAY_MEMORY,     WAY_FD,     WAY_PATH,   WAY_CALLBACK_1,
                                    WAY_CALLBACK_7, WAY_PUSH_1, WAY_PUSH_7, WAY_PIPE_7};
    const struct section *s = cases[_i];
    struct textform t = convert(s);
    struct bytes trace = {t.data, t.size};
    bool broken = strcmp(s->code, "end") != 0;
    ck_assert_msg(strlen(s->sum) == 16, "%s: there is no sum", s->name);
    ck_assert_msg(t.marked == broken, "%s: an error needs a mark, nothing else", s->name);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const char *way = way_names[ways[i]];
        struct reading r;
        struct sha256 sha;
        char hex[65];
        const tr_event *ev;
        uint64_t events = 0;
        tr_status status;
        sha256_init(&sha);
        reading_open(&r, ways[i], &trace);
        while ((status = reading_next(&r, &ev)) == TR_OK) {
            size_t len;
            const char *line = event_line(ev, &len);
            sha256_add(&sha, line, len);
            events++;
        }
        sha256_hex(&sha, hex);
        const tr_error *e = tr_reader_error(r.reader);
        ck_assert_msg(strcmp(tr_status_name(status), s->code) == 0, "%s, %s: %s, not %s: \"%s\"",
                      s->name, way, tr_status_name(status), s->code, e->message);
        ck_assert_msg(events == s->events, "%s, %s: %llu events, not %llu", s->name, way,
                      (unsigned long long)events, (unsigned long long)s->events);
        ck_assert_msg(memcmp(hex, s->sum, 16) == 0, "%s, %s: the events' text differs", s->name,
                      way);
        ck_assert_int_eq(e->code, broken ? status : TR_OK);
        if (broken)
            check_error(s, &t, way, e);
        reading_close(&r);
    }
    textform_free(&t);
}
END_TEST

static const struct section *case_of(const char *name)
{
    for (int i = 0; i < case_count; i++)
        if (strcmp(cases[i]->name, name) == 0)
            return cases[i];
    ck_abort_msg("there is no case %s", name);
    return NULL;
}

/* What the reference panics on, beyond its text: docs/DEVIATIONS.md. */
START_TEST(test_unresolved)
{
    static const struct {
        const char *name;
        tr_kind kind; /* of the event that has the flag */
    } unresolved[] = {
        {"sample-of-an-unknown-stack", TR_KIND_STACK_SAMPLE},
        {"sample-of-an-empty-stack", TR_KIND_BAD},
        {"stop-the-world-ends-in-the-next-generation", TR_KIND_RANGE_END},
        {"stop-the-world-ends-with-an-empty-name", TR_KIND_BAD},
        {"proc-status-257", TR_KIND_BAD},
    };
    struct textform t = convert(case_of(unresolved[_i].name));
    struct bytes trace = {t.data, t.size};
    struct reading r;
    const tr_event *ev;
    reading_open(&r, WAY_MEMORY, &trace);
    while (reading_next(&r, &ev) == TR_OK) {
        ck_assert_uint_eq(ev->flags, ev->kind == unresolved[_i].kind ? TR_EV_UNRESOLVED : 0);
        if (ev->kind == TR_KIND_STACK_SAMPLE) {
            ck_assert(tr_stack_present(ev->stack));
            ck_assert_uint_eq(tr_stack_frame_count(ev->stack), 0);
        }
    }
    reading_close(&r);
    textform_free(&t);
}
END_TEST

START_TEST(test_unknown_experiment)
{
    struct textform t = convert(case_of("experimental-batch-of-an-unknown-experiment"));
    struct bytes trace = {t.data, t.size};
    struct reading r;
    const tr_event *ev;
    tr_experimental_batch b;
    reading_open(&r, _i == 0 ? WAY_MEMORY : WAY_FD, &trace);
    ck_assert_int_eq(reading_next(&r, &ev), TR_OK);
    ck_assert_uint_eq(ev->sync.batch_count, 2);
    ck_assert_int_eq(tr_reader_experimental_batch(r.reader, 0, &b), TR_OK);
    ck_assert(tr_str_equal(b.experiment, ""));
    ck_assert_uint_eq(b.number, 2);
    ck_assert_int_eq(b.thread, 4);
    ck_assert(tr_str_equal(b.data, "\x01\xff"));
    ck_assert_int_eq(t.data[b.offset], 49);
    ck_assert_int_eq(tr_reader_experimental_batch(r.reader, 1, &b), TR_OK);
    ck_assert(tr_str_equal(b.experiment, "AllocFree"));
    ck_assert_uint_eq(b.number, 1);
    ck_assert_uint_eq(b.data.len, 0);
    ck_assert_int_eq(tr_reader_experimental_batch(r.reader, 2, &b), TR_E_MISUSE);
    reading_close(&r);
    textform_free(&t);
}
END_TEST

static int dump(const char *folder)
{
    for (int i = 0; i < case_count; i++) {
        struct textform t = convert(cases[i]);
        char path[1024];
        snprintf(path, sizeof path, "%s/%s.trace", folder, cases[i]->name);
        FILE *f = fopen(path, "wb");
        size_t written = f && t.size ? fwrite(t.data, 1, t.size, f) : 0;
        require(f && written == t.size && fclose(f) == 0, "cannot write %s", path);
        textform_free(&t);
    }
    return 0;
}

int main(int argc, char **argv)
{
    load_cases();
    if (argc == 3 && strcmp(argv[1], "--dump") == 0)
        return dump(argv[2]);

    Suite *suite = suite_create("golden/rules");
    TCase *all = tcase_create("cases");
    tcase_add_loop_test(all, test_case, 0, case_count);
    tcase_add_loop_test(all, test_unresolved, 0, 5);
    tcase_add_loop_test(all, test_unknown_experiment, 0, 2);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free_bytes(&files[0]);
    free_bytes(&files[1]);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
