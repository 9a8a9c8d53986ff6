"""Compressed traces, by C and by Python's own means: both give the same."""

import bz2
import functools
import gzip
import importlib
import io
import lzma
import re
import subprocess
import sys
import warnings

import pytest
import tracereader
from corpus import trace_bytes
from tracereader import _decompress, _native


def _lz4(data):
    return pytest.importorskip("lz4.frame").compress(data)


def _zstd(data):
    for name in ("compression.zstd", "zstandard"):
        try:
            return importlib.import_module(name).compress(data)
        except ImportError:
            pass
    try:
        return subprocess.run(["zstd", "-qc"], input=data, capture_output=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("nothing here makes zstd")


PACK = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lambda data: lzma.compress(data, preset=1),
    "lz4": _lz4,
    "zstd": _zstd,
}


def test_formats():
    ours = {name for _, name, _ in _decompress._FORMATS}
    assert set(_native.tr_compressions().split()) <= ours == set(PACK)


def with_a_sum(form):
    """What packs in that format, with a checksum behind all."""
    if form == "zstd":
        return pytest.importorskip("zstandard").ZstdCompressor(write_checksum=True).compress
    if form == "lz4":
        return functools.partial(pytest.importorskip("lz4.frame").compress, content_checksum=True)
    return PACK[form]


#: Where the sum is, from the end: of bzip2 the last bits are padding; behind the sum of xz there is
#: an index, and its foot. Of all others it is the last.
OF_THE_SUM = {"bzip2": -3, "xz": -30}


@pytest.fixture(params=["C", "Python"])
def means(request, monkeypatch):
    monkeypatch.setattr(_decompress, "native_first", request.param == "C")
    return request.param


@pytest.fixture(params=list(PACK))
def form(request, means):
    """A format that can be read by these means."""
    if means == "C" and request.param not in _native.tr_compressions().split():
        pytest.skip("C was built without it")
    if means == "Python" and request.param == "lz4":
        pytest.importorskip("lz4.frame")
    if means == "Python" and request.param == "zstd":
        try:
            importlib.import_module("compression.zstd")
        except ImportError:
            pytest.importorskip("zstandard")
    return request.param


@pytest.fixture
def expected(annotations):
    with tracereader.open(annotations) as trace:
        assert trace.info.compression is None
        return list(trace)


class Stream(io.RawIOBase):
    """Can only be read on."""

    def __init__(self, data):
        self._data = io.BytesIO(data)

    def readable(self):
        return True

    def readinto(self, buffer):
        data = self._data.read(min(len(buffer), 777))
        buffer[: len(data)] = data
        return len(data)


@pytest.mark.parametrize("way", ["path", "bytes", "file", "stream"])
def test_every_way(form, way, annotations, expected, tmp_path):
    packed = PACK[form](annotations)
    path = tmp_path / "any.name"
    path.write_bytes(packed)
    src = {"path": path, "bytes": packed, "file": io.BytesIO(packed), "stream": Stream(packed)}[way]
    with tracereader.open(src) as trace:
        first, second = iter(trace), iter(trace)
        assert [next(first) for _ in range(10)] == expected[:10]
        assert list(second) == expected
        assert list(first) == expected[10:]
        assert trace.info.events == len(expected)
        assert trace.info.bytes == len(annotations)
        assert trace.info.compression == form
        assert f"compression: {form}" in repr(trace.info)
        assert trace.info.complete
        assert len(trace.events(columns="time").to_numpy()["time"]) == len(expected)
    with tracereader.open(packed, threads=2, spill_bytes=1000) as trace:
        assert list(trace) == expected


def test_members_and_padding(form, annotations, expected):
    half = len(annotations) // 2
    pack = PACK[form]
    whole = pack(annotations[:half]) + b"\0" * 5 + pack(b"") + pack(annotations[half:]) + b"\0" * 9
    with tracereader.open(whole) as trace:
        assert list(trace) == expected


SKIPPED = b"\x5a\x2a\x4d\x18\4\0\0\0abcd" + b"\x50\x2a\x4d\x18" + bytes(4)


