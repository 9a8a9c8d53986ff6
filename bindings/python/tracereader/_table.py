"""Events as columns: a lazy table."""

from __future__ import annotations

import collections
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _native
from ._enums import Kind
from ._errors import TraceError
from ._handles import ColumnsHandle, CursorHandle
from ._optional import needed

if TYPE_CHECKING:
    from ._filter import Filter
    from ._trace import Trace

_NO_TASK = 2**64 - 1
_BATCH_ROWS = 65_536
#: Rows a call of C: some milliseconds, after which Ctrl-C is seen.
_STEP_ROWS = 262_144
#: Held while an array is made.
_COMPLETING = threading.RLock()


class Column(NamedTuple):
    """A column of the table of events."""

    number: int
    name: str
    #: "int64", "uint64" or "str"
    type: str
    #: What stands where an event has no value, in int64 and uint64; None: all have one.
    none: int | None

    @property
    def format(self) -> str:
        """The items in a buffer, as in struct: names are codes there."""
        return {"int64": "q", "uint64": "Q", "str": "i"}[self.type]

    @property
    def itemsize(self) -> int:
        """Their size in bytes."""
        return 4 if self.type == "str" else 8


def _columns() -> dict[str, Column]:
    types = {
        _native.TR_COLUMN_INT64: ("int64", -1),
        _native.TR_COLUMN_UINT64: ("uint64", _NO_TASK),
        _native.TR_COLUMN_CODE: ("str", -1),
    }
    always = {"time", "kind", "offset", "generation", "flags"}
    found = {}
    for number in range(_native.TR_COLUMN_COUNT):
        name = _native.tr_column_name(number)
        kind, none = types[_native.tr_column_get_type(number)]
        found[name] = Column(number, name, kind, None if name in always else none)
    return found


#: All columns by name, in their order.
COLUMNS: dict[str, Column] = _columns()


class Codes(NamedTuple):
    """A column of names as `to_numpy(codes=True)` gives it."""

    codes: Any
    """A 1-D int32 array: indices of `categories`; -1 where an event has no value."""
    categories: Any
    """A 1-D object array of the different names, in the order in which they come up."""


