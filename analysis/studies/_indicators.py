"""Indicators of a study's border counties and circles: people in reach, potential, efficiency, type."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.crs import area_km2, rows_xyz
from ...geo.networks import TransportNetwork
from ...geo.places import cities
from .. import schemas
from ..borders import TYPES, classify_counties, efficiency_across_borders
from ..corridors import minutes_between
from ..indicators import (
    cumulative_opportunities,
    internal_time_min,
    market_potential,
    people_points,
    people_within,
    with_people,
)

#: One row per border county, in the base network and with all corridors.
INDICATORS: Final[schemas.Schema] = {
    "adcode": "int64",
    "name": "str",
    "province": "str",
    "people": "float64",
    "county_type": "str",
    "scenario_county_type": "str",
    "core_id": "str",
    "core_min": "float64",
    "base_people_reached": "float64",
    "scenario_people_reached": "float64",
    "base_potential": "float64",
    "scenario_potential": "float64",
    "potential_change": "float64",
    "efficiency": "float64",
    "scenario_efficiency": "float64",
    "efficiency_own": "float64",
    "efficiency_across": "float64",
}
#: People in each circle, by the two rules of where in its county people live.
CIRCLE_PEOPLE: Final[schemas.Schema] = {
    "scenario": "str",
    "cutoff_min": "float64",
    "people": "float64",
    "people_by_seat": "float64",
}
#: DG REGIO's bounds of a neighbourhood: 90 minutes and 120 km; counties beyond a margin can't matter.
_NEIGHBOURHOOD_KM: Final = 120.0
_MARGIN_DEG: Final = 2.5
#: A capital so near to a centre is the same core.
_SAME_CORE_KM: Final = 30.0
#: Who needs so much longer to a core is farther from it, minutes.
_SAME_MIN: Final = 0.05
#: Taiwan, Hong Kong and Macao; Jinmen.
_NOT_COVERED_PROVINCES: Final = (71, 81, 82)
_NOT_COVERED_COUNTIES: Final = (350527,)


def people_of(counties: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the counties that the census counts, with their people.

    The census covers neither Hong Kong, Macao, Taiwan nor Jinmen; these counties are left out.
    """
    codes = counties["adcode"]
    covered = ~(codes // 10_000).isin(_NOT_COVERED_PROVINCES) & ~codes.isin(_NOT_COVERED_COUNTIES)
    known = with_people(counties[covered], missing="report")
    return known[known["people"].notna()].reset_index(drop=True)


def circle_people(
    circles: gpd.GeoDataFrame, counties: gpd.GeoDataFrame, network: TransportNetwork
) -> pd.DataFrame:
    """Count the people inside circles, under both rules of where in its county people live.

    Parameters
    ----------
    circles : geopandas.GeoDataFrame
        ``scenario, cutoff_min, geometry``.
    counties : geopandas.GeoDataFrame
        With people, as `people_of` gives them.
    network : TransportNetwork
        Whose nodes stand for where people live.

    Returns
    -------
    pandas.DataFrame
        Columns of `CIRCLE_PEOPLE`: ``people`` spreads a county's people over its road nodes,
        ``people_by_seat`` has them all at the seat. The difference is what the choice is worth.
    """
    if counties.empty:  # boundaries of a country that the census isn't of
        return schemas.empty(CIRCLE_PEOPLE)
    areas = circles[["scenario", "cutoff_min", "geometry"]]
    spread = people_within(areas, people_points(counties, rule="nodes", network=network))
    at_seats = people_within(areas, people_points(counties, rule="seat"))
    table = pd.DataFrame(spread[["scenario", "cutoff_min", "people"]])
    table["people_by_seat"] = at_seats["people"].to_numpy()
    return table.astype(dict(CIRCLE_PEOPLE)).reset_index(drop=True)


def typology_cores(border_counties: gpd.GeoDataFrame, centres: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the cores that border counties' types refer to.

    These are a study's centres and the capitals of the counties' provinces: a county at the gates of a
    capital isn't remote because a study asks about another city. A capital within 30 km of a centre isn't
    added again.

    Parameters
    ----------
    border_counties : geopandas.GeoDataFrame
        ``province_adcode``.
    centres : geopandas.GeoDataFrame
        ``origin_id, lon, lat``.

    Returns
    -------
    geopandas.GeoDataFrame
        ``adcode`` (text; of a centre its ``origin_id``), ``lon, lat``, centres first.
    """
    every = cities()
    province = every["province_adcode"]
    # a capital's code ends in 0100, and a municipality is its own
    is_capital = (every["adcode"] - province).isin((0, 100))
    capitals = every[is_capital & province.isin(border_counties["province_adcode"])]
    away = np.linalg.norm(rows_xyz(capitals)[:, None] - rows_xyz(centres)[None], axis=2)
    added = capitals[away.min(axis=1, initial=np.inf) > _SAME_CORE_KM * 1000]
    parts = (centres.rename(columns={"origin_id": "adcode"}), added)
    frame = pd.concat([part[["adcode", "lon", "lat", "geometry"]] for part in parts], ignore_index=True)
    frame["adcode"] = frame["adcode"].astype(str)
    return gpd.GeoDataFrame(frame, crs=centres.crs)


def county_indicators(
    base: TransportNetwork,
    scenario: TransportNetwork,
    border_counties: gpd.GeoDataFrame,
    counties: gpd.GeoDataFrame,
    centres: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
) -> pd.DataFrame:
    """Compute the indicators of border counties, before and with corridors.

    Parameters
    ----------
    base, scenario : TransportNetwork
    border_counties : geopandas.GeoDataFrame
    counties : geopandas.GeoDataFrame
        Every county that may count as a destination, with people, as `people_of` gives them.
    centres : geopandas.GeoDataFrame
        Of the study: ``origin_id, lon, lat``; cores of the typology besides the capitals.
    cutoff_min : float
        Within which people are counted.

    Returns
    -------
    pandas.DataFrame
        Columns of `INDICATORS`, one row per border county with people: residents; type before and
        with corridors (`classify_counties`, cores as in `typology_cores`; corridors that bring a county no farther
        from any core lower no type); people within the cutoff by seat
        (`indicators.cumulative_opportunities`); market potential with exponent 1, own county
        included (`indicators.market_potential`), and its relative change; transport efficiency
        within 90 minutes and 120 km, before and with corridors, and in the base network in the own
        province and across (`efficiency_across_borders`).
    """
    known = counties.set_index("adcode")["people"]  # by the same table, whoever counted
    own = border_counties.assign(people=border_counties["adcode"].map(known))
    own = own[own["people"].notna()].reset_index(drop=True)
    if own.empty:
        return schemas.empty(INDICATORS)
    mass = counties.assign(id=counties["adcode"].astype(str)).set_index("id")["people"]
    within = pd.Series(
        internal_time_min(area_km2(own.geometry), speed_kph=base.access_speed_kph),
        index=own["adcode"].astype(str),
    )
    table = own[["adcode", "name", "province", "people"]].reset_index(drop=True)
    west, south, east, north = own.total_bounds
    near = counties.cx[
        west - _MARGIN_DEG : east + _MARGIN_DEG, south - _MARGIN_DEG : north + _MARGIN_DEG
    ].reset_index(drop=True)
    cores = typology_cores(own, centres)
    networks = {"base": base} if scenario is base else {"base": base, "scenario": scenario}
    for label, network in networks.items():
        times = _long(network, own, counties)
        reached = cumulative_opportunities(times, mass, cutoffs_min=cutoff_min)
        potential = market_potential(times, mass, own_time_min=within)
        table[f"{label}_people_reached"] = reached["opportunities"].to_numpy()
        table[f"{label}_potential"] = potential["potential"].to_numpy()
        ways = _long(network, own, cores)
        to_cores = ways["travel_time_min"].fillna(np.inf).to_numpy().reshape(len(own), -1)
        types = classify_counties(own, ways, _long(network, cores, cores))
        efficiency = efficiency_across_borders(times, near, radius_km=_NEIGHBOURHOOD_KM)
        if label == "base":
            table = table.join(types[["county_type", "core_id", "core_min"]])
            before = to_cores
            columns = ["efficiency", "efficiency_own", "efficiency_across"]
        else:
            table["scenario_county_type"] = _kept(
                table["county_type"], types["county_type"], before, to_cores
            )
            efficiency = efficiency.rename(columns={"efficiency": "scenario_efficiency"})
            columns = ["scenario_efficiency"]
        table = table.merge(efficiency[["adcode", *columns]], on="adcode", how="left")
    if scenario is base:
        for column in ("people_reached", "potential"):
            table[f"scenario_{column}"] = table[f"base_{column}"]
        table["scenario_county_type"], table["scenario_efficiency"] = (
            table["county_type"],
            table["efficiency"],
        )
    table["potential_change"] = table["scenario_potential"] / table["base_potential"] - 1
    result: pd.DataFrame = table[list(INDICATORS)].astype(dict(INDICATORS))
    return result


def _kept(
    now: pd.Series[str], then: pd.Series[str], before: NDArray[np.float64], after: NDArray[np.float64]
) -> list[str]:
    """Return the types with corridors: a county that is farther from no core keeps its own, or gets one nearer to them.

    Where two cores come nearer to each other, a county on the way between them is no longer on the way; nothing has
    got worse for it.
    """
    no_farther = [not (late > soon + _SAME_MIN).any() for soon, late in zip(before, after, strict=True)]
    return [
        min(own, new, key=TYPES.index) if kept else new
        for own, new, kept in zip(now, then, no_farther, strict=True)
    ]


def _long(network: TransportNetwork, starts: gpd.GeoDataFrame, ends: gpd.GeoDataFrame) -> pd.DataFrame:
    """Travel times as a long table named by adcode; NaN where a place is off the network."""
    minutes = minutes_between(network, starts, ends)
    row, column = np.divmod(np.arange(minutes.size), max(len(ends), 1))
    return pd.DataFrame(
        {
            "from_id": _ids(starts, row),
            "to_id": _ids(ends, column),
            "travel_time_min": minutes.ravel(),
            "distance_km": np.full(minutes.size, np.nan),
        }
    )


def _ids(places: gpd.GeoDataFrame, rows: NDArray[np.int64]) -> pd.Categorical:
    """Return the codes of rows of places, each kept as text once: a nation's pairs are millions."""
    return pd.Categorical.from_codes(rows, pd.Index(places["adcode"].astype(str), dtype="str"))
