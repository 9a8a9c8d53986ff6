#!/bin/sh
# No source file is longer than 800 lines: past that it holds more than one thing.
cd "${top_srcdir:-.}" || exit 99
tests/lint/files.sh | grep -E '\.(c|h|def|i|py|pyi|go|sh)$' | xargs wc -l |
    awk '$2 != "total" { n++ }
        $2 != "total" && $1 > 800 { print $2 ": " $1 " lines, 800 are allowed"; bad = 1 }
        END { print n " files looked at"; exit bad || !n }'
