#!/bin/sh
# The examples run, and what they answer is what the text of all events says.
. "$(dirname "$0")/lib.sh"
need_trace
examples=$top_builddir/examples
for name in blockratio kinds latencies longest_waits states who_woke; do
    [ -x "$examples/$name" ] || {
        echo "skipped: $examples/$name was not built"
        exit 77
    }
    lines=$(wc -l <"$top_srcdir/examples/$name.c")
    [ "$lines" -lt 100 ] && pass || fail "$name.c has $lines lines"
    holds "README.md names $name.c" "$top_srcdir/examples/README.md" "$name.c"
done

# example NAME ARGUMENT...: runs it without a message; its output is in $work/out.
example() {
    name=$1
    shift
    "$examples/$name" "$@" >"$work/out" 2>"$work/err" </dev/null
    same "$name $*: exit code" 0 $?
    same "$name $*: messages" "" "$(cat "$work/err")"
}

transition='^M=[-0-9]* P=[-0-9]* G=[-0-9]* StateTransition Time=[-0-9]* GoID='
for file in $traces; do
    "$TRACEREADER" events "$file" >"$work/events" 2>"$work/err" || {
        fail "events $file: $(cat "$work/err")"
        continue
    }

    example blockratio "$file"
    grep -E "$transition[0-9]+ (Running|Syscall)->Waiting " "$work/events" >"$work/blocked"
    want=$(awk '/Reason=".*network/ { n++ }
        END { printf "%2.3f%%", NR ? 100 * n / NR : 0 }' "$work/blocked")
    same "blockratio $file" \
        "$want instances of goroutines blocking were to block on the network" "$(cat "$work/out")"
    cp "$work/out" "$work/ratio"
    example blockratio --threads=2 "$file"
    same_file "blockratio --threads=2 $file" "$work/ratio" "$work/out"
    "$examples/blockratio" <"$file" >"$work/out" 2>&1
    same_file "blockratio of standard input" "$work/ratio" "$work/out"

    awk '/^M=[-0-9]* P=[-0-9]* G=[-0-9]* [A-Za-z]* Time=/ { n[$4]++ }
        END { for (kind in n) printf "%12d %s\n", n[kind], kind }' "$work/events" |
        sort -k2 >"$work/want"
    for way in "cat '$file' | '$examples/kinds'" "'$examples/kinds' <'$file'" \
        "'$examples/kinds' '$file'"; do
        eval "$way" 2>&1 | sort -k2 >"$work/out"
        same_file "kinds $file" "$work/want" "$work/out"
    done

    example who_woke "$file"
    grep -E "$transition[0-9]+ Waiting->Runnable " "$work/events" |
        awk '{ sub("G=", "", $3); sub("GoID=", "", $6); n[$3 " " $6]++ }
            END { for (pair in n) print n[pair], pair }' | sort -k1,1nr -k2,2n -k3,3n |
        head -n 20 | awk '{ printf "%10d times: %s woke goroutine %d\n", $1,
            $2 == -1 ? "the runtime" : "goroutine " $2, $3 }' >"$work/want"
    same_file "who_woke $file" "$work/want" "$work/out"

    example longest_waits "$file"
    grep '^[0-9]' "$work/out" | awk '{ print $1 }' >"$work/waits"
    grep -E "$transition" "$work/events" | sed 's/Time=//; s/GoID=//' | awk '
        $7 ~ /^Waiting->/ && $7 !~ />Waiting$/ && $6 in began {
            printf "%.6f\n", ($5 - began[$6]) / 1e9
            delete began[$6]
        }
        $7 ~ /^(Running|Syscall)->Waiting$/ { began[$6] = $5 }' |
        sort -rn | head -n 10 >"$work/want"
    same_file "longest_waits $file" "$work/want" "$work/waits"
    if [ -s "$work/waits" ]; then
        # Goroutines that block have stacks, down to the function that began them.
        grep -qE '^    [^ ]+ .+:[0-9]+$' "$work/out" && pass || fail "longest_waits $file: no stack"
    fi

    example states "$file"
    sed 's/Time=//' "$work/events" | awk '
        $4 == "Sync" { sync = $5 }
        /^M=/ { last = $5 }
        $4 == "StateTransition" && $6 ~ /^GoID=/ {
            split($7, go, "->")
            if (go[1] == go[2])
                next
            start = $5
            if ($6 in state) {
                count[state[$6]]++
                ns[state[$6]] += $5 - since[$6]
            } else if (go[1] == "Undetermined")
                start = sync
            state[$6] = go[2]
            since[$6] = start
            if (go[2] == "NotExist")
                delete state[$6]
        }
        END {
            for (id in state) {
                count[state[id]]++
                ns[state[id]] += last - since[id]
            }
            for (name in count)
                printf "%-14s %10d times %14.6f s\n", name, count[name], ns[name] / 1e9
        }' | sort >"$work/want"
    sort "$work/out" >"$work/states"
    same_file "states $file" "$work/want" "$work/states"

    example latencies "$file"
    # Without the names, which may be anything. An end belongs to the last begin of the task, or
    # in the goroutine.
    grep -E '^ *[0-9]+ +[0-9.]+ +[0-9.]+  (task|region) ' "$work/out" |
        awk '{ print $1, $2, $3, $4 }' | sort >"$work/latencies"
    grep -E '^M=[-0-9]* P=[-0-9]* G=[-0-9]* (Task|Region)(Begin|End) ' "$work/events" |
        sed 's/Time=//' | awk '
        {
            what = $4 ~ /^Task/ ? "task" : "region"
            key = what " " (what == "task" ? $6 : $3)
        }
        $4 ~ /Begin$/ {
            depth[key]++
            began[key, depth[key]] = $5
            type[key, depth[key]] = what " " substr($0, index($0, " Type="))
        }
        $4 ~ /End$/ && depth[key] > 0 {
            ns = $5 - began[key, depth[key]]
            name = type[key, depth[key]--]
            count[name]++
            sum[name] += ns
            if (ns > longest[name])
                longest[name] = ns
        }
        END {
            for (name in count)
                printf "%d %.3f %.3f %s\n", count[name], sum[name] / 1e6 / count[name],
                       longest[name] / 1e6, substr(name, 1, index(name, " ") - 1)
        }' | sort >"$work/want"
    same_file "latencies $file" "$work/want" "$work/latencies"
