"""The shape of the project: who may import whom, what is installed, where tests lie."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from .conftest import ROOT

#: From the ground up; each may import from those before it and from itself.
LAYERS = ("data", "geo", "analysis", "maps", "borderreach")


def project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)


def modules() -> list[Path]:
    """Every module that is installed; the scripts in data/build aren't."""
    found = [path for layer in LAYERS for path in (ROOT / layer).rglob("*.py")]
    return sorted(path for path in found if path.relative_to(ROOT).parts[:2] != ("data", "build"))


def layer_of(module: str) -> str | None:
    """The layer that a module's full name belongs to; None outside the package."""
    parts = module.split(".")
    if parts[0] != "borderreach":
        return None
    return parts[1] if len(parts) > 1 and parts[1] in LAYERS else "borderreach"


def package_of(path: Path, root: Path = ROOT) -> list[str]:
    """The package that a file's relative imports start from."""
    parts = list(path.relative_to(root).parent.parts)
    return parts if parts[0] == "borderreach" else ["borderreach", *parts]


def imports(path: Path, root: Path = ROOT) -> set[tuple[int, str]]:
    """Line and full name of everything that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {(node.lineno, alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = package_of(path, root)
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            # `from .. import maps` names a module, `from ..maps import save_map` one inside it.
            found |= {(node.lineno, f"{start}.{alias.name}") for alias in node.names}
    return found


def upward(path: Path, root: Path = ROOT) -> list[str]:
    """Imports of a file from a layer above its own."""
    own = LAYERS.index(path.relative_to(root).parts[0])
    targets = [(line, name, layer_of(name)) for line, name in sorted(imports(path, root))]
    return [
        f"{path.relative_to(root)}:{line} imports {name}"
        for line, name, layer in targets
        if layer is not None and LAYERS.index(layer) > own
    ]


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_run_one_way(path: Path):
    assert upward(path) == []


@pytest.mark.parametrize(
    ("statement", "forbidden"),
    [
        ("from ..maps.style import COLOURS", True),
        ("from .. import maps", True),
        ("import borderreach", True),
        ("import borderreach.analysis.zones", True),
        ("from borderreach import __version__", True),
        ("def f():\n    from ..analysis import zones", True),
        ("from ..data import path", False),
        ("from .crs import WGS84", False),
        ("import data", False),
    ],
)
def test_an_import_upwards_would_be_seen(tmp_path: Path, statement: str, forbidden: bool):
    (tmp_path / "geo").mkdir()
    file = tmp_path / "geo" / "example.py"
    file.write_text(statement, encoding="utf-8")
    assert bool(upward(file, tmp_path)) is forbidden


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_modules_import_their_siblings_relatively(path: Path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    absolute = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level == 0}
    absolute |= {alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
    # A plain `import geo` would find a user's own geo.py.
    assert {name for name in absolute if name and name.split(".")[0] in LAYERS} == set()


def test_every_import_from_elsewhere_is_a_declared_dependency():
    requirements = project()["project"]["dependencies"]
    declared = {normal(re.split(r"[^\w.-]", text, maxsplit=1)[0]) for text in requirements}
    distributions = packages_distributions()
    undeclared = {}
    for path in modules():
        for line, name in imports(path):
            top = name.split(".")[0]
            if top in sys.stdlib_module_names or top == "borderreach":
                continue
            if not declared & {normal(d) for d in distributions.get(top, [top])}:
                undeclared[f"{path.relative_to(ROOT)}:{line}"] = name
    assert undeclared == {}


def test_every_dependency_is_bounded_on_both_sides():
    settings = project()
    extras = settings["project"]["optional-dependencies"].values()
    requirements = [*settings["project"]["dependencies"], *settings["build-system"]["requires"]]
    requirements += [text for extra in extras for text in extra if not text.startswith("borderreach[")]
    bounded = r"[\w.-]+(\[\w+\])?>=[\d.]+,<[\d.]+"
    assert [text for text in requirements if not re.fullmatch(bounded, text)] == []


def test_packages_are_the_folders():
    settings = project()["tool"]["setuptools"]
    folders = {path.parent.relative_to(ROOT).as_posix() for path in modules()}
    listed = {settings["package-dir"].get(name, name) for name in settings["packages"]}
    assert listed == folders
    for name in settings["packages"]:
        folder = settings["package-dir"].get(name, name)
        assert (ROOT / folder / "__init__.py").is_file()
        assert name.split(".")[-1] == folder.split("/")[-1]


def test_every_data_file_is_packed():
    settings = project()["tool"]["setuptools"]
    packed = set()
    for package, patterns in settings["package-data"].items():
        folder = ROOT / settings["package-dir"].get(package, package)
        for pattern in patterns:
            packed |= set(folder.glob(pattern))
    needed = {
        ROOT / name
        for name in tracked_files()
        if name.split("/")[0] in LAYERS
        and not name.startswith("data/build/")
        and not name.endswith((".py", ".md"))
    }
    assert needed - packed == set()
    assert ROOT / "borderreach" / "py.typed" in packed


def tracked_files() -> list[str]:
    """Names of the project's files, as git has them, or as they lie where there's no git."""
    if (ROOT / ".git").exists():
        listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
        return [name for name in listing.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    paths = [path for layer in LAYERS for path in (ROOT / layer).rglob("*")]
    return [
        path.relative_to(ROOT).as_posix()
        for path in paths
        if path.is_file() and "__pycache__" not in path.parts
    ]


def test_tests_mirror_the_folders():
    folders = {
        path.relative_to(ROOT / "tests").parts[0]
        for path in (ROOT / "tests").rglob("test_*.py")
        if path.parent != ROOT / "tests"
    }
    assert folders <= set(LAYERS)
    for layer in LAYERS:
        assert (ROOT / "tests" / layer / "__init__.py").is_file()


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
