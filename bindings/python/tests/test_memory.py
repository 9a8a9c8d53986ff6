"""Allocations that fail: the n-th, once or from then on, for every n until all goes well.
There is MemoryError, or nothing; no crash, no leak. In a process of its own, where those of
Python fail (_testcapi), or those of the library (failing_malloc.c)."""

import ctypes
import gc
import io
import itertools
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
import tracereader
from corpus import trace_bytes

MANY = 1 << 30  # allocations: from then on


def events(data):
    """The loop, and what is asked of an event."""
    with tracereader.open(data) as trace:
        for ev in itertools.islice(trace, 30):
            ev.asdict(), repr(ev), str(ev), ev.stack


def file(data):
    with tracereader.open(io.BytesIO(data)) as trace:
        return next(iter(trace))


def arrays(data):
    with tracereader.open(data) as trace:
        return trace.events().to_numpy()


def codes(data):
    with tracereader.open(data) as trace:
        return trace.events(columns=["time", "reason"]).to_numpy(codes=True)


def batches(data):
    with tracereader.open(data) as trace:
        return list(trace.events(columns=["time", "kind", "reason"]).batches(20))


def blocking(data):
    with tracereader.open(data) as trace:
        return trace.blocking("function"), trace.blocking("reason")


def info(data):
    with tracereader.open(data) as trace:
        return trace.info.load().kinds


WAYS = (events, file, arrays, codes, batches, blocking, info)


def sweep(way, data, fail, count):
    """Let allocations fail at ever later places. True: at the last ones all went well."""
    well = 0
    for n in itertools.count():
        fail(n, count)
        made = error = None
        try:
            made = way(data)
        except (MemoryError, RuntimeError) as e:
            error = e
        finally:
            fail(-1, 0)
        well = 0 if error else well + 1
        # So Python calls it.
        if isinstance(error, RuntimeError) and "can't allocate lock" not in str(error):
            raise error
        del made, error
        if well == 100:
            return n


def fails_python():
    import _testcapi

    def fail(n, count):
        if n < 0:
            _testcapi.remove_mem_hooks()
        else:
            _testcapi.set_nomemory(n, 0 if count == MANY else n + count)

    return fail


def python_bears_it():
    """A generator that finds no memory, as many calls of the package make one."""
    fail = fails_python()
    for n in range(100):
        fail(n, 1)
        try:
            list(number for number in [n])
        except MemoryError:
            pass
        finally:
            fail(-1, 0)


def fails_malloc():
    fail_malloc = ctypes.CDLL(None).fail_malloc
    fail_malloc.argtypes = ctypes.c_long, ctypes.c_long
    return fail_malloc


def reads_on(sample):
    """The iterator goes on where it was: no event is missing after MemoryError."""
    fail, failed = fails_python(), 0
    with tracereader.open(trace_bytes(sample)) as trace:
        expected = [ev.time for ev in trace]
        assert len(expected) > 1025
        for begun, n in itertools.product((0, 1, 5, 1024, 1025), range(40)):
            events = iter(trace)
            times = [next(events).time for _ in range(begun)]
            event = None
            fail(n, 1)
            try:
                event = next(events)
            except MemoryError:
                failed += 1
            finally:
                fail(-1, 0)
            times += [ev.time for ev in (event, *events) if ev]
            assert times == expected, (begun, n)
    assert failed > 5


def main(what, name, count, sample):
    way = next(way for way in WAYS if way.__name__ == name)
    data = trace_bytes(sample)
    for _ in range(3):  # what is imported and kept with the first use
        way(data)
    fail = {"python": fails_python, "malloc": fails_malloc}[what]()
    sweep(way, data, fail, count)
    gc.collect()
    before = sys.getallocatedblocks()
    tried = sweep(way, data, fail, count)
    gc.collect()
    print(tried, sys.getallocatedblocks() - before)


@pytest.fixture(scope="module")
def preload(tmp_path_factory):
    """failing_malloc.c, made here."""
    source = pathlib.Path(__file__).with_name("failing_malloc.c")
    library = tmp_path_factory.mktemp("preload") / "failing_malloc.so"
    compiler = shutil.which("cc")
    if not compiler or not source.exists():
        pytest.skip("no compiler")
    made = subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source],
                          capture_output=True)
    if made.returncode:
        pytest.skip("not with this C library")
    return library


@pytest.fixture(scope="module")
def python_that_bears_it():
    """Python 3.12 and 3.13 crash where a generator finds no memory, without this package. The
    candidate 3.11.0rc1 of Ubuntu 22.04 does now and then, as a traceback gives its frames back."""
    pytest.importorskip("_testcapi")
    bears = [sys.executable, __file__, "bears"]
    if (
        sys.version_info.releaselevel != "final"
        or subprocess.run(bears, capture_output=True).returncode < 0
    ):
        pytest.skip("Python itself crashes without memory")


def run(what, way, count, sample, **more):
    if way in (arrays, codes, batches):
        pytest.importorskip("numpy")
    ran = subprocess.run(
        [sys.executable, __file__, what, way.__name__, str(count), sample],
        capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **more},
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    places, leaked = map(int, ran.stdout.split())
    assert places > 100
    return leaked / places


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_python_has_no_memory(way, python_that_bears_it):
    # Python itself leaks where a call or a comprehension finds none.
    assert run("python", way, 1, "go1.26-idle") < 1


@pytest.mark.parametrize("count", (1, MANY))
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_library_has_no_memory(way, count, preload):
    if not sys.platform.startswith("linux"):
        pytest.skip("not here")
    assert run("malloc", way, count, "go1.26-idle", LD_PRELOAD=str(preload)) < 0.1


@pytest.mark.parametrize("sample", ("go1.23-allocfree", "go1.26-gc"))
def test_reading_on_without_memory(sample, python_that_bears_it):
    ran = subprocess.run(
        [sys.executable, __file__, "reads on", sample],
        capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert ran.returncode == 0, ran.stderr[-3000:]


if __name__ == "__main__":
    if sys.argv[1] == "bears":
        python_bears_it()
        sys.exit()
    if sys.argv[1] == "reads on":
        reads_on(sys.argv[2])
        sys.exit()
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
