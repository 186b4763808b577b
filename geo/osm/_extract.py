"""Read the roads of an OpenStreetMap file into arrays.

PBF files are decoded block by block with the kernels of `_pbf_blocks`, straight into arrays and
without an index of all the nodes' locations; XML files (plain, gzip, bzip2) are read with
pyosmium, object by object.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import osmium
from numpy.typing import NDArray
from tqdm import tqdm

from ..errors import DataFileError, InputError, InputTypeError
from . import _pbf_blocks as pbf_blocks
from ._pbf_blocks import Blob, Block, BlockError, Header, UnreadFormatError
from ._tags import FERRY, NODE_KEYS, RELATION_KEYS, ROAD_CLASSES, WAY_KEYS, read_restriction, read_road

PBF_SUFFIXES: Final = (".osm.pbf", ".pbf")
XML_SUFFIXES: Final = (".osm", ".osm.gz", ".osm.bz2", ".osm.xml")

_WAY_COLUMNS: Final = {key.encode(): column for column, key in enumerate(WAY_KEYS)}
_NODE_COLUMNS: Final = {key.encode(): column for column, key in enumerate(NODE_KEYS)}
_RELATION_COLUMNS: Final = {key.encode(): column for column, key in enumerate(RELATION_KEYS)}
_WAY_VALUES: Final = frozenset(value.encode() for value in (*ROAD_CLASSES, FERRY))
_RELATION_VALUES: Final = frozenset({b"restriction"})
_KNOWN_FEATURES: Final = frozenset({"OsmSchema-V0.6", "DenseNodes"})
_THREADS: Final = 2
_NO_TEXT: Final = -1


@dataclass(frozen=True, eq=False)
class Restrictions:
    """Turns that are forbidden, or the only ones allowed, at a node.

    Attributes
    ----------
    from_way, to_way, via_node : ndarray of int64, shape (k,)
        OSM's ids.
    only : ndarray of bool, shape (k,)
        Whether it is the only turn allowed, else it is forbidden.
    n_other : int
        How many restrictions on cars weren't read: over ways instead of a node, or incomplete.
    """

    from_way: NDArray[np.int64]
    to_way: NDArray[np.int64]
    via_node: NDArray[np.int64]
    only: NDArray[np.bool_]
    n_other: int = 0


@dataclass(frozen=True, eq=False)
class OsmExtract:
    """The roads of an OpenStreetMap file.

    Attributes
    ----------
    way_id : ndarray of int64, shape (w,)
    way_tags : ndarray of int32, shape (w,)
        Index into `way_tag_sets`.
    way_tag_sets : sequence of mappings
        The different sets of tags, by `WAY_KEYS`.
    way_offset : ndarray of int64, shape (w + 1,)
        Nodes of way ``i`` are ``way_nodes[way_offset[i]:way_offset[i + 1]]``.
    way_nodes : ndarray of int32
        Indices into the node arrays.
    node_id : ndarray of int64, shape (n,)
        Ascending.
    lon, lat : ndarray of float64, shape (n,)
        Degrees; NaN where the file lacks the node.
    tagged_node, tagged_node_tags : ndarray
        Nodes with tags that matter, and their index into `node_tag_sets`.
    node_tag_sets : sequence of mappings
    restrictions : Restrictions
    timestamp : str
        Date of the data where the file states it, else "".
    """

    way_id: NDArray[np.int64]
    way_tags: NDArray[np.int32]
    way_tag_sets: Sequence[Mapping[str, str]]
    way_offset: NDArray[np.int64]
    way_nodes: NDArray[np.int32]
    node_id: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    tagged_node: NDArray[np.int64]
    tagged_node_tags: NDArray[np.int32]
    node_tag_sets: Sequence[Mapping[str, str]]
    restrictions: Restrictions
    timestamp: str = ""


def read_extract(path: str | Path, *, progress: bool = False) -> OsmExtract:
    """Read the roads of a ``.osm.pbf`` or ``.osm`` file.

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
    if not name.endswith((*PBF_SUFFIXES, *XML_SUFFIXES)):
        raise InputError(
            f"'path' should end in {', '.join((*PBF_SUFFIXES, *XML_SUFFIXES))}, got {file.name!r}; "
            "download an extract (such as Geofabrik's) or convert the file with osmium"
        )
    if not file.is_file():
        raise DataFileError(f"there is no file {file}")
    try:
        if name.endswith(PBF_SUFFIXES):
            with file.open("rb") as stream:
                return _PbfReader(stream, progress=progress).read()
        return _read_xml(file, progress=progress)
    except UnreadFormatError as error:
        raise DataFileError(f"can't read {file}: {error}") from error
    except (BlockError, RuntimeError) as error:  # pyosmium raises plain RuntimeErrors
        raise DataFileError(f"can't read {file}: {error}; download it again") from error
    except OSError as error:
        raise DataFileError(f"can't read {file}: {error.strerror or error}") from error


