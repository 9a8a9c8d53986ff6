"""The table of events, and its arrays, which are kept small until they are asked for."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import _native
from ._batch import Codes, frame_of
from ._handles import ColumnsHandle
from ._optional import needed
from ._schema import layout
from ._table import TraceTable

#: Rows a call of C: some milliseconds, after which Ctrl-C is seen.
_STEP_ROWS = 262_144
#: Of these columns the kinds of the events that have a number: it may be any, also what
#: stands for none in an array.
_KINDS_WITH = {
    "value": ("Metric",),
    "task": ("TaskBegin", "TaskEnd", "RegionBegin", "RegionEnd", "Log"),
}
#: Held while an array is made.
_COMPLETING = threading.RLock()


def _renew_lock() -> None:
    """In a forked process nobody would release it who held it in the one before."""
    global _COMPLETING
    _COMPLETING = threading.RLock()


os.register_at_fork(after_in_child=_renew_lock)

_DTYPES = {
    _native.TR_COLUMN_INT64: "int64",
    _native.TR_COLUMN_UINT64: "uint64",
    _native.TR_COLUMN_CODE: "int32",
}
#: The columns that can be kept small: numbers and dtypes.
_KEPT: dict[str, tuple[int, str]] = {
    _native.tr_column_name(number): (number, _DTYPES[_native.tr_column_get_type(number)])
    for number in range(_native.TR_COLUMN_COUNT)
}


class _Asked(dict[str, Any]):
    """A dict that has `__getitem__` asked for each value, which dict's own methods pass by."""

    def __iter__(self) -> Iterator[str]:
        # Because it is not dict's own, dict(self) and others ask for each value.
        return super().__iter__()

    def get(self, name: str, default: Any = None, /) -> Any:
        return self[name] if name in self else default

    def pop(self, name: str, /, *default: Any) -> Any:
        self.get(name)
        return super().pop(name, *default)

    def setdefault(self, name: str, default: Any = None, /) -> Any:
        self.get(name)
        return super().setdefault(name, default)

    def _whole(self) -> Any:
        """The dict that this is, once all values were asked for."""
        for name in self:
            self[name]
        return super()

    def values(self) -> Any:
        return self._whole().values()

    def items(self) -> Any:
        return self._whole().items()

    def popitem(self) -> Any:
        return self._whole().popitem()

    def copy(self) -> Any:
        return self._whole().copy()

    def __eq__(self, other: object) -> Any:
        return self._whole().__eq__(other)

    def __ne__(self, other: object) -> Any:
        return self._whole().__ne__(other)

    def __or__(self, other: Any) -> Any:
        return self._whole().__or__(other)

    def __ror__(self, other: Any) -> Any:
        return self._whole().__ror__(other)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (self.copy(),)


class _Later(list[Any]):
    """Stands for an array until it is made, and then holds it."""


class Arrays(_Asked):
    """Columns as arrays: a dict of column name to 1-D array, made by `to_numpy` of the
    table of events.

    Times and ids are int64, -1 for none; ids of tasks and values of metrics uint64,
    2**64-1 for none; kinds and names object arrays of shared str, None for none, or
    `Codes`. The arrays belong to the caller, and asking again gives the same one.

    Until a column is first asked for it is kept small: all together take some twenty
    bytes a row, and as arrays about ten times as much. What takes a dict, such as
    `pandas.DataFrame(arrays)` and `pyarrow.table(arrays)`, has them made; a copy, also one by
    pickle, is a plain dict of them.

    >>> trace.events(columns=["time", "kind"]).to_numpy()
    <tracereader.Arrays of 53,538 rows: time, kind>
    """

    def __init__(
        self, columns: Sequence[str], kept: ColumnsHandle, strings: list[str], codes: bool
    ) -> None:
        super().__init__({name: _Later() for name in columns})
        self._kept: ColumnsHandle | None = kept
        self._rows = _native.tr_columns_row_count(kept)
        self._strings = tuple(strings)
        self._codes = codes
        self._room: Any = None  # for the codes of any column of names

    def __getitem__(self, name: str) -> Any:
        array = super().__getitem__(name)
        return self._complete(name, array) if isinstance(array, _Later) else array

    def _complete(self, name: str, later: _Later) -> Any:
        with _COMPLETING:
            # A signal handler of this thread may ask meanwhile, for all there is: what it makes
            # counts, and what is kept was there before as long as the array is missing.
            kept = self._kept
            if not later:
                later.append(self._array(name, kept))
            if dict.get(self, name) is later:
                self[name] = later[0]
            if not any(isinstance(array, _Later) for array in dict.values(self)):
                self._kept = self._room = None
        return later[0]

    def _made(self, name: str) -> Any:
        """A column, made anew and not held."""
        return self._array(name, self._kept)

    def _array(self, name: str, kept: Any) -> Any:
        np = needed("numpy", "to_numpy()")
        number, dtype = _KEPT[name]
        named = dtype == "int32" and not self._codes
        array = None
        if named:
            array, self._room = self._room, None
        if array is None:
            array = np.empty(self._rows, dtype=dtype)
        _native.trpy_columns_get(kept, number, array)
        if named:
            names = np.empty(self._rows, dtype=object)
            _native.trpy_name_rows(array, self._strings, names)
            self._room = array
            return names
        return _categories(np, array, self._strings) if dtype == "int32" else array

    def __repr__(self) -> str:
        return f"<tracereader.Arrays of {self._rows:,} rows: {', '.join(self)}>"


