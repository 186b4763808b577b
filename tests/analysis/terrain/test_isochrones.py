"""Isochrones over ground of any speed: against even ground, hand-computed truths, water, and exact times."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from borderreach.analysis import schemas
from borderreach.analysis.isochrones._isochrones import isochrones
from borderreach.analysis.terrain import _speeds as terrain
from borderreach.analysis.terrain._isochrones import terrain_isochrones
from borderreach.analysis.terrain._marching import march
from borderreach.analysis.times._origins import within_reach
from borderreach.geo.crs import WGS84
from borderreach.geo.errors import (
    DataFileError,
    EmptyInputError,
    InputError,
    InputTypeError,
    MissingCRSError,
    MissingDependencyError,
    OffNetworkError,
)
from borderreach.geo.networks import TransportNetwork

from ... import chance
from ..networks import Case, Sketch, cases, flat

rasterio = pytest.importorskip("rasterio")
pytestmark = pytest.mark.filterwarnings(
    "ignore::rasterio.errors.NotGeoreferencedWarning",
    "ignore:Use `@` matmul:PendingDeprecationWarning",  # rasterio's own use of affine
)

CENTRE = (106.5, 29.5)
Speeds = Callable[[np.ndarray, np.ndarray], np.ndarray]


def raster(
    file: Path, speeds: Speeds | float, *, centre=CENTRE, half_m=20_000.0, cell_m=100.0, nodata=-1.0, crs=None
) -> Path:
    """Write speeds, a function of metres east and north of a centre, in a projection true around it."""
    n = round(2 * half_m / cell_m)
    at = (np.arange(n) + 0.5) * cell_m - half_m
    x, y = np.meshgrid(at, -at)
    values = speeds(x, y) if callable(speeds) else np.full((n, n), speeds)
    with rasterio.open(
        file, "w", driver="GTiff", width=n, height=n, count=1, dtype="float64", nodata=nodata,
        crs=crs or f"+proj=aeqd +lon_0={centre[0]} +lat_0={centre[1]} +datum=WGS84 +units=m",
        transform=rasterio.transform.from_origin(-half_m, half_m, cell_m, cell_m),
    ) as target:  # fmt: skip
        target.write(values, 1)
    return file


def degrees(file: Path, speed: float, *, left: float, top: float, cell: float, n: int) -> Path:
    """Write one speed in degrees."""
    with rasterio.open(
        file, "w", driver="GTiff", width=n, height=n, count=1, dtype="float32", crs=WGS84,
        transform=rasterio.transform.from_origin(left, top, cell, cell),
    ) as target:  # fmt: skip
        target.write(np.full((n, n), speed, dtype="float32"), 1)
    return file


def cross(*, reach_km: float = 2.0, speed_kph: float = 5.0, along: bool = True) -> TransportNetwork:
    """Two roads that cross at the origin, one with a bend."""
    sketch = Sketch.empty()
    middle = sketch.node(0, 0)
    for x, y, kph in ((6000, 0, 40), (-5000, 1000, 30), (0, 6000, 50), (2000, -5000, 20)):
        end = sketch.node(x, y)
        sketch.link(middle, end, kph, along=along, bends=[(x * 0.5 + 300, y * 0.5 - 200)])
    return sketch.build(CENTRE, speed_kph=speed_kph, reach_km=reach_km)


def alone(*, speed_kph: float = 5.0, reach_km: float = 15.0) -> TransportNetwork:
    """A road of no use, so that all is walked from the origin."""
    sketch = Sketch.empty()
    sketch.link(sketch.node(0, 0), sketch.node(10, 0), 0.001, along=False)
    return sketch.build(CENTRE, speed_kph=speed_kph, reach_km=reach_km)


def shape(network, speed, cutoff_min, *, origin=CENTRE, centre=CENTRE, **options) -> shapely.Geometry:
    got = terrain_isochrones(network, origin, speed, cutoffs_min=cutoff_min, **options)
    return flat(got.geometry.iloc[0], centre)


class TestEvenGround:
    """A raster that holds the network's own speed everywhere."""

    @pytest.mark.parametrize("along", [True, False])
    @pytest.mark.parametrize("cutoff_min", [5, 12, 30])
    def test_gives_the_isochrone(self, tmp_path, along: bool, cutoff_min: float):
        network = cross(along=along)
        even = raster(tmp_path / "even.tif", 5.0)
        true = flat(isochrones(network, CENTRE, cutoffs_min=cutoff_min).geometry.iloc[0], CENTRE)
        got = shape(network, even, cutoff_min)
        assert abs(got.area / true.area - 1) < 0.015
        assert got.symmetric_difference(true).area < 0.015 * true.area

    @settings(
        max_examples=12,
        deadline=None,
    )
    @given(case=cases(), direction=st.sampled_from(["from", "to"]))
    def test_on_awkward_networks(self, tmp_path_factory: pytest.TempPathFactory, case: Case, direction):
        network = case.network
        nearer = network.with_access(max_access_km=network.max_access_km * 0.95)
        assume(within_reach(nearer, case.origin)[0] and within_reach(nearer.reverse, case.origin)[0])
        file = tmp_path_factory.mktemp("even") / "even.tif"
        even = raster(file, network.access_speed_kph, centre=case.centre, half_m=40_000, cell_m=1000)
        cell = network.max_access_km * 1000 / 25
        options = {"cutoffs_min": case.cutoff_min, "direction": direction, "cell_m": cell}
        got = flat(terrain_isochrones(network, case.origin, even, **options).geometry.iloc[0], case.centre)
        # a road at the very end of the reach is within it or not by the last metre
        reach_km = network.max_access_km
        with pytest.MonkeyPatch.context() as patch:
            # on the same grid: the tips of buffers along a road are as long as its points catch them
            patch.setattr("borderreach.analysis.isochrones._drawings.fixed_plane", lambda *_: None)
            inner, outer = (
                flat(isochrones(changed, case.origin, **options).geometry.iloc[0], case.centre)
                for changed in (
                    network.with_access(max_access_km=reach_km * 0.98),
                    network.with_access(max_access_km=reach_km * 1.005),
                )
            )
        # fronts from single places come late by a part of a cell, entries from the origin, too
        assert inner.buffer(-0.4 * cell).difference(got).area < 0.1 * cell**2
        assert got.difference(outer.buffer(0.3 * cell)).area < 0.1 * cell**2

    def test_other_projections(self, tmp_path):
        network = cross()
        true = shape(network, raster(tmp_path / "even.tif", 5.0), 20)
        for left in (106.2, 106.2 - 360):
            file = degrees(tmp_path / "degrees.tif", 5.0, left=left, top=29.8, cell=0.001, n=600)
            assert shape(network, file, 20).equals(true)

    def test_the_reach_ends_in_time(self, tmp_path):
        # 2 km at 5 km/h are 24 minutes: at 10 km/h 4 km, at 2.5 km/h 1 km
        for kph, reach_m in ((10.0, 4000), (2.5, 1000)):
            got = shape(alone(reach_km=2.0), raster(tmp_path / "even.tif", kph), 120, cell_m=50)
            assert math.sqrt(got.area / math.pi) == pytest.approx(reach_m, rel=0.01)


