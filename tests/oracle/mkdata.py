#!/usr/bin/env python3
"""Make the traces of tests/data, their README and their list of event types.

    mkdata.py TRACES      take them from the folder TRACES, recorded by record.py
    mkdata.py --readme    only write README and EVENTTYPES anew

Takes the traces of the programs in programs/, of every version there, and packs
them; cuts some; breaks some in ways that the reference tells apart (mutate.py),
one for each error; then writes README and EVENTTYPES. goldens.py comes after.
"""

import argparse
import collections
import lzma
import pathlib
import re
import sys
import tempfile
import textwrap

import difftest
import eventtypes
import goldens
import mutate
import oracle
import record

DATA = goldens.DATA
LARGEST = 400_000  # bytes, packed
# One of these is enough.
ONLY = {"shop": ["1.26"]}
# What to break: small, and together they reach most types.
FRAGILE = ["idle", "coroutines", "waits", "threads", "syscalls", "cgo", "annotations",
           "flight", "flight-xexp"]
FRAGILE_BYTES = 15_000
ATTEMPTS = 6000


def late(size):
    return size * 6 // 10


def early(size):
    return size // 3


LATE = "cut inside a later generation"
EARLY = "cut inside the first generation"
# name: (trace it is cut from, bytes to keep as a function of all bytes, what it shows)
CUTS = {
    "go1.22-cut-header": ("go1.22-idle", lambda size: mutate.HEADER, "nothing but a header"),
    "go1.26-cut-header": ("go1.26-idle", lambda size: mutate.HEADER, "nothing but a header"),
    "go1.26-cut-in-header": ("go1.26-idle", lambda size: 9, "not even a header"),
    "go1.26-cut-empty": ("go1.26-idle", lambda size: 0, "no byte at all"),
    "go1.22-cut-middle": ("go1.22-generations", late, LATE),
    "go1.23-cut-middle": ("go1.23-generations", late, LATE),
    "go1.24-cut-middle": ("go1.24-generations", late, LATE),
    "go1.25-cut-middle": ("go1.25-generations", late, LATE),
    "go1.26-cut-middle": ("go1.26-generations", late, LATE),
    "go1.22-cut-early": ("go1.22-annotations", early, EARLY),
    "go1.26-cut-early": ("go1.26-annotations", early, EARLY),
    "go1.24-cut-last-byte": ("go1.24-idle", lambda size: size - 1, "the last byte of the last table is missing"),
    "go1.25-cut-last-byte": ("go1.25-idle", lambda size: size - 1, "the last byte of the last batch is missing"),
    "go1.26-cut-before-end": ("go1.26-idle", lambda size: size - 1, "only its EndOfGeneration is missing"),
}


def pack(data):
    return lzma.compress(data, format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC64,
                         preset=9 | lzma.PRESET_EXTREME)


def put(name, data):
    packed = pack(data)
    if len(packed) > LARGEST:
        raise ValueError(f"{name}: {len(packed)} bytes packed")
    (DATA / (name + goldens.SUFFIX)).write_bytes(packed)


def programs():
    """Each program's name, and the first sentence of its comment."""
    found = {}
    for source in sorted((oracle.HERE / "programs").glob("*/main.go")):
        lines = source.read_text(encoding="utf-8").splitlines()
        end = next(i for i, line in enumerate(lines) if line.startswith("package "))
        begin = end
        while lines[begin - 1].startswith("//") and not lines[begin - 1].startswith("//record:"):
            begin -= 1
        paragraph = " ".join(line[2:].strip() for line in lines[begin:end]).strip()
        paragraph = re.split(r"\s{2,}", paragraph)[0]
        found[source.parent.name] = re.split(r"(?<=\.)\s", paragraph)[0]
    return found


def copy_recorded(traces):
    taken = {}
    for version in record.TOOLCHAINS:
        for program in programs():
            if version not in ONLY.get(program, [version]):
                continue
            name = f"go{version}-{program}"
            path = traces / (name + ".trace")
            if path.exists():
                taken[name] = path.read_bytes()
    return taken


