"""Files that are there as a whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from typing import BinaryIO


def _new_beside(target: str, mode: int) -> tuple[int, str]:
    """A file that nobody else has, in the same folder: its descriptor, and its path."""
    flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_CLOEXEC", 0)
    while True:
        # Not of the target's name, which may be as long as one can be.
        part = os.path.join(os.path.dirname(target), f".{os.urandom(8).hex()}.part")
        try:
            return os.open(part, flags, mode), part
        except FileExistsError:
            continue
        except OSError as e:
            raise OSError(e.errno, e.strerror, target) from None


@contextlib.contextmanager
def replacing(path: str) -> Iterator[BinaryIO]:
    """A file object to write what is to be at `path`; it is there once all went well.

    The file gets the mode of the one that it replaces, or that of a new one. Links stay, and
    what is no regular file, such as a pipe, is written to as it is.
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        if not path:  # it would be the folder
            raise
        mode = None
    if mode is not None and not stat.S_ISREG(mode):
        with open(path, "wb") as file:
            yield file
        return
    target = os.path.realpath(path)
    fd, part = _new_beside(target, 0o666 if mode is None else stat.S_IMODE(mode))
    try:
        with open(fd, "wb") as file:
            if mode is not None:
                os.fchmod(fd, stat.S_IMODE(mode))  # whatever the umask
            yield file
        os.replace(part, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.remove(part)
        raise