class Arrays(Mapping[str, Any]):
    """Columns as arrays: a mapping of column name to 1-D array, made by `Table.to_numpy`.

    Times and ids are int64, -1 for none; ids of tasks and values of metrics uint64,
    2**64-1 for none; kinds and names object arrays of shared str, None for none, or
    `Codes`. The arrays belong to the caller, and asking again gives the same one.

    Until a column is first asked for it is kept small: all together take some twenty
    bytes a row, and as arrays about ten times as much.
    """

    def __init__(
        self, columns: Sequence[Column], kept: ColumnsHandle, strings: list[str], codes: bool
    ) -> None:
        self._columns = {column.name: column for column in columns}
        self._kept: ColumnsHandle | None = kept
        self._rows = _native.tr_columns_row_count(kept)
        self._strings = tuple(strings)
        self._codes = codes
        self._done: dict[str, Any] = {}
        self._room: Any = None  # for the codes of any column of names

    def __getitem__(self, name: str) -> Any:
        if name not in self._done:
            with _COMPLETING:
                # A signal handler of this thread may ask meanwhile, for all there is: what
                # is kept was there before as long as the name is missing.
                kept = self._kept
                if name not in self._done:
                    self._done.setdefault(name, self._array(self._columns[name], kept))
                    if len(self._done) == len(self._columns):
                        self._kept = self._room = None
        return self._done[name]

    def _array(self, column: Column, kept: Any) -> Any:
        np = needed("numpy", "to_numpy()")
        named = column.type == "str" and not self._codes
        array = None
        if named:
            array, self._room = self._room, None
        if array is None:
            dtype = {"q": np.int64, "Q": np.uint64, "i": np.int32}[column.format]
            array = np.empty(self._rows, dtype=dtype)
        _native.trpy_columns_get(kept, column.number, array)
        if named:
            names = np.empty(self._rows, dtype=object)
            _native.trpy_name_rows(array, self._strings, names)
            self._room = array
            return names
        return _categories(np, array, self._strings) if column.type == "str" else array

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and copy: with all arrays made."""
        arrays = dict(self)
        return {**self.__dict__, "_done": arrays}

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        return f"<tracereader.Arrays of {self._rows:,} rows: {', '.join(self)}>"


class Batch(Mapping[str, memoryview]):
    """Some rows of a table as columns: a mapping of column name to memoryview.

    The views hold int64 (format "q", -1 for none), uint64 ("Q", 2**64-1 for none), and
    for names int32 codes ("i", -1 for none): indices of `strings`. They need no numpy,
    and numpy makes arrays of them without a copy.

    Attributes:
        rows: the number of rows.
        strings: the names that codes stand for. It grows from batch to batch of one
            pass, and a code means the same in all of them.
    """

    __slots__ = ("rows", "strings", "_views", "_columns")

    def __init__(
        self, columns: Sequence[Column], views: Sequence[memoryview], rows: int, strings: list[str]
    ) -> None:
        self.rows = rows
        self.strings: Sequence[str] = strings
        self._columns = columns
        self._views = {column.name: view for column, view in zip(columns, views)}

    def __getitem__(self, name: str) -> memoryview:
        return self._views[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)

    def to_lists(self) -> dict[str, list[Any]]:
        """The columns as lists of int and str, with None for none."""
        # A code of -1 finds the last item.
        names = [*self.strings, None]
        lists: dict[str, list[Any]] = {}
        for column in self._columns:
            values: list[Any] = self._views[column.name].tolist()
            if column.type == "str":
                values = list(map(names.__getitem__, values))
            elif column.none is not None and column.none in values:
                values = [None if value == column.none else value for value in values]
            lists[column.name] = values
        return lists

    def __repr__(self) -> str:
        return f"<tracereader.Batch of {self.rows:,} rows: {', '.join(self._views)}>"


class _Names:
    """The strings of the codes of one pass, fetched as they come."""

    def __init__(self, cursor: CursorHandle) -> None:
        self._cursor = cursor
        self.known: list[str] = []

    def update(self) -> list[str]:
        self.known += _native.trpy_strings(self._cursor, len(self.known))
        return self.known


class Table:
    """The events of a trace, or some of them, as a table. Made by `Trace.events`.

    Lazy: nothing is read until rows are asked for, and each time the trace is read from
    its beginning, with a place of its own. Once its trace is closed, using it raises
    ValueError; what came out of it stays valid.

    Methods that read raise TraceError, or OSError, where the trace breaks off. With
    `strict=False` iterators raise it after all that is left; whole columns come with a
    warning instead.

    Attributes:
        columns: the names of the columns.
        kinds: the kinds of events in it.
    """

    def __init__(
        self,
        trace: Trace,
        kinds: tuple[Kind, ...],
        columns: Iterable[str] | str | None,
        filter: Filter | None,
    ) -> None:
        self._trace = trace
        self._columns = _chosen_columns(columns)
        self.columns: tuple[str, ...] = tuple(column.name for column in self._columns)
        self.kinds = kinds
        self._filter = filter

    @property
    def schema(self) -> dict[str, str]:
        """The type of each column: "int64", "uint64" or "str".

        Times and ids are int64, -1 where an event has none; ids of tasks, and the
        values of metrics, are uint64, 2**64-1 for none.
        """
        return {column.name: column.type for column in self._columns}

    # Rows and batches.

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the rows: named tuples of int and str, None for none."""
        make: Any = getattr(collections.namedtuple("Row", self.columns), "_make")  # noqa: B009
        for batch in self.batches(4096):
            yield from map(make, zip(*batch.to_lists().values()))

    def batches(
        self, size: int = _BATCH_ROWS, *, out: Mapping[str, Any] | None = None
    ) -> Iterator[Batch]:
        """Iterate over the rows as batches of columns, filled by C.

        Args:
            size: the most rows in a batch. The last may be smaller, no other is.
            out: buffers to fill instead of new ones, by column name: anything writable
                and C-contiguous whose items have 8 bytes (names: 4), with room for
                `size` of them. A batch's views then show these buffers, and the next
                batch overwrites them. Columns without a buffer get a new one.

        Raises ValueError for a buffer that does not fit, before anything is read.
        """
        if size < 1:
            raise ValueError("size must be at least 1")
        given = dict(out or {})
        unknown = [name for name in given if name not in self.columns]
        if unknown:
            raise ValueError(f"out: not a column of this table: {', '.join(unknown)}")
        views = {name: _view(COLUMNS[name], buffer, size) for name, buffer in given.items()}
        return self._batches(size, views)

    def _batches(self, size: int, given: dict[str, memoryview]) -> Iterator[Batch]:
        with self._trace._pass(self._filter) as (cursor, progress):
            names = _Names(cursor)
            more = True
            while more:
                views = [given.get(c.name) or _new_view(c, size) for c in self._columns]
                filled = 0
                while more and filled < size:
                    rows = min(size - filled, _STEP_ROWS)
                    n, more = self._fill(cursor, [v[filled:] for v in views], rows)
                    filled += n
                    progress(_native.trpy_done_bytes(cursor), False)
                if filled:
                    cut = [view[:filled] for view in views]
                    yield Batch(self._columns, cut, filled, names.update())

    def _fill(self, cursor: CursorHandle, buffers: Sequence[Any], rows: int) -> tuple[int, bool]:
        pairs = [(column.number, buffer) for column, buffer in zip(self._columns, buffers)]
        return _native.trpy_fill(cursor, pairs, rows)

    # Whole columns.

    def to_numpy(self, *, codes: bool = False) -> Arrays:
        """Read everything into arrays: a mapping of column name to 1-D array.

        Times and ids are int64 (-1 for none), ids of tasks and values of metrics uint64
        (2**64-1 for none), kinds and names object arrays of shared str (None for none).
        The arrays belong to the caller; see `Arrays`.

        Args:
            codes: give names as `Codes`, integer codes and their categories, which is
                faster and smaller.

        Raises ImportError without numpy.
        """
        needed("numpy", "to_numpy()")
        kept = _native.trpy_columns_new([column.number for column in self._columns])
        with self._trace._pass(self._filter) as (cursor, progress):
            try:
                while _native.trpy_columns_read(kept, cursor, _STEP_ROWS):
                    progress(_native.trpy_done_bytes(cursor), False)
            except (TraceError, OSError) as e:
                self._trace._broken(e)
            strings = _Names(cursor).update()
        return Arrays(self._columns, kept, strings, codes)

    def to_pandas(self) -> Any:
        """Read everything into a pandas DataFrame with typed columns.

        Names are categories; ids are nullable integers (Int64, UInt64); times, offsets,
        generations and flags are int64. Raises ImportError without pandas.
        """
        pd = needed("pandas", "to_pandas()")
        data: dict[str, Any] = {}
        for name, values in self.to_numpy(codes=True).items():
            if isinstance(values, Codes):
                data[name] = pd.Categorical.from_codes(values.codes, values.categories)
            elif COLUMNS[name].none is None:
                data[name] = values
            else:
                data[name] = pd.arrays.IntegerArray(values, values == COLUMNS[name].none)
        return pd.DataFrame(data)

    # Showing it: nothing is read.

    def _kinds_text(self) -> str:
        return "all" if len(self.kinds) == len(Kind) else ", ".join(self.kinds)

    def __repr__(self) -> str:
        return (
            f"<tracereader.Table of {self._trace.name!r}: "
            f"columns {', '.join(self.columns)}; kinds {self._kinds_text()}>"
        )

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{c.name}</td><td>{c.type}</td></tr>" for c in self._columns)
        return (
            f"<p>Table of events, kinds: {self._kinds_text()}</p>"
            f"<table><tr><th>column</th><th>type</th></tr>{rows}</table>"
        )


