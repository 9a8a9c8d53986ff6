#!/bin/sh
# run.sh [SECONDS [TARGET...]]: fuzzes each target for so long (10), beginning with the
# corpus and the cases of tests/golden/rules_*.txt, with clang's libFuzzer and sanitizers.
#
# Environment: WORK keeps programs and corpora there, and what was found in WORK/found;
# else all is gone in the end, but for a find, which comes to the present folder.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
seconds=${1-10}
[ $# = 0 ] || shift
[ $# -gt 0 ] || set -- reader push wire fill salvage compressed table old

command -v clang >/dev/null 2>&1 || {
    echo "no clang"
    exit 77
}
if [ -z "${WORK-}" ]; then
    WORK=$(mktemp -d) || exit 99
    trap 'rm -rf "$WORK"' EXIT
    trap 'exit 99' HUP INT TERM
    found=$PWD
else
    found=$WORK/found
fi
mkdir -p "$WORK/objects" "$WORK/rules" "$found" || exit 99

flags="-std=c11 -D_POSIX_C_SOURCE=200809L -O1 -g -fno-omit-frame-pointer -ffp-contract=off \
    -fsanitize=address,undefined -fno-sanitize-recover=all -I$top/libtracereader \
    -I$top/libtracereader/include"
echo 'int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n)
{ return d && n > 1000000; }' >"$WORK/try.c"
# shellcheck disable=SC2086
clang $flags -fsanitize=fuzzer -o "$WORK/try" "$WORK/try.c" >/dev/null 2>&1 || {
    echo "clang has no libFuzzer"
    exit 77
}
# What there is to decompress with, as configure looks for it.
libraries=
for one in ZLIB:zlib:z BZIP2:bzlib:bz2 LZMA:lzma:lzma LZ4:lz4frame:lz4 ZSTD:zstd:zstd; do
    header=${one#*:}
    header=${header%:*}
    printf '#include <stdio.h>\n#include <%s.h>\nint main(void)\n{ return 0; }\n' "$header" >"$WORK/try.c"
    # shellcheck disable=SC2086
    if clang $flags -o "$WORK/try" "$WORK/try.c" "-l${one##*:}" >/dev/null 2>&1; then
        flags="$flags -DTRI_${one%%:*}"
        libraries="$libraries -l${one##*:}"
    fi
done
# All again if anything is newer: what a header says is in every object.
built=$WORK/objects/built
if [ ! -e "$built" ] || [ -n "$(find "$top/libtracereader" -newer "$built")" ]; then
    for file in "$top"/libtracereader/*/*.c; do
        object=$(echo "${file#"$top"/libtracereader/}" | tr / -).o
        # shellcheck disable=SC2086
        clang $flags -fsanitize=fuzzer-no-link -c -o "$WORK/objects/$object" "$file" || exit 1
    done
    : >"$built"
fi

# The rules' cases are made by their own test.
# shellcheck disable=SC2046,SC2086
if check=$(pkg-config --cflags --libs check 2>/dev/null) &&
    clang $flags -fsanitize=fuzzer-no-link -w -o "$WORK/test_rules" "$top"/tests/golden/test_rules.c \
        "$top"/tests/golden/support.c "$top"/tests/golden/textform.c "$WORK"/objects/*.o $check \
        $libraries -lpthread >"$WORK/test_rules.log" 2>&1; then
    top_srcdir=$top "$WORK/test_rules" --dump "$WORK/rules" || exit 1
fi

failed=0 passed=0
for target in "$@"; do
    corpus=$WORK/corpus-$target
    mkdir -p "$corpus"
    # shellcheck disable=SC2086
    clang $flags -fsanitize=fuzzer -DFUZZ_LIBFUZZER -o "$WORK/fuzz_$target" \
        "$top/tests/fuzz/fuzz_$target.c" "$top/tests/fuzz/driver.c" "$WORK"/objects/*.o \
        $libraries -lpthread ||
        exit 1
    if "$WORK/fuzz_$target" -max_total_time="$seconds" -max_len=20000 -timeout=25 \
        -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$found/$target-" \
        "$corpus" "$top/tests/fuzz/corpus" "$WORK/rules" >"$WORK/$target.log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        grep -E 'ERROR|runtime error|fuzz_|artifact|SUMMARY' "$WORK/$target.log"
    fi
    echo "$target: $(grep -E '^#[0-9]+.*(DONE|NEW|REDUCE|pulse)' "$WORK/$target.log" | tail -n 1)"
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
