"""Blobs of OpenStreetMap's PBF format, and the blocks that they hold, as arrays."""

from __future__ import annotations

import lzma
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._pbf_kernels import all_fields, decode_dense, decode_nodes, decode_relations, decode_ways
from ._pbf_strings import Strings, string_spans

#: Limits that the format sets.
MAX_HEADER_BYTES: Final = 64 * 1024
MAX_BLOB_BYTES: Final = 32 * 1024 * 1024

#: What a group of a block holds, by field number (1: nodes one by one).
NODES: Final = 1
DENSE_NODES: Final = 2
WAYS: Final = 3
RELATIONS: Final = 4

_VARINT: Final = 0
_BYTES: Final = 2
_PACKINGS: Final = {1: "raw", 3: "zlib", 4: "lzma", 5: "bzip2", 6: "lz4", 7: "zstd"}


class BlockError(Exception):
    """Bytes aren't what the format says; turned into a `DataFileError` with the file's name."""


class UnreadFormatError(BlockError):
    """Bytes are what the format says, but of a kind that isn't read here."""


class Blob(NamedTuple):
    """Where a packed block lies in the file."""

    start: int
    size: int


class WaySpan(NamedTuple):
    """The first and the last id of all ways of a group, and whether they ascend."""

    first: int
    last: int
    ascends: bool

    def may_hold(self, ids: NDArray[np.int64]) -> bool:
        """Tell whether any of some ids, ascending, may be among them."""
        if not self.ascends:
            return len(ids) > 0
        low, high = (
            np.searchsorted(ids, self.first, side="left"),
            np.searchsorted(ids, self.last, side="right"),
        )
        return bool(low < high)


def lie_apart(spans: Sequence[WaySpan]) -> bool:
    """Tell whether ids stand once: those of each group ascend, and between those of one lie none of another's."""
    return all(span.ascends for span in spans) and all(a.last < b.first for a, b in pairwise(sorted(spans)))


class WayTable(NamedTuple):
    """Ways of a group that passed the filter; `where` holds the nodes' (lon, lat) if the ways carry them."""

    ids: NDArray[np.int64]
    versions: NDArray[np.int32]
    tags: NDArray[np.int32]
    n_refs: NDArray[np.int32]
    refs: NDArray[np.int64]
    where: NDArray[np.float64]
    span: WaySpan


class RelationTable(NamedTuple):
    """Relations of a block that passed the filter, with their members."""

    ids: NDArray[np.int64]
    versions: NDArray[np.int32]
    tags: NDArray[np.int32]
    n_members: NDArray[np.int32]
    member_ids: NDArray[np.int64]
    member_types: NDArray[np.int32]
    member_roles: NDArray[np.int32]


def find_blobs(file: BinaryIO) -> list[Blob]:
    """Walk over a file's blobs without unpacking them.

    Raises
    ------
    BlockError
        If the file doesn't begin with a header, is cut short, or holds something else.
    """
    blobs: list[Blob] = []
    size = file.seek(0, os.SEEK_END)
    pos = 0
    while pos < size:
        file.seek(pos)
        prefix = file.read(4)
        if len(prefix) < 4:
            raise BlockError("it is cut short")
        (length,) = struct.unpack(">I", prefix)
        if not 0 < length <= MAX_HEADER_BYTES:
            raise BlockError("it isn't in PBF format" if pos == 0 else f"damaged at byte {pos:,}")
        header = file.read(length)
        if len(header) < length:
            raise BlockError("it is cut short")
        kind, blob_size = b"", -1
        for number, wire, value, end in _message(header):
            if number == 1 and wire == _BYTES:
                kind = header[value:end]
            elif number == 3 and wire == _VARINT:
                blob_size = value
        if kind != (b"OSMData" if blobs else b"OSMHeader"):
            raise BlockError("it isn't in PBF format" if pos == 0 else f"damaged at byte {pos:,}")
        if not 0 <= blob_size <= MAX_BLOB_BYTES:
            raise BlockError(f"damaged at byte {pos:,}")
        pos += 4 + length
        if size - pos < blob_size:
            raise BlockError("it is cut short")
        blobs.append(Blob(pos, blob_size))
        pos += blob_size
    if not blobs:
        raise BlockError("it is empty")
    return blobs


