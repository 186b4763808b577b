"""Groups of places: times and cohesion worked out by hand, before and after a corridor."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from borderreach.analysis.claims._files import Group
from borderreach.analysis.claims._groups import (
    CIRCLE_OVERLAP,
    GROUP_COHESION,
    GROUP_MEMBERS,
    GROUP_TIMES,
    NEAREST_GROUP,
    circle_overlap,
    group_cohesion,
    group_members,
    group_times,
    groups,
    nearest_group,
)
from borderreach.analysis.corridors._corridors import add_corridors
from borderreach.analysis.corridors._files import Corridor
from borderreach.geo.crs import WGS84
from borderreach.geo.errors import InputError, InputTypeError
from borderreach.geo.networks import Links, build_network
from borderreach.geo.places._places import place

YANHE, YINJIANG, SONGTAO = (place(name) for name in ("沿河", "印江", "松桃"))


def roads(*, max_access_km=0.1):
    """Yanhe to Yinjiang 60 minutes, Yinjiang to Songtao 80."""
    seats = (YANHE, YINJIANG, SONGTAO)
    return build_network(
        [one.lon for one in seats],
        [one.lat for one in seats],
        Links([0, 1], [1, 2], [60_000.0, 60_000.0], [3600.0, 4800.0]),
        access_speed_kph=25,
        max_access_km=max_access_km,
    )


def group(identifier="g", members=("沿河", "印江", "松桃"), *, limit_min=90):
    return Group(
        id=identifier, name=identifier, kind="cluster", members=members, words="词", limit_min=limit_min
    )


def shortcut():
    stops = [
        {"name": one.name, "lon": one.lon, "lat": one.lat, "kind": "interchange", "position": "existing"}
        for one in (YANHE, SONGTAO)
    ]
    return Corridor.model_validate(
        {
            "id": "shortcut",
            "name": "短路",
            "mode": "road",
            "status": "planned",
            "status_date": dt.date(2024, 1, 1),
            "design_speed_kph": 100.0,
            "speed_factor": 1.0,
            "length_km": 100.0,
            "stops": stops,
        }
    )


def test_times_and_cohesion_before_and_after_a_corridor():
    members = group_members([group()])
    after = add_corridors(roads(), [shortcut()])
    times = group_times(roads(), members, scenario=after)
    assert times["base_min"].tolist() == pytest.approx([60, 140, 80])
    assert times["scenario_min"].tolist() == pytest.approx([60, 60, 80], abs=0.01)
    assert times["base_within"].tolist() == [True, False, True]
    row = group_cohesion(roads(), members, scenario=after).iloc[0]
    assert (row["n_members"], row["n_pairs"]) == (3, 3)
    assert row["base_cohesion"] == pytest.approx(2 / 3)
    assert row["scenario_cohesion"] == 1
    assert row["base_mean_min"] == pytest.approx(280 / 3)
    assert row["base_max_min"] == pytest.approx(140)
    assert row["delta_mean_min"] == pytest.approx(-80 / 3, abs=0.01)
    assert row["delta_cohesion"] == pytest.approx(1 / 3)


def test_without_a_scenario_nothing_changes():
    row = group_cohesion(roads(), group_members([group()])).iloc[0]
    assert (row["delta_mean_min"], row["delta_cohesion"]) == (0, 0)


def test_a_member_out_of_reach_lowers_cohesion_and_not_the_mean():
    network = build_network(
        [YANHE.lon, YINJIANG.lon, SONGTAO.lon, SONGTAO.lon + 0.5],
        [YANHE.lat, YINJIANG.lat, SONGTAO.lat, SONGTAO.lat],
        Links([0, 2], [1, 3], [60_000.0, 50_000.0], [3600.0, 3000.0]),
        access_speed_kph=25,
        max_access_km=0.1,
    )
    row = group_cohesion(network, group_members([group()])).iloc[0]
    assert row["base_cohesion"] == pytest.approx(1 / 3)
    assert row["base_mean_min"] == pytest.approx(60)


def test_a_place_belongs_to_the_group_whose_member_is_nearest():
    members = group_members([group("west", ("沿河", "印江")), group("east", ("印江", "松桃"))])
    found = nearest_group(roads(), ["沿河", "松桃", "印江"], members).set_index("origin_name")
    assert found["group_id"].tolist() == ["west", "east", "west"]  # of two equally near, the first
    assert found["minutes"].tolist() == [0, 0, 0]
    assert found.loc["沿河土家族自治县", "second_group_id"] == "east"
    assert found.loc["沿河土家族自治县", "second_minutes"] == pytest.approx(60)
    by_mean = nearest_group(roads(), ["印江"], members, by="mean").iloc[0]
    assert (by_mean["group_id"], by_mean["minutes"]) == ("west", pytest.approx(60))
    assert by_mean["second_minutes"] == pytest.approx(80)


def test_circles_overlap_with_themselves_wholly_and_with_far_ones_not_at_all():
    network = roads(max_access_km=10)
    same = group_members([group("a", ("沿河", "印江")), group("b", ("印江", "沿河"))])
    row = circle_overlap(network, same, cutoff_min=30).iloc[0]
    assert row["share_of_smaller"] == pytest.approx(1, abs=1e-6)
    assert row["overlap_km2"] == pytest.approx(row["a_km2"], rel=1e-3)
    far = circle_overlap(network, ["沿河", "松桃"], cutoff_min=20).iloc[0]
    assert (far["overlap_km2"], far["share_of_smaller"]) == (0, 0)
    assert far["geometry"].is_empty


def test_every_table_has_its_schema_also_when_empty():
    none = group_members([])
    tables = [
        (none, GROUP_MEMBERS),
        (group_times(roads(), none), GROUP_TIMES),
        (group_cohesion(roads(), none), GROUP_COHESION),
        (circle_overlap(roads(), none), CIRCLE_OVERLAP),
    ]
    members = group_members([group()])
    tables += [
        (group_times(roads(), members), GROUP_TIMES),
        (group_cohesion(roads(), members), GROUP_COHESION),
        (nearest_group(roads(), ["沿河"], members), NEAREST_GROUP),
    ]
    for table, schema in tables:
        assert list(table.columns) == list(schema)
        assert table.crs == WGS84


def test_what_is_no_group_is_refused():
    with pytest.raises(InputTypeError, match="'members'"):
        group_times(roads(), 3)
    with pytest.raises(InputError, match="no group"):
        nearest_group(roads(), ["沿河"], group_members([]))
    with pytest.raises(InputError, match="by"):
        nearest_group(roads(), ["沿河"], group_members([group()]), by="median")  # type: ignore[arg-type]
    one = group_members([group()]).iloc[:1]
    with pytest.raises(InputError, match="single member"):
        group_times(roads(), one)


def test_embedded_groups_are_those_of_the_texts():
    table = groups("yuqian")
    assert table.groupby("group_id", sort=False).size()["farm-tourism"] == 8
    assert set(table["kind"]) == {"core", "drive", "town group", "cluster"}
    assert np.isfinite(table[["lon", "lat"]].to_numpy()).all()
    assert len(groups("national")) == 0
