#!/usr/bin/env python3
"""Executes blocking.ipynb in a clean copy, and checks what it says.

    run.py             the test: with its own trace and with others, and that the outputs
                       in the notebook are those of today
    run.py TRACE...    with these traces only
    run.py --update    the same as the first, but puts the outputs into the notebook, and
                       its chart for the README into docs/img/

Needs tracereader to be importable, and nbclient, ipykernel, matplotlib and pandas.
"""

import argparse
import base64
import json
import lzma
import os
import pathlib
import re
import shutil
import sys
import tempfile

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import tracereader

TOP = pathlib.Path(__file__).resolve().parents[1]
NOTEBOOK = TOP / "notebooks" / "blocking.ipynb"
PICTURE = TOP / "docs" / "img" / "blocking.png"
DATA = TOP / "tests" / "data"
OWN = DATA / "go1.26-shop.trace.xz"
# Nothing on the network, several generations, waits left open; waits without a reason.
OTHERS = [DATA / "go1.26-generations.trace.xz", DATA / "go1.26-coroutines.trace.xz"]

# Of OWN, by Go's own reader: how often goroutines block, and on the network. Counted in
#   go tool trace -d=parsed go1.26-shop.trace |
#       grep -E '^M=.* StateTransition .*GoID=[0-9]+ (Running|Syscall)->Waiting'
REFERENCE = (7189, 1908)

CHARTS = 4
MAX_NOTEBOOK_BYTES = 500_000
MAX_PICTURE_BYTES = 80_000
# A folder of somebody's machine, in a text.
MACHINE_PATH = re.compile(r"(?<![\w.])/(home|mnt|opt|private|root|tmp|usr|var|Users|work)/")

# Executed after the notebook's own cells, in its place.
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
        self.passed = self.failed = 0

    def equal(self, what, have, want):
        self.true(what, have == want, f"have {have!r}, want {want!r}")

    def true(self, what, is_so, why=""):
        if is_so:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {what}{': ' if why else ''}{why}")


# --- Executing -------------------------------------------------------------------------


def execute(folder, trace=None):
    """Execute a copy in `folder`; gives it, and what ANSWERS printed.

    The copy finds its own trace where the original finds it; `trace` is another one.
    """
    nb = nbformat.read(NOTEBOOK, as_version=4)
    for cell in code_cells(nb):
        cell.outputs = []
        cell.execution_count = None
    if trace is not None:
        (parameters,) = tagged(nb, "parameters")
        parameters.source = f"trace_file = {str(trace)!r}"
    nb.cells.append(nbformat.v4.new_code_cell(ANSWERS))

    place = folder / "notebooks"
    place.mkdir(parents=True)
    (folder / "tests" / "data").mkdir(parents=True)
    # Not shutil.copy: the original may be read-only.
    shutil.copyfile(OWN, folder / "tests" / "data" / OWN.name)
    use_own_kernel(folder / "jupyter")
    client = NotebookClient(
        nb,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(place)}},
    )
    client.execute()
    answers = json.loads(nb.cells.pop().outputs[0].text)
    return nb, answers


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
    """All texts in the outputs."""
    for output in outputs(nb):
        yield output.get("text", "")
        for kind, data in output.get("data", {}).items():
            if kind.startswith("text/"):
                yield data


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
    checks.equal(f"{name}: charts", len(pictures(nb)), CHARTS)


def check_stored(checks, fresh):
    """The notebook as it is stored: executed, with today's outputs, and nothing else."""
    nb = nbformat.read(NOTEBOOK, as_version=4)
    counts = [cell.execution_count for cell in code_cells(nb)]
    checks.equal("stored: executed in order", counts, list(range(1, len(counts) + 1)))
    checks.equal("stored: what it prints", printed(nb), printed(fresh))
    checks.equal("stored: warnings", printed(nb, "stderr"), "")
    checks.equal("stored: charts", len(pictures(nb)), CHARTS)
    found = [hit[0] for text in texts(nb) if (hit := MACHINE_PATH.search(text))]
    checks.equal("stored: paths of a machine", found, [])
    checks.equal("stored: metadata", sorted(nb.metadata), ["kernelspec", "language_info"])
    extra = [key for cell in nb.cells for key in cell.metadata if key != "tags"]
    checks.equal("stored: metadata of cells", extra, [])
    size = NOTEBOOK.stat().st_size
    checks.true("stored: size", size < MAX_NOTEBOOK_BYTES, f"{size} bytes")
    picture = PICTURE.read_bytes()
    checks.true("the README's chart is the notebook's", picture == readme_picture(nb))
    checks.true("its size", len(picture) < MAX_PICTURE_BYTES, f"{len(picture)} bytes")


def store(nb):
    """Put an executed copy and its chart where the originals are."""
    for output in outputs(nb):
        if "metadata" in output:
            output.metadata = {}
    nb.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    nbformat.validate(nb)
    nbformat.write(nb, NOTEBOOK)
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_bytes(readme_picture(nb))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--update", action="store_true", help="store the outputs")
    parser.add_argument("traces", nargs="*", type=pathlib.Path, metavar="TRACE")
    args = parser.parse_args()
    checks = Checks()
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name).resolve()
        paths = [path.resolve() for path in args.traces] or [OWN, *OTHERS]
        for number, path in enumerate(paths):
            own = path == OWN
            try:
                nb, answers = execute(work / str(number), None if own else path)
            except CellExecutionError as e:
                checks.true(f"{path.name}: executes", False, str(e))
                continue
            if printed(nb, "stderr"):
                print(f"note: {path.name}: a warning:\n{printed(nb, 'stderr')}")
            check_answers(checks, path.name, nb, answers, path)
            if own:
                counts = (answers["blocked"], answers["network"])
                checks.equal("Go's own reader counts the same", counts, REFERENCE)
                if args.update and not checks.failed:
                    store(nb)
                check_stored(checks, nb)
    print(f"{checks.passed} passed, {checks.failed} failed, 0 skipped")
    return checks.failed != 0


if __name__ == "__main__":
    sys.exit(main())
