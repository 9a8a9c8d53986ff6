#!/bin/sh
# Every file that a release needs is in it. Two builds read the same folders, automake
# from the lists in Makefile.inc and bindings/python/setup.py from what is there: here
# both must agree. The Makefile writes its lists into tests/lint/release-list.
list=${top_builddir:-.}/tests/lint/release-list
cd "${top_srcdir:-.}" || exit 99
[ -s "$list" ] || { echo "$list is missing: run this by make check"; exit 99; }
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
LC_ALL=C
export LC_ALL
bad=0

sed -n 's/^core \(.*\.c\)$/\1/p' "$list" | sort >"$work/listed"
printf '%s\n' libtracereader/*/*.c | sort >"$work/there"
if ! diff -u "$work/listed" "$work/there"; then
    echo "the lists of libtracereader/*/Makefile.inc (-) and the files there (+) differ"
    bad=1
fi

# A release itself has no git and cannot miss anything.
[ -e .git ] || exit $bad
sed -n 's/^dist //p' "$list" >"$work/dist"
# A listed folder stands for all that is below it.
tests/lint/files.sh | grep -Ev '^\.ci/|(^|/)\.git(ignore|attributes)$' |
    awk -v list="$work/dist" '
        BEGIN { while ((getline name < list) > 0) dist[name] = 1 }
        {
            name = $0
            while (!(name in dist) && sub(/\/[^\/]*$/, "", name))
                ;
            if (!(name in dist)) {
                print $0 " is missing in a release: list it in a Makefile.inc"
                bad = 1
            }
        }
        END { exit bad || !NR }' || bad=1
exit $bad
