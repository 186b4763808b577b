"""An OpenStreetMap extract laid out side by side, any number of times, in one file: a large extract of real streets.

Blocks are copied; what changes is where a block lies (its offsets), and every id, which moves by the same number for a
tile. Nodes, ways and relations keep their order: those of all tiles, one kind after the other.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tiles import positions  # type: ignore[import-not-found]  # beside this script

#: Ids of a tile are this much above those of the one before.
ID_STEP = 10**11
#: Offsets of a block are in billionths of a degree.
_PER_DEG = 10**9
#: Fields of the format: see OpenStreetMap's osmformat.proto.
_GROUP, _LAT_OFFSET, _LON_OFFSET = 2, 19, 20
_NODES, _DENSE, _WAYS, _RELATIONS = 1, 2, 3, 4
#: The field of an object's id, and by kind that of the ids that it refers to.
_ID = 1
_REFERS = {_WAYS: 8, _RELATIONS: 9}

#: A template is bytes, ids that move (how they are written, and the number), and messages: a tag, and what they hold.
Part = Any


def lay_out(source: Path, target: Path, n: int) -> Path:
    """Write an extract `n` times, as `tiles.positions` lays tiles out."""
    moves = positions(n)
    blobs = list(_blobs(source.read_bytes()))
    with target.open("wb") as out:
        for kind, blob in blobs:
            if kind == "OSMHeader":
                out.write(_blob(kind, _without_bounds(blob)))
        for wanted in (_NODES, _DENSE, _WAYS, _RELATIONS):
            for kind, blob in blobs:
                if kind == "OSMData" and (template := _template(blob, wanted)):
                    for tile, (east, north) in enumerate(moves):
                        out.write(_blob(kind, _rendered(template, tile, east, north)))
    return target


def _blobs(data: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        head = {number: value for number, _, value in _fields(data[at + 4 : at + 4 + size])}
        at += 4 + size
        body = data[at : at + head[3]]
        at += head[3]
        found = {number: value for number, _, value in _fields(body)}
        yield head[1].decode(), found[1] if 1 in found else zlib.decompress(found[3])


def _blob(kind: str, data: bytes) -> bytes:
    packed = zlib.compress(data, 1)
    body = _field(2, len(data)) + _field(3, packed)
    head = _field(1, kind.encode()) + _field(3, len(body))
    return struct.pack(">I", len(head)) + head + body


def _without_bounds(header: bytes) -> bytes:
    return b"".join(_field(number, value) for number, _, value in _fields(header) if number != 1)


def _template(block: bytes, wanted: int) -> list[Part] | None:
    """Return the parts of a block, with its groups of one kind; None where it has none of these."""
    parts: list[Part] = []
    found = False
    for number, _, value in _fields(block):
        if number == _GROUP:
            kinds = {kind for kind, _, _ in _fields(value)}
            if kinds == {wanted}:
                found = True
                parts.append([_tag(_GROUP, 2), _group(value)])
        elif number not in (_LAT_OFFSET, _LON_OFFSET):
            parts.append(_field(number, value))
        elif value:
            raise ValueError("a block that is moved already")
    return parts if found else None


def _group(group: bytes) -> list[Part]:
    parts: list[Part] = []
    for kind, _, value in _fields(group):
        if kind == _NODES:
            raise ValueError("nodes that aren't dense")
        parts.append([_tag(kind, 2), _dense(value) if kind == _DENSE else _object(value, _REFERS[kind])])
    return parts


def _dense(dense: bytes) -> list[Part]:
    return [
        [_tag(1, 2), _first_moved(value)] if number == 1 else _field(number, value)
        for number, _, value in _fields(dense)
    ]


def _object(message: bytes, refers: int) -> list[Part]:
    parts: list[Part] = []
    for number, _, value in _fields(message):
        if number == _ID:
            parts += [_tag(number, 0), ("int", value)]
        elif number == refers and value:
            parts.append([_tag(number, 2), _first_moved(value)])
        else:
            parts.append(_field(number, value))
    return parts


def _first_moved(packed: bytes) -> list[Part]:
    """Ids as differences, zigzag: the first one moves."""
    first, at = _varint(packed, 0)
    return [("sint", (first >> 1) ^ -(first & 1)), packed[at:]]


def _rendered(template: list[Part], tile: int, east: float, north: float) -> bytes:
    moved = [
        _tag(number, 0) + _number(round(degrees * _PER_DEG) & (2**64 - 1))
        for number, degrees in ((_LAT_OFFSET, north), (_LON_OFFSET, east))
    ]
    return b"".join([_bytes(part, tile * ID_STEP) for part in template] + moved)


def _bytes(part: Part, move: int) -> bytes:
    if isinstance(part, bytes):
        return part
    if isinstance(part, tuple):
        value = part[1] + move
        return _number((value << 1) ^ (value >> 63) if part[0] == "sint" else value)
    tag, inside = part
    body = b"".join(_bytes(one, move) for one in inside)
    head: bytes = tag
    return head + _number(len(body)) + body


def _fields(message: bytes) -> Iterator[tuple[int, int, Any]]:
    """Yield number, wire type and value of each field."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        if key & 7 == 0:
            value, at = _varint(message, at)
            yield key >> 3, 0, value
        elif key & 7 == 2:
            size, at = _varint(message, at)
            yield key >> 3, 2, message[at : at + size]
            at += size
        else:
            raise ValueError(f"wire type {key & 7}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return value, at
        shift += 7


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _tag(number: int, kind: int) -> bytes:
    return _number(number << 3 | kind)


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _tag(number, 0) + _number(value)
    return _tag(number, 2) + _number(len(value)) + value
