"""Kinds, states and resources, under the names that Go gives them.

All are `enum.StrEnum`: a member equals its name, so `ev.kind is Kind.Log` and
`ev.kind == "Log"` say the same.
"""

from __future__ import annotations

import enum


class Kind(enum.StrEnum):
    """What an event is.

    >>> trace.info.kinds[tracereader.Kind.Log]
    818
    """

    Bad = "Bad"
    Sync = "Sync"
    Metric = "Metric"
    Label = "Label"
    StackSample = "StackSample"
    RangeBegin = "RangeBegin"
    RangeActive = "RangeActive"
    RangeEnd = "RangeEnd"
    TaskBegin = "TaskBegin"
    TaskEnd = "TaskEnd"
    RegionBegin = "RegionBegin"
    RegionEnd = "RegionEnd"
    Log = "Log"
    StateTransition = "StateTransition"
    Experimental = "Experimental"


class State(enum.StrEnum):
    """The states of goroutines and procs; `Event.resource` tells which of the two.

    Procs have `Undetermined`, `NotExist`, `Running` and `Idle`.

    >>> [state.value for state in tracereader.State if state.executing]
    ['Running', 'Syscall']
    """

    Undetermined = "Undetermined"
    NotExist = "NotExist"
    Runnable = "Runnable"
    Running = "Running"
    Waiting = "Waiting"
    Syscall = "Syscall"
    Idle = "Idle"

    @property
    def executing(self) -> bool:
        """Whether a goroutine or proc in this state is bound to a thread."""
        return self is State.Running or self is State.Syscall


class Resource(enum.StrEnum):
    """What changes state or bears a label.

    >>> {ev.resource for ev in trace if ev.kind == "Label"}
    {<Resource.Goroutine: 'Goroutine'>}
    """

    NONE = "None"
    Goroutine = "Goroutine"
    Proc = "Proc"
    Thread = "Thread"


class Scope(enum.StrEnum):
    """What a range of time is bound to; `NONE` is the whole program.

    >>> sorted({ev.scope for ev in trace if ev.kind == "RangeBegin"})
    [<Scope.Goroutine: 'Goroutine'>, <Scope.NONE: 'None'>, <Scope.Proc: 'Proc'>]
    """

    NONE = "None"
    Goroutine = "Goroutine"
    Proc = "Proc"
    Thread = "Thread"


class EventFlag(enum.IntFlag):
    """The bits of `Event.flags`.

    `UNRESOLVED`: a string or stack is empty in this event because the trace lacks it.
    `RELAXED`: the event was put in order although a rule of the order was broken, or so late
    that its time is more than 100 microseconds after its own.
    `RAW_TIME`: `Event.time` is in ticks, as the frequency of the trace's clock is not known.

    >>> flags = tracereader.EventFlag(3)
    >>> tracereader.EventFlag.UNRESOLVED in flags, tracereader.EventFlag.RAW_TIME in flags
    (True, False)
    """

    UNRESOLVED = 1
    RELAXED = 2
    RAW_TIME = 4
