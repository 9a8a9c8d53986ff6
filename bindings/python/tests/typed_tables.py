"""A program of a user's with tables, to be checked with `mypy --strict` and run:
typed_tables.py TRACE."""

import pickle
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any, assert_type

import tracereader
from tracereader import Batch, Blocking, Errors, ReasonRow, Scan, Schema, Split, StackRow, Table


def longest(table: Table) -> int:
    return max((row.duration for row in table), default=0)


def events_by_kind(trace: tracereader.Trace) -> Counter[str]:
    counts: Counter[str] = Counter()
    for batch in trace.events(columns=["kind"]).batches("1 MB"):
        assert_type(batch, Batch)
        names = batch.categories("kind")
        counts.update(names[code] for code in batch["kind"])
    return counts


def main(path: str) -> None:
    with tracereader.open(path) as trace:
        intervals = trace.intervals(columns=["state", "duration"])
        assert_type(intervals.schema, Schema)
        assert_type(intervals.schema["duration"], str)
        assert_type(intervals.count(), int)
        assert_type(trace.blocking(), Blocking[ReasonRow])
        assert_type(trace.blocking(by="stack"), Blocking[StackRow])
        for row in trace.blocking(by="stack"):
            assert_type(row.stack, int | None)
        arrays: Mapping[str, Any] = trace.events(kinds="Log", start=0).to_numpy()
        again: Table = pickle.loads(pickle.dumps(intervals))
        print(longest(again), sum(events_by_kind(trace).values()), len(arrays["time"]))
    scan = tracereader.scan([path], progress=lambda done, total: None, workers=2)
    assert_type(scan, Scan)
    assert_type(scan.errors, Errors)
    assert_type([error.offset for error in scan.errors], list[int | None])
    pieces = tracereader.splits(path, target="1 GB")
    assert_type(pieces, list[Split])
    tables = [tracereader.read_split(piece, ["source", "time"], table="logs") for piece in pieces]
    print(sum(table.count() for table in tables), scan.logs(wall=True, resolve=True).count())


if __name__ == "__main__":
    main(sys.argv[1])
