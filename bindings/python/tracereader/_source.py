"""Where the bytes of a trace come from.

A source gives any number of cursors, each with a place of its own:

- a regular file is opened once, and C reads it by offset;
- memory is borrowed by C, and held while the trace is open;
- a file object that can seek is shared: every read seeks first, under a lock; what only
  opens one, as fsspec.open gives it, is opened here and closed with the trace;
- what cannot seek is copied to an unnamed temporary file as it is read, and cursors
  read that. Nothing is read before somebody asks for it;
- compressed bytes are left to C; where it was built without what they need, they are
  decompressed here and treated as what cannot seek.
"""

from __future__ import annotations

import io
import os
import stat

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import RLock as RLock
    from typing import Any

    from . import _decompress
    from ._handles import CursorHandle
    from ._types import Options, Source
else:
    # As functools does: what threading has besides takes longer to import than all of this.
    from _thread import RLock as RLock


_HEADER_BYTES = 16
_STEP_BYTES = 64 << 10


def _closed() -> ValueError:
    return ValueError("the trace is closed")


class _Descriptor(io.FileIO):
    """A file of our own, closed with its last user: a trace may be closed while another thread is
    about to read or write. C opens it as its owner, and so closes it: between the two a signal's
    handler, which may raise, finds nobody's."""

    # At the end, too, without Python, and without a warning that nobody had closed it.
    __del__ = io.FileIO.close


class _File:
    """A regular file, open: removing or replacing it does not disturb the trace."""

    direct = True
    compression: str | None = None

    def __init__(self, file: _Descriptor, name: str) -> None:
        self.name = name
        self.path: str | None = os.path.abspath(name)
        self._file: _Descriptor | None = file

    def cursor(self, options: Options, filter: tuple[int, ...] | None) -> CursorHandle:
        file = self._file
        if file is None:
            raise _closed()
        return _native.trpy_open_fd(file.fileno(), self.name, options, filter)

    def read_at(self, offset: int, size: int) -> bytes:
        file = self._file
        if file is None:
            raise _closed()
        return os.pread(file.fileno(), size, offset)

    def close(self) -> None:
        self._file = None


class _Memory:
    """A bytes-like object."""

    direct = True
    path: str | None = None
    compression: str | None = None

    def __init__(self, view: memoryview, what: str) -> None:
        self.name = f"{what} of {view.nbytes} bytes"
        self._view: memoryview | None = view

    def cursor(self, options: Options, filter: tuple[int, ...] | None) -> CursorHandle:
        view = self._view
        if view is None:
            raise _closed()
        return _native.trpy_open_memory(view, options, filter)

    def read_at(self, offset: int, size: int) -> bytes:
        view = self._view
        if view is None:
            raise _closed()
        return view.cast("B")[offset : offset + size].tobytes()

    def close(self) -> None:
        # Dropped, not released: a cursor inside C, in another thread, holds it longer.
        self._view = None


def _reads_text() -> TypeError:
    return TypeError("the file object reads text: open it in binary mode")


def _checked(data: Any) -> bytes:
    """What a file object's read() gave, if it is bytes."""
    if data is None:
        raise BlockingIOError("the file object has no data now: it must be a blocking one")
    if isinstance(data, str):
        raise _reads_text()
    checked: bytes = data  # C checks that it is bytes-like
    return checked


class _Turn:
    """Lets one read of a shared file object happen at a time. What this raises is no end of the
    events that somebody iterates over."""

    def __init__(self) -> None:
        # All that it knows: a signal's handler may raise between any two lines of ours, and only
        # what C does as one is then either done or not.
        self._lock = RLock()

    def __call__(self, read: Callable[..., Any], *args: Any) -> Any:
        if self._lock._is_owned():  # type: ignore[attr-defined, unused-ignore]
            # By the same thread: waiting would be for ever.
            raise RuntimeError("the file object's read() reads the trace that it serves")
        with self._lock:
            try:
                return read(*args)
            except StopIteration as e:
                raise RuntimeError("the file object raised StopIteration") from e


