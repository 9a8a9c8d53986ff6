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
    the wall clock in UTC, not int64 nanoseconds on the trace's own (from Go 1.25 on); and
    `resolve`: strings of which there are many are utf8, not integer ids of `strings()`.
    ValueError for a column that does not exist. What is not asked for is never made.
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
        return self._table(Plan(table, wanted, wall, resolve, filter, choice))

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
        """The events, a row each, in the order of Go's own reader.

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

        Raises ValueError for a kind or column that does not exist.

        >>> trace.events(kinds="StateTransition", columns=["time", "goroutine", "reason"])
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
        """Every stretch of a goroutine, proc or thread in one state.

        A row says which resource it is, in which state, from when to when and for how long,
        why, where (the number of its stack in `stacks()`), who ended it, and whether it was
        under way when the trace began, or ended with it.

        >>> frame = trace.intervals().to_pandas()
        >>> frame[frame.state == "Waiting"].groupby("reason").duration.sum()
        """
        return self._planned("intervals", columns, wall, resolve)

    def goroutines(
        self, *, columns: Columns = None, wall: bool = False, resolve: bool = False
    ) -> Table:
        """The goroutines, a row each: the function at its root, who created it, when it was
        created and ended, how many nanoseconds it was running, runnable, waiting and in
        system calls, and how often it blocked.

        >>> trace.goroutines(resolve=True).to_pandas().nlargest(10, "waiting_ns")
        """
        return self._planned("goroutines", columns, wall, resolve)

    def stacks(
        self, *, columns: Columns = None, wall: bool = False, resolve: bool = False
    ) -> Table:
        """The stacks: a row for each frame of each, innermost first.

        >>> trace.stacks(resolve=True).to_pandas()
        """
        return self._planned("stacks", columns, wall, resolve)

    def frames(
        self, *, columns: Columns = None, wall: bool = False, resolve: bool = False
    ) -> Table:
        """The frames of stacks: program counter, function, file and line.

        >>> trace.frames(resolve=True).to_pandas()
        """
        return self._planned("frames", columns, wall, resolve)

    def strings(
        self, *, columns: Columns = None, wall: bool = False, resolve: bool = False
    ) -> Table:
        """The strings that ids in other tables stand for.

        >>> texts = dict(trace.strings())
        """
        return self._planned("strings", columns, wall, resolve)

    def tasks(
        self, *, columns: Columns = None, wall: bool = False, resolve: bool = False
    ) -> Table:
        """The tasks of `runtime/trace`, a row each. Ids are uint64.

        >>> trace.tasks(resolve=True).to_pandas()
        """
        return self._planned("tasks", columns, wall, resolve)

    def regions(
        self, *, columns: Columns = None, wall: bool = False, resolve: bool = False
    ) -> Table:
        """The regions of `runtime/trace`, a row each, with their task and goroutine.

        >>> trace.regions(resolve=True).to_pandas()
        """
        return self._planned("regions", columns, wall, resolve)

    def logs(self, *, columns: Columns = None, wall: bool = False, resolve: bool = False) -> Table:
        """The messages of `runtime/trace`, a row each.

        >>> trace.logs(resolve=True).to_pandas()
        """
        return self._planned("logs", columns, wall, resolve)

    def metrics(
        self, *, columns: Columns = None, wall: bool = False, resolve: bool = False
    ) -> Table:
        """The values of metrics, such as the size of the heap, a row for each change.

        >>> trace.metrics().to_pandas().pivot_table("value", "time", "name")
        """
        return self._planned("metrics", columns, wall, resolve)

    def ranges(
        self, *, columns: Columns = None, wall: bool = False, resolve: bool = False
    ) -> Table:
        """Ranges of time in which something special went on, such as a garbage collection.

        >>> trace.ranges().to_pandas()
        """
        return self._planned("ranges", columns, wall, resolve)

    def samples(
        self, *, columns: Columns = None, wall: bool = False, resolve: bool = False
    ) -> Table:
        """The samples of the CPU profile, if one was taken, with their stacks.

        >>> trace.samples().to_pandas()["stack"].value_counts()
        """
        return self._planned("samples", columns, wall, resolve)
