"""Who computes the parts of a batch: this process, processes of this computer, or a Dask cluster.

All three take tasks one after the other, hand back finished parts in the order in which they come,
and keep no more than a few in memory. A part whose worker died is tried again; one that costs
worker after worker is taken apart, so that the origin at fault is found and the others aren't lost.

Processes lay a part into a file and hand over its name. A pipe that all of them write to would hold half a part where a
worker is killed while it writes, and whoever reads it would wait for the rest for ever.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import logging
import multiprocessing
import os
import signal
import tempfile
import threading
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from importlib.metadata import version
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from typing import Any, Final, Protocol

from ...geo.errors import BatchStoppedError, MissingDependencyError
from ...geo.networks import TransportNetwork
from ...geo.timetables import open_network
from ._tasks import Part, Plan, Task, close_network, compute, compute_on

#: So often is a part tried again among others after a worker died, before it is looked at alone.
MAX_RETRIES: Final = 2
#: Tasks in hand per worker: one that is computed and one that waits.
_IN_HAND: Final = 2
_DIED: Final = "the worker process died on this origin, each time; it may have run out of memory"

_log = logging.getLogger(__name__)

Compute = Callable[[Plan, Task], Part]


class Workers(Protocol):
    """What the three kinds of workers have in common."""

    def run(self, plan: Plan, tasks: Iterable[Task]) -> Iterator[Part]:
        """Yield the parts of tasks as they are finished; close the iterator to stop the work."""


class WorkerDiedError(Exception):
    """A worker died while it computed a task; never seen outside."""


class Here:
    """Computes in this process, with several threads over the origins of a part.

    Parameters
    ----------
    threads : int, optional
        One per processor when left out.
    """

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or processors()

    def run(self, plan: Plan, tasks: Iterable[Task]) -> Iterator[Part]:
        """Yield the parts one after the other."""
        try:
            for task in tasks:
                yield compute(plan, task, threads=self._threads)
        finally:
            close_network()


class Processes:
    """Processes of this computer, each a fresh interpreter.

    Parameters
    ----------
    workers : int, optional
        One per processor when left out.
    function : callable
        What a worker does with a plan and a task; importable by name.
    """

    def __init__(self, workers: int | None = None, *, function: Compute = compute) -> None:
        self._workers = workers or processors()
        self._function = function

    def run(self, plan: Plan, tasks: Iterable[Task]) -> Iterator[Part]:
        """Yield parts as they come; dead workers are replaced."""
        source = iter(tasks)
        again = deque(_take(source, self._workers))
        workers = len(again)  # no more than there is work for
        deaths, suspects = Counter[int](), list[Task]()
        while workers:
            with _folder() as parts, _pool(workers) as pool:
                lost = yield from self._until_broken(pool, parts, plan, source, again)
            if not lost:
                break
            _log.warning("a worker process died; %d part(s) are computed again", len(lost))
            for task in lost:
                deaths[task.number] += 1
                (suspects if deaths[task.number] > MAX_RETRIES else again).append(task)
        for task in suspects:
            yield settle(task, lambda one: self._alone(plan, one))

    def _until_broken(
        self, pool: ProcessPoolExecutor, parts: Path, plan: Plan, source: Iterator[Task], again: deque[Task]
    ) -> Generator[Part, None, list[Task]]:
        """Yield parts until all tasks are done or a worker dies; return the tasks that died with it."""
        in_hand: dict[Future[str], Task] = {}
        lost: list[Task] = []
        while True:
            while not lost and len(in_hand) < _IN_HAND * self._workers:
                task = again.popleft() if again else next(source, None)
                if task is None:
                    break
                try:
                    with _deaf_to_ctrl_c():
                        in_hand[pool.submit(_hand_over, self._function, plan, task, parts)] = task
                except BrokenProcessPool:
                    lost.append(task)
            if not in_hand:
                return lost
            done, _ = wait(in_hand, return_when=FIRST_COMPLETED)
            for future in done:
                task = in_hand.pop(future)
                try:
                    part = _take_over(future.result())
                except (BrokenProcessPool, MemoryError):
                    lost.append(task)
                    continue
                yield part

    def _alone(self, plan: Plan, task: Task) -> Part:
        with _folder() as parts, _pool(1) as pool:
            try:
                return _take_over(pool.submit(_hand_over, self._function, plan, task, parts).result())
            except (BrokenProcessPool, MemoryError) as error:
                raise WorkerDiedError from error


class Dask:
    """The workers of a Dask cluster, which must have the same borderreach installed.

    Parameters
    ----------
    client : distributed.Client
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._scattered: tuple[Path, str, Any] | None = None

    def run(self, plan: Plan, tasks: Iterable[Task]) -> Iterator[Part]:
        """Yield parts as they come; Dask itself gives the work of a dead worker to another."""
        distributed: Any = importlib.import_module("distributed")  # an extra

        source = iter(tasks)
        in_hand: dict[Any, tuple[Task, int]] = {}
        finished = distributed.as_completed(loop=self._client.loop)
        suspects = list[Task]()

        def submit(task: Task, attempt: int = 0) -> None:
            future = self._submit(plan, task)
            in_hand[future] = task, attempt
            finished.add(future)

        try:
            for task in _take(source, self._slots()):
                submit(task)
            while in_hand:
                future = next(finished)
                task, attempt = in_hand.pop(future)
                part = self._result(future)
                if part is not None:
                    yield part
                elif attempt < MAX_RETRIES:
                    self._scattered = None  # it may have died with the worker
                    submit(task, attempt + 1)
                    continue
                else:
                    suspects.append(task)
                for more in _take(source, 1):
                    submit(more)
            for task in suspects:
                yield settle(task, lambda one: self._alone(plan, one))
        finally:
            with contextlib.suppress(OSError, TimeoutError):  # the cluster itself may be gone
                self._client.cancel(list(in_hand), force=True)

    def _slots(self) -> int:
        threads: Mapping[str, int] = self._client.nthreads()
        return _IN_HAND * max(1, sum(threads.values()))

    def _submit(self, plan: Plan, task: Task) -> Any:
        if self._scattered is None or self._scattered[0] != task.network:
            content = task.network.read_bytes()
            key = hashlib.sha256(content).hexdigest()
            self._scattered = task.network, key, self._client.scatter(content, broadcast=True)
        _, key, content = self._scattered
        return self._client.submit(
            _compute_from_bytes, content, key, plan, task, version("borderreach"), pure=False
        )

    def _result(self, future: Any) -> Part | None:
        """Return the part, or None where workers died over it; other errors are raised."""
        distributed: Any = importlib.import_module("distributed")
        try:
            part: Part = future.result()
        except (distributed.KilledWorker, distributed.CancelledError, MemoryError):
            return None
        return part

    def _alone(self, plan: Plan, task: Task) -> Part:
        part = self._result(self._submit(plan, task))
        if part is None:
            raise WorkerDiedError
        return part


