/* Salvage of traces by hand: what is known of records without a clock, without tables, without
 * what came before; where batches begin behind damage; what ends reading all the same. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outcome.h"
#include "tabletext.h"
#include "textform.h"

static struct bytes convert(const char *text)
{
    struct textform t = {0};
    require(textform_convert(&t, text, strlen(text)), "line %u: %s", t.line, t.error);
    return (struct bytes){t.data, t.size};
}

/* The events of a text, in order, but for Sync. Returns how many there are. */
static size_t events_of(const char *text, tr_event *events, size_t most, struct outcome *out)
{
    struct bytes trace = convert(text);
    struct reading r;
    const tr_event *ev;
    size_t count = 0;
    *out = (struct outcome){0};
    reading_open_salvaging(&r, WAY_MEMORY, &trace);
    while ((out->status = reading_next(&r, &ev)) == TR_OK)
        if (ev->kind != TR_KIND_SYNC && count < most)
            events[count++] = *ev;
    out->error = *tr_reader_error(r.reader);
    tr_reader_salvage(r.reader, &out->salvage);
    reading_close(&r);
    free(trace.data);
    return count;
}

#define RUN                                      \
    "EventBatch gen=1 m=1 time=1000 size=auto\n" \
    "ProcStatus dt=1 p=0 pstatus=1\n"            \
    "GoStatus dt=1 g=1 m=1 gstatus=2\n"
#define CLOCK22                                \
    "EventBatch gen=1 m=-1 time=0 size=auto\n" \
    "Frequency freq=500000000\n"

#define STRINGS                                \
    "EventBatch gen=1 m=-1 time=0 size=auto\n" \
    "Strings\nString id=1\n\tdata=\"outer\"\n" \
    "String id=2\n\tdata=\"inner\"\nString id=3\n\tdata=\"third\"\n"
#define BEGIN(name) "UserRegionBegin dt=1 task=0 name_string=" name " stack=0\n"
#define END(name) "UserRegionEnd dt=1 task=0 name_string=" name " stack=0\n"

START_TEST(test_time)
{
    tr_event ev[8];
    struct outcome out;
    /* No frequency at all: ticks. */
    ck_assert_uint_eq(events_of("Trace Go1.22\n" RUN, ev, 8, &out), 2);
    ck_assert_int_eq(out.status, TR_E_TRUNCATED);
    ck_assert_int_eq(ev[0].time_ns, 1001);
    ck_assert_uint_eq(ev[1].flags, TR_EV_RAW_TIME);
    ck_assert_uint_eq(out.salvage.raw_time, 3); /* the Sync too */
    /* That of the generation before, and of the one behind. */
    ck_assert_uint_eq(events_of("Trace Go1.22\n" RUN CLOCK22
                                "EventBatch gen=2 m=1 time=2000 size=auto\n"
                                "ProcStatus dt=1 p=0 pstatus=1\n",
                                ev, 8, &out),
                      3);
    ck_assert_int_eq(out.status, TR_E_TRUNCATED);
    ck_assert_int_eq(ev[0].time_ns, 2002);
    ck_assert_int_eq(ev[2].time_ns, 4002);
    ck_assert_uint_eq(out.salvage.raw_time, 0);
    ck_assert_uint_eq(events_of("Trace Go1.22\n" RUN "EventBatch gen=2 m=-1 time=2000 size=auto\n"
                                "Frequency freq=500000000\n",
                                ev, 8, &out),
                      2);
    ck_assert_int_eq(ev[0].time_ns, 2002);
    ck_assert_int_lt(out.status, 0);
    ck_assert_uint_eq(out.salvage.raw_time, 0);
}
END_TEST

