"""The recorded traces of tests/data, and what the reference says of them."""

import functools
import lzma
import os
import pathlib
import re
import unicodedata

import pytest

#: Elsewhere, if the package is tested far from its source.
DATA = pathlib.Path(
    os.environ.get("TRACEREADER_TEST_DATA")
    or pathlib.Path(__file__).resolve().parents[3] / "tests" / "data"
)


def goldens():
    """A dict for each line of GOLDENS: field name to text."""
    try:
        lines = (DATA / "GOLDENS").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    fields = lines[0].lstrip("# ").split("\t")
    return [dict(zip(fields, line.split("\t"))) for line in lines[1:]]


GOLDENS = goldens()
NAMES = [golden["name"] for golden in GOLDENS]
WHOLE = [golden["name"] for golden in GOLDENS if golden["error"] == "-"]
BROKEN = [golden["name"] for golden in GOLDENS if golden["error"] != "-"]
#: Small ones with different kinds of events, for tests that try many ways.
SAMPLES = [
    name
    for name in ("go1.26-annotations", "go1.26-gc", "go1.23-allocfree", "go1.22-network")
    if name in WHOLE
]


@functools.lru_cache(maxsize=8)
def trace_bytes(name):
    """The trace, unpacked."""
    if not NAMES:
        pytest.skip("tests/data is not here")
    return lzma.decompress((DATA / f"{name}.trace.xz").read_bytes())


@functools.cache
def oldest():
    """The versions of packages that the extras ask for at least."""
    try:
        extras = (pathlib.Path(__file__).resolve().parents[1] / "pyproject.toml").read_text()
    except FileNotFoundError:
        return {}
    return dict(re.findall(r'"(\w+)>=([\d.]+)', extras))


def library(name):
    """A package, of a version that reads every table whole; else the test is skipped."""
    return pytest.importorskip(name, minversion=oldest().get(name))


def go_quote(text):
    """A string as Go's %q prints it. Go's tables are of Unicode 15, Python's of later
    or earlier: newly assigned characters are not told apart here."""
    out = []
    short = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    short |= {"\v": "\\v", '"': '\\"', "\\": "\\\\"}
    for c in text:
        if c in short:
            out.append(short[c])
        elif c == " " or unicodedata.category(c)[0] in "LMNPS":
            out.append(c)
        elif c < " " or c == "\x7f":
            out.append(f"\\x{ord(c):02x}")
        elif ord(c) < 0x10000:
            out.append(f"\\u{ord(c):04x}")
        else:
            out.append(f"\\U{ord(c):08x}")
    return '"' + "".join(out) + '"'
