#!/bin/sh
# `make install`, then what somebody does next: compile a small program by what
# pkg-config says, as C99, C11 and C++, and run it with the installed library. Then
# `make uninstall`, which leaves what is not ours.
trace=$top_srcdir/tests/data/go1.26-shop.trace.xz
program=$top_srcdir/examples/blockratio.c
command -v pkg-config >/dev/null || { echo "skipped: no pkg-config"; exit 77; }
root=$(mktemp -d) || exit 99
trap 'rm -rf "$root"' EXIT
case $root in *' '*) echo "skipped: libtool takes no folder with a blank: $root"; exit 77 ;; esac
fail() { echo "install.sh: $*"; exit 1; }

# A make of its own: not a part of the one that runs this test.
unset MAKEFLAGS MAKELEVEL MFLAGS MAKEOVERRIDES
run_make() {
    "${MAKE:-make}" -C "$top_builddir" "$1" DESTDIR="$root/dest" >"$root/log" 2>&1 || {
        cat "$root/log"
        fail "make $1 failed"
    }
}
run_make install

# pkg-config puts the folder before each path of the installed files.
PKG_CONFIG_SYSROOT_DIR=$root/dest
pc=$(find "$root/dest" -name tracereader.pc)
[ -n "$pc" ] || fail "tracereader.pc was not installed"
PKG_CONFIG_PATH=${pc%/*}
export PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH
# Where there is a static library only, its own libraries have to be named too.
static=--static
[ -z "$(find "$root/dest" -name 'libtracereader.so*' -o -name 'libtracereader*.dylib')" ] || static=
flags=$(pkg-config $static --cflags --libs tracereader) || fail "pkg-config does not know tracereader"
LD_LIBRARY_PATH=${PKG_CONFIG_PATH%/pkgconfig}${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

xz -dc "$trace" >"$root/trace" || fail "cannot decompress $trace"
size=$(wc -c <"$root/trace")
[ "$size" -gt 1000 ] || fail "$trace holds no trace"

first=
# compile_and_run WHAT FLAGS COMPILER...
compile_and_run() {
    what=$1
    own=$2
    shift 2
    # shellcheck disable=SC2086 # flags are words
    "$@" -Wall -Wextra -Wpedantic -Werror $own -o "$root/program" "$program" $flags ||
        fail "the example does not compile as $what"
    answer=$("$root/program" "$root/trace") || fail "the program made as $what failed: $answer"
    echo "$what: $answer"
    : "${first:=$answer}"
    [ "$answer" = "$first" ] || fail "the answers differ"
}
# shellcheck disable=SC2086 # a compiler command may hold options
{
    compile_and_run C99 "$CFLAGS" ${CC:-cc} -std=c99
    compile_and_run C11 "$CFLAGS" ${CC:-cc} -std=c11
    [ -z "$CXX" ] || compile_and_run C++11 "$CXXFLAGS" $CXX -std=c++11 -x c++
    [ -z "$CXX" ] || compile_and_run C++17 "$CXXFLAGS" $CXX -std=c++17 -x c++
}
case $first in
    [0-9]*%*) ;;
    *) fail "this is no answer: $first" ;;
esac

# So does the command, if it was built.
if [ -x "$top_builddir/tools/tracereader" ]; then
    command=$(find "$root/dest" -type f -name '*tracereader*' -path '*/bin/*')
    [ -n "$command" ] || fail "the command was not installed"
    "$command" --help >/dev/null || fail "tracereader --help failed"
fi

# Folders that are ours alone go, as soon as nothing else is in them: an empty one would still
# be a package to Python.
include=$(find "$root/dest" -path '*/tracereader/status.h')
include=${include%/*}
package=$(find "$root/dest" -path '*/tracereader/__init__.py')
package=${package%/*}
: >"$include/other.h"
run_make uninstall
left=$(find "$root/dest" ! -type d)
[ "$left" = "$include/other.h" ] || fail "make uninstall left, but for $include/other.h: $left"
[ -z "$package" ] || [ ! -e "$package" ] || fail "make uninstall left $package"
rm "$include/other.h"
run_make uninstall
[ ! -e "$include" ] || fail "make uninstall left $include"
