"""Traces: what `open` gives."""

from __future__ import annotations

import os

from . import _native
from ._arguments import text, whole
from ._cursor import STEP_EVENTS, UNKNOWN_SIZE, Cursor, Cursors
from ._progress import Pass, check_progress
from ._source import RLock, source_of, unpacked
from ._tables import Tables

# To import this costs little: what events, tables and answers need comes with the first
# of them.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Any, Literal, overload

    from ._blocking import (
        Blocking,
        FunctionRow,
        GoroutineRow,
        ReasonRow,
        StackRow,
        TaskRow,
    )
    from ._events import Event
    from ._handles import CursorHandle
    from ._info import Info
    from ._table import Plan, Table
    from ._types import Options, ProgressOption, Source, TraceSource


class _Reading:
    """A pass of somebody who reads all: a cursor, closed afterwards, and progress."""

    def __init__(self, cursor: Cursor, progress: Pass) -> None:
        self._cursor = cursor
        self._progress = progress

    def __enter__(self) -> tuple[CursorHandle, Pass]:
        return self._cursor.handle, self._progress

    def __exit__(self, exc_type: type[BaseException] | None, *exc: object) -> None:
        try:
            if exc_type is None:
                self._progress(_native.trpy_bytes_read(self._cursor.handle), True)
        finally:
            self._progress.stop()
            self._cursor.close()


class Counts:
    """The result of the pass of `Info`. A trace keeps this, and not the Info that holds the
    trace: a circle would keep a trace that nobody closed open for long."""

    def __init__(self) -> None:
        self.lock = RLock()  # a signal handler may ask, too
        self.numbers: dict[str, Any] | None = None
        self.error: Exception | None = None


