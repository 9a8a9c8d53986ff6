"""A cursor: one pass over a trace, with a place of its own."""

from __future__ import annotations

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._handles import CursorHandle

#: Of a trace whose end is not known.
UNKNOWN_SIZE = 2**64 - 1

#: Events that an analysis takes at a time: some hundredths of a second, after which
#: Ctrl-C is seen.
STEP_EVENTS = 200_000


class Cursor:
    """Holds a cursor's handle, so that its trace can find it and close it.

    It serves the process that made it, and not one forked from that.
    """

    __slots__ = ("handle", "__weakref__")

    def __init__(self, handle: CursorHandle) -> None:
        self.handle = handle

    def close(self) -> None:
        """Free the reader; at once, or when the thread that is inside comes out."""
        _native.trpy_close(self.handle)
