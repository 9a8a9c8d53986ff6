#!/usr/bin/env python3
"""Compare the command tracereader with the reference, byte for byte.

    difftest.py TRACEREADER TEXT2TRACE [--full] [--keep DIR] [--traces DIR]
                [--accessors PROGRAM]
    difftest.py TRACEREADER TEXT2TRACE --mutate N [--seed S] [--traces DIR] [--keep DIR]

TRACEREADER is the command to test, TEXT2TRACE a program that is called as
`TEXT2TRACE IN.txt OUT.trace` and turns Go's text form of a trace into the binary
one (`-`: there is none, Go's own is used and not compared).

Without --mutate, the traces are: what record.py records here and now with every
version of Go that can be had (--full: its long list), or those in --traces DIR
(*.trace, *.trace.xz); the committed ones in tests/data; Go's own test cases in
text form, and the bytes that TEXT2TRACE makes of these; and those that ties.py makes,
of which only events are compared. For each:

    events      TRACEREADER events FILE       standard output and verdict
    pipe        TRACEREADER events -          the same (traces under 1 MB)
    wire        TRACEREADER wire FILE         standard output and verdict
    ratio       TRACEREADER blocking --json   transitions, and those on the network
                (pipe and ratio not of those in tests/data)
    accessors   PROGRAM FILE                  if given: `reference accessors`

The verdict is the exit code: 0 whole, 1 broken; any other is a failure. Where the
reference itself panics, what it printed before must come first, and the verdict
may be either.

With --mutate N, a whole trace under 64 KB (of tests/data, or of --traces DIR) is
broken N times as mutate.py does from the seeds S, S+1, ... (its bytes where the seed
is odd, its batches where it is divisible by four, else its records; those of traces
before Go 1.22 as old.py does), and events and wire are compared.

--keep DIR keeps what was recorded, and every input that failed.

A line for each mismatch, with the first lines that differ; then
`N passed, N failed, N skipped`. Exit code 0, 1 if anything failed, 77 where Go
1.26 is missing, 2 usage.
"""

import argparse
import contextlib
import json
import lzma
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

import goldens
import mutate
import old
import oracle
import record
import textcases
import ties

CHUNK = 1 << 18
SHOWN = 300
TIMEOUT = 1800
TIES, TIES_FULL = 60, 1000
MUTANT_TIMEOUT = 60
SMALL = 64 << 10
PIPED = 1 << 20


class TooLate(Exception):
    """Ours did not end in time, and the reference does."""


class Streams:
    """The first difference of two outputs, read side by side."""

    def __init__(self):
        self.line = 1
        self.tail = b""  # of the line both are in

    def compare(self, ours, theirs):
        """None if equal to the end, else (our line, their line); None for a
        line stands for the end of the output."""
        while True:
            a, b = ours.read(CHUNK), theirs.read(CHUNK)
            if a == b:
                if not a:
                    return None
                self.advance(a)
                continue
            same = len(os.path.commonprefix([a, b]))
            self.advance(a[:same])
            return self.show(a[same:]), self.show(b[same:])

    def advance(self, text):
        self.line += text.count(b"\n")
        self.tail = (self.tail + text).rpartition(b"\n")[2] if b"\n" in text else self.tail + text
        self.tail = self.tail[-SHOWN:]

    def show(self, rest):
        if not rest and not self.tail:
            return None
        return (self.tail + rest.partition(b"\n")[0])[:SHOWN].decode("utf-8", "replace")


