"""Locks on files, so that two processes don't write to one place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO


def lock_file(path: Path) -> IO[bytes]:
    """Open a file and lock it; the system gives the lock back whatever becomes of the process.

    Parameters
    ----------
    path : Path
        Made if it isn't there.

    Returns
    -------
    binary file
        Closing it gives the lock back.

    Raises
    ------
    BlockingIOError
        If another process holds it.
    """
    file = path.open("ab")
    try:
        if os.name == "nt":
            import msvcrt  # noqa: PLC0415

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl  # noqa: PLC0415

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise BlockingIOError(f"{path} is locked by another process") from error
    return file
