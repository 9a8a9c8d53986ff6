"""Many traces in pieces, for workers in other processes and on other machines."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ._arguments import text, whole
from ._blocking import table_by
from ._errors import TraceError
from ._filter import filter_of_all
from ._scan import Scan, expand, listed
from ._schema import byte_size
from ._trace import open as open_trace
from ._trace import options_of

if TYPE_CHECKING:
    from ._table import Table


#: Tables with a row for one event, which times, that only grow, divide exactly.
_OF_EVENTS = {"events", "logs", "metrics", "samples"}


class Split(NamedTuple):
    """A piece of many traces: one of them, or the events of one in a stretch of time. It can
    be pickled, and read in whatever folder.

    Attributes:
        source: the path of the trace, as it was given; what the column `source` has.
        size: how many bytes of its file these are, of a compressed one of the compressed: about
            as many, if it was divided.
        start: the time of the first event, if it was divided; None: from the beginning.
        end: the time of the first event after the last; None: to the end.
        path: the path once more, absolute, by which it is opened; empty: `source`.
    """

    source: str
    size: int
    start: int | None = None
    end: int | None = None
    path: str = ""


def splits(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    target: int | str = "256 MB",
) -> list[Split]:
    """Divide traces into pieces, to be read by `read_split` wherever that is.

    Args:
        paths: as in `scan`, but for what opens a file.
        target: about the most bytes of a piece, or such as "256 MB": of the file, which may be
            compressed. A trace that is larger is divided between generations, which takes a pass
            over it: so that a piece has one at least, however large that is. One that is broken
            stays one piece. Others are not read.

    Raises FileNotFoundError for a path that does not exist, or a pattern that nothing
    matches, IsADirectoryError for a folder.

    >>> pieces = tracereader.splits("runs/*.trace", target="256 MB")
    >>> [piece.source for piece in pieces]
    ['runs/a.trace', 'runs/b.trace']
    """
    most = byte_size(target) if isinstance(target, str) else whole("target", target, 1)
    pieces: list[Split] = []
    for source in dict.fromkeys(path for one in listed(paths) for path in expand(one)):
        status = os.stat(source)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), source)
        whole_trace = Split(source, status.st_size, path=os.path.abspath(source))
        pieces += [whole_trace] if whole_trace.size <= most else _divided(whole_trace, most)
    return pieces


def _divided(whole_trace: Split, most: int) -> list[Split]:
    """Pieces of a trace, of whole generations: at least one each."""
    try:
        with open_trace(whole_trace.path) as trace:
            syncs = list(trace.events(kinds="Sync", columns=["time", "offset", "generation"]))
            size = trace.info.bytes
    except (TraceError, OSError):  # who reads it will hear of that
        return [whole_trace]
    # Where they begin in the file: if that is compressed, about there.
    bounds = [
        (row.time, row.offset * whole_trace.size // size) for row in syncs if row.generation
    ]
    pieces: list[Split] = []
    for (time, offset), (_, end) in zip(bounds, [*bounds[1:], (0, whole_trace.size)]):
        if pieces and pieces[-1].size + end - offset <= most:
            pieces[-1] = pieces[-1]._replace(size=pieces[-1].size + end - offset)
            continue
        if pieces:
            pieces[-1] = pieces[-1]._replace(end=time)
        start = time if pieces else None
        pieces.append(whole_trace._replace(size=end - offset, start=start))
    return pieces or [whole_trace]


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
        split: what `splits` gave. Of a trace that was divided, each piece has the events of
            its generations, and so it is with logs, metrics and samples. Rows of all other
            tables come of what goes on from one generation to the next: the first piece has
            them all. So the tables of all pieces together are always those of the traces.
        columns: the names of the columns to have. None: all.
        table: which table: "events", "intervals", ..., as the methods of `Trace`; and
            "blocking" by reason, or "blocking_by_function" and so on.
        wall: times of the wall clock.
        resolve: texts, not ids of strings, which differ from trace to trace.
        **options: as in `open`, without `progress`.

    Where a trace breaks off, reading raises as that of one trace does, with a note of which it
    is; with `strict=False` whole results come with a warning instead.

    Raises ValueError for a table or column that does not exist, TypeError for what is no piece
    or no name, TypeError and ValueError for options that `open` does not take.

    >>> pieces = tracereader.splits("runs/*.trace")
    >>> tracereader.read_split(pieces[0], ["source", "time", "kind"]).count()
    53538
    """
    if not isinstance(split, Split):
        raise TypeError(f"expected a Split, as splits() gives, not {type(split).__name__}")
    return read_together((split,), columns, table, wall, resolve, options)


def read_together(
    pieces: Sequence[Split],
    columns: Iterable[str] | str | None,
    table: str,
    wall: bool,
    resolve: bool,
    options: dict[str, Any],
) -> Table:
    """One table of some pieces: of several only if they are whole traces."""
    options_of(**options)
    if text("table", table) == "blocking":
        table = table_by("reason")
    filter = None
    if table in _OF_EVENTS:
        for piece in pieces:
            filter = filter_of_all(None, piece.start, piece.end)
    else:
        pieces = [piece for piece in pieces if piece.start is None]
    paths = {piece.source: piece.path for piece in pieces if piece.path}
    sources = tuple(piece.source for piece in pieces)
    scan = Scan(sources, False, 1, options, raises=True, openers=paths)
    return scan._planned(table, columns, wall, resolve, filter)
