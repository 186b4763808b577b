"""What is installed: metadata, typing, entry point, and nothing beside the package."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from importlib import metadata, resources
from pathlib import Path

import pytest

import borderreach

WHEEL = os.environ.get("BORDERREACH_WHEEL")


def test_version_is_that_of_the_project(checkout: Path):
    with (checkout / "pyproject.toml").open("rb") as file:
        version = tomllib.load(file)["project"]["version"]
    assert borderreach.__version__ == version
    assert re.search(rf"^## \[?{re.escape(version)}\b", text(checkout / "CHANGELOG.md"), re.MULTILINE)
    assert re.search(rf"^version: {re.escape(version)}$", text(checkout / "CITATION.cff"), re.MULTILINE)


def test_types_are_shipped():
    assert resources.files("borderreach").joinpath("py.typed").is_file()


def test_the_command_is_installed():
    (script,) = (e for e in metadata.entry_points(group="console_scripts") if e.name == "borderreach")
    assert callable(script.load())


def test_links_in_the_documents_lead_somewhere(checkout: Path):
    broken = [
        f"{document.name}: {target}"
        for document in [*checkout.glob("*.md"), *checkout.glob("docs/*.md")]
        for target in re.findall(r"\]\(([^)#\s]+)", text(document))
        if "://" not in target and not (document.parent / target).exists()
    ]
    assert broken == []


@pytest.mark.skipif(WHEEL is None, reason="runs on the installed wheel: python3 tasks.py wheel")
class TestWheel:
    def test_the_wheel_is_what_is_tested(self):
        assert Path(borderreach.__file__).is_relative_to(str(WHEEL))
        assert Path(sys.prefix).samefile(str(WHEEL))
        for package in ("geo", "analysis", "maps", "data"):
            folder = resources.files(f"borderreach.{package}")
            assert Path(str(folder)).is_relative_to(str(WHEEL))

    def test_it_holds_the_package_and_nothing_else(self):
        files = metadata.files("borderreach") or []
        assert len(files) > 10
        tops = {file.parts[0] for file in files if file.parts[0] != ".."}  # ../../bin/borderreach
        assert tops == {"borderreach", f"borderreach-{borderreach.__version__}.dist-info"}
        assert [file for file in files if "build" in file.parts or "tests" in file.parts] == []

    def test_the_licence_is_in_it(self):
        assert any(file.name == "LICENSE" for file in metadata.files("borderreach") or [])


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
