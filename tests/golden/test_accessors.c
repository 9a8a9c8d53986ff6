/* Every field of every event of the recorded traces, against the reference's
 * accessors: each event is written in the form that tests/oracle/cmd/reference
 * describes ("accessors"), and the sum of the text compared with GOLDENS. It reads
 * events as they come, and packed ones, kept beyond their reader. */
#include <check.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "goldens.h"
#include "support.h"

static struct {
    char *p;
    size_t len, cap;
} line;

static void room(size_t n)
{
    if (line.len + n <= line.cap)
        return;
    line.cap = (line.len + n) * 2 + 4096;
    line.p = realloc(line.p, line.cap);
    require(line.p != NULL, "no memory");
}

#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
static void
put(const char *format, ...)
{
    va_list args;
    room(1024);
    va_start(args, format);
    int n = vsnprintf(line.p + line.len, 1024, format, args);
    va_end(args);
    require(n >= 0 && n < 1024, "too long");
    line.len += (size_t)n;
}

static bool is_plain(tr_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < ' ' || s.ptr[i] > '~' || s.ptr[i] == '"' || s.ptr[i] == '\\')
            return false;
    return true;
}

/* Go's %q. The text of a log record quotes its category, so it can be asked for any
 * string without a way into the library. */
static void put_quoted(tr_str s)
{
    static const char before[] = "Category=", after[] = " Message=\"\"";
    tr_event ev;
    memset(&ev, 0, sizeof ev);
    ev.kind = TR_KIND_LOG;
    ev.log.category = s;
    ev.log.message = (tr_str){"", 0};
    room(s.len * 10 + 200);
    if (is_plain(s)) {
        line.p[line.len++] = '"';
        memcpy(line.p + line.len, s.ptr, s.len);
        line.len += s.len;
        line.p[line.len++] = '"';
        return;
    }
    char *start = line.p + line.len;
    size_t n = tr_event_text(&ev, start, line.cap - line.len);
    require(n < line.cap - line.len, "a long string");
    char *from = strstr(start, before);
    require(from != NULL && n > sizeof after, "no category in %s", start);
    from += sizeof before - 1;
    n = (size_t)(start + n - (sizeof after - 1) - from);
    memmove(start, from, n);
    line.len += n;
}

static void put_stack(tr_stack stack)
{
    tr_frame f;
    if (!tr_stack_present(stack)) {
        put("-");
        return;
    }
    put("[");
    for (uint32_t i = 0; i < tr_stack_frame_count(stack); i++) {
        require(tr_stack_frame(stack, i, &f) == TR_OK, "no frame %u", (unsigned)i);
        put("%s0x%" PRIx64 ":", i ? " " : "", f.pc);
        put_quoted(f.func);
        put(":");
        put_quoted(f.file);
        put(":%" PRIu64, f.line);
    }
    require(tr_stack_frame(stack, tr_stack_frame_count(stack), &f) == TR_E_MISUSE, "a frame more");
    put("]");
}

static void put_resource_id(tr_resource resource, int64_t id)
{
    if (resource == TR_RESOURCE_NONE)
        put("-");
    else
        put("%" PRId64, id);
}

static void put_attr(uint32_t i, tr_str name, tr_value value)
{
    if (i)
        put(" ");
    put_quoted(name);
    require(value.kind == TR_VALUE_UINT64, "not a number");
    put("=uint64:%" PRIu64, value.u64);
}

/* Experiments come in the order of their names; there is one that has a name. Batches
 * of an experiment keep their order. */
static void put_batches(tr_reader *r, uint32_t count)
{
    tr_experimental_batch b;
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_int_eq(tr_reader_experimental_batch(r, i, &b), TR_OK);
        ck_assert(tr_str_equal(b.experiment, "AllocFree"));
        ck_assert_uint_eq(b.number, 1);
        struct sha256 sha;
        char hex[65];
        sha256_init(&sha);
        sha256_add(&sha, b.data.ptr, b.data.len);
        sha256_hex(&sha, hex);
        put("%sAllocFree:%" PRId64 ":%zu:%s", i ? " " : "", b.thread, b.data.len, hex);
    }
    ck_assert_int_eq(tr_reader_experimental_batch(r, count, &b), TR_E_MISUSE);
}

