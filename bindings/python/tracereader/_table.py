"""Tables: what a trace holds, as columns."""

from __future__ import annotations

import collections
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar, overload

from . import _native
from ._arguments import whole
from ._batch import (
    Batch,
    Collected,
    Dictionary,
    Names,
    numpy_columns,
    pandas_frame,
    raw_column,
)
from ._optional import needed
from ._schema import Column, Schema, byte_size, columns_of
from ._values import utf8

if TYPE_CHECKING:
    import os

    # Where one, or what tells its types, is not installed, it is Any.
    import numpy as _numpy  # type: ignore[import, unused-ignore]
    import pandas as _pandas  # type: ignore[import, unused-ignore]
    import polars as _polars  # type: ignore[import, unused-ignore]
    import pyarrow as _pyarrow  # type: ignore[import, unused-ignore]

    from ._filter import Filter
    from ._trace import Trace

BATCH_ROWS = 65_536
_MOST_ROWS = 2**62
#: Not as type checkers know it, who want to see the fields.
_namedtuple: Any = collections.namedtuple
_ROWS_OF_ITERATORS = 4096
_SHOWN_ROWS = 50
_MOST_ROW_TYPES = 100  # that are kept


_row_types: dict[tuple[str, ...], Any] = {}


def _row_type(columns: tuple[str, ...]) -> Any:
    """The type of rows with these columns, the same one each time."""
    made = _row_types.get(columns)
    if made is None:
        made = _namedtuple("Row", columns)
        made.__reduce__ = _reduced_row
        if len(_row_types) >= _MOST_ROW_TYPES:
            _row_types.clear()
        made = _row_types.setdefault(columns, made)
    return made


def _reduced_row(row: Any) -> tuple[Any, ...]:
    return restore_row, (row._fields, tuple(row))


