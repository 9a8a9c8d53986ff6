#!/bin/sh
# Makes ./configure from configure.ac. Needs autoconf, automake, libtool and pkg-config.
set -e
cd "$(dirname "$0")"

for tool in autoreconf aclocal automake pkg-config; do
    command -v "$tool" >/dev/null 2>&1 || {
        echo "autogen.sh: $tool is missing; install autoconf, automake, libtool and pkg-config" >&2
        exit 1
    }
done

# On macOS GNU libtool is called glibtool: Apple's own libtool is another program.
if [ -z "$LIBTOOLIZE" ] && ! command -v libtoolize >/dev/null 2>&1; then
    LIBTOOLIZE=glibtoolize
    export LIBTOOLIZE
fi

exec autoreconf --install --force "$@"