def unpack(packed: bytes) -> bytes:
    """Return the bytes of a blob, decompressed.

    Raises
    ------
    BlockError
        If they are damaged, longer than the format allows, or packed in a way that isn't read.
    """
    raw_size = -1
    method, content = 0, b""
    for number, wire, value, end in _message(packed):
        if number == 2 and wire == _VARINT:
            raw_size = value
        elif wire == _BYTES and number in _PACKINGS:
            method, content = number, packed[value:end]
    packing = _PACKINGS.get(method)
    if packing is None:
        raise BlockError("a block has no data")
    if packing == "raw":
        return content
    if not 0 <= raw_size <= MAX_BLOB_BYTES:
        raise BlockError(f"a block states a size of {raw_size} bytes")
    if packing == "zlib":
        stream: Any = zlib.decompressobj()
    elif packing == "lzma":
        stream = lzma.LZMADecompressor()
    else:
        raise UnreadFormatError(
            f"its blocks are packed with {packing}, which isn't read here; convert it with "
            "'osmium cat -f pbf,pbf_compression=zlib -o new.osm.pbf'"
        )
    try:
        out: bytes = stream.decompress(content, raw_size + 1)
    except (zlib.error, lzma.LZMAError) as error:
        raise BlockError(f"a block can't be unpacked: {error}") from error
    if len(out) != raw_size or not stream.eof:
        raise BlockError("a block has another size than it states")
    return out


