"""Memory that was freed goes back to the system."""

from __future__ import annotations

import ctypes
import gc
import sys
from pathlib import Path

import numpy as np
import pytest

from borderreach.geo import memory
from borderreach.geo.memory import give_back_free, leave_in_files, mapped_bytes, release_memory


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def test_memory_can_be_given_back_anywhere() -> None:
    give_back_free(0.0, small_mb=0.0)
    release_memory()


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"),
    reason="the C library has no call that gives memory back",
)
def test_what_was_freed_between_what_stays_goes_back() -> None:
    give_back_free(0.0, small_mb=0.0)
    before = resident_mb()
    pieces = [
        np.ones(8_000) for _ in range(4_000)
    ]  # 256 MB in pieces that the C library takes from its own heap
    held = pieces[::400]
    taken = resident_mb() - before
    del pieces
    give_back_free(0.0, small_mb=0.0)
    assert taken > 200
    assert resident_mb() - before < 0.5 * taken
    assert len(held) == 10


def test_where_little_has_grown_nothing_is_looked_for() -> None:
    held = give_back_free(0.0, small_mb=0.0)
    assert give_back_free(held, small_mb=0.0) == held
    assert give_back_free(0.0, small_mb=1e9) == 0.0
    assert give_back_free(1e9) == 1e9


def test_what_was_read_of_a_mapped_file_goes_back_and_is_read_again(tmp_path) -> None:
    path = tmp_path / "numbers"
    path.write_bytes(np.arange(8_000_000, dtype=np.int64).tobytes())
    with path.open("rb") as file:
        numbers = mapped_bytes(file, 80).view(np.int64)
    assert not numbers.flags.writeable
    before = numbers.sum()
    taken = resident_mb() if sys.platform == "linux" else 0.0
    leave_in_files()
    if sys.platform == "linux":
        assert taken - resident_mb() > 50
    assert numbers[0] == 10
    assert numbers.sum() == before


def test_mapped_files_are_let_go_with_their_arrays(tmp_path) -> None:
    path = tmp_path / "bytes"
    path.write_bytes(bytes(4096))
    with path.open("rb") as file:
        held = mapped_bytes(file, 0)
    known = len(memory._MAPPED)
    del held
    gc.collect()
    assert len(memory._MAPPED) < known
