"""A program of a user's, to be checked with `mypy --strict` and run: typed_program.py TRACE."""

import datetime
import io
import pathlib
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import assert_type

import tracereader
from tracereader import Event, Frame, Kind, State, Table, Trace, TraceError


def waits(trace: Trace) -> Iterator[tuple[int, str, Frame | None]]:
    """When goroutines block, why, and where."""
    for ev in trace:
        if ev.kind is Kind.StateTransition and ev.to_state is State.Waiting:
            stack = ev.transition_stack
            yield ev.time, ev.reason or "", stack[0] if stack else None


def messages(events: Iterator[Event]) -> list[str]:
    return [ev.message for ev in events if ev.kind == "Log" and ev.message is not None]


def longest(table: Table) -> dict[str, int]:
    """The longest stretch in each state, batch by batch."""
    found: dict[str, int] = {}
    for batch in table.batches("1 MB"):
        assert_type(batch.rows, int)
        lists = batch.to_lists()
        for state, ns in zip(lists["state"], lists["duration"]):
            found[state] = max(found.get(state, 0), ns)
    return found


def of_many(paths: Sequence[pathlib.Path]) -> int:
    """What stands in the tables of several traces."""
    runs = tracereader.scan(paths)
    rows = runs.events(kinds=[Kind.Log], columns=["source", "time"]).count()
    assert not list(runs.errors)
    for split in tracereader.splits(paths, target="1 MB"):
        rows += tracereader.read_split(split, ["time"]).count()
    return rows


def told(done: int, total: int | None) -> None:
    assert total is None or done <= total


def main(path: pathlib.Path) -> None:
    with tracereader.open(path, progress=told, threads=2) as trace:
        reasons = Counter(reason for _, reason, _ in waits(trace))
        assert_type(trace.info.wall_start, datetime.datetime | None)
        assert_type(trace.info.kinds, dict[str, int])
        assert_type(trace.info.kinds.get("Log", 0) + trace.info.kinds[Kind.Sync], int)
        table = trace.blocking(by="reason")
        for row in table:
            assert_type(row.reason, str)
            assert row.count <= reasons[row.reason]
            assert_type(row.total_ns, int)
        for by_goroutine in trace.blocking(by="goroutine"):
            assert_type(by_goroutine.goroutine, int | None)
        print(len(table), table.blocked, len(messages(iter(trace))))
        print(longest(trace.intervals(columns=["duration", "state"])))
        frame = trace.goroutines(resolve=True).to_pandas()
        print(frame["function"].nunique())
    print(of_many([path]))
    data = path.read_bytes()
    sources: list[tracereader.Trace] = [
        tracereader.open(str(path)),
        tracereader.open(data),
        tracereader.open(memoryview(data)),
        tracereader.open(io.BytesIO(data)),
    ]
    for each in sources:
        each.close()
    assert_type(tracereader.blocking_ratio(data, reason="sync"), float)
    try:
        tracereader.open(data[:100])
    except TraceError as e:
        assert_type(e.offset, int)
        assert_type(e.generation, int | None)


def wrong(trace: Trace) -> None:
    """What a checker must refuse."""
    tracereader.open(5)  # type: ignore[arg-type]
    tracereader.open(io.StringIO())  # type: ignore[arg-type]
    trace.events(start="soon")  # type: ignore[arg-type]
    trace.blocking(by=3)  # type: ignore[call-overload]
    trace.intervals(columns=5)  # type: ignore[arg-type]
    trace.intervals().batches(1.5)  # type: ignore[arg-type]
    trace.nothing  # type: ignore[attr-defined]


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
