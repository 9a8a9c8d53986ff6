"""Tables as C hands them to Python: batches, and streams of Arrow's C interface.

The streams are pulled by ctypes, as a library in C would, so that no package is needed.
"""

import ctypes
import errno
import gc
import io
import os
import threading

import pytest
import tracereader
from corpus import trace_bytes
from tracereader import _native

ALL = (None, 0, 0, False, False)


class Array(ctypes.Structure):
    pass


class Stream(ctypes.Structure):
    pass


Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.c_void_p),
    ("children", ctypes.c_void_p),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(Array))),
    ("private_data", ctypes.c_void_p),
]
_POINTER = ctypes.POINTER(Stream)
Stream._fields_ = [
    ("get_schema", ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, ctypes.c_void_p)),
    ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, ctypes.POINTER(Array))),
    ("get_last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, _POINTER)),
    ("release", ctypes.CFUNCTYPE(None, _POINTER)),
    ("private_data", ctypes.c_void_p),
]


def cursor_of(trace, table, options=ALL):
    cursor = trace._cursor(_native.trpy_table_narrow(table, None))
    _native.trpy_table_open(cursor.handle, table, *options)
    return cursor


def moved(capsule):
    """The stream in a capsule, taken out as its consumers do."""
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    inside = Stream.from_address(get(capsule, b"arrow_array_stream"))
    stream = Stream()
    ctypes.memmove(ctypes.byref(stream), ctypes.byref(inside), ctypes.sizeof(Stream))
    ctypes.memset(ctypes.addressof(inside) + Stream.release.offset, 0, Stream.release.size)
    return stream


def stream_of(trace, table="events", options=ALL, tick=None, failed=None):
    cursor = cursor_of(trace, table, options)  # a trace that is closed finds it, if it is kept

    def ticked(done, ended, keep=cursor):
        if tick is not None:
            tick(done, ended)

    return moved(_native.trpy_table_stream(cursor.handle, ticked, failed))


def pull(stream):
    """(rows, error): of the next batch, 0 rows behind the last."""
    array = Array()
    error = stream.get_next(ctypes.byref(stream), ctypes.byref(array))
    if error or not array.release:
        return 0, error
    rows = array.length
    array.release(ctypes.byref(array))
    return rows, 0


def pull_all(stream):
    rows, error = 0, 0
    while not error:
        more, error = pull(stream)
        if not more:
            break
        rows += more
    return rows, error


def message(stream):
    return stream.get_last_error(ctypes.byref(stream)).decode()


def release(stream):
    stream.release(ctypes.byref(stream))
    assert not stream.release


def test_columns_are_those_of_the_schema():
    i = 0
    while (name := _native.tr_table_name(i)) is not None:
        columns = _native.trpy_table_columns(name)
        assert all(isinstance(doc, str) and doc for _, _, _, doc in columns)
        assert _native.trpy_table_schema(name, [columns[0][0]], False, False)
        i += 1
    assert i == 17
    with pytest.raises(ValueError, match="unknown table"):
        _native.trpy_table_columns("event")
    with pytest.raises(ValueError, match="unknown table"):
        _native.trpy_table_narrow("event", None)
    for columns in (["tim"], ["time", "time"], []):
        with pytest.raises(ValueError, match="named twice"):
            _native.trpy_table_schema("events", columns, False, False)
    with pytest.raises(TypeError):
        _native.trpy_table_schema("events", [1], False, False)


def test_batches_say_what_events_say(sample):
    with tracereader.open(sample) as trace:
        events = list(trace)
        names = {name: n for n, (name, *_) in enumerate(_native.trpy_table_columns("events"))}
        cursor = cursor_of(trace, "events", (None, 100, 0, True, False))
        done = 0
        while (batch := _native.trpy_table_next(cursor.handle)) is not None:
            some = events[done : done + batch.rows]
            done += batch.rows
            for name in ("time", "goroutine", "task", "offset", "message", "value"):
                want = [getattr(event, name) for event in some]
                assert batch.values(names[name], None) == want
            for name in ("kind", "reason", "to_state", "type"):
                want = [getattr(event, name) for event in some]
                assert batch.values(names[name], batch.names(names[name], 0)) == want
        assert done == len(events)
        assert _native.trpy_table_next(cursor.handle) is None


