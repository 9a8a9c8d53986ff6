"""The tables that a trace has, and many traces have together."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._filter import Filter
    from ._schema import Column
    from ._table import Plan, Table
    from ._types import Columns


class Tables:
    """What `Trace` and `Scan` have in common: a method for each table.

    All take `columns`, the names of the columns to have, None for all; `wall`: times are of
    the wall clock in UTC, not int64 nanoseconds on the trace's own (from Go 1.25 on: before, it
    is a ValueError to read them); and `resolve`: strings of which there are many are utf8, not
    integer ids of `strings()`. ValueError for a column that does not exist, for none, and for one
    twice. What is not asked for is never made.

    A table says what it has: `table.schema`.

    >>> trace.logs(wall=True, resolve=True).schema
    time: timestamp[ns, UTC]
    task: uint64
    category: str
    message: str
    goroutine: int64 or none
    thread: int64 or none
    proc: int64 or none
    stack: int64 or none
    """

    #: Columns that its tables have before those of a trace.
    _own_columns: tuple[Column, ...] = ()

    def _table(self, plan: Plan) -> Table:
        raise NotImplementedError

    def _planned(
        self,
        table: str,
        columns: Columns,
        wall: bool,
        resolve: bool,
        filter: Filter | None = None,
        choice: str = "",
    ) -> Table:
        from ._schema import chosen, columns_of
        from ._table import Plan

        wanted = chosen((*self._own_columns, *columns_of(table, wall, resolve)), columns)
        return self._table(Plan(table, wanted, bool(wall), bool(resolve), filter, choice))

    def events(
        self,
        *,
        kinds: Iterable[str] | str | None = None,
        columns: Columns = None,
        thread: int | None = None,
        goroutine: int | None = None,
        start: int | None = None,
        end: int | None = None,
        wall: bool = False,
        resolve: bool = True,
    ) -> Table:
        """The events, a row each, in the order of Go's own reader. Its columns are the fields of
        `Event`, but for `attrs`, `args`, `clock` and `batches`, which are no columns; `stack` and
        `transition_stack` are numbers of `stacks()`.

        What is left out by `kinds`, `thread`, `goroutine`, `start` or `end` costs next to
        nothing.

        Args:
            kinds: the kinds of events to have, as `Kind` or by name. None: all.
            columns: the columns to have. None: all.
            thread: only events on this thread; -1: on none.
            goroutine: only events that happened while this goroutine ran there, and
                changes of its state; -1: events where none ran.
            start: only events at this time or later, in nanoseconds as `Event.time`.
            end: only events before this time.
            wall: times of the wall clock.
            resolve: messages of logs as texts; False: as ids of `strings()`.

        Raises ValueError for a kind or column that does not exist, and if `columns` has none, or
        one twice; TypeError for what is no name.

        >>> table = trace.events(kinds="StateTransition", columns=["time", "goroutine", "reason"])
        >>> table.count(), sum(row.reason == "network" for row in table)
        (44559, 1908)
        """
        from ._filter import chosen_kinds, filter_of

        kept = chosen_kinds(kinds)
        filter = filter_of(kept, thread, goroutine, start, end)
        choices = {"thread": thread, "goroutine": goroutine, "start": start, "end": end}
        words = [f"{name}={value}" for name, value in choices.items() if value is not None]
        if kinds is not None:
            words.insert(0, f"kinds {', '.join(kept) or 'none'}")
        choice = "".join(f"; {word}" for word in words)
        return self._planned("events", columns, wall, resolve, filter, choice)

    def intervals(
        self, *, columns: Columns = None, wall: bool = False, resolve: bool = False
    ) -> Table:
        """Every stretch of a goroutine, proc or thread in one state, a row each, in the order in
        which they end.

        `resource` ("Goroutine", "Proc", "Thread") and `id` say whose it is, `state`, `start`,
        `end` and `duration` (nanoseconds) what and when, `reason` why, `stack` where (a row of
        `stacks()`), `thread` and `proc` on what, `ended_by` which goroutine ended it.
        `open_start` and `open_end`: it was under way when the trace began, or ended with it; if
        when it began, only what executes has `thread` and `proc`. Threads have no `reason` and
        no `stack`.

        >>> longest = max(trace.intervals(), key=lambda row: row.duration)
        >>> longest.resource, longest.id, longest.state, longest.duration
        ('Goroutine', 2, 'Waiting', 519637825)
        """
        return self._planned("intervals", columns, wall, resolve)

    def goroutines(
        self, *, columns: Columns = None, wall: bool = False, resolve: bool = False
    ) -> Table:
        """The goroutines, a row each.

        `id`, `function` (at the root of the first stack of its transitions that names one),
        `creator` (a goroutine) and `created_stack`; when it was `created`, `started` to run and
        `ended` (none: not in this trace); `running_ns`, `runnable_ns`, `waiting_ns` and
        `syscall_ns`, how long it was in each state; `blocks`, how often it went from running or
        a system call to waiting. An id can have several rows, one after the other: with cgo Go
        lends the same goroutine to thread after thread.

        >>> busiest = max(trace.goroutines(resolve=True), key=lambda row: row.running_ns)
        >>> busiest.id, busiest.function, busiest.running_ns
        (142, 'runtime.gcBgMarkWorker', 10957952)
        """
        return self._planned("goroutines", columns, wall, resolve)

    def stacks(
        self, *, columns: Columns = None, wall: bool = False, resolve: bool = False
    ) -> Table:
        """The stacks, a row each: `stack`, its number in all tables, the `generation` it belongs
        to, how many `frames` it has, the `function` of the innermost and, as `root`, that of
        the outermost.

        >>> functions = {row.stack: row.function for row in trace.stacks(resolve=True)}
        >>> functions[1]
        'runtime.traceLocker.Gomaxprocs'
        """
        return self._planned("stacks", columns, wall, resolve)

    def frames(
        self, *, columns: Columns = None, wall: bool = False, resolve: bool = False
    ) -> Table:
        """The frames of all stacks, a row each: `stack`, `depth` (0 is the innermost),
        `function`, `file`, `line` and `pc`, the program counter (uint64).

        >>> [row.function for row in trace.frames(resolve=True) if row.stack == 3]
        ['runtime.chanrecv1', 'runtime.(*wakeableSleep).sleep', 'runtime.traceStartReadCPU.func1']
        """
        return self._planned("frames", columns, wall, resolve)

    def strings(
        self, *, columns: Columns = None, wall: bool = False, resolve: bool = False
    ) -> Table:
        """The strings that ids in other tables stand for: `string`, its id, the `generation` it
        belongs to, and its `text`.

        >>> texts = {row.string: row.text for row in trace.strings()}
        >>> next(texts[row.message] for row in trace.logs())
        'customer-0'
        """
        return self._planned("strings", columns, wall, resolve)

    def tasks(
        self, *, columns: Columns = None, wall: bool = False, resolve: bool = False
    ) -> Table:
        """The tasks of `runtime/trace`, a row each, in the order in which they end.

        `task` and `parent` (ids, uint64), `type`, `start`, `end`, `duration` (nanoseconds); the
        `goroutine` that began it, its `stack` there, and the goroutine that ended it,
        `ended_by`; `open_start`, `open_end` as of `intervals`.

        >>> sum(row.duration > 1_000_000 for row in trace.tasks(columns=["type", "duration"]))
        519
        """
        return self._planned("tasks", columns, wall, resolve)

    def regions(
        self, *, columns: Columns = None, wall: bool = False, resolve: bool = False
    ) -> Table:
        """The regions of `runtime/trace`, a row each, in the order in which they end: `type`,
        `task` (uint64, 0 for none), `goroutine`, `start`, `end`, `duration`, `stack`,
        `open_start`, `open_end`.

        >>> sum(row.type == "query" for row in trace.regions(columns=["type"]))
        204
        """
        return self._planned("regions", columns, wall, resolve)

    def logs(self, *, columns: Columns = None, wall: bool = False, resolve: bool = False) -> Table:
        """The messages of `runtime/trace`, a row each: `time`, `task` (uint64, 0 for none),
        `category`, `message`; `goroutine`, `thread`, `proc` and `stack` where it was logged.

        >>> row = next(iter(trace.logs(resolve=True)))
        >>> row.category, row.message
        ('customer', 'customer-0')
        """
        return self._planned("logs", columns, wall, resolve)

    def metrics(
        self, *, columns: Columns = None, wall: bool = False, resolve: bool = False
    ) -> Table:
        """The values of metrics, such as the size of the heap, a row for each change: `time`,
        `name` (as in Go's runtime/metrics, with the unit), `value` (uint64); `goroutine`,
        `thread`, `proc` and `stack` where it changed.

        >>> sizes = [row.value for row in trace.metrics() if "heap/objects" in row.name]
        >>> max(sizes)
        5825568
        """
        return self._planned("metrics", columns, wall, resolve)

    def ranges(
        self, *, columns: Columns = None, wall: bool = False, resolve: bool = False
    ) -> Table:
        """Ranges of time in which something special went on, such as a garbage collection, a
        row each, in the order in which they end.

        `name`; `scope` and `scope_id`, what it is bound to; `start`, `end`, `duration`;
        `goroutine`, `thread`, `proc` and `stack` where it began, none if that was before the
        trace; of sweeps `bytes_swept` and `bytes_reclaimed` (uint64); `open_start`, `open_end`
        as of `intervals`.

        >>> sum(row.duration for row in trace.ranges() if row.name.startswith("stop-the-world"))
        1846400
        """
        return self._planned("ranges", columns, wall, resolve)

    def samples(
        self, *, columns: Columns = None, wall: bool = False, resolve: bool = False
    ) -> Table:
        """The samples of the CPU profile, if one was taken, a row each: `time`, `goroutine`,
        `thread`, `proc` and `stack`.

        >>> trace.samples().count()
        0
        """
        return self._planned("samples", columns, wall, resolve)
