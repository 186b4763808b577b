"""Read the roads of an OpenStreetMap file into arrays.

PBF files are decoded block by block with the kernels of `_pbf_blocks`, straight into arrays and
without an index of all the nodes' locations; XML files (plain, gzip, bzip2) and Overpass's JSON
object by object. Of an object that stands in a file several times the newest counts; one that is
marked as deleted doesn't.
"""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import json
import logging
from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, NamedTuple
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..errors import DataFileError, InputError, InputTypeError
from . import _pbf_blocks as pbf_blocks
from ._pbf_blocks import Blob, Block, BlockError, Header, UnreadFormatError
from ._tags import (
    ASKED_CLASSES,
    CARRIERS,
    N_ASKED_KEYS,
    NODE_KEYS,
    RELATION_KEYS,
    ROAD_CLASSES,
    WAY_KEYS,
    is_conditional,
    parse_duration,
    read_restriction,
    read_road,
    takes_cars,
)

logger = logging.getLogger(__name__)

PBF_SUFFIXES: Final = (".osm.pbf", ".pbf")
XML_SUFFIXES: Final = (".osm", ".osm.gz", ".osm.bz2", ".osm.xml")
JSON_SUFFIXES: Final = (".json", ".osm.json")

_WAY_COLUMNS: Final = {key.encode(): column for column, key in enumerate(WAY_KEYS)}
_NODE_COLUMNS: Final = {key.encode(): column for column, key in enumerate(NODE_KEYS)}
_RELATION_COLUMNS: Final = {key.encode(): column for column, key in enumerate(RELATION_KEYS)}
_WAY_VALUES: Final = frozenset(value.encode() for value in (*ROAD_CLASSES, *CARRIERS))
_ASKED_VALUES: Final = frozenset(value.encode() for value in ASKED_CLASSES)
_RELATION_TYPES: Final = frozenset({"restriction", "route"})
_RELATION_VALUES: Final = frozenset(value.encode() for value in _RELATION_TYPES)
_ASKED_KEYS: Final = WAY_KEYS[2 : 2 + N_ASKED_KEYS]
#: Keys of a ferry's relation that speak for its ways.
_CARRIER_KEYS: Final = tuple(
    key for key in RELATION_KEYS if key in {"motorcar", "motor_vehicle", "vehicle", "access", "ferry"}
)
#: Members of a ferry's relation that aren't its course.
_NO_COURSE: Final = ("platform", "stop", "inner", "outer", "terminal", "harbour")
_KNOWN_FEATURES: Final = frozenset({"OsmSchema-V0.6", "DenseNodes"})
_THREADS: Final = 2
_NO_TEXT: Final = -1


class Rule(NamedTuple):
    """A turn that is forbidden, or the only one allowed, by OSM's ids.

    `via_ways` is empty where the turn is at `via_node`.
    """

    from_way: int
    to_way: int
    via_node: int
    via_ways: tuple[int, ...]
    only: bool


@dataclass(frozen=True, eq=False)
class Restrictions:
    """Restrictions of turns.

    Attributes
    ----------
    rules : sequence of Rule
    n_incomplete : int
        How many that bind cars lack a member, or have one too many.
    n_conditional : int
        How many bind at some hours or some vehicles alone.
    """

    rules: Sequence[Rule] = ()
    n_incomplete: int = 0
    n_conditional: int = 0


