# Completion of tracereader's command line for bash.

_tracereader()
{
    local current=${COMP_WORDS[COMP_CWORD]}
    local previous=${COMP_WORDS[COMP_CWORD - 1]}
    local options='--limit-memory= --progress --help'
    COMPREPLY=()

    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(
            compgen -W 'events wire info blocking check help --help --version' -- "$current"
        )
        return
    fi

    # "--by=re" comes as three words: "--by", "=" and "re".
    if [[ $current == '=' ]]; then
        current=
    elif [[ $previous == '=' ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $previous in
    --by)
        mapfile -t COMPREPLY < <(compgen -W 'reason function goroutine stack task' -- "$current")
        return
        ;;
    --threads | --limit-memory)
        return
        ;;
    esac

    case ${COMP_WORDS[1]} in
    help)
        mapfile -t COMPREPLY < <(compgen -W 'events wire info blocking check' -- "$current")
        return
        ;;
    events | info | blocking) options="--binary= --salvage --threads= $options" ;;
    check) options="--threads= $options" ;;
    esac
    case ${COMP_WORDS[1]} in
    events) ;;
    wire) ;;
    check) options="--json $options" ;;
    info) options="--json $options" ;;
    blocking) options="--by= --json $options" ;;
    *) return ;;
    esac
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
        [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        compopt -o filenames
    fi
}

complete -F _tracereader tracereader
