"""Ctrl-C anywhere: KeyboardInterrupt from the n-th place of the package where a signal's handler
may run, for every n until all goes well. What was begun is not done then; but nothing is lost,
left open or held, so that it can be done again."""

import io
import itertools
import os
import pathlib
import sys
import threading

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
            return
        except KeyboardInterrupt:
            assert left == 0
        finally:
            sys.setprofile(None)
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
