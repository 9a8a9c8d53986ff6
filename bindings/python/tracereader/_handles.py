"""The types of what the C module gives to hold: capsules, seen as opaque objects."""

from __future__ import annotations

from typing import NewType

CursorHandle = NewType("CursorHandle", object)
BlockingHandle = NewType("BlockingHandle", object)
InfoHandle = NewType("InfoHandle", object)