class _Texts:
    """Numbers for strings, so that tags are rows of integers."""

    def __init__(self) -> None:
        self._number: dict[bytes, int] = {}
        self._texts: list[str] = []

    def number(self, text: bytes) -> int:
        number = self._number.setdefault(text, len(self._texts))
        if number == len(self._texts):
            self._texts.append(text.decode("utf-8", "replace"))
        return number

    def renumber(self, tags: NDArray[np.int32], strings: list[bytes]) -> NDArray[np.int32]:
        """Turn the numbers of a block's strings into the file's."""
        lookup = np.full(len(strings) + 1, _NO_TEXT, dtype=np.int32)  # the last stands for -1
        for used in np.unique(tags):
            if used >= 0:
                lookup[used] = self.number(strings[used])
        return lookup[tags]

    def sets(
        self, tags: NDArray[np.int32], keys: Sequence[str]
    ) -> tuple[NDArray[np.int32], list[dict[str, str]]]:
        """Return a number for each row, and the different rows as mappings."""
        rows, number = np.unique(tags, axis=0, return_inverse=True)
        mappings = [
            {key: self._texts[text] for key, text in zip(keys, row, strict=True) if text != _NO_TEXT}
            for row in rows.tolist()
        ]
        return number.reshape(-1).astype(np.int32), mappings


class _Roads:
    """Ways, tags of nodes and restrictions as they are read."""

    def __init__(self) -> None:
        self.texts = _Texts()
        self.way_ids: list[NDArray[np.int64]] = []
        self.way_tags: list[NDArray[np.int32]] = []
        self.n_refs: list[NDArray[np.int32]] = []
        self.refs: list[NDArray[np.int64]] = []
        self.restrictions: list[tuple[int, int, int, bool]] = []
        self.n_other_restrictions = 0
        self.tagged: list[NDArray[np.int64]] = []
        self.node_tags: list[NDArray[np.int32]] = []

    def add_restriction(self, tags: Mapping[str, str], members: Iterable[tuple[str, str, int]]) -> None:
        """Add a relation, whose members are (role, "n", "w" or "r", id)."""
        word = read_restriction(tags)
        if word is None:
            return
        by_role: dict[str, list[tuple[str, int]]] = {"from": [], "via": [], "to": []}
        for role, kind, member in members:
            if role in by_role:
                by_role[role].append((kind, member))
        via = by_role["via"]
        ways = by_role["from"] + by_role["to"]
        # no_entry has several "from", no_exit several "to"; anything else has one of each.
        if (
            len(via) != 1
            or via[0][0] != "n"
            or not (by_role["from"] and by_role["to"])
            or any(kind != "w" for kind, _ in ways)
            or (word == "only" and len(ways) != 2)
        ):
            self.n_other_restrictions += 1
            return
        self.restrictions += [
            (start, end, via[0][1], word == "only")
            for _, start in by_role["from"]
            for _, end in by_role["to"]
        ]

    def nodes(self) -> tuple[OsmExtract, NDArray[np.int64]]:
        """Gather the ways that cars may use and number their nodes; coordinates are to come."""
        ids = _joined(self.way_ids, np.int64)
        number, sets = self.texts.sets(_joined(self.way_tags, np.int32, len(WAY_KEYS)), WAY_KEYS)
        n_refs = _joined(self.n_refs, np.int32)
        usable = np.array([read_road(tags) is not None for tags in sets], dtype=bool)
        keep = usable[number] if len(sets) else np.zeros(0, dtype=bool)
        refs = _joined(self.refs, np.int64)
        self.refs.clear()
        refs = refs[np.repeat(keep, n_refs)]
        node_id = np.unique(refs)
        offset = np.zeros(int(keep.sum()) + 1, dtype=np.int64)
        np.cumsum(n_refs[keep], out=offset[1:])
        table = np.array(self.restrictions, dtype=np.int64).reshape(-1, 4)
        extract = OsmExtract(
            way_id=ids[keep],
            way_tags=number[keep],
            way_tag_sets=sets,
            way_offset=offset,
            way_nodes=np.searchsorted(node_id, refs).astype(np.int32),
            node_id=node_id,
            lon=np.full(len(node_id), np.nan),
            lat=np.full(len(node_id), np.nan),
            tagged_node=np.zeros(0, dtype=np.int64),
            tagged_node_tags=np.zeros(0, dtype=np.int32),
            node_tag_sets=[],
            restrictions=Restrictions(
                table[:, 0], table[:, 1], table[:, 2], table[:, 3] == 1, self.n_other_restrictions
            ),
        )
        return extract, node_id

    def finish(self, extract: OsmExtract, timestamp: str) -> OsmExtract:
        """Add the nodes' tags once all are read."""
        number, sets = self.texts.sets(_joined(self.node_tags, np.int32, len(NODE_KEYS)), NODE_KEYS)
        outside = ~((np.abs(extract.lon) <= 180) & (np.abs(extract.lat) <= 90))
        extract.lon[outside] = np.nan
        extract.lat[outside] = np.nan
        parts = {
            **extract.__dict__,
            "tagged_node": _joined(self.tagged, np.int64),
            "tagged_node_tags": number,
            "node_tag_sets": sets,
            "timestamp": timestamp,
        }
        return OsmExtract(**parts)


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
        roads = _Roads()
        with_nodes = blobs[:first]
        total = 2 * len(blobs)
        with tqdm(total=total, disable=not self._progress, desc="Reading OSM", unit="block") as bar:
            bar.update(first)
            for blob, block in self._blocks(blobs[first:]):
                self._add_ways(roads, block)
                if block.kinds & {pbf_blocks.NODES, pbf_blocks.DENSE_NODES}:
                    with_nodes.append(blob)
                bar.update()
            extract, ids = roads.nodes()
            for _, block in self._blocks(with_nodes):
                for where, tags in block.locate(_NODE_COLUMNS, ids, extract.lon, extract.lat):
                    roads.tagged.append(where)
                    roads.node_tags.append(roads.texts.renumber(tags, block.strings))
                bar.update()
            bar.update(total - bar.n)
        return roads.finish(extract, _date(header.timestamp_s))

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
    def _add_ways(roads: _Roads, block: Block) -> None:
        for ways in block.ways(_WAY_COLUMNS, _WAY_VALUES):
            roads.way_ids.append(ways.ids)
            roads.way_tags.append(roads.texts.renumber(ways.tags, block.strings))
            roads.n_refs.append(ways.n_refs)
            roads.refs.append(ways.refs)
        for table in block.relations(_RELATION_COLUMNS, _RELATION_VALUES):
            stop = np.cumsum(table.n_members)
            for tags, count, end in zip(table.tags.tolist(), table.n_members, stop, strict=True):
                span = slice(end - count, end)
                roads.add_restriction(
                    {
                        key: block.strings[text].decode("utf-8", "replace")
                        for key, text in zip(RELATION_KEYS, tags, strict=True)
                        if text >= 0
                    },
                    [
                        (block.strings[role].decode("utf-8", "replace"), "nwr"[kind] if 0 <= kind < 3 else "", member)
                        for role, kind, member in zip(
                            table.member_roles[span].tolist(),
                            table.member_types[span].tolist(),
                            table.member_ids[span].tolist(),
                            strict=True,
                        )
                    ],
                )  # fmt: skip


