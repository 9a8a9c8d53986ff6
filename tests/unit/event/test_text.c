/* Events as text: each kind, with values of the kind that break a format. What is
 * expected follows the reference's Event.String, by hand; whole traces are compared by
 * tests/golden. And the names of metrics and ranges. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "gen/tables.h"

#define S(text)               \
    {                         \
        text, sizeof text - 1 \
    }

struct example {
    tr_event ev;
    const char *text;
};

#define BASE .time_ns = 5, .thread = 1, .proc = 2, .goroutine = 3

static const struct example examples[] = {
    {{.kind = TR_KIND_BAD, BASE}, "M=1 P=2 G=3 Bad Time=5"},
    {{.kind = TR_KIND_STACK_SAMPLE,
      .time_ns = INT64_MIN,
      .thread = TR_NONE,
      .proc = INT64_MAX,
      .goroutine = TR_NONE},
     "M=-1 P=9223372036854775807 G=-1 StackSample Time=-9223372036854775808"},
    {{.kind = TR_KIND_SYNC, BASE, .sync = {.n = 7}}, "M=1 P=2 G=3 Sync Time=5 N=7"},
    {{.kind = TR_KIND_SYNC,
      BASE,
      .sync = {.n = 7, .has_clock = 1, .clock = {-1, UINT64_MAX, 1, 20000000}}},
     "M=1 P=2 G=3 Sync Time=5 N=7 Trace=-1 Mono=18446744073709551615 "
     "Wall=1970-01-01T00:00:01.02Z"},
    {{.kind = TR_KIND_METRIC, BASE, .metric = {S("/a/b:c"), {TR_VALUE_UINT64, UINT64_MAX, S("")}}},
     "M=1 P=2 G=3 Metric Time=5 Name=\"/a/b:c\" Value=Value{Uint64(18446744073709551615)}"},
    {{.kind = TR_KIND_LABEL, BASE, .label = {S("a \"b\"\n"), TR_RESOURCE_GOROUTINE, 9}},
     "M=1 P=2 G=3 Label Time=5 Label=\"a \\\"b\\\"\\n\" Resource=Goroutine(9)"},
    {{.kind = TR_KIND_RANGE_BEGIN, BASE, .range = {.name = S("r"), .scope_id = TR_NONE}},
     "M=1 P=2 G=3 RangeBegin Time=5 Name=\"r\" Scope=None"},
    {{.kind = TR_KIND_RANGE_ACTIVE,
      BASE,
      .range = {.name = S("r"), .scope = TR_RESOURCE_PROC, .scope_id = 4}},
     "M=1 P=2 G=3 RangeActive Time=5 Name=\"r\" Scope=Proc(4)"},
    {{.kind = TR_KIND_RANGE_END,
      BASE,
      .range = {.name = S("r"), .scope = TR_RESOURCE_GOROUTINE, .scope_id = -5}},
     "M=1 P=2 G=3 RangeEnd Time=5 Name=\"r\" Scope=Goroutine(-5) Attributes=[]"},
    {{.kind = TR_KIND_RANGE_END,
      BASE,
      .range = {S("r"),
                TR_RESOURCE_PROC,
                0,
                2,
                {{S("bytes swept"), {TR_VALUE_UINT64, 1, S("")}},
                 {S("bytes reclaimed"), {TR_VALUE_UINT64, 2, S("")}}}}},
     "M=1 P=2 G=3 RangeEnd Time=5 Name=\"r\" Scope=Proc(0) Attributes=[\"bytes "
     "swept\"=Value{Uint64(1)} \"bytes reclaimed\"=Value{Uint64(2)}]"},
    {{.kind = TR_KIND_TASK_BEGIN, BASE, .task = {1, TR_NO_TASK, S("t\0t")}},
     "M=1 P=2 G=3 TaskBegin Time=5 ID=1 Parent=18446744073709551615 Type=\"t\\x00t\""},
    {{.kind = TR_KIND_TASK_END, BASE, .task = {UINT64_MAX, 0, S("")}},
     "M=1 P=2 G=3 TaskEnd Time=5 ID=18446744073709551615 Parent=0 Type=\"\""},
    {{.kind = TR_KIND_REGION_BEGIN, BASE, .region = {0, S("r")}},
     "M=1 P=2 G=3 RegionBegin Time=5 Task=0 Type=\"r\""},
    {{.kind = TR_KIND_REGION_END, BASE, .region = {8, S("\xff")}},
     "M=1 P=2 G=3 RegionEnd Time=5 Task=8 Type=\"\\xff\""},
    {{.kind = TR_KIND_LOG, BASE, .log = {8, S("c"), S("m")}},
     "M=1 P=2 G=3 Log Time=5 Task=8 Category=\"c\" Message=\"m\""},
    {{.kind = TR_KIND_STATE_TRANSITION,
      BASE,
      .transition = {TR_RESOURCE_GOROUTINE, 4, TR_GO_RUNNING, TR_GO_WAITING, S("chan"), {NULL, 0}}},
     "M=1 P=2 G=3 StateTransition Time=5 GoID=4 Running->Waiting Reason=\"chan\""},
    {{.kind = TR_KIND_STATE_TRANSITION,
      BASE,
      .transition = {TR_RESOURCE_PROC, 4, TR_PROC_UNDETERMINED, TR_PROC_IDLE, S(""), {NULL, 0}}},
     "M=1 P=2 G=3 StateTransition Time=5 ProcID=4 Undetermined->Idle Reason=\"\""},
    {{.kind = TR_KIND_STATE_TRANSITION,
      .time_ns = INT64_MIN,
      .thread = INT64_MIN,
      .proc = INT64_MIN,
      .goroutine = INT64_MIN,
      .transition = {TR_RESOURCE_PROC,
                     INT64_MIN,
                     TR_GO_UNDETERMINED,
                     TR_PROC_UNDETERMINED,
                     S("a \x01 b"),
                     {NULL, 0}}},
     "M=-9223372036854775808 P=-9223372036854775808 G=-9223372036854775808 StateTransition "
     "Time=-9223372036854775808 ProcID=-9223372036854775808 Undetermined->Undetermined "
     "Reason=\"a \\x01 b\""},
    {{.kind = TR_KIND_STATE_TRANSITION,
      BASE,
      .transition =
          {TR_RESOURCE_NONE, 12345678, (tr_state)7, (tr_state)99, S("12345678"), {NULL, 0}}},
     "M=1 P=2 G=3 StateTransition Time=5 GoID=12345678 Bad->Bad Reason=\"12345678\""},
    {{.kind = (tr_kind)TR_KIND_COUNT, BASE}, "M=1 P=2 G=3 Bad Time=5"},
    {{.kind = TR_KIND_EXPERIMENTAL, BASE, .experimental = {.name = S("None")}},
     "M=1 P=2 G=3 Experimental Time=5 Name=None Args=[]"},
    {{.kind = TR_KIND_EXPERIMENTAL,
      BASE,
      .experimental = {S("Span"),
                       S("AllocFree"),
                       2,
                       {"id", "n", NULL, NULL},
                       {{TR_VALUE_UINT64, 3, S("")}, {TR_VALUE_UINT64, 4, S("")}}}},
     "M=1 P=2 G=3 Experimental Time=5 Name=Span Args=[id=Value{Uint64(3)}, n=Value{Uint64(4)}]"},
};

static void check_text(const tr_event *ev, const char *want)
{
    char whole[2000];
    size_t len = strlen(want);
    ck_assert_uint_eq(tr_event_text(ev, whole, sizeof whole), len);
    ck_assert_str_eq(whole, want);
    /* As snprintf: any size, always ended. */
    ck_assert_uint_eq(tr_event_text(ev, NULL, 0), len);
    for (size_t size = 1; size <= len + 1; size++) {
        char *exact = malloc(size);
        ck_assert_ptr_nonnull(exact);
        size_t n = tr_event_text(ev, exact, size);
        if (n != len || memcmp(exact, want, size - 1) != 0 || exact[size - 1] != '\0')
            ck_abort_msg("%zu bytes: %.*s", size, (int)size, exact);
        free(exact);
    }
}

