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
    """Return what is known of each dataset: title, source, licence, date, and where it lies.

    Where it lies is one of ``file`` (embedded, with its ``sha256``), ``folder`` (embedded),
    ``package`` (a package that this one depends on) and ``url`` (to be downloaded).
    """
    with path("catalog.toml").open("rb") as file:
        return tomllib.load(file)


def embedded() -> dict[str, dict[str, Any]]:
    """Return the entries of embedded files, each with its ``sha256``."""
    return {name: entry for name, entry in catalog().items() if "file" in entry}
