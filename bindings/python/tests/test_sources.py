"""Where traces come from: paths, memory, file objects, pipes."""

import array
import errno
import gzip
import io
import mmap
import os
import pathlib
import socket
import threading
import zipfile
import zlib
from importlib.util import find_spec

import pytest
import tracereader
from corpus import trace_bytes


class Unseekable(io.RawIOBase):
    """A file object that can only be read on; gives few bytes at a time."""

    def __init__(self, data, most=997):
        self.rest = data
        self.most = most
        self.given = 0

    def readable(self):
        return True

    def readinto(self, buffer):
        n = min(len(buffer), self.most, len(self.rest))
        buffer[:n] = self.rest[:n]
        self.rest = self.rest[n:]
        self.given += n
        return n


class Counting(io.BytesIO):
    """A seekable file object that counts the bytes it gave."""

    given = 0

    def read(self, size=-1):
        data = super().read(size)
        self.given += len(data)
        return data


@pytest.fixture
def expected(annotations):
    with tracereader.open(annotations) as trace:
        return list(trace)


def fifo_of(tmp_path, data):
    """A named pipe into which a thread writes `data`."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    def write():
        with open(fifo, "wb") as f:
            try:
                f.write(data)
            except BrokenPipeError:
                pass

    threading.Thread(target=write, daemon=True).start()
    return fifo


SOURCES = {
    "str": lambda path, data: str(path),
    "path": lambda path, data: path,
    "bytes": lambda path, data: data,
    "bytearray": lambda path, data: bytearray(data),
    "memoryview": lambda path, data: memoryview(data),
    "array": lambda path, data: array.array("B", data),
    "file": lambda path, data: open(path, "rb"),
    "raw file": lambda path, data: open(path, "rb", buffering=0),
    "BytesIO": lambda path, data: io.BytesIO(data),
    "gzip": lambda path, data: gzip.open(io.BytesIO(gzip.compress(data))),
    "unseekable": lambda path, data: Unseekable(data),
    "unseekable buffered": lambda path, data: io.BufferedReader(Unseekable(data)),
    "fifo": lambda path, data: fifo_of(path.parent, data),
}


@pytest.fixture(params=list(SOURCES))
def source(request, path, annotations):
    src = SOURCES[request.param](path, annotations)
    yield src
    if hasattr(src, "close"):
        src.close()


def test_every_source_gives_the_same_as_often_as_wanted(source, expected):
    with tracereader.open(source) as trace:
        assert list(trace) == expected
        assert list(trace) == expected
        assert trace.info.events == len(expected)
        assert len(trace.events(columns="time").to_numpy()["time"]) == len(expected)


def test_cursors_do_not_disturb_each_other(source, expected):
    with tracereader.open(source) as trace:
        first, second, third = iter(trace), iter(trace), iter(trace)
        a = [next(first) for _ in range(10)]
        b = list(second)
        a += first
        assert a == b == expected
        assert [next(third) for _ in range(3)] == expected[:3]


def test_mmap(path, expected):
    with open(path, "rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as m:
        with tracereader.open(m) as trace:
            assert list(trace) == expected


def test_the_file_begins_where_it_stands(path, annotations, expected):
    f = io.BytesIO(b"before" + annotations)
    f.seek(6)
    with tracereader.open(f) as trace:
        f.seek(3)  # that it is moved meanwhile does no harm
        assert list(trace) == expected
        assert list(trace) == expected


def test_sockets_and_pipes(annotations, expected):
    a, b = socket.socketpair()
    with a, b:
        threading.Thread(target=lambda: (a.sendall(annotations), a.shutdown(1))).start()
        with b.makefile("rb") as f, tracereader.open(f) as trace:
            assert list(trace) == expected
            assert list(trace) == expected


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_what_could_not_be_spooled_is_not_lost(annotations, expected, monkeypatch, error):
    """The disk is full for a while, or a signal comes between two writes."""
    pwrite, calls = os.pwrite, []

    def sometimes(fd, data, offset):
        calls.append(offset)
        if len(calls) % 3 == 0:
            raise error
        return pwrite(fd, data[: len(data) // 2 + 1], offset)

    with tracereader.open(Unseekable(annotations)) as trace:
        monkeypatch.setattr(os, "pwrite", sometimes)
        for _ in range(3):
            with pytest.raises(type(error)):
                list(trace)
        monkeypatch.setattr(os, "pwrite", pwrite)
        assert list(trace) == expected


def test_stop_iteration_is_no_end(annotations):
    """A read() that raises it does not make a trace look shorter."""

    class Stopping(Unseekable):
        def readinto(self, buffer):
            if len(self.rest) < 1000:
                raise StopIteration
            return super().readinto(buffer)

    class StoppingSeekable(io.BytesIO):
        def read(self, size=-1):
            if self.tell():
                raise StopIteration
            return super().read(min(size, 2000))

    for source in (Stopping(annotations), StoppingSeekable(annotations)):
        with tracereader.open(source) as trace:
            with pytest.raises(RuntimeError, match="raised StopIteration") as e:
                list(trace)
            assert isinstance(e.value.__cause__, StopIteration)


def test_open_and_repr_read_no_more_than_the_header(annotations, tmp_path):
    seekable, stream = Counting(annotations), Unseekable(annotations)
    for f in (seekable, stream):
        with tracereader.open(f) as trace:
            info = trace.info
            assert info.version == "go 1.26"
            repr(trace), trace._repr_html_(), repr(info), info._repr_html_()
            repr(trace.events()), trace.events()._repr_html_(), trace.events().schema
            iter(trace)
            assert f.given <= 16
            assert info.events
            assert f.given > 16


def test_a_live_stream_gives_events_before_its_end(annotations):
    """What is in the pipe is enough for a pass to begin; it waits only where it must."""
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb", buffering=0) as r, os.fdopen(write_end, "wb", 0) as w:
        w.write(annotations[:16])
        with tracereader.open(r) as trace:
            assert trace.info.version == "go 1.26"
            threading.Thread(target=lambda: (w.write(annotations[16:]), w.close())).start()
            assert next(iter(trace)).kind == "Sync"


def test_a_file_that_is_removed_or_left_behind(path, expected, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with tracereader.open(path.name) as trace:
        iterator = iter(trace)
        monkeypatch.chdir("/")
        path.unlink()
        assert list(trace) == expected
        assert list(iterator) == expected


def test_no_descriptor_is_left_open(path):
    before = sorted(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    if before is None:
        pytest.skip("no /proc")
    with tracereader.open(path) as trace:
        iterators = [iter(trace) for _ in range(5)]
        for iterator in iterators:
            next(iterator)
    assert sorted(os.listdir("/proc/self/fd")) == before
    del iterators
    trace = tracereader.open(path)
    iterator = iter(trace)
    del trace  # nobody closed it
    next(iterator)
    del iterator
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_given_things_are_left_alone(annotations):
    f = io.BytesIO(annotations)
    data = bytearray(annotations)
    with tracereader.open(f) as trace, tracereader.open(data) as other:
        list(trace), list(other)
        with pytest.raises(BufferError):
            data.append(0)  # borrowed
    assert not f.closed
    data.append(0)


def test_what_is_no_source(tmp_path):
    for src in (None, 5, 5.0, object(), ["a"]):
        with pytest.raises(TypeError, match="path"):
            tracereader.open(src)
    with pytest.raises(FileNotFoundError) as e:
        tracereader.open(tmp_path / "none")
    assert e.value.filename == str(tmp_path / "none") or e.value.filename == tmp_path / "none"
    assert isinstance(e.value.errno, int)
    with pytest.raises(IsADirectoryError):
        tracereader.open(tmp_path)
    with pytest.raises(TypeError, match="binary"):
        tracereader.open(io.StringIO("go 1.26 trace\0\0\0"))
    with pytest.raises(BufferError):
        tracereader.open(memoryview(bytes(64))[::2])


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_a_file_object_of_text(path, encoding):
    """Whether or not what it reads could be decoded, and nothing is read."""
    with open(path, encoding=encoding) as text:
        with pytest.raises(TypeError, match="reads text: open it in binary mode"):
            tracereader.open(text)
        assert text.tell() == 0
        with tracereader.open(text.buffer) as trace:
            assert trace.info.version == "go 1.26"


class Failing(io.BytesIO):
    """Fails after the header."""

    error = OSError(5, "the disk is gone")

    def read(self, size=-1):
        if self.tell() >= 16:
            raise self.error
        return super().read(size)


@pytest.mark.parametrize(
    "error", [OSError(5, "gone"), ZeroDivisionError("x"), KeyboardInterrupt(), SystemExit(3)]
)
def test_what_a_file_object_raises_comes_through(annotations, error):
    f = Failing(annotations)
    f.error = error
    with tracereader.open(f) as trace:
        with pytest.raises(type(error)) as e:
            list(trace)
        assert e.value is error
        with pytest.raises(type(error)):
            trace.blocking()
        if not isinstance(error, Exception):
            with pytest.raises(type(error)):
                trace.info.load()
        else:
            assert trace.info.error is error
            assert not trace.info.complete


class FailingBehind(io.BytesIO):
    """Gives its bytes, and then fails: also where it was asked for more than these."""

    def __init__(self, data, error):
        super().__init__(data)
        self.error = error

    def read(self, size=-1):
        if self.tell() + size > len(self.getbuffer()):
            raise self.error
        return super().read(size)


class UnseekableFailingBehind(Unseekable):
    """The same, of what is gone once it was read."""

    def __init__(self, data, error):
        super().__init__(data)
        self.error = error

    def readinto(self, buffer):
        if not self.rest:
            raise self.error
        return super().readinto(buffer)


def rows_and_error(rows):
    """All that it gives, and what it raised."""
    found = []
    try:
        for row in rows:
            found.append(row)
    except Exception as e:
        return found, e
    return found, None


READ_ERRORS = [EOFError("cut"), ValueError("odd"), zlib.error("no"), KeyError("none")]


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("file", [FailingBehind, UnseekableFailingBehind])
@pytest.mark.parametrize("error", READ_ERRORS, ids=lambda e: type(e).__name__)
def test_any_exception_of_a_read_comes_after_all_before(error, file, strict):
    """As an OSError in its place."""
    rest = trace_bytes("go1.26-generations")
    rest = rest[: len(rest) * 9 // 10]
    gone = UnseekableFailingBehind(rest, OSError(5, "gone"))
    with tracereader.open(gone, strict=strict) as trace:
        expected, _ = rows_and_error(trace)
        expected_intervals, _ = rows_and_error(trace.intervals())
        assert len(expected) > 100 and expected_intervals
    with tracereader.open(file(rest, error), strict=strict) as trace:
        events = iter(trace)
        assert rows_and_error(events) == (expected, error)
        for _ in range(2):  # again and again, and no other events
            assert rows_and_error(events) == ([], error)
        batches, raised = rows_and_error(trace.events(columns="time").batches(1000))
        assert sum(batch.rows for batch in batches) == len(expected) and raised is error
        assert rows_and_error(trace.intervals()) == (expected_intervals, error)
        assert trace.error is None
        assert trace.info.error is error and not trace.info.complete
        assert trace.info.events == len(expected)
    results = [
        lambda trace: trace.events(columns="time").count(),
        lambda trace: trace.blocking(),
        lambda trace: tracereader.blocking_ratio(trace),
    ]
    if find_spec("pandas"):
        results.append(lambda trace: len(trace.events(columns="time").to_pandas()))
    for result in results:
        with tracereader.open(file(rest, error), strict=strict) as trace:
            if strict:
                with pytest.raises(type(error)) as e:
                    result(trace)
                assert e.value is error and trace.error is None
            else:
                with pytest.warns(UserWarning, match="what is left"):
                    found = result(trace)
                assert found == len(expected) or not isinstance(found, int)
                assert trace.error is error
    (note,) = error.__notes__
    assert note.startswith("at byte")


@pytest.mark.parametrize("module", ["gzip", "lzma"])
def test_a_cut_file_of_pythons_own_modules(annotations, module):
    """It loses no more than the library, which decompresses it itself, does."""
    module = pytest.importorskip(module)
    packed = module.compress(annotations)
    packed = packed[: len(packed) * 2 // 3]
    with tracereader.open(packed, strict=False) as trace:
        expected, error = rows_and_error(trace)
        assert isinstance(error, tracereader.TruncatedError) and len(expected) > 100
    with tracereader.open(module.open(io.BytesIO(packed)), strict=False) as trace:
        events, error = rows_and_error(trace)
        assert events == expected and isinstance(error, EOFError)


def test_memory_and_signals_do_not_wait(annotations):
    for error in (MemoryError(), KeyboardInterrupt(), SystemExit(3)):
        file = FailingBehind(annotations[: len(annotations) // 2], error)
        with tracereader.open(file, strict=False) as trace:
            for read in (list, lambda trace: trace.info.events, lambda trace: trace.blocking()):
                with pytest.raises(type(error)) as e:
                    read(trace)
                assert e.value is error and trace.error is None


def test_what_progress_raises_does_not_end_a_trace(annotations):
    def progress(done, total):
        raise error

    error = ValueError("mine")
    with tracereader.open(io.BytesIO(annotations), strict=False, progress=progress) as trace:
        with pytest.raises(ValueError, match="mine"):
            trace.events(columns="time").count()
        assert trace.error is None


@pytest.mark.parametrize("error", [OSError(5, "gone"), tracereader.TruncatedError("cut")])
def test_events_before_a_failed_read_come_first(annotations, expected, error):
    class FailingAtTheEnd(io.BytesIO):
        def read(self, size=-1):
            data = super().read(size)
            if not data:
                raise error
            return data

    events = []
    with tracereader.open(FailingAtTheEnd(annotations)) as trace:
        with pytest.raises(type(error)) as e:
            for ev in trace:
                events.append(ev)
    assert e.value is error
    assert events[:-1] == expected[:-1]


@pytest.mark.parametrize("answer", [None, "text", 5, b"x" * 10**6], ids=["none", "text", "int", "too long"])
def test_what_read_must_not_give(annotations, answer):
    class Odd(io.BytesIO):
        def read(self, size=-1):
            return answer if self.tell() >= 16 else super().read(size)

    with tracereader.open(Odd(annotations)) as trace:
        with pytest.raises((TypeError, OSError)):
            list(trace)


def test_a_file_closed_meanwhile(annotations):
    f = io.BytesIO(annotations)
    with tracereader.open(f) as trace:
        f.close()
        with pytest.raises(ValueError):
            list(trace)


def test_the_name_is_in_the_repr(path, annotations):
    with tracereader.open(path) as trace:
        assert str(path) in repr(trace) and "go 1.26" in repr(trace)
    assert "closed" in repr(trace)
    with open(path, "rb") as f, tracereader.open(f) as trace:
        assert str(path) in repr(trace)
    with tracereader.open(annotations) as trace:
        assert "bytes" in repr(trace)
    assert isinstance(path, pathlib.Path)


# Files that are elsewhere, by fsspec.


@pytest.fixture
def remote(annotations):
    """A file system in memory, with the trace in three forms."""
    memory = pytest.importorskip("fsspec").filesystem("memory")
    memory.pipe("/runs/a.trace", annotations)
    memory.pipe("/runs/b.trace.gz", gzip.compress(annotations))
    memory.pipe("/runs/c.trace", b"before" + annotations)
    yield memory
    memory.rm("/runs", recursive=True)


def blockings(events):
    return sum(
        ev.kind == "StateTransition"
        and ev.resource == "Goroutine"
        and ev.from_state in ("Running", "Syscall")
        and ev.to_state == "Waiting"
        for ev in events
    )


def test_fsspec(remote, expected):
    for name, start in (("a.trace", 0), ("b.trace.gz", 0), ("c.trace", 6)):
        with remote.open(f"/runs/{name}", "rb") as f:
            f.seek(start)
            with tracereader.open(f) as trace:
                assert name in repr(trace)
                first = iter(trace)
                head = [next(first) for _ in range(10)]
                assert list(trace) == head + list(first) == expected
                assert trace.info.complete
                assert trace.blocking(by="reason").blocked == blockings(expected)
            assert not f.closed


def test_fsspec_opens_and_decompresses(remote, expected):
    fsspec = pytest.importorskip("fsspec")
    for url, how in (
        ("memory://runs/a.trace", {}),
        ("memory://runs/b.trace.gz", {"compression": "infer"}),
        ("simplecache::memory://runs/a.trace", {}),
    ):
        with fsspec.open(url, **how) as f, tracereader.open(f) as trace:
            assert list(trace) == expected


def test_what_opens_a_file(remote, expected, tmp_path, annotations):
    fsspec = pytest.importorskip("fsspec")
    unopened = fsspec.open("memory://runs/b.trace.gz", compression="infer")
    with tracereader.open(unopened) as trace, tracereader.open(unopened) as again:
        assert list(trace) == list(again) == expected
    with zipfile.ZipFile(tmp_path / "runs.zip", "w") as archive:
        archive.writestr("a.trace", annotations)
    with tracereader.open(zipfile.Path(tmp_path / "runs.zip", "a.trace")) as trace:
        assert list(trace) == expected
    for mode in ("r", "wb"):
        with pytest.raises(TypeError, match="mode"):
            tracereader.open(fsspec.open("memory://runs/a.trace", mode))
    assert remote.cat("/runs/a.trace") == annotations


class Opener:
    """Opens bytes; what it opened is in `opened`."""

    def __init__(self, data, kind=io.BytesIO):
        self.data, self.kind, self.opened = data, kind, []

    def open(self, mode):
        assert mode == "rb"
        self.opened.append(self.kind(self.data))
        return self.opened[-1]


class NoSeek(io.BytesIO):
    def seekable(self):
        return False


@pytest.mark.parametrize("kind", [io.BytesIO, NoSeek])
def test_what_was_opened_is_closed(annotations, expected, kind):
    opener = Opener(annotations, kind)
    with tracereader.open(opener) as trace:
        assert list(trace) == expected and not opener.opened[0].closed
    assert [f.closed for f in opener.opened] == [True]
    bad = Opener(b"no trace", kind)
    with pytest.raises(tracereader.TraceError):
        tracereader.open(bad)
    assert [f.closed for f in bad.opened] == [True]


def test_a_universal_path(remote, path, expected):
    upath = pytest.importorskip("upath", reason="no universal_pathlib")
    for url in ("memory://runs/a.trace", path.as_uri(), str(path)):
        with tracereader.open(upath.UPath(url)) as trace:
            assert list(trace) == expected
            assert (trace._source.path is None) == url.startswith("memory")


def test_a_remote_file_is_fetched_once(expected, annotations):
    """A pass reads on: what is behind a network comes once, in large pieces."""
    spec = pytest.importorskip("fsspec.spec")
    fetched = []

    class File(spec.AbstractBufferedFile):
        def _fetch_range(self, start, end):
            fetched.append((start, end))
            return annotations[start:end]

    f = File(None, "far/away.trace", size=len(annotations), block_size=4096)
    with tracereader.open(f) as trace:
        assert list(trace) == expected
    assert sum(end - start for start, end in fetched) <= len(annotations) + 2 * 4096

