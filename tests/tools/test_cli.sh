#!/bin/sh
# The command line: help, version, usage errors, exit codes, files that cannot be read.
. "$(dirname "$0")/lib.sh"
need_trace

# complains WHAT CODE TEXT ARGUMENT...: nothing on standard output, TEXT in a message.
complains() {
    what=$1 want=$2 text=$3
    shift 3
    run "$@"
    same "$what: exit code" "$want" "$code"
    [ ! -s "$work/out" ] && pass || fail "$what: printed something to standard output"
    holds "$what: message" "$work/err" "$text"
    if grep -qv '^tracereader: ' "$work/err"; then
        fail "$what: a message does not begin with the command's name"
        sed 's/^/  /' "$work/err"
    else
        pass
    fi
}

for arguments in --help -h "events --help" "wire --help" "info --help" "blocking -h" \
    "check --help"; do
    # shellcheck disable=SC2086
    run $arguments
    same "$arguments: exit code" 0 "$code"
    holds "$arguments" "$work/out" "Usage: tracereader"
    [ ! -s "$work/err" ] && pass || fail "$arguments: printed to standard error"
    long=$(awk 'length > 86' "$work/out")
    same "$arguments: lines that are too long" "" "$long"
done
for name in events wire info blocking check; do
    run --help
    holds "--help lists $name" "$work/out" "  $name "
    run "$name" --help
    holds "$name --help has examples" "$work/out" "Examples:"
    [ "$name" = wire ] || holds "$name --help explains --threads" "$work/out" "--threads=N"
    for option in --limit-memory=BYTES --progress; do
        holds "$name --help explains $option" "$work/out" "$option"
    done
    cp "$work/out" "$work/want"
    run help "$name"
    same_file "help $name" "$work/want" "$work/out"
done
run --help
cp "$work/out" "$work/want"
run help help
same_file "help help" "$work/want" "$work/out"
run --version
same "--version: exit code" 0 "$code"
same "--version" "tracereader $(sed -n 's/^AC_INIT(\[tracereader\], \[\(.*\)\])/\1/p' \
    "$top_srcdir/configure.ac")" "$(head -n 1 "$work/out")"
holds "--version tells of compression" "$work/out" "reads compressed traces of: "
run -V
same "-V: exit code" 0 "$code"

complains "no subcommand" 2 "--help"
complains "unknown subcommand" 2 'unknown subcommand "frobnicate"' frobnicate
complains "unknown option of all" 2 'unknown option "--frobnicate"' --frobnicate
complains "unknown option" 2 "unrecognized option '--frobnicate'" events --frobnicate "$trace"
same "unknown option: nothing else is told of it" 0 "$(grep -c several "$work/err")"
complains "two files" 2 "one too many" info "$trace" "$trace"
complains "events --json" 2 "no option --json" events --json "$trace"
complains "wire --json" 2 "no option --json" wire --json "$trace"
complains "info --by" 2 "no option --by" info --by=reason "$trace"
complains "help of an unknown subcommand" 2 'unknown subcommand "frobnicate"' help frobnicate
complains "help of two" 2 "one too many" help info wire
complains "wire --salvage" 2 "no option --salvage" wire --salvage "$trace"
complains "check --by" 2 "no option --by" check --by=reason "$trace"
complains "wrong --by" 2 "--by must be" blocking --by=colour "$trace"
for n in 0 -1 x 1x "" 99999999999999999999; do
    complains "--threads=$n" 2 "--threads must be" events --threads="$n" "$trace"
done
for n in x 1x 1KK "" K 1Ki 1KB 1MiBx 1iB 99999999999999999999x -1; do
    complains "--limit-memory=$n" 2 "--limit-memory must be" info --limit-memory="$n" "$trace"
done
for n in 99999999999999999999 18446744073709551615K 17179869184G 99999999999G 16777216T; do
    complains "--limit-memory=$n" 2 "too large" info --limit-memory="$n" "$trace"
done
complains "no argument" 2 "'--threads' requires an argument" info --threads
complains "an argument too many" 2 "doesn't allow an argument" info --progress=1 "$trace"
complains "unknown letter" 2 "invalid option '-x'" info -x "$trace"
complains "several options" 2 "'--b=x' could be several" blocking --b=x "$trace"

# Whatever a name holds, a message is one line and does not steer the terminal.
odd=$(printf 'a\nb\033[2J')
for name in events wire info blocking; do
    complains "$name of an odd name" 2 'a\x0ab\x1b[2J: No such file' "$name" "$odd"
