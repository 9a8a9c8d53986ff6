#!/usr/bin/env python3
"""Traces that somebody made to take a reader's time or memory, and what they take.

    hostile.py write NAME OUT [--scale S]
    hostile.py measure TRACEREADER [NAME...] [--scale S] [--runs N]

`measure` reads each with `tracereader check`, or the command that it is made for, and prints
its processor time a byte, as a multiple of what that takes of an ordinary trace, and its memory
beyond the file's size and beyond what the ordinary one takes. It ends with 1 where a trace takes more than ten times
as long, or more than 64 MiB more without an error of a limit.

--scale 0.1 makes them a tenth as large.
"""

import argparse
import multiprocessing
import os
import pathlib
import sys
import tempfile

import scaling
from scaling import NONE, batch, varint

# Events and what stands in them, as docs/FORMAT.md has them.
STRINGS, STRING, STACKS, STACK, SAMPLES, SAMPLE = 4, 5, 2, 3, 6, 7
PROC_STATUS, GO_START, GO_BLOCK, GO_UNBLOCK, GO_STATUS = 13, 16, 20, 21, 25
STW_BEGIN, STW_END = 26, 27
ASSIST_ACTIVE, ASSIST_BEGIN, ASSIST_END, HEAP_ALLOC, TASK, REGION, REGION_END = 34, 35, 36, 37, 40, 42, 43
EXPERIMENTAL_BATCH = 49
GO_RUNNABLE, GO_RUNNING, GO_WAITING, PROC_RUNNING, PROC_IDLE = 1, 2, 4, 1, 2
HEADER = b"go 1.26 trace\0\0\0"
BATCH_BYTES = 60_000

TIMES, BYTES = 10, 64 << 20
CASES = {}


COMMANDS = {}  # of those that are not for `check`


def case(function):
    CASES[function.__name__] = function
    return function


def record(kind, *values):
    return bytes([kind]) + b"".join(map(varint, values))


def clock(number):
    data = bytes([scaling.SYNC]) + record(scaling.FREQUENCY, 1_000_000_000)
    return batch(number, NONE, number, data + record(scaling.CLOCK_SNAPSHOT, 0, 1, 1, 1))


END = bytes([scaling.END_OF_GENERATION])


def batches(thread, records, kind=b"", number=1):
    """Records in as many batches as they need, each of which begins with `kind`."""
    out = bytearray(kind)
    for one in records:
        if len(out) + len(one) > BATCH_BYTES:
            yield batch(number, thread, 1, bytes(out))
            out = bytearray(kind)
        out += one
    yield batch(number, thread, 1, bytes(out))


def strings(count):
    texts = (b"%d" % n for n in range(count))
    return batches(NONE, (record(STRING, n, len(text)) + text for n, text in enumerate(texts, 1)),
                   bytes([STRINGS]))


RUN = record(PROC_STATUS, 1, 0, PROC_RUNNING) + record(GO_STATUS, 1, 1, 1, GO_RUNNING)


def one_generation(*parts):
    yield HEADER + clock(1)
    for part in parts:
        yield from part
    yield END


@case
def ordinary(n):
    raise AssertionError("is made by scaling.py")


@case
def threads(n):
    """A million threads, each with an event."""
    return one_generation(batch(1, m, m + 1, record(GO_STATUS, 0, m + 1, NONE, GO_WAITING))
                          for m in range(n))


@case
def goroutines(n):
    return one_generation(batches(1, (record(GO_STATUS, 1, g, NONE, GO_WAITING)
                                      for g in range(1, n + 1))))


@case
def goroutines_far_apart(n):
    """Ids that no table can be indexed by."""
    return one_generation(batches(1, (record(GO_STATUS, 1, g * 0x9E3779B97F4A7C15 & NONE >> 1, NONE,
                                             GO_WAITING) for g in range(1, n + 1))))


def colliding(count, largest):
    """Ids that a multiplicative hash with the usual factor puts into one place."""
    inverse = pow(0x9E3779B97F4A7C15, -1, 2**64)
    found, k = [], 1
    while len(found) < count:
        product = inverse * k & NONE
        if product < largest:
            found.append(product)
        k += 1
    return found


