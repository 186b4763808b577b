"""Compiled functions that loops call: they use a caller's arrays without counting references to them.

Numba counts who holds an array, with a processor's lock each time: a fifth of an isochrone's drawing, and threads that
share arrays wait for each other besides. A function that neither keeps nor makes an array needs none of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., Any])


def borrowing(function: _Function) -> _Function:
    """Compile a function that is given arrays, and neither makes, cuts nor returns any.

    One that makes an array isn't compiled. A division by zero gives what IEEE 754 says.
    """
    # the option isn't among those that numba's types tell
    compiling: Any = njit
    compiled: _Function = compiling(cache=True, nogil=True, error_model="numpy", _nrt=False)(function)
    return compiled
