/* Traces of Go 1.5 to 1.21: every version and every record, by a writer of such traces; what
 * is missing, cut off, wrong, or too much. What the reference says of recorded ones is
 * tested with the goldens, and of bent ones in tests/oracle. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../golden/oldtrace.h"
#include "../../golden/support.h"
#include "reader/reader.h"

static struct oldtrace t;
static tr_reader *r;
static const tr_event *ev;

static void setup(void)
{
    r = NULL;
}

static void teardown(void)
{
    tr_reader_free(r);
    r = NULL;
    old_free(&t);
}

static void open_trace(void)
{
    tr_reader_free(r);
    r = tr_reader_new();
    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(tr_reader_open_memory(r, t.data, t.size), TR_OK);
}

/* Read all; how many events there were. */
static uint64_t read_all(tr_status *status)
{
    uint64_t count = 0;
    while ((*status = tr_reader_next(r, &ev)) == TR_OK)
        count++;
    return count;
}

/* Nothing comes out, and the error is as it should be. */
static void refused(tr_status code, uint64_t offset)
{
    tr_status status;
    open_trace();
    ck_assert_uint_eq(read_all(&status), 0);
    ck_assert_msg(status == code && tr_reader_error(r)->offset == offset,
                  "go 1.%u: %s at %" PRIu64 ", not %s at %" PRIu64 ": %s", t.version,
                  tr_status_name(status), tr_reader_error(r)->offset, tr_status_name(code), offset,
                  tr_reader_error(r)->message);
}

/* --- One trace of every version --- */

