"""Many traces as one."""

from __future__ import annotations

import _thread
import collections
import glob
import html
import math
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple

# The first two are for threads, before there are any: of an import that Ctrl-C interrupts Python
# may keep the lock, on which theirs would wait.
from . import _decompress as _decompress
from . import _event_table as _event_table
from . import _native
from ._arguments import whole
from ._batch import Batch, Dictionary, Names
from ._errors import LimitError, TraceError, is_of_trace, warn_of_rest
from ._progress import Pass, check_progress
from ._schema import Column, Schema, columns_of
from ._source import mode_of, opens
from ._table import BATCH_ROWS, MemoryTable, Plan, Table, more_rows, with_columns
from ._tables import Tables
from ._trace import open as open_trace
from ._trace import options_of
from ._values import utf8

if TYPE_CHECKING:
    from ._trace import Trace
    from ._types import Opener, ProgressOption, Raw

_SOURCE = Column("source", "str", False, True, "the trace that it is from, as it was given")

#: Batches that all threads together may be ahead of who takes them, besides one each.
_AHEAD = 16

#: Has `reads` in the threads that read for a scan, and in the one that starts those.
_here = threading.local()


class ErrorRow(NamedTuple):
    """A row of `Scan.errors`: a trace that is broken, or cannot be read as it was asked for.

    Attributes:
        source: the trace, as it was given.
        error: the class of the exception, such as "TruncatedError".
        code: the library's name for the error, such as "corrupt"; None of any other exception.
        message: what is wrong, in one line.
        offset: byte offset of the offending record in the (decompressed) trace; None where the
            exception does not tell, as for a file that is not there.
        generation: the number of the generation; None if none had begun, or as above.
    """

    source: str
    error: str
    code: str | None
    message: str
    offset: int | None
    generation: int | None


class Errors(MemoryTable[ErrorRow]):
    """The broken ones among many traces: a table with an `ErrorRow` each, in the order of the
    traces. Its columns are the fields of that.

    >>> len(tracereader.scan("runs/*.trace").errors)
    0
    """

    def __init__(self, rows: Iterable[ErrorRow]) -> None:
        columns = (
            Column("source", "str", False, False, "the trace, as it was given"),
            Column("error", "str", False, False, "the class of the exception"),
            Column("code", "str", True, False, "the library's name for the error"),
            Column("message", "str", False, False, "what is wrong"),
            Column("offset", "int64", True, False, "byte offset of the offending record"),
            Column("generation", "uint64", True, False, "the number of the generation"),
        )
        super().__init__("errors", Schema(columns), list(rows))


def _error_row(source: str, e: Exception) -> ErrorRow:
    name = type(e).__name__
    if isinstance(e, TraceError):
        return ErrorRow(source, name, e.code, e.message, e.offset, e.generation)
    return ErrorRow(source, name, None, str(e) or name, getattr(e, "offset", None), None)


class _Progress:
    """Many passes as one: bytes of all files."""

    def __init__(self, show: Pass, sources: tuple[str, ...]) -> None:
        self._show = show
        self._lock = threading.Lock()
        self._done = dict.fromkeys(sources, 0)
        #: What it raised, which is no error of a trace.
        self.failure: BaseException | None = None

    def of(self, source: str) -> Callable[[int, int | None], None]:
        """What is called for one of them."""

        def tell(done: int, total: int | None) -> None:
            with self._lock:
                self._done[source] = done
                try:
                    self._show(sum(self._done.values()), False)
                except BaseException as e:
                    self.failure = e
                    raise

        return tell


