#!/bin/sh
# Every trace in the folder that LEGACY_TRACES names is read to its end: traces of Go 1.5
# to 1.21, NAME.trace or NAME.trace.xz. Where NAME says that it is unordered, it is refused
# with nothing printed. Where Go is here, tests/oracle/difftest.py --traces compares them.
. "$(dirname "$0")/lib.sh"
[ -n "${LEGACY_TRACES-}" ] && [ -d "$LEGACY_TRACES" ] || {
    echo "skipped: LEGACY_TRACES names no folder of old traces"
    exit 77
}
for packed in "$LEGACY_TRACES"/*.trace "$LEGACY_TRACES"/*.trace.xz; do
    [ -f "$packed" ] || continue
    name=${packed##*/}
    case $name in
    *.xz)
        xz -dc "$packed" >"$work/trace" || {
            fail "$name cannot be unpacked"
            continue
        }
        ;;
    *) cat "$packed" >"$work/trace" ;;
    esac
    version=$(dd if="$work/trace" bs=1 skip=3 count=4 2>/dev/null)
    run events "$work/trace"
    case $name in
    *unordered*)
        same "$name: exit code" 1 "$code"
        same "$name: events" 0 "$(wc -l <"$work/out" | tr -d ' ')"
        holds "$name" "$work/err" "out of order"
        continue
        ;;
    esac
    same "$name: exit code" 0 "$code"
    same "$name: first event" "M=-1 P=-1 G=-1 Sync Time=-1 N=1" "$(head -n 1 "$work/out")"
    grep -c '^M=' "$work/out" >"$work/count"
    mv "$work/out" "$work/want"
    "$TRACEREADER" events - <"$work/trace" >"$work/out" 2>"$work/err"
    same_file "$name: through a pipe" "$work/want" "$work/out"
    run info "$work/trace"
    holds "$name: info" "$work/out" "go ${version%% *}"
    run wire "$work/trace"
    same "$name: wire" 0 "$code"
    run blocking "$work/trace"
    same "$name: blocking" 0 "$code"
done
finish
