"""What is asked of arguments."""

from __future__ import annotations

import operator

TYPE_CHECKING = False  # to import typing takes long
if TYPE_CHECKING:
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