START_TEST(test_kinds)
{
    check_text(&examples[_i].ev, examples[_i].text);
}
END_TEST

/* Stacks: none, empty, and with frames; the event's own and the transition's. */
START_TEST(test_stacks)
{
    static const uint8_t strings[] = "\x04\x05\x01\x03"
                                     "f.g\x05\x02\x04/h.i";
    static const uint8_t stacks[] = "\x02\x03\x01\x02\xff\x01\x01\x02\x07\x80\x80\x04\x00\x00\x00";
    struct tri_mem *mem = tri_mem_new(NULL);
    struct tr_tables *tables = tri_tables_new(mem);
    struct tri_err err;
    tri_err_init(&err);
    struct tri_section section = {
        .data = strings, .size = sizeof strings - 1, .err = &err, .max_stacks = UINT64_MAX};
    ck_assert_int_eq(tri_tables_add_strings(tables, &section), TR_OK);
    section.data = stacks;
    section.size = sizeof stacks - 1;
    ck_assert_int_eq(tri_tables_add_stacks(tables, &section), TR_OK);
    tr_stack two = {tables, 1}, empty = {tables, 0};
    tr_event ev = {.kind = TR_KIND_STACK_SAMPLE, BASE, .stack = empty};
    check_text(&ev, "M=1 P=2 G=3 StackSample Time=5\nStack=\n");
    ev.stack = two;
    check_text(&ev, "M=1 P=2 G=3 StackSample Time=5\nStack=\n"
                    "\tf.g @ 0xff\n\t\t/h.i:7\n\t @ 0x10000\n\t\t:0\n");
    ev.kind = TR_KIND_STATE_TRANSITION;
    ev.transition =
        (tr_ev_transition){TR_RESOURCE_GOROUTINE, 1, TR_GO_NOT_EXIST, TR_GO_RUNNABLE, S(""), two};
    check_text(&ev, "M=1 P=2 G=3 StateTransition Time=5 GoID=1 NotExist->Runnable Reason=\"\"\n"
                    "TransitionStack=\n"
                    "\tf.g @ 0xff\n\t\t/h.i:7\n\t @ 0x10000\n\t\t:0\n"
                    "\nStack=\n"
                    "\tf.g @ 0xff\n\t\t/h.i:7\n\t @ 0x10000\n\t\t:0\n");
    ev.stack.tables = NULL;
    ev.transition.stack = empty;
    check_text(&ev, "M=1 P=2 G=3 StateTransition Time=5 GoID=1 NotExist->Runnable Reason=\"\"\n"
                    "TransitionStack=\n");
    tr_tables_unref(tables);
    tri_mem_unref(mem);
}
END_TEST

