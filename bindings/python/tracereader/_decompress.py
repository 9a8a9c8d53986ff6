"""Decompression for a C library that was built without what a format needs.

Python's own modules do it, or the packages of the extra "compression". What they give is
spooled to an unnamed temporary file, which cursors then read.
"""

from __future__ import annotations

from . import _native
from ._errors import CorruptError, LimitError, TraceError, TruncatedError, UnsupportedVersionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    _Format = tuple[bytes, str, Callable[[], tuple[Callable[[], Any], type[Exception]]]]

#: Whether the C library may try first. Tests turn it off.
native_first = True

#: As in C.
_MAX_WINDOW_LOG = 27

_PIECE_BYTES = 64 << 10

#: What the modules say of limits, and of options and dictionaries that they do not have.
_TOO_LARGE = ("emory usage limit", "too much memory")
_UNSUPPORTED = ("nsupported", "ot supported", "Dictionary mismatch")


class _Gzip:
    """zlib with the interface of bz2.BZ2Decompressor, which all others have."""

    def __init__(self) -> None:
        import zlib

        self._z = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._z.eof

    @property
    def unused_data(self) -> bytes:
        return self._z.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        out = self._z.decompress(self._z.unconsumed_tail + data, max_length)
        self.needs_input = not self._z.unconsumed_tail and len(out) < max_length
        return out


class _Zstandard:
    """The package zstandard with that interface."""

    #: What is taken at once: a block of zstd takes four bytes or more of it, and gives at
    #: most 128 KiB.
    _STEP_BYTES = 512

    def __init__(self, zstandard: Any) -> None:
        frame = zstandard.ZstdDecompressor(max_window_size=1 << _MAX_WINDOW_LOG)
        self._z = frame.decompressobj()
        self._packed = memoryview(b"")
        self._out = memoryview(b"")

    @property
    def needs_input(self) -> bool:
        return not self._packed and not self._out

    @property
    def eof(self) -> bool:
        return not self._out and bool(self._z.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._z.unused_data) + bytes(self._packed)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        if data:
            self._packed = memoryview(data)
        while self._packed and not self._out and not self._z.eof:
            step, self._packed = self._packed[: self._STEP_BYTES], self._packed[self._STEP_BYTES :]
            self._out = memoryview(self._z.decompress(step))
        out, self._out = self._out[:max_length], self._out[max_length:]
        return bytes(out)


def _zlib_error() -> type[Exception]:
    import zlib

    return zlib.error


def _gzip() -> tuple[Callable[[], Any], type[Exception]]:
    return _Gzip, _zlib_error()


def _bzip2() -> tuple[Callable[[], Any], type[Exception]]:
    import bz2

    return bz2.BZ2Decompressor, OSError


def _xz() -> tuple[Callable[[], Any], type[Exception]]:
    import lzma

    limit = (1 << _MAX_WINDOW_LOG) + (4 << 20)
    return lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, limit), lzma.LZMAError


def _lz4() -> tuple[Callable[[], Any], type[Exception]]:
    import importlib

    frame = importlib.import_module("lz4.frame")
    return frame.LZ4FrameDecompressor, RuntimeError


def _zstd() -> tuple[Callable[[], Any], type[Exception]]:
    import importlib

    try:
        zstd: Any = importlib.import_module("compression.zstd")  # Python 3.14
    except ImportError:
        zstandard: Any = importlib.import_module("zstandard")
        return lambda: _Zstandard(zstandard), zstandard.ZstdError
    options = {zstd.DecompressionParameter.window_log_max: _MAX_WINDOW_LOG}
    return lambda: zstd.ZstdDecompressor(options=options), zstd.ZstdError


#: First bytes, name, and what gives a decompressor and its exception.
_FORMATS: tuple[_Format, ...] = (
    (b"\x1f\x8b\x08", "gzip", _gzip),
    (b"BZh", "bzip2", _bzip2),
    (b"\xfd7zXZ\0", "xz", _xz),
    (b"\x28\xb5\x2f\xfd", "zstd", _zstd),
    (b"\x04\x22\x4d\x18", "lz4", _lz4),
)

