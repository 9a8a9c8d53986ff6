#!/bin/sh
# The gate: how many instructions blockratio takes for an event, on recorded traces, may
# not grow by more than 3 % over bench/gate.baseline. Instructions, unlike times, are nearly
# the same in each run and under any load. bench/gate.sh [--update]; 77 if skipped.
#
# What the start of the process takes is measured on a trace that is a header and nothing
# else, and taken off; what libc does for us stays in. The program is built here with flags
# of its own, so that a configuration changes nothing; another compiler or libc would, so
# that the baseline says whose it is and is not compared with others. Which memcpy libc
# chooses by the CPU changes the counts by less than 0.5 %.
set -u
cd "$(dirname "$0")/.." || exit 99
baseline=bench/gate.baseline
allowed=3
# By their nature: a collector at work, procs that come and go, a web shop with annotations.
traces='go1.26-gcactive go1.24-procs go1.26-shop'

skip() {
    echo "skipped: $*"
    exit 77
}
for tool in gcc valgrind xz; do
    command -v "$tool" >/dev/null 2>&1 || skip "no $tool"
done
version=$(gcc -dumpversion)
here="gcc ${version%%.*}, $(uname -m), $(getconf GNU_LIBC_VERSION 2>/dev/null || echo "no glibc")"
there=$(sed -n 's/^# counted with //p' "$baseline" 2>/dev/null)
[ "${1-}" = --update ] || [ "$here" = "$there" ] ||
    skip "here is $here, the baseline is of ${there:-nothing}"

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
gcc -std=gnu11 -O2 -ffp-contract=off -fno-jump-tables -pthread -Ilibtracereader -Ilibtracereader/include \
    libtracereader/*/*.c examples/blockratio.c -o "$work/blockratio" || exit 99

# instructions TRACE
instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$work/blockratio" --threads=1 "$1" \
        >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        exit 99
    }
    awk '/Collected *:/ { print $NF; found = 1 } END { exit !found }' "$work/log"
}

printf 'go 1.26 trace\0\0\0' >"$work/trace"
start=$(instructions "$work/trace") || exit 99
passed=0 failed=0
echo "# counted with $here" >"$work/baseline"
for name in $traces; do
    xz -dc "tests/data/$name.trace.xz" >"$work/trace" || exit 99
    # The first column of GOLDENS is the trace's name, the tenth its number of events.
    events=$(awk -F'\t' -v name="$name" '$1 == name { print $10 }' tests/data/GOLDENS)
    count=$(instructions "$work/trace") || exit 99
    now=$(awk -v n="$count" -v start="$start" -v events="$events" \
        'BEGIN { printf "%.1f", (n - start) / events }')
    echo "$name $now" >>"$work/baseline"
    before=$(awk -v name="$name" '$1 == name { print $2 }' "$baseline" 2>/dev/null)
    [ "${1-}" != --update ] || before=${before:-$now}
    awk -v name="$name" -v now="$now" -v before="${before:-0}" -v allowed="$allowed" 'BEGIN {
        change = before > 0 ? 100 * (now / before - 1) : 0
        printf "%s: %.1f instructions an event, the baseline is %.1f: %+.1f %%\n",
               name, now, before, change
        if (change < -allowed)
            print "better: bench/gate.sh --update makes it the baseline"
        exit before <= 0 || change > allowed
    }' && passed=$((passed + 1)) || failed=$((failed + 1))
done
if [ "${1-}" = --update ]; then
    cp "$work/baseline" "$baseline" && echo "written: $baseline"
    exit
fi
[ "$failed" = 0 ] || echo "more than $allowed % more: if it is worth it, bench/gate.sh --update"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
