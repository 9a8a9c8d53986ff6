#!/usr/bin/env python3
"""Write a synthetic trace of any number of threads, goroutines and bytes.

    scaling.py OUT [--threads N] [--goroutines N] [--events N] [--skew N] [--blocked N]
               [--apart] [--bytes N]

A baton goes round the threads, each of which holds a proc: on its turn a thread starts the
goroutine that was woken for it, which wakes another one for the next thread, and blocks.
Once in --skew turns (0: never) the clock of the next thread is a little behind, so that its
goroutine starts before it is woken and a reader has to look at the other threads.
Goroutines take turns in large steps, so that no two neighbours in time are neighbours in
memory.

Beside them --blocked threads want, from the first moment on, to wake goroutines of which
nothing is known before the first generation's last turn: until then they are the
earliest, and must wait. --together: all at the same time, so that their order is one of
ties.

With --apart there is no baton: each thread wakes, starts and blocks goroutines of its own, at
times of chance, so that nearly each event is of another thread, as where many processors work.

--events is the length of a generation, --bytes how long the trace has to be at least: its
generation is repeated until then, with other numbers and times.
"""

import argparse
import math
import random
import sys
from typing import NamedTuple

# Events and what stands in them, as docs/FORMAT.md has them.
BATCH, STACKS, STACK, STRINGS, STRING, FREQUENCY = 1, 2, 3, 4, 5, 8
PROC_STATUS, GO_START, GO_BLOCK, GO_UNBLOCK, GO_STATUS = 13, 16, 20, 21, 25
SYNC, CLOCK_SNAPSHOT, END_OF_GENERATION = 50, 51, 52
PROC_RUNNING, GO_RUNNABLE, GO_WAITING = 1, 1, 4
NONE = 2**64 - 1

TURN_TICKS = 8
FLUSH_BYTES = 60_000
STACK_COUNT, FRAMES = 64, 12
REASON = 1  # the string


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def batch(generation, thread, time, data):
    head = b"".join(map(varint, (generation, thread, time, len(data))))
    return bytes([BATCH]) + head + data


def tables():
    """The data of the batches of strings and of stacks."""
    names = ["chan receive", "/src/main.go", *(f"main.step{n}" for n in range(40))]
    strings = bytearray([STRINGS])
    for number, name in enumerate(names, 1):
        strings += bytes([STRING]) + varint(number) + varint(len(name)) + name.encode()
    stacks = bytearray([STACKS])
    for stack in range(1, STACK_COUNT + 1):
        stacks += bytes([STACK]) + varint(stack) + varint(FRAMES)
        for frame in range(FRAMES):
            function = (stack * 7 + frame * 3) % 40
            for field in (0x401000 + 16 * function, 3 + function, 2, 10 + function):
                stacks += varint(field)
    return bytes(strings), bytes(stacks)


class Generation(NamedTuple):
    batches: list  # (thread, time, data)
    ticks: int
    events: int


