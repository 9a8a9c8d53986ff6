"""Traces of Go 1.5 hold addresses, which binary= resolves by the program's executable."""

import os
import shutil
import subprocess
import sys

import pytest
import tracereader

SOURCE = """static int inner(void)
{
    return 3;
}
int main(void)
{
    return inner();
}
"""


def varint(value):
    out = b""
    while value >= 128:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def record(kind, *numbers):
    body = b"".join(map(varint, numbers))
    if kind != 3 and 2 <= len(numbers) <= 4:
        return bytes([kind | (len(numbers) - 2) << 6]) + body
    return bytes([kind | 3 << 6]) + varint(len(body)) + body


def trace_of(*addresses):
    """Goroutine 1 begins another, with a stack of these addresses."""
    return b"".join(
        [
            b"go 1.5 trace\0\0\0\0",
            record(1, 0, 0, 100),
            record(13, 1, 10, 1, addresses[0], 0),
            record(5, 1, 10, 7),
            record(14, 1, 10, 1),
            record(4, 1, 10, 1, 1),
            record(13, 1, 10, 2, addresses[0], 1),
            record(3, 1, len(addresses), *addresses),
            record(2, 1000000000, 0),
        ]
    )


def frames(data, **options):
    with tracereader.open(data, **options) as trace:
        created = next(e for e in trace if getattr(e, "from_state", None) == "NotExist")
        return [(f.function, os.path.basename(f.file), f.line) for f in created.stack]


def test_addresses_without_an_executable():
    assert frames(trace_of(0x10, 0x1234)) == [("0x10", "", 0), ("0x1234", "", 0)]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    compiler, nm = shutil.which("cc"), shutil.which("nm")
    if not compiler or not nm:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("binary")
    (folder / "prog.c").write_text(SOURCE)
    path = folder / "prog"
    flags = ["-g", "-O0", "-no-pie", "-fno-pie"]
    subprocess.run([compiler, *flags, "-o", path, "prog.c"], check=True, cwd=folder)
    listed = subprocess.run([nm, path], capture_output=True, text=True, check=True).stdout
    symbols = (line.split() for line in listed.splitlines())
    return path, {words[2]: int(words[0], 16) for words in symbols if len(words) == 3}


def test_an_executable_names_them(program):
    path, at = program
    data = trace_of(at["inner"] + 2, at["main"] + 2, 0x10)
    try:
        named = frames(data, binary=path)
    except ValueError as e:
        assert "built without libdw" in str(e)
        pytest.skip(str(e))
    assert named == [("inner", "prog.c", 2), ("main", "prog.c", 6), ("0x10", "", 0)]
    with tracereader.open(data, binary=str(path), threads=2) as trace:
        assert list(map(str, trace)) == list(map(str, trace))


@pytest.mark.parametrize("path", ["/nonexistent", __file__])
def test_what_is_no_executable(path):
    with pytest.raises(ValueError, match="binary "):
        tracereader.open(trace_of(0x10), binary=path)


def test_what_no_path_can_be():
    with pytest.raises(ValueError, match="binary: embedded null byte"):
        tracereader.open(trace_of(0x10), binary=sys.executable + "\0more")
