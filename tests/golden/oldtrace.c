/* The format from before Go 1.22, written from its description in docs/FORMAT.md: nothing
 * of the library is used. */
#include "oldtrace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

const unsigned old_versions[OLD_VERSION_COUNT] = {5, 7, 8, 9, 10, 11, 19, 21};

void old_bytes(struct oldtrace *t, const void *data, size_t size)
{
    if (t->size + size > t->cap) {
        t->cap = (t->size + size) * 2;
        t->data = realloc(t->data, t->cap);
        require(t->data != NULL, "no memory");
    }
    if (size)
        memcpy(t->data + t->size, data, size);
    t->size += size;
}

void old_begin(struct oldtrace *t, unsigned version)
{
    char header[32] = {0};
    snprintf(header, sizeof header, "go 1.%u trace", version);
    t->version = version;
    t->size = 0;
    old_bytes(t, header, 16);
}

void old_free(struct oldtrace *t)
{
    free(t->data);
    *t = (struct oldtrace){0};
}

void old_number(struct oldtrace *t, uint64_t value)
{
    uint8_t byte;
    for (; value >= 0x80; value >>= 7) {
        byte = (uint8_t)(value | 0x80);
        old_bytes(t, &byte, 1);
    }
    byte = (uint8_t)value;
    old_bytes(t, &byte, 1);
}

static void put_type(struct oldtrace *t, unsigned type, unsigned count)
{
    uint8_t byte = (uint8_t)(type | count << 6);
    old_bytes(t, &byte, 1);
}

void old_record(struct oldtrace *t, unsigned type, const uint64_t *numbers, size_t count)
{
    /* One number, or with header 5 two, does not count. */
    size_t uncounted = t->version < 7 ? 2 : 1;
    bool has_length = count < uncounted || count - uncounted > 2 || type == OLD_STACK;
    if (!has_length) {
        put_type(t, type, (unsigned)(count - uncounted));
        for (size_t i = 0; i < count; i++)
            old_number(t, numbers[i]);
        return;
    }
    struct oldtrace body = {.version = t->version};
    for (size_t i = 0; i < count; i++)
        old_number(&body, numbers[i]);
    put_type(t, type, 3);
    old_number(t, body.size);
    old_bytes(t, body.data, body.size);
    old_free(&body);
}

void old_batch(struct oldtrace *t, uint64_t p, uint64_t seq, uint64_t ticks)
{
    uint64_t numbers[3] = {p, seq, ticks};
    if (t->version >= 7)
        numbers[1] = ticks;
    old_record(t, OLD_BATCH, numbers, t->version < 7 ? 3 : 2);
}

void old_event_of(struct oldtrace *t, unsigned type, uint64_t dt, const uint64_t *args,
                  size_t count)
{
    uint64_t numbers[10];
    size_t n = 0;
    require(count <= 8, "too many arguments");
    if (t->version < 7)
        numbers[n++] = 1;
    numbers[n++] = dt;
    for (size_t i = 0; i < count; i++)
        numbers[n++] = args[i];
    old_record(t, type, numbers, n);
}

void old_plain(struct oldtrace *t, unsigned type, uint64_t dt)
{
    old_event_of(t, type, dt, NULL, 0);
}

void old_log(struct oldtrace *t, uint64_t dt, uint64_t task, uint64_t key, uint64_t stack,
             const char *message)
{
    old_event(t, OLD_LOG, dt, task, key, stack);
    old_number(t, strlen(message));
    old_bytes(t, message, strlen(message));
}

void old_string(struct oldtrace *t, uint64_t id, const char *text)
{
    put_type(t, OLD_STRING, 0);
    old_number(t, id);
    old_number(t, strlen(text));
    old_bytes(t, text, strlen(text));
}

void old_stack(struct oldtrace *t, uint64_t id, uint64_t pc, uint64_t func, uint64_t file,
               uint64_t line)
{
    uint64_t numbers[6] = {id, 1, pc, func, file, line};
    old_record(t, OLD_STACK, numbers, t->version < 7 ? 3 : 6);
}

void old_frequency(struct oldtrace *t, uint64_t ticks_per_second)
{
    uint64_t numbers[2] = {ticks_per_second, 0};
    old_record(t, OLD_FREQUENCY, numbers, t->version < 7 ? 2 : 1);
}

