"""How often and how long goroutines blocked."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from . import _native
from ._cursor import STEP_EVENTS
from ._errors import TraceError
from ._schema import Schema, columns_of
from ._table import MemoryTable, Plan, TraceTable, more_rows

if TYPE_CHECKING:
    from ._batch import Batch
    from ._filter import Filter
    from ._trace import Trace


class ReasonRow(NamedTuple):
    """A row of `Trace.blocking(by="reason")`; the other columns as in every row."""

    reason: str
    """Why goroutines blocked, such as "network"; empty if the trace does not say."""
    count: int  # type: ignore[assignment]  # tuple.count gives way
    """How often."""
    count_share: float
    """That as a share of all blockings, 0 to 1."""
    total_ns: int
    """How long in all, in nanoseconds."""
    time_share: float
    """That as a share of all blocked time, 0 to 1; nan if there was none."""
    open: int
    """How many of `count` had not ended at the trace's last event."""


class FunctionRow(NamedTuple):
    """A row of `Trace.blocking(by="function")`; see ReasonRow."""

    function: str
    """The innermost function of the goroutine that blocked; empty if not known."""
    count: int  # type: ignore[assignment]  # tuple.count gives way
    count_share: float
    total_ns: int
    time_share: float
    open: int


class GoroutineRow(NamedTuple):
    """A row of `Trace.blocking(by="goroutine")`; see ReasonRow."""

    goroutine: int | None
    """The goroutine's id; None if it is lost."""
    count: int  # type: ignore[assignment]  # tuple.count gives way
    count_share: float
    total_ns: int
    time_share: float
    open: int


class StackRow(NamedTuple):
    """A row of `Trace.blocking(by="stack")`; see ReasonRow."""

    stack: int | None
    """The number of the stack where it blocked, in `Trace.stacks`; None if not known. Stacks with
    equal functions, files and lines are one: that with which one blocked first."""
    count: int  # type: ignore[assignment]  # tuple.count gives way
    count_share: float
    total_ns: int
    time_share: float
    open: int


class TaskRow(NamedTuple):
    """A row of `Trace.blocking(by="task")`; see ReasonRow."""

    task: int
    """The task that the goroutine worked for: that of the last region it began that has not
    ended, else of the region in which it was created; 0 for none."""
    count: int  # type: ignore[assignment]  # tuple.count gives way
    count_share: float
    total_ns: int
    time_share: float
    open: int


Row = TypeVar("Row", ReasonRow, FunctionRow, GoroutineRow, StackRow, TaskRow)

_ROWS: dict[str, type[Any]] = {
    "reason": ReasonRow,
    "function": FunctionRow,
    "goroutine": GoroutineRow,
    "stack": StackRow,
    "task": TaskRow,
}


class Blocking(MemoryTable[Row]):
    """How often and how long goroutines blocked: a row each.

    A goroutine blocks when it goes from running, or from a system call, to waiting; the
    time runs until it leaves waiting, or to the last event. Rows come by falling count,
    then total time, then key, of stacks by the text of their frames. The table is whole: it
    stays valid after the trace is closed, and never changes.

    >>> trace.blocking(by="reason")
    <tracereader.Blocking by reason: 7,189 blockings, 10 rows>

    Attributes:
        by: the key: "reason", "function", "goroutine", "stack" or "task".
        blocked: the number of blockings in all rows.
    """

    def __init__(self, by: str, rows: Iterable[Sequence[Any]]) -> None:
        made: list[Any] = list(map(_ROWS[by]._make, rows))
        super().__init__("blocking", Schema(columns_of(table_by(by), False, True)), made)
        self.by = by
        self.blocked: int = sum(row.count for row in made)

    def __repr__(self) -> str:
        return (
            f"<tracereader.Blocking by {self.by}: {self.blocked:,} blockings, "
            f"{len(self):,} rows>"
        )

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in self.columns)
        shown, note = more_rows(self._rows)
        body = "".join(
            "<tr>"
            + f'<td style="text-align:left">{html.escape(str(row[0]))}</td>'
            + f"<td>{row.count:,}</td><td>{row.count_share:.2%}</td>"
            + f"<td>{row.total_ns:,}</td><td>{row.time_share:.2%}</td><td>{row.open:,}</td></tr>"
            for row in shown
        )
        return f"<table><tr>{head}</tr>{body}</table>{note}"


def table_by(by: str) -> str:
    """The name of the table of blockings by a key. Raises ValueError for another key."""
    if not isinstance(by, str) or by not in _ROWS:
        raise ValueError(f"by must be one of {', '.join(map(repr, _ROWS))}, not {by!r}")
    return f"blocking_by_{by}"


def blocking(trace: Trace, by: str, filter: Filter | None) -> Blocking[Any]:
    """Read the whole trace and sum up; see `Trace.blocking`."""
    table = _table(trace, by, filter)
    return Blocking(by, (row for batch in table._collect() for row in _rows(batch)))


def until_error(
    trace: Trace, by: str
) -> tuple[Blocking[Any], TraceError | OSError | None]:
    """What the trace holds up to an error, as the command shows it, and that error."""
    rows: list[tuple[Any, ...]] = []
    try:
        for batch in _table(trace, by, None).batches():
            rows += _rows(batch)
    except (TraceError, OSError) as e:
        return Blocking(by, rows), e
    return Blocking(by, rows), None


def frames_until_error(trace: Trace) -> list[str]:
    """Of each row by stack the text of its frames, in the order of `until_error`."""
    answer = _native.tr_blocking_new(_native.TR_BLOCKING_BY_STACK)
    with trace._pass() as (cursor, progress), suppress(TraceError, OSError):
        while _native.trpy_blocking_read(answer, cursor, STEP_EVENTS):
            progress(_native.trpy_done_bytes(cursor), False)
    return [frames for frames, *_ in _native.trpy_blocking_finish(answer)[1]]


def _table(trace: Trace, by: str, filter: Filter | None) -> TraceTable:
    columns = columns_of(table_by(by), False, True)
    return TraceTable(trace, Plan(table_by(by), columns, False, True, filter))


def _rows(batch: Batch) -> Iterator[tuple[Any, ...]]:
    found = batch.to_lists()
    nan = float("nan")
    found["time_share"] = [nan if share is None else share for share in found["time_share"]]
    return zip(*found.values())
