#!/bin/sh
# docs/FORMAT.md tells of each event type what the event table says: number, name, first
# version and arguments; and of each kind how it is printed.
set -eu
cd "${top_srcdir:-.}"

awk '
function complain(text) {
    print text
    failed = 1
}
# Of a type, as its line tells it: in a column, or else once for all of the table.
function first_version(name, told) {
    if (since_column)
        return told == "" ? 22 : told
    if (!table_since)
        table_since = since[name]
    return table_since
}
FILENAME ~ /events.def$/ {
    if (/^TRI_EVENT\(/)
        row = ""
    row = row $0
    if (row !~ /^TRI_EVENT\(.*\)$/)
        next
    split(substr(row, 11), cell, /, */)
    name = cell[2]
    number[name] = cell[1]
    since[name] = cell[3]
    arguments[name] = ""
    while (match(row, /\([A-Z0-9]+, [a-z_]+\)/)) {
        split(substr(row, RSTART + 1, RLENGTH - 2), cell, ", ")
        if (cell[2] != "dt")
            arguments[name] = arguments[name] ", " cell[2]
        row = substr(row, RSTART + RLENGTH)
    }
    arguments[name] = arguments[name] == "" ? "none" : substr(arguments[name], 3)
    next
}
FILENAME ~ /names.c$/ {
    in_kinds = /tri_event_kind_names/ || (in_kinds && !/;$/)
    if (in_kinds && match($0, /NAME\("[A-Za-z]+"/))
        kinds[substr($0, RSTART + 6, RLENGTH - 7)] = ++kind_count
    next
}
!/^\|/ { table = "" }
/^\| (No\. \| Name|Kind) \|/ {
    table = $2
    since_column = $6 == "Since"
    table_since = ""
    next
}
table == "Kind" {
    split($0, cell, / *\| */)
    count = split(cell[2], printed, ", ")
    for (i = 1; i <= count; i++)
        delete kinds[printed[i]]
}
table == "No." && !/^\|-/ {
    split($0, cell, / *\| */)
    name = cell[3]
    if (!(name in number)) {
        complain("docs/FORMAT.md has " name " twice, or spec/events.def has not")
        next
    }
    if (first_version(name, cell[4]) != since[name])
        complain("docs/FORMAT.md should say of " name ": since " since[name])
    told = cell[since_column ? 5 : 4]
    sub(/, then .*/, "", told)
    sub(/^dt, /, "", told)
    if (cell[2] != number[name] || told != arguments[name])
        complain("docs/FORMAT.md should say: | " number[name] " | " name " | " arguments[name])
    delete number[name]
}
END {
    for (name in number)
        complain("docs/FORMAT.md has no line: | " number[name] " | " name " | " arguments[name])
    if (!kind_count)
        complain("the names of kinds could not be read")
    delete kinds["Bad"] # which nothing becomes
    for (kind in kinds)
        complain("docs/FORMAT.md does not say how a " kind " is printed (10.1.1)")
    exit failed
}' libtracereader/spec/events.def libtracereader/event/names.c docs/FORMAT.md
