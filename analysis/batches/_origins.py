"""The origins of a batch as one table; those that can't be used stay in it, with the reason."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ...geo.checks import require_frame
from ...geo.crs import WGS84
from ...geo.errors import BorderReachError, EmptyInputError
from ...geo.files import code_text, read_points
from ...geo.places import border_counties, counties, origins_table, resolve_provinces, stem
from ._job import BatchOrigins

#: Left out where all counties are asked for; by name, because codes of other countries may be the same.
_REGIONS: Final = ("台湾", "香港", "澳门")


@dataclass(frozen=True)
class BatchOrigin:
    """One origin of a batch.

    Attributes
    ----------
    id, name : str
    lon, lat : float
        Degrees; NaN where they aren't known.
    problem : str
        Why it can't be used; empty where it can.
    error : str
        Class of the error that says so.
    """

    id: str
    name: str
    lon: float
    lat: float
    problem: str = ""
    error: str = "InputError"


def collect_origins(
    wanted: BatchOrigins, *, file: Path | None, boundaries: str | gpd.GeoDataFrame
) -> list[BatchOrigin]:
    """Return the origins that a job asks for, each id once, in the order of the kinds.

    Parameters
    ----------
    wanted : BatchOrigins
    file : pathlib.Path, optional
        Where `wanted.file` lies.
    boundaries : {"tianditu", "amap"} or geopandas.GeoDataFrame
        What `wanted.boundaries` stands for.

    Raises
    ------
    UnknownPlaceError
        If a province isn't known.
    DataFileError, MissingColumnError, MissingCRSError
        If the file can't be read.
    EmptyInputError
        If there is no origin at all, or none that can be used.
    """
    if wanted.is_empty:
        raise EmptyInputError(
            "the job names no origins; give border_counties, counties, places or file under [origins]"
        )
    found: list[BatchOrigin] = []
    if wanted.border_counties or wanted.counties:
        every = counties(boundaries) if isinstance(boundaries, str) else boundaries
        mainland = every[~every["province"].map(stem).isin(_REGIONS)]
        if wanted.border_counties:
            found += _of_provinces(border_counties(mainland), wanted.border_counties, "border_counties")
        if wanted.counties:
            units = mainland if wanted.counties == "all" else every
            found += _of_provinces(units, wanted.counties, "counties")
    found += _of_items(wanted.places, boundaries)
    if file is not None:
        found += _of_frame(
            read_points(file, datum=wanted.datum, columns=wanted.columns, argument="file"), file.name
        )
    once: dict[str, BatchOrigin] = {}
    for origin in found:
        once.setdefault(origin.id, origin)
    return _usable(list(once.values())[: wanted.limit], "[origins] of the job")


def given_origins(origins: Any, boundaries: str | gpd.GeoDataFrame = "tianditu") -> list[BatchOrigin]:
    """Return the origins that a caller hands over; rows or items that can't be used keep their place.

    Parameters
    ----------
    origins : GeoDataFrame, Place, name, adcode, (lon, lat), or a list of these
    boundaries : {"tianditu", "amap"} or geopandas.GeoDataFrame
        Where names and adcodes are looked up.

    Raises
    ------
    MissingCRSError, EmptyInputError, InputTypeError
    """
    if isinstance(origins, gpd.GeoDataFrame):
        return _usable(_of_frame(origins, "'origins'"), "'origins'")
    if isinstance(origins, (list, tuple)) and not _is_pair(origins):
        return _usable(_of_items(origins, boundaries), "'origins'")
    return _of_table(origins_table(origins, source=boundaries))


def as_frame(origins: Sequence[BatchOrigin]) -> gpd.GeoDataFrame:
    """Return usable origins as the frame of points that the analysis takes."""
    lon, lat = [origin.lon for origin in origins], [origin.lat for origin in origins]
    return gpd.GeoDataFrame(
        {
            "origin_id": pd.array([origin.id for origin in origins], dtype="str"),
            "origin_name": pd.array([origin.name for origin in origins], dtype="str"),
        },
        geometry=gpd.points_from_xy(lon, lat),
        crs=WGS84,
    )


def _usable(found: list[BatchOrigin], where: str) -> list[BatchOrigin]:
    if not found:
        raise EmptyInputError(f"{where}: there is no origin; give at least one")
    if all(origin.problem for origin in found):
        raise EmptyInputError(f"{where}: no origin can be used; the first: {found[0].problem}")
    return found


def _of_provinces(frame: gpd.GeoDataFrame, wanted: str | tuple[str, ...], argument: str) -> list[BatchOrigin]:
    if wanted != "all":
        codes = resolve_provinces(list(wanted), frame, argument)
        frame = frame[frame["province_adcode"].isin(codes)]
    return _of_table(origins_table(frame)) if len(frame) else []


def _of_table(table: gpd.GeoDataFrame) -> list[BatchOrigin]:
    return [
        BatchOrigin(str(row.origin_id), str(row.origin_name), float(row.lon), float(row.lat))
        for row in table.itertuples(index=False)
    ]


def _of_items(items: Sequence[Any], boundaries: str | gpd.GeoDataFrame) -> list[BatchOrigin]:
    found = []
    for item in items:
        try:
            found += _of_table(origins_table([item], source=boundaries))
        except BorderReachError as error:
            text = str(item)[:200]
            found.append(BatchOrigin(text, text, math.nan, math.nan, str(error), type(error).__name__))
    return found


def _of_frame(frame: gpd.GeoDataFrame, argument: str) -> list[BatchOrigin]:
    """Go through a frame row by row: what is wrong with one doesn't concern the others."""
    require_frame(frame.iloc[:0], argument)  # its rows are looked at below, one by one
    if len(frame) == 0:
        return []
    ids = _column(frame, ("origin_id", "adcode")) or [str(value) for value in frame.index]
    names = _column(frame, ("origin_name", "name")) or ids
    shapes = frame.geometry.to_numpy().copy()
    single = (shapely.get_type_id(shapes) == 4) & (shapely.get_num_geometries(shapes) == 1)
    shapes[single] = shapely.get_geometry(shapes[single], 0)  # GIS programs write single points so
    usable = np.isin(shapely.get_type_id(shapes), (0, 3, 6)) & ~shapely.is_empty(shapes)
    inner = np.full(len(frame), None, dtype=object)
    inner[usable] = shapely.point_on_surface(shapes[usable])
    inner[~(np.isfinite(shapely.get_x(inner)) & np.isfinite(shapely.get_y(inner)))] = None
    points = gpd.GeoSeries(inner, crs=frame.crs).to_crs(WGS84).to_numpy()
    lon, lat = shapely.get_x(points), shapely.get_y(points)
    if {"lon", "lat"} <= set(frame.columns):  # the seats of counties, rather than a point in them
        polygon = usable & (shapely.get_type_id(shapes) != 0)
        own = frame[["lon", "lat"]].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
        lon[polygon], lat[polygon] = own[polygon, 0], own[polygon, 1]
    found = []
    for own_id, name, shape, x, y in zip(ids, names, shapes, lon, lat, strict=True):
        problem = ""
        if not own_id:
            problem = "the row has no id; fill the column 'origin_id' or 'adcode'"
        elif shape is None or shape.is_empty:
            problem = "the row has no coordinates that are numbers"
        elif shape.geom_type not in ("Point", "Polygon", "MultiPolygon"):
            problem = f"an origin is a point or a polygon, not a {shape.geom_type}"
        elif not (math.isfinite(x) and math.isfinite(y) and abs(x) <= 180 and abs(y) <= 90):
            swapped = abs(y) <= 180 and abs(x) <= 90
            hint = "; are longitude and latitude swapped?" if swapped else ""
            problem = f"lon {x:g}, lat {y:g} isn't a position in degrees{hint}"
        found.append(BatchOrigin(own_id, name, float(x), float(y), problem))
    return _told_apart(found)


