"""Every module imports, and the examples in its docstrings hold."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

from .public_names import NAMESPACE, PUBLIC, STUDY_CALL, run_examples


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


@pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")  # rasterio's use of affine
@pytest.mark.parametrize("name", module_names())
def test_examples_hold(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)  # for those that write files
    public = {f"{found.__module__}.{found.__qualname__}" for found in PUBLIC.values()}
    failures = []
    for example in doctest.DocTestFinder().find(importlib.import_module(name)):
        if STUDY_CALL in (example.docstring or ""):
            continue  # tests/borderreach/test_public_names.py runs these
        if example.name in public:  # a reader has these names and no others
            example.globs = dict(NAMESPACE)
        failures.append(run_examples(example))
    assert "".join(failures) == ""
