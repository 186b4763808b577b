"""Columns of every table that users get, and typed empty frames of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from geopandas.array import from_shapely

from ..geo.crs import WGS84

#: Column -> pandas dtype; a schema with "geometry" makes a GeoDataFrame in EPSG:4326.
Schema = Mapping[str, str]

ISOCHRONES: Final[Schema] = {
    "origin_id": "str",
    "origin_name": "str",
    "mode": "str",
    "direction": "str",
    "cutoff_min": "float64",
    "area_km2": "float64",
    "geometry": "geometry",
}
TRAVEL_TIMES: Final[Schema] = {
    "from_id": "str",
    "to_id": "str",
    "travel_time_min": "float64",
    "distance_km": "float64",
}
#: Union of the isochrones of one or more centres (a two-hour circle).
CIRCLES: Final[Schema] = {
    "scenario": "str",
    "cutoff_min": "float64",
    "n_centres": "int64",
    "centres": "str",
    "area_km2": "float64",
    "geometry": "geometry",
}
ZONES: Final[Schema] = {
    "scenario": "str",
    "centre_id": "str",
    "centre_name": "str",
    "minutes": "float64",
    "area_km2": "float64",
    "n_counties": "int64",
    "geometry": "geometry",
}
ZONE_COUNTIES: Final[Schema] = {
    "scenario": "str",
    "centre_id": "str",
    "centre_name": "str",
    "adcode": "int64",
    "name": "str",
    "province": "str",
    "share_of_area": "float64",
    "seat_inside": "bool",
    "belongs": "bool",
}
SERVICE_AREAS: Final[Schema] = {
    "centre_id": "str",
    "centre_name": "str",
    "cutoff_min": "float64",
    "area_km2": "float64",
    "geometry": "geometry",
}
#: What random points say of each isochrone; shares in per cent of its area.
AUDIT: Final[Schema] = {
    "origin_id": "str",
    "origin_name": "str",
    "direction": "str",
    "cutoff_min": "float64",
    "samples": "int64",
    "area_km2": "float64",
    "band_m": "float64",
    "band_km2": "float64",
    "n_inside": "int64",
    "n_outside": "int64",
    "n_false_inclusion": "int64",
    "n_false_exclusion": "int64",
    "false_inclusion_pct": "float64",
    "false_inclusion_low_pct": "float64",
    "false_inclusion_high_pct": "float64",
    "false_exclusion_pct": "float64",
    "false_exclusion_low_pct": "float64",
    "false_exclusion_high_pct": "float64",
    "worst_distance_m": "float64",
    "mean_distance_m": "float64",
}
#: One row per border county and centre; minutes in the base network and with all corridors.
COUNTY_TIMES: Final[Schema] = {
    "adcode": "int64",
    "name": "str",
    "province": "str",
    "centre_id": "str",
    "centre_name": "str",
    "base_min": "float64",
    "scenario_min": "float64",
    "delta_min": "float64",
    "base_inside": "bool",
    "scenario_inside": "bool",
}


#: One row per ordered pair of centres: the fastest journey of today by road and rail, taken apart.
JOURNEYS: Final[Schema] = {
    "from_id": "str",
    "from_name": "str",
    "to_id": "str",
    "to_name": "str",
    "road_only_min": "float64",
    "door_to_door_min": "float64",
    "low_min": "float64",
    "high_min": "float64",
    "line_haul_min": "float64",
    "slower_trains_min": "float64",
    "waiting_min": "float64",
    "night_min": "float64",
    "boarding_min": "float64",
    "alighting_min": "float64",
    "transfer_min": "float64",
    "road_min": "float64",
    "access_min": "float64",
    "n_boardings": "int64",
    "lines": "str",
    "way_km": "float64",
    "straight_km": "float64",
    "mark": "str",
}


def empty(schema: Schema) -> pd.DataFrame:
    """Return a frame without rows that has the schema's columns and types.

    Parameters
    ----------
    schema : mapping of str to str
        One of this module's constants.

    Returns
    -------
    pandas.DataFrame or geopandas.GeoDataFrame
    """
    columns: dict[str, Any] = {
        name: pd.Series([], dtype="object" if kind == "geometry" else kind) for name, kind in schema.items()
    }
    frame = pd.DataFrame(columns)
    return _with_geometry(frame) if "geometry" in schema else frame


def conform(rows: list[dict[str, Any]], schema: Schema) -> pd.DataFrame:
    """Return rows as a frame with the schema's columns, order and types.

    Parameters
    ----------
    rows : list of dict
        One per row, each with every column of the schema.
    schema : mapping of str to str

    Returns
    -------
    pandas.DataFrame or geopandas.GeoDataFrame
    """
    if not rows:
        return empty(schema)
    values = {name: [row[name] for row in rows] for name in schema}
    columns: dict[str, Any] = {
        name: np.array(values[name], dtype=kind)
        if kind == "float64"
        else pd.Series(values[name], dtype=kind).array
        for name, kind in schema.items()
        if kind != "geometry"
    }
    if "geometry" not in schema:
        return pd.DataFrame(columns)
    shapes = np.empty(len(rows), dtype=object)
    shapes[:] = values["geometry"]
    columns["geometry"] = from_shapely(shapes, crs=WGS84)
    # by the column's name: GeoDataFrame(columns) takes three times as long
    result: pd.DataFrame = gpd.GeoDataFrame(
        pd.DataFrame({name: columns[name] for name in schema}), geometry="geometry"
    )
    return result


def _with_geometry(frame: pd.DataFrame) -> pd.DataFrame:
    result: pd.DataFrame = gpd.GeoDataFrame(frame, geometry="geometry", crs=WGS84)
    return result
