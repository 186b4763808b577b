"""Clipped and simplified isochrones are valid, nested, and say their areas."""

from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.indicators._competition import overlaps
from borderreach.analysis.indicators._people import people_within
from borderreach.analysis.isochrones._isochrones import isochrones
from borderreach.analysis.isochrones._scenarios import scenario_isochrones
from borderreach.analysis.isochrones._shapes import clip_isochrones, simplify_isochrones
from borderreach.analysis.isochrones._zones import travel_time_circle
from borderreach.geo.crs import WGS84, area_km2
from borderreach.geo.errors import (
    EmptyInputError,
    GeometryTypeError,
    InputError,
    InputTypeError,
    MissingColumnError,
    MissingCRSError,
)
from borderreach.geo.networks import Links, build_network
from borderreach.geo.networks._trunk import trunk_network
from borderreach.geo.places._boundaries import provinces

from ... import chance
from ..networks import Case, cases


@pytest.fixture(scope="module")
def circles():
    return isochrones(trunk_network(speed_kph=88), ["宁波", "重庆"], cutoffs_min=(30, 60, 120))


def assert_nested(frame: gpd.GeoDataFrame) -> None:
    for _, part in frame.groupby("origin_id"):
        shapes = part.sort_values("cutoff_min").geometry.to_numpy()
        for small, large in itertools.pairwise(shapes):
            assert shapely.difference(small, large).area < 1e-12


def test_land(circles):
    land = provinces()
    clipped = clip_isochrones(circles, land)
    assert list(clipped.columns) == list(circles.columns)
    own = clipped["origin_id"] == circles["origin_id"].iloc[0]  # Ningbo, on the sea
    assert (clipped.loc[own, "area_km2"] < circles.loc[own, "area_km2"] - 100).all()
    inland = clipped["origin_id"] == circles["origin_id"].iloc[-1]
    assert clipped[inland].geometry.to_wkb().tolist() == circles[inland].geometry.to_wkb().tolist()
    assert clipped.loc[inland, "area_km2"].tolist() == circles.loc[inland, "area_km2"].tolist()
    assert_nested(clipped)
    assert clipped["area_km2"].to_numpy() == pytest.approx(area_km2(clipped.geometry), rel=1e-3)
    whole = land.union_all()
    assert all(shapely.difference(shape, whole).area < 1e-9 for shape in clipped.geometry)


def test_nothing_left_is_an_empty_shape(circles):
    far = gpd.GeoDataFrame(geometry=[shapely.box(80, 40, 81, 41)], crs=WGS84)
    clipped = clip_isochrones(circles, far)
    assert clipped.geometry.is_empty.all()
    assert (clipped["area_km2"] == 0).all()
    assert set(clipped.geom_type) == {"MultiPolygon"}


def test_any_crs(circles):
    box = gpd.GeoDataFrame(geometry=[shapely.box(106, 29, 107, 30)], crs=WGS84)
    one, other = clip_isochrones(circles, box), clip_isochrones(circles.to_crs(3857), box.to_crs(4507))
    assert other.crs == WGS84
    assert other["area_km2"].to_numpy() == pytest.approx(one["area_km2"].to_numpy(), rel=1e-3)


@settings(max_examples=chance.examples(30), deadline=None)
@given(case=cases(), tolerance=st.sampled_from([1.0, 50.0, 300.0, 2000.0]))
def test_simplified_made_up_isochrones_stay_nested_and_valid(case: Case, tolerance):
    whole = isochrones(case.network, case.origin, cutoffs_min=(case.cutoff_min, case.cutoff_min * 1.5, 40))
    simple = simplify_isochrones(whole, tolerance_m=tolerance)
    assert simple.geometry.is_valid.all()
    assert_nested(simple)
    assert simple.count_coordinates().sum() <= whole.count_coordinates().sum()
    if tolerance <= 50:  # edges move by less than the tolerance; a degree is 111.3 km at most
        moved = np.abs(simple["area_km2"].to_numpy() - whole["area_km2"].to_numpy())
        assert (moved <= shapely.length(whole.geometry.to_numpy()) * 111.3 * tolerance / 1000).all()


def test_edges_move_by_no_more_than_the_tolerance(circles):
    simple = simplify_isochrones(circles, tolerance_m=300)
    assert simple.count_coordinates().sum() < 0.2 * circles.count_coordinates().sum()
    assert simple["area_km2"].to_numpy() == pytest.approx(circles["area_km2"].to_numpy(), rel=0.005)
    for before, after in zip(circles.geometry.to_crs(4507), simple.geometry.to_crs(4507), strict=True):
        corners = shapely.points(shapely.get_coordinates(after))
        # every corner is one that was there, and what is left out lies near
        assert shapely.distance(corners, before.boundary).max() < 1
        assert shapely.symmetric_difference(before, after).area < 300 * before.length / 4
    assert_nested(simple)


