#!/usr/bin/env python3
"""Compare info and blocking with the same worked out of the text of all events.

    check_analyses.py TRACEREADER TRACE EVENTS

EVENTS is what `tracereader events TRACE` prints. This knows nothing of the library:
it goes by the words of the definitions, slowly.
"""

import collections
import json
import re
import subprocess
import sys

EVENT = re.compile(r"M=(-?\d+) P=(-?\d+) G=(-?\d+) (\w+) Time=(-?\d+)")
TRANSITION = re.compile(r" (GoID|ProcID)=(\d+) (\w+)->(\w+) Reason=(.*)$")
CLOCK = re.compile(r" Trace=(-?\d+) Mono=\d+ Wall=(\S+)$")
EXECUTING = ("Running", "Syscall")


def read_events(path):
    """Yield (match, line, the frames of the transition's stack: a function, then its place)."""
    with open(path, encoding="utf-8", errors="replace", newline="\n") as f:
        lines = f.read().split("\n")
    starts = [i for i, line in enumerate(lines) if EVENT.match(line)] + [len(lines)]
    for a, b in zip(starts, starts[1:]):
        frames = []
        if "TransitionStack=" in lines[a + 1 : b]:
            at = lines.index("TransitionStack=", a) + 1
            while lines[at].startswith("\t"):
                function = re.match(r"\t(.*) @ 0x[0-9a-f]+$", lines[at]).group(1)
                frames.append((function, lines[at + 1][2:]))
                at += 2
        yield EVENT.match(lines[a]), lines[a], frames


def analyse(events):
    info = collections.Counter()
    kinds = collections.Counter()
    ids = {"GoID": set(), "ProcID": set(), "M": set()}
    times = []
    clock = None
    waits = {}
    blockings = []  # [reason, function, goroutine, frames, ns, open]
    for head, line, frames in events:
        thread, _, _, kind, time = head.groups()
        time = int(time)
        times.append(time)
        kinds[kind] += 1
        if thread != "-1":
            ids["M"].add(thread)
        if kind == "Sync" and clock is None and CLOCK.search(line):
            clock = CLOCK.search(line).groups()
        if kind != "StateTransition":
            continue
        what, number, old, new, reason = TRANSITION.search(line).groups()
        ids[what].add(number)
        if what != "GoID":
            continue
        if new != "Waiting" and number in waits:
            blocking = waits.pop(number)
            blocking[4] = time - blocking[4]
            blocking[5] = 0
        if new == "Waiting" and old in EXECUTING:
            function = frames[0][0] if frames else ""
            text = "".join(f"{function}\n\t{place}\n" for function, place in frames)
            waits[number] = [reason[1:-1], function, int(number), text, time, 1]
            blockings.append(waits[number])
    for blocking in waits.values():
        blocking[4] = times[-1] - blocking[4]
    info = {
        "events": len(times),
        "start_ns": times[0] if times else 0,
        "end_ns": times[-1] if times else 0,
        "duration_ns": times[-1] - times[0] if times else 0,
        "kinds": dict(kinds),
        "goroutines": len(ids["GoID"]),
        "procs": len(ids["ProcID"]),
        "threads": len(ids["M"]),
    }
    return info, clock, blockings


def expected_rows(blockings, by):
    position = {"reason": 0, "function": 1, "goroutine": 2, "frames": 3}[by]
    rows = collections.defaultdict(lambda: [0, 0, 0])
    for b in blockings:
        row = rows[b[position]]
        row[0] += 1
        row[1] += b[4]
        row[2] += b[5]
    all_ns = sum(b[4] for b in blockings)
    result = [
        {
            by: key,
            "count": count,
            "count_share": count / len(blockings),
            "total_ns": ns,
            "time_share": ns / all_ns if all_ns else None,
            "open": still,
        }
        for key, (count, ns, still) in rows.items()
    ]
    order = (lambda k: k.encode()) if by != "goroutine" else (lambda k: k)
    result.sort(key=lambda r: (-r["count"], -r["total_ns"], order(r[by])))
    return result


def main():
    command, trace, events_path = sys.argv[1:]
    info, clock, blockings = analyse(read_events(events_path))
    wrong = 0

    def compare(what, want, have):
        nonlocal wrong
        if want != have:
            wrong += 1
            print(f"{what}: want {want!r}, have {have!r}")

    def ask(*arguments):
        done = subprocess.run([command, *arguments, trace], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False)
        return json.loads(done.stdout), done.returncode

    have, code = ask("info", "--json")
    compare("info: keys", ["version", "bytes", "generations", "events", "start_ns", "end_ns",
                           "duration_ns", "wall_start", "kinds", "goroutines", "threads",
                           "procs", "complete", "error"], list(have))
    for key, value in info.items():
        compare(f"info: {key}", value, have[key])
    compare("info: complete", code == 0, have["complete"])
    compare("info: error", code != 0, have["error"] is not None)
    if have["error"]:
        compare("info: keys of error", ["code", "message", "offset", "generation"],
                list(have["error"]))
    if code == 0:
        with open(trace, "rb") as f:
            data = f.read()
        compare("info: bytes", len(data), have["bytes"])
        compare("info: version", data[:16].split(b" trace")[0].decode(), have["version"])
    told = have["error"]
    if clock is None:
        compare("info: wall_start", None, have["wall_start"])
    else:
        # To the second: that the rest is right shows where start_ns is the clock's time.
        compare("info: wall_start", True,
                re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", have["wall_start"])
                is not None)
        delta = wall_ns(have["wall_start"]) - wall_ns(clock[1])
        compare("info: wall_start's distance from the clock's", have["start_ns"] - int(clock[0]),
                delta)

    for by in ("reason", "function", "goroutine", "frames"):
        have, code = ask("blocking", "--json", f"--by={'stack' if by == 'frames' else by}")
        if by == "frames":  # a number has who has frames
            numbers = [row.pop("stack") for row in have["rows"]]
            compare("blocking by stack: numbers", [row["frames"] != "" for row in have["rows"]],
                    [number is not None for number in numbers])
        compare(f"blocking by {by}: keys",
                ["blocked", "rows"] if code == 0 else ["blocked", "error", "rows"], list(have))
        compare(f"blocking by {by}: error", told, have.get("error"))
        compare(f"blocking by {by}: blocked", len(blockings), have["blocked"])
        want = expected_rows(blockings, by)
        compare(f"blocking by {by}: number of rows", len(want), len(have["rows"]))
        for w, h in zip(want, have["rows"]):
            compare(f"blocking by {by}", w, h)
            compare(f"blocking by {by}: keys", list(w), list(h))
    return wrong != 0


def wall_ns(text):
    """Nanoseconds in the month; near enough for differences."""
    m = re.fullmatch(r"\d+-\d+-(\d+)T(\d+):(\d+):(\d+)(?:\.(\d+))?Z", text)
    d, h, minute, s = map(int, m.groups()[:4])
    return (((d * 24 + h) * 60 + minute) * 60 + s) * 10**9 + int((m.group(5) or "0").ljust(9, "0"))


if __name__ == "__main__":
    sys.exit(main())
