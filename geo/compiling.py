"""Functions that are compiled, and kept on disk for the next time as long as none of the package's code has changed.

Numba keeps what it compiled beside the file of a function, and compiles anew where that file changes. A function that
another one calls is compiled into it, though, so that where only the other one's file has changed, by an upgrade or in
a checkout, what was compiled of the caller would go on to compute as before.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

import numba

from .keeping import cache_folder, code_states

#: What the folders of compiled code are called; the rest of their names tells the place of the package, and its code.
_NAMED: Final = "borderreach-compiled"

_Function = TypeVar("_Function", bound=Callable[..., Any])
_lock = threading.Lock()
_config: Any = numba.config


def compiled(function: _Function, **options: Any) -> _Function:
    """Compile a function when it's first called, without Python's lock, and keep the machine code on disk.

    Parameters
    ----------
    function : callable
        In the part of Python and NumPy that numba knows.
    **options
        Further ones of ``numba.njit``.
    """
    with _lock, _kept_in(machine_code_folder()) as is_kept:
        made: _Function = numba.njit(cache=is_kept, nogil=True, **options)(function)
    return made


def inlined(function: _Function) -> _Function:
    """Compile a function whose code stands in that of each that calls it, as `compiled` does.

    Parameters
    ----------
    function : callable
    """
    return compiled(function, inline="always")


def borrowing(function: _Function) -> _Function:
    """Compile a function that is given arrays, and neither makes, cuts nor returns any, as `compiled` does.

    Numba counts who holds an array, with a processor's lock each time: a fifth of an isochrone's drawing, and threads
    that share arrays wait for each other besides. A function that neither keeps nor makes an array needs none of it; one
    that makes an array isn't compiled. A division by zero gives what IEEE 754 says.

    Parameters
    ----------
    function : callable
    """
    # the option isn't among those that numba tells of
    return compiled(function, error_model="numpy", _nrt=False)


@lru_cache(maxsize=1)
def machine_code_folder() -> Path | None:
    """Return where the machine code of this package, as it is now, is kept; None where nothing can be written.

    That is in the folder that ``NUMBA_CACHE_DIR`` names, beside the package, or in the user's cache. Those of other
    states of the same package go.
    """
    root = Path(__file__).resolve().parent.parent
    place = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    code = hashlib.sha256(json.dumps(code_states()).encode()).hexdigest()[:20]
    chosen = _config.CACHE_DIR
    for base in [Path(chosen)] if chosen else [root / "__pycache__", cache_folder("compiled")]:
        folder = base / f"{_NAMED}-{place}-{code}"
        with contextlib.suppress(OSError):
            is_new = not folder.is_dir()
            folder.mkdir(parents=True, exist_ok=True)
            if not os.access(folder, os.W_OK):
                continue
            if is_new:
                for other in base.glob(f"{_NAMED}-{place}-*"):
                    if other != folder:
                        shutil.rmtree(other, ignore_errors=True)
            return folder
    return None


@contextlib.contextmanager
def _kept_in(folder: Path | None) -> Iterator[bool]:
    """Have numba keep what is compiled within this context in a folder; yield whether there is one."""
    before = _config.CACHE_DIR
    if folder is not None:
        _config.CACHE_DIR = str(folder)
    try:
        yield folder is not None
    finally:
        _config.CACHE_DIR = before