int old_arg_count(unsigned version, unsigned type)
{
    bool has_seq = version >= 7;
    switch ((enum old_type)type) {
    case OLD_GO_START_LOCAL:
        return version < 7 ? -1 : 1;
    case OLD_GO_UNBLOCK_LOCAL:
    case OLD_GO_SYS_EXIT_LOCAL:
        return version < 7 ? -1 : 2;
    case OLD_GO_START_LABEL:
        return version < 8 ? -1 : 3;
    case OLD_GO_BLOCK_GC:
        return version < 8 ? -1 : 1;
    case OLD_ASSIST_START:
        return version < 9 ? -1 : 1;
    case OLD_ASSIST_DONE:
        return version < 9 ? -1 : 0;
    case OLD_TASK_CREATE:
    case OLD_REGION:
        return version < 11 ? -1 : 4;
    case OLD_TASK_END:
        return version < 11 ? -1 : 2;
    case OLD_LOG:
        return version < 11 ? -1 : 3;
    case OLD_CPU_SAMPLE:
        return version < 19 ? -1 : 4;
    case OLD_GC_START:
        return has_seq ? 2 : 1;
    case OLD_GO_START:
        return has_seq ? 2 : 1;
    case OLD_GO_UNBLOCK:
        return has_seq ? 3 : 2;
    case OLD_STW_START:
        return version < 10 ? 0 : 1;
    case OLD_SWEEP_DONE:
        return version < 9 ? 0 : 2;
    case OLD_GO_CREATE:
    case OLD_GO_SYS_EXIT:
        return 3;
    case OLD_GOMAXPROCS:
        return 2;
    case OLD_PROC_START:
    case OLD_SWEEP_START:
    case OLD_GO_STOP:
    case OLD_GO_SCHED:
    case OLD_GO_PREEMPT:
    case OLD_GO_SLEEP:
    case OLD_GO_BLOCK:
    case OLD_GO_BLOCK_SEND:
    case OLD_GO_BLOCK_RECV:
    case OLD_GO_BLOCK_SELECT:
    case OLD_GO_BLOCK_SYNC:
    case OLD_GO_BLOCK_COND:
    case OLD_GO_BLOCK_NET:
    case OLD_GO_SYS_CALL:
    case OLD_GO_WAITING:
    case OLD_GO_IN_SYSCALL:
    case OLD_HEAP_ALLOC:
    case OLD_HEAP_GOAL:
        return 1;
    case OLD_PROC_STOP:
    case OLD_GC_DONE:
    case OLD_STW_DONE:
    case OLD_GO_END:
    case OLD_GO_SYS_BLOCK:
    case OLD_FUTILE_WAKEUP:
        return 0;
    default: /* no events */
        return -1;
    }
}