class TestKnownDistances:
    def test_twice_as_fast_in_one_half(self, tmp_path):
        # 5 km/h, from 2 km east on 10 km/h
        ground = raster(tmp_path / "halves.tif", lambda x, _: np.where(x > 2000, 10.0, 5.0))
        cell = 50
        got = shape(alone(), ground, 60, cell_m=cell)
        west, south, east, north = got.bounds
        assert west == pytest.approx(-5000, abs=cell)
        # 24 minutes to the line, then 36 at 10 km/h
        assert east == pytest.approx(2000 + 6000, abs=cell)
        # by way of the line, which is met at an angle whose sine is 5 / 10, and followed at 10 km/h:
        # 2 km / cos 30° walked slowly, the rest of the hour quickly
        slow_km = 2 / math.cos(math.pi / 6)
        y_km = 2 * math.tan(math.pi / 6) + 10 * (1 - slow_km / 5)
        on_the_line = got.intersection(shapely.LineString([(2000 + cell, -20_000), (2000 + cell, 20_000)]))
        assert on_the_line.bounds[3] == pytest.approx(y_km * 1000, abs=1.5 * cell)
        assert north == pytest.approx(y_km * 1000, abs=1.5 * cell)
        assert south == pytest.approx(-north, abs=cell)

    def test_exits_along_a_road_through_slow_ground(self, tmp_path):
        # at 60 km/h along the road, each minute less leaves 2.5 / 60 km to its side
        sketch = Sketch.empty()
        sketch.link(sketch.node(0, 0), sketch.node(10_000, 0), 60.0)
        network = sketch.build(CENTRE, speed_kph=5.0, reach_km=5.0)
        got = shape(network, raster(tmp_path / "slow.tif", 2.5), 20, cell_m=50)
        for x_km in (2, 5, 8):
            beside = got.intersection(shapely.LineString([(x_km * 1000, 0), (x_km * 1000, 5000)]))
            # leaving before x pays: along s at 1 / 60, then sqrt(d² + (x - s)²) at 1 / 2.5
            d = (20 / 60 - x_km / 60) * 2.5 / math.sqrt(1 - (2.5 / 60) ** 2)
            assert beside.length == pytest.approx(d * 1000, abs=5)


