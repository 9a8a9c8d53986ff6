"""How often and how long goroutines blocked."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, overload

from . import _native
from ._optional import needed

if TYPE_CHECKING:
    from ._filter import Filter
    from ._trace import Trace

_SHOWN_ROWS = 50


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

    goroutine: int
    """The goroutine's id."""
    count: int  # type: ignore[assignment]  # tuple.count gives way
    count_share: float
    total_ns: int
    time_share: float
    open: int


Row = TypeVar("Row", ReasonRow, FunctionRow, GoroutineRow)

_BY: dict[str, tuple[int, type[Any]]] = {
    "reason": (_native.TR_BLOCKING_BY_REASON, ReasonRow),
    "function": (_native.TR_BLOCKING_BY_FUNCTION, FunctionRow),
    "goroutine": (_native.TR_BLOCKING_BY_GOROUTINE, GoroutineRow),
}


class Blocking(Sequence[Row], Generic[Row]):
    """How often and how long goroutines blocked: a sequence of rows.

    A goroutine blocks when it goes from running, or from a system call, to waiting; the
    time runs until it leaves waiting, or to the last event. Rows come by falling count,
    then total time, then key. The table is whole: it stays valid after the trace is
    closed, and never changes.

    Attributes:
        by: the key: "reason", "function" or "goroutine".
        columns: the names of the columns.
        blocked: the number of blockings in all rows.
    """

    def __init__(self, by: str, blocked: int, rows: list[tuple[Any, ...]]) -> None:
        self._row_type = _BY[by][1]
        self.by = by
        self.columns: tuple[str, ...] = self._row_type._fields
        self.blocked = blocked
        self._rows: list[Row] = [self._row_type._make(row) for row in rows]

    @property
    def schema(self) -> dict[str, str]:
        """The type of each column: "str", "int64" or "float64"."""
        key = "int64" if self.by == "goroutine" else "str"
        types = (key, "int64", "float64", "int64", "float64", "int64")
        return dict(zip(self.columns, types))

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        return self._rows[index]

    def to_numpy(self) -> dict[str, Any]:
        """The columns as a dict of name to 1-D array, typed as `schema` says.

        Names are object arrays of str. Raises ImportError without numpy.
        """
        np = needed("numpy", "to_numpy()")
        columns = zip(*self._rows) if self._rows else ((),) * len(self.columns)
        return {
            name: np.array(column, dtype=object if kind == "str" else kind)
            for (name, kind), column in zip(self.schema.items(), columns)
        }

    def to_pandas(self) -> Any:
        """The rows as a pandas DataFrame with typed columns.

        Raises ImportError without pandas.
        """
        return needed("pandas", "to_pandas()").DataFrame(self.to_numpy())

    def __repr__(self) -> str:
        return (
            f"<tracereader.Blocking by {self.by}: {self.blocked:,} blockings, "
            f"{len(self):,} rows>"
        )

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in self.columns)
        body = "".join(
            "<tr>"
            + f'<td style="text-align:left">{html.escape(str(row[0]))}</td>'
            + f"<td>{row.count:,}</td><td>{row.count_share:.2%}</td>"
            + f"<td>{row.total_ns:,}</td><td>{row.time_share:.2%}</td><td>{row.open:,}</td></tr>"
            for row in self._rows[:_SHOWN_ROWS]
        )
        more = len(self) - _SHOWN_ROWS
        note = f"<p>and {more:,} rows more</p>" if more > 0 else ""
        return f"<table><tr>{head}</tr>{body}</table>{note}"


def blocking(trace: Trace, by: str, filter: Filter | None) -> Blocking[Any]:
    """Read the whole trace and sum up; see `Trace.blocking`."""
    if by not in _BY:
        raise ValueError(f"by must be one of {', '.join(map(repr, _BY))}, not {by!r}")
    return Blocking(by, *trace._blockings(_BY[by][0], filter))