static void put_sync(tr_reader *r, const tr_ev_sync *s)
{
    put("\tn=%" PRIu64 "\tclock=", s->n);
    if (s->has_clock)
        put("%" PRId64 ":%" PRIu64 ":%" PRId64 ":%" PRId64, s->clock.trace_ns, s->clock.mono_ns,
            s->clock.wall_sec, s->clock.wall_nsec);
    else
        put("-");
    put("\tbatches=[");
    put_batches(r, s->batch_count);
    put("]");
}

static void put_transition(const tr_ev_transition *t)
{
    put("\tresource=%s\tid=%" PRId64 "\tfrom=%s\tto=%s\treason=", tr_resource_name(t->resource),
        t->id, tr_state_name(t->from), tr_state_name(t->to));
    put_quoted(t->reason);
    put("\ttransition_stack=");
    put_stack(t->stack);
}

static void put_range(const tr_event *ev)
{
    put("\tname=");
    put_quoted(ev->range.name);
    put("\tscope=%s\tscope_id=", tr_resource_name(ev->range.scope));
    put_resource_id(ev->range.scope, ev->range.scope_id);
    if (ev->kind != TR_KIND_RANGE_END)
        return;
    put("\tattrs=[");
    for (uint32_t i = 0; i < ev->range.attr_count; i++)
        put_attr(i, ev->range.attrs[i].name, ev->range.attrs[i].value);
    put("]");
}

static void put_experimental(const tr_ev_experimental *x)
{
    put("\tname=");
    put_quoted(x->name);
    put("\texperiment=");
    put_quoted(x->experiment);
    put("\targs=[");
    for (uint32_t i = 0; i < x->arg_count; i++)
        put_attr(i, (tr_str){x->arg_names[i], strlen(x->arg_names[i])}, x->args[i]);
    put("]");
}

static void put_event(tr_reader *r, const tr_event *ev)
{
    put("kind=%s\ttime=%" PRId64 "\tthread=%" PRId64 "\tproc=%" PRId64 "\tgoroutine=%" PRId64
        "\tstack=",
        tr_kind_name(ev->kind), ev->time_ns, ev->thread, ev->proc, ev->goroutine);
    put_stack(ev->stack);
    switch (ev->kind) {
    case TR_KIND_SYNC:
        put_sync(r, &ev->sync);
        break;
    case TR_KIND_METRIC:
        put("\tname=");
        put_quoted(ev->metric.name);
        require(ev->metric.value.kind == TR_VALUE_UINT64, "not a number");
        put("\tvalue=uint64:%" PRIu64, ev->metric.value.u64);
        break;
    case TR_KIND_LABEL:
        put("\tlabel=");
        put_quoted(ev->label.label);
        put("\tresource=%s\tid=", tr_resource_name(ev->label.resource));
        put_resource_id(ev->label.resource, ev->label.id);
        break;
    case TR_KIND_RANGE_BEGIN:
    case TR_KIND_RANGE_ACTIVE:
    case TR_KIND_RANGE_END:
        put_range(ev);
        break;
    case TR_KIND_TASK_BEGIN:
    case TR_KIND_TASK_END:
        put("\tid=%" PRIu64 "\tparent=%" PRIu64 "\ttype=", ev->task.id, ev->task.parent);
        put_quoted(ev->task.type);
        break;
    case TR_KIND_REGION_BEGIN:
    case TR_KIND_REGION_END:
        put("\ttask=%" PRIu64 "\ttype=", ev->region.task);
        put_quoted(ev->region.type);
        break;
    case TR_KIND_LOG:
        put("\ttask=%" PRIu64 "\tcategory=", ev->log.task);
        put_quoted(ev->log.category);
        put("\tmessage=");
        put_quoted(ev->log.message);
        break;
    case TR_KIND_STATE_TRANSITION:
        put_transition(&ev->transition);
        break;
    case TR_KIND_EXPERIMENTAL:
        put_experimental(&ev->experimental);
        break;
    case TR_KIND_STACK_SAMPLE:
        break;
    default:
        ck_abort_msg("a bad event");
    }
    put("\n");
}