START_TEST(test_relaxed)
{
    tr_event ev[8];
    struct outcome out;
    /* Goroutine 7 is not known; 1 was known to run, so it cannot be unblocked. */
    ck_assert_uint_eq(events_of("Trace Go1.22\n" RUN "GoBlock dt=1 reason_string=0 stack=0\n"
                                "GoStart dt=1 g=7 g_seq=3\n"
                                "GoBlock dt=1 reason_string=0 stack=0\n"
                                "GoStart dt=1 g=1 g_seq=1\n" CLOCK22,
                                ev, 8, &out),
                      6);
    ck_assert_int_eq(out.status, TR_E_ORDER);
    ck_assert_uint_eq(out.salvage.relaxed, 2);
    ck_assert_uint_eq(ev[2].flags, 0);
    ck_assert_uint_eq(ev[3].flags, TR_EV_RELAXED);
    ck_assert_int_eq(ev[3].transition.from, TR_GO_UNDETERMINED);
    ck_assert_int_eq(ev[3].transition.to, TR_GO_RUNNING);
    ck_assert_int_eq(ev[3].transition.id, 7);
    ck_assert_uint_eq(ev[4].flags, 0);
    ck_assert_int_eq(ev[4].goroutine, 7);
    ck_assert_int_eq(ev[4].transition.from, TR_GO_RUNNING);
    ck_assert_uint_eq(ev[5].flags, TR_EV_RELAXED);
    ck_assert_int_eq(ev[5].transition.from, TR_GO_WAITING);
    /* Nothing is known of the thread: what runs there has no number. */
    ck_assert_uint_eq(events_of("Trace Go1.22\nEventBatch gen=1 m=5 time=1000 size=auto\n"
                                "GoBlock dt=1 reason_string=0 stack=0\n" CLOCK22,
                                ev, 8, &out),
                      1);
    ck_assert_int_eq(ev[0].transition.id, TR_NONE);
    ck_assert_int_eq(ev[0].transition.from, TR_GO_RUNNING);
    ck_assert_int_eq(ev[0].thread, 5);
    /* The end of a region closes those inside it, no more; one that is not open closes all. */
    ck_assert_uint_eq(events_of("Trace Go1.22\n" CLOCK22 STRINGS RUN BEGIN("1") BEGIN("2")
                                    BEGIN("3") END("2") END("2") END("1"),
                                ev, 8, &out),
                      8);
    ck_assert_uint_eq(out.salvage.relaxed, 2);
    ck_assert_int_eq(out.status, TR_E_ORDER);
    ck_assert_uint_eq(out.error.offset, ev[5].offset);
    ck_assert_uint_eq(ev[5].flags, TR_EV_RELAXED);
    ck_assert_uint_eq(ev[6].flags, TR_EV_RELAXED);
    ck_assert_uint_eq(ev[7].flags, 0);
}
END_TEST