def test_scenarios_are_simplified_apart(circles):
    roads = trunk_network(speed_kph=88)
    table = scenario_isochrones({"a": roads, "b": roads}, ["宁波", "重庆"], cutoffs_min=(30, 60, 120))
    simple = simplify_isochrones(table, tolerance_m=300)
    alone = simplify_isochrones(circles, tolerance_m=300)
    for name in "ab":
        assert (
            simple[simple["scenario"] == name].geometry.to_wkb().tolist() == alone.geometry.to_wkb().tolist()
        )


def test_neither_changes_what_it_is_given(circles):
    before = circles.copy()
    simplify_isochrones(circles, tolerance_m=300)
    clip_isochrones(circles, provinces())
    assert circles.equals(before)
    index = circles.set_index(np.arange(len(circles)) * 10)
    assert simplify_isochrones(index, tolerance_m=300).index.equals(index.index)


def test_bad_input(circles):
    bow = gpd.GeoDataFrame(geometry=[shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])], crs=WGS84)
    for area, error, words in (
        (None, InputTypeError, "'area'"),
        (circles.set_crs(None, allow_override=True), MissingCRSError, "'area'"),
        (circles.iloc[:0], EmptyInputError, "'area'"),
        (bow, GeometryTypeError, "'area' has 1 invalid"),
        (gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)], crs=WGS84), GeometryTypeError, "'area'"),
    ):
        with pytest.raises(error, match=words):
            clip_isochrones(circles, area)
    with pytest.raises(MissingColumnError, match="'cutoff_min'"):
        clip_isochrones(circles.drop(columns="cutoff_min"), circles)
    for tolerance in (0, -5, float("nan"), 1e9):
        with pytest.raises(InputError, match="'tolerance_m'"):
            simplify_isochrones(circles, tolerance_m=tolerance)
    with pytest.raises(InputTypeError, match="'tolerance_m'"):
        simplify_isochrones(circles, tolerance_m="300")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def three_roads():
    links = Links([0, 0, 1], [1, 2, 2], [5.8e3, 5.5e3, 8e3], [600.0, 900.0, 400.0], exit_along=True)
    network = build_network([106.5, 106.56, 106.5], [29.5, 29.5, 29.55], links)
    return isochrones(network, [(106.5, 29.5)], cutoffs_min=(10, 20, 30), cell_m=100)


@pytest.mark.parametrize("seed", [154, 279, 374, 376, 377, *range(12)])
def test_what_a_sharp_wedge_cuts_off_is_valid_when_simplified(three_roads, seed: int):
    """The first five came out with edges that crossed, once their corners were rounded to degrees."""
    rng = np.random.default_rng(seed)
    tip = np.array([106.5, 29.5]) + rng.normal(0, 0.02, 2)
    towards, width = rng.uniform(0, 2 * np.pi), rng.uniform(0.01, 0.2)
    sides = [tip + 0.3 * np.array([np.cos(a), np.sin(a)]) for a in (towards, towards + width)]
    wedge = gpd.GeoDataFrame(geometry=[shapely.Polygon([tip, *sides])], crs=WGS84)
    clipped = clip_isochrones(three_roads, wedge)
    simple = simplify_isochrones(clipped, tolerance_m=float(rng.choice([10, 30, 100])))
    assert simple.is_valid.all()
    assert_nested(simple)
    assert simple["area_km2"].sum() == pytest.approx(clipped["area_km2"].sum(), rel=0.25, abs=0.05)


def test_an_isochrone_of_which_nothing_is_left_goes_on_as_such():
    """Everything that takes isochrones takes the empty rows of `clip_isochrones`."""
    network = build_network([106.5, 106.6], [29.5, 29.5], Links([0], [1], [9.7e3], [600.0]))
    frame = isochrones(network, [(106.5, 29.5), (106.6, 29.5)], cutoffs_min=5)
    west = gpd.GeoDataFrame(geometry=[shapely.box(106, 29, 106.55, 30)], crs=WGS84)
    clipped = clip_isochrones(frame, west)
    assert clipped.geometry.is_empty.tolist() == [False, True]
    simple = simplify_isochrones(clipped, tolerance_m=20)
    assert simple["area_km2"].tolist() == pytest.approx(clipped["area_km2"].tolist(), abs=0.05)
    assert simple["area_km2"].tolist()[1] == 0
    again = clip_isochrones(clipped, west)
    assert again.geometry.to_wkb().tolist() == clipped.geometry.to_wkb().tolist()
    assert travel_time_circle(clipped)["area_km2"].tolist() == pytest.approx([clipped["area_km2"].iloc[0]])
    people = gpd.GeoDataFrame({"people": [3.0]}, geometry=[shapely.Point(106.5, 29.5)], crs=WGS84)
    assert people_within(clipped, people)["people"].tolist() == [3, 0]
    assert len(overlaps(clipped)) == 0
