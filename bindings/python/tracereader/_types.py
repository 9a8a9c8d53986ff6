"""Types that annotations name. Imported by type checkers only, for which the parts of the
package look here: at run time it takes too long for what it gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Protocol, Union

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

    from ._handles import CursorHandle
else:
    Buffer = object  # of collections.abc, from Python 3.12 on


class BinaryFile(Protocol):
    """A binary file object, of Python's own, of fsspec, or of yours. Unless it has `seek`
    and `tell` too, it is read once and kept."""

    def read(self, size: int, /) -> bytes | None:
        """At most `size` bytes, none at the end."""


class Opener(Protocol):
    """What opens a binary file object: of fsspec.open, UPath, zipfile.Path, or yours. With an
    attribute `mode`, which must be "rb", it is called without an argument."""

    def open(self, mode: Any = ..., /) -> Any:
        """The file object."""


#: What `open` takes: a path, a bytes-like object, a binary file object, or what opens one.
TraceSource = Union[str, PathLike[str], Buffer, BinaryFile, Opener]

#: False: nothing. True: a bar, if tqdm is installed. Else called as f(done, total), both in
#: bytes, total None where it is not known.
ProgressOption = Union[bool, Callable[[int, Union[int, None]], object]]

#: Names of columns; None: all.
Columns = Union[Iterable[str], str, None]

#: A column of a batch, as Arrow lays it out: how many rows have no value; buffers: a bitmap
#: of the rows that have one (None: all), then the items, or for texts where each begins and
#: their bytes; and for names the number and the buffers of their dictionary.
Raw = tuple[int, tuple[Any, ...], Union[tuple[int, tuple[Any, ...]], None]]

#: Pairs of an option's number and its value, as C takes them; bytes: an executable's path.
Options = Sequence[Union[tuple[int, int], bytes]]


class Source(Protocol):
    """What all sources have in common; see _source."""

    #: Whether C reads it by itself, so that a second thread of its own is of use.
    direct: bool
    #: What Python decompresses it from; None: nothing.
    compression: str | None
    #: Where it can be opened again, absolute; None if it cannot.
    path: str | None

    @property
    def name(self) -> str:
        """What to call it in a repr."""

    def cursor(self, options: Options, filter: tuple[int, ...] | None) -> CursorHandle:
        """Open the trace once more, from its beginning."""

    def read_at(self, offset: int, size: int) -> bytes:
        """Some of the bytes at `offset`, none at the end: at most `size`."""

    def close(self) -> None:
        """Give back what belongs to the source. Cursors are closed before."""
