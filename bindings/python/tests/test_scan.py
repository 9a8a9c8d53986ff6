"""Many traces: scan, splits, dask."""

import gc
import gzip
import io
import os
import pickle
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import zlib

import pytest
import tracereader
from corpus import library, trace_bytes
from tracereader import ErrorRow, Errors, _scan

GOOD = ["go1.22-network", "go1.26-annotations", "go1.26-gc"]
CUT = "go1.26-killed"


@pytest.fixture
def folder(tmp_path):
    """Traces, good ones only."""
    for name in GOOD:
        (tmp_path / f"{name}.trace").write_bytes(trace_bytes(name))
    return tmp_path


@pytest.fixture
def mixed(folder):
    """And some that are not."""
    (folder / "cut.trace").write_bytes(trace_bytes(CUT))
    (folder / "text.trace").write_text("no trace")
    (folder / "empty.trace").touch()
    (folder / "folder.trace").mkdir()
    return folder


def rows_of(path, table="events", **how):
    """What a scan should give of one trace."""
    with tracereader.open(path) as trace:
        rows = []
        try:
            for row in getattr(trace, table)(**how):
                rows.append((str(path), *row))
        except tracereader.TraceError:
            pass
        return rows


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("table", ["events", "intervals", "goroutines", "logs", "frames"])
def test_the_tables_of_all(folder, table, workers):
    paths = sorted(folder.glob("*.trace"))
    scan = tracereader.scan([folder / "*.trace"], workers=workers)
    assert scan.sources == tuple(map(str, paths)) and "3 traces" in repr(scan)
    made = getattr(scan, table)(resolve=True)
    assert made.columns[0] == "source"
    expected = [row for path in paths for row in rows_of(path, table, resolve=True)]
    assert list(made) == expected
    assert made.count() == len(expected)
    assert table in repr(made) and "source" in made._repr_html_()
    assert len(scan.errors) == 0 and scan.errors


def test_columns_and_filters(folder):
    with tracereader.scan(str(folder / "*.trace")) as scan:
        pass
    logs = scan.events(kinds="Log", columns=["message", "source"])
    assert {row.source for row in logs} == {str(folder / "go1.26-annotations.trace")}
    only = scan.events(columns="source").batches(1000)
    assert sum(batch.rows for batch in only) == scan.events().count()
    with pytest.raises(ValueError, match="columns"):
        scan.events(columns="sources")
    with pytest.raises(ValueError, match="kinds"):
        scan.events(kinds="log")


def test_options_that_open_does_not_take(folder):
    """They are the caller's mistake, not the traces'."""
    for name in ("threads", "max_memory_bytes", "spill_bytes", "workers"):
        with pytest.raises(ValueError, match=f"{name} must be at least 1"):
            tracereader.scan(str(folder / "*.trace"), **{name: 0})
        with pytest.raises(TypeError, match=f"{name} must be a whole number, not str"):
            tracereader.scan(str(folder / "*.trace"), **{name: "64 MB"})
    with pytest.raises(TypeError, match="no option 'speed'"):
        tracereader.scan(str(folder / "*.trace"), speed=1)
    with pytest.raises(TypeError, match="no option 'speed'"):
        tracereader.read_split(tracereader.splits(folder / "*.trace")[0], speed=1)


def test_blocking(folder):
    scan = tracereader.scan(folder / "*.trace")
    for by in ("reason", "function", "goroutine"):
        expected = []
        for source in scan.sources:
            with tracereader.open(source) as trace:
                expected += [(source, *row) for row in trace.blocking(by=by)]
        assert list(map(tuple, scan.blocking(by=by))) == expected
    with pytest.raises(ValueError):
        scan.blocking(by="colour")
    with pytest.raises(ValueError, match="by must be one of 'reason'.*not .'reason'.$"):
        scan.blocking(by=["reason"])