def _read_xml(path: Path, *, progress: bool) -> OsmExtract:
    roads = _Roads()
    number = roads.texts.number
    bar = tqdm(disable=not progress, desc="Reading OSM", unit=" objects")
    with bar:
        for entity in osmium.FileProcessor(str(path), osmium.osm.WAY | osmium.osm.RELATION):
            bar.update()
            tags = entity.tags
            if isinstance(entity, osmium.osm.Way):
                if tags.get("highway") in ROAD_CLASSES or tags.get("route") == FERRY:
                    row = [number(tags[k].encode()) if k in tags else _NO_TEXT for k in WAY_KEYS]
                    refs = np.array([node.ref for node in entity.nodes], dtype=np.int64)
                    roads.way_ids.append(np.array([entity.id], dtype=np.int64))
                    roads.way_tags.append(np.array([row], dtype=np.int32))
                    roads.n_refs.append(np.array([len(refs)], dtype=np.int32))
                    roads.refs.append(refs)
            elif isinstance(entity, osmium.osm.Relation) and tags.get("type") == "restriction":
                roads.add_restriction(dict(tags), [(m.role, m.type, m.ref) for m in entity.members])
        extract, ids = roads.nodes()
        processor = osmium.FileProcessor(str(path), osmium.osm.NODE)
        for node in processor:
            bar.update()
            at = int(np.searchsorted(ids, node.id))
            if not isinstance(node, osmium.osm.Node) or at == len(ids) or ids[at] != node.id:
                continue
            if not node.location.valid():
                continue
            extract.lon[at], extract.lat[at] = node.location.lon, node.location.lat
            tags = node.tags
            if len(tags):
                row = [number(tags[k].encode()) if k in tags else _NO_TEXT for k in NODE_KEYS]
                if max(row) >= 0:
                    roads.tagged.append(np.array([at], dtype=np.int64))
                    roads.node_tags.append(np.array([row], dtype=np.int32))
    stamp = processor.header.get("osmosis_replication_timestamp", "")
    return roads.finish(extract, stamp[:10])


def _joined(parts: Sequence[NDArray[Any]], dtype: type, width: int | None = None) -> NDArray[Any]:
    empty: NDArray[Any] = np.zeros(0 if width is None else (0, width), dtype=dtype)
    return np.concatenate([empty, *parts])


def _date(timestamp_s: int | None) -> str:
    if timestamp_s is None or not 0 < timestamp_s < 2**33:
        return ""
    return dt.datetime.fromtimestamp(timestamp_s, tz=dt.UTC).date().isoformat()
