"""Ctrl-C anywhere: KeyboardInterrupt from the n-th place of the package where a signal's handler
may run, for every n until all goes well. What was begun is not done then; but nothing is lost,
left open or held, so that it can be done again."""

import io
import itertools
import os
import pathlib
import sys
import threading
import time
import weakref

import pytest
import tracereader

PACKAGE = str(pathlib.Path(tracereader.__file__).parent)


def interrupted(action, files=(PACKAGE,)):
    """Run it until it is not interrupted; gives an item after each time that it was."""
    for n in itertools.count(1):
        left = n

        def look(frame, event, _):
            # Python looks for signals where a function begins, and behind calls of C.
            nonlocal left
            if event in ("call", "c_return") and frame.f_code.co_filename.startswith(files):
                left -= 1
                if left == 0:
                    sys.setprofile(None)
                    raise KeyboardInterrupt

        try:
            sys.setprofile(look)
            action()
        except KeyboardInterrupt:
            pass
        finally:
            sys.setprofile(None)
        if left:
            return
        yield n


def in_another_thread(function):
    results = []
    thread = threading.Thread(target=lambda: results.append(function()), daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    return results[0]


def test_a_file_object_is_read(annotations):
    with tracereader.open(annotations) as trace:
        expected = list(trace)
    with tracereader.open(io.BytesIO(annotations)) as trace:
        for _ in interrupted(lambda: list(trace)):
            assert next(iter(trace)) == expected[0]
            assert in_another_thread(lambda: next(iter(trace))) == expected[0]
        assert list(trace) == expected


class Stream:
    """What can only be read on, by a function of C."""

    def __init__(self, data):
        self.read = io.BytesIO(data).read

    def seekable(self):
        return False


def test_a_stream_is_read(annotations):
    """What it gave is not lost."""
    with tracereader.open(annotations) as trace:
        expected = list(trace)
    traces = []

    def read():
        traces.append(tracereader.open(Stream(annotations)))
        list(traces[-1])

    for _ in interrupted(read):
        for trace in traces:
            with trace:
                assert list(trace) == expected
        traces.clear()


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="no /proc")
@pytest.mark.filterwarnings("error")
def test_no_descriptor_is_left_open(path, annotations):
    def read(source):
        with tracereader.open(source) as trace:
            next(iter(trace))

    read(Stream(annotations))  # which imports what it needs
    before = os.listdir("/proc/self/fd")
    for source in (lambda: path, lambda: Stream(annotations)):
        for _ in interrupted(lambda: read(source())):
            assert os.listdir("/proc/self/fd") == before


class Opener:
    """What opens a file object."""

    def __init__(self, file):
        self.file = file

    def open(self, mode):
        return self.file


def test_a_trace_is_closed(annotations):
    """All of it, once it is closed again."""
    opener = trace = begun = None

    def close():
        nonlocal opener, trace, begun
        trace, opener = None, Opener(io.BytesIO(annotations))
        trace = tracereader.open(opener)
        begun = [iter(trace), iter(trace)]
        trace.close()

    for _ in interrupted(close):
        if trace:
            trace.close()
            assert trace.closed and opener.file.closed
        for iterator in begun if trace and begun else ():
            with pytest.raises(ValueError, match="closed"):
                next(iterator)


@pytest.mark.parametrize("again", [False, True])
def test_what_was_opened_cannot_be_closed(annotations, again):
    """At first; the second time it can."""

    class Failing(io.BytesIO):
        calls = 0

        def close(self):
            self.calls += 1
            if again:
                trace.close()
            if self.calls == 1:
                raise OSError("try again")
            super().close()

    file = Failing(annotations)
    trace = tracereader.open(Opener(file))
    with pytest.raises(OSError, match="try again"):
        trace.close()
    trace.close()
    trace.close()
    assert file.calls == 2 and file.closed


@pytest.mark.parametrize("most", [None, 1])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_many_traces_are_read(tmp_path, annotations, most):
    """The threads that read them end, also where only the first batch is taken."""
    for name in "ab":
        (tmp_path / name).write_bytes(annotations)
    before = threading.active_count()
    done = []

    def read():
        scan = tracereader.scan(tmp_path / "*", workers=2)
        batches = scan.events(columns="time").batches(100)
        done.append(sum(batch.rows for batch in itertools.islice(batches, most)))
        batches.close()

    for _ in interrupted(read, (PACKAGE, threading.__file__, weakref.__file__)):
        deadline = time.monotonic() + 20
        while threading.active_count() > before:  # one that was just being started
            assert time.monotonic() < deadline
            time.sleep(0.001)
    rows = tracereader.scan(tmp_path / "*").events().count()
    assert set(done) == {100 if most else rows}
