# shellcheck shell=sh disable=SC2016,SC2154,SC2034
# Sourced by quickstart and run-tests, which set $top to the project's folder: installs
# what is missing, and builds. Everything can be run again and does only what is left.

say() { printf '==> %s\n' "$*"; }
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Autotools refuse such paths, with a message that helps nobody.
case $top in
*[[:space:]\"\'\#\$\&\`\\]*) die "the path of this folder holds a blank or a quote: $top" ;;
esac

mkdir -p "$top/build" || die "cannot write to $top"
jobs=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

# --- Packages --------------------------------------------------------------------------

if command -v apt-get >/dev/null 2>&1; then
    manager=apt
elif command -v dnf >/dev/null 2>&1; then
    manager=dnf
elif command -v brew >/dev/null 2>&1; then
    manager=brew
else
    manager=none
fi

# want PROBE APT DNF BREW: if the command PROBE fails, the package is missing. "-": there
# is no such package, or it comes with another.
want() {
    eval "$1" >/dev/null 2>&1 && return
    case $manager in
    dnf) package=$3 ;;
    brew) package=$4 ;;
    *) package=$2 ;;
    esac
    [ "$package" = - ] || missing="$missing $package"
}

has() { command -v "$1"; }
compiles() { printf '%s\n' "$2" | "$1" -x "${3:-c}" -fsyntax-only -; }

want_build() {
    want 'has autoreconf && has m4' autoconf autoconf autoconf
    want 'has automake' automake automake automake
    want 'has libtoolize || has glibtoolize' libtool libtool libtool
    want 'has pkg-config' pkg-config pkgconf-pkg-config pkg-config
    want 'has cc || has gcc' gcc gcc -
    want 'compiles "$(has cc || has gcc)" "#include <stdio.h>"' libc6-dev glibc-devel -
    want 'has make' make make make
    want 'pkg-config --exists json-c' libjson-c-dev json-c-devel json-c
    want 'has xz' xz-utils xz xz
    want 'has awk' mawk gawk -
    want 'has find' findutils findutils -
    want 'has cmp' diffutils diffutils -
}

# What reads compressed traces, each optional.
want_compression() {
    cc=$(has cc || has gcc)
    want 'compiles "$cc" "#include <zlib.h>"' zlib1g-dev zlib-devel zlib
    want 'compiles "$cc" "#include <stdio.h>
#include <bzlib.h>"' libbz2-dev bzip2-devel bzip2
    want 'compiles "$cc" "#include <lzma.h>"' liblzma-dev xz-devel xz
    want 'compiles "$cc" "#include <lz4frame.h>"' liblz4-dev lz4-devel lz4
    want 'compiles "$cc" "#include <zstd.h>"' libzstd-dev libzstd-devel zstd
}

# What names functions by executables, optional too.
want_elf() {
    want 'pkg-config --exists libdw' libdw-dev elfutils-devel -
}

# What tests in C need, which configure looks for too.
want_check() {
    want 'pkg-config --exists check' check check-devel check
}

# Sets $python to the first Python of 3.11 or newer, or to nothing. The system's own comes
# first, before a python3 that stands earlier in $PATH: packages are installed for that one.
find_python() {
    python=
    for candidate in ${PYTHON:-/usr/bin/python3 python3 python3.14 python3.13 python3.12 \
        python3.11}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            python=$(command -v "$candidate")
            return
        fi
    done
}

