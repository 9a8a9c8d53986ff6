#!/bin/sh
# --binary: functions in traces of Go 1.5 are named by the executable, or it is said what is
# missing for that. The program is one in C, and the trace made with its addresses.
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"
[ -n "$python" ] || {
    echo "skipped: there is no Python"
    exit 77
}
cat >"$work/prog.c" <<'END'
static int inner(void)
{
    return 3;
}
int main(void)
{
    return inner();
}
END
(cd "$work" && ${CC:-cc} -g -O0 -no-pie -fno-pie -o prog prog.c) 2>"$work/err" || {
    echo "skipped: no program can be compiled: $(head -n 1 "$work/err")"
    exit 77
}
# A goroutine, begun by another at the second byte of inner, from main.
PYTHONDONTWRITEBYTECODE=1 "$python" - "$top_srcdir/tests/oracle" "$work/trace" \
    "$(nm "$work/prog" | awk '$3 == "inner" || $3 == "main" { print $3, $1 }')" <<'END'
import sys
sys.path.insert(0, sys.argv[1])
import old
at = {name: int(address, 16) for name, address in map(str.split, sys.argv[3].splitlines())}
events = [(old.GO_CREATE, 1, at["main"], 0), (old.PROC_START, 7), (old.GO_START, 1),
          (old.GOMAXPROCS, 1, 1), (old.GO_CREATE, 2, at["inner"], 1)]
records = [old.Record(old.BATCH, [0, 0, 100]),
           *(old.Record(type, [1, 10, *args]) for type, *args in events),
           old.Record(old.STACK, [1, 3, at["inner"] + 2, at["main"] + 2, 0x10]),
           old.Record(old.FREQUENCY, [1000000000, 0])]
with open(sys.argv[2], "wb") as f:
    f.write(old.write(5, records))
END
run events "$work/trace"
same "without --binary: exit code" 0 "$code"
holds "without --binary" "$work/out" "0x10 @ 0x10"

# refused WHAT TEXT ARGUMENT...: the command fails, and says why.
refused() {
    what=$1 text=$2
    shift 2
    run "$@"
    same "$what: exit code" 2 "$code"
    holds "$what: message" "$work/err" "$text"
}
refused "wire --binary" "no option --binary" wire --binary="$work/prog" "$work/trace"
run events --binary="$work/prog" "$work/trace"
if grep -q "built without libdw" "$work/err"; then
    refused "without libdw" "--binary=$work/prog: built without libdw of elfutils" \
        events --binary="$work/prog" "$work/trace"
    finish
fi
mkfifo "$work/fifo"
refused "a pipe for --binary" "fifo: it is not a regular file" \
    events --binary="$work/fifo" "$work/trace"
run events --binary="$work/prog" "$work/trace"
same "exit code" 0 "$code"
holds "the innermost frame" "$work/out" "inner @ 0x"
holds "its line" "$work/out" "prog.c:2"
holds "the next" "$work/out" "main @ 0x"
holds "its line" "$work/out" "prog.c:6"
holds "an address that is in no program" "$work/out" "0x10 @ 0x10"
run blocking --by=function --binary="$work/prog" "$work/trace"
same "blocking: exit code" 0 "$code"
refused "no file" "No such file" events --binary="$work/none" "$work/trace"
# As Go links it: with nothing for a dynamic linker.
${CC:-cc} -static -nostdlib -s -Wl,-e,main "$work/prog.c" -o "$work/stripped" &&
    refused "stripped" "--binary=$work/stripped: it has no symbols" \
        events --binary="$work/stripped" "$work/trace"
refused "no executable" "--binary=$work/prog.c: " events --binary="$work/prog.c" "$work/trace"
finish
