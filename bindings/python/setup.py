"""Builds the package for pip: the C library is compiled into the extension module.

`make` builds the same package beside the shared library, without this file. A wheel needs
the C library only, so that it runs anywhere; with TRACEREADER_COMPRESSION=yes in the
environment it has C decompress traces too, with the libraries that are here.

The core's C files are found by a pattern. They lie outside this folder, or, in a source
distribution, in csrc/; either way they are staged into the build folder first, so that
objects land there too. SWIG makes the module's C file; its Python file is not used.
"""

import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig

from setuptools import Extension, setup
from setuptools.command.build import build
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist
from setuptools.errors import CompileError, LinkError

HERE = pathlib.Path(__file__).resolve().parent
BUNDLED = HERE / "csrc"
CORE_SUFFIXES = {".c", ".h", ".def"}


def source_root():
    """The folder that has libtracereader/ and bindings/: csrc/ or the project's."""
    root = BUNDLED if BUNDLED.is_dir() else HERE.parents[1]
    if not (root / "libtracereader" / "include" / "tracereader.h").is_file():
        raise SystemExit(
            "setup.py: libtracereader/ is not here; build from the project's folder "
            "(pip install ./bindings/python) or from a source distribution"
        )
    return root


def core_files(root):
    """The files of the C library that a build needs, relative to `root`."""
    found = (root / "libtracereader").rglob("*")
    return sorted(f.relative_to(root) for f in found if f.suffix in CORE_SUFFIXES)


def binding_files(here):
    """The hand-written files of the extension module, beside this one."""
    return sorted(f for pattern in ("*.c", "*.h", "*.i") for f in here.glob(pattern))


def stage(into):
    """Copy all that is compiled to the folder `into`."""
    root = source_root()
    shutil.rmtree(into, ignore_errors=True)
    python = into / "bindings" / "python"
    python.mkdir(parents=True)
    for name in core_files(root):
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, into / name)
    for file in binding_files(HERE):
        shutil.copyfile(file, python / file.name)
    shutil.copyfile(root / "bindings" / "tracereader.i", into / "bindings" / "tracereader.i")


def version():
    """The library's version, from its header."""
    header = source_root() / "libtracereader" / "include" / "tracereader" / "status.h"
    number = int(re.search(r"#define TR_VERSION (\d+)", header.read_text())[1])
    return f"{number // 10000}.{number // 100 % 100}.{number % 100}"


def swig():
    """The SWIG to use, and its version as a pair."""
    program = os.environ.get("SWIG") or shutil.which("swig")
    if not program:
        raise SystemExit("setup.py: SWIG 4.1 or newer is needed (the package swig)")
    text = subprocess.run([program, "-version"], capture_output=True, text=True, check=True).stdout
    major, minor = re.search(r"Version (\d+)\.(\d+)", text).groups()
    return program, (int(major), int(minor))


def stable_abi():
    """Whether the module is built for every later Python: not with what SWIG before
    4.2 writes, nor for free-threaded Pythons, which have no stable ABI."""
    return swig()[1] >= (4, 2) and not sysconfig.get_config_var("Py_GIL_DISABLED")


#: Each format's library, a header, and the macro that tells the core it is there.
COMPRESSION = (
    ("z", "zlib.h", "TRI_ZLIB"),
    ("bz2", "bzlib.h", "TRI_BZIP2"),
    ("lzma", "lzma.h", "TRI_LZMA"),
    ("lz4", "lz4frame.h", "TRI_LZ4"),
    ("zstd", "zstd.h", "TRI_ZSTD"),
)


def links(compiler, into, library, header):
    """Whether a program with this header links with this library."""
    into.mkdir(parents=True, exist_ok=True)
    source = into / f"has_{library}.c"
    source.write_text(f"#include <stdio.h>\n#include <{header}>\nint main(void) {{ return 0; }}\n")
    try:
        objects = compiler.compile([os.path.relpath(source)], output_dir=str(into))
        compiler.link_executable(objects, f"has_{library}", str(into), libraries=[library])
    except (CompileError, LinkError):
        return False
    return True


def compression_libraries(compiler, into):
    """Those that are here, if they are asked for."""
    if os.environ.get("TRACEREADER_COMPRESSION") != "yes":
        return []
    return [entry for entry in COMPRESSION if links(compiler, into, entry[0], entry[1])]


class Build(build):
    """Starts from nothing: what an earlier build left may be of files that are gone."""

    def run(self):
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()


class BuildExt(build_ext):
    """Stages the sources and runs SWIG before the compiler."""

    def build_extension(self, ext):
        into = pathlib.Path(self.build_temp).resolve() / "stage"
        stage(into)
        wrapper = into / "native_wrap.c"
        subprocess.run(
            [
                swig()[0],
                "-python",
                f"-I{into / 'libtracereader' / 'include'}",
                f"-I{into / 'bindings'}",
                "-outdir",
                str(into),
                "-o",
                str(wrapper),
                str(into / "bindings" / "tracereader.i"),
            ],
            check=True,
        )
        sources = glob.glob(str(into / "libtracereader" / "*" / "*.c"))
        sources += glob.glob(str(into / "bindings" / "python" / "*.c"))
        # Relative names: objects are placed below build_temp by them.
        ext.sources = [os.path.relpath(name) for name in sorted(sources) + [str(wrapper)]]
        ext.include_dirs = [
            str(into / "libtracereader"),
            str(into / "libtracereader" / "include"),
            str(into / "bindings" / "python"),
        ]
        found = compression_libraries(self.compiler, into.parent / "probe")
        ext.libraries = [library for library, _, _ in found]
        ext.define_macros = [("_POSIX_C_SOURCE", "200809L"), ("_FILE_OFFSET_BITS", "64")]
        ext.define_macros += [(macro, "1") for _, _, macro in found]
        if ext.py_limited_api:
            ext.define_macros.append(("Py_LIMITED_API", "0x030b0000"))
        # Without what is for debuggers, which Python's own flags ask for: half of a wheel.
        ext.extra_compile_args = ["-std=c11", "-ffp-contract=off", "-fno-jump-tables",
                                  "-fvisibility=hidden"]
        ext.extra_compile_args += ["-pthread", "-g0"]
        ext.extra_link_args = ["-pthread", *self.only_init(into)]
        super().build_extension(ext)

    def only_init(self, into):
        """Link so that the module exports nothing of the library: another copy of it in
        the same process, such as the shared one, must not be taken for this one."""
        if sys.platform == "darwin":
            return ["-Wl,-exported_symbol,_PyInit__native"]
        script = into / "exports.map"
        script.write_text("{ global: PyInit__native; local: *; };\n")
        return [f"-Wl,--version-script={script}"]


class Sdist(sdist):
    """Bundles the C library, which lies outside this folder, as csrc/."""

    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        root = source_root()
        target = pathlib.Path(base_dir) / "csrc"
        for name in [*core_files(root), pathlib.Path("bindings", "tracereader.i")]:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, target / name)


limited = stable_abi()
setup(
    version=version(),
    # The sources are known once they are staged.
    ext_modules=[Extension("tracereader._native", sources=[], py_limited_api=limited)],
    cmdclass={"build": Build, "build_ext": BuildExt, "sdist": Sdist},
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if limited else {},
)
