"""What is written about the package is true: its docstrings' examples, and the READMEs'."""

import contextlib
import doctest
import importlib
import inspect
import io
import pathlib
import pkgutil
import re

import pytest
import tracereader
from corpus import trace_bytes
from tracereader._tables import Tables

#: What examples need that is not always there: a word in them, and the package.
NEEDS = {
    "to_numpy": "numpy",
    "to_pandas": "pandas",
    "pandas": "pandas",
    "to_arrow": "pyarrow",
    "to_parquet": "pyarrow",
    "pyarrow": "pyarrow",
    "to_polars": "polars",
    "polars": "polars",
    "duckdb": "duckdb",
    "tracereader.dask": "dask",
    "plot.": "matplotlib",
}
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def modules():
    for found in pkgutil.iter_modules(tracereader.__path__, "tracereader."):
        if not found.name.endswith("__main__"):
            try:
                yield importlib.import_module(found.name)
            except ImportError as e:  # an extra is missing
                if (e.name or "").startswith("tracereader"):
                    raise


def examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = {}
    for module in (tracereader, *modules()):
        for test in finder.find(module, module.__name__):
            if test.examples:
                found.setdefault(test.name, test)
    return [found[name] for name in sorted(found)]


EXAMPLES = examples()
READMES = [
    file
    for file in (
        pathlib.Path(__file__).resolve().parents[1] / "README.md",
        pathlib.Path(__file__).resolve().parents[3] / "README.md",
    )
    if file.is_file()
]
BLOCKS = [
    pytest.param(code, id=f"{file.parent.name}/{file.name}-{number}")
    for file in READMES
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", file.read_text(), re.S))
]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with the traces that examples speak of, to run them in."""
    monkeypatch.chdir(tmp_path)
    for name in ("shop.trace", "my.trace", "runs/a.trace", "runs/b.trace"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(trace_bytes("go1.26-shop"))
    plt = None
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        pass
    yield tmp_path
    if plt is not None:
        plt.close("all")


def check_packages(text):
    for word, package in NEEDS.items():
        if word in text:
            pytest.importorskip(package)


@pytest.mark.parametrize("test", EXAMPLES, ids=[test.name for test in EXAMPLES])
def test_docstring(test, place):
    check_packages("".join(example.source for example in test.examples))
    report = []
    with tracereader.open("shop.trace") as trace:
        # As in any of them: `import tracereader`, and this trace.
        globs = {"tracereader": tracereader, "trace": trace}
        if any("plot." in example.source for example in test.examples):
            globs["plot"] = tracereader.plot
        test.globs = globs
        doctest.DocTestRunner(optionflags=FLAGS).run(test, out=report.append, clear_globs=False)
    assert not report, "".join(report)


@pytest.mark.skipif(not READMES, reason="no README here")
def test_the_readme_lists_the_tables():
    text = READMES[0].read_text()
    tables = [name for name in vars(Tables) if not name.startswith("_")]
    assert not [name for name in tables if f"`{name}()`" not in text]


@pytest.mark.parametrize("code", BLOCKS)
def test_readme(code, place):
    check_packages(code)
    # They print much, which nobody wants to see of one that fails.
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, "README.md", "exec"), {"__name__": "__main__"})


#: Each name of theirs needs an example,
PUBLIC = tracereader, tracereader.plot, tracereader.dask
#: but for plain data, and what is explained where they are made.
WITHOUT = (BaseException, tuple)


def test_everything_has_an_example():
    there = {test.name.partition(".")[2].partition(".")[2] for test in EXAMPLES}
    missing = []
    for module, name in [(module, name) for module in PUBLIC for name in module.__all__]:
        thing = getattr(module, name)
        if inspect.isclass(thing) and issubclass(thing, WITHOUT):
            continue
        if ">>> " not in (thing.__doc__ or ""):
            missing.append(name)
        for attribute, value in vars(thing).items() if inspect.isclass(thing) else ():
            if inspect.isfunction(value) and not attribute.startswith("_"):
                if f"{name}.{attribute}" not in there:
                    missing.append(f"{name}.{attribute}")
    assert not missing
