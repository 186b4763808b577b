"""Every module imports, and the examples in its docstrings hold."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest


def module_names() -> list[str]:
    """Every module, the rooms' private ones included."""
    # Not walk_packages from the top: in a checkout the package's path also holds tests/ and tasks.py.
    names = []
    packages = ["borderreach", *(f"borderreach.{name}" for name in ("geo", "analysis", "maps", "data"))]
    while packages:
        package = packages.pop()
        folder = Path(str(importlib.import_module(package).__file__)).parent
        if package != "borderreach.data":
            found = list(pkgutil.iter_modules([str(folder)]))
            inner = [m.name for m in found if m.ispkg and package != "borderreach"]
            packages += [f"{package}.{name}" for name in inner]
            names += [f"{package}.{m.name}" for m in found if not m.ispkg]
        names.append(package)
    return sorted(name for name in names if not name.endswith(".__main__"))  # which would run


@pytest.mark.parametrize("name", module_names())
def test_examples_hold(name: str):
    module = importlib.import_module(name)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for example in doctest.DocTestFinder().find(module):
        runner.run(example, out=report.append)
    assert runner.failures == 0, "".join(report)
