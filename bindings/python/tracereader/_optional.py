"""Packages that are used if they are there."""

from __future__ import annotations

import importlib
from typing import Any


#: The extra that brings a package.
_EXTRAS = {
    "numpy": "numpy",
    "pandas": "pandas",
    "pyarrow": "arrow",
    "polars": "polars",
    "matplotlib": "plot",
    "tqdm": "progress",
    "dask": "dask",
}


def needed(module: str, what: str) -> Any:
    """Import a package that `what` cannot do without, or say so."""
    try:
        return importlib.import_module(module)
    except ImportError as e:
        # It may be there, and another that it needs is not.
        package = (e.name or module).partition(".")[0]
        extra = f" (tracereader[{_EXTRAS[package]}])" if package in _EXTRAS else ""
        raise ImportError(f"{what} needs the package {package!r}{extra}", name=package) from e