static void flush_line(struct sha256 *sha)
{
    sha256_add(sha, line.p, line.len);
    line.len = 0;
}

static void check_sum(struct sha256 *sha, char *const *golden, const char *what)
{
    char hex[65];
    sha256_hex(sha, hex);
    ck_assert_msg(strcmp(hex, golden[GOLDEN_ACCESSORS]) == 0, "%s: %s: the accessors differ",
                  golden[GOLDEN_NAME], what);
}

START_TEST(test_accessors)
{
    if (golden_is_left_out(_i))
        return;
    char *const *golden = goldens[_i];
    struct bytes trace = load_trace(golden[GOLDEN_NAME]);
    struct reading r;
    struct sha256 sha;
    const tr_event *ev;
    sha256_init(&sha);
    reading_open(&r, WAY_FD, &trace); /* experimental batches are read again there */
    while (reading_next(&r, &ev) == TR_OK) {
        put_event(r.reader, ev);
        flush_line(&sha);
    }
    reading_close(&r);
    check_sum(&sha, golden, "in turn");
    free_bytes(&trace);
}
END_TEST

/* Check takes a system call for each of its assertions, so that what is asked for each
 * event is asked with require(). */

enum { PACKED_TRACE_BYTES = 60000 };

/* A block of packed events and its tables. */
struct block {
    struct block *next;
    const tr_tables *tables;
    size_t count;
    tr_packed_event events[100];
};

START_TEST(test_packed)
{
    char *const *golden = goldens[_i];
    struct bytes trace = load_trace(golden[GOLDEN_NAME]);
    struct reading r;
    struct sha256 sha;
    struct block *first = NULL, **link = &first;
    uint64_t total = 0;

    if (trace.size > PACKED_TRACE_BYTES) { /* for the time it takes */
        free_bytes(&trace);
        return;
    }
    reading_open(&r, WAY_MEMORY, &trace);
    while (r.opened == TR_OK) {
        struct block *b = malloc(sizeof *b);
        require(b != NULL, "no memory");
        /* Sizes that are no divisors of anything. */
        if (tr_reader_next_packed(r.reader, b->events, total % 97 + 1, &b->count, &b->tables) !=
            TR_OK) {
            ck_assert_uint_eq(b->count, 0);
            free(b);
            break;
        }
        require(b->count >= 1, "an empty block");
        tr_tables_ref(b->tables);
        b->next = NULL;
        *link = b;
        link = &b->next;
        total += b->count;
    }
    ck_assert_uint_eq(total, strtoull(golden[GOLDEN_COUNT], NULL, 10));
    reading_close(&r);

    /* The reader is gone; a second one is needed for experimental batches only. */
    struct reading other;
    const tr_event *same;
    sha256_init(&sha);
    reading_open(&other, WAY_MEMORY, &trace);
    while (first) {
        struct block *b = first;
        for (size_t i = 0; i < b->count; i++) {
            tr_event ev;
            memset(&ev, 0x5a, sizeof ev);
            tr_event_unpack(&b->events[i], b->tables, &ev);
            require(reading_next(&other, &same) == TR_OK && ev.offset == same->offset &&
                        ev.generation == same->generation && ev.flags == same->flags &&
                        !ev.reserved[0] && !ev.reserved[1] && !ev.reserved[2],
                    "an event at %" PRIu64 " differs", ev.offset);
            put_event(other.reader, &ev);
            flush_line(&sha);
        }
        tr_tables_unref(b->tables);
        first = b->next;
        free(b);
    }
    reading_close(&other);
    check_sum(&sha, golden, "packed");
    free_bytes(&trace);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden/accessors");
    TCase *all = tcase_create("accessors");

    load_goldens();
    tcase_set_timeout(all, 300);
    tcase_add_loop_test(all, test_accessors, 0, golden_count);
    tcase_add_loop_test(all, test_packed, 0, golden_count);
    suite_add_tcase(suite, all);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free_goldens();
    free(line.p);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
