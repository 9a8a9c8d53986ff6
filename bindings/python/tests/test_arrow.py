"""Tables as other libraries take them: pyarrow, polars, DuckDB, pandas."""

import concurrent.futures
import copy
import io
import os
import pickle
import signal
import stat
import subprocess
import sys
import threading
import warnings

import pytest
import tracereader
from corpus import library, trace_bytes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tracereader import Kind
from tracereader._tables import Tables

TABLES = [name for name in vars(Tables) if not name.startswith("_")]
#: Traces with something in each table.
TRACES = ["go1.26-annotations", "go1.26-cpuprofile", "go1.23-network"]


@pytest.fixture(params=TABLES)
def table(request, annotations):
    """A table of each kind."""
    with tracereader.open(annotations) as trace:
        yield getattr(trace, request.param)(resolve=True)


def lists(table):
    """What a table should hold: column name to list, None for none."""
    rows = list(table)
    return {name: [row[i] for row in rows] for i, name in enumerate(table.columns)}


def test_what_every_table_has(table):
    rows = list(table)
    assert table.count() == len(rows)
    assert bool(table) and not hasattr(table, "__len__")
    assert table.columns == tuple(table.schema) == rows[0]._fields if rows else True
    assert [column.name for column in table.schema.columns] == list(table.schema)
    assert all(column.doc for column in table.schema.columns)
    assert list(table) == rows
    shown = repr(table), table._repr_html_(), repr(table.schema)
    assert all(name in text for name in table.columns for text in shown)
    assert table.name in shown[0] and table.name in shown[1]


