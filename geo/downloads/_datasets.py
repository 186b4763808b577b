"""Datasets by name: what is known of each, and downloads of OpenStreetMap extracts."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import difflib
import json
import logging
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import pandas as pd

from ... import data
from ..checks import require_flag, require_number, require_path
from ..errors import (
    AmbiguousPlaceError,
    DataFileError,
    InputError,
    InputTypeError,
    OutputError,
    UnknownDatasetError,
)
from ..places import stem
from ..writing import whole_file
from ._downloads import Receipt, download, user_cache

#: Names servers laid out as Geofabrik's, several with spaces between.
MIRRORS_VARIABLE: Final = "BORDERREACH_GEOFABRIK"
DATASET_COLUMNS: Final = (
    "name", "kind", "title", "source", "licence", "date", "size_mb", "hash", "address", "path",
)  # fmt: skip

_ENDING: Final = "-latest.osm.pbf"
_PATH: Final = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)+")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Dataset:
    """What is known of one dataset.

    Attributes
    ----------
    name : str
    kind : str
        "embedded" (in this package), "package" (in one that it depends on) or "extract" (to be
        downloaded).
    title, source, licence, date : str
        The date is that of the data, as far as it's known.
    size_mb : float
        NaN where it isn't known; of an extract that isn't here yet, about what it had when the
        embedded list was made.
    hash : str
        Such as "sha256:…" or "md5:…"; "" where it isn't known.
    address : str
        Where an extract is downloaded from, else "".
    path : str
        Where it lies on this computer, "" if it doesn't.
    """

    name: str
    kind: str
    title: str
    source: str
    licence: str
    date: str
    size_mb: float = float("nan")
    hash: str = ""
    address: str = ""
    path: str = ""


def datasets(text: str = "", *, cache_folder: str | Path | None = None) -> pd.DataFrame:
    """List the datasets: those that come with the package, and extracts that can be downloaded.

    Parameters
    ----------
    text : str
        Only those with this in name or title, in whatever case.
    cache_folder : path, optional
        As in `fetch`.

    Returns
    -------
    DataFrame
        `DATASET_COLUMNS`, one row per dataset; see `Dataset`.

    Raises
    ------
    InputTypeError, InputError

    Examples
    --------
    >>> br.datasets("贵州")[["name", "kind"]].to_numpy().tolist()
    [['asia/china/guizhou', 'extract']]
    """
    if not isinstance(text, str):
        raise InputTypeError(f"'text' should be a part of a name or title, got {text!r}")
    folder, server = _cache(cache_folder), _require_mirrors(None)[0]
    known = data.catalog()
    entries = [_entry(name, entry) for name, entry in known.items() if "url" not in entry]
    entries += [_extract(path, known["geofabrik"], folder, server) for path in _regions()]
    wanted = text.strip().casefold()
    found = [one for one in entries if wanted in f"{one.name} {one.title}".casefold()]
    return pd.DataFrame([dataclasses.asdict(one) for one in found], columns=list(DATASET_COLUMNS))


def dataset(name: str, *, cache_folder: str | Path | None = None) -> Dataset:
    """Return what is known of one dataset, without asking a server.

    Parameters
    ----------
    name : str
    cache_folder : path, optional
        As in `fetch`.

    Raises
    ------
    UnknownDatasetError
        With names that come close.
    AmbiguousPlaceError
        If several regions have the name.
    InputTypeError, InputError
    """
    found, known = _resolve(name), data.catalog()
    if found in known:
        return _entry(found, known[found])
    return _extract(found, known["geofabrik"], _cache(cache_folder), _require_mirrors(None)[0])


def fetch(
    name: str,
    *,
    out: str | Path | None = None,
    refresh: bool = False,
    mirrors: str | Sequence[str] | None = None,
    cache_folder: str | Path | None = None,
    timeout_s: float = 60.0,
    max_gb: float = 5.0,
    progress: bool = False,
) -> Path:
    """Return the path of a dataset, downloading it first if it has to be.

    OpenStreetMap extracts come from Geofabrik's server, and go straight into `pbf_network`. Each
    is checked by the md5 that the server publishes beside it. A download that was cut off goes on
    where it stopped; a server that is busy is asked again after the time that it names. What is
    in the cache already isn't asked for again.

    Parameters
    ----------
    name : str
        A region as Geofabrik spells it, the end of its path or a Chinese province:
        ``"asia/china/guizhou"``, ``"guizhou"``, ``"贵州"``, ``"Isle of Wight"``. Full paths
        that the embedded list doesn't know are asked for as they are. Of an embedded dataset
        the path in the package comes back.
    out : path, optional
        Folder (made if it isn't there) or ``.pbf`` file to put it to instead of the cache.
    refresh : bool
        Whether to ask the server if it has a newer file, and fetch that; a damaged one is
        mended, too.
    mirrors : str or sequence of str, optional
        Servers laid out as Geofabrik's, tried in this order. By default those that the
        environment variable BORDERREACH_GEOFABRIK names, else Geofabrik's own.
    cache_folder : path, optional
        By default "borderreach/geofabrik" in the user's cache folder.
    timeout_s : float
        For connecting, and for each pause in what arrives.
    max_gb : float
        Larger files aren't fetched.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Path

    Raises
    ------
    UnknownDatasetError
        With names that come close.
    AmbiguousPlaceError
        If several regions have the name.
    DataFileError
        If no server gives the file, whole; the message says where to put one fetched by hand.
    OutputError
        If it can't be written.
    InputTypeError, InputError

    Examples
    --------
    >>> br.fetch("trunk_network").name
    'trunk_network.npz'
    """
    found = _resolve(name)
    servers = _require_mirrors(mirrors)
    timeout_s = require_number(timeout_s, "timeout_s", unit="seconds", above=0, maximum=3600)
    max_gb = require_number(max_gb, "max_gb", unit="GB", above=0)
    require_flag(refresh, "refresh")
    require_flag(progress, "progress")
    folder = _cache(cache_folder)
    elsewhere = None if out is None else require_path(out, "out")
    if found in data.catalog():
        return _embedded(_entry(found, data.catalog()[found]), elsewhere)
    cached = _file(found, folder)
    target = cached if elsewhere is None else _target(elsewhere, cached.name)
    if (held := _note(target).get("name", found)) != found and target.is_file():
        raise OutputError(f"'out': {target} holds {held!r}, not {found!r}; give another file, or a folder")
    if target.is_file() and not refresh:
        return target
    if cached.is_file() and not refresh:
        _copy(cached, target)
        if _note(cached):
            _copy(_note_path(cached), _note_path(target))
        return target
    failures = []
    for server in servers:
        address = f"{server}/{found}{_ENDING}"
        try:
            receipt = download(
                address, target, timeout_s=timeout_s, max_bytes=max_gb * 1e9, progress=progress
            )
        except DataFileError as error:
            failures.append(str(error))
            continue
        if receipt is not None:
            _write_note(target, found, receipt)
        return target
    raise DataFileError(
        f"{found!r} can't be downloaded: {'; '.join(failures)}. Give another server in 'mirrors' or "
        f"{MIRRORS_VARIABLE}, or fetch {_geofabrik()}/{found}{_ENDING} by other means and save it as "
        f"{target}; pbf_network reads it from anywhere{_near(found)}"
    )


class _Region(NamedTuple):
    """One row of the embedded list of extracts."""

    path: str
    name: str
    name_zh: str
    about_mb: str


@cache
def _regions() -> dict[str, _Region]:
    """Return the embedded list of extracts by path."""
    with data.path("geofabrik.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)  # the header
        return {row[0]: _Region(*row) for row in rows}


@cache
def _names() -> dict[str, tuple[str, ...]]:
    """Return the paths of extracts by all that they may be called."""
    names: dict[str, set[str]] = {}
    for region in _regions().values():
        parts = region.path.split("/")
        ends = ["/".join(parts[start:]) for start in range(len(parts))]
        for name in (*ends, region.name.split(" (")[0], region.name, region.name_zh):
            if name:
                names.setdefault(_key(name), set()).add(region.path)
    return {name: tuple(sorted(paths)) for name, paths in names.items()}


def _key(name: str) -> str:
    """Return a name as the keys of `_names` are written; Geofabrik's address becomes the path in it."""
    text = re.sub(r"^https?://download\.geofabrik\.de/", "", name.strip().casefold())
    text = text.removesuffix(".md5").removesuffix(".osm.pbf").removesuffix("-latest").removesuffix(".html")
    return re.sub(r"[\s_]+", "-", text.strip("/"))


def _resolve(name: Any) -> str:
    """Return the catalogue's name, or the path of an extract."""
    if not isinstance(name, str):
        raise InputTypeError(f"'name' should be a dataset's or region's name, got {name!r}")
    key = _key(stem(name.strip()))
    own = {_key(one): one for one, entry in data.catalog().items() if "url" not in entry}
    if key in own:
        return own[key]
    if key in _regions():
        return key
    paths = _names().get(key, ())
    if len(paths) > 1:
        raise AmbiguousPlaceError(
            f"{name!r} is the name of {' and of '.join(paths)}; give one of these", paths
        )
    if paths:
        return paths[0]
    if _PATH.fullmatch(key) and key.rpartition("/")[0] in _regions():
        return key  # the list is of one day, and Geofabrik cuts new regions now and then
    raise UnknownDatasetError(
        f"no dataset or region is called {name!r}{_near(key, own)}; 'borderreach data list' shows them all"
    )


def _near(key: str, own: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return a hint at names that come close to one that isn't known."""
    if key in _regions():
        return ""
    close = difflib.get_close_matches(key, [*_names(), *own], n=3, cutoff=0.6)
    if not close:
        close = difflib.get_close_matches(key.rsplit("/", maxsplit=1)[-1], _names(), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(own.get(one, one) for one in close)}?" if close else ""


def _entry(name: str, entry: Mapping[str, Any]) -> Dataset:
    """Return the catalogue's entry of what comes with the package."""
    found = Dataset(
        name=name,
        kind="package" if "package" in entry else "embedded",
        title=str(entry["title"]),
        source=str(entry["source"]),
        licence=str(entry["licence"]),
        date=str(entry["date"]),
    )
    if found.kind == "package":
        return dataclasses.replace(found, date=f"{entry['package']} {version(entry['package'])}")
    path = data.path(entry.get("file") or entry["folder"])
    files = [path] if path.is_file() else sorted(path.rglob("*.toml"))
    return dataclasses.replace(
        found,
        size_mb=sum(file.stat().st_size for file in files) / 1e6,
        hash=f"sha256:{entry['sha256']}" if "sha256" in entry else "",
        path=str(path),
    )


def _extract(path: str, entry: Mapping[str, Any], folder: Path, server: str) -> Dataset:
    """Return what is known of an extract, from its receipt if it's here."""
    known = _regions().get(path, _Region(path, path, "", ""))
    found = Dataset(
        name=path,
        kind="extract",
        title=f"OpenStreetMap: {known.name_zh} {known.name}".replace(":  ", ": "),
        source=str(entry["source"]),
        licence=str(entry["licence"]),
        date=str(entry["date"]),
        size_mb=float(known.about_mb or "nan"),
        address=f"{server}/{path}{_ENDING}",
    )
    file = _file(path, folder)
    if not file.is_file():
        return found
    note = _note(file)
    return dataclasses.replace(
        found,
        path=str(file),
        size_mb=file.stat().st_size / 1e6,
        address=str(note.get("url", found.address)),
        hash=f"md5:{note['md5']}" if "md5" in note else "",
        date=str(note.get("modified") or note.get("fetched", "not known")[:10]),
    )


def _cache(folder: str | Path | None) -> Path:
    return user_cache("geofabrik") if folder is None else require_path(folder, "cache_folder")


def _file(path: str, folder: Path) -> Path:
    return folder / f"{path}{_ENDING}"


def _target(out: Path, name: str) -> Path:
    return out if out.suffix == ".pbf" and not out.is_dir() else out / name


def _embedded(found: Dataset, out: Path | None) -> Path:
    if found.kind == "package":
        raise InputError(
            f"'name': {found.name!r} comes with a package, {found.date}, and isn't a file: {found.title}"
        )
    path = Path(found.path)
    if out is None:
        return path
    if path.is_dir():
        raise InputError(f"'out' can't be given for {found.name!r}, which is a folder: {path}")
    return _copy(path, out / path.name)


def _copy(path: Path, target: Path) -> Path:
    with whole_file(target, "out", make_folders=True) as draft:
        shutil.copyfile(path, draft)
    return target


def _geofabrik() -> str:
    return str(data.catalog()["geofabrik"]["url"]).rstrip("/")


def _require_mirrors(given: object) -> list[str]:
    """Return the servers to ask, without a slash at the end."""
    argument = "mirrors"
    if given is None and os.environ.get(MIRRORS_VARIABLE, "").strip():
        given, argument = os.environ[MIRRORS_VARIABLE].split(), MIRRORS_VARIABLE
    if given is None:
        given = _geofabrik()
    servers = [given] if isinstance(given, str) else list(given) if isinstance(given, Iterable) else []
    if not servers or not all(isinstance(one, str) and re.match(r"https?://[^/\s]", one) for one in servers):
        raise InputError(
            f"'{argument}' should name servers such as 'https://download.geofabrik.de', got {given!r}"
        )
    return [one.rstrip("/") for one in servers]


def _write_note(file: Path, name: str, receipt: Receipt) -> None:
    """Note beside a file what it is and where it came from."""
    text = json.dumps({"name": name, **dataclasses.asdict(receipt)}, indent=1)
    try:
        _note_path(file).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        _log.warning("can't note where %s came from: %s", file, error)


def _note(file: Path) -> dict[str, Any]:
    """Return what is noted of a file; nothing if somebody put it there by hand, or changed it."""
    with contextlib.suppress(OSError, ValueError):
        note = json.loads(_note_path(file).read_text(encoding="utf-8"))
        if isinstance(note, dict) and note.get("size") == file.stat().st_size:
            return note
    return {}


def _note_path(file: Path) -> Path:
    return file.with_name(f"{file.name}.json")
