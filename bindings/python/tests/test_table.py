"""Tables of events: rows, batches, arrays, frames."""

import copy
import pickle
import sys

import pytest
import tracereader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from corpus import SAMPLES, trace_bytes
from tracereader import Codes, Kind, _native
from tracereader._event_table import _Later

#: Names and types are part of the interface.
SCHEMA = {
    "time": "int64",
    "kind": "str",
    "thread": "int64",
    "proc": "int64",
    "goroutine": "int64",
    "resource": "str",
    "resource_id": "int64",
    "from_state": "str",
    "to_state": "str",
    "reason": "str",
    "name": "str",
    "value": "uint64",
    "task": "uint64",
    "parent": "uint64",
    "type": "str",
    "category": "str",
    "message": "str",
    "scope": "str",
    "scope_id": "int64",
    "label": "str",
    "experiment": "str",
    "offset": "int64",
    "generation": "int64",
    "flags": "int64",
    "stack": "int64",
    "transition_stack": "int64",
}
#: Those that an event has under the same name: its stacks are no numbers.
FIELDS = tuple(SCHEMA)[:-2]
NONE = {"int64": -1, "uint64": 2**64 - 1, "str": None}


def rows_of(data, kinds=tuple(Kind), columns=FIELDS):
    """The rows that a table should have, from the events."""
    with tracereader.open(data) as trace:
        return [tuple(getattr(ev, c) for c in columns) for ev in trace if ev.kind in kinds]


def test_schema(trace):
    table = trace.events()
    assert table.schema == SCHEMA
    assert list(table.schema) == list(SCHEMA) == list(table.columns)
    assert trace.events(columns="time").columns == ("time",)
    assert trace.events(columns=["reason", "time"]).schema == {"reason": "str", "time": "int64"}


def test_rows_are_those_of_the_events(sample):
    with tracereader.open(sample) as trace:
        rows = list(trace.events())
        assert [row[: len(FIELDS)] for row in rows] == rows_of(sample)
        assert rows[0]._fields == tuple(SCHEMA)
        assert rows[0].time == rows[0][0] and rows[0].kind == "Sync"


def test_numpy_is_as_the_rows(sample):
    np = pytest.importorskip("numpy")
    expected = rows_of(sample)
    with tracereader.open(sample) as trace:
        arrays = trace.events().to_numpy()
        coded = trace.events().to_numpy(codes=True)
    assert list(arrays) == list(coded) == list(SCHEMA)
    for i, name in enumerate(FIELDS):
        kind = SCHEMA[name]
        column = arrays[name]
        want = [NONE[kind] if row[i] is None else row[i] for row in expected]
        assert column.shape == (len(expected),)
        assert column.dtype == (object if kind == "str" else kind)
        assert column.flags.owndata and column.flags.writeable
        assert column.tolist() == want
        if kind == "str":
            assert arrays[name] is column
            codes, categories = coded[name]
            assert isinstance(coded[name], Codes)
            assert codes.dtype == np.int32
            assert len(set(categories)) == len(categories)
            assert set(codes.tolist()) - {-1} == set(range(len(categories)))
            assert [None if c < 0 else categories[c] for c in codes.tolist()] == want
        else:
            assert (coded[name] == column).all()


@pytest.mark.parametrize("kinds", [None, "Metric", ["StateTransition", "Sync"]])
@pytest.mark.parametrize("name", ["go1.26-gcactive", "go1.26-shop", "go1.24-procs"])
def test_rare_values_stand_where_they_belong(name, kinds):
    """Arrays are written in part only when they are asked for: batches never are."""
    np = pytest.importorskip("numpy")
    with tracereader.open(trace_bytes(name)) as trace:
        table = trace.events(kinds=kinds)
        arrays = pickle.loads(pickle.dumps(table.to_numpy(codes=True)))
        pieces = {name: [] for name in SCHEMA}
        for batch in table.batches():
            for column in batch:
                pieces[column].append(np.array(batch[column]))
    for column, kind in SCHEMA.items():
        expected = np.concatenate(pieces[column])
        if kind == "str":
            codes, categories = arrays[column]
            names = np.array([*categories, None], dtype=object)
            if column != "message":
                expected = np.array([*batch.categories(column), None], dtype=object)[expected]
            assert (names[codes] == expected).all()
        else:
            assert (arrays[column] == expected).all()
            assert arrays[column].dtype == kind