/* Each type of record comes out of a trace that begins with it, and twice. */
START_TEST(test_any_record)
{
    static const char *const records[] = {
        "ProcsChange dt=1 procs_value=1 stack=9",
        "ProcStart dt=1 p=1 p_seq=4",
        "ProcStop dt=1",
        "ProcSteal dt=1 p=1 p_seq=4 m=2",
        "ProcStatus dt=1 p=1 pstatus=9",
        "GoCreate dt=1 new_g=3 new_stack=9 stack=9",
        "GoCreateSyscall dt=1 new_g=3",
        "GoStart dt=1 g=3 g_seq=9",
        "GoDestroy dt=1",
        "GoDestroySyscall dt=1",
        "GoStop dt=1 reason_string=9 stack=9",
        "GoBlock dt=1 reason_string=9 stack=9",
        "GoUnblock dt=1 g=3 g_seq=9 stack=9",
        "GoSyscallBegin dt=1 p_seq=9 stack=9",
        "GoSyscallEnd dt=1",
        "GoSyscallEndBlocked dt=1",
        "GoStatus dt=1 g=3 m=-1 gstatus=3",
        "GoStatus dt=1 g=3 m=2 gstatus=7",
        "STWBegin dt=1 kind_string=9 stack=9",
        "STWEnd dt=1",
        "GCActive dt=1 gc_seq=7",
        "GCBegin dt=1 gc_seq=7 stack=9",
        "GCEnd dt=1 gc_seq=7",
        "GCSweepActive dt=1 p=4",
        "GCSweepBegin dt=1 stack=9",
        "GCSweepEnd dt=1 swept_value=1 reclaimed_value=2",
        "GCMarkAssistActive dt=1 g=4",
        "GCMarkAssistBegin dt=1 stack=9",
        "GCMarkAssistEnd dt=1",
        "HeapAlloc dt=1 heapalloc_value=1",
        "HeapGoal dt=1 heapgoal_value=1",
        "GoLabel dt=1 label_string=9",
        "UserTaskBegin dt=1 task=1 parent_task=0 name_string=9 stack=9",
        "UserTaskEnd dt=1 task=1 stack=9",
        "UserRegionBegin dt=1 task=1 name_string=9 stack=9",
        "UserRegionEnd dt=1 task=1 name_string=9 stack=9",
        "UserLog dt=1 task=1 key_string=9 value_string=9 stack=9",
        "GoSwitch dt=1 g=3 g_seq=9",
        "GoSwitchDestroy dt=1 g=3 g_seq=9",
        "GoCreateBlocked dt=1 new_g=3 new_stack=9 stack=9",
        "GoStatusStack dt=1 g=3 m=2 gstatus=2 stack=9",
        "SpanAlloc dt=1 id=1 npages_value=2 kindclass=3",
    };
    static const char form[] = "Trace Go1.25\nEventBatch gen=1 m=%d time=9 size=auto\n%s\n%s\n%s\n";
    enum { COUNT = sizeof records / sizeof *records, EVENTS = 24 };
    tr_event ev[EVENTS];
    struct outcome out;
    char text[512];
    for (int thread = -1; thread < 2; thread++) {
        for (int i = 0; i < COUNT * COUNT; i++) {
            snprintf(text, sizeof text, form, thread, records[i % COUNT], records[i / COUNT],
                     records[i % COUNT]);
            size_t n = events_of(text, ev, EVENTS, &out);
            uint64_t places[EVENTS] = {0};
            size_t distinct = 0;
            for (size_t k = 0; k < n; k++)
                if (k == 0 || ev[k].offset != ev[k - 1].offset)
                    places[distinct++] = ev[k].offset;
            require(distinct == 3 && places[0] < places[1] && places[1] < places[2],
                    "not three records' events: %s", text);
            ck_assert_uint_eq(out.salvage.lost_bytes, 0);
            ck_assert_int_lt(out.status, 0);
        }
    }
}
END_TEST

/* What blocked, if nobody knows why, is one row. */
START_TEST(test_unresolved)
{
    struct bytes trace = convert("Trace Go1.22\n" RUN "GoBlock dt=1 reason_string=4 stack=5\n");
    static const tr_blocking_by by[] = {TR_BLOCKING_BY_REASON, TR_BLOCKING_BY_FUNCTION};
    for (int i = 0; i < 2; i++) {
        tr_blocking *b = tr_blocking_new(by[i]);
        struct reading r;
        tr_salvage s;
        reading_open_salvaging(&r, WAY_MEMORY, &trace);
        ck_assert_int_lt(tr_blocking_read(b, r.reader, 0), 0);
        ck_assert_int_eq(tr_blocking_finish(b), TR_OK);
        ck_assert_uint_eq(tr_blocking_row_count(b), 1);
        tr_str key = tr_blocking_row_at(b, 0)->key;
        ck_assert_uint_eq(key.len, strlen("(unresolved)"));
        ck_assert_mem_eq(key.ptr, "(unresolved)", key.len);
        tr_reader_salvage(r.reader, &s);
        ck_assert_uint_eq(s.unresolved_strings, 1);
        ck_assert_uint_eq(s.unresolved_stacks, 1);
        tr_blocking_free(b);
        reading_close(&r);
    }
    free(trace.data);
}
END_TEST

/* Framing: a size that lies either way, a number of generation that is damaged, bytes that
 * belong to nothing, a generation of which nothing is left. */
