"""What a map shows, taken from the results of a study: shapes, names and figures, ready to draw."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from ..analysis.schemas import CIRCLES, COUNTY_TIMES, ISOCHRONES, ZONE_COUNTIES, ZONES
from ..geo.antimeridian import lies_across
from ..geo.checks import require_frame
from ..geo.crs import WGS84, area_km2, wgs84_to_gcj02
from ..geo.errors import EmptyInputError, InputTypeError, MissingColumnError
from .measures import INDICATOR_COLUMNS, answers_of, city_lines
from .protocols import MapResults
from .shapes import (
    BOUNDARY_TOLERANCE_DEG,
    Undrawn,
    new_edge,
    pieces,
    polygons_only,
    thin_coverage,
    thin_to_budget,
    together,
    union,
)

#: Name of the scenario without corridors in every table.
BASE: Final = "base"
#: Vertices on one page of all circles together, of all steps of the slider, of all counties' zones and of
#: their union; `LARGE_SCALE` times as many for a study of more border counties than `LARGE_STUDY`.
MAX_CIRCLE_VERTICES: Final = 100_000
MAX_SLIDER_VERTICES: Final = 100_000
MAX_ZONE_VERTICES: Final = 100_000
MAX_UNION_VERTICES: Final = 50_000
LARGE_STUDY: Final = 500
LARGE_SCALE: Final = 1.3
_REACH_TOLERANCE_DEG: Final = 0.001
#: Zones have so many times the vertices of their union, where they overlap.
_OVERLAP: Final = 4
#: Circles of past years are lines on a map of today's.
_PAST_TOLERANCE_DEG: Final = 0.003
#: What lies around the study is a backdrop.
_CONTEXT_TOLERANCE_DEG: Final = 4 * BOUNDARY_TOLERANCE_DEG
#: Areas and lines that a claim is about are drawn alone and large: about 1 km does.
_CLAIM_TOLERANCE_DEG: Final = 0.01

_PROVINCES: Final = ("adcode", "name")
_COUNTIES: Final = (
    "adcode", "name", "city", "province", "lon", "lat", "neighbour_provinces", "border_km",
)  # fmt: skip
_BORDERS: Final = ("province_a", "province_b", "length_km")
_JUNCTIONS: Final = ("provinces", "lon", "lat")
_CENTRES: Final = ("origin_id", "origin_name", "lon", "lat")
_CORRIDORS: Final = (
    "corridor_id", "name", "mode", "status", "design_speed_kph", "length_km", "n_stops", "source",
)  # fmt: skip
_CROSSINGS: Final = ("road_class", "province_a", "province_b", "county_a", "county_b")
_BORDER_CROSSINGS: Final = ("province_a", "province_b", "n_crossings", "spacing_km", "longest_without_km")
_GAPS: Final = (
    "province", "county", "beyond_province", "beyond_county", "gap_km", "network_km", "network_min",
    "detour_factor",
)  # fmt: skip
_CRITICAL: Final = (
    "name", "province_a", "province_b", "road_class", "cost_person_min", "longer_trips", "mean_delay_min",
    "worst_delay_min", "worst_from", "worst_to", "cut_off", "geometry",
)  # fmt: skip
_MISSING: Final = (
    "from_name", "to_name", "detour_factor", "usual_detour", "base_min", "line_km", "line_min", "geometry",
)  # fmt: skip
_CHANGES: Final = ("change_id", "name", "closed", "n_links", "length_km", "base_kph", "scenario_kph")
_CLAIMS: Final = (
    "claim_id", "words", "reading", "verdict", "verdict_text", "value", "unit", "compare", "limit", "corridors",
    "value_with", "flip", "method",
)  # fmt: skip
_CIRCLE_PEOPLE: Final = ("scenario", "cutoff_min", "people")
_PAST: Final = ("year", "cutoff_min", "area_km2", "n_counties")
_STOPS: Final = ("corridor_id", "stop_no", "stop_name", "lon", "lat")
_AREAS: Final = ("Polygon", "MultiPolygon")
_LINES: Final = ("LineString", "MultiLineString", "LinearRing")
_POINTS: Final = ("Point", "MultiPoint")


@dataclass(frozen=True)
class Reach:
    """What is within reach before and after: shapes that share their edges, and their areas.

    Attributes
    ----------
    cutoff_min : float
    base, scenario, gained : shapely geometry
        Areas in degrees; any may be empty. `scenario` is the union of what stays of `base` and of
        `gained`, simplified together with them.
    base_km2, scenario_km2 : float or None
        As the table states them; None where it has no such row.
    name : str
        Of the centre or county; empty for circles of all centres.
    key : str
        Identifier of the centre or county.
    edge : shapely geometry
        The stretches of the edge of `scenario` where it differs from that of `base`, as lines.
    """

    cutoff_min: float
    base: BaseGeometry
    scenario: BaseGeometry
    gained: BaseGeometry
    base_km2: float | None
    scenario_km2: float | None
    name: str = ""
    key: str = ""
    edge: BaseGeometry = field(default_factory=shapely.MultiLineString)


@dataclass(frozen=True)
class MapLayers:
    """Frames and areas of a map, in EPSG:4326, simplified for drawing."""

    provinces: gpd.GeoDataFrame
    context: gpd.GeoDataFrame
    counties: gpd.GeoDataFrame
    borders: gpd.GeoDataFrame
    junctions: gpd.GeoDataFrame
    centres: gpd.GeoDataFrame
    corridors: gpd.GeoDataFrame
    corridor_names_en: Mapping[str, str]
    corridor_stops: gpd.GeoDataFrame
    crossings: gpd.GeoDataFrame
    border_crossings: pd.DataFrame
    gaps: gpd.GeoDataFrame
    critical: gpd.GeoDataFrame
    missing: gpd.GeoDataFrame
    links: gpd.GeoDataFrame
    past: gpd.GeoDataFrame
    panel: gpd.GeoDataFrame
    changes: gpd.GeoDataFrame
    claims: gpd.GeoDataFrame
    circle_people: pd.DataFrame
    road_circle_people: pd.DataFrame
    indicators: pd.DataFrame
    answers: Mapping[str, pd.DataFrame]
    county_times: pd.DataFrame
    zone_counties: pd.DataFrame
    gains_by_corridor: pd.DataFrame
    circles: tuple[Reach, ...]
    centre_circles: tuple[Reach, ...]
    road_circles: tuple[Reach, ...]
    slider: tuple[Reach, ...]
    zones: tuple[Reach, ...]
    all_zones: Reach | None
    scenario: str | None
    scenario_name: str
    base_name: str
    circle_tolerance_deg: float
    zone_tolerance_deg: float
    slider_tolerance_deg: float


def map_layers(
    results: MapResults,
    *,
    context: gpd.GeoDataFrame | None = None,
    circles_only: bool = False,
) -> MapLayers:
    """Check the results of a study and bring their shapes into what a map draws.

    Parameters
    ----------
    results : StudyResults
    context : GeoDataFrame, optional
        Polygons around the study (other provinces), drawn as outlines only.
    circles_only : bool
        Leave out the circles of single centres, the slider's steps and the counties' zones, which take
        most of the time.

    Raises
    ------
    InputTypeError, MissingCRSError, MissingColumnError, GeometryTypeError, EmptyInputError
        Naming the table of the results at fault.
    """
    for name in ("study", "provinces", "border_counties", "circles", "slider_circles", "scenario_names"):
        if not hasattr(results, name):
            raise InputTypeError(
                f"'results' should be the results of a study, got {type(results).__name__} without "
                f"'{name}'; pass what run_study returns"
            )
    provinces = _frame(results.provinces, "provinces", _PROVINCES, _AREAS)
    if len(provinces) == 0:
        raise EmptyInputError("'results.provinces' has no rows; a map needs at least one province")
    counties = _frame(results.border_counties, "border_counties", _COUNTIES, _AREAS)
    borders = _frame(results.borders, "borders", _BORDERS, _LINES)
    corridors = _frame(results.corridors, "corridors", _CORRIDORS, _LINES)
    centres = _frame(results.centres, "centres", _CENTRES, ("Point",))
    circles = _reach_frame(results.circles, "circles", CIRCLES)
    by_rail = _reach_frame(results.road_circles, "road_circles", CIRCLES)
    isochrones = _reach_frame(results.isochrones, "isochrones", {"scenario": "str", **ISOCHRONES})
    steps = _reach_frame(results.slider_circles, "slider_circles", CIRCLES)
    zones = _reach_frame(results.zones, "zones", ZONES)
    scenario = _scenario(results.scenario_names, (circles, isochrones, zones))

    all_circles = _pairs(circles, scenario, cutoff="cutoff_min")
    rail: list[Reach] = []
    per_centre: list[Reach] = []
    per_county: list[Reach] = []
    slider: list[Reach] = []
    if not circles_only:
        rail = _pairs(by_rail, scenario, cutoff="cutoff_min")
        slider = _pairs(steps, scenario, cutoff="cutoff_min")
        per_centre = _pairs(isochrones, scenario, cutoff="cutoff_min", key="origin_id", name="origin_name")
        per_county = _pairs(zones, scenario, cutoff="minutes", key="centre_id", name="centre_name")
    # A map of the whole country may be larger than one of two provinces.
    scale = LARGE_SCALE if len(counties) > LARGE_STUDY else 1.0
    drawn, circle_tolerance = _thin([*all_circles, *rail, *per_centre], scale * MAX_CIRCLE_VERTICES)
    drawn_steps, slider_tolerance = _thin(slider, scale * MAX_SLIDER_VERTICES)
    (drawn_zones, zone_tolerance), (drawn_union, union_tolerance) = _thin_zones(per_county, scale)

    lines = {"borders": borders, "corridors": corridors}
    for name, frame in lines.items():
        lines[name] = frame.set_geometry(frame.geometry.simplify(BOUNDARY_TOLERANCE_DEG))
    layers = MapLayers(
        provinces=_thin_frame(provinces, BOUNDARY_TOLERANCE_DEG),
        context=_thin_frame(_context(context, provinces), _CONTEXT_TOLERANCE_DEG),
        counties=_thin_frame(counties, BOUNDARY_TOLERANCE_DEG),
        borders=lines["borders"],
        junctions=_frame(results.junctions, "junctions", _JUNCTIONS, ("Point",)),
        centres=centres,
        corridors=lines["corridors"],
        corridor_names_en=dict(getattr(results, "corridor_names_en", {})),
        corridor_stops=_frame(results.corridor_stops, "corridor_stops", _STOPS, ("Point",)),
        crossings=_frame(results.crossings, "crossings", _CROSSINGS, _POINTS),
        border_crossings=_table(results.border_crossings, "border_crossings", _BORDER_CROSSINGS),
        gaps=_frame(results.gaps, "gaps", _GAPS, _LINES),
        critical=_answer(results, "critical_links", _CRITICAL),
        missing=_answer(results, "missing_links", _MISSING),
        links=city_lines(results),
        past=(past := _past(results, "year_circles"))[past["year"] < past["year"].max()],  # the last is today
        panel=_past(results, "panel_circles"),
        changes=_frame(results.changes, "changes", _CHANGES, _LINES),
        claims=_claims(results.claims),
        circle_people=_table(results.circle_people, "circle_people", _CIRCLE_PEOPLE),
        road_circle_people=_table(results.road_circle_people, "road_circle_people", _CIRCLE_PEOPLE),
        indicators=_table(results.indicators, "indicators", INDICATOR_COLUMNS),
        answers=answers_of(results),
        county_times=_table(results.county_times, "county_times", COUNTY_TIMES),
        zone_counties=_table(results.zone_counties, "zone_counties", ZONE_COUNTIES),
        gains_by_corridor=_table(results.comparison, "comparison", ("origin_id",)),
        circles=tuple(drawn[: len(all_circles)]),
        road_circles=tuple(drawn[len(all_circles) : len(all_circles) + len(rail)]),
        centre_circles=tuple(drawn[len(all_circles) + len(rail) :]),
        slider=tuple(drawn_steps),
        zones=tuple(drawn_zones),
        all_zones=drawn_union[0] if drawn_union else None,
        scenario=scenario,
        scenario_name=str(results.scenario_names.get(scenario, scenario)) if scenario else "",
        base_name=str(results.scenario_names.get(BASE, "")),
        circle_tolerance_deg=circle_tolerance,
        zone_tolerance_deg=max(zone_tolerance, union_tolerance),
        slider_tolerance_deg=slider_tolerance,
    )
    return eastward(layers)


def in_gcj02(layers: MapLayers) -> MapLayers:
    """Return the same layers shifted from WGS 84 into GCJ-02, the datum of some base maps."""

    def shifted(geometry: BaseGeometry) -> BaseGeometry:
        return shapely.transform(geometry, lambda points: np.column_stack(wgs84_to_gcj02(*points.T)))

    return _moved(layers, shifted, wgs84_to_gcj02)


def eastward(layers: MapLayers) -> MapLayers:
    """Return layers of a region across 180° with longitudes that go on beyond it, so that it's drawn as one.

    Others are returned as they are.
    """
    if not lies_across(layers.provinces.geometry.to_numpy()):
        return layers

    def lonlat(lon: Any, lat: Any) -> tuple[Any, Any]:
        return np.where(np.asarray(lon) < 0, np.asarray(lon) + 360, lon), lat

    def shifted(geometry: Any) -> Any:
        shapes = np.atleast_1d(np.asarray(geometry, dtype=object))
        parts, of = shapely.get_parts(shapes, return_index=True)
        west = shapely.bounds(parts)[:, 2] <= 0
        parts[west] = shapely.transform(parts[west], lambda xy: xy + np.array([360.0, 0.0]))
        moved = shapes.copy()
        for k in np.unique(of[west]):
            own = parts[of == k]
            # the two sides of the cut are one again
            moved[k] = (
                shapely.union_all(own) if shapely.get_dimensions(own).max() == 2 else _like(shapes[k], own)
            )
        return moved if isinstance(geometry, np.ndarray) else moved[0]

    return _moved(layers, shifted, lonlat)


def _like(shape: BaseGeometry, parts: NDArray[np.object_]) -> BaseGeometry:
    """Parts as a geometry of a shape's type."""
    return parts[0] if len(parts) == 1 and not hasattr(shape, "geoms") else type(shape)(list(parts))


