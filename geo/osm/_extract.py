"""Read the roads of an OpenStreetMap file into arrays.

PBF files are decoded block by block with the kernels of `_pbf_kernels`, straight into arrays and
without an index of all the nodes' locations; XML and JSON object by object (`_objects`).
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..errors import DataFileError, InputError, InputTypeError
from . import _pbf_blocks as pbf_blocks
from ._gathering import OsmExtract, Relation, Roads, joined
from ._objects import ObjectReader
from ._pbf_blocks import Blob, Block, BlockError, Header, UnreadFormatError
from ._tags import (
    ASKED_CLASSES,
    CARRIERS,
    N_ASKED_KEYS,
    NODE_KEYS,
    RELATION_KEYS,
    RELATION_TYPES,
    ROAD_CLASSES,
    WAY_KEYS,
)

PBF_SUFFIXES: Final = (".osm.pbf", ".pbf")
XML_SUFFIXES: Final = (".osm", ".osm.gz", ".osm.bz2", ".osm.xml")
JSON_SUFFIXES: Final = (".json", ".osm.json")

_WAY_COLUMNS: Final = {key.encode(): column for column, key in enumerate(WAY_KEYS)}
_NODE_COLUMNS: Final = {key.encode(): column for column, key in enumerate(NODE_KEYS)}
_RELATION_COLUMNS: Final = {key.encode(): column for column, key in enumerate(RELATION_KEYS)}
_WAY_VALUES: Final = frozenset(value.encode() for value in (*ROAD_CLASSES, *CARRIERS))
_ASKED_VALUES: Final = frozenset(value.encode() for value in ASKED_CLASSES)
_RELATION_VALUES: Final = frozenset(value.encode() for value in RELATION_TYPES)
_KNOWN_FEATURES: Final = frozenset({"OsmSchema-V0.6", "DenseNodes"})
_THREADS: Final = 2


def read_extract(path: str | Path, *, progress: bool = False) -> OsmExtract:
    """Read the roads of a ``.osm.pbf``, ``.osm`` or Overpass ``.json`` file.

    Parameters
    ----------
    path : str or path
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    OsmExtract

    Raises
    ------
    InputTypeError, InputError
        If `path` isn't a path, or has another ending.
    DataFileError
        If the file is missing, damaged, cut short, or of a kind that isn't read.
    """
    if not isinstance(path, (str, Path)):
        raise InputTypeError(f"'path' should be the path of an .osm.pbf or .osm file, got {path!r}")
    file = Path(path)
    name = file.name.lower()
    suffixes = (*PBF_SUFFIXES, *XML_SUFFIXES, *JSON_SUFFIXES)
    if not name.endswith(suffixes):
        raise InputError(
            f"'path' should end in {', '.join(suffixes)}, got {file.name!r}; "
            "download an extract (such as Geofabrik's) or convert the file with osmium"
        )
    if not file.is_file():
        raise DataFileError(f"there is no file {file}")
    try:
        if name.endswith(PBF_SUFFIXES):
            with file.open("rb") as stream:
                return _PbfReader(stream, progress=progress).read()
        if name.endswith(JSON_SUFFIXES):
            return ObjectReader(progress=progress).read_json(file)
        return ObjectReader(progress=progress).read_xml(file)
    except UnreadFormatError as error:
        raise DataFileError(f"can't read {file}: {error}") from error
    except (BlockError, EOFError) as error:
        raise DataFileError(f"can't read {file}: {error}; download it again") from error
    except OSError as error:
        raise DataFileError(f"can't read {file}: {error.strerror or error}") from error


class _PbfReader:
    """Two passes over a PBF file: its ways and relations, then the nodes that these use."""

    def __init__(self, stream: BinaryIO, *, progress: bool) -> None:
        self._stream = stream
        self._progress = progress

    def read(self) -> OsmExtract:
        blobs = pbf_blocks.find_blobs(self._stream)
        header = Header.read(pbf_blocks.unpack(self._packed(blobs[0])))
        unknown = header.required - _KNOWN_FEATURES
        if unknown:
            raise UnreadFormatError(
                f"it needs {', '.join(sorted(unknown))}, which isn't read here; take a plain extract"
            )
        blobs = blobs[1:]
        # Sorted files hold the nodes first: then each block needs unpacking only once.
        first = self._first_way(blobs) if "Sort.Type_then_ID" in header.optional else 0
        roads = Roads()
        with_nodes = blobs[:first]
        total = 2 * len(blobs)
        with tqdm(total=total, disable=not self._progress, desc="Reading OSM", unit="block") as bar:
            bar.update(first)
            with_ways = []
            in_order, last_id = True, np.iinfo(np.int64).min
            for blob, block in self._blocks(blobs[first:]):
                for begin, end, ascend in self._add_ways(roads, block):
                    in_order, last_id = in_order and bool(ascend) and begin > last_id, end
                self._add_relations(roads, block)
                if pbf_blocks.WAYS in block.kinds:
                    with_ways.append(blob)
                if block.kinds & {pbf_blocks.NODES, pbf_blocks.DENSE_NODES}:
                    with_nodes.append(blob)
                bar.update()
            self._complete(roads, with_ways, in_order=in_order)
            extract, versions = roads.finish_ways()
            for _, block in self._blocks(with_nodes):
                for where, tags in block.locate(
                    _NODE_COLUMNS, extract.node_id, versions, extract.lon, extract.lat
                ):
                    roads.tagged.append(where)
                    roads.node_tags.append(roads.node_sets.add(tags, block.strings))
                bar.update()
            bar.update(total - bar.n)
        return roads.finish(extract, versions, timestamp=_date(header.timestamp_s))

    def _complete(self, roads: Roads, with_ways: list[Blob], *, in_order: bool) -> None:
        """Read ways once more by their ids: those of ferries without tags, or all versions of all roads.

        Ids that ascend stand once. Where they don't, a way may have become something else in a newer
        version, which only a look at all ways of its id tells.
        """
        wanted = roads.missing_ways()
        if not in_order:
            wanted = np.union1d(wanted, joined(roads.ids, np.int64))
            for parts in (roads.ids, roads.versions, roads.tags, roads.n_refs, roads.refs, roads.where):
                parts.clear()
        if len(wanted):
            for _, block in self._blocks(with_ways):
                self._add_ways(roads, block, wanted)

    def _packed(self, blob: Blob) -> bytes:
        self._stream.seek(blob.start)
        return self._stream.read(blob.size)

    def _blocks(self, blobs: Iterable[Blob]) -> Iterator[tuple[Blob, Block]]:
        """Unpack blocks in other threads, a few ahead."""
        with ThreadPoolExecutor(_THREADS) as pool:
            waiting: deque[tuple[Blob, Future[bytes]]] = deque()
            try:
                for blob in blobs:
                    waiting.append((blob, pool.submit(pbf_blocks.unpack, self._packed(blob))))
                    if len(waiting) > 2 * _THREADS:
                        done, future = waiting.popleft()
                        yield done, Block(future.result())
                while waiting:
                    done, future = waiting.popleft()
                    yield done, Block(future.result())
            finally:
                pool.shutdown(cancel_futures=True)

    def _first_way(self, blobs: list[Blob]) -> int:
        """Position of the first block that holds anything but nodes, in a sorted file."""
        low, high = 0, len(blobs)
        while low < high:
            middle = (low + high) // 2
            kinds = Block(pbf_blocks.unpack(self._packed(blobs[middle]))).kinds
            if kinds & {pbf_blocks.WAYS, pbf_blocks.RELATIONS}:
                high = middle
            else:
                low = middle + 1
        return low

    @staticmethod
    def _add_ways(
        roads: Roads, block: Block, wanted: NDArray[np.int64] | None = None
    ) -> list[tuple[int, int, int]]:
        """Add a block's ways; tell the first and last id of each group, and whether they ascend."""
        spans = []
        for ways in block.ways(
            _WAY_COLUMNS, _WAY_VALUES, asked=_ASKED_VALUES, n_asked=N_ASKED_KEYS, wanted=wanted
        ):
            roads.ids.append(ways.ids)
            roads.versions.append(ways.versions)
            roads.tags.append(roads.way_sets.add(ways.tags, block.strings))
            roads.n_refs.append(ways.n_refs)
            roads.refs.append(ways.refs)
            roads.where.append(ways.where)
            begin, end, ascend = ways.span.tolist()
            spans.append((begin, end, ascend))
        return spans

    @staticmethod
    def _add_relations(roads: Roads, block: Block) -> None:
        for table in block.relations(_RELATION_COLUMNS, _RELATION_VALUES):
            stop = np.cumsum(table.n_members)
            rows = zip(
                table.ids.tolist(), table.versions.tolist(), table.tags.tolist(), table.n_members.tolist(),
                stop.tolist(), strict=True,
            )  # fmt: skip
            for number, version, texts, count, end in rows:
                tags = {
                    key: block.strings[text].decode("utf-8", "replace")
                    for key, text in zip(RELATION_KEYS, texts, strict=True)
                    if text >= 0
                }
                if tags["type"] == "route" and tags.get("route") not in CARRIERS:
                    continue  # bus lines and the like have long lists of members
                span = slice(end - count, end)
                members = zip(
                    table.member_roles[span].tolist(), table.member_types[span].tolist(),
                    table.member_ids[span].tolist(), strict=True,
                )  # fmt: skip
                named = [
                    (
                        block.strings[role].decode("utf-8", "replace"),
                        "nwr"[kind] if 0 <= kind < 3 else "",
                        member,
                    )
                    for role, kind, member in members
                ]
                roads.add_relation(number, Relation(version, tags, named))


def _date(timestamp_s: int | None) -> str:
    if timestamp_s is None or not 0 < timestamp_s < 2**33:
        return ""
    return dt.datetime.fromtimestamp(timestamp_s, tz=dt.UTC).date().isoformat()
