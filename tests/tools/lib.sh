# shellcheck shell=sh
# Sourced by the tests of the command and of the examples. Each test runs alone too, from
# the source folder after make: tests/tools/test_cli.sh
#
# Environment: top_srcdir, top_builddir; TRACEREADER and TRACES override what is tested and
# on which traces.

: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${top_builddir:=$top_srcdir}"
: "${TRACEREADER:=$top_builddir/tools/tracereader}"
LC_ALL=C
TZ=UTC
export LC_ALL TZ

[ -x "$TRACEREADER" ] || {
    echo "skipped: $TRACEREADER was not built"
    exit 77
}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
case $work in *' '*)
    echo "skipped: lists of traces take no folder with a blank: $work"
    exit 77
    ;;
esac

passed=0 failed=0 skipped=0

pass() { passed=$((passed + 1)); }
fail() {
    failed=$((failed + 1))
    echo "FAILED: $*"
}
skip() {
    skipped=$((skipped + 1))
    echo "skipped: $*"
}

# same WHAT WANT GOT: two texts.
same() {
    if [ "$2" = "$3" ]; then
        pass
    else
        fail "$1"
        printf '  want: %s\n  got:  %s\n' "$2" "$3"
    fi
}

# same_file WHAT WANT GOT: two files.
same_file() {
    if cmp "$2" "$3" >"$work/cmp" 2>&1; then
        pass
    else
        fail "$1: $(cat "$work/cmp")"
    fi
}

# holds WHAT FILE TEXT: a line of the file has the text in it.
holds() {
    if grep -qF -e "$3" "$2"; then
        pass
    else
        fail "$1: no \"$3\" in:"
        head -n 5 "$2" | sed 's/^/  /'
    fi
}

# run ARGUMENT...: the command; its output is in $work/out and $work/err, its code in $code.
run() {
    "$TRACEREADER" "$@" >"$work/out" 2>"$work/err" </dev/null
    code=$?
}

# Succeeds if Go 1.26 or newer is here: older ones print equal times in another order.
has_go() {
    command -v go >/dev/null 2>&1 || return 1
    minor=$(go version 2>/dev/null | sed -n 's/^go version go1\.\([0-9]*\).*/\1/p')
    [ "${minor:-0}" -ge 26 ]
}

python=${PYTHON:-python3}
# Where configure found none, PYTHON is ":".
[ "$("$python" -c 'import json; print(1)' 2>/dev/null)" = 1 ] || python=

# unpack_traces NAME...: appends the paths of those that ship with the project to $found.
unpack_traces() {
    for name in "$@"; do
        for packed in "$top_srcdir/tests/data/"$name.trace.xz; do
            plain=$work/${packed##*/}
            plain=${plain%.xz}
            xz -dc "$packed" >"$plain" 2>/dev/null && found="$found $plain"
        done
    done
}

# Sets $traces to paths without blanks of whole traces, $broken to those of broken ones:
# $TRACES, or else some of what ships with the project, or else one that Go records now.
find_traces() {
    found=
    unpack_traces go1.26-cut-middle go1.22-cut-early 'go1.26-bent-invalid*' \
        go1.26-bent-stole-proc-from-non-existent-thread
    broken=$found
    found=
    [ -n "${TRACES-}" ] || unpack_traces go1.26-shop go1.26-generations go1.26-waits \
        go1.25-annotations go1.22-network go1.24-strings go1.23-allocfree
    traces=${TRACES:-$found}
    [ -z "$traces" ] || return 0
    command -v go >/dev/null 2>&1 || return 1
    mkdir -p "$work/go"
    cat >"$work/go/main.go" <<'END'
package main

import (
	"context"
	"net"
	"os"
	"runtime/trace"
	"sync"
	"time"
)

func main() {
	trace.Start(os.Stdout)
	defer trace.Stop()
	ctx, task := trace.NewTask(context.Background(), "work")
	var wg sync.WaitGroup
	c := make(chan int)
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			defer trace.StartRegion(ctx, "sum").End()
			for range c {
				time.Sleep(100 * time.Microsecond)
			}
		}()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		wg.Add(1)
		go func() {
			defer wg.Done()
			conn, err := l.Accept()
			if err == nil {
				conn.Read(make([]byte, 1))
			}
		}()
		conn, err := net.Dial("tcp", l.Addr().String())
		if err == nil {
			time.Sleep(time.Millisecond)
			conn.Close()
		}
	}
	for i := 0; i < 1000; i++ {
		c <- i
	}
	close(c)
	wg.Wait()
	task.End()
	go func() { select {} }()
	time.Sleep(time.Millisecond)
}
END
    (cd "$work/go" && GO111MODULE=off GOFLAGS= go run main.go) >"$work/own.trace" 2>/dev/null &&
        traces=" $work/own.trace"
}

# Sets $trace to the first of them, or skips the whole test.
need_trace() {
    if ! find_traces; then
        echo "skipped: there is no trace here, and no Go to record one"
        exit 77
    fi
    trace=${traces# }
    trace=${trace%% *}
}

# To be called last.
finish() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ] || exit 1
    [ "$passed" -gt 0 ] || exit 77
    exit 0
}
