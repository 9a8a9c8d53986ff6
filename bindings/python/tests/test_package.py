"""The package as such: what it exports, its types, what importing it costs."""

import importlib.resources
import inspect
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
import tracereader
from tracereader import Kind, Resource, Scope, State, _native
from tracereader._optional import needed


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


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"'matplotlib' \(tracereader\[plot\]\)") as e:
        needed("matplotlib.pyplot", "tracereader.plot")
    assert e.value.name == "matplotlib"
    with pytest.raises(ImportError, match="this needs the package 'no_such_package'$"):
        needed("no_such_package", "this")


def test_importing_needs_nothing_else():
    code = (
        "import sys, tracereader\n"
        "print([m for m in ('numpy', 'pandas', 'tqdm', 'pyarrow') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "[]\n"


def test_importing_warns_of_nothing():
    """Not of types without a module either, as some versions of SWIG make them."""
    subprocess.run([sys.executable, "-W", "error", "-c", "import tracereader"], check=True)


def test_counting_imports_little(path):
    """A script that asks for a number has it at once: these take longer than the trace."""
    code = (
        "import sys; sys.path[:0] = sys.argv[2:]; import tracereader\n"
        "ratio = tracereader.blocking_ratio(sys.argv[1])\n"
        "slow = ('typing', 're', 'enum', 'datetime', 'threading', 'tempfile', 'dataclasses')\n"
        "print(ratio >= 0, [name for name in slow if name in sys.modules])"
    )
    answer = subprocess.run(
        # Without what the environment imports by itself.
        [sys.executable, "-I", "-S", "-c", code, path, *sys.path],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout == "True []\n"


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


def test_stub_says_of_events_what_they_say():
    stub = importlib.resources.files("tracereader").joinpath("_native.pyi").read_text()
    said = dict(re.findall(r'def (\w+)\(self\) -> [^\n]*:\n +"""(.*)\."""', stub))
    for name, field in vars(tracereader.Event).items():
        if inspect.isgetsetdescriptor(field):
            text = field.__doc__.partition(": ")[2]
            assert said.pop(name) == text[0].upper() + text[1:], name
    assert not said


PROGRAMS = sorted(pathlib.Path(__file__).parent.glob("typed_*.py"))


def mypy_version():
    mypy = pytest.importorskip("mypy.version")
    return tuple(map(int, mypy.__version__.split(".")[:2]))


@pytest.fixture
def alone(tmp_path):
    """A folder with a copy of the package, for mypy: without what else is installed, which
    takes long to look at."""
    shutil.copytree(pathlib.Path(tracereader.__file__).parent, tmp_path / "tracereader")
    for program in PROGRAMS:
        shutil.copy(program, tmp_path)
    names = ("matplotlib", "numpy", "pandas", "polars", "pyarrow")
    others = ",".join(f"{name}.*" for name in names)
    skip = "follow_imports = skip\nfollow_imports_for_stubs = true\n"
    (tmp_path / "mypy.ini").write_text(f"[mypy]\n[mypy-{others}]\n{skip}")
    return tmp_path


def test_mypy(alone):
    """The package, and programs that use it."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental"]
    if mypy_version() < (1, 4):  # which does not know the code unused-ignore
        command.append("--no-warn-unused-ignores")
    command += ["tracereader", *(program.name for program in PROGRAMS)]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=alone)
    assert answer.returncode == 0, answer.stdout


def test_stubtest(alone):
    if mypy_version() < (1, 20):
        pytest.skip("the stubtest of this mypy takes names that are imported for ours")
    # What SWIG adds by itself, as 4.0 does.
    (alone / "allowed").write_text(r"tracereader\._native\.SWIG_\w+")
    command = [sys.executable, "-m", "mypy.stubtest", "--mypy-config-file", "mypy.ini"]
    command += ["--allowlist", "allowed", "--ignore-unused-allowlist", "tracereader"]
    answer = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=alone,
    )
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize("program", PROGRAMS, ids=[program.stem for program in PROGRAMS])
def test_a_program_runs(program, path):
    pytest.importorskip("pandas")
    answer = subprocess.run(
        [sys.executable, program, path], capture_output=True, text=True, check=True
    )
    assert answer.stdout


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