class _Lanes:
    """Threads that read traces ahead, and what they have read, trace by trace.

    In the main thread, which may take it, a signal's handler may raise between any two lines: so
    who takes calls what is C, and one more thread does what is not, such as to start the others.
    """

    def __init__(
        self, read: Callable[[str], Iterator[Any]], sources: tuple[str, ...], ahead: float
    ) -> None:
        self._ahead = ahead
        self._waiting = 0  # items in all lanes
        self._read = read
        self._sources = sources
        self._lock = threading.Lock()
        self._lanes: list[SimpleQueue[Any]] = [SimpleQueue() for _ in sources]
        # Each wakes a thread that waits for something to be taken.
        self._asleep: list[SimpleQueue[None]] = []
        self._next = 0
        self._stopped = False
        self.threads: list[threading.Thread] = []
        #: Is told when nobody will take any more.
        self.given_up: SimpleQueue[None] = SimpleQueue()

    def start(self, workers: int, close: Callable[[], None]) -> None:
        """Have some threads read; once it is given up, end them, and close what they read."""
        for _ in range(workers):
            self.threads.append(
                threading.Thread(target=self._work, name="tracereader-scan", daemon=True)
            )
        started: SimpleQueue[BaseException | None] = SimpleQueue()
        _thread.start_new_thread(self._lead, (started, close))
        failure = started.get()
        if failure is not None:
            raise failure

    def _lead(
        self, started: SimpleQueue[BaseException | None], close: Callable[[], None]
    ) -> None:
        _here.reads = True
        failure = None
        try:
            for thread in self.threads:
                thread.start()
        except BaseException as e:
            failure = e
        started.put(failure)
        self.given_up.get()
        with self._lock:
            self._stopped = True
            self._wake()
        close()

    def _work(self) -> None:
        """What each thread does."""
        _here.reads = True
        while True:
            with self._lock:
                number = self._next
                self._next += 1
            if number >= len(self._sources) or self._stopped:
                return
            try:
                for item in self._read(self._sources[number]):
                    if not self._put(number, item):
                        return
                last: Any = None
            except BaseException as e:  # raised again where they are taken
                last = e
            self._put(number, (last,), always=True)

    def _put(self, number: int, item: Any, always: bool = False) -> bool:
        lane = self._lanes[number]
        while True:
            with self._lock:
                # Who has nothing there may always go on: it may be the one that is waited for.
                free = always or lane.empty() or self._waiting < self._ahead
                if free or self._stopped:
                    lane.put(item)
                    self._waiting += 1
                    return not self._stopped
                taken: SimpleQueue[None] = SimpleQueue()
                self._asleep.append(taken)
            taken.get()

    def _wake(self) -> None:
        """Have all look again; under the lock. To wake one twice does no harm."""
        for taken in self._asleep:
            taken.put(None)
        self._asleep.clear()

    def of(self, number: int) -> Iterator[Any]:
        """What was read of a trace; raises what ended it."""
        lane = self._lanes[number]
        while True:
            item = lane.get()
            with self._lock:
                self._waiting -= 1
                self._wake()
            if isinstance(item, tuple):
                if item[0] is not None:
                    raise item[0]
                return
            yield item


class ScanTable(Table):
    """A table of many traces."""

    def __init__(self, scan: Scan, plan: Plan) -> None:
        super().__init__(plan.table, Schema(plan.columns))
        self._scan = scan
        self._plan = plan

    @property
    def errors(self) -> Errors:
        """The traces that are broken; see `Scan.errors`."""
        return self._scan.errors

    def _with(self, *names: str) -> Table:
        return self._scan._table(with_columns(self._plan, names))

    def _read(self, rows: int, size: int) -> Iterator[Batch]:
        return self._joined(rows, size, _AHEAD)

    def _read_all(self, rows: int = BATCH_ROWS, held: bool = False) -> Iterator[Batch]:
        # Where all is to be held anyway, nobody need wait.
        return self._joined(rows, 0, math.inf if held else _AHEAD, result=True)

    def _joined(
        self, rows: int, size: int, ahead: float, result: bool = False
    ) -> Iterator[Batch]:
        plan = self._plan
        inner = tuple(column for column in plan.columns if column != _SOURCE)
        # Where nothing else is wanted, something must tell how many rows there are.
        inner = inner or columns_of(plan.table, plan.wall, plan.resolve)[:1]
        plan = plan._replace(columns=inner)
        dictionaries: dict[str, Dictionary] = collections.defaultdict(Dictionary)
        names = Names()
        process = os.getpid()

        def read(trace: Trace) -> Iterator[Batch]:
            return trace._table(plan)._read(rows, size)

        for source, batch in self._scan._batches(read, ahead, result=result):
            raw: list[Raw] = []
            for column in self.schema.columns:
                dictionary = dictionaries[column.name]
                if column == _SOURCE:
                    code = dictionary.add([source])
                    raw.append((0, (None, code * batch.rows), dictionary.raw))
                elif column.dictionary:
                    nulls, (valid, codes), _ = batch._raw[column.name]
                    by = dictionary.add(list(batch.categories(column.name)))
                    codes = _native.trpy_map_codes(codes, by)
                    raw.append((nulls, (valid, codes), dictionary.raw))
                else:
                    raw.append(batch._raw[column.name])
            yield Batch(self.schema, batch.rows, raw, names)
            if os.getpid() != process:
                raise ValueError("this pass over the traces belongs to another process")

    def _of(self) -> str:
        return f" of {len(self._scan.sources):,} traces{self._plan.choice}"


