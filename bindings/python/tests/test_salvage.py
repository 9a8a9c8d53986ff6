"""Traces that are cut or damaged, read with strict=False."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest
import tracereader
from corpus import WHOLE, trace_bytes
from tracereader import EventFlag, LimitError, TraceError


def events_and_error(trace):
    """All events, and what came behind them."""
    events = []
    try:
        for event in trace:
            events.append(event)
    except TraceError as e:
        return events, e
    return events, None


@pytest.mark.parametrize("name", WHOLE[::7])
def test_a_whole_trace_reads_the_same(name):
    data = trace_bytes(name)
    with tracereader.open(data) as strict, tracereader.open(data, strict=False) as trace:
        assert list(map(str, trace)) == list(map(str, strict))
        assert trace.info.complete and trace.error is None
        assert strict.info.salvage is None
        lost = trace.info.salvage
        assert lost.pop("events") == trace.info.events
        assert not any(lost.values())


def test_events_come_first_and_then_the_error(broken):
    with tracereader.open(broken) as strict, tracereader.open(broken, strict=False) as trace:
        before, error = events_and_error(strict)
        events, salvaged_error = events_and_error(trace)
        assert len(events) > len(before) + 100
        assert (salvaged_error.code, salvaged_error.offset) == (error.code, error.offset)
        assert [e.time for e in events] == sorted(e.time for e in events)
        assert any(e.flags & EventFlag.UNRESOLVED for e in events)
        rows = iter(trace.events(columns=["time"]))
        with pytest.raises(TraceError):
            for _ in rows:
                pass


def test_results_are_of_what_is_left():
    broken = trace_bytes("go1.26-killed")
    with tracereader.open(broken, strict=False) as trace:
        assert trace.error is None
        events, error = events_and_error(trace)
        with pytest.warns(UserWarning, match="what is left"):
            table = trace.blocking()
        assert str(trace.error) == str(error)
        assert "(unresolved)" in {row.reason for row in table}
        blocked = [e for e in events if e.to_state == "Waiting" and e.from_state == "Running"]
        assert table.blocked >= len(blocked) > 0
        np = pytest.importorskip("numpy")
        with pytest.warns(UserWarning):
            arrays = trace.events(columns=["time", "flags"]).to_numpy()
        assert len(arrays["time"]) == len(events)
        assert np.count_nonzero(arrays["flags"]) == sum(1 for e in events if e.flags)
        info = trace.info
        assert (info.events, info.complete) == (len(events), False)
        assert info.salvage["events"] == len(events)
        assert info.salvage["unresolved_strings"] > 0
    with pytest.warns(UserWarning):
        assert 0 <= tracereader.blocking_ratio(broken, strict=False) <= 1


@pytest.mark.filterwarnings("ignore:.*what is left")
def test_what_has_no_id_any_more():
    data = trace_bytes("go1.22-bent-expected-no-goroutine-but-had-one")
    with tracereader.open(data, strict=False) as trace:
        events, _ = events_and_error(trace)
        ids = [e.resource_id for e in events if e.resource == "Goroutine"]
        blocked = {
            e.resource_id for e in events if e.to_state == "Waiting" and e.from_state == "Running"
        }
        assert None in blocked and None in ids
        rows, _ = events_and_error(trace.events())
        assert [row.resource_id for row in rows] == [e.resource_id for e in events]
        intervals, _ = events_and_error(trace.intervals())
        assert {r.id for r in intervals if r.resource == "Goroutine"} == set(ids)
        goroutines, _ = events_and_error(trace.goroutines())
        assert {row.id for row in goroutines} == set(ids)
        # What is said to have run did begin to.
        assert any(row.id is None and row.running_ns for row in goroutines)
        assert all(row.started is not None for row in goroutines if row.running_ns)
        assert {row.goroutine for row in trace.blocking(by="goroutine")} == blocked
        if find_spec("numpy"):
            known = [-1 if e.resource_id is None else e.resource_id for e in events]
            assert trace.events(columns=["resource_id"]).to_numpy()["resource_id"].tolist() == known
        if find_spec("pandas"):
            column = trace.events().to_pandas()["resource_id"]
            missing = [e.resource_id is None for e in events]
            assert column.isna().tolist() == missing
    command = os.environ.get("TRACEREADER")
    if command:
        command = [command, "blocking", "--salvage", "--by=goroutine"]
        said = subprocess.run([*command, "--json", "-"], input=data, stdout=subprocess.PIPE)
        assert {row["goroutine"] for row in json.loads(said.stdout)["rows"]} == blocked
        said = subprocess.run([*command, "-"], input=data, stdout=subprocess.PIPE)
        assert b"(unresolved)" in said.stdout


def test_what_is_created_again_is_another_one():
    """Goroutine 6 is, while it waits."""
    name = "go1.22-bent-inconsistent-status-for-proc-old-running-vs-new-idle"
    with tracereader.open(trace_bytes(name), strict=False) as trace:
        rows, _ = events_and_error(trace.intervals())
        waits = [row for row in rows if (row.id, row.state) == (6, "Waiting")]
        ones = [row for row in events_and_error(trace.goroutines())[0] if row.id == 6]
        with pytest.warns(UserWarning):
            blocked = [row for row in trace.blocking(by="goroutine") if row.goroutine == 6]
        assert len(waits) == len(blocked) == 1 and len(ones) == 2
        assert [row.ended for row in ones] == [ones[1].created, None]
        assert [row.waiting_ns for row in ones] == [waits[0].duration, 0]
        assert (blocked[0].total_ns, blocked[0].open) == (waits[0].duration, 0)


def test_warnings_are_of_who_asked(broken):
    with tracereader.open(broken, strict=False) as trace:
        ways = [trace.events().count, trace.blocking, trace.logs().count]
        if find_spec("numpy"):
            ways += [trace.events().to_numpy, trace.logs().to_numpy]
        if find_spec("pandas"):
            ways += [trace.events().to_pandas, trace.logs().to_pandas]
        for way in ways:
            with pytest.warns(UserWarning, match="what is left") as warned:
                way()
            assert [one.filename for one in warned] == [__file__]


def test_limits_hold(broken):
    with tracereader.open(broken, strict=False, max_goroutines=1) as trace:
        for way in (lambda: list(trace), trace.blocking):
            with pytest.raises(LimitError):
                way()


def test_command(broken, tmp_path):
    file = tmp_path / "broken.trace"
    file.write_bytes(broken)
    command = [sys.executable, "-m", "tracereader", "info", "--json", "--salvage", str(file)]
    done = subprocess.run(command, capture_output=True, text=True)
    info = json.loads(done.stdout)
    assert done.returncode == 1
    assert info["salvage"]["events"] == info["events"] > 0