class Trace(Tables):
    """A Go execution trace, open for reading. Made by `open`.

    Iterating gives its events, in order, as often as wanted: every iterator, table and
    analysis reads from the beginning with a place of its own, and does not disturb the
    others. Several threads may use one trace, each with iterators of its own; the
    interpreter lock is released while C reads.

    Use it as a context manager, or call `close`. What came out of it (events, stacks,
    tables of results) stays valid for ever.

    >>> with tracereader.open("shop.trace") as trace:
    ...     waits = [ev for ev in trace if ev.reason == "network"]
    >>> len(waits), trace.closed
    (1908, True)

    A trace that was opened by the path of a regular file can be pickled, and its tables:
    what comes out opens that path again, with the same options but without progress. Of any
    other that is a TypeError. A process forked from the one that opened it cannot use it:
    ValueError; hand it over pickled, or open it there.
    """

    def __init__(
        self, source: Source, options: Options, progress: ProgressOption
    ) -> None:
        """Used by `open`, which says what goes wrong."""
        self._source = source
        self._options = options
        self._progress = progress
        # Again by the same thread: a signal handler may close what its thread opens.
        self._lock = RLock()
        self._process = os.getpid()
        self._closed = False
        self._cursors = Cursors()
        # Opening reads the header; what it opened serves the first pass.
        handle = source.cursor(options, None)
        self._spare: Cursor | None = Cursor(handle)
        self._cursors.add(self._spare)
        self._size = _native.trpy_size(handle)
        self._total = _native.trpy_total(handle)
        self._version = _native.trpy_version(handle)
        self._compression = source.compression or _native.trpy_compression(handle)
        self._counts = Counts()
        self._strict = (_native.TR_OPT_SALVAGE, 1) not in options
        self._error: BaseException | None = None

    # Life.

    @property
    def name(self) -> str:
        """What is read: a path, or what kind of object."""
        return self._source.name

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    def close(self) -> None:
        """Close it. Using it, its iterators and its tables raises ValueError from then on.

        An iterator over the rows of a table may give those that it has already, fewer than 4,096.
        A thread that is reading it stops as soon as C returns. Closing twice does no harm:
        if Ctrl-C interrupted the first, the second closes what is left. File objects and buffers
        that were given to `open` are not closed.

        >>> trace.close()
        >>> next(iter(trace))
        Traceback (most recent call last):
        ValueError: the trace is closed
        """
        if self._process != os.getpid():
            self._lock = RLock()  # forked while another thread held it, it stays held
        with self._lock:
            self._closed = True
            self._spare = None
            cursors = self._cursors.alive()
        for cursor in cursors:
            cursor.close()
        self._source.close()

    def __enter__(self) -> Trace:
        self._check_open()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        if self._closed:
            raise ValueError("the trace is closed")
        path = self._source.path
        if path is None:
            raise TypeError(f"a Trace of {self.name!r} cannot be pickled: it has no path to open")
        return _opened_again, (path, self._options)

    def __repr__(self) -> str:
        # Nothing is read for this.
        if self._closed:
            return f"<tracereader.Trace {self.name!r}, closed>"
        return f"<tracereader.Trace {self.name!r}, {self._new_info().version}>"

    def _repr_html_(self) -> str:
        import html

        if self._closed:
            return f"<p>{html.escape(repr(self))}</p>"
        return f"<p>Trace {html.escape(repr(self.name))}</p>{self._new_info()._repr_html_()}"

    def _check_open(self) -> None:
        if self._closed:
            raise ValueError("the trace is closed")
        if self._process != os.getpid():
            raise ValueError("the trace belongs to another process: pickle it, or open it here")

    @property
    def error(self) -> BaseException | None:
        """What ended a pass that could not raise it: of a trace opened with `strict=False`
        where it is broken; or what a library that read a table through Arrow's C interface
        raised as an error of its own.

        None as long as no pass has come so far.
        """
        return self._error

    # Passes.

    def _broken(self, error: Exception, warn: bool = True) -> None:
        """Take note of an exception in a pass that has a result: raise it, or, if the trace is
        broken and that with `strict=False`, warn."""
        from ._errors import LimitError, is_of_trace, warn_of_rest

        if self._strict or self._closed or isinstance(error, LimitError) or not is_of_trace(error):
            raise error
        # Kept for long, so without the frames that it passed.
        self._error = error.with_traceback(None)
        if warn:
            warn_of_rest(error, f"{self.name}: ")

    def _cursor(self, filter: tuple[int, ...] | None = None) -> Cursor:
        """A cursor at the beginning of the trace, for all events or some."""
        self._check_open()
        spare = None
        if filter is None:
            with self._lock:
                spare, self._spare = self._spare, None
        if spare is not None:
            return spare
        cursor = Cursor(self._source.cursor(self._options, filter))
        with self._lock:
            if not self._closed:
                self._cursors.add(cursor)
                return cursor
        cursor.close()
        raise ValueError("the trace is closed")

    def _new_progress(self) -> Pass:
        return Pass(self._progress, self._total if self._total < UNKNOWN_SIZE else None)

    def _pass(self, filter: tuple[int, ...] | None = None) -> _Reading:
        return _Reading(self._cursor(filter), self._new_progress())

    def _new_info(self) -> Info:
        from ._info import Info

        return Info(self, self._version, self._size, self._counts)

    # What it holds.

    def __iter__(self) -> Iterator[Event]:
        """Iterate over the events, in the order of Go's own reader.

        Where the trace breaks off, TraceError, OSError or what else a file object raised comes
        after all events before; with `strict=False` after all events that are left. One iterator
        serves one thread at a time, and nobody while it calls a progress function: ValueError
        otherwise.
        After MemoryError, or what a progress function raised, it goes on where it was.
        """
        cursor = self._cursor()
        progress = self._new_progress()
        return _native.trpy_events(cursor.handle, cursor, progress if progress.wanted else None)

    @property
    def info(self) -> Info:
        """What the trace holds, in numbers. Asking for this reads nothing."""
        self._check_open()
        return self._new_info()

    def _table(self, plan: Plan) -> Table:
        self._check_open()
        if plan.table == "events":
            from ._event_table import EventTable

            return EventTable(self, plan)
        from ._table import TraceTable

        return TraceTable(self, plan)

    if TYPE_CHECKING:

        @overload
        def blocking(
            self,
            by: Literal["reason"] = "reason",
            *,
            goroutine: int | None = None,
            start: int | None = None,
            end: int | None = None,
        ) -> Blocking[ReasonRow]: ...

        @overload
        def blocking(
            self,
            by: Literal["function"],
            *,
            goroutine: int | None = None,
            start: int | None = None,
            end: int | None = None,
        ) -> Blocking[FunctionRow]: ...

        @overload
        def blocking(
            self,
            by: Literal["goroutine"],
            *,
            goroutine: int | None = None,
            start: int | None = None,
            end: int | None = None,
        ) -> Blocking[GoroutineRow]: ...

        @overload
        def blocking(
            self,
            by: Literal["stack"],
            *,
            goroutine: int | None = None,
            start: int | None = None,
            end: int | None = None,
        ) -> Blocking[StackRow]: ...

        @overload
        def blocking(
            self,
            by: Literal["task"],
            *,
            goroutine: int | None = None,
            start: int | None = None,
            end: int | None = None,
        ) -> Blocking[TaskRow]: ...

        @overload
        def blocking(
            self,
            by: str,
            *,
            goroutine: int | None = None,
            start: int | None = None,
            end: int | None = None,
        ) -> Blocking[Any]: ...

    def blocking(
        self,
        by: str = "reason",
        *,
        goroutine: int | None = None,
        start: int | None = None,
        end: int | None = None,
    ) -> Blocking[Any]:
        """Read the trace and tell how often and how long goroutines blocked.

        Args:
            by: "reason" (why), "function" (the innermost function of the goroutine that
                blocked), "goroutine" (its id), "stack" (the number of where it blocked, in
                `stacks()`) or "task" (the one that it worked for).
            goroutine: only of this goroutine, of all that had the id if it was used again.
            start: only the events at this time or later: what began before is not seen.
            end: only the events before this time: what had not ended is open.

        Raises ValueError for another key, TraceError, OSError or what a file object raised
        where the trace breaks off; with `strict=False` it warns, and what is unresolved is one row,
        by reason and by function "(unresolved)", by stack None. Ctrl-C stops it.

        >>> trace.blocking(by="function")[0].function
        'runtime.selectgo'
        """
        from ._blocking import blocking
        from ._filter import filter_of_all

        self._check_open()
        return blocking(self, by, filter_of_all(goroutine, start, end))

    def _blockings(self) -> tuple[int, list[tuple[Any, ...]]]:
        """How often goroutines blocked, in all, and rows by reason without how long."""
        answer = _native.tr_blocking_new(_native.TR_BLOCKING_BY_REASON)
        _native.tr_blocking_only_count(answer)
        with self._pass(_BLOCKINGS_ONLY) as (cursor, progress):
            try:
                while _native.trpy_blocking_read(answer, cursor, STEP_EVENTS):
                    progress(_native.trpy_done_bytes(cursor), False)
            except Exception as e:
                self._broken(e)
        return _native.trpy_blocking_finish(answer)