#: Those with frames to be skipped, which are the same: pzstd begins with one.
_WITH_SKIPPED = tuple(format for format in _FORMATS if format[1] in ("zstd", "lz4"))
_SKIPPED_MAGIC = b"\x50\x2a\x4d\x18"  # the first byte up to 0x5f
_SKIPPED_HEAD_BYTES = 8


def _may_be_skipped(head: bytes) -> bool:
    """Whether it is, or begins, the magic number of a frame to be skipped."""
    return _SKIPPED_MAGIC.startswith(bytes(byte & 0xF0 for byte in head[:1]) + head[1:4])


def _is_hungry(member: Any, made: bytes) -> bool:
    """Whether it needs more, having made that. Those of bz2 and lz4 say so while they still hold
    some of what they were given."""
    return bool(member.needs_input) and not made


class _Members:
    """Reads the members of a compressed trace one after the other, as in C: zeros after
    one are padding, anything else that is no further one is an error. Of several formats, all
    that have frames to be skipped, the first other member tells which it is."""

    #: Whether the data breaks a rule of its format, or a checksum is wrong.
    damaged = False

    def __init__(
        self,
        read_at: Callable[[int, int], bytes],
        formats: tuple[_Format, ...],
    ) -> None:
        self._read_at = read_at
        self._at = 0
        self._formats = formats
        self.name = formats[0][1]
        self._skips = formats[0] in _WITH_SKIPPED
        self._new: Callable[[], Any] | None = None
        self._error: type[Exception] = TraceError
        self._rest = b""
        self._member: Any = None
        self._hungry = True
        self._member_at = 0
        self._before = 0  # what members before this one gave
        self._piece = b""  # what the member got last
        self._rescued = b""
        self._given = 0
        self._failed: tuple[type[TraceError], str, str] | None = None

    def _more(self) -> bytes:
        data = bytes(self._read_at(self._at, _PIECE_BYTES))
        self._at += len(data)
        return data

    def _fail(self, what: str, code: str, cls: type[TraceError]) -> TraceError:
        """The exception to raise, now and each time that more is wanted."""
        self._failed = cls, f"the {self.name} data {what}", code
        return cls(self._failed[1], code, self._given)

    def _cut(self) -> TraceError:
        return self._fail("ends in the middle", "truncated", TruncatedError)

    def _fail_as(self, text: str) -> None:
        """Fail as a module did."""
        # Behind what the module was doing; those of bzip2 and xz do not say more than we do.
        doing, colon, why = text.rpartition(": ")
        why = colon + why if doing else ""
        if any(part in text for part in _TOO_LARGE):
            self._fail(f"needs too much memory: {text}", "limit", LimitError)
        elif any(part in text for part in _UNSUPPORTED):
            self._fail(f"asks for what is not supported{why}", "version", UnsupportedVersionError)
        else:
            self.damaged = True
            self._fail(f"is damaged{why}", "corrupt", CorruptError)

    def _fill(self, size: int, padding: bytes = b"") -> bool:
        """Have `size` bytes ahead, after what is padding. False: so many do not come."""
        rest = self._rest.lstrip(padding)
        while len(rest) < size:
            data = self._more()
            if not data:
                break
            rest = (rest + data).lstrip(padding)
        self._rest = rest
        return len(rest) >= size

    def _skip(self) -> None:
        """Drop a frame: a magic number, how many bytes follow, and those."""
        if not self._fill(_SKIPPED_HEAD_BYTES):
            raise self._cut()
        left = _SKIPPED_HEAD_BYTES + int.from_bytes(self._rest[4:_SKIPPED_HEAD_BYTES], "little")
        while left > len(self._rest):
            left -= len(self._rest)
            self._rest = self._more()
            if not self._rest:
                raise self._cut()
        self._rest = self._rest[left:]

    def _begin(self, format: _Format) -> None:
        if self._new is None:
            _, self.name, load = format
            try:
                self._new, self._error = load()
            except ImportError as e:
                raise UnsupportedVersionError(
                    f"it is compressed with {self.name}: "
                    "install tracereader[compression] to read that",
                    "version",
                ) from e
            self._formats = (format,)
        self._member = self._new()
        self._hungry = True
        self._member_at = self._at - len(self._rest)
        self._before = self._given

    def next(self) -> bool:
        """Begin the next member, if there is one. Raises UnsupportedVersionError if the package
        that is needed is not installed."""
        whole = self._fill(len(self._formats[0][0]), b"\0")
        while self._skips and whole and _may_be_skipped(self._rest):
            self._skip()
            whole = self._fill(len(self._formats[0][0]), b"\0")
        if not self._rest:
            return False
        for format in self._formats:
            if self._rest.startswith(format[0]):
                self._begin(format)
                return True
        begun = any(magic.startswith(self._rest) for magic, _, _ in self._formats)
        if begun or (self._skips and not whole and _may_be_skipped(self._rest)):
            raise self._cut()
        raise self._fail("is followed by something else", "corrupt", CorruptError)

    def _pieces_again(self) -> Iterator[bytes]:
        """What the member got, the last piece a byte at a time."""
        at, end = self._member_at, self._at - len(self._piece)
        while at < end:
            data = bytes(self._read_at(at, min(_PIECE_BYTES, end - at)))
            if not data:  # the file has changed
                return
            at += len(data)
            yield data
        for i in range(len(self._piece)):
            yield self._piece[i : i + 1]

    def _rescue(self) -> bytes:
        """What the call that failed had decompressed, and dropped: the member is decompressed
        again, at the end by so little that next to nothing is lost."""
        assert self._new is not None
        member, known, out = self._new(), self._given - self._before, bytearray()
        try:
            for data in self._pieces_again():
                hungry = False
                while not hungry and not member.eof:
                    made = member.decompress(data, min(known, _PIECE_BYTES) or 1)
                    hungry = _is_hungry(member, made)
                    data = b""
                    if known:
                        known -= len(made)
                    else:
                        out += made
        except self._error:
            pass
        return bytes(out)

    def _broken(self, size: int) -> bytes:
        """What is left in front of the error, at most `size` bytes; then raises that."""
        assert self._failed is not None
        out, self._rescued = self._rescued[:size], self._rescued[size:]
        self._given += len(out)
        if out:
            return out
        cls, message, code = self._failed
        raise cls(message, code, self._given)

    def read(self, size: int) -> bytes:
        """At most `size` bytes, at least one but at the end."""
        if self._failed is not None:
            return self._broken(size)
        while self._member is not None or self.next():
            member = self._member
            data = b""
            if self._hungry:
                data, self._rest = self._rest or self._more(), b""
                if not data:
                    raise self._cut()
                self._piece = data
            try:
                out: bytes = member.decompress(data, size)
            except self._error as e:
                self._rescued = self._rescue()
                self._fail_as(str(e))
                return self._broken(size)
            self._hungry = _is_hungry(member, out)
            if member.eof:
                self._rest = member.unused_data or b""  # lz4 gives None
                self._member = None
            self._given += len(out)
            if out:
                return out
        return b""


