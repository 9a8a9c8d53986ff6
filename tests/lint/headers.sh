#!/bin/sh
# Every public header compiles alone: as C99, as C11 and as C++, without a warning; -O2,
# because then headers have the bodies of small functions, too.
# $CC and $CXX come from configure.
cd "${top_srcdir:-.}" || exit 99
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
bad=0

# try WHAT HEADER COMMAND...
try() {
    what=$1 header=$2
    shift 2
    if ! "$@" -O2 -Werror -Wall -Wextra -Wpedantic -Ilibtracereader/include -c -o "$work/out.o"; then
        echo "$header does not compile alone as $what"
        bad=1
    fi
}

[ -n "$CXX" ] || echo "no C++ compiler: headers are compiled as C only"
cd libtracereader/include && headers=$(echo tracereader.h tracereader/*.h) && cd ../.. || exit 99
for header in $headers; do
    # Included twice, so that a missing guard shows.
    for ext in c cc; do
        printf '#include "%s"\n#include "%s"\nint tr_lint_dummy;\n' "$header" "$header" \
            >"$work/alone.$ext"
    done
    for std in c99 c11; do
        # shellcheck disable=SC2086 # a compiler command may hold options
        try "$std" "$header" ${CC:-cc} -std=$std -Wstrict-prototypes "$work/alone.c"
    done
    [ -n "$CXX" ] || continue
    for std in c++11 c++17; do
        # An anonymous union holds the parts of an event; C++ has had those for ever.
        # shellcheck disable=SC2086
        try "$std" "$header" $CXX -std=$std "$work/alone.cc"
    done
done
exit $bad
