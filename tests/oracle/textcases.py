#!/usr/bin/env python3
"""Take the traces in text form out of Go's own tests.

    textcases.py OUTDIR [--goroot GOROOT]

Go keeps its awkward cases as GOROOT/src/internal/trace/testdata/tests/NAME.test,
an archive of two parts, what to expect and the trace. This writes the trace to
OUTDIR/NAME.txt and prints a line each: NAME, then SUCCESS, or FAILURE and the
pattern of the error. Where a Go has no such tests, it prints a `skipped:` line
and ends with 77.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile


def parts(text):
    """The parts of a txtar archive, by name."""
    found = {}
    name = None
    for line in text.splitlines(keepends=True):
        marker = re.fullmatch(r"-- (\S.*?) --\s*", line)
        if marker:
            name = marker[1]
            found[name] = ""
        elif name is not None:  # before the first one stands a comment
            found[name] += line
    return found


def extract(goroot, out):
    """Write every case; a list of (path of the text, expectation)."""
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    cases = []
    folder = pathlib.Path(goroot) / "src" / "internal" / "trace" / "testdata" / "tests"
    for source in sorted(folder.glob("*.test")):
        case = parts(source.read_text(encoding="utf-8"))
        if set(case) != {"expect", "trace"}:
            raise ValueError(f"{source}: parts {', '.join(case)}")
        path = out / (source.stem + ".txt")
        path.write_text(case["trace"], encoding="utf-8")
        cases.append((path, case["expect"].strip().splitlines()[0]))
    return cases


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("outdir")
    parser.add_argument("--goroot", help="default: that of the go on the path")
    args = parser.parse_args()
    goroot = args.goroot
    if not goroot:
        try:
            goroot = subprocess.run(["go", "env", "GOROOT"], check=True, stdout=subprocess.PIPE,
                                    cwd=tempfile.gettempdir(), text=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            print("skipped: no Go")
            return 77
    cases = extract(goroot, args.outdir)
    if not cases:
        print("skipped: this Go has no traces in text form")
        return 77
    for path, expectation in cases:
        print(path.stem, expectation)
    return 0


if __name__ == "__main__":
    sys.exit(main())
