#!/bin/sh
# info and blocking, with --json and without: valid, with the right keys, and the same as
# what another program finds in the text of all events.
. "$(dirname "$0")/lib.sh"
need_trace
if [ -z "$python" ]; then
    echo "skipped: there is no Python"
    exit 77
fi

: >"$work/empty.trace"
for file in $traces $broken "$work/empty.trace"; do
    for arguments in "info --json" "blocking --json" "blocking --json --by=function" \
        "blocking --json --by goroutine" "blocking --json --by=stack" "blocking --json --by=task"; do
        # shellcheck disable=SC2086
        run $arguments "$file"
        "$python" -m json.tool <"$work/out" >/dev/null 2>"$work/invalid" && pass ||
            fail "$arguments $file: $(cat "$work/invalid")"
        same "$arguments $file: lines" 1 "$(wc -l <"$work/out" | tr -d ' ')"
    done
    run events "$file"
    mv "$work/out" "$work/events"
    if "$python" "$(dirname "$0")/check_analyses.py" "$TRACEREADER" "$file" "$work/events" \
        >"$work/out" 2>&1; then
        pass
    else
        fail "the numbers of $file are not those of its events:"
        sed 's/^/  /' "$work/out" | head -n 20
    fi
    for arguments in info blocking "blocking --by=function" "blocking --by=goroutine" \
        "blocking --by=stack" "blocking --by=task"; do
        # shellcheck disable=SC2086
        run $arguments "$file"
        if [ "$file" = "$work/empty.trace" ] && [ "$arguments" != info ]; then
            same "$arguments of no trace" "" "$(cat "$work/out")"
            continue
        fi
        [ -s "$work/out" ] && pass || fail "$arguments $file prints nothing"
        [ "$code" = 0 ] || holds "$arguments $file" "$work/out" "Complete      no: "
    done
done

# salvage_of: a key of the salvage in the last object printed.
salvage_of() {
    "$python" -c 'import json, sys
d = json.load(sys.stdin)
print(d["events"] == d["salvage"]["events"], d["complete"], d["salvage"][sys.argv[1]])' "$1" \
        <"$work/out"
}
for file in $traces; do
    run info --json --salvage "$file"
    same "info --salvage of a whole trace: exit code" 0 "$code"
    same "$file: nothing is lost" "True True 0" "$(salvage_of lost_bytes)"
    same "$file: no order is relaxed" "True True 0" "$(salvage_of relaxed)"
done
size=$(wc -c <"$trace")
head -c $((size * 2 / 3)) "$trace" >"$work/cut.trace"
printf 'lost' >>"$work/cut.trace"
for file in "$work/cut.trace" $broken; do
    run events "$file"
    strict=$(grep -c '^M=' "$work/out")
    run events --salvage "$file"
    same "events --salvage: exit code" 1 "$code"
    [ "$(grep -c '^M=' "$work/out")" -ge "$strict" ] && pass || fail "$file: fewer with --salvage"
    run info --json --salvage "$file"
    same "info --salvage of a broken trace: exit code" 1 "$code"
    same "$file: raw times" "True False 0" "$(salvage_of raw_time)"
    run info --salvage "$file"
    holds "info --salvage" "$work/out" "Lost bytes"
    run blocking --json --salvage "$file"
    same "blocking --salvage: exit code" 1 "$code"
done
finish
