"""A pool does all the work once, in order, nested work too, and gives up nothing half-done."""

from __future__ import annotations

import multiprocessing
import sys
import threading
import time

import pytest

from borderreach.analysis import thread_pool as pools
from borderreach.analysis.thread_pool import ThreadPool


@pytest.mark.parametrize("workers", [1, 2, 5, None])
def test_results_come_in_the_items_order(workers):
    def slow_if_early(k: int) -> int:
        time.sleep(0.001 * (20 - k))
        return k * k

    assert ThreadPool(workers).map(slow_if_early, range(20)) == [k * k for k in range(20)]
    assert ThreadPool(workers).map(slow_if_early, []) == []


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_work_within_work_comes_to_an_end(workers):
    pool = ThreadPool(workers)

    def tree(depth: int) -> int:
        return 1 if depth == 0 else sum(pool.map(tree, [depth - 1] * 3))

    assert tree(6) == 3**6


@pytest.mark.parametrize("workers", [2, 4])
def test_all_threads_of_the_pool_work_and_no_more(workers):
    pool, lock = ThreadPool(workers), threading.Lock()
    now, most = 0, 0

    def busy(_: int) -> None:
        nonlocal now, most
        with lock:
            now, most = now + 1, max(most, now + 1)
        time.sleep(0.01)
        with lock:
            now -= 1

    pool.map(busy, range(8 * workers))
    assert most == workers


def test_who_waits_leaves_the_place_to_another_thread():
    """Two items, one with parts: its thread and the one that is done with the other share the parts."""
    pool, seen = ThreadPool(2), set()

    def part(_: int) -> None:
        seen.add(threading.get_ident())
        time.sleep(0.01)

    def item(k: int) -> None:
        if k == 0:
            pool.map(part, range(10))

    pool.map(item, [0, 1])
    assert len(seen) == 2


@pytest.mark.parametrize("workers", [1, 3])
def test_a_failure_is_raised_and_the_rest_dropped(workers):
    begun = []

    def fails(k: int) -> None:
        begun.append(k)
        time.sleep(0.002)
        if k == 4:
            raise ValueError("four")

    pool = ThreadPool(workers)
    with pytest.raises(ValueError, match="four"):
        pool.map(fails, range(1000))
    assert len(begun) < 20
    assert pool.map(str, [1, 2, 3]) == ["1", "2", "3"]


def test_without_new_threads_the_caller_does_it_all(monkeypatch):
    class Full:
        def submit(self, *_):
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(pools._KEPT, "pool", Full())
    pool = ThreadPool(3)
    assert pool.map(lambda k: pool.map(abs, [-k, k]), range(3)) == [[0, 0], [1, 1], [2, 2]]


def _in_child(results: multiprocessing.SimpleQueue) -> None:
    results.put(ThreadPool(2).map(abs, [-1, -2, -3]))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_starts_its_own_threads():
    ThreadPool(2).map(abs, [-1, -2])  # so that there are threads to lose
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    child = context.Process(target=_in_child, args=(results,))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    assert results.get() == [1, 2, 3]
