#!/bin/sh
# events and wire are byte for byte what Go's own command prints.
. "$(dirname "$0")/lib.sh"
need_trace
has_go || {
    echo "skipped: Go 1.26 is not here"
    exit 77
}
for file in $traces $broken; do
    for pair in events:parsed wire:wire; do
        go tool trace -d="${pair#*:}" "$file" >"$work/want" 2>"$work/go.err"
        go_code=$?
        run "${pair%:*}" "$file"
        if [ "$go_code" -ne 0 ] && [ "$code" -eq 0 ]; then
            # Go 1.26 does not print the wire form of some events that Go 1.23 to 1.25
            # wrote, and prints nothing of other broken traces.
            skip "Go does not print $file as ${pair#*:}: $(head -n 1 "$work/go.err")"
            continue
        fi
        same_file "${pair%:*} $file" "$work/want" "$work/out"
        [ "$go_code" -ne 0 ] || same "${pair%:*} $file: exit code" 0 "$code"
    done
done
finish