class Scan(Tables):
    """Many traces as one. Made by `scan`.

    It has the tables of a trace, each with a column `source` before the others: the path of
    the trace, as it was given; but like all texts of tables with U+FFFD in place of what is not
    UTF-8, where `sources` and rows of `errors` have what `os.fsdecode` makes of it. Rows come
    trace by trace, in the order of `sources`, whatever the number of threads.

    >>> tracereader.scan("runs/*.trace").goroutines(columns=["source", "id"]).count()
    2322

    Attributes:
        sources: the paths, in order; of what is no path its name.
    """

    _own_columns = (_SOURCE,)

    def __init__(
        self,
        sources: tuple[str, ...],
        progress: ProgressOption,
        workers: int,
        options: dict[str, Any],
        raises: bool = False,
        openers: Mapping[str, str | Opener] | None = None,
    ) -> None:
        self.sources = sources
        # By source, what to open in its place: of what is no path, or if it is elsewhere.
        self._openers = openers or {}
        # Whether a broken trace is an end.
        self._raises = raises
        self._progress = progress
        self._workers = workers
        self._options = options
        # By source: what ended the reading of it, None if it was read to its end.
        self._ended: dict[str, ErrorRow | None] = {}

    def __getstate__(self) -> dict[str, Any]:
        """For pickle: without progress, and with paths that hold in any folder."""
        paths = {source: os.path.abspath(source) for source in self.sources}
        return {**self.__dict__, "_progress": False, "_openers": {**paths, **self._openers}}

    def __enter__(self) -> Scan:
        """As a trace; but between passes nothing is open."""
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def _table(self, plan: Plan) -> Table:
        return ScanTable(self, plan)

    def blocking(
        self,
        by: str = "reason",
        *,
        goroutine: int | None = None,
        start: int | None = None,
        end: int | None = None,
    ) -> Table:
        """How often and how long goroutines blocked, in each trace; see `Trace.blocking`.

        >>> runs = tracereader.scan("runs/*.trace")
        >>> [(row.source, row.count) for row in runs.blocking() if row.reason == "network"]
        [('runs/a.trace', 1908), ('runs/b.trace', 1908)]
        """
        from ._blocking import table_by
        from ._filter import filter_of_all

        filter = filter_of_all(goroutine, start, end)
        return self._planned(table_by(by), None, False, True, filter)

    @property
    def errors(self) -> Errors:
        """The traces that are broken, or cannot be read as they were asked for, a row each.

        What could be read of them is in the tables. Those that no pass came to the end of
        are read now.

        >>> tracereader.scan(["runs/*.trace", "not-here"]).errors[0].error
        'FileNotFoundError'
        """
        left = tuple(source for source in self.sources if source not in self._ended)
        if left:

            def read(trace: Trace) -> Iterator[Batch]:
                return trace.events(kinds=(), columns="offset").batches()

            for _ in self._batches(read, _AHEAD, left):
                pass
        rows = (self._ended[source] for source in self.sources)
        return Errors(row for row in rows if row is not None)

    def _of_trace(self, source: str, e: Exception) -> bool:
        """Whether an exception tells of the trace, and not of a mistake or the process: of a path
        ValueError tells that wall time is not known. A file object may raise any."""
        path = isinstance(self._openers.get(source, source), str)
        return not path or isinstance(e, (TraceError, OSError, ValueError))

    def _warned(self, source: str, e: Exception) -> bool:
        """Warn that a result is of what a broken trace has left, where a Trace would."""
        strict = self._options.get("strict", True)
        if strict or isinstance(e, LimitError) or not is_of_trace(e):
            return False
        warn_of_rest(e, f"{source}: ")
        return True

    def _batches(
        self,
        read: Callable[[Trace], Iterator[Batch]],
        ahead: float,
        sources: tuple[str, ...] | None = None,
        result: bool = False,
    ) -> Iterator[tuple[str, Batch]]:
        """What `read` gives of each trace, in order, for a result or not; the ends are noted."""
        sources = self.sources if sources is None else sources
        size = sum(_size(self._openers.get(source, source)) for source in sources)
        show = Pass(self._progress, size)
        progress = _Progress(show, sources)
        traces: set[Trace] = set()

        def read_one(source: str) -> Iterator[Batch]:
            wanted: ProgressOption = progress.of(source) if show.wanted else False
            opened = self._openers.get(source, source)
            with open_trace(opened, progress=wanted, **self._options) as trace:
                traces.add(trace)
                yield from read(trace)
            traces.discard(trace)

        lanes = _Lanes(read_one, sources, ahead)
        process = os.getpid()

        def close() -> None:
            for trace in list(traces):  # whoever reads them for long comes out
                trace.close()

        def stop() -> None:
            if os.getpid() != process:  # forked, without threads
                close()
                return
            lanes.given_up.put(None)
            show.stop()
            # The garbage collector may find a pass from within a thread that reads: that cannot
            # wait for itself, and may hold what the others need to end.
            for thread in () if hasattr(_here, "reads") else lanes.threads:
                if thread.is_alive():
                    thread.join()

        # Before the interpreter ends, too: who is left running then may hold a lock for ever, so
        # that nobody could wait for it any more.
        stopped = weakref.finalize(self, stop)
        try:
            lanes.start(min(self._workers, len(sources)), close)
            for number, source in enumerate(sources):
                try:
                    for batch in lanes.of(number):
                        yield source, batch
                    self._ended[source] = None
                except Exception as e:
                    if e is progress.failure or not self._of_trace(source, e):
                        raise
                    if self._raises and not (result and self._warned(source, e)):
                        e.add_note(f"in the trace {source!r}")
                        raise
                    self._ended[source] = _error_row(source, e)
            show(size, True)
        finally:
            lanes.given_up.put(None)  # first of all: the rest is not C
            stopped()

    def __repr__(self) -> str:
        return f"<tracereader.Scan of {len(self.sources):,} traces>"

    def _repr_html_(self) -> str:
        shown, note = more_rows(self.sources)
        rows = "".join(f"<tr><td>{html.escape(utf8(source))}</td></tr>" for source in shown)
        return f"<p>Scan of {len(self.sources):,} traces</p><table>{rows}</table>{note}"