START_TEST(test_framing)
{
    static const char *const rest =
        "EventBatch gen=1 m=1 time=1010 size=auto\nHeapAlloc dt=1 heapalloc_value=1\n" CLOCK22;
    static const struct {
        const char *batch;
        size_t events;
        uint64_t lost_bytes, lost_generations;
    } cases[] = {
        {"EventBatch gen=1 m=1 time=1000 size=4\nProcStatus dt=1 p=0 pstatus=1\n"
         "HeapAlloc dt=1 heapalloc_value=1\n",
         3, 0, 0},
        {"EventBatch gen=1 m=1 time=1000 size=30\nProcStatus dt=1 p=0 pstatus=1\n"
         "HeapAlloc dt=1 heapalloc_value=1\n",
         3, 0, 0},
        {RUN "EndBatch\nBytes 00 00 ff 01 01\n", 3, 5, 0},
        {RUN "EventBatch gen=900 m=1 time=1005 size=auto\nHeapAlloc dt=1 heapalloc_value=1\n"
             "EventBatch gen=1 m=1 time=1006 size=auto\nHeapAlloc dt=1 heapalloc_value=1\n",
         5, 0, 0},
        /* What looks like a head in what is left of a batch does not lead astray. */
        {RUN "EndBatch\nBytes 00 01 75 01 01 21\n"
             "Bytes 25 01 01 25 01 01 25 01 01 25 01 01 25 01 01 25 01 01 25 01 01 25 01 01\n"
             "Bytes 25 01 01 25 01 01 25 01 01 00\n"
             "EventBatch gen=1 m=1 time=1006 size=auto\nHeapAlloc dt=1 heapalloc_value=1\n",
         4, 40, 0},
    };
    tr_event ev[8];
    struct outcome out;
    char text[1024];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(text, sizeof text, "Trace Go1.22\n%s%s", cases[i].batch, rest);
        size_t n = events_of(text, ev, 8, &out);
        require(n == cases[i].events && out.salvage.lost_bytes == cases[i].lost_bytes,
                "case %zu: %zu events, %" PRIu64 " bytes lost", i, n, out.salvage.lost_bytes);
        ck_assert_int_eq(out.status, TR_E_CORRUPT);
        ck_assert_uint_eq(ev[0].generation, ev[n - 1].generation);
    }
    snprintf(text, sizeof text,
             "Trace Go1.22\n" RUN CLOCK22 "EventBatch gen=4 m=1 time=2000 size=auto\n"
             "HeapAlloc dt=1 heapalloc_value=1\n"
             "EventBatch gen=4 m=-1 time=2000 size=auto\nFrequency freq=500000000\n");
    ck_assert_uint_eq(events_of(text, ev, 8, &out), 3);
    ck_assert_uint_eq(out.salvage.lost_generations, 2);
    ck_assert_uint_eq(ev[2].generation, 4);
}
END_TEST

