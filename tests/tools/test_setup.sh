#!/bin/sh
# scripts/setup.sh, by which quickstart and run-tests install and build: what is told to who
# may not install, or cannot, and when it is configured again. Packages are not real ones.
. "$(dirname "$0")/lib.sh"

mkdir "$work/bin" "$work/src"
PATH=$work/bin:$PATH

# program NAME: makes one, of the text that comes.
program() {
    { echo '#!/bin/sh'; cat; } >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}

# within COMMANDS: what they print, with the functions of setup.sh.
within() (
    top=$work src=$work/src
    . "$top_srcdir/scripts/setup.sh"
    want_one() { want 'has no-such-one' one one one; }
    want_two() { want 'has no-such-two' two two two; }
    eval "$1" 2>&1
)

program apt-get <<'END'
echo "apt-get $*"
exit 1
END
program sudo <<'END'
exit 1
END
program id <<'END'
echo 1000
END
same "no root: all in one line, once" \
    "==> only root may install packages: apt-get update && apt-get install one two
without: one
==> less is read, without: two
absent: two" \
    "$(within 'survey want_one want_two
        install_missing want_one || echo "without:$missing"
        install_optional want_two "less is read"
        echo "absent:$absent"')"

program id <<'END'
echo 0
END
# As apt does it, which has fetched nothing then, and says so, but takes that for well.
program apt-get <<'END'
case $* in
*update*)
    echo "Temporary failure resolving 'a.host'"
    case $* in *Error-Mode=any*) exit 100 ;; esac
    ;;
*) echo "Unable to locate package"; exit 100 ;;
esac
END
within 'survey want_one; install_missing want_one || echo "without:$missing"' >"$work/out"
holds "no network: why" "$work/out" "Temporary failure resolving"
holds "no network: that it matters" "$work/out" "apt-get update had problems"
holds "no network: what became of it" "$work/out" "Unable to locate package"
holds "no network: what is missing" "$work/out" "without: one"

program apt-get <<END
case \$* in *install*) : >"$work/bin/no-such-one"; chmod +x "$work/bin/no-such-one" ;; esac
END
same "a package is installed, and then there" "==> installing: one
installed
and there" \
    "$(within 'survey want_one; install_missing want_one && echo installed')
$(within 'survey want_one; install_missing want_one && echo and there')"

cat >"$work/src/configure" <<'END'
#!/bin/sh
echo configured >>../count
END
chmod +x "$work/src/configure"
for what in "1 configured \$top/b" "1 configured \$top/b" "2 configured \$top/b --more" \
    "3 absent=' two'; configured \$top/b --more" "3 absent=' two'; configured \$top/b --more" \
    "4 configured \$top/b --more"; do
    within "${what#* }"
    same "configured again: ${what#* }" "${what%% *}" "$(wc -l <"$work/count" | tr -d ' ')"
done

"$top_srcdir/quickstart" --bogus >"$work/out" 2>&1
same "quickstart --bogus: code" 2 $?
holds "quickstart --bogus" "$work/out" "unknown option --bogus"
finish
