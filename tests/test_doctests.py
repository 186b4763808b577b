"""Every module imports, and the examples in its docstrings hold."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

PACKAGES = ("borderreach", *(f"borderreach.{name}" for name in ("geo", "analysis", "maps", "data")))


def module_names() -> list[str]:
    # Not walk_packages: in a checkout the package's path also holds tests/ and tasks.py.
    names = []
    for package in PACKAGES:
        folder = str(Path(str(importlib.import_module(package).__file__)).parent)
        names += [package, *(f"{package}.{m.name}" for m in pkgutil.iter_modules([folder]) if not m.ispkg)]
    return [name for name in names if not name.endswith(".__main__")]  # which would run


@pytest.mark.parametrize("name", module_names())
def test_examples_hold(name: str):
    module = importlib.import_module(name)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for example in doctest.DocTestFinder().find(module):
        runner.run(example, out=report.append)
    assert runner.failures == 0, "".join(report)