class Crossing(NamedTuple):
    """Ways of a ferry or car train whose duration is told for all of them: rows and seconds."""

    ways: tuple[int, ...]
    duration_s: float


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
    crossings : sequence of Crossing
    n_conditional : int
        Roads whose access or direction differs at some hours or for some vehicles.
    n_located_by_ways : int
        Nodes whose place the ways tell: such files lack what stands on these nodes.
    timestamp : str
        Date of the data where the file states it, else "".
    remark : str
        What the server had to say, else "".
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
    restrictions: Restrictions = field(default_factory=Restrictions)
    crossings: Sequence[Crossing] = ()
    n_conditional: int = 0
    n_located_by_ways: int = 0
    timestamp: str = ""
    remark: str = ""


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
            return _ObjectReader(progress=progress).read_json(file)
        return _ObjectReader(progress=progress).read_xml(file)
    except UnreadFormatError as error:
        raise DataFileError(f"can't read {file}: {error}") from error
    except (BlockError, EOFError) as error:
        raise DataFileError(f"can't read {file}: {error}; download it again") from error
    except OSError as error:
        raise DataFileError(f"can't read {file}: {error.strerror or error}") from error


class _TagSets:
    """Numbers for different sets of tags, which are rows of numbers of texts."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = keys
        self._columns = frozenset(keys)
        self._nothing = (_NO_TEXT,) * len(keys)
        self._text_number: dict[bytes, int] = {}
        self._texts: list[str] = []
        self._set_number: dict[tuple[int, ...], int] = {}
        self.sets: list[dict[str, str]] = []
        #: Odd numbers that mix a row into one, so that equal rows are found by sorting one column.
        self._mix = np.random.default_rng(1).integers(1, 2**63, len(keys), dtype=np.uint64) | np.uint64(1)

    def _number(self, text: bytes) -> int:
        number = self._text_number.setdefault(text, len(self._texts))
        if number == len(self._texts):
            self._texts.append(text.decode("utf-8", "replace"))
        return number

    def add(self, tags: NDArray[np.int32], strings: list[bytes]) -> NDArray[np.int32]:
        """Return the number of each row's set; rows number a block's strings."""
        if not len(tags):
            return np.zeros(0, dtype=np.int32)
        used = np.zeros(len(strings) + 1, dtype=bool)  # the last stands for -1
        used[tags] = True
        lookup = np.full(len(strings) + 1, _NO_TEXT, dtype=np.int32)
        for text in np.flatnonzero(used[:-1]).tolist():
            lookup[text] = self._number(strings[text])
        rows = lookup[tags]
        mixed = ((rows + 1).astype(np.uint64) * self._mix).sum(axis=1)
        _, first, number = np.unique(mixed, return_index=True, return_inverse=True)
        number = number.reshape(-1)
        if not np.array_equal(rows[first[number]], rows):  # two rows mixed into one number
            _, first, number = np.unique(rows, axis=0, return_index=True, return_inverse=True)
            number = number.reshape(-1)
        known = [self._set(row) for row in map(tuple, rows[first].tolist())]
        return np.array(known, dtype=np.int32)[number]

    def add_one(self, tags: Mapping[str, str]) -> int:
        """Return the number of a set; of the tags those count that matter."""
        if self._columns.isdisjoint(tags):
            return self._set(self._nothing)
        return self._set(tuple(self._number(tags[k].encode()) if k in tags else _NO_TEXT for k in self._keys))

    def _set(self, row: tuple[int, ...]) -> int:
        number = self._set_number.setdefault(row, len(self.sets))
        if number == len(self.sets):
            self.sets.append(
                {k: self._texts[text] for k, text in zip(self._keys, row, strict=True) if text != _NO_TEXT}
            )
        return number


class _Relation(NamedTuple):
    """A restriction or a route; members are (role, "n", "w" or "r", id)."""

    version: int
    tags: Mapping[str, str]
    members: list[tuple[str, str, int]]


class _Roads:
    """Ways and relations as they are read.

    Versions below zero are those of deleted objects.
    """

    def __init__(self) -> None:
        self.way_sets = _TagSets(WAY_KEYS)
        self.node_sets = _TagSets(NODE_KEYS)
        self.ids: list[NDArray[np.int64]] = []
        self.versions: list[NDArray[np.int32]] = []
        self.tags: list[NDArray[np.int32]] = []
        self.n_refs: list[NDArray[np.int32]] = []
        self.refs: list[NDArray[np.int64]] = []
        self.where: list[NDArray[np.float64]] = []
        self.relations: dict[int, _Relation] = {}
        self.tagged: list[NDArray[np.int64]] = []
        self.node_tags: list[NDArray[np.int32]] = []

    def add_relation(self, number: int, relation: _Relation) -> None:
        """Add a relation, or put a newer version in an older one's place."""
        known = self.relations.get(number)
        if known is None or abs(relation.version) >= abs(known.version):
            self.relations[number] = relation

    def _current(self) -> Iterator[_Relation]:
        return (relation for relation in self.relations.values() if relation.version >= 0)

    def carriers(self) -> list[tuple[Mapping[str, str], list[int]]]:
        """Tags and ways of the relations of ferries and car trains that take cars."""
        found = []
        for relation in self._current():
            if takes_cars(relation.tags):
                course = [
                    way
                    for role, kind, way in relation.members
                    if kind == "w" and not role.strip().lower().startswith(_NO_COURSE)
                ]
                found.append((relation.tags, course))
        return found

    def restrictions(self) -> Restrictions:
        """Rules of the relations that bind cars."""
        rules: list[Rule] = []
        n_incomplete = n_conditional = 0
        for relation in self._current():
            if relation.tags.get("type") != "restriction":
                continue
            says = read_restriction(relation.tags)
            n_conditional += says.conditional
            if says.word:
                found = _rules(relation.members, only=says.word == "only", several=says.several)
                n_incomplete += not found
                rules += found
        return Restrictions(rules, n_incomplete, n_conditional)

    def missing_ways(self) -> NDArray[np.int64]:
        """Ids of ways that a ferry's relation names and that haven't been read."""
        named = [way for _, course in self.carriers() for way in course]
        return np.setdiff1d(np.array(named, dtype=np.int64), _joined(self.ids, np.int64))

    def finish_ways(self) -> tuple[OsmExtract, NDArray[np.int32]]:
        """Gather the ways that cars may use and number their nodes, whose places may be to come.

        The second value is -1 for each node, the version of its place.
        """
        ids, versions = _joined(self.ids, np.int64), _joined(self.versions, np.int32)
        tags, n_refs = _joined(self.tags, np.int32), _joined(self.n_refs, np.int32)
        refs = _joined(self.refs, np.int64)
        where = self._places(len(refs))
        keep = self._newest(ids, versions, tags)
        tags, crossings = self._carry(ids, tags, keep)
        sets = self.way_sets.sets
        usable = np.array([read_road(each) is not None for each in sets], dtype=bool)
        keep &= usable[tags] if len(sets) else keep
        rows = np.full(len(ids), -1)
        rows[keep] = np.arange(int(keep.sum()))
        used = np.repeat(keep, n_refs)
        refs = refs[used]
        for parts in (self.ids, self.versions, self.tags, self.n_refs, self.refs, self.where):
            parts.clear()
        node_id = np.unique(refs)
        offset = np.zeros(int(keep.sum()) + 1, dtype=np.int64)
        np.cumsum(n_refs[keep], out=offset[1:])
        nodes = np.searchsorted(node_id, refs).astype(np.int32)
        lon, lat = np.full(len(node_id), np.nan), np.full(len(node_id), np.nan)
        if where is not None:
            told = np.isfinite(where[used, 0])
            lon[nodes[told]], lat[nodes[told]] = where[used][told].T
        conditional = np.array([is_conditional(each) for each in sets], dtype=bool)
        extract = OsmExtract(
            way_id=ids[keep],
            way_tags=tags[keep],
            way_tag_sets=sets,
            way_offset=offset,
            way_nodes=nodes,
            node_id=node_id,
            lon=lon,
            lat=lat,
            tagged_node=np.zeros(0, dtype=np.int64),
            tagged_node_tags=np.zeros(0, dtype=np.int32),
            node_tag_sets=[],
            restrictions=self.restrictions(),
            crossings=[
                Crossing(tuple(int(rows[way]) for way in each.ways if rows[way] >= 0), each.duration_s)
                for each in crossings
            ],
            n_conditional=int(np.count_nonzero(conditional[tags[keep]])) if len(sets) else 0,
        )
        return extract, np.full(len(node_id), -1, dtype=np.int32)

    def _places(self, n_refs: int) -> NDArray[np.float64] | None:
        """Places of the nodes in `refs` where any way carries them."""
        if not any(len(part) for part in self.where):
            return None
        places = np.full((n_refs, 2), np.nan)
        at = 0
        for part, refs in zip(self.where, self.refs, strict=True):
            if len(part):
                places[at : at + len(part)] = part
            at += len(refs)
        return places

    def _newest(
        self, ids: NDArray[np.int64], versions: NDArray[np.int32], tags: NDArray[np.int32]
    ) -> NDArray[np.bool_]:
        """Which ways count: of one id the newest version; of equal ones that with most tags, then the last."""
        keep = np.ones(len(ids), dtype=bool)
        if len(np.unique(ids)) < len(ids):
            n_tags = np.array([len(each) for each in self.way_sets.sets])[tags]
            order = np.lexsort((np.arange(len(ids)), n_tags, np.abs(versions), ids))
            keep[order[:-1]] = ids[order[1:]] != ids[order[:-1]]
        return keep & (versions >= 0)

    def _carry(
        self, ids: NDArray[np.int64], tags: NDArray[np.int32], keep: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int32], list[Crossing]]:
        """Give the ways of ferries and car trains the tags of their relations, where they lack them."""
        carriers = self.carriers()
        if not carriers:
            return tags, []
        tags = tags.copy()
        row_of = dict(zip(ids[keep].tolist(), np.flatnonzero(keep).tolist(), strict=True))
        crossings = []
        for relation, course in carriers:
            timed = []
            for row in (row_of[way] for way in course if way in row_of):
                own = self.way_sets.sets[tags[row]]
                if "highway" in own:
                    continue
                said = any(key in own for key in (*_ASKED_KEYS, "access"))
                given = {key: relation[key] for key in _CARRIER_KEYS if key in relation and not said}
                tags[row] = self.way_sets.add_one({"route": relation["route"], **given, **own})
                if not np.isfinite(parse_duration(own.get("duration", ""))):
                    timed.append(row)
            seconds = parse_duration(relation.get("duration", ""))
            if timed and np.isfinite(seconds):
                crossings.append(Crossing(tuple(timed), seconds))
        return tags, crossings

    def finish(
        self, extract: OsmExtract, versions: NDArray[np.int32], *, timestamp: str, remark: str = ""
    ) -> OsmExtract:
        """Add the nodes' tags once all are read."""
        outside = ~((np.abs(extract.lon) <= 180) & (np.abs(extract.lat) <= 90))
        extract.lon[outside] = np.nan
        extract.lat[outside] = np.nan
        nodes, tags = _joined(self.tagged, np.int64), _joined(self.node_tags, np.int32)
        # Where a node came again, what came last counts.
        _, last = np.unique(nodes[::-1], return_index=True)
        last = len(nodes) - 1 - last
        return replace(
            extract,
            tagged_node=nodes[last],
            tagged_node_tags=tags[last],
            node_tag_sets=self.node_sets.sets,
            n_located_by_ways=int(np.count_nonzero(~outside & (versions < 0))),
            timestamp=timestamp,
            remark=remark,
        )


