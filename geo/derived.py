"""`Sealed`: what can't change; and `derived`: what follows from it is worked out once, kept with it, and read-only."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import wraps
from types import MappingProxyType
from typing import Any, Final, Generic, ParamSpec, Self, TypeVar, cast, overload

import numpy as np

from .keeping import store_of

Owner = TypeVar("Owner")
Value = TypeVar("Value")
P = ParamSpec("P")

_GUARD: Final = threading.Lock()
_LOCKS: Final[weakref.WeakKeyDictionary[Any, threading.RLock]] = weakref.WeakKeyDictionary()


class derived(Generic[Owner, Value]):  # noqa: N801 - a decorator, as `property` is
    """Decorator of a method without arguments, or of a function of one object that can't change.

    A method becomes an attribute, as with `functools.cached_property`; a function stays one, so that what a room
    above knows of a network needs no place in the network's own class. Either way the value lies in the object's
    `__dict__`: it goes when the object goes, even where it refers back to it, and isn't in a pickle of a `Sealed`
    one. Threads that ask at the same time get the same value. Its arrays can't be written to.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, eq=False)
    ... class Road:
    ...     km: np.ndarray
    ...
    ...     @derived
    ...     def m(self):
    ...         return self.km * 1000
    >>> @derived
    ... def longest_m(road):
    ...     return road.m.max()
    >>> road = Road(np.array([1.5, 2.0]))
    >>> road.m is road.m, road.m.flags.writeable, float(longest_m(road))
    (True, False, 2000.0)
    """

    def __init__(self, work_out: Callable[[Owner], Value], *, kept_as: type | None = None) -> None:
        self._work_out = work_out
        self._kept_as = kept_as
        self._name = f"{work_out.__module__}.{work_out.__qualname__}"
        self.__doc__ = work_out.__doc__

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, owner: None, _: type | None = None) -> Self: ...
    @overload
    def __get__(self, owner: Owner, _: type | None = None) -> Value: ...
    def __get__(self, owner: Owner | None, _: type | None = None) -> Self | Value:
        return self if owner is None else self(owner)

    def __call__(self, owner: Owner) -> Value:
        """Return the object's value, worked out if it's the first to ask."""
        kept = vars(owner)
        if self._name not in kept:
            with _lock_of(owner):
                if self._name not in kept:
                    if self._kept_as is None:
                        found = self._work_out(owner)
                    else:
                        found = _kept_or(owner, self._name, self._kept_as, lambda: self._work_out(owner))
                    self.give(owner, found)
        return cast("Value", kept[self._name])

    def known(self, owner: Owner) -> Value | None:
        """Return the value if it was worked out, else None."""
        return cast("Value | None", vars(owner).get(self._name))

    def give(self, owner: Owner, value: Value) -> None:
        """Keep a value that is known otherwise, such as that of an object which differs elsewhere only."""
        vars(owner)[self._name] = read_only(value)


def derived_kept(kind: type) -> Callable[[Callable[[Owner], Value]], derived[Owner, Value]]:
    """Return the same decorator for what takes long: it's kept in files where the object has a store.

    Parameters
    ----------
    kind : type
        What is worked out, an array, a tuple of arrays and numbers, a dataclass of these, or a ``cKDTree``.
    """
    return lambda work_out: derived(work_out, kept_as=kind)


def derived_by(
    *, most: int, kept_as: type | None = None
) -> Callable[[Callable[P, Value]], Callable[P, Value]]:
    """Return the same decorator for a function of an object and of further values: the last few results are kept.

    Parameters
    ----------
    most : int
        How many results are kept for one object.
    kept_as : type, optional
        As `derived_kept` takes it, for what takes long.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, eq=False)
    ... class Road:
    ...     km: float
    >>> @derived_by(most=2)
    ... def distances_km(road, n):
    ...     return np.linspace(0, road.km, n)
    >>> road = Road(3.0)
    >>> distances_km(road, 4) is distances_km(road, 4), distances_km(road, 4).tolist()
    (True, [0.0, 1.0, 2.0, 3.0])
    """

    def decorate(work_out: Callable[P, Value]) -> Callable[P, Value]:
        name = f"{work_out.__module__}.{work_out.__qualname__}"

        @wraps(work_out)
        def of(*values: P.args, **named: P.kwargs) -> Value:
            owner, by = values[0], (*values[1:], *sorted(named.items()))
            with _lock_of(owner):
                kept: OrderedDict[Any, Value] = vars(owner).setdefault(name, OrderedDict())
                if by not in kept:
                    if kept_as is None:
                        found = work_out(*values, **named)
                    else:
                        found = _kept_or(owner, f"{name}{by}", kept_as, lambda: work_out(*values, **named))
                    kept[by] = read_only(found)
                    if len(kept) > most:
                        kept.popitem(last=False)
                kept.move_to_end(by)
                return kept[by]

        return of

    return decorate


def _kept_or(owner: Any, name: str, kind: type, work_out: Callable[[], Value]) -> Value:
    """Return what an object's store holds under a name; without it, or without a store, work it out."""
    store = store_of(owner)
    if store is None:
        return work_out()
    found: Value | None = store.get(name, kind)
    whole = store.within(name)
    if found is None:
        found = work_out()
        # what was given to it when it was made isn't what it would work out by itself
        for attribute in vars(type(found)).values():
            if isinstance(attribute, derived) and attribute.known(found) is not None:
                whole.put(attribute._name, attribute.known(found))  # noqa: SLF001 - its own
        store.put(name, found)
    if is_dataclass(found):
        whole.attach(found)
    return found


def read_only(value: Value) -> Value:
    """Return a value whose arrays can't be written to: itself, what tuples, mappings and dataclasses hold.

    Examples
    --------
    >>> numbers = read_only((np.arange(3), "abc"))[0]
    >>> numbers.flags.writeable
    False
    """
    if isinstance(value, np.ndarray):
        value.setflags(write=False)
    elif isinstance(value, tuple | list):
        for each in value:
            read_only(each)
    elif isinstance(value, Mapping):
        for each in value.values():
            read_only(each)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            read_only(getattr(value, field.name))
    return value


def _lock_of(owner: Any) -> threading.RLock:
    with _GUARD:
        return _LOCKS.setdefault(owner, threading.RLock())


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
