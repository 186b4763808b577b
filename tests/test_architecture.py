"""The shape of the project: who may import whom, what is installed, where tests lie."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from .conftest import ROOT

#: From the ground up; each may import from those before it and from itself.
LAYERS = ("data", "geo", "analysis", "maps", "borderreach")
#: The same with the rooms; what lies beside the rooms of a folder is the floor they stand on, but for the face, which
#: stands on its own.
FLOORS = (
    "data",
    "geo",
    "geo.files",
    "geo.places",
    "geo.downloads",
    "geo.networks",
    "geo.timetables",
    "geo.osm",
    "geo.sources",
    "analysis",
    "analysis.times",
    "analysis.indicators",
    "analysis.contours",
    "analysis.isochrones",
    "analysis.terrain",
    "analysis.corridors",
    "analysis.borders",
    "analysis.decisions",
    "analysis.studies",
    "analysis.claims",
    "analysis.batches",
    "maps",
    "maps.page",
    "borderreach.documents",
    "borderreach.reports",
    "borderreach.workbook",
    "borderreach",
)
ROOMS = tuple(floor for floor in FLOORS if "." in floor)
#: No folder holds more modules, and no module more lines, without a reason given here.
MOST_MODULES = 16
#: A module keeps one purpose and stays this short, unless `LONG` has a reason. What its docstrings'
#: examples say doesn't count.
MOST_LINES = 520
#: Longer ones, each with its reason.
LONG: dict[str, str] = {}


def project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)


def modules() -> list[Path]:
    """Every module that is installed; the scripts in data/build aren't."""
    found = [path for layer in LAYERS for path in (ROOT / layer).rglob("*.py")]
    return sorted(path for path in found if path.relative_to(ROOT).parts[:2] != ("data", "build"))


def module_id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def floor_of(module: str) -> str | None:
    """The floor that a module's full name belongs to; None outside the package."""
    parts = module.split(".")
    if parts[0] != "borderreach":
        return None
    inside = parts[1:] if len(parts) > 1 and parts[1] in LAYERS else parts
    room = ".".join(inside[:2])
    return room if room in ROOMS else inside[0]


def door_of(room: str) -> str:
    """The full name of a room's package."""
    return room if room.startswith("borderreach.") else f"borderreach.{room}"


def package_of(path: Path, root: Path = ROOT) -> list[str]:
    """The package that a file's relative imports start from."""
    parts = list(path.relative_to(root).parent.parts)
    return parts if parts[0] == "borderreach" else ["borderreach", *parts]


@cache
def written_imports(path: Path) -> frozenset[tuple[int, int, str, str]]:
    """Line, dots in front, module and name ("" for a whole module) of a file's imports, also inside functions."""
    found: set[tuple[int, int, str, str]] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {(node.lineno, 0, alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {(node.lineno, node.level, node.module or "", alias.name) for alias in node.names}
    return frozenset(found)


def imports(path: Path, root: Path = ROOT) -> set[tuple[int, str]]:
    """Line and full name of everything that a file imports."""
    package = package_of(path, root)
    found = set()
    for line, level, module, name in written_imports(path):
        base = package[: len(package) - level + 1] if level else []
        # `from .. import maps` names a module, `from ..maps import save_map` one inside it.
        found.add((line, ".".join([*base, *(part for part in (module, name) if part)])))
    return found


def upward(path: Path, root: Path = ROOT) -> list[str]:
    """Imports of a file from a floor above its own."""
    own = FLOORS.index(floor_of(".".join([*package_of(path, root), path.stem])) or "")
    targets = [(line, name, floor_of(name)) for line, name in sorted(imports(path, root))]
    return [
        f"{path.relative_to(root)}:{line} imports {name}"
        for line, name, floor in targets
        if floor is not None and FLOORS.index(floor) > own
    ]


@cache
def entry_points(room: str) -> frozenset[str]:
    """The names that a room's stub lists."""
    stub = ast.parse((ROOT / room.replace(".", "/") / "__init__.pyi").read_text(encoding="utf-8"))
    (listed,) = (s.value for s in stub.body if isinstance(s, ast.Assign))
    return frozenset(ast.literal_eval(listed))


def past_the_door(path: Path, root: Path = ROOT) -> list[str]:
    """Imports of a file from inside a room that isn't its own."""
    own = floor_of(".".join([*package_of(path, root), path.stem]))
    return [
        f"{path.relative_to(root)}:{line} imports {name}"
        for line, name in sorted(imports(path, root))
        for room in [floor_of(name)]
        if room in ROOMS and room != own
        if name.removeprefix(door_of(room)).lstrip(".") not in entry_points(room) | {""}
    ]


@pytest.mark.parametrize("path", modules(), ids=module_id)
def test_imports_run_one_way(path: Path):
    assert upward(path) == []


@pytest.mark.parametrize("path", modules(), ids=module_id)
def test_a_room_is_entered_by_its_door(path: Path):
    assert past_the_door(path) == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_is_for_and_opens_no_door_for_nobody(room: str):
    """Every entry point is used from outside: by the package, or as one of the face's public names."""
    folder = ROOT / room.replace(".", "/")
    door = ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))
    assert len((ast.get_docstring(door) or "").splitlines()[0]) > 40
    assert all(path.stem.startswith("_") for path in folder.glob("*.py")), "all but the door is private"
    users = [path for path in modules() if folder not in path.parents]
    users += [*(ROOT / "borderreach").glob("*.pyi"), *(ROOT / "examples").glob("*.py")]
    users += (ROOT / "data" / "build").glob("*.py")
    used = {name.removeprefix(f"{door_of(room)}.") for path in users for _, name in imports(path)}
    assert entry_points(room) - used == set()


