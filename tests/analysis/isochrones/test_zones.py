"""Circles of several centres and commuting zones."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

from borderreach.analysis import schemas
from borderreach.analysis.isochrones._isochrones import isochrones
from borderreach.analysis.isochrones._zones import commuting_zone, travel_time_circle, zone_counties
from borderreach.geo.errors import InputError
from borderreach.geo.networks import Links, build_network
from borderreach.geo.networks._trunk import trunk_network
from borderreach.geo.places._boundaries import counties


@pytest.fixture(scope="module")
def trunk():
    return trunk_network(speed_kph=88)


def test_a_circle_is_the_union(trunk):
    single = isochrones(trunk, ["重庆市", "贵阳市"], cutoffs_min=(60, 120))
    circle = travel_time_circle(single)
    assert list(circle.columns) == list(schemas.CIRCLES)
    assert circle["cutoff_min"].tolist() == [120, 60]
    assert circle["n_centres"].tolist() == [2, 2]
    assert circle["centres"].iloc[0] == "重庆市、贵阳市"
    for row in circle.itertuples():
        parts = single[single.cutoff_min == row.cutoff_min].geometry
        assert row.geometry.symmetric_difference(shapely.union_all(parts)).area < 1e-9
        assert row.area_km2 <= single[single.cutoff_min == row.cutoff_min].area_km2.sum() * 1.001


def test_a_zone_on_a_symmetric_network_is_the_isochrone(trunk):
    zone = commuting_zone(trunk, "綦江区")
    assert list(zone.columns) == list(schemas.ZONES)
    assert zone.geometry.iloc[0].wkb == isochrones(trunk, "綦江区", cutoffs_min=60).geometry.iloc[0].wkb


def test_both_ways_count_on_a_one_way_road():
    network = build_network(
        [106.5, 106.6], [29.5, 29.5], Links([0], [1], [9690.0], [600.0], [1500.0], exit_along=True)
    )
    zone = commuting_zone(network, (106.5, 29.5), minutes=20).geometry.iloc[0]
    out = isochrones(network, (106.5, 29.5), cutoffs_min=20).geometry.iloc[0]
    back = isochrones(network, (106.5, 29.5), cutoffs_min=20, direction="to").geometry.iloc[0]
    assert out.bounds[2] > back.bounds[2]
    assert zone.equals(out.intersection(back))


def test_counties_of_a_zone(trunk):
    zone = commuting_zone(trunk, "綦江区")
    land = counties(provinces=["重庆市", "贵州省"])
    table = zone_counties(zone, land)
    assert list(table.columns) == list(schemas.ZONE_COUNTIES)
    own = table[table["name"] == "綦江区"].iloc[0]
    assert own["seat_inside"]
    assert own["belongs"] == (own["share_of_area"] >= 0.5)
    assert table["share_of_area"].between(0, 1 + 1e-9).all()
    assert (np.diff(table["share_of_area"]) <= 0).all()
    strict = zone_counties(zone, land, share_of_area=0.95)
    assert strict["belongs"].sum() <= table["belongs"].sum()
    assert table["belongs"].sum() == (table["share_of_area"] >= 0.5).sum()


@pytest.mark.parametrize("minutes", [0, -1, math.nan])
def test_bad_minutes(trunk, minutes):
    with pytest.raises(InputError, match="minutes"):
        commuting_zone(trunk, "綦江区", minutes=minutes)
