"""The file of a network: arrays, and what a kind of network has beside them.

The file is laid out for speed and safety: nothing in it is executed on opening, and every array
is checked.

====================  =======================================================================
bytes                 content
====================  =======================================================================
8                     `MAGIC`
4                     version of the layout, little-endian
4                     size of the header
4                     CRC-32 of the header
header                JSON: the arrays (name, type, shape, position, CRC-32) and what isn't an array
rest                  the arrays, little-endian, each starting at a multiple of `ALIGNMENT`; then what is
                      beside them, named in the header
====================  =======================================================================
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..checks import require_path
from ..errors import DataFileError
from ..memory import leave_in_files, mapped_bytes
from ..writing import whole_file
from ._links import MAX_ARC_TIME_MS
from ._network import TransportNetwork

MAGIC: Final = b"BRNETWRK"
VERSION: Final = 1
#: Of files with something beside the arrays, which readers of arrays alone mustn't take for the whole.
VERSION_WITH_MORE: Final = 2
ALIGNMENT: Final = 64

_PREFIX: Final = struct.Struct("<8sIII")
#: Arrays of a network: name, type, and the count that its length goes by, plus how much.
_ARRAYS: Final = {
    "node_lon": ("<f8", "nodes", 0),
    "node_lat": ("<f8", "nodes", 0),
    "node_exit": ("|b1", "nodes", 0),
    "arc_start": ("<i8", "nodes", 1),
    "arc_head": ("<i4", "arcs", 0),
    "arc_time_ms": ("<i4", "arcs", 0),
    "arc_length_m": ("<f8", "arcs", 0),
    "arc_mode": ("|u1", "arcs", 0),
    "arc_class": ("|u1", "arcs", 0),
    "arc_exit": ("|b1", "arcs", 0),
    "arc_link": ("<i4", "arcs", 0),
    "arc_reversed": ("|b1", "arcs", 0),
    "link_offset": ("<i8", "links", 1),
    "link_coords": ("<f8", "points", 0),
}
#: What they are of where a network has more modes or classes than one byte numbers.
_WIDE: Final = {"arc_mode": "<u2", "arc_class": "<u2"}


def write_network(
    network: TransportNetwork, path: str | Path, *, beside: Mapping[str, bytes] = MappingProxyType({})
) -> Path:
    """Write a network's arrays, and what a kind of network has beside them, as one file.

    Parameters
    ----------
    network : TransportNetwork
    path : str or path
    beside : mapping of str to bytes
        What isn't an array, by a name that its reader knows.
    """
    target = _path(path)
    wide = {name for name in _WIDE if getattr(network, name).itemsize > 1}
    arrays = {
        name: np.ascontiguousarray(getattr(network, name), dtype=_WIDE[name] if name in wide else kind)
        for name, (kind, _, _) in _ARRAYS.items()
    }
    entries: list[dict[str, Any]] = []
    position = 0
    for name, array in arrays.items():
        entries.append(
            {
                "name": name,
                "type": array.dtype.str,
                "shape": array.shape,
                "start": position,  # counted from where the arrays begin
                "crc32": zlib.crc32(array.data.cast("B") if array.size else b""),
            }
        )
        position = _aligned(position + array.nbytes)
    more: list[dict[str, Any]] = []
    for name, content in beside.items():
        more.append({"name": name, "size": len(content), "start": position, "crc32": zlib.crc32(content)})
        position = _aligned(position + len(content))
    header = json.dumps(
        {
            "arrays": entries,
            **({"beside": more} if more else {}),
            "size": position,
            "modes": network.modes,
            "classes": network.classes,
            "access_speed_kph": network.access_speed_kph,
            "max_access_km": network.max_access_km,
            "node_names": {str(node): name for node, name in network.node_names.items()},
            "provenance": dict(network.provenance),
        },
        ensure_ascii=False,
    ).encode()
    with whole_file(target) as draft, draft.open("xb") as file:
        version = VERSION_WITH_MORE if more else VERSION
        file.write(_PREFIX.pack(MAGIC, version, len(header), zlib.crc32(header)))
        file.write(header)
        begin = _aligned(file.tell())
        for entry, array in zip(entries, arrays.values(), strict=True):
            file.write(bytes(begin + entry["start"] - file.tell()))
            file.write(array.data)
        for entry, content in zip(more, beside.values(), strict=True):
            file.write(bytes(begin + entry["start"] - file.tell()))
            file.write(content)
        file.write(bytes(begin + position - file.tell()))
    return target


def is_saved_network(path: Path) -> bool:
    """Say whether a file begins as one that `write_network` wrote."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def stored_network(path: str | Path, *, mapped: bool = False) -> tuple[TransportNetwork, dict[str, bytes]]:
    """Return the network that a file's arrays make, and what is beside them.

    Parameters
    ----------
    path : str or path
    mapped : bool
        Leave the arrays in the file instead of copying them.
    """
    source = _path(path)
    try:
        size = source.stat().st_size
        with source.open("rb") as file:
            prefix = file.read(_PREFIX.size)
            if len(prefix) < _PREFIX.size or prefix[: len(MAGIC)] != MAGIC:
                raise DataFileError(f"{source} isn't a network saved by borderreach")
            _, version, header_size, header_crc = _PREFIX.unpack(prefix)
            if version not in (VERSION, VERSION_WITH_MORE):
                raise DataFileError(
                    f"{source} is of version {version}, this borderreach reads up to version {VERSION_WITH_MORE}; "
                    "build the network again and save it"
                )
            if header_size > size:
                raise DataFileError(f"{source} is cut short or damaged; build the network again and save it")
            header = file.read(header_size)
            if len(header) < header_size or zlib.crc32(header) != header_crc:
                raise DataFileError(f"{source} is cut short or damaged; build the network again and save it")
            meta = _meta(header, source)
            if bool(meta.get("beside")) != (version == VERSION_WITH_MORE):
                raise DataFileError(f"{source} is cut short or damaged; build the network again and save it")
            file.seek(_aligned(file.tell()))
            begin = file.tell()
            if size < begin:  # cut off between the header and the first array
                raise DataFileError(f"{source} is cut short or damaged; build the network again and save it")
            if mapped and size > begin:
                data = mapped_bytes(file, begin)
            else:
                data = np.fromfile(file, dtype=np.uint8)
    except FileNotFoundError as error:
        raise DataFileError(f"there is no file {source}") from error
    except OSError as error:
        if isinstance(error, DataFileError):
            raise
        raise DataFileError(f"can't read {source}: {error.strerror or error}") from error
    if len(data) != meta["size"]:
        raise DataFileError(
            f"{source} is cut short or damaged: {len(data):,} of {meta['size']:,} bytes of data; "
            "build the network again and save it"
        )
    arrays = {entry["name"]: _take(data, entry, source) for entry in meta["arrays"]}
    _check(arrays, meta, source)
    beside = {entry["name"]: _blob(data, entry, source) for entry in meta.get("beside", [])}
    if mapped:
        leave_in_files()
    network = TransportNetwork(
        **arrays,
        modes=tuple(meta["modes"]),
        classes=tuple(meta["classes"]),
        access_speed_kph=float(meta["access_speed_kph"]),
        max_access_km=float(meta["max_access_km"]),
        node_names=MappingProxyType({int(node): name for node, name in meta["node_names"].items()}),
        provenance=MappingProxyType(meta["provenance"]),
    )
    return network, beside


