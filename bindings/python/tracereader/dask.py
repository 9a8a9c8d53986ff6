"""Traces as a dask DataFrame: `tracereader.dask.from_traces`."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from typing import Any

from ._arguments import several
from ._batch import pandas_frame
from ._optional import needed
from ._splits import Split, read_together, splits
from ._values import utf8

__all__ = ["from_traces"]


#: Small traces share partitions: dask takes minutes for what has thousands of them.
_PARTITIONS = 100


def _read(
    pieces: tuple[Split, ...], columns: list[str], sources: list[str], **how: Any
) -> Any:
    """A partition; dask gives `columns`, those that the rest of the work needs: none if it is
    the number of rows only. Were there a default, it would not say so."""
    frame = read_together(pieces, columns or "source", **how).to_pandas()[columns]
    return _with_all(sources, frame)


def _with_all(sources: list[str], frame: Any) -> Any:
    """The frame with all sources for categories. Had each partition its own, with codes of a byte,
    those of many could not be put together where they are shuffled."""
    if "source" not in frame.columns:
        return frame
    return frame.assign(source=frame["source"].cat.set_categories(sources))


def _partitions(pieces: list[Split]) -> list[tuple[Split, ...]]:
    """Pieces put together, in their order, where they are whole traces."""
    most = sum(piece.size for piece in pieces) / _PARTITIONS
    found: list[tuple[Split, ...]] = []
    size = math.inf
    for piece in pieces:
        whole = piece.start is piece.end is None
        size += piece.size
        if whole and size <= most:
            found[-1] += (piece,)
        else:
            found.append((piece,))
            size = piece.size if whole else math.inf
    return found


def from_traces(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    table: str = "events",
    columns: Iterable[str] | str | None = None,
    target: int | str = "256 MB",
    wall: bool = False,
    resolve: bool = True,
    **options: Any,
) -> Any:
    """A table of many traces as a dask DataFrame, with the column `source`, whose categories are
    all of them. Its index begins anew, at 0, in each partition.

    Nothing is read before dask computes; then only the columns that are needed.

    Args:
        paths: as in `scan`; workers must find them under the same names.
        table: which table, as in `read_split`.
        columns: the names of the columns to have. None: all.
        target: about the most bytes of a partition, as in `splits`. Of many small traces
            several share one, so that there are about a hundred at most.
        wall: times of the wall clock.
        resolve: texts, not ids of strings, which differ from trace to trace.
        **options: as in `open`, without `progress`.

    Where a trace is broken, computing raises, with a note of which it is; with `strict=False` it
    warns of each that is, and the rows of the others and what is left of it are there.

    Raises ImportError without dask, ValueError for a table or column that does not exist or if
    there are no paths, otherwise as `splits` and `read_split` do.

    >>> frame = tracereader.dask.from_traces("runs/*.trace", table="blocking_by_reason")
    >>> frame.groupby("reason", observed=True)["count"].sum().compute()["network"].item()
    3816
    """
    frames = needed("dask.dataframe", "from_traces()")
    unknown = needed("dask.dataframe.utils", "from_traces()").clear_known_categories
    if columns is not None:
        columns = several("columns", columns)
    how: dict[str, Any] = {"table": table, "wall": wall, "resolve": resolve, "options": options}
    schema = read_together((), columns, **how).schema
    pieces = splits(paths, target)
    if not pieces:
        raise ValueError("paths: there is not one")
    sources = list(dict.fromkeys(utf8(piece.source) for piece in pieces))
    meta = _with_all(sources, unknown(pandas_frame(schema, [])))
    return frames.from_map(
        _read,
        _partitions(pieces),
        columns=columns,
        meta=meta,
        enforce_metadata=True,
        label="traces",
        sources=sources,
        **how,
    )