def test_what_is_kept_small_checks_its_arguments(trace):
    for numbers in ([-1], [99], [0] * 27, [2**70]):
        with pytest.raises((ValueError, OverflowError)):
            _native.trpy_columns_new(numbers)
    for numbers in (5, ["time"], None):
        with pytest.raises(TypeError):
            _native.trpy_columns_new(numbers)
    kept = _native.trpy_columns_new([0, 1])
    assert _native.tr_columns_row_count(kept) == 0
    cursor = trace._cursor().handle
    assert _native.trpy_columns_read(kept, cursor, 10)
    assert _native.tr_columns_row_count(kept) == 10
    room = memoryview(bytearray(80)).cast("q")
    _native.trpy_columns_get(kept, 0, room)
    assert room.tolist() == [ev.time for ev, _ in zip(trace, range(10))]
    _native.trpy_columns_get(kept, 1, memoryview(bytearray(44)).cast("i"))
    for number, buffer in (
        (2, room),
        (99, room),
        (-1, room),
        (0, room[:9]),
        (1, room),
        (0, memoryview(bytearray(80)).cast("d")),
    ):
        with pytest.raises(ValueError):
            _native.trpy_columns_get(kept, number, buffer)
    with pytest.raises(BufferError):
        _native.trpy_columns_get(kept, 0, bytes(80))
    with pytest.raises(TypeError):
        _native.trpy_columns_get(kept, 0, 5)
    with pytest.raises(ValueError):  # a capsule of another kind
        _native.trpy_columns_get(cursor, 0, room)


def test_arrays_are_small_until_they_are_asked_for():
    pytest.importorskip("numpy")
    with tracereader.open(trace_bytes("go1.26-gc")) as trace:
        arrays = trace.events().to_numpy()
        # As C code finds them that passes by the methods.
        assert {type(array) for array in dict.values(arrays)} == {_Later}
        time = arrays["time"]
        made = [name for name, array in dict.items(arrays) if not isinstance(array, _Later)]
        assert made == ["time"] and arrays["time"] is time
    # The trace is closed, and the rest is still there.
    whole = dict(arrays)
    assert whole["time"] is time and arrays._kept is None
    for copied in (copy.copy(arrays), copy.deepcopy(arrays)):
        assert list(copied) == list(arrays)
        assert all((copied[name] == array).all() for name, array in whole.items())


def test_a_signal_handler_may_ask_for_arrays(trace, monkeypatch):
    """Whatever it asks for while another one is made."""
    pytest.importorskip("numpy")
    rows = trace.events().to_numpy
    plain = {name: array.tolist() for name, array in rows().items()}
    name_rows = _native.trpy_name_rows
    for within in ("kind", "reason", "flags", None):
        arrays = rows()

        def handler(*args):
            monkeypatch.setattr(_native, "trpy_name_rows", name_rows)
            for name in [within] if within else plain:
                assert arrays[name].tolist() == plain[name]
            name_rows(*args)

        monkeypatch.setattr(_native, "trpy_name_rows", handler)
        assert arrays["kind"].tolist() == plain["kind"]
        assert {name: array.tolist() for name, array in arrays.items()} == plain