def test_codes_mean_the_same_in_all_traces(folder):
    scan = tracereader.scan(folder / "*.trace")
    names, last = {}, {}
    for batch in scan.events(columns=["source", "reason"]).batches(500):
        for column in batch:
            categories = list(batch.categories(column))
            assert categories[: len(last.get(column, ()))] == last.get(column, [])
            last[column] = categories
        names.update(enumerate(last["reason"]))
    assert len(set(names.values())) == len(names)


def test_broken_traces_become_errors(mixed):
    scan = tracereader.scan([mixed / "*.trace", mixed / "nothing"])
    table = scan.events()
    expected = [row for path in scan.sources if "go1" in path or "cut" in path for row in rows_of(path)]
    assert list(table) == expected
    found = {os.path.basename(row.source): row for row in scan.errors}
    assert list(found) == ["cut.trace", "empty.trace", "folder.trace", "text.trace", "nothing"]
    with tracereader.open(mixed / "cut.trace") as trace:
        with pytest.raises(tracereader.TraceError) as e:
            list(trace)
    cut = found["cut.trace"]
    assert (cut.error, cut.code, cut.message) == ("TruncatedError", "truncated", e.value.message)
    assert (cut.offset, cut.generation) == (e.value.offset, e.value.generation)
    assert found["text.trace"].error == "FormatError"
    assert found["nothing"].error == "FileNotFoundError" and found["nothing"].offset is None
    assert list(table.errors) == list(scan.errors)
    # Who asks before anything is read gets the same.
    assert list(tracereader.scan([mixed / "*.trace", mixed / "nothing"]).errors) == list(scan.errors)
    pd = library("pandas")
    frame = scan.errors.to_pandas()
    assert frame["source"].tolist() == [row.source for row in scan.errors]
    assert pd.isna(frame["offset"].iloc[-1])


@pytest.mark.parametrize("path", ["a\0b", "\ud800"])
def test_what_no_path_can_be_becomes_an_error(folder, path):
    scan = tracereader.scan([str(folder / "*.trace"), path])
    assert scan.logs().count() == tracereader.scan(folder / "*.trace").logs().count()
    (error,) = scan.errors
    assert error.source == path and error.offset is None
    assert error.error in ("ValueError", "UnicodeEncodeError")
    assert repr(scan.errors) and scan.errors._repr_html_()


@pytest.mark.parametrize("table", ["events", "logs", "samples"])
def test_traces_that_do_not_know_wall_time(folder, table):
    """They become errors, whether or not the table has rows of them."""
    scan = tracereader.scan(folder / "*.trace")
    rows = list(getattr(scan, table)(wall=True, columns=["source", "time"]))
    old = []
    for source in scan.sources:
        with tracereader.open(source) as trace:
            old += [] if trace.info.wall_start else [source]
    assert old and len(old) < len(scan.sources)
    assert [(row.source, row.error) for row in scan.errors] == [(s, "ValueError") for s in old]
    assert {row.source for row in rows}.isdisjoint(old)
    assert all("wall" in row.message for row in scan.errors)


def test_what_is_left(mixed):
    scan = tracereader.scan(mixed / "cut.trace", strict=False)
    with tracereader.open(mixed / "cut.trace", strict=False) as trace:
        assert scan.events().count() == trace.info.events
    assert [row.error for row in scan.errors] == ["TruncatedError"]


def test_in_other_libraries(mixed):
    pa, pl, duckdb = library("pyarrow"), library("polars"), library("duckdb")
    table = t = tracereader.scan(mixed / "*.trace").events(columns=["source", "time", "reason"])
    rows = list(map(tuple, table))
    whole = table.to_arrow()
    whole.validate(full=True)
    assert list(zip(*whole.to_pydict().values())) == rows
    assert pa.table(table).unify_dictionaries().equals(whole)
    assert table.to_polars().rows() == pl.DataFrame(table).rows() == rows
    assert duckdb.sql("from t").fetchall() == duckdb.sql("from t").fetchall() == rows
    frame = table.to_pandas()
    assert frame["source"].tolist() == [row[0] for row in rows]
    assert frame["reason"].isna().tolist() == [row[2] is None for row in rows]