class _Owned:
    """What was opened for a source, if anything: closed once, or until that succeeds."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def close(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.close()
        except BaseException:
            self._file = file
            raise


def _name_of(file: object) -> str:
    # fsspec's file objects have a path.
    names = (getattr(file, "name", None), getattr(file, "path", None))
    return next((name for name in names if isinstance(name, str)), type(file).__name__)


class _SeekableFile:
    """A file object that can seek; the trace begins where it stands."""

    direct = False
    path: str | None = None
    compression: str | None = None

    def __init__(self, file: Any, start: int, owned: Any) -> None:
        self.name = _name_of(file)
        self._file = file
        self._owned = _Owned(owned)
        self._start = start
        self._turn = _Turn()
        #: What it raised behind bytes that it gave after all, and where.
        self._failure: tuple[int, Exception] | None = None

    def _read_there(self, offset: int, size: int) -> bytes:
        failure = self._failure
        if failure is not None and failure[0] == offset:
            self._failure = None
            raise failure[1]
        self._file.seek(self._start + offset)
        try:
            return _checked(self._file.read(size))
        except (OSError, MemoryError):
            raise
        except Exception as e:
            rescued = self._rescue(offset, size)
            if not rescued:
                raise
            self._failure = offset + len(rescued), e
            return rescued

    def _rescue(self, offset: int, size: int) -> bytes:
        """What there is before an exception: gzip's and lzma's files drop what they have read
        when they find that the rest is missing. Smaller and smaller pieces, as each time they may
        begin to decompress anew."""
        found = bytearray()
        step = size
        while step > 1 and len(found) < size:
            step = (step + 63) // 64
            try:
                self._file.seek(self._start + offset + len(found))
                while len(found) < size:
                    piece = self._file.read(min(step, size - len(found)))
                    if not piece:
                        return bytes(found)
                    found += piece
            except Exception:
                pass
        return bytes(found)

    def read_at(self, offset: int, size: int) -> bytes:
        data: bytes = self._turn(self._read_there, offset, size)
        return data

    def cursor(self, options: Options, filter: tuple[int, ...] | None) -> CursorHandle:
        return _native.trpy_open_callback(self.read_at, None, self.name, options, filter)

    def close(self) -> None:
        self._owned.close()


class _Spool:
    """Anything that can only be read on: what was read lies in a temporary file."""

    direct = False
    path: str | None = None
    compression: str | None = None

    def __init__(self, read: Callable[[int], object], name: str, owned: Any = None) -> None:
        self.name = name
        self._owned = _Owned(owned)
        self._pull_bytes: Callable[[int], object] | None = read
        self._turn = _Turn()
        import tempfile

        with tempfile.TemporaryFile(prefix="tracereader-", buffering=0) as spool:
            self._spool: _Descriptor | None
            (self._spool,) = map(_Descriptor, map(os.dup, [spool.fileno()]))
        self._size = 0
        self._ended = False
        # What was read and where it belongs, if it may not all be written: what could not be, as
        # to a full disk, or because a signal's handler raised, is written when more is wanted.
        self._last: list[tuple[int, Any]] = []

    def _pull(self, spool: _Descriptor, offset: int, size: int) -> None:
        """Read on, unless the byte at `offset` is there meanwhile."""
        while self._size <= offset and not self._ended:
            pull = self._pull_bytes
            if pull is None:
                raise _closed()
            if not self._last:
                # Kept by C as soon as it is read: no handler raises in between.
                self._last[:] = zip([self._size], map(pull, [size]))
            if not self._last:
                raise StopIteration  # as pull did, which ends map
            at, given = self._last[0]
            try:
                data = memoryview(_checked(given))
            except (BlockingIOError, TypeError):
                self._last.clear()
                raise
            self._ended = not data
            while self._size < at + len(data):
                self._size += os.pwrite(spool.fileno(), data[self._size - at :], self._size)
            self._last.clear()

    def read_at(self, offset: int, size: int) -> bytes:
        spool = self._spool
        if spool is None:
            raise _closed()
        # What is there already is read without the lock: a cursor that waits for the
        # writer of a pipe does not hold up one that is behind.
        if self._size <= offset:
            self._turn(self._pull, spool, offset, size)
        return os.pread(spool.fileno(), min(size, max(self._size - offset, 0)), offset)

    def cursor(self, options: Options, filter: tuple[int, ...] | None) -> CursorHandle:
        return _native.trpy_open_callback(self.read_at, None, self.name, options, filter)

    def close(self) -> None:
        self._spool = None
        self._pull_bytes = None
        self._owned.close()


def _of_path(path: str | os.PathLike[Any]) -> Source:
    name = os.fsdecode(path)
    file = _Descriptor(os.fspath(path))  # which refuses folders, and waits for a pipe's writer
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return _File(file, name)
    return _Spool(file.read, name)


def _of_file(file: Any, owned: Any = None) -> Source:
    """The source for a file object; `owned` is what to close with it."""
    if isinstance(file, io.TextIOBase):  # which may fail to decode before it gives a text
        raise _reads_text()
    seekable = getattr(file, "seekable", None)
    if (seekable() if callable(seekable) else hasattr(file, "seek")) and hasattr(file, "tell"):
        return _SeekableFile(file, file.tell(), owned)
    # read1 gives what is there; read would wait until it has all that is asked for.
    return _Spool(getattr(file, "read1", file.read), _name_of(file), owned)


def opens(src: object) -> bool:
    """Whether it opens a file object, and is none: of fsspec, universal_pathlib, zipfile.Path
    and the like. What is a path in this system's file system is better opened by its name."""
    if isinstance(src, os.PathLike) and getattr(src, "protocol", "") in ("", "file", "local"):
        return False
    return callable(getattr(src, "open", None)) and not hasattr(src, "read")