static const struct {
    unsigned from, until;
    const char *text;
} all_lines[] = {
    {0, 99, "M=-1 P=-1 G=-1 Sync Time=-1 N=1"},
    {0, 99, "M=-1 P=0 G=2 StateTransition Time=10 GoID=2 Undetermined->Waiting Reason=\"\""},
    {0, 99, "M=-1 P=0 G=3 StateTransition Time=20 GoID=3 Undetermined->Syscall Reason=\"\""},
    {0, 99,
     "M=70 P=0 G=-1 StateTransition Time=40 ProcID=0 Undetermined->Running "
     "Reason=\"\""},
    {0, 99, "M=70 P=0 G=1 StateTransition Time=50 GoID=1 Undetermined->Running Reason=\"\""},
    {0, 99,
     "M=-1 P=-1 G=-1 StateTransition Time=60 GoID=4 Undetermined->Runnable "
     "Reason=\"\""},
    {0, 99,
     "M=70 P=0 G=1 Metric Time=70 Name=\"/sched/gomaxprocs:threads\" "
     "Value=Value{Uint64(8)}"},
    {0, 99, "M=70 P=0 G=1 StateTransition Time=80 GoID=6 NotExist->Runnable Reason=\"\""},
    {0, 99, "M=70 P=0 G=1 StateTransition Time=90 GoID=2 Waiting->Runnable Reason=\"\""},
    {0, 99,
     "M=70 P=0 G=1 Metric Time=100 Name=\"/memory/classes/heap/objects:bytes\" "
     "Value=Value{Uint64(4096)}"},
    {0, 99,
     "M=70 P=0 G=1 Metric Time=110 Name=\"/gc/heap/goal:bytes\" "
     "Value=Value{Uint64(8192)}"},
    {0, 99,
     "M=-1 P=1000004 G=1 RangeBegin Time=120 Name=\"GC concurrent mark phase\" "
     "Scope=None"},
    {10, 99,
     "M=70 P=0 G=1 RangeBegin Time=130 Name=\"stop-the-world (GC sweep "
     "termination)\" Scope=Goroutine(1)"},
    {0, 9,
     "M=70 P=0 G=1 RangeBegin Time=130 Name=\"stop-the-world (GC mark "
     "termination)\" Scope=Goroutine(1)"},
    {10, 99,
     "M=70 P=0 G=1 RangeEnd Time=140 Name=\"stop-the-world (GC sweep termination)\" "
     "Scope=Goroutine(1) Attributes=[]"},
    {0, 9,
     "M=70 P=0 G=1 RangeEnd Time=140 Name=\"stop-the-world (GC mark termination)\" "
     "Scope=Goroutine(1) Attributes=[]"},
    {0, 99,
     "M=70 P=0 G=1 RangeEnd Time=150 Name=\"GC concurrent mark phase\" Scope=None "
     "Attributes=[]"},
    {0, 99, "M=70 P=0 G=1 RangeBegin Time=160 Name=\"GC incremental sweep\" Scope=Proc(0)"},
    {9, 99,
     "M=70 P=0 G=1 RangeEnd Time=170 Name=\"GC incremental sweep\" Scope=Proc(0) "
     "Attributes=[\"bytes swept\"=Value{Uint64(300)} \"bytes reclaimed\"=Value{Uint64(200)}]"},
    {0, 8,
     "M=70 P=0 G=1 RangeEnd Time=170 Name=\"GC incremental sweep\" Scope=Proc(0) "
     "Attributes=[\"bytes swept\"=Value{Uint64(0)} \"bytes reclaimed\"=Value{Uint64(0)}]"},
    {9, 99, "M=70 P=0 G=1 RangeBegin Time=180 Name=\"GC mark assist\" Scope=Goroutine(1)"},
    {9, 99,
     "M=70 P=0 G=1 RangeEnd Time=190 Name=\"GC mark assist\" Scope=Goroutine(1) "
     "Attributes=[]"},
    {11, 99, "M=70 P=0 G=1 TaskBegin Time=200 ID=9 Parent=18446744073709551615 Type=\"one\""},
    {11, 99, "M=70 P=0 G=1 RegionBegin Time=210 Task=9 Type=\"two\""},
    {11, 99, "M=70 P=0 G=1 Log Time=220 Task=9 Category=\"one\" Message=\"a message\""},
    {11, 99, "M=70 P=0 G=1 RegionEnd Time=230 Task=9 Type=\"two\""},
    {11, 99, "M=70 P=0 G=1 TaskEnd Time=240 ID=9 Parent=0 Type=\"one\""},
    {11, 99, "M=70 P=0 G=1 TaskEnd Time=250 ID=99 Parent=18446744073709551615 Type=\"\""},
    {0, 99, "M=70 P=0 G=1 StateTransition Time=1250 GoID=1 Running->Syscall Reason=\"\""},
    {0, 99, "M=70 P=0 G=1 StateTransition Time=1251 GoID=1 Syscall->Running Reason=\"\""},
    {0, 99,
     "M=70 P=0 G=1 StateTransition Time=1260 GoID=1 Running->Runnable "
     "Reason=\"runtime.Gosched\""},
    {0, 99, "M=70 P=0 G=1 StateTransition Time=1270 GoID=1 Runnable->Running Reason=\"\""},
    {8, 99, "M=70 P=0 G=1 Label Time=1271 Label=\"one\" Resource=Goroutine(1)"},
    {0, 99, "M=70 P=0 G=1 StateTransition Time=1280 GoID=1 Running->Syscall Reason=\"\""},
    {0, 99, "M=70 P=0 G=2 StateTransition Time=1300 GoID=2 Runnable->Running Reason=\"\""},
    {0, 99, "M=70 P=0 G=2 StateTransition Time=1310 GoID=1 Waiting->Runnable Reason=\"\""},
    {0, 99,
     "M=70 P=0 G=2 StateTransition Time=1320 GoID=2 Running->Waiting "
     "Reason=\"network\""},
    {0, 99, "M=70 P=0 G=-1 StateTransition Time=1330 ProcID=0 Running->Idle Reason=\"\""},
    {19, 99, "M=-1 P=0 G=1 StackSample Time=2990"},
    {0, 99,
     "M=-1 P=1000003 G=3 StateTransition Time=3980 GoID=3 Syscall->Runnable "
     "Reason=\"\""},
    {0, 99,
     "M=71 P=1 G=-1 StateTransition Time=3990 ProcID=1 Undetermined->Running "
     "Reason=\"\""},
    {0, 99, "M=71 P=1 G=6 StateTransition Time=4000 GoID=6 Runnable->Running Reason=\"\""},
    {0, 99,
     "M=-1 P=1000002 G=6 StateTransition Time=4010 GoID=2 Waiting->Runnable "
     "Reason=\"\""},
    {0, 99,
     "M=71 P=1 G=6 StateTransition Time=4030 GoID=6 Running->Waiting "
     "Reason=\"forever\""},
    {0, 99, "M=71 P=1 G=-1 StateTransition Time=4040 ProcID=1 Running->Idle Reason=\"\""},
    {0, 99, "M=72 P=1 G=-1 StateTransition Time=4050 ProcID=1 Idle->Running Reason=\"\""},
    {0, 99, "M=72 P=1 G=2 StateTransition Time=4060 GoID=2 Runnable->Running Reason=\"\""},
    {0, 99, "M=72 P=1 G=2 StateTransition Time=4070 GoID=2 Running->NotExist Reason=\"\""},
    {0, 99, "M=-1 P=-1 G=-1 Sync Time=4071 N=2"},
};