/* What the trace does not name has its name in event.c: metrics, and ranges by what begins them. */
START_TEST(test_names)
{
    for (unsigned type = 1; type < TRI_TYPE_COUNT; type++) {
        const struct tri_spec *spec = &tri_specs[type];
        bool is_named = tri_event_name(type).ptr != NULL;
        if (spec->kind != TR_KIND_METRIC && spec->kind != TR_KIND_RANGE_BEGIN)
            continue;
        for (int i = 0; i < spec->arg_count; i++)
            is_named = is_named || spec->arg_types[i] == TRI_ARG_STRING;
        ck_assert_msg(is_named, "%s has no name, nor a string: commons of event/event.c",
                      spec->name);
    }
}
END_TEST

/* The last Sync has no tables: nothing of it may be asked of them. */
START_TEST(test_last_sync)
{
    struct tri_row row = {.time = 4, .thread = -1, .proc = -1};
    tr_event ev;
    row.goroutine = -1;
    row.stack = TRI_STACK_ABSENT;
    row.sync.n = 3;
    row.where = tri_where_of(UINT64_C(0xfedcba987654), TRI_EV_SYNC_ROW);
    tri_event_view(&row, NULL, &ev);
    ck_assert_int_eq(ev.kind, TR_KIND_SYNC);
    ck_assert_uint_eq(ev.generation, 0);
    ck_assert_uint_eq(ev.offset, UINT64_C(0xfedcba987654));
    ck_assert_uint_eq(ev.sync.n, 3);
    ck_assert_int_eq(ev.sync.has_clock, 0);
    ck_assert_uint_eq(ev.sync.batch_count, 0);
    ck_assert(!tr_stack_present(ev.stack));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("event/text");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, test_kinds, 0, (int)(sizeof examples / sizeof *examples));
    tcase_add_test(all, test_stacks);
    tcase_add_test(all, test_names);
    tcase_add_test(all, test_last_sync);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