def complaint(where, trace):
    """What the reference says against a trace, without its numbers and names."""
    error = goldens.listen(where.command("events", trace))[2]
    if error == "-" or error.startswith(("panic", "ended")):
        return None
    error = re.sub(r"(, |\s)?(new=|new \d|\{).*", "", error)
    error = re.sub(r'"[^"]*"', "", error)
    return re.sub(r"[^a-z]+", "-", re.sub(r"-?\d+", " ", error).lower()).strip("-")[:60].strip("-")


def broken(where, folder, intact):
    """{name: bytes}: for each complaint of the reference the smallest trace found."""
    pool = []
    for name, data in sorted(intact.items()):
        if name.split("-", 1)[1] in FRAGILE and len(data) <= FRAGILE_BYTES:
            path = folder / (name + ".trace")
            path.write_bytes(data)
            pool.append(path)
    found = {}
    wires = {}
    for seed in range(1, ATTEMPTS + 1):
        source = pool[seed // 2 % len(pool)]
        mutant = folder / f"mutant-{seed}.trace"
        if seed % 2:
            mutant.write_bytes(mutate.mutate(source.read_bytes(), seed))
        elif not difftest.bent(where, source, seed, mutant, wires):
            continue
        data = mutant.read_bytes()
        why = complaint(where, mutant)
        mutant.unlink()
        if why and (why not in found or len(data) < len(found[why][1])):
            found[why] = source.stem.split("-")[0], data
    return {f"{version}-bent-{why}": data for why, (version, data) in sorted(found.items())}


def make(traces):
    for old in DATA.glob("*" + goldens.SUFFIX):
        old.unlink()
    intact = copy_recorded(traces)
    for name, data in intact.items():
        put(name, data)
    for name, (source, keep, _) in CUTS.items():
        put(name, intact[source][:keep(len(intact[source]))])
    with tempfile.TemporaryDirectory(prefix="mkdata-") as folder:
        where = oracle.Oracle(folder)
        for name, data in broken(where, pathlib.Path(folder), intact).items():
            put(name, data)


def readme(folder):
    where = oracle.Oracle(folder)
    types = eventtypes.all_types(where)
    reached = {}
    for trace in goldens.unpack(folder):
        name = trace.name.removesuffix(".trace")
        if name.endswith("-legacy"):
            continue  # Go prints no records of these
        if "-cut-" not in name and "-bent-" not in name:
            reached[name] = eventtypes.count(where, trace)
        else:
            reached[name] = None
    with open(DATA / "EVENTTYPES", "w", encoding="utf-8") as out:
        out.write("# trace\ttype of record, in the order of their numbers, and how many of it\n")
        for name, counter in reached.items():
            if counter is not None:
                out.write("\t".join([name, *(f"{t}={counter[t]}" for t in types if counter[t])]) + "\n")
    (DATA / "README").write_text(text(where, reached, types), encoding="utf-8")


INTRODUCTION = """\
Recorded execution traces of Go programs, packed with xz -9e, and what the
reference reader says of them. Made by the scripts in tests/oracle (record.py,
mkdata.py, goldens.py) from the programs in tests/oracle/programs; nothing here
comes from libtracereader itself.

NAME.trace.xz    a trace; NAME is goVERSION-PROGRAM, by the version that wrote it
NAME.events.txt  what the reference prints of it, where that is short
GOLDENS          for each, sums of the reference's texts (columns: goldens.py)
EVENTTYPES       for each that is whole, the types of its records, and how many

go1.26-shop is the example that is installed with the library.

go1.19-legacy and go1.21-legacy are of the format before Go 1.22: what the reference says
of them is that of a copy which does not leave their order to chance (oracle.py).

The toolchains: %s,
all on linux/amd64, programs built with -trimpath. Go 1.24 writes the header of Go 1.23,
Go 1.27 that of Go 1.26. Of several recordings of a program, a small one that reaches
most types was taken; gcactive ran for 1.1 or 3.2 s.
"""

ABSENT = """\

Types that no program reaches, by version: where a version does not have them
(GoSwitch, GoSwitchDestroy, GoCreateBlocked, GoStatusStack, ExperimentalBatch and
the allocation events, from Span on, came with Go 1.23, Sync and ClockSnapshot with
Go 1.25, EndOfGeneration with Go 1.26), and %s.
"""


def text(where, reached, types):
    versions = [v for v in record.TOOLCHAINS if v >= "1.22"]
    newest = where.tool.go("env", "GOVERSION", cwd=tempfile.gettempdir()).stdout.strip()
    releases = ", ".join(newest if record.TOOLCHAINS[v] == "local" else record.TOOLCHAINS[v]
                         for v in record.TOOLCHAINS)
    parts = [INTRODUCTION % releases, "\nThe traces\n----------\n\n"]
    for program, comment in programs().items():
        mine = [v for v in versions if f"go{v}-{program}" in reached]
        if program == "legacy":
            mine = [v for v in record.TOOLCHAINS if v < "1.22"]
        if mine:
            parts.append(paragraph(f"{program} ({', '.join(mine)})", comment))
    parts.append("\nCut off:\n\n")
    for name, (source, _, what) in CUTS.items():
        parts.append(paragraph(name, f"of {source}: {what}."))
    bent = [name for name in reached if "-bent-" in name]
    parts.append(f"""
goVERSION-bent-WHY: {len(bent)} more, small ones of the above that were broken on purpose,
one for each error of the reference that was found that way (mutate.py). WHY is the
error, VERSION that of the trace it was made from.
""")

    parts.append("\nTypes of records\n----------------\n\n"
                 "How many records of each type the whole traces of each version hold, and the\n"
                 "smallest trace of the newest version that has one.\n\n")
    parts.append(f"{'':22}" + "".join(f"{v:>9}" for v in versions) + "\n")
    gaps = collections.defaultdict(list)
    for t in types:
        row = f"{t:22}"
        smallest = ""
        for v in versions:
            mine = {n: c for n, c in reached.items() if c is not None and n.startswith(f"go{v}-")}
            total = sum(c[t] for c in mine.values())
            row += f"{total or '-':>9}"
            if total:
                smallest = min((n for n in mine if mine[n][t]),
                               key=lambda n: (DATA / (n + goldens.SUFFIX)).stat().st_size)
            elif SINCE.get(t, "1.22") <= v:
                gaps[v].append(t)
        parts.append(f"{row}  {smallest}\n")
    missing = "; ".join(f"of Go {v}: {', '.join(names)}" for v, names in gaps.items()) or "no other"
    parts.append(ABSENT % missing)
    return "".join(parts)


def paragraph(title, body):
    return textwrap.fill(f"{title}: {body}", 80, subsequent_indent="    ", break_on_hyphens=False,
                         break_long_words=False) + "\n"


SINCE = {
    **dict.fromkeys(("GoSwitch", "GoSwitchDestroy", "GoCreateBlocked", "GoStatusStack",
                     "ExperimentalBatch", "Span", "SpanAlloc", "SpanFree",
                     "HeapObject", "HeapObjectAlloc", "HeapObjectFree",
                     "GoroutineStack", "GoroutineStackAlloc", "GoroutineStackFree"), "1.23"),
    **dict.fromkeys(("Sync", "ClockSnapshot"), "1.25"),
    "EndOfGeneration": "1.26",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("traces", nargs="?", type=pathlib.Path)
    parser.add_argument("--readme", action="store_true")
    args = parser.parse_args()
    if not args.traces and not args.readme:
        parser.error("TRACES, or --readme")
    try:
        if args.traces:
            make(args.traces)
        with tempfile.TemporaryDirectory(prefix="mkdata-") as folder:
            readme(folder)
    except oracle.Absent as absent:
        print(f"skipped: {absent}")
        return 77
    return 0


if __name__ == "__main__":
    sys.exit(main())