def test_batches_are_the_rows(table):
    expected = list(table)
    for size in (1 + len(expected) // 3, "1 kB", 65_536):
        batches = list(table.batches(size))
        rows = [row for b in batches for row in zip(*b.to_lists().values())]
        assert rows == expected
        assert sum(b.rows for b in batches) == len(rows)


def test_numpy(table):
    np = library("numpy")
    arrays = table.to_numpy()
    for name, values in lists(table).items():
        array = arrays[name]
        kind = table.schema[name]
        none = {"int64": -1, "uint64": 2**64 - 1}.get(kind)
        assert array.dtype == (object if kind == "str" else kind)
        assert array.shape == (len(values),) and array.flags.writeable
        assert array.tolist() == [none if value is None else value for value in values]
    codes = table.to_numpy(codes=True)
    for column in table.schema.columns:
        if column.dictionary:
            numbers, categories = codes[column.name]
            assert numbers.dtype == np.int32
            names = np.append(categories, np.array([None], object))
            assert (names[numbers] == arrays[column.name]).all()


def test_pandas(table):
    pd = library("pandas")
    frame = table.to_pandas()
    assert list(frame.columns) == list(table.columns)
    for column in table.schema.columns:
        dtype = frame[column.name].dtype
        if column.dictionary:
            assert isinstance(dtype, pd.CategoricalDtype)
        elif column.type in ("int64", "uint64"):
            nullable = {"int64": "Int64", "uint64": "UInt64"}[column.type]
            assert dtype == (nullable if column.nullable else column.type)
        elif column.type == "str":
            assert dtype == pd.Series(["text"]).dtype
        else:
            assert dtype == column.type
    for name, values in lists(table).items():
        assert [None if pd.isna(v) else v for v in frame[name]] == values


def varint(data, at):
    """A number of a trace, and where it ends."""
    number = shift = 0
    while data[at] >> 7:
        number |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return number | data[at] << shift, at + 1


def with_largest_metric(data):
    """A trace whose first metric is the largest number there is."""
    with tracereader.open(data) as trace:
        record = next(iter(trace.events(kinds="Metric", columns="offset"))).offset
    _, begin = varint(data, record + 1)  # behind the type and the time
    _, end = varint(data, begin)
    changed = data[:begin] + b"\xff" * 9 + b"\x01" + data[end:]
    batch = 16
    while True:  # until the batch that it is in
        at = batch + 1
        for _ in range(3):
            _, at = varint(data, at)
        size, first = varint(data, at)
        if data[batch] == 1 and first <= record < first + size:
            break
        batch = first + size if data[batch] == 1 else batch + 1
    size += 10 - (end - begin)
    sized = bytes(size >> 7 * i & 0x7F | 0x80 for i in range(4)) + bytes([size >> 28])
    return changed[:at] + sized + changed[first:]


def test_pandas_knows_numbers_from_none():
    pd = library("pandas")
    with tracereader.open(with_largest_metric(trace_bytes("go1.26-gc"))) as trace:
        for columns in (["value"], ["kind", "value", "resource_id", "task"], None):
            table = trace.events(columns=columns)
            values = [None if pd.isna(v) else v for v in table.to_pandas()["value"]]
            assert values == lists(table)["value"]
            assert 2**64 - 1 in values and None in values


def test_pandas_of_few_columns(annotations):
    pd = library("pandas")
    with tracereader.open(annotations) as trace:
        for name in trace.events().columns:
            table = trace.events(columns=name, kinds=["Log", "StateTransition", "Metric"])
            frame = table.to_pandas()
            assert list(frame.columns) == [name]
            assert [None if pd.isna(v) else v for v in frame[name]] == lists(table)[name]


def test_pandas_needs_no_pyarrow(path):
    library("pandas")
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "import tracereader\n"
        "trace = tracereader.open(sys.argv[1])\n"
        "frame = trace.events().to_pandas()\n"
        "print(len(frame), frame['goroutine'].dtype, frame['kind'].iloc[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert done.stdout == "260 Int64 Sync\n", done.stderr


def test_pyarrow(table):
    pa = library("pyarrow")
    whole = table.to_arrow()
    whole.validate(full=True)
    assert whole.schema == pa.schema(table) == pa.schema(table.schema)
    for column in table.schema.columns:
        field = whole.schema.field(column.name)
        if column.dictionary:
            assert field.type == pa.dictionary(pa.int32(), pa.utf8())
        else:
            names = {"str": pa.utf8(), "float64": pa.float64(), "bool": pa.bool_()}
            numbers = {"int64": pa.int64(), "uint64": pa.uint64()}
            assert field.type == {**names, **numbers}[column.type]
        assert field.nullable == column.nullable
    assert whole.to_pydict() == lists(table)
    # As it is, and twice: each time it is read anew.
    assert pa.table(table).to_pydict() == pa.table(table).to_pydict() == lists(table)


def test_polars(table):
    pl = library("polars")
    frame = table.to_polars()
    assert frame.to_dict(as_series=False) == lists(table)
    assert pl.DataFrame(table).equals(frame) and pl.DataFrame(table).equals(frame)
    for column in table.schema.columns:
        types = {"int64": pl.Int64, "uint64": pl.UInt64, "str": pl.String, "bool": pl.Boolean}
        expected = pl.Categorical if column.dictionary else types[column.type]
        assert frame.schema[column.name] == expected


def test_polars_of_tables_in_memory(trace):
    """With the same types as of others, also where there is no row."""
    pl = library("polars")
    missing = tracereader.scan("not-here").errors
    for table in (
        *map(trace.blocking, ("reason", "function", "goroutine", "stack", "task")),
        trace.blocking(start=0, end=1),
        missing,
        type(missing)([]),
    ):
        assert pl.DataFrame(table).equals(table.to_polars())
        assert pl.DataFrame(table).schema == table.to_polars().schema
        assert list(pl.DataFrame(table).columns) == list(table.columns)
        # Rows can still be had by number.
        rows = list(table)
        assert rows[1:] == table[1:] and rows[::-1] == list(reversed(table))
        assert len(rows) == len(table) and all(row in table for row in rows)


def test_duckdb(table):
    duckdb = library("duckdb")
    t = table
    expected = list(map(tuple, t))
    assert duckdb.sql("from t").fetchall() == duckdb.sql("from t").fetchall() == expected
    assert duckdb.sql("select count(*) from t").fetchall() == [(len(expected),)]


def test_duckdb_reads_file_objects(annotations):
    """From threads of its own."""
    duckdb = library("duckdb")
    with tracereader.open(io.BytesIO(annotations)) as trace:
        t = trace.events()
        query = "select count(*), count(distinct goroutine) from t"
        assert duckdb.sql(query).fetchall() == duckdb.sql(query).fetchall()
        assert duckdb.sql(query).fetchall()[0][0] == trace.info.events


def test_a_question_in_sql(annotations):
    duckdb = library("duckdb")
    with tracereader.open(annotations) as trace:
        events = trace.events()
        found = duckdb.sql(
            "select reason, count(*) from events where to_state = 'Waiting'"
            " and from_state in ('Running', 'Syscall') group by all"
        ).fetchall()
        assert dict(found) == {row.reason: row.count for row in trace.blocking()}


def test_parquet(table, tmp_path):
    library("pyarrow")
    parquet = library("pyarrow.parquet")
    path = tmp_path / "table.parquet"
    table.to_parquet(path, compression="zstd")
    assert parquet.read_table(path).to_pydict() == lists(table)
    assert [file.name for file in tmp_path.iterdir()] == ["table.parquet"]


def test_a_broken_trace_leaves_no_parquet(broken, tmp_path):
    library("pyarrow")
    with tracereader.open(broken) as trace, pytest.raises(tracereader.TraceError):
        trace.events().to_parquet(tmp_path / "table.parquet")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def umask():
    """Of new files 0o640 is left."""
    before = os.umask(0o027)
    yield
    os.umask(before)


def test_parquet_takes_the_place_of_what_was_there(trace, umask, tmp_path):
    library("pyarrow")
    parquet = library("pyarrow.parquet")
    logs = trace.logs()
    path, link, part = (tmp_path / name for name in ("a.parquet", "link", "a.parquet.part"))
    part.write_text("somebody's")
    link.symlink_to("a.parquet")
    logs.to_parquet(link)  # of what is not there yet
    assert link.is_symlink() and path.stat().st_mode & 0o777 == 0o640
    path.chmod(0o606)
    logs.to_parquet(os.fsencode(link))
    assert link.is_symlink() and path.stat().st_mode & 0o777 == 0o606
    logs.to_parquet(tmp_path / ("n" * 255))
    with pytest.raises(TypeError):
        logs.to_parquet(path, nothing=1)
    for wrong, error in ((tmp_path, IsADirectoryError), (tmp_path / "no" / "a", FileNotFoundError)):
        with pytest.raises(error, match=str(wrong)):
            logs.to_parquet(wrong)
    for file in (path, tmp_path / ("n" * 255)):
        assert parquet.read_table(file).num_rows == logs.count()
    assert part.read_text() == "somebody's"
    assert sorted(os.listdir(tmp_path)) == ["a.parquet", "a.parquet.part", "link", "n" * 255]


def test_parquet_without_a_path(trace, monkeypatch, tmp_path):
    library("pyarrow.parquet")
    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    made = []
    system_open = os.open
    monkeypatch.setattr(os, "open", lambda *at, **how: made.append(at) or system_open(*at, **how))
    with pytest.raises(FileNotFoundError):
        trace.logs().to_parquet("")
    assert made == []


def test_parquet_into_what_is_no_file(trace, tmp_path):
    """Not into a device, which would be gone if it were replaced."""
    library("pyarrow")
    parquet = library("pyarrow.parquet")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # waits for nobody
        with open(pipe, "wb"):  # there before it is read, and until all is written
            os.set_blocking(reader, True)
            data = pool.submit(lambda: open(reader, "rb").read())
            trace.logs().to_parquet(pipe)
    assert parquet.read_table(io.BytesIO(data.result())).num_rows == trace.logs().count()
    assert stat.S_ISFIFO(pipe.stat().st_mode) and os.listdir(tmp_path) == ["pipe"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_parquet_that_cannot_be_written(annotations):
    """It is no matter of the trace, also where what is left of a broken one will do."""
    library("pyarrow.parquet")
    with tracereader.open(annotations, strict=False) as trace:
        with pytest.raises(OSError, match="No space left"), warnings.catch_warnings():
            warnings.simplefilter("error")
            trace.logs().to_parquet("/dev/full")
        assert trace.error is None


def test_parquet_of_several_at_once(trace, tmp_path):
    """One of them is there in the end, as a whole."""
    library("pyarrow")
    parquet = library("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    tables = [trace.events(), trace.logs(), trace.intervals(), trace.regions()]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(lambda table: table.to_parquet(path), tables * 4))
    assert parquet.read_table(path).num_rows in [table.count() for table in tables]
    assert os.listdir(tmp_path) == ["a.parquet"]


def test_dictionaries_only_grow(annotations):
    pa = library("pyarrow")
    with tracereader.open(annotations) as trace:
        last = None
        for batch in trace.events(columns=["name", "type", "reason"]).batches(20):
            arrays = pa.record_batch(batch)
            for column in arrays.columns:
                column.validate(full=True)
            now = [column.dictionary for column in arrays.columns]
            for before, after in zip(last or now, now):
                assert after.to_pylist()[: len(before)] == before.to_pylist()
                if len(after) == len(before):
                    assert after.buffers()[2].address == before.buffers()[2].address or last is None
            last = now
        # All of a pass have the same dictionary when they are together.
        chunks = trace.events(columns="name").to_arrow()["name"].chunks
        assert len({str(chunk.dictionary) for chunk in chunks}) == 1


def test_batches_as_frames(annotations):
    with tracereader.open(annotations) as trace:
        table = trace.events(columns=["time", "kind", "goroutine", "message"])
        whole = lists(table)
        (batch,) = table.batches()
        pa, pl, pd = library("pyarrow"), library("polars"), library("pandas")
        assert pa.record_batch(batch).to_pydict() == batch.to_arrow().to_pydict() == whole
        assert batch.to_polars().to_dict(as_series=False) == whole
        assert pl.DataFrame(batch).equals(batch.to_polars())
        pd.testing.assert_frame_equal(
            batch.to_pandas(), table.to_pandas(), check_categorical=False  # but their order
        )
        assert batch.to_numpy()["time"].tolist() == whole["time"]
    # They own what they hold.
    assert batch["time"].tolist() == whole["time"]


def test_wall_time(annotations):
    np, pd, pa = map(library, ("numpy", "pandas", "pyarrow"))
    with tracereader.open(annotations) as trace:
        (sync,) = (ev for ev in trace if ev.clock is not None)
        shift = sync.clock.wall_ns - sync.clock.trace_ns
        plain = trace.events(columns=["time", "kind"])
        wall = trace.events(columns=["time", "kind"], wall=True)
        assert wall.schema["time"] == "timestamp[ns, UTC]"
        times = [row.time + shift for row in plain]
        assert wall.to_arrow()["time"].type == pa.timestamp("ns", "UTC")
        assert wall.to_arrow()["time"].cast(pa.int64()).to_pylist() == times
        frame = wall.to_pandas()
        assert frame["time"].dtype == "datetime64[ns, UTC]"
        assert frame["time"].astype("int64").tolist() == times
        assert wall.to_numpy()["time"].astype("int64").tolist() == times
        assert abs(next(iter(wall)).time - trace.info.wall_start).total_seconds() < 1e-5
        tasks = trace.tasks(wall=True).to_pandas()
        assert tasks["start"].dtype == "datetime64[ns, UTC]"
        # NaT of what was there before the trace, without a warning of numpy's.
        created = [row.created is None for row in trace.goroutines(wall=True)]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            arrays = trace.goroutines(wall=True).to_numpy()
        assert np.isnat(arrays["created"]).tolist() == created and any(created)
        polars = library("polars")
        assert wall.to_polars().schema["time"] == polars.Datetime("ns", "UTC")
    with tracereader.open(trace_bytes("go1.22-network")) as old:
        with pytest.raises(ValueError, match="wall"):
            old.events(wall=True).to_pandas()
        for table in (old.logs, old.tasks, old.samples):  # which have no rows
            assert table().count() == 0
            with pytest.raises(ValueError, match="wall"):
                table(wall=True).count()
        assert old.logs(wall=True, columns="message").count() == 0


def test_strings_by_id_or_as_texts(annotations):
    with tracereader.open(annotations) as trace:
        texts = {row.string: row.text for row in trace.strings()} | {0: ""}
        for name in ("logs", "frames", "goroutines", "stacks"):
            ids = getattr(trace, name)()
            resolved = getattr(trace, name)(resolve=True)
            changed = [c for c in ids.columns if ids.schema[c] != resolved.schema[c]]
            assert changed and all(ids.schema[c] == "int64" for c in changed)
            for a, b in zip(ids, resolved):
                for column in changed:
                    number = getattr(a, column)
                    assert getattr(b, column) == (None if number is None else texts[number])


def test_the_events_of_a_filter(sample):
    library("pyarrow")
    with tracereader.open(sample) as trace:
        whole = trace.events().to_arrow()
        waits = trace.events(kinds="StateTransition", columns=["kind", "to_state"])
        mask = [kind == "StateTransition" for kind in whole["kind"].to_pylist()]
        assert waits.to_arrow().to_pydict() == whole.filter(mask).select(
            ["kind", "to_state"]
        ).to_pydict()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), name=st.sampled_from(TRACES), table=st.sampled_from(TABLES))
def test_any_choice_of_columns(data, name, table):
    with tracereader.open(trace_bytes(name)) as trace:
        make = getattr(trace, table)
        resolve = data.draw(st.booleans())
        whole = lists(make(resolve=resolve))
        columns = data.draw(st.lists(st.sampled_from(list(whole)), min_size=1, unique=True))
        some = make(columns=columns, resolve=resolve)
        assert lists(some) == {column: whole[column] for column in columns}
        size = data.draw(st.integers(1, 2000))
        parts = [batch.to_lists() for batch in some.batches(size)]
        assert {c: [v for part in parts for v in part[c]] for c in columns} == lists(some)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), name=st.sampled_from(TRACES))
