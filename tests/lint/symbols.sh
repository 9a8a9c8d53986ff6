#!/bin/sh
# The shared library exports exactly what libtracereader.sym lists, that list is what
# the headers declare, and every global of the library's core begins with tr_ or tri_.
# None can change, static ones neither, but those of the lock that forks wait for.
# Skipped under sanitizers, which add globals of their own.
# shellcheck disable=SC2086 # $NM may hold options
: "${top_srcdir:=.}" "${top_builddir:=.}" "${NM:=nm}"
if [ -n "$SANITIZED" ]; then
    echo "skipped: built with sanitizers"
    exit 77
fi
lib=$top_builddir/libtracereader/.libs/libtracereader.so
core=$top_builddir/libtracereader/.libs/libtracereader-core.a
if [ ! -f "$lib" ] || [ ! -f "$core" ]; then
    echo "skipped: no ELF shared library was built"
    exit 77
fi
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
LC_ALL=C
export LC_ALL
bad=0

sort "$top_srcdir/libtracereader/libtracereader.sym" >"$work/listed"
# What nm prints of a type other than A (absolute: version names) is a real symbol.
$NM -D --defined-only "$lib" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
    sort >"$work/exported"
[ -s "$work/exported" ] || { echo "$NM shows no exported symbol"; exit 99; }
if ! diff -u "$work/listed" "$work/exported"; then
    echo "libtracereader.sym (-) and the exports of the shared library (+) differ"
    bad=1
fi

# One declaration may span lines; the name is what stands before the first "(".
awk '/^TR_API/ { sub(/\(.*/, ""); sub(/.*[ *]/, ""); print }' \
    "$top_srcdir"/libtracereader/include/tracereader/*.h | sort >"$work/declared"
if ! diff -u "$work/declared" "$work/listed"; then
    echo "the headers (-) and libtracereader.sym (+) differ"
    bad=1
fi

foreign=$($NM -g --defined-only "$core" 2>/dev/null | awk 'NF == 3 { print $3 }' |
    grep -Ev '^_?tri?_')
if [ -n "$foreign" ]; then
    echo "globals of the library that begin neither with tr_ nor with tri_:"
    echo "$foreign"
    bad=1
fi

# nm cannot tell in what section something will be that is only compiled when it is linked.
case $CFLAGS in *-flto*)
    echo "built with -flto: variables are not looked at"
    exit $bad
    ;;
esac

# What the linker makes read-only (.data.rel.ro) counts as data too. __gcov: of a build that
# counts what is covered.
variables=$($NM -f sysv --defined-only "$core" 2>/dev/null | awk -F '|' '
    $3 ~ /[bBcCdD]/ && $NF !~ /\.data\.rel\.ro/ {
        gsub(/ /, "", $1)
        if ($1 !~ /^(gate|once|__gcov.*)$/)
            print $1
    }')
if [ -n "$variables" ]; then
    echo "variables of the library that can change and outlive a call:"
    echo "$variables"
    bad=1
fi
exit $bad
