"""Subsets of corridors on one network: the same to the bit as each built and searched by itself."""

from __future__ import annotations

import datetime as dt
from itertools import combinations

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.corridors._comparison import minutes_between
from borderreach.analysis.corridors._corridors import add_corridors
from borderreach.analysis.corridors._files import Corridor, open_by, resolve_corridors
from borderreach.analysis.corridors._joined import join_corridors
from borderreach.analysis.corridors._scenarios import Scenarios
from borderreach.analysis.corridors._subset_times import SubsetTimes
from borderreach.analysis.isochrones._isochrones import isochrones
from borderreach.geo.errors import InputError, InputTypeError, NetworkError, OffNetworkError
from borderreach.geo.networks import Links, build_network
from borderreach.geo.networks._trunk import trunk_network

from ... import chance


def corridor(identifier, stops, **more):
    """A corridor through (lon, lat, kind) points."""
    return Corridor.model_validate(
        {
            "id": identifier,
            "name": identifier,
            "mode": "road",
            "status": "planned",
            "status_date": dt.date(2024, 1, 1),
            "design_speed_kph": 100.0,
            "speed_factor": 1.0,
            "stop_penalty_min": 0.0,
            "trains_per_day": None,
            "join_km": 40.0,
            "stops": [
                {"name": f"{identifier}{k}", "lon": lon, "lat": lat, "kind": kind, "position": "existing"}
                for k, (lon, lat, kind) in enumerate(stops)
            ],
            **more,
        }
    )


#: Positions in steps of a tenth of a degree from here on.
WEST, SOUTH = 105.0, 29.0


@st.composite
def networks(draw):
    """Random towns with roads between some of them, one way or both, some of them to be left anywhere."""
    n = draw(st.integers(3, 9))
    place = st.tuples(st.integers(0, 12), st.integers(0, 6))
    # as at junctions with banned turns, several may lie at one place
    at = np.array(draw(st.lists(place, min_size=n, max_size=n, unique=draw(st.booleans()))), dtype=float)
    pairs = draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), min_size=1, max_size=14))
    tail, head = np.array([pair for pair in pairs if pair[0] != pair[1]] or [(0, 1)]).T
    seconds = draw(st.lists(st.integers(1, 9000), min_size=len(tail), max_size=len(tail)))
    one_way = draw(st.lists(st.booleans(), min_size=len(tail), max_size=len(tail)))
    exits = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    along = draw(st.booleans())
    return build_network(
        WEST + at[:, 0] / 10,
        SOUTH + at[:, 1] / 10,
        Links(
            tail, head, np.full(len(tail), 1e4), np.array(seconds, dtype=float),
            np.where(one_way, np.inf, np.array(seconds, dtype=float) + 1), exit_along=along,
        ),
        node_exit=np.array(exits) | (np.arange(n) == 0),
        access_speed_kph=25.0,
        max_access_km=draw(st.sampled_from([3.0, 15.0, 60.0])),
    )  # fmt: skip


@st.composite
def lines(draw, identifier):
    """A random corridor from west to east, by road or rail."""
    rail = draw(st.booleans())
    kinds = st.just("station") if rail else st.sampled_from(["interchange", "hub"])
    first = draw(st.integers(0, 6))
    y = draw(st.integers(0, 6))
    stops = [
        (WEST + (first + 3 * k) / 10, SOUTH + y / 10, draw(kinds)) for k in range(draw(st.integers(2, 3)))
    ]
    changes = {"mode": "rail", "board_min": 7.0, "alight_min": 3.0} if rail else {}
    return corridor(identifier, stops, join_km=draw(st.sampled_from([5.0, 30.0, 50.0])), **changes)


def points(draw, n):
    place = st.tuples(st.integers(-1, 13), st.integers(-1, 7))
    at = np.array(draw(st.lists(place, min_size=n, max_size=n, unique=True)), dtype=float) / 10
    return gpd.GeoDataFrame(
        {"origin_id": [str(k) for k in range(n)]},
        geometry=gpd.points_from_xy(WEST + at[:, 0], SOUTH + at[:, 1]),
        crs=4326,
    )


def subsets(ids):
    return [group for size in range(len(ids) + 1) for group in combinations(ids, size)]


def searched(network, starts, ends):
    """Minutes by searches from scratch; NaN throughout where nothing is in reach."""
    try:
        return minutes_between(network, starts, ends)
    except OffNetworkError:
        return np.full((len(starts), len(ends)), np.nan)


@settings(max_examples=chance.examples(150), deadline=None)
@given(data=st.data())
def test_times_of_every_subset_are_those_of_a_search_from_scratch(data):
    base = data.draw(networks())
    given_lines = [data.draw(lines(name)) for name in "abc"[: data.draw(st.integers(1, 3))]]
    starts, ends = points(data.draw, 3), points(data.draw, 4)
    try:
        joined = join_corridors(base, given_lines)
    except NetworkError:
        return
    times = SubsetTimes(joined, starts, ends)
    for ids in subsets(joined.ids):
        found = times.minutes(ids)
        np.testing.assert_array_equal(found, searched(joined.subset(ids), starts, ends))
        try:
            alone = add_corridors(base, [one for one in given_lines if one.id in ids])
        except NetworkError:  # meets the base through one that is left out
            continue
        np.testing.assert_array_equal(found, searched(alone, starts, ends))


