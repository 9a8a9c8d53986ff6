#!/bin/sh
# Prints the names of the project's own files, those for lints to look at: what git
# knows or would add, or, without git (a release), what is there less what was built.
cd "${top_srcdir:-.}" || exit 99
if [ -e .git ] && git ls-files --cached --others --exclude-standard >/dev/null 2>&1; then
    # A file that was removed but is still known to git is not there to look at.
    git ls-files --cached --others --exclude-standard |
        while IFS= read -r file; do
            # Nor is a folder that somebody builds in part of the project.
            [ -f "$file" ] && [ ! -e "${file%%/*}/config.status" ] && printf '%s\n' "$file"
        done
    exit 0
fi
find . \( -name .git -o -name build -o -name 'build-*' -o -name _build -o -name _inst \
    -o -name autom4te.cache -o -name .libs -o -name .deps -o -name '*.egg-info' \
    -o -name __pycache__ -o -path ./bindings/swig -o -path ./bindings/stage \) -prune -o \
    -type f \( -name '*.[chi]' -o -name '*.def' -o -name '*.py' -o -name '*.pyi' \
    -o -name '*.go' -o -name '*.sh' -o -name '*.md' -o -name '*.txt' -o -name '*.inc' \
    -o -name '*.ac' -o -name '*.am' -o -name '*.toml' -o -name '*.ipynb' -o -name '*.sym' \
    -o -name quickstart -o -name run-tests \) -print | sed 's|^\./||' | LC_ALL=C sort
