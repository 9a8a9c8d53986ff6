"""What columns a table has: names and types, as C tells them."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from . import _native
from ._arguments import several

_NO_TASK = 2**64 - 1


class Column(NamedTuple):
    """A column of a table."""

    name: str
    """Its name."""
    type: str
    """The type of its items: "int64", "uint64", "float64", "bool", "str" or
    "timestamp[ns, UTC]"."""
    nullable: bool
    """Whether there may be rows without a value."""
    dictionary: bool
    """Whether it is one of few names, kept as int32 codes: a category, a dictionary."""
    doc: str
    """What it is, in one line."""


class Layout(NamedTuple):
    """How a type lies in memory."""

    #: In Arrow's C data interface.
    arrow: str
    #: The items in a buffer, as in struct; "" if they are bits or texts.
    format: str
    itemsize: int
    #: What stands for none in views and arrays.
    none: Any
    #: The dtype of numpy.
    dtype: str


_LAYOUTS = {
    "bool": Layout("b", "", 0, False, "bool"),
    "int64": Layout("l", "q", 8, -1, "int64"),
    "uint64": Layout("L", "Q", 8, _NO_TASK, "uint64"),
    "float64": Layout("g", "d", 8, float("nan"), "float64"),
    "timestamp[ns, UTC]": Layout("tsn:UTC", "q", 8, -(2**63), "datetime64[ns]"),
    "str": Layout("u", "", 0, None, "object"),
}
_CODES = Layout("i", "i", 4, -1, "int32")


def layout(column: Column) -> Layout:
    """How a column lies in memory: names as codes."""
    return _CODES if column.dictionary else _LAYOUTS[column.type]


class Schema(Mapping[str, str]):
    """The columns of a table: a mapping of name to type.

    Types are "int64", "uint64", "float64", "bool", "str" and "timestamp[ns, UTC]". It has
    `__arrow_c_schema__`, so that `pyarrow.schema(table.schema)` works.

    >>> trace.events().schema["goroutine"]
    'int64'

    Attributes:
        columns: a `Column` for each, which says more.
    """

    def __init__(self, columns: Iterable[Column]) -> None:
        self.columns: tuple[Column, ...] = tuple(columns)
        self._by_name = {column.name: column for column in self.columns}

    def column(self, name: str) -> Column:
        """A column by its name. Raises KeyError if there is none.

        >>> trace.intervals().schema.column("ended_by").doc
        'the goroutine that ran where it was ended, such as the one that unblocked it'
        """
        return self._by_name[name]

    def __getitem__(self, name: str) -> str:
        return self._by_name[name].type

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __arrow_c_schema__(self) -> object:
        """The schema as a capsule of Arrow's C data interface: a struct of the columns."""
        return _native.trpy_arrow_schema(
            [
                (c.name, layout(c).arrow, c.nullable, "u" if c.dictionary else None)
                for c in self.columns
            ]
        )

    def __repr__(self) -> str:
        lines = (f"{c.name}: {c.type}{' or none' if c.nullable else ''}" for c in self.columns)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th style="text-align:left">{html.escape(c.name)}</th>'
            f"<td>{html.escape(c.type)}</td>"
            f'<td style="text-align:left">{html.escape(c.doc)}</td></tr>'
            for c in self.columns
        )
        return f"<table><tr><th>column</th><th>type</th><th></th></tr>{rows}</table>"


def chosen(columns: Sequence[Column], given: Iterable[str] | str | None) -> tuple[Column, ...]:
    """The columns that a user chose, in that order. Raises ValueError for an unknown one."""
    if given is None:
        return tuple(columns)
    known = {column.name: column for column in columns}
    wanted = several("columns", given)
    unknown = [str(name) for name in wanted if not isinstance(name, str) or name not in known]
    if unknown:
        raise ValueError(f"unknown columns: {', '.join(unknown)}; known: {', '.join(known)}")
    if not wanted or len(set(wanted)) < len(wanted):
        raise ValueError("columns: at least one, and none twice")
    return tuple([known[name] for name in wanted])


_UNITS = {"": 1, "B": 1}
for _i, _prefix in enumerate("kMGT", 1):
    _UNITS[f"{_prefix}B".upper()] = 1000**_i
    _UNITS[f"{_prefix}iB".upper()] = 1024**_i


def byte_size(text: str) -> int:
    """The bytes that a text such as "64 MB" or "1 GiB" says. Raises ValueError."""
    number = text.strip()
    unit = number.lstrip("0123456789._ ")
    try:
        size = int(float(number[: len(number) - len(unit)]) * _UNITS[unit.upper()])
    except (KeyError, ValueError, OverflowError):
        raise ValueError(f"{text!r} is no size, such as '64 MB' or '1 GiB'") from None
    if size < 1:
        raise ValueError("a size must be at least 1")
    return min(size, 2**62)


_TYPES = {
    _native.TR_TABLE_BOOL: "bool",
    _native.TR_TABLE_INT64: "int64",
    _native.TR_TABLE_UINT64: "uint64",
    _native.TR_TABLE_DOUBLE: "float64",
    _native.TR_TABLE_NAME: "str",
    _native.TR_TABLE_TEXT: "str",
}


def columns_of(table: str, wall: bool, resolve: bool) -> tuple[Column, ...]:
    """All columns of a table of a trace."""
    types = {
        **_TYPES,
        _native.TR_TABLE_TIME: "timestamp[ns, UTC]" if wall else "int64",
        _native.TR_TABLE_STRING: "str" if resolve else "int64",
    }
    # Of a list: Python loses what a tuple has so far if it finds no memory to grow it.
    return tuple(
        [
            Column(name, types[type], bool(nullable), type == _native.TR_TABLE_NAME, doc)
            for name, type, nullable, doc in _native.trpy_table_columns(table)
        ]
    )
