"""`Sealed`: what can't be changed, and can't be in a copy or in another process either."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

import numpy as np


class Sealed:
    """Base of frozen dataclasses that hold arrays and mappings: both are read-only, and stay so.

    A copy (`copy.copy`, `copy.deepcopy`) and an instance that went through `pickle`, as every
    argument of a process pool does, hold the same fields, read-only again. What was worked out
    from the fields and kept (cached properties) isn't taken along: it may be larger than they
    are, and is worked out again when it's asked for.
    """

    def __post_init__(self) -> None:
        for name, value in self.__dict__.items():
            self.__dict__[name] = _sealed(value)

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields, with mappings as dictionaries: a read-only view can't be pickled."""
        return {field.name: _opened(getattr(self, field.name)) for field in fields(self)}  # type: ignore[arg-type]

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Take the fields over and seal them again: arrays come writable out of a pickle."""
        for name, value in state.items():
            self.__dict__[name] = _sealed(value)


def _sealed(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        value.setflags(write=False)
    elif isinstance(value, Mapping) and not isinstance(value, MappingProxyType):
        return MappingProxyType({key: _sealed(inner) for key, inner in value.items()})
    return value


def _opened(value: Any) -> Any:
    if isinstance(value, MappingProxyType):
        return {key: _opened(inner) for key, inner in value.items()}
    return value
