"""What a map shows, taken from the results of a study: shapes, names and figures, ready to draw."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from ..analysis.schemas import CIRCLES, COUNTY_TIMES, ISOCHRONES, ZONE_COUNTIES, ZONES
from ..geo.checks import require_frame
from ..geo.crs import WGS84, area_km2
from ..geo.errors import EmptyInputError, InputTypeError, MissingColumnError
from .protocols import MapResults
from .shapes import (
    BOUNDARY_TOLERANCE_DEG,
    difference,
    polygons_only,
    snapped,
    thin_coverage,
    thin_to_budget,
    together,
    union,
)

#: Name of the scenario without corridors in every table.
BASE: Final = "base"
#: Vertices on one page of all circles together, and of all counties' zones together.
MAX_CIRCLE_VERTICES: Final = 110_000
MAX_ZONE_VERTICES: Final = 100_000
_REACH_TOLERANCE_DEG: Final = 0.001

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
_STOPS: Final = ("corridor_id", "stop_no", "stop_name", "lon", "lat")
_AREAS: Final = ("Polygon", "MultiPolygon")
_LINES: Final = ("LineString", "MultiLineString", "LinearRing")


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
    """

    cutoff_min: float
    base: BaseGeometry
    scenario: BaseGeometry
    gained: BaseGeometry
    base_km2: float | None
    scenario_km2: float | None
    name: str = ""
    key: str = ""


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
    corridor_stops: gpd.GeoDataFrame
    county_times: pd.DataFrame
    zone_counties: pd.DataFrame
    circles: tuple[Reach, ...]
    centre_circles: tuple[Reach, ...]
    zones: tuple[Reach, ...]
    all_zones: Reach | None
    scenario: str | None
    scenario_name: str
    base_name: str
    circle_tolerance_deg: float
    zone_tolerance_deg: float


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
        Leave out the circles of single centres and the counties' zones, which take most of the time.

    Raises
    ------
    InputTypeError, MissingCRSError, MissingColumnError, GeometryTypeError, EmptyInputError
        Naming the table of the results at fault.
    """
    for name in ("study", "provinces", "border_counties", "circles", "county_times", "scenario_names"):
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
    isochrones = _reach_frame(results.isochrones, "isochrones", {"scenario": "str", **ISOCHRONES})
    zones = _reach_frame(results.zones, "zones", ZONES)
    scenario = _scenario(results.scenario_names, (circles, isochrones, zones))

    all_circles = _pairs(circles, scenario, cutoff="cutoff_min")
    per_centre: list[Reach] = []
    per_county: list[Reach] = []
    if not circles_only:
        per_centre = _pairs(isochrones, scenario, cutoff="cutoff_min", key="origin_id", name="origin_name")
        per_county = _pairs(zones, scenario, cutoff="minutes", key="centre_id", name="centre_name")
    merged = _merged(per_county)
    drawn, circle_tolerance = _thin([*all_circles, *per_centre, *merged], MAX_CIRCLE_VERTICES)
    drawn_zones, zone_tolerance = _thin(per_county, MAX_ZONE_VERTICES)
    split = len(all_circles), len(all_circles) + len(per_centre)

    lines = {"borders": borders, "corridors": corridors}
    for name, frame in lines.items():
        lines[name] = frame.set_geometry(frame.geometry.simplify(BOUNDARY_TOLERANCE_DEG))
    return MapLayers(
        provinces=_thin_frame(provinces, BOUNDARY_TOLERANCE_DEG),
        context=_thin_frame(_context(context, provinces), BOUNDARY_TOLERANCE_DEG),
        counties=_thin_frame(counties, BOUNDARY_TOLERANCE_DEG),
        borders=lines["borders"],
        junctions=_frame(results.junctions, "junctions", _JUNCTIONS, ("Point",)),
        centres=centres,
        corridors=lines["corridors"],
        corridor_stops=_frame(results.corridor_stops, "corridor_stops", _STOPS, ("Point",)),
        county_times=_table(results.county_times, "county_times", COUNTY_TIMES),
        zone_counties=_table(results.zone_counties, "zone_counties", ZONE_COUNTIES),
        circles=tuple(drawn[: split[0]]),
        centre_circles=tuple(drawn[split[0] : split[1]]),
        zones=tuple(drawn_zones),
        all_zones=drawn[-1] if merged else None,
        scenario=scenario,
        scenario_name=str(results.scenario_names.get(scenario, scenario)) if scenario else "",
        base_name=str(results.scenario_names.get(BASE, "")),
        circle_tolerance_deg=circle_tolerance,
        zone_tolerance_deg=zone_tolerance,
    )


def number(value: Any, digits: int = 1) -> float | None:
    """Return a figure rounded for display, None for NaN and the infinite, never -0."""
    figure = float(value)
    return round(figure, digits) + 0.0 if math.isfinite(figure) else None


def _frame(
    frame: gpd.GeoDataFrame, name: str, columns: Iterable[str], kinds: tuple[str, ...]
) -> gpd.GeoDataFrame:
    return require_frame(frame, f"results.{name}", geometry_types=kinds, columns=columns)


def _reach_frame(frame: gpd.GeoDataFrame, name: str, columns: Iterable[str]) -> gpd.GeoDataFrame:
    # A row whose area is empty is an answer here (nothing is reached), not a fault.
    if isinstance(frame, gpd.GeoDataFrame) and len(frame):
        frame = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    return _frame(frame, name, columns, (*_AREAS, "GeometryCollection"))


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
    for (identifier, minutes), entry in sorted(
        rows.items(), key=lambda item: (order[item[0][0]], item[0][1])
    ):
        base, after = entry.get(BASE), entry.get(scenario) if scenario else None
        base_shape = snapped(base.geometry if base is not None else None)
        after_shape = snapped(after.geometry if after is not None else None)
        reaches.append(
            Reach(
                cutoff_min=minutes,
                base=base_shape,
                scenario=after_shape,
                gained=difference(after_shape, base_shape),
                base_km2=number(base.area_km2, 3) if base is not None else None,
                scenario_km2=number(after.area_km2, 3) if after is not None else None,
                name=entry["name"],
                key=identifier,
            )
        )
    return reaches


def _merged(reaches: Sequence[Reach]) -> list[Reach]:
    """Unite the zones of all counties: one reach, or none without zones."""
    if not reaches:
        return []
    base = union([reach.base for reach in reaches])
    after = union([reach.scenario for reach in reaches])
    areas = area_km2(gpd.GeoSeries([base, after], crs=WGS84))
    return [
        Reach(
            cutoff_min=reaches[0].cutoff_min,
            base=base,
            scenario=after,
            gained=difference(after, base),
            base_km2=number(areas[0], 3),
            scenario_km2=number(areas[1], 3) if not after.is_empty else None,
        )
    ]


def _thin(reaches: Sequence[Reach], max_vertices: int) -> tuple[list[Reach], float]:
    thin, tolerance_deg = thin_to_budget(
        [_pieces(reach) for reach in reaches], tolerance_deg=_REACH_TOLERANCE_DEG, max_vertices=max_vertices
    )
    return [_rebuilt(reach, pieces) for reach, pieces in zip(reaches, thin, strict=True)], tolerance_deg


def _pieces(reach: Reach) -> list[BaseGeometry]:
    """Split the areas into pieces that don't overlap: what is lost, what stays, what is gained."""
    if reach.scenario.is_empty:
        return [polygons_only(None), reach.base, polygons_only(None)]
    lost = difference(reach.base, reach.scenario)
    stays = reach.base if lost.is_empty else difference(reach.base, lost)
    return [lost, stays, reach.gained]


def _rebuilt(reach: Reach, pieces: Sequence[BaseGeometry]) -> Reach:
    lost, stays, gained = pieces
    return replace(
        reach,
        base=polygons_only(stays) if lost.is_empty else together([lost, stays]),
        scenario=together([stays, gained]) if not reach.scenario.is_empty else reach.scenario,
        gained=polygons_only(gained),
    )
