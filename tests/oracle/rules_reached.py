#!/usr/bin/env python3
"""Which error returns of the reference do the cases of tests/golden/rules_*.txt reach?

    rules_reached.py TEST_RULES

TEST_RULES is the program tests/golden/test_rules. The reference is built so that it
counts what runs of it; every line of its reader that makes or passes on an error must
have run, or be in UNREACHED with the reason. Ends with 1 where one is in neither.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

import oracle

PACKAGE = "golang.org/x/exp/trace"
FILES = ("base.go batch.go batchcursor.go event.go generation.go order.go reader.go "
         "internal/version/version.go").split()
# In event.go only what reading calls: the rest makes events, or is misuse of accessors.
EVENT_CHECKS = "func (e Event) validateTableIDs"
ERROR = re.compile(r"\breturn\b.*\berr\b|Errorf|errors\.New|panic\(")

# Reason, then where: file, and a part of the line or of the five lines before it.
UNREACHED = {
    "the header was checked before": [
        ("base.go", 'panic(fmt.Sprintf("unsupported version'),
        ("reader.go", "unknown or unsupported version go 1."),
    ],
    "who calls it looks for this before": [
        ("generation.go", "internal error: "),
        ("generation.go", "batch header"),
        ("generation.go", "addExperimentalBatch(g.expBatches, b); err != nil"),
        ("order.go", "expected no thread but had one"),
        ("order.go", "expected no proc but had one"),
        ("reader.go", "internal error: "),
        ("reader.go", "frontier is empty"),
    ],
    "reading from memory, of which something is left, does not fail": [
        ("batch.go", "copying batch data"),
        ("generation.go", "copying string data"),
        ("generation.go", "ev, err := r.ReadByte()"),
    ],
    "each PC of a stack gets a frame when the stack is read": [
        ("generation.go", "found unknown pc"),
    ],
    "a thread gets a proc only by records that make the proc's state, which stays": [
        ("order.go", "uninitialized proc"),
        ("order.go", "found invalid proc"),
    ],
    "it never fails": [
        ("order.go", "gState.beginRegion("),
        ("reader.go", "panic(\"invariant violation"),
    ],
    "of traces before Go 1.22": [
        ("reader.go", "tracev1.Parse("),
        ("reader.go", "r.v1Events.lastTs+1"),
    ],
}


def counts(profile):
    """How often each line ran, by (file, line): that of the smallest block it is in."""
    lines = {}
    for text in profile.splitlines():
        found = re.match(PACKAGE + r"/(\S+):(\d+)\.\d+,(\d+)\.\d+ \d+ (\d+)", text)
        if not found:
            continue
        first, last, count = int(found[2]), int(found[3]), int(found[4])
        for line in range(first, last + 1):
            key = found[1], line
            size, most = lines.get(key, (last - first, 0))
            if last - first < size or key not in lines:
                lines[key] = last - first, count
            elif last - first == size:
                lines[key] = size, max(most, count)
    return {key: count for key, (_, count) in lines.items()}


def reason_for(name, lines, at):
    near = "\n".join(lines[max(at - 5, 0):at + 1])
    for reason, places in UNREACHED.items():
        if any(name == file and part in near for file, part in places):
            return reason
    return None


def main():
    test_rules = pathlib.Path(sys.argv[1]).resolve()
    env = dict(os.environ, top_srcdir=str(oracle.HERE.parent.parent))
    with tempfile.TemporaryDirectory(prefix="reached-") as name:
        folder = pathlib.Path(name)
        for part in ("rules", "counts"):
            (folder / part).mkdir()
        try:
            where = oracle.Oracle(folder)
            packages = f"./cmd/reference,{PACKAGE},{PACKAGE}/internal/version"
            program = where._built("counting", "-cover", f"-coverpkg={packages}",
                                   "./cmd/reference", cwd=oracle.HERE)
        except oracle.Absent as absent:
            print(f"skipped: {absent}")
            return 77
        source = pathlib.Path(where.tool.go("list", "-f", "{{.Dir}}", PACKAGE,
                                            cwd=oracle.HERE).stdout.strip())
        subprocess.run([test_rules, "--dump", folder / "rules"], check=True, env=env)
        env["GOCOVERDIR"] = str(folder / "counts")
        cases = sorted((folder / "rules").iterdir())
        for case in cases:
            for what in ("events", "accessors"):
                subprocess.run([program, what, case], env=env, check=False,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        profile = folder / "profile"
        where.tool.go("tool", "covdata", "textfmt", f"-i={folder / 'counts'}", f"-o={profile}",
                      cwd=oracle.HERE)
        ran = counts(profile.read_text(encoding="utf-8"))

    reached, explained, open_ends = 0, {}, []
    for name in FILES:
        lines = (source / name).read_text(encoding="utf-8").splitlines()
        start = 0
        if name == "event.go":
            start = next(i for i, line in enumerate(lines) if line.startswith(EVENT_CHECKS))
        for i, line in enumerate(lines[start:], start):
            if not ERROR.search(line):
                continue
            if ran.get((name, i + 1), 0):
                reached += 1
            elif reason := reason_for(name, lines, i):
                explained[reason] = explained.get(reason, 0) + 1
            else:
                open_ends.append(f"{name}:{i + 1}: {line.strip()}")
    print(f"{len(cases)} cases reach {reached} error returns of the reference; not reached:")
    for reason, count in explained.items():
        print(f"  {count}: {reason}")
    for place in open_ends:
        print(f"  {place}")
    return 1 if open_ends or not reached else 0


if __name__ == "__main__":
    sys.exit(main())