def river(_, y):
    return np.where(np.abs(y - 1000) < 200, 0.0, 5.0)


def bank_road(*, bridge: bool) -> TransportNetwork:
    """A road along the south bank of a river; maybe a bridge in the east, to a place on the north bank."""
    sketch = Sketch.empty()
    west, middle, east = sketch.node(-4000, 0), sketch.node(0, 0), sketch.node(4000, 0)
    sketch.link(west, middle, 40.0)
    sketch.link(middle, east, 40.0)
    if bridge:
        sketch.link(east, sketch.node(4000, 2000), 40.0, along=False)
    return sketch.build(CENTRE, speed_kph=5.0, reach_km=3.0)


class TestWater:
    def test_stops_without_a_bridge(self, tmp_path):
        water = raster(tmp_path / "river.tif", river)
        got = shape(bank_road(bridge=False), water, 60)
        # the shore is half a cell off at most
        assert got.bounds[3] < 800 + 0.6 * 200
        assert got.bounds[3] > 800 - 0.6 * 200
        even = shape(bank_road(bridge=False), raster(tmp_path / "even.tif", 5.0), 60)
        assert even.bounds[3] > 2900
        south = shapely.box(-20_000, -20_000, 20_000, 600)
        assert got.intersection(south).area == pytest.approx(even.intersection(south).area, rel=0.01)

    def test_is_crossed_on_a_bridge(self, tmp_path):
        water = raster(tmp_path / "river.tif", river)
        got = shape(bank_road(bridge=True), water, 60, cell_m=100)
        beyond = got.intersection(shapely.box(-20_000, 1200, 20_000, 20_000))
        # the bridge's far end has its full reach; the road's exits on the south bank none on the north
        disc = shapely.Point(4000, 2000).buffer(3000).intersection(shapely.box(-9000, 1200, 9000, 9000))
        assert beyond.symmetric_difference(disc).area < 0.03 * disc.area
        assert not got.intersects(shapely.box(-20_000, 900, 20_000, 1100))

    def test_keeps_an_origin_from_the_road(self, tmp_path):
        water = raster(tmp_path / "river.tif", river)
        network = bank_road(bridge=True)
        lon, lat = Sketch.empty().lonlat([(0, 1600)], CENTRE)[0]
        with pytest.raises(OffNetworkError, match=r"no way to the network over the ground of river\.tif"):
            terrain_isochrones(network, (lon, lat), water, cutoffs_min=30)
        assert len(isochrones(network, (lon, lat), cutoffs_min=30)) == 1
        # beside the bridge's end one gets there, and only then to the south
        lon, lat = Sketch.empty().lonlat([(4000, 2400)], CENTRE)[0]
        soon, late = (shape(network, water, cutoff, origin=(lon, lat)) for cutoff in (4, 20))
        assert soon.bounds[1] > 1100
        assert late.bounds[1] < -200

    def test_nodata_is_no_way(self, tmp_path):
        network = bank_road(bridge=False)
        zero = shape(network, raster(tmp_path / "zero.tif", river), 30)
        gap = raster(tmp_path / "gap.tif", lambda x, y: np.where(river(x, y) == 0, -1.0, 5.0))
        holes = raster(tmp_path / "nan.tif", lambda x, y: np.where(river(x, y) == 0, np.nan, 5.0))
        assert shape(network, gap, 30).equals(zero)
        assert shape(network, holes, 30).equals(zero)

    def test_that_touches_at_corners_is_closed(self):
        slowness = np.ones((9, 9))
        slowness[np.arange(9), np.arange(9)] = np.inf
        start = np.full((9, 9), np.inf)
        start[0, 8] = 0.0
        time = march(start, slowness, 1.0, 1e9)
        above = np.triu(np.ones((9, 9), dtype=bool), 1)
        assert np.isfinite(time[above]).all()
        assert np.isinf(time[~above]).all()


