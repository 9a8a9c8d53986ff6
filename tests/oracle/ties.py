"""Traces in which many events have the same time, so that the order of nearly all of them is
settled by the layout of the reference's heap: threads that do not depend on each other, each
with a proc and a goroutine that runs, say what the heap's size is."""

import random

FREQUENCY, PROC_STATUS, GO_STATUS, HEAP_ALLOC = 8, 13, 25, 37
SYNC, CLOCK_SNAPSHOT, END_OF_GENERATION = 50, 51, 52
RUNNING_PROC, RUNNING_GO = 1, 2
NO_THREAD = 2**64 - 1
THREADS = (1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 12, 20, 31, 32, 40, 70)
STEPS = ((0, 1), (0, 0, 0, 1), (0, 1, 2, 3), (1,), (0, 1, 50), (0, 0, 0, 0, 0, 9))


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def record(kind, *numbers):
    return bytes([kind]) + b"".join(map(varint, numbers))


def batch(generation, thread, time, data):
    return record(1, generation, thread, time, len(data)) + data


def thread_batches(rng, generation, thread, begin, steps):
    """The batches of one thread, which may begin a little after the end of the one before."""
    time, data = begin + rng.randint(0, 3), b""
    data += record(PROC_STATUS, rng.choice(steps), thread, RUNNING_PROC)
    data += record(GO_STATUS, rng.choice(steps), thread + 1, thread, RUNNING_GO)
    for n in range(rng.randint(1, 200)):
        data += record(HEAP_ALLOC, rng.choice(steps), (generation << 32) + (thread << 16) + n)
        if rng.random() < 0.02:
            yield batch(generation, thread, time, data)
            time, data = time + rng.randint(0, 40), b""
    if data:
        yield batch(generation, thread, time, data)


def trace(seed):
    rng = random.Random(seed)
    out = b"go 1.26 trace\0\0\0"
    count = rng.choice(THREADS)
    for generation in range(1, rng.randint(2, 4)):
        begin = generation * 1_000_000
        clock = record(FREQUENCY, 10**9) + record(CLOCK_SNAPSHOT, 0, 1, 1, 1)
        out += batch(generation, NO_THREAD, begin, bytes([SYNC]) + clock)
        steps = rng.choice(STEPS)
        threads = [list(thread_batches(rng, generation, thread, begin, steps))
                   for thread in range(count)]
        # Those of a thread in their order, between those of others.
        turns = [thread for thread, batches in enumerate(threads) for _ in batches]
        rng.shuffle(turns)
        for thread in turns:
            out += threads[thread].pop(0)
        out += bytes([END_OF_GENERATION])
    return out
