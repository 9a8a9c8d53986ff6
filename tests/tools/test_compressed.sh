#!/bin/sh
# Compressed traces: what the formats' own commands made of a trace is read as the trace
# itself, by every subcommand, from files and pipes; broken ones are told.
. "$(dirname "$0")/lib.sh"
need_trace

# What is printed, but for what says that it is compressed.
without_format() {
    sed -e '/^Trace /d' -e '/^Compressed /d' -e 's/,"compression":"[a-z0-9]*"//'
}

for name in events wire info "info --json" "blocking --json"; do
    # shellcheck disable=SC2086
    run $name "$trace"
    without_format <"$work/out" >"$work/want.${name%% *}${name#* }"
done
printf 'xyz' >"$work/garbage"

run --version
formats=$(sed -n 's/^reads compressed traces of: //p' "$work/out")
for format in gzip bzip2 xz lz4 zstd; do
    command -v "$format" >/dev/null 2>&1 || {
        skip "no $format"
        continue
    }
    packed=$work/packed.trace # no name helps
    "$format" -qc <"$trace" >"$packed"
    case " $formats " in
    *" $format "*) ;;
    *)
        run info "$packed"
        same "$format is not read: exit code" 1 "$code"
        holds "$format is not read" "$work/err" \
            "it is compressed with $format; this build cannot read that"
        continue
        ;;
    esac
    for name in events wire info "info --json" "blocking --json"; do
        want=$work/want.${name%% *}${name#* }
        for threads in 1 2; do
            # shellcheck disable=SC2086
            run $name --threads=$threads "$packed"
            same "$name of $format: exit code" 0 "$code"
            without_format <"$work/out" >"$work/got"
            same_file "$name of $format" "$want" "$work/got"
        done
        # shellcheck disable=SC2002,SC2086
        cat "$packed" | "$TRACEREADER" $name | without_format >"$work/got"
        same_file "$name of $format in a pipe" "$want" "$work/got"
    done
    run info --progress "$packed"
    holds "info of $format" "$work/out" "with $format, to "
    run info --json "$packed"
    holds "info --json of $format" "$work/out" "\"compression\":\"$format\""
    run events --limit-memory=16M "$packed"
    same_file "events of $format with a limit" "$work/want.eventsevents" "$work/out"

    size=$(wc -c <"$packed" | tr -d ' ')
    head -c $((size - 5)) "$packed" >"$work/cut"
    run events "$work/cut"
    same "events of cut $format: exit code" 1 "$code"
    holds "events of cut $format" "$work/err" "the $format data ends in the middle (byte "
    cat "$packed" "$work/garbage" >"$work/followed"
    run events "$work/followed"
    same "events of $format with garbage: exit code" 1 "$code"
    holds "events of $format with garbage" "$work/err" "the $format data is followed by something else"
    same_file "events of $format with garbage" "$work/want.eventsevents" "$work/out"
done
finish
