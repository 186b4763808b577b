"""Closed links and changed speeds."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.config import read_toml
from borderreach.analysis.corridors._changes import (
    CHANGES,
    change_table,
    changed_by,
    changed_network,
    links_changed_by,
)
from borderreach.analysis.corridors._comparison import compare, minutes_between
from borderreach.analysis.corridors._corridors import add_corridors
from borderreach.analysis.isochrones._isochrones import isochrones
from borderreach.analysis.study_file import Change, Study
from borderreach.geo.errors import ConfigError, InputError, InputTypeError, MissingCRSError
from borderreach.geo.networks import Links, build_network
from borderreach.geo.networks._trunk import trunk_network
from borderreach.geo.osm import pbf_network

from ... import chance
from ...geo.osm.osm_files import write_osm
from .test_subset_times import networks, points, searched


def ladder():
    """Two roads from west to east, 0.2 degrees apart, with rungs; the southern one is a motorway."""
    lon = np.tile([105.0, 105.2, 105.4, 105.6], 2)
    lat = np.repeat([29.0, 29.2], 4)
    south, north, rungs = [(0, 1), (1, 2), (2, 3)], [(4, 5), (5, 6), (6, 7)], [(0, 4), (3, 7)]
    tail, head = np.array(south + north + rungs).T
    return build_network(
        lon,
        lat,
        Links(
            tail,
            head,
            np.full(8, 2e4),
            [600.0] * 3 + [1200.0] * 3 + [1200.0] * 2,
            road_class=["motorway"] * 3 + ["primary"] * 5,
        ),
        access_speed_kph=5.0,
        max_access_km=1.0,
    )


ENDS = [(105.0, 29.0)], [(105.6, 29.0)]


def minutes(network):
    return float(minutes_between(network, *ENDS)[0, 0])


def test_a_landslide_sends_people_round():
    base = ladder()
    assert minutes(base) == pytest.approx(30)
    closed = changed_network(base, near=(105.3, 29.0), within_km=1, close=True)
    assert minutes(closed) == pytest.approx(20 + 60 + 20)
    assert (closed.n_nodes, base.n_arcs - closed.n_arcs) == (base.n_nodes, 2)
    assert closed.provenance["changes"] == "1 links closed"
    table = compare(base, closed, ENDS[0], destinations=ENDS[1], cutoffs_min=60)
    assert table["delta_mean_min"].item() == pytest.approx(70)
    assert table["delta_60_km2"].item() < 0
    # the base is as it was, and what was closed can be opened by a corridor
    assert minutes(base) == pytest.approx(30)


def test_speeds_by_class_mode_line_and_number():
    base = ladder()
    assert minutes(changed_network(base, road_classes="motorway", speed_factor=0.5)) == pytest.approx(60)
    assert minutes(changed_network(base, road_classes=["motorway"], speed_kph=80)) == pytest.approx(45)
    assert minutes(changed_network(base, modes="road", speed_factor=2)) == pytest.approx(15)
    line = shapely.LineString([(104.9, 29.0), (105.25, 29.0)])
    assert minutes(changed_network(base, near=line, within_km=0, speed_factor=0.5)) == pytest.approx(50)
    area = gpd.GeoSeries([shapely.box(105.1, 28.9, 105.3, 29.1)], crs=4326)
    assert minutes(changed_network(base, near=area, within_km=0, speed_factor=0.5)) == pytest.approx(50)
    assert minutes(
        changed_network(base, near=area.to_crs(3857), within_km=0, speed_factor=0.5)
    ) == pytest.approx(50)
    one_way = np.flatnonzero((base.arc_tail == 1) & (base.arc_head == 2))
    slowed = changed_network(base, arcs=one_way, speed_factor=0.5)
    assert minutes(slowed) == pytest.approx(40)
    assert float(minutes_between(slowed, ENDS[1], ENDS[0])[0, 0]) == pytest.approx(30)
    mask = np.zeros(base.n_arcs, dtype=bool)
    mask[one_way] = True
    assert minutes(changed_network(base, arcs=mask, speed_factor=0.5)) == pytest.approx(40)
    # all that is given must hold
    assert minutes(
        changed_network(base, near=area, within_km=0, road_classes="motorway", arcs=one_way, speed_factor=0.5)
    ) == pytest.approx(40)


def test_distance_to_a_link_is_to_its_line_not_to_its_nodes():
    base = ladder()
    # half-way between nodes 20 km apart, 5 km north of the line
    at = (105.1, 29.0 + 5 / 110.85)
    with pytest.raises(InputError, match=r"within 4\.9 km of 'near'.*10\.\d km away"):
        changed_network(base, near=at, within_km=4.9, close=True)
    assert changed_network(base, near=at, within_km=5.1, close=True).provenance["changes"] == "1 links closed"


def test_bent_links_count_where_they_run():
    bent = build_network(
        [105.0, 105.2],
        [29.0, 29.0],
        Links([0], [1], [4e4], [2400.0], geometry=[[(105.0, 29.0), (105.1, 29.3), (105.2, 29.0)]]),
    )
    assert changed_network(bent, near=(105.1, 29.3), within_km=0.5, close=True).n_arcs == 0
    with pytest.raises(InputError, match="no link"):
        changed_network(bent, near=(105.1, 29.0), within_km=0.5, close=True)


@settings(max_examples=chance.examples(100), deadline=None)
@given(data=st.data())
def test_a_closed_or_slower_link_shortens_no_trip(data):
    base = data.draw(networks())
    arcs = data.draw(st.lists(st.integers(0, base.n_arcs - 1), min_size=1, max_size=4))
    what = data.draw(st.sampled_from([{"close": True}, {"speed_factor": 0.3}]))
    places = points(data.draw, 4)
    before, after = (
        searched(base, places, places),
        searched(changed_network(base, arcs=arcs, **what), places, places),
    )
    assert (np.nan_to_num(after, nan=np.inf) >= np.nan_to_num(before, nan=np.inf)).all()


def test_corridors_can_be_added_to_a_changed_network():
    base = trunk_network(speed_kph=88)
    closed = changed_network(base, near="桐梓县", within_km=15, close=True)
    places = ["遵义市", "綦江区"]
    by_road, blocked = (float(minutes_between(n, places[:1], places[1:])[0, 0]) for n in (base, closed))
    assert blocked > by_road + 10
    assert float(minutes_between(add_corridors(closed, "yugui-hsr"), places[:1], places[1:])[0, 0]) < blocked
    lost = (
        isochrones(base, "遵义市", cutoffs_min=60).area_km2[0]
        - isochrones(closed, "遵义市", cutoffs_min=60).area_km2[0]
    )
    assert lost > 100


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({}, InputError, "exactly one"),
        ({"close": True, "speed_kph": 50}, InputError, "exactly one"),
        ({"close": True, "near": (120.0, 40.0)}, InputError, "nearest node"),
        ({"close": True, "near": shapely.Point()}, InputError, "'near' is empty"),
        ({"close": True, "near": shapely.Point(4e6, 3e6)}, InputError, "EPSG:4326"),
        ({"close": True, "near": gpd.GeoSeries([shapely.Point(105, 29)])}, MissingCRSError, "'near'"),
        ({"close": True, "near": 3.5}, InputTypeError, "'near'"),
        ({"close": True, "road_classes": "motorwy"}, InputError, "'motorway'"),
        ({"close": True, "modes": 3}, InputTypeError, "'modes'"),
        ({"close": True, "arcs": [99]}, InputError, "'arcs'"),
        ({"close": True, "arcs": [True]}, InputError, "'arcs'"),
        ({"close": True, "within_km": -1, "near": (105.0, 29.0)}, InputError, "'within_km'"),
        ({"speed_kph": 0}, InputError, "'speed_kph'"),
        ({"speed_factor": 1e-9}, InputError, "12 days"),
    ],
)
def test_errors(arguments, error, words):
    with pytest.raises(error, match=words):
        changed_network(ladder(), **arguments)


STUDY = """\
name = "mine"
title = "x"
title_en = "x"
provinces = ["重庆市"]
centres = ["重庆市"]