def test_arrays_are_a_dict(trace):
    pytest.importorskip("numpy")
    arrays = trace.events(columns=["time", "kind"]).to_numpy()
    assert list(arrays) == ["time", "kind"] and len(arrays) == 2
    assert "kind" in arrays and "proc" not in arrays
    with pytest.raises(KeyError):
        arrays["proc"]
    assert dict(arrays)["kind"] is arrays["kind"]
    assert f"{trace.info.events:,} rows: time, kind" in repr(arrays)
    copy = pickle.loads(pickle.dumps(arrays))
    assert copy["kind"].tolist() == arrays["kind"].tolist()
    arrays["more"] = arrays["time"] - 1
    assert list(arrays) == ["time", "kind", "more"] and list(reversed(arrays))[0] == "more"
    del arrays["time"]
    arrays |= {"less": None}
    assert list(arrays) == ["kind", "more", "less"] and "time" not in arrays
    arrays.clear()
    assert not arrays and arrays == {} and not arrays != {}


@pytest.mark.parametrize("copied", [
    dict,
    copy.copy,
    lambda arrays: arrays.copy(),
    lambda arrays: {**arrays},
    lambda arrays: (lambda **columns: columns)(**arrays),
    lambda arrays: arrays | {},
    lambda arrays: {} | arrays,
    lambda arrays: dict(arrays.items()),
    lambda arrays: dict(zip(arrays.keys(), arrays.values())),
    lambda arrays: {name: arrays.get(name) for name in arrays},
    lambda arrays: {name: arrays.setdefault(name, None) for name in arrays},
    lambda arrays: {name: arrays.pop(name) for name in list(arrays)},
    lambda arrays: dict(reversed([arrays.popitem() for _ in list(arrays)])),
])
def test_who_copies_arrays_has_them_all(trace, copied):
    pytest.importorskip("numpy")
    table = trace.events(columns=["time", "kind", "reason"])
    whole = {name: array.tolist() for name, array in table.to_numpy().items()}
    found = copied(table.to_numpy())
    assert type(found) is dict and list(found) == list(whole)
    assert {name: array.tolist() for name, array in found.items()} == whole


@pytest.mark.parametrize("table, columns", [
    ("events", ["time", "kind", "goroutine"]),
    ("intervals", ["start", "state", "id"]),
])
@pytest.mark.parametrize("module, make", [
    ("pandas", "DataFrame"),
    ("pyarrow", "table"),
    ("polars", "DataFrame"),
])
def test_others_take_arrays_as_columns(trace, table, columns, module, make):
    module = pytest.importorskip(module)
    arrays = getattr(trace, table)(columns=columns).to_numpy()
    frame = getattr(module, make)(arrays)
    assert frame.shape == (len(arrays[columns[0]]), 3)
    assert {name: list(frame[name].to_numpy()) for name in columns} == {
        name: list(array) for name, array in arrays.items()
    }


def test_parquet_in_pandas(trace, tmp_path):
    """Ids stay whole numbers, as in to_pandas."""
    pandas = pytest.importorskip("pandas", minversion="2.0")
    pytest.importorskip("pyarrow")
    table = trace.events(columns=["time", "kind", "goroutine", "task"])
    table.to_parquet(tmp_path / "events")
    read = pandas.read_parquet(tmp_path / "events", dtype_backend="numpy_nullable")
    for name in ("goroutine", "task"):
        assert read[name].isna().any() and read[name].equals(table.to_pandas()[name])


def test_the_c_functions_of_names_check_what_they_get():
    np = pytest.importorskip("numpy")
    from tracereader import _native

    codes = np.array([0, 1, -1, 7], dtype=np.int32)
    out = np.empty(4, dtype=object)
    _native.trpy_name_rows(codes, ("a", "b"), out)
    assert out.tolist() == ["a", "b", None, None]
    _native.trpy_name_rows(codes, ("c",), out[:1])
    assert out[0] == "c"
    assert _native.trpy_renumber(codes, 8) == [0, 1, 7] and codes.tolist() == [0, 1, -1, 2]
    for bad in (codes.astype(np.int64), codes.astype(np.float32)):
        with pytest.raises(ValueError):
            _native.trpy_name_rows(bad, ("a",), out)
        with pytest.raises(ValueError):
            _native.trpy_renumber(bad, 8)
    with pytest.raises(ValueError):
        _native.trpy_name_rows(codes, ("a",), np.empty(4))
    with pytest.raises(TypeError):
        _native.trpy_name_rows(codes, 5, out)


