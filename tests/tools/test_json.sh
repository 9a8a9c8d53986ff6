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
        "blocking --json --by goroutine"; do
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
    for arguments in info blocking "blocking --by=function" "blocking --by=goroutine"; do
        # shellcheck disable=SC2086
        run $arguments "$file"
        [ -s "$work/out" ] && pass || fail "$arguments $file prints nothing"
    done
done
finish
