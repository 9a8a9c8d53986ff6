#!/bin/sh
# The help, the man page and the completions of three shells name the same options.
. "$(dirname "$0")/lib.sh"
completions=$top_srcdir/tools/completions
man=$top_srcdir/docs/man/tracereader.1

# names WHERE FILE WHAT [TEXT]: the file has the text, WHAT itself by default. None is shown,
# as they are long.
names() {
    grep -qF -e "${4-$3}" "$2" && pass || fail "$1 lacks $3"
}

sed 's/\\-/-/g; s/\\f[A-Z]//g' "$man" >"$work/man"
for name in events wire info blocking check; do
    "$TRACEREADER" "$name" --help | grep -oE -e '--[a-z][a-z-]+' | sort -u >"$work/options"
    [ -s "$work/options" ] && pass || fail "$name --help names no option"
    while read -r option; do
        # Words of the examples are not options of ours.
        "$TRACEREADER" "$name" "$option=x" /dev/null 2>&1 | grep -q unrecognized && continue
        names "the man page" "$work/man" "$option"
        names "the completion of bash" "$completions/tracereader.bash" "$option"
        names "the completion of zsh" "$completions/_tracereader" "$option"
        names "the completion of fish" "$completions/tracereader.fish" "$option" "-l ${option#--}"
    done <"$work/options"
    names "the man page" "$man" "$name" ".B $name"
    names "the completion of bash" "$completions/tracereader.bash" "$name"
    names "the completion of zsh" "$completions/_tracereader" "$name" "'$name:"
    names "the completion of fish" "$completions/tracereader.fish" "$name" "-a $name "
done

if command -v mandoc >/dev/null 2>&1; then
    for page in "$top_srcdir"/docs/man/*.[13]; do
        # The date is left out: a page has that of the release it came with.
        same "mandoc $page" "" "$(mandoc -T lint -W warning "$page" | grep -v 'missing date')"
    done
else
    skip "there is no mandoc"
fi

# complete WORD...: what bash offers for the last word; "=" is a word of its own.
complete_bash() {
    bash --norc -c '
        compopt() { :; }
        . "$1"
        shift
        COMP_WORDS=(tracereader "$@")
        COMP_CWORD=$#
        _tracereader
        printf "%s\n" "${COMPREPLY[@]}"' bash "$completions/tracereader.bash" "$@" |
        sort | tr '\n' ' '
}
if bash -c 'mapfile -t x < <(:)' 2>/dev/null; then
    same "bash: subcommands" "--help --version blocking check events help info wire " "$(complete_bash '')"
    same "bash: bl" "blocking " "$(complete_bash bl)"
    same "bash: options of events" \
        "--binary= --help --limit-memory= --progress --salvage --threads= " \
        "$(complete_bash events --)"
    same "bash: options of info" \
        "--binary= --help --json --limit-memory= --progress --salvage --threads= " \
        "$(complete_bash info --)"
    same "bash: options of check" "--help --json --limit-memory= --progress --threads= " \
        "$(complete_bash check --)"
    same "bash: options of wire" "--help --limit-memory= --progress " "$(complete_bash wire --)"
    same "bash: help" "wire " "$(complete_bash help w)"
    same "bash: --by" "--by= " "$(complete_bash blocking --by)"
    same "bash: --by=" "function goroutine reason stack task " "$(complete_bash blocking --by =)"
    same "bash: --by=f" "function " "$(complete_bash blocking --by = f)"
    same "bash: --by f" "function " "$(complete_bash blocking --by f)"
    : >"$work/a b.trace"
    same "bash: files" "$work/a b.trace " "$(complete_bash info "$work/a")"
else
    skip "there is no bash of version 4"
fi
for pair in zsh:_tracereader fish:tracereader.fish; do
    shell=${pair%:*}
    if command -v "$shell" >/dev/null 2>&1; then
        "$shell" -n "$completions/${pair#*:}" 2>"$work/err" && pass ||
            fail "$shell: $(cat "$work/err")"
    else
        skip "there is no $shell"
    fi
done
if command -v fish >/dev/null 2>&1; then
    # offered LINE: what fish offers, without the descriptions.
    offered() {
        HOME=$work fish --no-config -c "source '$completions/tracereader.fish'; complete -C '$1'" |
            cut -f1 | sort | tr '\n' ' '
    }
    same "fish: subcommands" "blocking check events help info wire " "$(offered 'tracereader ')"
    same "fish: --by=" "--by=function --by=goroutine --by=reason --by=stack --by=task " \
        "$(offered 'tracereader blocking --by=')"
    same "fish: options of wire" "--help --limit-memory --progress " \
        "$(offered 'tracereader wire --' | tr ' ' '\n' | sed 's/=$//' | tr '\n' ' ' |
            sed 's/ $/ /; s/  */ /g')"
fi
finish