class TestWhatAlwaysHolds:
    @pytest.fixture
    def rough(self, tmp_path) -> Path:
        rng = np.random.default_rng(chance.seed(1))
        spots = rng.choice([0.0, 1.0, 3.0, 5.0, 8.0], size=(400, 400), p=[0.15, 0.15, 0.3, 0.3, 0.1])
        spots[195:205, 195:205] = 5.0  # around the centre
        spots[184:194, 195:215] = 5.0  # and from another place to the road northward
        return raster(tmp_path / "rough.tif", lambda *_: spots)

    def test_valid_nested_and_around_the_origin(self, rough):
        cutoffs = (6, 9, 20, 20.01, 35, 60)
        result = terrain_isochrones(cross(), CENTRE, rough, cutoffs_min=cutoffs)
        assert list(result.columns) == list(schemas.ISOCHRONES)
        assert result.crs == WGS84
        assert list(result.cutoff_min) == sorted(cutoffs, reverse=True)
        assert (result.geom_type == "MultiPolygon").all()
        assert result.is_valid.all()
        assert result.intersects(shapely.Point(CENTRE)).all()
        for larger, smaller in zip(result.geometry[:-1], result.geometry[1:], strict=True):
            assert larger.covers(smaller)
        assert (np.diff(result.area_km2) < 0).all()

    def test_neither_threads_nor_other_cutoffs_matter(self, rough):
        places = [CENTRE, (106.51, 29.51)]
        one, four = (
            terrain_isochrones(cross(), places, rough, cutoffs_min=(10, 40), workers=workers)
            for workers in (1, 4)
        )
        assert [g.wkb for g in one.geometry] == [g.wkb for g in four.geometry]
        together, apart = (
            terrain_isochrones(cross(), CENTRE, rough, cutoffs_min=cutoffs, cell_m=100, workers=3)
            for cutoffs in ((10, 40), 40)
        )
        assert together.geometry[0].equals(apart.geometry[0])

    def test_both_directions_agree_on_two_way_roads(self, rough):
        away, back = (
            terrain_isochrones(cross(), CENTRE, rough, cutoffs_min=30, direction=direction)
            for direction in ("from", "to")
        )
        assert away.geometry[0].equals(back.geometry[0])
        assert list(back.direction) == ["to"]

    def test_faster_ground_never_shrinks(self, tmp_path, rough):
        with rasterio.open(rough) as source:
            values = source.read(1)
        faster = raster(tmp_path / "faster.tif", lambda *_: values * 1.3)
        slow, fast = (shape(cross(), file, 30, cell_m=200) for file in (rough, faster))
        assert slow.difference(fast).area < 1e-3 * slow.area


def from_the_middle(n: int, slowness: np.ndarray, cell_m: float = 1.0) -> np.ndarray:
    start = np.full(slowness.shape, np.inf)
    start[n, n] = 0.0
    return march(start, slowness, cell_m, np.inf)


class TestMarching:
    def test_from_one_place_on_even_ground(self):
        n = 150
        time = from_the_middle(n, np.ones((2 * n + 1, 2 * n + 1)))
        away = np.arange(-n, n + 1)
        true = np.hypot(away[:, None], away[None, :])
        late = time - true
        # straight and diagonal ways are exact, no place is too early
        assert late.min() > -1e-9
        assert abs(late[n]).max() < 1e-9
        assert abs(np.diag(late)).max() < 1e-9
        # the error in cells grows no faster than the logarithm of the distance
        for r in (10, 50, 150):
            assert late[true <= r].max() < 0.1 * (1 + math.log(r))
        # the same from all sides
        assert np.allclose(time, time.T)
        assert np.allclose(time, time[::-1])

    def test_straight_fronts_are_exact(self):
        n, angle = 40, 0.3
        x, y = np.meshgrid(np.arange(n), np.arange(n))
        true = x * math.cos(angle) + y * math.sin(angle)
        start = np.where((x == 0) | (y == 0), true, np.inf)
        assert np.allclose(march(start, np.ones((n, n)), 1.0, np.inf), true, atol=1e-9)

    def test_rays_that_bend(self):
        # speed 1 + g y: times are known in closed form (circular rays); halving cells halves the error
        g, size = 0.05, 10.0
        errors = []
        for n in (20, 40, 80):
            h = size / n
            at = np.arange(-n, n + 1) * h
            x, y = np.meshgrid(at, at)
            speed = 1 + g * y
            time = from_the_middle(n, 1 / speed, h)
            true = np.arccosh(1 + g**2 * (x**2 + y**2) / (2 * speed)) / g
            errors.append(np.abs(time - true).max())
        assert errors[0] < 0.1 * (1 + math.log(20)) * (size / 20) / 0.5  # the slowest place's cell
        assert errors[1] < 0.75 * errors[0]
        assert errors[2] < 0.75 * errors[1]

    def test_ends_where_it_should(self):
        time = march(np.where(np.arange(50) == 0, 0.0, np.inf)[None, :], np.ones((1, 50)), 1.0, 10.0)
        # what lies beyond passes nothing on
        assert time[0, :12].tolist() == list(range(12))
        assert np.isinf(time[0, 12:]).all()


