#!/bin/sh
# The version says the same wherever it stands: for configure, in the headers, in the
# library and in the manual. For pip it is taken from the headers.
cd "${top_srcdir:-.}" || exit 99
version=$(sed -n 's/^AC_INIT(\[tracereader\], \[\(.*\)\])$/\1/p' configure.ac)
[ -n "$version" ] || { echo "configure.ac says no version"; exit 99; }
number=$(echo "$version" | awk -F. '{ print $1 * 10000 + $2 * 100 + $3 }')
bad=0
expect() { # expect FILE TEXT
    grep -qF -e "$2" "$1" && return
    echo "$1 lacks: $2"
    bad=1
}
expect libtracereader/include/tracereader/status.h "#define TR_VERSION $number"
expect libtracereader/reader/status.c "\"$version\""
expect docs/man/tracereader.1 "tracereader $version"
expect docs/man/libtracereader.3 "tracereader $version"
exit $bad