done
run check "$odd"
holds "check of an odd name: message" "$work/out" 'a\x0ab\x1b[2J: io: No such file'
same "check of an odd name: lines" 1 "$(wc -l <"$work/out" | tr -d ' ')"
complains "odd option" 2 "'--a\x0ab\x1b[2J'" info "--$odd" "$trace"
complains "odd letter" 2 "'-\x1b'" info "-$(printf '\033')" "$trace"
complains "odd subcommand" 2 '"a\x0ab' "$odd"

for name in events wire info "info --json" blocking "blocking --json"; do
    # shellcheck disable=SC2086
    complains "$name of a missing file" 2 "$work/none.trace: No such file or directory" \
        $name "$work/none.trace"
    # shellcheck disable=SC2086
    complains "$name of a folder" 2 "$work: Is a directory" $name "$work"
done

: >"$work/empty.trace"
for name in events wire info "info --json" blocking "blocking --json"; do
    # shellcheck disable=SC2086
    run $name "$work/empty.trace"
    same "$name of an empty file: exit code" 1 "$code"
    holds "$name of an empty file" "$work/err" "(byte 0, generation 0)"
    same "$name of an empty file: one message" 1 "$(wc -l <"$work/err" | tr -d ' ')"
    # shellcheck disable=SC2086
    "$TRACEREADER" $name </dev/null >"$work/out" 2>"$work/err2"
    same "$name of empty standard input: exit code" 1 $?
    same "$name of empty standard input" \
        "$(sed "s|$work/empty.trace|standard input|" "$work/err")" "$(cat "$work/err2")"
done
echo "this is not a trace, but long enough to be asked for its header" >"$work/text.trace"
for name in events wire info blocking; do
    run "$name" "$work/text.trace"
    same "$name of a text: exit code" 1 "$code"
    holds "$name of a text" "$work/err" "tracereader: $work/text.trace: "
done

for name in events wire info blocking; do
    run "$name" "$trace"
    same "$name: exit code" 0 "$code"
    [ -s "$work/out" ] && [ ! -s "$work/err" ] && pass || fail "$name: no output, or a message"
    cp "$work/out" "$work/want"
    for option in --threads=1 --threads=4 --limit-memory=1G --limit-memory=2000000K \
        --limit-memory=0 --limit-memory=1T --limit-memory=1GiB --limit-memory=1024mib; do
        run "$name" "$option" "$trace"
        same "$name $option: exit code" 0 "$code"
        same_file "$name $option" "$work/want" "$work/out"
    done
    run "$name" "$trace" --limit-memory 1G
    same_file "$name FILE --limit-memory 1G" "$work/want" "$work/out"
    run "$name" --progress "$trace"
    same_file "$name --progress" "$work/want" "$work/out"
    [ -s "$work/err" ] && pass || fail "$name --progress shows nothing"
    run "$name" --limit-memory=1K "$trace"
    same "$name --limit-memory=1K: exit code" 1 "$code"
    holds "$name --limit-memory=1K" "$work/err" "limit"
    holds "$name --limit-memory=1K: the place" "$work/err" "(byte 0, generation 0)"
done

# What comes from a pipe goes into a temporary file where it would take much of the limit:
# without a place for one that is an error.
if [ "$(wc -c <"$trace")" -gt 250000 ]; then
    for name in "events" "events --salvage" "info" "info --salvage" "blocking" \
        "blocking --salvage"; do
        # shellcheck disable=SC2002,SC2086
        cat "$trace" | TMPDIR=$work/none "$TRACEREADER" $name --limit-memory=700K \
            >"$work/out" 2>"$work/err"
        same "$name of a pipe without a place for files: exit code" 2 $?
        holds "$name of a pipe without a place for files" "$work/err" "temporary file"
    done
else
    skip "the trace is too small to be put into a temporary file"
fi

