"""trace.info, trace.blocking and blocking_ratio."""

import datetime
import gzip
import html.parser
import io
import json
import math
import os
import subprocess
import sys

import pytest
import tracereader
from corpus import GOLDENS, NAMES, WHOLE, trace_bytes
from tracereader import Kind

WITH_BLOCKINGS = [name for name in WHOLE if "-bent-" not in name and "-cut-" not in name]


def blockings(data, start_ns=-math.inf, end_ns=math.inf):
    """(goroutine, reason, function, ns, open) of each blocking, from the events."""
    waiting, done, end = {}, [], 0
    with tracereader.open(data) as trace:
        for ev in trace:
            if not start_ns <= ev.time < end_ns:
                continue
            end = ev.time
            if ev.resource != "Goroutine" or ev.kind != "StateTransition":
                continue
            if ev.from_state == "Waiting" and ev.to_state != "Waiting":
                if ev.resource_id in waiting:
                    start, reason, function = waiting.pop(ev.resource_id)
                    done.append((ev.resource_id, reason, function, ev.time - start, 0))
            if ev.from_state.executing and ev.to_state == "Waiting":
                stack = ev.transition_stack
                function = stack[0].function if stack else ""
                waiting[ev.resource_id] = (ev.time, ev.reason, function)
    for goroutine, (start, reason, function) in waiting.items():
        done.append((goroutine, reason, function, end - start, 1))
    return done


def summed(rows, key):
    table = {}
    for row in rows:
        count, total, open_ = table.get(row[key], (0, 0, 0))
        table[row[key]] = (count + 1, total + row[3], open_ + row[4])
    return table


@pytest.mark.parametrize("name", WITH_BLOCKINGS[::4])
def test_blocking(name):
    data = trace_bytes(name)
    expected = blockings(data)
    total = sum(row[3] for row in expected)
    with tracereader.open(data) as trace:
        for by, key in (("goroutine", 0), ("reason", 1), ("function", 2)):
            table = trace.blocking(by=by)
            assert table.columns[0] == by
            assert table.blocked == len(expected) == sum(row.count for row in table)
            assert {r[0]: (r.count, r.total_ns, r.open) for r in table} == summed(expected, key)
            for row in table:
                assert row.count_share == pytest.approx(row.count / len(expected))
                if total:
                    assert row.time_share == pytest.approx(row.total_ns / total)
            counts = [row.count for row in table]
            assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize("name", ["go1.22-network", "go1.26-waits"])
def test_blocking_of_a_part(name):
    data = trace_bytes(name)
    with tracereader.open(data) as trace:
        info = trace.info
        start = info.start_ns + info.duration_ns // 3
        end = info.end_ns - info.duration_ns // 3
        expected = blockings(data, start, end)
        table = trace.blocking(by="goroutine", start=start, end=end)
        rows = summed(expected, 0)
        assert {r[0]: (r.count, r.total_ns, r.open) for r in table} == rows
        assert 0 < len(expected) < len(blockings(data))
        for goroutine, (count, total_ns, open_) in rows.items():
            only = trace.blocking(by="goroutine", goroutine=goroutine, start=start, end=end)
            assert [(r.goroutine, r.count, r.total_ns, r.open) for r in only] == [
                (goroutine, count, total_ns, open_)
            ]


@pytest.mark.parametrize("name", ["go1.26-annotations", "go1.22-network", "go1.21-legacy"])
@pytest.mark.parametrize("by", ["reason", "function", "task"])
def test_blocking_of_a_goroutine(name, by, tmp_path):
    """It is what belongs to it of the blockings of all: to the last event, for their tasks."""
    with tracereader.open(trace_bytes(name)) as trace:
        sums = {}
        for whole in trace.blocking(by="goroutine"):
            alone = trace.blocking(by="goroutine", goroutine=whole.goroutine)
            numbers = (whole.goroutine, whole.count, whole.total_ns, whole.open)
            assert [(r.goroutine, r.count, r.total_ns, r.open) for r in alone] == [numbers]
            for row in trace.blocking(by=by, goroutine=whole.goroutine):
                before = sums.get(row[0], (0, 0, 0))
                now = (row.count, row.total_ns, row.open)
                sums[row[0]] = tuple(a + b for a, b in zip(before, now))
        assert sums == {r[0]: (r.count, r.total_ns, r.open) for r in trace.blocking(by=by)}
        assert not list(trace.blocking(by=by, goroutine=10**9))
    (tmp_path / "one.trace").write_bytes(trace_bytes(name))
    runs = tracereader.scan([tmp_path / "one.trace"])
    rows = runs.blocking(by="goroutine", goroutine=whole.goroutine)
    assert [(r.goroutine, r.count, r.total_ns, r.open) for r in rows] == [numbers]