def mode_of(src: Any) -> str | None:
    """The mode in which it will open a file object, None if it takes one. Raises TypeError for
    one that does not fit."""
    mode: str | None = getattr(src, "mode", None)
    if mode not in (None, "rb"):
        raise TypeError(f"the file would be opened in mode {mode!r}: it must be 'rb'")
    return mode


def _of_opener(src: Any) -> Source:
    if mode_of(src) is None:
        file = owned = src.open("rb")
    else:
        import copy

        # What fsspec.open gives knows one file at a time.
        owned = copy.copy(src)
        file = owned.open()
    try:
        return _of_file(file, owned)
    except BaseException:
        owned.close()
        raise


class _Unpacked(_Spool):
    """What a compressed source decompresses to, where C cannot do that."""

    def __init__(self, members: _decompress._Members, packed: Source) -> None:
        super().__init__(members.read, packed.name)
        self._members = members
        self._packed = packed
        self.path = packed.path
        self.compression = members.name

    def cursor(self, options: Options, filter: tuple[int, ...] | None) -> CursorHandle:
        return _native.trpy_open_callback(
            self.read_at, self.find_damage, self.name, options, filter
        )

    def find_damage(self) -> None:
        """Raise damage to the compressed data that shows only after what is read by now: it may
        be why the trace seems to be broken. What else may be wrong with the rest does not matter.
        """
        try:
            while self.read_at(self._size, _STEP_BYTES):
                pass
        except MemoryError:
            raise
        except Exception:
            if self._members.damaged:
                raise

    def close(self) -> None:
        super().close()
        self._packed.close()


def unpacked(source: Source) -> Source | None:
    """A source for the trace that `source` holds compressed, by Python's means; None if it
    is not compressed in a way that is known."""
    from . import _decompress
    from ._errors import FormatError

    members = _decompress.members_of(source.read_at)
    if members is None:
        return None
    inner = _Unpacked(members, source)
    head = _decompress.head_of(inner.read_at, _HEADER_BYTES)
    if len(head) == _HEADER_BYTES and not head.startswith(b"go 1."):
        # As C has it. It would unpack again what is compressed twice, or say that it cannot.
        inner.find_damage()
        raise FormatError("bad file format: not a Go execution trace", "format")
    return inner


def source_of(src: object) -> Source:
    """The source for what a user gave `open`."""
    anything: Any = src
    if opens(src):
        return _of_opener(src)
    if isinstance(src, (str, os.PathLike)):
        return _of_path(src)
    try:
        view = memoryview(anything)
    except TypeError:
        pass
    else:
        return _Memory(view, type(src).__name__)
    if callable(getattr(src, "read", None)):
        return _of_file(anything)
    raise TypeError(
        "expected a path, a bytes-like object or a binary file object, "
        f"not {type(src).__name__}"
    )