class Tester:
    def __init__(self, where, ours, keep, timeout=TIMEOUT):
        self.where = where
        self.ours = ours
        self.keep = keep
        self.timeout = timeout
        self.passed = self.failed = self.skipped = 0

    def ok(self):
        self.passed += 1

    def fail(self, what, trace, why):
        self.failed += 1
        print(f"FAILED {what} {trace.name}: {why}", flush=True)
        if self.keep and trace.exists():
            with contextlib.suppress(shutil.SameFileError):
                shutil.copy(trace, self.keep / trace.name)

    def skip(self, why):
        self.skipped += 1
        print(f"skipped: {why}", flush=True)

    def both(self, ours, theirs, stdin=None):
        """Run both; (difference, where, our code, their code, their complaint)."""
        late = threading.Event()

        def stop():
            late.set()
            a.kill()
            b.kill()

        with oracle.running(ours, stdin) as (a, a_ends), oracle.running(theirs) as (b, b_ends):
            timer = threading.Timer(self.timeout, stop)
            timer.start()
            try:
                streams = Streams()
                difference = streams.compare(a.stdout, b.stdout)
                while difference and difference[1] is None and a.stdout.read(CHUNK):
                    pass  # the reference has ended: hear out ours, for its code
                code_a, _ = a_ends()
                code_b, complaint = b_ends()
            finally:
                timer.cancel()
        if late.is_set():
            self.late(theirs)
        return difference, streams.line, code_a, code_b, complaint

    def late(self, theirs):
        """Out of time, and both are dead: whose fault was it?"""
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run([str(word) for word in theirs], env=oracle.environment(), timeout=self.timeout,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            raise TooLate
        raise oracle.Absent(f"the reference takes more than {self.timeout} s")

    def compare(self, what, trace, ours, theirs, stdin=None):
        """One comparison of outputs and verdicts."""
        difference, line, mine, its, complaint = self.both(ours, theirs, stdin)
        first = complaint.partition("\n")[0][:SHOWN]
        if what == "wire":
            newest = self.where.command("wire", trace)
            older = self.where.older_wire(trace, complaint) if theirs == newest else None
            if older:
                return self.compare(what, trace, ours, older, stdin)
            if theirs != newest and difference == (None, "") and mine == 1:
                difference, its = None, 1  # an older Go prints a type without a name, as nothing
        panicked = its == 3 and what != "wire"
        if panicked and difference and difference[1] is None:
            difference = None
        if difference:
            a, b = ("the end" if text is None else repr(text) for text in difference)
            self.fail(what, trace, f"line {line}: reference {b}, ours {a}")
        elif its not in (0, 1) and not panicked:
            self.skip(f"{what} {trace.name}: the reference ended with {its}: {first}")
        elif mine not in (0, 1) or (mine != its and not panicked):
            self.fail(what, trace, f"exit code: reference {its} ({first or 'fine'}), ours {mine}")
        else:
            self.ok()

    def guarded(self, what, trace, *commands, **more):
        try:
            self.compare(what, trace, *commands, **more)
        except oracle.Absent as absent:
            self.skip(f"{what} {trace.name}: {absent}")
        except TooLate:
            self.fail(what, trace, f"takes more than {self.timeout} s, the reference does not")

    def events(self, trace):
        self.guarded("events", trace, [self.ours, "events", trace], self.where.command("events", trace))

    def pipe(self, trace):
        cat = subprocess.Popen(["cat", str(trace)], stdout=subprocess.PIPE)
        try:
            self.guarded("pipe", trace, [self.ours, "events", "-"],
                         self.where.command("events", trace), stdin=cat.stdout)
        finally:
            cat.stdout.close()
            cat.wait()

    def wire(self, trace):
        if oracle.header(trace) in old.VERSIONS:
            return  # Go prints no records of these
        self.guarded("wire", trace, [self.ours, "wire", trace], self.where.command("wire", trace))

    def accessors(self, trace, program):
        self.guarded("accessors", trace, [program, trace], self.where.command("accessors", trace))

    def ratio(self, trace):
        theirs = subprocess.run(self.where.command("ratio", trace), env=oracle.environment(),
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        want = tuple(int(word) for word in theirs.stdout.split())
        if theirs.returncode == 3 or len(want) != 2:
            return
        ours = subprocess.run([self.ours, "blocking", "--json", str(trace)], env=oracle.environment(),
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            answer = json.loads(ours.stdout)
            network = sum(row["count"] for row in answer["rows"] if "network" in row["reason"])
            have = answer["blocked"], network
        except (ValueError, KeyError, TypeError) as wrong:
            self.fail("ratio", trace, f"exit code {ours.returncode}, unusable output: {wrong!r}")
            return
        if have != want:
            self.fail("ratio", trace, f"reference {want[0]} {want[1]}, ours {have[0]} {have[1]}")
        elif ours.returncode != theirs.returncode:
            self.fail("ratio", trace, f"exit code: reference {theirs.returncode}, ours {ours.returncode}")
        else:
            self.ok()

    def everything(self, trace, program=None, known=False):
        if not referred_to(trace):
            self.skip(f"{trace.name}: the reference does not read this version")
            return
        self.events(trace)
        self.wire(trace)
        if not known:
            if trace.stat().st_size < PIPED:
                self.pipe(trace)
            self.ratio(trace)
        if program:
            self.accessors(trace, program)

    def text_cases(self, converter, folder):
        """Go's own cases: convert each, compare the bytes, give the traces."""
        cases = textcases.extract(self.where.tool.root(), folder)
        if not cases:
            self.skip("this Go has no traces in text form")
        traces = []
        for text, _ in cases:
            trace = text.with_suffix(".trace")
            subprocess.run([self.where.text2trace, text, trace], check=True)
            traces.append(trace)
            if converter is None:
                continue
            mine = text.with_suffix(".ours")
            ran = subprocess.run([converter, text, mine], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True)
            if ran.returncode:
                self.fail("text2trace", text, f"exit code {ran.returncode}: {ran.stderr[:SHOWN]}")
            elif mine.read_bytes() != trace.read_bytes():
                self.fail("text2trace", text, "not the bytes that Go writes")
            else:
                self.ok()
        return traces

    def mutants(self, traces, count, seed, folder):
        pool = [path for path in traces if path.stat().st_size <= SMALL
                and "-bent-" not in path.name and "-cut-" not in path.name and referred_to(path)]
        if not pool:
            self.skip("no trace is small enough to break")
            return
        wires = {}
        for i in range(seed, seed + count):
            source = pool[i // 2 % len(pool)]
            mutant = folder / f"{source.stem}-mutant-{i}.trace"
            if i % 2:
                mutant.write_bytes(mutate.mutate(source.read_bytes(), i))
            elif i % 4 == 0 and oracle.header(source) not in old.VERSIONS:
                mutant.write_bytes(mutate.deal(source.read_bytes(), i))
            elif not bent(self.where, source, i, mutant, wires):
                continue
            self.events(mutant)
            self.wire(mutant)
            mutant.unlink()

    def ties(self, count, folder):
        for seed in range(count):
            path = folder / f"ties-{seed}.trace"
            path.write_bytes(ties.trace(seed))
            self.events(path)
            path.unlink()


def referred_to(trace):
    """Whether the reference reads traces with this header; if it is none, it says so."""
    version = oracle.header(trace)
    return version not in old.VERSIONS or version in old.READ_BY_REFERENCE


def bent(where, source, seed, mutant, wires):
    """Write the trace `source` with its records bent; False if that cannot be.
    `wires` keeps the text of each source."""
    if oracle.header(source) in old.VERSIONS:
        version, records = old.parse(source.read_bytes())
        mutant.write_bytes(old.write(version, old.bend(version, records, seed)))
        return True
    if source not in wires:
        ran = subprocess.run(where.command("wire", source), env=oracle.environment(),
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        wires[source] = ran.stdout.decode() if ran.returncode == 0 else ""
    text = mutate.bend(oracle.header(source), wires[source], seed)
    if text is None:
        return False
    path = mutant.with_suffix(".txt")
    path.write_text(text, encoding="utf-8")
    ran = subprocess.run([where.text2trace, path, mutant], stderr=subprocess.DEVNULL)
    path.unlink()
    return ran.returncode == 0


def unpacked(source, folder):
    """The traces in a folder; packed ones are unpacked elsewhere."""
    traces = []
    for path in sorted(pathlib.Path(source).iterdir()):
        if path.name.endswith(".trace.xz"):
            path, packed = folder / path.name.removesuffix(".xz"), path
            path.write_bytes(lzma.decompress(packed.read_bytes()))
        if path.suffix == ".trace":
            traces.append(path)
    return traces


def test(args, where, scratch):
    tester = Tester(where, args.tracereader, args.keep,
                    MUTANT_TIMEOUT if args.mutate else TIMEOUT)
    data = scratch / "data"
    data.mkdir()
    if args.mutate:
        traces = unpacked(args.traces or goldens.DATA, data)
        tester.mutants(traces, args.mutate, args.seed, scratch)
        return tester
    recorded = args.keep or scratch / "recorded"
    if args.traces:
        traces = unpacked(args.traces, scratch)
    else:
        traces = record.record(recorded, list(record.TOOLCHAINS), args.full, say=lambda text: tester.skip(
            text.removeprefix("skipped: ")))
    traces += tester.text_cases(args.text2trace, scratch / "text")
    for trace in traces:
        tester.everything(trace, args.accessors)
    for trace in unpacked(goldens.DATA, data):  # tests/golden has the rest
        tester.everything(trace, args.accessors, known=True)
    tester.ties(TIES_FULL if args.full else TIES, scratch)
    return tester


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("tracereader", metavar="TRACEREADER")
    parser.add_argument("text2trace", metavar="TEXT2TRACE")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--keep", metavar="DIR", type=pathlib.Path)
    parser.add_argument("--traces", metavar="DIR", type=pathlib.Path)
    parser.add_argument("--accessors", metavar="PROGRAM")
    parser.add_argument("--mutate", metavar="N", type=int, default=0)
    parser.add_argument("--seed", metavar="S", type=int, default=1)
    args = parser.parse_args()
    if args.text2trace == "-":
        args.text2trace = None
    for name in ("tracereader", "text2trace", "accessors"):
        program = getattr(args, name)
        if program is None:
            continue
        found = shutil.which(program)
        if not found:
            parser.error(f"{program} is not a program")
        setattr(args, name, os.path.abspath(found))
    if args.traces and not args.traces.is_dir():
        parser.error(f"{args.traces} is not a folder")
    if args.keep:
        args.keep.mkdir(parents=True, exist_ok=True)

    with tempfile.TemporaryDirectory(prefix="difftest-") as scratch:
        try:
            where = oracle.Oracle(scratch)
            where.command("events", "-"), where.command("wire", "-"), where.text2trace
        except oracle.Absent as absent:
            print(f"skipped: {absent}")
            return 77
        tester = test(args, where, pathlib.Path(scratch))
    print(f"{tester.passed} passed, {tester.failed} failed, {tester.skipped} skipped")
    return 1 if tester.failed else 0


if __name__ == "__main__":
    sys.exit(main())
