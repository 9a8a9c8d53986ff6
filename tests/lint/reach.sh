#!/bin/sh
# Each row of the event table is reached by a recorded trace of every Go version that
# has it. tests/data/EVENTTYPES lists what the traces hold, by the reference's own
# wire text. Of the table of old traces, which it has no text for, tests/unit/v1 says as much.
set -eu
cd "${top_srcdir:-.}"

awk '
FNR == NR {
    if (match($0, /^TRI_EVENT\([0-9]+, [A-Za-z]+, [0-9]+/)) {
        split(substr($0, RSTART + 10, RLENGTH - 10), row, /, */)
        since[row[2]] = row[3]
        if (!first || row[3] < first)
            first = row[3]
        if (row[3] > last)
            last = row[3]
        rows++
    }
    next
}
/^#/ { next }
{
    version = substr($1, 5, 2)
    for (i = 2; i <= NF; i++) {
        sub(/=.*/, "", $i)
        reached[version, $i] = 1
    }
    versions[version] = 1
}
END {
    if (rows < 60) { print "the event table could not be read: " rows " rows"; exit 1 }
    for (version = first; version <= last; version++)
        if (!((version "") in versions)) {
            print "there is no trace of Go 1." version " in tests/data"
            failed = 1
        }
    for (name in since)
        for (version in versions)
            # Go 1.24 writes the header of Go 1.23.
            if (version + 0 >= since[name] + 0 && !((version, name) in reached)) {
                print "no trace of Go 1." version " in tests/data reaches " name
                failed = 1
            }
    exit failed
}' libtracereader/spec/events.def tests/data/EVENTTYPES
