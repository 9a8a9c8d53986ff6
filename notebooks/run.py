#!/usr/bin/env python3
"""Executes the notebooks in a clean copy, and checks what they say.

    run.py             the test: each notebook, the first one with other traces too, and that
                       the outputs in the notebooks are those of today
    run.py --only 02   the same of those whose names begin so
    run.py TRACE...    the first one, with these traces
    run.py --update    the same as the first, but puts the outputs into the notebooks, and the
                       first one's chart for the README into docs/img/

Needs tracereader to be importable, and nbclient, ipykernel and what the notebooks import:
one that imports what is not here, or older than the package's extras ask for, is skipped.
"""

import argparse
import base64
import copy
import importlib.metadata
import importlib.util
import json
import lzma
import os
import pathlib
import re
import sys
import tempfile

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import tracereader

TOP = pathlib.Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((TOP / "notebooks").glob("[0-9]*.ipynb"))
FIRST = NOTEBOOKS[0]
PICTURE = TOP / "docs" / "img" / "blocking.png"
DATA = TOP / "tests" / "data"
EXTRAS = TOP / "bindings" / "python" / "pyproject.toml"
OWN = DATA / "go1.26-shop.trace.xz"
# Nothing on the network, several generations, waits left open; waits without a reason.
OTHERS = [DATA / "go1.26-generations.trace.xz", DATA / "go1.26-coroutines.trace.xz"]

# Of OWN, by Go's own reader: how often goroutines block, and on the network. Counted in
#   go tool trace -d=parsed go1.26-shop.trace |
#       grep -E '^M=.* StateTransition .*GoID=[0-9]+ (Running|Syscall)->Waiting'
REFERENCE = (7189, 1908)

MAX_NOTEBOOK_BYTES = 500_000
MAX_PICTURE_BYTES = 80_000
ADDRESS = re.compile(r"\b0x[0-9a-f]+\b")
# A folder of somebody's machine, in a text.
MACHINE_PATH = re.compile(r"(?<![\w.])/(home|mnt|opt|private|root|tmp|usr|var|Users|work)/")

# Executed after the first notebook's own cells, in its place.
ANSWERS = """
import json
print(json.dumps({
    "share": share,
    "blocked": blocked_count,
    "network": network_count,
    "reasons": [list(row) for row in reasons],
    "functions": [list(row) for row in functions],
    "waits": {
        reason: [len(group), int(group.ns.sum())] for reason, group in waits.groupby("reason")
    },
}))
"""


class Checks:
    """Counts, and tells what went wrong."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def equal(self, what, have, want):
        self.true(what, have == want, f"have {have!r}, want {want!r}")

    def true(self, what, is_so, why=""):
        if is_so:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {what}{': ' if why else ''}{why}")

    def skip(self, what, why):
        self.skipped += 1
        print(f"skipped: {what}: {why}")


# --- Executing -------------------------------------------------------------------------


def execute(notebook, folder, trace=None, further=""):
    """Execute a copy in `folder`, and then the code `further`; gives the copy, and what that
    printed.

    The copy finds the traces where the original finds them; `trace` is another one.
    """
    nb = nbformat.read(notebook, as_version=4)
    for cell in code_cells(nb):
        cell.outputs = []
        cell.execution_count = None
    if trace is not None:
        (parameters,) = tagged(nb, "parameters")
        parameters.source = f"trace_file = {str(trace)!r}"
    nb.cells.append(nbformat.v4.new_code_cell(further))

    place = folder / "notebooks"
    place.mkdir(parents=True)
    (folder / "tests").mkdir()
    (folder / "tests" / "data").symlink_to(DATA)
    use_own_kernel(folder / "jupyter")
    client = NotebookClient(
        nb,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(place)}},
    )
    client.execute()
    said = "".join(output.text for output in nb.cells.pop().outputs)
    return nb, said


def use_own_kernel(folder):
    """Have the kernel be this Python, and not what is installed under the same name; and
    nothing of the user's settings."""
    spec = folder / "kernels" / "python3"
    spec.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(
        json.dumps({"argv": command, "display_name": "Python 3", "language": "python"})
    )
    os.environ["JUPYTER_PATH"] = str(folder)
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):
        os.environ[name] = str(folder / name.lower())
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    os.environ.pop("MPLBACKEND", None)  # would keep charts out of the notebook


def missing_for(notebook):
    """What it imports and is not here, or too old."""
    nb = nbformat.read(notebook, as_version=4)
    code = "\n".join(cell.source for cell in code_cells(nb))
    wanted = set(re.findall(r"^(?:import|from) (\w+)", code, re.M))
    missing = [f"no {name}" for name in wanted if importlib.util.find_spec(name) is None]
    for name, least in re.findall(r'"(\w+)>=([\d.]+)', EXTRAS.read_text()):
        if name in wanted and importlib.util.find_spec(name) is not None:
            there = importlib.metadata.version(name)
            if numbers(there) < numbers(least):
                missing.append(f"{name} is {there}, not {least}")
    return sorted(set(missing))


def numbers(version):
    """Those of a version, to be compared."""
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


# --- Looking at notebooks --------------------------------------------------------------


def code_cells(nb):
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def tagged(nb, tag):
    return [cell for cell in nb.cells if tag in cell.metadata.get("tags", ())]


def outputs(nb):
    return [output for cell in code_cells(nb) for output in cell.outputs]


def printed(nb, stream="stdout"):
    return "".join(o.text for o in outputs(nb) if o.output_type == "stream" and o.name == stream)


def texts(nb):
    """All texts in the outputs: what is printed, and what is shown as text or HTML."""
    for output in outputs(nb):
        yield output.get("text", "")
        for kind, data in sorted(output.get("data", {}).items()):
            if kind.startswith("text/"):
                yield data


