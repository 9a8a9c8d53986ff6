#!/usr/bin/env python3
"""Say which types of wire records each trace reaches, and which none does.

    eventtypes.py [--summary] TRACE...

The list of types is Go's own (GOROOT/src/internal/trace/tracev2), the counts come
from `go tool trace -d=wire`. Without --summary: one line a trace, of NAME and the
types in the order of their numbers. With it: what summary() returns, as text.
"""

import argparse
import collections
import re
import sys
import tempfile

import oracle


def all_types(where):
    """Every name of a type of record, in the order of their numbers."""
    source = (where.tool.root() / "src" / "internal" / "trace" / "tracev2" / "events.go").read_text()
    numbered = re.findall(r"^\tEv(\w+)", source, re.M)  # the const blocks come first
    named = re.findall(r'Name:\s+"(\w+)"', source)
    return [name for name in dict.fromkeys(numbered) if name in named]


def count(where, trace):
    """A Counter of the types in one trace (up to where it breaks)."""
    found, complaint = tally(where.command("wire", trace))
    older = where.older_wire(trace, complaint)
    return tally(older)[0] if older else found


def tally(command):
    found = collections.Counter()
    with oracle.running(command) as (process, finish):
        for line in process.stdout:
            if not line.startswith(b"\t"):
                found[line.split(None, 1)[0].decode()] += 1
        return found, finish()[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("traces", nargs="+")
    parser.add_argument("--summary", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        where = oracle.Oracle(folder)
        types = all_types(where)
        reached = {}
        for trace in args.traces:
            reached[trace] = count(where, trace)
            if not args.summary:
                print(trace, *(t for t in types if reached[trace][t]), flush=True)
        if args.summary:
            for name in types:
                some = [t for t in reached if reached[t][name]]
                print(f"{name:24}{len(some):5}  {' '.join(some[:6])}")
        unknown = set().union(*reached.values()) - set(types)
        if unknown:
            print("not in the list:", *sorted(unknown))
    return 0


if __name__ == "__main__":
    sys.exit(main())