/* Where batches begin and end, in whole traces; each read as a stream too, byte by byte. */
START_TEST(test_begins)
{
#define ALLOC "HeapAlloc dt=1 heapalloc_value=1\n"
#define MARKED(number)                                                         \
    "EventBatch gen=" number " m=-1 time=0 size=auto\n"                        \
    "Sync\nFrequency freq=500000000\nClockSnapshot dt=1 mono=2 sec=3 nsec=4\n" \
    "EventBatch gen=" number " m=1 time=1000 size=auto\n"                      \
    "ProcStatus dt=1 p=0 pstatus=1\n"
    static const struct {
        const char *text;
        size_t events;
        uint64_t lost_bytes;
        const char *message; /* NULL: the error is that of reading without salvage */
    } cases[] = {
        /* The generation's last batch is behind the damage. */
        {"Trace Go1.22\n" CLOCK22 RUN "EndBatch\nBytes 00 00 ff\n"
         "EventBatch gen=1 m=1 time=1010 size=auto\n" ALLOC
         "EventBatch gen=2 m=1 time=2000 size=auto\nProcStatus dt=1 p=0 pstatus=1\n"
         "EventBatch gen=2 m=-1 time=0 size=auto\nFrequency freq=500000000\n",
         4, 3, NULL},
        /* Its end is. */
        {"Trace Go1.26\n" MARKED("1") "EndBatch\nBytes 00 00 ff\nEndOfGeneration\n" MARKED("2")
             ALLOC "EndOfGeneration\n",
         3, 3, NULL},
        /* What looks like a head, and like some records, in the damage; behind it nothing does. */
        {"Trace Go1.22\n" CLOCK22 RUN "EndBatch\nBytes 00 01 01 01 01 21\n"
         "Bytes 25 01 01 25 01 01 ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff\n"
         "Bytes ff ff ff ff ff ff ff 00\nEventBatch gen=1 m=1 time=1010 size=auto\n" ALLOC,
         3, 40, NULL},
        /* The same, and the trace ends there. */
        {"Trace Go1.22\n" CLOCK22 RUN "EndBatch\nBytes 00 01 01 01 01 07 25 01 01 ff ff ff ff\n", 2,
         13, NULL},
        /* A batch of which but the type is damaged. */
        {"Trace Go1.22\n" CLOCK22 RUN "EndBatch\nBytes ee 01 01 ea 07 03 25 01 01\n"
         "EventBatch gen=1 m=1 time=1010 size=auto\n" ALLOC,
         4, 1, NULL},
        /* The first one, of a size in the runtime's form; and one whose padding is damaged. */
        {"Trace Go1.22\nBytes ee 01 01 e8 07 84 80 80 80 80 80 80 80 80 00 0d 01 00 01\n"
         "Bytes 01 01 01 ea 07 83 80 80 80 80 80 80 80 80 00 25 01 01\n"
         "Bytes 01 01 01 ec 07 83 80 80 80 80 ff 80 80 80 00 25 01 01\n"
         "Bytes 01 01 00 00 86 80 80 80 80 80 80 80 80 00 08 80 ca b5 ee 01\n",
         3, 2, NULL},
        /* In such a trace a head has that form. */
        {"Trace Go1.22\nBytes 01 01 01 e8 07 84 80 80 80 80 80 80 80 80 00 0d 01 00 01\n"
         "Bytes 00 00 01 01 07 e8 07 03 25 01 01 01 01 08 e8 07 03 25 01 01\n"
         "Bytes 01 01 01 ec 07 83 80 80 80 80 80 80 80 80 00 25 01 01\n"
         "Bytes 01 01 00 00 86 80 80 80 80 80 80 80 80 00 08 80 ca b5 ee 01\n",
         2, 20, NULL},
        /* A record that cannot be, where the batch ends by its size. */
        {"Trace Go1.22\n" CLOCK22 "EventBatch gen=1 m=1 time=1000 size=4\n"
         "ProcStatus dt=1 p=0 pstatus=1\nGoStart dt=1 g=7 g_seq=3\n"
         "EventBatch gen=1 m=1 time=1010 size=auto\n" ALLOC,
         3, 0, NULL},
        /* A size by which a table ends before a number, which is the trace's end without salvage. */
        {"Trace Go1.22\n" CLOCK22 "EventBatch gen=1 m=-1 time=0 size=2\n"
         "Strings\nString id=9\n\tdata=\"four\"\n" RUN "GoLabel dt=1 label_string=9\n",
         3, 0, "a table ends inside a record"},
        /* One batch has the next number, the one behind it not. */
        {"Trace Go1.22\n" CLOCK22 RUN "EventBatch gen=2 m=1 time=1005 size=auto\n" ALLOC
         "EventBatch gen=1 m=1 time=1010 size=auto\n" ALLOC,
         4, 0, "generations out of order"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes trace = convert(cases[i].text);
        struct outcome out, pushed, strict;
        read_way(&trace, WAY_MEMORY, true, &out);
        read_way(&trace, WAY_PUSH_1, true, &pushed);
        read_way(&trace, WAY_MEMORY, false, &strict);
        require(out.events - out.syncs == cases[i].events &&
                    out.salvage.lost_bytes == cases[i].lost_bytes,
                "case %zu: %" PRIu64 " events, %" PRIu64 " bytes lost", i, out.events - out.syncs,
                out.salvage.lost_bytes);
        require(pushed.sum == out.sum && same_error(&pushed, &out) &&
                    memcmp(&pushed.salvage, &out.salvage, sizeof out.salvage) == 0,
                "case %zu: not the same as a stream", i);
        ck_assert_int_eq(out.status, TR_E_CORRUPT);
        require(cases[i].message ? strcmp(out.message, cases[i].message) == 0
                                 : same_error(&out, &strict),
                "case %zu: %s", i, out.message);
        ck_assert_uint_eq(out.salvage.unresolved_strings, 0);
        free(trace.data);
    }
}
END_TEST

/* With header 26 the error is that of reading without salvage, whatever else is wrong. */
START_TEST(test_same_error)
{
#define FIRST "Trace Go1.26\n" MARKED("1")
    static const char *const texts[] = {
        /* A task without a name on a thread without a proc. */
        FIRST "EventBatch gen=1 m=2 time=1010 size=auto\n"
              "UserTaskBegin dt=1 task=1 parent_task=0 name_string=9 stack=0\nEndOfGeneration\n",
        /* The first batch holds the end of a generation. */
        "Trace Go1.26\nBytes 01 01 01 e8 07 01 34\n" MARKED("2") "EndOfGeneration\n",
        /* A size that leads into the next head: what stands there has a wrong number; or the right
         * one, and leads to nothing. */
        FIRST "EndBatch\nBytes 01 01 05 e8 07 04 25 01 01\n"
              "Bytes 01 01 80 10 ea 07 11 0d 01 00 01 0b 01 0b 01 25 01 01 25 01 01 25 01 01\n"
              "EndOfGeneration\n",
        "Trace Go1.26\nBytes 01 01 05 e8 07 84 80 80 80 80 80 80 80 80 00 25 01 01\n"
        "Bytes 01 01 01 ea 07 91 80 80 80 80 80 80 80 80 00\n"
        "Bytes 0d 01 00 01 0b 01 0b 01 25 01 01 25 01 01 25 01 01\nEndOfGeneration\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct bytes trace = convert(texts[i]);
        struct outcome out, pushed, strict;
        read_way(&trace, WAY_MEMORY, true, &out);
        read_way(&trace, WAY_PUSH_1, true, &pushed);
        read_way(&trace, WAY_MEMORY, false, &strict);
        require(same_error(&out, &strict) && same_error(&pushed, &strict), "text %zu: %s, not %s",
                i, out.message, strict.message);
        require(out.salvage.lost_bytes == 0, "text %zu: %" PRIu64 " bytes lost", i,
                out.salvage.lost_bytes);
        free(trace.data);
    }
}
END_TEST

/* What is left of a table, of some columns, a row a batch. */
static struct lines rows_of(const struct bytes *trace, const char *table,
                            const char *const *columns, size_t count)
{
    tr_table_options options = TR_TABLE_DEFAULTS;
    tr_reader *r = tr_reader_new();
    options.columns = columns;
    options.column_count = count;
    options.batch_rows = 1;
    tr_reader_set_u64(r, TR_OPT_SALVAGE, 1);
    ck_assert_int_eq(tr_reader_open_memory(r, trace->data, trace->size), TR_OK);
    return table_lines(table, r, &options, NULL);
}

/* Goroutine 7 is created while it waits, in a region: it is another one then, in all tables. */
START_TEST(test_created_again)
{
    static const char *const table[] = {"goroutines", "intervals", "regions"};
    static const char *const columns[][5] = {
        {"id", "created", "ended", "waiting_ns", "blocks"},
        {"id", "state", "start", "end", "open_end"},
        {"goroutine", "start", "end", "duration", "open_end"},
    };
    static const char *const want[][5] = {
        {"id=7 created=2006 ended=2040 waiting_ns=20 blocks=1",
         "id=1 created=- ended=- waiting_ns=0 blocks=0",
         "id=7 created=2040 ended=- waiting_ns=0 blocks=0"},
        {"id=7 state='Waiting' start=2020 end=2040 open_end=0"},
        {"goroutine=7 start=2016 end=2040 duration=24 open_end=0"},
    };
    struct bytes trace = convert("Trace Go1.22\n" RUN "GoCreate dt=1 new_g=7 new_stack=0 stack=0\n"
                                 "GoCreate dt=17 new_g=7 new_stack=0 stack=0\n"
                                 "EventBatch gen=1 m=2 time=1004 size=auto\n"
                                 "ProcStatus dt=1 p=1 pstatus=1\n"
                                 "GoStart dt=1 g=7 g_seq=1\n"
                                 "UserRegionBegin dt=2 task=0 name_string=0 stack=0\n"
                                 "GoBlock dt=2 reason_string=0 stack=0\n" CLOCK22);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lines got = rows_of(&trace, table[i], columns[i], 5);
        size_t found = 0;
        for (size_t k = 0; k < got.count; k++) {
            if (i == 1 && !strstr(got.lines[k], "'Waiting'"))
                continue;
            ck_assert_ptr_nonnull(want[i][found]);
            ck_assert_str_eq(got.lines[k], want[i][found]);
            found++;
        }
        ck_assert_ptr_null(want[i][found]);
        lines_free(&got);
    }
    free(trace.data);
}
END_TEST

