"""Promises about what goes: old names that still work, with a warning, until the version that drops them."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Mapping
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final, NamedTuple


class Deprecation(NamedTuple):
    """An old name, what to use instead, and the version in which the old one is gone."""

    old: str
    instead: str
    removed_in: str


#: Everything that still works and will go; a test fails once a version of removal has come.
DEPRECATIONS: Final[list[Deprecation]] = []


def deprecate(old: str, *, instead: str, removed_in: str) -> Deprecation:
    """Promise that an old name works until a version.

    Parameters
    ----------
    old, instead : str
        Full names, as a user would write them.
    removed_in : str
        Version that doesn't know the old name any more, such as ``"0.2.0"``.
    """
    promise = Deprecation(old, instead, removed_in)
    DEPRECATIONS.append(promise)
    return promise


def warn_deprecated(promise: Deprecation, *, stacklevel: int = 2) -> None:
    """Tell the caller's caller that a name goes.

    Parameters
    ----------
    promise : Deprecation
    stacklevel : int
        As in `warnings.warn`, counted from the function that calls this one.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn_deprecated(Deprecation("br.old", "br.new", "9.0.0"))
    >>> print(caught[0].category.__name__, caught[0].message)
    FutureWarning br.old will be gone in version 9.0.0; use br.new instead
    """
    warnings.warn(
        f"{promise.old} will be gone in version {promise.removed_in}; use {promise.instead} instead",
        FutureWarning,
        stacklevel=stacklevel + 1,
    )


def moved_modules(package: str, moved: Mapping[str, str], *, removed_in: str) -> None:
    """Let modules be imported by their old names, with a warning.

    Parameters
    ----------
    package : str
        Full name of the package that they lay in.
    moved : mapping of str to str
        Old name to new one, both relative to the package: ``{"potential": "indicators._potential"}``; in
        full, ``borderreach.`` and all, where the new one lies elsewhere.
        What a user should import from instead is the room, ``indicators``.
    removed_in : str
        Version that doesn't know the old names any more.
    """
    whole = {old: new if new.startswith("borderreach.") else f"{package}.{new}" for old, new in moved.items()}
    promises = {
        f"{package}.{old}": (
            deprecate(f"{package}.{old}", instead=new.partition("._")[0], removed_in=removed_in),
            new,
        )
        for old, new in whole.items()
    }
    sys.meta_path.append(_MovedModules(promises))


class _MovedModules(MetaPathFinder):
    """Finds modules by old names, after all other finders found none."""

    def __init__(self, promises: Mapping[str, tuple[Deprecation, str]]) -> None:
        self._promises = promises

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002 - as called
        found = self._promises.get(fullname)
        return None if found is None else ModuleSpec(fullname, _Forwarder(*found))


class _Forwarder(Loader):
    """Makes a module that hands out what another one holds."""

    def __init__(self, promise: Deprecation, new: str) -> None:
        self._promise = promise
        self._new = new

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:  # noqa: ARG002 - as called
        return None

    def exec_module(self, module: ModuleType) -> None:
        warn_deprecated(self._promise)  # the import system's own frames don't count
        new = importlib.import_module(self._new)

        def forward(name: str) -> Any:
            if hasattr(new, name):
                return getattr(new, name)
            return getattr(importlib.import_module(self._promise.instead), name)  # parted since

        module.__doc__ = new.__doc__
        module.__dict__["__getattr__"] = forward
        module.__dict__["__dir__"] = lambda: dir(new)
