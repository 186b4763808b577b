"""Cities and provinces that counties of a user's own make up, where the file has no rows for them."""

from __future__ import annotations

from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..crs import WGS84
from ._embedded import COUNTY_COLUMNS, finish, with_points
from ._names import stem

_KEYS: Final = {"city": ("city_adcode", "city"), "province": ("province_adcode", "province")}


def are_counties(frame: object) -> bool:
    """Tell whether something is a frame of counties as `counties` returns it."""
    return isinstance(frame, gpd.GeoDataFrame) and set(COUNTY_COLUMNS) <= set(frame.columns)


def parents(
    level: Literal["city", "province"], counties: gpd.GeoDataFrame, *, outlines: bool = True
) -> gpd.GeoDataFrame:
    """Return the cities or provinces that counties make up, in the schema of their level.

    Parameters
    ----------
    level : {"city", "province"}
    counties : geopandas.GeoDataFrame
        As `counties` returns them.
    outlines : bool
        Whether a unit is one polygon. Otherwise it's a collection of those of its counties, which takes no time and
        will do where points are all that is wanted; `point_source` is there as well then.
    """
    code, name = _KEYS[level]
    codes, first, group = np.unique(counties[code].to_numpy(), return_index=True, return_inverse=True)
    # Text columns of one group agree; the first row speaks for it.
    heads = counties.iloc[first]
    shapes = counties.geometry.to_numpy()
    order = np.argsort(group, kind="stable")
    parts = np.split(shapes[order], np.cumsum(np.bincount(group))[:-1])
    joined = [shapely.union_all(part) if outlines else shapely.geometrycollections(part) for part in parts]
    columns: dict[str, Any] = {"adcode": codes, "name": heads[name].to_numpy()}
    if level == "province":
        columns["short_name"] = heads[name].map(stem).to_numpy()
    else:
        columns |= {key: heads[key].to_numpy() for key in ("province", "province_adcode")}
    frame = gpd.GeoDataFrame(pd.DataFrame(columns), geometry=joined, crs=WGS84)
    return finish(level, frame) if outlines else with_points(frame)
