"""Tables as C hands them to Python: batches, and streams of Arrow's C interface.

The streams are pulled by ctypes, as a library in C would, so that no package is needed.
"""

import array
import collections
import ctypes
import errno
import gc
import io
import os
import re
import sys
import threading

import pytest
import tracereader
from tracereader import _native
from tracereader._blocking import _ROWS, table_by
from tracereader._tables import Tables

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
    _native.trpy_table_open(cursor.handle, table, *options, _native.TR_ANY)
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


def stream_of(table):
    return moved(table.__arrow_c_stream__())


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


def test_tables_of_c():
    names = []
    while (name := _native.tr_table_name(len(names))) is not None:
        columns = _native.trpy_table_columns(name)
        assert all(isinstance(doc, str) and doc for _, _, _, doc in columns)
        names.append(name)
    methods = [name for name in vars(Tables) if not name.startswith("_")]
    assert names == methods + [table_by(by) for by in _ROWS]
    with pytest.raises(ValueError, match="unknown table"):
        _native.trpy_table_columns("event")
    with pytest.raises(ValueError, match="unknown table"):
        _native.trpy_table_narrow("event", None)


def test_what_c_is_asked_for(trace):
    for columns in (["tim"], ["time", "time"], []):
        with pytest.raises(ValueError, match="named twice"):
            cursor_of(trace, "events", (columns, 0, 0, False, False))
    with pytest.raises(TypeError):
        cursor_of(trace, "events", ([1], 0, 0, False, False))
    cursor = cursor_of(trace, "events")
    with pytest.raises(ValueError):
        _native.trpy_table_open(cursor.handle, "events", *ALL, _native.TR_ANY)
    with pytest.raises(ValueError, match="not one of a table"):
        _native.trpy_table_next(trace._cursor().handle)