def test_any_filter_is_filtering_the_whole(data, name):
    with tracereader.open(trace_bytes(name)) as trace:
        whole = list(trace.events())

        def some(column):
            found = {getattr(row, column) for row in whole} - {None}
            return data.draw(st.none() | st.sampled_from(sorted(found)))

        kinds = data.draw(st.none() | st.sets(st.sampled_from(list(Kind))))
        thread, start, end = some("thread"), some("time"), some("time")
        rows = [
            row
            for row in whole
            if (kinds is None or row.kind in kinds)
            and (thread is None or row.thread == thread)
            and (start is None or row.time >= start)
            and (end is None or row.time < end)
        ]
        table = trace.events(kinds=kinds, thread=thread, start=start, end=end)
        assert list(table) == rows
        assert table.count() == len(rows)


def test_unknown_columns(table):
    make = getattr(table._trace, table.name)
    for columns in ("nothing", [], ["nothing"], [table.columns[0]] * 2):
        with pytest.raises(ValueError, match="columns"):
            make(columns=columns)


# Errors.


@pytest.mark.parametrize("way", ["to_numpy", "to_pandas", "to_arrow", "to_polars", "count"])
def test_errors_are_raised_as_they_are(way, broken):
    for module in {"to_pandas": ["pandas"], "to_arrow": ["pyarrow"], "to_polars": ["polars"]}.get(
        way, ["numpy"]
    ):
        library(module)
    with tracereader.open(broken) as trace:
        with pytest.raises(tracereader.TruncatedError) as plain:
            list(trace)
        for table in (trace.events(), trace.intervals(), trace.blocking):
            with pytest.raises(tracereader.TruncatedError) as e:
                getattr(table, way)() if table != trace.blocking else table()
            assert str(e.value) == str(plain.value)