def _meta(header: bytes, source: Path) -> dict[str, Any]:
    """Return the header's content; a checksum shows damage, and not what somebody made up."""
    try:
        meta = json.loads(header)
        arrays = {entry["name"]: entry for entry in meta["arrays"]}
        sound = len(arrays) == len(meta["arrays"]) == len(_ARRAYS) and all(
            arrays[name]["type"] in {kind, _WIDE.get(name, kind)}
            and 1 <= len(arrays[name]["shape"]) <= 2
            and all(map(_is_count, [*arrays[name]["shape"], arrays[name]["start"], arrays[name]["crc32"]]))
            for name, (kind, _, _) in _ARRAYS.items()
        )
        sound = (
            sound
            and _is_count(meta["size"])
            and 0 < float(meta["access_speed_kph"]) < math.inf
            and 0 <= float(meta["max_access_km"]) < math.inf
            and all(isinstance(name, str) for name in [*meta["modes"], *meta["classes"]])
            and all(isinstance(name, str) for name in meta["node_names"].values())
            and all(0 <= int(node) < arrays["node_lon"]["shape"][0] for node in meta["node_names"])
            and isinstance(meta["provenance"], dict)
            and all(
                isinstance(entry["name"], str)
                and all(map(_is_count, [entry["size"], entry["start"], entry["crc32"]]))
                for entry in meta.get("beside", [])
            )
        )
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
        sound = False
    if not sound:
        raise DataFileError(f"{source} isn't a valid network: its header is none; build it again and save it")
    checked: dict[str, Any] = meta
    return checked


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62


