"""Traces of Go 1.5 to 1.21, taken apart into records, put together again, and bent.

A Record is the number of its type and the numbers behind it, as they lie in the file; a
string or a message is its bytes. A trace that is put together again unchanged is the same
trace, though perhaps not the same bytes: numbers take their shortest form.
"""

import random
import struct

VERSIONS = (5, 7, 8, 9, 10, 11, 19, 21)
READ_BY_REFERENCE = (11, 19, 21)

BATCH, FREQUENCY, STACK = 1, 2, 3
GOMAXPROCS, PROC_START, PROC_STOP = 4, 5, 6
GC_START, GC_DONE, STW_START, STW_DONE = 7, 8, 9, 10
SWEEP_START, SWEEP_DONE = 11, 12
GO_CREATE, GO_START, GO_END, GO_STOP, GO_SCHED, GO_PREEMPT, GO_SLEEP, GO_BLOCK = range(13, 21)
GO_UNBLOCK = 21
GO_BLOCK_SEND, GO_BLOCK_NET = 22, 27
GO_SYS_CALL, GO_SYS_EXIT, GO_SYS_BLOCK, GO_WAITING, GO_IN_SYSCALL = range(28, 33)
HEAP_ALLOC, HEAP_GOAL, TIMER_GOROUTINE, FUTILE_WAKEUP, STRING = range(33, 38)
GO_START_LOCAL, GO_UNBLOCK_LOCAL, GO_SYS_EXIT_LOCAL, GO_START_LABEL, GO_BLOCK_GC = range(38, 43)
ASSIST_START, ASSIST_DONE = 43, 44
TASK_CREATE, TASK_END, REGION, LOG, CPU_SAMPLE = range(45, 50)
TYPES = 50

# Events whose arguments are alike, so that one may stand for another.
ALIKE = [
    {PROC_STOP, GC_DONE, STW_DONE, GO_END, GO_SYS_BLOCK, FUTILE_WAKEUP, ASSIST_DONE},
    {SWEEP_START, ASSIST_START, GO_BLOCK_GC, GO_SYS_CALL, *range(GO_STOP, GO_BLOCK + 1),
     *range(GO_BLOCK_SEND, GO_BLOCK_NET + 1)},
    {GO_WAITING, GO_IN_SYSCALL, GO_START_LOCAL, HEAP_ALLOC, HEAP_GOAL, PROC_START, STW_START},
    {GO_START, SWEEP_DONE, GO_SYS_EXIT_LOCAL},
    {GO_START_LABEL, GO_SYS_EXIT},
    {GC_START, GO_UNBLOCK_LOCAL, GOMAXPROCS, TASK_END},
    {GO_CREATE, GO_UNBLOCK},
    {TASK_CREATE, REGION},
]


class Record:
    def __init__(self, type, args, data=b""):
        self.type = type
        self.args = list(args)
        self.data = data

    def copy(self):
        return Record(self.type, self.args, self.data)


def number(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value & (1 << 64) - 1, at


def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def header(version):
    return b"go 1.%d trace" % version + bytes(4 - len(str(version)) + 1)


def parse(data):
    """A whole trace: (version, records)."""
    version = int(data[5:data.index(b" ", 5)])
    records = []
    at = 16
    while at < len(data):
        type, count = data[at] & 63, data[at] >> 6
        at += 1
        args = []
        text = b""
        if type == STRING:
            ident, at = number(data, at)
            size, at = number(data, at)
            args, text, at = [ident], data[at:at + size], at + size
        elif count < 3:
            for _ in range(count + 1 + (version < 7)):
                value, at = number(data, at)
                args.append(value)
        else:
            size, at = number(data, at)
            end = at + size
            while at < end:
                value, at = number(data, at)
                args.append(value)
            if type == LOG:
                size, at = number(data, at)
                text, at = data[at:at + size], at + size
        records.append(Record(type, args, text))
    return version, records


def write(version, records):
    out = [header(version)]
    for r in records:
        if r.type == STRING:
            out.append(bytes([r.type]) + varint(r.args[0]) + varint(len(r.data)) + r.data)
            continue
        numbers = b"".join(varint(v) for v in r.args)
        count = len(r.args) - 1 - (version < 7)
        if 0 <= count < 3 and r.type not in (STACK, CPU_SAMPLE):
            out.append(bytes([r.type | count << 6]) + numbers)
        else:
            out.append(bytes([r.type | 3 << 6]) + varint(len(numbers)) + numbers)
        if r.type == LOG:
            out.append(varint(len(r.data)) + r.data)
    return b"".join(out)


ODD = [0, 1, 2, 3, 4, 5, 7, 16, 100, 1000001, 1 << 31, (1 << 32) + 1, 1 << 62, (1 << 64) - 1]


def bend(version, records, seed):
    """The records with one to three accidents, well framed, so that a reader gets far."""
    rng = random.Random(seed)
    records = list(records)
    for _ in range(rng.choice((1, 1, 2, 3))):
        if not records:
            break
        i = rng.randrange(len(records))
        r = records[i] = records[i].copy()
        accident = rng.randrange(12)
        if accident < 3 and r.args:  # another number
            k = rng.randrange(len(r.args))
            values = [*ODD, r.args[k] + 1, r.args[k] - 1, rng.choice(records).args[-1]]
            r.args[k] = rng.choice(values) & (1 << 64) - 1
        elif accident < 5:
            like = next((group for group in ALIKE if r.type in group), {r.type})
            r.type = rng.choice(sorted(like))
        elif accident < 7:
            del records[i]
        elif accident == 7:
            records.insert(rng.randrange(len(records)), r.copy())
        elif accident == 8:
            k = rng.randrange(len(records))
            records[i], records[k] = records[k], records[i]
        elif accident == 9 and i + 1 < len(records):
            records[i], records[i + 1] = records[i + 1], records[i]
        elif accident == 10:  # the time of an event, or of a batch
            at = 1 if r.type == BATCH or version < 7 else 0
            if r.args[at:]:
                r.args[at] = max(0, r.args[at] + rng.randrange(-3000, 3000))
        elif accident == 11:  # a message or string that is there already
            r.data = rng.choice(records).data
    return records