[[change]]
id = "landslide"
name = "塌方"
near = [105.3, 29.0]
close = true

[[change]]
id = "works"
name = "施工"
file = "works.geojson"
within_km = 0.5
speed_kph = 60
"""


def read(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return read_toml(path, Study)


def test_changes_of_a_study_file(tmp_path):
    line = gpd.GeoSeries([shapely.LineString([(105.1, 29.2), (105.5, 29.2)])], crs=4326)
    line.to_file(tmp_path / "works.geojson")
    changes = read(tmp_path, STUDY).change
    table = change_table(ladder(), changes)
    assert list(table.columns) == list(CHANGES)
    assert table["n_links"].to_list() == [1, 3]
    assert table["base_kph"].to_list() == pytest.approx([120, 60])
    assert np.isnan(table["scenario_kph"][0])
    assert table["scenario_kph"][1] == pytest.approx(60)
    assert table["closed"].to_list() == [True, False]
    assert table.crs == "EPSG:4326"
    assert table.geometry[0].equals(shapely.MultiLineString([[(105.2, 29.0), (105.4, 29.0)]]))
    assert minutes(changed_by(ladder(), changes[0])) == pytest.approx(100)
    assert change_table(ladder(), ()).empty


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("close = true", "", 7, "one of 'close = true'"),
        ("close = true", "close = true\nspeed_kph = 9", 7, "one of 'close = true'"),
        ("near = [105.3, 29.0]\n", "", 7, "say where"),
        ("near = [105.3, 29.0]", "near = [105.3, 29.0]\nfile = 'x.gpkg'", 7, "say where"),
        ("near = ", "naer = ", 10, "did you mean 'near'"),
        ("speed_kph = 60", "speed_kph = 600", 18, "speed_kph"),
        ('id = "works"', 'id = "landslide"', 7, "used twice"),
        ('id = "works"', 'id = "all"', 7, "another scenario"),
    ],
)
def test_faults_in_a_change_name_file_and_line(tmp_path, old, new, line, words):
    with pytest.raises(ConfigError, match=rf"mine\.toml:{line}: .*{words}"):
        read(tmp_path, STUDY.replace(old, new, 1))


def test_a_change_that_touches_nothing_names_file_and_line(tmp_path):
    change = read(tmp_path, STUDY.replace("105.3, 29.0", "120.3, 39.0")).change[0]
    with pytest.raises(InputError, match=r"mine\.toml:7: change 'landslide': no link"):
        changed_by(ladder(), change)


def test_a_line_in_the_file_itself():
    one = Change.model_validate(
        {"id": "a", "name": "a", "near": [[105.05, 29.0], [105.35, 29.0]], "within_km": 0, "close": True}
    )
    assert len(links_changed_by(ladder(), one)) == 2
    place = Change.model_validate({"id": "a", "name": "a", "near": "綦江区", "within_km": 5, "close": True})
    assert len(links_changed_by(trunk_network(speed_kph=88), place)) > 0


@settings(max_examples=20)
@given(st.data())
def test_a_stretch_that_stands_twice_is_changed_as_a_whole(data):
    """Closed by the number of any of its copies, nobody drives along it any more, wherever he comes from.

    A street of one way's length each, and restrictions over some of them: A to D by way of B and C is
    forbidden, so that B to C stands once for those from A and once for those from elsewhere.
    """
    lon = {1: 106.0, 2: 106.01, 3: 106.02, 4: 106.03}
    nodes = {n + 10 * row: (x, 29.0 + row / 100) for n, x in lon.items() for row in range(3)}
    ways = [((a, a + 1), {"highway": "primary"}) for a in nodes if a + 1 in nodes]
    ways += [((a, a + 10), {"highway": "primary"}) for a in nodes if a + 10 in nodes]
    number = {ends: i for i, (ends, _) in enumerate(ways, start=1)}
    relations = []
    for _ in range(data.draw(st.integers(1, 4))):
        row, turn = data.draw(st.sampled_from([0, 10, 20])), data.draw(st.sampled_from([-10, 10]))
        last = (3 + row, 3 + row + turn)
        if last[1] in nodes:
            walk = [number[1 + row, 2 + row], number[2 + row, 3 + row], number[min(last), max(last)]]
            relations.append(
                (
                    {"restriction": "no_right_turn"},
                    [("w", walk[0], "from"), ("w", walk[1], "via"), ("w", walk[2], "to")],
                )
            )
    with TemporaryDirectory() as folder:
        base = pbf_network(write_osm(Path(folder) / "blocks.osm", nodes, ways, relations))
    along = np.flatnonzero(base.arc_length_m > 0)
    ends = [
        np.column_stack([base.node_lon[n], base.node_lat[n]]).round(7) for n in (base.arc_tail, base.arc_head)
    ]
    arc = int(data.draw(st.sampled_from(along.tolist())))
    same = (ends[0] == ends[0][arc]).all(axis=1) & (ends[1] == ends[1][arc]).all(axis=1)
    same &= base.arc_length_m > 0
    closed = changed_network(base, arcs=[arc], close=True)
    assert closed.n_arcs == base.n_arcs - same.sum()
    slow = changed_network(base, arcs=[arc], speed_factor=0.5)
    np.testing.assert_allclose(slow.arc_time_ms[same], base.arc_time_ms[same] * 2, atol=1)
    np.testing.assert_array_equal(slow.arc_time_ms[~same], base.arc_time_ms[~same])