void old_write_all(struct oldtrace *t, unsigned version)
{
    bool seq = version >= 7;
    old_begin(t, version);
    old_batch(t, 0, 0, 1000);
    for (unsigned g = 1; g <= 5; g++) {
        old_event(t, OLD_GO_CREATE, 10, g, 1, 0);
        if (g == 2)
            old_event(t, OLD_GO_WAITING, 0, g);
        if (g == 3)
            old_event(t, OLD_GO_IN_SYSCALL, 0, g);
        if (g == 4)
            g++;
    }
    old_event(t, OLD_PROC_START, 10, 70);
    old_event_of(t, OLD_GO_START, 10, (uint64_t[]){1, 1}, seq ? 2 : 1);
    old_event(t, OLD_GOMAXPROCS, 10, 4, 1);
    old_event(t, OLD_GOMAXPROCS, 10, 8, 1);
    old_event(t, OLD_GO_CREATE, 10, 6, 2, 1);
    old_event_of(t, OLD_GO_UNBLOCK, 10, seq ? (uint64_t[]){2, 2, 1} : (uint64_t[]){2, 1},
                 seq ? 3 : 2);
    old_event(t, OLD_HEAP_ALLOC, 10, 4096);
    old_event(t, OLD_HEAP_GOAL, 10, 8192);
    old_event_of(t, OLD_GC_START, 10, (uint64_t[]){0, 0}, seq ? 2 : 1);
    old_event_of(t, OLD_STW_START, 10, (uint64_t[]){version == 21 ? 2 : 1}, version < 10 ? 0 : 1);
    old_plain(t, OLD_STW_DONE, 10);
    old_plain(t, OLD_GC_DONE, 10);
    old_event(t, OLD_SWEEP_START, 10, 1);
    old_event_of(t, OLD_SWEEP_DONE, 10, (uint64_t[]){300, 200}, version < 9 ? 0 : 2);
    if (version >= 9) {
        old_event(t, OLD_ASSIST_START, 10, 0);
        old_plain(t, OLD_ASSIST_DONE, 10);
    }
    if (version >= 11) {
        old_event(t, OLD_TASK_CREATE, 10, 9, 0, 1, 1);
        old_event(t, OLD_REGION, 10, 9, 0, 2, 1);
        old_log(t, 10, 9, 1, 1, "a message");
        old_event(t, OLD_REGION, 10, 9, 1, 2, 1);
        old_event(t, OLD_TASK_END, 10, 9, 1);
        old_event(t, OLD_TASK_END, 10, 99, 0);
    }
    /* From here on times are the same again. This one does not block. */
    old_event(t, OLD_GO_SYS_CALL, 1000 + (version < 9 ? 20 : 0) + (version < 11 ? 60 : 0), 1);
    old_event(t, OLD_GO_SCHED, 10, 1);
    if (version >= 8)
        old_event(t, OLD_GO_START_LABEL, 10, 1, 2, 1);
    else if (seq)
        old_event(t, OLD_GO_START_LOCAL, 10, 1);
    else
        old_event(t, OLD_GO_START, 10, 1);
    old_event(t, OLD_GO_SYS_CALL, 10, 1);
    old_plain(t, OLD_GO_SYS_BLOCK, 10);
    if (seq)
        old_event(t, OLD_GO_START_LOCAL, 10, 2);
    else
        old_event(t, OLD_GO_START, 10, 2);
    if (seq)
        old_event(t, OLD_GO_UNBLOCK_LOCAL, 10, 1, 0);
    else
        old_event(t, OLD_GO_UNBLOCK, 10, 1, 0);
    old_event(t, OLD_GO_BLOCK_NET, 10, 1);
    old_plain(t, OLD_PROC_STOP, 10);
    old_batch(t, 1, 100, 5000);
    old_event(t, OLD_PROC_START, 0, 71);
    old_event_of(t, OLD_GO_START, 10, (uint64_t[]){6, 1}, seq ? 2 : 1);
    old_event_of(t, OLD_GO_UNBLOCK, 10, seq ? (uint64_t[]){2, 4, 1} : (uint64_t[]){2, 1},
                 seq ? 3 : 2);
    old_event(t, OLD_GO_SYS_EXIT, 10, 3, seq ? 2 : 100, 4990);
    old_event(t, OLD_GO_STOP, 10, 1);
    old_plain(t, OLD_PROC_STOP, 10);
    old_event(t, OLD_PROC_START, 10, 72);
    old_event_of(t, OLD_GO_START, 10, (uint64_t[]){2, 5}, seq ? 2 : 1);
    old_plain(t, OLD_GO_END, 10);
    if (seq) {
        old_string(t, 1, "one");
        old_string(t, 2, "two");
    }
    old_stack(t, 1, 0x10, 1, 2, 30);
    old_stack(t, 2, 0x20, 2, 1, 40);
    if (version >= 19)
        old_event(t, OLD_CPU_SAMPLE, 0, 4000, 0, 1, 2);
    old_frequency(t, 1000000000);
}

void old_begin_running(struct oldtrace *t, unsigned version)
{
    bool seq = version >= 7;
    old_begin(t, version);
    old_batch(t, 0, 0, 100);
    old_event(t, OLD_GO_CREATE, 0, 1, 0, 0);
    old_event(t, OLD_PROC_START, 10, 7);
    old_event_of(t, OLD_GO_START, 10, (uint64_t[]){1, 1}, seq ? 2 : 1);
    old_event(t, OLD_GOMAXPROCS, 10, 4, 0);
}

void old_write_futile(struct oldtrace *t, unsigned version)
{
    bool seq = version >= 7;
    old_begin(t, version);
    old_batch(t, 0, 0, 100);
    old_event(t, OLD_GO_CREATE, 10, 1, 0, 0);
    old_event(t, OLD_GO_CREATE, 10, 2, 0, 0);
    old_event(t, OLD_GOMAXPROCS, 10, 4, 0);
    for (unsigned i = 0; i < 2; i++) {
        old_event_of(t, OLD_GO_START, 10, (uint64_t[]){1, 1 + 2 * i}, seq ? 2 : 1);
        if (i)
            old_plain(t, OLD_FUTILE_WAKEUP, 10);
        old_event(t, OLD_GO_BLOCK_SYNC, 10, 0);
        old_event_of(t, OLD_GO_START, 10, (uint64_t[]){2, 1 + i}, seq ? 2 : 1);
        old_event_of(t, OLD_GO_UNBLOCK, 10, (uint64_t[]){1, 2 + 2 * i, 0}, seq ? 3 : 2);
        old_event(t, OLD_GO_SCHED, 10, 0);
    }
    old_frequency(t, 1000000000);
}
