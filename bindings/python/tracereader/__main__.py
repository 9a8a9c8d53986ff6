"""`python -m tracereader info|blocking FILE`: what the command of the library does,
where only the Python package is installed."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from typing import Any

import tracereader


def _info(trace: tracereader.Trace, as_json: bool) -> int:
    info = trace.info.load()
    error = info.error
    if as_json:
        print(json.dumps(_info_object(info)))
    else:
        for name, value in info._rows():
            print(f"{name}: {value}")
    return 0 if error is None else 1


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


def _blocking(trace: tracereader.Trace, by: Any, as_json: bool) -> int:
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
        print(json.dumps({"blocked": table.blocked, "rows": rows}))
        return code
    print("\t".join(table.columns))
    for row in table:
        print("\t".join(f"{v:.4f}" if isinstance(v, float) else str(v) for v in row))
    return code


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
                return _info(trace, args.json)
            return _blocking(trace, args.by, args.json)
    except tracereader.TraceError as e:
        print(f"{args.file}: {e}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Who reads this has had enough; nothing more must be flushed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as e:
        print(f"{args.file}: {e}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
