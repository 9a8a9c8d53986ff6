#!/usr/bin/env python3
"""What is measured of the Python package: pyworks.py WORK TRACE.

    ratio      print what examples/blockratio prints
    columns    all columns, to be asked for
    arrays     all columns, and each of them as an array
    batches    all columns, 65,536 rows at a time
    pandas     three columns as a frame of pandas,
    pyarrow    as a table of pyarrow,
    polars     as a frame of polars
    loop       five fields of each event
    stacks     the stack of each event
    list       all events in a list

All but the first print the nanoseconds they took, without the start of Python.
"""

import importlib
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


def batches(path):
    with tracereader.open(path) as trace:
        for batch in trace.events().batches():
            batch["time"]


def three(trace):
    return trace.events(columns=["time", "goroutine", "reason"])


def pandas(path):
    with tracereader.open(path) as trace:
        return three(trace).to_pandas()


def pyarrow(path):
    with tracereader.open(path) as trace:
        return three(trace).to_arrow()


def polars(path):
    with tracereader.open(path) as trace:
        return three(trace).to_polars()


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


WORKS = {"ratio": ratio, "columns": timed(columns), "arrays": timed(arrays),
         "batches": timed(batches), "pandas": timed(pandas), "pyarrow": timed(pyarrow),
         "polars": timed(polars), "loop": timed(loop), "stacks": timed(stacks),
         "list": timed(keep)}
#: What a work imports, which is not to be while the clock runs.
PACKAGES = {"columns": "numpy", "arrays": "numpy", "pandas": "pandas", "pyarrow": "pyarrow",
            "polars": "polars"}

if __name__ == "__main__":
    if sys.argv[1] in PACKAGES:
        importlib.import_module(PACKAGES[sys.argv[1]])
    print(WORKS[sys.argv[1]](sys.argv[2]))
