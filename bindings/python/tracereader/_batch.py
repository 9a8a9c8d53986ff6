"""Batches: some rows of a table as columns, and what is made of many of them."""

from __future__ import annotations

import array
import itertools
from collections.abc import Iterable, Iterator, KeysView, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NoReturn, overload

from . import _native
from ._optional import needed
from ._schema import Column, Schema, layout
from ._values import utc_from_ns, utf8

if TYPE_CHECKING:
    # Where one, or what tells its types, is not installed, it is Any.
    import numpy as _numpy  # type: ignore[import, unused-ignore]
    import pandas as _pandas  # type: ignore[import, unused-ignore]
    import polars as _polars  # type: ignore[import, unused-ignore]
    import pyarrow as _pyarrow  # type: ignore[import, unused-ignore]

    from ._types import Raw

def raw_texts(values: Sequence[str]) -> tuple[int, tuple[Any, ...]]:
    """Texts as Arrow lays them out. Paths may hold what is not UTF-8."""
    data = [utf8(value).encode() for value in values]
    ends = array.array("i", itertools.accumulate(map(len, data), initial=0))
    return len(data), (None, ends, b"".join(data))


class Dictionary:
    """Names in the making: it only grows, and codes stay."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._raw = raw_texts(())

    def add(self, names: Iterable[str]) -> array.array[int]:
        """The codes of some names."""
        known = len(self._codes)
        texts = map(utf8, names)  # of which several may be the same
        codes = array.array("i", [self._codes.setdefault(t, len(self._codes)) for t in texts])
        if len(self._codes) > known:
            self._raw = raw_texts(list(self._codes))
        return codes

    @property
    def raw(self) -> tuple[int, tuple[Any, ...]]:
        """As Arrow has it: the same buffers while nothing is added."""
        return self._raw


def raw_column(column: Column, values: Sequence[Any], names: Dictionary) -> Raw:
    """Python's own objects as a column, None for none; `names` are for one of names."""
    how = layout(column)
    if column.type == "float64" and column.nullable:  # nan, as in rows, is none too
        values = [None if value != value else value for value in values]
    nulls = values.count(None)
    valid = None
    if nulls:
        bits = "".join("0" if value is None else "1" for value in reversed(values))
        valid = int(bits, 2).to_bytes((len(values) + 7) // 8, "little")
    none = "" if column.type == "str" else how.none
    there = [none if value is None else value for value in values] if nulls else values
    if column.dictionary:
        return nulls, (valid, names.add(there)), names.raw
    if column.type == "str":
        return nulls, (valid, *raw_texts(there)[1][1:]), None
    return nulls, (valid, array.array(how.format, there)), None


class Names:
    """The dictionaries of the columns of one pass, decoded as they grow."""

    def __init__(self) -> None:
        self._known: dict[str, list[str]] = {}

    def of(self, column: str, dictionary: tuple[int, tuple[Any, ...]]) -> list[str]:
        """The names that a column's codes stand for. A code means the same in all batches."""
        count, (_, offsets, data) = dictionary
        known = self._known.setdefault(column, [])
        have = len(known)
        if have < count:
            more = memoryview(offsets).cast("B")[have * 4 :]
            # To their own places: another thread, or a signal handler, may have added some.
            known[have:count] = _native.trpy_items(count - have, "u", (None, more, data), None)
        return known


class Batch:
    """Some rows of a table as columns. As of a DataFrame, `batch[name]` is a column, iterating
    gives the names, and `len` the number of rows.

    Numbers and times are memoryviews of int64 (format "q", -1 for none), uint64 ("Q",
    2**64-1 for none) or float64 ("d", nan for none); names memoryviews of int32 codes ("i",
    -1 for none), indices of `categories(name)`; texts, and what is true or false, lists.
    Memoryviews need no numpy, and numpy makes arrays of them without a copy. A batch stays
    valid for ever.

    It has `__arrow_c_array__`, so that `pyarrow.record_batch(batch)` and
    `polars.DataFrame(batch)` work.

    >>> batch = next(trace.events(columns=["time", "kind", "goroutine"]).batches(1000))
    >>> len(batch), list(batch), batch["time"][0], batch.categories("kind")[batch["kind"][0]]
    (1000, ['time', 'kind', 'goroutine'], 2233368458368, 'Sync')

    Attributes:
        rows: the number of rows.
        schema: the columns, as of the table.
    """

    __slots__ = ("rows", "schema", "_raw", "_names")

    def __init__(self, schema: Schema, rows: int, raw: Sequence[Raw], names: Names) -> None:
        self.rows = rows
        self.schema = schema
        self._raw = dict(zip(schema, raw))
        self._names = names

    def __getitem__(self, name: str) -> Any:
        nulls, buffers, _ = self._raw[name]
        how = layout(self.schema.column(name))
        if not how.format:
            return self._list(name)
        values: Any = memoryview(buffers[1]).cast("B")[: self.rows * how.itemsize]
        if nulls:
            none = array.array(how.format, [how.none])
            values = memoryview(_native.trpy_fill_nulls(values, buffers[0], none))
        return values.cast(how.format)

    def categories(self, name: str) -> Sequence[str]:
        """The names that the codes of a column stand for.

        They grow from batch to batch of one pass, and a code means the same in all of them.
        Raises KeyError if it is no column of names.

        >>> batch = next(trace.intervals().batches())
        >>> batch.categories("resource")
        ['Proc', 'Goroutine', 'Thread']
        """
        dictionary = self._raw[name][2]
        if dictionary is None:
            raise KeyError(f"{name} is no column of names")
        return self._names.of(name, dictionary)

    def __iter__(self) -> Iterator[str]:
        return iter(self.schema)

    def __len__(self) -> int:
        return self.rows

    def keys(self) -> KeysView[str]:
        """The names of the columns, so that `dict(batch)` works.

        >>> list(dict(next(trace.logs(columns=["task", "time"]).batches())))
        ['task', 'time']
        """
        return self.schema.keys()

    def _list(self, name: str) -> list[Any]:
        """A column as Python's own objects, None for none."""
        nulls, buffers, dictionary = self._raw[name]
        column = self.schema.column(name)
        names = self._names.of(name, dictionary) if dictionary else None
        if not nulls:
            buffers = (None, *buffers[1:])
        values = _native.trpy_items(self.rows, layout(column).arrow, buffers, names)
        if column.type.startswith("timestamp"):
            return [None if value is None else utc_from_ns(value) for value in values]
        return values

    def to_lists(self) -> dict[str, list[Any]]:
        """The columns as lists of int, float, bool and str, with None for none; wall time as
        datetime in UTC, to the microsecond below.

        >>> next(trace.logs(columns=["time", "category"]).batches(2)).to_lists()
        {'time': [2233374388224, 2233374414080], 'category': ['customer', 'customer']}
        """
        return {name: self._list(name) for name in self}

    @overload
    def to_numpy(self, *, codes: Literal[False] = False) -> dict[str, _numpy.ndarray[Any, Any]]: ...

    @overload
    def to_numpy(self, *, codes: bool) -> dict[str, Any]: ...

    def to_numpy(self, *, codes: bool = False) -> dict[str, Any]:
        """The columns as arrays; see `Table.to_numpy`.

        >>> next(trace.logs().batches()).to_numpy()["time"].dtype
        dtype('int64')
        """
        return numpy_columns(self.schema, [self], codes)

    def to_pandas(self) -> _pandas.DataFrame:
        """The rows as a pandas DataFrame; see `Table.to_pandas`.

        >>> next(trace.logs().batches(100)).to_pandas().shape
        (100, 8)
        """
        frame: _pandas.DataFrame = pandas_frame(self.schema, [self])
        return frame

    def to_arrow(self) -> _pyarrow.RecordBatch:
        """The rows as a pyarrow.RecordBatch. Raises ImportError without pyarrow.

        >>> next(trace.logs().batches(100)).to_arrow().num_rows
        100
        """
        stream = Collected(self.schema, [self])
        reader = needed("pyarrow", "to_arrow()").RecordBatchReader.from_stream(stream)
        batch: _pyarrow.RecordBatch = reader.read_next_batch()
        return batch

    def to_polars(self) -> _polars.DataFrame:
        """The rows as a polars DataFrame. Raises ImportError without polars.

        >>> next(trace.logs().batches(100)).to_polars().shape
        (100, 8)
        """
        frame: _polars.DataFrame = needed("polars", "to_polars()").DataFrame(self)
        return frame

    def _array(self, dictionaries: Iterable[Any] | None = None) -> object:
        """A capsule of Arrow's C data interface, also with other dictionaries; it shares the
        memory."""
        raw = list(self._raw.values())
        if dictionaries is not None:
            raw = [(nulls, buffers, d) for (nulls, buffers, _), d in zip(raw, dictionaries)]
        return _native.trpy_arrow_array(self.rows, raw)

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        """The batch as capsules of Arrow's C data interface. It shares the memory."""
        return self.schema.__arrow_c_schema__(), self._array()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Batch cannot be pickled: pickle what its to_arrow() or to_lists() gives")

    def __repr__(self) -> str:
        return f"<tracereader.Batch of {self.rows:,} rows: {', '.join(self)}>"


class Collected:
    """Batches that are there, all of a pass, as a stream of Arrow's C interface.

    All have the last one's dictionaries, which hold those of the others: not everything that
    can be done with an Arrow table can be done with dictionaries that grow.
    """

    def __init__(self, schema: Schema, batches: Sequence[Batch]) -> None:
        self._schema = schema
        self._batches = batches

    def __arrow_c_schema__(self) -> object:
        return self._schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        batches = self._batches
        last = [raw[2] for raw in batches[-1]._raw.values()] if batches else []
        arrays = (batch._array(last) for batch in batches)
        return _native.trpy_arrow_stream(
            self._schema.__arrow_c_schema__, lambda: next(arrays, None), None
        )


class Codes(NamedTuple):
    """A column of names as `to_numpy(codes=True)` gives it."""

    codes: Any
    """A 1-D int32 array: indices of `categories`; -1 where there is no value."""
    categories: Any
    """A 1-D object array of the different names, in the order in which they come up."""


# Many batches as one. Batches are of one pass, so that the last one's names are all there are.


def _values(np: Any, column: Column, batches: Sequence[Batch]) -> tuple[Any, Any]:
    """A column as an array, and an array that says where there is no value, or None."""
    how = layout(column)
    parts, masks = [], []
    nulls = False
    for batch in batches:
        missing, buffers, _ = batch._raw[column.name]
        rows = batch.rows
        mask = None
        if missing:
            nulls = True
            bits = np.frombuffer(buffers[0], np.uint8, (rows + 7) // 8)
            mask = np.unpackbits(bits, count=rows, bitorder="little") == 0
        masks.append(np.zeros(rows, bool) if mask is None else mask)
        if column.type == "str" and not column.dictionary:
            texts = np.empty(rows, object)  # of None
            if missing < rows:
                texts[:] = batch._list(column.name)
            parts.append(texts)
        elif column.type == "bool":
            bits = np.frombuffer(buffers[1], np.uint8, (rows + 7) // 8)
            parts.append(np.unpackbits(bits, count=rows, bitorder="little").view(bool))
        else:
            parts.append(np.frombuffer(buffers[1], how.dtype, rows))
    if not parts:
        return np.empty(0, how.dtype), None
    return np.concatenate(parts), np.concatenate(masks) if nulls else None


def _filled(np: Any, column: Column, values: Any, mask: Any) -> Any:
    """The array with what stands for none where there is no value."""
    if mask is not None:
        none = layout(column).none
        values[mask] = np.datetime64("NaT", "ns") if values.dtype.kind == "M" else none
    return values


def _categories(np: Any, column: Column, batches: Sequence[Batch]) -> Any:
    names = batches[-1].categories(column.name) if batches else ()
    categories = np.empty(len(names), object)
    categories[:] = names
    return categories


def numpy_columns(schema: Schema, batches: Sequence[Batch], codes: bool) -> dict[str, Any]:
    """Columns as arrays, as `Table.to_numpy` says."""
    np = needed("numpy", "to_numpy()")
    arrays: dict[str, Any] = {}
    for column in schema.columns:
        values = _filled(np, column, *_values(np, column, batches))
        if column.dictionary:
            names = _categories(np, column, batches)
            if codes:
                arrays[column.name] = Codes(values, names)
                continue
            # A code of -1 finds the last.
            values = np.append(names, np.array([None], object))[values]
        arrays[column.name] = values
    return arrays


def _coded_texts(np: Any, values: Any, mask: Any) -> tuple[Any, Any]:
    """Texts as codes, of a text of its own each, -1 where there is none, and those texts."""
    if mask is None:
        return np.arange(len(values)), values
    there = np.flatnonzero(~mask)  # most rows may have none, which are not looked at
    codes = np.full(len(values), -1)
    codes[there] = np.arange(len(there))
    return codes, values[there]


def _pandas_columns(
    schema: Schema, batches: Sequence[Batch]
) -> Iterator[tuple[Any, Any, Any]]:
    """Columns as `frame_of` takes them."""
    np = needed("numpy", "to_pandas()")
    for column in schema.columns:
        values, mask = _values(np, column, batches)
        if column.dictionary:
            yield _filled(np, column, values, mask), None, _categories(np, column, batches)
        elif column.type == "str":
            codes, texts = _coded_texts(np, values, mask)
            yield codes, None, texts
        elif column.nullable and column.type in ("int64", "uint64"):
            yield values, np.zeros(len(values), bool) if mask is None else mask, None
        else:
            yield _filled(np, column, values, mask), None, None


def frame_of(schema: Schema, columns: Iterable[tuple[Any, Any, Any]]) -> Any:
    """Columns as a DataFrame: of each its values, a mask of those that are none where that is
    not told by the value, and the texts that values are codes of."""
    pd = needed("pandas", "to_pandas()")
    texts = pd.Series([""]).dtype  # what this pandas has for texts, also where there are none
    data: dict[str, Any] = {}
    for column, (values, mask, names) in zip(schema.columns, columns):
        if column.dictionary:
            values = pd.Categorical.from_codes(values, pd.Index(names, dtype=texts))
        elif names is not None:
            values = pd.array([*names, None], dtype=texts).take(values)
        elif column.type == "timestamp[ns, UTC]":
            values = pd.DatetimeIndex(values).tz_localize("UTC")
        elif mask is not None:
            values = pd.arrays.IntegerArray(values, mask)
        data[column.name] = values
    return pd.DataFrame(data, copy=False)


def pandas_frame(schema: Schema, batches: Sequence[Batch]) -> Any:
    """Columns as a DataFrame, as `Table.to_pandas` says."""
    return frame_of(schema, _pandas_columns(schema, batches))