def head_of(read_at: Callable[[int, int], bytes], size: int) -> bytes:
    """The first `size` bytes, fewer only if there are no more."""
    head = b""
    while len(head) < size:
        data = bytes(read_at(len(head), size - len(head)))
        if not data:
            break
        head += data
    return head


def _formats_of(head: bytes) -> tuple[_Format, ...]:
    """What begins like this, of its first six bytes."""
    if len(head) >= len(_SKIPPED_MAGIC) and _may_be_skipped(head):
        return _WITH_SKIPPED
    return tuple(format for format in _FORMATS if head.startswith(format[0]))


def compression_of(head: bytes) -> str | None:
    """The name of what compressed a file that begins like this; None if nothing did."""
    return next((name for _, name, _ in _formats_of(head)), None)


def members_of(read_at: Callable[[int, int], bytes]) -> _Members | None:
    """What reads a trace that is compressed; None if it is not, or in a way that is not
    known, or that C knows. read_at(offset, size) gives the compressed bytes.

    Raises UnsupportedVersionError if the package that is needed is not installed, TraceError
    where the first member is broken.
    """
    formats = _formats_of(head_of(read_at, 6))
    native = _native.tr_compressions().split() if native_first else []
    if all(name in native for _, name, _ in formats):
        # None is known, or C read it, and what it did not like will not get better here.
        return None
    members = _Members(read_at, formats)
    members.next()
    return members
