"""Crossings and missing lines at a study's borders: by hand on a ladder of towns, and empty where there is nothing."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.decisions import (
    CRITICAL_CROSSINGS,
    MISSING_LINKS,
    ClosedCrossings,
    missing_at_borders,
)
from borderreach.analysis.decisions._critical import (
    CRITICAL_LINKS,
    CRITICAL_PAIRS,
    critical_links,
    critical_pairs,
)
from borderreach.analysis.indicators import ExponentialDecay
from borderreach.geo.networks import Links, build_network

from ... import chance

#: Three towns in a row on either side of a border along 29.1 degrees north, 20 km apart.
LON, LAT = [106.0, 106.2, 106.4] * 2, [29.0] * 3 + [29.2] * 3


def towns(people=(10.0,) * 6):
    frame = pd.DataFrame(
        {
            "name": list("abcdef"),
            "province": ["南"] * 3 + ["北"] * 3,
            "people": people,
            "lon": LON,
            "lat": LAT,
        }
    )
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(LON, LAT), crs=4326)


def roads(*across):
    """Along either side 20 minutes from town to town; across, 22 minutes each, at the towns given."""
    a, b = [0, 1, 3, 4, *across], [1, 2, 4, 5, *(k + 3 for k in across)]
    minutes = [1200] * 4 + [1320] * len(across)
    return build_network(LON, LAT, Links(a, b, [2e4] * 4 + [2.2e4] * len(across), minutes), max_access_km=1)


def crossings(*across):
    frame = pd.DataFrame(
        {"link": [4 + k for k in range(len(across))], "province_a": "南", "province_b": "北",
         "county_a": [list("abc")[k] for k in across], "county_b": [list("def")[k] for k in across]}
    )  # fmt: skip
    lines = [shapely.LineString([(LON[k], 29.0), (LON[k], 29.2)]) for k in across]
    return gpd.GeoDataFrame(frame, geometry=lines, crs=4326)


BORDERS = gpd.GeoDataFrame(
    {"province_a": ["南"], "province_b": ["北"]},
    geometry=[shapely.LineString([(105.9, 29.1), (106.5, 29.1)])],
    crs=4326,
)


def losses(network, places, of, borders):
    return ClosedCrossings(network, places, of, borders, cutoff_min=120).alone


def test_the_only_crossing_cuts_everybody_off():
    found = losses(roads(0), towns(), crossings(0), BORDERS)
    (row,) = found.itertuples()
    assert list(found.columns) == list(CRITICAL_CROSSINGS)
    assert (row.province_a, row.province_b, row.name) == ("南", "北", "a—d")
    assert row.delay_person_min == 0
    # towns at the end have most of their trips on their own side, where the other side lies far
    assert row.cut_off_trips > 0
    assert set(row.cut_off.split("、")) >= {"a", "d"}
    assert row.leaving_people == 30  # from a, the whole other side lies within 62 minutes


def test_of_two_crossings_each_stands_in_for_the_other():
    found = losses(roads(0, 2), towns(), crossings(0, 2), BORDERS)
    assert (found["cut_off_trips"] == 0).all()
    west, east = (found.loc[found["name"] == name].iloc[0] for name in ("a—d", "c—f"))
    assert west["cost_person_min"] == pytest.approx(east["cost_person_min"])  # they are each other's mirror
    assert west["worst_delay_min"] == pytest.approx(80)  # a to d: 22 minutes, and 40 + 22 + 40 around


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(1, 100), min_size=6, max_size=6))
def test_a_crossing_more_never_makes_the_loss_of_one_worse_for_those_cut_off(people):
    one = losses(roads(0), towns(people), crossings(0), BORDERS)
    two = losses(roads(0, 2), towns(people), crossings(0, 2), BORDERS)
    assert (two["cost_person_min"] >= 0).all()
    assert two["cut_off_trips"].max() <= one["cut_off_trips"].max()


def test_the_far_end_misses_a_line():
    found = missing_at_borders(roads(0), towns([1, 1, 100, 1, 1, 100]), BORDERS)
    assert list(found.columns) == list(MISSING_LINKS)
    first = found.iloc[0]
    assert {first["from_name"], first["to_name"]} == {"c", "f"}
    assert first["base_min"] == pytest.approx(102)
    assert found["rank"].tolist() == list(range(1, len(found) + 1))
    assert missing_at_borders(roads(0, 1, 2), towns(), BORDERS).empty


def test_towns_far_from_the_border_have_no_part_in_it():
    far = BORDERS.assign(geometry=[shapely.LineString([(105.9, 39.1), (106.5, 39.1)])])
    found = losses(roads(0), towns(), crossings(0), far)
    assert found.empty
    assert list(found.columns) == list(CRITICAL_CROSSINGS)
    assert missing_at_borders(roads(0), towns(), far).empty
    other = BORDERS.assign(province_b="东")
    assert losses(roads(0), towns(), crossings(0), other).empty


def test_trips_add_up_to_people():
    """Without any way but one, what is cut off and what stays are all trips."""
    people = np.array([5.0, 7.0, 11.0, 13.0, 17.0, 19.0])
    found = losses(roads(0), towns(people), crossings(0), BORDERS)
    assert 0 < found["cut_off_trips"].iloc[0] < people.sum()


def three_provinces(seed):
    """A grid of nodes in three strips, with roads missing and some of no length, and a county beyond any road."""
    draw = np.random.default_rng(seed)
    n = 6
    lon, lat = 106 + 0.02 * np.repeat(np.arange(n), n), 29 + 0.02 * np.tile(np.arange(n), n)
    pairs = [(i * n + j, i * n + j + 1) for i in range(n) for j in range(n - 1)]
    pairs += [(i * n + j, (i + 1) * n + j) for i in range(n - 1) for j in range(n)]
    a, b = np.array([pair for pair in pairs if draw.random() < 0.85]).T
    seconds = draw.choice([0.0, 60.0, 60.0, 120.0, 300.0], len(a))
    back = np.where(draw.random(len(a)) < 0.1, np.inf, seconds)
    network = build_network(
        lon, lat, Links(a, b, np.where(seconds > 0, 2e3, 0.0), seconds, back), max_access_km=1
    )
    strip = np.repeat(np.arange(3), 2 * n)
    at = np.sort(draw.choice(n * n, 14, replace=False))
    province = np.array(["甲", "乙", "丙"])
    places = gpd.GeoDataFrame(
        {"name": [f"{k:02d}" for k in at] + ["99"], "province": [*province[strip[at]], "丁"],
         "people": [*draw.integers(0, 100, len(at)), 5]},
        geometry=gpd.points_from_xy([*lon[at], 106.3], [*lat[at], 29.05]), crs=4326,
    )  # fmt: skip
    places["lon"], places["lat"] = places.geometry.x, places.geometry.y
    across = np.flatnonzero(strip[a] != strip[b])
    links = gpd.GeoDataFrame(
        {"link": across, "province_a": province[strip[a[across]]], "province_b": province[strip[b[across]]],
         "county_a": "a", "county_b": "b"},
        geometry=gpd.points_from_xy((lon[a] + lon[b])[across] / 2, (lat[a] + lat[b])[across] / 2), crs=4326,
    )  # fmt: skip
    links.loc[len(links)] = [0, "丁", "戊", "a", "b", shapely.Point(106.3, 29.05)]
    edges = {("甲", "乙"): 106.03, ("乙", "丙"): 106.07, ("丁", "戊"): 106.3}
    borders = gpd.GeoDataFrame(
        {"province_a": [one for one, _ in edges], "province_b": [other for _, other in edges]},
        geometry=[shapely.LineString([(x, 28.9), (x, 29.2)]) for x in edges.values()],
        crs=4326,
    )
    return network, places, links, borders


@pytest.mark.parametrize("seed", chance.seeds(3))
def test_all_borders_at_once_are_each_border_alone_to_the_bit(seed: int):
    network, places, links, borders = three_provinces(seed)
    together = ClosedCrossings(network, places, links, borders, cutoff_min=4)
    given: dict[str, Any] = {"weights": "people", "decay": ExponentialDecay.half_life(60), "cutoff_min": 4}
    for a, b in (("甲", "乙"), ("乙", "丙")):
        near = places[places["province"].isin([a, b])].reset_index(drop=True)
        own = links[(links["province_a"] == a) & (links["province_b"] == b)]
        alone = together.alone[together.alone["province_a"] == a].reset_index(drop=True)
        pd.testing.assert_frame_equal(
            alone[list(CRITICAL_LINKS)], critical_links(network, near, own, **given), check_exact=True
        )
        most = alone[alone["cost_person_min"] > 0].head(5)["link"]
        if len(most) > 1:
            truth = critical_pairs(network, near, own[own["link"].isin(most)], **given)
            pairs = together.pairs[together.pairs["province_a"] == a].reset_index(drop=True)
            pd.testing.assert_frame_equal(pairs[list(CRITICAL_PAIRS)], truth, check_exact=True)
    assert "丁" not in set(together.alone["province_a"])  # nobody there gets to a road


@pytest.mark.parametrize("seed", chance.seeds(3))
def test_sums_do_not_depend_on_what_else_may_be_closed(seed: int):
    """They are summed in the order of the places, so that a network of fewer ports gives the same digits."""
    network, places, links, _ = three_provinces(seed)
    places = places[places["province"] != "丁"].reset_index(drop=True)
    some = links[links["province_a"] == "甲"]
    all_links = critical_links(network, places, links, weights="people", within_km=0)
    few = critical_links(network, places, some, weights="people", within_km=0)
    same = all_links[all_links["link"].isin(few["link"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(same, few, check_exact=True)
