"""`python -m tracereader info|blocking FILE`: what the command of the library does,
where only the Python package is installed."""

from __future__ import annotations

import argparse
import errno
import json
import math
import os
import sys
from typing import Any

import tracereader


def _info(trace: tracereader.Trace, as_json: bool) -> tuple[list[str], int]:
    """What to print, and the exit code."""
    info = trace.info.load()
    code = 0 if info.error is None else 1
    if as_json:
        return [json.dumps(_info_object(info))], code
    return [f"{name}: {value}" for name, value in info._rows()], code


def _info_object(info: tracereader.Info) -> dict[str, Any]:
    error = info.error
    names = ("version", "bytes", "generations", "events", "start_ns", "end_ns", "duration_ns")
    result: dict[str, Any] = {name: getattr(info, name) for name in names}
    result["wall_start"] = info.wall_start.isoformat() if info.wall_start else None
    result["kinds"] = {str(kind): count for kind, count in info.kinds.items()}
    for name in ("goroutines", "threads", "procs", "complete"):
        result[name] = getattr(info, name)
    result["error"] = None
    if isinstance(error, tracereader.TraceError):
        result["error"] = {
            "code": error.code,
            "message": error.message,
            "offset": error.offset,
            "generation": error.generation,
        }
    elif error is not None:
        result["error"] = {
            "code": "io",
            "message": str(error),
            "offset": None,
            "generation": None,
        }
    if info.compression is not None:
        result["compression"] = info.compression
    if info.salvage is not None:
        result["salvage"] = info.salvage
    return result


def _blocking(trace: tracereader.Trace, by: Any, as_json: bool) -> tuple[list[str], int]:
    table = trace.blocking(by=by)
    code = 0 if trace.error is None else 1
    if as_json:
        rows = [
            {
                # JSON knows no nan.
                name: None if isinstance(value, float) and math.isnan(value) else value
                for name, value in zip(table.columns, row)
            }
            for row in table
        ]
        return [json.dumps({"blocked": table.blocked, "rows": rows})], code
    lines = ["\t".join(table.columns)]
    for row in table:
        lines.append("\t".join(f"{v:.4f}" if isinstance(v, float) else str(v) for v in row))
    return lines, code


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
    try:
        with tracereader.open(source, progress=args.progress, strict=not args.salvage) as trace:
            if args.command == "info":
                found = _info(trace, args.json)
            else:
                found = _blocking(trace, args.by, args.json)
    except tracereader.TraceError as e:
        print(f"{args.file}: {e}", file=sys.stderr)
        return 1
    except OSError as e:
        print(f"{args.file}: {e}", file=sys.stderr)
        return 2
    return _print(*found)


if __name__ == "__main__":
    sys.exit(main())
