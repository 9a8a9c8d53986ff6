#!/bin/sh
# check: a line a file, several files, exit codes, JSON; the same numbers as events and info.
. "$(dirname "$0")/lib.sh"
need_trace

: >"$work/empty.trace"
echo "this is not a trace, but long enough to be asked for its header" >"$work/text.trace"
printf 'go 1.99 trace\000\000\000' >"$work/old.trace"

# Each alone: the verdict is that of `events`, and what is said is what it says.
for file in $traces $broken "$work/empty.trace" "$work/text.trace"; do
    run events "$file"
    want=$code
    events=$(grep -c '^M=' "$work/out")
    said=$(sed -n "s|^tracereader: $file: \(.*\))\$|\1|p" "$work/err")
    run check "$file"
    same "check $file: exit code" "$want" "$code"
    same "check $file: lines" 1 "$(wc -l <"$work/out" | tr -d ' ')"
    [ ! -s "$work/err" ] && pass || fail "check $file: $(cat "$work/err")"
    run check --json "$file"
    holds "check --json $file: its size" "$work/out" "\"bytes\":$(wc -c <"$file" | tr -d ' '),"
    run check "$file"
    if [ "$want" = 0 ]; then
        holds "check $file" "$work/out" "$file: ok: $events event"
    else
        holds "check $file" "$work/out" ": $said"
        grep -qE "^$file: (truncated|corrupt|order|format|version): .* \(byte [0-9]+, generation \
[0-9]+(, thread [0-9]+)?(, event type [0-9]+)?\)\$" "$work/out" && pass ||
            fail "check $file: $(cat "$work/out")"
    fi
    cp "$work/out" "$work/want"
    for option in --threads=1 --threads=4 --limit-memory=1G --progress; do
        run check "$option" "$file"
        same_file "check $option $file" "$work/want" "$work/out"
    done
    # shellcheck disable=SC2002
    cat "$file" | "$TRACEREADER" check >"$work/out"
    sed "s|^$file|standard input|" "$work/want" >"$work/want2"
    same_file "check of a pipe" "$work/want2" "$work/out"
    "$TRACEREADER" check - <"$file" >"$work/out"
    same_file "check -" "$work/want2" "$work/out"
done

# Together: the lines of each, in order; the worst code; one that is missing stops nobody.
for file in $traces $broken; do "$TRACEREADER" check "$file"; done >"$work/want"
# shellcheck disable=SC2086
run check $traces $broken
same_file "check of several" "$work/want" "$work/out"
same "check of several: exit code" 1 "$code"
# shellcheck disable=SC2086
run check $traces
same "check of whole traces: exit code" 0 "$code"
run check "$trace" "$work/none.trace" "$work" "$work/empty.trace" "$trace"
same "check of what cannot be opened: exit code" 2 "$code"
same "check of what cannot be opened" "ok io io format ok " \
    "$(sed 's/^[^:]*: \([a-z]*\):.*/\1/' "$work/out" | tr '\n' ' ')"
holds "check of a missing file" "$work/out" "$work/none.trace: io: No such file or directory"
holds "check of a folder" "$work/out" "$work: io: Is a directory"
same "check of what was not opened tells no place" 0 \
    "$(grep ': io: ' "$work/out" | grep -c '(byte')"
same "check of what cannot be opened: messages" \
    "tracereader: $work/none.trace: No such file or directory
tracereader: $work: Is a directory" "$(cat "$work/err")"
run check --json "$work/none.trace"
holds "check --json of a missing file" "$work/out" \
    '"message":"open failed: No such file or directory"'
run check --limit-memory=1K "$trace"
same "check of what is over a limit: exit code" 1 "$code"
holds "check of what is over a limit" "$work/out" "$trace: limit: "
run check "$work/old.trace"
same "check of another version: exit code" 1 "$code"
holds "check of another version" "$work/out" "old.trace: version: "

# A name that could steer the terminal does not.
esc=$(printf '\033')
cp "$trace" "$work/a${esc}b.trace"
run check "$work/a${esc}b.trace"
holds "check of an odd name" "$work/out" 'a\x1bb.trace: ok'

if [ -n "$python" ]; then
    # shellcheck disable=SC2086
    run check --json $traces $broken "$work/none.trace"
    same "check --json: exit code" 2 "$code"
    cat >"$work/compare.py" <<'END'
import json
import subprocess
import sys

program, path, *files = sys.argv[1:]
lines = open(path, encoding="utf-8").read().splitlines()
assert len(lines) == len(files), len(lines)
for line, file in zip(lines, files):
    have = json.loads(line)
    keys = ["file", "complete", "version", "bytes", "generations", "events", "error"]
    assert list(have) == keys, have
    assert have["file"] == file, have
    told = subprocess.run([program, "info", "--json", file], capture_output=True).stdout
    if not told:
        assert have["error"]["code"] == "io" and not have["complete"], have
        continue
    want = json.loads(told)
    for key in keys[1:-1]:
        assert have[key] == want[key], (file, key, have[key], want[key])
    assert (have["error"] is None) == have["complete"], have
    if have["error"]:
        assert list(have["error"]) == ["code", "message", "offset", "generation", "thread",
                                       "event_type"], have
        for key, value in want["error"].items():
            assert have["error"][key] == value, (file, key)
        for key in "thread", "event_type":
            assert have["error"][key] is None or have["error"][key] >= 0, have
END
    # shellcheck disable=SC2086
    "$python" "$work/compare.py" "$TRACEREADER" "$work/out" $traces $broken "$work/none.trace" \
        >"$work/err" 2>&1 && pass || fail "check --json: $(tail -n 3 "$work/err")"
else
    skip "there is no Python"
fi

# Each line comes as soon as it is known.
mkfifo "$work/fifo"
(
    exec 3>"$work/fifo"
    head -c 10 "$trace" >&3
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        [ -s "$work/early" ] && break
        sleep 1
    done
    grep -c ': ok: ' "$work/early" >"$work/seen"
    tail -c +11 "$trace" >&3
) &
: >"$work/early"
"$TRACEREADER" check "$trace" "$work/fifo" >"$work/early" </dev/null
same "check of a pipe that is slow: exit code" 0 $?
wait
same "check: what was known early" 1 "$(cat "$work/seen")"
same "check of a pipe that is slow" 2 "$(grep -c ': ok: ' "$work/early")"
finish
