"""What was worked out for a large object is kept in files, and mapped into memory when it's asked for again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import struct
import typing
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

from .errors import OutputError
from .memory import leave_in_files, mapped_bytes
from .writing import whole_file

_MAGIC: Final = b"BRKEPT01"
_ALIGNMENT: Final = 64
_PREFIX: Final = struct.Struct("<8sII")
#: Where an object has its store.
_STORE: Final = "borderreach.geo.keeping.store"
#: One object's files take up no more than this, MB; what comes after is worked out each time.
_MOST_MB: Final = 6000
#: Code that works out what is kept.
_CODE: Final = ("geo", "analysis")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Store:
    """A folder for what was worked out for one object, a file for each.

    A file is taken only if the code, the package's version and those of NumPy and SciPy are what they were when it was
    written, and its checksums hold; otherwise it's worked out and written anew. What is in it is trusted as the rest of
    the user's cache is: a store never lies beside a file that somebody else may have made.

    Attributes
    ----------
    folder : pathlib.Path
        Made when the first file is written.
    part : str
        What the names in it begin with.
    """

    folder: Path
    part: str = ""

    def attach(self, owner: Any) -> None:
        """Have what is worked out for an object kept here."""
        vars(owner)[_STORE] = self

    def get(self, name: str, kind: type) -> Any:
        """Return what is kept under a name, or None."""
        path = self._path(name)
        try:
            with path.open("rb") as file:
                magic, size, check = _PREFIX.unpack(file.read(_PREFIX.size))
                header = file.read(size)
                if magic != _MAGIC or zlib.crc32(header) != check:
                    raise ValueError("its header is damaged")
                meta = json.loads(header)
                if meta["made_by"] != _made_by() or meta["name"] != self.part + name:
                    return None
                begin = _aligned(_PREFIX.size + size)
                if path.stat().st_size != begin + meta["size"]:
                    raise ValueError("it's cut short")
                data = np.zeros(0, dtype=np.uint8)
                if meta["size"]:
                    data = mapped_bytes(file, begin)
            arrays = [_array(data, entry) for entry in meta["arrays"]]
            leave_in_files()
            return _unpacked(kind, meta["value"], arrays)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, IndexError, struct.error) as error:
            _log.warning("%s isn't used (%s); it is worked out anew", path, error)
            return None

    def put(self, name: str, value: Any) -> None:
        """Keep a value under a name; a full disk costs time, not the value."""
        arrays: list[np.ndarray[Any, Any]] = []
        told = _packed(value, arrays)
        entries: list[dict[str, Any]] = []
        position = 0
        for array in arrays:
            turned = array.flags.f_contiguous and not array.flags.c_contiguous
            laid = array.T if turned else np.ascontiguousarray(array)
            entries.append(
                {
                    "type": laid.dtype.str,
                    "shape": laid.shape,
                    "turned": turned,
                    "start": position,
                    "crc32": zlib.crc32(laid.data.cast("B") if laid.size else b""),
                }
            )
            position = _aligned(position + laid.nbytes)
        made = {
            "name": self.part + name,
            "made_by": _made_by(),
            "value": told,
            "arrays": entries,
            "size": position,
        }
        header = json.dumps(made).encode()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if size_mb(self.folder) + position / 1e6 > _MOST_MB:
                return
            with whole_file(self._path(name)) as draft, draft.open("xb") as file:
                file.write(_PREFIX.pack(_MAGIC, len(header), zlib.crc32(header)))
                file.write(header)
                begin = _aligned(file.tell())
                for entry, array in zip(entries, arrays, strict=True):
                    file.write(bytes(begin + entry["start"] - file.tell()))
                    file.write((array.T if entry["turned"] else np.ascontiguousarray(array)).data)
                file.write(bytes(begin + position - file.tell()))
        except (OSError, OutputError) as error:
            _log.warning("what was prepared isn't kept for the next time: %s", error)

    def within(self, name: str) -> Store:
        """Return the store of what hangs on this object by a name."""
        return Store(self.folder, f"{self.part}{name}/")

    def _path(self, name: str) -> Path:
        return self.folder / f"{hashlib.sha256((self.part + name).encode()).hexdigest()[:24]}.kept"


def cache_folder(part: str) -> Path:
    """Return the folder for one kind of files in the user's cache; it needn't exist."""
    import platformdirs  # noqa: PLC0415 - whoever keeps nothing does without

    return Path(platformdirs.user_cache_dir("borderreach", appauthor=False)) / part


def store_of(owner: Any) -> Store | None:
    """Return an object's store, if it has one."""
    store: Store | None = vars(owner).get(_STORE)
    return store


