#!/bin/sh
# C is formatted as .clang-format says. Other versions of clang-format disagree in
# small things, so that only the one named in .clang-format is asked. With --fix, formats.
cd "${top_srcdir:-.}" || exit 99
wanted=$(sed -n 's/^# clang-format version: //p' .clang-format)
for tool in "clang-format-$wanted" clang-format ""; do
    "${tool:-false}" --version 2>/dev/null | grep -q "version $wanted\." && break
done
if [ -z "$tool" ]; then
    echo "skipped: clang-format $wanted is not here"
    exit 77
fi
[ "${1-}" = --fix ] && set -- -i || set -- --dry-run --Werror
find libtracereader tools bindings examples tests bench -name '*.[ch]' \
    ! -path 'bindings/stage/*' ! -path 'bindings/swig/*' ! -path 'bindings/python/build/*' |
    xargs "$tool" "$@"