static const char *first_line(const tr_event *event)
{
    static char text[4096];
    tr_event_text(event, text, sizeof text);
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static void check_frame(tr_stack stack, uint64_t pc, const char *func, const char *file,
                        uint64_t line)
{
    tr_frame frame;
    ck_assert_uint_eq(tr_stack_frame_count(stack), 1);
    ck_assert_int_eq(tr_stack_frame(stack, 0, &frame), TR_OK);
    ck_assert_uint_eq(frame.pc, pc);
    ck_assert(tr_str_equal(frame.func, func) && tr_str_equal(frame.file, file));
    ck_assert_uint_eq(frame.line, line);
}

static void check_stacks(unsigned version)
{
    if (ev->kind != TR_KIND_STATE_TRANSITION || ev->transition.from != TR_GO_NOT_EXIST)
        return;
    if (version >= 7) {
        check_frame(ev->stack, 0x10, "one", "two", 30);
        check_frame(ev->transition.stack, 0x20, "two", "one", 40);
    } else {
        check_frame(ev->stack, 0x10, "0x10", "", 0);
        check_frame(ev->transition.stack, 3, "0x3", "", 0); /* where it begins, and 1 */
    }
}

START_TEST(test_versions)
{
    unsigned version = old_versions[_i];
    old_write_all(&t, version);
    struct bytes trace = {t.data, t.size};
    for (enum way way = 0; way < WAY_COUNT; way++) {
        struct reading reading;
        reading_open(&reading, way, &trace);
        for (size_t i = 0; i < sizeof all_lines / sizeof *all_lines; i++) {
            if (version < all_lines[i].from || version > all_lines[i].until)
                continue;
            ck_assert_int_eq(reading_next(&reading, &ev), TR_OK);
            ck_assert_str_eq(first_line(ev), all_lines[i].text);
            ck_assert_uint_eq(ev->flags, 0);
            ck_assert_uint_eq(ev->generation, ev->kind == TR_KIND_SYNC && ev->sync.n == 2 ? 0 : 1);
            ck_assert_uint_le(ev->offset, t.size);
            check_stacks(version);
        }
        ck_assert_int_eq(reading_next(&reading, &ev), TR_END);
        ck_assert_uint_eq(tr_reader_version(reading.reader), version);
        ck_assert_uint_eq(tr_reader_bytes_read(reading.reader), t.size);
        ck_assert_uint_eq(tr_reader_generation_count(reading.reader), 1);
        reading_close(&reading);
    }
}
END_TEST

/* --- Records --- */

/* A batch, then one record with `count` numbers; what the reader of records makes of it. */
static tr_status read_record(unsigned version, unsigned type, size_t count, tr_wire *w,
                             const tr_wire_record **record)
{
    uint64_t numbers[10] = {1, 0, 3, 4, 5, 6, 7, 8, 9, 10};
    old_begin(&t, version);
    old_batch(&t, 0, 0, 0);
    old_record(&t, type, numbers, count);
    if (type == OLD_LOG)
        old_number(&t, 0);
    ck_assert_int_eq(tr_wire_open_memory(w, t.data, t.size), TR_OK);
    ck_assert_int_eq(tr_wire_next(w, record), TR_OK);
    ck_assert_str_eq((*record)->name, "Batch");
    return tr_wire_next(w, record);
}

static void check_record(unsigned version, unsigned type, size_t count)
{
    int args = old_arg_count(version, type);
    size_t time = version < 7 ? 2 : 1;
    const tr_wire_record *record;
    tr_wire *w = tr_wire_new();
    tr_status status = read_record(version, type, count, w, &record);
    if (args >= 0 && count == time + (size_t)args) {
        ck_assert_int_eq(status, TR_OK);
        ck_assert_int_eq(record->type, (int)type);
        ck_assert_uint_eq(record->arg_count, count);
        ck_assert_str_eq(record->arg_names[time - 1], "dt");
        for (size_t i = 0; i < count; i++)
            ck_assert_uint_eq(record->args[i], i ? i == 1 ? 0 : i + 1 : 1);
        ck_assert_int_eq(tr_wire_next(w, &record), TR_END);
    } else {
        ck_assert_msg(status == TR_E_CORRUPT, "go 1.%u, type %u, %zu numbers: %s", version, type,
                      count, tr_status_name(status));
        ck_assert_uint_eq(tr_wire_error(w)->offset, version < 7 ? 20 : 19);
        ck_assert_int_eq(tr_wire_error(w)->event_type, (int)type);
        refused(TR_E_CORRUPT, version < 7 ? 20 : 19);
    }
    tr_wire_free(w);
}

START_TEST(test_records)
{
    unsigned version = old_versions[_i];
    for (unsigned type = 0; type < 64; type++) {
        if (type == OLD_BATCH || type == OLD_FREQUENCY || type == OLD_STACK ||
            type == OLD_TIMER_GOROUTINE || (type == OLD_STRING && version >= 7))
            continue;
        for (size_t count = 1; count < 8; count++)
            check_record(version, type, count);
    }
}
END_TEST

static void check_text(tr_wire *w, const char *want)
{
    const tr_wire_record *record;
    char text[200];
    ck_assert_int_eq(tr_wire_next(w, &record), TR_OK);
    tr_wire_text(record, text, sizeof text);
    ck_assert_str_eq(text, want);
}

/* Those that are no events, and the texts of some that are. */
START_TEST(test_wire)
{
    bool seq = _i != 0;
    tr_wire *w = tr_wire_new();
    old_begin(&t, seq ? 21 : 5);
    old_batch(&t, 3, 7, 1000);
    old_event(&t, OLD_GO_CREATE, 5, 1, 2, 3);
    old_stack(&t, 1, 16, 2, 3, 40);
    old_frequency(&t, 99);
    old_record(&t, OLD_TIMER_GOROUTINE, (uint64_t[]){8, 0}, seq ? 1 : 2);
    if (seq) {
        old_string(&t, 5, "a \"text\"");
        old_log(&t, 1, 2, 3, 4, "said");
        old_log(&t, 1, 2, 3, 4, "");
    }
    ck_assert_int_eq(tr_wire_open_memory(w, t.data, t.size), TR_OK);
    ck_assert_uint_eq(tr_wire_version(w), t.version);
    check_text(w, seq ? "Batch p=3 ticks=1000" : "Batch p=3 seq=7 ticks=1000");
    check_text(w, seq ? "GoCreate dt=5 new_g=1 new_stack=2 stack=3"
                      : "GoCreate dseq=1 dt=5 new_g=1 new_pc=2 stack=3");
    check_text(w, seq ? "Stack id=1 nframes=1\n\tpc=16 func=2 file=3 line=40"
                      : "Stack id=1 nframes=1\n\tpc=16 func=0 file=0 line=0");
    check_text(w, seq ? "Frequency freq=99" : "Frequency freq=99 unused=0");
    check_text(w, seq ? "TimerGoroutine g=8" : "TimerGoroutine g=8 unused=0");
    if (seq) {
        check_text(w, "String id=5\n\tdata=\"a \\\"text\\\"\"");
        check_text(w, "UserLog dt=1 task=2 key=3 stack=4\n\tdata=\"said\"");
        check_text(w, "UserLog dt=1 task=2 key=3 stack=4");
    }
    const tr_wire_record *record;
    ck_assert_int_eq(tr_wire_next(w, &record), TR_END);
    tr_wire_free(w);
}
END_TEST

/* --- Damage --- */

/* Cut anywhere, nothing comes out: the order of events is not known before the end. */
START_TEST(test_cut)
{
    old_write_all(&t, old_versions[_i]);
    size_t whole = t.size;
    for (t.size = 16; t.size < whole; t.size++) {
        tr_status status;
        uint8_t *exact = malloc(t.size);
        memcpy(exact, t.data, t.size);
        r = tr_reader_new();
        ck_assert_int_eq(tr_reader_open_memory(r, exact, t.size), TR_OK);
        ck_assert_uint_eq(read_all(&status), 0);
        ck_assert_msg(status == TR_E_TRUNCATED, "cut at %zu: %s, %s", t.size,
                      tr_status_name(status), tr_reader_error(r)->message);
        ck_assert_uint_le(tr_reader_error(r)->offset, t.size);
        tr_reader_free(r);
        r = NULL;
        tr_wire *w = tr_wire_new();
        const tr_wire_record *record;
        ck_assert_int_eq(tr_wire_open_memory(w, exact, t.size), TR_OK);
        while ((status = tr_wire_next(w, &record)) == TR_OK)
            ;
        ck_assert(status == TR_E_TRUNCATED || status == TR_END);
        tr_wire_free(w);
        free(exact);
    }
}
END_TEST

/* Strings and stacks that are not there are empty, where the reference cannot go on. */
START_TEST(test_unresolved)
{
    static const tr_kind kinds[] = {TR_KIND_TASK_BEGIN, TR_KIND_REGION_BEGIN, TR_KIND_LOG,
                                    TR_KIND_LABEL, TR_KIND_STATE_TRANSITION};
    unsigned seen = 0;
    old_begin_running(&t, 21);
    old_event(&t, OLD_TASK_CREATE, 10, 1, 0, 5000, 0);
    old_event(&t, OLD_REGION, 10, 1, 0, 5001, 77); /* this stack counts as none */
    old_log(&t, 10, 1, 5002, 0, "message");
    old_event(&t, OLD_GO_CREATE, 10, 2, 99, 0);
    old_event(&t, OLD_GO_SCHED, 10, 0);
    old_event(&t, OLD_GO_START_LABEL, 10, 1, 2, 5003);
    old_event(&t, OLD_STACK, 5, 1, 16, 6000, 6001, 3); /* id 5, one frame */
    old_event(&t, OLD_GO_BLOCK, 10, 5);
    old_frequency(&t, 1000000000);
    open_trace();
    while (tr_reader_next(r, &ev) == TR_OK) {
        if (ev->flags) {
            ck_assert_uint_eq(ev->flags, TR_EV_UNRESOLVED);
            for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
                seen |= (unsigned)(ev->kind == kinds[i]) << i;
        }
        if (ev->kind == TR_KIND_TASK_BEGIN)
            ck_assert_uint_eq(ev->task.type.len, 0);
        if (ev->kind == TR_KIND_REGION_BEGIN)
            ck_assert(!tr_stack_present(ev->stack) && ev->region.type.len == 0);
        if (ev->kind == TR_KIND_LOG)
            ck_assert(ev->log.category.len == 0 && tr_str_equal(ev->log.message, "message"));
        if (ev->kind == TR_KIND_LABEL)
            ck_assert_uint_eq(ev->label.label.len, 0);
        if (ev->kind == TR_KIND_STATE_TRANSITION && ev->transition.from == TR_GO_NOT_EXIST)
            ck_assert(tr_stack_present(ev->transition.stack) &&
                      tr_stack_frame_count(ev->transition.stack) == 0);
        if (ev->kind == TR_KIND_STATE_TRANSITION && ev->transition.to == TR_GO_WAITING)
            check_frame(ev->stack, 16, "", "", 3);
    }
    ck_assert_int_eq(tr_reader_error(r)->code, TR_OK);
    ck_assert_uint_eq(seen, 31);
}
END_TEST

/* What the reference refuses, each behind a beginning that is right. */
static void write_wrong(int which)
{
    uint64_t zero = 0;
    old_begin_running(&t, 21);
    switch (which) {
    case 0:
        old_event(&t, OLD_REGION, 0, 1, 2, 1, 0);
        break;
    case 1:
        old_string(&t, 0, "no id");
        break;
    case 2:
        old_string(&t, 1, "");
        break;
    case 3:
        old_record(&t, OLD_FREQUENCY, &zero, 1);
        break;
    case 4:
        old_event(&t, OLD_GO_CREATE, 0, 1, 0, 0);
        break;
    case 5: /* another goroutine than runs */
        old_event(&t, OLD_GO_START, 0, 5, 1);
        break;
    case 6:
        old_event(&t, OLD_PROC_START, 0, 3);
        break;
    case 7:
        old_plain(&t, OLD_GC_DONE, 0);
        break;
    case 8:
        old_plain(&t, OLD_STW_DONE, 0);
        break;
    case 9:
        old_event(&t, OLD_SWEEP_DONE, 0, 1, 2);
        break;
    case 10:
        old_plain(&t, OLD_PROC_STOP, 0); /* with a goroutine */
        break;
    case 11: /* of a goroutine that is in no call */
        old_event(&t, OLD_GO_SYS_EXIT, 0, 1, 2, 5);
        break;
    case 12:
        old_batch(&t, UINT64_C(1) << 31, 0, 0);
        break;
    case 13:
        old_event_of(&t, OLD_STACK, 1, (uint64_t[]){1001}, 1);
        break;
    default: /* the clock goes back */
        old_event(&t, OLD_HEAP_ALLOC, UINT64_MAX - 50, 1);
    }
    if (which != 3)
        old_frequency(&t, 1000000000);
}

START_TEST(test_wrong)
{
    static const tr_status codes[] = {TR_E_CORRUPT, TR_E_CORRUPT, TR_E_CORRUPT, TR_E_ORDER,
                                      TR_E_ORDER,   TR_E_ORDER,   TR_E_ORDER,   TR_E_ORDER,
                                      TR_E_ORDER,   TR_E_ORDER,   TR_E_ORDER,   TR_E_ORDER,
                                      TR_E_CORRUPT, TR_E_CORRUPT, TR_E_ORDER};
    old_begin_running(&t, 21);
    size_t offset = t.size;
    write_wrong(_i);
    refused(codes[_i], offset);
}
END_TEST

enum { WRONG_COUNT = 15 };

/* A goroutine that is created while another proc waits for it, or creates it too. */
START_TEST(test_awaited)
{
    tr_status status;
    old_begin(&t, 21);
    old_batch(&t, 0, 0, 100);
    old_event(&t, OLD_GO_CREATE, 0, 2, 0, 0);
    old_event(&t, OLD_GOMAXPROCS, 10, 4, 0);
    old_batch(&t, 1, 0, 200);
    size_t offset = t.size;
    if (_i == 0)
        old_event(&t, OLD_GO_START, 0, 2, 1);
    else
        old_event(&t, OLD_GO_CREATE, 0, 2, 0, 0);
    old_frequency(&t, 1000000000);
    if (_i == 0) {
        open_trace();
        ck_assert_uint_gt(read_all(&status), 0);
        ck_assert_int_eq(status, TR_END);
    } else {
        refused(TR_E_ORDER, offset);
        ck_assert_ptr_nonnull(strstr(tr_reader_error(r)->message, "impossible state transition"));
    }
}
END_TEST

/* What waits for a state that has passed, or passed without it, waits for ever. */
START_TEST(test_too_late)
{
    old_begin_running(&t, 21);
    old_event(&t, OLD_GO_SCHED, 10, 0);
    if (_i == 1) {
        old_event(&t, OLD_GC_START, 10, 0, 0);
        old_plain(&t, OLD_GC_DONE, 10);
    }
    old_batch(&t, 0, 0, 200); /* so that the goroutine is known when this is read */
    size_t offset = t.size;
    if (_i == 0)
        old_event(&t, OLD_GO_WAITING, 10, 1);
    else
        old_event(&t, OLD_GC_START, 10, 0, 0);
    old_frequency(&t, 1000000000);
    refused(TR_E_ORDER, offset);
    ck_assert_ptr_nonnull(strstr(tr_reader_error(r)->message, "no consistent ordering"));
}
END_TEST

/* A return from a system call that is told late goes back to before what else woke its goroutine,
 * which then finds it runnable, or running. */
START_TEST(test_late_exit)
{
    old_begin_running(&t, 21);
    old_event(&t, OLD_GO_CREATE, 0, 2, 0, 0);
    old_plain(&t, OLD_GO_SYS_BLOCK, 10); /* at 140 */
    old_event(&t, OLD_GO_START, 10, 2, 1);
    size_t woken = t.size;
    old_event(&t, OLD_GO_UNBLOCK, 10, 1, 2, 0); /* at 160 */
    old_event(&t, OLD_GO_BLOCK, 1, 0);
    old_event(&t, OLD_GO_START, 10, 1, 3);
    old_event(&t, OLD_GO_BLOCK, 10, 0); /* at 181 */
    size_t exit = t.size;
    old_event(&t, OLD_GO_SYS_EXIT, 10, 1, 4, _i == 0 ? 145 : _i == 1 ? 175 : 185);
    old_frequency(&t, 1000000000);
    tr_status status = TR_END;
    if (_i < 2) {
        refused(TR_E_ORDER, _i == 0 ? woken : exit);
    } else {
        open_trace();
        read_all(&status);
    }
    ck_assert_int_eq(status, TR_END);
}
END_TEST

/* Before Go 1.11 a timer that wakes whom the network blocked did it: so Go 1.21's parser. */
START_TEST(test_woken_by_timer)
{
    const unsigned version = old_versions[_i], seqs = version >= 7;
    int64_t proc = 0;
    old_begin_running(&t, version);
    old_event(&t, OLD_GO_CREATE, 0, 2, 0, 0);
    old_event(&t, OLD_GO_BLOCK_NET, 10, 0);
    old_event_of(&t, OLD_GO_START, 10, (uint64_t[]){2, 1}, 1 + seqs);
    old_event_of(&t, OLD_GO_UNBLOCK, 10, (uint64_t[]){1, 2 * seqs, 0}, 2 + seqs);
    old_record(&t, OLD_TIMER_GOROUTINE, (uint64_t[]){2, 0}, 2 - seqs);
    old_frequency(&t, 1000000000);
    open_trace();
    while (tr_reader_next(r, &ev) == TR_OK)
        if (ev->kind == TR_KIND_STATE_TRANSITION && ev->transition.from == TR_GO_WAITING &&
            ev->transition.to == TR_GO_RUNNABLE)
            proc = ev->proc;
    ck_assert_int_eq(proc, version < 11 ? 1000001 : 1000002);
}
END_TEST

START_TEST(test_before_first_batch)
{
    old_begin(&t, 21);
    old_plain(&t, OLD_GO_END, 0);
    refused(TR_E_CORRUPT, 16);
    /* The reference does not look at strings there: an id of 0 is none of its business. */
    old_begin(&t, 21);
    old_string(&t, 0, "");
    old_batch(&t, 0, 0, 0);
    old_frequency(&t, 1);
    open_trace();
    ck_assert_int_eq(tr_reader_next(r, &ev), TR_OK);
    ck_assert_int_eq(ev->kind, TR_KIND_SYNC);
    ck_assert_int_eq(ev->time_ns, 0);
    ck_assert_int_eq(tr_reader_next(r, &ev), TR_END);
}
END_TEST

/* --- What versions before Go 1.11 have --- */

START_TEST(test_futile)
{
    unsigned version = old_versions[_i];
    tr_status status;
    unsigned blocks = 0;
    old_write_futile(&t, version);
    open_trace();
    while ((status = tr_reader_next(r, &ev)) == TR_OK)
        blocks += ev->kind == TR_KIND_STATE_TRANSITION && ev->transition.to == TR_GO_WAITING;
    ck_assert_uint_eq(blocks, 1);
    if (version < 11) {
        ck_assert_int_eq(status, TR_END);
        return;
    }
    /* The reference does not know what to do with it, after what comes before. */
    ck_assert_int_eq(status, TR_E_CORRUPT);
    ck_assert_int_eq(tr_reader_error(r)->event_type, OLD_FUTILE_WAKEUP);
    ck_assert_int_eq(tr_reader_next(r, &ev), TR_E_CORRUPT);
}
END_TEST

/* Each proc stops the world by itself before Go 1.10. (With header 5 such events would need
 * numbers that old_event does not give.) */
START_TEST(test_stops)
{
    unsigned version = old_versions[_i];
    tr_status status;
    old_begin(&t, version);
    for (unsigned p = 0; p < 2; p++) {
        old_batch(&t, p, 10 * p, 100);
        old_event_of(&t, OLD_STW_START, p, (uint64_t[]){0}, version < 10 ? 0 : 1);
        old_plain(&t, OLD_STW_DONE, 10);
    }
    old_frequency(&t, 1000000000);
    open_trace();
    uint64_t count = read_all(&status);
    if (version < 10) {
        ck_assert_uint_eq(count, 6);
        ck_assert_int_eq(status, TR_END);
    } else {
        ck_assert_int_eq(status, TR_E_ORDER);
    }
}
END_TEST

/* --- Much of it --- */

START_TEST(test_many_created)
{
    enum { MANY = 200000 };
    old_begin(&t, 21);
    old_batch(&t, 0, 0, 0);
    for (uint64_t g = MANY; g > 0; g--)
        old_event(&t, OLD_GO_CREATE, 1, g, 0, 0);
    old_event(&t, OLD_GOMAXPROCS, 1, 4, 0);
    old_frequency(&t, 1000000000);
    open_trace();
    ck_assert_int_eq(tr_reader_next(r, &ev), TR_OK);
    for (int64_t g = 1; g <= MANY; g++) {
        ck_assert_int_eq(tr_reader_next(r, &ev), TR_OK);
        ck_assert_int_eq(ev->transition.id, g);
        ck_assert_int_eq(ev->transition.to, TR_GO_RUNNABLE);
    }
    ck_assert_int_eq(tr_reader_next(r, &ev), TR_OK);
    ck_assert_int_eq(ev->kind, TR_KIND_SYNC);
}
END_TEST

/* System calls in goroutines of which nothing else is seen. */
START_TEST(test_many_calls)
{
    enum { MANY = 20000 };
    tr_status status;
    old_begin(&t, 21);
    old_batch(&t, 0, 0, 0);
    old_event(&t, OLD_GOMAXPROCS, 1, 4, 0);
    for (uint64_t g = 1; g <= MANY; g++) {
        old_event(&t, OLD_GO_CREATE, 1, g, 0, 0);
        old_event(&t, OLD_GO_START, 1, g, 1);
        old_event(&t, OLD_GO_SYS_CALL, 1, 0);
        old_plain(&t, g % 2 ? OLD_GO_SYS_BLOCK : OLD_GO_END, 1);
    }
    old_frequency(&t, 1000000000);
    open_trace();
    ck_assert_uint_eq(read_all(&status), 2 + MANY / 2 * (3 + 5));
    ck_assert_int_eq(status, TR_END);
}
END_TEST

/* Procs that wait for each other: the last in the file comes first. */
START_TEST(test_many_procs)
{
    enum { MANY = 5000 };
    tr_status status;
    int64_t p = MANY;
    old_begin(&t, 21);
    for (uint64_t i = 1; i <= MANY; i++) {
        old_batch(&t, i, 0, 10);
        if (i == MANY)
            old_event(&t, OLD_GOMAXPROCS, 0, 4, 0);
        if (i == MANY)
            old_event(&t, OLD_GO_CREATE, 0, 1, 0, 0);
        old_event(&t, OLD_GO_START, 0, 1, MANY + 1 - i);
        old_event(&t, OLD_GO_SCHED, 0, 0);
    }
    old_frequency(&t, 1000000000);
    open_trace();
    while ((status = tr_reader_next(r, &ev)) == TR_OK)
        if (ev->kind == TR_KIND_STATE_TRANSITION && ev->transition.to == TR_GO_RUNNING)
            ck_assert_int_eq(ev->proc, p--);
    ck_assert_int_eq(status, TR_END);
    ck_assert_int_eq(p, 0);
}
END_TEST

/* --- Limits --- */

START_TEST(test_limits)
{
    static const struct {
        tr_option option;
        uint64_t too_small, enough;
    } limits[] = {
        {TR_OPT_MAX_THREADS, 1, 2},
        {TR_OPT_MAX_GOROUTINES, 3, 5},
        {TR_OPT_MAX_STACKS, 1, 2},
        {TR_OPT_MAX_TABLE_BYTES, 20, 100},
        {TR_OPT_MAX_GENERATION_BYTES, 1, 1 << 10},
        {TR_OPT_MAX_MEMORY_BYTES, 30000, 1 << 20},
    };
    tr_status status;
    old_write_all(&t, 21);
    for (int enough = 0; enough < 2; enough++) {
        r = tr_reader_new();
        ck_assert_int_eq(tr_reader_set_u64(r, limits[_i].option,
                                           enough ? limits[_i].enough : limits[_i].too_small),
                         TR_OK);
        ck_assert_int_eq(tr_reader_open_memory(r, t.data, t.size), TR_OK);
        uint64_t count = read_all(&status);
        ck_assert_msg(status == (enough ? TR_END : TR_E_LIMIT), "%d: %s", _i,
                      tr_reader_error(r)->message);
        ck_assert_int_eq(count != 0, enough);
        tr_reader_free(r);
        r = NULL;
    }
}
END_TEST

enum { LIMIT_COUNT = 6 };

static int stop_at(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    (void)done_bytes;
    (void)total_bytes;
    return --*(int *)user == 0;
}

/* It is asked while the trace is taken up too. */
START_TEST(test_canceled)
{
    tr_status status;
    int asked = 3;
    old_begin(&t, 21);
    old_batch(&t, 0, 0, 0);
    for (unsigned i = 0; i < 1 << 20; i++)
        old_event(&t, OLD_HEAP_ALLOC, 1, 1);
    old_frequency(&t, 1000000000);
    r = tr_reader_new();
    ck_assert_int_eq(tr_reader_set_progress(r, stop_at, &asked), TR_OK);
    ck_assert_int_eq(tr_reader_open_memory(r, t.data, t.size), TR_OK);
    ck_assert_uint_eq(read_all(&status), 0);
    ck_assert_int_eq(status, TR_E_CANCELED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("v1/old");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, test_versions, 0, OLD_VERSION_COUNT);
    tcase_add_loop_test(all, test_records, 0, OLD_VERSION_COUNT);
    tcase_add_loop_test(all, test_wire, 0, 2);
    tcase_add_loop_test(all, test_cut, 0, OLD_VERSION_COUNT);
    tcase_add_test(all, test_unresolved);
    tcase_add_loop_test(all, test_wrong, 0, WRONG_COUNT);
    tcase_add_loop_test(all, test_awaited, 0, 2);
    tcase_add_loop_test(all, test_too_late, 0, 2);
    tcase_add_loop_test(all, test_late_exit, 0, 3);
    tcase_add_loop_test(all, test_woken_by_timer, 0, OLD_VERSION_COUNT);
    tcase_add_test(all, test_before_first_batch);
    tcase_add_loop_test(all, test_futile, 0, OLD_VERSION_COUNT);
    tcase_add_loop_test(all, test_stops, 1, OLD_VERSION_COUNT);
    tcase_add_test(all, test_many_created);
    tcase_add_test(all, test_many_calls);
    tcase_add_test(all, test_many_procs);
    tcase_add_loop_test(all, test_limits, 0, LIMIT_COUNT);
    tcase_add_test(all, test_canceled);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
