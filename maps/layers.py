"""What a map shows, taken from the results of a study: shapes, names and figures, ready to draw."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from ..analysis.schemas import CIRCLES, COUNTY_TIMES, ISOCHRONES, ZONE_COUNTIES, ZONES
from ..geo.checks import require_frame
from ..geo.crs import area_km2
from ..geo.errors import EmptyInputError, InputTypeError, MissingColumnError
from .protocols import MapResults
from .shapes import (
    BOUNDARY_TOLERANCE_DEG,
    difference,
    polygons_only,
    snapped,
    thin_coverage,
    thin_to_budget,
    union,
)

#: Name of the scenario without corridors in every table.
BASE: Final = "base"
#: Vertices of all travel-time areas on one page together; about 1 MB.
MAX_REACH_VERTICES: Final = 120_000
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
    reach_tolerance_deg: float


def map_layers(
    results: MapResults,
    *,
    context: gpd.GeoDataFrame | None = None,
    boundary_tolerance_deg: float = BOUNDARY_TOLERANCE_DEG,
    max_reach_vertices: int = MAX_REACH_VERTICES,
) -> MapLayers:
    """Check the results of a study and bring their shapes into what a map draws.

    Parameters
    ----------
    results : StudyResults
    context : GeoDataFrame, optional
        Polygons around the study (other provinces), drawn as outlines only.
    boundary_tolerance_deg, max_reach_vertices : number
        How far shapes are simplified; see `shapes`.

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

    all_circles = _pairs(circles, scenario, key=None, name=None, cutoff="cutoff_min")
    per_centre = _pairs(isochrones, scenario, key="origin_id", name="origin_name", cutoff="cutoff_min")
    per_county = _pairs(zones, scenario, key="centre_id", name="centre_name", cutoff="minutes")
    merged = _merged(per_county)
    reaches = [*all_circles, *per_centre, *per_county, *([merged] if merged else [])]
    thin, tolerance = thin_to_budget(
        [_coverage(reach) for reach in reaches],
        tolerance_deg=_REACH_TOLERANCE_DEG,
        max_vertices=max_reach_vertices,
    )
    drawn = [_rebuilt(reach, members) for reach, members in zip(reaches, thin, strict=True)]
    ends = np.cumsum([len(all_circles), len(per_centre), len(per_county)])

    lines = {"borders": borders, "corridors": corridors}
    for name, frame in lines.items():
        lines[name] = frame.set_geometry(frame.geometry.simplify(boundary_tolerance_deg))
    return MapLayers(
        provinces=_thin_frame(provinces, boundary_tolerance_deg),
        context=_thin_frame(_context(context, provinces), boundary_tolerance_deg),
        counties=_thin_frame(counties, boundary_tolerance_deg),
        borders=lines["borders"],
        junctions=_frame(results.junctions, "junctions", _JUNCTIONS, ("Point",)),
        centres=centres,
        corridors=lines["corridors"],
        corridor_stops=_frame(results.corridor_stops, "corridor_stops", _STOPS, ("Point",)),
        county_times=_table(results.county_times, "county_times", COUNTY_TIMES),
        zone_counties=_table(results.zone_counties, "zone_counties", ZONE_COUNTIES),
        circles=tuple(drawn[: ends[0]]),
        centre_circles=tuple(drawn[ends[0] : ends[1]]),
        zones=tuple(drawn[ends[1] : ends[2]]),
        all_zones=drawn[-1] if merged else None,
        scenario=scenario,
        scenario_name=str(results.scenario_names.get(scenario, scenario)) if scenario else "",
        base_name=str(results.scenario_names.get(BASE, "")),
        reach_tolerance_deg=tolerance,
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
    frame: gpd.GeoDataFrame, scenario: str | None, *, key: str | None, name: str | None, cutoff: str
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


def _merged(reaches: Sequence[Reach]) -> Reach | None:
    if not reaches:
        return None
    base = union([reach.base for reach in reaches])
    after = union([reach.scenario for reach in reaches])
    areas = area_km2(gpd.GeoSeries([base, after], crs="EPSG:4326"))
    return Reach(
        cutoff_min=reaches[0].cutoff_min,
        base=base,
        scenario=after,
        gained=difference(after, base),
        base_km2=number(areas[0], 3),
        scenario_km2=number(areas[1], 3) if not after.is_empty else None,
    )


def _coverage(reach: Reach) -> list[BaseGeometry]:
    """Split the areas into pieces that don't overlap: what is lost, what stays, what is gained."""
    if reach.scenario.is_empty:
        return [reach.base, polygons_only(None), polygons_only(None)]
    stays = polygons_only(shapely.intersection(reach.base, reach.scenario, grid_size=1e-5))
    return [difference(reach.base, reach.scenario), stays, reach.gained]


def _rebuilt(reach: Reach, members: Sequence[BaseGeometry]) -> Reach:
    lost, stays, gained = members
    return Reach(
        cutoff_min=reach.cutoff_min,
        base=union([lost, stays]),
        scenario=union([stays, gained]) if not reach.scenario.is_empty else reach.scenario,
        gained=polygons_only(gained),
        base_km2=reach.base_km2,
        scenario_km2=reach.scenario_km2,
        name=reach.name,
        key=reach.key,
    )