def test_patterns(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "more" / "deep").mkdir(parents=True)
    (folder / "more" / "deep" / "a[1].trace").write_bytes(gzip.compress(trace_bytes(GOOD[1])))
    scan = tracereader.scan(["go1.26-gc.trace", "*.trace", "**/*.trace", "more/deep/a[1].trace"])
    assert scan.sources == (
        "go1.26-gc.trace",
        *(f"{name}.trace" for name in GOOD[:2]),
        "more/deep/a[1].trace",
    )
    assert scan.events(columns="time").count() > 0 and not len(scan.errors)
    with pytest.raises(FileNotFoundError, match="nothing"):
        tracereader.scan("nothing*.trace")
    assert list(tracereader.scan([]).events()) == []
    for workers in (0, -1):
        with pytest.raises(ValueError):
            tracereader.scan([], workers=workers)


def test_a_path_that_is_not_utf_8(tmp_path):
    path = os.path.join(os.fsencode(tmp_path), b"\xff.trace")
    try:
        with open(path, "wb") as file:
            file.write(trace_bytes(GOOD[1]))
    except OSError:
        pytest.skip("there cannot be such a file here")
    (name,) = tracereader.scan(tmp_path / "*.trace").sources
    assert os.fsencode(name) == path
    other = name.replace("\udcff", "\udcfe")
    shutil.copy(name, other)
    scan = tracereader.scan([name, other])
    text = name.replace("\udcff", "\ufffd")
    assert {row.source for row in scan.events(columns="source")} == {text}
    codes, categories = scan.events().to_numpy(codes=True)["source"]
    assert list(categories) == [text] and set(codes) == {0}
    with open(name, "wb") as file:
        file.write(b"no trace")
    scan = tracereader.scan([name, other])
    (error,) = scan.errors
    assert error.source == name
    assert "\ufffd.trace" in scan.errors._repr_html_()
    assert scan.errors.to_numpy()["source"] == [text]
    library("pandas")
    assert set(scan.events().to_pandas()["source"]) == {text}


def test_progress(folder):
    told = []
    scan = tracereader.scan(folder / "*.trace", progress=lambda *at: told.append(at))
    scan.intervals().count()
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert told[-1] == (size, size)
    assert {total for _, total in told} == {size}
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_pickle(folder):
    scan = tracereader.scan(folder / "*.trace", progress=print)
    for one in (scan, scan.intervals(columns=["source", "state"])):
        again = pickle.loads(pickle.dumps(one))
        assert repr(again) == repr(one)
    assert list(again) == list(one)


def test_pickles_hold_in_any_folder(folder, monkeypatch):
    (folder / "many.trace").write_bytes(trace_bytes("go1.26-generations"))
    monkeypatch.chdir(folder)
    scan, pieces = tracereader.scan("*.trace"), tracereader.splits("*.trace", target=1)
    assert len(pieces) > len(scan.sources)
    rows = list(scan.logs())
    pickled = pickle.dumps((scan, pieces, scan.logs()))
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    again, parts, table = pickle.loads(pickled)
    assert again.sources == scan.sources and parts == pieces
    assert list(again.logs()) == list(table) == rows and not len(again.errors)
    split = [row for p in parts for row in tracereader.read_split(p, table="logs", resolve=False)]
    assert split == rows
    told = []
    once = pickle.loads(pickle.dumps(again))
    once._progress = lambda *at: told.append(at)
    once.logs().count()
    size = sum(path.stat().st_size for path in folder.glob("*.trace"))
    assert told[-1] == (size, size)


def test_html(folder):
    shown = tracereader.scan(folder / "*.trace")._repr_html_()
    assert "3 traces" in shown and all(f"{name}.trace" in shown for name in GOOD)
    many = tracereader.scan([f"<{i}>\udcff" for i in range(60)])
    assert "&lt;49&gt;\ufffd" in many._repr_html_() and "10 rows more" in many._repr_html_()


