#!/usr/bin/env python3
"""What is measured of the Python package: pyworks.py WORK TRACE.

    ratio      print what examples/blockratio prints
    columns    all columns, to be asked for
    arrays     all columns, and each of them as an array
    loop       five fields of each event
    stacks     the stack of each event
    list       all events in a list

All but the first print the nanoseconds they took, without the start of Python.
"""

import sys
import time

import tracereader


def ratio(path):
    share = 100 * tracereader.blocking_ratio(path, reason="network")
    return f"{share:2.3f}% instances of goroutines blocking were to block on the network"


def timed(work):
    def run(path):
        begin = time.perf_counter_ns()
        work(path)
        return time.perf_counter_ns() - begin

    return run


def columns(path):
    with tracereader.open(path) as trace:
        return trace.events().to_numpy()


def arrays(path):
    return dict(columns(path))


def loop(path):
    with tracereader.open(path) as trace:
        for ev in trace:
            ev.time, ev.kind, ev.thread, ev.goroutine, ev.reason


def stacks(path):
    with tracereader.open(path) as trace:
        for ev in trace:
            ev.stack


def keep(path):
    with tracereader.open(path) as trace:
        return list(trace)


WORKS = {"ratio": ratio, "columns": timed(columns), "arrays": timed(arrays), "loop": timed(loop),
         "stacks": timed(stacks), "list": timed(keep)}

if __name__ == "__main__":
    if sys.argv[1] in ("columns", "arrays"):
        import numpy  # noqa: F401 - not while the clock runs
    print(WORKS[sys.argv[1]](sys.argv[2]))
