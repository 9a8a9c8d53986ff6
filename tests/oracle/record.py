#!/usr/bin/env python3
"""Record execution traces of real programs with several versions of Go.

    record.py OUTDIR [--go 1.22,1.23,...] [--full] [--only NAME,...]

writes OUTDIR/goVERSION-NAME.trace for every version of Go that can be had and

  - every program in programs/ (see there; a comment `//record:...` in a program
    says which versions it is for and what it needs),
  - every trace test program in that Go's own tree, compiled in place,
  - `go test -trace` of packages of the standard library: some small ones, or
    with --full many.

Go 1.26 is the `go` on the path; the others are that command's toolchains
(GOTOOLCHAIN). One that cannot be had is skipped, with a line that says so, as is
a program that cannot be built or run.

The comments:

    //record:from 1.23           not before this version
    //record:to 1.24             not after this version
    //record:cgo                 needs a C compiler
    //record:env NAME=VALUE      run with this in the environment
    //record:require PATH VER    needs this module
    //record:killed              ends by a signal, as it should
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

# The last release of each, so that a recording can be repeated.
TOOLCHAINS = {
    "1.19": "go1.19.13",
    "1.21": "go1.21.13",
    "1.22": "go1.22.12",
    "1.23": "go1.23.12",
    "1.24": "go1.24.13",
    "1.25": "go1.25.12",
    "1.26": "local",
    "1.27": "go1.27.1",
}

QUICK_PACKAGES = ["container/ring", "text/tabwriter"]

# (package, extra arguments). What bounds time and size is -short and -run.
FULL_PACKAGES = [
    ("bufio", []),
    ("container/heap", []),
    ("container/ring", []),
    ("context", []),
    ("encoding/json", []),
    ("iter", []),
    ("io", []),
    ("log/slog", []),
    ("net", ["-run", "TCP|Unix|Pipe|Close|Timeout"]),
    ("net/http", ["-run", "Server|Transport"]),
    ("net/http/httptest", []),
    ("net/rpc", []),
    ("os", []),
    ("os/exec", []),
    ("os/signal", []),
    ("regexp", []),
    ("runtime", ["-run", "GC|Chan|Goroutine|Lock|Preempt|Select|Stack|Timer"]),
    ("runtime/pprof", ["-run", "Goroutine|Block|Mutex|CPUProfile"]),
    ("sort", []),
    ("sync", []),
    ("sync/atomic", []),
    ("testing/iotest", []),
    ("text/tabwriter", []),
    ("text/template", []),
    ("time", []),
]


def number(version):
    return tuple(int(part) for part in version.split("."))


class Toolchain:
    """One version of Go, and how to call it."""

    def __init__(self, version):
        self.version = version
        self.env = dict(os.environ)
        self.env.update(
            GOTOOLCHAIN=TOOLCHAINS[version], GOFLAGS="", GOWORK="off", TZ="UTC",
            CGO_ENABLED="1" if shutil.which("gcc") or shutil.which("cc") else "0")
        for name in ("GODEBUG", "GOMAXPROCS", "GOGC", "GOROOT", "GOEXPERIMENT"):
            self.env.pop(name, None)

    def go(self, *args, timeout=900, cwd=None, **env):
        if self.version == "1.19":
            # It does not understand what later ones leave of packages in the same cache.
            env = {"GODEBUG": "goindex=0", **env}
        return subprocess.run(
            ["go", *map(str, args)], env={**self.env, **env}, cwd=cwd, timeout=timeout,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def present(self):
        """True if this very version answers."""
        if not shutil.which("go"):
            return False
        try:
            # Outside any module: a go.mod could ask for another version.
            answer = self.go("version", cwd=tempfile.gettempdir())
        except subprocess.TimeoutExpired:
            return False
        return answer.returncode == 0 and re.search(
            r"\bgo%s\b" % re.escape(self.version), answer.stdout) is not None

    def root(self):
        return pathlib.Path(self.go("env", "GOROOT", cwd=tempfile.gettempdir()).stdout.strip())

    def trace_tool(self, folder):
        """Build this version's `go tool trace`; its path, or None."""
        tool = pathlib.Path(folder) / ("trace-" + self.version)
        built = self.go("build", "-trimpath", "-o", tool, "cmd/trace", cwd=tempfile.gettempdir())
        return tool if built.returncode == 0 else None


def directives(source):
    found = {"from": "1.22", "to": "99.0", "cgo": False, "killed": False, "env": {}, "require": []}
    for line in source.read_text(encoding="utf-8").splitlines():
        if not line.startswith("//record:"):
            continue
        name, _, value = line[len("//record:"):].partition(" ")
        if name in ("from", "to"):
            found[name] = value
        elif name in ("cgo", "killed"):
            found[name] = True
        elif name == "env":
            key, _, text = value.partition("=")
            found["env"][key] = text
        elif name == "require":
            found["require"].append(value)
        else:
            raise ValueError(f"{source}: unknown comment {line}")
    return found


