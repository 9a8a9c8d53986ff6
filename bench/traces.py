"""The traces to measure on: recorded ones, made if they are not there, and synthetic ones."""

import pathlib
import shutil
import sys
import tempfile
from typing import NamedTuple

import scaling

HERE = pathlib.Path(__file__).resolve().parent
ORACLE = HERE.parent / "tests" / "oracle"
sys.path.insert(0, str(ORACLE))
import record  # noqa: E402 - from there

MB = 1_000_000
GO = "1.26"


class Recorded(NamedTuple):
    """A trace of a program, whose arguments decide its size: some MB, or tens of them."""

    name: str
    program: pathlib.Path
    quick: tuple
    full: tuple
    go: str = GO

    def path(self, folder, quick):
        """Where it is. The name holds the arguments, so that others make another trace."""
        return folder / "-".join([self.name, *map(str, self.quick if quick else self.full)])


RECORDED = [
    Recorded("http", HERE / "programs/http/main.go", (2_000,), (50_000,)),
    Recorded("channels", HERE / "programs/channels/main.go", (35_000,), (800_000,)),
    Recorded("gc", HERE / "programs/gc/main.go", (3_000,), (40_000,)),
    Recorded("syscalls", HERE / "programs/syscalls/main.go", (80_000,), (2_500_000,)),
    Recorded("goroutines", ORACLE / "programs/goroutines/main.go", (10, 2_000), (250, 2_000)),
    Recorded("threads", HERE / "programs/threads/main.go", (20_000, 400), (500_000, 400)),
    Recorded("annotations", HERE / "programs/annotations/main.go", (5_000,), (150_000,)),
]

# The same of Go before 1.22, whose traces are of another format.
OLD = [
    Recorded("http-1.21", HERE / "programs/http/main.go", (2_000,), (25_000,), "1.21"),
    Recorded("channels-1.19", HERE / "programs/channels/main.go", (35_000,), (400_000,), "1.19"),
    Recorded("gc-1.21", HERE / "programs/gc/main.go", (3_000,), (20_000,), "1.21"),
    Recorded("syscalls-1.21", HERE / "programs/syscalls/main.go", (80_000,), (2_000_000,), "1.21"),
    Recorded("goroutines-1.19", ORACLE / "programs/goroutines/main.go", (10, 2_000), (120, 2_000),
             "1.19"),
    Recorded("threads-1.21", HERE / "programs/threads/main.go", (20_000, 400), (250_000, 400),
             "1.21"),
    Recorded("annotations-1.21", HERE / "programs/annotations/main.go", (5_000,), (80_000,),
             "1.21"),
]


def recorded(traces, folder, quick, only, say):
    """Those of the traces that are there, recorded first where they are not and their Go is:
    pairs of name and path."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [trace for trace in traces if not only or trace.name in only]
    for go in dict.fromkeys(trace.go for trace in wanted):
        missing = [trace for trace in wanted
                   if trace.go == go and not trace.path(folder, quick).exists()]
        tool = record.Toolchain(go)
        if not missing or not tool.present():
            continue
        with tempfile.TemporaryDirectory(prefix="bench-", dir=folder) as scratch:
            recorder = record.Recorder(tool, pathlib.Path(scratch), pathlib.Path(scratch), say=say)
            for trace in missing:
                say(f"recording {trace.name}")
                what = record.directives(trace.program)
                binary = recorder.build(trace.name, trace.program, what)
                if binary is None:
                    continue
                made = recorder.target(trace.name)
                size = trace.quick if quick else trace.full
                recorder.run(trace.name, [binary, made, *size], what)
                if made.exists():
                    shutil.move(made, trace.path(folder, quick))
    return [(trace.name, trace.path(folder, quick)) for trace in wanted
            if trace.path(folder, quick).exists()]


class Synthetic(NamedTuple):
    """A trace that scaling.py writes."""

    axis: str  # what it is one size of
    size: int
    arguments: dict

    @property
    def name(self):
        return f"{self.axis.replace(' ', '-')}-{self.size}"

    def make(self, folder):
        """Its path, written unless it is there; None if the disk has no room for it."""
        folder.mkdir(parents=True, exist_ok=True)
        words = [self.name, *(f"{key[0]}{value}" for key, value in sorted(self.arguments.items()))]
        path = folder / "-".join(words)
        if not path.exists():
            if shutil.disk_usage(folder).free < 3 * self.arguments.get("size", 0):
                return None
            partial = folder / "partial"
            scaling.write(partial, **self.arguments)
            partial.rename(path)
        return path


def by_axis(quick):
    """The axes along which cost an event is to stay what it is."""
    few, many = (100_000, 300_000) if quick else (400_000, 4_000_000)
    for axis, skew in ("threads", 16), ("threads in step", 0):
        for size in 4, 100, 1_000, 10_000:
            yield Synthetic(axis, size, {"threads": size, "goroutines": 1_000, "events": few,
                                         "skew": skew})
    for size in 2, 16, 64, 256:
        yield Synthetic("threads apart", size, {"threads": size, "goroutines": 4_096,
                                                "events": many // 2, "apart": True})
    for size in 10, 100, 1_000:
        yield Synthetic("blocked threads", size, {"threads": 4, "goroutines": 1_000,
                                                  "events": few // 4, "skew": 0, "blocked": size})
    for size in (10, 1_000, 100_000) if quick else (10, 1_000, 100_000, 1_000_000):
        yield Synthetic("goroutines", size, {"threads": 4, "goroutines": size, "events": many})


def by_length(quick):
    """The axis along which memory is to stay what it is."""
    for size in (2 * MB, 20 * MB) if quick else (10 * MB, 100 * MB, 1000 * MB):
        yield Synthetic("bytes", size, {"threads": 8, "goroutines": 1_000, "size": size})
