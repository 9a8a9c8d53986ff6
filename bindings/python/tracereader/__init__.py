"""Read Go execution traces.

    import tracereader

    with tracereader.open("my.trace") as trace:
        print(trace.info)
        for ev in trace:
            if ev.kind == "StateTransition" and ev.to_state == "Waiting":
                print(ev.time, ev.goroutine, ev.reason)
        waits = trace.events(kinds=["StateTransition"], columns=["time", "reason"])
        arrays = waits.to_numpy()
        trace.blocking(by="reason").to_pandas()

    tracereader.blocking_ratio("my.trace", reason="network")

The core needs no other package; numpy, pandas, pyarrow, polars, matplotlib, dask, tqdm,
lz4 and zstandard are used where what is asked for needs them. Times are nanoseconds on the
trace's own clock.
"""

from ._native import tr_version as _tr_version
from ._trace import TYPE_CHECKING, Trace, blocking_ratio, open

# The rest is imported with the first use of it.
if TYPE_CHECKING:
    from . import dask as dask
    from . import plot as plot
    from ._batch import Batch, Codes
    from ._blocking import (
        Blocking,
        FunctionRow,
        GoroutineRow,
        ReasonRow,
        StackRow,
        TaskRow,
    )
    from ._enums import EventFlag, Kind, Resource, Scope, State
    from ._errors import (
        CorruptError,
        FormatError,
        LimitError,
        OrderError,
        TraceError,
        TruncatedError,
        UnsupportedVersionError,
    )
    from ._event_table import Arrays
    from ._events import Event
    from ._info import Info
    from ._scan import ErrorRow, Errors, Scan, scan
    from ._schema import Column, Schema
    from ._splits import Split, read_split, splits
    from ._table import MemoryTable, Table
    from ._values import Attr, Clock, ExperimentalBatch, Frame, Stack

del TYPE_CHECKING

__version__: str = _tr_version()

__all__ = [
    "Arrays",
    "Attr",
    "Batch",
    "Blocking",
    "Clock",
    "Codes",
    "Column",
    "CorruptError",
    "ErrorRow",
    "Errors",
    "Event",
    "EventFlag",
    "ExperimentalBatch",
    "FormatError",
    "Frame",
    "FunctionRow",
    "GoroutineRow",
    "Info",
    "Kind",
    "LimitError",
    "MemoryTable",
    "OrderError",
    "ReasonRow",
    "Resource",
    "Scan",
    "Schema",
    "Scope",
    "Split",
    "Stack",
    "StackRow",
    "State",
    "Table",
    "TaskRow",
    "Trace",
    "TraceError",
    "TruncatedError",
    "UnsupportedVersionError",
    "blocking_ratio",
    "open",
    "read_split",
    "scan",
    "splits",
]

_MODULES = {
    "_batch": ("Batch", "Codes"),
    "_blocking": ("Blocking", "FunctionRow", "GoroutineRow", "ReasonRow", "StackRow", "TaskRow"),
    "_enums": ("EventFlag", "Kind", "Resource", "Scope", "State"),
    "_errors": (
        "CorruptError",
        "FormatError",
        "LimitError",
        "OrderError",
        "TraceError",
        "TruncatedError",
        "UnsupportedVersionError",
    ),
    "_event_table": ("Arrays",),
    "_events": ("Event",),
    "_info": ("Info",),
    "_scan": ("ErrorRow", "Errors", "Scan", "scan"),
    "_schema": ("Column", "Schema"),
    "_splits": ("Split", "read_split", "splits"),
    "_table": ("MemoryTable", "Table"),
    "_values": ("Attr", "Clock", "ExperimentalBatch", "Frame", "Stack"),
}

#: Need other packages, so that `__all__` is without them.
_SUBMODULES = ("dask", "plot")


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names:
            value = getattr(__import__(f"{__name__}.{module}", fromlist=[name]), name)
            globals()[name] = value
            return value
    if name in _SUBMODULES:
        return __import__(f"{__name__}.{name}", fromlist=["*"])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBMODULES})