def open(
    src: TraceSource,
    *,
    progress: ProgressOption = False,
    strict: bool = True,
    binary: str | os.PathLike[str] | None = None,
    threads: int | None = None,
    max_memory_bytes: int | None = None,
    max_generation_bytes: int | None = None,
    max_table_bytes: int | None = None,
    max_threads: int | None = None,
    max_goroutines: int | None = None,
    max_stacks: int | None = None,
    spill_bytes: int | None = None,
) -> Trace:
    """Open a Go execution trace. Nothing but its header is read.

    Args:
        src: one of
            a path (str or PathLike): a regular file is read in windows, twice, so that
            memory does not grow with it; a named pipe or a device is spooled;
            a bytes-like object: borrowed while the trace is open, and must not change;
            a binary file object: if it can seek, the trace begins where it stands, every
            read seeks first, and its position afterwards is anywhere; if it cannot, what
            is read of it is spooled to an unnamed temporary file. It is not closed. What its
            read() raises, be it no OSError, is an end of the trace as an OSError is, but for
            MemoryError and what is no Exception, such as Ctrl-C: these come at once;
            what opens one, such as fsspec.open(url), a UPath or a zipfile.Path: what it
            opens is closed with the trace.
            All of them may be compressed with gzip, bzip2, xz, lz4 or zstd, which their
            first bytes tell. Where the C library was built without a format, Python's
            modules decompress it to an unnamed temporary file, and, for lz4 and (before
            Python 3.14) zstd, the packages of the extra "compression".
        progress: True shows a bar for long work if tqdm is installed; a callable is
            called as f(done, total), both in bytes, total None where it is not known.
            Of what is compressed they are compressed ones; but where Python decompresses
            it, bytes of the trace, and total is None.
        strict: False reads what is left of a trace that is cut or damaged: iterators
            give all events that were found, then raise what True raises at the first
            damage; whole results are of what is left, with a warning, and
            `Trace.error` says why. What is not known of an event is empty; see
            `Event.flags`. A whole trace reads the same either way.
        binary: the path of the traced program's executable, which names the functions in
            traces of Go 1.5 and 1.6: these hold addresses only. It takes a build with
            libdw of elfutils, which wheels are without.
        threads: how many threads may work on a pass, beside those of others. None: one. What
            comes out is always the same, but for the numbers of codes, and so the order of
            categories.
        max_memory_bytes: the most memory that one pass may hold. None: no limit.
        max_generation_bytes: the most bytes of one generation. None: 4 GiB.
        max_table_bytes: the most bytes of a generation's strings and stacks.
            None: 1 GiB.
        max_threads: the most threads that have events in one generation; before Go 1.22
            procs. None: 2**15.
        max_goroutines: the most goroutines alive at once. None: 2**26.
        max_stacks: the most stacks in one generation. None: 2**26.
        spill_bytes: the most bytes of one generation's events that a pass over a file
            object, a pipe or a device holds in memory; the rest goes into an unnamed
            temporary file. None: all are held.

    Raises FormatError if it is no Go execution trace, or empty, UnsupportedVersionError (also
    for a compression that cannot be read), TruncatedError if it ends within the header, OSError,
    and what the file object raises; LimitError comes while reading. ValueError if `binary` cannot
    be read. TypeError if `src` or `progress` is none of the above.

    >>> with tracereader.open("shop.trace") as trace:
    ...     print(trace.info.version, sum(ev.kind == "Log" for ev in trace))
    go 1.26 818
    """
    options = options_of(
        strict=strict,
        binary=binary,
        threads=threads,
        max_memory_bytes=max_memory_bytes,
        max_generation_bytes=max_generation_bytes,
        max_table_bytes=max_table_bytes,
        max_threads=max_threads,
        max_goroutines=max_goroutines,
        max_stacks=max_stacks,
        spill_bytes=spill_bytes,
    )
    check_progress(progress)
    source = source_of(src)
    try:
        return _opened(source, options, progress)
    except BaseException:
        source.close()
        raise