def _rules(members: Iterable[tuple[str, str, int]], *, only: bool, several: str) -> list[Rule]:
    """Rules of a relation's members; none where they are incomplete or too many."""
    by_role: dict[str, dict[tuple[str, int], None]] = {"from": {}, "via": {}, "to": {}}
    for written, kind, member in members:
        role = written.strip().lower()
        if role in by_role:
            by_role[role][kind, member] = None  # one that is named twice counts once
    starts, via, ends = (list(by_role[role]) for role in ("from", "via", "to"))
    kinds = {kind for kind, _ in via}
    sound = (
        bool(starts and ends)
        and all(kind == "w" for kind, _ in (*starts, *ends))
        and (kinds == {"w"} or (kinds == {"n"} and len(via) == 1))
        and (len(starts) == 1 or several == "from")
        and (len(ends) == 1 or several == "to")
    )
    if not sound:
        return []
    node = via[0][1] if kinds == {"n"} else 0
    ways = tuple(way for _, way in via) if kinds == {"w"} else ()
    return [Rule(start, end, node, ways, only) for _, start in starts for _, end in ends]


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

    def _complete(self, roads: _Roads, with_ways: list[Blob], *, in_order: bool) -> None:
        """Read ways once more by their ids: those of ferries without tags, or all versions of all roads.

        Ids that ascend stand once. Where they don't, a way may have become something else in a newer
        version, which only a look at all ways of its id tells.
        """
        wanted = roads.missing_ways()
        if not in_order:
            wanted = np.union1d(wanted, _joined(roads.ids, np.int64))
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
        roads: _Roads, block: Block, wanted: NDArray[np.int64] | None = None
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
    def _add_relations(roads: _Roads, block: Block) -> None:
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
                roads.add_relation(number, _Relation(version, tags, named))


