"""What is asked of arguments."""

from __future__ import annotations

import operator

TYPE_CHECKING = False  # to import typing takes long
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def whole(name: str, value: Any, least: int | None = None) -> int:
    """A number that a user gave for an argument. Raises TypeError if it is no whole number,
    ValueError if it is less than `least`."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(
            f"{name} must be a whole number, not {type(value).__name__}"
        ) from None
    if least is not None and number < least:
        raise ValueError(f"{name} must be at least {least}")
    return number


def text(name: str, value: Any) -> str:
    """A text that a user gave for an argument. Raises TypeError if it is none."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    return value


def several(name: str, value: Iterable[str] | str) -> list[str]:
    """Names that a user gave for an argument: one, or several. Raises TypeError if they are
    neither."""
    if isinstance(value, str):
        return [value]
    # Bytes give numbers.
    if not hasattr(value, "__iter__") or isinstance(value, (bytes, bytearray, memoryview)):
        what = type(value).__name__
        raise TypeError(f"{name} must be a name, or several, each a str; not {what}")
    return list(value)
