"""Isochrones: against the reference on awkward networks, against hand-computed truths, and what always holds."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from borderreach.analysis import schemas
from borderreach.analysis.isochrones import _isochrones
from borderreach.analysis.isochrones._drawings import default_cell_m
from borderreach.analysis.isochrones._isochrones import isochrones, union_in_order
from borderreach.analysis.isochrones._reference import reference_isochrone
from borderreach.analysis.times._origins import NO_LIMIT_MS, Direction, origin_list
from borderreach.analysis.times._travel_times import Targets, times_from
from borderreach.geo.crs import WGS84, to_ecef
from borderreach.geo.errors import (
    AmbiguousPlaceError,
    BorderReachError,
    EmptyInputError,
    InputError,
    InputTypeError,
    MissingCRSError,
    OffNetworkError,
    UnknownPlaceError,
)
from borderreach.geo.networks import Links, TransportNetwork, build_network
from borderreach.geo.networks._access import access
from borderreach.geo.networks._trunk import trunk_network

from ... import chance
from ..networks import Case, cases, flat

CHECKED = settings(max_examples=chance.examples(40), deadline=None)


@pytest.fixture(scope="module")
def trunk() -> TransportNetwork:
    return trunk_network(speed_kph=88)


def one_road(*, seconds: float = 600.0, back: float | None = None, along: bool = True, **options):
    """A straight road of 9.7 km from west to east."""
    return build_network(
        [106.5, 106.6],
        [29.5, 29.5],
        Links([0], [1], [9690.0], [seconds], [seconds if back is None else back], exit_along=along),
        **{"access_speed_kph": 5.0, "max_access_km": 2.0, **options},
    )


def polygon(network, origin, cutoff_min, **options) -> shapely.MultiPolygon:
    return isochrones(network, origin, cutoffs_min=cutoff_min, **options).geometry.iloc[0]


class TestAgainstTheReference:
    @CHECKED
    @given(case=cases(), direction=st.sampled_from(["from", "to"]))
    def test_agrees_within_the_cell(self, case: Case, direction: Direction):
        cell = case.network.max_access_km * 1000 / 25
        got = flat(
            polygon(case.network, case.origin, case.cutoff_min, direction=direction, cell_m=cell), case.centre
        )
        true = flat(
            reference_isochrone(
                case.network, case.origin, case.cutoff_min, direction=direction, step_m=cell / 2
            ),
            case.centre,
        )
        # whatever a grid can't see lies within a cell's diagonal of the edge
        blur = math.sqrt(2) * cell * 1.01
        assert true.buffer(-blur).difference(got).area < 1
        assert got.difference(true.buffer(blur)).area < 1
        # and most of the edge is much nearer than that, corners apart: where a road's strip leaves a
        # disc there are two, a road entered part-way leaves it on both sides, and a grid may lose up to a cell's square at each
        corners = 4 if case.network.arc_exit.any() else 2
        assert true.symmetric_difference(got).area < 0.06 * cell * true.length + corners * cell**2

    @settings(CHECKED, max_examples=12)
    @given(case=cases())
    def test_no_hole_is_invented(self, case: Case):
        cell = case.network.max_access_km * 1000 / 20
        got = flat(polygon(case.network, case.origin, case.cutoff_min, cell_m=cell), case.centre)
        true = flat(
            reference_isochrone(case.network, case.origin, case.cutoff_min, step_m=cell / 2), case.centre
        )
        for part in got.geoms:
            for ring in part.interiors:
                hole = shapely.Polygon(ring)
                # true holes, or narrow gaps that the grid closed to one
                assert hole.difference(true.buffer(0.06 * cell)).area > 0
                assert hole.difference(true).area > 0.5 * hole.area - cell**2


class TestWhatAlwaysHolds:
    @CHECKED
    @given(case=cases())
    def test_valid_nested_and_around_the_origin(self, case: Case):
        cutoffs = (case.cutoff_min, case.cutoff_min + 0.05, case.cutoff_min * 1.5, case.cutoff_min * 3)
        result = isochrones(case.network, case.origin, cutoffs_min=cutoffs)
        assert list(result.cutoff_min) == sorted(cutoffs, reverse=True)
        assert result.is_valid.all()
        assert (result.geom_type == "MultiPolygon").all()
        assert result.intersects(shapely.Point(case.origin)).all()
        for larger, smaller in zip(result.geometry[:-1], result.geometry[1:], strict=True):
            assert larger.covers(smaller)
        assert (np.diff(result.area_km2) <= 1e-9).all()

    @settings(CHECKED, max_examples=12)
    @given(case=cases(), others=st.lists(st.floats(1, 60), max_size=3, unique=True))
    def test_other_cutoffs_change_nothing(self, case: Case, others: list[float]):
        # those that differ by less than a cell's walk are united, so that they stay nested
        apart = [c for c in others if abs(c - case.cutoff_min) > 3]
        cutoffs = sorted({case.cutoff_min, *apart})
        together = isochrones(case.network, case.origin, cutoffs_min=cutoffs)
        alone = isochrones(case.network, case.origin, cutoffs_min=case.cutoff_min)
        same = together[together.cutoff_min == case.cutoff_min].geometry.iloc[0]
        assert same.wkb == alone.geometry.iloc[0].wkb

    @settings(CHECKED, max_examples=12)
    @given(case=cases(), factor=st.floats(0.3, 0.99))
    def test_a_faster_network_never_shrinks(self, case: Case, factor: float):
        network = case.network
        forth, back = network.link_arcs
        arc = np.maximum(forth, back)

        def seconds(arcs: NDArray[np.int32]) -> NDArray[np.float64]:
            return np.where(arcs >= 0, network.arc_time_ms[arcs] / 1000 * factor, np.inf)

        faster = build_network(
            network.node_lon,
            network.node_lat,
            Links(
                *network.link_ends, network.arc_length_m[arc], seconds(forth), seconds(back),
                exit_along=network.arc_exit[arc],
                geometry=[network.link_line(k) for k in range(network.n_links)],
            ),
            node_exit=network.node_exit,
            access_speed_kph=network.access_speed_kph,
            max_access_km=network.max_access_km,
        )  # fmt: skip
        slow = flat(polygon(network, case.origin, case.cutoff_min), case.centre)
        fast = flat(polygon(faster, case.origin, case.cutoff_min), case.centre)
        # whole milliseconds are rounded, which shifts edges by a centimetre
        assert slow.difference(fast.buffer(0.5)).area < 1.0

    @settings(CHECKED, max_examples=12)
    @given(case=cases(), seed=st.integers(0, 2**32 - 1))
    def test_membership_agrees_with_travel_times(self, case: Case, seed: int):
        cell = case.network.max_access_km * 1000 / 25
        shape = flat(polygon(case.network, case.origin, case.cutoff_min, cell_m=cell), case.centre)
        draw = np.random.default_rng(seed)
        points = draw.uniform(shape.bounds[:2], shape.bounds[2:], size=(40, 2))
        points = points[shapely.distance(shape.boundary, shapely.points(points)) > math.sqrt(2) * cell]
        lonlat = _back(points, case.centre)
        xyz = to_ecef(lonlat[:, 0], lonlat[:, 1])
        network, (origin,) = case.network, origin_list(case.origin)
        ways = [
            access(network.reverse, lon=lon, lat=lat, xyz=at)
            for (lon, lat), at in zip(lonlat, xyz, strict=True)
        ]
        times, _ = times_from(network, origin, Targets.of(ways, list(xyz)), limit_ms=NO_LIMIT_MS)
        inside = shapely.contains_xy(shape, points[:, 0], points[:, 1])
        assert (inside == (times <= case.cutoff_min * 60_000)).all()

    def test_a_symmetric_network_has_the_same_isochrone_both_ways(self, trunk):
        out = polygon(trunk, "遵义市", 60)
        assert out.wkb == polygon(trunk, "遵义市", 60, direction="to").wkb

    def test_threads_and_order_change_nothing(self, trunk):
        names = ["重庆市", "遵义市", "贵阳市", "綦江区"]
        one = isochrones(trunk, names, workers=1)
        many = isochrones(trunk, names, workers=4)
        turned = isochrones(trunk, names[::-1])
        assert [g.wkb for g in one.geometry] == [g.wkb for g in many.geometry]
        by_key = {(r.origin_id, r.cutoff_min): r.geometry.wkb for r in turned.itertuples()}
        assert [by_key[r.origin_id, r.cutoff_min] for r in one.itertuples()] == [g.wkb for g in one.geometry]
        assert list(one.origin_name) == [name for name in names for _ in range(2)]

    @pytest.mark.parametrize("name", ["重庆市", "上海市", "乌鲁木齐市", "拉萨市"])
    def test_holds_on_the_trunk_network(self, trunk, name):
        result = isochrones(trunk, name, cutoffs_min=(15, 30, 60, 120, 180))
        assert result.is_valid.all()
        for larger, smaller in zip(result.geometry[:-1], result.geometry[1:], strict=True):
            assert larger.covers(smaller)


class TestHandComputed:
    def test_a_road_that_cannot_be_left_in_time_leaves_a_disc(self):
        shape = polygon(one_road(seconds=3600, along=False), (106.5, 29.5), 15)
        assert flat(shape, (106.5, 29.5)).area == pytest.approx(math.pi * 1250**2, rel=2e-3)

    def test_a_road_with_exits_everywhere_makes_a_tapered_buffer(self):
        # 15 minutes at 58.14 km/h: the whole road in ten, the reach falls from 1250 m to 416.7 m
        got = flat(polygon(one_road(), (106.5, 29.5), 15, cell_m=20), (106.55, 29.5))
        r0, r1, length = 1250.0, 1250.0 - 600 * 5 / 3.6, 9690.0
        lean = math.asin((r0 - r1) / length)
        area = (
            (r0 + r1) * length * math.cos(lean) + r0**2 * (math.pi / 2 + lean) + r1**2 * (math.pi / 2 - lean)
        )
        assert got.area == pytest.approx(area, rel=2e-3)
        west, _, east, _ = got.bounds
        assert east - west == pytest.approx(r0 + length + r1, abs=15)

    def test_the_cap_on_the_reach_holds(self):
        got = flat(polygon(one_road(), (106.5, 29.5), 120, cell_m=20), (106.55, 29.5))
        assert got.area == pytest.approx(math.pi * 2000**2 + 2 * 2000 * 9690, rel=2e-3)

    def test_a_motorway_is_left_at_its_ends_only(self):
        network = one_road(along=False)
        shape = polygon(network, (106.5, 29.5), 20)
        assert len(shape.geoms) == 2
        assert not shape.intersects(shapely.Point(106.55, 29.5))

    def test_one_way_roads_are_one_way(self):
        network = one_road(back=math.inf)
        assert polygon(network, (106.6, 29.5), 15).bounds[0] > 106.58
        assert polygon(network, (106.6, 29.5), 15, direction="to").bounds[0] < 106.5

    def test_an_origin_part_way_along_enters_there(self):
        shape = polygon(one_road(), (106.55, 29.5), 5)
        # half the road takes five minutes
        west, _, east, _ = flat(shape, (106.55, 29.5)).bounds
        assert (east - west) / 2 == pytest.approx(4845, abs=60)

    def test_land_beyond_the_reach_is_outside(self):
        # two roads 10 km apart: the strip between them can't be reached, however long one takes
        network = build_network(
            [106.5, 106.6, 106.5, 106.6],
            [29.5, 29.5, 29.6, 29.6],
            Links([0, 2, 0], [1, 3, 2], [9690] * 3, [600] * 3, exit_along=[True, True, False]),
        )
        shape = polygon(network, (106.5, 29.5), 600)
        assert len(shape.geoms) == 2
        assert not shape.intersects(shapely.Point(106.55, 29.55))


class TestSchema:
    def test_columns_types_and_order(self, trunk):
        result = isochrones(trunk, ["遵义市", (106.55, 29.56)], cutoffs_min=[30, 60])
        assert isinstance(result, gpd.GeoDataFrame)
        assert list(result.columns) == list(schemas.ISOCHRONES)
        assert result.crs == WGS84
        assert list(result.origin_id) == ["520300"] * 2 + ["106.550000,29.560000"] * 2
        assert list(result.cutoff_min) == [60, 30, 60, 30]
        assert set(result.direction) == {"from"}
        assert set(result["mode"]) == {"road"}
        assert (result.area_km2 > 0).all()

    def test_cell_follows_the_cutoff_alone(self, trunk):
        assert default_cell_m(trunk, 7_200_000) == 500
        assert default_cell_m(trunk, 60_000) < default_cell_m(trunk, 900_000) < 500

    def test_union_in_any_order_is_the_same(self, trunk):
        shapes = isochrones(trunk, ["遵义市", "贵阳市", "重庆市"], cutoffs_min=60).geometry
        assert union_in_order(shapes).wkb == union_in_order(shapes[::-1]).wkb

    def test_polygons_of_many_points_are_united_two_by_two_to_the_same_area(self, trunk, monkeypatch):
        shapes = isochrones(trunk, ["遵义市", "贵阳市", "重庆市"], cutoffs_min=60).geometry
        together = union_in_order(shapes)
        monkeypatch.setattr(_isochrones, "_MOST_POINTS", 100)
        by_two = union_in_order(shapes)
        assert by_two.equals(together)
        assert by_two.wkb == union_in_order(shapes[::-1]).wkb


class TestBadInput:
    @pytest.mark.parametrize(
        ("cutoffs", "error"),
        [
            (-5, InputError),
            (0, InputError),
            ((120, 60), InputError),
            ((60, 60), InputError),
            ("60", InputTypeError),
            (("60", "120"), InputTypeError),
            (True, InputTypeError),
            (math.nan, InputError),
            (math.inf, InputError),
            ((), EmptyInputError),
            (None, InputTypeError),
        ],
    )
    def test_cutoffs(self, trunk, cutoffs, error):
        with pytest.raises(error, match="cutoffs_min"):
            isochrones(trunk, "遵义市", cutoffs_min=cutoffs)

    @pytest.mark.parametrize("origins", [[], gpd.GeoDataFrame(geometry=[], crs=WGS84)])
    def test_no_origin(self, trunk, origins):
        with pytest.raises(EmptyInputError, match="origins"):
            isochrones(trunk, origins)

    @pytest.mark.parametrize("origin", [(125.0, 30.0), (83.0, 38.9), (88.5, 34.3)])
    def test_far_from_any_road(self, trunk, origin):
        with pytest.raises(OffNetworkError, match="with_access"):
            isochrones(trunk.with_access(max_access_km=20), origin)

    def test_no_crs(self, trunk):
        frame = gpd.GeoDataFrame(geometry=[shapely.Point(106.5, 29.5)])
        with pytest.raises(MissingCRSError, match="origins"):
            isochrones(trunk, frame)

    def test_unknown_and_ambiguous_places(self, trunk):
        with pytest.raises(UnknownPlaceError):
            isochrones(trunk, "没有这个地方")
        with pytest.raises(AmbiguousPlaceError):
            isochrones(trunk, "鼓楼区")

    @pytest.mark.parametrize("options", [{"direction": "both"}, {"cell_m": 0}, {"cell_m": "fine"}])
    def test_options(self, trunk, options):
        with pytest.raises(BorderReachError):
            isochrones(trunk, "遵义市", **options)

    def test_not_a_network(self):
        with pytest.raises(InputTypeError, match="network"):
            isochrones("trunk", "遵义市")  # type: ignore[arg-type]

    def test_a_network_without_exits(self):
        network = build_network(
            [106.5, 106.6], [29.5, 29.5], Links([0], [1], [9690.0], [600.0]), node_exit=False
        )
        with pytest.raises(OffNetworkError, match="no place"):
            isochrones(network, (106.5, 29.5))


def _back(points: np.ndarray, centre: tuple[float, float]) -> np.ndarray:
    import pyproj

    from borderreach.geo.crs import local_crs

    to_degrees = pyproj.Transformer.from_crs(local_crs(lon=centre[0], lat=centre[1]), WGS84, always_xy=True)
    lonlat: np.ndarray = np.column_stack(to_degrees.transform(points[:, 0], points[:, 1]))
    return lonlat
