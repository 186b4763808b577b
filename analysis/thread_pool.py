"""Threads that share the parts of one piece of work, and parts of these parts.

Threads are kept from one use to the next: to start them takes about as long as a part of a small isochrone.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Generic, TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

#: More threads than anyone has processors for.
_MOST_THREADS: Final = 256


class _Kept:
    """The process's threads; a forked process starts its own."""

    def __init__(self) -> None:
        self.start()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.start)

    def start(self) -> None:
        """Begin without threads; they're started when there is work and none is idle."""
        self.pool = ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="borderreach")


_KEPT: Final = _Kept()


class _Work(Generic[_Item, _Result]):
    """Items of one call of `ThreadPool.map`; whoever has time takes the next."""

    def __init__(self, function: Callable[[_Item], _Result], items: Iterable[_Item]) -> None:
        self._function = function
        self._waiting = deque(enumerate(items))
        self._lock = threading.Lock()
        self._to_come = len(self._waiting)
        self.finished = threading.Event()
        self.results: list[_Result | None] = [None] * self._to_come
        self.failure: BaseException | None = None

    @property
    def is_open(self) -> bool:
        """Whether there are items that nobody has taken."""
        return bool(self._waiting)

    def take(self) -> None:
        """Do items until none is left; after a failure the rest is dropped."""
        while True:
            try:
                at, item = self._waiting.popleft()
            except IndexError:
                return
            try:
                self.results[at] = self._function(item)
            except BaseException as failure:  # noqa: BLE001 - `map` raises it
                self.failure = self.failure or failure
                self._drop()
            finally:
                self._count(1)

    def _drop(self) -> None:
        dropped = 0
        while self._waiting:
            try:
                self._waiting.popleft()
            except IndexError:
                break
            dropped += 1
        self._count(dropped)

    def _count(self, done: int) -> None:
        with self._lock:
            self._to_come -= done
            if self._to_come == 0:
                self.finished.set()


class ThreadPool:
    """At most so many threads at work at a time, the caller's among them.

    `map` may be called within what it calls: items of all calls are open to every thread that has
    nothing else to do. Nobody waits for anything but items that a thread is at work on, so that it comes
    to an end with any number of threads. Who comes back from waiting makes one too many until the next
    item is done.

    Parameters
    ----------
    workers : int, optional
        Threads; one per processor when left out.

    Examples
    --------
    >>> pool = ThreadPool(2)
    >>> pool.map(lambda row: sum(pool.map(abs, row)), [[1, -2], [-3, 4], [5]])
    [3, 7, 5]
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1
        self._idle = self.workers - 1
        self._open: list[_Work[Any, Any]] = []
        self._lock = threading.Lock()

    def map(self, function: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
        """Apply a function to items and return the results in the items' order.

        The first error is raised once no item is at work any more; items not begun by then are dropped.
        """
        work = _Work(function, items)
        if self.workers > 1 and len(work.results) > 1:
            with self._lock:
                self._open.append(work)
            self._call(len(work.results) - 1)
            work.take()
            if not work.finished.is_set():
                self._wait(work)
            with self._lock:
                self._open.remove(work)
        else:
            work.take()
        if work.failure is not None:
            raise work.failure
        return work.results  # type: ignore[return-value]

    def both(self, one: Callable[[], _Item], other: Callable[[], _Result]) -> tuple[_Item, _Result]:
        """Call two functions and return their results."""
        calls: list[Callable[[], Any]] = [one, other]
        first, second = self.map(lambda function: function(), calls)
        return first, second

    def _call(self, wanted: int) -> None:
        """Send for as many idle threads as there is work for."""
        with self._lock:
            sent = max(0, min(wanted, self._idle))
            self._idle -= sent
        for k in range(sent):
            try:
                _KEPT.pool.submit(self._help)
            except RuntimeError:  # the system has no thread left, or the interpreter ends: one does it alone
                with self._lock:
                    self._idle += sent - k
                return

    def _help(self) -> None:
        """Take items of any open work until there are none."""
        while True:
            with self._lock:
                work = next((work for work in self._open if work.is_open), None)
                if work is None:
                    self._idle += 1
                    return
            work.take()

    def _wait(self, work: _Work[Any, Any]) -> None:
        """Leave one's place to another thread until others have done what they took."""
        with self._lock:
            self._idle += 1
            others = any(one.is_open for one in self._open)
        if others:
            self._call(1)
        work.finished.wait()
        with self._lock:
            self._idle -= 1