def test_blockings_that_took_no_time(trace):
    """Of a blocking that is cut off at once the share of the time is nan; Arrow has null."""
    pytest.importorskip("numpy")
    begun = next(e for e in trace if e.from_state == "Running" and e.to_state == "Waiting")
    table = trace.blocking(start=begun.time, end=begun.time + 1)
    (row,) = table
    assert row.count == row.open == 1 and row.total_ns == 0
    assert isinstance(row.time_share, float) and math.isnan(row.time_share)
    assert "<td>nan%</td>" in table._repr_html_()
    assert math.isnan(table.to_numpy()["time_share"][0])
    assert next(table.batches()).to_lists()["time_share"] == [None]


def test_blocking_as_a_table(trace):
    np = pytest.importorskip("numpy")
    pytest.importorskip("pandas")
    for by in ("reason", "function", "goroutine", "stack", "task"):
        table = trace.blocking(by)
        assert table.by == by
        names = [by, "count", "count_share", "total_ns", "time_share", "open"]
        assert list(table.columns) == names == list(table.schema)
        assert len(table) == len(list(table)) and table[0] == list(table)[0]
        assert table[:2] == list(table)[:2]
        assert getattr(table[0], by) == table[0][0]
        arrays = table.to_numpy()
        for name, kind in table.schema.items():
            assert arrays[name].dtype == (object if kind == "str" else kind)
            none = {"int64": -1, "uint64": 2**64 - 1}.get(kind)
            values = [getattr(row, name) for row in table]
            assert arrays[name].tolist() == [none if v is None else v for v in values]
        frame = table.to_pandas()
        assert list(frame.columns) == names and len(frame) == len(table)
        assert isinstance(arrays["count"], np.ndarray)
        assert f"{table.blocked:,}" in repr(table)
        assert_html(table._repr_html_())
    for by in ("tasks", "", None):
        with pytest.raises(ValueError, match="by must be"):
            trace.blocking(by)


@pytest.mark.parametrize("name", ["go1.26-annotations", "go1.26-waits", "go1.22-network"])
@pytest.mark.parametrize("by", ["reason", "function", "goroutine", "stack", "task"])
def test_the_command_has_the_same_rows(name, by):
    command = os.environ.get("TRACEREADER")
    if not command:
        pytest.skip("no command: TRACEREADER is not set")
    data = trace_bytes(name)
    said = subprocess.run(
        [command, "blocking", "--json", f"--by={by}", "-"], input=data, stdout=subprocess.PIPE
    )
    rows = json.loads(said.stdout)["rows"]
    with tracereader.open(data) as trace:
        table = trace.blocking(by=by)
        texts = {None: ""}
        for row in trace.frames(resolve=True):
            line = f"{row.function}\n\t{row.file}:{row.line}\n"
            texts[row.stack] = texts.get(row.stack, "") + line
    assert [{key: row[key] for key in table.columns} for row in rows] == [
        row._asdict() for row in table
    ]
    assert all(row["frames"] == texts[row["stack"]] for row in rows if by == "stack")


