"""What the C type of events needs from Python: its enums and parts, and its repr.

Importing this module registers them; nothing of `_native` that makes events works
before.
"""

from __future__ import annotations

from typing import Any

from . import _native
from ._enums import Kind, Resource, Scope, State
from ._errors import TraceError, fail
from ._native import Event as Event
from ._values import Attr, Clock, ExperimentalBatch, Frame, Stack


def _states() -> list[State | None]:
    """The states by number; numbers between those of goroutines and procs are free."""
    known = State.__members__
    return [known.get(_native.tr_state_name(n)) for n in range(_native.TRPY_STATE_COUNT)]


def _resources() -> list[str]:
    return [_native.tr_resource_name(n) for n in range(_native.TRPY_RESOURCE_COUNT)]


def _describe(ev: Event) -> str:
    """What matters of an event, by its kind, in a few words."""
    words = [ev.kind.value, f"time={ev.time}"]
    for name in ("thread", "proc", "goroutine"):
        value = getattr(ev, name)
        if value is not None:
            words.append(f"{name}={value}")
    if ev.from_state is not None:
        words.append(f"{ev.resource} {ev.resource_id}: {ev.from_state}->{ev.to_state}")
    elif ev.resource is not None:
        words.append(f"{ev.resource} {ev.resource_id}")
    for name in (
        "reason",
        "name",
        "experiment",
        "value",
        "label",
        "task",
        "type",
        "category",
        "message",
        "clock",
    ):
        value = getattr(ev, name)
        if value is not None and value != "":
            words.append(f"{name}={value!r}")
    for attr in (*(ev.attrs or ()), *(ev.args or ())):
        words.append(f"{attr.name}={attr.value!r}")
    if ev.scope_id is not None:
        words.append(f"{ev.scope} {ev.scope_id}")
    stack = ev.stack or ev.transition_stack
    if stack:
        words.append(f"at {stack[0].function}")
    return f"<Event {' '.join(words)}>"


def restore_event(fields: dict[str, Any], text: bytes) -> Event:
    """Make an event of its fields: for pickle."""
    return _native.trpy_restore(fields, text)


_native.trpy_register(
    {
        "kinds": [Kind(_native.tr_kind_name(number)) for number in range(_native.TR_KIND_COUNT)],
        "states": _states(),
        "resources": [Resource(name) for name in _resources()],
        "scopes": [Scope(name) for name in _resources()],
        "frame": Frame,
        "stack": Stack,
        "attr": Attr,
        "clock": Clock,
        "batch": ExperimentalBatch,
        "repr": _describe,
        "restore": restore_event,
        "error": TraceError,
        "fail": fail,
    }
)