def test_strings_are_shared(trace):
    pytest.importorskip("numpy")
    kinds = trace.events(columns=["kind"]).to_numpy()["kind"]
    assert len({id(kind) for kind in kinds}) == len(set(kinds))


def test_pandas_types(sample):
    pd = pytest.importorskip("pandas")
    expected = rows_of(sample)
    with tracereader.open(sample) as trace:
        frame = trace.events().to_pandas()
    assert list(frame.columns) == list(SCHEMA)
    plain = {"time", "offset", "generation", "flags"}
    for i, name in enumerate(FIELDS):
        kind = SCHEMA[name]
        column = frame[name]
        if name == "message":
            texts = column.dropna()  # pandas 2 looks at each value
            assert pd.api.types.is_string_dtype(texts) or not len(texts)
        elif kind == "str":
            assert isinstance(column.dtype, pd.CategoricalDtype)
        else:
            nullable = {"int64": "Int64", "uint64": "UInt64"}[kind]
            assert column.dtype == (kind if name in plain else nullable)
        assert [None if pd.isna(v) else v for v in column] == [row[i] for row in expected]


def test_names_that_become_the_same_text(annotations):
    """They differ in bytes that are not UTF-8: one category."""
    np, pd = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    with tracereader.open(annotations) as trace:
        names = sorted({row.type for row in trace.regions() if row.type.isascii()})
    first, second = next((a, b) for a in names for b in names if a < b and len(a) == len(b))
    data = annotations
    for name, byte in ((first, b"\xff"), (second, b"\xfe")):
        entry = bytes([len(name)]) + name.encode()
        assert data.count(entry) == 1
        data = data.replace(entry, bytes([len(name)]) + byte * len(name))
    text = "\ufffd" * len(first)
    with tracereader.open(data) as trace:
        rows = [row.type for row in trace.events(columns="type")]
        assert rows.count(text) > 1
        frame = trace.events().to_pandas()
        arrays = trace.events().to_numpy(codes=True)["type"]
        plain = trace.events().to_numpy()["type"]
    assert [None if pd.isna(v) else v for v in frame["type"]] == rows == list(plain)
    assert len(set(arrays.categories)) == len(arrays.categories)
    assert arrays.codes.dtype == np.int32
    assert [arrays.categories[c] if c >= 0 else None for c in arrays.codes] == rows


def rows_in(batches):
    return [row for b in batches for row in zip(*b.to_lists().values())]


def test_batches(sample):
    expected = rows_of(sample)
    with tracereader.open(sample) as trace:
        table = trace.events(columns=FIELDS)
        for size in (1, 7, 4096, len(expected), 10**6):
            if size == 1 and len(expected) > 3000:
                continue
            batches = list(table.batches(size))
            assert [b.rows for b in batches[:-1]] == [size] * (len(batches) - 1)
            assert rows_in(batches) == expected
        batch = batches[0]
        small = list(table.batches("4 kB"))
        assert rows_in(small) == expected
        assert all(sum(size_of(b[name]) for name in b) <= 6000 for b in small)
        for wrong in (0, -1, "0 MB", "many", "5 XB", ""):
            with pytest.raises(ValueError):
                table.batches(wrong)
    assert list(batch) == list(dict(batch)) == list(FIELDS) and len(batch) == batch.rows
    formats = {"int64": "q", "uint64": "Q", "str": "i"}
    for name in FIELDS:
        if name != "message":
            assert batch[name].format == formats[SCHEMA[name]]
        assert len(batch[name]) == batch.rows
    assert batch.categories("kind")[batch["kind"][0]] == "Sync"
    assert "rows" in repr(batch)
    with pytest.raises(KeyError):
        batch.categories("time")
    with pytest.raises(KeyError):
        batch["no such column"]


