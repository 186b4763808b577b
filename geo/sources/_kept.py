"""Networks that were read are kept in the user's cache with what they were prepared for, under a key of their source."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from ... import data
from ..errors import DataFileError, OutputError
from ..keeping import Store, size_mb
from ..networks import TransportNetwork
from ..timetables import open_network, save_network

#: To be raised when the same file comes to be read otherwise between two versions of the package.
_READING: Final = 1
#: So many networks are kept; those not asked for longest go first.
_MOST: Final = 20
_ENDING: Final = ".network"
#: What they were prepared for, in a folder for each, takes up no more than this in all, MB, but for the last.
_MOST_PREPARED_MB: Final = 12_000
_PREPARED_ENDING: Final = ".prepared"
#: Smaller networks are prepared in no time.
_WORTH_KEEPING: Final = 20_000
#: Embedded files that decide how extracts are read.
_TABLES: Final = ("speeds.toml", "osm_tags.toml")

_log = logging.getLogger(__name__)


def kept_network(
    files: Sequence[Path],
    options: Mapping[str, Any],
    read: Callable[[], TransportNetwork],
    *,
    folder: Path | None,
) -> TransportNetwork:
    """Return a network from the cache, or read it and keep it there.

    Parameters
    ----------
    files : sequence of pathlib.Path
        What it is read from, with the other files that belong to these.
    options : mapping
        Everything else that it depends on, as JSON holds it.
    read : callable
    folder : pathlib.Path or None
        The cache; "networks" in the user's when None.
    """
    from ..downloads import user_cache  # noqa: PLC0415 - what downloads is loaded only when a network is read

    folder = user_cache("networks") if folder is None else folder
    key = {
        "files": [[file.name, _digest(file, folder)] for file in files],
        "options": options,
        "version": version("borderreach"),
        "reading": _READING,
        "tables": [hashlib.sha256(data.path(name).read_bytes()).hexdigest() for name in _TABLES],
    }
    text = json.dumps(key, sort_keys=True, ensure_ascii=False)
    target = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}{_ENDING}"
    if target.is_file():
        try:
            found = open_network(target, mapped=True)
        except DataFileError as error:
            _log.warning("%s; it is read anew", error)
        else:
            with contextlib.suppress(OSError):
                os.utime(target)
            return _with_store(found, target.stem, folder)
    network = read()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_network(network, target)
        _drop_old(folder)
    except (OSError, OutputError) as error:  # a full disk costs time, not the network
        _log.warning("the network isn't kept for the next time: %s", error)
    return _with_store(network, target.stem, folder)


def saved_network(path: Path, *, folder: Path | None) -> TransportNetwork:
    """Return a saved network; what it's prepared for is kept in the cache under the hash of its file.

    Parameters
    ----------
    path : pathlib.Path
    folder : pathlib.Path or None
        As for `kept_network`.
    """
    from ..downloads import user_cache  # noqa: PLC0415 - as above

    # a file that is mapped can't be replaced on Windows, and this one is the user's
    network = open_network(path, mapped=os.name != "nt")
    if network.n_nodes < _WORTH_KEEPING:
        return network
    folder = user_cache("networks") if folder is None else folder
    return _with_store(network, _digest(path, folder)[:32], folder)


def _with_store(network: TransportNetwork, key: str, folder: Path) -> TransportNetwork:
    """Have what a network is prepared for kept in the cache."""
    if network.n_nodes >= _WORTH_KEEPING:
        own = folder / f"{key}{_PREPARED_ENDING}"
        Store(own).attach(network)
        with contextlib.suppress(OSError):
            if own.is_dir():
                os.utime(own)
            _drop_prepared(folder, own)
    return network


def _drop_old(folder: Path) -> None:
    known = sorted(folder.glob(f"*{_ENDING}"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in known[_MOST:]:
        # where the system doesn't let go of a file that is open, it stays until the next time
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)
            shutil.rmtree(file.with_suffix(_PREPARED_ENDING), ignore_errors=True)


def _drop_prepared(folder: Path, own: Path) -> None:
    known = sorted(folder.glob(f"*{_PREPARED_ENDING}"), key=lambda each: (each != own, -each.stat().st_mtime))
    in_all = 0.0
    for k, each in enumerate(known):
        in_all += size_mb(each)
        if k and (k >= _MOST or in_all > _MOST_PREPARED_MB):
            shutil.rmtree(each, ignore_errors=True)


def _digest(file: Path, folder: Path) -> str:
    """Return the hash of a file; noted in the cache, because that of a large one takes seconds."""
    try:
        stamp = file.stat()
        path = str(file.resolve())
        state = [path, stamp.st_size, stamp.st_mtime_ns]
        note = folder / "hashes" / f"{hashlib.sha256(path.encode()).hexdigest()[:32]}.json"
        with contextlib.suppress(OSError, ValueError, TypeError):
            known = json.loads(note.read_text(encoding="utf-8"))
            if known["state"] == state:
                return str(known["sha256"])
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise DataFileError(f"can't read {file}: {error.strerror or error}") from error
    with contextlib.suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps({"state": state, "sha256": found}), encoding="utf-8")
    return found
