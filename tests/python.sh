#!/bin/sh
# Runs the tests of the Python package against what this build folder made
# (bindings/stage). $PYTHON and the folders come from the Makefile.
tests=$top_srcdir/bindings/python/tests
stage=$top_builddir/bindings/stage
if [ -n "$SANITIZED" ]; then
    echo "skipped: built with sanitizers, which the interpreter is not"
    exit 77
fi
if ! "$PYTHON" -c 'import hypothesis, pytest' 2>/dev/null; then
    echo "skipped: $PYTHON lacks hypothesis or pytest"
    exit 77
fi
# The source folder may be read-only: nothing is left behind there.
PYTHONDONTWRITEBYTECODE=1
PYTHONPATH=$stage
TRACEREADER=$top_builddir/tools/tracereader
export PYTHONDONTWRITEBYTECODE PYTHONPATH TRACEREADER
cd "$stage" && exec "$PYTHON" -m pytest -q -rs -p no:cacheprovider "$tests"