@pytest.mark.parametrize("name", ["pyarrow", "polars", "duckdb"])
def test_errors_through_others_bear_the_place(name, broken):
    module = library(name)
    with tracereader.open(broken) as trace:
        events = trace.events()
        assert trace.error is None
        with pytest.raises(Exception) as e:
            if name == "pyarrow":
                module.table(events)
            elif name == "polars":
                module.DataFrame(events)
            else:
                module.sql("select kind, count(*) from events group by 1").fetchall()
        assert isinstance(trace.error, tracereader.TruncatedError)
        assert f"at byte {trace.error.offset}, generation {trace.error.generation}" in str(e.value)


def test_what_is_left_of_a_broken_trace():
    pa = library("pyarrow")
    with tracereader.open(trace_bytes("go1.26-killed"), strict=False) as trace:
        with pytest.warns(UserWarning, match="what is left"):
            whole = trace.events().to_arrow()
        assert isinstance(trace.error, tracereader.TraceError)
        assert whole.num_rows == trace.info.events
        with pytest.warns(UserWarning, match="what is left"):
            assert pa.table(trace.events()).equals(whole)


class Stop(Exception):
    pass


def test_what_a_file_object_raises(annotations):
    pa = library("pyarrow")

    class Bad(io.BytesIO):
        stop = False

        def read(self, size=-1):
            if self.stop:
                raise Stop("no more")
            return super().read(size)

    file = Bad(annotations)
    with tracereader.open(file) as trace:
        file.stop = True
        with pytest.raises(Stop):
            trace.events().to_arrow()
        with pytest.raises(Exception, match="no more"):
            pa.table(trace.events())
        assert isinstance(trace.error, Stop)


