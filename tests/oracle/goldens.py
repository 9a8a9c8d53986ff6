#!/usr/bin/env python3
"""Make tests/data/GOLDENS and the event texts beside it, from the reference alone.

    goldens.py            write GOLDENS and NAME.events.txt
    goldens.py --check    say where they differ from what it would write

GOLDENS has a line a trace, fields separated by a tab, after a first line that
begins with `#` and names them:

    name         of the trace, without .trace.xz
    events       sha256 of `reference events`; up to the error, where it breaks
    events_lines number of lines of that text
    wire         sha256 of `go tool trace -d=wire`, up to the error likewise
    wire_lines   number of lines of that text
    accessors    sha256 of `reference accessors`, up to the error likewise
    blocked      transitions of a goroutine from running or syscall to waiting
    network      those of them whose reason says "network"
    error        the first line of the reference's error; `-` if it read it all
    count        number of events (one event may print several lines)
    wire_error   as error, of `go tool trace -d=wire`

Of traces before Go 1.22 Go prints no wire text: these fields are `-`, and 0 lines.

An event text is committed where it is small, but for the traces that were broken
on purpose (NAME has `-bent-` in it).
"""

import argparse
import hashlib
import lzma
import pathlib
import sys
import tempfile

import old
import oracle

DATA = oracle.HERE.parent / "data"
SUFFIX = ".trace.xz"
SMALL_TEXT = 30_000
FIELDS = ["name", "events", "events_lines", "wire", "wire_lines", "accessors",
          "blocked", "network", "error", "count", "wire_error"]


def listen(command, keep=0):
    """Run: (sha256, number of lines, error or -, up to `keep` bytes of text)."""
    digest = hashlib.sha256()
    count = 0
    text = b""
    with oracle.running(command) as (process, finish):
        while chunk := process.stdout.read(1 << 20):
            digest.update(chunk)
            count += chunk.count(b"\n")
            if len(text) < keep:
                text += chunk[:keep - len(text)]
        code, complaint = finish()
    error = "-"
    if code:
        error = complaint.splitlines()[0] if complaint else f"ended with {code}"
        error = error.removeprefix("error: ").replace("\t", " ")
    return digest.hexdigest(), count, error, text


def golden(where, trace):
    """The fields of one trace, and its event text if that is small, else None."""
    name = trace.name.removesuffix(".trace")
    events, events_lines, error, text = listen(where.command("events", trace), SMALL_TEXT + 1)
    accessors, count, same_error, _ = listen(where.command("accessors", trace))
    if error != same_error:
        raise AssertionError(f"{name}: {error!r}, but {same_error!r} with the accessors")
    wire, wire_lines, wire_error = "-", 0, "-"
    if oracle.header(trace) not in old.VERSIONS:
        wire, wire_lines, wire_error, _ = listen(where.command("wire", trace))
        older = where.older_wire(trace, wire_error)
        if older:
            wire, wire_lines, wire_error, _ = listen(older)
    blocked, network = listen(where.command("ratio", trace), 100)[3].split()
    fields = [name, events, events_lines, wire, wire_lines, accessors,
              blocked.decode(), network.decode(), error, count, wire_error]
    small = len(text) <= SMALL_TEXT and "-bent-" not in name
    return [str(field) for field in fields], text if small else None


def unpack(folder):
    """Every committed trace, unpacked into a folder; their paths."""
    traces = []
    for packed in sorted(DATA.glob("*" + SUFFIX)):
        path = pathlib.Path(folder) / packed.name.removesuffix(".xz")
        path.write_bytes(lzma.decompress(packed.read_bytes()))
        traces.append(path)
    return traces


def made(where, folder):
    """What the files should hold: {path: bytes}."""
    files = {}
    lines = ["# " + "\t".join(FIELDS)]
    for trace in unpack(folder):
        fields, text = golden(where, trace)
        lines.append("\t".join(fields))
        if text is not None:
            files[DATA / (fields[0] + ".events.txt")] = text
    files[DATA / "GOLDENS"] = ("\n".join(lines) + "\n").encode()
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="goldens-") as folder:
        try:
            files = made(oracle.Oracle(folder), folder)
        except oracle.Absent as absent:
            print(f"skipped: {absent}")
            return 77
    there = {*DATA.glob("*.events.txt"), *DATA.glob("GOLDENS")}
    wrong = 0
    for path in sorted(there | set(files)):
        old = path.read_bytes() if path.exists() else None
        new = files.get(path)
        if old == new:
            continue
        wrong += 1
        if args.check:
            print(f"differs: {path.name}")
            if path.name == "GOLDENS" and old:
                for line in sorted(set(old.splitlines()) ^ set(new.splitlines())):
                    print(" ", line.decode(errors="replace")[:200])
        elif new is None:
            path.unlink()
        else:
            path.write_bytes(new)
    print(f"{len(files)} files, {wrong} {'differ' if args.check else 'written'}")
    return 1 if args.check and wrong else 0


if __name__ == "__main__":
    sys.exit(main())