def test_what_is_no_path(folder, annotations):
    """What cannot be opened for each pass anew, or has no name."""
    with tracereader.open(annotations) as trace:
        scan = tracereader.scan(str(folder / "*.trace"))
        wrong = [annotations, bytearray(b"a"), io.BytesIO(annotations), trace, trace.logs(), scan]
        wrong += [[str(folder / "*.trace")], None, 7]
        for one in wrong:
            what = type(one).__name__
            with pytest.raises(TypeError, match=f"fsspec.open gives, not {what}$"):
                tracereader.scan([one])
            with pytest.raises(TypeError, match=f"expected paths, patterns, not {what}$"):
                tracereader.splits([one])
            if not isinstance(one, (list, tracereader.Table)):
                with pytest.raises(TypeError, match=f"not {what}$"):
                    tracereader.scan(one)
    with pytest.raises(TypeError, match="expected a Split, as splits.. gives, not str"):
        tracereader.read_split("a.trace")

    class Text(Failing):
        mode = "r"

    with pytest.raises(TypeError, match="mode 'r': it must be 'rb'"):
        tracereader.scan([Text(annotations, None)])


def test_who_stops_early(folder):
    before = threading.active_count()
    for row in tracereader.scan(folder / "*.trace", workers=3).events():
        break
    del row
    assert threading.active_count() == before


def test_a_pass_that_the_collector_finds_in_its_own_threads(folder, annotations, monkeypatch):
    """It finds it while they hold what the others wait for, and they end all the same."""
    given_up, found, wrong = threading.Event(), [], []

    class Late:
        def open(self, mode):
            given_up.wait(30)
            return io.BytesIO(annotations)

    class Collecting(queue.SimpleQueue):
        def put(self, item):
            if given_up.is_set():
                found.append(gc.collect())
            super().put(item)

    class Job:
        def __init__(self, batches):
            self.batches = batches
            self.itself = self
            next(batches)

    monkeypatch.setattr(_scan, "SimpleQueue", Collecting)
    monkeypatch.setattr(sys, "unraisablehook", wrong.append)
    before = threading.active_count()
    gc.disable()
    try:
        gc_trace = folder / "go1.26-gc.trace"
        scan = tracereader.scan([gc_trace, Late(), folder / "*.trace"], workers=3)
        Job(scan.events().batches(50))
        given_up.set()
        until = time.monotonic() + 30
        while threading.active_count() > before and time.monotonic() < until:
            time.sleep(0.01)
    finally:
        gc.enable()
    assert found and not wrong and threading.active_count() == before


@pytest.mark.parametrize(
    "held",
    [
        "iter(scan.events())",
        "scan.events().batches(100)",
        "zip(scan.events(columns='time'), range(9))",
        "tracereader.read_split(tracereader.splits(scan.sources[0])[0]).batches(100)",
    ],
)
def test_an_iterator_that_is_held_at_the_end(folder, held):
    """The interpreter ends all the same, though threads still read ahead for it."""
    program = "import sys, tracereader; scan = tracereader.scan(sys.argv[1]); "
    program += f"held = {held}; next(held); print('begun')"
    command = [sys.executable, "-c", program, str(folder / "*.trace")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "begun\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process(folder):
    """It has none of the threads that read, but can scan anew."""
    scan = tracereader.scan(folder / "*.trace", workers=2)
    rows = list(scan.logs())
    begun = scan.events().batches(10)
    count = next(begun).rows
    pid = os.fork()
    if pid == 0:
        signal.alarm(30)
        try:
            with pytest.raises(ValueError, match="another process"):
                next(begun)
            del begun
            os._exit(0 if list(scan.logs()) == rows else 1)
        finally:
            os._exit(2)
    assert os.waitpid(pid, 0)[1] == 0
    assert count + sum(batch.rows for batch in begun) == scan.events().count()


def test_ctrl_c(folder):
    """While threads read."""
    before = threading.active_count()

    def interrupt(done, total, sent=[]):
        if not sent:
            sent.append(done)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        tracereader.scan(folder / "*.trace", progress=interrupt, workers=2).events().count()
        time.sleep(10)  # it may come a little later
    until = time.monotonic() + 30
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.01)  # one that was just being started
    assert threading.active_count() == before


