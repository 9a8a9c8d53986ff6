"""Progress of long work: a bar of tqdm, or a callable of the user's."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._types import ProgressOption


def check_progress(option: ProgressOption) -> None:
    """Raises TypeError if a user gave for `progress` what is none."""
    if not isinstance(option, bool) and not callable(option):
        raise TypeError(f"progress must be True, False or a callable, not {type(option).__name__}")


class Pass:
    """The progress of one pass over a trace."""

    def __init__(self, option: ProgressOption, total: int | None) -> None:
        self._total = total
        self._call: Callable[[int, int | None], object] | None = None
        self._bar: Any = None
        self._done = 0
        if option is True:
            from ._optional import needed

            try:
                tqdm = needed("tqdm.auto", "progress=True")
            except ImportError:
                return
            self._bar = tqdm.tqdm(total=total, unit="B", unit_scale=True, desc="trace")
        elif option is not False:
            self._call = option

    @property
    def wanted(self) -> bool:
        """Whether anybody looks."""
        return self._bar is not None or self._call is not None

    def __call__(self, done: int, ended: bool) -> None:
        """Tell how many bytes of the trace are done, and whether that was all."""
        if self._call is not None:
            self._call(done, self._total)
        if self._bar is not None:
            self._bar.update(done - self._done)
            if ended:
                self._bar.close()
        self._done = done

    def stop(self) -> None:
        """End early: leave the bar where it is."""
        if self._bar is not None:
            self._bar.close()