def test_views_keep_what_they_show(annotations):
    with tracereader.open(annotations) as trace:
        batch = _native.trpy_table_next(cursor_of(trace, "events").handle)
        times, valid, nulls = batch.column(0)
        goroutines, some, count = batch.column(4)
        want = batch.values(0, None)
    del batch
    gc.collect()
    assert valid is None and nulls == 0
    assert times.format == "q" and times.readonly and times.tolist() == want
    bits = [some[i // 8] >> i % 8 & 1 for i in range(len(goroutines))]
    assert bits.count(0) == count > 0
    with pytest.raises(TypeError):
        times[0] = 1


def test_bad_numbers(trace):
    batch = _native.trpy_table_next(cursor_of(trace, "events").handle)
    for call in (
        lambda: batch.column(26),
        lambda: batch.column(-1),
        lambda: batch.values(99, None),
        lambda: batch.names(-1, 0),
    ):
        with pytest.raises(IndexError):
            call()
    with pytest.raises(ValueError, match="not a column of names"):
        batch.names(0, 0)
    with pytest.raises(TypeError):
        batch.values(1, None)
    with pytest.raises(IndexError):
        batch.values(1, [])
    with pytest.raises(TypeError):
        type(batch)()


def test_a_cursor_is_of_one_table(trace):
    cursor = cursor_of(trace, "events")
    with pytest.raises(ValueError):
        _native.trpy_table_open(cursor.handle, "events", *ALL)
    plain = trace._cursor()
    with pytest.raises(ValueError, match="not one of a table"):
        _native.trpy_table_next(plain.handle)
    with pytest.raises(ValueError, match="not one of a table"):
        _native.trpy_table_stream(plain.handle, None, None)


def test_a_stream_of_a_file_object_from_another_thread(annotations):
    with tracereader.open(io.BytesIO(annotations)) as trace:
        rows = sum(1 for _ in trace)
        ticks, found = [], []
        stream = stream_of(
            trace,
            options=(["time"], 50, 0, False, False),
            tick=lambda done, ended: ticks.append((done, ended)),
        )
        thread = threading.Thread(target=lambda: found.append(pull_all(stream)))
        thread.start()
        thread.join()
        assert found == [(rows, 0)]
        assert len(ticks) == -(-rows // 50) + 1
        assert [ended for _, ended in ticks] == [False] * (len(ticks) - 1) + [True]
        release(stream)


def test_a_stream_outlives_its_trace_object(annotations):
    stream = stream_of(tracereader.open(annotations))
    gc.collect()
    assert pull_all(stream)[1] == 0
    release(stream)


def test_a_capsule_that_nobody_takes(annotations):
    with tracereader.open(annotations) as trace:
        capsule = _native.trpy_table_stream(cursor_of(trace, "logs").handle, None, None)
        del capsule


def test_closing_ends_a_stream(annotations):
    failed = []
    with tracereader.open(annotations) as trace:
        stream = stream_of(trace, options=(None, 10, 0, False, False), failed=failed.append)
        assert pull(stream) == (10, 0)
    assert pull(stream) == (0, errno.EIO)
    assert "closed" in message(stream)
    assert [type(e) for e in failed] == [ValueError]
    release(stream)


def test_a_broken_trace(broken):
    failed = []
    with tracereader.open(broken) as trace:
        with pytest.raises(tracereader.TraceError) as raised:
            before = 0
            for _ in trace:
                before += 1
        stream = stream_of(trace, failed=failed.append)
        rows, error = pull_all(stream)
        assert (rows, error) == (before, errno.EIO)
        assert message(stream) == str(raised.value)
        assert f"at byte {raised.value.offset}" in message(stream)
        assert [type(e) for e in failed] == [type(raised.value)]
        assert pull(stream) == (0, errno.EIO) and len(failed) == 1
        release(stream)
        cursor = cursor_of(trace, "events")
        assert _native.trpy_table_next(cursor.handle).rows == before
        with pytest.raises(type(raised.value)):
            _native.trpy_table_next(cursor.handle)


def test_what_a_file_object_raises(annotations):
    class Failing(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > 1000:
                raise ZeroDivisionError("no more")
            return super().read(min(size, 500))

    failed = []
    with tracereader.open(Failing(annotations)) as trace:
        stream = stream_of(trace, failed=failed.append)
        assert pull_all(stream)[1] == errno.EIO
        assert "no more" in message(stream)
        assert [str(e) for e in failed] == ["no more"]
        release(stream)


def test_interrupted_between_batches(annotations):
    def interrupt(done, ended):
        raise KeyboardInterrupt

    failed = []
    with tracereader.open(annotations) as trace:
        stream = stream_of(trace, tick=interrupt, failed=failed.append)
        assert pull(stream) == (0, errno.ECANCELED)
        assert [type(e) for e in failed] == [KeyboardInterrupt]
        release(stream)


def test_wall_time_is_not_known_before_go_1_25():
    with tracereader.open(trace_bytes("go1.22-annotations")) as trace:
        cursor = cursor_of(trace, "events", (None, 0, 0, False, True))
        with pytest.raises(ValueError, match="wall time"):
            _native.trpy_table_next(cursor.handle)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_not_in_a_forked_child(trace):
    cursor = cursor_of(trace, "events")
    child = os.fork()
    if child == 0:
        try:
            _native.trpy_table_next(cursor.handle)
        except ValueError:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert _native.trpy_table_next(cursor.handle).rows > 0
