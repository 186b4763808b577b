"""Networks that were read are kept in the user's cache, under a key of what they were read from and how."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from ... import data
from ..errors import DataFileError, OutputError
from ..networks import TransportNetwork, open_network, save_network

#: To be raised when the same file comes to be read otherwise between two versions of the package.
_READING: Final = 1
#: So many networks are kept; those not asked for longest go first.
_MOST: Final = 20
_ENDING: Final = ".network"
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
            found = open_network(target)
        except DataFileError as error:
            _log.warning("%s; it is read anew", error)
        else:
            with contextlib.suppress(OSError):
                os.utime(target)
            return found
    network = read()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_network(network, target)
        _drop_old(folder)
    except (OSError, OutputError) as error:  # a full disk costs time, not the network
        _log.warning("the network isn't kept for the next time: %s", error)
    return network


def _drop_old(folder: Path) -> None:
    known = sorted(folder.glob(f"*{_ENDING}"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in known[_MOST:]:
        file.unlink(missing_ok=True)


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
