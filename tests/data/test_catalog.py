"""Every embedded file is known: where it came from, under which licence, and that it's unchanged."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

import borderreach.data
from borderreach.data import catalog, path

FOLDER = Path(str(borderreach.data.__file__)).parent
FIELDS = {"file", "title", "source", "licence", "date", "sha256"}
#: The project's own: each of these files names the source of what it says.
OWN = {"studies", "corridors", "claims"}


@pytest.mark.parametrize("name", sorted(catalog()))
class TestEntry:
    def test_it_says_all_that_a_user_must_cite(self, name: str):
        entry = catalog()[name]
        assert set(entry) >= FIELDS
        assert [field for field in FIELDS if not str(entry[field]).strip()] == []
        # A day, a month or a year: sources don't always say more.
        assert re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", str(entry["date"]))
        assert str(entry["date"]) <= dt.datetime.now(tz=dt.UTC).date().isoformat()

    def test_the_file_is_the_one_described(self, name: str):
        entry: dict[str, Any] = catalog()[name]
        content = path(entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]


def test_every_embedded_file_has_an_entry():
    found = {
        file.relative_to(FOLDER).as_posix()
        for file in FOLDER.rglob("*")
        if file.is_file()
        and file.suffix not in {".py", ".pyc", ".md"}
        and file.relative_to(FOLDER).parts[0] not in OWN | {"build", "catalog.toml"}
    }
    assert found == {entry["file"] for entry in catalog().values()}


def test_a_missing_file_is_named():
    with pytest.raises(FileNotFoundError, match=r"'no_such\.csv'.*reinstall"):
        path("no_such.csv")
