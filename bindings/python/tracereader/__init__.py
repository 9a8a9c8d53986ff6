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

from ._blocking import Blocking, FunctionRow, GoroutineRow, ReasonRow
from ._enums import EventFlag, Kind, Resource, Scope, State
from ._errors import (
    FormatError,
    LimitError,
    TraceError,
    TruncatedError,
    UnsupportedVersionError,
)
from ._events import Event
from ._info import Info
from ._native import tr_version as _tr_version
from ._table import Arrays, Batch, Codes, Table
from ._trace import Trace, blocking_ratio, open
from ._values import Attr, Clock, ExperimentalBatch, Frame, Stack

__version__: str = _tr_version()

__all__ = [
    "Arrays",
    "Attr",
    "Batch",
    "Blocking",
    "Clock",
    "Codes",
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
