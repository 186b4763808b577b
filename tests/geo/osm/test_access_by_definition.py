"""Which ways can be driven, and in which direction: tags of all keys by chance, against OpenStreetMap's rules.

The rules are written out here from the wiki's pages Key:access, Key:oneway and Key:barrier; the package's tables
aren't used.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from .osm_files import node_at, read, times_from, write_osm

#: From the particular to the general (Key:access, "Land-based transportation").
HIERARCHY = ("motorcar", "motor_vehicle", "vehicle", "access")
MAY = {"yes", "permissive", "designated", "destination", "customers", "permit"}
MAY_NOT = {"no", "private", "agricultural", "forestry", "delivery", "military", "emergency", "psv", "foot"}
#: Said of others, or of nobody that is known.
SAYS_NOTHING = {"unknown", "variable", "nonsense"}
#: What a car passes without a tag that says so (Key:barrier), and what it doesn't.
PASSED = {"gate", "lift_gate", "cattle_grid", "toll_booth", "border_control", "entrance"}
NOT_PASSED = {"bollard", "block", "jersey_barrier", "fence", "wall", "log", "cycle_barrier"}

Tags = dict[str, str]


def says(values: list[str | None]) -> bool | None:
    """The first statement that means something: may a car?"""
    for value in values:
        words = {word.strip().lower() for word in (value or "").split(";")}
        if words & MAY:
            return True
        if words & MAY_NOT:
            return False
    return None


def driven(way: Tags, node: Tags) -> tuple[bool, bool]:
    """Whether a car may drive along a way that is drawn over a node, and against it."""
    answers = []
    for direction in ("forward", "backward"):
        said = says([way.get(k) for key in HIERARCHY for k in (f"{key}:{direction}", key)])
        answers.append(said is not False)
    particular = [way.get(f"oneway:{key}") for key in HIERARCHY[:3]] + [way.get("oneway")]
    told = [value for value in particular if value in {"yes", "-1", "no"}]
    ring = way.get("junction") == "roundabout" or way["highway"] == "motorway"
    one_way = told[0] if told else "yes" if ring else "no"
    ahead, back = answers[0] and one_way != "-1", answers[1] and one_way != "yes"
    at_node = says([node.get(key) for key in HIERARCHY])
    shut = node.get("barrier") in NOT_PASSED if at_node is None else not at_node
    return (ahead and not shut, back and not shut)


def drawn(rng: random.Random) -> tuple[Tags, Tags]:
    """Tags of a way and of a node on it."""

    def value() -> str:
        words = rng.sample(sorted(MAY | MAY_NOT | SAYS_NOTHING), rng.choice([1, 1, 1, 2, 3]))
        return rng.choice([";", "; ", " ;"]).join(
            word.upper() if rng.random() < 0.5 else word for word in words
        )

    way = {"highway": rng.choice(["primary", "residential", "unclassified", "motorway"])}
    for key in HIERARCHY:
        for name in (key, f"{key}:forward", f"{key}:backward"):
            if rng.random() < 0.15:
                way[name] = value()
    for key in ("oneway", *(f"oneway:{key}" for key in HIERARCHY[:3])):
        if rng.random() < 0.2:
            way[key] = rng.choice(["yes", "no", "-1", "nonsense"])
    if rng.random() < 0.1:
        way["junction"] = "roundabout"
    node: Tags = {}
    if rng.random() < 0.4:
        node["barrier"] = rng.choice(sorted(PASSED | NOT_PASSED))
    if rng.random() < 0.4:
        node[rng.choice(HIERARCHY)] = value()
    return way, node


def check(folder: Path, seed: int, count: int) -> int:
    """Number of ways that can be driven in one direction alone, or not at all."""
    rng = random.Random(seed)
    table = [drawn(rng) for _ in range(count)]
    table.append(({"highway": "primary"}, {}))  # so that the file isn't without any road
    nodes: dict[int, tuple[float, float] | tuple[float, float, Tags]] = {}
    ways = []
    places = [
        [(5 + i / 100 + row % 200 / 10, 50 + row // 200 / 100) for i in range(5)] for row in range(count + 1)
    ]
    for row, (way, node) in enumerate(table):
        refs = [10 * row + i for i in range(1, 6)]
        nodes |= dict(zip(refs, places[row], strict=True))
        nodes[refs[2]] = (*places[row][2], node)
        ways.append((refs, way))
    network = read(write_osm(folder / "ways.osm.pbf", nodes, ways))
    fewer = 0
    for (way, node), spots in zip(table, places, strict=True):
        first, last = node_at(network, *spots[0]), node_at(network, *spots[4])
        found = tuple(
            any(times_from(network, start)[n] < 1e9 for n in end) if start and end else False
            for start, end in ((first, last), (last, first))
        )
        expected = driven(way, node)
        assert found == expected, (way, node)
        fewer += not all(expected)
    return fewer


def test_ways_are_driven_as_the_wiki_says(tmp_path):
    assert check(tmp_path, 1, 150) > 50


@pytest.mark.slow
def test_many_ways_are_driven_as_the_wiki_says(tmp_path):
    assert sum(check(tmp_path, seed, 400) for seed in range(2, 12)) > 1500