@settings(max_examples=chance.examples(100), deadline=None)
@given(data=st.data())
def test_a_corridor_lengthens_no_trip_whatever_was_added_before(data):
    base = data.draw(networks())
    given_lines = [data.draw(lines(name)) for name in "abc"]
    try:
        joined = join_corridors(base, given_lines)
    except NetworkError:
        return
    times = SubsetTimes(joined, points(data.draw, 3), points(data.draw, 3))
    for ids in subsets(joined.ids):
        before = np.nan_to_num(times.minutes(ids), nan=np.inf)
        for more in set(joined.ids) - set(ids):
            assert (np.nan_to_num(times.minutes((*ids, more)), nan=np.inf) <= before).all()


def test_times_on_the_trunk_roads_are_those_of_a_search_from_scratch():
    base = trunk_network(speed_kph=88)
    given_lines = resolve_corridors(["yugui-hsr", "yanyinsong-expressway", "luzun-hsr"])
    joined = join_corridors(base, given_lines)
    starts, ends = ["重庆市", "贵阳市"], ["遵义市", "松桃苗族自治县", "泸州市", "成都市"]
    times = SubsetTimes(joined, starts, ends)
    for ids in [(), ("luzun-hsr",), ("yugui-hsr", "yanyinsong-expressway"), joined.ids]:
        chosen = [one for one in given_lines if one.id in ids]
        expected = minutes_between(add_corridors(base, chosen), starts, ends)
        np.testing.assert_array_equal(times.minutes(ids), expected)
        stops = times.first_stop_min(ids)
        assert (np.isfinite(stops).all(axis=0) == [one.id in ids for one in given_lines]).all()


def test_isochrones_of_a_subset_are_those_of_its_own_network():
    base = trunk_network(speed_kph=88)
    given_lines = resolve_corridors(["yugui-hsr", "yanyinsong-expressway"])
    masked = join_corridors(base, given_lines).subset(["yanyinsong-expressway"])
    own = add_corridors(base, ["yanyinsong-expressway"])
    found, expected = (
        isochrones(network, ["印江土家族苗族自治县"], cutoffs_min=60) for network in (masked, own)
    )
    assert found.geometry[0].equals_exact(expected.geometry[0], 0)
    assert masked.provenance == own.provenance
    assert sorted(masked.node_names.values()) == sorted(own.node_names.values())


def road():
    return build_network(
        [105.0, 106.0], [29.0, 29.0], Links([0], [1], [97e3], [7200.0]), access_speed_kph=25, max_access_km=10
    )


def test_none_gives_the_base_and_all_give_the_full_network():
    one = corridor("a", [(105.0, 29.0, "interchange"), (106.0, 29.0, "interchange")])
    joined = join_corridors(road(), [one])
    assert joined.subset(()) is joined.base
    assert joined.subset(["a"]) is joined.full
    assert join_corridors(joined.base, []).full is joined.base


def test_stops_of_two_corridors_meet_and_their_order_does_not_matter():
    # b begins where a ends, 0.5 degrees off the road: it's reached through a only
    a = corridor("a", [(105.0, 29.0, "interchange"), (105.0, 29.5, "interchange")], join_km=10)
    b = corridor("b", [(105.0, 29.52, "interchange"), (105.5, 29.5, "interchange")], join_km=10)
    ends = [(105.5, 29.5)]
    there = [
        minutes_between(add_corridors(road(), pair), [(105.0, 29.0)], ends)[0, 0] for pair in ([a, b], [b, a])
    ]
    assert there[0] == there[1]
    straight = a.lengths_km.sum() + b.lengths_km.sum()
    gap_km = 0.02 * 110.85
    assert there[0] == pytest.approx(straight / 100 * 60 + gap_km / 25 * 60, rel=1e-3)
    with pytest.raises(NetworkError, match="'b' touches nothing"):
        add_corridors(road(), b)


def test_a_hub_has_no_way_to_a_station():
    hubs = corridor(
        "a", [(105.0, 29.0, "interchange"), (105.5, 29.0, "hub"), (106.0, 29.0, "interchange")], join_km=2
    )
    train = corridor(
        "b", [(105.5, 29.0, "station"), (105.5, 29.4, "station")], mode="rail", join_km=2, board_min=10.0
    )  # fmt: skip
    with pytest.raises(NetworkError, match="'b' touches nothing"):
        add_corridors(road(), [hubs, train])


def test_scenarios_of_years_hold_what_is_open_by_then():
    lines_ = [
        corridor("a", [(105.0, 29.0, "interchange"), (105.5, 29.0, "interchange")], opening_year=2027),
        corridor("b", [(105.5, 29.0, "interchange"), (106.0, 29.0, "interchange")]),
        corridor("c", [(105.0, 29.0, "interchange"), (106.0, 29.0, "interchange")], status="open"),
    ]
    assert [one.id for one in open_by(lines_, 2026)] == ["c"]
    assert [one.id for one in open_by(lines_, 2027)] == ["a", "c"]
    assert [one.id for one in open_by(lines_, None)] == ["a", "b", "c"]
    names = Scenarios(road(), lines_, years=(2025, 2030)).names()
    assert (names["2025"], names["2030"]) == (("c",), ("a", "c"))
    base = road()
    assert add_corridors(base, lines_[:2], year=2020) is base
    assert add_corridors(base, lines_, year=2024).provenance["corridors"] == "c"
    with pytest.raises(InputError, match="'year'"):
        add_corridors(base, lines_, year=1700)
    with pytest.raises(InputTypeError, match="'year'"):
        add_corridors(base, lines_, year="2030")  # type: ignore[arg-type]
