"""A panel of years: minutes, people in reach and what lies inside the circle, by border county, on the network of each year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.networks import TransportNetwork
from ..corridors import minutes_between
from ..schemas import Schema, empty

#: One row per border county and year; `delta_min` is what came since the year before in the table.
PANEL_COUNTIES: Final[Schema] = {
    "adcode": "int64",
    "name": "str",
    "province": "str",
    "year": "int64",
    "centre_name": "str",
    "travel_time_min": "float64",
    "delta_min": "float64",
    "inside": "bool",
    "people_reached": "float64",
}
#: A degree of latitude is at least so long, km.
_KM_PER_DEG: Final = 110.5


def panel_counties(
    networks: Mapping[int, TransportNetwork],
    border_counties: gpd.GeoDataFrame,
    centres: gpd.GeoDataFrame,
    residents: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
) -> pd.DataFrame:
    """Return the minutes of each border county to its nearest centre, and the people that it reaches, year by year.

    Parameters
    ----------
    networks : mapping of int to TransportNetwork
        The network of each year, ascending.
    border_counties, centres : geopandas.GeoDataFrame
    residents : geopandas.GeoDataFrame
        Counties with ``lon, lat, people``; these are of one year, so that what changes are ways alone.
    cutoff_min : float
        A county is inside where its nearest centre reaches it within so many minutes, and reaches people so near.

    Returns
    -------
    pandas.DataFrame
        In the schema `PANEL_COUNTIES`. `people_reached` is NaN where nobody was counted.
    """
    frames = []
    before = np.full(len(border_counties), np.nan)
    names = centres["origin_name"].to_numpy(dtype=object)
    reached_people = _people_reached(
        networks,
        border_counties,
        _near(networks, border_counties, residents, cutoff_min),
        cutoff_min=cutoff_min,
    )
    for year, network in networks.items():
        if border_counties.empty:
            break
        minutes = minutes_between(network, centres, border_counties)
        reached = np.where(np.isfinite(minutes), minutes, np.inf)
        at = reached.argmin(axis=0)
        best = reached[at, np.arange(len(border_counties))]
        there = np.isfinite(best)
        table = pd.DataFrame(border_counties[["adcode", "name", "province"]]).reset_index(drop=True)
        table["year"] = year
        table["centre_name"] = np.where(there, names[at], "")
        table["travel_time_min"] = np.where(there, best, np.nan)
        table["delta_min"] = table["travel_time_min"] - before
        table["inside"] = best <= cutoff_min
        table["people_reached"] = reached_people[year]
        before = table["travel_time_min"].to_numpy()
        frames.append(table)
    if not frames:
        return empty(PANEL_COUNTIES)
    return pd.concat(frames, ignore_index=True)[list(PANEL_COUNTIES)].astype(dict(PANEL_COUNTIES))


def _people_reached(
    networks: Mapping[int, TransportNetwork],
    border_counties: gpd.GeoDataFrame,
    near: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
) -> dict[int, NDArray[np.float64]]:
    """Return the people within so many minutes of each border county, year by year."""
    found = {year: np.full(len(border_counties), np.nan) for year in networks}
    if near.empty:
        return found
    # Ways only come from year to year, so that who isn't reached in the last one never was.
    for year, network in reversed(list(networks.items())):
        minutes = minutes_between(network, border_counties, near, limit_min=cutoff_min)
        within = minutes <= cutoff_min  # NaN isn't
        found[year] = within @ near["people"].to_numpy(dtype=float)
        some = within.any(axis=0)
        if not some.any():
            return {**found, **{one: np.zeros(len(border_counties)) for one in networks if one < year}}
        near = near[some].reset_index(drop=True)
    return found


def _near(
    networks: Mapping[int, TransportNetwork],
    border_counties: gpd.GeoDataFrame,
    residents: gpd.GeoDataFrame,
    cutoff_min: float,
) -> gpd.GeoDataFrame:
    """Return the counties that anybody could reach at the highest speed on any of the networks."""
    if border_counties.empty or residents.empty or not networks:
        return residents.iloc[:0]
    north = cutoff_min / 60 * max(map(_fastest_kph, networks.values())) / _KM_PER_DEG
    lon, lat = border_counties["lon"], border_counties["lat"]
    farthest = min(89.0, float(lat.abs().max()) + north)
    east = north / np.cos(np.radians(farthest))
    found: gpd.GeoDataFrame = residents[
        residents["lon"].between(lon.min() - east, lon.max() + east)
        & residents["lat"].between(lat.min() - north, lat.max() + north)
    ].reset_index(drop=True)
    return found


def _fastest_kph(network: TransportNetwork) -> float:
    """Return a speed above any of a network's, on its arcs or off them; times are in whole ms, a twentieth covers that."""
    arcs = network.arc_length_m / (network.arc_time_ms + 1.0)
    return 1.05 * max(float(arcs.max(initial=0.0)) * 3600, network.access_speed_kph)
