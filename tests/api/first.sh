#!/bin/sh
# first.c compiles as C99, C11 and C++, pedantically, against the shared library, and its
# answer is the reference's (tests/data/GOLDENS), from a file and from standard input.
name=go1.26-shop
: "${top_srcdir:=.}" "${top_builddir:=.}"
root=$(mktemp -d) || exit 99
trap 'rm -rf "$root"' EXIT
case $root in *' '*) echo "skipped: libtool takes no folder with a blank: $root"; exit 77 ;; esac
fail() { echo "first.sh: $*"; exit 1; }
libtool=$top_builddir/libtool
[ -f "$libtool" ] || { echo "skipped: no libtool"; exit 77; }

xz -dc "$top_srcdir/tests/data/$name.trace.xz" >"$root/trace" || fail "cannot decompress $name"
want=$(awk -F '\t' -v name=$name '$1 == name { printf "%2.3f%%", 100 * $8 / $7 }' \
    "$top_srcdir/tests/data/GOLDENS")
[ -n "$want" ] || fail "GOLDENS does not know $name"
want="$want instances of goroutines blocking were to block on the network"

# compile_and_run WHAT LANGUAGE FLAGS COMPILER...
compile_and_run() {
    what=$1
    language=$2
    flags=$3
    shift 3
    # shellcheck disable=SC2086 # flags are words
    "$@" -Wall -Wextra -pedantic-errors -Werror $flags -I "$top_srcdir/libtracereader/include" \
        -x "$language" -c -o "$root/first.o" "$top_srcdir/tests/api/first.c" || fail "no $what program"
    # shellcheck disable=SC2086
    "$libtool" --silent --tag=CC --mode=link "$@" $flags -o "$root/first" "$root/first.o" \
        "$top_builddir/libtracereader/libtracereader.la" || fail "the $what program does not link"
    have=$("$root/first" "$root/trace") || fail "the $what program failed"
    [ "$have" = "$want" ] || fail "$what: want $want, have $have"
    have=$("$root/first" <"$root/trace") || fail "the $what program failed on standard input"
    [ "$have" = "$want" ] || fail "$what, standard input: want $want, have $have"
    head -c 5000 "$root/trace" | "$root/first" >"$root/out" 2>"$root/err" &&
        fail "a cut trace is no error to the $what program"
    grep -q 'at byte [0-9]' "$root/err" || fail "no place in: $(cat "$root/err")"
    echo "$what: $have"
}
# The program of README.md compiles too, and says how it is used.
awk '/^```/ { on = $0 == "```c"; next } on' "$top_srcdir/README.md" >"$root/waits.c"
# shellcheck disable=SC2086
"$libtool" --silent --tag=CC --mode=link ${CC:-cc} -std=c99 -Wall -Wextra -Werror $CFLAGS \
    -I "$top_srcdir/libtracereader/include" -o "$root/waits" "$root/waits.c" \
    "$top_builddir/libtracereader/libtracereader.la" || fail "README.md's program does not compile"
"$root/waits" "$root/trace" | grep -q 'goroutine [0-9]* waits (' || fail "README.md's program"
"$root/waits" >"$root/out" 2>"$root/err"
[ $? = 2 ] && grep -q usage "$root/err" || fail "README.md's program without a trace"

# shellcheck disable=SC2086 # a compiler command may hold options
{
    compile_and_run C99 c "$CFLAGS" ${CC:-cc} -std=c99
    compile_and_run C11 c "$CFLAGS" ${CC:-cc} -std=c11
    [ -z "$CXX" ] || compile_and_run C++11 c++ "$CXXFLAGS" $CXX -std=c++11
    [ -z "$CXX" ] || compile_and_run C++17 c++ "$CXXFLAGS" $CXX -std=c++17
}