/* A read that fails ends it there, with what is known, and is told. */
struct source {
    const struct bytes *trace;
    size_t at, fail_at;
};

static int64_t give(void *user, void *buf, size_t size)
{
    struct source *s = user;
    size_t n = s->fail_at - s->at < size ? s->fail_at - s->at : size;
    if (n == 0)
        return -5;
    memcpy(buf, s->trace->data + s->at, n);
    s->at += n;
    return (int64_t)n;
}

START_TEST(test_read_error)
{
    struct bytes trace =
        _i ? convert("Trace Go1.22\n" CLOCK22 RUN RUN) : load_trace("go1.26-generations");
    for (size_t at = 16; at < trace.size; at += _i ? 1 : 997) {
        struct source source = {&trace, 0, at};
        struct bytes piece = {trace.data, at};
        struct outcome cut;
        const tr_event *ev;
        uint64_t events = 0;
        tr_reader *r = tr_reader_new();
        tr_status status;
        tr_reader_set_u64(r, TR_OPT_SALVAGE, 1);
        ck_assert_int_eq(tr_reader_open_callback(r, give, &source), TR_OK);
        while ((status = tr_reader_next(r, &ev)) == TR_OK)
            events++;
        ck_assert_int_eq(status, TR_E_IO);
        ck_assert_int_eq(tr_reader_error(r)->os_error, 5);
        ck_assert_uint_eq(tr_reader_error(r)->offset, at);
        read_way(&piece, WAY_MEMORY, true, &cut);
        ck_assert_uint_eq(events, cut.events);
        tr_reader_free(r);
    }
    free_bytes(&trace);
}
END_TEST

START_TEST(test_misuse)
{
    tr_reader *r = tr_reader_new();
    tr_salvage s;
    ck_assert_int_eq(tr_reader_set_u64(r, TR_OPT_SALVAGE, 2), TR_E_MISUSE);
    tr_reader_salvage(r, &s);
    ck_assert_uint_eq(s.events, 0);
    tr_reader_salvage(NULL, &s);
    ck_assert_uint_eq(s.lost_bytes, 0);
    tr_reader_free(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden/salvage by hand");
    TCase *all = tcase_create("all");
    tcase_add_test(all, test_time);
    tcase_add_test(all, test_relaxed);
    tcase_add_test(all, test_created_again);
    tcase_add_test(all, test_any_record);
    tcase_add_test(all, test_unresolved);
    tcase_add_test(all, test_framing);
    tcase_add_test(all, test_begins);
    tcase_add_test(all, test_same_error);
    tcase_add_loop_test(all, test_read_error, 0, 2);
    tcase_add_test(all, test_misuse);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
