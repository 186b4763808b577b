"""Old names work, say what to use instead, and are gone when it was promised."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import borderreach
import borderreach.analysis
import borderreach.maps
from borderreach.geo.deprecation import DEPRECATIONS, Deprecation


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def kept(promises: list[Deprecation], now: str) -> list[str]:
    """Old names whose time has come."""
    return [one.old for one in promises if version(now) >= version(one.removed_in)]


def test_no_old_name_outlives_its_promise():
    """When the version of removal comes, this fails until the old names are taken out."""
    assert DEPRECATIONS
    assert kept(DEPRECATIONS, borderreach.__version__) == []


def test_an_outlived_promise_would_be_seen():
    assert kept([Deprecation("a", "b", "0.2.0")], "0.2.0") == ["a"]
    assert kept([Deprecation("a", "b", "0.2.0")], "0.10.0") == ["a"]
    assert kept([Deprecation("a", "b", "0.2.0")], "0.1.9") == []


@pytest.mark.parametrize("promise", DEPRECATIONS, ids=lambda promise: promise.old)
def test_a_moved_module_still_hands_out_what_it_held(promise: Deprecation):
    sys.modules.pop(promise.old, None)
    with pytest.warns(FutureWarning, match="will be gone in version") as caught:
        module = importlib.import_module(promise.old)
    assert importlib.import_module(promise.instead).__name__ == promise.instead
    assert promise.instead in str(caught[0].message)
    assert module.__doc__
    own = [
        name
        for name in dir(module)
        if getattr(getattr(module, name), "__module__", "").startswith("borderreach")
    ]
    assert own, "it forwards names of the package"


def test_the_warning_names_the_line_of_the_user(tmp_path):
    script = tmp_path / "own.py"
    script.write_text(
        "import warnings\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    from borderreach.analysis.potential import market_potential\n"
        "import borderreach.analysis.indicators as room\n"
        "assert market_potential is room.market_potential\n"
        "print(caught[0].filename, caught[0].lineno)\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(script), "4"]


def test_a_module_that_never_was_is_still_an_error():
    with pytest.raises(ModuleNotFoundError, match="potentials"):
        importlib.import_module("borderreach.analysis.potentials")
