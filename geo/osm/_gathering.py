"""Ways, nodes' tags and relations of an OpenStreetMap file, gathered as they are read.

Of an object that stands in a file several times the newest counts; one that is marked as deleted doesn't.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..sorting import distinct
from ._cut_ways import cut_ways
from ._pbf_strings import Strings
from ._tags import (
    CARRIERS,
    N_ASKED_KEYS,
    NODE_KEYS,
    RELATION_KEYS,
    WAY_KEYS,
    is_conditional,
    parse_duration,
    read_restriction,
    read_road,
    takes_cars,
)

_ASKED_KEYS: Final = WAY_KEYS[2 : 2 + N_ASKED_KEYS]
#: Keys of a ferry's relation that speak for its ways.
_CARRIER_KEYS: Final = tuple(
    key for key in RELATION_KEYS if key in {"motorcar", "motor_vehicle", "vehicle", "access", "ferry"}
)
#: Members of a ferry's relation that aren't its course.
_NO_COURSE: Final = ("platform", "stop", "inner", "outer", "terminal", "harbour")
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


class TagSets:
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

    def add(self, tags: NDArray[np.int32], strings: Strings) -> NDArray[np.int32]:
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


class Relation(NamedTuple):
    """A restriction or a route; members are (role, "n", "w" or "r", id)."""

    version: int
    tags: Mapping[str, str]
    members: list[tuple[str, str, int]]


class Roads:
    """Ways and relations as they are read, from one file or several.

    Versions below zero are those of deleted objects.

    Parameters
    ----------
    road_classes : collection of str, optional
        Classes of roads that stay, beside ferries and car trains; all when left out.
    """

    def __init__(self, road_classes: Collection[str] | None = None) -> None:
        self._road_classes = None if road_classes is None else {*road_classes, *CARRIERS}
        self.way_sets = TagSets(WAY_KEYS)
        self.node_sets = TagSets(NODE_KEYS)
        self.ids: list[NDArray[np.int64]] = []
        self.versions: list[NDArray[np.int32]] = []
        self.tags: list[NDArray[np.int32]] = []
        self.n_refs: list[NDArray[np.int32]] = []
        self.refs: list[NDArray[np.int64]] = []
        self.where: list[NDArray[np.float64]] = []
        self.relations: dict[int, Relation] = {}
        self.tagged: list[NDArray[np.int64]] = []
        self.node_tags: list[NDArray[np.int32]] = []

    def clear_ways(self) -> None:
        """Forget the ways that were added."""
        for parts in (self.ids, self.versions, self.tags, self.n_refs, self.refs, self.where):
            parts.clear()

    def add_relation(self, number: int, relation: Relation) -> None:
        """Add a relation, or put a newer version in an older one's place."""
        known = self.relations.get(number)
        if known is None or abs(relation.version) >= abs(known.version):
            self.relations[number] = relation

    def _current(self) -> Iterator[Relation]:
        return (relation for _, relation in sorted(self.relations.items()) if relation.version >= 0)

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
        return np.setdiff1d(np.array(named, dtype=np.int64), joined(self.ids, np.int64))

    def finish_ways(self) -> tuple[OsmExtract, NDArray[np.int32]]:
        """Gather the ways that cars may use and number their nodes, whose places may be to come.

        The second value is -1 for each node, the version of its place.
        """
        ids, versions = joined(self.ids, np.int64), joined(self.versions, np.int32)
        tags, n_refs = joined(self.tags, np.int32), joined(self.n_refs, np.int32)
        refs = joined(self.refs, np.int64)
        where = self._places(len(refs))
        keep = self._newest(ids, versions, tags)
        pieces = cut_ways(ids, versions, tags, n_refs, refs, keep)
        if len(pieces.rows):  # put together, they stand behind all others
            ids, versions, tags = (np.append(a, a[pieces.rows]) for a in (ids, versions, tags))
            keep = np.append(keep & ~pieces.replaced, np.ones(len(pieces.rows), dtype=bool))
            n_refs = np.append(n_refs, pieces.sizes)
            where = None if where is None else np.concatenate([where, where[pieces.positions]])
            refs = np.append(refs, refs[pieces.positions])
        if (np.diff(ids[keep]) < 0).any():  # the same network in whatever order files and ways come
            order = np.argsort(ids, kind="stable")
            begin = (np.cumsum(n_refs) - n_refs)[order]
            sizes = n_refs[order].astype(np.int64)
            along = np.arange(sizes.sum()) + np.repeat(begin - np.cumsum(sizes) + sizes, sizes)
            ids, tags, n_refs, keep = ids[order], tags[order], n_refs[order], keep[order]
            refs, where = refs[along], None if where is None else where[along]
        tags, crossings = self._carry(ids, tags, keep)
        sets = self.way_sets.sets
        usable = np.array([self._is_used(each) for each in sets], dtype=bool)
        keep &= usable[tags] if len(sets) else keep
        rows = np.full(len(ids), -1)
        rows[keep] = np.arange(int(keep.sum()))
        used = np.repeat(keep, n_refs)
        refs = refs[used]
        self.clear_ways()
        node_id = distinct(refs)
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

    def _is_used(self, tags: Mapping[str, str]) -> bool:
        """Whether ways with such tags are among the roads asked for."""
        road = read_road(tags)
        return road is not None and (self._road_classes is None or road.road_class in self._road_classes)

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
        if len(distinct(ids)) < len(ids):
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
        nodes, tags = joined(self.tagged, np.int64), joined(self.node_tags, np.int32)
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


def joined(parts: Sequence[NDArray[Any]], dtype: type, width: int | None = None) -> NDArray[Any]:
    empty: NDArray[Any] = np.zeros(0 if width is None else (0, width), dtype=dtype)
    return np.concatenate([empty, *parts])
