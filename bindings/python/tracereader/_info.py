"""What a trace holds, in numbers."""

from __future__ import annotations

import datetime
import html
from typing import TYPE_CHECKING, Any, NoReturn

from . import _native
from ._cursor import STEP_EVENTS, UNKNOWN_SIZE
from ._enums import Kind
from ._errors import is_of_trace
from ._values import utc_from_ns

if TYPE_CHECKING:
    from ._trace import Counts, Trace


class Info:
    """What a trace holds. Made by `Trace.info`.

    `version`, `compression`, and `bytes` of a file or of memory, are known from the start.
    Everything else takes one pass over the trace when it is first asked for; the result is
    kept. A trace that breaks off is no error here: `complete` is False, `error` says why, and
    the numbers are those up to there.

    Ctrl-C stops the pass; it starts anew when a number is asked for again. Several
    threads may ask at once: one does the work.

    >>> trace.info
    <tracereader.Info version: go 1.26, bytes: 307,091>
    >>> trace.info.events, trace.info.goroutines, trace.info.duration_ns
    (53538, 1161, 519637825)
    """

    def __init__(self, trace: Trace, version: int, size: int, counts: Counts) -> None:
        self._trace = trace
        self._version = version
        self._size = None if size == UNKNOWN_SIZE else size
        self._counts = counts

    # What is known from the start.

    @property
    def version(self) -> str:
        """The version in the header, such as "go 1.26". Go 1.24 writes "go 1.23"."""
        return f"go 1.{self._version}"

    @property
    def bytes(self) -> int:
        """The size of the trace in bytes, decompressed.

        Of a trace that is neither a file nor in memory, or is compressed, how much of it was
        read: if it is cut, up to the batch in which it ends.
        """
        return self._size if self._size is not None else int(self._get("bytes"))

    @property
    def compression(self) -> str | None:
        """What the trace is compressed with, such as "gzip"; None if it is not."""
        return self._trace._compression

    # What takes a pass.

    @property
    def generations(self) -> int:
        """How many generations (parts of about a second) gave events."""
        return int(self._get("generations"))

    @property
    def events(self) -> int:
        """How many events there are, of every kind."""
        return int(self._get("events"))

    @property
    def start_ns(self) -> int:
        """The time of the first event: nanoseconds on the trace's clock."""
        return int(self._get("start_ns"))

    @property
    def end_ns(self) -> int:
        """The time of the last event: nanoseconds on the trace's clock."""
        return int(self._get("end_ns"))

    @property
    def duration_ns(self) -> int:
        """Nanoseconds from the first event to the last."""
        return self.end_ns - self.start_ns

    @property
    def wall_start_ns(self) -> int | None:
        """The wall clock at the first event, in nanoseconds since 1970-01-01 UTC.

        None if the trace does not know (before Go 1.25).
        """
        if not self._get("has_wall"):
            return None
        return int(self._get("wall_start_sec")) * 10**9 + int(self._get("wall_start_nsec"))

    @property
    def wall_start(self) -> datetime.datetime | None:
        """The same as a datetime in UTC, to the microsecond."""
        ns = self.wall_start_ns
        return None if ns is None else utc_from_ns(ns)

    @property
    def kinds(self) -> dict[str, int]:
        """How many events of each kind there are; kinds without any are left out. Keys are
        `Kind`, which is a str: `kinds["Log"]` is there if any event is one."""
        counts = self._get("kinds")
        return {
            Kind(_native.tr_kind_name(number)): count
            for number, count in enumerate(counts)
            if count
        }

    @property
    def goroutines(self) -> int:
        """How many different goroutines change state."""
        return int(self._get("goroutines"))

    @property
    def threads(self) -> int:
        """How many different threads something happens on."""
        return int(self._get("threads"))

    @property
    def procs(self) -> int:
        """How many different procs change state."""
        return int(self._get("procs"))

    @property
    def complete(self) -> bool:
        """Whether the trace could be read to its end."""
        return bool(self._get("complete"))

    @property
    def error(self) -> Exception | None:
        """Why it could not, or None."""
        self._get("complete")
        return self._counts.error

    @property
    def salvage(self) -> dict[str, int] | None:
        """What was salvaged, and what is lost: of a trace opened with `strict=False`.

        A dict of `events` (that came out), `lost_bytes`, `lost_generations`,
        `unresolved_strings` and `unresolved_stacks` (names in events of what is lost),
        `relaxed` (records that contradict others) and `raw_time` (events whose time is in
        ticks of the clock). None if the trace is read strictly.
        """
        if self._trace._strict:
            return None
        return dict(self._get("salvage"))

    # The pass.

    def load(self) -> Info:
        """Take the pass now, if it was not taken yet; gives this object.

        Raises ValueError if it was not taken and the trace is closed.

        >>> trace.info.load().complete
        True
        """
        self._get("events")
        return self

    @property
    def loaded(self) -> bool:
        """Whether the pass was taken."""
        return self._counts.numbers is not None

    def __reduce__(self) -> NoReturn:
        raise TypeError("an Info cannot be pickled: pickle its trace, or its numbers")

    def _get(self, key: str) -> Any:
        numbers = self._counts.numbers
        if numbers is None:
            self._trace._check_open()  # a forked process may wait for that lock for ever
            with self._counts.lock:
                numbers = self._counts.numbers
                if numbers is None:
                    numbers = self._counts.numbers = self._pass()
        return numbers[key]

    def _pass(self) -> dict[str, Any]:
        info = _native.tr_info_new()
        with self._trace._pass() as (cursor, progress):
            try:
                while _native.trpy_info_read(info, cursor, STEP_EVENTS):
                    progress(_native.trpy_done_bytes(cursor), False)
                self._counts.error = None
            except Exception as e:
                if self._trace.closed or not is_of_trace(e):
                    raise
                # Kept for long, so without the frames that it passed.
                self._counts.error = e.with_traceback(None)
            numbers = _native.trpy_info_get(info)
            if not self._trace._strict:
                numbers["salvage"] = _native.trpy_salvage(cursor)
                self._trace._error = self._counts.error
        return numbers

    # Showing it. None of this takes the pass.

    def _rows(self) -> list[tuple[str, str]]:
        rows = [("version", self.version)]
        if self.compression:
            rows.append(("compression", self.compression))
        if self._size is not None or self.loaded:
            rows.append(("bytes", f"{self.bytes:,}"))
        if not self.loaded:
            return rows
        rows += [
            ("generations", f"{self.generations:,}"),
            ("events", f"{self.events:,}"),
            ("duration", f"{self.duration_ns / 1e9:.6f} s"),
            ("wall start", self.wall_start.isoformat() if self.wall_start else "not known"),
            ("goroutines", f"{self.goroutines:,}"),
            ("threads", f"{self.threads:,}"),
            ("procs", f"{self.procs:,}"),
            ("complete", "yes" if self.complete else f"no: {self.error}"),
        ]
        return rows

    def __repr__(self) -> str:
        words = ", ".join(f"{name}: {value}" for name, value in self._rows())
        return f"<tracereader.Info {words}>"

    def _repr_html_(self) -> str:
        rows = self._rows()
        if self.loaded:
            kinds = sorted(self.kinds.items(), key=lambda item: -item[1])
            rows += [(f"{kind} events", f"{count:,}") for kind, count in kinds]
        else:
            rows.append(("counts", "not taken yet: .load() takes them"))
        body = "".join(
            f'<tr><th style="text-align:left">{html.escape(name)}</th>'
            f'<td style="text-align:left">{html.escape(value)}</td></tr>'
            for name, value in rows
        )
        return f"<table>{body}</table>"