def _size(opened: str | Opener) -> int:
    try:
        return os.stat(opened).st_size if isinstance(opened, str) else 0
    except (OSError, ValueError):  # of what no path can hold
        return 0


def listed(paths: Any) -> list[Any]:
    """What a user gave for paths: one, or some."""
    if isinstance(paths, (str, os.PathLike)) or opens(paths):
        return [paths]
    # These have items, too, of which none is a path.
    if isinstance(paths, (bytes, bytearray, memoryview, Tables)) or hasattr(paths, "read"):
        return [paths]
    return list(paths) if isinstance(paths, Iterable) else [paths]


def expand(given: Any, also: str = "") -> list[str]:
    """A path or pattern as paths. Raises FileNotFoundError for a pattern that nothing matches,
    TypeError for what is neither; `also` says what else might have been."""
    if not isinstance(given, (str, os.PathLike)):
        raise TypeError(f"expected paths, patterns{also}, not {type(given).__name__}")
    path = str.__str__(os.fsdecode(given))  # of numpy's texts a plain one
    if not glob.has_magic(path) or os.path.lexists(path):
        return [path]
    matches = sorted(glob.glob(path, recursive=True))
    if not matches:
        raise FileNotFoundError(f"no file matches {path!r}")
    return matches


def scan(
    paths: str | os.PathLike[str] | Opener | Iterable[str | os.PathLike[str] | Opener],
    *,
    progress: ProgressOption = False,
    workers: int | None = None,
    **options: Any,
) -> Scan:
    """Many traces as one. Nothing is read before rows of a table are asked for.

    Args:
        paths: paths of traces, and patterns such as "runs/*.trace" or "**/*.trace", whose
            matches come sorted; also what opens a trace, as in `open`, such as what
            fsspec.open_files(url) gives. Who is named several times, by whatever pattern or
            path of the same text, is there once, where it comes first. File objects, bytes and
            open traces are not taken: traces are opened and closed again for each pass, and
            together they would have no names.
        progress: as in `open`; bytes are of all traces together.
        workers: how many traces are read at the same time. None: as many as there are
            processors. Of whole results all of each is read at once; where batches or rows
            are taken one after the other, they are some batches ahead.
        **options: as in `open`.

    A trace that is broken, or cannot be opened, ends nothing, whatever exception a file object
    raises: it becomes a row of `Scan.errors`, and what could be read of it is in the tables. So
    does one that does not know wall time, of a table with times and `wall=True`. With
    `strict=False` what is left of it is in the tables, and `errors` alone tells: there is no
    warning. What is no matter of a trace that was given by its path, such as MemoryError, is
    raised.

    Raises FileNotFoundError for a pattern that nothing matches, TypeError for what is no path
    and opens nothing, TypeError and ValueError for options that `open` does not take.

    >>> runs = tracereader.scan(["runs/*.trace"], workers=2)
    >>> frame = runs.intervals(columns=["source", "state", "duration"]).to_pandas()
    >>> frame.groupby("source", observed=True)["duration"].count().to_dict()
    {'runs/a.trace': 77523, 'runs/b.trace': 77523}
    >>> runs.errors
    <tracereader.Errors errors: 0 rows>
    """
    options_of(**options)  # else each trace would have an error of its own
    check_progress(progress)
    if workers is None:
        workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 4
    workers = whole("workers", workers, 1)
    openers: dict[str, Any] = {}
    found: dict[str, None] = {}
    for one in listed(paths):
        if opens(one):
            mode_of(one)
            name = getattr(one, "full_name", None) or str(one)
            openers[name] = one
            found[name] = None
        else:
            also = " or what opens a file, such as fsspec.open gives"
            found.update(dict.fromkeys(expand(one, also)))
    return Scan(tuple(found), progress, workers, options, openers=openers)