def test_ctrl_c(annotations):
    pa = library("pyarrow")

    class Interrupts(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > 16:
                signal.raise_signal(signal.SIGINT)
            return super().read(size)

    with tracereader.open(Interrupts(annotations)) as trace:
        for way in ("to_arrow", "to_numpy", "to_pandas", "count"):
            with pytest.raises(KeyboardInterrupt):
                getattr(trace.events(), way)()
        # pyarrow looks for signals itself.
        with pytest.raises((KeyboardInterrupt, pa.ArrowException, OSError)):
            pa.table(trace.events())
        assert isinstance(trace.error, KeyboardInterrupt)


# Streams.


def test_making_a_stream_reads_nothing(annotations):
    pa = library("pyarrow")

    class Counts(io.BytesIO):
        reads = 0

        def read(self, size=-1):
            self.reads += 1
            return super().read(size)

    file = Counts(annotations)
    with tracereader.open(file) as trace:
        table = trace.intervals()
        file.reads = 0
        reader = pa.RecordBatchReader.from_stream(table)
        assert reader.schema == pa.schema(table)
        assert file.reads == 0
        assert reader.read_all().num_rows == table.count()


def test_a_stream_in_another_thread(annotations):
    pa = library("pyarrow")
    with tracereader.open(io.BytesIO(annotations)) as trace:
        expected = trace.events().to_arrow()
        results = []
        readers = [pa.RecordBatchReader.from_stream(trace.events()) for _ in range(3)]
        threads = [
            threading.Thread(target=lambda reader=reader: results.append(reader.read_all()))
            for reader in readers
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(results) == 3
        assert all(result.unify_dictionaries().equals(expected) for result in results)


def test_a_stream_that_is_left(annotations):
    pa = library("pyarrow")
    with tracereader.open(annotations) as trace:
        reader = pa.RecordBatchReader.from_stream(trace.events())
        reader.read_next_batch()
        reader.close()
        left = pa.RecordBatchReader.from_stream(trace.events())
        batch = left.read_next_batch()
        unread = pa.RecordBatchReader.from_stream(trace.events())
    assert batch.num_rows == 260  # it owns what it holds
    with pytest.raises(Exception, match="closed"):
        unread.read_next_batch()
    with pytest.raises(ValueError, match="closed"):
        trace.events()


def test_closed(annotations):
    with tracereader.open(annotations) as trace:
        table = trace.intervals()
    for use in (table.count, lambda: list(table), table.__arrow_c_stream__):
        with pytest.raises(ValueError, match="closed"):
            use()
    assert "intervals" in repr(table)


def test_two_threads_read_two_traces(annotations):
    other = trace_bytes("go1.26-gc")
    results = {}

    def read(name, data):
        with tracereader.open(data) as trace:
            results[name] = [list(trace.intervals()) for _ in range(3)]

    threads = [
        threading.Thread(target=read, args=pair)
        for pair in (("first", annotations), ("second", other))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for name, data in (("first", annotations), ("second", other)):
        with tracereader.open(data) as trace:
            assert results[name] == [list(trace.intervals())] * 3


def test_rows_are_pickled(trace):
    for table in (trace.logs(), trace.events(wall=True), trace.blocking()):
        rows = list(table)
        for again in (pickle.loads(pickle.dumps(rows)), copy.deepcopy(rows)):
            assert again == rows and [row._fields for row in again] == [table.columns] * len(rows)
            assert type(again[0]) is type(rows[0]) is type(next(iter(table)))
            assert repr(again[0]) == repr(rows[0])


def test_what_cannot_be_pickled_says_so(path):
    with tracereader.open(path) as trace:
        for one in (next(trace.logs().batches()), trace.info):
            with pytest.raises(TypeError, match=f"an? {type(one).__name__} cannot be pickled"):
                pickle.dumps(one)


def test_tables_are_pickled_by_path(path):
    with tracereader.open(path) as trace:
        table = trace.intervals(columns=["state", "duration"])
        again = pickle.loads(pickle.dumps(table))
        assert list(again) == list(table) and again.schema == table.schema
        blocking = trace.blocking(by="function")
    again = pickle.loads(pickle.dumps(blocking))  # that is whole in memory
    assert list(again) == list(blocking) and again.by == "function"


# Tables that are whole in memory.


@pytest.mark.parametrize("by", ["reason", "function", "goroutine", "stack", "task"])
def test_blocking_is_a_table(by, annotations):
    with tracereader.open(annotations) as trace:
        blocking = trace.blocking(by=by)
        nothing = trace.blocking(by=by, end=0)
    assert len(blocking) == blocking.count() == len(list(blocking)) > 0
    assert len(nothing) == 0 and nothing
    assert sum(row.count for row in blocking) == blocking.blocked
    pa, pl = library("pyarrow"), library("polars")
    whole = lists(blocking)
    assert pa.table(blocking).to_pydict() == blocking.to_arrow().to_pydict() == whole
    assert pl.DataFrame(blocking).to_dict(as_series=False) == whole
    assert list(blocking.to_pandas().columns) == list(blocking.columns)
    assert pa.table(nothing).schema == pa.table(blocking).schema
    assert nothing.to_pandas().shape == (0, 6)
    for shown in (blocking._repr_html_(), repr(blocking)):
        assert by in shown
