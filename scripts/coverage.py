#!/usr/bin/env python3
"""How much of the library do its tests in C run? Lines and branches, by gcov.

    coverage.py [--build DIR] [--missing] [--jobs N]

Builds without optimization in build/coverage, runs the programs of tests/ and the fuzz
targets over their corpus, and prints a table by folder. --missing names the lines that did
not run, and those of which a branch was never or always taken. Ends with 1 below 95 % of
the lines or 85 % of the branches.
"""

import argparse
import collections
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
LINES, BRANCHES = 95, 85
FOLDERS = "unit api golden fault".split()


def run(command, where, **more):
    done = subprocess.run([str(word) for word in command], cwd=where, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout[-4000:]}")
    return done.stdout


def build(folder, jobs):
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "Makefile").exists():
        run([TOP / "configure", "--disable-python", "--disable-shared", "--disable-command",
             "CC=gcc", "CFLAGS=-O0 -g --coverage"], folder)
    run(["make", f"-j{jobs}"], folder)
    run(["make", f"-j{jobs}", "check", "TESTS="], folder)
    for old in folder.rglob("*.gcda"):
        old.unlink()


def run_tests(folder):
    env = dict(os.environ, top_srcdir=str(TOP), top_builddir=str(folder), TZ="UTC",
               CK_TIMEOUT_MULTIPLIER="20")
    count = 0
    for part in FOLDERS:
        for program in sorted((folder / "tests" / part).rglob("test_*")):
            if program.is_file() and os.access(program, os.X_OK) and not program.suffix:
                run([program], folder, env=env)
                count += 1
    run(["sh", TOP / "tests" / "fuzz" / "corpus.sh"], folder, env=env)
    return count


def counts(folder):
    """By file of the library: {line: times run}, {(line, number): times taken}."""
    lines = collections.defaultdict(collections.Counter)
    branches = collections.defaultdict(collections.Counter)
    library = TOP / "libtracereader"
    with tempfile.TemporaryDirectory() as name:
        for data in sorted(folder.rglob("*.gcda")):
            run(["gcov", "--json-format", "--branch-probabilities", data], name)
        for report in pathlib.Path(name).glob("*.gcov.json.gz"):
            with gzip.open(report) as f:
                said = json.load(f)
            for file in said["files"]:
                path = pathlib.Path(said["current_working_directory"], file["file"]).resolve()
                if library not in path.parents:
                    continue
                path = path.relative_to(library)
                for line in file["lines"]:
                    number = line["line_number"]
                    lines[path][number] += line["count"]
                    for i, branch in enumerate(line["branches"]):
                        branches[path][number, i] += branch["count"]
    return lines, branches


def share(table):
    """(reached, all) of counters."""
    return sum(1 for n in table if n), len(table)


def percent(pair):
    return f"{100 * pair[0] / pair[1]:5.1f} % of {pair[1]:5}" if pair[1] else "    -"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", type=pathlib.Path, default=TOP / "build" / "coverage")
    parser.add_argument("--missing", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    folder = args.build.resolve()
    build(folder, args.jobs)
    programs = run_tests(folder)
    lines, branches = counts(folder)
    if not lines:
        sys.exit("gcov tells of no line")

    parts = collections.defaultdict(lambda: ([], []))
    for path in lines:
        for key in (path.parts[0], "all"):
            parts[key][0].extend(lines[path].values())
            parts[key][1].extend(branches[path].values())
    print(f"{programs} programs, and the fuzz targets over their corpus\n")
    for key in [*sorted(set(parts) - {"all"}), "all"]:
        of_lines, of_branches = map(share, parts[key])
        print(f"{key:10} lines {percent(of_lines)}   branches {percent(of_branches)}")
    if args.missing:
        for path in sorted(lines):
            never = sorted(n for n, count in lines[path].items() if not count)
            half = sorted({n for (n, _), count in branches[path].items()
                           if not count and lines[path][n]})
            print(f"\n{path}\n  not run: {never}\n  one way only: {half}")
    of_lines, of_branches = map(share, parts["all"])
    enough = (100 * of_lines[0] >= LINES * of_lines[1] and
              100 * of_branches[0] >= BRANCHES * of_branches[1])
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
