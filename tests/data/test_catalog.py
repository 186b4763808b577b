"""Every embedded file is known: where it came from, under which licence, and that it's unchanged."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest

import borderreach.data
from borderreach.data import catalog, embedded, path

FOLDER = Path(str(borderreach.data.__file__)).parent
FIELDS = {"title", "source", "licence", "date"}
PLACES = {"file", "folder", "package", "url"}


@pytest.mark.parametrize("name", sorted(catalog()))
def test_an_entry_says_all_that_a_user_must_cite(name: str):
    entry = catalog()[name]
    assert set(entry) >= FIELDS
    assert [field for field in FIELDS if not str(entry[field]).strip()] == []
    (place,) = PLACES & set(entry)
    assert ("sha256" in entry) == (place == "file")
    if place in {"file", "folder"}:
        # A day, a month or a year: sources don't always say more.
        assert re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", str(entry["date"]))
        assert str(entry["date"]) <= dt.datetime.now(tz=dt.UTC).date().isoformat()


@pytest.mark.parametrize("name", sorted(embedded()))
def test_the_file_is_the_one_described(name: str):
    entry: dict[str, Any] = embedded()[name]
    content = path(entry["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]


def test_every_embedded_file_has_an_entry():
    own = {entry["folder"] for entry in catalog().values() if "folder" in entry}
    found = {
        file.relative_to(FOLDER).as_posix()
        for file in FOLDER.rglob("*")
        if file.is_file()
        and file.suffix not in {".py", ".pyc", ".md"}
        and file.relative_to(FOLDER).parts[0] not in own | {"build", "catalog.toml"}
    }
    licences = {entry["licence_file"] for entry in embedded().values() if "licence_file" in entry}
    assert found == {entry["file"] for entry in embedded().values()} | licences


def test_packages_are_dependencies():
    packages = [entry["package"] for entry in catalog().values() if "package" in entry]
    required = " ".join(requires("borderreach") or [])
    assert packages
    assert [name for name in packages if name not in required] == []


def test_a_missing_file_is_named():
    with pytest.raises(FileNotFoundError, match=r"'no_such\.csv'.*reinstall"):
        path("no_such.csv")
