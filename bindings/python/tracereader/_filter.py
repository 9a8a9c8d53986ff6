"""Which of a trace's events a pass gives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from . import _native
from ._arguments import several, whole
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
    wanted = several("kinds", kinds)
    known = _KIND_NUMBERS
    unknown = [str(name) for name in wanted if not isinstance(name, str) or name not in known]
    if unknown:
        raise ValueError(f"unknown kinds: {', '.join(unknown)}; known: {', '.join(Kind)}")
    return tuple(kind for kind in Kind if kind in wanted)


def _id(name: str, given: int | None) -> int:
    if given is None:
        return _native.TR_ANY
    id = whole(name, given)
    if not -1 <= id <= _LAST_NS:
        raise ValueError(f"{name} must be an id, or -1 for none")
    return id


def _time(name: str, given: int | None, default: int) -> int:
    return default if given is None else min(max(whole(name, given), _FIRST_NS), _LAST_NS)


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
    return Filter(
        sum(1 << _KIND_NUMBERS[kind.value] for kind in kinds),
        _id("thread", thread),
        _id("goroutine", goroutine),
        _time("start", start, _FIRST_NS),
        _time("end", end, _LAST_NS),
    )


def filter_of_all(
    goroutine: int | None = None, start: int | None = None, end: int | None = None
) -> Filter | None:
    """The filter that leaves events of every kind; None if that is everything.

    For analyses: the last event, whatever it is, ends what is open.
    """
    return filter_of(tuple(Kind), None, goroutine, start, end)