def _moved(layers: MapLayers, shifted: Callable[[Any], Any], lonlat: Callable[[Any, Any], Any]) -> MapLayers:
    """Return layers with every geometry, and every column of coordinates, moved."""

    def frame(value: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        moved = value.set_geometry(gpd.GeoSeries(shifted(value.geometry.to_numpy()), value.index, crs=WGS84))
        if {"lon", "lat"} <= set(moved.columns):
            moved["lon"], moved["lat"] = lonlat(moved["lon"], moved["lat"])
        return moved

    def reach(value: Reach) -> Reach:
        shapes = {name: shifted(getattr(value, name)) for name in ("base", "scenario", "gained", "edge")}
        return replace(value, **shapes)

    changes: dict[str, Any] = {}
    for item in fields(layers):
        value = getattr(layers, item.name)
        if isinstance(value, gpd.GeoDataFrame):
            changes[item.name] = frame(value)
        elif isinstance(value, Reach):
            changes[item.name] = reach(value)
        elif isinstance(value, tuple):
            changes[item.name] = tuple(reach(each) for each in value)
    return replace(layers, **changes)


def number(value: Any, digits: int = 1) -> float | None:
    """Return a figure rounded for display, None for NaN and the infinite, never -0."""
    figure = float(value)
    return round(figure, digits) + 0.0 if math.isfinite(figure) else None


def km_range(row: Any, of: str) -> str:
    """Return the length of a border or of a county's border in whole km, from the least to the greatest that its sources give.

    ``of`` is ``length`` or ``border``, as the columns ``length_km, length_low_km, length_high_km`` are named.
    """
    one = getattr(row, f"{of}_km")
    ends = (f"{getattr(row, f'{of}_{end}_km', one):,.0f}" for end in ("low", "high"))
    return "–".join(dict.fromkeys(ends))


def _frame(
    frame: gpd.GeoDataFrame, name: str, columns: Iterable[str], kinds: tuple[str, ...]
) -> gpd.GeoDataFrame:
    return require_frame(frame, f"results.{name}", geometry_types=kinds, columns=columns)


def _answer(results: MapResults, name: str, columns: tuple[str, ...]) -> gpd.GeoDataFrame:
    """Return the lines that answer a question; none where the results don't know of it."""
    frame = getattr(results, name, None)
    if frame is None:
        return gpd.GeoDataFrame(columns=list(columns), geometry="geometry", crs=WGS84)
    return _frame(frame, name, columns, _LINES)


def _past(results: MapResults, name: str) -> gpd.GeoDataFrame:
    """Return the edges of a table's circles on the network of each year, the widest cutoff of a year alone."""
    frame = getattr(results, name, None)
    if frame is None or len(frame) == 0:
        return gpd.GeoDataFrame(columns=[*_PAST, "geometry"], geometry="geometry", crs=WGS84)
    circles = _reach_frame(frame, name, _PAST)
    circles = circles[circles["cutoff_min"] == float(results.study.circle_min)]
    edges = circles.geometry.simplify(_PAST_TOLERANCE_DEG).boundary
    return circles.set_geometry(gpd.GeoSeries(edges, circles.index, crs=WGS84))


def _reach_frame(frame: gpd.GeoDataFrame, name: str, columns: Iterable[str]) -> gpd.GeoDataFrame:
    # A row whose area is empty is an answer here (nothing is reached), not a fault.
    if isinstance(frame, gpd.GeoDataFrame) and len(frame):
        frame = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    return _frame(frame, name, columns, (*_AREAS, "GeometryCollection"))


def _claims(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    # A claim without a place has an empty geometry, and stays in the list.
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InputTypeError(f"'results.claims' should be a GeoDataFrame, got {type(frame).__name__}")
    frame = gpd.GeoDataFrame(_table(frame, "claims", (*_CLAIMS, "geometry")))
    return frame.set_geometry(frame.geometry.simplify(_CLAIM_TOLERANCE_DEG))


def _table(frame: pd.DataFrame, name: str, columns: Iterable[str]) -> pd.DataFrame:
    if not isinstance(frame, pd.DataFrame):
        raise InputTypeError(f"'results.{name}' should be a DataFrame, got {type(frame).__name__}")
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise MissingColumnError(f"'results.{name}' lacks the column(s) {', '.join(map(repr, missing))}")
    return frame


def _context(context: gpd.GeoDataFrame | None, provinces: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    if context is None:
        return provinces.iloc[:0]
    others = require_frame(context, "context", geometry_types=_AREAS, columns=("name",))
    if "adcode" in others.columns:
        others = others[~others["adcode"].isin(provinces["adcode"])]
    west, south, east, north = provinces.total_bounds
    wide, high = east - west, north - south
    frame = shapely.box(west - wide, south - high, east + wide, north + high)
    return others[others.intersects(frame)]


def _thin_frame(frame: gpd.GeoDataFrame, tolerance_deg: float) -> gpd.GeoDataFrame:
    return frame.set_geometry(
        gpd.GeoSeries(thin_coverage(list(frame.geometry), tolerance_deg), index=frame.index, crs=frame.crs)
    )


def _scenario(names: Mapping[str, str], frames: Iterable[pd.DataFrame]) -> str | None:
    """Return the scenario compared with the base: the last one named that tables hold."""
    held = {str(value) for frame in frames for value in frame["scenario"].unique()} - {BASE}
    ordered = [name for name in names if name in held] + sorted(held - set(names))
    return ordered[-1] if ordered else None


def _pairs(
    frame: gpd.GeoDataFrame,
    scenario: str | None,
    *,
    cutoff: str,
    key: str | None = None,
    name: str | None = None,
) -> list[Reach]:
    """Join base and scenario rows of a table, smallest cutoff first, in the table's order of keys."""
    rows: dict[tuple[str, float], dict[str, Any]] = {}
    order: dict[str, int] = {}
    for row in frame.itertuples(index=False):
        identifier = str(getattr(row, key)) if key else ""
        order.setdefault(identifier, len(order))
        entry = rows.setdefault((identifier, float(getattr(row, cutoff))), {})
        entry[str(row.scenario)] = row
        entry["name"] = str(getattr(row, name)) if name else ""
    reaches = []
    for (identifier, minutes), entry in sorted(rows.items(), key=lambda one: (order[one[0][0]], one[0][1])):
        base, after = entry.get(BASE), entry.get(scenario) if scenario else None
        reaches.append(
            Reach(
                cutoff_min=minutes,
                base=polygons_only(base.geometry if base is not None else None),
                scenario=polygons_only(after.geometry if after is not None else None),
                gained=polygons_only(None),
                base_km2=number(base.area_km2, 3) if base is not None else None,
                scenario_km2=number(after.area_km2, 3) if after is not None else None,
                name=entry["name"],
                key=identifier,
            )
        )
    return reaches


def _thin(reaches: Sequence[Reach], most: float) -> tuple[list[Reach], float]:
    """Return reaches with at most so many vertices, and the tolerance that this took."""
    undrawn = Undrawn([(reach.base, reach.scenario) for reach in reaches])
    return _to_budget(reaches, *undrawn.drawn(_REACH_TOLERANCE_DEG, most), most)


def _thin_zones(
    zones: Sequence[Reach], scale: float
) -> tuple[tuple[list[Reach], float], tuple[list[Reach], float]]:
    """Return counties' zones and their union (one reach, or none without zones), each with the tolerance that it took."""
    undrawn = Undrawn([(zone.base, zone.scenario) for zone in zones])
    most, most_united = scale * MAX_ZONE_VERTICES, scale * MAX_UNION_VERTICES
    drawn, tolerance_deg = undrawn.drawn(_REACH_TOLERANCE_DEG, most)
    thin = _to_budget(zones, drawn, tolerance_deg, most)
    if not zones:
        return thin, ([], _REACH_TOLERANCE_DEG)
    if tolerance_deg > _REACH_TOLERANCE_DEG:
        drawn, tolerance_deg = undrawn.drawn(_REACH_TOLERANCE_DEG, _OVERLAP * most_united)
    base, after = (union(side) for side in zip(*drawn, strict=True))
    areas = area_km2(gpd.GeoSeries([base, after], crs=WGS84))
    after_km2 = number(areas[1], 3) if not after.is_empty else None
    united = Reach(zones[0].cutoff_min, base, after, polygons_only(None), number(areas[0], 3), after_km2)
    return thin, _to_budget([united], [[base, after]], tolerance_deg, most_united)


def _to_budget(
    reaches: Sequence[Reach], drawn: Sequence[Sequence[BaseGeometry]], tolerance_deg: float, most: float
) -> tuple[list[Reach], float]:
    """Return reaches with at most so many vertices, from their areas on the drawing grid and the tolerance that these need."""
    thinned_deg = tolerance_deg / 2 if tolerance_deg > _REACH_TOLERANCE_DEG else None
    parted = [
        pieces(*pair, whole=(reach.base, reach.scenario), thinned_deg=thinned_deg)
        for reach, pair in zip(reaches, drawn, strict=True)
    ]
    thin, took_deg = thin_to_budget(parted, tolerance_deg=tolerance_deg, max_vertices=most)
    found = [replace(reach, scenario=after) for reach, (_, after) in zip(reaches, drawn, strict=True)]
    return [_rebuilt(reach, each) for reach, each in zip(found, thin, strict=True)], took_deg


def _rebuilt(reach: Reach, parted: Sequence[BaseGeometry]) -> Reach:
    lost, stays, gained = parted
    base = polygons_only(stays) if lost.is_empty else together([lost, stays])
    if reach.scenario.is_empty:
        return replace(reach, base=base, gained=polygons_only(gained))
    scenario = base if lost.is_empty and gained.is_empty else together([stays, gained])
    return replace(
        reach, base=base, scenario=scenario, gained=polygons_only(gained), edge=new_edge(scenario, base)
    )
