"""Rows "can this way be driven, and in which direction" beside the car profile of OSRM 26.10.

The profile's lists and answers are facts; the rows made of them are our own. Differences by choice
are set aside and must differ; of the rest 97 in 100 must agree.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from borderreach.geo.osm._pbf import pbf_network
from borderreach.geo.osm._tags import ROAD_CLASSES

from .osm_files import node_at, times_from, write_osm

KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
PASSES = (
    "yes",
    "permissive",
    "designated",
    "hov",
    "destination",
    "customers",
    "permit",
    "residents",
    "unknown",
    "some_tag",
)
SHUT = ("no", "agricultural", "forestry", "emergency", "psv", "taxi", "share_taxi", "minibus", "bus", "foot",
        "emergency_vehicle", "restricted", "military", "official", "agricultural;forestry")  # fmt: skip
#: OSRM opens these to those who go there; here they are closed.
THEIRS = ("private", "delivery")
BOTH, FORWARD, BACKWARD, SHUT_BOTH = (True, True), (True, False), (False, True), (False, False)

Row = tuple[dict[str, str], dict[str, str], tuple[bool, bool]]


def primary(**tags: str) -> dict[str, str]:
    return {"highway": "primary", **{key.replace("__", ":"): value for key, value in tags.items()}}


def rows() -> list[Row]:
    """Tags of the way, tags of a node on it, and whether OSRM drives along it and against it."""
    found: list[Row] = []
    for key, (values, answer) in product(KEYS, ((PASSES, BOTH), (SHUT, SHUT_BOTH))):
        for value in values:
            found.append((primary(**{key: value}), {}, answer))
            found.append((primary(), {key: value}, answer))
    for general, particular in [("access", "vehicle"), ("access", "motorcar"), ("vehicle", "motor_vehicle"),
                                ("motor_vehicle", "motorcar")]:  # fmt: skip
        found += [(primary(**{general: "no", particular: "yes"}), {}, BOTH),
                  (primary(**{general: "yes", particular: "no"}), {}, SHUT_BOTH),
                  (primary(), {general: "no", particular: "yes"}, BOTH),
                  (primary(), {general: "yes", particular: "no"}, SHUT_BOTH)]  # fmt: skip
    for key in ("access", "motorcar"):
        found += [(primary(**{f"{key}__forward": "no"}), {}, BACKWARD), (primary(**{f"{key}__backward": "no"}), {}, FORWARD),
                  (primary(**{key: "no", f"{key}__forward": "yes"}), {}, FORWARD),
                  (primary(**{key: "no", f"{key}__backward": "yes"}), {}, BACKWARD),
                  (primary(**{f"{key}__forward": "no", f"{key}__backward": "no"}), {}, SHUT_BOTH)]  # fmt: skip
    found += [(primary(access__forward="no", motorcar="yes"), {}, BOTH), (primary(access__forward="no", motorcar__backward="no"), {}, SHUT_BOTH),
              (primary(motor_vehicle__forward="no", motor_vehicle__backward="destination"), {}, BACKWARD),
              (primary(access="destination;agricultural"), {}, BOTH), (primary(access="yes;no"), {}, BOTH),
              (primary(access="forestry;permissive"), {}, BOTH)]  # fmt: skip
    for keys in (("oneway",), ("oneway:vehicle",), ("oneway:motor_vehicle",), ("oneway:motorcar",)):
        found += [({"highway": "primary", keys[0]: value}, {}, answer)
                  for value, answer in (("yes", FORWARD), ("1", FORWARD), ("true", FORWARD), ("no", BOTH))]  # fmt: skip
    found += [(primary(oneway="-1"), {}, BACKWARD), (primary(oneway="reversible"), {}, SHUT_BOTH), (primary(oneway="alternating"), {}, BOTH),
              (primary(oneway="yes", oneway__motor_vehicle="no"), {}, BOTH), (primary(oneway="no", oneway__vehicle="yes"), {}, FORWARD),
              (primary(oneway="yes", oneway__bicycle="no"), {}, FORWARD), (primary(junction="roundabout"), {}, FORWARD),
              (primary(junction="roundabout", oneway="alternating"), {}, FORWARD), ({"highway": "motorway"}, {}, FORWARD),
              ({"highway": "motorway", "oneway": "alternating"}, {}, FORWARD), ({"highway": "motorway", "oneway": "no"}, {}, BOTH),
              ({"highway": "motorway_link"}, {}, BOTH)]  # fmt: skip
    closed = {"road", "track", "motorway"}
    found += [({"highway": value}, {}, BOTH) for value in ROAD_CLASSES if value not in closed]
    found += [({"highway": value}, {}, SHUT_BOTH) for value in (
        "track", "path", "footway", "pedestrian", "steps", "cycleway", "bridleway", "construction", "proposed", "busway")]  # fmt: skip
    found += [
        ({"highway": value, "motor_vehicle": "designated"}, {}, BOTH)
        for value in ("cycleway", "path", "pedestrian")
    ]
    found += [
        ({"highway": "runway", key: "yes"}, {}, BOTH) for key in ("motorcar", "motor_vehicle", "vehicle")
    ]
    found += [
        ({"highway": "runway"}, {}, SHUT_BOTH),
        ({"highway": "runway", "access": "private", "motorcar": "permissive"}, {}, BOTH),
        ({"highway": "runway", "foot": "yes"}, {}, SHUT_BOTH),
        ({"highway": "steps", "access": "yes"}, {}, SHUT_BOTH),
        ({"highway": "pedestrian", "motorcar": "destination"}, {}, SHUT_BOTH),
    ]
    for value in (
        "gate",
        "lift_gate",
        "cattle_grid",
        "border_control",
        "toll_booth",
        "sally_port",
        "entrance",
        "no",
        "arch",
    ):
        found += [
            (primary(), {"barrier": value}, BOTH),
            (primary(), {"barrier": value, "access": "no"}, SHUT_BOTH),
        ]
    for value in ("bollard", "wall", "fence", "block", "some_tag"):
        found += [
            (primary(), {"barrier": value}, SHUT_BOTH),
            (primary(), {"barrier": value, "access": "yes"}, BOTH),
        ]
    found += [(primary(), {"barrier": "bollard", "bollard": "rising"}, BOTH), (primary(), {"barrier": "bollard", "bollard": "removable"}, SHUT_BOTH),
              (primary(), {"barrier": "fence", "sensory": "audible"}, BOTH), (primary(), {"barrier": "kerb", "kerb": "lowered"}, BOTH),
              (primary(), {"barrier": "kerb", "kerb": "raised"}, SHUT_BOTH), (primary(), {"barrier": "height_restrictor", "maxheight": "1"}, SHUT_BOTH),
              (primary(), {"barrier": "height_restrictor", "maxheight": "3"}, BOTH)]  # fmt: skip
    for key, least, enough in (("width", "1.9", "2.0"), ("maxwidth", "6'2\"", "6'3\""), ("maxheight", "1.5", "8'"),
                               ("maxlength", "1", "5"), ("maxweight", "1", "2"), ("maxweight", "0.1 lbs", "8.9t")):  # fmt: skip
        found += [
            (primary(**{key: least}), {}, SHUT_BOTH),
            (primary(**{key: enough}), {}, BOTH),
            (primary(**{key: "unsigned"}), {}, BOTH),
        ]
    found += [
        (primary(construction=value), {}, answer)
        for value, answer in (("yes", SHUT_BOTH), ("no", BOTH), ("widening", BOTH), ("minor", BOTH))
    ]
    found += [
        ({"highway": "service", "service": value}, {}, BOTH)
        for value in ("alley", "driveway", "drive-through", "parking")
    ]
    found += [({"highway": "service", "service": "emergency_access"}, {}, SHUT_BOTH), (primary(smoothness="impassable"), {}, SHUT_BOTH),
              (primary(toll="yes"), {}, BOTH), (primary(foot="no", psv="no", motorhome="no"), {}, BOTH), (primary(area="yes"), {}, SHUT_BOTH)]  # fmt: skip
    return found


def differing() -> list[Row]:
    """Rows that differ by choice: docs/osm.md, "Where OSRM differs"."""
    found: list[Row] = [(primary(**{key: value}), {}, BOTH) for key, value in product(KEYS, THEIRS)]
    found += [(primary(), {"barrier": "gate", "access": value}, BOTH) for value in THEIRS]
    found += [({"highway": value}, {}, BOTH) for value in ("winter_road", "ice_road")]
    found += [
        ({"highway": "footway", "access": "yes"}, {}, BOTH),
        ({"highway": "runway", "access": "yes"}, {}, BOTH),
    ]
    found += [
        ({"highway": "road"}, {}, SHUT_BOTH),
        ({"highway": "track", "tracktype": "grade1"}, {}, SHUT_BOTH),
    ]
    found += [
        (primary(), {"barrier": "kerb"}, SHUT_BOTH),
        ({"highway": "service", "service": "parking_aisle"}, {}, BOTH),
    ]
    return found


def drive(folder: Path, table: list[Row]) -> list[tuple[bool, bool]]:
    """Whether each row's way can be driven along and against, in one network of them all."""
    nodes: dict[int, tuple[float, float] | tuple[float, float, dict[str, str]]] = {}
    ways = []
    for row, (tags, on_node, _) in enumerate(table):
        refs = [10 * row + i for i in range(1, 6)]
        nodes.update({n: (10.0 + i / 100, 50.0 + row / 100) for i, n in enumerate(refs)})
        nodes[refs[2]] = (10.02, 50.0 + row / 100, on_node)
        ways.append((refs, tags))
    network = pbf_network(write_osm(folder / "rows.osm", nodes, ways), keep="all")
    answers = []
    for row in range(len(table)):
        ends = [node_at(network, x, 50.0 + row / 100) for x in (10.0, 10.04)]
        times = [times_from(network, end) for end in ends]
        answers.append(tuple(any(times[i][n] < 1e9 for n in ends[1 - i]) for i in (0, 1)))
    return [(ahead, back) for ahead, back in answers]


@pytest.mark.slow
def test_rows_agree_with_osrm(tmp_path):
    table = rows()
    wrong = [row for row, answer in zip(table, drive(tmp_path, table), strict=True) if answer != row[2]]
    assert len(table) > 250
    assert len(wrong) <= 0.03 * len(table), wrong


@pytest.mark.slow
def test_rows_that_differ_by_choice_do(tmp_path):
    table = differing()
    same = [row for row, answer in zip(table, drive(tmp_path, table), strict=True) if answer == row[2]]
    assert not same
