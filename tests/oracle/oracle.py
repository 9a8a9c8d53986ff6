"""What the other scripts here share: the reference, built when first needed.

The reference for events is cmd/reference (golang.org/x/exp/trace, pinned in
go.mod). Of traces before Go 1.22 its order depends on chance, as it walks over two
maps: for them it is built from a copy of the module's source, made here and now, that
walks in the order of keys. They have no reference for wire records. For the others' wire records it is `go tool trace -d=wire`, which prints to standard
output, and an error, if any, to standard error, ending with 1.
"""

import contextlib
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import old
import record

HERE = pathlib.Path(__file__).resolve().parent
NEWEST = "1.26"

# The allocation events: `-d=wire` of Go 1.26 prints them for traces of Go 1.26
# only. By the version in the header, the Go that prints them for older ones (Go
# 1.23 and Go 1.24 both write the header of 1.23; Go 1.23 has no -d=wire).
ALLOCATION_EVENTS = range(128, 137)
OLDER_WIRE = {23: "1.24", 25: "1.25"}


# What is changed in the copy of the reference, by file: a walk over a map, and the same
# in the order of its keys; imports.
SORTED_WALKS = {
    "trace/internal/tracev1/parser.go": [
        ("for pid := range p.batchOffsets {",
         "for _, pid := range slices.Sorted(maps.Keys(p.batchOffsets)) {"),
        ('import (\n', 'import (\n\t"maps"\n'),
    ],
    "trace/tracev1.go": [
        ("for gid := range it.createdPreInit {",
         "for _, gid := range slices.Sorted(maps.Keys(it.createdPreInit)) {"),
        ('import (\n', 'import (\n\t"maps"\n\t"slices"\n'),
    ],
}


class Absent(Exception):
    """There is no Go to make the reference with."""


class Oracle:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.tool = record.Toolchain(NEWEST)
        if not self.tool.present():
            raise Absent(f"no Go {NEWEST}")

    def _built(self, name, *args, **where):
        path = self.folder / name
        built = self.tool.go("build", "-trimpath", "-o", path, *args, **where)
        if built.returncode:
            raise Absent(f"cannot build {name}: {built.stderr.strip()}")
        return path

    @functools.cached_property
    def reference(self):
        return self._built("reference", "./cmd/reference", cwd=HERE)

    @functools.cached_property
    def sorted_reference(self):
        module = "golang.org/x/exp"
        listed = self.tool.go("list", "-m", "-f", "{{.Dir}}", module, cwd=HERE)
        if listed.returncode:
            raise Absent(f"no {module}: {listed.stderr.strip()}")
        source = pathlib.Path(listed.stdout.strip())
        copy = self.folder / "sorted"
        shutil.copytree(source / "trace", copy / "trace", copy_function=shutil.copyfile)
        for name in ("go.mod", "go.sum"):
            shutil.copyfile(source / name, copy / name)
        for name, changes in SORTED_WALKS.items():
            text = (copy / name).read_text(encoding="utf-8")
            for before, after in changes:
                if text.count(before) != 1:
                    raise AssertionError(f"{name}: not once there: {before}")
                text = text.replace(before, after)
            (copy / name).write_text(text, encoding="utf-8")
        modules = self.folder / "sorted.mod"
        modules.write_text((HERE / "go.mod").read_text(encoding="utf-8") +
                           f"\nreplace {module} => {copy}\n", encoding="utf-8")
        shutil.copyfile(HERE / "go.sum", self.folder / "sorted.sum")
        return self._built("sorted-reference", "-modfile", modules, "./cmd/reference", cwd=HERE)

    @functools.cached_property
    def text2trace(self):
        """Go's own converter from text to binary: a main package outside Go's
        tree may not import it, so it is compiled as if it were inside."""
        place = self.tool.root() / "src" / "cmd" / "zz_text2trace" / "main.go"
        overlay = self.folder / "overlay.json"
        overlay.write_text(json.dumps(
            {"Replace": {str(place): str(HERE / "_overlay" / "text2trace" / "main.go")}}))
        return self._built("text2trace", "-overlay", overlay, "cmd/zz_text2trace", cwd=self.folder)

    @functools.lru_cache(maxsize=None)
    def trace_tool(self, version=NEWEST):
        """`go tool trace` of a version; None if that cannot be had."""
        tool = record.Toolchain(version)
        return tool.trace_tool(self.folder) if tool.present() else None

    def command(self, what, trace):
        if header(trace) in old.VERSIONS:
            if what == "wire" or header(trace) not in old.READ_BY_REFERENCE:
                raise Absent(f"there is no reference for {what} of old traces")
            return [str(self.sorted_reference), what, str(trace)]
        if what == "wire":
            tool = self.trace_tool()
            if tool is None:
                raise Absent("cannot build go tool trace")
            return [str(tool), "-d=wire", str(trace)]
        return [str(self.reference), what, str(trace)]

    def older_wire(self, trace, complaint):
        """Where `complaint` is Go 1.26's about an allocation event in an older
        trace: the command of the Go that prints it (Absent if it cannot be had).
        Else None."""
        found = re.search(r"invalid event type: (\d+)", complaint)
        if not found or int(found[1]) not in ALLOCATION_EVENTS:
            return None
        version = OLDER_WIRE.get(header(trace))
        if not version:
            return None
        tool = self.trace_tool(version)
        if tool is None:
            raise Absent(f"no Go {version}")
        return [str(tool), "-d=wire", str(trace)]


def header(trace):
    """The version in the header of a trace, as 22 or 26; None if it has none."""
    try:
        with open(trace, "rb") as f:
            found = re.fullmatch(rb"go 1\.(\d+) trace\0\0\0\0?", f.read(16))
    except OSError:
        return None
    return int(found[1]) if found else None


def environment():
    env = dict(os.environ, TZ="UTC")
    for name in ("GODEBUG", "GOTRACEBACK"):
        env.pop(name, None)
    return env


@contextlib.contextmanager
def running(command, stdin=None):
    """A started command: (process, function that ends it and gives exit code and
    standard error)."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen([str(word) for word in command], env=environment(),
                                   stdin=stdin or subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=errors)

        def finish():
            process.stdout.close()
            code = process.wait()
            errors.seek(0)
            return code, errors.read(1 << 16).decode("utf-8", "replace")

        try:
            yield process, finish
        finally:
            if process.poll() is None:
                process.kill()
            process.stdout.close()
            process.wait()
