"""Traces that break off, and what is raised then."""

import errno
import gzip
import io
import itertools
import os
import pickle
import subprocess
import sys
import textwrap

import pytest
import tracereader
from corpus import BROKEN, GOLDENS, trace_bytes
from tracereader import (
    CorruptError,
    FormatError,
    LimitError,
    OrderError,
    TraceError,
    TruncatedError,
    UnsupportedVersionError,
)

HEADER = b"go 1.26 trace\0\0\0"


def all_ways(trace):
    """The error of each way to read a trace."""
    ways = [
        lambda: list(trace),
        lambda: list(trace.events()),
        lambda: trace.events(columns=["time"]).to_numpy(),
        lambda: trace.blocking("function"),
    ]
    for way in ways:
        with pytest.raises(TraceError) as e:
            way()
        yield e.value
    yield trace.info.error


def test_truncated(broken):
    with tracereader.open(broken) as trace:
        for error in all_ways(trace):
            assert type(error) is TruncatedError
            assert error.code == "truncated"
            assert 0 < error.offset <= len(broken)
            assert error.generation is None or error.generation > 0
            assert f"at byte {error.offset}" in str(error)
        assert not trace.info.complete
        assert trace.info.events >= 0


def test_cut_before_stacks_are_asked_for(tmp_path):
    path = tmp_path / "cut.trace"
    path.write_bytes(trace_bytes("go1.26-idle"))
    with tracereader.open(path) as trace:
        events = iter(trace)
        ev = next(ev for ev in events if ev.kind == "StateTransition" and ev.offset > 100)
        os.truncate(path, 100)
        with pytest.raises(TruncatedError, match="was cut"):
            while ev.stack is None:
                ev = next(events)
        with pytest.raises(TruncatedError, match="shorter"):
            list(events)


@pytest.mark.parametrize("use", (str, bytes, repr, pickle.dumps, lambda ev: ev.asdict()))
@pytest.mark.parametrize("which", ("stack", "transition_stack"))
def test_cut_before_texts_are_asked_for(tmp_path, which, use):
    """Frames are not left out in silence, be it that the event has no other stack."""
    path = tmp_path / "cut.trace"
    path.write_bytes(trace_bytes("go1.26-network"))
    with tracereader.open(path) as trace:
        at = next(
            i
            for i, ev in enumerate(trace)
            if getattr(ev, which) and (which == "stack" or not ev.stack)
        )
        events = iter(trace)
        first, *_, ev = itertools.islice(events, at + 1)
        os.truncate(path, 100)
        for _ in range(2):
            with pytest.raises(TruncatedError, match="was cut"):
                use(ev)
        assert "Sync" in str(first)


@pytest.mark.parametrize("name", BROKEN)
def test_every_way_says_the_same(name):
    golden = next(g for g in GOLDENS if g["name"] == name)
    data = trace_bytes(name)
    try:
        trace = tracereader.open(data)
    except TraceError as e:
        assert int(golden["count"]) == 0
        assert e.offset <= len(data)
        return
    with trace:
        errors = list(all_ways(trace))
        places = {(type(e), e.code, e.offset, e.generation, str(e)) for e in errors}
        assert len(places) == 1, places
        assert errors[0].offset <= len(data)
        assert type(errors[0]) is CLASSES[errors[0].code]
        assert trace.info.events == int(golden["count"])


def test_events_before_the_error_come_first_and_the_error_stays(broken):
    with tracereader.open(broken) as trace:
        for iterator in (iter(trace), iter(trace.events())):
            with pytest.raises(TraceError):
                for _ in iterator:
                    pass
        events = iter(trace)
        with pytest.raises(TraceError):
            for _ in events:
                pass
        with pytest.raises(TraceError):
            next(events)


@pytest.mark.parametrize(
    "data, error",
    [
        (b"", TraceError),
        (b"hello", TraceError),
        (b"hello, this is no trace", FormatError),
        (b"go 1.99 trace\0\0\0", UnsupportedVersionError),
        (HEADER[:7], TraceError),
    ],
)
def test_bad_headers(data, error, tmp_path):
    (tmp_path / "bad").write_bytes(data)
    for src in (data, tmp_path / "bad"):
        with pytest.raises(error) as e:
            tracereader.open(src)
        assert isinstance(e.value, TraceError)
        assert e.value.generation is None


def test_limits(annotations):
    with tracereader.open(annotations, max_table_bytes=100) as trace:
        with pytest.raises(LimitError) as e:
            list(trace)
        assert e.value.code == "limit"
    names = "memory_bytes generation_bytes table_bytes threads goroutines stacks".split()
    for name in [*(f"max_{name}" for name in names), "spill_bytes"]:
        with tracereader.open(annotations, **{name: 2**40}) as trace:
            assert list(trace)
        with pytest.raises(ValueError):
            tracereader.open(annotations, **{name: 0})
    with pytest.raises((LimitError, MemoryError)):
        list(tracereader.open(annotations, max_memory_bytes=1000))
    with pytest.raises(LimitError, match="stacks"):
        list(tracereader.open(annotations, max_stacks=1))


@pytest.mark.parametrize("name", ["go1.26-shop", "go1.26-annotations"])
def test_a_limit_that_stacks_reach(name):
    """Their frames are decoded when one is asked for: a limit that leaves no room for that is
    told as such, with its numbers while the pass is at that generation."""
    told = []
    for limit in range(80_000, 260_000, 5_000):
        with tracereader.open(trace_bytes(name), max_memory_bytes=limit) as trace:
            try:
                assert len(list(trace))
            except LimitError:
                continue
            events = iter(trace)
            event = next(ev for ev in events if ev.kind == "RegionBegin")
            try:
                assert event.stack
            except LimitError as e:
                told.append(str(e))
                assert e.code == "limit"
                if "no room for the frames" not in str(e):
                    assert e.generation == 1 and e.offset > 0
                    assert f"the limit is {limit} (" in str(e)
    assert told
    assert name != "go1.26-shop" or any("the limit is" in text for text in told)