want_python() {
    find_python
    case ${python##*/} in
    python3.*) name=${python##*/} ;;
    *) name=python3 ;;
    esac
    # A system whose python3 is too old may have a newer one beside it.
    [ -n "$python" ] || [ ! -x /usr/bin/python3 ] || name=python3.11
    want '[ -n "$python" ]' "$name" "$name" python3
    want '"$python" -c "import os, sys, sysconfig as s
sys.exit(not os.path.exists(s.get_path(\"include\") + \"/Python.h\"))"' "$name-dev" "$name-devel" -
    want '"$python" -c "import venv, ensurepip"' "$name-venv" - -
    want 'has swig || has swig4.0' swig swig swig
}

# probe WANT...: sets $missing to what the functions WANT find missing. Fails if there is any.
probe() {
    missing=
    for group in "$@"; do $group; done
    [ -z "$missing" ]
}

# survey WANT...: looks for all at once, for who must install it himself.
survey() {
    surveyed=
    if probe "$@"; then
        surveyed=complete
    elif [ "$manager" = none ]; then
        say "neither apt-get, dnf nor brew is here to install (names as in Debian):$missing"
    elif ! may_install; then
        case $manager in
        apt) say "only root may install packages: apt-get update && apt-get install$missing" ;;
        *) say "only root may install packages: $manager install$missing" ;;
        esac
    fi
}

# install_missing WANT...: installs what the functions WANT find missing. Fails if that
# did not help; $missing then says what is still not there.
install_missing() {
    [ "$surveyed" != complete ] || return 0
    before=
    while ! probe "$@"; do
        # The second round is for what only the first one made known, such as the
        # version of the Python that was just installed.
        [ "$missing" != "$before" ] || return 1
        before=$missing
        install_packages || return 1
    done
}

# install_optional WANT LOSS: installs what configure looks for and can do without, or says what
# that costs. $absent is all that is not there.
absent=
install_optional() {
    install_missing "$1" && return
    absent=$absent$missing
    say "$2, without:$missing"
}
install_libraries() {
    install_optional want_compression "traces that are compressed in some ways will not be read"
    install_optional want_elf "functions in traces of Go 1.5 and 1.6 will not be named"
}

# Whether the manager can be run, with $as_root before it.
may_install() {
    as_root=
    if [ "$(id -u)" = 0 ] || [ "$manager" = brew ]; then
        return 0
    elif sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    elif has sudo >/dev/null && [ -t 0 ]; then
        as_root=sudo
    else
        return 1
    fi
}

# Installs $missing.
install_packages() {
    if [ "$manager" = none ] || ! may_install; then
        return 1
    fi
    say "installing:$missing"
    # shellcheck disable=SC2086
    case $manager in
    apt)
        # The package lists may be missing or old; then they are fetched and it is tried
        # again.
        apt_install >"$top/build/packages.log" 2>&1 || {
            say "fetching the lists of packages"
            logged "$top/build/packages.log" apt_update_and_install
        }
        ;;
    dnf) logged "$top/build/packages.log" $as_root dnf install -y -q $missing ;;
    brew) logged "$top/build/packages.log" brew install -q $missing ;;
    esac
}

# Whether fetching went well does not matter if installing does: a list that nobody needs
# here may be out of reach. If not, what it said tells why. Without the option, which old
# versions do not know, it says little and succeeds where there is no network.
apt_update_and_install() {
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get update -q -o APT::Update::Error-Mode=any </dev/null ||
        echo "apt-get update had problems"
    apt_install
}

apt_install() {
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
        --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 $missing </dev/null
}

# --- Building --------------------------------------------------------------------------

# Sets $src to a source folder from which any number of build folders can be made.
prepare_source() {
    src=$top
    [ -x "$top/configure" ] || {
        say "autogen.sh"
        logged "$top/build/autogen.log" "$top/autogen.sh" || die "autogen.sh failed"
    }
    # Somebody may have run ./configure in the source folder itself. Other build folders
    # cannot be made from that one then, so that they are made from a clean copy.
    [ -f "$top/config.status" ] || return 0
    src=$top/build/src
    rm -rf "$src"
    mkdir -p "$src"
    (cd "$top" && tar cf - --exclude=./build --exclude=./.git .) |
        (cd "$src" && tar xf -) || die "cannot copy the sources to $src"
    logged "$top/build/copy.log" make -C "$src" distclean || die "cannot clean $src"
}

# logged FILE COMMAND...: runs it with its output in FILE; shows the end if it fails. Its
# exit code is that of the command; 77 says that it was skipped, as for automake.
logged() {
    log=$1
    shift
    mkdir -p "${log%/*}"
    "$@" >"$log" 2>&1 </dev/null && return
    ended=$?
    [ "$ended" != 77 ] || return 77
    tail -n 40 "$log" >&2
    say "failed: $* (all of it: $log)" >&2
    return "$ended"
}

# make_venv FOLDER OPTION...: a Python environment, unless a working one is there.
make_venv() {
    venv=$1
    shift
    "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null &&
        return
    rm -rf "$venv"
    # Without pip it serves as well here; only later additions need that.
    logged "$venv.log" "$python" -m venv "$@" "$venv" ||
        logged "$venv.log" "$python" -m venv --without-pip "$@" "$venv"
}

# configured FOLDER OPTION...: configures FOLDER, unless it was with the same options, and the
# same libraries were there.
configured() {
    folder=$1
    shift
    how="$src $*${absent:+ without$absent}"
    [ "$(cat "$folder/.configured" 2>/dev/null)" = "$how" ] && return
    mkdir -p "$folder"
    # Objects of another configuration are of no use, but folders of ours may stand here.
    if [ -f "$folder/Makefile" ]; then
        logged "$folder/clean.log" make -C "$folder" distclean ||
            rm -rf "$folder/Makefile" "$folder/config.status"
    fi
    (cd "$folder" && logged "$folder/configure.log" "$src/configure" "$@") || return 1
    echo "$how" >"$folder/.configured"
}

# unpacked NAME: prints the path of tests/data/NAME.xz, decompressed in the build folder.
unpacked() {
    packed=$top/tests/data/$1.xz
    plain=$top/build/traces/$1
    if [ ! -f "$plain" ] || [ "$packed" -nt "$plain" ]; then
        mkdir -p "${plain%/*}"
        xz -dc "$packed" >"$plain.tmp" && mv "$plain.tmp" "$plain" ||
            die "cannot decompress $packed"
    fi
    echo "$plain"
}
