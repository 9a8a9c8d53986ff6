#!/usr/bin/env python3
"""Makes the package as pip makes it, and uses it where nothing else is installed.

    wheel.py FOLDER    the wheel is left in FOLDER

From the project's folder comes a source distribution, of that a wheel, and the wheel goes
into an environment of its own, without a network: nothing but setuptools and SWIG is
needed, and what is installed needs nothing. With SWIG 4.2 or newer, such as pip's `swig`
for this Python, the wheel must be one for all later Pythons; abi3audit looks at it, if it
is here. Ends with `N passed, N failed, N skipped`.
"""

import bz2
import importlib.util
import json
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

TOP = pathlib.Path(__file__).resolve().parents[1]
PACKAGE = TOP / "bindings" / "python"
TRACE = TOP / "tests" / "data" / "go1.26-annotations.trace.xz"
COMPILED = {".c", ".h", ".def", ".i"}
#: What a Linux system has, whatever is installed.
SYSTEM = re.compile(r"(libc|libpthread|ld-linux[-\w]*)\.so\.\d+")


class Checks:
    """Counts, and tells what went wrong."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def true(self, what, is_so, why=""):
        if is_so:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {what}{': ' if why else ''}{why}")

    def equal(self, what, have, want):
        self.true(what, have == want, f"have {have!r}, want {want!r}")

    def skip(self, what, why):
        self.skipped += 1
        print(f"skipped: {what}: {why}")


def run(*command, **options):
    """Run a command; what it prints is shown where it fails."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    if done.returncode != 0:
        print(done.stdout, done.stderr, sep="\n")
        raise SystemExit(f"failed: {' '.join(map(str, command))}")
    return done.stdout


def pip(*arguments):
    return run(sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments)


def own_swig():
    """The SWIG that pip installed for this Python, if it did."""
    if importlib.util.find_spec("swig") is None:
        return None
    found = pathlib.Path(sys.executable).parent / "swig"
    return str(found) if found.is_file() else None


def is_stable():
    """Whether the module is built for every later Python."""
    version = run(os.environ.get("SWIG", "swig"), "-version")
    found = re.search(r"Version (\d+)\.(\d+)", version)
    return tuple(map(int, found.groups())) >= (4, 2)


def compiled_files(folder):
    """What the compiler and SWIG read below the folder of the project."""
    found = {f.relative_to(folder) for f in (folder / "libtracereader").rglob("*")}
    found |= {f.relative_to(folder) for f in (folder / "bindings").rglob("*")}
    return {str(f) for f in found if f.suffix in COMPILED and "build" not in f.parts}


def source_distribution(checks, work):
    """Made in a copy of the folder, which then has all that compiling it needs."""
    clone = work / "clone"
    # Only what is needed, and not what a build left in it.
    for folder in ("libtracereader", "bindings"):
        shutil.copytree(
            TOP / folder,
            clone / folder,
            ignore=shutil.ignore_patterns("build", "*.egg-info", "*.o", "*.lo", ".libs", "stage"),
        )
    build = "import setuptools.build_meta as build; print(build.build_sdist('.'))"
    name = run(sys.executable, "-c", build, cwd=clone / "bindings" / "python").splitlines()[-1]
    sdist = work / name
    shutil.move(clone / "bindings" / "python" / name, sdist)
    shutil.unpack_archive(sdist, work / "unpacked")
    unpacked = work / "unpacked" / name.removesuffix(".tar.gz")
    csrc = unpacked / "csrc"
    bundled = compiled_files(csrc) | {
        f"bindings/python/{f.name}" for f in unpacked.iterdir() if f.suffix in COMPILED
    }
    others = ("bindings/swig/", "bindings/python/tests/")
    wanted = {f for f in compiled_files(clone) if not f.startswith(others)}
    checks.equal("the source distribution has what is compiled", sorted(wanted - bundled), [])
    for file in sorted(PACKAGE.rglob("*.py*")):
        there = unpacked / file.relative_to(PACKAGE)
        if not {"build", "__pycache__"} & set(there.parts):
            checks.true(f"it has {there.name}", there.is_file())
    return sdist


