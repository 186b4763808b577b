"""Memory that nothing needs any more goes back to the system."""

from __future__ import annotations

import ctypes
import gc
import mmap
import os
import sys
import weakref
from io import BufferedReader
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: So much more memory than at the last time is worth looking for what of it nobody needs, MB.
_WORTH_IT_MB: Final = 100
#: A process of less keeps what it has: to ask the system for it again takes longer than it's worth.
_SMALL_MB: Final = 1_000
#: Files that are mapped as long as somebody holds an array of them.
_MAPPED: Final[weakref.WeakSet[mmap.mmap]] = weakref.WeakSet()


def mapped_bytes(file: BufferedReader, begin: int) -> NDArray[np.uint8]:
    """Return a file's bytes from some place on, which can't be written to, and stay in the file until they're asked for.

    Parameters
    ----------
    file : file
        Open for reading; with more than `begin` bytes.
    begin : int

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("four.bin").write_bytes(bytes([1, 2, 3, 4]))
    >>> with Path("four.bin").open("rb") as file:
    ...     mapped_bytes(file, 1).tolist()
    [2, 3, 4]
    """
    whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    _MAPPED.add(whole)
    return np.frombuffer(whole, dtype=np.uint8, offset=begin)


def leave_in_files() -> None:
    """Have the system take back what was read of mapped files; what is asked for again is read again.

    Examples
    --------
    >>> leave_in_files()
    """
    if sys.platform == "linux":  # where it's sure to change nothing but where the bytes are
        for whole in list(_MAPPED):
            whole.madvise(mmap.MADV_DONTNEED)


def release_memory() -> None:
    """Give memory back that was let go of: networks that refer to themselves, and what the C library holds for later.

    Only there where the C library has a call for it, as on Linux; elsewhere Python's own part alone.

    Examples
    --------
    >>> release_memory()
    """
    gc.collect()
    _trim()


def give_back_free(held_mb: float, *, small_mb: float = _SMALL_MB) -> float:
    """Give back what the C library holds for later, where a process has grown; what refers to itself stays.

    Parameters
    ----------
    held_mb : float
        What this returned the last time; 0 at first.
    small_mb : float
        A process that takes up less keeps it.

    Returns
    -------
    float
        What the process takes up now, or took up then where it hasn't grown much since, MB; 0 where that can't be told.

    Examples
    --------
    >>> give_back_free(1e9)
    1000000000.0
    """
    now_mb = _resident_mb()
    if now_mb < small_mb or now_mb - held_mb < _WORTH_IT_MB:
        return held_mb
    _trim()
    return _resident_mb()


def _resident_mb() -> float:
    if sys.platform != "linux":
        return 0.0
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):  # not every container shows it
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _trim() -> None:
    leave_in_files()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:  # musl has none
            trim(0)
