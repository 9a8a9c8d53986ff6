# Completion of tracereader's command line for fish.

set -l subcommands events wire info blocking check
set -l none "not __fish_seen_subcommand_from $subcommands help"
set -l any "__fish_seen_subcommand_from $subcommands"

complete -c tracereader -n $none -f -a events -d 'Print every event'
complete -c tracereader -n $none -f -a wire -d 'Print every record of the file'
complete -c tracereader -n $none -f -a info -d 'Print a summary'
complete -c tracereader -n $none -f -a blocking -d 'Print how often and how long goroutines blocked'
complete -c tracereader -n $none -f -a check -d 'Say whether traces are whole'
complete -c tracereader -n $none -f -a help -d 'Explain a subcommand'
complete -c tracereader -n '__fish_seen_subcommand_from help' -f -a "$subcommands"
complete -c tracereader -n $none -s V -l version -f -d 'Print the version'
complete -c tracereader -s h -l help -f -d 'Print help'

complete -c tracereader -n '__fish_seen_subcommand_from events info blocking check' -l threads -x \
    -d 'Let N threads work on the trace'
complete -c tracereader -n $any -l limit-memory -x -d 'Stop rather than hold more memory'
complete -c tracereader -n $any -l progress -d 'Show how far reading has come'
complete -c tracereader -n '__fish_seen_subcommand_from events info blocking' -l binary -r -F \
    -d 'Name functions by this executable'
complete -c tracereader -n '__fish_seen_subcommand_from events info blocking' -l salvage \
    -d 'Read what is left of a broken trace'
complete -c tracereader -n '__fish_seen_subcommand_from info blocking check' -l json \
    -d 'Print one JSON object'
complete -c tracereader -n '__fish_seen_subcommand_from blocking' -l by -x \
    -a 'reason function goroutine stack task' -d 'What to group by'
