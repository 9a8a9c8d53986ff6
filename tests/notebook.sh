#!/bin/sh
# Executes the notebooks against what this build folder made (bindings/stage), and checks
# their answers. $PYTHON and the folders come from the Makefile.
stage=$top_builddir/bindings/stage
if [ -n "$SANITIZED" ]; then
    echo "skipped: built with sanitizers, which the interpreter is not"
    exit 77
fi
if ! "$PYTHON" -c 'import ipykernel, nbclient' 2>/dev/null; then
    echo "skipped: $PYTHON lacks ipykernel or nbclient"
    exit 77
fi
PYTHONDONTWRITEBYTECODE=1
PYTHONPATH=$stage
export PYTHONDONTWRITEBYTECODE PYTHONPATH
cd "$stage" && exec "$PYTHON" "$top_srcdir/notebooks/run.py"
