"""Traces in which many events have the same time, so that the order of nearly all of them is
settled by the layout of the reference's heap: threads, each with a proc and a goroutine that
runs, say what the heap's size is. In some, garbage collections begin and end on any of them, so
that a thread has to wait for what another says at the same time, or later by its clock."""

import random

FREQUENCY, PROC_STATUS, GO_STATUS, GC_BEGIN, GC_END, HEAP_ALLOC = 8, 13, 25, 29, 30, 37
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


def collections(rng, count, done):
    """The next beginnings and ends of collections, in lists by thread; `done` are over."""
    by_thread = [[] for _ in range(count)]
    for number in range(done, done + rng.choice((0, 2, 20, 60, 200))):
        thread = 0 if number == 0 else rng.randrange(count)
        begins = number % 2 == 0
        by_thread[thread].append((GC_BEGIN, number + 1, 0) if begins else (GC_END, number + 1))
    return by_thread


def thread_batches(rng, generation, thread, begin, steps, collections):
    """The batches of one thread, which may begin a little after the end of the one before."""
    # The first collection begins before all else, as it may have any number.
    time, data = begin + (0 if thread == 0 else rng.randint(4, 7)), b""
    n, choice = rng.randint(1, 200), (0,) if thread == 0 else steps
    data += record(PROC_STATUS, rng.choice(choice), thread, RUNNING_PROC)
    data += record(GO_STATUS, rng.choice(choice), thread + 1, thread, RUNNING_GO)
    while n or collections:
        if collections and (collections[0][1] == 1 or rng.randint(0, n) == 0):
            kind, *numbers = collections.pop(0)
            data += record(kind, rng.choice(choice), *numbers)
        else:
            n -= 1
            data += record(HEAP_ALLOC, rng.choice(choice),
                           (generation << 32) + (thread << 16) + n)
        choice = steps
        if rng.random() < 0.02:
            yield batch(generation, thread, time, data)
            time, data = time + rng.randint(0, 40), b""
    if data:
        yield batch(generation, thread, time, data)


def trace(seed):
    rng = random.Random(seed)
    out = b"go 1.26 trace\0\0\0"
    count, done = rng.choice(THREADS), 0
    for generation in range(1, rng.randint(2, 4)):
        begin = generation * 1_000_000
        clock = record(FREQUENCY, 10**9) + record(CLOCK_SNAPSHOT, 0, 1, 1, 1)
        out += batch(generation, NO_THREAD, begin, bytes([SYNC]) + clock)
        steps = rng.choice(STEPS)
        waits = collections(rng, count, done)
        done += sum(map(len, waits))
        threads = [list(thread_batches(rng, generation, thread, begin, steps, waits[thread]))
                   for thread in range(count)]
        # Those of a thread in their order, between those of others.
        turns = [thread for thread, batches in enumerate(threads) for _ in batches]
        rng.shuffle(turns)
        for thread in turns:
            out += threads[thread].pop(0)
        out += bytes([END_OF_GENERATION])
    return out