@pytest.mark.parametrize("way", ["bytes", "stream"])
def test_frames_to_be_skipped(form, means, way, annotations, expected):
    """pzstd begins with one, and formats that can be sought in end with one."""
    pack = PACK[form]
    half = len(annotations) // 2
    large = b"\x50\x2a\x4d\x18" + (200_000).to_bytes(4, "little") + bytes(200_000)
    first, second = pack(annotations[:half]), pack(annotations[half:])
    source = {"bytes": bytes, "stream": Stream}[way]
    if form not in ("zstd", "lz4"):
        with tracereader.open(source(first + SKIPPED + second)) as trace:
            with pytest.raises(tracereader.CorruptError, match=f"{form} data is followed"):
                list(trace)
        with pytest.raises(tracereader.CorruptError, match="zstd data is followed"):
            tracereader.open(source(SKIPPED + first))
        return
    last = first + SKIPPED + second + SKIPPED + bytes(3)
    whole = SKIPPED + b"\0\0" + large + last
    for packed in (last, whole):
        with tracereader.open(source(packed)) as trace:
            assert list(trace) == expected
            assert trace.info.compression == form
            assert (trace._source.compression == form) == (means == "Python")
    for less in (4, 9, 10, 13, len(whole) - len(SKIPPED) + 1, len(whole) - 9):
        with pytest.raises(tracereader.TruncatedError, match="data ends in the middle"):
            with tracereader.open(source(whole[:-less])) as trace:
                list(trace)


def test_compressed_twice(form, annotations):
    for inner in (gzip.compress(annotations), b"PK\3\4" + bytes(50)):
        with pytest.raises(tracereader.FormatError, match="not a Go execution trace"):
            tracereader.open(PACK[form](inner))


@pytest.mark.parametrize("share", [0.3, 0.7, 0.99, 1])
def test_cut(form, share, annotations, expected):
    packed = PACK[form](annotations)
    cut = packed[: min(int(len(packed) * share), len(packed) - 1)]
    events = []
    with pytest.raises(tracereader.TruncatedError, match=f"the {form} data ends in the middle") as e:
        with tracereader.open(cut) as trace:
            for ev in trace:
                events.append(ev)
    assert e.value.offset <= len(annotations)
    if e.value.offset == len(annotations):  # the sum behind it was cut
        assert events[:-1] == expected[:-1]
    # A Sync stands before an error.
    assert events[:-1] == expected[: max(len(events) - 1, 0)]