class _ObjectReader:
    """XML and JSON, object by object in one pass: what the roads' nodes are is known at the end."""

    def __init__(self, *, progress: bool) -> None:
        self._roads = _Roads()
        self._bar = tqdm(disable=not progress, desc="Reading OSM", unit=" objects")
        self._node_id, self._lon, self._lat = array("q"), array("d"), array("d")
        self._node_version = array("q")
        self._node_set = array("q")  # -1 without tags that matter
        self._way_id, self._way_version, self._way_set = array("q"), array("q"), array("q")
        self._n_refs, self._refs, self._where = array("q"), array("q"), array("d")
        self._located = False
        self.timestamp = ""
        self.remark = ""

    def add_node(self, number: int, version: int, lon: float, lat: float, tags: Mapping[str, str]) -> None:
        self._bar.update()
        self._node_id.append(number)
        self._node_version.append(version)
        self._lon.append(lon)
        self._lat.append(lat)
        matters = any(key in tags for key in NODE_KEYS)
        self._node_set.append(self._roads.node_sets.add_one(tags) if matters else -1)

    def add_way(
        self,
        number: int,
        version: int,
        refs: Sequence[int],
        where: Sequence[tuple[float, float]],
        tags: Mapping[str, str],
    ) -> None:
        """Add a way with the (lon, lat) of its nodes, or none of them."""
        self._bar.update()
        self._way_id.append(number)
        self._way_version.append(version)
        self._way_set.append(self._roads.way_sets.add_one(tags))
        self._n_refs.append(len(refs))
        self._refs.extend(refs)
        for place in where or [(np.nan, np.nan)] * len(refs):
            self._where.extend(place)
            self._located = self._located or place[0] == place[0]

    def add_relation(
        self, number: int, version: int, tags: Mapping[str, str], members: list[tuple[str, str, int]]
    ) -> None:
        self._bar.update()
        if tags.get("type") in _RELATION_TYPES:
            self._roads.add_relation(number, _Relation(version, tags, members))

    def read_xml(self, path: Path) -> OsmExtract:
        opened: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open}
        with self._bar, opened.get(path.suffix.lower(), open)(path, "rb") as stream:
            _XmlParser(self).parse(stream)
        return self._finish()

    def read_json(self, path: Path) -> OsmExtract:
        try:
            answer = json.loads(path.read_bytes())
        except ValueError as error:
            raise BlockError(f"it isn't JSON, or cut short ({error})") from error
        elements = answer.get("elements") if isinstance(answer, dict) else None
        if not isinstance(elements, list):
            raise UnreadFormatError(
                "it isn't an answer of Overpass in JSON, which has 'elements'; GeoJSON and the like have lost "
                "what joins roads"
            )
        self.remark = str(answer.get("remark", ""))
        base = answer.get("osm3s")
        self.timestamp = str(base.get("timestamp_osm_base", "")) if isinstance(base, dict) else ""
        with self._bar:
            try:
                for element in elements:
                    self._add_element(element)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise BlockError(f"an element of it is damaged ({error!r})") from error
        return self._finish()

    def _add_element(self, element: Mapping[str, Any]) -> None:
        number, version = int(element["id"]), int(element.get("version", 0))
        tags = {str(key): str(value) for key, value in element.get("tags", {}).items()}
        if element.get("visible") is False:
            version = -max(version, 1)
        kind = element["type"]
        if kind == "node":
            self.add_node(
                number, version, float(element.get("lon", "nan")), float(element.get("lat", "nan")), tags
            )
        elif kind == "way":
            shape = [
                (float(point["lon"]), float(point["lat"])) if point else (np.nan, np.nan)
                for point in element.get("geometry", [])
            ]
            refs = [int(ref) for ref in element.get("nodes", [])]
            if shape and len(refs) != len(shape):
                raise UnreadFormatError(_WITHOUT_NODES)
            self.add_way(number, version, refs, shape, tags)
        elif kind == "relation":
            members = [
                (str(member.get("role", "")), str(member["type"])[:1], int(member["ref"]))
                for member in element.get("members", [])
            ]
            self.add_relation(number, version, tags, members)

    def _finish(self) -> OsmExtract:
        if "error" in self.remark.lower():
            raise UnreadFormatError(
                f"the server says that it cut the answer short: {self.remark.strip()!r}; ask again with a longer "
                "[timeout:] or [maxsize:], or for a smaller area"
            )
        if self.remark:
            logger.warning("remark of the server: %s", self.remark.strip())
        roads = self._roads
        roads.ids.append(np.frombuffer(self._way_id, dtype=np.int64))
        way_version = np.frombuffer(self._way_version, dtype=np.int64)
        roads.versions.append(np.clip(way_version, -(2**31), 2**31 - 1).astype(np.int32))
        roads.tags.append(np.frombuffer(self._way_set, dtype=np.int64).astype(np.int32))
        roads.n_refs.append(np.frombuffer(self._n_refs, dtype=np.int64).astype(np.int32))
        roads.refs.append(np.frombuffer(self._refs, dtype=np.int64))
        places = np.frombuffer(self._where).reshape(-1, 2)
        roads.where.append(places if self._located else places[:0])
        extract, versions = roads.finish_ways()
        ids = np.frombuffer(self._node_id, dtype=np.int64)
        own = np.frombuffer(self._node_version, dtype=np.int64)
        sets = np.frombuffer(self._node_set, dtype=np.int64)
        # Newer versions last, of equal ones the later: what is written last stays.
        order = np.lexsort((np.arange(len(ids)), np.abs(own), ids))
        at = np.minimum(np.searchsorted(extract.node_id, ids[order]), max(len(extract.node_id) - 1, 0))
        if len(extract.node_id):
            used = extract.node_id[at] == ids[order]
            order, at = order[used], at[used]
            gone = own[order] < 0
            extract.lon[at] = np.where(gone, np.nan, np.frombuffer(self._lon)[order])
            extract.lat[at] = np.where(gone, np.nan, np.frombuffer(self._lat)[order])
            versions[at] = np.minimum(np.abs(own[order]), 2**31 - 1)
            last = np.append(at[1:] != at[:-1], True)[: len(at)]
            tagged = last & (sets[order] >= 0) & ~gone
            roads.tagged.append(at[tagged])
            roads.node_tags.append(sets[order][tagged].astype(np.int32))
        return roads.finish(extract, versions, timestamp=self.timestamp[:10], remark=self.remark.strip())


