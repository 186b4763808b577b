"""Embedded datasets: study areas, corridors, networks and tables, each with source and licence."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any


def path(name: str) -> Path:
    """Return the path of an embedded file.

    Parameters
    ----------
    name : str
        Relative to the data folder, such as ``"studies/yuqian.toml"``.

    Raises
    ------
    FileNotFoundError
        If the installation lacks the file.
    """
    found = Path(str(resources.files(__name__).joinpath(name)))
    if not found.exists():
        raise FileNotFoundError(f"the installed package has no data file {name!r}; reinstall borderreach")
    return found


def catalog() -> dict[str, dict[str, Any]]:
    """Return what is known of each embedded dataset: file, title, source, licence, date, sha256."""
    with path("catalog.toml").open("rb") as file:
        return tomllib.load(file)
