#!/bin/sh
# scripts/tally.sh, by which run-tests counts: what is skipped does not count as passed.
. "$(dirname "$0")/lib.sh"

# counts WHAT WANT: what it makes of $work/a.log, and of $work/a.trs if that is there.
counts() {
    log=$work/a.log
    [ ! -f "$work/a.trs" ] || log=$work/a.trs
    same "$1" "$2" "$(sh "$top_srcdir/scripts/tally.sh" "$log")"
    rm -f "$work"/a.*
}

printf 'Running suite(s): a\n100%%: Checks: 12, Failures: 0, Errors: 0\n' >"$work/a.log"
counts "Check" "12 0 0"
printf 'Running suite(s): a\nskipped: no Go\nskipped: no xz\nskipped: no Go\n%s\n' \
    '91%: Checks: 12, Failures: 1, Errors: 0' >"$work/a.log"
counts "Check, some skipped" "8 1 3
2 skipped: no Go
1 skipped: no xz"
printf 'skipped: no trace\n3 passed, 0 failed, 1 skipped\n' >"$work/a.log"
counts "a script" "3 0 1
1 skipped: no trace"
printf '=== 1 failed, 2 passed, 4 skipped in 0.12s ===\n' >"$work/a.log"
counts "pytest" "2 1 4"
printf '%s\n' 'SKIPPED [2] ../tests/test_package.py:166: could not import '"'pandas'" \
    'SKIPPED [1] tests/test_a.py: only: with Go' 'SKIPPED [1] test_b.py:3: only: with Go' \
    '2 passed, 4 skipped in 0.12s' >"$work/a.log"
counts "pytest -rs" "2 0 4
2 skipped: could not import 'pandas'
2 skipped: only: with Go"
for result in "PASS=1 0 0" "FAIL=0 1 0"; do
    : >"$work/a.log"
    echo ":global-test-result: ${result%%=*}" >"$work/a.trs"
    counts "automake: ${result%%=*}" "${result#*=}"
done
echo "skipped: not built" >"$work/a.log"
echo ":global-test-result: SKIP" >"$work/a.trs"
counts "automake: SKIP" "0 0 1
1 skipped: not built"
finish
