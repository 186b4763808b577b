"""OpenStreetMap's XML, as extracts, editors and Overpass write it, and Overpass's JSON, object by object."""

from __future__ import annotations

import bz2
import gzip
import json
import logging
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ._gathering import OsmExtract, Relation, Roads
from ._pbf_blocks import BlockError, UnreadFormatError
from ._tags import NODE_KEYS, RELATION_TYPES

logger = logging.getLogger(__name__)


class ObjectReader:
    """XML and JSON, object by object in one pass: what the roads' nodes are is known at the end."""

    def __init__(self, roads: Roads, *, progress: bool) -> None:
        self._roads = roads
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
        if tags.get("type") in RELATION_TYPES:
            self._roads.add_relation(number, Relation(version, tags, members))

    @property
    def way_ids(self) -> NDArray[np.int64]:
        """Ids of all ways, roads or not."""
        return np.frombuffer(self._way_id, dtype=np.int64)

    def read_xml(self, path: Path) -> None:
        opened: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open}
        with self._bar, opened.get(path.suffix.lower(), open)(path, "rb") as stream:
            _XmlParser(self).parse(stream)
        self._finish()

    def read_json(self, path: Path) -> None:
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
        self._finish()

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

    def _finish(self) -> None:
        self.timestamp = self.timestamp[:10]
        if "error" in self.remark.lower():
            raise UnreadFormatError(
                f"the server says that it cut the answer short: {self.remark.strip()!r}; ask again with a longer "
                "[timeout:] or [maxsize:], or for a smaller area"
            )
        if self.remark:
            logger.warning("remark of the server: %s", self.remark.strip())

    def give_ways(self) -> None:
        """Add all ways that were read."""
        roads = self._roads
        roads.ids.append(self.way_ids)
        way_version = np.frombuffer(self._way_version, dtype=np.int64)
        roads.versions.append(np.clip(way_version, -(2**31), 2**31 - 1).astype(np.int32))
        roads.tags.append(np.frombuffer(self._way_set, dtype=np.int64).astype(np.int32))
        roads.n_refs.append(np.frombuffer(self._n_refs, dtype=np.int64).astype(np.int32))
        roads.refs.append(np.frombuffer(self._refs, dtype=np.int64))
        places = np.frombuffer(self._where).reshape(-1, 2)
        roads.where.append(places if self._located else places[:0])

    def give_nodes(self, extract: OsmExtract, versions: NDArray[np.int32]) -> None:
        """Fill in where the extract's nodes lie, and what stands on them."""
        if not len(extract.node_id):
            return
        roads = self._roads
        ids = np.frombuffer(self._node_id, dtype=np.int64)
        own = np.frombuffer(self._node_version, dtype=np.int64)
        sets = np.frombuffer(self._node_set, dtype=np.int64)
        # Newer versions last, of equal ones the later: what is written last stays.
        order = np.lexsort((np.arange(len(ids)), np.abs(own), ids))
        at = np.minimum(np.searchsorted(extract.node_id, ids[order]), len(extract.node_id) - 1)
        newest = np.minimum(np.abs(own[order]), 2**31 - 1)
        used = (extract.node_id[at] == ids[order]) & (
            newest >= versions[at]
        )  # an earlier file may know better
        order, at, newest = order[used], at[used], newest[used]
        gone, again = own[order] < 0, versions[at] >= 0
        extract.lon[at] = np.where(gone, np.nan, np.frombuffer(self._lon)[order])
        extract.lat[at] = np.where(gone, np.nan, np.frombuffer(self._lat)[order])
        versions[at] = newest
        last = np.append(at[1:] != at[:-1], True)[: len(at)]
        tagged = last & ((sets[order] >= 0) | again) & ~gone
        bare = roads.node_sets.add_one({})
        roads.tagged.append(at[tagged])
        roads.node_tags.append(np.where(sets[order] < 0, bare, sets[order])[tagged].astype(np.int32))


_WITHOUT_NODES: Final = (
    "its ways have positions but not the numbers of their nodes, which tell where roads meet; ask Overpass for "
    "'out body geom' (or 'out body; >; out skel qt;')"
)


class _XmlParser:
    """OpenStreetMap's XML, also as Overpass and editors write it."""

    def __init__(self, reader: ObjectReader) -> None:
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
