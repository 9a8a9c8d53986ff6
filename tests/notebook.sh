#!/bin/sh
# Executes the notebook against what this build folder made (bindings/stage), and checks
# its answers. $PYTHON and the folders come from the Makefile.
stage=$top_builddir/bindings/stage
if [ -n "$SANITIZED" ]; then
    echo "built with sanitizers, which the interpreter is not: skipped"
    exit 77
fi
if ! "$PYTHON" -c 'import ipykernel, matplotlib, nbclient, pandas' 2>/dev/null; then
    echo "$PYTHON lacks one of ipykernel, matplotlib, nbclient, pandas: skipped"
    exit 77
fi
PYTHONDONTWRITEBYTECODE=1
PYTHONPATH=$stage
export PYTHONDONTWRITEBYTECODE PYTHONPATH
cd "$stage" && exec "$PYTHON" "$top_srcdir/notebooks/run.py"
