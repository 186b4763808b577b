"""Read the roads of an OpenStreetMap file into arrays.

PBF files are decoded block by block with the kernels of `_pbf_kernels`, straight into arrays and
without an index of all the nodes' locations; XML and JSON object by object (`_objects`).
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..errors import DataFileError, InputError, InputTypeError
from ..sorting import distinct
from . import _pbf_blocks as pbf_blocks
from ._gathering import OsmExtract, Relation, Roads
from ._objects import ObjectReader
from ._pbf_blocks import (
    Blob,
    Block,
    BlockError,
    Header,
    RelationTable,
    UnreadFormatError,
    WaySpan,
    WayTable,
)
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
EXTRACT_SUFFIXES: Final = (*PBF_SUFFIXES, *XML_SUFFIXES, *JSON_SUFFIXES)

_WAY_COLUMNS: Final = {key.encode(): column for column, key in enumerate(WAY_KEYS)}
_NODE_COLUMNS: Final = {key.encode(): column for column, key in enumerate(NODE_KEYS)}
_RELATION_COLUMNS: Final = {key.encode(): column for column, key in enumerate(RELATION_KEYS)}
_WAY_VALUES: Final = frozenset(value.encode() for value in (*ROAD_CLASSES, *CARRIERS))
_ASKED_VALUES: Final = frozenset(value.encode() for value in ASKED_CLASSES)
_RELATION_VALUES: Final = frozenset(value.encode() for value in RELATION_TYPES)
_KNOWN_FEATURES: Final = frozenset({"OsmSchema-V0.6", "DenseNodes"})
_THREADS: Final = 2

_Seen = TypeVar("_Seen")


def read_extracts(
    paths: Sequence[str | Path], *, road_classes: Collection[str] | None = None, progress: bool = False
) -> OsmExtract:
    """Read the roads of ``.osm.pbf``, ``.osm`` or Overpass ``.json`` files as if they were one.

    What stands in several of them counts once: of each object the newest version, with all that any of the files
    knows of it. A way that one file cuts short is put together from its pieces.

    Parameters
    ----------
    paths : sequence of str or path
    road_classes : collection of str, optional
        Values of ``highway`` to read, beside ferries and car trains; all roads when left out.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    OsmExtract

    Raises
    ------
    InputTypeError, InputError
        If a path isn't one, or has another ending.
    DataFileError
        If a file is missing, damaged, cut short, or of a kind that isn't read.
    """
    files = [_require_file(path) for path in paths]
    roads = Roads(road_classes)
    with ExitStack() as opened:
        packed: list[tuple[Path, _PbfReader]] = []
        plain: list[tuple[Path, ObjectReader]] = []
        for file in files:
            with _naming(file):
                if file.name.lower().endswith(PBF_SUFFIXES):
                    stream = opened.enter_context(file.open("rb"))
                    reader = _PbfReader(stream, road_classes=road_classes, progress=progress)
                    reader.read_ways(roads)
                    packed.append((file, reader))
                else:
                    plain.append((file, _read_objects(file, roads, progress=progress)))
        wanted = _once_more([one for _, one in packed], [one for _, one in plain], roads)
        if wanted is not None:
            for file, reader in packed:
                with _naming(file):
                    reader.read_again(roads, wanted)
        for file, objects in plain:
            with _naming(file):
                objects.give_ways()
        extract, versions = roads.finish_ways()
        for file, reader in packed:
            with _naming(file):
                reader.read_nodes(roads, extract, versions)
        for _, objects in plain:
            objects.give_nodes(extract, versions)
    remarks = [objects.remark.strip() for _, objects in plain if objects.remark.strip()]
    days = [one.timestamp for _, one in packed] + [one.timestamp for _, one in plain]
    dates = sorted({*days} - {""})
    return roads.finish(
        extract,
        versions,
        timestamp=" to ".join(dict.fromkeys([*dates[:1], *dates[-1:]])),
        remark="; ".join(remarks),
    )


def _require_file(path: object) -> Path:
    """Return the path of a file that can be read, or raise."""
    if not isinstance(path, (str, Path)):
        raise InputTypeError(f"'path' should be the path of an .osm.pbf or .osm file, got {path!r}")
    file = Path(path)
    if not file.name.lower().endswith(EXTRACT_SUFFIXES):
        raise InputError(
            f"'path' should end in {', '.join(EXTRACT_SUFFIXES)}, got {file.name!r}; "
            "download an extract (such as Geofabrik's) or convert the file with osmium"
        )
    if not file.is_file():
        raise DataFileError(f"there is no file {file}")
    return file


@contextmanager
def _naming(file: Path) -> Iterator[None]:
    """Say in which file the fault is."""
    try:
        yield
    except UnreadFormatError as error:
        raise DataFileError(f"can't read {file}: {error}") from error
    except (BlockError, EOFError) as error:
        raise DataFileError(f"can't read {file}: {error}; download it again") from error
    except OSError as error:
        raise DataFileError(f"can't read {file}: {error.strerror or error}") from error


def _read_objects(file: Path, roads: Roads, *, progress: bool) -> ObjectReader:
    """Read an XML or JSON file."""
    reader = ObjectReader(roads, progress=progress)
    if file.name.lower().endswith(JSON_SUFFIXES):
        reader.read_json(file)
    else:
        reader.read_xml(file)
    return reader


def _once_more(
    packed: Sequence[_PbfReader], plain: Sequence[ObjectReader], roads: Roads
) -> NDArray[np.int64] | None:
    """Ids of ways to read once more: those of ferries without tags, or all versions of all roads; None if none.

    Where an id may stand twice, in one file or in files of different days, a way may have become something else in a
    newer version, which only a look at all ways of its id tells.
    """
    if not packed:
        return None
    days = {one.timestamp for one in packed} | {one.timestamp for one in plain}
    same_day = len(packed) + len(plain) == 1 or (len(days) == 1 and days != {""})
    wanted = roads.missing_ways()
    if not (same_day and all(one.ids_stand_once for one in packed)):
        wanted = distinct(np.concatenate([wanted, *roads.ids, *(one.way_ids for one in plain)]))
        roads.clear_ways()
    return wanted if len(wanted) else None


class _PbfReader:
    """Passes over a PBF file: its ways and relations, some ways again, then the nodes that these use."""

    def __init__(
        self, stream: BinaryIO, *, road_classes: Collection[str] | None = None, progress: bool
    ) -> None:
        self._stream = stream
        self._progress = progress
        self._values, self._asked = _WAY_VALUES, _ASKED_VALUES
        if road_classes is not None:
            self._values = frozenset(value.encode() for value in (*road_classes, *CARRIERS))
            self._asked &= self._values
        self._with_ways: list[tuple[Blob, list[WaySpan]]] = []
        self._with_nodes: list[Blob] = []
        self.timestamp = ""

    def read_ways(self, roads: Roads) -> None:
        """Add the file's roads and relations."""
        blobs = pbf_blocks.find_blobs(self._stream)
        header = Header.read(pbf_blocks.unpack(self._packed(blobs[0])))
        unknown = header.required - _KNOWN_FEATURES
        if unknown:
            raise UnreadFormatError(
                f"it needs {', '.join(sorted(unknown))}, which isn't read here; take a plain extract"
            )
        self.timestamp = _date(header.timestamp_s)
        blobs = blobs[1:]
        # Sorted files hold the nodes first: then each block needs unpacking only once.
        first = self._first_way(blobs) if "Sort.Type_then_ID" in header.optional else 0
        self._with_nodes = blobs[:first]
        with self._bar("roads", len(blobs) - first) as bar:
            for blob, (block, ways, relations) in self._blocks(blobs[first:], self._decode):
                spans = [table.span for table in ways]
                self._add_ways(roads, block, ways)
                self._add_relations(roads, block, relations)
                if spans:
                    self._with_ways.append((blob, spans))
                if block.kinds & {pbf_blocks.NODES, pbf_blocks.DENSE_NODES}:
                    self._with_nodes.append(blob)
                bar.update()

    @property
    def ids_stand_once(self) -> bool:
        """Whether no two of the file's ways can have the same id."""
        return pbf_blocks.lie_apart([span for _, spans in self._with_ways for span in spans])

    def read_again(self, roads: Roads, wanted: NDArray[np.int64]) -> None:
        """Add the ways with some ids (ascending), whatever their tags."""
        blobs = [blob for blob, spans in self._with_ways if any(span.may_hold(wanted) for span in spans)]
        for _, (block, ways) in self._blocks(blobs, lambda block: (block, self._ways(block, wanted))):
            self._add_ways(roads, block, ways)

    def read_nodes(self, roads: Roads, extract: OsmExtract, versions: NDArray[np.int32]) -> None:
        """Fill in where the extract's nodes lie, and what stands on them."""
        with self._bar("nodes", len(self._with_nodes)) as bar:
            for _, block in self._blocks(self._with_nodes, Block.opened):
                for where, tags in block.locate(
                    _NODE_COLUMNS, extract.node_id, versions, extract.lon, extract.lat
                ):
                    roads.tagged.append(where)
                    roads.node_tags.append(roads.node_sets.add(tags, block.strings))
                bar.update()

    def _bar(self, what: str, total: int) -> Any:
        return tqdm(total=total, disable=not self._progress, desc=f"Reading OSM {what}", unit="block")

    def _packed(self, blob: Blob) -> bytes:
        self._stream.seek(blob.start)
        return self._stream.read(blob.size)

    def _blocks(self, blobs: Iterable[Blob], look: Callable[[Block], _Seen]) -> Iterator[tuple[Blob, _Seen]]:
        """Unpack blocks and look at them in other threads, a few ahead."""

        def work(packed: bytes) -> _Seen:
            return look(Block(pbf_blocks.unpack(packed)))

        with ThreadPoolExecutor(_THREADS) as pool:
            waiting: deque[tuple[Blob, Future[_Seen]]] = deque()
            try:
                for blob in blobs:
                    waiting.append((blob, pool.submit(work, self._packed(blob))))
                    if len(waiting) > 2 * _THREADS:
                        done, future = waiting.popleft()
                        yield done, future.result()
                while waiting:
                    done, future = waiting.popleft()
                    yield done, future.result()
            finally:
                pool.shutdown(cancel_futures=True)

    def _decode(self, block: Block) -> tuple[Block, list[WayTable], list[RelationTable]]:
        """Read a block's roads and relations."""
        return block, self._ways(block), list(block.relations(_RELATION_COLUMNS, _RELATION_VALUES))

    def _ways(self, block: Block, wanted: NDArray[np.int64] | None = None) -> list[WayTable]:
        return list(
            block.ways(_WAY_COLUMNS, self._values, asked=self._asked, n_asked=N_ASKED_KEYS, wanted=wanted)
        )

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
    def _add_ways(roads: Roads, block: Block, tables: Iterable[WayTable]) -> None:
        for ways in tables:
            roads.ids.append(ways.ids)
            roads.versions.append(ways.versions)
            roads.tags.append(roads.way_sets.add(ways.tags, block.strings))
            roads.n_refs.append(ways.n_refs)
            roads.refs.append(ways.refs)
            roads.where.append(ways.where)

    @staticmethod
    def _add_relations(roads: Roads, block: Block, tables: Iterable[RelationTable]) -> None:
        for table in tables:
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
