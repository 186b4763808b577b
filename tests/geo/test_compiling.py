"""Machine code is kept for one state of the package's code, and for no other."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from numba.core.errors import NumbaError
from numpy.typing import NDArray

from borderreach.analysis.contours import _dominance, _leaves, _quadtree, _triangles
from borderreach.analysis.isochrones import _reach
from borderreach.geo import compiling, keeping

CONFIG: Any = numba.config
CALLEE = """
from borderreach.geo.compiling import {how}

@{how}
def more(x):
    return x + {by}
"""
CALLER = """
from borderreach.geo.compiling import compiled
from callee import more

@compiled
def much_more(x):
    return 10 * more(x)
"""


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Keep machine code in a folder of the test's own."""
    monkeypatch.setattr(CONFIG, "CACHE_DIR", str(tmp_path / "machine"))
    compiling.machine_code_folder.cache_clear()
    yield tmp_path / "machine"
    compiling.machine_code_folder.cache_clear()


def computed(monkeypatch: pytest.MonkeyPatch, state: str, x: float) -> float:
    """What two modules of a package compute whose code is in some state."""
    monkeypatch.setattr(compiling, "code_states", lambda: [state])
    compiling.machine_code_folder.cache_clear()
    for name in ("callee", "caller"):
        sys.modules.pop(name, None)
    importlib.invalidate_caches()
    return float(importlib.import_module("caller").much_more(x))


@pytest.mark.parametrize("how", ["compiled", "inlined", "borrowing"])
def test_a_function_that_has_changed_has_changed_in_those_that_call_it(
    folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "caller.py").write_text(CALLER)
    (tmp_path / "callee.py").write_text(CALLEE.format(how=how, by=1))
    assert computed(monkeypatch, "before", 1.0) == 20
    (tmp_path / "callee.py").write_text(CALLEE.format(how=how, by=2))
    assert computed(monkeypatch, "after", 1.0) == 30
    (kept,) = folders.iterdir()  # that of the state before is gone
    assert list(kept.rglob("*.nbi"))
    for name in ("callee", "caller"):
        sys.modules.pop(name)


def test_every_module_that_is_compiled_is_of_the_code_that_is_looked_at() -> None:
    states = {name for name, *_ in keeping.code_states()}
    using = 0
    root = Path(compiling.__file__).parent.parent  # of the checkout, or of what is installed
    for folder in ("geo", "analysis", "maps", "borderreach"):
        for path in (root / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            name = path.relative_to(root).as_posix()
            assert (
                not re.search(r"^\s*(import|from) numba\b", text, re.MULTILINE) or name == "geo/compiling.py"
            )
            if "compiling import" in text:
                assert name in states
                using += 1
    assert using > 30


def test_where_nothing_can_be_written_it_is_compiled_all_the_same(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "mkdir", fails)
    assert compiling.machine_code_folder() is None
    assert compiling.compiled(added)(np.ones(3), 2.0) == 6
    assert not folders.exists()


def test_settings_of_numba_are_left_as_they_were(folders: Path) -> None:
    before = CONFIG.CACHE_DIR
    compiling.compiled(added)
    assert before == str(folders) == CONFIG.CACHE_DIR


def added(values: NDArray[np.float64], factor: float) -> float:
    total = 0.0
    for value in values:
        total += factor * value
    return total


def shifted(one: NDArray[np.float64], other: NDArray[np.float64], by: float) -> float:
    """Add to one array what the other holds, up to where that is negative."""
    for k in range(len(one)):
        if other[k] < 0.0:
            return float(one[k])
        one[k] += by * other[k]
    return float(by / other[0])


def made(n: int) -> float:
    return float(np.empty(n)[0])


def test_those_that_borrow_do_what_others_do_without_counting(folders: Path) -> None:
    del folders  # what was kept before can't be looked at
    borrowed: Any = compiling.borrowing(shifted)
    counted: Any = numba.njit(shifted)
    for end in (2.0, -1.0):
        given = np.array([1.0, 2.0, end])
        one, two = np.ones(3), np.ones(3)
        assert borrowed(one, given, 0.5) == counted(two, given, 0.5)
        assert np.array_equal(one, two)
    assert all("NRT_incref" not in text for text in borrowed.inspect_asm().values())


def test_those_that_make_arrays_arent_compiled() -> None:
    with pytest.raises(NumbaError):
        compiling.borrowing(made)(3)


def test_the_innermost_functions_borrow() -> None:
    inner = (
        _dominance.best_value, _dominance.field_on, _dominance.tangents, _dominance.beaten, _dominance.unbeaten,
        _dominance.hand_down, _leaves.leaf_pieces, _triangles.cell_pieces, _triangles.triangle_piece,
        _quadtree._covered, _quadtree._append, _reach._taper, _reach._taper_line, _reach._place_line,
    )  # fmt: skip
    for function in inner:
        dispatcher: Any = function
        assert dispatcher.targetoptions["_nrt"] is False, function
