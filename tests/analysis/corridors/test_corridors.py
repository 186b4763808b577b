"""Corridors: what files say, what joins a network, and what never may happen."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.corridors._comparison import corridor_overlap, minutes_between
from borderreach.analysis.corridors._corridors import (
    add_corridors,
    corridor_joins,
    corridor_segments,
    corridor_stops,
    corridors,
)
from borderreach.analysis.corridors._files import Corridor, corridor, resolve_corridors
from borderreach.analysis.corridors._parts import Stop
from borderreach.analysis.corridors._replaced import corridor_replaces
from borderreach.analysis.times._travel_times import travel_times
from borderreach.geo.errors import InputError, InputTypeError, NetworkError
from borderreach.geo.networks import Links, build_network
from borderreach.geo.networks._joining import join_networks
from borderreach.geo.networks._rail import rail_network
from borderreach.geo.networks._trunk import trunk_network

from ... import chance

#: A degree of longitude at 29 N, km on the ellipsoid.
DEGREE_KM = 97.4374


def road(n=6, *, minutes=60.0, access_speed_kph=25.0, max_access_km=30.0):
    """Towns a degree apart on a slow road along 29 N, from 105 E on."""
    return build_network(
        105.0 + np.arange(n),
        np.full(n, 29.0),
        Links(np.arange(n - 1), np.arange(1, n), np.full(n - 1, 97437.4), np.full(n - 1, minutes * 60)),
        access_speed_kph=access_speed_kph,
        max_access_km=max_access_km,
    )


def stop(name, lon, lat=29.0, kind="interchange"):
    return {"name": name, "lon": lon, "lat": lat, "kind": kind, "position": "existing"}


def make(**changes):
    given = {
        "id": "test",
        "name": "试验线",
        "mode": "road",
        "status": "planned",
        "status_date": dt.date(2024, 1, 1),
        "design_speed_kph": 120.0,
        "stops": (stop("甲", 105.0), stop("乙", 106.0), stop("丙", 107.0)),
        "sinuosity": 1.0,
        "speed_factor": 1.0,
        "stop_penalty_min": 0.0,
        "board_min": 0.0,
        "alight_min": 0.0,
        "trains_per_day": None,
    }
    return Corridor.model_validate({**given, **changes})


def train(**changes):
    given = {
        "mode": "rail",
        "design_speed_kph": 300.0,
        "board_min": 15.0,
        "alight_min": 5.0,
        "stop_penalty_min": 4.0,
        "join_km": 10.0,
        "stops": tuple(stop(n, 105.0 + k, kind="station") for k, n in enumerate("甲乙丙")),
    }
    return make(**{**given, **changes})


def minutes(network, a, b):
    return float(travel_times(network, a, b).travel_time_min[0])


def test_embedded_corridors_have_the_official_figures():
    table = corridors("yuqian").set_index("corridor_id")
    assert table.loc["yanyinsong-expressway", "length_km"] == pytest.approx(117.9)
    assert table.loc["yanyinsong-expressway", "design_speed_kph"] == 80
    assert table.loc["yugui-hsr", "length_km"] == pytest.approx(345)
    assert table.loc["yugui-hsr", "design_speed_kph"] == 350
    assert table.crs == "EPSG:4326"
    assert list(table.columns) == [
        "name", "mode", "status", "design_speed_kph", "length_km", "n_stops", "source", "geometry",
    ]  # fmt: skip


def test_stops_lie_on_the_line_in_order():
    lines = corridors().set_index("corridor_id").geometry
    stops = corridor_stops()
    for identifier, group in stops.groupby("corridor_id"):
        assert list(group["stop_no"]) == list(range(1, len(group) + 1))
        along = [lines[identifier].project(point) for point in group.geometry]
        assert along == sorted(along)


def test_the_running_speed_of_the_railway_is_that_of_the_one_that_runs():
    # Chongqing West - Guiyang North: 345 km, 200 km/h, fastest 1 h 58 min.
    assert corridor("yugui-hsr").speed_factor == pytest.approx(345 / 200 / (118 / 60), abs=0.005)


def test_a_service_that_calls_everywhere_loses_time_at_every_stop():
    one = corridor("yugui-hsr")
    haul = corridor_segments(one).groupby("service")["line_haul_min"].sum()
    run = 345 / (350 * 0.88) * 60
    assert haul["直达"] == pytest.approx(run + 1 * 3)
    assert haul["站站停"] == pytest.approx(run + 4 * 3)


def test_official_length_is_shared_out_along_the_stops():
    one = make(length_km=250.0)
    assert one.lengths_km.sum() == pytest.approx(250)
    assert one.lengths_km[0] == pytest.approx(one.lengths_km[1])
    assert make(sinuosity=1.3).lengths_km.sum() == pytest.approx(2 * DEGREE_KM * 1.3, rel=1e-4)


def test_none_added_is_the_same_network():
    network = road()
    assert add_corridors(network, ()) is network
    assert add_corridors(network, corridors(())) is network


def test_a_road_takes_its_length_over_its_speed():
    network = add_corridors(road(), make())
    assert minutes(network, (105.0, 29.0), (107.0, 29.0)) == pytest.approx(2 * DEGREE_KM / 120 * 60, rel=1e-4)
    # and on along the old road
    assert minutes(network, (105.0, 29.0), (108.0, 29.0)) == pytest.approx(2 * DEGREE_KM / 2 + 60, rel=1e-4)


def test_an_interchange_off_the_road_is_reached_at_the_joining_speed():
    stops = (stop("甲", 105.0, 29.0), stop("乙", 106.0, 29.036))  # 4 km north of the second town
    network = add_corridors(road(minutes=200.0), make(stops=stops, design_speed_kph=100.0))
    joins = corridor_joins(road(), make(stops=stops))
    away = joins["distance_km"].iloc[1]
    assert away == pytest.approx(4.0, abs=0.05)
    assert joins["join_min"].iloc[1] == pytest.approx(away / 25 * 60)
    line = make(stops=stops).lengths_km.sum()
    assert minutes(network, (105.0, 29.0), (106.0, 29.0)) == pytest.approx(
        line / 100 * 60 + away / 25 * 60, rel=1e-3
    )


def test_a_hub_joins_at_speed_but_cannot_be_left_to_local_roads():
    stops = (stop("甲", 105.0), stop("枢纽", 106.0, 29.036, kind="hub"), stop("丙", 107.0))
    network = add_corridors(road(max_access_km=2.0), make(stops=stops))
    hub = next(node for node, name in network.node_names.items() if name == "枢纽")
    assert not network.node_exit[hub]
    joins = corridor_joins(road(), make(stops=stops))
    assert joins["join_min"].iloc[1] == pytest.approx(joins["distance_km"].iloc[1] / 120 * 60)


def test_a_place_that_the_line_passes_without_a_stop_gets_no_exit():
    network = road(max_access_km=10.0)
    ends = (stop("甲", 107.0), stop("丙", 108.0))
    passing = add_corridors(network, make(stops=ends))
    stopping = add_corridors(network, make(stops=(ends[0], stop("村", 107.5), ends[1])))
    town = gpd.GeoDataFrame({"origin_id": ["town"]}, geometry=gpd.points_from_xy([107.0], [29.0]), crs=4326)
    # The village lies beside the line, 49 km from either town.
    both = gpd.GeoDataFrame(
        {"origin_id": ["town", "village"]},
        geometry=gpd.points_from_xy([107.0, 107.5], [29.0, 29.0]),
        crs=4326,
    )
    assert np.isnan(minutes_between(passing, town, both)[0, 1])
    assert minutes_between(stopping, town, both)[0, 1] == pytest.approx(DEGREE_KM / 2 / 2, rel=1e-3)
    assert not passing.arc_exit.any()


def test_a_train_is_boarded_and_left_at_a_price():
    network = add_corridors(road(), train())
    run = 2 * DEGREE_KM / 300 * 60
    found = minutes(network, (105.0, 29.0), (107.0, 29.0))
    assert found == pytest.approx(15 + run + 4 + 5, rel=1e-4)  # one call under way
    # The way back is the same; one stop only costs half of a call.
    assert minutes(network, (107.0, 29.0), (105.0, 29.0)) == pytest.approx(found)
    assert minutes(network, (105.0, 29.0), (106.0, 29.0)) == pytest.approx(15 + run / 2 + 2 + 5, rel=1e-4)


def test_platforms_cannot_be_entered_or_left():
    network = add_corridors(road(), train())
    added = np.arange(road().n_nodes, network.n_nodes)
    names = [network.node_names[int(node)] for node in added]
    assert sorted(names) == sorted([*"甲乙丙", *"甲乙丙"])
    assert network.node_exit[added].sum() == 3


def test_changing_between_services_costs_alighting_and_boarding():
    services = ({"name": "快", "calls": ("甲", "丙")}, {"name": "慢", "calls": ("甲", "乙", "丙")})
    network = add_corridors(road(), train(services=services))
    run = 2 * DEGREE_KM / 300 * 60
    assert minutes(network, (105.0, 29.0), (107.0, 29.0)) == pytest.approx(15 + run + 5, rel=1e-4)
    assert minutes(network, (105.0, 29.0), (106.0, 29.0)) == pytest.approx(15 + run / 2 + 2 + 5, rel=1e-4)


def test_two_corridors_meet_where_they_share_an_interchange():
    one = make(id="one", stops=(stop("甲", 105.0), stop("乙", 106.0)))
    two = make(id="two", stops=(stop("乙", 106.0), stop("丙", 107.0)))
    network = add_corridors(road(), [one, two])
    assert minutes(network, (105.0, 29.0), (107.0, 29.0)) == pytest.approx(2 * DEGREE_KM / 120 * 60, rel=1e-4)
    assert network.provenance["corridors"] == "one, two"


def test_a_ring_closes():
    corners = (
        stop("甲", 105.0),
        stop("乙", 106.0),
        stop("丙", 106.0, 29.8),
        stop("丁", 105.0, 29.8),
        stop("甲", 105.0),
    )
    ring = make(stops=corners, design_speed_kph=100.0)
    network = add_corridors(road(), ring)
    assert network.n_nodes == road().n_nodes + 4
    back = ring.lengths_km[3] / 100 * 60
    assert minutes(network, (105.0, 29.0), (105.0, 29.8)) == pytest.approx(back, rel=1e-3)


@settings(max_examples=chance.examples(25), deadline=None)
@given(
    speed=st.floats(1, 400),
    first=st.floats(105, 106),
    step=st.floats(0.2, 1.2),
    count=st.integers(2, 4),
    mode=st.sampled_from(["road", "rail"]),
)
def test_a_corridor_never_lengthens_a_trip(speed, first, step, count, mode):
    stops = tuple(
        stop(str(k), first + k * step, 29.0 + 0.01 * k, kind="station" if mode == "rail" else "interchange")
        for k in range(count)
    )
    base = road()
    one = make(mode=mode, stops=stops, design_speed_kph=speed, join_km=50.0, board_min=10.0, alight_min=3.0)
    towns = gpd.GeoDataFrame(
        {"origin_id": [str(k) for k in range(6)]},
        geometry=gpd.points_from_xy(base.node_lon, base.node_lat),
        crs=4326,
    )
    before = minutes_between(base, towns, towns)
    after = minutes_between(add_corridors(base, one), towns, towns)
    assert (after <= before).all()


def test_a_faster_corridor_is_never_slower():
    times = [
        minutes(add_corridors(road(), make(design_speed_kph=float(v))), (105.0, 29.0), (107.0, 29.0))
        for v in (60, 90, 120, 200)
    ]
    assert times == sorted(times, reverse=True)


def test_a_frame_keeps_what_the_user_changed():
    table = corridors("yuqian")
    table.loc[table["corridor_id"] == "yugui-hsr", "design_speed_kph"] = 250.0
    slow = {one.id: one for one in resolve_corridors(table)}
    assert slow["yugui-hsr"].design_speed_kph == 250
    assert slow["yanyinsong-expressway"] == corridor("yanyinsong-expressway")
    table.loc[table["corridor_id"] == "yugui-hsr", "design_speed_kph"] = 500.0
    with pytest.raises(InputError, match=r"row of 'yugui-hsr': design_speed_kph: .*400"):
        resolve_corridors(table)
    with pytest.raises(InputError, match="corridor_id"):
        resolve_corridors(pd.DataFrame({"name": ["甲"]}))


def test_an_unknown_id_suggests():
    with pytest.raises(InputError, match="did you mean 'yugui-hsr'"):
        corridors(["yugui-hrs"])
    with pytest.raises(InputTypeError, match="got 7"):
        corridors(7)
    with pytest.raises(InputTypeError, match="hold ids or Corridor objects"):
        corridors([3.5])


def test_a_corridor_that_touches_nothing():
    far = make(stops=(stop("甲", 105.0, 35.0), stop("乙", 106.0, 35.0)))
    with pytest.raises(NetworkError, match="'test' touches nothing: no stop lies within join_km = 5 km"):
        add_corridors(road(), far)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"stops": (stop("甲", 105.0), stop("丙", 107.0), stop("乙", 106.0), stop("丁", 108.0))},
            "out of order",
        ),
        ({"stops": (stop("甲", 105.0), stop("乙", 108.0))}, "lie 292 km apart, more than the 150 km"),
        ({"length_km": 100.0}, "length_km is 100, but the stops alone lie 194.9 km apart"),
        ({"design_speed_kph": 401.0}, "400"),
        ({"services": ({"name": "x", "calls": ("甲", "乙")},)}, "a road has no services"),
        ({"mode": "rail", "services": ({"name": "x", "calls": ("甲", "戊")},)}, "calls at 戊, not a stop"),
        ({"mode": "rail", "services": ({"name": "x", "calls": ("乙", "甲")},)}, "out of the stops' order"),
        ({"stops": (stop("甲", 105.0),)}, "at least 2"),
    ],
)
def test_faults_in_a_corridor(changes, words):
    with pytest.raises(ValueError) as caught:
        make(**changes)
    assert words in str(caught.value)


def test_stops_are_checked_one_by_one():
    with pytest.raises(ValueError):
        Stop.model_validate(stop("甲", 1050.0))


def test_overlap_tells_what_the_network_has_already():
    fast_road = road(minutes=DEGREE_KM / 120 * 60)  # as fast as the corridor
    there = corridor_overlap(fast_road, make())
    assert there["already_there"].all()
    assert there["base_min"].to_numpy() == pytest.approx(there["corridor_min"].to_numpy(), rel=1e-3)
    slow = corridor_overlap(road(minutes=90.0), make())
    assert not slow["already_there"].any()
    assert slow["base_min"].to_list() == pytest.approx([90, 90])


def test_a_corridor_brings_as_much_where_railways_are_joined():
    road = trunk_network(speed_kph=88)
    joined = join_networks(road, rail_network(ride_factor=1))
    ends = ("重庆市", "贵阳市")
    on_road = travel_times(add_corridors(road, "yugui-hsr"), *ends)["travel_time_min"].item()
    on_both = travel_times(add_corridors(joined, "yugui-hsr"), *ends)["travel_time_min"].item()
    assert on_both <= on_road


def test_what_a_corridor_replaces_is_told_by_class():
    # two stretches of an ordinary road of an hour; beside the second an expressway that is faster, by a detour
    base = build_network(
        [105.0, 106.0, 107.0, 106.5],
        [29.0, 29.0, 29.0, 29.3],
        Links(
            [0, 1, 1, 3],
            [1, 2, 3, 2],
            [DEGREE_KM * 1000, DEGREE_KM * 1000, 60e3, 60e3],
            [3600.0, 5400.0, 1800.0, 2400.0],
            road_class=["ordinary", "ordinary", "motorway", "ordinary"],
        ),
    )
    found = corridor_replaces(base, make())
    whole = found[found["whole"]]
    assert whole[["from_stop", "to_stop", "road_class"]].to_numpy().tolist() == [
        ["甲", "丙", "motorway"], ["甲", "丙", "ordinary"],
    ]  # fmt: skip
    assert whole["base_min"].sum() == 130
    found = found[~found["whole"]]
    assert found[["from_stop", "to_stop", "road_class", "length_km", "base_min"]].round(
        3
    ).to_numpy().tolist() == [
        ["甲", "乙", "ordinary", round(DEGREE_KM, 3), 60.0],
        ["乙", "丙", "motorway", 60.0, 30.0],
        ["乙", "丙", "ordinary", 60.0, 40.0],
    ]
    assert found["mean_kph"].round(1).tolist() == [round(DEGREE_KM, 1), 120.0, 90.0]
    there = corridor_overlap(base, make())
    assert found.groupby("from_stop", sort=False)["base_min"].sum().tolist() == there["base_min"].tolist()


def test_where_there_is_no_way_a_corridor_replaces_nothing():
    apart = build_network(
        [105.0, 106.0, 107.0, 108.0], [29.0] * 4, Links([0, 2], [1, 3], [DEGREE_KM * 1000] * 2, [3600.0] * 2)
    )
    found = corridor_replaces(apart, make())
    assert found["to_stop"].tolist() == ["乙"]