class TestBadInput:
    def call(self, file, **options):
        return terrain_isochrones(cross(), CENTRE, file, **{"cutoffs_min": 10, **options})

    def test_files_that_cannot_be_read(self, tmp_path):
        with pytest.raises(DataFileError, match=r"'speed': there is no file .*no\.tif"):
            self.call(tmp_path / "no.tif")
        with pytest.raises(InputTypeError, match="'speed' should be a path, got int"):
            self.call(5)

    def test_no_crs(self, tmp_path):
        file = tmp_path / "bare.tif"
        with rasterio.open(
            file, "w", driver="GTiff", width=2, height=2, count=1, dtype="uint8",
            transform=rasterio.transform.from_origin(106, 30, 0.5, 0.5),
        ) as target:  # fmt: skip
            target.write(np.ones((2, 2), dtype="uint8"), 1)
        with pytest.raises(MissingCRSError, match=r"'speed': bare\.tif has no coordinate reference system"):
            self.call(file)

    def test_beside_the_origin(self, tmp_path):
        file = degrees(tmp_path / "far.tif", 5.0, left=80, top=40, cell=0.1, n=10)
        with pytest.raises(
            InputError, match=r"'speed': far\.tif doesn't cover the surroundings .* 80, 39, 81, 40"
        ):
            self.call(file)

    @pytest.mark.parametrize("value", [0.0, -1.0, np.nan])
    def test_nothing_to_walk_on(self, tmp_path, value: float):
        with pytest.raises(InputError, match=r"'speed': empty\.tif has no speed above 0 around"):
            self.call(raster(tmp_path / "empty.tif", value))

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (-200.0, "holds -200, which isn't a speed.*-a_nodata -200"),
            (65535.0, "holds 65535, above 300 km/h"),
        ],
    )
    def test_what_isnt_a_speed(self, tmp_path, value: float, message: str):
        file = raster(tmp_path / "odd.tif", lambda x, _: np.where((x > 500) & (x < 900), value, 5.0))
        with pytest.raises(InputError, match=message):
            self.call(file)

    def test_a_grid_too_large(self, tmp_path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(terrain, "_MOST_POINTS", 10_000)
        with pytest.raises(InputError, match="'cell_m' of 10 m makes a grid of"):
            self.call(raster(tmp_path / "even.tif", 5.0), cell_m=10)

    def test_other_arguments(self, tmp_path):
        even = raster(tmp_path / "even.tif", 5.0)
        with pytest.raises(InputError, match="'cell_m' should be at least 1"):
            self.call(even, cell_m=0)
        with pytest.raises(InputError, match="'direction' should be one of"):
            self.call(even, direction="away")
        with pytest.raises(EmptyInputError, match="'cutoffs_min' is empty"):
            self.call(even, cutoffs_min=())
        with pytest.raises(MissingCRSError, match="'origins'"):
            terrain_isochrones(cross(), gpd.GeoDataFrame(geometry=[shapely.Point(CENTRE)]), even)

    def test_warnings(self, tmp_path, caplog: pytest.LogCaptureFixture):
        small = raster(tmp_path / "small.tif", 5.0, half_m=2000, cell_m=50)
        with caplog.at_level(logging.WARNING):
            got = shape(cross(), small, 20, cell_m=200)
        assert re.search("has cells of 50 m and the grid around .* of 200 m", caplog.text)
        assert "doesn't cover all" in caplog.text
        # beside the raster one gets along roads alone
        assert got.within(shapely.box(-2000, -2000, 2000, 2000).buffer(0.6 * 200))

    def test_without_rasterio_the_error_names_the_extra(self, tmp_path, monkeypatch: pytest.MonkeyPatch):
        file = raster(tmp_path / "even.tif", 5.0)
        monkeypatch.setitem(__import__("sys").modules, "rasterio", None)
        with pytest.raises(MissingDependencyError, match=r"borderreach\[raster\]"):
            self.call(file)
