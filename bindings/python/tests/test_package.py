"""The package as such: what it exports, its types, what importing it costs."""

import importlib.resources
import inspect
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
import tracereader
from tracereader import Kind, Resource, Scope, State, _native


def test_all():
    for name in tracereader.__all__:
        assert getattr(tracereader, name) is not None
    public = {name for name in vars(tracereader) if not name.startswith("_")}
    modules = {name for name in public if inspect.ismodule(getattr(tracereader, name))}
    assert public - modules == set(tracereader.__all__)


def test_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+", tracereader.__version__)


def test_every_public_thing_is_documented():
    for name in tracereader.__all__:
        thing = getattr(tracereader, name)
        assert thing.__doc__, name
        assert not thing.__doc__.startswith(f"{name}("), name  # made by NamedTuple
        if inspect.isclass(thing) and thing.__module__.startswith("tracereader."):
            for attribute, value in vars(thing).items():
                if not attribute.startswith("_") and (
                    inspect.isfunction(value) or isinstance(value, property)
                ):
                    assert inspect.getdoc(getattr(thing, attribute)), (name, attribute)


def test_enums_are_those_of_the_library():
    kinds = [_native.tr_kind_name(n) for n in range(_native.TR_KIND_COUNT)]
    assert kinds == [kind.value for kind in Kind] == list(Kind.__members__)
    states = {_native.tr_state_name(n) for n in range(32)} - {"Bad"}
    assert states == {state.value for state in State} == set(State.__members__)
    resources = [_native.tr_resource_name(n) for n in range(4)]
    assert resources == [r.value for r in Resource] == [s.value for s in Scope]
    assert [s for s in State if s.executing] == [State.Running, State.Syscall]


def test_names_out_of_range():
    assert _native.tr_column_name(99) is None
    assert _native.tr_column_get_type(99) == 0
    assert _native.tr_kind_name(99) == "Bad"
    with pytest.raises(TypeError):
        _native.tr_kind_name("x")


def test_importing_needs_nothing_else():
    code = (
        "import sys, tracereader\n"
        "print([m for m in ('numpy', 'pandas', 'tqdm', 'pyarrow') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "[]\n"


def test_types_are_shipped():
    files = importlib.resources.files("tracereader")
    assert files.joinpath("py.typed").is_file()
    assert files.joinpath("_native.pyi").is_file()


def test_the_stub_is_complete():
    """What the C module has, the stub has."""
    stub = importlib.resources.files("tracereader").joinpath("_native.pyi").read_text()
    declared = set(re.findall(r"^(?:def |class )?(\w+)(?=[(:]|: int)", stub, re.M))
    there = {name for name in vars(_native) if not name.startswith(("_", "SWIG_"))}
    assert there <= declared, there - declared
    fields = set(re.findall(r"^    def (\w+)\(self", stub, re.M))
    assert {name for name in dir(tracereader.Event) if not name.startswith("_")} <= fields


def test_mypy(tmp_path):
    pytest.importorskip("mypy")
    # A copy: beside an installed package lies much that is not ours.
    shutil.copytree(pathlib.Path(tracereader.__file__).parent, tmp_path / "tracereader")
    answer = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "tracereader"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert answer.returncode == 0, answer.stdout


def test_a_program_with_tables(tmp_path, path):
    """It runs, and its types are right."""
    pytest.importorskip("numpy")
    program = pathlib.Path(__file__).with_name("typed_tables.py")
    answer = subprocess.run(
        [sys.executable, program, path], capture_output=True, text=True, check=True
    )
    assert [len(line.split()) for line in answer.stdout.splitlines()] == [3, 2]
    pytest.importorskip("mypy", reason="no mypy")
    shutil.copytree(pathlib.Path(tracereader.__file__).parent, tmp_path / "tracereader")
    answer = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", program],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(tmp_path)},
    )
    assert answer.returncode == 0, answer.stdout


def test_the_capsules_are_checked():
    for wrong in (None, 5, _native.tr_info_new()):
        for use in (_native.trpy_close, _native.trpy_size):
            with pytest.raises((TypeError, ValueError)):
                use(wrong)
    with pytest.raises(ValueError):
        _native.trpy_info_get(_native.tr_blocking_new(0))


def test_hooks_are_checked():
    with pytest.raises(TypeError):
        _native.trpy_register([])
    with pytest.raises(TypeError):
        _native.trpy_register({})
