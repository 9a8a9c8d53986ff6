"""A cursor: one pass over a trace, with a place of its own."""

from __future__ import annotations

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weakref import ref

    from ._handles import CursorHandle
else:  # without all else that it holds
    from _weakref import ref

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


class Cursors:
    """The cursors of a trace that are alive.

    None is taken out when it dies: that would be called from anywhere, and an exception in
    there, as Ctrl-C is, would be lost.
    """

    def __init__(self) -> None:
        self._refs: list[ref[Cursor]] = []
        self._most = 8

    def add(self, cursor: Cursor) -> None:
        """Add one."""
        if len(self._refs) >= self._most:
            self._refs = [one for one in self._refs if one() is not None]
            self._most = 2 * len(self._refs) + 8
        self._refs.append(ref(cursor))

    def alive(self) -> list[Cursor]:
        """All that somebody holds."""
        return [cursor for cursor in (one() for one in self._refs) if cursor is not None]