def assert_html(text):
    """Every tag that is opened is closed, in order."""
    stack = []

    class Parser(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            stack.append(tag)

        def handle_endtag(self, tag):
            assert stack.pop() == tag

    Parser().feed(text)
    assert not stack


def test_html_is_escaped():
    table = tracereader.Blocking("function", [("main.F[go.shape<int>]", 1, 1.0, 5, 1.0, 0)])
    assert "F[go.shape&lt;int&gt;]" in table._repr_html_()
    many = tracereader.Blocking("goroutine", [(i, 1, 0.01, 5, 0.01, 0) for i in range(99)])
    assert "49 rows more" in many._repr_html_()


@pytest.mark.parametrize("golden", GOLDENS, ids=NAMES)
def test_ratio(golden):
    if golden["error"] != "-":
        with pytest.raises(tracereader.TraceError):
            tracereader.blocking_ratio(trace_bytes(golden["name"]))
        return
    ratio = tracereader.blocking_ratio(trace_bytes(golden["name"]))
    blocked, network = int(golden["blocked"]), int(golden["network"])
    if blocked:
        assert ratio == network / blocked
    else:
        assert math.isnan(ratio)


def test_ratio_of_any_source_and_reason(path, annotations):
    ratio = tracereader.blocking_ratio(path, reason="sync")
    assert 0 <= ratio <= 1
    assert tracereader.blocking_ratio(annotations, "sync") == ratio
    assert tracereader.blocking_ratio(io.BytesIO(annotations), "sync") == ratio
    assert tracereader.blocking_ratio(path, reason="") == 1.0
    assert tracereader.blocking_ratio(path, reason="no such reason") == 0.0
    with tracereader.open(path) as trace:
        assert tracereader.blocking_ratio(trace, "sync") == ratio
        assert not trace.closed
    for wrong in (None, 5, b"sync"):  # nothing is read for that
        with pytest.raises(TypeError, match=f"reason must be a str, not {type(wrong).__name__}"):
            tracereader.blocking_ratio("nowhere", wrong)


def test_an_open_trace_takes_no_options(trace):
    for options in ({"strict": False}, {"nothing": 1}):
        with pytest.raises(TypeError, match=f"takes no {next(iter(options))}"):
            tracereader.blocking_ratio(trace, **options)


def test_progress_of_another_kind(path):
    for wrong in (1, "yes", None):
        for opens in (tracereader.open, tracereader.scan):
            with pytest.raises(TypeError, match="progress must be True, False or a callable, not"):
                opens(path, progress=wrong)


def test_an_empty_table():
    np = pytest.importorskip("numpy")
    table = tracereader.Blocking("reason", [])
    assert {name: a.dtype for name, a in table.to_numpy().items()} == {
        name: np.dtype(object if kind == "str" else kind) for name, kind in table.schema.items()
    }
    assert_html(table._repr_html_())


def test_info(sample):
    with tracereader.open(sample) as trace:
        events = list(trace)
        info = trace.info
        assert not info.loaded
        assert info.version.startswith("go 1.")
        assert info.bytes == len(sample)
        assert not info.loaded
        assert info.events == len(events)
        assert info.loaded and trace.info.loaded
        assert info.start_ns == events[0].time and info.end_ns == events[-1].time
        assert info.duration_ns == events[-1].time - events[0].time
        kinds = {kind: sum(ev.kind is kind for ev in events) for kind in Kind}
        assert info.kinds == {kind: n for kind, n in kinds.items() if n}
        moves = [ev for ev in events if ev.kind == "StateTransition"]
        ids = {(ev.resource, ev.resource_id) for ev in moves}
        assert info.goroutines == sum(resource == "Goroutine" for resource, _ in ids)
        assert info.procs == sum(resource == "Proc" for resource, _ in ids)
        assert info.threads == len({ev.thread for ev in events} - {None})
        assert info.generations == len({ev.generation for ev in events} - {0})
        assert info.complete is True and info.error is None
        wall = info.wall_start
        assert wall is None or wall.tzinfo == datetime.timezone.utc
        if wall is None:
            assert info.wall_start_ns is None
        else:
            assert abs(wall.timestamp() * 1e9 - info.wall_start_ns) < 2000
        assert info.load() is info


def test_info_of_a_stream_has_no_size_before(annotations):
    with tracereader.open(io.BytesIO(annotations)) as trace:
        assert "bytes" not in repr(trace.info)
        assert trace.info.bytes == len(annotations)
        assert "bytes" in repr(trace.info)


def test_info_shows(trace):
    assert "go 1.26" in repr(trace.info)
    assert_html(trace.info._repr_html_())
    assert "events" not in repr(trace.info)
    trace.info.load()
    assert f"events: {trace.info.events:,}" in repr(trace.info)
    assert_html(trace.info._repr_html_())
    assert "StateTransition events" in trace.info._repr_html_()
    assert_html(trace._repr_html_())


def test_progress(annotations):
    calls = []

    def note(done, total):
        calls.append((done, total))

    with tracereader.open(annotations, progress=note) as trace:
        ways = (
            lambda: list(trace),
            lambda: trace.info.events,
            lambda: trace.blocking(),
            lambda: list(trace.events()),
        )
        for way in ways:
            calls.clear()
            way()
            assert calls[-1] == (len(annotations), len(annotations))
            assert calls == sorted(calls)
    with tracereader.open(io.BytesIO(annotations), progress=note) as trace:
        list(trace)
        assert calls[-1] == (len(annotations), None)


def test_progress_that_raises_stops(annotations):
    def stop(done, total):
        raise RuntimeError("enough")

    with tracereader.open(annotations, progress=stop) as trace:
        for way in (lambda: list(trace), lambda: trace.info.events, trace.blocking):
            with pytest.raises(RuntimeError, match="enough"):
                way()


def test_progress_that_reads_on(annotations):
    """The pass is in use while it tells how far it is: none of its events are lost."""

    def read_on(done, total):
        try:
            taken.append(next(events))
        except ValueError as e:
            refused.append(str(e))

    with tracereader.open(annotations) as trace:
        expected = list(trace)
    taken, refused = [], []
    with tracereader.open(annotations, progress=read_on) as trace:
        events = iter(trace)
        assert list(events) == expected
    assert not taken and len(refused) > 1
    assert all("in use by its progress function" in text for text in refused)


def test_progress_of_a_trace_that_was_closed(annotations):
    """It does not go back."""
    told = []

    def close(done, total):
        told.append(done)
        trace.close()

    trace = tracereader.open(annotations, progress=close)
    with pytest.raises(ValueError, match="closed"):
        list(trace)
    assert told == sorted(told)


def test_keys_that_are_none(trace):
    for by in ("colour", ["reason"], None):
        with pytest.raises(ValueError, match="by must be one of 'reason', 'function'"):
            trace.blocking(by=by)


def test_a_bar(annotations, capsys):
    pytest.importorskip("tqdm")
    with tracereader.open(annotations, progress=True) as trace:
        assert list(trace)
        assert trace.blocking()
    assert "trace" in capsys.readouterr().err


def run(*args, **kwargs):
    command = [sys.executable, "-m", "tracereader", *map(str, args)]
    return subprocess.run(command, capture_output=True, timeout=60, **kwargs)


def test_command(path, annotations, broken, tmp_path):
    info = json.loads(run("info", "--json", path, check=True).stdout)
    assert info["version"] == "go 1.26" and info["complete"] and info["error"] is None
    assert info["bytes"] == len(annotations)
    assert b"go 1.26" in run("info", path, check=True).stdout
    blocking = json.loads(run("blocking", "--json", path, check=True).stdout)
    assert list(blocking) == ["blocked", "rows"]
    assert blocking["blocked"] == sum(row["count"] for row in blocking["rows"])
    by = run("blocking", "--by", "function", "-", input=annotations, check=True).stdout
    assert by.startswith(b"function\tcount")
    (tmp_path / "broken").write_bytes(broken)
    answer = run("info", "--json", tmp_path / "broken")
    assert answer.returncode == 1
    assert json.loads(answer.stdout)["error"]["code"] == "truncated"
    assert run("info", tmp_path / "none").stderr == (
        f"tracereader: {tmp_path / 'none'}: No such file or directory\n".encode()
    )
    assert run("info", tmp_path / "none").returncode == 2
    assert run("nothing", path).returncode == 2


def test_command_of_a_broken_trace(annotations, broken, tmp_path):
    """What stands before the error is printed, then that, once; as the library's command does."""
    for data, some in ((broken, False), (annotations + b"more", True)):
        (tmp_path / "broken").write_bytes(data)
        with tracereader.open(tmp_path / "broken") as trace:
            error = trace.info.load().error
        told = f"tracereader: {tmp_path / 'broken'}: {error}\n".encode()
        for args in (["info"], ["info", "--json"], ["blocking"], ["blocking", "--json"]):
            for salvage in ([], ["--salvage"]):
                answer = run(*args, *salvage, tmp_path / "broken")
                assert answer.returncode == 1 and answer.stdout
                assert answer.stderr == told
        blocking = json.loads(run("blocking", "--json", tmp_path / "broken").stdout)
        assert (blocking["blocked"] > 0) == (len(blocking["rows"]) > 0) == some
        assert blocking["error"]["code"] == error.code


def test_command_prints_the_same_json(path, tmp_path):
    command = os.environ.get("TRACEREADER")
    if not command:
        pytest.skip("the library's command is not here")
    trace = path.read_bytes()
    files = {
        "cut": trace[:-1],
        "no stacks": trace_bytes("go1.26-cut-early"),
        "header": trace[:10],
        "bare": trace[:16],
        "empty": b"",
        "other": b"go 1.99 trace\0\0\0",
        "none": b"no trace at all, but long enough",
        "none.gz": gzip.compress(b"no trace at all, but long enough"),
        "cut.gz": gzip.compress(trace)[:20],
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    for file in (path, *map(tmp_path.joinpath, files)):
        for what in (["info"], ["blocking"], ["blocking", "--by=stack"]):
            for more in ([], ["--salvage"]):
                args = [*what, "--json", *more, file]
                theirs = subprocess.run([command, *args], capture_output=True, timeout=60)
                ours = run(*args)
                assert json.loads(ours.stdout) == json.loads(theirs.stdout)
                assert ours.returncode == theirs.returncode
    args, data = ["info", "--json", "-"], files["none"]
    theirs = subprocess.run([command, *args], input=data, capture_output=True, timeout=60)
    assert json.loads(run(*args, input=data).stdout) == json.loads(theirs.stdout)


def test_command_without_room_for_output(path):
    if not os.path.exists("/dev/full"):
        pytest.skip("not here")
    for command in ("info", "blocking"):
        with open("/dev/full", "wb") as full:
            args = [sys.executable, "-m", "tracereader", command, str(path)]
            ran = subprocess.run(args, stdout=full, stderr=subprocess.PIPE, timeout=60)
        assert ran.returncode == 2
        assert ran.stderr == b"tracereader: standard output: No space left on device\n"
    closed = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *args], stderr=subprocess.PIPE)
    assert closed.returncode == 2 and b"standard output: Bad file descriptor" in closed.stderr
