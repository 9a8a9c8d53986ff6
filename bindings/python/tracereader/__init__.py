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

The core needs no other package; numpy, pandas and tqdm are used where they are asked
for. Times are nanoseconds on the trace's own clock.
"""

from ._native import tr_version as _tr_version
from ._trace import TYPE_CHECKING, Trace, blocking_ratio, open

# The rest is imported with the first use of it.
if TYPE_CHECKING:
    from ._blocking import Blocking, FunctionRow, GoroutineRow, ReasonRow
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
    from ._events import Event
    from ._info import Info
    from ._table import Arrays, Batch, Codes, Table
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
    "CorruptError",
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
    "OrderError",
    "ReasonRow",
    "Resource",
    "Scope",
    "Stack",
    "State",
    "Table",
    "Trace",
    "TraceError",
    "TruncatedError",
    "UnsupportedVersionError",
    "blocking_ratio",
    "open",
]

_MODULES = {
    "_blocking": ("Blocking", "FunctionRow", "GoroutineRow", "ReasonRow"),
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
    "_events": ("Event",),
    "_info": ("Info",),
    "_table": ("Arrays", "Batch", "Codes", "Table"),
    "_values": ("Attr", "Clock", "ExperimentalBatch", "Frame", "Stack"),
}


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names:
            value = getattr(__import__(f"{__name__}.{module}", fromlist=[name]), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
