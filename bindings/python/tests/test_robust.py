"""Damaged input, and memory: nothing crashes, nothing leaks."""

import gc
import io
import os
import sys
import weakref

import pytest
import tracereader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from corpus import SAMPLES, trace_bytes

EXAMPLES = int(os.environ.get("TRACEREADER_TEST_EXAMPLES", "150"))


def read_everything(data, most=3000):
    """Every field of events, every column, every analysis."""
    with tracereader.open(data) as trace:
        events = []
        try:
            for ev in trace:
                events.append(ev)
                if len(events) == most:
                    break
        except tracereader.TraceError as e:
            assert e.offset <= len(data) and str(e)
        for ev in events:
            fields = ev.asdict()
            assert fields["kind"] and repr(ev) and str(ev) is not None and hash(ev) is not None
        assert list(map(type(events).__len__, [events])) == [len(events)]
        for use in (
            lambda: list(trace.events().batches()),
            lambda: trace.blocking("function"),
            lambda: trace.blocking("goroutine"),
        ):
            try:
                use()
            except tracereader.TraceError:
                pass
        assert trace.info.events >= len(events)
        assert repr(trace.info) and trace.info._repr_html_()


@st.composite
def damaged(draw):
    """A recorded trace with bytes changed, removed or added."""
    data = bytearray(trace_bytes(draw(st.sampled_from(SAMPLES or ["none"]))))
    del data[30_000:]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        match draw(st.sampled_from("change cut insert remove".split())):
            case "change":
                data[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case "cut":
                del data[at:]
            case "insert":
                data[at:at] = draw(st.binary(max_size=20))
            case "remove":
                del data[at : at + draw(st.integers(1, 50))]
    return bytes(data)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(damaged())
def test_damaged(data):
    try:
        read_everything(data)
    except tracereader.TraceError:
        pass  # in the header


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.binary(max_size=200))
def test_noise_after_a_header(data):
    for version in (11, 19, 21, 22, 23, 25, 26):
        try:
            read_everything(b"go 1.%d trace\0\0\0" % version + data)
        except tracereader.TraceError:
            pass


def uses(data):
    """One of everything that makes objects in C."""
    with tracereader.open(data) as trace:
        events = list(trace)
        for ev in events:
            ev.asdict(), repr(ev), bytes(ev), hash(ev), ev == events[0]
        list(trace.events())
        trace.events().to_numpy()
        trace.events(kinds=["Log"]).to_numpy(codes=True)
        for by in ("reason", "function", "goroutine"):
            trace.blocking(by)
        trace.info.load()
        next(iter(trace))
    with pytest.raises(tracereader.TraceError):
        list(tracereader.open(data[: len(data) // 2]))
    with pytest.raises(tracereader.TraceError):
        tracereader.open(b"no trace at all, is it?")
    with pytest.raises(ValueError):
        tracereader.open(data, max_threads=0)


def test_no_references_leak(annotations):
    """Shared objects have as many references after as before."""
    pytest.importorskip("numpy")
    watched = [
        tracereader.Kind.Sync,
        tracereader.State.Waiting,
        tracereader.Resource.Goroutine,
        tracereader.Scope.NONE,
        tracereader.Event,
        tracereader.Frame,
        tracereader.Stack,
        tracereader.Attr,
        None,
    ]
    uses(annotations)
    gc.collect()
    before = [sys.getrefcount(thing) for thing in watched]
    for _ in range(5):
        uses(annotations)
    gc.collect()
    after = [sys.getrefcount(thing) for thing in watched]
    if sys.version_info >= (3, 12):
        # None lives for ever there, and its count says nothing.
        before.pop(), after.pop()
    for thing, x, y in zip(watched, before, after):
        assert abs(x - y) < 20, thing


def resident_bytes():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_memory_does_not_grow():
    pytest.importorskip("numpy")
    if not os.path.exists("/proc/self/statm"):
        pytest.skip("no /proc")
    data = trace_bytes("go1.22-network")
    for _ in range(10):
        uses(data)
    gc.collect()
    before = resident_bytes()
    for _ in range(40):
        uses(data)
    gc.collect()
    assert resident_bytes() - before < 4 << 20


def test_events_kept_cost_little():
    """What is kept of a generation is its tables and 96 bytes an event."""
    data = trace_bytes("go1.26-gc")
    import tracemalloc

    with tracereader.open(data) as trace:
        list(trace)
        tracemalloc.start()
        try:
            events = list(trace)
            size, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    # 88 bytes and the list's 8, which grows by an eighth ahead.
    assert size < len(events) * 105 + 100_000


def begun(items):
    next(items)
    return items


class Pipe:
    """What can only be read on."""

    def __init__(self, data):
        self.inner = io.BytesIO(data)

    def read(self, size):
        return self.inner.read(size)


@pytest.mark.parametrize("keep", [
    lambda trace: None,
    lambda trace: begun(iter(trace)),
    lambda trace: list(trace),
    lambda trace: begun(iter(trace.intervals())),
    lambda trace: begun(trace.events().batches(3)),
    lambda trace: trace.close(),
], ids="trace iterator events rows batches closed".split())
@pytest.mark.parametrize("kind", [io.BytesIO, bytearray, Pipe])
@pytest.mark.parametrize("threads", [1, 3])
def test_what_holds_the_trace_of_itself_is_collected(annotations, kind, keep, threads):
    class Own(kind):
        pass

    own = Own(annotations)
    own.trace = tracereader.open(own, threads=threads)
    own.kept = keep(own.trace)
    gone = weakref.ref(own)
    gc.collect()
    assert gone() is own
    del own
    gc.collect()
    assert gone() is None