# Times that add up to more than there is a number for: the most there is, in the sum too.
cat >"$work/long.txt" <<'TEXT'
Trace Go1.26
EventBatch gen=1 m=-1 time=1 size=auto
Sync
Frequency freq=1000000000
ClockSnapshot dt=1 mono=2 sec=3 nsec=4
EventBatch gen=1 m=1 time=1 size=auto
ProcStatus dt=1 p=0 pstatus=1
GoStatus dt=1 g=1 m=-1 gstatus=1
GoStatus dt=1 g=2 m=-1 gstatus=1
GoStatus dt=1 g=3 m=-1 gstatus=1
GoStart dt=1 g=1 g_seq=1
GoBlock dt=1 reason_string=0 stack=0
GoStart dt=1 g=2 g_seq=1
GoBlock dt=1 reason_string=0 stack=0
GoStart dt=1 g=3 g_seq=1
GoBlock dt=1 reason_string=0 stack=0
ProcStop dt=9200000000000000000
EndOfGeneration
TEXT
if "$top_builddir/tests/golden/text2trace" "$work/long.txt" "$work/long.trace" 2>"$work/err"; then
    for by in reason goroutine; do
        run blocking --by=$by "$work/long.trace"
        holds "blocking --by=$by of long waits" "$work/out" "3 times, for 5124095h34m34s in all"
    done

    # Three digits, or tenths of a second below an hour, rounded. (The last Sync is 1 ns later.)
    sed -e 's/^GoStart dt=1 g=2/GoStart dt=3539999999998 g=2/' \
        -e 's/^ProcStop dt=.*/ProcStop dt=59949999997/' "$work/long.txt" >"$work/hour.txt"
    "$top_builddir/tests/golden/text2trace" "$work/hour.txt" "$work/hour.trace"
    run blocking --by=goroutine "$work/hour.trace"
    holds "blocking of 59.949999998 s" "$work/out" " 59.9s "
    holds "blocking of 59.95 s" "$work/out" " 1m00.0s "
    holds "blocking of 3599.949999999 s" "$work/out" " 59m59.9s "
    holds "blocking of 3719.849999997 s" "$work/out" "3 times, for 1h02m00s in all"

    # Names of functions in any letters, and those that are none.
    cat >"$work/names.txt" <<'TEXT'
Trace Go1.26
EventBatch gen=1 m=-1 time=1 size=auto
Sync
Frequency freq=1000000000
ClockSnapshot dt=1 mono=2 sec=3 nsec=4
EventBatch gen=1 m=-1 time=1 size=auto
Strings
String id=1
	data="f\xc2\xb7\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"
String id=2
	data="f\xc3("
String id=3
	data="f\xed\xa0\x80"
EventBatch gen=1 m=-1 time=1 size=auto
Stacks
Stack id=1 nframes=1
	pc=1 func=1 file=0 line=1
Stack id=2 nframes=1
	pc=2 func=2 file=0 line=1
Stack id=3 nframes=1
	pc=3 func=3 file=0 line=1
EventBatch gen=1 m=1 time=1 size=auto
ProcStatus dt=1 p=0 pstatus=1
GoStatus dt=1 g=1 m=-1 gstatus=1
GoStatus dt=1 g=2 m=-1 gstatus=1
GoStatus dt=1 g=3 m=-1 gstatus=1
GoStart dt=1 g=1 g_seq=1
GoBlock dt=1 reason_string=0 stack=1
GoStart dt=1 g=2 g_seq=1
GoBlock dt=1 reason_string=0 stack=2
GoStart dt=1 g=3 g_seq=1
GoBlock dt=1 reason_string=0 stack=3
EndOfGeneration
TEXT
    "$top_builddir/tests/golden/text2trace" "$work/names.txt" "$work/names.trace"
    letters=$(printf 'f\302\267\303\244\342\202\254\360\237\230\200')
    none=$(printf '\357\277\275')
    run blocking --by=function "$work/names.trace"
    holds "a function's name" "$work/out" "  $letters"
    holds "a function's name that is cut" "$work/out" '  f\xc3('
    holds "a function's name with a surrogate" "$work/out" '  f\xed\xa0\x80'
    run blocking --json --by=function "$work/names.trace"
    holds "a function's name, in JSON" "$work/out" "\"function\":\"$letters\""
    holds "a function's name that is cut, in JSON" "$work/out" "\"function\":\"f$none(\""
    holds "a function's name with a surrogate, in JSON" "$work/out" \
        "\"function\":\"f$none$none$none\""
else
    skip "text2trace was not built"
fi

# A KiB has 1,024 bytes.
head -c 1024 "$trace" >"$work/kib.trace"
run info "$work/kib.trace"
holds "info of a KiB" "$work/out" "Size          1.00 KiB (1,024 bytes)"
head -c 1023 "$trace" >"$work/kib.trace"
run info "$work/kib.trace"
holds "info of a byte less than a KiB" "$work/out" "Size          1023 bytes"

# A trace that is cut: what could be read is printed, then the message. (To wire, as to
# the reference, bytes that end between two numbers are the end.)
size=$(wc -c <"$trace" | tr -d ' ')
head -c $((size * 2 / 3)) "$trace" >"$work/cut.trace"
for name in events info blocking; do
    run "$name" "$work/cut.trace"
    same "$name of a cut trace: exit code" 1 "$code"
    [ -s "$work/out" ] && pass || fail "$name of a cut trace prints nothing"
    if grep -qE "^tracereader: .*cut.trace: .+ \(byte [0-9]+, generation [0-9]+\)$" "$work/err"; then
        pass
    else
        fail "$name of a cut trace: $(cat "$work/err")"
    fi
done
finish