def look_at(checks, wheel, stable):
    """What is in a wheel."""
    tag = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    checks.true(f"the name {wheel.name}", ("-cp311-abi3-" if stable else f"-{tag}-") in wheel.name)
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (module,) = (name for name in names if name.endswith(".so"))
        archive.extract(module, wheel.parent)
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        metadata = archive.read(metadata).decode()
    required = re.findall(r"^Requires-Dist: (.*)", metadata, re.M)
    checks.equal("packages that it needs", [r for r in required if "extra ==" not in r], [])
    extras = set(re.findall(r"^Provides-Extra: (.*)", metadata, re.M))
    wanted = "numpy pandas arrow polars duckdb plot progress compression remote dask all"
    checks.equal("extras that it lacks", sorted(set(wanted.split()) - extras), [])
    if shutil.which("readelf"):
        dynamic = run("readelf", "-d", wheel.parent / module)
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
        checks.equal("libraries", [lib for lib in needed if not SYSTEM.fullmatch(lib)], [])
    else:
        checks.skip("libraries that it needs", "no readelf")
    if stable and importlib.util.find_spec("abi3audit"):
        print(run(sys.executable, "-m", "abi3audit", "--strict", wheel))
        checks.true("abi3audit", True)
    else:
        checks.skip("abi3audit", "it is not here" if stable else "SWIG is older than 4.2")


def use(checks, python, place):
    """Use the package where it was installed."""

    def says(what, *command, code=0):
        done = subprocess.run(
            [python, "-I", *command], capture_output=True, text=True, cwd=place, env={"PATH": ""}
        )
        checks.true(what, done.returncode == code, f"{done.returncode}: {done.stderr[-2000:]}")
        return done.stdout

    trace = lzma.decompress(TRACE.read_bytes())
    (place / "my.trace").write_bytes(trace)
    example = re.search(r"```python\n(.*?)```", (PACKAGE / "README.md").read_text(), re.S)[1]
    said = says("the README's example", "-c", example)
    checks.true("it prints the header", "go 1.26" in said, said[:500])
    module = ["-m", "tracereader"]
    info = json.loads(says("info", *module, "info", "--json", "my.trace") or "{}")
    checks.equal("bytes", info.get("bytes"), len(trace))
    for form, data in (("bzip2", bz2.compress(trace)), ("xz", TRACE.read_bytes())):
        (place / f"my.trace.{form}").write_bytes(data)
        of_packed = says(form, *module, "info", "--json", f"my.trace.{form}") or "{}"
        checks.equal(f"{form}: the same", json.loads(of_packed), {**info, "compression": form})
    blocking = says("blocking", *module, "blocking", "my.trace")
    checks.true("blocking: a heading", blocking.startswith("reason\tcount"), blocking[:100])
    says("a trace that is none", *module, "info", str(PACKAGE / "README.md"), code=1)
    says("no file", *module, "info", "nothing.trace", code=2)
    says("no command", *module, code=2)
    lz4 = "import tracereader; tracereader.open(bytes.fromhex('04224d18') + bytes(50))"
    done = subprocess.run([python, "-I", "-c", lz4], capture_output=True, text=True)
    checks.true("what is missing is told", "tracereader[compression]" in done.stderr, done.stderr)


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    into = pathlib.Path(sys.argv[1]).resolve()
    into.mkdir(parents=True, exist_ok=True)
    swig = own_swig()
    if swig:
        os.environ["SWIG"] = swig
    os.environ.pop("TRACEREADER_COMPRESSION", None)
    checks = Checks()
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name).resolve()
        sdist = source_distribution(checks, work)
        alone = ["--no-index", "--no-deps", "--no-build-isolation"]
        pip("wheel", *alone, "--wheel-dir", work / "wheel", sdist)
        (wheel,) = (work / "wheel").iterdir()
        look_at(checks, wheel, stable=is_stable())
        run(sys.executable, "-m", "venv", "--without-pip", work / "empty")
        python = work / "empty" / "bin" / "python"
        pip("--python", python, "install", "--no-index", wheel)
        (work / "place").mkdir()
        use(checks, python, work / "place")
        for old in into.glob("tracereader-*.whl"):
            old.unlink()
        shutil.copy(wheel, into)
    print(f"{checks.passed} passed, {checks.failed} failed, {checks.skipped} skipped")
    return checks.failed != 0


if __name__ == "__main__":
    sys.exit(main())