done

# A broken trace: the answer of what could be read, a message, and exit code 1.
head -c "$(($(wc -c <"$trace") * 2 / 3))" "$trace" >"$work/cut.trace"
for name in blockratio kinds latencies longest_waits states who_woke; do
    "$examples/$name" "$work/cut.trace" >"$work/out" 2>"$work/err"
    same "$name of a cut trace: exit code" 1 $?
    [ -s "$work/err" ] && pass || fail "$name of a cut trace: no message"
done
# What is no trace has no share, and what has no blocking a share of 0. The same mistakes end
# the same way.
echo "this is no trace, but as long as one has to be" >"$work/text.trace"
"$examples/blockratio" "$work/text.trace" >"$work/out" 2>"$work/err"
same "blockratio of no trace" "" "$(cat "$work/out")"
printf 'go 1.26 trace\000\000\000' >"$work/empty.trace"
"$examples/blockratio" "$work/empty.trace" >"$work/out" 2>"$work/err"
same "blockratio of nothing" "0.000%" "$(cut -d' ' -f1 "$work/out")"
for name in blockratio kinds latencies longest_waits states who_woke; do
    for file in text none; do
        "$examples/$name" "$work/$file.trace" >"$work/out" 2>"$work/err"
        same "$name of $file: exit code" 1 $?
        [ -s "$work/err" ] && pass || fail "$name of $file: no message"
    done
    "$examples/$name" "$trace" "$trace" >"$work/out" 2>"$work/err"
    same "$name of two: exit code" 2 $?
    holds "$name of two" "$work/err" "usage: "
done
finish
