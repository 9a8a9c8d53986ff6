"""Many traces in pieces, for workers in other processes and on other machines."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from ._scan import Scan, expand
from ._schema import byte_size

if TYPE_CHECKING:
    from ._table import Table


class Split(NamedTuple):
    """A piece of many traces: some of them, whole. It can be pickled."""

    sources: tuple[str, ...]
    """The paths of its traces."""
    size: int
    """How many bytes they have together."""


def splits(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    target: int | str = "256 MB",
) -> list[Split]:
    """Divide traces into pieces, to be read by `read_split` wherever that is. Nothing is
    read of them.

    Args:
        paths: as in `scan`.
        target: the size of a piece in bytes, or such as "256 MB". Traces that are larger
            are pieces of their own; smaller ones share one, in their order.

    A trace is never cut: the state of goroutines, stretches of time that go on and ids of
    stacks carry over from one generation to the next, so that no part of a trace can be
    read exactly without what is before it.

    Raises FileNotFoundError for a path that does not exist, or a pattern that nothing
    matches.

    >>> pieces = tracereader.splits("runs/*.trace", target="1 GB")
    >>> tables = [tracereader.read_split(piece) for piece in pieces]
    """
    most = byte_size(target) if isinstance(target, str) else target
    if most < 1:
        raise ValueError("target must be at least 1")
    pieces: list[Split] = []
    for path in expand(paths):
        size = os.stat(path).st_size
        if pieces and pieces[-1].size + size <= most:
            last = pieces.pop()
            pieces.append(Split((*last.sources, path), last.size + size))
        else:
            pieces.append(Split((path,), size))
    return pieces


def read_split(
    split: Split,
    columns: Iterable[str] | str | None = None,
    *,
    table: str = "events",
    wall: bool = False,
    resolve: bool = True,
    **options: Any,
) -> Table:
    """A table of the traces of a piece, with the column `source`.

    Args:
        split: what `splits` gave.
        columns: the names of the columns to have. None: all.
        table: which table: "events", "intervals", ..., as the methods of `Trace`, and
            "blocking_by_reason", "blocking_by_function" and so on.
        wall: times of the wall clock.
        resolve: texts, not ids of strings, which differ from trace to trace.
        **options: as in `open`.

    Where a trace breaks off, reading raises as that of one trace does; with `strict=False`
    whole results come with a warning instead.

    Raises ValueError for a table or column that does not exist.

    >>> tracereader.read_split(pieces[0], ["source", "time", "kind"]).to_pandas()
    """
    scan = Scan(split.sources, False, 1, options, raises=True)
    return scan._planned(table, columns, wall, resolve)
