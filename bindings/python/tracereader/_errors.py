"""Exceptions, and how the C library's errors become them."""

from __future__ import annotations

import os
import sys

# typing alone takes as long to import as all else that counting needs.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


class TraceError(Exception):
    """A trace that cannot be read, or not to its end.

    Everything before the error has been delivered. Subclasses tell the cases.

    Attributes:
        code: the library's name for the error, such as "corrupt" or "order".
        offset: byte offset of the offending record in the (decompressed) trace.
        generation: the number of the generation, None if none had begun.
        thread: the thread whose record it is, None if none.
        event_type: the record's number in the format, None if none.
    """

    code: str
    offset: int
    generation: int | None
    thread: int | None
    event_type: int | None

    def __init__(
        self,
        message: str,
        code: str = "corrupt",
        offset: int = 0,
        generation: int | None = None,
        thread: int | None = None,
        event_type: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.offset = offset
        self.generation = generation
        self.thread = thread
        self.event_type = event_type

    @property
    def message(self) -> str:
        """The error in one line, without its place."""
        return str(self.args[0])

    def __str__(self) -> str:
        place = f"at byte {self.offset}"
        if self.generation is not None:
            place += f", generation {self.generation}"
        return f"{self.message} ({place})"


class FormatError(TraceError):
    """Not a Go execution trace."""


class CorruptError(TraceError):
    """The bytes of the trace break a rule of the format."""


class OrderError(TraceError):
    """The trace is well formed, but its records contradict each other."""


class TruncatedError(TraceError):
    """The trace stops in the middle."""


class UnsupportedVersionError(TraceError):
    """A Go execution trace of a version, or compressed in a way, that is not read."""


class LimitError(TraceError):
    """A limit given to `open` was reached, or one of the defaults."""


_CLASSES: dict[str, type[TraceError]] = {
    "corrupt": CorruptError,
    "format": FormatError,
    "truncated": TruncatedError,
    "version": UnsupportedVersionError,
    "limit": LimitError,
    "order": OrderError,
}


def fail(
    code: str,
    message: str,
    offset: int,
    generation: int,
    thread: int,
    event_type: int,
    os_error: int,
    filename: str | None,
) -> NoReturn:
    """Raise what an error of the C library says."""
    if code == "io":
        text = os.strerror(os_error) if os_error else message
        error = OSError(os_error, text, filename)
        error.offset = offset  # type: ignore[attr-defined]
        error.add_note(f"at byte {offset} of the trace, generation {generation}")
        raise error
    if code == "misuse":
        raise RuntimeError(message)
    if code == "canceled":
        raise ValueError("this pass over the trace was interrupted: begin another")
    raise _CLASSES.get(code, TraceError)(
        message,
        code,
        offset,
        generation or None,
        None if thread < 0 else thread,
        None if event_type < 0 else event_type,
    )


def is_of_trace(error: Exception) -> bool:
    """Whether it tells that a trace ends there, and not of a mistake: also whatever a file object
    raised when it was read."""
    return isinstance(error, (TraceError, OSError)) or hasattr(error, "_ends_trace")


def warn_of_rest(error: Exception, name: str = "") -> None:
    """Warn, where the package was called, that a result is of what a broken trace still holds."""
    import warnings

    level = 1
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__package__") == __package__:
        frame = frame.f_back
        level += 1
    warnings.warn(f"{name}the result is of what is left: {error}", stacklevel=level)