def size_of(column):
    return column.nbytes if isinstance(column, memoryview) else 0


def test_codes_mean_the_same_in_all_batches_of_a_pass(trace):
    batches = list(trace.events(columns="kind").batches(50))
    for batch in batches:
        names = batch.categories("kind")
        last = batches[-1].categories("kind")
        assert [names[c] for c in batch["kind"]] == [last[c] for c in batch["kind"]]


def test_filter_of_kinds(sample):
    with tracereader.open(sample) as trace:
        for kind in Kind:
            assert list(trace.events(kinds=kind, columns=FIELDS)) == rows_of(sample, [kind])
        assert list(trace.events(kinds=[])) == []


def passes(ev, thread, goroutine, start, end):
    """The rules of Trace.events once more, for an event."""
    changes = ev.resource_id if ev.resource == "Goroutine" and ev.to_state is not None else None
    ran = -1 if ev.goroutine is None else ev.goroutine
    return (
        (thread is None or thread == (-1 if ev.thread is None else ev.thread))
        and (goroutine is None or goroutine in (ran, changes))
        and (start is None or ev.time >= start)
        and (end is None or ev.time < end)
    )


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), name=st.sampled_from(SAMPLES or ["none"]))
def test_any_filter(data, name):
    trace_data = trace_bytes(name)
    with tracereader.open(trace_data) as trace:
        events = list(trace)

        def some(*values):
            return data.draw(st.none() | st.sampled_from(sorted({-1, *values} - {None})))

        kinds = data.draw(st.none() | st.sets(st.sampled_from(list(Kind))))
        thread = some(*(ev.thread for ev in events))
        goroutine = some(*(ev.goroutine for ev in events), *(ev.resource_id for ev in events))
        start = some(-(2**70), *(ev.time for ev in events))
        end = some(2**70, *(ev.time for ev in events))
        table = trace.events(
            kinds=kinds, thread=thread, goroutine=goroutine, start=start, end=end, columns="offset"
        )
        want = [
            ev.offset
            for ev in events
            if (kinds is None or ev.kind in kinds) and passes(ev, thread, goroutine, start, end)
        ]
        assert [row.offset for row in table] == want


def test_arguments_of_another_kind(trace):
    """They are refused by name, before anything is read."""
    for name in ("goroutine", "thread", "start", "end"):
        for wrong in ("1", 1.0, [1]):
            with pytest.raises(TypeError, match=f"{name} must be a whole number, not"):
                trace.events(**{name: wrong})
    for wrong in (1.5, None):
        with pytest.raises(TypeError, match="size must be a whole number, not"):
            trace.events().batches(wrong)
    with pytest.raises(ValueError, match="size must be at least 1"):
        trace.events().batches(0)
    rows = trace.events().count()
    for most in (2**64, "9999999999999 TB"):
        assert [batch.rows for batch in trace.events().batches(most)] == [rows]
    assert trace.logs(wall=1).schema == trace.logs(wall=True).schema


def test_whole_numbers_of_other_types(annotations, tmp_path):
    """Such as those of numpy and pandas, which C does not know."""

    class Number:
        def __init__(self, value):
            self._value = value

        def __index__(self):
            return self._value

    path = tmp_path / "a.trace"
    path.write_bytes(annotations)
    with tracereader.open(path) as trace:
        blocked = max(trace.blocking("goroutine"), key=lambda row: row.count).goroutine
        event = list(trace.events(goroutine=blocked))[1]
        for name in ("goroutine", "thread", "start", "end"):
            plain = {name: event.time if name in ("start", "end") else getattr(event, name)}
            other = {name: Number(plain[name])}
            assert trace.events(**other).count() == trace.events(**plain).count() > 0
            if name != "thread":
                rows = list(trace.blocking(**plain))
                assert list(trace.blocking(**other)) == rows
                scan = tracereader.scan(path)
                assert [row[1:] for row in scan.blocking(**other)] == rows
                assert list(scan.errors) == []