def test_buffers_keep_what_they_show(annotations):
    with tracereader.open(annotations) as trace:
        rows, columns = _native.trpy_table_next(cursor_of(trace, "events").handle)
        expected = [ev.time for ev in trace]
    (nulls, (valid, times), dictionary), (_, _, kinds) = columns[:2]
    some, (bits, goroutines), _ = columns[4]
    del columns
    gc.collect()
    assert (rows, nulls, valid, dictionary) == (len(expected), 0, None, None)
    assert times.cast("q").tolist() == expected and times.readonly
    assert kinds[1][1].cast("i")[kinds[0]] == len(kinds[1][2])
    assert len(goroutines) == 8 * rows
    assert [bits[i // 8] >> i % 8 & 1 for i in range(rows)].count(0) == some > 0
    with pytest.raises(TypeError):
        times[0] = 1


def test_a_stream_of_a_file_object_from_another_thread(annotations):
    told, found = [], []
    file = io.BytesIO(annotations)
    with tracereader.open(file, progress=lambda *at: told.append(at)) as trace:
        table = trace.events(columns=["time"])
        rows = table.count()
        told.clear()
        stream = stream_of(table)
        thread = threading.Thread(target=lambda: found.append(pull_all(stream)))
        thread.start()
        thread.join()
        assert found == [(rows, 0)]
        assert told[-1][0] == len(annotations)
        release(stream)


def test_a_stream_outlives_its_trace_object(annotations):
    stream = stream_of(tracereader.open(annotations).events())
    gc.collect()
    assert pull_all(stream)[1] == 0
    release(stream)


def test_a_capsule_that_nobody_takes(annotations):
    with tracereader.open(annotations) as trace:
        capsule = trace.logs().__arrow_c_stream__()
        del capsule
        stream = stream_of(trace.logs())
    release(stream)


def test_closing_ends_a_stream(sample):
    with tracereader.open(sample) as trace:
        stream = stream_of(trace.events())
    assert pull(stream) == (0, errno.EIO)
    assert "closed" in message(stream)
    assert pull(stream) == (0, errno.EIO)
    release(stream)


def test_a_broken_trace(broken):
    with tracereader.open(broken) as trace:
        with pytest.raises(tracereader.TraceError) as raised:
            before = 0
            for _ in trace:
                before += 1
        stream = stream_of(trace.events())
        assert pull_all(stream) == (before, errno.EIO)
        assert message(stream) == str(raised.value)
        assert f"at byte {raised.value.offset}" in message(stream)
        assert type(trace.error) is type(raised.value)
        assert pull(stream) == (0, errno.EIO)
        release(stream)


def test_what_a_file_object_raises(annotations):
    class Failing(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > 1000:
                raise ZeroDivisionError("no more")
            return super().read(min(size, 500))

    with tracereader.open(Failing(annotations)) as trace:
        stream = stream_of(trace.events())
        assert pull_all(stream)[1] == errno.EIO
        found = re.fullmatch(r"no more \((.*)\)", message(stream))
        assert re.fullmatch(r"at byte 10\d\d of the trace, generation 1", found[1])
        assert isinstance(trace.error, ZeroDivisionError)
        with pytest.raises(ZeroDivisionError, match="no more") as e:
            trace.blocking()
        assert "of the trace, generation 1" in e.value.__notes__[0]
        release(stream)


@pytest.mark.parametrize(
    "notes, text", [(["a", "b"], "no more (a, b)"), ([], "no more"), (5, "no more")]
)
def test_notes_of_what_is_raised(notes, text):
    def array():
        error = ValueError("no more")
        error.__notes__ = notes
        raise error

    stream = moved(_native.trpy_arrow_stream(None, array, None))
    assert pull(stream)[1] == errno.EIO and message(stream) == text
    release(stream)


def test_interrupted_between_batches(annotations):
    def interrupt(done, total):
        raise KeyboardInterrupt

    with tracereader.open(annotations, progress=interrupt) as trace:
        stream = stream_of(trace.events())
        assert pull(stream) == (0, errno.ECANCELED)
        assert message(stream) == "KeyboardInterrupt"
        assert isinstance(trace.error, KeyboardInterrupt)
        release(stream)


def test_interrupted_where_a_batch_is_asked_for(annotations):
    """Before the first line that could catch it."""

    def interrupt(frame, event, arg):
        if frame.f_code.co_filename.endswith("_table.py"):
            raise KeyboardInterrupt

    with tracereader.open(annotations) as trace:
        stream = stream_of(trace.events())
        sys.settrace(interrupt)
        try:
            assert pull(stream) == (0, errno.ECANCELED)
        finally:
            sys.settrace(None)
        assert isinstance(trace.error, KeyboardInterrupt)
        release(stream)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_not_in_a_forked_child(trace):
    cursor = cursor_of(trace, "events")
    stream = stream_of(trace.events())
    child = os.fork()
    if child == 0:
        try:
            _native.trpy_table_next(cursor.handle)
        except ValueError:
            os._exit(7 if pull(stream)[1] == errno.EIO else 1)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert _native.trpy_table_next(cursor.handle)[0] > 0
    assert pull(stream)[0] > 0
    release(stream)


# What Python gives to be made Arrow's.


def test_structs_of_what_is_wrong():
    with pytest.raises(TypeError):
        _native.trpy_arrow_schema([("name",)])
    with pytest.raises(TypeError):
        _native.trpy_arrow_schema(5)
    for columns in ([5], [(0, (b"",))], [(0, 5, None)], [(0, (), None)], [(0, (b"",) * 4, None)]):
        with pytest.raises(TypeError):
            _native.trpy_arrow_array(1, columns)
    for columns in ([(0, (None, 5), None)], [(0, (None, b""), 5)], [(0, (b"", b""), (1, (5,)))]):
        with pytest.raises(TypeError):
            _native.trpy_arrow_array(1, columns)


def test_streams_of_what_is_wrong():
    def fail():
        raise ValueError("there is none")

    for schema in (fail, lambda: 5):
        stream = moved(_native.trpy_arrow_stream(schema, lambda: None, None))
        assert stream.get_schema(ctypes.byref(stream), bytes(200)) == errno.EIO
        assert message(stream)
        release(stream)
    for batch in (fail, lambda: 5, lambda: _native.trpy_arrow_schema([])):
        stream = moved(_native.trpy_arrow_stream(fail, batch, None))
        assert pull(stream) == (0, errno.EIO) == pull(stream)
        assert message(stream)
        release(stream)


def test_values():
    codes = array.array("i", [2, 0, -1, 1, 9])
    assert memoryview(_native.trpy_map_codes(codes, array.array("i", [5, 6, 7]))).cast(
        "i"
    ).tolist() == [7, 5, 0, 6, 0]
    values, none = array.array("q", [1, 2, 3]), array.array("q", [-1])
    filled = _native.trpy_fill_nulls(values, b"\x05", none)
    assert memoryview(filled).cast("q").tolist() == [1, -1, 3]
    with pytest.raises(ValueError):
        _native.trpy_fill_nulls(values, b"", none)
    for wrong in ((5, b"", none), (values, 5, none), (values, b"\x01", 5)):
        with pytest.raises(TypeError):
            _native.trpy_fill_nulls(*wrong)
    with pytest.raises(TypeError):
        _native.trpy_map_codes(codes, 5)


def test_items():
    numbers, bits = array.array("q", [-1, 2**63 - 1, 3]), b"\x05"
    items = _native.trpy_items
    assert items(3, "l", (None, numbers), None) == [-1, 2**63 - 1, 3]
    assert items(3, "L", (bits, numbers), None) == [2**64 - 1, None, 3]
    assert items(3, "b", (None, bits), None) == [True, False, True]
    assert items(2, "g", (None, array.array("d", [0.5, -1])), None) == [0.5, -1.0]
    ends = array.array("i", [0, 2, 2, 5])
    assert items(3, "u", (None, ends, "äabc".encode()), None) == ["ä", "", "abc"]
    assert items(2, "i", (None, array.array("i", [1, 0])), ["a", "b"]) == ["b", "a"]
    assert items(0, "u", (None, None, None), None) == items(0, "l", (None, None), None) == []
    for wrong in (
        (4, "l", (None, numbers), None),
        (7, "i", (None, numbers), ["a"]),
        (9, "b", (None, bits), None),
        (9, "l", (bits, array.array("q", range(9))), None),
        (4, "u", (None, ends, b"abcde"), None),
        (3, "u", (None, ends, b"abcd"), None),
        (1, "u", (None, array.array("i", [3, 1]), b"abcd"), None),
        (1, "u", (None, array.array("i", [-1, 1]), b"abcd"), None),
        (1, "u", (None, array.array("i", [0, 1]), b"\xff"), None),
    ):
        with pytest.raises(ValueError):
            items(*wrong)
    for wrong in ((1, "l", [numbers], None), (1, "l", (None, 5), None), (1, "i", (None, ends), 5)):
        with pytest.raises(TypeError):
            items(*wrong)
    for code in (-1, 1):
        with pytest.raises(IndexError):
            items(1, "i", (None, array.array("i", [code])), ["a"])
    with pytest.raises(TypeError):
        _native.trpy_row_maker(list)
    make = _native.trpy_row_maker(collections.namedtuple("Row", "a b"))
    row = make([1], None)
    assert (row.a, row.b, row) == ([1], None, ([1], None))
