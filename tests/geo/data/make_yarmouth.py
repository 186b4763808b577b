"""Derive `yarmouth.overpass.json` and `yarmouth.osm` from an extract of the Isle of Wight.

    python tests/geo/data/make_yarmouth.py isle-of-wight-2020-04-22.osm.pbf

The first is what Overpass would answer to osmnx's query for the town's roads and ferries
(objects with their tags, `(way[...](poly:...);>;);out;`), the second the same town as an OSM
file, with its turn restrictions. © OpenStreetMap contributors, ODbL 1.0.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import osmium

from borderreach.geo.osm._tags import ROAD_CLASSES

WEST, SOUTH, EAST, NORTH = -1.512, 50.690, -1.480, 50.710
FOLDER = Path(__file__).parent


def inside(location: osmium.osm.Location) -> bool:
    return WEST <= location.lon <= EAST and SOUTH <= location.lat <= NORTH


def main(source: str) -> None:
    here: set[int] = set()
    ways: list[dict[str, Any]] = []
    restrictions: list[tuple[int, dict[str, str], list[tuple[str, int, str]]]] = []
    for node in osmium.FileProcessor(source, osmium.osm.NODE):
        if isinstance(node, osmium.osm.Node) and inside(node.location):
            here.add(node.id)
    for way in osmium.FileProcessor(source, osmium.osm.WAY):
        assert isinstance(way, osmium.osm.Way)
        tags = dict(way.tags)
        wanted = tags.get("highway") in ROAD_CLASSES or tags.get("route") == "ferry"
        refs = [node.ref for node in way.nodes]
        if wanted and tags.get("area") != "yes" and here & set(refs):
            ways.append({"type": "way", "id": way.id, "nodes": refs, "tags": tags})
    ids = {way["id"] for way in ways}
    for relation in osmium.FileProcessor(source, osmium.osm.RELATION):
        assert isinstance(relation, osmium.osm.Relation)
        if relation.tags.get("type") == "restriction" and any(
            m.type == "w" and m.ref in ids for m in relation.members
        ):
            members = [(m.type, m.ref, m.role) for m in relation.members]
            restrictions.append((relation.id, dict(relation.tags), members))
    used = {ref for way in ways for ref in way["nodes"]}
    nodes: list[dict[str, Any]] = []
    for node in osmium.FileProcessor(source, osmium.osm.NODE):
        if isinstance(node, osmium.osm.Node) and node.id in used:
            entry = {"type": "node", "id": node.id, "lat": node.location.lat, "lon": node.location.lon}
            nodes.append({**entry, "tags": dict(node.tags)} if len(node.tags) else entry)
    answer = {
        "version": 0.6,
        "generator": "derived from an extract, in the form of Overpass API",
        "osm3s": {
            "timestamp_osm_base": "2020-04-22T00:00:00Z",
            "copyright": "The data included in this document is from www.openstreetmap.org. "
            "The data is made available under ODbL.",
        },
        "elements": [*ways, *nodes],
    }
    (FOLDER / "yarmouth.overpass.json").write_text(json.dumps(answer, ensure_ascii=False, indent=0) + "\n")
    target = FOLDER / "yarmouth.osm"
    target.unlink(missing_ok=True)
    with osmium.SimpleWriter(str(target)) as writer:
        for n in nodes:
            writer.add_node(
                osmium.osm.mutable.Node(
                    id=n["id"], version=1, location=(n["lon"], n["lat"]), tags=n.get("tags", {})
                )
            )
        for w in ways:
            writer.add_way(osmium.osm.mutable.Way(id=w["id"], version=1, nodes=w["nodes"], tags=w["tags"]))
        for number, tags, members in restrictions:
            writer.add_relation(osmium.osm.mutable.Relation(id=number, version=1, tags=tags, members=members))
    print(f"{len(ways)} ways, {len(nodes)} nodes, {len(restrictions)} restrictions")


if __name__ == "__main__":
    main(sys.argv[1])
