"""Threads, signals, and closing while somebody reads."""

import gc
import io
import itertools
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest
import tracereader
from corpus import BROKEN, SAMPLES, trace_bytes
from tracereader import _native


@pytest.fixture
def gc_trace():
    return trace_bytes("go1.26-gc")


def in_threads(*functions):
    """Run each in a thread; gives the results, raises what they raised."""
    results = [None] * len(functions)

    def run(i, function):
        try:
            results[i] = (function(), None)
        except BaseException as e:
            results[i] = (None, e)

    threads = [threading.Thread(target=run, args=item) for item in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    for _, error in results:
        if error is not None:
            raise error
    return [result for result, _ in results]


def texts(trace):
    return [str(ev) for ev in trace]


@pytest.fixture
def eager_switching():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_two_traces_in_two_threads(gc_trace, annotations, eager_switching):
    def read(data):
        with tracereader.open(data) as trace:
            return texts(trace)

    expected = [read(gc_trace), read(annotations)]
    for _ in range(3):
        assert in_threads(lambda: read(gc_trace), lambda: read(annotations)) == expected


@pytest.mark.parametrize("kind", ["memory", "file object"])
def test_one_trace_in_many_threads(gc_trace, eager_switching, kind):
    src = gc_trace if kind == "memory" else io.BytesIO(gc_trace)
    with tracereader.open(src) as trace:
        expected = texts(trace)
        events = len(expected)
        results = in_threads(
            lambda: texts(trace),
            lambda: texts(trace),
            lambda: trace.info.events,
            lambda: trace.info.events,
            lambda: trace.blocking().blocked,
            lambda: len(list(trace.events(columns="kind"))),
        )
        blocked = trace.blocking().blocked
    assert results == [expected, expected, events, events, blocked, events]


def test_events_used_by_others_while_their_reader_goes_on(gc_trace, eager_switching):
    """Fields, stacks and texts of events, read in one thread while another reads on,
    drops the events, and goes through generations."""
    with tracereader.open(gc_trace) as trace:
        expected = [(ev.asdict(), str(ev)) for ev in trace]
        handed = []
        ready = [threading.Semaphore(0), threading.Semaphore(0)]

        def produce():
            for ev in trace:
                handed.append(ev)
                for semaphore in ready:
                    semaphore.release()

        def consume(ready):
            seen = []
            while len(seen) < len(expected):
                ready.acquire()
                ev = handed[len(seen)]
                seen.append((ev.asdict(), str(ev)))
            return seen

        results = in_threads(
            produce, lambda: consume(ready[0]), lambda: consume(ready[1])
        )
    assert results[1] == expected and results[2] == expected


def test_one_iterator_in_two_threads(gc_trace, eager_switching):
    """Each event comes out once, or the second thread is refused; never worse."""
    with tracereader.open(gc_trace) as trace:
        iterator = iter(trace)
        count = trace.info.events

        def read():
            got = []
            while True:
                try:
                    got.append(next(iterator))
                except StopIteration:
                    return got
                except ValueError as e:
                    assert "another thread" in str(e)

        a, b = in_threads(read, read)
        assert len(a) + len(b) == len(set(a) | set(b)) == count


def test_progress_of_one_iterator_in_two_threads(gc_trace, eager_switching):
    """Of a thread that is refused it tells nothing: it never goes back, nor is at an end early."""
    told = []
    with tracereader.open(gc_trace, progress=lambda *at: told.append(at[0])) as trace:
        iterator = iter(trace)

        def read():
            got = 0
            while True:
                try:
                    next(iterator)
                    got += 1
                except StopIteration:
                    return got
                except ValueError as e:
                    assert "in use" in str(e)

        counts = in_threads(read, read)
    assert told == sorted(told)
    with tracereader.open(gc_trace) as trace:
        assert sum(counts) == trace.info.events


def test_a_stack_is_made_once(gc_trace, eager_switching):
    """Threads that ask for it at once get the same object."""
    with tracereader.open(gc_trace) as trace:
        for _ in range(20):
            events = list(itertools.islice(trace, 2000))
            stacks = in_threads(*[lambda events=events: [ev.stack for ev in events]] * 4)
            assert all(len(set(map(id, same))) == 1 for same in zip(*stacks))


def test_names_of_a_pass_in_many_threads(annotations, monkeypatch):
    """Each batch has its own, though others' are decoded while its own are."""
    with tracereader.open(annotations) as trace:
        table = trace.events(columns=["type", "category"])
        expected = [batch.to_lists() for batch in table.batches(20)]
        batches = list(table.batches(20))
    decode, later = _native.trpy_items, [batches[8], batches[0]]

    def decode_meanwhile(rows, format, buffers, names):
        items = decode(rows, format, buffers, names)
        while later:
            in_threads(later.pop(0).to_lists)
        return items

    monkeypatch.setattr(_native, "trpy_items", decode_meanwhile)
    assert [batch.to_lists() for batch in batches[4:]] == expected[4:]
    assert [batch.to_lists() for batch in batches] == expected


def test_closing_while_others_read(gc_trace, eager_switching):
    for delay in (0, 0.0005, 0.002, 0.005):
        for src in (gc_trace, io.BytesIO(gc_trace)):
            trace = tracereader.open(src)

            def read(use):
                try:
                    for _ in range(100):
                        use()
                except ValueError as e:
                    assert "closed" in str(e)
                    return True
                return False

            def close(trace=trace):
                time.sleep(delay)
                trace.close()
                return True

            uses = (
                lambda trace=trace: list(trace),
                lambda trace=trace: trace.blocking(),
                lambda trace=trace: list(trace.events(columns="time").batches()),
            )
            assert all(in_threads(close, *(lambda use=use: read(use) for use in uses)))


class Waiting(io.RawIOBase):
    """A stream that waits for more after its first part."""

    def __init__(self, data):
        self.data = data
        self.waits = threading.Event()
        self.go_on = threading.Event()

    def readable(self):
        return True

    def readinto(self, buffer):
        if not self.data:
            self.waits.set()
            self.go_on.wait(30)
            return 0
        n = min(len(buffer), len(self.data))
        buffer[:n] = self.data[:n]
        self.data = self.data[n:]
        return n


def test_closing_while_a_source_waits(gc_trace):
    stream = Waiting(gc_trace[: len(gc_trace) // 2])
    trace = tracereader.open(stream)

    def read():
        with pytest.raises(ValueError, match="closed"):
            list(trace)
        return True

    def close():
        assert stream.waits.wait(30)
        trace.close()
        stream.go_on.set()
        return True

    assert in_threads(read, close) == [True, True]


def test_other_threads_run_while_a_source_waits(gc_trace):
    stream = Waiting(gc_trace[: len(gc_trace) // 2])
    with tracereader.open(stream) as trace:
        events = []

        def read():
            with pytest.raises(tracereader.TraceError):
                for ev in trace:
                    events.append(ev)
            return True

        def work():
            assert stream.waits.wait(30)
            stream.go_on.set()
            return True

        assert in_threads(read, work) == [True, True]


def test_closing_from_within_a_read(annotations):
    class Closing(io.BytesIO):
        trace = None

        def read(self, size=-1):
            if self.trace:
                self.trace.close()
            return super().read(size)

    f = Closing(annotations)
    f.trace = trace = tracereader.open(f)
    with pytest.raises(ValueError, match="closed"):
        list(trace)


def test_using_the_iterator_from_within_its_read(annotations):
    class Again(io.BytesIO):
        iterator = None

        def read(self, size=-1):
            if self.iterator:
                next(self.iterator)
            return super().read(size)

    f = Again(annotations)
    with tracereader.open(f) as trace:
        f.iterator = iter(trace)
        with pytest.raises(ValueError, match="in use"):
            list(f.iterator)


@pytest.mark.parametrize("seekable", [True, False])
def test_using_the_trace_from_within_its_read(annotations, seekable):
    class Again(io.BytesIO):
        trace = None

        def read(self, size=-1):
            if self.trace:
                list(self.trace)
            return super().read(size)

        read1 = read

        def seekable(self):
            return seekable

    f = Again(annotations)
    with tracereader.open(f) as trace:
        f.trace = trace
        with pytest.raises(RuntimeError, match="serves"):
            list(trace)


CTRL_C = """
    import os, signal, sys, threading, time
    import tracereader

    # A shell has what runs in its background ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    class Endless:
        # A stream that never ends.
        def __init__(self, data):
            self.data = data
        def seekable(self): return False
        def read(self, size):
            while not self.data:
                time.sleep(0.01)
            data, self.data = self.data[:size], self.data[size:]
            return data

    data = open(sys.argv[2], "rb").read()
    data = data[: len(data) // 2]
    way = sys.argv[1]
    src = Endless(data) if way.startswith("source") else sys.argv[2]
    trace = tracereader.open(src)
    def again(f):
        while True:
            f()
    ways = {
        "list": lambda: again(lambda: list(trace)),
        "blocking": lambda: again(trace.blocking),
        "info": lambda: again(lambda: (setattr(trace._counts, "numbers", None), trace.info.load())),
        "columns": lambda: again(lambda: list(trace.events().batches())),
        "source list": lambda: again(lambda: list(trace)),
        "source info": lambda: again(trace.info.load),
    }
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    try:
        ways[way]()
    except KeyboardInterrupt:
        print("stopped")
"""


def test_passes_that_are_over_are_forgotten_without_a_call(path):
    # A call in between, at any time, would take an exception of Ctrl-C with it.
    with tracereader.open(path) as trace:
        held = [iter(trace) for _ in range(3)]
        for one in held:
            next(one)
        for _ in range(200):
            next(iter(trace))
        cursors = trace._cursors
        assert len(cursors._refs) < 40
        assert len(cursors.alive()) == 3
        assert all(one.__callback__ is None for one in cursors._refs)
    with pytest.raises(ValueError):
        next(held[0])


@pytest.mark.parametrize(
    "way", ["list", "blocking", "info", "columns", "source list", "source info"]
)
def test_ctrl_c(way, path):
    if os.name != "posix":
        pytest.skip("signals")
    command = [sys.executable, "-c", textwrap.dedent(CTRL_C), way, str(path)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert answer.stdout == "stopped\n", answer.stderr
    assert answer.returncode == 0


def test_a_signal_handler_that_raises_stops_list(gc_trace):
    """list() runs no Python between events: the iterator itself looks for signals."""

    class Alarm(Exception):
        pass

    def ring(*_):
        raise Alarm

    before = signal.signal(signal.SIGALRM, ring)
    try:
        with tracereader.open(gc_trace) as trace, pytest.raises(Alarm):
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            while True:
                list(trace)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_signal_handler_that_reads_on(gc_trace):
    """Within list() it is refused; no event is lost."""
    taken, refused = [], []

    def ring(*_):
        try:
            taken.append(next(events))
        except ValueError as e:
            refused.append(str(e))
        except StopIteration:
            pass

    before = signal.signal(signal.SIGALRM, ring)
    try:
        with tracereader.open(gc_trace) as trace:
            expected = trace.info.events
            for delay in itertools.cycle((1e-4, 3e-4, 1e-3, 3e-3)):
                events = iter(trace)
                taken.clear()
                signal.setitimer(signal.ITIMER_REAL, delay)
                got = list(events)
                signal.setitimer(signal.ITIMER_REAL, 0)
                assert len(got) + len(taken) == expected
                if refused:
                    break
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert "in use" in refused[0]


def together(data, threads, *, stream=False, **options):
    """All that comes out of a trace."""
    src = io.BytesIO(data) if stream else data
    with tracereader.open(src, threads=threads, **options) as trace:
        table = {name: [] for name in trace.events().columns}
        error = None
        try:
            events = texts(trace)
            for batch in trace.events().batches():
                for name, values in batch.to_lists().items():
                    table[name] += values
            tables = [list(trace.blocking(by)) for by in ("reason", "function", "goroutine")]
        except tracereader.TraceError as e:
            return str(e), e.code, trace.info.events
        return events, table, tables, trace.info.events, trace.info.kinds


@pytest.mark.parametrize("name", [*SAMPLES, *BROKEN[::8]])
def test_any_number_of_threads_gives_the_same(name):
    data = trace_bytes(name)
    try:
        expected = together(data, 1)
    except tracereader.TraceError:
        return  # its header already
    for threads in (2, 3, None):
        assert together(data, threads) == expected
    assert together(data, 2, stream=True) == expected
    assert together(data, 2, stream=True, spill_bytes=1000) == expected


def test_progress_in_many_calls_of_many_threads(gc_trace, eager_switching):
    """A call of the library's takes the interpreter lock again to tell of progress."""

    def read():
        calls = []
        with tracereader.open(gc_trace, progress=lambda *call: calls.append(call)) as trace:
            list(trace)
        assert calls[-1] == (len(gc_trace), len(gc_trace)) and calls == sorted(calls)
        return True

    assert in_threads(read, read, read) == [True] * 3


def test_a_signal_while_the_library_works():
    """What its handler raises comes up from within one call, and the pass is over."""

    class Alarm(Exception):
        pass

    def ring(*_):
        raise Alarm

    before = signal.signal(signal.SIGALRM, ring)
    try:
        for delay in itertools.cycle((1e-4, 3e-4, 1e-3, 3e-3)):
            with tracereader.open(trace_bytes("go1.26-gcactive")) as trace:
                handle = trace._cursor().handle
                answer = _native.tr_blocking_new(_native.TR_BLOCKING_BY_REASON)
                with pytest.raises(Alarm):
                    signal.setitimer(signal.ITIMER_REAL, delay)
                    _native.trpy_blocking_read(answer, handle, 0)
                    while True:
                        pass
                try:
                    _native.trpy_blocking_read(answer, handle, 0)
                except ValueError as e:
                    assert "interrupted" in str(e)
                    break
                # The call had returned before: once more.
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.parametrize("way", ("path", "bytes"))
def test_stacks_in_a_forked_process(gc_trace, tmp_path, way):
    """Events that it has got still have their stacks, when the trace is gone there."""
    with tracereader.open(gc_trace) as trace:
        expected = [ev.stack for ev in trace][:1000]
    path = tmp_path / "gc.trace"
    path.write_bytes(gc_trace)
    trace = tracereader.open(path if way == "path" else bytes(bytearray(gc_trace)))
    begun = iter(trace)
    kept = list(itertools.islice(begun, 1000))
    pid = os.fork()
    if pid == 0:
        signal.alarm(30)
        try:
            trace.close()
            del trace, begun
            gc.collect()
            other = [b"\xff" * len(gc_trace) for _ in range(3)]  # noqa: F841 - where it was
            os.open(os.devnull, os.O_RDONLY)
            os._exit(0 if [ev.stack for ev in kept] == expected else 1)
        finally:
            os._exit(2)
    assert os.waitpid(pid, 0)[1] == 0
    assert [ev.stack for ev in kept] == expected
    trace.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process(gc_trace):
    """It can use nothing of its parent's, whose threads it has not got, but open the trace
    anew, and be rid of what it has."""
    with tracereader.open(gc_trace, threads=2) as trace:
        expected = texts(trace)
        begun = iter(trace)
        next(begun)
        pid = os.fork()
        if pid == 0:
            signal.alarm(30)
            try:
                for use in (lambda: next(begun), lambda: list(trace), trace.events):
                    with pytest.raises(ValueError, match="another process"):
                        use()
                with tracereader.open(gc_trace, threads=2) as own:
                    good = texts(own) == expected
                trace.close()
                os._exit(0 if good else 1)
            finally:
                os._exit(2)
        assert os.waitpid(pid, 0)[1] == 0
        assert [expected[0], *map(str, begun)] == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_locks_of_a_forked_process(gc_trace):
    """What another thread held when it was forked holds up nobody there."""
    pytest.importorskip("numpy")
    from tracereader import _event_table

    trace = tracereader.open(gc_trace)
    arrays, info = trace.events().to_numpy(), trace.info
    held, done = threading.Event(), threading.Event()

    def hold():
        with _event_table._COMPLETING, trace._counts.lock, trace._lock:
            held.set()
            done.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    pid = os.fork()
    if pid == 0:
        signal.alarm(30)
        try:
            good = len(arrays["time"]) == len(arrays["kind"]) > 0
            with pytest.raises(ValueError, match="another process"):
                info.events
            trace.close()
            os._exit(0 if good else 1)
        finally:
            os._exit(2)
    status = os.waitpid(pid, 0)[1]
    done.set()
    thread.join()
    assert status == 0 and len(arrays["time"]) == info.events
    trace.close()
