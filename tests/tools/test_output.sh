#!/bin/sh
# Where output goes and input comes from: pipes, closed pipes, full disks, live traces.
. "$(dirname "$0")/lib.sh"
need_trace
several=

for name in events wire info blocking; do
    run "$name" "$trace"
    cp "$work/out" "$work/want"

    "$TRACEREADER" "$name" <"$trace" >"$work/out"
    [ "$name" = info ] && sed -i.old 's/^Trace .*//' "$work/want" "$work/out"
    same_file "$name of standard input" "$work/want" "$work/out"
    "$TRACEREADER" "$name" - <"$trace" | sed "$([ "$name" = info ] && echo 's/^Trace .*//')" \
        >"$work/out"
    same_file "$name -" "$work/want" "$work/out"
    cat "$trace" | "$TRACEREADER" "$name" | sed "$([ "$name" = info ] && echo 's/^Trace .*//')" \
        >"$work/out"
    same_file "$name of a pipe" "$work/want" "$work/out"
    mkfifo "$work/fifo"
    cat "$trace" >"$work/fifo" &
    run "$name" "$work/fifo"
    wait
    [ "$name" = info ] && sed -i.old 's/^Trace .*//' "$work/out"
    same_file "$name of a named pipe" "$work/want" "$work/out"
    rm "$work/fifo"

    # A reader that goes away ends it quietly.
    { "$TRACEREADER" "$name" "$trace" 2>"$work/err"; echo $? >"$work/code"; } | :
    same "$name into a closed pipe: exit code" 0 "$(cat "$work/code")"
    same "$name into a closed pipe: messages" "" "$(cat "$work/err")"
    { "$TRACEREADER" "$name" "$trace" 2>"$work/err"; echo $? >"$work/code"; } | head -n 1 >/dev/null
    same "$name | head: exit code" 0 "$(cat "$work/code")"
    same "$name | head: messages" "" "$(cat "$work/err")"
done

if [ -c /dev/full ]; then
    for arguments in events wire info "info --json" blocking "blocking --json"; do
        # shellcheck disable=SC2086
        "$TRACEREADER" $arguments "$trace" >/dev/full 2>"$work/err"
        same "$arguments to a full disk: exit code" 2 $?
        holds "$arguments to a full disk" "$work/err" \
            "tracereader: standard output: No space left on device"
    done
    for arguments in --help --version "events --help"; do
        # shellcheck disable=SC2086
        "$TRACEREADER" $arguments >/dev/full 2>"$work/err"
        same "$arguments to a full disk: exit code" 2 $?
    done
else
    skip "there is no /dev/full"
fi
"$TRACEREADER" info "$trace" >&- 2>"$work/err"
same "closed standard output: exit code" 2 $?
holds "closed standard output" "$work/err" "tracereader: standard output: "
"$TRACEREADER" info <&- >"$work/out" 2>"$work/err"
same "closed standard input: exit code" 2 $?
holds "closed standard input" "$work/err" "tracereader: standard input: "

# What is printed to a stream that is closed goes into no file that is opened meanwhile, such
# as the temporary one of what comes from a pipe.
# shellcheck disable=SC2002
cat "$trace" | "$TRACEREADER" events --limit-memory=1M >&- 2>"$work/err"
same "events of a pipe into closed standard output: exit code" 2 $?
same "events of a pipe into closed standard output" \
    "tracereader: standard output: Bad file descriptor" "$(cat "$work/err")"
"$TRACEREADER" check "$trace" >"$work/want"
"$TRACEREADER" check --progress "$trace" 2>&- >"$work/out"
same "check with closed standard error: exit code" 0 $?
same_file "check with closed standard error" "$work/want" "$work/out"

# A file that may not become so large is an error that is told, not a signal.
(ulimit -f 1 && exec "$TRACEREADER" events "$trace") >"$work/out" 2>"$work/err"
same "events into a file that may not grow: exit code" 2 $?
holds "events into a file that may not grow" "$work/err" \
    "tracereader: standard output: File too large"

# Standard output that does not wait, as of whoever shares it: all comes out.
if [ -z "$python" ]; then
    skip "no Python: nothing is known of standard output that does not wait"
else
    run events "$trace"
    "$python" - "$TRACEREADER" "$trace" >"$work/got" 2>"$work/err" <<'END'
import os
import select
import subprocess
import sys
import time

ours, theirs = os.pipe()
os.set_blocking(theirs, False)
child = subprocess.Popen([sys.argv[1], "events", sys.argv[2]], stdout=theirs)
while child.poll() is None and select.select([], [theirs], [], 0)[1]:  # it is not full
    time.sleep(0.01)
os.close(theirs)
while piece := os.read(ours, 65536):
    sys.stdout.buffer.write(piece)
sys.exit(child.wait())
END
    same "events into a pipe that does not wait: exit code" 0 $?
    same "events into a pipe that does not wait: messages" "" "$(cat "$work/err")"
    same_file "events into a pipe that does not wait" "$work/out" "$work/got"
fi

# A live trace: all that can be known comes out while more is waited for. A generation is
# known once its end is, which the pipe's end alone tells of the last one.
for file in $traces; do
    if [ "$("$TRACEREADER" events "$file" 2>/dev/null | grep -c ' Sync ')" -gt 3 ]; then
        trace=$file
        several=yes
        break
    fi
