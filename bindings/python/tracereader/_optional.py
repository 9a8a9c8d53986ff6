"""Packages that are used if they are there."""

from __future__ import annotations

import importlib
from typing import Any


def needed(module: str, what: str) -> Any:
    """Import a package that `what` cannot do without, or say so."""
    try:
        return importlib.import_module(module)
    except ImportError as e:
        raise ImportError(f"{what} needs the package {module!r}", name=module) from e
