"""How far the railway tables cover what a study is about: prefectures in reach, and stations in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ...geo.networks import TransportNetwork
from ._reach import Ground, Reach

#: Tables that have a station in fewer than this share of the prefectures in reach don't cover a study. The embedded
#: tables have one in at most 0.29 of the prefectures of the provinces that they only touch, and in at least 0.65 of
#: those that they were compiled for.
COVERED_SHARE: Final = 0.5


@dataclass(frozen=True)
class RailCoverage:
    """What railway tables hold of the prefectures that a study's centres reach by road.

    Attributes
    ----------
    prefectures : tuple of str
        Those in which the centres lie or a county's seat is reached within the largest cutoff.
    without : tuple of str
        Those of them without a station in the tables.
    centres_without : tuple of str
        Centres in a prefecture without one.
    """

    prefectures: tuple[str, ...]
    without: tuple[str, ...]
    centres_without: tuple[str, ...]

    @property
    def covers(self) -> bool:
        """Whether a time with today's trains says something about today's trains."""
        there = len(self.prefectures) - len(self.without)
        return not self.centres_without and there >= COVERED_SHARE * len(self.prefectures)

    def parameters(self) -> dict[str, Any]:
        """Return what a manifest holds of it."""
        return {
            "covers": self.covers,
            "prefectures": list(self.prefectures),
            "without_station": list(self.without),
            "centres_without_station": list(self.centres_without),
        }


def rail_coverage(ground: Ground, reach: Reach, rail: TransportNetwork, *, cutoff_min: float) -> RailCoverage:
    """Return how far railway tables cover what the centres of a study reach.

    Parameters
    ----------
    ground : Ground
    reach : Reach
        On today's roads.
    rail : TransportNetwork
        As `geo.networks.rail_network` builds it: stations without trains don't count.
    cutoff_min : float
        The study's largest cutoff.
    """
    nearest = np.nan_to_num(reach.minutes(()), nan=np.inf).min(axis=0)
    near = ground.counties[nearest <= cutoff_min]
    homes = [_home(ground.every, float(lon), float(lat)) for lon, lat in _points(ground.centres)]
    codes = {*near["city_adcode"].astype(int), *(home for home in homes if home is not None)}
    units = ground.every[ground.every["city_adcode"].isin(codes)]
    stations = shapely.points(rail.node_lon, rail.node_lat)
    row, _ = shapely.STRtree(stations).query(units.geometry.to_numpy(), predicate="intersects")
    served = set(units["city_adcode"].to_numpy()[np.unique(row)].tolist())
    named = units.drop_duplicates("city_adcode").set_index("city_adcode")["city"]
    names: pd.Series[Any] = named.sort_index()
    return RailCoverage(
        tuple(names),
        tuple(name for code, name in names.items() if code not in served),
        tuple(
            str(name)
            for name, home in zip(ground.centres["origin_name"], homes, strict=True)
            if home is not None and home not in served
        ),
    )


def _points(centres: gpd.GeoDataFrame) -> list[tuple[float, float]]:
    return list(zip(centres["lon"].astype(float), centres["lat"].astype(float), strict=True))


def _home(every: gpd.GeoDataFrame, lon: float, lat: float) -> int | None:
    """Return the code of the prefecture that a point lies in."""
    found = every.sindex.query(shapely.Point(lon, lat), predicate="intersects")
    return int(every["city_adcode"].iloc[int(found[0])]) if len(found) else None
