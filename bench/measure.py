"""Runs programs and tells what they took, in rounds where each has its turn."""

import contextlib
import os
import subprocess
import tempfile
from typing import NamedTuple


class Work(NamedTuple):
    """Something to be measured on a trace."""

    name: str
    command: tuple  # "{}" stands for the trace
    peer: str = ""  # the work of Go's reader that it is compared with
    piped: bool = False  # the trace comes through a pipe, not by its path
    inside: bool = False  # its output begins with the nanoseconds it took, measured by itself
    answers: bool = False  # its output is the answer, the same as its peer's


class Run(NamedTuple):
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: str


class Failed(Exception):
    """A program that was to be measured did not end well."""


class Launcher:
    """Starts programs through `launch`, whose own size does not count as theirs."""

    def __init__(self, launch, env):
        self.launch = str(launch)
        self.env = env

    def run(self, work, trace):
        command = [str(word).format(trace) for word in work.command]
        keep = work.inside or work.answers
        read, write = os.pipe()
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, read)
            out = stack.enter_context(tempfile.TemporaryFile()) if keep else subprocess.DEVNULL
            source = subprocess.DEVNULL
            if work.piped:
                feeder = stack.enter_context(
                    subprocess.Popen(["cat", str(trace)], stdout=subprocess.PIPE))
                source = feeder.stdout
            try:
                subprocess.run([self.launch, str(write), *command], env=self.env, stdin=source,
                               stdout=out, pass_fds=[write], check=False)
            finally:
                os.close(write)
            told = os.read(read, 1000).split()
            if len(told) != 4 or told[3] != b"0":
                status = told[3].decode() if told else "?"
                raise Failed(f"{' '.join(command)} ended with {status}")
            wall, cpu, peak = map(int, told[:3])
            output = ""
            if keep:
                out.seek(0)
                output = out.read().decode()
            if work.inside:
                wall = int(output.split()[0])
            return Run(wall / 1e9, cpu / 1e9, peak, output)


def rounds(launcher, works, trace, count):
    """Runs all works in turn, `count` times, every other time backwards, so that what
    disturbs a machine for a while disturbs all of them. A dict of name to list of runs."""
    runs = {work.name: [] for work in works}
    for n in range(count):
        for work in works if n % 2 == 0 else reversed(works):
            runs[work.name].append(launcher.run(work, trace))
    return runs
