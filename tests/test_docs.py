"""What the documentation takes from the code is complete and up to date."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from .public_names import PUBLIC


@pytest.fixture(scope="module")
def docs(checkout: Path) -> Path:
    return checkout / "docs"


@pytest.fixture(scope="module")
def house(docs: Path) -> ModuleType:
    return script(docs / "house.py")


def script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_has_every_public_name_once_and_says_what_it_does(docs: Path):
    lists = script(docs / "public_names.py")
    page = (docs / "reference.md").read_text(encoding="utf-8")
    names = [name for task in lists.by_task(page).values() for name in task]
    assert sorted(names) == sorted(PUBLIC)
    assert "" not in lists.by_task(page)
    written = lists.lists(page)
    for name in names:
        (line,) = re.findall(rf"(?m)^- \[`br\.{re.escape(name)}`\]\[borderreach\.[\w.]+\]: (.*)$", written)
        assert 10 < len(line) < 200
        assert line.endswith((".", ").", "`."))
    assert all(f"::: borderreach.{name}\n" in lists.entries(page) + "\n" for name in names)


def test_the_picture_of_the_house_is_that_of_the_imports(docs: Path, house: ModuleType):
    drawn = (docs / "images" / "house.svg").read_text(encoding="utf-8")
    assert drawn == house.draw(), "rooms or imports have changed: run python3 docs/house.py"
    page = (docs / "architecture.md").read_text(encoding="utf-8")
    assert page == house.page(page), "modules have changed: run python3 docs/house.py"
    assert page.index("images/house.svg") < page.index("\n## ")


def test_every_room_has_its_page(docs: Path, house: ModuleType):
    page = (docs / "architecture.md").read_text(encoding="utf-8")
    listed = [folder for _, folder, _ in house.LIST.findall(page)]
    assert sorted(listed) == sorted({name.replace(".", "/") for name in house.rooms()} - {"data"})
    sections = re.split(r"(?m)^###? ", page)
    assert max(section.count("\n") for section in sections if "<!-- modules" in section) < 50


def test_arrows_run_down(house: ModuleType):
    boxes, _ = house.layout(house.ROOT)
    arrows = house.arrows()
    assert ("analysis.isochrones", "analysis.times") in arrows
    assert ("analysis.corridors", "analysis.times") not in arrows  # by way of the isochrones
    assert all(boxes[a][1] + boxes[a][3] < boxes[b][1] for a, b in arrows)


def test_the_walk_never_goes_back_up(docs: Path, house: ModuleType):
    """Each module of the walk is used by one before it, and uses none before it."""
    page = (docs / "architecture.md").read_text(encoding="utf-8")
    steps = re.findall(r"(?m)^\d+\. `([\w/]+\.py)`", page)
    assert len(steps) == 10
    assert (steps[0], steps[-1]) == ("borderreach/cli.py", "analysis/contours/_contours.py")
    reached = {step: house.reached_from(step) for step in steps}
    for at, step in enumerate(steps[1:], start=1):
        assert any(step in reached[before] for before in steps[:at]), step
        assert not reached[step] & set(steps[:at]), step


def test_pages_name_files_that_are_there(checkout: Path):
    pages = [
        checkout / "README.md",
        checkout / "README.zh-CN.md",
        checkout / "CONTRIBUTING.md",
        checkout / "benchmarks" / "README.md",
    ]
    pages += (checkout / "docs").rglob("*.md")
    named = re.compile(
        r"[`(](?:\.\./)?((?:borderreach|maps|analysis|geo|data|tests|docs|examples)/[\w/.]+)[`)]"
    )
    found = {(page, name) for page in pages for name in named.findall(page.read_text(encoding="utf-8"))}
    assert len(found) > 20
    assert {(page.name, name) for page, name in found if not (checkout / name).exists()} == set()


def test_the_chinese_readme_has_the_same_commands_code_and_pages(checkout: Path):
    english, chinese = (
        (checkout / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")
    )
    for text in (english, chinese):
        assert text.count("```") % 2 == 0
    blocks = [re.findall(r"(?s)```\w*\n(.*?)```", text) for text in (english, chinese)]
    commands = [
        [
            line.split("#")[0].split()
            for block in found
            for line in block.splitlines()
            if line.split("#")[0].strip()
        ]
        for found in blocks
    ]
    assert commands[0] == commands[1]
    pages = [
        set(re.findall(r"\]\(((?:docs|data)/[\w./-]+)\)", text))
        for text in (english, chinese.replace("docs/tutorials/zh/", "docs/tutorials/"))
    ]
    assert pages[0] == pages[1]


def test_a_module_that_left_its_folder_would_be_seen(house: ModuleType, tmp_path: Path):
    for folder in ("data", "geo", "analysis", "maps", "borderreach"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").write_text('"""What it is for."""', encoding="utf-8")
    module = tmp_path / "geo" / "crs.py"
    module.write_text('"""Coordinates."""\n', encoding="utf-8")
    page = "<!-- modules of geo -->\n<!-- end -->"
    with_it, picture = house.page(page, tmp_path), house.draw(tmp_path)
    assert "| `crs.py` | Coordinates |" in with_it
    module.rename(tmp_path / "maps" / "crs.py")
    assert house.page(with_it, tmp_path) != with_it
    assert picture == house.draw(tmp_path)  # no room has come or gone
    (tmp_path / "geo" / "places").mkdir()
    (tmp_path / "geo" / "places" / "__init__.py").write_text('"""Places."""', encoding="utf-8")
    assert picture != house.draw(tmp_path)