def lasting(cell):
    """The same of one cell, but for what varies: addresses of objects, and warnings."""
    alone = nbformat.v4.new_notebook(cells=[copy.copy(cell)])
    alone.cells[0].outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
    return [ADDRESS.sub("0x", text) for text in texts(alone)]


def pictures(nb):
    coded = [o.data["image/png"] for o in outputs(nb) if "image/png" in o.get("data", {})]
    return [base64.b64decode(data) for data in coded]


def readme_picture(nb):
    (cell,) = tagged(nb, "readme")
    return pictures(nbformat.v4.new_notebook(cells=[cell]))[0]


# --- Checking --------------------------------------------------------------------------


def check_answers(checks, name, nb, answers, path):
    """What it says of the trace is what the library says."""
    data = path.read_bytes()
    if path.suffix == ".xz":
        data = lzma.decompress(data)
    with tracereader.open(data) as trace:
        reasons = [list(row) for row in trace.blocking(by="reason")]
        functions = [list(row) for row in trace.blocking(by="function")]
        blocked = trace.blocking().blocked
    ratio = tracereader.blocking_ratio(data, reason="network")
    checks.equal(f"{name}: share", answers["share"], ratio)
    checks.equal(f"{name}: share by hand", answers["network"] / answers["blocked"], ratio)
    checks.equal(f"{name}: blocked", answers["blocked"], blocked)
    checks.equal(f"{name}: by reason", answers["reasons"], reasons)
    checks.equal(f"{name}: by function", answers["functions"], functions)
    waits = {reason: [count, ns] for reason, count, _, ns, *_ in reasons}
    checks.equal(f"{name}: the table of waits", answers["waits"], waits)
    checks.true(f"{name}: prints the share", f"{ratio:.2%}" in printed(nb))
    checks.equal(f"{name}: charts", len(pictures(nb)), len(pictures(stored(FIRST))))


def stored(notebook):
    return nbformat.read(notebook, as_version=4)


def check_stored(checks, notebook, fresh):
    """The notebook as it is stored: executed, with today's outputs, and nothing else."""
    nb = stored(notebook)
    name = notebook.name
    counts = [cell.execution_count for cell in code_cells(nb)]
    checks.equal(f"{name}: executed in order", counts, list(range(1, len(counts) + 1)))
    for number, cells in enumerate(zip(code_cells(nb), code_cells(fresh)), 1):
        checks.equal(f"{name}: what code cell {number} shows", *map(lasting, cells))
    checks.equal(f"{name}: warnings", printed(nb, "stderr"), "")
    checks.equal(f"{name}: charts", len(pictures(nb)), len(pictures(fresh)))
    found = [hit[0] for text in texts(nb) if (hit := MACHINE_PATH.search(text))]
    checks.equal(f"{name}: paths of a machine", found, [])
    checks.equal(f"{name}: metadata", sorted(nb.metadata), ["kernelspec", "language_info"])
    extra = [key for cell in nb.cells for key in cell.metadata if key != "tags"]
    checks.equal(f"{name}: metadata of cells", extra, [])
    size = notebook.stat().st_size
    checks.true(f"{name}: size", size < MAX_NOTEBOOK_BYTES, f"{size} bytes")


def check_picture(checks):
    picture = PICTURE.read_bytes()
    checks.true("the README's chart is the notebook's", picture == readme_picture(stored(FIRST)))
    checks.true("its size", len(picture) < MAX_PICTURE_BYTES, f"{len(picture)} bytes")


def store(notebook, nb):
    """Put an executed copy where the original is."""
    for output in outputs(nb):
        if "metadata" in output:
            output.metadata = {}
    nb.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    nbformat.validate(nb)
    nbformat.write(nb, notebook)
    if notebook == FIRST:
        PICTURE.parent.mkdir(exist_ok=True)
        PICTURE.write_bytes(readme_picture(nb))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--update", action="store_true", help="store the outputs")
    parser.add_argument("--only", default="", metavar="NAME", help="of notebooks like this")
    parser.add_argument("traces", nargs="*", type=pathlib.Path, metavar="TRACE")
    args = parser.parse_args()
    checks = Checks()
    jobs = [(FIRST, path.resolve()) for path in args.traces]
    if not jobs:
        jobs = [(FIRST, None), *((FIRST, path) for path in OTHERS)]
        jobs += [(notebook, None) for notebook in NOTEBOOKS[1:]]
        jobs = [job for job in jobs if job[0].name.startswith(args.only)]
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name).resolve()
        for number, (notebook, trace) in enumerate(jobs):
            what = f"{notebook.name} with {trace.name}" if trace else notebook.name
            missing = missing_for(notebook)
            if missing:
                checks.skip(what, ", ".join(missing))
                continue
            further = ANSWERS if notebook == FIRST else ""
            try:
                nb, said = execute(notebook, work / str(number), trace, further)
            except CellExecutionError as e:
                checks.true(f"{what}: executes", False, str(e))
                continue
            if printed(nb, "stderr"):
                print(f"note: {what}: a warning:\n{printed(nb, 'stderr')}")
            if notebook == FIRST:
                answers = json.loads(said)
                check_answers(checks, what, nb, answers, trace or OWN)
                if trace is None:
                    counts = (answers["blocked"], answers["network"])
                    checks.equal("Go's own reader counts the same", counts, REFERENCE)
            if trace is None:
                if args.update and not checks.failed:
                    store(notebook, nb)
                check_stored(checks, notebook, nb)
                if notebook == FIRST:
                    check_picture(checks)
    print(f"{checks.passed} passed, {checks.failed} failed, {checks.skipped} skipped")
    return checks.failed != 0


if __name__ == "__main__":
    sys.exit(main())