_WITHOUT_NODES: Final = (
    "its ways have positions but not the numbers of their nodes, which tell where roads meet; ask Overpass for "
    "'out body geom' (or 'out body; >; out skel qt;')"
)


class _XmlParser:
    """OpenStreetMap's XML, also as Overpass and editors write it."""

    def __init__(self, reader: _ObjectReader) -> None:
        self._reader = reader
        self._root = ""
        self._kind = ""
        self._number = self._version = 0
        self._place = (np.nan, np.nan)
        self._tags: dict[str, str] = {}
        self._refs: list[int] = []
        self._where: list[tuple[float, float]] = []
        self._members: list[tuple[str, str, int]] = []
        self._remark: list[str] | None = None

    def parse(self, stream: IO[bytes]) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        try:
            parser.ParseFile(stream)
        except expat.ExpatError as error:
            raise BlockError(f"it isn't XML, or cut short ({error})") from error
        except (KeyError, ValueError, OverflowError) as error:
            raise BlockError(
                f"an object at line {parser.CurrentLineNumber:,} is damaged ({error!r})"
            ) from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "nd":
            self._nd(attributes)
        elif name == "tag":
            if self._kind:
                self._tags[attributes["k"]] = attributes["v"]
        elif name in {"node", "way", "relation"}:
            self._open(name, attributes)
        elif name == "member":
            self._members.append((attributes.get("role", ""), attributes["type"][:1], int(attributes["ref"])))
        elif not self._root:
            self._root = name
            if name != "osm":
                raise UnreadFormatError(f"it is XML of another kind: <{name}> instead of <osm>")
            self._reader.timestamp = attributes.get("osmosis_replication_timestamp", "")
        elif name == "meta":
            self._reader.timestamp = attributes.get("osm_base", self._reader.timestamp)
        elif name == "remark":
            self._remark = []

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        self._kind = name
        self._number = int(attributes["id"])
        self._version = int(attributes.get("version", 0))
        if attributes.get("visible") == "false" or attributes.get("action") == "delete":
            self._version = -max(self._version, 1)
        self._place = (float(attributes.get("lon", "nan")), float(attributes.get("lat", "nan")))
        self._tags, self._refs, self._where, self._members = {}, [], [], []

    def _nd(self, attributes: dict[str, str]) -> None:
        if self._kind != "way":
            return  # shapes of members
        if "ref" not in attributes:
            raise UnreadFormatError(_WITHOUT_NODES)
        self._refs.append(int(attributes["ref"]))
        self._where.append((float(attributes.get("lon", "nan")), float(attributes.get("lat", "nan"))))

    def _end(self, name: str) -> None:
        if name == "remark" and self._remark is not None:
            self._reader.remark = "".join(self._remark)
            self._remark = None
        if name != self._kind:
            return
        self._kind = ""
        if name == "node":
            self._reader.add_node(self._number, self._version, *self._place, self._tags)
        elif name == "way":
            self._reader.add_way(self._number, self._version, self._refs, self._where, self._tags)
        else:
            self._reader.add_relation(self._number, self._version, self._tags, self._members)

    def _text(self, text: str) -> None:
        if self._remark is not None:
            self._remark.append(text)


def _joined(parts: Sequence[NDArray[Any]], dtype: type, width: int | None = None) -> NDArray[Any]:
    empty: NDArray[Any] = np.zeros(0 if width is None else (0, width), dtype=dtype)
    return np.concatenate([empty, *parts])


def _date(timestamp_s: int | None) -> str:
    if timestamp_s is None or not 0 < timestamp_s < 2**33:
        return ""
    return dt.datetime.fromtimestamp(timestamp_s, tz=dt.UTC).date().isoformat()
