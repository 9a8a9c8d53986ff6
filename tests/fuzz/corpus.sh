#!/bin/sh
# Runs each fuzz target over the corpus, and over the cases of tests/golden/rules_*.txt.
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${top_builddir:=$top_srcdir}"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM

rules=$top_builddir/tests/golden/test_rules # not without Check
if [ -x "$rules" ]; then
    "$rules" --dump "$work" || exit 1
fi
passed=0 failed=0
for target in reader push wire fill salvage compressed table old; do
    # Without Check the folder is empty, which is no failure.
    if said=$("$top_builddir/tests/fuzz/fuzz_$target" "$top_srcdir/tests/fuzz/corpus" "$work" 2>&1); then
        passed=$((passed + 1))
        echo "$target: $said"
    else
        failed=$((failed + 1))
        echo "FAILED: $target: $said"
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