def test_filters_leave_the_error(broken):
    with tracereader.open(broken) as trace:
        with pytest.raises(tracereader.TraceError) as plain:
            list(trace)
        with pytest.raises(tracereader.TraceError) as filtered:
            list(trace.events(kinds=[]))
    assert str(filtered.value) == str(plain.value)


def test_ids_of_filters(trace):
    for choice in ({"thread": -2}, {"goroutine": 2**63}):
        with pytest.raises(ValueError, match="id"):
            trace.events(**choice)


def test_threads_change_nothing(annotations):
    with tracereader.open(annotations, threads=2) as trace:
        assert list(trace.events(columns=FIELDS)) == rows_of(annotations)
    with pytest.raises(ValueError, match="threads"):
        tracereader.open(annotations, threads=0)


def test_sizes_that_are_none(trace):
    for size in ("9" * 400, "nan", "inf", "64 XB", "0", ""):
        with pytest.raises(ValueError, match="size"):
            trace.events().batches(size)


def test_unknown_kinds_and_columns(trace):
    for kinds in ("State", ["Log", "log"], [5]):
        with pytest.raises(ValueError, match="kinds"):
            trace.events(kinds=kinds)
    for columns in ("times", ["time", "stacks"], [], ["time", "time"], [None]):
        with pytest.raises(ValueError, match="columns"):
            trace.events(columns=columns)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    name=st.sampled_from(SAMPLES or ["none"]),
    kinds=st.sets(st.sampled_from(list(Kind))),
    columns=st.lists(st.sampled_from(FIELDS), min_size=1, unique=True),
    size=st.integers(1, 3000),
)
def test_any_choice(name, kinds, columns, size):
    data = trace_bytes(name)
    with tracereader.open(data) as trace:
        table = trace.events(kinds=kinds, columns=columns)
        assert rows_in(table.batches(size)) == rows_of(data, kinds, columns)


def test_works_without_numpy(annotations, tmp_path, monkeypatch):
    for module in ("numpy", "pandas"):
        monkeypatch.setitem(sys.modules, module, None)
    with tracereader.open(annotations) as trace:
        assert sum(b.rows for b in trace.events().batches()) == trace.info.events
        for convert in (trace.events().to_numpy, trace.blocking().to_numpy):
            with pytest.raises(ImportError, match="numpy"):
                convert()
        with pytest.raises(ImportError, match="pandas"):
            trace.events().to_pandas()


def test_reprs(trace):
    table = trace.events(kinds="Log", columns=["time", "message"])
    assert "time, message" in repr(table) and "Log" in repr(table)
    assert "<table>" in table._repr_html_()
    assert "kinds" not in repr(trace.events())


@pytest.mark.parametrize("wrong", [5, 1.5, b"Log", bytearray(b"Log"), memoryview(b"Log"), Ellipsis])
def test_names_that_are_none(trace, wrong):
    what = type(wrong).__name__
    for ask, name in (
        (lambda: trace.events(kinds=wrong), "kinds"),
        (lambda: trace.events(columns=wrong), "columns"),
        (lambda: trace.intervals(columns=wrong), "columns"),
        (lambda: tracereader.scan([]).logs(columns=wrong), "columns"),
    ):
        with pytest.raises(TypeError, match=f"^{name} must be a name, or several.*; not {what}$"):
            ask()
    for ask, what in (
        (lambda: trace.events(kinds=[wrong]), "kinds"),
        (lambda: trace.events(columns=[[wrong]]), "columns"),
    ):
        with pytest.raises(ValueError, match=f"unknown {what}"):
            ask()