@dataclass(frozen=True, eq=False)
class Block:
    """One unpacked block: a table of strings and groups of nodes, ways or relations."""

    raw: bytes

    @cached_property
    def _data(self) -> NDArray[np.uint8]:
        return np.frombuffer(self.raw, dtype=np.uint8)

    @cached_property
    def _top(self) -> list[tuple[int, int, int, int]]:
        return _message(self.raw)

    @cached_property
    def groups(self) -> list[tuple[int, NDArray[np.int64]]]:
        """Kind of each group and its fields of that kind, as rows (number, wire, start, stop)."""
        found = []
        for number, wire, start, stop in self._top:
            if number != 2 or wire != _BYTES:
                continue
            rows, good = all_fields(self._data, start, stop)
            if not good:
                raise BlockError("a group of objects is damaged")
            if (rows[:, 1] != _BYTES).any():
                rows = rows[rows[:, 1] == _BYTES]
            if len(rows) and (rows[:, 0] == rows[0, 0]).all():  # mostly all are alike
                found.append((int(rows[0, 0]), rows))
                continue
            found += [(int(kind), rows[rows[:, 0] == kind]) for kind in np.unique(rows[:, 0])]
        return found

    @cached_property
    def kinds(self) -> set[int]:
        """Which kinds of groups it holds."""
        return {kind for kind, _ in self.groups}

    @cached_property
    def strings(self) -> Strings:
        """Its table of strings."""
        for number, wire, start, stop in self._top:
            if number == 1 and wire == _BYTES:
                span, good = string_spans(self._data, start, stop)
                if not good:
                    raise BlockError("a table of strings is damaged")
                return Strings(self.raw, self._data, span)
        return Strings(self.raw, self._data, np.zeros((0, 2), dtype=np.int64))

    def opened(self) -> Block:
        """Return the block with its groups and strings found: what another thread can do."""
        _ = self.groups, self.strings, self._scale
        return self

    @cached_property
    def _scale(self) -> tuple[int, int, int]:
        """Granularity, offset of latitudes and of longitudes, in 1e-9 degrees."""
        values = {17: 100, 19: 0, 20: 0}
        for number, wire, value, _ in self._top:
            if wire == _VARINT and number in values:
                values[number] = value
        return values[17], values[19], values[20]

    def ways(
        self,
        keys: dict[bytes, int],
        values: frozenset[bytes],
        *,
        asked: frozenset[bytes] = frozenset(),
        n_asked: int = 0,
        wanted: NDArray[np.int64] | None = None,
    ) -> Iterator[WayTable]:
        """Ways whose first or second key has one of the values; tags are string numbers.

        Those whose first key has one of the values `asked` as well if they have one of the `n_asked`
        keys after the second. With `wanted` (ascending ids) these ways alone, whatever their tags.
        """
        if WAYS not in self.kinds:
            return
        column_of = self.strings.columns(keys)
        useful, by_key = self.strings.useful(values), self.strings.useful(asked)
        ids = np.zeros(0, dtype=np.int64) if wanted is None else wanted
        for kind, fields in self.groups:
            if kind == WAYS and len(column_of):
                good, *table = decode_ways(
                    self._data, fields, column_of, len(keys), useful, by_key, n_asked, ids, self._scale
                )
                if not good:
                    raise BlockError("a way is damaged")
                first, last, ascends = table.pop().tolist()
                yield WayTable._make((*table, WaySpan(first, last, bool(ascends))))

    def relations(self, keys: dict[bytes, int], values: frozenset[bytes]) -> Iterator[RelationTable]:
        """Relations whose first key has one of the values."""
        if RELATIONS not in self.kinds:
            return
        column_of = self.strings.columns(keys)
        useful = self.strings.useful(values)
        for kind, fields in self.groups:
            if kind == RELATIONS and (column_of == 0).any():
                good, *table = decode_relations(self._data, fields, column_of, len(keys), useful)
                if not good:
                    raise BlockError("a relation is damaged")
                yield RelationTable(*table)

    def locate(
        self,
        keys: dict[bytes, int],
        ids: NDArray[np.int64],
        versions: NDArray[np.int32],
        lon: NDArray[np.float64],
        lat: NDArray[np.float64],
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int32]]]:
        """Fill in `versions`, `lon` and `lat` of the nodes `ids` (ascending); give those that have tags.

        `versions` begins as -1. Of a node that comes twice the newer version counts; its tags come
        later than the older one's.
        """
        column_of = self.strings.columns(keys)
        for kind, fields in self.groups:
            if kind == DENSE_NODES:
                for _, _, start, stop in fields.tolist():
                    good, where, tags = decode_dense(
                        self._data, start, stop, self._scale, column_of, len(keys), ids, versions, lon, lat
                    )
                    if not good:
                        raise BlockError("a group of nodes is damaged")
                    yield where, tags
            elif kind == NODES:
                good, where, tags = decode_nodes(
                    self._data, fields, self._scale, column_of, len(keys), ids, versions, lon, lat
                )
                if not good:
                    raise BlockError("a node is damaged")
                yield where, tags


@dataclass(frozen=True)
class Header:
    """What the first block says of the file."""

    required: frozenset[str]
    optional: frozenset[str]
    timestamp_s: int | None

    @classmethod
    def read(cls, raw: bytes) -> Header:
        """Decode a header block."""
        required, optional, timestamp = set(), set(), None
        for number, wire, value, end in _message(raw):
            if number == 4 and wire == _BYTES:
                required.add(raw[value:end].decode("utf-8", "replace"))
            elif number == 5 and wire == _BYTES:
                optional.add(raw[value:end].decode("utf-8", "replace"))
            elif number == 32 and wire == _VARINT:
                timestamp = value
        return cls(frozenset(required), frozenset(optional), timestamp)


def _message(raw: bytes) -> list[tuple[int, int, int, int]]:
    """Fields of a message: number, wire type, value or start, end."""
    rows, good = all_fields(np.frombuffer(raw, dtype=np.uint8), 0, len(raw))
    if not good:
        raise BlockError("a message is damaged")
    return [tuple(row) for row in rows.tolist()]
