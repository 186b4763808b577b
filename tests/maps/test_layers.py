from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from borderreach.analysis.schemas import CIRCLES, COUNTY_TIMES, ISOCHRONES, ZONE_COUNTIES, ZONES, empty
from borderreach.geo.antimeridian import cut_at_antimeridian
from borderreach.geo.crs import area_km2
from borderreach.geo.errors import (
    BorderReachError,
    EmptyInputError,
    InputTypeError,
    MissingColumnError,
    MissingCRSError,
)
from borderreach.maps.layers import BASE, map_layers, number


def changed(results: SimpleNamespace, **tables: Any) -> SimpleNamespace:
    return SimpleNamespace(**{**vars(results), **tables})


def bare(results: SimpleNamespace) -> SimpleNamespace:
    """The same study before anything is computed: only provinces."""
    return changed(
        results,
        border_counties=results.border_counties.iloc[:0], borders=results.borders.iloc[:0],
        junctions=results.junctions.iloc[:0], centres=results.centres.iloc[:0],
        circles=empty(CIRCLES), slider_circles=empty(CIRCLES), comparison=results.comparison.iloc[:0], isochrones=empty({"scenario": "str", **ISOCHRONES}), zones=empty(ZONES),
        zone_counties=empty(ZONE_COUNTIES), county_times=empty(COUNTY_TIMES),
        road_circles=empty(CIRCLES), circle_people=results.circle_people.iloc[:0],
        road_circle_people=results.road_circle_people.iloc[:0], crossings=results.crossings.iloc[:0], gaps=results.gaps.iloc[:0], changes=results.changes.iloc[:0],
        border_crossings=results.border_crossings.iloc[:0], claims=results.claims.iloc[:0],
        indicators=results.indicators.iloc[:0],
        corridors=results.corridors.iloc[:0], corridor_stops=results.corridor_stops.iloc[:0],
        scenario_names={"base": "现状"}, attribution=[], notes=[],
    )  # fmt: skip


def test_what_is_gained_is_the_scenario_outside_the_base(results: SimpleNamespace) -> None:
    layers = map_layers(results)
    assert [reach.cutoff_min for reach in layers.circles] == [60.0, 120.0]
    for reach in layers.circles:
        assert shapely.intersection(reach.base, reach.gained).area < 1e-7
        base, scenario, gained = area_km2(gpd.GeoSeries([reach.base, reach.scenario, reach.gained], crs=4326))
        assert base + gained == pytest.approx(scenario, rel=1e-4)
        assert base == pytest.approx(reach.base_km2, rel=0.01)
        assert scenario == pytest.approx(reach.scenario_km2, rel=0.01)


def test_figures_are_the_tables_own(results: SimpleNamespace) -> None:
    layers = map_layers(results)
    circles = results.circles
    row = circles[(circles["scenario"] == "all") & (circles["cutoff_min"] == 120)].iloc[0]
    assert layers.circles[1].scenario_km2 == pytest.approx(row["area_km2"], abs=0.05)
    assert layers.scenario == "all"
    assert layers.scenario_name == "两条廊道建成"


def test_every_county_has_its_zone(results: SimpleNamespace) -> None:
    layers = map_layers(results)
    assert [zone.key for zone in layers.zones] == [str(code) for code in results.border_counties["adcode"]]
    merged = layers.all_zones
    assert merged is not None
    wanted = area_km2(
        gpd.GeoSeries(
            [shapely.union_all(results.zones.loc[results.zones["scenario"] == "base"].geometry)], crs=4326
        )
    )
    assert merged.base_km2 == pytest.approx(wanted[0], rel=1e-3)


def test_what_a_scenario_loses_is_not_drawn_as_gained(results: SimpleNamespace) -> None:
    circles = results.circles.copy()
    circles["scenario"] = circles["scenario"].map({"base": "all", "all": "base"})
    reach = map_layers(changed(results, circles=circles)).circles[0]
    assert reach.gained.is_empty
    assert reach.base.area > reach.scenario.area > 0


def test_a_study_without_corridors_has_no_scenario(results: SimpleNamespace) -> None:
    base = {
        name: getattr(results, name)[getattr(results, name)["scenario"] == "base"]
        for name in ("circles", "isochrones", "zones")
    }
    layers = map_layers(changed(results, **base))
    assert layers.scenario is None
    assert all(reach.gained.is_empty and reach.scenario.is_empty for reach in layers.circles)


def test_the_last_scenario_named_is_compared(results: SimpleNamespace) -> None:
    circles = results.circles.copy()
    circles["scenario"] = circles["scenario"].replace("all", "rail")
    names = {"base": "现状", "rail": "铁路", "all": "全部"}
    layers = map_layers(changed(results, circles=circles, scenario_names=names))
    assert layers.scenario == "all"  # zones and isochrones still hold it
    assert all(reach.scenario.is_empty for reach in layers.circles)


def test_empty_tables_make_a_map_of_provinces(results: SimpleNamespace) -> None:
    layers = map_layers(bare(results))
    assert len(layers.provinces) == 2
    assert layers.circles == layers.zones == layers.centre_circles == ()
    assert layers.all_zones is None


def test_an_area_that_is_empty_is_no_fault(results: SimpleNamespace) -> None:
    zones = results.zones.copy()
    first = zones["centre_id"].iloc[0]
    zones.loc[zones["centre_id"] == first, "geometry"] = shapely.MultiPolygon()
    layers = map_layers(changed(results, zones=zones))
    assert first not in [zone.key for zone in layers.zones]