def one_generation(threads, goroutines, events, skew):
    """It ends in the state in which it begins."""
    buffers = [bytearray() for _ in range(threads)]
    bases = [0] * threads
    times = [0] * threads
    sequence = [0] * (goroutines + 1)
    done = []
    # A turn takes three events, a goroutine's first one another; so does each thread.
    turns = max((events - threads) // 4, 2)
    if turns > goroutines:
        turns = (events - threads - goroutines) // 3
    stride = max(int(goroutines * 0.618), 1)
    while math.gcd(stride, goroutines) != 1:
        stride += 1
    count = 0
    waiting, runnable = varint(NONE) + bytes([GO_WAITING]), varint(NONE) + bytes([GO_RUNNABLE])
    small = [varint(n) for n in range(1 << 14)]

    def number(n):
        return small[n] if n < 1 << 14 else varint(n)

    first = running = 1
    turn = 0
    time = TURN_TICKS
    while True:
        thread = turn % threads
        out = buffers[thread]
        if not out:
            bases[thread] = times[thread] = time
        if turn < threads:
            out += b"%c\0%b%c" % (PROC_STATUS, number(thread), PROC_RUNNING)
            count += 1
        if turn == 0:
            out += b"%c\0%b%b" % (GO_STATUS, number(running), runnable)
            count += 1
        sequence[running] += 1
        out += b"%c%b%b%b" % (GO_START, number(time - times[thread]), number(running),
                              number(sequence[running]))
        woken = (running - 1 + stride) % goroutines + 1
        last = turn >= turns and running != first
        if last:
            woken = first
        if not sequence[woken]:
            out += b"%c\0%b%b" % (GO_STATUS, number(woken), waiting)
            count += 1
        sequence[woken] += 1
        stack = turn % STACK_COUNT + 1
        late = skew and turn % skew == skew - 1
        out += b"%c%c%b%b%c" % (GO_UNBLOCK, TURN_TICKS + 1 if late else 3, number(woken),
                                number(sequence[woken]), stack)
        out += b"%c\2%c%c" % (GO_BLOCK, REASON, stack)
        times[thread] = time + (TURN_TICKS + 3 if late else 5)
        count += 3
        if len(out) > FLUSH_BYTES or last:
            done.append((thread, bases[thread], bytes(out)))
            out.clear()
        turn += 1
        # Not less than what the thread's last turn took.
        time += TURN_TICKS if not late or threads > 1 else 2 * TURN_TICKS
        running = woken
        if last:
            break
    done += [(m, bases[m], bytes(out)) for m, out in enumerate(buffers) if out]
    return Generation(done, time + 2 * TURN_TICKS, count)


def one_apart(threads, goroutines, events):
    """A generation of threads that have nothing to do with each other."""
    each, of_thread = max(goroutines // threads, 1), events // threads
    batches, count, end = [], 0, 0
    waiting = varint(NONE) + bytes([GO_WAITING])
    for thread in range(threads):
        chance = random.Random(thread)
        base = time = thread + 1
        first = thread * each + 1
        ids = [varint(first + n) for n in range(each)]
        sequence = [0] * each
        out = bytearray(b"%c\0%b%c" % (PROC_STATUS, varint(thread), PROC_RUNNING))
        for goroutine in ids:
            out += b"%c\0%b%b" % (GO_STATUS, goroutine, waiting)
        done = 1 + each
        while done < of_thread:
            n = chance.randrange(each)
            stack = chance.randrange(STACK_COUNT) + 1
            ticks = [int(chance.expovariate(1 / 64)) + 1 for _ in range(3)]
            out += b"%c%b%b%b%c" % (GO_UNBLOCK, varint(ticks[0]), ids[n],
                                    varint(sequence[n] + 1), stack)
            out += b"%c%b%b%b" % (GO_START, varint(ticks[1]), ids[n], varint(sequence[n] + 2))
            out += b"%c%b%c%c" % (GO_BLOCK, varint(ticks[2]), REASON, stack)
            sequence[n] += 2
            time += sum(ticks)
            done += 3
            if len(out) > FLUSH_BYTES:
                batches.append((thread, base, bytes(out)))
                out.clear()
                base = time
        batches.append((thread, base, bytes(out)))
        count, end = count + done, max(end, time)
    return Generation(batches, end + TURN_TICKS, count)


def with_blocked(generation, threads, goroutines, blocked, together):
    """The generation with threads that wait until its end."""
    end = generation.ticks - TURN_TICKS
    known = bytearray()
    batches = list(generation.batches)
    for n in range(blocked):
        goroutine = varint(goroutines + 1 + n)
        known += b"%c\0%b%b%c" % (GO_STATUS, goroutine, varint(NONE), GO_WAITING)
        if len(known) > FLUSH_BYTES:
            batches.append((threads, end, bytes(known)))
            known.clear()
        batches.append((threads + 1 + n, 1 if together else 1 + n,
                        b"%c\0%b\1\0" % (GO_UNBLOCK, goroutine)))
    batches.append((threads, end, bytes(known)))
    return generation._replace(batches=batches, events=generation.events + 2 * blocked)


def write(path, threads=4, goroutines=100, events=400_000, skew=16, size=0, blocked=0,
          together=False, apart=False):
    """Write the trace; its number of events, the Sync events among them."""
    generation = (one_apart(threads, goroutines, events) if apart
                  else one_generation(threads, goroutines, events, skew))
    first = generation
    if blocked:
        first = with_blocked(generation, threads, goroutines, blocked, together)
    strings, stacks = tables()
    total = 0
    with open(path, "wb") as out:
        written = out.write(b"go 1.26 trace\0\0\0")
        number = 0
        while number == 0 or written < size:
            number += 1
            start = number * generation.ticks
            clock = bytes([SYNC, FREQUENCY]) + varint(15_625_000)
            clock += bytes([CLOCK_SNAPSHOT, 0]) + varint(start * 64) + varint(1_700_000_000)
            clock += varint(0)
            written += out.write(batch(number, NONE, start, clock))
            current = first if number == 1 else generation
            for thread, time, data in current.batches:
                written += out.write(batch(number, thread + 1000, start + time, data))
            for table in (stacks, strings):
                written += out.write(batch(number, NONE, start, table))
            written += out.write(bytes([END_OF_GENERATION]))
            total += current.events + 1
    return total + 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("out")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--goroutines", type=int, default=100)
    parser.add_argument("--events", type=int, default=400_000)
    parser.add_argument("--skew", type=int, default=16)
    parser.add_argument("--blocked", type=int, default=0)
    parser.add_argument("--together", action="store_true")
    parser.add_argument("--apart", action="store_true")
    parser.add_argument("--bytes", type=int, default=0)
    args = parser.parse_args()
    if args.threads < 1 or args.goroutines < 2:
        parser.error("at least one thread and two goroutines")
    events = write(args.out, args.threads, args.goroutines, args.events, args.skew, args.bytes,
                   args.blocked, args.together, args.apart)
    print(events, "events")
    return 0


if __name__ == "__main__":
    sys.exit(main())
