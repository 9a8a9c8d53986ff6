"""A cursor: one pass over a trace, with a place of its own."""

from __future__ import annotations

from . import _native
from ._handles import CursorHandle


class Cursor:
    """Holds a cursor's handle, so that its trace can find it and close it."""

    __slots__ = ("handle", "__weakref__")

    def __init__(self, handle: CursorHandle) -> None:
        self.handle = handle

    def close(self) -> None:
        """Free the reader; at once, or when the thread that is inside comes out."""
        _native.trpy_close(self.handle)
