"""The parts of events: stacks and their frames, attributes, clocks, batches. And how a time of
the wall clock, and text that need not be UTF-8, become Python's."""

from __future__ import annotations

import datetime
from typing import NamedTuple

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def utc_from_ns(wall_ns: int) -> datetime.datetime | None:
    """Nanoseconds since 1970 as a datetime in UTC, to the microsecond below.

    None beyond what a datetime can say, as in a broken trace.
    """
    try:
        return _EPOCH + datetime.timedelta(microseconds=wall_ns // 1000)
    except OverflowError:
        return None


def utf8(text: str) -> str:
    """A text with U+FFFD for what UTF-8 cannot say: of a path, bytes that are not of it."""
    if text.isascii():
        return text
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)


class Frame(NamedTuple):
    """A frame of a stack."""

    function: str
    """The function, such as `main.main`."""
    file: str
    """The source file."""
    line: int
    """The line in `file`."""
    pc: int
    """The program counter."""

    def __str__(self) -> str:
        return f"{self.function} @ {self.pc:#x}\n\t{self.file}:{self.line}"


class Stack(tuple[Frame, ...]):
    """A stack: a tuple of `Frame`, innermost first. It may be empty.

    Stacks are equal if their frames are, and belong to nobody: they stay valid after
    the trace is closed. `str` gives the frames as Go's tools print them.

    >>> waits = (ev.transition_stack for ev in trace if ev.reason == "network")
    >>> stack = next(waits)
    >>> stack
    Stack(internal/poll.(*FD).WaitWrite internal/poll/fd_unix.go:685, +15)
    >>> len(stack), stack[-1].function
    (16, 'net/http.(*Transport).startDialConnForLocked.func1')
    """

    __slots__ = ()

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    def __repr__(self) -> str:
        if not self:
            return "Stack()"
        more = f", +{len(self) - 1}" if len(self) > 1 else ""
        frame = self[0]
        return f"Stack({frame.function} {frame.file}:{frame.line}{more})"


class Attr(NamedTuple):
    """A named value: an attribute of a range or an argument of an experimental event."""

    name: str
    value: int | str | None


class Clock(NamedTuple):
    """Three clocks, read at nearly the same moment."""

    trace_ns: int
    """The trace's clock, in nanoseconds, as in `Event.time`."""
    mono_ns: int
    """The system's monotonic clock, in nanoseconds."""
    wall_ns: int
    """The wall clock, in nanoseconds since 1970-01-01 UTC."""

    @property
    def wall(self) -> datetime.datetime | None:
        """The wall clock in UTC, to the microsecond; None if it is out of range."""
        return utc_from_ns(self.wall_ns)


class ExperimentalBatch(NamedTuple):
    """A batch of an experiment's own data, as the trace has it."""

    experiment: str
    """The experiment's name, such as `AllocFree`; empty if it is not known."""
    thread: int | None
    """The thread that wrote it; None if the trace does not say."""
    data: bytes
    """The data, a copy."""