def test_folders_and_modules_keep_a_size_that_one_can_read():
    folders: dict[Path, int] = {}
    for path in modules():
        if path.name != "__init__.py":
            folders[path.parent] = folders.get(path.parent, 0) + 1
    assert {module_id(folder): n for folder, n in folders.items() if n > MOST_MODULES} == {}
    lengths = {}
    for path in modules():
        lines = path.read_text(encoding="utf-8").splitlines()
        lengths[module_id(path)] = sum(not line.lstrip().startswith((">>>", "... ")) for line in lines)
    for path in (ROOT / "maps").rglob("*.js"):
        lengths[module_id(path)] = path.read_text(encoding="utf-8").count("\n")
    assert {name for name, n in lengths.items() if n > MOST_LINES} == set(LONG)


@pytest.mark.parametrize(
    ("statement", "forbidden"),
    [
        ("from ..maps.style import COLOURS", True),
        ("from .. import maps", True),
        ("import borderreach", True),
        ("import borderreach.analysis.zones", True),
        ("from borderreach import __version__", True),
        ("from .places import place", True),
        ("from .osm import osm_network", True),
        ("from ..reports import report", True),
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


@pytest.mark.parametrize(
    ("statement", "forbidden"),
    [
        ("from ..times import travel_times", False),
        ("from .. import times", False),
        ("from ..times._search import search", True),
        ("from ..times import _search", True),
        ("import borderreach.analysis.times._search", True),
        ("from ._contours import contours", False),
        ("from ...geo.networks._network import TransportNetwork", True),
        ("from ...reports._report import report", True),
        ("from ...geo.errors import InputError", False),
    ],
)
def test_an_import_past_a_door_would_be_seen(tmp_path: Path, statement: str, forbidden: bool):
    file = tmp_path / "analysis" / "isochrones" / "example.py"
    file.parent.mkdir(parents=True)
    file.write_text(statement, encoding="utf-8")
    assert bool(past_the_door(file, tmp_path)) is forbidden


def test_what_is_derived_from_a_network_is_kept_in_one_way():
    """With `geo/derived.py`: caches by hand forget locks, read-only arrays, or to let go."""
    by_hand = re.compile(r"WeakKeyDictionary|WeakValueDictionary|(?<!self)\.__dict__\[\"")
    found = {module_id(path) for path in modules() if by_hand.search(path.read_text(encoding="utf-8"))}
    assert found == {"geo/derived.py", "geo/deprecation.py"}  # the latter fills modules


@pytest.mark.parametrize("path", modules(), ids=module_id)
def test_modules_import_their_siblings_relatively(path: Path):
    absolute = {module for _, level, module, _ in written_imports(path) if level == 0}
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


def folder_of(package: str) -> Path:
    """Where a package lies: in its parent's folder, unless `package-dir` says where."""
    given = project()["tool"]["setuptools"]["package-dir"].get(package)
    if given or "." not in package:
        return ROOT / (given or package)
    parent, _, last = package.rpartition(".")
    return folder_of(parent) / last


def test_packages_are_the_folders():
    """A folder that isn't listed would vanish from the wheel without a word."""
    listed = project()["tool"]["setuptools"]["packages"]
    assert {folder_of(name) for name in listed} == {path.parent for path in modules()}
    for name in listed:
        assert (folder_of(name) / "__init__.py").is_file()
        assert name.split(".")[-1] == folder_of(name).name


def test_every_data_file_is_packed():
    packed = set()
    for package, patterns in project()["tool"]["setuptools"]["package-data"].items():
        listed = project()["tool"]["setuptools"]["packages"]
        folders = [folder_of(name) for name in (listed if package == "*" else [package])]
        packed |= {path for folder in folders for pattern in patterns for path in folder.glob(pattern)}
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


def test_the_top_level_holds_what_it_is_for():
    """An example or a script that writes where it's started from leaves nothing behind."""
    if not (ROOT / ".git").exists():
        pytest.skip("no git here to say what is the project's")
    folders = {*LAYERS, "benchmarks", "docs", "examples", "tests"}
    usual = {
        "CHANGELOG.md",
        "CITATION.cff",
        "CONTRIBUTING.md",
        "LICENSE",
        "Makefile",
        "README.md",
        "README.zh-CN.md",
    }
    settings = {"mkdocs.yml", "pyproject.toml", "tasks.py"}
    top = {name.split("/")[0] for name in tracked_files() if not name.startswith(".")}
    assert top == folders | usual | settings


def test_tests_mirror_the_folders():
    rooms = {Path(*room.split(".")) for room in ROOMS} | {Path(layer) for layer in LAYERS}
    folders = {path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")}
    assert folders - {Path()} == rooms - {Path("analysis/studies")} | ({Path("analysis/studies")} & folders)
    for folder in rooms:
        assert (ROOT / "tests" / folder / "__init__.py").is_file()


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
