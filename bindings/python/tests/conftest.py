"""Traces for tests, as bytes, files and open traces."""

import signal

import pytest
import tracereader
from corpus import SAMPLES, trace_bytes

# Who is started in the background, as by a script, has Ctrl-C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(params=SAMPLES or ["none"])
def sample(request):
    """The bytes of a small trace; tests run with several."""
    return trace_bytes(request.param)


@pytest.fixture
def annotations():
    """The bytes of a trace with tasks, regions, logs and stacks."""
    return trace_bytes("go1.26-annotations")


@pytest.fixture
def path(tmp_path, annotations):
    """A file with that trace."""
    file = tmp_path / "annotations.trace"
    file.write_bytes(annotations)
    return file


@pytest.fixture
def trace(annotations):
    """That trace, open."""
    with tracereader.open(annotations) as trace:
        yield trace


@pytest.fixture
def broken(annotations):
    """The trace without its last third."""
    return annotations[: len(annotations) * 2 // 3]
