#!/usr/bin/env python3
"""Write libtracereader/base/isprint_table.[ch] from the Unicode data.

    gen_isprint.py [--check] [UnicodeData.txt] [FOLDER]

The table holds what Go's strconv.IsPrint accepts beyond ASCII: letters, marks,
numbers, punctuation and symbols (general categories L, M, N, P, S). Spaces other
than U+0020, controls, format characters, surrogates, private use and unassigned
code points are not printable. Go's own tables are of Unicode 15.0, so the data
must be of that version: on Debian 12 the package unicode-data has it.

With --check nothing is written: exit 0 if the files in FOLDER are those the data
gives, 1 if they differ, 77 if the data is not there or of another version.
"""

import argparse
import pathlib
import re
import sys

VERSION = "15.0.0"
DEFAULT_DATA = "/usr/share/unicode/UnicodeData.txt"
DEFAULT_FOLDER = pathlib.Path(__file__).resolve().parent.parent / "libtracereader" / "base"

SKIPPED = 77

HEADER = """\
/* The ranges of printable code points beyond ASCII, of Unicode {version}.
 * Made by scripts/gen_isprint.py; do not edit. */
#ifndef TRI_BASE_ISPRINT_TABLE_H
#define TRI_BASE_ISPRINT_TABLE_H

#include <stdint.h>

/* Both ends belong to a range. */
struct tri_isprint_range {{
    uint32_t first, last;
}};

#define TRI_ISPRINT_COUNT {count}

/* Ascending, neither touching nor overlapping. */
extern const struct tri_isprint_range tri_isprint_ranges[TRI_ISPRINT_COUNT];

#endif
"""

SOURCE = """\
/* The ranges of printable code points beyond ASCII, of Unicode {version}.
 * Made by scripts/gen_isprint.py; do not edit.
 *
 * Invariant: ranges ascend and neither touch nor overlap, for binary search. */
#include "base/isprint_table.h"

/* clang-format off */
const struct tri_isprint_range tri_isprint_ranges[TRI_ISPRINT_COUNT] = {{
{rows}
}};
/* clang-format on */
"""


def data_version(data):
    """Tell the version of the data; UnicodeData.txt does not bear it, its neighbours do."""
    for name in ("DerivedAge.txt", "Blocks.txt", "PropList.txt"):
        try:
            first = (data.parent / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found = re.match(r"# \w+-(\d+\.\d+\.\d+)\.txt", first)
        if found:
            return found.group(1)
    return None


def printable_ranges(text):
    """Return [first, last] lists of printable code points from U+0080 on."""
    ranges = []
    start = None
    for line in text.splitlines():
        fields = line.split(";")
        code, name, category = int(fields[0], 16), fields[1], fields[2]
        if name.endswith(", First>"):
            start = code
            continue
        first = start if name.endswith(", Last>") else code
        start = None
        if category[0] not in "LMNPS" or code < 0x80:
            continue
        if ranges and ranges[-1][1] + 1 == first:
            ranges[-1][1] = code
        else:
            ranges.append([first, code])
    return ranges


def rows(ranges, per_line):
    cells = [f"{{0x{a:05x}, 0x{b:05x}}}," for a, b in ranges]
    lines = (cells[i : i + per_line] for i in range(0, len(cells), per_line))
    return "\n".join("    " + " ".join(line) for line in lines)


def generate(text):
    """Return the files' contents by name."""
    ranges = printable_ranges(text)
    values = {"version": VERSION, "count": len(ranges), "rows": rows(ranges, 4)}
    return {
        "isprint_table.h": HEADER.format(**values),
        "isprint_table.c": SOURCE.format(**values),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("data", nargs="?", default=DEFAULT_DATA, type=pathlib.Path)
    parser.add_argument("folder", nargs="?", default=DEFAULT_FOLDER, type=pathlib.Path)
    args = parser.parse_args()

    found = data_version(args.data) if args.data.exists() else None
    if found != VERSION:
        print(f"{args.data}: Unicode data of version {VERSION} wanted, found {found or 'none'}")
        return SKIPPED if args.check else 1

    differing = 0
    for name, content in generate(args.data.read_text(encoding="ascii")).items():
        path = args.folder / name
        if not args.check:
            path.write_text(content, encoding="ascii")
        elif not path.exists() or path.read_text(encoding="ascii") != content:
            print(f"{path} is not what the data gives; run {pathlib.Path(__file__).name}")
            differing = 1
    return differing


if __name__ == "__main__":
    sys.exit(main())