def _take(data: NDArray[np.uint8], entry: dict[str, Any], source: Path) -> NDArray[Any]:
    dtype = np.dtype(entry["type"])
    count = math.prod(entry["shape"])
    raw = data[entry["start"] : entry["start"] + count * dtype.itemsize]
    if len(raw) != count * dtype.itemsize or zlib.crc32(raw.data) != entry["crc32"]:
        raise DataFileError(f"{source} is damaged in {entry['name']!r}; build the network again and save it")
    array: NDArray[Any] = raw.view(dtype).reshape(entry["shape"]).astype(dtype.newbyteorder("="), copy=False)
    return array


def _blob(data: NDArray[np.uint8], entry: dict[str, Any], source: Path) -> bytes:
    content = data[entry["start"] : entry["start"] + entry["size"]].tobytes()
    if len(content) != entry["size"] or zlib.crc32(content) != entry["crc32"]:
        raise DataFileError(f"{source} is damaged in {entry['name']!r}; build the network again and save it")
    return content


def _check(arrays: dict[str, NDArray[Any]], meta: dict[str, Any], source: Path) -> None:
    """Arrays that don't fit together would send the compiled search out of bounds."""
    problem = None
    if set(arrays) != set(_ARRAYS) or any(
        arrays[name].dtype not in {np.dtype(_ARRAYS[name][0]), np.dtype(_WIDE.get(name, _ARRAYS[name][0]))}
        for name in _ARRAYS
    ):
        problem = "it doesn't hold the arrays of a network"
    else:
        counts = {
            "nodes": len(arrays["node_lon"]),
            "arcs": len(arrays["arc_head"]),
            "links": len(arrays["link_offset"]) - 1,
            "points": len(arrays["link_coords"]),
        }
        shapes = {
            name: (counts[count] + more, 2) if name == "link_coords" else (counts[count] + more,)
            for name, (_, count, more) in _ARRAYS.items()
        }
        if any(arrays[name].shape != shape for name, shape in shapes.items()):
            problem = "its arrays differ in length"
        else:
            bounds = {
                "arc_head": counts["nodes"],
                "arc_link": counts["links"],
                "arc_mode": len(meta["modes"]),
                "arc_class": len(meta["classes"]),
            }
            inside = all(
                not len(arrays[name]) or (arrays[name].min() >= 0 and arrays[name].max() < bound)
                for name, bound in bounds.items()
            )
            if not inside:
                problem = "its arcs lead to what isn't there"
            for name, total in (("arc_start", counts["arcs"]), ("link_offset", counts["points"])):
                starts = arrays[name]
                if not len(starts) or starts[0] != 0 or starts[-1] != total or (np.diff(starts) < 0).any():
                    problem = "its arcs or lines don't add up"
            if (
                counts["arcs"]
                and not 0 <= arrays["arc_time_ms"].min() <= arrays["arc_time_ms"].max() <= MAX_ARC_TIME_MS
            ):
                problem = "it has negative or endless times"
            coords = arrays["link_coords"]
            degrees = (
                (arrays["node_lon"], 180),
                (arrays["node_lat"], 90),
                (coords[:, 0], 180),
                (coords[:, 1], 90),
            )
            # what isn't a number is the least and the most of any, and in no range
            if not all(not len(one) or -most <= one.min() <= one.max() <= most for one, most in degrees):
                problem = "it lies at what aren't longitudes and latitudes"
            lengths = arrays["arc_length_m"]
            if len(lengths) and not 0 <= lengths.min() <= lengths.max() < math.inf:
                problem = "it has negative or endless lengths"
    if problem:
        raise DataFileError(f"{source} isn't a valid network: {problem}; build it again and save it")


def _path(path: Any) -> Path:
    return require_path(path, "path")


def _aligned(position: int) -> int:
    return -(-position // ALIGNMENT) * ALIGNMENT