class EventTable(TraceTable):
    """The events of a trace."""

    def to_numpy(self, *, codes: bool = False) -> Mapping[str, Any]:
        """Read everything into arrays, which are made when they are asked for."""
        needed("numpy", "to_numpy()")
        arrays = self._arrays(self.columns, codes)
        return super().to_numpy(codes=codes) if arrays is None else arrays

    def to_pandas(self) -> Any:
        """Read everything, kept small, and make a DataFrame of it, a column at a time."""
        needed("pandas", "to_pandas()")
        kinds = ["kind"] * any(name in _KINDS_WITH for name in self.columns)
        arrays = self._arrays(tuple(dict.fromkeys([*self.columns, *kinds])), True)
        if arrays is None:
            return super().to_pandas()
        return frame_of(self.schema, self._pandas_columns(arrays))

    def _arrays(self, columns: tuple[str, ...], codes: bool) -> Arrays | None:
        """All of some columns, kept small; None where they cannot be."""
        plan = self._plan
        if plan.wall or not plan.resolve or not all(name in _KEPT for name in columns):
            return None
        kept = _native.trpy_columns_new([_KEPT[name][0] for name in columns])
        with self._trace._pass(plan.filter) as (cursor, progress):
            try:
                while _native.trpy_columns_read(kept, cursor, _STEP_ROWS):
                    progress(_native.trpy_done_bytes(cursor), False)
            except Exception as e:
                self._broken(e)
            strings = _native.trpy_strings(cursor, 0)
        return Arrays(columns, kept, strings, codes)

    def _pandas_columns(self, arrays: Arrays) -> Iterator[tuple[Any, Any, Any]]:
        """Columns as `frame_of` takes them."""
        np = needed("numpy", "to_pandas()")
        for column in self.schema.columns:
            values = arrays._made(column.name)
            if isinstance(values, Codes):
                yield values.codes, None, values.categories
            elif column.name in _KINDS_WITH:
                kinds = arrays["kind"]
                without = [name not in _KINDS_WITH[column.name] for name in kinds.categories]
                yield values, np.array(without, bool)[kinds.codes], None
            else:
                none = values.dtype.type(layout(column).none)
                yield values, values == none if column.nullable else None, None


def _categories(np: Any, codes: Any, strings: Sequence[str]) -> Codes:
    """Codes of one column, renumbered so that only its own names are categories."""
    used = _native.trpy_renumber(codes, len(strings))
    # Names that differ only in what is not UTF-8 are the same text.
    texts: dict[str, int] = {}
    by = [texts.setdefault(strings[code], len(texts)) for code in used]
    if len(texts) < len(used):
        codes = np.array([*by, -1], np.int32)[codes]  # a code of -1 finds the last
    categories = np.empty(len(texts), dtype=object)
    categories[:] = list(texts)
    return Codes(codes, categories)