def test_circles_of_past_years_are_the_edges_of_the_study_s_own_cutoff(results: SimpleNamespace) -> None:
    circle = results.circles[results.circles["scenario"] == BASE].geometry.iloc[0]
    past = gpd.GeoDataFrame(
        {"year": [2005, 2005, 2015, 2025], "cutoff_min": [120.0, 60.0, 120.0, 120.0],
         "area_km2": [10_000.0, 5_000.0, 15_000.0, 20_000.0], "n_counties": [4, 2, 6, 8]},
        geometry=[circle] * 4, crs="EPSG:4326",
    )  # fmt: skip
    layers = map_layers(changed(results, year_circles=past))
    assert layers.past["year"].tolist() == [2005, 2015]  # the last year is today
    assert layers.past["area_km2"].tolist() == [10_000.0, 15_000.0]
    for edge in layers.past.geometry:
        assert shapely.get_dimensions(edge) == 1
        assert shapely.hausdorff_distance(edge, circle.boundary) < 0.02
    assert len(map_layers(results).past) == 0


def test_the_callers_frames_stay_as_they_were(results: SimpleNamespace) -> None:
    before = {name: value.copy() for name, value in vars(results).items() if hasattr(value, "copy")}
    map_layers(results)
    for name, frame in before.items():
        if isinstance(frame, gpd.GeoDataFrame):
            assert frame.equals(getattr(results, name)), name


def test_context_is_what_lies_near_and_is_not_studied(results: SimpleNamespace) -> None:
    others = gpd.GeoDataFrame(
        {"name": ["湖南省", "新疆", "贵州省"], "adcode": [430000, 650000, 520000]},
        geometry=[shapely.box(110, 27, 112, 29), shapely.box(80, 40, 90, 45), shapely.box(105, 26, 107, 28)],
        crs="EPSG:4326",
    )
    assert map_layers(results, context=others).context["name"].tolist() == ["湖南省"]


@pytest.mark.parametrize(
    ("table", "break_it", "error"),
    [
        ("provinces", lambda f: f.iloc[:0], EmptyInputError),
        ("provinces", lambda f: f.set_crs(None, allow_override=True), MissingCRSError),
        ("circles", lambda f: f.drop(columns="area_km2"), MissingColumnError),
        ("border_counties", lambda f: f.drop(columns="border_km"), MissingColumnError),
        ("county_times", lambda f: f.drop(columns="delta_min"), MissingColumnError),
        ("zone_counties", lambda f: f.to_dict(), InputTypeError),
        ("corridors", lambda f: f.set_geometry(f.geometry.centroid), BorderReachError),
        ("zones", list, InputTypeError),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Geometry is in a geographic CRS")
def test_a_table_at_fault_is_named(
    results: SimpleNamespace, table: str, break_it: Any, error: type[Exception]
) -> None:
    with pytest.raises(error, match=f"results.{table}"):
        map_layers(changed(results, **{table: break_it(getattr(results, table))}))


def test_something_else_than_results_is_refused() -> None:
    with pytest.raises(InputTypeError, match="run_study"):
        map_layers("yuqian")  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "shown"), [(1.25, 1.2), (np.nan, None), (np.inf, None), (-0.01, 0.0)])
def test_numbers_for_display(value: float, shown: float | None) -> None:
    assert number(value) == shown
    assert str(number(-0.01)) == "0.0"


def test_a_region_across_180_degrees_is_drawn_in_one_piece(results: SimpleNamespace) -> None:
    """The same study moved to the antimeridian, cut there, and its layers put together again."""
    west, _, east, _ = results.provinces.total_bounds
    turn = round(180 - (west + east) / 2, 3)

    def moved(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        shapes = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy + np.array([turn, 0.0]))
        if (frame.geom_type == "Point").all():
            shapes = shapely.transform(
                shapes, lambda xy: np.column_stack([(xy[:, 0] + 180) % 360 - 180, xy[:, 1]])
            )
        else:
            shapes = cut_at_antimeridian(shapes)
        found = frame.set_geometry(gpd.GeoSeries(shapes, frame.index, crs=4326))
        if "lon" in found:
            found["lon"] = (found["lon"] + turn + 180) % 360 - 180
        return found

    names = ("provinces", "centres", "circles")
    here = changed(
        bare(results), circles=results.circles, centres=results.centres, scenario_names=results.scenario_names
    )
    there = changed(here, **{name: moved(getattr(here, name)) for name in names})
    assert there.provinces.total_bounds[2] - there.provinces.total_bounds[0] > 359
    one, two = map_layers(here), map_layers(there)
    assert two.provinces.total_bounds == pytest.approx(
        one.provinces.total_bounds + np.array([turn, 0, turn, 0]), abs=1e-6
    )
    assert two.centres["lon"].to_numpy() == pytest.approx(one.centres["lon"].to_numpy() + turn)
    for a, b in zip(one.circles, two.circles, strict=True):
        assert shapely.bounds(b.base) == pytest.approx(
            shapely.bounds(a.base) + np.array([turn, 0, turn, 0]), abs=0.01
        )
        assert shapely.area(b.base) == pytest.approx(shapely.area(a.base), rel=0.01)