def _told_apart(found: list[BatchOrigin]) -> list[BatchOrigin]:
    """Rows of an id that occurred before, or without one, get ids of their own and a problem."""
    seen: set[str] = set()
    result = []
    for number, origin in enumerate(found):
        if origin.id and origin.id not in seen:
            seen.add(origin.id)
            result.append(origin)
            continue
        problem = origin.problem or f"the id {origin.id!r} occurs before; ids should differ"
        label = f"{origin.id} (row {number})".lstrip()
        result.append(BatchOrigin(label, origin.name, origin.lon, origin.lat, problem))
    return result


def _column(frame: gpd.GeoDataFrame, names: tuple[str, ...]) -> list[str] | None:
    for name in names:
        if name in frame.columns:
            values = frame[name]
            if name == "adcode":
                return [code_text(value) for value in values]
            if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
                values = values.astype("Int64")  # codes that a missing value turned into decimals
            return ["" if pd.isna(value) else str(value).strip() for value in values]
    return None


def _is_pair(origins: Sequence[Any]) -> bool:
    """Tell (lon, lat) from a list of two adcodes."""
    numbers = [v for v in origins if isinstance(v, Real) and not isinstance(v, bool)]
    return len(origins) == len(numbers) == 2 and any(abs(float(value)) < 1000 for value in numbers)
