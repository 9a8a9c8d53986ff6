#!/bin/sh
# Nothing in the project names a path of somebody's machine, or where packages come
# from: those are settings of the machine that builds.
cd "${top_srcdir:-.}" || exit 99
# The patterns are put together here, so that this file does not hold what it forbids.
paths='(^|[^a-z.])/(wo''rk|fa''rm|ro''ot|ho''me/[a-z]+|Us''ers/[a-z]+)/'
hosts='(pypi|pythonhosted|crates|npmjs|maven|proxy\.golang|deb\.debian|archive\.ubuntu)\.(org|io|com|net)'
settings='--(extra-)?index-ur''l|--regist''ry|GOPRO''XY='
tests/lint/files.sh >"${TMPDIR:-/tmp}/tr-hygiene.$$" || exit 99
trap 'rm -f "${TMPDIR:-/tmp}/tr-hygiene.$$"' EXIT
# -I: not in binary files.
hits=$(xargs grep -nIE -e "$paths|$hosts|$settings" <"${TMPDIR:-/tmp}/tr-hygiene.$$" | cut -c1-200)
if [ -n "$hits" ]; then
    echo "paths of a machine, or names of package registries:"
    echo "$hits"
    exit 1
fi
