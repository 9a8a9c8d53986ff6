#!/usr/bin/env python3
"""Measure what reading traces costs, beside Go's own reader.

    bench/run.py [--build DIR] [--quick] [--rounds N] [--parts PART,...]
                 [--traces NAME,...] [--write]
    bench/run.py --report FILE [--write]

`make bench` builds what is needed and runs this; arguments go into BENCH, as in
`make bench BENCH=--quick`. By hand, DIR is the build folder, in which `make
bench-programs` was run.

The parts: works (each work on each recorded trace), scaling (synthetic traces of
many threads and goroutines) and length (synthetic traces of many bytes). Programs
take turns, and the fastest of the rounds counts. What was measured goes to
DIR/bench/results.jsonl, one JSON object a line, after one about the machine;
--report prints the tables of such a file. --write makes bench/RESULTS.md and its
plot. Traces are kept in DIR/bench/traces; recording them, and Go's reader, needs
Go 1.26.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import time

import report
import traces
from measure import Failed, Launcher, Work, rounds

import oracle  # tests/oracle, where traces looked already

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent


def say(text):
    print(text, file=sys.stderr, flush=True)


def output_of(*command, env=None):
    """What a program prints, or "" if there is none."""
    try:
        return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                              check=False, env=env).stdout.strip()
    except OSError:
        return ""


class Build:
    """A build folder and what was made in it."""

    def __init__(self, folder):
        self.folder = folder
        makefile = folder / "Makefile"
        if not makefile.exists():
            sys.exit(f"run.py: {folder} is not configured; see --build")
        self.variables = dict(re.findall(r"^(\w+) = (.*)$", makefile.read_text(), re.M))
        if "-fsanitize" in self.variables.get("CFLAGS", ""):
            sys.exit("run.py: programs with sanitizers would be measured; configure without them")
        for name in ("bench/launch", "bench/scan", "examples/blockratio", "examples/kinds"):
            if not (folder / name).exists():
                sys.exit(f"run.py: {folder / name} is missing; run make bench-programs there")
        self.stage = folder / "bindings" / "stage"
        self.env = oracle.environment()
        for name in ("GOGC", "GOMAXPROCS", "GOMEMLIMIT"):
            self.env.pop(name, None)
        self.env["PYTHONPATH"] = str(self.stage)
        self.env["LD_LIBRARY_PATH"] = str(folder / "libtracereader" / ".libs")

    @property
    def command(self):
        """The command itself: what stands in tools/ may be libtool's script around it."""
        names = ("tools/.libs/lt-tracereader", "tools/.libs/tracereader", "tools/tracereader")
        return next((path for name in names if (path := self.folder / name).exists()), None)

    def works(self, reference):
        """What is measured, in the order in which it is shown; without Go's reader if
        `reference` is None."""
        blockratio = self.folder / "examples" / "blockratio"

        def python(what):
            return sys.executable, HERE / "pyworks.py", what, "{}"

        ours = [
            Work("blockratio", (blockratio, "{}"), "ratio", answers=True),
            Work("blockratio --threads=2", (blockratio, "--threads=2", "{}"), "ratio",
                 answers=True),
            Work("blockratio, piped", (blockratio,), "ratio, piped", piped=True, answers=True),
        ]
        if self.command:
            ours.append(Work("tracereader events", (self.command, "events", "{}"), "events"))
        if self.stage.exists():
            ours.append(Work("Python blocking_ratio()", python("ratio"), "ratio", answers=True))
            ours.append(Work("Python batches()", python("batches"), "count", inside=True))
            for what, work, package in (
                ("to_numpy()", "columns", "numpy"),
                ("to_numpy(), each array", "arrays", "numpy"),
                ("to_pandas(), 3 columns", "pandas", "pandas"),
                ("to_arrow(), 3 columns", "pyarrow", "pyarrow"),
                ("to_polars(), 3 columns", "polars", "polars"),
            ):
                if output_of(sys.executable, "-c", f"import {package}; print(1)"):
                    ours.append(Work(f"Python {what}", python(work), "count", inside=True))
                else:
                    say(f"skipped: {what}: no {package}")
            ours += [
                Work("Python loop, 5 fields", python("loop"), "count", inside=True),
                Work("Python loop, stacks", python("stacks"), "count", inside=True),
                Work("Python list of events", python("list"), "count", inside=True),
            ]
        else:
            say("skipped: Python: configured without the package")
        ours.append(Work("varint scan", (self.folder / "bench" / "scan", "{}"), inside=True))
        peers = [
            Work("ratio", (reference, "ratio", "-text", "{}"), answers=True),
            Work("ratio, piped", (reference, "ratio", "-text", "-"), piped=True, answers=True),
            Work("events", (reference, "events", "{}")),
            Work("count", (reference, "count", "{}"), answers=True),
        ]
        return ours, peers if reference else []

    def about(self):
        """The machine and what was measured on it."""
        cpu = re.search(r"^model name\s*: (.*)$", output_of("cat", "/proc/cpuinfo"), re.M)
        compiler = self.variables.get("CC", "cc")
        module = re.search(r"golang.org/x/exp (\S+)",
                           (TOP / "tests" / "oracle" / "go.mod").read_text())
        version = output_of(self.command, "--version", env=self.env) if self.command else ""
        return {
            "date": time.strftime("%Y-%m-%d"),
            "commit": output_of("git", "-C", TOP, "describe", "--always", "--dirty") or "a release",
            "version": version.splitlines()[0] if version else "",
            "cpu": cpu[1] if cpu else platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "compiler": output_of(*compiler.split(), "--version").partition("\n")[0],
            "flags": self.variables.get("CFLAGS", ""),
            "Python": platform.python_version(),
            "Go": output_of("go", "env", "GOVERSION"),
            "Go's reader": f"golang.org/x/exp {module[1]}",
        }