def restore_row(columns: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    """Make a row of its parts: for pickle, which does not find types that are made here."""
    return _row_type(columns)._make(values)


class Plan(NamedTuple):
    """Which table is wanted, and how."""

    #: Its name in C, such as "intervals".
    table: str
    columns: tuple[Column, ...]
    wall: bool
    resolve: bool
    filter: Filter | None
    #: What of the above a user chose, for a repr.
    choice: str = ""


def with_columns(plan: Plan, names: Sequence[str]) -> Plan:
    """A plan that has those of some columns too that the table knows."""
    known = columns_of(plan.table, plan.wall, plan.resolve)
    more = [column for column in known if column.name in names and column not in plan.columns]
    return plan._replace(columns=(*plan.columns, *more))


class Table:
    """What a trace holds, or a part of it, as a table. Made by `Trace.events` and others.

    Lazy: nothing is read until rows are asked for, and each time the trace is read from
    its beginning, with a place of its own. Once its trace is closed, using it raises
    ValueError; what came out of it stays valid.

    pyarrow, polars, DuckDB and others take it as it is, through `__arrow_c_stream__`:
    `pyarrow.table(t)`, `polars.DataFrame(t)`, `duckdb.sql("select count(*) from t")`. What
    goes wrong there they raise as errors of their own, with the text of ours, byte offset and
    generation; `Trace.error` keeps the exception. So it is with Ctrl-C that comes meanwhile: what
    is raised is their error, and `Trace.error` is the KeyboardInterrupt.

    Methods that read raise TraceError, OSError, or what else a file object raised, where the
    trace breaks off. With `strict=False` iterators raise it after all that is left; whole results
    come with a warning instead.

    Every table is true; `len` has only one that is whole in memory.

    >>> trace.events(kinds="Log", columns=["time", "message"])
    <tracereader.Table events of 'shop.trace'; kinds Log: columns time, message>

    Attributes:
        name: what it is a table of, such as "intervals".
        schema: its columns.
        columns: their names.
    """

    def __init__(self, name: str, schema: Schema) -> None:
        self.name = name
        self.schema = schema
        self.columns: tuple[str, ...] = tuple(schema)

    def _read(self, rows: int, size: int) -> Iterator[Batch]:
        """Batches of at most `rows` rows, and about `size` bytes if that is not 0."""
        raise NotImplementedError

    def _check(self) -> None:
        """Raise ValueError if it cannot be read any more."""

    def _broken(self, error: Exception) -> None:
        """Raise an exception in a pass that has a result, or warn."""
        raise error

    def _with(self, *names: str) -> Table:
        """The same table with further columns, as far as it knows them."""
        return self

    def _keep(self, error: BaseException) -> None:
        """Take note of what somebody else will raise as another error."""

    def __bool__(self) -> bool:
        return True

    # Rows and batches.

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the rows: named tuples, with None for none.

        Items are int, str, float and bool, of times with `wall=True` datetime in UTC to the
        microsecond below. Rows can be pickled.

        >>> for row in trace.events(kinds="Log", columns=["time", "goroutine", "message"]):
        ...     print(row)
        ...     break
        Row(time=2233374388224, goroutine=52, message='customer-0')
        """
        # As its _make does, in less time: the number of columns is right.
        make = _native.trpy_row_maker(_row_type(self.columns))
        for batch in self._read(_ROWS_OF_ITERATORS, 0):
            yield from map(make, *batch.to_lists().values())

    def batches(self, size: int | str = BATCH_ROWS) -> Iterator[Batch]:
        """Iterate over the rows as batches of columns, in memory that does not grow with
        the trace.

        Args:
            size: the most rows in a batch, or about the most bytes, such as "64 MB".

        >>> for batch in trace.events(columns=["time", "goroutine"]).batches("512 kB"):
        ...     print(batch.rows, batch["time"][0])
        32000 2233368458368
        21538 2233686603328
        """
        if isinstance(size, str):
            return self._read(_MOST_ROWS, byte_size(size))
        return self._read(min(whole("size", size, 1), _MOST_ROWS), 0)

    def count(self) -> int:
        """Read everything and tell the number of rows.

        >>> trace.events(kinds="StateTransition").count()
        44559
        """
        return sum(batch.rows for batch in self._read_all())

    # Everything.

    def _read_all(self, rows: int = BATCH_ROWS, held: bool = False) -> Iterator[Batch]:
        """The batches of a pass that has a result, which may hold them all: an error is raised,
        or warned of."""
        try:
            yield from self._read(rows, 0)
        except Exception as e:
            self._broken(e)

    def _collect(self) -> list[Batch]:
        return list(self._read_all(held=True))

    @overload
    def to_numpy(self, *, codes: Literal[False] = False) -> Mapping[str, _numpy.ndarray[Any, Any]]: ...

    @overload
    def to_numpy(self, *, codes: bool) -> Mapping[str, Any]: ...

    def to_numpy(self, *, codes: bool = False) -> Mapping[str, Any]:
        """Read everything into arrays: a mapping of column name to 1-D array.

        Times, ids and counts are int64 (-1 for none), ids of tasks and values of metrics uint64
        (2**64-1 for none), shares float64 (nan for none), flags such as `open_end` bool, names and
        texts object arrays of shared str (None for none), wall time datetime64[ns] in UTC (NaT
        for none). The arrays belong to the caller.

        Args:
            codes: give names as `Codes`, integer codes and their categories, which is
                faster and smaller.

        Raises ImportError without numpy.

        >>> durations = trace.intervals(columns="duration").to_numpy()["duration"]
        >>> durations.dtype, durations.shape
        (dtype('int64'), (77523,))
        """
        needed("numpy", "to_numpy()")
        return numpy_columns(self.schema, self._collect(), codes)

    def to_pandas(self) -> _pandas.DataFrame:
        """Read everything into a pandas DataFrame with typed columns.

        Names are categories; what may have no value is of the nullable types Int64 and
        UInt64, never float; other times and numbers are int64; wall time is
        datetime64[ns, UTC]. Raises ImportError without pandas; pyarrow is not needed.

        >>> frame = trace.intervals().to_pandas()
        >>> frame.groupby("resource", observed=True)["duration"].count().to_dict()
        {'Proc': 2102, 'Goroutine': 41308, 'Thread': 34113}
        """
        needed("pandas", "to_pandas()")
        frame: _pandas.DataFrame = pandas_frame(self.schema, self._collect())
        return frame

    def to_arrow(self) -> _pyarrow.Table:
        """Read everything into a pyarrow.Table. Raises ImportError without pyarrow.

        Names are dictionary(int32, utf8), texts utf8, times int64 or timestamp[ns, UTC].

        >>> trace.goroutines().to_arrow().shape
        (1161, 12)
        """
        pa = needed("pyarrow", "to_arrow()")
        # As pyarrow.table does, but that imports pandas.
        stream = Collected(self.schema, self._collect())
        table: _pyarrow.Table = pa.RecordBatchReader.from_stream(stream).read_all()
        return table

    def to_polars(self) -> _polars.DataFrame:
        """Read everything into a polars DataFrame. Raises ImportError without polars.

        Names are Categorical, texts String, times Int64 or Datetime("ns", "UTC").

        >>> trace.goroutines().to_polars().shape
        (1161, 12)
        """
        pl = needed("polars", "to_polars()")
        frame: _polars.DataFrame = pl.DataFrame(Collected(self.schema, self._collect()))
        return frame

    def to_parquet(self, path: str | os.PathLike[str], **options: Any) -> None:
        """Write everything to a Parquet file, a batch at a time. Needs pyarrow.

        pandas.read_parquet makes float64 of ids that may be missing, unless it is told
        dtype_backend="numpy_nullable".

        Args:
            path: the file, which is replaced once all is written: until then, and where
                anything goes wrong, the one that was there stays. Of a link it is what that
                points to. What is no regular file, such as a pipe, is written to.
            **options: as of pyarrow.parquet.ParquetWriter, such as compression="zstd".

        Raises ImportError without pyarrow.

        >>> trace.intervals().to_parquet("intervals.parquet")
        """
        import os

        from ._replace import replacing

        pa = needed("pyarrow", "to_parquet()")
        parquet = needed("pyarrow.parquet", "to_parquet()")
        with replacing(os.fsdecode(path)) as file, parquet.ParquetWriter(
            file, pa.schema(self.schema), **options
        ) as writer:
            for batch in self._read_all(BATCH_ROWS * 4):
                writer.write_batch(batch.to_arrow())

    # Arrow.

    def __arrow_c_schema__(self) -> object:
        """The schema as a capsule of Arrow's C data interface. Nothing is read."""
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows as a capsule of Arrow's C stream interface.

        Each is a pass of its own, which begins when the first batch is asked for, and may be
        read in any thread. `requested_schema` is not followed.
        """
        self._check()
        arrays = (batch._array() for batch in self._read_all())
        return _native.trpy_arrow_stream(
            self.__arrow_c_schema__, lambda: next(arrays, None), self._keep
        )

    # Showing it: nothing is read.

    def _of(self) -> str:
        return ""

    def __repr__(self) -> str:
        return f"<tracereader.Table {self.name}{self._of()}: columns {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        import html

        return f"<p>Table {html.escape(self.name + self._of())}</p>{self.schema._repr_html_()}"


class TraceTable(Table):
    """A table of one trace, read by C."""

    def __init__(self, trace: Trace, plan: Plan) -> None:
        super().__init__(plan.table, Schema(plan.columns))
        self._trace = trace
        self._plan = plan

    def _read(self, rows: int, size: int) -> Iterator[Batch]:
        plan = self._plan
        names = Names()
        filter, goroutine = plan.filter, _native.TR_ANY
        if filter is not None and plan.table != "events":
            # What it blocked for, and until when, is said by the events of others.
            goroutine, filter = filter.goroutine, filter._replace(goroutine=goroutine)
        with self._trace._pass(_native.trpy_table_narrow(plan.table, filter)) as (
            cursor,
            progress,
        ):
            _native.trpy_table_open(
                cursor, plan.table, self.columns, rows, size, plan.resolve, plan.wall, goroutine
            )
            while True:
                made = _native.trpy_table_next(cursor)
                if made is None:
                    break
                progress(_native.trpy_done_bytes(cursor), False)
                yield Batch(self.schema, *made, names)

    def _check(self) -> None:
        self._trace._check_open()

    def _broken(self, error: Exception) -> None:
        self._trace._broken(error)

    def _with(self, *names: str) -> Table:
        return self._trace._table(with_columns(self._plan, names))

    def _keep(self, error: BaseException) -> None:
        # For long, so without the frames that it passed.
        self._trace._error = error.with_traceback(None)

    def _of(self) -> str:
        return f" of {self._trace.name!r}{self._plan.choice}"


Item = TypeVar("Item")
Row = TypeVar("Row", bound=tuple[Any, ...])


class MemoryTable(Table, Generic[Row]):
    """A table that is whole in memory: it has `len`, and rows by their number, which are named
    tuples.

    It stays valid after its trace is closed, and never changes.

    >>> table = trace.blocking(by="reason")
    >>> len(table), table[0].reason
    (10, 'select')
    """

    # No collections.abc.Sequence: polars would make columns of what it then takes for plain tuples.

    def __init__(self, name: str, schema: Schema, rows: list[Row]) -> None:
        super().__init__(name, schema)
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        return self._rows[index]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def _read(self, rows: int, size: int) -> Iterator[Batch]:
        rows = min(rows, size // (8 * len(self.schema)) or 1) if size else rows
        dictionaries = [Dictionary() for _ in self.schema]
        names = Names()
        for first in range(0, len(self._rows), rows):
            part = self._rows[first : first + rows]
            columns = zip(self.schema.columns, zip(*part), dictionaries)
            yield Batch(self.schema, len(part), [raw_column(*c) for c in columns], names)

    def count(self) -> int:
        """The number of rows, as `len` gives it.

        >>> trace.blocking(by="goroutine").count()
        952
        """
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<tracereader.{type(self).__name__} {self.name}: {len(self):,} rows>"

    def _repr_html_(self) -> str:
        import html

        shown, note = more_rows(self._rows)
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(utf8(str(value)))}</td>" for value in row) + "</tr>"
            for row in shown
        )
        return f"<table><tr>{head}</tr>{body}</table>{note}"


def more_rows(rows: Sequence[Item]) -> tuple[Sequence[Item], str]:
    """The rows to show, and a note of how many there are besides, in HTML."""
    more = len(rows) - _SHOWN_ROWS
    return rows[:_SHOWN_ROWS], f"<p>and {more:,} rows more</p>" if more > 0 else ""