def share_store(owner: Any, other: Any, name: str) -> None:
    """Have what is worked out for an object that hangs on another kept with it, if that one has a store."""
    store = store_of(owner)
    if store is not None:
        store.within(name).attach(other)


def size_mb(folder: Path) -> float:
    """Return what the files of a folder take up, MB."""
    return sum(file.stat().st_size for file in folder.iterdir()) / 1e6 if folder.is_dir() else 0.0


def _packed(value: Any, arrays: list[np.ndarray[Any, Any]]) -> Any:
    """Return a value as JSON holds it, with its arrays put into a list and named by their places there."""
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {"array": len(arrays) - 1}
    if isinstance(value, tuple):
        return [_packed(one, arrays) for one in value]
    if is_dataclass(value):
        return {field.name: _packed(getattr(value, field.name), arrays) for field in fields(value)}
    if isinstance(value, (bool, int, float, str)):
        return value
    if type(value).__name__ == "cKDTree":
        return {"tree": [_packed(one, arrays) for one in value.__getstate__()]}
    if value is None:
        return None
    raise TypeError(f"{type(value).__name__} can't be kept")


def _unpacked(kind: Any, told: Any, arrays: list[np.ndarray[Any, Any]]) -> Any:
    """Return the value that `_packed` told."""
    if isinstance(told, dict) and set(told) == {"array"}:
        return arrays[told["array"]]
    if isinstance(told, dict) and set(told) == {"tree"}:
        from scipy.spatial import cKDTree  # noqa: PLC0415 - 26 MB that reading a network does without

        tree = cKDTree.__new__(cKDTree)
        # its own copies, which it expects to be able to write to
        tree.__setstate__(
            tuple(
                np.array(one) if isinstance(one, np.ndarray) else one
                for one in _unpacked(None, told["tree"], arrays)
            )
        )
        return tree
    if isinstance(told, list):
        return tuple(_unpacked(None, one, arrays) for one in told)
    if isinstance(told, dict):
        hints = typing.get_type_hints(kind)
        return kind(**{name: _unpacked(hints[name], one, arrays) for name, one in told.items()})
    return told


def _array(data: np.ndarray[Any, Any], entry: dict[str, Any]) -> np.ndarray[Any, Any]:
    dtype, shape = np.dtype(entry["type"]), tuple(entry["shape"])
    n_bytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    raw = data[entry["start"] : entry["start"] + n_bytes]
    if len(raw) != n_bytes or zlib.crc32(raw.data) != entry["crc32"]:
        raise ValueError("it's damaged")
    array: np.ndarray[Any, Any] = raw.view(dtype).reshape(shape)
    return array.T if entry["turned"] else array


def _aligned(position: int) -> int:
    return -(-position // _ALIGNMENT) * _ALIGNMENT


@lru_cache(maxsize=1)
def _made_by() -> str:
    """Return a fingerprint of the code: what it works out is as good as the code that did."""
    versions = [version(name) for name in ("borderreach", "numpy", "scipy")]
    return hashlib.sha256(json.dumps([versions, code_states(), np.dtype(int).str]).encode()).hexdigest()


def code_states() -> list[list[Any]]:
    """Return path, size and time of each module that computes."""
    root = Path(__file__).resolve().parent.parent
    return sorted(state for folder in _CODE for state in _states(root / folder, folder))


def _states(folder: Path, name: str) -> Iterator[list[Any]]:
    """Yield path, size and time of each module of a folder."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _states(Path(entry.path), f"{name}/{entry.name}")
            elif entry.name.endswith(".py"):
                stamp = entry.stat()
                yield [f"{name}/{entry.name}", stamp.st_size, stamp.st_mtime_ns]
