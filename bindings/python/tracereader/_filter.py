"""Which of a trace's events a pass gives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from . import _native
from ._arguments import whole
from ._enums import Kind

_KIND_NUMBERS = {_native.tr_kind_name(n): n for n in range(_native.TR_KIND_COUNT)}
_FIRST_NS = -(2**63)
_LAST_NS = 2**63 - 1


class Filter(NamedTuple):
    """What C takes for tr_filter."""

    kinds: int
    thread: int
    goroutine: int
    start: int
    end: int
    to_states: int = 2**32 - 1


def chosen_kinds(kinds: Iterable[str] | str | None) -> tuple[Kind, ...]:
    """Kinds that a user chose, in their own order. Raises ValueError for an unknown one."""
    if kinds is None:
        return tuple(Kind)
    names = [kinds] if isinstance(kinds, str) else list(kinds)
    unknown = [str(name) for name in names if name not in _KIND_NUMBERS]
    if unknown:
        raise ValueError(f"unknown kinds: {', '.join(unknown)}; known: {', '.join(Kind)}")
    return tuple(kind for kind in Kind if kind in names)


def filter_of(
    kinds: tuple[Kind, ...],
    thread: int | None,
    goroutine: int | None,
    start: int | None,
    end: int | None,
) -> Filter | None:
    """The filter for what a user chose; None if that is everything."""
    if len(kinds) == len(Kind) and thread is goroutine is start is end is None:
        return None
    for name, id in (("thread", thread), ("goroutine", goroutine)):
        if id is not None and not -1 <= whole(name, id) <= _LAST_NS:
            raise ValueError(f"{name} must be an id, or -1 for none")
    for name, time in (("start", start), ("end", end)):
        if time is not None:
            whole(name, time)
    return Filter(
        sum(1 << _KIND_NUMBERS[kind.value] for kind in kinds),
        _native.TR_ANY if thread is None else thread,
        _native.TR_ANY if goroutine is None else goroutine,
        _FIRST_NS if start is None else min(max(start, _FIRST_NS), _LAST_NS),
        _LAST_NS if end is None else min(max(end, _FIRST_NS), _LAST_NS),
    )


def filter_of_all(
    goroutine: int | None = None, start: int | None = None, end: int | None = None
) -> Filter | None:
    """The filter that leaves events of every kind; None if that is everything.

    For analyses: the last event, whatever it is, ends what is open.
    """
    return filter_of(tuple(Kind), None, goroutine, start, end)