def _chosen_columns(columns: Iterable[str] | str | None) -> tuple[Column, ...]:
    if columns is None:
        return tuple(COLUMNS.values())
    names = [columns] if isinstance(columns, str) else list(columns)
    unknown = [str(name) for name in names if name not in COLUMNS]
    if unknown:
        raise ValueError(f"unknown columns: {', '.join(unknown)}; known: {', '.join(COLUMNS)}")
    if not names or len(set(names)) < len(names):
        raise ValueError("columns: at least one, and none twice")
    return tuple(COLUMNS[name] for name in names)


def _new_view(column: Column, rows: int) -> memoryview:
    # Any: how typeshed writes the formats differs from one version to the next.
    plain: Any = memoryview(bytearray(rows * column.itemsize))
    view: memoryview = plain.cast(column.format)
    return view


def _view(column: Column, buffer: Any, rows: int) -> memoryview:
    """A caller's buffer as a view of the column's items."""
    view: Any = memoryview(buffer)
    if view.readonly or not view.c_contiguous:
        raise ValueError(f"out[{column.name!r}]: the buffer must be writable and C-contiguous")
    if view.itemsize != column.itemsize or view.format.lstrip("@=<") in ("d", "f", "e"):
        raise ValueError(
            f"out[{column.name!r}]: the items must be integers of {column.itemsize} bytes"
        )
    if view.nbytes < rows * column.itemsize:
        raise ValueError(f"out[{column.name!r}]: the buffer has no room for {rows} rows")
    items: memoryview = view.cast("B").cast(column.format)
    return items


def _categories(np: Any, codes: Any, strings: Sequence[str]) -> Codes:
    """Codes of one column, renumbered so that only its own names are categories."""
    used = _native.trpy_renumber(codes, len(strings))
    categories = np.empty(len(used), dtype=object)
    categories[:] = [strings[code] for code in used]
    return Codes(codes, categories)