@case
def goroutines_that_assist(n):
    """A million, each in a range."""
    return one_generation(batches(1, (record(GO_STATUS, 1, g, NONE, GO_WAITING) +
                                      record(ASSIST_ACTIVE, 1, g) for g in range(1, n + 1))))


@case
def goroutines_in_regions(n):
    """A million, each of which blocks inside one."""
    def life(g):
        return (record(GO_STATUS, 1, g, NONE, GO_RUNNABLE) + record(GO_START, 1, g, 1) +
                record(REGION, 1, 1, 1, 0) + record(GO_BLOCK, 1, 0, 0))
    return one_generation(strings(9), batches(1, [record(PROC_STATUS, 1, 0, PROC_RUNNING),
                                                  *map(life, range(1, n + 1))]))


@case
def goroutines_that_collide(n):
    pages = colliding(n // 10, 2**59)
    return one_generation(batches(1, (record(GO_STATUS, 1, 16 * page + 1, NONE, GO_WAITING)
                                      for page in pages)))


@case
def threads_that_collide(n):
    return one_generation(batch(1, m, 1, record(GO_STATUS, 0, k + 1, NONE, GO_WAITING))
                          for k, m in enumerate(colliding(n // 10, 2**63)))


@case
def tasks_that_collide(n):
    return one_generation(strings(9), batches(1, [RUN, *(record(TASK, 1, k, 0, 1, 0)
                                                         for k in colliding(n // 10, 2**64))]))


@case
def strings_that_collide(n):
    return one_generation(batches(NONE, (record(STRING, k, 1) + b"a"
                                         for k in colliding(n // 10, 2**64)), bytes([STRINGS])))


@case
def names_that_collide(n):
    """Of regions: pairs of words of which either can stand, that much hashing cannot tell."""
    def name(k):
        out = bytearray()
        for bit in range(16):
            flip = k >> bit & 1
            out += ((0x6161616161616161 ^ flip << 63).to_bytes(8, "little") +
                    (0x6262626262626262 ^ flip << 63 ^ flip << 31).to_bytes(8, "little"))
        return bytes(out)
    n = min(n // 20, 1 << 16)
    texts = (record(STRING, k + 1, 256) + name(k) for k in range(n))
    return one_generation(batches(NONE, texts, bytes([STRINGS])),
                          batches(1, [RUN, *(record(REGION, 1, 1, k + 1, 0) for k in range(n))]))


@case
def reasons_that_collide(n):
    """Texts of one sum to FNV-1a, from which eight bytes make 0, as it then stays after these."""
    zero = bytes.fromhex("d56bb95342870836")
    either = bytes(16), bytes.fromhex("06250218077a7c666e340d1d09153f07")
    n = min(n // 30, 1 << 15)
    texts = (record(STRING, k + 1, 248) + zero + b"".join(either[k >> bit & 1] for bit in range(15))
             for k in range(n))
    def life(g):
        return (record(GO_STATUS, 1, g, NONE, GO_RUNNABLE) + record(GO_START, 1, g, 1) +
                record(GO_BLOCK, 1, g, 0))
    return one_generation(batches(NONE, texts, bytes([STRINGS])),
                          batches(1, [record(PROC_STATUS, 1, 0, PROC_RUNNING),
                                      *map(life, range(1, n + 1))]))


COMMANDS["reasons_that_collide"] = "blocking"


@case
def procs(n):
    return one_generation(batches(1, (record(PROC_STATUS, 1, p, PROC_IDLE) for p in range(n))))


@case
def many_strings(n):
    return one_generation(strings(n))


@case
def many_stacks(n):
    return one_generation(strings(9), batches(NONE, (record(STACK, k, 1, k, 1, 2, 3)
                                                     for k in range(1, n + 1)), bytes([STACKS])))


@case
def deep_stacks(n):
    """Of 128 frames each, all of the same few functions."""
    frames = b"".join(b"".join(map(varint, (pc, 1, 2, 3))) for pc in range(1, 129))
    return one_generation(strings(9), batches(NONE, (record(STACK, k, 128) + frames
                                                     for k in range(1, n // 128 + 2)),
                                              bytes([STACKS])))


@case
def samples(n):
    """CPU samples, in falling order of time."""
    return one_generation(batches(NONE, (record(SAMPLE, n - k, 1, 1, 1, 0) for k in range(n)),
                                  bytes([SAMPLES])))


@case
def generations(n):
    yield HEADER
    for number in range(1, n // 10 + 1):
        yield clock(number) + END


@case
def experimental_batches(n):
    return one_generation(bytes([EXPERIMENTAL_BATCH, 1]) + batch(1, k, 1, b"data")[1:]
                          for k in range(n // 5))


@case
def ranges(n):
    """A goroutine stops the world for ever more reasons, then starts it as often."""
    n //= 10
    return one_generation(
        strings(n),
        batches(1, [RUN, *(record(STW_BEGIN, 1, k, 0) for k in range(1, n + 1)),
                    *(record(STW_END, 1) for k in range(n))]))


@case
def ranges_and_assists(n):
    n //= 10
    return one_generation(
        strings(n),
        batches(1, [RUN, *(record(STW_BEGIN, 1, k, 0) for k in range(1, n + 1)),
                    *(record(ASSIST_BEGIN, 1, 0) + record(ASSIST_END, 1) for k in range(n))]))


@case
def tasks(n):
    return one_generation(strings(9), batches(1, [RUN, *(record(TASK, 1, k, 0, 1, 0)
                                                         for k in range(1, n + 1))]))


@case
def regions(n):
    """Ever deeper, each with a name of its own, then out again."""
    n //= 2
    inner = (record(REGION, 1, 1, k, 0) for k in range(1, n + 1))
    outer = (record(REGION_END, 1, 1, k, 0) for k in range(n, 0, -1))
    return one_generation(strings(n), batches(1, [RUN, *inner, *outer]))


@case
def blocked_threads(n):
    """Thousands of threads wait for what never comes, beside a busy one."""
    waiting = (batch(1, m + 2, 5, record(GO_START, 0, 10_000_000 + m, 1)) for m in range(n // 500))
    busy = batches(1, [RUN, *(record(HEAP_ALLOC, 1, k) for k in range(n))])
    return one_generation(waiting, busy)


@case
def threads_beside_what_they_wait_for(n):
    """Thousands of threads wait for a goroutine to be unblocked, on which another thread works
    all the time, but it never waits."""
    waiting = (batch(1, m + 2, 5, record(GO_UNBLOCK, 1, 1, 1, 0)) for m in range(n // 500))
    busy = batches(1, [RUN, *(record(ASSIST_BEGIN, 1, 0) + record(ASSIST_END, 1)
                              for k in range(n // 4))])
    return one_generation(waiting, busy)


@case
def generations_beside_names(n):
    """Of tasks that last."""
    n //= 20
    yield HEADER + clock(1)
    yield from strings(n)
    yield from batches(1, [RUN, *(record(TASK, 1, k, 0, k, 0) for k in range(1, n + 1))])
    yield END
    for number in range(2, n):
        yield clock(number) + END


def lie(where, value):
    """One length that says `value` where a few bytes follow."""
    def write(n):
        few = b"\1\2\3\4" * 8
        one = {
            "batch": bytes([scaling.BATCH]) + b"".join(map(varint, (1, 1, 1, value))) + few,
            "string": batch(1, NONE, 1, bytes([STRINGS]) + record(STRING, 1, value) + few),
            "stack": batch(1, NONE, 1, bytes([STACKS]) + record(STACK, 1, value) + few),
            "stack_id": batch(1, NONE, 1, bytes([STACKS]) + record(STACK, value, 0)),
            "string_id": batch(1, NONE, 1, bytes([STRINGS]) + record(STRING, value, 0)),
            "experimental": bytes([EXPERIMENTAL_BATCH, 1]) +
                            b"".join(map(varint, (1, 1, 1, value))) + few,
            "generation": batch(value, 1, 1, RUN),
            "thread": batch(1, value, 1, RUN),
            "goroutine": batch(1, 1, 1, record(GO_STATUS, 1, value, NONE, GO_WAITING)),
            "proc": batch(1, 1, 1, record(PROC_STATUS, 1, value, PROC_IDLE)),
            "frequency": batch(1, NONE, 1, bytes([scaling.SYNC]) + record(scaling.FREQUENCY, value)),
            "time": batch(1, 1, value, RUN),
        }[where]
        yield HEADER + (b"" if where in ("generation", "frequency") else clock(1)) + one + END
    return write


for place in ("batch string stack stack_id string_id experimental generation thread goroutine "
              "proc frequency time").split():
    for size in (0, 1, 127, 128, 1024, 1025, 65536, 65537, 2**31, 2**32, 2**63 - 1, 2**63, NONE):
        CASES[f"lie_{place}_{size}"] = lie(place, size)


def write(name, path, scale):
    with open(path, "wb") as out:
        for part in CASES[name](int(1_000_000 * scale)):
            out.write(part)


def apart(function, *args, **kwargs):
    """In a process of its own, so that this one stays small: the memory of what it measures
    is at least what it has itself."""
    child = multiprocessing.Process(target=function, args=args, kwargs=kwargs)
    child.start()
    child.join()
    if child.exitcode:
        sys.exit(child.exitcode)


def take(program, command, path, runs):
    """(seconds, KiB, exit code, what is said) of the quickest of some runs."""
    best = None
    for _ in range(runs):
        reader, writer = os.pipe()
        child = os.posix_spawn(program, [program, command, "--threads=1", path], os.environ,
                               file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1)])
        os.close(writer)
        with open(reader, encoding="utf-8", errors="replace") as text:
            said = text.read()
        _, status, usage = os.wait4(child, 0)
        one = (usage.ru_utime + usage.ru_stime, usage.ru_maxrss,
               os.waitstatus_to_exitcode(status), said.partition("\n")[0].split(": ", 1)[-1])
        best = one if best is None or one[0] < best[0] else best
    return best


def measure(program, names, scale, runs):
    bad = 0
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        path = str(pathlib.Path(folder) / "trace")
        apart(scaling.write, path, threads=8, goroutines=1000, events=200_000, size=int(20e6 * scale))
        usual = {}  # seconds a byte, and KiB
        for command in sorted({"check", *(COMMANDS[name] for name in names if name in COMMANDS)}):
            seconds, kib, code, said = take(program, command, path, runs)
            usual[command] = seconds / os.path.getsize(path), kib
            print(f"{'ordinary, ' + command:24} {os.path.getsize(path):>11,} bytes {seconds:7.3f} s "
                  f"{usual[command][0] * 1e9:7.1f} ns a byte  {kib / 1024:6.1f} MiB  {said[:60]}")
        for name in names:
            apart(write, name, path, scale)
            size = os.path.getsize(path)
            command = COMMANDS.get(name, "check")
            seconds, kib, code, said = take(program, command, path, runs)
            per_byte, usual_kib = usual[command]
            # A process alone takes a few ms.
            times = max(seconds - 0.01, 0) / size / per_byte
            beyond = (kib - usual_kib) * 1024 - size
            over = (["TIME"] if times > TIMES else []) + (
                ["MEMORY"] if beyond > BYTES and not said.startswith("limit") else []) + (
                ["ENDED BADLY"] if code not in (0, 1) else [])
            bad += bool(over)
            if over or not name.startswith("lie_"):
                print(f"{name:24} {size:>11,} bytes {seconds:7.3f} s {times:7.2f} times as long  "
                      f"{kib / 1024:6.1f} MiB  {said[:60]}  {' '.join(over)}", flush=True)
        print(f"{len(names)} traces, {bad} take too much")
    return 1 if bad else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("write")
    one.add_argument("name", choices=list(CASES)[1:], metavar="NAME")
    one.add_argument("out")
    several = commands.add_parser("measure")
    several.add_argument("program")
    several.add_argument("name", nargs="*", metavar="NAME")
    several.add_argument("--runs", type=int, default=3)
    for command in (one, several):
        command.add_argument("--scale", type=float, default=1)
    args = parser.parse_args()
    if args.command == "write":
        write(args.name, args.out, args.scale)
        return 0
    return measure(args.program, args.name or list(CASES)[1:], args.scale, args.runs)


if __name__ == "__main__":
    sys.exit(main())
