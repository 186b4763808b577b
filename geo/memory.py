"""Memory that nothing needs any more goes back to the system."""

from __future__ import annotations

import ctypes
import gc
import sys


def release_memory() -> None:
    """Give memory back that was let go of: networks that refer to themselves, and what the C library holds for later.

    Only there where the C library has a call for it, as on Linux; elsewhere Python's own part alone.

    Examples
    --------
    >>> release_memory()
    """
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:  # musl has none
            trim(0)
