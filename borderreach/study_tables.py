"""Tables that a study alone has, put together from those of the analysis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import geopandas as gpd
import pandas as pd

from .analysis.claims import CIRCLE_OVERLAP, NEAREST_GROUP, circle_overlap, nearest_group
from .analysis.corridors import Scenarios, county_times
from .analysis.isochrones import isochrones, travel_time_circle
from .analysis.schemas import COUNTY_TIMES, Schema, conform, empty
from .analysis.studies import Ground, Reach
from .geo.crs import WGS84
from .geo.networks import TransportNetwork

#: Minutes between each pair of centres, in every scenario.
PAIR_TIMES: Final[Schema] = {
    "scenario": "str",
    "from_id": "str",
    "from_name": "str",
    "to_id": "str",
    "to_name": "str",
    "travel_time_min": "float64",
    "delta_min": "float64",
}
#: Border counties and centres, minutes before and after each change.
CHANGE_TIMES: Final[Schema] = {"change_id": "str", **COUNTY_TIMES}
#: Circles of the groups by scenario.
GROUP_OVERLAP: Final[Schema] = {"scenario": "str", **CIRCLE_OVERLAP}
#: Minutes of the groups' circles that are laid over each other.
OVERLAP_MIN: Final = 60.0
#: Cutoffs that the slider of the map offers, minutes.
SLIDER_MIN: Final = tuple(range(30, 181, 10))


def slider_circles(
    scenarios: Scenarios, ground: Ground, ids: Iterable[str], *, label: str
) -> gpd.GeoDataFrame:
    """Return the circles in the cutoffs of the map's slider."""
    found = isochrones(scenarios.network(ids), ground.centres, cutoffs_min=SLIDER_MIN)
    return travel_time_circle(found, scenario=label)


def pair_times(
    reached: Mapping[str, tuple[Reach, tuple[str, ...]]], centres: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Return the minutes between the centres in every scenario."""
    ids, names = centres["origin_id"].to_list(), centres["origin_name"].to_list()
    base = reached["base"][0].between_centres(())
    rows = []
    for scenario, (reach, members) in reached.items():
        found = reach.between_centres(members)
        rows += [
            {
                "scenario": scenario,
                "from_id": ids[i],
                "from_name": names[i],
                "to_id": ids[j],
                "to_name": names[j],
                "travel_time_min": found[i, j],
                "delta_min": found[i, j] - base[i, j],
            }
            for i in range(len(ids))
            for j in range(len(ids))
            if i != j
        ]
    return conform(rows, PAIR_TIMES)


def change_times(
    base: TransportNetwork, changed: Mapping[str, Reach], ground: Ground, *, cutoff_min: float
) -> pd.DataFrame:
    """Return the minutes from the centres to the border counties before and after each change."""
    frames = [
        county_times(
            base, one.scenarios.base, ground.border_counties, ground.centres, cutoff_min=cutoff_min
        ).assign(change_id=identifier)
        for identifier, one in changed.items()
    ]
    if not frames:
        return empty(CHANGE_TIMES)
    return pd.concat(frames, ignore_index=True)[list(CHANGE_TIMES)]


def group_overlap(
    base: TransportNetwork, everything: TransportNetwork, members: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Lay the circles of the groups over each other, today and with every corridor."""
    frames = []
    for scenario, network in (("base", base), ("all", everything)):
        if scenario == "all" and everything is base:
            continue
        found = circle_overlap(network, members, cutoff_min=OVERLAP_MIN)
        frames.append(found.assign(scenario=scenario))
    table = pd.concat(frames, ignore_index=True)
    return gpd.GeoDataFrame(table[list(GROUP_OVERLAP)], geometry="geometry", crs=WGS84)


def nearest_groups(base: TransportNetwork, ground: Ground, members: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the group that each border county is nearest to."""
    if members.empty or ground.border_counties.empty:
        return gpd.GeoDataFrame(empty(NEAREST_GROUP))
    return nearest_group(base, ground.border_counties, members)


def with_scenario_first(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a table with its scenario in front."""
    return frame[["scenario", *(c for c in frame.columns if c != "scenario")]].reset_index(drop=True)