def test_damaged_and_followed(form, annotations, expected):
    packed = PACK[form](annotations)
    events = []
    with tracereader.open(packed + b"more") as trace:
        with pytest.raises(tracereader.CorruptError, match=f"{form} data is followed") as e:
            for ev in trace:
                events.append(ev)
        assert e.value.code == "corrupt"
        assert events[:-1] == expected[:-1]
        assert not trace.info.complete
        assert "followed" in str(trace.info.error)
    for at in range(20, len(packed), len(packed) // 9):
        bent = bytearray(packed)
        bent[at] ^= 0x55
        try:
            with tracereader.open(bytes(bent)) as trace:
                list(trace)
        except tracereader.TraceError:
            pass


def test_a_wrong_sum_costs_nothing(form, annotations, expected):
    bent = bytearray(with_a_sum(form)(annotations))
    bent[OF_THE_SUM.get(form, -1)] ^= 1
    events = []
    with tracereader.open(bytes(bent)) as trace:
        with pytest.raises(tracereader.CorruptError, match=f"the {form} data is damaged") as e:
            for ev in trace:
                events.append(ev)
    assert e.value.offset == len(annotations)
    # A Sync stands before an error.
    assert events[:-1] == expected[:-1]


def damaged(form, data):
    """`data`, compressed, with damage here and there. Within a block of zstd one libzstd finds
    damage that another takes for data, but all know which types of blocks there are."""
    if form == "zstd":
        packed, places = bytearray(b"\x28\xb5\x2f\xfd\0\x58"), []
        for at in range(0, len(data), 300):
            block = data[at : at + 300]
            places.append(len(packed))
            packed += (len(block) << 3 | (at + 300 >= len(data))).to_bytes(3, "little") + block
    else:
        packed = PACK[form](data)
        places = range(30, len(packed), len(packed) // 12)
    for at in places:
        bent = bytearray(packed)
        bent[at] ^= 0x56  # a block's type becomes 3
        yield at, bytes(bent)


def ways_to_break(form, data):
    """A compressed trace with damage of each kind."""
    pack = with_a_sum(form)
    packed = pack(data)
    for at, bent in damaged(form, data):
        yield f"flip at {at}", bent
    for at in range(6, len(packed), len(packed) // 8):
        yield f"cut at {at}", packed[:at]
    for left in range(1, 14):
        bent = bytearray(packed)
        bent[-left] ^= 4
        yield f"flip at -{left}", bytes(bent)
        yield f"cut at -{left}", packed[:-left]
    yield "followed", packed + b"more"
    # Nothing wrong with what it is compressed to, until the end.
    other = bytearray(data)
    other[len(data) // 2] ^= 0x80
    for what, inner in (
        ("half", data[: len(data) // 2]),
        ("bent", bytes(other)),
        ("no trace", b"no trace at all " * 9999),
        ("no version", b"go 1.99 trace\0\0\0" + data[16:]),
    ):
        whole = bytearray(pack(inner))
        yield what, bytes(whole)
        yield what + ", cut", bytes(whole[:-1])
        yield what + ", followed", bytes(whole) + b"more"
        whole[OF_THE_SUM.get(form, -1)] ^= 1
        yield what + ", a wrong sum", bytes(whole)


def words(message):
    """What we say. Behind it stands what the library calls it, which may be another version of it
    for C than for Python."""
    return re.sub("(data is damaged): .*", r"\1", message)


def place(error):
    """All that an error tells; None if there is none."""
    return error and (type(error), error.code, error.offset, error.generation, words(error.message))


def told(path, strict):
    """What is read of a trace, and what is said to be wrong with it, in every way."""
    found = []
    scanned = tracereader.scan(path, strict=strict)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found.append(scanned.events(columns="time").count())
        found += [row._replace(message=words(row.message)) for row in scanned.errors]
    try:
        with tracereader.open(path, strict=strict) as trace:
            for all_of_it in (trace, trace.intervals()):
                try:
                    for row in all_of_it:
                        found.append(str(row))
                except tracereader.TraceError as e:
                    found.append(place(e))
            return *found, trace.info.events, place(trace.info.error)
    except tracereader.TraceError as e:
        return *found, place(e)


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("form", list(PACK))
def test_both_tell_the_same(form, strict, annotations, tmp_path, monkeypatch):
    if form not in _native.tr_compressions().split():
        pytest.skip("C was built without it")
    path = tmp_path / "broken"
    for what, broken in ways_to_break(form, annotations):
        path.write_bytes(broken)
        by = {}
        for native_first in (True, False):
            monkeypatch.setattr(_decompress, "native_first", native_first)
            by[native_first] = told(path, strict)
        if form == "bzip2" and by[True] != by[False]:
            # Of a block whose sum is wrong Python's module drops the last byte.
            ours, theirs = by[True][-1], by[False][-1]
            assert what.startswith("flip") and "is damaged" in ours[-1], what
            assert theirs == (*ours[:2], ours[2] - 1, *ours[3:]), what
        else:
            assert by[True] == by[False], what


def test_tables_have_what_precedes_damage(tmp_path):
    """Also where nothing else was asked for before."""
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(trace_bytes("go1.26-shop"))[:-70_000])
    code = """if True:
        import sys, tracereader
        from tracereader import _decompress
        _decompress.native_first = sys.argv[1] == "C"
        rows = 0
        try:
            with tracereader.open(sys.argv[2]) as trace:
                for batch in trace.events(columns="time").batches(100):
                    rows += batch.rows
        except tracereader.TraceError as e:
            print(rows, e)
    """
    answers = [
        subprocess.run(
            [sys.executable, "-c", code, means, path], capture_output=True, text=True, check=True
        ).stdout
        for means in ("C", "Python")
    ]
    assert answers[0] == answers[1] and "ends in the middle (at byte" in answers[0]


@pytest.mark.parametrize("form", ["gzip", "xz", "zstd"])
def test_damage_costs_what_is_behind_it(form, annotations, monkeypatch):
    """Python's means give as much as C, which gives all that is in front."""
    if form not in _native.tr_compressions().split():
        pytest.skip("C was built without it")
    if form == "zstd" and sys.version_info < (3, 14):
        pytest.importorskip("zstandard")
    for at, bent in damaged(form, annotations):
        found = []
        for native_first in (True, False):
            monkeypatch.setattr(_decompress, "native_first", native_first)
            try:
                with tracereader.open(bent, strict=False) as trace:
                    found.append((trace.info.events, trace.info.goroutines))
            except tracereader.TraceError:
                found.append("not opened")
        assert found[0] == found[1], at


def test_what_a_member_gave_before_damage():
    """Of a later member, of much that came of little, and more than once."""
    header = b"go 1.26 trace\0\0\0"
    first = gzip.compress(header) + bytes(3)
    second = bytearray(gzip.compress(bytes(3_000_000)))
    second[-1] ^= 1
    source = first + bytes(second)
    gzip_only = _decompress._FORMATS[:1]
    members = _decompress._Members(lambda at, size: source[at : at + size], gzip_only)
    given = bytearray()
    for _ in range(2):
        with pytest.raises(tracereader.CorruptError, match="incorrect length") as e:
            while True:
                piece = members.read(50_000)
                assert 0 < len(piece) <= 50_000
                given += piece
        assert e.value.offset == len(given) == len(header) + 3_000_000
    assert given == header + bytes(3_000_000)


def test_zstd_with_a_dictionary(means, annotations, monkeypatch):
    zstandard = pytest.importorskip("zstandard")
    samples = [annotations[at : at + 300] for at in range(0, len(annotations) - 300, 100)]
    known = zstandard.train_dictionary(2048, samples)
    packed = zstandard.ZstdCompressor(dict_data=known).compress(annotations)
    if means == "C":
        if "zstd" not in _native.tr_compressions().split():
            pytest.skip("C was built without it")
        monkeypatch.setitem(sys.modules, "zstandard", None)  # is not asked, nor missed
    with pytest.raises(tracereader.UnsupportedVersionError, match="asks for what is not supp") as e:
        tracereader.open(packed)
    assert e.value.code == "version"


def test_progress_counts_compressed_bytes(annotations):
    if "gzip" not in _native.tr_compressions().split():
        pytest.skip("C was built without it")
    packed = gzip.compress(annotations)
    for use in (list, lambda trace: trace.blocking(), lambda trace: trace.info.load()):
        told = []
        with tracereader.open(packed, progress=lambda *args: told.append(args)) as trace:
            use(trace)
        assert told[-1] == (len(packed), len(packed))


def test_what_is_missing_is_told(annotations, monkeypatch):
    monkeypatch.setattr(_decompress, "native_first", False)

    def nothing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", nothing)
    for head in (b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18"):
        with pytest.raises(tracereader.UnsupportedVersionError, match=r"tracereader\[compression\]"):
            tracereader.open(head + bytes(50))


def test_what_nobody_reads(means):
    if means == "C":
        with pytest.raises(tracereader.UnsupportedVersionError, match="zip"):
            tracereader.open(b"PK\3\4" + bytes(50))
    with pytest.raises(tracereader.TraceError):
        tracereader.open(b"BZ")


def test_c_falls_back_by_itself(annotations, expected, monkeypatch):
    """Where C says that it cannot read a format, Python does."""
    cursor = _native.trpy_open_memory

    def refuse(view, *args):
        if bytes(view[:2]) == b"\x1f\x8b":
            raise tracereader.UnsupportedVersionError("it is compressed with gzip", "version")
        return cursor(view, *args)

    monkeypatch.setattr(_native, "trpy_open_memory", refuse)
    monkeypatch.setattr(_native, "tr_compressions", lambda: "")
    with tracereader.open(gzip.compress(annotations)) as trace:
        assert list(trace) == expected