done
mkfifo "$work/live"
"$TRACEREADER" events "$work/live" >"$work/out" 2>"$work/err" &
reader=$!
# The descriptor keeps the pipe open.
exec 9>"$work/live"
head -c "$(($(wc -c <"$trace") - 1))" "$trace" >&9
# Until it has printed something, and no more comes.
before=0 tries=0
while [ -n "$several" ] && [ $tries -lt 100 ]; do
    sleep 0.2
    printed=$(wc -c <"$work/out")
    [ "$printed" -gt 0 ] && [ "$printed" -eq "$before" ] && break
    before=$printed tries=$((tries + 1))
done
if [ -n "$several" ]; then
    tail -c 1 "$work/out" | od -An -c | grep -q '\\n' && [ "$before" -gt 0 ] && pass ||
        fail "whole lines of a live trace are not printed before its end"
else
    skip "no trace has several generations: nothing is known of a live one before its end"
fi
tail -c 1 "$trace" >&9
exec 9>&-
wait $reader
same "a live trace: exit code" 0 $?
mv "$work/out" "$work/got"
run events "$trace"
same_file "a live trace" "$work/out" "$work/got"

# Progress on a terminal, unasked for: after a second a line, which is erased at the end;
# nothing before. With the option it stays.
return=$(printf '\r') clear=$(printf '\033[K')
TERM=xterm
export TERM
if [ -z "$python" ]; then
    skip "no Python: nothing is known of progress on a terminal"
else
    # slowly WHAT...: on a terminal, $columns wide, with most of the trace 2 s after it was opened.
    columns=0
    slowly() {
        { head -c 100 "$trace"; sleep 2; tail -c +101 "$trace"; } >"$work/live" &
        "$python" "$top_srcdir/tests/tools/terminal.py" --columns=$columns sh -c \
            "exec '$TRACEREADER' $* '$work/live' >'$work/out'" >"$work/err"
        set -- $?
        wait
        return "$1"
    }
    for name in events wire info blocking; do
        slowly "$name"
        same "$name on a terminal: exit code" 0 $?
        case $(cat "$work/err") in
        "$return"*" s$clear$return$clear") pass ;;
        *) fail "$name on a terminal: $(od -An -c "$work/err")" ;;
        esac
    done
    # What is not known to take this is spared it.
    for term in dumb ''; do
        TERM=$term
        slowly info
        same "info on a terminal \"$term\"" "" "$(cat "$work/err")"
        slowly info --progress
        same "info --progress on a terminal \"$term\": escape sequences" 0 \
            "$(grep -cF "$clear" "$work/err")"
        holds "info --progress on a terminal \"$term\"" "$work/err" " in "
    done
    TERM=xterm
    # A narrow one has one row of it, with its last column free; what stays is not cut.
    columns=10
    slowly info --progress
    columns=0
    tr '\r' '\n' <"$work/err" | sed "s/$(printf '\033')\[K//" | grep . >"$work/shown"
    same "info on a narrow terminal: columns" 9 \
        "$(sed '$d' "$work/shown" | awk '{ print length }' | sort -n | tail -1)"
    case $(tail -1 "$work/shown") in
    *" in "*" s") pass ;;
    *) fail "info on a narrow terminal: $(od -An -c "$work/err")" ;;
    esac
    # A signal leaves no line behind, and is what ends the command.
    if [ -n "$several" ]; then
        half=$(($(wc -c <"$trace") / 2))
        "$python" "$top_srcdir/tests/tools/terminal.py" --end \
            "$TRACEREADER" info --progress "$work/live" >"$work/err" &
        reader=$!
        exec 9>"$work/live"
        head -c $half "$trace" >&9
        sleep 0.5 # it shows nothing in its first 0.2 s
        tail -c +$((half + 1)) "$trace" >&9
        wait $reader
        same "info that is ended: exit code" 143 $?
        exec 9>&-
        case $(cat "$work/err") in
        "$return"*" s$clear$return$clear") pass ;;
        *) fail "info that is ended: $(od -An -c "$work/err")" ;;
        esac
    else
        skip "nothing is known of progress that is ended"
    fi
    "$python" "$top_srcdir/tests/tools/terminal.py" \
        "$TRACEREADER" info --progress "$trace" >"$work/err"
    case $(tr -d '\r' <"$work/err") in
    *" in "*" s"*) pass ;;
    *) fail "info --progress on a terminal: $(od -An -c "$work/err")" ;;
    esac
    # Of several files it says which, wherever it is shown.
    slowly check --progress "$trace"
    tr '\r' '\n' <"$work/err" | grep . >"$work/shown"
    same "check --progress of two files: what is shown" "file 1 of 2:
file 2 of 2:" "$(cut -c 1-12 "$work/shown" | uniq)"
    grep -q '^file 2 of 2: .*, [0-9]* s' "$work/shown" && pass ||
        fail "check --progress of two files: $(cat "$work/shown")"
fi
run check --progress "$trace" "$trace" "$trace"
same "check --progress of three files: lines" "file 1 of 3: file 2 of 3: file 3 of 3: " \
    "$(sed -n 's/^\(file [0-9] of 3: \).* in .* s$/\1/p' "$work/err" | tr -d '\n')"
run check --progress "$trace"
same "check --progress of one file" 0 "$(grep -c file "$work/err")"
finish
