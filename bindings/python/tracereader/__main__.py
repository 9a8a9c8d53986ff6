"""`python -m tracereader info|blocking FILE`, where only the Python package is installed:
these two subcommands of the library's command, with a layout of their own except for --json."""

from __future__ import annotations

import argparse
import errno
import json
import math
import os
import stat
import sys
from types import SimpleNamespace
from typing import Any, Optional

import tracereader

from . import _native
from ._blocking import Blocking, frames_until_error, until_error
from ._decompress import compression_of

_Error = Optional[Exception]


def _info(trace: tracereader.Trace, as_json: bool) -> tuple[list[str], _Error]:
    """What to print, and what the trace breaks off with."""
    info = trace.info.load()
    if as_json:
        return [json.dumps(_info_object(info))], info.error
    return [f"{name}: {value}" for name, value in info._rows()], info.error


def _wall_start(info: tracereader.Info | SimpleNamespace) -> str | None:
    """With its nanoseconds, which datetime does not have."""
    time, ns = info.wall_start, info.wall_start_ns
    if time is None or ns is None:
        return None
    return f"{time:%Y-%m-%dT%H:%M:%S}.{ns % 10**9:09}Z"


def _info_object(info: tracereader.Info | SimpleNamespace) -> dict[str, Any]:
    names = ("version", "bytes", "generations", "events", "start_ns", "end_ns", "duration_ns")
    result: dict[str, Any] = {name: getattr(info, name) for name in names}
    result["wall_start"] = _wall_start(info)
    result["kinds"] = {str(kind): count for kind, count in info.kinds.items()}
    for name in ("goroutines", "threads", "procs", "complete"):
        result[name] = getattr(info, name)
    result["error"] = _error_object(info.error)
    if info.compression is not None:
        result["compression"] = info.compression
    if info.salvage is not None:
        result["salvage"] = info.salvage
    return result


def _error_object(error: _Error) -> dict[str, Any] | None:
    if error is None:
        return None
    if not isinstance(error, tracereader.TraceError):
        return {"code": "io", "message": str(error), "offset": None, "generation": None}
    return {
        "code": error.code,
        "message": error.message,
        "offset": error.offset,
        "generation": error.generation or 0,
    }


def _blocking(trace: tracereader.Trace, by: str, as_json: bool) -> tuple[list[str], _Error]:
    table, error = until_error(trace, by)
    if as_json:
        found = _blocking_object(table, error)
        if by == "stack":
            frames = frames_until_error(trace)
            found["rows"] = [
                {"stack": row["stack"], "frames": text, **row}
                for row, text in zip(found["rows"], frames)
            ]
        return [json.dumps(found)], error
    lines = ["\t".join(table.columns)]
    for row in table:
        lines.append("\t".join(f"{v:.4f}" if isinstance(v, float) else str(v) for v in row))
    return lines, error


def _blocking_object(table: Blocking[Any], error: _Error) -> dict[str, Any]:
    rows = [
        {
            # JSON knows no nan.
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in zip(table.columns, row)
        }
        for row in table
    ]
    result: dict[str, Any] = {"blocked": table.blocked}
    if error is not None:
        result["error"] = _error_object(error)
    result["rows"] = rows
    return result


def _unopened(args: argparse.Namespace, error: tracereader.TraceError) -> dict[str, Any]:
    """The object for what is no trace, or one that is cut in its header."""
    if args.command == "blocking":
        return _blocking_object(Blocking(args.by, []), error)
    size, compression = _file_of(0 if args.file == "-" else args.file)
    info = SimpleNamespace(
        **dict.fromkeys(("generations", "events", "goroutines", "threads", "procs"), 0),
        **dict.fromkeys(("start_ns", "end_ns", "duration_ns"), 0),
        **dict.fromkeys(("version", "wall_start", "wall_start_ns")),
        bytes=size,
        kinds={},
        complete=False,
        error=error,
        compression=compression,
        salvage=_native.trpy_salvage(None) if args.salvage else None,
    )
    return _info_object(info)


def _file_of(file: str | int) -> tuple[int, str | None]:
    """The size of a trace, 0 if that is not known, and what it is compressed with."""
    if not stat.S_ISREG(os.stat(file).st_mode):
        return 0, None
    with open(file, "rb", closefd=file != 0) as f:
        compression = compression_of(os.pread(f.fileno(), 6, 0))
        return 0 if compression else os.fstat(f.fileno()).st_size, compression


def _print(lines: list[str], code: int) -> int:
    """Print; gives the exit code."""
    try:
        if sys.stdout is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        print("\n".join(lines), flush=True)
        return code
    except OSError as e:
        if sys.stdout is not None:  # nothing more must be flushed
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(e, BrokenPipeError):  # who reads this has had enough
            return 0
        print(f"tracereader: standard output: {e.strerror}", file=sys.stderr)
        return 2


def main(argv: list[str] | None = None) -> int:
    """Run the command; gives its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tracereader", description=__doc__)
    parser.add_argument("command", choices=["info", "blocking"])
    parser.add_argument("file", help="a trace, or - for standard input")
    by = ["reason", "function", "goroutine", "stack", "task"]
    parser.add_argument("--by", choices=by, default="reason")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--salvage", action="store_true", help="read what is left of it")
    parser.add_argument("--progress", action="store_true", help="show a bar")
    args = parser.parse_args(argv)
    source: Any = sys.stdin.buffer if args.file == "-" else args.file
    lines: list[str] = []
    error: _Error
    try:
        with tracereader.open(source, progress=args.progress, strict=not args.salvage) as trace:
            if args.command == "info":
                lines, error = _info(trace, args.json)
            else:
                lines, error = _blocking(trace, args.by, args.json)
    except tracereader.TraceError as e:
        error = e
        if args.json:
            lines = [json.dumps(_unopened(args, e))]
    except OSError as e:
        error = e
    code = 0
    if error is not None:
        code = 2 if isinstance(error, OSError) else 1
    code = _print(lines, code) if lines else code
    if error is not None:
        text = error.strerror if isinstance(error, OSError) else None
        print(f"tracereader: {args.file}: {text or error}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