# Pieces.


def test_splits(folder):
    pattern = folder / "*.trace"
    paths = sorted(folder.glob("*.trace"))
    pieces = tracereader.splits(pattern, target="256 MB")
    assert [(piece.source, piece.size) for piece in pieces] == [
        (str(path), path.stat().st_size) for path in paths
    ]
    assert pieces == tracereader.splits(paths) == pickle.loads(pickle.dumps(pieces))
    whole = list(tracereader.scan(pattern).events())
    assert [row for piece in pieces for row in tracereader.read_split(piece)] == whole
    for wrong in (0, "much", "0 MB"):
        with pytest.raises(ValueError):
            tracereader.splits(pattern, target=wrong)
    with pytest.raises(FileNotFoundError):
        tracereader.splits(folder / "nothing")


TABLES = ["events", "logs", "metrics", "samples", "intervals", "goroutines", "strings", "tasks"]


@pytest.mark.parametrize("name", ["go1.26-generations", "go1.22-generations", "go1.26-idle"])
@pytest.mark.parametrize("packed", [False, True])
def test_pieces_of_a_trace(name, packed, tmp_path):
    path = tmp_path / "large.trace"
    path.write_bytes(gzip.compress(trace_bytes(name)) if packed else trace_bytes(name))
    with tracereader.open(path) as trace:
        generations = trace.info.generations
    size = path.stat().st_size
    for target in (1, size // 3, size // 2):
        pieces = tracereader.splits(path, target=target)
        if target == 1:
            assert len(pieces) == generations
        if generations > 1:
            assert len(pieces) > 1
        # Bytes of the file, whether it is compressed or not: all but the header's at the most.
        assert 0 <= path.stat().st_size - sum(piece.size for piece in pieces) <= 16
        for table in TABLES:
            whole = tracereader.scan(path)._planned(table, None, False, True)
            parts = [list(tracereader.read_split(piece, table=table)) for piece in pieces]
            assert [row for part in parts for row in part] == list(whole)
        if target == 1 and table == "events":
            assert all(parts)


def test_no_piece_of_a_folder(mixed):
    for given in (mixed, mixed / "folder.trace", mixed / "*.trace"):
        with pytest.raises(IsADirectoryError) as e:
            tracereader.splits(given)
        with pytest.raises(IsADirectoryError) as opened:
            tracereader.open(e.value.filename)
        assert e.value.args == opened.value.args


def test_paths_of_other_texts(folder):
    """As of an array of numpy's."""

    class Text(str):
        def __str__(self):
            return "a text"

    path = str(next(folder.glob("go*.trace")))
    (piece,) = tracereader.splits([Text(path)])
    assert type(piece.source) is str and piece == tracereader.splits(path)[0]
    (source,) = tracereader.scan([Text(path)]).sources
    assert type(source) is str and source == path


def test_a_large_broken_trace_is_one_piece(mixed):
    (piece,) = tracereader.splits(mixed / "cut.trace", target=1)
    assert (piece.start, piece.end) == (None, None)


def test_read_split(folder):
    piece = tracereader.splits(folder / "*.trace")[0]
    table = tracereader.read_split(piece, ["source", "state"], table="intervals")
    assert table.columns == ("source", "state")
    assert list(table) == list(
        tracereader.scan(piece.source).intervals(columns=["source", "state"])
    )
    assert list(pickle.loads(pickle.dumps(table))) == list(table)
    assert list(tracereader.read_split(piece, table="blocking")) == list(
        tracereader.scan(piece.source).blocking()
    )
    with pytest.raises(ValueError, match="table"):
        tracereader.read_split(piece, table="nothing")
    with pytest.raises(ValueError, match="null"):
        tracereader.read_split(piece, table="events\0")
    for wrong in (None, 5, b"events", ["events"]):
        with pytest.raises(TypeError, match=f"table must be a str, not {type(wrong).__name__}"):
            tracereader.read_split(piece, table=wrong)


def test_a_broken_piece_raises(mixed, tmp_path):
    """It says in which trace; with strict=False whole results warn, and iterators raise."""
    (piece,) = tracereader.splits(mixed / "cut.trace")
    notes = [f"in the trace {piece.source!r}"]
    with pytest.raises(tracereader.TruncatedError) as e:
        tracereader.read_split(piece).count()
    assert e.value.__notes__ == pickle.loads(pickle.dumps(e.value)).__notes__ == notes
    with tracereader.open(mixed / "cut.trace", strict=False) as trace:
        events = trace.info.events
    table = tracereader.read_split(piece, strict=False)
    text = f"^{re.escape(piece.source)}: the result is of what is left: .*at byte"
    with pytest.warns(UserWarning, match=text):
        assert table.count() == events
    with pytest.warns(UserWarning, match=text):
        assert len(library("pyarrow").table(table)) == events
    with pytest.warns(UserWarning, match=text):
        table.to_parquet(tmp_path / "left.parquet")
    rows = []
    with pytest.raises(tracereader.TruncatedError) as e:
        rows.extend(table)
    assert len(rows) == events and e.value.__notes__ == notes
    # As of one trace.
    with pytest.raises(tracereader.LimitError):
        tracereader.read_split(piece, strict=False, max_memory_bytes=1).count()


# dask.


def test_dask(folder):
    pd = library("pandas")
    library("dask.dataframe")
    from tracereader.dask import from_traces

    pattern = folder / "*.trace"
    frame = from_traces(pattern, table="blocking_by_reason")
    assert frame.npartitions == 3
    found = frame.groupby("reason", observed=True)[["count", "total_ns"]].sum().compute()
    sequential = tracereader.scan(pattern).blocking().to_pandas()
    expected = sequential.groupby("reason", observed=True)[["count", "total_ns"]].sum()
    assert found.sort_index().to_dict() == expected.sort_index().to_dict()
    events = from_traces(pattern)
    whole = events.compute().reset_index(drop=True)
    one = tracereader.scan(pattern).events().to_pandas()
    assert list(whole.columns) == list(one.columns)
    for name in one.columns:
        assert [None if pd.isna(v) else v for v in whole[name]] == [
            None if pd.isna(v) else v for v in one[name]
        ]
        assert isinstance(whole[name].dtype, pd.CategoricalDtype) == isinstance(
            one[name].dtype, pd.CategoricalDtype
        )
    none = events[[]].compute()
    assert none.shape == (len(one), 0)
    some = from_traces(pattern, columns=["kind", "time"])
    assert list(some.columns) == ["kind", "time"]
    assert some["time"].sum().compute() == one["time"].sum()


def test_dask_of_broken_traces(mixed):
    """They are told, each, and lose nothing of those with which they share a partition."""
    library("dask.dataframe")
    from tracereader.dask import _read, from_traces

    (mixed / "folder.trace").rmdir()
    pieces = tuple(tracereader.splits(mixed / "*.trace"))
    how = {"sources": [piece.source for piece in pieces], "wall": False, "resolve": True}
    how |= {"columns": ["source", "time"], "table": "events"}
    scan = tracereader.scan(how["sources"], strict=False)
    with pytest.warns(UserWarning, match="what is left") as warned:
        frame = _read(pieces, options={"strict": False}, **how)
    assert list(zip(frame["source"], frame["time"])) == list(scan.events(columns=how["columns"]))
    told = [str(one.message).partition(": ")[0] for one in warned]
    assert len(told) == 3 and told == [row.source for row in scan.errors]
    with pytest.raises(tracereader.TruncatedError) as e:
        _read(pieces, options={}, **how)
    assert e.value.__notes__ == [f"in the trace {scan.errors[0].source!r}"]
    old = mixed / "go1.22-network.trace"
    with pytest.raises(ValueError, match="wall") as e:
        from_traces(old, wall=True, strict=False).compute(scheduler="synchronous")
    assert e.value.__notes__ == [f"in the trace {str(old)!r}"]


def test_dask_knows_all_sources(folder):
    """As categories of each partition: shuffled, such as have others cannot be put together."""
    library("dask.dataframe")
    from tracereader.dask import from_traces

    frame = from_traces(folder / "*.trace", table="logs", columns=["time", "source"])
    sources = sorted(map(str, folder.glob("*.trace")))
    assert frame["source"].cat.known
    for part in [frame._meta, *frame.partitions, from_traces(folder / "*.trace").partitions[0]]:
        part = part.compute() if hasattr(part, "compute") else part
        assert part["source"].cat.categories.tolist() == sources
    assert "source" not in frame[["time"]].compute()


def test_dask_of_what_it_does_not_take(folder):
    library("dask.dataframe")
    from tracereader.dask import from_traces

    with pytest.raises(TypeError, match="no option 'speed'"):
        from_traces(folder / "*.trace", speed=1)
    with pytest.raises(TypeError, match="columns must be a name, or several"):
        from_traces(folder / "*.trace", columns=5)
    with pytest.raises(ValueError, match="paths"):
        from_traces([])


def test_dask_reads_only_the_columns_that_are_needed(folder, monkeypatch):
    library("dask.dataframe")
    import tracereader.dask

    asked = []
    read = tracereader.dask.read_together

    def spy(pieces, columns, **how):
        if pieces:
            asked.append(columns)
        return read(pieces, columns, **how)

    monkeypatch.setattr(tracereader.dask, "read_together", spy)
    frame = tracereader.dask.from_traces(folder / "*.trace")
    assert not asked  # the schema is known without a trace
    frame[["time"]].sum().compute(scheduler="synchronous")
    assert asked and all(list(columns) == ["time"] for columns in asked)


def test_what_shares_a_partition():
    from tracereader.dask import _partitions

    parts = [tracereader.Split("a", 900, None, 5), tracereader.Split("a", 1, 5, None)]
    small = [tracereader.Split(str(i), 1) for i in range(20)]
    found = _partitions([small[0], *parts, *small[1:]])
    assert [len(pieces) for pieces in found] == [1, 1, 1, 9, 9, 1]
    assert _partitions([]) == []


def test_small_traces_share_partitions(folder):
    library("dask.dataframe")
    from tracereader.dask import from_traces

    small, large = (folder / f"{name}.trace" for name in ("go1.26-annotations", "go1.26-gc"))
    for i in range(300):
        (folder / f"small-{i:03}.trace").symlink_to(small)
    frame = from_traces(folder / "*.trace", columns=["source", "time"])
    assert 90 < frame.npartitions <= 105
    counts = frame.groupby("source", observed=True)["time"].count().compute(
        scheduler="synchronous"
    )
    expected = {str(path): 260 for path in folder.glob("small-*")}
    assert {name: n for name, n in counts.items() if "small-" in name} == expected
    assert counts[str(large)] == tracereader.scan(large).events().count()


def test_dask_in_other_processes(folder):
    distributed = library("distributed")
    library("dask.dataframe")
    from tracereader.dask import from_traces

    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster, distributed.Client(cluster):
        frame = from_traces(folder / "*.trace", table="blocking_by_reason")
        found = frame.groupby("reason", observed=True)["total_ns"].sum().compute()
    sequential = tracereader.scan(folder / "*.trace").blocking().to_pandas()
    expected = sequential.groupby("reason", observed=True)["total_ns"].sum()
    assert found.sort_index().to_dict() == expected.sort_index().to_dict()


def test_what_opens_traces(tmp_path, annotations):
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    for name in "ab":
        memory.pipe(f"/scanned/{name}.trace", annotations)
    local = tmp_path / "c.trace"
    local.write_bytes(annotations)
    files = fsspec.open_files("memory://scanned/*.trace")
    scan = tracereader.scan([*files, local, files[0]], workers=2)
    assert scan.sources == ("memory:///scanned/a.trace", "memory:///scanned/b.trace", str(local))
    rows = list(scan.events(columns=["source", "time"]))
    with tracereader.open(annotations) as trace:
        times = [row.time for row in trace.events(columns="time")]
    assert rows == [(source, time) for source in scan.sources for time in times]
    assert list(pickle.loads(pickle.dumps(scan)).logs()) == list(scan.logs())
    assert tracereader.scan(files).sources == scan.sources[:2]
    assert tracereader.scan(files[1]).sources == scan.sources[1:2]
    memory.rm("/scanned", recursive=True)
    (gone, also) = tracereader.scan(files).errors
    assert (gone.source, gone.error) == (scan.sources[0], "FileNotFoundError")


class Failing:
    """Opens a file object whose read() raises from the fourth time on."""

    def __init__(self, data, error):
        self._data, self._error = data, error

    def __str__(self):
        return f"failing with {self._error!r}"

    def open(self, mode):
        return FailingFile(self._data, self._error)


class FailingFile(io.BytesIO):
    def __init__(self, data, error):
        super().__init__(data)
        self._error, self._left = error, 3

    def read(self, size=-1):
        self._left -= 1
        if self._left < 0:
            raise self._error
        return super().read(size)


@pytest.mark.parametrize("workers", [1, 3])
def test_whatever_a_file_object_raises_is_a_row(folder, workers):
    broken = [EOFError("cut"), zlib.error("bent"), RuntimeError("odd"), KeyError("key")]
    broken += [TypeError("type"), MemoryError(), Exception("any"), StopIteration("stop")]
    good = folder / f"{GOOD[0]}.trace"
    data = good.read_bytes()
    scan = tracereader.scan([*(Failing(data, e) for e in broken), good], workers=workers)
    rows = [row for row in scan.events() if row.source == str(good)]
    assert rows == rows_of(good)
    found = [(row.error, row.message) for row in scan.errors]
    # StopIteration would end a loop over the trace as if that had ended.
    expected = [(type(e).__name__, str(e) or "MemoryError") for e in broken[:-1]]
    assert found == [*expected, ("RuntimeError", "the file object raised StopIteration")]
    assert list(pickle.loads(pickle.dumps(scan.errors))) == list(scan.errors)
    for end in (KeyboardInterrupt, SystemExit):
        with pytest.raises(end):
            tracereader.scan([Failing(data, end()), good], workers=workers).events().count()


@pytest.mark.parametrize("strict", [True, False])
def test_what_comes_before_it_is_in_the_tables(folder, strict):
    data = (folder / f"{GOOD[0]}.trace").read_bytes()

    def counted(error):
        scan = tracereader.scan([Failing(data, error)], strict=strict)
        return scan.events().count(), [row.error for row in scan.errors]

    count, _ = counted(OSError(5, "gone"))
    assert count > 0 and counted(EOFError("cut")) == (count, ["EOFError"])


@pytest.mark.parametrize("error", [MemoryError, TypeError, RuntimeError])
def test_what_is_no_matter_of_a_trace_is_raised(folder, monkeypatch, error):
    def fail(*args):
        raise error("not of the trace")

    monkeypatch.setattr("tracereader._table.TraceTable._read", fail)
    scan = tracereader.scan(folder / "*.trace")
    with pytest.raises(error, match="not of the trace"):
        scan.logs().count()


def test_errors_of_any_generation():
    row = ErrorRow("a.trace", "CorruptError", "corrupt", "bad", 7, 2**64 - 1)
    batches = Errors([row]).batches()
    assert [n for batch in batches for n in batch.to_lists()["generation"]] == [row.generation]


def test_what_progress_raises_ends_it(folder):
    def fail(done, total):
        raise KeyError("progress")

    before = threading.active_count()
    with pytest.raises(KeyError, match="progress"):
        tracereader.scan(folder / "*.trace", progress=fail).events().count()
    assert threading.active_count() == before
