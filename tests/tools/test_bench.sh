#!/bin/sh
# What bench/run.py makes of measured times: the least of the rounds counts, ratios are of
# two such, and means are geometric.
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"
[ -n "$python" ] || {
    echo "skipped: there is no Python"
    exit 77
}
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

# Ratios of 2 and 8, 20 and 5 ns an event; the disturbed rounds of 9 and 7 seconds are not
# to be seen. The work without a peer has no ratio.
cat >"$work/results.jsonl" <<'END'
{"machine": {}, "rounds": 3}
{"part": "works", "trace": "a", "work": "read", "events": 100000000, "bytes": 400000000, "seconds": [9, 2, 3], "cpu_seconds": 1, "peak_bytes": 3000000, "peer_seconds": [5, 4, 7], "peer_cpu_seconds": 4, "peer_peak_bytes": 8000000}
{"part": "works", "trace": "b", "work": "read", "events": 100000000, "bytes": 100000000, "seconds": [0.5, 9], "cpu_seconds": 0.5, "peak_bytes": 2000000, "peer_seconds": [4], "peer_cpu_seconds": 4.5, "peer_peak_bytes": 9000000}
{"part": "works", "trace": "a", "work": "floor", "events": 100000000, "bytes": 400000000, "seconds": [1], "peak_bytes": 1000000}
{"part": "works", "trace": "b", "work": "floor", "events": 100000000, "bytes": 100000000, "seconds": [0.25], "peak_bytes": 1000000}
{"part": "old", "trace": "o", "work": "read", "events": 1000000, "bytes": 5000000, "seconds": [0.1], "cpu_seconds": 0.05, "peak_bytes": 4000000, "peer_seconds": [0.6], "peer_cpu_seconds": 0.5, "peer_peak_bytes": 30000000}
{"part": "scaling", "trace": "t-100", "axis": "threads", "size": 100, "work": "read", "events": 1000, "bytes": 5000, "seconds": [0.003, 0.004], "peak_bytes": 3000000, "peer_seconds": [0.012], "peer_peak_bytes": 8000000}
{"part": "scaling", "trace": "t-4", "axis": "threads", "size": 4, "work": "read", "events": 2000, "bytes": 9000, "seconds": [0.004], "peak_bytes": 3000000, "peer_seconds": [0.006], "peer_peak_bytes": 8000000}
{"part": "length", "trace": "l", "axis": "bytes", "size": 10000000, "work": "piped", "events": 1000000, "bytes": 12000000, "seconds": [0.05], "peak_bytes": 4500000}
END
code=0
"$python" "$top_srcdir/bench/run.py" --report "$work/results.jsonl" >"$work/out" 2>"$work/err" ||
    code=$?
same "exit code" 0 "$code"
same "messages" "" "$(cat "$work/err")"

# row CELL...: a table has this row.
tr -s ' ' <"$work/out" >"$work/rows"
row() {
    line="|"
    for cell in "$@"; do
        line="$line $cell |"
    done
    if grep -qxF -e "$line" "$work/rows"; then
        pass
    else
        fail "no row $line"
    fi
}
row read 10.0 100 4.00x 6.00x 3.00 9.00
row floor 5.00 200 - - 1.00 -
row read 2.00x 8.00x
row a read 100,000,000 400 50.0 20.0 200 3.00 40.0 8.00 2.00x
row b read 100,000,000 100 200 5.00 200 2.00 40.0 9.00 8.00x
row a floor 100,000,000 400 100 10.0 400 1.00 - - -
row b floor 100,000,000 100 400 2.50 400 1.00 - - -
row o read 1,000,000 5.00 100 4.00 600 30.0 6.00x 10.0x 1/7.5
row 4 2,000 2,000 1.00x 3,000 1.00x 1.50x 3.00 8.00
row 100 1,000 3,000 1.50x 12,000 4.00x 4.00x 3.00 8.00
row piped 12.0 50.0 4.50 - - -
finish