MEANWHILE = """
    import sys
    import tracereader
    from tracereader import LimitError, _errors

    path, way = sys.argv[1:]
    data = open(path, "rb").read()
    held = []

    class Meanwhile(dict):
        # Other threads may run when an exception is made.
        def get(self, *key):
            if held:
                iterator = held.pop()
                if way == "goes on":
                    try:
                        list(iterator)
                    except LimitError:
                        pass
            return super().get(*key)

    _errors._CLASSES = Meanwhile(_errors._CLASSES)
    for limit in range(80_000, 260_000, 5_000):
        iterator = iter(tracereader.open(data, max_memory_bytes=limit))
        try:
            event = next(ev for ev in iterator if ev.kind == "RegionBegin")
        except LimitError:
            continue
        held, iterator = [iterator], None
        try:
            event.stack
        except LimitError as e:
            print(f"the limit is {limit} (" in str(e))
"""


@pytest.mark.parametrize("way", ["goes on", "is gone"])
def test_a_limit_that_stacks_reach_while_the_pass(tmp_path, way):
    path = tmp_path / "shop.trace"
    path.write_bytes(trace_bytes("go1.26-shop"))
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MEANWHILE), path, way],
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "PYTHONMALLOC": "debug"},
    )
    assert (ended.returncode, ended.stderr) == (0, "") and "True" in ended.stdout


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="no file that cannot be read")
def test_limits_beyond_what_c_can_say(annotations):
    names = ["memory_bytes", "generation_bytes", "table_bytes", "threads", "goroutines", "stacks"]
    for name in ["threads", "spill_bytes", *(f"max_{name}" for name in names)]:
        for limit in (2**64 - 1, 2**64, 2**64 + 1):
            with tracereader.open(annotations, **{name: limit}) as trace:
                assert trace.info.complete


def test_a_failed_read():
    """Of /proc/self/mem nothing can be read at 0: an errno and a place, no trace's error."""
    for use in (lambda t: list(t), lambda t: t.info, lambda t: t.blocking()):
        with pytest.raises(OSError) as e:
            with tracereader.open("/proc/self/mem") as trace:
                use(trace)
        assert e.value.errno == errno.EIO
        assert e.value.offset == 0


def test_errors_can_be_pickled(broken):
    with tracereader.open(broken) as trace, pytest.raises(TraceError) as e:
        list(trace)
    again = pickle.loads(pickle.dumps(e.value))
    assert type(again) is type(e.value)
    assert str(again) == str(e.value)
    for name in ("code", "offset", "generation", "thread", "event_type", "message"):
        assert getattr(again, name) == getattr(e.value, name)


CLASSES = {
    "corrupt": CorruptError,
    "format": FormatError,
    "limit": LimitError,
    "order": OrderError,
    "truncated": TruncatedError,
    "version": UnsupportedVersionError,
}


def test_the_classes():
    for cls in CLASSES.values():
        assert issubclass(cls, TraceError)
    assert len({cls for cls in CLASSES.values()}) == len(CLASSES)
    assert TraceError.__base__ is Exception


def test_after_close(annotations):
    trace = tracereader.open(annotations)
    started, table, info = iter(trace), trace.events(), trace.info
    rows, batches = iter(table), table.batches(10)
    kept = [next(started), next(rows), next(batches)]
    trace.close()
    trace.close()
    assert trace.closed
    uses = [
        lambda: next(started),
        lambda: next(batches),
        lambda: iter(trace),
        lambda: trace.info,
        lambda: info.events,
        lambda: trace.events(),
        lambda: trace.blocking(),
        lambda: next(iter(table)),
        lambda: table.to_numpy(),
        lambda: next(table.batches()),
        lambda: trace.__enter__(),
    ]
    for use in uses:
        with pytest.raises(ValueError, match="closed"):
            use()
    assert info.version == "go 1.26"
    assert kept[0].kind == "Sync" and kept[2].rows == 10


def test_what_was_counted_stays_after_close(annotations):
    with tracereader.open(annotations) as trace:
        info = trace.info
        events = info.events
    assert info.events == events


@pytest.mark.parametrize("packed", [False, True])
def test_a_trace_is_pickled_by_its_path(path, tmp_path, monkeypatch, packed):
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    monkeypatch.chdir(tmp_path)
    with tracereader.open(path.name, max_goroutines=10**6, progress=print) as trace:
        expected = [str(ev) for ev in trace]
        pickled = pickle.dumps([trace, trace.events(kinds="Log", columns=["time", "message"])])
        logs = list(trace.events(kinds="Log", columns=["time", "message"]))
    monkeypatch.chdir("/")
    again, table = pickle.loads(pickled)
    with again:
        assert [str(ev) for ev in again] == expected
        assert again._options == trace._options
        assert list(table) == logs
    with pytest.raises(ValueError, match="closed"):
        pickle.dumps(trace)


def test_a_salvaged_trace_is_pickled_as_such(broken, tmp_path):
    file = tmp_path / "broken.trace"
    file.write_bytes(broken)
    with tracereader.open(file, strict=False) as trace:
        with pickle.loads(pickle.dumps(trace)) as again:
            assert again.info.events == trace.info.events
            assert again.error is not None


def test_a_trace_without_a_path_cannot_be_pickled(trace, annotations):
    for use in (trace, trace.events()):
        with pytest.raises(TypeError, match="path"):
            pickle.dumps(use)
    with tracereader.open(io.BytesIO(annotations)) as other:
        with pytest.raises(TypeError, match="path"):
            pickle.dumps(other)
