#!/bin/sh
# tally.sh FILE...: prints "PASSED FAILED SKIPPED", added up over the logs of test runs, then
# a line for each reason why some were skipped.
# A .trs file is one of automake's, with the log beside it. A test whose log tells how many
# checks it made (Check, pytest, or "N passed, N failed, N skipped") counts with these, any
# other test of automake's as one. Check knows nothing of skipped tests: each of them says
# "skipped: WHY" (skip_test in tests/golden/support.h) and passes.
for file in "$@"; do
    result=
    case $file in
    *.trs)
        result=$(sed -n 's/^:global-test-result: //p' "$file")
        file=${file%.trs}.log
        ;;
    esac
    awk -v result="$result" '
        # "100%: Checks: 12, Failures: 0, Errors: 0"
        /^[0-9]+%: Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+/ {
            split($0, n, /[^0-9]+/)
            failed += n[3] + n[4]
            passed += n[2] - n[3] - n[4]
            of_check = 1
            next
        }
        /^skipped: / {
            said++
            next
        }
        # "=== 1 failed, 2 passed in 0.12s ===" or "2 passed, 0 failed, 1 skipped"
        /^(=+ |[a-z]+: )?[0-9]+ (passed|failed|errors?|skipped|xfailed|xpassed)(,| in |$)/ {
            line = $0
            sub(/ in .*/, "", line)
            while (match(line, /[0-9]+ [a-z]+/)) {
                split(substr(line, RSTART, RLENGTH), part, " ")
                line = substr(line, RSTART + RLENGTH)
                if (part[2] == "passed" || part[2] == "xfailed")
                    passed += part[1]
                else if (part[2] == "skipped")
                    skipped += part[1]
                else if (part[2] ~ /^(failed|errors?|xpassed)$/)
                    failed += part[1]
            }
        }
        END {
            if (of_check) {
                passed -= said
                skipped += said
            }
            if (result == "SKIP" && !skipped)
                skipped = 1
            if (result ~ /FAIL|ERROR/ && !failed)
                failed = 1
            if (result == "PASS" && !(passed + failed + skipped))
                passed = 1
            print passed + 0, failed + 0, skipped + 0
        }' "$file"
done | awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }'
for file in "$@"; do
    case $file in
    *.trs) file=${file%.trs}.log ;;
    esac
    # pytest -rs: "SKIPPED [2] test_a.py:12: WHY" is said of two tests at once.
    awk '
        sub(/^skipped: /, "")
        /^SKIPPED \[[0-9]+\] / {
            n = substr($2, 2) + 0
            sub(/^SKIPPED [^ ]+ [^ ]+: /, "")
            while (n-- > 0)
                print
        }' "$file"
done | sort | uniq -c | sed 's/^ *\([0-9]*\) /\1 skipped: /'