def settle(task: Task, attempt: Callable[[Task], Part]) -> Part:
    """Compute a part that workers died over; origins that kill a worker become failures.

    Parameters
    ----------
    task : Task
    attempt : callable
        Computes a task in a worker of its own; raises `WorkerDiedError` if that dies.

    Raises
    ------
    BatchStoppedError
        If workers die over every origin or in between: then it isn't for an origin's sake.
    """
    with contextlib.suppress(WorkerDiedError):
        return attempt(task)
    _log.warning("part %d costs worker after worker; trying its origins one by one", task.number)
    problems = {}
    for k in range(len(task.origins)):
        try:
            attempt(task.only(k))
        except WorkerDiedError:
            problems[k] = _DIED
    if len(problems) < max(2, len(task.origins)):
        with contextlib.suppress(WorkerDiedError):
            return attempt(task.without(problems))
    raise BatchStoppedError(
        f"worker processes die over part {task.number}, whichever of its {len(task.origins)} origins they "
        "compute; the computer may be short of memory. Try fewer workers; the same call goes on from here"
    )


def dask_client(address: str | None) -> Any:
    """Return a client of the Dask scheduler at an address.

    Raises
    ------
    MissingDependencyError
        If `distributed` isn't installed.
    BatchStoppedError
        If the scheduler doesn't answer, or no address is given.
    """
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError as error:
        raise MissingDependencyError(
            "a batch on a Dask cluster needs the package 'distributed'; install borderreach[dask]"
        ) from error
    if address is None:
        raise BatchStoppedError(
            "no Dask cluster is named; give its address ('scheduler' in the job, --scheduler on the command "
            "line), or a distributed.Client as executor="
        )
    try:
        return distributed.Client(address, timeout="15s", set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise BatchStoppedError(
            f"the Dask scheduler at {address!r} doesn't answer ({error}); start it, or choose another executor"
        ) from error


def is_dask_client(value: object) -> bool:
    """Tell whether something is a `distributed.Client`, without importing that package."""
    return any(f"{k.__module__}.{k.__name__}" == "distributed.client.Client" for k in type(value).__mro__)


def processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _take(source: Iterator[Task], n: int) -> Iterator[Task]:
    """Yield at most n items, looking at the source one by one."""
    for _ in range(n):
        task = next(source, None)
        if task is None:
            return
        yield task


@contextlib.contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool whose workers die with it, with this process, and not of Ctrl-C.

    All of them start at once: left to itself, the pool would start the second when the first is ready.
    """
    before = set(multiprocessing.active_children())
    # a fresh interpreter on every system: a copy of this one could hold locks of other threads
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)
    try:
        try:
            with _deaf_to_ctrl_c():
                started = [pool.submit(os.getpid) for _ in range(workers)]
            started[0].result()
        except BrokenProcessPool as error:
            raise BatchStoppedError(
                "the worker processes can't start. In a script, put the call under "
                "'if __name__ == \"__main__\":'; elsewhere, use executor='here'"
            ) from error
        yield pool
    except BaseException:  # Ctrl-C, a full disk: what is being computed won't be wanted
        for process in set(multiprocessing.active_children()) - before:
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Yield a folder for parts that are handed over; nobody else may look into it."""
    with tempfile.TemporaryDirectory(prefix="borderreach-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _hand_over(function: Compute, plan: Plan, task: Task, parts: Path) -> str:
    """Compute a part and lay it into a file, in a worker; return the file's path."""
    part = function(plan, task)
    number, path = tempfile.mkstemp(dir=parts)
    head = {
        "number": part.number,
        "n_origins": part.n_origins,
        "rows": part.rows,
        "bytes": {name: len(content) for name, content in part.files.items()},
    }
    with os.fdopen(number, "wb") as file:
        file.write(json.dumps(head).encode() + b"\n")
        file.writelines(part.files.values())
    return path


def _take_over(path: str) -> Part:
    """Return the part that a worker laid into a file, which goes."""
    with Path(path).open("rb") as file:
        head = json.loads(file.readline())
        files = {name: file.read(size) for name, size in head["bytes"].items()}
    Path(path).unlink()
    return Part(head["number"], files, head["rows"], head["n_origins"])


@contextlib.contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Put off Ctrl-C while a worker may be started, which would die of it before it's deaf itself."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """End this worker with its parent, where it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)


_lock = threading.Lock()
_networks: dict[str, TransportNetwork] = {}


def _compute_from_bytes(content: bytes, key: str, plan: Plan, task: Task, wanted: str) -> Part:
    """Compute a part on a worker elsewhere, which got the network as bytes."""
    if version("borderreach") != wanted:
        raise BatchStoppedError(
            f"a Dask worker has borderreach {version('borderreach')} and this computer {wanted}; "
            "install the same version on both"
        )
    return compute_on(_network_of(content, key), plan, task)


def _network_of(content: bytes, key: str) -> TransportNetwork:
    """Return the network in a file's bytes; the last one is kept."""
    with _lock:
        if key not in _networks:
            _networks.clear()
            with tempfile.TemporaryDirectory(prefix="borderreach-") as folder:
                path = Path(folder, "network")
                path.write_bytes(content)
                _networks[key] = open_network(path)
        return _networks[key]