_NUMBERS = {
    "max_memory_bytes": _native.TR_OPT_MAX_MEMORY_BYTES,
    "max_generation_bytes": _native.TR_OPT_MAX_GENERATION_BYTES,
    "max_table_bytes": _native.TR_OPT_MAX_TABLE_BYTES,
    "max_threads": _native.TR_OPT_MAX_THREADS,
    "max_goroutines": _native.TR_OPT_MAX_GOROUTINES,
    "max_stacks": _native.TR_OPT_MAX_STACKS,
    "spill_bytes": _native.TR_OPT_SPILL_BYTES,
    "threads": _native.TR_OPT_THREADS,
}


def options_of(*, strict: bool = True, binary: Any = None, **numbers: int | None) -> Options:
    """The options of `open` as C takes them. Raises TypeError and ValueError for those that it
    cannot have."""
    options: list[tuple[int, int] | bytes] = []
    for name, number in numbers.items():
        if name not in _NUMBERS:
            raise TypeError(f"there is no option {name!r}")
        if number is not None:
            # A limit beyond what C can say is none.
            options.append((_NUMBERS[name], min(whole(name, number, 1), 2**64 - 1)))
    if not strict:
        options.append((_native.TR_OPT_SALVAGE, 1))
    if binary is not None:
        path = os.fsencode(binary)
        if b"\0" in path:
            raise ValueError("binary: embedded null byte")
        options.append(path)
    return tuple(options)


def _opened(
    source: Source, options: Options, progress: ProgressOption
) -> Trace:
    """Open a source by C, or, if it is compressed and C cannot read that, by Python."""
    from . import _decompress
    from ._errors import UnsupportedVersionError

    if _decompress.native_first:
        try:
            return Trace(source, options, progress)
        except UnsupportedVersionError:
            packed = unpacked(source)
            if packed is None:
                raise
    else:
        packed = unpacked(source)
    return Trace(source if packed is None else packed, options, progress)


def _opened_again(path: str, options: tuple[tuple[int, int], ...]) -> Trace:
    """What pickle calls."""
    return _opened(source_of(path), options, False)


# A filter that leaves what is needed to count blockings.
_BLOCKINGS_ONLY = (
    1 << _native.TR_KIND_STATE_TRANSITION,
    _native.TR_ANY,
    _native.TR_ANY,
    -(2**63),
    2**63 - 1,
    1 << _native.TR_GO_WAITING,
)


def blocking_ratio(
    src: TraceSource | Trace, reason: str = "network", **options: Any
) -> float:
    """The share of blockings whose reason contains `reason`: 0 to 1, nan if none blocked.

    A blocking is a goroutine that goes from running, or from a system call, to waiting.

    Args:
        src: as in `open`, or a Trace, which is left open.
        reason: part of the reason, such as "network", "chan" or "sync".
        **options: as in `open`; none for a Trace, which has its own: TypeError.

    Raises as `open` and `Trace.blocking` do; TypeError if `reason` is no text.

    >>> tracereader.blocking_ratio("shop.trace", reason="network")
    0.26540...
    """
    text("reason", reason)
    if isinstance(src, Trace):
        if options:
            raise TypeError(f"a Trace is open already: it takes no {', '.join(options)}")
        src._check_open()
        blocked, rows = src._blockings()
    else:
        with open(src, **options) as trace:
            blocked, rows = trace._blockings()
    if not blocked:
        return float("nan")
    return float(sum(count for why, count, *_ in rows if reason in why) / blocked)