class Recorder:
    def __init__(self, tool, out, scratch, only=None, say=print):
        self.tool = tool
        self.out = out
        self.scratch = scratch
        self.only = only
        self.say = say
        self.traces = []

    def target(self, name):
        return self.out / f"go{self.tool.version}-{name}.trace"

    def wanted(self, name):
        return not self.only or name in self.only

    def skip(self, name, why):
        lines = why.strip().splitlines()
        self.say(f"skipped: go{self.tool.version}-{name}: {lines[0] if lines else 'no reason given'}")

    def keep(self, name, why=""):
        path = self.target(name)
        if path.exists() and path.stat().st_size > 0:
            self.traces.append(path)
            return True
        path.unlink(missing_ok=True)
        self.skip(name, why or "wrote no trace")
        return False

    def programs(self):
        for source in sorted((HERE / "programs").glob("*/main.go")):
            name = source.parent.name
            if not self.wanted(name):
                continue
            what = directives(source)
            if not number(what["from"]) <= number(self.tool.version) <= number(what["to"]):
                continue
            if what["cgo"] and self.tool.env["CGO_ENABLED"] != "1":
                self.skip(name, "no C compiler")
                continue
            binary = self.build(name, source, what)
            if binary:
                self.run(name, [binary, self.target(name)], what)

    def build(self, name, source, what):
        # A module of its own, of the version that compiles it: defaults that
        # depend on the version in go.mod are then those of that version.
        folder = self.scratch / "programs"
        shutil.rmtree(folder, ignore_errors=True)
        (folder / name).mkdir(parents=True)
        shutil.copy(source, folder / name)
        module = f"module programs\n\ngo {self.tool.version}\n"
        for line in what["require"]:
            module += f"\nrequire {line}\n"
        (folder / "go.mod").write_text(module)
        binary = self.scratch / (name + ".bin")
        built = self.tool.go("build", "-mod=mod", "-trimpath", "-o", binary, "./" + name, cwd=folder)
        if built.returncode:
            self.skip(name, "cannot be built: " + " / ".join(built.stderr.strip().splitlines()[-2:]))
            return None
        return binary

    def run(self, name, command, what, stdout=None):
        env = {**self.tool.env, **what["env"]}
        try:
            ran = subprocess.run([str(word) for word in command], env=env, cwd=self.scratch, timeout=300,
                                 stdin=subprocess.DEVNULL, stdout=stdout or subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True)
        except subprocess.TimeoutExpired:
            self.target(name).unlink(missing_ok=True)
            self.skip(name, "ran for too long")
            return
        if (ran.returncode != 0) != what["killed"]:
            self.target(name).unlink(missing_ok=True)
            self.skip(name, f"ended with {ran.returncode}: {ran.stderr[-200:]}")
            return
        self.keep(name, ran.stderr)

    def own_programs(self):
        """The trace test programs of this Go itself; they write to standard output."""
        src = self.tool.root() / "src" / "internal" / "trace"
        folders = [src / "testdata" / "testprog", src / "v2" / "testdata" / "testprog"]
        folders = [folder for folder in folders if folder.is_dir()]
        for folder in folders[:1]:
            for source in sorted(folder.glob("*.go")):
                name = "own-" + source.stem
                if not self.wanted(name):
                    continue
                binary = self.scratch / (source.stem + ".bin")
                built = self.tool.go("build", "-trimpath", "-o", binary, source, cwd=folder)
                if built.returncode:
                    self.skip(name, "cannot be built: " + " / ".join(built.stderr.strip().splitlines()[-2:]))
                    continue
                with open(self.target(name), "wb") as stdout:
                    self.run(name, [binary], {"env": {}, "killed": False}, stdout=stdout)

    def packages(self, full):
        chosen = FULL_PACKAGES if full else [(package, []) for package in QUICK_PACKAGES]
        for package, extra in chosen:
            name = "test-" + package.replace("/", "-")
            if not self.wanted(name):
                continue
            binary = self.scratch / "package.test"
            try:
                self.tool.go("test", "-short", "-count=1", "-timeout", "60s", "-o", binary,
                             "-outputdir", self.scratch, "-trace", self.target(name), *extra, package,
                             timeout=300, cwd=self.tool.root() / "src" / package)
            except subprocess.TimeoutExpired:
                self.target(name).unlink(missing_ok=True)
                self.skip(name, "ran for too long")
                continue
            self.keep(name)  # tests that fail here leave a good trace all the same


def record(out, versions, full=False, only=None, say=print):
    """Record everything; the list of traces, in order of version and name."""
    out = pathlib.Path(out).resolve()
    out.mkdir(parents=True, exist_ok=True)
    traces = []
    for version in versions:
        tool = Toolchain(version)
        if not tool.present():
            say(f"skipped: no Go {version}")
            continue
        with tempfile.TemporaryDirectory(prefix="record-") as scratch:
            r = Recorder(tool, out, pathlib.Path(scratch), only, say)
            r.programs()
            r.own_programs()
            r.packages(full)
            traces += r.traces
    return traces


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("outdir")
    parser.add_argument("--go", default=",".join(TOOLCHAINS), metavar="VERSIONS")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", metavar="NAMES", help="only the traces of these names (without goVERSION-)")
    args = parser.parse_args()
    versions = args.go.split(",")
    for version in versions:
        if version not in TOOLCHAINS:
            parser.error(f"Go {version} is not one of {', '.join(TOOLCHAINS)}")
    traces = record(args.outdir, versions, args.full, args.only and args.only.split(","),
                    say=lambda text: print(text, flush=True))
    print(f"{len(traces)} traces")
    return 0 if traces else 1


if __name__ == "__main__":
    sys.exit(main())