class Bench:
    def __init__(self, build, reference, count, out):
        self.build = build
        self.count = count
        self.out = out
        self.launcher = Launcher(build.folder / "bench" / "launch", build.env)
        self.ours, self.peers = build.works(reference)
        self.results = []

    def measure(self, part, name, path, count, only=None, **more):
        """All works, or those in `only`, on one trace."""
        ours = [work for work in self.ours if not only or work.name in only]
        peers = [peer for peer in self.peers if peer.name in {work.peer for work in ours}]
        kinds = self.launcher.run(
            Work("kinds", (self.build.folder / "examples" / "kinds",), piped=True, answers=True),
            path)
        events = sum(int(line.split()[0]) for line in kinds.output.splitlines())
        say(f"{part}: {name}: {events:,} events, {path.stat().st_size:,} bytes")
        runs = rounds(self.launcher, peers + ours, path, count)
        self.check(name, events, ours, peers, runs)
        for work in ours:
            result = {"part": part, "trace": name, **more, "work": work.name, "events": events,
                      "bytes": path.stat().st_size, **taken(runs[work.name])}
            if work.peer in runs:
                result["peer"] = work.peer
                theirs = taken(runs[work.peer])
                if work.inside:
                    del result["cpu_seconds"], theirs["cpu_seconds"]  # of the whole process
                result.update({f"peer_{key}": value for key, value in theirs.items()})
            self.results.append(result)
            json.dump({**result, **report.derived(result)}, self.out)
            self.out.write("\n")
            self.out.flush()

    def check(self, name, events, ours, peers, runs):
        """A quick program with another answer is of no use."""
        answers = {peer.name: runs[peer.name][0].output for peer in peers if peer.answers}
        if int(answers.get("count", events)) != events:
            raise Failed(f"{name}: {events} events, Go has {answers['count'].strip()}")
        for work in ours:
            want = answers.get(work.peer)
            if work.answers and want and {run.output for run in runs[work.name]} != {want}:
                raise Failed(f"{name}: {work.name} answers {runs[work.name][0].output.strip()}, "
                             f"Go {want.strip()}")

    def run(self, parts, only, quick):
        folder = self.build.folder / "bench" / "traces"
        if "works" in parts:
            for name, path in traces.recorded(folder, quick, only, say):
                self.measure("works", name, path, self.count)
        if "scaling" in parts:
            for trace in traces.by_axis(quick):
                self.measure("scaling", trace.name, trace.make(folder), self.count,
                             only=["blockratio"], axis=trace.axis, size=trace.size)
        if "length" in parts:
            for trace in traces.by_length(quick):
                path = trace.make(folder)
                if path is None:
                    say(f"skipped: {trace.name}: no room on the disk")
                    continue
                self.measure("length", trace.name, path, 1, axis=trace.axis, size=trace.size,
                             only=["blockratio", "blockratio, piped"])
                if path.stat().st_size > 500 * traces.MB:
                    path.unlink()


def taken(runs):
    """Of the rounds of one work: all times, and the most of memory."""
    return {"seconds": [run.seconds for run in runs],
            "cpu_seconds": min(run.cpu_seconds for run in runs),
            "peak_bytes": max(run.peak_bytes for run in runs)}


def build_reference(folder):
    """Go's reader, or None where there is no Go 1.26."""
    try:
        return oracle.Oracle(folder).reference
    except oracle.Absent as absent:
        say(f"skipped: {absent}: no comparison with Go's reader, and no new recorded traces")
        return None


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path(), metavar="DIR",
                        help="the build folder (default: this one)")
    parser.add_argument("--quick", action="store_true", help="small traces and few rounds")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often (default: 5, or 3)")
    parser.add_argument("--parts", default=",".join(report.PARTS), metavar="PART,...",
                        help="only these of works, scaling, length")
    parser.add_argument("--traces", metavar="NAME,...", help="only these of the recorded traces")
    parser.add_argument("--write", action="store_true", help="make bench/RESULTS.md and its plot")
    parser.add_argument("--report", metavar="FILE", help="measure nothing, print what is in FILE")
    args = parser.parse_args()
    args.parts = args.parts.split(",")
    unknown = set(args.parts) - set(report.PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(unknown)}")
    return args


def main():
    args = arguments()
    if args.report:
        machine, results = report.load(args.report)
    else:
        build = Build(args.build.resolve())
        (build.folder / "bench").mkdir(exist_ok=True)
        out = build.folder / "bench" / "results.jsonl"
        count = args.rounds or (3 if args.quick else 5)
        machine = {"machine": build.about(), "rounds": count, "quick": args.quick}
        with open(out, "w", encoding="utf-8") as lines:
            json.dump(machine, lines)
            lines.write("\n")
            bench = Bench(build, build_reference(build.folder / "bench"), count, lines)
            try:
                bench.run(args.parts, args.traces and args.traces.split(","), args.quick)
            except Failed as failed:
                sys.exit(f"run.py: {failed}")
        results = bench.results
        say(f"written: {out}")
    print("\n".join(report.markdown(results)).rstrip())
    if args.write:
        report.write(machine, results, HERE)
        say(f"written: {HERE / 'RESULTS.md'} and results.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
